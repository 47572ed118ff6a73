/*
 * case_call.c - the calls of case_call.h. Outputs start as garbage and are checked to be empty after a failure.
 */
#include "case_call.h"

#include <string.h>

/* Something that is neither NULL nor to be followed. */
#define GARBAGE(type) ((type *)(uintptr_t)16)

static void assert_nothing_handed_out(StorageStatus status, const void *handle, const char *call)
{
    testutil_assert(status == STORAGE_OK || handle == NULL, "%s failed with %s and left a handle", call,
                    storage_status_name(status));
}

static void assert_value_empty(StorageStatus status, const StorageValue *value, const char *call)
{
    testutil_assert(status == STORAGE_OK || (value->data == NULL && value->size == 0),
                    "%s answered %s and left a value", call, storage_status_name(status));
}

/* ---- on the backend ---- */

static StorageStatus call_get(CallHandles *handles, StorageContext *ctx)
{
    StorageValue value;
    StorageStatus status;

    memset(&value, 0x5A, sizeof value);
    status = storage_get(handles->backend, TEXT("a"), &value, ctx);
    assert_value_empty(status, &value, "get");
    storage_value_release(&value);
    return status;
}

static StorageStatus call_multi_get(CallHandles *handles, StorageContext *ctx)
{
    const StorageSlice keys[] = {TEXT("a"), TEXT("b")};
    StorageStatus statuses[2], status;
    StorageValue values[2];

    memset(values, 0x5A, sizeof values);
    memset(statuses, 0x5A, sizeof statuses);
    status = storage_multi_get(handles->backend, keys, 2, values, statuses, ctx);
    for (size_t i = 0; i < 2; i++) {
        assert_value_empty(status, &values[i], "multi_get");
        testutil_assert(status == STORAGE_OK || statuses[i] == status,
                        "a failed multi_get left another status for a key");
        storage_value_release(&values[i]);
    }
    return status;
}

static StorageStatus call_scan(CallHandles *handles, StorageContext *ctx)
{
    StorageCursor *cursor = GARBAGE(StorageCursor);
    StorageStatus status = storage_scan(handles->backend, NULL, NULL, &cursor, ctx);

    assert_nothing_handed_out(status, cursor, "scan");
    storage_cursor_close(cursor);
    return status;
}

static StorageStatus call_set(CallHandles *handles, StorageContext *ctx)
{
    return storage_set(handles->backend, TEXT("call"), TEXT("1"), NULL, ctx);
}

static StorageStatus call_touch(CallHandles *handles, StorageContext *ctx)
{
    return storage_touch(handles->backend, TEXT("a"), storage_expiry_after(0), ctx);
}

static StorageStatus call_delete(CallHandles *handles, StorageContext *ctx)
{
    return storage_delete(handles->backend, TEXT("a"), ctx);
}

static StorageStatus call_compare_and_set(CallHandles *handles, StorageContext *ctx)
{
    return storage_compare_and_set(handles->backend, TEXT("call"), storage_expect_absent(), TEXT("1"), NULL, ctx);
}

static StorageStatus call_compare_and_delete(CallHandles *handles, StorageContext *ctx)
{
    return storage_compare_and_delete(handles->backend, TEXT("a"), storage_expect_value(TEXT("1")), ctx);
}

static StorageStatus call_clear_range(CallHandles *handles, StorageContext *ctx)
{
    return storage_clear_range(handles->backend, NULL, ctx);
}

static StorageStatus call_write(CallHandles *handles, uint32_t mode, StorageContext *ctx)
{
    StorageOperation operations[] = {operation_set("call", "1"), operation_delete("a")};
    StorageResult results[2];

    return storage_write(handles->backend, operations, 2, mode, results, ctx);
}

static StorageStatus call_write_atomic(CallHandles *handles, StorageContext *ctx)
{
    return call_write(handles, STORAGE_WRITE_ATOMIC, ctx);
}

static StorageStatus call_write_independent(CallHandles *handles, StorageContext *ctx)
{
    return call_write(handles, STORAGE_WRITE_INDEPENDENT, ctx);
}

static StorageStatus call_sync(CallHandles *handles, StorageContext *ctx)
{
    return storage_sync(handles->backend, ctx);
}

static StorageStatus call_sweep(CallHandles *handles, StorageContext *ctx)
{
    return storage_sweep(handles->backend, NULL, ctx);
}

