/*
 * db/watch.c - watches over the tree of changes.
 *
 * A watch has no memory of its own but a position: it reads the changes of the published state from there on, and waits
 * for the next publication at their end. While it waits it also wakes when the next row expires, sweeps it, and so sees
 * the EXPIRED change.
 */
#include "backends/ledger/btree/cursor.h"
#include "backends/ledger/db/commit.h"
#include "backends/ledger/txn/key_codec.h"
#include "core/context.h"
#include "core/range.h"
#include "core/wake.h"

#include <string.h>

enum { WATCH_LOOK_MAX = 256 }; /* changes that are looked at in one snapshot */

typedef enum Found { FOUND_CHANGE, FOUND_MORE, FOUND_END } Found;

typedef struct LedgerWatch {
    StorageWatch base;
    LedgerListener listener; /* on the list when it has a descriptor */
    StorageRange range;
    unsigned char *range_bytes;
    uint64_t revision; /* of the change to look at next, */
    uint32_t position; /* and its number in it */
    uint32_t is_compacted;
    LedgerBlock *block; /* the row that `change` points into */
    StorageValue value; /* of a change whose row does not have it */
    StorageChange change;
} LedgerWatch;

static LedgerStore *store_of(LedgerWatch *self)
{
    return (LedgerStore *)self->base.handle.backend;
}

static StorageStatus fail_compacted(StorageContext *ctx)
{
    return storage_fail(ctx, STORAGE_COMPACTED,
                        "the changes are no longer retained; scan, and watch from the revision after the scan");
}

static StorageStatus copy_range(LedgerWatch *self, const StorageRange *range)
{
    size_t start_size = range->start.key.size, end_size = range->end.key.size;
    self->range = *range;
    self->range_bytes = storage_allocate(start_size + end_size);
    if (self->range_bytes == NULL)
        return STORAGE_NO_MEMORY;
    if (start_size > 0)
        memcpy(self->range_bytes, range->start.key.data, start_size);
    if (end_size > 0)
        memcpy(self->range_bytes + start_size, range->end.key.data, end_size);
    self->range.start.key = storage_bytes(self->range_bytes, start_size);
    self->range.end.key = storage_bytes(self->range_bytes + start_size, end_size);
    return STORAGE_OK;
}

StorageStatus ledger_watch(StorageBackend *backend, const StorageRange *range, uint64_t from_revision,
                           StorageWatch **ret_watch, StorageContext *ctx)
{
    LedgerStore *store = (LedgerStore *)backend;
    LedgerWatch *self = (LedgerWatch *)storage_watch_new(backend, sizeof(*self));
    LedgerSnapshot snapshot;
    uint64_t floor;
    if (self == NULL || copy_range(self, range) != STORAGE_OK) {
        if (self != NULL)
            storage_handle_free(self);
        return storage_fail(ctx, STORAGE_NO_MEMORY, "watch: no memory");
    }
    ledger_snapshot_open(&store->states, &snapshot, backend, 0);
    floor = snapshot.state->changes_floor;
    self->revision = from_revision != 0 ? from_revision : snapshot.state->revision + 1;
    ledger_snapshot_close(&store->states, &snapshot, backend);
    if (self->revision < floor) {
        storage_release(self->range_bytes);
        storage_handle_free(self);
        return fail_compacted(ctx);
    }
    *ret_watch = &self->base;
    return STORAGE_OK;
}

/* ---- reading ---- */

static int touches(const LedgerWatch *self, const StorageChange *change)
{
    if (change->kind == STORAGE_CHANGE_CLEARED)
        return range_meets(&change->range, &self->range);
    return storage_range_contains(&self->range, change->key);
}

/* The value of a change that does not have it: from the table, if the row is still the one of the change. */
static StorageStatus fetch_value(LedgerWatch *self, const LedgerSnapshot *snapshot, StorageContext *ctx)
{
    LedgerStore *store = store_of(self);
    LedgerTree tree = ledger_state_tree(store->pager, snapshot->state, LEDGER_TREE_DEFAULT);
    LedgerEpoch epoch = pager_enter(store->pager);
    LedgerRow row;
    StorageStatus status = ledger_row_find(&tree, self->change.key, INT64_MIN, &row, ctx);
    if (status == STORAGE_OK && (!row.is_present || row.record.revision != self->change.revision)) {
        self->is_compacted = 1;
        status = fail_compacted(ctx);
    }
    if (status == STORAGE_OK)
        status = ledger_row_value(&tree, &row, &self->value, ctx);
    pager_leave(store->pager, epoch);
    if (status == STORAGE_OK)
        self->change.value = storage_value_slice(&self->value);
    return status;
}

