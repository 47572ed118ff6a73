/*
 * test_forward.c - layers that change nothing: no table has a hole, every call arrives once, every answer comes back.
 */
#include "unit.h"

#include <stddef.h>
#include <string.h>

#include "probe.h"
#include "storage/read_only.h"
#include "storage_testutil/factory.h"

typedef void (*Method)(void);

/* ---- tables without holes ---- */

/* Every slot after the name is a function pointer, so the table can be walked as an array of them. */
static void check_table(const StorageOps *ops)
{
    const size_t first = offsetof(StorageOps, destroy);
    ck_assert_uint_eq(ops->struct_size, sizeof(StorageOps));
    ck_assert_ptr_nonnull(ops->name);
    ck_assert_uint_eq((sizeof(StorageOps) - first) % sizeof(Method), 0);
    for (size_t offset = first; offset < sizeof(StorageOps); offset += sizeof(Method)) {
        Method method;
        memcpy(&method, (const char *)ops + offset, sizeof(method));
        ck_assert_msg(method != NULL, "the table of %s has no method %zu", ops->name,
                      (offset - first) / sizeof(Method));
    }
}

START_TEST(pass_through_names_every_slot)
{
    check_table(testutil_pass_through_ops());
}
END_TEST

START_TEST(read_only_names_every_slot)
{
    Probe probe;
    StorageBackend *backend = NULL;
    probe_init(&probe);
    unit_assert_status(probe_open(&probe, PROBE_ALL_CAPABILITIES, NULL, &backend), STORAGE_OK);
    unit_assert_status(storage_read_only_wrap(backend, NULL, &backend, NULL), STORAGE_OK);
    check_table(backend->ops);
    unit_assert_status(storage_close(backend, NULL), STORAGE_OK);
    probe_done(&probe);
}
END_TEST

START_TEST(the_walk_covers_as_many_slots_as_the_probe_counts)
{
    size_t slots = (sizeof(StorageOps) - offsetof(StorageOps, destroy)) / sizeof(Method);
    ck_assert_uint_eq(slots, PROBE_SLOT_COUNT);
}
END_TEST

/* ---- calls through a layer ---- */

static Probe probe;
static StorageBackend *backend;
static StorageContext *ctx;
static StorageTransaction *txn;
static const StorageSlice key = {"key", 3};

static void set_up(void)
{
    probe_init(&probe);
    unit_assert_status(probe_open(&probe, PROBE_ALL_CAPABILITIES, NULL, &backend), STORAGE_OK);
    unit_assert_status(testutil_pass_through_wrap(backend, &backend, NULL), STORAGE_OK);
    ctx = storage_context_new();
}

static void tear_down(void)
{
    unit_assert_status(storage_close(backend, ctx), STORAGE_OK);
    storage_context_free(ctx);
    ck_assert(!probe.is_context_missing);
    probe_done(&probe);
}

#define assert_calls(slot, expected) ck_assert_uint_eq(atomic_load(&probe.calls[slot]), (expected))

START_TEST(every_call_on_the_stack_arrives_once)
{
    StorageValue value, values[1];
    StorageStatus statuses[1];
    StorageHealthState state;
    uint64_t count = 0;
    set_up();
    unit_assert_status(storage_get(backend, key, &value, ctx), STORAGE_OK);
    ck_assert_uint_eq(storage_context_revision(ctx), PROBE_REVISION);
    storage_value_release(&value);
    unit_assert_status(storage_multi_get(backend, &key, 1, values, statuses, ctx), STORAGE_OK);
    storage_value_release(&values[0]);
    unit_assert_status(storage_set(backend, key, key, NULL, ctx), STORAGE_OK);
    ck_assert_uint_eq(storage_context_revision(ctx), PROBE_REVISION);
    unit_assert_status(storage_sync(backend, ctx), STORAGE_OK);
    unit_assert_status(storage_sweep(backend, &count, ctx), STORAGE_OK);
    ck_assert_uint_eq(count, 3);
    unit_assert_status(storage_health_check(backend, STORAGE_PROBE_READINESS, &state, NULL, ctx), STORAGE_OK);
    ck_assert_uint_eq(state, STORAGE_HEALTH_DEGRADED);
    assert_calls(PROBE_GET, 1);
    assert_calls(PROBE_MULTI_GET, 1);
    assert_calls(PROBE_WRITE, 1);
    assert_calls(PROBE_SYNC, 1);
    assert_calls(PROBE_SWEEP, 1);
    assert_calls(PROBE_HEALTH_CHECK, 1);
    tear_down();
}
END_TEST

