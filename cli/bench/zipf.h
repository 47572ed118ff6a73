/*
 * cli/bench/zipf.h - ranks by Zipf's law: rank r (from 0 on) as often as 1 / (r + 1)^0.99.
 *
 * The generator of Gray et al., "Quickly generating billion-record synthetic databases" (SIGMOD 1994), which YCSB uses
 * too: exact for the two most frequent ranks, and close to the law for the others.
 */
#ifndef CLI_BENCH_ZIPF_H
#define CLI_BENCH_ZIPF_H

#include "bench/random.h"

#define ZIPF_THETA 0.99

typedef struct BenchZipf {
    uint64_t count;
    double zeta; /* the sum of 1 / r^theta over all ranks */
    double eta;
} BenchZipf;

/* Ranks below `count`, which is at least 1. */
void bench_zipf_init(BenchZipf *self, uint64_t count);

/* More ranks; the cost grows with how many. Fewer change nothing. */
void bench_zipf_grow(BenchZipf *self, uint64_t count);

uint64_t bench_zipf_next(const BenchZipf *self, BenchRandom *random);

/* The sum of 1 / r^theta for r from 1 to `count`, for tests of the law. */
double bench_zipf_zeta(uint64_t count);

#endif
