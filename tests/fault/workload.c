/*
 * workload.c - the workload without its transactions: opening, single and several writes, reads, cursors, watches,
 * tokens, expiry, what a stack says about itself, configuration, closing.
 *
 * Invariants:
 *   1. The model is told of a write only when the stack did not refuse it.
 *   2. Nothing is decided by what happened to be allocated: every check holds for any allocation that fails.
 */
#include "workload.h"

#include <stdio.h>
#include <string.h>

#include "storage_testutil/assert.h"
#include "storage_testutil/factory.h"
#include "storage_testutil/fault.h"
#include "storage_testutil/generate.h"

enum { KEY_COUNT = 70, OPERATION_COUNT_MAX = 4 };

#define S(text) ((StorageSlice){text, sizeof(text) - 1})

/* ---- calls ---- */

static uint64_t failures_so_far(const Workload *self)
{
    TestutilAllocatorFigures figures;

    testutil_allocator_figures(self->allocator, &figures);
    return figures.failure_count;
}

void workload_begin_call(Workload *self, const char *call)
{
    self->call = call;
    self->call_count++;
    self->failure_count = failures_so_far(self);
}

int workload_was_refused(Workload *self, StorageStatus actual)
{
    if (actual != STORAGE_NO_MEMORY)
        return 0;
    testutil_assert(failures_so_far(self) > self->failure_count,
                    "%s answered NO_MEMORY although every allocation succeeded", self->call);
    self->refused_count++;
    return 1;
}

int workload_end_call(Workload *self, StorageStatus expected, StorageStatus actual)
{
    if (expected != actual && workload_was_refused(self, actual))
        return 0;
    testutil_assert(expected == actual, "%s answered %s, the model %s (%s)", self->call, storage_status_name(actual),
                    storage_status_name(expected), storage_context_error_text(self->ctx, 0));
    return 1;
}

/* ---- writes ---- */

static void name_revisions(Workload *self, const StorageResult *results, size_t count, uint32_t mode)
{
    uint64_t names[OPERATION_COUNT_MAX];
    size_t name_count = 0;

    for (size_t i = 0; i < count; i++) {
        if (results[i].status == STORAGE_OK && results[i].revision != 0 &&
            (name_count == 0 || mode == STORAGE_WRITE_INDEPENDENT))
            names[name_count++] = results[i].revision;
    }
    testutil_model_name_revisions(self->model, names, name_count);
}

void workload_write(Workload *self, const char *call, const StorageOperation *operations, size_t count, uint32_t mode)
{
    StorageResult results[OPERATION_COUNT_MAX], expected_results[OPERATION_COUNT_MAX];

    workload_begin_call(self, call);
    StorageStatus status = storage_write(self->backend, operations, count, mode, results, self->ctx);
    if (workload_was_refused(self, status))
        return;
    name_revisions(self, results, count, mode);
    StorageStatus expected = testutil_model_write(self->model, operations, count, mode, expected_results, NULL);
    testutil_assert(!testutil_model_end_names(self->model), "%s: a revision is not larger than those before", call);
    (void)workload_end_call(self, expected, status);
    for (size_t i = 0; i < count; i++) {
        testutil_assert_status(expected_results[i].status, results[i].status);
        testutil_assert_number(expected_results[i].revision, results[i].revision);
    }
}

/* The single calls are the same writes under other names; their answer is the first result. */
static void expect_single(Workload *self, const StorageOperation *operation, StorageStatus status)
{
    StorageResult result = {.status = status, .revision = storage_context_revision(self->ctx)}, expected;

    if (workload_was_refused(self, status))
        return;
    name_revisions(self, &result, 1, STORAGE_WRITE_ATOMIC);
    (void)testutil_model_write(self->model, operation, 1, STORAGE_WRITE_ATOMIC, &expected, NULL);
    testutil_assert(!testutil_model_end_names(self->model), "%s: a revision out of order", self->call);
    (void)workload_end_call(self, expected.status, status);
    testutil_assert_number(expected.revision, result.revision);
}

