/*
 * core/dispatch_transaction.c - transactions: begin, calls, end.
 *
 * Invariants:
 *   1. A transaction ends at its commit, its close or the close of the stack; its close method runs exactly once, then.
 *   2. Cursors and views of a transaction end with it, before its close method runs.
 *   3. The payload of a transaction notes the writes that succeeded, in the outermost call.
 */
#include "core/arguments.h"
#include "core/payload.h"

StorageStatus storage_begin(StorageBackend *backend, const StorageTransactionOptions *options,
                            StorageTransaction **ret_txn, StorageContext *ctx)
{
    Call call;
    StorageTransactionOptions known;
    StorageStatus status;
    if (ret_txn != NULL)
        *ret_txn = NULL;
    status = call_begin(&call, backend, "begin", ctx);
    if (status == STORAGE_OK && ret_txn == NULL)
        status = call_reject(&call, "begin: ret_txn is NULL");
    if (status == STORAGE_OK)
        status = storage_options_copy(&known, sizeof(known), options, "StorageTransactionOptions", call.ctx);
    if (status == STORAGE_OK && ((known.flags & ~(uint32_t)STORAGE_TRANSACTION_READ_ONLY) != 0 ||
                                 known.isolation > STORAGE_ISOLATION_SERIALIZABLE))
        status = call_reject(&call, "begin: unknown flags 0x%x or isolation %u", known.flags, known.isolation);
    if (status == STORAGE_OK)
        status = call_require(&call, STORAGE_CAPABILITY_TRANSACTIONS, "transactions");
    if (status == STORAGE_OK && known.isolation == STORAGE_ISOLATION_SERIALIZABLE)
        status = call_require(&call, STORAGE_CAPABILITY_SERIALIZABLE, "serializable isolation");
    if (status == STORAGE_OK) {
        known.struct_size = sizeof(known);
        status = backend->ops->begin(backend, &known, ret_txn, call.ctx);
    }
    if (status == STORAGE_OK && !call.is_nested)
        lifecycle_register(call.lifecycle, &(*ret_txn)->handle);
    return call_end(&call, status);
}

/* The transaction itself, also for a view. */
static StorageTransaction *root_of(StorageTransaction *txn)
{
    return txn->parent != NULL ? txn->parent : txn;
}

static StorageStatus begin_call(Call *call, StorageTransaction *txn, const char *operation, StorageContext *ctx)
{
    StorageStatus status = call_begin_on(call, (StorageHandle *)txn, operation, ctx);
    if (status == STORAGE_OK && (handle_state(&txn->handle) & HANDLE_ENDED) != 0)
        return call_reject(call, "%s: the transaction has ended; begin another", operation);
    return status;
}

/* ---- reads ---- */

StorageStatus storage_transaction_get(StorageTransaction *txn, StorageSlice key, StorageValue *ret_value,
                                      StorageContext *ctx)
{
    Call call;
    StorageStatus status;
    if (ret_value != NULL)
        *ret_value = (StorageValue){0};
    status = begin_call(&call, txn, "transaction_get", ctx);
    if (status == STORAGE_OK && ret_value == NULL)
        status = call_reject(&call, "transaction_get: ret_value is NULL");
    if (status == STORAGE_OK)
        status = arguments_check_key(&call, key);
    if (status == STORAGE_OK)
        status = txn->handle.ops->transaction_get(txn, key, ret_value, call.ctx);
    if (status == STORAGE_OK)
        call.ctx->revision = ret_value->revision;
    return call_end(&call, status);
}

