/*
 * case_scan.c - what a cursor hands out: order, limit, direction, keys only, and where a seek takes it.
 */
#include "case.h"

#include <stdlib.h>
#include <string.h>

#define CASE_GROUP "scan"
#define ROWS "a=1 c=3 e=5 g=7"

static StorageCursor *scan_with(TestutilFixture *fixture, const StorageRange *range, uint32_t flags, uint64_t limit)
{
    StorageScanOptions options = testutil_case_scan_options(flags, limit);

    return scan(fixture, range, &options);
}

#define seek(cursor, key) testutil_assert_ok(storage_cursor_seek((cursor), TEXT(key), NULL))

static void rows_written_in_any_order_are_sorted(TestutilFixture *fixture)
{
    set(fixture, "m", "1");
    set(fixture, "z", "2");
    set(fixture, "a", "3");
    set(fixture, "k", "4");
    set(fixture, "b", "5");
    assert_store(fixture, "a=3 b=5 k=4 m=1 z=2");
}

static void rows_written_backwards_are_sorted(TestutilFixture *fixture)
{
    enum { KEY_COUNT = 500 };
    char key[TESTUTIL_KEY_BUFFER_SIZE];
    const StorageEntry *entry;
    StorageCursor *cursor;

    for (uint64_t i = KEY_COUNT; i-- > 0;)
        testutil_assert_ok(
            storage_set(fixture->backend, testutil_key(key, sizeof key, "key", i), TEXT("1"), NULL, NULL));
    cursor = scan(fixture, NULL, NULL);
    for (uint64_t i = 0; i < KEY_COUNT; i++) {
        testutil_assert_ok(storage_cursor_next(cursor, &entry, NULL));
        testutil_assert_bytes(testutil_key(key, sizeof key, "key", i), entry->key);
    }
    testutil_assert_status(STORAGE_END, storage_cursor_next(cursor, &entry, NULL));
    storage_cursor_close(cursor);
}

static void rows_say_their_revision_and_expiry(TestutilFixture *fixture)
{
    uint64_t first = set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    uint64_t second = set(fixture, "b", "2");
    StorageCursor *cursor = scan(fixture, NULL, NULL);
    const StorageEntry *entry;

    testutil_assert_ok(storage_cursor_next(cursor, &entry, NULL));
    testutil_assert_number(first, entry->revision);
    testutil_assert_number(testutil_clock_wall_ns(fixture->clock) + TESTUTIL_SECOND_NS, entry->expires_at_ns);
    testutil_assert_ok(storage_cursor_next(cursor, &entry, NULL));
    testutil_assert_number(second, entry->revision);
    testutil_assert(entry->expires_at_ns == STORAGE_NEVER, "a permanent row has an expiry");
    storage_cursor_close(cursor);
}

static void end_is_answered_again_and_again(TestutilFixture *fixture)
{
    StorageCursor *cursor = scan(fixture, NULL, NULL);

    testutil_assert_cursor_rows(cursor, ROWS);
    testutil_assert_next_row(cursor, "END");
    testutil_assert_next_row(cursor, "END");
    storage_cursor_close(cursor);
}

static void end_leaves_no_entry(TestutilFixture *fixture)
{
    StorageCursor *cursor = scan(fixture, NULL, NULL);
    const StorageEntry *entry = (const StorageEntry *)fixture;

    testutil_assert_status(STORAGE_END, storage_cursor_next(cursor, &entry, NULL));
    testutil_assert(entry == NULL, "END left an entry");
    storage_cursor_close(cursor);
}

static void a_limit_ends_the_scan(TestutilFixture *fixture)
{
    StorageCursor *cursor = scan_with(fixture, NULL, 0, 2);

    testutil_assert_cursor_rows(cursor, "a=1 c=3");
    testutil_assert_next_row(cursor, "END");
    storage_cursor_close(cursor);
}

static void a_limit_of_one_gives_the_first_row(TestutilFixture *fixture)
{
    StorageCursor *cursor = scan_with(fixture, NULL, 0, 1);

    testutil_assert_cursor_rows(cursor, "a=1");
    storage_cursor_close(cursor);
}

static void a_limit_larger_than_the_store_changes_nothing(TestutilFixture *fixture)
{
    StorageCursor *cursor = scan_with(fixture, NULL, 0, UINT64_MAX);

    testutil_assert_cursor_rows(cursor, ROWS);
    storage_cursor_close(cursor);
}

