/*
 * test_ledger_btree_tree.c - what a tree promises besides being a sorted array: how full its pages are, how little it
 * reads to delete a range, its limits, and values in overflow pages.
 */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "backends/ledger/btree/cursor.h"
#include "backends/ledger/btree/overflow.h"
#include "backends/ledger/page/codec.h"
#include "ledger_btree_pager.h"

enum { OWNER = 1, PAGE = 4096 };

typedef struct Fixture {
    LedgerPager *pager;
    LedgerWriter *writer;
    LedgerRoot root;
    LedgerTree tree;
    LedgerEpoch epoch;
    StorageContext *ctx;
} Fixture;

static void fixture_init(Fixture *self, uint32_t page_size)
{
    *self = (Fixture){.pager = double_open(page_size), .ctx = storage_context_new()};
    unit_assert_status(tree_writer_new(self->pager, &self->writer), STORAGE_OK);
    self->tree = (LedgerTree){self->pager, OWNER, &self->root};
    self->epoch = pager_enter(self->pager);
}

static void fixture_done(Fixture *self)
{
    pager_leave(self->pager, self->epoch);
    storage_context_free(self->ctx);
    tree_writer_free(self->writer);
    double_close(self->pager);
}

static StorageStatus put(Fixture *self, StorageSlice key, StorageSlice value)
{
    LedgerPut request = {key, value, 1, STORAGE_NEVER};
    return tree_put(self->writer, &self->tree, &request, self->ctx);
}

/* 16 bytes: a number, or what looks random and is different for each number. */
static StorageSlice make_key(char *buffer, uint64_t number, int is_random)
{
    if (is_random)
        number = number * 0x9e3779b97f4a7c15u;
    (void)snprintf(buffer, 17, "%016llx", (unsigned long long)number);
    return (StorageSlice){buffer, 16};
}

typedef struct Usage {
    uint64_t leaf_count, used_size, overflow_count;
} Usage;

static StorageStatus add_page(void *state, uint32_t page_type, uint64_t page_id, uint32_t used_size,
                              StorageContext *ctx)
{
    Usage *usage = state;
    (void)page_id, (void)ctx;
    if (page_type == LEDGER_PAGE_LEAF) {
        usage->leaf_count++;
        usage->used_size += used_size;
    } else if (page_type == LEDGER_PAGE_OVERFLOW) {
        usage->overflow_count++;
    }
    return STORAGE_OK;
}

static Usage usage_of(Fixture *self)
{
    Usage usage = {0};
    TreeVisitor visitor = {add_page, &usage};
    unit_assert_status(tree_verify(&self->tree, &visitor, self->ctx), STORAGE_OK);
    return usage;
}

/* How full the leaves are, in percent. */
static uint64_t fill_of(Fixture *self)
{
    Usage usage = usage_of(self);
    return usage.used_size * 100 / (usage.leaf_count * PAGE);
}

static void check_fill(const char *order, uint64_t (*number_of)(uint64_t), int is_random, uint64_t fill_min)
{
    static const char value[100];
    Fixture fixture;
    uint64_t fill;
    fixture_init(&fixture, PAGE);
    for (uint64_t index = 0; index < 40000; index++) {
        char key[17];
        StorageSlice slice = make_key(key, number_of(index), is_random);
        unit_assert_status(put(&fixture, slice, storage_bytes(value, sizeof(value))), STORAGE_OK);
        if (index % 5000 == 0)
            double_end_batch(fixture.pager);
    }
    fill = fill_of(&fixture);
    unit_assert(fill >= fill_min, "%s: leaves are filled to %llu %%", order, (unsigned long long)fill);
    fixture_done(&fixture);
}

static uint64_t ascending(uint64_t index)
{
    return index;
}

static uint64_t descending(uint64_t index)
{
    return 1000000 - index;
}

/* A run that begins in the middle of what is there. */
static uint64_t ascending_inside(uint64_t index)
{
    return index < 1000 ? index * 1000000 : 500000500 + index;
}

START_TEST(pages_are_filled_well_whatever_the_order_of_puts)
{
    check_fill("ascending", ascending, 0, 95);
    check_fill("descending", descending, 0, 95);
    check_fill("ascending in the middle", ascending_inside, 0, 92);
    check_fill("random", ascending, 1, 80);
}
END_TEST

