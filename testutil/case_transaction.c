/*
 * case_transaction.c - a transaction reads its own writes, and all of it happens or nothing.
 */
#include "case.h"

#include <stdlib.h>

#define CASE_GROUP "transaction"

/* ---- reading its own writes ---- */

static void it_reads_its_own_insert(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    transaction_set(txn, "b", "2");
    assert_transaction_value(txn, "b", "2");
    assert_absent(fixture, "b");
    commit(txn);
    assert_value(fixture, "b", "2");
}

static void it_reads_its_own_overwrite(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    transaction_set(txn, "a", "2");
    transaction_set(txn, "a", "3");
    assert_transaction_value(txn, "a", "3");
    assert_value(fixture, "a", "1");
    commit(txn);
    assert_value(fixture, "a", "3");
}

static void it_does_not_find_what_it_deleted(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    transaction_delete(txn, "a");
    assert_transaction_absent(txn, "a");
    assert_value(fixture, "a", "1");
    commit(txn);
    assert_absent(fixture, "a");
}

static void it_reads_what_it_set_after_a_delete(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    transaction_delete(txn, "a");
    transaction_set(txn, "a", "2");
    assert_transaction_value(txn, "a", "2");
    commit(txn);
    assert_value(fixture, "a", "2");
}

static void it_does_not_find_what_it_set_and_deleted(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    transaction_set(txn, "b", "2");
    transaction_delete(txn, "b");
    assert_transaction_absent(txn, "b");
    commit(txn);
    assert_store(fixture, "a=1");
}

static void it_does_not_find_what_it_cleared(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    StorageRange range = storage_range_prefix(TEXT("b"));

    transaction_set(txn, "b9", "own");
    testutil_assert_ok(storage_transaction_clear_range(txn, &range, NULL));
    assert_transaction_absent(txn, "b1");
    assert_transaction_absent(txn, "b9");
    assert_transaction_value(txn, "a", "1");
    assert_value(fixture, "b1", "2");
    commit(txn);
    assert_store(fixture, "a=1 c=4");
}

static void it_reads_what_it_set_after_a_clear(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    testutil_assert_ok(storage_transaction_clear_range(txn, NULL, NULL));
    transaction_set(txn, "b1", "new");
    assert_transaction_value(txn, "b1", "new");
    assert_transaction_absent(txn, "b2");
    commit(txn);
    assert_store(fixture, "b1=new");
}

static void it_finds_what_it_touched(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    StorageValue value;

    testutil_assert_ok(storage_transaction_touch(txn, TEXT("a"), storage_expiry_at(STORAGE_NEVER - 1), NULL));
    testutil_assert_ok(storage_transaction_get(txn, TEXT("a"), &value, NULL));
    testutil_assert_bytes(TEXT("1"), storage_value_slice(&value));
    testutil_assert_number(STORAGE_NEVER - 1, value.expires_at_ns);
    storage_value_release(&value);
    commit(txn);
    testutil_assert_number(STORAGE_NEVER - 1, expires_at(fixture, "a"));
}

static void a_touch_finds_what_it_set(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    transaction_set(txn, "b", "2");
    testutil_assert_ok(storage_transaction_touch(txn, TEXT("b"), storage_expiry_after(TESTUTIL_SECOND_NS), NULL));
    commit(txn);
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    assert_store(fixture, "a=1");
}

static void a_touch_of_a_missing_key_is_not_found_and_harmless(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    testutil_assert_status(STORAGE_NOT_FOUND, storage_transaction_touch(txn, TEXT("b"), storage_expiry_never(), NULL));
    transaction_set(txn, "c", "3");
    commit(txn);
    assert_store(fixture, "a=1 c=3");
}

static void a_touch_of_what_it_deleted_is_not_found(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    transaction_delete(txn, "a");
    testutil_assert_status(STORAGE_NOT_FOUND, storage_transaction_touch(txn, TEXT("a"), storage_expiry_never(), NULL));
    commit(txn);
    assert_store(fixture, "");
}

static void its_own_values_have_revision_zero(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    StorageValue value;

    testutil_assert_ok(storage_transaction_get(txn, TEXT("a"), &value, NULL));
    testutil_assert(value.revision > 0, "a committed value has revision 0");
    storage_value_release(&value);
    transaction_set(txn, "a", "2");
    testutil_assert_ok(storage_transaction_get(txn, TEXT("a"), &value, NULL));
    testutil_assert_number(0, value.revision);
    storage_value_release(&value);
    storage_transaction_close(txn);
}

