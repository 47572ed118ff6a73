/*
 * page/layout.h - what lies at fixed places in the file: copies of the slots, and pages of the space map
 * (docs/format/ledger-file.md, sections 1 and 6). Pure arithmetic on the page size.
 */
#ifndef LEDGER_PAGE_LAYOUT_H
#define LEDGER_PAGE_LAYOUT_H

#include "backends/ledger/page/page.h"

#define LAYOUT_COPY_COUNT 4u        /* of slots: A, B, A, B */
#define LAYOUT_COPY_DISTANCE 65536u /* bytes from one copy to the next */
#define LAYOUT_PLACE_COUNT 3u       /* for each page of the space map */
#define LAYOUT_LEVEL_MAX 5u         /* of index pages above the map pages; the largest file has no more */
#define LAYOUT_INDEX_POINTERS 128u  /* where pointers begin in an index page */
#define LAYOUT_MAP_BITS 128u        /* where bits begin in a map page */

typedef struct PageLayout {
    uint32_t page_size;
    uint32_t group_words; /* 64-bit words of bits in a map page */
    uint64_t group_size;  /* pages that a map page covers */
    uint64_t fan_out;     /* pointers in an index page */
    uint32_t level_count; /* levels of index pages that have places: what the largest file needs */
    uint64_t page_max;    /* no file has more pages */
    uint64_t page_min;    /* page_count of an empty file: behind the fixed pages of group 0 */
} PageLayout;

/* 1 for a power of two from 4,096 to 65,536. */
int layout_page_size_is_valid(uint64_t page_size);

PageLayout layout_of(uint32_t page_size);

/* Groups of a file of `page_count` pages, and the level of the root of its space map. */
uint64_t layout_group_count(const PageLayout *self, uint64_t page_count);
uint32_t layout_root_level(const PageLayout *self, uint64_t group_count);

/* Pages of the space map at `level` (0: map pages) in a file of so many groups. */
uint64_t layout_level_size(const PageLayout *self, uint32_t level, uint64_t group_count);

/* Place `place` (0 to 2) of page `index` of `level`: a page id. */
uint64_t layout_place(const PageLayout *self, uint32_t level, uint64_t index, uint32_t place);

/* 1 when page `page_id` holds a copy of a slot or is a place of the space map. */
int layout_is_fixed(const PageLayout *self, uint64_t page_id);

/* How many fixed pages lie in the groups of a file of `page_count` pages. */
uint64_t layout_fixed_count(const PageLayout *self, uint64_t page_count);

#endif
