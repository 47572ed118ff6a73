/*
 * core/wait.c - one step of a wait that a deadline, a cancellation or an event ends.
 *
 * The canceller sets the flag and then broadcasts under the waiter's mutex, and the waiter looks at the flag under that
 * mutex before it sleeps, so no cancellation is slept through.
 */
#include "core/environment.h"

StorageStatus storage_wait(StorageContext *ctx, const StorageBackend *backend, uint64_t wake_at_ns)
{
    StorageStatus status = storage_context_check(ctx, backend);
    uint64_t until_ns = wake_at_ns;
    if (status != STORAGE_OK)
        return status;
    if (until_ns != 0 && storage_monotonic_ns(backend) >= until_ns)
        return STORAGE_OK;
    if (ctx->deadline_ns != 0 && (until_ns == 0 || ctx->deadline_ns < until_ns))
        until_ns = ctx->deadline_ns;
    clock_wait(backend->environment->clock, ctx->wait_mutex, ctx->wait_condition, until_ns);
    return STORAGE_OK;
}
