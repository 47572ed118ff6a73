/*
 * case_idempotency_commit.c - a commit with a token: the payload is what the transaction's writing calls were given.
 */
#include "case.h"

#define CASE_GROUP "idempotency commit"

/* Commits with a token and this outcome, and closes. Returns the revision. */
static uint64_t commit_with_token(TestutilFixture *fixture, StorageTransaction *txn, const char *token,
                                  StorageStatus expected)
{
    uint64_t revision = 0;

    testutil_assert_ok(storage_context_set_token(fixture->ctx, storage_string(token)));
    testutil_assert_status(expected, storage_transaction_commit(txn, &revision, fixture->ctx));
    storage_transaction_close(txn);
    return revision;
}

static StorageTransaction *begin_with_writes(TestutilFixture *fixture, const char *value)
{
    StorageTransaction *txn = begin(fixture);

    testutil_assert_ok(storage_transaction_set(txn, TEXT("a"), storage_string(value), NULL, NULL));
    transaction_set(txn, "b", "2");
    return txn;
}

static void a_commit_happens_once(TestutilFixture *fixture)
{
    uint64_t revision = commit_with_token(fixture, begin_with_writes(fixture, "1"), "token", STORAGE_OK);

    testutil_assert(revision > 0, "the commit wrote no revision");
    set(fixture, "a", "newer");
    testutil_assert_number(revision, commit_with_token(fixture, begin_with_writes(fixture, "1"), "token", STORAGE_OK));
    assert_store(fixture, "a=newer b=2");
}

static void a_replayed_commit_does_not_conflict_with_itself(TestutilFixture *fixture)
{
    StorageTransaction *first = begin_with_writes(fixture, "1"), *again = begin_with_writes(fixture, "1");
    uint64_t revision = commit_with_token(fixture, first, "token", STORAGE_OK);

    /* It began before the first one committed, so without the token it would be SERIALIZATION. */
    testutil_assert_number(revision, commit_with_token(fixture, again, "token", STORAGE_OK));
}

static void a_commit_with_other_writes_is_refused(TestutilFixture *fixture)
{
    commit_with_token(fixture, begin_with_writes(fixture, "1"), "token", STORAGE_OK);
    commit_with_token(fixture, begin_with_writes(fixture, "other"), "token", STORAGE_IDEMPOTENCY_KEY_REUSED);
    assert_store(fixture, "a=1 b=2");
}

static void a_commit_with_more_writes_is_refused(TestutilFixture *fixture)
{
    StorageTransaction *txn;

    commit_with_token(fixture, begin_with_writes(fixture, "1"), "token", STORAGE_OK);
    txn = begin_with_writes(fixture, "1");
    transaction_set(txn, "c", "3");
    commit_with_token(fixture, txn, "token", STORAGE_IDEMPOTENCY_KEY_REUSED);
    assert_store(fixture, "a=1 b=2");
}

static void a_commit_and_a_set_do_not_share_a_token(TestutilFixture *fixture)
{
    testutil_assert_ok(storage_context_set_token(fixture->ctx, TEXT("token")));
    testutil_assert_ok(storage_set(fixture->backend, TEXT("a"), TEXT("1"), NULL, fixture->ctx));
    commit_with_token(fixture, begin_with_writes(fixture, "1"), "token", STORAGE_IDEMPOTENCY_KEY_REUSED);
    assert_store(fixture, "a=1");
}

static void reads_are_not_part_of_the_payload(TestutilFixture *fixture)
{
    uint64_t revision = commit_with_token(fixture, begin_with_writes(fixture, "1"), "token", STORAGE_OK);
    StorageTransaction *txn = begin_with_writes(fixture, "1");

    assert_transaction_value(txn, "a", "1");
    testutil_assert_transaction_rows(txn, NULL, NULL, "a=1 b=2");
    testutil_assert_number(revision, commit_with_token(fixture, txn, "token", STORAGE_OK));
}

static void a_failed_commit_is_not_remembered(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin_with_writes(fixture, "1");

    set(fixture, "a", "other");
    commit_with_token(fixture, txn, "token", STORAGE_SERIALIZATION);
    testutil_assert(commit_with_token(fixture, begin_with_writes(fixture, "1"), "token", STORAGE_OK) > 0,
                    "the commit wrote no revision");
    assert_store(fixture, "a=1 b=2");
}

static void a_compare_that_conflicted_is_not_part_of_the_payload(TestutilFixture *fixture)
{
    uint64_t revision = commit_with_token(fixture, begin_with_writes(fixture, "1"), "token", STORAGE_OK);
    StorageTransaction *txn = begin_with_writes(fixture, "1");

    testutil_assert_status(STORAGE_CONFLICT, storage_transaction_compare_and_set(
                                                 txn, TEXT("a"), storage_expect_absent(), TEXT("9"), NULL, NULL));
    testutil_assert_number(revision, commit_with_token(fixture, txn, "token", STORAGE_OK));
}

