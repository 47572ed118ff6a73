/* core/dispatch_read.c - get, multi_get, scan, cursors. */
#include "core/arguments.h"

#include <string.h>

StorageStatus storage_get(StorageBackend *backend, StorageSlice key, StorageValue *ret_value, StorageContext *ctx)
{
    Call call;
    StorageStatus status;
    if (ret_value != NULL)
        *ret_value = (StorageValue){0};
    status = call_begin(&call, backend, "get", ctx);
    if (status == STORAGE_OK && ret_value == NULL)
        status = call_reject(&call, "get: ret_value is NULL");
    if (status == STORAGE_OK)
        status = arguments_check_key(&call, key);
    if (status == STORAGE_OK)
        status = backend->ops->get(backend, key, ret_value, call.ctx);
    if (status == STORAGE_OK)
        call.ctx->revision = ret_value->revision;
    return call_end(&call, status);
}

StorageStatus storage_multi_get(StorageBackend *backend, const StorageSlice *keys, size_t key_count,
                                StorageValue *ret_values, StorageStatus *ret_statuses, StorageContext *ctx)
{
    Call call;
    StorageStatus status = call_begin(&call, backend, "multi_get", ctx);
    arguments_clear_values(ret_values, key_count);
    if (status == STORAGE_OK)
        status = arguments_check_keys(&call, keys, key_count, ret_values, ret_statuses);
    if (status == STORAGE_OK && backend->ops->multi_get != NULL)
        status = backend->ops->multi_get(backend, keys, key_count, ret_values, ret_statuses, call.ctx);
    else if (status == STORAGE_OK)
        for (size_t i = 0; i < key_count && status >= 0; i++)
            status = ret_statuses[i] = backend->ops->get(backend, keys[i], &ret_values[i], call.ctx);
    status = status > 0 ? STORAGE_OK : status;
    arguments_settle_values(status, key_count, ret_values, ret_statuses);
    return call_end(&call, status);
}

StorageStatus storage_scan(StorageBackend *backend, const StorageRange *range, const StorageScanOptions *options,
                           StorageCursor **ret_cursor, StorageContext *ctx)
{
    Call call;
    StorageScanOptions known;
    StorageStatus status;
    if (ret_cursor != NULL)
        *ret_cursor = NULL;
    status = call_begin(&call, backend, "scan", ctx);
    if (status == STORAGE_OK && ret_cursor == NULL)
        status = call_reject(&call, "scan: ret_cursor is NULL");
    if (status == STORAGE_OK)
        status = arguments_check_range(&call, range);
    if (status == STORAGE_OK)
        status = arguments_scan_options(&call, options, &known);
    if (status == STORAGE_OK)
        status =
            backend->ops->scan(backend, range == NULL ? &arguments_whole_range : range, &known, ret_cursor, call.ctx);
    if (status == STORAGE_OK && !call.is_nested)
        lifecycle_register(call.lifecycle, &(*ret_cursor)->handle);
    return call_end(&call, status);
}

static StorageStatus check_open(Call *call, const StorageCursor *cursor)
{
    if ((handle_state(&cursor->handle) & HANDLE_ENDED) == 0)
        return STORAGE_OK;
    return call_reject(call, "%s: the transaction that the cursor was opened in has ended", call->operation);
}

StorageStatus storage_cursor_next(StorageCursor *cursor, const StorageEntry **ret_entry, StorageContext *ctx)
{
    Call call;
    StorageStatus status;
    if (ret_entry != NULL)
        *ret_entry = NULL;
    status = call_begin_on(&call, (StorageHandle *)cursor, "cursor_next", ctx);
    if (status == STORAGE_OK && ret_entry == NULL)
        status = call_reject(&call, "cursor_next: ret_entry is NULL");
    if (status == STORAGE_OK)
        status = check_open(&call, cursor);
    if (status == STORAGE_OK)
        status = cursor->handle.ops->cursor_next(cursor, ret_entry, call.ctx);
    return call_end(&call, status);
}

StorageStatus storage_cursor_seek(StorageCursor *cursor, StorageSlice key, StorageContext *ctx)
{
    Call call;
    StorageStatus status = call_begin_on(&call, (StorageHandle *)cursor, "cursor_seek", ctx);
    if (status == STORAGE_OK)
        status = check_open(&call, cursor);
    if (status == STORAGE_OK)
        status = arguments_check_key(&call, key);
    if (status == STORAGE_OK)
        status = cursor->handle.ops->cursor_seek(cursor, key, call.ctx);
    return call_end(&call, status);
}

void storage_cursor_close(StorageCursor *cursor)
{
    lifecycle_close_handle((StorageHandle *)cursor);
}
