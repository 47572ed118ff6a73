/*
 * case_watch.c - what a watch hands out: every change of its range, once, in order.
 *
 * What is retained, and waiting, is in case_watch_history.c.
 */
#include "case.h"

#include <stdlib.h>

#define CASE_GROUP "watch"

static StorageWatch *watch_all(TestutilFixture *fixture)
{
    return watch(fixture, NULL, 0);
}

static void a_set_is_a_change(TestutilFixture *fixture)
{
    StorageWatch *changes = watch_all(fixture);

    set(fixture, "a", "1");
    set(fixture, "a", "2");
    testutil_assert_changes(changes, "SET a=1; SET a=2");
    testutil_assert_changes(changes, "");
    storage_watch_close(changes);
}

static void a_delete_is_a_change(TestutilFixture *fixture)
{
    StorageWatch *changes = watch_all(fixture);

    remove_key(fixture, "a");
    testutil_assert_changes(changes, "DELETED a");
    storage_watch_close(changes);
}

static void a_delete_of_a_missing_key_is_none(TestutilFixture *fixture)
{
    StorageWatch *changes = watch_all(fixture);

    remove_key(fixture, "b");
    testutil_assert_changes(changes, "");
    storage_watch_close(changes);
}

static void a_touch_is_a_change_with_the_value(TestutilFixture *fixture)
{
    StorageWatch *changes = watch_all(fixture);

    testutil_assert_ok(storage_touch(fixture->backend, TEXT("a"), storage_expiry_after(TESTUTIL_SECOND_NS), NULL));
    testutil_assert_changes(changes, "SET a=1");
    storage_watch_close(changes);
}

static void a_touch_that_finds_nothing_is_none(TestutilFixture *fixture)
{
    StorageWatch *changes = watch_all(fixture);

    testutil_assert_status(STORAGE_NOT_FOUND, storage_touch(fixture->backend, TEXT("b"), storage_expiry_never(), NULL));
    testutil_assert_changes(changes, "");
    storage_watch_close(changes);
}

static void compares_that_hold_are_changes(TestutilFixture *fixture)
{
    StorageWatch *changes = watch_all(fixture);

    testutil_assert_ok(
        storage_compare_and_set(fixture->backend, TEXT("a"), storage_expect_value(TEXT("1")), TEXT("2"), NULL, NULL));
    testutil_assert_ok(storage_compare_and_delete(fixture->backend, TEXT("a"), storage_expect_value(TEXT("2")), NULL));
    testutil_assert_changes(changes, "SET a=2; DELETED a");
    storage_watch_close(changes);
}

static void a_conflict_is_none(TestutilFixture *fixture)
{
    StorageWatch *changes = watch_all(fixture);

    testutil_assert_status(STORAGE_CONFLICT, storage_compare_and_set(fixture->backend, TEXT("a"),
                                                                     storage_expect_absent(), TEXT("2"), NULL, NULL));
    testutil_assert_changes(changes, "");
    storage_watch_close(changes);
}

static void a_clear_is_one_change_however_many_keys(TestutilFixture *fixture)
{
    StorageRange range = storage_range_half_open(TEXT("a"), TEXT("c"));
    StorageWatch *changes = watch_all(fixture);

    testutil_assert_ok(storage_clear_range(fixture->backend, &range, NULL));
    testutil_assert_changes(changes, "CLEARED [a, c)");
    storage_watch_close(changes);
}

static void a_clear_of_everything_has_no_bounds(TestutilFixture *fixture)
{
    StorageWatch *changes = watch_all(fixture);

    testutil_assert_ok(storage_clear_range(fixture->backend, NULL, NULL));
    testutil_assert_changes(changes, "CLEARED (.., ..)");
    storage_watch_close(changes);
}

static void a_clear_of_nothing_is_none(TestutilFixture *fixture)
{
    StorageRange range = storage_range_half_open(TEXT("x"), TEXT("z"));
    StorageWatch *changes = watch_all(fixture);

    testutil_assert_ok(storage_clear_range(fixture->backend, &range, NULL));
    testutil_assert_changes(changes, "");
    storage_watch_close(changes);
}

static void a_clear_is_handed_out_whole_to_a_narrower_watch(TestutilFixture *fixture)
{
    StorageRange range = storage_range_half_open(TEXT("a"), TEXT("d")), key = storage_range_key(TEXT("b"));
    StorageWatch *changes = watch(fixture, &key, 0);

    testutil_assert_ok(storage_clear_range(fixture->backend, &range, NULL));
    testutil_assert_changes(changes, "CLEARED [a, d)");
    storage_watch_close(changes);
}

