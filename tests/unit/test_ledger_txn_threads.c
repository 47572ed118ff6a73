/*
 * test_ledger_txn_threads.c - readers beside a writer that uses pages again as soon as it may, with the smallest cache:
 * every get and every scan is right, and none meets a page that is something else by now.
 */
#include "ledger_txn_store.h"

#include "storage_testutil/generate.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { KEY_COUNT = 600, READER_COUNT = 3, COMMIT_COUNT = 1500, LONG_SIZE = 6000 };

static TxnStore *store;
static _Atomic int is_over;
static _Atomic uint64_t get_count, scan_count;

typedef struct KeyText {
    char bytes[16];
} KeyText;

static StorageSlice key_of(size_t index, KeyText *text)
{
    (void)snprintf(text->bytes, sizeof(text->bytes), "k%05zu", index);
    return storage_string(text->bytes);
}

/* Every value of a key is a pattern of its key; every thirtieth key has long ones. */
static StorageSlice value_of(size_t index, unsigned char *buffer)
{
    return testutil_patterned_value(buffer, index % 30 == 0 ? LONG_SIZE : 40, index);
}

static void get_one(TestutilRandom *numbers, unsigned char *buffer)
{
    size_t index = testutil_random_below(numbers, KEY_COUNT);
    KeyText text;
    StorageValue value;
    StorageStatus status = storage_get(&store->base, key_of(index, &text), &value, NULL);
    unit_assert(status == STORAGE_OK, "get %s: %s", text.bytes, storage_status_name(status));
    unit_assert(storage_slice_compare(storage_value_slice(&value), value_of(index, buffer)) == 0, "%s: another value",
                text.bytes);
    storage_value_release(&value);
}

static void scan_all(unsigned char *buffer)
{
    StorageCursor *cursor;
    const StorageEntry *entry;
    StorageStatus status;
    size_t count = 0;
    unit_assert_status(storage_scan(&store->base, NULL, NULL, &cursor, NULL), STORAGE_OK);
    while ((status = storage_cursor_next(cursor, &entry, NULL)) == STORAGE_OK) {
        unit_assert(storage_slice_compare(entry->value, value_of(count, buffer)) == 0, "row %zu: another value", count);
        count++;
    }
    unit_assert(status == STORAGE_END && count == KEY_COUNT, "%zu rows, then %s", count, storage_status_name(status));
    storage_cursor_close(cursor);
}

static void *read_on(void *seed)
{
    TestutilRandom numbers = testutil_random_seeded((uint64_t)(uintptr_t)seed);
    unsigned char *buffer = malloc(LONG_SIZE);
    while (!atomic_load(&is_over)) {
        for (unsigned count = 0; count < 50; count++)
            get_one(&numbers, buffer);
        (void)atomic_fetch_add(&get_count, 50);
        scan_all(buffer);
        (void)atomic_fetch_add(&scan_count, 1);
    }
    free(buffer);
    return NULL;
}

static void write_keys(size_t first, size_t end, unsigned char *buffer)
{
    KeyText text;
    txn_store_begin(store);
    for (size_t index = first; index < end; index++)
        txn_store_put(store, key_of(index, &text), value_of(index, buffer), STORAGE_NEVER);
    txn_store_end(store);
}

START_TEST(readers_meet_no_page_that_is_used_again)
{
    pthread_t threads[READER_COUNT];
    TestutilRandom numbers = testutil_random_seeded(testutil_seed("ledger_txn_threads", 4));
    unsigned char *buffer = malloc(LONG_SIZE);
    store = txn_store_open(0, 0);
    for (size_t index = 0; index < KEY_COUNT; index += 10)
        write_keys(index, index + 10, buffer);
    txn_store_checkpoint(store);
    for (size_t i = 0; i < READER_COUNT; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, read_on, (void *)(i + 1)), 0);
    for (unsigned count = 0; count < COMMIT_COUNT || atomic_load(&scan_count) < READER_COUNT; count++) {
        size_t index = testutil_random_below(&numbers, KEY_COUNT);
        write_keys(index, index + 1, buffer);
        if (count % 3 == 0)
            txn_store_checkpoint(store);
    }
    atomic_store(&is_over, 1);
    for (size_t i = 0; i < READER_COUNT; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_uint_eq(store->states.count, 0);
    txn_store_close(store);
    free(buffer);
}
END_TEST

UNIT_MAIN("ledger_txn_threads", readers_meet_no_page_that_is_used_again)