START_TEST(every_call_on_a_cursor_arrives_once)
{
    StorageCursor *cursor = NULL;
    const StorageEntry *entry = NULL;
    set_up();
    unit_assert_status(storage_scan(backend, NULL, NULL, &cursor, ctx), STORAGE_OK);
    unit_assert_status(storage_cursor_next(cursor, &entry, ctx), STORAGE_OK);
    ck_assert_mem_eq(entry->key.data, "key", 3);
    unit_assert_status(storage_cursor_seek(cursor, key, ctx), STORAGE_OK);
    storage_cursor_close(cursor);
    assert_calls(PROBE_SCAN, 1);
    assert_calls(PROBE_CURSOR_NEXT, 1);
    assert_calls(PROBE_CURSOR_SEEK, 1);
    assert_calls(PROBE_CURSOR_CLOSE, 1);
    tear_down();
}
END_TEST

START_TEST(every_call_on_a_transaction_arrives_once)
{
    StorageValue value, values[1];
    StorageStatus statuses[1];
    StorageCursor *cursor = NULL;
    uint32_t savepoint_no = 0;
    uint64_t revision = 0;
    set_up();
    unit_assert_status(storage_begin(backend, NULL, &txn, ctx), STORAGE_OK);
    unit_assert_status(storage_transaction_get(txn, key, &value, ctx), STORAGE_OK);
    storage_value_release(&value);
    unit_assert_status(storage_transaction_multi_get(txn, &key, 1, values, statuses, ctx), STORAGE_OK);
    storage_value_release(&values[0]);
    unit_assert_status(storage_transaction_scan(txn, NULL, NULL, &cursor, ctx), STORAGE_OK);
    storage_cursor_close(cursor);
    unit_assert_status(storage_transaction_savepoint(txn, &savepoint_no, ctx), STORAGE_OK);
    ck_assert_uint_eq(savepoint_no, 1);
    unit_assert_status(storage_transaction_rollback_to(txn, 1, ctx), STORAGE_OK);
    unit_assert_status(storage_transaction_drop_savepoint(txn, 1, ctx), STORAGE_OK);
    unit_assert_status(storage_transaction_commit(txn, &revision, ctx), STORAGE_OK);
    ck_assert_uint_eq(revision, PROBE_REVISION);
    storage_transaction_close(txn);
    assert_calls(PROBE_BEGIN, 1);
    assert_calls(PROBE_TRANSACTION_GET, 1);
    assert_calls(PROBE_TRANSACTION_MULTI_GET, 1);
    assert_calls(PROBE_TRANSACTION_SCAN, 1);
    assert_calls(PROBE_CURSOR_CLOSE, 1);
    assert_calls(PROBE_TRANSACTION_SAVEPOINT, 1);
    assert_calls(PROBE_TRANSACTION_ROLLBACK_TO, 1);
    assert_calls(PROBE_TRANSACTION_DROP_SAVEPOINT, 1);
    assert_calls(PROBE_TRANSACTION_COMMIT, 1);
    assert_calls(PROBE_TRANSACTION_CLOSE, 1);
    tear_down();
}
END_TEST

START_TEST(every_kind_of_write_in_a_transaction_arrives_as_it_was)
{
    const StorageSetOptions options = {sizeof(options), 0, {5, STORAGE_EXPIRY_AFTER}};
    const StorageRange range = storage_range_prefix(key);
    set_up();
    unit_assert_status(storage_begin(backend, NULL, &txn, ctx), STORAGE_OK);
    unit_assert_status(storage_transaction_set(txn, key, storage_string("v"), &options, ctx), STORAGE_OK);
    ck_assert_uint_eq(probe.operation.kind, STORAGE_OPERATION_SET);
    ck_assert_int_eq(probe.operation.expiry.ns, 5);
    unit_assert_status(storage_transaction_touch(txn, key, storage_expiry_at(9), ctx), STORAGE_OK);
    ck_assert_uint_eq(probe.operation.kind, STORAGE_OPERATION_TOUCH);
    ck_assert_uint_eq(probe.operation.expiry.kind, STORAGE_EXPIRY_AT);
    unit_assert_status(storage_transaction_delete(txn, key, ctx), STORAGE_OK);
    ck_assert_uint_eq(probe.operation.kind, STORAGE_OPERATION_DELETE);
    unit_assert_status(storage_transaction_compare_and_set(txn, key, storage_expect_revision(4), key, &options, ctx),
                       STORAGE_OK);
    ck_assert_uint_eq(probe.operation.kind, STORAGE_OPERATION_COMPARE_AND_SET);
    ck_assert_uint_eq(probe.operation.expected.revision, 4);
    ck_assert_uint_eq(probe.operation.expiry.kind, STORAGE_EXPIRY_AFTER);
    unit_assert_status(storage_transaction_compare_and_delete(txn, key, storage_expect_value(key), ctx), STORAGE_OK);
    ck_assert_uint_eq(probe.operation.kind, STORAGE_OPERATION_COMPARE_AND_DELETE);
    unit_assert_status(storage_transaction_clear_range(txn, &range, ctx), STORAGE_OK);
    ck_assert_uint_eq(probe.operation.kind, STORAGE_OPERATION_CLEAR_RANGE);
    ck_assert_uint_eq(probe.operation.range.end.kind, STORAGE_BOUND_PREFIX_END);
    storage_transaction_close(txn);
    tear_down();
}
END_TEST

