/* core/lifecycle.h - the life of a stack: calls in progress, handles of the caller, the close, the fork. */
#ifndef CORE_LIFECYCLE_H
#define CORE_LIFECYCLE_H

#include "storage/backend.h"

#include <pthread.h>

enum { LIFECYCLE_SHARD_COUNT = 32 };

enum { HANDLE_CURSOR = 1, HANDLE_TRANSACTION = 2, HANDLE_WATCH = 3 };
enum {
    HANDLE_REGISTERED = 1u << 0, /* it is the caller's, and on the list of its stack */
    HANDLE_ENDED = 1u << 1       /* its close method has run; only the block is left */
};

/* Counts the calls in progress of some of the threads; padded so that threads do not meet in a cache line. */
typedef struct LifecycleShard {
    uint64_t calls; /* plus LIFECYCLE_CLOSING; atomic */
    uint8_t padding[120];
} LifecycleShard;

struct StorageLifecycle {
    LifecycleShard shards[LIFECYCLE_SHARD_COUNT];
    StorageEnvironment environment;
    const volatile unsigned char *process_marker;
    StorageBackend *top; /* changes while a stack is built, before it is shared */
    pthread_mutex_t lock;
    pthread_cond_t drained;
    /* under the lock: */
    StorageHandle *handles;
    size_t handle_count;
    uint32_t state;
};

/* Returns NULL when out of memory. */
StorageLifecycle *lifecycle_new(const StorageEnvironment *environment);
/* Frees one that was never shared. */
void lifecycle_free(StorageLifecycle *self);

static inline int lifecycle_is_forked(const StorageLifecycle *self)
{
    return *self->process_marker == 0;
}

/* The closer of a stack may end a handle while its owner is about to look at it. */
static inline uint32_t handle_state(const StorageHandle *handle)
{
    return __atomic_load_n(&handle->state, __ATOMIC_ACQUIRE);
}

/* Added to every counter by a close. */
#define LIFECYCLE_CLOSING (UINT64_C(1) << 63)

/* The slow half of leaving: the stack is being closed. */
void lifecycle_leave_closing(StorageLifecycle *self, uint32_t shard);

static inline uint32_t lifecycle_shard_of_thread(void)
{
    uint64_t thread = (uint64_t)(uintptr_t)pthread_self();
    return (uint32_t)((thread * UINT64_C(0x9E3779B97F4A7C15)) >> 59);
}
_Static_assert(LIFECYCLE_SHARD_COUNT == 1 << (64 - 59), "the shard is in the top bits of the product");

static inline void lifecycle_leave(StorageLifecycle *self, uint32_t shard)
{
    uint64_t calls = __atomic_load_n(&self->shards[shard].calls, __ATOMIC_RELAXED);
    while (calls < LIFECYCLE_CLOSING)
        if (__atomic_compare_exchange_n(&self->shards[shard].calls, &calls, calls - 1, 1, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED))
            return;
    lifecycle_leave_closing(self, shard);
}

/* Counts a call. Returns OK with the shard, or SHUTTING_DOWN and nothing was counted. */
static inline StorageStatus lifecycle_enter(StorageLifecycle *self, uint32_t *ret_shard)
{
    uint32_t shard = lifecycle_shard_of_thread();
    if (__atomic_fetch_add(&self->shards[shard].calls, 1, __ATOMIC_ACQUIRE) >= LIFECYCLE_CLOSING) {
        lifecycle_leave(self, shard);
        return STORAGE_SHUTTING_DOWN;
    }
    *ret_shard = shard;
    return STORAGE_OK;
}

/* Puts a handle on the list of those that the caller holds. */
void lifecycle_register(StorageLifecycle *self, StorageHandle *handle);

/* Closes a handle, on the list or not, and frees its block; `handle` NULL does nothing. */
void lifecycle_close_handle(StorageHandle *handle);

/* Runs the close method of a handle unless it has run. */
void lifecycle_end_handle(StorageHandle *handle);

/* storage_close after its arguments were checked. */
StorageStatus lifecycle_close(StorageLifecycle *self, StorageContext *ctx);

#endif
