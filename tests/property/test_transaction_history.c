/*
 * test_transaction_history.c - transactions of many threads, of every isolation, mixed with plain atomic writes; all of
 * it replayed in revision order on the model. Then histories in which one thing is wrong, and layers with planted bugs.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "planted.h"
#include "property.h"
#include "storage_testutil/history.h"

enum { THREAD_COUNT = 4, KEY_COUNT = 6, TRANSACTION_COUNT = 120, HISTORY_COUNT = 60 };
/* Fewer changes than a store retains for a watch: a follower that gets no time must not fall behind. */
enum { NOISE_COUNT_MAX = 15000 };

#define S(text) ((StorageSlice){text, sizeof(text) - 1})

typedef struct Worker {
    pthread_t thread;
    TestutilTransactionHistory *history;
    StorageBackend *backend;
    pthread_barrier_t *start;
    size_t thread_no;
    TestutilRandom random;
    uint32_t write_count, refused_count;
} Worker;

static uint64_t pick(Worker *self, uint64_t bound)
{
    return testutil_random_below(&self->random, bound);
}

static StorageSlice pick_key(Worker *self)
{
    static const char *const keys[KEY_COUNT] = {"a", "b", "c", "d", "e", "f"};

    return storage_string(keys[pick(self, KEY_COUNT)]);
}

static StorageRange pick_range(Worker *self)
{
    return storage_range_half_open(pick_key(self), pick_key(self));
}

/* A write of a random kind; values say who wrote them. */
static StorageOperation pick_operation(Worker *self, char *buffer, size_t buffer_size, StorageSlice expected)
{
    StorageOperation operation = {.key = pick_key(self)};

    operation.value = testutil_tagged_value(buffer, buffer_size, (uint32_t)self->thread_no, self->write_count++);
    switch (pick(self, 10)) {
    case 0:
        operation.kind = STORAGE_OPERATION_DELETE;
        break;
    case 1:
        operation.kind = STORAGE_OPERATION_CLEAR_RANGE;
        operation.range = pick_range(self);
        break;
    case 2:
    case 3:
        operation.kind = STORAGE_OPERATION_COMPARE_AND_SET;
        operation.expected = pick(self, 2) ? storage_expect_absent() : storage_expect_value(expected);
        break;
    default:
        operation.kind = STORAGE_OPERATION_SET;
        break;
    }
    return operation;
}

static void run_transaction(Worker *self)
{
    static const uint32_t isolations[] = {STORAGE_ISOLATION_SNAPSHOT, STORAGE_ISOLATION_SNAPSHOT,
                                          STORAGE_ISOLATION_SERIALIZABLE, STORAGE_ISOLATION_READ_COMMITTED};
    char buffer[64], expected[64];
    StorageSlice read = {0};
    TestutilRecordedTransaction *txn =
        testutil_recorded_begin(self->history, self->thread_no, self->backend, isolations[pick(self, 4)]);

    for (uint64_t i = 0, count = 1 + pick(self, 5); txn != NULL && i < count; i++) {
        uint64_t choice = pick(self, 8);
        /* Few processors would run short transactions one after the other. */
        if (pick(self, 2) == 0)
            (void)sched_yield();
        if (choice < 3) {
            if (testutil_recorded_get(txn, pick_key(self)) == STORAGE_OK) {
                read = testutil_recorded_value(txn);
                memcpy(expected, read.data, read.size);
                read.data = expected;
            }
        } else if (choice == 3) {
            StorageRange range = pick_range(self);
            (void)testutil_recorded_scan(txn, &range);
        } else {
            StorageOperation operation = pick_operation(self, buffer, sizeof(buffer), read);
            (void)testutil_recorded_write(txn, &operation);
        }
    }
    if (txn != NULL && pick(self, 8) == 0)
        testutil_recorded_abort(txn);
    else if (txn != NULL)
        self->refused_count += testutil_recorded_commit(txn) != STORAGE_OK;
}

static void run_write(Worker *self)
{
    char buffers[3][64];
    StorageOperation operations[3];

    for (size_t i = 0; i < 3; i++)
        operations[i] = pick_operation(self, buffers[i], sizeof(buffers[i]), S(""));
    (void)testutil_recorded_atomic_write(self->history, self->thread_no, self->backend, operations, 3);
}

static void *work(void *argument)
{
    Worker *self = argument;

    (void)pthread_barrier_wait(self->start);
    for (size_t i = 0; i < TRANSACTION_COUNT; i++) {
        if (pick(self, 4) == 0)
            run_write(self);
        else
            run_transaction(self);
    }
    return NULL;
}

