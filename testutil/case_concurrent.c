/*
 * case_concurrent.c - many threads on one stack, without transactions: who wins, what readers may see, what adds up.
 *
 * Sizes are modest, so that the cases also run under a thread sanitizer.
 */
#include "case_crew.h"

#include <stdlib.h>
#include <string.h>

#define CASE_GROUP "concurrent"

#define RUN(crew, workers, count, ...)                                                            \
    do {                                                                                          \
        const WorkFn works_[] = {__VA_ARGS__};                                                    \
        testutil_crew_run(&(crew), (workers), (count), works_, sizeof works_ / sizeof works_[0]); \
    } while (0)

/* ---- writers and readers ---- */

static void write_own_keys(Worker *worker)
{
    char key[TESTUTIL_KEY_BUFFER_SIZE], value[64];

    for (uint32_t i = 0; i < 20; i++)
        worker_expects_ok(
            worker, storage_set(worker->crew->backend, testutil_key(key, sizeof key, "key", worker->index * 20 + i),
                                testutil_tagged_value(value, sizeof value, worker->index, i), NULL, NULL));
}

static void fifty_writers_of_different_keys_lose_nothing(TestutilFixture *fixture)
{
    Crew crew = {.fixture = fixture};
    char key[TESTUTIL_KEY_BUFFER_SIZE], value[64];
    Worker workers[50];

    RUN(crew, workers, 50, write_own_keys);
    for (uint32_t i = 0; i < 1000; i++)
        testutil_assert_value(fixture->backend, testutil_key(key, sizeof key, "key", i),
                              testutil_tagged_value(value, sizeof value, i / 20, i % 20));
}

static void read_one_key(Worker *worker)
{
    for (int i = 0; i < 100; i++) {
        StorageValue value;

        worker_expects_ok(worker, storage_get(worker->crew->backend, TEXT("a"), &value, NULL));
        worker_expects(worker, storage_slice_compare(storage_value_slice(&value), TEXT("1")) == 0,
                       "the value is not the one that was written");
        storage_value_release(&value);
    }
}

static void fifty_readers_see_the_one_value(TestutilFixture *fixture)
{
    Crew crew = {.fixture = fixture};
    Worker workers[50];

    RUN(crew, workers, 50, read_one_key);
}

static void overwrite_one_key(Worker *worker)
{
    uint8_t bytes[512];

    for (uint32_t i = 0; i < 200; i++) {
        memset(bytes, (int)(worker->index * 16 + i % 16), sizeof bytes);
        worker_expects_ok(worker, storage_set(worker->crew->backend, TEXT("a"),
                                              storage_bytes(bytes, 1 + (worker->index * 31 + i) % 512), NULL, NULL));
    }
}

static void read_while_others_run(Worker *worker)
{
    while (atomic_load(&worker->crew->running) > 2) {
        StorageValue value;
        const uint8_t *bytes;

        worker_expects_ok(worker, storage_get(worker->crew->backend, TEXT("a"), &value, NULL));
        bytes = value.data;
        for (size_t i = 1; i < value.size; i++)
            worker_expects(worker, bytes[i] == bytes[0], "a value of %zu bytes is torn at byte %zu", value.size, i);
        storage_value_release(&value);
    }
}

static void readers_never_see_a_torn_value(TestutilFixture *fixture)
{
    Crew crew = {.fixture = fixture};
    Worker workers[4];

    RUN(crew, workers, 4, overwrite_one_key, read_while_others_run);
}

static void hold_values_while_others_run(Worker *worker)
{
    StorageValue held[16] = {0};
    uint8_t copies[16];
    size_t next = 0;

    while (atomic_load(&worker->crew->running) > 2) {
        size_t i = next++ % 16;

        if (held[i].data != NULL)
            worker_expects(worker, *(const uint8_t *)held[i].data == copies[i], "a value that is held has changed");
        storage_value_release(&held[i]);
        worker_expects_ok(worker, storage_get(worker->crew->backend, TEXT("a"), &held[i], NULL));
        copies[i] = *(const uint8_t *)held[i].data;
    }
    for (size_t i = 0; i < 16; i++)
        storage_value_release(&held[i]);
}

