/*
 * cli/bench/phase.h - one phase of a benchmark: threads that do the operations of one workload and measure them.
 *
 * Public headers of the library only, and nothing of the program around it: a test can run a phase on any stack.
 */
#ifndef CLI_BENCH_PHASE_H
#define CLI_BENCH_PHASE_H

#include "bench/tally.h"

#include <storage/storage.h>
#include <storage/units.h>

#define BENCH_VALUE_OFFSET_COUNT 4096 /* values begin at as many places of `value_source` */
#define BENCH_BATCH_SIZE_MAX 10000

/* What all phases of a run share. */
typedef struct BenchRun {
    StorageBackend *backend;
    StorageSlice prefix;      /* of every key */
    const char *value_source; /* value_size + BENCH_VALUE_OFFSET_COUNT bytes that no compressor makes smaller */
    uint64_t value_size;
    uint64_t batch_size; /* records in a commit of the load */
    uint64_t seed;
    uint32_t thread_count;
    /* When operations are due, over all threads, but not in the load; 0 / 0: as soon as the one before has ended. One
     * that begins late is measured from when it was due, so that a stall shows in every operation that it held up. */
    StorageRate rate;
    BenchRecords *records;
} BenchRun;

typedef struct BenchPhase {
    const BenchRun *run;
    const BenchWorkload *workload;
    BenchDistribution distribution;
    uint64_t load_count;      /* records to load: the first ones; only for bench_workload_load */
    uint64_t operation_count; /* of all threads; 0: until the time is over */
    uint64_t duration_ns;     /* 0: until the operations are done */
    /* Called by the calling thread, about ten times a second; non-zero stops the phase. NULL: nothing is called. */
    int (*tick)(void *user_data, uint64_t elapsed_ns, uint64_t done_count);
    void *user_data;

    /* Filled by bench_phase_run. */
    BenchTally tally;
    uint64_t elapsed_ns;   /* from the first operation to the end of the last */
    int was_stopped;       /* by `tick` */
    StorageStatus failure; /* that ended the phase; OK: none */
    char failure_text[512];
} BenchPhase;

/*
 * Runs the phase: its inputs are set, the rest is zero. What is counted stands in the tally whatever the outcome.
 * Returns OK, also when `tick` stopped it; NO_MEMORY, also for threads; the status that no run can go on after, with
 * its text in `failure_text`. bench_phase_done in any case.
 */
StorageStatus bench_phase_run(BenchPhase *self);
void bench_phase_done(BenchPhase *self);

/* 1 for a failure that a run counts and goes on after: it comes and goes under load. */
int bench_status_is_counted(StorageStatus status);

/* Monotonic time. */
uint64_t bench_now_ns(void);

#endif
