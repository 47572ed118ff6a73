/*
 * page/space_map.h - the pages that hold the space map of a slot (docs/format/ledger-file.md, section 6).
 *
 * Each page of the map has three fixed places. What is remembered of it for the newer and the older slot is which place
 * they point to, so that the map of the next slot is written to one that neither does.
 */
#ifndef LEDGER_PAGE_SPACE_MAP_H
#define LEDGER_PAGE_SPACE_MAP_H

#include "backends/ledger/page/file.h"
#include "backends/ledger/page/space.h"

/* What a slot says of one page of its map. */
typedef struct SpaceMapPage {
    uint64_t birth;
    uint8_t check[LEDGER_CHECK_SIZE];
    uint8_t place; /* 0 to 2; SPACE_MAP_NO_PLACE: the slot has no such page */
} SpaceMapPage;

#define SPACE_MAP_NO_PLACE 3u

enum { SPACE_MAP_NEWER, SPACE_MAP_OLDER, SPACE_MAP_NEXT, SPACE_MAP_STATES };

typedef struct SpaceMapEntry {
    SpaceMapPage states[SPACE_MAP_STATES];
} SpaceMapEntry;

typedef struct SpaceMap {
    SpaceMapEntry *levels[LAYOUT_LEVEL_MAX + 1]; /* from map pages up */
    size_t counts[LAYOUT_LEVEL_MAX + 1];
    uint64_t group_counts[SPACE_MAP_STATES];
    unsigned char *page; /* to write from and read into */
} SpaceMap;

/* A map of a file without groups. OK or NO_MEMORY. */
StorageStatus space_map_init(SpaceMap *self, const PageLayout *layout);
void space_map_done(SpaceMap *self);

/* Room for the map of a file of `page_count` pages, so that writing it takes no memory. OK or NO_MEMORY. */
StorageStatus space_map_reserve(SpaceMap *self, const PageLayout *layout, uint64_t page_count);

/*
 * Reads and checks the map of `slot`, which is the newer one (`state` SPACE_MAP_NEWER) or the older one; the newer
 * first. Of the older one only pages that differ are read. Fills `space`, whose limit covers the slot. Returns OK;
 * CORRUPT; IO; NO_MEMORY.
 */
StorageStatus space_map_load(SpaceMap *self, LedgerSpace *space, LedgerFile *file, const LedgerSlot *slot, int state,
                             StorageContext *ctx);

/* Forgets what was loaded of the older slot: there is none. */
void space_map_drop_older(SpaceMap *self, LedgerSpace *space);

/*
 * Writes what the working state of `space` has that the newer slot has not, to places that neither slot points to. Sets
 * `*ret_root` to the pointer for the next slot. There was space_map_reserve. Returns OK; IO (the file is poisoned).
 */
StorageStatus space_map_write(SpaceMap *self, const LedgerSpace *space, LedgerFile *file, uint64_t birth,
                              LedgerPointer *ret_root, StorageContext *ctx);

/* The next slot is durable: it is the newer one now. Together with space_advance. */
void space_map_advance(SpaceMap *self);

/* The newer slot was written over the older one. Together with space_copy_newer. */
void space_map_copy_newer(SpaceMap *self);

#endif
