/*
 * case_idempotency.c - a write with a token that is sent again gives its first answer, and happens once.
 *
 * Commits of transactions are in case_idempotency_commit.c.
 */
#include "case.h"

#include <string.h>

#define CASE_GROUP "idempotency"

/* The context for one attempt. A token serves one write, so every attempt names it again. */
static StorageContext *with_token(TestutilFixture *fixture, const char *token)
{
    testutil_assert_ok(storage_context_set_token(fixture->ctx, storage_string(token)));
    return fixture->ctx;
}

static uint64_t revision_after(TestutilFixture *fixture)
{
    return storage_context_revision(fixture->ctx);
}

#define set_with_token(fixture, token, key, value) \
    storage_set((fixture)->backend, TEXT(key), TEXT(value), NULL, with_token((fixture), (token)))

static void a_set_happens_once(TestutilFixture *fixture)
{
    uint64_t revision;

    testutil_assert_ok(set_with_token(fixture, "token", "a", "1"));
    revision = revision_after(fixture);
    set(fixture, "a", "newer");
    testutil_assert_ok(set_with_token(fixture, "token", "a", "1"));
    testutil_assert_number(revision, revision_after(fixture));
    assert_value(fixture, "a", "newer");
}

static void a_replayed_set_does_not_bring_a_deleted_key_back(TestutilFixture *fixture)
{
    testutil_assert_ok(set_with_token(fixture, "token", "a", "1"));
    remove_key(fixture, "a");
    testutil_assert_ok(set_with_token(fixture, "token", "a", "1"));
    assert_absent(fixture, "a");
}

static void a_replay_is_answered_any_number_of_times(TestutilFixture *fixture)
{
    uint64_t revision;

    testutil_assert_ok(set_with_token(fixture, "token", "a", "1"));
    revision = revision_after(fixture);
    for (int i = 0; i < 20; i++) {
        testutil_assert_ok(set_with_token(fixture, "token", "a", "1"));
        testutil_assert_number(revision, revision_after(fixture));
    }
    testutil_assert_number(revision, revision_of(fixture, "a"));
}

static void without_a_token_everything_happens_again(TestutilFixture *fixture)
{
    uint64_t first = set(fixture, "a", "1"), second = set(fixture, "a", "1");

    testutil_assert(second > first, "a set without a token was taken for a replay");
}

static void an_empty_token_is_none(TestutilFixture *fixture)
{
    uint64_t revision;

    testutil_assert_ok(set_with_token(fixture, "", "a", "1"));
    revision = revision_after(fixture);
    testutil_assert_ok(set_with_token(fixture, "", "a", "1"));
    testutil_assert(revision_after(fixture) > revision, "a write without a token was taken for a replay");
}

static void other_tokens_are_other_writes(TestutilFixture *fixture)
{
    uint64_t revision;

    testutil_assert_ok(set_with_token(fixture, "token", "a", "1"));
    revision = revision_after(fixture);
    testutil_assert_ok(set_with_token(fixture, "other", "a", "1"));
    testutil_assert(revision_after(fixture) > revision, "another token was taken for a replay");
}

static void tokens_are_bytes(TestutilFixture *fixture)
{
    uint64_t revision;

    testutil_assert_ok(storage_context_set_token(fixture->ctx, TEXT("t\0001")));
    testutil_assert_ok(storage_set(fixture->backend, TEXT("a"), TEXT("1"), NULL, fixture->ctx));
    revision = revision_after(fixture);
    testutil_assert_ok(storage_context_set_token(fixture->ctx, TEXT("t\0002")));
    testutil_assert_ok(storage_set(fixture->backend, TEXT("a"), TEXT("1"), NULL, fixture->ctx));
    testutil_assert(revision_after(fixture) > revision, "tokens are compared up to their first zero byte");
}

static void a_compare_and_set_is_not_told_a_conflict_with_itself(TestutilFixture *fixture)
{
    uint64_t revision;

    testutil_assert_ok(storage_compare_and_set(fixture->backend, TEXT("a"), storage_expect_absent(), TEXT("1"), NULL,
                                               with_token(fixture, "token")));
    revision = revision_after(fixture);
    testutil_assert_ok(storage_compare_and_set(fixture->backend, TEXT("a"), storage_expect_absent(), TEXT("1"), NULL,
                                               with_token(fixture, "token")));
    testutil_assert_number(revision, revision_after(fixture));
}

