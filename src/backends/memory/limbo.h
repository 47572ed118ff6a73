/*
 * memory/limbo.h - what was unlinked, by the epoch in which it was, until no reader can still be looking at it.
 */
#ifndef MEMORY_LIMBO_H
#define MEMORY_LIMBO_H

#include "backends/memory/record.h"
#include "core/epoch.h"

#include <pthread.h>

/* Blocks of the tree start with this. */
typedef struct RetiredNode {
    struct RetiredNode *next_retired;
} RetiredNode;

/* What was retired in one epoch. */
typedef struct LimboLists {
    Version *superseded; /* to be examined: may they be unlinked? */
    Version *versions;   /* unlinked; the store's reference is to be given back */
    Record *records;     /* the same */
    RetiredNode *nodes;  /* to be freed */
    size_t count;
    uint64_t bytes; /* of the versions, as far as they are known to be large */
} LimboLists;

typedef struct Limbo {
    Epoch epoch;          /* readers enter and leave it */
    _Atomic size_t count; /* of all phases; hints */
    _Atomic uint64_t bytes;
    pthread_mutex_t lock;
    LimboLists phases[EPOCH_PHASES]; /* under the lock */
} Limbo;

int limbo_init(Limbo *self); /* 0, or an errno number */
void limbo_done(Limbo *self);

/* Each takes a list, or one element, linked by next_retired. */
void limbo_retire_superseded(Limbo *self, Version *list, size_t count);
void limbo_retire_version(Limbo *self, Version *version);
void limbo_retire_record(Limbo *self, Record *record);
void limbo_retire_node(Limbo *self, RetiredNode *node);

/* Moves to the next epoch if no reader holds it back; what comes out of limbo is the caller's. 1 when it moved. */
int limbo_advance(Limbo *self, LimboLists *ret_ripe);

/* Everything in limbo, for a store that nobody uses any more. */
LimboLists limbo_take_all(Limbo *self);

#endif
