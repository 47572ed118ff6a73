/*
 * test_configuration_page.c - the reference page against the tables: each type has its heading, each field its row with
 * kind and default, and no row speaks of a field that is not there; the defaults are those that a store describes.
 */
#include "config_test.h"

#include "config/type.h"
#include "config/units.h"
#include "storage/memory.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *page_path;

static char *read_page(void)
{
    FILE *file = fopen(page_path, "re");
    char *text = calloc(1, 1 << 16);
    ck_assert_ptr_nonnull(file);
    ck_assert_ptr_nonnull(text);
    ck_assert_uint_lt(fread(text, 1, (1 << 16) - 1, file), (1 << 16) - 1);
    fclose(file);
    return text;
}

static const char *kind_name(ConfigKind kind)
{
    static const char *const names[] = {"size", "duration", "count", "string", "bool"};
    return names[kind];
}

/* The part of the page under the heading of a type; ends at the next heading. To be freed. */
static char *section_of(const char *page, const ConfigType *type)
{
    char heading[80], *section;
    const char *start, *end;
    snprintf(heading, sizeof(heading), "\n### `%s`\n", type->name);
    start = strstr(page, heading);
    if (start == NULL)
        ck_abort_msg("the page has no heading ### `%s`", type->name);
    start += strlen(heading);
    end = strstr(start, "\n#");
    section = end != NULL ? strndup(start, (size_t)(end - start)) : strdup(start);
    ck_assert_ptr_nonnull(section);
    return section;
}

START_TEST(every_type_is_described_in_the_words_of_its_table)
{
    char *page = read_page();
    for (size_t i = 0; config_types[i] != NULL; i++) {
        char *section = section_of(page, config_types[i]);
        if (strstr(section, config_types[i]->doc) == NULL)
            ck_abort_msg("under `%s` the page does not say: %s", config_types[i]->name, config_types[i]->doc);
        free(section);
    }
    free(page);
}
END_TEST

START_TEST(every_field_has_its_row)
{
    char *page = read_page();
    for (size_t i = 0; config_types[i] != NULL; i++) {
        char *section = section_of(page, config_types[i]);
        for (size_t j = 0; j < config_types[i]->field_count; j++) {
            const ConfigField *field = &config_types[i]->fields[j];
            char row[512];
            snprintf(row, sizeof(row), "\n| `%s` | %s | %s | %s |\n", field->name, kind_name(field->kind),
                     field->required ? "required" : field->default_text, field->doc);
            if (strstr(section, row) == NULL)
                ck_abort_msg("under `%s` the page lacks the row:%s", config_types[i]->name, row);
        }
        free(section);
    }
    free(page);
}
END_TEST

START_TEST(no_row_is_about_a_field_that_does_not_exist)
{
    char *page = read_page();
    for (size_t i = 0; config_types[i] != NULL; i++) {
        char *section = section_of(page, config_types[i]);
        size_t row_count = 0;
        for (const char *row = strstr(section, "\n| `"); row != NULL; row = strstr(row + 1, "\n| `"))
            row_count++;
        ck_assert_uint_eq(row_count, config_types[i]->field_count);
        free(section);
    }
    free(page);
}
END_TEST

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

static uint64_t default_of(const ConfigField *field)
{
    char number_text[UNITS_TEXT_SIZE];
    uint64_t number = 0;
    (void)snprintf(number_text, sizeof(number_text), "%.*s", (int)strcspn(field->default_text, ";"),
                   field->default_text);
    if (strcmp(number_text, "none") == 0)
        return 0;
    if (field->kind == CONFIG_SIZE)
        ck_assert_ptr_null(units_parse_size(number_text, &number));
    else if (field->kind == CONFIG_DURATION)
        ck_assert_ptr_null(units_parse_duration(number_text, &number));
    else
        number = strtoull(number_text, NULL, 10);
    return number;
}

START_TEST(the_defaults_of_memory_are_those_that_a_store_describes)
{
    const uint64_t limit_bytes = 1 << 20;
    for (size_t i = 1; i < config_memory_type.field_count; i++) {
        const ConfigField *field = &config_memory_type.fields[i];
        const char *unit = field->kind == CONFIG_SIZE ? "_bytes" : field->kind == CONFIG_DURATION ? "_ns" : "";
        int is_limited = strstr(field->default_text, "; with a limit at most a quarter of it") != NULL;
        uint64_t number = default_of(field);
        char name[80];
        (void)snprintf(name, sizeof(name), "%s%s", field->name, unit);
        ck_assert_msg(number == described(name, 0), "the default of %s is %" PRIu64, name, described(name, 0));
        ck_assert_msg((is_limited ? limit_bytes / 4 : number) == described(name, limit_bytes),
                      "with a limit the default of %s is %" PRIu64, name, described(name, limit_bytes));
    }
    ck_assert_str_eq(config_memory_type.fields[0].name, "limit");
    ck_assert_uint_eq(default_of(&config_memory_type.fields[0]), described("limit_bytes", 0));
}
END_TEST

int main(int argc, char **argv)
{
    const ConfigTest tests[] = {
        ONCE(every_type_is_described_in_the_words_of_its_table),
        ONCE(every_field_has_its_row),
        ONCE(no_row_is_about_a_field_that_does_not_exist),
        ONCE(the_defaults_of_memory_are_those_that_a_store_describes),
    };
    if (argc != 2) {
        fprintf(stderr, "usage: %s configuration.md\n", argv[0]);
        return EXIT_FAILURE;
    }
    page_path = argv[1];
    return run_tests("configuration page", tests, sizeof(tests) / sizeof(tests[0]));
}
