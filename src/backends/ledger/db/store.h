/*
 * db/store.h - the ledger backend's parts: what is the writer's, what is everybody's.
 *
 * The writer is the thread that leads the commit queue; only one does at a time, and everything marked (W) is its own.
 * Order of locks: queue_lock and watch_lock are never held together, and nothing of the pager is called under either.
 */
#ifndef LEDGER_DB_STORE_H
#define LEDGER_DB_STORE_H

#include "backends/ledger/page/pager_store.h"
#include "backends/ledger/txn/scan.h"
#include "backends/ledger/txn/transaction.h"
#include "storage/ledger.h"

typedef struct LedgerCommit LedgerCommit;

/* The state that commits are applied to. (W) */
typedef struct LedgerWorking {
    LedgerState state;                  /* not counted, not published */
    uint64_t changes_size, tokens_size; /* bytes of keys and values in their trees */
    uint64_t newest_commit;             /* the first revision of the newest commit: its changes stay */
    uint32_t has_changed;               /* since it was published */
} LedgerWorking;

typedef struct LedgerCounters {
    _Atomic uint64_t commits, groups, checkpoints, conflicts, serialization_failures, expired, replayed_tokens;
} LedgerCounters;

/* A descriptor that is raised when something was published. */
typedef struct LedgerListener {
    struct LedgerListener *previous, *next;
    int wake_fd;
} LedgerListener;

typedef struct LedgerStore {
    StorageBackend base;
    StorageLedgerOptions options;   /* with defaults filled in */
    StorageEnvironment environment; /* with the files that are used */
    const StorageFiles *memory_files;
    LedgerPager *pager;
    LedgerStates states;
    uint32_t page_size;

    pthread_mutex_t queue_lock; /* what follows */
    LedgerCommit *first_queued, *last_queued;
    uint32_t has_leader;

    /* (W) */
    LedgerWriter *writer;
    LedgerWorking working;
    LedgerState *spare; /* for the next publication */
    ConflictLog conflicts;
    uint64_t durable_revision;   /* of the last checkpoint */
    uint64_t commits_since_sync; /* under EVERY */
    unsigned char *key_buffer;   /* a key of a system tree */
    unsigned char *row_buffer;   /* a value of one */
    size_t row_capacity;

    _Atomic uint32_t is_poisoned;   /* a checkpoint failed: nothing is written any more */
    _Atomic int64_t next_expiry_ns; /* of what is published; STORAGE_NEVER: nothing expires */

    pthread_mutex_t watch_lock; /* what follows */
    uint64_t published_revision;
    pthread_cond_t was_published;
    LedgerListener *listeners;
    uint32_t waiting, is_interrupted;

    LedgerCounters counters;
} LedgerStore;

/* A tree of the working state. */
static inline LedgerTree ledger_working_tree(LedgerStore *self, uint32_t place)
{
    return ledger_state_tree(self->pager, &self->working.state, place);
}

/* Database time: the wall clock, but never before the newest commit. (W) */
int64_t ledger_store_now(LedgerStore *self);

/* Bytes for a row of a system tree, `*buffer` behind which there is room for `size`. (W) OK or NO_MEMORY. */
StorageStatus ledger_row_room(LedgerStore *self, size_t size, StorageContext *ctx);

/* ---- checkpoint.c (W) ---- */

/* Makes the working state durable, if it is not. As pager_checkpoint. */
StorageStatus ledger_checkpoint(LedgerStore *self, StorageContext *ctx);

/* Before revisions up to `revision` are shown ahead of their checkpoint. As pager_checkpoint. */
StorageStatus ledger_reserve_revisions(LedgerStore *self, uint64_t revision, StorageContext *ctx);

/* At the close: makes what was committed durable. What poisoned the file, if anything did. */
StorageStatus ledger_finish_store(LedgerStore *self, StorageContext *ctx);

/* Whether too much of the memory holds pages that are not written. */
int ledger_is_full(LedgerStore *self);

/* Shows the working state to readers, in the spare one, which is there; gives back what no reader needs any more. */
void ledger_publish(LedgerStore *self);

/* ---- open.c ---- */

/* Opens the file and makes everything that is kept about it. `self->options` and the base are there. */
StorageStatus ledger_store_open(LedgerStore *self, const char *path, StorageContext *ctx);
void ledger_store_close(LedgerStore *self);

/* ---- methods of the operations table, by file ---- */

StorageStatus ledger_write(StorageBackend *backend, const StorageOperation *operations, size_t operation_count,
                           uint32_t mode, StorageResult *ret_results, StorageContext *ctx);
StorageStatus ledger_transaction_commit(StorageTransaction *txn, uint64_t *ret_revision, StorageContext *ctx);
StorageStatus ledger_sync(StorageBackend *backend, StorageContext *ctx);
StorageStatus ledger_sweep(StorageBackend *backend, uint64_t *ret_count, StorageContext *ctx);

StorageStatus ledger_watch(StorageBackend *backend, const StorageRange *range, uint64_t from_revision,
                           StorageWatch **ret_watch, StorageContext *ctx);
StorageStatus ledger_watch_next(StorageWatch *watch, const StorageChange **ret_change, StorageContext *ctx);
StorageStatus ledger_watch_fd(StorageWatch *watch, int *ret_fd, StorageContext *ctx);
void ledger_watch_close(StorageWatch *watch);
void ledger_interrupt(StorageBackend *backend);
/* Tells the watches that everything up to `revision` is published. */
void ledger_watch_notify(LedgerStore *self, uint64_t revision);

StorageStatus ledger_health_check(StorageBackend *backend, StorageProbe probe, StorageHealthState *ret_state,
                                  StorageJson *json, StorageContext *ctx);
StorageStatus ledger_describe(StorageBackend *backend, StorageDescription description, StorageJson *json,
                              StorageContext *ctx);

#endif
