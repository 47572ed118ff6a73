/*
 * case_range.c - which keys a range holds: every shape of bounds, for a scan, a reverse scan and a clear.
 *
 * One list of shapes; each is three cases, because the three are different code in every store. The store holds
 * a=1 c=3 e=5 g=7, so that b, d and f are bounds between keys.
 */
#include "case.h"

#include <string.h>

#define CASE_GROUP "range"
#define ROWS "a=1 c=3 e=5 g=7"

/* X(name, start, end, rows inside, rows inside backwards, rows outside) */
#define SHAPES(X)                                                                                       \
    X(from_included_to_excluded, included("c"), excluded("g"), "c=3 e=5", "e=5 c=3", "a=1 g=7")         \
    X(from_included_to_included, included("c"), included("g"), "c=3 e=5 g=7", "g=7 e=5 c=3", "a=1")     \
    X(from_excluded_to_excluded, excluded("a"), excluded("g"), "c=3 e=5", "e=5 c=3", "a=1 g=7")         \
    X(from_excluded_to_included, excluded("a"), included("e"), "c=3 e=5", "e=5 c=3", "a=1 g=7")         \
    X(unbounded, unbounded(), unbounded(), ROWS, "g=7 e=5 c=3 a=1", "")                                 \
    X(to_excluded, unbounded(), excluded("c"), "a=1", "a=1", "c=3 e=5 g=7")                             \
    X(to_included, unbounded(), included("c"), "a=1 c=3", "c=3 a=1", "e=5 g=7")                         \
    X(from_included, included("e"), unbounded(), "e=5 g=7", "g=7 e=5", "a=1 c=3")                       \
    X(from_excluded, excluded("e"), unbounded(), "g=7", "g=7", "a=1 c=3 e=5")                           \
    X(one_included_key, included("c"), included("c"), "c=3", "c=3", "a=1 e=5 g=7")                      \
    X(one_included_key_that_is_missing, included("d"), included("d"), "", "", ROWS)                     \
    X(included_and_excluded_at_one_key, included("c"), excluded("c"), "", "", ROWS)                     \
    X(excluded_and_included_at_one_key, excluded("c"), included("c"), "", "", ROWS)                     \
    X(doubly_excluded_at_one_key, excluded("c"), excluded("c"), "", "", ROWS)                           \
    X(inverted, included("g"), excluded("a"), "", "", ROWS)                                             \
    X(inverted_and_included, included("e"), included("c"), "", "", ROWS)                                \
    X(inverted_and_excluded, excluded("e"), excluded("c"), "", "", ROWS)                                \
    X(between_two_keys, excluded("c"), excluded("e"), "", "", ROWS)                                     \
    X(within_a_gap, included("d"), included("dd"), "", "", ROWS)                                        \
    X(bounds_that_are_not_keys, included("b"), included("f"), "c=3 e=5", "e=5 c=3", "a=1 g=7")          \
    X(excluded_bounds_that_are_not_keys, excluded("b"), excluded("f"), "c=3 e=5", "e=5 c=3", "a=1 g=7") \
    X(before_all_keys, included("0"), excluded("a"), "", "", ROWS)                                      \
    X(after_all_keys, excluded("g"), included("z"), "", "", ROWS)                                       \
    X(wider_than_all_keys, included("0"), included("z"), ROWS, "g=7 e=5 c=3 a=1", "")                   \
    X(from_the_empty_key, included(""), unbounded(), ROWS, "g=7 e=5 c=3 a=1", "")                       \
    X(to_the_empty_key, unbounded(), excluded(""), "", "", ROWS)                                        \
    X(between_a_key_and_its_successor, excluded("c"), excluded("c\0"), "", "", ROWS)                    \
    X(from_a_key_to_its_successor, included("c"), excluded("c\0"), "c=3", "c=3", "a=1 e=5 g=7")         \
    X(from_a_prefix_end, prefix_end("c"), unbounded(), "e=5 g=7", "g=7 e=5", "a=1 c=3")                 \
    X(to_a_prefix_end, unbounded(), prefix_end("c"), "a=1 c=3", "c=3 a=1", "e=5 g=7")                   \
    X(between_prefix_ends, prefix_end("a"), prefix_end("e"), "c=3 e=5", "e=5 c=3", "a=1 g=7")           \
    X(between_inverted_prefix_ends, prefix_end("e"), prefix_end("a"), "", "", ROWS)                     \
    X(from_and_to_one_prefix_end, prefix_end("c"), prefix_end("c"), "", "", ROWS)                       \
    X(from_the_prefix_end_to_its_key, prefix_end("c"), included("c"), "", "", ROWS)                     \
    X(to_the_end_of_the_empty_prefix, unbounded(), prefix_end(""), ROWS, "g=7 e=5 c=3 a=1", "")         \
    X(from_the_end_of_the_empty_prefix, prefix_end(""), unbounded(), "", "", ROWS)                      \
    X(from_the_end_of_a_prefix_of_ff, prefix_end("\xFF\xFF"), unbounded(), "", "", ROWS)                \
    X(to_the_end_of_a_prefix_of_ff, included("e"), prefix_end("\xFF"), "e=5 g=7", "g=7 e=5", "a=1 c=3")

