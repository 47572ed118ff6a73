/*
 * memory/epoch.c - counting readers by epoch, and limbo.
 *
 * Invariants:
 *   1. A guard of epoch e was counted while `current` was e: the reader looks again after counting itself. All accesses
 *      to `current` and to the counters that this rests on are sequentially consistent, so either the advance sees the
 *      reader, or the reader sees the advance and counts itself anew.
 *   2. `current` goes from e to e + 1 only when no reader of e - 1 is counted. So at most two epochs have readers.
 *   3. What was retired while `current` was e is handed out by the advance to e + 2: readers of e and before have gone,
 *      and later ones could not find it, because it had been unlinked before it was retired.
 *   4. A shard that was seen empty for e - 1 stays empty of guards of e - 1, by 1.
 */
#include "backends/memory/epoch.h"

int epoch_init(Epoch *self)
{
    for (size_t shard = 0; shard < EPOCH_SHARD_COUNT; shard++)
        for (size_t phase = 0; phase < EPOCH_PHASES; phase++)
            atomic_init(&self->shards[shard].readers[phase], 0);
    atomic_init(&self->current, EPOCH_PHASES);
    atomic_init(&self->limbo_count, 0);
    atomic_init(&self->limbo_bytes, 0);
    for (size_t phase = 0; phase < EPOCH_PHASES; phase++)
        self->limbo[phase] = (Limbo){0};
    return pthread_mutex_init(&self->lock, NULL);
}

void epoch_done(Epoch *self)
{
    (void)pthread_mutex_destroy(&self->lock);
}

static uint32_t shard_of_thread(void)
{
    uint64_t thread = (uint64_t)(uintptr_t)pthread_self();
    return (uint32_t)((thread * UINT64_C(0x9E3779B97F4A7C15)) >> 59);
}
_Static_assert(EPOCH_SHARD_COUNT == 1 << (64 - 59), "shard_of_thread picks a shard by the top bits");

EpochGuard epoch_enter(Epoch *self)
{
    EpochGuard guard = {shard_of_thread(), 0};
    for (;;) {
        uint64_t epoch = atomic_load(&self->current);
        guard.phase = (uint32_t)(epoch % EPOCH_PHASES);
        (void)atomic_fetch_add(&self->shards[guard.shard].readers[guard.phase], 1);
        if (atomic_load(&self->current) == epoch)
            return guard;
        epoch_leave(self, guard);
    }
}

void epoch_leave(Epoch *self, EpochGuard guard)
{
    (void)atomic_fetch_sub_explicit(&self->shards[guard.shard].readers[guard.phase], 1, memory_order_release);
}

/* ---- limbo ---- */

static Limbo *lock_limbo(Epoch *self, size_t count, uint64_t bytes)
{
    Limbo *limbo;
    (void)pthread_mutex_lock(&self->lock);
    limbo = &self->limbo[atomic_load(&self->current) % EPOCH_PHASES];
    limbo->count += count;
    limbo->bytes += bytes;
    (void)atomic_fetch_add_explicit(&self->limbo_bytes, bytes, memory_order_relaxed);
    (void)atomic_fetch_add_explicit(&self->limbo_count, count, memory_order_relaxed);
    return limbo;
}

void epoch_retire_superseded(Epoch *self, Version *list, size_t count)
{
    Limbo *limbo;
    Version *last = list;
    uint64_t bytes = 0;
    if (list == NULL)
        return;
    for (Version *version = list; version != NULL; version = version->next_retired) {
        bytes += version_footprint(version);
        last = version;
    }
    limbo = lock_limbo(self, count, bytes);
    last->next_retired = limbo->superseded;
    limbo->superseded = list;
    (void)pthread_mutex_unlock(&self->lock);
}

void epoch_retire_version(Epoch *self, Version *version)
{
    Limbo *limbo = lock_limbo(self, 1, version_footprint(version));
    version->next_retired = limbo->versions;
    limbo->versions = version;
    (void)pthread_mutex_unlock(&self->lock);
}

void epoch_retire_record(Epoch *self, Record *record)
{
    Limbo *limbo = lock_limbo(self, 1, 0);
    record->next_retired = limbo->records;
    limbo->records = record;
    (void)pthread_mutex_unlock(&self->lock);
}

void epoch_retire_node(Epoch *self, RetiredNode *node)
{
    Limbo *limbo = lock_limbo(self, 1, 0);
    node->next_retired = limbo->nodes;
    limbo->nodes = node;
    (void)pthread_mutex_unlock(&self->lock);
}

static int has_readers(Epoch *self, uint64_t epoch)
{
    for (size_t i = 0; i < EPOCH_SHARD_COUNT; i++)
        if (atomic_load(&self->shards[i].readers[epoch % EPOCH_PHASES]) != 0)
            return 1;
    return 0;
}

int epoch_advance(Epoch *self, Limbo *ret_ripe)
{
    uint64_t epoch;
    Limbo *ripe;
    *ret_ripe = (Limbo){0};
    (void)pthread_mutex_lock(&self->lock);
    epoch = atomic_load(&self->current);
    if (has_readers(self, epoch - 1)) {
        (void)pthread_mutex_unlock(&self->lock);
        return 0;
    }
    atomic_store(&self->current, epoch + 1);
    ripe = &self->limbo[(epoch + 1 - 2) % EPOCH_PHASES]; /* invariant 3 */
    *ret_ripe = *ripe;
    *ripe = (Limbo){0};
    (void)atomic_fetch_sub_explicit(&self->limbo_count, ret_ripe->count, memory_order_relaxed);
    (void)atomic_fetch_sub_explicit(&self->limbo_bytes, ret_ripe->bytes, memory_order_relaxed);
    (void)pthread_mutex_unlock(&self->lock);
    return 1;
}

Limbo epoch_take_all(Epoch *self)
{
    Limbo all = {0};
    for (size_t phase = 0; phase < EPOCH_PHASES; phase++) {
        Limbo *limbo = &self->limbo[phase];
        while (limbo->superseded != NULL) {
            Version *version = limbo->superseded;
            limbo->superseded = version->next_retired;
            version->next_retired = all.superseded;
            all.superseded = version;
        }
        while (limbo->versions != NULL) {
            Version *version = limbo->versions;
            limbo->versions = version->next_retired;
            version->next_retired = all.versions;
            all.versions = version;
        }
        while (limbo->records != NULL) {
            Record *record = limbo->records;
            limbo->records = record->next_retired;
            record->next_retired = all.records;
            all.records = record;
        }
        while (limbo->nodes != NULL) {
            RetiredNode *node = limbo->nodes;
            limbo->nodes = node->next_retired;
            node->next_retired = all.nodes;
            all.nodes = node;
        }
    }
    return all;
}
