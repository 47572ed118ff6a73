/*
 * config/explain.c - storage_config_explain and _explain_file: a plan as JSON, for people and for tools.
 *
 * 1. What a secret option or a file holds is never written; "(redacted)" stands for it.
 * 2. "document" is itself a document. Where nothing is redacted, it means the same stack and explains to itself.
 * 3. Nothing is opened: capabilities and weakenings are those that the types declare, and a default that other options
 *    change has no "value": "default" is what it would be without them.
 */
#include "config/field.h"
#include "config/load.h"
#include "config/value.h"
#include "core/capabilities.h"
#include "core/json_writer.h"

#include <string.h>

#define REDACTED "(redacted)"

typedef struct Option {
    const StorageConfigField *field;
    ConfigOrigin origin;
    int has_value;
    ConfigValue value;
} Option;

/* A default goes through its parser, so that it is written as it would be if the document gave it (2). */
static Option option_at(const ConfigPart *part, size_t index)
{
    const StorageConfigField *field = &part->type->fields[index];
    const char *text = field_default(field);
    char problem[VALUE_PROBLEM_SIZE];
    Option option = {.field = field, .origin = part->origins[index], .has_value = 1};
    if (option.origin != CONFIG_ORIGIN_DEFAULT)
        option.value = value_load(field, part->options);
    else
        option.has_value = (field->flags & STORAGE_FIELD_DEFAULT_VARIES) == 0 && text != NULL &&
                           value_parse(field, text, &option.value, problem) == NULL;
    return option;
}

static int is_redacted(const Option *option)
{
    if (option->origin == CONFIG_ORIGIN_DEFAULT)
        return 0;
    return option->origin == CONFIG_ORIGIN_FILE || (option->field->flags & STORAGE_FIELD_SECRET) != 0;
}

/* The value as a document would give it, but for dollars. May be in `buffer`. */
static const char *value_text(const Option *option, char buffer[STORAGE_UNITS_TEXT_SIZE])
{
    const ConfigValue *value = &option->value;
    switch (option->field->kind) {
    case STORAGE_FIELD_RATE:
        return storage_format_rate((StorageRate){value->number, value->period_ns}, buffer);
    case STORAGE_FIELD_STRING:
        return value->text;
    case STORAGE_FIELD_BOOL:
        return value->number != 0 ? "true" : "false";
    case STORAGE_FIELD_CHOICE:
        return option->field->choices[value->number];
    default:
        return value_number_text(option->field->kind, value->number, buffer);
    }
}

/* A text as a member of a document: a dollar is written twice. */
static void write_doubled(StorageJson *json, const char *name, const char *text)
{
    char *doubled = storage_allocate(2 * strlen(text) + 1), *end = doubled;
    if (doubled == NULL) {
        json->has_failed = 1;
        return;
    }
    for (; *text != '\0'; text++) {
        *end++ = *text;
        if (*text == '$')
            *end++ = '$';
    }
    *end = '\0';
    storage_json_string(json, name, doubled);
    storage_release(doubled);
}

/* ---- the document ---- */

static void write_document_option(StorageJson *json, const Option *option)
{
    char buffer[STORAGE_UNITS_TEXT_SIZE];
    const char *name = option->field->name, *text;
    if (!option->has_value)
        return;
    if (is_redacted(option)) {
        storage_json_string(json, name, REDACTED);
        return;
    }
    text = value_text(option, buffer);
    if (strchr(text, '$') != NULL)
        write_doubled(json, name, text);
    else
        field_write(json, name, option->field, text);
}

static void write_document_part(StorageJson *json, const char *name, const ConfigPart *part)
{
    storage_json_open(json, name);
    storage_json_string(json, "type", part->type->name);
    for (size_t i = 0; i < part->type->field_count; i++) {
        Option option = option_at(part, i);
        write_document_option(json, &option);
    }
    storage_json_close(json);
}

static void write_document(StorageJson *json, const ConfigPlan *plan)
{
    storage_json_open(json, "document");
    json_open_array(json, "layers");
    for (size_t i = 0; i < plan->layer_count; i++)
        write_document_part(json, NULL, &plan->layers[i]);
    storage_json_close(json);
    write_document_part(json, "backend", &plan->backend);
    storage_json_close(json);
}

