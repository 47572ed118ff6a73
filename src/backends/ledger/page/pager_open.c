/*
 * page/pager_open.c - opening and closing the pager.
 *
 * Invariants:
 *   1. Nothing is repaired before the chosen slot was shown to hold water: its space map and its root pages are good.
 *   2. Without a good space map no page is handed out: the file can only be read.
 *   3. What only the other slot has is not handed out until that slot is overwritten.
 */
#include "backends/ledger/page/pager_state.h"
#include "core/environment.h"

#include <string.h>

#define TAIL_BYTES_MAX (UINT64_C(64) << 20) /* of a file that is longer than its slots say, what is used at once */

static StorageStatus check_options(const PagerOptions *options, StorageContext *ctx)
{
    if (!environment_files_can_write(options->environment->files))
        return storage_fail(ctx, STORAGE_INVALID_ARGUMENT,
                            "%s: the files of the environment lack functions that a durable store needs",
                            options->path);
    if (!layout_page_size_is_valid(options->page_size))
        return storage_fail(ctx, STORAGE_INVALID_ARGUMENT,
                            "%s: the page size is %u; it must be a power of two from 4,096 to 65,536", options->path,
                            options->page_size);
    if (options->file_size_max != 0 &&
        options->file_size_max / options->page_size < layout_of(options->page_size).page_min)
        return storage_fail(ctx, STORAGE_INVALID_ARGUMENT,
                            "%s: the maximum file size is less than an empty store takes", options->path);
    return STORAGE_OK;
}

/* ---- the space map ---- */

static uint64_t larger_of(uint64_t left, uint64_t right)
{
    return left > right ? left : right;
}

/* Of a file that is longer than its slots say only so much is taken on at once: the length costs no memory then. */
static StorageStatus take_length(LedgerPager *self, const SlotChoice *choice, StorageContext *ctx)
{
    uint64_t count = atomic_load(&self->file.page_count), known = choice->slots[choice->chosen].page_count;
    if (choice->is_good[!choice->chosen])
        known = larger_of(known, choice->slots[!choice->chosen].page_count);
    if (count > known + TAIL_BYTES_MAX / self->file.layout.page_size)
        count = known + TAIL_BYTES_MAX / self->file.layout.page_size;
    atomic_store(&self->file.page_count, count);
    if (space_init(&self->space, &self->file.layout) != STORAGE_OK ||
        space_set_limit(&self->space, count) != STORAGE_OK ||
        space_map_init(&self->map, &self->file.layout) != STORAGE_OK)
        return storage_fail(ctx, STORAGE_NO_MEMORY, "%s: no memory for the space map of %llu pages", self->file.path,
                            (unsigned long long)count);
    return STORAGE_OK;
}

static StorageStatus load_newer(LedgerPager *self, StorageContext *ctx)
{
    StorageStatus status;
    if (!self->file.is_read_only)
        return space_map_load(&self->map, &self->space, &self->file, &self->newer, SPACE_MAP_NEWER, ctx); /* 2 */
    status = space_map_load(&self->map, &self->space, &self->file, &self->newer, SPACE_MAP_NEWER, NULL);
    self->opening.is_map_bad = status != STORAGE_OK;
    return STORAGE_OK;
}

/* A map of the other slot that cannot be used is no reason not to open: the slot is overwritten. */
static StorageStatus load_older(LedgerPager *self, const SlotChoice *choice, StorageContext *ctx)
{
    const LedgerSlot *older = &choice->slots[!choice->chosen];
    StorageStatus status = STORAGE_CORRUPT;
    if (self->file.is_read_only || !choice->is_good[!choice->chosen])
        return STORAGE_OK;
    if (older->page_count <= atomic_load(&self->file.page_count))
        status = space_map_load(&self->map, &self->space, &self->file, older, SPACE_MAP_OLDER, NULL);
    if (status == STORAGE_NO_MEMORY)
        return storage_fail(ctx, status, "%s: no memory for the space map of the older slot", self->file.path);
    if (status != STORAGE_OK) {
        self->opening.is_other_map_bad = 1;
        space_map_drop_older(&self->map, &self->space);
    }
    return STORAGE_OK;
}

/* ---- roots ---- */

static StorageStatus check_roots(LedgerPager *self, StorageContext *ctx)
{
    StorageStatus status = STORAGE_OK;
    for (uint32_t index = 0; index < SLOT_ROOT_COUNT && status == STORAGE_OK; index++) {
        uint32_t level = slot_root_level(&self->newer, index);
        LedgerExpectation expectation = {level == 0 ? LEDGER_PAGE_LEAF : LEDGER_PAGE_BRANCH, level,
                                         slot_root_owner(index)};
        LedgerFrame *frame;
        LedgerEpoch epoch;
        if (slot_root_is_empty(&self->newer, index))
            continue;
        epoch = pager_enter(self);
        status = pager_read(self, self->newer.roots[index], &expectation, NULL, &frame, ctx);
        pager_leave(self, epoch);
    }
    return status;
}

/* ---- opening ---- */

static void note_choice(LedgerPager *self, const SlotChoice *choice)
{
    const LedgerSlot *other = &choice->slots[!choice->chosen];
    self->newer = choice->slots[choice->chosen];
    self->older_reserve = choice->is_good[!choice->chosen] ? other->revision_reserve : self->newer.revision_reserve;
    self->last_sequence = larger_of(self->newer.sequence, other->sequence); /* 0 of one that is not good */
    self->sealed_birth = self->last_birth = self->newer.revision;
    memcpy(self->opening.copies, choice->states, sizeof(choice->states));
    self->opening.chosen = choice->chosen;
    self->opening.repair_mask = choice->repair_mask;
    self->opening.is_fallback = choice->is_fallback;
    if (choice->is_fallback) {
        self->newer.fallback_count++;
        self->newer.fallback_revision = self->newer.revision;
    }
}

