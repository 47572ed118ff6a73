/*
 * fault.c - the failing layer: asks the plan about every call and does what it says.
 *
 * It decides nothing itself (fault_plan.c does) and keeps nothing but what tearing a commit needs (fault_log.c).
 *
 * Invariants:
 *   1. Every method enters the plan once and leaves it once, so the figures add up.
 *   2. An answer that is lost takes its outputs with it: values are released, handles closed, the revision zeroed.
 */
#include "storage_testutil/fault.h"

#include "fault_log.h"
#include "fault_plan.h"

typedef struct FailingBackend {
    StorageBackend base;
    FaultPlan plan;
} FailingBackend;

typedef struct FailingTransaction {
    StorageForwardTransaction forward;
    FaultLog log;
} FailingTransaction;

static FaultPlan *plan_of(StorageBackend *backend)
{
    return &((FailingBackend *)backend)->plan;
}

/* ---- entering and leaving ---- */

/* OK when the layer below is to be asked. */
static StorageStatus enter(StorageBackend *self, uint32_t call, size_t tearable_count, FaultDecision *ret_decision,
                           StorageContext *ctx)
{
    *ret_decision = testutil_fault_plan_decide(plan_of(self), call, tearable_count);
    if (ret_decision->kind == TESTUTIL_FAULT_FAIL_BEFORE)
        return storage_fail(ctx, ret_decision->status, "%s was made to fail before it began", testutil_call_name(call));
    StorageStatus status = storage_context_check(ctx, self);
    if (status == STORAGE_OK)
        testutil_fault_plan_passed(plan_of(self), call);
    return status;
}

static int is_lost(const FaultDecision *decision)
{
    return decision->kind == TESTUTIL_FAULT_FAIL_AFTER;
}

static StorageStatus leave(StorageBackend *self, const FaultDecision *decision, StorageStatus status,
                           StorageContext *ctx)
{
    if (is_lost(decision)) {
        storage_context_set_revision(ctx, 0);
        status = storage_fail(ctx, decision->status, "the answer of %s was lost", testutil_call_name(decision->call));
    }
    return testutil_fault_plan_answer(plan_of(self), decision, status);
}

/* ---- reads ---- */

static StorageStatus failing_get(StorageBackend *self, StorageSlice key, StorageValue *ret_value, StorageContext *ctx)
{
    FaultDecision decision;
    StorageStatus status = enter(self, TESTUTIL_CALL_GET, 0, &decision, ctx);

    if (status == STORAGE_OK) {
        status = storage_forward_get(self, key, ret_value, ctx);
        if (is_lost(&decision))
            storage_value_release(ret_value);
    }
    return leave(self, &decision, status, ctx);
}

static void release_values(StorageValue *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        storage_value_release(&values[i]);
}

static StorageStatus failing_multi_get(StorageBackend *self, const StorageSlice *keys, size_t key_count,
                                       StorageValue *ret_values, StorageStatus *ret_statuses, StorageContext *ctx)
{
    FaultDecision decision;
    StorageStatus status = enter(self, TESTUTIL_CALL_MULTI_GET, 0, &decision, ctx);

    if (status == STORAGE_OK) {
        status = storage_forward_multi_get(self, keys, key_count, ret_values, ret_statuses, ctx);
        if (is_lost(&decision))
            release_values(ret_values, key_count);
    }
    return leave(self, &decision, status, ctx);
}

/* ---- writes ---- */

/* SET .. CLEAR_RANGE follow WRITE in the order of the operation kinds, in a transaction too. */
_Static_assert(TESTUTIL_CALL_CLEAR_RANGE == TESTUTIL_CALL_WRITE + STORAGE_OPERATION_CLEAR_RANGE, "order of calls");
_Static_assert(TESTUTIL_CALL_TRANSACTION_CLEAR_RANGE ==
                   TESTUTIL_CALL_TRANSACTION_UNKNOWN + STORAGE_OPERATION_CLEAR_RANGE,
               "order of calls");

static uint32_t call_of(uint32_t first_call, uint32_t operation_kind)
{
    return operation_kind <= STORAGE_OPERATION_CLEAR_RANGE ? first_call + operation_kind : first_call;
}

