/*
 * planted.c - layers with one bug each; see planted.h.
 *
 * All are one struct and one function per bug over a table of forwarders; what the bug does not touch passes through.
 * Counters are atomic, because the bugs are planted under threads too.
 */
#include "planted.h"

#include <stdatomic.h>
#include <string.h>

#include "storage/backend.h"

typedef enum Bug {
    DROPS_DELETES,
    STALE_GET,
    FORGETS_EXPIRY,
    IGNORES_EXPECTED,
    TEARS_WRITES,
    LIVE_TRANSACTIONS,
    LOST_UPDATES,
    WRONG_REVISION,
    LEAKY_ROLLBACK,
    SKIPS_ROWS,
    SILENT_CLEAR,
    WEAK_SERIALIZABLE,
    BUG_COUNT
} Bug;

const char *const planted_names[BUG_COUNT + 1] = {"drops_deletes",
                                                  "stale_get",
                                                  "forgets_expiry",
                                                  "ignores_expected",
                                                  "tears_writes",
                                                  "live_transactions",
                                                  "lost_updates",
                                                  "wrong_revision",
                                                  "leaky_rollback",
                                                  "skips_rows",
                                                  "silent_clear",
                                                  "weak_serializable",
                                                  NULL};

typedef struct Planted {
    StorageBackend base;
    Bug bug;
    atomic_uint count;
    StorageValue stale; /* of one key */
    unsigned char stale_key[16];
    size_t stale_key_size;
} Planted;

static Planted *planted_of(StorageBackend *backend)
{
    return (Planted *)backend;
}

static void planted_destroy(StorageBackend *self)
{
    storage_value_release(&planted_of(self)->stale);
    storage_release(self);
}

/* ---- reads ---- */

static StorageStatus planted_get(StorageBackend *self, StorageSlice key, StorageValue *ret_value, StorageContext *ctx)
{
    Planted *planted = planted_of(self);
    StorageStatus status = storage_get(self->inner, key, ret_value, ctx);

    if (planted->bug != STALE_GET || status != STORAGE_OK || key.size > sizeof(planted->stale_key))
        return status;
    unsigned count = atomic_fetch_add(&planted->count, 1);
    if (count == 0) {
        if (key.size > 0)
            memcpy(planted->stale_key, key.data, key.size);
        planted->stale_key_size = key.size;
        if (storage_value_copy(&planted->stale, storage_value_slice(ret_value), ret_value->revision,
                               ret_value->expires_at_ns) != STORAGE_OK)
            planted->stale_key_size = SIZE_MAX;
    } else if (count % 5 == 0 && key.size == planted->stale_key_size &&
               memcmp(key.data, planted->stale_key, key.size) == 0) {
        storage_value_release(ret_value);
        status = storage_value_copy(ret_value, storage_value_slice(&planted->stale), planted->stale.revision,
                                    planted->stale.expires_at_ns);
    }
    return status;
}

static StorageStatus planted_scan(StorageBackend *self, const StorageRange *range, const StorageScanOptions *options,
                                  StorageCursor **ret_cursor, StorageContext *ctx)
{
    StorageForwardCursor *cursor = (StorageForwardCursor *)storage_cursor_new(self, sizeof(*cursor));
    StorageStatus status = storage_scan(self->inner, range, options, &cursor->inner, ctx);

    if (status != STORAGE_OK) {
        storage_handle_free(cursor);
        return status;
    }
    *ret_cursor = &cursor->base;
    return STORAGE_OK;
}

static StorageStatus planted_cursor_next(StorageCursor *self, const StorageEntry **ret_entry, StorageContext *ctx)
{
    StorageStatus status = storage_forward_cursor_next(self, ret_entry, ctx);

    while (planted_of(self->handle.backend)->bug == SKIPS_ROWS && status == STORAGE_OK && (*ret_entry)->key.size > 0 &&
           *(const unsigned char *)(*ret_entry)->key.data == 0xFF)
        status = storage_forward_cursor_next(self, ret_entry, ctx);
    if (status != STORAGE_OK)
        *ret_entry = NULL;
    return status;
}

