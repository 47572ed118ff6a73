/*
 * memory/write_plan.c - preparing and publishing a commit.
 *
 * Publishing is the one place where writers of different keys meet: revisions are given out, versions linked, changes
 * appended to the history, and the new revision made visible by one store. Readers take `published` first and skip what
 * is newer, so they see all of a commit or nothing.
 */
#include "backends/memory/write_plan.h"

#include "backends/memory/conflict.h"

void write_plan_init(WritePlan *self)
{
    *self = (WritePlan){.revision_count = 1};
    self->changes = &self->one;
    self->capacity = 1;
}

static PlannedChange *add_change(WritePlan *self)
{
    if (self->count == self->capacity) {
        size_t capacity = self->capacity < 8 ? 8 : 2 * self->capacity;
        PlannedChange *old = self->changes == &self->one ? NULL : self->changes;
        PlannedChange *grown = storage_reallocate(old, capacity * sizeof(*grown));
        if (grown == NULL)
            return NULL;
        if (old == NULL)
            grown[0] = self->one;
        self->changes = grown;
        self->capacity = capacity;
    }
    self->changes[self->count] = (PlannedChange){0};
    return &self->changes[self->count++];
}

StorageStatus write_plan_version(MemoryStore *store, WritePlan *self, StorageSlice key, Version *version,
                                 uint32_t event, uint32_t revision_offset, int is_linked)
{
    PlannedChange *change = add_change(self);
    Record *record;
    int is_new = 0;
    if (change == NULL || tree_insert(&store->tree, key, &record, &is_new) != STORAGE_OK) {
        if (change != NULL)
            self->count--;
        version_release(version);
        return STORAGE_NO_MEMORY;
    }
    version_attach(version, record);
    *change = (PlannedChange){.record = record,
                              .version = version,
                              .event = event,
                              .revision_offset = revision_offset,
                              .is_linked = is_linked != 0,
                              .is_new_record = is_new != 0};
    return STORAGE_OK;
}

StorageStatus write_plan_cleared(WritePlan *self, HistoryRange *range, uint32_t revision_offset)
{
    PlannedChange *change;
    RecentClear *clear = storage_allocate(sizeof(*clear));
    if (clear == NULL)
        return STORAGE_NO_MEMORY;
    change = add_change(self);
    if (change == NULL) {
        storage_release(clear);
        return STORAGE_NO_MEMORY;
    }
    (void)atomic_fetch_add_explicit(&range->references, 2, memory_order_relaxed);
    *clear = (RecentClear){.next = self->clears, .revision = revision_offset, .range = range};
    self->clears = clear;
    *change = (PlannedChange){.range = range, .event = STORAGE_CHANGE_CLEARED, .revision_offset = revision_offset};
    return STORAGE_OK;
}

/* ---- space ---- */

static int takes_space(const WritePlan *self)
{
    for (size_t i = 0; i < self->count; i++)
        if (self->changes[i].version != NULL && !version_is_tombstone(self->changes[i].version))
            return 1;
    return 0;
}

static uint64_t bytes_of(const WritePlan *self)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < self->count; i++) {
        const PlannedChange *change = &self->changes[i];
        if (change->version != NULL && change->is_linked)
            bytes += version_footprint(change->version);
        if (change->is_new_record)
            bytes += record_footprint(change->record);
    }
    return bytes;
}

/* What the plan supersedes, and so gives back once its readers allow. */
static uint64_t superseded_bytes(const WritePlan *self)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < self->count; i++) {
        const PlannedChange *change = &self->changes[i];
        const Version *head = change->is_linked ? atomic_load(&change->record->head) : NULL;
        if (head != NULL)
            bytes += version_footprint(head);
    }
    return bytes;
}

StorageStatus write_plan_reserve(MemoryStore *store, WritePlan *self)
{
    uint64_t limit = store->options.limit_bytes;
    (void)atomic_fetch_add_explicit(&store->data_bytes, bytes_of(self), memory_order_relaxed);
    self->is_reserved = 1;
    if (limit == 0 || store_bytes(store) <= limit || !takes_space(self))
        return STORAGE_OK;
    return store_bytes(store) - superseded_bytes(self) <= limit ? STORAGE_OK : STORAGE_NO_SPACE;
}

/* ---- publishing ---- */