#define SCAN_CASE(shape, start, end, inside, backwards, outside)      \
    static void scan_##shape(TestutilFixture *fixture)                \
    {                                                                 \
        StorageRange range = range_between(start, end);               \
                                                                      \
        testutil_assert_rows(fixture->backend, &range, NULL, inside); \
    }
#define REVERSE_CASE(shape, start, end, inside, backwards, outside)                       \
    static void reverse_scan_##shape(TestutilFixture *fixture)                            \
    {                                                                                     \
        StorageRange range = range_between(start, end);                                   \
        StorageScanOptions options = testutil_case_scan_options(STORAGE_SCAN_REVERSE, 0); \
                                                                                          \
        testutil_assert_rows(fixture->backend, &range, &options, backwards);              \
    }
#define CLEAR_CASE(shape, start, end, inside, backwards, outside)                               \
    static void clear_##shape(TestutilFixture *fixture)                                         \
    {                                                                                           \
        StorageRange range = range_between(start, end);                                         \
                                                                                                \
        testutil_assert_ok(storage_clear_range(fixture->backend, &range, fixture->ctx));        \
        testutil_assert(((inside)[0] == '\0') == (storage_context_revision(fixture->ctx) == 0), \
                        "a clear writes a revision if and only if it removes something");       \
        assert_store(fixture, outside);                                                         \
    }
SHAPES(SCAN_CASE)
SHAPES(REVERSE_CASE)
SHAPES(CLEAR_CASE)

/* ---- byte order and prefixes, with rows of their own ---- */

static void write_keys(TestutilFixture *fixture, const StorageSlice *keys, size_t key_count)
{
    /* Backwards, so that the order of writing is not the order of the keys. */
    for (size_t i = key_count; i-- > 0;)
        testutil_assert_ok(storage_set(fixture->backend, keys[i], TEXT(""), NULL, NULL));
}

static void keys_are_in_order_of_unsigned_bytes(TestutilFixture *fixture)
{
    const StorageSlice keys[] = {TEXT("\x00"), TEXT("\x01"), TEXT("\x7F"), TEXT("\x80"), TEXT("\xFE"), TEXT("\xFF")};

    write_keys(fixture, keys, sizeof keys / sizeof keys[0]);
    assert_store(fixture, "\\x00= \\x01= \\x7F= \\x80= \\xFE= \\xFF=");
}

static void a_prefix_comes_before_its_extensions(TestutilFixture *fixture)
{
    const StorageSlice keys[] = {TEXT(""),    TEXT("\0"),    TEXT("\0\0"), TEXT("a"),
                                 TEXT("a\0"), TEXT("a\xFF"), TEXT("aa"),   TEXT("b")};

    write_keys(fixture, keys, sizeof keys / sizeof keys[0]);
    assert_store(fixture, "= \\x00= \\x00\\x00= a= a\\x00= aa= a\\xFF= b=");
}

static void order_is_decided_by_the_first_byte_that_differs(TestutilFixture *fixture)
{
    const StorageSlice keys[] = {TEXT("abcdefgh\x01"), TEXT("abcdefgh\xFF"), TEXT("abcdefgi"),
                                 TEXT("abcdefghijklmnop\x80"), TEXT("abcdefghijklmnop\x7F")};

    write_keys(fixture, keys, sizeof keys / sizeof keys[0]);
    assert_store(fixture, "abcdefgh\\x01= abcdefghijklmnop\\x7F= abcdefghijklmnop\\x80= abcdefgh\\xFF= abcdefgi=");
}

static void a_zero_byte_bound_divides_a_key_from_its_extension(TestutilFixture *fixture)
{
    StorageRange range = range_between(included("key\0"), unbounded());

    set(fixture, "key", "1");
    set(fixture, "key\0", "2");
    set(fixture, "key\0\0", "3");
    testutil_assert_rows(fixture->backend, &range, NULL, "key\\x00=2 key\\x00\\x00=3");
}

