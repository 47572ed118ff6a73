/*
 * page/space.h - which pages are free (docs/format/ledger-file.md, section 6; docs/design/crash-safety.md, section 5).
 *
 * Four maps with one bit a page: the state that is being changed, the states of the newer and the older slot, and what
 * readers may still look at. A page is handed out only when it is free in all four, and not a fixed place. Fixed places
 * are in none of the maps: they are what the layout says. One thread at a time.
 */
#ifndef LEDGER_PAGE_SPACE_H
#define LEDGER_PAGE_SPACE_H

#include "backends/ledger/page/layout.h"
#include "storage/backend.h"

enum { SPACE_WORKING, SPACE_NEWER, SPACE_OLDER, SPACE_HELD, SPACE_MAP_COUNT };

/* In what a group differs. Set too often is harmless. */
enum {
    SPACE_WORKING_DIFFERS = 1, /* the working state from the newer slot */
    SPACE_NEWER_DIFFERS = 2    /* the newer slot from the older one */
};

/* A page that left the working state at a revision, while readers of older ones may need it. */
typedef struct SpaceHeld {
    uint64_t page_id, revision;
} SpaceHeld;

typedef struct SpaceList {
    uint64_t *page_ids;
    size_t count, capacity;
} SpaceList;

typedef struct LedgerSpace {
    PageLayout layout;
    uint64_t *maps[SPACE_MAP_COUNT];
    uint64_t *fixed;   /* a bit for each fixed place, as far as the maps go */
    uint8_t *changed;  /* per group */
    size_t word_count; /* of each map: whole groups */

    uint64_t limit;          /* pages from here on are not handed out: the file is not as long */
    uint64_t page_count;     /* of the working state: no page from here on is part of it */
    uint64_t used_count;     /* pages in the working map */
    uint64_t occupied_count; /* pages in any of the maps */
    size_t low_word;         /* before this word nothing is free */
    size_t cursor;           /* where the search goes on, so that a batch gets neighbours */
    SpaceHeld *held;         /* a queue by revision, from held_first on */
    size_t held_first, held_count, held_capacity;
    SpaceList taken, dropped; /* of this batch */
} LedgerSpace;

/* Nothing is used, and nothing may be handed out until space_set_limit. OK or NO_MEMORY. */
StorageStatus space_init(LedgerSpace *self, const PageLayout *layout);
void space_done(LedgerSpace *self);

/* The file has so many pages. Never below space_end. OK or NO_MEMORY. */
StorageStatus space_set_limit(LedgerSpace *self, uint64_t page_count);

/* How many pages could be handed out now. */
uint64_t space_free_count(const LedgerSpace *self);

/* 1 + the last page that any map has: a file may be cut to it. */
uint64_t space_end(const LedgerSpace *self);

/* Hands a page out, to this batch. OK; NO_SPACE when none is free below the limit; NO_MEMORY. */
StorageStatus space_take(LedgerSpace *self, uint64_t *ret_page_id);

/* Room for the drop of one page more, so that the drop cannot fail. OK or NO_MEMORY. */
StorageStatus space_reserve_drop(LedgerSpace *self);

/* The batch needs the page no longer; there is room for the drop. A page that the batch took itself is free at once.
 * Returns 0, and does nothing, for a page that the working state does not have: the tree is damaged. */
int space_drop(LedgerSpace *self, uint64_t page_id, int is_of_batch);

/* The batch is complete: what it dropped left the working state at `revision`. Cannot fail. */
void space_end_batch(LedgerSpace *self, uint64_t revision);

/* The batch failed: what it took is free again, and what it dropped was never dropped. Cannot fail. */
void space_revert_batch(LedgerSpace *self);

/* Every reader is at `revision` or later: frees one page that was dropped at it or before, and returns 1 and its
 * number; 0 when there is none any more. */
int space_release_next(LedgerSpace *self, uint64_t revision, uint64_t *ret_page_id);

/* The working state became that of the newer slot, and the newer one the older. Between batches. Cannot fail. */
void space_advance(LedgerSpace *self);

/* The newer slot was written over the older one. Cannot fail. */
void space_copy_newer(LedgerSpace *self);

/* How many pages only the older slot has: what a slot copy would free. */
uint64_t space_older_only_count(const LedgerSpace *self);

int space_has(const LedgerSpace *self, int map, uint64_t page_id);

/* For an open: the words of a group of a map, to be filled; then space_loaded brings the counts up to date. */
uint64_t *space_group(LedgerSpace *self, int map, uint64_t group);
void space_loaded(LedgerSpace *self);

#endif
