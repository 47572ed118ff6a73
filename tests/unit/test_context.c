/* test_context.c - requests of a caller, results of a call, error texts, children, cancellation and deadlines. */
#include "unit.h"

#include <pthread.h>
#include <string.h>

#include "probe.h"
#include "storage_testutil/allocator.h"
#include "storage_testutil/clock.h"

/* A stack over a probe with a clock that stands still, and a context. */
static TestutilClock *test_clock;
static Probe probe;
static StorageBackend *backend;
static StorageContext *ctx;

static void set_up(void)
{
    test_clock = testutil_clock_new(1);
    probe_init(&probe);
    unit_assert_status(probe_open(&probe, PROBE_ALL_CAPABILITIES, testutil_clock_environment(test_clock), &backend),
                       STORAGE_OK);
    ctx = storage_context_new();
    ck_assert_ptr_nonnull(ctx);
}

static void tear_down(void)
{
    unit_assert_status(storage_close(backend, NULL), STORAGE_OK);
    storage_context_free(ctx);
    testutil_clock_free(test_clock);
    probe_done(&probe);
}

static StorageStatus get(void)
{
    StorageValue value;
    StorageStatus status = storage_get(backend, storage_string("key"), &value, ctx);
    storage_value_release(&value);
    return status;
}

START_TEST(a_new_context_has_no_results)
{
    set_up();
    ck_assert_uint_eq(storage_context_revision(ctx), 0);
    ck_assert_uint_eq(storage_context_retry_after_ns(ctx), 0);
    ck_assert_uint_eq(storage_context_attempts(ctx), 0);
    ck_assert_uint_eq(storage_context_error_count(ctx), 0);
    ck_assert_str_eq(storage_context_error_text(ctx, 0), "");
    ck_assert_str_eq(storage_context_public_text(ctx), storage_status_text(STORAGE_OK));
    tear_down();
}
END_TEST

START_TEST(no_context_answers_like_an_empty_one)
{
    storage_context_free(NULL);
    storage_context_reset(NULL);
    storage_context_cancel(NULL);
    storage_context_set_deadline(NULL, 1);
    ck_assert_uint_eq(storage_context_revision(NULL), 0);
    ck_assert_uint_eq(storage_context_attempts(NULL), 0);
    ck_assert_uint_eq(storage_context_error_count(NULL), 0);
    ck_assert_str_eq(storage_context_error_text(NULL, 0), "");
    unit_assert_status(storage_context_set_token(NULL, storage_string("t")), STORAGE_INVALID_ARGUMENT);
    unit_assert_status(storage_fail(NULL, STORAGE_IO, "nobody reads this"), STORAGE_IO);
}
END_TEST

START_TEST(each_call_clears_the_results_of_the_one_before)
{
    set_up();
    unit_assert_status(get(), STORAGE_OK);
    ck_assert_uint_eq(storage_context_revision(ctx), PROBE_REVISION);
    ck_assert_uint_eq(storage_context_attempts(ctx), 1);
    probe.answer = STORAGE_IO;
    unit_assert_status(get(), STORAGE_IO);
    ck_assert_uint_eq(storage_context_revision(ctx), 0);
    ck_assert_uint_eq(storage_context_error_count(ctx), 1);
    ck_assert_str_eq(storage_context_public_text(ctx), storage_status_text(STORAGE_IO));
    probe.answer = STORAGE_OK;
    unit_assert_status(get(), STORAGE_OK);
    ck_assert_uint_eq(storage_context_error_count(ctx), 0);
    ck_assert_str_eq(storage_context_error_text(ctx, 0), "");
    ck_assert_str_eq(storage_context_public_text(ctx), storage_status_text(STORAGE_OK));
    tear_down();
}
END_TEST

