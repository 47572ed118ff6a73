/*
 * case_serializable.c - what a serializable transaction has read must not have changed at its commit.
 */
#include "case.h"

#define CASE_GROUP "serializable"

#define begin_serializable(fixture) begin_isolated((fixture), STORAGE_ISOLATION_SERIALIZABLE)

/* Reads a whole range and closes the cursor. */
static void read_range(StorageTransaction *txn, StorageRange range, const char *rows)
{
    testutil_assert_transaction_rows(txn, &range, NULL, rows);
}

static void write_skew_is_refused(TestutilFixture *fixture)
{
    StorageTransaction *first = begin_serializable(fixture), *second = begin_serializable(fixture);

    assert_transaction_value(first, "a", "1");
    assert_transaction_value(second, "b", "1");
    transaction_set(first, "b", "0");
    transaction_set(second, "a", "0");
    commit(first);
    commit_fails(second, STORAGE_SERIALIZATION);
    assert_store(fixture, "a=1 b=0");
}

static void a_phantom_is_refused(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin_serializable(fixture);

    read_range(txn, storage_range_prefix(TEXT("b")), "b1=2");
    transaction_set(txn, "count", "1");
    set(fixture, "b2", "phantom");
    commit_fails(txn, STORAGE_SERIALIZATION);
    assert_store(fixture, "a=1 b1=2 b2=phantom");
}

static void a_phantom_in_an_empty_range_is_refused(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin_serializable(fixture);

    read_range(txn, storage_range_prefix(TEXT("x")), "");
    transaction_set(txn, "count", "0");
    set(fixture, "x1", "phantom");
    commit_fails(txn, STORAGE_SERIALIZATION);
}

static void two_that_count_and_insert_do_not_both_commit(TestutilFixture *fixture)
{
    StorageTransaction *first = begin_serializable(fixture), *second = begin_serializable(fixture);

    read_range(first, storage_range_prefix(TEXT("x")), "");
    read_range(second, storage_range_prefix(TEXT("x")), "");
    transaction_set(first, "x1", "first");
    transaction_set(second, "x2", "second");
    commit(first);
    commit_fails(second, STORAGE_SERIALIZATION);
    assert_store(fixture, "x1=first");
}

static void a_change_of_a_value_that_was_read_is_refused(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin_serializable(fixture);

    assert_transaction_value(txn, "a", "1");
    transaction_set(txn, "c", "own");
    set(fixture, "a", "changed");
    commit_fails(txn, STORAGE_SERIALIZATION);
    assert_store(fixture, "a=changed");
}

static void a_delete_of_a_value_that_was_read_is_refused(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin_serializable(fixture);

    assert_transaction_value(txn, "a", "1");
    transaction_set(txn, "c", "own");
    remove_key(fixture, "a");
    commit_fails(txn, STORAGE_SERIALIZATION);
}

static void a_clear_of_a_value_that_was_read_is_refused(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin_serializable(fixture);

    assert_transaction_value(txn, "a", "1");
    transaction_set(txn, "c", "own");
    testutil_assert_ok(storage_clear_range(fixture->backend, NULL, NULL));
    commit_fails(txn, STORAGE_SERIALIZATION);
    assert_store(fixture, "");
}

static void a_key_that_was_missed_and_appears_is_refused(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin_serializable(fixture);

    assert_transaction_absent(txn, "b");
    transaction_set(txn, "c", "own");
    set(fixture, "b", "appeared");
    commit_fails(txn, STORAGE_SERIALIZATION);
}

static void a_delete_in_a_range_that_was_read_is_refused(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin_serializable(fixture);

    read_range(txn, storage_range_all(), "a=1 b=2");
    transaction_set(txn, "c", "own");
    remove_key(fixture, "b");
    commit_fails(txn, STORAGE_SERIALIZATION);
}

static void a_change_in_a_range_that_was_read_is_refused(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin_serializable(fixture);

    read_range(txn, storage_range_all(), "a=1 b=2");
    transaction_set(txn, "c", "own");
    set(fixture, "a", "changed");
    commit_fails(txn, STORAGE_SERIALIZATION);
}

static void a_multi_get_counts_as_reading(TestutilFixture *fixture)
{
    const StorageSlice keys[] = {TEXT("a"), TEXT("missing")};
    StorageTransaction *txn = begin_serializable(fixture);
    StorageStatus statuses[2];
    StorageValue values[2];

    testutil_assert_ok(storage_transaction_multi_get(txn, keys, 2, values, statuses, NULL));
    storage_value_release(&values[0]);
    transaction_set(txn, "c", "own");
    set(fixture, "missing", "appeared");
    commit_fails(txn, STORAGE_SERIALIZATION);
}

