/*
 * memory/write.c - writes outside transactions.
 *
 * A single operation on a key, the common case, is planned without a write set. Several operations, and clear_range,
 * run against a write set while the stripes of all their keys are held, so that what they decide is what is committed.
 */
#include "backends/memory/commit.h"

/* In a result: not a revision yet, but the place in the log of the operation whose revision it will be. */
static const uint64_t REVISION_TO_COME = (uint64_t)1 << 63;

/* A write in progress. */
typedef struct Write {
    MemoryStore *store;
    const StorageOperation *operations;
    size_t operation_count;
    uint32_t mode;
    StorageResult *results;
    StorageContext *ctx;
    int64_t now_ns;
} Write;

static StorageStatus fail_operation(Write *write, const StorageOperation *operation, StorageStatus status,
                                    const Version *current)
{
    char text[64];
    (void)storage_key_text(operation->key, text, sizeof(text));
    if (status != STORAGE_CONFLICT)
        return status;
    (void)atomic_fetch_add_explicit(&write->store->counters.conflicts, 1, memory_order_relaxed);
    if (current == NULL)
        return storage_fail(write->ctx, status, "key %s is absent, which is not what was expected", text);
    return storage_fail(write->ctx, status, "key %s was last written by revision %llu and is not as expected", text,
                        (unsigned long long)current->revision);
}

static StorageStatus no_memory(StorageContext *ctx)
{
    return storage_fail(ctx, STORAGE_NO_MEMORY, "no memory for the write; nothing was changed");
}

/* ---- one operation on one key ---- */

static Version *version_for(const StorageOperation *operation, const Version *current, int64_t now_ns)
{
    int may_expire = operation->expiry.kind != STORAGE_EXPIRY_NEVER;
    Version *version;
    if (operation->kind == STORAGE_OPERATION_DELETE || operation->kind == STORAGE_OPERATION_COMPARE_AND_DELETE)
        return version_new_tombstone();
    version =
        version_new(operation->kind == STORAGE_OPERATION_TOUCH ? version_value(current) : operation->value, may_expire);
    if (version != NULL && may_expire)
        version->expires_at_ns =
            storage_expiry_resolve(operation->expiry, now_ns, current == NULL ? STORAGE_NEVER : current->expires_at_ns);
    return version;
}

/* Decides and plans; OK with an empty plan when there is nothing to write. */
static StorageStatus plan_one(Write *write, WritePlan *plan)
{
    const StorageOperation *operation = write->operations;
    Version *current = store_current(write->store, operation->key, write->now_ns), *version;
    StorageStatus status = conflict_check_operation(operation, current);
    int is_tombstone;
    if (status != STORAGE_OK) {
        write->results[0].revision = current == NULL ? 0 : current->revision;
        return fail_operation(write, operation, status, current);
    }
    if (commit_prepare_token(plan, 1, write->ctx) != STORAGE_OK)
        return no_memory(write->ctx);
    is_tombstone =
        operation->kind == STORAGE_OPERATION_DELETE || operation->kind == STORAGE_OPERATION_COMPARE_AND_DELETE;
    if (is_tombstone && current == NULL)
        return STORAGE_OK;
    version = version_for(operation, current, write->now_ns);
    if (version == NULL)
        return no_memory(write->ctx);
    status = write_plan_version(write->store, plan, operation->key, version,
                                is_tombstone ? STORAGE_CHANGE_DELETED : STORAGE_CHANGE_SET, 0, 1);
    return status == STORAGE_OK ? STORAGE_OK : no_memory(write->ctx);
}

/* The stripes are locked and an epoch is held. */
static StorageStatus write_one_locked(Write *write)
{
    WritePlan plan;
    StorageStatus status;
    write->now_ns = store_now(write->store);
    status = commit_replay(write->store, write->now_ns, write->results, 1, &write->results[0].revision, write->ctx);
    if (status != STORAGE_NOT_FOUND) {
        if (status != STORAGE_OK)
            write->results[0].status = status;
        return status;
    }
    write->results[0] = (StorageResult){0, 0, 0};
    write_plan_init(&plan);
    status = plan_one(write, &plan);
    if (status == STORAGE_OK)
        status = commit_finish(write->store, &plan, write->now_ns);
    if (status == STORAGE_OK) {
        write->results[0] = (StorageResult){STORAGE_OK, 0, plan.first_revision};
        commit_remember(write->store, &plan, write->results, plan.first_revision, write->now_ns);
    } else {
        write_plan_abandon(write->store, &plan);
        write->results[0].status = status;
    }
    write_plan_done(&plan);
    return status;
}