/* Looks at one row; `*ret_found` when it is for the watch. */
static StorageStatus look_at(LedgerWatch *self, const LedgerSnapshot *snapshot, const LedgerTree *tree,
                             const LedgerEntry *entry, int *ret_found, StorageContext *ctx)
{
    LedgerRow row = {.is_present = 1, .record = entry->record};
    LedgerBlock *block;
    int has_value;
    StorageStatus status = ledger_row_copy(tree, &row, &block, ctx);
    *ret_found = 0;
    if (status != STORAGE_OK)
        return status;
    if (entry->key.size != LEDGER_CHANGE_KEY_SIZE ||
        !ledger_change_decode(storage_bytes(block->bytes, block->size), &self->change, &has_value)) {
        ledger_block_release(block);
        return storage_fail(ctx, STORAGE_CORRUPT, "a row of the tree of changes is malformed; run verify");
    }
    self->revision = self->change.revision = key_load_u64(entry->key.data);
    self->position = key_load_u32((const unsigned char *)entry->key.data + 8);
    if (touches(self, &self->change)) {
        self->block = block;
        if (self->change.kind == STORAGE_CHANGE_SET && !has_value)
            status = fetch_value(self, snapshot, ctx);
        *ret_found = status == STORAGE_OK;
        block = status == STORAGE_OK ? NULL : block;
    }
    if (status == STORAGE_OK)
        self->position++;
    else
        self->block = NULL;
    ledger_block_release(block);
    return status;
}

static StorageStatus read_changes(LedgerWatch *self, const LedgerSnapshot *snapshot, Found *ret_found,
                                  StorageContext *ctx)
{
    LedgerTree tree = ledger_state_tree(store_of(self)->pager, snapshot->state, LEDGER_TREE_CHANGES);
    unsigned char start[LEDGER_CHANGE_KEY_SIZE];
    LedgerInterval interval = {.start = {start, sizeof(start)}};
    LedgerCursor cursor;
    LedgerEntry entry;
    StorageStatus status = STORAGE_END;
    int is_found = 0;
    *ret_found = FOUND_END;
    ledger_change_key(self->revision, self->position, start);
    if (!ledger_root_is_empty(tree.root)) {
        if (cursor_init(&cursor, &tree, &interval) != STORAGE_OK)
            return storage_fail(ctx, STORAGE_NO_MEMORY, "watch_next: no memory");
        status = STORAGE_OK;
        for (int looked_at = 0; looked_at < WATCH_LOOK_MAX && status == STORAGE_OK && !is_found; looked_at++) {
            status = cursor_next(&cursor, &entry, ctx);
            if (status == STORAGE_OK)
                status = look_at(self, snapshot, &tree, &entry, &is_found, ctx);
        }
        cursor_done(&cursor);
    }
    if (status == STORAGE_OK)
        *ret_found = is_found ? FOUND_CHANGE : FOUND_MORE;
    if (status == STORAGE_END && self->revision <= snapshot->state->revision) {
        self->revision = snapshot->state->revision + 1;
        self->position = 0;
    }
    return status == STORAGE_END ? STORAGE_OK : status;
}

static StorageStatus read_next(LedgerWatch *self, Found *ret_found, StorageContext *ctx)
{
    LedgerStore *store = store_of(self);
    LedgerSnapshot snapshot;
    StorageStatus status;
    ledger_snapshot_open(&store->states, &snapshot, &store->base, 0);
    if (self->is_compacted || self->revision < snapshot.state->changes_floor)
        status = fail_compacted(ctx);
    else
        status = ledger_snapshot_judge(&snapshot, read_changes(self, &snapshot, ret_found, ctx), ctx);
    ledger_snapshot_close(&store->states, &snapshot, &store->base);
    return status;
}

/* ---- waiting ---- */

static int64_t now_of(LedgerStore *store)
{
    LedgerEpoch epoch = pager_enter(store->pager);
    int64_t now_ns = ledger_state_now(ledger_states_published(&store->states), &store->base);
    pager_leave(store->pager, epoch);
    return now_ns;
}

static int is_read_only(const LedgerStore *store)
{
    return (store->options.flags & STORAGE_LEDGER_READ_ONLY) != 0;
}

/* When, on the monotonic clock, the next row is to be swept; 0 when none is. */
static uint64_t next_expiry(LedgerStore *store, int64_t now_ns)
{
    int64_t next_ns = atomic_load(&store->next_expiry_ns);
    if (next_ns == STORAGE_NEVER || is_read_only(store))
        return 0;
    return storage_monotonic_ns(&store->base) + (next_ns > now_ns ? (uint64_t)next_ns - (uint64_t)now_ns : 1);
}

