/*
 * db/write.c - writes outside transactions, as the writer decides and applies them.
 *
 * One operation is decided against the working state and applied at once, and so is each of an independent write: it
 * sees what those before it did. An atomic write of several is decided as a whole in a write set first, so that nothing
 * of it is applied when one of them fails.
 */
#include "backends/ledger/db/commit.h"

static int is_delete(const StorageOperation *operation)
{
    return operation->kind == STORAGE_OPERATION_DELETE || operation->kind == STORAGE_OPERATION_COMPARE_AND_DELETE;
}

static StorageStatus fail_operation(LedgerEffects *self, const StorageOperation *operation, StorageStatus status,
                                    const LedgerRow *row)
{
    char text[64];
    if (status != STORAGE_CONFLICT)
        return status;
    (void)storage_key_text(operation->key, text, sizeof(text));
    (void)atomic_fetch_add_explicit(&self->store->counters.conflicts, 1, memory_order_relaxed);
    if (!row->is_present)
        return storage_fail(self->ctx, status, "key %s is absent, which is not what was expected", text);
    return storage_fail(self->ctx, status, "key %s was last written by revision %llu and is not as expected", text,
                        (unsigned long long)row->record.revision);
}

/* ---- one operation, applied at once ---- */

static StorageStatus apply_touch(LedgerEffects *self, const StorageOperation *operation, const LedgerTree *tree,
                                 const LedgerRow *row)
{
    int64_t expires_at_ns = storage_expiry_resolve(operation->expiry, self->now_ns, row->record.expires_at_ns);
    LedgerBlock *value;
    StorageStatus status = ledger_row_copy(tree, row, &value, self->ctx);
    if (status != STORAGE_OK)
        return status;
    status = ledger_put(self, operation->key, storage_bytes(value->bytes, value->size), expires_at_ns);
    ledger_block_release(value);
    return status;
}

static StorageStatus apply_clear(LedgerEffects *self, const StorageOperation *operation)
{
    Interval interval;
    int is_alive;
    StorageStatus status = interval_init(&interval, &operation->range);
    if (status != STORAGE_OK)
        return storage_fail(self->ctx, status, "no memory for the write; nothing was changed");
    status = ledger_find_alive(self, &interval, NULL, NULL, &is_alive);
    if (status == STORAGE_OK && is_alive)
        status = ledger_clear(self, &operation->range, &interval);
    interval_done(&interval);
    return status;
}

/* An operation on a key that holds for its row. */
static StorageStatus apply_on_row(LedgerEffects *self, const StorageOperation *operation, const LedgerTree *tree,
                                  const LedgerRow *row)
{
    int64_t kept_ns = row->is_present ? row->record.expires_at_ns : STORAGE_NEVER;
    if (is_delete(operation))
        return row->is_present ? ledger_remove(self, operation->key, STORAGE_CHANGE_DELETED) : STORAGE_OK;
    if (operation->kind == STORAGE_OPERATION_TOUCH)
        return apply_touch(self, operation, tree, row);
    return ledger_put(self, operation->key, operation->value,
                      storage_expiry_resolve(operation->expiry, self->now_ns, kept_ns));
}

/* Whether what the key has does not matter. */
static int is_blind(const StorageOperation *operation)
{
    return operation->kind == STORAGE_OPERATION_SET && operation->expiry.kind != STORAGE_EXPIRY_KEEP;
}

