/* config/keys.h - the keys of a JSON object, and what its values are called. */
#ifndef CONFIG_KEYS_H
#define CONFIG_KEYS_H

#include "config/report.h"

#include <cjson/cJSON.h>

/* Reports each key of `object` that was given before. Returns 0 when there are too many keys to look at the rest. */
int config_check_keys(const cJSON *object, const ConfigPath *path, ConfigReport *report);

/* "a string", "a number", ...: what `item` is, for "must be ..., not ...". */
const char *config_kind_of(const cJSON *item);

#endif
