/* model_table.h - the rows, ranges and single operations of the model; private to testutil. */
#ifndef STORAGE_TESTUTIL_MODEL_TABLE_H
#define STORAGE_TESTUTIL_MODEL_TABLE_H

#include "storage_testutil/model.h"

/* Rows in key order, each with bytes of its own. */
typedef struct ModelTable {
    TestutilModelRow *rows;
    size_t count, capacity;
} ModelTable;

ModelTable testutil_model_table_copy(const ModelTable *self);
void testutil_model_table_done(ModelTable *self);
/* The row of `key` when it is there and not expired at `now_ns`, else NULL. */
TestutilModelRow *testutil_model_table_find(const ModelTable *self, StorageSlice key, int64_t now_ns);
/* The row of `key`, expired or not, or NULL. */
TestutilModelRow *testutil_model_table_find_stored(const ModelTable *self, StorageSlice key);
/* Rows of `range` that are alive at `now_ns`. */
ModelTable testutil_model_table_select(const ModelTable *self, const StorageRange *range, int64_t now_ns);
/* Takes out the row at `index`. */
void testutil_model_table_remove(ModelTable *self, size_t index);

/* Whether the precondition of an operation, if it has one, holds for its key's row (NULL: absent). */
int testutil_model_operation_holds(const StorageOperation *operation, const TestutilModelRow *row);

/*
 * Does one operation whose precondition holds. OK; NOT_FOUND for a touch. `*ret_has_effect` is 1 when anything changed.
 */
StorageStatus testutil_model_table_apply(ModelTable *self, const StorageOperation *operation, int64_t now_ns,
                                         uint64_t revision, int *ret_has_effect);

/* An operation with bytes of its own, and what gives them back. */
StorageOperation testutil_model_operation_copy(const StorageOperation *operation);
void testutil_model_operation_done(StorageOperation *operation);
StorageRange testutil_model_range_copy(const StorageRange *range);
void testutil_model_range_done(StorageRange *range);
StorageSlice testutil_model_slice_copy(StorageSlice slice);
void testutil_model_slice_done(StorageSlice *slice);

/* Memory, or the end of the process: a model without memory has no answers. */
void *testutil_model_allocate(size_t size);
/* Makes room for one more element. */
void *testutil_model_grow(void *array, size_t count, size_t *capacity, size_t element_size);

#endif
