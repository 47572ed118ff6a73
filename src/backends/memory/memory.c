/*
 * memory/memory.c - the memory backend: opening, point reads, describing, and the table of its methods.
 */
#include "backends/memory/store.h"

enum { DEFAULT_HISTORY_COUNT = 16384, DEFAULT_SIDE_BYTES = 16 << 20, DEFAULT_TOKEN_COUNT = 65536 };
static const uint64_t DEFAULT_TOKEN_AGE_NS = UINT64_C(86400) * 1000000000;

/* ---- point reads ---- */

/* Database time, read when the first version that can expire asks for it. */
typedef struct ReadTime {
    int64_t now_ns;
    int is_known;
} ReadTime;

static int has_expired(MemoryStore *store, const Version *version, ReadTime *time)
{
    if (version->expires_at_ns == STORAGE_NEVER)
        return 0;
    if (!time->is_known) {
        time->now_ns = store_now(store);
        time->is_known = 1;
    }
    return version->expires_at_ns <= time->now_ns;
}

static StorageStatus read_at(MemoryStore *store, StorageSlice key, uint64_t revision, ReadTime *time,
                             StorageValue *ret_value)
{
    Record *record = tree_find(&store->tree, key);
    Version *version = record == NULL ? NULL : record_version_at(record, revision);
    if (version == NULL || version_is_tombstone(version) || has_expired(store, version, time))
        return STORAGE_NOT_FOUND;
    version_to_value(version, ret_value);
    return STORAGE_OK;
}

static StorageStatus memory_get(StorageBackend *backend, StorageSlice key, StorageValue *ret_value, StorageContext *ctx)
{
    MemoryStore *store = (MemoryStore *)backend;
    ReadTime time = {0, 0};
    EpochGuard guard = epoch_enter(&store->limbo.epoch);
    StorageStatus status = read_at(store, key, atomic_load(&store->published), &time, ret_value);
    (void)ctx;
    epoch_leave(&store->limbo.epoch, guard);
    return status;
}

static StorageStatus memory_multi_get(StorageBackend *backend, const StorageSlice *keys, size_t key_count,
                                      StorageValue *ret_values, StorageStatus *ret_statuses, StorageContext *ctx)
{
    MemoryStore *store = (MemoryStore *)backend;
    ReadTime time = {0, 0};
    EpochGuard guard = epoch_enter(&store->limbo.epoch);
    uint64_t revision = atomic_load(&store->published);
    (void)ctx;
    for (size_t i = 0; i < key_count; i++)
        ret_statuses[i] = read_at(store, keys[i], revision, &time, &ret_values[i]);
    epoch_leave(&store->limbo.epoch, guard);
    return STORAGE_OK;
}

/* ---- housekeeping ---- */

static StorageStatus memory_sync(StorageBackend *backend, StorageContext *ctx)
{
    (void)ctx;
    store_reclaim_all((MemoryStore *)backend);
    return STORAGE_OK;
}

static StorageStatus memory_sweep(StorageBackend *backend, uint64_t *ret_count, StorageContext *ctx)
{
    StorageStatus status = store_sweep((MemoryStore *)backend, SIZE_MAX, ret_count, ctx);
    store_reclaim_all((MemoryStore *)backend);
    return status;
}

StorageStatus memory_health_check(StorageBackend *backend, StorageProbe probe, StorageHealthState *ret_state,
                                  StorageJson *json, StorageContext *ctx)
{
    MemoryStore *store = (MemoryStore *)backend;
    uint64_t limit = store->options.limit_bytes, bytes = store_bytes(store);
    (void)ctx;
    *ret_state = STORAGE_HEALTH_HEALTHY;
    if (probe != STORAGE_PROBE_READINESS)
        return STORAGE_OK;
    storage_json_uint(json, "keys", atomic_load(&store->key_count));
    storage_json_uint(json, "bytes", bytes);
    storage_json_uint(json, "limit_bytes", limit);
    if (limit != 0 && bytes >= limit - limit / 10) {
        *ret_state = STORAGE_HEALTH_DEGRADED;
        storage_json_string(json, "reason", "more than 90 % of limit_bytes is in use");
    }
    return STORAGE_OK;
}

