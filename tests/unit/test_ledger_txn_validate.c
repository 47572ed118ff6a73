/*
 * test_ledger_txn_validate.c - may it commit? What was decided and what isolation asks for, one case after the other.
 */
#include "ledger_txn_store.h"

#include <string.h>

enum { LONG_SIZE = 20000 };

static TxnStore *store;
static StorageTransaction *txn;
static StorageContext *ctx;
static unsigned char long_value[LONG_SIZE];

static void open_with(uint32_t isolation)
{
    StorageTransactionOptions options = STORAGE_TRANSACTION_OPTIONS_INIT;
    store = txn_store_open(1 << 20, 0);
    ctx = storage_context_new();
    memset(long_value, 'x', sizeof(long_value));
    txn_store_set(store, "a", "1");
    txn_store_set(store, "b", "2");
    txn_store_begin(store);
    txn_store_put(store, storage_string("long"), storage_bytes(long_value, LONG_SIZE), STORAGE_NEVER);
    txn_store_put(store, storage_string("mortal"), storage_string("m"), testutil_clock_wall_ns(store->clock) + 100);
    txn_store_end(store);
    options.isolation = isolation;
    unit_assert_status(storage_begin(&store->base, &options, &txn, NULL), STORAGE_OK);
}

static void finish(void)
{
    storage_transaction_close(txn);
    storage_context_free(ctx);
    txn_store_close(store);
}

static void write_own(const char *key)
{
    unit_assert_status(storage_transaction_set(txn, storage_string(key), storage_string("own"), NULL, NULL),
                       STORAGE_OK);
}

static void read_key(const char *key)
{
    StorageValue value;
    StorageStatus status = storage_transaction_get(txn, storage_string(key), &value, NULL);
    unit_assert(status >= 0, "get: %s", storage_status_name(status));
    storage_value_release(&value);
}

static void expect(StorageStatus expected)
{
    unit_assert_status(txn_store_validate(store, txn, ctx), expected);
}

static StorageRange range_of(const char *from, const char *to)
{
    return (StorageRange){{storage_string(from), STORAGE_BOUND_INCLUDED}, {storage_string(to), STORAGE_BOUND_EXCLUDED}};
}

START_TEST(a_key_that_was_written_since_it_began_is_a_serialization_failure)
{
    open_with(STORAGE_ISOLATION_SNAPSHOT);
    write_own("a");
    txn_store_set(store, "b", "other");
    expect(STORAGE_OK);
    txn_store_set(store, "a", "other");
    expect(STORAGE_SERIALIZATION);
    ck_assert_ptr_nonnull(strstr(storage_context_error_text(ctx, 0), "key a, which the transaction writes"));
    finish();
}
END_TEST

START_TEST(a_key_that_was_made_and_deleted_in_between_is_one_too)
{
    open_with(STORAGE_ISOLATION_SNAPSHOT);
    write_own("new");
    txn_store_set(store, "new", "other");
    txn_store_begin(store);
    txn_store_delete(store, storage_string("new"));
    txn_store_end(store);
    expect(STORAGE_SERIALIZATION);
    finish();
}
END_TEST

START_TEST(read_committed_writes_over_what_others_wrote)
{
    StorageValue value;
    open_with(STORAGE_ISOLATION_READ_COMMITTED);
    write_own("a");
    txn_store_set(store, "a", "other");
    txn_store_set(store, "b", "other");
    expect(STORAGE_OK);
    unit_assert_status(storage_transaction_get(txn, storage_string("b"), &value, NULL), STORAGE_OK);
    ck_assert_int_eq(storage_slice_compare(storage_value_slice(&value), storage_string("other")), 0);
    storage_value_release(&value);
    finish();
}
END_TEST

START_TEST(a_clear_conflicts_with_a_write_in_its_range)
{
    StorageRange range = range_of("a", "c");
    open_with(STORAGE_ISOLATION_SNAPSHOT);
    unit_assert_status(storage_transaction_clear_range(txn, &range, NULL), STORAGE_OK);
    txn_store_set(store, "c", "other");
    expect(STORAGE_OK);
    txn_store_set(store, "bb", "other");
    expect(STORAGE_SERIALIZATION);
    finish();
}
END_TEST

START_TEST(what_was_stated_is_looked_at_again)
{
    open_with(STORAGE_ISOLATION_READ_COMMITTED);
    unit_assert_status(storage_transaction_compare_and_set(txn, storage_string("a"),
                                                           storage_expect_value(storage_string("1")),
                                                           storage_string("own"), NULL, NULL),
                       STORAGE_OK);
    unit_assert_status(storage_transaction_compare_and_set(txn, storage_string("long"),
                                                           storage_expect_value(storage_bytes(long_value, LONG_SIZE)),
                                                           storage_string("own"), NULL, NULL),
                       STORAGE_OK);
    expect(STORAGE_OK);
    long_value[LONG_SIZE - 1] = 'y';
    txn_store_begin(store);
    txn_store_put(store, storage_string("long"), storage_bytes(long_value, LONG_SIZE), STORAGE_NEVER);
    txn_store_end(store);
    expect(STORAGE_CONFLICT);
    ck_assert_uint_eq(storage_context_revision(ctx), store->working->revision);
    finish();
}
END_TEST

START_TEST(a_long_value_is_compared_in_the_view)
{
    open_with(STORAGE_ISOLATION_SNAPSHOT);
    long_value[LONG_SIZE / 2] = 'y';
    unit_assert_status(
        storage_transaction_compare_and_delete(txn, storage_string("long"),
                                               storage_expect_value(storage_bytes(long_value, LONG_SIZE)), ctx),
        STORAGE_CONFLICT);
    ck_assert_uint_eq(storage_context_revision(ctx), 3);
    long_value[LONG_SIZE / 2] = 'x';
    unit_assert_status(
        storage_transaction_compare_and_delete(txn, storage_string("long"),
                                               storage_expect_value(storage_bytes(long_value, LONG_SIZE)), ctx),
        STORAGE_OK);
    finish();
}
END_TEST