static void a_delete_is_replayed(TestutilFixture *fixture)
{
    uint64_t revision;

    testutil_assert_ok(storage_delete(fixture->backend, TEXT("a"), with_token(fixture, "token")));
    revision = revision_after(fixture);
    testutil_assert(revision > 0, "the delete wrote no revision");
    set(fixture, "a", "newer");
    testutil_assert_ok(storage_delete(fixture->backend, TEXT("a"), with_token(fixture, "token")));
    testutil_assert_number(revision, revision_after(fixture));
    assert_value(fixture, "a", "newer");
}

static void a_touch_is_replayed(TestutilFixture *fixture)
{
    StorageExpiry expiry = storage_expiry_after(TESTUTIL_DAY_NS);
    uint64_t revision;

    testutil_assert_ok(storage_touch(fixture->backend, TEXT("a"), expiry, with_token(fixture, "token")));
    revision = revision_after(fixture);
    remove_key(fixture, "a");
    testutil_assert_ok(storage_touch(fixture->backend, TEXT("a"), expiry, with_token(fixture, "token")));
    testutil_assert_number(revision, revision_after(fixture));
}

static void a_compare_and_delete_is_replayed(TestutilFixture *fixture)
{
    StorageExpected expected = storage_expect_value(TEXT("1"));

    testutil_assert_ok(storage_compare_and_delete(fixture->backend, TEXT("a"), expected, with_token(fixture, "token")));
    set(fixture, "a", "1");
    testutil_assert_ok(storage_compare_and_delete(fixture->backend, TEXT("a"), expected, with_token(fixture, "token")));
    assert_value(fixture, "a", "1");
}

static void a_clear_is_replayed(TestutilFixture *fixture)
{
    uint64_t revision;

    testutil_assert_ok(storage_clear_range(fixture->backend, NULL, with_token(fixture, "token")));
    revision = revision_after(fixture);
    set(fixture, "a", "newer");
    testutil_assert_ok(storage_clear_range(fixture->backend, NULL, with_token(fixture, "token")));
    testutil_assert_number(revision, revision_after(fixture));
    assert_store(fixture, "a=newer");
}

static void an_atomic_write_is_replayed_with_its_results(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_set("a", "2"), operation_delete("missing"), operation_set("b", "2")};
    StorageResult first[3], again[3];

    testutil_assert_ok(
        storage_write(fixture->backend, operations, 3, STORAGE_WRITE_ATOMIC, first, with_token(fixture, "token")));
    set(fixture, "a", "newer");
    memset(again, 0x5A, sizeof again);
    testutil_assert_ok(
        storage_write(fixture->backend, operations, 3, STORAGE_WRITE_ATOMIC, again, with_token(fixture, "token")));
    for (size_t i = 0; i < 3; i++) {
        testutil_assert_status(first[i].status, again[i].status);
        testutil_assert_number(first[i].revision, again[i].revision);
    }
    assert_store(fixture, "a=newer b=2");
}

static void an_independent_write_is_replayed_with_its_results(TestutilFixture *fixture)
{
    StorageOperation operations[] = {
        operation_set("b", "2"), operation_compare_and_set("a", storage_expect_absent(), "2"), operation_set("c", "3")};
    StorageResult first[3], again[3];

    testutil_assert_ok(
        storage_write(fixture->backend, operations, 3, STORAGE_WRITE_INDEPENDENT, first, with_token(fixture, "token")));
    testutil_assert_status(STORAGE_CONFLICT, first[1].status);
    remove_key(fixture, "a");
    memset(again, 0x5A, sizeof again);
    testutil_assert_ok(
        storage_write(fixture->backend, operations, 3, STORAGE_WRITE_INDEPENDENT, again, with_token(fixture, "token")));
    for (size_t i = 0; i < 3; i++) {
        testutil_assert_status(first[i].status, again[i].status);
        testutil_assert_number(first[i].revision, again[i].revision);
    }
    assert_store(fixture, "b=2 c=3");
}

