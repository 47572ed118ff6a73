/*
 * memory/watch.c - watches over the history.
 *
 * A watch copies a few changes at a time, pinned, and gives them back when it goes on. While it waits it also wakes
 * when the next key expires, sweeps it, and so sees the EXPIRED change.
 */
#include "backends/memory/store.h"

#include "core/wake.h"

enum { WATCH_BATCH = 32 };

typedef struct MemoryWatch {
    StorageWatch base;
    HistoryListener listener; /* on the list when it has a descriptor */
    HistoryRange *range;
    uint64_t position, from_revision;
    HistoryChange changes[WATCH_BATCH];
    size_t change_count, change_index;
    StorageChange change;
} MemoryWatch;

static MemoryStore *store_of(MemoryWatch *self)
{
    return (MemoryStore *)self->base.handle.backend;
}

static StorageStatus fail_compacted(StorageContext *ctx)
{
    return storage_fail(ctx, STORAGE_COMPACTED,
                        "the changes are no longer retained; scan, and watch from the revision after the scan");
}

StorageStatus memory_watch(StorageBackend *backend, const StorageRange *range, uint64_t from_revision,
                           StorageWatch **ret_watch, StorageContext *ctx)
{
    MemoryStore *store = (MemoryStore *)backend;
    MemoryWatch *self = (MemoryWatch *)storage_watch_new(backend, sizeof(*self));
    StorageStatus status;
    if (self == NULL)
        return storage_fail(ctx, STORAGE_NO_MEMORY, "watch: no memory");
    self->from_revision = from_revision;
    self->range = history_range_new(range);
    if (self->range == NULL) {
        storage_handle_free(self);
        return storage_fail(ctx, STORAGE_NO_MEMORY, "watch: no memory");
    }
    (void)pthread_mutex_lock(&store->history.lock);
    status = history_find(&store->history, from_revision, &self->position);
    (void)pthread_mutex_unlock(&store->history.lock);
    if (status != STORAGE_OK) {
        history_range_release(self->range);
        storage_handle_free(self);
        return fail_compacted(ctx);
    }
    *ret_watch = &self->base;
    return STORAGE_OK;
}

/* ---- next ---- */

static void drop_current(MemoryWatch *self)
{
    if (self->change_index > 0 && self->change_index <= self->change_count)
        history_change_release(&self->changes[self->change_index - 1]);
}

static StorageStatus hand_out(MemoryWatch *self, const StorageChange **ret_change)
{
    const HistoryChange *change = &self->changes[self->change_index++];
    self->change = (StorageChange){.revision = change->revision, .kind = change->kind, .expires_at_ns = STORAGE_NEVER};
    if (change->version != NULL)
        self->change.key = record_key(change->version->record);
    else
        self->change.range = change->range->range;
    if (change->kind == STORAGE_CHANGE_SET) {
        self->change.value = version_value(change->version);
        self->change.expires_at_ns = change->version->expires_at_ns;
    }
    *ret_change = &self->change;
    return STORAGE_OK;
}

/* When, on the monotonic clock, the next key expires; 0 when none does. */
static uint64_t next_expiry(MemoryStore *store)
{
    int64_t next_ns = atomic_load(&store->expiry.next_ns), now_ns;
    if (next_ns == STORAGE_NEVER)
        return 0;
    now_ns = store_now(store);
    return storage_monotonic_ns(&store->base) + (next_ns > now_ns ? (uint64_t)next_ns - (uint64_t)now_ns : 0);
}

/* Fills the batch, or waits. OK with an empty batch: look again. The lock of the history is held. */
static StorageStatus fill_or_wait(MemoryWatch *self, StorageContext *ctx)
{
    MemoryStore *store = store_of(self);
    History *history = &store->history;
    StorageStatus status;
    self->change_index = 0;
    status = history_read(history, &self->position, self->from_revision, &self->range->range, self->changes,
                          WATCH_BATCH, &self->change_count);
    if (status == STORAGE_COMPACTED)
        return fail_compacted(ctx);
    if (self->change_count > 0 || self->position < history->next)
        return STORAGE_OK;
    if (history->is_interrupted)
        return storage_fail(ctx, STORAGE_SHUTTING_DOWN, "watch_next: the stack is being closed");
    if (self->base.wake_fd >= 0)
        wake_lower(self->base.wake_fd);
    history->waiting++;
    status = storage_wait(ctx, &store->base, next_expiry(store));
    history->waiting--;
    return status;
}