/* ---- what it means ---- */

static void write_option(StorageJson *json, const Option *option)
{
    static const char *const origins[] = {"default", "document", "variable", "file"};
    char buffer[STORAGE_UNITS_TEXT_SIZE];
    storage_json_open(json, NULL);
    storage_json_string(json, "name", option->field->name);
    if (is_redacted(option))
        storage_json_string(json, "value", REDACTED);
    else if (option->has_value)
        field_write(json, "value", option->field, value_text(option, buffer));
    else if (field_default(option->field) != NULL)
        field_write(json, "default", option->field, field_default(option->field));
    storage_json_string(json, "origin", origins[option->origin]);
    storage_json_string(json, "doc", option->field->doc);
    storage_json_close(json);
}

static void write_part(StorageJson *json, const char *name, const ConfigPart *part)
{
    storage_json_open(json, name);
    storage_json_string(json, "type", part->type->name);
    storage_json_string(json, "doc", part->type->doc);
    json_open_array(json, "options");
    for (size_t i = 0; i < part->type->field_count; i++) {
        Option option = option_at(part, i);
        write_option(json, &option);
    }
    storage_json_close(json);
    storage_json_close(json);
}

static void write_warnings(StorageJson *json, const ConfigPlan *plan)
{
    json_open_array(json, "warnings");
    for (const ConfigString *warning = plan->warnings.first; warning != NULL; warning = warning->next)
        storage_json_string(json, NULL, warning->text);
    storage_json_close(json);
}

static void write_plan(StorageJson *json, const ConfigPlan *plan)
{
    write_document(json, plan);
    json_open_array(json, "layers");
    for (size_t i = 0; i < plan->layer_count; i++)
        write_part(json, NULL, &plan->layers[i]);
    storage_json_close(json);
    write_part(json, "backend", &plan->backend);
    json_capability_names(json, "capabilities", plan->capabilities);
    json_weakening_names(json, "weakenings", plan->weakenings);
    write_warnings(json, plan);
}

/* ---- the calls ---- */

static StorageStatus explain(const ConfigSource *source, StorageValue *ret_json, StorageContext *ctx)
{
    ConfigPlan plan;
    StorageJson json;
    StorageStatus status = config_load(source, &plan, ctx);
    if (status != STORAGE_OK)
        return status;
    json_init(&json);
    write_plan(&json, &plan);
    config_plan_done(&plan);
    if (json_finish(&json, ret_json) != STORAGE_OK)
        status = storage_fail(ctx, STORAGE_NO_MEMORY, "no memory for the explanation");
    return status;
}

/* What both calls check first. */
static StorageStatus begin_explain(StorageValue *ret_json, StorageContext *ctx)
{
    if (ret_json == NULL)
        return storage_fail(ctx, STORAGE_INVALID_ARGUMENT, "ret_json is NULL; say where the JSON goes");
    *ret_json = (StorageValue){0};
    return STORAGE_OK;
}

StorageStatus storage_config_explain(const char *json, const StorageConfigOptions *options, StorageValue *ret_json,
                                     StorageContext *ctx)
{
    StorageContext unattended;
    ConfigSource source;
    StorageStatus status;
    ctx = config_call_begin(ctx, &unattended);
    status = begin_explain(ret_json, ctx);
    if (status == STORAGE_OK)
        status = config_source_text(&source, json, options, ctx);
    if (status == STORAGE_OK)
        status = explain(&source, ret_json, ctx);
    return config_call_end(ctx, status);
}

StorageStatus storage_config_explain_file(const char *path, const StorageConfigOptions *options, StorageValue *ret_json,
                                          StorageContext *ctx)
{
    StorageContext unattended;
    ConfigSource source;
    StorageStatus status;
    ctx = config_call_begin(ctx, &unattended);
    status = begin_explain(ret_json, ctx);
    if (status == STORAGE_OK)
        status = config_source_file(&source, path, options, ctx);
    if (status == STORAGE_OK)
        status = explain(&source, ret_json, ctx);
    return config_call_end(ctx, status);
}
