/* config/schema_option.h - what the options of types look like in a JSON Schema. */
#ifndef CONFIG_SCHEMA_OPTION_H
#define CONFIG_SCHEMA_OPTION_H

#include "core/json_writer.h"
#include "storage/registry.h"

/* A reference to one of the $defs of the schema. */
void schema_write_reference(StorageJson *json, const char *name);

/* Ends an open `anyOf` with what may stand for every string: a variable, a file. */
void schema_close_alternatives(StorageJson *json);

/* The $defs that options refer to: strings, quantities, truths, files. */
void schema_write_forms(StorageJson *json);

/* An option as one of the properties of its type. */
void schema_write_option(StorageJson *json, const StorageConfigField *field);

#endif
