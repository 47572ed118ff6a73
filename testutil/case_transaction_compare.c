/*
 * case_transaction_compare.c - stated preconditions in a transaction: decided at the call against its own view, and
 * again at the commit; operations take effect in program order.
 */
#include "case.h"

#define CASE_GROUP "transaction compare"

#define compare(txn, key, expected, value) \
    storage_transaction_compare_and_set((txn), TEXT(key), (expected), TEXT(value), NULL, NULL)
#define compare_delete(txn, key, expected) storage_transaction_compare_and_delete((txn), TEXT(key), (expected), NULL)

static void a_match_is_seen_at_once_and_committed(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    testutil_assert_ok(compare(txn, "a", storage_expect_value(TEXT("1")), "2"));
    assert_transaction_value(txn, "a", "2");
    commit(txn);
    assert_value(fixture, "a", "2");
}

static void a_mismatch_conflicts_at_the_call(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    testutil_assert_status(STORAGE_CONFLICT, compare(txn, "a", storage_expect_value(TEXT("9")), "2"));
    testutil_assert_status(STORAGE_CONFLICT, compare(txn, "a", storage_expect_absent(), "2"));
    testutil_assert_status(STORAGE_CONFLICT, compare(txn, "b", storage_expect_value(TEXT("9")), "2"));
    storage_transaction_close(txn);
    assert_store(fixture, "a=1");
}

static void a_conflict_at_the_call_has_the_current_revision(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    testutil_assert_status(
        STORAGE_CONFLICT,
        storage_transaction_compare_and_set(txn, TEXT("a"), storage_expect_absent(), TEXT("2"), NULL, fixture->ctx));
    testutil_assert_number(revision_of(fixture, "a"), storage_context_revision(fixture->ctx));
    storage_transaction_close(txn);
}

static void the_transaction_stays_usable_after_a_conflict_at_the_call(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    transaction_set(txn, "b", "2");
    testutil_assert_status(STORAGE_CONFLICT, compare(txn, "a", storage_expect_absent(), "2"));
    transaction_set(txn, "c", "3");
    assert_transaction_value(txn, "a", "1");
    commit(txn);
    assert_store(fixture, "a=1 b=2 c=3");
}

static void compares_chain_a_to_b_to_c(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    testutil_assert_ok(compare(txn, "key", storage_expect_value(TEXT("a")), "b"));
    testutil_assert_ok(compare(txn, "key", storage_expect_value(TEXT("b")), "c"));
    testutil_assert_status(STORAGE_CONFLICT, compare(txn, "key", storage_expect_value(TEXT("a")), "d"));
    commit(txn);
    assert_value(fixture, "key", "c");
}

static void a_compare_sees_an_own_set(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    transaction_set(txn, "a", "2");
    testutil_assert_status(STORAGE_CONFLICT, compare(txn, "a", storage_expect_value(TEXT("1")), "3"));
    testutil_assert_ok(compare(txn, "a", storage_expect_value(TEXT("2")), "3"));
    commit(txn);
    assert_value(fixture, "a", "3");
}

static void a_set_after_a_compare_wins(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    testutil_assert_ok(compare(txn, "a", storage_expect_value(TEXT("1")), "2"));
    transaction_set(txn, "a", "3");
    commit(txn);
    assert_value(fixture, "a", "3");
}

static void a_set_after_a_compare_keeps_its_precondition(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    testutil_assert_ok(compare(txn, "a", storage_expect_value(TEXT("1")), "2"));
    transaction_set(txn, "a", "3");
    set(fixture, "a", "other");
    commit_fails(txn, STORAGE_CONFLICT);
    assert_value(fixture, "a", "other");
}

static void a_key_that_it_deleted_is_absent(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    transaction_delete(txn, "a");
    testutil_assert_ok(compare(txn, "a", storage_expect_absent(), "2"));
    commit(txn);
    assert_value(fixture, "a", "2");
}

static void a_key_that_it_inserted_is_not_absent(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    testutil_assert_ok(compare(txn, "b", storage_expect_absent(), "1"));
    testutil_assert_status(STORAGE_CONFLICT, compare(txn, "b", storage_expect_absent(), "2"));
    commit(txn);
    assert_value(fixture, "b", "1");
}