StorageStatus storage_transaction_multi_get(StorageTransaction *txn, const StorageSlice *keys, size_t key_count,
                                            StorageValue *ret_values, StorageStatus *ret_statuses, StorageContext *ctx)
{
    Call call;
    StorageStatus status = begin_call(&call, txn, "transaction_multi_get", ctx);
    arguments_clear_values(ret_values, key_count);
    if (status == STORAGE_OK)
        status = arguments_check_keys(&call, keys, key_count, ret_values, ret_statuses);
    if (status == STORAGE_OK && txn->handle.ops->transaction_multi_get != NULL)
        status = txn->handle.ops->transaction_multi_get(txn, keys, key_count, ret_values, ret_statuses, call.ctx);
    else if (status == STORAGE_OK)
        for (size_t i = 0; i < key_count && status >= 0; i++)
            status = ret_statuses[i] = txn->handle.ops->transaction_get(txn, keys[i], &ret_values[i], call.ctx);
    status = status > 0 ? STORAGE_OK : status;
    arguments_settle_values(status, key_count, ret_values, ret_statuses);
    return call_end(&call, status);
}

StorageStatus storage_transaction_scan(StorageTransaction *txn, const StorageRange *range,
                                       const StorageScanOptions *options, StorageCursor **ret_cursor,
                                       StorageContext *ctx)
{
    Call call;
    StorageScanOptions known;
    StorageStatus status;
    if (ret_cursor != NULL)
        *ret_cursor = NULL;
    status = begin_call(&call, txn, "transaction_scan", ctx);
    if (status == STORAGE_OK && ret_cursor == NULL)
        status = call_reject(&call, "transaction_scan: ret_cursor is NULL");
    if (status == STORAGE_OK)
        status = arguments_check_range(&call, range);
    if (status == STORAGE_OK)
        status = arguments_scan_options(&call, options, &known);
    if (status == STORAGE_OK)
        status = txn->handle.ops->transaction_scan(txn, range == NULL ? &arguments_whole_range : range, &known,
                                                   ret_cursor, call.ctx);
    if (status == STORAGE_OK) {
        StorageCursor *cursor = *ret_cursor;
        if (cursor->txn == NULL) { /* a layer that forwards hands out the cursor of the transaction below */
            StorageTransaction *root = root_of(txn);
            cursor->txn = root;
            cursor->next_in_txn = root->cursors;
            root->cursors = cursor;
        }
        if (!call.is_nested)
            lifecycle_register(call.lifecycle, &cursor->handle);
    }
    return call_end(&call, status);
}

/* ---- writes ---- */

/* The operation took effect and cannot be noted for the payload, nor undone: the transaction ends here. */
static StorageStatus end_without_memory(Call *call, StorageTransaction *root)
{
    lifecycle_end_handle(&root->handle);
    return storage_fail(call->ctx, STORAGE_NO_MEMORY, "%s: no memory to note the operation; the transaction has ended",
                        call->operation);
}

static StorageStatus write_operation(Call *call, StorageTransaction *txn, const StorageOperation *operation)
{
    StorageStatus status = arguments_check_operation(call, operation);
    if (status == STORAGE_OK)
        status = txn->handle.ops->transaction_write(txn, operation, call->ctx);
    if (status == STORAGE_OK && !call->is_nested &&
        (call->backend->capabilities.capabilities & STORAGE_CAPABILITY_IDEMPOTENCY) != 0) {
        status = payload_add_operation(&root_of(txn)->payload, operation);
        if (status != STORAGE_OK)
            return end_without_memory(call, root_of(txn));
    }
    return status;
}

static StorageStatus write_one(StorageTransaction *txn, const char *name, const StorageOperation *operation,
                               StorageContext *ctx)
{
    Call call;
    StorageStatus status = begin_call(&call, txn, name, ctx);
    if (status == STORAGE_OK)
        status = write_operation(&call, txn, operation);
    return call_end(&call, status);
}

static StorageStatus write_with_options(StorageTransaction *txn, const char *name, StorageOperation *operation,
                                        const StorageSetOptions *options, StorageContext *ctx)
{
    Call call;
    StorageSetOptions known;
    StorageStatus status = begin_call(&call, txn, name, ctx);
    if (status == STORAGE_OK)
        status = arguments_set_options(&call, options, &known);
    if (status == STORAGE_OK) {
        operation->expiry = known.expiry;
        status = write_operation(&call, txn, operation);
    }
    return call_end(&call, status);
}