static void a_reverse_scan_counts_as_reading(TestutilFixture *fixture)
{
    StorageScanOptions options = testutil_case_scan_options(STORAGE_SCAN_REVERSE, 0);
    StorageTransaction *txn = begin_serializable(fixture);

    testutil_assert_transaction_rows(txn, NULL, &options, "b=2 a=1");
    transaction_set(txn, "c", "own");
    set(fixture, "aa", "phantom");
    commit_fails(txn, STORAGE_SERIALIZATION);
}

static void a_failed_expectation_counts_as_reading(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin_serializable(fixture);

    testutil_assert_status(STORAGE_CONFLICT, storage_transaction_compare_and_set(
                                                 txn, TEXT("a"), storage_expect_absent(), TEXT("2"), NULL, NULL));
    transaction_set(txn, "c", "decided by the conflict");
    remove_key(fixture, "a");
    commit_fails(txn, STORAGE_SERIALIZATION);
    assert_store(fixture, "");
}

static void a_touch_that_found_nothing_counts_as_reading(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin_serializable(fixture);

    testutil_assert_status(STORAGE_NOT_FOUND, storage_transaction_touch(txn, TEXT("b"), storage_expiry_never(), NULL));
    transaction_set(txn, "c", "decided by the miss");
    set(fixture, "b", "appeared");
    commit_fails(txn, STORAGE_SERIALIZATION);
}

static void a_change_and_a_change_back_is_still_refused(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin_serializable(fixture);

    assert_transaction_value(txn, "a", "1");
    transaction_set(txn, "c", "own");
    set(fixture, "a", "2");
    set(fixture, "a", "1");
    commit_fails(txn, STORAGE_SERIALIZATION);
}

static void what_was_not_read_may_change(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin_serializable(fixture);

    assert_transaction_value(txn, "a", "1");
    read_range(txn, storage_range_prefix(TEXT("b")), "b1=2");
    transaction_set(txn, "own", "1");
    set(fixture, "c", "changed");
    set(fixture, "z", "new");
    commit(txn);
    assert_store(fixture, "a=1 b1=2 c=changed own=1 z=new");
}

static void unchanged_reads_commit(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin_serializable(fixture);

    read_range(txn, storage_range_all(), "a=1 b=2");
    transaction_set(txn, "a", "2");
    transaction_delete(txn, "b");
    commit(txn);
    assert_store(fixture, "a=2");
}

static void own_writes_are_no_conflict_with_own_reads(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin_serializable(fixture);

    transaction_set(txn, "a", "own");
    assert_transaction_value(txn, "a", "own");
    transaction_set(txn, "b", "own");
    read_range(txn, storage_range_all(), "a=own b=own");
    commit(txn);
    assert_store(fixture, "a=own b=own");
}

static void two_blind_writers_of_one_key_conflict(TestutilFixture *fixture)
{
    StorageTransaction *first = begin_serializable(fixture), *second = begin_serializable(fixture);

    transaction_set(first, "a", "first");
    transaction_set(second, "a", "second");
    commit(first);
    commit_fails(second, STORAGE_SERIALIZATION);
    assert_store(fixture, "a=first");
}

static void blind_writers_of_different_keys_both_commit(TestutilFixture *fixture)
{
    StorageTransaction *first = begin_serializable(fixture), *second = begin_serializable(fixture);

    transaction_set(first, "a", "first");
    transaction_set(second, "b", "second");
    commit(first);
    commit(second);
    assert_store(fixture, "a=first b=second");
}

static void reads_alone_commit_whatever_has_changed(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin_isolated(fixture, STORAGE_ISOLATION_SERIALIZABLE);

    assert_transaction_value(txn, "a", "1");
    set(fixture, "a", "changed");
    assert_transaction_value(txn, "a", "1");
    /* It read one snapshot, so it takes its place before the change. */
    testutil_assert_number(0, commit(txn));
}

static void a_false_precondition_is_a_conflict_first(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin_serializable(fixture);

    assert_transaction_value(txn, "b", "2");
    testutil_assert_ok(
        storage_transaction_compare_and_set(txn, TEXT("a"), storage_expect_value(TEXT("1")), TEXT("2"), NULL, NULL));
    set(fixture, "b", "changed");
    set(fixture, "a", "changed");
    commit_fails(txn, STORAGE_CONFLICT);
}

