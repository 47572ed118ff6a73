/*
 * core/call.c - the gate that every public call passes.
 *
 * Invariants:
 *   1. After call_begin returned OK and until call_end, the stack is not taken down.
 *   2. Results of a context are cleared by the outermost call alone.
 *   3. call_end touches nothing of the lifecycle after it has left it.
 */
#include "core/call.h"

static void take_context(Call *call, StorageContext *ctx)
{
    if (ctx == NULL) {
        context_init_unattended(&call->unattended);
        ctx = &call->unattended;
    }
    call->ctx = ctx;
}

static StorageStatus enter(Call *call)
{
    StorageContext *ctx = call->ctx;
    StorageStatus status;
    if (ctx != &call->unattended)
        context_clear_results(ctx);
    if (lifecycle_is_forked(call->lifecycle))
        return call_reject(call, "%s: the handle was inherited over fork(); only close may be called on it",
                           call->operation);
    status = lifecycle_enter(call->lifecycle, &call->shard);
    if (status != STORAGE_OK)
        return storage_fail(ctx, status, "%s: the stack is being closed", call->operation);
    call->is_inside = 1;
    call->entered_before = ctx->entered;
    ctx->entered = call->lifecycle;
    if (call->lifecycle->environment.trace != NULL) {
        call->is_traced = 1;
        call->start_ns = storage_monotonic_ns(call->backend);
    }
    if (ctx == &call->unattended)
        return STORAGE_OK; /* nobody set anything */
    if (ctx->consistency != 0 || ctx->durability != 0)
        return storage_fail(ctx, STORAGE_UNSUPPORTED,
                            "%s: consistency %u and durability %u of the context; this store knows only 0, its default",
                            call->operation, ctx->consistency, ctx->durability);
    return storage_context_check(ctx, call->backend);
}

static StorageStatus begin(Call *call, const StorageBackend *backend, StorageLifecycle *lifecycle,
                           const char *operation, StorageContext *ctx)
{
    take_context(call, ctx);
    call->backend = backend;
    call->lifecycle = lifecycle;
    call->operation = operation;
    call->is_inside = call->is_traced = 0;
    call->is_nested = call->ctx->entered == lifecycle;
    return call->is_nested ? STORAGE_OK : enter(call);
}

static StorageStatus begin_nowhere(Call *call, const char *operation, const char *what, StorageContext *ctx)
{
    take_context(call, ctx);
    call->is_nested = 1;
    context_clear_results(call->ctx);
    call->ctx->status = STORAGE_INVALID_ARGUMENT;
    return call_reject(call, "%s: the %s is NULL", operation, what);
}

StorageStatus call_begin(Call *call, StorageBackend *backend, const char *operation, StorageContext *ctx)
{
    if (backend == NULL)
        return begin_nowhere(call, operation, "backend", ctx);
    return begin(call, backend, backend->lifecycle, operation, ctx);
}

StorageStatus call_begin_on(Call *call, StorageHandle *handle, const char *operation, StorageContext *ctx)
{
    if (handle == NULL)
        return begin_nowhere(call, operation, "handle", ctx);
    return begin(call, handle->backend, handle->lifecycle, operation, ctx);
}

static void trace(const Call *call, StorageStatus status)
{
    const StorageEnvironment *environment = &call->lifecycle->environment;
    StorageTraceEvent event = {
        .struct_size = sizeof(event),
        .status = status,
        .operation = call->operation,
        .layer = call->lifecycle->top->ops->name,
        .organization = call->ctx->organization,
        .start_ns = call->start_ns,
        .duration_ns = storage_monotonic_ns(call->backend) - call->start_ns,
        .revision = call->ctx->revision,
        .error_text = storage_context_error_text(call->ctx, 0),
    };
    environment->trace(environment->trace_user_data, &event);
}

StorageStatus call_end(Call *call, StorageStatus status)
{
    if (call->is_nested)
        return status;
    call->ctx->status = status;
    if (!call->is_inside)
        return status;
    call->ctx->entered = call->entered_before;
    if (call->is_traced)
        trace(call, status);
    lifecycle_leave(call->lifecycle, call->shard);
    return status;
}

StorageStatus call_require(Call *call, uint64_t capability, const char *what)
{
    if ((call->backend->capabilities.capabilities & capability) != 0)
        return STORAGE_OK;
    return storage_fail(call->ctx, STORAGE_UNSUPPORTED, "%s: a stack over '%s' has no %s", call->operation,
                        call->backend->ops->name, what);
}
