/* config/value.c - the value of one option. It knows the kinds of fields and neither documents nor types. */
#include "config/value.h"

#include "config/suggest.h"

#include <inttypes.h>
#include <stdalign.h>
#include <stdio.h>
#include <string.h>

/* ---- text to value ---- */

static const char *parse_count(const char *text, ConfigValue *ret_value)
{
    uint64_t number = 0;
    if (text[0] == '\0' || text[strspn(text, "0123456789")] != '\0')
        return "is not a whole number; write digits alone, such as 1000";
    for (; *text != '\0'; text++) {
        number = number * 10 + (uint64_t)(*text - '0');
        if (number > VALUE_COUNT_MAX)
            return "is too large; the largest number is 9007199254740991";
    }
    ret_value->number = number;
    return NULL;
}

static const char *parse_bool(const char *text, ConfigValue *ret_value)
{
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
        return "is neither true nor false; write one of the two";
    ret_value->number = text[0] == 't';
    return NULL;
}

static Suggestion suggestion_among_choices(const StorageConfigField *field, const char *given)
{
    Suggestion suggestion = {.given = given};
    for (size_t i = 0; field->choices[i] != NULL; i++)
        suggest_offer(&suggestion, field->choices[i]);
    return suggestion;
}

static const char *parse_choice(const StorageConfigField *field, const char *text, ConfigValue *ret_value,
                                char buffer[VALUE_PROBLEM_SIZE])
{
    for (uint32_t i = 0; field->choices[i] != NULL; i++)
        if (strcmp(field->choices[i], text) == 0) {
            ret_value->number = i;
            return NULL;
        }
    (void)snprintf(buffer, VALUE_PROBLEM_SIZE, "is none of %s", suggestion_among_choices(field, NULL).list);
    return buffer;
}

const char *value_nearest_choice(const StorageConfigField *field, const char *text)
{
    return field->kind == STORAGE_FIELD_CHOICE ? suggestion_among_choices(field, text).name : NULL;
}

static const char *parse_rate(const char *text, ConfigValue *ret_value)
{
    StorageRate rate;
    const char *problem = storage_parse_rate(storage_string(text), &rate);
    if (problem == NULL) {
        ret_value->number = rate.count;
        ret_value->period_ns = rate.period_ns;
    }
    return problem;
}

const char *value_parse(const StorageConfigField *field, const char *text, ConfigValue *ret_value,
                        char buffer[VALUE_PROBLEM_SIZE])
{
    *ret_value = (ConfigValue){.text = text};
    switch (field->kind) {
    case STORAGE_FIELD_SIZE:
        return storage_parse_size(storage_string(text), &ret_value->number);
    case STORAGE_FIELD_DURATION:
        return storage_parse_duration(storage_string(text), &ret_value->number);
    case STORAGE_FIELD_RATE:
        return parse_rate(text, ret_value);
    case STORAGE_FIELD_COUNT:
        return parse_count(text, ret_value);
    case STORAGE_FIELD_BOOL:
        return parse_bool(text, ret_value);
    case STORAGE_FIELD_CHOICE:
        return parse_choice(field, text, ret_value, buffer);
    default:
        return NULL; /* a string is its own value */
    }
}

/* ---- limits ---- */

const char *value_number_text(StorageFieldKind kind, uint64_t number, char buffer[STORAGE_UNITS_TEXT_SIZE])
{
    if (kind == STORAGE_FIELD_SIZE)
        return storage_format_size(number, buffer);
    if (kind == STORAGE_FIELD_DURATION)
        return storage_format_duration(number, buffer);
    (void)snprintf(buffer, STORAGE_UNITS_TEXT_SIZE, "%" PRIu64, number);
    return buffer;
}

/* What a limit is about, for the start of a sentence. */
static const char *limit_subject(StorageFieldKind kind)
{
    if (kind == STORAGE_FIELD_STRING)
        return "the number of its bytes ";
    return kind == STORAGE_FIELD_RATE ? "the number before the slash " : "";
}

const char *value_count_range(const StorageConfigField *field, char buffer[VALUE_PROBLEM_SIZE])
{
    uint64_t maximum = field->maximum != 0 ? field->maximum : VALUE_COUNT_MAX;
    (void)snprintf(buffer, VALUE_PROBLEM_SIZE, "must be a whole number from %" PRIu64 " to %" PRIu64 "%s%s",
                   field->minimum, maximum, field->default_text != NULL ? "; the default is " : "",
                   field->default_text != NULL ? field->default_text : "");
    return buffer;
}

