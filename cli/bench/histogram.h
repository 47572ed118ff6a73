/*
 * cli/bench/histogram.h - how often which duration was measured, to three digits.
 *
 * Log-linear buckets as in HdrHistogram: exact below 2,048 ns, then 1,024 buckets for each doubling, so that a bucket
 * is less than 0.1 % wide. One belongs to one thread; those of several threads are merged afterwards.
 */
#ifndef CLI_BENCH_HISTOGRAM_H
#define CLI_BENCH_HISTOGRAM_H

#include <stdint.h>

enum {
    HISTOGRAM_EXACT_BITS = 11,  /* durations below 2^11 ns have a bucket each */
    HISTOGRAM_LARGEST_BITS = 42 /* those from 2^42 ns on, more than an hour, share the last one */
};

#define HISTOGRAM_EXACT_COUNT (1u << HISTOGRAM_EXACT_BITS)
#define HISTOGRAM_BUCKET_COUNT \
    (HISTOGRAM_EXACT_COUNT + (HISTOGRAM_LARGEST_BITS - HISTOGRAM_EXACT_BITS) * (HISTOGRAM_EXACT_COUNT / 2))

typedef struct BenchHistogram {
    uint64_t count, sum_ns;
    uint64_t minimum_ns, maximum_ns; /* exact */
    uint64_t buckets[HISTOGRAM_BUCKET_COUNT];
} BenchHistogram;

/* An empty one, NULL when out of memory. Free it with bench_histogram_free. */
BenchHistogram *bench_histogram_new(void);
void bench_histogram_free(BenchHistogram *self);

void bench_histogram_add(BenchHistogram *self, uint64_t duration_ns);

/* Adds what `other` has counted. */
void bench_histogram_merge(BenchHistogram *self, const BenchHistogram *other);

/* 0 when nothing was counted. */
uint64_t bench_histogram_mean(const BenchHistogram *self);

/*
 * The smallest duration that at least `per_100000` of 100,000 do not exceed (99,900 is the 99.9th percentile), rounded
 * up by less than 0.1 % and never beyond the maximum; 0 when nothing was counted.
 */
uint64_t bench_histogram_percentile(const BenchHistogram *self, uint32_t per_100000);

#endif