/* Takes a record out that has no version. Its footprint comes off the bytes when it leaves limbo. Without memory for it
 * the record stays, empty, until its key is written again. */
static void drop_record(MemoryStore *store, Record *record)
{
    if (tree_remove(&store->tree, record) == STORAGE_OK)
        limbo_retire_record(&store->limbo, record);
}

/* Makes the version the head of its record; returns what goes to limbo (invariant 1 of reclaim.c). */
static Version *link_version(MemoryStore *store, const PlannedChange *change)
{
    Version *version = change->version;
    Version *superseded = atomic_load(&change->record->head);
    int was_value = superseded != NULL && !version_is_tombstone(superseded);
    int is_value = !version_is_tombstone(version);
    atomic_store_explicit(&version->older, superseded, memory_order_relaxed);
    if (superseded != NULL)
        version_set_newer(superseded, version);
    atomic_store(&change->record->head, version);
    expiry_index_replace(&store->expiry, superseded, version);
    if (is_value && !was_value)
        (void)atomic_fetch_add_explicit(&store->key_count, 1, memory_order_relaxed);
    if (!is_value && was_value)
        (void)atomic_fetch_sub_explicit(&store->key_count, 1, memory_order_relaxed);
    if (superseded == NULL || version_is_marked(superseded))
        return NULL;
    return superseded;
}

static void append_event(MemoryStore *store, const PlannedChange *change, uint64_t revision)
{
    HistoryChange event = {
        .revision = revision, .kind = change->event, .version = change->version, .range = change->range};
    history_append(&store->history, &event);
}

void write_plan_publish(MemoryStore *store, WritePlan *self, int64_t now_ns)
{
    Version *retired = NULL;
    size_t retired_count = 0;
    (void)pthread_mutex_lock(&store->publish_lock);
    self->first_revision = atomic_load(&store->published) + 1;
    (void)pthread_mutex_lock(&store->history.lock);
    history_begin(&store->history);
    for (size_t i = 0; i < self->count; i++) {
        PlannedChange *change = &self->changes[i];
        uint64_t revision = self->first_revision + change->revision_offset;
        if (change->version != NULL)
            change->version->revision = revision;
        if (change->event != 0)
            append_event(store, change, revision);
        if (change->is_linked) {
            Version *superseded = link_version(store, change);
            if (superseded != NULL) {
                superseded->next_retired = retired;
                retired = superseded;
                retired_count++;
            }
        }
    }
    if (now_ns > atomic_load_explicit(&store->last_commit_ns, memory_order_relaxed))
        atomic_store_explicit(&store->last_commit_ns, now_ns, memory_order_relaxed);
    atomic_store(&store->published, self->first_revision + self->revision_count - 1);
    history_end(&store->history);
    (void)pthread_mutex_unlock(&store->history.lock);
    (void)pthread_mutex_unlock(&store->publish_lock);
    (void)atomic_fetch_add_explicit(&store->counters.commits, 1, memory_order_relaxed);
    limbo_retire_superseded(&store->limbo, retired, retired_count);
    conflict_note_clears(store, self);
    for (size_t i = 0; i < self->count; i++) {
        PlannedChange *change = &self->changes[i];
        if (change->is_new_record && atomic_load(&change->record->head) == NULL)
            drop_record(store, change->record); /* it came and went within one commit */
        if (!change->is_linked)
            version_release(change->version); /* the history has its own reference */
        history_range_release(change->range);
    }
}

void write_plan_abandon(MemoryStore *store, WritePlan *self)
{
    if (self->is_reserved)
        (void)atomic_fetch_sub_explicit(&store->data_bytes, bytes_of(self), memory_order_relaxed);
    while (self->count > 0) {
        PlannedChange *change = &self->changes[--self->count];
        if (change->is_new_record) {
            (void)atomic_fetch_add_explicit(&store->data_bytes, record_footprint(change->record), memory_order_relaxed);
            drop_record(store, change->record);
        }
        version_release(change->version);
        history_range_release(change->range);
    }
}

void write_plan_done(WritePlan *self)
{
    token_entry_free(self->token);
    while (self->clears != NULL) {
        RecentClear *clear = self->clears;
        self->clears = clear->next;
        history_range_release(clear->range);
        storage_release(clear);
    }
    if (self->changes != &self->one)
        storage_release(self->changes);
}
