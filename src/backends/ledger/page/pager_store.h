/*
 * page/pager_store.h - the pager as the layers that own the store see it: opening, batches, holds, checkpoints.
 *
 * What a batch is: between pager_begin and pager_end the writer makes, changes and drops pages. pager_end makes them
 * the working state, which the layer above publishes with its roots; pager_revert makes it as if there had been no
 * batch. A checkpoint makes the working state durable, together with what the layer above wants to have in the slot.
 *
 * Functions marked (W) are the writer's: one thread at a time, and inside an epoch where it reads pages. The others are
 * for any thread.
 */
#ifndef LEDGER_PAGE_PAGER_STORE_H
#define LEDGER_PAGE_PAGER_STORE_H

#include "backends/ledger/page/pager.h"
#include "backends/ledger/page/slot_choice.h"

enum {
    PAGER_READ_ONLY = 1,
    PAGER_CREATE = 2 /* make the file when there is none */
};

#define PAGER_TYPE_COUNT 7u
#define PAGER_CACHE_FRAMES_MIN 64u /* a smaller cache_size is raised to so many pages */

/* What is wrong with the content of a page of a type that was read, for an error text; NULL: nothing. */
typedef const char *(*PagerCheck)(const unsigned char *bytes, uint32_t page_size);

typedef struct PagerOptions {
    const StorageEnvironment *environment; /* complete (environment_fill) */
    const char *path;
    uint32_t page_size; /* of a new file */
    uint32_t flags;
    uint64_t cache_size;                 /* bytes */
    uint64_t file_size_max;              /* bytes; 0: as the format allows */
    uint64_t reserve_count;              /* pages kept for what gives space back */
    PagerCheck checks[PAGER_TYPE_COUNT]; /* by type; NULL: none */
} PagerOptions;

/* What an open found, and did. */
typedef struct PagerOpening {
    CopyState copies[LAYOUT_COPY_COUNT];
    uint32_t chosen;      /* slot number */
    uint32_t repair_mask; /* copies of the chosen slot that are not good; a writing open has repaired them */
    int is_fallback;      /* the other slot is lost; the last commit may be */
    int is_map_bad;       /* the space map cannot be used: the file can only be read */
    int is_other_map_bad; /* that of the other slot; a writing open has overwritten that slot */
} PagerOpening;

typedef struct PagerStatistics {
    uint64_t page_count, used_count;                 /* of the working state, fixed places included */
    uint64_t file_count, free_count, held_count;     /* pages that the file has; that are free; that readers hold */
    uint64_t dirty_count;                            /* not written yet */
    uint64_t cache_limit, cache_used;                /* bytes */
    uint64_t miss_count, evict_count, private_count; /* pages read; evicted; read past a cache that was full */
    uint64_t write_count, sync_count;                /* pages and copies of slots written; syncs */
    int is_poisoned;
} PagerStatistics;

/*
 * Opens the file, checks its slots, space map and root pages, and, for writing, repairs what the page says.
 * Returns OK; INVALID_ARGUMENT; BUSY; INCOMPATIBLE; CORRUPT; ACCESS_DENIED; NO_SPACE; NO_MEMORY; IO; INDETERMINATE (a
 * repair failed).
 */
StorageStatus pager_open(const PagerOptions *options, LedgerPager **ret_pager, StorageContext *ctx);

/* Nobody reads or writes any more; pinned frames live on until their last pin goes. Writes nothing. NULL does nothing.
 */
void pager_close(LedgerPager *self);

/* What the open found. */
const PagerOpening *pager_opening(const LedgerPager *self);

/* (W) The newer slot: what was durable last. */
const LedgerSlot *pager_slot(const LedgerPager *self);

/* Revisions up to this one may be shown; larger ones when a checkpoint with a larger reserve is in both slots. */
uint64_t pager_reserve(const LedgerPager *self);

/* After an open: the first revision that is certainly new. The larger reserve of both slots, and one. */
uint64_t pager_first_revision(const LedgerPager *self);

/* (W) */
void pager_statistics(LedgerPager *self, PagerStatistics *ret_statistics);

/* The identity of the file, whatever its path is. */
int pager_identity(const LedgerPager *self, uint64_t ret_identity[2]);

/* ---- batches ---- */

/*
 * (W) Begins a batch. Its pages have the birth `birth`: the largest revision that a commit of it may get, larger than
 * the birth of any batch before. Returns OK; IO when the store is poisoned; READ_ONLY.
 */
StorageStatus pager_begin(LedgerPager *self, uint64_t birth, StorageContext *ctx);

/*
 * (W) Holds space in the file for what a commit may dirty, before it is applied, until the batch ends. `is_freeing`: it
 * gives back more than it takes, and may use the reserve. Returns OK; NO_SPACE, and nothing has changed; NO_MEMORY; IO
 * and INDETERMINATE from a slot copy that was tried to free pages.
 */
StorageStatus pager_hold(LedgerPager *self, uint64_t page_count, int is_freeing, StorageContext *ctx);

/* (W) The batch is part of the working state. Returns OK; what a pager_drop could not say: then it must be reverted. */
StorageStatus pager_end(LedgerPager *self, StorageContext *ctx);

/* (W) Pages that the batch made are gone, with their frames; those that it dropped are not dropped. */
void pager_revert(LedgerPager *self);

/* (W) Readers and the published state are at `revision` or later: what was dropped at it or before may be used again.
 */
void pager_release(LedgerPager *self, uint64_t revision);

/* ---- durability ---- */

/*
 * (W) Makes the working state durable with `next`: its revision, reserve, times, roots and what else is not the pager's
 * (page_count, used_count, space, slot_no, sequence are). Its pages are sealed. Between batches. Returns OK; NO_MEMORY,
 * and nothing has happened; IO, without effect; INDETERMINATE. After IO and INDETERMINATE the store is poisoned.
 */
StorageStatus pager_checkpoint(LedgerPager *self, const LedgerSlot *next, StorageContext *ctx);

/* (W) Writes the newer slot over the older one, which frees what only that one had. As pager_checkpoint. */
StorageStatus pager_copy_slot(LedgerPager *self, StorageContext *ctx);

/* (W) Gives the end of the file that nobody needs back to the file system. */
void pager_shrink(LedgerPager *self);

#endif
