/*
 * config/plan.c - the document as a whole: its top level, its parts, and the stack that is made of them.
 *
 * Nothing is opened before the whole document was read without a problem.
 */
#include "config/plan.h"

#include "config/read.h"
#include "config/suggest.h"

#include <stdio.h>
#include <string.h>

static const char *role_name(ConfigRole role)
{
    return role == CONFIG_BACKEND ? "backend" : "layer";
}

static void report_unknown_type(const char *name, ConfigRole role, const ConfigPath *path, ConfigReport *report)
{
    Suggestion suggestion = {.given = name};
    char printable[64], known[256] = "";
    size_t used = 0;
    for (size_t i = 0; config_types[i] != NULL; i++) {
        const char *candidate = config_types[i]->name;
        if (config_types[i]->role != role)
            continue;
        suggest_offer(&suggestion, candidate);
        if (used < sizeof(known))
            used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s", used > 0 ? ", " : "", candidate);
    }
    (void)storage_key_text(storage_string(name), printable, sizeof(printable));
    if (suggestion.name != NULL)
        report_problem(report, path, "no %s has the type \"%s\"; did you mean \"%s\"?", role_name(role), printable,
                       suggestion.name);
    else
        report_problem(report, path, "no %s has the type \"%s\"; there is: %s", role_name(role), printable, known);
}

/* The type that `object` names, NULL after it has reported why there is none. */
static const ConfigType *read_type(const cJSON *object, ConfigRole role, const ConfigPath *path, ConfigReport *report)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, "type");
    ConfigPath type_path = {.parent = path, .key = "type"};
    const ConfigType *type;
    if (item == NULL) {
        report_problem(report, &type_path, "missing; it says which %s this is", role_name(role));
        return NULL;
    }
    if (!cJSON_IsString(item)) {
        report_problem(report, &type_path, "must be a string, not %s", config_kind_of(item));
        return NULL;
    }
    type = config_type_find(item->valuestring);
    if (type == NULL) {
        report_unknown_type(item->valuestring, role, &type_path, report);
        return NULL;
    }
    if (type->role != role) {
        report_problem(report, &type_path, "\"%s\" is a %s and belongs in \"%s\"", type->name, role_name(type->role),
                       type->role == CONFIG_BACKEND ? "backend" : "layers");
        return NULL;
    }
    return type;
}

static void read_part(ConfigPart *part, const cJSON *item, ConfigRole role, const ConfigPath *path,
                      ConfigReport *report)
{
    const ConfigType *type;
    if (!cJSON_IsObject(item)) {
        report_problem(report, path, "must be an object, not %s", config_kind_of(item));
        return;
    }
    config_check_duplicates(item, path, report);
    type = read_type(item, role, path, report);
    if (type == NULL)
        return;
    part->options = storage_allocate_zero(type->options_size);
    if (part->options == NULL) {
        report_no_memory(report);
        return;
    }
    part->type = type;
    config_read_options(item, type, part->options, path, report);
}

static void read_layers(ConfigPlan *self, const cJSON *array, const ConfigPath *path, ConfigReport *report)
{
    size_t index = 0;
    if (!cJSON_IsArray(array)) {
        report_problem(report, path, "must be an array, not %s", config_kind_of(array));
        return;
    }
    for (const cJSON *item = array->child; item != NULL; item = item->next, index++) {
        if (index == PLAN_LAYER_COUNT_MAX) {
            report_problem(report, path, "more than %d layers", PLAN_LAYER_COUNT_MAX);
            return;
        }
        self->layer_count = index + 1;
        read_part(&self->layers[index], item, CONFIG_LAYER, &(ConfigPath){.parent = path, .index = index}, report);
    }
}

static void check_top_level_key(const char *key, ConfigReport *report)
{
    ConfigPath path = {.key = key};
    Suggestion suggestion = {.given = key};
    if (strcmp(key, "layers") == 0 || strcmp(key, "backend") == 0)
        return;
    suggest_offer(&suggestion, "layers");
    suggest_offer(&suggestion, "backend");
    if (suggestion.name != NULL)
        report_problem(report, &path, "unknown key; did you mean \"%s\"?", suggestion.name);
    else
        report_problem(report, &path, "unknown key; a document has \"layers\" and \"backend\"");
}

void config_plan_init(ConfigPlan *self, const cJSON *document, ConfigReport *report)
{
    const cJSON *layers, *backend;
    memset(self, 0, sizeof(*self));
    if (!cJSON_IsObject(document)) {
        report_problem(report, NULL, "the document must be an object, not %s", config_kind_of(document));
        return;
    }
    config_check_duplicates(document, NULL, report);
    for (const cJSON *item = document->child; item != NULL; item = item->next)
        check_top_level_key(item->string, report);
    layers = cJSON_GetObjectItemCaseSensitive(document, "layers");
    backend = cJSON_GetObjectItemCaseSensitive(document, "backend");
    if (layers != NULL)
        read_layers(self, layers, &(ConfigPath){.key = "layers"}, report);
    if (backend == NULL)
        report_problem(report, &(ConfigPath){.key = "backend"},
                       "missing; it says what keeps the data, such as "
                       "{\"type\": \"memory\"}");
    else
        read_part(&self->backend, backend, CONFIG_BACKEND, &(ConfigPath){.key = "backend"}, report);
}

void config_plan_done(ConfigPlan *self)
{
    for (size_t i = 0; i < self->layer_count; i++)
        storage_release(self->layers[i].options);
    storage_release(self->backend.options);
    memset(self, 0, sizeof(*self));
}

StorageStatus config_plan_open(const ConfigPlan *self, const StorageEnvironment *environment,
                               StorageBackend **ret_backend, StorageContext *ctx)
{
    StorageBackend *top = NULL;
    StorageStatus status = self->backend.type->open(self->backend.options, environment, &top, ctx);
    for (size_t i = self->layer_count; status == STORAGE_OK && i > 0; i--)
        status = self->layers[i - 1].type->wrap(top, self->layers[i - 1].options, &top, ctx);
    if (status == STORAGE_OK)
        *ret_backend = top;
    else
        (void)storage_close(top, NULL); /* without the context: it holds what went wrong */
    return status;
}
