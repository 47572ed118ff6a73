/* test_closure.c - storage_update and storage_view: how often the function runs, and what becomes of its answer. */
#include "unit.h"

#include "probe.h"
#include "storage_testutil/clock.h"

static TestutilClock *test_clock;
static Probe probe;
static StorageBackend *backend;
static StorageContext *ctx;

/* What the function does when it is run. */
typedef struct Script {
    StorageStatus answers[32]; /* of run 1, 2, ...; OK beyond */
    uint32_t run_count;
    uint64_t advance_ns;         /* the clock, at each run */
    int cancels;                 /* the context, at each run */
    StorageStatus commit_answer; /* of the probe, from the end of each run on; it begins with OK again */
    uint32_t failing_commits;    /* how many commits give it */
} Script;

static StorageStatus run_script(StorageTransaction *txn, void *user_data, StorageContext *given)
{
    Script *script = user_data;
    uint32_t run = script->run_count++;
    ck_assert_ptr_nonnull(txn);
    ck_assert_ptr_eq(given, ctx);
    if (script->advance_ns > 0)
        testutil_clock_advance(test_clock, script->advance_ns);
    if (script->cancels)
        storage_context_cancel(ctx);
    if (run < script->failing_commits)
        probe.commit_answer = script->commit_answer;
    else
        probe.commit_answer = STORAGE_OK;
    return run < sizeof(script->answers) / sizeof(script->answers[0]) ? script->answers[run] : STORAGE_OK;
}

static void set_up(void)
{
    test_clock = testutil_clock_new(1);
    probe_init(&probe);
    unit_assert_status(probe_open(&probe, PROBE_ALL_CAPABILITIES, testutil_clock_environment(test_clock), &backend),
                       STORAGE_OK);
    ctx = storage_context_new();
}

/* Whatever happened, every transaction that was begun was closed. */
static void tear_down(void)
{
    ck_assert_uint_eq(atomic_load(&probe.calls[PROBE_BEGIN]), atomic_load(&probe.calls[PROBE_TRANSACTION_CLOSE]));
    unit_assert_status(storage_close(backend, NULL), STORAGE_OK);
    storage_context_free(ctx);
    testutil_clock_free(test_clock);
    probe_done(&probe);
}

static uint32_t commit_count(void)
{
    return atomic_load(&probe.calls[PROBE_TRANSACTION_COMMIT]);
}

/* ---- update ---- */

START_TEST(ok_from_the_function_commits_once)
{
    Script script = {.run_count = 0};
    set_up();
    unit_assert_status(storage_update(backend, NULL, run_script, &script, ctx), STORAGE_OK);
    ck_assert_uint_eq(script.run_count, 1);
    ck_assert_uint_eq(commit_count(), 1);
    ck_assert_uint_eq(storage_context_attempts(ctx), 1);
    ck_assert_uint_eq(storage_context_revision(ctx), PROBE_REVISION);
    tear_down();
}
END_TEST

START_TEST(any_other_answer_aborts_and_comes_back_as_it_is)
{
    static const StorageStatus answers[] = {STORAGE_NOT_FOUND, STORAGE_END, STORAGE_INVALID_ARGUMENT, STORAGE_IO,
                                            STORAGE_INTERNAL};
    set_up();
    for (size_t index = 0; index < sizeof(answers) / sizeof(answers[0]); index++) {
        Script script = {.answers = {answers[index]}};
        unit_assert_status(storage_update(backend, NULL, run_script, &script, ctx), answers[index]);
        ck_assert_uint_eq(script.run_count, 1);
        ck_assert_str_eq(storage_context_public_text(ctx), storage_status_text(answers[index]));
    }
    ck_assert_uint_eq(commit_count(), 0);
    tear_down();
}
END_TEST

START_TEST(conflict_and_serialization_from_the_function_run_it_again)
{
    Script script = {.answers = {STORAGE_CONFLICT, STORAGE_SERIALIZATION, STORAGE_OK}};
    set_up();
    unit_assert_status(storage_update(backend, NULL, run_script, &script, ctx), STORAGE_OK);
    ck_assert_uint_eq(script.run_count, 3);
    ck_assert_uint_eq(commit_count(), 1);
    ck_assert_uint_eq(storage_context_attempts(ctx), 3);
    tear_down();
}
END_TEST

START_TEST(conflict_and_serialization_from_the_commit_run_it_again)
{
    static const StorageStatus answers[] = {STORAGE_CONFLICT, STORAGE_SERIALIZATION};
    set_up();
    for (size_t index = 0; index < 2; index++) {
        Script script = {.commit_answer = answers[index], .failing_commits = 4};
        unit_assert_status(storage_update(backend, NULL, run_script, &script, ctx), STORAGE_OK);
        ck_assert_uint_eq(script.run_count, 5);
        ck_assert_uint_eq(storage_context_attempts(ctx), 5);
    }
    tear_down();
}
END_TEST

START_TEST(another_failure_of_the_commit_is_final)
{
    Script script = {.commit_answer = STORAGE_INDETERMINATE, .failing_commits = 1};
    set_up();
    unit_assert_status(storage_update(backend, NULL, run_script, &script, ctx), STORAGE_INDETERMINATE);
    ck_assert_uint_eq(script.run_count, 1);
    tear_down();
}
END_TEST

START_TEST(without_a_deadline_it_gives_up_after_ten_runs_with_the_last_answer)
{
    Script script = {.commit_answer = STORAGE_SERIALIZATION, .failing_commits = 1000};
    set_up();
    unit_assert_status(storage_update(backend, NULL, run_script, &script, ctx), STORAGE_SERIALIZATION);
    ck_assert_uint_eq(script.run_count, 10);
    ck_assert_uint_eq(storage_context_attempts(ctx), 10);
    tear_down();
}
END_TEST

