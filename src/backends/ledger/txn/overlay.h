/* txn/overlay.h - the writes of a transaction as a cursor found them when it was opened. */
#ifndef LEDGER_TXN_OVERLAY_H
#define LEDGER_TXN_OVERLAY_H

#include "backends/ledger/txn/write_set.h"

typedef struct LedgerOverlayRow {
    StorageSlice key;
    LedgerBlock *block; /* NULL: deleted */
    int64_t expires_at_ns;
} LedgerOverlayRow;

typedef struct LedgerOverlay {
    LedgerOverlayRow *rows; /* by key; the keys are behind them */
    size_t count;
    Interval *clears;
    size_t clear_count;
} LedgerOverlay;

/* Takes what of `writes` lies in the interval. Returns OK; NO_MEMORY, and it is empty. */
StorageStatus ledger_overlay_init(LedgerOverlay *self, const LedgerWriteSet *writes, const Interval *interval,
                                  int64_t now_ns);
void ledger_overlay_done(LedgerOverlay *self);

/* How many rows have a key less than `key`. */
size_t ledger_overlay_lower_bound(const LedgerOverlay *self, StorageSlice key);
/* Whether the overlay decides the state of a committed key. */
int ledger_overlay_hides(const LedgerOverlay *self, StorageSlice key);

static inline int ledger_overlay_is_empty(const LedgerOverlay *self)
{
    return self->count == 0 && self->clear_count == 0;
}

#endif
