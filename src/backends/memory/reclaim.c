/*
 * memory/reclaim.c - giving back what nobody can see any more.
 *
 *   superseded --out of limbo--> needed by a snapshot? --yes--> held by it --it ends--> asked again
 *                                   | no
 *                                   v
 *                          unlinked from its chain --> freed, or retired when a snapshot may be walking past it
 *   tombstone alone in its chain --> no older writer? --> its record leaves the tree, both are retired
 *
 * Invariants:
 *   1. A version in a queue is in exactly one: next_retired is its only link. One that was queued as a head is marked,
 * and is not queued again when it is superseded.
 *   2. Readers without a snapshot hold an epoch and read a revision that was published when they entered. When a
 * version comes out of limbo after it was superseded, they all read the one that superseded it, or later.
 *   3. A registered snapshot older than the superseding revision may be walking over the version, so it is freed only
 * after another stay in limbo.
 */
#include "backends/memory/store.h"

#include "core/environment.h"

static void give_back(MemoryStore *self, Version *version)
{
    (void)atomic_fetch_sub_explicit(&self->data_bytes, version_footprint(version), memory_order_relaxed);
    version_release(version);
}

static void unlink_version(Version *version, Version *newer)
{
    Version *older = atomic_load(&version->older);
    atomic_store(&newer->older, older);
    if (older != NULL)
        version_set_newer(older, newer);
}

static void queue_again(MemoryStore *self, Version *tombstone)
{
    tombstone->next_retired = NULL;
    version_set_mark(tombstone, 1);
    limbo_retire_superseded(&self->limbo, tombstone, 1);
}

/* A head that is a tombstone with nothing behind it: the record goes, unless a writer still has to meet it. */
static void settle_tombstone(MemoryStore *self, Record *record, Version *tombstone)
{
    version_set_mark(tombstone, 1);
    if (snapshot_hold_tombstone(&self->snapshots, tombstone, tombstone->revision))
        return;
    version_set_mark(tombstone, 0);
    if (tree_remove(&self->tree, record) != STORAGE_OK) {
        queue_again(self, tombstone);
        return;
    }
    limbo_retire_version(&self->limbo, tombstone);
    limbo_retire_record(&self->limbo, record);
}

/* The stripe of the record is locked, and an epoch is held. A version that was queued as a head keeps its mark for as
 * long as it is in a chain: it has not been through limbo since it was superseded. */
static void examine(MemoryStore *self, Version *version)
{
    Record *record = version->record;
    Version *newer = version_newer(version);
    int was_marked = version_is_marked(version);
    if (newer == NULL) {
        version_set_mark(version, 0);
        if (atomic_load(&version->older) == NULL)
            settle_tombstone(self, record, version);
        return;
    }
    if (snapshot_hold(&self->snapshots, version, version->revision, newer->revision))
        return;
    unlink_version(version, newer);
    if (was_marked || atomic_load(&self->snapshots.oldest_revision) < newer->revision)
        limbo_retire_version(&self->limbo, version);
    else
        give_back(self, version);
    if (version_newer(newer) == NULL && version_is_tombstone(newer) && atomic_load(&newer->older) == NULL &&
        !version_is_marked(newer))
        settle_tombstone(self, record, newer);
}

static void examine_list(MemoryStore *self, Version *list)
{
    while (list != NULL) {
        Version *version = list;
        StripeSet stripes = stripe_of(record_key(version->record));
        EpochGuard guard;
        list = version->next_retired;
        stripes_lock(self, stripes); /* before the epoch, which a wait would hold back */
        guard = epoch_enter(&self->limbo.epoch);
        examine(self, version);
        epoch_leave(&self->limbo.epoch, guard);
        stripes_unlock(self, stripes);
    }
}

static void free_unlinked(MemoryStore *self, const LimboLists *limbo)
{
    Version *version = limbo->versions;
    Record *record = limbo->records;
    RetiredNode *node = limbo->nodes;
    while (version != NULL) {
        Version *next = version->next_retired;
        give_back(self, version);
        version = next;
    }
    while (record != NULL) {
        Record *next = record->next_retired;
        (void)atomic_fetch_sub_explicit(&self->data_bytes, record_footprint(record), memory_order_relaxed);
        record_release(record);
        record = next;
    }
    while (node != NULL) {
        RetiredNode *next = node->next_retired;
        storage_release(node);
        node = next;
    }
}

static int reclaim_once(MemoryStore *self)
{
    LimboLists ripe;
    if (!limbo_advance(&self->limbo, &ripe))
        return 0;
    free_unlinked(self, &ripe);
    examine_list(self, ripe.superseded);
    return 1;
}

void store_reclaim_some(MemoryStore *self)
{
    uint64_t bytes = atomic_load_explicit(&self->limbo.bytes, memory_order_relaxed);
    if (atomic_load_explicit(&self->limbo.count, memory_order_relaxed) >= RECLAIM_AT || bytes >= RECLAIM_AT_BYTES)
        (void)reclaim_once(self);
}

void store_reclaim_all(MemoryStore *self)
{
    /* What is examined may be retired once more, so a version takes up to two passes through limbo. */
    for (int i = 0; i < 3 * EPOCH_PHASES; i++)
        if (!reclaim_once(self))
            return;
}

void store_reclaim_patiently(MemoryStore *self)
{
    for (int pass = 0, pauses = 0; pass < 3 * EPOCH_PHASES && pauses < RECLAIM_PAUSES; pass++)
        while (!reclaim_once(self) && pauses++ < RECLAIM_PAUSES)
            clock_pause(RECLAIM_PAUSE_NS); /* readers are in the middle of a get, or were preempted there */
}

void store_close_snapshot(MemoryStore *self, Snapshot *snapshot)
{
    if (storage_backend_is_forked(&self->base))
        return; /* what it holds is still in its chains */
    examine_list(self, snapshot_close(&self->snapshots, snapshot));
}

/* ---- the end ---- */

static void free_record(Record *record, void *user_data)
{
    Version *version = atomic_load(&record->head);
    (void)user_data;
    while (version != NULL) {
        Version *older = atomic_load(&version->older);
        version_release(version);
        version = older;
    }
    record_release(record);
}

void store_free_data(MemoryStore *self)
{
    LimboLists limbo = limbo_take_all(&self->limbo);
    limbo.superseded = NULL; /* they are still in their chains */
    free_unlinked(self, &limbo);
    tree_done(&self->tree, free_record, NULL);
    while (self->recent_clears != NULL) {
        RecentClear *clear = self->recent_clears;
        self->recent_clears = clear->next;
        history_range_release(clear->range);
        storage_release(clear);
    }
}
