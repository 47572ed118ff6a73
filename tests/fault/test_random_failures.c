/*
 * test_random_failures.c - random operations, compared with the model, while allocations fail: states that no workload
 * written by hand comes through. A layer that does the write and then says NO_MEMORY must be found.
 */
#include <string.h>

#include "custom_backend.h"
#include "property.h"
#include "storage/backend.h"
#include "storage_testutil/random_test.h"

enum { STEP_COUNT = 400, SEQUENCE_COUNT = 200 };

static TestutilAllocator *allocator;
static TestutilRegistry *registry;

/* ---- the negative control: a layer that allocates after the write and forgets that it was done ---- */

static StorageStatus write_then_allocate(StorageBackend *self, const StorageOperation *operations,
                                         size_t operation_count, uint32_t mode, StorageResult *ret_results,
                                         StorageContext *ctx)
{
    StorageStatus status = storage_forward_write(self, operations, operation_count, mode, ret_results, ctx);
    void *late = storage_allocate(16);

    if (status == STORAGE_OK && late == NULL)
        status = STORAGE_NO_MEMORY;
    storage_release(late);
    return status;
}

static void late_destroy(StorageBackend *self)
{
    storage_release(self);
}

static StorageOps late_ops;

static StorageStatus wrap_late(void *user_data, StorageBackend *inner, StorageBackend **ret_backend,
                               StorageContext *ctx)
{
    StorageBackend *self = storage_allocate_zero(sizeof(*self));

    (void)user_data;
    late_ops = *testutil_pass_through_ops();
    late_ops.name = "late";
    late_ops.write = write_then_allocate;
    late_ops.destroy = late_destroy;
    if (self == NULL)
        return STORAGE_NO_MEMORY;
    StorageStatus status = storage_backend_init(self, &late_ops, inner, NULL, NULL, ctx);
    if (status != STORAGE_OK)
        storage_release(self);
    else
        *ret_backend = self;
    return status;
}

/* The example of a backend that a third party writes. */
static StorageStatus open_custom(void *user_data, const TestutilStoreOptions *options, StorageBackend **ret_backend,
                                 StorageContext *ctx)
{
    (void)user_data;
    return custom_backend_open(options->environment, ret_backend, ctx);
}

/* ---- tests ---- */

static void setup(void)
{
    allocator = testutil_allocator_new();
    testutil_assert_ok(storage_set_allocator(testutil_allocator_interface(allocator)));
    registry = testutil_registry_new();
    testutil_registry_add_layer(registry, "late", wrap_late, NULL);
    testutil_registry_add_backend(registry, "custom", open_custom, NULL);
}

static void teardown(void)
{
    testutil_registry_free(registry);
    testutil_assert_ok(storage_set_allocator(NULL));
    testutil_allocator_free(allocator);
}

/* Runs a seed; 1 when nothing differed from the model and nothing was left behind. */
static int run_seed(const TestutilFactory *factory, uint64_t seed, TestutilRandomReport *report)
{
    TestutilAllocatorFigures figures;
    int is_equal = testutil_random_test_with_failures(factory, allocator, seed, STEP_COUNT, report);

    testutil_allocator_figures(allocator, &figures);
    if (figures.outstanding_blocks > 0)
        testutil_allocator_print_outstanding(allocator, stderr, 20);
    ck_assert_msg(figures.outstanding_blocks == 0, "%zu blocks are outstanding after seed %llu",
                  figures.outstanding_blocks, (unsigned long long)seed);
    return is_equal;
}

static const char *const stacks[] = {"memory", "ledger", "ledger_lazy", "pass_through/memory", "custom"};

START_TEST(what_is_refused_for_want_of_memory_has_no_effect)
{
    TestutilFactory factory = {registry, stacks[_i]};
    TestutilRandomReport report;
    size_t refused_count = 0, count = property_scaled(SEQUENCE_COUNT);
    uint64_t first = testutil_seed(factory.stack, 1);

    for (size_t i = 0; i < count; i++) {
        int is_equal = run_seed(&factory, first + i, &report);
        if (!is_equal)
            fprintf(stderr, "%s", testutil_text(&report.reproducer));
        ck_assert_msg(is_equal, "%s differs from the model (seed %llu)", factory.stack,
                      (unsigned long long)(first + i));
        refused_count += report.refused_count;
        testutil_random_report_done(&report);
    }
    printf("%s: %zu sequences, %zu calls refused\n", factory.stack, count, refused_count);
    ck_assert_msg(refused_count > count, "hardly any call was refused");
}
END_TEST

START_TEST(a_write_that_is_done_and_refused_is_found)
{
    TestutilFactory factory = {registry, "late/memory"};
    TestutilRandomReport report;
    int was_found = 0;

    for (uint64_t seed = 1; seed <= 50 && !was_found; seed++) {
        was_found = !run_seed(&factory, seed, &report);
        if (was_found) {
            printf("%s", testutil_text(&report.reproducer));
            ck_assert_uint_le(report.step_count, 10);
            ck_assert_ptr_nonnull(strstr(testutil_text(&report.reproducer), "fails]"));
        }
        testutil_random_report_done(&report);
    }
    ck_assert(was_found);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("random failures");
    TCase *tcase = tcase_create("random failures");

    tcase_set_timeout(tcase, 240);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, what_is_refused_for_want_of_memory_has_no_effect, 0,
                        (int)(sizeof(stacks) / sizeof(stacks[0])));
    tcase_add_test(tcase, a_write_that_is_done_and_refused_is_found);
    suite_add_tcase(suite, tcase);
    return property_run(suite);
}