static void a_key_that_it_cleared_is_absent(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    testutil_assert_ok(storage_transaction_clear_range(txn, NULL, NULL));
    testutil_assert_ok(compare(txn, "a", storage_expect_absent(), "2"));
    commit(txn);
    assert_store(fixture, "a=2");
}

static void a_compare_and_delete_deletes(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    testutil_assert_ok(compare_delete(txn, "a", storage_expect_value(TEXT("1"))));
    assert_transaction_absent(txn, "a");
    commit(txn);
    assert_absent(fixture, "a");
}

static void a_compare_and_delete_conflicts_at_the_call(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    testutil_assert_status(STORAGE_CONFLICT, compare_delete(txn, "a", storage_expect_value(TEXT("9"))));
    testutil_assert_status(STORAGE_CONFLICT, compare_delete(txn, "a", storage_expect_absent()));
    testutil_assert_ok(compare_delete(txn, "missing", storage_expect_absent()));
    commit(txn);
    assert_store(fixture, "a=1");
}

static void a_compare_and_delete_conflicts_at_the_commit(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    testutil_assert_ok(compare_delete(txn, "a", storage_expect_value(TEXT("1"))));
    set(fixture, "a", "other");
    commit_fails(txn, STORAGE_CONFLICT);
    assert_store(fixture, "a=other");
}

static void an_expected_revision_in_a_transaction(TestutilFixture *fixture)
{
    uint64_t revision = revision_of(fixture, "a");
    StorageTransaction *txn = begin(fixture);

    testutil_assert_status(STORAGE_CONFLICT, compare(txn, "a", storage_expect_revision(revision + 1), "2"));
    testutil_assert_ok(compare(txn, "a", storage_expect_revision(revision), "2"));
    commit(txn);
    assert_value(fixture, "a", "2");
}

static void expected_revision_zero_is_invalid_in_a_transaction(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    testutil_assert_status(STORAGE_INVALID_ARGUMENT, compare(txn, "a", storage_expect_revision(0), "2"));
    commit(txn);
    assert_store(fixture, "a=1");
}

/* ---- at the commit ---- */

static void a_false_precondition_fails_the_commit_and_keeps_the_other_value(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    testutil_assert_ok(compare(txn, "a", storage_expect_value(TEXT("1")), "2"));
    set(fixture, "a", "other");
    commit_fails(txn, STORAGE_CONFLICT);
    assert_store(fixture, "a=other");
}

static void of_two_that_expect_the_same_value_one_commits(TestutilFixture *fixture)
{
    StorageTransaction *first = begin(fixture), *second = begin(fixture);

    testutil_assert_ok(compare(first, "a", storage_expect_value(TEXT("1")), "first"));
    testutil_assert_ok(compare(second, "a", storage_expect_value(TEXT("1")), "second"));
    commit(second);
    commit_fails(first, STORAGE_CONFLICT);
    assert_value(fixture, "a", "second");
}

static void of_two_that_insert_one_key_one_commits(TestutilFixture *fixture)
{
    StorageTransaction *first = begin(fixture), *second = begin(fixture);

    testutil_assert_ok(compare(first, "new", storage_expect_absent(), "first"));
    testutil_assert_ok(compare(second, "new", storage_expect_absent(), "second"));
    commit(first);
    commit_fails(second, STORAGE_CONFLICT);
    assert_value(fixture, "new", "first");
}

static void one_false_precondition_undoes_sets_and_deletes(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    transaction_set(txn, "new", "1");
    transaction_delete(txn, "b");
    testutil_assert_ok(compare(txn, "a", storage_expect_value(TEXT("1")), "2"));
    transaction_set(txn, "c", "changed");
    set(fixture, "a", "other");
    commit_fails(txn, STORAGE_CONFLICT);
    assert_store(fixture, "a=other b=2 c=3");
}