static void it_reads_one_snapshot(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin_serializable(fixture);

    set(fixture, "a", "changed");
    set(fixture, "b", "new");
    assert_transaction_value(txn, "a", "1");
    read_range(txn, storage_range_all(), "a=1");
    storage_transaction_close(txn);
}

static void a_rollback_does_not_forget_what_was_read(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin_serializable(fixture);
    uint32_t savepoint;

    testutil_assert_ok(storage_transaction_savepoint(txn, &savepoint, NULL));
    assert_transaction_value(txn, "a", "1");
    transaction_set(txn, "b", "undone");
    testutil_assert_ok(storage_transaction_rollback_to(txn, savepoint, NULL));
    transaction_set(txn, "c", "own");
    set(fixture, "a", "changed");
    commit_fails(txn, STORAGE_SERIALIZATION);
    assert_store(fixture, "a=changed");
}

static void chained_transfers_keep_the_sum(TestutilFixture *fixture)
{
    StorageTransaction *first = begin_serializable(fixture), *second = begin_serializable(fixture);

    read_range(first, storage_range_all(), "a=5 b=5");
    read_range(second, storage_range_all(), "a=5 b=5");
    transaction_set(first, "a", "4");
    transaction_set(first, "b", "6");
    transaction_set(second, "sum", "10");
    commit(first);
    commit_fails(second, STORAGE_SERIALIZATION);
    assert_store(fixture, "a=4 b=6");
}

static const TestutilContractCase cases[] = {
    CASE(write_skew_is_refused, SERIALIZABLE, WRITES, "a=1 b=1"),
    CASE(a_phantom_is_refused, SERIALIZABLE, WRITES, "a=1 b1=2"),
    CASE(a_phantom_in_an_empty_range_is_refused, SERIALIZABLE, WRITES, "a=1"),
    CASE(two_that_count_and_insert_do_not_both_commit, SERIALIZABLE, WRITES, NULL),
    CASE(a_change_of_a_value_that_was_read_is_refused, SERIALIZABLE, WRITES, "a=1"),
    CASE(a_delete_of_a_value_that_was_read_is_refused, SERIALIZABLE, WRITES, "a=1"),
    CASE(a_clear_of_a_value_that_was_read_is_refused, SERIALIZABLE | CLEAR_RANGE, WRITES, "a=1"),
    CASE(a_key_that_was_missed_and_appears_is_refused, SERIALIZABLE, WRITES, "a=1"),
    CASE(a_delete_in_a_range_that_was_read_is_refused, SERIALIZABLE, WRITES, "a=1 b=2"),
    CASE(a_change_in_a_range_that_was_read_is_refused, SERIALIZABLE, WRITES, "a=1 b=2"),
    CASE(a_multi_get_counts_as_reading, SERIALIZABLE, WRITES, "a=1"),
    CASE(a_reverse_scan_counts_as_reading, SERIALIZABLE | REVERSE_SCAN, WRITES, "a=1 b=2"),
    CASE(a_failed_expectation_counts_as_reading, SERIALIZABLE | COMPARE, WRITES, "a=1"),
    CASE(a_touch_that_found_nothing_counts_as_reading, SERIALIZABLE | EXPIRY, WRITES, "a=1"),
    CASE(a_change_and_a_change_back_is_still_refused, SERIALIZABLE, WRITES, "a=1"),
    CASE(what_was_not_read_may_change, SERIALIZABLE, WRITES, "a=1 b1=2 c=3"),
    CASE(unchanged_reads_commit, SERIALIZABLE, WRITES, "a=1 b=2"),
    CASE(own_writes_are_no_conflict_with_own_reads, SERIALIZABLE, WRITES, "a=1"),
    CASE(two_blind_writers_of_one_key_conflict, SERIALIZABLE, WRITES, "a=1"),
    CASE(blind_writers_of_different_keys_both_commit, SERIALIZABLE, WRITES, "a=1 b=1"),
    CASE(reads_alone_commit_whatever_has_changed, SERIALIZABLE, WRITES, "a=1"),
    CASE(a_false_precondition_is_a_conflict_first, SERIALIZABLE | COMPARE, WRITES, "a=1 b=2"),
    CASE(it_reads_one_snapshot, SERIALIZABLE, WRITES, "a=1"),
    CASE(a_rollback_does_not_forget_what_was_read, SERIALIZABLE | SAVEPOINTS, WRITES, "a=1"),
    CASE(chained_transfers_keep_the_sum, SERIALIZABLE, WRITES, "a=5 b=5"),
};
const CaseTable testutil_cases_serializable = CASE_TABLE(cases);
