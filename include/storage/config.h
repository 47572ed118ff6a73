/*
 * storage/config.h - a stack from a JSON document.
 *
 *   {"layers": [{"type": "read_only"}], "backend": {"type": "memory", "limit": "64MiB"}}
 *
 * Layers are listed top first, in the order in which a request meets them. The reference of every type is
 * docs/configuration.md.
 */
#ifndef STORAGE_CONFIG_H
#define STORAGE_CONFIG_H

#include "storage/environment.h"
#include "storage/operations.h"

STORAGE_BEGIN_DECLS

typedef struct StorageConfigOptions {
    uint32_t struct_size, flags;           /* no flags yet */
    const StorageEnvironment *environment; /* of the stack and for reading files; NULL: the system's */
} StorageConfigOptions;
#define STORAGE_CONFIG_OPTIONS_INIT           \
    {                                         \
        sizeof(StorageConfigOptions), 0, NULL \
    }

/*
 * Opens the stack that the JSON text describes. All errors of the document are reported at once, one error text each,
 * with its JSON path, before anything is opened; a syntax error with line and column.
 * Returns OK; CONFIG; NO_MEMORY; what opening the backend or a layer returns, and then nothing is left open.
 * The caller owns `*ret_backend` and closes it with storage_close.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_config_open(const char *json, const StorageConfigOptions *options,
                                                               StorageBackend **ret_backend, StorageContext *ctx);

/*
 * As storage_config_open, from a file of at most 1 MiB.
 * Returns also IO (also for a directory or a pipe) and ACCESS_DENIED when it cannot be read, CONFIG when it does not
 * exist or is too large.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_config_open_file(const char *path,
                                                                    const StorageConfigOptions *options,
                                                                    StorageBackend **ret_backend, StorageContext *ctx);

STORAGE_END_DECLS

#endif
