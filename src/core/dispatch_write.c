/*
 * core/dispatch_write.c - every write of a backend, through its one write method.
 *
 * The outermost call hashes the payload of a token; layers below get the hash with the context.
 */
#include "core/arguments.h"
#include "core/payload.h"

#include <string.h>

enum { RESULTS_ON_STACK = 16 };

typedef struct Batch {
    const StorageOperation *operations;
    size_t operation_count;
    uint32_t mode;
    StorageResult *results;
} Batch;

static void fill_results(const Batch *batch, StorageStatus status)
{
    for (size_t i = 0; i < batch->operation_count; i++)
        batch->results[i] = (StorageResult){status, 0, 0};
}

/*
 * Checks every operation. One that is invalid or too large fails the whole write, and carries its status; the others
 * are CANCELLED. In an independent write one that is too large fails alone: `*ret_left_out` counts those.
 */
static StorageStatus check_batch(Call *call, const Batch *batch, size_t *ret_left_out)
{
    StorageStatus first = STORAGE_OK;
    *ret_left_out = 0;
    fill_results(batch, STORAGE_CANCELLED);
    if (batch->operation_count > 1)
        first = call_require(call, STORAGE_CAPABILITY_MULTI_WRITE, "write of several operations");
    if (first != STORAGE_OK) {
        fill_results(batch, first);
        return first;
    }
    for (size_t i = 0; i < batch->operation_count; i++) {
        StorageStatus status = arguments_check_operation(call, &batch->operations[i]);
        if (status == STORAGE_OK)
            continue;
        batch->results[i].status = status;
        if (batch->operation_count > 1)
            (void)storage_fail(call->ctx, status, "%s: this is operation %zu of %zu", call->operation, i,
                               batch->operation_count);
        if (batch->mode == STORAGE_WRITE_INDEPENDENT && status == STORAGE_SIZE_LIMIT_EXCEEDED)
            (*ret_left_out)++;
        else if (first == STORAGE_OK)
            first = status;
    }
    return first;
}

static StorageStatus hash_batch(Call *call, const Batch *batch, uint8_t ret_hash[PAYLOAD_HASH_SIZE])
{
    StoragePayload *payload = NULL;
    StorageStatus status = payload_add_number(&payload, batch->mode);
    for (size_t i = 0; i < batch->operation_count && status == STORAGE_OK; i++)
        status = payload_add_operation(&payload, &batch->operations[i]);
    if (status == STORAGE_OK)
        status = payload_finish(payload, ret_hash);
    payload_free(payload);
    if (status != STORAGE_OK)
        return storage_fail(call->ctx, status, "%s: cannot hash the payload of the token", call->operation);
    return STORAGE_OK;
}

/* The revision that the context reports: the last one written, or the current one that an operation conflicted with. */
static uint64_t revision_of(const Batch *batch, StorageStatus status)
{
    uint64_t revision = 0;
    for (size_t i = 0; i < batch->operation_count; i++) {
        const StorageResult *result = &batch->results[i];
        if (status != STORAGE_OK && result->status == status)
            return result->revision;
        if (result->status == STORAGE_OK && result->revision > revision)
            revision = result->revision;
    }
    return status == STORAGE_OK ? revision : 0;
}

static StorageStatus pass_on(Call *call, StorageBackend *backend, const Batch *batch)
{
    return backend->ops->write(backend, batch->operations, batch->operation_count, batch->mode, batch->results,
                               call->ctx);
}

/* Passes on the operations of an independent write that have not failed yet. */
static StorageStatus pass_on_the_rest(Call *call, StorageBackend *backend, const Batch *batch, size_t left_out)
{
    size_t count = batch->operation_count - left_out, next = 0;
    StorageOperation *operations = storage_allocate(count * (sizeof(StorageOperation) + sizeof(StorageResult)));
    Batch rest = {operations, count, batch->mode, (StorageResult *)(void *)(operations + count)};
    StorageStatus status = STORAGE_OK;
    if (operations == NULL)
        return storage_fail(call->ctx, STORAGE_NO_MEMORY, "%s: no memory for %zu operations", call->operation, count);
    for (size_t i = 0; i < batch->operation_count; i++)
        if (batch->results[i].status == STORAGE_CANCELLED)
            operations[next++] = batch->operations[i];
    fill_results(&rest, STORAGE_CANCELLED);
    if (count > 0)
        status = pass_on(call, backend, &rest);
    next = 0;
    for (size_t i = 0; i < batch->operation_count; i++)
        if (batch->results[i].status == STORAGE_CANCELLED)
            batch->results[i] = rest.results[next++];
    storage_release(operations);
    return status;
}

static StorageStatus run_batch(Call *call, StorageBackend *backend, const Batch *batch)
{
    uint8_t hash[PAYLOAD_HASH_SIZE];
    size_t left_out;
    StorageStatus status = check_batch(call, batch, &left_out);
    int is_hashed = 0;
    if (status == STORAGE_OK && call->ctx->token.size > 0 && !call->is_nested) {
        status = call_require(call, STORAGE_CAPABILITY_IDEMPOTENCY, "idempotency");
        if (status == STORAGE_OK)
            status = hash_batch(call, batch, hash);
        if (status != STORAGE_OK)
            fill_results(batch, status);
        call->ctx->payload_hash = hash;
        is_hashed = 1;
    }
    if (status == STORAGE_OK) {
        status = left_out == 0 ? pass_on(call, backend, batch) : pass_on_the_rest(call, backend, batch, left_out);
        call->ctx->revision = revision_of(batch, status);
    }
    if (is_hashed)
        call->ctx->payload_hash = NULL;
    return status;
}

