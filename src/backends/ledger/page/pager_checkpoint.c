/*
 * page/pager_checkpoint.c - sealing, and making the working state durable (docs/design/crash-safety.md, section 3).
 *
 * Invariants:
 *   1. No memory is taken once the first byte is written, and no byte is written before everything is ready.
 *   2. A slot is written only after a sync has succeeded that came after every page that it reaches was written.
 *   3. Only the older slot is written.
 *   4. After a failure the pager's idea of the slots is still the one of before.
 */
#include "backends/ledger/page/header.h"
#include "backends/ledger/page/pager_state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define RUN_MAX 256u                      /* pages of one write */
#define SESSION_STEP (UINT64_C(1) << 16)  /* what the first slot of a session adds to the sequence */
#define CUT_BYTES_MIN (UINT64_C(4) << 20) /* a shorter tail is kept for what comes next */
#define CUT_SHARE 4u                      /* and one that is a smaller part of the file */

/* ---- sealing ---- */

uint64_t pager_sealed_birth(const LedgerPager *self)
{
    return self->sealed_birth;
}

LedgerFrame *pager_resident(LedgerPager *self, const unsigned char pointer[LEDGER_POINTER_SIZE])
{
    LedgerPointer decoded = ledger_pointer_decode(pointer);
    Frame *frame = cache_find(&self->cache, decoded.page_id, decoded.birth);
    return frame != NULL ? &frame->base : NULL;
}

void pager_seal(LedgerPager *self, LedgerFrame *frame, uint8_t ret_check[LEDGER_CHECK_SIZE])
{
    page_seal(frame->bytes, self->cache.page_size, self->file.seed, ret_check);
    ((Frame *)frame)->is_sealed = 1;
}

/* ---- pages ---- */

static int compare_page_ids(const void *left, const void *right)
{
    const Frame *const *first = left, *const *second = right;
    uint64_t ids[2] = {(*first)->base.page_id, (*second)->base.page_id};
    return ids[0] < ids[1] ? -1 : ids[0] > ids[1];
}

/* The dirty pages of the working state, by page id. Those that a later batch dropped are not written. */
static size_t order_pages(LedgerPager *self)
{
    size_t count = 0;
    for (size_t i = 0; i < self->dirty_count; i++)
        if (space_has(&self->space, SPACE_WORKING, self->dirty[i]->base.page_id))
            self->order[count++] = self->dirty[i];
    if (count > 1)
        qsort(self->order, count, sizeof(*self->order), compare_page_ids);
    return count;
}

#ifndef NDEBUG
/* The bytes are still those that were sealed: published pages never change. */
static int is_unchanged(const LedgerPager *self, const Frame *frame)
{
    uint8_t check[LEDGER_CHECK_SIZE];
    page_check(frame->base.bytes, self->cache.page_size, self->file.seed, check);
    return frame->is_sealed && memcmp(check, frame->base.bytes, LEDGER_CHECK_SIZE) == 0;
}
#endif

/* Writes ascending runs of neighbours, each with one call. */
static StorageStatus write_pages(LedgerPager *self, size_t count, StorageContext *ctx)
{
    StorageSlice parts[RUN_MAX];
    StorageStatus status = STORAGE_OK;
    for (size_t first = 0, size; first < count && status == STORAGE_OK; first += size) {
        uint64_t page_id = self->order[first]->base.page_id;
        for (size = 0; size < RUN_MAX && first + size < count; size++) {
            const Frame *frame = self->order[first + size];
            if (frame->base.page_id != page_id + size)
                break;
            assert(is_unchanged(self, frame));
            parts[size] = (StorageSlice){frame->base.bytes, self->cache.page_size};
        }
        status = file_write_pages(&self->file, page_id, parts, size, ctx);
    }
    return status;
}

/* ---- slots ---- */

