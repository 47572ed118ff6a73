/*
 * case_transaction_scan.c - a scan in a transaction: committed rows and its own writes, as one ordered view.
 */
#include "case.h"

#define CASE_GROUP "transaction scan"
#define ROWS "a=1 c=3 e=5"

static void own_writes_are_merged_in_order(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    transaction_set(txn, "b", "own");
    transaction_set(txn, "0", "own");
    transaction_set(txn, "z", "own");
    transaction_set(txn, "c", "changed");
    transaction_delete(txn, "e");
    testutil_assert_transaction_rows(txn, NULL, NULL, "0=own a=1 b=own c=changed z=own");
    storage_transaction_close(txn);
    assert_store(fixture, ROWS);
}

static void own_writes_are_merged_backwards(TestutilFixture *fixture)
{
    StorageScanOptions options = testutil_case_scan_options(STORAGE_SCAN_REVERSE, 0);
    StorageTransaction *txn = begin(fixture);

    transaction_set(txn, "b", "own");
    transaction_delete(txn, "c");
    transaction_set(txn, "f", "own");
    testutil_assert_transaction_rows(txn, NULL, &options, "f=own e=5 b=own a=1");
    storage_transaction_close(txn);
}

static void a_scan_without_own_writes_is_the_snapshot(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    testutil_assert_transaction_rows(txn, NULL, NULL, ROWS);
    storage_transaction_close(txn);
}

static void own_rows_in_an_empty_store(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    transaction_set(txn, "b", "2");
    transaction_set(txn, "a", "1");
    testutil_assert_transaction_rows(txn, NULL, NULL, "a=1 b=2");
    storage_transaction_close(txn);
}

static void own_rows_outside_of_the_range_stay_out(TestutilFixture *fixture)
{
    StorageRange range = range_between(excluded("a"), included("c"));
    StorageTransaction *txn = begin(fixture);

    transaction_set(txn, "a", "own");
    transaction_set(txn, "b", "own");
    transaction_set(txn, "d", "own");
    testutil_assert_transaction_rows(txn, &range, NULL, "b=own c=3");
    storage_transaction_close(txn);
}

static void an_inverted_range_is_empty_in_a_transaction(TestutilFixture *fixture)
{
    StorageRange range = range_between(included("e"), included("a"));
    StorageTransaction *txn = begin(fixture);

    transaction_set(txn, "c", "own");
    testutil_assert_transaction_rows(txn, &range, NULL, "");
    storage_transaction_close(txn);
}

static void a_limit_counts_merged_rows(TestutilFixture *fixture)
{
    StorageScanOptions options = testutil_case_scan_options(0, 3);
    StorageTransaction *txn = begin(fixture);

    transaction_set(txn, "b", "own");
    transaction_delete(txn, "c");
    testutil_assert_transaction_rows(txn, NULL, &options, "a=1 b=own e=5");
    storage_transaction_close(txn);
}

static void keys_only_in_a_transaction(TestutilFixture *fixture)
{
    StorageScanOptions options = testutil_case_scan_options(STORAGE_SCAN_KEYS_ONLY, 0);
    StorageTransaction *txn = begin(fixture);

    transaction_set(txn, "b", "own");
    testutil_assert_transaction_rows(txn, NULL, &options, "a= b= c= e=");
    storage_transaction_close(txn);
}

static void a_seek_finds_own_rows(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    StorageCursor *cursor;

    transaction_set(txn, "b", "own");
    transaction_delete(txn, "c");
    cursor = transaction_scan(txn, NULL, NULL);
    testutil_assert_ok(storage_cursor_seek(cursor, TEXT("b"), NULL));
    testutil_assert_next_row(cursor, "b=own");
    testutil_assert_next_row(cursor, "e=5");
    testutil_assert_ok(storage_cursor_seek(cursor, TEXT("aa"), NULL));
    testutil_assert_next_row(cursor, "b=own");
    testutil_assert_ok(storage_cursor_seek(cursor, TEXT("a"), NULL));
    testutil_assert_cursor_rows(cursor, "a=1 b=own e=5");
    storage_cursor_close(cursor);
    storage_transaction_close(txn);
}

