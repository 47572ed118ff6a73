/*
 * test_memory_reclaim.c - the memory backend gives back what nobody can see: under overwrites, deletes, queues and
 * clears, with cursors, transactions and values open. A reader pins the versions that it sees and no others.
 *
 * Every bound is counted in bytes of the allocator, and each workload would go far beyond it if anything were kept.
 */
#include "memory_fixture.h"

enum {
    KEY_COUNT = 1000,
    VALUE_SIZE = 1000,
    ROUND_COUNT = 40,      /* of overwriting everything: 40 MB if nothing were given back */
    SLACK_BYTES = 1500000, /* what may wait to be given back, whatever is stored */
    QUEUE_OPERATION_COUNT = MEMORY_TEST_IS_SANITIZED ? 100000 : 200000,
    QUEUE_BYTES_MAX = 400000 /* less than the empty leaves that such a queue would leave behind it */
};

#define assert_at_most(bytes)                                                                            \
    ck_assert_msg(bytes_in_use() <= (bytes), "%zu bytes are in use, at most %zu may be", bytes_in_use(), \
                  (size_t)(bytes))

static void overwrite_rounds(int round_count)
{
    for (int round = 0; round < round_count; round++)
        fill(0, KEY_COUNT, VALUE_SIZE);
}

/* ---- overwrites ---- */

START_TEST(overwriting_without_readers_keeps_one_version_of_each_key)
{
    open_store(0);
    fill(0, KEY_COUNT, VALUE_SIZE);
    size_t filled = bytes_in_use();
    overwrite_rounds(ROUND_COUNT);
    assert_at_most(filled + SLACK_BYTES);
    close_store();
}
END_TEST

START_TEST(a_cursor_pins_one_version_of_each_key_however_often_it_is_overwritten)
{
    open_store(0);
    fill(0, KEY_COUNT, VALUE_SIZE);
    size_t filled = bytes_in_use();
    StorageCursor *cursor = open_cursor();
    overwrite_rounds(ROUND_COUNT);
    assert_at_most(2 * filled + SLACK_BYTES);
    ck_assert_uint_eq(count_rows(cursor), KEY_COUNT);
    storage_cursor_close(cursor);
    close_store();
}
END_TEST

START_TEST(what_a_cursor_pinned_is_given_back_when_it_closes)
{
    open_store(0);
    fill(0, KEY_COUNT, VALUE_SIZE);
    size_t filled = bytes_in_use();
    StorageCursor *cursor = open_cursor();
    overwrite_rounds(3);
    storage_cursor_close(cursor);
    unit_assert_status(storage_sync(store, NULL), STORAGE_OK);
    assert_at_most(filled + filled / 10);
    close_store();
}
END_TEST

START_TEST(each_of_several_cursors_pins_one_version_of_each_key)
{
    enum { CURSOR_COUNT = 5 };
    StorageCursor *cursors[CURSOR_COUNT];
    open_store(0);
    fill(0, KEY_COUNT, VALUE_SIZE);
    size_t filled = bytes_in_use();
    for (size_t index = 0; index < CURSOR_COUNT; index++) {
        cursors[index] = open_cursor();
        overwrite_rounds(ROUND_COUNT / CURSOR_COUNT);
    }
    assert_at_most((CURSOR_COUNT + 1) * filled + SLACK_BYTES);
    /* One that ends in the middle gives back what it alone saw. */
    storage_cursor_close(cursors[2]);
    unit_assert_status(storage_sync(store, NULL), STORAGE_OK);
    assert_at_most(CURSOR_COUNT * filled + filled / 2);
    for (size_t index = 0; index < CURSOR_COUNT; index++) {
        if (index == 2)
            continue;
        ck_assert_uint_eq(count_rows(cursors[index]), KEY_COUNT);
        storage_cursor_close(cursors[index]);
    }
    unit_assert_status(storage_sync(store, NULL), STORAGE_OK);
    assert_at_most(filled + filled / 10);
    close_store();
}
END_TEST

/* The snapshot that a cursor reads begins with the commit that superseded the old versions, so it does not need them.
 */
