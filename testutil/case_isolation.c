/*
 * case_isolation.c - snapshot isolation (the default) and read committed: what a transaction sees of others, and which
 * of two writers wins. Serializable is in case_serializable.c.
 */
#include "case.h"

#define CASE_GROUP "isolation"

#define read_committed(fixture) begin_isolated((fixture), STORAGE_ISOLATION_READ_COMMITTED)

static void clear(TestutilFixture *fixture, const char *prefix)
{
    StorageRange range = storage_range_prefix(storage_string(prefix));

    testutil_assert_ok(storage_clear_range(fixture->backend, &range, NULL));
}

static void transaction_clear(StorageTransaction *txn, const char *prefix)
{
    StorageRange range = storage_range_prefix(storage_string(prefix));

    testutil_assert_ok(storage_transaction_clear_range(txn, &range, NULL));
}

/* ---- what a snapshot sees ---- */

static void a_snapshot_reads_the_same_value_twice(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    assert_transaction_value(txn, "a", "1");
    set(fixture, "a", "changed");
    assert_transaction_value(txn, "a", "1");
    commit(txn);
    assert_value(fixture, "a", "changed");
}

static void a_snapshot_is_that_of_the_begin_not_of_the_first_read(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    set(fixture, "a", "changed");
    set(fixture, "b", "new");
    assert_transaction_value(txn, "a", "1");
    assert_transaction_absent(txn, "b");
    storage_transaction_close(txn);
}

static void a_snapshot_does_not_see_a_later_delete(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    remove_key(fixture, "a");
    assert_transaction_value(txn, "a", "1");
    testutil_assert_transaction_rows(txn, NULL, NULL, "a=1");
    storage_transaction_close(txn);
}

static void a_snapshot_does_not_see_a_later_clear(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    testutil_assert_ok(storage_clear_range(fixture->backend, NULL, NULL));
    assert_transaction_value(txn, "a", "1");
    testutil_assert_transaction_rows(txn, NULL, NULL, "a=1 b=2");
    storage_transaction_close(txn);
}

static void a_snapshot_scans_the_same_rows_twice(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    testutil_assert_transaction_rows(txn, NULL, NULL, "a=1 b=2");
    set(fixture, "aa", "phantom");
    remove_key(fixture, "b");
    testutil_assert_transaction_rows(txn, NULL, NULL, "a=1 b=2");
    storage_transaction_close(txn);
}

static void a_snapshot_does_not_see_half_of_another_commit(TestutilFixture *fixture)
{
    StorageTransaction *before = begin(fixture), *writer = begin(fixture), *after;

    transaction_set(writer, "a", "2");
    transaction_set(writer, "b", "2");
    assert_transaction_value(before, "a", "1");
    commit(writer);
    assert_transaction_value(before, "b", "1");
    after = begin(fixture);
    assert_transaction_value(after, "a", "2");
    assert_transaction_value(after, "b", "2");
    storage_transaction_close(before);
    storage_transaction_close(after);
}

static void snapshots_of_different_times_differ(TestutilFixture *fixture)
{
    StorageTransaction *txns[10];
    char value[64];

    for (uint32_t i = 0; i < 10; i++) {
        testutil_assert_ok(
            storage_set(fixture->backend, TEXT("a"), testutil_tagged_value(value, sizeof value, 1, i), NULL, NULL));
        txns[i] = begin(fixture);
    }
    for (uint32_t i = 0; i < 10; i++) {
        testutil_assert_transaction_value(txns[i], TEXT("a"), testutil_tagged_value(value, sizeof value, 1, i));
        storage_transaction_close(txns[i]);
    }
}

static void a_snapshot_keeps_what_expires_later(TestutilFixture *fixture)
{
    StorageTransaction *txn;

    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    txn = begin(fixture);
    testutil_clock_advance(fixture->clock, 2 * TESTUTIL_SECOND_NS);
    assert_absent(fixture, "a");
    assert_transaction_value(txn, "a", "1");
    testutil_assert_transaction_rows(txn, NULL, NULL, "a=1");
    storage_transaction_close(txn);
}

