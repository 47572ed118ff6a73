/* test_units.c - sizes and durations: what is accepted, what is refused, and that formatting gives the text back. */
#include "config_test.h"

#include "config/units.h"

#include <string.h>

typedef struct Accepted {
    const char *text;
    uint64_t number;
} Accepted;

static const Accepted sizes[] = {
    {"0B", 0},
    {"1B", 1},
    {"1kB", 1000},
    {"1KB", 1000},
    {"1KiB", 1024},
    {"64MB", 64000000},
    {"64MiB", 67108864},
    {"64 MiB", 67108864},
    {"3GB", 3000000000},
    {"3GiB", 3221225472},
    {"2TB", 2000000000000},
    {"2TiB", 2199023255552},
    {"007B", 7},
    {"18446744073709551615B", UINT64_MAX},
    {"16777215TiB", UINT64_C(16777215) << 40},
};

START_TEST(a_size_is_a_whole_number_and_a_unit)
{
    uint64_t bytes = 42;
    ck_assert_ptr_null(units_parse_size(sizes[_i].text, &bytes));
    ck_assert_uint_eq(bytes, sizes[_i].number);
}
END_TEST

static const char *const wrong_sizes[] = {
    "",
    "64",
    "MiB",
    "64mb",
    "64M",
    "64mib",
    "-1B",
    "+1B",
    "1.5GiB",
    " 64MiB",
    "64MiB ",
    "64  MiB",
    "64MiBB",
    "1B1B",
    "0x10B",
    "18446744073709551616B",
    "16777216TiB",
    "1e3B",
    "1,024B",
    "\xc2\xb5",
};

START_TEST(a_size_that_could_be_misread_is_refused)
{
    uint64_t bytes = 42;
    ck_assert_ptr_nonnull(units_parse_size(wrong_sizes[_i], &bytes));
    ck_assert_uint_eq(bytes, 42);
}
END_TEST

#define SECOND UINT64_C(1000000000)

static const Accepted durations[] = {
    {"0s", 0},
    {"1ns", 1},
    {"5us", 5000},
    {"5ms", 5000000},
    {"30s", 30 * SECOND},
    {"1m30s", 90 * SECOND},
    {"1h", 3600 * SECOND},
    {"1d", 86400 * SECOND},
    {"1d2h3m4s5ms6us7ns", (86400 + 7200 + 180 + 4) * SECOND + 5006007},
    {"90m", 5400 * SECOND},
    {"9223372036854775807ns", INT64_MAX},
    {"106751d", UINT64_C(106751) * 86400 * SECOND},
};

START_TEST(a_duration_is_whole_numbers_and_units)
{
    uint64_t ns = 42;
    ck_assert_ptr_null(units_parse_duration(durations[_i].text, &ns));
    ck_assert_uint_eq(ns, durations[_i].number);
}
END_TEST

static const char *const wrong_durations[] = {
    "",        "5",
    "s",       "1.5s",
    "30s1m",   "1s1s",
    "1m 30s",  "-1s",
    "5sec",    " 5s",
    "5s ",     "5S",
    "1m30",    "1ms1s",
    "5min",    "9223372036854775808ns",
    "106752d", "106751d86400s",
    "1w",      "99999999999999999999s",
};

START_TEST(a_duration_that_could_be_misread_is_refused)
{
    uint64_t ns = 42;
    ck_assert_ptr_nonnull(units_parse_duration(wrong_durations[_i], &ns));
    ck_assert_uint_eq(ns, 42);
}
END_TEST

static const Accepted formatted_sizes[] = {
    {"0B", 0}, {"1B", 1}, {"1kB", 1000}, {"1KiB", 1024}, {"64MiB", 67108864}, {"64MB", 64000000}, {"1023B", 1023},
};

START_TEST(a_formatted_size_is_short_and_exact)
{
    char text[UNITS_TEXT_SIZE];
    uint64_t bytes;
    units_format_size(formatted_sizes[_i].number, text);
    ck_assert_ptr_null(units_parse_size(text, &bytes));
    ck_assert_uint_eq(bytes, formatted_sizes[_i].number);
    ck_assert_str_eq(text, formatted_sizes[_i].text);
}
END_TEST

static const Accepted formatted_durations[] = {
    {"0ns", 0},
    {"1ns", 1},
    {"90s", 90 * SECOND},
    {"1d", 86400 * SECOND},
    {"1500ms", 1500000000},
    {"36h", 129600 * SECOND},
};

START_TEST(a_formatted_duration_is_short_and_exact)
{
    char text[UNITS_TEXT_SIZE];
    units_format_duration(formatted_durations[_i].number, text);
    ck_assert_str_eq(text, formatted_durations[_i].text);
}
END_TEST

int main(void)
{
    const ConfigTest tests[] = {
        FOR_EACH(a_size_is_a_whole_number_and_a_unit, sizes),
        FOR_EACH(a_size_that_could_be_misread_is_refused, wrong_sizes),
        FOR_EACH(a_duration_is_whole_numbers_and_units, durations),
        FOR_EACH(a_duration_that_could_be_misread_is_refused, wrong_durations),
        FOR_EACH(a_formatted_size_is_short_and_exact, formatted_sizes),
        FOR_EACH(a_formatted_duration_is_short_and_exact, formatted_durations),
    };
    return run_tests("units", tests, sizeof(tests) / sizeof(tests[0]));
}
