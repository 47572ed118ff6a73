/*
 * config/read.c - one JSON object into one option struct, by the table of its type.
 *
 * It knows no type: what may stand in an object, and where it goes, is in the table. It never stops at a problem.
 */
#include "config/read.h"

#include "config/suggest.h"
#include "config/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define KEY_COUNT_MAX 256 /* of one object: each is compared with those before it */
#define EXACT_NUMBER_MAX                                                                         \
    UINT64_C(9007199254740991) /* JSON numbers are doubles: beyond 2^53 they are no longer exact \
                                */

const char *config_kind_of(const cJSON *item)
{
    if (cJSON_IsString(item))
        return "a string";
    if (cJSON_IsNumber(item))
        return "a number";
    if (cJSON_IsBool(item))
        return "true or false";
    if (cJSON_IsArray(item))
        return "an array";
    return cJSON_IsObject(item) ? "an object" : "null";
}

void config_check_duplicates(const cJSON *object, const ConfigPath *path, ConfigReport *report)
{
    size_t key_count = 0;
    for (const cJSON *item = object->child; item != NULL; item = item->next) {
        const cJSON *earlier = object->child;
        if (++key_count > KEY_COUNT_MAX) {
            report_problem(report, path, "more than %d keys", KEY_COUNT_MAX);
            return;
        }
        while (earlier != item && strcmp(earlier->string, item->string) != 0)
            earlier = earlier->next;
        if (earlier != item)
            report_problem(report, &(ConfigPath){.parent = path, .key = item->string}, "given more than once");
    }
}

/* A text of the document in quotes, printable and of bounded length. */
static const char *quoted(const char *text, char buffer[64])
{
    char printable[60];
    (void)snprintf(buffer, 64, "\"%s\"", storage_key_text(storage_string(text), printable, sizeof(printable)));
    return buffer;
}

static void format_quantity(ConfigKind kind, uint64_t number, char buffer[UNITS_TEXT_SIZE])
{
    if (kind == CONFIG_SIZE)
        units_format_size(number, buffer);
    else
        units_format_duration(number, buffer);
}

/* Stores `number` in `*target` when it is within the field's limits, else reports. */
static void store_quantity(const ConfigField *field, uint64_t number, void *target, const ConfigPath *path,
                           ConfigReport *report)
{
    char limit[UNITS_TEXT_SIZE];
    if (number < field->minimum) {
        format_quantity(field->kind, field->minimum, limit);
        report_problem(report, path, "must be at least %s; leave it out for the default (%s)", limit,
                       field->default_text);
    } else if (field->maximum != 0 && number > field->maximum) {
        format_quantity(field->kind, field->maximum, limit);
        report_problem(report, path, "must be at most %s", limit);
    } else {
        memcpy(target, &number, sizeof(number));
    }
}

static void read_quantity(const ConfigField *field, const cJSON *item, void *target, const ConfigPath *path,
                          ConfigReport *report)
{
    const char *what = field->kind == CONFIG_SIZE ? "a size in a string, with its unit, such as \"64MiB\""
                                                  : "a duration in a string, with its unit, such as \"30s\"";
    const char *problem;
    char text[64];
    uint64_t number;
    if (!cJSON_IsString(item)) {
        report_problem(report, path, "must be %s, not %s", what, config_kind_of(item));
        return;
    }
    problem = field->kind == CONFIG_SIZE ? units_parse_size(item->valuestring, &number)
                                         : units_parse_duration(item->valuestring, &number);
    if (problem != NULL)
        report_problem(report, path, "%s %s", quoted(item->valuestring, text), problem);
    else
        store_quantity(field, number, target, path, report);
}