static void fifty_sets_are_undone_by_one_false_precondition(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    char key[TESTUTIL_KEY_BUFFER_SIZE];

    for (uint64_t i = 0; i < 50; i++)
        testutil_assert_ok(
            storage_transaction_set(txn, testutil_key(key, sizeof key, "key", i), TEXT("1"), NULL, NULL));
    testutil_assert_ok(compare(txn, "a", storage_expect_value(TEXT("1")), "2"));
    set(fixture, "a", "other");
    commit_fails(txn, STORAGE_CONFLICT);
    assert_store(fixture, "a=other");
}

static void several_preconditions_that_hold(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    testutil_assert_ok(compare(txn, "a", storage_expect_value(TEXT("1")), "2"));
    testutil_assert_ok(compare(txn, "b", storage_expect_value(TEXT("2")), "3"));
    testutil_assert_ok(compare(txn, "new", storage_expect_absent(), "4"));
    transaction_delete(txn, "missing");
    commit(txn);
    assert_store(fixture, "a=2 b=3 new=4");
}

static void a_precondition_on_a_key_that_was_deleted_since(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    testutil_assert_ok(compare(txn, "a", storage_expect_value(TEXT("1")), "2"));
    remove_key(fixture, "a");
    commit_fails(txn, STORAGE_CONFLICT);
    assert_store(fixture, "");
}

static void a_precondition_on_a_key_that_was_cleared_since(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    testutil_assert_ok(compare(txn, "a", storage_expect_value(TEXT("1")), "2"));
    testutil_assert_ok(storage_clear_range(fixture->backend, NULL, NULL));
    commit_fails(txn, STORAGE_CONFLICT);
    assert_store(fixture, "");
}

static void conflict_is_told_before_serialization(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    transaction_set(txn, "b", "own");
    testutil_assert_ok(compare(txn, "a", storage_expect_value(TEXT("1")), "2"));
    set(fixture, "b", "other");
    set(fixture, "a", "other");
    commit_fails(txn, STORAGE_CONFLICT);
    assert_store(fixture, "a=other b=other");
}

static void a_retry_after_a_conflict_commits(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    testutil_assert_ok(compare(txn, "a", storage_expect_value(TEXT("1")), "2"));
    set(fixture, "a", "other");
    commit_fails(txn, STORAGE_CONFLICT);
    txn = begin(fixture);
    testutil_assert_ok(compare(txn, "a", storage_expect_value(TEXT("other")), "2"));
    commit(txn);
    assert_value(fixture, "a", "2");
}

static void an_aborted_compare_leaves_no_trace(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    testutil_assert_ok(compare(txn, "a", storage_expect_value(TEXT("1")), "2"));
    testutil_assert_ok(compare(txn, "new", storage_expect_absent(), "2"));
    storage_transaction_close(txn);
    assert_store(fixture, "a=1");
}

/* ---- and expiry ---- */

static void an_expired_key_is_absent_for_a_transaction(TestutilFixture *fixture)
{
    StorageTransaction *txn;

    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    txn = begin(fixture);
    testutil_assert_status(STORAGE_CONFLICT, compare(txn, "a", storage_expect_value(TEXT("1")), "2"));
    testutil_assert_ok(compare(txn, "a", storage_expect_absent(), "2"));
    commit(txn);
    assert_value(fixture, "a", "2");
}

static void a_key_that_expires_before_the_commit_fails_its_precondition(TestutilFixture *fixture)
{
    StorageTransaction *txn;

    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    txn = begin(fixture);
    testutil_assert_ok(compare(txn, "a", storage_expect_value(TEXT("1")), "2"));
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    commit_fails(txn, STORAGE_CONFLICT);
    assert_absent(fixture, "a");
}

static void a_compare_gives_the_expiry_that_is_asked_for(TestutilFixture *fixture)
{
    StorageSetOptions options = testutil_case_set_options(storage_expiry_after(TESTUTIL_SECOND_NS));
    StorageTransaction *txn = begin(fixture);

    testutil_assert_ok(storage_transaction_compare_and_set(txn, TEXT("a"), storage_expect_value(TEXT("1")), TEXT("2"),
                                                           &options, NULL));
    commit(txn);
    assert_value(fixture, "a", "2");
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    assert_absent(fixture, "a");
}

