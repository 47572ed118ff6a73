/*
 * case_watch_history.c - watching from a revision on, what is retained, and waiting for a change.
 */
#include "case.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>

#define CASE_GROUP "watch history"

/* ---- from a revision on ---- */

static void zero_starts_with_what_is_committed_after_the_call(TestutilFixture *fixture)
{
    StorageWatch *changes;

    set(fixture, "a", "before");
    changes = watch(fixture, NULL, 0);
    set(fixture, "b", "after");
    testutil_assert_changes(changes, "SET b=after");
    storage_watch_close(changes);
}

static void the_revision_to_start_from_is_inclusive(TestutilFixture *fixture)
{
    StorageWatch *changes;
    uint64_t second;

    set(fixture, "a", "1");
    second = set(fixture, "b", "2");
    set(fixture, "c", "3");
    changes = watch(fixture, NULL, second);
    testutil_assert_changes(changes, "SET b=2; SET c=3");
    storage_watch_close(changes);
}

static void the_past_and_the_future_join_without_a_gap(TestutilFixture *fixture)
{
    uint64_t first = set(fixture, "a", "1");
    StorageWatch *changes;

    set(fixture, "b", "2");
    changes = watch(fixture, NULL, first);
    set(fixture, "c", "3");
    testutil_assert_changes(changes, "SET a=1; SET b=2; SET c=3");
    set(fixture, "d", "4");
    testutil_assert_changes(changes, "SET d=4");
    storage_watch_close(changes);
}

static void going_on_after_the_last_change_misses_none(TestutilFixture *fixture)
{
    StorageWatch *changes = watch(fixture, NULL, 0);
    const StorageChange *change;
    uint64_t last;

    set(fixture, "a", "1");
    set(fixture, "b", "2");
    testutil_assert_ok(storage_watch_next(changes, &change, NULL));
    last = change->revision;
    storage_watch_close(changes);
    set(fixture, "c", "3");
    changes = watch(fixture, NULL, last + 1);
    testutil_assert_changes(changes, "SET b=2; SET c=3");
    storage_watch_close(changes);
}

static void a_past_with_a_range_tells_the_range_alone(TestutilFixture *fixture)
{
    StorageRange range = storage_range_prefix(TEXT("b"));
    uint64_t first = set(fixture, "a", "1");
    StorageWatch *changes;

    set(fixture, "b", "2");
    set(fixture, "c", "3");
    changes = watch(fixture, &range, first);
    testutil_assert_changes(changes, "SET b=2");
    storage_watch_close(changes);
}

static void the_past_keeps_values_that_were_overwritten(TestutilFixture *fixture)
{
    uint64_t first = set(fixture, "a", "1");
    StorageWatch *changes;

    set(fixture, "a", "2");
    remove_key(fixture, "a");
    changes = watch(fixture, NULL, first);
    testutil_assert_changes(changes, "SET a=1; SET a=2; DELETED a");
    storage_watch_close(changes);
}

static void a_revision_to_come_is_waited_for(TestutilFixture *fixture)
{
    uint64_t last = set(fixture, "a", "1");
    StorageWatch *next = watch(fixture, NULL, last + 1), *far = watch(fixture, NULL, last + 1000000);

    set(fixture, "b", "2");
    set(fixture, "c", "3");
    testutil_assert_changes(next, "SET b=2; SET c=3");
    testutil_assert_changes(far, "");
    storage_watch_close(next);
    storage_watch_close(far);
}

/* ---- what is retained ---- */

/* A store that retains 16 changes. */
static int reopen_with_short_history(TestutilFixture *fixture)
{
    TestutilStoreOptions options = {.watch_history_count = 16};

    return testutil_case_reopen(fixture, &options);
}

