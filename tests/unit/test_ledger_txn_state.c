/*
 * test_ledger_txn_state.c - the registry of snapshots says what is still read, snapshots outlive publications, and ends
 * those that are too old.
 */
#include "ledger_txn_store.h"

#include <stdio.h>
#include <string.h>

static TxnStore *store;

static void open_snapshot(LedgerSnapshot *snapshot, uint32_t flags)
{
    ledger_snapshot_open(&store->states, snapshot, &store->base, flags);
}

static void close_snapshot(LedgerSnapshot *snapshot)
{
    ledger_snapshot_close(&store->states, snapshot, &store->base);
}

static void expect_oldest(uint64_t expected, uint64_t expected_writer)
{
    uint64_t writer = 0;
    ck_assert_uint_eq(ledger_states_oldest(&store->states, &writer), expected);
    ck_assert_uint_eq(writer, expected_writer);
}

static void expect_value(const LedgerSnapshot *snapshot, const char *key, const char *expected)
{
    StorageValue value = {0};
    StorageStatus status = ledger_get_at(&store->states, snapshot, storage_string(key), &value, NULL);
    unit_assert(status == (expected == NULL ? STORAGE_NOT_FOUND : STORAGE_OK), "%s: %s", key,
                storage_status_name(status));
    unit_assert(expected == NULL || storage_slice_compare(storage_value_slice(&value), storage_string(expected)) == 0,
                "%s is not %s", key, expected);
    storage_value_release(&value);
}

START_TEST(the_oldest_revision_is_that_of_the_oldest_snapshot_or_what_is_published)
{
    LedgerSnapshot reader, writer, same;
    store = txn_store_open(1 << 20, 0);
    txn_store_set(store, "a", "1");
    expect_oldest(1, 1);
    open_snapshot(&reader, 0);
    txn_store_set(store, "a", "2");
    open_snapshot(&writer, LEDGER_SNAPSHOT_DETECTS_CONFLICTS);
    txn_store_set(store, "a", "3");
    expect_oldest(1, 2);
    ledger_snapshot_open_same(&store->states, &same, &reader);
    close_snapshot(&reader);
    expect_oldest(1, 2);
    expect_value(&same, "a", "1");
    close_snapshot(&same);
    expect_oldest(2, 2);
    close_snapshot(&writer);
    expect_oldest(3, 3);
    close_snapshot(&writer); /* it is not open */
    txn_store_close(store);
}
END_TEST

START_TEST(a_snapshot_sees_its_state_while_pages_are_written_and_used_again)
{
    LedgerSnapshot snapshot;
    char key[16], value[16];
    store = txn_store_open(0, 0); /* the smallest cache */
    for (int i = 0; i < 300; i++) {
        (void)snprintf(key, sizeof(key), "key%03d", i);
        txn_store_set(store, key, "old");
    }
    open_snapshot(&snapshot, 0);
    for (int round = 0; round < 20; round++) {
        (void)snprintf(value, sizeof(value), "new %d", round);
        for (int i = 0; i < 300; i += 7) {
            (void)snprintf(key, sizeof(key), "key%03d", i);
            txn_store_set(store, key, value);
        }
        txn_store_checkpoint(store);
    }
    for (int i = 0; i < 300; i++) {
        (void)snprintf(key, sizeof(key), "key%03d", i);
        expect_value(&snapshot, key, "old");
    }
    close_snapshot(&snapshot);
    open_snapshot(&snapshot, 0);
    expect_value(&snapshot, "key000", "new 19");
    expect_value(&snapshot, "key001", "old");
    close_snapshot(&snapshot);
    txn_store_close(store);
}
END_TEST

START_TEST(a_snapshot_that_is_too_old_is_ended_and_says_so)
{
    LedgerSnapshot old, same, young;
    StorageValue value = {0};
    store = txn_store_open(1 << 20, 1000);
    txn_store_set(store, "a", "1");
    open_snapshot(&old, 0);
    testutil_clock_advance(store->clock, 600);
    open_snapshot(&young, 0);
    testutil_clock_advance(store->clock, 401);
    expect_value(&old, "a", "1");
    txn_store_set(store, "a", "2");
    unit_assert_status(ledger_get_at(&store->states, &old, storage_string("a"), &value, NULL),
                       STORAGE_SNAPSHOT_TOO_OLD);
    expect_value(&young, "a", "1");
    ledger_snapshot_open_same(&store->states, &same, &old);
    unit_assert_status(ledger_get_at(&store->states, &same, storage_string("a"), &value, NULL),
                       STORAGE_SNAPSHOT_TOO_OLD);
    ck_assert_uint_eq(store->states.ended_count, 1);
    close_snapshot(&same);
    close_snapshot(&old);
    close_snapshot(&young);
    ck_assert_uint_eq(store->states.count, 0);
    txn_store_close(store);
}
END_TEST

