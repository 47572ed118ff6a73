/*
 * db/commit.h - commits: the queue in which they wait for the writer, and what the writer does with each.
 */
#ifndef LEDGER_DB_COMMIT_H
#define LEDGER_DB_COMMIT_H

#include "backends/ledger/db/store.h"

enum { LEDGER_COMMIT_WRITE, LEDGER_COMMIT_TRANSACTION, LEDGER_COMMIT_SWEEP, LEDGER_COMMIT_SYNC };
enum { LEDGER_COMMIT_QUEUED, LEDGER_COMMIT_LEADS, LEDGER_COMMIT_TAKEN, LEDGER_COMMIT_DONE };

/* On the stack of the thread that waits for it. */
struct LedgerCommit {
    LedgerCommit *next;
    uint32_t kind;
    uint32_t stage;      /* under the queue's lock */
    pthread_cond_t wake; /* of a commit that waits */
    StorageContext *ctx;
    /* of a write */
    const StorageOperation *operations;
    size_t operation_count;
    uint32_t mode;
    StorageResult *results;
    /* of a transaction */
    LedgerTransaction *txn;
    /* of a sweep */
    uint64_t limit, swept_count;
    /* the answer */
    StorageStatus status;
    uint64_t revision; /* the last one that it wrote; 0: nothing */
};

/* Queues the commit and waits for its answer, or leads. Returns commit->status. */
StorageStatus ledger_commit_run(LedgerStore *store, LedgerCommit *commit);

/*
 * Decides and applies one commit to the working trees, inside a batch and an epoch. (W) Returns OK, with the answer in
 * the commit; what is not OK happened to the trees: then the batch is to be taken back.
 */
StorageStatus ledger_commit_apply(LedgerStore *store, LedgerCommit *commit);

/* The most revisions that the commit may take. */
uint64_t ledger_commit_revisions(const LedgerCommit *commit);

/* Gives every result of a write the status. */
void ledger_commit_fail(LedgerCommit *commit, StorageStatus status);

/* ---- write.c, transaction_commit.c: how commits of a kind are decided and applied ---- */

/* What a commit does to the trees. */
typedef struct LedgerEffects {
    LedgerStore *store;
    StorageContext *ctx;
    int64_t now_ns;
    uint64_t revision; /* of the next row */
    uint32_t position; /* of the next change in it */
    uint32_t has_any;
} LedgerEffects;

/* Of both: OK, with the answer in the commit; a failure of the trees as ledger_commit_apply. */
StorageStatus ledger_apply_write(LedgerEffects *effects, LedgerCommit *commit);
StorageStatus ledger_apply_write_set(LedgerEffects *effects, const LedgerWriteSet *writes);

/* Deletes what has expired, at most `limit` rows. */
StorageStatus ledger_apply_sweep(LedgerEffects *effects, uint64_t limit, uint64_t *ret_count);

/* When the first row of the working state expires; STORAGE_NEVER when there is none, or it cannot be read. */
int64_t ledger_next_expiry(LedgerStore *store);

/* ---- effects.c: rows, with what depends on them ---- */

StorageStatus ledger_put(LedgerEffects *self, StorageSlice key, StorageSlice value, int64_t expires_at_ns);
/* `change`: STORAGE_CHANGE_DELETED or _EXPIRED. A key that is not there is no failure, and no effect. */
StorageStatus ledger_remove(LedgerEffects *self, StorageSlice key, uint32_t change);
StorageStatus ledger_clear(LedgerEffects *self, const StorageRange *range, const Interval *interval);

/* Whether a row in the interval is alive for which `is_hidden` is not 1. */
typedef int (*LedgerIsHidden)(const void *user_data, StorageSlice key);
StorageStatus ledger_find_alive(LedgerEffects *self, const Interval *interval, LedgerIsHidden is_hidden,
                                const void *user_data, int *ret_is_alive);

/* ---- expiries.c ---- */

/* Notes that a row expires, or no longer does. */
StorageStatus ledger_expiry_add(LedgerEffects *self, int64_t expires_at_ns, StorageSlice key);
StorageStatus ledger_expiry_drop(LedgerEffects *self, int64_t expires_at_ns, StorageSlice key);

/* ---- changes.c ---- */

typedef struct LedgerChange {
    uint32_t kind;
    StorageSlice key, value;
    int64_t expires_at_ns;
    const StorageRange *range; /* of a cleared one */
} LedgerChange;

StorageStatus ledger_change_append(LedgerEffects *self, const LedgerChange *change);
/* Drops what is beyond the limits of the watch history. (W) */
StorageStatus ledger_changes_trim(LedgerStore *store, StorageContext *ctx);

/* What a row of the tree of changes says; slices point into `bytes`. Returns 0 when it is malformed. */
int ledger_change_decode(StorageSlice bytes, StorageChange *ret_change, int *ret_has_value);

enum { LEDGER_CHANGE_KEY_SIZE = 12 };
void ledger_change_key(uint64_t revision, uint32_t position, unsigned char key[LEDGER_CHANGE_KEY_SIZE]);

/* ---- tokens.c ---- */

/* The answer that was given to the token of the context: OK; IDEMPOTENCY_KEY_REUSED; NOT_FOUND: none. Failures of the
 * tree. */
StorageStatus ledger_token_find(LedgerEffects *self, StorageResult *ret_results, size_t result_count,
                                uint64_t *ret_revision);
/* Remembers an answer, and forgets what is beyond the limits. */
StorageStatus ledger_token_add(LedgerEffects *self, const StorageResult *results, size_t result_count,
                               uint64_t revision);

#endif
