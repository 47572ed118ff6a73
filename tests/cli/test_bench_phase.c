/*
 * test_bench_phase.c - the records of a benchmark and its phases, on a store in memory and on one that fails by rules.
 *
 * Nothing here depends on how fast the machine is: what takes time is only asked to take enough of it.
 */
#include "unit.h"

#include "bench/phase.h"

#include "storage/memory.h"
#include "storage_testutil/fault.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>

#define PREFIX "test/"
#define VALUE_SIZE 20
#define INSERT_THREAD_COUNT 4
#define INSERT_COUNT 200000

static char value_source[VALUE_SIZE + BENCH_VALUE_OFFSET_COUNT];
static BenchRecords records;

/* A run on a stack of a failing layer over memory. */
static BenchRun run_open(uint64_t record_count, uint32_t thread_count)
{
    BenchRun run = {.prefix = storage_string(PREFIX),
                    .value_source = value_source,
                    .value_size = VALUE_SIZE,
                    .batch_size = 7,
                    .seed = 1,
                    .thread_count = thread_count,
                    .records = &records};
    StorageBackend *memory;
    unit_assert_status(storage_memory_open(NULL, &memory, NULL), STORAGE_OK);
    unit_assert_status(testutil_failing_wrap(memory, 1, &run.backend, NULL), STORAGE_OK);
    bench_records_init(&records, record_count, thread_count);
    return run;
}

static BenchPhase phase_of(const BenchRun *run, const char *workload)
{
    return (BenchPhase){.run = run,
                        .workload = bench_workload_find(storage_string(workload)),
                        .distribution = bench_workload_find(storage_string(workload))->distribution};
}

static void load(const BenchRun *run, uint64_t record_count)
{
    BenchPhase phase = {.run = run, .workload = &bench_workload_load, .load_count = record_count};
    phase.operation_count = (record_count + run->batch_size - 1) / run->batch_size;
    unit_assert_status(bench_phase_run(&phase), STORAGE_OK);
    ck_assert_uint_eq(phase.tally.record_count, record_count);
    ck_assert_uint_eq(phase.tally.latency[BENCH_LOAD]->count, phase.operation_count);
    bench_phase_done(&phase);
}

/* Every key of the store is that of a record, and record n is there for each n below the count. Returns the count. */
static uint64_t count_records(StorageBackend *backend)
{
    const StorageEntry *entry;
    StorageCursor *cursor;
    uint64_t count = 0, end = 0, number;
    unit_assert_status(storage_scan(backend, NULL, NULL, &cursor, NULL), STORAGE_OK);
    while (storage_cursor_next(cursor, &entry, NULL) == STORAGE_OK) {
        unit_assert(bench_key_number(storage_string(PREFIX), entry->key, &number), "a key is not of a record");
        ck_assert_uint_eq(entry->value.size, VALUE_SIZE);
        count++;
        end = number >= end ? number + 1 : end;
    }
    storage_cursor_close(cursor);
    ck_assert_uint_eq(count, end);
    return count;
}

static uint64_t answers(const BenchPhase *phase, BenchKind kind, StorageStatus status)
{
    size_t index = 0;
    while (bench_statuses[index] != status)
        index++;
    return phase->tally.answers[kind][index];
}

/* ---- keys ---- */

START_TEST(a_key_gives_its_number_back)
{
    char buffer[BENCH_KEY_SIZE_MAX], range_buffer[BENCH_KEY_SIZE_MAX], long_prefix[BENCH_PREFIX_SIZE_MAX];
    StorageSlice prefixes[] = {storage_string(PREFIX), storage_string(""), storage_bytes("\0\xff", 2),
                               storage_bytes(long_prefix, sizeof(long_prefix))};
    memset(long_prefix, 'p', sizeof(long_prefix));
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        StorageRange range = bench_key_range(prefixes[i], range_buffer);
        for (uint64_t number = 0; number < BENCH_RECORD_COUNT_MAX; number = number * 3 + 1) {
            StorageSlice key = bench_key(prefixes[i], number, buffer);
            uint64_t found = UINT64_MAX;
            ck_assert(bench_key_number(prefixes[i], key, &found));
            ck_assert_uint_eq(found, number);
            ck_assert(storage_range_contains(&range, key));
        }
    }
}
END_TEST