START_TEST(a_cursor_and_a_transaction_that_are_too_old_say_so)
{
    StorageCursor *cursor;
    StorageTransaction *txn;
    StorageValue value;
    const StorageEntry *entry;
    StorageContext *ctx = storage_context_new();
    store = txn_store_open(1 << 20, 1000);
    txn_store_set(store, "a", "1");
    unit_assert_status(storage_scan(&store->base, NULL, NULL, &cursor, NULL), STORAGE_OK);
    unit_assert_status(storage_begin(&store->base, NULL, &txn, NULL), STORAGE_OK);
    unit_assert_status(storage_transaction_set(txn, storage_string("b"), storage_string("1"), NULL, NULL), STORAGE_OK);
    testutil_clock_advance(store->clock, 1001);
    txn_store_set(store, "a", "2");
    unit_assert_status(storage_cursor_next(cursor, &entry, ctx), STORAGE_SNAPSHOT_TOO_OLD);
    ck_assert_ptr_nonnull(strstr(storage_context_error_text(ctx, 0), "revision 1"));
    unit_assert_status(storage_cursor_seek(cursor, storage_string("a"), NULL), STORAGE_SNAPSHOT_TOO_OLD);
    unit_assert_status(storage_transaction_get(txn, storage_string("a"), &value, NULL), STORAGE_SNAPSHOT_TOO_OLD);
    unit_assert_status(txn_store_validate(store, txn, NULL), STORAGE_SNAPSHOT_TOO_OLD);
    storage_cursor_close(cursor);
    storage_transaction_close(txn);
    storage_context_free(ctx);
    txn_store_close(store);
}
END_TEST

enum { ROW_COUNT = 2000, ROW_SIZE = 400 };

/* Rows that do not fit into the smallest cache, all with `letter`. */
static void set_rows(char letter)
{
    char key[16], value[ROW_SIZE];
    memset(value, letter, sizeof(value));
    for (int i = 0; i < ROW_COUNT; i += 20) {
        txn_store_begin(store);
        for (int j = i; j < i + 20; j++) {
            (void)snprintf(key, sizeof(key), "key%05d", j);
            txn_store_put(store, storage_string(key), storage_bytes(value, sizeof(value)), STORAGE_NEVER);
        }
        txn_store_end(store);
    }
    txn_store_checkpoint(store);
}

static int rewrite_count;

/* Between the descent of a reader and the page that it asks for, that page becomes another one. */
static void rewrite_everything(void)
{
    rewrite_count++;
    for (char letter = 'b'; letter <= 'e'; letter++)
        set_rows(letter);
}

START_TEST(a_get_whose_page_is_used_again_before_it_is_read_gets_the_newest_value)
{
    StorageValue value;
    StorageContext *ctx = storage_context_new();
    store = txn_store_open(0, 0);
    set_rows('a');
    txn_store_before_read = rewrite_everything;
    for (int i = 0; i < ROW_COUNT && rewrite_count == 0; i += 9) {
        char key[16];
        (void)snprintf(key, sizeof(key), "key%05d", i);
        unit_assert_status(storage_get(&store->base, storage_string(key), &value, ctx), STORAGE_OK);
        ck_assert_uint_eq(storage_context_error_count(ctx), 0);
        ck_assert_int_eq(((const char *)value.data)[0], rewrite_count == 0 ? 'a' : 'e');
        storage_value_release(&value);
    }
    ck_assert_int_eq(rewrite_count, 1);
    ck_assert_uint_eq(store->states.count, 0);
    storage_context_free(ctx);
    txn_store_close(store);
}
END_TEST

START_TEST(a_scan_whose_pages_could_be_used_again_holds_them)
{
    StorageCursor *cursor;
    const StorageEntry *entry;
    StorageStatus status;
    int row_count = 0;
    store = txn_store_open(0, 0);
    set_rows('a');
    unit_assert_status(storage_scan(&store->base, NULL, NULL, &cursor, NULL), STORAGE_OK);
    txn_store_before_read = rewrite_everything;
    while ((status = storage_cursor_next(cursor, &entry, NULL)) == STORAGE_OK) {
        ck_assert_int_eq(((const char *)entry->value.data)[0], 'a');
        row_count++;
    }
    unit_assert_status(status, STORAGE_END);
    ck_assert_int_eq(row_count, ROW_COUNT);
    ck_assert_int_eq(rewrite_count, 1);
    storage_cursor_close(cursor);
    txn_store_close(store);
}
END_TEST

START_TEST(database_time_is_never_before_the_commit)
{
    LedgerSnapshot snapshot;
    int64_t now_ns;
    store = txn_store_open(1 << 20, 0);
    now_ns = testutil_clock_wall_ns(store->clock);
    txn_store_set(store, "a", "1");
    testutil_clock_step_wall(store->clock, -TESTUTIL_SECOND_NS);
    open_snapshot(&snapshot, 0);
    ck_assert_int_eq(snapshot.time_ns, now_ns);
    close_snapshot(&snapshot);
    testutil_clock_step_wall(store->clock, 2 * TESTUTIL_SECOND_NS);
    open_snapshot(&snapshot, 0);
    ck_assert_int_eq(snapshot.time_ns, now_ns + TESTUTIL_SECOND_NS);
    close_snapshot(&snapshot);
    txn_store_close(store);
}
END_TEST

START_TEST(a_value_outlives_the_store)
{
    StorageValue value;
    store = txn_store_open(1 << 20, 0);
    txn_store_set(store, "a", "pinned");
    unit_assert_status(storage_get(&store->base, storage_string("a"), &value, NULL), STORAGE_OK);
    txn_store_set(store, "a", "another");
    txn_store_close(store);
    ck_assert_int_eq(storage_slice_compare(storage_value_slice(&value), storage_string("pinned")), 0);
    storage_value_release(&value);
}
END_TEST

UNIT_MAIN("ledger_txn_state", the_oldest_revision_is_that_of_the_oldest_snapshot_or_what_is_published,
          a_snapshot_sees_its_state_while_pages_are_written_and_used_again,
          a_snapshot_that_is_too_old_is_ended_and_says_so, a_cursor_and_a_transaction_that_are_too_old_say_so,
          a_get_whose_page_is_used_again_before_it_is_read_gets_the_newest_value,
          a_scan_whose_pages_could_be_used_again_holds_them, database_time_is_never_before_the_commit,
          a_value_outlives_the_store)
