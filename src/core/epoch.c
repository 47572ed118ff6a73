/*
 * core/epoch.c - counting readers by epoch.
 *
 * Invariants:
 *   1. A guard of epoch e was counted while `current` was e: the reader looks again after counting itself. All accesses
 *      to `current` and to the counters that this rests on are sequentially consistent, so either the advance sees the
 *      reader, or the reader sees the advance and counts itself anew.
 *   2. `current` goes from e to e + 1 only when no reader of e - 1 is counted. So at most two epochs have readers.
 *   3. What was put aside while `current` was e is ripe at the advance to e + 2: readers of e and before have gone, and
 *      later ones could not find it, because it had been unlinked before it was put aside.
 *   4. A shard that was seen empty for e - 1 stays empty of guards of e - 1, by 1.
 */
#include "core/epoch.h"

#include <pthread.h>
#include <stddef.h>

void epoch_init(Epoch *self)
{
    for (size_t shard = 0; shard < EPOCH_SHARD_COUNT; shard++)
        for (size_t phase = 0; phase < EPOCH_PHASES; phase++)
            atomic_init(&self->shards[shard].readers[phase], 0);
    atomic_init(&self->current, EPOCH_PHASES);
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

uint32_t epoch_phase(const Epoch *self)
{
    return (uint32_t)(atomic_load(&self->current) % EPOCH_PHASES);
}

static int has_readers(Epoch *self, uint64_t epoch)
{
    for (size_t i = 0; i < EPOCH_SHARD_COUNT; i++)
        if (atomic_load(&self->shards[i].readers[epoch % EPOCH_PHASES]) != 0)
            return 1;
    return 0;
}

int epoch_advance(Epoch *self, uint32_t *ret_ripe_phase)
{
    uint64_t epoch = atomic_load(&self->current);
    if (has_readers(self, epoch - 1))
        return 0;
    atomic_store(&self->current, epoch + 1);
    *ret_ripe_phase = (uint32_t)((epoch + 1 - 2) % EPOCH_PHASES); /* 3 */
    return 1;
}