/* Follows all changes while the writers run, and to the end. */
typedef struct Watcher {
    pthread_t thread;
    StorageWatch *watch;
    atomic_int have_writers_ended;
    StorageStatus status; /* of the last call */
    TestutilText changes;
} Watcher;

static void *follow(void *argument)
{
    Watcher *self = argument;
    StorageContext *ctx = storage_context_new();
    const StorageChange *change;
    int is_last_round = 0;

    storage_context_set_deadline(ctx, 1); /* in the past: polls */
    do {
        is_last_round = atomic_load(&self->have_writers_ended);
        while ((self->status = storage_watch_next(self->watch, &change, ctx)) == STORAGE_OK)
            testutil_history_add_change(&self->changes, change);
        (void)sched_yield();
    } while (self->status == STORAGE_TIMEOUT && !is_last_round);
    storage_context_free(ctx);
    return NULL;
}

static void start_watcher(Watcher *self, StorageBackend *backend)
{
    StorageRange range = storage_range_half_open(S("a"), S("g"));

    *self = (Watcher){0};
    testutil_assert_ok(storage_watch(backend, &range, 0, &self->watch, NULL));
    ck_assert_int_eq(pthread_create(&self->thread, NULL, follow, self), 0);
}

static TestutilVerdict end_watcher(Watcher *self, const TestutilTransactionHistory *history, TestutilText *reason)
{
    atomic_store(&self->have_writers_ended, 1);
    ck_assert_int_eq(pthread_join(self->thread, NULL), 0);
    testutil_assert_status(STORAGE_TIMEOUT, self->status);
    storage_watch_close(self->watch);
    TestutilVerdict verdict =
        testutil_transaction_history_check_changes(history, testutil_text(&self->changes), reason);
    testutil_text_done(&self->changes);
    return verdict;
}

/* Writes keys that nobody reads, lets them expire, sweeps and clears: work that must not touch what is recorded. */
typedef struct Noise {
    pthread_t thread;
    StorageBackend *backend;
    TestutilClock *clock;
    atomic_int have_writers_ended;
    int failure_count;
} Noise;

static void *make_noise(void *argument)
{
    Noise *self = argument;
    StorageRange range = storage_range_prefix(S("noise"));
    StorageSetOptions options = STORAGE_SET_OPTIONS_INIT;
    char buffer[TESTUTIL_KEY_BUFFER_SIZE];

    for (uint64_t i = 0; i < NOISE_COUNT_MAX && !atomic_load(&self->have_writers_ended); i++) {
        StorageSlice key = testutil_key(buffer, sizeof(buffer), "noise", i % 100);
        options.expiry = storage_expiry_after((int64_t)(i % 7));
        self->failure_count += storage_set(self->backend, key, S("1"), &options, NULL) != STORAGE_OK;
        testutil_clock_advance(self->clock, 1);
        if (i % 16 == 0)
            self->failure_count += storage_sweep(self->backend, NULL, NULL) != STORAGE_OK;
        if (i % 64 == 0)
            self->failure_count += storage_clear_range(self->backend, &range, NULL) != STORAGE_OK;
        (void)sched_yield();
    }
    self->failure_count += storage_clear_range(self->backend, &range, NULL) != STORAGE_OK;
    return NULL;
}

static void start_noise(Noise *self, StorageBackend *backend, TestutilClock *clock)
{
    *self = (Noise){.backend = backend, .clock = clock};
    ck_assert_int_eq(pthread_create(&self->thread, NULL, make_noise, self), 0);
}

static void end_noise(Noise *self)
{
    atomic_store(&self->have_writers_ended, 1);
    ck_assert_int_eq(pthread_join(self->thread, NULL), 0);
    ck_assert_int_eq(self->failure_count, 0);
}

/* What a history came to. */
typedef struct Outcome {
    size_t commit_count, refused_count;
} Outcome;

