/*
 * config/registry_check.c - looks through a table before a registry takes it.
 *
 * What it refuses could not work: a name that no document can give, an option that lies beside its struct, a default
 * that is none, a rule about nobody. Each mistake is one error text; all are reported.
 *
 * 1. 0 in an option struct means the default. So a value that is stored as 0 must not differ from the default.
 */
#include "config/registry.h"

#include "config/report.h"
#include "config/value.h"
#include "core/capabilities.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NAME_LEN_MAX 40
#define FIELD_FLAGS                                                                                      \
    (STORAGE_FIELD_REQUIRED | STORAGE_FIELD_SECRET | STORAGE_FIELD_PATH | STORAGE_FIELD_DEFAULT_VARIES | \
     STORAGE_FIELD_INVERTED)

typedef struct Inspection {
    const StorageConfigType *type;
    StorageContext *ctx;
    StorageStatus status;
    char place[128]; /* `type "cached": option "ttl"` */
} Inspection;

static STORAGE_PRINTF(2, 3) void mistake(Inspection *self, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    self->status = storage_fail(self->ctx, STORAGE_INVALID_ARGUMENT, "%s: %s", self->place, text);
}

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* 1 to NAME_LEN_MAX bytes, all of them among `letters`. */
static int is_word(const char *text, const char *letters)
{
    size_t len = text == NULL ? 0 : strlen(text);
    return len > 0 && len <= NAME_LEN_MAX && strspn(text, letters) == len;
}

static int is_name(const char *name)
{
    return is_word(name, LOWER DIGITS "_") && strchr(LOWER, name[0]) != NULL;
}

static void check_name(Inspection *self, const char *name)
{
    if (!is_name(name))
        mistake(self, "the name must be 1 to %d lower case letters, digits and underscores, a letter first",
                NAME_LEN_MAX);
}

static void check_doc(Inspection *self, const char *doc)
{
    if (doc == NULL || doc[0] == '\0')
        mistake(self, "doc is missing; say in a sentence or two what it does");
}

/* ---- fields ---- */

static void check_place_in_struct(Inspection *self, const StorageConfigField *field)
{
    size_t size = value_size(field->kind), alignment = value_alignment(field->kind);
    if (field->offset < sizeof(uint32_t) || field->offset > self->type->options_size ||
        size > self->type->options_size - field->offset)
        mistake(self,
                "offset %zu and its %zu bytes lie beside the %u bytes of the option struct, or on its struct_size",
                field->offset, size, self->type->options_size);
    else if (field->offset % alignment != 0)
        mistake(self, "offset %zu is no multiple of %zu", field->offset, alignment);
}

static void check_overlap(Inspection *self, const StorageConfigField *field)
{
    for (const StorageConfigField *other = self->type->fields; other < field; other++) {
        if (other->name != NULL && field->name != NULL && strcmp(other->name, field->name) == 0)
            mistake(self, "the name is that of an option before");
        if (field->offset < other->offset + value_size(other->kind) &&
            other->offset < field->offset + value_size(field->kind))
            mistake(self, "the bytes at offset %zu belong to an option before", field->offset);
    }
}

static void check_flags(Inspection *self, const StorageConfigField *field)
{
    if ((field->flags & ~(uint32_t)FIELD_FLAGS) != 0)
        mistake(self, "unknown flags 0x%x", field->flags & ~(uint32_t)FIELD_FLAGS);
    if ((field->flags & (STORAGE_FIELD_SECRET | STORAGE_FIELD_PATH)) != 0 && field->kind != STORAGE_FIELD_STRING)
        mistake(self, "SECRET and PATH are for strings");
    if ((field->flags & STORAGE_FIELD_INVERTED) != 0 && field->kind != STORAGE_FIELD_BOOL)
        mistake(self, "INVERTED is for a BOOL");
    if ((field->flags & STORAGE_FIELD_REQUIRED) != 0 && field->default_text != NULL)
        mistake(self, "what is REQUIRED has no default");
    if ((field->flags & STORAGE_FIELD_DEFAULT_VARIES) != 0 && field->default_text == NULL)
        mistake(self, "a default that varies is what DEFAULT_VARIES is about; give it");
    if ((field->flags & STORAGE_FIELD_SECRET) != 0 && field->default_text != NULL)
        mistake(self, "a SECRET has no default");
}

