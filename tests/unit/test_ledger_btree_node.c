/*
 * test_ledger_btree_node.c - nodes by themselves: order, prefixes, and what node_check lets through.
 *
 * The last test flips bits of good nodes at random: whatever node_check accepts is then read, searched, changed and
 * built anew, in a block of just the size of the page, so that a sanitizer sees a step outside.
 */
#include "unit.h"

#include <string.h>

#include "backends/ledger/btree/node_layout.h"
#include "backends/ledger/btree/node_run.h"

enum { PAGE = 4096, ENTRIES_MAX = 600 };

static uint64_t random_state = 88172645463325252u;

static uint32_t random_below(uint32_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)((random_state >> 20) % limit);
}

/* A page of a type, with a header that lets revisions and births pass. */
static Node node_new(uint32_t page_size, uint32_t type)
{
    Node node = {calloc(1, page_size), page_size};
    node.bytes[NODE_TYPE] = (unsigned char)type;
    codec_store_u64(node.bytes + NODE_BIRTH, 1000000);
    codec_store_u32(node.bytes + NODE_HEAP_START, page_size);
    return node;
}

static NodeEntry leaf_entry(StorageSlice key, StorageSlice value)
{
    return (NodeEntry){.prefix = key,
                       .flags = CELL_LEAF,
                       .value_size = (uint32_t)value.size,
                       .body = value.data,
                       .body_size = (uint32_t)value.size,
                       .revision = 500,
                       .expires_at_ns = STORAGE_NEVER};
}

static void insert(Node node, StorageSlice key)
{
    NodeEntry entry = leaf_entry(key, storage_string("v"));
    int is_equal;
    uint32_t index = node_search(node, key, &is_equal);
    unit_assert(!is_equal, "a key is there before it was put");
    node_insert(node, index, &entry);
}

static int compare_slices(const void *left, const void *right)
{
    return storage_slice_compare(*(const StorageSlice *)left, *(const StorageSlice *)right);
}

START_TEST(keys_that_end_in_zeros_keep_their_order)
{
    static const StorageSlice keys[] = {{"", 0},
                                        {"\0", 1},
                                        {"\0\0", 2},
                                        {"\0\0\0\0\0", 5},
                                        {"a", 1},
                                        {"a\0", 2},
                                        {"a\0\0\0", 4},
                                        {"a\0\0\0\0", 5},
                                        {"a\0\0\0\1", 5},
                                        {"ab", 2},
                                        {"abcd", 4},
                                        {"abcd\0", 5},
                                        {"abcde", 5},
                                        {"\xff", 1},
                                        {"\xff\xff", 2},
                                        {"\xff\xff\xff\xff", 4},
                                        {"\xff\xff\xff\xff\0", 5}};
    enum { COUNT = sizeof(keys) / sizeof(keys[0]) };
    Node node = node_new(PAGE, LEDGER_PAGE_LEAF);
    for (size_t index = 0; index < COUNT; index++)
        insert(node, keys[index * 7 % COUNT]);
    ck_assert_ptr_null(node_check(node.bytes, PAGE));
    for (uint32_t index = 0; index < COUNT; index++) {
        NodeEntry entry = node_entry(node, index);
        unsigned char key[8];
        int is_equal;
        node_key_copy(&entry, 0, node_key_size(&entry), key);
        unit_assert(storage_slice_compare((StorageSlice){key, node_key_size(&entry)}, keys[index]) == 0,
                    "place %u has another key", index);
        unit_assert(node_search(node, keys[index], &is_equal) == index && is_equal, "key %u is not found", index);
    }
    free(node.bytes);
}
END_TEST

