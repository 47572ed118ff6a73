/*
 * core/lifecycle.c - how a stack lives and ends.
 *
 * Each call adds one to the counter of its shard while it runs. A close adds CLOSING to every counter: from then on
 * calls that enter see it and turn back, calls that leave do so under the lock, and the stack is quiet when every
 * counter is CLOSING exactly.
 *
 *   OPEN --storage_close--> CLOSING --quiet--> CLOSED            the closer takes the stack down
 *                             |
 *                             +--deadline--> ABANDONED --quiet--> CLOSED   the last call to leave does
 *
 * Invariants:
 *   1. A layer is destroyed only when the stack is quiet and every handle on the list has ended.
 *   2. While the state is CLOSING or later, counters go down under the lock only, so exactly one thread sees the stack
 *      become quiet, and nobody touches the lifecycle after it but owners of handles.
 *   3. The lifecycle is freed by the close when no handle is left on the list, else by the close of the last one.
 *   4. In a forked child there is one thread and locks may be held for ever by threads that are not there: nothing here
 *      locks then, and nothing is freed if a call was running when the process forked.
 */
#include "core/lifecycle.h"

#include "core/context.h"
#include "core/environment.h"
#include "core/payload.h"
#include "core/process.h"
#include "core/wake.h"

enum { LIFECYCLE_OPEN, LIFECYCLE_CLOSING_STATE, LIFECYCLE_ABANDONED, LIFECYCLE_CLOSED };

StorageLifecycle *lifecycle_new(const StorageEnvironment *environment)
{
    StorageLifecycle *self = storage_allocate_zero(sizeof(*self));
    if (self == NULL)
        return NULL;
    self->environment = *environment;
    self->process_marker = process_marker_new();
    if (self->process_marker == NULL)
        goto fail_block;
    if (pthread_mutex_init(&self->lock, NULL) != 0)
        goto fail_marker;
    if (clock_condition_init(&self->drained) != 0)
        goto fail_lock;
    return self;
fail_lock:
    (void)pthread_mutex_destroy(&self->lock);
fail_marker:
    process_marker_free(self->process_marker);
fail_block:
    storage_release(self);
    return NULL;
}

void lifecycle_free(StorageLifecycle *self)
{
    if (!lifecycle_is_forked(self)) {
        (void)pthread_cond_destroy(&self->drained);
        (void)pthread_mutex_destroy(&self->lock);
    }
    process_marker_free(self->process_marker);
    storage_release(self);
}

/* ---- calls in progress ---- */

static int is_quiet(StorageLifecycle *self)
{
    for (size_t i = 0; i < LIFECYCLE_SHARD_COUNT; i++)
        if (__atomic_load_n(&self->shards[i].calls, __ATOMIC_ACQUIRE) != LIFECYCLE_CLOSING)
            return 0;
    return 1;
}

static StorageStatus take_down(StorageLifecycle *self, StorageContext *ctx);

void lifecycle_leave_closing(StorageLifecycle *self, uint32_t shard)
{
    int is_last;
    (void)pthread_mutex_lock(&self->lock);
    (void)__atomic_fetch_sub(&self->shards[shard].calls, 1, __ATOMIC_RELEASE);
    is_last = self->state == LIFECYCLE_ABANDONED && is_quiet(self);
    if (is_last)
        self->state = LIFECYCLE_CLOSED;
    else
        (void)pthread_cond_broadcast(&self->drained);
    (void)pthread_mutex_unlock(&self->lock);
    if (is_last)
        (void)take_down(self, NULL);
}

/* ---- handles ---- */

void lifecycle_register(StorageLifecycle *self, StorageHandle *handle)
{
    (void)pthread_mutex_lock(&self->lock);
    (void)__atomic_fetch_or(&handle->state, HANDLE_REGISTERED, __ATOMIC_RELAXED);
    handle->previous = NULL;
    handle->next = self->handles;
    if (self->handles != NULL)
        self->handles->previous = handle;
    self->handles = handle;
    self->handle_count++;
    (void)pthread_mutex_unlock(&self->lock);
}

static void unlink_handle(StorageLifecycle *self, StorageHandle *handle)
{
    if (handle->previous != NULL)
        handle->previous->next = handle->next;
    else
        self->handles = handle->next;
    if (handle->next != NULL)
        handle->next->previous = handle->previous;
    self->handle_count--;
}