static void a_clear_beside_the_watched_range_is_none(TestutilFixture *fixture)
{
    StorageRange range = storage_range_half_open(TEXT("a"), TEXT("c")),
                 rest = range_between(included("c"), unbounded());
    StorageWatch *changes = watch(fixture, &rest, 0);

    testutil_assert_ok(storage_clear_range(fixture->backend, &range, NULL));
    testutil_assert_changes(changes, "");
    storage_watch_close(changes);
}

static void expiring_is_told_by_the_sweep_at_the_latest(TestutilFixture *fixture)
{
    StorageWatch *changes;

    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    set_expiring(fixture, "b", "2", storage_expiry_after(TESTUTIL_DAY_NS));
    changes = watch_all(fixture);
    testutil_assert_changes(changes, "");
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    /* A store may also tell it sooner, while the watch waits. */
    testutil_assert_ok(storage_sweep(fixture->backend, NULL, NULL));
    testutil_assert_changes(changes, "EXPIRED a");
    storage_watch_close(changes);
}

static void an_expired_key_is_told_once(TestutilFixture *fixture)
{
    StorageWatch *changes;

    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    changes = watch_all(fixture);
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    testutil_assert_ok(storage_sweep(fixture->backend, NULL, NULL));
    testutil_assert_ok(storage_sweep(fixture->backend, NULL, NULL));
    testutil_assert_changes(changes, "EXPIRED a");
    storage_watch_close(changes);
}

static void changes_say_revision_and_expiry(TestutilFixture *fixture)
{
    StorageWatch *changes = watch_all(fixture);
    const StorageChange *change;
    uint64_t first, second;

    first = set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    second = set(fixture, "b", "2");
    testutil_assert_ok(storage_watch_next(changes, &change, NULL));
    testutil_assert_number(first, change->revision);
    testutil_assert_number(testutil_clock_wall_ns(fixture->clock) + TESTUTIL_SECOND_NS, change->expires_at_ns);
    testutil_assert_ok(storage_watch_next(changes, &change, NULL));
    testutil_assert_number(second, change->revision);
    testutil_assert(change->expires_at_ns == STORAGE_NEVER, "a permanent value has an expiry");
    storage_watch_close(changes);
}

static void deletes_and_clears_say_their_revision(TestutilFixture *fixture)
{
    StorageWatch *changes = watch_all(fixture);
    const StorageChange *change;
    uint64_t deleted = remove_key(fixture, "a");

    testutil_assert_ok(storage_clear_range(fixture->backend, NULL, fixture->ctx));
    testutil_assert_ok(storage_watch_next(changes, &change, NULL));
    testutil_assert_number(deleted, change->revision);
    testutil_assert_ok(storage_watch_next(changes, &change, NULL));
    testutil_assert_number(storage_context_revision(fixture->ctx), change->revision);
    storage_watch_close(changes);
}

static void a_transaction_is_told_in_program_order_under_one_revision(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    StorageWatch *changes = watch_all(fixture);
    const StorageChange *change;
    uint64_t revision;

    transaction_set(txn, "z", "1");
    transaction_set(txn, "b", "2");
    transaction_delete(txn, "m");
    transaction_set(txn, "a", "3");
    testutil_assert_changes(changes, "");
    revision = commit(txn);
    for (int i = 0; i < 4; i++) {
        static const char *const keys[] = {"z", "b", "m", "a"};

        testutil_assert_ok(storage_watch_next(changes, &change, NULL));
        testutil_assert_bytes(storage_string(keys[i]), change->key);
        testutil_assert_number(revision, change->revision);
    }
    testutil_assert_changes(changes, "");
    storage_watch_close(changes);
}

static void a_transaction_with_a_clear_is_told_in_program_order(TestutilFixture *fixture)
{
    StorageRange range = storage_range_half_open(TEXT("m"), TEXT("n"));
    StorageTransaction *txn = begin(fixture);
    StorageWatch *changes = watch_all(fixture);

    transaction_set(txn, "z", "1");
    testutil_assert_ok(storage_transaction_clear_range(txn, &range, NULL));
    transaction_set(txn, "m2", "2");
    commit(txn);
    testutil_assert_changes(changes, "SET z=1; CLEARED [m, n); SET m2=2");
    storage_watch_close(changes);
}

static void a_delete_of_a_missing_key_in_a_transaction_is_none(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    StorageWatch *changes = watch_all(fixture);

    transaction_delete(txn, "missing");
    transaction_set(txn, "b", "2");
    commit(txn);
    testutil_assert_changes(changes, "SET b=2");
    storage_watch_close(changes);
}

