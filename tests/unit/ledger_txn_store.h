/*
 * ledger_txn_store.h - a store of one table right above the txn layer of the ledger, for its tests: the test is the
 * writer, and readers come through the public calls (storage_get, storage_scan, storage_begin).
 *
 * The file is in memory. Nothing is decided here: a batch does what the test says, and notes it in the conflict log.
 */
#ifndef LEDGER_TXN_STORE_H
#define LEDGER_TXN_STORE_H

#include "backends/ledger/page/pager_store.h"
#include "backends/ledger/txn/scan.h"
#include "backends/ledger/txn/transaction.h"
#include "storage_testutil/clock.h"

#include "unit.h"

typedef struct TxnStore {
    StorageBackend base;
    TestutilClock *clock;
    StorageEnvironment environment;
    const StorageFiles *files;
    LedgerPager *pager;
    LedgerWriter *writer;
    LedgerStates states;
    LedgerState *working;
    ConflictLog log;
} TxnStore;

/* Called once, before the next page is read from the file; then it is NULL again. One thread. */
extern void (*txn_store_before_read)(void);

/* 4,096 bytes a page; a cache of `cache_size`. */
TxnStore *txn_store_open(uint64_t cache_size, uint64_t age_max_ns);
/* Through storage_close: everything that readers opened is closed with it. */
void txn_store_close(TxnStore *self);

/* A batch, which is one commit. */
void txn_store_begin(TxnStore *self);
void txn_store_put(TxnStore *self, StorageSlice key, StorageSlice value, int64_t expires_at_ns);
void txn_store_delete(TxnStore *self, StorageSlice key);
void txn_store_clear(TxnStore *self, const StorageRange *range);
/* Publishes it; what nobody reads any more may be used again. */
void txn_store_end(TxnStore *self);

/* Writes everything down, so that the cache may drop it. */
void txn_store_checkpoint(TxnStore *self);

/* One batch with one put. */
void txn_store_set(TxnStore *self, const char *key, const char *value);

/* Validates the transaction as its commit would. It stays open. */
StorageStatus txn_store_validate(TxnStore *self, StorageTransaction *txn, StorageContext *ctx);

#endif