/* The chosen slot is as it was read: what note_choice added goes into the next one. */
static StorageStatus repair(LedgerPager *self, const SlotChoice *choice, StorageContext *ctx)
{
    StorageStatus status;
    if (self->file.is_read_only)
        return STORAGE_OK;
    status = file_repair(&self->file, choice, ctx);
    if (status == STORAGE_OK && self->opening.is_other_map_bad)
        status = pager_copy_slot(self, ctx);
    return status;
}

static StorageStatus load(LedgerPager *self, const SlotChoice *choice, const PagerOptions *options, StorageContext *ctx)
{
    StorageStatus status;
    note_choice(self, choice);
    if (cache_init(&self->cache, self->newer.page_size,
                   larger_of(options->cache_size,
                             (uint64_t)PAGER_CACHE_FRAMES_MIN * (self->newer.page_size + sizeof(Frame)))) != STORAGE_OK)
        return storage_fail(ctx, STORAGE_NO_MEMORY, "%s: no memory for the page cache", self->file.path);
    status = take_length(self, choice, ctx);
    if (status == STORAGE_OK)
        status = load_newer(self, ctx);
    if (status == STORAGE_OK)
        status = load_older(self, choice, ctx);
    if (status == STORAGE_OK) {
        if (!self->opening.is_map_bad)
            space_loaded(&self->space);
        status = check_roots(self, self->file.is_read_only ? NULL : ctx);
        if (self->file.is_read_only && status != STORAGE_NO_MEMORY)
            status = STORAGE_OK; /* it is reported where it is met */
    }
    if (status == STORAGE_OK)
        status = repair(self, choice, ctx); /* 1 */
    if (status != STORAGE_OK) {
        space_done(&self->space);
        space_map_done(&self->map);
        (void)cache_done(&self->cache);
    }
    return status;
}

StorageStatus pager_open(const PagerOptions *options, LedgerPager **ret_pager, StorageContext *ctx)
{
    FileOpenOptions file_options = {.environment = options->environment,
                                    .path = options->path,
                                    .page_size = options->page_size,
                                    .flags = ((options->flags & PAGER_READ_ONLY) != 0 ? FILE_READ_ONLY : 0) |
                                             ((options->flags & PAGER_CREATE) != 0 ? FILE_CREATE : 0),
                                    .size_max = options->file_size_max};
    LedgerPager *self;
    SlotChoice *choice;
    StorageStatus status = check_options(options, ctx);
    if (status != STORAGE_OK)
        return status;
    self = storage_allocate_zero(sizeof(*self));
    choice = storage_allocate(sizeof(*choice));
    if (self != NULL && choice != NULL) {
        memcpy(self->checks, options->checks, sizeof(self->checks));
        self->reserve_count = options->reserve_count;
        status = file_open(&self->file, &file_options, choice, ctx);
        if (status == STORAGE_OK) {
            status = load(self, choice, options, ctx);
            if (status != STORAGE_OK)
                file_close(&self->file);
        }
    } else {
        status = storage_fail(ctx, STORAGE_NO_MEMORY, "%s: no memory to open it", options->path);
    }
    storage_release(choice);
    if (status != STORAGE_OK)
        storage_release(self);
    else
        *ret_pager = self;
    return status;
}

void pager_close(LedgerPager *self)
{
    if (self == NULL)
        return;
    file_close(&self->file);
    space_done(&self->space);
    space_map_done(&self->map);
    storage_release(self->dirty);
    storage_release(self->order);
    if (cache_done(&self->cache))
        storage_release(self);
}

/* ---- what it is ---- */

const PagerOpening *pager_opening(const LedgerPager *self)
{
    return &self->opening;
}

const LedgerSlot *pager_slot(const LedgerPager *self)
{
    return &self->newer;
}

uint64_t pager_reserve(const LedgerPager *self)
{
    return self->older_reserve < self->newer.revision_reserve ? self->older_reserve : self->newer.revision_reserve;
}

uint64_t pager_first_revision(const LedgerPager *self)
{
    return larger_of(larger_of(self->older_reserve, self->newer.revision_reserve), self->newer.revision) + 1;
}

int pager_identity(const LedgerPager *self, uint64_t ret_identity[2])
{
    return self->file.files->identity(self->file.files->user_data, self->file.handle, ret_identity);
}

void pager_statistics(LedgerPager *self, PagerStatistics *ret_statistics)
{
    *ret_statistics = (PagerStatistics){
        .page_count = self->space.page_count,
        .used_count = self->space.used_count + layout_fixed_count(&self->file.layout, self->space.page_count),
        .file_count = self->space.limit,
        .free_count = space_free_count(&self->space),
        .held_count = self->space.held_count,
        .dirty_count = self->dirty_count,
        .cache_limit = self->cache.limit,
        .cache_used = atomic_load(&self->cache.used),
        .miss_count = atomic_load(&self->cache.miss_count),
        .evict_count = atomic_load(&self->cache.evict_count),
        .private_count = atomic_load(&self->cache.private_count),
        .write_count = self->file.write_count,
        .sync_count = self->file.sync_count,
        .is_poisoned = atomic_load(&self->file.poison) != 0,
    };
}