START_TEST(other_keys_are_nobodys_records)
{
    static const char *const keys[] = {"",
                                       "test/",
                                       "test/user",
                                       "test/user000000000000000",
                                       "test/user00000000000000000",
                                       "test/user0000000000000001",
                                       "test/User0000000000000000",
                                       "best/user0000000000000000",
                                       "test/user000000000000000g",
                                       "test/userffffffffffffffff",
                                       "test/user@@@@@@@@@@@@@@@@"};
    char buffer[BENCH_KEY_SIZE_MAX];
    uint64_t number = 77;
    StorageSlice upper;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        unit_assert(!bench_key_number(storage_string(PREFIX), storage_string(keys[i]), &number), "%s", keys[i]);
    upper = bench_key(storage_string(PREFIX), 1, buffer);
    for (size_t i = 9; i < upper.size; i++)
        buffer[i] = (char)(buffer[i] >= 'a' ? buffer[i] - 'a' + 'A' : buffer[i]);
    ck_assert(!bench_key_number(storage_string(PREFIX), upper, &number));
    ck_assert(!bench_key_number(storage_string(PREFIX),
                                bench_key(storage_string(PREFIX), BENCH_RECORD_COUNT_MAX, buffer), &number));
    ck_assert_uint_eq(number, 77);
}
END_TEST

/* ---- inserts ---- */

static _Atomic uint8_t was_inserted[INSERT_THREAD_COUNT * INSERT_COUNT];

static void *insert_many(void *argument)
{
    uint32_t index = *(uint32_t *)argument;
    uint64_t present_before = 0;
    for (int i = 0; i < INSERT_COUNT; i++) {
        uint64_t present, number = bench_records_insert(&records, index);
        unit_assert(atomic_fetch_add(&was_inserted[number], 1) == 0, "%" PRIu64 " was given twice", number);
        bench_records_inserted(&records, index);
        present = bench_records_present(&records);
        unit_assert(present >= present_before, "%" PRIu64 " were there and are %" PRIu64, present_before, present);
        present_before = present;
        unit_assert(present == 0 || atomic_load(&was_inserted[present - 1]) == 1, "%" PRIu64 " is not there", present);
    }
    return NULL;
}

START_TEST(threads_never_insert_the_same_record)
{
    pthread_t threads[INSERT_THREAD_COUNT];
    uint32_t indexes[INSERT_THREAD_COUNT];
    bench_records_init(&records, 0, INSERT_THREAD_COUNT);
    for (uint32_t i = 0; i < INSERT_THREAD_COUNT; i++) {
        indexes[i] = i;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, insert_many, &indexes[i]), 0);
    }
    for (uint32_t i = 0; i < INSERT_THREAD_COUNT; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_uint_eq(bench_records_present(&records), INSERT_THREAD_COUNT * INSERT_COUNT);
}
END_TEST

START_TEST(a_record_is_present_when_all_before_it_are)
{
    bench_records_init(&records, 10, 3);
    ck_assert_uint_eq(bench_records_insert(&records, 0), 10);
    ck_assert_uint_eq(bench_records_insert(&records, 1), 11);
    ck_assert_uint_eq(bench_records_insert(&records, 2), 12);
    bench_records_inserted(&records, 1);
    ck_assert_uint_eq(bench_records_present(&records), 10);
    bench_records_inserted(&records, 0);
    ck_assert_uint_eq(bench_records_present(&records), 12);
    ck_assert_uint_eq(bench_records_insert(&records, 0), 13);
    bench_records_inserted(&records, 2);
    ck_assert_uint_eq(bench_records_present(&records), 13);
    bench_records_inserted(&records, 0);
    ck_assert_uint_eq(bench_records_present(&records), 14);
}
END_TEST

/* ---- phases ---- */

START_TEST(a_load_writes_every_record_once)
{
    for (uint32_t thread_count = 1; thread_count <= 5; thread_count += 2)
        for (uint64_t record_count = 1; record_count <= 100; record_count += 33) {
            BenchRun run = run_open(record_count, thread_count);
            TestutilFaultFigures figures;
            load(&run, record_count);
            ck_assert_uint_eq(count_records(run.backend), record_count);
            /* A commit of one operation counts as that operation. */
            testutil_failing_figures(run.backend, TESTUTIL_CALL_WRITE, &figures);
            ck_assert_uint_eq(figures.attempts, record_count / 7 + (record_count % 7 > 1));
            unit_assert_status(storage_close(run.backend, NULL), STORAGE_OK);
        }
}
END_TEST