/* ---- writes ---- */

static StorageStatus clear_silently(StorageBackend *self, const StorageRange *range, StorageResult *ret_result,
                                    StorageContext *ctx)
{
    StorageOperation deletes[64];
    StorageResult results[64];
    StorageCursor *cursor = NULL;
    const StorageEntry *entry;
    size_t count = 0;
    static _Thread_local unsigned char keys[64][512];
    StorageStatus status = storage_scan(self->inner, range, NULL, &cursor, ctx);

    while (status == STORAGE_OK && count < 64 && (status = storage_cursor_next(cursor, &entry, ctx)) == STORAGE_OK) {
        if (entry->key.size > 0)
            memcpy(keys[count], entry->key.data, entry->key.size);
        deletes[count] = (StorageOperation){.kind = STORAGE_OPERATION_DELETE, .key = {keys[count], entry->key.size}};
        count++;
    }
    storage_cursor_close(cursor);
    status = storage_write(self->inner, deletes, count, STORAGE_WRITE_ATOMIC, results, ctx);
    *ret_result = (StorageResult){.status = status, .revision = count == 0 ? 0 : results[0].revision};
    return status;
}

static StorageStatus write_changed(Planted *self, const StorageOperation *operation, uint32_t mode,
                                   StorageResult *ret_results, StorageContext *ctx)
{
    StorageOperation changed = *operation;
    int is_compare_and_set = operation->kind == STORAGE_OPERATION_COMPARE_AND_SET;

    if (self->bug == SILENT_CLEAR && operation->kind == STORAGE_OPERATION_CLEAR_RANGE)
        return clear_silently(&self->base, &operation->range, ret_results, ctx);
    if (self->bug == DROPS_DELETES && operation->kind == STORAGE_OPERATION_DELETE &&
        atomic_fetch_add(&self->count, 1) % 7 == 6) {
        *ret_results = (StorageResult){.status = STORAGE_OK};
        return STORAGE_OK;
    }
    if (self->bug == FORGETS_EXPIRY && is_compare_and_set)
        changed.expiry = storage_expiry_never();
    if (self->bug == IGNORES_EXPECTED && is_compare_and_set && operation->expected.kind != STORAGE_EXPECT_ABSENT)
        changed.kind = STORAGE_OPERATION_SET;
    StorageStatus status = storage_write(self->base.inner, &changed, 1, mode, ret_results, ctx);
    if (self->bug == WRONG_REVISION && status == STORAGE_CONFLICT)
        ret_results->revision = 0;
    return status;
}

static StorageStatus planted_write(StorageBackend *self, const StorageOperation *operations, size_t operation_count,
                                   uint32_t mode, StorageResult *ret_results, StorageContext *ctx)
{
    Planted *planted = planted_of(self);

    if (operation_count == 1)
        return write_changed(planted, operations, mode, ret_results, ctx);
    int is_torn = planted->bug == TEARS_WRITES && mode == STORAGE_WRITE_ATOMIC;
    StorageStatus status =
        storage_write(self->inner, operations, operation_count - (is_torn ? 1 : 0), mode, ret_results, ctx);
    if (is_torn)
        ret_results[operation_count - 1] = ret_results[0];
    return status;
}

/* ---- transactions ---- */