START_TEST(tokens_and_organizations_have_up_to_256_bytes)
{
    char bytes[257];
    memset(bytes, 't', sizeof(bytes));
    set_up();
    for (size_t size = 0; size <= 256; size++) {
        unit_assert_status(storage_context_set_token(ctx, storage_bytes(bytes, size)), STORAGE_OK);
        unit_assert_status(storage_context_set_organization(ctx, storage_bytes(bytes, size)), STORAGE_OK);
    }
    unit_assert_status(storage_context_set_token(ctx, storage_bytes(bytes, 257)), STORAGE_INVALID_ARGUMENT);
    unit_assert_status(storage_context_set_organization(ctx, storage_bytes(bytes, 257)), STORAGE_INVALID_ARGUMENT);
    unit_assert_status(storage_context_set_token(ctx, storage_bytes(NULL, 3)), STORAGE_INVALID_ARGUMENT);
    tear_down();
}
END_TEST

START_TEST(a_refused_token_leaves_the_one_before)
{
    char bytes[257] = {0};
    set_up();
    unit_assert_status(storage_context_set_token(ctx, storage_string("kept")), STORAGE_OK);
    unit_assert_status(storage_context_set_token(ctx, storage_bytes(bytes, 257)), STORAGE_INVALID_ARGUMENT);
    ck_assert_uint_eq(ctx->token.size, 4);
    ck_assert_mem_eq(ctx->token.data, "kept", 4);
    tear_down();
}
END_TEST

START_TEST(a_token_is_copied_and_an_empty_one_removes_it)
{
    char token[] = "token";
    set_up();
    unit_assert_status(storage_context_set_token(ctx, storage_string(token)), STORAGE_OK);
    memset(token, 'x', 5);
    ck_assert_mem_eq(ctx->token.data, "token", 5);
    unit_assert_status(storage_context_set_token(ctx, storage_string("")), STORAGE_OK);
    ck_assert_uint_eq(ctx->token.size, 0);
    tear_down();
}
END_TEST

START_TEST(error_texts_are_kept_in_order_up_to_64_and_counted_beyond)
{
    char expected[32];
    set_up();
    for (int index = 0; index < 70; index++)
        unit_assert_status(storage_fail(ctx, STORAGE_CONFIG, "error %d", index), STORAGE_CONFIG);
    ck_assert_uint_eq(storage_context_error_count(ctx), 70);
    for (int index = 0; index < 64; index++) {
        (void)snprintf(expected, sizeof(expected), "error %d", index);
        ck_assert_str_eq(storage_context_error_text(ctx, (size_t)index), expected);
    }
    ck_assert_str_eq(storage_context_error_text(ctx, 64), "");
    ck_assert_str_eq(storage_context_error_text(ctx, SIZE_MAX), "");
    tear_down();
}
END_TEST

START_TEST(an_error_text_is_one_line_whatever_is_put_into_it)
{
    set_up();
    (void)storage_fail(ctx, STORAGE_IO, "first\nsecond\r\tthird\x1b[31m");
    const char *text = storage_context_error_text(ctx, 0);
    for (const char *each = text; *each != '\0'; each++)
        ck_assert_int_ge((unsigned char)*each, 0x20);
    ck_assert_ptr_nonnull(strstr(text, "second"));
    tear_down();
}
END_TEST

START_TEST(a_long_error_text_is_cut_and_ends)
{
    static char long_text[5000];
    set_up();
    memset(long_text, 'x', sizeof(long_text) - 1);
    (void)storage_fail(ctx, STORAGE_IO, "%s", long_text);
    size_t size = strlen(storage_context_error_text(ctx, 0));
    ck_assert_uint_ge(size, 100);
    ck_assert_uint_lt(size, sizeof(long_text));
    tear_down();
}
END_TEST

