/*
 * test_types.c - slices, bounds, ranges, expiries and preconditions as values.
 *
 * Ranges are checked against their definition, for every pair of bounds over a small alphabet that has the first and
 * the last byte in it.
 */
#include "unit.h"

#include <string.h>

#include "storage/backend.h"

/* ---- the structs that never change within a major version ---- */

START_TEST(the_layout_of_the_vocabulary_is_fixed)
{
    if (sizeof(void *) != 8)
        return;
    ck_assert_uint_eq(sizeof(StorageSlice), 16);
    ck_assert_uint_eq(sizeof(StorageBound), 24);
    ck_assert_uint_eq(sizeof(StorageRange), 48);
    ck_assert_uint_eq(sizeof(StorageExpiry), 16);
    ck_assert_uint_eq(sizeof(StorageExpected), 32);
    ck_assert_uint_eq(sizeof(StorageValue), 48);
    ck_assert_uint_eq(sizeof(StorageOperation), 136);
    ck_assert_uint_eq(sizeof(StorageResult), 16);
    ck_assert_uint_eq(offsetof(StorageValue, revision), 16);
    ck_assert_uint_eq(offsetof(StorageOperation, key), 8);
    ck_assert_uint_eq(offsetof(StorageOperation, expiry), 40);
    ck_assert_uint_eq(offsetof(StorageOperation, expected), 56);
    ck_assert_uint_eq(offsetof(StorageOperation, range), 88);
    ck_assert_uint_eq(offsetof(StorageResult, revision), 8);
}
END_TEST

START_TEST(zero_is_the_default_everywhere)
{
    ck_assert_int_eq(STORAGE_BOUND_OPEN, 0);
    ck_assert_int_eq(STORAGE_EXPIRY_NEVER, 0);
    ck_assert_int_eq(STORAGE_EXPECT_ABSENT, 0);
    ck_assert_int_eq(STORAGE_WRITE_ATOMIC, 0);
    ck_assert_int_eq(STORAGE_ISOLATION_SNAPSHOT, 0);
    ck_assert_int_eq(STORAGE_PROBE_LIVENESS, 0);
    ck_assert_int_eq(STORAGE_HEALTH_UNKNOWN, 0);
    ck_assert_int_eq(STORAGE_DESCRIBE_STACK, 0);
    ck_assert_int_eq(STORAGE_OPERATION_SET, 1); /* an operation of all zeros is refused */
    ck_assert_int_eq(STORAGE_CHANGE_SET, 1);
}
END_TEST

/* ---- slices ---- */

static int sign(int number)
{
    return (number > 0) - (number < 0);
}

START_TEST(a_string_is_a_slice_without_its_terminator)
{
    StorageSlice slice = storage_string("abc");
    ck_assert_uint_eq(slice.size, 3);
    ck_assert_mem_eq(slice.data, "abc", 3);
    ck_assert_uint_eq(storage_string("").size, 0);
}
END_TEST

START_TEST(no_string_is_an_empty_slice)
{
    ck_assert_uint_eq(storage_string(NULL).size, 0);
}
END_TEST

START_TEST(slices_are_ordered_as_unsigned_bytes_shorter_first)
{
    const StorageSlice in_order[] = {
        storage_bytes(NULL, 0),       storage_bytes("\x00", 1),     storage_bytes("\x00\x00", 2),
        storage_bytes("\x00\xff", 2), storage_bytes("\x01", 1),     storage_bytes("a", 1),
        storage_bytes("a\x00", 2),    storage_bytes("aa", 2),       storage_bytes("b", 1),
        storage_bytes("\x7f", 1),     storage_bytes("\x80", 1),     storage_bytes("\xff", 1),
        storage_bytes("\xff\x00", 2), storage_bytes("\xff\xff", 2),
    };
    const int count = sizeof(in_order) / sizeof(in_order[0]);
    for (int a = 0; a < count; a++)
        for (int b = 0; b < count; b++)
            ck_assert_int_eq(sign(storage_slice_compare(in_order[a], in_order[b])), sign(a - b));
}
END_TEST

/* ---- ranges ---- */

enum { LENGTH_MAX = 3, KEY_COUNT = 1 + 3 + 9 + 27, BOUND_KEY_COUNT = 1 + 3 + 9 };

typedef struct Universe {
    unsigned char bytes[KEY_COUNT][LENGTH_MAX];
    StorageSlice keys[KEY_COUNT]; /* the shorter ones first */
} Universe;

