/*
 * case_snapshot_scan.c - a cursor sees one snapshot for its whole life, whatever is written.
 */
#include "case.h"

#include <stdlib.h>

#define CASE_GROUP "snapshot scan"
#define ROWS "a=1 b=2 c=3"

static void a_later_insert_is_not_seen(TestutilFixture *fixture)
{
    StorageCursor *cursor = scan(fixture, NULL, NULL);

    set(fixture, "bb", "new");
    set(fixture, "z", "new");
    testutil_assert_cursor_rows(cursor, ROWS);
    storage_cursor_close(cursor);
    assert_store(fixture, "a=1 b=2 bb=new c=3 z=new");
}

static void a_later_overwrite_is_not_seen(TestutilFixture *fixture)
{
    StorageCursor *cursor = scan(fixture, NULL, NULL);

    set(fixture, "b", "changed");
    set(fixture, "b", "changed again");
    testutil_assert_cursor_rows(cursor, ROWS);
    storage_cursor_close(cursor);
}

static void a_later_delete_is_not_seen(TestutilFixture *fixture)
{
    StorageCursor *cursor = scan(fixture, NULL, NULL);

    remove_key(fixture, "a");
    remove_key(fixture, "c");
    testutil_assert_cursor_rows(cursor, ROWS);
    storage_cursor_close(cursor);
    assert_store(fixture, "b=2");
}

static void a_later_clear_is_not_seen(TestutilFixture *fixture)
{
    StorageCursor *cursor = scan(fixture, NULL, NULL);

    testutil_assert_ok(storage_clear_range(fixture->backend, NULL, NULL));
    assert_store(fixture, "");
    testutil_assert_cursor_rows(cursor, ROWS);
    storage_cursor_close(cursor);
}

static void a_key_deleted_and_set_again_keeps_its_old_row(TestutilFixture *fixture)
{
    StorageCursor *cursor = scan(fixture, NULL, NULL);

    remove_key(fixture, "b");
    set(fixture, "b", "new");
    testutil_assert_cursor_rows(cursor, ROWS);
    storage_cursor_close(cursor);
}

static void writes_between_rows_are_not_seen(TestutilFixture *fixture)
{
    StorageCursor *cursor = scan(fixture, NULL, NULL);

    testutil_assert_next_row(cursor, "a=1");
    set(fixture, "aa", "new");
    remove_key(fixture, "b");
    testutil_assert_next_row(cursor, "b=2");
    set(fixture, "c", "changed");
    testutil_assert_next_row(cursor, "c=3");
    set(fixture, "d", "new");
    testutil_assert_next_row(cursor, "END");
    storage_cursor_close(cursor);
}

static void a_seek_goes_back_to_what_was_deleted_since(TestutilFixture *fixture)
{
    StorageCursor *cursor = scan(fixture, NULL, NULL);

    testutil_assert_cursor_rows(cursor, ROWS);
    remove_key(fixture, "a");
    set(fixture, "b", "changed");
    testutil_assert_ok(storage_cursor_seek(cursor, TEXT("a"), NULL));
    testutil_assert_cursor_rows(cursor, ROWS);
    storage_cursor_close(cursor);
}

static void a_reverse_cursor_sees_its_snapshot(TestutilFixture *fixture)
{
    StorageScanOptions options = testutil_case_scan_options(STORAGE_SCAN_REVERSE, 0);
    StorageCursor *cursor = scan(fixture, NULL, &options);

    remove_key(fixture, "b");
    set(fixture, "bb", "new");
    set(fixture, "c", "changed");
    testutil_assert_cursor_rows(cursor, "c=3 b=2 a=1");
    storage_cursor_close(cursor);
}

static void rows_are_deleted_while_they_are_scanned(TestutilFixture *fixture)
{
    enum { KEY_COUNT = 1000 };
    char key[TESTUTIL_KEY_BUFFER_SIZE];
    const StorageEntry *entry;
    StorageCursor *cursor;
    uint64_t count = 0;

    for (uint64_t i = 0; i < KEY_COUNT; i++)
        testutil_assert_ok(
            storage_set(fixture->backend, testutil_key(key, sizeof key, "key", i), TEXT("1"), NULL, NULL));
    cursor = scan(fixture, NULL, NULL);
    while (storage_cursor_next(cursor, &entry, NULL) == STORAGE_OK) {
        testutil_assert_ok(storage_delete(fixture->backend, entry->key, NULL));
        count++;
    }
    storage_cursor_close(cursor);
    testutil_assert_number(KEY_COUNT, count);
    assert_store(fixture, "");
}

