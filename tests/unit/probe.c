/* probe.c - see probe.h. */
#include "probe.h"

#include <string.h>

typedef struct ProbeBackend {
    StorageBackend base;
    Probe *probe;
} ProbeBackend;

typedef struct ProbeCursor {
    StorageCursor base;
    StorageEntry entry;
} ProbeCursor;

typedef struct ProbeWatch {
    StorageWatch base;
    StorageChange change;
} ProbeWatch;

static Probe *probe_of(const StorageBackend *base)
{
    return ((const ProbeBackend *)base)->probe;
}

static void count(Probe *probe, ProbeSlot slot)
{
    atomic_fetch_add(&probe->calls[slot], 1);
}

static StorageStatus answer(StorageBackend *base, ProbeSlot slot, StorageContext *ctx)
{
    Probe *probe = probe_of(base);
    count(probe, slot);
    if (ctx == NULL) {
        probe->is_context_missing = 1;
        return STORAGE_INTERNAL;
    }
    if (probe->answer < 0)
        return storage_fail(ctx, probe->answer, "the probe was told to fail");
    return probe->answer;
}

static void wait_in_gate(Probe *probe)
{
    pthread_mutex_lock(&probe->mutex);
    probe->waiting_count += 1;
    pthread_cond_broadcast(&probe->condition);
    while (!probe->is_open)
        pthread_cond_wait(&probe->condition, &probe->mutex);
    probe->waiting_count -= 1;
    pthread_mutex_unlock(&probe->mutex);
}

/* ---- reading ---- */

static StorageStatus found(StorageValue *ret_value, StorageStatus status)
{
    return status == STORAGE_OK ? storage_value_copy(ret_value, storage_string("value"), PROBE_REVISION, STORAGE_NEVER)
                                : status;
}

static StorageStatus probe_get(StorageBackend *base, StorageSlice key, StorageValue *ret_value, StorageContext *ctx)
{
    (void)key;
    if (probe_of(base)->is_gated)
        wait_in_gate(probe_of(base));
    return found(ret_value, answer(base, PROBE_GET, ctx));
}

static StorageStatus find_all(StorageBackend *base, ProbeSlot slot, size_t key_count, StorageValue *ret_values,
                              StorageStatus *ret_statuses, StorageContext *ctx)
{
    StorageStatus status = answer(base, slot, ctx);
    for (size_t index = 0; index < key_count && status == STORAGE_OK; index++)
        ret_statuses[index] = status = found(&ret_values[index], STORAGE_OK);
    return status;
}

static StorageStatus probe_multi_get(StorageBackend *base, const StorageSlice *keys, size_t key_count,
                                     StorageValue *ret_values, StorageStatus *ret_statuses, StorageContext *ctx)
{
    (void)keys;
    return find_all(base, PROBE_MULTI_GET, key_count, ret_values, ret_statuses, ctx);
}

static StorageStatus new_cursor(StorageBackend *base, StorageStatus status, StorageCursor **ret_cursor)
{
    if (status != STORAGE_OK)
        return status;
    *ret_cursor = storage_cursor_new(base, sizeof(ProbeCursor));
    return *ret_cursor == NULL ? STORAGE_NO_MEMORY : STORAGE_OK;
}

static StorageStatus probe_scan(StorageBackend *base, const StorageRange *range, const StorageScanOptions *options,
                                StorageCursor **ret_cursor, StorageContext *ctx)
{
    (void)range;
    (void)options;
    return new_cursor(base, answer(base, PROBE_SCAN, ctx), ret_cursor);
}

static StorageStatus probe_cursor_next(StorageCursor *self, const StorageEntry **ret_entry, StorageContext *ctx)
{
    ProbeCursor *cursor = (ProbeCursor *)self;
    StorageStatus status = answer(self->handle.backend, PROBE_CURSOR_NEXT, ctx);
    if (status != STORAGE_OK)
        return status;
    cursor->entry = (StorageEntry){.key = storage_string("key"), .revision = PROBE_REVISION};
    *ret_entry = &cursor->entry;
    return STORAGE_OK;
}

