/*
 * case_close.c - closing a stack with everything open: handles answer SHUTTING_DOWN, transactions abort, values stay
 * readable, and neither thread nor descriptor stays behind.
 */
#include "case_call.h"

#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>

#define CASE_GROUP "close"

static void shutting_down_is_answered(TestutilFixture *fixture, const char *name)
{
    const Call *call = testutil_call_named(name);
    CallHandles handles;

    testutil_call_handles_open(fixture->backend, &handles);
    testutil_case_close(fixture);
    testutil_check_status(__FILE__, __LINE__, name, STORAGE_SHUTTING_DOWN, call->function(&handles, fixture->ctx));
    testutil_check_status(__FILE__, __LINE__, name, STORAGE_SHUTTING_DOWN, call->function(&handles, NULL));
    testutil_call_handles_close(&handles);
}

/* Calls on handles of the stack; the backend's own handle is gone after the close. */
#define HANDLE_CALLS(X)                                               \
    X(cursor_next, 0, 0)                                              \
    X(cursor_seek, 0, 0)                                              \
    X(transaction_get, TRANSACTIONS, 0)                               \
    X(transaction_multi_get, TRANSACTIONS, 0)                         \
    X(transaction_scan, TRANSACTIONS, 0)                              \
    X(transaction_set, TRANSACTIONS, WRITES)                          \
    X(transaction_touch, TRANSACTIONS | EXPIRY, WRITES)               \
    X(transaction_delete, TRANSACTIONS, WRITES)                       \
    X(transaction_compare_and_set, TRANSACTIONS | COMPARE, WRITES)    \
    X(transaction_compare_and_delete, TRANSACTIONS | COMPARE, WRITES) \
    X(transaction_clear_range, TRANSACTIONS | CLEAR_RANGE, WRITES)    \
    X(transaction_savepoint, SAVEPOINTS, 0)                           \
    X(transaction_rollback_to, SAVEPOINTS, 0)                         \
    X(transaction_drop_savepoint, SAVEPOINTS, 0)                      \
    X(transaction_commit, TRANSACTIONS, 0)                            \
    X(transaction_cursor_next, TRANSACTIONS, 0)                       \
    X(transaction_cursor_seek, TRANSACTIONS, 0)                       \
    X(watch_next, WATCH, 0)                                           \
    X(watch_fd, WATCH, 0)
