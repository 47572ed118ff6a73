/*
 * unit.h - what the unit tests share: a program from a list of Check tests.
 *
 * Each test runs in a process of its own (Check forks), so a test may replace the allocator or close what it likes.
 */
#ifndef UNIT_H
#define UNIT_H

#include <check.h>
#include <stdlib.h>

#include "storage/status.h"

/* A test that uses all of this is stuck, also under a sanitizer on a busy machine. */
#define UNIT_TIMEOUT_SECONDS 120

/* The assertions of Check note where they are in a file each time, which is too slow for loops; these only on failure.
 */
#define unit_assert(condition, ...)    \
    do {                               \
        if (!(condition))              \
            ck_abort_msg(__VA_ARGS__); \
    } while (0)

#define unit_assert_status(call, expected)                                                      \
    do {                                                                                        \
        StorageStatus status_of_call = (call), status_expected = (expected);                    \
        unit_assert(status_of_call == status_expected, "%s is %s instead of %s", #call,         \
                    storage_status_name(status_of_call), storage_status_name(status_expected)); \
    } while (0)

static inline int unit_main(const char *name, const TTest *const *tests, size_t test_count)
{
    Suite *suite = suite_create(name);
    TCase *cases = tcase_create(name);
    tcase_set_timeout(cases, UNIT_TIMEOUT_SECONDS);
    for (size_t index = 0; index < test_count; index++)
        tcase_add_test(cases, tests[index]);
    suite_add_tcase(suite, cases);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* The main function of a program that runs the tests named. */
#define UNIT_MAIN(name, ...)                                               \
    int main(void)                                                         \
    {                                                                      \
        const TTest *const tests[] = {__VA_ARGS__};                        \
        return unit_main((name), tests, sizeof(tests) / sizeof(tests[0])); \
    }

#endif
