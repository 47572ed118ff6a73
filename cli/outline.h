/* cli/outline.h - a JSON document of the library as lines for a person. */
#ifndef CLI_OUTLINE_H
#define CLI_OUTLINE_H

#include <storage/storage.h>

/*
 * Prints a title (NULL: none) and the members of a JSON object, one a line, what is inside of another indented; bytes
 * and nanoseconds with a readable unit. Returns 0 when out of memory.
 */
int outline_print(const char *title, StorageSlice json);

#endif
