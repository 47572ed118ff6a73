/*
 * txn/transaction.h - optimistic transactions: reading under one's own writes, and what a commit needs to know.
 *
 * A transaction reads its snapshot (read committed: the newest state) and takes no lock of the writer. Committing it is
 * the business of the layer above, which takes the write set from here.
 */
#ifndef LEDGER_TXN_TRANSACTION_H
#define LEDGER_TXN_TRANSACTION_H

#include "backends/ledger/txn/conflict_log.h"
#include "backends/ledger/txn/read_set.h"
#include "backends/ledger/txn/write_set.h"

typedef struct LedgerTransaction {
    StorageTransaction base;
    LedgerStates *states;
    LedgerSnapshot snapshot; /* not open under read committed */
    LedgerWriteSet writes;
    LedgerReadSet reads; /* of a serializable one that may write */
    uint32_t isolation;
    uint32_t is_read_only;
} LedgerTransaction;

static inline int ledger_transaction_reads_newest(const LedgerTransaction *self)
{
    return self->isolation == STORAGE_ISOLATION_READ_COMMITTED;
}

/* Returns OK; NO_MEMORY. */
StorageStatus ledger_transaction_begin(LedgerStates *states, StorageBackend *backend,
                                       const StorageTransactionOptions *options, StorageTransaction **ret_txn,
                                       StorageContext *ctx);

/* What a commit is validated against, all of it the writer's. */
typedef struct LedgerNewest {
    LedgerState *working; /* the roots with every commit so far */
    const ConflictLog *log;
    int64_t now_ns; /* database time of the commit to come */
} LedgerNewest;

/*
 * The writer's, inside an epoch: may it commit? What was decided holds still, and isolation is kept. Returns OK;
 * CONFLICT; SERIALIZATION; CORRUPT; IO; NO_MEMORY. `ctx` is the one of the commit.
 */
StorageStatus ledger_transaction_validate(const LedgerTransaction *self, const LedgerNewest *newest,
                                          StorageContext *ctx);

/* ---- methods of the operations table ---- */

StorageStatus ledger_transaction_get(StorageTransaction *txn, StorageSlice key, StorageValue *ret_value,
                                     StorageContext *ctx);
StorageStatus ledger_transaction_write(StorageTransaction *txn, const StorageOperation *operation, StorageContext *ctx);
StorageStatus ledger_transaction_scan(StorageTransaction *txn, const StorageRange *range,
                                      const StorageScanOptions *options, StorageCursor **ret_cursor,
                                      StorageContext *ctx);
StorageStatus ledger_transaction_savepoint(StorageTransaction *txn, uint32_t *ret_savepoint_no, StorageContext *ctx);
StorageStatus ledger_transaction_rollback_to(StorageTransaction *txn, uint32_t savepoint_no, StorageContext *ctx);
StorageStatus ledger_transaction_drop_savepoint(StorageTransaction *txn, uint32_t savepoint_no, StorageContext *ctx);
void ledger_transaction_close(StorageTransaction *txn);

#endif
