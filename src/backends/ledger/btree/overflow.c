/*
 * btree/overflow.c - values as trees of overflow pages.
 *
 * Data pages are numbered through the value. A page of level n (a data page has level 0) begins with data page d when d
 * is a multiple of fan_out^n, so one loop over the data pages meets every page of the tree: going up to the top for
 * those that begin, coming down for those that end.
 */
#include "backends/ledger/btree/overflow.h"

#include <assert.h>
#include <string.h>

#include "backends/ledger/page/codec.h"

enum { INDEX_COUNT = 96, INDEX_RESERVED = 100, INDEX_POINTERS = 128, INDEX_BIRTH = 24, LEVELS_MAX = 5 };

/* What the size of a value says of its tree. */
typedef struct Shape {
    uint32_t data_size, fan_out, level; /* of a data page; of an index page; of the root */
    uint64_t data_count;
    uint64_t spans[LEVELS_MAX]; /* data pages below a full page, by level */
} Shape;

static Shape shape_of(const OverflowValue *self)
{
    uint32_t page_size = pager_page_size(self->pager);
    Shape shape = {.data_size = page_size - LEDGER_PAGE_HEADER_SIZE,
                   .fan_out = (page_size - INDEX_POINTERS) / LEDGER_POINTER_SIZE,
                   .spans = {1}};
    shape.data_count = ((uint64_t)self->value_size + shape.data_size - 1) / shape.data_size;
    while (shape.spans[shape.level] < shape.data_count) {
        assert(shape.level + 1 < LEVELS_MAX); /* 96^4 pages of 4,000 bytes are far above 2^32 bytes */
        shape.level++;
        shape.spans[shape.level] = shape.spans[shape.level - 1] * shape.fan_out;
    }
    return shape;
}

static LedgerExpectation expectation_of(const OverflowValue *self, uint32_t level)
{
    return (LedgerExpectation){level == 0 ? LEDGER_PAGE_OVERFLOW : LEDGER_PAGE_OVERFLOW_INDEX, level, self->owner};
}

static unsigned char *pointer_at(unsigned char *bytes, uint32_t index)
{
    return bytes + INDEX_POINTERS + (size_t)index * LEDGER_POINTER_SIZE;
}

/* Which pointer of its parent leads to the page of `level` that data page `data_no` is at or below. */
static uint32_t place_of(const Shape *shape, uint32_t level, uint64_t data_no)
{
    return (uint32_t)(data_no / shape->spans[level] % shape->fan_out);
}

/* How many pointers the index page of `level` has that data page `data_no` is below. */
static uint32_t pointer_count_of(const Shape *shape, uint32_t level, uint64_t data_no)
{
    uint64_t left = shape->data_count - data_no / shape->spans[level] * shape->spans[level];
    uint64_t span = shape->spans[level - 1];
    return left >= shape->spans[level] ? shape->fan_out : (uint32_t)((left + span - 1) / span);
}

static uint32_t bytes_in(const OverflowValue *self, const Shape *shape, uint64_t data_no)
{
    uint64_t left = self->value_size - data_no * shape->data_size;
    return left < shape->data_size ? (uint32_t)left : shape->data_size;
}

static int is_zero(const unsigned char *bytes, size_t size)
{
    return size == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0);
}

const char *overflow_check(const unsigned char *bytes, uint32_t page_size)
{
    uint32_t count = codec_load_u32(bytes + INDEX_COUNT);
    uint32_t fan_out = (page_size - INDEX_POINTERS) / LEDGER_POINTER_SIZE, end;
    if (count < 1 || count > fan_out)
        return "it has a wrong count of pointers";
    if (!is_zero(bytes + INDEX_RESERVED, INDEX_POINTERS - INDEX_RESERVED))
        return "reserved bytes are not zero";
    for (uint32_t index = 0; index < count; index++) {
        LedgerPointer pointer = ledger_pointer_decode(bytes + INDEX_POINTERS + (size_t)index * LEDGER_POINTER_SIZE);
        if (pointer.page_id == 0)
            return "a pointer names no page";
        if (pointer.birth > codec_load_u64(bytes + INDEX_BIRTH))
            return "a pointer is to a younger page";
        if ((pointer.entries | pointer.flags) != 0)
            return "a pointer has a wrong count of entries";
    }
    end = INDEX_POINTERS + count * LEDGER_POINTER_SIZE;
    return is_zero(bytes + end, page_size - end) ? NULL : "the space behind its pointers is not zero";
}

/* ---- writing ---- */

/* Makes the page of `level` with which `data_no` begins, and puts the pointer to it where it belongs. */
static StorageStatus begin_page(const OverflowValue *self, LedgerFrame **frames, uint32_t level, unsigned char *pointer,
                                PageList *made, StorageContext *ctx)
{
    LedgerExpectation expectation = expectation_of(self, level);
    LedgerPointer decoded;
    StorageStatus status = pager_new(self->pager, &expectation, &frames[level], ctx);
    if (status != STORAGE_OK)
        return status;
    decoded = pager_pointer(frames[level]);
    status = page_list_add_frame(made, frames[level]);
    if (status != STORAGE_OK) {
        unsigned char encoded[LEDGER_POINTER_SIZE];
        ledger_pointer_encode(&decoded, encoded);
        pager_drop(self->pager, encoded);
        return storage_fail(ctx, status, "overflow pages: out of memory; free some and try again");
    }
    ledger_pointer_encode(&decoded, pointer);
    return STORAGE_OK;
}