/* ---- another payload ---- */

#define assert_reused(fixture, call)                                                                     \
    do {                                                                                                 \
        testutil_assert_status(STORAGE_IDEMPOTENCY_KEY_REUSED, (call));                                  \
        testutil_assert(storage_context_error_count((fixture)->ctx) > 0, "no text says what was wrong"); \
    } while (0)

static void another_value_under_the_token_is_refused(TestutilFixture *fixture)
{
    testutil_assert_ok(set_with_token(fixture, "token", "a", "1"));
    assert_reused(fixture, set_with_token(fixture, "token", "a", "2"));
    assert_store(fixture, "a=1");
}

static void another_key_under_the_token_is_refused(TestutilFixture *fixture)
{
    testutil_assert_ok(set_with_token(fixture, "token", "a", "1"));
    assert_reused(fixture, set_with_token(fixture, "token", "b", "1"));
    assert_store(fixture, "a=1");
}

static void another_kind_under_the_token_is_refused(TestutilFixture *fixture)
{
    testutil_assert_ok(set_with_token(fixture, "token", "a", "1"));
    assert_reused(fixture, storage_delete(fixture->backend, TEXT("a"), with_token(fixture, "token")));
    assert_reused(fixture, storage_clear_range(fixture->backend, NULL, with_token(fixture, "token")));
    assert_store(fixture, "a=1");
}

static void another_expiry_under_the_token_is_refused(TestutilFixture *fixture)
{
    StorageSetOptions options = testutil_case_set_options(storage_expiry_after(TESTUTIL_DAY_NS));

    testutil_assert_ok(set_with_token(fixture, "token", "a", "1"));
    assert_reused(fixture, storage_set(fixture->backend, TEXT("a"), TEXT("1"), &options, with_token(fixture, "token")));
    testutil_assert(expires_at(fixture, "a") == STORAGE_NEVER, "the refused write took effect");
}

static void another_expectation_under_the_token_is_refused(TestutilFixture *fixture)
{
    testutil_assert_ok(storage_compare_and_set(fixture->backend, TEXT("a"), storage_expect_value(TEXT("1")), TEXT("2"),
                                               NULL, with_token(fixture, "token")));
    assert_reused(fixture, storage_compare_and_set(fixture->backend, TEXT("a"), storage_expect_value(TEXT("2")),
                                                   TEXT("2"), NULL, with_token(fixture, "token")));
}

static void another_range_under_the_token_is_refused(TestutilFixture *fixture)
{
    StorageRange range = storage_range_half_open(TEXT("a"), TEXT("b"));
    StorageRange other_end = storage_range_half_open(TEXT("a"), TEXT("c"));
    StorageRange other_start = storage_range_half_open(TEXT(""), TEXT("b"));
    StorageRange other_kind = range_between(excluded("a"), excluded("b"));

    testutil_assert_ok(storage_clear_range(fixture->backend, &range, with_token(fixture, "token")));
    assert_reused(fixture, storage_clear_range(fixture->backend, &other_end, with_token(fixture, "token")));
    assert_reused(fixture, storage_clear_range(fixture->backend, &other_start, with_token(fixture, "token")));
    assert_reused(fixture, storage_clear_range(fixture->backend, &other_kind, with_token(fixture, "token")));
    assert_store(fixture, "b=2");
}

static void the_border_between_key_and_value_counts(TestutilFixture *fixture)
{
    testutil_assert_ok(set_with_token(fixture, "token", "ab", "c"));
    assert_reused(fixture, set_with_token(fixture, "token", "a", "bc"));
}

static void another_order_of_operations_is_refused(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_set("a", "1"), operation_set("b", "2")};
    StorageOperation swapped[] = {operation_set("b", "2"), operation_set("a", "1")};

    testutil_assert_ok(
        storage_write(fixture->backend, operations, 2, STORAGE_WRITE_ATOMIC, NULL, with_token(fixture, "token")));
    assert_reused(
        fixture, storage_write(fixture->backend, swapped, 2, STORAGE_WRITE_ATOMIC, NULL, with_token(fixture, "token")));
}

