/*
 * case_context.c - the context: what it asks of one call, what it says after it, and that each call starts afresh.
 *
 * Deadline and cancellation of each single call are in case_every_call.c.
 */
#include "case.h"

#include <stdlib.h>
#include <string.h>

#define CASE_GROUP "context"

static void every_call_works_without_a_context(TestutilFixture *fixture)
{
    StorageValue value;

    testutil_assert_ok(storage_set(fixture->backend, TEXT("a"), TEXT("1"), NULL, NULL));
    testutil_assert_ok(storage_get(fixture->backend, TEXT("a"), &value, NULL));
    storage_value_release(&value);
    assert_store(fixture, "a=1");
}

static void a_new_context_says_nothing(TestutilFixture *fixture)
{
    StorageContext *ctx = fixture->ctx;

    testutil_assert_number(0, storage_context_revision(ctx));
    testutil_assert_number(0, storage_context_retry_after_ns(ctx));
    testutil_assert_number(0, storage_context_attempts(ctx));
    testutil_assert_number(0, storage_context_error_count(ctx));
    testutil_assert_bytes(TEXT(""), storage_string(storage_context_error_text(ctx, 0)));
}

static void a_call_is_one_attempt(TestutilFixture *fixture)
{
    StorageValue value;

    testutil_assert_status(STORAGE_NOT_FOUND, storage_get(fixture->backend, TEXT("b"), &value, fixture->ctx));
    testutil_assert_number(1, storage_context_attempts(fixture->ctx));
}

static void success_leaves_no_error_text(TestutilFixture *fixture)
{
    StorageValue value;

    testutil_assert_ok(storage_get(fixture->backend, TEXT("a"), &value, fixture->ctx));
    storage_value_release(&value);
    testutil_assert_number(0, storage_context_error_count(fixture->ctx));
    testutil_assert_status(STORAGE_NOT_FOUND, storage_get(fixture->backend, TEXT("b"), &value, fixture->ctx));
    testutil_assert_number(0, storage_context_error_count(fixture->ctx));
}

static void fail(TestutilFixture *fixture)
{
    StorageCursor *cursor;
    StorageRange range = storage_range_all();

    range.start.kind = 99;
    testutil_assert_status(STORAGE_INVALID_ARGUMENT,
                           storage_scan(fixture->backend, &range, NULL, &cursor, fixture->ctx));
}

static void a_failure_leaves_a_text_of_one_line(TestutilFixture *fixture)
{
    const char *text;

    fail(fixture);
    testutil_assert(storage_context_error_count(fixture->ctx) > 0, "a failure left no error text");
    text = storage_context_error_text(fixture->ctx, 0);
    testutil_assert(*text != '\0', "the error text is empty");
    testutil_assert(strchr(text, '\n') == NULL, "the error text has more than one line: %s", text);
}

static void error_texts_beyond_the_last_are_empty(TestutilFixture *fixture)
{
    fail(fixture);
    testutil_assert_bytes(
        TEXT(""), storage_string(storage_context_error_text(fixture->ctx, storage_context_error_count(fixture->ctx))));
    testutil_assert_bytes(TEXT(""), storage_string(storage_context_error_text(fixture->ctx, SIZE_MAX)));
}

static void the_public_text_is_that_of_the_status(TestutilFixture *fixture)
{
    StorageValue value;

    fail(fixture);
    testutil_assert_bytes(storage_string(storage_status_text(STORAGE_INVALID_ARGUMENT)),
                          storage_string(storage_context_public_text(fixture->ctx)));
    testutil_assert_status(STORAGE_NOT_FOUND, storage_get(fixture->backend, TEXT("b"), &value, fixture->ctx));
    testutil_assert_bytes(storage_string(storage_status_text(STORAGE_NOT_FOUND)),
                          storage_string(storage_context_public_text(fixture->ctx)));
}

static void the_public_text_names_no_key(TestutilFixture *fixture)
{
    testutil_assert_status(STORAGE_CONFLICT,
                           storage_compare_and_set(fixture->backend, TEXT("secretkey"), storage_expect_absent(),
                                                   TEXT("secretvalue"), NULL, fixture->ctx));
    testutil_assert(strstr(storage_context_public_text(fixture->ctx), "secret") == NULL,
                    "the public text has a key or a value in it");
}

