/*
 * test_bench_zipf.c - what the benchmark draws: ranks against Zipf's law, orders that lose no number, and mixes.
 *
 * Draws are seeded, so each of these either always passes or never. Bounds are five standard deviations of the law.
 */
#include "unit.h"

#include "bench/workload.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define DRAW_COUNT 1000000

static uint64_t counts[DRAW_COUNT];

static void check_share(const char *what, uint64_t found, double expected, double tolerance)
{
    double share = (double)found / DRAW_COUNT;
    double bound = 5 * sqrt(expected * (1 - expected) / DRAW_COUNT) + tolerance * expected;
    unit_assert(fabs(share - expected) <= bound, "%s: %f instead of %f", what, share, expected);
}

static void draw_ranks(uint64_t rank_count, uint64_t seed)
{
    BenchZipf zipf;
    BenchRandom random;
    memset(counts, 0, sizeof(counts));
    bench_zipf_init(&zipf, rank_count);
    bench_random_init(&random, seed, 0);
    for (size_t i = 0; i < DRAW_COUNT; i++) {
        uint64_t rank = bench_zipf_next(&zipf, &random);
        unit_assert(rank < rank_count, "rank %" PRIu64 " of %" PRIu64, rank, rank_count);
        if (rank < DRAW_COUNT)
            counts[rank]++;
    }
}

START_TEST(the_sum_of_the_law_is_the_plain_sum)
{
    static const uint64_t rank_counts[] = {1, 2, 3, 999, 1000, 1001, 1002, 5000, 1000000};
    for (size_t i = 0; i < sizeof(rank_counts) / sizeof(rank_counts[0]); i++) {
        double sum = 0;
        for (uint64_t rank = rank_counts[i]; rank >= 1; rank--)
            sum += pow((double)rank, -ZIPF_THETA);
        unit_assert(fabs(bench_zipf_zeta(rank_counts[i]) - sum) < 1e-10 * sum, "zeta(%" PRIu64 ") is %.15f not %.15f",
                    rank_counts[i], bench_zipf_zeta(rank_counts[i]), sum);
    }
}
END_TEST

/* Exact for the first two ranks; the generator's own error is a few percent for sums over more of them. */
START_TEST(ranks_are_drawn_by_the_law)
{
    static const uint64_t rank_counts[] = {1000, 100000, UINT64_C(1) << 40};
    for (size_t i = 0; i < sizeof(rank_counts) / sizeof(rank_counts[0]); i++) {
        double zeta = bench_zipf_zeta(rank_counts[i]);
        uint64_t sum = 0;
        draw_ranks(rank_counts[i], i);
        check_share("rank 0", counts[0], 1 / zeta, 0);
        check_share("rank 1", counts[1], pow(2, -ZIPF_THETA) / zeta, 0);
        for (uint64_t rank = 0; rank < 100; rank++) {
            sum += counts[rank];
            if (rank == 9)
                check_share("ranks below 10", sum, bench_zipf_zeta(10) / zeta, 0.06);
        }
        check_share("ranks below 100", sum, bench_zipf_zeta(100) / zeta, 0.06);
    }
}
END_TEST

START_TEST(few_ranks_are_all_drawn_and_no_other)
{
    for (uint64_t rank_count = 1; rank_count <= 5; rank_count++) {
        double zeta = bench_zipf_zeta(rank_count);
        draw_ranks(rank_count, rank_count);
        for (uint64_t rank = 0; rank < rank_count; rank++)
            unit_assert(counts[rank] > DRAW_COUNT / 20, "rank %" PRIu64 " of %" PRIu64 ": %" PRIu64, rank, rank_count,
                        counts[rank]);
        check_share("rank 0", counts[0], 1 / zeta, 0);
    }
}
END_TEST