/* ---- several operations ---- */

/* Whether the view has a value in the range of the clear: only then does it have an effect. */
static StorageStatus find_alive(Record *record, void *user_data)
{
    const Write *write = user_data;
    return version_is_alive(atomic_load(&record->head), write->now_ns) ? STORAGE_END : STORAGE_OK;
}

typedef struct AliveSearch {
    const Write *write;
    const WriteSet *writes;
} AliveSearch;

static StorageStatus find_alive_in_view(Record *record, void *user_data)
{
    const AliveSearch *search = user_data;
    Version *own;
    int64_t expires_at_ns;
    if (write_set_find(search->writes, record_key(record), search->write->now_ns, &own, &expires_at_ns))
        return STORAGE_OK; /* looked at by itself */
    return find_alive(record, (void *)(uintptr_t)search->write);
}

static StorageStatus clear_has_effect(const Write *write, const WriteSet *writes, const StorageRange *range,
                                      int *ret_has_effect)
{
    AliveSearch search = {write, writes};
    Interval interval;
    if (interval_init(&interval, range) != STORAGE_OK)
        return STORAGE_NO_MEMORY;
    *ret_has_effect = conflict_each_record(write->store, &interval, find_alive_in_view, &search) == STORAGE_END;
    for (WriteKey *key = interval.is_empty ? NULL : write_set_seek(writes, interval.start);
         key != NULL && !*ret_has_effect && interval_contains(&interval, write_key_slice(key));
         key = write_set_next(key)) {
        Version *own;
        int64_t expires_at_ns;
        *ret_has_effect =
            write_set_find(writes, write_key_slice(key), write->now_ns, &own, &expires_at_ns) && own != NULL;
    }
    interval_done(&interval);
    return STORAGE_OK;
}

static StorageStatus run_operation(Write *write, WriteSet *writes, size_t index)
{
    const StorageOperation *operation = &write->operations[index];
    StorageResult *result = &write->results[index];
    Version *current = NULL;
    StorageStatus status = STORAGE_OK;
    int64_t expires_at_ns;
    int has_effect = 1;
    if (operation->kind == STORAGE_OPERATION_CLEAR_RANGE) {
        if (clear_has_effect(write, writes, &operation->range, &has_effect) != STORAGE_OK)
            return no_memory(write->ctx);
    } else {
        if (!write_set_find(writes, operation->key, write->now_ns, &current, &expires_at_ns))
            current = store_current(write->store, operation->key, write->now_ns);
        status = conflict_check_operation(operation, current);
        if (current == NULL &&
            (operation->kind == STORAGE_OPERATION_DELETE || operation->kind == STORAGE_OPERATION_COMPARE_AND_DELETE))
            has_effect = 0;
    }
    *result = (StorageResult){status, 0, 0};
    if (status != STORAGE_OK) {
        result->revision = status == STORAGE_CONFLICT && current != NULL ? current->revision : 0;
        if (current != NULL && current->revision == 0 && write->mode == STORAGE_WRITE_INDEPENDENT)
            result->revision = REVISION_TO_COME | write_set_seek(writes, operation->key)->last->index;
        return fail_operation(write, operation, status, current);
    }
    if (has_effect && write_set_add(writes, operation, current, 0, index) != STORAGE_OK)
        return no_memory(write->ctx);
    return STORAGE_OK;
}

/* All operations are decided, so that each failing one says so; those that hold are then cancelled with them. */
static StorageStatus run_operations(Write *write, WriteSet *writes)
{
    StorageStatus first = STORAGE_OK;
    for (size_t i = 0; i < write->operation_count; i++) {
        StorageStatus status = run_operation(write, writes, i);
        if (status == STORAGE_NO_MEMORY)
            return status;
        if (first == STORAGE_OK)
            first = status;
    }
    if (write->mode == STORAGE_WRITE_INDEPENDENT || first == STORAGE_OK)
        return STORAGE_OK;
    for (size_t i = 0; i < write->operation_count; i++)
        if (write->results[i].status == STORAGE_OK)
            write->results[i] = (StorageResult){STORAGE_CANCELLED, 0, 0};
    return first;
}

