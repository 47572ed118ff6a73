/*
 * test_no_memory.c - each allocation of the configuration fails once: the answer is NO_MEMORY, or the one that was due
 * when only an error text was lost, and nothing leaks.
 */
#include "config_test.h"

#include "storage/storage.h"
#include "storage_testutil/allocator.h"

#include <errno.h>
#include <stddef.h>

/* ---- a type with strings, and layers to be warned of ---- */

typedef struct ChestOptions {
    uint32_t struct_size, flags;
    const char *path, *secret;
} ChestOptions;

static const StorageConfigField chest_fields[] = {
    {.name = "path",
     .kind = STORAGE_FIELD_STRING,
     .flags = STORAGE_FIELD_PATH,
     .offset = offsetof(ChestOptions, path),
     .doc = "Where it is."},
    {.name = "secret",
     .kind = STORAGE_FIELD_STRING,
     .flags = STORAGE_FIELD_SECRET,
     .offset = offsetof(ChestOptions, secret),
     .doc = "What opens it."},
};

static StorageStatus open_chest(const StorageConfigType *self, const void *options,
                                const StorageEnvironment *environment, StorageBackend **ret_backend,
                                StorageContext *ctx)
{
    const ChestOptions *chest = options;
    (void)self, (void)environment;
    ck_assert_str_eq(chest->path, "attic/chest");
    ck_assert_str_eq(chest->secret, "key");
    return storage_memory_open(NULL, ret_backend, ctx);
}

static const StorageConfigType chest_type = {
    .struct_size = sizeof(StorageConfigType),
    .role = STORAGE_ROLE_BACKEND,
    .name = "chest",
    .doc = "A chest.",
    .fields = chest_fields,
    .field_count = sizeof(chest_fields) / sizeof(chest_fields[0]),
    .field_size = sizeof(StorageConfigField),
    .options_size = sizeof(ChestOptions),
    .open = open_chest,
};

static StorageStatus wrap_lid(const StorageConfigType *self, StorageBackend *inner, const void *options,
                              StorageBackend **ret_backend, StorageContext *ctx)
{
    (void)self, (void)options;
    return storage_read_only_wrap(inner, NULL, ret_backend, ctx);
}

static const StorageOrderRule lid_rules[] = {
    {STORAGE_ORDER_ONCE, STORAGE_ORDER_WARNED, NULL, "one lid closes it"},
};

static const StorageConfigType lid_type = {
    .struct_size = sizeof(StorageConfigType),
    .role = STORAGE_ROLE_LAYER,
    .name = "lid",
    .doc = "A lid.",
    .options_size = sizeof(uint32_t),
    .rules = lid_rules,
    .rule_count = 1,
    .rule_size = sizeof(StorageOrderRule),
    .wrap = wrap_lid,
};

/* ---- one file, one variable ---- */

static int open_count;

static int open_read(void *user_data, const char *path, StorageFile **ret_file)
{
    (void)user_data;
    if (strcmp(path, "attic/app.json") != 0 && strcmp(path, "attic/key") != 0 && strcmp(path, "attic/growing") != 0)
        return ENOENT;
    open_count++;
    *ret_file = (StorageFile *)(uintptr_t)path;
    return 0;
}

static const char *document = "";

static const char *text_of(const StorageFile *file)
{
    return strcmp((const char *)file, "attic/app.json") == 0 ? document : "key\n";
}

static int size_of(void *user_data, StorageFile *file, uint64_t *ret_size)
{
    (void)user_data;
    *ret_size = strlen(text_of(file)) - (strcmp((const char *)file, "attic/growing") == 0);
    return 0;
}

static int read_at(void *user_data, StorageFile *file, uint64_t offset, void *buffer, size_t size, size_t *ret_read)
{
    size_t text_size = strlen(text_of(file));
    (void)user_data, (void)offset;
    *ret_read = size < text_size ? size : text_size;
    memcpy(buffer, text_of(file), *ret_read);
    return 0;
}

static void close_file(void *user_data, StorageFile *file)
{
    (void)user_data, (void)file;
    open_count--;
}

static const StorageFiles files = {
    .struct_size = sizeof(files), .open_read = open_read, .read_at = read_at, .size = size_of, .close = close_file};

static const char *variable(void *user_data, const char *name)
{
    (void)user_data;
    return strcmp(name, "NAME") == 0 ? "chest" : NULL;
}

/* ---- everything, with an allocation that fails ---- */

typedef struct Run {
    StorageStatus registry_status, status;
    size_t warning_count;
    int is_open;
} Run;

static void count_warning(void *user_data, const char *text)
{
    ck_assert_ptr_nonnull(strstr(text, "one lid closes it"));
    ((Run *)user_data)->warning_count++;
}

static StorageStatus fill_registry(StorageRegistry *registry, StorageContext *ctx)
{
    StorageStatus status = registry == NULL ? STORAGE_NO_MEMORY : storage_registry_add(registry, &chest_type, ctx);
    return status == STORAGE_OK ? storage_registry_add(registry, &lid_type, ctx) : status;
}

