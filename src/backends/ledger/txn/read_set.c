/* txn/read_set.c - a list of intervals. */
#include "backends/ledger/txn/read_set.h"

StorageStatus ledger_read_set_add(LedgerReadSet *self, const StorageRange *range)
{
    if (self->count == self->capacity) {
        size_t capacity = self->capacity == 0 ? 16 : 2 * self->capacity;
        Interval *grown = storage_reallocate(self->intervals, capacity * sizeof(*grown));
        if (grown == NULL)
            return STORAGE_NO_MEMORY;
        self->intervals = grown;
        self->capacity = capacity;
    }
    if (interval_init(&self->intervals[self->count], range) != STORAGE_OK)
        return STORAGE_NO_MEMORY;
    self->count++;
    return STORAGE_OK;
}

void ledger_read_set_done(LedgerReadSet *self)
{
    while (self->count > 0)
        interval_done(&self->intervals[--self->count]);
    storage_release(self->intervals);
    *self = (LedgerReadSet){0};
}

int ledger_read_set_contains(const LedgerReadSet *self, StorageSlice key)
{
    for (size_t i = 0; i < self->count; i++)
        if (interval_contains(&self->intervals[i], key))
            return 1;
    return 0;
}
