/* config/field.c - options as outputs speak of them. Pure functions on the rows of a table that was checked. */
#include "config/field.h"

#include <stdlib.h>
#include <string.h>

const char *field_kind_name(StorageFieldKind kind)
{
    static const char *const names[] = {"", "size", "duration", "rate", "count", "string", "bool", "choice"};
    return names[kind < sizeof(names) / sizeof(names[0]) ? kind : 0];
}

const char *field_default(const StorageConfigField *field)
{
    if (field->default_text != NULL)
        return field->default_text;
    if (field->kind == STORAGE_FIELD_CHOICE)
        return field->choices[0];
    if (field->kind == STORAGE_FIELD_BOOL)
        return (field->flags & STORAGE_FIELD_INVERTED) != 0 ? "true" : "false";
    return NULL;
}

void field_write(StorageJson *json, const char *name, const StorageConfigField *field, const char *text)
{
    if (field->kind == STORAGE_FIELD_COUNT)
        storage_json_uint(json, name, strtoull(text, NULL, 10));
    else if (field->kind == STORAGE_FIELD_BOOL)
        storage_json_bool(json, name, strcmp(text, "true") == 0);
    else
        storage_json_string(json, name, text);
}