START_TEST(a_search_finds_the_place_of_every_key)
{
    StorageSlice keys[ENTRIES_MAX];
    unsigned char bytes[ENTRIES_MAX][12];
    for (uint32_t round = 0; round < 200; round++) {
        Node node = node_new(PAGE, LEDGER_PAGE_LEAF);
        uint32_t count = 0, wanted = 1 + random_below(120), alphabet = round % 2 == 0 ? 2 : 256;
        while (count < wanted) {
            uint32_t size = random_below(12);
            int is_equal;
            for (uint32_t place = 0; place < size; place++)
                bytes[count][place] = (unsigned char)random_below(alphabet);
            keys[count] = (StorageSlice){bytes[count], size};
            (void)node_search(node, keys[count], &is_equal);
            if (is_equal) {
                wanted--;
                continue;
            }
            insert(node, keys[count++]);
        }
        qsort(keys, count, sizeof(keys[0]), compare_slices);
        for (uint32_t index = 0; index < count; index++) {
            int is_equal;
            unit_assert(node_search(node, keys[index], &is_equal) == index && is_equal, "key %u of %u", index, count);
        }
        while (count > 0) { /* and out again, one after the other */
            uint32_t index = random_below(count--);
            node_remove(node, index);
            unit_assert(count == 0 || node_check(node.bytes, PAGE) == NULL, "a removal left a bad node");
        }
        unit_assert(node_free_size(node) == node_capacity(PAGE), "an empty node has no room");
        free(node.bytes);
    }
}
END_TEST

START_TEST(the_common_prefix_is_kept_once)
{
    enum { KEY_SIZE = 300, COUNT = 100 };
    unsigned char keys[COUNT][KEY_SIZE];
    NodeEntry entries[COUNT];
    Node node = node_new(65536, LEDGER_PAGE_LEAF);
    NodeRun halves[2];
    for (uint32_t half = 0; half < 2; half++)
        node_run_init(&halves[half], LEDGER_PAGE_LEAF);
    for (uint32_t index = 0; index < COUNT; index++) {
        memset(keys[index], 'p', KEY_SIZE);
        keys[index][KEY_SIZE - 2] = (unsigned char)index;
        entries[index] = leaf_entry((StorageSlice){keys[index], KEY_SIZE}, storage_string("value"));
        if (index < 7)
            node_run_add_entry(&halves[0], &entries[index]);
    }
    node_run_build(&halves[0], 0, 7, node);
    ck_assert_ptr_null(node_check(node.bytes, 65536));
    ck_assert_uint_eq(node_prefix_size(node), KEY_SIZE - 2);
    for (uint32_t index = 7; index < COUNT; index++)
        insert(node, (StorageSlice){keys[index], KEY_SIZE});
    ck_assert_ptr_null(node_check(node.bytes, 65536));
    ck_assert_uint_lt(65536 - NODE_HEADS - node_free_size(node), KEY_SIZE + COUNT * 24);
    free(node.bytes);
}
END_TEST

START_TEST(a_separator_is_the_shortest_key_between_two)
{
    static const struct {
        const char *left, *right, *separator;
    } cases[] = {{"a", "b", "b"}, {"abc", "abd", "abd"}, {"abc", "abcdef", "abcd"}, {"", "xyz", "x"}, {"ab", "b", "b"}};
    for (size_t index = 0; index < sizeof(cases) / sizeof(cases[0]); index++) {
        NodeEntry left = leaf_entry(storage_string(cases[index].left), storage_string(""));
        NodeEntry right = leaf_entry(storage_string(cases[index].right), storage_string(""));
        unsigned char key[16];
        NodeRun run;
        uint32_t size;
        node_run_init(&run, LEDGER_PAGE_LEAF);
        node_run_add_entry(&run, &left);
        node_run_add_entry(&run, &right);
        size = node_run_separator(&run, 1, key);
        unit_assert(storage_slice_compare((StorageSlice){key, size}, storage_string(cases[index].separator)) == 0,
                    "between %s and %s", cases[index].left, cases[index].right);
    }
}
END_TEST

