/* core/interval.h - a range with bytes of its own, as start <= key < end. */
#ifndef CORE_INTERVAL_H
#define CORE_INTERVAL_H

#include "storage/backend.h"

typedef struct Interval {
    StorageSlice start, end;
    int has_end, is_empty;
    unsigned char *bytes;
} Interval;

StorageStatus interval_init(Interval *self, const StorageRange *range); /* OK or NO_MEMORY */
void interval_done(Interval *self);

static inline int interval_ends_before(const Interval *self, StorageSlice key)
{
    return self->has_end && storage_slice_compare(key, self->end) >= 0;
}

static inline int interval_contains(const Interval *self, StorageSlice key)
{
    return !self->is_empty && storage_slice_compare(key, self->start) >= 0 && !interval_ends_before(self, key);
}

#endif
