/* test_defaults.c - the defaults in the table of `memory` are those that a store describes. */
#include "config_test.h"

#include "storage/memory.h"
#include "storage/operations.h"
#include "storage/registry.h"

#include <cjson/cJSON.h>
#include <inttypes.h>

/* What a store that was opened with `limit_bytes` and no other option says of its option. */
static uint64_t described(const char *name, uint64_t limit_bytes)
{
    StorageMemoryOptions options = STORAGE_MEMORY_OPTIONS_INIT;
    StorageBackend *store;
    StorageValue text;
    cJSON *stack, *item;
    uint64_t number;
    options.limit_bytes = limit_bytes;
    assert_status(storage_memory_open(&options, &store, NULL), STORAGE_OK);
    assert_status(storage_describe(store, STORAGE_DESCRIBE_STACK, &text, NULL), STORAGE_OK);
    stack = cJSON_ParseWithLength(text.data, text.size);
    item = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(stack, "backend"), name);
    if (!cJSON_IsNumber(item))
        ck_abort_msg("the store describes no number %s", name);
    number = (uint64_t)item->valuedouble;
    cJSON_Delete(stack);
    storage_value_release(&text);
    assert_status(storage_close(store, NULL), STORAGE_OK);
    return number;
}

static uint64_t default_of(const StorageConfigField *field)
{
    StorageSlice text = storage_string(field->default_text);
    uint64_t number = 0;
    if (field->default_text == NULL)
        return 0;
    if (field->kind == STORAGE_FIELD_SIZE)
        ck_assert_ptr_null(storage_parse_size(text, &number));
    else if (field->kind == STORAGE_FIELD_DURATION)
        ck_assert_ptr_null(storage_parse_duration(text, &number));
    else
        number = strtoull(field->default_text, NULL, 10);
    return number;
}

/* As a store describes it: that of the C field. */
static const char *described_name(const StorageConfigField *field, char buffer[80])
{
    const char *unit = field->kind == STORAGE_FIELD_SIZE       ? "_bytes"
                       : field->kind == STORAGE_FIELD_DURATION ? "_ns"
                                                               : "";
    (void)snprintf(buffer, 80, "%s%s", field->name, unit);
    return buffer;
}

START_TEST(the_defaults_of_memory_are_those_that_a_store_describes)
{
    const StorageConfigType *type = storage_registry_find(NULL, "memory");
    char name[80];
    for (size_t i = 0; i < type->field_count; i++) {
        uint64_t number = described(described_name(&type->fields[i], name), 0);
        ck_assert_msg(default_of(&type->fields[i]) == number, "the default of %s is %" PRIu64, name, number);
    }
}
END_TEST

START_TEST(the_defaults_with_a_limit_are_what_the_reference_says)
{
    const StorageConfigType *type = storage_registry_find(NULL, "memory");
    const uint64_t limit_bytes = 1 << 20;
    size_t limited_count = 0;
    char name[80];
    for (size_t i = 0; i < type->field_count; i++) {
        const StorageConfigField *field = &type->fields[i];
        int is_limited = strstr(field->doc, "With a limit at most a quarter of it.") != NULL;
        uint64_t number = described(described_name(field, name), limit_bytes);
        limited_count += is_limited ? 1 : 0;
        if (strcmp(field->name, "limit") != 0)
            ck_assert_msg((is_limited ? limit_bytes / 4 : default_of(field)) == number,
                          "with a limit the default of %s is %" PRIu64, name, number);
    }
    ck_assert_uint_eq(limited_count, 2);
}
END_TEST

int main(void)
{
    const ConfigTest tests[] = {
        ONCE(the_defaults_of_memory_are_those_that_a_store_describes),
        ONCE(the_defaults_with_a_limit_are_what_the_reference_says),
    };
    return run_tests("defaults", tests, sizeof(tests) / sizeof(tests[0]));
}
