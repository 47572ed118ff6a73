/*
 * memory/commit.c - the net effect of a write set, token answers, tidying up.
 *
 * In program order: of each key the final operation counts (an independent write: every one), and a clear_range deletes
 * the values that are there and that no later operation replaces.
 */
#include "backends/memory/commit.h"

#include <string.h>

typedef struct ClearPlan {
    MemoryStore *store;
    WritePlan *plan;
    const WriteSet *writes;
    const WriteOperation *clear;
    int64_t now_ns;
    uint32_t revision_offset;
    int is_independent;
    size_t alive_count;
} ClearPlan;

/* Whether the record's key has an operation after the clear, which then decides its state. */
static int is_written_later(const ClearPlan *clear, StorageSlice key)
{
    const WriteKey *written = write_set_seek(clear->writes, key);
    return written != NULL && storage_slice_compare(write_key_slice(written), key) == 0 &&
           written->last->index > clear->clear->index && write_set_is_final(clear->writes, written->last);
}

static StorageStatus plan_cleared_record(Record *record, void *user_data)
{
    ClearPlan *clear = user_data;
    StorageSlice key = record_key(record);
    Version *head = atomic_load(&record->head), *tombstone;
    int is_alive = version_is_alive(head, clear->now_ns);
    /* What has expired but was not swept goes with an independent clear, so that its end is not told after it. */
    if (!is_alive && (!clear->is_independent || head == NULL || version_is_tombstone(head)))
        return STORAGE_OK;
    clear->alive_count += is_alive ? 1 : 0;
    if (is_written_later(clear, key) || write_set_is_cleared_before(clear->writes, key, clear->clear->index))
        return STORAGE_OK;
    tombstone = version_new_tombstone();
    if (tombstone == NULL)
        return STORAGE_NO_MEMORY;
    return write_plan_version(clear->store, clear->plan, key, tombstone, 0, clear->revision_offset, 1);
}

static StorageStatus plan_clear(MemoryStore *store, WritePlan *plan, const WriteSet *writes,
                                const WriteOperation *operation, int64_t now_ns, int is_independent)
{
    ClearPlan clear = {store,          plan, writes, operation, now_ns, is_independent ? (uint32_t)operation->index : 0,
                       is_independent, 0};
    StorageStatus status = conflict_each_record(store, &operation->interval, plan_cleared_record, &clear);
    if (status == STORAGE_OK && (clear.alive_count > 0 || is_independent))
        status = write_plan_cleared(plan, operation->range, clear.revision_offset);
    return status;
}

static StorageStatus plan_key(MemoryStore *store, WritePlan *plan, const WriteSet *writes,
                              const WriteOperation *operation, int64_t now_ns, int is_independent)
{
    StorageSlice key = write_key_slice(operation->key);
    int is_final = write_set_is_final(writes, operation), is_linked = is_final;
    int is_tombstone = version_is_tombstone(operation->version);
    if (!is_final && !is_independent)
        return STORAGE_OK;
    if (is_tombstone && is_final) {
        Record *record = tree_find(&store->tree, key);
        Version *head = record == NULL ? NULL : atomic_load(&record->head);
        /* There may be nothing to delete; what has expired but was not swept goes with an independent delete. */
        is_linked = version_is_alive(head, now_ns) || (is_independent && head != NULL && !version_is_tombstone(head));
        if (!is_linked && !is_independent)
            return STORAGE_OK;
    }
    if (!is_tombstone)
        operation->version->expires_at_ns = storage_expiry_resolve(operation->expiry, now_ns, STORAGE_NEVER);
    version_pin(operation->version);
    return write_plan_version(store, plan, key, operation->version,
                              is_tombstone ? STORAGE_CHANGE_DELETED : STORAGE_CHANGE_SET,
                              is_independent ? (uint32_t)operation->index : 0, is_linked);
}

StorageStatus commit_plan(MemoryStore *store, WritePlan *plan, const WriteSet *writes, int64_t now_ns,
                          int is_independent)
{
    for (size_t i = 0; i < writes->count; i++) {
        const WriteOperation *operation = writes->log[i];
        StorageStatus status = operation->key == NULL
                                   ? plan_clear(store, plan, writes, operation, now_ns, is_independent)
                                   : plan_key(store, plan, writes, operation, now_ns, is_independent);
        if (status != STORAGE_OK)
            return status;
    }
    if (is_independent)
        plan->revision_count = (uint32_t)writes->count;
    return STORAGE_OK;
}

StorageStatus commit_finish(MemoryStore *store, WritePlan *plan, int64_t now_ns)
{
    StorageStatus status = STORAGE_OK;
    if (plan->count == 0)
        return STORAGE_OK;
    status = write_plan_reserve(store, plan);
    if (status == STORAGE_OK)
        write_plan_publish(store, plan, now_ns);
    return status;
}

/* ---- stripes and tokens ---- */

StripeSet commit_stripes(const WriteSet *writes, const StorageContext *ctx)
{
    StripeSet stripes = writes->clear_count > 0 ? STRIPES_ALL : 0;
    for (size_t i = 0; i < writes->count && stripes != STRIPES_ALL; i++)
        stripes |= stripe_of(write_key_slice(writes->log[i]->key));
    if (ctx->payload_hash != NULL)
        stripes |= stripe_of_hash(token_hash(ctx->organization, ctx->token));
    return stripes;
}

StorageStatus commit_replay(MemoryStore *store, int64_t now_ns, StorageResult *ret_results, size_t result_count,
                            uint64_t *ret_revision, StorageContext *ctx)
{
    StorageStatus status;
    if (ctx->payload_hash == NULL)
        return STORAGE_NOT_FOUND;
    status = token_table_find(&store->tokens, ctx, now_ns, ret_results, result_count, ret_revision);
    if (status == STORAGE_OK)
        (void)atomic_fetch_add_explicit(&store->counters.replayed_tokens, 1, memory_order_relaxed);
    if (status == STORAGE_IDEMPOTENCY_KEY_REUSED)
        return storage_fail(ctx, status, "the idempotency token was used for another write; make a new one for each");
    return status;
}

StorageStatus commit_prepare_token(WritePlan *plan, size_t result_count, const StorageContext *ctx)
{
    if (ctx->payload_hash == NULL)
        return STORAGE_OK;
    plan->token = token_entry_new(ctx, result_count);
    return plan->token == NULL ? STORAGE_NO_MEMORY : STORAGE_OK;
}

void commit_remember(MemoryStore *store, WritePlan *plan, const StorageResult *results, uint64_t revision,
                     int64_t now_ns)
{
    TokenEntry *entry = plan->token;
    if (entry == NULL)
        return;
    entry->revision = revision;
    if (entry->result_count > 0)
        memcpy(entry->results, results, entry->result_count * sizeof(StorageResult));
    token_table_add(&store->tokens, entry, now_ns);
    plan->token = NULL;
}

void commit_make_space(MemoryStore *store, StorageContext *ctx)
{
    (void)store_sweep(store, SIZE_MAX, NULL, ctx);
    store_reclaim_patiently(store);
}

StorageStatus commit_fail_for_space(MemoryStore *store, StorageContext *ctx)
{
    (void)atomic_fetch_add_explicit(&store->counters.refused_for_space, 1, memory_order_relaxed);
    return storage_fail(ctx, STORAGE_NO_SPACE,
                        "the store holds %llu bytes and its limit is %llu; delete keys or raise the limit",
                        (unsigned long long)store_bytes(store), (unsigned long long)store->options.limit_bytes);
}

void commit_tidy(MemoryStore *store)
{
    store_sweep_some(store);
    store_reclaim_some(store);
}