static void operators_texts_name_the_key_and_no_value(TestutilFixture *fixture)
{
    testutil_assert_status(STORAGE_CONFLICT,
                           storage_compare_and_set(fixture->backend, TEXT("thekey"), storage_expect_absent(),
                                                   TEXT("secretvalue"), NULL, fixture->ctx));
    testutil_assert(strstr(storage_context_error_text(fixture->ctx, 0), "thekey") != NULL,
                    "the error text does not say which key: %s", storage_context_error_text(fixture->ctx, 0));
    testutil_assert(strstr(storage_context_error_text(fixture->ctx, 0), "secretvalue") == NULL,
                    "the error text has a value in it");
}

static void the_next_call_clears_the_error(TestutilFixture *fixture)
{
    StorageValue value;

    fail(fixture);
    testutil_assert_ok(storage_get(fixture->backend, TEXT("a"), &value, fixture->ctx));
    storage_value_release(&value);
    testutil_assert_number(0, storage_context_error_count(fixture->ctx));
    testutil_assert_bytes(TEXT(""), storage_string(storage_context_error_text(fixture->ctx, 0)));
}

static void the_next_call_clears_the_revision(TestutilFixture *fixture)
{
    testutil_assert_ok(storage_set(fixture->backend, TEXT("a"), TEXT("2"), NULL, fixture->ctx));
    testutil_assert(storage_context_revision(fixture->ctx) > 0, "a set left no revision");
    testutil_assert_ok(storage_sync(fixture->backend, fixture->ctx));
    testutil_assert_number(0, storage_context_revision(fixture->ctx));
}

static void a_refused_call_clears_the_revision(TestutilFixture *fixture)
{
    testutil_assert_ok(storage_set(fixture->backend, TEXT("a"), TEXT("2"), NULL, fixture->ctx));
    fail(fixture);
    testutil_assert_number(0, storage_context_revision(fixture->ctx));
}

static void a_timed_out_call_clears_the_revision(TestutilFixture *fixture)
{
    testutil_assert_ok(storage_set(fixture->backend, TEXT("a"), TEXT("2"), NULL, fixture->ctx));
    storage_context_set_deadline(fixture->ctx, 1);
    testutil_assert_status(STORAGE_TIMEOUT, storage_delete(fixture->backend, TEXT("a"), fixture->ctx));
    testutil_assert_number(0, storage_context_revision(fixture->ctx));
    assert_value(fixture, "a", "2");
}

/* ---- deadline and cancellation ---- */

static void a_deadline_to_come_is_in_nobodys_way(TestutilFixture *fixture)
{
    storage_context_set_deadline(fixture->ctx, testutil_clock_monotonic_ns(fixture->clock) + 1);
    testutil_assert_ok(storage_set(fixture->backend, TEXT("a"), TEXT("2"), NULL, fixture->ctx));
    testutil_clock_advance(fixture->clock, 1);
    testutil_assert_status(STORAGE_TIMEOUT, storage_set(fixture->backend, TEXT("a"), TEXT("3"), NULL, fixture->ctx));
    assert_value(fixture, "a", "2");
}

static void a_deadline_of_zero_is_none(TestutilFixture *fixture)
{
    storage_context_set_deadline(fixture->ctx, 1);
    storage_context_set_deadline(fixture->ctx, 0);
    testutil_assert_ok(storage_set(fixture->backend, TEXT("a"), TEXT("2"), NULL, fixture->ctx));
}

static void the_wall_clock_does_not_move_a_deadline(TestutilFixture *fixture)
{
    storage_context_set_deadline(fixture->ctx,
                                 testutil_clock_monotonic_ns(fixture->clock) + (uint64_t)TESTUTIL_SECOND_NS);
    testutil_clock_step_wall(fixture->clock, TESTUTIL_DAY_NS);
    testutil_assert_ok(storage_set(fixture->backend, TEXT("a"), TEXT("2"), NULL, fixture->ctx));
}

static void cancellation_lasts_until_the_reset(TestutilFixture *fixture)
{
    StorageValue value;

    storage_context_cancel(fixture->ctx);
    for (int i = 0; i < 3; i++)
        testutil_assert_status(STORAGE_CANCELLED, storage_get(fixture->backend, TEXT("a"), &value, fixture->ctx));
    storage_context_reset(fixture->ctx);
    testutil_assert_ok(storage_get(fixture->backend, TEXT("a"), &value, fixture->ctx));
    storage_value_release(&value);
}

static void another_context_is_not_cancelled(TestutilFixture *fixture)
{
    storage_context_cancel(fixture->ctx);
    assert_value(fixture, "a", "1");
}

