/* test_wait.c - one step of a wait: what ends it, and that nothing that could end it is slept through. */
#include "unit.h"

#include <pthread.h>

#include "probe.h"
#include "storage_testutil/clock.h"

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
    storage_wait_begin(ctx, &probe.mutex, &probe.condition);
    pthread_mutex_lock(&probe.mutex);
}

static void tear_down(void)
{
    pthread_mutex_unlock(&probe.mutex);
    storage_wait_end(ctx);
    unit_assert_status(storage_close(backend, NULL), STORAGE_OK);
    storage_context_free(ctx);
    testutil_clock_free(test_clock);
    probe_done(&probe);
}

START_TEST(a_context_that_was_cancelled_before_does_not_wait)
{
    set_up();
    pthread_mutex_unlock(&probe.mutex); /* a canceller takes the mutex of the waiter to wake it */
    storage_context_cancel(ctx);
    pthread_mutex_lock(&probe.mutex);
    unit_assert_status(storage_wait(ctx, backend, 0), STORAGE_CANCELLED);
    tear_down();
}
END_TEST

START_TEST(a_deadline_that_has_passed_does_not_wait)
{
    set_up();
    storage_context_set_deadline(ctx, 1);
    unit_assert_status(storage_wait(ctx, backend, 0), STORAGE_TIMEOUT);
    tear_down();
}
END_TEST

START_TEST(a_time_to_wake_that_has_come_does_not_wait)
{
    set_up();
    unit_assert_status(storage_wait(ctx, backend, testutil_clock_monotonic_ns(test_clock)), STORAGE_OK);
    tear_down();
}
END_TEST

/* A thread that waits until told to stop, and what ended its wait. */
typedef struct Waiter {
    pthread_t thread;
    uint64_t wake_at_ns;
    int is_waiting, is_told; /* under the mutex */
    StorageStatus status;
    StorageContext *ctx;
} Waiter;

static void *wait_until_told(void *argument)
{
    Waiter *waiter = argument;
    storage_wait_begin(waiter->ctx, &probe.mutex, &probe.condition);
    pthread_mutex_lock(&probe.mutex);
    waiter->is_waiting = 1;
    pthread_cond_broadcast(&probe.condition);
    waiter->status = STORAGE_OK;
    while (!waiter->is_told && waiter->status == STORAGE_OK &&
           (waiter->wake_at_ns == 0 || storage_monotonic_ns(backend) < waiter->wake_at_ns))
        waiter->status = storage_wait(waiter->ctx, backend, waiter->wake_at_ns);
    pthread_mutex_unlock(&probe.mutex);
    storage_wait_end(waiter->ctx);
    return NULL;
}

static void start_waiting(Waiter *waiter)
{
    waiter->ctx = ctx;
    pthread_mutex_unlock(&probe.mutex);
    storage_wait_end(ctx);
    ck_assert_int_eq(pthread_create(&waiter->thread, NULL, wait_until_told, waiter), 0);
    pthread_mutex_lock(&probe.mutex);
    while (!waiter->is_waiting)
        pthread_cond_wait(&probe.condition, &probe.mutex);
    pthread_mutex_unlock(&probe.mutex);
}

static StorageStatus finish_waiting(Waiter *waiter)
{
    ck_assert_int_eq(pthread_join(waiter->thread, NULL), 0);
    pthread_mutex_lock(&probe.mutex);
    return waiter->status;
}

START_TEST(an_event_ends_the_wait)
{
    Waiter waiter = {.is_told = 0};
    set_up();
    start_waiting(&waiter);
    pthread_mutex_lock(&probe.mutex);
    waiter.is_told = 1;
    pthread_cond_broadcast(&probe.condition);
    pthread_mutex_unlock(&probe.mutex);
    unit_assert_status(finish_waiting(&waiter), STORAGE_OK);
    tear_down();
}
END_TEST

START_TEST(the_time_to_wake_ends_the_wait_without_a_failure)
{
    Waiter waiter = {.is_told = 0};
    set_up();
    waiter.wake_at_ns = testutil_clock_monotonic_ns(test_clock) + 500;
    storage_context_set_deadline(ctx, waiter.wake_at_ns + 1);
    start_waiting(&waiter);
    testutil_clock_advance(test_clock, 500);
    unit_assert_status(finish_waiting(&waiter), STORAGE_OK);
    tear_down();
}
END_TEST

START_TEST(a_deadline_before_the_time_to_wake_ends_the_wait_first)
{
    Waiter waiter = {.is_told = 0};
    set_up();
    waiter.wake_at_ns = testutil_clock_monotonic_ns(test_clock) + 1000000;
    storage_context_set_deadline(ctx, testutil_clock_monotonic_ns(test_clock) + 500);
    start_waiting(&waiter);
    testutil_clock_advance(test_clock, 500);
    unit_assert_status(finish_waiting(&waiter), STORAGE_TIMEOUT);
    tear_down();
}
END_TEST

/* The canceller comes at any moment of the wait: before it, in it, between two steps. */
START_TEST(no_cancellation_is_slept_through)
{
    for (int round = 0; round < 500; round++) {
        Waiter waiter = {.is_told = 0};
        set_up();
        start_waiting(&waiter);
        storage_context_cancel(ctx);
        unit_assert_status(finish_waiting(&waiter), STORAGE_CANCELLED);
        tear_down();
    }
}
END_TEST

START_TEST(a_child_that_waits_is_woken_by_the_cancellation_of_its_caller)
{
    StorageContext child;
    Waiter waiter = {.is_told = 0};
    set_up();
    pthread_mutex_unlock(&probe.mutex);
    storage_wait_end(ctx);
    storage_context_child_begin(&child, ctx);
    waiter.ctx = &child;
    ck_assert_int_eq(pthread_create(&waiter.thread, NULL, wait_until_told, &waiter), 0);
    pthread_mutex_lock(&probe.mutex);
    while (!waiter.is_waiting)
        pthread_cond_wait(&probe.condition, &probe.mutex);
    pthread_mutex_unlock(&probe.mutex);
    storage_context_cancel(ctx);
    unit_assert_status(finish_waiting(&waiter), STORAGE_CANCELLED);
    storage_context_child_end(&child);
    tear_down();
}
END_TEST

UNIT_MAIN("wait", a_context_that_was_cancelled_before_does_not_wait, a_deadline_that_has_passed_does_not_wait,
          a_time_to_wake_that_has_come_does_not_wait, an_event_ends_the_wait,
          the_time_to_wake_ends_the_wait_without_a_failure, a_deadline_before_the_time_to_wake_ends_the_wait_first,
          no_cancellation_is_slept_through, a_child_that_waits_is_woken_by_the_cancellation_of_its_caller)
