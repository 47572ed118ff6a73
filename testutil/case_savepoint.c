/*
 * case_savepoint.c - points in a transaction to go back to.
 */
#include "case.h"

#define CASE_GROUP "savepoint"

#define rollback_to(txn, savepoint) storage_transaction_rollback_to((txn), (savepoint), NULL)
#define drop(txn, savepoint) storage_transaction_drop_savepoint((txn), (savepoint), NULL)

static uint32_t savepoint_of(StorageTransaction *txn)
{
    uint32_t savepoint;

    testutil_assert_ok(storage_transaction_savepoint(txn, &savepoint, NULL));
    return savepoint;
}

static void a_rollback_undoes_what_came_after(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    uint32_t savepoint;

    transaction_set(txn, "before", "1");
    savepoint = savepoint_of(txn);
    transaction_set(txn, "after", "1");
    testutil_assert_ok(rollback_to(txn, savepoint));
    assert_transaction_absent(txn, "after");
    assert_transaction_value(txn, "before", "1");
    commit(txn);
    assert_store(fixture, "a=1 before=1");
}

static void a_rollback_brings_an_overwritten_own_value_back(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    uint32_t savepoint;

    transaction_set(txn, "a", "2");
    savepoint = savepoint_of(txn);
    transaction_set(txn, "a", "3");
    transaction_set(txn, "a", "4");
    testutil_assert_ok(rollback_to(txn, savepoint));
    assert_transaction_value(txn, "a", "2");
    commit(txn);
    assert_store(fixture, "a=2");
}

static void a_rollback_brings_a_committed_value_back(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    uint32_t savepoint = savepoint_of(txn);

    transaction_set(txn, "a", "2");
    testutil_assert_ok(rollback_to(txn, savepoint));
    assert_transaction_value(txn, "a", "1");
    testutil_assert_number(0, commit(txn));
}

static void a_rollback_undoes_a_delete(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    uint32_t savepoint;

    transaction_set(txn, "b", "own");
    savepoint = savepoint_of(txn);
    transaction_delete(txn, "a");
    transaction_delete(txn, "b");
    testutil_assert_ok(rollback_to(txn, savepoint));
    testutil_assert_transaction_rows(txn, NULL, NULL, "a=1 b=own");
    commit(txn);
    assert_store(fixture, "a=1 b=own");
}

static void a_rollback_undoes_a_clear(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    uint32_t savepoint;

    transaction_set(txn, "b", "own");
    savepoint = savepoint_of(txn);
    testutil_assert_ok(storage_transaction_clear_range(txn, NULL, NULL));
    transaction_set(txn, "c", "own");
    testutil_assert_transaction_rows(txn, NULL, NULL, "c=own");
    testutil_assert_ok(rollback_to(txn, savepoint));
    testutil_assert_transaction_rows(txn, NULL, NULL, "a=1 b=own");
    commit(txn);
    assert_store(fixture, "a=1 b=own");
}

static void a_clear_that_was_undone_conflicts_with_nobody(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    uint32_t savepoint = savepoint_of(txn);

    testutil_assert_ok(storage_transaction_clear_range(txn, NULL, NULL));
    testutil_assert_ok(rollback_to(txn, savepoint));
    transaction_set(txn, "own", "1");
    set(fixture, "a", "other");
    commit(txn);
    assert_store(fixture, "a=other own=1");
}

static void a_set_that_was_undone_conflicts_with_nobody(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    uint32_t savepoint = savepoint_of(txn);

    transaction_set(txn, "a", "undone");
    testutil_assert_ok(rollback_to(txn, savepoint));
    transaction_set(txn, "own", "1");
    set(fixture, "a", "other");
    commit(txn);
    assert_store(fixture, "a=other own=1");
}

static void a_compare_that_was_undone_is_no_precondition(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    uint32_t savepoint = savepoint_of(txn);

    testutil_assert_ok(
        storage_transaction_compare_and_set(txn, TEXT("a"), storage_expect_value(TEXT("1")), TEXT("2"), NULL, NULL));
    testutil_assert_ok(rollback_to(txn, savepoint));
    transaction_set(txn, "own", "1");
    set(fixture, "a", "other");
    commit(txn);
    assert_store(fixture, "a=other own=1");
}

static void a_touch_is_undone(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    uint32_t savepoint = savepoint_of(txn);

    testutil_assert_ok(storage_transaction_touch(txn, TEXT("a"), storage_expiry_after(0), NULL));
    testutil_assert_ok(rollback_to(txn, savepoint));
    transaction_set(txn, "own", "1");
    commit(txn);
    assert_store(fixture, "a=1 own=1");
    testutil_assert(expires_at(fixture, "a") == STORAGE_NEVER, "the touch took effect");
}

static void a_savepoint_lives_on_after_a_rollback_to_it(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    uint32_t savepoint = savepoint_of(txn);

    for (int i = 0; i < 3; i++) {
        transaction_set(txn, "b", "2");
        testutil_assert_ok(rollback_to(txn, savepoint));
        assert_transaction_absent(txn, "b");
    }
    transaction_set(txn, "b", "3");
    commit(txn);
    assert_store(fixture, "a=1 b=3");
}