/* Every string of up to three of the bytes 0x00, 'a' and 0xff. */
static void fill_universe(Universe *universe)
{
    static const unsigned char alphabet[] = {0x00, 'a', 0xff};
    size_t count = 0, first_of_length = 0;
    universe->keys[count++] = storage_bytes(universe->bytes[0], 0);
    for (size_t length = 1; length <= LENGTH_MAX; length++) {
        size_t first = count;
        for (size_t shorter = first_of_length; shorter < first; shorter++) {
            for (size_t letter = 0; letter < sizeof(alphabet); letter++) {
                memcpy(universe->bytes[count], universe->bytes[shorter], length - 1);
                universe->bytes[count][length - 1] = alphabet[letter];
                universe->keys[count] = storage_bytes(universe->bytes[count], length);
                count++;
            }
        }
        first_of_length = first;
    }
    ck_assert_uint_eq(count, KEY_COUNT);
}

static int has_prefix(StorageSlice key, StorageSlice prefix)
{
    return key.size >= prefix.size && (prefix.size == 0 || memcmp(key.data, prefix.data, prefix.size) == 0);
}

/* The definition: after every key with the prefix stands what is larger than the prefix and does not have it. */
static int lies_after_start(const StorageBound *start, StorageSlice key)
{
    int order = storage_slice_compare(key, start->key);
    switch (start->kind) {
    case STORAGE_BOUND_OPEN:
        return 1;
    case STORAGE_BOUND_INCLUDED:
        return order >= 0;
    case STORAGE_BOUND_EXCLUDED:
        return order > 0;
    default:
        return order > 0 && !has_prefix(key, start->key);
    }
}

static int lies_before_end(const StorageBound *end, StorageSlice key)
{
    int order = storage_slice_compare(key, end->key);
    switch (end->kind) {
    case STORAGE_BOUND_OPEN:
        return 1;
    case STORAGE_BOUND_INCLUDED:
        return order <= 0;
    case STORAGE_BOUND_EXCLUDED:
        return order < 0;
    default:
        return order < 0 || has_prefix(key, end->key);
    }
}

static void check_range(const Universe *universe, const StorageRange *range)
{
    size_t held_count = 0;
    for (size_t index = 0; index < KEY_COUNT; index++) {
        int held = lies_after_start(&range->start, universe->keys[index]) &&
                   lies_before_end(&range->end, universe->keys[index]);
        ck_assert_int_eq(storage_range_contains(range, universe->keys[index]), held);
        held_count += (size_t)held;
    }
    if (storage_range_is_empty(range))
        ck_assert_uint_eq(held_count, 0);
}

START_TEST(every_range_over_a_small_alphabet_holds_what_its_definition_says)
{
    static Universe universe;
    fill_universe(&universe);
    for (size_t start = 0; start < BOUND_KEY_COUNT; start++)
        for (size_t end = 0; end < BOUND_KEY_COUNT; end++)
            for (uint32_t start_kind = STORAGE_BOUND_OPEN; start_kind <= STORAGE_BOUND_PREFIX_END; start_kind++)
                for (uint32_t end_kind = STORAGE_BOUND_OPEN; end_kind <= STORAGE_BOUND_PREFIX_END; end_kind++) {
                    StorageRange range = {{universe.keys[start], start_kind}, {universe.keys[end], end_kind}};
                    check_range(&universe, &range);
                }
}
END_TEST

static StorageRange range_of(const char *start, uint32_t start_kind, const char *end, uint32_t end_kind)
{
    return (StorageRange){{storage_string(start), start_kind}, {storage_string(end), end_kind}};
}

START_TEST(inverted_and_doubly_excluded_ranges_are_empty)
{
    const StorageRange empty[] = {
        range_of("b", STORAGE_BOUND_INCLUDED, "a", STORAGE_BOUND_INCLUDED),
        range_of("b", STORAGE_BOUND_EXCLUDED, "a", STORAGE_BOUND_EXCLUDED),
        range_of("a", STORAGE_BOUND_EXCLUDED, "a", STORAGE_BOUND_EXCLUDED),
        range_of("a", STORAGE_BOUND_INCLUDED, "a", STORAGE_BOUND_EXCLUDED),
        range_of("a", STORAGE_BOUND_EXCLUDED, "a", STORAGE_BOUND_INCLUDED),
        range_of("b", STORAGE_BOUND_INCLUDED, "a", STORAGE_BOUND_PREFIX_END),
        range_of("a", STORAGE_BOUND_PREFIX_END, "a", STORAGE_BOUND_PREFIX_END),
        range_of("a", STORAGE_BOUND_PREFIX_END, "ab", STORAGE_BOUND_PREFIX_END),
        range_of("a", STORAGE_BOUND_PREFIX_END, "ab", STORAGE_BOUND_INCLUDED),
        range_of("", STORAGE_BOUND_PREFIX_END, "", STORAGE_BOUND_OPEN),
        range_of("", STORAGE_BOUND_OPEN, "", STORAGE_BOUND_EXCLUDED),
    };
    for (size_t index = 0; index < sizeof(empty) / sizeof(empty[0]); index++)
        ck_assert_msg(storage_range_is_empty(&empty[index]), "range %zu is empty by its bounds", index);
}
END_TEST

