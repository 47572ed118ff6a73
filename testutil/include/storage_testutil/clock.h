/*
 * storage_testutil/clock.h - time and randomness that a test decides.
 *
 * The clock stands still until it is told to move, so no test waits for time. Pass testutil_clock_environment to the
 * open functions. Every function may be called from any thread.
 */
#ifndef STORAGE_TESTUTIL_CLOCK_H
#define STORAGE_TESTUTIL_CLOCK_H

#include "storage/environment.h"

STORAGE_BEGIN_DECLS

/* Where a new clock stands. */
#define TESTUTIL_CLOCK_WALL_START_NS INT64_C(1700000000000000000)
#define TESTUTIL_CLOCK_MONOTONIC_START_NS UINT64_C(1000000000)

#define TESTUTIL_MICROSECOND_NS INT64_C(1000)
#define TESTUTIL_MILLISECOND_NS INT64_C(1000000)
#define TESTUTIL_SECOND_NS INT64_C(1000000000)
#define TESTUTIL_DAY_NS (INT64_C(86400) * TESTUTIL_SECOND_NS)

typedef struct TestutilClock TestutilClock;

/* A clock, and a random source that gives the same bytes for the same `seed`. NULL when out of memory. */
TestutilClock *testutil_clock_new(uint64_t seed);
/* Frees it, after everything that was opened with its environment. NULL does nothing. */
void testutil_clock_free(TestutilClock *self);

/* An environment with this clock and random source; files are the system's, there is no trace hook. Lives as long as
 * the clock. */
const StorageEnvironment *testutil_clock_environment(const TestutilClock *self);

int64_t testutil_clock_wall_ns(const TestutilClock *self);
uint64_t testutil_clock_monotonic_ns(const TestutilClock *self);

/* Time passes: both clocks move forward by `duration_ns`. */
void testutil_clock_advance(TestutilClock *self, uint64_t duration_ns);
/* Somebody sets the wall clock: it moves by `step_ns`, which may be negative. The monotonic clock does not. */
void testutil_clock_step_wall(TestutilClock *self, int64_t step_ns);
void testutil_clock_set_wall(TestutilClock *self, int64_t unix_ns);

STORAGE_END_DECLS

#endif