static void multi_get_mixes_own_and_committed_values(TestutilFixture *fixture)
{
    const StorageSlice keys[] = {TEXT("a"), TEXT("b"), TEXT("c"), TEXT("d")};
    StorageTransaction *txn = begin(fixture);
    StorageStatus statuses[4];
    StorageValue values[4];

    transaction_set(txn, "b", "own");
    transaction_delete(txn, "c");
    testutil_assert_ok(storage_transaction_multi_get(txn, keys, 4, values, statuses, NULL));
    testutil_assert_bytes(TEXT("1"), storage_value_slice(&values[0]));
    testutil_assert_bytes(TEXT("own"), storage_value_slice(&values[1]));
    testutil_assert_status(STORAGE_NOT_FOUND, statuses[2]);
    testutil_assert_status(STORAGE_NOT_FOUND, statuses[3]);
    storage_value_release(&values[0]);
    storage_value_release(&values[1]);
    storage_transaction_close(txn);
}

static void missing_keys_are_not_found_in_it(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    assert_transaction_absent(txn, "b");
    assert_transaction_value(txn, "a", "1");
    storage_transaction_close(txn);
}

static void an_own_value_stays_readable_after_its_overwrite(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    StorageValue value;

    transaction_set(txn, "a", "own");
    testutil_assert_ok(storage_transaction_get(txn, TEXT("a"), &value, NULL));
    transaction_set(txn, "a", "other");
    testutil_assert_bytes(TEXT("own"), storage_value_slice(&value));
    storage_transaction_close(txn);
    testutil_assert_bytes(TEXT("own"), storage_value_slice(&value));
    storage_value_release(&value);
}

static void the_callers_bytes_may_change_before_the_commit(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    char key[] = "key", value[] = "value";

    testutil_assert_ok(storage_transaction_set(txn, storage_bytes(key, 3), storage_bytes(value, 5), NULL, NULL));
    key[0] = value[0] = 'x';
    commit(txn);
    assert_store(fixture, "key=value");
}

/* ---- commit ---- */

static void a_commit_applies_everything(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    transaction_set(txn, "a", "2");
    transaction_set(txn, "new", "3");
    transaction_delete(txn, "b");
    commit(txn);
    assert_store(fixture, "a=2 new=3");
}

static void nothing_is_seen_before_the_commit(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture), *other = begin(fixture);

    transaction_set(txn, "a", "2");
    transaction_set(txn, "b", "2");
    assert_store(fixture, "a=1");
    assert_transaction_value(other, "a", "1");
    storage_transaction_close(other);
    commit(txn);
    assert_store(fixture, "a=2 b=2");
}

static void a_commit_gives_one_revision_to_all_it_wrote(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    uint64_t before = revision_of(fixture, "a"), revision;

    transaction_set(txn, "a", "2");
    transaction_set(txn, "b", "2");
    revision = commit(txn);
    testutil_assert(revision > before, "the revision of the commit is not larger");
    testutil_assert_number(revision, revision_of(fixture, "a"));
    testutil_assert_number(revision, revision_of(fixture, "b"));
}

static void the_context_has_the_revision_of_the_commit(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    uint64_t revision;

    transaction_set(txn, "a", "2");
    testutil_assert_ok(storage_transaction_commit(txn, &revision, fixture->ctx));
    testutil_assert_number(revision, storage_context_revision(fixture->ctx));
    storage_transaction_close(txn);
}

static void writing_calls_leave_no_revision(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    testutil_assert_ok(storage_transaction_set(txn, TEXT("a"), TEXT("2"), NULL, fixture->ctx));
    testutil_assert_number(0, storage_context_revision(fixture->ctx));
    testutil_assert_ok(storage_transaction_delete(txn, TEXT("a"), fixture->ctx));
    testutil_assert_number(0, storage_context_revision(fixture->ctx));
    storage_transaction_close(txn);
}

static void commits_have_increasing_revisions(TestutilFixture *fixture)
{
    uint64_t last = 0;

    for (int i = 0; i < 50; i++) {
        StorageTransaction *txn = begin(fixture);
        uint64_t revision;

        transaction_set(txn, "a", "2");
        revision = commit(txn);
        testutil_assert(revision > last, "a later commit has no larger revision");
        last = revision;
    }
}

static void an_empty_commit_is_done_with_revision_zero(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    testutil_assert_number(0, commit(txn));
    assert_store(fixture, "a=1");
}

static void a_commit_of_reads_has_revision_zero(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    assert_transaction_value(txn, "a", "1");
    testutil_assert_number(0, commit(txn));
}

