/*
 * test_memory_structure.c - the ordered index of the memory backend as it grows, shrinks and is rebuilt: whatever the
 * order of inserts and deletes, a scan is sorted and complete, forwards, backwards and from any key.
 *
 * The reference is an array of marks: which of the numbered keys are there.
 */
#include "memory_fixture.h"

enum { KEY_COUNT = MEMORY_TEST_IS_SANITIZED ? 20000 : 100000 };

static unsigned char is_there[KEY_COUNT];

static void set_number(uint64_t number)
{
    KeyText text;
    char value[24];
    int size = snprintf(value, sizeof(value), "%llu", (unsigned long long)number);
    unit_assert_status(storage_set(store, key_at(&text, number), storage_bytes(value, (size_t)size), NULL, NULL),
                       STORAGE_OK);
    is_there[number] = 1;
}

static void delete_number(uint64_t number)
{
    delete_key(number);
    is_there[number] = 0;
}

/* The row must be the next number that is there, from `*number` on in direction `step`. */
static void check_row(const StorageEntry *entry, int64_t *number, int step)
{
    KeyText text;
    char value[24];
    while (*number >= 0 && *number < KEY_COUNT && !is_there[*number])
        *number += step;
    unit_assert(*number >= 0 && *number < KEY_COUNT, "a row too many: %.*s", (int)entry->key.size,
                (const char *)entry->key.data);
    StorageSlice key = key_at(&text, (uint64_t)*number);
    unit_assert(storage_slice_compare(entry->key, key) == 0, "the row is %.*s instead of %.*s", (int)entry->key.size,
                (const char *)entry->key.data, (int)key.size, (const char *)key.data);
    int size = snprintf(value, sizeof(value), "%llu", (unsigned long long)*number);
    unit_assert(storage_slice_compare(entry->value, storage_bytes(value, (size_t)size)) == 0,
                "the value of %.*s is another key's", (int)key.size, (const char *)key.data);
    *number += step;
}

static void check_rest(StorageCursor *cursor, int64_t number, int step)
{
    const StorageEntry *entry = NULL;
    StorageStatus status;
    while ((status = storage_cursor_next(cursor, &entry, NULL)) == STORAGE_OK)
        check_row(entry, &number, step);
    unit_assert_status(status, STORAGE_END);
    for (; number >= 0 && number < KEY_COUNT; number += step)
        unit_assert(!is_there[number], "the scan ended before key %lld", (long long)number);
}

/* Both directions, and from a few keys in the middle. */
static void check_everything(void)
{
    StorageScanOptions options = STORAGE_SCAN_OPTIONS_INIT;
    StorageCursor *cursor = NULL;
    KeyText text;
    for (int reverse = 0; reverse <= 1; reverse++) {
        options.flags = reverse ? STORAGE_SCAN_REVERSE : 0;
        unit_assert_status(storage_scan(store, NULL, &options, &cursor, NULL), STORAGE_OK);
        check_rest(cursor, reverse ? KEY_COUNT - 1 : 0, reverse ? -1 : 1);
        for (int64_t from = 0; from < KEY_COUNT; from += KEY_COUNT / 7) {
            const StorageEntry *entry = NULL;
            int64_t number = from;
            unit_assert_status(storage_cursor_seek(cursor, key_at(&text, (uint64_t)from), NULL), STORAGE_OK);
            for (int row = 0; row < 200 && storage_cursor_next(cursor, &entry, NULL) == STORAGE_OK; row++)
                check_row(entry, &number, reverse ? -1 : 1);
        }
        storage_cursor_close(cursor);
    }
}

static void check_gets(uint64_t step)
{
    KeyText text;
    for (uint64_t number = 0; number < KEY_COUNT; number += step) {
        StorageValue value;
        StorageStatus status = storage_get(store, key_at(&text, number), &value, NULL);
        unit_assert_status(status, is_there[number] ? STORAGE_OK : STORAGE_NOT_FOUND);
        storage_value_release(&value);
    }
}

static void open_empty(void)
{
    open_store(0);
    memset(is_there, 0, sizeof(is_there));
}

/* ---- orders of inserts and deletes ---- */

static void shuffle(uint64_t *numbers, uint64_t count, TestutilRandom *random)
{
    for (uint64_t index = 0; index < count; index++)
        numbers[index] = index;
    for (uint64_t rest = count; rest > 1; rest--) {
        uint64_t other = testutil_random_below(random, rest), number = numbers[rest - 1];
        numbers[rest - 1] = numbers[other];
        numbers[other] = number;
    }
}

START_TEST(ascending_inserts_are_sorted_and_complete)
{
    open_empty();
    for (uint64_t number = 0; number < KEY_COUNT; number++)
        set_number(number);
    check_everything();
    check_gets(1);
    close_store();
}
END_TEST

START_TEST(descending_inserts_are_sorted_and_complete)
{
    open_empty();
    for (uint64_t number = KEY_COUNT; number-- > 0;)
        set_number(number);
    check_everything();
    check_gets(1);
    close_store();
}
END_TEST