static StorageStatus sweep_if_due(LedgerStore *store, int64_t now_ns, StorageContext *ctx)
{
    StorageContext unattended;
    StorageStatus status;
    if (atomic_load(&store->next_expiry_ns) > now_ns || is_read_only(store))
        return STORAGE_OK;
    context_init_unattended(&unattended); /* a deadline that has passed polls, and is to see what has expired */
    status = ledger_sweep(&store->base, NULL, &unattended);
    return status == STORAGE_OK ? STORAGE_OK
                                : storage_fail(ctx, status, "watch_next: what has expired cannot be swept");
}

static StorageStatus wait_for_more(LedgerWatch *self, StorageContext *ctx)
{
    LedgerStore *store = store_of(self);
    uint64_t wake_at_ns = next_expiry(store, now_of(store));
    StorageStatus status = STORAGE_OK;
    storage_wait_begin(ctx, &store->watch_lock, &store->was_published);
    (void)pthread_mutex_lock(&store->watch_lock);
    if (store->published_revision < self->revision) {
        if (store->is_interrupted) {
            status = storage_fail(ctx, STORAGE_SHUTTING_DOWN, "watch_next: the stack is being closed");
        } else {
            if (self->base.wake_fd >= 0)
                wake_lower(self->base.wake_fd);
            store->waiting++;
            status = storage_wait(ctx, &store->base, wake_at_ns);
            store->waiting--;
        }
    }
    (void)pthread_mutex_unlock(&store->watch_lock);
    storage_wait_end(ctx);
    return status;
}

static void drop_current(LedgerWatch *self)
{
    storage_value_release(&self->value);
    ledger_block_release(self->block);
    self->block = NULL;
}

StorageStatus ledger_watch_next(StorageWatch *watch, const StorageChange **ret_change, StorageContext *ctx)
{
    LedgerWatch *self = (LedgerWatch *)watch;
    LedgerStore *store = store_of(self);
    Found found = FOUND_END;
    StorageStatus status;
    drop_current(self);
    for (;;) {
        status = sweep_if_due(store, now_of(store), ctx);
        if (status == STORAGE_OK)
            status = read_next(self, &found, ctx);
        if (status == STORAGE_OK && found == FOUND_END)
            status = wait_for_more(self, ctx);
        if (status != STORAGE_OK)
            return status;
        if (found == FOUND_CHANGE) {
            *ret_change = &self->change;
            return STORAGE_OK;
        }
    }
}

/* ---- descriptor, close, interrupt ---- */

StorageStatus ledger_watch_fd(StorageWatch *watch, int *ret_fd, StorageContext *ctx)
{
    LedgerWatch *self = (LedgerWatch *)watch;
    LedgerStore *store = store_of(self);
    if (self->base.wake_fd < 0) {
        int descriptor = wake_open();
        if (descriptor < 0)
            return storage_fail(ctx, STORAGE_IO, "watch_fd: eventfd failed with errno %d", -descriptor);
        (void)pthread_mutex_lock(&store->watch_lock);
        self->base.wake_fd = self->listener.wake_fd = descriptor;
        self->listener.next = store->listeners;
        if (store->listeners != NULL)
            store->listeners->previous = &self->listener;
        store->listeners = &self->listener;
        if (self->revision <= store->published_revision)
            wake_raise(descriptor);
        (void)pthread_mutex_unlock(&store->watch_lock);
    }
    *ret_fd = self->base.wake_fd;
    return STORAGE_OK;
}

static void stop_listening(LedgerWatch *self)
{
    LedgerStore *store = store_of(self);
    LedgerListener *listener = &self->listener;
    if (self->base.wake_fd < 0 || storage_backend_is_forked(&store->base))
        return;
    (void)pthread_mutex_lock(&store->watch_lock);
    *(listener->previous != NULL ? &listener->previous->next : &store->listeners) = listener->next;
    if (listener->next != NULL)
        listener->next->previous = listener->previous;
    (void)pthread_mutex_unlock(&store->watch_lock);
}

void ledger_watch_close(StorageWatch *watch)
{
    LedgerWatch *self = (LedgerWatch *)watch;
    drop_current(self);
    stop_listening(self);
    storage_release(self->range_bytes);
}

/* The lock is held. */
static void wake_all(LedgerStore *self)
{
    if (self->waiting > 0)
        (void)pthread_cond_broadcast(&self->was_published);
    for (LedgerListener *listener = self->listeners; listener != NULL; listener = listener->next)
        wake_raise(listener->wake_fd);
}

void ledger_watch_notify(LedgerStore *self, uint64_t revision)
{
    (void)pthread_mutex_lock(&self->watch_lock);
    self->published_revision = revision;
    wake_all(self);
    (void)pthread_mutex_unlock(&self->watch_lock);
}

void ledger_interrupt(StorageBackend *backend)
{
    LedgerStore *self = (LedgerStore *)backend;
    (void)pthread_mutex_lock(&self->watch_lock);
    self->is_interrupted = 1;
    wake_all(self);
    (void)pthread_mutex_unlock(&self->watch_lock);
}