START_TEST(a_text_without_memory_is_counted_or_dropped_and_the_status_stands)
{
    TestutilAllocator *allocator = testutil_allocator_new();
    TestutilAllocatorFigures figures;
    unit_assert_status(storage_set_allocator(testutil_allocator_interface(allocator)), STORAGE_OK);
    ctx = storage_context_new();
    testutil_allocator_fail_from(allocator, 1);
    unit_assert_status(storage_fail(ctx, STORAGE_NO_SPACE, "full"), STORAGE_NO_SPACE);
    ck_assert_str_eq(storage_context_error_text(ctx, 0), "");
    testutil_allocator_fail_from(allocator, 0);
    unit_assert_status(storage_fail(ctx, STORAGE_NO_SPACE, "full"), STORAGE_NO_SPACE);
    storage_context_free(ctx);
    testutil_allocator_figures(allocator, &figures);
    ck_assert_uint_eq(figures.outstanding_blocks, 0);
    testutil_allocator_free(allocator);
}
END_TEST

START_TEST(no_memory_for_a_context_or_a_token_is_said)
{
    TestutilAllocator *allocator = testutil_allocator_new();
    unit_assert_status(storage_set_allocator(testutil_allocator_interface(allocator)), STORAGE_OK);
    testutil_allocator_fail_once(allocator, 1);
    ck_assert_ptr_null(storage_context_new());
    ctx = storage_context_new();
    testutil_allocator_fail_once(allocator, 1);
    unit_assert_status(storage_context_set_token(ctx, storage_string("t")), STORAGE_NO_MEMORY);
    ck_assert_uint_eq(ctx->token.size, 0);
    storage_context_free(ctx);
    testutil_allocator_free(allocator);
}
END_TEST

/* ---- deadlines and cancellation ---- */

START_TEST(a_deadline_is_reached_at_its_nanosecond)
{
    set_up();
    uint64_t now_ns = testutil_clock_monotonic_ns(test_clock);
    storage_context_set_deadline(ctx, now_ns + 10);
    unit_assert_status(get(), STORAGE_OK);
    testutil_clock_advance(test_clock, 9);
    unit_assert_status(get(), STORAGE_OK);
    testutil_clock_advance(test_clock, 1);
    unit_assert_status(get(), STORAGE_TIMEOUT);
    ck_assert_uint_eq(storage_context_error_count(ctx), 1);
    storage_context_set_deadline(ctx, 0);
    unit_assert_status(get(), STORAGE_OK);
    tear_down();
}
END_TEST

START_TEST(a_step_of_the_wall_clock_moves_no_deadline)
{
    set_up();
    storage_context_set_deadline(ctx, testutil_clock_monotonic_ns(test_clock) + 10);
    testutil_clock_step_wall(test_clock, TESTUTIL_DAY_NS);
    unit_assert_status(get(), STORAGE_OK);
    tear_down();
}
END_TEST

START_TEST(a_call_that_timed_out_does_not_reach_the_store)
{
    set_up();
    storage_context_set_deadline(ctx, 1);
    unit_assert_status(storage_set(backend, storage_string("k"), storage_string("v"), NULL, ctx), STORAGE_TIMEOUT);
    ck_assert_uint_eq(probe_call_count(&probe), 0);
    tear_down();
}
END_TEST

START_TEST(cancellation_lasts_until_the_reset)
{
    set_up();
    storage_context_cancel(ctx);
    unit_assert_status(get(), STORAGE_CANCELLED);
    unit_assert_status(get(), STORAGE_CANCELLED);
    ck_assert_uint_eq(probe_call_count(&probe), 0);
    storage_context_reset(ctx);
    unit_assert_status(get(), STORAGE_OK);
    tear_down();
}
END_TEST

START_TEST(a_reset_drops_every_request)
{
    set_up();
    unit_assert_status(storage_context_set_token(ctx, storage_string("t")), STORAGE_OK);
    unit_assert_status(storage_context_set_organization(ctx, storage_string("o")), STORAGE_OK);
    storage_context_set_deadline(ctx, 1);
    storage_context_set_consistency(ctx, 1);
    storage_context_set_durability(ctx, 1);
    unit_assert_status(get(), STORAGE_UNSUPPORTED);
    storage_context_reset(ctx);
    ck_assert_uint_eq(ctx->token.size, 0);
    ck_assert_uint_eq(ctx->organization.size, 0);
    ck_assert_uint_eq(storage_context_error_count(ctx), 0);
    ck_assert_uint_eq(storage_context_attempts(ctx), 0);
    unit_assert_status(get(), STORAGE_OK);
    tear_down();
}
END_TEST