static StorageStatus planted_begin(StorageBackend *self, const StorageTransactionOptions *options,
                                   StorageTransaction **ret_txn, StorageContext *ctx)
{
    StorageForwardTransaction *txn = (StorageForwardTransaction *)storage_transaction_new(self, sizeof(*txn));
    StorageTransactionOptions changed = *options;

    /* Without isolation a concurrent change goes unnoticed: the classic lost update. */
    if (planted_of(self)->bug == LOST_UPDATES && changed.isolation == STORAGE_ISOLATION_SNAPSHOT)
        changed.isolation = STORAGE_ISOLATION_READ_COMMITTED;
    if (planted_of(self)->bug == WEAK_SERIALIZABLE && changed.isolation == STORAGE_ISOLATION_SERIALIZABLE)
        changed.isolation = STORAGE_ISOLATION_SNAPSHOT;
    StorageStatus status = storage_begin(self->inner, &changed, &txn->inner, ctx);
    if (status != STORAGE_OK) {
        storage_handle_free(txn);
        return status;
    }
    *ret_txn = &txn->base;
    return STORAGE_OK;
}

static StorageStatus planted_transaction_get(StorageTransaction *self, StorageSlice key, StorageValue *ret_value,
                                             StorageContext *ctx)
{
    StorageStatus status = storage_forward_transaction_get(self, key, ret_value, ctx);

    if (planted_of(self->handle.backend)->bug != LIVE_TRANSACTIONS || status < 0 || ret_value->revision == 0)
        return status;
    storage_value_release(ret_value);
    return storage_get(self->handle.backend->inner, key, ret_value, ctx);
}

static StorageStatus planted_rollback_to(StorageTransaction *self, uint32_t savepoint_no, StorageContext *ctx)
{
    if (planted_of(self->handle.backend)->bug == LEAKY_ROLLBACK)
        return STORAGE_OK;
    return storage_forward_transaction_rollback_to(self, savepoint_no, ctx);
}

static const StorageOps planted_ops = {
    .struct_size = sizeof(StorageOps),
    .name = "planted",
    .destroy = planted_destroy,
    .interrupt = storage_nothing_to_interrupt,
    .shutdown = storage_nothing_to_shut_down,
    .get = planted_get,
    .multi_get = storage_forward_multi_get,
    .write = planted_write,
    .scan = planted_scan,
    .begin = planted_begin,
    .watch = storage_forward_watch,
    .sync = storage_forward_sync,
    .sweep = storage_forward_sweep,
    .health_check = storage_forward_health_check,
    .describe = storage_nothing_to_describe,
    .cursor_next = planted_cursor_next,
    .cursor_seek = storage_forward_cursor_seek,
    .cursor_close = storage_forward_cursor_close,
    .transaction_get = planted_transaction_get,
    .transaction_multi_get = storage_forward_transaction_multi_get,
    .transaction_write = storage_forward_transaction_write,
    .transaction_scan = storage_forward_transaction_scan,
    .transaction_savepoint = storage_forward_transaction_savepoint,
    .transaction_rollback_to = planted_rollback_to,
    .transaction_drop_savepoint = storage_forward_transaction_drop_savepoint,
    .transaction_table = storage_forward_transaction_table,
    .transaction_commit = storage_forward_transaction_commit,
    .transaction_close = storage_forward_transaction_close,
    .watch_next = storage_forward_watch_next,
    .watch_fd = storage_forward_watch_fd,
    .watch_close = storage_forward_watch_close,
};

static StorageStatus wrap(void *user_data, StorageBackend *inner, StorageBackend **ret_backend, StorageContext *ctx)
{
    Planted *self = storage_allocate_zero(sizeof(*self));

    if (self == NULL)
        return STORAGE_NO_MEMORY;
    StorageStatus status = storage_backend_init(&self->base, &planted_ops, inner, NULL, NULL, ctx);
    if (status != STORAGE_OK) {
        storage_release(self);
        return status;
    }
    self->bug = (Bug)(uintptr_t)user_data;
    *ret_backend = &self->base;
    return STORAGE_OK;
}

void planted_register(TestutilRegistry *registry)
{
    for (uintptr_t bug = 0; bug < BUG_COUNT; bug++)
        testutil_registry_add_layer(registry, planted_names[bug], wrap, (void *)bug);
}