static void a_reset_drops_deadline_and_results(TestutilFixture *fixture)
{
    storage_context_set_deadline(fixture->ctx, 1);
    testutil_assert_status(STORAGE_TIMEOUT, storage_delete(fixture->backend, TEXT("a"), fixture->ctx));
    storage_context_reset(fixture->ctx);
    testutil_assert_number(0, storage_context_error_count(fixture->ctx));
    testutil_assert_number(0, storage_context_attempts(fixture->ctx));
    testutil_assert_ok(storage_delete(fixture->backend, TEXT("a"), fixture->ctx));
}

static void a_timed_out_commit_changes_nothing(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    transaction_set(txn, "a", "2");
    storage_context_set_deadline(fixture->ctx, 1);
    testutil_assert_status(STORAGE_TIMEOUT, storage_transaction_commit(txn, NULL, fixture->ctx));
    testutil_assert_status(STORAGE_INVALID_ARGUMENT, storage_transaction_commit(txn, NULL, NULL));
    storage_transaction_close(txn);
    assert_store(fixture, "a=1");
}

static void a_cancelled_commit_changes_nothing(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    transaction_set(txn, "a", "2");
    storage_context_cancel(fixture->ctx);
    testutil_assert_status(STORAGE_CANCELLED, storage_transaction_commit(txn, NULL, fixture->ctx));
    testutil_assert_status(STORAGE_INVALID_ARGUMENT, storage_transaction_commit(txn, NULL, NULL));
    storage_transaction_close(txn);
    assert_store(fixture, "a=1");
}

static void a_timed_out_call_leaves_a_transaction_usable(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    storage_context_set_deadline(fixture->ctx, 1);
    testutil_assert_status(STORAGE_TIMEOUT, storage_transaction_set(txn, TEXT("a"), TEXT("late"), NULL, fixture->ctx));
    transaction_set(txn, "b", "2");
    commit(txn);
    assert_store(fixture, "a=1 b=2");
}

static void a_timed_out_step_loses_no_row(TestutilFixture *fixture)
{
    StorageCursor *cursor = scan(fixture, NULL, NULL);
    const StorageEntry *entry;

    testutil_assert_next_row(cursor, "a=1");
    storage_context_set_deadline(fixture->ctx, 1);
    testutil_assert_status(STORAGE_TIMEOUT, storage_cursor_next(cursor, &entry, fixture->ctx));
    testutil_assert_cursor_rows(cursor, "b=2 c=3");
    storage_cursor_close(cursor);
}

/* ---- requests ---- */

static void a_token_of_256_bytes_is_taken_and_one_more_is_not(TestutilFixture *fixture)
{
    uint8_t token[257];

    testutil_value(token, sizeof token);
    testutil_assert_status(STORAGE_INVALID_ARGUMENT,
                           storage_context_set_token(fixture->ctx, storage_bytes(token, 257)));
    testutil_assert_ok(storage_context_set_token(fixture->ctx, storage_bytes(token, 256)));
    testutil_assert_ok(storage_context_set_token(fixture->ctx, TEXT("")));
}

static void an_organization_of_256_bytes_is_taken_and_one_more_is_not(TestutilFixture *fixture)
{
    uint8_t organization[257];
    StorageValue value;

    testutil_value(organization, sizeof organization);
    testutil_assert_status(STORAGE_INVALID_ARGUMENT,
                           storage_context_set_organization(fixture->ctx, storage_bytes(organization, 257)));
    testutil_assert_ok(storage_context_set_organization(fixture->ctx, storage_bytes(organization, 256)));
    testutil_assert_ok(storage_get(fixture->backend, TEXT("a"), &value, fixture->ctx));
    storage_value_release(&value);
}

static void an_unknown_consistency_is_unsupported(TestutilFixture *fixture)
{
    StorageValue value;

    storage_context_set_consistency(fixture->ctx, 77);
    testutil_assert_status(STORAGE_UNSUPPORTED, storage_get(fixture->backend, TEXT("a"), &value, fixture->ctx));
    storage_context_set_consistency(fixture->ctx, 0);
    testutil_assert_ok(storage_get(fixture->backend, TEXT("a"), &value, fixture->ctx));
    storage_value_release(&value);
}

