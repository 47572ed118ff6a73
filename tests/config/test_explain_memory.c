/*
 * test_explain_memory.c - explanations and schemas without memory: whichever allocation fails, the answer is NO_MEMORY,
 * there is no output, and nothing is left behind.
 */
#include "config_test.h"

#include "sample_types.h"
#include "storage/config.h"
#include "storage_testutil/allocator.h"

static const char document[] =
    "{\"layers\": [{\"type\": \"throttle\", \"rate\": \"5/s\"}, {\"type\": \"remember\"}, {\"type\": \"shrink\"}],"
    " \"backend\": {\"type\": \"vessel\", \"path\": \"${A:-a}/$$b\", \"name\": \"co$$t\", \"password\": \"secret\"}}";

typedef StorageStatus (*Call)(const StorageConfigOptions *options, StorageValue *ret_json, StorageContext *ctx);

static StorageStatus call_explain(const StorageConfigOptions *options, StorageValue *ret_json, StorageContext *ctx)
{
    return storage_config_explain(document, options, ret_json, ctx);
}

static const Call calls[] = {call_explain, storage_config_schema};

static TestutilAllocatorFigures figures_of(TestutilAllocator *allocator)
{
    TestutilAllocatorFigures figures;
    testutil_allocator_figures(allocator, &figures);
    return figures;
}

/* Makes allocation `number` of a call fail. Returns 0 once the call makes fewer. */
static int try_with_failure(TestutilAllocator *allocator, Call call, const StorageConfigOptions *options,
                            uint64_t number)
{
    StorageValue json = {"stale", 5, 0, 0, {0, 0}};
    TestutilAllocatorFigures before = figures_of(allocator);
    StorageStatus status;
    int has_failed;
    testutil_allocator_fail_once(allocator, number);
    status = call(options, &json, NULL);
    testutil_allocator_fail_once(allocator, 0);
    has_failed = figures_of(allocator).failure_count > before.failure_count;
    assert_status(status, has_failed ? STORAGE_NO_MEMORY : STORAGE_OK);
    ck_assert_int_eq(json.data == NULL, has_failed);
    storage_value_release(&json);
    ck_assert_uint_eq(figures_of(allocator).outstanding_blocks, before.outstanding_blocks);
    return has_failed;
}

START_TEST(whichever_allocation_fails_the_answer_is_no_memory)
{
    TestutilAllocator *allocator = testutil_allocator_new();
    StorageConfigOptions options = STORAGE_CONFIG_OPTIONS_INIT;
    StorageRegistry *registry;
    uint64_t number = 1;
    assert_status(storage_set_allocator(testutil_allocator_interface(allocator)), STORAGE_OK);
    registry = sample_registry_new();
    options.registry = registry;
    while (try_with_failure(allocator, calls[_i], &options, number))
        number++;
    ck_assert_uint_gt(number, 5);
    storage_registry_free(registry);
    ck_assert_uint_eq(figures_of(allocator).outstanding_blocks, 0);
    assert_status(storage_set_allocator(NULL), STORAGE_OK);
    testutil_allocator_free(allocator);
}
END_TEST

int main(void)
{
    const ConfigTest tests[] = {FOR_EACH(whichever_allocation_fails_the_answer_is_no_memory, calls)};
    return run_tests("explain memory", tests, sizeof(tests) / sizeof(tests[0]));
}