static void a_commit_without_room_for_the_revision(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    transaction_set(txn, "a", "2");
    testutil_assert_ok(storage_transaction_commit(txn, NULL, NULL));
    storage_transaction_close(txn);
    assert_value(fixture, "a", "2");
}

static void deletes_of_missing_keys_alone_commit(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    transaction_delete(txn, "x");
    transaction_delete(txn, "y");
    testutil_assert_number(0, commit(txn));
    assert_store(fixture, "a=1");
}

static void deletes_alone_commit(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    transaction_delete(txn, "a");
    transaction_delete(txn, "missing");
    testutil_assert(commit(txn) > 0, "the deletes wrote no revision");
    assert_store(fixture, "b=2");
}

static void a_thousand_writes_commit_at_once(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    char key[TESTUTIL_KEY_BUFFER_SIZE];
    uint64_t revision;

    for (uint64_t i = 0; i < 1000; i++) {
        StorageSlice name = testutil_key(key, sizeof key, "key", i * 7 % 1000);

        testutil_assert_ok(storage_transaction_set(txn, name, name, NULL, NULL));
    }
    assert_store(fixture, "");
    revision = commit(txn);
    for (uint64_t i = 0; i < 1000; i++) {
        StorageSlice name = testutil_key(key, sizeof key, "key", i);

        testutil_assert_value(fixture->backend, name, name);
        testutil_assert_number(revision, testutil_case_revision(__FILE__, __LINE__, fixture->backend, name));
    }
}

static void two_transactions_one_after_the_other_accumulate(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    transaction_set(txn, "a", "1");
    commit(txn);
    txn = begin(fixture);
    assert_transaction_value(txn, "a", "1");
    transaction_set(txn, "b", "2");
    commit(txn);
    assert_store(fixture, "a=1 b=2");
}

static void a_value_of_one_mebibyte_commits(TestutilFixture *fixture)
{
    const size_t size = 1024 * 1024;
    StorageTransaction *txn = begin(fixture);
    uint8_t *bytes = malloc(size);

    testutil_assert(bytes != NULL, "no memory for a value");
    testutil_assert_ok(storage_transaction_set(txn, TEXT("a"), testutil_patterned_value(bytes, size, 3), NULL, NULL));
    testutil_assert_transaction_value(txn, TEXT("a"), storage_bytes(bytes, size));
    commit(txn);
    testutil_assert_value(fixture->backend, TEXT("a"), storage_bytes(bytes, size));
    free(bytes);
}

static void empty_keys_and_values_commit(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    transaction_set(txn, "", "");
    assert_transaction_value(txn, "", "");
    commit(txn);
    assert_value(fixture, "", "");
}

/* ---- abort ---- */

static void closing_without_a_commit_leaves_no_trace(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    transaction_set(txn, "new", "1");
    transaction_set(txn, "a", "changed");
    transaction_delete(txn, "b");
    storage_transaction_close(txn);
    assert_store(fixture, "a=1 b=2");
}

static void an_aborted_clear_leaves_no_trace(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    testutil_assert_ok(storage_transaction_clear_range(txn, NULL, NULL));
    storage_transaction_close(txn);
    assert_store(fixture, "a=1 b=2");
}

static void one_aborts_and_one_commits(TestutilFixture *fixture)
{
    StorageTransaction *aborted = begin(fixture), *committed = begin(fixture);

    transaction_set(aborted, "a", "aborted");
    transaction_set(committed, "b", "committed");
    storage_transaction_close(aborted);
    commit(committed);
    assert_store(fixture, "b=committed");
}

static void an_aborted_writer_is_in_nobodys_way(TestutilFixture *fixture)
{
    StorageTransaction *aborted = begin(fixture), *committed = begin(fixture);

    transaction_set(aborted, "a", "aborted");
    transaction_set(committed, "a", "committed");
    storage_transaction_close(aborted);
    commit(committed);
    assert_store(fixture, "a=committed");
}

static void a_hundred_are_open_at_once(TestutilFixture *fixture)
{
    enum { TRANSACTION_COUNT = 100 };
    StorageTransaction *txns[TRANSACTION_COUNT];
    char key[TESTUTIL_KEY_BUFFER_SIZE];

    for (size_t i = 0; i < TRANSACTION_COUNT; i++)
        txns[i] = begin(fixture);
    for (size_t i = 0; i < TRANSACTION_COUNT; i++)
        testutil_assert_ok(
            storage_transaction_set(txns[i], testutil_key(key, sizeof key, "key", i), TEXT("1"), NULL, NULL));
    for (size_t i = TRANSACTION_COUNT; i-- > 0;)
        commit(txns[i]);
    for (size_t i = 0; i < TRANSACTION_COUNT; i++)
        testutil_assert_value(fixture->backend, testutil_key(key, sizeof key, "key", i), TEXT("1"));
}