static void a_snapshot_keeps_what_is_swept_later(TestutilFixture *fixture)
{
    StorageTransaction *txn;

    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    txn = begin(fixture);
    testutil_clock_advance(fixture->clock, 2 * TESTUTIL_SECOND_NS);
    testutil_assert_ok(storage_sweep(fixture->backend, NULL, NULL));
    assert_transaction_value(txn, "a", "1");
    testutil_assert_transaction_rows(txn, NULL, NULL, "a=1");
    storage_transaction_close(txn);
}

static void a_snapshot_does_not_see_what_had_expired(TestutilFixture *fixture)
{
    StorageTransaction *txn;

    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    txn = begin(fixture);
    assert_transaction_absent(txn, "a");
    testutil_assert_transaction_rows(txn, NULL, NULL, "");
    storage_transaction_close(txn);
}

/* ---- who wins ---- */

static void the_first_committer_wins(TestutilFixture *fixture)
{
    StorageTransaction *first = begin(fixture), *second = begin(fixture);

    transaction_set(first, "a", "first");
    transaction_set(second, "a", "second");
    commit(first);
    commit_fails(second, STORAGE_SERIALIZATION);
    assert_store(fixture, "a=first");
}

static void the_order_of_commits_decides_not_that_of_begins(TestutilFixture *fixture)
{
    StorageTransaction *first = begin(fixture), *second = begin(fixture);

    transaction_set(first, "a", "first");
    transaction_set(second, "a", "second");
    commit(second);
    commit_fails(first, STORAGE_SERIALIZATION);
    assert_store(fixture, "a=second");
}

static void a_plain_write_wins_over_an_open_transaction(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    transaction_set(txn, "a", "own");
    set(fixture, "a", "plain");
    commit_fails(txn, STORAGE_SERIALIZATION);
    assert_store(fixture, "a=plain");
}

static void a_loser_leaves_nothing_at_all(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    transaction_set(txn, "0", "own");
    transaction_set(txn, "a", "own");
    transaction_delete(txn, "b");
    transaction_set(txn, "z", "own");
    set(fixture, "a", "other");
    commit_fails(txn, STORAGE_SERIALIZATION);
    assert_store(fixture, "a=other b=2");
}

static void a_write_before_the_begin_is_no_conflict(TestutilFixture *fixture)
{
    StorageTransaction *txn;

    set(fixture, "a", "before");
    txn = begin(fixture);
    transaction_set(txn, "a", "own");
    commit(txn);
    assert_store(fixture, "a=own");
}

static void writers_of_different_keys_both_commit(TestutilFixture *fixture)
{
    StorageTransaction *first = begin(fixture), *second = begin(fixture);

    transaction_set(first, "a", "first");
    transaction_set(second, "b", "second");
    commit(first);
    commit(second);
    assert_store(fixture, "a=first b=second");
}

static void two_that_insert_one_key_conflict(TestutilFixture *fixture)
{
    StorageTransaction *first = begin(fixture), *second = begin(fixture);

    transaction_set(first, "new", "first");
    transaction_set(second, "new", "second");
    commit(first);
    commit_fails(second, STORAGE_SERIALIZATION);
    assert_store(fixture, "new=first");
}

static void a_delete_meets_a_set(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    transaction_delete(txn, "a");
    set(fixture, "a", "other");
    commit_fails(txn, STORAGE_SERIALIZATION);
    assert_store(fixture, "a=other");
}

static void a_set_meets_a_delete(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    transaction_set(txn, "a", "own");
    remove_key(fixture, "a");
    commit_fails(txn, STORAGE_SERIALIZATION);
    assert_store(fixture, "");
}

static void a_touch_meets_a_set(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    testutil_assert_ok(storage_transaction_touch(txn, TEXT("a"), storage_expiry_after(TESTUTIL_DAY_NS), NULL));
    set(fixture, "a", "other");
    commit_fails(txn, STORAGE_SERIALIZATION);
    assert_store(fixture, "a=other");
    testutil_assert(expires_at(fixture, "a") == STORAGE_NEVER, "the touch took effect");
}

