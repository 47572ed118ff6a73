/*
 * case_transaction_end.c - what a transaction does at its end and after it: expiries that count from the commit,
 * read-only transactions, and calls on one that has ended.
 */
#include "case.h"

#include <stdlib.h>
#include <string.h>

#define CASE_GROUP "transaction end"

static void set_in(StorageTransaction *txn, StorageExpiry expiry)
{
    StorageSetOptions options = testutil_case_set_options(expiry);

    testutil_assert_ok(storage_transaction_set(txn, TEXT("a"), TEXT("own"), &options, NULL));
}

/* ---- expiry ---- */

static void a_duration_counts_from_the_commit(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    set_in(txn, storage_expiry_after(TESTUTIL_SECOND_NS));
    testutil_clock_advance(fixture->clock, 10 * TESTUTIL_SECOND_NS);
    commit(txn);
    assert_value(fixture, "a", "own");
    testutil_assert_number(testutil_clock_wall_ns(fixture->clock) + TESTUTIL_SECOND_NS, expires_at(fixture, "a"));
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    assert_absent(fixture, "a");
}

static void an_absolute_time_that_passes_before_the_commit(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    set_in(txn, storage_expiry_at(testutil_clock_wall_ns(fixture->clock) + TESTUTIL_SECOND_NS));
    testutil_clock_advance(fixture->clock, 2 * TESTUTIL_SECOND_NS);
    commit(txn);
    assert_absent(fixture, "a");
}

static void it_reads_its_own_value_with_an_expiry(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    set_in(txn, storage_expiry_after(TESTUTIL_SECOND_NS));
    assert_transaction_value(txn, "a", "own");
    storage_transaction_close(txn);
    assert_absent(fixture, "a");
}

static void a_later_plain_set_clears_the_expiry(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    set_in(txn, storage_expiry_after(TESTUTIL_SECOND_NS));
    transaction_set(txn, "a", "plain");
    commit(txn);
    testutil_clock_advance(fixture->clock, 2 * TESTUTIL_SECOND_NS);
    assert_value(fixture, "a", "plain");
}

static void a_later_set_replaces_the_expiry(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    set_in(txn, storage_expiry_after(TESTUTIL_SECOND_NS));
    set_in(txn, storage_expiry_after(3 * TESTUTIL_SECOND_NS));
    commit(txn);
    testutil_clock_advance(fixture->clock, 2 * TESTUTIL_SECOND_NS);
    assert_value(fixture, "a", "own");
}

static void a_later_delete_drops_the_expiry(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    set_in(txn, storage_expiry_after(TESTUTIL_SECOND_NS));
    transaction_delete(txn, "a");
    set_in(txn, storage_expiry_keep());
    commit(txn);
    testutil_assert(expires_at(fixture, "a") == STORAGE_NEVER, "a deleted value handed its expiry on");
}

static void keep_takes_the_expiry_of_the_committed_value(TestutilFixture *fixture)
{
    int64_t at_ns = testutil_clock_wall_ns(fixture->clock) + TESTUTIL_SECOND_NS;
    StorageTransaction *txn;

    set_expiring(fixture, "a", "1", storage_expiry_at(at_ns));
    txn = begin(fixture);
    set_in(txn, storage_expiry_keep());
    commit(txn);
    assert_value(fixture, "a", "own");
    testutil_assert_number(at_ns, expires_at(fixture, "a"));
}

static void keep_takes_the_expiry_of_an_own_value(TestutilFixture *fixture)
{
    int64_t at_ns = testutil_clock_wall_ns(fixture->clock) + TESTUTIL_SECOND_NS;
    StorageTransaction *txn = begin(fixture);

    set_in(txn, storage_expiry_at(at_ns));
    set_in(txn, storage_expiry_keep());
    commit(txn);
    testutil_assert_number(at_ns, expires_at(fixture, "a"));
}

static void an_overflowing_duration_does_not_tear_a_commit(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    transaction_set(txn, "0", "1");
    set_in(txn, storage_expiry_after(INT64_MAX));
    transaction_set(txn, "z", "1");
    commit(txn);
    assert_store(fixture, "0=1 a=own z=1");
    testutil_assert(expires_at(fixture, "a") == STORAGE_NEVER, "a duration that overflows is not never");
}

/* ---- read-only ---- */

static void a_read_only_transaction_reads(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin_read_only(fixture);

    assert_transaction_value(txn, "a", "1");
    testutil_assert_transaction_rows(txn, NULL, NULL, "a=1 b=2");
    testutil_assert_number(0, commit(txn));
}