StorageStatus storage_transaction_set(StorageTransaction *txn, StorageSlice key, StorageSlice value,
                                      const StorageSetOptions *options, StorageContext *ctx)
{
    StorageOperation operation = {.kind = STORAGE_OPERATION_SET, .key = key, .value = value};
    return write_with_options(txn, "transaction_set", &operation, options, ctx);
}

StorageStatus storage_transaction_compare_and_set(StorageTransaction *txn, StorageSlice key, StorageExpected expected,
                                                  StorageSlice value, const StorageSetOptions *options,
                                                  StorageContext *ctx)
{
    StorageOperation operation = {
        .kind = STORAGE_OPERATION_COMPARE_AND_SET, .key = key, .value = value, .expected = expected};
    return write_with_options(txn, "transaction_compare_and_set", &operation, options, ctx);
}

StorageStatus storage_transaction_touch(StorageTransaction *txn, StorageSlice key, StorageExpiry expiry,
                                        StorageContext *ctx)
{
    StorageOperation operation = {.kind = STORAGE_OPERATION_TOUCH, .key = key, .expiry = expiry};
    return write_one(txn, "transaction_touch", &operation, ctx);
}

StorageStatus storage_transaction_delete(StorageTransaction *txn, StorageSlice key, StorageContext *ctx)
{
    StorageOperation operation = {.kind = STORAGE_OPERATION_DELETE, .key = key};
    return write_one(txn, "transaction_delete", &operation, ctx);
}

StorageStatus storage_transaction_compare_and_delete(StorageTransaction *txn, StorageSlice key,
                                                     StorageExpected expected, StorageContext *ctx)
{
    StorageOperation operation = {.kind = STORAGE_OPERATION_COMPARE_AND_DELETE, .key = key, .expected = expected};
    return write_one(txn, "transaction_compare_and_delete", &operation, ctx);
}

StorageStatus storage_transaction_clear_range(StorageTransaction *txn, const StorageRange *range, StorageContext *ctx)
{
    StorageOperation operation = {.kind = STORAGE_OPERATION_CLEAR_RANGE,
                                  .range = range == NULL ? arguments_whole_range : *range};
    return write_one(txn, "transaction_clear_range", &operation, ctx);
}

/* ---- savepoints and tables ---- */

/* Kinds of payload steps that are no operations. */
enum { PAYLOAD_ROLLBACK = 100 };

StorageStatus storage_transaction_savepoint(StorageTransaction *txn, uint32_t *ret_savepoint_no, StorageContext *ctx)
{
    Call call;
    StorageStatus status = begin_call(&call, txn, "transaction_savepoint", ctx);
    if (status == STORAGE_OK && ret_savepoint_no == NULL)
        status = call_reject(&call, "transaction_savepoint: ret_savepoint_no is NULL");
    if (status == STORAGE_OK)
        status = call_require(&call, STORAGE_CAPABILITY_SAVEPOINTS, "savepoints");
    if (status == STORAGE_OK)
        status = txn->handle.ops->transaction_savepoint(txn, ret_savepoint_no, call.ctx);
    return call_end(&call, status);
}

StorageStatus storage_transaction_rollback_to(StorageTransaction *txn, uint32_t savepoint_no, StorageContext *ctx)
{
    Call call;
    StorageStatus status = begin_call(&call, txn, "transaction_rollback_to", ctx);
    if (status == STORAGE_OK)
        status = call_require(&call, STORAGE_CAPABILITY_SAVEPOINTS, "savepoints");
    if (status == STORAGE_OK)
        status = txn->handle.ops->transaction_rollback_to(txn, savepoint_no, call.ctx);
    if (status == STORAGE_OK && !call.is_nested) {
        status = payload_add_number(&txn->payload, PAYLOAD_ROLLBACK);
        if (status == STORAGE_OK)
            status = payload_add_number(&txn->payload, savepoint_no);
        if (status != STORAGE_OK)
            status = end_without_memory(&call, txn);
    }
    return call_end(&call, status);
}

