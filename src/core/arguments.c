/* core/arguments.c - what callers can get wrong, and what we tell them. */
#include "core/arguments.h"

#include "core/range.h"

const StorageRange arguments_whole_range = {{{NULL, 0}, STORAGE_BOUND_OPEN}, {{NULL, 0}, STORAGE_BOUND_OPEN}};

static int has_data(StorageSlice slice)
{
    return slice.size == 0 || slice.data != NULL;
}

StorageStatus arguments_check_key(Call *call, StorageSlice key)
{
    if (!has_data(key))
        return call_reject(call, "%s: the key has %zu bytes at NULL", call->operation, key.size);
    if (key.size > call->backend->capabilities.key_size_max)
        return storage_fail(call->ctx, STORAGE_SIZE_LIMIT_EXCEEDED, "%s: the key has %zu bytes, the limit is %llu",
                            call->operation, key.size, (unsigned long long)call->backend->capabilities.key_size_max);
    return STORAGE_OK;
}

StorageStatus arguments_check_range(Call *call, const StorageRange *range)
{
    if (range == NULL || (range_bound_is_valid(&range->start) && range_bound_is_valid(&range->end)))
        return STORAGE_OK;
    return call_reject(call, "%s: a bound of the range has an unknown kind (%u, %u) or bytes at NULL", call->operation,
                       range->start.kind, range->end.kind);
}

static StorageStatus check_value(Call *call, StorageSlice value)
{
    if (!has_data(value))
        return call_reject(call, "%s: the value has %zu bytes at NULL", call->operation, value.size);
    if (value.size > call->backend->capabilities.value_size_max)
        return storage_fail(call->ctx, STORAGE_SIZE_LIMIT_EXCEEDED, "%s: the value has %zu bytes, the limit is %llu",
                            call->operation, value.size,
                            (unsigned long long)call->backend->capabilities.value_size_max);
    return STORAGE_OK;
}

static StorageStatus check_expiry(Call *call, StorageExpiry expiry)
{
    if (expiry.kind > STORAGE_EXPIRY_KEEP)
        return call_reject(call, "%s: %u is no kind of expiry", call->operation, expiry.kind);
    if (expiry.kind == STORAGE_EXPIRY_NEVER)
        return STORAGE_OK;
    return call_require(call, STORAGE_CAPABILITY_EXPIRY, "expiry");
}

static StorageStatus check_expected(Call *call, const StorageExpected *expected)
{
    if (expected->kind > STORAGE_EXPECT_REVISION)
        return call_reject(call, "%s: %u is no kind of expectation", call->operation, expected->kind);
    if (expected->kind == STORAGE_EXPECT_VALUE && !has_data(expected->value))
        return call_reject(call, "%s: the expected value has %zu bytes at NULL", call->operation, expected->value.size);
    if (expected->kind == STORAGE_EXPECT_REVISION && expected->revision == 0)
        return call_reject(call, "%s: no key has revision 0; expect it to be absent instead", call->operation);
    return call_require(call, STORAGE_CAPABILITY_COMPARE, "compare_and_set");
}

StorageStatus arguments_check_operation(Call *call, const StorageOperation *operation)
{
    StorageStatus status = STORAGE_OK;
    uint32_t kind = operation->kind;
    if (kind < STORAGE_OPERATION_SET || kind > STORAGE_OPERATION_CLEAR_RANGE || operation->reserved != 0)
        return call_reject(call, "%s: %u is no kind of operation, or its reserved field is not 0", call->operation,
                           kind);
    if (kind == STORAGE_OPERATION_CLEAR_RANGE) {
        status = arguments_check_range(call, &operation->range);
        return status != STORAGE_OK ? status : call_require(call, STORAGE_CAPABILITY_CLEAR_RANGE, "clear_range");
    }
    status = arguments_check_key(call, operation->key);
    if (status == STORAGE_OK && (kind == STORAGE_OPERATION_SET || kind == STORAGE_OPERATION_COMPARE_AND_SET))
        status = check_value(call, operation->value);
    if (status == STORAGE_OK && kind == STORAGE_OPERATION_TOUCH)
        status = call_require(call, STORAGE_CAPABILITY_EXPIRY, "expiry");
    if (status == STORAGE_OK && kind != STORAGE_OPERATION_DELETE && kind != STORAGE_OPERATION_COMPARE_AND_DELETE)
        status = check_expiry(call, operation->expiry);
    if (status == STORAGE_OK &&
        (kind == STORAGE_OPERATION_COMPARE_AND_SET || kind == STORAGE_OPERATION_COMPARE_AND_DELETE))
        status = check_expected(call, &operation->expected);
    return status;
}

StorageStatus arguments_set_options(Call *call, const StorageSetOptions *options, StorageSetOptions *ret_options)
{
    StorageStatus status =
        storage_options_copy(ret_options, sizeof(*ret_options), options, "StorageSetOptions", call->ctx);
    if (status == STORAGE_OK && ret_options->flags != 0)
        return call_reject(call, "%s: unknown flags 0x%x in StorageSetOptions", call->operation, ret_options->flags);
    return status;
}

StorageStatus arguments_scan_options(Call *call, const StorageScanOptions *options, StorageScanOptions *ret_options)
{
    StorageStatus status =
        storage_options_copy(ret_options, sizeof(*ret_options), options, "StorageScanOptions", call->ctx);
    ret_options->struct_size = sizeof(*ret_options);
    if (status != STORAGE_OK)
        return status;
    if ((ret_options->flags & ~(uint32_t)(STORAGE_SCAN_REVERSE | STORAGE_SCAN_KEYS_ONLY)) != 0)
        return call_reject(call, "%s: unknown flags 0x%x in StorageScanOptions", call->operation, ret_options->flags);
    if ((ret_options->flags & STORAGE_SCAN_REVERSE) != 0)
        return call_require(call, STORAGE_CAPABILITY_REVERSE_SCAN, "reverse scan");
    return STORAGE_OK;
}

StorageStatus arguments_check_keys(Call *call, const StorageSlice *keys, size_t key_count, const StorageValue *values,
                                   const StorageStatus *statuses)
{
    StorageStatus status = STORAGE_OK;
    if (key_count > 0 && (keys == NULL || values == NULL || statuses == NULL))
        return call_reject(call, "%s: keys, ret_values or ret_statuses is NULL", call->operation);
    for (size_t i = 0; i < key_count && status == STORAGE_OK; i++)
        status = arguments_check_key(call, keys[i]);
    return status;
}

void arguments_clear_values(StorageValue *values, size_t value_count)
{
    for (size_t i = 0; values != NULL && i < value_count; i++)
        values[i] = (StorageValue){0};
}

void arguments_settle_values(StorageStatus status, size_t key_count, StorageValue *values, StorageStatus *statuses)
{
    if (status == STORAGE_OK)
        return;
    for (size_t i = 0; values != NULL && i < key_count; i++)
        storage_value_release(&values[i]);
    for (size_t i = 0; statuses != NULL && i < key_count; i++)
        statuses[i] = status;
}
