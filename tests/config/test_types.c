/* test_types.c - the tables: each option of a document lands in the field of its name, and the tables are in order. */
#include "config_test.h"

#include "config/read.h"
#include "storage/memory.h"

START_TEST(each_option_of_memory_lands_in_its_field)
{
    char buffer[ERRORS_SIZE];
    StorageMemoryOptions options;
    StorageContext *ctx = storage_context_new();
    ConfigReport report = {.ctx = ctx};
    cJSON *tree = cJSON_Parse("{\"type\": \"memory\", \"limit\": \"1MiB\", \"watch_history_count\": 2,"
                              " \"watch_history\": \"3kB\", \"idempotency_count\": 4, \"idempotency\": \"6kB\","
                              " \"idempotency_age\": \"5us\"}");
    ck_assert_ptr_nonnull(tree);
    config_read_options(tree, &config_memory_type, &options, NULL, &report);
    ck_assert_str_eq(errors_of(ctx, buffer), "");
    ck_assert_uint_eq(options.struct_size, sizeof(options));
    ck_assert_uint_eq(options.limit_bytes, 1048576);
    ck_assert_uint_eq(options.watch_history_count, 2);
    ck_assert_uint_eq(options.watch_history_bytes, 3000);
    ck_assert_uint_eq(options.idempotency_count, 4);
    ck_assert_uint_eq(options.idempotency_bytes, 6000);
    ck_assert_uint_eq(options.idempotency_age_ns, 5000);
    cJSON_Delete(tree);
    storage_context_free(ctx);
}
END_TEST

START_TEST(a_type_is_found_by_its_name_and_opens_or_wraps)
{
    for (size_t i = 0; config_types[i] != NULL; i++) {
        const ConfigType *type = config_types[i];
        ck_assert_ptr_eq(config_type_find(type->name), type);
        ck_assert_int_eq(type->open != NULL, type->role == CONFIG_BACKEND);
        ck_assert_int_eq(type->wrap != NULL, type->role == CONFIG_LAYER);
        ck_assert_ptr_nonnull(type->doc);
    }
    ck_assert_ptr_null(config_type_find("Memory"));
    ck_assert_ptr_null(config_type_find(""));
}
END_TEST

START_TEST(the_fields_of_a_type_have_names_and_room_of_their_own)
{
    for (size_t i = 0; config_types[i] != NULL; i++) {
        const ConfigType *type = config_types[i];
        for (size_t j = 0; j < type->field_count; j++) {
            const ConfigField *field = &type->fields[j];
            ck_assert_uint_ge(field->offset, sizeof(uint32_t));
            ck_assert_uint_lt(field->offset, type->options_size);
            for (size_t k = 0; k < j; k++) {
                ck_assert_str_ne(field->name, type->fields[k].name);
                ck_assert_uint_ne(field->offset, type->fields[k].offset);
            }
        }
    }
}
END_TEST

int main(void)
{
    const ConfigTest tests[] = {
        ONCE(each_option_of_memory_lands_in_its_field),
        ONCE(a_type_is_found_by_its_name_and_opens_or_wraps),
        ONCE(the_fields_of_a_type_have_names_and_room_of_their_own),
    };
    return run_tests("types", tests, sizeof(tests) / sizeof(tests[0]));
}