START_TEST(consistency_and_durability_that_no_backend_knows_are_unsupported)
{
    set_up();
    storage_context_set_consistency(ctx, 1);
    unit_assert_status(get(), STORAGE_UNSUPPORTED);
    storage_context_set_consistency(ctx, 0);
    storage_context_set_durability(ctx, 7);
    unit_assert_status(get(), STORAGE_UNSUPPORTED);
    storage_context_set_durability(ctx, 0);
    unit_assert_status(get(), STORAGE_OK);
    tear_down();
}
END_TEST

/* ---- waiting ---- */

static void *next_change(void *watch)
{
    const StorageChange *change = NULL;
    static StorageStatus status;
    status = storage_watch_next(watch, &change, ctx);
    return &status;
}

START_TEST(cancelling_wakes_a_call_that_waits)
{
    StorageWatch *watch = NULL;
    pthread_t thread;
    void *status = NULL;
    set_up();
    probe.is_gated = 1;
    unit_assert_status(storage_watch(backend, NULL, 0, &watch, NULL), STORAGE_OK);
    ck_assert_int_eq(pthread_create(&thread, NULL, next_change, watch), 0);
    probe_await_waiting(&probe, 1);
    storage_context_cancel(ctx);
    ck_assert_int_eq(pthread_join(thread, &status), 0);
    unit_assert_status(*(StorageStatus *)status, STORAGE_CANCELLED);
    storage_watch_close(watch);
    tear_down();
}
END_TEST

START_TEST(the_deadline_wakes_a_call_that_waits)
{
    StorageWatch *watch = NULL;
    pthread_t thread;
    void *status = NULL;
    set_up();
    probe.is_gated = 1;
    storage_context_set_deadline(ctx, testutil_clock_monotonic_ns(test_clock) + 1000);
    unit_assert_status(storage_watch(backend, NULL, 0, &watch, NULL), STORAGE_OK);
    ck_assert_int_eq(pthread_create(&thread, NULL, next_change, watch), 0);
    probe_await_waiting(&probe, 1);
    testutil_clock_advance(test_clock, 1000);
    ck_assert_int_eq(pthread_join(thread, &status), 0);
    unit_assert_status(*(StorageStatus *)status, STORAGE_TIMEOUT);
    storage_watch_close(watch);
    tear_down();
}
END_TEST

/* ---- children ---- */

START_TEST(a_child_has_the_requests_of_its_parent_and_none_of_its_results)
{
    StorageContext child;
    set_up();
    unit_assert_status(storage_context_set_token(ctx, storage_string("t")), STORAGE_OK);
    storage_context_set_deadline(ctx, 77);
    storage_context_set_revision(ctx, 5);
    storage_context_child_begin(&child, ctx);
    ck_assert_uint_eq(child.deadline_ns, 77);
    ck_assert_uint_eq(child.token.size, 1);
    ck_assert_uint_eq(storage_context_revision(&child), 0);
    ck_assert_uint_eq(storage_context_error_count(&child), 0);
    storage_context_child_end(&child);
    tear_down();
}
END_TEST

START_TEST(a_child_narrows_without_touching_its_parent)
{
    StorageContext child;
    set_up();
    uint64_t now_ns = testutil_clock_monotonic_ns(test_clock);
    storage_context_set_deadline(ctx, now_ns + 1000);
    storage_context_child_begin(&child, ctx);
    child.deadline_ns = now_ns;
    unit_assert_status(storage_context_check(&child, backend), STORAGE_TIMEOUT);
    storage_context_child_end(&child);
    unit_assert_status(storage_context_check(ctx, backend), STORAGE_OK);
    tear_down();
}
END_TEST