static void held_values_do_not_change_under_writers(TestutilFixture *fixture)
{
    Crew crew = {.fixture = fixture};
    Worker workers[4];

    RUN(crew, workers, 4, overwrite_one_key, hold_values_while_others_run);
}

static void note_own_revisions(Worker *worker)
{
    StorageContext *ctx = storage_context_new();
    char key[TESTUTIL_KEY_BUFFER_SIZE];
    uint64_t last = 0;

    worker_expects(worker, ctx != NULL, "no memory for a context");
    for (uint32_t i = 0; i < 100; i++) {
        worker_expects_ok(
            worker, storage_set(worker->crew->backend, testutil_key(key, sizeof key, "key", i), TEXT("1"), NULL, ctx));
        worker_expects(worker, storage_context_revision(ctx) > last, "the revisions of one thread do not increase");
        last = storage_context_revision(ctx);
        worker->result += last;
    }
    storage_context_free(ctx);
}

static void revisions_are_never_given_twice(TestutilFixture *fixture)
{
    Crew crew = {.fixture = fixture};
    const StorageEntry *entry;
    uint64_t revisions[100];
    StorageCursor *cursor;
    Worker workers[8];
    size_t count = 0;

    RUN(crew, workers, 8, note_own_revisions);
    cursor = scan(fixture, NULL, NULL);
    while (count < 100 && storage_cursor_next(cursor, &entry, NULL) == STORAGE_OK) {
        for (size_t i = 0; i < count; i++)
            testutil_assert(revisions[i] != entry->revision, "two keys have revision %llu",
                            (unsigned long long)entry->revision);
        revisions[count++] = entry->revision;
    }
    storage_cursor_close(cursor);
    testutil_assert_number(100, count);
}

/* ---- one winner ---- */

static void insert_one_key(Worker *worker)
{
    char value[64];
    StorageStatus status =
        storage_compare_and_set(worker->crew->backend, TEXT("a"), storage_expect_absent(),
                                testutil_tagged_value(value, sizeof value, worker->index, 0), NULL, NULL);

    worker_expects(worker, status == STORAGE_OK || status == STORAGE_CONFLICT, "the insert answers %s",
                   storage_status_name(status));
    if (status == STORAGE_OK) {
        atomic_fetch_add(&worker->crew->winner_count, 1);
        worker->result = 1;
    }
}

static void one_insert_of_ten_wins(TestutilFixture *fixture)
{
    for (int round = 0; round < 20; round++) {
        Crew crew = {.fixture = fixture};
        Worker workers[10];
        char value[64];

        remove_key(fixture, "a");
        RUN(crew, workers, 10, insert_one_key);
        testutil_assert_number(1, atomic_load(&crew.winner_count));
        for (uint32_t i = 0; i < 10; i++)
            if (workers[i].result == 1)
                testutil_assert_value(fixture->backend, TEXT("a"), testutil_tagged_value(value, sizeof value, i, 0));
    }
}

static void update_one_value(Worker *worker)
{
    StorageStatus status = storage_compare_and_set(worker->crew->backend, TEXT("a"), storage_expect_value(TEXT("old")),
                                                   TEXT("new"), NULL, NULL);

    worker_expects(worker, status == STORAGE_OK || status == STORAGE_CONFLICT, "the update answers %s",
                   storage_status_name(status));
    if (status == STORAGE_OK)
        atomic_fetch_add(&worker->crew->winner_count, 1);
}

static void one_update_of_ten_wins(TestutilFixture *fixture)
{
    for (int round = 0; round < 20; round++) {
        Crew crew = {.fixture = fixture};
        Worker workers[10];

        set(fixture, "a", "old");
        RUN(crew, workers, 10, update_one_value);
        testutil_assert_number(1, atomic_load(&crew.winner_count));
        assert_value(fixture, "a", "new");
    }
}

static void delete_one_value(Worker *worker)
{
    StorageStatus status =
        storage_compare_and_delete(worker->crew->backend, TEXT("a"), storage_expect_value(TEXT("old")), NULL);

    worker_expects(worker, status == STORAGE_OK || status == STORAGE_CONFLICT, "the delete answers %s",
                   storage_status_name(status));
    if (status == STORAGE_OK)
        atomic_fetch_add(&worker->crew->winner_count, 1);
}

