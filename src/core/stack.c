/*
 * core/stack.c - building a stack, finding a layer, asking all layers, closing.
 *
 * Invariant: every layer of a stack has the lifecycle of its backend, whose `top` is the one handle that may be wrapped
 * or closed.
 */
#include "core/call.h"
#include "core/capabilities.h"
#include "core/environment.h"
#include "core/json_writer.h"
#include "core/payload.h"

static StorageStatus init_backend(StorageBackend *self, const StorageCapabilities *capabilities,
                                  const StorageEnvironment *environment, StorageContext *ctx)
{
    StorageEnvironment full;
    StorageStatus status = environment_fill(&full, environment, ctx);
    if (status != STORAGE_OK)
        return status;
    self->lifecycle = lifecycle_new(&full);
    if (self->lifecycle == NULL)
        return storage_fail(ctx, STORAGE_NO_MEMORY, "%s: no memory to open a stack", self->ops->name);
    self->environment = &self->lifecycle->environment;
    self->capabilities = *capabilities;
    self->lifecycle->top = self;
    return STORAGE_OK;
}

StorageStatus storage_backend_init(StorageBackend *self, const StorageOps *ops, StorageBackend *inner,
                                   const StorageCapabilities *capabilities, const StorageEnvironment *environment,
                                   StorageContext *ctx)
{
    StorageStatus status = STORAGE_OK;
    *self = (StorageBackend){.ops = ops, .inner = inner};
    if (inner == NULL)
        return init_backend(self, capabilities, environment, ctx);
    if (lifecycle_is_forked(inner->lifecycle))
        return storage_fail(ctx, STORAGE_INVALID_ARGUMENT, "%s: the handle was inherited over fork()", ops->name);
    (void)pthread_mutex_lock(&inner->lifecycle->lock);
    if (inner->lifecycle->top != inner || inner->lifecycle->state != 0)
        status = STORAGE_INVALID_ARGUMENT;
    else
        inner->lifecycle->top = self;
    (void)pthread_mutex_unlock(&inner->lifecycle->lock);
    if (status != STORAGE_OK)
        return storage_fail(ctx, status, "%s: only the top handle of an open stack can be wrapped", ops->name);
    self->lifecycle = inner->lifecycle;
    self->environment = inner->environment;
    self->capabilities = inner->capabilities;
    return STORAGE_OK;
}

void storage_backend_abandon(StorageBackend *self)
{
    if (self->inner == NULL) {
        lifecycle_free(self->lifecycle);
        return;
    }
    (void)pthread_mutex_lock(&self->lifecycle->lock);
    self->lifecycle->top = self->inner;
    (void)pthread_mutex_unlock(&self->lifecycle->lock);
}

int storage_backend_is_forked(const StorageBackend *self)
{
    return lifecycle_is_forked(self->lifecycle);
}

const StorageCapabilities *storage_backend_capabilities(const StorageBackend *backend)
{
    return &backend->capabilities;
}

StorageBackend *storage_find_layer(StorageBackend *backend, const StorageOps *ops)
{
    while (backend != NULL && backend->ops != ops)
        backend = backend->inner;
    return backend;
}

/* ---- blocks of handles ---- */

static void *handle_new(StorageBackend *backend, size_t size, uint32_t kind)
{
    StorageHandle *handle = storage_allocate_zero(size);
    if (handle == NULL)
        return NULL;
    handle->ops = backend->ops;
    handle->backend = backend;
    handle->lifecycle = backend->lifecycle;
    handle->kind = kind;
    return handle;
}

StorageCursor *storage_cursor_new(StorageBackend *backend, size_t size)
{
    return handle_new(backend, size, HANDLE_CURSOR);
}

StorageTransaction *storage_transaction_new(StorageBackend *backend, size_t size)
{
    return handle_new(backend, size, HANDLE_TRANSACTION);
}

StorageWatch *storage_watch_new(StorageBackend *backend, size_t size)
{
    StorageWatch *watch = handle_new(backend, size, HANDLE_WATCH);
    if (watch != NULL)
        watch->wake_fd = -1;
    return watch;
}

void storage_handle_free(void *handle)
{
    storage_release(handle);
}

/* ---- sync, sweep ---- */

StorageStatus storage_sync(StorageBackend *backend, StorageContext *ctx)
{
    Call call;
    StorageStatus status = call_begin(&call, backend, "sync", ctx);
    if (status == STORAGE_OK && backend->ops->sync != NULL)
        status = backend->ops->sync(backend, call.ctx);
    return call_end(&call, status);
}

StorageStatus storage_sweep(StorageBackend *backend, uint64_t *ret_count, StorageContext *ctx)
{
    Call call;
    uint64_t count = 0;
    StorageStatus status = call_begin(&call, backend, "sweep", ctx);
    if (status == STORAGE_OK)
        status = call_require(&call, STORAGE_CAPABILITY_EXPIRY, "expiry");
    if (status == STORAGE_OK && backend->ops->sweep != NULL)
        status = backend->ops->sweep(backend, &count, call.ctx);
    if (status == STORAGE_OK && ret_count != NULL)
        *ret_count = count;
    return call_end(&call, status);
}

/* ---- health ---- */

static const char *const state_names[] = {"unknown", "healthy", "degraded", "unhealthy"};
static const char *const probe_names[] = {"liveness", "readiness", "startup"};

