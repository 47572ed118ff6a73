/*
 * cli/bench/zipf.c - ranks by Zipf's law.
 *
 * The sum that the law needs is added up for the first terms only; the rest is the Euler-Maclaurin formula, whose error
 * is below the precision of a double there. So a billion ranks cost no more to begin with than a thousand.
 */
#include "bench/zipf.h"

#include <assert.h>
#include <math.h>

#define SUMMED_COUNT 1000

static double term(double rank)
{
    return pow(rank, -ZIPF_THETA);
}

/* The sum of the terms from `first` to `last`: integral, half of both ends, and a twelfth of the slopes. */
static double tail_sum(double first, double last)
{
    double integral = (pow(last, 1 - ZIPF_THETA) - pow(first, 1 - ZIPF_THETA)) / (1 - ZIPF_THETA);
    double slopes = ZIPF_THETA * (term(first) / first - term(last) / last);
    return integral + (term(first) + term(last)) / 2 + slopes / 12;
}

double bench_zipf_zeta(uint64_t count)
{
    uint64_t summed_count = count < SUMMED_COUNT ? count : SUMMED_COUNT;
    double sum = 0;
    for (uint64_t rank = summed_count; rank >= 1; rank--)
        sum += term((double)rank);
    return count > summed_count ? sum + tail_sum((double)summed_count + 1, (double)count) : sum;
}

static void set_eta(BenchZipf *self)
{
    double first_two = 1 + term(2);
    /* The first two ranks are decided without it. */
    self->eta =
        self->count <= 2 ? 0 : (1 - pow(2 / (double)self->count, 1 - ZIPF_THETA)) / (1 - first_two / self->zeta);
}

void bench_zipf_init(BenchZipf *self, uint64_t count)
{
    assert(count > 0);
    self->count = count;
    self->zeta = bench_zipf_zeta(count);
    set_eta(self);
}

void bench_zipf_grow(BenchZipf *self, uint64_t count)
{
    if (count <= self->count)
        return;
    while (self->count < count)
        self->zeta += term((double)++self->count);
    set_eta(self);
}

uint64_t bench_zipf_next(const BenchZipf *self, BenchRandom *random)
{
    double unit = bench_random_unit(random), position = unit * self->zeta;
    uint64_t rank;
    if (position < 1 || self->count == 1)
        return 0;
    if (position < 1 + term(2) || self->count == 2)
        return 1;
    rank = (uint64_t)((double)self->count * pow(self->eta * unit - self->eta + 1, 1 / (1 - ZIPF_THETA)));
    return rank < self->count ? rank : self->count - 1;
}
