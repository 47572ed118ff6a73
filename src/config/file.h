/* config/file.h - small text files, read whole through the environment, and paths relative to a directory. */
#ifndef CONFIG_FILE_H
#define CONFIG_FILE_H

#include "storage/backend.h"

#define FILE_PROBLEM_SIZE 160

typedef struct ConfigFile {
    char *text; /* ends with a zero byte that is not counted */
    size_t size;
    char problem[FILE_PROBLEM_SIZE]; /* after a failure, fit to stand after the path: "Permission denied" */
} ConfigFile;

/*
 * Reads the regular file `path` of at most `size_max` bytes.
 * Returns OK, and then it is ended with config_file_done; CONFIG when there is none or it is too large; IO;
 * ACCESS_DENIED; NO_MEMORY.
 */
StorageStatus config_file_read(ConfigFile *ret_file, const StorageFiles *files, const char *path, size_t size_max);

/* Wipes what was read, which may be a secret, and releases it. */
void config_file_done(ConfigFile *self);

/* The bytes of `path` before its last slash ("/" when that is the first byte); empty when there is none. */
StorageSlice config_file_directory(const char *path);

#endif