static void one_of_updates_and_deletes_wins(TestutilFixture *fixture)
{
    for (int round = 0; round < 20; round++) {
        Crew crew = {.fixture = fixture};
        Worker workers[8];

        set(fixture, "a", "old");
        RUN(crew, workers, 8, update_one_value, delete_one_value);
        testutil_assert_number(1, atomic_load(&crew.winner_count));
    }
}

static void increment_by_compare_and_set(Worker *worker)
{
    for (uint32_t i = 0; i < 100;) {
        StorageValue value;
        StorageStatus status;
        uint64_t number;

        worker_expects_ok(worker, storage_get(worker->crew->backend, TEXT("counter"), &value, NULL));
        memcpy(&number, value.data, sizeof number);
        number++;
        status =
            storage_compare_and_set(worker->crew->backend, TEXT("counter"), storage_expect_revision(value.revision),
                                    storage_bytes(&number, sizeof number), NULL, NULL);
        storage_value_release(&value);
        worker_expects(worker, status == STORAGE_OK || status == STORAGE_CONFLICT, "the increment answers %s",
                       storage_status_name(status));
        i += status == STORAGE_OK;
    }
}

static void chained_increments_total_up(TestutilFixture *fixture)
{
    Crew crew = {.fixture = fixture};
    uint64_t number = 0;
    Worker workers[6];

    testutil_assert_ok(
        storage_set(fixture->backend, TEXT("counter"), storage_bytes(&number, sizeof number), NULL, NULL));
    RUN(crew, workers, 6, increment_by_compare_and_set);
    number = 600;
    testutil_assert_value(fixture->backend, TEXT("counter"), storage_bytes(&number, sizeof number));
}

/* ---- what is atomic is seen whole ---- */

enum { GROUP_SIZE = 5 };
static const char *const group_names[GROUP_SIZE] = {"a", "b", "c", "d", "e"};

static void write_groups(Worker *worker)
{
    StorageOperation operations[GROUP_SIZE];
    char value[64];

    for (uint32_t i = 0; i < 200; i++) {
        StorageSlice tag = testutil_tagged_value(value, sizeof value, worker->index, i);

        for (size_t j = 0; j < GROUP_SIZE; j++)
            operations[j] = testutil_case_operation(STORAGE_OPERATION_SET, storage_string(group_names[j]), tag);
        worker_expects_ok(
            worker, storage_write(worker->crew->backend, operations, GROUP_SIZE, STORAGE_WRITE_ATOMIC, NULL, NULL));
    }
}

static void get_groups_while_others_run(Worker *worker)
{
    StorageSlice keys[GROUP_SIZE];

    for (size_t i = 0; i < GROUP_SIZE; i++)
        keys[i] = storage_string(group_names[i]);
    while (atomic_load(&worker->crew->running) > 2) {
        StorageStatus statuses[GROUP_SIZE];
        StorageValue values[GROUP_SIZE];

        worker_expects_ok(worker, storage_multi_get(worker->crew->backend, keys, GROUP_SIZE, values, statuses, NULL));
        for (size_t i = 1; i < GROUP_SIZE; i++)
            worker_expects(worker,
                           storage_slice_compare(storage_value_slice(&values[0]), storage_value_slice(&values[i])) == 0,
                           "multi_get sees half of an atomic write");
        for (size_t i = 0; i < GROUP_SIZE; i++)
            storage_value_release(&values[i]);
    }
}

static void atomic_writes_are_seen_whole_by_multi_get(TestutilFixture *fixture)
{
    Crew crew = {.fixture = fixture};
    Worker workers[4];

    RUN(crew, workers, 4, write_groups, get_groups_while_others_run);
}

static void scan_groups_while_others_run(Worker *worker)
{
    while (atomic_load(&worker->crew->running) > 2) {
        const StorageEntry *entry;
        uint64_t revision = 0;
        StorageCursor *cursor;
        size_t count = 0;

        worker_expects_ok(worker, storage_scan(worker->crew->backend, NULL, NULL, &cursor, NULL));
        while (storage_cursor_next(cursor, &entry, NULL) == STORAGE_OK) {
            worker_expects(worker, count == 0 || entry->revision == revision, "a scan sees half of an atomic write");
            revision = entry->revision;
            count++;
        }
        storage_cursor_close(cursor);
        worker_expects(worker, count == 0 || count == GROUP_SIZE, "a scan sees %zu rows of a group", count);
    }
}

