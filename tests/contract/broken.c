/*
 * broken.c - a layer that passes everything through but for one planted defect.
 *
 * Each method does its harm for its own defect only, so a case that fails on a defect fails because of it.
 */
#include "broken.h"

#include "storage/backend.h"
#include "storage/transaction.h"
#include "storage/watch.h"

#include <stdlib.h>
#include <string.h>

typedef struct Broken {
    StorageBackend base;
    Defect defect;
} Broken;

/* A cursor that asks the layer below for one row at a time, each in a scan of its own. */
typedef struct LiveCursor {
    StorageForwardCursor forward; /* `inner` is the scan that the last row came from */
    StorageRange range;
    StorageScanOptions options;
    char last[256], bounds[2][256];
    StorageSlice last_key;
    uint64_t given;
    int has_last, last_was_given; /* a seek sets a last key that was not handed out */
} LiveCursor;

typedef struct GappyWatch {
    StorageForwardWatch forward;
    uint64_t count;
} GappyWatch;

static Defect defect_of(const StorageBackend *backend)
{
    return ((const Broken *)backend)->defect;
}

static void broken_destroy(StorageBackend *self)
{
    storage_release(self);
}

static StorageStatus broken_get(StorageBackend *self, StorageSlice key, StorageValue *ret_value, StorageContext *ctx)
{
    if (defect_of(self) == DEFECT_CRASHES)
        abort();
    return storage_get(self->inner, key, ret_value, ctx);
}

/* ---- writing ---- */

static StorageStatus write_torn(StorageBackend *self, const StorageOperation *operations, size_t operation_count,
                                StorageResult *ret_results, StorageContext *ctx)
{
    for (size_t i = 0; i < operation_count; i++) {
        StorageStatus status =
            storage_write(self->inner, &operations[i], 1, STORAGE_WRITE_ATOMIC, &ret_results[i], ctx);

        if (status != STORAGE_OK)
            return status;
    }
    return STORAGE_OK;
}

static StorageStatus write_one_changed(StorageBackend *self, StorageOperation operation, StorageResult *ret_results,
                                       StorageContext *ctx)
{
    switch (defect_of(self)) {
    case DEFECT_DELETES_NOTHING:
        if (operation.kind != STORAGE_OPERATION_DELETE)
            break;
        ret_results[0] = (StorageResult){.status = STORAGE_OK};
        return STORAGE_OK;
    case DEFECT_BLIND_COMPARE:
        if (operation.kind == STORAGE_OPERATION_COMPARE_AND_SET) {
            operation.kind = STORAGE_OPERATION_SET;
            operation.expected = (StorageExpected){0};
        }
        break;
    case DEFECT_IMMORTAL:
        operation.expiry = storage_expiry_never();
        break;
    default:
        break;
    }
    return storage_write(self->inner, &operation, 1, STORAGE_WRITE_ATOMIC, ret_results, ctx);
}

static StorageStatus broken_write(StorageBackend *self, const StorageOperation *operations, size_t operation_count,
                                  uint32_t mode, StorageResult *ret_results, StorageContext *ctx)
{
    StorageContext child;
    StorageStatus status;

    if (mode == STORAGE_WRITE_ATOMIC && defect_of(self) == DEFECT_TORN_WRITE)
        return write_torn(self, operations, operation_count, ret_results, ctx);
    if (defect_of(self) != DEFECT_FORGETS_TOKENS && operation_count == 1)
        return write_one_changed(self, operations[0], ret_results, ctx);
    storage_context_child_begin(&child, ctx);
    if (defect_of(self) == DEFECT_FORGETS_TOKENS) {
        child.token = (StorageSlice){0};
        child.payload_hash = NULL;
    }
    status = storage_write(self->inner, operations, operation_count, mode, ret_results, &child);
    storage_context_child_end(&child);
    return status;
}

/* ---- scanning ---- */

static int keep_bound(StorageBound *bound, char *bytes, size_t size_max)
{
    if (bound->key.size > size_max)
        return 0;
    if (bound->key.size > 0)
        memcpy(bytes, bound->key.data, bound->key.size);
    bound->key.data = bytes;
    return 1;
}