static void describe_statistics(MemoryStore *store, StorageJson *json)
{
    const MemoryCounters *counters = &store->counters;
    storage_json_uint(json, "keys", atomic_load(&store->key_count));
    storage_json_uint(json, "revision", atomic_load(&store->published));
    storage_json_uint(json, "commits", atomic_load(&counters->commits));
    storage_json_uint(json, "conflicts", atomic_load(&counters->conflicts));
    storage_json_uint(json, "serialization_failures", atomic_load(&counters->serialization_failures));
    storage_json_uint(json, "expired", atomic_load(&counters->expired));
    storage_json_uint(json, "sweep_examined", atomic_load(&store->expiry.examined));
    storage_json_uint(json, "replayed_tokens", atomic_load(&counters->replayed_tokens));
    storage_json_uint(json, "refused_for_space", atomic_load(&counters->refused_for_space));
    (void)pthread_mutex_lock(&store->snapshots.lock);
    storage_json_uint(json, "snapshots", store->snapshots.count);
    if (store->snapshots.oldest != NULL)
        storage_json_uint(json, "oldest_snapshot_revision", store->snapshots.oldest->revision);
    (void)pthread_mutex_unlock(&store->snapshots.lock);
    (void)pthread_mutex_lock(&store->history.lock);
    storage_json_uint(json, "history_changes", store->history.next - store->history.first);
    storage_json_uint(json, "compacted_revision", store->history.compacted_revision);
    (void)pthread_mutex_unlock(&store->history.lock);
    storage_json_uint(json, "leaves", atomic_load(&store->tree.leaf_count));
}

static void describe_memory(MemoryStore *store, StorageJson *json)
{
    storage_json_uint(json, "bytes", store_bytes(store));
    storage_json_uint(json, "data_bytes", atomic_load(&store->data_bytes));
    storage_json_uint(json, "index_bytes", atomic_load(&store->tree.bytes));
    storage_json_uint(json, "limit_bytes", store->options.limit_bytes);
    (void)pthread_mutex_lock(&store->history.lock);
    storage_json_uint(json, "history_bytes", store->history.bytes);
    (void)pthread_mutex_unlock(&store->history.lock);
    storage_json_uint(json, "token_bytes", atomic_load(&store->tokens.bytes));
    storage_json_uint(json, "awaiting_readers", atomic_load(&store->limbo.count));
}

StorageStatus memory_describe(StorageBackend *backend, StorageDescription description, StorageJson *json,
                              StorageContext *ctx)
{
    MemoryStore *store = (MemoryStore *)backend;
    (void)ctx;
    switch (description) {
    case STORAGE_DESCRIBE_STACK:
        storage_json_uint(json, "limit_bytes", store->options.limit_bytes);
        storage_json_uint(json, "watch_history_count", store->options.watch_history_count);
        storage_json_uint(json, "watch_history_bytes", store->options.watch_history_bytes);
        storage_json_uint(json, "idempotency_count", store->options.idempotency_count);
        storage_json_uint(json, "idempotency_bytes", store->options.idempotency_bytes);
        storage_json_uint(json, "idempotency_age_ns", store->options.idempotency_age_ns);
        break;
    case STORAGE_DESCRIBE_STATISTICS:
        describe_statistics(store, json);
        break;
    default:
        describe_memory(store, json);
        break;
    }
    return STORAGE_OK;
}

/* ---- opening and closing ---- */

static void destroy_locks(MemoryStore *store)
{
    for (size_t i = 0; i < STRIPE_COUNT; i++)
        (void)pthread_mutex_destroy(&store->stripes[i].lock);
    (void)pthread_mutex_destroy(&store->publish_lock);
}

static void memory_destroy(StorageBackend *backend)
{
    MemoryStore *store = (MemoryStore *)backend;
    history_done(&store->history, storage_backend_is_forked(backend));
    store_free_data(store);
    token_table_done(&store->tokens);
    expiry_index_done(&store->expiry);
    snapshot_registry_done(&store->snapshots);
    limbo_done(&store->limbo);
    destroy_locks(store);
    storage_release(store);
}

const StorageOps memory_ops = {
    .struct_size = sizeof(StorageOps),
    .name = "memory",
    .destroy = memory_destroy,
    .interrupt = memory_interrupt,
    .shutdown = storage_nothing_to_shut_down,
    .get = memory_get,
    .multi_get = memory_multi_get,
    .write = memory_write,
    .scan = memory_scan,
    .begin = memory_begin,
    .watch = memory_watch,
    .sync = memory_sync,
    .sweep = memory_sweep,
    .health_check = memory_health_check,
    .describe = memory_describe,
    .cursor_next = memory_cursor_next,
    .cursor_seek = memory_cursor_seek,
    .cursor_close = memory_cursor_close,
    .transaction_get = memory_transaction_get,
    .transaction_multi_get = NULL, /* one get after the other: a transaction has one view */
    .transaction_write = memory_transaction_write,
    .transaction_scan = memory_transaction_scan,
    .transaction_savepoint = memory_transaction_savepoint,
    .transaction_rollback_to = memory_transaction_rollback_to,
    .transaction_drop_savepoint = memory_transaction_drop_savepoint,
    .transaction_table = NULL, /* no tables */
    .transaction_commit = memory_transaction_commit,
    .transaction_close = memory_transaction_close,
    .watch_next = memory_watch_next,
    .watch_fd = memory_watch_fd,
    .watch_close = memory_watch_close,
};