static void a_limit_of_zero_is_no_limit(TestutilFixture *fixture)
{
    StorageCursor *cursor = scan_with(fixture, NULL, 0, 0);

    testutil_assert_cursor_rows(cursor, ROWS);
    storage_cursor_close(cursor);
}

static void keys_only_gives_keys_without_values(TestutilFixture *fixture)
{
    StorageCursor *cursor = scan_with(fixture, NULL, STORAGE_SCAN_KEYS_ONLY, 0);

    testutil_assert_cursor_rows(cursor, "a= c= e= g=");
    storage_cursor_close(cursor);
}

static void keys_only_says_revisions(TestutilFixture *fixture)
{
    uint64_t revision = revision_of(fixture, "a");
    StorageCursor *cursor = scan_with(fixture, NULL, STORAGE_SCAN_KEYS_ONLY, 0);
    const StorageEntry *entry;

    testutil_assert_ok(storage_cursor_next(cursor, &entry, NULL));
    testutil_assert_number(revision, entry->revision);
    storage_cursor_close(cursor);
}

static void reverse_starts_at_the_last_row(TestutilFixture *fixture)
{
    StorageCursor *cursor = scan_with(fixture, NULL, STORAGE_SCAN_REVERSE, 0);

    testutil_assert_cursor_rows(cursor, "g=7 e=5 c=3 a=1");
    testutil_assert_next_row(cursor, "END");
    storage_cursor_close(cursor);
}

static void reverse_with_a_limit_gives_the_last_rows(TestutilFixture *fixture)
{
    StorageCursor *cursor = scan_with(fixture, NULL, STORAGE_SCAN_REVERSE, 2);

    testutil_assert_cursor_rows(cursor, "g=7 e=5");
    storage_cursor_close(cursor);
}

static void reverse_keys_only_with_a_limit(TestutilFixture *fixture)
{
    StorageCursor *cursor = scan_with(fixture, NULL, STORAGE_SCAN_REVERSE | STORAGE_SCAN_KEYS_ONLY, 3);

    testutil_assert_cursor_rows(cursor, "g= e= c=");
    storage_cursor_close(cursor);
}

static void reverse_over_a_prefix(TestutilFixture *fixture)
{
    StorageRange range = storage_range_prefix(TEXT("b"));
    StorageCursor *cursor = scan_with(fixture, &range, STORAGE_SCAN_REVERSE, 0);

    testutil_assert_cursor_rows(cursor, "bz=4 b1=3 b=2");
    storage_cursor_close(cursor);
}

static void reverse_in_binary_order(TestutilFixture *fixture)
{
    StorageCursor *cursor;

    set(fixture, "\xFF", "1");
    set(fixture, "\x00", "2");
    set(fixture, "\x7F\xFF", "3");
    set(fixture, "\x80", "4");
    cursor = scan_with(fixture, NULL, STORAGE_SCAN_REVERSE, 0);
    testutil_assert_cursor_rows(cursor, "\\xFF=1 \\x80=4 \\x7F\\xFF=3 \\x00=2");
    storage_cursor_close(cursor);
}

/* ---- seek ---- */

static void a_seek_to_a_key_starts_there(TestutilFixture *fixture)
{
    StorageCursor *cursor = scan(fixture, NULL, NULL);

    seek(cursor, "c");
    testutil_assert_cursor_rows(cursor, "c=3 e=5 g=7");
    storage_cursor_close(cursor);
}

static void a_seek_between_keys_starts_at_the_next_one(TestutilFixture *fixture)
{
    StorageCursor *cursor = scan(fixture, NULL, NULL);

    seek(cursor, "d");
    testutil_assert_cursor_rows(cursor, "e=5 g=7");
    storage_cursor_close(cursor);
}

static void a_seek_before_all_keys_starts_at_the_first(TestutilFixture *fixture)
{
    StorageCursor *cursor = scan(fixture, NULL, NULL);

    seek(cursor, "");
    testutil_assert_cursor_rows(cursor, ROWS);
    storage_cursor_close(cursor);
}

static void a_seek_after_all_keys_is_the_end(TestutilFixture *fixture)
{
    StorageCursor *cursor = scan(fixture, NULL, NULL);

    seek(cursor, "z");
    testutil_assert_next_row(cursor, "END");
    storage_cursor_close(cursor);
}