static StorageStatus probe_cursor_seek(StorageCursor *self, StorageSlice key, StorageContext *ctx)
{
    (void)key;
    return answer(self->handle.backend, PROBE_CURSOR_SEEK, ctx);
}

static void probe_cursor_close(StorageCursor *self)
{
    count(probe_of(self->handle.backend), PROBE_CURSOR_CLOSE);
}

/* ---- writing ---- */

static StorageStatus probe_write(StorageBackend *base, const StorageOperation *operations, size_t operation_count,
                                 uint32_t mode, StorageResult *ret_results, StorageContext *ctx)
{
    Probe *probe = probe_of(base);
    StorageStatus status = answer(base, PROBE_WRITE, ctx);
    probe->operation = operations[0];
    probe->operation_count = operation_count;
    probe->mode = mode;
    probe->has_payload_hash = ctx->payload_hash != NULL;
    if (ctx->payload_hash != NULL)
        memcpy(probe->payload_hash, ctx->payload_hash, sizeof(probe->payload_hash));
    for (size_t index = 0; index < operation_count; index++)
        ret_results[index] = (StorageResult){.status = status, .revision = status == STORAGE_OK ? PROBE_REVISION : 0};
    if (status == STORAGE_OK)
        storage_context_set_revision(ctx, PROBE_REVISION);
    return status;
}

static StorageStatus probe_sync(StorageBackend *base, StorageContext *ctx)
{
    return answer(base, PROBE_SYNC, ctx);
}

static StorageStatus probe_sweep(StorageBackend *base, uint64_t *ret_count, StorageContext *ctx)
{
    StorageStatus status = answer(base, PROBE_SWEEP, ctx);
    if (status == STORAGE_OK)
        *ret_count = 3;
    return status;
}

/* ---- transactions ---- */

static StorageStatus probe_begin(StorageBackend *base, const StorageTransactionOptions *options,
                                 StorageTransaction **ret_txn, StorageContext *ctx)
{
    StorageStatus status = answer(base, PROBE_BEGIN, ctx);
    probe_of(base)->transaction_options = *options;
    if (status != STORAGE_OK)
        return status;
    *ret_txn = storage_transaction_new(base, sizeof(StorageTransaction));
    return *ret_txn == NULL ? STORAGE_NO_MEMORY : STORAGE_OK;
}

static StorageStatus probe_transaction_get(StorageTransaction *self, StorageSlice key, StorageValue *ret_value,
                                           StorageContext *ctx)
{
    (void)key;
    return found(ret_value, answer(self->handle.backend, PROBE_TRANSACTION_GET, ctx));
}

static StorageStatus probe_transaction_multi_get(StorageTransaction *self, const StorageSlice *keys, size_t key_count,
                                                 StorageValue *ret_values, StorageStatus *ret_statuses,
                                                 StorageContext *ctx)
{
    (void)keys;
    return find_all(self->handle.backend, PROBE_TRANSACTION_MULTI_GET, key_count, ret_values, ret_statuses, ctx);
}

static StorageStatus probe_transaction_write(StorageTransaction *self, const StorageOperation *operation,
                                             StorageContext *ctx)
{
    Probe *probe = probe_of(self->handle.backend);
    probe->operation = *operation;
    return answer(self->handle.backend, PROBE_TRANSACTION_WRITE, ctx);
}

static StorageStatus probe_transaction_scan(StorageTransaction *self, const StorageRange *range,
                                            const StorageScanOptions *options, StorageCursor **ret_cursor,
                                            StorageContext *ctx)
{
    StorageBackend *base = self->handle.backend;
    (void)range;
    (void)options;
    return new_cursor(base, answer(base, PROBE_TRANSACTION_SCAN, ctx), ret_cursor);
}

