/*
 * ledger_page_tree.h - a store of numbers right over the pager, for tests of the page layer: one branch with a pointer
 * to a page for each number. It does what trees do: copies on write, seals bottom up, reads by pointer.
 */
#ifndef LEDGER_PAGE_TREE_H
#define LEDGER_PAGE_TREE_H

#include "backends/ledger/page/pager_store.h"

#include "unit.h"

enum { PAGE_TREE_ROOT = 1, PAGE_TREE_SIZE = 60 }; /* which root of the slot; numbers */

typedef struct PageTree {
    LedgerPager *pager;
    unsigned char root[SLOT_ROOT_SIZE];     /* of the working state */
    unsigned char previous[SLOT_ROOT_SIZE]; /* before the batch */
    uint64_t revision;                      /* of the last batch */
    StorageEnvironment environment;
    PagerOptions options;
} PageTree;

/* Defaults: 4,096 bytes a page, a small cache, make the file. `files` NULL: the system's. */
void page_tree_init(PageTree *self, const char *path, const StorageFiles *files);

StorageStatus page_tree_open(PageTree *self, StorageContext *ctx);
void page_tree_close(PageTree *self);

/* One batch that sets numbers `first` to `last` - 1 to `value`; 0 as value drops them. Reverted when it fails. */
StorageStatus page_tree_set(PageTree *self, uint32_t first, uint32_t last, uint64_t value, StorageContext *ctx);

/* Seals and makes a checkpoint. Nothing is released: the test says when. */
StorageStatus page_tree_checkpoint(PageTree *self, StorageContext *ctx);

/* Reads a number below `root`; 0: none. */
StorageStatus page_tree_get(PageTree *self, const unsigned char *root, uint32_t index, uint64_t *ret_value,
                            StorageContext *ctx);

/* Reads all of them into `ret_values`. */
StorageStatus page_tree_read(PageTree *self, uint64_t ret_values[PAGE_TREE_SIZE], StorageContext *ctx);

#endif