static void a_reverse_seek_finds_own_rows(TestutilFixture *fixture)
{
    StorageScanOptions options = testutil_case_scan_options(STORAGE_SCAN_REVERSE, 0);
    StorageTransaction *txn = begin(fixture);
    StorageCursor *cursor;

    transaction_set(txn, "b", "own");
    transaction_delete(txn, "c");
    cursor = transaction_scan(txn, NULL, &options);
    testutil_assert_ok(storage_cursor_seek(cursor, TEXT("d"), NULL));
    testutil_assert_cursor_rows(cursor, "b=own a=1");
    storage_cursor_close(cursor);
    storage_transaction_close(txn);
}

static void cleared_rows_are_left_out(TestutilFixture *fixture)
{
    StorageRange range = range_between(included("b"), included("d"));
    StorageTransaction *txn = begin(fixture);

    transaction_set(txn, "b", "before");
    testutil_assert_ok(storage_transaction_clear_range(txn, &range, NULL));
    transaction_set(txn, "d", "after");
    testutil_assert_transaction_rows(txn, NULL, NULL, "a=1 d=after e=5");
    commit(txn);
    assert_store(fixture, "a=1 d=after e=5");
}

static void overlapping_clears(TestutilFixture *fixture)
{
    StorageRange first = range_between(included("a"), excluded("c")),
                 second = range_between(included("b"), included("c"));
    StorageTransaction *txn = begin(fixture);

    testutil_assert_ok(storage_transaction_clear_range(txn, &first, NULL));
    transaction_set(txn, "b", "own");
    transaction_set(txn, "a", "own");
    testutil_assert_ok(storage_transaction_clear_range(txn, &second, NULL));
    testutil_assert_transaction_rows(txn, NULL, NULL, "a=own e=5");
    commit(txn);
    assert_store(fixture, "a=own e=5");
}

static void a_cursor_sees_the_view_as_it_was_when_it_was_opened(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    StorageCursor *cursor;

    transaction_set(txn, "b", "own");
    cursor = transaction_scan(txn, NULL, NULL);
    transaction_set(txn, "d", "later");
    transaction_set(txn, "b", "changed");
    transaction_delete(txn, "e");
    testutil_assert_cursor_rows(cursor, "a=1 b=own c=3 e=5");
    storage_cursor_close(cursor);
    testutil_assert_transaction_rows(txn, NULL, NULL, "a=1 b=changed c=3 d=later");
    storage_transaction_close(txn);
}

static void a_clear_after_a_cursor_was_opened_is_not_seen_by_it(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    StorageCursor *cursor = transaction_scan(txn, NULL, NULL);

    testutil_assert_next_row(cursor, "a=1");
    testutil_assert_ok(storage_transaction_clear_range(txn, NULL, NULL));
    testutil_assert_cursor_rows(cursor, "c=3 e=5");
    storage_cursor_close(cursor);
    testutil_assert_transaction_rows(txn, NULL, NULL, "");
    storage_transaction_close(txn);
}

static void rows_are_changed_while_they_are_scanned(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    StorageCursor *cursor = transaction_scan(txn, NULL, NULL);
    const StorageEntry *entry;

    while (storage_cursor_next(cursor, &entry, NULL) == STORAGE_OK)
        testutil_assert_ok(storage_transaction_set(txn, entry->key, TEXT("changed"), NULL, NULL));
    storage_cursor_close(cursor);
    commit(txn);
    assert_store(fixture, "a=changed c=changed e=changed");
}

static void own_rows_have_revision_zero(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    const StorageEntry *entry;
    StorageCursor *cursor;

    transaction_set(txn, "b", "own");
    cursor = transaction_scan(txn, NULL, NULL);
    testutil_assert_ok(storage_cursor_next(cursor, &entry, NULL));
    testutil_assert(entry->revision > 0, "a committed row has revision 0");
    testutil_assert_ok(storage_cursor_next(cursor, &entry, NULL));
    testutil_assert_number(0, entry->revision);
    storage_cursor_close(cursor);
    storage_transaction_close(txn);
}

static void a_touched_row_keeps_its_value_in_the_view(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    testutil_assert_ok(storage_transaction_touch(txn, TEXT("c"), storage_expiry_after(TESTUTIL_SECOND_NS), NULL));
    testutil_assert_transaction_rows(txn, NULL, NULL, ROWS);
    storage_transaction_close(txn);
}

static void own_rows_that_expire_at_once_are_left_out(TestutilFixture *fixture)
{
    StorageSetOptions options = testutil_case_set_options(storage_expiry_after(0));
    StorageTransaction *txn = begin(fixture);

    testutil_assert_ok(storage_transaction_set(txn, TEXT("c"), TEXT("own"), &options, NULL));
    assert_transaction_absent(txn, "c");
    testutil_assert_transaction_rows(txn, NULL, NULL, "a=1 e=5");
    commit(txn);
    assert_store(fixture, "a=1 e=5");
}