#define CLOSED_CASE(name, capabilities, needs)                   \
    static void name##_after_the_close(TestutilFixture *fixture) \
    {                                                            \
        shutting_down_is_answered(fixture, #name);               \
    }
HANDLE_CALLS(CLOSED_CASE)

static void closing_nothing_is_done(TestutilFixture *fixture)
{
    testutil_assert_ok(storage_close(NULL, fixture->ctx));
    testutil_assert_ok(storage_close(NULL, NULL));
}

static void an_empty_store_closes(TestutilFixture *fixture)
{
    testutil_case_close(fixture);
}

static void a_full_store_closes(TestutilFixture *fixture)
{
    char key[TESTUTIL_KEY_BUFFER_SIZE];

    for (uint64_t i = 0; i < 1000; i++) {
        testutil_assert_ok(
            storage_set(fixture->backend, testutil_key(key, sizeof key, "key", i), TEXT("1"), NULL, NULL));
        if (i % 2 == 0)
            testutil_assert_ok(storage_delete(fixture->backend, testutil_key(key, sizeof key, "key", i / 2), NULL));
    }
    testutil_case_close(fixture);
}

static void a_value_stays_readable_after_the_close(TestutilFixture *fixture)
{
    StorageValue value;

    testutil_assert_ok(storage_get(fixture->backend, TEXT("a"), &value, NULL));
    testutil_case_close(fixture);
    testutil_assert_bytes(TEXT("1"), storage_value_slice(&value));
    storage_value_release(&value);
}

static void many_values_stay_readable_after_the_close(TestutilFixture *fixture)
{
    enum { VALUE_COUNT = 300 };
    StorageValue *values = calloc(VALUE_COUNT, sizeof *values);
    char key[TESTUTIL_KEY_BUFFER_SIZE];

    testutil_assert(values != NULL, "no memory for values");
    for (uint64_t i = 0; i < VALUE_COUNT; i++) {
        StorageSlice name = testutil_key(key, sizeof key, "key", i);

        testutil_assert_ok(storage_set(fixture->backend, name, name, NULL, NULL));
        testutil_assert_ok(storage_get(fixture->backend, name, &values[i], NULL));
        if (i % 3 == 0)
            testutil_assert_ok(storage_delete(fixture->backend, name, NULL));
    }
    testutil_case_close(fixture);
    for (uint64_t i = 0; i < VALUE_COUNT; i++) {
        testutil_assert_bytes(testutil_key(key, sizeof key, "key", i), storage_value_slice(&values[i]));
        storage_value_release(&values[i]);
    }
    free(values);
}

static void a_value_of_a_transaction_stays_readable_after_the_close(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    StorageValue own, committed;

    transaction_set(txn, "own", "2");
    testutil_assert_ok(storage_transaction_get(txn, TEXT("own"), &own, NULL));
    testutil_assert_ok(storage_transaction_get(txn, TEXT("a"), &committed, NULL));
    testutil_case_close(fixture);
    storage_transaction_close(txn);
    testutil_assert_bytes(TEXT("2"), storage_value_slice(&own));
    testutil_assert_bytes(TEXT("1"), storage_value_slice(&committed));
    storage_value_release(&own);
    storage_value_release(&committed);
}

static void handles_are_closed_in_any_order_after_the_close(TestutilFixture *fixture)
{
    CallHandles handles;

    testutil_call_handles_open(fixture->backend, &handles);
    testutil_case_close(fixture);
    storage_watch_close(handles.watch);
    storage_transaction_close(handles.txn);
    storage_cursor_close(handles.transaction_cursor);
    storage_cursor_close(handles.cursor);
}

static void handles_closed_before_are_not_missed(TestutilFixture *fixture)
{
    CallHandles handles;

    testutil_call_handles_open(fixture->backend, &handles);
    testutil_call_handles_close(&handles);
    testutil_case_close(fixture);
}

static void many_cursors_are_left_open(TestutilFixture *fixture)
{
    enum { CURSOR_COUNT = 100 };
    StorageCursor *cursors[CURSOR_COUNT];
    const StorageEntry *entry;

    for (size_t i = 0; i < CURSOR_COUNT; i++) {
        cursors[i] = scan(fixture, NULL, NULL);
        testutil_assert_next_row(cursors[i], "a=1");
    }
    testutil_case_close(fixture);
    for (size_t i = 0; i < CURSOR_COUNT; i++) {
        testutil_assert_status(STORAGE_SHUTTING_DOWN, storage_cursor_next(cursors[i], &entry, NULL));
        storage_cursor_close(cursors[i]);
    }
}

static void a_committed_transaction_is_closed_after_the_close(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    transaction_set(txn, "a", "2");
    testutil_assert_ok(storage_transaction_commit(txn, NULL, NULL));
    testutil_case_close(fixture);
    storage_transaction_close(txn);
}

static void a_deadline_without_running_calls_is_no_timeout(TestutilFixture *fixture)
{
    StorageBackend *backend = fixture->backend;

    fixture->backend = NULL;
    storage_context_set_deadline(fixture->ctx, 1);
    testutil_assert_ok(storage_close(backend, fixture->ctx));
}

static void only_the_top_of_a_stack_closes_it(TestutilFixture *fixture)
{
    if (fixture->backend->inner == NULL) {
        testutil_case_skip(fixture, "the stack is one backend without layers");
        return;
    }
    testutil_assert_status(STORAGE_INVALID_ARGUMENT, storage_close(fixture->backend->inner, fixture->ctx));
    assert_store(fixture, "a=1");
}

/* ---- waiting watchers ---- */

typedef struct Waiter {
    StorageWatch *watch;
    StorageStatus status;
} Waiter;

static void *wait_for_ever(void *argument)
{
    Waiter *waiter = argument;
    const StorageChange *change;

    waiter->status = storage_watch_next(waiter->watch, &change, NULL);
    return NULL;
}

static void closing_wakes_a_waiting_watcher(TestutilFixture *fixture)
{
    Waiter waiter = {.watch = watch(fixture, NULL, 0)};
    pthread_t thread;

    testutil_assert(pthread_create(&thread, NULL, wait_for_ever, &waiter) == 0, "no thread");
    testutil_case_close(fixture);
    pthread_join(thread, NULL);
    testutil_assert_status(STORAGE_SHUTTING_DOWN, waiter.status);
    storage_watch_close(waiter.watch);
}

static void closing_wakes_many_waiting_watchers(TestutilFixture *fixture)
{
    enum { WAITER_COUNT = 12 };
    Waiter waiters[WAITER_COUNT] = {0};
    pthread_t threads[WAITER_COUNT];

    for (size_t i = 0; i < WAITER_COUNT; i++) {
        waiters[i].watch = watch(fixture, NULL, 0);
        testutil_assert(pthread_create(&threads[i], NULL, wait_for_ever, &waiters[i]) == 0, "no thread");
    }
    testutil_case_close(fixture);
    for (size_t i = 0; i < WAITER_COUNT; i++) {
        pthread_join(threads[i], NULL);
        testutil_assert_status(STORAGE_SHUTTING_DOWN, waiters[i].status);
        storage_watch_close(waiters[i].watch);
    }
}

static void a_polled_descriptor_is_readable_after_the_close(TestutilFixture *fixture)
{
    StorageWatch *changes = watch(fixture, NULL, 0);
    struct pollfd entry = {.events = POLLIN};

    testutil_assert_ok(storage_watch_fd(changes, &entry.fd, NULL));
    testutil_case_close(fixture);
    testutil_assert(poll(&entry, 1, 0) == 1 && (entry.revents & POLLIN) != 0,
                    "nobody who polls is told that the stack was closed");
    storage_watch_close(changes);
}

/* ---- calls in flight ---- */

typedef struct Runner {
    StorageCursor *cursor;
    StorageStatus status;
} Runner;

static void *scan_for_ever(void *argument)
{
    Runner *runner = argument;
    const StorageEntry *entry;

    do {
        runner->status = storage_cursor_next(runner->cursor, &entry, NULL);
        if (runner->status == STORAGE_END)
            runner->status = storage_cursor_seek(runner->cursor, TEXT(""), NULL);
    } while (runner->status == STORAGE_OK);
    return NULL;
}

static void readers_that_run_get_shutting_down(TestutilFixture *fixture)
{
    enum { RUNNER_COUNT = 3 };
    Runner runners[RUNNER_COUNT] = {0};
    pthread_t threads[RUNNER_COUNT];

    for (size_t i = 0; i < RUNNER_COUNT; i++) {
        runners[i].cursor = scan(fixture, NULL, NULL);
        testutil_assert(pthread_create(&threads[i], NULL, scan_for_ever, &runners[i]) == 0, "no thread");
    }
    testutil_case_close(fixture);
    for (size_t i = 0; i < RUNNER_COUNT; i++) {
        pthread_join(threads[i], NULL);
        testutil_assert_status(STORAGE_SHUTTING_DOWN, runners[i].status);
        storage_cursor_close(runners[i].cursor);
    }
}

/* ---- nothing stays behind ---- */

static size_t count_entries(const char *path)
{
    DIR *directory = opendir(path);
    size_t count = 0;

    if (directory == NULL)
        return 0;
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count;
}

static void no_descriptor_or_thread_stays_behind(TestutilFixture *fixture)
{
    TestutilStoreOptions options = {0};
    size_t descriptors, threads;

    testutil_case_close(fixture);
    descriptors = count_entries("/proc/self/fd");
    threads = count_entries("/proc/self/task");
    for (int i = 0; i < 5; i++) {
        StorageBackend *backend;
        CallHandles handles;
        int descriptor;

        options.environment = testutil_clock_environment(fixture->clock);
        testutil_assert_ok(testutil_factory_open(fixture->factory, &options, &backend, NULL));
        testutil_call_handles_open(backend, &handles);
        if (handles.watch != NULL)
            testutil_assert_ok(storage_watch_fd(handles.watch, &descriptor, NULL));
        testutil_assert_ok(storage_close(backend, NULL));
        testutil_call_handles_close(&handles);
    }
    testutil_assert_number(descriptors, count_entries("/proc/self/fd"));
    testutil_assert_number(threads, count_entries("/proc/self/task"));
}

#define CLOSED_ENTRY(name, capabilities, needs) CASE(name##_after_the_close, capabilities, needs, "a=1 b=2"),

static const TestutilContractCase cases[] = {
    HANDLE_CALLS(CLOSED_ENTRY) CASE(closing_nothing_is_done, 0, 0, NULL),
    CASE(an_empty_store_closes, 0, 0, NULL),
    CASE(a_full_store_closes, 0, WRITES, NULL),
    CASE(a_value_stays_readable_after_the_close, 0, 0, "a=1"),
    CASE(many_values_stay_readable_after_the_close, 0, WRITES, NULL),
    CASE(a_value_of_a_transaction_stays_readable_after_the_close, TRANSACTIONS, WRITES, "a=1"),
    CASE(handles_are_closed_in_any_order_after_the_close, 0, 0, "a=1"),
    CASE(handles_closed_before_are_not_missed, 0, 0, "a=1"),
    CASE(many_cursors_are_left_open, 0, 0, "a=1 b=2"),
    CASE(a_committed_transaction_is_closed_after_the_close, TRANSACTIONS, WRITES, "a=1"),
    CASE(a_deadline_without_running_calls_is_no_timeout, 0, 0, NULL),
    CASE(only_the_top_of_a_stack_closes_it, 0, 0, "a=1"),
    CASE(closing_wakes_a_waiting_watcher, WATCH, 0, NULL),
    CASE(closing_wakes_many_waiting_watchers, WATCH, 0, NULL),
    CASE(a_polled_descriptor_is_readable_after_the_close, WATCH, 0, NULL),
    CASE(readers_that_run_get_shutting_down, 0, 0, "a=1 b=2 c=3"),
    CASE(no_descriptor_or_thread_stays_behind, 0, 0, NULL),
};
const CaseTable testutil_cases_close = CASE_TABLE(cases);