static StorageStatus write_one(StorageBackend *backend, const char *name, const StorageOperation *operation,
                               StorageContext *ctx)
{
    Call call;
    StorageResult result = {0, 0, 0};
    Batch batch = {operation, 1, STORAGE_WRITE_ATOMIC, &result};
    StorageStatus status = call_begin(&call, backend, name, ctx);
    if (status == STORAGE_OK)
        status = run_batch(&call, backend, &batch);
    return call_end(&call, status);
}

static StorageStatus write_with_options(StorageBackend *backend, const char *name, StorageOperation *operation,
                                        const StorageSetOptions *options, StorageContext *ctx)
{
    Call call;
    StorageSetOptions known;
    StorageResult result = {0, 0, 0};
    Batch batch = {operation, 1, STORAGE_WRITE_ATOMIC, &result};
    StorageStatus status = call_begin(&call, backend, name, ctx);
    if (status == STORAGE_OK)
        status = arguments_set_options(&call, options, &known);
    if (status == STORAGE_OK) {
        operation->expiry = known.expiry;
        status = run_batch(&call, backend, &batch);
    }
    return call_end(&call, status);
}

StorageStatus storage_set(StorageBackend *backend, StorageSlice key, StorageSlice value,
                          const StorageSetOptions *options, StorageContext *ctx)
{
    StorageOperation operation = {.kind = STORAGE_OPERATION_SET, .key = key, .value = value};
    return write_with_options(backend, "set", &operation, options, ctx);
}

StorageStatus storage_compare_and_set(StorageBackend *backend, StorageSlice key, StorageExpected expected,
                                      StorageSlice value, const StorageSetOptions *options, StorageContext *ctx)
{
    StorageOperation operation = {
        .kind = STORAGE_OPERATION_COMPARE_AND_SET, .key = key, .value = value, .expected = expected};
    return write_with_options(backend, "compare_and_set", &operation, options, ctx);
}

StorageStatus storage_touch(StorageBackend *backend, StorageSlice key, StorageExpiry expiry, StorageContext *ctx)
{
    StorageOperation operation = {.kind = STORAGE_OPERATION_TOUCH, .key = key, .expiry = expiry};
    return write_one(backend, "touch", &operation, ctx);
}

StorageStatus storage_delete(StorageBackend *backend, StorageSlice key, StorageContext *ctx)
{
    StorageOperation operation = {.kind = STORAGE_OPERATION_DELETE, .key = key};
    return write_one(backend, "delete", &operation, ctx);
}

StorageStatus storage_compare_and_delete(StorageBackend *backend, StorageSlice key, StorageExpected expected,
                                         StorageContext *ctx)
{
    StorageOperation operation = {.kind = STORAGE_OPERATION_COMPARE_AND_DELETE, .key = key, .expected = expected};
    return write_one(backend, "compare_and_delete", &operation, ctx);
}

StorageStatus storage_clear_range(StorageBackend *backend, const StorageRange *range, StorageContext *ctx)
{
    StorageOperation operation = {.kind = STORAGE_OPERATION_CLEAR_RANGE,
                                  .range = range == NULL ? arguments_whole_range : *range};
    return write_one(backend, "clear_range", &operation, ctx);
}

StorageStatus storage_write(StorageBackend *backend, const StorageOperation *operations, size_t operation_count,
                            uint32_t mode, StorageResult *ret_results, StorageContext *ctx)
{
    Call call;
    StorageResult on_stack[RESULTS_ON_STACK];
    Batch batch = {operations, operation_count, mode, ret_results};
    StorageStatus status = call_begin(&call, backend, "write", ctx);
    if (status == STORAGE_OK && operations == NULL && operation_count > 0)
        status = call_reject(&call, "write: %zu operations at NULL", operation_count);
    if (status == STORAGE_OK && mode > STORAGE_WRITE_INDEPENDENT)
        status = call_reject(&call, "write: %u is no mode of a write", mode);
    if (ret_results == NULL)
        batch.results = operation_count <= RESULTS_ON_STACK
                            ? on_stack
                            : storage_allocate(operation_count < SIZE_MAX / sizeof(StorageResult)
                                                   ? operation_count * sizeof(StorageResult)
                                                   : SIZE_MAX);
    if (status == STORAGE_OK && batch.results == NULL)
        status = storage_fail(call.ctx, STORAGE_NO_MEMORY, "write: no memory for %zu results", operation_count);
    if (status == STORAGE_OK && operation_count > 0)
        status = run_batch(&call, backend, &batch);
    else if (batch.results != NULL && status != STORAGE_OK)
        fill_results(&batch, status);
    if (batch.results != ret_results && batch.results != on_stack)
        storage_release(batch.results);
    return call_end(&call, status);
}