START_TEST(every_operation_is_counted_and_reaches_the_store)
{
    BenchRun run = run_open(1000, 3);
    TestutilFaultFigures gets, sets, compares;
    BenchPhase phase = phase_of(&run, "f");
    load(&run, 1000);
    testutil_failing_reset(run.backend);
    phase.operation_count = 10001;
    unit_assert_status(bench_phase_run(&phase), STORAGE_OK);
    testutil_failing_figures(run.backend, TESTUTIL_CALL_GET, &gets);
    testutil_failing_figures(run.backend, TESTUTIL_CALL_SET, &sets);
    testutil_failing_figures(run.backend, TESTUTIL_CALL_COMPARE_AND_SET, &compares);
    ck_assert_uint_eq(gets.attempts, 10001);
    ck_assert_uint_eq(sets.attempts, 0);
    ck_assert_uint_eq(compares.successes, phase.tally.latency[BENCH_READ_MODIFY_WRITE]->count);
    ck_assert_uint_eq(phase.tally.latency[BENCH_READ]->count + compares.attempts, 10001);
    ck_assert_uint_eq(compares.failures, answers(&phase, BENCH_READ_MODIFY_WRITE, STORAGE_CONFLICT));
    ck_assert_uint_gt(phase.elapsed_ns, 0);
    bench_phase_done(&phase);
    unit_assert_status(storage_close(run.backend, NULL), STORAGE_OK);
}
END_TEST

START_TEST(threads_insert_distinct_records_while_others_read_them)
{
    BenchRun run = run_open(50, 4);
    BenchPhase phase = phase_of(&run, "d");
    load(&run, 50);
    phase.operation_count = 40000;
    unit_assert_status(bench_phase_run(&phase), STORAGE_OK);
    ck_assert_uint_eq(answers(&phase, BENCH_READ, STORAGE_NOT_FOUND), 0);
    ck_assert_uint_eq(count_records(run.backend), 50 + phase.tally.latency[BENCH_INSERT]->count);
    ck_assert_uint_eq(bench_records_present(&records), 50 + phase.tally.latency[BENCH_INSERT]->count);
    bench_phase_done(&phase);
    unit_assert_status(storage_close(run.backend, NULL), STORAGE_OK);
}
END_TEST

/* Rows that 10,000 scans read of so many records. */
static uint64_t scanned_rows(uint64_t record_count)
{
    BenchRun run = run_open(record_count, 1);
    BenchPhase phase = phase_of(&run, "scan");
    uint64_t row_count;
    load(&run, record_count);
    phase.operation_count = 10000;
    unit_assert_status(bench_phase_run(&phase), STORAGE_OK);
    row_count = phase.tally.row_count;
    bench_phase_done(&phase);
    unit_assert_status(storage_close(run.backend, NULL), STORAGE_OK);
    return row_count;
}

START_TEST(a_scan_begins_at_its_record_and_reads_as_many_rows_as_it_drew)
{
    uint64_t row_count = scanned_rows(100000);
    ck_assert_uint_eq(scanned_rows(1), 10000);
    /* 50.5 on average, and a standard deviation of 29. */
    unit_assert(row_count > 490000 && row_count < 520000, "%" PRIu64 " rows", row_count);
    /* Of 100 records the average is cut to 33.8 by the end. */
    row_count = scanned_rows(100);
    unit_assert(row_count > 328000 && row_count < 348000, "%" PRIu64 " rows", row_count);
}
END_TEST

/* The bytes of the whole store, as one number. */
static uint64_t fingerprint(StorageBackend *backend)
{
    const StorageEntry *entry;
    StorageCursor *cursor;
    uint64_t hash = 0;
    unit_assert_status(storage_scan(backend, NULL, NULL, &cursor, NULL), STORAGE_OK);
    while (storage_cursor_next(cursor, &entry, NULL) == STORAGE_OK)
        for (size_t i = 0; i < entry->key.size + entry->value.size; i++)
            hash = bench_random_mix(hash ^
                                    (i < entry->key.size ? ((const uint8_t *)entry->key.data)[i]
                                                         : ((const uint8_t *)entry->value.data)[i - entry->key.size]));
    storage_cursor_close(cursor);
    return hash;
}

