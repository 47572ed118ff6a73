/* memory/expiry_index.h - the newest versions that will expire, by time. */
#ifndef MEMORY_EXPIRY_INDEX_H
#define MEMORY_EXPIRY_INDEX_H

#include "backends/memory/record.h"

#include <pthread.h>

RB_HEAD(ExpiryTree, ExpiryNode);

typedef struct ExpiryIndex {
    pthread_mutex_t lock;
    struct ExpiryTree tree;
    size_t count;
    _Atomic int64_t next_ns;   /* when the first expires; STORAGE_NEVER when none does */
    _Atomic uint64_t examined; /* versions that sweeps looked at, ever */
} ExpiryIndex;

int expiry_index_init(ExpiryIndex *self); /* 0, or an errno number */
void expiry_index_done(ExpiryIndex *self);

/* The head of a record went from `superseded` (or NULL) to `version`. Takes no memory, cannot fail. */
void expiry_index_replace(ExpiryIndex *self, Version *superseded, Version *version);

/* Up to `room` versions that have expired at `now_ns`, pinned; they stay in the index. Returns how many. */
size_t expiry_index_due(ExpiryIndex *self, int64_t now_ns, Version **ret_versions, size_t room);
/* How many have expired, at most `limit`. */
size_t expiry_index_count_due(ExpiryIndex *self, int64_t now_ns, size_t limit);

#endif
