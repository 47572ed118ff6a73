/* page/cache_evict.h - which frame goes when room is needed. For cache.c. */
#ifndef LEDGER_PAGE_CACHE_EVICT_H
#define LEDGER_PAGE_CACHE_EVICT_H

#include "backends/ledger/page/cache.h"

/* Queues a page that was read; one that was written. */
void cache_enqueue(PageCache *self, Frame *frame);
void cache_enqueue_written(PageCache *self, Frame *frame);

/* Evicts, and frees what was evicted before, so that `size` bytes fit, as far as that is possible now. */
void cache_make_room(PageCache *self, size_t size);

/* In cache.c. */
int cache_unlink(PageCache *self, Frame *frame, int must_be_unpinned);

#endif
