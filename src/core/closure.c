/* core/closure.c - storage_view and storage_update: a function in a transaction, run again when it must be. */
#include "core/call.h"

enum { UPDATE_RUNS_WITHOUT_DEADLINE = 10 };

/* One run: the function, and the commit when it asks for one. */
static StorageStatus run_once(StorageBackend *backend, const StorageTransactionOptions *options,
                              StorageTransactionFn fn, void *user_data, StorageContext *ctx)
{
    StorageTransaction *txn;
    StorageStatus status = storage_begin(backend, options, &txn, ctx);
    if (status != STORAGE_OK)
        return status;
    status = fn(txn, user_data, ctx);
    if (status == STORAGE_OK)
        status = storage_transaction_commit(txn, NULL, ctx);
    storage_transaction_close(txn);
    return status;
}

static StorageStatus reject(StorageContext *ctx, const char *text)
{
    storage_context_clear(ctx);
    return storage_fail(ctx, STORAGE_INVALID_ARGUMENT, "%s", text);
}

StorageStatus storage_update(StorageBackend *backend, const StorageTransactionOptions *options, StorageTransactionFn fn,
                             void *user_data, StorageContext *ctx)
{
    StorageStatus status;
    uint32_t runs = 0;
    if (fn == NULL)
        return reject(ctx, "update: fn is NULL");
    do {
        status = run_once(backend, options, fn, user_data, ctx);
        runs++;
        if (status != STORAGE_CONFLICT && status != STORAGE_SERIALIZATION)
            break;
        if (ctx != NULL) {
            StorageStatus patience = storage_context_check(ctx, backend);
            if (patience != STORAGE_OK) {
                status = patience;
                break;
            }
        }
    } while (runs < UPDATE_RUNS_WITHOUT_DEADLINE || (ctx != NULL && ctx->deadline_ns != 0));
    if (ctx != NULL) {
        ctx->attempts = runs;
        ctx->status = status;
    }
    return status;
}

StorageStatus storage_view(StorageBackend *backend, const StorageTransactionOptions *options, StorageTransactionFn fn,
                           void *user_data, StorageContext *ctx)
{
    StorageTransactionOptions read_only = STORAGE_TRANSACTION_OPTIONS_INIT;
    StorageTransaction *txn;
    StorageStatus status;
    if (fn == NULL)
        return reject(ctx, "view: fn is NULL");
    storage_context_clear(ctx);
    status = storage_options_copy(&read_only, sizeof(read_only), options, "StorageTransactionOptions", ctx);
    if (status != STORAGE_OK)
        return status;
    read_only.struct_size = sizeof(read_only);
    read_only.flags |= STORAGE_TRANSACTION_READ_ONLY;
    status = storage_begin(backend, &read_only, &txn, ctx);
    if (status != STORAGE_OK)
        return status;
    status = fn(txn, user_data, ctx);
    storage_transaction_close(txn);
    if (ctx != NULL)
        ctx->status = status;
    return status;
}