/* Decides and applies one; the result has its status. Returns OK, or what failed the batch. */
static StorageStatus apply_one(LedgerEffects *self, const StorageOperation *operation, StorageResult *ret_result)
{
    LedgerTree tree = ledger_working_tree(self->store, LEDGER_TREE_DEFAULT);
    LedgerRow row = {0};
    StorageStatus status = STORAGE_OK;
    uint32_t had_any = self->has_any;
    *ret_result = (StorageResult){STORAGE_OK, 0, 0};
    self->has_any = 0;
    if (operation->kind == STORAGE_OPERATION_CLEAR_RANGE) {
        status = apply_clear(self, operation);
    } else {
        if (!is_blind(operation))
            status = ledger_row_find(&tree, operation->key, self->now_ns, &row, self->ctx);
        if (status == STORAGE_OK)
            status = ledger_row_check(&tree, &row, operation, self->ctx);
        if (status == STORAGE_CONFLICT || status == STORAGE_NOT_FOUND) {
            ret_result->status = fail_operation(self, operation, status, &row);
            ret_result->revision = status == STORAGE_CONFLICT && row.is_present ? row.record.revision : 0;
            status = STORAGE_OK;
        } else if (status == STORAGE_OK) {
            status = apply_on_row(self, operation, &tree, &row);
        }
    }
    if (self->has_any) {
        ret_result->revision = self->revision++;
        self->position = 0;
    }
    self->has_any |= had_any;
    return status;
}

static StorageStatus apply_independent(LedgerEffects *self, LedgerCommit *commit)
{
    StorageStatus status = STORAGE_OK;
    for (size_t i = 0; i < commit->operation_count && status == STORAGE_OK; i++) {
        status = apply_one(self, &commit->operations[i], &commit->results[i]);
        if (commit->results[i].status == STORAGE_OK && commit->results[i].revision != 0)
            commit->revision = commit->results[i].revision;
    }
    return status;
}

static StorageStatus apply_single(LedgerEffects *self, LedgerCommit *commit)
{
    StorageStatus status = apply_one(self, commit->operations, commit->results);
    commit->status = commit->results->status;
    if (status == STORAGE_OK && commit->status == STORAGE_OK)
        commit->revision = commit->results->revision;
    return status;
}

/* ---- several operations, all or nothing ---- */

typedef struct Hiding {
    const LedgerWriteSet *writes;
    int64_t now_ns;
} Hiding;

/* What the set says of a key counts, not the row. */
static int is_in_set(const void *user_data, StorageSlice key)
{
    const Hiding *hiding = user_data;
    LedgerRow row;
    return ledger_write_set_find(hiding->writes, key, hiding->now_ns, &row);
}

/* Whether the view has a value in the range: only then does a clear have an effect. */
static StorageStatus clear_has_effect(LedgerEffects *self, const LedgerWriteSet *writes, const StorageRange *range,
                                      int *ret_has_effect)
{
    Hiding hiding = {writes, self->now_ns};
    Interval interval;
    StorageStatus status = interval_init(&interval, range);
    if (status != STORAGE_OK)
        return storage_fail(self->ctx, status, "no memory for the write; nothing was changed");
    status = ledger_find_alive(self, &interval, is_in_set, &hiding, ret_has_effect);
    for (LedgerWriteKey *key = interval.is_empty ? NULL : ledger_write_set_seek(writes, interval.start);
         status == STORAGE_OK && key != NULL && !*ret_has_effect && interval_contains(&interval, ledger_write_key(key));
         key = ledger_write_set_next(key)) {
        LedgerRow row;
        *ret_has_effect = ledger_write_set_find(writes, ledger_write_key(key), self->now_ns, &row) && row.is_present;
    }
    interval_done(&interval);
    return status;
}

static StorageStatus find_in_view(LedgerEffects *self, const LedgerWriteSet *writes, const StorageOperation *operation,
                                  const LedgerTree *tree, LedgerRow *ret_row)
{
    StorageStatus status;
    if (ledger_write_set_find(writes, operation->key, self->now_ns, ret_row))
        return STORAGE_OK;
    status = ledger_row_find(tree, operation->key, self->now_ns, ret_row, self->ctx);
    if (status == STORAGE_OK && ret_row->is_present && operation->kind == STORAGE_OPERATION_TOUCH)
        status = ledger_row_copy(tree, ret_row, &ret_row->block, self->ctx);
    return status;
}