static uint64_t write_many(TestutilFixture *fixture, uint64_t count)
{
    char key[TESTUTIL_KEY_BUFFER_SIZE];
    uint64_t first = 0;

    for (uint64_t i = 0; i < count; i++) {
        uint64_t revision =
            testutil_case_set(__FILE__, __LINE__, fixture->backend, testutil_key(key, sizeof key, "key", i), TEXT("1"),
                              storage_expiry_never());

        first = i == 0 ? revision : first;
    }
    return first;
}

static void a_past_that_is_gone_is_compacted(TestutilFixture *fixture)
{
    StorageWatch *changes = (StorageWatch *)fixture;
    uint64_t first;

    if (!reopen_with_short_history(fixture))
        return;
    first = write_many(fixture, 500);
    testutil_assert_status(STORAGE_COMPACTED, storage_watch(fixture->backend, NULL, first, &changes, fixture->ctx));
    testutil_assert(changes == NULL, "a refused watch left a handle");
    testutil_assert(storage_context_error_count(fixture->ctx) > 0, "no text says what is gone");
}

static void a_past_that_is_retained_is_told(TestutilFixture *fixture)
{
    StorageWatch *changes;
    uint64_t last;

    if (!reopen_with_short_history(fixture))
        return;
    write_many(fixture, 500);
    last = set(fixture, "a", "1");
    set(fixture, "b", "2");
    changes = watch(fixture, NULL, last);
    testutil_assert_changes(changes, "SET a=1; SET b=2");
    storage_watch_close(changes);
}

static void a_slow_watcher_is_compacted_for_good(TestutilFixture *fixture)
{
    const StorageChange *change = (const StorageChange *)fixture;
    StorageWatch *changes;

    if (!reopen_with_short_history(fixture))
        return;
    changes = watch(fixture, NULL, 0);
    write_many(fixture, 500);
    testutil_assert_status(STORAGE_COMPACTED, storage_watch_next(changes, &change, NULL));
    testutil_assert(change == NULL, "COMPACTED left a change");
    set(fixture, "a", "1");
    testutil_assert_status(STORAGE_COMPACTED, storage_watch_next(changes, &change, NULL));
    storage_watch_close(changes);
}

static void a_watcher_that_keeps_up_is_never_compacted(TestutilFixture *fixture)
{
    StorageWatch *changes;

    if (!reopen_with_short_history(fixture))
        return;
    changes = watch(fixture, NULL, 0);
    for (int i = 0; i < 200; i++) {
        set(fixture, "a", "1");
        testutil_assert_changes(changes, "SET a=1");
    }
    storage_watch_close(changes);
}

static void a_new_watch_works_after_a_compacted_one(TestutilFixture *fixture)
{
    const StorageChange *change;
    StorageWatch *slow, *changes;

    if (!reopen_with_short_history(fixture))
        return;
    slow = watch(fixture, NULL, 0);
    write_many(fixture, 500);
    testutil_assert_status(STORAGE_COMPACTED, storage_watch_next(slow, &change, NULL));
    changes = watch(fixture, NULL, 0);
    set(fixture, "a", "1");
    testutil_assert_changes(changes, "SET a=1");
    storage_watch_close(changes);
    storage_watch_close(slow);
}

static void thousands_of_changes_are_told_without_a_gap(TestutilFixture *fixture)
{
    enum { KEY_COUNT = 3000 };
    StorageWatch *changes = watch(fixture, NULL, 0);
    char key[TESTUTIL_KEY_BUFFER_SIZE];
    const StorageChange *change;
    uint64_t last = 0;

    write_many(fixture, KEY_COUNT);
    for (uint64_t i = 0; i < KEY_COUNT; i++) {
        testutil_assert_ok(storage_watch_next(changes, &change, NULL));
        testutil_assert_bytes(testutil_key(key, sizeof key, "key", i), change->key);
        testutil_assert(change->revision > last, "the revisions do not increase");
        last = change->revision;
    }
    testutil_assert_changes(changes, "");
    storage_watch_close(changes);
}

/* ---- waiting ---- */