static StorageTransaction *begin_with_rollback(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    uint32_t savepoint;

    transaction_set(txn, "a", "1");
    testutil_assert_ok(storage_transaction_savepoint(txn, &savepoint, NULL));
    transaction_set(txn, "b", "undone");
    testutil_assert_ok(storage_transaction_rollback_to(txn, savepoint, NULL));
    return txn;
}

static void the_same_calls_with_a_rollback_are_a_replay(TestutilFixture *fixture)
{
    uint64_t revision = commit_with_token(fixture, begin_with_rollback(fixture), "token", STORAGE_OK);

    testutil_assert_number(revision, commit_with_token(fixture, begin_with_rollback(fixture), "token", STORAGE_OK));
    assert_store(fixture, "a=1");
}

static void writes_that_were_rolled_back_are_part_of_the_payload(TestutilFixture *fixture)
{
    StorageTransaction *txn;

    commit_with_token(fixture, begin_with_rollback(fixture), "token", STORAGE_OK);
    txn = begin(fixture);
    transaction_set(txn, "a", "1");
    commit_with_token(fixture, txn, "token", STORAGE_IDEMPOTENCY_KEY_REUSED);
    assert_store(fixture, "a=1");
}

static void a_rollback_is_part_of_the_payload(TestutilFixture *fixture)
{
    StorageTransaction *txn;
    uint32_t savepoint;

    commit_with_token(fixture, begin_with_rollback(fixture), "token", STORAGE_OK);
    txn = begin(fixture);
    transaction_set(txn, "a", "1");
    testutil_assert_ok(storage_transaction_savepoint(txn, &savepoint, NULL));
    transaction_set(txn, "b", "undone");
    commit_with_token(fixture, txn, "token", STORAGE_IDEMPOTENCY_KEY_REUSED);
    assert_store(fixture, "a=1");
}

static void an_aborted_transaction_uses_no_token(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin_with_writes(fixture, "1");

    testutil_assert_ok(storage_context_set_token(fixture->ctx, TEXT("token")));
    storage_transaction_close(txn);
    commit_with_token(fixture, begin_with_writes(fixture, "other"), "token", STORAGE_OK);
    assert_store(fixture, "a=other b=2");
}

static void tokens_on_the_writing_calls_mean_nothing(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    testutil_assert_ok(storage_context_set_token(fixture->ctx, TEXT("token")));
    testutil_assert_ok(storage_transaction_set(txn, TEXT("a"), TEXT("1"), NULL, fixture->ctx));
    testutil_assert_ok(storage_transaction_set(txn, TEXT("b"), TEXT("2"), NULL, fixture->ctx));
    commit(txn);
    assert_store(fixture, "a=1 b=2");
}

static const TestutilContractCase cases[] = {
    CASE(a_commit_happens_once, IDEMPOTENCY | TRANSACTIONS, WRITES, NULL),
    CASE(a_replayed_commit_does_not_conflict_with_itself, IDEMPOTENCY | TRANSACTIONS, WRITES, NULL),
    CASE(a_commit_with_other_writes_is_refused, IDEMPOTENCY | TRANSACTIONS, WRITES, NULL),
    CASE(a_commit_with_more_writes_is_refused, IDEMPOTENCY | TRANSACTIONS, WRITES, NULL),
    CASE(a_commit_and_a_set_do_not_share_a_token, IDEMPOTENCY | TRANSACTIONS, WRITES, NULL),
    CASE(reads_are_not_part_of_the_payload, IDEMPOTENCY | TRANSACTIONS, WRITES, NULL),
    CASE(a_failed_commit_is_not_remembered, IDEMPOTENCY | TRANSACTIONS, WRITES, NULL),
    CASE(a_compare_that_conflicted_is_not_part_of_the_payload, IDEMPOTENCY | TRANSACTIONS | COMPARE, WRITES, NULL),
    CASE(the_same_calls_with_a_rollback_are_a_replay, IDEMPOTENCY | SAVEPOINTS, WRITES, NULL),
    CASE(writes_that_were_rolled_back_are_part_of_the_payload, IDEMPOTENCY | SAVEPOINTS, WRITES, NULL),
    CASE(a_rollback_is_part_of_the_payload, IDEMPOTENCY | SAVEPOINTS, WRITES, NULL),
    CASE(an_aborted_transaction_uses_no_token, IDEMPOTENCY | TRANSACTIONS, WRITES, NULL),
    CASE(tokens_on_the_writing_calls_mean_nothing, IDEMPOTENCY | TRANSACTIONS, WRITES, NULL),
};
const CaseTable testutil_cases_idempotency_commit = CASE_TABLE(cases);