static StorageStatus probe_transaction_savepoint(StorageTransaction *self, uint32_t *ret_savepoint_no,
                                                 StorageContext *ctx)
{
    StorageStatus status = answer(self->handle.backend, PROBE_TRANSACTION_SAVEPOINT, ctx);
    if (status == STORAGE_OK)
        *ret_savepoint_no = 1;
    return status;
}

static StorageStatus probe_transaction_rollback_to(StorageTransaction *self, uint32_t savepoint_no, StorageContext *ctx)
{
    (void)savepoint_no;
    return answer(self->handle.backend, PROBE_TRANSACTION_ROLLBACK_TO, ctx);
}

static StorageStatus probe_transaction_drop_savepoint(StorageTransaction *self, uint32_t savepoint_no,
                                                      StorageContext *ctx)
{
    (void)savepoint_no;
    return answer(self->handle.backend, PROBE_TRANSACTION_DROP_SAVEPOINT, ctx);
}

static StorageStatus probe_transaction_table(StorageTransaction *self, StorageSlice name, StorageTransaction **ret_view,
                                             StorageContext *ctx)
{
    StorageStatus status = answer(self->handle.backend, PROBE_TRANSACTION_TABLE, ctx);
    (void)name;
    if (status != STORAGE_OK)
        return status;
    *ret_view = storage_transaction_new(self->handle.backend, sizeof(StorageTransaction));
    return *ret_view == NULL ? STORAGE_NO_MEMORY : STORAGE_OK;
}

static StorageStatus probe_transaction_commit(StorageTransaction *self, uint64_t *ret_revision, StorageContext *ctx)
{
    Probe *probe = probe_of(self->handle.backend);
    StorageStatus status = answer(self->handle.backend, PROBE_TRANSACTION_COMMIT, ctx);
    if (status == STORAGE_OK)
        status = probe->commit_answer;
    probe->has_payload_hash = ctx->payload_hash != NULL;
    if (ctx->payload_hash != NULL)
        memcpy(probe->payload_hash, ctx->payload_hash, sizeof(probe->payload_hash));
    if (status == STORAGE_OK) {
        *ret_revision = PROBE_REVISION;
        storage_context_set_revision(ctx, PROBE_REVISION);
    }
    return status;
}

static void probe_transaction_close(StorageTransaction *self)
{
    count(probe_of(self->handle.backend), PROBE_TRANSACTION_CLOSE);
}

/* ---- watching ---- */

static StorageStatus probe_watch(StorageBackend *base, const StorageRange *range, uint64_t from_revision,
                                 StorageWatch **ret_watch, StorageContext *ctx)
{
    StorageStatus status = answer(base, PROBE_WATCH, ctx);
    (void)range;
    (void)from_revision;
    if (status != STORAGE_OK)
        return status;
    *ret_watch = storage_watch_new(base, sizeof(ProbeWatch));
    return *ret_watch == NULL ? STORAGE_NO_MEMORY : STORAGE_OK;
}

/* Gated: waits as a real store does, for an event that never comes, so only the context or an interrupt ends it. */
static StorageStatus wait_for_change(Probe *probe, StorageBackend *base, StorageContext *ctx)
{
    StorageStatus status = STORAGE_OK;
    storage_wait_begin(ctx, &probe->mutex, &probe->condition);
    pthread_mutex_lock(&probe->mutex);
    probe->waiting_count += 1;
    pthread_cond_broadcast(&probe->condition);
    while (!probe->is_open && !probe->is_interrupted && status == STORAGE_OK)
        status = storage_wait(ctx, base, 0);
    if (probe->is_interrupted)
        status = storage_fail(ctx, STORAGE_SHUTTING_DOWN, "the probe was interrupted");
    probe->waiting_count -= 1;
    pthread_mutex_unlock(&probe->mutex);
    storage_wait_end(ctx);
    return status;
}

