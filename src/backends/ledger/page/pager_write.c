/*
 * page/pager_write.c - new, changed and dropped pages; batches; space for them.
 *
 * Invariants:
 *   1. A page is changed only in the batch that made it: its birth is that of the batch. No two batches have one birth.
 *   2. What is not written is in a frame, in the table, and in the list of dirty frames; so it is never evicted.
 *   3. A dirty page that a later batch dropped stays in its frame while readers may look at it, and is never written:
 *      its frame goes when the page is released.
 *   4. Whatever a batch needs is there before its bytes change: after a failed call the batch goes on as it was.
 */
#include "backends/ledger/page/codec.h"
#include "backends/ledger/page/header.h"
#include "backends/ledger/page/pager_state.h"

#include <assert.h>
#include <string.h>

#define GROW_BYTES_MIN (UINT64_C(1) << 20)
#define GROW_SHARE 16u /* of the file */

/* ---- space in the file ---- */

static StorageStatus grow_to(LedgerPager *self, uint64_t page_count, StorageContext *ctx)
{
    StorageStatus status = space_map_reserve(&self->map, &self->file.layout, page_count);
    if (status != STORAGE_OK)
        return storage_fail(ctx, status, "%s: no memory for the map of a larger file", self->file.path);
    status = file_grow(&self->file, page_count, ctx);
    if (status != STORAGE_OK)
        return status;
    status = space_set_limit(&self->space, page_count);
    if (status != STORAGE_OK)
        return storage_fail(ctx, status, "%s: no memory for the map of a larger file", self->file.path);
    return STORAGE_OK;
}

/* The first page_count with which `shortfall` pages more are free: new groups have fixed places. */
static uint64_t count_with(const LedgerPager *self, uint64_t shortfall)
{
    const PageLayout *layout = &self->file.layout;
    uint64_t count = self->space.limit + shortfall;
    uint64_t groups = layout_group_count(layout, count) - layout_group_count(layout, self->space.limit);
    return count + (groups + 1) * LAYOUT_PLACE_COUNT * (layout->level_count + 1);
}

StorageStatus pager_make_free(LedgerPager *self, uint64_t wanted, StorageContext *ctx)
{
    uint64_t free_count = space_free_count(&self->space), limit = self->space.limit, least, step;
    if (free_count >= wanted)
        return STORAGE_OK;
    if (wanted - free_count > self->file.page_max || count_with(self, wanted - free_count) > self->file.page_max)
        return storage_fail(ctx, STORAGE_NO_SPACE, "%s: the file has reached its maximum of %llu pages of %u bytes",
                            self->file.path, (unsigned long long)self->file.page_max, self->cache.page_size);
    least = count_with(self, wanted - free_count);
    step = GROW_BYTES_MIN / self->cache.page_size;
    if (step < limit / GROW_SHARE)
        step = limit / GROW_SHARE;
    if (limit + step > least && limit + step <= self->file.page_max && grow_to(self, limit + step, NULL) == STORAGE_OK)
        return STORAGE_OK;
    return grow_to(self, least, ctx);
}

StorageStatus pager_hold(LedgerPager *self, uint64_t page_count, int is_freeing, StorageContext *ctx)
{
    uint64_t held = self->held_count > self->taken_count ? self->held_count - self->taken_count : 0;
    uint64_t wanted = held + page_count + (is_freeing ? 0 : self->reserve_count);
    StorageStatus status;
    assert(self->is_in_batch);
    if (pager_make_free(self, wanted, NULL) != STORAGE_OK) {
        if (space_older_only_count(&self->space) > 0) {
            status = pager_copy_slot(self, ctx);
            if (status != STORAGE_OK)
                return status;
        }
        status = pager_make_free(self, wanted, ctx);
        if (status != STORAGE_OK)
            return status;
    }
    self->held_count += page_count;
    return STORAGE_OK;
}

/* ---- dirty frames ---- */

static StorageStatus reserve_dirty(LedgerPager *self)
{
    size_t capacity = self->dirty_capacity == 0 ? 64 : self->dirty_capacity * 2;
    Frame **larger;
    if (self->dirty_count < self->dirty_capacity)
        return STORAGE_OK;
    larger = storage_reallocate(self->dirty, capacity * sizeof(*larger));
    if (larger == NULL)
        return STORAGE_NO_MEMORY;
    self->dirty = larger;
    larger = storage_reallocate(self->order, capacity * sizeof(*larger));
    if (larger == NULL)
        return STORAGE_NO_MEMORY;
    self->order = larger;
    self->dirty_capacity = capacity;
    return STORAGE_OK;
}

