/* test_timestamp.c - RFC 3339 times: what is read, what is refused, and that every nanosecond comes back. */
#include "unit.h"

#include "timestamp.h"

#include <storage_testutil/generate.h>

#include <inttypes.h>
#include <string.h>

#define SECOND INT64_C(1000000000)

typedef struct Time {
    const char *text;
    int64_t unix_ns;
} Time;

static const Time read_times[] = {
    {"1970-01-01T00:00:00Z", 0},
    {"1970-01-01T00:00:00.000000001Z", 1},
    {"1969-12-31T23:59:59.999999999Z", -1},
    {"1970-01-01T01:00:00+01:00", 0},
    {"1969-12-31T18:30:00-05:30", 0},
    {"1970-01-01t00:00:00z", 0},
    {"1970-01-01 00:00:00-00:00", 0},
    {"2026-11-20T14:37:31.25Z", 1795185451250000000},
    {"2024-02-29T00:00:00Z", 1709164800 * SECOND},
    {"2000-02-29T23:59:59Z", 951868799 * SECOND},
    {"2262-04-11T23:47:16.854775806Z", INT64_MAX - 1},
    {"1677-09-21T00:12:43.145224192Z", INT64_MIN},
    {"1677-09-21T00:12:44Z", -9223372036 * SECOND},
};

START_TEST(a_time_is_read)
{
    int64_t unix_ns = 42;
    const char *problem = timestamp_parse(storage_string(read_times[_i].text), &unix_ns);
    unit_assert(problem == NULL, "%s %s", read_times[_i].text, problem);
    ck_assert_int_eq(unix_ns, read_times[_i].unix_ns);
}
END_TEST

typedef struct WrongTime {
    const char *text, *problem;
} WrongTime;

static const WrongTime wrong_times[] = {
    {"", "is not a time"},
    {"now", "is not a time"},
    {"2026-11-20", "is not a time"},
    {"2026-11-20T14:37:31", "is not a time"},
    {"2026-11-20T14:37Z", "is not a time"},
    {"2026-11-20T14:37:31.Z", "is not a time"},
    {"2026-11-20T14:37:31.1234567890Z", "is not a time"},
    {"2026-11-20T14:37:31,5Z", "is not a time"},
    {"2026-11-20T14:37:31Z ", "is not a time"},
    {" 2026-11-20T14:37:31Z", "is not a time"},
    {"2026-11-20T14:37:31+1:00", "is not a time"},
    {"2026-11-20T14:37:31+0100", "is not a time"},
    {"2026-11-20T14:37:31+24:00", "is not a time"},
    {"2026-11-20T14:37:31+00:60", "is not a time"},
    {"2026-1-20T14:37:31Z", "is not a time"},
    {"-026-11-20T14:37:31Z", "is not a time"},
    {"+2026-11-20T14:37:31Z", "is not a time"},
    {"20261120T143731Z", "is not a time"},
    {"1795185451", "is not a time"},
    {"2026-02-29T00:00:00Z", "is a time that there is not"},
    {"2100-02-29T00:00:00Z", "is a time that there is not"},
    {"2026-11-31T00:00:00Z", "is a time that there is not"},
    {"2026-00-20T00:00:00Z", "is a time that there is not"},
    {"2026-13-20T00:00:00Z", "is a time that there is not"},
    {"2026-11-00T00:00:00Z", "is a time that there is not"},
    {"2026-11-20T24:00:00Z", "is a time that there is not"},
    {"2026-11-20T23:60:00Z", "is a time that there is not"},
    {"2016-12-31T23:59:60Z", "is a time that there is not"},
    {"2262-04-11T23:47:16.854775807Z", "is outside of the years 1677 to 2262"},
    {"2262-04-11T23:47:16.854775808Z", "is outside of the years 1677 to 2262"},
    {"9999-12-31T23:59:59Z", "is outside of the years 1677 to 2262"},
    {"0000-01-01T00:00:00Z", "is outside of the years 1677 to 2262"},
    {"1677-09-21T00:12:43.145224191Z", "is outside of the years 1677 to 2262"},
};

START_TEST(what_is_no_time_is_refused)
{
    int64_t unix_ns = 42;
    const char *problem = timestamp_parse(storage_string(wrong_times[_i].text), &unix_ns);
    unit_assert(problem != NULL && strncmp(problem, wrong_times[_i].problem, strlen(wrong_times[_i].problem)) == 0,
                "%s: %s", wrong_times[_i].text, problem != NULL ? problem : "was read");
    ck_assert_int_eq(unix_ns, 42);
}
END_TEST

START_TEST(a_zero_byte_ends_no_time)
{
    int64_t unix_ns;
    ck_assert_ptr_nonnull(timestamp_parse(storage_bytes("2026-11-20T14:37:31Z\0", 21), &unix_ns));
    ck_assert_ptr_nonnull(timestamp_parse(storage_bytes("2026-11-20T14:37:31\0", 20), &unix_ns));
    ck_assert_ptr_nonnull(timestamp_parse(storage_bytes(NULL, 0), &unix_ns));
}
END_TEST

START_TEST(every_time_comes_back)
{
    TestutilRandom random = testutil_random_seeded(testutil_seed("every_time_comes_back", 3339));
    for (int i = 0; i < 100000; i++) {
        char text[TIMESTAMP_TEXT_SIZE];
        int64_t unix_ns = (int64_t)testutil_random_next(&random) >> (i % 64), found = 0;
        if (unix_ns == STORAGE_NEVER)
            continue;
        const char *problem = timestamp_parse(storage_string(timestamp_format(unix_ns, text)), &found);
        unit_assert(problem == NULL && found == unix_ns, "%" PRId64 " became %s and %" PRId64, unix_ns, text, found);
        unit_assert(strlen(text) == 30, "%s has %zu characters", text, strlen(text));
    }
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("timestamp");
    Suite *suite = suite_create("timestamp");
    SRunner *runner;
    int failed_count;
    tcase_set_timeout(cases, UNIT_TIMEOUT_SECONDS);
    tcase_add_loop_test(cases, a_time_is_read, 0, sizeof(read_times) / sizeof(read_times[0]));
    tcase_add_loop_test(cases, what_is_no_time_is_refused, 0, sizeof(wrong_times) / sizeof(wrong_times[0]));
    tcase_add_test(cases, a_zero_byte_ends_no_time);
    tcase_add_test(cases, every_time_comes_back);
    suite_add_tcase(suite, cases);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