static void fill_results(StorageResult *results, size_t count, StorageStatus status)
{
    for (size_t i = 0; i < count; i++)
        results[i] = (StorageResult){.status = status};
}

static StorageStatus failing_write(StorageBackend *self, const StorageOperation *operations, size_t operation_count,
                                   uint32_t mode, StorageResult *ret_results, StorageContext *ctx)
{
    uint32_t call = operation_count == 1 ? call_of(TESTUTIL_CALL_WRITE, operations[0].kind) : TESTUTIL_CALL_WRITE;
    FaultDecision decision;
    StorageStatus status = enter(self, call, mode == STORAGE_WRITE_ATOMIC ? operation_count : 0, &decision, ctx);

    if (decision.kind == TESTUTIL_FAULT_TORN_COMMIT && status == STORAGE_OK) {
        testutil_fault_log_apply(self->inner, operations, decision.torn_count, ctx);
        storage_context_set_revision(ctx, 0);
        status =
            storage_fail(ctx, STORAGE_INDETERMINATE, "the write was torn after %zu operations", decision.torn_count);
        fill_results(ret_results, operation_count, status);
    } else if (status == STORAGE_OK) {
        status = storage_forward_write(self, operations, operation_count, mode, ret_results, ctx);
        if (is_lost(&decision))
            fill_results(ret_results, operation_count, decision.status);
    } else {
        fill_results(ret_results, operation_count, status);
    }
    return leave(self, &decision, status, ctx);
}

/* ---- cursors ---- */

static StorageStatus wrap_cursor(StorageBackend *self, StorageCursor *inner, StorageCursor **ret_cursor,
                                 StorageContext *ctx)
{
    StorageForwardCursor *cursor = (StorageForwardCursor *)storage_cursor_new(self, sizeof(*cursor));

    if (cursor == NULL) {
        storage_cursor_close(inner);
        return storage_fail(ctx, STORAGE_NO_MEMORY, "no memory for a cursor");
    }
    cursor->inner = inner;
    *ret_cursor = &cursor->base;
    return STORAGE_OK;
}

static StorageStatus failing_scan(StorageBackend *self, const StorageRange *range, const StorageScanOptions *options,
                                  StorageCursor **ret_cursor, StorageContext *ctx)
{
    FaultDecision decision;
    StorageCursor *inner = NULL;
    StorageStatus status = enter(self, TESTUTIL_CALL_SCAN, 0, &decision, ctx);

    if (status == STORAGE_OK)
        status = storage_scan(self->inner, range, options, &inner, ctx);
    if (is_lost(&decision))
        storage_cursor_close(inner);
    else if (status == STORAGE_OK)
        status = wrap_cursor(self, inner, ret_cursor, ctx);
    return leave(self, &decision, status, ctx);
}

static StorageStatus failing_cursor_next(StorageCursor *self, const StorageEntry **ret_entry, StorageContext *ctx)
{
    FaultDecision decision;
    const StorageEntry *entry = NULL;
    StorageStatus status = enter(self->handle.backend, TESTUTIL_CALL_CURSOR_NEXT, 0, &decision, ctx);

    if (status == STORAGE_OK)
        status = storage_forward_cursor_next(self, &entry, ctx);
    if (status == STORAGE_OK && !is_lost(&decision))
        *ret_entry = entry;
    return leave(self->handle.backend, &decision, status, ctx);
}

static StorageStatus failing_cursor_seek(StorageCursor *self, StorageSlice key, StorageContext *ctx)
{
    FaultDecision decision;
    StorageStatus status = enter(self->handle.backend, TESTUTIL_CALL_CURSOR_SEEK, 0, &decision, ctx);

    if (status == STORAGE_OK)
        status = storage_forward_cursor_seek(self, key, ctx);
    return leave(self->handle.backend, &decision, status, ctx);
}

/* ---- transactions ---- */

