/*
 * config/schema.c - storage_config_schema: the tables of a registry as a JSON Schema (draft 2020-12).
 *
 * 1. The schema never refuses a document that storage_config_check takes. The other way round it lets pass what JSON
 *    Schema has no words for: duplicate keys, numbers that do not fit, the order of layers, what a variable holds.
 * 2. Whatever a table says is in it. What validators have no use for is in keywords of our own, from which the
 *    reference pages are made. Those of a type: x-role, x-needs, x-adds, x-removes, x-weakens, x-forbids, x-rules;
 *    those of an option are in config/schema_option.c.
 */
#include "config/load.h"
#include "config/registry.h"
#include "config/schema_option.h"
#include "core/capabilities.h"

#include <stdio.h>

#define DIALECT "https://json-schema.org/draft/2020-12/schema"
#define NAME_SIZE 64 /* of a definition: registries take type names of up to 40 bytes */

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* ---- types ---- */

static void write_rules(StorageJson *json, const StorageConfigType *type)
{
    static const char *const relations[] = {"", "above", "below", "without", "once"};
    if (type->rule_count == 0)
        return;
    json_open_array(json, "x-rules");
    for (size_t i = 0; i < type->rule_count; i++) {
        const StorageOrderRule *rule = &type->rules[i];
        storage_json_open(json, NULL);
        storage_json_string(json, "relation", relations[rule->relation < COUNT_OF(relations) ? rule->relation : 0]);
        if (rule->other != NULL)
            storage_json_string(json, "other", rule->other);
        storage_json_string(json, "severity", rule->severity == STORAGE_ORDER_WARNED ? "warned" : "refused");
        storage_json_string(json, "reason", rule->reason);
        storage_json_close(json);
    }
    storage_json_close(json);
}

static void write_capabilities(StorageJson *json, const char *member, uint64_t capabilities)
{
    if (capabilities != 0)
        json_capability_names(json, member, capabilities);
}

static void write_weakenings(StorageJson *json, const char *member, uint32_t weakenings)
{
    if (weakenings != 0)
        json_weakening_names(json, member, weakenings);
}

/* What a type does to a stack, for readers: validators skip it. */
static void write_effects(StorageJson *json, const StorageConfigType *type)
{
    storage_json_string(json, "x-role", registry_role_name(type->role));
    write_capabilities(json, "x-needs", type->needs);
    write_capabilities(json, "x-adds", type->adds);
    write_capabilities(json, "x-removes", type->removes);
    write_weakenings(json, "x-weakens", type->weakens);
    write_weakenings(json, "x-forbids", type->forbids);
    write_rules(json, type);
}

static void write_required(StorageJson *json, const StorageConfigType *type)
{
    json_open_array(json, "required");
    storage_json_string(json, NULL, "type");
    for (size_t i = 0; i < type->field_count; i++)
        if ((type->fields[i].flags & STORAGE_FIELD_REQUIRED) != 0)
            storage_json_string(json, NULL, type->fields[i].name);
    storage_json_close(json);
}

/* $defs keeps backends and layers in one object: "layer.read_only". */
static const char *definition_name(const StorageConfigType *type, char buffer[NAME_SIZE])
{
    (void)snprintf(buffer, NAME_SIZE, "%s.%s", registry_role_name(type->role), type->name);
    return buffer;
}

static void write_type(StorageJson *json, const StorageConfigType *type)
{
    char name[NAME_SIZE];
    storage_json_open(json, definition_name(type, name));
    storage_json_string(json, "title", type->name);
    storage_json_string(json, "description", type->doc);
    storage_json_string(json, "type", "object");
    storage_json_open(json, "properties");
    storage_json_bool(json, "type", 1); /* `write_part` says what it is */
    for (size_t i = 0; i < type->field_count; i++)
        schema_write_option(json, &type->fields[i]);
    storage_json_close(json);
    write_required(json, type);
    storage_json_bool(json, "additionalProperties", 0);
    write_effects(json, type);
    storage_json_close(json);
}

static void write_type_names(StorageJson *json, const StorageRegistry *registry, StorageRole role)
{
    storage_json_open(json, "type");
    storage_json_string(json, "description", role == STORAGE_ROLE_BACKEND ? "What keeps the data." : "What it does.");
    json_open_array(json, "anyOf");
    storage_json_open(json, NULL);
    json_open_array(json, "enum");
    for (size_t i = 0; i < storage_registry_count(registry); i++)
        if (storage_registry_type(registry, i)->role == role)
            storage_json_string(json, NULL, storage_registry_type(registry, i)->name);
    storage_json_close(json);
    storage_json_close(json);
    schema_close_alternatives(json);
    storage_json_close(json);
}

