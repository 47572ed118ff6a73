/*
 * fault_log.c - what a transaction through the failing layer has written so far.
 *
 * It decides nothing: it copies, cuts at savepoints, and applies a prefix when a commit is torn.
 *
 * Invariants:
 *   1. Operations hold no precondition: one that was accepted becomes the plain write that it stands for.
 *   2. Marks are in the order of their savepoints, and their counts never decrease.
 */
#include "fault_log.h"

#include <string.h>

static int reserve(void **array, size_t *capacity, size_t count, size_t element_size)
{
    if (count < *capacity)
        return 1;
    size_t grown = *capacity == 0 ? 8 : *capacity * 2;
    void *moved = storage_reallocate(*array, grown * element_size);
    if (moved == NULL)
        return 0;
    *array = moved;
    *capacity = grown;
    return 1;
}

int testutil_fault_log_reserve(FaultLog *self)
{
    if (self->count == self->capacity) {
        size_t grown = self->capacity == 0 ? 8 : self->capacity * 2;
        void **blocks = storage_reallocate(self->blocks, grown * sizeof(*blocks));
        if (blocks == NULL)
            return 0;
        self->blocks = blocks;
    }
    void *operations = self->operations, *marks = self->marks;
    int has_room = reserve(&operations, &self->capacity, self->count, sizeof(*self->operations));
    self->operations = operations;
    has_room = reserve(&marks, &self->mark_capacity, self->mark_count, sizeof(*self->marks)) && has_room;
    self->marks = marks;
    return has_room;
}

static StorageSlice copy_slice(StorageSlice slice, unsigned char **next)
{
    StorageSlice copy = {*next, slice.size};

    if (slice.size > 0)
        memcpy(*next, slice.data, slice.size);
    *next += slice.size;
    return copy;
}

void *testutil_fault_log_copy(const StorageOperation *operation, StorageOperation *ret_copy)
{
    size_t size =
        operation->key.size + operation->value.size + operation->range.start.key.size + operation->range.end.key.size;
    unsigned char *block = storage_allocate(size);
    unsigned char *next = block;

    if (block == NULL)
        return NULL;
    *ret_copy = *operation;
    ret_copy->key = copy_slice(operation->key, &next);
    ret_copy->value = copy_slice(operation->value, &next);
    ret_copy->range.start.key = copy_slice(operation->range.start.key, &next);
    ret_copy->range.end.key = copy_slice(operation->range.end.key, &next);
    ret_copy->expected = (StorageExpected){.kind = STORAGE_EXPECT_ABSENT};
    if (operation->kind == STORAGE_OPERATION_COMPARE_AND_SET)
        ret_copy->kind = STORAGE_OPERATION_SET;
    else if (operation->kind == STORAGE_OPERATION_COMPARE_AND_DELETE)
        ret_copy->kind = STORAGE_OPERATION_DELETE;
    return block;
}

void testutil_fault_log_append(FaultLog *self, const StorageOperation *copy, void *block)
{
    self->operations[self->count] = *copy;
    self->blocks[self->count++] = block;
}

void testutil_fault_log_mark(FaultLog *self, uint32_t savepoint_no)
{
    self->marks[self->mark_count++] = (FaultLogMark){.savepoint_no = savepoint_no, .count = self->count};
}

/* The index of the mark, or mark_count. */
static size_t find_mark(const FaultLog *self, uint32_t savepoint_no)
{
    size_t i = 0;

    while (i < self->mark_count && self->marks[i].savepoint_no != savepoint_no)
        i++;
    return i;
}

void testutil_fault_log_rollback_to(FaultLog *self, uint32_t savepoint_no)
{
    size_t i = find_mark(self, savepoint_no);

    if (i == self->mark_count)
        return;
    while (self->count > self->marks[i].count)
        storage_release(self->blocks[--self->count]);
    self->mark_count = i + 1;
}

void testutil_fault_log_drop(FaultLog *self, uint32_t savepoint_no)
{
    self->mark_count = find_mark(self, savepoint_no);
}

void testutil_fault_log_done(FaultLog *self)
{
    while (self->count > 0)
        storage_release(self->blocks[--self->count]);
    storage_release(self->blocks);
    storage_release(self->operations);
    storage_release(self->marks);
    *self = (FaultLog){0};
}

void testutil_fault_log_apply(StorageBackend *inner, const StorageOperation *operations, size_t count,
                              StorageContext *ctx)
{
    StorageContext child;

    /* The token is for the whole commit: remembered for a part of it, a replay would give a wrong answer. */
    storage_context_child_begin(&child, ctx);
    child.token = (StorageSlice){0};
    child.payload_hash = NULL;
    for (size_t i = 0; i < count; i++) {
        StorageOperation plain;
        void *block = testutil_fault_log_copy(&operations[i], &plain);
        StorageStatus status =
            block == NULL ? STORAGE_NO_MEMORY : storage_write(inner, &plain, 1, STORAGE_WRITE_ATOMIC, NULL, &child);
        storage_release(block);
        if (status < 0)
            break;
    }
    storage_context_child_end(&child);
}
