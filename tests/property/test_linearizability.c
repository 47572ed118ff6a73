/*
 * test_linearizability.c - many threads on few keys; what they were answered must be linearizable, key by key.
 *
 * The layers with planted bugs must be caught by the same threads and the same checker.
 */
#include <pthread.h>
#include <sched.h>

#include "planted.h"
#include "property.h"
#include "storage_testutil/fault.h"
#include "storage_testutil/history.h"

enum { THREAD_COUNT = 4, KEY_COUNT = 3, CALL_COUNT = 300, HISTORY_COUNT = 200 };

typedef struct Worker {
    pthread_t thread;
    TestutilRegisterHistory *history;
    StorageBackend *backend;
    pthread_barrier_t *start;
    size_t thread_no;
    uint64_t seed;
} Worker;

/* Values are unique in a history, so a read says which write it saw. */
static void *work(void *argument)
{
    Worker *self = argument;
    TestutilRandom random = testutil_random_seeded(self->seed);
    uint64_t last_read[KEY_COUNT] = {0};

    (void)pthread_barrier_wait(self->start);
    for (uint64_t i = 0; i < CALL_COUNT; i++) {
        uint32_t key_no = (uint32_t)testutil_random_below(&random, KEY_COUNT);
        uint64_t value = (self->thread_no + 1) * 1000000 + i;
        if (testutil_random_below(&random, 4) == 0)
            (void)sched_yield(); /* few processors would run the threads one after the other */
        switch (testutil_random_below(&random, 6)) {
        case 0:
            (void)testutil_register_call(self->history, self->thread_no, self->backend, key_no, TESTUTIL_REGISTER_SET,
                                         value, 0, NULL);
            break;
        case 1:
            (void)testutil_register_call(self->history, self->thread_no, self->backend, key_no,
                                         TESTUTIL_REGISTER_DELETE, 0, 0, NULL);
            break;
        case 2:
        case 3:
            (void)testutil_register_call(self->history, self->thread_no, self->backend, key_no,
                                         TESTUTIL_REGISTER_COMPARE_AND_SET, value, last_read[key_no], NULL);
            break;
        default:
            (void)testutil_register_call(self->history, self->thread_no, self->backend, key_no, TESTUTIL_REGISTER_GET,
                                         0, 0, &last_read[key_no]);
            break;
        }
    }
    return NULL;
}

/* Runs one history on a fresh stack and checks it. */
static TestutilVerdict run_history(const TestutilFactory *factory, uint64_t seed, TestutilText *reason,
                                   size_t *ret_call_count)
{
    Worker workers[THREAD_COUNT];
    pthread_barrier_t start;
    StorageBackend *backend;
    TestutilRegisterHistory *history = testutil_register_history_new(THREAD_COUNT, CALL_COUNT);

    testutil_assert_ok(testutil_factory_open(factory, NULL, &backend, NULL));
    ck_assert_int_eq(pthread_barrier_init(&start, NULL, THREAD_COUNT), 0);
    for (size_t i = 0; i < THREAD_COUNT; i++) {
        workers[i] = (Worker){
            .history = history, .backend = backend, .start = &start, .thread_no = i, .seed = seed * THREAD_COUNT + i};
        ck_assert_int_eq(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (size_t i = 0; i < THREAD_COUNT; i++)
        ck_assert_int_eq(pthread_join(workers[i].thread, NULL), 0);
    (void)pthread_barrier_destroy(&start);
    testutil_assert_ok(storage_close(backend, NULL));

    TestutilRegisterCall *calls = testutil_register_history_calls(history, ret_call_count);
    TestutilVerdict verdict = testutil_register_check(calls, *ret_call_count, reason);
    free(calls);
    testutil_register_history_free(history);
    return verdict;
}

static StorageStatus wrap_failing(void *user_data, StorageBackend *inner, StorageBackend **ret_backend,
                                  StorageContext *ctx)
{
    TestutilFaultRule lost = {.kind = TESTUTIL_FAULT_FAIL_AFTER, .chance_per_million = 50000};
    TestutilFaultRule refused = {.kind = TESTUTIL_FAULT_FAIL_BEFORE, .chance_per_million = 50000};
    StorageStatus status = testutil_failing_wrap(inner, 1, ret_backend, ctx);

    (void)user_data;
    lost.calls = refused.calls = TESTUTIL_CALLS_WRITING;
    if (status == STORAGE_OK)
        ck_assert(testutil_failing_add(*ret_backend, &lost) && testutil_failing_add(*ret_backend, &refused));
    return status;
}

/* Through the failing layer some answers are lost: such a write may have happened, at any time, or not. */
static const char *const stacks[] = {"memory", "ledger", "ledger_lazy", "pass_through/memory", "failing/memory"};

START_TEST(single_calls_are_linearizable)
{
    TestutilRegistry *registry = testutil_registry_new();
    TestutilFactory factory = {registry, stacks[_i]};
    uint64_t seed = testutil_seed(factory.stack, testutil_seed_fresh());
    size_t call_count, undecided_count = 0;

    testutil_registry_add_layer(registry, "failing", wrap_failing, NULL);
    for (size_t i = 0; i < property_scaled(HISTORY_COUNT); i++) {
        TestutilText reason = {0};
        TestutilVerdict verdict = run_history(&factory, seed + i, &reason, &call_count);
        ck_assert_msg(verdict != TESTUTIL_HISTORY_WRONG, "history %zu: %s", i, testutil_text(&reason));
        undecided_count += verdict == TESTUTIL_HISTORY_UNDECIDED;
        ck_assert_uint_eq(call_count, THREAD_COUNT * CALL_COUNT);
        testutil_text_done(&reason);
    }
    /* Lost answers leave many possibilities; hardly ever too many. */
    ck_assert_uint_le(undecided_count, property_scaled(HISTORY_COUNT) / 20);
    testutil_registry_free(registry);
}
END_TEST

static const char *const wrong_stacks[] = {"stale_get/memory", "ignores_expected/memory", "drops_deletes/memory"};

START_TEST(a_planted_bug_is_caught_under_threads)
{
    TestutilRegistry *registry = testutil_registry_new();
    TestutilFactory factory = {registry, wrong_stacks[_i]};
    TestutilVerdict verdict = TESTUTIL_HISTORY_CORRECT;
    size_t call_count;

    planted_register(registry);
    for (uint64_t seed = 1; seed <= HISTORY_COUNT && verdict == TESTUTIL_HISTORY_CORRECT; seed++) {
        TestutilText reason = {0};
        verdict = run_history(&factory, seed, &reason, &call_count);
        if (verdict == TESTUTIL_HISTORY_WRONG)
            printf("%s: %s\n", factory.stack, testutil_text(&reason));
        testutil_text_done(&reason);
    }
    ck_assert_int_eq(verdict, TESTUTIL_HISTORY_WRONG);
    testutil_registry_free(registry);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("linearizability");
    TCase *tcase = tcase_create("linearizability");

    tcase_set_timeout(tcase, 240);
    tcase_add_loop_test(tcase, single_calls_are_linearizable, 0, (int)(sizeof(stacks) / sizeof(stacks[0])));
    tcase_add_loop_test(tcase, a_planted_bug_is_caught_under_threads, 0,
                        (int)(sizeof(wrong_stacks) / sizeof(wrong_stacks[0])));
    suite_add_tcase(suite, tcase);
    return property_run(suite);
}
