/*
 * page/cache.c - frames: their descriptors and bytes, the table from page to frame, limbo, pins.
 *
 * Invariants:
 *   1. A descriptor never moves. Its resident_id is set last and cleared first, and it is not used for another page
 *      before two epochs have passed: so a reader that finds the id it looks for also finds the birth, the bytes and
 *      everything else of that page, for as long as it stays in its epoch.
 *   2. A frame is in a bucket exactly while its resident_id is not 0; both change under the lock of the shard.
 *   3. Bytes are freed when no reader can find the frame any more and nobody has it pinned. Whoever brings the second
 * of the two about frees them: FRAME_ORPHAN and the pins are one word.
 *   4. `used` counts the bytes of every frame that has bytes.
 *   5. Frames of former births of a page stay in the table until they are evicted. So buckets go by page id and birth:
 *      a page that is made anew with every commit does not make a chain longer.
 */
#include "backends/ledger/page/cache.h"

#include "backends/ledger/page/cache_evict.h"

#include <string.h>

#define CACHE_LINE 64u
#define SHARD_BUCKETS_FIRST 16u
#define FREED_BYTE 0xDD

static size_t frame_size(const PageCache *self)
{
    return self->page_size + sizeof(Frame);
}

/* ---- descriptors ---- */

/* Frames of chunk `chunk`, one behind the other, at cache lines. */
static int add_chunk(PageCache *self, uint32_t chunk)
{
    size_t count = (size_t)CACHE_CHUNK_FIRST << chunk;
    void *block = storage_allocate_zero(count * sizeof(Frame) + CACHE_LINE);
    uintptr_t address = (uintptr_t)block;
    if (block == NULL)
        return 0;
    self->blocks[chunk] = block;
    self->chunks[chunk] = (Frame *)((address + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE);
    return 1;
}

static Frame *frame_at(const PageCache *self, uint32_t number)
{
    uint32_t biased = number + CACHE_CHUNK_FIRST, chunk = 31u - (uint32_t)__builtin_clz(biased) - 8u;
    return &self->chunks[chunk][biased - ((uint32_t)CACHE_CHUNK_FIRST << chunk)];
}

static Frame *take_descriptor(PageCache *self)
{
    Frame *frame;
    (void)pthread_mutex_lock(&self->frame_lock);
    frame = self->free_frames;
    if (frame != NULL) {
        self->free_frames = frame->chain;
    } else if (self->frame_count < UINT32_MAX - 2 * CACHE_CHUNK_FIRST) {
        uint32_t biased = self->frame_count + CACHE_CHUNK_FIRST, chunk = 31u - (uint32_t)__builtin_clz(biased) - 8u;
        if (self->chunks[chunk] != NULL || add_chunk(self, chunk)) {
            frame = frame_at(self, self->frame_count);
            frame->number = self->frame_count++;
            frame->cache = self;
        }
    }
    (void)pthread_mutex_unlock(&self->frame_lock);
    return frame;
}

static void give_descriptor(PageCache *self, Frame *frame)
{
    (void)pthread_mutex_lock(&self->frame_lock);
    frame->chain = self->free_frames;
    self->free_frames = frame;
    (void)pthread_mutex_unlock(&self->frame_lock);
}

Frame *cache_allocate(PageCache *self, int has_hints, int *ret_is_over)
{
    uint64_t used;
    Frame *frame;
    cache_make_room(self, frame_size(self));
    frame = take_descriptor(self);
    if (frame == NULL)
        return NULL;
    frame->base.bytes = cache_bytes_take(&self->bytes, &frame->pool);
    frame->base.hints = has_hints ? storage_allocate_zero(self->hint_count * sizeof(*frame->base.hints)) : NULL;
    if (frame->base.bytes == NULL || (has_hints && frame->base.hints == NULL)) {
        if (frame->base.bytes != NULL)
            cache_bytes_give(&self->bytes, frame->base.bytes, frame->pool);
        storage_release((void *)frame->base.hints);
        frame->base.bytes = NULL;
        give_descriptor(self, frame);
        return NULL;
    }
    atomic_store_explicit(&frame->base.pins, 0, memory_order_relaxed);
    atomic_store_explicit(&frame->frequency, 0, memory_order_relaxed);
    frame->is_dirty = 0;
    frame->is_sealed = 0;
    used = atomic_fetch_add(&self->used, frame_size(self)) + frame_size(self);
    *ret_is_over = used > self->limit;
    return frame;
}

void cache_free(PageCache *self, Frame *frame)
{
#ifndef NDEBUG
    memset(frame->base.bytes, FREED_BYTE, self->page_size);
#endif
    cache_bytes_give(&self->bytes, frame->base.bytes, frame->pool);
    storage_release((void *)frame->base.hints);
    frame->base.bytes = NULL;
    frame->base.hints = NULL;
    (void)atomic_fetch_sub(&self->used, frame_size(self)); /* 4 */
    give_descriptor(self, frame);
}

/* ---- the table ---- */

static uint64_t hash_of(uint64_t page_id)
{
    return page_id * UINT64_C(0x9E3779B97F4A7C15);
}

static CacheShard *shard_of(PageCache *self, uint64_t page_id)
{
    return &self->shards[hash_of(page_id) >> 58];
}
_Static_assert(CACHE_SHARD_COUNT == 1 << (64 - 58), "shard_of takes the top bits");

static Frame **bucket_of(const CacheShard *shard, uint64_t page_id, uint64_t birth)
{
    return &shard->buckets[(hash_of(page_id ^ hash_of(birth)) >> 20) & (shard->bucket_count - 1)]; /* 5 */
}

static Frame *find(const CacheShard *shard, uint64_t page_id, uint64_t birth)
{
    Frame *frame = *bucket_of(shard, page_id, birth);
    while (frame != NULL && (frame->base.page_id != page_id || frame->base.birth != birth))
        frame = frame->chain;
    return frame;
}

/* Twice as many buckets. Without memory the chains only get longer. */
static void grow_shard(CacheShard *shard)
{
    CacheShard larger = {.bucket_count = shard->bucket_count * 2};
    larger.buckets = storage_allocate_zero(larger.bucket_count * sizeof(Frame *));
    if (larger.buckets == NULL)
        return;
    for (size_t i = 0; i < shard->bucket_count; i++)
        for (Frame *frame = shard->buckets[i], *next; frame != NULL; frame = next) {
            Frame **bucket = bucket_of(&larger, frame->base.page_id, frame->base.birth);
            next = frame->chain;
            frame->chain = *bucket;
            *bucket = frame;
        }
    storage_release(shard->buckets);
    shard->buckets = larger.buckets;
    shard->bucket_count = larger.bucket_count;
}

Frame *cache_find(PageCache *self, uint64_t page_id, uint64_t birth)
{
    CacheShard *shard = shard_of(self, page_id);
    Frame *frame;
    (void)pthread_mutex_lock(&shard->lock);
    frame = find(shard, page_id, birth);
    (void)pthread_mutex_unlock(&shard->lock);
    return frame;
}

/* ---- pages that are not written ---- */

static Frame **dirty_bucket_of(PageCache *self, uint64_t page_id)
{
    return &self->dirty[hash_of(page_id) >> 52];
}
_Static_assert(CACHE_DIRTY_BUCKETS == 1 << (64 - 52), "dirty_bucket_of takes the top bits");

Frame *cache_find_dirty(PageCache *self, uint64_t page_id)
{
    Frame *frame = *dirty_bucket_of(self, page_id);
    while (frame != NULL && frame->base.page_id != page_id)
        frame = frame->dirty_chain;
    return frame;
}

static void link_dirty(PageCache *self, Frame *frame)
{
    Frame **bucket = dirty_bucket_of(self, frame->base.page_id);
    frame->is_dirty = 1;
    frame->dirty_chain = *bucket;
    *bucket = frame;
}

static void unlink_dirty(PageCache *self, Frame *frame)
{
    Frame **place = dirty_bucket_of(self, frame->base.page_id);
    while (*place != frame)
        place = &(*place)->dirty_chain;
    *place = frame->dirty_chain;
    frame->is_dirty = 0;
}

/* ---- the table: putting in and taking out ---- */

/* Puts the frame into the table, unless there is one of this page: then that one is returned. */
static Frame *insert(PageCache *self, Frame *frame)
{
    CacheShard *shard = shard_of(self, frame->base.page_id);
    Frame *present;
    (void)pthread_mutex_lock(&shard->lock);
    present = find(shard, frame->base.page_id, frame->base.birth);
    if (present == NULL) {
        Frame **bucket;
        if (shard->count >= shard->bucket_count * 2)
            grow_shard(shard);
        bucket = bucket_of(shard, frame->base.page_id, frame->base.birth);
        frame->chain = *bucket;
        *bucket = frame;
        shard->count++;
        atomic_store_explicit(&frame->resident_id, frame->base.page_id, memory_order_release); /* 1 */
    }
    (void)pthread_mutex_unlock(&shard->lock);
    return present;
}

Frame *cache_insert(PageCache *self, Frame *frame)
{
    Frame *present = insert(self, frame);
    if (present != NULL) {
        cache_free(self, frame);
        return present;
    }
    cache_enqueue(self, frame);
    return frame;
}

void cache_insert_dirty(PageCache *self, Frame *frame)
{
    link_dirty(self, frame);
    (void)insert(self, frame);
}

void cache_clean(PageCache *self, Frame *frame)
{
    unlink_dirty(self, frame);
    cache_enqueue_written(self, frame);
}

/* Takes the frame out of the table, unless `must_be_unpinned` and it is not: then 0. */
int cache_unlink(PageCache *self, Frame *frame, int must_be_unpinned)
{
    CacheShard *shard = shard_of(self, frame->base.page_id);
    Frame **place;
    (void)pthread_mutex_lock(&shard->lock);
    if (must_be_unpinned && atomic_load_explicit(&frame->base.pins, memory_order_acquire) != 0) {
        (void)pthread_mutex_unlock(&shard->lock);
        return 0;
    }
    for (place = bucket_of(shard, frame->base.page_id, frame->base.birth); *place != frame; place = &(*place)->chain)
        ;
    *place = frame->chain;
    shard->count--;
    atomic_store_explicit(&frame->resident_id, 0, memory_order_release); /* 1, 2 */
    (void)pthread_mutex_unlock(&shard->lock);
    return 1;
}

void cache_drop(PageCache *self, Frame *frame)
{
    unlink_dirty(self, frame);
    (void)cache_unlink(self, frame, 0);
    cache_retire_private(self, frame);
}

/* ---- limbo and pins ---- */

void cache_retire(PageCache *self, LedgerRetired *retired)
{
    LedgerRetired **list;
    (void)pthread_mutex_lock(&self->limbo_lock);
    list = &self->limbo[epoch_phase(&self->epoch)];
    retired->next = *list;
    *list = retired;
    (void)atomic_fetch_add_explicit(&self->limbo_count, 1, memory_order_relaxed);
    (void)pthread_mutex_unlock(&self->limbo_lock);
}

void cache_retire_private(PageCache *self, Frame *frame)
{
    frame->retired.release = NULL; /* it is a frame */
    cache_retire(self, &frame->retired);
}

/* Nobody can find the frame any more: frees it, or leaves that to the last unpin (3). */
static void end_frame(PageCache *self, Frame *frame)
{
    uint32_t pins;
    (void)atomic_fetch_add(&self->outstanding, 1);
    pins = atomic_fetch_or(&frame->base.pins, FRAME_ORPHAN);
    if (pins == 0)
        cache_free(self, frame);
    if (pins == 0 || (pins & FRAME_ORPHAN) != 0)
        (void)atomic_fetch_sub(&self->outstanding, 1);
}

static void release_list(PageCache *self, LedgerRetired *list)
{
    for (LedgerRetired *next; list != NULL; list = next) {
        next = list->next;
        if (list->release == NULL)
            end_frame(self, (Frame *)((unsigned char *)list - offsetof(Frame, retired)));
        else
            list->release(list);
    }
}

void cache_advance(PageCache *self)
{
    LedgerRetired *ripe = NULL;
    uint32_t phase;
    uint64_t count = 0;
    (void)pthread_mutex_lock(&self->limbo_lock);
    if (epoch_advance(&self->epoch, &phase)) {
        ripe = self->limbo[phase];
        self->limbo[phase] = NULL;
        for (LedgerRetired *retired = ripe; retired != NULL; retired = retired->next)
            count++;
        (void)atomic_fetch_sub_explicit(&self->limbo_count, count, memory_order_relaxed);
    }
    (void)pthread_mutex_unlock(&self->limbo_lock);
    release_list(self, ripe);
}

static void free_cache(PageCache *self)
{
    for (uint32_t chunk = 0; chunk < CACHE_CHUNK_COUNT; chunk++)
        storage_release(self->blocks[chunk]);
    for (uint32_t i = 0; i < CACHE_SHARD_COUNT; i++) {
        storage_release(self->shards[i].buckets);
        (void)pthread_mutex_destroy(&self->shards[i].lock);
    }
    storage_release(self->ghosts);
    cache_bytes_done(&self->bytes);
    (void)pthread_mutex_destroy(&self->frame_lock);
    (void)pthread_mutex_destroy(&self->queue_lock);
    (void)pthread_mutex_destroy(&self->limbo_lock);
}

int cache_unpin(PageCache *self, Frame *frame)
{
    if (atomic_fetch_sub(&frame->base.pins, 1) != (FRAME_ORPHAN | 1u))
        return 0;
    cache_free(self, frame);
    if (atomic_fetch_sub(&self->outstanding, 1) != 1)
        return 0;
    free_cache(self);
    return 1;
}

/* ---- beginning and end ---- */

StorageStatus cache_init(PageCache *self, uint32_t page_size, uint64_t limit)
{
    memset(self, 0, sizeof(*self));
    self->page_size = page_size;
    self->hint_count = (page_size - LEDGER_PAGE_HEADER_SIZE) / LEDGER_POINTER_SIZE + 2;
    self->limit = limit;
    atomic_init(&self->outstanding, 1);
    epoch_init(&self->epoch);
    cache_bytes_init(&self->bytes, page_size, limit);
    (void)pthread_mutex_init(&self->frame_lock, NULL);
    (void)pthread_mutex_init(&self->queue_lock, NULL);
    (void)pthread_mutex_init(&self->limbo_lock, NULL);
    for (uint32_t i = 0; i < CACHE_SHARD_COUNT; i++)
        (void)pthread_mutex_init(&self->shards[i].lock, NULL);
    self->ghost_mask = 64;
    while (self->ghost_mask < limit / frame_size(self))
        self->ghost_mask *= 2;
    self->ghosts = storage_allocate_zero(self->ghost_mask * sizeof(*self->ghosts));
    self->ghost_mask--;
    for (uint32_t i = 0; i < CACHE_SHARD_COUNT && self->ghosts != NULL; i++) {
        self->shards[i].bucket_count = SHARD_BUCKETS_FIRST;
        self->shards[i].buckets = storage_allocate_zero(SHARD_BUCKETS_FIRST * sizeof(Frame *));
        if (self->shards[i].buckets == NULL)
            break;
    }
    if (self->ghosts != NULL && self->shards[CACHE_SHARD_COUNT - 1].buckets != NULL)
        return STORAGE_OK;
    free_cache(self);
    return STORAGE_NO_MEMORY;
}

int cache_done(PageCache *self)
{
    for (uint32_t phase = 0; phase < EPOCH_PHASES; phase++) {
        for (LedgerRetired *retired = self->limbo[phase], *next; retired != NULL; retired = next) {
            next = retired->next;
            if (retired->release != NULL)
                retired->release(retired);
        }
        self->limbo[phase] = NULL;
    }
    cache_bytes_end(&self->bytes);
    for (uint32_t number = 0; number < self->frame_count; number++) {
        Frame *frame = frame_at(self, number);
        /* An orphan may be freed by its last unpin at any moment: only its pins may be looked at. */
        if ((atomic_load(&frame->base.pins) & FRAME_ORPHAN) == 0 && frame->base.bytes != NULL)
            end_frame(self, frame);
    }
    if (atomic_fetch_sub(&self->outstanding, 1) != 1)
        return 0;
    free_cache(self);
    return 1;
}
