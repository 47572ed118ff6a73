/*
 * db/write_set_apply.c - the net effect of a write set on the working trees, under one revision.
 *
 * In program order: of each key the final write counts, and a clear_range deletes the rows that are there and that no
 * later write replaces. What has an effect is decided before the first effect, against the state without any of them.
 */
#include "backends/ledger/db/commit.h"

#include <string.h>

/* Whether the write has an effect: a delete of nothing and a clear of nothing have none. */
static StorageStatus has_effect(LedgerEffects *self, const LedgerWriteSet *writes, const LedgerWrite *write,
                                unsigned char *ret_has_effect)
{
    LedgerTree tree = ledger_working_tree(self->store, LEDGER_TREE_DEFAULT);
    LedgerRow row;
    StorageStatus status;
    int is_alive;
    *ret_has_effect = 0;
    if (write->key == NULL) {
        status = ledger_find_alive(self, &write->interval, NULL, NULL, &is_alive);
        *ret_has_effect = status == STORAGE_OK && is_alive;
        return status;
    }
    if (!ledger_write_set_is_final(writes, write))
        return STORAGE_OK;
    *ret_has_effect = 1;
    if (write->block != NULL)
        return STORAGE_OK;
    status = ledger_row_find(&tree, ledger_write_key(write->key), self->now_ns, &row, self->ctx);
    *ret_has_effect = status == STORAGE_OK && row.is_present;
    return status;
}

static StorageStatus apply(LedgerEffects *self, const LedgerWrite *write)
{
    if (write->key == NULL)
        return ledger_clear(self, &write->range, &write->interval);
    if (write->block == NULL)
        return ledger_remove(self, ledger_write_key(write->key), STORAGE_CHANGE_DELETED);
    return ledger_put(self, ledger_write_key(write->key), storage_bytes(write->block->bytes, write->block->size),
                      storage_expiry_resolve(write->expiry, self->now_ns, STORAGE_NEVER));
}

StorageStatus ledger_apply_write_set(LedgerEffects *self, const LedgerWriteSet *writes)
{
    unsigned char *effects;
    StorageStatus status = STORAGE_OK;
    if (writes->count == 0)
        return STORAGE_OK;
    effects = storage_allocate(writes->count);
    if (effects == NULL)
        return storage_fail(self->ctx, STORAGE_NO_MEMORY, "no memory for the commit; nothing was changed");
    for (size_t i = 0; i < writes->count && status == STORAGE_OK; i++)
        status = has_effect(self, writes, writes->log[i], &effects[i]);
    for (size_t i = 0; i < writes->count && status == STORAGE_OK; i++)
        if (effects[i])
            status = apply(self, writes->log[i]);
    storage_release(effects);
    return status;
}
