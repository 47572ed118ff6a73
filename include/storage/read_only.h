/* storage/read_only.h - a layer that refuses every write, inside transactions too. */
#ifndef STORAGE_READ_ONLY_H
#define STORAGE_READ_ONLY_H

#include "storage/operations.h"

STORAGE_BEGIN_DECLS

typedef struct StorageReadOnlyOptions {
    uint32_t struct_size, flags; /* no flags yet */
} StorageReadOnlyOptions;
#define STORAGE_READ_ONLY_OPTIONS_INIT    \
    {                                     \
        sizeof(StorageReadOnlyOptions), 0 \
    }

/*
 * Puts the layer on `inner`. Writes, sweeps and clears return READ_ONLY; every transaction is read-only; sync passes.
 * `ret_backend` may point at the variable that holds `inner`. On success only the new handle is used and closed; on
 * failure `*ret_backend` is untouched and `inner` stays the caller's.
 * Returns OK; INVALID_ARGUMENT; UNSUPPORTED for the options; NO_MEMORY.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_read_only_wrap(StorageBackend *inner,
                                                                  const StorageReadOnlyOptions *options,
                                                                  StorageBackend **ret_backend, StorageContext *ctx);

STORAGE_END_DECLS

#endif