static void a_key_written_several_times_in_a_transaction_is_one_change(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    StorageWatch *changes = watch_all(fixture);

    transaction_set(txn, "a", "1");
    transaction_set(txn, "b", "1");
    transaction_delete(txn, "a");
    transaction_set(txn, "a", "2");
    transaction_set(txn, "c", "1");
    transaction_delete(txn, "c");
    commit(txn);
    testutil_assert_changes(changes, "SET b=1; SET a=2");
    storage_watch_close(changes);
}

static void a_key_written_several_times_in_an_atomic_write_is_one_change(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_set("a", "1"), operation_set("b", "1"), operation_set("a", "2")};
    StorageWatch *changes = watch_all(fixture);

    testutil_assert_ok(storage_write(fixture->backend, operations, 3, STORAGE_WRITE_ATOMIC, NULL, NULL));
    testutil_assert_changes(changes, "SET b=1; SET a=2");
    storage_watch_close(changes);
}

static void a_key_written_several_times_in_an_independent_write_is_told_each_time(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_set("a", "1"), operation_set("b", "1"), operation_set("a", "2")};
    StorageWatch *changes = watch_all(fixture);

    testutil_assert_ok(storage_write(fixture->backend, operations, 3, STORAGE_WRITE_INDEPENDENT, NULL, NULL));
    testutil_assert_changes(changes, "SET a=1; SET b=1; SET a=2");
    storage_watch_close(changes);
}

static void an_aborted_transaction_is_none(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    StorageWatch *changes = watch_all(fixture);

    transaction_set(txn, "a", "2");
    storage_transaction_close(txn);
    testutil_assert_changes(changes, "");
    storage_watch_close(changes);
}

static void a_failed_commit_is_none(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    StorageWatch *changes = watch_all(fixture);

    transaction_set(txn, "a", "own");
    transaction_set(txn, "b", "own");
    set(fixture, "a", "other");
    commit_fails(txn, STORAGE_SERIALIZATION);
    testutil_assert_changes(changes, "SET a=other");
    storage_watch_close(changes);
}

static void an_atomic_write_is_told_in_order(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_set("z", "1"), operation_delete("a"), operation_set("b", "2")};
    StorageWatch *changes = watch_all(fixture);

    testutil_assert_ok(storage_write(fixture->backend, operations, 3, STORAGE_WRITE_ATOMIC, NULL, NULL));
    testutil_assert_changes(changes, "SET z=1; DELETED a; SET b=2");
    storage_watch_close(changes);
}

static void an_atomic_write_that_fails_is_none(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_set("z", "1"),
                                     operation_compare_and_set("a", storage_expect_absent(), "2")};
    StorageWatch *changes = watch_all(fixture);

    testutil_assert_status(STORAGE_CONFLICT,
                           storage_write(fixture->backend, operations, 2, STORAGE_WRITE_ATOMIC, NULL, NULL));
    testutil_assert_changes(changes, "");
    storage_watch_close(changes);
}

static void an_independent_write_is_told_with_its_revisions(TestutilFixture *fixture)
{
    StorageOperation operations[] = {
        operation_set("z", "1"), operation_compare_and_set("a", storage_expect_absent(), "2"), operation_set("b", "2")};
    StorageWatch *changes = watch_all(fixture);
    const StorageChange *change;
    StorageResult results[3];

    testutil_assert_ok(storage_write(fixture->backend, operations, 3, STORAGE_WRITE_INDEPENDENT, results, NULL));
    testutil_assert_ok(storage_watch_next(changes, &change, NULL));
    testutil_assert_bytes(TEXT("z"), change->key);
    testutil_assert_number(results[0].revision, change->revision);
    testutil_assert_ok(storage_watch_next(changes, &change, NULL));
    testutil_assert_bytes(TEXT("b"), change->key);
    testutil_assert_number(results[2].revision, change->revision);
    testutil_assert_changes(changes, "");
    storage_watch_close(changes);
}

/* ---- ranges ---- */

static void a_watch_of_a_key_tells_that_key_alone(TestutilFixture *fixture)
{
    StorageRange range = storage_range_key(TEXT("b"));
    StorageWatch *changes = watch(fixture, &range, 0);

    set(fixture, "a", "1");
    set(fixture, "b", "2");
    set(fixture, "ba", "3");
    remove_key(fixture, "b");
    testutil_assert_changes(changes, "SET b=2; DELETED b");
    storage_watch_close(changes);
}