START_TEST(random_inserts_and_random_deletes_are_sorted_and_complete)
{
    static uint64_t numbers[KEY_COUNT];
    TestutilRandom random = testutil_random_seeded(testutil_seed("test_memory_structure", 1));
    open_empty();
    shuffle(numbers, KEY_COUNT, &random);
    for (uint64_t index = 0; index < KEY_COUNT; index++)
        set_number(numbers[index]);
    check_everything();
    shuffle(numbers, KEY_COUNT, &random);
    for (uint64_t index = 0; index < KEY_COUNT; index++) {
        delete_number(numbers[index]);
        if (index == KEY_COUNT / 2 || index == KEY_COUNT - 20)
            check_everything();
    }
    check_everything();
    check_gets(17);
    close_store();
}
END_TEST

START_TEST(deletes_from_the_front_and_from_the_back_leave_the_middle)
{
    open_empty();
    for (uint64_t number = 0; number < KEY_COUNT; number++)
        set_number(number);
    for (uint64_t number = 0; number < KEY_COUNT / 3; number++)
        delete_number(number);
    check_everything();
    for (uint64_t number = KEY_COUNT; number-- > 2 * KEY_COUNT / 3;)
        delete_number(number);
    check_everything();
    check_gets(7);
    for (uint64_t number = 0; number < KEY_COUNT; number += 2)
        set_number(number);
    check_everything();
    close_store();
}
END_TEST

START_TEST(a_queue_stays_sorted_and_complete_as_it_moves)
{
    enum { LENGTH = 500 };
    open_empty();
    for (uint64_t number = 0; number < LENGTH; number++)
        set_number(number);
    for (uint64_t number = 0; number + LENGTH < KEY_COUNT; number++) {
        set_number(number + LENGTH);
        delete_number(number);
        if (number % (KEY_COUNT / 10) == 0)
            check_everything();
    }
    check_everything();
    close_store();
}
END_TEST

START_TEST(a_mix_of_everything_is_sorted_and_complete)
{
    TestutilRandom random = testutil_random_seeded(testutil_seed("test_memory_structure", 2));
    KeyText from, to;
    open_empty();
    for (int round = 0; round < 3 * KEY_COUNT; round++) {
        uint64_t number = testutil_random_below(&random, KEY_COUNT);
        if (testutil_random_chance(&random, 3, 5)) {
            set_number(number);
        } else {
            delete_number(number);
        }
        if (round % (KEY_COUNT / 4) == 0) {
            uint64_t count = testutil_random_below(&random, KEY_COUNT / 3);
            uint64_t end = number + count < KEY_COUNT ? number + count : KEY_COUNT - 1;
            StorageRange range = storage_range_half_open(key_at(&from, number), key_at(&to, end));
            unit_assert_status(storage_clear_range(store, &range, NULL), STORAGE_OK);
            memset(is_there + number, 0, end - number);
            check_everything();
        }
    }
    check_everything();
    check_gets(3);
    close_store();
}
END_TEST

/* ---- a cursor over a structure that changes under it ---- */

START_TEST(a_cursor_sees_its_snapshot_while_the_structure_is_rebuilt_under_it)
{
    const StorageEntry *entry = NULL;
    int64_t expected = 0;
    open_empty();
    for (uint64_t number = 0; number < KEY_COUNT; number += 2)
        set_number(number);
    StorageCursor *cursor = open_cursor();
    static unsigned char seen[KEY_COUNT];
    memcpy(seen, is_there, sizeof(seen));

    for (uint64_t row = 0; row < KEY_COUNT / 2; row++) {
        /* Behind, ahead and around the cursor. */
        delete_key((row * 7919) % KEY_COUNT);
        unit_assert_status(set_size((row * 104729 + 1) % KEY_COUNT, 5), STORAGE_OK);
        unit_assert_status(storage_cursor_next(cursor, &entry, NULL), STORAGE_OK);
        memcpy(is_there, seen, sizeof(seen));
        check_row(entry, &expected, 1);
    }
    unit_assert_status(storage_cursor_next(cursor, &entry, NULL), STORAGE_END);
    storage_cursor_close(cursor);
    close_store();
}
END_TEST

/* ---- keys of all sizes ---- */

