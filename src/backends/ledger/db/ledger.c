/*
 * db/ledger.c - the ledger backend: its options, opening and closing, point reads, and the table of its methods.
 */
#include "backends/ledger/db/commit.h"

#include <string.h>

enum { DEFAULT_HISTORY_COUNT = 16384, DEFAULT_SIDE_BYTES = 16 << 20, DEFAULT_TOKEN_COUNT = 65536 };
enum { DEFAULT_CACHE_BYTES = 64 << 20, DEFAULT_PAGE_SIZE = 4096, DEFAULT_SYNC_COMMITS = 1000 };
static const uint64_t DEFAULT_TOKEN_AGE_NS = UINT64_C(86400) * 1000000000;

/* ---- reads ---- */

static StorageStatus ledger_get(StorageBackend *backend, StorageSlice key, StorageValue *ret_value, StorageContext *ctx)
{
    return ledger_get_newest(&((LedgerStore *)backend)->states, backend, key, ret_value, ctx);
}

static StorageStatus ledger_multi_get(StorageBackend *backend, const StorageSlice *keys, size_t key_count,
                                      StorageValue *ret_values, StorageStatus *ret_statuses, StorageContext *ctx)
{
    LedgerStates *states = &((LedgerStore *)backend)->states;
    StorageStatus status = STORAGE_OK;
    LedgerSnapshot snapshot;
    ledger_snapshot_open(states, &snapshot, backend, 0);
    for (size_t i = 0; i < key_count && status >= STORAGE_OK; i++)
        status = ret_statuses[i] = ledger_get_at(states, &snapshot, keys[i], &ret_values[i], ctx);
    ledger_snapshot_close(states, &snapshot, backend);
    return status < STORAGE_OK ? status : STORAGE_OK;
}

static StorageStatus ledger_scan(StorageBackend *backend, const StorageRange *range, const StorageScanOptions *options,
                                 StorageCursor **ret_cursor, StorageContext *ctx)
{
    LedgerScanSource source = {&((LedgerStore *)backend)->states, backend, NULL, NULL};
    return ledger_scan_open(&source, range, options, ret_cursor, ctx);
}

static StorageStatus ledger_begin(StorageBackend *backend, const StorageTransactionOptions *options,
                                  StorageTransaction **ret_txn, StorageContext *ctx)
{
    return ledger_transaction_begin(&((LedgerStore *)backend)->states, backend, options, ret_txn, ctx);
}

/* ---- closing ---- */

/* Everything that was committed is durable, or the status says why not. */
static StorageStatus ledger_shutdown(StorageBackend *backend, StorageContext *ctx)
{
    LedgerStore *store = (LedgerStore *)backend;
    if ((store->options.flags & STORAGE_LEDGER_READ_ONLY) != 0)
        return STORAGE_OK;
    return ledger_finish_store(store, ctx);
}

static void ledger_destroy(StorageBackend *backend)
{
    LedgerStore *store = (LedgerStore *)backend;
    ledger_store_close(store);
    storage_release(store);
}

/* ---- the table ---- */

const StorageOps ledger_ops = {
    .struct_size = sizeof(StorageOps),
    .name = "ledger",
    .destroy = ledger_destroy,
    .interrupt = ledger_interrupt,
    .shutdown = ledger_shutdown,
    .get = ledger_get,
    .multi_get = ledger_multi_get,
    .write = ledger_write,
    .scan = ledger_scan,
    .begin = ledger_begin,
    .watch = ledger_watch,
    .sync = ledger_sync,
    .sweep = ledger_sweep,
    .health_check = ledger_health_check,
    .describe = ledger_describe,
    .cursor_next = ledger_scan_next,
    .cursor_seek = ledger_scan_seek,
    .cursor_close = ledger_scan_close,
    .transaction_get = ledger_transaction_get,
    .transaction_multi_get = NULL, /* one get after the other: a transaction has one view */
    .transaction_write = ledger_transaction_write,
    .transaction_scan = ledger_transaction_scan,
    .transaction_savepoint = ledger_transaction_savepoint,
    .transaction_rollback_to = ledger_transaction_rollback_to,
    .transaction_drop_savepoint = ledger_transaction_drop_savepoint,
    .transaction_table = NULL, /* no tables yet */
    .transaction_commit = ledger_transaction_commit,
    .transaction_close = ledger_transaction_close,
    .watch_next = ledger_watch_next,
    .watch_fd = ledger_watch_fd,
    .watch_close = ledger_watch_close,
};