static void a_deadline_that_has_passed_polls(TestutilFixture *fixture)
{
    StorageWatch *changes = watch(fixture, NULL, 0);
    const StorageChange *change;

    storage_context_set_deadline(fixture->ctx, 1);
    testutil_assert_status(STORAGE_TIMEOUT, storage_watch_next(changes, &change, fixture->ctx));
    set(fixture, "a", "1");
    testutil_assert_ok(storage_watch_next(changes, &change, fixture->ctx));
    testutil_assert_bytes(TEXT("a"), change->key);
    testutil_assert_status(STORAGE_TIMEOUT, storage_watch_next(changes, &change, fixture->ctx));
    storage_watch_close(changes);
}

static void a_timeout_leaves_the_watch_usable(TestutilFixture *fixture)
{
    StorageWatch *changes = watch(fixture, NULL, 0);

    for (int i = 0; i < 3; i++) {
        testutil_assert_changes(changes, "");
        set(fixture, "a", "1");
        testutil_assert_changes(changes, "SET a=1");
    }
    storage_watch_close(changes);
}

/* A thread that waits for one change without a deadline. */
typedef struct Waiter {
    StorageWatch *watch;
    StorageContext *ctx;
    StorageStatus status;
    char key;
} Waiter;

static void *wait_for_a_change(void *argument)
{
    Waiter *waiter = argument;
    const StorageChange *change;

    waiter->status = storage_watch_next(waiter->watch, &change, waiter->ctx);
    if (waiter->status == STORAGE_OK && change->key.size == 1)
        waiter->key = *(const char *)change->key.data;
    return NULL;
}

static void a_waiting_watcher_is_woken_by_a_commit(TestutilFixture *fixture)
{
    Waiter waiter = {.watch = watch(fixture, NULL, 0)};
    pthread_t thread;

    testutil_assert(pthread_create(&thread, NULL, wait_for_a_change, &waiter) == 0, "no thread");
    set(fixture, "a", "1");
    pthread_join(thread, NULL);
    testutil_assert_ok(waiter.status);
    testutil_assert(waiter.key == 'a', "the change is not that of the key");
    storage_watch_close(waiter.watch);
}

static void a_waiting_watcher_sleeps_through_what_it_does_not_watch(TestutilFixture *fixture)
{
    StorageRange range = storage_range_key(TEXT("b"));
    Waiter waiter = {.watch = watch(fixture, &range, 0)};
    pthread_t thread;

    testutil_assert(pthread_create(&thread, NULL, wait_for_a_change, &waiter) == 0, "no thread");
    for (int i = 0; i < 100; i++)
        set(fixture, "a", "1");
    set(fixture, "b", "2");
    pthread_join(thread, NULL);
    testutil_assert_ok(waiter.status);
    testutil_assert(waiter.key == 'b', "the change is not that of the key");
    storage_watch_close(waiter.watch);
}

static void a_waiting_watcher_is_cancelled_from_another_thread(TestutilFixture *fixture)
{
    Waiter waiter = {.watch = watch(fixture, NULL, 0), .ctx = fixture->ctx};
    pthread_t thread;

    testutil_assert(pthread_create(&thread, NULL, wait_for_a_change, &waiter) == 0, "no thread");
    storage_context_cancel(fixture->ctx);
    pthread_join(thread, NULL);
    testutil_assert_status(STORAGE_CANCELLED, waiter.status);
    storage_context_reset(fixture->ctx);
    set(fixture, "a", "1");
    testutil_assert_changes(waiter.watch, "SET a=1");
    storage_watch_close(waiter.watch);
}