START_TEST(every_call_on_a_watch_arrives_once)
{
    StorageWatch *watch = NULL;
    const StorageChange *change = NULL;
    int fd = -1;
    set_up();
    unit_assert_status(storage_watch(backend, NULL, 0, &watch, ctx), STORAGE_OK);
    unit_assert_status(storage_watch_next(watch, &change, ctx), STORAGE_OK);
    ck_assert_uint_eq(change->kind, STORAGE_CHANGE_DELETED);
    unit_assert_status(storage_watch_fd(watch, &fd, ctx), STORAGE_OK);
    storage_watch_close(watch);
    assert_calls(PROBE_WATCH, 1);
    assert_calls(PROBE_WATCH_NEXT, 1);
    assert_calls(PROBE_WATCH_FD, 1);
    assert_calls(PROBE_WATCH_CLOSE, 1);
    tear_down();
}
END_TEST

START_TEST(a_failure_below_comes_up_unchanged_with_its_text)
{
    static const StorageStatus failures[] = {STORAGE_CONFLICT,  STORAGE_SERIALIZATION, STORAGE_INDETERMINATE,
                                             STORAGE_CORRUPT,   STORAGE_NO_SPACE,      STORAGE_RATE_LIMITED,
                                             STORAGE_READ_ONLY, STORAGE_COMPACTED,     STORAGE_INTERNAL};
    StorageValue value;
    set_up();
    for (size_t index = 0; index < sizeof(failures) / sizeof(failures[0]); index++) {
        probe.answer = failures[index];
        unit_assert_status(storage_get(backend, key, &value, ctx), failures[index]);
        ck_assert_str_eq(storage_context_error_text(ctx, 0), "the probe was told to fail");
        ck_assert_uint_eq(storage_context_error_count(ctx), 1);
        unit_assert_status(storage_set(backend, key, key, NULL, ctx), failures[index]);
        ck_assert_uint_eq(storage_context_error_count(ctx), 1);
    }
    probe.answer = STORAGE_OK;
    tear_down();
}
END_TEST

START_TEST(a_token_is_hashed_once_above_all_layers)
{
    uint8_t through_layer[32];
    set_up();
    unit_assert_status(storage_context_set_token(ctx, storage_string("token")), STORAGE_OK);
    unit_assert_status(storage_set(backend, key, key, NULL, ctx), STORAGE_OK);
    ck_assert(probe.has_payload_hash);
    memcpy(through_layer, probe.payload_hash, sizeof(through_layer));
    storage_context_reset(ctx);
    tear_down();

    probe_init(&probe);
    unit_assert_status(probe_open(&probe, PROBE_ALL_CAPABILITIES, NULL, &backend), STORAGE_OK);
    ctx = storage_context_new();
    unit_assert_status(storage_context_set_token(ctx, storage_string("token")), STORAGE_OK);
    unit_assert_status(storage_set(backend, key, key, NULL, ctx), STORAGE_OK);
    ck_assert_mem_eq(through_layer, probe.payload_hash, sizeof(through_layer));
    tear_down();
}
END_TEST

START_TEST(handles_of_every_layer_end_once_when_the_stack_closes)
{
    StorageCursor *cursor = NULL, *inside = NULL;
    StorageWatch *watch = NULL;
    set_up();
    unit_assert_status(storage_scan(backend, NULL, NULL, &cursor, ctx), STORAGE_OK);
    unit_assert_status(storage_begin(backend, NULL, &txn, ctx), STORAGE_OK);
    unit_assert_status(storage_transaction_scan(txn, NULL, NULL, &inside, ctx), STORAGE_OK);
    unit_assert_status(storage_watch(backend, NULL, 0, &watch, ctx), STORAGE_OK);
    unit_assert_status(storage_close(backend, ctx), STORAGE_OK);
    assert_calls(PROBE_CURSOR_CLOSE, 2);
    assert_calls(PROBE_TRANSACTION_CLOSE, 1);
    assert_calls(PROBE_WATCH_CLOSE, 1);
    assert_calls(PROBE_DESTROY, 1);
    storage_cursor_close(inside);
    storage_transaction_close(txn);
    storage_cursor_close(cursor);
    storage_watch_close(watch);
    assert_calls(PROBE_CURSOR_CLOSE, 2);
    storage_context_free(ctx);
    probe_done(&probe);
}
END_TEST

UNIT_MAIN("forward", pass_through_names_every_slot, read_only_names_every_slot,
          the_walk_covers_as_many_slots_as_the_probe_counts, every_call_on_the_stack_arrives_once,
          every_call_on_a_cursor_arrives_once, every_call_on_a_transaction_arrives_once,
          every_kind_of_write_in_a_transaction_arrives_as_it_was, every_call_on_a_watch_arrives_once,
          a_failure_below_comes_up_unchanged_with_its_text, a_token_is_hashed_once_above_all_layers,
          handles_of_every_layer_end_once_when_the_stack_closes)
