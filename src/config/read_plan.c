/*
 * config/read_plan.c - the document as a whole: its top level, its parts, and the order in which they stand.
 *
 * It never stops at a problem. A part that names no type that there is stays without type.
 */
#include "config/read_plan.h"

#include "config/keys.h"
#include "config/order.h"
#include "config/read.h"
#include "config/registry.h"
#include "config/suggest.h"
#include "config/text.h"

#include <string.h>

static void report_unknown_type(ConfigReader *reader, const ConfigText *name, StorageRole role, const ConfigPath *path)
{
    const StorageRegistry *registry = reader->options->registry;
    Suggestion suggestion = {.given = config_text_shown(name)};
    char buffer[TEXT_QUOTED_SIZE];
    const char *quoted = config_text_quoted(name, buffer);
    size_t count = storage_registry_count(registry);
    for (size_t i = 0; i < count; i++)
        if (storage_registry_type(registry, i)->role == role)
            suggest_offer(&suggestion, storage_registry_type(registry, i)->name);
    if (suggestion.name != NULL)
        report_problem(reader->report, path, "%s is no type of %s; did you mean \"%s\"?", quoted,
                       registry_role_name(role), suggestion.name);
    else
        report_problem(reader->report, path, "%s is no type of %s; there is: %s", quoted, registry_role_name(role),
                       suggestion.list);
}

/* The type that `object` names, NULL after it has reported why there is none. */
static const StorageConfigType *read_type(ConfigReader *reader, const cJSON *object, StorageRole role,
                                          const ConfigPath *path)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, "type");
    ConfigPath type_path = {.parent = path, .key = "type"};
    const StorageConfigType *type;
    char quoted[TEXT_QUOTED_SIZE];
    ConfigText name;
    if (item == NULL) {
        report_problem(reader->report, &type_path, "missing; it says which %s this is", registry_role_name(role));
        return NULL;
    }
    if (!config_text_is_given(item)) {
        report_problem(reader->report, &type_path, "must be a string, not %s", config_kind_of(item));
        return NULL;
    }
    if (!config_text_read(reader, item, &type_path, &name))
        return NULL;
    type = storage_registry_find(reader->options->registry, name.text);
    if (type == NULL) {
        report_unknown_type(reader, &name, role, &type_path);
    } else if (type->role != role) {
        report_problem(reader->report, &type_path, "%s is a %s and belongs in \"%s\"",
                       config_text_quoted(&name, quoted), registry_role_name(type->role),
                       type->role == STORAGE_ROLE_BACKEND ? "backend" : "layers");
        type = NULL;
    }
    return type;
}

static void read_part(ConfigReader *reader, ConfigPart *part, const cJSON *item, StorageRole role,
                      const ConfigPath *path)
{
    const StorageConfigType *type;
    if (!cJSON_IsObject(item)) {
        report_problem(reader->report, path, "must be an object, not %s", config_kind_of(item));
        return;
    }
    if (!config_check_keys(item, path, reader->report))
        return;
    type = read_type(reader, item, role, path);
    if (type == NULL)
        return;
    part->options = storage_allocate_zero(type->options_size);
    part->origins = storage_allocate_zero(type->field_count);
    if (part->options == NULL || part->origins == NULL) {
        report_no_memory(reader->report);
        return;
    }
    part->type = type;
    config_read_options(reader, item, part, path);
}

static void read_layers(ConfigReader *reader, ConfigPlan *plan, const cJSON *array, const ConfigPath *path)
{
    size_t index = 0;
    if (!cJSON_IsArray(array)) {
        report_problem(reader->report, path, "must be an array, not %s", config_kind_of(array));
        return;
    }
    for (const cJSON *item = array->child; item != NULL; item = item->next, index++) {
        if (index == PLAN_LAYER_COUNT_MAX) {
            report_problem(reader->report, path, "more than %d layers; take some out", PLAN_LAYER_COUNT_MAX);
            return;
        }
        plan->layer_count = index + 1;
        read_part(reader, &plan->layers[index], item, STORAGE_ROLE_LAYER,
                  &(ConfigPath){.parent = path, .index = index});
    }
}

/* "$schema" is for editors, which look there for the schema of the document. */
static void check_top_level_key(const cJSON *item, ConfigReport *report)
{
    ConfigPath path = {.key = item->string};
    Suggestion suggestion = {.given = item->string};
    if (strcmp(item->string, "layers") == 0 || strcmp(item->string, "backend") == 0)
        return;
    if (strcmp(item->string, "$schema") == 0) {
        if (!cJSON_IsString(item))
            report_problem(report, &path, "must be a string, not %s", config_kind_of(item));
        return;
    }
    suggest_offer(&suggestion, "layers");
    suggest_offer(&suggestion, "backend");
    if (suggestion.name != NULL)
        report_problem(report, &path, "unknown key; did you mean \"%s\"?", suggestion.name);
    else
        report_problem(report, &path, "unknown key; a document has \"layers\" and \"backend\"");
}

static void read_document(ConfigReader *reader, const cJSON *document, ConfigPlan *plan)
{
    const cJSON *layers, *backend;
    ConfigPath layers_path = {.key = "layers"}, backend_path = {.key = "backend"};
    if (!cJSON_IsObject(document)) {
        report_problem(reader->report, NULL, "the document must be an object, not %s", config_kind_of(document));
        return;
    }
    if (!config_check_keys(document, NULL, reader->report))
        return;
    for (const cJSON *item = document->child; item != NULL; item = item->next)
        check_top_level_key(item, reader->report);
    layers = cJSON_GetObjectItemCaseSensitive(document, "layers");
    backend = cJSON_GetObjectItemCaseSensitive(document, "backend");
    if (layers != NULL)
        read_layers(reader, plan, layers, &layers_path);
    if (backend != NULL)
        read_part(reader, &plan->backend, backend, STORAGE_ROLE_BACKEND, &backend_path);
    else
        report_problem(reader->report, &backend_path,
                       "missing; it says what keeps the data, such as {\"type\": \"memory\"}");
}

void config_read_plan(ConfigReader *reader, const cJSON *document, ConfigPlan *ret_plan)
{
    memset(ret_plan, 0, sizeof(*ret_plan));
    reader->strings = &ret_plan->strings;
    reader->report->warnings = &ret_plan->warnings;
    read_document(reader, document, ret_plan);
    config_check_order(ret_plan, reader->report);
}