static const TestutilContractCase cases[] = {
    CASE(a_match_is_seen_at_once_and_committed, TRANSACTIONS | COMPARE, WRITES, "a=1"),
    CASE(a_mismatch_conflicts_at_the_call, TRANSACTIONS | COMPARE, WRITES, "a=1"),
    CASE(a_conflict_at_the_call_has_the_current_revision, TRANSACTIONS | COMPARE, WRITES, "a=1"),
    CASE(the_transaction_stays_usable_after_a_conflict_at_the_call, TRANSACTIONS | COMPARE, WRITES, "a=1"),
    CASE(compares_chain_a_to_b_to_c, TRANSACTIONS | COMPARE, WRITES, "key=a"),
    CASE(a_compare_sees_an_own_set, TRANSACTIONS | COMPARE, WRITES, "a=1"),
    CASE(a_set_after_a_compare_wins, TRANSACTIONS | COMPARE, WRITES, "a=1"),
    CASE(a_set_after_a_compare_keeps_its_precondition, TRANSACTIONS | COMPARE, WRITES, "a=1"),
    CASE(a_key_that_it_deleted_is_absent, TRANSACTIONS | COMPARE, WRITES, "a=1"),
    CASE(a_key_that_it_inserted_is_not_absent, TRANSACTIONS | COMPARE, WRITES, "a=1"),
    CASE(a_key_that_it_cleared_is_absent, TRANSACTIONS | COMPARE | CLEAR_RANGE, WRITES, "a=1 b=2"),
    CASE(a_compare_and_delete_deletes, TRANSACTIONS | COMPARE, WRITES, "a=1"),
    CASE(a_compare_and_delete_conflicts_at_the_call, TRANSACTIONS | COMPARE, WRITES, "a=1"),
    CASE(a_compare_and_delete_conflicts_at_the_commit, TRANSACTIONS | COMPARE, WRITES, "a=1"),
    CASE(an_expected_revision_in_a_transaction, TRANSACTIONS | COMPARE, WRITES, "a=1"),
    CASE(expected_revision_zero_is_invalid_in_a_transaction, TRANSACTIONS | COMPARE, WRITES, "a=1"),
    CASE(a_false_precondition_fails_the_commit_and_keeps_the_other_value, TRANSACTIONS | COMPARE, WRITES, "a=1"),
    CASE(of_two_that_expect_the_same_value_one_commits, TRANSACTIONS | COMPARE, WRITES, "a=1"),
    CASE(of_two_that_insert_one_key_one_commits, TRANSACTIONS | COMPARE, WRITES, NULL),
    CASE(one_false_precondition_undoes_sets_and_deletes, TRANSACTIONS | COMPARE, WRITES, "a=1 b=2 c=3"),
    CASE(fifty_sets_are_undone_by_one_false_precondition, TRANSACTIONS | COMPARE, WRITES, "a=1"),
    CASE(several_preconditions_that_hold, TRANSACTIONS | COMPARE, WRITES, "a=1 b=2"),
    CASE(a_precondition_on_a_key_that_was_deleted_since, TRANSACTIONS | COMPARE, WRITES, "a=1"),
    CASE(a_precondition_on_a_key_that_was_cleared_since, TRANSACTIONS | COMPARE | CLEAR_RANGE, WRITES, "a=1"),
    CASE(conflict_is_told_before_serialization, TRANSACTIONS | COMPARE, WRITES, "a=1 b=2"),
    CASE(a_retry_after_a_conflict_commits, TRANSACTIONS | COMPARE, WRITES, "a=1"),
    CASE(an_aborted_compare_leaves_no_trace, TRANSACTIONS | COMPARE, WRITES, "a=1"),
    CASE(an_expired_key_is_absent_for_a_transaction, TRANSACTIONS | COMPARE | EXPIRY, WRITES, NULL),
    CASE(a_key_that_expires_before_the_commit_fails_its_precondition, TRANSACTIONS | COMPARE | EXPIRY, WRITES, NULL),
    CASE(a_compare_gives_the_expiry_that_is_asked_for, TRANSACTIONS | COMPARE | EXPIRY, WRITES, "a=1"),
};
const CaseTable testutil_cases_transaction_compare = CASE_TABLE(cases);
