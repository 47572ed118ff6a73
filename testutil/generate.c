/*
 * generate.c - keys, values and random numbers; the same seed gives the same ones on every machine.
 *
 * Source of the generator: Blackman and Vigna, "Scrambled linear pseudorandom number generators" (xoshiro256++), its
 * state filled by splitmix64 (Steele, Lea, Flood, OOPSLA 2014), as its authors advise.
 */
#include "storage_testutil/generate.h"

#include "storage_testutil/assert.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

const uint8_t testutil_edge_alphabet[6] = {0x00, 0x01, 'a', 'b', 0xFE, 0xFF};

static uint64_t splitmix64(uint64_t *state)
{
    uint64_t mixed = (*state += UINT64_C(0x9E3779B97F4A7C15));

    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94D049BB133111EB);
    return mixed ^ (mixed >> 31);
}

static uint64_t rotate_left(uint64_t bits, unsigned count)
{
    return (bits << count) | (bits >> (64 - count));
}

TestutilRandom testutil_random_seeded(uint64_t seed)
{
    TestutilRandom self;

    for (size_t i = 0; i < 4; i++)
        self.state[i] = splitmix64(&seed);
    return self;
}

uint64_t testutil_random_next(TestutilRandom *self)
{
    uint64_t *state = self->state;
    uint64_t result = rotate_left(state[0] + state[3], 23) + state[0];
    uint64_t shifted = state[1] << 17;

    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotate_left(state[3], 45);
    return result;
}

uint64_t testutil_random_below(TestutilRandom *self, uint64_t bound)
{
    uint64_t rest, random;

    if (bound == 0)
        return 0;
    /* Numbers below 2^64 mod bound would make small results likelier: draw again. */
    rest = (0 - bound) % bound;
    do
        random = testutil_random_next(self);
    while (random < rest);
    return random % bound;
}

int testutil_random_chance(TestutilRandom *self, uint64_t numerator, uint64_t denominator)
{
    return testutil_random_below(self, denominator) < numerator;
}

void testutil_random_fill(TestutilRandom *self, void *buffer, size_t size)
{
    uint8_t *bytes = buffer;
    uint64_t random = 0;

    for (size_t i = 0; i < size; i++) {
        if (i % 8 == 0)
            random = testutil_random_next(self);
        bytes[i] = (uint8_t)(random >> (8 * (i % 8)));
    }
}

uint64_t testutil_seed(const char *test_name, uint64_t fallback)
{
    const char *text = getenv("STORAGE_SEED");
    uint64_t seed = fallback;

    if (text != NULL && *text != '\0') {
        char *end;

        seed = strtoull(text, &end, 0);
        testutil_assert(*end == '\0', "STORAGE_SEED is \"%s\", which is not a number", text);
    }
    printf("%s: seed %" PRIu64 " (run again with STORAGE_SEED=%" PRIu64 ")\n", test_name, seed, seed);
    fflush(stdout);
    return seed;
}

uint64_t testutil_seed_fresh(void)
{
    struct timespec now;
    uint64_t seed;

    clock_gettime(CLOCK_REALTIME, &now);
    seed = (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec + ((uint64_t)getpid() << 40);
    return splitmix64(&seed);
}

StorageSlice testutil_key(char *buffer, size_t buffer_size, const char *prefix, uint64_t index)
{
    int size = snprintf(buffer, buffer_size, "%s:%06" PRIu64, prefix, index);

    testutil_assert(size >= 0 && (size_t)size < buffer_size, "the key %s:%06" PRIu64 " does not fit into %zu bytes",
                    prefix, index, buffer_size);
    return storage_bytes(buffer, (size_t)size);
}

StorageSlice testutil_random_key(TestutilRandom *random, const uint8_t *alphabet, size_t alphabet_size, uint8_t *buffer,
                                 size_t size_max)
{
    size_t size = (size_t)testutil_random_below(random, (uint64_t)size_max + 1);

    for (size_t i = 0; i < size; i++)
        buffer[i] = alphabet[testutil_random_below(random, alphabet_size)];
    return storage_bytes(buffer, size);
}

StorageSlice testutil_value(void *buffer, size_t size)
{
    memset(buffer, 0xAB, size);
    return storage_bytes(buffer, size);
}

StorageSlice testutil_tagged_value(char *buffer, size_t buffer_size, uint32_t task, uint32_t sequence)
{
    int size = snprintf(buffer, buffer_size, "task:%04" PRIu32 " seq:%08" PRIu32, task, sequence);

    testutil_assert(size >= 0 && (size_t)size < buffer_size, "a tagged value does not fit into %zu bytes", buffer_size);
    return storage_bytes(buffer, (size_t)size);
}

int testutil_tagged_value_parse(StorageSlice value, uint32_t *ret_task, uint32_t *ret_sequence)
{
    char text[64], again[64];
    uint32_t task, sequence;
    StorageSlice written;

    if (value.size == 0 || value.size >= sizeof text)
        return 0;
    memcpy(text, value.data, value.size);
    text[value.size] = '\0';
    if (sscanf(text, "task:%" SCNu32 " seq:%" SCNu32, &task, &sequence) != 2)
        return 0;
    written = testutil_tagged_value(again, sizeof again, task, sequence);
    if (storage_slice_compare(written, value) != 0)
        return 0;
    *ret_task = task;
    *ret_sequence = sequence;
    return 1;
}

StorageSlice testutil_patterned_value(void *buffer, size_t size, uint64_t tag)
{
    TestutilRandom random = testutil_random_seeded(tag);

    testutil_random_fill(&random, buffer, size);
    return storage_bytes(buffer, size);
}