static TestutilVerdict run_history(const TestutilFactory *factory, uint64_t seed, TestutilText *reason,
                                   Outcome *outcome)
{
    Worker workers[THREAD_COUNT];
    Watcher watcher;
    Noise noise;
    pthread_barrier_t start;
    StorageBackend *backend;
    TestutilClock *clock = testutil_clock_new(seed);
    /* A watcher that gets no processor for a while is not to fall behind: it has to see everything. */
    TestutilStoreOptions options = {.environment = testutil_clock_environment(clock), .watch_history_count = 1 << 20};
    TestutilTransactionHistory *history = testutil_transaction_history_new(THREAD_COUNT);

    testutil_assert_ok(testutil_factory_open(factory, &options, &backend, NULL));
    start_watcher(&watcher, backend);
    start_noise(&noise, backend, clock);
    ck_assert_int_eq(pthread_barrier_init(&start, NULL, THREAD_COUNT), 0);
    for (size_t i = 0; i < THREAD_COUNT; i++) {
        workers[i] = (Worker){.history = history,
                              .backend = backend,
                              .start = &start,
                              .thread_no = i,
                              .random = testutil_random_seeded(seed * THREAD_COUNT + i)};
        ck_assert_int_eq(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (size_t i = 0; i < THREAD_COUNT; i++) {
        ck_assert_int_eq(pthread_join(workers[i].thread, NULL), 0);
        outcome->refused_count += workers[i].refused_count;
    }
    (void)pthread_barrier_destroy(&start);
    outcome->commit_count += testutil_transaction_history_commit_count(history);
    end_noise(&noise);
    TestutilVerdict verdict = end_watcher(&watcher, history, reason);
    if (verdict == TESTUTIL_HISTORY_CORRECT)
        verdict = testutil_transaction_history_check(history, backend, reason);
    testutil_assert_ok(storage_close(backend, NULL));
    testutil_clock_free(clock);
    testutil_transaction_history_free(history);
    return verdict;
}

static const char *const stacks[] = {"memory", "ledger", "ledger_lazy", "pass_through/memory"};

START_TEST(concurrent_transactions_are_explained_by_their_revisions)
{
    TestutilRegistry *registry = testutil_registry_new();
    TestutilFactory factory = {registry, stacks[_i]};
    uint64_t seed = testutil_seed(factory.stack, testutil_seed_fresh());
    Outcome outcome = {0};

    for (size_t i = 0; i < property_scaled(HISTORY_COUNT); i++) {
        TestutilText reason = {0};
        TestutilVerdict verdict = run_history(&factory, seed + i, &reason, &outcome);
        ck_assert_msg(verdict == TESTUTIL_HISTORY_CORRECT, "history %zu: %s", i, testutil_text(&reason));
        testutil_text_done(&reason);
    }
    printf("%s: %zu commits, %zu transactions refused\n", factory.stack, outcome.commit_count, outcome.refused_count);
    ck_assert_uint_gt(outcome.commit_count, TRANSACTION_COUNT);
    testutil_registry_free(registry);
}
END_TEST

/* ---- planted bugs ---- */

static const char *const wrong_stacks[] = {"tears_writes/memory", "live_transactions/memory", "lost_updates/memory",
                                           "weak_serializable/memory"};

START_TEST(a_planted_bug_is_caught_under_threads)
{
    TestutilRegistry *registry = testutil_registry_new();
    TestutilFactory factory = {registry, wrong_stacks[_i]};
    TestutilVerdict verdict = TESTUTIL_HISTORY_CORRECT;
    Outcome outcome = {0};

    planted_register(registry);
    for (uint64_t seed = 1; seed <= 40 && verdict == TESTUTIL_HISTORY_CORRECT; seed++) {
        TestutilText reason = {0};
        verdict = run_history(&factory, seed, &reason, &outcome);
        if (verdict != TESTUTIL_HISTORY_CORRECT)
            printf("%s: %s\n", factory.stack, testutil_text(&reason));
        testutil_text_done(&reason);
    }
    ck_assert_int_eq(verdict, TESTUTIL_HISTORY_WRONG);
    testutil_registry_free(registry);
}
END_TEST

/* ---- one thread, by hand: each rule of the checker by itself ---- */

static TestutilRegistry *registry;
static TestutilTransactionHistory *history;
static StorageBackend *backend;

static void setup(void)
{
    registry = testutil_registry_new();
    planted_register(registry);
    history = testutil_transaction_history_new(1);
}

static void open_stack(const char *stack)
{
    TestutilFactory factory = {registry, stack};

    testutil_assert_ok(testutil_factory_open(&factory, NULL, &backend, NULL));
}

static void teardown(void)
{
    testutil_transaction_history_free(history);
    testutil_assert_ok(storage_close(backend, NULL));
    backend = NULL;
    testutil_registry_free(registry);
}

static TestutilRecordedTransaction *begin(uint32_t isolation)
{
    return testutil_recorded_begin(history, 0, backend, isolation);
}

static void set(TestutilRecordedTransaction *txn, StorageSlice key, StorageSlice value)
{
    StorageOperation operation = {.kind = STORAGE_OPERATION_SET, .key = key, .value = value};

    testutil_assert_ok(testutil_recorded_write(txn, &operation));
}

static void expect_verdict(TestutilVerdict expected, const char *part_of_reason)
{
    TestutilText reason = {0};
    TestutilVerdict verdict = testutil_transaction_history_check(history, backend, &reason);

    ck_assert_msg(verdict == expected, "verdict %d: %s", verdict, testutil_text(&reason));
    ck_assert_msg(strstr(testutil_text(&reason), part_of_reason) != NULL, "%s", testutil_text(&reason));
    testutil_text_done(&reason);
}

START_TEST(interleaved_transactions_that_keep_the_rules_are_correct)
{
    open_stack("memory");
    TestutilRecordedTransaction *first = begin(STORAGE_ISOLATION_SNAPSHOT);
    TestutilRecordedTransaction *second = begin(STORAGE_ISOLATION_SERIALIZABLE);
    StorageRange all = {0};
    set(first, S("a"), S("1"));
    ck_assert_int_eq(testutil_recorded_get(first, S("a")), STORAGE_OK);
    ck_assert_int_eq(testutil_recorded_get(second, S("b")), STORAGE_NOT_FOUND);
    testutil_assert_ok(testutil_recorded_scan(first, &all));
    testutil_assert_ok(testutil_recorded_commit(first));
    set(second, S("c"), S("2"));
    testutil_assert_ok(testutil_recorded_commit(second));
    ck_assert_uint_eq(testutil_transaction_history_commit_count(history), 2);
    expect_verdict(TESTUTIL_HISTORY_CORRECT, "");
}
END_TEST

START_TEST(a_read_that_is_not_of_the_snapshot_is_found)
{
    StorageOperation operation = {.kind = STORAGE_OPERATION_SET, .key = S("a"), .value = S("1")};

    open_stack("live_transactions/memory");
    testutil_assert_ok(testutil_recorded_atomic_write(history, 0, backend, &operation, 1));
    TestutilRecordedTransaction *reader = begin(STORAGE_ISOLATION_SNAPSHOT);
    operation.value = S("2");
    testutil_assert_ok(testutil_recorded_atomic_write(history, 0, backend, &operation, 1));
    testutil_assert_ok(testutil_recorded_get(reader, S("a")));
    testutil_assert_bytes(S("2"), testutil_recorded_value(reader));
    testutil_recorded_abort(reader);
    expect_verdict(TESTUTIL_HISTORY_WRONG, "no state between");
}
END_TEST

START_TEST(a_lost_update_is_found)
{
    open_stack("lost_updates/memory");
    TestutilRecordedTransaction *first = begin(STORAGE_ISOLATION_SNAPSHOT);
    TestutilRecordedTransaction *second = begin(STORAGE_ISOLATION_SNAPSHOT);
    (void)testutil_recorded_get(first, S("a"));
    (void)testutil_recorded_get(second, S("a"));
    set(first, S("a"), S("1"));
    set(second, S("a"), S("2"));
    testutil_assert_ok(testutil_recorded_commit(first));
    testutil_assert_ok(testutil_recorded_commit(second));
    expect_verdict(TESTUTIL_HISTORY_WRONG, "what it wrote was changed");
}
END_TEST

/* Allowed to snapshot transactions; the layer makes snapshot transactions of serializable ones. */
START_TEST(a_write_skew_is_found_between_serializable_transactions)
{
    open_stack("weak_serializable/memory");
    TestutilRecordedTransaction *first = begin(STORAGE_ISOLATION_SERIALIZABLE);
    TestutilRecordedTransaction *second = begin(STORAGE_ISOLATION_SERIALIZABLE);
    (void)testutil_recorded_get(first, S("a"));
    (void)testutil_recorded_get(second, S("b"));
    set(first, S("b"), S("1"));
    set(second, S("a"), S("1"));
    testutil_assert_ok(testutil_recorded_commit(first));
    testutil_assert_ok(testutil_recorded_commit(second));
    expect_verdict(TESTUTIL_HISTORY_WRONG, "what it read was changed");
}
END_TEST

START_TEST(a_torn_write_is_found_at_the_end)
{
    open_stack("tears_writes/memory");
    StorageOperation operations[] = {{.kind = STORAGE_OPERATION_SET, .key = S("a"), .value = S("1")},
                                     {.kind = STORAGE_OPERATION_SET, .key = S("b"), .value = S("1")}};
    testutil_assert_ok(testutil_recorded_atomic_write(history, 0, backend, operations, 2));
    expect_verdict(TESTUTIL_HISTORY_WRONG, "at the end");
}
END_TEST

START_TEST(a_write_that_was_not_recorded_is_found_at_the_end)
{
    open_stack("memory");
    testutil_assert_ok(storage_set(backend, S("a"), S("1"), NULL, NULL));
    expect_verdict(TESTUTIL_HISTORY_WRONG, "at the end");
}
END_TEST

START_TEST(a_phantom_in_a_scan_is_found)
{
    StorageRange all = {0};

    open_stack("memory");
    TestutilRecordedTransaction *txn = begin(STORAGE_ISOLATION_SNAPSHOT);
    /* Not recorded, and taken back: only the scan can have seen it. */
    testutil_recorded_abort(txn);
    testutil_assert_ok(storage_set(backend, S("a"), S("1"), NULL, NULL));
    txn = begin(STORAGE_ISOLATION_SNAPSHOT);
    testutil_assert_ok(testutil_recorded_scan(txn, &all));
    testutil_recorded_abort(txn);
    testutil_assert_ok(storage_delete(backend, S("a"), NULL));
    expect_verdict(TESTUTIL_HISTORY_WRONG, "no state between");
}
END_TEST

START_TEST(a_read_committed_read_of_nothing_that_ever_was_is_found)
{
    open_stack("memory");
    testutil_assert_ok(storage_set(backend, S("a"), S("1"), NULL, NULL));
    TestutilRecordedTransaction *txn = begin(STORAGE_ISOLATION_READ_COMMITTED);
    ck_assert_int_eq(testutil_recorded_get(txn, S("a")), STORAGE_OK);
    testutil_recorded_abort(txn);
    testutil_assert_ok(storage_delete(backend, S("a"), NULL));
    expect_verdict(TESTUTIL_HISTORY_WRONG, "no state during one of its reads");
}
END_TEST

/* ---- what a watch told ---- */

static void expect_changes(TestutilVerdict expected, const char *changes)
{
    TestutilText reason = {0};
    TestutilVerdict verdict = testutil_transaction_history_check_changes(history, changes, &reason);

    ck_assert_msg(verdict == expected, "verdict %d: %s", verdict, testutil_text(&reason));
    testutil_text_done(&reason);
}

START_TEST(changes_that_are_missing_twice_or_out_of_order_are_found)
{
    StorageOperation first = {.kind = STORAGE_OPERATION_SET, .key = S("a"), .value = S("1")};
    StorageOperation second = {.kind = STORAGE_OPERATION_DELETE, .key = S("a")};

    open_stack("memory");
    testutil_assert_ok(testutil_recorded_atomic_write(history, 0, backend, &first, 1));
    testutil_assert_ok(testutil_recorded_atomic_write(history, 0, backend, &second, 1));
    expect_changes(TESTUTIL_HISTORY_CORRECT, "1 SET a=1\n2 DELETED a\n");
    expect_changes(TESTUTIL_HISTORY_WRONG, "1 SET a=1\n");
    expect_changes(TESTUTIL_HISTORY_WRONG, "1 SET a=1\n1 SET a=1\n2 DELETED a\n");
    expect_changes(TESTUTIL_HISTORY_WRONG, "2 DELETED a\n1 SET a=1\n");
    expect_changes(TESTUTIL_HISTORY_WRONG, "1 SET a=2\n2 DELETED a\n");
    expect_changes(TESTUTIL_HISTORY_WRONG, "");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("transaction histories");
    TCase *threads = tcase_create("threads"), *rules = tcase_create("rules");

    tcase_set_timeout(threads, 240);
    tcase_add_loop_test(threads, concurrent_transactions_are_explained_by_their_revisions, 0,
                        (int)(sizeof(stacks) / sizeof(stacks[0])));
    tcase_add_loop_test(threads, a_planted_bug_is_caught_under_threads, 0,
                        (int)(sizeof(wrong_stacks) / sizeof(wrong_stacks[0])));
    tcase_add_checked_fixture(rules, setup, teardown);
    tcase_add_test(rules, interleaved_transactions_that_keep_the_rules_are_correct);
    tcase_add_test(rules, a_read_that_is_not_of_the_snapshot_is_found);
    tcase_add_test(rules, a_lost_update_is_found);
    tcase_add_test(rules, a_write_skew_is_found_between_serializable_transactions);
    tcase_add_test(rules, a_torn_write_is_found_at_the_end);
    tcase_add_test(rules, a_write_that_was_not_recorded_is_found_at_the_end);
    tcase_add_test(rules, a_phantom_in_a_scan_is_found);
    tcase_add_test(rules, a_read_committed_read_of_nothing_that_ever_was_is_found);
    tcase_add_test(rules, changes_that_are_missing_twice_or_out_of_order_are_found);
    suite_add_tcase(suite, threads);
    suite_add_tcase(suite, rules);
    return property_run(suite);
}