StorageStatus overflow_write(const OverflowValue *self, StorageSlice value, unsigned char *ret_pointer, PageList *made,
                             StorageContext *ctx)
{
    Shape shape = shape_of(self);
    LedgerFrame *frames[LEVELS_MAX];
    assert(value.size == self->value_size && value.size > 0);
    for (uint64_t data_no = 0; data_no < shape.data_count; data_no++) {
        for (uint32_t level = shape.level + 1; level-- > 0;) {
            unsigned char *pointer = ret_pointer;
            StorageStatus status;
            if (data_no % shape.spans[level] != 0)
                continue;
            if (level < shape.level)
                pointer = pointer_at(frames[level + 1]->bytes, place_of(&shape, level, data_no));
            status = begin_page(self, frames, level, pointer, made, ctx);
            if (status != STORAGE_OK)
                return status;
            if (level > 0)
                codec_store_u32(frames[level]->bytes + INDEX_COUNT, pointer_count_of(&shape, level, data_no));
        }
        memcpy(frames[0]->bytes + LEDGER_PAGE_HEADER_SIZE,
               (const unsigned char *)value.data + data_no * shape.data_size, bytes_in(self, &shape, data_no));
    }
    return STORAGE_OK;
}

void overflow_seal(const OverflowValue *self, unsigned char *pointer)
{
    Shape shape = shape_of(self);
    LedgerFrame *frames[LEVELS_MAX];
    for (uint64_t data_no = 0; data_no < shape.data_count; data_no++) {
        unsigned char *pointers[LEVELS_MAX];
        for (uint32_t level = shape.level + 1; level-- > 0;) {
            pointers[level] =
                level == shape.level ? pointer : pointer_at(frames[level + 1]->bytes, place_of(&shape, level, data_no));
            if (data_no % shape.spans[level] == 0)
                frames[level] = pager_resident(self->pager, pointers[level]);
        }
        for (uint32_t level = 0; level <= shape.level; level++)
            if ((data_no + 1) % shape.spans[level] == 0 || data_no + 1 == shape.data_count)
                pager_seal(self->pager, frames[level], pointers[level] + LEDGER_POINTER_CHECK);
    }
}

/* ---- reading ---- */

/* Reads the page of `level` on the way to `data_no`; an index page must have as many pointers as its place asks for. */
static StorageStatus read_page(const OverflowValue *self, const Shape *shape, uint32_t level, uint64_t data_no,
                               LedgerFrame **frames, StorageContext *ctx)
{
    LedgerExpectation expectation = expectation_of(self, level);
    const unsigned char *pointer = self->pointer;
    _Atomic uint32_t *hint = NULL;
    StorageStatus status;
    if (level < shape->level) {
        uint32_t place = place_of(shape, level, data_no);
        pointer = pointer_at(frames[level + 1]->bytes, place);
        hint = frames[level + 1]->hints == NULL ? NULL : &frames[level + 1]->hints[place];
    }
    status = pager_read(self->pager, pointer, &expectation, hint, &frames[level], ctx);
    if (status == STORAGE_OK && level > 0 &&
        codec_load_u32(frames[level]->bytes + INDEX_COUNT) != pointer_count_of(shape, level, data_no))
        return storage_fail(ctx, STORAGE_CORRUPT,
                            "overflow page %llu does not fit the size of its value; restore it from a backup",
                            (unsigned long long)frames[level]->page_id);
    return status;
}

static StorageStatus read_data(const OverflowValue *self, const Shape *shape, uint64_t data_no, LedgerFrame **ret_frame,
                               StorageContext *ctx)
{
    LedgerFrame *frames[LEVELS_MAX] = {NULL};
    for (uint32_t level = shape->level + 1; level-- > 0;) {
        StorageStatus status = read_page(self, shape, level, data_no, frames, ctx);
        if (status != STORAGE_OK)
            return status;
    }
    *ret_frame = frames[0];
    return STORAGE_OK;
}

StorageStatus overflow_read(const OverflowValue *self, uint32_t offset, void *buffer, uint32_t size,
                            StorageContext *ctx)
{
    Shape shape = shape_of(self);
    unsigned char *to = buffer;
    assert((uint64_t)offset + size <= self->value_size);
    while (size > 0) {
        uint64_t data_no = offset / shape.data_size;
        uint32_t from = offset % shape.data_size, part = bytes_in(self, &shape, data_no) - from;
        LedgerEpoch epoch = pager_enter(self->pager);
        LedgerFrame *frame;
        StorageStatus status = read_data(self, &shape, data_no, &frame, ctx);
        part = part < size ? part : size;
        if (status == STORAGE_OK)
            memcpy(to, frame->bytes + LEDGER_PAGE_HEADER_SIZE + from, part);
        pager_leave(self->pager, epoch);
        if (status != STORAGE_OK)
            return status;
        to += part;
        offset += part;
        size -= part;
    }
    return STORAGE_OK;
}

StorageStatus overflow_collect(const OverflowValue *self, PageList *list, StorageContext *ctx)
{
    Shape shape = shape_of(self);
    LedgerFrame *frames[LEVELS_MAX];
    for (uint64_t data_no = 0; data_no < shape.data_count; data_no++)
        for (uint32_t level = shape.level + 1; level-- > 0;) {
            const unsigned char *pointer = self->pointer;
            StorageStatus status;
            if (data_no % shape.spans[level] != 0)
                continue;
            if (level < shape.level)
                pointer = pointer_at(frames[level + 1]->bytes, place_of(&shape, level, data_no));
            status = page_list_add(list, pointer);
            if (status != STORAGE_OK)
                return storage_fail(ctx, status, "overflow pages: out of memory; free some and try again");
            if (level > 0)
                status = read_page(self, &shape, level, data_no, frames, ctx);
            if (status != STORAGE_OK)
                return status;
        }
    return STORAGE_OK;
}