static void a_watch_of_a_prefix_tells_its_keys(TestutilFixture *fixture)
{
    StorageRange range = storage_range_prefix(TEXT("b"));
    StorageWatch *changes = watch(fixture, &range, 0);

    set(fixture, "a", "1");
    set(fixture, "b", "2");
    set(fixture, "b\xFF", "3");
    set(fixture, "c", "4");
    testutil_assert_changes(changes, "SET b=2; SET b\\xFF=3");
    storage_watch_close(changes);
}

static void a_watch_of_a_range_keeps_to_its_bounds(TestutilFixture *fixture)
{
    StorageRange range = range_between(excluded("a"), included("c"));
    StorageWatch *changes = watch(fixture, &range, 0);

    set(fixture, "a", "1");
    set(fixture, "a\0", "2");
    set(fixture, "c", "3");
    set(fixture, "c\0", "4");
    testutil_assert_changes(changes, "SET a\\x00=2; SET c=3");
    storage_watch_close(changes);
}

static void a_watch_of_an_inverted_range_tells_nothing(TestutilFixture *fixture)
{
    StorageRange range = range_between(included("z"), included("a"));
    StorageWatch *changes = watch(fixture, &range, 0);

    set(fixture, "m", "1");
    testutil_assert_changes(changes, "");
    storage_watch_close(changes);
}

static void a_watch_of_an_empty_range_is_not_told_of_a_clear_around_it(TestutilFixture *fixture)
{
    StorageRange ranges[] = {range_between(excluded("m"), included("m")), range_between(excluded("m"), excluded("m")),
                             range_between(included("z"), included("a"))};

    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        StorageWatch *changes = watch(fixture, &ranges[i], 0);

        set(fixture, "m", "1");
        testutil_assert_ok(storage_clear_range(fixture->backend, NULL, NULL));
        testutil_assert_changes(changes, "");
        storage_watch_close(changes);
    }
}

static void only_watched_keys_of_a_transaction_are_told(TestutilFixture *fixture)
{
    StorageRange range = storage_range_prefix(TEXT("b"));
    StorageWatch *changes = watch(fixture, &range, 0);
    StorageTransaction *txn = begin(fixture);

    transaction_set(txn, "a", "1");
    transaction_set(txn, "b", "2");
    transaction_set(txn, "c", "3");
    commit(txn);
    testutil_assert_changes(changes, "SET b=2");
    storage_watch_close(changes);
}

static void the_bytes_of_the_watched_bounds_may_change_afterwards(TestutilFixture *fixture)
{
    char key[] = "b";
    StorageRange range = storage_range_key(storage_bytes(key, 1));
    StorageWatch *changes = watch(fixture, &range, 0);

    key[0] = 'x';
    set(fixture, "b", "2");
    set(fixture, "x", "3");
    testutil_assert_changes(changes, "SET b=2");
    storage_watch_close(changes);
}

static void several_watches_are_told_each_everything(TestutilFixture *fixture)
{
    StorageWatch *first = watch_all(fixture), *second = watch_all(fixture);

    set(fixture, "a", "1");
    testutil_assert_changes(first, "SET a=1");
    set(fixture, "b", "2");
    testutil_assert_changes(second, "SET a=1; SET b=2");
    storage_watch_close(second);
    testutil_assert_changes(first, "SET b=2");
    storage_watch_close(first);
}

static void a_change_stays_readable_until_the_next_call(TestutilFixture *fixture)
{
    StorageWatch *changes = watch_all(fixture);
    const StorageChange *change;

    set(fixture, "a", "first");
    testutil_assert_ok(storage_watch_next(changes, &change, NULL));
    set(fixture, "a", "second");
    remove_key(fixture, "a");
    for (int i = 0; i < 100; i++)
        set(fixture, "b", "filler");
    testutil_assert_bytes(TEXT("a"), change->key);
    testutil_assert_bytes(TEXT("first"), change->value);
    storage_watch_close(changes);
}

static void a_watch_may_be_closed_with_changes_left(TestutilFixture *fixture)
{
    StorageWatch *changes = watch_all(fixture);

    set(fixture, "a", "1");
    set(fixture, "b", "2");
    storage_watch_close(changes);
    storage_watch_close(NULL);
    set(fixture, "c", "3");
}

static void watching_changes_nothing(TestutilFixture *fixture)
{
    uint64_t revision = revision_of(fixture, "a");
    StorageWatch *changes = watch_all(fixture);

    testutil_assert_number(revision, revision_of(fixture, "a"));
    testutil_assert_changes(changes, "");
    storage_watch_close(changes);
}

