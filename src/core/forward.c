/* core/forward.c - the slots of a layer that changes nothing there. Each is the public call on the layer below. */
#include "core/lifecycle.h"

StorageStatus storage_forward_get(StorageBackend *self, StorageSlice key, StorageValue *ret_value, StorageContext *ctx)
{
    return storage_get(self->inner, key, ret_value, ctx);
}

StorageStatus storage_forward_multi_get(StorageBackend *self, const StorageSlice *keys, size_t key_count,
                                        StorageValue *ret_values, StorageStatus *ret_statuses, StorageContext *ctx)
{
    return storage_multi_get(self->inner, keys, key_count, ret_values, ret_statuses, ctx);
}

StorageStatus storage_forward_write(StorageBackend *self, const StorageOperation *operations, size_t operation_count,
                                    uint32_t mode, StorageResult *ret_results, StorageContext *ctx)
{
    return storage_write(self->inner, operations, operation_count, mode, ret_results, ctx);
}

StorageStatus storage_forward_scan(StorageBackend *self, const StorageRange *range, const StorageScanOptions *options,
                                   StorageCursor **ret_cursor, StorageContext *ctx)
{
    return storage_scan(self->inner, range, options, ret_cursor, ctx);
}

StorageStatus storage_forward_begin(StorageBackend *self, const StorageTransactionOptions *options,
                                    StorageTransaction **ret_txn, StorageContext *ctx)
{
    return storage_begin(self->inner, options, ret_txn, ctx);
}

StorageStatus storage_forward_watch(StorageBackend *self, const StorageRange *range, uint64_t from_revision,
                                    StorageWatch **ret_watch, StorageContext *ctx)
{
    return storage_watch(self->inner, range, from_revision, ret_watch, ctx);
}

StorageStatus storage_forward_sync(StorageBackend *self, StorageContext *ctx)
{
    return storage_sync(self->inner, ctx);
}

StorageStatus storage_forward_sweep(StorageBackend *self, uint64_t *ret_count, StorageContext *ctx)
{
    return storage_sweep(self->inner, ret_count, ctx);
}

void storage_nothing_to_interrupt(StorageBackend *self)
{
    (void)self;
}

StorageStatus storage_nothing_to_shut_down(StorageBackend *self, StorageContext *ctx)
{
    (void)self;
    (void)ctx;
    return STORAGE_OK;
}

StorageStatus storage_nothing_to_describe(StorageBackend *self, StorageDescription description, StorageJson *json,
                                          StorageContext *ctx)
{
    (void)self;
    (void)description;
    (void)json;
    (void)ctx;
    return STORAGE_OK;
}

/* ---- cursors ---- */

static StorageCursor *inner_cursor(StorageCursor *self)
{
    return ((StorageForwardCursor *)self)->inner;
}

StorageStatus storage_forward_cursor_next(StorageCursor *self, const StorageEntry **ret_entry, StorageContext *ctx)
{
    return storage_cursor_next(inner_cursor(self), ret_entry, ctx);
}

StorageStatus storage_forward_cursor_seek(StorageCursor *self, StorageSlice key, StorageContext *ctx)
{
    return storage_cursor_seek(inner_cursor(self), key, ctx);
}

void storage_forward_cursor_close(StorageCursor *self)
{
    storage_cursor_close(inner_cursor(self));
}

/* ---- transactions ---- */

static StorageTransaction *inner_transaction(StorageTransaction *self)
{
    return ((StorageForwardTransaction *)self)->inner;
}

StorageStatus storage_forward_transaction_get(StorageTransaction *self, StorageSlice key, StorageValue *ret_value,
                                              StorageContext *ctx)
{
    return storage_transaction_get(inner_transaction(self), key, ret_value, ctx);
}