static void end_children(StorageTransaction *txn)
{
    for (StorageCursor *cursor = txn->cursors; cursor != NULL; cursor = cursor->next_in_txn)
        lifecycle_end_handle(&cursor->handle);
    for (StorageTransaction *view = txn->next_view; view != NULL; view = view->next_view)
        lifecycle_end_handle(&view->handle);
}

void lifecycle_end_handle(StorageHandle *handle)
{
    if ((__atomic_fetch_or(&handle->state, HANDLE_ENDED, __ATOMIC_ACQ_REL) & HANDLE_ENDED) != 0)
        return;
    switch (handle->kind) {
    case HANDLE_CURSOR:
        handle->ops->cursor_close((StorageCursor *)handle);
        break;
    case HANDLE_TRANSACTION:
        if (((StorageTransaction *)handle)->parent == NULL)
            end_children((StorageTransaction *)handle);
        handle->ops->transaction_close((StorageTransaction *)handle);
        break;
    default:
        handle->ops->watch_close((StorageWatch *)handle);
        if (((StorageWatch *)handle)->wake_fd >= 0 && !lifecycle_is_forked(handle->lifecycle))
            wake_raise(((StorageWatch *)handle)->wake_fd); /* a poller is to ask, and hear that it is over */
        break;
    }
}

/* In a forked child: whether the fork came while other threads were inside calls. Then structures may be half changed
 * for ever, and the memory is left alone. */
static int was_in_use(const StorageLifecycle *self)
{
    for (size_t i = 0; i < LIFECYCLE_SHARD_COUNT; i++)
        if ((self->shards[i].calls & ~LIFECYCLE_CLOSING) != 0)
            return 1;
    return 0;
}

/* A cursor that closes leaves the list of its transaction; inside the gate or under the lock, as the closer walks it.
 */
static void leave_transaction(StorageHandle *handle)
{
    StorageCursor *cursor = (StorageCursor *)handle, **link;
    if (handle->kind != HANDLE_CURSOR || cursor->txn == NULL)
        return;
    link = &cursor->txn->cursors;
    while (*link != cursor)
        link = &(*link)->next_in_txn;
    *link = cursor->next_in_txn;
    cursor->txn = NULL;
}

/* Frees the block of a handle that has ended. What a transaction left behind goes with it; its cursors are their
 * owner's to close. */
static void free_block(StorageHandle *handle)
{
    StorageTransaction *txn = (StorageTransaction *)handle;
    if (handle->kind == HANDLE_TRANSACTION && txn->parent == NULL) {
        for (StorageCursor *cursor = txn->cursors; cursor != NULL; cursor = cursor->next_in_txn)
            cursor->txn = NULL;
        while (txn->next_view != NULL) {
            StorageTransaction *view = txn->next_view;
            txn->next_view = view->next_view;
            storage_handle_free(view);
        }
        payload_free(txn->payload);
    }
    if (handle->kind == HANDLE_WATCH && ((StorageWatch *)handle)->wake_fd >= 0)
        wake_close(((StorageWatch *)handle)->wake_fd);
    storage_handle_free(handle);
}

static void close_registered_in_child(StorageLifecycle *self, StorageHandle *handle)
{
    if (was_in_use(self))
        return;
    leave_transaction(handle);
    lifecycle_end_handle(handle);
    unlink_handle(self, handle);
    free_block(handle);
    if (self->state == LIFECYCLE_CLOSED && self->handle_count == 0)
        lifecycle_free(self);
}

void lifecycle_close_handle(StorageHandle *handle)
{
    StorageLifecycle *self;
    uint32_t shard;
    int is_open, is_last;
    if (handle == NULL)
        return;
    self = handle->lifecycle;
    if ((handle_state(handle) & HANDLE_REGISTERED) == 0) {
        leave_transaction(handle);
        lifecycle_end_handle(handle);
        free_block(handle);
        return;
    }
    if (lifecycle_is_forked(self)) {
        close_registered_in_child(self, handle);
        return;
    }
    is_open = lifecycle_enter(self, &shard) == STORAGE_OK;
    if (is_open) {
        leave_transaction(handle);
        lifecycle_end_handle(handle);
    }
    (void)pthread_mutex_lock(&self->lock);
    leave_transaction(handle);
    lifecycle_end_handle(handle); /* the stack is closing and has not come to this handle */
    unlink_handle(self, handle);
    is_last = !is_open && self->state == LIFECYCLE_CLOSED && self->handle_count == 0 && self->top == NULL;
    (void)pthread_mutex_unlock(&self->lock);
    if (is_open)
        lifecycle_leave(self, shard);
    free_block(handle);
    if (is_last)
        lifecycle_free(self);
}