static void atomic_writes_are_seen_whole_by_scans(TestutilFixture *fixture)
{
    Crew crew = {.fixture = fixture};
    Worker workers[4];

    RUN(crew, workers, 4, write_groups, scan_groups_while_others_run);
}

static void clear_groups(Worker *worker)
{
    for (int i = 0; i < 200; i++)
        worker_expects_ok(worker, storage_clear_range(worker->crew->backend, NULL, NULL));
}

static void clears_are_seen_whole_by_scans(TestutilFixture *fixture)
{
    Crew crew = {.fixture = fixture};
    Worker workers[4];

    RUN(crew, workers, 4, write_groups, scan_groups_while_others_run, clear_groups, scan_groups_while_others_run);
}

/* ---- scans under writers ---- */

static void churn(Worker *worker)
{
    char key[TESTUTIL_KEY_BUFFER_SIZE];

    for (uint32_t i = 0; i < 400; i++) {
        StorageSlice name = testutil_key(key, sizeof key, "key", testutil_random_below(&worker->random, 200));

        if (testutil_random_chance(&worker->random, 1, 3))
            worker_expects_ok(worker, storage_delete(worker->crew->backend, name, NULL));
        else
            worker_expects_ok(worker, storage_set(worker->crew->backend, name, name, NULL, NULL));
    }
}

static void scan_while_others_run(Worker *worker)
{
    StorageScanOptions options = testutil_case_scan_options(0, 0);

    while (atomic_load(&worker->crew->running) > 2) {
        char last[TESTUTIL_KEY_BUFFER_SIZE] = "";
        size_t last_size = 0;
        const StorageEntry *entry;
        StorageCursor *cursor;

        worker_expects_ok(worker, storage_scan(worker->crew->backend, NULL, &options, &cursor, NULL));
        while (storage_cursor_next(cursor, &entry, NULL) == STORAGE_OK) {
            worker_expects(worker, storage_slice_compare(storage_bytes(last, last_size), entry->key) < 0,
                           "the rows of a scan are not in order");
            worker_expects(worker, storage_slice_compare(entry->key, entry->value) == 0,
                           "a row has a value that was written to another key");
            worker_expects(worker, entry->key.size < sizeof last, "a row has a key that nobody wrote");
            last_size = entry->key.size;
            memcpy(last, entry->key.data, last_size);
        }
        storage_cursor_close(cursor);
    }
}

static void scans_are_well_formed_under_writers(TestutilFixture *fixture)
{
    Crew crew = {.fixture = fixture};
    Worker workers[4];

    RUN(crew, workers, 4, churn, scan_while_others_run);
}

static void scan_the_same_rows_twice(Worker *worker)
{
    while (atomic_load(&worker->crew->running) > 2) {
        uint64_t sums[2] = {0, 0};
        const StorageEntry *entry;
        StorageCursor *cursor;

        worker_expects_ok(worker, storage_scan(worker->crew->backend, NULL, NULL, &cursor, NULL));
        for (int pass = 0; pass < 2; pass++) {
            while (storage_cursor_next(cursor, &entry, NULL) == STORAGE_OK)
                sums[pass] = sums[pass] * 31 + entry->revision;
            worker_expects_ok(worker, storage_cursor_seek(cursor, TEXT(""), NULL));
        }
        storage_cursor_close(cursor);
        worker_expects(worker, sums[0] == sums[1], "the second pass over one cursor gives other rows");
    }
}

static void a_cursor_gives_the_same_rows_twice_under_writers(TestutilFixture *fixture)
{
    Crew crew = {.fixture = fixture};
    Worker workers[4];

    RUN(crew, workers, 4, churn, scan_the_same_rows_twice);
}