static Run run_all(void)
{
    StorageEnvironment environment = STORAGE_ENVIRONMENT_INIT;
    StorageConfigOptions options = STORAGE_CONFIG_OPTIONS_INIT;
    StorageContext *ctx = storage_context_new();
    StorageRegistry *registry = storage_registry_new();
    StorageBackend *store = NULL;
    Run run = {.registry_status = fill_registry(registry, ctx)};
    environment.files = &files;
    options.environment = &environment;
    options.registry = registry;
    options.variable = variable;
    options.warn = count_warning;
    options.user_data = &run;
    if (run.registry_status == STORAGE_OK) {
        run.status = storage_config_open_file("attic/app.json", &options, &store, ctx);
        run.is_open = store != NULL;
        assert_status(storage_close(store, NULL), STORAGE_OK);
    }
    storage_registry_free(registry);
    storage_context_free(ctx);
    return run;
}

/* Runs with the allocation of that number failing. Returns 0 when there are fewer. */
static int run_without(TestutilAllocator *allocator, uint64_t number, StorageStatus expected)
{
    TestutilAllocatorFigures before, after;
    Run run;
    testutil_allocator_figures(allocator, &before);
    testutil_allocator_fail_once(allocator, number);
    run = run_all();
    testutil_allocator_fail_once(allocator, 0);
    testutil_allocator_figures(allocator, &after);
    if (run.registry_status != STORAGE_OK)
        assert_status(run.registry_status, STORAGE_NO_MEMORY);
    else if (run.status != expected)
        assert_status(run.status, STORAGE_NO_MEMORY);
    else if (expected == STORAGE_OK)
        ck_assert_uint_eq(run.warning_count, 1);
    ck_assert_int_eq(run.is_open, run.registry_status == STORAGE_OK && run.status == STORAGE_OK);
    ck_assert_int_eq(open_count, 0);
    ck_assert_uint_eq(after.outstanding_blocks, before.outstanding_blocks);
    return after.failure_count > before.failure_count;
}

static void fail_each(const char *json, StorageStatus expected, uint64_t least_count)
{
    TestutilAllocator *allocator = testutil_allocator_new();
    uint64_t number = 1;
    document = json;
    assert_status(storage_set_allocator(testutil_allocator_interface(allocator)), STORAGE_OK);
    while (run_without(allocator, number, expected))
        number++;
    ck_assert_uint_gt(number, least_count);
    assert_status(storage_set_allocator(NULL), STORAGE_OK);
    testutil_allocator_free(allocator);
}

START_TEST(out_of_memory_at_any_allocation_leaves_nothing_open)
{
    fail_each("{\"layers\": [{\"type\": \"lid\"}, {\"type\": \"read_only\"}, {\"type\": \"lid\"}], \"backend\":"
              " {\"type\": \"${NAME}\", \"path\": \"./../${NAME}\", \"path\": 1}}",
              STORAGE_CONFIG, 20);
    fail_each("{\"layers\": [{\"type\": \"lid\"}, {\"type\": \"read_only\"}, {\"type\": \"lid\"}], \"backend\":"
              " {\"type\": \"${NAME}\", \"path\": \"${NAME}\", \"secret\": {\"$file\": \"key\"}}}",
              STORAGE_OK, 30);
}
END_TEST

START_TEST(out_of_memory_while_reporting_loses_texts_and_not_the_status)
{
    fail_each("{\"layers\": [{\"type\": \"x\"}, 1, 2], \"backend\": {\"type\": \"chest\", \"path\": \"${NOBODY}\","
              " \"secret\": {\"$file\": \"nowhere\"}, \"y\": 1}}",
              STORAGE_CONFIG, 10);
    fail_each("{\"backend\": {\"type\": \"chest\", \"secret\": {\"$file\": \"growing\"}}}", STORAGE_CONFIG, 10);
    fail_each("{", STORAGE_CONFIG, 4);
}
END_TEST

START_TEST(a_registry_that_grows_fails_whole)
{
    TestutilAllocator *allocator = testutil_allocator_new();
    TestutilAllocatorFigures figures;
    StorageConfigType type = chest_type;
    char names[32][16];
    assert_status(storage_set_allocator(testutil_allocator_interface(allocator)), STORAGE_OK);
    for (uint64_t number = 1; number < 80; number++) {
        StorageRegistry *registry;
        size_t expected_count;
        testutil_allocator_fail_once(allocator, number);
        registry = storage_registry_new();
        expected_count = storage_registry_count(NULL);
        for (size_t i = 0; registry != NULL && i < 32; i++) {
            (void)snprintf(names[i], sizeof(names[i]), "chest%zu", i);
            type.name = names[i];
            expected_count += storage_registry_add(registry, &type, NULL) == STORAGE_OK;
            ck_assert_uint_eq(storage_registry_count(registry), expected_count);
        }
        storage_registry_free(registry);
        testutil_allocator_figures(allocator, &figures);
        ck_assert_uint_eq(figures.outstanding_blocks, 0);
    }
    testutil_allocator_fail_once(allocator, 0);
    ck_assert_uint_gt(figures.failure_count, 30);
    assert_status(storage_set_allocator(NULL), STORAGE_OK);
    testutil_allocator_free(allocator);
}
END_TEST

int main(void)
{
    const ConfigTest tests[] = {
        ONCE(out_of_memory_at_any_allocation_leaves_nothing_open),
        ONCE(out_of_memory_while_reporting_loses_texts_and_not_the_status),
        ONCE(a_registry_that_grows_fails_whole),
    };
    return run_tests("no memory", tests, sizeof(tests) / sizeof(tests[0]));
}
