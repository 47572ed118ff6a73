/*
 * page/cache_bytes.h - where the bytes of frames lie: in a few large pools, for which the kernel is asked for huge
 * pages. A random read meets far fewer misses of the TLB then; that is a third of its time.
 *
 * A small cache has no pools, and what goes beyond the limit of a large one lies outside of them, so that a large
 * transaction does not keep its memory for ever.
 */
#ifndef LEDGER_PAGE_CACHE_BYTES_H
#define LEDGER_PAGE_CACHE_BYTES_H

#include "storage/backend.h"

#include <pthread.h>

enum { CACHE_POOL_MAX = 64 };

typedef struct CachePool {
    void *memory;          /* as it was allocated */
    unsigned char *blocks; /* from here on */
    size_t live_count;     /* blocks that are taken */
} CachePool;

typedef struct CacheBytes {
    pthread_mutex_t lock;
    size_t block_size, blocks_per_pool;
    uint32_t pool_max, pool_count;
    size_t next_block; /* of the last pool: never taken yet */
    void *free_blocks; /* each begins with the address of the next one, then the number of its pool */
    int is_ending;
    CachePool pools[CACHE_POOL_MAX];
} CacheBytes;

/* For pages of `page_size` bytes, as many as `limit` bytes are. */
void cache_bytes_init(CacheBytes *self, uint32_t page_size, uint64_t limit);

/* A page, not set. `*ret_pool` goes back with it. NULL: no memory. */
unsigned char *cache_bytes_take(CacheBytes *self, uint32_t *ret_pool);
void cache_bytes_give(CacheBytes *self, unsigned char *bytes, uint32_t pool);

/* Nothing is taken any more: a pool is freed when its last page is given back. */
void cache_bytes_end(CacheBytes *self);

/* Everything was given back. */
void cache_bytes_done(CacheBytes *self);

#endif
