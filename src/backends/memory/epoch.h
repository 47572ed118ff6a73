/*
 * memory/epoch.h - when may memory be freed that readers may still be looking at?
 *
 * Epoch-based reclamation (Fraser, "Practical lock-freedom", 2004). A reader counts itself in the current epoch and
 * never waits. What was unlinked goes to limbo under the epoch of that moment, and leaves it two epochs later, when
 * every reader who could have found it has gone.
 */
#ifndef MEMORY_EPOCH_H
#define MEMORY_EPOCH_H

#include "backends/memory/record.h"

#include <pthread.h>

enum { EPOCH_SHARD_COUNT = 32, EPOCH_PHASES = 3 };

/* Blocks of the tree start with this. */
typedef struct RetiredNode {
    struct RetiredNode *next_retired;
} RetiredNode;

/* What was retired in one epoch. */
typedef struct Limbo {
    Version *superseded; /* to be examined: may they be unlinked? */
    Version *versions;   /* unlinked; the store's reference is to be given back */
    Record *records;     /* the same */
    RetiredNode *nodes;  /* to be freed */
    size_t count;
    uint64_t bytes; /* of the versions, as far as they are known to be large */
} Limbo;

typedef struct EpochShard {
    _Atomic uint32_t readers[EPOCH_PHASES];
    uint8_t padding[128 - EPOCH_PHASES * sizeof(uint32_t)]; /* threads do not meet in a cache line */
} EpochShard;

typedef struct Epoch {
    EpochShard shards[EPOCH_SHARD_COUNT];
    _Atomic uint64_t current;
    _Atomic size_t limbo_count; /* of all phases; hints */
    _Atomic uint64_t limbo_bytes;
    pthread_mutex_t lock;
    Limbo limbo[EPOCH_PHASES]; /* by epoch modulo EPOCH_PHASES; under the lock */
} Epoch;

typedef struct EpochGuard {
    uint32_t shard, phase;
} EpochGuard;

int epoch_init(Epoch *self); /* 0, or an errno number */
void epoch_done(Epoch *self);

EpochGuard epoch_enter(Epoch *self);
void epoch_leave(Epoch *self, EpochGuard guard);

/* Each takes a list, or one element, linked by next_retired. */
void epoch_retire_superseded(Epoch *self, Version *list, size_t count);
void epoch_retire_version(Epoch *self, Version *version);
void epoch_retire_record(Epoch *self, Record *record);
void epoch_retire_node(Epoch *self, RetiredNode *node);

/* Moves to the next epoch if no reader holds it back; what comes out of limbo is the caller's. 1 when it moved. */
int epoch_advance(Epoch *self, Limbo *ret_ripe);

/* Everything in limbo, for a store that nobody uses any more. */
Limbo epoch_take_all(Epoch *self);

#endif