static void set(Workload *self, StorageSlice key, StorageSlice value, StorageExpiry expiry)
{
    StorageSetOptions options = STORAGE_SET_OPTIONS_INIT;
    StorageOperation operation = {.kind = STORAGE_OPERATION_SET, .key = key, .value = value, .expiry = expiry};

    options.expiry = expiry;
    workload_begin_call(self, "set");
    expect_single(self, &operation, storage_set(self->backend, key, value, &options, self->ctx));
}

static void delete_key(Workload *self, StorageSlice key)
{
    StorageOperation operation = {.kind = STORAGE_OPERATION_DELETE, .key = key};

    workload_begin_call(self, "delete");
    expect_single(self, &operation, storage_delete(self->backend, key, self->ctx));
}

static void touch(Workload *self, StorageSlice key, StorageExpiry expiry)
{
    StorageOperation operation = {.kind = STORAGE_OPERATION_TOUCH, .key = key, .expiry = expiry};

    workload_begin_call(self, "touch");
    expect_single(self, &operation, storage_touch(self->backend, key, expiry, self->ctx));
}

static void compare_and_set(Workload *self, StorageSlice key, StorageExpected expected, StorageSlice value)
{
    StorageOperation operation = {
        .kind = STORAGE_OPERATION_COMPARE_AND_SET, .key = key, .expected = expected, .value = value};

    workload_begin_call(self, "compare_and_set");
    expect_single(self, &operation, storage_compare_and_set(self->backend, key, expected, value, NULL, self->ctx));
}

static void compare_and_delete(Workload *self, StorageSlice key, StorageExpected expected)
{
    StorageOperation operation = {.kind = STORAGE_OPERATION_COMPARE_AND_DELETE, .key = key, .expected = expected};

    workload_begin_call(self, "compare_and_delete");
    expect_single(self, &operation, storage_compare_and_delete(self->backend, key, expected, self->ctx));
}

static void clear_range(Workload *self, StorageRange range)
{
    StorageOperation operation = {.kind = STORAGE_OPERATION_CLEAR_RANGE, .range = range};

    workload_begin_call(self, "clear_range");
    expect_single(self, &operation, storage_clear_range(self->backend, &range, self->ctx));
}

static void write_many_keys(Workload *self)
{
    char key[TESTUTIL_KEY_BUFFER_SIZE], value[64];

    for (uint64_t i = 0; i < KEY_COUNT; i++)
        set(self, testutil_key(key, sizeof(key), "key", i * 7 % KEY_COUNT),
            testutil_tagged_value(value, sizeof(value), 1, (uint32_t)i), storage_expiry_never());
}

static void write_singly(Workload *self)
{
    set(self, S("a"), S("1"), storage_expiry_never());
    set(self, S("a"), S("2"), storage_expiry_after(1000));
    compare_and_set(self, S("a"), storage_expect_value(S("2")), S("3"));
    compare_and_set(self, S("a"), storage_expect_absent(), S("4"));
    touch(self, S("a"), storage_expiry_after(500));
    touch(self, S("missing"), storage_expiry_never());
    compare_and_delete(self, S("a"), storage_expect_value(S("other")));
    compare_and_delete(self, S("a"), storage_expect_value(S("3")));
    set(self, S("b"), S("1"), storage_expiry_never());
    delete_key(self, S("b"));
    delete_key(self, S("b"));
}

static void write_severally(Workload *self)
{
    StorageOperation operations[] = {
        {.kind = STORAGE_OPERATION_SET, .key = S("c"), .value = S("1")},
        {.kind = STORAGE_OPERATION_COMPARE_AND_SET,
         .key = S("c"),
         .value = S("2"),
         .expected = storage_expect_value(S("1"))},
        {.kind = STORAGE_OPERATION_CLEAR_RANGE, .range = storage_range_prefix(S("key:00000"))},
        {.kind = STORAGE_OPERATION_DELETE, .key = S("missing")},
    };

    workload_write(self, "write atomic", operations, 4, STORAGE_WRITE_ATOMIC);
    workload_write(self, "write independent", operations, 4, STORAGE_WRITE_INDEPENDENT);
    operations[3].kind = STORAGE_OPERATION_TOUCH;
    workload_write(self, "write atomic that fails", operations, 4, STORAGE_WRITE_ATOMIC);
}

/* ---- reads ---- */