static void a_prefix_holds_its_key_and_all_extensions(TestutilFixture *fixture)
{
    StorageRange range = storage_range_prefix(TEXT("b"));

    testutil_assert_rows(fixture->backend, &range, NULL, "b=2 b:1=3 b:2=4 bz=5");
}

static void a_prefix_that_no_key_has_holds_nothing(TestutilFixture *fixture)
{
    StorageRange range = storage_range_prefix(TEXT("bb"));

    testutil_assert_rows(fixture->backend, &range, NULL, "");
}

static void the_empty_prefix_holds_everything(TestutilFixture *fixture)
{
    StorageRange range = storage_range_prefix(TEXT(""));

    testutil_assert_rows(fixture->backend, &range, NULL, "a=1 b=2 c=3");
}

static void a_prefix_ending_in_ff_stops_at_the_next_key(TestutilFixture *fixture)
{
    StorageRange range = storage_range_prefix(TEXT("a\xFF"));
    const StorageSlice keys[] = {TEXT("a\xFE"), TEXT("a\xFF"), TEXT("a\xFF\x00"), TEXT("a\xFF\xFF"), TEXT("b")};

    write_keys(fixture, keys, sizeof keys / sizeof keys[0]);
    testutil_assert_rows(fixture->backend, &range, NULL, "a\\xFF= a\\xFF\\x00= a\\xFF\\xFF=");
}

static void a_prefix_of_ff_reaches_to_the_end(TestutilFixture *fixture)
{
    StorageRange range = storage_range_prefix(TEXT("\xFF"));
    const StorageSlice keys[] = {TEXT("\xFE\xFF"), TEXT("\xFF"), TEXT("\xFF\x00"), TEXT("\xFF\xFF\xFF")};

    write_keys(fixture, keys, sizeof keys / sizeof keys[0]);
    testutil_assert_rows(fixture->backend, &range, NULL, "\\xFF= \\xFF\\x00= \\xFF\\xFF\\xFF=");
}

static void a_scan_from_the_end_of_a_prefix_skips_its_extensions(TestutilFixture *fixture)
{
    StorageRange range = range_between(prefix_end("b"), unbounded());

    testutil_assert_rows(fixture->backend, &range, NULL, "c=6");
}

static void a_scan_to_the_end_of_a_prefix_takes_its_extensions(TestutilFixture *fixture)
{
    StorageRange range = range_between(excluded("a"), prefix_end("b"));

    testutil_assert_rows(fixture->backend, &range, NULL, "b=2 b:1=3 bz=5");
}

static void a_prefix_end_of_ff_in_the_middle(TestutilFixture *fixture)
{
    StorageRange range = range_between(prefix_end("a\xFF"), unbounded());
    const StorageSlice keys[] = {TEXT("a\xFF"), TEXT("a\xFF\xFF\xFF"), TEXT("b")};

    write_keys(fixture, keys, sizeof keys / sizeof keys[0]);
    testutil_assert_rows(fixture->backend, &range, NULL, "b=");
}

static void the_range_of_a_key_holds_it_alone(TestutilFixture *fixture)
{
    StorageRange range = storage_range_key(TEXT("b"));

    testutil_assert_rows(fixture->backend, &range, NULL, "b=2");
}

static void a_half_open_range_holds_its_start_only(TestutilFixture *fixture)
{
    StorageRange range = storage_range_half_open(TEXT("a"), TEXT("c"));

    testutil_assert_rows(fixture->backend, &range, NULL, "a=1 b=2");
}

static void no_range_is_the_whole_store(TestutilFixture *fixture)
{
    StorageRange range = storage_range_all();

    testutil_assert_rows(fixture->backend, NULL, NULL, "a=1 b=2 c=3");
    testutil_assert_rows(fixture->backend, &range, NULL, "a=1 b=2 c=3");
}

static void an_empty_store_has_no_rows_in_any_range(TestutilFixture *fixture)
{
    StorageRange ranges[] = {storage_range_all(), storage_range_prefix(TEXT("a")), storage_range_key(TEXT("")),
                             range_between(excluded("b"), included("a"))};

    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        testutil_assert_rows(fixture->backend, &ranges[i], NULL, "");
}