/* Decides one operation and notes it. The result has its status; returns OK, or what fails the batch. */
static StorageStatus decide_one(LedgerEffects *self, LedgerWriteSet *writes, LedgerCommit *commit, size_t index)
{
    const StorageOperation *operation = &commit->operations[index];
    StorageResult *result = &commit->results[index];
    LedgerTree tree = ledger_working_tree(self->store, LEDGER_TREE_DEFAULT);
    LedgerRow row = {0};
    LedgerBlock *copy;
    StorageStatus status;
    int has_effect = 1;
    *result = (StorageResult){STORAGE_OK, 0, 0};
    if (operation->kind == STORAGE_OPERATION_CLEAR_RANGE) {
        status = clear_has_effect(self, writes, &operation->range, &has_effect);
    } else {
        status = find_in_view(self, writes, operation, &tree, &row);
        if (status == STORAGE_OK)
            status = ledger_row_check(&tree, &row, operation, self->ctx);
        has_effect = row.is_present || !is_delete(operation);
    }
    copy = row.frame != NULL ? row.block : NULL; /* of a touched row; of a written one the block is the set's */
    if (status == STORAGE_CONFLICT || status == STORAGE_NOT_FOUND) {
        result->status = fail_operation(self, operation, status, &row);
        result->revision = status == STORAGE_CONFLICT && row.is_present ? row.record.revision : 0;
        status = STORAGE_OK;
    } else if (status == STORAGE_OK && has_effect) {
        status = ledger_write_set_add(writes, operation, &row, 0, index);
        if (status != STORAGE_OK)
            status = storage_fail(self->ctx, status, "no memory for the write; nothing was changed");
    }
    ledger_block_release(copy);
    return status;
}

/* All operations are decided, so that each failing one says so; those that hold are then cancelled with them. */
static StorageStatus decide_all(LedgerEffects *self, LedgerWriteSet *writes, LedgerCommit *commit)
{
    StorageStatus first = STORAGE_OK;
    for (size_t i = 0; i < commit->operation_count; i++) {
        StorageStatus status = decide_one(self, writes, commit, i);
        if (status != STORAGE_OK)
            return status;
        if (first == STORAGE_OK)
            first = commit->results[i].status;
    }
    commit->status = first;
    for (size_t i = 0; i < commit->operation_count && first != STORAGE_OK; i++)
        if (commit->results[i].status == STORAGE_OK)
            commit->results[i] = (StorageResult){STORAGE_CANCELLED, 0, 0};
    return STORAGE_OK;
}

static StorageStatus apply_atomic(LedgerEffects *self, LedgerCommit *commit)
{
    LedgerWriteSet writes;
    StorageStatus status;
    ledger_write_set_init(&writes);
    status = decide_all(self, &writes, commit);
    if (status == STORAGE_OK && commit->status == STORAGE_OK)
        status = ledger_apply_write_set(self, &writes);
    if (status == STORAGE_OK && self->has_any) {
        commit->revision = self->revision;
        for (size_t i = 0; i < writes.count; i++)
            commit->results[writes.log[i]->batch_index].revision = self->revision;
        self->revision++;
        self->position = 0;
    }
    ledger_write_set_done(&writes);
    return status;
}

StorageStatus ledger_apply_write(LedgerEffects *self, LedgerCommit *commit)
{
    if (commit->mode == STORAGE_WRITE_INDEPENDENT)
        return apply_independent(self, commit);
    return commit->operation_count == 1 ? apply_single(self, commit) : apply_atomic(self, commit);
}

StorageStatus ledger_write(StorageBackend *backend, const StorageOperation *operations, size_t operation_count,
                           uint32_t mode, StorageResult *ret_results, StorageContext *ctx)
{
    LedgerCommit commit = {.kind = LEDGER_COMMIT_WRITE,
                           .ctx = ctx,
                           .operations = operations,
                           .operation_count = operation_count,
                           .mode = mode,
                           .results = ret_results};
    return ledger_commit_run((LedgerStore *)backend, &commit);
}