static void a_rollback_ends_later_savepoints(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    uint32_t first = savepoint_of(txn), second;

    transaction_set(txn, "b", "2");
    second = savepoint_of(txn);
    transaction_set(txn, "c", "3");
    testutil_assert_ok(rollback_to(txn, first));
    testutil_assert_status(STORAGE_INVALID_ARGUMENT, rollback_to(txn, second));
    testutil_assert_status(STORAGE_INVALID_ARGUMENT, drop(txn, second));
    testutil_assert_ok(rollback_to(txn, first));
    commit(txn);
    assert_store(fixture, "a=1");
}

static void nested_savepoints_go_back_step_by_step(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    uint32_t first, second, third;

    first = savepoint_of(txn);
    transaction_set(txn, "a", "2");
    second = savepoint_of(txn);
    transaction_set(txn, "a", "3");
    third = savepoint_of(txn);
    transaction_set(txn, "a", "4");
    testutil_assert_ok(rollback_to(txn, third));
    assert_transaction_value(txn, "a", "3");
    testutil_assert_ok(rollback_to(txn, second));
    assert_transaction_value(txn, "a", "2");
    testutil_assert_ok(rollback_to(txn, first));
    assert_transaction_value(txn, "a", "1");
    storage_transaction_close(txn);
}

static void numbers_grow(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    uint32_t last = savepoint_of(txn);

    for (int i = 0; i < 100; i++) {
        uint32_t savepoint = savepoint_of(txn);

        testutil_assert(savepoint > last, "savepoint %u comes after %u", (unsigned)savepoint, (unsigned)last);
        last = savepoint;
    }
    storage_transaction_close(txn);
}

static void numbers_grow_after_a_rollback_too(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    uint32_t first = savepoint_of(txn), second = savepoint_of(txn), third;

    testutil_assert_ok(rollback_to(txn, first));
    third = savepoint_of(txn);
    testutil_assert(third > second, "the number of an ended savepoint was given again");
    storage_transaction_close(txn);
}

static void dropping_keeps_the_writes(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    uint32_t savepoint = savepoint_of(txn);

    transaction_set(txn, "b", "2");
    testutil_assert_ok(drop(txn, savepoint));
    assert_transaction_value(txn, "b", "2");
    commit(txn);
    assert_store(fixture, "a=1 b=2");
}

static void a_dropped_savepoint_is_gone(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    uint32_t savepoint = savepoint_of(txn);

    testutil_assert_ok(drop(txn, savepoint));
    testutil_assert_status(STORAGE_INVALID_ARGUMENT, rollback_to(txn, savepoint));
    testutil_assert_status(STORAGE_INVALID_ARGUMENT, drop(txn, savepoint));
    transaction_set(txn, "b", "2");
    commit(txn);
    assert_store(fixture, "a=1 b=2");
}

static void dropping_ends_later_savepoints(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    uint32_t first = savepoint_of(txn), second = savepoint_of(txn);

    testutil_assert_ok(drop(txn, first));
    testutil_assert_status(STORAGE_INVALID_ARGUMENT, rollback_to(txn, second));
    storage_transaction_close(txn);
}

static void dropping_the_inner_one_leaves_the_outer_one(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    uint32_t outer = savepoint_of(txn), inner;

    transaction_set(txn, "b", "2");
    inner = savepoint_of(txn);
    transaction_set(txn, "c", "3");
    testutil_assert_ok(drop(txn, inner));
    testutil_assert_ok(rollback_to(txn, outer));
    testutil_assert_transaction_rows(txn, NULL, NULL, "a=1");
    storage_transaction_close(txn);
}

static void an_unknown_number_is_invalid(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    uint32_t savepoint = savepoint_of(txn);

    testutil_assert_status(STORAGE_INVALID_ARGUMENT, rollback_to(txn, savepoint + 1));
    testutil_assert_status(STORAGE_INVALID_ARGUMENT, drop(txn, savepoint + 1000));
    testutil_assert_status(STORAGE_INVALID_ARGUMENT, rollback_to(txn, UINT32_MAX));
    transaction_set(txn, "b", "2");
    commit(txn);
    assert_store(fixture, "a=1 b=2");
}

static void a_transaction_without_savepoints_has_none(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    testutil_assert_status(STORAGE_INVALID_ARGUMENT, rollback_to(txn, 0));
    testutil_assert_status(STORAGE_INVALID_ARGUMENT, rollback_to(txn, 1));
    testutil_assert_status(STORAGE_INVALID_ARGUMENT, drop(txn, 1));
    storage_transaction_close(txn);
}

static void savepoints_end_with_the_commit(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    uint32_t savepoint = savepoint_of(txn);

    transaction_set(txn, "b", "2");
    testutil_assert_ok(storage_transaction_commit(txn, NULL, NULL));
    testutil_assert_status(STORAGE_INVALID_ARGUMENT, rollback_to(txn, savepoint));
    testutil_assert_status(STORAGE_INVALID_ARGUMENT, drop(txn, savepoint));
    testutil_assert_status(STORAGE_INVALID_ARGUMENT, storage_transaction_savepoint(txn, &savepoint, NULL));
    storage_transaction_close(txn);
    assert_store(fixture, "a=1 b=2");
}