/* Steps 4 and 5: both copies of the older slot, and a sync. `slot` gets number and sequence. */
static StorageStatus write_slot(LedgerPager *self, LedgerSlot *slot, StorageContext *ctx)
{
    StorageStatus status;
    slot->slot_no = !self->newer.slot_no; /* 3 */
    slot->sequence = self->last_sequence + (self->has_written_slot ? 1 : SESSION_STEP);
    if (slot->sequence < self->last_sequence)
        return storage_fail(ctx, STORAGE_CORRUPT,
                            "%s: the sequence of its slots has no successor; copy it to a new file", self->file.path);
    status = file_write_copy(&self->file, slot->slot_no, slot, ctx);
    if (status == STORAGE_OK)
        status = file_write_copy(&self->file, slot->slot_no + 2, slot, ctx);
    return status == STORAGE_OK ? file_sync(&self->file, ctx) : status;
}

/* Step 6, as far as it is about slots. */
static void change_slots(LedgerPager *self, const LedgerSlot *slot)
{
    self->older_reserve = self->newer.revision_reserve;
    self->newer = *slot;
    self->last_sequence = slot->sequence;
    self->has_written_slot = 1;
}

/* A failure after the first write has its status from file.c; before it, nothing has happened. */
StorageStatus pager_copy_slot(LedgerPager *self, StorageContext *ctx)
{
    LedgerSlot slot = self->newer;
    StorageStatus status = write_slot(self, &slot, ctx);
    if (status != STORAGE_OK)
        return status;
    change_slots(self, &slot);
    space_copy_newer(&self->space);
    space_map_copy_newer(&self->map);
    return STORAGE_OK;
}

/* ---- the end of the file ---- */

static void cut_to(LedgerPager *self, uint64_t page_count)
{
    file_cut(&self->file, page_count);
    /* Maps are never made smaller, so that this takes no memory. */
    (void)space_set_limit(&self->space, atomic_load(&self->file.page_count));
}

void pager_shrink(LedgerPager *self)
{
    uint64_t end = space_end(&self->space) + self->reserve_count;
    if (end < self->space.limit)
        cut_to(self, end);
}

/* A long tail goes after a checkpoint; a short one is soon used again. */
static void shrink_if_worth_it(LedgerPager *self)
{
    uint64_t limit = self->space.limit, end = space_end(&self->space) + self->reserve_count;
    uint64_t least = CUT_BYTES_MIN / self->cache.page_size;
    if (least < limit / CUT_SHARE)
        least = limit / CUT_SHARE;
    if (limit > end + least)
        cut_to(self, end + least / 2);
}

/* ---- checkpoint ---- */

/* Step 6: what was written is clean, and the working state is the newer slot's. */
static void finish(LedgerPager *self, size_t written_count, const LedgerSlot *slot)
{
    change_slots(self, slot);
    space_advance(&self->space);
    space_map_advance(&self->map);
    for (size_t i = 0; i < written_count; i++) {
        pager_forget_dirty(self, self->order[i]);
        cache_clean(&self->cache, self->order[i]);
    }
    cache_trim(&self->cache);
    self->sealed_birth = self->last_birth;
    shrink_if_worth_it(self);
}

StorageStatus pager_checkpoint(LedgerPager *self, const LedgerSlot *next, StorageContext *ctx)
{
    LedgerSlot slot = *next;
    StorageStatus status = file_check_poison(&self->file, ctx);
    size_t count;
    assert(!self->is_in_batch && next->revision >= self->last_birth && next->revision <= SLOT_REVISION_MAX);
    if (status == STORAGE_OK && space_map_reserve(&self->map, &self->file.layout, self->space.page_count) != STORAGE_OK)
        status = storage_fail(ctx, STORAGE_NO_MEMORY, "%s: no memory for the map of a larger file", self->file.path);
    if (status != STORAGE_OK)
        return status;
    count = order_pages(self); /* 1 */
    slot.page_count = self->space.page_count;
    slot.used_count = self->space.used_count + layout_fixed_count(&self->file.layout, slot.page_count);
    status = write_pages(self, count, ctx);
    if (status == STORAGE_OK)
        status = space_map_write(&self->map, &self->space, &self->file, slot.revision, &slot.space, ctx);
    if (status == STORAGE_OK)
        status = file_sync(&self->file, ctx); /* 2 */
    if (status == STORAGE_OK)
        status = write_slot(self, &slot, ctx);
    if (status != STORAGE_OK)
        return status; /* 4 */
    finish(self, count, &slot);
    return STORAGE_OK;
}
