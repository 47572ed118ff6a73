/*
 * test_allocation_failures.c - every allocation of the reference workload is made to fail once, and then with all that
 * follow it. The call that meets the failure says NO_MEMORY or succeeds; the store stays what the model is; nothing is
 * left behind after the close.
 */
#include "property.h"
#include "workload.h"

static const char *const stores[] = {"memory", "ledger_file"};
enum { STORE_COUNT = sizeof(stores) / sizeof(stores[0]) };

static TestutilAllocator *allocator;

static void setup(void)
{
    allocator = testutil_allocator_new();
    testutil_assert_ok(storage_set_allocator(testutil_allocator_interface(allocator)));
}

static void teardown(void)
{
    testutil_assert_ok(storage_set_allocator(NULL));
    testutil_allocator_free(allocator);
}

static void expect_nothing_outstanding(uint64_t number)
{
    TestutilAllocatorFigures figures;

    testutil_allocator_figures(allocator, &figures);
    if (figures.outstanding_blocks == 0)
        return;
    testutil_allocator_print_outstanding(allocator, stderr, 20);
    testutil_fail(__FILE__, __LINE__, "%zu blocks are outstanding after allocation %llu failed",
                  figures.outstanding_blocks, (unsigned long long)number);
}

static uint64_t failure_count(void)
{
    TestutilAllocatorFigures figures;

    testutil_allocator_figures(allocator, &figures);
    return figures.failure_count;
}

START_TEST(the_workload_passes_when_nothing_fails_and_leaves_nothing)
{
    Workload workload;

    workload_run(&workload, allocator, stores[_i]);
    ck_assert_uint_eq(workload.refused_count, 0);
    ck_assert(!workload.was_compacted);
    ck_assert_uint_gt(workload.call_count, 300);
    expect_nothing_outstanding(0);
}
END_TEST

/* Runs until a run is so short of allocations that none was left to fail. Under sanitizers not every number. */
static void fail_every_allocation(const char *store, void (*arm)(TestutilAllocator *, uint64_t), const char *how)
{
    Workload workload;
    uint64_t number = 1, refused_count = 0, run_count = 0, failed_before;
    uint64_t stride = PROPERTY_SANITIZED ? 7 : 1;

    do {
        failed_before = failure_count();
        arm(allocator, number);
        workload_run(&workload, allocator, store);
        testutil_allocator_fail_once(allocator, 0);
        expect_nothing_outstanding(number);
        refused_count += workload.refused_count;
        run_count++;
        number += number < 400 ? 1 : stride;
    } while (failure_count() > failed_before);
    printf("%s, %s: %llu runs, %llu calls refused\n", store, how, (unsigned long long)run_count,
           (unsigned long long)refused_count);
    ck_assert_msg(run_count > 300, "the workload makes hardly any allocation");
    ck_assert_msg(refused_count > run_count / 2, "hardly any failure was noticed");
}

START_TEST(every_allocation_fails_once)
{
    fail_every_allocation(stores[_i], testutil_allocator_fail_once, "once");
}
END_TEST

START_TEST(every_allocation_fails_with_all_after_it)
{
    fail_every_allocation(stores[_i], testutil_allocator_fail_from, "from there on");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("allocation failures");
    TCase *tcase = tcase_create("allocation failures");

    tcase_set_timeout(tcase, 240);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, the_workload_passes_when_nothing_fails_and_leaves_nothing, 0, STORE_COUNT);
    tcase_add_loop_test(tcase, every_allocation_fails_once, 0, STORE_COUNT);
    tcase_add_loop_test(tcase, every_allocation_fails_with_all_after_it, 0, STORE_COUNT);
    suite_add_tcase(suite, tcase);
    return property_run(suite);
}
