/*
 * core/epoch.h - when has every reader gone who could have found something?
 *
 * Epoch-based reclamation (Fraser, "Practical lock-freedom", 2004). A reader counts itself in the current epoch and
 * never waits. What was unlinked is put aside under the phase of that moment, and may be freed two epochs later, when
 * every reader who could have found it has gone. What is put aside, and where, is the user's: here are only the counts.
 */
#ifndef CORE_EPOCH_H
#define CORE_EPOCH_H

#include <stdatomic.h>
#include <stdint.h>

enum { EPOCH_SHARD_COUNT = 32, EPOCH_PHASES = 3 };

typedef struct EpochShard {
    _Atomic uint32_t readers[EPOCH_PHASES];
    uint8_t padding[128 - EPOCH_PHASES * sizeof(uint32_t)]; /* threads do not meet in a cache line */
} EpochShard;

typedef struct Epoch {
    EpochShard shards[EPOCH_SHARD_COUNT];
    _Atomic uint64_t current;
} Epoch;

typedef struct EpochGuard {
    uint32_t shard, phase;
} EpochGuard;

void epoch_init(Epoch *self);

EpochGuard epoch_enter(Epoch *self);
void epoch_leave(Epoch *self, EpochGuard guard);

/* The phase that what is put aside now belongs to. Under the lock that epoch_advance is called under. */
uint32_t epoch_phase(const Epoch *self);

/*
 * Moves to the next epoch if no reader holds it back: returns 1, and what was put aside under `*ret_ripe_phase` may be
 * freed; else 0. One call at a time.
 */
int epoch_advance(Epoch *self, uint32_t *ret_ripe_phase);

#endif
