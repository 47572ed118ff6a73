/* core/dispatch_watch.c - watches. */
#include "core/arguments.h"

StorageStatus storage_watch(StorageBackend *backend, const StorageRange *range, uint64_t from_revision,
                            StorageWatch **ret_watch, StorageContext *ctx)
{
    Call call;
    StorageStatus status;
    if (ret_watch != NULL)
        *ret_watch = NULL;
    status = call_begin(&call, backend, "watch", ctx);
    if (status == STORAGE_OK && ret_watch == NULL)
        status = call_reject(&call, "watch: ret_watch is NULL");
    if (status == STORAGE_OK)
        status = arguments_check_range(&call, range);
    if (status == STORAGE_OK)
        status = call_require(&call, STORAGE_CAPABILITY_WATCH, "watch");
    if (status == STORAGE_OK)
        status = backend->ops->watch(backend, range == NULL ? &arguments_whole_range : range, from_revision, ret_watch,
                                     call.ctx);
    if (status == STORAGE_OK && !call.is_nested)
        lifecycle_register(call.lifecycle, &(*ret_watch)->handle);
    return call_end(&call, status);
}

StorageStatus storage_watch_next(StorageWatch *watch, const StorageChange **ret_change, StorageContext *ctx)
{
    Call call;
    StorageStatus status;
    if (ret_change != NULL)
        *ret_change = NULL;
    status = call_begin_on(&call, (StorageHandle *)watch, "watch_next", ctx);
    if (status == STORAGE_TIMEOUT)
        status = STORAGE_OK; /* a deadline in the past polls */
    if (status == STORAGE_OK && ret_change == NULL)
        status = call_reject(&call, "watch_next: ret_change is NULL");
    if (status == STORAGE_OK)
        status = watch->handle.ops->watch_next(watch, ret_change, call.ctx);
    if (status == STORAGE_OK) {
        context_clear_results(call.ctx);
        call.ctx->revision = (*ret_change)->revision;
    }
    return call_end(&call, status);
}

StorageStatus storage_watch_fd(StorageWatch *watch, int *ret_fd, StorageContext *ctx)
{
    Call call;
    StorageStatus status = call_begin_on(&call, (StorageHandle *)watch, "watch_fd", ctx);
    if (status == STORAGE_OK && ret_fd == NULL)
        status = call_reject(&call, "watch_fd: ret_fd is NULL");
    if (status == STORAGE_OK)
        status = watch->handle.ops->watch_fd(watch, ret_fd, call.ctx);
    return call_end(&call, status);
}

void storage_watch_close(StorageWatch *watch)
{
    if (watch != NULL)
        lifecycle_close_handle(&watch->handle);
}