START_TEST(the_same_seed_does_the_same)
{
    static const char *const workloads[] = {"a", "d", "e", "f"};
    uint64_t found[3] = {0, 0, 0}, reads[3] = {0, 0, 0};
    for (size_t i = 0; i < VALUE_SIZE + BENCH_VALUE_OFFSET_COUNT; i++)
        value_source[i] = (char)bench_random_mix(i);
    for (size_t round = 0; round < 3; round++) {
        BenchRun run = run_open(100, 1);
        run.seed = round < 2 ? 42 : 43;
        load(&run, 100);
        for (size_t i = 0; i < 4; i++) {
            BenchPhase phase = phase_of(&run, workloads[i]);
            phase.operation_count = 500;
            unit_assert_status(bench_phase_run(&phase), STORAGE_OK);
            /* Nobody else is there to make a conflict. */
            ck_assert_uint_eq(bench_tally_failed_count(&phase.tally, BENCH_READ_MODIFY_WRITE), 0);
            reads[round] += phase.tally.latency[BENCH_READ] != NULL ? phase.tally.latency[BENCH_READ]->count : 0;
            bench_phase_done(&phase);
        }
        found[round] = fingerprint(run.backend);
        unit_assert_status(storage_close(run.backend, NULL), STORAGE_OK);
    }
    ck_assert_uint_eq(found[0], found[1]);
    ck_assert_uint_eq(reads[0], reads[1]);
    ck_assert_uint_ne(found[0], found[2]);
}
END_TEST

START_TEST(failures_that_come_and_go_are_counted)
{
    BenchRun run = run_open(100, 2);
    BenchPhase phase = phase_of(&run, "b");
    TestutilFaultRule rule = {
        .calls = TESTUTIL_CALL_BIT(GET), .kind = TESTUTIL_FAULT_FAIL_BEFORE, .status = STORAGE_RATE_LIMITED};
    rule.first = 11;
    rule.count = 500;
    load(&run, 100);
    ck_assert(testutil_failing_add(run.backend, &rule));
    phase.operation_count = 5000;
    unit_assert_status(bench_phase_run(&phase), STORAGE_OK);
    ck_assert_uint_eq(answers(&phase, BENCH_READ, STORAGE_RATE_LIMITED), 500);
    ck_assert_uint_eq(bench_tally_failed_count(&phase.tally, BENCH_READ), 500);
    ck_assert_uint_eq(phase.tally.latency[BENCH_READ]->count + phase.tally.latency[BENCH_UPDATE]->count, 4500);
    bench_phase_done(&phase);
    unit_assert_status(storage_close(run.backend, NULL), STORAGE_OK);
}
END_TEST

START_TEST(a_failure_that_stays_ends_the_phase)
{
    static const StorageStatus statuses[] = {STORAGE_CORRUPT, STORAGE_IO, STORAGE_NO_SPACE, STORAGE_NO_MEMORY,
                                             STORAGE_SIZE_LIMIT_EXCEEDED};
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        BenchRun run = run_open(100, 4);
        BenchPhase phase = phase_of(&run, "write");
        TestutilFaultRule rule = {
            .calls = TESTUTIL_CALL_BIT(SET), .kind = TESTUTIL_FAULT_FAIL_BEFORE, .first = 100, .status = statuses[i]};
        ck_assert(testutil_failing_add(run.backend, &rule));
        phase.duration_ns = UINT64_C(3600000000000); /* it does not last so long */
        unit_assert_status(bench_phase_run(&phase), statuses[i]);
        unit_assert_status(phase.failure, statuses[i]);
        ck_assert_uint_gt(strlen(phase.failure_text), 0);
        ck_assert_uint_eq(phase.tally.latency[BENCH_UPDATE]->count, 99);
        ck_assert_int_eq(phase.was_stopped, 0);
        bench_phase_done(&phase);
        unit_assert_status(storage_close(run.backend, NULL), STORAGE_OK);
    }
}
END_TEST

