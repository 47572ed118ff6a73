/* core/memory_file.h - files in memory: what stands behind `:memory:` stores, and what tests put under durable ones. */
#ifndef CORE_MEMORY_FILE_H
#define CORE_MEMORY_FILE_H

#include "storage/backend.h"

/*
 * A file system of its own, empty, with one directory; NULL when out of memory. Its functions do what those of the
 * system do: locks, identities, and files that live as long as they are open or have a name. Any thread.
 */
const StorageFiles *memory_files_new(void);

/* All files of it are closed. NULL does nothing. */
void memory_files_free(const StorageFiles *files);

#endif