static uint64_t report_revisions(Write *write, const WriteSet *writes, const WritePlan *plan)
{
    uint64_t last = 0;
    for (size_t i = 0; i < writes->count && plan->first_revision != 0; i++) {
        last = plan->first_revision + (write->mode == STORAGE_WRITE_INDEPENDENT ? i : 0);
        write->results[writes->log[i]->batch_index].revision = last;
    }
    for (size_t i = 0; i < write->operation_count; i++)
        if ((write->results[i].revision & REVISION_TO_COME) != 0)
            write->results[i].revision = plan->first_revision + (write->results[i].revision & ~REVISION_TO_COME);
    return last;
}

static void fail_all(Write *write, StorageStatus status)
{
    for (size_t i = 0; i < write->operation_count; i++)
        write->results[i] = (StorageResult){status, 0, 0};
}

static StorageStatus write_several_locked(Write *write)
{
    WritePlan plan;
    WriteSet writes;
    uint64_t revision = 0;
    int has_decided;
    StorageStatus status;
    write->now_ns = store_now(write->store);
    status = commit_replay(write->store, write->now_ns, write->results, write->operation_count, &revision, write->ctx);
    if (status != STORAGE_NOT_FOUND) {
        if (status != STORAGE_OK)
            fail_all(write, status);
        return status;
    }
    write_plan_init(&plan);
    write_set_init(&writes);
    status = run_operations(write, &writes);
    has_decided = status != STORAGE_OK && status != STORAGE_NO_MEMORY;
    if (status == STORAGE_OK && (commit_prepare_token(&plan, write->operation_count, write->ctx) != STORAGE_OK ||
                                 commit_plan(write->store, &plan, &writes, write->now_ns,
                                             write->mode == STORAGE_WRITE_INDEPENDENT) != STORAGE_OK))
        status = no_memory(write->ctx);
    if (status == STORAGE_OK)
        status = commit_finish(write->store, &plan, write->now_ns);
    if (status == STORAGE_OK) {
        revision = report_revisions(write, &writes, &plan);
        commit_remember(write->store, &plan, write->results, revision, write->now_ns);
    } else {
        write_plan_abandon(write->store, &plan);
        if (!has_decided)
            fail_all(write, status);
    }
    write_plan_done(&plan);
    write_set_done(&writes);
    return status;
}

/* ---- the method ---- */

static StripeSet stripes_for(const Write *write)
{
    StripeSet stripes = 0;
    for (size_t i = 0; i < write->operation_count; i++)
        stripes |= write->operations[i].kind == STORAGE_OPERATION_CLEAR_RANGE ? STRIPES_ALL
                                                                              : stripe_of(write->operations[i].key);
    if (write->ctx->payload_hash != NULL)
        stripes |= stripe_of_hash(token_hash(write->ctx->organization, write->ctx->token));
    return stripes;
}

static StorageStatus write_locked(Write *write, StripeSet stripes)
{
    MemoryStore *store = write->store;
    EpochGuard guard;
    StorageStatus status;
    stripes_lock(store, stripes);
    guard = epoch_enter(&store->limbo.epoch);
    if (write->operation_count == 1 && write->mode == STORAGE_WRITE_ATOMIC &&
        write->operations[0].kind != STORAGE_OPERATION_CLEAR_RANGE)
        status = write_one_locked(write);
    else
        status = write_several_locked(write);
    epoch_leave(&store->limbo.epoch, guard);
    stripes_unlock(store, stripes);
    return status;
}

StorageStatus memory_write(StorageBackend *backend, const StorageOperation *operations, size_t operation_count,
                           uint32_t mode, StorageResult *ret_results, StorageContext *ctx)
{
    MemoryStore *store = (MemoryStore *)backend;
    Write write = {store, operations, operation_count, mode, ret_results, ctx, 0};
    StripeSet stripes = stripes_for(&write);
    StorageStatus status = write_locked(&write, stripes);
    if (status == STORAGE_NO_SPACE) {
        commit_make_space(store, ctx);
        status = write_locked(&write, stripes);
    }
    if (status == STORAGE_NO_SPACE)
        return commit_fail_for_space(store, ctx);
    commit_tidy(store);
    return status;
}