static void included_empty_key_alone(TestutilFixture *fixture)
{
    StorageRange alone = storage_range_key(TEXT("")), others = range_between(excluded(""), unbounded());

    set(fixture, "", "0");
    testutil_assert_rows(fixture->backend, &alone, NULL, "=0");
    testutil_assert_rows(fixture->backend, &others, NULL, "a=1");
}

static void scanned_rows_are_those_that_the_range_contains(TestutilFixture *fixture)
{
    enum { RANGE_COUNT = 300, KEY_COUNT = 80 };
    TestutilRandom random = testutil_random_seeded(11);
    uint8_t key[4], bounds[2][4];

    for (size_t i = 0; i < KEY_COUNT; i++) {
        StorageSlice name = testutil_random_key(&random, testutil_edge_alphabet, 6, key, 3);

        testutil_assert_ok(storage_set(fixture->backend, name, name, NULL, NULL));
    }
    for (size_t i = 0; i < RANGE_COUNT; i++) {
        StorageRange range = {
            {testutil_random_key(&random, testutil_edge_alphabet, 6, bounds[0], 3),
             (uint32_t)testutil_random_below(&random, 4)},
            {testutil_random_key(&random, testutil_edge_alphabet, 6, bounds[1], 3),
             (uint32_t)testutil_random_below(&random, 4)},
        };
        StorageCursor *all = scan(fixture, NULL, NULL), *cursor = scan(fixture, &range, NULL);
        const StorageEntry *entry, *row;

        while (storage_cursor_next(all, &entry, NULL) == STORAGE_OK)
            if (storage_range_contains(&range, entry->key)) {
                testutil_assert_ok(storage_cursor_next(cursor, &row, NULL));
                testutil_assert_bytes(entry->key, row->key);
            }
        testutil_assert_status(STORAGE_END, storage_cursor_next(cursor, &row, NULL));
        storage_cursor_close(cursor);
        storage_cursor_close(all);
    }
}

#define SCAN_ENTRY(shape, start, end, inside, backwards, outside) CASE(scan_##shape, 0, 0, ROWS),
#define REVERSE_ENTRY(shape, start, end, inside, backwards, outside) CASE(reverse_scan_##shape, REVERSE_SCAN, 0, ROWS),
#define CLEAR_ENTRY(shape, start, end, inside, backwards, outside) CASE(clear_##shape, CLEAR_RANGE, WRITES, ROWS),

static const TestutilContractCase cases[] = {
    SHAPES(SCAN_ENTRY) SHAPES(REVERSE_ENTRY) SHAPES(CLEAR_ENTRY)
        CASE(keys_are_in_order_of_unsigned_bytes, 0, WRITES, NULL),
    CASE(a_prefix_comes_before_its_extensions, 0, WRITES, NULL),
    CASE(order_is_decided_by_the_first_byte_that_differs, 0, WRITES, NULL),
    CASE(a_zero_byte_bound_divides_a_key_from_its_extension, 0, WRITES, NULL),
    CASE(a_prefix_holds_its_key_and_all_extensions, 0, 0, "a=1 b=2 b:1=3 b:2=4 bz=5 c=6"),
    CASE(a_prefix_that_no_key_has_holds_nothing, 0, 0, "a=1 b=2 ba=3 bc=4 c=5"),
    CASE(the_empty_prefix_holds_everything, 0, 0, "a=1 b=2 c=3"),
    CASE(a_prefix_ending_in_ff_stops_at_the_next_key, 0, WRITES, NULL),
    CASE(a_prefix_of_ff_reaches_to_the_end, 0, WRITES, NULL),
    CASE(a_scan_from_the_end_of_a_prefix_skips_its_extensions, 0, 0, "a=1 b=2 b:1=3 bz=5 c=6"),
    CASE(a_scan_to_the_end_of_a_prefix_takes_its_extensions, 0, 0, "a=1 b=2 b:1=3 bz=5 c=6"),
    CASE(a_prefix_end_of_ff_in_the_middle, 0, WRITES, NULL),
    CASE(the_range_of_a_key_holds_it_alone, 0, 0, "a=1 b=2 ba=3"),
    CASE(a_half_open_range_holds_its_start_only, 0, 0, "a=1 b=2 c=3"),
    CASE(no_range_is_the_whole_store, 0, 0, "a=1 b=2 c=3"),
    CASE(an_empty_store_has_no_rows_in_any_range, 0, 0, NULL),
    CASE(included_empty_key_alone, 0, WRITES, "a=1"),
    CASE(scanned_rows_are_those_that_the_range_contains, 0, WRITES, NULL),
};
const CaseTable testutil_cases_range = CASE_TABLE(cases);
