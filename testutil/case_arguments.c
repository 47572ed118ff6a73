/*
 * case_arguments.c - arguments that no call may be given: refused with INVALID_ARGUMENT, a text, and no effect.
 *
 * NULL handles are in case_every_call.c, option structs in case_options.c.
 */
#include "case.h"

#define CASE_GROUP "arguments"

#define assert_invalid(fixture, call)                                                                               \
    do {                                                                                                            \
        testutil_assert_status(STORAGE_INVALID_ARGUMENT, (call));                                                   \
        testutil_assert(storage_context_error_count((fixture)->ctx) > 0, "no text says which argument is invalid"); \
    } while (0)

/* A slice that says it has bytes and has none. */
static StorageSlice without_data(void)
{
    return storage_bytes(NULL, 3);
}

/* ---- NULL outputs ---- */

static void a_get_needs_room_for_the_value(TestutilFixture *fixture)
{
    assert_invalid(fixture, storage_get(fixture->backend, TEXT("a"), NULL, fixture->ctx));
}

static void a_multi_get_needs_keys_and_room(TestutilFixture *fixture)
{
    const StorageSlice keys[] = {TEXT("a")};
    StorageStatus statuses[1];
    StorageValue values[1];

    assert_invalid(fixture, storage_multi_get(fixture->backend, NULL, 1, values, statuses, fixture->ctx));
    assert_invalid(fixture, storage_multi_get(fixture->backend, keys, 1, NULL, statuses, fixture->ctx));
    assert_invalid(fixture, storage_multi_get(fixture->backend, keys, 1, values, NULL, fixture->ctx));
}

static void a_scan_needs_room_for_the_cursor(TestutilFixture *fixture)
{
    assert_invalid(fixture, storage_scan(fixture->backend, NULL, NULL, NULL, fixture->ctx));
}

static void a_step_needs_room_for_the_entry(TestutilFixture *fixture)
{
    StorageCursor *cursor = scan(fixture, NULL, NULL);

    assert_invalid(fixture, storage_cursor_next(cursor, NULL, fixture->ctx));
    testutil_assert_next_row(cursor, "a=1");
    storage_cursor_close(cursor);
}

static void a_begin_needs_room_for_the_transaction(TestutilFixture *fixture)
{
    assert_invalid(fixture, storage_begin(fixture->backend, NULL, NULL, fixture->ctx));
}

static void transaction_reads_need_room(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    assert_invalid(fixture, storage_transaction_get(txn, TEXT("a"), NULL, fixture->ctx));
    assert_invalid(fixture, storage_transaction_scan(txn, NULL, NULL, NULL, fixture->ctx));
    assert_transaction_value(txn, "a", "1");
    storage_transaction_close(txn);
}

static void a_savepoint_needs_room_for_its_number(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);

    assert_invalid(fixture, storage_transaction_savepoint(txn, NULL, fixture->ctx));
    storage_transaction_close(txn);
}

static void a_watch_needs_room_for_the_handle(TestutilFixture *fixture)
{
    assert_invalid(fixture, storage_watch(fixture->backend, NULL, 0, NULL, fixture->ctx));
}

static void watch_calls_need_room(TestutilFixture *fixture)
{
    StorageWatch *changes = watch(fixture, NULL, 0);

    assert_invalid(fixture, storage_watch_next(changes, NULL, fixture->ctx));
    assert_invalid(fixture, storage_watch_fd(changes, NULL, fixture->ctx));
    storage_watch_close(changes);
}

static void a_health_check_needs_room_for_the_state(TestutilFixture *fixture)
{
    assert_invalid(fixture, storage_health_check(fixture->backend, STORAGE_PROBE_LIVENESS, NULL, NULL, fixture->ctx));
}

static void a_description_needs_room(TestutilFixture *fixture)
{
    assert_invalid(fixture, storage_describe(fixture->backend, STORAGE_DESCRIBE_STACK, NULL, fixture->ctx));
}

static void closures_need_a_function(TestutilFixture *fixture)
{
    assert_invalid(fixture, storage_update(fixture->backend, NULL, NULL, NULL, fixture->ctx));
    assert_invalid(fixture, storage_view(fixture->backend, NULL, NULL, NULL, fixture->ctx));
}

/* ---- slices ---- */

static void a_key_without_data_is_invalid(TestutilFixture *fixture)
{
    StorageValue value;

    assert_invalid(fixture, storage_get(fixture->backend, without_data(), &value, fixture->ctx));
    testutil_assert(value.data == NULL, "a refused get left a value");
}

