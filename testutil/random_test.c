/*
 * random_test.c - runs a random sequence, and makes a short reproducer of one that shows a difference.
 *
 * Shrinking tries, in this order and again while anything helps: to drop the rows that were there at the start, to drop
 * ever smaller pieces of the sequence, and to make single steps simpler. A try is kept when any difference remains.
 *
 * Invariants:
 *   1. `best` always shows a difference; it is only replaced by a sequence that was run and shows one too.
 *   2. The search ends: every kept try is smaller or simpler, and the number of tries is bounded.
 */
#include "storage_testutil/random_test.h"

#include "random_run.h"

#include <stdlib.h>
#include <string.h>

enum { TRIAL_COUNT_MAX = 4000 };

typedef struct Search {
    const TestutilFactory *factory;
    TestutilAllocator *allocator;
    RandomSequence best;
    RandomOutcome outcome; /* of best */
    RandomStep *scratch;
    size_t trial_count;
} Search;

/* Runs a sequence and keeps it when it shows a difference. */
static int try_sequence(Search *self, const RandomStep *steps, size_t count, size_t populated_count)
{
    RandomSequence sequence = {(RandomStep *)(uintptr_t)steps, count, populated_count};
    RandomOutcome outcome;

    if (self->trial_count >= TRIAL_COUNT_MAX)
        return 0;
    self->trial_count++;
    testutil_trial_run(self->factory, self->allocator, &sequence, &outcome);
    if (!outcome.has_difference) {
        testutil_text_done(&outcome.difference);
        return 0;
    }
    testutil_text_done(&self->outcome.difference);
    self->outcome = outcome;
    self->best.count = outcome.failed_index < count ? outcome.failed_index + 1 : count;
    self->best.populated_count = populated_count;
    memmove(self->best.steps, steps, self->best.count * sizeof(*steps));
    return 1;
}

static int drop_pieces(Search *self, size_t size)
{
    int has_helped = 0;

    for (size_t start = 0; start < self->best.count;) {
        size_t end = start + size < self->best.count ? start + size : self->best.count;
        size_t kept = self->best.count - (end - start);
        memcpy(self->scratch, self->best.steps, start * sizeof(*self->scratch));
        memcpy(self->scratch + start, self->best.steps + end, (self->best.count - end) * sizeof(*self->scratch));
        if (try_sequence(self, self->scratch, kept, self->best.populated_count))
            has_helped = 1;
        else
            start = end;
    }
    return has_helped;
}

static int try_step(Search *self, size_t index, const RandomStep *step)
{
    if (index >= self->best.count || memcmp(step, &self->best.steps[index], sizeof(*step)) == 0)
        return 0;
    memcpy(self->scratch, self->best.steps, self->best.count * sizeof(*self->scratch));
    self->scratch[index] = *step;
    return try_sequence(self, self->scratch, self->best.count, self->best.populated_count);
}

/* Fewer operations, no expiry, the smallest value, plain kinds. */
static int simplify_operations(Search *self, size_t index)
{
    int has_helped = 0;

    for (size_t i = 0; i < RANDOM_OPERATION_COUNT && index < self->best.count; i++) {
        RandomStep step = self->best.steps[index];
        step.operations[i].expiry_kind = STORAGE_EXPIRY_NEVER;
        has_helped |= try_step(self, index, &step);
        if (index >= self->best.count)
            break;
        step = self->best.steps[index];
        step.operations[i].value_no = 1;
        has_helped |= try_step(self, index, &step);
        if (index >= self->best.count)
            break;
        step = self->best.steps[index];
        if (step.operations[i].kind == STORAGE_OPERATION_COMPARE_AND_SET)
            step.operations[i].kind = STORAGE_OPERATION_SET;
        if (step.operations[i].kind == STORAGE_OPERATION_COMPARE_AND_DELETE)
            step.operations[i].kind = STORAGE_OPERATION_DELETE;
        has_helped |= try_step(self, index, &step);
    }
    return has_helped;
}