START_TEST(two_of_the_largest_cells_fit_into_a_leaf)
{
    for (uint32_t page_size = 4096; page_size <= 65536; page_size *= 2) {
        uint32_t key_size = node_key_size_max(page_size), value_size = 0;
        unsigned char *bytes = calloc(2, page_size);
        NodeEntry entries[2];
        Node node = node_new(page_size, LEDGER_PAGE_LEAF);
        NodeRun run;
        while (node_value_is_inline(page_size, key_size, value_size + 1, 1))
            value_size++;
        node_run_init(&run, LEDGER_PAGE_LEAF);
        for (uint32_t index = 0; index < 2; index++) {
            bytes[index * page_size] = (unsigned char)index;
            entries[index] =
                leaf_entry((StorageSlice){bytes + index * page_size, key_size}, (StorageSlice){bytes, value_size});
            entries[index].flags |= CELL_EXPIRES;
            entries[index].expires_at_ns = 5;
            entries[index].revision = index == 0 ? 0 : INT64_MAX;
            node_run_add_entry(&run, &entries[index]);
        }
        ck_assert_uint_le(node_run_size(&run, 0, 2), node_capacity(page_size));
        codec_store_u64(node.bytes + NODE_BIRTH, INT64_MAX);
        node_run_build(&run, 0, 2, node);
        ck_assert_ptr_null(node_check(node.bytes, page_size));
        free(node.bytes);
        free(bytes);
    }
}
END_TEST

/* ---- random damage ---- */

static void store_pointer(unsigned char *bytes, uint32_t is_child)
{
    LedgerPointer pointer = {.page_id = 4 + random_below(100), .birth = random_below(1000), .entries = is_child};
    ledger_pointer_encode(&pointer, bytes);
}

/* A node of random entries, of which the last ones may not have found room. */
static Node random_node(uint32_t page_size)
{
    static unsigned char keys[ENTRIES_MAX][40], bodies[ENTRIES_MAX][LEDGER_POINTER_SIZE];
    static NodeEntry entries[ENTRIES_MAX];
    int is_leaf = (int)random_below(2);
    uint32_t wanted = 2 + random_below(120), size = 0, prefix_size = random_below(12), count = 0;
    Node node = node_new(page_size, is_leaf ? LEDGER_PAGE_LEAF : LEDGER_PAGE_BRANCH);
    NodeRun run;
    node_run_init(&run, is_leaf ? LEDGER_PAGE_LEAF : LEDGER_PAGE_BRANCH);
    for (uint32_t index = 0; index < 6 && index < wanted; index++) {
        memset(keys[index], 'k', prefix_size);
        keys[index][prefix_size] = (unsigned char)(index * 40 + 1);
        size = prefix_size + 1 + random_below(20);
        entries[index] = leaf_entry((StorageSlice){keys[index], size}, (StorageSlice){bodies[index], random_below(30)});
        store_pointer(bodies[index], !is_leaf);
        entries[index].revision += random_below(300);
        if (!is_leaf || random_below(4) == 0) {
            entries[index].flags = is_leaf ? CELL_LEAF | CELL_OVERFLOW : 0;
            entries[index].value_size = is_leaf ? 100000 : LEDGER_POINTER_SIZE;
            entries[index].body_size = LEDGER_POINTER_SIZE;
        } else if (random_below(2) == 0) {
            entries[index].flags |= CELL_EXPIRES;
            entries[index].expires_at_ns = 77;
        }
        node_run_add_entry(&run, &entries[index]);
        count++;
    }
    node_run_build(&run, 0, count, node);
    return node;
}