static void rows_written_ahead_of_the_cursor_do_not_keep_it_going(TestutilFixture *fixture)
{
    char key[TESTUTIL_KEY_BUFFER_SIZE];
    StorageCursor *cursor = scan(fixture, NULL, NULL);
    const StorageEntry *entry;
    uint64_t count = 0;

    while (storage_cursor_next(cursor, &entry, NULL) == STORAGE_OK) {
        testutil_assert_ok(
            storage_set(fixture->backend, testutil_key(key, sizeof key, "z", count), TEXT("1"), NULL, NULL));
        count++;
        testutil_assert(count < 100, "the cursor reads what is written ahead of it");
    }
    storage_cursor_close(cursor);
    testutil_assert_number(3, count);
}

static void cursors_opened_between_writes_see_each_its_own_snapshot(TestutilFixture *fixture)
{
    enum { CURSOR_COUNT = 50 };
    StorageCursor *cursors[CURSOR_COUNT];
    char value[64];

    for (uint32_t i = 0; i < CURSOR_COUNT; i++) {
        testutil_assert_ok(
            storage_set(fixture->backend, TEXT("key"), testutil_tagged_value(value, sizeof value, 1, i), NULL, NULL));
        cursors[i] = scan(fixture, NULL, NULL);
    }
    remove_key(fixture, "key");
    for (uint32_t i = CURSOR_COUNT; i-- > 0;) {
        const StorageEntry *entry;

        testutil_assert_ok(storage_cursor_next(cursors[i], &entry, NULL));
        testutil_assert_bytes(testutil_tagged_value(value, sizeof value, 1, i), entry->value);
        testutil_assert_next_row(cursors[i], "END");
        storage_cursor_close(cursors[i]);
    }
}

static void a_row_that_expires_later_stays(TestutilFixture *fixture)
{
    StorageCursor *cursor;

    set_expiring(fixture, "bb", "short", storage_expiry_after(TESTUTIL_SECOND_NS));
    cursor = scan(fixture, NULL, NULL);
    testutil_assert_next_row(cursor, "a=1");
    testutil_clock_advance(fixture->clock, 2 * TESTUTIL_SECOND_NS);
    assert_absent(fixture, "bb");
    testutil_assert_cursor_rows(cursor, "b=2 bb=short c=3");
    storage_cursor_close(cursor);
}

static void a_row_that_is_swept_later_stays(TestutilFixture *fixture)
{
    StorageCursor *cursor;

    set_expiring(fixture, "bb", "short", storage_expiry_after(TESTUTIL_SECOND_NS));
    cursor = scan(fixture, NULL, NULL);
    testutil_clock_advance(fixture->clock, 2 * TESTUTIL_SECOND_NS);
    testutil_assert_ok(storage_sweep(fixture->backend, NULL, NULL));
    testutil_assert_cursor_rows(cursor, "a=1 b=2 bb=short c=3");
    storage_cursor_close(cursor);
}

static void a_row_that_had_expired_is_not_there(TestutilFixture *fixture)
{
    StorageCursor *cursor;

    set_expiring(fixture, "bb", "short", storage_expiry_after(TESTUTIL_SECOND_NS));
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    cursor = scan(fixture, NULL, NULL);
    testutil_assert_cursor_rows(cursor, ROWS);
    storage_cursor_close(cursor);
}

static void a_later_touch_is_not_seen(TestutilFixture *fixture)
{
    StorageCursor *cursor = scan(fixture, NULL, NULL);
    const StorageEntry *entry;

    testutil_assert_ok(storage_touch(fixture->backend, TEXT("a"), storage_expiry_after(0), NULL));
    testutil_assert_ok(storage_cursor_next(cursor, &entry, NULL));
    testutil_assert_bytes(TEXT("a"), entry->key);
    testutil_assert(entry->expires_at_ns == STORAGE_NEVER, "the row has the later expiry");
    storage_cursor_close(cursor);
}

static void no_row_is_newer_than_the_cursor(TestutilFixture *fixture)
{
    uint64_t newest = set(fixture, "b", "changed");
    StorageCursor *cursor = scan(fixture, NULL, NULL);
    const StorageEntry *entry;

    set(fixture, "a", "later");
    set(fixture, "c", "later");
    while (storage_cursor_next(cursor, &entry, NULL) == STORAGE_OK)
        testutil_assert(entry->revision <= newest, "a row of revision %llu is newer than the cursor",
                        (unsigned long long)entry->revision);
    storage_cursor_close(cursor);
}

