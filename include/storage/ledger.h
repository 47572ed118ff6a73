/*
 * storage/ledger.h - the ledger backend: a crash-safe copy-on-write B+ tree in one file.
 *
 * Readers never wait for writers; cursors and transactions see one snapshot; commits of many threads share a sync. See
 * docs/design/ledger-store.md.
 */
#ifndef STORAGE_LEDGER_H
#define STORAGE_LEDGER_H

#include "storage/transaction.h"

STORAGE_BEGIN_DECLS

/* The path of a store that lives in memory, in the same format, and is gone with its handle. */
#define STORAGE_LEDGER_MEMORY ":memory:"

enum {
    STORAGE_LEDGER_READ_ONLY = 1, /* every write is READ_ONLY; others may read the file at the same time */
    STORAGE_LEDGER_NO_CREATE = 2  /* INVALID_ARGUMENT when there is no file; else it is made */
};

/* When a commit is durable. Under no policy does a crash damage the file: what remains is all commits up to some one.
 */
enum {
    STORAGE_LEDGER_SYNC_ALWAYS = 0, /* before it is answered, and before anybody can read it */
    STORAGE_LEDGER_SYNC_EVERY = 1,  /* with every sync_commits-th commit, storage_sync and the close */
    STORAGE_LEDGER_SYNC_NEVER = 2   /* with storage_sync, the close, and when memory is full of unwritten pages */
};

typedef struct StorageLedgerOptions {
    uint32_t struct_size, flags;           /* STORAGE_LEDGER_READ_ONLY, STORAGE_LEDGER_NO_CREATE */
    const StorageEnvironment *environment; /* NULL: the system's */
    uint32_t page_size;                    /* of a new file, bytes: a power of two from 4,096 to 65,536; 0: 4,096 */
    uint32_t sync;                         /* STORAGE_LEDGER_SYNC_ALWAYS, ... */
    uint64_t sync_commits;                 /* for EVERY; 0: 1,000 */
    uint64_t cache_bytes;                  /* for pages in memory; 0: 64 MiB */
    uint64_t file_limit_bytes;             /* NO_SPACE for writes beyond; 0: as large as the format allows */
    uint64_t reader_age_ns;       /* cursors and transactions older than this may get SNAPSHOT_TOO_OLD; 0: none */
    uint64_t watch_history_count; /* changes retained for watches; 0: 16,384. The newest commit always is */
    uint64_t watch_history_bytes; /* and their keys and values; 0: 16 MiB */
    uint64_t idempotency_count;   /* tokens retained; 0: 65,536 */
    uint64_t idempotency_bytes;   /* and their answers; 0: 16 MiB */
    uint64_t idempotency_age_ns;  /* and for how long, in wall-clock ns; 0: one day */
} StorageLedgerOptions;
#define STORAGE_LEDGER_OPTIONS_INIT                                            \
    {                                                                          \
        sizeof(StorageLedgerOptions), 0, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 \
    }

/*
 * Opens the store in the file `path`, and makes the file when there is none. `options` NULL: all defaults.
 * Keys may have up to a quarter of the page size, values up to 1 GiB - 1 byte (SIZE_LIMIT_EXCEEDED beyond).
 * Returns OK; INVALID_ARGUMENT, UNSUPPORTED for the path and the options; BUSY: another handle or process has it open;
 * INCOMPATIBLE: it is no ledger file, or one of another version; CORRUPT; ACCESS_DENIED; NO_SPACE; IO; NO_MEMORY;
 * INDETERMINATE: a repair failed.
 * The caller owns `*ret_backend` and closes it with storage_close, which makes what was written durable.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_ledger_open(const char *path, const StorageLedgerOptions *options,
                                                               StorageBackend **ret_backend, StorageContext *ctx);

STORAGE_END_DECLS

#endif