static void written_keys_and_values_without_data_are_invalid(TestutilFixture *fixture)
{
    assert_invalid(fixture, storage_set(fixture->backend, without_data(), TEXT("1"), NULL, fixture->ctx));
    assert_invalid(fixture, storage_set(fixture->backend, TEXT("a"), without_data(), NULL, fixture->ctx));
    assert_invalid(fixture, storage_delete(fixture->backend, without_data(), fixture->ctx));
    assert_store(fixture, "a=1");
}

static void expected_bytes_without_data_are_invalid(TestutilFixture *fixture)
{
    assert_invalid(fixture, storage_compare_and_set(fixture->backend, TEXT("a"), storage_expect_value(without_data()),
                                                    TEXT("2"), NULL, fixture->ctx));
    assert_store(fixture, "a=1");
}

static void a_bound_without_data_is_invalid(TestutilFixture *fixture)
{
    StorageRange start = {{without_data(), STORAGE_BOUND_INCLUDED}, {TEXT(""), STORAGE_BOUND_OPEN}};
    StorageRange end = {{TEXT(""), STORAGE_BOUND_OPEN}, {without_data(), STORAGE_BOUND_PREFIX_END}};
    StorageCursor *cursor = (StorageCursor *)fixture;

    assert_invalid(fixture, storage_scan(fixture->backend, &start, NULL, &cursor, fixture->ctx));
    testutil_assert(cursor == NULL, "a refused scan left a cursor");
    assert_invalid(fixture, storage_scan(fixture->backend, &end, NULL, &cursor, fixture->ctx));
}

static void a_seek_without_data_is_invalid(TestutilFixture *fixture)
{
    StorageCursor *cursor = scan(fixture, NULL, NULL);

    assert_invalid(fixture, storage_cursor_seek(cursor, without_data(), fixture->ctx));
    testutil_assert_cursor_rows(cursor, "a=1");
    storage_cursor_close(cursor);
}

static void one_key_without_data_among_many_is_invalid(TestutilFixture *fixture)
{
    const StorageSlice keys[] = {TEXT("a"), without_data()};
    StorageStatus statuses[2];
    StorageValue values[2];

    assert_invalid(fixture, storage_multi_get(fixture->backend, keys, 2, values, statuses, fixture->ctx));
    testutil_assert(values[0].data == NULL, "a refused multi_get left a value");
    testutil_assert_status(STORAGE_INVALID_ARGUMENT, statuses[0]);
}

static void null_with_size_zero_is_the_empty_slice(TestutilFixture *fixture)
{
    StorageSlice empty = storage_bytes(NULL, 0);

    testutil_assert_ok(storage_set(fixture->backend, empty, empty, NULL, fixture->ctx));
    testutil_assert_value(fixture->backend, empty, empty);
    testutil_assert_value(fixture->backend, TEXT(""), TEXT(""));
}

static void a_token_or_organization_without_data_is_invalid(TestutilFixture *fixture)
{
    testutil_assert_status(STORAGE_INVALID_ARGUMENT, storage_context_set_token(fixture->ctx, without_data()));
    testutil_assert_status(STORAGE_INVALID_ARGUMENT, storage_context_set_organization(fixture->ctx, without_data()));
}

/* ---- unknown enumerators and flags ---- */

static void an_unknown_bound_is_invalid(TestutilFixture *fixture)
{
    StorageRange start = {{TEXT("a"), 4}, {TEXT(""), STORAGE_BOUND_OPEN}};
    StorageRange end = {{TEXT(""), STORAGE_BOUND_OPEN}, {TEXT("a"), UINT32_MAX}};
    StorageCursor *cursor;

    assert_invalid(fixture, storage_scan(fixture->backend, &start, NULL, &cursor, fixture->ctx));
    assert_invalid(fixture, storage_scan(fixture->backend, &end, NULL, &cursor, fixture->ctx));
}

static void a_clear_with_an_unknown_bound_is_invalid(TestutilFixture *fixture)
{
    StorageRange range = {{TEXT("a"), 4}, {TEXT(""), STORAGE_BOUND_OPEN}};

    assert_invalid(fixture, storage_clear_range(fixture->backend, &range, fixture->ctx));
    assert_store(fixture, "a=1");
}

static void a_watch_with_an_unknown_bound_is_invalid(TestutilFixture *fixture)
{
    StorageRange range = {{TEXT("a"), 4}, {TEXT(""), STORAGE_BOUND_OPEN}};
    StorageWatch *changes = (StorageWatch *)fixture;

    assert_invalid(fixture, storage_watch(fixture->backend, &range, 0, &changes, fixture->ctx));
    testutil_assert(changes == NULL, "a refused watch left a handle");
}

