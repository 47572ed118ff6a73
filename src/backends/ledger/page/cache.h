/*
 * page/cache.h - pages in memory, within a limit of bytes.
 *
 * A frame is a descriptor, which never moves and is never freed while the cache is open, and the bytes of a page, which
 * are allocated apart. Frames that may be evicted are in one of two queues (S3-FIFO: Yang et al., SOSP 2023): a page
 * comes into the small one, and only if it is asked for again there, or soon after it left, into the main one. So a
 * scan passes through a tenth of the cache and leaves the rest alone.
 *
 *   free --allocate--> loading --insert--> resident --evict--> limbo --two epochs--> free
 *                         |                ^   |                 |
 *                         |    (written) clean | dropped         '--pinned--> orphan --last unpin--> free
 *                         '--insert_dirty--> dirty
 */
#ifndef LEDGER_PAGE_CACHE_H
#define LEDGER_PAGE_CACHE_H

#include "backends/ledger/page/cache_bytes.h"
#include "backends/ledger/page/pager.h"
#include "core/epoch.h"

#include <pthread.h>

enum { CACHE_CHUNK_FIRST = 256, CACHE_CHUNK_COUNT = 24, CACHE_SHARD_COUNT = 64, CACHE_DIRTY_BUCKETS = 4096 };

#define FRAME_ORPHAN (UINT32_C(1) << 31) /* in pins: the last unpin frees it */

typedef struct Frame {
    LedgerFrame base;
    _Atomic uint64_t resident_id; /* its page id while it may be found, else 0 */
    uint64_t owner;
    uint32_t number;
    uint8_t type, level;
    _Atomic uint8_t frequency; /* how often it was found since it was queued, as far as that matters */
    uint8_t is_dirty;          /* the writer's: not written yet, in no queue */
    /* What hits do not look at: */
    LedgerRetired retired;
    struct Frame *chain; /* in its bucket, or among the free ones */
    struct Frame *queued;
    struct PageCache *cache;
    uint32_t dirty_index; /* the writer's */
    uint8_t is_sealed;    /* the writer's: its check is right */
    uint8_t reserved[3];
    uint32_t pool; /* that its bytes are of */
    uint8_t padding[4];
    struct Frame *dirty_chain; /* the writer's: among those that are not written */
} Frame;
_Static_assert(sizeof(Frame) == 128, "a hit looks at one cache line");

typedef struct CacheShard {
    pthread_mutex_t lock;
    Frame **buckets;
    size_t bucket_count, count;
} CacheShard;

typedef struct CacheQueue {
    Frame *first, *last;
    size_t count;
} CacheQueue;

typedef struct PageCache {
    uint32_t page_size, hint_count;
    uint64_t limit;        /* bytes */
    _Atomic uint64_t used; /* bytes of frames, those in limbo and orphans included */
    Epoch epoch;
    CacheBytes bytes;
    Frame *chunks[CACHE_CHUNK_COUNT]; /* chunk k has CACHE_CHUNK_FIRST << k frames */
    void *blocks[CACHE_CHUNK_COUNT];  /* what the chunks were aligned in */
    pthread_mutex_t frame_lock;       /* what follows */
    uint32_t frame_count;             /* that were ever used */
    Frame *free_frames;
    CacheShard shards[CACHE_SHARD_COUNT];
    Frame *dirty[CACHE_DIRTY_BUCKETS]; /* the writer's: pages that are not written, by page id alone */
    pthread_mutex_t queue_lock;        /* what follows; taken before that of a shard */
    CacheQueue small, main;
    uint64_t *ghosts; /* page ids that left the small queue, by hash */
    size_t ghost_mask;
    pthread_mutex_t limbo_lock; /* what follows; the last one */
    LedgerRetired *limbo[EPOCH_PHASES];
    _Atomic uint64_t limbo_count;
    _Atomic uint64_t outstanding; /* 1, and frames that outlive the close */
    _Atomic uint64_t miss_count, evict_count, private_count;
} PageCache;

/* `limit` in bytes. OK or NO_MEMORY. */
StorageStatus cache_init(PageCache *self, uint32_t page_size, uint64_t limit);

/*
 * Nobody reads or writes any more; frames may still be pinned. Returns 1 when nothing is left, and the memory that
 * `self` lies in may be freed; 0: that is up to the cache_unpin that returns 1.
 */
int cache_done(PageCache *self);

/* ---- readers ---- */

/* The frame that a hint means, if it has this page. Inside an epoch. */
static inline Frame *cache_at_hint(const PageCache *self, uint32_t hint, uint64_t page_id, uint64_t birth)
{
    /* hint - 1 is the number; chunk k begins at number CACHE_CHUNK_FIRST * (2^k - 1). */
    uint32_t biased = hint - 1 + CACHE_CHUNK_FIRST;
    uint32_t chunk = 31u - (uint32_t)__builtin_clz(biased) - 8u;
    Frame *frame = &self->chunks[chunk][biased - ((uint32_t)CACHE_CHUNK_FIRST << chunk)];
    /* The id first: it is set after the birth, and cleared before the frame can get another one. */
    if (atomic_load_explicit(&frame->resident_id, memory_order_acquire) != page_id || frame->base.birth != birth)
        return NULL;
    return frame;
}
_Static_assert(CACHE_CHUNK_FIRST == 1 << 8, "cache_at_hint counts on it");

/* Notes that a frame was found. Once it has been often enough, nothing is written. */
static inline void cache_touch(Frame *frame)
{
    uint8_t frequency = atomic_load_explicit(&frame->frequency, memory_order_relaxed);
    if (frequency < 2)
        atomic_store_explicit(&frame->frequency, (uint8_t)(frequency + 1), memory_order_relaxed);
}

/* The frame of a page that is in memory, or NULL. Inside an epoch, or the writer for a page that is not written. */
Frame *cache_find(PageCache *self, uint64_t page_id, uint64_t birth);

/* The frame of a page that is not written, whatever its birth; there is at most one. The writer. */
Frame *cache_find_dirty(PageCache *self, uint64_t page_id);

/*
 * A frame that nobody else knows, with bytes that are not set, and hints that are none. Makes room for it first. NULL:
 * no memory. `*ret_is_over`: nothing could be evicted, and the cache is over its limit by it.
 */
Frame *cache_allocate(PageCache *self, int has_hints, int *ret_is_over);

/* Frees a frame that nobody else knows. */
void cache_free(PageCache *self, Frame *frame);

/* Makes a page that was read known under base.page_id, and may evict it later. Returns the frame of the page, which is
 * another one when somebody was faster; then `frame` is freed. */
Frame *cache_insert(PageCache *self, Frame *frame);

/* Frees a frame that nobody else knows when all readers of now have gone. */
void cache_retire_private(PageCache *self, Frame *frame);

/* Frees a block when all readers of now have gone; it can no longer be found. */
void cache_retire(PageCache *self, LedgerRetired *retired);

/* Frees what readers have left behind, if they have. */
void cache_advance(PageCache *self);

/* Returns 1 when the frame was the last one of a cache that is done. */
int cache_unpin(PageCache *self, Frame *frame);

/* ---- the writer ---- */

/* Makes a new page known; it stays until cache_clean or cache_drop. NO_MEMORY is not possible. */
void cache_insert_dirty(PageCache *self, Frame *frame);

/* The page was written: it may be evicted. */
void cache_clean(PageCache *self, Frame *frame);

/* After many pages were written: evicts what is over the limit. */
void cache_trim(PageCache *self);

/* A dirty page that nobody may find any more. */
void cache_drop(PageCache *self, Frame *frame);

#endif