static void check_choices(Inspection *self, const StorageConfigField *field)
{
    size_t count = 0;
    if ((field->kind == STORAGE_FIELD_CHOICE) != (field->choices != NULL)) {
        mistake(self, "choices are what a CHOICE has, and no other kind");
        return;
    }
    for (; field->choices != NULL && field->choices[count] != NULL; count++)
        if (!is_word(field->choices[count], LOWER UPPER DIGITS "_-.+"))
            mistake(self, "choice %zu must be 1 to %d letters, digits or one of _ - . +", count, NAME_LEN_MAX);
    if (field->choices != NULL && count == 0)
        mistake(self, "no choices");
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(field->choices[i], field->choices[j]) == 0)
                mistake(self, "choice %zu is choice %zu again", i, j);
}

static void check_limits(Inspection *self, const StorageConfigField *field)
{
    uint64_t largest = value_largest(field->kind);
    if (field->kind == STORAGE_FIELD_BOOL || field->kind == STORAGE_FIELD_CHOICE) {
        if (field->minimum != 0 || field->maximum != 0)
            mistake(self, "minimum and maximum are for numbers and strings");
        return;
    }
    if (field->minimum > (field->maximum != 0 ? field->maximum : largest))
        mistake(self, "the minimum is larger than the maximum");
    if (field->maximum > largest)
        mistake(self, "the maximum is larger than the largest number of this kind");
}

/* 1 */
static void check_default_is_zero(Inspection *self, const StorageConfigField *field, const ConfigValue *value)
{
    if (value_is_stored_as_zero(field, value))
        return;
    if (field->kind == STORAGE_FIELD_CHOICE)
        mistake(self, "the default must be the first choice, which is stored as 0; else a document could not say it");
    else if (field->kind == STORAGE_FIELD_BOOL)
        mistake(self, "the default must be %s, which is stored as 0; for the other one %s INVERTED",
                value->number != 0 ? "false" : "true", value->number != 0 ? "add" : "remove");
    else if (field->kind != STORAGE_FIELD_RATE && field->minimum == 0)
        mistake(self, "0 means the default (%.64s), so the minimum must be at least 1", field->default_text);
}

static void check_default(Inspection *self, const StorageConfigField *field)
{
    char buffer[VALUE_PROBLEM_SIZE];
    const char *problem;
    ConfigValue value;
    if (field->default_text == NULL)
        return;
    problem = value_parse(field, field->default_text, &value, buffer);
    if (problem != NULL) {
        mistake(self, "the default \"%.64s\" %s", field->default_text, problem);
        return;
    }
    problem = value_check_limits(field, &value, buffer);
    if (problem != NULL)
        mistake(self, "the default \"%.64s\" is beyond the limits: %s", field->default_text, problem);
    if ((field->flags & STORAGE_FIELD_PATH) != 0 && strchr("/:", field->default_text[0]) == NULL)
        mistake(self, "the default of a PATH must begin with / or :, because where a relative one starts depends on "
                      "the document");
    check_default_is_zero(self, field, &value);
}

static void check_field(Inspection *self, const StorageConfigField *field)
{
    char name[64];
    (void)snprintf(self->place, sizeof(self->place), "type \"%s\": option %zu \"%s\"", self->type->name,
                   (size_t)(field - self->type->fields),
                   report_printable(field->name != NULL ? field->name : "", name, sizeof(name)));
    check_name(self, field->name);
    if (field->name != NULL && strcmp(field->name, "type") == 0)
        mistake(self, "the name is that of the type in a document; take another");
    check_doc(self, field->doc);
    if (value_size(field->kind) == 0) {
        mistake(self, "unknown kind %u", field->kind);
        return;
    }
    check_place_in_struct(self, field);
    check_overlap(self, field);
    check_flags(self, field);
    check_choices(self, field);
    check_limits(self, field);
    if (field->kind != STORAGE_FIELD_CHOICE || field->choices != NULL)
        check_default(self, field);
}

/* ---- rules ---- */

