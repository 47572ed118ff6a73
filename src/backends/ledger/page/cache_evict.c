/*
 * page/cache_evict.c - the two queues, and the pages that left the small one (S3-FIFO, Yang et al., SOSP 2023).
 *
 * Invariants:
 *   1. A clean frame is in exactly one queue for as long as it is in the table, but for the moments in which the queue
 *      lock is held, or between its insertion and its being queued.
 *   2. A frame leaves the table by eviction only after it left its queue: no queue has a frame that may be used anew.
 *   3. A search looks at a bounded number of frames, so that no reader pays for all of the others.
 */
#include "backends/ledger/page/cache_evict.h"

enum {
    SMALL_SHARE = 10,   /* the small queue has one in so many frames */
    PROMOTE_AT = 2,     /* finds in the small queue: one is only the second half of a scan's read */
    SEARCH_STEPS = 128, /* frames that one search looks at */
    EVICT_MAX = 4,      /* frames that one allocation evicts */
    AHEAD_MAX = 512     /* frames on their way out that are worth waiting for */
};

static void push(CacheQueue *queue, Frame *frame)
{
    frame->queued = NULL;
    if (queue->last != NULL)
        queue->last->queued = frame;
    else
        queue->first = frame;
    queue->last = frame;
    queue->count++;
}

static Frame *pop(CacheQueue *queue)
{
    Frame *frame = queue->first;
    if (frame == NULL)
        return NULL;
    queue->first = frame->queued;
    if (queue->first == NULL)
        queue->last = NULL;
    queue->count--;
    return frame;
}

static uint64_t *ghost_of(PageCache *self, uint64_t page_id)
{
    return &self->ghosts[((page_id * UINT64_C(0x9E3779B97F4A7C15)) >> 24) & self->ghost_mask];
}

void cache_enqueue(PageCache *self, Frame *frame)
{
    uint64_t *ghost;
    (void)pthread_mutex_lock(&self->queue_lock);
    ghost = ghost_of(self, frame->base.page_id);
    if (*ghost == frame->base.page_id) {
        *ghost = 0;
        push(&self->main, frame);
    } else {
        push(&self->small, frame);
    }
    (void)pthread_mutex_unlock(&self->queue_lock);
}

void cache_enqueue_written(PageCache *self, Frame *frame)
{
    (void)pthread_mutex_lock(&self->queue_lock);
    atomic_store_explicit(&frame->frequency, 0, memory_order_relaxed); /* the writer's own finds do not count */
    push(&self->main, frame);
    (void)pthread_mutex_unlock(&self->queue_lock);
}

/* Takes a frame out of the small queue: into the main one, or out of the cache. */
static Frame *sift_small(PageCache *self)
{
    Frame *frame = pop(&self->small);
    if (atomic_load_explicit(&frame->frequency, memory_order_relaxed) >= PROMOTE_AT || !cache_unlink(self, frame, 1)) {
        atomic_store_explicit(&frame->frequency, 0, memory_order_relaxed);
        push(&self->main, frame);
        return NULL;
    }
    *ghost_of(self, frame->base.page_id) = frame->base.page_id;
    return frame;
}

/* Takes a frame out of the main queue: to its end, or out of the cache. */
static Frame *sift_main(PageCache *self)
{
    Frame *frame = pop(&self->main);
    uint8_t frequency = atomic_load_explicit(&frame->frequency, memory_order_relaxed);
    if (frequency == 0 && cache_unlink(self, frame, 1))
        return frame;
    if (frequency > 0)
        atomic_store_explicit(&frame->frequency, (uint8_t)(frequency - 1), memory_order_relaxed);
    push(&self->main, frame);
    return NULL;
}

/* 1: a frame went to limbo. */
static int evict(PageCache *self)
{
    Frame *frame = NULL;
    (void)pthread_mutex_lock(&self->queue_lock);
    for (int step = 0; step < SEARCH_STEPS && frame == NULL; step++) { /* 3 */
        size_t total = self->small.count + self->main.count;
        if (total == 0)
            break;
        if (self->main.count == 0 || self->small.count > total / SMALL_SHARE)
            frame = sift_small(self);
        else
            frame = sift_main(self);
    }
    (void)pthread_mutex_unlock(&self->queue_lock);
    if (frame == NULL)
        return 0;
    (void)atomic_fetch_add_explicit(&self->evict_count, 1, memory_order_relaxed);
    cache_retire_private(self, frame);
    return 1;
}

/* Bytes of frames that are not on their way out, when there is room for `size` more. */
static int is_full(const PageCache *self, size_t size, uint64_t mark)
{
    uint64_t used = atomic_load_explicit(&self->used, memory_order_relaxed) + size;
    uint64_t leaving = atomic_load_explicit(&self->limbo_count, memory_order_relaxed) * size;
    return used > mark + leaving;
}

/* A frame is freed two epochs after it was evicted, so room is made a few frames ahead. */
static uint64_t mark_of(const PageCache *self, size_t size)
{
    uint64_t ahead = self->limit / 8 < AHEAD_MAX * size ? self->limit / 8 : AHEAD_MAX * size;
    return self->limit - ahead;
}

void cache_make_room(PageCache *self, size_t size)
{
    uint64_t mark = mark_of(self, size);
    if (atomic_load_explicit(&self->used, memory_order_relaxed) + size <= mark)
        return;
    for (int i = 0; i < EVICT_MAX && is_full(self, size, mark) && evict(self); i++)
        ;
    cache_advance(self);
}

void cache_trim(PageCache *self)
{
    size_t size = self->page_size + sizeof(Frame);
    uint64_t mark = mark_of(self, size);
    while (is_full(self, size, mark) && evict(self))
        ;
    cache_advance(self);
}