START_TEST(growing_is_the_same_as_beginning_with_more)
{
    BenchZipf grown, whole;
    bench_zipf_init(&grown, 500);
    for (uint64_t count = 501; count <= 20000; count += 13)
        bench_zipf_grow(&grown, count);
    bench_zipf_grow(&grown, 20000);
    bench_zipf_grow(&grown, 100);
    bench_zipf_init(&whole, 20000);
    ck_assert_uint_eq(grown.count, whole.count);
    ck_assert_double_eq_tol(grown.zeta, whole.zeta, 1e-9);
    ck_assert_double_eq_tol(grown.eta, whole.eta, 1e-9);
}
END_TEST

START_TEST(a_random_order_has_every_number_once)
{
    static const uint64_t number_counts[] = {1, 2, 3, 4, 5, 7, 8, 9, 100, 1023, 1024, 1025, 50000};
    for (size_t i = 0; i < sizeof(number_counts) / sizeof(number_counts[0]); i++) {
        uint64_t fixed_count = 0;
        memset(counts, 0, sizeof(counts));
        for (uint64_t number = 0; number < number_counts[i]; number++) {
            uint64_t place = bench_random_permute(number, number_counts[i], i);
            unit_assert(place < number_counts[i] && counts[place] == 0, "%" PRIu64 " of %" PRIu64 " is at %" PRIu64,
                        number, number_counts[i], place);
            counts[place] = 1;
            fixed_count += place == number;
        }
        unit_assert(number_counts[i] < 1000 || fixed_count < 20, "%" PRIu64 " of %" PRIu64 " numbers stay", fixed_count,
                    number_counts[i]);
    }
    ck_assert_uint_ne(bench_random_permute(17, 50000, 1), bench_random_permute(17, 50000, 2));
}
END_TEST

START_TEST(scattering_has_a_way_back)
{
    BenchRandom random;
    bench_random_init(&random, 3, 0);
    for (uint64_t i = 0; i < 100000; i++) {
        uint64_t number = i % 2 == 0 ? i : bench_random_next(&random);
        unit_assert(bench_random_unmix(bench_random_mix(number)) == number, "%" PRIu64, number);
    }
}
END_TEST

START_TEST(numbers_are_below_their_limit_and_alike)
{
    BenchRandom random;
    memset(counts, 0, sizeof(counts));
    bench_random_init(&random, 5, 1);
    for (size_t i = 0; i < DRAW_COUNT; i++)
        counts[bench_random_below(&random, 10)]++;
    for (size_t i = 0; i < 10; i++)
        check_share("a tenth", counts[i], 0.1, 0);
    ck_assert_uint_eq(counts[10], 0);
    for (size_t i = 0; i < 1000; i++)
        ck_assert_uint_lt(bench_random_below(&random, UINT64_C(1) << 52), UINT64_C(1) << 52);
}
END_TEST

START_TEST(mixes_have_their_shares)
{
    static const struct {
        const char *name;
        uint32_t percent[BENCH_KIND_COUNT];
    } mixes[] = {
        {"a", {50, 50, 0, 0, 0}}, {"b", {95, 5, 0, 0, 0}},      {"c", {100, 0, 0, 0, 0}},
        {"d", {95, 0, 5, 0, 0}},  {"e", {0, 0, 5, 95, 0}},      {"f", {50, 0, 0, 0, 50}},
        {"read", {100}},          {"write", {0, 100, 0, 0, 0}}, {"scan", {0, 0, 0, 100, 0}},
    };
    for (size_t i = 0; i < sizeof(mixes) / sizeof(mixes[0]); i++) {
        const BenchWorkload *workload = bench_workload_find(storage_string(mixes[i].name));
        BenchChooser chooser;
        uint64_t drawn[BENCH_KIND_COUNT] = {0};
        ck_assert_ptr_nonnull(workload);
        ck_assert_str_eq(workload->name, mixes[i].name);
        bench_chooser_init(&chooser, workload, workload->distribution, 1000, 11, 0);
        for (size_t n = 0; n < DRAW_COUNT; n++)
            drawn[bench_chooser_kind(&chooser)]++;
        for (BenchKind kind = 0; kind < BENCH_KIND_COUNT; kind++)
            check_share(mixes[i].name, drawn[kind], mixes[i].percent[kind] / 100.0, 0);
    }
    ck_assert_ptr_null(bench_workload_find(storage_string("load")));
    ck_assert_ptr_null(bench_workload_find(storage_string("")));
    ck_assert_ptr_null(bench_workload_find(storage_string("aa")));
}
END_TEST

