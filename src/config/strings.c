/*
 * config/strings.c - texts that somebody owns. Each is a block of its own, so that none moves when one is added, and is
 * wiped at its end, because it may be a secret.
 */
#include "config/strings.h"

#include "config/wipe.h"

#include <string.h>

char *config_strings_add(ConfigStrings *self, StorageSlice text)
{
    ConfigString *string;
    if (text.size > SIZE_MAX - sizeof(*string) - 1)
        return NULL;
    string = storage_allocate(sizeof(*string) + text.size + 1);
    if (string == NULL)
        return NULL;
    string->next = NULL;
    string->size = text.size;
    if (text.size > 0)
        memcpy(string->text, text.data, text.size);
    string->text[text.size] = '\0';
    if (self->last != NULL)
        self->last->next = string;
    else
        self->first = string;
    self->last = string;
    return string->text;
}

void config_strings_done(ConfigStrings *self)
{
    ConfigString *string = self->first;
    while (string != NULL) {
        ConfigString *next = string->next;
        wipe_and_release(string, sizeof(*string) + string->size);
        string = next;
    }
    *self = (ConfigStrings){0};
}