START_TEST(a_load_tries_again_until_it_is_complete)
{
    BenchRun run = run_open(100, 2);
    BenchPhase phase = {.run = &run, .workload = &bench_workload_load, .load_count = 100, .operation_count = 15};
    TestutilFaultRule before = {.calls = TESTUTIL_CALL_BIT(WRITE),
                                .kind = TESTUTIL_FAULT_FAIL_BEFORE,
                                .status = STORAGE_RATE_LIMITED,
                                .count = 3};
    TestutilFaultRule after = {
        .calls = TESTUTIL_CALL_BIT(WRITE), .kind = TESTUTIL_FAULT_FAIL_AFTER, .first = 5, .count = 1};
    ck_assert(testutil_failing_add(run.backend, &before));
    ck_assert(testutil_failing_add(run.backend, &after));
    unit_assert_status(bench_phase_run(&phase), STORAGE_OK);
    ck_assert_uint_eq(count_records(run.backend), 100);
    ck_assert_uint_eq(phase.tally.record_count, 100);
    ck_assert_uint_eq(answers(&phase, BENCH_LOAD, STORAGE_RATE_LIMITED), 3);
    ck_assert_uint_eq(answers(&phase, BENCH_LOAD, STORAGE_INDETERMINATE), 1);
    bench_phase_done(&phase);
    unit_assert_status(storage_close(run.backend, NULL), STORAGE_OK);
}
END_TEST

START_TEST(a_load_that_never_succeeds_is_a_failure)
{
    BenchRun run = run_open(100, 2);
    BenchPhase phase = {.run = &run, .workload = &bench_workload_load, .load_count = 100, .operation_count = 15};
    TestutilFaultRule rule = {
        .calls = TESTUTIL_CALL_BIT(WRITE), .kind = TESTUTIL_FAULT_FAIL_BEFORE, .first = 5, .status = STORAGE_BUSY};
    ck_assert(testutil_failing_add(run.backend, &rule));
    unit_assert_status(bench_phase_run(&phase), STORAGE_BUSY);
    ck_assert_uint_eq(phase.tally.record_count, 28);
    bench_phase_done(&phase);
    unit_assert_status(storage_close(run.backend, NULL), STORAGE_OK);
}
END_TEST

static int stop_when_some_are_done(void *user_data, uint64_t elapsed_ns, uint64_t done_count)
{
    uint64_t *seen = user_data;
    (void)elapsed_ns;
    *seen = done_count;
    return done_count > 0;
}

START_TEST(a_tick_stops_the_phase_and_what_was_done_is_counted)
{
    BenchRun run = run_open(100, 3);
    BenchPhase phase = phase_of(&run, "a");
    uint64_t seen = 0, done_count;
    load(&run, 100);
    phase.duration_ns = UINT64_C(3600000000000);
    phase.tick = stop_when_some_are_done;
    phase.user_data = &seen;
    unit_assert_status(bench_phase_run(&phase), STORAGE_OK);
    ck_assert_int_eq(phase.was_stopped, 1);
    done_count = phase.tally.latency[BENCH_READ]->count + phase.tally.latency[BENCH_UPDATE]->count;
    ck_assert_uint_ge(done_count, seen);
    ck_assert_uint_eq(answers(&phase, BENCH_UPDATE, STORAGE_CANCELLED), 0);
    bench_phase_done(&phase);
    unit_assert_status(storage_close(run.backend, NULL), STORAGE_OK);
}
END_TEST

static _Atomic int is_held, stop_tick_count;

/* Keeps a call back until the phase has been stopped and another tick has come since. */
static void hold(void *user_data, uint32_t call)
{
    (void)user_data;
    (void)call;
    atomic_store(&is_held, 1);
    while (atomic_load(&stop_tick_count) < 2)
        continue;
}

static int stop_when_held(void *user_data, uint64_t elapsed_ns, uint64_t done_count)
{
    (void)user_data;
    (void)elapsed_ns;
    (void)done_count;
    if (!atomic_load(&is_held))
        return 0;
    atomic_fetch_add(&stop_tick_count, 1);
    return 1;
}

START_TEST(a_stop_cancels_the_call_that_runs)
{
    BenchRun run = run_open(100, 1);
    BenchPhase phase = phase_of(&run, "c");
    TestutilFaultRule rule = {.calls = TESTUTIL_CALL_BIT(GET), .kind = TESTUTIL_FAULT_DELAY, .count = 1, .hook = hold};
    load(&run, 100);
    ck_assert(testutil_failing_add(run.backend, &rule));
    phase.operation_count = 10;
    phase.tick = stop_when_held;
    unit_assert_status(bench_phase_run(&phase), STORAGE_OK);
    ck_assert_uint_eq(phase.tally.latency[BENCH_READ]->count, 0);
    ck_assert_uint_eq(answers(&phase, BENCH_READ, STORAGE_CANCELLED), 0);
    bench_phase_done(&phase);
    unit_assert_status(storage_close(run.backend, NULL), STORAGE_OK);
}
END_TEST