START_TEST(a_cursor_does_not_pin_what_its_own_snapshot_superseded)
{
    static StorageOperation operations[KEY_COUNT];
    static KeyText texts[KEY_COUNT];
    static const char value[VALUE_SIZE];
    open_store(0);
    fill(0, KEY_COUNT, VALUE_SIZE);
    size_t filled = bytes_in_use();
    StorageCursor *older = open_cursor();
    fill(0, KEY_COUNT, VALUE_SIZE);
    for (uint64_t index = 0; index < KEY_COUNT; index++)
        operations[index] = (StorageOperation){.kind = STORAGE_OPERATION_SET,
                                               .key = key_at(&texts[index], index),
                                               .value = storage_bytes(value, sizeof(value))};
    unit_assert_status(storage_write(store, operations, KEY_COUNT, STORAGE_WRITE_ATOMIC, NULL, NULL), STORAGE_OK);
    StorageCursor *cursor = open_cursor();
    unit_assert_status(storage_sync(store, NULL), STORAGE_OK);
    assert_at_most(2 * filled + filled / 5); /* what the older one sees, and the newest */
    ck_assert_uint_eq(count_rows(cursor), KEY_COUNT);
    storage_cursor_close(cursor);
    ck_assert_uint_eq(count_rows(older), KEY_COUNT);
    storage_cursor_close(older);
    close_store();
}
END_TEST

START_TEST(cursors_that_come_and_go_pin_nothing_for_long)
{
    open_store(0);
    fill(0, KEY_COUNT, VALUE_SIZE);
    size_t filled = bytes_in_use();
    StorageCursor *cursor = open_cursor();
    for (int round = 0; round < ROUND_COUNT; round++) {
        StorageCursor *next = open_cursor();
        storage_cursor_close(cursor);
        cursor = next;
        fill(0, KEY_COUNT, VALUE_SIZE);
    }
    assert_at_most(2 * filled + SLACK_BYTES);
    storage_cursor_close(cursor);
    close_store();
}
END_TEST

START_TEST(a_read_only_transaction_pins_one_version_of_each_key)
{
    StorageTransactionOptions options = STORAGE_TRANSACTION_OPTIONS_INIT;
    StorageTransaction *txn = NULL;
    options.flags = STORAGE_TRANSACTION_READ_ONLY;
    open_store(0);
    fill(0, KEY_COUNT, VALUE_SIZE);
    size_t filled = bytes_in_use();
    unit_assert_status(storage_begin(store, &options, &txn, NULL), STORAGE_OK);
    overwrite_rounds(ROUND_COUNT);
    assert_at_most(2 * filled + SLACK_BYTES);
    storage_transaction_close(txn);
    close_store();
}
END_TEST

START_TEST(a_pinned_value_keeps_itself_and_nothing_else)
{
    KeyText text;
    StorageValue value;
    open_store(0);
    fill(0, KEY_COUNT, VALUE_SIZE);
    size_t filled = bytes_in_use();
    unit_assert_status(storage_get(store, key_at(&text, 5), &value, NULL), STORAGE_OK);
    overwrite_rounds(ROUND_COUNT);
    assert_at_most(filled + 2 * VALUE_SIZE + SLACK_BYTES);
    ck_assert_uint_eq(value.size, VALUE_SIZE);
    storage_value_release(&value);
    close_store();
}
END_TEST

START_TEST(pinned_values_outlive_the_store_and_are_then_given_back)
{
    enum { VALUE_COUNT = 100 };
    StorageValue values[VALUE_COUNT];
    open_store(0);
    fill(0, VALUE_COUNT, VALUE_SIZE);
    for (uint64_t index = 0; index < VALUE_COUNT; index++) {
        KeyText text;
        unit_assert_status(storage_get(store, key_at(&text, index), &values[index], NULL), STORAGE_OK);
        if (index % 2 == 0)
            delete_key(index);
    }
    unit_assert_status(storage_close(store, NULL), STORAGE_OK);
    for (size_t index = 0; index < VALUE_COUNT; index++) {
        ck_assert_uint_eq(values[index].size, VALUE_SIZE);
        ck_assert_int_eq(*(const char *)values[index].data, 'v');
        storage_value_release(&values[index]);
    }
    ck_assert_uint_eq(blocks_in_use(), 0);
    testutil_clock_free(test_clock);
}
END_TEST

/* ---- deletes, queues, clears ---- */

START_TEST(deleting_everything_gives_nearly_everything_back)
{
    open_store(0);
    size_t empty = bytes_in_use();
    fill(0, 20000, 100);
    size_t filled = bytes_in_use();
    for (uint64_t index = 0; index < 20000; index++)
        delete_key(index);
    unit_assert_status(storage_sync(store, NULL), STORAGE_OK);
    ck_assert_uint_eq(count_stored_rows(), 0);
    assert_at_most(empty + (filled - empty) / 10);
    close_store();
}
END_TEST

