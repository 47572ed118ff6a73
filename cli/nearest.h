/* cli/nearest.h - the name that somebody may have meant. */
#ifndef CLI_NEAREST_H
#define CLI_NEAREST_H

#include <storage/storage.h>

/* All zero but `given` at the start; then nearest_offer for each name that would have been right. */
typedef struct Nearest {
    StorageSlice given;
    const char *name; /* the nearest one so far, NULL when none is near */
    size_t distance;
} Nearest;

void nearest_offer(Nearest *self, const char *name);

/* " (did you mean "scan"?)" or nothing. Returns `buffer`. */
#define NEAREST_HINT_SIZE 64
const char *nearest_hint(const Nearest *self, char buffer[NEAREST_HINT_SIZE]);

#endif
