/* ledger_page_tree.c - a store of numbers right over the pager. */
#include "ledger_page_tree.h"

#include "backends/ledger/page/codec.h"
#include "core/environment.h"

#include <string.h>

enum { POINTERS = 128, VALUE = 128, OWNER = 1 };

static const LedgerExpectation branch = {LEDGER_PAGE_BRANCH, 1, OWNER}, leaf = {LEDGER_PAGE_LEAF, 0, OWNER};

void page_tree_init(PageTree *self, const char *path, const StorageFiles *files)
{
    StorageEnvironment given = STORAGE_ENVIRONMENT_INIT;
    memset(self, 0, sizeof(*self));
    given.files = files;
    unit_assert_status(environment_fill(&self->environment, &given, NULL), STORAGE_OK);
    self->options = (PagerOptions){.path = path, .page_size = 4096, .flags = PAGER_CREATE, .cache_size = 1 << 20};
}

StorageStatus page_tree_open(PageTree *self, StorageContext *ctx)
{
    StorageStatus status;
    self->options.environment = &self->environment;
    status = pager_open(&self->options, &self->pager, ctx);
    if (status != STORAGE_OK) {
        self->pager = NULL;
        return status;
    }
    memcpy(self->root, pager_slot(self->pager)->roots[PAGE_TREE_ROOT], SLOT_ROOT_SIZE);
    self->revision = pager_first_revision(self->pager) - 1;
    return STORAGE_OK;
}

void page_tree_close(PageTree *self)
{
    pager_close(self->pager);
    self->pager = NULL;
}

static unsigned char *child_of(LedgerFrame *frame, uint32_t index)
{
    return frame->bytes + POINTERS + (size_t)index * LEDGER_POINTER_SIZE;
}

static void point_to(unsigned char *place, const LedgerFrame *frame)
{
    LedgerPointer pointer = pager_pointer(frame);
    ledger_pointer_encode(&pointer, place);
}

static StorageStatus set_one(PageTree *self, LedgerFrame *root, uint32_t index, uint64_t value, StorageContext *ctx)
{
    unsigned char *place = child_of(root, index);
    LedgerFrame *frame;
    StorageStatus status = STORAGE_OK;
    if (value == 0) {
        if (codec_load_u64(place) != 0)
            pager_drop(self->pager, place);
        memset(place, 0, LEDGER_POINTER_SIZE);
        return STORAGE_OK;
    }
    if (codec_load_u64(place) == 0) {
        status = pager_new(self->pager, &leaf, &frame, ctx);
    } else {
        status = pager_read(self->pager, place, &leaf, &root->hints[index], &frame, ctx);
        if (status == STORAGE_OK)
            status = pager_change(self->pager, frame, &frame, ctx);
    }
    if (status != STORAGE_OK)
        return status;
    for (size_t at = VALUE; at < pager_page_size(self->pager); at += 8)
        codec_store_u64(frame->bytes + at, value);
    point_to(place, frame);
    return STORAGE_OK;
}

static StorageStatus set_range(PageTree *self, uint32_t first, uint32_t last, uint64_t value, StorageContext *ctx)
{
    LedgerFrame *root;
    StorageStatus status = pager_hold(self->pager, value == 0 ? 1 : last - first + 1, value == 0, ctx);
    if (status == STORAGE_OK && codec_load_u64(self->root) == 0) {
        status = pager_new(self->pager, &branch, &root, ctx);
    } else if (status == STORAGE_OK) {
        status = pager_read(self->pager, self->root, &branch, NULL, &root, ctx);
        if (status == STORAGE_OK)
            status = pager_change(self->pager, root, &root, ctx);
    }
    if (status != STORAGE_OK)
        return status;
    point_to(self->root, root);
    codec_store_u16(self->root + LEDGER_POINTER_SIZE, 1);
    for (uint32_t index = first; index < last && status == STORAGE_OK; index++)
        status = set_one(self, root, index, value, ctx);
    return status;
}

StorageStatus page_tree_set(PageTree *self, uint32_t first, uint32_t last, uint64_t value, StorageContext *ctx)
{
    StorageStatus status = pager_begin(self->pager, self->revision + 1, ctx);
    LedgerEpoch epoch;
    if (status != STORAGE_OK)
        return status;
    memcpy(self->previous, self->root, SLOT_ROOT_SIZE);
    epoch = pager_enter(self->pager);
    status = set_range(self, first, last, value, ctx);
    pager_leave(self->pager, epoch);
    if (status == STORAGE_OK)
        status = pager_end(self->pager, ctx);
    if (status == STORAGE_OK) {
        self->revision++;
        return STORAGE_OK;
    }
    pager_revert(self->pager);
    memcpy(self->root, self->previous, SLOT_ROOT_SIZE);
    return status;
}

static void seal(PageTree *self)
{
    uint64_t sealed_birth = pager_sealed_birth(self->pager);
    LedgerFrame *root;
    if (codec_load_u64(self->root + 8) <= sealed_birth)
        return;
    root = pager_resident(self->pager, self->root);
    for (uint32_t index = 0; index < PAGE_TREE_SIZE; index++) {
        unsigned char *place = child_of(root, index);
        if (codec_load_u64(place + 8) > sealed_birth)
            pager_seal(self->pager, pager_resident(self->pager, place), place + LEDGER_POINTER_CHECK);
    }
    pager_seal(self->pager, root, self->root + LEDGER_POINTER_CHECK);
}

StorageStatus page_tree_checkpoint(PageTree *self, StorageContext *ctx)
{
    LedgerSlot slot = *pager_slot(self->pager);
    seal(self);
    memcpy(slot.roots[PAGE_TREE_ROOT], self->root, SLOT_ROOT_SIZE);
    slot.revision = slot.revision_reserve = self->revision;
    return pager_checkpoint(self->pager, &slot, ctx);
}

StorageStatus page_tree_get(PageTree *self, const unsigned char *root, uint32_t index, uint64_t *ret_value,
                            StorageContext *ctx)
{
    LedgerEpoch epoch = pager_enter(self->pager);
    LedgerFrame *frame;
    StorageStatus status = STORAGE_OK;
    *ret_value = 0;
    if (codec_load_u64(root) != 0)
        status = pager_read(self->pager, root, &branch, NULL, &frame, ctx);
    if (codec_load_u64(root) != 0 && status == STORAGE_OK && codec_load_u64(child_of(frame, index)) != 0) {
        LedgerFrame *child;
        status = pager_read(self->pager, child_of(frame, index), &leaf, &frame->hints[index], &child, ctx);
        if (status == STORAGE_OK) {
            *ret_value = codec_load_u64(child->bytes + VALUE);
            for (size_t at = VALUE; at < pager_page_size(self->pager); at += 8)
                unit_assert(codec_load_u64(child->bytes + at) == *ret_value, "a page holds bytes of two versions");
        }
    }
    pager_leave(self->pager, epoch);
    return status;
}

StorageStatus page_tree_read(PageTree *self, uint64_t ret_values[PAGE_TREE_SIZE], StorageContext *ctx)
{
    StorageStatus status = STORAGE_OK;
    for (uint32_t index = 0; index < PAGE_TREE_SIZE && status == STORAGE_OK; index++)
        status = page_tree_get(self, self->root, index, &ret_values[index], ctx);
    return status;
}