static void another_mode_is_refused(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_set("a", "1"), operation_set("b", "2")};

    testutil_assert_ok(
        storage_write(fixture->backend, operations, 2, STORAGE_WRITE_ATOMIC, NULL, with_token(fixture, "token")));
    assert_reused(fixture, storage_write(fixture->backend, operations, 2, STORAGE_WRITE_INDEPENDENT, NULL,
                                         with_token(fixture, "token")));
}

static void a_duration_is_the_same_payload_at_another_time(TestutilFixture *fixture)
{
    StorageSetOptions options = testutil_case_set_options(storage_expiry_after(TESTUTIL_SECOND_NS));
    uint64_t revision;

    testutil_assert_ok(storage_set(fixture->backend, TEXT("a"), TEXT("1"), &options, with_token(fixture, "token")));
    revision = revision_after(fixture);
    testutil_clock_advance(fixture->clock, (uint64_t)TESTUTIL_MILLISECOND_NS);
    testutil_assert_ok(storage_set(fixture->backend, TEXT("a"), TEXT("1"), &options, with_token(fixture, "token")));
    testutil_assert_number(revision, revision_after(fixture));
    testutil_clock_advance(fixture->clock, (uint64_t)TESTUTIL_SECOND_NS - (uint64_t)TESTUTIL_MILLISECOND_NS);
    assert_absent(fixture, "a");
}

/* ---- what is remembered ---- */

static void organizations_do_not_share_tokens(TestutilFixture *fixture)
{
    uint64_t revision;

    testutil_assert_ok(storage_context_set_organization(fixture->ctx, TEXT("first")));
    testutil_assert_ok(set_with_token(fixture, "token", "a", "1"));
    revision = revision_after(fixture);
    testutil_assert_ok(storage_context_set_organization(fixture->ctx, TEXT("second")));
    testutil_assert_ok(set_with_token(fixture, "token", "a", "2"));
    testutil_assert(revision_after(fixture) > revision, "the token of another organization was taken for a replay");
    testutil_assert_ok(storage_context_set_organization(fixture->ctx, TEXT("first")));
    testutil_assert_ok(set_with_token(fixture, "token", "a", "1"));
    testutil_assert_number(revision, revision_after(fixture));
    assert_value(fixture, "a", "2");
}

static void the_border_between_organization_and_token_counts(TestutilFixture *fixture)
{
    testutil_assert_ok(storage_context_set_organization(fixture->ctx, TEXT("ab")));
    testutil_assert_ok(set_with_token(fixture, "c", "a", "1"));
    testutil_assert_ok(storage_context_set_organization(fixture->ctx, TEXT("a")));
    testutil_assert_ok(set_with_token(fixture, "bc", "a", "2"));
    assert_value(fixture, "a", "2");
}

static void a_conflict_is_not_remembered(TestutilFixture *fixture)
{
    testutil_assert_status(STORAGE_CONFLICT,
                           storage_compare_and_set(fixture->backend, TEXT("a"), storage_expect_absent(), TEXT("2"),
                                                   NULL, with_token(fixture, "token")));
    remove_key(fixture, "a");
    testutil_assert_ok(storage_compare_and_set(fixture->backend, TEXT("a"), storage_expect_absent(), TEXT("2"), NULL,
                                               with_token(fixture, "token")));
    assert_value(fixture, "a", "2");
}

static void a_touch_that_found_nothing_is_not_remembered(TestutilFixture *fixture)
{
    testutil_assert_status(STORAGE_NOT_FOUND, storage_touch(fixture->backend, TEXT("b"), storage_expiry_after(0),
                                                            with_token(fixture, "token")));
    set(fixture, "b", "1");
    testutil_assert_ok(
        storage_touch(fixture->backend, TEXT("b"), storage_expiry_after(0), with_token(fixture, "token")));
    assert_absent(fixture, "b");
}

static void an_atomic_write_that_failed_is_not_remembered(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_set("b", "2"),
                                     operation_compare_and_set("a", storage_expect_absent(), "2")};

    testutil_assert_status(STORAGE_CONFLICT, storage_write(fixture->backend, operations, 2, STORAGE_WRITE_ATOMIC, NULL,
                                                           with_token(fixture, "token")));
    remove_key(fixture, "a");
    testutil_assert_ok(
        storage_write(fixture->backend, operations, 2, STORAGE_WRITE_ATOMIC, NULL, with_token(fixture, "token")));
    assert_store(fixture, "a=2 b=2");
}

