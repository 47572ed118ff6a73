/*
 * page/pager_read.c - pages by pointer, for readers.
 *
 * Invariants:
 *   1. A frame is in the table only after everything about its page was verified: check, header, what the pointer and
 *      the place of the pointer ask for, and the content by the check of its type. Later code relies on it.
 *   2. Two places that point to one page may ask for different things; what each asks for is compared each time.
 */
#include "backends/ledger/page/header.h"
#include "backends/ledger/page/pager_state.h"

#include "backends/ledger/page/codec.h"

LedgerEpoch pager_enter(LedgerPager *self)
{
    return epoch_enter(&self->cache.epoch);
}

void pager_leave(LedgerPager *self, LedgerEpoch epoch)
{
    epoch_leave(&self->cache.epoch, epoch);
}

void pager_retire(LedgerPager *self, LedgerRetired *retired)
{
    cache_retire(&self->cache, retired);
}

void pager_pin(LedgerFrame *frame)
{
    (void)atomic_fetch_add_explicit(&frame->pins, 1, memory_order_relaxed);
}

void pager_unpin(LedgerPager *self, LedgerFrame *frame)
{
    if (cache_unpin(&self->cache, (Frame *)frame))
        storage_release(self);
}

_Static_assert(offsetof(LedgerPager, cache) == 0, "the cache of a frame is where its pager is");

void pager_unpin_owner(void *owner)
{
    pager_unpin((LedgerPager *)((Frame *)owner)->cache, owner);
}

uint32_t pager_page_size(const LedgerPager *self)
{
    return self->cache.page_size;
}

static int has_hints(uint32_t type)
{
    return type == LEDGER_PAGE_BRANCH || type == LEDGER_PAGE_OVERFLOW_INDEX;
}

static StorageStatus corrupt(const LedgerPager *self, uint64_t page_id, const char *problem, StorageContext *ctx)
{
    return storage_fail(ctx, STORAGE_CORRUPT, "%s: page %llu: %s; run verify, and restore from a backup",
                        self->file.path, (unsigned long long)page_id, problem);
}

/* Reads and verifies the page into a frame that nobody else knows (1). */
static StorageStatus fill_frame(LedgerPager *self, Frame *frame, const LedgerPointer *pointer,
                                const LedgerExpectation *expectation, StorageContext *ctx)
{
    PageHeader expected = {.page_id = pointer->page_id,
                           .birth = pointer->birth,
                           .owner = expectation->owner,
                           .type = expectation->type,
                           .level = expectation->level};
    StorageStatus status = file_read_page(&self->file, pointer->page_id, frame->base.bytes, ctx);
    const char *problem;
    if (status != STORAGE_OK)
        return status;
    problem = page_verify(frame->base.bytes, self->cache.page_size, self->file.seed, &expected, pointer->check);
    if (problem == NULL && expectation->type < PAGER_TYPE_COUNT && self->checks[expectation->type] != NULL)
        problem = self->checks[expectation->type](frame->base.bytes, self->cache.page_size);
    if (problem != NULL)
        return corrupt(self, pointer->page_id, problem, ctx);
    frame->base.page_id = pointer->page_id;
    frame->base.birth = pointer->birth;
    frame->owner = expectation->owner;
    frame->type = (uint8_t)expectation->type;
    frame->level = (uint8_t)expectation->level;
    return STORAGE_OK;
}

StorageStatus pager_load(LedgerPager *self, const LedgerPointer *pointer, const LedgerExpectation *expectation,
                         Frame **ret_frame, StorageContext *ctx)
{
    int is_over;
    Frame *frame;
    StorageStatus status;
    if (pointer->page_id == 0 || layout_is_fixed(&self->file.layout, pointer->page_id))
        return corrupt(self, pointer->page_id, "a pointer to it, which is no page of a tree", ctx);
    frame = cache_allocate(&self->cache, has_hints(expectation->type), &is_over);
    if (frame == NULL)
        return storage_fail(ctx, STORAGE_NO_MEMORY, "%s: no memory to read page %llu", self->file.path,
                            (unsigned long long)pointer->page_id);
    (void)atomic_fetch_add_explicit(&self->cache.miss_count, 1, memory_order_relaxed);
    status = fill_frame(self, frame, pointer, expectation, ctx);
    if (status != STORAGE_OK) {
        cache_free(&self->cache, frame);
        return status;
    }
    if (is_over) { /* it goes as soon as its reader has */
        (void)atomic_fetch_add_explicit(&self->cache.private_count, 1, memory_order_relaxed);
        cache_retire_private(&self->cache, frame);
        *ret_frame = frame;
    } else {
        *ret_frame = cache_insert(&self->cache, frame);
    }
    return STORAGE_OK;
}

/* 2 */
static int is_expected(const Frame *frame, const LedgerExpectation *expectation)
{
    return frame->type == expectation->type && frame->level == expectation->level && frame->owner == expectation->owner;
}

/* Not by the hint: by the table, or from the file. */
static StorageStatus find(LedgerPager *self, const unsigned char *pointer, const LedgerExpectation *expectation,
                          _Atomic uint32_t *hint, Frame **ret_frame, StorageContext *ctx)
{
    uint64_t page_id = codec_load_u64(pointer), birth = codec_load_u64(pointer + 8);
    Frame *frame = cache_find(&self->cache, page_id, birth);
    if (frame == NULL) {
        LedgerPointer decoded = ledger_pointer_decode(pointer);
        StorageStatus status = pager_load(self, &decoded, expectation, &frame, ctx);
        if (status != STORAGE_OK)
            return status;
    }
    if (hint != NULL && atomic_load_explicit(&frame->resident_id, memory_order_relaxed) != 0)
        atomic_store_explicit(hint, frame->number + 1, memory_order_release);
    *ret_frame = frame;
    return STORAGE_OK;
}

StorageStatus pager_read(LedgerPager *self, const unsigned char pointer[LEDGER_POINTER_SIZE],
                         const LedgerExpectation *expectation, _Atomic uint32_t *hint, LedgerFrame **ret_frame,
                         StorageContext *ctx)
{
    uint32_t number = hint != NULL ? atomic_load_explicit(hint, memory_order_acquire) : 0;
    Frame *frame = NULL;
    StorageStatus status;
    if (number != 0)
        frame = cache_at_hint(&self->cache, number, codec_load_u64(pointer), codec_load_u64(pointer + 8));
    if (frame == NULL) {
        status = find(self, pointer, expectation, hint, &frame, ctx);
        if (status != STORAGE_OK)
            return status;
    }
    if (!is_expected(frame, expectation))
        return corrupt(self, frame->base.page_id, "it is not what one of its parents asks for", ctx);
    cache_touch(frame);
    *ret_frame = &frame->base;
    return STORAGE_OK;
}