static void a_set_meets_a_touch(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    transaction_set(txn, "a", "own");
    testutil_assert_ok(storage_touch(fixture->backend, TEXT("a"), storage_expiry_after(TESTUTIL_DAY_NS), NULL));
    commit_fails(txn, STORAGE_SERIALIZATION);
    assert_store(fixture, "a=1");
}

static void a_set_meets_a_clear(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    transaction_set(txn, "b1", "own");
    clear(fixture, "b");
    commit_fails(txn, STORAGE_SERIALIZATION);
    assert_store(fixture, "a=1");
}

static void an_insert_meets_a_clear_of_its_range(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    transaction_set(txn, "b5", "own");
    clear(fixture, "b");
    commit_fails(txn, STORAGE_SERIALIZATION);
    assert_store(fixture, "a=1");
}

static void a_clear_meets_a_set_in_its_range(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    transaction_clear(txn, "b");
    set(fixture, "b1", "other");
    commit_fails(txn, STORAGE_SERIALIZATION);
    assert_store(fixture, "a=1 b1=other");
}

static void a_clear_meets_an_insert_into_its_range(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    transaction_clear(txn, "b");
    set(fixture, "b9", "other");
    commit_fails(txn, STORAGE_SERIALIZATION);
    assert_store(fixture, "a=1 b1=2 b9=other");
}

static void a_clear_meets_a_delete_in_its_range(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    transaction_clear(txn, "b");
    remove_key(fixture, "b1");
    commit_fails(txn, STORAGE_SERIALIZATION);
    assert_store(fixture, "a=1");
}

static void a_clear_of_nothing_meets_an_insert_into_its_range(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    transaction_clear(txn, "x");
    transaction_set(txn, "c", "own");
    set(fixture, "x1", "other");
    commit_fails(txn, STORAGE_SERIALIZATION);
    assert_store(fixture, "a=1 x1=other");
}

static void a_clear_and_a_set_outside_of_it_both_commit(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    transaction_clear(txn, "b");
    set(fixture, "a", "other");
    set(fixture, "c", "other");
    commit(txn);
    assert_store(fixture, "a=other c=other");
}

static void clears_that_overlap_conflict(TestutilFixture *fixture)
{
    StorageTransaction *first = begin(fixture), *second = begin(fixture);

    transaction_clear(first, "b");
    transaction_clear(second, "b1");
    commit(first);
    commit_fails(second, STORAGE_SERIALIZATION);
    assert_store(fixture, "a=1");
}

static void clears_that_overlap_where_no_key_is_conflict(TestutilFixture *fixture)
{
    StorageTransaction *first = begin(fixture), *second = begin(fixture);

    transaction_clear(first, "b");
    transaction_clear(second, "b1");
    transaction_set(second, "a", "own");
    commit(first);
    commit_fails(second, STORAGE_SERIALIZATION);
    assert_store(fixture, "a=1");
}

static void a_clear_of_an_empty_range_conflicts_with_nothing(TestutilFixture *fixture)
{
    StorageRange empty = range_between(excluded("b1"), included("b1")),
                 inverted = range_between(included("c"), included("a"));
    StorageTransaction *txn = begin(fixture);

    testutil_assert_ok(storage_transaction_clear_range(txn, &empty, NULL));
    testutil_assert_ok(storage_transaction_clear_range(txn, &inverted, NULL));
    transaction_set(txn, "own", "1");
    clear(fixture, "b");
    commit(txn);
    assert_store(fixture, "a=1 own=1");
}

static void clears_that_do_not_overlap_both_commit(TestutilFixture *fixture)
{
    StorageTransaction *first = begin(fixture), *second = begin(fixture);

    transaction_clear(first, "a");
    transaction_clear(second, "b");
    commit(first);
    commit(second);
    assert_store(fixture, "");
}

static void write_skew_is_allowed_under_snapshot(TestutilFixture *fixture)
{
    StorageTransaction *first = begin(fixture), *second = begin(fixture);

    assert_transaction_value(first, "a", "1");
    assert_transaction_value(second, "b", "1");
    transaction_set(first, "b", "0");
    transaction_set(second, "a", "0");
    commit(first);
    commit(second);
    assert_store(fixture, "a=0 b=0");
}

