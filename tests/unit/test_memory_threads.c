/*
 * test_memory_threads.c - writers, readers, scanners, clearers and transactions at once on one memory store.
 *
 * What each thread sees is checked where it sees it; threads note what went wrong and the test asserts after joining.
 * Under ThreadSanitizer this is also where data races show.
 */
#include "memory_fixture.h"

#include <pthread.h>
#include <sched.h>

enum { KEY_COUNT = 200, ROUND_COUNT = MEMORY_TEST_IS_SANITIZED ? 2000 : 20000, WRITER_COUNT = 2, READER_COUNT = 2 };

typedef struct Worker {
    pthread_t thread;
    uint32_t number;
    TestutilRandom random;
    uint64_t done_count;
    const char *fault; /* NULL: none */
} Worker;

static uint64_t seed;
static int is_over; /* atomic */

static void begin(Worker *worker, uint32_t number, void *(*run)(void *))
{
    *worker = (Worker){.number = number, .random = testutil_random_seeded(seed + number)};
    ck_assert_int_eq(pthread_create(&worker->thread, NULL, run, worker), 0);
}

static void join(Worker *worker)
{
    ck_assert_int_eq(pthread_join(worker->thread, NULL), 0);
    ck_assert_msg(worker->fault == NULL, "worker %u: %s", worker->number, worker->fault);
}

static void open_shared(void)
{
    seed = testutil_seed("test_memory_threads", 1);
    __atomic_store_n(&is_over, 0, __ATOMIC_RELEASE);
    open_store(0);
}

static int keep_going(const Worker *worker)
{
    return worker->fault == NULL && !__atomic_load_n(&is_over, __ATOMIC_ACQUIRE);
}

static void finish(Worker *background, size_t count)
{
    __atomic_store_n(&is_over, 1, __ATOMIC_RELEASE);
    for (size_t index = 0; index < count; index++)
        join(&background[index]);
}

/* ---- plain writes and reads ---- */

static void *write_tagged(void *argument)
{
    Worker *worker = argument;
    KeyText key;
    char value[64];
    for (uint32_t round = 0; round < ROUND_COUNT && worker->fault == NULL; round++) {
        StorageSlice slice = key_at(&key, testutil_random_below(&worker->random, KEY_COUNT));
        StorageSlice tagged = testutil_tagged_value(value, sizeof(value), worker->number, round);
        StorageStatus status = testutil_random_chance(&worker->random, 1, 4)
                                   ? storage_delete(store, slice, NULL)
                                   : storage_set(store, slice, tagged, NULL, NULL);
        if (status != STORAGE_OK)
            worker->fault = storage_status_name(status);
        worker->done_count += 1;
    }
    return NULL;
}

static void *read_tagged(void *argument)
{
    Worker *worker = argument;
    KeyText key;
    while (keep_going(worker)) {
        StorageValue value;
        uint32_t task, sequence;
        StorageStatus status =
            storage_get(store, key_at(&key, testutil_random_below(&worker->random, KEY_COUNT)), &value, NULL);
        if (status < 0)
            worker->fault = storage_status_name(status);
        else if (status == STORAGE_OK && !testutil_tagged_value_parse(storage_value_slice(&value), &task, &sequence))
            worker->fault = "a value that nobody wrote";
        storage_value_release(&value);
        worker->done_count += 1;
    }
    return NULL;
}

static void *scan_tagged(void *argument)
{
    Worker *worker = argument;
    while (keep_going(worker)) {
        StorageCursor *cursor = NULL;
        const StorageEntry *entry = NULL;
        KeyText previous;
        size_t previous_size = 0, row_count = 0;
        uint32_t task, sequence;
        StorageStatus status = storage_scan(store, NULL, NULL, &cursor, NULL);
        while (status == STORAGE_OK && (status = storage_cursor_next(cursor, &entry, NULL)) == STORAGE_OK) {
            if (row_count++ > 0 && storage_slice_compare(storage_bytes(previous.bytes, previous_size), entry->key) >= 0)
                worker->fault = "a scan that is not sorted";
            if (!testutil_tagged_value_parse(entry->value, &task, &sequence))
                worker->fault = "a row that nobody wrote";
            previous_size = entry->key.size;
            memcpy(previous.bytes, entry->key.data, previous_size);
        }
        if (status != STORAGE_END)
            worker->fault = storage_status_name(status);
        if (row_count > KEY_COUNT)
            worker->fault = "more rows than keys";
        storage_cursor_close(cursor);
        worker->done_count += 1;
    }
    return NULL;
}