static void check_rule(Inspection *self, const StorageOrderRule *rule)
{
    (void)snprintf(self->place, sizeof(self->place), "type \"%s\": rule %zu", self->type->name,
                   (size_t)(rule - self->type->rules));
    if (rule->relation < STORAGE_ORDER_ABOVE || rule->relation > STORAGE_ORDER_ONCE) {
        mistake(self, "unknown relation %u", rule->relation);
        return;
    }
    if (rule->severity > STORAGE_ORDER_WARNED)
        mistake(self, "unknown severity %u", rule->severity);
    if (rule->reason == NULL || rule->reason[0] == '\0')
        mistake(self, "reason is missing; say what would go wrong");
    if (rule->relation == STORAGE_ORDER_ONCE && rule->other != NULL)
        mistake(self, "ONCE is about the type itself; `other` must be NULL");
    if (rule->relation != STORAGE_ORDER_ONCE && !is_name(rule->other))
        mistake(self, "`other` is not the name of a type");
    else if (rule->other != NULL && strcmp(rule->other, self->type->name) == 0)
        mistake(self, "`other` is the type itself; write ONCE");
    if (self->type->role == STORAGE_ROLE_BACKEND && rule->relation != STORAGE_ORDER_WITHOUT)
        mistake(self, "a backend stands at the bottom; its rules can only be WITHOUT");
}

/* ---- the table itself ---- */

static void check_bits(Inspection *self, const char *what, uint64_t bits, const char *(*name_of)(unsigned int))
{
    for (unsigned int i = 0; i < 64; i++)
        if ((bits >> i & 1) != 0 && name_of(i) == NULL)
            mistake(self, "%s: unknown bit %u", what, i);
}

static void check_bits_of_stack(Inspection *self)
{
    const StorageConfigType *type = self->type;
    check_bits(self, "needs", type->needs, capability_name);
    check_bits(self, "adds", type->adds, capability_name);
    check_bits(self, "removes", type->removes, capability_name);
    check_bits(self, "weakens", type->weakens, weakening_name);
    check_bits(self, "forbids", type->forbids, weakening_name);
    if (type->role == STORAGE_ROLE_BACKEND && (type->needs != 0 || type->removes != 0 || type->forbids != 0))
        mistake(self, "nothing is below a backend that it could need, remove or forbid");
    if ((type->adds & type->removes) != 0)
        mistake(self, "what it adds it cannot remove");
}

static void check_table(Inspection *self)
{
    const StorageConfigType *type = self->type;
    int is_backend = type->role == STORAGE_ROLE_BACKEND;
    if (!is_backend && type->role != STORAGE_ROLE_LAYER) {
        mistake(self, "unknown role %u", type->role);
        return;
    }
    check_doc(self, type->doc);
    if ((type->open != NULL) != is_backend || (type->wrap != NULL) == is_backend)
        mistake(self, "a %s has `%s` and not the other", registry_role_name(type->role), is_backend ? "open" : "wrap");
    if (type->options_size < sizeof(uint32_t) || type->options_size > OPTIONS_SIZE_MAX)
        mistake(self, "options_size is %u; it must be the size of an option struct, which starts with its struct_size",
                type->options_size);
    if (type->reserved != 0)
        mistake(self, "reserved must be 0");
    check_bits_of_stack(self);
}

StorageStatus registry_check_type(const StorageRegistry *registry, const StorageConfigType *type, StorageContext *ctx)
{
    Inspection inspection = {.type = type, .ctx = ctx};
    char name[64];
    (void)snprintf(inspection.place, sizeof(inspection.place), "type \"%s\"",
                   report_printable(type->name != NULL ? type->name : "", name, sizeof(name)));
    check_name(&inspection, type->name);
    if (inspection.status != STORAGE_OK)
        return inspection.status; /* everything else is reported under the name */
    if (storage_registry_find(registry, type->name) != NULL)
        mistake(&inspection, "the registry has a type of this name");
    check_table(&inspection);
    for (size_t i = 0; i < type->field_count; i++)
        check_field(&inspection, &type->fields[i]);
    for (size_t i = 0; i < type->rule_count; i++)
        check_rule(&inspection, &type->rules[i]);
    return inspection.status;
}
