/* cli/outline.h - a JSON document of the library as lines for a person. */
#ifndef CLI_OUTLINE_H
#define CLI_OUTLINE_H

#include <storage/storage.h>

/*
 * Prints a title (NULL: none) and the members of a JSON object, one a line, what is inside of another indented; bytes
 * and nanoseconds with a readable unit. Returns 0 when out of memory.
 */
int outline_print(const char *title, StorageSlice json);

/* A number of bytes or nanoseconds for a person: "1.5GiB", "12.3ms"; exact where that is as short. */
#define OUTLINE_NUMBER_SIZE 32
const char *outline_bytes(double bytes, char buffer[OUTLINE_NUMBER_SIZE]);
const char *outline_duration(double ns, char buffer[OUTLINE_NUMBER_SIZE]);

#endif
