/*
 * test_bench_histogram.c - percentiles of the benchmark's histogram against a sorted list of what went in.
 *
 * Durations are drawn over all magnitudes, with a seed for each round that a failure prints.
 */
#include "unit.h"

#include "bench/histogram.h"
#include "bench/random.h"
#include "bench/report.h"

#include <inttypes.h>
#include <string.h>

#define ROUND_COUNT 20
#define DURATION_COUNT 20000

static const uint32_t percentiles[] = {1, 10000, 50000, 95000, 99000, 99900, 99999, 100000};

static int compare(const void *a, const void *b)
{
    uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;
    return (first > second) - (first < second);
}

/* A duration of 1 to 42 bits, each number of bits alike. */
static uint64_t draw(BenchRandom *random)
{
    uint64_t bits = 1 + bench_random_below(random, HISTOGRAM_LARGEST_BITS);
    return bench_random_next(random) >> (64 - bits);
}

static void check_percentiles(const BenchHistogram *histogram, uint64_t *sorted, uint64_t count, uint64_t seed)
{
    qsort(sorted, count, sizeof(*sorted), compare);
    for (size_t i = 0; i < sizeof(percentiles) / sizeof(percentiles[0]); i++) {
        uint64_t rank = (count * percentiles[i] + 99999) / 100000;
        uint64_t exact = sorted[rank - 1], found = bench_histogram_percentile(histogram, percentiles[i]);
        unit_assert(found >= exact && (double)(found - exact) <= (double)exact / 1000,
                    "seed %" PRIu64 ": percentile %" PRIu32 " is %" PRIu64 " instead of %" PRIu64, seed, percentiles[i],
                    found, exact);
    }
    ck_assert_uint_eq(histogram->minimum_ns, sorted[0]);
    ck_assert_uint_eq(histogram->maximum_ns, sorted[count - 1]);
    ck_assert_uint_eq(bench_histogram_percentile(histogram, 100000), sorted[count - 1]);
}

START_TEST(percentiles_are_those_of_the_sorted_list_to_a_thousandth)
{
    static uint64_t durations[DURATION_COUNT];
    for (uint64_t seed = 1; seed <= ROUND_COUNT; seed++) {
        BenchHistogram *histogram = bench_histogram_new();
        uint64_t count, sum = 0;
        BenchRandom random;
        ck_assert_ptr_nonnull(histogram);
        bench_random_init(&random, seed, 0);
        count = 1 + bench_random_below(&random, DURATION_COUNT);
        for (uint64_t i = 0; i < count; i++) {
            durations[i] = draw(&random);
            sum += durations[i];
            bench_histogram_add(histogram, durations[i]);
        }
        ck_assert_uint_eq(histogram->count, count);
        ck_assert_uint_eq(bench_histogram_mean(histogram), sum / count);
        check_percentiles(histogram, durations, count, seed);
        bench_histogram_free(histogram);
    }
}
END_TEST

START_TEST(merging_is_the_same_as_counting_in_one)
{
    static uint64_t durations[DURATION_COUNT];
    BenchHistogram *whole = bench_histogram_new(), *merged = bench_histogram_new();
    BenchHistogram *parts[3] = {bench_histogram_new(), bench_histogram_new(), bench_histogram_new()};
    BenchRandom random;
    bench_random_init(&random, 7, 0);
    for (size_t i = 0; i < DURATION_COUNT; i++) {
        durations[i] = draw(&random);
        bench_histogram_add(whole, durations[i]);
        /* The last one stays empty. */
        bench_histogram_add(parts[bench_random_below(&random, 2)], durations[i]);
    }
    for (size_t i = 0; i < 3; i++) {
        bench_histogram_merge(merged, parts[i]);
        bench_histogram_free(parts[i]);
    }
    ck_assert_mem_eq(merged, whole, sizeof(*whole));
    check_percentiles(merged, durations, DURATION_COUNT, 7);
    bench_histogram_free(merged);
    bench_histogram_free(whole);
}
END_TEST

/* Around each power of two, where buckets change their width. */
START_TEST(every_duration_comes_back_to_a_thousandth)
{
    for (unsigned bits = 0; bits < HISTOGRAM_LARGEST_BITS; bits++)
        for (uint64_t offset = 0; offset < 5; offset++) {
            uint64_t duration_ns = (UINT64_C(1) << bits) + offset - 2, found;
            BenchHistogram *histogram = bench_histogram_new();
            if (bits < 2)
                duration_ns = offset;
            bench_histogram_add(histogram, duration_ns);
            bench_histogram_add(histogram, UINT64_C(1) << HISTOGRAM_LARGEST_BITS);
            found = bench_histogram_percentile(histogram, 50000);
            unit_assert(found >= duration_ns && (double)(found - duration_ns) <= (double)duration_ns / 1000,
                        "%" PRIu64 " came back as %" PRIu64, duration_ns, found);
            bench_histogram_free(histogram);
        }
}
END_TEST

START_TEST(an_empty_one_and_the_longest_durations)
{
    BenchHistogram *histogram = bench_histogram_new();
    ck_assert_uint_eq(bench_histogram_percentile(histogram, 50000), 0);
    ck_assert_uint_eq(bench_histogram_mean(histogram), 0);
    bench_histogram_add(histogram, UINT64_MAX);
    ck_assert_uint_eq(bench_histogram_percentile(histogram, 50000), UINT64_MAX);
    ck_assert_uint_eq(histogram->maximum_ns, UINT64_MAX);
    bench_histogram_free(histogram);
}
END_TEST

START_TEST(durations_are_shown_to_three_digits)
{
    static const struct {
        uint64_t duration_ns;
        const char *text;
    } rows[] = {
        {0, "0ns"},           {999, "999ns"},       {1000, "1.00us"},      {1234, "1.23us"},        {9994, "9.99us"},
        {9995, "10.0us"},     {99949, "99.9us"},    {99951, "100us"},      {999499, "999us"},       {999500, "1.00ms"},
        {12345678, "12.3ms"}, {999500000, "1.00s"}, {4567000000, "4.57s"}, {1234567000000, "1235s"}};
    char buffer[BENCH_DURATION_TEXT_SIZE];
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        ck_assert_str_eq(bench_duration_text(rows[i].duration_ns, buffer), rows[i].text);
    ck_assert_str_eq(bench_duration_text(UINT64_MAX, buffer), "18446744074s");
}
END_TEST

UNIT_MAIN("bench_histogram", percentiles_are_those_of_the_sorted_list_to_a_thousandth,
          merging_is_the_same_as_counting_in_one, every_duration_comes_back_to_a_thousandth,
          an_empty_one_and_the_longest_durations, durations_are_shown_to_three_digits)
