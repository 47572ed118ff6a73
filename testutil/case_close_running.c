/*
 * case_close_running.c - closing while calls are in progress: they get the time that the close has, new calls are told
 * SHUTTING_DOWN, and the last call takes the stack down when the close could not wait for it.
 *
 * A call is held in progress by the clock: a call with a deadline must read the monotonic clock, and the clock of these
 * cases holds the first reading of one thread until the case lets it go.
 */
#include "case.h"

#include <pthread.h>
#include <sched.h>

#define CASE_GROUP "close running"

typedef struct Gate {
    StorageClock clock;
    StorageEnvironment environment;
    const StorageClock *time; /* what the clock really says */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int is_held, is_open;
    unsigned reading_count; /* of the thread that waits */
} Gate;

/* How often a waiting thread must have read the clock until it surely waits: the checks before the wait are fewer. */
enum { READINGS_OF_A_WAITER = 10 };

static _Thread_local int held_at_the_gate, counted_at_the_gate;

static int64_t gate_wall_ns(void *user_data)
{
    const Gate *gate = user_data;

    return gate->time->wall_ns(gate->time->user_data);
}

static uint64_t gate_monotonic_ns(void *user_data)
{
    Gate *gate = user_data;

    if (held_at_the_gate) {
        held_at_the_gate = 0;
        pthread_mutex_lock(&gate->mutex);
        gate->is_held = 1;
        pthread_cond_broadcast(&gate->changed);
        while (!gate->is_open)
            pthread_cond_wait(&gate->changed, &gate->mutex);
        pthread_mutex_unlock(&gate->mutex);
    }
    if (counted_at_the_gate) {
        pthread_mutex_lock(&gate->mutex);
        gate->reading_count++;
        pthread_cond_broadcast(&gate->changed);
        pthread_mutex_unlock(&gate->mutex);
    }
    return gate->time->monotonic_ns(gate->time->user_data);
}

/* Puts the fixture on a stack whose clock is the gate. */
static int gate_init(Gate *gate, TestutilFixture *fixture)
{
    const StorageEnvironment *environment = testutil_clock_environment(fixture->clock);
    TestutilStoreOptions options = {0};

    *gate = (Gate){.environment = *environment, .time = environment->clock};
    gate->clock = (StorageClock){.struct_size = sizeof gate->clock,
                                 .user_data = gate,
                                 .wall_ns = gate_wall_ns,
                                 .monotonic_ns = gate_monotonic_ns};
    gate->environment.clock = &gate->clock;
    pthread_mutex_init(&gate->mutex, NULL);
    pthread_cond_init(&gate->changed, NULL);
    options.environment = &gate->environment;
    return testutil_case_reopen(fixture, &options);
}

static void gate_wait_until_held(Gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    while (!gate->is_held)
        pthread_cond_wait(&gate->changed, &gate->mutex);
    pthread_mutex_unlock(&gate->mutex);
}

static void gate_open(Gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    gate->is_open = 1;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->mutex);
}

static void gate_done(Gate *gate)
{
    pthread_cond_destroy(&gate->changed);
    pthread_mutex_destroy(&gate->mutex);
}

/* A thread with one call, held in progress. */
typedef struct Caller {
    StorageBackend *backend;
    StorageContext *ctx;
    StorageStatus status;
    StorageValue value;
    pthread_t thread;
} Caller;

static void *get_held(void *argument)
{
    Caller *caller = argument;

    held_at_the_gate = 1;
    caller->status = storage_get(caller->backend, TEXT("a"), &caller->value, caller->ctx);
    return NULL;
}

static void *set_held(void *argument)
{
    Caller *caller = argument;

    held_at_the_gate = 1;
    caller->status = storage_set(caller->backend, TEXT("a"), TEXT("2"), NULL, caller->ctx);
    return NULL;
}

static void start_held(Caller *caller, TestutilFixture *fixture, Gate *gate, void *(*function)(void *))
{
    *caller = (Caller){.backend = fixture->backend, .ctx = storage_context_new()};
    testutil_assert(caller->ctx != NULL, "no memory for a context");
    storage_context_set_deadline(caller->ctx, UINT64_MAX);
    testutil_assert(pthread_create(&caller->thread, NULL, function, caller) == 0, "no thread");
    gate_wait_until_held(gate);
}

/* Lets the call go on and waits for its end. */
static void let_go(Caller *caller, Gate *gate)
{
    gate_open(gate);
    pthread_join(caller->thread, NULL);
    storage_context_free(caller->ctx);
}

/* A thread that closes the stack. */
typedef struct Closer {
    StorageBackend *backend;
    StorageStatus status;
    pthread_t thread;
} Closer;

static void *close_stack(void *argument)
{
    Closer *closer = argument;

    closer->status = storage_close(closer->backend, NULL);
    return NULL;
}

