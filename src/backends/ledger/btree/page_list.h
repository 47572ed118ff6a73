/* btree/page_list.h - pages that are dropped together, once nothing can fail any more. */
#ifndef LEDGER_BTREE_PAGE_LIST_H
#define LEDGER_BTREE_PAGE_LIST_H

#include "backends/ledger/page/pager.h"

typedef struct PageListItem {
    uint64_t page_id, birth;
} PageListItem;

/* All zero is an empty one. */
typedef struct PageList {
    PageListItem *items;
    size_t count, capacity;
} PageList;

/* Notes the page that the encoded `pointer` means. OK or NO_MEMORY. */
StorageStatus page_list_add(PageList *self, const unsigned char *pointer);
StorageStatus page_list_add_frame(PageList *self, const LedgerFrame *frame);

/* Drops every page that was noted; the list is empty then. */
void page_list_drop(PageList *self, LedgerPager *pager);

/* Forgets the pages, and (done) gives the memory back. */
void page_list_clear(PageList *self);
void page_list_done(PageList *self);

#endif