static const StorageCapabilities ledger_capabilities = {
    .struct_size = sizeof(StorageCapabilities),
    .capabilities = STORAGE_CAPABILITY_TRANSACTIONS | STORAGE_CAPABILITY_SERIALIZABLE | STORAGE_CAPABILITY_SAVEPOINTS |
                    STORAGE_CAPABILITY_COMPARE | STORAGE_CAPABILITY_CLEAR_RANGE | STORAGE_CAPABILITY_MULTI_WRITE |
                    STORAGE_CAPABILITY_EXPIRY | STORAGE_CAPABILITY_WATCH | STORAGE_CAPABILITY_IDEMPOTENCY |
                    STORAGE_CAPABILITY_REVERSE_SCAN,
    .value_size_max = NODE_VALUE_SIZE_MAX - 1,
};

/* ---- opening ---- */

static void fill_defaults(StorageLedgerOptions *options)
{
    if (options->page_size == 0)
        options->page_size = DEFAULT_PAGE_SIZE;
    if (options->sync_commits == 0)
        options->sync_commits = DEFAULT_SYNC_COMMITS;
    if (options->cache_bytes == 0)
        options->cache_bytes = DEFAULT_CACHE_BYTES;
    if (options->watch_history_count == 0)
        options->watch_history_count = DEFAULT_HISTORY_COUNT;
    if (options->watch_history_bytes == 0)
        options->watch_history_bytes = DEFAULT_SIDE_BYTES;
    if (options->idempotency_count == 0)
        options->idempotency_count = DEFAULT_TOKEN_COUNT;
    if (options->idempotency_bytes == 0)
        options->idempotency_bytes = DEFAULT_SIDE_BYTES;
    if (options->idempotency_age_ns == 0)
        options->idempotency_age_ns = DEFAULT_TOKEN_AGE_NS;
}

/* The page size and the file are the pager's to check. */
static StorageStatus check_options(const char *path, const StorageLedgerOptions *options, StorageContext *ctx)
{
    const uint32_t known = STORAGE_LEDGER_READ_ONLY | STORAGE_LEDGER_NO_CREATE;
    if (path == NULL || path[0] == 0)
        return storage_fail(ctx, STORAGE_INVALID_ARGUMENT, "ledger: the path is %s; give the name of a file",
                            path == NULL ? "NULL" : "empty");
    if ((options->flags & ~known) != 0)
        return storage_fail(ctx, STORAGE_INVALID_ARGUMENT, "ledger: unknown flags 0x%x", options->flags & ~known);
    if (options->sync > STORAGE_LEDGER_SYNC_NEVER)
        return storage_fail(ctx, STORAGE_INVALID_ARGUMENT, "ledger: %u is no sync policy", options->sync);
    if (strcmp(path, STORAGE_LEDGER_MEMORY) == 0 && options->flags != 0)
        return storage_fail(ctx, STORAGE_INVALID_ARGUMENT,
                            "ledger: a store in memory is always made new, for reading and writing");
    return STORAGE_OK;
}

/* What depends on the file. */
static void settle_capabilities(LedgerStore *store, const char *path)
{
    StorageCapabilities *capabilities = &store->base.capabilities;
    capabilities->key_size_max = store->page_size / 4;
    if (strcmp(path, STORAGE_LEDGER_MEMORY) != 0)
        capabilities->capabilities |= STORAGE_CAPABILITY_DURABLE;
    if ((store->options.flags & STORAGE_LEDGER_READ_ONLY) != 0)
        capabilities->weakenings |= STORAGE_WEAKENING_WRITES_REFUSED;
}

StorageStatus storage_ledger_open(const char *path, const StorageLedgerOptions *options, StorageBackend **ret_backend,
                                  StorageContext *ctx)
{
    StorageLedgerOptions known;
    LedgerStore *store;
    StorageStatus status;
    storage_context_clear(ctx);
    if (ret_backend == NULL)
        return storage_fail(ctx, STORAGE_INVALID_ARGUMENT, "ledger: ret_backend is NULL");
    *ret_backend = NULL;
    status = storage_options_copy(&known, sizeof(known), options, "StorageLedgerOptions", ctx);
    if (status == STORAGE_OK)
        status = check_options(path, &known, ctx);
    if (status != STORAGE_OK)
        return status;
    fill_defaults(&known);
    store = storage_allocate_zero(sizeof(*store));
    if (store == NULL)
        return storage_fail(ctx, STORAGE_NO_MEMORY, "ledger: no memory to open a store");
    store->options = known;
    status = storage_backend_init(&store->base, &ledger_ops, NULL, &ledger_capabilities, known.environment, ctx);
    if (status != STORAGE_OK) {
        storage_release(store);
        return status;
    }
    status = ledger_store_open(store, path, ctx);
    if (status != STORAGE_OK) {
        storage_backend_abandon(&store->base);
        storage_release(store);
        return status;
    }
    settle_capabilities(store, path);
    *ret_backend = &store->base;
    return STORAGE_OK;
}
