/*
 * test_lifecycle.c - the end of a stack: calls in flight, deadlines, late calls, handles that are still open, fork.
 *
 * The probe's gate holds calls where a test wants them; nothing here waits for time.
 */
#include "unit.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"
#include "storage_testutil/allocator.h"
#include "storage_testutil/clock.h"

static TestutilAllocator *allocator;
static TestutilClock *test_clock;
static Probe probe;
static StorageBackend *backend;

static void set_up(void)
{
    allocator = testutil_allocator_new();
    unit_assert_status(storage_set_allocator(testutil_allocator_interface(allocator)), STORAGE_OK);
    test_clock = testutil_clock_new(1);
    probe_init(&probe);
    unit_assert_status(probe_open(&probe, PROBE_ALL_CAPABILITIES, testutil_clock_environment(test_clock), &backend),
                       STORAGE_OK);
}

/* Closing gives everything back: what is left is a leak. */
static void tear_down(void)
{
    TestutilAllocatorFigures figures;
    testutil_allocator_figures(allocator, &figures);
    ck_assert_uint_eq(figures.outstanding_blocks, 0);
    testutil_clock_free(test_clock);
    probe_done(&probe);
    unit_assert_status(storage_set_allocator(NULL), STORAGE_OK);
    testutil_allocator_free(allocator);
}

/* ---- threads that call ---- */

typedef struct Caller {
    pthread_t thread;
    StorageStatus status;
    StorageContext *ctx;
    StorageWatch *watch;
} Caller;

static void *run_get(void *argument)
{
    Caller *caller = argument;
    StorageValue value;
    caller->status = storage_get(backend, storage_string("key"), &value, NULL);
    storage_value_release(&value);
    return NULL;
}

static void *run_close(void *argument)
{
    Caller *caller = argument;
    caller->status = storage_close(backend, caller->ctx);
    return NULL;
}

static void *run_watch_next(void *argument)
{
    Caller *caller = argument;
    const StorageChange *change = NULL;
    caller->status = storage_watch_next(caller->watch, &change, NULL);
    return NULL;
}

static void start(Caller *caller, void *(*run)(void *))
{
    ck_assert_int_eq(pthread_create(&caller->thread, NULL, run, caller), 0);
}

static StorageStatus finish(Caller *caller)
{
    ck_assert_int_eq(pthread_join(caller->thread, NULL), 0);
    return caller->status;
}

static uint32_t calls(ProbeSlot slot)
{
    return atomic_load(&probe.calls[slot]);
}

/* ---- an orderly close ---- */

START_TEST(a_close_interrupts_shuts_down_and_destroys_once)
{
    set_up();
    unit_assert_status(storage_close(backend, NULL), STORAGE_OK);
    ck_assert_uint_eq(calls(PROBE_INTERRUPT), 1);
    ck_assert_uint_eq(calls(PROBE_SHUTDOWN), 1);
    ck_assert_uint_eq(calls(PROBE_DESTROY), 1);
    tear_down();
}
END_TEST

START_TEST(closing_nothing_is_ok)
{
    unit_assert_status(storage_close(NULL, NULL), STORAGE_OK);
}
END_TEST

START_TEST(a_close_says_what_could_not_be_kept_and_the_stack_is_gone)
{
    set_up();
    StorageContext *ctx = storage_context_new();
    probe.shutdown_answer = STORAGE_IO;
    unit_assert_status(storage_close(backend, ctx), STORAGE_IO);
    ck_assert_uint_eq(calls(PROBE_DESTROY), 1);
    ck_assert_str_eq(storage_context_error_text(ctx, 0), "the probe lost what it kept");
    storage_context_free(ctx);
    tear_down();
}
END_TEST

START_TEST(values_stay_readable_after_the_close)
{
    StorageValue value;
    set_up();
    unit_assert_status(storage_get(backend, storage_string("key"), &value, NULL), STORAGE_OK);
    unit_assert_status(storage_close(backend, NULL), STORAGE_OK);
    ck_assert_mem_eq(value.data, "value", 5);
    storage_value_release(&value);
    tear_down();
}
END_TEST

/* ---- calls in flight ---- */