static const TestutilContractCase cases[] = {
    CASE(it_reads_its_own_insert, TRANSACTIONS, WRITES, "a=1"),
    CASE(it_reads_its_own_overwrite, TRANSACTIONS, WRITES, "a=1"),
    CASE(it_does_not_find_what_it_deleted, TRANSACTIONS, WRITES, "a=1"),
    CASE(it_reads_what_it_set_after_a_delete, TRANSACTIONS, WRITES, "a=1"),
    CASE(it_does_not_find_what_it_set_and_deleted, TRANSACTIONS, WRITES, "a=1"),
    CASE(it_does_not_find_what_it_cleared, TRANSACTIONS | CLEAR_RANGE, WRITES, "a=1 b1=2 b2=3 c=4"),
    CASE(it_reads_what_it_set_after_a_clear, TRANSACTIONS | CLEAR_RANGE, WRITES, "a=1 b1=2 b2=3"),
    CASE(it_finds_what_it_touched, TRANSACTIONS | EXPIRY, WRITES, "a=1"),
    CASE(a_touch_finds_what_it_set, TRANSACTIONS | EXPIRY, WRITES, "a=1"),
    CASE(a_touch_of_a_missing_key_is_not_found_and_harmless, TRANSACTIONS | EXPIRY, WRITES, "a=1"),
    CASE(a_touch_of_what_it_deleted_is_not_found, TRANSACTIONS | EXPIRY, WRITES, "a=1"),
    CASE(its_own_values_have_revision_zero, TRANSACTIONS, WRITES, "a=1"),
    CASE(multi_get_mixes_own_and_committed_values, TRANSACTIONS, WRITES, "a=1 b=2 c=3"),
    CASE(missing_keys_are_not_found_in_it, TRANSACTIONS, 0, "a=1"),
    CASE(an_own_value_stays_readable_after_its_overwrite, TRANSACTIONS, WRITES, "a=1"),
    CASE(the_callers_bytes_may_change_before_the_commit, TRANSACTIONS, WRITES, NULL),
    CASE(a_commit_applies_everything, TRANSACTIONS, WRITES, "a=1 b=2"),
    CASE(nothing_is_seen_before_the_commit, TRANSACTIONS, WRITES, "a=1"),
    CASE(a_commit_gives_one_revision_to_all_it_wrote, TRANSACTIONS, WRITES, "a=1"),
    CASE(the_context_has_the_revision_of_the_commit, TRANSACTIONS, WRITES, "a=1"),
    CASE(writing_calls_leave_no_revision, TRANSACTIONS, WRITES, "a=1"),
    CASE(commits_have_increasing_revisions, TRANSACTIONS, WRITES, NULL),
    CASE(an_empty_commit_is_done_with_revision_zero, TRANSACTIONS, 0, "a=1"),
    CASE(a_commit_of_reads_has_revision_zero, TRANSACTIONS, 0, "a=1"),
    CASE(a_commit_without_room_for_the_revision, TRANSACTIONS, WRITES, "a=1"),
    CASE(deletes_of_missing_keys_alone_commit, TRANSACTIONS, WRITES, "a=1"),
    CASE(deletes_alone_commit, TRANSACTIONS, WRITES, "a=1 b=2"),
    CASE(a_thousand_writes_commit_at_once, TRANSACTIONS, WRITES, NULL),
    CASE(two_transactions_one_after_the_other_accumulate, TRANSACTIONS, WRITES, NULL),
    CASE(a_value_of_one_mebibyte_commits, TRANSACTIONS, WRITES, NULL),
    CASE(empty_keys_and_values_commit, TRANSACTIONS, WRITES, NULL),
    CASE(closing_without_a_commit_leaves_no_trace, TRANSACTIONS, WRITES, "a=1 b=2"),
    CASE(an_aborted_clear_leaves_no_trace, TRANSACTIONS | CLEAR_RANGE, WRITES, "a=1 b=2"),
    CASE(one_aborts_and_one_commits, TRANSACTIONS, WRITES, NULL),
    CASE(an_aborted_writer_is_in_nobodys_way, TRANSACTIONS, WRITES, NULL),
    CASE(a_hundred_are_open_at_once, TRANSACTIONS, WRITES, NULL),
};
const CaseTable testutil_cases_transaction = CASE_TABLE(cases);