static int simplify_step(Search *self, size_t index)
{
    RandomStep step = self->best.steps[index];
    int has_helped = 0;

    for (size_t dropped = 0; step.count > 1 && dropped < step.count; dropped++) {
        RandomStep fewer = step;
        fewer.count--;
        for (size_t i = dropped; i < fewer.count; i++) {
            fewer.operations[i] = step.operations[i + 1];
            fewer.key_nos[i] = step.key_nos[i + 1];
        }
        if (try_step(self, index, &fewer))
            return 1;
    }
    step.range = (RandomRange){0};
    has_helped |= try_step(self, index, &step);
    if (index < self->best.count) {
        step = self->best.steps[index];
        step.flags = 0;
        has_helped |= try_step(self, index, &step);
    }
    if (index < self->best.count) {
        step = self->best.steps[index];
        step.fail_number = 0;
        has_helped |= try_step(self, index, &step);
    }
    return simplify_operations(self, index) | has_helped;
}

static void shrink(Search *self)
{
    int has_helped = 1;

    while (has_helped && self->trial_count < TRIAL_COUNT_MAX) {
        has_helped = self->best.populated_count > 0 &&
                     (try_sequence(self, self->best.steps, self->best.count, 0) ||
                      try_sequence(self, self->best.steps, self->best.count, self->best.populated_count / 2));
        for (size_t size = self->best.count / 2 + 1; size > 0; size /= 2)
            has_helped |= drop_pieces(self, size);
        for (size_t i = 0; i < self->best.count; i++)
            has_helped |= simplify_step(self, i);
    }
}

static void write_reproducer(const Search *self, TestutilRandomReport *report)
{
    TestutilText *text = &report->reproducer;

    testutil_text_add(text, "%s differs from the model; STORAGE_SEED=%llu, shrunk to %zu steps in %zu runs\n",
                      self->factory->stack, (unsigned long long)report->seed, self->best.count, self->trial_count);
    if (self->best.populated_count > 0)
        testutil_text_add(text, "  0: the store is opened with %zu rows\n", self->best.populated_count);
    for (size_t i = 0; i < self->best.count; i++) {
        testutil_text_add(text, "  %zu: ", i + 1);
        testutil_trial_describe(&self->best.steps[i], text);
        if (self->allocator != NULL && self->best.steps[i].fail_number != 0)
            testutil_text_add(text, " [allocation %d fails]", self->best.steps[i].fail_number);
        testutil_text_add(text, "\n");
    }
    testutil_text_add(text, "  -> %s\n", testutil_text(&self->outcome.difference));
}

int testutil_random_test(const TestutilFactory *factory, uint64_t seed, size_t step_count,
                         TestutilRandomReport *ret_report)
{
    return testutil_random_test_with_failures(factory, NULL, seed, step_count, ret_report);
}

int testutil_random_test_with_failures(const TestutilFactory *factory, TestutilAllocator *allocator, uint64_t seed,
                                       size_t step_count, TestutilRandomReport *ret_report)
{
    RandomStep *scratch = calloc(step_count + 1, sizeof(*scratch));
    Search search = {.factory = factory, .allocator = allocator, .scratch = scratch};

    if (scratch == NULL)
        testutil_fail(__FILE__, __LINE__, "no memory for shrinking");
    memset(ret_report, 0, sizeof(*ret_report));
    ret_report->seed = seed;
    testutil_trial_generate(seed, step_count, &search.best);
    testutil_trial_run(factory, allocator, &search.best, &search.outcome);
    ret_report->comparison_count = search.outcome.comparison_count;
    ret_report->effect_count = search.outcome.effect_count;
    ret_report->refused_count = search.outcome.refused_count;
    int is_equal = !search.outcome.has_difference;
    if (!is_equal) {
        if (search.outcome.failed_index + 1 < search.best.count)
            search.best.count = search.outcome.failed_index + 1;
        shrink(&search);
        ret_report->step_count = search.best.count;
        ret_report->trial_count = search.trial_count;
        write_reproducer(&search, ret_report);
    }
    testutil_text_done(&search.outcome.difference);
    free(search.best.steps);
    free(scratch);
    return is_equal;
}

void testutil_random_report_done(TestutilRandomReport *report)
{
    testutil_text_done(&report->reproducer);
    memset(report, 0, sizeof(*report));
}
