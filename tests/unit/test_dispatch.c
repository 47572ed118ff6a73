/*
 * test_dispatch.c - what stands between a caller and the methods of a backend: arguments, capabilities, outputs.
 *
 * The probe counts what comes through. A refusal is right only when nothing did.
 */
#include "unit.h"

#include <string.h>

#include "probe.h"

static Probe probe;
static StorageBackend *backend;
static StorageContext *ctx;
static StorageTransaction *txn;
static StorageCursor *cursor;
static StorageWatch *watch;
static const StorageSlice key = {"key", 3};
static const StorageSlice no_data = {NULL, 3};
static uint32_t calls_before;

/* A stack with `capabilities`, and one open handle of each kind that it can have. */
static void set_up_with(uint64_t capabilities)
{
    probe_init(&probe);
    unit_assert_status(probe_open(&probe, capabilities, NULL, &backend), STORAGE_OK);
    ctx = storage_context_new();
    unit_assert_status(storage_scan(backend, NULL, NULL, &cursor, ctx), STORAGE_OK);
    if ((capabilities & STORAGE_CAPABILITY_TRANSACTIONS) != 0)
        unit_assert_status(storage_begin(backend, NULL, &txn, ctx), STORAGE_OK);
    if ((capabilities & STORAGE_CAPABILITY_WATCH) != 0)
        unit_assert_status(storage_watch(backend, NULL, 0, &watch, ctx), STORAGE_OK);
    calls_before = probe_call_count(&probe);
}

static void set_up(void)
{
    set_up_with(PROBE_ALL_CAPABILITIES);
}

static void tear_down(void)
{
    storage_cursor_close(cursor);
    storage_transaction_close(txn);
    storage_watch_close(watch);
    unit_assert_status(storage_close(backend, ctx), STORAGE_OK);
    storage_context_free(ctx);
    ck_assert(!probe.is_context_missing);
    probe_done(&probe);
}

