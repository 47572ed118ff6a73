/* config/expand.h - variables in a string: ${NAME}, ${NAME:-default}, ${NAME:?message}, and $$ for a dollar. */
#ifndef CONFIG_EXPAND_H
#define CONFIG_EXPAND_H

#include "config/reader.h"

/* Bytes written to `buffer`, which is full at `size_max`. */
typedef struct Expansion {
    char *buffer;
    size_t size, size_max;
    int has_variable;
} Expansion;

/*
 * Appends what `text` stands for. Goes on after a variable that is not set, so that all are reported. Returns 0 after
 * it has reported why it stands for nothing.
 */
int config_expand(Expansion *self, const char *text, const StorageConfigOptions *options, const ConfigPath *path,
                  ConfigReport *report);

/* Whether all of `text` is UTF-8. */
int config_is_utf8(StorageSlice text);

/* Whether `text` holds something to expand. */
int config_has_expansion(const char *text);

#endif