/* Does with a node what trees do. */
static void use_node(Node node)
{
    static unsigned char key[65536];
    uint32_t count = node_entry_count(node);
    Node copy = node_new(node.page_size, node.bytes[NODE_TYPE]);
    LedgerPointer summary;
    NodeRun run;
    node_summarize(node, &summary);
    for (uint32_t index = 0; index < count; index++) {
        NodeEntry entry = node_entry(node, index);
        uint32_t size = node_key_size(&entry);
        int is_equal;
        ck_assert_uint_le(size, node_key_size_max(node.page_size));
        node_key_copy(&entry, 0, size, key);
        if (index > 0 || node_is_leaf(node))
            unit_assert(node_is_leaf(node) ? node_search(node, (StorageSlice){key, size}, &is_equal) == index
                                           : node_child_index(node, (StorageSlice){key, size}) == index,
                        "a key of an accepted node is not found");
        if (node_is_leaf(node)) {
            LedgerRecord record = node_record(node, index);
            const unsigned char *bytes = record.overflow != NULL ? record.overflow : record.value.data;
            size_t body_size = record.overflow != NULL ? LEDGER_POINTER_SIZE : record.value.size;
            for (size_t place = 0; place < body_size; place++)
                key[place % sizeof(key)] = (unsigned char)(key[place % sizeof(key)] ^ bytes[place]);
        } else {
            (void)ledger_pointer_decode(node_child(node, index));
        }
    }
    node_run_init(&run, node.bytes[NODE_TYPE]);
    node_run_add_node(&run, node, 0, count);
    unit_assert(node_run_size(&run, 0, count) <= node_capacity(node.page_size), "an accepted node does not fit");
    node_run_build(&run, 0, count, copy);
    unit_assert(node_check(copy.bytes, node.page_size) == NULL, "built anew an accepted node is refused");
    while (node_entry_count(node) > 0)
        node_remove(node, random_below(node_entry_count(node)));
    unit_assert(node_prefix_size(node) + node_heap_start(node) == node.page_size, "cells were left over");
    free(copy.bytes);
}

START_TEST(what_the_check_accepts_is_safe)
{
    uint32_t accepted = 0, refused = 0;
    for (uint32_t round = 0; round < 60000; round++) {
        Node node = random_node(4096);
        uint32_t flips = 1 + random_below(3), heap_start = node_heap_start(node);
        unit_assert(node_check(node.bytes, 4096) == NULL, "a good node is refused: %s", node_check(node.bytes, 4096));
        for (uint32_t flip = 0; flip < flips; flip++) { /* where something is; seldom in the free space */
            uint32_t count = node_entry_count(node) % 600, choice = random_below(20);
            uint32_t offset = choice < 8    ? NODE_ENTRY_COUNT + random_below(32 + 6 * count)
                              : choice < 19 ? heap_start + random_below(4096 - heap_start)
                                            : NODE_ENTRY_COUNT + random_below(4000);
            node.bytes[offset] =
                (unsigned char)(random_below(2) == 0 ? node.bytes[offset] ^ 1u << random_below(8) : random_below(256));
        }
        if (node_check(node.bytes, 4096) == NULL) {
            use_node(node);
            accepted++;
        } else {
            refused++;
        }
        free(node.bytes);
    }
    unit_assert(accepted > 1000 && refused > 1000, "%u were accepted, %u refused: this tests little", accepted,
                refused);
}
END_TEST

START_TEST(noise_is_refused)
{
    for (uint32_t round = 0; round < 20000; round++) {
        Node node = node_new(4096, round % 2 == 0 ? LEDGER_PAGE_LEAF : LEDGER_PAGE_BRANCH);
        for (uint32_t offset = NODE_ENTRY_COUNT; offset < 4096; offset++)
            node.bytes[offset] = (unsigned char)random_below(256);
        if (round % 4 >= 2) { /* and with counts that are almost possible */
            codec_store_u32(node.bytes + NODE_ENTRY_COUNT, random_below(700));
            codec_store_u32(node.bytes + NODE_PREFIX_SIZE, random_below(4200));
            codec_store_u32(node.bytes + NODE_HEAP_START, random_below(4200));
        }
        unit_assert(node_check(node.bytes, 4096) != NULL, "noise is accepted");
        free(node.bytes);
    }
}
END_TEST

UNIT_MAIN("ledger_btree_node", keys_that_end_in_zeros_keep_their_order, a_search_finds_the_place_of_every_key,
          the_common_prefix_is_kept_once, a_separator_is_the_shortest_key_between_two,
          two_of_the_largest_cells_fit_into_a_leaf, what_the_check_accepts_is_safe, noise_is_refused)
