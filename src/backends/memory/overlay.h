/* memory/overlay.h - the writes of a transaction as a cursor found them when it was opened. */
#ifndef MEMORY_OVERLAY_H
#define MEMORY_OVERLAY_H

#include "backends/memory/write_set.h"

typedef struct OverlayRow {
    StorageSlice key;
    Version *version; /* pinned; NULL: deleted */
    int64_t expires_at_ns;
} OverlayRow;

typedef struct Overlay {
    OverlayRow *rows; /* by key; the keys are behind them */
    size_t count;
    HistoryRange **clears;
    size_t clear_count;
} Overlay;

/* Copies what of `writes` lies in the interval. OK or NO_MEMORY. */
StorageStatus overlay_init(Overlay *self, const WriteSet *writes, const Interval *interval, int64_t now_ns);
void overlay_done(Overlay *self);

/* How many rows have a key less than `key`. */
size_t overlay_lower_bound(const Overlay *self, StorageSlice key);
/* Whether the overlay decides the state of a committed key. */
int overlay_hides(const Overlay *self, StorageSlice key);

#endif
