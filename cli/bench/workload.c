/* cli/bench/workload.c - the mixes, and drawing operations and records from them. */
#include "bench/workload.h"

#include <string.h>

static const BenchWorkload workloads[] = {
    {"a", BENCH_ZIPFIAN, {[BENCH_READ] = 50, [BENCH_UPDATE] = 50}},
    {"b", BENCH_ZIPFIAN, {[BENCH_READ] = 95, [BENCH_UPDATE] = 5}},
    {"c", BENCH_ZIPFIAN, {[BENCH_READ] = 100}},
    {"d", BENCH_LATEST, {[BENCH_READ] = 95, [BENCH_INSERT] = 5}},
    {"e", BENCH_ZIPFIAN, {[BENCH_SCAN] = 95, [BENCH_INSERT] = 5}},
    {"f", BENCH_ZIPFIAN, {[BENCH_READ] = 50, [BENCH_READ_MODIFY_WRITE] = 50}},
    {"read", BENCH_UNIFORM, {[BENCH_READ] = 100}},
    {"write", BENCH_UNIFORM, {[BENCH_UPDATE] = 100}},
    {"scan", BENCH_UNIFORM, {[BENCH_SCAN] = 100}},
};

const BenchWorkload bench_workload_load = {"load", BENCH_UNIFORM, {[BENCH_LOAD] = 100}};

const BenchWorkload *bench_workload_find(StorageSlice name)
{
    for (size_t i = 0; i < sizeof(workloads) / sizeof(workloads[0]); i++)
        if (storage_slice_compare(storage_string(workloads[i].name), name) == 0)
            return &workloads[i];
    return NULL;
}

const char *bench_kind_name(BenchKind kind)
{
    static const char *const names[BENCH_KIND_COUNT] = {
        [BENCH_READ] = "read",
        [BENCH_UPDATE] = "update",
        [BENCH_INSERT] = "insert",
        [BENCH_SCAN] = "scan",
        [BENCH_READ_MODIFY_WRITE] = "read_modify_write",
        [BENCH_LOAD] = "load",
    };
    return names[kind];
}

const char *bench_distribution_name(BenchDistribution distribution)
{
    static const char *const names[] = {
        [BENCH_UNIFORM] = "uniform", [BENCH_ZIPFIAN] = "zipfian", [BENCH_LATEST] = "latest"};
    return names[distribution];
}

void bench_chooser_init(BenchChooser *self, const BenchWorkload *workload, BenchDistribution distribution,
                        uint64_t record_count, uint64_t seed, uint32_t thread_index)
{
    memset(self, 0, sizeof(*self));
    self->workload = workload;
    self->distribution = distribution;
    self->seed = seed;
    self->begin_count = record_count > 0 ? record_count : 1;
    bench_random_init(&self->random, seed, thread_index);
    bench_zipf_init(&self->zipf, self->begin_count);
}

BenchKind bench_chooser_kind(BenchChooser *self)
{
    uint64_t drawn = bench_random_below(&self->random, 100);
    BenchKind kind = 0;
    for (; kind < BENCH_KIND_COUNT - 1 && drawn >= self->workload->percent[kind]; kind++)
        drawn -= self->workload->percent[kind];
    return kind;
}

uint64_t bench_chooser_record(BenchChooser *self, uint64_t present)
{
    uint64_t rank;
    if (self->distribution == BENCH_UNIFORM)
        return bench_random_below(&self->random, present);
    if (self->distribution == BENCH_LATEST)
        bench_zipf_grow(&self->zipf, present);
    rank = bench_zipf_next(&self->zipf, &self->random);
    if (self->distribution == BENCH_LATEST)
        return rank < present ? present - 1 - rank : 0;
    return bench_random_permute(rank, self->begin_count, self->seed);
}

uint64_t bench_chooser_row_count(BenchChooser *self)
{
    return 1 + bench_random_below(&self->random, BENCH_SCAN_ROWS_MAX);
}
