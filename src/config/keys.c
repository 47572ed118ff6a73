/*
 * config/keys.c - the keys of a JSON object.
 *
 * It refuses objects with more than 256 keys: each is compared with those before it, and no type has that many options.
 */
#include "config/keys.h"

#include <string.h>

#define KEY_COUNT_MAX 256

const char *config_kind_of(const cJSON *item)
{
    if (cJSON_IsString(item))
        return "a string";
    if (cJSON_IsNumber(item))
        return "a number";
    if (cJSON_IsBool(item))
        return "true or false";
    if (cJSON_IsArray(item))
        return "an array";
    return cJSON_IsObject(item) ? "an object" : "null";
}

/* Whether the key was given once before: its third time is not a problem of its own. */
static int is_second(const cJSON *object, const cJSON *item)
{
    size_t earlier_count = 0;
    for (const cJSON *earlier = object->child; earlier != item; earlier = earlier->next)
        earlier_count += strcmp(earlier->string, item->string) == 0;
    return earlier_count == 1;
}

int config_check_keys(const cJSON *object, const ConfigPath *path, ConfigReport *report)
{
    size_t key_count = 0;
    for (const cJSON *item = object->child; item != NULL; item = item->next) {
        if (++key_count > KEY_COUNT_MAX) {
            report_problem(report, path, "more than %d keys; take some out", KEY_COUNT_MAX);
            return 0;
        }
        if (is_second(object, item))
            report_problem(report, &(ConfigPath){.parent = path, .key = item->string},
                           "given more than once; keep one of them");
    }
    return 1;
}