static StorageStatus scan_live(StorageBackend *self, const StorageRange *range, const StorageScanOptions *options,
                               StorageCursor **ret_cursor, StorageContext *ctx)
{
    LiveCursor *cursor = (LiveCursor *)storage_cursor_new(self, sizeof *cursor);

    if (cursor == NULL)
        return storage_fail(ctx, STORAGE_NO_MEMORY, "broken: no memory for a cursor");
    cursor->range = range == NULL ? storage_range_all() : *range;
    cursor->options = options == NULL ? (StorageScanOptions)STORAGE_SCAN_OPTIONS_INIT : *options;
    if (!keep_bound(&cursor->range.start, cursor->bounds[0], sizeof cursor->bounds[0]) ||
        !keep_bound(&cursor->range.end, cursor->bounds[1], sizeof cursor->bounds[1])) {
        storage_handle_free(cursor);
        return storage_fail(ctx, STORAGE_UNSUPPORTED, "broken: the bound is too long");
    }
    *ret_cursor = &cursor->forward.base;
    return STORAGE_OK;
}

static StorageStatus broken_scan(StorageBackend *self, const StorageRange *range, const StorageScanOptions *options,
                                 StorageCursor **ret_cursor, StorageContext *ctx)
{
    Defect defect = defect_of(self);
    StorageScanOptions changed = options == NULL ? (StorageScanOptions)STORAGE_SCAN_OPTIONS_INIT : *options;

    if (defect == DEFECT_LIVE_SCAN || defect == DEFECT_LIVE_SCAN_DECLARED)
        return scan_live(self, range, options, ret_cursor, ctx);
    if (defect == DEFECT_ENDLESS_LIMIT)
        changed.limit = 0;
    return storage_scan(self->inner, range, &changed, ret_cursor, ctx);
}

static StorageStatus remember_last(LiveCursor *cursor, StorageSlice key, int was_given, StorageContext *ctx)
{
    if (key.size > sizeof cursor->last)
        return storage_fail(ctx, STORAGE_UNSUPPORTED, "broken: the key is too long");
    if (key.size > 0)
        memcpy(cursor->last, key.data, key.size);
    cursor->last_key = storage_bytes(cursor->last, key.size);
    cursor->has_last = 1;
    cursor->last_was_given = was_given;
    return STORAGE_OK;
}

static StorageStatus live_seek(StorageCursor *self, StorageSlice key, StorageContext *ctx)
{
    return remember_last((LiveCursor *)self, key, 0, ctx);
}

static StorageStatus live_next(StorageCursor *self, const StorageEntry **ret_entry, StorageContext *ctx)
{
    LiveCursor *cursor = (LiveCursor *)self;
    StorageScanOptions options = cursor->options;
    const StorageEntry *entry = NULL;
    StorageStatus status;

    if (options.limit != 0 && cursor->given >= options.limit)
        return STORAGE_END;
    options.limit = 0;
    storage_cursor_close(cursor->forward.inner);
    status = storage_scan(self->handle.backend->inner, &cursor->range, &options, &cursor->forward.inner, ctx);
    if (status == STORAGE_OK && cursor->has_last)
        status = storage_cursor_seek(cursor->forward.inner, cursor->last_key, ctx);
    if (status == STORAGE_OK)
        status = storage_cursor_next(cursor->forward.inner, &entry, ctx);
    if (status == STORAGE_OK && cursor->last_was_given && storage_slice_compare(entry->key, cursor->last_key) == 0)
        status = storage_cursor_next(cursor->forward.inner, &entry, ctx);
    if (status == STORAGE_OK)
        status = remember_last(cursor, entry->key, 1, ctx);
    if (status != STORAGE_OK)
        return status;
    cursor->given++;
    *ret_entry = entry;
    return STORAGE_OK;
}

/* ---- transactions ---- */

static StorageStatus broken_begin(StorageBackend *self, const StorageTransactionOptions *options,
                                  StorageTransaction **ret_txn, StorageContext *ctx)
{
    StorageForwardTransaction *txn = (StorageForwardTransaction *)storage_transaction_new(self, sizeof *txn);
    StorageStatus status;

    if (txn == NULL)
        return storage_fail(ctx, STORAGE_NO_MEMORY, "broken: no memory for a transaction");
    status = storage_begin(self->inner, options, &txn->inner, ctx);
    if (status != STORAGE_OK) {
        storage_handle_free(txn);
        return status;
    }
    *ret_txn = &txn->base;
    return STORAGE_OK;
}

static StorageStatus broken_transaction_get(StorageTransaction *self, StorageSlice key, StorageValue *ret_value,
                                            StorageContext *ctx)
{
    if (defect_of(self->handle.backend) == DEFECT_READS_NEWEST)
        return storage_get(self->handle.backend->inner, key, ret_value, ctx);
    return storage_forward_transaction_get(self, key, ret_value, ctx);
}