static StorageStatus call_health_check(CallHandles *handles, StorageContext *ctx)
{
    StorageHealthState state;
    StorageStatus status;
    StorageValue json;

    memset(&json, 0x5A, sizeof json);
    status = storage_health_check(handles->backend, STORAGE_PROBE_READINESS, &state, &json, ctx);
    assert_value_empty(status, &json, "health_check");
    storage_value_release(&json);
    return status;
}

static StorageStatus call_describe(CallHandles *handles, StorageContext *ctx)
{
    StorageStatus status;
    StorageValue json;

    memset(&json, 0x5A, sizeof json);
    status = storage_describe(handles->backend, STORAGE_DESCRIBE_STACK, &json, ctx);
    assert_value_empty(status, &json, "describe");
    storage_value_release(&json);
    return status;
}

static StorageStatus call_begin(CallHandles *handles, StorageContext *ctx)
{
    StorageTransaction *txn = GARBAGE(StorageTransaction);
    StorageStatus status = storage_begin(handles->backend, NULL, &txn, ctx);

    assert_nothing_handed_out(status, txn, "begin");
    storage_transaction_close(txn);
    return status;
}

static StorageStatus do_nothing(StorageTransaction *txn, void *user_data, StorageContext *ctx)
{
    (void)txn;
    (void)user_data;
    (void)ctx;
    return STORAGE_OK;
}

static StorageStatus call_update(CallHandles *handles, StorageContext *ctx)
{
    return storage_update(handles->backend, NULL, do_nothing, NULL, ctx);
}

static StorageStatus call_view(CallHandles *handles, StorageContext *ctx)
{
    return storage_view(handles->backend, NULL, do_nothing, NULL, ctx);
}

static StorageStatus call_watch(CallHandles *handles, StorageContext *ctx)
{
    StorageWatch *changes = GARBAGE(StorageWatch);
    StorageStatus status = storage_watch(handles->backend, NULL, 0, &changes, ctx);

    assert_nothing_handed_out(status, changes, "watch");
    storage_watch_close(changes);
    return status;
}

/* ---- on cursors, transactions and watches ---- */

static StorageStatus next_of(StorageCursor *cursor, StorageContext *ctx)
{
    const StorageEntry *entry = GARBAGE(StorageEntry);
    StorageStatus status = storage_cursor_next(cursor, &entry, ctx);

    assert_nothing_handed_out(status, entry, "cursor_next");
    return status;
}

static StorageStatus call_cursor_next(CallHandles *handles, StorageContext *ctx)
{
    return next_of(handles->cursor, ctx);
}

static StorageStatus call_cursor_seek(CallHandles *handles, StorageContext *ctx)
{
    return storage_cursor_seek(handles->cursor, TEXT("a"), ctx);
}

static StorageStatus call_transaction_cursor_next(CallHandles *handles, StorageContext *ctx)
{
    return next_of(handles->transaction_cursor, ctx);
}

static StorageStatus call_transaction_cursor_seek(CallHandles *handles, StorageContext *ctx)
{
    return storage_cursor_seek(handles->transaction_cursor, TEXT("a"), ctx);
}

static StorageStatus call_transaction_get(CallHandles *handles, StorageContext *ctx)
{
    StorageValue value;
    StorageStatus status;

    memset(&value, 0x5A, sizeof value);
    status = storage_transaction_get(handles->txn, TEXT("a"), &value, ctx);
    assert_value_empty(status, &value, "transaction_get");
    storage_value_release(&value);
    return status;
}

static StorageStatus call_transaction_multi_get(CallHandles *handles, StorageContext *ctx)
{
    const StorageSlice key = TEXT("a");
    StorageStatus key_status, status;
    StorageValue value;

    memset(&value, 0x5A, sizeof value);
    status = storage_transaction_multi_get(handles->txn, &key, 1, &value, &key_status, ctx);
    assert_value_empty(status, &value, "transaction_multi_get");
    storage_value_release(&value);
    return status;
}

static StorageStatus call_transaction_scan(CallHandles *handles, StorageContext *ctx)
{
    StorageCursor *cursor = GARBAGE(StorageCursor);
    StorageStatus status = storage_transaction_scan(handles->txn, NULL, NULL, &cursor, ctx);

    assert_nothing_handed_out(status, cursor, "transaction_scan");
    storage_cursor_close(cursor);
    return status;
}

static StorageStatus call_transaction_set(CallHandles *handles, StorageContext *ctx)
{
    return storage_transaction_set(handles->txn, TEXT("call"), TEXT("1"), NULL, ctx);
}

static StorageStatus call_transaction_touch(CallHandles *handles, StorageContext *ctx)
{
    return storage_transaction_touch(handles->txn, TEXT("a"), storage_expiry_after(0), ctx);
}