static void an_unknown_expiry_is_invalid(TestutilFixture *fixture)
{
    StorageExpiry unknown = {0, 4};
    StorageSetOptions options = testutil_case_set_options(unknown);

    assert_invalid(fixture, storage_set(fixture->backend, TEXT("a"), TEXT("2"), &options, fixture->ctx));
    assert_invalid(fixture, storage_touch(fixture->backend, TEXT("a"), unknown, fixture->ctx));
    assert_store(fixture, "a=1");
}

static void an_unknown_expectation_is_invalid(TestutilFixture *fixture)
{
    StorageExpected unknown = {TEXT("1"), 0, 3};

    assert_invalid(fixture,
                   storage_compare_and_set(fixture->backend, TEXT("a"), unknown, TEXT("2"), NULL, fixture->ctx));
    assert_invalid(fixture, storage_compare_and_delete(fixture->backend, TEXT("a"), unknown, fixture->ctx));
    assert_store(fixture, "a=1");
}

static void an_unknown_operation_is_invalid(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_set("b", "2"), testutil_case_operation(7, TEXT("c"), TEXT("3"))};

    assert_invalid(fixture, storage_write(fixture->backend, operations, 2, STORAGE_WRITE_ATOMIC, NULL, fixture->ctx));
    operations[1].kind = 0;
    assert_invalid(fixture,
                   storage_write(fixture->backend, operations, 2, STORAGE_WRITE_INDEPENDENT, NULL, fixture->ctx));
    assert_store(fixture, "a=1");
}

static void a_reserved_field_that_is_not_zero_is_invalid(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_set("b", "2")};

    operations[0].reserved = 1;
    assert_invalid(fixture, storage_write(fixture->backend, operations, 1, STORAGE_WRITE_ATOMIC, NULL, fixture->ctx));
    assert_store(fixture, "a=1");
}

static void an_unknown_mode_is_invalid(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_set("b", "2")};

    assert_invalid(fixture, storage_write(fixture->backend, operations, 1, 2, NULL, fixture->ctx));
    assert_invalid(fixture, storage_write(fixture->backend, NULL, 0, 2, NULL, fixture->ctx));
    assert_store(fixture, "a=1");
}

static void operations_that_are_not_there_are_invalid(TestutilFixture *fixture)
{
    assert_invalid(fixture, storage_write(fixture->backend, NULL, 1, STORAGE_WRITE_ATOMIC, NULL, fixture->ctx));
}

static void an_invalid_operation_rejects_an_independent_write_whole(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_set("b", "2"), operation_set("c", "3")};

    operations[1].key = without_data();
    assert_invalid(fixture,
                   storage_write(fixture->backend, operations, 2, STORAGE_WRITE_INDEPENDENT, NULL, fixture->ctx));
    assert_store(fixture, "a=1");
}

static void an_unknown_isolation_is_invalid(TestutilFixture *fixture)
{
    StorageTransactionOptions options = STORAGE_TRANSACTION_OPTIONS_INIT;
    StorageTransaction *txn = (StorageTransaction *)fixture;

    options.isolation = 3;
    assert_invalid(fixture, storage_begin(fixture->backend, &options, &txn, fixture->ctx));
    testutil_assert(txn == NULL, "a refused begin left a transaction");
}

static void unknown_flags_are_invalid(TestutilFixture *fixture)
{
    StorageTransactionOptions transaction_options = STORAGE_TRANSACTION_OPTIONS_INIT;
    StorageScanOptions scan_options = testutil_case_scan_options(4, 0);
    StorageSetOptions set_options = STORAGE_SET_OPTIONS_INIT;
    StorageTransaction *txn;
    StorageCursor *cursor;

    transaction_options.flags = 2;
    set_options.flags = 1;
    assert_invalid(fixture, storage_scan(fixture->backend, NULL, &scan_options, &cursor, fixture->ctx));
    assert_invalid(fixture, storage_set(fixture->backend, TEXT("a"), TEXT("2"), &set_options, fixture->ctx));
    if ((storage_backend_capabilities(fixture->backend)->capabilities & TRANSACTIONS) != 0)
        assert_invalid(fixture, storage_begin(fixture->backend, &transaction_options, &txn, fixture->ctx));
    assert_store(fixture, "a=1");
}

