/*
 * txn/row.h - what a key has in a view: in a committed state, or in the writes of a transaction.
 */
#ifndef LEDGER_TXN_ROW_H
#define LEDGER_TXN_ROW_H

#include "backends/ledger/txn/state.h"

/* Bytes counted by reference: a value that is not committed, or that was copied out of the store. */
typedef struct LedgerBlock {
    _Atomic uint32_t references;
    uint32_t size;
    unsigned char bytes[];
} LedgerBlock;

LedgerBlock *ledger_block_new(StorageSlice bytes); /* NULL: no memory */
LedgerBlock *ledger_block_share(LedgerBlock *block);
void ledger_block_release(LedgerBlock *block); /* NULL does nothing */

/*
 * All zero: the key is absent. A committed row stands in the page of `frame`, and is good for as long as the epoch in
 * which it was found; a row of a write set has revision 0 and its value in `block`, which the set holds.
 */
typedef struct LedgerRow {
    uint32_t is_present;
    LedgerRecord record; /* the expiry is resolved */
    LedgerFrame *frame;
    LedgerBlock *block;
} LedgerRow;

static inline int ledger_is_alive(const LedgerRecord *record, int64_t now_ns)
{
    return record->expires_at_ns == STORAGE_NEVER || record->expires_at_ns > now_ns;
}

/* What `key` has at `now_ns`. Inside an epoch. Returns OK (an absent key too); CORRUPT; IO; NO_MEMORY. */
StorageStatus ledger_row_find(const LedgerTree *tree, StorageSlice key, int64_t now_ns, LedgerRow *ret_row,
                              StorageContext *ctx);

/*
 * Whether `operation` holds for `row`: OK; CONFLICT; NOT_FOUND (a touch); CORRUPT, IO, NO_MEMORY when the value had to
 * be read from overflow pages. Says nothing into `ctx` about the first three. Inside an epoch, and whoever reads a
 * published state holds its snapshot.
 */
StorageStatus ledger_row_check(const LedgerTree *tree, const LedgerRow *row, const StorageOperation *operation,
                               StorageContext *ctx);
/* The same for an expectation alone: OK; CONFLICT. */
StorageStatus ledger_row_check_expected(const LedgerTree *tree, const LedgerRow *row, const StorageExpected *expected,
                                        StorageContext *ctx);

/* A copy of the value, in `*ret_block`. As ledger_row_check for who may call it. Returns OK; CORRUPT; IO; NO_MEMORY. */
StorageStatus ledger_row_copy(const LedgerTree *tree, const LedgerRow *row, LedgerBlock **ret_block,
                              StorageContext *ctx);

/* Hands the value of a row that is present out: the pinned page (so not for rows of the working state), a block, or a
 * copy out of overflow pages. As ledger_row_copy. */
StorageStatus ledger_row_value(const LedgerTree *tree, const LedgerRow *row, StorageValue *ret_value,
                               StorageContext *ctx);

/* ---- gets; outside of epochs ---- */

/* The value of `key` in the default table of the newest state. Returns OK; NOT_FOUND; CORRUPT; IO; NO_MEMORY. */
StorageStatus ledger_get_newest(LedgerStates *states, const StorageBackend *backend, StorageSlice key,
                                StorageValue *ret_value, StorageContext *ctx);

/* The same in a snapshot. Also: SNAPSHOT_TOO_OLD. */
StorageStatus ledger_get_at(LedgerStates *states, const LedgerSnapshot *snapshot, StorageSlice key,
                            StorageValue *ret_value, StorageContext *ctx);

#endif
