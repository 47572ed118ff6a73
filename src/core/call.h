/*
 * core/call.h - what dispatch does around every method: the context, the gate of the lifecycle, deadline, trace.
 *
 *     Call call;
 *     StorageStatus status = call_begin(&call, backend, "get", ctx);
 *     if (status == STORAGE_OK) { ... methods with call.ctx ... }
 *     return call_end(&call, status);
 *
 * A call that a layer makes on the layer below, with its own context or a child, is inside the caller's call: it passes
 * without a gate (is_nested).
 */
#ifndef CORE_CALL_H
#define CORE_CALL_H

#include "core/context.h"
#include "core/lifecycle.h"

typedef struct Call {
    StorageContext *ctx; /* never NULL after call_begin */
    StorageLifecycle *lifecycle;
    StorageLifecycle *entered_before;
    const StorageBackend *backend;
    const char *operation;
    uint64_t start_ns;
    uint32_t shard;
    uint8_t is_nested, is_inside, is_traced;
    StorageContext unattended; /* initialised only when the caller gave no context */
} Call;

/* Returns OK; INVALID_ARGUMENT for NULL or after fork; SHUTTING_DOWN; TIMEOUT; CANCELLED; UNSUPPORTED. */
StorageStatus call_begin(Call *call, StorageBackend *backend, const char *operation, StorageContext *ctx);

/* The same for a call on a cursor, transaction or watch. */
StorageStatus call_begin_on(Call *call, StorageHandle *handle, const char *operation, StorageContext *ctx);

/* Ends what call_begin began, also when it failed, and returns `status`. */
StorageStatus call_end(Call *call, StorageStatus status);

/* UNSUPPORTED with a text, unless the stack has the capability. */
StorageStatus call_require(Call *call, uint64_t capability, const char *what);

/* A failure of an argument. */
#define call_reject(call, ...) storage_fail((call)->ctx, STORAGE_INVALID_ARGUMENT, __VA_ARGS__)

#endif