/* A condition for each type, and not a choice of types: a validator then says which option is wrong, and of a type that
 * comes from a variable it says nothing. */
static void write_condition(StorageJson *json, const StorageConfigType *type)
{
    char name[NAME_SIZE];
    storage_json_open(json, NULL);
    storage_json_open(json, "if");
    storage_json_open(json, "properties");
    storage_json_open(json, "type");
    storage_json_string(json, "const", type->name);
    storage_json_close(json);
    storage_json_close(json);
    storage_json_close(json);
    storage_json_open(json, "then");
    schema_write_reference(json, definition_name(type, name));
    storage_json_close(json);
    storage_json_close(json);
}

/* "backend" or "layer": whatever stands in that place of a document. */
static void write_part(StorageJson *json, const StorageRegistry *registry, StorageRole role)
{
    storage_json_open(json, registry_role_name(role));
    storage_json_string(json, "type", "object");
    json_open_array(json, "required");
    storage_json_string(json, NULL, "type");
    storage_json_close(json);
    storage_json_open(json, "properties");
    write_type_names(json, registry, role);
    storage_json_close(json);
    json_open_array(json, "allOf");
    for (size_t i = 0; i < storage_registry_count(registry); i++)
        if (storage_registry_type(registry, i)->role == role)
            write_condition(json, storage_registry_type(registry, i));
    storage_json_close(json);
    storage_json_close(json);
}

/* ---- the document ---- */

static void write_definitions(StorageJson *json, const StorageRegistry *registry)
{
    storage_json_open(json, "$defs");
    schema_write_forms(json);
    write_part(json, registry, STORAGE_ROLE_BACKEND);
    write_part(json, registry, STORAGE_ROLE_LAYER);
    for (size_t i = 0; i < storage_registry_count(registry); i++)
        write_type(json, storage_registry_type(registry, i));
    storage_json_close(json);
}

static void write_top_level(StorageJson *json)
{
    storage_json_open(json, "properties");
    storage_json_open(json, "$schema");
    storage_json_string(json, "description", "Where this schema is, for editors; the library skips it.");
    storage_json_string(json, "type", "string");
    storage_json_close(json);
    storage_json_open(json, "layers");
    storage_json_string(json, "description", "What a request passes on its way to the backend, the top layer first.");
    storage_json_string(json, "type", "array");
    storage_json_uint(json, "maxItems", PLAN_LAYER_COUNT_MAX);
    storage_json_open(json, "items");
    schema_write_reference(json, "layer");
    storage_json_close(json);
    storage_json_close(json);
    storage_json_open(json, "backend");
    storage_json_string(json, "description", "What keeps the data.");
    schema_write_reference(json, "backend");
    storage_json_close(json);
    storage_json_close(json);
}

static void write_schema(StorageJson *json, const StorageRegistry *registry)
{
    storage_json_string(json, "$schema", DIALECT);
    storage_json_string(json, "title", "libstorage configuration");
    storage_json_string(json, "description", "A stack of a storage backend and layers.");
    storage_json_string(json, "type", "object");
    write_top_level(json);
    json_open_array(json, "required");
    storage_json_string(json, NULL, "backend");
    storage_json_close(json);
    storage_json_bool(json, "additionalProperties", 0);
    write_definitions(json, registry);
}

static StorageStatus make_schema(const StorageRegistry *registry, StorageValue *ret_json, StorageContext *ctx)
{
    StorageJson json;
    json_init(&json);
    write_schema(&json, registry);
    if (json_finish(&json, ret_json) != STORAGE_OK)
        return storage_fail(ctx, STORAGE_NO_MEMORY, "no memory for the schema");
    return STORAGE_OK;
}

StorageStatus storage_config_schema(const StorageConfigOptions *options, StorageValue *ret_json, StorageContext *ctx)
{
    StorageContext unattended;
    StorageConfigOptions known;
    StorageStatus status;
    ctx = config_call_begin(ctx, &unattended);
    if (ret_json == NULL)
        return config_call_end(
            ctx, storage_fail(ctx, STORAGE_INVALID_ARGUMENT, "ret_json is NULL; say where the JSON goes"));
    *ret_json = (StorageValue){0};
    status = config_options_copy(&known, options, ctx);
    if (status == STORAGE_OK)
        status = make_schema(known.registry, ret_json, ctx);
    return config_call_end(ctx, status);
}