static StorageStatus failing_begin(StorageBackend *self, const StorageTransactionOptions *options,
                                   StorageTransaction **ret_txn, StorageContext *ctx)
{
    FaultDecision decision;
    StorageTransaction *inner = NULL;
    StorageStatus status = enter(self, TESTUTIL_CALL_BEGIN, 0, &decision, ctx);

    if (status == STORAGE_OK)
        status = storage_begin(self->inner, options, &inner, ctx);
    if (is_lost(&decision)) {
        storage_transaction_close(inner);
    } else if (status == STORAGE_OK) {
        FailingTransaction *txn = (FailingTransaction *)storage_transaction_new(self, sizeof(*txn));
        if (txn == NULL) {
            storage_transaction_close(inner);
            status = storage_fail(ctx, STORAGE_NO_MEMORY, "no memory for a transaction");
        } else {
            txn->forward.inner = inner;
            *ret_txn = &txn->forward.base;
        }
    }
    return leave(self, &decision, status, ctx);
}

static StorageStatus failing_transaction_get(StorageTransaction *self, StorageSlice key, StorageValue *ret_value,
                                             StorageContext *ctx)
{
    FaultDecision decision;
    StorageStatus status = enter(self->handle.backend, TESTUTIL_CALL_TRANSACTION_GET, 0, &decision, ctx);

    if (status == STORAGE_OK) {
        status = storage_forward_transaction_get(self, key, ret_value, ctx);
        if (is_lost(&decision))
            storage_value_release(ret_value);
    }
    return leave(self->handle.backend, &decision, status, ctx);
}

static StorageStatus failing_transaction_multi_get(StorageTransaction *self, const StorageSlice *keys, size_t key_count,
                                                   StorageValue *ret_values, StorageStatus *ret_statuses,
                                                   StorageContext *ctx)
{
    FaultDecision decision;
    StorageStatus status = enter(self->handle.backend, TESTUTIL_CALL_TRANSACTION_MULTI_GET, 0, &decision, ctx);

    if (status == STORAGE_OK) {
        status = storage_forward_transaction_multi_get(self, keys, key_count, ret_values, ret_statuses, ctx);
        if (is_lost(&decision))
            release_values(ret_values, key_count);
    }
    return leave(self->handle.backend, &decision, status, ctx);
}

/* The inner call is made only when the operation can be recorded, so the log never misses one. */
static StorageStatus record_and_forward(FailingTransaction *self, const StorageOperation *operation,
                                        StorageContext *ctx)
{
    StorageOperation copy;
    void *block = testutil_fault_log_reserve(&self->log) ? testutil_fault_log_copy(operation, &copy) : NULL;

    if (block == NULL)
        return storage_fail(ctx, STORAGE_NO_MEMORY, "no memory to record a write");
    StorageStatus status = storage_forward_transaction_write(&self->forward.base, operation, ctx);
    if (status == STORAGE_OK)
        testutil_fault_log_append(&self->log, &copy, block);
    else
        storage_release(block);
    return status;
}

static StorageStatus failing_transaction_write(StorageTransaction *self, const StorageOperation *operation,
                                               StorageContext *ctx)
{
    FaultDecision decision;
    uint32_t call = call_of(TESTUTIL_CALL_TRANSACTION_UNKNOWN, operation->kind);
    StorageStatus status = enter(self->handle.backend, call, 0, &decision, ctx);

    if (status == STORAGE_OK)
        status = record_and_forward((FailingTransaction *)self, operation, ctx);
    return leave(self->handle.backend, &decision, status, ctx);
}

static StorageStatus failing_transaction_scan(StorageTransaction *self, const StorageRange *range,
                                              const StorageScanOptions *options, StorageCursor **ret_cursor,
                                              StorageContext *ctx)
{
    FaultDecision decision;
    StorageCursor *inner = NULL;
    StorageStatus status = enter(self->handle.backend, TESTUTIL_CALL_TRANSACTION_SCAN, 0, &decision, ctx);

    if (status == STORAGE_OK)
        status = storage_transaction_scan(((StorageForwardTransaction *)self)->inner, range, options, &inner, ctx);
    if (is_lost(&decision))
        storage_cursor_close(inner);
    else if (status == STORAGE_OK)
        status = wrap_cursor(self->handle.backend, inner, ret_cursor, ctx);
    return leave(self->handle.backend, &decision, status, ctx);
}