void pager_forget_dirty(LedgerPager *self, Frame *frame)
{
    Frame *last = self->dirty[--self->dirty_count];
    self->dirty[frame->dirty_index] = last;
    last->dirty_index = frame->dirty_index;
}

/* A page without readers, of this batch or of one whose pages were all released, is gone. */
static void discard(LedgerPager *self, Frame *frame)
{
    pager_forget_dirty(self, frame);
    cache_drop(&self->cache, frame);
}

/* ---- pages ---- */

static StorageStatus no_memory(const LedgerPager *self, StorageContext *ctx)
{
    return storage_fail(ctx, STORAGE_NO_MEMORY, "%s: no memory for a new page", self->file.path);
}

/* A page id for the batch, in a file that grows if need be: a hold may have been too small. */
static StorageStatus take_page(LedgerPager *self, uint64_t *ret_page_id, StorageContext *ctx)
{
    StorageStatus status = space_take(&self->space, ret_page_id);
    if (status == STORAGE_NO_SPACE) {
        status = pager_make_free(self, 1, ctx);
        if (status != STORAGE_OK)
            return status;
        status = space_take(&self->space, ret_page_id);
    }
    if (status == STORAGE_OK)
        self->taken_count++;
    return status == STORAGE_OK ? STORAGE_OK : no_memory(self, ctx);
}

/* A frame for a page of the batch, in no table yet, with a page id. */
static StorageStatus make_frame(LedgerPager *self, const LedgerExpectation *expectation, Frame **ret_frame,
                                StorageContext *ctx)
{
    int has_hints = expectation->type == LEDGER_PAGE_BRANCH || expectation->type == LEDGER_PAGE_OVERFLOW_INDEX;
    int is_over;
    Frame *frame;
    StorageStatus status;
    assert(self->is_in_batch);
    if (reserve_dirty(self) != STORAGE_OK)
        return no_memory(self, ctx);
    frame = cache_allocate(&self->cache, has_hints, &is_over); /* over the limit until the checkpoint */
    if (frame == NULL)
        return no_memory(self, ctx);
    status = take_page(self, &frame->base.page_id, ctx);
    if (status != STORAGE_OK) {
        cache_free(&self->cache, frame);
        return status;
    }
    frame->base.birth = self->batch_birth;
    frame->owner = expectation->owner;
    frame->type = (uint8_t)expectation->type;
    frame->level = (uint8_t)expectation->level;
    *ret_frame = frame;
    return STORAGE_OK;
}

static void show_frame(LedgerPager *self, Frame *frame)
{
    PageHeader header = {frame->base.page_id, frame->base.birth, frame->owner, frame->type, frame->level};
    page_header_encode(&header, frame->base.bytes);
    frame->dirty_index = (uint32_t)self->dirty_count;
    self->dirty[self->dirty_count++] = frame; /* 2 */
    cache_insert_dirty(&self->cache, frame);
}

StorageStatus pager_new(LedgerPager *self, const LedgerExpectation *expectation, LedgerFrame **ret_frame,
                        StorageContext *ctx)
{
    Frame *frame;
    StorageStatus status = make_frame(self, expectation, &frame, ctx);
    if (status != STORAGE_OK)
        return status;
    memset(frame->base.bytes, 0, self->cache.page_size);
    show_frame(self, frame);
    *ret_frame = &frame->base;
    return STORAGE_OK;
}

static void copy_hints(const LedgerPager *self, const LedgerFrame *from, LedgerFrame *to)
{
    for (uint32_t i = 0; from->hints != NULL && i < self->cache.hint_count; i++)
        atomic_store_explicit(&to->hints[i], atomic_load_explicit(&from->hints[i], memory_order_relaxed),
                              memory_order_relaxed);
}