/* ---- the close ---- */

static void end_handles(StorageLifecycle *self)
{
    for (StorageHandle *each = self->handles; each != NULL; each = each->next)
        lifecycle_end_handle(each);
}

static StorageStatus shut_layers_down(StorageBackend *top, StorageContext *ctx)
{
    StorageStatus first = STORAGE_OK;
    for (StorageBackend *layer = top; layer != NULL; layer = layer->inner) {
        StorageStatus status = layer->ops->shutdown == NULL ? STORAGE_OK : layer->ops->shutdown(layer, ctx);
        if (first == STORAGE_OK)
            first = status;
    }
    return first;
}

static void destroy_layers(StorageBackend *top)
{
    while (top != NULL) {
        StorageBackend *inner = top->inner;
        top->ops->destroy(top);
        top = inner;
    }
}

/* The state is CLOSED and the stack is quiet: this thread alone is left, beside owners of handles that close them. */
static StorageStatus take_down(StorageLifecycle *self, StorageContext *ctx)
{
    StorageBackend *top = self->top;
    StorageContext unattended;
    StorageStatus status = STORAGE_OK;
    int is_forked = lifecycle_is_forked(self), is_last;
    if (ctx == NULL) {
        context_init_unattended(&unattended);
        ctx = &unattended;
    }
    ctx->entered = self; /* layers may call the ones below while they shut down */
    if (!is_forked)
        (void)pthread_mutex_lock(&self->lock);
    end_handles(self);
    if (!is_forked)
        (void)pthread_mutex_unlock(&self->lock);
    if (!is_forked)
        status = shut_layers_down(top, ctx);
    destroy_layers(top);
    ctx->entered = NULL;
    if (!is_forked)
        (void)pthread_mutex_lock(&self->lock);
    self->top = NULL;
    is_last = self->handle_count == 0;
    if (!is_forked)
        (void)pthread_mutex_unlock(&self->lock);
    if (is_last)
        lifecycle_free(self);
    return status;
}

/* Waits until the stack is quiet or the context gives up; the lock is held. */
static StorageStatus wait_until_quiet(StorageLifecycle *self, StorageContext *ctx)
{
    StorageStatus status = STORAGE_OK;
    while (!is_quiet(self) && status == STORAGE_OK)
        status = storage_wait(ctx, self->top, 0);
    return is_quiet(self) ? STORAGE_OK : status;
}

StorageStatus lifecycle_close(StorageLifecycle *self, StorageContext *ctx)
{
    StorageStatus status;
    if (lifecycle_is_forked(self)) {
        self->state = LIFECYCLE_CLOSED;
        return was_in_use(self) ? STORAGE_OK : take_down(self, ctx);
    }
    (void)pthread_mutex_lock(&self->lock);
    if (self->state != LIFECYCLE_OPEN) {
        (void)pthread_mutex_unlock(&self->lock);
        return storage_fail(ctx, STORAGE_SHUTTING_DOWN, "another thread is closing the stack");
    }
    self->state = LIFECYCLE_CLOSING_STATE;
    (void)pthread_mutex_unlock(&self->lock);
    for (size_t i = 0; i < LIFECYCLE_SHARD_COUNT; i++)
        (void)__atomic_fetch_add(&self->shards[i].calls, LIFECYCLE_CLOSING, __ATOMIC_ACQ_REL);
    for (StorageBackend *layer = self->top; layer != NULL; layer = layer->inner)
        if (layer->ops->interrupt != NULL)
            layer->ops->interrupt(layer);

    storage_wait_begin(ctx, &self->lock, &self->drained);
    (void)pthread_mutex_lock(&self->lock);
    status = wait_until_quiet(self, ctx);
    self->state = status == STORAGE_OK ? LIFECYCLE_CLOSED : LIFECYCLE_ABANDONED;
    if (status != STORAGE_OK) /* the context still points at the lock: this thread counts as a call until it does not */
        (void)__atomic_fetch_add(&self->shards[0].calls, 1, __ATOMIC_RELAXED);
    (void)pthread_mutex_unlock(&self->lock);
    storage_wait_end(ctx);
    if (status == STORAGE_OK)
        return take_down(self, ctx);
    lifecycle_leave_closing(self, 0);
    return status;
}