/* The call answers this, says why, and the backend has not seen it. */
#define assert_refused(call, expected)                                                     \
    do {                                                                                   \
        unit_assert_status((call), (expected));                                            \
        ck_assert_msg(storage_context_error_count(ctx) > 0, "%s says nothing", #call);     \
        ck_assert_msg(probe_call_count(&probe) == calls_before, "%s went through", #call); \
    } while (0)

#define assert_invalid(call) assert_refused(call, STORAGE_INVALID_ARGUMENT)

/* ---- arguments ---- */

START_TEST(a_missing_handle_is_an_invalid_argument)
{
    StorageValue value;
    StorageStatus statuses[1];
    StorageCursor *ret_cursor;
    StorageTransaction *ret_txn;
    StorageWatch *ret_watch;
    StorageHealthState state;
    const StorageEntry *entry;
    const StorageChange *change;
    StorageOperation operation = {.kind = STORAGE_OPERATION_DELETE, .key = key};
    uint32_t savepoint_no;
    int fd;
    set_up();
    assert_invalid(storage_get(NULL, key, &value, ctx));
    assert_invalid(storage_multi_get(NULL, &key, 1, &value, statuses, ctx));
    assert_invalid(storage_set(NULL, key, key, NULL, ctx));
    assert_invalid(storage_touch(NULL, key, storage_expiry_never(), ctx));
    assert_invalid(storage_delete(NULL, key, ctx));
    assert_invalid(storage_compare_and_set(NULL, key, storage_expect_absent(), key, NULL, ctx));
    assert_invalid(storage_compare_and_delete(NULL, key, storage_expect_absent(), ctx));
    assert_invalid(storage_clear_range(NULL, NULL, ctx));
    assert_invalid(storage_write(NULL, &operation, 1, STORAGE_WRITE_ATOMIC, NULL, ctx));
    assert_invalid(storage_scan(NULL, NULL, NULL, &ret_cursor, ctx));
    assert_invalid(storage_begin(NULL, NULL, &ret_txn, ctx));
    assert_invalid(storage_watch(NULL, NULL, 0, &ret_watch, ctx));
    assert_invalid(storage_sync(NULL, ctx));
    assert_invalid(storage_sweep(NULL, NULL, ctx));
    assert_invalid(storage_health_check(NULL, STORAGE_PROBE_LIVENESS, &state, NULL, ctx));
    assert_invalid(storage_describe(NULL, STORAGE_DESCRIBE_STACK, &value, ctx));
    assert_invalid(storage_cursor_next(NULL, &entry, ctx));
    assert_invalid(storage_cursor_seek(NULL, key, ctx));
    assert_invalid(storage_transaction_get(NULL, key, &value, ctx));
    assert_invalid(storage_transaction_multi_get(NULL, &key, 1, &value, statuses, ctx));
    assert_invalid(storage_transaction_scan(NULL, NULL, NULL, &ret_cursor, ctx));
    assert_invalid(storage_transaction_set(NULL, key, key, NULL, ctx));
    assert_invalid(storage_transaction_touch(NULL, key, storage_expiry_never(), ctx));
    assert_invalid(storage_transaction_delete(NULL, key, ctx));
    assert_invalid(storage_transaction_compare_and_set(NULL, key, storage_expect_absent(), key, NULL, ctx));
    assert_invalid(storage_transaction_compare_and_delete(NULL, key, storage_expect_absent(), ctx));
    assert_invalid(storage_transaction_clear_range(NULL, NULL, ctx));
    assert_invalid(storage_transaction_savepoint(NULL, &savepoint_no, ctx));
    assert_invalid(storage_transaction_rollback_to(NULL, 1, ctx));
    assert_invalid(storage_transaction_drop_savepoint(NULL, 1, ctx));
    assert_invalid(storage_transaction_table(NULL, key, &ret_txn, ctx));
    assert_invalid(storage_transaction_commit(NULL, NULL, ctx));
    assert_invalid(storage_watch_next(NULL, &change, ctx));
    assert_invalid(storage_watch_fd(NULL, &fd, ctx));
    assert_invalid(storage_update(backend, NULL, NULL, NULL, ctx));
    assert_invalid(storage_view(backend, NULL, NULL, NULL, ctx));
    tear_down();
}
END_TEST

START_TEST(a_missing_output_is_an_invalid_argument)
{
    StorageValue value;
    StorageStatus statuses[1];
    set_up();
    assert_invalid(storage_get(backend, key, NULL, ctx));
    assert_invalid(storage_multi_get(backend, &key, 1, NULL, statuses, ctx));
    assert_invalid(storage_multi_get(backend, &key, 1, &value, NULL, ctx));
    assert_invalid(storage_multi_get(backend, NULL, 1, &value, statuses, ctx));
    assert_invalid(storage_scan(backend, NULL, NULL, NULL, ctx));
    assert_invalid(storage_begin(backend, NULL, NULL, ctx));
    assert_invalid(storage_watch(backend, NULL, 0, NULL, ctx));
    assert_invalid(storage_health_check(backend, STORAGE_PROBE_LIVENESS, NULL, NULL, ctx));
    assert_invalid(storage_describe(backend, STORAGE_DESCRIBE_STACK, NULL, ctx));
    assert_invalid(storage_write(backend, NULL, 2, STORAGE_WRITE_ATOMIC, NULL, ctx));
    assert_invalid(storage_cursor_next(cursor, NULL, ctx));
    assert_invalid(storage_transaction_get(txn, key, NULL, ctx));
    assert_invalid(storage_transaction_scan(txn, NULL, NULL, NULL, ctx));
    assert_invalid(storage_transaction_savepoint(txn, NULL, ctx));
    assert_invalid(storage_transaction_table(txn, key, NULL, ctx));
    assert_invalid(storage_watch_next(watch, NULL, ctx));
    assert_invalid(storage_watch_fd(watch, NULL, ctx));
    tear_down();
}
END_TEST

START_TEST(a_slice_without_its_data_is_an_invalid_argument)
{
    StorageValue value;
    StorageStatus statuses[2];
    StorageCursor *ret_cursor;
    StorageTransaction *ret_txn;
    const StorageSlice keys[] = {key, no_data};
    const StorageRange range = {{no_data, STORAGE_BOUND_INCLUDED}, {key, STORAGE_BOUND_OPEN}};
    StorageValue values[2];
    set_up();
    assert_invalid(storage_get(backend, no_data, &value, ctx));
    assert_invalid(storage_multi_get(backend, keys, 2, values, statuses, ctx));
    assert_invalid(storage_set(backend, no_data, key, NULL, ctx));
    assert_invalid(storage_set(backend, key, no_data, NULL, ctx));
    assert_invalid(storage_touch(backend, no_data, storage_expiry_never(), ctx));
    assert_invalid(storage_delete(backend, no_data, ctx));
    assert_invalid(storage_compare_and_set(backend, no_data, storage_expect_absent(), key, NULL, ctx));
    assert_invalid(storage_compare_and_set(backend, key, storage_expect_value(no_data), key, NULL, ctx));
    assert_invalid(storage_compare_and_delete(backend, key, storage_expect_value(no_data), ctx));
    assert_invalid(storage_clear_range(backend, &range, ctx));
    assert_invalid(storage_scan(backend, &range, NULL, &ret_cursor, ctx));
    assert_invalid(storage_cursor_seek(cursor, no_data, ctx));
    assert_invalid(storage_transaction_get(txn, no_data, &value, ctx));
    assert_invalid(storage_transaction_set(txn, key, no_data, NULL, ctx));
    assert_invalid(storage_transaction_table(txn, no_data, &ret_txn, ctx));
    tear_down();
}
END_TEST

START_TEST(a_bound_that_is_open_needs_no_key)
{
    const StorageRange range = {{no_data, STORAGE_BOUND_OPEN}, {no_data, STORAGE_BOUND_OPEN}};
    set_up();
    unit_assert_status(storage_clear_range(backend, &range, ctx), STORAGE_OK);
    tear_down();
}
END_TEST

START_TEST(an_unknown_enumerator_is_an_invalid_argument)
{
    StorageValue value;
    StorageCursor *ret_cursor;
    StorageTransaction *ret_txn;
    StorageHealthState state;
    const StorageRange range = {{key, STORAGE_BOUND_PREFIX_END + 1}, {key, STORAGE_BOUND_OPEN}};
    const StorageExpiry expiry = {1, STORAGE_EXPIRY_KEEP + 1};
    const StorageExpected expected = {{NULL, 0}, 0, STORAGE_EXPECT_REVISION + 1};
    const StorageSetOptions set_options = {sizeof(set_options), 0, {1, STORAGE_EXPIRY_KEEP + 1}};
    const StorageTransactionOptions isolation = {sizeof(isolation), 0, STORAGE_ISOLATION_SERIALIZABLE + 1};
    const StorageOperation too_small = {.kind = 0, .key = key}, too_large = {.kind = 7, .key = key};
    const StorageOperation reserved = {.kind = STORAGE_OPERATION_DELETE, .reserved = 1, .key = key};
    const StorageOperation right = {.kind = STORAGE_OPERATION_DELETE, .key = key};
    set_up();
    assert_invalid(storage_clear_range(backend, &range, ctx));
    assert_invalid(storage_scan(backend, &range, NULL, &ret_cursor, ctx));
    assert_invalid(storage_touch(backend, key, expiry, ctx));
    assert_invalid(storage_set(backend, key, key, &set_options, ctx));
    assert_invalid(storage_compare_and_set(backend, key, expected, key, NULL, ctx));
    assert_invalid(storage_compare_and_delete(backend, key, expected, ctx));
    assert_invalid(storage_write(backend, &too_small, 1, STORAGE_WRITE_ATOMIC, NULL, ctx));
    assert_invalid(storage_write(backend, &too_large, 1, STORAGE_WRITE_ATOMIC, NULL, ctx));
    assert_invalid(storage_write(backend, &reserved, 1, STORAGE_WRITE_ATOMIC, NULL, ctx));
    assert_invalid(storage_write(backend, &right, 1, STORAGE_WRITE_INDEPENDENT + 1, NULL, ctx));
    assert_invalid(storage_write(backend, NULL, 0, STORAGE_WRITE_INDEPENDENT + 1, NULL, ctx));
    assert_invalid(storage_begin(backend, &isolation, &ret_txn, ctx));
    assert_invalid(storage_health_check(backend, STORAGE_PROBE_STARTUP + 1, &state, NULL, ctx));
    assert_invalid(storage_describe(backend, STORAGE_DESCRIBE_MEMORY + 1, &value, ctx));
    tear_down();
}
END_TEST

START_TEST(an_unknown_flag_is_an_invalid_argument)
{
    StorageCursor *ret_cursor;
    StorageTransaction *ret_txn;
    const StorageSetOptions set_options = {.struct_size = sizeof(set_options), .flags = 1};
    const StorageScanOptions scan_options = {.struct_size = sizeof(scan_options), .flags = 4};
    const StorageTransactionOptions txn_options = {.struct_size = sizeof(txn_options), .flags = 2};
    set_up();
    assert_invalid(storage_set(backend, key, key, &set_options, ctx));
    assert_invalid(storage_transaction_set(txn, key, key, &set_options, ctx));
    assert_invalid(storage_scan(backend, NULL, &scan_options, &ret_cursor, ctx));
    assert_invalid(storage_transaction_scan(txn, NULL, &scan_options, &ret_cursor, ctx));
    assert_invalid(storage_begin(backend, &txn_options, &ret_txn, ctx));
    tear_down();
}
END_TEST

START_TEST(options_without_a_size_are_an_invalid_argument)
{
    StorageCursor *ret_cursor;
    StorageTransaction *ret_txn;
    const StorageSetOptions set_options = {0};
    const StorageScanOptions scan_options = {0};
    const StorageTransactionOptions txn_options = {0};
    set_up();
    assert_invalid(storage_set(backend, key, key, &set_options, ctx));
    assert_invalid(storage_compare_and_set(backend, key, storage_expect_absent(), key, &set_options, ctx));
    assert_invalid(storage_scan(backend, NULL, &scan_options, &ret_cursor, ctx));
    assert_invalid(storage_begin(backend, &txn_options, &ret_txn, ctx));
    tear_down();
}
END_TEST

START_TEST(revision_0_is_no_expectation)
{
    set_up();
    assert_invalid(storage_compare_and_set(backend, key, storage_expect_revision(0), key, NULL, ctx));
    assert_invalid(storage_compare_and_delete(backend, key, storage_expect_revision(0), ctx));
    assert_invalid(storage_transaction_compare_and_set(txn, key, storage_expect_revision(0), key, NULL, ctx));
    tear_down();
}
END_TEST

START_TEST(sizes_beyond_the_limits_of_the_store_are_refused_before_it_sees_them)
{
    static const char bytes[PROBE_VALUE_SIZE_MAX + 1];
    const StorageSlice long_key = {bytes, PROBE_KEY_SIZE_MAX + 1}, long_value = {bytes, PROBE_VALUE_SIZE_MAX + 1};
    StorageValue value;
    set_up();
    assert_refused(storage_get(backend, long_key, &value, ctx), STORAGE_SIZE_LIMIT_EXCEEDED);
    assert_refused(storage_set(backend, long_key, key, NULL, ctx), STORAGE_SIZE_LIMIT_EXCEEDED);
    assert_refused(storage_set(backend, key, long_value, NULL, ctx), STORAGE_SIZE_LIMIT_EXCEEDED);
    assert_refused(storage_compare_and_set(backend, key, storage_expect_absent(), long_value, NULL, ctx),
                   STORAGE_SIZE_LIMIT_EXCEEDED);
    assert_refused(storage_delete(backend, long_key, ctx), STORAGE_SIZE_LIMIT_EXCEEDED);
    assert_refused(storage_transaction_set(txn, key, long_value, NULL, ctx), STORAGE_SIZE_LIMIT_EXCEEDED);
    tear_down();
}
END_TEST

START_TEST(sizes_at_the_limits_of_the_store_pass)
{
    static const char bytes[PROBE_VALUE_SIZE_MAX];
    set_up();
    unit_assert_status(storage_set(backend, storage_bytes(bytes, PROBE_KEY_SIZE_MAX),
                                   storage_bytes(bytes, PROBE_VALUE_SIZE_MAX), NULL, ctx),
                       STORAGE_OK);
    tear_down();
}
END_TEST

START_TEST(one_wrong_operation_refuses_the_whole_write)
{
    const StorageOperation operations[] = {
        {.kind = STORAGE_OPERATION_SET, .key = key, .value = key},
        {.kind = STORAGE_OPERATION_SET, .key = no_data, .value = key},
    };
    StorageResult results[2] = {{STORAGE_OK, 0, 9}, {STORAGE_OK, 0, 9}};
    set_up();
    assert_invalid(storage_write(backend, operations, 2, STORAGE_WRITE_INDEPENDENT, results, ctx));
    for (size_t index = 0; index < 2; index++) {
        ck_assert_int_lt(results[index].status, 0);
        ck_assert_uint_eq(results[index].revision, 0);
    }
    tear_down();
}
END_TEST

/* ---- capabilities ---- */

START_TEST(what_the_stack_cannot_do_is_unsupported)
{
    StorageCursor *ret_cursor;
    StorageTransaction *ret_txn;
    StorageWatch *ret_watch;
    const StorageOperation two[] = {{.kind = STORAGE_OPERATION_DELETE, .key = key},
                                    {.kind = STORAGE_OPERATION_DELETE, .key = key}};
    const StorageScanOptions reverse = {.struct_size = sizeof(reverse), .flags = STORAGE_SCAN_REVERSE};
    const StorageSetOptions expiring = {sizeof(expiring), 0, {1, STORAGE_EXPIRY_AFTER}};
    set_up_with(0);
    assert_refused(storage_begin(backend, NULL, &ret_txn, ctx), STORAGE_UNSUPPORTED);
    assert_refused(storage_watch(backend, NULL, 0, &ret_watch, ctx), STORAGE_UNSUPPORTED);
    assert_refused(storage_compare_and_set(backend, key, storage_expect_absent(), key, NULL, ctx), STORAGE_UNSUPPORTED);
    assert_refused(storage_compare_and_delete(backend, key, storage_expect_absent(), ctx), STORAGE_UNSUPPORTED);
    assert_refused(storage_clear_range(backend, NULL, ctx), STORAGE_UNSUPPORTED);
    assert_refused(storage_write(backend, two, 2, STORAGE_WRITE_ATOMIC, NULL, ctx), STORAGE_UNSUPPORTED);
    assert_refused(storage_set(backend, key, key, &expiring, ctx), STORAGE_UNSUPPORTED);
    assert_refused(storage_touch(backend, key, storage_expiry_never(), ctx), STORAGE_UNSUPPORTED);
    assert_refused(storage_sweep(backend, NULL, ctx), STORAGE_UNSUPPORTED);
    assert_refused(storage_scan(backend, NULL, &reverse, &ret_cursor, ctx), STORAGE_UNSUPPORTED);
    unit_assert_status(storage_context_set_token(ctx, storage_string("token")), STORAGE_OK);
    assert_refused(storage_set(backend, key, key, NULL, ctx), STORAGE_UNSUPPORTED);
    storage_context_reset(ctx);
    unit_assert_status(storage_set(backend, key, key, NULL, ctx), STORAGE_OK);
    unit_assert_status(storage_write(backend, two, 1, STORAGE_WRITE_ATOMIC, NULL, ctx), STORAGE_OK);
    tear_down();
}
END_TEST

START_TEST(what_transactions_of_the_stack_cannot_do_is_unsupported)
{
    StorageTransaction *ret_txn;
    uint32_t savepoint_no;
    const StorageTransactionOptions serializable = {.struct_size = sizeof(serializable),
                                                    .isolation = STORAGE_ISOLATION_SERIALIZABLE};
    set_up_with(STORAGE_CAPABILITY_TRANSACTIONS);
    assert_refused(storage_begin(backend, &serializable, &ret_txn, ctx), STORAGE_UNSUPPORTED);
    assert_refused(storage_transaction_savepoint(txn, &savepoint_no, ctx), STORAGE_UNSUPPORTED);
    assert_refused(storage_transaction_rollback_to(txn, 1, ctx), STORAGE_UNSUPPORTED);
    assert_refused(storage_transaction_drop_savepoint(txn, 1, ctx), STORAGE_UNSUPPORTED);
    assert_refused(storage_transaction_table(txn, key, &ret_txn, ctx), STORAGE_UNSUPPORTED);
    assert_refused(storage_transaction_clear_range(txn, NULL, ctx), STORAGE_UNSUPPORTED);
    assert_refused(storage_transaction_compare_and_set(txn, key, storage_expect_absent(), key, NULL, ctx),
                   STORAGE_UNSUPPORTED);
    unit_assert_status(storage_transaction_set(txn, key, key, NULL, ctx), STORAGE_OK);
    tear_down();
}
END_TEST

START_TEST(a_commit_with_a_token_that_the_stack_cannot_keep_is_unsupported_and_ends_the_transaction)
{
    set_up_with(STORAGE_CAPABILITY_TRANSACTIONS);
    unit_assert_status(storage_context_set_token(ctx, storage_string("token")), STORAGE_OK);
    assert_refused(storage_transaction_commit(txn, NULL, ctx), STORAGE_UNSUPPORTED);
    storage_context_reset(ctx);
    assert_invalid(storage_transaction_commit(txn, NULL, ctx));
    tear_down();
}
END_TEST

/* ---- outputs ---- */

START_TEST(a_failure_empties_handles_and_values)
{
    StorageValue value, values[2];
    StorageStatus statuses[2];
    StorageCursor *ret_cursor = cursor;
    StorageTransaction *ret_txn = NULL;
    StorageWatch *ret_watch = NULL;
    const StorageEntry *entry = NULL;
    const StorageChange *change = NULL;
    const StorageValue empty = {0};
    const StorageSlice keys[] = {key, key};
    set_up();
    probe.answer = STORAGE_IO;
    memset(&value, 0xff, sizeof(value));
    unit_assert_status(storage_get(backend, key, &value, ctx), STORAGE_IO);
    ck_assert_mem_eq(&value, &empty, sizeof(empty));
    memset(&value, 0xff, sizeof(value));
    unit_assert_status(storage_transaction_get(txn, key, &value, ctx), STORAGE_IO);
    ck_assert_mem_eq(&value, &empty, sizeof(empty));
    memset(values, 0xff, sizeof(values));
    unit_assert_status(storage_multi_get(backend, keys, 2, values, statuses, ctx), STORAGE_IO);
    for (size_t index = 0; index < 2; index++) {
        ck_assert_mem_eq(&values[index], &empty, sizeof(empty));
        unit_assert_status(statuses[index], STORAGE_IO);
    }
    unit_assert_status(storage_scan(backend, NULL, NULL, &ret_cursor, ctx), STORAGE_IO);
    ck_assert_ptr_null(ret_cursor);
    ret_cursor = cursor;
    unit_assert_status(storage_transaction_scan(txn, NULL, NULL, &ret_cursor, ctx), STORAGE_IO);
    ck_assert_ptr_null(ret_cursor);
    ret_txn = txn;
    unit_assert_status(storage_begin(backend, NULL, &ret_txn, ctx), STORAGE_IO);
    ck_assert_ptr_null(ret_txn);
    ret_watch = watch;
    unit_assert_status(storage_watch(backend, NULL, 0, &ret_watch, ctx), STORAGE_IO);
    ck_assert_ptr_null(ret_watch);
    entry = (const StorageEntry *)&value;
    unit_assert_status(storage_cursor_next(cursor, &entry, ctx), STORAGE_IO);
    ck_assert_ptr_null(entry);
    change = (const StorageChange *)&value;
    unit_assert_status(storage_watch_next(watch, &change, ctx), STORAGE_IO);
    ck_assert_ptr_null(change);
    memset(&value, 0xff, sizeof(value));
    unit_assert_status(storage_describe(backend, STORAGE_DESCRIBE_MEMORY, &value, ctx), STORAGE_IO);
    ck_assert_mem_eq(&value, &empty, sizeof(empty));
    tear_down();
}
END_TEST

START_TEST(not_found_and_end_empty_the_outputs_too)
{
    StorageValue value;
    const StorageEntry *entry = (const StorageEntry *)&value;
    const StorageValue empty = {0};
    set_up();
    memset(&value, 0xff, sizeof(value));
    probe.answer = STORAGE_NOT_FOUND;
    unit_assert_status(storage_get(backend, key, &value, ctx), STORAGE_NOT_FOUND);
    ck_assert_mem_eq(&value, &empty, sizeof(empty));
    probe.answer = STORAGE_END;
    unit_assert_status(storage_cursor_next(cursor, &entry, ctx), STORAGE_END);
    ck_assert_ptr_null(entry);
    tear_down();
}
END_TEST

START_TEST(a_failure_leaves_other_outputs_untouched)
{
    uint64_t count = 77, revision = 77;
    uint32_t savepoint_no = 77;
    StorageHealthState state = 77;
    int fd = 77;
    set_up();
    probe.answer = STORAGE_IO;
    unit_assert_status(storage_sweep(backend, &count, ctx), STORAGE_IO);
    ck_assert_uint_eq(count, 77);
    unit_assert_status(storage_health_check(backend, STORAGE_PROBE_READINESS, &state, NULL, ctx), STORAGE_IO);
    ck_assert_uint_eq(state, 77);
    unit_assert_status(storage_transaction_savepoint(txn, &savepoint_no, ctx), STORAGE_IO);
    ck_assert_uint_eq(savepoint_no, 77);
    unit_assert_status(storage_watch_fd(watch, &fd, ctx), STORAGE_IO);
    ck_assert_int_eq(fd, 77);
    unit_assert_status(storage_transaction_commit(txn, &revision, ctx), STORAGE_IO);
    ck_assert_uint_eq(revision, 77);
    tear_down();
}
END_TEST

START_TEST(outputs_that_may_be_left_out_may_be_left_out)
{
    const StorageOperation operation = {.kind = STORAGE_OPERATION_DELETE, .key = key};
    StorageHealthState state;
    set_up();
    unit_assert_status(storage_sweep(backend, NULL, NULL), STORAGE_OK);
    unit_assert_status(storage_health_check(backend, STORAGE_PROBE_STARTUP, &state, NULL, NULL), STORAGE_OK);
    unit_assert_status(storage_write(backend, &operation, 1, STORAGE_WRITE_ATOMIC, NULL, NULL), STORAGE_OK);
    unit_assert_status(storage_transaction_commit(txn, NULL, NULL), STORAGE_OK);
    tear_down();
}
END_TEST

/* ---- the one write method ---- */

START_TEST(each_single_write_is_one_atomic_operation)
{
    const StorageRange range = storage_range_prefix(key);
    set_up();
    unit_assert_status(storage_set(backend, key, storage_string("v"), NULL, ctx), STORAGE_OK);
    ck_assert_uint_eq(probe.operation.kind, STORAGE_OPERATION_SET);
    ck_assert_uint_eq(probe.operation.expiry.kind, STORAGE_EXPIRY_NEVER);
    ck_assert_uint_eq(probe.operation_count, 1);
    ck_assert_uint_eq(probe.mode, STORAGE_WRITE_ATOMIC);
    ck_assert_uint_eq(storage_context_revision(ctx), PROBE_REVISION);
    unit_assert_status(storage_touch(backend, key, storage_expiry_after(5), ctx), STORAGE_OK);
    ck_assert_uint_eq(probe.operation.kind, STORAGE_OPERATION_TOUCH);
    ck_assert_int_eq(probe.operation.expiry.ns, 5);
    unit_assert_status(storage_delete(backend, key, ctx), STORAGE_OK);
    ck_assert_uint_eq(probe.operation.kind, STORAGE_OPERATION_DELETE);
    unit_assert_status(storage_compare_and_set(backend, key, storage_expect_revision(3), key, NULL, ctx), STORAGE_OK);
    ck_assert_uint_eq(probe.operation.kind, STORAGE_OPERATION_COMPARE_AND_SET);
    ck_assert_uint_eq(probe.operation.expected.revision, 3);
    unit_assert_status(storage_compare_and_delete(backend, key, storage_expect_absent(), ctx), STORAGE_OK);
    ck_assert_uint_eq(probe.operation.kind, STORAGE_OPERATION_COMPARE_AND_DELETE);
    unit_assert_status(storage_clear_range(backend, &range, ctx), STORAGE_OK);
    ck_assert_uint_eq(probe.operation.kind, STORAGE_OPERATION_CLEAR_RANGE);
    ck_assert_uint_eq(probe.operation.range.end.kind, STORAGE_BOUND_PREFIX_END);
    tear_down();
}
END_TEST

START_TEST(no_operation_is_ok_and_reaches_no_store)
{
    set_up();
    unit_assert_status(storage_write(backend, NULL, 0, STORAGE_WRITE_ATOMIC, NULL, ctx), STORAGE_OK);
    ck_assert_uint_eq(storage_context_revision(ctx), 0);
    ck_assert_uint_eq(probe_call_count(&probe), calls_before);
    tear_down();
}
END_TEST

START_TEST(a_long_write_without_results_passes)
{
    static StorageOperation operations[1000];
    set_up();
    for (size_t index = 0; index < 1000; index++)
        operations[index] = (StorageOperation){.kind = STORAGE_OPERATION_DELETE, .key = key};
    unit_assert_status(storage_write(backend, operations, 1000, STORAGE_WRITE_INDEPENDENT, NULL, ctx), STORAGE_OK);
    ck_assert_uint_eq(probe.operation_count, 1000);
    ck_assert_uint_eq(probe.mode, STORAGE_WRITE_INDEPENDENT);
    tear_down();
}
END_TEST

START_TEST(a_token_comes_with_the_hash_of_its_payload)
{
    uint8_t first[32];
    set_up();
    unit_assert_status(storage_set(backend, key, key, NULL, ctx), STORAGE_OK);
    ck_assert(!probe.has_payload_hash);
    unit_assert_status(storage_context_set_token(ctx, storage_string("token")), STORAGE_OK);
    unit_assert_status(storage_set(backend, key, key, NULL, ctx), STORAGE_OK);
    ck_assert(probe.has_payload_hash);
    memcpy(first, probe.payload_hash, sizeof(first));
    unit_assert_status(storage_set(backend, key, key, NULL, ctx), STORAGE_OK);
    ck_assert_mem_eq(first, probe.payload_hash, sizeof(first));
    unit_assert_status(storage_set(backend, key, storage_string("other"), NULL, ctx), STORAGE_OK);
    ck_assert_mem_ne(first, probe.payload_hash, sizeof(first));
    ck_assert_ptr_null(ctx->payload_hash);
    tear_down();
}
END_TEST

START_TEST(the_payload_of_a_commit_is_the_writes_that_succeeded)
{
    uint8_t first[32];
    set_up();
    unit_assert_status(storage_transaction_set(txn, key, key, NULL, NULL), STORAGE_OK);
    unit_assert_status(storage_context_set_token(ctx, storage_string("token")), STORAGE_OK);
    unit_assert_status(storage_transaction_commit(txn, NULL, ctx), STORAGE_OK);
    ck_assert(probe.has_payload_hash);
    memcpy(first, probe.payload_hash, sizeof(first));
    storage_transaction_close(txn);

    unit_assert_status(storage_begin(backend, NULL, &txn, NULL), STORAGE_OK);
    probe.answer = STORAGE_CONFLICT;
    unit_assert_status(storage_transaction_delete(txn, key, NULL), STORAGE_CONFLICT);
    probe.answer = STORAGE_OK;
    unit_assert_status(storage_transaction_set(txn, key, key, NULL, NULL), STORAGE_OK);
    unit_assert_status(storage_transaction_commit(txn, NULL, ctx), STORAGE_OK);
    ck_assert_mem_eq(first, probe.payload_hash, sizeof(first));
    tear_down();
}
END_TEST

/* ---- methods that a backend leaves out ---- */

START_TEST(the_core_stands_in_for_methods_that_are_left_out)
{
    const StorageSlice keys[] = {key, storage_string("other")};
    StorageValue values[2], json;
    StorageStatus statuses[2];
    StorageHealthState state = STORAGE_HEALTH_UNKNOWN;
    uint64_t count = 9;
    probe_init(&probe);
    unit_assert_status(probe_open_bare(&probe, PROBE_ALL_CAPABILITIES, &backend), STORAGE_OK);
    unit_assert_status(storage_begin(backend, NULL, &txn, NULL), STORAGE_OK);

    unit_assert_status(storage_multi_get(backend, keys, 2, values, statuses, NULL), STORAGE_OK);
    ck_assert_uint_eq(atomic_load(&probe.calls[PROBE_GET]), 2);
    for (size_t index = 0; index < 2; index++) {
        unit_assert_status(statuses[index], STORAGE_OK);
        ck_assert_mem_eq(values[index].data, "value", 5);
        storage_value_release(&values[index]);
    }
    unit_assert_status(storage_transaction_multi_get(txn, keys, 2, values, statuses, NULL), STORAGE_OK);
    ck_assert_uint_eq(atomic_load(&probe.calls[PROBE_TRANSACTION_GET]), 2);
    for (size_t index = 0; index < 2; index++)
        storage_value_release(&values[index]);
    unit_assert_status(storage_sync(backend, NULL), STORAGE_OK);
    unit_assert_status(storage_sweep(backend, &count, NULL), STORAGE_OK);
    ck_assert_uint_eq(count, 0);
    unit_assert_status(storage_health_check(backend, STORAGE_PROBE_READINESS, &state, &json, NULL), STORAGE_OK);
    ck_assert_uint_eq(state, STORAGE_HEALTH_HEALTHY);
    storage_value_release(&json);
    unit_assert_status(storage_describe(backend, STORAGE_DESCRIBE_STATISTICS, &json, NULL), STORAGE_OK);
    storage_value_release(&json);
    storage_transaction_close(txn);
    unit_assert_status(storage_close(backend, NULL), STORAGE_OK);
    ck_assert_uint_eq(atomic_load(&probe.calls[PROBE_DESTROY]), 1);
    probe_done(&probe);
}
END_TEST

START_TEST(a_missing_key_among_several_fails_no_multi_get)
{
    const StorageSlice keys[] = {key, key};
    StorageValue values[2];
    StorageStatus statuses[2];
    probe_init(&probe);
    unit_assert_status(probe_open_bare(&probe, PROBE_ALL_CAPABILITIES, &backend), STORAGE_OK);
    probe.answer = STORAGE_NOT_FOUND;
    unit_assert_status(storage_multi_get(backend, keys, 2, values, statuses, NULL), STORAGE_OK);
    unit_assert_status(statuses[0], STORAGE_NOT_FOUND);
    unit_assert_status(statuses[1], STORAGE_NOT_FOUND);
    unit_assert_status(storage_close(backend, NULL), STORAGE_OK);
    probe_done(&probe);
}
END_TEST

/* ---- the end of a transaction ---- */

START_TEST(a_commit_ends_the_transaction_whatever_the_outcome)
{
    StorageValue value;
    set_up();
    probe.answer = STORAGE_SERIALIZATION;
    unit_assert_status(storage_transaction_commit(txn, NULL, ctx), STORAGE_SERIALIZATION);
    ck_assert_uint_eq(atomic_load(&probe.calls[PROBE_TRANSACTION_CLOSE]), 1);
    probe.answer = STORAGE_OK;
    calls_before = probe_call_count(&probe);
    assert_invalid(storage_transaction_get(txn, key, &value, ctx));
    assert_invalid(storage_transaction_set(txn, key, key, NULL, ctx));
    assert_invalid(storage_transaction_commit(txn, NULL, ctx));
    storage_transaction_close(txn);
    txn = NULL;
    ck_assert_uint_eq(atomic_load(&probe.calls[PROBE_TRANSACTION_CLOSE]), 1);
    tear_down();
}
END_TEST

START_TEST(a_cursor_of_a_transaction_ends_with_it)
{
    StorageCursor *inside = NULL;
    const StorageEntry *entry = NULL;
    set_up();
    unit_assert_status(storage_transaction_scan(txn, NULL, NULL, &inside, ctx), STORAGE_OK);
    unit_assert_status(storage_cursor_next(inside, &entry, ctx), STORAGE_OK);
    unit_assert_status(storage_transaction_commit(txn, NULL, ctx), STORAGE_OK);
    calls_before = probe_call_count(&probe);
    assert_invalid(storage_cursor_next(inside, &entry, ctx));
    assert_invalid(storage_cursor_seek(inside, key, ctx));
    storage_cursor_close(inside);
    tear_down();
}
END_TEST

START_TEST(a_cursor_outlives_the_close_of_its_transaction_as_an_ended_one)
{
    StorageCursor *inside = NULL;
    const StorageEntry *entry = NULL;
    set_up();
    unit_assert_status(storage_transaction_scan(txn, NULL, NULL, &inside, ctx), STORAGE_OK);
    storage_transaction_close(txn);
    txn = NULL;
    calls_before = probe_call_count(&probe);
    assert_invalid(storage_cursor_next(inside, &entry, ctx));
    storage_cursor_close(inside);
    tear_down();
}
END_TEST

START_TEST(a_view_of_a_table_cannot_be_committed_and_ends_with_its_transaction)
{
    StorageTransaction *view = NULL;
    StorageValue value;
    set_up();
    unit_assert_status(storage_transaction_table(txn, storage_string("table"), &view, ctx), STORAGE_OK);
    unit_assert_status(storage_transaction_get(view, key, &value, ctx), STORAGE_OK);
    storage_value_release(&value);
    calls_before = probe_call_count(&probe);
    assert_invalid(storage_transaction_commit(view, NULL, ctx));
    storage_transaction_close(view); /* is not closed: does nothing */
    ck_assert_uint_eq(atomic_load(&probe.calls[PROBE_TRANSACTION_CLOSE]), 0);
    unit_assert_status(storage_transaction_commit(txn, NULL, ctx), STORAGE_OK);
    ck_assert_uint_eq(atomic_load(&probe.calls[PROBE_TRANSACTION_CLOSE]), 2);
    calls_before = probe_call_count(&probe);
    assert_invalid(storage_transaction_get(view, key, &value, ctx));
    tear_down();
}
END_TEST

UNIT_MAIN("dispatch", a_missing_handle_is_an_invalid_argument, a_missing_output_is_an_invalid_argument,
          a_slice_without_its_data_is_an_invalid_argument, a_bound_that_is_open_needs_no_key,
          an_unknown_enumerator_is_an_invalid_argument, an_unknown_flag_is_an_invalid_argument,
          options_without_a_size_are_an_invalid_argument, revision_0_is_no_expectation,
          sizes_beyond_the_limits_of_the_store_are_refused_before_it_sees_them, sizes_at_the_limits_of_the_store_pass,
          one_wrong_operation_refuses_the_whole_write, what_the_stack_cannot_do_is_unsupported,
          what_transactions_of_the_stack_cannot_do_is_unsupported,
          a_commit_with_a_token_that_the_stack_cannot_keep_is_unsupported_and_ends_the_transaction,
          a_failure_empties_handles_and_values, not_found_and_end_empty_the_outputs_too,
          a_failure_leaves_other_outputs_untouched, outputs_that_may_be_left_out_may_be_left_out,
          each_single_write_is_one_atomic_operation, no_operation_is_ok_and_reaches_no_store,
          a_long_write_without_results_passes, a_token_comes_with_the_hash_of_its_payload,
          the_payload_of_a_commit_is_the_writes_that_succeeded, the_core_stands_in_for_methods_that_are_left_out,
          a_missing_key_among_several_fails_no_multi_get, a_commit_ends_the_transaction_whatever_the_outcome,
          a_cursor_of_a_transaction_ends_with_it, a_cursor_outlives_the_close_of_its_transaction_as_an_ended_one,
          a_view_of_a_table_cannot_be_committed_and_ends_with_its_transaction)
