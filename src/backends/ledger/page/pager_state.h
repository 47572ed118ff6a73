/* page/pager_state.h - the parts of a pager, for the files that make it up. */
#ifndef LEDGER_PAGE_PAGER_STATE_H
#define LEDGER_PAGE_PAGER_STATE_H

#include "backends/ledger/page/cache.h"
#include "backends/ledger/page/file_open.h"
#include "backends/ledger/page/pager_store.h"
#include "backends/ledger/page/space_map.h"

struct LedgerPager {
    PageCache cache; /* it outlives the close for as long as frames are pinned, and the pager with it */
    LedgerFile file;
    PagerOpening opening;
    PagerCheck checks[PAGER_TYPE_COUNT];

    /* The writer's: */
    LedgerSpace space;
    SpaceMap map;
    LedgerSlot newer;       /* as it is in the file */
    uint64_t older_reserve; /* of the older slot; that of the newer one when there is none */
    uint64_t last_sequence; /* the largest in the file */
    int has_written_slot;   /* in this session */
    uint64_t reserve_count;
    Frame **dirty; /* frames that are not written, in any order; their room is enough for `order` too */
    Frame **order; /* for a checkpoint: those to be written, by page id */
    size_t dirty_count, dirty_capacity;
    uint64_t sealed_birth; /* of the youngest page that a checkpoint has written */
    uint64_t last_birth;   /* of the batch that ended last */
    int is_in_batch;
    uint64_t batch_birth;
    uint64_t held_count, taken_count; /* pages that the batch holds space for; that it took */
    StorageStatus batch_status;       /* what its end will say */
    uint64_t bad_page_id;             /* for its text */
};

/* The frame of a page of the file: read, verified, in the cache. */
StorageStatus pager_load(LedgerPager *self, const LedgerPointer *pointer, const LedgerExpectation *expectation,
                         Frame **ret_frame, StorageContext *ctx);

/* Makes the file longer so that `wanted` pages are free. OK; NO_SPACE; IO; NO_MEMORY. */
StorageStatus pager_make_free(LedgerPager *self, uint64_t wanted, StorageContext *ctx);

/* Takes a frame off the list of those that are not written. */
void pager_forget_dirty(LedgerPager *self, Frame *frame);

#endif