static void a_seek_may_go_back(TestutilFixture *fixture)
{
    StorageCursor *cursor = scan(fixture, NULL, NULL);

    testutil_assert_next_row(cursor, "a=1");
    testutil_assert_next_row(cursor, "c=3");
    testutil_assert_next_row(cursor, "e=5");
    seek(cursor, "a");
    testutil_assert_next_row(cursor, "a=1");
    testutil_assert_next_row(cursor, "c=3");
    storage_cursor_close(cursor);
}

static void a_seek_may_go_back_from_the_end(TestutilFixture *fixture)
{
    StorageCursor *cursor = scan(fixture, NULL, NULL);

    testutil_assert_cursor_rows(cursor, ROWS);
    seek(cursor, "e");
    testutil_assert_cursor_rows(cursor, "e=5 g=7");
    storage_cursor_close(cursor);
}

static void a_seek_jumps_ahead(TestutilFixture *fixture)
{
    StorageCursor *cursor = scan(fixture, NULL, NULL);

    testutil_assert_next_row(cursor, "a=1");
    seek(cursor, "g");
    testutil_assert_next_row(cursor, "g=7");
    testutil_assert_next_row(cursor, "END");
    storage_cursor_close(cursor);
}

static void a_seek_to_the_row_just_read_reads_it_again(TestutilFixture *fixture)
{
    StorageCursor *cursor = scan(fixture, NULL, NULL);

    testutil_assert_next_row(cursor, "a=1");
    seek(cursor, "a");
    testutil_assert_next_row(cursor, "a=1");
    seek(cursor, "a");
    seek(cursor, "c");
    testutil_assert_next_row(cursor, "c=3");
    storage_cursor_close(cursor);
}

static void a_seek_before_the_range_starts_at_its_start(TestutilFixture *fixture)
{
    StorageRange range = range_between(included("c"), included("e"));
    StorageCursor *cursor = scan(fixture, &range, NULL);

    seek(cursor, "a");
    testutil_assert_cursor_rows(cursor, "c=3 e=5");
    storage_cursor_close(cursor);
}

static void a_seek_before_an_excluded_start_does_not_read_it(TestutilFixture *fixture)
{
    StorageRange range = range_between(excluded("c"), unbounded());
    StorageCursor *cursor = scan(fixture, &range, NULL);

    seek(cursor, "c");
    testutil_assert_cursor_rows(cursor, "e=5 g=7");
    storage_cursor_close(cursor);
}

static void a_seek_after_the_range_is_the_end(TestutilFixture *fixture)
{
    StorageRange range = range_between(included("c"), excluded("e"));
    StorageCursor *cursor = scan(fixture, &range, NULL);

    seek(cursor, "e");
    testutil_assert_next_row(cursor, "END");
    seek(cursor, "c");
    testutil_assert_cursor_rows(cursor, "c=3");
    storage_cursor_close(cursor);
}

static void a_seek_in_an_inverted_range_is_the_end(TestutilFixture *fixture)
{
    StorageRange range = range_between(included("e"), included("a"));
    StorageCursor *cursor = scan(fixture, &range, NULL);

    seek(cursor, "c");
    testutil_assert_next_row(cursor, "END");
    storage_cursor_close(cursor);
}

static void rows_before_a_seek_count_for_the_limit(TestutilFixture *fixture)
{
    StorageCursor *cursor = scan_with(fixture, NULL, 0, 3);

    testutil_assert_next_row(cursor, "a=1");
    testutil_assert_next_row(cursor, "c=3");
    seek(cursor, "a");
    testutil_assert_next_row(cursor, "a=1");
    testutil_assert_next_row(cursor, "END");
    seek(cursor, "a");
    testutil_assert_next_row(cursor, "END");
    storage_cursor_close(cursor);
}

static void a_reverse_seek_to_a_key_starts_there(TestutilFixture *fixture)
{
    StorageCursor *cursor = scan_with(fixture, NULL, STORAGE_SCAN_REVERSE, 0);

    seek(cursor, "e");
    testutil_assert_cursor_rows(cursor, "e=5 c=3 a=1");
    storage_cursor_close(cursor);
}

static void a_reverse_seek_between_keys_starts_at_the_one_before(TestutilFixture *fixture)
{
    StorageCursor *cursor = scan_with(fixture, NULL, STORAGE_SCAN_REVERSE, 0);

    seek(cursor, "d");
    testutil_assert_cursor_rows(cursor, "c=3 a=1");
    storage_cursor_close(cursor);
}

