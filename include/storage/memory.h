/*
 * storage/memory.h - the memory backend: an ordered concurrent map with multi-version values.
 *
 * Reads take no lock and never wait; cursors and transactions see one snapshot; nothing outlives the process. See
 * docs/design/memory-backend.md.
 */
#ifndef STORAGE_MEMORY_H
#define STORAGE_MEMORY_H

#include "storage/transaction.h"

STORAGE_BEGIN_DECLS

typedef struct StorageMemoryOptions {
    uint32_t struct_size, flags;           /* no flags yet */
    const StorageEnvironment *environment; /* NULL: the system's */
    /* Keys, values, versions pinned by snapshots, and the index: NO_SPACE for writes that would go beyond; writes that
     * only delete are never refused, and what a write supersedes makes room for it. History and tokens are bounded
     * apart. 0: none */
    uint64_t limit_bytes;
    uint64_t watch_history_count; /* changes retained for watches; 0: 16,384. The newest commit always is */
    uint64_t watch_history_bytes; /* and their keys and values; 0: 16 MiB, with a limit at most limit_bytes / 4 */
    uint64_t idempotency_count;   /* tokens retained; 0: 65,536 */
    uint64_t idempotency_bytes;   /* and their answers; 0: 16 MiB, with a limit at most limit_bytes / 4 */
    uint64_t idempotency_age_ns;  /* and for how long, in wall-clock ns; 0: one day */
} StorageMemoryOptions;
#define STORAGE_MEMORY_OPTIONS_INIT                             \
    {                                                           \
        sizeof(StorageMemoryOptions), 0, NULL, 0, 0, 0, 0, 0, 0 \
    }

/*
 * Opens an empty store in memory. `options` NULL: all defaults.
 * Keys may have up to 16 MiB, values up to 1 GiB - 1 byte (SIZE_LIMIT_EXCEEDED beyond).
 * Returns OK; INVALID_ARGUMENT, UNSUPPORTED for the options; NO_MEMORY.
 * The caller owns `*ret_backend` and closes it with storage_close.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_memory_open(const StorageMemoryOptions *options,
                                                               StorageBackend **ret_backend, StorageContext *ctx);

STORAGE_END_DECLS

#endif