const char *value_check_limits(const StorageConfigField *field, const ConfigValue *value,
                               char buffer[VALUE_PROBLEM_SIZE])
{
    uint64_t number = field->kind == STORAGE_FIELD_STRING ? strlen(value->text) : value->number;
    uint64_t maximum = field->maximum != 0 ? field->maximum : value_largest(field->kind);
    int is_too_small = number < field->minimum;
    char limit[STORAGE_UNITS_TEXT_SIZE];
    if (field->kind == STORAGE_FIELD_BOOL || field->kind == STORAGE_FIELD_CHOICE ||
        (!is_too_small && number <= maximum))
        return NULL;
    if (field->kind == STORAGE_FIELD_COUNT)
        return value_count_range(field, buffer);
    (void)value_number_text(field->kind, is_too_small ? field->minimum : maximum, limit);
    if (is_too_small && field->default_text != NULL)
        (void)snprintf(buffer, VALUE_PROBLEM_SIZE, "%smust be at least %s; leave it out for the default (%s)",
                       limit_subject(field->kind), limit, field->default_text);
    else
        (void)snprintf(buffer, VALUE_PROBLEM_SIZE, "%smust be at %s %s", limit_subject(field->kind),
                       is_too_small ? "least" : "most", limit);
    return buffer;
}

const char *value_form(const StorageConfigField *field, char buffer[VALUE_PROBLEM_SIZE])
{
    switch (field->kind) {
    case STORAGE_FIELD_SIZE:
        return "a size in a string, with its unit, such as \"64MiB\"";
    case STORAGE_FIELD_DURATION:
        return "a duration in a string, with its unit, such as \"30s\"";
    case STORAGE_FIELD_RATE:
        return "a rate in a string, with its period, such as \"50000/s\"";
    case STORAGE_FIELD_COUNT:
        return "a whole number";
    case STORAGE_FIELD_BOOL:
        return "true or false";
    case STORAGE_FIELD_CHOICE:
        (void)snprintf(buffer, VALUE_PROBLEM_SIZE, "one of %s", suggestion_among_choices(field, NULL).list);
        return buffer;
    default:
        return "a string";
    }
}

/* ---- into the option struct ---- */

size_t value_size(StorageFieldKind kind)
{
    switch (kind) {
    case STORAGE_FIELD_SIZE:
    case STORAGE_FIELD_DURATION:
    case STORAGE_FIELD_COUNT:
        return sizeof(uint64_t);
    case STORAGE_FIELD_RATE:
        return sizeof(StorageRate);
    case STORAGE_FIELD_STRING:
        return sizeof(const char *);
    case STORAGE_FIELD_BOOL:
    case STORAGE_FIELD_CHOICE:
        return sizeof(uint32_t);
    default:
        return 0;
    }
}

size_t value_alignment(StorageFieldKind kind)
{
    switch (kind) {
    case STORAGE_FIELD_RATE:
        return alignof(StorageRate);
    case STORAGE_FIELD_STRING:
        return alignof(const char *);
    case STORAGE_FIELD_BOOL:
    case STORAGE_FIELD_CHOICE:
        return alignof(uint32_t);
    default:
        return value_size(kind) != 0 ? alignof(uint64_t) : 0;
    }
}

uint64_t value_largest(StorageFieldKind kind)
{
    if (kind == STORAGE_FIELD_COUNT)
        return VALUE_COUNT_MAX;
    return kind == STORAGE_FIELD_DURATION ? (uint64_t)INT64_MAX : UINT64_MAX;
}

/* What stands for a number in an option struct, and the other way round. */
static uint64_t stored_number(const StorageConfigField *field, uint64_t number)
{
    return (field->flags & STORAGE_FIELD_INVERTED) != 0 ? number == 0 : number;
}

int value_is_stored_as_zero(const StorageConfigField *field, const ConfigValue *value)
{
    return stored_number(field, value->number) == 0;
}

void value_store(const StorageConfigField *field, const ConfigValue *value, void *options)
{
    StorageRate rate = {value->number, value->period_ns};
    uint32_t small = (uint32_t)stored_number(field, value->number);
    void *target = (char *)options + field->offset;
    size_t size = value_size(field->kind);
    switch (field->kind) {
    case STORAGE_FIELD_RATE:
        memcpy(target, &rate, size);
        break;
    case STORAGE_FIELD_STRING:
        memcpy(target, &value->text, size);
        break;
    case STORAGE_FIELD_BOOL:
    case STORAGE_FIELD_CHOICE:
        memcpy(target, &small, size);
        break;
    default:
        memcpy(target, &value->number, size);
        break;
    }
}

ConfigValue value_load(const StorageConfigField *field, const void *options)
{
    const char *place = (const char *)options + field->offset;
    ConfigValue value = {0};
    StorageRate rate;
    uint32_t small;
    switch (field->kind) {
    case STORAGE_FIELD_RATE:
        memcpy(&rate, place, sizeof(rate));
        value.number = rate.count;
        value.period_ns = rate.period_ns;
        break;
    case STORAGE_FIELD_STRING:
        memcpy(&value.text, place, sizeof(value.text));
        break;
    case STORAGE_FIELD_BOOL:
    case STORAGE_FIELD_CHOICE:
        memcpy(&small, place, sizeof(small));
        value.number = stored_number(field, small);
        break;
    default:
        memcpy(&value.number, place, sizeof(value.number));
        break;
    }
    return value;
}
