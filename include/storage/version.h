/* storage/version.h - the version of the headers and of the library. */
#ifndef STORAGE_VERSION_H
#define STORAGE_VERSION_H

#include "storage/macros.h"

#define STORAGE_VERSION_MAJOR 0
#define STORAGE_VERSION_MINOR 1
#define STORAGE_VERSION_PATCH 0
#define STORAGE_VERSION_STRING "0.1.0"

STORAGE_BEGIN_DECLS

/* The version of the library that is running, "0.1.0". Returns a string that lives for ever. Any thread. */
STORAGE_API const char *storage_version(void);

STORAGE_END_DECLS

#endif