static void an_unknown_probe_or_description_is_invalid(TestutilFixture *fixture)
{
    StorageHealthState state;
    StorageValue json;

    assert_invalid(fixture, storage_health_check(fixture->backend, 3, &state, NULL, fixture->ctx));
    assert_invalid(fixture, storage_describe(fixture->backend, 4, &json, fixture->ctx));
    testutil_assert(json.data == NULL, "a refused description left a text");
}

static void invalid_calls_leave_a_transaction_usable(TestutilFixture *fixture)
{
    StorageTransaction *txn = begin(fixture);
    StorageExpected unknown = {TEXT("1"), 0, 3};
    StorageRange range = {{TEXT("a"), 4}, {TEXT(""), STORAGE_BOUND_OPEN}};
    StorageCursor *cursor;

    assert_invalid(fixture, storage_transaction_set(txn, without_data(), TEXT("2"), NULL, fixture->ctx));
    assert_invalid(fixture, storage_transaction_scan(txn, &range, NULL, &cursor, fixture->ctx));
    assert_invalid(fixture,
                   storage_transaction_compare_and_set(txn, TEXT("a"), unknown, TEXT("2"), NULL, fixture->ctx));
    transaction_set(txn, "b", "2");
    commit(txn);
    assert_store(fixture, "a=1 b=2");
}

static const TestutilContractCase cases[] = {
    CASE(a_get_needs_room_for_the_value, 0, 0, "a=1"),
    CASE(a_multi_get_needs_keys_and_room, 0, 0, "a=1"),
    CASE(a_scan_needs_room_for_the_cursor, 0, 0, "a=1"),
    CASE(a_step_needs_room_for_the_entry, 0, 0, "a=1"),
    CASE(a_begin_needs_room_for_the_transaction, TRANSACTIONS, 0, "a=1"),
    CASE(transaction_reads_need_room, TRANSACTIONS, 0, "a=1"),
    CASE(a_savepoint_needs_room_for_its_number, SAVEPOINTS, 0, "a=1"),
    CASE(a_watch_needs_room_for_the_handle, WATCH, 0, "a=1"),
    CASE(watch_calls_need_room, WATCH, 0, "a=1"),
    CASE(a_health_check_needs_room_for_the_state, 0, 0, "a=1"),
    CASE(a_description_needs_room, 0, 0, "a=1"),
    CASE(closures_need_a_function, TRANSACTIONS, 0, "a=1"),
    CASE(a_key_without_data_is_invalid, 0, 0, "a=1"),
    CASE(written_keys_and_values_without_data_are_invalid, 0, WRITES, "a=1"),
    CASE(expected_bytes_without_data_are_invalid, COMPARE, WRITES, "a=1"),
    CASE(a_bound_without_data_is_invalid, 0, 0, "a=1"),
    CASE(a_seek_without_data_is_invalid, 0, 0, "a=1"),
    CASE(one_key_without_data_among_many_is_invalid, 0, 0, "a=1"),
    CASE(null_with_size_zero_is_the_empty_slice, 0, WRITES, NULL),
    CASE(a_token_or_organization_without_data_is_invalid, 0, 0, NULL),
    CASE(an_unknown_bound_is_invalid, 0, 0, "a=1"),
    CASE(a_clear_with_an_unknown_bound_is_invalid, CLEAR_RANGE, WRITES, "a=1"),
    CASE(a_watch_with_an_unknown_bound_is_invalid, WATCH, 0, "a=1"),
    CASE(an_unknown_expiry_is_invalid, EXPIRY, WRITES, "a=1"),
    CASE(an_unknown_expectation_is_invalid, COMPARE, WRITES, "a=1"),
    CASE(an_unknown_operation_is_invalid, MULTI_WRITE, WRITES, "a=1"),
    CASE(a_reserved_field_that_is_not_zero_is_invalid, 0, WRITES, "a=1"),
    CASE(an_unknown_mode_is_invalid, 0, WRITES, "a=1"),
    CASE(operations_that_are_not_there_are_invalid, 0, WRITES, "a=1"),
    CASE(an_invalid_operation_rejects_an_independent_write_whole, MULTI_WRITE, WRITES, "a=1"),
    CASE(an_unknown_isolation_is_invalid, TRANSACTIONS, 0, "a=1"),
    CASE(unknown_flags_are_invalid, 0, WRITES, "a=1"),
    CASE(an_unknown_probe_or_description_is_invalid, 0, 0, "a=1"),
    CASE(invalid_calls_leave_a_transaction_usable, TRANSACTIONS | COMPARE, WRITES, "a=1"),
};
const CaseTable testutil_cases_arguments = CASE_TABLE(cases);
