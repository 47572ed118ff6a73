/* history_record.h - what a recorded transaction did; private to testutil. */
#ifndef STORAGE_TESTUTIL_HISTORY_RECORD_H
#define STORAGE_TESTUTIL_HISTORY_RECORD_H

#include "storage_testutil/history.h"

#include <stdatomic.h>

enum { HISTORY_GET = 1, HISTORY_SCAN = 2, HISTORY_WRITE = 3 };

/* One call in a transaction and its answer. */
typedef struct HistoryStep {
    uint64_t invoked, responded;
    uint32_t kind;
    StorageStatus status;
    StorageOperation operation; /* copies; key of a get, range of a scan */
    TestutilText answer;        /* the value with its revision, or the rows, as text */
} HistoryStep;

typedef struct HistoryRecord {
    struct HistoryRecord *next; /* of the same thread, newest first */
    uint64_t begin_invoked, begin_responded, commit_invoked, commit_responded;
    uint32_t isolation;
    size_t thread_no;
    int was_aborted;
    int is_atomic_write;  /* storage_write: no transaction */
    StorageStatus status; /* of the commit */
    uint64_t revision;
    HistoryStep *steps;
    size_t step_count, step_capacity;
} HistoryRecord;

struct TestutilTransactionHistory {
    atomic_uint_fast64_t tick;
    size_t thread_count;
    HistoryRecord **threads;
};

/* Answers as text, the same for the store and for the model. `value` and `revision` count only for OK. */
void testutil_history_add_value(TestutilText *text, StorageStatus status, StorageSlice value, uint64_t revision);
void testutil_history_add_row(TestutilText *text, StorageSlice key, StorageSlice value, uint64_t revision);

#endif