static void a_deadline_that_comes_ends_the_wait(TestutilFixture *fixture)
{
    Waiter waiter = {.watch = watch(fixture, NULL, 0), .ctx = fixture->ctx};
    pthread_t thread;

    storage_context_set_deadline(fixture->ctx,
                                 testutil_clock_monotonic_ns(fixture->clock) + (uint64_t)TESTUTIL_SECOND_NS);
    testutil_assert(pthread_create(&thread, NULL, wait_for_a_change, &waiter) == 0, "no thread");
    testutil_clock_advance(fixture->clock, (uint64_t)TESTUTIL_SECOND_NS);
    pthread_join(thread, NULL);
    testutil_assert_status(STORAGE_TIMEOUT, waiter.status);
    set(fixture, "a", "1");
    testutil_assert_changes(waiter.watch, "SET a=1");
    storage_watch_close(waiter.watch);
}

static void many_waiting_watchers_are_all_woken(TestutilFixture *fixture)
{
    enum { WAITER_COUNT = 16 };
    Waiter waiters[WAITER_COUNT] = {0};
    pthread_t threads[WAITER_COUNT];

    for (size_t i = 0; i < WAITER_COUNT; i++) {
        waiters[i].watch = watch(fixture, NULL, 0);
        testutil_assert(pthread_create(&threads[i], NULL, wait_for_a_change, &waiters[i]) == 0, "no thread");
    }
    set(fixture, "a", "1");
    for (size_t i = 0; i < WAITER_COUNT; i++) {
        pthread_join(threads[i], NULL);
        testutil_assert_ok(waiters[i].status);
        storage_watch_close(waiters[i].watch);
    }
}

/* ---- the descriptor ---- */

static int is_readable(int descriptor)
{
    struct pollfd entry = {.fd = descriptor, .events = POLLIN};

    return poll(&entry, 1, 0) == 1 && (entry.revents & POLLIN) != 0;
}

static int descriptor_of(StorageWatch *changes)
{
    int descriptor = -1;

    testutil_assert_ok(storage_watch_fd(changes, &descriptor, NULL));
    testutil_assert(descriptor >= 0, "the descriptor is %d", descriptor);
    return descriptor;
}

static void the_descriptor_is_readable_when_there_is_a_change(TestutilFixture *fixture)
{
    StorageWatch *changes = watch(fixture, NULL, 0);
    int descriptor = descriptor_of(changes);

    testutil_assert_changes(changes, "");
    testutil_assert(!is_readable(descriptor), "the descriptor is readable before there is a change");
    set(fixture, "a", "1");
    testutil_assert(is_readable(descriptor), "the descriptor is not readable after a change");
    testutil_assert_changes(changes, "SET a=1");
    testutil_assert(!is_readable(descriptor), "the descriptor is readable after the last change was taken");
    set(fixture, "b", "2");
    testutil_assert(is_readable(descriptor), "the descriptor is not readable after another change");
    storage_watch_close(changes);
}

static void the_descriptor_is_readable_for_what_happened_before_it_was_asked_for(TestutilFixture *fixture)
{
    StorageWatch *changes = watch(fixture, NULL, 0);

    set(fixture, "a", "1");
    testutil_assert(is_readable(descriptor_of(changes)), "the descriptor is not readable after a change");
    storage_watch_close(changes);
}

static void the_descriptor_stays_readable_until_all_is_taken(TestutilFixture *fixture)
{
    StorageWatch *changes = watch(fixture, NULL, 0);
    int descriptor = descriptor_of(changes);
    const StorageChange *change;

    set(fixture, "a", "1");
    set(fixture, "b", "2");
    testutil_assert_ok(storage_watch_next(changes, &change, NULL));
    testutil_assert(is_readable(descriptor), "the descriptor is not readable though a change is left");
    testutil_assert_changes(changes, "SET b=2");
    storage_watch_close(changes);
}

