/*
 * cli/bench/histogram.c - how often which duration was measured.
 *
 * Percentiles are rounded up, to the largest duration of their bucket: a rounded figure never flatters.
 */
#include "bench/histogram.h"

#include <stdlib.h>

BenchHistogram *bench_histogram_new(void)
{
    BenchHistogram *self = calloc(1, sizeof(*self));
    if (self != NULL)
        self->minimum_ns = UINT64_MAX;
    return self;
}

void bench_histogram_free(BenchHistogram *self)
{
    free(self);
}

static uint32_t bucket_index(uint64_t duration_ns)
{
    unsigned shift;
    if (duration_ns < HISTOGRAM_EXACT_COUNT)
        return (uint32_t)duration_ns;
    if (duration_ns >> HISTOGRAM_LARGEST_BITS != 0)
        return HISTOGRAM_BUCKET_COUNT - 1;
    /* What is shifted has its highest bit at 2^10: each doubling has 2^10 buckets. */
    shift = 64u - (unsigned)__builtin_clzll(duration_ns) - HISTOGRAM_EXACT_BITS;
    return shift * (HISTOGRAM_EXACT_COUNT / 2) + (uint32_t)(duration_ns >> shift);
}

/* The largest duration that belongs into the bucket. */
static uint64_t bucket_end(uint32_t index)
{
    unsigned shift;
    uint64_t start;
    if (index < HISTOGRAM_EXACT_COUNT)
        return index;
    shift = index / (HISTOGRAM_EXACT_COUNT / 2) - 1;
    start = index - shift * (HISTOGRAM_EXACT_COUNT / 2);
    return ((start + 1) << shift) - 1;
}

void bench_histogram_add(BenchHistogram *self, uint64_t duration_ns)
{
    self->count++;
    self->sum_ns += duration_ns;
    if (duration_ns < self->minimum_ns)
        self->minimum_ns = duration_ns;
    if (duration_ns > self->maximum_ns)
        self->maximum_ns = duration_ns;
    self->buckets[bucket_index(duration_ns)]++;
}

void bench_histogram_merge(BenchHistogram *self, const BenchHistogram *other)
{
    self->count += other->count;
    self->sum_ns += other->sum_ns;
    if (other->minimum_ns < self->minimum_ns)
        self->minimum_ns = other->minimum_ns;
    if (other->maximum_ns > self->maximum_ns)
        self->maximum_ns = other->maximum_ns;
    for (uint32_t i = 0; i < HISTOGRAM_BUCKET_COUNT; i++)
        self->buckets[i] += other->buckets[i];
}

uint64_t bench_histogram_mean(const BenchHistogram *self)
{
    return self->count > 0 ? self->sum_ns / self->count : 0;
}

uint64_t bench_histogram_percentile(const BenchHistogram *self, uint32_t per_100000)
{
    /* The rank, rounded up, without a product that could overflow. */
    uint64_t rank = self->count / 100000 * per_100000 + (self->count % 100000 * per_100000 + 99999) / 100000;
    uint64_t seen = 0;
    if (rank == 0)
        rank = 1;
    for (uint32_t i = 0; i < HISTOGRAM_BUCKET_COUNT - 1; i++) {
        seen += self->buckets[i];
        if (seen >= rank)
            return bucket_end(i) < self->maximum_ns ? bucket_end(i) : self->maximum_ns;
    }
    return self->maximum_ns;
}