START_TEST(a_close_waits_for_calls_in_progress_and_refuses_new_ones)
{
    Caller getter = {0}, closer = {0};
    StorageValue value;
    set_up();
    probe.is_gated = 1;
    start(&getter, run_get);
    probe_await_waiting(&probe, 1);
    start(&closer, run_close);
    probe_await_interrupt(&probe);

    unit_assert_status(storage_get(backend, storage_string("key"), &value, NULL), STORAGE_SHUTTING_DOWN);
    unit_assert_status(storage_set(backend, storage_string("k"), storage_string("v"), NULL, NULL),
                       STORAGE_SHUTTING_DOWN);
    ck_assert_uint_eq(calls(PROBE_DESTROY), 0);
    ck_assert_uint_eq(calls(PROBE_WRITE), 0);

    probe_open_gate(&probe);
    unit_assert_status(finish(&getter), STORAGE_OK);
    unit_assert_status(finish(&closer), STORAGE_OK);
    ck_assert_uint_eq(calls(PROBE_DESTROY), 1);
    tear_down();
}
END_TEST

START_TEST(many_calls_in_flight_all_finish_before_the_stack_goes)
{
    enum { CALLER_COUNT = 8 };
    Caller getters[CALLER_COUNT] = {{0}}, closer = {0};
    set_up();
    probe.is_gated = 1;
    for (size_t index = 0; index < CALLER_COUNT; index++)
        start(&getters[index], run_get);
    probe_await_waiting(&probe, CALLER_COUNT);
    start(&closer, run_close);
    probe_await_interrupt(&probe);
    ck_assert_uint_eq(calls(PROBE_DESTROY), 0);
    probe_open_gate(&probe);
    for (size_t index = 0; index < CALLER_COUNT; index++)
        unit_assert_status(finish(&getters[index]), STORAGE_OK);
    unit_assert_status(finish(&closer), STORAGE_OK);
    ck_assert_uint_eq(calls(PROBE_GET), CALLER_COUNT);
    ck_assert_uint_eq(calls(PROBE_DESTROY), 1);
    tear_down();
}
END_TEST

/* A deadline that has passed gives calls in progress no time at all. */
START_TEST(after_the_deadline_the_last_call_takes_the_stack_down)
{
    Caller getter = {0};
    set_up();
    probe.is_gated = 1;
    start(&getter, run_get);
    probe_await_waiting(&probe, 1);
    StorageContext *ctx = storage_context_new();
    storage_context_set_deadline(ctx, 1);
    unit_assert_status(storage_close(backend, ctx), STORAGE_TIMEOUT);
    ck_assert_uint_eq(calls(PROBE_DESTROY), 0);
    probe_open_gate(&probe);
    unit_assert_status(finish(&getter), STORAGE_OK);
    ck_assert_uint_eq(calls(PROBE_SHUTDOWN), 1);
    ck_assert_uint_eq(calls(PROBE_DESTROY), 1);
    storage_context_free(ctx);
    tear_down();
}
END_TEST

START_TEST(with_several_calls_left_over_the_stack_is_taken_down_once)
{
    enum { CALLER_COUNT = 8 };
    Caller getters[CALLER_COUNT] = {{0}};
    set_up();
    probe.is_gated = 1;
    for (size_t index = 0; index < CALLER_COUNT; index++)
        start(&getters[index], run_get);
    probe_await_waiting(&probe, CALLER_COUNT);
    StorageContext *ctx = storage_context_new();
    storage_context_set_deadline(ctx, 1);
    unit_assert_status(storage_close(backend, ctx), STORAGE_TIMEOUT);
    probe_open_gate(&probe);
    for (size_t index = 0; index < CALLER_COUNT; index++)
        unit_assert_status(finish(&getters[index]), STORAGE_OK);
    ck_assert_uint_eq(calls(PROBE_DESTROY), 1);
    storage_context_free(ctx);
    tear_down();
}
END_TEST