static void read_keys(Workload *self)
{
    StorageSlice keys[] = {S("c"), S("missing"), S("key:000010")};
    StorageValue values[3];
    StorageStatus statuses[3];
    TestutilModelRow row;

    workload_begin_call(self, "get");
    StorageStatus expected = testutil_model_get(self->model, keys[0], &row);
    if (workload_end_call(self, expected, storage_get(self->backend, keys[0], &values[0], self->ctx)) &&
        expected == STORAGE_OK)
        testutil_assert_bytes(row.value, storage_value_slice(&values[0]));
    storage_value_release(&values[0]);

    workload_begin_call(self, "multi_get");
    if (!workload_end_call(self, STORAGE_OK, storage_multi_get(self->backend, keys, 3, values, statuses, self->ctx)))
        return;
    for (size_t i = 0; i < 3; i++) {
        testutil_assert_status(testutil_model_get(self->model, keys[i], &row), statuses[i]);
        storage_value_release(&values[i]);
    }
}

/* Rows of a cursor until `row_count` of them, END, or a refusal. */
static void expect_rows(Workload *self, StorageCursor *cursor, TestutilModelCursor *model, size_t row_count)
{
    const StorageEntry *entry;
    TestutilModelRow row;
    StorageStatus expected = STORAGE_OK;

    for (size_t i = 0; i < row_count && expected == STORAGE_OK; i++) {
        workload_begin_call(self, "cursor_next");
        StorageStatus status = storage_cursor_next(cursor, &entry, self->ctx);
        if (workload_was_refused(self, status))
            continue; /* the row is not lost: the next call hands it out */
        expected = testutil_model_cursor_next(model, &row);
        (void)workload_end_call(self, expected, status);
        if (expected == STORAGE_OK) {
            testutil_assert_bytes(row.key, entry->key);
            testutil_assert_bytes(row.value, entry->value);
        }
    }
}

static void scan(Workload *self, uint32_t flags)
{
    StorageScanOptions options = STORAGE_SCAN_OPTIONS_INIT;
    StorageCursor *cursor;

    options.flags = flags;
    workload_begin_call(self, "scan");
    if (!workload_end_call(self, STORAGE_OK, storage_scan(self->backend, NULL, &options, &cursor, self->ctx)))
        return;
    TestutilModelCursor *model = testutil_model_scan(self->model, NULL, flags, 0);
    expect_rows(self, cursor, model, 5);
    workload_begin_call(self, "cursor_seek");
    if (workload_end_call(self, STORAGE_OK, storage_cursor_seek(cursor, S("key:000020"), self->ctx))) {
        testutil_model_cursor_seek(model, S("key:000020"));
        expect_rows(self, cursor, model, SIZE_MAX);
    }
    testutil_model_cursor_close(model);
    storage_cursor_close(cursor);
}

/* ---- tokens, expiry, watches ---- */

static void use_token(Workload *self)
{
    StorageOperation operation = {.kind = STORAGE_OPERATION_SET, .key = S("token"), .value = S("1")};

    workload_begin_call(self, "context_set_token");
    if (!workload_end_call(self, STORAGE_OK, storage_context_set_token(self->ctx, S("a token"))))
        return;
    workload_begin_call(self, "set with a token");
    StorageStatus status = storage_set(self->backend, operation.key, operation.value, NULL, self->ctx);
    uint64_t revision = storage_context_revision(self->ctx);
    expect_single(self, &operation, status);
    if (status == STORAGE_OK) {
        workload_begin_call(self, "replay of a token");
        status = storage_set(self->backend, operation.key, operation.value, NULL, self->ctx);
        if (workload_end_call(self, STORAGE_OK, status))
            testutil_assert_number(revision, storage_context_revision(self->ctx));
    }
    testutil_assert_ok(storage_context_set_token(self->ctx, (StorageSlice){0}));
}

static void expire(Workload *self)
{
    uint64_t count = 0;

    set(self, S("short"), S("1"), storage_expiry_after(10));
    set(self, S("shorter"), S("1"), storage_expiry_after(5));
    testutil_clock_advance(self->clock, 20);
    testutil_model_set_wall(self->model, testutil_clock_wall_ns(self->clock));
    workload_begin_call(self, "sweep");
    if (!workload_end_call(self, STORAGE_OK, storage_sweep(self->backend, &count, self->ctx)) || count == 0)
        return;
    uint64_t revision = storage_context_revision(self->ctx);
    testutil_model_name_revisions(self->model, &revision, revision != 0);
    testutil_assert(count <= testutil_model_sweep(self->model), "sweep removed more keys than had expired");
    (void)testutil_model_end_names(self->model);
}

