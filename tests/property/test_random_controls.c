/*
 * test_random_controls.c - the random test over layers with a planted bug: each must be found, and shown in few steps.
 */
#include "planted.h"
#include "property.h"
#include "storage_testutil/random_test.h"

#include <string.h>

enum { STEP_COUNT = 400, SEQUENCE_COUNT_MAX = 150, REPRODUCER_STEP_COUNT_MAX = 10 };

START_TEST(a_planted_bug_is_found_and_shrinks_to_a_short_reproducer)
{
    TestutilRegistry *registry = testutil_registry_new();
    TestutilText stack = {0};
    TestutilRandomReport report;
    int was_found = 0;

    planted_register(registry);
    testutil_text_add(&stack, "%s/memory", planted_names[_i]);
    TestutilFactory factory = {registry, testutil_text(&stack)};
    for (uint64_t seed = 1; seed <= SEQUENCE_COUNT_MAX && !was_found; seed++) {
        was_found = !testutil_random_test(&factory, seed, STEP_COUNT, &report);
        if (was_found) {
            printf("%s", testutil_text(&report.reproducer));
            ck_assert_msg(report.step_count <= REPRODUCER_STEP_COUNT_MAX, "the reproducer has %zu steps",
                          report.step_count);
            ck_assert_ptr_nonnull(strstr(testutil_text(&report.reproducer), "STORAGE_SEED="));
        }
        testutil_random_report_done(&report);
    }
    ck_assert_msg(was_found, "%s was not found in %d sequences", planted_names[_i], SEQUENCE_COUNT_MAX);
    testutil_text_done(&stack);
    testutil_registry_free(registry);
}
END_TEST

START_TEST(the_same_seed_gives_the_same_reproducer)
{
    TestutilRegistry *registry = testutil_registry_new();
    TestutilFactory factory = {registry, "skips_rows/memory"};
    TestutilRandomReport first, second;
    uint64_t seed = 1;

    planted_register(registry);
    while (testutil_random_test(&factory, seed, STEP_COUNT, &first)) {
        testutil_random_report_done(&first);
        ck_assert_uint_lt(seed++, SEQUENCE_COUNT_MAX);
    }
    ck_assert(!testutil_random_test(&factory, seed, STEP_COUNT, &second));
    ck_assert_str_eq(testutil_text(&first.reproducer), testutil_text(&second.reproducer));
    testutil_random_report_done(&first);
    testutil_random_report_done(&second);
    testutil_registry_free(registry);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("random controls");
    TCase *tcase = tcase_create("random controls");
    int bug_count = 0;

    while (planted_names[bug_count] != NULL)
        bug_count++;
    tcase_set_timeout(tcase, 240);
    tcase_add_loop_test(tcase, a_planted_bug_is_found_and_shrinks_to_a_short_reproducer, 0, bug_count);
    tcase_add_test(tcase, the_same_seed_gives_the_same_reproducer);
    suite_add_tcase(suite, tcase);
    return property_run(suite);
}