static void commits_go_on_after_watches_with_descriptors_were_closed(TestutilFixture *fixture)
{
    StorageWatch *watches[4];
    int descriptor;

    for (size_t i = 0; i < 4; i++) {
        watches[i] = watch(fixture, NULL, 0);
        (void)descriptor_of(watches[i]);
    }
    set(fixture, "a", "1");
    storage_watch_close(watches[1]);
    set(fixture, "a", "2");
    storage_watch_close(watches[3]);
    set(fixture, "a", "3");
    storage_watch_close(watches[0]);
    set(fixture, "a", "4");
    descriptor = descriptor_of(watches[2]);
    testutil_assert(is_readable(descriptor), "the last descriptor is not readable");
    testutil_assert_changes(watches[2], "SET a=1; SET a=2; SET a=3; SET a=4");
    storage_watch_close(watches[2]);
    for (int i = 0; i < 50; i++)
        set(fixture, "a", "5");
    assert_value(fixture, "a", "5");
}

static void the_descriptor_is_one_and_close_on_exec(TestutilFixture *fixture)
{
    StorageWatch *changes = watch(fixture, NULL, 0);
    int descriptor = descriptor_of(changes);

    testutil_assert(descriptor == descriptor_of(changes), "a second call gives another descriptor");
    testutil_assert((fcntl(descriptor, F_GETFD) & FD_CLOEXEC) != 0, "the descriptor is not close-on-exec");
    storage_watch_close(changes);
    testutil_assert(fcntl(descriptor, F_GETFD) < 0, "the descriptor outlives its watch");
}

static const TestutilContractCase cases[] = {
    CASE(zero_starts_with_what_is_committed_after_the_call, WATCH, WRITES, NULL),
    CASE(the_revision_to_start_from_is_inclusive, WATCH, WRITES, NULL),
    CASE(the_past_and_the_future_join_without_a_gap, WATCH, WRITES, NULL),
    CASE(going_on_after_the_last_change_misses_none, WATCH, WRITES, NULL),
    CASE(a_past_with_a_range_tells_the_range_alone, WATCH, WRITES, NULL),
    CASE(the_past_keeps_values_that_were_overwritten, WATCH, WRITES, NULL),
    CASE(a_revision_to_come_is_waited_for, WATCH, WRITES, NULL),
    CASE(a_past_that_is_gone_is_compacted, WATCH, WRITES, NULL),
    CASE(a_past_that_is_retained_is_told, WATCH, WRITES, NULL),
    CASE(a_slow_watcher_is_compacted_for_good, WATCH, WRITES, NULL),
    CASE(a_watcher_that_keeps_up_is_never_compacted, WATCH, WRITES, NULL),
    CASE(a_new_watch_works_after_a_compacted_one, WATCH, WRITES, NULL),
    CASE(thousands_of_changes_are_told_without_a_gap, WATCH, WRITES, NULL),
    CASE(a_deadline_that_has_passed_polls, WATCH, WRITES, NULL),
    CASE(a_timeout_leaves_the_watch_usable, WATCH, WRITES, NULL),
    CASE(a_waiting_watcher_is_woken_by_a_commit, WATCH, WRITES, NULL),
    CASE(a_waiting_watcher_sleeps_through_what_it_does_not_watch, WATCH, WRITES, NULL),
    CASE(a_waiting_watcher_is_cancelled_from_another_thread, WATCH, WRITES, NULL),
    CASE(a_deadline_that_comes_ends_the_wait, WATCH, WRITES, NULL),
    CASE(many_waiting_watchers_are_all_woken, WATCH, WRITES, NULL),
    CASE(the_descriptor_is_readable_when_there_is_a_change, WATCH, WRITES, NULL),
    CASE(the_descriptor_is_readable_for_what_happened_before_it_was_asked_for, WATCH, WRITES, NULL),
    CASE(the_descriptor_stays_readable_until_all_is_taken, WATCH, WRITES, NULL),
    CASE(commits_go_on_after_watches_with_descriptors_were_closed, WATCH, WRITES, NULL),
    CASE(the_descriptor_is_one_and_close_on_exec, WATCH, 0, NULL),
};
const CaseTable testutil_cases_watch_history = CASE_TABLE(cases);