static StorageStatus probe_watch_next(StorageWatch *self, const StorageChange **ret_change, StorageContext *ctx)
{
    ProbeWatch *watch = (ProbeWatch *)self;
    Probe *probe = probe_of(self->handle.backend);
    StorageStatus status = answer(self->handle.backend, PROBE_WATCH_NEXT, ctx);
    if (status == STORAGE_OK && probe->is_gated)
        status = wait_for_change(probe, self->handle.backend, ctx);
    if (status != STORAGE_OK)
        return status;
    watch->change = (StorageChange){.key = storage_string("key"), .kind = STORAGE_CHANGE_DELETED};
    *ret_change = &watch->change;
    return STORAGE_OK;
}

static StorageStatus probe_watch_fd(StorageWatch *self, int *ret_fd, StorageContext *ctx)
{
    StorageStatus status = answer(self->handle.backend, PROBE_WATCH_FD, ctx);
    if (status == STORAGE_OK)
        *ret_fd = 0;
    return status;
}

static void probe_watch_close(StorageWatch *self)
{
    count(probe_of(self->handle.backend), PROBE_WATCH_CLOSE);
}

/* ---- the stack ---- */

static StorageStatus probe_health_check(StorageBackend *base, StorageProbe probe, StorageHealthState *ret_state,
                                        StorageJson *json, StorageContext *ctx)
{
    StorageStatus status = answer(base, PROBE_HEALTH_CHECK, ctx);
    if (status != STORAGE_OK)
        return status;
    storage_json_uint(json, "probe", probe);
    *ret_state = STORAGE_HEALTH_DEGRADED;
    return STORAGE_OK;
}

static StorageStatus probe_describe(StorageBackend *base, StorageDescription description, StorageJson *json,
                                    StorageContext *ctx)
{
    StorageStatus status = answer(base, PROBE_DESCRIBE, ctx);
    storage_json_uint(json, "asked", description);
    return status;
}

static void probe_interrupt(StorageBackend *base)
{
    Probe *probe = probe_of(base);
    count(probe, PROBE_INTERRUPT);
    pthread_mutex_lock(&probe->mutex);
    probe->is_interrupted = 1;
    pthread_cond_broadcast(&probe->condition);
    pthread_mutex_unlock(&probe->mutex);
}

static StorageStatus probe_shutdown(StorageBackend *base, StorageContext *ctx)
{
    Probe *probe = probe_of(base);
    count(probe, PROBE_SHUTDOWN);
    return probe->shutdown_answer < 0 ? storage_fail(ctx, probe->shutdown_answer, "the probe lost what it kept")
                                      : STORAGE_OK;
}

static void probe_destroy(StorageBackend *base)
{
    count(probe_of(base), PROBE_DESTROY);
    storage_release(base);
}

const StorageOps probe_ops = {
    .struct_size = sizeof(StorageOps),
    .name = "probe",
    .destroy = probe_destroy,
    .interrupt = probe_interrupt,
    .shutdown = probe_shutdown,
    .get = probe_get,
    .multi_get = probe_multi_get,
    .write = probe_write,
    .scan = probe_scan,
    .begin = probe_begin,
    .watch = probe_watch,
    .sync = probe_sync,
    .sweep = probe_sweep,
    .health_check = probe_health_check,
    .describe = probe_describe,
    .cursor_next = probe_cursor_next,
    .cursor_seek = probe_cursor_seek,
    .cursor_close = probe_cursor_close,
    .transaction_get = probe_transaction_get,
    .transaction_multi_get = probe_transaction_multi_get,
    .transaction_write = probe_transaction_write,
    .transaction_scan = probe_transaction_scan,
    .transaction_savepoint = probe_transaction_savepoint,
    .transaction_rollback_to = probe_transaction_rollback_to,
    .transaction_drop_savepoint = probe_transaction_drop_savepoint,
    .transaction_table = probe_transaction_table,
    .transaction_commit = probe_transaction_commit,
    .transaction_close = probe_transaction_close,
    .watch_next = probe_watch_next,
    .watch_fd = probe_watch_fd,
    .watch_close = probe_watch_close,
};

