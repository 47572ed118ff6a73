/*
 * cli/bench/workload.h - which operation comes next, and on which record.
 *
 * Workloads a to f are those of YCSB (Cooper et al., "Benchmarking cloud serving systems with YCSB", SoCC 2010).
 */
#ifndef CLI_BENCH_WORKLOAD_H
#define CLI_BENCH_WORKLOAD_H

#include "bench/records.h"
#include "bench/zipf.h"

typedef enum BenchKind {
    BENCH_READ,
    BENCH_UPDATE,
    BENCH_INSERT,
    BENCH_SCAN,
    BENCH_READ_MODIFY_WRITE,
    BENCH_LOAD, /* a commit of new records, before the workloads */
    BENCH_KIND_COUNT
} BenchKind;

typedef enum BenchDistribution {
    BENCH_UNIFORM, /* every record alike */
    BENCH_ZIPFIAN, /* few records often, anywhere among those that were there when the workload began */
    BENCH_LATEST   /* the newest records often */
} BenchDistribution;

/* The names of the distributions, with spaces between. */
#define BENCH_DISTRIBUTIONS "uniform zipfian latest"
#define BENCH_SCAN_ROWS_MAX 100

typedef struct BenchWorkload {
    const char *name;
    BenchDistribution distribution;
    uint32_t percent[BENCH_KIND_COUNT]; /* together 100 */
} BenchWorkload;

/* The workload of that name, NULL when there is none. */
const BenchWorkload *bench_workload_find(StorageSlice name);

/* The one that loads; it has no name that can be found. */
extern const BenchWorkload bench_workload_load;

const char *bench_kind_name(BenchKind kind);
const char *bench_distribution_name(BenchDistribution distribution);

/* What one thread draws from. */
typedef struct BenchChooser {
    const BenchWorkload *workload;
    BenchDistribution distribution;
    uint64_t seed;        /* of the run: the same records are popular in every thread */
    uint64_t begin_count; /* records when the workload began; at least 1 */
    BenchRandom random;
    BenchZipf zipf;
} BenchChooser;

void bench_chooser_init(BenchChooser *self, const BenchWorkload *workload, BenchDistribution distribution,
                        uint64_t record_count, uint64_t seed, uint32_t thread_index);

BenchKind bench_chooser_kind(BenchChooser *self);

/* A record below `present`, which is at least the count that the chooser began with. */
uint64_t bench_chooser_record(BenchChooser *self, uint64_t present);

/* How many rows the next scan reads: 1 to BENCH_SCAN_ROWS_MAX, each alike. */
uint64_t bench_chooser_row_count(BenchChooser *self);

#endif