START_TEST(a_deadline_that_comes_while_the_close_waits_ends_the_wait)
{
    Caller getter = {0}, closer = {0};
    set_up();
    probe.is_gated = 1;
    start(&getter, run_get);
    probe_await_waiting(&probe, 1);
    closer.ctx = storage_context_new();
    storage_context_set_deadline(closer.ctx, testutil_clock_monotonic_ns(test_clock) + 1000);
    start(&closer, run_close);
    probe_await_interrupt(&probe);
    testutil_clock_advance(test_clock, 1000);
    unit_assert_status(finish(&closer), STORAGE_TIMEOUT);
    ck_assert_uint_eq(calls(PROBE_DESTROY), 0);
    probe_open_gate(&probe);
    unit_assert_status(finish(&getter), STORAGE_OK);
    ck_assert_uint_eq(calls(PROBE_DESTROY), 1);
    storage_context_free(closer.ctx);
    tear_down();
}
END_TEST

START_TEST(cancelling_the_close_ends_its_wait_and_the_last_call_takes_the_stack_down)
{
    Caller getter = {0}, closer = {0};
    set_up();
    probe.is_gated = 1;
    start(&getter, run_get);
    probe_await_waiting(&probe, 1);
    closer.ctx = storage_context_new();
    start(&closer, run_close);
    probe_await_interrupt(&probe);
    storage_context_cancel(closer.ctx);
    unit_assert_status(finish(&closer), STORAGE_CANCELLED);
    probe_open_gate(&probe);
    unit_assert_status(finish(&getter), STORAGE_OK);
    ck_assert_uint_eq(calls(PROBE_DESTROY), 1);
    storage_context_free(closer.ctx);
    tear_down();
}
END_TEST

START_TEST(a_close_without_calls_in_progress_does_not_mind_a_deadline_that_passed)
{
    set_up();
    StorageContext *ctx = storage_context_new();
    storage_context_set_deadline(ctx, 1);
    unit_assert_status(storage_close(backend, ctx), STORAGE_OK);
    ck_assert_uint_eq(calls(PROBE_DESTROY), 1);
    storage_context_free(ctx);
    tear_down();
}
END_TEST

START_TEST(a_second_close_meanwhile_is_refused)
{
    Caller getter = {0}, closer = {0};
    set_up();
    probe.is_gated = 1;
    start(&getter, run_get);
    probe_await_waiting(&probe, 1);
    start(&closer, run_close);
    probe_await_interrupt(&probe);
    unit_assert_status(storage_close(backend, NULL), STORAGE_SHUTTING_DOWN);
    ck_assert_uint_eq(calls(PROBE_DESTROY), 0);
    probe_open_gate(&probe);
    unit_assert_status(finish(&getter), STORAGE_OK);
    unit_assert_status(finish(&closer), STORAGE_OK);
    ck_assert_uint_eq(calls(PROBE_DESTROY), 1);
    tear_down();
}
END_TEST

START_TEST(of_many_closers_one_closes)
{
    enum { CLOSER_COUNT = 6 };
    Caller getter = {0}, closers[CLOSER_COUNT] = {{0}};
    unsigned ok_count = 0, refused_count = 0;
    set_up();
    probe.is_gated = 1;
    start(&getter, run_get);
    probe_await_waiting(&probe, 1);
    for (size_t index = 0; index < CLOSER_COUNT; index++)
        start(&closers[index], run_close);
    /* The handle is there until the gate opens, so the refused ones must have come and gone before. */
    unsigned joined[CLOSER_COUNT] = {0};
    while (refused_count < CLOSER_COUNT - 1) {
        for (size_t index = 0; index < CLOSER_COUNT; index++) {
            if (!joined[index] && pthread_tryjoin_np(closers[index].thread, NULL) == 0) {
                joined[index] = 1;
                refused_count += closers[index].status == STORAGE_SHUTTING_DOWN;
            }
        }
        sched_yield();
    }
    probe_open_gate(&probe);
    for (size_t index = 0; index < CLOSER_COUNT; index++)
        if (!joined[index])
            ok_count += finish(&closers[index]) == STORAGE_OK;
    ck_assert_uint_eq(ok_count, 1);
    ck_assert_uint_eq(refused_count, CLOSER_COUNT - 1);
    unit_assert_status(finish(&getter), STORAGE_OK);
    ck_assert_uint_eq(calls(PROBE_DESTROY), 1);
    tear_down();
}
END_TEST

/* ---- handles that are open at the close ---- */