static void open_watch(Workload *self)
{
    workload_begin_call(self, "watch");
    if (!workload_end_call(self, STORAGE_OK, storage_watch(self->backend, NULL, 0, &self->watch, self->ctx)))
        return;
    (void)testutil_model_changes(self->model, &self->change_count);
    int fd = -1;
    workload_begin_call(self, "watch_fd");
    (void)workload_end_call(self, STORAGE_OK, storage_watch_fd(self->watch, &fd, self->ctx));
}

static void expect_change(Workload *self, const StorageChange *actual)
{
    size_t count;
    const StorageChange *changes = testutil_model_changes(self->model, &count);

    while (self->change_count < count && changes[self->change_count].kind == STORAGE_CHANGE_EXPIRED)
        self->change_count++;
    testutil_assert(self->change_count < count, "the watch has a change that the model has not");
    const StorageChange *expected = &changes[self->change_count++];
    testutil_assert_number(expected->kind, actual->kind);
    testutil_assert_number(expected->revision, actual->revision);
    if (expected->kind != STORAGE_CHANGE_CLEARED)
        testutil_assert_bytes(expected->key, actual->key);
}

/* Takes what there is. A call that is refused loses nothing: the change comes with the next one. */
static void drain_watch(Workload *self)
{
    StorageStatus status = STORAGE_OK;
    const StorageChange *change;

    storage_context_set_deadline(self->ctx, 1);
    while (self->watch != NULL && status == STORAGE_OK && !self->was_compacted) {
        workload_begin_call(self, "watch_next");
        status = storage_watch_next(self->watch, &change, self->ctx);
        /* A history that cannot grow forgets; it must say so, and only when memory was short. */
        self->was_compacted = status == STORAGE_COMPACTED;
        testutil_assert(!self->was_compacted || failures_so_far(self) > 0, "the watch fell behind without a reason");
        if (status == STORAGE_OK && change->kind != STORAGE_CHANGE_EXPIRED)
            expect_change(self, change);
        if (status != STORAGE_OK && !self->was_compacted)
            (void)workload_end_call(self, STORAGE_TIMEOUT, status);
    }
    storage_context_set_deadline(self->ctx, 0);
}

/* ---- the stack ---- */

static void ask_stack(Workload *self)
{
    StorageValue json;
    StorageHealthState state;
    static const StorageDescription descriptions[] = {STORAGE_DESCRIBE_STACK, STORAGE_DESCRIBE_CAPABILITIES,
                                                      STORAGE_DESCRIBE_STATISTICS, STORAGE_DESCRIBE_MEMORY};

    for (size_t i = 0; i < 4; i++) {
        workload_begin_call(self, "describe");
        (void)workload_end_call(self, STORAGE_OK, storage_describe(self->backend, descriptions[i], &json, self->ctx));
        storage_value_release(&json);
    }
    for (StorageProbe probe = STORAGE_PROBE_LIVENESS; probe <= STORAGE_PROBE_STARTUP; probe++) {
        workload_begin_call(self, "health_check");
        (void)workload_end_call(self, STORAGE_OK, storage_health_check(self->backend, probe, &state, &json, self->ctx));
        storage_value_release(&json);
    }
    workload_begin_call(self, "sync");
    (void)workload_end_call(self, STORAGE_OK, storage_sync(self->backend, self->ctx));
}

static void use_context(Workload *self)
{
    workload_begin_call(self, "context_new");
    StorageContext *ctx = storage_context_new();
    if (ctx == NULL) {
        (void)workload_was_refused(self, STORAGE_NO_MEMORY);
        return;
    }
    workload_begin_call(self, "context_set_organization");
    (void)workload_end_call(self, STORAGE_OK, storage_context_set_organization(ctx, S("organization")));
    storage_context_reset(ctx);
    storage_context_free(ctx);
}

