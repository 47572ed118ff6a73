/*
 * clock.c - a clock that stands still until a test moves it, and a random source that repeats itself.
 *
 * It refuses to know about the machine's time. Readings are single atomic loads, so that backends may read it from any
 * thread while the test moves it.
 */
#include "storage_testutil/clock.h"

#include "storage_testutil/generate.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct TestutilClock {
    StorageClock clock;
    StorageRandom random;
    StorageEnvironment environment;
    _Atomic int64_t wall_ns;
    _Atomic uint64_t monotonic_ns;
    pthread_mutex_t random_mutex;
    TestutilRandom generator;
};

static int64_t wall_ns(void *user_data)
{
    const TestutilClock *self = user_data;

    return atomic_load(&self->wall_ns);
}

static uint64_t monotonic_ns(void *user_data)
{
    const TestutilClock *self = user_data;

    return atomic_load(&self->monotonic_ns);
}

static StorageStatus fill(void *user_data, void *buffer, size_t size)
{
    TestutilClock *self = user_data;

    pthread_mutex_lock(&self->random_mutex);
    testutil_random_fill(&self->generator, buffer, size);
    pthread_mutex_unlock(&self->random_mutex);
    return STORAGE_OK;
}

TestutilClock *testutil_clock_new(uint64_t seed)
{
    TestutilClock *self = calloc(1, sizeof *self);

    if (self == NULL)
        return NULL;
    self->clock = (StorageClock){
        .struct_size = sizeof self->clock, .user_data = self, .wall_ns = wall_ns, .monotonic_ns = monotonic_ns};
    self->random = (StorageRandom){.struct_size = sizeof self->random, .user_data = self, .fill = fill};
    self->environment =
        (StorageEnvironment){.struct_size = sizeof self->environment, .clock = &self->clock, .random = &self->random};
    atomic_init(&self->wall_ns, TESTUTIL_CLOCK_WALL_START_NS);
    atomic_init(&self->monotonic_ns, TESTUTIL_CLOCK_MONOTONIC_START_NS);
    pthread_mutex_init(&self->random_mutex, NULL);
    self->generator = testutil_random_seeded(seed);
    return self;
}

void testutil_clock_free(TestutilClock *self)
{
    if (self == NULL)
        return;
    pthread_mutex_destroy(&self->random_mutex);
    free(self);
}

const StorageEnvironment *testutil_clock_environment(const TestutilClock *self)
{
    return &self->environment;
}

int64_t testutil_clock_wall_ns(const TestutilClock *self)
{
    return atomic_load(&self->wall_ns);
}

uint64_t testutil_clock_monotonic_ns(const TestutilClock *self)
{
    return atomic_load(&self->monotonic_ns);
}

void testutil_clock_advance(TestutilClock *self, uint64_t duration_ns)
{
    atomic_fetch_add(&self->monotonic_ns, duration_ns);
    atomic_fetch_add(&self->wall_ns, (int64_t)duration_ns);
}

void testutil_clock_step_wall(TestutilClock *self, int64_t step_ns)
{
    atomic_fetch_add(&self->wall_ns, step_ns);
}

void testutil_clock_set_wall(TestutilClock *self, int64_t unix_ns)
{
    atomic_store(&self->wall_ns, unix_ns);
}