static void several_cursors_of_one_transaction(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    StorageCursor *first = transaction_scan(txn, NULL, NULL), *second;

    transaction_set(txn, "b", "own");
    second = transaction_scan(txn, NULL, NULL);
    testutil_assert_next_row(first, "a=1");
    testutil_assert_next_row(second, "a=1");
    testutil_assert_next_row(first, "c=3");
    testutil_assert_next_row(second, "b=own");
    storage_cursor_close(second);
    storage_cursor_close(first);
    storage_transaction_close(txn);
}

static void many_own_rows_between_many_committed_ones(TestutilFixture *fixture)
{
    char key[TESTUTIL_KEY_BUFFER_SIZE];
    const StorageEntry *entry;
    StorageTransaction *txn;
    StorageCursor *cursor;

    for (uint64_t i = 0; i < 500; i++)
        testutil_assert_ok(
            storage_set(fixture->backend, testutil_key(key, sizeof key, "key", 2 * i), TEXT("1"), NULL, NULL));
    txn = begin(fixture);
    for (uint64_t i = 0; i < 500; i++)
        testutil_assert_ok(
            storage_transaction_set(txn, testutil_key(key, sizeof key, "key", 2 * i + 1), TEXT("2"), NULL, NULL));
    cursor = transaction_scan(txn, NULL, NULL);
    for (uint64_t i = 0; i < 1000; i++) {
        testutil_assert_ok(storage_cursor_next(cursor, &entry, NULL));
        testutil_assert_bytes(testutil_key(key, sizeof key, "key", i), entry->key);
    }
    testutil_assert_next_row(cursor, "END");
    storage_cursor_close(cursor);
    storage_transaction_close(txn);
}

static const TestutilContractCase cases[] = {
    CASE(own_writes_are_merged_in_order, TRANSACTIONS, WRITES, ROWS),
    CASE(own_writes_are_merged_backwards, TRANSACTIONS | REVERSE_SCAN, WRITES, ROWS),
    CASE(a_scan_without_own_writes_is_the_snapshot, TRANSACTIONS, 0, ROWS),
    CASE(own_rows_in_an_empty_store, TRANSACTIONS, WRITES, NULL),
    CASE(own_rows_outside_of_the_range_stay_out, TRANSACTIONS, WRITES, ROWS),
    CASE(an_inverted_range_is_empty_in_a_transaction, TRANSACTIONS, WRITES, ROWS),
    CASE(a_limit_counts_merged_rows, TRANSACTIONS, WRITES, ROWS),
    CASE(keys_only_in_a_transaction, TRANSACTIONS, WRITES, ROWS),
    CASE(a_seek_finds_own_rows, TRANSACTIONS, WRITES, ROWS),
    CASE(a_reverse_seek_finds_own_rows, TRANSACTIONS | REVERSE_SCAN, WRITES, ROWS),
    CASE(cleared_rows_are_left_out, TRANSACTIONS | CLEAR_RANGE, WRITES, ROWS),
    CASE(overlapping_clears, TRANSACTIONS | CLEAR_RANGE, WRITES, ROWS),
    CASE(a_cursor_sees_the_view_as_it_was_when_it_was_opened, TRANSACTIONS, WRITES, ROWS),
    CASE(a_clear_after_a_cursor_was_opened_is_not_seen_by_it, TRANSACTIONS | CLEAR_RANGE, WRITES, ROWS),
    CASE(rows_are_changed_while_they_are_scanned, TRANSACTIONS, WRITES, ROWS),
    CASE(own_rows_have_revision_zero, TRANSACTIONS, WRITES, ROWS),
    CASE(a_touched_row_keeps_its_value_in_the_view, TRANSACTIONS | EXPIRY, WRITES, ROWS),
    CASE(own_rows_that_expire_at_once_are_left_out, TRANSACTIONS | EXPIRY, WRITES, ROWS),
    CASE(several_cursors_of_one_transaction, TRANSACTIONS, WRITES, ROWS),
    CASE(many_own_rows_between_many_committed_ones, TRANSACTIONS, WRITES, NULL),
};
const CaseTable testutil_cases_transaction_scan = CASE_TABLE(cases);