START_TEST(open_handles_answer_shutting_down_and_are_closed_later)
{
    StorageCursor *cursor = NULL;
    StorageTransaction *txn = NULL;
    StorageWatch *watch = NULL;
    const StorageEntry *entry = NULL;
    const StorageChange *change = NULL;
    StorageValue value;
    uint64_t revision = 99;
    int fd = -1;
    set_up();
    unit_assert_status(storage_scan(backend, NULL, NULL, &cursor, NULL), STORAGE_OK);
    unit_assert_status(storage_begin(backend, NULL, &txn, NULL), STORAGE_OK);
    unit_assert_status(storage_watch(backend, NULL, 0, &watch, NULL), STORAGE_OK);
    unit_assert_status(storage_close(backend, NULL), STORAGE_OK);
    ck_assert_uint_eq(calls(PROBE_DESTROY), 1);

    unit_assert_status(storage_cursor_next(cursor, &entry, NULL), STORAGE_SHUTTING_DOWN);
    unit_assert_status(storage_cursor_seek(cursor, storage_string("k"), NULL), STORAGE_SHUTTING_DOWN);
    unit_assert_status(storage_transaction_get(txn, storage_string("k"), &value, NULL), STORAGE_SHUTTING_DOWN);
    unit_assert_status(storage_transaction_delete(txn, storage_string("k"), NULL), STORAGE_SHUTTING_DOWN);
    unit_assert_status(storage_transaction_commit(txn, &revision, NULL), STORAGE_SHUTTING_DOWN);
    unit_assert_status(storage_watch_next(watch, &change, NULL), STORAGE_SHUTTING_DOWN);
    unit_assert_status(storage_watch_fd(watch, &fd, NULL), STORAGE_SHUTTING_DOWN);
    ck_assert_uint_eq(revision, 99);

    storage_watch_close(watch);
    storage_cursor_close(cursor);
    storage_transaction_close(txn);
    tear_down();
}
END_TEST

START_TEST(each_close_method_runs_once_and_before_the_store_is_destroyed)
{
    StorageCursor *cursor = NULL, *cursor_in_txn = NULL;
    StorageTransaction *txn = NULL;
    StorageWatch *watch = NULL;
    set_up();
    unit_assert_status(storage_scan(backend, NULL, NULL, &cursor, NULL), STORAGE_OK);
    unit_assert_status(storage_begin(backend, NULL, &txn, NULL), STORAGE_OK);
    unit_assert_status(storage_transaction_scan(txn, NULL, NULL, &cursor_in_txn, NULL), STORAGE_OK);
    unit_assert_status(storage_watch(backend, NULL, 0, &watch, NULL), STORAGE_OK);
    unit_assert_status(storage_close(backend, NULL), STORAGE_OK);
    ck_assert_uint_eq(calls(PROBE_CURSOR_CLOSE), 2);
    ck_assert_uint_eq(calls(PROBE_TRANSACTION_CLOSE), 1);
    ck_assert_uint_eq(calls(PROBE_WATCH_CLOSE), 1);
    storage_transaction_close(txn);
    storage_cursor_close(cursor_in_txn);
    storage_cursor_close(cursor);
    storage_watch_close(watch);
    ck_assert_uint_eq(calls(PROBE_CURSOR_CLOSE), 2);
    ck_assert_uint_eq(calls(PROBE_TRANSACTION_CLOSE), 1);
    ck_assert_uint_eq(calls(PROBE_WATCH_CLOSE), 1);
    tear_down();
}
END_TEST

START_TEST(views_of_a_transaction_end_before_the_store_is_destroyed)
{
    StorageTransaction *txn = NULL, *view = NULL;
    set_up();
    unit_assert_status(storage_begin(backend, NULL, &txn, NULL), STORAGE_OK);
    unit_assert_status(storage_transaction_table(txn, storage_string("table"), &view, NULL), STORAGE_OK);
    unit_assert_status(storage_close(backend, NULL), STORAGE_OK);
    ck_assert_uint_eq(calls(PROBE_TRANSACTION_CLOSE), 2);
    storage_transaction_close(txn);
    ck_assert_uint_eq(calls(PROBE_TRANSACTION_CLOSE), 2);
    tear_down();
}
END_TEST