static void an_entry_stays_readable_while_its_key_changes(TestutilFixture *fixture)
{
    StorageCursor *cursor = scan(fixture, NULL, NULL);
    const StorageEntry *entry;

    testutil_assert_ok(storage_cursor_next(cursor, &entry, NULL));
    set(fixture, "a", "changed");
    remove_key(fixture, "a");
    for (int i = 0; i < 100; i++)
        set(fixture, "b", "filler");
    testutil_assert_bytes(TEXT("a"), entry->key);
    testutil_assert_bytes(TEXT("1"), entry->value);
    storage_cursor_close(cursor);
}

static void long_runs_of_expired_rows_do_not_end_a_scan(TestutilFixture *fixture)
{
    enum { KEY_COUNT = 2000 };
    char key[TESTUTIL_KEY_BUFFER_SIZE];

    for (uint64_t i = 0; i < KEY_COUNT; i++)
        testutil_case_set(__FILE__, __LINE__, fixture->backend, testutil_key(key, sizeof key, "key", i), TEXT("1"),
                          i == 0 || i == KEY_COUNT - 1 ? storage_expiry_never()
                                                       : storage_expiry_after(TESTUTIL_SECOND_NS));
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    assert_store(fixture, "key:000000=1 key:001999=1");
}

static void long_runs_of_deleted_rows_do_not_end_a_scan(TestutilFixture *fixture)
{
    enum { KEY_COUNT = 2000 };
    char key[TESTUTIL_KEY_BUFFER_SIZE];
    StorageCursor *pin;

    for (uint64_t i = 0; i < KEY_COUNT; i++)
        testutil_assert_ok(
            storage_set(fixture->backend, testutil_key(key, sizeof key, "key", i), TEXT("1"), NULL, NULL));
    /* It keeps the deleted rows from being given back, so that scans must step over them. */
    pin = scan(fixture, NULL, NULL);
    for (uint64_t i = 1; i + 1 < KEY_COUNT; i++)
        testutil_assert_ok(storage_delete(fixture->backend, testutil_key(key, sizeof key, "key", i), NULL));
    assert_store(fixture, "key:000000=1 key:001999=1");
    storage_cursor_close(pin);
    assert_store(fixture, "key:000000=1 key:001999=1");
}

static const TestutilContractCase cases[] = {
    CASE(a_later_insert_is_not_seen, 0, WRITES | STABLE_SCAN, ROWS),
    CASE(a_later_overwrite_is_not_seen, 0, WRITES | STABLE_SCAN, ROWS),
    CASE(a_later_delete_is_not_seen, 0, WRITES | STABLE_SCAN, ROWS),
    CASE(a_later_clear_is_not_seen, CLEAR_RANGE, WRITES | STABLE_SCAN, ROWS),
    CASE(a_key_deleted_and_set_again_keeps_its_old_row, 0, WRITES | STABLE_SCAN, ROWS),
    CASE(writes_between_rows_are_not_seen, 0, WRITES | STABLE_SCAN, ROWS),
    CASE(a_seek_goes_back_to_what_was_deleted_since, 0, WRITES | STABLE_SCAN, ROWS),
    CASE(a_reverse_cursor_sees_its_snapshot, REVERSE_SCAN, WRITES | STABLE_SCAN, ROWS),
    CASE(rows_are_deleted_while_they_are_scanned, 0, WRITES | STABLE_SCAN, NULL),
    CASE(rows_written_ahead_of_the_cursor_do_not_keep_it_going, 0, WRITES | STABLE_SCAN, ROWS),
    CASE(cursors_opened_between_writes_see_each_its_own_snapshot, 0, WRITES | STABLE_SCAN, NULL),
    CASE(a_row_that_expires_later_stays, EXPIRY, WRITES | STABLE_SCAN, ROWS),
    CASE(a_row_that_is_swept_later_stays, EXPIRY, WRITES | STABLE_SCAN, ROWS),
    CASE(a_row_that_had_expired_is_not_there, EXPIRY, WRITES, ROWS),
    CASE(a_later_touch_is_not_seen, EXPIRY, WRITES | STABLE_SCAN, ROWS),
    CASE(no_row_is_newer_than_the_cursor, 0, WRITES | STABLE_SCAN, ROWS),
    CASE(an_entry_stays_readable_while_its_key_changes, 0, WRITES, ROWS),
    CASE(long_runs_of_expired_rows_do_not_end_a_scan, EXPIRY, WRITES, NULL),
    CASE(long_runs_of_deleted_rows_do_not_end_a_scan, 0, WRITES, NULL),
};
const CaseTable testutil_cases_snapshot_scan = CASE_TABLE(cases);
