/*
 * page/cache_bytes.c - pools of page bytes.
 *
 * Invariants:
 *   1. A block is taken, or in the list of free blocks, or at or behind next_block of the last pool.
 *   2. Blocks are a little larger than pages: were they at multiples of a power of two, the same bytes of all nodes
 * would fall into the same few sets of the processor's caches.
 */
#include "backends/ledger/page/cache_bytes.h"

#include "core/allocator.h"

#include <string.h>

#define HUGE_PAGE_SIZE (UINT64_C(2) << 20)
#define POOLED_LIMIT_MIN (UINT64_C(16) << 20) /* a smaller cache has no pools */
#define BLOCK_STAGGER 128u /* 2; two cache lines, so that the first heads of a node stay at the start of one */

enum { OUTSIDE = CACHE_POOL_MAX }; /* the pool of what lies in none */

typedef struct FreeBlock {
    struct FreeBlock *next;
    uint32_t pool;
} FreeBlock;

void cache_bytes_init(CacheBytes *self, uint32_t page_size, uint64_t limit)
{
    uint64_t pool_size = limit / (CACHE_POOL_MAX / 2) + HUGE_PAGE_SIZE - 1;
    memset(self, 0, sizeof(*self));
    (void)pthread_mutex_init(&self->lock, NULL);
    self->block_size = page_size + BLOCK_STAGGER;
    if (limit < POOLED_LIMIT_MIN)
        return;
    pool_size = pool_size / HUGE_PAGE_SIZE * HUGE_PAGE_SIZE;
    self->blocks_per_pool = (size_t)(pool_size / self->block_size);
    self->pool_max = (uint32_t)(limit / pool_size);
}

/* With the lock: a pool more. 0: there is no memory, or there are enough. */
static int add_pool(CacheBytes *self)
{
    size_t size = self->blocks_per_pool * self->block_size;
    CachePool pool = {0};
    if (self->pool_count == self->pool_max)
        return 0;
    pool.memory = storage_allocate(size + HUGE_PAGE_SIZE);
    if (pool.memory == NULL)
        return 0;
    pool.blocks = (unsigned char *)(((uintptr_t)pool.memory + HUGE_PAGE_SIZE - 1) / HUGE_PAGE_SIZE * HUGE_PAGE_SIZE);
    allocator_prefer_huge_pages(pool.blocks, size);
    self->pools[self->pool_count++] = pool;
    self->next_block = 0;
    return 1;
}

/* With the lock: a block of a pool, or NULL. */
static unsigned char *take_pooled(CacheBytes *self, uint32_t *ret_pool)
{
    FreeBlock *block = self->free_blocks;
    unsigned char *bytes;
    if (block != NULL) {
        self->free_blocks = block->next;
        *ret_pool = block->pool;
        bytes = (unsigned char *)block;
    } else {
        if ((self->pool_count == 0 || self->next_block == self->blocks_per_pool) && !add_pool(self))
            return NULL;
        *ret_pool = self->pool_count - 1;
        bytes = self->pools[*ret_pool].blocks + self->next_block++ * self->block_size;
    }
    self->pools[*ret_pool].live_count++;
    return bytes;
}

unsigned char *cache_bytes_take(CacheBytes *self, uint32_t *ret_pool)
{
    unsigned char *bytes = NULL;
    if (self->pool_max > 0) {
        (void)pthread_mutex_lock(&self->lock);
        bytes = take_pooled(self, ret_pool);
        (void)pthread_mutex_unlock(&self->lock);
    }
    if (bytes == NULL) {
        *ret_pool = OUTSIDE;
        bytes = storage_allocate(self->block_size - BLOCK_STAGGER);
    }
    return bytes;
}

/* With the lock, after the end. */
static void free_if_empty(CachePool *pool)
{
    if (pool->live_count > 0)
        return;
    storage_release(pool->memory);
    pool->memory = NULL;
}

void cache_bytes_give(CacheBytes *self, unsigned char *bytes, uint32_t pool)
{
    FreeBlock *block = (FreeBlock *)(void *)bytes;
    if (pool == OUTSIDE) {
        storage_release(bytes);
        return;
    }
    (void)pthread_mutex_lock(&self->lock);
    self->pools[pool].live_count--;
    if (self->is_ending) {
        free_if_empty(&self->pools[pool]);
    } else {
        *block = (FreeBlock){self->free_blocks, pool};
        self->free_blocks = block;
    }
    (void)pthread_mutex_unlock(&self->lock);
}

void cache_bytes_end(CacheBytes *self)
{
    (void)pthread_mutex_lock(&self->lock);
    self->is_ending = 1;
    self->free_blocks = NULL;
    for (uint32_t pool = 0; pool < self->pool_count; pool++)
        free_if_empty(&self->pools[pool]);
    (void)pthread_mutex_unlock(&self->lock);
}

void cache_bytes_done(CacheBytes *self)
{
    for (uint32_t pool = 0; pool < self->pool_count; pool++)
        storage_release(self->pools[pool].memory);
    (void)pthread_mutex_destroy(&self->lock);
}