static void a_rollback_to_an_empty_beginning_commits_nothing(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    uint32_t savepoint = savepoint_of(txn);

    transaction_set(txn, "b", "2");
    transaction_delete(txn, "a");
    testutil_assert_ok(rollback_to(txn, savepoint));
    testutil_assert_number(0, commit(txn));
    assert_store(fixture, "a=1");
}

static void what_comes_after_a_rollback_counts(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    uint32_t savepoint;

    transaction_set(txn, "x", "1");
    savepoint = savepoint_of(txn);
    transaction_set(txn, "x", "2");
    transaction_set(txn, "y", "2");
    testutil_assert_ok(rollback_to(txn, savepoint));
    transaction_set(txn, "y", "3");
    transaction_delete(txn, "a");
    commit(txn);
    assert_store(fixture, "x=1 y=3");
}

static void a_thousand_writes_are_undone(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    uint32_t savepoint = savepoint_of(txn);
    char key[TESTUTIL_KEY_BUFFER_SIZE];

    for (uint64_t i = 0; i < 1000; i++)
        testutil_assert_ok(
            storage_transaction_set(txn, testutil_key(key, sizeof key, "key", i % 300), TEXT("1"), NULL, NULL));
    testutil_assert_ok(rollback_to(txn, savepoint));
    testutil_assert_transaction_rows(txn, NULL, NULL, "a=1");
    transaction_set(txn, "b", "2");
    commit(txn);
    assert_store(fixture, "a=1 b=2");
}

static void savepoints_in_a_read_only_transaction(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin_read_only(fixture);
    uint32_t savepoint = savepoint_of(txn);

    assert_transaction_value(txn, "a", "1");
    testutil_assert_ok(rollback_to(txn, savepoint));
    testutil_assert_ok(drop(txn, savepoint));
    commit(txn);
}

static const TestutilContractCase cases[] = {
    CASE(a_rollback_undoes_what_came_after, SAVEPOINTS, WRITES, "a=1"),
    CASE(a_rollback_brings_an_overwritten_own_value_back, SAVEPOINTS, WRITES, "a=1"),
    CASE(a_rollback_brings_a_committed_value_back, SAVEPOINTS, WRITES, "a=1"),
    CASE(a_rollback_undoes_a_delete, SAVEPOINTS, WRITES, "a=1"),
    CASE(a_rollback_undoes_a_clear, SAVEPOINTS | CLEAR_RANGE, WRITES, "a=1"),
    CASE(a_clear_that_was_undone_conflicts_with_nobody, SAVEPOINTS | CLEAR_RANGE, WRITES, "a=1"),
    CASE(a_set_that_was_undone_conflicts_with_nobody, SAVEPOINTS, WRITES, "a=1"),
    CASE(a_compare_that_was_undone_is_no_precondition, SAVEPOINTS | COMPARE, WRITES, "a=1"),
    CASE(a_touch_is_undone, SAVEPOINTS | EXPIRY, WRITES, "a=1"),
    CASE(a_savepoint_lives_on_after_a_rollback_to_it, SAVEPOINTS, WRITES, "a=1"),
    CASE(a_rollback_ends_later_savepoints, SAVEPOINTS, WRITES, "a=1"),
    CASE(nested_savepoints_go_back_step_by_step, SAVEPOINTS, WRITES, "a=1"),
    CASE(numbers_grow, SAVEPOINTS, 0, "a=1"),
    CASE(numbers_grow_after_a_rollback_too, SAVEPOINTS, 0, "a=1"),
    CASE(dropping_keeps_the_writes, SAVEPOINTS, WRITES, "a=1"),
    CASE(a_dropped_savepoint_is_gone, SAVEPOINTS, WRITES, "a=1"),
    CASE(dropping_ends_later_savepoints, SAVEPOINTS, 0, "a=1"),
    CASE(dropping_the_inner_one_leaves_the_outer_one, SAVEPOINTS, WRITES, "a=1"),
    CASE(an_unknown_number_is_invalid, SAVEPOINTS, WRITES, "a=1"),
    CASE(a_transaction_without_savepoints_has_none, SAVEPOINTS, 0, "a=1"),
    CASE(savepoints_end_with_the_commit, SAVEPOINTS, WRITES, "a=1"),
    CASE(a_rollback_to_an_empty_beginning_commits_nothing, SAVEPOINTS, WRITES, "a=1"),
    CASE(what_comes_after_a_rollback_counts, SAVEPOINTS, WRITES, "a=1"),
    CASE(a_thousand_writes_are_undone, SAVEPOINTS, WRITES, "a=1"),
    CASE(savepoints_in_a_read_only_transaction, SAVEPOINTS, 0, "a=1"),
};
const CaseTable testutil_cases_savepoint = CASE_TABLE(cases);