START_TEST(a_touch_carries_its_value_and_fails_when_that_changed)
{
    StorageValue value;
    open_with(STORAGE_ISOLATION_READ_COMMITTED);
    unit_assert_status(storage_transaction_touch(txn, storage_string("long"), storage_expiry_after(50), NULL),
                       STORAGE_OK);
    unit_assert_status(storage_transaction_get(txn, storage_string("long"), &value, NULL), STORAGE_OK);
    ck_assert_uint_eq(value.size, LONG_SIZE);
    ck_assert_uint_eq(value.revision, 0);
    ck_assert_int_eq(value.expires_at_ns, testutil_clock_wall_ns(store->clock) + 50);
    storage_value_release(&value);
    unit_assert_status(storage_transaction_touch(txn, storage_string("none"), storage_expiry_after(50), NULL),
                       STORAGE_NOT_FOUND);
    expect(STORAGE_OK);
    txn_store_set(store, "long", "other");
    expect(STORAGE_SERIALIZATION);
    finish();
}
END_TEST

START_TEST(a_serializable_one_fails_when_what_it_read_changed)
{
    StorageCursor *cursor;
    StorageRange range = range_of("p", "q");
    open_with(STORAGE_ISOLATION_SERIALIZABLE);
    read_key("b");
    unit_assert_status(storage_transaction_scan(txn, &range, NULL, &cursor, NULL), STORAGE_OK);
    storage_cursor_close(cursor);
    txn_store_set(store, "a", "other");
    txn_store_set(store, "q", "other");
    write_own("z");
    expect(STORAGE_OK);
    txn_store_set(store, "pp", "a phantom");
    expect(STORAGE_SERIALIZATION);
    finish();
}
END_TEST

static void clear(const char *from, const char *to)
{
    StorageRange range = range_of(from, to);
    txn_store_begin(store);
    txn_store_clear(store, &range);
    txn_store_end(store);
}

START_TEST(a_clear_changes_what_was_read_only_where_there_was_a_row)
{
    StorageCursor *cursor;
    StorageRange range = range_of("b", "d");
    open_with(STORAGE_ISOLATION_SERIALIZABLE);
    read_key("absent");
    unit_assert_status(storage_transaction_scan(txn, &range, NULL, &cursor, NULL), STORAGE_OK);
    storage_cursor_close(cursor);
    write_own("z");
    clear("aa", "b");
    clear("bb", "e");
    clear("m", "y");
    expect(STORAGE_OK);
    clear("a", "bb");
    expect(STORAGE_SERIALIZATION);
    ck_assert_ptr_nonnull(strstr(storage_context_error_text(ctx, 0), "key b, which the transaction read"));
    finish();
}
END_TEST

START_TEST(a_row_that_was_made_and_cleared_since_is_a_change)
{
    open_with(STORAGE_ISOLATION_SERIALIZABLE);
    read_key("new");
    write_own("z");
    txn_store_set(store, "new", "other");
    clear("n", "o");
    expect(STORAGE_SERIALIZATION);
    finish();
}
END_TEST

START_TEST(a_write_into_a_range_that_was_cleared_is_a_serialization_failure)
{
    open_with(STORAGE_ISOLATION_SNAPSHOT);
    write_own("pp");
    clear("p", "q");
    expect(STORAGE_SERIALIZATION);
    finish();
}
END_TEST

START_TEST(one_that_only_read_may_always_end)
{
    open_with(STORAGE_ISOLATION_SERIALIZABLE);
    read_key("a");
    txn_store_set(store, "a", "other");
    expect(STORAGE_OK);
    finish();
}
END_TEST

START_TEST(a_row_that_was_read_and_has_expired_is_a_change)
{
    open_with(STORAGE_ISOLATION_SERIALIZABLE);
    read_key("mortal");
    write_own("z");
    testutil_clock_advance(store->clock, 99);
    expect(STORAGE_OK);
    testutil_clock_advance(store->clock, 1);
    expect(STORAGE_SERIALIZATION);
    ck_assert_ptr_nonnull(strstr(storage_context_error_text(ctx, 0), "it has expired"));
    finish();
}
END_TEST

START_TEST(a_row_that_expires_unread_or_under_the_own_write_is_none)
{
    open_with(STORAGE_ISOLATION_SERIALIZABLE);
    read_key("a");
    write_own("mortal");
    read_key("mortal");
    testutil_clock_advance(store->clock, 500);
    expect(STORAGE_OK);
    finish();
}
END_TEST

UNIT_MAIN("ledger_txn_validate", a_key_that_was_written_since_it_began_is_a_serialization_failure,
          a_key_that_was_made_and_deleted_in_between_is_one_too, read_committed_writes_over_what_others_wrote,
          a_clear_conflicts_with_a_write_in_its_range, what_was_stated_is_looked_at_again,
          a_long_value_is_compared_in_the_view, a_touch_carries_its_value_and_fails_when_that_changed,
          a_serializable_one_fails_when_what_it_read_changed, a_clear_changes_what_was_read_only_where_there_was_a_row,
          a_row_that_was_made_and_cleared_since_is_a_change,
          a_write_into_a_range_that_was_cleared_is_a_serialization_failure, one_that_only_read_may_always_end,
          a_row_that_was_read_and_has_expired_is_a_change, a_row_that_expires_unread_or_under_the_own_write_is_none)
