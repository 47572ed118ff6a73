/* test_units.c - sizes, durations and rates: what is accepted and refused, and that formatting gives the text back. */
#include "config_test.h"

#include "storage/units.h"

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
    ck_assert_ptr_null(storage_parse_size(storage_string(sizes[_i].text), &bytes));
    ck_assert_uint_eq(bytes, sizes[_i].number);
}
END_TEST

/* The text in a block of just its size, so that a sanitizer sees who reads on. To be freed. */
static StorageSlice exact_copy(const char *text)
{
    size_t size = strlen(text);
    char *copy = malloc(size);
    if (size > 0)
        memcpy(copy, text, size);
    return storage_bytes(copy, size);
}

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
    StorageSlice text = exact_copy(wrong_sizes[_i]);
    ck_assert_ptr_nonnull(storage_parse_size(text, &bytes));
    free((void *)(uintptr_t)text.data);
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
    ck_assert_ptr_null(storage_parse_duration(storage_string(durations[_i].text), &ns));
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
    StorageSlice text = exact_copy(wrong_durations[_i]);
    ck_assert_ptr_nonnull(storage_parse_duration(text, &ns));
    free((void *)(uintptr_t)text.data);
    ck_assert_uint_eq(ns, 42);
}
END_TEST

static const Accepted formatted_sizes[] = {
    {"0B", 0}, {"1B", 1}, {"1kB", 1000}, {"1KiB", 1024}, {"64MiB", 67108864}, {"64MB", 64000000}, {"1023B", 1023},
};

START_TEST(a_formatted_size_is_short_and_exact)
{
    char text[STORAGE_UNITS_TEXT_SIZE];
    uint64_t bytes;
    storage_format_size(formatted_sizes[_i].number, text);
    ck_assert_ptr_null(storage_parse_size(storage_string(text), &bytes));
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
    char text[STORAGE_UNITS_TEXT_SIZE];
    uint64_t ns;
    ck_assert_ptr_eq(storage_format_duration(formatted_durations[_i].number, text), text);
    ck_assert_str_eq(text, formatted_durations[_i].text);
    ck_assert_ptr_null(storage_parse_duration(storage_string(text), &ns));
    ck_assert_uint_eq(ns, formatted_durations[_i].number);
}
END_TEST

typedef struct Rate {
    const char *text;
    StorageRate rate;
    const char *formatted;
} Rate;

static const Rate rates[] = {
    {"50000/s", {50000, SECOND}, "50000/s"},
    {"1/d", {1, 86400 * SECOND}, "1/d"},
    {"10/30s", {10, 30 * SECOND}, "10/30s"},
    {"10/1m30s", {10, 90 * SECOND}, "10/90s"},
    {"7/1s", {7, SECOND}, "7/s"},
    {"7/60s", {7, 60 * SECOND}, "7/m"},
    {"3/ns", {3, 1}, "3/ns"},
    {"3/ms", {3, 1000000}, "3/ms"},
    {"18446744073709551615/9223372036854775807ns",
     {UINT64_MAX, INT64_MAX},
     "18446744073709551615/9223372036854775807ns"},
};

START_TEST(a_rate_is_a_whole_number_and_a_period)
{
    char text[STORAGE_UNITS_TEXT_SIZE];
    StorageRate rate = {0, 0}, again = {0, 0};
    ck_assert_ptr_null(storage_parse_rate(storage_string(rates[_i].text), &rate));
    ck_assert_uint_eq(rate.count, rates[_i].rate.count);
    ck_assert_uint_eq(rate.period_ns, rates[_i].rate.period_ns);
    ck_assert_ptr_eq(storage_format_rate(rate, text), text);
    ck_assert_str_eq(text, rates[_i].formatted);
    ck_assert_ptr_null(storage_parse_rate(storage_string(text), &again));
    ck_assert_mem_eq(&rate, &again, sizeof(rate));
}
END_TEST

static const char *const wrong_rates[] = {
    "",
    "5",
    "/s",
    "5/",
    "0/s",
    "5/0s",
    "5/ s",
    "5 /s",
    "-5/s",
    "5/S",
    "5/sec",
    "1.5/s",
    "5/1.5",
    "5/s/s",
    "5/s ",
    " 5/s",
    "5/30",
    "5/1m 30s",
    "5s",
    "5/30s1m",
    "5//s",
    "5/w",
    "+5/s",
    "5e3/s",
    "5/-1s",
    "5/s1s",
    "5/1s1",
    "1/106752d",
    "18446744073709551616/s",
};

START_TEST(a_rate_that_could_be_misread_is_refused)
{
    StorageRate rate = {42, 43};
    StorageSlice text = exact_copy(wrong_rates[_i]);
    ck_assert_ptr_nonnull(storage_parse_rate(text, &rate));
    free((void *)(uintptr_t)text.data);
    ck_assert_uint_eq(rate.count, 42);
    ck_assert_uint_eq(rate.period_ns, 43);
}
END_TEST

START_TEST(a_text_ends_where_its_slice_ends)
{
    uint64_t number = 42;
    StorageRate rate = {42, 43};
    ck_assert_ptr_null(storage_parse_size(storage_bytes("64MiBs", 5), &number));
    ck_assert_uint_eq(number, 67108864);
    ck_assert_ptr_null(storage_parse_duration(storage_bytes("1ms", 2), &number));
    ck_assert_uint_eq(number, 60 * SECOND);
    ck_assert_ptr_null(storage_parse_rate(storage_bytes("5/ms", 3), &rate));
    ck_assert_uint_eq(rate.period_ns, 60 * SECOND);
    ck_assert_ptr_nonnull(storage_parse_size(storage_bytes("64B\0", 4), &number));
    ck_assert_ptr_nonnull(storage_parse_duration(storage_bytes("1s\0", 3), &number));
    ck_assert_ptr_nonnull(storage_parse_rate(storage_bytes("5/s\0", 4), &rate));
    ck_assert_ptr_nonnull(storage_parse_size(storage_bytes(NULL, 0), &number));
    ck_assert_ptr_nonnull(storage_parse_duration(storage_bytes(NULL, 0), &number));
    ck_assert_ptr_nonnull(storage_parse_rate(storage_bytes(NULL, 0), &rate));
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
        FOR_EACH(a_rate_is_a_whole_number_and_a_period, rates),
        FOR_EACH(a_rate_that_could_be_misread_is_refused, wrong_rates),
        ONCE(a_text_ends_where_its_slice_ends),
    };
    return run_tests("units", tests, sizeof(tests) / sizeof(tests[0]));
}