StorageStatus storage_transaction_drop_savepoint(StorageTransaction *txn, uint32_t savepoint_no, StorageContext *ctx)
{
    Call call;
    StorageStatus status = begin_call(&call, txn, "transaction_drop_savepoint", ctx);
    if (status == STORAGE_OK)
        status = call_require(&call, STORAGE_CAPABILITY_SAVEPOINTS, "savepoints");
    if (status == STORAGE_OK)
        status = txn->handle.ops->transaction_drop_savepoint(txn, savepoint_no, call.ctx);
    return call_end(&call, status);
}

StorageStatus storage_transaction_table(StorageTransaction *txn, StorageSlice name, StorageTransaction **ret_view,
                                        StorageContext *ctx)
{
    Call call;
    StorageStatus status;
    if (ret_view != NULL)
        *ret_view = NULL;
    status = begin_call(&call, txn, "transaction_table", ctx);
    if (status == STORAGE_OK && (ret_view == NULL || (name.size > 0 && name.data == NULL)))
        status = call_reject(&call, "transaction_table: ret_view is NULL, or the name has bytes at NULL");
    if (status == STORAGE_OK)
        status = call_require(&call, STORAGE_CAPABILITY_TABLES, "tables");
    if (status == STORAGE_OK)
        status = txn->handle.ops->transaction_table(txn, name, ret_view, call.ctx);
    if (status == STORAGE_OK && (*ret_view)->parent == NULL) {
        StorageTransaction *root = root_of(txn);
        (*ret_view)->parent = root;
        (*ret_view)->next_view = root->next_view;
        root->next_view = *ret_view;
    }
    return call_end(&call, status);
}

/* ---- the end (invariants 1 and 2) ---- */

static StorageStatus commit(Call *call, StorageTransaction *txn, uint64_t *ret_revision)
{
    uint8_t hash[PAYLOAD_HASH_SIZE];
    uint64_t revision = 0;
    StorageStatus status = STORAGE_OK;
    int is_hashed = call->ctx->token.size > 0 && !call->is_nested;
    if (is_hashed) {
        status = call_require(call, STORAGE_CAPABILITY_IDEMPOTENCY, "idempotency");
        if (status == STORAGE_OK && payload_finish(txn->payload, hash) != STORAGE_OK)
            status = storage_fail(call->ctx, STORAGE_NO_MEMORY, "transaction_commit: cannot hash the payload");
        call->ctx->payload_hash = hash;
    }
    if (status == STORAGE_OK)
        status = txn->handle.ops->transaction_commit(txn, &revision, call->ctx);
    if (is_hashed)
        call->ctx->payload_hash = NULL;
    if (status == STORAGE_OK) {
        call->ctx->revision = revision;
        if (ret_revision != NULL)
            *ret_revision = revision;
    }
    return status;
}

StorageStatus storage_transaction_commit(StorageTransaction *txn, uint64_t *ret_revision, StorageContext *ctx)
{
    Call call;
    StorageStatus status = begin_call(&call, txn, "transaction_commit", ctx);
    if (status == STORAGE_OK && txn->parent != NULL)
        return call_end(&call,
                        call_reject(&call, "transaction_commit: commit the transaction, not its view of a table"));
    if (status == STORAGE_OK)
        status = commit(&call, txn, ret_revision);
    if (txn != NULL && (call.is_nested || call.is_inside) && txn->parent == NULL)
        lifecycle_end_handle(
            &txn->handle); /* whatever the outcome, also when the context had given up before it began */
    return call_end(&call, status);
}

void storage_transaction_close(StorageTransaction *txn)
{
    if (txn != NULL && txn->parent == NULL)
        lifecycle_close_handle(&txn->handle);
}
