/* config/value.h - the value of one option: from a text or a number, within its limits, into the option struct. */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include "storage/registry.h"

#define VALUE_PROBLEM_SIZE 512
#define VALUE_COUNT_MAX UINT64_C(9007199254740991) /* 2^53 - 1: beyond it the numbers of JSON are no longer exact */

typedef struct ConfigValue {
    uint64_t number;    /* bytes, nanoseconds, a count, the index of a choice, 0 or 1 */
    uint64_t period_ns; /* of a rate, whose count is `number` */
    const char *text;   /* of a string */
} ConfigValue;

/*
 * What `text` means for `field`. Returns NULL; or what is wrong with the text, fit to stand after it, perhaps in
 * `buffer`. Limits are not looked at.
 */
const char *value_parse(const StorageConfigField *field, const char *text, ConfigValue *ret_value,
                        char buffer[VALUE_PROBLEM_SIZE]);

/* The choice that is near to `text`. NULL when none is, and when the field has no choices. */
const char *value_nearest_choice(const StorageConfigField *field, const char *text);

/* Returns NULL, or why the value is beyond the limits of the field: "must be at least 1KiB". */
const char *value_check_limits(const StorageConfigField *field, const ConfigValue *value,
                               char buffer[VALUE_PROBLEM_SIZE]);

/* "must be a whole number from 1 to 100; the default is 5". */
const char *value_count_range(const StorageConfigField *field, char buffer[VALUE_PROBLEM_SIZE]);

/* Puts the value where the field says. */
void value_store(const StorageConfigField *field, const ConfigValue *value, void *options);

/* The value that value_store put there. */
ConfigValue value_load(const StorageConfigField *field, const void *options);

/* A number as text: a size, a duration, else digits. Returns `buffer`. */
const char *value_number_text(StorageFieldKind kind, uint64_t number, char buffer[STORAGE_UNITS_TEXT_SIZE]);

/* Whether the number of the value is 0 in an option struct, where that means the default. */
int value_is_stored_as_zero(const StorageConfigField *field, const ConfigValue *value);

/* What a document must give: "a size in a string, with its unit, such as \"64MiB\"". */
const char *value_form(const StorageConfigField *field, char buffer[VALUE_PROBLEM_SIZE]);

/* Bytes and alignment of a kind in an option struct. Return 0 for a number that is no kind. */
size_t value_size(StorageFieldKind kind);
size_t value_alignment(StorageFieldKind kind);

/* The largest number of a kind that can be given. */
uint64_t value_largest(StorageFieldKind kind);

#endif