static StorageStatus call_transaction_delete(CallHandles *handles, StorageContext *ctx)
{
    return storage_transaction_delete(handles->txn, TEXT("a"), ctx);
}

static StorageStatus call_transaction_compare_and_set(CallHandles *handles, StorageContext *ctx)
{
    return storage_transaction_compare_and_set(handles->txn, TEXT("call"), storage_expect_absent(), TEXT("1"), NULL,
                                               ctx);
}

static StorageStatus call_transaction_compare_and_delete(CallHandles *handles, StorageContext *ctx)
{
    return storage_transaction_compare_and_delete(handles->txn, TEXT("a"), storage_expect_value(TEXT("1")), ctx);
}

static StorageStatus call_transaction_clear_range(CallHandles *handles, StorageContext *ctx)
{
    return storage_transaction_clear_range(handles->txn, NULL, ctx);
}

static StorageStatus call_transaction_savepoint(CallHandles *handles, StorageContext *ctx)
{
    uint32_t savepoint_no;

    return storage_transaction_savepoint(handles->txn, &savepoint_no, ctx);
}

static StorageStatus call_transaction_rollback_to(CallHandles *handles, StorageContext *ctx)
{
    return storage_transaction_rollback_to(handles->txn, handles->savepoint_no, ctx);
}

static StorageStatus call_transaction_drop_savepoint(CallHandles *handles, StorageContext *ctx)
{
    return storage_transaction_drop_savepoint(handles->txn, handles->savepoint_no, ctx);
}

static StorageStatus call_transaction_commit(CallHandles *handles, StorageContext *ctx)
{
    return storage_transaction_commit(handles->txn, NULL, ctx);
}

static StorageStatus call_watch_next(CallHandles *handles, StorageContext *ctx)
{
    const StorageChange *change = GARBAGE(StorageChange);
    StorageStatus status = storage_watch_next(handles->watch, &change, ctx);

    assert_nothing_handed_out(status, change, "watch_next");
    return status;
}

static StorageStatus call_watch_fd(CallHandles *handles, StorageContext *ctx)
{
    int descriptor = -1;

    return storage_watch_fd(handles->watch, &descriptor, ctx);
}

/* ---- the table ---- */

#define CALL_ENTRY(name, handle_kind, capabilities, needs) {#name, (handle_kind), (capabilities), (needs), call_##name},
const Call testutil_calls[] = {EVERY_CALL(CALL_ENTRY)};
const size_t testutil_call_count = sizeof testutil_calls / sizeof testutil_calls[0];

const Call *testutil_call_named(const char *name)
{
    for (size_t i = 0; i < testutil_call_count; i++)
        if (strcmp(testutil_calls[i].name, name) == 0)
            return &testutil_calls[i];
    testutil_fail(__FILE__, __LINE__, "there is no call \"%s\"", name);
}

int testutil_call_is_possible(const Call *call, const StorageCapabilities *capabilities)
{
    if ((call->capabilities & ~capabilities->capabilities) != 0)
        return 0;
    return (call->needs & WRITES) == 0 || (capabilities->weakenings & STORAGE_WEAKENING_WRITES_REFUSED) == 0;
}

void testutil_call_handles_open(StorageBackend *backend, CallHandles *ret_handles)
{
    uint64_t capabilities = storage_backend_capabilities(backend)->capabilities;

    *ret_handles = (CallHandles){.backend = backend};
    testutil_assert_ok(storage_scan(backend, NULL, NULL, &ret_handles->cursor, NULL));
    if ((capabilities & STORAGE_CAPABILITY_TRANSACTIONS) != 0) {
        testutil_assert_ok(storage_begin(backend, NULL, &ret_handles->txn, NULL));
        testutil_assert_ok(
            storage_transaction_scan(ret_handles->txn, NULL, NULL, &ret_handles->transaction_cursor, NULL));
    }
    if ((capabilities & STORAGE_CAPABILITY_SAVEPOINTS) != 0)
        testutil_assert_ok(storage_transaction_savepoint(ret_handles->txn, &ret_handles->savepoint_no, NULL));
    if ((capabilities & STORAGE_CAPABILITY_WATCH) != 0)
        testutil_assert_ok(storage_watch(backend, NULL, 0, &ret_handles->watch, NULL));
}

void testutil_call_handles_close(CallHandles *handles)
{
    storage_cursor_close(handles->cursor);
    storage_cursor_close(handles->transaction_cursor);
    storage_transaction_close(handles->txn);
    storage_watch_close(handles->watch);
}