START_TEST(a_range_that_holds_a_key_is_not_empty)
{
    const StorageRange holding[] = {
        storage_range_all(),
        range_of("a", STORAGE_BOUND_INCLUDED, "a", STORAGE_BOUND_INCLUDED),
        range_of("a", STORAGE_BOUND_EXCLUDED, "b", STORAGE_BOUND_EXCLUDED),
        range_of("a", STORAGE_BOUND_EXCLUDED, "a", STORAGE_BOUND_PREFIX_END),
        range_of("ab", STORAGE_BOUND_PREFIX_END, "a", STORAGE_BOUND_PREFIX_END),
        range_of("", STORAGE_BOUND_INCLUDED, "", STORAGE_BOUND_PREFIX_END),
        range_of("", STORAGE_BOUND_OPEN, "", STORAGE_BOUND_INCLUDED),
    };
    for (size_t index = 0; index < sizeof(holding) / sizeof(holding[0]); index++)
        ck_assert_msg(!storage_range_is_empty(&holding[index]), "range %zu holds keys", index);
}
END_TEST

START_TEST(a_bound_of_unknown_kind_holds_nothing)
{
    const StorageRange unknown_start = {{storage_string("a"), 4}, {storage_string(""), STORAGE_BOUND_OPEN}};
    const StorageRange unknown_end = {{storage_string(""), STORAGE_BOUND_OPEN}, {storage_string("a"), 99}};
    ck_assert(!storage_range_contains(&unknown_start, storage_string("a")));
    ck_assert(!storage_range_contains(&unknown_end, storage_string("a")));
}
END_TEST

START_TEST(range_helpers_say_what_their_names_say)
{
    StorageRange prefix = storage_range_prefix(storage_string("user/"));
    StorageRange half_open = storage_range_half_open(storage_string("b"), storage_string("d"));
    StorageRange key = storage_range_key(storage_string("k"));
    StorageRange last = storage_range_prefix(storage_bytes("\xff\xff", 2));

    ck_assert(storage_range_contains(&prefix, storage_string("user/")));
    ck_assert(storage_range_contains(&prefix, storage_bytes("user/\xff\xff\xff", 8)));
    ck_assert(!storage_range_contains(&prefix, storage_string("user")));
    ck_assert(!storage_range_contains(&prefix, storage_string("user0")));
    ck_assert(storage_range_contains(&half_open, storage_string("b")));
    ck_assert(storage_range_contains(&half_open, storage_string("czzz")));
    ck_assert(!storage_range_contains(&half_open, storage_string("d")));
    ck_assert(storage_range_contains(&key, storage_string("k")));
    ck_assert(!storage_range_contains(&key, storage_bytes("k\x00", 2)));
    ck_assert(storage_range_contains(&last, storage_bytes("\xff\xff\xff", 3)));
    ck_assert(!storage_range_contains(&last, storage_bytes("\xff", 1)));
}
END_TEST

START_TEST(an_empty_prefix_is_the_whole_key_space)
{
    StorageRange range = storage_range_prefix(storage_string(""));
    ck_assert(storage_range_contains(&range, storage_string("")));
    ck_assert(storage_range_contains(&range, storage_bytes("\xff\xff", 2)));
}
END_TEST

/* ---- expiries ---- */

START_TEST(an_expiry_resolves_to_an_absolute_time)
{
    const int64_t now = 1000, kept = 777;
    ck_assert_int_eq(storage_expiry_resolve(storage_expiry_never(), now, kept), STORAGE_NEVER);
    ck_assert_int_eq(storage_expiry_resolve(storage_expiry_after(5), now, kept), 1005);
    ck_assert_int_eq(storage_expiry_resolve(storage_expiry_at(5), now, kept), 5);
    ck_assert_int_eq(storage_expiry_resolve(storage_expiry_keep(), now, kept), kept);
    ck_assert_int_eq(storage_expiry_resolve(storage_expiry_keep(), now, STORAGE_NEVER), STORAGE_NEVER);
}
END_TEST

