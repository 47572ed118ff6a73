/*
 * wrappers/read_only.c - refuses every write.
 *
 * Reads, scans, watches and sync pass. Transactions are begun read-only in the layer below, which then refuses their
 * writes, so none of their methods are needed here.
 */
#include "storage/read_only.h"

#include "storage/backend.h"

static StorageStatus refuse(const char *operation, StorageContext *ctx)
{
    return storage_fail(ctx, STORAGE_READ_ONLY, "%s: refused by the read_only layer of the stack", operation);
}

static void read_only_destroy(StorageBackend *self)
{
    storage_release(self);
}

/* The call that the caller made. */
static const char *name_of(const StorageOperation *operations, size_t operation_count)
{
    static const char *const names[] = {"write",      "set", "touch", "delete", "compare_and_set", "compare_and_delete",
                                        "clear_range"};
    return operation_count == 1 && operations->kind < sizeof(names) / sizeof(names[0]) ? names[operations->kind]
                                                                                       : names[0];
}

static StorageStatus read_only_write(StorageBackend *self, const StorageOperation *operations, size_t operation_count,
                                     uint32_t mode, StorageResult *ret_results, StorageContext *ctx)
{
    (void)self;
    (void)mode;
    for (size_t i = 0; i < operation_count; i++)
        ret_results[i].status = STORAGE_READ_ONLY;
    return refuse(name_of(operations, operation_count), ctx);
}

static StorageStatus read_only_begin(StorageBackend *self, const StorageTransactionOptions *options,
                                     StorageTransaction **ret_txn, StorageContext *ctx)
{
    StorageTransactionOptions read_only = *options;
    read_only.flags |= STORAGE_TRANSACTION_READ_ONLY;
    return storage_begin(self->inner, &read_only, ret_txn, ctx);
}

static StorageStatus read_only_sweep(StorageBackend *self, uint64_t *ret_count, StorageContext *ctx)
{
    (void)self;
    (void)ret_count;
    return refuse("sweep", ctx);
}

static const StorageOps read_only_ops = {
    .struct_size = sizeof(StorageOps),
    .name = "read_only",
    .destroy = read_only_destroy,
    .interrupt = storage_nothing_to_interrupt,
    .shutdown = storage_nothing_to_shut_down,
    .get = storage_forward_get,
    .multi_get = storage_forward_multi_get,
    .write = read_only_write,
    .scan = storage_forward_scan,
    .begin = read_only_begin,
    .watch = storage_forward_watch,
    .sync = storage_forward_sync,
    .sweep = read_only_sweep,
    .health_check = storage_forward_health_check,
    .describe = storage_nothing_to_describe,
    .cursor_next = storage_forward_cursor_next,
    .cursor_seek = storage_forward_cursor_seek,
    .cursor_close = storage_forward_cursor_close,
    .transaction_get = storage_forward_transaction_get,
    .transaction_multi_get = storage_forward_transaction_multi_get,
    .transaction_write = storage_forward_transaction_write,
    .transaction_scan = storage_forward_transaction_scan,
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

StorageStatus storage_read_only_wrap(StorageBackend *inner, const StorageReadOnlyOptions *options,
                                     StorageBackend **ret_backend, StorageContext *ctx)
{
    StorageReadOnlyOptions known;
    StorageBackend *self;
    StorageStatus status;
    storage_context_clear(ctx);
    status = storage_options_copy(&known, sizeof(known), options, "StorageReadOnlyOptions", ctx);
    if (status != STORAGE_OK)
        return status;
    if (inner == NULL || ret_backend == NULL || known.flags != 0)
        return storage_fail(ctx, STORAGE_INVALID_ARGUMENT,
                            "read_only: inner or ret_backend is NULL, or a flag is unknown");
    self = storage_allocate(sizeof(*self));
    if (self == NULL)
        return storage_fail(ctx, STORAGE_NO_MEMORY, "read_only: no memory");
    status = storage_backend_init(self, &read_only_ops, inner, NULL, NULL, ctx);
    if (status != STORAGE_OK) {
        storage_release(self);
        return status;
    }
    self->capabilities.weakenings |= STORAGE_WEAKENING_WRITES_REFUSED;
    *ret_backend = self;
    return STORAGE_OK;
}