static void run_queue(uint64_t first, uint64_t length, uint64_t operation_count)
{
    for (uint64_t index = first; index < first + operation_count; index++) {
        unit_assert_status(set_size(index + length, 100), STORAGE_OK);
        delete_key(index);
    }
}

START_TEST(a_queue_that_moves_on_keeps_its_length_only)
{
    open_store(0);
    fill(0, 100, 100);
    run_queue(0, 100, QUEUE_OPERATION_COUNT);
    assert_at_most(QUEUE_BYTES_MAX);
    ck_assert_uint_eq(count_stored_rows(), 100);
    close_store();
}
END_TEST

/* What was inserted and deleted after the cursor was opened is nothing that it needs. */
START_TEST(a_queue_moves_on_under_a_cursor_without_growing)
{
    open_store(0);
    fill(0, 100, 100);
    StorageCursor *cursor = open_cursor();
    run_queue(0, 100, QUEUE_OPERATION_COUNT);
    assert_at_most(QUEUE_BYTES_MAX);
    ck_assert_uint_eq(count_rows(cursor), 100);
    storage_cursor_close(cursor);
    ck_assert_uint_eq(count_stored_rows(), 100);
    close_store();
}
END_TEST

START_TEST(keys_that_are_deleted_and_set_again_under_a_cursor_do_not_pile_up)
{
    open_store(0);
    fill(0, KEY_COUNT, VALUE_SIZE);
    size_t filled = bytes_in_use();
    StorageCursor *cursor = open_cursor();
    for (int round = 0; round < ROUND_COUNT; round++) {
        for (uint64_t index = 0; index < KEY_COUNT; index++)
            delete_key(index);
        fill(0, KEY_COUNT, VALUE_SIZE);
    }
    assert_at_most(2 * filled + SLACK_BYTES);
    ck_assert_uint_eq(count_rows(cursor), KEY_COUNT);
    storage_cursor_close(cursor);
    close_store();
}
END_TEST

START_TEST(cleared_ranges_under_a_cursor_do_not_pile_up)
{
    open_store(0);
    fill(0, KEY_COUNT, VALUE_SIZE);
    size_t filled = bytes_in_use();
    StorageCursor *cursor = open_cursor();
    for (int round = 0; round < ROUND_COUNT; round++) {
        unit_assert_status(storage_clear_range(store, NULL, NULL), STORAGE_OK);
        fill(0, KEY_COUNT, VALUE_SIZE);
    }
    assert_at_most(2 * filled + SLACK_BYTES);
    ck_assert_uint_eq(count_rows(cursor), KEY_COUNT);
    storage_cursor_close(cursor);
    close_store();
}
END_TEST

START_TEST(clearing_an_empty_store_many_times_costs_nothing)
{
    open_store(0);
    size_t empty = bytes_in_use();
    StorageCursor *cursor = open_cursor();
    for (int round = 0; round < 10000; round++)
        unit_assert_status(storage_clear_range(store, NULL, NULL), STORAGE_OK);
    assert_at_most(empty + 10000);
    storage_cursor_close(cursor);
    close_store();
}
END_TEST

/* ---- expiry, transactions, watches ---- */

START_TEST(what_expired_is_given_back_by_the_sweep)
{
    StorageSetOptions options = STORAGE_SET_OPTIONS_INIT;
    char value[100] = {0};
    uint64_t swept_count = 0;
    open_store(0);
    size_t empty = bytes_in_use();
    options.expiry = storage_expiry_after(TESTUTIL_SECOND_NS);
    for (uint64_t index = 0; index < 20000; index++) {
        KeyText text;
        unit_assert_status(
            storage_set(store, key_at(&text, index), storage_bytes(value, sizeof(value)), &options, NULL), STORAGE_OK);
    }
    size_t filled = bytes_in_use();
    testutil_clock_advance(test_clock, TESTUTIL_SECOND_NS);
    ck_assert_uint_eq(count_stored_rows(), 0);
    unit_assert_status(storage_sweep(store, &swept_count, NULL), STORAGE_OK);
    ck_assert_uint_eq(swept_count, 20000);
    unit_assert_status(set_size(0, 10), STORAGE_OK); /* the history keeps the newest commit, so not the sweep's */
    unit_assert_status(storage_sync(store, NULL), STORAGE_OK);
    assert_at_most(empty + (filled - empty) / 10);
    close_store();
}
END_TEST

