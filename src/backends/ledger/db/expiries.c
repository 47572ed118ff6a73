/*
 * db/expiries.c - the tree of expiries: which rows expire when, and removing those that have.
 *
 * An entry is a hint: it may be without its row, or its row may expire at another time by now. The sweep looks at the
 * row, deletes what has expired, and takes every entry out that it has looked at, so its cost grows with what expires.
 */
#include "backends/ledger/btree/cursor.h"
#include "backends/ledger/db/commit.h"
#include "backends/ledger/txn/key_codec.h"

#include <string.h>

enum { HINT_KEY_OFFSET = 16 }; /* behind time and table id */

/* Makes the key of the entry in the store's buffer. */
static StorageSlice make_key(LedgerStore *store, int64_t expires_at_ns, StorageSlice key)
{
    unsigned char *bytes = store->key_buffer;
    key_store_time(bytes, expires_at_ns);
    key_store_u64(bytes + 8, LEDGER_TREE_DEFAULT);
    if (key.size > 0)
        memcpy(bytes + HINT_KEY_OFFSET, key.data, key.size);
    return storage_bytes(bytes, HINT_KEY_OFFSET + key.size);
}

StorageStatus ledger_expiry_add(LedgerEffects *self, int64_t expires_at_ns, StorageSlice key)
{
    LedgerTree tree = ledger_working_tree(self->store, LEDGER_TREE_EXPIRIES);
    LedgerPut put = {
        .key = make_key(self->store, expires_at_ns, key), .revision = self->revision, .expires_at_ns = STORAGE_NEVER};
    return tree_put(self->store->writer, &tree, &put, self->ctx);
}

StorageStatus ledger_expiry_drop(LedgerEffects *self, int64_t expires_at_ns, StorageSlice key)
{
    LedgerTree tree = ledger_working_tree(self->store, LEDGER_TREE_EXPIRIES);
    StorageStatus status =
        tree_delete(self->store->writer, &tree, make_key(self->store, expires_at_ns, key), self->ctx);
    return status == STORAGE_NOT_FOUND ? STORAGE_OK : status;
}

/* The first entry, copied to the store's buffer. OK; END: there is none. */
static StorageStatus first_hint(LedgerStore *store, int64_t *ret_expires_at_ns, StorageSlice *ret_hint,
                                StorageContext *ctx)
{
    LedgerTree tree = ledger_working_tree(store, LEDGER_TREE_EXPIRIES);
    LedgerInterval everything = {{NULL, 0}, {NULL, 0}, 0};
    LedgerCursor cursor;
    LedgerEntry entry;
    StorageStatus status;
    if (ledger_root_is_empty(tree.root))
        return STORAGE_END;
    if (cursor_init(&cursor, &tree, &everything) != STORAGE_OK)
        return storage_fail(ctx, STORAGE_NO_MEMORY, "no memory to look at what expires");
    status = cursor_next(&cursor, &entry, ctx);
    if (status == STORAGE_OK && entry.key.size < HINT_KEY_OFFSET)
        status = storage_fail(ctx, STORAGE_CORRUPT, "an entry of the tree of expiries is too short; run verify");
    if (status == STORAGE_OK) {
        memcpy(store->key_buffer, entry.key.data, entry.key.size);
        *ret_hint = storage_bytes(store->key_buffer, entry.key.size);
        *ret_expires_at_ns = key_load_time(store->key_buffer);
    }
    cursor_done(&cursor);
    return status;
}

int64_t ledger_next_expiry(LedgerStore *store)
{
    LedgerEpoch epoch = pager_enter(store->pager);
    int64_t expires_at_ns = STORAGE_NEVER;
    StorageSlice hint;
    if (first_hint(store, &expires_at_ns, &hint, NULL) != STORAGE_OK)
        expires_at_ns = STORAGE_NEVER;
    pager_leave(store->pager, epoch);
    return expires_at_ns;
}

/* Takes the entry out, and its row if that has expired. */
static StorageStatus sweep_one(LedgerEffects *self, StorageSlice hint, uint64_t *count)
{
    LedgerTree hints = ledger_working_tree(self->store, LEDGER_TREE_EXPIRIES);
    LedgerTree rows = ledger_working_tree(self->store, LEDGER_TREE_DEFAULT);
    StorageSlice key = storage_bytes((const unsigned char *)hint.data + HINT_KEY_OFFSET, hint.size - HINT_KEY_OFFSET);
    LedgerChange change = {STORAGE_CHANGE_EXPIRED, key, {NULL, 0}, STORAGE_NEVER, NULL};
    LedgerRecord record;
    LedgerFrame *frame;
    StorageStatus status;
    self->has_any = 1;
    status = tree_delete(self->store->writer, &hints, hint, self->ctx);
    if (status != STORAGE_OK)
        return status == STORAGE_NOT_FOUND ? STORAGE_CORRUPT : status;
    status = tree_get(&rows, key, &record, &frame, self->ctx);
    if (status == STORAGE_NOT_FOUND || (status == STORAGE_OK && ledger_is_alive(&record, self->now_ns)))
        return STORAGE_OK;
    if (status == STORAGE_OK)
        status = tree_delete(self->store->writer, &rows, key, self->ctx);
    if (status == STORAGE_OK)
        status = ledger_change_append(self, &change);
    if (status == STORAGE_OK &&
        conflict_log_note_key(&self->store->conflicts, LEDGER_TREE_DEFAULT, key, self->revision) != STORAGE_OK)
        status = storage_fail(self->ctx, STORAGE_NO_MEMORY, "no memory to note what expires; nothing was changed");
    if (status == STORAGE_OK)
        (*count)++;
    return status;
}

StorageStatus ledger_apply_sweep(LedgerEffects *self, uint64_t limit, uint64_t *ret_count)
{
    StorageStatus status = STORAGE_OK;
    *ret_count = 0;
    for (uint64_t looked_at = 0; looked_at < limit && status == STORAGE_OK; looked_at++) {
        int64_t expires_at_ns;
        StorageSlice hint;
        status = first_hint(self->store, &expires_at_ns, &hint, self->ctx);
        if (status == STORAGE_END || (status == STORAGE_OK && expires_at_ns > self->now_ns))
            return STORAGE_OK;
        if (status == STORAGE_OK)
            status = sweep_one(self, hint, ret_count);
    }
    return status;
}