START_TEST(a_zero_or_negative_duration_expires_at_once)
{
    ck_assert_int_le(storage_expiry_resolve(storage_expiry_after(0), 1000, STORAGE_NEVER), 1000);
    ck_assert_int_le(storage_expiry_resolve(storage_expiry_after(-1), 1000, STORAGE_NEVER), 1000);
    ck_assert_int_le(storage_expiry_resolve(storage_expiry_after(INT64_MIN), 1000, STORAGE_NEVER), 1000);
    ck_assert_int_le(storage_expiry_resolve(storage_expiry_after(INT64_MIN), -1000, STORAGE_NEVER), -1000);
}
END_TEST

START_TEST(a_duration_that_overflows_is_never)
{
    ck_assert_int_eq(storage_expiry_resolve(storage_expiry_after(INT64_MAX), 1, STORAGE_NEVER), STORAGE_NEVER);
    ck_assert_int_eq(storage_expiry_resolve(storage_expiry_after(1), INT64_MAX, STORAGE_NEVER), STORAGE_NEVER);
    ck_assert_int_eq(storage_expiry_resolve(storage_expiry_after(INT64_MAX - 9), 10, STORAGE_NEVER), STORAGE_NEVER);
    ck_assert_int_eq(storage_expiry_resolve(storage_expiry_after(INT64_MAX - 11), 10, STORAGE_NEVER), INT64_MAX - 1);
    ck_assert_int_eq(storage_expiry_resolve(storage_expiry_after(INT64_MAX), -5, STORAGE_NEVER), INT64_MAX - 5);
}
END_TEST

START_TEST(an_expectation_says_what_it_expects)
{
    StorageExpected value = storage_expect_value(storage_string("v"));
    ck_assert_uint_eq(storage_expect_absent().kind, STORAGE_EXPECT_ABSENT);
    ck_assert_uint_eq(value.kind, STORAGE_EXPECT_VALUE);
    ck_assert_mem_eq(value.value.data, "v", 1);
    ck_assert_uint_eq(storage_expect_revision(9).kind, STORAGE_EXPECT_REVISION);
    ck_assert_uint_eq(storage_expect_revision(9).revision, 9);
}
END_TEST

/* ---- keys in error texts ---- */

START_TEST(a_key_is_shown_as_text_or_hex_and_is_shortened)
{
    char buffer[64], small[8];
    ck_assert_str_eq(storage_key_text(storage_string("user/1"), buffer, sizeof(buffer)), "user/1");
    ck_assert_str_eq(storage_key_text(storage_string(""), buffer, sizeof(buffer)), "");
    ck_assert_str_eq(storage_key_text(storage_bytes("\x00\xff\n", 3), buffer, sizeof(buffer)), "0x00ff0a");
    ck_assert_str_eq(storage_key_text(storage_string("abcdefgh"), small, sizeof(small)), "abcd...");
    ck_assert_str_eq(storage_key_text(storage_bytes("\x01\x02\x03\x04", 4), small, sizeof(small)), "0x01...");
}
END_TEST

START_TEST(no_key_text_leaves_its_buffer)
{
    unsigned char key[40];
    char buffer[32];
    for (size_t size = 0; size <= sizeof(key); size++) {
        for (int printable = 0; printable <= 1; printable++) {
            memset(key, printable ? 'k' : 0xfe, sizeof(key));
            for (size_t room = 8; room < sizeof(buffer); room++) {
                memset(buffer, '#', sizeof(buffer));
                (void)storage_key_text(storage_bytes(key, size), buffer, room);
                ck_assert_ptr_nonnull(memchr(buffer, '\0', room));
                ck_assert_int_eq(buffer[room], '#');
            }
        }
    }
}
END_TEST

UNIT_MAIN("types", the_layout_of_the_vocabulary_is_fixed, zero_is_the_default_everywhere,
          a_string_is_a_slice_without_its_terminator, no_string_is_an_empty_slice,
          slices_are_ordered_as_unsigned_bytes_shorter_first,
          every_range_over_a_small_alphabet_holds_what_its_definition_says,
          inverted_and_doubly_excluded_ranges_are_empty, a_range_that_holds_a_key_is_not_empty,
          a_bound_of_unknown_kind_holds_nothing, range_helpers_say_what_their_names_say,
          an_empty_prefix_is_the_whole_key_space, an_expiry_resolves_to_an_absolute_time,
          a_zero_or_negative_duration_expires_at_once, a_duration_that_overflows_is_never,
          an_expectation_says_what_it_expects, a_key_is_shown_as_text_or_hex_and_is_shortened,
          no_key_text_leaves_its_buffer)