static void read_count(const ConfigField *field, const cJSON *item, void *target, const ConfigPath *path,
                       ConfigReport *report)
{
    double number = item->valuedouble;
    uint64_t maximum = field->maximum != 0 ? field->maximum : EXACT_NUMBER_MAX, count;
    if (!cJSON_IsNumber(item)) {
        report_problem(report, path, "must be a whole number, not %s", config_kind_of(item));
    } else if (!(number >= (double)field->minimum && number <= (double)maximum)) {
        report_problem(report, path, "must be a whole number from %" PRIu64 " to %" PRIu64 "; the default is %s",
                       field->minimum, maximum, field->default_text);
    } else if ((double)(uint64_t)number != number) {
        report_problem(report, path, "must be a whole number, without a fraction");
    } else {
        count = (uint64_t)number;
        memcpy(target, &count, sizeof(count));
    }
}

static void read_string(const ConfigField *field, const cJSON *item, void *target, const ConfigPath *path,
                        ConfigReport *report)
{
    const char *text = item->valuestring;
    if (!cJSON_IsString(item))
        report_problem(report, path, "must be a string, not %s", config_kind_of(item));
    else if (strlen(text) < field->minimum)
        report_problem(report, path, "must have at least %" PRIu64 " characters", field->minimum);
    else if (field->maximum != 0 && strlen(text) > field->maximum)
        report_problem(report, path, "must have at most %" PRIu64 " characters", field->maximum);
    else
        memcpy(target, &text, sizeof(text));
}

static void read_bool(const cJSON *item, void *target, const ConfigPath *path, ConfigReport *report)
{
    uint32_t truth = cJSON_IsTrue(item) ? 1 : 0;
    if (!cJSON_IsBool(item))
        report_problem(report, path, "must be true or false, not %s", config_kind_of(item));
    else
        memcpy(target, &truth, sizeof(truth));
}

static void read_field(const ConfigField *field, const cJSON *item, void *options, const ConfigPath *path,
                       ConfigReport *report)
{
    void *target = (char *)options + field->offset;
    switch (field->kind) {
    case CONFIG_SIZE:
    case CONFIG_DURATION:
        read_quantity(field, item, target, path, report);
        break;
    case CONFIG_COUNT:
        read_count(field, item, target, path, report);
        break;
    case CONFIG_STRING:
        read_string(field, item, target, path, report);
        break;
    case CONFIG_BOOL:
        read_bool(item, target, path, report);
        break;
    }
}

static const ConfigField *find_field(const ConfigType *type, const char *name)
{
    for (size_t i = 0; i < type->field_count; i++)
        if (strcmp(type->fields[i].name, name) == 0)
            return &type->fields[i];
    return NULL;
}

static void report_unknown_key(const ConfigType *type, const char *key, const ConfigPath *path, ConfigReport *report)
{
    Suggestion suggestion = {.given = key};
    for (size_t i = 0; i < type->field_count; i++)
        suggest_offer(&suggestion, type->fields[i].name);
    if (suggestion.name != NULL)
        report_problem(report, path, "unknown key; did you mean \"%s\"?", suggestion.name);
    else if (type->field_count == 0)
        report_problem(report, path, "unknown key; %s \"%s\" takes no options",
                       type->role == CONFIG_BACKEND ? "backend" : "layer", type->name);
    else
        report_problem(report, path, "unknown key");
}

void config_read_options(const cJSON *object, const ConfigType *type, void *options, const ConfigPath *path,
                         ConfigReport *report)
{
    memset(options, 0, type->options_size);
    memcpy(options, &type->options_size, sizeof(type->options_size));
    for (const cJSON *item = object->child; item != NULL; item = item->next) {
        ConfigPath item_path = {.parent = path, .key = item->string};
        const ConfigField *field = find_field(type, item->string);
        if (field != NULL)
            read_field(field, item, options, &item_path, report);
        else if (strcmp(item->string, "type") != 0)
            report_unknown_key(type, item->string, &item_path, report);
    }
    for (size_t i = 0; i < type->field_count; i++)
        if (type->fields[i].required && cJSON_GetObjectItemCaseSensitive(object, type->fields[i].name) == NULL)
            report_problem(report, &(ConfigPath){.parent = path, .key = type->fields[i].name}, "missing");
}
