/*
 * case_weakening.c - a stack that weakens a rule is held to what it declares: where writes are refused every write is
 * READ_ONLY and every read works; where cursors are live they are still ordered and complete.
 */
#include "case.h"

#define CASE_GROUP "weakening"

#define assert_refused(fixture, call)                                                                              \
    do {                                                                                                           \
        testutil_assert_status(STORAGE_READ_ONLY, (call));                                                         \
        testutil_assert(storage_context_error_count((fixture)->ctx) > 0, "no text says why the write is refused"); \
        testutil_assert_number(0, storage_context_revision((fixture)->ctx));                                       \
    } while (0)

#define REFUSED_WRITES(X)                                                                                 \
    X(set, 0, storage_set(backend, TEXT("a"), TEXT("2"), NULL, ctx))                                      \
    X(set_of_a_new_key, 0, storage_set(backend, TEXT("new"), TEXT("2"), NULL, ctx))                       \
    X(touch, EXPIRY, storage_touch(backend, TEXT("a"), storage_expiry_never(), ctx))                      \
    X(delete, 0, storage_delete(backend, TEXT("a"), ctx))                                                 \
    X(delete_of_a_missing_key, 0, storage_delete(backend, TEXT("missing"), ctx))                          \
    X(compare_and_set, COMPARE,                                                                           \
      storage_compare_and_set(backend, TEXT("a"), storage_expect_value(TEXT("1")), TEXT("2"), NULL, ctx)) \
    X(compare_and_set_that_would_conflict, COMPARE,                                                       \
      storage_compare_and_set(backend, TEXT("a"), storage_expect_absent(), TEXT("2"), NULL, ctx))         \
    X(compare_and_delete, COMPARE,                                                                        \
      storage_compare_and_delete(backend, TEXT("a"), storage_expect_value(TEXT("1")), ctx))               \
    X(clear_range, CLEAR_RANGE, storage_clear_range(backend, NULL, ctx))                                  \
    X(sweep, EXPIRY, storage_sweep(backend, NULL, ctx))

#define REFUSED_CASE(name, capabilities, call)                  \
    static void a_##name##_is_refused(TestutilFixture *fixture) \
    {                                                           \
        StorageBackend *backend = fixture->backend;             \
        StorageContext *ctx = fixture->ctx;                     \
                                                                \
        assert_refused(fixture, call);                          \
        assert_store(fixture, "a=1 b=2");                       \
    }
REFUSED_WRITES(REFUSED_CASE)

static void several_operations_are_refused_in_both_modes(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_set("a", "2"), operation_delete("b")};
    StorageResult results[2];

    assert_refused(fixture, storage_write(fixture->backend, operations, 2, STORAGE_WRITE_ATOMIC, NULL, fixture->ctx));
    assert_refused(fixture,
                   storage_write(fixture->backend, operations, 2, STORAGE_WRITE_INDEPENDENT, results, fixture->ctx));
    for (size_t i = 0; i < 2; i++)
        testutil_assert(results[i].status < 0, "an operation of a refused write says %s",
                        storage_status_name(results[i].status));
    assert_store(fixture, "a=1 b=2");
}

static void a_write_with_a_token_is_refused(TestutilFixture *fixture)
{
    testutil_assert_ok(storage_context_set_token(fixture->ctx, TEXT("token")));
    assert_refused(fixture, storage_set(fixture->backend, TEXT("a"), TEXT("2"), NULL, fixture->ctx));
    assert_store(fixture, "a=1 b=2");
}

static void every_transaction_is_read_only(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    testutil_assert_status(STORAGE_READ_ONLY, storage_transaction_set(txn, TEXT("a"), TEXT("2"), NULL, NULL));
    testutil_assert_status(STORAGE_READ_ONLY, storage_transaction_delete(txn, TEXT("a"), NULL));
    assert_transaction_value(txn, "a", "1");
    testutil_assert_transaction_rows(txn, NULL, NULL, "a=1 b=2");
    testutil_assert_number(0, commit(txn));
    assert_store(fixture, "a=1 b=2");
}