StorageStatus pager_change(LedgerPager *self, LedgerFrame *frame, LedgerFrame **ret_frame, StorageContext *ctx)
{
    const Frame *old = (const Frame *)frame;
    LedgerExpectation expectation = {old->type, old->level, old->owner};
    Frame *changed;
    StorageStatus status;
    if (frame->birth == self->batch_birth) { /* 1 */
        *ret_frame = frame;
        return STORAGE_OK;
    }
    if (!space_has(&self->space, SPACE_WORKING, frame->page_id))
        return storage_fail(ctx, STORAGE_CORRUPT, "%s: page %llu is in use and not allocated; run verify",
                            self->file.path, (unsigned long long)frame->page_id);
    if (space_reserve_drop(&self->space) != STORAGE_OK)
        return no_memory(self, ctx);
    status = make_frame(self, &expectation, &changed, ctx);
    if (status != STORAGE_OK)
        return status;
    memcpy(changed->base.bytes, frame->bytes, self->cache.page_size);
    copy_hints(self, frame, &changed->base);
    (void)space_drop(&self->space, frame->page_id, 0);
    show_frame(self, changed);
    *ret_frame = &changed->base;
    return STORAGE_OK;
}

void pager_drop(LedgerPager *self, const unsigned char pointer[LEDGER_POINTER_SIZE])
{
    uint64_t page_id = codec_load_u64(pointer), birth = codec_load_u64(pointer + 8);
    int is_of_batch = birth == self->batch_birth;
    Frame *frame = is_of_batch ? cache_find(&self->cache, page_id, birth) : NULL;
    assert(self->is_in_batch);
    if (!is_of_batch && space_reserve_drop(&self->space) != STORAGE_OK) {
        self->batch_status = STORAGE_NO_MEMORY;
        return;
    }
    if ((is_of_batch && frame == NULL) || !space_drop(&self->space, page_id, is_of_batch)) {
        self->batch_status = STORAGE_CORRUPT;
        self->bad_page_id = page_id;
        return;
    }
    if (frame != NULL)
        discard(self, frame);
}

LedgerPointer pager_pointer(const LedgerFrame *frame)
{
    return (LedgerPointer){.page_id = frame->page_id, .birth = frame->birth};
}

/* ---- batches ---- */

StorageStatus pager_begin(LedgerPager *self, uint64_t birth, StorageContext *ctx)
{
    StorageStatus status = file_check_poison(&self->file, ctx);
    if (status != STORAGE_OK)
        return status;
    if (self->file.is_read_only)
        return storage_fail(ctx, STORAGE_READ_ONLY, "%s: it is open for reading", self->file.path);
    assert(!self->is_in_batch && birth > self->last_birth && birth <= SLOT_REVISION_MAX);
    self->is_in_batch = 1;
    self->batch_birth = birth;
    self->batch_status = STORAGE_OK;
    self->held_count = self->taken_count = 0;
    return STORAGE_OK;
}

static void close_batch(LedgerPager *self)
{
    self->is_in_batch = 0;
    self->batch_birth = 0; /* no page has it */
    self->held_count = self->taken_count = 0;
}

StorageStatus pager_end(LedgerPager *self, StorageContext *ctx)
{
    assert(self->is_in_batch);
    if (self->batch_status == STORAGE_NO_MEMORY)
        return storage_fail(ctx, STORAGE_NO_MEMORY, "%s: no memory to give pages back", self->file.path);
    if (self->batch_status != STORAGE_OK)
        return storage_fail(ctx, self->batch_status,
                            "%s: page %llu is given back and not allocated, or twice; run verify", self->file.path,
                            (unsigned long long)self->bad_page_id);
    space_end_batch(&self->space, self->batch_birth);
    self->last_birth = self->batch_birth;
    close_batch(self);
    return STORAGE_OK;
}

void pager_revert(LedgerPager *self)
{
    assert(self->is_in_batch);
    for (size_t i = self->dirty_count; i-- > 0;)
        if (self->dirty[i]->base.birth == self->batch_birth)
            discard(self, self->dirty[i]);
    space_revert_batch(&self->space);
    close_batch(self);
}

/* A released page that was never written is in a frame that nobody needs now (3). */
void pager_release(LedgerPager *self, uint64_t revision)
{
    uint64_t page_id;
    while (space_release_next(&self->space, revision, &page_id)) {
        Frame *frame = cache_find_dirty(&self->cache, page_id);
        if (frame != NULL)
            discard(self, frame);
    }
    cache_advance(&self->cache);
}
