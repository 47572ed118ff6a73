/*
 * txn/transaction.c - optimistic transactions, up to their commit.
 *
 * A transaction reads its snapshot under its own writes; under read committed, each call opens a snapshot of its own.
 * It reads no row that it does not need: a set that keeps no expiry, and a delete, are noted without a look.
 */
#include "backends/ledger/txn/transaction.h"

#include "backends/ledger/txn/scan.h"

static StorageStatus no_memory(StorageContext *ctx)
{
    return storage_fail(ctx, STORAGE_NO_MEMORY, "no memory for the transaction; the call had no effect");
}

StorageStatus ledger_transaction_begin(LedgerStates *states, StorageBackend *backend,
                                       const StorageTransactionOptions *options, StorageTransaction **ret_txn,
                                       StorageContext *ctx)
{
    LedgerTransaction *self = (LedgerTransaction *)storage_transaction_new(backend, sizeof(*self));
    if (self == NULL)
        return no_memory(ctx);
    self->states = states;
    self->isolation = options->isolation;
    self->is_read_only = (options->flags & STORAGE_TRANSACTION_READ_ONLY) != 0;
    ledger_write_set_init(&self->writes);
    if (!ledger_transaction_reads_newest(self))
        ledger_snapshot_open(states, &self->snapshot, backend,
                             self->is_read_only ? 0 : LEDGER_SNAPSHOT_DETECTS_CONFLICTS);
    *ret_txn = &self->base;
    return STORAGE_OK;
}

void ledger_transaction_close(StorageTransaction *txn)
{
    LedgerTransaction *self = (LedgerTransaction *)txn;
    ledger_snapshot_close(self->states, &self->snapshot, txn->handle.backend);
    ledger_write_set_done(&self->writes);
    ledger_read_set_done(&self->reads);
}

/* ---- the view ---- */

/* The snapshot that a call looks at: the transaction's, or a new one in `*passing`, to be closed after the call. */
static const LedgerSnapshot *open_view(LedgerTransaction *self, LedgerSnapshot *passing)
{
    *passing = (LedgerSnapshot){0};
    if (!ledger_transaction_reads_newest(self))
        return &self->snapshot;
    ledger_snapshot_open(self->states, passing, self->base.handle.backend, 0);
    return passing;
}

static void close_view(LedgerTransaction *self, LedgerSnapshot *passing)
{
    ledger_snapshot_close(self->states, passing, self->base.handle.backend);
}

static StorageStatus note_read(LedgerTransaction *self, const StorageRange *range)
{
    if (self->isolation != STORAGE_ISOLATION_SERIALIZABLE || self->is_read_only)
        return STORAGE_OK;
    return ledger_read_set_add(&self->reads, range);
}

static StorageStatus note_key_read(LedgerTransaction *self, StorageSlice key)
{
    StorageRange range = storage_range_key(key);
    return note_read(self, &range);
}

static StorageStatus get(LedgerTransaction *self, const LedgerSnapshot *view, StorageSlice key, StorageValue *ret_value,
                         StorageContext *ctx)
{
    LedgerRow row;
    if (ledger_write_set_find(&self->writes, key, view->time_ns, &row))
        return row.is_present ? ledger_row_value(NULL, &row, ret_value, ctx) : STORAGE_NOT_FOUND;
    if (note_key_read(self, key) != STORAGE_OK)
        return no_memory(ctx);
    return ledger_get_at(self->states, view, key, ret_value, ctx);
}

StorageStatus ledger_transaction_get(StorageTransaction *txn, StorageSlice key, StorageValue *ret_value,
                                     StorageContext *ctx)
{
    LedgerTransaction *self = (LedgerTransaction *)txn;
    LedgerSnapshot passing;
    StorageStatus status;
    if (ledger_transaction_reads_newest(self) && self->writes.count == 0)
        return ledger_get_newest(self->states, txn->handle.backend, key, ret_value, ctx);
    status = get(self, open_view(self, &passing), key, ret_value, ctx);
    close_view(self, &passing);
    return status;
}

StorageStatus ledger_transaction_scan(StorageTransaction *txn, const StorageRange *range,
                                      const StorageScanOptions *options, StorageCursor **ret_cursor,
                                      StorageContext *ctx)
{
    LedgerTransaction *self = (LedgerTransaction *)txn;
    LedgerScanSource source = {self->states, txn->handle.backend,
                               ledger_transaction_reads_newest(self) ? NULL : &self->snapshot, &self->writes};
    if (note_read(self, range) != STORAGE_OK)
        return no_memory(ctx);
    return ledger_scan_open(&source, range, options, ret_cursor, ctx);
}

/* ---- writes ---- */

static StorageStatus fail_operation(const StorageOperation *operation, StorageStatus status, const LedgerRow *current,
                                    StorageContext *ctx)
{
    char text[64];
    storage_context_set_revision(ctx, current->record.revision);
    if (status != STORAGE_CONFLICT)
        return status;
    return storage_fail(ctx, status, "key %s is %s in the transaction's view, which is not what was expected",
                        storage_key_text(operation->key, text, sizeof(text)), current->is_present ? "there" : "absent");
}

/* A set that keeps no expiry, and a delete, hold whatever the key has. */
static int needs_row(const StorageOperation *operation)
{
    if (operation->kind == STORAGE_OPERATION_DELETE)
        return 0;
    return operation->kind != STORAGE_OPERATION_SET || operation->expiry.kind == STORAGE_EXPIRY_KEEP;
}

