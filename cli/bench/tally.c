/*
 * cli/bench/tally.c - durations and answers by kind of operation.
 *
 * Done is what did not fail: a read that finds nothing is done, and counted as an answer besides. Failures are counted
 * by status; their durations would only blur those of the work.
 */
#include "bench/tally.h"

#include <string.h>

const StorageStatus bench_statuses[BENCH_STATUS_COUNT] = {
#define BENCH_STATUS_NUMBER(name, number, transient, text) (number),
    STORAGE_STATUS_LIST(BENCH_STATUS_NUMBER)
#undef BENCH_STATUS_NUMBER
};

int bench_tally_init(BenchTally *self, const BenchWorkload *workload)
{
    memset(self, 0, sizeof(*self));
    for (BenchKind kind = 0; kind < BENCH_KIND_COUNT; kind++)
        if (workload->percent[kind] > 0 && (self->latency[kind] = bench_histogram_new()) == NULL)
            return 0;
    return 1;
}

void bench_tally_done(BenchTally *self)
{
    for (BenchKind kind = 0; kind < BENCH_KIND_COUNT; kind++)
        bench_histogram_free(self->latency[kind]);
    memset(self, 0, sizeof(*self));
}

/* A number that no header knows counts as INTERNAL, the last of the list. */
static size_t status_index(StorageStatus status)
{
    size_t index = 0;
    while (index < BENCH_STATUS_COUNT - 1 && bench_statuses[index] != status)
        index++;
    return index;
}

void bench_tally_note(BenchTally *self, BenchKind kind, StorageStatus status, uint64_t duration_ns)
{
    if (status != STORAGE_OK)
        self->answers[kind][status_index(status)]++;
    if (status >= 0)
        bench_histogram_add(self->latency[kind], duration_ns);
}

void bench_tally_merge(BenchTally *self, const BenchTally *other)
{
    for (BenchKind kind = 0; kind < BENCH_KIND_COUNT; kind++) {
        if (self->latency[kind] != NULL)
            bench_histogram_merge(self->latency[kind], other->latency[kind]);
        for (size_t i = 0; i < BENCH_STATUS_COUNT; i++)
            self->answers[kind][i] += other->answers[kind][i];
    }
    self->row_count += other->row_count;
    self->record_count += other->record_count;
}

uint64_t bench_tally_failed_count(const BenchTally *self, BenchKind kind)
{
    uint64_t count = 0;
    for (size_t i = 0; i < BENCH_STATUS_COUNT; i++)
        if (bench_statuses[i] < 0)
            count += self->answers[kind][i];
    return count;
}