static void a_reader_is_never_in_the_way(TestutilFixture *fixture)
{
    StorageTransaction *reader = begin(fixture), *writer = begin(fixture);

    assert_transaction_value(reader, "a", "1");
    transaction_set(writer, "a", "2");
    commit(writer);
    testutil_assert_number(0, commit(reader));
}

/* ---- read committed ---- */

static void read_committed_sees_a_later_value(TestutilFixture *fixture)
{
    StorageTransaction *txn = read_committed(fixture);

    assert_transaction_value(txn, "a", "1");
    set(fixture, "a", "changed");
    assert_transaction_value(txn, "a", "changed");
    remove_key(fixture, "a");
    assert_transaction_absent(txn, "a");
    storage_transaction_close(txn);
}

static void read_committed_sees_phantoms(TestutilFixture *fixture)
{
    StorageTransaction *txn = read_committed(fixture);

    testutil_assert_transaction_rows(txn, NULL, NULL, "a=1");
    set(fixture, "b", "phantom");
    testutil_assert_transaction_rows(txn, NULL, NULL, "a=1 b=phantom");
    storage_transaction_close(txn);
}

static void read_committed_does_not_see_uncommitted_writes(TestutilFixture *fixture)
{
    StorageTransaction *reader = read_committed(fixture), *writer = begin(fixture);

    transaction_set(writer, "a", "uncommitted");
    assert_transaction_value(reader, "a", "1");
    storage_transaction_close(writer);
    assert_transaction_value(reader, "a", "1");
    storage_transaction_close(reader);
}

static void read_committed_reads_its_own_writes(TestutilFixture *fixture)
{
    StorageTransaction *txn = read_committed(fixture);

    transaction_set(txn, "a", "own");
    set(fixture, "a", "other");
    assert_transaction_value(txn, "a", "own");
    storage_transaction_close(txn);
}

static void a_cursor_under_read_committed_is_one_snapshot(TestutilFixture *fixture)
{
    StorageTransaction *txn = read_committed(fixture);
    StorageCursor *cursor = transaction_scan(txn, NULL, NULL);

    testutil_assert_next_row(cursor, "a=1");
    set(fixture, "b", "changed");
    remove_key(fixture, "c");
    testutil_assert_cursor_rows(cursor, "b=2 c=3");
    storage_cursor_close(cursor);
    storage_transaction_close(txn);
}

static void the_last_committer_wins_under_read_committed(TestutilFixture *fixture)
{
    StorageTransaction *first = read_committed(fixture), *second = read_committed(fixture);

    transaction_set(first, "a", "first");
    transaction_set(second, "a", "second");
    commit(first);
    commit(second);
    assert_store(fixture, "a=second");
}

static void a_false_precondition_conflicts_under_read_committed(TestutilFixture *fixture)
{
    StorageTransaction *txn = read_committed(fixture);

    transaction_set(txn, "b", "own");
    testutil_assert_ok(
        storage_transaction_compare_and_set(txn, TEXT("a"), storage_expect_value(TEXT("1")), TEXT("2"), NULL, NULL));
    set(fixture, "a", "other");
    commit_fails(txn, STORAGE_CONFLICT);
    assert_store(fixture, "a=other");
}

static void a_precondition_under_read_committed_is_decided_on_the_newest_value(TestutilFixture *fixture)
{
    StorageTransaction *txn = read_committed(fixture);

    set(fixture, "a", "changed");
    testutil_assert_status(
        STORAGE_CONFLICT,
        storage_transaction_compare_and_set(txn, TEXT("a"), storage_expect_value(TEXT("1")), TEXT("2"), NULL, NULL));
    testutil_assert_ok(storage_transaction_compare_and_set(txn, TEXT("a"), storage_expect_value(TEXT("changed")),
                                                           TEXT("2"), NULL, NULL));
    commit(txn);
    assert_store(fixture, "a=2");
}

