/*
 * test_bench_store.c - what a benchmark finds below its prefix and deletes there, and how the verb ends, on a store
 * that fails by rules.
 *
 * Errors go to standard error, as they do in the program; what matters here is the exit code and what is left.
 */
#include "unit.h"

#include "bench/store.h"
#include "verbs.h"

#include "storage/memory.h"
#include "storage_testutil/fault.h"

#include <string.h>

#define PREFIX "test/"
#define RECORD_COUNT 20

static Session session;

static void set(StorageSlice key)
{
    unit_assert_status(storage_set(session.backend, key, storage_string("value"), NULL, NULL), STORAGE_OK);
}

static void set_records(uint64_t from, uint64_t to)
{
    char buffer[BENCH_KEY_SIZE_MAX];
    for (uint64_t number = from; number < to; number++)
        set(bench_key(storage_string(PREFIX), number, buffer));
}

static uint64_t key_count(void)
{
    const StorageEntry *entry;
    StorageCursor *cursor;
    uint64_t count = 0;
    unit_assert_status(storage_scan(session.backend, NULL, NULL, &cursor, NULL), STORAGE_OK);
    while (storage_cursor_next(cursor, &entry, NULL) == STORAGE_OK)
        count++;
    storage_cursor_close(cursor);
    return count;
}

/* A failing layer over memory, with keys of somebody else around the prefix. */
static void setup(void)
{
    StorageBackend *memory;
    session = (Session){.ctx = storage_context_new(), .timeout_ns = UINT64_MAX, .verb_name = "bench"};
    unit_assert_status(storage_memory_open(NULL, &memory, NULL), STORAGE_OK);
    unit_assert_status(testutil_failing_wrap(memory, 1, &session.backend, NULL), STORAGE_OK);
    set(storage_string("test"));
    set(storage_string("test0"));
}

static void teardown(void)
{
    unit_assert_status(storage_close(session.backend, NULL), STORAGE_OK);
    storage_context_free(session.ctx);
}

static void fail_calls(uint64_t calls, uint64_t count, StorageStatus status)
{
    TestutilFaultRule rule = {.calls = calls, .kind = TESTUTIL_FAULT_FAIL_BEFORE, .count = count, .status = status};
    ck_assert(testutil_failing_add(session.backend, &rule));
}

START_TEST(only_an_empty_prefix_is_free)
{
    setup();
    ck_assert_int_eq(bench_store_check_empty(&session, storage_string(PREFIX)), EXIT_DONE);
    set_records(3, 4);
    ck_assert_int_eq(bench_store_check_empty(&session, storage_string(PREFIX)), EXIT_USAGE);
    ck_assert_int_eq(bench_store_clear(&session, storage_string(PREFIX)), EXIT_DONE);
    ck_assert_int_eq(bench_store_check_empty(&session, storage_string(PREFIX)), EXIT_DONE);
    set(storage_bytes("test/\n\0", 7));
    ck_assert_int_eq(bench_store_check_empty(&session, storage_string(PREFIX)), EXIT_USAGE);
    teardown();
}
END_TEST

START_TEST(records_are_counted_and_other_keys_refused)
{
    BenchInventory inventory;
    setup();
    ck_assert_int_eq(bench_store_count(&session, storage_string(PREFIX), &inventory), EXIT_DONE);
    ck_assert_uint_eq(inventory.record_count + inventory.found_count, 0);
    set_records(0, 5);
    set_records(8, RECORD_COUNT);
    ck_assert_int_eq(bench_store_count(&session, storage_string(PREFIX), &inventory), EXIT_DONE);
    ck_assert_uint_eq(inventory.record_count, RECORD_COUNT);
    ck_assert_uint_eq(inventory.found_count, RECORD_COUNT - 3);
    set(storage_string("test/users"));
    ck_assert_int_eq(bench_store_count(&session, storage_string(PREFIX), &inventory), EXIT_USAGE);
    teardown();
}
END_TEST

START_TEST(a_failing_look_is_a_failure)
{
    BenchInventory inventory;
    setup();
    fail_calls(TESTUTIL_CALL_BIT(SCAN), 2, STORAGE_IO);
    ck_assert_int_eq(bench_store_check_empty(&session, storage_string(PREFIX)), EXIT_IO);
    ck_assert_int_eq(bench_store_count(&session, storage_string(PREFIX), &inventory), EXIT_IO);
    fail_calls(TESTUTIL_CALL_BIT(CURSOR_NEXT), 2, STORAGE_CORRUPT);
    ck_assert_int_eq(bench_store_check_empty(&session, storage_string(PREFIX)), EXIT_DAMAGED);
    ck_assert_int_eq(bench_store_count(&session, storage_string(PREFIX), &inventory), EXIT_DAMAGED);
    teardown();
}
END_TEST

START_TEST(clearing_deletes_the_records_and_nothing_else)
{
    setup();
    set_records(0, RECORD_COUNT);
    set(storage_string("test/other"));
    ck_assert_int_eq(bench_store_clear(&session, storage_string(PREFIX)), EXIT_DONE);
    ck_assert_uint_eq(key_count(), 3);
    teardown();
}
END_TEST