static void a_reverse_seek_after_all_keys_starts_at_the_last(TestutilFixture *fixture)
{
    StorageCursor *cursor = scan_with(fixture, NULL, STORAGE_SCAN_REVERSE, 0);

    seek(cursor, "\xFF\xFF");
    testutil_assert_cursor_rows(cursor, "g=7 e=5 c=3 a=1");
    storage_cursor_close(cursor);
}

static void a_reverse_seek_before_all_keys_is_the_end(TestutilFixture *fixture)
{
    StorageCursor *cursor = scan_with(fixture, NULL, STORAGE_SCAN_REVERSE, 0);

    seek(cursor, "A");
    testutil_assert_next_row(cursor, "END");
    storage_cursor_close(cursor);
}

static void a_reverse_seek_may_go_back(TestutilFixture *fixture)
{
    StorageCursor *cursor = scan_with(fixture, NULL, STORAGE_SCAN_REVERSE, 0);

    testutil_assert_cursor_rows(cursor, "g=7 e=5 c=3 a=1");
    seek(cursor, "f");
    testutil_assert_next_row(cursor, "e=5");
    storage_cursor_close(cursor);
}

static void a_reverse_seek_stays_within_the_range(TestutilFixture *fixture)
{
    StorageRange range = range_between(included("c"), excluded("g"));
    StorageCursor *cursor = scan_with(fixture, &range, STORAGE_SCAN_REVERSE, 0);

    seek(cursor, "z");
    testutil_assert_cursor_rows(cursor, "e=5 c=3");
    seek(cursor, "b");
    testutil_assert_next_row(cursor, "END");
    storage_cursor_close(cursor);
}

static void a_reverse_seek_to_a_prefix_does_not_take_its_extensions(TestutilFixture *fixture)
{
    StorageCursor *cursor = scan_with(fixture, NULL, STORAGE_SCAN_REVERSE, 0);

    seek(cursor, "b");
    testutil_assert_next_row(cursor, "b=2");
    testutil_assert_next_row(cursor, "a=1");
    storage_cursor_close(cursor);
}

static void a_seek_to_the_empty_key_reads_it(TestutilFixture *fixture)
{
    StorageCursor *cursor;

    set(fixture, "", "0");
    cursor = scan(fixture, NULL, NULL);
    testutil_assert_next_row(cursor, "=0");
    testutil_assert_next_row(cursor, "a=1");
    seek(cursor, "");
    testutil_assert_next_row(cursor, "=0");
    storage_cursor_close(cursor);
}

static void a_seek_in_a_keys_only_scan(TestutilFixture *fixture)
{
    StorageCursor *cursor = scan_with(fixture, NULL, STORAGE_SCAN_KEYS_ONLY, 0);

    seek(cursor, "d");
    testutil_assert_cursor_rows(cursor, "e= g=");
    storage_cursor_close(cursor);
}

static void a_seek_finds_every_key_of_a_large_store(TestutilFixture *fixture)
{
    enum { KEY_COUNT = 3000 };
    char key[TESTUTIL_KEY_BUFFER_SIZE];
    const StorageEntry *entry;
    StorageCursor *cursor;

    for (uint64_t i = 0; i < KEY_COUNT; i++)
        testutil_assert_ok(
            storage_set(fixture->backend, testutil_key(key, sizeof key, "key", 2 * i), TEXT("1"), NULL, NULL));
    cursor = scan(fixture, NULL, NULL);
    for (uint64_t i = 0; i + 1 < KEY_COUNT; i++) {
        uint64_t index = i * 1237 % (KEY_COUNT - 1);

        testutil_assert_ok(storage_cursor_seek(cursor, testutil_key(key, sizeof key, "key", 2 * index + 1), NULL));
        testutil_assert_ok(storage_cursor_next(cursor, &entry, NULL));
        testutil_assert_bytes(testutil_key(key, sizeof key, "key", 2 * index + 2), entry->key);
    }
    storage_cursor_close(cursor);
}

/* ---- many, large, none ---- */

static void an_empty_store_ends_at_once(TestutilFixture *fixture)
{
    StorageCursor *cursor = scan(fixture, NULL, NULL);

    testutil_assert_next_row(cursor, "END");
    storage_cursor_close(cursor);
}

