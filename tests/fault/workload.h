/*
 * workload.h - the reference workload of the fault tests: every public call at least once, compared with the model.
 *
 * A call may fail with NO_MEMORY when, and only when, an allocation was made to fail while it ran. Then it had no
 * effect, which the model shows: it is told only of what succeeded.
 */
#ifndef TESTS_FAULT_WORKLOAD_H
#define TESTS_FAULT_WORKLOAD_H

#include "storage/storage.h"
#include "storage_testutil/allocator.h"
#include "storage_testutil/clock.h"
#include "storage_testutil/model.h"

typedef struct Workload {
    TestutilAllocator *allocator;
    TestutilClock *clock;
    StorageContext *ctx;
    StorageBackend *backend; /* NULL when it could not be opened */
    TestutilModel *model;
    StorageWatch *watch;
    size_t change_count;    /* how far the watch has come in the model's changes */
    uint64_t failure_count; /* of the allocator, before the call that runs */
    const char *call;       /* the call that runs */
    size_t call_count, refused_count;
    int was_compacted;
} Workload;

/* Opens, uses, verifies and closes a store of testutil's registry. The allocator is set, and told what to fail, by the
 * caller; from the verification on nothing fails any more. */
void workload_run(Workload *self, TestutilAllocator *allocator, const char *store);

/* ---- for the parts of the workload ---- */

/* Begins a call. */
void workload_begin_call(Workload *self, const char *call);
/* Ends it: 1 when it answered `expected`, 0 when it was refused for want of memory; anything else fails the test. */
int workload_end_call(Workload *self, StorageStatus expected, StorageStatus actual);
/* 0 when it was refused: then the model is not to be told. */
int workload_was_refused(Workload *self, StorageStatus actual);

/* Writes through the stack and the model and compares. */
void workload_write(Workload *self, const char *call, const StorageOperation *operations, size_t count, uint32_t mode);

/* workload_transactions.c */
void workload_transactions(Workload *self);

#endif
