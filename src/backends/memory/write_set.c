/*
 * memory/write_set.c - a log of operations, and a red-black tree of the keys in it.
 *
 * Invariants:
 *   1. Following `earlier` from the last operation of a key gives its operations, newest first; taking the last entry
 * off the log and putting `earlier` in its place undoes it. That is all that rolling back needs.
 *   2. A key without operations is not in the tree.
 */
#include "backends/memory/write_set.h"

#include <string.h>

static int compare(const WriteKey *a, const WriteKey *b)
{
    return storage_slice_compare(write_key_slice(a), write_key_slice(b));
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wconversion"
RB_GENERATE_INTERNAL(WriteKeyTree, WriteKey, entry, compare, static inline)
#pragma GCC diagnostic pop

void write_set_init(WriteSet *self)
{
    *self = (WriteSet){.next_savepoint_no = 1};
    RB_INIT(&self->keys);
}

static void undo_last(WriteSet *self)
{
    WriteOperation *operation = self->log[--self->count];
    WriteKey *key = operation->key;
    if (key == NULL) {
        self->clear_count--;
        history_range_release(operation->range);
        interval_done(&operation->interval);
    } else {
        key->last = operation->earlier;
        version_release(operation->version);
        if (key->last == NULL) {
            RB_REMOVE(WriteKeyTree, &self->keys, key);
            storage_release(key);
        }
    }
    storage_release(operation);
}

void write_set_done(WriteSet *self)
{
    while (self->count > 0)
        undo_last(self);
    storage_release(self->log);
    storage_release(self->clears);
    storage_release(self->savepoints);
    write_set_init(self);
}

/* ---- looking ---- */

static int compare_slice(StorageSlice key, const WriteKey *element)
{
    return storage_slice_compare(key, write_key_slice(element));
}

static WriteKey *find_key(const WriteSet *self, StorageSlice key)
{
    WriteKey *element = RB_ROOT(&self->keys);
    while (element != NULL) {
        int order = compare_slice(key, element);
        if (order == 0)
            return element;
        element = order < 0 ? RB_LEFT(element, entry) : RB_RIGHT(element, entry);
    }
    return NULL;
}

WriteKey *write_set_seek(const WriteSet *self, StorageSlice key)
{
    WriteKey *element = RB_ROOT(&self->keys), *found = NULL;
    while (element != NULL) {
        if (compare_slice(key, element) <= 0) {
            found = element;
            element = RB_LEFT(element, entry);
        } else {
            element = RB_RIGHT(element, entry);
        }
    }
    return found;
}

WriteKey *write_set_next(WriteKey *key)
{
    return RB_NEXT(WriteKeyTree, x, key);
}

/* The latest clear that covers the key, from log index `from` up to before `before`; NULL when there is none. */
static const WriteOperation *covering_clear(const WriteSet *self, StorageSlice key, size_t from, size_t before)
{
    for (size_t i = self->clear_count; i > 0 && self->clears[i - 1]->index >= from; i--)
        if (self->clears[i - 1]->index < before && interval_contains(&self->clears[i - 1]->interval, key))
            return self->clears[i - 1];
    return NULL;
}

int write_set_is_cleared_before(const WriteSet *self, StorageSlice key, size_t before)
{
    return covering_clear(self, key, 0, before) != NULL;
}

int write_set_find(const WriteSet *self, StorageSlice key, int64_t now_ns, Version **ret_version,
                   int64_t *ret_expires_at_ns)
{
    const WriteKey *written = find_key(self, key);
    size_t from = written == NULL ? 0 : written->last->index + 1;
    *ret_version = NULL;
    if (covering_clear(self, key, from, self->count) != NULL)
        return 1;
    if (written == NULL)
        return 0;
    *ret_expires_at_ns = storage_expiry_resolve(written->last->expiry, now_ns, STORAGE_NEVER);
    if (!version_is_tombstone(written->last->version) &&
        (*ret_expires_at_ns == STORAGE_NEVER || *ret_expires_at_ns > now_ns))
        *ret_version = written->last->version;
    return 1;
}

int write_set_is_final(const WriteSet *self, const WriteOperation *operation)
{
    return operation->key->last == operation &&
           covering_clear(self, write_key_slice(operation->key), operation->index + 1, self->count) == NULL;
}

/* ---- adding ---- */

static StorageStatus make_room(WriteOperation ***list, size_t count, size_t *capacity)
{
    size_t grown_capacity = *capacity == 0 ? 16 : 2 * *capacity;
    WriteOperation **grown;
    if (count < *capacity)
        return STORAGE_OK;
    grown = storage_reallocate(*list, grown_capacity * sizeof(WriteOperation *));
    if (grown == NULL)
        return STORAGE_NO_MEMORY;
    *list = grown;
    *capacity = grown_capacity;
    return STORAGE_OK;
}

static Version *new_version(const StorageOperation *operation, Version *current)
{
    switch (operation->kind) {
    case STORAGE_OPERATION_SET:
    case STORAGE_OPERATION_COMPARE_AND_SET:
        return version_new(operation->value, operation->expiry.kind != STORAGE_EXPIRY_NEVER);
    case STORAGE_OPERATION_TOUCH:
        return version_new(version_value(current), operation->expiry.kind != STORAGE_EXPIRY_NEVER);
    default:
        return version_new_tombstone();
    }
}

/* KEEP means the expiry of what the key has in the view: another operation's, or that of the committed version. */
static StorageExpiry settle_keep(const StorageOperation *operation, const WriteKey *key, const Version *current)
{
    if (operation->expiry.kind != STORAGE_EXPIRY_KEEP)
        return operation->expiry;
    if (current == NULL)
        return storage_expiry_never();
    if (key->last != NULL && key->last->version == current)
        return key->last->expiry;
    return current->expires_at_ns == STORAGE_NEVER ? storage_expiry_never() : storage_expiry_at(current->expires_at_ns);
}

/* An operation with room for the expected value. */
static WriteOperation *new_operation(const StorageOperation *operation, int is_conditional)
{
    size_t value_size =
        is_conditional && operation->expected.kind == STORAGE_EXPECT_VALUE ? operation->expected.value.size : 0;
    WriteOperation *noted = storage_allocate_zero(sizeof(*noted) + value_size);
    if (noted == NULL)
        return NULL;
    noted->is_conditional = (uint32_t)is_conditional;
    noted->failure = STORAGE_CONFLICT;
    noted->expected = operation->expected;
    noted->expected.value = (StorageSlice){noted + 1, value_size};
    if (value_size > 0)
        memcpy(noted + 1, operation->expected.value.data, value_size);
    return noted;
}

static void append(WriteSet *self, WriteOperation *noted)
{
    noted->index = self->count;
    self->log[self->count++] = noted;
}

static StorageStatus add_clear(WriteSet *self, const StorageOperation *operation, size_t batch_index)
{
    WriteOperation *noted;
    if (make_room(&self->clears, self->clear_count, &self->clear_capacity) != STORAGE_OK)
        return STORAGE_NO_MEMORY;
    noted = new_operation(operation, 0);
    if (noted == NULL)
        return STORAGE_NO_MEMORY;
    noted->range = history_range_new(&operation->range);
    if (noted->range == NULL || interval_init(&noted->interval, &operation->range) != STORAGE_OK) {
        history_range_release(noted->range);
        storage_release(noted);
        return STORAGE_NO_MEMORY;
    }
    noted->batch_index = batch_index;
    append(self, noted);
    self->clears[self->clear_count++] = noted;
    return STORAGE_OK;
}

static WriteKey *find_or_add_key(WriteSet *self, StorageSlice slice)
{
    WriteKey *key = find_key(self, slice);
    if (key != NULL)
        return key;
    key = storage_allocate(sizeof(*key) + slice.size);
    if (key == NULL)
        return NULL;
    key->last = NULL;
    key->size = slice.size;
    if (slice.size > 0)
        memcpy(key->bytes, slice.data, slice.size);
    RB_INSERT(WriteKeyTree, &self->keys, key);
    return key;
}

StorageStatus write_set_add(WriteSet *self, const StorageOperation *operation, Version *current, int is_committed,
                            size_t batch_index)
{
    int is_compare =
        operation->kind == STORAGE_OPERATION_COMPARE_AND_SET || operation->kind == STORAGE_OPERATION_COMPARE_AND_DELETE;
    WriteOperation *noted;
    if (make_room(&self->log, self->count, &self->capacity) != STORAGE_OK)
        return STORAGE_NO_MEMORY;
    if (operation->kind == STORAGE_OPERATION_CLEAR_RANGE)
        return add_clear(self, operation, batch_index);
    noted = new_operation(operation, is_compare && is_committed);
    if (noted == NULL)
        return STORAGE_NO_MEMORY;
    noted->version = new_version(operation, current);
    noted->key = noted->version == NULL ? NULL : find_or_add_key(self, operation->key);
    if (noted->key == NULL) {
        version_release(noted->version);
        storage_release(noted);
        return STORAGE_NO_MEMORY;
    }
    if (operation->kind == STORAGE_OPERATION_TOUCH && is_committed) {
        /* It carries the value along, so the value must still be the same at the commit. */
        noted->is_conditional = 1;
        noted->failure = STORAGE_SERIALIZATION;
        noted->expected = storage_expect_revision(current->revision);
    }
    noted->batch_index = batch_index;
    noted->expiry = settle_keep(operation, noted->key, current);
    noted->earlier = noted->key->last;
    noted->key->last = noted;
    append(self, noted);
    return STORAGE_OK;
}

/* ---- savepoints ---- */

StorageStatus write_set_savepoint(WriteSet *self, uint32_t *ret_no)
{
    if (self->savepoint_count == self->savepoint_capacity) {
        size_t capacity = self->savepoint_capacity == 0 ? 8 : 2 * self->savepoint_capacity;
        WriteSavepoint *grown = storage_reallocate(self->savepoints, capacity * sizeof(*grown));
        if (grown == NULL)
            return STORAGE_NO_MEMORY;
        self->savepoints = grown;
        self->savepoint_capacity = capacity;
    }
    *ret_no = self->next_savepoint_no++;
    self->savepoints[self->savepoint_count++] = (WriteSavepoint){*ret_no, self->count};
    return STORAGE_OK;
}

static WriteSavepoint *find_savepoint(WriteSet *self, uint32_t no)
{
    for (size_t i = 0; i < self->savepoint_count; i++)
        if (self->savepoints[i].no == no)
            return &self->savepoints[i];
    return NULL;
}

StorageStatus write_set_rollback_to(WriteSet *self, uint32_t no)
{
    WriteSavepoint *savepoint = find_savepoint(self, no);
    if (savepoint == NULL)
        return STORAGE_NOT_FOUND;
    while (self->count > savepoint->log_count)
        undo_last(self);
    self->savepoint_count = (size_t)(savepoint - self->savepoints) + 1;
    return STORAGE_OK;
}

StorageStatus write_set_drop_savepoint(WriteSet *self, uint32_t no)
{
    WriteSavepoint *savepoint = find_savepoint(self, no);
    if (savepoint == NULL)
        return STORAGE_NOT_FOUND;
    self->savepoint_count = (size_t)(savepoint - self->savepoints);
    return STORAGE_OK;
}