START_TEST(a_range_goes_without_a_look_at_its_leaves)
{
    static const char value[100];
    Fixture fixture;
    char start[17], end[17], key[17];
    uint64_t count = 0, reads;
    Usage usage;
    fixture_init(&fixture, PAGE);
    for (uint64_t index = 0; index < 30000; index++)
        unit_assert_status(put(&fixture, make_key(key, index, 0), storage_bytes(value, sizeof(value))), STORAGE_OK);
    usage = usage_of(&fixture);
    unit_assert(usage.leaf_count > 800, "there are only %llu leaves", (unsigned long long)usage.leaf_count);
    (void)double_take_read_count(fixture.pager);
    LedgerInterval interval = {make_key(start, 100, 0), make_key(end, 29900, 0), 1};
    unit_assert_status(tree_delete_range(fixture.writer, &fixture.tree, &interval, &count, fixture.ctx), STORAGE_OK);
    reads = double_take_read_count(fixture.pager);
    ck_assert_uint_eq(count, 29800);
    unit_assert(reads < 100, "%llu reads of pages", (unsigned long long)reads);
    usage = usage_of(&fixture);
    ck_assert_uint_le(usage.leaf_count, 10);
    ck_assert_uint_eq(ledger_root_entry_count(&fixture.root), 200);
    fixture_done(&fixture);
}
END_TEST

START_TEST(a_range_takes_its_overflow_pages_along)
{
    Fixture fixture;
    char *value = calloc(1, 50000), key[17];
    uint64_t count = 0;
    fixture_init(&fixture, PAGE);
    for (uint64_t index = 0; index < 3000; index++)
        unit_assert_status(put(&fixture, make_key(key, index, 0), storage_bytes(value, index % 500 == 7 ? 50000 : 40)),
                           STORAGE_OK);
    ck_assert_uint_eq(usage_of(&fixture).overflow_count, 6 * 14);
    LedgerInterval interval = {storage_string("0000000000000001"), storage_string("00000000000008"), 1};
    unit_assert_status(tree_delete_range(fixture.writer, &fixture.tree, &interval, &count, fixture.ctx), STORAGE_OK);
    ck_assert_uint_eq(count, 0x800 - 1);
    ck_assert_uint_eq(usage_of(&fixture).overflow_count, 14);
    interval = (LedgerInterval){{NULL, 0}, {NULL, 0}, 0};
    unit_assert_status(tree_delete_range(fixture.writer, &fixture.tree, &interval, &count, fixture.ctx), STORAGE_OK);
    unit_assert(ledger_root_is_empty(&fixture.root), "something is left of the tree");
    ck_assert_uint_eq(double_page_count(fixture.pager), 0);
    free(value);
    fixture_done(&fixture);
}
END_TEST

START_TEST(an_empty_tree_has_nothing_and_takes_anything)
{
    Fixture fixture;
    LedgerInterval all = {{NULL, 0}, {NULL, 0}, 0};
    LedgerCursor cursor;
    LedgerEntry entry;
    LedgerRecord record;
    LedgerFrame *frame;
    uint64_t count = 5;
    fixture_init(&fixture, PAGE);
    unit_assert_status(tree_get(&fixture.tree, storage_string("k"), &record, &frame, fixture.ctx), STORAGE_NOT_FOUND);
    unit_assert_status(tree_delete(fixture.writer, &fixture.tree, storage_string(""), fixture.ctx), STORAGE_NOT_FOUND);
    unit_assert_status(tree_delete_range(fixture.writer, &fixture.tree, &all, &count, fixture.ctx), STORAGE_OK);
    ck_assert_uint_eq(count, 0);
    unit_assert_status(cursor_init(&cursor, &fixture.tree, &all), STORAGE_OK);
    unit_assert_status(cursor_next(&cursor, &entry, fixture.ctx), STORAGE_END);
    unit_assert_status(cursor_previous(&cursor, &entry, fixture.ctx), STORAGE_END);
    unit_assert_status(cursor_seek_before(&cursor, storage_string("k"), fixture.ctx), STORAGE_OK);
    unit_assert_status(cursor_next(&cursor, &entry, fixture.ctx), STORAGE_END);
    cursor_done(&cursor);
    unit_assert_status(put(&fixture, storage_bytes("", 0), storage_bytes("", 0)), STORAGE_OK);
    unit_assert_status(tree_get(&fixture.tree, storage_bytes("", 0), &record, &frame, fixture.ctx), STORAGE_OK);
    ck_assert_uint_eq(record.value.size, 0);
    unit_assert_status(tree_delete(fixture.writer, &fixture.tree, storage_bytes("", 0), fixture.ctx), STORAGE_OK);
    unit_assert(ledger_root_is_empty(&fixture.root), "the tree is not empty again");
    ck_assert_uint_eq(double_page_count(fixture.pager), 0);
    fixture_done(&fixture);
}
END_TEST