START_TEST(with_a_deadline_it_runs_until_then)
{
    Script script = {.commit_answer = STORAGE_CONFLICT, .failing_commits = 1000, .advance_ns = 10};
    set_up();
    storage_context_set_deadline(ctx, testutil_clock_monotonic_ns(test_clock) + 255);
    StorageStatus status = storage_update(backend, NULL, run_script, &script, ctx);
    unit_assert_status(status, STORAGE_TIMEOUT);
    ck_assert_uint_eq(script.run_count, 26);
    tear_down();
}
END_TEST

START_TEST(a_cancelled_update_does_not_run_again)
{
    Script script = {.answers = {STORAGE_CONFLICT, STORAGE_CONFLICT}, .cancels = 1};
    set_up();
    unit_assert_status(storage_update(backend, NULL, run_script, &script, ctx), STORAGE_CANCELLED);
    ck_assert_uint_eq(script.run_count, 1);
    tear_down();
}
END_TEST

START_TEST(a_begin_that_fails_is_final_and_the_function_does_not_run)
{
    Script script = {.run_count = 0};
    set_up();
    probe.answer = STORAGE_BUSY;
    unit_assert_status(storage_update(backend, NULL, run_script, &script, ctx), STORAGE_BUSY);
    unit_assert_status(storage_view(backend, NULL, run_script, &script, ctx), STORAGE_BUSY);
    ck_assert_uint_eq(script.run_count, 0);
    ck_assert_ptr_nonnull(storage_context_error_text(ctx, 0));
    /* No transaction came to be. */
    atomic_store(&probe.calls[PROBE_BEGIN], 0);
    probe.answer = STORAGE_OK;
    tear_down();
}
END_TEST

/* ---- view ---- */

START_TEST(a_view_runs_once_and_commits_nothing)
{
    static const StorageStatus answers[] = {STORAGE_OK, STORAGE_NOT_FOUND, STORAGE_CONFLICT, STORAGE_SERIALIZATION};
    set_up();
    for (size_t index = 0; index < sizeof(answers) / sizeof(answers[0]); index++) {
        Script script = {.answers = {answers[index]}};
        unit_assert_status(storage_view(backend, NULL, run_script, &script, ctx), answers[index]);
        ck_assert_uint_eq(script.run_count, 1);
    }
    ck_assert_uint_eq(commit_count(), 0);
    tear_down();
}
END_TEST

START_TEST(a_view_is_a_read_only_transaction_of_the_isolation_asked_for)
{
    Script script = {.run_count = 0};
    const StorageTransactionOptions options = {sizeof(options), 0, STORAGE_ISOLATION_READ_COMMITTED};
    set_up();
    unit_assert_status(storage_view(backend, &options, run_script, &script, ctx), STORAGE_OK);
    ck_assert_uint_eq(probe.transaction_options.flags, STORAGE_TRANSACTION_READ_ONLY);
    ck_assert_uint_eq(probe.transaction_options.isolation, STORAGE_ISOLATION_READ_COMMITTED);
    unit_assert_status(storage_view(backend, NULL, run_script, &script, ctx), STORAGE_OK);
    ck_assert_uint_eq(probe.transaction_options.flags, STORAGE_TRANSACTION_READ_ONLY);
    ck_assert_uint_eq(probe.transaction_options.isolation, STORAGE_ISOLATION_SNAPSHOT);
    tear_down();
}
END_TEST

START_TEST(wrong_arguments_are_refused_and_the_context_says_so)
{
    Script script = {.run_count = 0};
    const StorageTransactionOptions no_size = {0};
    set_up();
    unit_assert_status(storage_update(backend, NULL, NULL, NULL, ctx), STORAGE_INVALID_ARGUMENT);
    ck_assert_str_eq(storage_context_public_text(ctx), storage_status_text(STORAGE_INVALID_ARGUMENT));
    unit_assert_status(storage_view(backend, NULL, NULL, NULL, ctx), STORAGE_INVALID_ARGUMENT);
    ck_assert_str_eq(storage_context_public_text(ctx), storage_status_text(STORAGE_INVALID_ARGUMENT));
    unit_assert_status(storage_update(backend, &no_size, run_script, &script, ctx), STORAGE_INVALID_ARGUMENT);
    ck_assert_str_eq(storage_context_public_text(ctx), storage_status_text(STORAGE_INVALID_ARGUMENT));
    unit_assert_status(storage_view(backend, &no_size, run_script, &script, ctx), STORAGE_INVALID_ARGUMENT);
    ck_assert_str_eq(storage_context_public_text(ctx), storage_status_text(STORAGE_INVALID_ARGUMENT));
    unit_assert_status(storage_update(NULL, NULL, run_script, &script, ctx), STORAGE_INVALID_ARGUMENT);
    unit_assert_status(storage_view(NULL, NULL, run_script, &script, ctx), STORAGE_INVALID_ARGUMENT);
    ck_assert_uint_eq(script.run_count, 0);
    tear_down();
}
END_TEST

UNIT_MAIN("closure", ok_from_the_function_commits_once, any_other_answer_aborts_and_comes_back_as_it_is,
          conflict_and_serialization_from_the_function_run_it_again,
          conflict_and_serialization_from_the_commit_run_it_again, another_failure_of_the_commit_is_final,
          without_a_deadline_it_gives_up_after_ten_runs_with_the_last_answer, with_a_deadline_it_runs_until_then,
          a_cancelled_update_does_not_run_again, a_begin_that_fails_is_final_and_the_function_does_not_run,
          a_view_runs_once_and_commits_nothing, a_view_is_a_read_only_transaction_of_the_isolation_asked_for,
          wrong_arguments_are_refused_and_the_context_says_so)
