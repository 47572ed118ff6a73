/*
 * test_random_operations.c - random operations on stacks, compared with the model.
 *
 * Fixed seeds always run; then one that nobody can foretell, which is printed. STORAGE_SEED runs that seed alone, so a
 * difference that was printed can be looked at again.
 */
#include "custom_backend.h"
#include "property.h"
#include "storage_testutil/fault.h"
#include "storage_testutil/random_test.h"

enum { STEP_COUNT = 400, SEQUENCE_COUNT = 400, SEQUENCE_COUNT_OF_OTHERS = 120 };

static const char *const stacks[] = {
    "memory",
    "ledger",
    "ledger_lazy",
    "pass_through/ledger",
    "custom",
    "pass_through/memory",
    "failing/memory",
    "read_only/memory",
    "pass_through/failing/pass_through/memory",
    "read_only/pass_through/memory",
    "pass_through/custom",
};

/* The example of a backend that a third party writes. */
static StorageStatus open_custom(void *user_data, const TestutilStoreOptions *options, StorageBackend **ret_backend,
                                 StorageContext *ctx)
{
    (void)user_data;
    return custom_backend_open(options->environment, ret_backend, ctx);
}

static StorageStatus wrap_failing(void *user_data, StorageBackend *inner, StorageBackend **ret_backend,
                                  StorageContext *ctx)
{
    (void)user_data;
    return testutil_failing_wrap(inner, 1, ret_backend, ctx);
}

/* One sequence; prints a reproducer and fails when the stack differs from the model. Returns how much was compared. */
static size_t run_seed(const TestutilFactory *factory, uint64_t seed, size_t *effect_count)
{
    TestutilRandomReport report;
    int is_equal = testutil_random_test(factory, seed, STEP_COUNT, &report);
    size_t comparison_count = report.comparison_count;

    *effect_count += report.effect_count;
    if (!is_equal) {
        fprintf(stderr, "%s", testutil_text(&report.reproducer));
        ck_abort_msg("%s differs from the model (seed %llu)", factory->stack, (unsigned long long)seed);
    }
    testutil_random_report_done(&report);
    return comparison_count;
}

START_TEST(every_answer_is_the_one_of_the_model)
{
    TestutilRegistry *registry = testutil_registry_new();
    TestutilFactory factory = {registry, stacks[_i]};
    size_t comparison_count = 0, effect_count = 0;
    size_t count = property_scaled(_i == 0 ? SEQUENCE_COUNT : SEQUENCE_COUNT_OF_OTHERS);

    testutil_registry_add_backend(registry, "custom", open_custom, NULL);
    testutil_registry_add_layer(registry, "failing", wrap_failing, NULL);
    if (getenv("STORAGE_SEED") != NULL) {
        (void)run_seed(&factory, testutil_seed(factory.stack, 0), &effect_count);
        testutil_registry_free(registry);
        return;
    }
    for (size_t i = 0; i < count; i++)
        comparison_count += run_seed(&factory, 1000 * (uint64_t)_i + i + 1, &effect_count);
    uint64_t seed = testutil_seed_fresh();
    printf("%s: fresh seed %llu\n", factory.stack, (unsigned long long)seed);
    comparison_count += run_seed(&factory, seed, &effect_count);
    printf("%s: %zu sequences, %zu answers compared, %zu commits\n", factory.stack, count + 1, comparison_count,
           effect_count);
    ck_assert_msg(comparison_count > 100 * count, "hardly anything was compared");
    testutil_registry_free(registry);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("random operations");
    TCase *tcase = tcase_create("random operations");

    tcase_set_timeout(tcase, 240);
    tcase_add_loop_test(tcase, every_answer_is_the_one_of_the_model, 0, (int)(sizeof(stacks) / sizeof(stacks[0])));
    suite_add_tcase(suite, tcase);
    return property_run(suite);
}