static void a_read_only_transaction_keeps_its_snapshot(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin_read_only(fixture);

    set(fixture, "a", "changed");
    remove_key(fixture, "b");
    assert_transaction_value(txn, "a", "1");
    testutil_assert_transaction_rows(txn, NULL, NULL, "a=1 b=2");
    commit(txn);
}

#define READ_ONLY_CASE(name, capabilities, call)                                 \
    static void a_read_only_transaction_refuses_##name(TestutilFixture *fixture) \
    {                                                                            \
        StorageTransaction *txn = begin_read_only(fixture);                      \
                                                                                 \
        testutil_assert_status(STORAGE_READ_ONLY, call);                         \
        assert_transaction_value(txn, "a", "1");                                 \
        testutil_assert_number(0, commit(txn));                                  \
        assert_store(fixture, "a=1");                                            \
    }
#define WRITING_CALLS(X)                                                                                   \
    X(set, 0, storage_transaction_set(txn, TEXT("a"), TEXT("2"), NULL, NULL))                              \
    X(touch, EXPIRY, storage_transaction_touch(txn, TEXT("a"), storage_expiry_after(1), NULL))             \
    X(delete, 0, storage_transaction_delete(txn, TEXT("a"), NULL))                                         \
    X(compare_and_set, COMPARE,                                                                            \
      storage_transaction_compare_and_set(txn, TEXT("b"), storage_expect_absent(), TEXT("2"), NULL, NULL)) \
    X(compare_and_delete, COMPARE,                                                                         \
      storage_transaction_compare_and_delete(txn, TEXT("a"), storage_expect_value(TEXT("1")), NULL))       \
    X(clear_range, CLEAR_RANGE, storage_transaction_clear_range(txn, NULL, NULL))
WRITING_CALLS(READ_ONLY_CASE)

/* ---- ended ---- */

#define assert_ended(call) testutil_assert_status(STORAGE_INVALID_ARGUMENT, (call))

/* Every call on a transaction that has ended. */
static void assert_every_call_is_refused(StorageTransaction *txn)
{
    StorageSlice key = TEXT("a");
    StorageCursor *cursor;
    StorageStatus status;
    StorageValue value;
    uint64_t revision;

    assert_ended(storage_transaction_get(txn, key, &value, NULL));
    assert_ended(storage_transaction_multi_get(txn, &key, 1, &value, &status, NULL));
    assert_ended(storage_transaction_scan(txn, NULL, NULL, &cursor, NULL));
    testutil_assert(cursor == NULL, "a refused scan left a cursor");
    assert_ended(storage_transaction_set(txn, key, TEXT("late"), NULL, NULL));
    assert_ended(storage_transaction_delete(txn, key, NULL));
    assert_ended(storage_transaction_commit(txn, &revision, NULL));
}

static void calls_after_a_commit_are_invalid(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    transaction_set(txn, "a", "2");
    testutil_assert_ok(storage_transaction_commit(txn, NULL, NULL));
    assert_every_call_is_refused(txn);
    storage_transaction_close(txn);
    assert_store(fixture, "a=2");
}

static void calls_after_an_empty_commit_are_invalid(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    testutil_assert_ok(storage_transaction_commit(txn, NULL, NULL));
    assert_every_call_is_refused(txn);
    storage_transaction_close(txn);
}

static void calls_after_a_failed_commit_are_invalid(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    transaction_set(txn, "a", "2");
    set(fixture, "a", "other");
    testutil_assert_status(STORAGE_SERIALIZATION, storage_transaction_commit(txn, NULL, NULL));
    assert_every_call_is_refused(txn);
    storage_transaction_close(txn);
    assert_store(fixture, "a=other");
}

static void a_cursor_ends_with_its_transaction(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    StorageCursor *cursor = transaction_scan(txn, NULL, NULL);
    const StorageEntry *entry;

    testutil_assert_next_row(cursor, "a=1");
    testutil_assert_ok(storage_transaction_commit(txn, NULL, NULL));
    assert_ended(storage_cursor_next(cursor, &entry, NULL));
    assert_ended(storage_cursor_seek(cursor, TEXT("a"), NULL));
    storage_transaction_close(txn);
    storage_cursor_close(cursor);
}

static void a_cursor_outlives_the_closing_of_its_transaction(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    StorageCursor *cursor = transaction_scan(txn, NULL, NULL);
    const StorageEntry *entry;

    storage_transaction_close(txn);
    assert_ended(storage_cursor_next(cursor, &entry, NULL));
    storage_cursor_close(cursor);
}

