/* config/read.h - one JSON object into one option struct, by the table of its type. */
#ifndef CONFIG_READ_H
#define CONFIG_READ_H

#include "config/plan.h"
#include "config/reader.h"

#include <cjson/cJSON.h>

/*
 * Fills the options and origins of `part`, whose type is known, from `object`. Reports every unknown key, wrong type,
 * bad value and missing key, and what the check of the type says when there is none of these.
 */
void config_read_options(ConfigReader *reader, const cJSON *object, ConfigPart *part, const ConfigPath *path);

#endif
