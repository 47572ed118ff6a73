/* txn/read_set.h - what a serializable transaction read from the committed state. */
#ifndef LEDGER_TXN_READ_SET_H
#define LEDGER_TXN_READ_SET_H

#include "core/interval.h"

typedef struct LedgerReadSet {
    Interval *intervals; /* single keys are intervals too */
    size_t count, capacity;
} LedgerReadSet;

/* Notes that the range was read. Returns OK or NO_MEMORY. */
StorageStatus ledger_read_set_add(LedgerReadSet *self, const StorageRange *range);
void ledger_read_set_done(LedgerReadSet *self);

int ledger_read_set_contains(const LedgerReadSet *self, StorageSlice key);

#endif
