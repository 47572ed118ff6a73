/*
 * cli/nearest.c - the name that somebody may have meant.
 *
 * Distance is how many letters are left when what both begin and end with is taken away: enough for "gett", "delte" and
 * "sacn". From three letters on it is another word. The beginning of a name is as near as one wrong letter.
 */
#include "nearest.h"

#include <stdio.h>
#include <string.h>

#define DISTANCE_MAX 2

static size_t distance_between(StorageSlice given, const char *name)
{
    size_t name_len = strlen(name), front = 0, back = 0, longer = given.size > name_len ? given.size : name_len;
    const char *text = given.data;
    while (front < given.size && front < name_len && text[front] == name[front])
        front++;
    while (back + front < given.size && back + front < name_len &&
           text[given.size - 1 - back] == name[name_len - 1 - back])
        back++;
    return longer - front - back;
}

void nearest_offer(Nearest *self, const char *name)
{
    int is_start = self->given.size > 1 && self->given.size < strlen(name) &&
                   memcmp(self->given.data, name, self->given.size) == 0;
    size_t distance = is_start ? 1 : distance_between(self->given, name);
    if (distance > DISTANCE_MAX || distance >= strlen(name) || (self->name != NULL && distance >= self->distance))
        return;
    self->name = name;
    self->distance = distance;
}

const char *nearest_hint(const Nearest *self, char buffer[NEAREST_HINT_SIZE])
{
    buffer[0] = '\0';
    if (self->name != NULL)
        (void)snprintf(buffer, NEAREST_HINT_SIZE, " (did you mean \"%s\"?)", self->name);
    return buffer;
}
