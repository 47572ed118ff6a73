/*
 * ledger_btree_pager.c - a pager without a file.
 *
 * Every page is a block of its own, so that a sanitizer sees a read past its end. A page of a finished batch has a
 * copy, with which it is compared after each batch. The check of a page is a sum that changes with every byte.
 */
#include "ledger_btree_pager.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/ledger/btree/node.h"
#include "backends/ledger/btree/overflow.h"
#include "backends/ledger/page/codec.h"

enum { HEADER_PAGE_ID = 16, HEADER_BIRTH = 24, HEADER_TYPE = 44, HEADER_LEVEL = 45, HEADER_OWNER = 88 };
enum { PAGE_FREE, PAGE_LIVE, PAGE_DROPPED };

typedef struct Page {
    LedgerFrame frame;
    int state, is_of_batch;
    unsigned char *sealed; /* what it was at the end of its batch */
} Page;

struct LedgerPager {
    Page **pages; /* by id */
    size_t page_count, capacity, live_count;
    uint32_t page_size;
    uint64_t birth, sealed_birth, fail_after, read_count;
    StorageStatus failure;
    int has_failed, is_tolerant;
    size_t epoch_count;
};

static void die(const char *what, uint64_t page_id)
{
    (void)fprintf(stderr, "pager double: page %llu %s\n", (unsigned long long)page_id, what);
    abort();
}

LedgerPager *double_open(uint32_t page_size)
{
    LedgerPager *self = calloc(1, sizeof(*self));
    if (self == NULL)
        abort();
    self->page_size = page_size;
    self->page_count = 4;
    self->birth = 1;
    return self;
}

static void free_page(LedgerPager *self, size_t page_id)
{
    Page *page = self->pages[page_id];
    if (page->frame.pins != 0)
        die("is still pinned", page_id);
    free(page->frame.bytes);
    free((void *)page->frame.hints);
    free(page->sealed);
    free(page);
    self->pages[page_id] = NULL;
}

void double_close(LedgerPager *self)
{
    if (self->epoch_count != 0)
        die("was read in an epoch that nobody left", 0);
    for (size_t page_id = 4; page_id < self->page_count; page_id++)
        if (self->pages[page_id] != NULL)
            free_page(self, page_id);
    free(self->pages);
    free(self);
}

static const char *problem_of(const LedgerPager *self, const unsigned char *bytes)
{
    uint32_t type = bytes[HEADER_TYPE];
    if (type == LEDGER_PAGE_LEAF || type == LEDGER_PAGE_BRANCH)
        return node_check(bytes, self->page_size);
    return type == LEDGER_PAGE_OVERFLOW_INDEX ? overflow_check(bytes, self->page_size) : NULL;
}

void double_end_batch(LedgerPager *self)
{
    for (size_t page_id = 4; page_id < self->page_count; page_id++) {
        Page *page = self->pages[page_id];
        if (page == NULL)
            continue;
        if (!page->is_of_batch) {
            if (memcmp(page->sealed, page->frame.bytes, self->page_size) != 0)
                die("was changed after its batch", page_id);
            continue;
        }
        if (page->state == PAGE_LIVE && !self->is_tolerant && problem_of(self, page->frame.bytes) != NULL)
            die(problem_of(self, page->frame.bytes), page_id);
        page->is_of_batch = 0;
        page->sealed = malloc(self->page_size);
        if (page->sealed == NULL)
            abort();
        memcpy(page->sealed, page->frame.bytes, self->page_size);
    }
    self->birth++;
}

void double_end_checkpoint(LedgerPager *self)
{
    self->sealed_birth = self->birth;
    double_end_batch(self);
}

void double_forget_dropped(LedgerPager *self)
{
    for (size_t page_id = 4; page_id < self->page_count; page_id++)
        if (self->pages[page_id] != NULL && self->pages[page_id]->state == PAGE_DROPPED)
            free_page(self, page_id);
}

void double_fail_after(LedgerPager *self, uint64_t calls, StorageStatus status)
{
    self->fail_after = calls + 1;
    self->failure = status;
    self->has_failed = 0;
}

int double_has_failed(const LedgerPager *self)
{
    return self->has_failed;
}

/* 1 when this call is the one that is to fail. */
static int fails(LedgerPager *self)
{
    if (self->fail_after == 0 || --self->fail_after > 0)
        return 0;
    self->has_failed = 1;
    return 1;
}

void double_tolerate_damage(LedgerPager *self)
{
    self->is_tolerant = 1;
}