static void clear_while_others_run(Worker *worker)
{
    char start[TESTUTIL_KEY_BUFFER_SIZE], end[TESTUTIL_KEY_BUFFER_SIZE];

    for (int i = 0; i < 100; i++) {
        uint64_t first = testutil_random_below(&worker->random, 200);
        StorageRange range = storage_range_half_open(testutil_key(start, sizeof start, "key", first),
                                                     testutil_key(end, sizeof end, "key", first + 20));

        worker_expects_ok(worker, storage_clear_range(worker->crew->backend, &range, NULL));
    }
}

static void clearers_and_writers_do_not_block_each_other_for_ever(TestutilFixture *fixture)
{
    Crew crew = {.fixture = fixture};
    Worker workers[10];

    RUN(crew, workers, 10, churn, churn, churn, clear_while_others_run, churn);
    testutil_assert_ok(storage_clear_range(fixture->backend, NULL, NULL));
    assert_store(fixture, "");
}

static void get_while_others_run(Worker *worker)
{
    char key[TESTUTIL_KEY_BUFFER_SIZE];

    while (atomic_load(&worker->crew->running) > 2) {
        StorageSlice name = testutil_key(key, sizeof key, "key", testutil_random_below(&worker->random, 200));
        StorageValue value;
        StorageStatus status = storage_get(worker->crew->backend, name, &value, NULL);

        worker_expects(worker, status == STORAGE_OK || status == STORAGE_NOT_FOUND, "a get answers %s",
                       storage_status_name(status));
        worker_expects(worker, status != STORAGE_OK || storage_slice_compare(storage_value_slice(&value), name) == 0,
                       "a get finds the value of another key");
        storage_value_release(&value);
    }
}

static void writers_deleters_and_readers_never_fail(TestutilFixture *fixture)
{
    Crew crew = {.fixture = fixture};
    Worker workers[4];

    RUN(crew, workers, 4, churn, get_while_others_run);
}

/* ---- expiry ---- */

static void write_short_lives(Worker *worker)
{
    StorageSetOptions options = testutil_case_set_options(storage_expiry_after(5));
    char key[TESTUTIL_KEY_BUFFER_SIZE];

    for (uint32_t i = 0; i < 300; i++) {
        StorageSlice name = testutil_key(key, sizeof key, "key", testutil_random_below(&worker->random, 50));

        worker_expects_ok(worker, storage_set(worker->crew->backend, name, name, &options, NULL));
        testutil_clock_advance(worker->crew->fixture->clock, 1);
    }
}

static void sweep_some(Worker *worker)
{
    for (int i = 0; i < 100; i++)
        worker_expects_ok(worker, storage_sweep(worker->crew->backend, NULL, NULL));
}

static void lives_end_while_others_read_and_sweep(TestutilFixture *fixture)
{
    Crew crew = {.fixture = fixture};
    Worker workers[4];

    RUN(crew, workers, 4, write_short_lives, get_while_others_run, sweep_some, get_while_others_run);
    testutil_clock_advance(fixture->clock, 100);
    assert_store(fixture, "");
    testutil_assert_ok(storage_sweep(fixture->backend, NULL, NULL));
    assert_store(fixture, "");
}

/* ---- watch and tokens ---- */

static void write_tagged(Worker *worker)
{
    char key[TESTUTIL_KEY_BUFFER_SIZE], value[64];

    for (uint32_t i = 0; i < 200; i++)
        worker_expects_ok(worker,
                          storage_set(worker->crew->backend, testutil_key(key, sizeof key, "key", i % 7),
                                      testutil_tagged_value(value, sizeof value, worker->index, i), NULL, NULL));
}

static void a_watch_misses_nothing_of_many_writers(TestutilFixture *fixture)
{
    uint32_t next[4] = {0}, task = 0, sequence = 0;
    StorageWatch *changes = watch(fixture, NULL, 0);
    Crew crew = {.fixture = fixture};
    const StorageChange *change;
    Worker workers[4];
    uint64_t last = 0;

    RUN(crew, workers, 4, write_tagged);
    for (int i = 0; i < 800; i++) {
        testutil_assert_ok(storage_watch_next(changes, &change, NULL));
        testutil_assert(change->revision > last, "the revisions of the changes do not increase");
        last = change->revision;
        testutil_assert(testutil_tagged_value_parse(change->value, &task, &sequence) && task < 4,
                        "a change has a value that nobody wrote");
        testutil_assert_number(next[task], sequence);
        next[task]++;
    }
    testutil_assert_changes(changes, "");
    storage_watch_close(changes);
}