static const StorageCapabilities memory_capabilities = {
    .struct_size = sizeof(StorageCapabilities),
    .capabilities = STORAGE_CAPABILITY_TRANSACTIONS | STORAGE_CAPABILITY_SERIALIZABLE | STORAGE_CAPABILITY_SAVEPOINTS |
                    STORAGE_CAPABILITY_COMPARE | STORAGE_CAPABILITY_CLEAR_RANGE | STORAGE_CAPABILITY_MULTI_WRITE |
                    STORAGE_CAPABILITY_EXPIRY | STORAGE_CAPABILITY_WATCH | STORAGE_CAPABILITY_IDEMPOTENCY |
                    STORAGE_CAPABILITY_REVERSE_SCAN,
    .key_size_max = MEMORY_KEY_SIZE_MAX,
    .value_size_max = MEMORY_VALUE_SIZE_MAX,
};

static void fill_defaults(StorageMemoryOptions *options)
{
    uint64_t side_bytes = DEFAULT_SIDE_BYTES;
    if (options->limit_bytes != 0 && options->limit_bytes / 4 < side_bytes)
        side_bytes = options->limit_bytes / 4;
    if (options->watch_history_count == 0)
        options->watch_history_count = DEFAULT_HISTORY_COUNT;
    if (options->watch_history_bytes == 0)
        options->watch_history_bytes = side_bytes;
    if (options->idempotency_count == 0)
        options->idempotency_count = DEFAULT_TOKEN_COUNT;
    if (options->idempotency_bytes == 0)
        options->idempotency_bytes = side_bytes;
    if (options->idempotency_age_ns == 0)
        options->idempotency_age_ns = DEFAULT_TOKEN_AGE_NS;
    if (options->idempotency_age_ns > INT64_MAX)
        options->idempotency_age_ns = INT64_MAX;
}

/* Everything of a store but its base. OK or NO_MEMORY. */
static StorageStatus init_parts(MemoryStore *store)
{
    const StorageMemoryOptions *options = &store->options;
    if (limbo_init(&store->limbo) != 0)
        return STORAGE_NO_MEMORY;
    if (snapshot_registry_init(&store->snapshots) != 0)
        goto fail_limbo;
    if (expiry_index_init(&store->expiry) != 0)
        goto fail_snapshots;
    if (token_table_init(&store->tokens, options->idempotency_count, options->idempotency_bytes,
                         (int64_t)options->idempotency_age_ns) != STORAGE_OK)
        goto fail_expiry;
    if (history_init(&store->history, options->watch_history_count, options->watch_history_bytes) != STORAGE_OK)
        goto fail_tokens;
    if (tree_init(&store->tree, &store->limbo) != STORAGE_OK)
        goto fail_history;
    for (size_t i = 0; i < STRIPE_COUNT; i++)
        (void)pthread_mutex_init(&store->stripes[i].lock, NULL);
    (void)pthread_mutex_init(&store->publish_lock, NULL);
    return STORAGE_OK;
fail_history:
    history_done(&store->history, 0);
fail_tokens:
    token_table_done(&store->tokens);
fail_expiry:
    expiry_index_done(&store->expiry);
fail_snapshots:
    snapshot_registry_done(&store->snapshots);
fail_limbo:
    limbo_done(&store->limbo);
    return STORAGE_NO_MEMORY;
}

StorageStatus storage_memory_open(const StorageMemoryOptions *options, StorageBackend **ret_backend,
                                  StorageContext *ctx)
{
    StorageMemoryOptions known;
    MemoryStore *store;
    StorageStatus status;
    storage_context_clear(ctx);
    if (ret_backend == NULL)
        return storage_fail(ctx, STORAGE_INVALID_ARGUMENT, "memory: ret_backend is NULL");
    *ret_backend = NULL;
    status = storage_options_copy(&known, sizeof(known), options, "StorageMemoryOptions", ctx);
    if (status != STORAGE_OK)
        return status;
    if (known.flags != 0)
        return storage_fail(ctx, STORAGE_INVALID_ARGUMENT, "memory: unknown flags 0x%x", known.flags);
    fill_defaults(&known);
    store = storage_allocate_zero(sizeof(*store));
    if (store == NULL)
        return storage_fail(ctx, STORAGE_NO_MEMORY, "memory: no memory to open a store");
    store->options = known;
    atomic_init(&store->last_commit_ns, INT64_MIN);
    status = storage_backend_init(&store->base, &memory_ops, NULL, &memory_capabilities, known.environment, ctx);
    if (status != STORAGE_OK) {
        storage_release(store);
        return status;
    }
    if (init_parts(store) != STORAGE_OK) {
        storage_backend_abandon(&store->base);
        storage_release(store);
        return storage_fail(ctx, STORAGE_NO_MEMORY, "memory: no memory to open a store");
    }
    *ret_backend = &store->base;
    return STORAGE_OK;
}
