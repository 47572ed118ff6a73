/*
 * config/schema_option.c - an option of a table as a JSON Schema, and the forms that options have in common.
 *
 * Keywords of our own: x-kind; x-default, x-minimum and x-maximum, texts as a document would give them;
 * x-default-varies; x-secret; x-path. Patterns are regular expressions of ECMA-262, without what other dialects read
 * differently.
 */
#include "config/schema_option.h"

#include "config/field.h"
#include "config/value.h"

#include <stdio.h>

/* ---- the forms of strings ---- */

#define PLAIN "[^$]|\\$\\$"
#define VARIABLE "\\$\\{[A-Za-z_][A-Za-z0-9_]{0,127}(:[-?]([^$}]|\\$\\$)*)?\\}"
#define DURATION "(?=[0-9])([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?([0-9]+us)?([0-9]+ns)?"

typedef struct Form {
    const char *name, *description, *pattern;
} Form;

static const Form forms[] = {
    {"text", "Text; ${NAME} stands for a variable, $$ for a dollar.", "^(" PLAIN "|" VARIABLE ")*$"},
    {"dollars", "Text with a variable or a dollar in it.", "^[^$]*(\\$\\$|" VARIABLE ")(" PLAIN "|" VARIABLE ")*$"},
    {"variable", "Text with a variable in it, such as ${NAME}.", "^(" PLAIN ")*" VARIABLE "(" PLAIN "|" VARIABLE ")*$"},
};