static StorageStatus failing_savepoint(StorageTransaction *self, uint32_t *ret_savepoint_no, StorageContext *ctx)
{
    FaultDecision decision;
    FaultLog *log = &((FailingTransaction *)self)->log;
    uint32_t savepoint_no = 0;
    StorageStatus status = enter(self->handle.backend, TESTUTIL_CALL_SAVEPOINT, 0, &decision, ctx);

    if (status == STORAGE_OK && !testutil_fault_log_reserve(log))
        status = storage_fail(ctx, STORAGE_NO_MEMORY, "no memory to record a savepoint");
    if (status == STORAGE_OK) {
        status = storage_forward_transaction_savepoint(self, &savepoint_no, ctx);
        if (status == STORAGE_OK)
            testutil_fault_log_mark(log, savepoint_no);
    }
    if (status == STORAGE_OK && !is_lost(&decision))
        *ret_savepoint_no = savepoint_no;
    return leave(self->handle.backend, &decision, status, ctx);
}

static StorageStatus failing_rollback_to(StorageTransaction *self, uint32_t savepoint_no, StorageContext *ctx)
{
    FaultDecision decision;
    StorageStatus status = enter(self->handle.backend, TESTUTIL_CALL_ROLLBACK_TO, 0, &decision, ctx);

    if (status == STORAGE_OK) {
        status = storage_forward_transaction_rollback_to(self, savepoint_no, ctx);
        if (status == STORAGE_OK)
            testutil_fault_log_rollback_to(&((FailingTransaction *)self)->log, savepoint_no);
    }
    return leave(self->handle.backend, &decision, status, ctx);
}

static StorageStatus failing_drop_savepoint(StorageTransaction *self, uint32_t savepoint_no, StorageContext *ctx)
{
    FaultDecision decision;
    StorageStatus status = enter(self->handle.backend, TESTUTIL_CALL_DROP_SAVEPOINT, 0, &decision, ctx);

    if (status == STORAGE_OK) {
        status = storage_forward_transaction_drop_savepoint(self, savepoint_no, ctx);
        if (status == STORAGE_OK)
            testutil_fault_log_drop(&((FailingTransaction *)self)->log, savepoint_no);
    }
    return leave(self->handle.backend, &decision, status, ctx);
}

static StorageStatus no_tables(StorageTransaction *self, StorageSlice name, StorageTransaction **ret_view,
                               StorageContext *ctx)
{
    (void)self;
    (void)name;
    (void)ret_view;
    return storage_fail(ctx, STORAGE_UNSUPPORTED, "the failing layer does not know tables");
}

static StorageStatus failing_commit(StorageTransaction *self, uint64_t *ret_revision, StorageContext *ctx)
{
    FailingTransaction *txn = (FailingTransaction *)self;
    StorageBackend *backend = self->handle.backend;
    FaultDecision decision;
    uint64_t revision = 0;
    StorageStatus status = enter(backend, TESTUTIL_CALL_COMMIT, txn->log.count, &decision, ctx);

    if (decision.kind == TESTUTIL_FAULT_TORN_COMMIT && status == STORAGE_OK) {
        storage_transaction_close(txn->forward.inner);
        txn->forward.inner = NULL;
        testutil_fault_log_apply(backend->inner, txn->log.operations, decision.torn_count, ctx);
        storage_context_set_revision(ctx, 0);
        status =
            storage_fail(ctx, STORAGE_INDETERMINATE, "the commit was torn after %zu operations", decision.torn_count);
    } else if (status == STORAGE_OK) {
        status = storage_forward_transaction_commit(self, &revision, ctx);
    }
    if (status == STORAGE_OK && !is_lost(&decision) && ret_revision != NULL)
        *ret_revision = revision;
    return leave(backend, &decision, status, ctx);
}

static void failing_transaction_close(StorageTransaction *self)
{
    testutil_fault_log_done(&((FailingTransaction *)self)->log);
    storage_forward_transaction_close(self);
}

/* ---- watches ---- */

