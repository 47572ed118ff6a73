/*
 * page/pager.h - pages by pointer: what the trees of the ledger ask of the layer below.
 *
 * A page is in memory in a frame, in the bytes of docs/format/ledger-file.md. Readers come with a pointer, and get a
 * frame whose bytes are verified and never change. The one writer makes new pages and changes only those that it made
 * since the last seal of a batch; the pages of a sealed batch are what readers see.
 *
 * Threads: any number of readers beside one writer. Functions marked (W) are the writer's.
 */
#ifndef LEDGER_PAGE_PAGER_H
#define LEDGER_PAGE_PAGER_H

#include "backends/ledger/page/page.h"
#include "core/epoch.h"
#include "storage/backend.h"

#include <stdatomic.h>

typedef struct LedgerPager LedgerPager;

/*
 * A page in memory. A reader that is inside an epoch may look at the bytes of a frame that pager_read gave it until it
 * leaves the epoch; whoever wants to look longer pins it.
 */
typedef struct LedgerFrame {
    unsigned char *bytes; /* page_size of them */
    uint64_t page_id;     /* of a frame that is in use: constant */
    uint64_t birth;
    _Atomic uint32_t pins;
    _Atomic uint32_t *hints; /* of a branch or index: where child i was seen last; NULL for others */
} LedgerFrame;

/* What the place that a pointer stands in asks of the page. */
typedef struct LedgerExpectation {
    uint32_t type, level;
    uint64_t owner;
} LedgerExpectation;

typedef EpochGuard LedgerEpoch;

/* Readers come and go without waiting. Nothing that blocks for long happens inside, but reading a page may. */
LedgerEpoch pager_enter(LedgerPager *self);
void pager_leave(LedgerPager *self, LedgerEpoch epoch);

/* What a block that readers may still be looking at begins with. */
typedef struct LedgerRetired {
    struct LedgerRetired *next;
    void (*release)(struct LedgerRetired *self);
} LedgerRetired;

/* Calls release when every reader of now has left its epoch, at the latest when the pager is closed. Nobody can find
 * the block any more. Any thread. */
void pager_retire(LedgerPager *self, LedgerRetired *retired);

/*
 * The frame of the page that `pointer` means; from memory, else from the file. `pointer` is the encoded one where it
 * stands, in the parent's page or in a root: of a page that is in memory only its id and birth are looked at, since the
 * writer may be filling in the check of a page that is not written yet. `hint` (of the parent's frame, NULL: none) is
 * where it was last, and is brought up to date: a resident page is reached without a lock or a look-up.
 * Inside an epoch. Returns OK; CORRUPT when the bytes are not what pointer and expectation ask for; IO; NO_MEMORY. When
 * every frame is pinned or dirty the cache goes over its limit for a while, so that readers always get on.
 */
StorageStatus pager_read(LedgerPager *self, const unsigned char pointer[LEDGER_POINTER_SIZE],
                         const LedgerExpectation *expectation, _Atomic uint32_t *hint, LedgerFrame **ret_frame,
                         StorageContext *ctx);

/* Keeps the bytes where they are beyond the epoch; each pin has its unpin. Any thread. */
void pager_pin(LedgerFrame *frame);
void pager_unpin(LedgerPager *self, LedgerFrame *frame);
/* The same for the release of a value: `owner` is the frame, and the pager may have been closed. */
void pager_unpin_owner(void *owner);

/*
 * (W) A new page with its header made and everything else zero. It stays in memory until it is written.
 * Returns OK; NO_SPACE; NO_MEMORY.
 */
StorageStatus pager_new(LedgerPager *self, const LedgerExpectation *expectation, LedgerFrame **ret_frame,
                        StorageContext *ctx);

/*
 * (W) A frame with the same content that may be changed: `frame` itself when it was made in this batch, else a copy
 * under a new page id, and the old page is dropped (pager_drop). Returns as pager_new, and CORRUPT for a page that is
 * not allocated.
 */
StorageStatus pager_change(LedgerPager *self, LedgerFrame *frame, LedgerFrame **ret_frame, StorageContext *ctx);

/*
 * (W) The page is no longer part of the newest state. Readers of older ones still find it. What goes wrong (no memory
 * to note it; a page that is not allocated, so that the tree is damaged) is said by the end of the batch.
 */
void pager_drop(LedgerPager *self, const unsigned char pointer[LEDGER_POINTER_SIZE]);

/* (W) The pointer to a page of this batch. Its check is zero until the page is sealed. */
LedgerPointer pager_pointer(const LedgerFrame *frame);

/*
 * (W) Sealing, before a checkpoint: the trees walk down from their roots to every page that is younger than the last
 * checkpoint (birth > pager_sealed_birth), and on the way up put the check of each child into its parent's pointer.
 * pager_seal computes the check of a page whose children are sealed, stores it in the page's header, and returns it.
 * Pages that are not sealed are always in memory: pager_resident finds them, without reading.
 */
uint64_t pager_sealed_birth(const LedgerPager *self);
LedgerFrame *pager_resident(LedgerPager *self, const unsigned char pointer[LEDGER_POINTER_SIZE]);
void pager_seal(LedgerPager *self, LedgerFrame *frame, uint8_t ret_check[LEDGER_CHECK_SIZE]);

uint32_t pager_page_size(const LedgerPager *self);

#endif