/* What may also come from a variable or a file. */
static const Form quantities[] = {
    {"size", "A size with its unit: B; kB, MB, GB, TB for powers of 1000; KiB, MiB, GiB, TiB for powers of 1024.",
     "^[0-9]+ ?(B|kB|KB|MB|GB|TB|KiB|MiB|GiB|TiB)$"},
    {"duration", "A duration with its units (d, h, m, s, ms, us, ns), the largest first, such as 1m30s.",
     "^" DURATION "$"},
    {"rate", "So many in so long, such as 50000/s or 10/30s.",
     "^0*[1-9][0-9]*/(d|h|m|s|ms|us|ns|(?=[0-9a-z]*[1-9])" DURATION ")$"},
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

void schema_write_reference(StorageJson *json, const char *name)
{
    char reference[160];
    (void)snprintf(reference, sizeof(reference), "#/$defs/%s", name);
    storage_json_string(json, "$ref", reference);
}

static void write_alternative(StorageJson *json, const char *name)
{
    storage_json_open(json, NULL);
    schema_write_reference(json, name);
    storage_json_close(json);
}

void schema_close_alternatives(StorageJson *json)
{
    write_alternative(json, "variable");
    write_alternative(json, "file");
    storage_json_close(json);
}

static void write_string_form(StorageJson *json, const char *member, const Form *form)
{
    storage_json_open(json, member);
    storage_json_string(json, "type", "string");
    if (member != NULL)
        storage_json_string(json, "description", form->description);
    storage_json_string(json, "pattern", form->pattern);
    storage_json_close(json);
}

static void write_quantity_form(StorageJson *json, const Form *form)
{
    storage_json_open(json, form->name);
    storage_json_string(json, "description", form->description);
    json_open_array(json, "anyOf");
    write_string_form(json, NULL, form);
    schema_close_alternatives(json);
    storage_json_close(json);
}

static void write_file_form(StorageJson *json)
{
    storage_json_open(json, "file");
    storage_json_string(json, "description",
                        "What a file holds, without the line end at its end; redacted in every "
                        "output. The path is relative to the directory of the configuration.");
    storage_json_string(json, "type", "object");
    storage_json_open(json, "properties");
    storage_json_open(json, "$file");
    schema_write_reference(json, "text");
    storage_json_uint(json, "minLength", 1);
    storage_json_close(json);
    storage_json_close(json);
    json_open_array(json, "required");
    storage_json_string(json, NULL, "$file");
    storage_json_close(json);
    storage_json_bool(json, "additionalProperties", 0);
    storage_json_close(json);
}

static void write_bool_form(StorageJson *json)
{
    storage_json_open(json, "bool");
    storage_json_string(json, "description", "true or false.");
    json_open_array(json, "anyOf");
    storage_json_open(json, NULL);
    storage_json_string(json, "type", "boolean");
    storage_json_close(json);
    schema_close_alternatives(json);
    storage_json_close(json);
}

void schema_write_forms(StorageJson *json)
{
    for (size_t i = 0; i < COUNT_OF(forms); i++)
        write_string_form(json, forms[i].name, &forms[i]);
    for (size_t i = 0; i < COUNT_OF(quantities); i++)
        write_quantity_form(json, &quantities[i]);
    write_bool_form(json);
    write_file_form(json);
}

/* ---- options ---- */

static void write_count(StorageJson *json, const StorageConfigField *field)
{
    json_open_array(json, "anyOf");
    storage_json_open(json, NULL);
    storage_json_string(json, "type", "integer");
    storage_json_uint(json, "minimum", field->minimum);
    storage_json_uint(json, "maximum", field->maximum != 0 ? field->maximum : value_largest(field->kind));
    storage_json_close(json);
    schema_close_alternatives(json);
}

static void write_choice(StorageJson *json, const StorageConfigField *field)
{
    json_open_array(json, "anyOf");
    storage_json_open(json, NULL);
    json_open_array(json, "enum");
    for (size_t i = 0; field->choices[i] != NULL; i++)
        storage_json_string(json, NULL, field->choices[i]);
    storage_json_close(json);
    storage_json_close(json);
    schema_close_alternatives(json);
}

/*
 * The limits of a table count bytes after expansion, those of a schema count characters before it. A character has up
 * to four bytes, and what a dollar stands for has any length: limits that are too wide keep 1.
 */
static void write_string(StorageJson *json, const StorageConfigField *field)
{
    json_open_array(json, "anyOf");
    storage_json_open(json, NULL);
    storage_json_string(json, "type", "string");
    storage_json_string(json, "pattern", "^[^$]*$");
    if (field->minimum > 0)
        storage_json_uint(json, "minLength", (field->minimum - 1) / 4 + 1);
    if (field->maximum > 0)
        storage_json_uint(json, "maxLength", field->maximum);
    storage_json_close(json);
    write_alternative(json, "dollars");
    write_alternative(json, "file");
    storage_json_close(json);
}

static void write_field_form(StorageJson *json, const StorageConfigField *field)
{
    switch (field->kind) {
    case STORAGE_FIELD_COUNT:
        write_count(json, field);
        break;
    case STORAGE_FIELD_STRING:
        write_string(json, field);
        break;
    case STORAGE_FIELD_CHOICE:
        write_choice(json, field);
        break;
    default:
        schema_write_reference(json, field_kind_name(field->kind));
        break;
    }
}

static void write_limit(StorageJson *json, const char *member, const StorageConfigField *field, uint64_t number)
{
    char text[STORAGE_UNITS_TEXT_SIZE];
    if (number > 0)
        storage_json_string(json, member, value_number_text(field->kind, number, text));
}

/* The default as the value that a document would give (editors show it), and as text. */
static void write_default(StorageJson *json, const StorageConfigField *field)
{
    const char *text = field_default(field);
    if (text == NULL)
        return;
    field_write(json, "default", field, text);
    storage_json_string(json, "x-default", text);
    if ((field->flags & STORAGE_FIELD_DEFAULT_VARIES) != 0)
        storage_json_bool(json, "x-default-varies", 1);
}

void schema_write_option(StorageJson *json, const StorageConfigField *field)
{
    storage_json_open(json, field->name);
    storage_json_string(json, "description", field->doc);
    write_field_form(json, field);
    write_default(json, field);
    storage_json_string(json, "x-kind", field_kind_name(field->kind));
    write_limit(json, "x-minimum", field, field->minimum);
    write_limit(json, "x-maximum", field, field->maximum);
    if ((field->flags & STORAGE_FIELD_SECRET) != 0) {
        storage_json_bool(json, "writeOnly", 1);
        storage_json_bool(json, "x-secret", 1);
    }
    if ((field->flags & STORAGE_FIELD_PATH) != 0)
        storage_json_bool(json, "x-path", 1);
    storage_json_close(json);
}