/* The share of the record that is drawn most often. */
static double largest_share(BenchDistribution distribution, uint64_t record_count, uint64_t present,
                            uint64_t *ret_record)
{
    const BenchWorkload *workload = bench_workload_find(storage_string("c"));
    BenchChooser chooser;
    memset(counts, 0, sizeof(counts));
    bench_chooser_init(&chooser, workload, distribution, record_count, 2, 0);
    *ret_record = 0;
    for (size_t i = 0; i < DRAW_COUNT; i++) {
        uint64_t record = bench_chooser_record(&chooser, present);
        unit_assert(record < present, "record %" PRIu64, record);
        counts[record]++;
        if (counts[record] > counts[*ret_record])
            *ret_record = record;
    }
    return (double)counts[*ret_record] / DRAW_COUNT;
}

START_TEST(distributions_choose_the_records_they_should)
{
    uint64_t record, other;
    BenchChooser chooser;
    ck_assert_double_lt(largest_share(BENCH_UNIFORM, 1000, 1000, &record), 0.0013);
    ck_assert_double_eq_tol(largest_share(BENCH_LATEST, 1000, 1000, &record), 1 / bench_zipf_zeta(1000), 0.003);
    ck_assert_uint_eq(record, 999);
    ck_assert_double_eq_tol(largest_share(BENCH_LATEST, 1000, 3000, &record), 1 / bench_zipf_zeta(3000), 0.003);
    ck_assert_uint_eq(record, 2999);
    ck_assert_double_eq_tol(largest_share(BENCH_ZIPFIAN, 1000, 1000, &record), 1 / bench_zipf_zeta(1000), 0.003);
    ck_assert_uint_eq(record, bench_random_permute(0, 1000, 2));
    /* Popular records stay so while others are inserted, and are the same ones in every thread. */
    ck_assert_double_eq_tol(largest_share(BENCH_ZIPFIAN, 1000, 3000, &other), 1 / bench_zipf_zeta(1000), 0.003);
    ck_assert_uint_eq(record, other);
    bench_chooser_init(&chooser, bench_workload_find(storage_string("c")), BENCH_ZIPFIAN, 1000, 2, 5);
    memset(counts, 0, sizeof(counts));
    for (size_t i = 0; i < 1000; i++)
        counts[bench_chooser_record(&chooser, 1000)]++;
    ck_assert_uint_gt(counts[record], 80);
}
END_TEST

START_TEST(scans_have_1_to_100_rows_each_alike)
{
    BenchChooser chooser;
    memset(counts, 0, sizeof(counts));
    bench_chooser_init(&chooser, bench_workload_find(storage_string("e")), BENCH_ZIPFIAN, 10, 1, 0);
    for (size_t i = 0; i < DRAW_COUNT; i++)
        counts[bench_chooser_row_count(&chooser)]++;
    ck_assert_uint_eq(counts[0] + counts[101], 0);
    for (size_t i = 1; i <= 100; i++)
        check_share("a number of rows", counts[i], 0.01, 0);
}
END_TEST

UNIT_MAIN("bench_zipf", the_sum_of_the_law_is_the_plain_sum, ranks_are_drawn_by_the_law,
          few_ranks_are_all_drawn_and_no_other, growing_is_the_same_as_beginning_with_more,
          a_random_order_has_every_number_once, scattering_has_a_way_back, numbers_are_below_their_limit_and_alike,
          mixes_have_their_shares, distributions_choose_the_records_they_should, scans_have_1_to_100_rows_each_alike)
