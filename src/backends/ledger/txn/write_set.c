/*
 * txn/write_set.c - a log of writes, and a red-black tree of the keys in it.
 *
 * Invariants:
 *   1. Following `earlier` from the last write of a key gives its writes, newest first. Taking the last entry off the
 *      log and putting `earlier` in its place undoes it: that is all that rolling back needs.
 *   2. A key without writes is not in the tree.
 */
#include "backends/ledger/txn/write_set.h"

#include <string.h>

static int compare(const LedgerWriteKey *a, const LedgerWriteKey *b)
{
    return storage_slice_compare(ledger_write_key(a), ledger_write_key(b));
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wconversion"
RB_GENERATE_INTERNAL(LedgerWriteKeys, LedgerWriteKey, entry, compare, static inline)
#pragma GCC diagnostic pop

void ledger_write_set_init(LedgerWriteSet *self)
{
    *self = (LedgerWriteSet){.next_savepoint_no = 1};
    RB_INIT(&self->keys);
}

/* A key that no write refers to leaves the tree (2). */
static void drop_unused_key(LedgerWriteSet *self, LedgerWriteKey *key)
{
    if (key->last != NULL)
        return;
    RB_REMOVE(LedgerWriteKeys, &self->keys, key);
    storage_release(key);
}

static void undo_last(LedgerWriteSet *self)
{
    LedgerWrite *write = self->log[--self->count];
    if (write->key == NULL) {
        self->clear_count--;
        interval_done(&write->interval);
    } else {
        write->key->last = write->earlier; /* 1 */
        ledger_block_release(write->block);
        drop_unused_key(self, write->key);
    }
    storage_release(write);
}

void ledger_write_set_done(LedgerWriteSet *self)
{
    while (self->count > 0)
        undo_last(self);
    storage_release(self->log);
    storage_release(self->clears);
    storage_release(self->savepoints);
    ledger_write_set_init(self);
}

/* ---- looking ---- */

static LedgerWriteKey *find_key(const LedgerWriteSet *self, StorageSlice slice)
{
    LedgerWriteKey *key = RB_ROOT(&self->keys);
    while (key != NULL) {
        int order = storage_slice_compare(slice, ledger_write_key(key));
        if (order == 0)
            return key;
        key = order < 0 ? RB_LEFT(key, entry) : RB_RIGHT(key, entry);
    }
    return NULL;
}

LedgerWriteKey *ledger_write_set_seek(const LedgerWriteSet *self, StorageSlice slice)
{
    LedgerWriteKey *key = RB_ROOT(&self->keys), *found = NULL;
    while (key != NULL) {
        if (storage_slice_compare(slice, ledger_write_key(key)) <= 0) {
            found = key;
            key = RB_LEFT(key, entry);
        } else {
            key = RB_RIGHT(key, entry);
        }
    }
    return found;
}

LedgerWriteKey *ledger_write_set_next(LedgerWriteKey *key)
{
    return RB_NEXT(LedgerWriteKeys, x, key);
}

/* Whether a clear of the log indexes [from, before) covers the key. */
static int is_cleared_between(const LedgerWriteSet *self, StorageSlice key, size_t from, size_t before)
{
    for (size_t i = self->clear_count; i > 0 && self->clears[i - 1]->index >= from; i--)
        if (self->clears[i - 1]->index < before && interval_contains(&self->clears[i - 1]->interval, key))
            return 1;
    return 0;
}

int ledger_write_set_is_cleared_before(const LedgerWriteSet *self, StorageSlice key, size_t before)
{
    return is_cleared_between(self, key, 0, before);
}

int ledger_write_set_is_final(const LedgerWriteSet *self, const LedgerWrite *write)
{
    return write->key->last == write &&
           !is_cleared_between(self, ledger_write_key(write->key), write->index + 1, self->count);
}

static void fill_row(LedgerRow *row, LedgerBlock *block, int64_t expires_at_ns)
{
    row->is_present = 1;
    row->block = block;
    row->record.value = storage_bytes(block->bytes, block->size);
    row->record.value_size = block->size;
    row->record.expires_at_ns = expires_at_ns;
}

int ledger_write_set_find(const LedgerWriteSet *self, StorageSlice key, int64_t now_ns, LedgerRow *ret_row)
{
    const LedgerWriteKey *written = find_key(self, key);
    const LedgerWrite *last = written == NULL ? NULL : written->last;
    LedgerRow row = {0};
    if (is_cleared_between(self, key, last == NULL ? 0 : last->index + 1, self->count)) {
        *ret_row = row;
        return 1;
    }
    if (last == NULL)
        return 0;
    if (last->block != NULL) {
        int64_t expires_at_ns = storage_expiry_resolve(last->expiry, now_ns, STORAGE_NEVER);
        if (expires_at_ns == STORAGE_NEVER || expires_at_ns > now_ns)
            fill_row(&row, last->block, expires_at_ns);
    }
    *ret_row = row;
    return 1;
}

/* ---- adding ---- */

static StorageStatus make_room(LedgerWrite ***list, size_t count, size_t *capacity)
{
    size_t grown_capacity = *capacity == 0 ? 16 : 2 * *capacity;
    LedgerWrite **grown;
    if (count < *capacity)
        return STORAGE_OK;
    grown = storage_reallocate(*list, grown_capacity * sizeof(LedgerWrite *));
    if (grown == NULL)
        return STORAGE_NO_MEMORY;
    *list = grown;
    *capacity = grown_capacity;
    return STORAGE_OK;
}

static int is_delete(const StorageOperation *operation)
{
    return operation->kind == STORAGE_OPERATION_DELETE || operation->kind == STORAGE_OPERATION_COMPARE_AND_DELETE;
}

/* The value that the key gets; not for a delete. NULL: no memory. */
static LedgerBlock *new_value(const StorageOperation *operation, const LedgerRow *current)
{
    return operation->kind == STORAGE_OPERATION_TOUCH ? ledger_block_share(current->block)
                                                      : ledger_block_new(operation->value);
}

/* KEEP means the expiry of what the key has in the view: another write's, or that of the committed row. */
static StorageExpiry settle_keep(const StorageOperation *operation, const LedgerWriteKey *key, const LedgerRow *current)
{
    if (operation->expiry.kind != STORAGE_EXPIRY_KEEP)
        return operation->expiry;
    if (!current->is_present)
        return storage_expiry_never();
    if (current->frame == NULL && key->last != NULL)
        return key->last->expiry;
    return current->record.expires_at_ns == STORAGE_NEVER ? storage_expiry_never()
                                                          : storage_expiry_at(current->record.expires_at_ns);
}

static void append(LedgerWriteSet *self, LedgerWrite *write)
{
    write->index = self->count;
    self->log[self->count++] = write;
}

/* Copies the bytes of a bound to `*place` and moves on. */
static StorageBound copy_bound(const StorageBound *bound, unsigned char **place)
{
    StorageBound copy = {{*place, bound->key.size}, bound->kind};
    if (bound->key.size > 0)
        memcpy(*place, bound->key.data, bound->key.size);
    *place += bound->key.size;
    return copy;
}

static StorageStatus add_clear(LedgerWriteSet *self, const StorageRange *range, size_t batch_index)
{
    LedgerWrite *write;
    unsigned char *place;
    if (make_room(&self->clears, self->clear_count, &self->clear_capacity) != STORAGE_OK)
        return STORAGE_NO_MEMORY;
    write = storage_allocate_zero(sizeof(*write) + range->start.key.size + range->end.key.size);
    if (write == NULL)
        return STORAGE_NO_MEMORY;
    place = write->bytes;
    write->range.start = copy_bound(&range->start, &place);
    write->range.end = copy_bound(&range->end, &place);
    write->batch_index = batch_index;
    if (interval_init(&write->interval, range) != STORAGE_OK) {
        storage_release(write);
        return STORAGE_NO_MEMORY;
    }
    append(self, write);
    self->clears[self->clear_count++] = write;
    return STORAGE_OK;
}

static LedgerWriteKey *find_or_add_key(LedgerWriteSet *self, StorageSlice slice)
{
    LedgerWriteKey *key = find_key(self, slice);
    if (key != NULL)
        return key;
    key = storage_allocate(sizeof(*key) + slice.size);
    if (key == NULL)
        return NULL;
    key->last = NULL;
    key->size = slice.size;
    if (slice.size > 0)
        memcpy(key->bytes, slice.data, slice.size);
    RB_INSERT(LedgerWriteKeys, &self->keys, key);
    return key;
}

/* A write with what it expects of the committed state, in bytes of its own. */
static LedgerWrite *new_write(const StorageOperation *operation, const LedgerRow *current, int is_provisional)
{
    int is_compare =
        operation->kind == STORAGE_OPERATION_COMPARE_AND_SET || operation->kind == STORAGE_OPERATION_COMPARE_AND_DELETE;
    StorageSlice value = is_compare && is_provisional && operation->expected.kind == STORAGE_EXPECT_VALUE
                             ? operation->expected.value
                             : storage_bytes(NULL, 0);
    LedgerWrite *write = storage_allocate_zero(sizeof(*write) + value.size);
    if (write == NULL || !is_provisional)
        return write;
    write->is_conditional = is_compare || operation->kind == STORAGE_OPERATION_TOUCH;
    write->failure = STORAGE_CONFLICT;
    if (operation->kind == STORAGE_OPERATION_TOUCH) {
        /* It carries the value along, so the value must still be the same at the commit. */
        write->failure = STORAGE_SERIALIZATION;
        write->expected = storage_expect_revision(current->record.revision);
    } else if (is_compare) {
        write->expected = operation->expected;
        write->expected.value = storage_bytes(write->bytes, value.size);
        if (value.size > 0)
            memcpy(write->bytes, value.data, value.size);
    }
    return write;
}

StorageStatus ledger_write_set_add(LedgerWriteSet *self, const StorageOperation *operation, const LedgerRow *current,
                                   uint32_t flags, size_t batch_index)
{
    LedgerWrite *write;
    if (make_room(&self->log, self->count, &self->capacity) != STORAGE_OK)
        return STORAGE_NO_MEMORY;
    if (operation->kind == STORAGE_OPERATION_CLEAR_RANGE)
        return add_clear(self, &operation->range, batch_index);
    write = new_write(operation, current, (flags & LEDGER_WRITE_IS_PROVISIONAL) != 0);
    if (write == NULL)
        return STORAGE_NO_MEMORY;
    write->block = is_delete(operation) ? NULL : new_value(operation, current);
    write->key = is_delete(operation) || write->block != NULL ? find_or_add_key(self, operation->key) : NULL;
    if (write->key == NULL) {
        ledger_block_release(write->block);
        storage_release(write);
        return STORAGE_NO_MEMORY;
    }
    write->batch_index = batch_index;
    write->expiry = settle_keep(operation, write->key, current);
    write->earlier = write->key->last;
    write->key->last = write;
    append(self, write);
    return STORAGE_OK;
}

/* ---- savepoints ---- */

StorageStatus ledger_write_set_savepoint(LedgerWriteSet *self, uint32_t *ret_no)
{
    if (self->savepoint_count == self->savepoint_capacity) {
        size_t capacity = self->savepoint_capacity == 0 ? 8 : 2 * self->savepoint_capacity;
        LedgerSavepoint *grown = storage_reallocate(self->savepoints, capacity * sizeof(*grown));
        if (grown == NULL)
            return STORAGE_NO_MEMORY;
        self->savepoints = grown;
        self->savepoint_capacity = capacity;
    }
    *ret_no = self->next_savepoint_no++;
    self->savepoints[self->savepoint_count++] = (LedgerSavepoint){*ret_no, self->count};
    return STORAGE_OK;
}

static LedgerSavepoint *find_savepoint(LedgerWriteSet *self, uint32_t no)
{
    for (size_t i = 0; i < self->savepoint_count; i++)
        if (self->savepoints[i].no == no)
            return &self->savepoints[i];
    return NULL;
}

StorageStatus ledger_write_set_rollback_to(LedgerWriteSet *self, uint32_t no)
{
    LedgerSavepoint *savepoint = find_savepoint(self, no);
    if (savepoint == NULL)
        return STORAGE_NOT_FOUND;
    while (self->count > savepoint->log_count)
        undo_last(self);
    self->savepoint_count = (size_t)(savepoint - self->savepoints) + 1;
    return STORAGE_OK;
}

StorageStatus ledger_write_set_drop_savepoint(LedgerWriteSet *self, uint32_t no)
{
    LedgerSavepoint *savepoint = find_savepoint(self, no);
    if (savepoint == NULL)
        return STORAGE_NOT_FOUND;
    self->savepoint_count = (size_t)(savepoint - self->savepoints);
    return STORAGE_OK;
}
