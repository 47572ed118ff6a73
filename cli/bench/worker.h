/* cli/bench/worker.h - one thread of a phase: draws operations, waits until they are due, does and times them. */
#ifndef CLI_BENCH_WORKER_H
#define CLI_BENCH_WORKER_H

#include "bench/phase.h"

#include <pthread.h>

/* What the threads of a phase share. */
typedef struct BenchControl {
    BenchPhase *phase;
    pthread_mutex_t lock; /* of what follows, up to `stops`, and of the failure in the phase */
    pthread_cond_t opened, ended;
    int is_open;
    uint32_t running_count;
    _Alignas(64) _Atomic int stops; /* every thread ends after its operation */
    uint64_t begin_ns;              /* monotonic; set before the gate opens */
} BenchControl;

typedef struct BenchWorker {
    BenchControl *control;
    uint32_t index;
    pthread_t thread;
    StorageContext *ctx;
    BenchChooser chooser;
    BenchTally tally;
    StorageRange all_records;
    StorageOperation *operations; /* of one commit of the load */
    char (*keys)[BENCH_KEY_SIZE_MAX];
    char range_key[BENCH_KEY_SIZE_MAX];
    uint64_t end_ns;                          /* of its last operation; 0: it did none */
    _Alignas(64) _Atomic uint64_t done_count; /* read by the thread that waits */
} BenchWorker;

/* Memory for one worker. Returns 0 when out of memory; bench_worker_done in any case. */
int bench_worker_init(BenchWorker *self, BenchControl *control, uint32_t index);
void bench_worker_done(BenchWorker *self);

/* The thread: does its share of the phase. */
void bench_worker_run(BenchWorker *self);

/* Waits until `due_ns`. Returns 0 when the phase stops before. */
int bench_worker_wait(BenchWorker *self, uint64_t due_ns);

/* ---- bench/operation.c ---- */

/*
 * Does one operation of that kind; `operation_no` counts those of all threads. Everything that is drawn at random was
 * drawn by bench_operation_prepare before, outside of the measured time.
 */
typedef struct BenchOperation {
    BenchKind kind;
    uint64_t number; /* the record; of a load, the first one */
    uint64_t count;  /* rows of a scan, records of a load */
    StorageSlice key, value;
} BenchOperation;

void bench_operation_prepare(BenchWorker *worker, uint64_t operation_no, BenchOperation *ret_operation);
StorageStatus bench_operation_execute(BenchWorker *worker, const BenchOperation *operation);

#endif