static StorageStatus check_layer(StorageBackend *layer, StorageProbe probe, StorageHealthState *ret_state,
                                 StorageJson *json, StorageContext *ctx)
{
    StorageStatus status = STORAGE_OK;
    StorageHealthState state = STORAGE_HEALTH_HEALTHY;
    storage_json_string(json, "type", layer->ops->name);
    if (layer->ops->health_check != NULL)
        status = layer->ops->health_check(layer, probe, &state, json, ctx);
    if (status == STORAGE_OK) {
        storage_json_string(json, "state", state_names[state <= STORAGE_HEALTH_UNHEALTHY ? state : 0]);
        *ret_state = state;
    }
    return status;
}

StorageStatus storage_forward_health_check(StorageBackend *self, StorageProbe probe, StorageHealthState *ret_state,
                                           StorageJson *json, StorageContext *ctx)
{
    StorageStatus status;
    storage_json_open(json, "inner");
    status = check_layer(self->inner, probe, ret_state, json, ctx);
    storage_json_close(json);
    return status;
}

StorageStatus storage_health_check(StorageBackend *backend, StorageProbe probe, StorageHealthState *ret_state,
                                   StorageValue *ret_json, StorageContext *ctx)
{
    Call call;
    StorageJson json;
    StorageStatus status;
    if (ret_json != NULL)
        *ret_json = (StorageValue){0};
    status = call_begin(&call, backend, "health_check", ctx);
    if (status == STORAGE_OK && ret_state == NULL)
        status = call_reject(&call, "health_check: ret_state is NULL");
    if (status == STORAGE_OK && probe > STORAGE_PROBE_STARTUP)
        status = call_reject(&call, "health_check: %u is no probe", probe);
    if (status != STORAGE_OK)
        return call_end(&call, status);
    json_init(&json);
    storage_json_string(&json, "probe", probe_names[probe]);
    status = check_layer(backend, probe, ret_state, &json, call.ctx);
    if (status != STORAGE_OK || ret_json == NULL)
        json_done(&json);
    else if (json_finish(&json, ret_json) != STORAGE_OK)
        status = storage_fail(call.ctx, STORAGE_NO_MEMORY, "health_check: no memory for the text");
    return call_end(&call, status);
}

/* ---- describe ---- */

static void describe_capabilities(const StorageBackend *backend, StorageJson *json)
{
    const StorageCapabilities *known = &backend->capabilities;
    json_capability_names(json, "capabilities", known->capabilities);
    json_capability_names(json, "lacks", ~known->capabilities);
    json_weakening_names(json, "weakenings", known->weakenings);
    storage_json_uint(json, "key_size_max", known->key_size_max);
    storage_json_uint(json, "value_size_max", known->value_size_max);
}

static StorageStatus describe_layers(StorageBackend *top, StorageDescription description, StorageJson *json,
                                     StorageContext *ctx)
{
    StorageStatus status = STORAGE_OK;
    json_open_array(json, "layers");
    for (StorageBackend *layer = top; layer != NULL && status == STORAGE_OK; layer = layer->inner) {
        if (layer->inner == NULL) {
            storage_json_close(json);
            storage_json_open(json, "backend");
        } else {
            storage_json_open(json, NULL);
        }
        storage_json_string(json, "type", layer->ops->name);
        if (layer->ops->describe != NULL)
            status = layer->ops->describe(layer, description, json, ctx);
        storage_json_close(json);
    }
    return status;
}

StorageStatus storage_describe(StorageBackend *backend, StorageDescription description, StorageValue *ret_json,
                               StorageContext *ctx)
{
    Call call;
    StorageJson json;
    StorageStatus status;
    if (ret_json != NULL)
        *ret_json = (StorageValue){0};
    status = call_begin(&call, backend, "describe", ctx);
    if (status == STORAGE_OK && ret_json == NULL)
        status = call_reject(&call, "describe: ret_json is NULL");
    if (status == STORAGE_OK && description > STORAGE_DESCRIBE_MEMORY)
        status = call_reject(&call, "describe: %u is no description", description);
    if (status != STORAGE_OK)
        return call_end(&call, status);
    json_init(&json);
    if (description == STORAGE_DESCRIBE_CAPABILITIES)
        describe_capabilities(backend, &json);
    else
        status = describe_layers(backend, description, &json, call.ctx);
    if (status != STORAGE_OK)
        json_done(&json);
    else if (json_finish(&json, ret_json) != STORAGE_OK)
        status = storage_fail(call.ctx, STORAGE_NO_MEMORY, "describe: no memory for the text");
    return call_end(&call, status);
}

/* ---- close ---- */

StorageStatus storage_close(StorageBackend *backend, StorageContext *ctx)
{
    StorageContext unattended;
    StorageStatus status;
    if (backend == NULL)
        return STORAGE_OK;
    if (ctx == NULL) {
        context_init_unattended(&unattended);
        ctx = &unattended;
    }
    context_clear_results(ctx);
    if (backend->lifecycle->top != backend)
        status = storage_fail(ctx, STORAGE_INVALID_ARGUMENT,
                              "close: '%s' is not the top of its stack; close the top handle", backend->ops->name);
    else
        status = lifecycle_close(backend->lifecycle, ctx);
    ctx->status = status;
    return status;
}
