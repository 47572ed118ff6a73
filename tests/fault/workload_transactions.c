/*
 * workload_transactions.c - the transactions of the workload: every call in each isolation, savepoints, closures.
 *
 * A write in a transaction that was refused for want of memory may or may not be part of it, so the transaction is
 * closed without a commit; that nothing of it is seen is then the check.
 */
#include "workload.h"

#include <stdio.h>

#include "storage_testutil/assert.h"

#define S(text) ((StorageSlice){text, sizeof(text) - 1})

typedef struct Pair {
    Workload *workload;
    StorageTransaction *txn;
    TestutilModelTransaction *model;
    int is_broken; /* a call was refused */
} Pair;

static int begin(Workload *self, uint32_t isolation, Pair *ret_pair)
{
    StorageTransactionOptions options = STORAGE_TRANSACTION_OPTIONS_INIT;

    *ret_pair = (Pair){.workload = self};
    options.isolation = isolation;
    workload_begin_call(self, "begin");
    if (!workload_end_call(self, STORAGE_OK, storage_begin(self->backend, &options, &ret_pair->txn, self->ctx)))
        return 0;
    ret_pair->model = testutil_model_begin(self->model, isolation, 0);
    return 1;
}

static void close_pair(Pair *pair)
{
    storage_transaction_close(pair->txn);
    testutil_model_transaction_close(pair->model);
}

static StorageStatus call_write(StorageTransaction *txn, const StorageOperation *operation, StorageContext *ctx)
{
    StorageSetOptions options = STORAGE_SET_OPTIONS_INIT;

    options.expiry = operation->expiry;
    switch (operation->kind) {
    case STORAGE_OPERATION_SET:
        return storage_transaction_set(txn, operation->key, operation->value, &options, ctx);
    case STORAGE_OPERATION_TOUCH:
        return storage_transaction_touch(txn, operation->key, operation->expiry, ctx);
    case STORAGE_OPERATION_DELETE:
        return storage_transaction_delete(txn, operation->key, ctx);
    case STORAGE_OPERATION_COMPARE_AND_SET:
        return storage_transaction_compare_and_set(txn, operation->key, operation->expected, operation->value, &options,
                                                   ctx);
    case STORAGE_OPERATION_COMPARE_AND_DELETE:
        return storage_transaction_compare_and_delete(txn, operation->key, operation->expected, ctx);
    default:
        return storage_transaction_clear_range(txn, &operation->range, ctx);
    }
}

static void write_one(Pair *pair, const char *call, StorageOperation operation)
{
    if (pair->is_broken)
        return;
    workload_begin_call(pair->workload, call);
    StorageStatus status = call_write(pair->txn, &operation, pair->workload->ctx);
    pair->is_broken = workload_was_refused(pair->workload, status);
    if (!pair->is_broken)
        (void)workload_end_call(pair->workload, testutil_model_transaction_write(pair->model, &operation, NULL),
                                status);
}

static void read_all(Pair *pair)
{
    StorageSlice keys[] = {S("c"), S("t1"), S("missing")};
    StorageValue values[3];
    StorageStatus statuses[3];
    TestutilModelRow row;
    StorageCursor *cursor;
    const StorageEntry *entry;
    StorageContext *ctx = pair->workload->ctx;

    if (pair->is_broken)
        return;
    for (size_t i = 0; i < 3; i++) {
        workload_begin_call(pair->workload, "transaction_get");
        (void)workload_end_call(pair->workload, testutil_model_transaction_get(pair->model, keys[i], &row),
                                storage_transaction_get(pair->txn, keys[i], &values[0], ctx));
        storage_value_release(&values[0]);
    }
    workload_begin_call(pair->workload, "transaction_multi_get");
    StorageStatus status = storage_transaction_multi_get(pair->txn, keys, 3, values, statuses, ctx);
    for (size_t i = 0; workload_end_call(pair->workload, STORAGE_OK, status) && i < 3; i++) {
        testutil_assert_status(testutil_model_transaction_get(pair->model, keys[i], &row), statuses[i]);
        storage_value_release(&values[i]);
    }
    workload_begin_call(pair->workload, "transaction_scan");
    if (!workload_end_call(pair->workload, STORAGE_OK, storage_transaction_scan(pair->txn, NULL, NULL, &cursor, ctx)))
        return;
    TestutilModelCursor *model = testutil_model_transaction_scan(pair->model, NULL, 0, 0);
    for (StorageStatus expected = STORAGE_OK; expected == STORAGE_OK;) {
        workload_begin_call(pair->workload, "cursor_next in a transaction");
        status = storage_cursor_next(cursor, &entry, ctx);
        if (workload_was_refused(pair->workload, status))
            break;
        expected = testutil_model_cursor_next(model, &row);
        (void)workload_end_call(pair->workload, expected, status);
        if (expected == STORAGE_OK)
            testutil_assert_bytes(row.key, entry->key);
    }
    testutil_model_cursor_close(model);
    storage_cursor_close(cursor);
}

static uint32_t savepoint(Pair *pair, uint32_t *ret_model_no)
{
    uint32_t savepoint_no = 0;

    if (pair->is_broken)
        return 0;
    workload_begin_call(pair->workload, "savepoint");
    if (!workload_end_call(pair->workload, STORAGE_OK,
                           storage_transaction_savepoint(pair->txn, &savepoint_no, pair->workload->ctx)))
        return 0;
    *ret_model_no = testutil_model_transaction_savepoint(pair->model);
    return savepoint_no;
}