static void a_large_scan_gives_every_row_once(TestutilFixture *fixture)
{
    enum { KEY_COUNT = 10000 };
    char key[TESTUTIL_KEY_BUFFER_SIZE];
    const StorageEntry *entry;
    StorageCursor *cursor;

    for (uint64_t i = 0; i < KEY_COUNT; i++) {
        StorageSlice name = testutil_key(key, sizeof key, "key", i * 7919 % KEY_COUNT);

        testutil_assert_ok(storage_set(fixture->backend, name, name, NULL, NULL));
    }
    cursor = scan(fixture, NULL, NULL);
    for (uint64_t i = 0; i < KEY_COUNT; i++) {
        testutil_assert_ok(storage_cursor_next(cursor, &entry, NULL));
        testutil_assert_bytes(testutil_key(key, sizeof key, "key", i), entry->key);
        testutil_assert_bytes(entry->key, entry->value);
    }
    testutil_assert_next_row(cursor, "END");
    storage_cursor_close(cursor);
}

static void rows_of_one_mebibyte(TestutilFixture *fixture)
{
    const size_t size = 1024 * 1024;
    uint8_t *bytes = malloc(size);
    const StorageEntry *entry;
    StorageCursor *cursor;

    testutil_assert(bytes != NULL, "no memory for a value");
    testutil_assert_ok(storage_set(fixture->backend, TEXT("a"), testutil_patterned_value(bytes, size, 1), NULL, NULL));
    testutil_assert_ok(storage_set(fixture->backend, TEXT("b"), testutil_patterned_value(bytes, size, 2), NULL, NULL));
    cursor = scan(fixture, NULL, NULL);
    for (uint64_t i = 1; i <= 2; i++) {
        testutil_assert_ok(storage_cursor_next(cursor, &entry, NULL));
        testutil_assert_bytes(testutil_patterned_value(bytes, size, i), entry->value);
    }
    testutil_assert_next_row(cursor, "END");
    storage_cursor_close(cursor);
    free(bytes);
}

static void cursors_are_independent(TestutilFixture *fixture)
{
    StorageCursor *first = scan(fixture, NULL, NULL), *second = scan(fixture, NULL, NULL);

    testutil_assert_next_row(first, "a=1");
    testutil_assert_next_row(first, "c=3");
    testutil_assert_next_row(second, "a=1");
    seek(second, "g");
    testutil_assert_next_row(first, "e=5");
    testutil_assert_next_row(second, "g=7");
    storage_cursor_close(first);
    testutil_assert_next_row(second, "END");
    storage_cursor_close(second);
}

static void a_cursor_may_be_closed_half_way(TestutilFixture *fixture)
{
    StorageCursor *cursor = scan(fixture, NULL, NULL);

    testutil_assert_next_row(cursor, "a=1");
    storage_cursor_close(cursor);
    storage_cursor_close(NULL);
    assert_store(fixture, ROWS);
}

static void a_thousand_cursors_are_open_at_once(TestutilFixture *fixture)
{
    enum { CURSOR_COUNT = 1000 };
    StorageCursor **cursors = calloc(CURSOR_COUNT, sizeof(StorageCursor *));

    testutil_assert(cursors != NULL, "no memory for cursors");
    for (size_t i = 0; i < CURSOR_COUNT; i++)
        cursors[i] = scan(fixture, NULL, NULL);
    for (size_t i = 0; i < CURSOR_COUNT; i++)
        testutil_assert_next_row(cursors[i], "a=1");
    for (size_t i = 0; i < CURSOR_COUNT; i++) {
        testutil_assert_cursor_rows(cursors[i], "c=3 e=5 g=7");
        storage_cursor_close(cursors[i]);
    }
    free(cursors);
}

static void the_bytes_of_the_bounds_may_change_afterwards(TestutilFixture *fixture)
{
    char start[] = "c", end[] = "e";
    StorageRange range = {{storage_bytes(start, 1), STORAGE_BOUND_INCLUDED},
                          {storage_bytes(end, 1), STORAGE_BOUND_INCLUDED}};
    StorageCursor *cursor = scan(fixture, &range, NULL);

    start[0] = 'x';
    end[0] = 'z';
    testutil_assert_cursor_rows(cursor, "c=3 e=5");
    seek(cursor, "a");
    testutil_assert_cursor_rows(cursor, "c=3 e=5");
    storage_cursor_close(cursor);
}

