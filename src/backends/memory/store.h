/*
 * memory/store.h - the memory backend's parts, and the locks between them.
 *
 * Order of locks, each taken only while holding those before it or none:
 *   stripes (ascending) > structure lock > leaf locks (ascending) > publish lock > registry, history, expiry, tokens,
 * limbo. See docs/design/memory-backend.md.
 */
#ifndef MEMORY_STORE_H
#define MEMORY_STORE_H

#include "backends/memory/expiry_index.h"
#include "backends/memory/history.h"
#include "backends/memory/snapshot.h"
#include "backends/memory/token_table.h"
#include "backends/memory/tree.h"
#include "core/interval.h"
#include "storage/memory.h"

enum { STRIPE_COUNT = 48, RECLAIM_AT = 128, RECLAIM_AT_BYTES = 1 << 20, SWEEP_WITH_WRITE = 16 };
enum { RECLAIM_PAUSES = 200, RECLAIM_PAUSE_NS = 50000 };

typedef struct Stripe {
    pthread_mutex_t lock;
    uint8_t padding[128 - sizeof(pthread_mutex_t)];
} Stripe;

/* A set of stripes, locked in ascending order. No thread holds 64 locks: more than that ThreadSanitizer cannot follow.
 */
typedef uint64_t StripeSet;
_Static_assert(STRIPE_COUNT < 64 - 8, "a set is one word, and there are a few other locks");

static const StripeSet STRIPES_ALL = (UINT64_C(1) << STRIPE_COUNT) - 1;

/* A clear_range that transactions which began before it have to be told of. */
typedef struct RecentClear {
    struct RecentClear *next; /* newest first */
    uint64_t revision;
    HistoryRange *range;
} RecentClear;

typedef struct MemoryCounters {
    _Atomic uint64_t commits, conflicts, serialization_failures, expired, replayed_tokens, refused_for_space;
} MemoryCounters;

typedef struct MemoryStore {
    StorageBackend base;
    StorageMemoryOptions options; /* with defaults filled in */
    Limbo limbo;
    Tree tree;
    SnapshotRegistry snapshots;
    ExpiryIndex expiry;
    History history;
    TokenTable tokens;
    Stripe stripes[STRIPE_COUNT];
    pthread_mutex_t publish_lock;
    _Atomic uint64_t published; /* the newest revision that readers see; written under the publish lock */
    _Atomic int64_t last_commit_ns;
    _Atomic uint64_t data_bytes; /* records and versions that the store refers to, and those reserved by commits */
    _Atomic uint64_t key_count;  /* records whose head is no tombstone, expired ones included */
    RecentClear *recent_clears;  /* under all stripes */
    MemoryCounters counters;
} MemoryStore;

extern const StorageOps memory_ops;

/* ---- store.c ---- */

/* Database time: the wall clock, but never before the last commit. */
int64_t store_now(MemoryStore *self);

/* The stripe of a key, of a hash. */
StripeSet stripe_of(StorageSlice key);
StripeSet stripe_of_hash(uint64_t hash);
void stripes_lock(MemoryStore *self, StripeSet set);
void stripes_unlock(MemoryStore *self, StripeSet set);

/* The newest committed version of `key` that is a value at `now_ns`, or NULL. Inside an epoch, its stripe locked. */
Version *store_current(MemoryStore *self, StorageSlice key, int64_t now_ns);

/* Bytes that the store holds, the history and the tokens apart. */
uint64_t store_bytes(MemoryStore *self);

/* ---- reclaim.c ---- */

/* Frees what came out of limbo, if there is enough of it. No lock is held. */
void store_reclaim_some(MemoryStore *self);
/* Frees all that readers allow. */
void store_reclaim_all(MemoryStore *self);
/* The same, waiting up to ten milliseconds for readers to get out of the way. */
void store_reclaim_patiently(MemoryStore *self);
/* Ends a snapshot and frees what only it needed. */
void store_close_snapshot(MemoryStore *self, Snapshot *snapshot);
/* Everything, at the end. */
void store_free_data(MemoryStore *self);

/* ---- sweep.c ---- */

/* Expires what is due, at most `limit` keys, in one commit. OK; NO_MEMORY. */
StorageStatus store_sweep(MemoryStore *self, size_t limit, uint64_t *ret_count, StorageContext *ctx);
/* With a write: a bounded number, if any is due. */
void store_sweep_some(MemoryStore *self);

/* ---- methods of the operations table, by file ---- */

StorageStatus memory_write(StorageBackend *backend, const StorageOperation *operations, size_t operation_count,
                           uint32_t mode, StorageResult *ret_results, StorageContext *ctx);

StorageStatus memory_scan(StorageBackend *backend, const StorageRange *range, const StorageScanOptions *options,
                          StorageCursor **ret_cursor, StorageContext *ctx);
StorageStatus memory_cursor_next(StorageCursor *cursor, const StorageEntry **ret_entry, StorageContext *ctx);
StorageStatus memory_cursor_seek(StorageCursor *cursor, StorageSlice key, StorageContext *ctx);
void memory_cursor_close(StorageCursor *cursor);

StorageStatus memory_begin(StorageBackend *backend, const StorageTransactionOptions *options,
                           StorageTransaction **ret_txn, StorageContext *ctx);
StorageStatus memory_transaction_get(StorageTransaction *txn, StorageSlice key, StorageValue *ret_value,
                                     StorageContext *ctx);
StorageStatus memory_transaction_write(StorageTransaction *txn, const StorageOperation *operation, StorageContext *ctx);
StorageStatus memory_transaction_scan(StorageTransaction *txn, const StorageRange *range,
                                      const StorageScanOptions *options, StorageCursor **ret_cursor,
                                      StorageContext *ctx);
StorageStatus memory_transaction_savepoint(StorageTransaction *txn, uint32_t *ret_savepoint_no, StorageContext *ctx);
StorageStatus memory_transaction_rollback_to(StorageTransaction *txn, uint32_t savepoint_no, StorageContext *ctx);
StorageStatus memory_transaction_drop_savepoint(StorageTransaction *txn, uint32_t savepoint_no, StorageContext *ctx);
StorageStatus memory_transaction_commit(StorageTransaction *txn, uint64_t *ret_revision, StorageContext *ctx);
void memory_transaction_close(StorageTransaction *txn);

StorageStatus memory_watch(StorageBackend *backend, const StorageRange *range, uint64_t from_revision,
                           StorageWatch **ret_watch, StorageContext *ctx);
StorageStatus memory_watch_next(StorageWatch *watch, const StorageChange **ret_change, StorageContext *ctx);
StorageStatus memory_watch_fd(StorageWatch *watch, int *ret_fd, StorageContext *ctx);
void memory_watch_close(StorageWatch *watch);
void memory_interrupt(StorageBackend *backend);

StorageStatus memory_health_check(StorageBackend *backend, StorageProbe probe, StorageHealthState *ret_state,
                                  StorageJson *json, StorageContext *ctx);
StorageStatus memory_describe(StorageBackend *backend, StorageDescription description, StorageJson *json,
                              StorageContext *ctx);

#endif
