/* cli/bench/random.h - seeded numbers for the benchmark: one seed gives the same sequence everywhere. */
#ifndef CLI_BENCH_RANDOM_H
#define CLI_BENCH_RANDOM_H

#include <stdint.h>

typedef struct BenchRandom {
    uint64_t state;
} BenchRandom;

/* Sequence `stream_no` of `seed`; sequences of different numbers have nothing to do with each other. */
void bench_random_init(BenchRandom *self, uint64_t seed, uint64_t stream_no);

uint64_t bench_random_next(BenchRandom *self);

/* From 0 to below 1. */
double bench_random_unit(BenchRandom *self);

/* From 0 to below `limit`, which is at least 1 and at most 2^52. */
uint64_t bench_random_below(BenchRandom *self, uint64_t limit);

/* Scatters numbers over all of uint64_t, each to a place of its own; unmix is the way back. */
uint64_t bench_random_mix(uint64_t number);
uint64_t bench_random_unmix(uint64_t mixed);

/*
 * Where `number` stands in a random order of the numbers below `count`, which `seed` chooses: each to a place of its
 * own. `number` < `count` <= 2^52.
 */
uint64_t bench_random_permute(uint64_t number, uint64_t count, uint64_t seed);

#endif