static const TestutilContractCase cases[] = {
    CASE(a_set_is_a_change, WATCH, WRITES, NULL),
    CASE(a_delete_is_a_change, WATCH, WRITES, "a=1"),
    CASE(a_delete_of_a_missing_key_is_none, WATCH, WRITES, "a=1"),
    CASE(a_touch_is_a_change_with_the_value, WATCH | EXPIRY, WRITES, "a=1"),
    CASE(a_touch_that_finds_nothing_is_none, WATCH | EXPIRY, WRITES, "a=1"),
    CASE(compares_that_hold_are_changes, WATCH | COMPARE, WRITES, "a=1"),
    CASE(a_conflict_is_none, WATCH | COMPARE, WRITES, "a=1"),
    CASE(a_clear_is_one_change_however_many_keys, WATCH | CLEAR_RANGE, WRITES, "a=1 b=2 c=3"),
    CASE(a_clear_of_everything_has_no_bounds, WATCH | CLEAR_RANGE, WRITES, "a=1 b=2"),
    CASE(a_clear_of_nothing_is_none, WATCH | CLEAR_RANGE, WRITES, "a=1"),
    CASE(a_clear_is_handed_out_whole_to_a_narrower_watch, WATCH | CLEAR_RANGE, WRITES, "a=1 b=2 c=3"),
    CASE(a_clear_beside_the_watched_range_is_none, WATCH | CLEAR_RANGE, WRITES, "a=1 b=2 c=3"),
    CASE(expiring_is_told_by_the_sweep_at_the_latest, WATCH | EXPIRY, WRITES, NULL),
    CASE(an_expired_key_is_told_once, WATCH | EXPIRY, WRITES, NULL),
    CASE(changes_say_revision_and_expiry, WATCH | EXPIRY, WRITES, NULL),
    CASE(deletes_and_clears_say_their_revision, WATCH | CLEAR_RANGE, WRITES, "a=1 b=2"),
    CASE(a_transaction_is_told_in_program_order_under_one_revision, WATCH | TRANSACTIONS, WRITES, "m=1"),
    CASE(a_transaction_with_a_clear_is_told_in_program_order, WATCH | TRANSACTIONS | CLEAR_RANGE, WRITES, "m1=1"),
    CASE(a_delete_of_a_missing_key_in_a_transaction_is_none, WATCH | TRANSACTIONS, WRITES, "a=1"),
    CASE(a_key_written_several_times_in_a_transaction_is_one_change, WATCH | TRANSACTIONS, WRITES, NULL),
    CASE(a_key_written_several_times_in_an_atomic_write_is_one_change, WATCH | MULTI_WRITE, WRITES, NULL),
    CASE(a_key_written_several_times_in_an_independent_write_is_told_each_time, WATCH | MULTI_WRITE, WRITES, NULL),
    CASE(an_aborted_transaction_is_none, WATCH | TRANSACTIONS, WRITES, "a=1"),
    CASE(a_failed_commit_is_none, WATCH | TRANSACTIONS, WRITES, "a=1"),
    CASE(an_atomic_write_is_told_in_order, WATCH | MULTI_WRITE, WRITES, "a=1"),
    CASE(an_atomic_write_that_fails_is_none, WATCH | MULTI_WRITE | COMPARE, WRITES, "a=1"),
    CASE(an_independent_write_is_told_with_its_revisions, WATCH | MULTI_WRITE | COMPARE, WRITES, "a=1"),
    CASE(a_watch_of_a_key_tells_that_key_alone, WATCH, WRITES, NULL),
    CASE(a_watch_of_a_prefix_tells_its_keys, WATCH, WRITES, NULL),
    CASE(a_watch_of_a_range_keeps_to_its_bounds, WATCH, WRITES, NULL),
    CASE(a_watch_of_an_inverted_range_tells_nothing, WATCH, WRITES, NULL),
    CASE(a_watch_of_an_empty_range_is_not_told_of_a_clear_around_it, WATCH | CLEAR_RANGE, WRITES, NULL),
    CASE(only_watched_keys_of_a_transaction_are_told, WATCH | TRANSACTIONS, WRITES, NULL),
    CASE(the_bytes_of_the_watched_bounds_may_change_afterwards, WATCH, WRITES, NULL),
    CASE(several_watches_are_told_each_everything, WATCH, WRITES, NULL),
    CASE(a_change_stays_readable_until_the_next_call, WATCH, WRITES, NULL),
    CASE(a_watch_may_be_closed_with_changes_left, WATCH, WRITES, NULL),
    CASE(watching_changes_nothing, WATCH, 0, "a=1"),
};
const CaseTable testutil_cases_watch = CASE_TABLE(cases);