START_TEST(a_value_that_was_got_can_be_put_again)
{
    Fixture fixture;
    LedgerRecord record;
    LedgerFrame *frame;
    char key[17], value[60];
    fixture_init(&fixture, PAGE);
    for (uint64_t index = 0; index < 200; index++) {
        (void)snprintf(value, sizeof(value), "the value of number %llu", (unsigned long long)index);
        unit_assert_status(put(&fixture, make_key(key, index, 1), storage_string(value)), STORAGE_OK);
    }
    for (uint64_t index = 0; index < 200; index++) {
        LedgerPut again = {make_key(key, index, 1), {NULL, 0}, 1, (int64_t)index};
        unit_assert_status(tree_get(&fixture.tree, again.key, &record, &frame, fixture.ctx), STORAGE_OK);
        again.value = record.value;
        unit_assert_status(tree_put(fixture.writer, &fixture.tree, &again, fixture.ctx), STORAGE_OK);
    }
    for (uint64_t index = 0; index < 200; index++) {
        (void)snprintf(value, sizeof(value), "the value of number %llu", (unsigned long long)index);
        unit_assert_status(tree_get(&fixture.tree, make_key(key, index, 1), &record, &frame, fixture.ctx), STORAGE_OK);
        unit_assert(storage_slice_compare(record.value, storage_string(value)) == 0, "value %llu changed",
                    (unsigned long long)index);
        ck_assert_int_eq(record.expires_at_ns, (int64_t)index);
    }
    fixture_done(&fixture);
}
END_TEST

/* How many children of the root are not where its hints say; the pager's hint is the page id. */
static uint32_t stale_hints(Fixture *self)
{
    LedgerFrame *frame = pager_resident(self->pager, self->root.pointer);
    Node node = {frame->bytes, PAGE};
    uint32_t count = codec_load_u32(node.bytes + 96), stale = 0;
    for (uint32_t index = 0; index < count; index++)
        stale += atomic_load(&frame->hints[index]) != ledger_pointer_page_id(node_child(node, index));
    return stale;
}

START_TEST(hints_follow_the_children_of_a_branch)
{
    static const char value[100];
    Fixture fixture;
    char key[17];
    uint64_t number = 0;
    fixture_init(&fixture, PAGE);
    for (; number < 700; number++)
        unit_assert_status(put(&fixture, make_key(key, number, 1), storage_bytes(value, sizeof(value))), STORAGE_OK);
    ck_assert_uint_eq(fixture.root.level, 1);
    for (uint32_t round = 0; round < 20; round++) {
        size_t before = double_page_count(fixture.pager);
        (void)usage_of(&fixture); /* reads without hints */
        for (uint64_t known = 0; known < number; known++) {
            LedgerRecord record;
            LedgerFrame *frame;
            unit_assert_status(tree_get(&fixture.tree, make_key(key, known, 1), &record, &frame, fixture.ctx),
                               STORAGE_OK);
        }
        ck_assert_uint_eq(stale_hints(&fixture), 0);
        while (double_page_count(fixture.pager) == before)
            unit_assert_status(put(&fixture, make_key(key, number++, 1), storage_bytes(value, sizeof(value))),
                               STORAGE_OK);
        unit_assert(stale_hints(&fixture) <= 3, "%u children are not where the hints say", stale_hints(&fixture));
    }
    fixture_done(&fixture);
}
END_TEST

START_TEST(keys_have_a_longest_size)
{
    Fixture fixture;
    char key[2000] = "long";
    fixture_init(&fixture, PAGE);
    unit_assert_status(put(&fixture, storage_bytes(key, PAGE / 4 + 64), storage_string("v")), STORAGE_OK);
    unit_assert_status(put(&fixture, storage_bytes(key, PAGE / 4 + 65), storage_string("v")),
                       STORAGE_SIZE_LIMIT_EXCEEDED);
    ck_assert_uint_eq(ledger_root_entry_count(&fixture.root), 1);
    fixture_done(&fixture);
}
END_TEST

/* Writes a value of `size` bytes, reads it whole and in parts, and drops it. */
static void check_overflow(Fixture *self, uint32_t size, unsigned char *bytes, unsigned char *read)
{
    unsigned char pointer[LEDGER_POINTER_SIZE];
    OverflowValue value = {self->pager, OWNER, pointer, size};
    PageList made = {0}, found = {0};
    size_t before = double_page_count(self->pager);
    for (uint32_t index = 0; index < size; index++)
        bytes[index] = (unsigned char)(index * 31 + (index >> 12));
    unit_assert_status(overflow_write(&value, storage_bytes(bytes, size), pointer, &made, self->ctx), STORAGE_OK);
    overflow_seal(&value, pointer);
    double_end_checkpoint(self->pager);
    unit_assert_status(overflow_read(&value, 0, read, size, self->ctx), STORAGE_OK);
    unit_assert(memcmp(bytes, read, size) == 0, "%u bytes are read differently", size);
    for (uint32_t part = 1; part <= size; part = part * 3 + 1) {
        uint32_t offset = (uint32_t)((uint64_t)part * 7919 % (size - part + 1));
        unit_assert_status(overflow_read(&value, offset, read, part, self->ctx), STORAGE_OK);
        unit_assert(memcmp(bytes + offset, read, part) == 0, "%u bytes from %u are read differently", part, offset);
    }
    unit_assert_status(overflow_collect(&value, &found, self->ctx), STORAGE_OK);
    unit_assert(found.count == made.count, "%zu pages are found, %zu were made", found.count, made.count);
    page_list_drop(&found, self->pager);
    unit_assert(double_page_count(self->pager) == before, "pages are left over");
    double_forget_dropped(self->pager);
    page_list_done(&made);
    page_list_done(&found);
}

