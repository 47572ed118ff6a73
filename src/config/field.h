/* config/field.h - options as outputs speak of them: the names of their kinds, their values and defaults as texts. */
#ifndef CONFIG_FIELD_H
#define CONFIG_FIELD_H

#include "core/json_writer.h"
#include "storage/registry.h"

/* "size", "duration", ...: as in the reference page. */
const char *field_kind_name(StorageFieldKind kind);

/* What holds when the option is left out, as a document would give it; NULL: nothing does. */
const char *field_default(const StorageConfigField *field);

/* A member of a JSON object: `text`, which is a value or a default of the field, as a document would write it. */
void field_write(StorageJson *json, const char *name, const StorageConfigField *field, const char *text);

#endif