int double_damage(LedgerPager *self, uint64_t page_id, uint32_t (*random_below)(uint32_t))
{
    Page *page = self->pages[page_id];
    unsigned char *bytes = page->frame.bytes, *copy = malloc(self->page_size);
    int is_done;
    if (copy == NULL)
        abort();
    memcpy(copy, bytes, self->page_size);
    if (bytes[HEADER_TYPE] == LEDGER_PAGE_BRANCH && random_below(3) == 0) {
        Node node = {bytes, self->page_size};
        uint32_t count = codec_load_u32(bytes + 96);
        unsigned char *left = node_child(node, random_below(count)), *right = node_child(node, random_below(count));
        unsigned char pointer[LEDGER_POINTER_SIZE];
        memcpy(pointer, left, sizeof(pointer));
        memmove(left, right, sizeof(pointer));
        memcpy(right, pointer, sizeof(pointer));
    } else {
        for (uint32_t index = random_below(3) + 1; index > 0; index--)
            bytes[96 + random_below(self->page_size - 96)] = (unsigned char)random_below(256);
    }
    is_done = problem_of(self, bytes) == NULL && memcmp(bytes, copy, self->page_size) != 0;
    if (!is_done)
        memcpy(bytes, copy, self->page_size);
    if (page->sealed != NULL)
        memcpy(page->sealed, bytes, self->page_size);
    free(copy);
    return is_done;
}

uint64_t double_birth(const LedgerPager *self)
{
    return self->birth;
}

size_t double_page_count(const LedgerPager *self)
{
    return self->live_count;
}

int double_has_page(const LedgerPager *self, uint64_t page_id)
{
    return page_id < self->page_count && self->pages[page_id] != NULL && self->pages[page_id]->state == PAGE_LIVE;
}

uint64_t double_take_read_count(LedgerPager *self)
{
    uint64_t count = self->read_count;
    self->read_count = 0;
    return count;
}

/* ---- the functions of page/pager.h ---- */

LedgerEpoch pager_enter(LedgerPager *self)
{
    LedgerEpoch epoch;
    memset(&epoch, 0, sizeof(epoch));
    self->epoch_count++;
    return epoch;
}

void pager_leave(LedgerPager *self, LedgerEpoch epoch)
{
    (void)epoch;
    self->epoch_count--;
}

/* The page that a pointer means; NULL when there is none and damage is tolerated. */
static Page *find(const LedgerPager *self, const unsigned char *pointer)
{
    LedgerPointer decoded = ledger_pointer_decode(pointer);
    Page *page = decoded.page_id < self->page_count ? self->pages[decoded.page_id] : NULL;
    if (page != NULL && page->frame.birth == decoded.birth)
        return page;
    if (!self->is_tolerant)
        die("is not the one that a pointer means", decoded.page_id);
    return NULL;
}

StorageStatus pager_read(LedgerPager *self, const unsigned char pointer[LEDGER_POINTER_SIZE],
                         const LedgerExpectation *expectation, _Atomic uint32_t *hint, LedgerFrame **ret_frame,
                         StorageContext *ctx)
{
    Page *page = find(self, pointer);
    const unsigned char *bytes;
    self->read_count++;
    if (self->epoch_count == 0)
        die("is read outside of an epoch", 0);
    if (page == NULL)
        return storage_fail(ctx, STORAGE_CORRUPT, "no such page");
    bytes = page->frame.bytes;
    if (fails(self))
        return storage_fail(ctx, self->failure, "a read is to fail");
    if (hint != NULL)
        atomic_store_explicit(hint, (uint32_t)page->frame.page_id, memory_order_relaxed);
    if (bytes[HEADER_TYPE] != expectation->type || bytes[HEADER_LEVEL] != expectation->level ||
        codec_load_u64(bytes + HEADER_OWNER) != expectation->owner) {
        if (self->is_tolerant)
            return storage_fail(ctx, STORAGE_CORRUPT, "another page");
        die("is of another kind, level or tree", page->frame.page_id);
    }
    if (page->frame.birth <= self->sealed_birth && !self->is_tolerant &&
        (memcmp(bytes, pointer + LEDGER_POINTER_CHECK, LEDGER_CHECK_SIZE) != 0 || codec_load_u64(bytes) == 0))
        die("was not sealed, or has another check than the pointer to it", page->frame.page_id);
    *ret_frame = &page->frame;
    return STORAGE_OK;
}

void pager_pin(LedgerFrame *frame)
{
    (void)atomic_fetch_add(&frame->pins, 1);
}

void pager_unpin(LedgerPager *self, LedgerFrame *frame)
{
    (void)self;
    if (atomic_fetch_sub(&frame->pins, 1) == 0)
        die("is unpinned more often than pinned", frame->page_id);
}