static void a_reused_token_still_answers_its_first_write(TestutilFixture *fixture)
{
    uint64_t revision;

    testutil_assert_ok(set_with_token(fixture, "token", "a", "1"));
    revision = revision_after(fixture);
    assert_reused(fixture, set_with_token(fixture, "token", "a", "2"));
    testutil_assert_ok(set_with_token(fixture, "token", "a", "1"));
    testutil_assert_number(revision, revision_after(fixture));
}

static void a_timed_out_write_is_not_remembered(TestutilFixture *fixture)
{
    storage_context_set_deadline(fixture->ctx, 1);
    testutil_assert_status(STORAGE_TIMEOUT, set_with_token(fixture, "token", "a", "1"));
    storage_context_set_deadline(fixture->ctx, 0);
    testutil_assert_ok(set_with_token(fixture, "token", "a", "2"));
    assert_value(fixture, "a", "2");
}

static void reads_do_not_mind_a_token(TestutilFixture *fixture)
{
    StorageValue value;

    testutil_assert_ok(storage_get(fixture->backend, TEXT("a"), &value, with_token(fixture, "token")));
    storage_value_release(&value);
    testutil_assert_ok(set_with_token(fixture, "token", "a", "2"));
    assert_value(fixture, "a", "2");
}

static void a_replay_is_no_change_for_watchers(TestutilFixture *fixture)
{
    StorageWatch *changes = watch(fixture, NULL, 0);

    testutil_assert_ok(set_with_token(fixture, "token", "a", "1"));
    testutil_assert_ok(set_with_token(fixture, "token", "a", "1"));
    testutil_assert_changes(changes, "SET a=1");
    storage_watch_close(changes);
}

static void tokens_are_remembered_for_their_age(TestutilFixture *fixture)
{
    TestutilStoreOptions options = {.idempotency_age_ns = 10 * (uint64_t)TESTUTIL_SECOND_NS};
    uint64_t revision;

    if (!testutil_case_reopen(fixture, &options))
        return;
    testutil_assert_ok(set_with_token(fixture, "token", "a", "1"));
    revision = revision_after(fixture);
    testutil_clock_advance(fixture->clock, 9 * (uint64_t)TESTUTIL_SECOND_NS);
    testutil_assert_ok(set_with_token(fixture, "token", "a", "1"));
    testutil_assert_number(revision, revision_after(fixture));
    testutil_clock_advance(fixture->clock, 2 * (uint64_t)TESTUTIL_SECOND_NS);
    testutil_assert_ok(set_with_token(fixture, "token", "a", "2"));
    assert_value(fixture, "a", "2");
}

static void tokens_are_remembered_up_to_their_number(TestutilFixture *fixture)
{
    TestutilStoreOptions options = {.idempotency_count = 10};
    char token[TESTUTIL_KEY_BUFFER_SIZE];
    uint64_t revision;

    if (!testutil_case_reopen(fixture, &options))
        return;
    testutil_assert_ok(set_with_token(fixture, "oldest", "a", "1"));
    for (uint64_t i = 0; i < 200; i++) {
        testutil_assert_ok(storage_context_set_token(fixture->ctx, testutil_key(token, sizeof token, "token", i)));
        testutil_assert_ok(storage_set(fixture->backend, TEXT("b"), TEXT("1"), NULL, fixture->ctx));
    }
    revision = revision_after(fixture);
    testutil_assert_ok(storage_context_set_token(fixture->ctx, testutil_key(token, sizeof token, "token", 199)));
    testutil_assert_ok(storage_set(fixture->backend, TEXT("b"), TEXT("1"), NULL, fixture->ctx));
    testutil_assert_number(revision, revision_after(fixture));
    testutil_assert_ok(set_with_token(fixture, "oldest", "a", "2"));
    assert_value(fixture, "a", "2");
}