START_TEST(keys_of_64_kib_that_differ_at_their_end_are_told_apart)
{
    enum { SIZE = 65536, COUNT = 300 };
    static unsigned char key[SIZE];
    const StorageEntry *entry = NULL;
    open_store(0);
    memset(key, 'k', sizeof(key));
    for (unsigned index = 0; index < COUNT; index++) {
        unsigned mixed = (index * 7) % COUNT;
        key[SIZE - 2] = (unsigned char)(mixed >> 8);
        key[SIZE - 1] = (unsigned char)mixed;
        unit_assert_status(
            storage_set(store, storage_bytes(key, SIZE), storage_bytes(&mixed, sizeof(mixed)), NULL, NULL), STORAGE_OK);
    }
    StorageCursor *cursor = open_cursor();
    for (unsigned index = 0; index < COUNT; index++) {
        unit_assert_status(storage_cursor_next(cursor, &entry, NULL), STORAGE_OK);
        ck_assert_uint_eq(entry->key.size, SIZE);
        ck_assert_mem_eq(entry->value.data, &index, sizeof(index));
    }
    unit_assert_status(storage_cursor_next(cursor, &entry, NULL), STORAGE_END);
    storage_cursor_close(cursor);
    for (unsigned index = 0; index < COUNT; index += 2) {
        key[SIZE - 2] = (unsigned char)(index >> 8);
        key[SIZE - 1] = (unsigned char)index;
        unit_assert_status(storage_delete(store, storage_bytes(key, SIZE), NULL), STORAGE_OK);
    }
    ck_assert_uint_eq(count_stored_rows(), COUNT / 2);
    close_store();
}
END_TEST

/* Prefixes of each other, zero bytes, and nothing at all: what a search by leading bytes gets wrong. */
START_TEST(keys_that_are_prefixes_of_each_other_keep_their_order)
{
    enum { LENGTH_MAX = 40 };
    static const unsigned char fillers[] = {0x00, 0x01, 'a', 0xfe, 0xff};
    unsigned char previous[LENGTH_MAX + 1], key[LENGTH_MAX + 1];
    size_t previous_size = 0, row_count = 0, set_count = 1;
    const StorageEntry *entry = NULL;
    open_store(0);
    unit_assert_status(storage_set(store, storage_bytes(NULL, 0), storage_string("empty"), NULL, NULL), STORAGE_OK);
    for (size_t filler = 0; filler < sizeof(fillers); filler++) {
        memset(key, fillers[filler], sizeof(key));
        for (size_t size = LENGTH_MAX; size >= 1; size--) {
            unit_assert_status(storage_set(store, storage_bytes(key, size), storage_string("v"), NULL, NULL),
                               STORAGE_OK);
            set_count += 1;
            if (filler != 0) {
                key[size] = 0x00;
                unit_assert_status(storage_set(store, storage_bytes(key, size + 1), storage_string("v"), NULL, NULL),
                                   STORAGE_OK);
                key[size] = fillers[filler];
                set_count += 1;
            }
        }
    }
    StorageCursor *cursor = open_cursor();
    while (storage_cursor_next(cursor, &entry, NULL) == STORAGE_OK) {
        if (row_count++ > 0)
            ck_assert_int_lt(storage_slice_compare(storage_bytes(previous, previous_size), entry->key), 0);
        previous_size = entry->key.size;
        if (previous_size > 0)
            memcpy(previous, entry->key.data, previous_size);
    }
    ck_assert_uint_eq(row_count, set_count);
    storage_cursor_close(cursor);
    close_store();
}
END_TEST

START_TEST(random_short_keys_over_edge_bytes_are_all_found)
{
    enum { COUNT = 5000, SIZE_MAX_HERE = 6 };
    TestutilRandom random = testutil_random_seeded(testutil_seed("test_memory_structure", 3));
    uint8_t bytes[SIZE_MAX_HERE];
    const StorageEntry *entry = NULL;
    open_store(0);
    for (int round = 0; round < COUNT; round++) {
        StorageSlice key =
            testutil_random_key(&random, testutil_edge_alphabet, sizeof(testutil_edge_alphabet), bytes, sizeof(bytes));
        StorageValue value;
        unit_assert_status(storage_set(store, key, key, NULL, NULL), STORAGE_OK);
        unit_assert_status(storage_get(store, key, &value, NULL), STORAGE_OK);
        ck_assert_uint_eq(value.size, key.size);
        storage_value_release(&value);
    }
    StorageCursor *cursor = open_cursor();
    uint64_t row_count = 0;
    while (storage_cursor_next(cursor, &entry, NULL) == STORAGE_OK) {
        StorageValue value;
        ck_assert_int_eq(storage_slice_compare(entry->key, entry->value), 0);
        unit_assert_status(storage_get(store, entry->key, &value, NULL), STORAGE_OK);
        storage_value_release(&value);
        row_count += 1;
    }
    ck_assert_uint_gt(row_count, 100);
    storage_cursor_close(cursor);
    close_store();
}
END_TEST

UNIT_MAIN("memory structure", ascending_inserts_are_sorted_and_complete, descending_inserts_are_sorted_and_complete,
          random_inserts_and_random_deletes_are_sorted_and_complete,
          deletes_from_the_front_and_from_the_back_leave_the_middle, a_queue_stays_sorted_and_complete_as_it_moves,
          a_mix_of_everything_is_sorted_and_complete,
          a_cursor_sees_its_snapshot_while_the_structure_is_rebuilt_under_it,
          keys_of_64_kib_that_differ_at_their_end_are_told_apart, keys_that_are_prefixes_of_each_other_keep_their_order,
          random_short_keys_over_edge_bytes_are_all_found)