START_TEST(a_child_hands_its_results_back)
{
    StorageContext child;
    set_up();
    (void)storage_fail(ctx, STORAGE_IO, "above");
    storage_context_child_begin(&child, ctx);
    (void)storage_fail(&child, STORAGE_IO, "below");
    storage_context_set_revision(&child, 42);
    storage_context_set_retry_after_ns(&child, 7);
    child.attempts = 3;
    storage_context_child_end(&child);
    ck_assert_uint_eq(storage_context_revision(ctx), 42);
    ck_assert_uint_eq(storage_context_retry_after_ns(ctx), 7);
    ck_assert_uint_eq(storage_context_attempts(ctx), 3);
    ck_assert_uint_eq(storage_context_error_count(ctx), 2);
    ck_assert_str_eq(storage_context_error_text(ctx, 0), "above");
    ck_assert_str_eq(storage_context_error_text(ctx, 1), "below");
    tear_down();
}
END_TEST

START_TEST(cancelling_the_caller_cancels_its_children)
{
    StorageContext child, grandchild;
    set_up();
    storage_context_child_begin(&child, ctx);
    storage_context_child_begin(&grandchild, &child);
    unit_assert_status(storage_context_check(&grandchild, backend), STORAGE_OK);
    storage_context_cancel(ctx);
    unit_assert_status(storage_context_check(&grandchild, backend), STORAGE_CANCELLED);
    storage_context_child_end(&grandchild);
    storage_context_child_end(&child);
    tear_down();
}
END_TEST

START_TEST(texts_of_many_children_are_counted_in_the_parent)
{
    StorageContext child;
    set_up();
    for (int index = 0; index < 3; index++) {
        storage_context_child_begin(&child, ctx);
        for (int text = 0; text < 30; text++)
            (void)storage_fail(&child, STORAGE_IO, "attempt %d text %d", index, text);
        storage_context_child_end(&child);
    }
    ck_assert_uint_eq(storage_context_error_count(ctx), 90);
    ck_assert_str_eq(storage_context_error_text(ctx, 63), "attempt 2 text 3");
    ck_assert_str_eq(storage_context_error_text(ctx, 64), "");
    tear_down();
}
END_TEST

START_TEST(a_child_that_lost_texts_passes_on_their_number)
{
    StorageContext child;
    set_up();
    (void)storage_fail(ctx, STORAGE_IO, "above");
    storage_context_child_begin(&child, ctx);
    for (int text = 0; text < 70; text++)
        (void)storage_fail(&child, STORAGE_IO, "text %d", text);
    storage_context_child_end(&child);
    ck_assert_uint_eq(storage_context_error_count(ctx), 71);
    tear_down();
}
END_TEST

UNIT_MAIN("context", a_new_context_has_no_results, no_context_answers_like_an_empty_one,
          each_call_clears_the_results_of_the_one_before, tokens_and_organizations_have_up_to_256_bytes,
          a_refused_token_leaves_the_one_before, a_token_is_copied_and_an_empty_one_removes_it,
          error_texts_are_kept_in_order_up_to_64_and_counted_beyond, an_error_text_is_one_line_whatever_is_put_into_it,
          a_long_error_text_is_cut_and_ends, a_text_without_memory_is_counted_or_dropped_and_the_status_stands,
          no_memory_for_a_context_or_a_token_is_said, a_deadline_is_reached_at_its_nanosecond,
          a_step_of_the_wall_clock_moves_no_deadline, a_call_that_timed_out_does_not_reach_the_store,
          cancellation_lasts_until_the_reset, a_reset_drops_every_request,
          consistency_and_durability_that_no_backend_knows_are_unsupported, cancelling_wakes_a_call_that_waits,
          the_deadline_wakes_a_call_that_waits, a_child_has_the_requests_of_its_parent_and_none_of_its_results,
          a_child_narrows_without_touching_its_parent, a_child_hands_its_results_back,
          cancelling_the_caller_cancels_its_children, texts_of_many_children_are_counted_in_the_parent,
          a_child_that_lost_texts_passes_on_their_number)