/* Other stacks, opened and closed at once. */
static void open_others(Workload *self)
{
    StorageBackend *backend = NULL;

    workload_begin_call(self, "config_open");
    if (workload_end_call(
            self, STORAGE_OK,
            storage_config_open("{\"layers\":[{\"type\":\"read_only\"}],\"backend\":{\"type\":\"memory\"}}", NULL,
                                &backend, self->ctx))) {
        workload_begin_call(self, "set on a read-only stack");
        (void)workload_end_call(self, STORAGE_READ_ONLY, storage_set(backend, S("a"), S("1"), NULL, self->ctx));
        testutil_assert_ok(storage_close(backend, self->ctx));
    }
    backend = NULL;
    workload_begin_call(self, "config_open of an error");
    (void)workload_end_call(self, STORAGE_CONFIG,
                            storage_config_open("{\"backend\":{\"type\":\"memory\",\"limit\":\"much\"},\"layer\":1}",
                                                NULL, &backend, self->ctx));
    testutil_assert(backend == NULL, "a stack in spite of an error");
}

static StorageStatus open_store(Workload *self, const char *store)
{
    TestutilStoreOptions options = {.environment = testutil_clock_environment(self->clock)};
    TestutilRegistry *registry = testutil_registry_new();
    StorageStatus status = testutil_stack_open(registry, store, &options, &self->backend, self->ctx);

    testutil_registry_free(registry);
    return status;
}

/* The store, pass_through, the failing layer without a rule: as far as memory allows. */
static int open_stack(Workload *self, const char *store)
{
    workload_begin_call(self, "open");
    if (!workload_end_call(self, STORAGE_OK, open_store(self, store)))
        return 0;
    workload_begin_call(self, "pass_through_wrap");
    (void)workload_end_call(self, STORAGE_OK, testutil_pass_through_wrap(self->backend, &self->backend, self->ctx));
    workload_begin_call(self, "failing_wrap");
    (void)workload_end_call(self, STORAGE_OK, testutil_failing_wrap(self->backend, 1, &self->backend, self->ctx));
    return 1;
}

static void use_stack(Workload *self)
{
    open_watch(self);
    write_many_keys(self);
    write_singly(self);
    drain_watch(self);
    write_severally(self);
    read_keys(self);
    scan(self, 0);
    scan(self, STORAGE_SCAN_REVERSE);
    workload_transactions(self);
    use_token(self);
    expire(self);
    ask_stack(self);
    use_context(self);
    clear_range(self, storage_range_prefix(S("key:00003")));
    set(self, S("last"), S("1"), storage_expiry_never());
    open_others(self);
    drain_watch(self);
}

/* The store is the model, and the watch has told everything. */
static void verify(Workload *self)
{
    StorageCursor *cursor;
    size_t count;
    const StorageChange *changes = testutil_model_changes(self->model, &count);

    testutil_assert_ok(storage_scan(self->backend, NULL, NULL, &cursor, self->ctx));
    TestutilModelCursor *model = testutil_model_scan(self->model, NULL, 0, 0);
    expect_rows(self, cursor, model, SIZE_MAX);
    testutil_model_cursor_close(model);
    storage_cursor_close(cursor);
    drain_watch(self);
    while (self->change_count < count && changes[self->change_count].kind == STORAGE_CHANGE_EXPIRED)
        self->change_count++;
    testutil_assert(self->watch == NULL || self->was_compacted || self->change_count == count,
                    "the watch has told %zu of %zu changes", self->change_count, count);
    set(self, S("after all"), S("1"), storage_expiry_never());
}

void workload_run(Workload *self, TestutilAllocator *allocator, const char *store)
{
    *self = (Workload){.allocator = allocator, .clock = testutil_clock_new(1), .model = testutil_model_new()};
    testutil_model_set_wall(self->model, testutil_clock_wall_ns(self->clock));
    self->ctx = storage_context_new();
    if (self->ctx != NULL && open_stack(self, store)) {
        use_stack(self);
        testutil_allocator_fail_once(allocator, 0);
        verify(self);
        storage_watch_close(self->watch);
        testutil_assert_ok(storage_close(self->backend, self->ctx));
    }
    storage_context_free(self->ctx);
    testutil_model_free(self->model);
    testutil_clock_free(self->clock);
}
