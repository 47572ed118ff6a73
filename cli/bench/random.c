/*
 * cli/bench/random.c - seeded numbers for the benchmark.
 *
 * The generator is SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014): one
 * addition and one mixing step, enough for choosing keys and nothing for secrets.
 */
#include "bench/random.h"

#include <assert.h>

#define GOLDEN_GAMMA UINT64_C(0x9e3779b97f4a7c15)

uint64_t bench_random_mix(uint64_t number)
{
    number = (number ^ (number >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    number = (number ^ (number >> 27)) * UINT64_C(0x94d049bb133111eb);
    return number ^ (number >> 31);
}

/* Each step of the mixing backwards: the multipliers are the inverses modulo 2^64. */
uint64_t bench_random_unmix(uint64_t mixed)
{
    mixed = (mixed ^ (mixed >> 31) ^ (mixed >> 62)) * UINT64_C(0x319642b2d24d8ec3);
    mixed = (mixed ^ (mixed >> 27) ^ (mixed >> 54)) * UINT64_C(0x96de1b173f119089);
    return mixed ^ (mixed >> 30) ^ (mixed >> 60);
}

void bench_random_init(BenchRandom *self, uint64_t seed, uint64_t stream_no)
{
    self->state = bench_random_mix(seed + GOLDEN_GAMMA) ^ bench_random_mix(~stream_no);
}

uint64_t bench_random_next(BenchRandom *self)
{
    self->state += GOLDEN_GAMMA;
    return bench_random_mix(self->state);
}

double bench_random_unit(BenchRandom *self)
{
    return (double)(bench_random_next(self) >> 11) * 0x1p-53;
}

uint64_t bench_random_below(BenchRandom *self, uint64_t limit)
{
    assert(limit > 0 && limit <= UINT64_C(1) << 52);
    return (uint64_t)(bench_random_unit(self) * (double)limit);
}

/*
 * Shuffles the numbers of as many bits as `count` needs, by steps that can each be undone, and goes on from a place
 * beyond `count` until one is below: fewer than two rounds on average, and still one place for each number.
 */
uint64_t bench_random_permute(uint64_t number, uint64_t count, uint64_t seed)
{
    unsigned bits = count > 1 ? 64u - (unsigned)__builtin_clzll(count - 1) : 0;
    uint64_t mask = (UINT64_C(1) << bits) - 1;
    assert(number < count && bits <= 52);
    if (bits == 0)
        return 0;
    do {
        for (uint64_t round = 0; round < 4; round++) {
            uint64_t key = bench_random_mix(seed + round * GOLDEN_GAMMA);
            number = (number * (key | 1) + (key >> 32)) & mask;
            number ^= number >> (bits / 2 + 1);
        }
    } while (number >= count);
    return number;
}