/* The next operation is due in a day. */
START_TEST(a_stop_wakes_a_thread_that_waits)
{
    BenchRun run = run_open(100, 2);
    BenchPhase phase = phase_of(&run, "c");
    uint64_t seen = 0;
    load(&run, 100);
    run.rate = (StorageRate){1, UINT64_C(86400000000000)};
    phase.operation_count = 10;
    phase.tick = stop_when_some_are_done;
    phase.user_data = &seen;
    unit_assert_status(bench_phase_run(&phase), STORAGE_OK);
    ck_assert_uint_eq(phase.tally.latency[BENCH_READ]->count, 1);
    ck_assert_int_eq(phase.was_stopped, 1);
    bench_phase_done(&phase);
    unit_assert_status(storage_close(run.backend, NULL), STORAGE_OK);
}
END_TEST

START_TEST(time_ends_a_phase)
{
    BenchRun run = run_open(100, 2);
    BenchPhase phase = phase_of(&run, "c");
    load(&run, 100);
    phase.duration_ns = 50000000;
    unit_assert_status(bench_phase_run(&phase), STORAGE_OK);
    ck_assert_uint_ge(phase.elapsed_ns, phase.duration_ns);
    ck_assert_int_eq(phase.was_stopped, 0);
    bench_phase_done(&phase);
    /* At 1,000 a second there are 50 of them, and no more. */
    phase = phase_of(&run, "c");
    phase.duration_ns = 50000000;
    run.rate = (StorageRate){1000, UINT64_C(1000000000)};
    unit_assert_status(bench_phase_run(&phase), STORAGE_OK);
    ck_assert_uint_le(phase.tally.latency[BENCH_READ]->count, 51);
    ck_assert_uint_ge(phase.tally.latency[BENCH_READ]->count, 1);
    bench_phase_done(&phase);
    unit_assert_status(storage_close(run.backend, NULL), STORAGE_OK);
}
END_TEST

/* Keeps a call back for so many nanoseconds. */
static void stall(void *user_data, uint32_t call)
{
    uint64_t until_ns = bench_now_ns() + *(const uint64_t *)user_data;
    (void)call;
    while (bench_now_ns() < until_ns)
        continue;
}

START_TEST(a_stall_shows_in_every_operation_that_it_held_up)
{
    BenchRun run = run_open(100, 1);
    BenchPhase phase = phase_of(&run, "c");
    uint64_t stall_ns = 100000000;
    TestutilFaultRule rule = {.calls = TESTUTIL_CALL_BIT(GET),
                              .kind = TESTUTIL_FAULT_DELAY,
                              .first = 1,
                              .count = 1,
                              .hook = stall,
                              .user_data = &stall_ns};
    load(&run, 100);
    ck_assert(testutil_failing_add(run.backend, &rule));
    run.rate = (StorageRate){1000, UINT64_C(1000000000)};
    phase.operation_count = 51; /* the last is due 50 ms before the stall ends */
    unit_assert_status(bench_phase_run(&phase), STORAGE_OK);
    ck_assert_uint_ge(phase.tally.latency[BENCH_READ]->minimum_ns, 50000000);
    ck_assert_uint_ge(phase.tally.latency[BENCH_READ]->maximum_ns, stall_ns);
    bench_phase_done(&phase);
    unit_assert_status(storage_close(run.backend, NULL), STORAGE_OK);
}
END_TEST

UNIT_MAIN("bench_phase", a_key_gives_its_number_back, other_keys_are_nobodys_records,
          threads_never_insert_the_same_record, a_record_is_present_when_all_before_it_are,
          a_load_writes_every_record_once, every_operation_is_counted_and_reaches_the_store,
          threads_insert_distinct_records_while_others_read_them,
          a_scan_begins_at_its_record_and_reads_as_many_rows_as_it_drew, the_same_seed_does_the_same,
          failures_that_come_and_go_are_counted, a_failure_that_stays_ends_the_phase,
          a_load_tries_again_until_it_is_complete, a_load_that_never_succeeds_is_a_failure,
          a_tick_stops_the_phase_and_what_was_done_is_counted, a_stop_cancels_the_call_that_runs,
          a_stop_wakes_a_thread_that_waits, time_ends_a_phase, a_stall_shows_in_every_operation_that_it_held_up)