/* Decides an operation on a row of the transaction's own. */
static StorageStatus write_over_own(LedgerTransaction *self, const StorageOperation *operation, const LedgerRow *row,
                                    StorageContext *ctx)
{
    StorageStatus status = ledger_row_check(NULL, row, operation, ctx);
    if (status != STORAGE_OK)
        return fail_operation(operation, status, row, ctx);
    return ledger_write_set_add(&self->writes, operation, row, 0, 0) == STORAGE_OK ? STORAGE_OK : no_memory(ctx);
}

/* The committed row, pinned when it is there. */
static StorageStatus find_pinned(LedgerTransaction *self, const LedgerTree *tree, const LedgerSnapshot *view,
                                 StorageSlice key, LedgerRow *ret_row, StorageContext *ctx)
{
    LedgerEpoch epoch = pager_enter(self->states->pager);
    StorageStatus status = ledger_row_find(tree, key, view->time_ns, ret_row, ctx);
    if (ret_row->is_present)
        pager_pin(ret_row->frame);
    pager_leave(self->states->pager, epoch);
    return status;
}

/* Decides an operation on a committed row, which is looked at again at the commit. */
static StorageStatus write_over_committed(LedgerTransaction *self, const LedgerSnapshot *view,
                                          const StorageOperation *operation, StorageContext *ctx)
{
    LedgerTree tree = ledger_state_tree(self->states->pager, view->state, LEDGER_TREE_DEFAULT);
    LedgerRow row = {0};
    StorageStatus status = ledger_snapshot_judge(view, STORAGE_OK, ctx);
    if (status != STORAGE_OK)
        return status;
    if (needs_row(operation))
        status = find_pinned(self, &tree, view, operation->key, &row, ctx);
    if (status == STORAGE_OK)
        status = ledger_row_check(&tree, &row, operation, ctx);
    if (status == STORAGE_CONFLICT || status == STORAGE_NOT_FOUND) {
        status = fail_operation(operation, status, &row, ctx);
    } else if (status == STORAGE_OK) {
        if (operation->kind == STORAGE_OPERATION_TOUCH)
            status = ledger_row_copy(&tree, &row, &row.block, ctx);
        if (status == STORAGE_OK &&
            ledger_write_set_add(&self->writes, operation, &row, LEDGER_WRITE_IS_PROVISIONAL, 0) != STORAGE_OK)
            status = no_memory(ctx);
        ledger_block_release(row.block);
        status = status < 0 ? ledger_snapshot_judge(view, status, ctx) : status;
    } else {
        status = ledger_snapshot_judge(view, status, ctx);
    }
    if (row.is_present)
        pager_unpin(self->states->pager, row.frame);
    return status;
}

static StorageStatus write_key(LedgerTransaction *self, const LedgerSnapshot *view, const StorageOperation *operation,
                               StorageContext *ctx)
{
    LedgerRow own;
    if (ledger_write_set_find(&self->writes, operation->key, view->time_ns, &own))
        return write_over_own(self, operation, &own, ctx);
    if (operation->kind != STORAGE_OPERATION_SET && operation->kind != STORAGE_OPERATION_DELETE &&
        note_key_read(self, operation->key) != STORAGE_OK)
        return no_memory(ctx);
    return write_over_committed(self, view, operation, ctx);
}

StorageStatus ledger_transaction_write(StorageTransaction *txn, const StorageOperation *operation, StorageContext *ctx)
{
    LedgerTransaction *self = (LedgerTransaction *)txn;
    LedgerSnapshot passing;
    StorageStatus status;
    if (self->is_read_only)
        return storage_fail(ctx, STORAGE_READ_ONLY, "the transaction was begun read-only");
    if (operation->kind == STORAGE_OPERATION_CLEAR_RANGE) {
        status = ledger_write_set_add(&self->writes, operation, NULL, 0, 0);
        return status == STORAGE_OK ? STORAGE_OK : no_memory(ctx);
    }
    status = write_key(self, open_view(self, &passing), operation, ctx);
    close_view(self, &passing);
    return status;
}

/* ---- savepoints ---- */

StorageStatus ledger_transaction_savepoint(StorageTransaction *txn, uint32_t *ret_savepoint_no, StorageContext *ctx)
{
    if (ledger_write_set_savepoint(&((LedgerTransaction *)txn)->writes, ret_savepoint_no) != STORAGE_OK)
        return no_memory(ctx);
    return STORAGE_OK;
}

static StorageStatus no_savepoint(uint32_t savepoint_no, StorageContext *ctx)
{
    return storage_fail(ctx, STORAGE_INVALID_ARGUMENT, "%u is no savepoint of this transaction", savepoint_no);
}

StorageStatus ledger_transaction_rollback_to(StorageTransaction *txn, uint32_t savepoint_no, StorageContext *ctx)
{
    if (ledger_write_set_rollback_to(&((LedgerTransaction *)txn)->writes, savepoint_no) != STORAGE_OK)
        return no_savepoint(savepoint_no, ctx);
    return STORAGE_OK;
}

StorageStatus ledger_transaction_drop_savepoint(StorageTransaction *txn, uint32_t savepoint_no, StorageContext *ctx)
{
    if (ledger_write_set_drop_savepoint(&((LedgerTransaction *)txn)->writes, savepoint_no) != STORAGE_OK)
        return no_savepoint(savepoint_no, ctx);
    return STORAGE_OK;
}
