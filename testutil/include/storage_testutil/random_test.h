/*
 * storage_testutil/random_test.h - random operations on a stack, every answer compared with the model.
 *
 * A seed makes a sequence of steps: single and several writes with every kind of condition and expiry, reads, cursors
 * held open across writes and sought to and fro, transactions that run interleaved with savepoints and rollbacks, the
 * clock moved forward and back, sweeps, watches, idempotency tokens used again. Statuses, bytes, revisions and expiries
 * must equal the model's. On a difference the sequence is made shorter and simpler as long as a difference remains, and
 * what is left is printed with the seed.
 *
 * Steps that need a capability that the stack lacks are left out; a stack that refuses writes must refuse them all.
 */
#ifndef STORAGE_TESTUTIL_RANDOM_TEST_H
#define STORAGE_TESTUTIL_RANDOM_TEST_H

#include "storage_testutil/allocator.h"
#include "storage_testutil/assert.h"
#include "storage_testutil/factory.h"

STORAGE_BEGIN_DECLS

typedef struct TestutilRandomReport {
    uint64_t seed;
    size_t comparison_count; /* answers compared in the first run of the sequence */
    size_t effect_count;     /* writes and commits of it that changed something */
    size_t refused_count;    /* calls of it that were refused for want of memory */
    size_t step_count;       /* of the reproducer; 0 when there was no difference */
    size_t trial_count;      /* runs that the search for it took */
    TestutilText reproducer; /* readable lines; empty when there was no difference */
} TestutilRandomReport;

/*
 * Runs a sequence of `step_count` steps made from `seed`. Returns 1 when every answer was the model's, 0 otherwise.
 * The report is released with testutil_random_report_done in both cases.
 */
int testutil_random_test(const TestutilFactory *factory, uint64_t seed, size_t step_count,
                         TestutilRandomReport *ret_report);

/*
 * The same while allocations fail: during some steps one allocation of `allocator`, which the caller has set, is made
 * to fail. A call that is refused with NO_MEMORY must have had no effect.
 */
int testutil_random_test_with_failures(const TestutilFactory *factory, TestutilAllocator *allocator, uint64_t seed,
                                       size_t step_count, TestutilRandomReport *ret_report);
void testutil_random_report_done(TestutilRandomReport *report);

STORAGE_END_DECLS

#endif
