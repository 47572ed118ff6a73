/*
 * pass_through.c - a layer that changes nothing, with cursors, transactions and watches of its own.
 *
 * It is here so that stacks are real: every call goes through dispatch twice, and every handle that the caller holds is
 * one of this layer around one of the layer below. It refuses nothing and keeps nothing.
 */
#include "storage/backend.h"
#include "storage_testutil/factory.h"

typedef struct PassThrough {
    StorageBackend base;
} PassThrough;

static const StorageOps pass_through_ops;

static void pass_through_destroy(StorageBackend *self)
{
    storage_release(self);
}

static StorageStatus pass_through_scan(StorageBackend *self, const StorageRange *range,
                                       const StorageScanOptions *options, StorageCursor **ret_cursor,
                                       StorageContext *ctx)
{
    StorageForwardCursor *cursor = (StorageForwardCursor *)storage_cursor_new(self, sizeof *cursor);
    StorageStatus status;

    if (cursor == NULL)
        return storage_fail(ctx, STORAGE_NO_MEMORY, "pass_through: no memory for a cursor");
    status = storage_scan(self->inner, range, options, &cursor->inner, ctx);
    if (status != STORAGE_OK) {
        storage_handle_free(cursor);
        return status;
    }
    *ret_cursor = &cursor->base;
    return STORAGE_OK;
}

static StorageStatus pass_through_begin(StorageBackend *self, const StorageTransactionOptions *options,
                                        StorageTransaction **ret_txn, StorageContext *ctx)
{
    StorageForwardTransaction *txn = (StorageForwardTransaction *)storage_transaction_new(self, sizeof *txn);
    StorageStatus status;

    if (txn == NULL)
        return storage_fail(ctx, STORAGE_NO_MEMORY, "pass_through: no memory for a transaction");
    status = storage_begin(self->inner, options, &txn->inner, ctx);
    if (status != STORAGE_OK) {
        storage_handle_free(txn);
        return status;
    }
    *ret_txn = &txn->base;
    return STORAGE_OK;
}

static StorageStatus pass_through_transaction_scan(StorageTransaction *self, const StorageRange *range,
                                                   const StorageScanOptions *options, StorageCursor **ret_cursor,
                                                   StorageContext *ctx)
{
    StorageForwardTransaction *txn = (StorageForwardTransaction *)self;
    StorageForwardCursor *cursor = (StorageForwardCursor *)storage_cursor_new(self->handle.backend, sizeof *cursor);
    StorageStatus status;

    if (cursor == NULL)
        return storage_fail(ctx, STORAGE_NO_MEMORY, "pass_through: no memory for a cursor");
    status = storage_transaction_scan(txn->inner, range, options, &cursor->inner, ctx);
    if (status != STORAGE_OK) {
        storage_handle_free(cursor);
        return status;
    }
    *ret_cursor = &cursor->base;
    return STORAGE_OK;
}

static StorageStatus pass_through_watch(StorageBackend *self, const StorageRange *range, uint64_t from_revision,
                                        StorageWatch **ret_watch, StorageContext *ctx)
{
    StorageForwardWatch *watch = (StorageForwardWatch *)storage_watch_new(self, sizeof *watch);
    StorageStatus status;

    if (watch == NULL)
        return storage_fail(ctx, STORAGE_NO_MEMORY, "pass_through: no memory for a watch");
    status = storage_watch(self->inner, range, from_revision, &watch->inner, ctx);
    if (status != STORAGE_OK) {
        storage_handle_free(watch);
        return status;
    }
    *ret_watch = &watch->base;
    return STORAGE_OK;
}

static const StorageOps pass_through_ops = {
    .struct_size = sizeof(StorageOps),
    .name = "pass_through",
    .destroy = pass_through_destroy,
    .interrupt = storage_nothing_to_interrupt,
    .shutdown = storage_nothing_to_shut_down,
    .get = storage_forward_get,
    .multi_get = storage_forward_multi_get,
    .write = storage_forward_write,
    .scan = pass_through_scan,
    .begin = pass_through_begin,
    .watch = pass_through_watch,
    .sync = storage_forward_sync,
    .sweep = storage_forward_sweep,
    .health_check = storage_forward_health_check,
    .describe = storage_nothing_to_describe,
    .cursor_next = storage_forward_cursor_next,
    .cursor_seek = storage_forward_cursor_seek,
    .cursor_close = storage_forward_cursor_close,
    .transaction_get = storage_forward_transaction_get,
    .transaction_multi_get = storage_forward_transaction_multi_get,
    .transaction_write = storage_forward_transaction_write,
    .transaction_scan = pass_through_transaction_scan,
    .transaction_savepoint = storage_forward_transaction_savepoint,
    .transaction_rollback_to = storage_forward_transaction_rollback_to,
    .transaction_drop_savepoint = storage_forward_transaction_drop_savepoint,
    .transaction_table = storage_forward_transaction_table,
    .transaction_commit = storage_forward_transaction_commit,
    .transaction_close = storage_forward_transaction_close,
    .watch_next = storage_forward_watch_next,
    .watch_fd = storage_forward_watch_fd,
    .watch_close = storage_forward_watch_close,
};

StorageStatus testutil_pass_through_wrap(StorageBackend *inner, StorageBackend **ret_backend, StorageContext *ctx)
{
    PassThrough *self = storage_allocate_zero(sizeof *self);
    StorageStatus status;

    if (self == NULL)
        return storage_fail(ctx, STORAGE_NO_MEMORY, "pass_through: no memory for the layer");
    status = storage_backend_init(&self->base, &pass_through_ops, inner, NULL, NULL, ctx);
    if (status != STORAGE_OK) {
        storage_release(self);
        return status;
    }
    *ret_backend = &self->base;
    return STORAGE_OK;
}

const StorageOps *testutil_pass_through_ops(void)
{
    return &pass_through_ops;
}