static Page *make_page(LedgerPager *self)
{
    Page *page = calloc(1, sizeof(*page));
    if (self->page_count >= self->capacity) {
        self->capacity = self->capacity == 0 ? 1024 : self->capacity * 2;
        self->pages = realloc(self->pages, self->capacity * sizeof(*self->pages));
        if (self->pages == NULL)
            abort();
        for (size_t index = self->page_count; index < self->capacity; index++)
            self->pages[index] = NULL;
    }
    if (page == NULL || (page->frame.bytes = calloc(1, self->page_size)) == NULL)
        abort();
    page->frame.page_id = self->page_count++;
    page->frame.birth = self->birth;
    page->state = PAGE_LIVE;
    page->is_of_batch = 1;
    self->pages[page->frame.page_id] = page;
    self->live_count++;
    return page;
}

static void label_page(const LedgerPager *self, Page *page)
{
    uint32_t type = page->frame.bytes[HEADER_TYPE];
    codec_store_u64(page->frame.bytes + HEADER_PAGE_ID, page->frame.page_id);
    codec_store_u64(page->frame.bytes + HEADER_BIRTH, page->frame.birth);
    if (type != LEDGER_PAGE_BRANCH && type != LEDGER_PAGE_OVERFLOW_INDEX)
        return;
    page->frame.hints = calloc((self->page_size - 128) / 38 + 2, sizeof(*page->frame.hints));
    if (page->frame.hints == NULL)
        abort();
}

StorageStatus pager_new(LedgerPager *self, const LedgerExpectation *expectation, LedgerFrame **ret_frame,
                        StorageContext *ctx)
{
    Page *page;
    if (fails(self))
        return storage_fail(ctx, self->failure, "a new page is to fail");
    page = make_page(self);
    page->frame.bytes[HEADER_TYPE] = (unsigned char)expectation->type;
    page->frame.bytes[HEADER_LEVEL] = (unsigned char)expectation->level;
    codec_store_u64(page->frame.bytes + HEADER_OWNER, expectation->owner);
    label_page(self, page);
    *ret_frame = &page->frame;
    return STORAGE_OK;
}

static void drop(LedgerPager *self, Page *page)
{
    if (page == NULL || page->state != PAGE_LIVE) {
        if (self->is_tolerant)
            return;
        die("is dropped twice", page == NULL ? 0 : page->frame.page_id);
    }
    page->state = PAGE_DROPPED;
    self->live_count--;
}

StorageStatus pager_change(LedgerPager *self, LedgerFrame *frame, LedgerFrame **ret_frame, StorageContext *ctx)
{
    Page *old = self->pages[frame->page_id], *page;
    if (fails(self))
        return storage_fail(ctx, self->failure, "a copy of a page is to fail");
    if (old->state != PAGE_LIVE && self->is_tolerant)
        return storage_fail(ctx, STORAGE_CORRUPT, "a dropped page");
    if (old->state != PAGE_LIVE)
        die("is changed after it was dropped", frame->page_id);
    *ret_frame = frame;
    if (old->is_of_batch)
        return STORAGE_OK;
    page = make_page(self);
    memcpy(page->frame.bytes, frame->bytes, self->page_size);
    memset(page->frame.bytes, 0, LEDGER_CHECK_SIZE);
    label_page(self, page);
    drop(self, old);
    *ret_frame = &page->frame;
    return STORAGE_OK;
}

void pager_drop(LedgerPager *self, const unsigned char pointer[LEDGER_POINTER_SIZE])
{
    drop(self, find(self, pointer));
}

LedgerPointer pager_pointer(const LedgerFrame *frame)
{
    return (LedgerPointer){.page_id = frame->page_id, .birth = frame->birth};
}

uint64_t pager_sealed_birth(const LedgerPager *self)
{
    return self->sealed_birth;
}

LedgerFrame *pager_resident(LedgerPager *self, const unsigned char pointer[LEDGER_POINTER_SIZE])
{
    return &find(self, pointer)->frame;
}

void pager_seal(LedgerPager *self, LedgerFrame *frame, uint8_t ret_check[LEDGER_CHECK_SIZE])
{
    Page *page = self->pages[frame->page_id];
    uint64_t sums[2] = {0x9e3779b97f4a7c15u, 0xc2b2ae3d27d4eb4fu};
    if (page->state != PAGE_LIVE)
        die("is sealed after it was dropped", frame->page_id);
    for (uint32_t offset = LEDGER_CHECK_SIZE; offset < self->page_size; offset += 8)
        for (size_t half = 0; half < 2; half++)
            sums[half] = (sums[half] ^ codec_load_u64(frame->bytes + offset)) * 0x100000001b3u + (sums[half] >> 29);
    codec_store_u64(frame->bytes, sums[0]);
    codec_store_u64(frame->bytes + 8, sums[1]);
    memcpy(ret_check, frame->bytes, LEDGER_CHECK_SIZE);
    if (page->sealed != NULL) /* an older batch that no checkpoint had yet: the checks are part of it now */
        memcpy(page->sealed, frame->bytes, self->page_size);
}

uint32_t pager_page_size(const LedgerPager *self)
{
    return self->page_size;
}