START_TEST(values_of_every_shape_are_read_back)
{
    Fixture fixture;
    uint32_t data_size = PAGE - LEDGER_PAGE_HEADER_SIZE, fan_out = (PAGE - 128) / LEDGER_POINTER_SIZE;
    uint32_t edges[] = {
        1, data_size, 2 * data_size, fan_out * data_size, 2 * fan_out * data_size, fan_out * fan_out * data_size};
    size_t size_max = (size_t)fan_out * fan_out * data_size + 1;
    unsigned char *bytes = malloc(size_max), *read = malloc(size_max);
    fixture_init(&fixture, PAGE);
    for (size_t index = 0; index < sizeof(edges) / sizeof(edges[0]); index++)
        for (uint32_t size = edges[index] - (edges[index] > 1 ? 1 : 0); size <= edges[index] + 1; size++)
            check_overflow(&fixture, size, bytes, read);
    free(bytes);
    free(read);
    fixture_done(&fixture);
}
END_TEST

START_TEST(a_write_of_a_value_that_fails_names_all_its_pages)
{
    Fixture fixture;
    unsigned char *bytes = calloc(1, 600000), pointer[LEDGER_POINTER_SIZE];
    OverflowValue value = {NULL, OWNER, NULL, 600000};
    fixture_init(&fixture, PAGE);
    value.pager = fixture.pager;
    for (uint64_t calls = 0; calls < 150; calls += 7) {
        PageList made = {0};
        double_fail_after(fixture.pager, calls, STORAGE_NO_SPACE);
        unit_assert_status(overflow_write(&value, storage_bytes(bytes, 600000), pointer, &made, fixture.ctx),
                           STORAGE_NO_SPACE);
        page_list_drop(&made, fixture.pager);
        page_list_done(&made);
        ck_assert_uint_eq(double_page_count(fixture.pager), 0);
        storage_context_clear(fixture.ctx);
    }
    free(bytes);
    fixture_done(&fixture);
}
END_TEST

START_TEST(roots_are_refused_when_they_are_none)
{
    Fixture fixture;
    unsigned char bytes[LEDGER_ROOT_SIZE], changed[LEDGER_ROOT_SIZE];
    LedgerRoot root;
    fixture_init(&fixture, PAGE);
    unit_assert_status(put(&fixture, storage_string("k"), storage_string("v")), STORAGE_OK);
    ledger_root_encode(&fixture.root, bytes);
    ck_assert_int_eq(ledger_root_decode(bytes, &root), 1);
    ck_assert_mem_eq(root.pointer, fixture.root.pointer, LEDGER_POINTER_SIZE);
    for (uint32_t offset = 40; offset < LEDGER_ROOT_SIZE; offset++) {
        memcpy(changed, bytes, sizeof(changed));
        changed[offset] = 20;
        unit_assert(!ledger_root_decode(changed, &root), "byte %u may be anything", offset);
    }
    memset(changed, 0, sizeof(changed));
    ck_assert_int_eq(ledger_root_decode(changed, &root), 1);
    unit_assert(ledger_root_is_empty(&root), "zeros are a tree");
    changed[8] = 1; /* a birth without a page */
    ck_assert_int_eq(ledger_root_decode(changed, &root), 0);
    fixture_done(&fixture);
}
END_TEST

UNIT_MAIN("ledger_btree_tree", pages_are_filled_well_whatever_the_order_of_puts,
          a_range_goes_without_a_look_at_its_leaves, a_range_takes_its_overflow_pages_along,
          an_empty_tree_has_nothing_and_takes_anything, a_value_that_was_got_can_be_put_again,
          hints_follow_the_children_of_a_branch, keys_have_a_longest_size, values_of_every_shape_are_read_back,
          a_write_of_a_value_that_fails_names_all_its_pages, roots_are_refused_when_they_are_none)