START_TEST(readers_and_scanners_see_whole_values_in_order_under_writers)
{
    Worker writers[WRITER_COUNT], background[READER_COUNT + 1];
    open_shared();
    for (uint32_t index = 0; index < READER_COUNT; index++)
        begin(&background[index], 100 + index, read_tagged);
    begin(&background[READER_COUNT], 200, scan_tagged);
    for (uint32_t index = 0; index < WRITER_COUNT; index++)
        begin(&writers[index], index, write_tagged);
    for (size_t index = 0; index < WRITER_COUNT; index++)
        join(&writers[index]);
    finish(background, READER_COUNT + 1);
    ck_assert_uint_eq(writers[0].done_count + writers[1].done_count, (uint64_t)WRITER_COUNT * ROUND_COUNT);
    close_store();
}
END_TEST

/* ---- inserts that split, deletes that merge, clears ---- */

static void *clear_ranges(void *argument)
{
    Worker *worker = argument;
    KeyText from, to;
    while (keep_going(worker)) {
        uint64_t first = testutil_random_below(&worker->random, KEY_COUNT);
        StorageRange range = storage_range_half_open(key_at(&from, first), key_at(&to, first + 20));
        StorageStatus status = storage_clear_range(store, &range, NULL);
        if (status != STORAGE_OK)
            worker->fault = storage_status_name(status);
        worker->done_count += 1;
    }
    return NULL;
}

START_TEST(clearers_and_writers_do_not_wait_for_each_other_for_ever)
{
    Worker writers[WRITER_COUNT], background[3];
    open_shared();
    begin(&background[0], 100, clear_ranges);
    begin(&background[1], 101, clear_ranges);
    begin(&background[2], 200, scan_tagged);
    for (uint32_t index = 0; index < WRITER_COUNT; index++)
        begin(&writers[index], index, write_tagged);
    for (size_t index = 0; index < WRITER_COUNT; index++)
        join(&writers[index]);
    finish(background, 3);
    close_store();
}
END_TEST

/* Each writer owns the keys with its remainder, so that it knows what must be there. */
static void *grow_and_shrink(void *argument)
{
    enum { OWN_COUNT = MEMORY_TEST_IS_SANITIZED ? 2000 : 10000 };
    Worker *worker = argument;
    KeyText key;
    for (int pass = 0; pass < 2 && worker->fault == NULL; pass++) {
        for (uint64_t index = 0; index < OWN_COUNT && worker->fault == NULL; index++)
            if (storage_set(store, key_at(&key, index * WRITER_COUNT + worker->number), storage_string("v"), NULL,
                            NULL) != STORAGE_OK)
                worker->fault = "a set that failed";
        for (uint64_t index = 0; index < OWN_COUNT && worker->fault == NULL; index++) {
            StorageValue value;
            if (storage_get(store, key_at(&key, index * WRITER_COUNT + worker->number), &value, NULL) != STORAGE_OK)
                worker->fault = "a key that its owner set is missing";
            storage_value_release(&value);
            if (storage_delete(store, key_at(&key, index * WRITER_COUNT + worker->number), NULL) != STORAGE_OK)
                worker->fault = "a delete that failed";
        }
    }
    return NULL;
}

START_TEST(neighbouring_inserts_and_deletes_of_two_writers_lose_nothing)
{
    Worker writers[WRITER_COUNT];
    open_shared();
    for (uint32_t index = 0; index < WRITER_COUNT; index++)
        begin(&writers[index], index, grow_and_shrink);
    for (size_t index = 0; index < WRITER_COUNT; index++)
        join(&writers[index]);
    ck_assert_uint_eq(count_stored_rows(), 0);
    close_store();
}
END_TEST

