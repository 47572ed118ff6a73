/*
 * storage_testutil/generate.h - keys, values and random numbers for tests; the same seed gives the same ones.
 *
 * Generators write into a buffer of the caller and return a slice of it.
 */
#ifndef STORAGE_TESTUTIL_GENERATE_H
#define STORAGE_TESTUTIL_GENERATE_H

#include "storage/types.h"

STORAGE_BEGIN_DECLS

/* ---- random numbers (xoshiro256++, seeded by splitmix64) ---- */

typedef struct TestutilRandom {
    uint64_t state[4];
} TestutilRandom;

TestutilRandom testutil_random_seeded(uint64_t seed);
uint64_t testutil_random_next(TestutilRandom *self);
/* A number from 0 to bound - 1, each as likely; 0 for a bound of 0. */
uint64_t testutil_random_below(TestutilRandom *self, uint64_t bound);
/* 1 in `numerator` of `denominator` cases. */
int testutil_random_chance(TestutilRandom *self, uint64_t numerator, uint64_t denominator);
void testutil_random_fill(TestutilRandom *self, void *buffer, size_t size);

/*
 * The seed of a random test: the environment variable STORAGE_SEED (decimal or 0x) when it is set, else `fallback`.
 * Prints it, so that a failure can be run again.
 */
uint64_t testutil_seed(const char *test_name, uint64_t fallback);
/* A seed that nobody can foretell, for the one run that explores. */
uint64_t testutil_seed_fresh(void);

/* ---- keys ---- */

#define TESTUTIL_KEY_BUFFER_SIZE 64

/* "prefix:000042": in key order the indexes are in order, up to 999,999. Fails the test when the buffer is too small.
 */
StorageSlice testutil_key(char *buffer, size_t buffer_size, const char *prefix, uint64_t index);

/* A key of 0 to `size_max` bytes out of `alphabet`; small alphabets make keys meet, and be prefixes of each other. */
StorageSlice testutil_random_key(TestutilRandom *random, const uint8_t *alphabet, size_t alphabet_size, uint8_t *buffer,
                                 size_t size_max);
/* 0x00, 0x01, 'a', 'b', 0xFE, 0xFF: the alphabet that finds mistakes in byte order and in prefix ends. */
extern const uint8_t testutil_edge_alphabet[6];

/* ---- values ---- */

/* `size` bytes of 0xAB. */
StorageSlice testutil_value(void *buffer, size_t size);
/* "task:0007 seq:00000042": says who wrote it; all have the same size. */
StorageSlice testutil_tagged_value(char *buffer, size_t buffer_size, uint32_t task, uint32_t sequence);
/* Reads a tagged value back. Returns 1, or 0 when it is not one (torn, foreign). */
int testutil_tagged_value_parse(StorageSlice value, uint32_t *ret_task, uint32_t *ret_sequence);
/* `size` bytes in which every part depends on `tag` and its place, so that a torn or shifted value shows. */
StorageSlice testutil_patterned_value(void *buffer, size_t size, uint64_t tag);

STORAGE_END_DECLS

#endif