START_TEST(handles_that_were_closed_are_not_closed_again)
{
    StorageCursor *cursor = NULL;
    set_up();
    unit_assert_status(storage_scan(backend, NULL, NULL, &cursor, NULL), STORAGE_OK);
    storage_cursor_close(cursor);
    ck_assert_uint_eq(calls(PROBE_CURSOR_CLOSE), 1);
    unit_assert_status(storage_close(backend, NULL), STORAGE_OK);
    ck_assert_uint_eq(calls(PROBE_CURSOR_CLOSE), 1);
    tear_down();
}
END_TEST

START_TEST(closing_no_handle_does_nothing)
{
    storage_cursor_close(NULL);
    storage_transaction_close(NULL);
    storage_watch_close(NULL);
}
END_TEST

START_TEST(a_close_wakes_a_watch_that_waits)
{
    Caller watcher = {0};
    set_up();
    probe.is_gated = 1;
    unit_assert_status(storage_watch(backend, NULL, 0, &watcher.watch, NULL), STORAGE_OK);
    start(&watcher, run_watch_next);
    probe_await_waiting(&probe, 1);
    unit_assert_status(storage_close(backend, NULL), STORAGE_OK);
    unit_assert_status(finish(&watcher), STORAGE_SHUTTING_DOWN);
    storage_watch_close(watcher.watch);
    tear_down();
}
END_TEST

/* Owners close their handles from their own threads while the stack closes. */
enum { OWNER_COUNT = 4, OWNER_ROUNDS = 200 };

typedef struct Owner {
    pthread_t thread;
    pthread_barrier_t *barrier;
    StorageCursor *cursor;
    StorageTransaction *txn;
} Owner;

static void *close_handles(void *argument)
{
    Owner *owner = argument;
    const StorageEntry *entry = NULL;
    (void)pthread_barrier_wait(owner->barrier);
    StorageStatus status = storage_cursor_next(owner->cursor, &entry, NULL);
    (void)status;
    storage_cursor_close(owner->cursor);
    storage_transaction_close(owner->txn);
    return NULL;
}

START_TEST(owners_may_close_their_handles_while_the_stack_closes)
{
    Owner owners[OWNER_COUNT];
    for (int round = 0; round < OWNER_ROUNDS; round++) {
        pthread_barrier_t barrier;
        set_up();
        ck_assert_int_eq(pthread_barrier_init(&barrier, NULL, OWNER_COUNT + 1), 0);
        for (size_t index = 0; index < OWNER_COUNT; index++) {
            owners[index].barrier = &barrier;
            unit_assert_status(storage_begin(backend, NULL, &owners[index].txn, NULL), STORAGE_OK);
            unit_assert_status(storage_transaction_scan(owners[index].txn, NULL, NULL, &owners[index].cursor, NULL),
                               STORAGE_OK);
            ck_assert_int_eq(pthread_create(&owners[index].thread, NULL, close_handles, &owners[index]), 0);
        }
        (void)pthread_barrier_wait(&barrier);
        unit_assert_status(storage_close(backend, NULL), STORAGE_OK);
        for (size_t index = 0; index < OWNER_COUNT; index++)
            ck_assert_int_eq(pthread_join(owners[index].thread, NULL), 0);
        ck_assert_uint_eq(calls(PROBE_CURSOR_CLOSE), OWNER_COUNT);
        ck_assert_uint_eq(calls(PROBE_TRANSACTION_CLOSE), OWNER_COUNT);
        ck_assert_uint_eq(calls(PROBE_DESTROY), 1);
        pthread_barrier_destroy(&barrier);
        tear_down();
    }
}
END_TEST

/* Calls race with the close: each is served or refused, and none touches a stack that is gone. */
static void *get_until_refused(void *argument)
{
    StorageCursor *cursor = argument;
    const StorageEntry *entry = NULL;
    StorageStatus status;
    do {
        status = storage_cursor_next(cursor, &entry, NULL);
    } while (status == STORAGE_OK);
    storage_cursor_close(cursor);
    return (void *)(intptr_t)status;
}