/* ---- counting: nothing is lost, nothing is done twice ---- */

static void *increment_by_compare_and_set(void *argument)
{
    Worker *worker = argument;
    uint64_t wanted = ROUND_COUNT / 10;
    while (worker->done_count < wanted && worker->fault == NULL) {
        StorageValue value;
        uint64_t number = 0;
        StorageStatus status = storage_get(store, storage_string("counter"), &value, NULL);
        StorageExpected expected = storage_expect_absent();
        if (status == STORAGE_OK) {
            memcpy(&number, value.data, sizeof(number));
            expected = storage_expect_revision(value.revision);
        }
        storage_value_release(&value);
        number += 1;
        status = storage_compare_and_set(store, storage_string("counter"), expected,
                                         storage_bytes(&number, sizeof(number)), NULL, NULL);
        if (status == STORAGE_OK)
            worker->done_count += 1;
        else if (status != STORAGE_CONFLICT)
            worker->fault = storage_status_name(status);
    }
    return NULL;
}

static uint64_t read_number(const char *key)
{
    StorageValue value;
    uint64_t number = 0;
    unit_assert_status(storage_get(store, storage_string(key), &value, NULL), STORAGE_OK);
    memcpy(&number, value.data, sizeof(number));
    storage_value_release(&value);
    return number;
}

START_TEST(increments_by_compare_and_set_add_up)
{
    Worker writers[WRITER_COUNT];
    open_shared();
    for (uint32_t index = 0; index < WRITER_COUNT; index++)
        begin(&writers[index], index, increment_by_compare_and_set);
    for (size_t index = 0; index < WRITER_COUNT; index++)
        join(&writers[index]);
    ck_assert_uint_eq(read_number("counter"), (uint64_t)WRITER_COUNT * (ROUND_COUNT / 10));
    close_store();
}
END_TEST

enum { ACCOUNT_COUNT = 10, ACCOUNT_BALANCE = 1000 };

static StorageStatus read_balance(StorageTransaction *txn, uint64_t account, uint64_t *ret_balance)
{
    KeyText key;
    StorageValue value;
    StorageStatus status = storage_transaction_get(txn, key_at(&key, account), &value, NULL);
    if (status == STORAGE_OK)
        memcpy(ret_balance, value.data, sizeof(*ret_balance));
    storage_value_release(&value);
    return status;
}

static StorageStatus transfer(StorageTransaction *txn, void *user_data, StorageContext *ctx)
{
    Worker *worker = user_data;
    uint64_t from = testutil_random_below(&worker->random, ACCOUNT_COUNT), to = (from + 1) % ACCOUNT_COUNT;
    uint64_t from_balance = 0, to_balance = 0;
    KeyText key;
    StorageStatus status = read_balance(txn, from, &from_balance);
    if (status == STORAGE_OK)
        status = read_balance(txn, to, &to_balance);
    if (status != STORAGE_OK || from_balance == 0)
        return status;
    from_balance -= 1;
    to_balance += 1;
    status =
        storage_transaction_set(txn, key_at(&key, from), storage_bytes(&from_balance, sizeof(from_balance)), NULL, ctx);
    if (status == STORAGE_OK)
        status =
            storage_transaction_set(txn, key_at(&key, to), storage_bytes(&to_balance, sizeof(to_balance)), NULL, ctx);
    return status;
}

static void *transfer_often(void *argument)
{
    Worker *worker = argument;
    for (int round = 0; round < ROUND_COUNT / 20 && worker->fault == NULL; round++) {
        StorageStatus status;
        do {
            status = storage_update(store, NULL, transfer, worker, NULL);
        } while (status == STORAGE_SERIALIZATION); /* ten runs were not enough */
        if (status != STORAGE_OK)
            worker->fault = storage_status_name(status);
    }
    return NULL;
}

