/* fault_log.h - the writes that a transaction has collected, for tearing its commit; private to testutil. */
#ifndef STORAGE_TESTUTIL_FAULT_LOG_H
#define STORAGE_TESTUTIL_FAULT_LOG_H

#include "storage/backend.h"

typedef struct FaultLogMark {
    uint32_t savepoint_no;
    size_t count;
} FaultLogMark;

typedef struct FaultLog {
    StorageOperation *operations; /* their slices point into blocks */
    void **blocks;
    size_t count, capacity;
    FaultLogMark *marks;
    size_t mark_count, mark_capacity;
} FaultLog;

/* Room for one more operation or savepoint, so that recording what the layer below accepted cannot fail. 0 when out of
 * memory. */
int testutil_fault_log_reserve(FaultLog *self);
/* A copy of `operation` with its preconditions dropped; NULL when out of memory. */
void *testutil_fault_log_copy(const StorageOperation *operation, StorageOperation *ret_copy);
void testutil_fault_log_append(FaultLog *self, const StorageOperation *copy, void *block);
void testutil_fault_log_mark(FaultLog *self, uint32_t savepoint_no);
void testutil_fault_log_rollback_to(FaultLog *self, uint32_t savepoint_no);
void testutil_fault_log_drop(FaultLog *self, uint32_t savepoint_no);
void testutil_fault_log_done(FaultLog *self);

/* Applies the operations, each by itself and without preconditions, as a store that tears its commits would. */
void testutil_fault_log_apply(StorageBackend *inner, const StorageOperation *operations, size_t count,
                              StorageContext *ctx);

#endif