static void read_committed_sees_expiry_as_it_comes(TestutilFixture *fixture)
{
    StorageTransaction *txn;

    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    txn = read_committed(fixture);
    assert_transaction_value(txn, "a", "1");
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    assert_transaction_absent(txn, "a");
    storage_transaction_close(txn);
}

static void a_touch_under_read_committed_brings_no_old_value_back(TestutilFixture *fixture)
{
    StorageTransaction *txn = read_committed(fixture);
    StorageStatus status;

    testutil_assert_ok(storage_transaction_touch(txn, TEXT("a"), storage_expiry_after(TESTUTIL_DAY_NS), NULL));
    set(fixture, "a", "changed");
    /* A store may refuse it, or give the newest value the new expiry. */
    status = storage_transaction_commit(txn, NULL, NULL);
    testutil_assert(status == STORAGE_OK || status == STORAGE_SERIALIZATION, "the commit answers %s",
                    storage_status_name(status));
    storage_transaction_close(txn);
    assert_value(fixture, "a", "changed");
}

static void a_touch_under_read_committed_brings_no_deleted_key_back(TestutilFixture *fixture)
{
    StorageTransaction *txn = read_committed(fixture);
    StorageStatus status;

    testutil_assert_ok(storage_transaction_touch(txn, TEXT("a"), storage_expiry_after(TESTUTIL_DAY_NS), NULL));
    remove_key(fixture, "a");
    status = storage_transaction_commit(txn, NULL, NULL);
    testutil_assert(status == STORAGE_OK || status == STORAGE_SERIALIZATION, "the commit answers %s",
                    storage_status_name(status));
    storage_transaction_close(txn);
    assert_absent(fixture, "a");
}

static void a_clear_under_read_committed_takes_what_came_since(TestutilFixture *fixture)
{
    StorageTransaction *txn = read_committed(fixture);

    transaction_clear(txn, "b");
    set(fixture, "b9", "other");
    commit(txn);
    assert_store(fixture, "a=1");
}