static void a_close_without_a_deadline_waits_for_the_call(TestutilFixture *fixture)
{
    Closer closer = {0};
    Caller caller;
    Gate gate;

    if (!gate_init(&gate, fixture))
        return;
    closer.backend = fixture->backend;
    start_held(&caller, fixture, &gate, get_held);
    testutil_assert(pthread_create(&closer.thread, NULL, close_stack, &closer) == 0, "no thread");
    let_go(&caller, &gate);
    pthread_join(closer.thread, NULL);
    fixture->backend = NULL;
    testutil_assert_ok(closer.status);
    testutil_assert(caller.status == STORAGE_OK || caller.status == STORAGE_SHUTTING_DOWN,
                    "the call in progress answers %s", storage_status_name(caller.status));
    storage_value_release(&caller.value);
    gate_done(&gate);
}

static void new_calls_are_refused_while_a_close_waits(TestutilFixture *fixture)
{
    Closer closer = {0};
    StorageStatus status;
    StorageValue value;
    Caller caller;
    Gate gate;

    if (!gate_init(&gate, fixture))
        return;
    closer.backend = fixture->backend;
    start_held(&caller, fixture, &gate, get_held);
    testutil_assert(pthread_create(&closer.thread, NULL, close_stack, &closer) == 0, "no thread");
    /* The handle lives as long as the held call keeps the close waiting. */
    while ((status = storage_get(fixture->backend, TEXT("a"), &value, NULL)) == STORAGE_OK) {
        storage_value_release(&value);
        sched_yield();
    }
    testutil_assert_status(STORAGE_SHUTTING_DOWN, status);
    testutil_assert_status(STORAGE_SHUTTING_DOWN, storage_sync(fixture->backend, NULL));
    fixture->backend = NULL;
    let_go(&caller, &gate);
    pthread_join(closer.thread, NULL);
    testutil_assert_ok(closer.status);
    storage_value_release(&caller.value);
    gate_done(&gate);
}

/* Closes with this context while a call is held. The handle is gone then; the call takes the stack down. */
static void close_on(TestutilFixture *fixture, StorageStatus expected)
{
    StorageBackend *backend = fixture->backend;

    fixture->backend = NULL;
    testutil_assert_status(expected, storage_close(backend, fixture->ctx));
}

static void a_close_at_its_deadline_leaves_the_rest_to_the_call(TestutilFixture *fixture)
{
    Caller caller;
    Gate gate;

    if (!gate_init(&gate, fixture))
        return;
    start_held(&caller, fixture, &gate, get_held);
    storage_context_set_deadline(fixture->ctx, 1);
    close_on(fixture, STORAGE_TIMEOUT);
    let_go(&caller, &gate);
    testutil_assert(caller.status == STORAGE_OK || caller.status == STORAGE_SHUTTING_DOWN,
                    "the call in progress answers %s", storage_status_name(caller.status));
    if (caller.status == STORAGE_OK)
        testutil_assert_bytes(TEXT("1"), storage_value_slice(&caller.value));
    storage_value_release(&caller.value);
    gate_done(&gate);
}

static void a_cancelled_close_leaves_the_rest_to_the_call(TestutilFixture *fixture)
{
    Caller caller;
    Gate gate;

    if (!gate_init(&gate, fixture))
        return;
    start_held(&caller, fixture, &gate, get_held);
    storage_context_cancel(fixture->ctx);
    close_on(fixture, STORAGE_CANCELLED);
    let_go(&caller, &gate);
    storage_value_release(&caller.value);
    gate_done(&gate);
}

static void a_write_in_progress_is_answered_after_a_close_at_its_deadline(TestutilFixture *fixture)
{
    Caller caller;
    Gate gate;

    if (!gate_init(&gate, fixture))
        return;
    start_held(&caller, fixture, &gate, set_held);
    storage_context_set_deadline(fixture->ctx, 1);
    close_on(fixture, STORAGE_TIMEOUT);
    let_go(&caller, &gate);
    testutil_assert(caller.status == STORAGE_OK || caller.status == STORAGE_SHUTTING_DOWN,
                    "the write in progress answers %s", storage_status_name(caller.status));
    gate_done(&gate);
}

static void handles_outlive_a_close_at_its_deadline(TestutilFixture *fixture)
{
    StorageCursor *cursor;
    const StorageEntry *entry;
    Caller caller;
    Gate gate;

    if (!gate_init(&gate, fixture))
        return;
    cursor = scan(fixture, NULL, NULL);
    start_held(&caller, fixture, &gate, get_held);
    storage_context_set_deadline(fixture->ctx, 1);
    close_on(fixture, STORAGE_TIMEOUT);
    testutil_assert_status(STORAGE_SHUTTING_DOWN, storage_cursor_next(cursor, &entry, NULL));
    let_go(&caller, &gate);
    testutil_assert_status(STORAGE_SHUTTING_DOWN, storage_cursor_next(cursor, &entry, NULL));
    storage_cursor_close(cursor);
    storage_value_release(&caller.value);
    gate_done(&gate);
}