static StorageStatus failing_watch(StorageBackend *self, const StorageRange *range, uint64_t from_revision,
                                   StorageWatch **ret_watch, StorageContext *ctx)
{
    FaultDecision decision;
    StorageWatch *inner = NULL;
    StorageStatus status = enter(self, TESTUTIL_CALL_WATCH, 0, &decision, ctx);

    if (status == STORAGE_OK)
        status = storage_watch(self->inner, range, from_revision, &inner, ctx);
    if (is_lost(&decision)) {
        storage_watch_close(inner);
    } else if (status == STORAGE_OK) {
        StorageForwardWatch *watch = (StorageForwardWatch *)storage_watch_new(self, sizeof(*watch));
        if (watch == NULL) {
            storage_watch_close(inner);
            status = storage_fail(ctx, STORAGE_NO_MEMORY, "no memory for a watch");
        } else {
            watch->inner = inner;
            *ret_watch = &watch->base;
        }
    }
    return leave(self, &decision, status, ctx);
}

/* A deadline that has passed polls, so it must reach the layer below: no check of the context here. */
static StorageStatus failing_watch_next(StorageWatch *self, const StorageChange **ret_change, StorageContext *ctx)
{
    StorageBackend *backend = self->handle.backend;
    const StorageChange *change = NULL;
    FaultDecision decision = testutil_fault_plan_decide(plan_of(backend), TESTUTIL_CALL_WATCH_NEXT, 0);
    StorageStatus status = decision.status;

    if (decision.kind == TESTUTIL_FAULT_FAIL_BEFORE) {
        status = storage_fail(ctx, status, "watch_next was made to fail before it began");
    } else {
        testutil_fault_plan_passed(plan_of(backend), TESTUTIL_CALL_WATCH_NEXT);
        status = storage_forward_watch_next(self, &change, ctx);
    }
    if (status == STORAGE_OK && !is_lost(&decision))
        *ret_change = change;
    return leave(backend, &decision, status, ctx);
}

static StorageStatus failing_watch_fd(StorageWatch *self, int *ret_fd, StorageContext *ctx)
{
    FaultDecision decision;
    int fd = -1;
    StorageStatus status = enter(self->handle.backend, TESTUTIL_CALL_WATCH_FD, 0, &decision, ctx);

    if (status == STORAGE_OK)
        status = storage_forward_watch_fd(self, &fd, ctx);
    if (status == STORAGE_OK && !is_lost(&decision))
        *ret_fd = fd;
    return leave(self->handle.backend, &decision, status, ctx);
}

/* ---- the stack itself ---- */

static StorageStatus failing_sync(StorageBackend *self, StorageContext *ctx)
{
    FaultDecision decision;
    StorageStatus status = enter(self, TESTUTIL_CALL_SYNC, 0, &decision, ctx);

    if (status == STORAGE_OK)
        status = storage_forward_sync(self, ctx);
    return leave(self, &decision, status, ctx);
}

static StorageStatus failing_sweep(StorageBackend *self, uint64_t *ret_count, StorageContext *ctx)
{
    FaultDecision decision;
    uint64_t count = 0;
    StorageStatus status = enter(self, TESTUTIL_CALL_SWEEP, 0, &decision, ctx);

    if (status == STORAGE_OK)
        status = storage_forward_sweep(self, &count, ctx);
    if (status == STORAGE_OK && !is_lost(&decision) && ret_count != NULL)
        *ret_count = count;
    return leave(self, &decision, status, ctx);
}

static StorageStatus failing_health_check(StorageBackend *self, StorageProbe probe, StorageHealthState *ret_state,
                                          StorageJson *json, StorageContext *ctx)
{
    FaultDecision decision;
    StorageHealthState state = STORAGE_HEALTH_UNKNOWN;
    StorageStatus status = enter(self, TESTUTIL_CALL_HEALTH_CHECK, 0, &decision, ctx);

    if (status == STORAGE_OK)
        status = storage_forward_health_check(self, probe, &state, json, ctx);
    if (status == STORAGE_OK && !is_lost(&decision))
        *ret_state = state;
    return leave(self, &decision, status, ctx);
}

static StorageStatus failing_shutdown(StorageBackend *self, StorageContext *ctx)
{
    FaultDecision decision;
    StorageStatus status = enter(self, TESTUTIL_CALL_SHUTDOWN, 0, &decision, ctx);

    return leave(self, &decision, status, ctx);
}

