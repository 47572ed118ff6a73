/*
 * btree/overflow.h - values that do not fit into a leaf, as trees of overflow pages (docs/format/ledger-file.md,
 * section 5, Overflow). The size of a value determines the whole shape of its tree.
 */
#ifndef LEDGER_BTREE_OVERFLOW_H
#define LEDGER_BTREE_OVERFLOW_H

#include "backends/ledger/btree/page_list.h"
#include "backends/ledger/page/pager.h"

/* A value in overflow pages. `pointer` is the encoded one, where it stands; of a value to be written: NULL. */
typedef struct OverflowValue {
    LedgerPager *pager;
    uint64_t owner;
    const unsigned char *pointer;
    uint32_t value_size; /* at least 1 */
} OverflowValue;

/* What is wrong with an index page that was loaded, for an error text; NULL: nothing. Data pages need no check. */
const char *overflow_check(const unsigned char *bytes, uint32_t page_size);

/*
 * The writer's. Writes `value`, whose size is that of `self`, into new pages, and the pointer to `ret_pointer`. Notes
 * every page in `made`, also when it fails: then the caller drops them. Returns OK; NO_SPACE; NO_MEMORY.
 */
StorageStatus overflow_write(const OverflowValue *self, StorageSlice value, unsigned char *ret_pointer, PageList *made,
                             StorageContext *ctx);

/*
 * Copies `size` bytes from `offset` on, which lie within the value, to `buffer`. Enters an epoch for each page, so a
 * long read keeps nobody's memory; the caller holds the snapshot. Returns OK; CORRUPT; IO; NO_MEMORY.
 */
StorageStatus overflow_read(const OverflowValue *self, uint32_t offset, void *buffer, uint32_t size,
                            StorageContext *ctx);

/* Notes all pages of the value in `list`, reading its index pages only. Inside an epoch. Returns as overflow_read. */
StorageStatus overflow_collect(const OverflowValue *self, PageList *list, StorageContext *ctx);

/* The writer's. Seals all pages of a value that is younger than the last checkpoint, and puts their checks into the
 * pointers, that at `pointer` too. */
void overflow_seal(const OverflowValue *self, unsigned char *pointer);

#endif