static StorageStatus wait_for_changes(MemoryWatch *self, StorageContext *ctx)
{
    MemoryStore *store = store_of(self);
    StorageStatus status = STORAGE_OK;
    storage_wait_begin(ctx, &store->history.lock, &store->history.appended);
    while (status == STORAGE_OK && self->change_count == 0) {
        if (atomic_load(&store->expiry.next_ns) <= store_now(store))
            status = store_sweep(store, SIZE_MAX, NULL, ctx);
        if (status != STORAGE_OK)
            break;
        (void)pthread_mutex_lock(&store->history.lock);
        status = fill_or_wait(self, ctx);
        (void)pthread_mutex_unlock(&store->history.lock);
    }
    storage_wait_end(ctx);
    return status;
}

StorageStatus memory_watch_next(StorageWatch *watch, const StorageChange **ret_change, StorageContext *ctx)
{
    MemoryWatch *self = (MemoryWatch *)watch;
    StorageStatus status;
    drop_current(self);
    if (self->change_index < self->change_count)
        return hand_out(self, ret_change);
    self->change_count = self->change_index = 0;
    status = wait_for_changes(self, ctx);
    return status == STORAGE_OK ? hand_out(self, ret_change) : status;
}

/* ---- descriptor, close, interrupt ---- */

StorageStatus memory_watch_fd(StorageWatch *watch, int *ret_fd, StorageContext *ctx)
{
    MemoryWatch *self = (MemoryWatch *)watch;
    History *history = &store_of(self)->history;
    if (self->base.wake_fd < 0) {
        int descriptor = wake_open();
        if (descriptor < 0)
            return storage_fail(ctx, STORAGE_IO, "watch_fd: eventfd failed with errno %d", -descriptor);
        (void)pthread_mutex_lock(&history->lock);
        self->base.wake_fd = self->listener.wake_fd = descriptor;
        self->listener.previous = NULL;
        self->listener.next = history->listeners;
        if (history->listeners != NULL)
            history->listeners->previous = &self->listener;
        history->listeners = &self->listener;
        if (self->change_index < self->change_count || self->position < history->next)
            wake_raise(descriptor);
        (void)pthread_mutex_unlock(&history->lock);
    }
    *ret_fd = self->base.wake_fd;
    return STORAGE_OK;
}

static void stop_listening(MemoryWatch *self)
{
    History *history = &store_of(self)->history;
    HistoryListener *listener = &self->listener;
    if (self->base.wake_fd < 0 || storage_backend_is_forked(&store_of(self)->base))
        return;
    (void)pthread_mutex_lock(&history->lock);
    if (listener->previous != NULL)
        listener->previous->next = listener->next;
    else
        history->listeners = listener->next;
    if (listener->next != NULL)
        listener->next->previous = listener->previous;
    (void)pthread_mutex_unlock(&history->lock);
}

void memory_watch_close(StorageWatch *watch)
{
    MemoryWatch *self = (MemoryWatch *)watch;
    drop_current(self);
    for (; self->change_index < self->change_count; self->change_index++)
        history_change_release(&self->changes[self->change_index]);
    stop_listening(self);
    history_range_release(self->range);
}

void memory_interrupt(StorageBackend *backend)
{
    History *history = &((MemoryStore *)backend)->history;
    (void)pthread_mutex_lock(&history->lock);
    history->is_interrupted = 1;
    (void)pthread_cond_broadcast(&history->appended);
    history_notify(history);
    (void)pthread_mutex_unlock(&history->lock);
}