static const TestutilContractCase cases[] = {
    CASE(rows_written_in_any_order_are_sorted, 0, WRITES, NULL),
    CASE(rows_written_backwards_are_sorted, 0, WRITES, NULL),
    CASE(rows_say_their_revision_and_expiry, EXPIRY, WRITES, NULL),
    CASE(end_is_answered_again_and_again, 0, 0, ROWS),
    CASE(end_leaves_no_entry, 0, 0, NULL),
    CASE(a_limit_ends_the_scan, 0, 0, ROWS),
    CASE(a_limit_of_one_gives_the_first_row, 0, 0, ROWS),
    CASE(a_limit_larger_than_the_store_changes_nothing, 0, 0, ROWS),
    CASE(a_limit_of_zero_is_no_limit, 0, 0, ROWS),
    CASE(keys_only_gives_keys_without_values, 0, 0, ROWS),
    CASE(keys_only_says_revisions, 0, 0, ROWS),
    CASE(reverse_starts_at_the_last_row, REVERSE_SCAN, 0, ROWS),
    CASE(reverse_with_a_limit_gives_the_last_rows, REVERSE_SCAN, 0, ROWS),
    CASE(reverse_keys_only_with_a_limit, REVERSE_SCAN, 0, ROWS),
    CASE(reverse_over_a_prefix, REVERSE_SCAN, 0, "a=1 b=2 b1=3 bz=4 c=5"),
    CASE(reverse_in_binary_order, REVERSE_SCAN, WRITES, NULL),
    CASE(a_seek_to_a_key_starts_there, 0, 0, ROWS),
    CASE(a_seek_between_keys_starts_at_the_next_one, 0, 0, ROWS),
    CASE(a_seek_before_all_keys_starts_at_the_first, 0, 0, ROWS),
    CASE(a_seek_after_all_keys_is_the_end, 0, 0, ROWS),
    CASE(a_seek_may_go_back, 0, 0, ROWS),
    CASE(a_seek_may_go_back_from_the_end, 0, 0, ROWS),
    CASE(a_seek_jumps_ahead, 0, 0, ROWS),
    CASE(a_seek_to_the_row_just_read_reads_it_again, 0, 0, ROWS),
    CASE(a_seek_before_the_range_starts_at_its_start, 0, 0, ROWS),
    CASE(a_seek_before_an_excluded_start_does_not_read_it, 0, 0, ROWS),
    CASE(a_seek_after_the_range_is_the_end, 0, 0, ROWS),
    CASE(a_seek_in_an_inverted_range_is_the_end, 0, 0, ROWS),
    CASE(rows_before_a_seek_count_for_the_limit, 0, 0, ROWS),
    CASE(a_reverse_seek_to_a_key_starts_there, REVERSE_SCAN, 0, ROWS),
    CASE(a_reverse_seek_between_keys_starts_at_the_one_before, REVERSE_SCAN, 0, ROWS),
    CASE(a_reverse_seek_after_all_keys_starts_at_the_last, REVERSE_SCAN, 0, ROWS),
    CASE(a_reverse_seek_before_all_keys_is_the_end, REVERSE_SCAN, 0, ROWS),
    CASE(a_reverse_seek_may_go_back, REVERSE_SCAN, 0, ROWS),
    CASE(a_reverse_seek_stays_within_the_range, REVERSE_SCAN, 0, ROWS),
    CASE(a_reverse_seek_to_a_prefix_does_not_take_its_extensions, REVERSE_SCAN, 0, "a=1 b=2 b1=3 c=4"),
    CASE(a_seek_to_the_empty_key_reads_it, 0, WRITES, "a=1"),
    CASE(a_seek_in_a_keys_only_scan, 0, 0, ROWS),
    CASE(a_seek_finds_every_key_of_a_large_store, 0, WRITES, NULL),
    CASE(an_empty_store_ends_at_once, 0, 0, NULL),
    CASE(a_large_scan_gives_every_row_once, 0, WRITES, NULL),
    CASE(rows_of_one_mebibyte, 0, WRITES, NULL),
    CASE(cursors_are_independent, 0, 0, ROWS),
    CASE(a_cursor_may_be_closed_half_way, 0, 0, ROWS),
    CASE(a_thousand_cursors_are_open_at_once, 0, 0, ROWS),
    CASE(the_bytes_of_the_bounds_may_change_afterwards, 0, 0, ROWS),
};
const CaseTable testutil_cases_scan = CASE_TABLE(cases);