static StorageStatus set_in_an_update(StorageTransaction *txn, void *user_data, StorageContext *ctx)
{
    (void)user_data;
    return storage_transaction_set(txn, TEXT("a"), TEXT("2"), NULL, ctx);
}

static void an_update_that_writes_is_refused(TestutilFixture *fixture)
{
    testutil_assert_status(STORAGE_READ_ONLY,
                           storage_update(fixture->backend, NULL, set_in_an_update, NULL, fixture->ctx));
    assert_store(fixture, "a=1 b=2");
}

static void a_refused_write_is_no_change_for_watchers(TestutilFixture *fixture)
{
    StorageWatch *changes = watch(fixture, NULL, 0);

    assert_refused(fixture, storage_set(fixture->backend, TEXT("a"), TEXT("2"), NULL, fixture->ctx));
    testutil_assert_changes(changes, "");
    storage_watch_close(changes);
}

static void reads_work_where_writes_are_refused(TestutilFixture *fixture)
{
    const StorageSlice keys[] = {TEXT("a"), TEXT("x")};
    StorageStatus statuses[2];
    StorageValue values[2];

    assert_value(fixture, "a", "1");
    assert_absent(fixture, "x");
    testutil_assert_ok(storage_multi_get(fixture->backend, keys, 2, values, statuses, fixture->ctx));
    testutil_assert_status(STORAGE_NOT_FOUND, statuses[1]);
    storage_value_release(&values[0]);
    assert_store(fixture, "a=1 b=2");
    testutil_assert_ok(storage_sync(fixture->backend, fixture->ctx));
}

static void a_live_cursor_is_ordered_under_writes(TestutilFixture *fixture)
{
    StorageCursor *cursor = scan(fixture, NULL, NULL);
    const StorageEntry *entry;
    char last[8] = "";
    uint64_t count = 0;

    while (storage_cursor_next(cursor, &entry, NULL) == STORAGE_OK) {
        testutil_assert(entry->key.size == 1, "a row has a key that nobody wrote");
        testutil_assert(storage_slice_compare(storage_string(last), entry->key) < 0, "the rows are not in order");
        last[0] = *(const char *)entry->key.data;
        set(fixture, "a", "changed");
        count++;
    }
    storage_cursor_close(cursor);
    testutil_assert_number(2, count);
}

#define REFUSED_ENTRY(name, capabilities, call) \
    CASE(a_##name##_is_refused, capabilities, TESTUTIL_NEEDS_WRITES_REFUSED, "a=1 b=2"),

static const TestutilContractCase cases[] = {
    REFUSED_WRITES(REFUSED_ENTRY)
        CASE(several_operations_are_refused_in_both_modes, MULTI_WRITE, TESTUTIL_NEEDS_WRITES_REFUSED, "a=1 b=2"),
    CASE(a_write_with_a_token_is_refused, IDEMPOTENCY, TESTUTIL_NEEDS_WRITES_REFUSED, "a=1 b=2"),
    CASE(every_transaction_is_read_only, TRANSACTIONS, TESTUTIL_NEEDS_WRITES_REFUSED, "a=1 b=2"),
    CASE(an_update_that_writes_is_refused, TRANSACTIONS, TESTUTIL_NEEDS_WRITES_REFUSED, "a=1 b=2"),
    CASE(a_refused_write_is_no_change_for_watchers, WATCH, TESTUTIL_NEEDS_WRITES_REFUSED, "a=1 b=2"),
    CASE(reads_work_where_writes_are_refused, 0, TESTUTIL_NEEDS_WRITES_REFUSED, "a=1 b=2"),
    CASE(a_live_cursor_is_ordered_under_writes, 0, TESTUTIL_NEEDS_LIVE_SCAN | WRITES, "a=1 b=2"),
};
const CaseTable testutil_cases_weakening = CASE_TABLE(cases);