static void a_value_outlives_its_transaction(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    StorageValue value;

    testutil_assert_ok(storage_transaction_get(txn, TEXT("a"), &value, NULL));
    storage_transaction_close(txn);
    remove_key(fixture, "a");
    testutil_assert_bytes(TEXT("1"), storage_value_slice(&value));
    storage_value_release(&value);
}

static void closing_nothing_does_nothing(TestutilFixture *fixture)
{
    (void)fixture;
    storage_transaction_close(NULL);
}

/* ---- limits ---- */

static void an_oversized_set_is_refused_at_the_call(TestutilFixture *fixture)
{
    uint64_t limit = storage_backend_capabilities(fixture->backend)->value_size_max;
    StorageTransaction *txn;

    if (limit >= SIZE_MAX) {
        testutil_case_skip(fixture, "values of any size are taken");
        return;
    }
    txn = begin(fixture);
    testutil_assert_status(STORAGE_SIZE_LIMIT_EXCEEDED,
                           storage_transaction_set(txn, TEXT("a"), storage_bytes("x", (size_t)limit + 1), NULL, NULL));
    transaction_set(txn, "b", "2");
    commit(txn);
    assert_store(fixture, "a=1 b=2");
}

static void tables_are_refused_where_there_are_none(TestutilFixture *fixture)
{
    StorageTransaction *txn, *view = (StorageTransaction *)fixture;

    if ((storage_backend_capabilities(fixture->backend)->capabilities & STORAGE_CAPABILITY_TABLES) != 0) {
        testutil_case_skip(fixture, "the stack has: tables");
        return;
    }
    txn = begin(fixture);
    testutil_assert_status(STORAGE_UNSUPPORTED, storage_transaction_table(txn, TEXT("table"), &view, NULL));
    testutil_assert(view == NULL, "a refused table left a view");
    commit(txn);
}

#define READ_ONLY_ENTRY(name, capabilities, call) \
    CASE(a_read_only_transaction_refuses_##name, TRANSACTIONS | (capabilities), 0, "a=1"),

static const TestutilContractCase cases[] = {
    CASE(a_duration_counts_from_the_commit, TRANSACTIONS | EXPIRY, WRITES, NULL),
    CASE(an_absolute_time_that_passes_before_the_commit, TRANSACTIONS | EXPIRY, WRITES, NULL),
    CASE(it_reads_its_own_value_with_an_expiry, TRANSACTIONS | EXPIRY, WRITES, NULL),
    CASE(a_later_plain_set_clears_the_expiry, TRANSACTIONS | EXPIRY, WRITES, NULL),
    CASE(a_later_set_replaces_the_expiry, TRANSACTIONS | EXPIRY, WRITES, NULL),
    CASE(a_later_delete_drops_the_expiry, TRANSACTIONS | EXPIRY, WRITES, NULL),
    CASE(keep_takes_the_expiry_of_the_committed_value, TRANSACTIONS | EXPIRY, WRITES, NULL),
    CASE(keep_takes_the_expiry_of_an_own_value, TRANSACTIONS | EXPIRY, WRITES, NULL),
    CASE(an_overflowing_duration_does_not_tear_a_commit, TRANSACTIONS | EXPIRY, WRITES, NULL),
    CASE(a_read_only_transaction_reads, TRANSACTIONS, 0, "a=1 b=2"),
    CASE(a_read_only_transaction_keeps_its_snapshot, TRANSACTIONS, WRITES, "a=1 b=2"),
    WRITING_CALLS(READ_ONLY_ENTRY) CASE(calls_after_a_commit_are_invalid, TRANSACTIONS, WRITES, "a=1"),
    CASE(calls_after_an_empty_commit_are_invalid, TRANSACTIONS, 0, "a=1"),
    CASE(calls_after_a_failed_commit_are_invalid, TRANSACTIONS, WRITES, "a=1"),
    CASE(a_cursor_ends_with_its_transaction, TRANSACTIONS, 0, "a=1 b=2"),
    CASE(a_cursor_outlives_the_closing_of_its_transaction, TRANSACTIONS, 0, "a=1"),
    CASE(a_value_outlives_its_transaction, TRANSACTIONS, WRITES, "a=1"),
    CASE(closing_nothing_does_nothing, TRANSACTIONS, 0, NULL),
    CASE(an_oversized_set_is_refused_at_the_call, TRANSACTIONS, WRITES, "a=1"),
    CASE(tables_are_refused_where_there_are_none, TRANSACTIONS, 0, "a=1"),
};
const CaseTable testutil_cases_transaction_end = CASE_TABLE(cases);