static void a_handle_is_closed_while_a_call_is_left_after_the_close(TestutilFixture *fixture)
{
    StorageCursor *cursor;
    Caller caller;
    Gate gate;

    if (!gate_init(&gate, fixture))
        return;
    cursor = scan(fixture, NULL, NULL);
    testutil_assert_next_row(cursor, "a=1");
    start_held(&caller, fixture, &gate, get_held);
    storage_context_set_deadline(fixture->ctx, 1);
    close_on(fixture, STORAGE_TIMEOUT);
    storage_cursor_close(cursor);
    let_go(&caller, &gate);
    storage_value_release(&caller.value);
    gate_done(&gate);
}

/* ---- a watcher that surely waits ---- */

/*
 * A wait with a deadline looks at an injected clock again and again; a thread that has looked so often is inside.
 */
typedef struct Waiter {
    StorageWatch *watch;
    StorageContext *ctx;
    StorageStatus status;
    pthread_t thread;
} Waiter;

static void *wait_counted(void *argument)
{
    Waiter *waiter = argument;
    const StorageChange *change;

    counted_at_the_gate = 1;
    waiter->status = storage_watch_next(waiter->watch, &change, waiter->ctx);
    return NULL;
}

static void start_waiting(Waiter *waiter, TestutilFixture *fixture, Gate *gate)
{
    *waiter = (Waiter){.watch = watch(fixture, NULL, 0), .ctx = storage_context_new()};
    testutil_assert(waiter->ctx != NULL, "no memory for a context");
    storage_context_set_deadline(waiter->ctx, UINT64_MAX);
    testutil_assert(pthread_create(&waiter->thread, NULL, wait_counted, waiter) == 0, "no thread");
    pthread_mutex_lock(&gate->mutex);
    while (gate->reading_count < READINGS_OF_A_WAITER)
        pthread_cond_wait(&gate->changed, &gate->mutex);
    pthread_mutex_unlock(&gate->mutex);
}

static void end_waiting(Waiter *waiter, Gate *gate, StorageStatus expected)
{
    pthread_join(waiter->thread, NULL);
    testutil_assert_status(expected, waiter->status);
    storage_watch_close(waiter->watch);
    storage_context_free(waiter->ctx);
    gate_done(gate);
}

static void a_watcher_inside_its_wait_is_told_of_the_close(TestutilFixture *fixture)
{
    Waiter waiter;
    Gate gate;

    if (!gate_init(&gate, fixture))
        return;
    start_waiting(&waiter, fixture, &gate);
    testutil_case_close(fixture);
    end_waiting(&waiter, &gate, STORAGE_SHUTTING_DOWN);
}

static void a_watcher_inside_its_wait_is_cancelled(TestutilFixture *fixture)
{
    Waiter waiter;
    Gate gate;

    if (!gate_init(&gate, fixture))
        return;
    start_waiting(&waiter, fixture, &gate);
    storage_context_cancel(waiter.ctx);
    end_waiting(&waiter, &gate, STORAGE_CANCELLED);
    testutil_case_close(fixture);
}

static void a_watcher_inside_its_wait_is_told_of_a_commit(TestutilFixture *fixture)
{
    Waiter waiter;
    Gate gate;

    if (!gate_init(&gate, fixture))
        return;
    start_waiting(&waiter, fixture, &gate);
    set(fixture, "a", "2");
    end_waiting(&waiter, &gate, STORAGE_OK);
    testutil_case_close(fixture);
}

static const TestutilContractCase cases[] = {
    CASE(a_close_without_a_deadline_waits_for_the_call, 0, 0, "a=1"),
    CASE(new_calls_are_refused_while_a_close_waits, 0, 0, "a=1"),
    CASE(a_close_at_its_deadline_leaves_the_rest_to_the_call, 0, 0, "a=1"),
    CASE(a_cancelled_close_leaves_the_rest_to_the_call, 0, 0, "a=1"),
    CASE(a_write_in_progress_is_answered_after_a_close_at_its_deadline, 0, WRITES, "a=1"),
    CASE(handles_outlive_a_close_at_its_deadline, 0, 0, "a=1"),
    CASE(a_handle_is_closed_while_a_call_is_left_after_the_close, 0, 0, "a=1"),
    CASE(a_watcher_inside_its_wait_is_told_of_the_close, WATCH, 0, NULL),
    CASE(a_watcher_inside_its_wait_is_cancelled, WATCH, 0, NULL),
    CASE(a_watcher_inside_its_wait_is_told_of_a_commit, WATCH, WRITES, "a=1"),
};
const CaseTable testutil_cases_close_running = CASE_TABLE(cases);
