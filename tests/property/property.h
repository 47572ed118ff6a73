/*
 * property.h - what the property and fault tests share: the fail hook for Check, how much to run, the main function.
 *
 * Nothing here decides by measuring time: the amount of work is fixed, and smaller under sanitizers. STORAGE_TEST_SCALE
 * (per cent) makes it smaller or larger.
 */
#ifndef TESTS_PROPERTY_H
#define TESTS_PROPERTY_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "storage_testutil/assert.h"
#include "storage_testutil/generate.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PROPERTY_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define PROPERTY_SANITIZED 1
#endif
#endif
#ifndef PROPERTY_SANITIZED
#define PROPERTY_SANITIZED 0
#endif

/* `count` repetitions of a plain build; at least one. */
static inline size_t property_scaled(size_t count)
{
    const char *scale = getenv("STORAGE_TEST_SCALE");
    size_t scaled = count * (scale == NULL ? 100 : strtoul(scale, NULL, 10)) / (PROPERTY_SANITIZED ? 1000 : 100);

    return scaled == 0 ? 1 : scaled;
}

static inline void property_fail(void *user_data, const char *file, int line, const char *message)
{
    (void)user_data;
    ck_abort_msg("%s:%d: %s", file, line, message);
}

/* Runs a suite, each test in a process of its own unless CK_FORK=no. */
static inline int property_run(Suite *suite)
{
    SRunner *runner = srunner_create(suite);

    testutil_set_fail_hook(property_fail, NULL);
    srunner_run_all(runner, CK_ENV);
    int failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static inline Suite *property_suite(const char *name, double timeout_s, const TTest *const *tests, size_t test_count)
{
    Suite *suite = suite_create(name);

    for (size_t i = 0; i < test_count; i++) {
        TCase *tcase = tcase_create(tests[i]->name);
        tcase_set_timeout(tcase, timeout_s);
        tcase_add_test(tcase, tests[i]);
        suite_add_tcase(suite, tcase);
    }
    return suite;
}

#endif