static void rollback_and_drop(Pair *pair, uint32_t savepoint_no, uint32_t model_no)
{
    if (pair->is_broken || savepoint_no == 0)
        return;
    workload_begin_call(pair->workload, "rollback_to");
    StorageStatus status = storage_transaction_rollback_to(pair->txn, savepoint_no, pair->workload->ctx);
    pair->is_broken = workload_was_refused(pair->workload, status);
    if (pair->is_broken)
        return;
    (void)workload_end_call(pair->workload, testutil_model_transaction_rollback_to(pair->model, model_no), status);
    workload_begin_call(pair->workload, "drop_savepoint");
    if (workload_end_call(pair->workload, STORAGE_OK,
                          storage_transaction_drop_savepoint(pair->txn, savepoint_no, pair->workload->ctx)))
        (void)testutil_model_transaction_drop_savepoint(pair->model, model_no);
}

static void commit(Pair *pair)
{
    Workload *self = pair->workload;
    uint64_t revision = 0, expected_revision = 0;

    if (pair->is_broken)
        return;
    workload_begin_call(self, "commit");
    StorageStatus status = storage_transaction_commit(pair->txn, &revision, self->ctx);
    if (workload_was_refused(self, status))
        return;
    testutil_model_name_revisions(self->model, &revision, revision != 0);
    StorageStatus expected = testutil_model_transaction_commit(pair->model, &expected_revision);
    testutil_assert(!testutil_model_end_names(self->model), "commit: a revision out of order");
    (void)workload_end_call(self, expected, status);
    testutil_assert_number(expected_revision, revision);
}

static void run_transaction(Workload *self, uint32_t isolation)
{
    Pair pair;
    uint32_t model_no = 0;

    if (!begin(self, isolation, &pair))
        return;
    write_one(&pair, "transaction_set",
              (StorageOperation){.kind = STORAGE_OPERATION_SET, .key = S("t1"), .value = S("1")});
    write_one(&pair, "transaction_compare_and_set",
              (StorageOperation){.kind = STORAGE_OPERATION_COMPARE_AND_SET,
                                 .key = S("t1"),
                                 .value = S("2"),
                                 .expected = storage_expect_value(S("1"))});
    write_one(&pair, "transaction_compare_and_set that conflicts",
              (StorageOperation){.kind = STORAGE_OPERATION_COMPARE_AND_SET,
                                 .key = S("t1"),
                                 .value = S("3"),
                                 .expected = storage_expect_absent()});
    write_one(&pair, "transaction_touch",
              (StorageOperation){
                  .kind = STORAGE_OPERATION_TOUCH, .key = S("key:000020"), .expiry = storage_expiry_after(1000000)});
    write_one(&pair, "transaction_delete",
              (StorageOperation){.kind = STORAGE_OPERATION_DELETE, .key = S("key:000021")});
    read_all(&pair);
    uint32_t savepoint_no = savepoint(&pair, &model_no);
    write_one(&pair, "transaction_clear_range",
              (StorageOperation){.kind = STORAGE_OPERATION_CLEAR_RANGE, .range = storage_range_prefix(S("key:00001"))});
    write_one(&pair, "transaction_compare_and_delete",
              (StorageOperation){.kind = STORAGE_OPERATION_COMPARE_AND_DELETE,
                                 .key = S("c"),
                                 .expected = storage_expect_value(S("2"))});
    if (isolation == STORAGE_ISOLATION_SNAPSHOT)
        rollback_and_drop(&pair, savepoint_no, model_no);
    read_all(&pair);
    commit(&pair);
    close_pair(&pair);
}

/* ---- closures ---- */

static StorageStatus set_in_closure(StorageTransaction *txn, void *user_data, StorageContext *ctx)
{
    (void)user_data;
    return storage_transaction_set(txn, S("closure"), S("1"), NULL, ctx);
}

static StorageStatus read_in_closure(StorageTransaction *txn, void *user_data, StorageContext *ctx)
{
    StorageValue value;
    StorageStatus status = storage_transaction_get(txn, S("c"), &value, ctx);

    (void)user_data;
    storage_value_release(&value);
    return status < 0 ? status : STORAGE_OK;
}

static void run_closures(Workload *self)
{
    StorageOperation operation = {.kind = STORAGE_OPERATION_SET, .key = S("closure"), .value = S("1")};
    StorageResult result;

    workload_begin_call(self, "update");
    StorageStatus status = storage_update(self->backend, NULL, set_in_closure, NULL, self->ctx);
    if (workload_end_call(self, STORAGE_OK, status)) {
        uint64_t revision = storage_context_revision(self->ctx);
        testutil_model_name_revisions(self->model, &revision, 1);
        (void)testutil_model_write(self->model, &operation, 1, STORAGE_WRITE_ATOMIC, &result, NULL);
        testutil_assert(!testutil_model_end_names(self->model), "update: a revision out of order");
    }
    workload_begin_call(self, "view");
    (void)workload_end_call(self, STORAGE_OK, storage_view(self->backend, NULL, read_in_closure, NULL, self->ctx));
}

void workload_transactions(Workload *self)
{
    run_transaction(self, STORAGE_ISOLATION_SNAPSHOT);
    run_transaction(self, STORAGE_ISOLATION_READ_COMMITTED);
    run_transaction(self, STORAGE_ISOLATION_SERIALIZABLE);
    run_closures(self);
}