/* What a backend cannot leave out. */
static const StorageOps probe_bare_ops = {
    .struct_size = sizeof(StorageOps),
    .name = "bare",
    .destroy = probe_destroy,
    .get = probe_get,
    .write = probe_write,
    .scan = probe_scan,
    .begin = probe_begin,
    .cursor_next = probe_cursor_next,
    .cursor_seek = probe_cursor_seek,
    .cursor_close = probe_cursor_close,
    .transaction_get = probe_transaction_get,
    .transaction_write = probe_transaction_write,
    .transaction_scan = probe_transaction_scan,
    .transaction_commit = probe_transaction_commit,
    .transaction_close = probe_transaction_close,
};

void probe_init(Probe *probe)
{
    memset(probe, 0, sizeof(*probe));
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&probe->mutex, NULL);
    pthread_cond_init(&probe->condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

void probe_done(Probe *probe)
{
    pthread_cond_destroy(&probe->condition);
    pthread_mutex_destroy(&probe->mutex);
}

static StorageStatus open_with(const StorageOps *ops, Probe *probe, uint64_t capabilities,
                               const StorageEnvironment *environment, StorageBackend **ret_backend)
{
    const StorageCapabilities all = {
        .struct_size = sizeof(StorageCapabilities),
        .capabilities = capabilities,
        .key_size_max = PROBE_KEY_SIZE_MAX,
        .value_size_max = PROBE_VALUE_SIZE_MAX,
    };
    ProbeBackend *self = storage_allocate_zero(sizeof(ProbeBackend));
    if (self == NULL)
        return STORAGE_NO_MEMORY;
    self->probe = probe;
    StorageStatus status = storage_backend_init(&self->base, ops, NULL, &all, environment, NULL);
    if (status != STORAGE_OK) {
        storage_release(self);
        return status;
    }
    *ret_backend = &self->base;
    return STORAGE_OK;
}

StorageStatus probe_open(Probe *probe, uint64_t capabilities, const StorageEnvironment *environment,
                         StorageBackend **ret_backend)
{
    return open_with(&probe_ops, probe, capabilities, environment, ret_backend);
}

StorageStatus probe_open_bare(Probe *probe, uint64_t capabilities, StorageBackend **ret_backend)
{
    return open_with(&probe_bare_ops, probe, capabilities, NULL, ret_backend);
}

void probe_await_waiting(Probe *probe, unsigned waiting_count)
{
    pthread_mutex_lock(&probe->mutex);
    while (probe->waiting_count < waiting_count)
        pthread_cond_wait(&probe->condition, &probe->mutex);
    pthread_mutex_unlock(&probe->mutex);
}

void probe_await_interrupt(Probe *probe)
{
    pthread_mutex_lock(&probe->mutex);
    while (!probe->is_interrupted)
        pthread_cond_wait(&probe->condition, &probe->mutex);
    pthread_mutex_unlock(&probe->mutex);
}

void probe_open_gate(Probe *probe)
{
    pthread_mutex_lock(&probe->mutex);
    probe->is_open = 1;
    pthread_cond_broadcast(&probe->condition);
    pthread_mutex_unlock(&probe->mutex);
}

uint32_t probe_call_count(const Probe *probe)
{
    uint32_t sum = 0;
    for (size_t slot = 0; slot < PROBE_INTERRUPT; slot++) {
        if (slot != PROBE_CURSOR_CLOSE && slot != PROBE_TRANSACTION_CLOSE && slot != PROBE_WATCH_CLOSE &&
            slot != PROBE_HEALTH_CHECK && slot != PROBE_DESCRIBE)
            sum += atomic_load(&probe->calls[slot]);
    }
    return sum;
}
