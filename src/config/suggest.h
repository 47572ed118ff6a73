/* config/suggest.h - the name that somebody may have meant. */
#ifndef CONFIG_SUGGEST_H
#define CONFIG_SUGGEST_H

#include <stddef.h>

/* All zero but `given` at the start; then suggest_offer for each name that would have been right. */
typedef struct Suggestion {
    const char *given;
    const char *name; /* the nearest one so far, NULL when none is near */
    size_t distance;
} Suggestion;

void suggest_offer(Suggestion *self, const char *candidate);

#endif