START_TEST(a_store_that_cannot_clear_a_range_deletes_one_by_one)
{
    static const StorageStatus statuses[] = {STORAGE_UNSUPPORTED, STORAGE_RANGE_LIMIT_EXCEEDED};
    for (size_t i = 0; i < 2; i++) {
        TestutilFaultFigures deletes;
        setup();
        set_records(0, RECORD_COUNT);
        fail_calls(TESTUTIL_CALL_BIT(CLEAR_RANGE), 0, statuses[i]);
        ck_assert_int_eq(bench_store_clear(&session, storage_string(PREFIX)), EXIT_DONE);
        ck_assert_uint_eq(key_count(), 2);
        testutil_failing_figures(session.backend, TESTUTIL_CALL_DELETE, &deletes);
        ck_assert_uint_eq(deletes.attempts, RECORD_COUNT);
        teardown();
    }
}
END_TEST

START_TEST(a_store_that_is_busy_is_asked_again)
{
    setup();
    set_records(0, RECORD_COUNT);
    fail_calls(TESTUTIL_CALL_BIT(CLEAR_RANGE), 3, STORAGE_RATE_LIMITED);
    fail_calls(TESTUTIL_CALL_BIT(SCAN), 2, STORAGE_BUSY);
    ck_assert_int_eq(bench_store_clear(&session, storage_string(PREFIX)), EXIT_DONE);
    testutil_failing_clear(session.backend);
    ck_assert_uint_eq(key_count(), 2);
    teardown();
}
END_TEST

START_TEST(records_that_stay_are_a_failure)
{
    setup();
    set_records(0, RECORD_COUNT);
    fail_calls(TESTUTIL_CALL_BIT(CLEAR_RANGE), 0, STORAGE_IO);
    ck_assert_int_eq(bench_store_clear(&session, storage_string(PREFIX)), EXIT_IO);
    ck_assert_uint_eq(key_count(), RECORD_COUNT + 2);
    teardown();
}
END_TEST

START_TEST(clearing_does_not_mind_that_the_command_was_cancelled)
{
    setup();
    set_records(0, RECORD_COUNT);
    storage_context_cancel(session.ctx);
    ck_assert_int_eq(bench_store_clear(&session, storage_string(PREFIX)), EXIT_DONE);
    ck_assert_uint_eq(key_count(), 2);
    teardown();
}
END_TEST

/* Runs the verb for 10 operations of one workload on 20 records. Returns its exit code. */
static int run_bench(const char *workload)
{
    const char *const given[][2] = {
        {"--workload", workload}, {"--operations", "10"}, {"--records", "20"}, {"--key-prefix", PREFIX}};
    Arguments arguments = {.verb = &bench_verb};
    for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++)
        for (size_t option = 0; bench_verb.options[option].name != NULL; option++)
            if (strcmp(bench_verb.options[option].name, given[i][0]) == 0) {
                arguments.is_given[option] = 1;
                arguments.values[option] = storage_string(given[i][1]);
            }
    return bench_verb.run(&session, &arguments);
}

START_TEST(a_workload_in_which_nothing_works_is_a_failure)
{
    setup();
    fail_calls(TESTUTIL_CALL_BIT(GET), 9, STORAGE_RATE_LIMITED);
    ck_assert_int_eq(run_bench("c"), EXIT_DONE);
    testutil_failing_clear(session.backend);
    fail_calls(TESTUTIL_CALL_BIT(GET), 0, STORAGE_RATE_LIMITED);
    ck_assert_int_eq(run_bench("c"), EXIT_LIMIT);
    testutil_failing_clear(session.backend);
    ck_assert_uint_eq(key_count(), 2);
    teardown();
}
END_TEST

START_TEST(a_failure_ends_the_run_with_its_exit_code_and_leaves_nothing)
{
    setup();
    fail_calls(TESTUTIL_CALL_BIT(SET), 0, STORAGE_CORRUPT);
    ck_assert_int_eq(run_bench("write"), EXIT_DAMAGED);
    testutil_failing_clear(session.backend);
    ck_assert_uint_eq(key_count(), 2);
    fail_calls(TESTUTIL_CALL_BIT(CLEAR_RANGE), 0, STORAGE_IO);
    ck_assert_int_eq(run_bench("write"), EXIT_IO);
    testutil_failing_clear(session.backend);
    ck_assert_uint_eq(key_count(), 22);
    teardown();
}
END_TEST

UNIT_MAIN("bench_store", only_an_empty_prefix_is_free, records_are_counted_and_other_keys_refused,
          a_failing_look_is_a_failure, clearing_deletes_the_records_and_nothing_else,
          a_store_that_cannot_clear_a_range_deletes_one_by_one, a_store_that_is_busy_is_asked_again,
          records_that_stay_are_a_failure, clearing_does_not_mind_that_the_command_was_cancelled,
          a_workload_in_which_nothing_works_is_a_failure, a_failure_ends_the_run_with_its_exit_code_and_leaves_nothing)
