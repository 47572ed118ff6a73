/* config/suggest.h - the name that somebody may have meant, and the list of those that there are. */
#ifndef CONFIG_SUGGEST_H
#define CONFIG_SUGGEST_H

#include <stddef.h>

#define SUGGEST_LIST_SIZE 256

/* All zero but `given` at the start; then suggest_offer for each name that would have been right. */
typedef struct Suggestion {
    const char *given; /* NULL: only the list is wanted */
    const char *name;  /* the nearest one so far, NULL when none is near */
    size_t distance;
    char list[SUGGEST_LIST_SIZE]; /* all of them, in quotes; ends with "..." when there is no room */
} Suggestion;

void suggest_offer(Suggestion *self, const char *candidate);

#endif