static StorageStatus broken_transaction_write(StorageTransaction *self, const StorageOperation *operation,
                                              StorageContext *ctx)
{
    StorageResult result;

    if (defect_of(self->handle.backend) == DEFECT_WRITES_THROUGH)
        return storage_write(self->handle.backend->inner, operation, 1, STORAGE_WRITE_ATOMIC, &result, ctx);
    return storage_forward_transaction_write(self, operation, ctx);
}

static StorageStatus broken_transaction_rollback_to(StorageTransaction *self, uint32_t savepoint_no,
                                                    StorageContext *ctx)
{
    if (defect_of(self->handle.backend) == DEFECT_DEAF_ROLLBACK)
        return STORAGE_OK;
    return storage_forward_transaction_rollback_to(self, savepoint_no, ctx);
}

/* ---- watches ---- */

static StorageStatus broken_watch(StorageBackend *self, const StorageRange *range, uint64_t from_revision,
                                  StorageWatch **ret_watch, StorageContext *ctx)
{
    GappyWatch *watch = (GappyWatch *)storage_watch_new(self, sizeof *watch);
    StorageStatus status;

    if (watch == NULL)
        return storage_fail(ctx, STORAGE_NO_MEMORY, "broken: no memory for a watch");
    status = storage_watch(self->inner, range, from_revision, &watch->forward.inner, ctx);
    if (status != STORAGE_OK) {
        storage_handle_free(watch);
        return status;
    }
    *ret_watch = &watch->forward.base;
    return STORAGE_OK;
}

static StorageStatus broken_watch_next(StorageWatch *self, const StorageChange **ret_change, StorageContext *ctx)
{
    GappyWatch *watch = (GappyWatch *)self;
    StorageStatus status = storage_forward_watch_next(self, ret_change, ctx);

    if (status == STORAGE_OK && defect_of(self->handle.backend) == DEFECT_SWALLOWS_CHANGES && ++watch->count % 2 == 0)
        status = storage_forward_watch_next(self, ret_change, ctx);
    return status;
}

static const StorageOps broken_ops = {
    .struct_size = sizeof(StorageOps),
    .name = "broken",
    .destroy = broken_destroy,
    .interrupt = storage_nothing_to_interrupt,
    .shutdown = storage_nothing_to_shut_down,
    .get = broken_get,
    .multi_get = storage_forward_multi_get,
    .write = broken_write,
    .scan = broken_scan,
    .begin = broken_begin,
    .watch = broken_watch,
    .sync = storage_forward_sync,
    .sweep = storage_forward_sweep,
    .health_check = storage_forward_health_check,
    .describe = storage_nothing_to_describe,
    .cursor_next = live_next,
    .cursor_seek = live_seek,
    .cursor_close = storage_forward_cursor_close,
    .transaction_get = broken_transaction_get,
    .transaction_multi_get = storage_forward_transaction_multi_get,
    .transaction_write = broken_transaction_write,
    .transaction_scan = storage_forward_transaction_scan,
    .transaction_savepoint = storage_forward_transaction_savepoint,
    .transaction_rollback_to = broken_transaction_rollback_to,
    .transaction_drop_savepoint = storage_forward_transaction_drop_savepoint,
    .transaction_table = storage_forward_transaction_table,
    .transaction_commit = storage_forward_transaction_commit,
    .transaction_close = storage_forward_transaction_close,
    .watch_next = broken_watch_next,
    .watch_fd = storage_forward_watch_fd,
    .watch_close = storage_forward_watch_close,
};

StorageStatus broken_wrap(void *user_data, StorageBackend *inner, StorageBackend **ret_backend, StorageContext *ctx)
{
    Broken *self = storage_allocate_zero(sizeof *self);
    StorageStatus status;

    if (self == NULL)
        return storage_fail(ctx, STORAGE_NO_MEMORY, "broken: no memory for the layer");
    status = storage_backend_init(&self->base, &broken_ops, inner, NULL, NULL, ctx);
    if (status != STORAGE_OK) {
        storage_release(self);
        return status;
    }
    self->defect = *(const Defect *)user_data;
    if (self->defect == DEFECT_LIVE_SCAN_DECLARED)
        self->base.capabilities.weakenings |= STORAGE_WEAKENING_SCAN_LIVE;
    *ret_backend = &self->base;
    return STORAGE_OK;
}