static StorageStatus failing_describe(StorageBackend *self, StorageDescription description, StorageJson *json,
                                      StorageContext *ctx)
{
    TestutilFaultFigures figures;

    (void)ctx;
    if (description == STORAGE_DESCRIBE_STATISTICS) {
        testutil_fault_plan_figures(plan_of(self), TESTUTIL_CALL_COUNT, &figures);
        storage_json_uint(json, "attempts", figures.attempts);
        storage_json_uint(json, "injected", figures.injected);
    }
    return STORAGE_OK;
}

static void failing_destroy(StorageBackend *self)
{
    testutil_fault_plan_done(plan_of(self));
    storage_release(self);
}

static const StorageOps failing_ops = {
    .struct_size = sizeof(StorageOps),
    .name = "failing",
    .destroy = failing_destroy,
    .interrupt = storage_nothing_to_interrupt,
    .shutdown = failing_shutdown,
    .get = failing_get,
    .multi_get = failing_multi_get,
    .write = failing_write,
    .scan = failing_scan,
    .begin = failing_begin,
    .watch = failing_watch,
    .sync = failing_sync,
    .sweep = failing_sweep,
    .health_check = failing_health_check,
    .describe = failing_describe,
    .cursor_next = failing_cursor_next,
    .cursor_seek = failing_cursor_seek,
    .cursor_close = storage_forward_cursor_close,
    .transaction_get = failing_transaction_get,
    .transaction_multi_get = failing_transaction_multi_get,
    .transaction_write = failing_transaction_write,
    .transaction_scan = failing_transaction_scan,
    .transaction_savepoint = failing_savepoint,
    .transaction_rollback_to = failing_rollback_to,
    .transaction_drop_savepoint = failing_drop_savepoint,
    .transaction_table = no_tables,
    .transaction_commit = failing_commit,
    .transaction_close = failing_transaction_close,
    .watch_next = failing_watch_next,
    .watch_fd = failing_watch_fd,
    .watch_close = storage_forward_watch_close,
};

/* ---- rules and figures ---- */

static FaultPlan *find_plan(StorageBackend *backend)
{
    StorageBackend *layer = storage_find_layer(backend, &failing_ops);

    return layer == NULL ? NULL : plan_of(layer);
}

int testutil_failing_add(StorageBackend *backend, const TestutilFaultRule *rule)
{
    FaultPlan *plan = find_plan(backend);

    return plan != NULL && testutil_fault_plan_add(plan, rule);
}

void testutil_failing_clear(StorageBackend *backend)
{
    FaultPlan *plan = find_plan(backend);

    if (plan != NULL)
        testutil_fault_plan_clear(plan);
}

void testutil_failing_reset(StorageBackend *backend)
{
    FaultPlan *plan = find_plan(backend);

    if (plan != NULL)
        testutil_fault_plan_reset(plan);
}

void testutil_failing_figures(StorageBackend *backend, uint32_t call, TestutilFaultFigures *ret_figures)
{
    FaultPlan *plan = find_plan(backend);

    *ret_figures = (TestutilFaultFigures){0};
    if (plan != NULL)
        testutil_fault_plan_figures(plan, call, ret_figures);
}

StorageStatus testutil_failing_wrap(StorageBackend *inner, uint64_t seed, StorageBackend **ret_backend,
                                    StorageContext *ctx)
{
    if (inner == NULL || ret_backend == NULL)
        return storage_fail(ctx, STORAGE_INVALID_ARGUMENT, "the failing layer needs an inner backend and an output");
    FailingBackend *self = storage_allocate_zero(sizeof(*self));
    if (self == NULL || !testutil_fault_plan_init(&self->plan, seed)) {
        storage_release(self);
        return storage_fail(ctx, STORAGE_NO_MEMORY, "no memory for the failing layer");
    }
    StorageStatus status = storage_backend_init(&self->base, &failing_ops, inner, NULL, NULL, ctx);
    if (status != STORAGE_OK) {
        testutil_fault_plan_done(&self->plan);
        storage_release(self);
        return status;
    }
    self->base.capabilities.capabilities &= ~(uint64_t)STORAGE_CAPABILITY_TABLES;
    *ret_backend = &self->base;
    return STORAGE_OK;
}
