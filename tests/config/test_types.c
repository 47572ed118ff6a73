/* test_types.c - the tables of the library: each option lands in its field, and each table says what its type is. */
#include "config_test.h"

#include "config/load.h"
#include "storage/memory.h"
#include "storage/registry.h"

#include <unistd.h>

START_TEST(each_option_of_memory_lands_in_its_field)
{
    ConfigSource source;
    ConfigPlan plan;
    const StorageMemoryOptions *options;
    assert_status(config_source_text(&source,
                                     "{\"backend\": {\"type\": \"memory\", \"limit\": \"1MiB\","
                                     " \"watch_history_count\": 2, \"watch_history\": \"3kB\","
                                     " \"idempotency_count\": 4, \"idempotency\": \"6kB\","
                                     " \"idempotency_age\": \"5us\"}}",
                                     NULL, NULL),
                  STORAGE_OK);
    assert_status(config_load(&source, &plan, NULL), STORAGE_OK);
    options = plan.backend.options;
    ck_assert_uint_eq(options->struct_size, sizeof(*options));
    ck_assert_uint_eq(options->limit_bytes, 1048576);
    ck_assert_uint_eq(options->watch_history_count, 2);
    ck_assert_uint_eq(options->watch_history_bytes, 3000);
    ck_assert_uint_eq(options->idempotency_count, 4);
    ck_assert_uint_eq(options->idempotency_bytes, 6000);
    ck_assert_uint_eq(options->idempotency_age_ns, 5000);
    config_plan_done(&plan);
}
END_TEST

START_TEST(each_option_of_ledger_reaches_the_store)
{
    StorageBackend *store;
    StorageValue text;
    const char *json = "{\"backend\": {\"type\": \"ledger\", \"path\": \":memory:\", \"sync\": \"every\","
                       " \"sync_commits\": 7, \"page_size\": \"8KiB\", \"cache\": \"3MiB\", \"file_limit\": \"9MiB\","
                       " \"reader_age\": \"5s\", \"watch_history_count\": 2, \"watch_history\": \"3kB\","
                       " \"idempotency_count\": 4, \"idempotency\": \"6kB\", \"idempotency_age\": \"5us\"}}";
    const char *expected = "\"page_size\":8192,\"sync\":\"every\",\"sync_commits\":7,\"cache_bytes\":3145728,"
                           "\"file_limit_bytes\":9437184,\"reader_age_ns\":5000000000,\"watch_history_count\":2,"
                           "\"watch_history_bytes\":3000,\"idempotency_count\":4,\"idempotency_bytes\":6000,"
                           "\"idempotency_age_ns\":5000";
    assert_status(storage_config_open(json, NULL, &store, NULL), STORAGE_OK);
    assert_status(storage_describe(store, STORAGE_DESCRIBE_STACK, &text, NULL), STORAGE_OK);
    ck_assert_ptr_nonnull(memmem(text.data, text.size, expected, strlen(expected)));
    storage_value_release(&text);
    assert_status(storage_close(store, NULL), STORAGE_OK);
}
END_TEST

/* A registry takes a table only when it is in order; to take one of the library's it needs another name. */
START_TEST(every_table_is_in_order)
{
    StorageRegistry *registry = storage_registry_new();
    StorageContext *ctx = storage_context_new();
    char errors[ERRORS_SIZE], names[16][64] = {""};
    size_t count = storage_registry_count(NULL);
    ck_assert_uint_ge(count, 2);
    ck_assert_uint_le(count, sizeof(names) / sizeof(names[0]));
    for (size_t i = 0; i < count; i++) {
        StorageConfigType renamed = *storage_registry_type(NULL, i);
        append(names[i], sizeof(names[i]), "other_%s", renamed.name);
        renamed.name = names[i];
        if (storage_registry_add(registry, &renamed, ctx) != STORAGE_OK)
            ck_abort_msg("%s", errors_of(ctx, errors));
    }
    ck_assert_uint_eq(storage_registry_count(registry), 2 * count);
    storage_registry_free(registry);
    storage_context_free(ctx);
}
END_TEST

static void assert_what_is_declared(const char *json)
{
    ConfigSource source;
    ConfigPlan plan;
    StorageBackend *store;
    const StorageCapabilities *real;
    assert_status(config_source_text(&source, json, NULL, NULL), STORAGE_OK);
    assert_status(config_load(&source, &plan, NULL), STORAGE_OK);
    assert_status(config_plan_open(&plan, NULL, &store, NULL), STORAGE_OK);
    real = storage_backend_capabilities(store);
    ck_assert_uint_eq(plan.capabilities, real->capabilities);
    ck_assert_uint_eq(plan.weakenings, real->weakenings);
    assert_status(storage_close(store, NULL), STORAGE_OK);
    config_plan_done(&plan);
}

/* A new directory for one file, in memory where there is such a place. */
static const char *new_directory(char path[64])
{
    (void)snprintf(path, 64, "%s", "/dev/shm/storage-XXXXXX");
    if (mkdtemp(path) != NULL)
        return path;
    (void)snprintf(path, 64, "%s", "test_types-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(path));
    return path;
}

static void remove_directory(const char *directory)
{
    char path[80];
    (void)snprintf(path, sizeof(path), "%s/store", directory);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(rmdir(directory), 0);
}

START_TEST(every_table_declares_what_the_open_stack_has)
{
    size_t count = storage_registry_count(NULL);
    for (size_t i = 0; i < count; i++) {
        const StorageConfigType *type = storage_registry_type(NULL, i);
        char json[256] = "", directory[64] = "";
        if (strcmp(type->name, "ledger") == 0)
            append(json, sizeof(json), "{\"backend\": {\"type\": \"ledger\", \"path\": \"%s/store\"}}",
                   new_directory(directory));
        else if (type->role == STORAGE_ROLE_BACKEND)
            append(json, sizeof(json), "{\"backend\": {\"type\": \"%s\"}}", type->name);
        else
            append(json, sizeof(json), "{\"layers\": [{\"type\": \"%s\"}], \"backend\": {\"type\": \"memory\"}}",
                   type->name);
        assert_what_is_declared(json);
        if (directory[0] != '\0')
            remove_directory(directory);
    }
}
END_TEST

int main(void)
{
    const ConfigTest tests[] = {
        ONCE(each_option_of_memory_lands_in_its_field),
        ONCE(each_option_of_ledger_reaches_the_store),
        ONCE(every_table_is_in_order),
        ONCE(every_table_declares_what_the_open_stack_has),
    };
    return run_tests("types", tests, sizeof(tests) / sizeof(tests[0]));
}