static const TestutilContractCase cases[] = {
    CASE(a_snapshot_reads_the_same_value_twice, TRANSACTIONS, WRITES, "a=1"),
    CASE(a_snapshot_is_that_of_the_begin_not_of_the_first_read, TRANSACTIONS, WRITES, "a=1"),
    CASE(a_snapshot_does_not_see_a_later_delete, TRANSACTIONS, WRITES, "a=1"),
    CASE(a_snapshot_does_not_see_a_later_clear, TRANSACTIONS | CLEAR_RANGE, WRITES, "a=1 b=2"),
    CASE(a_snapshot_scans_the_same_rows_twice, TRANSACTIONS, WRITES, "a=1 b=2"),
    CASE(a_snapshot_does_not_see_half_of_another_commit, TRANSACTIONS, WRITES, "a=1 b=1"),
    CASE(snapshots_of_different_times_differ, TRANSACTIONS, WRITES, NULL),
    CASE(a_snapshot_keeps_what_expires_later, TRANSACTIONS | EXPIRY, WRITES, NULL),
    CASE(a_snapshot_keeps_what_is_swept_later, TRANSACTIONS | EXPIRY, WRITES, NULL),
    CASE(a_snapshot_does_not_see_what_had_expired, TRANSACTIONS | EXPIRY, WRITES, NULL),
    CASE(the_first_committer_wins, TRANSACTIONS, WRITES, "a=1"),
    CASE(the_order_of_commits_decides_not_that_of_begins, TRANSACTIONS, WRITES, "a=1"),
    CASE(a_plain_write_wins_over_an_open_transaction, TRANSACTIONS, WRITES, "a=1"),
    CASE(a_loser_leaves_nothing_at_all, TRANSACTIONS, WRITES, "a=1 b=2"),
    CASE(a_write_before_the_begin_is_no_conflict, TRANSACTIONS, WRITES, "a=1"),
    CASE(writers_of_different_keys_both_commit, TRANSACTIONS, WRITES, "a=1 b=1"),
    CASE(two_that_insert_one_key_conflict, TRANSACTIONS, WRITES, NULL),
    CASE(a_delete_meets_a_set, TRANSACTIONS, WRITES, "a=1"),
    CASE(a_set_meets_a_delete, TRANSACTIONS, WRITES, "a=1"),
    CASE(a_touch_meets_a_set, TRANSACTIONS | EXPIRY, WRITES, "a=1"),
    CASE(a_set_meets_a_touch, TRANSACTIONS | EXPIRY, WRITES, "a=1"),
    CASE(a_set_meets_a_clear, TRANSACTIONS | CLEAR_RANGE, WRITES, "a=1 b1=2"),
    CASE(an_insert_meets_a_clear_of_its_range, TRANSACTIONS | CLEAR_RANGE, WRITES, "a=1 b1=2"),
    CASE(a_clear_meets_a_set_in_its_range, TRANSACTIONS | CLEAR_RANGE, WRITES, "a=1 b1=2"),
    CASE(a_clear_meets_an_insert_into_its_range, TRANSACTIONS | CLEAR_RANGE, WRITES, "a=1 b1=2"),
    CASE(a_clear_meets_a_delete_in_its_range, TRANSACTIONS | CLEAR_RANGE, WRITES, "a=1 b1=2"),
    CASE(a_clear_of_nothing_meets_an_insert_into_its_range, TRANSACTIONS | CLEAR_RANGE, WRITES, "a=1"),
    CASE(a_clear_and_a_set_outside_of_it_both_commit, TRANSACTIONS | CLEAR_RANGE, WRITES, "a=1 b1=2"),
    CASE(clears_that_overlap_conflict, TRANSACTIONS | CLEAR_RANGE, WRITES, "a=1 b1=2 b2=3"),
    CASE(clears_that_overlap_where_no_key_is_conflict, TRANSACTIONS | CLEAR_RANGE, WRITES, "a=1 b5=2"),
    CASE(a_clear_of_an_empty_range_conflicts_with_nothing, TRANSACTIONS | CLEAR_RANGE, WRITES, "a=1 b1=2"),
    CASE(clears_that_do_not_overlap_both_commit, TRANSACTIONS | CLEAR_RANGE, WRITES, "a1=1 b1=2"),
    CASE(write_skew_is_allowed_under_snapshot, TRANSACTIONS, WRITES, "a=1 b=1"),
    CASE(a_reader_is_never_in_the_way, TRANSACTIONS, WRITES, "a=1"),
    CASE(read_committed_sees_a_later_value, TRANSACTIONS, WRITES, "a=1"),
    CASE(read_committed_sees_phantoms, TRANSACTIONS, WRITES, "a=1"),
    CASE(read_committed_does_not_see_uncommitted_writes, TRANSACTIONS, WRITES, "a=1"),
    CASE(read_committed_reads_its_own_writes, TRANSACTIONS, WRITES, "a=1"),
    CASE(a_cursor_under_read_committed_is_one_snapshot, TRANSACTIONS, WRITES, "a=1 b=2 c=3"),
    CASE(the_last_committer_wins_under_read_committed, TRANSACTIONS, WRITES, "a=1"),
    CASE(a_false_precondition_conflicts_under_read_committed, TRANSACTIONS | COMPARE, WRITES, "a=1"),
    CASE(a_precondition_under_read_committed_is_decided_on_the_newest_value, TRANSACTIONS | COMPARE, WRITES, "a=1"),
    CASE(read_committed_sees_expiry_as_it_comes, TRANSACTIONS | EXPIRY, WRITES, NULL),
    CASE(a_touch_under_read_committed_brings_no_old_value_back, TRANSACTIONS | EXPIRY, WRITES, "a=1"),
    CASE(a_touch_under_read_committed_brings_no_deleted_key_back, TRANSACTIONS | EXPIRY, WRITES, "a=1"),
    CASE(a_clear_under_read_committed_takes_what_came_since, TRANSACTIONS | CLEAR_RANGE, WRITES, "a=1 b1=2"),
};
const CaseTable testutil_cases_isolation = CASE_TABLE(cases);
