/* cli/bench/report.h - what a benchmark measured: a table for people, JSON for programs. */
#ifndef CLI_BENCH_REPORT_H
#define CLI_BENCH_REPORT_H

#include "bench/phase.h"

typedef struct BenchReport {
    int is_json;
    int has_phase; /* one stands before the next */
} BenchReport;

/* What is common to all phases. `record_count`: to begin with. */
void bench_report_begin(BenchReport *self, const BenchRun *run, uint64_t record_count);

/* A phase that has run, also one that was stopped or failed. */
void bench_report_phase(BenchReport *self, const BenchPhase *phase);

/* The end; `is_complete`: every phase ran to its end. */
void bench_report_end(BenchReport *self, int is_complete);

#define BENCH_DURATION_TEXT_SIZE 24

/* Three digits and a unit: 999ns, 1.23us, 12.3ms, 4.56s. Returns `buffer`. */
const char *bench_duration_text(uint64_t duration_ns, char buffer[BENCH_DURATION_TEXT_SIZE]);

#endif