START_TEST(aborted_and_conflicting_transactions_leave_nothing)
{
    KeyText text;
    open_store(0);
    fill(0, 10, 10);
    unit_assert_status(storage_sync(store, NULL), STORAGE_OK);
    size_t before = bytes_in_use();
    for (int round = 0; round < 2000; round++) {
        StorageTransaction *txn = NULL;
        unit_assert_status(storage_begin(store, NULL, &txn, NULL), STORAGE_OK);
        unit_assert_status(storage_transaction_set(txn, key_at(&text, 3), storage_string("value"), NULL, NULL),
                           STORAGE_OK);
        unit_assert_status(storage_transaction_set(txn, storage_string("new"), storage_string("value"), NULL, NULL),
                           STORAGE_OK);
        if (round % 2 == 0) {
            unit_assert_status(set_size(3, 10), STORAGE_OK);
            unit_assert_status(storage_transaction_commit(txn, NULL, NULL), STORAGE_SERIALIZATION);
        }
        storage_transaction_close(txn);
    }
    assert_at_most(before + 200000);
    ck_assert_uint_eq(count_stored_rows(), 10);
    close_store();
}
END_TEST

START_TEST(a_watch_that_nobody_reads_holds_a_bounded_history)
{
    StorageWatch *watch = NULL;
    const StorageChange *change = NULL;
    open_store(0);
    fill(0, KEY_COUNT, VALUE_SIZE);
    size_t filled = bytes_in_use();
    unit_assert_status(storage_watch(store, NULL, 0, &watch, NULL), STORAGE_OK);
    overwrite_rounds(ROUND_COUNT);
    assert_at_most(filled + SLACK_BYTES);
    unit_assert_status(storage_watch_next(watch, &change, NULL), STORAGE_COMPACTED);
    storage_watch_close(watch);
    close_store();
}
END_TEST

/* ---- the end ---- */

START_TEST(closing_with_everything_open_gives_everything_back)
{
    KeyText text;
    StorageTransaction *txn = NULL;
    StorageCursor *inside = NULL;
    StorageWatch *watch = NULL;
    StorageValue value;
    open_store(0);
    fill(0, KEY_COUNT, VALUE_SIZE);
    StorageCursor *cursor = open_cursor();
    unit_assert_status(storage_watch(store, NULL, 0, &watch, NULL), STORAGE_OK);
    unit_assert_status(storage_begin(store, NULL, &txn, NULL), STORAGE_OK);
    unit_assert_status(storage_transaction_set(txn, key_at(&text, 1), storage_string("mine"), NULL, NULL), STORAGE_OK);
    unit_assert_status(storage_transaction_scan(txn, NULL, NULL, &inside, NULL), STORAGE_OK);
    unit_assert_status(storage_get(store, key_at(&text, 7), &value, NULL), STORAGE_OK);
    overwrite_rounds(2);
    for (uint64_t index = 0; index < KEY_COUNT; index += 3)
        delete_key(index);
    unit_assert_status(storage_close(store, NULL), STORAGE_OK);

    storage_cursor_close(inside);
    storage_transaction_close(txn);
    storage_watch_close(watch);
    storage_cursor_close(cursor);
    ck_assert_uint_eq(value.size, VALUE_SIZE);
    storage_value_release(&value);
    ck_assert_uint_eq(blocks_in_use(), 0);
    ck_assert_uint_eq(bytes_in_use(), 0);
    testutil_clock_free(test_clock);
}
END_TEST

UNIT_MAIN("memory reclaim", overwriting_without_readers_keeps_one_version_of_each_key,
          a_cursor_pins_one_version_of_each_key_however_often_it_is_overwritten,
          what_a_cursor_pinned_is_given_back_when_it_closes, each_of_several_cursors_pins_one_version_of_each_key,
          a_cursor_does_not_pin_what_its_own_snapshot_superseded, cursors_that_come_and_go_pin_nothing_for_long,
          a_read_only_transaction_pins_one_version_of_each_key, a_pinned_value_keeps_itself_and_nothing_else,
          pinned_values_outlive_the_store_and_are_then_given_back, deleting_everything_gives_nearly_everything_back,
          a_queue_that_moves_on_keeps_its_length_only, a_queue_moves_on_under_a_cursor_without_growing,
          keys_that_are_deleted_and_set_again_under_a_cursor_do_not_pile_up,
          cleared_ranges_under_a_cursor_do_not_pile_up, clearing_an_empty_store_many_times_costs_nothing,
          what_expired_is_given_back_by_the_sweep, aborted_and_conflicting_transactions_leave_nothing,
          a_watch_that_nobody_reads_holds_a_bounded_history, closing_with_everything_open_gives_everything_back)