START_TEST(calls_on_handles_race_with_the_close_and_end_with_shutting_down)
{
    pthread_t threads[OWNER_COUNT];
    for (int round = 0; round < OWNER_ROUNDS; round++) {
        set_up();
        for (size_t index = 0; index < OWNER_COUNT; index++) {
            StorageCursor *cursor = NULL;
            unit_assert_status(storage_scan(backend, NULL, NULL, &cursor, NULL), STORAGE_OK);
            ck_assert_int_eq(pthread_create(&threads[index], NULL, get_until_refused, cursor), 0);
        }
        unit_assert_status(storage_close(backend, NULL), STORAGE_OK);
        for (size_t index = 0; index < OWNER_COUNT; index++) {
            void *status = NULL;
            ck_assert_int_eq(pthread_join(threads[index], &status), 0);
            unit_assert_status((StorageStatus)(intptr_t)status, STORAGE_SHUTTING_DOWN);
        }
        tear_down();
    }
}
END_TEST

/* ---- fork ---- */

/* Runs in the child and reports through its exit code which check failed. */
static int use_inherited_handles(StorageCursor *cursor)
{
    const StorageEntry *entry = NULL;
    StorageValue value;
    if (storage_get(backend, storage_string("k"), &value, NULL) != STORAGE_INVALID_ARGUMENT)
        return 1;
    if (storage_cursor_next(cursor, &entry, NULL) != STORAGE_INVALID_ARGUMENT)
        return 2;
    if (storage_close(backend, NULL) != STORAGE_OK)
        return 3;
    storage_cursor_close(cursor);
    if (calls(PROBE_SHUTDOWN) != 0 || calls(PROBE_DESTROY) != 1 || calls(PROBE_GET) != 0)
        return 4;
    TestutilAllocatorFigures figures;
    testutil_allocator_figures(allocator, &figures);
    return figures.outstanding_blocks == 0 ? 0 : 5;
}

START_TEST(a_forked_child_may_only_close_and_the_parent_does_not_notice)
{
    StorageCursor *cursor = NULL;
    StorageValue value;
    int status = 0;
    set_up();
    unit_assert_status(storage_scan(backend, NULL, NULL, &cursor, NULL), STORAGE_OK);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        _exit(use_inherited_handles(cursor));
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 0);

    unit_assert_status(storage_get(backend, storage_string("k"), &value, NULL), STORAGE_OK);
    storage_value_release(&value);
    storage_cursor_close(cursor);
    unit_assert_status(storage_close(backend, NULL), STORAGE_OK);
    tear_down();
}
END_TEST

/* Structures may be half changed for ever then, so nothing is freed. */
START_TEST(a_child_that_was_forked_while_calls_ran_closes_without_touching_anything)
{
    Caller getter = {0};
    int status = 0;
    set_up();
    probe.is_gated = 1;
    start(&getter, run_get);
    probe_await_waiting(&probe, 1);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        _exit(storage_close(backend, NULL) == STORAGE_OK && calls(PROBE_DESTROY) == 0 ? 0 : 1);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 0);
    probe_open_gate(&probe);
    unit_assert_status(finish(&getter), STORAGE_OK);
    unit_assert_status(storage_close(backend, NULL), STORAGE_OK);
    tear_down();
}
END_TEST

UNIT_MAIN("lifecycle", a_close_interrupts_shuts_down_and_destroys_once, closing_nothing_is_ok,
          a_close_says_what_could_not_be_kept_and_the_stack_is_gone, values_stay_readable_after_the_close,
          a_close_waits_for_calls_in_progress_and_refuses_new_ones,
          many_calls_in_flight_all_finish_before_the_stack_goes, after_the_deadline_the_last_call_takes_the_stack_down,
          with_several_calls_left_over_the_stack_is_taken_down_once,
          a_deadline_that_comes_while_the_close_waits_ends_the_wait,
          cancelling_the_close_ends_its_wait_and_the_last_call_takes_the_stack_down,
          a_close_without_calls_in_progress_does_not_mind_a_deadline_that_passed, a_second_close_meanwhile_is_refused,
          of_many_closers_one_closes, open_handles_answer_shutting_down_and_are_closed_later,
          each_close_method_runs_once_and_before_the_store_is_destroyed,
          views_of_a_transaction_end_before_the_store_is_destroyed, handles_that_were_closed_are_not_closed_again,
          closing_no_handle_does_nothing, a_close_wakes_a_watch_that_waits,
          owners_may_close_their_handles_while_the_stack_closes,
          calls_on_handles_race_with_the_close_and_end_with_shutting_down,
          a_forked_child_may_only_close_and_the_parent_does_not_notice,
          a_child_that_was_forked_while_calls_ran_closes_without_touching_anything)
