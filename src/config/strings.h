/* config/strings.h - texts that somebody owns, in the order in which they were added. */
#ifndef CONFIG_STRINGS_H
#define CONFIG_STRINGS_H

#include "storage/backend.h"

typedef struct ConfigString {
    struct ConfigString *next;
    size_t size; /* of the text */
    char text[]; /* ends with a zero byte */
} ConfigString;

/* All zero is an empty list. */
typedef struct ConfigStrings {
    ConfigString *first, *last;
} ConfigStrings;

/* Copies `text`. Returns the copy, which stays where it is until config_strings_done; NULL when out of memory. */
char *config_strings_add(ConfigStrings *self, StorageSlice text);
void config_strings_done(ConfigStrings *self);

#endif
