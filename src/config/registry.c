/*
 * config/registry.c - the types that a document may name.
 *
 * Types of callers are copied when they are added: the table, its fields and its rules, each to the size that this
 * library knows, so that what reads them need not know that tables were compiled against older or newer headers. What
 * a table points to besides (names, texts, choices) stays the caller's.
 */
#include "config/registry.h"

#include "config/load.h"
#include "config/types.h"

#include <stdint.h>
#include <string.h>

/* A copy, in one block. */
typedef struct TypeCopy {
    StorageConfigType type;
    StorageConfigField *fields;
    StorageOrderRule *rules;
} TypeCopy;

const char *registry_role_name(StorageRole role)
{
    return role == STORAGE_ROLE_BACKEND ? "backend" : "layer";
}

StorageRegistry *storage_registry_new(void)
{
    StorageRegistry *self = storage_allocate_zero(sizeof(*self));
    if (self == NULL)
        return NULL;
    self->capacity = library_type_count + 8;
    self->types = storage_allocate(self->capacity * sizeof(*self->types));
    if (self->types == NULL) {
        storage_release(self);
        return NULL;
    }
    for (size_t i = 0; i < library_type_count; i++)
        self->types[self->count++] = library_types[i];
    return self;
}

void storage_registry_free(StorageRegistry *registry)
{
    if (registry == NULL)
        return;
    for (size_t i = library_type_count; i < registry->count; i++)
        storage_release((void *)(uintptr_t)registry->types[i]);
    storage_release(registry->types);
    storage_release(registry);
}

size_t storage_registry_count(const StorageRegistry *registry)
{
    return registry == NULL ? library_type_count : registry->count;
}

const StorageConfigType *storage_registry_type(const StorageRegistry *registry, size_t index)
{
    if (index >= storage_registry_count(registry))
        return NULL;
    return registry == NULL ? library_types[index] : registry->types[index];
}

const StorageConfigType *storage_registry_find(const StorageRegistry *registry, const char *name)
{
    size_t count = storage_registry_count(registry);
    for (size_t i = 0; name != NULL && i < count; i++) {
        const StorageConfigType *type = storage_registry_type(registry, i);
        if (strcmp(type->name, name) == 0)
            return type;
    }
    return NULL;
}

/* ---- adding ---- */

/* One of the arrays of a table: `count` elements, each `given_size` bytes in the caller's and `known_size` in ours. */
typedef struct Elements {
    const char *what; /* "field" */
    const void *given;
    size_t count, count_max;
    uint32_t given_size;
    size_t known_size, least_size;
} Elements;

static Elements fields_of(const StorageConfigType *type)
{
    return (Elements){.what = "field",
                      .given = type->fields,
                      .count = type->field_count,
                      .count_max = FIELD_COUNT_MAX,
                      .given_size = type->field_size,
                      .known_size = sizeof(StorageConfigField),
                      .least_size = offsetof(StorageConfigField, minimum)};
}

static Elements rules_of(const StorageConfigType *type)
{
    return (Elements){.what = "rule",
                      .given = type->rules,
                      .count = type->rule_count,
                      .count_max = RULE_COUNT_MAX,
                      .given_size = type->rule_size,
                      .known_size = sizeof(StorageOrderRule),
                      .least_size = sizeof(StorageOrderRule)};
}

static StorageStatus check_elements(const Elements *elements, StorageContext *ctx)
{
    if (elements->count == 0)
        return STORAGE_OK;
    if (elements->given == NULL || elements->given_size < elements->least_size || elements->given_size > 4096)
        return storage_fail(ctx, STORAGE_INVALID_ARGUMENT,
                            "type: %ss are counted, but where they are or %s_size is not given", elements->what,
                            elements->what);
    if (elements->count > elements->count_max)
        return storage_fail(ctx, STORAGE_INVALID_ARGUMENT, "type: more than %zu %ss", elements->count_max,
                            elements->what);
    for (size_t i = 0; i < elements->count; i++) {
        const unsigned char *element = (const unsigned char *)elements->given + i * elements->given_size;
        for (size_t j = elements->known_size; j < elements->given_size; j++)
            if (element[j] != 0)
                return storage_fail(ctx, STORAGE_UNSUPPORTED,
                                    "type: %s %zu sets something that this library does not know; use a newer library",
                                    elements->what, i);
    }
    return STORAGE_OK;
}

static void copy_elements(void *target, const Elements *elements)
{
    size_t size = elements->given_size < elements->known_size ? elements->given_size : elements->known_size;
    for (size_t i = 0; i < elements->count; i++)
        memcpy((char *)target + i * elements->known_size,
               (const unsigned char *)elements->given + i * elements->given_size, size);
}

/* NULL when out of memory. */
static TypeCopy *copy_type(const StorageConfigType *type)
{
    Elements fields = fields_of(type), rules = rules_of(type);
    TypeCopy *copy =
        storage_allocate_zero(sizeof(*copy) + fields.count * fields.known_size + rules.count * rules.known_size);
    if (copy == NULL)
        return NULL;
    copy->fields = (StorageConfigField *)(copy + 1);
    copy->rules = (StorageOrderRule *)(copy->fields + fields.count);
    copy_elements(copy->fields, &fields);
    copy_elements(copy->rules, &rules);
    copy->type = *type;
    copy->type.struct_size = sizeof(copy->type);
    copy->type.fields = copy->fields;
    copy->type.field_size = sizeof(StorageConfigField);
    copy->type.rules = copy->rules;
    copy->type.rule_size = sizeof(StorageOrderRule);
    return copy;
}

static StorageStatus make_room(StorageRegistry *self)
{
    const StorageConfigType **types;
    if (self->count < self->capacity)
        return STORAGE_OK;
    types = storage_reallocate(self->types, 2 * self->capacity * sizeof(*types));
    if (types == NULL)
        return STORAGE_NO_MEMORY;
    self->types = types;
    self->capacity *= 2;
    return STORAGE_OK;
}

static StorageStatus add_type(StorageRegistry *self, const StorageConfigType *given, StorageContext *ctx)
{
    StorageConfigType type;
    TypeCopy *copy;
    Elements fields, rules;
    StorageStatus status;
    if (self == NULL || given == NULL)
        return storage_fail(ctx, STORAGE_INVALID_ARGUMENT, "%s is NULL", self == NULL ? "registry" : "type");
    status = storage_options_copy(&type, sizeof(type), given, "type", ctx);
    if (status != STORAGE_OK)
        return status;
    fields = fields_of(&type);
    rules = rules_of(&type);
    status = check_elements(&fields, ctx);
    if (status == STORAGE_OK)
        status = check_elements(&rules, ctx);
    if (status != STORAGE_OK)
        return status;
    copy = copy_type(&type);
    if (copy == NULL || make_room(self) != STORAGE_OK)
        status = storage_fail(ctx, STORAGE_NO_MEMORY, "no memory to add a type");
    else
        status = registry_check_type(self, &copy->type, ctx);
    if (status == STORAGE_OK)
        self->types[self->count++] = &copy->type;
    else
        storage_release(copy);
    return status;
}

StorageStatus storage_registry_add(StorageRegistry *registry, const StorageConfigType *type, StorageContext *ctx)
{
    StorageContext unattended;
    ctx = config_call_begin(ctx, &unattended);
    return config_call_end(ctx, add_type(registry, type, ctx));
}
