/*
 * config_test.h - what the tests of the configuration share: a program from a list of Check tests, and the error texts
 * of a context as one text.
 */
#ifndef CONFIG_TEST_H
#define CONFIG_TEST_H

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/context.h"

/* A test that uses all of this is stuck, also under a sanitizer on a busy machine. */
#define TEST_TIMEOUT_SECONDS 120

#define assert_status(actual, expected) ck_assert_str_eq(storage_status_name(actual), storage_status_name(expected))

typedef struct ConfigTest {
    const TTest *test;
    size_t row_count; /* rows of the table that it runs for, one case each */
} ConfigTest;

#define ONCE(test) \
    {              \
        test, 1    \
    }
#define FOR_EACH(test, table)                    \
    {                                            \
        test, sizeof(table) / sizeof((table)[0]) \
    }

static inline int run_tests(const char *name, const ConfigTest *tests, size_t test_count)
{
    Suite *suite = suite_create(name);
    TCase *cases = tcase_create(name);
    SRunner *runner;
    int failed_count;
    tcase_set_timeout(cases, TEST_TIMEOUT_SECONDS);
    for (size_t i = 0; i < test_count; i++)
        tcase_add_loop_test(cases, tests[i].test, 0, (int)tests[i].row_count);
    suite_add_tcase(suite, cases);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Appends to the text in `buffer`, which must have room for it. */
static inline STORAGE_PRINTF(3, 4) void append(char *buffer, size_t buffer_size, const char *format, ...)
{
    size_t used = strlen(buffer);
    va_list arguments;
    va_start(arguments, format);
    ck_assert_int_lt(vsnprintf(buffer + used, buffer_size - used, format, arguments), (int)(buffer_size - used));
    va_end(arguments);
}

#define ERRORS_SIZE 16384

/* Each error text on a line. */
static inline const char *errors_of(const StorageContext *ctx, char buffer[ERRORS_SIZE])
{
    buffer[0] = '\0';
    for (size_t i = 0; i < storage_context_error_count(ctx); i++)
        append(buffer, ERRORS_SIZE, "%s\n", storage_context_error_text(ctx, i));
    return buffer;
}

#endif