static void watch_while_others_write(Worker *worker)
{
    uint32_t next[4] = {0}, task = 0, sequence = 0;
    const StorageChange *change;
    StorageWatch *changes;

    worker_expects_ok(worker, storage_watch(worker->crew->backend, NULL, 1, &changes, NULL));
    for (int i = 0; i < 600; i++) {
        worker_expects_ok(worker, storage_watch_next(changes, &change, NULL));
        worker_expects(worker, testutil_tagged_value_parse(change->value, &task, &sequence) && task < 4,
                       "a change has a value that nobody wrote");
        worker_expects(worker, next[task] == sequence, "change %u of writer %u comes after %u", (unsigned)sequence,
                       (unsigned)task, (unsigned)next[task]);
        next[task]++;
    }
    storage_watch_close(changes);
}

static void a_waiting_watch_misses_nothing_of_many_writers(TestutilFixture *fixture)
{
    Crew crew = {.fixture = fixture};
    Worker workers[4];

    RUN(crew, workers, 4, write_tagged, write_tagged, write_tagged, watch_while_others_write);
}

static void send_one_token(Worker *worker)
{
    StorageContext *ctx = storage_context_new();

    worker_expects(worker, ctx != NULL, "no memory for a context");
    worker_expects_ok(worker, storage_context_set_token(ctx, TEXT("token")));
    worker_expects_ok(worker, storage_set(worker->crew->backend, TEXT("a"), TEXT("1"), NULL, ctx));
    worker->result = storage_context_revision(ctx);
    storage_context_free(ctx);
}

static void a_token_sent_by_many_threads_is_written_once(TestutilFixture *fixture)
{
    Crew crew = {.fixture = fixture};
    Worker workers[12];

    RUN(crew, workers, 12, send_one_token);
    for (size_t i = 0; i < 12; i++)
        testutil_assert_number(revision_of(fixture, "a"), workers[i].result);
}

static const TestutilContractCase cases[] = {
    CASE(fifty_writers_of_different_keys_lose_nothing, 0, WRITES, NULL),
    CASE(fifty_readers_see_the_one_value, 0, 0, "a=1"),
    CASE(readers_never_see_a_torn_value, 0, WRITES, "a=1"),
    CASE(held_values_do_not_change_under_writers, 0, WRITES, "a=1"),
    CASE(revisions_are_never_given_twice, 0, WRITES, NULL),
    CASE(one_insert_of_ten_wins, COMPARE, WRITES, NULL),
    CASE(one_update_of_ten_wins, COMPARE, WRITES, NULL),
    CASE(one_of_updates_and_deletes_wins, COMPARE, WRITES, NULL),
    CASE(chained_increments_total_up, COMPARE, WRITES, NULL),
    CASE(atomic_writes_are_seen_whole_by_multi_get, MULTI_WRITE, WRITES, "a=0 b=0 c=0 d=0 e=0"),
    CASE(atomic_writes_are_seen_whole_by_scans, MULTI_WRITE, WRITES | STABLE_SCAN, NULL),
    CASE(clears_are_seen_whole_by_scans, MULTI_WRITE | CLEAR_RANGE, WRITES | STABLE_SCAN, NULL),
    CASE(scans_are_well_formed_under_writers, 0, WRITES, NULL),
    CASE(a_cursor_gives_the_same_rows_twice_under_writers, 0, WRITES | STABLE_SCAN, NULL),
    CASE(clearers_and_writers_do_not_block_each_other_for_ever, CLEAR_RANGE, WRITES, NULL),
    CASE(writers_deleters_and_readers_never_fail, 0, WRITES, NULL),
    CASE(lives_end_while_others_read_and_sweep, EXPIRY, WRITES, NULL),
    CASE(a_watch_misses_nothing_of_many_writers, WATCH, WRITES, NULL),
    CASE(a_waiting_watch_misses_nothing_of_many_writers, WATCH, WRITES, NULL),
    CASE(a_token_sent_by_many_threads_is_written_once, IDEMPOTENCY, WRITES, NULL),
};
const CaseTable testutil_cases_concurrent = CASE_TABLE(cases);
