/*
 * test_configuration_page.c - the reference page against the tables: each type has its heading, each field its row with
 * kind and default, and no row speaks of a field that is not there.
 */
#include "config_test.h"

#include "config/type.h"

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

int main(int argc, char **argv)
{
    const ConfigTest tests[] = {
        ONCE(every_type_is_described_in_the_words_of_its_table),
        ONCE(every_field_has_its_row),
        ONCE(no_row_is_about_a_field_that_does_not_exist),
    };
    if (argc != 2) {
        fprintf(stderr, "usage: %s configuration.md\n", argv[0]);
        return EXIT_FAILURE;
    }
    page_path = argv[1];
    return run_tests("configuration page", tests, sizeof(tests) / sizeof(tests[0]));
}