static void an_unknown_durability_is_unsupported(TestutilFixture *fixture)
{
    storage_context_set_durability(fixture->ctx, 77);
    testutil_assert_status(STORAGE_UNSUPPORTED,
                           storage_set(fixture->backend, TEXT("a"), TEXT("2"), NULL, fixture->ctx));
    assert_value(fixture, "a", "1");
    storage_context_set_durability(fixture->ctx, 0);
    testutil_assert_ok(storage_set(fixture->backend, TEXT("a"), TEXT("2"), NULL, fixture->ctx));
}

static void no_handle_keeps_the_context(TestutilFixture *fixture)
{
    StorageContext *ctx = storage_context_new();
    StorageCursor *cursor;

    testutil_assert(ctx != NULL, "no memory for a context");
    testutil_assert_ok(storage_scan(fixture->backend, NULL, NULL, &cursor, ctx));
    storage_context_cancel(ctx);
    storage_context_free(ctx);
    testutil_assert_cursor_rows(cursor, "a=1 b=2");
    storage_cursor_close(cursor);
}

static void a_transaction_does_not_keep_the_context(TestutilFixture *fixture)
{
    StorageContext *ctx = storage_context_new();
    StorageTransaction *txn;

    testutil_assert(ctx != NULL, "no memory for a context");
    testutil_assert_ok(storage_begin(fixture->backend, NULL, &txn, ctx));
    storage_context_cancel(ctx);
    storage_context_free(ctx);
    transaction_set(txn, "a", "2");
    commit(txn);
    assert_value(fixture, "a", "2");
}

static void freeing_nothing_does_nothing(TestutilFixture *fixture)
{
    (void)fixture;
    storage_context_free(NULL);
}

static const TestutilContractCase cases[] = {
    CASE(every_call_works_without_a_context, 0, WRITES, NULL),
    CASE(a_new_context_says_nothing, 0, 0, NULL),
    CASE(a_call_is_one_attempt, 0, 0, "a=1"),
    CASE(success_leaves_no_error_text, 0, 0, "a=1"),
    CASE(a_failure_leaves_a_text_of_one_line, 0, 0, "a=1"),
    CASE(error_texts_beyond_the_last_are_empty, 0, 0, "a=1"),
    CASE(the_public_text_is_that_of_the_status, 0, 0, "a=1"),
    CASE(the_public_text_names_no_key, COMPARE, WRITES, "secretkey=1"),
    CASE(operators_texts_name_the_key_and_no_value, COMPARE, WRITES, "thekey=1"),
    CASE(the_next_call_clears_the_error, 0, 0, "a=1"),
    CASE(the_next_call_clears_the_revision, 0, WRITES, "a=1"),
    CASE(a_refused_call_clears_the_revision, 0, WRITES, "a=1"),
    CASE(a_timed_out_call_clears_the_revision, 0, WRITES, "a=1"),
    CASE(a_deadline_to_come_is_in_nobodys_way, 0, WRITES, "a=1"),
    CASE(a_deadline_of_zero_is_none, 0, WRITES, "a=1"),
    CASE(the_wall_clock_does_not_move_a_deadline, 0, WRITES, "a=1"),
    CASE(cancellation_lasts_until_the_reset, 0, 0, "a=1"),
    CASE(another_context_is_not_cancelled, 0, 0, "a=1"),
    CASE(a_reset_drops_deadline_and_results, 0, WRITES, "a=1"),
    CASE(a_timed_out_commit_changes_nothing, TRANSACTIONS, WRITES, "a=1"),
    CASE(a_cancelled_commit_changes_nothing, TRANSACTIONS, WRITES, "a=1"),
    CASE(a_timed_out_call_leaves_a_transaction_usable, TRANSACTIONS, WRITES, "a=1"),
    CASE(a_timed_out_step_loses_no_row, 0, 0, "a=1 b=2 c=3"),
    CASE(a_token_of_256_bytes_is_taken_and_one_more_is_not, 0, 0, NULL),
    CASE(an_organization_of_256_bytes_is_taken_and_one_more_is_not, 0, 0, "a=1"),
    CASE(an_unknown_consistency_is_unsupported, 0, 0, "a=1"),
    CASE(an_unknown_durability_is_unsupported, 0, WRITES, "a=1"),
    CASE(no_handle_keeps_the_context, 0, 0, "a=1 b=2"),
    CASE(a_transaction_does_not_keep_the_context, TRANSACTIONS, WRITES, "a=1"),
    CASE(freeing_nothing_does_nothing, 0, 0, NULL),
};
const CaseTable testutil_cases_context = CASE_TABLE(cases);
