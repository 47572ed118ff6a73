/* cli/bench/tally.h - what was measured, by one thread or by all: durations and answers by kind of operation. */
#ifndef CLI_BENCH_TALLY_H
#define CLI_BENCH_TALLY_H

#include "bench/histogram.h"
#include "bench/workload.h"

/* Every status in the order of storage/status.h; the first is OK. */
enum {
#define BENCH_STATUS_INDEX(name, number, transient, text) BENCH_STATUS_INDEX_##name,
    STORAGE_STATUS_LIST(BENCH_STATUS_INDEX)
#undef BENCH_STATUS_INDEX
        BENCH_STATUS_COUNT
};
extern const StorageStatus bench_statuses[BENCH_STATUS_COUNT];

typedef struct BenchTally {
    BenchHistogram *latency[BENCH_KIND_COUNT]; /* of what was done; NULL: the workload has no such operation */
    uint64_t answers[BENCH_KIND_COUNT][BENCH_STATUS_COUNT]; /* how often each but OK was the answer */
    uint64_t row_count;                                     /* that scans have read */
    uint64_t record_count;                                  /* that were loaded */
} BenchTally;

/* Room for the operations of the workload. Returns 0 when out of memory; bench_tally_done in any case. */
int bench_tally_init(BenchTally *self, const BenchWorkload *workload);
void bench_tally_done(BenchTally *self);

/* Notes the end of an operation; the duration of a failed one is not counted. */
void bench_tally_note(BenchTally *self, BenchKind kind, StorageStatus status, uint64_t duration_ns);

/* Adds what another thread has counted in the same workload. */
void bench_tally_merge(BenchTally *self, const BenchTally *other);

/* How many operations of that kind failed. */
uint64_t bench_tally_failed_count(const BenchTally *self, BenchKind kind);

#endif