static StorageStatus sum_accounts(StorageTransaction *txn, void *user_data, StorageContext *ctx)
{
    uint64_t *sum = user_data;
    StorageCursor *cursor = NULL;
    const StorageEntry *entry = NULL;
    StorageStatus status = storage_transaction_scan(txn, NULL, NULL, &cursor, ctx);
    *sum = 0;
    while (status == STORAGE_OK && (status = storage_cursor_next(cursor, &entry, ctx)) == STORAGE_OK) {
        uint64_t balance;
        memcpy(&balance, entry->value.data, sizeof(balance));
        *sum += balance;
    }
    storage_cursor_close(cursor);
    return status == STORAGE_END ? STORAGE_OK : status;
}

static void *audit(void *argument)
{
    Worker *worker = argument;
    while (keep_going(worker)) {
        uint64_t sum = 0;
        StorageStatus status = storage_view(store, NULL, sum_accounts, &sum, NULL);
        if (status != STORAGE_OK)
            worker->fault = storage_status_name(status);
        else if (sum != (uint64_t)ACCOUNT_COUNT * ACCOUNT_BALANCE)
            worker->fault = "half of a transfer was seen";
        worker->done_count += 1;
    }
    return NULL;
}

START_TEST(no_snapshot_sees_half_of_a_transfer)
{
    Worker writers[WRITER_COUNT], auditor;
    KeyText key;
    uint64_t balance = ACCOUNT_BALANCE, sum = 0;
    open_shared();
    for (uint64_t account = 0; account < ACCOUNT_COUNT; account++)
        unit_assert_status(
            storage_set(store, key_at(&key, account), storage_bytes(&balance, sizeof(balance)), NULL, NULL),
            STORAGE_OK);
    begin(&auditor, 100, audit);
    for (uint32_t index = 0; index < WRITER_COUNT; index++)
        begin(&writers[index], index, transfer_often);
    for (size_t index = 0; index < WRITER_COUNT; index++)
        join(&writers[index]);
    finish(&auditor, 1);
    unit_assert_status(storage_view(store, NULL, sum_accounts, &sum, NULL), STORAGE_OK);
    ck_assert_uint_eq(sum, (uint64_t)ACCOUNT_COUNT * ACCOUNT_BALANCE);
    close_store();
}
END_TEST

/* ---- a close in the middle of it all ---- */

static void *use_until_closed(void *argument)
{
    Worker *worker = argument;
    StorageCursor *cursor = NULL;
    const StorageEntry *entry = NULL;
    StorageStatus status = storage_scan(store, NULL, NULL, &cursor, NULL);
    __atomic_fetch_add(&is_over, 1, __ATOMIC_ACQ_REL);
    while (status != STORAGE_SHUTTING_DOWN && worker->fault == NULL) {
        status = storage_cursor_next(cursor, &entry, NULL);
        if (status == STORAGE_END)
            status = storage_cursor_seek(cursor, storage_string(""), NULL);
        if (status < 0 && status != STORAGE_SHUTTING_DOWN)
            worker->fault = storage_status_name(status);
    }
    storage_cursor_close(cursor);
    return NULL;
}

START_TEST(a_close_in_the_middle_of_scans_leaves_nothing)
{
    for (int round = 0; round < 50; round++) {
        Worker workers[READER_COUNT];
        __atomic_store_n(&is_over, 0, __ATOMIC_RELEASE);
        open_store(0);
        fill(0, KEY_COUNT, 10);
        for (uint32_t index = 0; index < READER_COUNT; index++)
            begin(&workers[index], index, use_until_closed);
        while (__atomic_load_n(&is_over, __ATOMIC_ACQUIRE) < READER_COUNT)
            sched_yield();
        unit_assert_status(storage_close(store, NULL), STORAGE_OK);
        for (size_t index = 0; index < READER_COUNT; index++)
            join(&workers[index]);
        ck_assert_uint_eq(blocks_in_use(), 0);
        testutil_clock_free(test_clock);
    }
}
END_TEST

UNIT_MAIN("memory threads", readers_and_scanners_see_whole_values_in_order_under_writers,
          clearers_and_writers_do_not_wait_for_each_other_for_ever,
          neighbouring_inserts_and_deletes_of_two_writers_lose_nothing, increments_by_compare_and_set_add_up,
          no_snapshot_sees_half_of_a_transfer, a_close_in_the_middle_of_scans_leaves_nothing)
