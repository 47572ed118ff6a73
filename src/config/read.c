/*
 * config/read.c - one JSON object into one option struct, by the table of its type.
 *
 * It knows no type: what may stand in an object, and where it goes, is in the table. It never stops at a problem.
 */
#include "config/read.h"

#include "config/keys.h"
#include "config/registry.h"
#include "config/suggest.h"
#include "config/text.h"
#include "config/value.h"

#include <string.h>

static int report_wrong_kind(ConfigReader *reader, const StorageConfigField *field, const cJSON *item,
                             const ConfigPath *path)
{
    char form[VALUE_PROBLEM_SIZE];
    report_problem(reader->report, path, "must be %s, not %s", value_form(field, form), config_kind_of(item));
    return 0;
}

static int read_number(ConfigReader *reader, const StorageConfigField *field, const cJSON *item, const ConfigPath *path,
                       ConfigValue *ret_value)
{
    double number = item->valuedouble;
    char range[VALUE_PROBLEM_SIZE];
    if (!(number >= 0 && number <= (double)VALUE_COUNT_MAX)) {
        report_problem(reader->report, path, "%s", value_count_range(field, range));
        return 0;
    }
    ret_value->number = (uint64_t)number;
    if ((double)ret_value->number == number)
        return 1;
    report_problem(reader->report, path, "must be a whole number, without a fraction");
    return 0;
}

static int report_wrong_text(ConfigReader *reader, const StorageConfigField *field, const ConfigText *text,
                             const char *problem, const ConfigPath *path)
{
    char quoted[TEXT_QUOTED_SIZE];
    const char *shown = config_text_shown(text);
    const char *nearest = shown != NULL ? value_nearest_choice(field, shown) : NULL;
    if (nearest != NULL)
        report_problem(reader->report, path, "%s %s; did you mean \"%s\"?", config_text_quoted(text, quoted), problem,
                       nearest);
    else
        report_problem(reader->report, path, "%s %s", config_text_quoted(text, quoted), problem);
    return 0;
}

static int read_text(ConfigReader *reader, const StorageConfigField *field, const cJSON *item, const ConfigPath *path,
                     ConfigValue *ret_value, uint8_t *ret_origin)
{
    int is_literal = field->kind == STORAGE_FIELD_COUNT || field->kind == STORAGE_FIELD_BOOL;
    char buffer[VALUE_PROBLEM_SIZE];
    const char *problem;
    ConfigText text;
    if (!config_text_read(reader, item, path, &text))
        return 0;
    /* JSON has numbers, true and false of its own; a string stands for them only where it has to. */
    if (is_literal && text.origin == CONFIG_ORIGIN_DOCUMENT)
        return report_wrong_kind(reader, field, item, path);
    *ret_origin = (uint8_t)text.origin;
    problem = value_parse(field, text.text, ret_value, buffer);
    return problem == NULL || report_wrong_text(reader, field, &text, problem, path);
}

/* The value of `item`, whatever it is in JSON. Returns 0 after it has reported why there is none. */
static int read_value(ConfigReader *reader, const StorageConfigField *field, const cJSON *item, const ConfigPath *path,
                      ConfigValue *ret_value, uint8_t *ret_origin)
{
    *ret_value = (ConfigValue){0};
    *ret_origin = CONFIG_ORIGIN_DOCUMENT;
    if (config_text_is_given(item))
        return read_text(reader, field, item, path, ret_value, ret_origin);
    if (field->kind == STORAGE_FIELD_COUNT && cJSON_IsNumber(item))
        return read_number(reader, field, item, path, ret_value);
    if (field->kind == STORAGE_FIELD_BOOL && cJSON_IsBool(item)) {
        ret_value->number = cJSON_IsTrue(item) ? 1 : 0;
        return 1;
    }
    return report_wrong_kind(reader, field, item, path);
}

static void read_field(ConfigReader *reader, const StorageConfigField *field, const cJSON *item, ConfigPart *part,
                       const ConfigPath *path)
{
    char buffer[VALUE_PROBLEM_SIZE];
    const char *problem;
    ConfigValue value;
    uint8_t origin;
    if (!read_value(reader, field, item, path, &value, &origin))
        return;
    problem = value_check_limits(field, &value, buffer);
    if (problem != NULL) {
        report_problem(reader->report, path, "%s", problem);
        return;
    }
    if ((field->flags & STORAGE_FIELD_PATH) != 0)
        value.text = config_text_resolve(reader, value.text);
    if (field->kind == STORAGE_FIELD_STRING && value.text == NULL)
        return;
    value_store(field, &value, part->options);
    part->origins[field - part->type->fields] = origin;
}

static const StorageConfigField *find_field(const StorageConfigType *type, const char *name)
{
    for (size_t i = 0; i < type->field_count; i++)
        if (strcmp(type->fields[i].name, name) == 0)
            return &type->fields[i];
    return NULL;
}

static void report_unknown_key(const StorageConfigType *type, const char *key, const ConfigPath *path,
                               ConfigReport *report)
{
    Suggestion suggestion = {.given = key};
    for (size_t i = 0; i < type->field_count; i++)
        suggest_offer(&suggestion, type->fields[i].name);
    if (suggestion.name != NULL)
        report_problem(report, path, "unknown key; did you mean \"%s\"?", suggestion.name);
    else if (type->field_count == 0)
        report_problem(report, path, "unknown key; %s \"%s\" takes no options", registry_role_name(type->role),
                       type->name);
    else
        report_problem(report, path, "unknown key; %s \"%s\" takes %s", registry_role_name(type->role), type->name,
                       suggestion.list);
}

static void check_required(const StorageConfigType *type, const cJSON *object, const ConfigPath *path,
                           ConfigReport *report)
{
    for (size_t i = 0; i < type->field_count; i++) {
        const StorageConfigField *field = &type->fields[i];
        char form[VALUE_PROBLEM_SIZE];
        if ((field->flags & STORAGE_FIELD_REQUIRED) != 0 &&
            cJSON_GetObjectItemCaseSensitive(object, field->name) == NULL)
            report_problem(report, &(ConfigPath){.parent = path, .key = field->name}, "missing; it must be %s",
                           value_form(field, form));
    }
}

void config_read_options(ConfigReader *reader, const cJSON *object, ConfigPart *part, const ConfigPath *path)
{
    const StorageConfigType *type = part->type;
    ConfigReport *report = reader->report;
    size_t problem_count = report->problem_count;
    const char *problem;
    memcpy(part->options, &type->options_size, sizeof(type->options_size));
    for (const cJSON *item = object->child; item != NULL; item = item->next) {
        ConfigPath item_path = {.parent = path, .key = item->string};
        const StorageConfigField *field = find_field(type, item->string);
        if (cJSON_GetObjectItemCaseSensitive(object, item->string) != item)
            continue; /* given before, which was reported */
        if (field != NULL)
            read_field(reader, field, item, part, &item_path);
        else if (strcmp(item->string, "type") != 0)
            report_unknown_key(type, item->string, &item_path, report);
    }
    check_required(type, object, path, report);
    if (type->check == NULL || report->problem_count > problem_count)
        return;
    problem = type->check(type, part->options);
    if (problem != NULL)
        report_problem(report, path, "%s", problem);
}
