/*
 * memory/conflict.c - validation of a commit, against the newest state, under its stripes.
 *
 * Tombstones and cleared ranges younger than the oldest writing snapshot are kept, so a key that is not in the tree has
 * not been written since any writer began.
 */
#include "backends/memory/conflict.h"

#include "core/range.h"

#include <string.h>

/* ---- the read set ---- */

StorageStatus read_set_add(ReadSet *self, const StorageRange *range)
{
    if (self->count == self->capacity) {
        size_t capacity = self->capacity == 0 ? 16 : 2 * self->capacity;
        Interval *grown = storage_reallocate(self->intervals, capacity * sizeof(*grown));
        if (grown == NULL)
            return STORAGE_NO_MEMORY;
        self->intervals = grown;
        self->capacity = capacity;
    }
    if (interval_init(&self->intervals[self->count], range) != STORAGE_OK)
        return STORAGE_NO_MEMORY;
    self->count++;
    return STORAGE_OK;
}

void read_set_done(ReadSet *self)
{
    while (self->count > 0)
        interval_done(&self->intervals[--self->count]);
    storage_release(self->intervals);
    *self = (ReadSet){0};
}

/* ---- records of an interval ---- */

StorageStatus conflict_each_record(MemoryStore *store, const Interval *interval,
                                   StorageStatus (*each)(Record *record, void *user_data), void *user_data)
{
    StorageSlice from = interval->start;
    if (interval->is_empty)
        return STORAGE_OK;
    for (;;) {
        TreeView view = tree_view(&store->tree, from, 0);
        for (uint32_t i = tree_items_lower_bound(view.items, from); i < view.items->count; i++) {
            StorageStatus status;
            if (interval_ends_before(interval, record_key(view.items->records[i])))
                return STORAGE_OK;
            status = each(view.items->records[i], user_data);
            if (status != STORAGE_OK)
                return status;
        }
        if (view.upper.data == NULL || interval_ends_before(interval, view.upper))
            return STORAGE_OK;
        from = view.upper;
    }
}

/* ---- preconditions ---- */

static int is_expected(const StorageExpected *expected, const Version *current)
{
    StorageSlice value;
    if (current == NULL)
        return expected->kind == STORAGE_EXPECT_ABSENT;
    switch (expected->kind) {
    case STORAGE_EXPECT_VALUE:
        value = version_value(current);
        return value.size == expected->value.size &&
               (value.size == 0 || memcmp(value.data, expected->value.data, value.size) == 0);
    case STORAGE_EXPECT_REVISION:
        return current->revision == expected->revision;
    default:
        return 0;
    }
}

StorageStatus conflict_check_operation(const StorageOperation *operation, const Version *current)
{
    switch (operation->kind) {
    case STORAGE_OPERATION_TOUCH:
        return current == NULL ? STORAGE_NOT_FOUND : STORAGE_OK;
    case STORAGE_OPERATION_COMPARE_AND_SET:
    case STORAGE_OPERATION_COMPARE_AND_DELETE:
        return is_expected(&operation->expected, current) ? STORAGE_OK : STORAGE_CONFLICT;
    default:
        return STORAGE_OK;
    }
}

static StorageStatus check_conditions(MemoryStore *store, const WriteSet *writes, StorageStatus failure, int64_t now_ns,
                                      StorageContext *ctx)
{
    for (size_t i = 0; i < writes->count; i++) {
        const WriteOperation *operation = writes->log[i];
        const Version *current;
        char text[64];
        if (!operation->is_conditional || operation->failure != failure)
            continue;
        current = store_current(store, write_key_slice(operation->key), now_ns);
        if (is_expected(&operation->expected, current))
            continue;
        storage_context_set_revision(ctx, current == NULL ? 0 : current->revision);
        return storage_fail(ctx, failure, "commit: key %s is no longer as the transaction found it",
                            storage_key_text(write_key_slice(operation->key), text, sizeof(text)));
    }
    return STORAGE_OK;
}

StorageStatus conflict_check_conditions(MemoryStore *store, const WriteSet *writes, int64_t now_ns, StorageContext *ctx)
{
    StorageStatus status = check_conditions(store, writes, STORAGE_CONFLICT, now_ns, ctx);
    return status != STORAGE_OK ? status : check_conditions(store, writes, STORAGE_SERIALIZATION, now_ns, ctx);
}

/* ---- isolation ---- */

static StorageStatus fail_serialization(StorageContext *ctx, StorageSlice key, const char *what)
{
    char text[64];
    return storage_fail(ctx, STORAGE_SERIALIZATION,
                        "commit: key %s, which the transaction %s, has changed since it began",
                        storage_key_text(key, text, sizeof(text)), what);
}

