/*
 * db/effects.c - what a decided write does to the working trees: the row, its expiry, its change, its conflict note.
 *
 * Invariants:
 *   1. A row with an expiry has its entry in the tree of expiries; one that is overwritten or deleted takes it along.
 *      Only clear_range leaves entries without rows behind, which the sweep finds.
 *   2. Every effect is noted for the transactions that are validated after it.
 * A failure here leaves the trees in the middle: the batch is taken back.
 */
#include "backends/ledger/btree/cursor.h"
#include "backends/ledger/db/commit.h"

/* The expiry that the row of `key` has now, whether it has come or not; STORAGE_NEVER also for no row. */
static StorageStatus find_expiry(LedgerEffects *self, StorageSlice key, int *ret_is_there, int64_t *ret_expires_at_ns)
{
    LedgerTree tree = ledger_working_tree(self->store, LEDGER_TREE_DEFAULT);
    LedgerRecord record;
    LedgerFrame *frame;
    StorageStatus status = tree_get(&tree, key, &record, &frame, self->ctx);
    *ret_is_there = status == STORAGE_OK;
    *ret_expires_at_ns = status == STORAGE_OK ? record.expires_at_ns : STORAGE_NEVER;
    return status == STORAGE_NOT_FOUND ? STORAGE_OK : status;
}

static StorageStatus note_key(LedgerEffects *self, StorageSlice key)
{
    if (conflict_log_note_key(&self->store->conflicts, LEDGER_TREE_DEFAULT, key, self->revision) == STORAGE_OK)
        return STORAGE_OK;
    return storage_fail(self->ctx, STORAGE_NO_MEMORY, "no memory to note the write; nothing was changed");
}

static StorageStatus note_range(LedgerEffects *self, const StorageRange *range)
{
    if (conflict_log_note_range(&self->store->conflicts, LEDGER_TREE_DEFAULT, range, self->revision) == STORAGE_OK)
        return STORAGE_OK;
    return storage_fail(self->ctx, STORAGE_NO_MEMORY, "no memory to note the cleared range; nothing was changed");
}

static int has_expiries(LedgerEffects *self)
{
    return !ledger_root_is_empty(&self->store->working.state.roots[LEDGER_TREE_EXPIRIES]);
}

StorageStatus ledger_put(LedgerEffects *self, StorageSlice key, StorageSlice value, int64_t expires_at_ns)
{
    LedgerTree tree = ledger_working_tree(self->store, LEDGER_TREE_DEFAULT);
    LedgerPut put = {key, value, self->revision, expires_at_ns};
    LedgerChange change = {STORAGE_CHANGE_SET, key, value, expires_at_ns, NULL};
    int64_t old_ns = STORAGE_NEVER;
    int is_there;
    StorageStatus status = STORAGE_OK;
    self->has_any = 1;
    if (has_expiries(self))
        status = find_expiry(self, key, &is_there, &old_ns);
    if (status == STORAGE_OK)
        status = tree_put(self->store->writer, &tree, &put, self->ctx);
    if (status == STORAGE_OK && old_ns != STORAGE_NEVER && old_ns != expires_at_ns)
        status = ledger_expiry_drop(self, old_ns, key); /* 1 */
    if (status == STORAGE_OK && expires_at_ns != STORAGE_NEVER && old_ns != expires_at_ns)
        status = ledger_expiry_add(self, expires_at_ns, key);
    if (status == STORAGE_OK)
        status = ledger_change_append(self, &change);
    if (status == STORAGE_OK)
        status = note_key(self, key); /* 2 */
    return status;
}

StorageStatus ledger_remove(LedgerEffects *self, StorageSlice key, uint32_t kind)
{
    LedgerTree tree = ledger_working_tree(self->store, LEDGER_TREE_DEFAULT);
    LedgerChange change = {kind, key, {NULL, 0}, STORAGE_NEVER, NULL};
    int64_t old_ns = STORAGE_NEVER;
    int is_there = 1;
    StorageStatus status = STORAGE_OK;
    self->has_any = 1;
    if (has_expiries(self))
        status = find_expiry(self, key, &is_there, &old_ns);
    if (status == STORAGE_OK && is_there)
        status = tree_delete(self->store->writer, &tree, key, self->ctx);
    if (status == STORAGE_NOT_FOUND)
        status = STORAGE_OK;
    if (status == STORAGE_OK && old_ns != STORAGE_NEVER)
        status = ledger_expiry_drop(self, old_ns, key); /* 1 */
    if (status == STORAGE_OK)
        status = ledger_change_append(self, &change);
    if (status == STORAGE_OK)
        status = note_key(self, key); /* 2 */
    return status;
}

StorageStatus ledger_clear(LedgerEffects *self, const StorageRange *range, const Interval *interval)
{
    LedgerTree tree = ledger_working_tree(self->store, LEDGER_TREE_DEFAULT);
    LedgerInterval cleared = {interval->start, interval->end, interval->has_end};
    LedgerChange change = {STORAGE_CHANGE_CLEARED, range->start.key, {NULL, 0}, STORAGE_NEVER, range};
    uint64_t count;
    StorageStatus status = STORAGE_OK;
    self->has_any = 1;
    if (!interval->is_empty && !ledger_root_is_empty(tree.root))
        status = tree_delete_range(self->store->writer, &tree, &cleared, &count, self->ctx);
    if (status == STORAGE_OK)
        status = ledger_change_append(self, &change);
    if (status == STORAGE_OK)
        status = note_range(self, range); /* 2 */
    return status;
}

StorageStatus ledger_find_alive(LedgerEffects *self, const Interval *interval, LedgerIsHidden is_hidden,
                                const void *user_data, int *ret_is_alive)
{
    LedgerTree tree = ledger_working_tree(self->store, LEDGER_TREE_DEFAULT);
    LedgerInterval looked_at = {interval->start, interval->end, interval->has_end};
    LedgerCursor cursor;
    LedgerEntry entry;
    StorageStatus status;
    *ret_is_alive = 0;
    if (interval->is_empty || ledger_root_is_empty(tree.root))
        return STORAGE_OK;
    if (cursor_init(&cursor, &tree, &looked_at) != STORAGE_OK)
        return storage_fail(self->ctx, STORAGE_NO_MEMORY, "no memory to look at the range; nothing was changed");
    while ((status = cursor_next(&cursor, &entry, self->ctx)) == STORAGE_OK && !*ret_is_alive)
        *ret_is_alive =
            ledger_is_alive(&entry.record, self->now_ns) && (is_hidden == NULL || !is_hidden(user_data, entry.key));
    cursor_done(&cursor);
    return status == STORAGE_END ? STORAGE_OK : status;
}