static const TestutilContractCase cases[] = {
    CASE(a_set_happens_once, IDEMPOTENCY, WRITES, NULL),
    CASE(a_replayed_set_does_not_bring_a_deleted_key_back, IDEMPOTENCY, WRITES, NULL),
    CASE(a_replay_is_answered_any_number_of_times, IDEMPOTENCY, WRITES, NULL),
    CASE(without_a_token_everything_happens_again, 0, WRITES, NULL),
    CASE(an_empty_token_is_none, IDEMPOTENCY, WRITES, NULL),
    CASE(other_tokens_are_other_writes, IDEMPOTENCY, WRITES, NULL),
    CASE(tokens_are_bytes, IDEMPOTENCY, WRITES, NULL),
    CASE(a_compare_and_set_is_not_told_a_conflict_with_itself, IDEMPOTENCY | COMPARE, WRITES, NULL),
    CASE(a_delete_is_replayed, IDEMPOTENCY, WRITES, "a=1"),
    CASE(a_touch_is_replayed, IDEMPOTENCY | EXPIRY, WRITES, "a=1"),
    CASE(a_compare_and_delete_is_replayed, IDEMPOTENCY | COMPARE, WRITES, "a=1"),
    CASE(a_clear_is_replayed, IDEMPOTENCY | CLEAR_RANGE, WRITES, "a=1 b=2"),
    CASE(an_atomic_write_is_replayed_with_its_results, IDEMPOTENCY | MULTI_WRITE, WRITES, "a=1"),
    CASE(an_independent_write_is_replayed_with_its_results, IDEMPOTENCY | MULTI_WRITE | COMPARE, WRITES, "a=1"),
    CASE(another_value_under_the_token_is_refused, IDEMPOTENCY, WRITES, NULL),
    CASE(another_key_under_the_token_is_refused, IDEMPOTENCY, WRITES, NULL),
    CASE(another_kind_under_the_token_is_refused, IDEMPOTENCY | CLEAR_RANGE, WRITES, NULL),
    CASE(another_expiry_under_the_token_is_refused, IDEMPOTENCY | EXPIRY, WRITES, NULL),
    CASE(another_expectation_under_the_token_is_refused, IDEMPOTENCY | COMPARE, WRITES, "a=1"),
    CASE(another_range_under_the_token_is_refused, IDEMPOTENCY | CLEAR_RANGE, WRITES, "a=1 b=2"),
    CASE(the_border_between_key_and_value_counts, IDEMPOTENCY, WRITES, NULL),
    CASE(another_order_of_operations_is_refused, IDEMPOTENCY | MULTI_WRITE, WRITES, NULL),
    CASE(another_mode_is_refused, IDEMPOTENCY | MULTI_WRITE, WRITES, NULL),
    CASE(a_duration_is_the_same_payload_at_another_time, IDEMPOTENCY | EXPIRY, WRITES, NULL),
    CASE(organizations_do_not_share_tokens, IDEMPOTENCY, WRITES, NULL),
    CASE(the_border_between_organization_and_token_counts, IDEMPOTENCY, WRITES, NULL),
    CASE(a_conflict_is_not_remembered, IDEMPOTENCY | COMPARE, WRITES, "a=1"),
    CASE(a_touch_that_found_nothing_is_not_remembered, IDEMPOTENCY | EXPIRY, WRITES, "a=1"),
    CASE(an_atomic_write_that_failed_is_not_remembered, IDEMPOTENCY | MULTI_WRITE | COMPARE, WRITES, "a=1"),
    CASE(a_reused_token_still_answers_its_first_write, IDEMPOTENCY, WRITES, NULL),
    CASE(a_timed_out_write_is_not_remembered, IDEMPOTENCY, WRITES, NULL),
    CASE(reads_do_not_mind_a_token, IDEMPOTENCY, WRITES, "a=1"),
    CASE(a_replay_is_no_change_for_watchers, IDEMPOTENCY | WATCH, WRITES, NULL),
    CASE(tokens_are_remembered_for_their_age, IDEMPOTENCY, WRITES, NULL),
    CASE(tokens_are_remembered_up_to_their_number, IDEMPOTENCY, WRITES, NULL),
};
const CaseTable testutil_cases_idempotency = CASE_TABLE(cases);