StorageStatus storage_forward_transaction_multi_get(StorageTransaction *self, const StorageSlice *keys,
                                                    size_t key_count, StorageValue *ret_values,
                                                    StorageStatus *ret_statuses, StorageContext *ctx)
{
    return storage_transaction_multi_get(inner_transaction(self), keys, key_count, ret_values, ret_statuses, ctx);
}

StorageStatus storage_forward_transaction_write(StorageTransaction *self, const StorageOperation *operation,
                                                StorageContext *ctx)
{
    StorageTransaction *inner = inner_transaction(self);
    StorageSetOptions options = STORAGE_SET_OPTIONS_INIT;
    options.expiry = operation->expiry;
    switch (operation->kind) {
    case STORAGE_OPERATION_SET:
        return storage_transaction_set(inner, operation->key, operation->value, &options, ctx);
    case STORAGE_OPERATION_TOUCH:
        return storage_transaction_touch(inner, operation->key, operation->expiry, ctx);
    case STORAGE_OPERATION_DELETE:
        return storage_transaction_delete(inner, operation->key, ctx);
    case STORAGE_OPERATION_COMPARE_AND_SET:
        return storage_transaction_compare_and_set(inner, operation->key, operation->expected, operation->value,
                                                   &options, ctx);
    case STORAGE_OPERATION_COMPARE_AND_DELETE:
        return storage_transaction_compare_and_delete(inner, operation->key, operation->expected, ctx);
    default:
        return storage_transaction_clear_range(inner, &operation->range, ctx);
    }
}

StorageStatus storage_forward_transaction_scan(StorageTransaction *self, const StorageRange *range,
                                               const StorageScanOptions *options, StorageCursor **ret_cursor,
                                               StorageContext *ctx)
{
    return storage_transaction_scan(inner_transaction(self), range, options, ret_cursor, ctx);
}

StorageStatus storage_forward_transaction_savepoint(StorageTransaction *self, uint32_t *ret_savepoint_no,
                                                    StorageContext *ctx)
{
    return storage_transaction_savepoint(inner_transaction(self), ret_savepoint_no, ctx);
}

StorageStatus storage_forward_transaction_rollback_to(StorageTransaction *self, uint32_t savepoint_no,
                                                      StorageContext *ctx)
{
    return storage_transaction_rollback_to(inner_transaction(self), savepoint_no, ctx);
}

StorageStatus storage_forward_transaction_drop_savepoint(StorageTransaction *self, uint32_t savepoint_no,
                                                         StorageContext *ctx)
{
    return storage_transaction_drop_savepoint(inner_transaction(self), savepoint_no, ctx);
}

StorageStatus storage_forward_transaction_table(StorageTransaction *self, StorageSlice name,
                                                StorageTransaction **ret_view, StorageContext *ctx)
{
    return storage_transaction_table(inner_transaction(self), name, ret_view, ctx);
}

StorageStatus storage_forward_transaction_commit(StorageTransaction *self, uint64_t *ret_revision, StorageContext *ctx)
{
    return storage_transaction_commit(inner_transaction(self), ret_revision, ctx);
}

void storage_forward_transaction_close(StorageTransaction *self)
{
    storage_transaction_close(inner_transaction(self));
}

/* ---- watches ---- */

static StorageWatch *inner_watch(StorageWatch *self)
{
    return ((StorageForwardWatch *)self)->inner;
}

StorageStatus storage_forward_watch_next(StorageWatch *self, const StorageChange **ret_change, StorageContext *ctx)
{
    return storage_watch_next(inner_watch(self), ret_change, ctx);
}

StorageStatus storage_forward_watch_fd(StorageWatch *self, int *ret_fd, StorageContext *ctx)
{
    return storage_watch_fd(inner_watch(self), ret_fd, ctx);
}

void storage_forward_watch_close(StorageWatch *self)
{
    StorageWatch *inner = inner_watch(self);
    lifecycle_end_handle(&inner->handle);
    self->wake_fd = inner->wake_fd; /* whoever polls it has the outer handle */
    inner->wake_fd = -1;
    storage_watch_close(inner);
}
