/* config/read.h - one JSON object into one option struct, by the table of its type. */
#ifndef CONFIG_READ_H
#define CONFIG_READ_H

#include "config/report.h"
#include "config/type.h"

#include <cjson/cJSON.h>

/*
 * Fills `options` (type->options_size bytes) from `object`, whose "type" the caller has looked at. Reports every
 * unknown key, wrong type, bad value and missing key.
 */
void config_read_options(const cJSON *object, const ConfigType *type, void *options, const ConfigPath *path,
                         ConfigReport *report);

/* Reports each key of `object` that was given before. */
void config_check_duplicates(const cJSON *object, const ConfigPath *path, ConfigReport *report);

/* "a string", "a number", ...: what `item` is, for "must be ..., not ...". */
const char *config_kind_of(const cJSON *item);

#endif