static int was_written_since(const Record *record, uint64_t revision)
{
    const Version *head = record == NULL ? NULL : atomic_load(&record->head);
    return head != NULL && head->revision > revision;
}

static int was_cleared_since(const MemoryStore *store, StorageSlice key, uint64_t revision)
{
    for (const RecentClear *clear = store->recent_clears; clear != NULL && clear->revision > revision;
         clear = clear->next)
        if (storage_range_contains(&clear->range->range, key))
            return 1;
    return 0;
}

typedef struct WriteCheck {
    const Snapshot *snapshot;
    StorageContext *ctx;
} WriteCheck;

static StorageStatus check_cleared_record(Record *record, void *user_data)
{
    const WriteCheck *check = user_data;
    if (was_written_since(record, check->snapshot->revision))
        return fail_serialization(check->ctx, record_key(record), "clears");
    return STORAGE_OK;
}

/* A clear counts as a write of every key in its range, so two clears that meet conflict. */
static StorageStatus check_clear(MemoryStore *store, const WriteOperation *operation, const WriteCheck *check)
{
    for (const RecentClear *clear = store->recent_clears; clear != NULL && clear->revision > check->snapshot->revision;
         clear = clear->next)
        if (range_meets(&operation->range->range, &clear->range->range))
            return storage_fail(check->ctx, STORAGE_SERIALIZATION,
                                "commit: a range that the transaction clears was cleared since it began");
    return conflict_each_record(store, &operation->interval, check_cleared_record, (void *)(uintptr_t)check);
}

StorageStatus conflict_check_writes(MemoryStore *store, const WriteSet *writes, const Snapshot *snapshot,
                                    StorageContext *ctx)
{
    WriteCheck check = {snapshot, ctx};
    for (size_t i = 0; i < writes->count; i++) {
        const WriteOperation *operation = writes->log[i];
        StorageStatus status = STORAGE_OK;
        if (operation->key == NULL) {
            status = check_clear(store, operation, &check);
        } else if (operation->earlier == NULL) {
            StorageSlice key = write_key_slice(operation->key);
            if (was_written_since(tree_find(&store->tree, key), snapshot->revision) ||
                was_cleared_since(store, key, snapshot->revision))
                status = fail_serialization(ctx, key, "writes");
        }
        if (status != STORAGE_OK)
            return status;
    }
    return STORAGE_OK;
}

typedef struct ReadCheck {
    const Snapshot *snapshot;
    int64_t now_ns;
    StorageContext *ctx;
} ReadCheck;

static StorageStatus check_read_record(Record *record, void *user_data)
{
    const ReadCheck *check = user_data;
    const Version *head = atomic_load(&record->head);
    if (was_written_since(record, check->snapshot->revision))
        return fail_serialization(check->ctx, record_key(record), "read");
    if (version_is_alive(head, check->snapshot->time_ns) && !version_is_alive(head, check->now_ns))
        return fail_serialization(check->ctx, record_key(record), "read (it has expired)");
    return STORAGE_OK;
}

StorageStatus conflict_check_reads(MemoryStore *store, const ReadSet *reads, const Snapshot *snapshot, int64_t now_ns,
                                   StorageContext *ctx)
{
    ReadCheck check = {snapshot, now_ns, ctx};
    for (size_t i = 0; i < reads->count; i++) {
        StorageStatus status = conflict_each_record(store, &reads->intervals[i], check_read_record, &check);
        if (status != STORAGE_OK)
            return status;
    }
    return STORAGE_OK;
}

/* ---- cleared ranges ---- */

static void forget_old_clears(MemoryStore *store, uint64_t oldest_writer)
{
    RecentClear **link = &store->recent_clears;
    while (*link != NULL && (*link)->revision > oldest_writer)
        link = &(*link)->next;
    while (*link != NULL) {
        RecentClear *clear = *link;
        *link = clear->next;
        history_range_release(clear->range);
        storage_release(clear);
    }
}

void conflict_note_clears(MemoryStore *store, WritePlan *plan)
{
    uint64_t oldest_writer;
    if (plan->clears == NULL)
        return;
    /* Under the lock a snapshot is either registered, or it takes a revision that has seen this plan. */
    (void)pthread_mutex_lock(&store->snapshots.lock);
    oldest_writer = atomic_load(&store->snapshots.oldest_writer_revision);
    (void)pthread_mutex_unlock(&store->snapshots.lock);
    while (plan->clears != NULL) {
        RecentClear *clear = plan->clears;
        plan->clears = clear->next;
        clear->revision += plan->first_revision;
        clear->next = store->recent_clears;
        store->recent_clears = clear;
    }
    forget_old_clears(store, oldest_writer);
}
