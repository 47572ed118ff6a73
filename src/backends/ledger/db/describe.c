/* db/describe.c - what the store says about itself: options, figures, health. */
#include "backends/ledger/db/commit.h"

static const char *sync_name(uint32_t sync)
{
    static const char *const names[] = {"always", "every", "never"};
    return names[sync];
}

static void describe_options(const LedgerStore *store, StorageJson *json)
{
    const StorageLedgerOptions *options = &store->options;
    storage_json_bool(json, "read_only", (options->flags & STORAGE_LEDGER_READ_ONLY) != 0);
    storage_json_uint(json, "page_size", store->page_size);
    storage_json_string(json, "sync", sync_name(options->sync));
    if (options->sync == STORAGE_LEDGER_SYNC_EVERY)
        storage_json_uint(json, "sync_commits", options->sync_commits);
    storage_json_uint(json, "cache_bytes", options->cache_bytes);
    storage_json_uint(json, "file_limit_bytes", options->file_limit_bytes);
    storage_json_uint(json, "reader_age_ns", options->reader_age_ns);
    storage_json_uint(json, "watch_history_count", options->watch_history_count);
    storage_json_uint(json, "watch_history_bytes", options->watch_history_bytes);
    storage_json_uint(json, "idempotency_count", options->idempotency_count);
    storage_json_uint(json, "idempotency_bytes", options->idempotency_bytes);
    storage_json_uint(json, "idempotency_age_ns", options->idempotency_age_ns);
}

static void describe_trees(const LedgerState *state, StorageJson *json)
{
    storage_json_uint(json, "keys", ledger_root_entry_count(&state->roots[LEDGER_TREE_DEFAULT]));
    storage_json_uint(
        json, "levels",
        ledger_root_is_empty(&state->roots[LEDGER_TREE_DEFAULT]) ? 0 : state->roots[LEDGER_TREE_DEFAULT].level + 1);
    storage_json_uint(json, "expiries", ledger_root_entry_count(&state->roots[LEDGER_TREE_EXPIRIES]));
    storage_json_uint(json, "tokens", ledger_root_entry_count(&state->roots[LEDGER_TREE_TOKENS]));
    storage_json_uint(json, "history_changes", ledger_root_entry_count(&state->roots[LEDGER_TREE_CHANGES]));
    storage_json_uint(json, "changes_floor", state->changes_floor);
    storage_json_uint(json, "revision", state->revision);
}

static void describe_statistics(LedgerStore *store, StorageJson *json)
{
    const LedgerCounters *counters = &store->counters;
    LedgerSnapshot snapshot;
    ledger_snapshot_open(&store->states, &snapshot, &store->base, 0);
    describe_trees(snapshot.state, json);
    ledger_snapshot_close(&store->states, &snapshot, &store->base);
    storage_json_uint(json, "commits", atomic_load(&counters->commits));
    storage_json_uint(json, "groups", atomic_load(&counters->groups));
    storage_json_uint(json, "checkpoints", atomic_load(&counters->checkpoints));
    storage_json_uint(json, "conflicts", atomic_load(&counters->conflicts));
    storage_json_uint(json, "serialization_failures", atomic_load(&counters->serialization_failures));
    storage_json_uint(json, "expired", atomic_load(&counters->expired));
    storage_json_uint(json, "replayed_tokens", atomic_load(&counters->replayed_tokens));
    (void)pthread_mutex_lock(&store->states.lock);
    storage_json_uint(json, "snapshots", store->states.count);
    storage_json_uint(json, "ended_snapshots", store->states.ended_count);
    if (store->states.oldest != NULL)
        storage_json_uint(json, "oldest_snapshot_revision", store->states.oldest->state->revision);
    (void)pthread_mutex_unlock(&store->states.lock);
}

static void describe_memory(LedgerStore *store, StorageJson *json)
{
    storage_json_uint(json, "cache_limit_bytes", store->options.cache_bytes);
}

StorageStatus ledger_describe(StorageBackend *backend, StorageDescription description, StorageJson *json,
                              StorageContext *ctx)
{
    LedgerStore *store = (LedgerStore *)backend;
    (void)ctx;
    switch (description) {
    case STORAGE_DESCRIBE_STACK:
        describe_options(store, json);
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

StorageStatus ledger_health_check(StorageBackend *backend, StorageProbe probe, StorageHealthState *ret_state,
                                  StorageJson *json, StorageContext *ctx)
{
    LedgerStore *store = (LedgerStore *)backend;
    (void)ctx;
    *ret_state = STORAGE_HEALTH_HEALTHY;
    if (probe != STORAGE_PROBE_READINESS)
        return STORAGE_OK;
    if (atomic_load(&store->is_poisoned)) {
        *ret_state = STORAGE_HEALTH_UNHEALTHY;
        storage_json_string(json, "reason", "a write to the file failed: it is only read until it is opened again");
    } else if (pager_opening(store->pager)->is_fallback) {
        *ret_state = STORAGE_HEALTH_DEGRADED;
        storage_json_string(json, "reason", "the newer superblock was lost: the last commit before the open may be");
    }
    return STORAGE_OK;
}
