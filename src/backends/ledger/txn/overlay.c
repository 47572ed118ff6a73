/* txn/overlay.c - a sorted list of written keys that shares their values, and the ranges that were cleared. */
#include "backends/ledger/txn/overlay.h"

#include <string.h>

static StorageStatus copy_clears(LedgerOverlay *self, const LedgerWriteSet *writes)
{
    if (writes->clear_count == 0)
        return STORAGE_OK;
    self->clears = storage_allocate(writes->clear_count * sizeof(*self->clears));
    if (self->clears == NULL)
        return STORAGE_NO_MEMORY;
    for (size_t i = 0; i < writes->clear_count; i++) {
        if (interval_init(&self->clears[self->clear_count], &writes->clears[i]->range) != STORAGE_OK)
            return STORAGE_NO_MEMORY;
        self->clear_count++;
    }
    return STORAGE_OK;
}

static StorageStatus copy_rows(LedgerOverlay *self, const LedgerWriteSet *writes, const Interval *interval,
                               int64_t now_ns)
{
    LedgerWriteKey *first = interval->is_empty ? NULL : ledger_write_set_seek(writes, interval->start);
    size_t count = 0, key_bytes = 0;
    unsigned char *bytes;
    for (LedgerWriteKey *key = first; key != NULL && interval_contains(interval, ledger_write_key(key));
         key = ledger_write_set_next(key)) {
        count++;
        key_bytes += key->size;
    }
    if (count == 0)
        return STORAGE_OK;
    self->rows = storage_allocate(count * sizeof(*self->rows) + key_bytes);
    if (self->rows == NULL)
        return STORAGE_NO_MEMORY;
    bytes = (unsigned char *)(self->rows + count);
    for (LedgerWriteKey *key = first; self->count < count; key = ledger_write_set_next(key)) {
        LedgerOverlayRow *row = &self->rows[self->count++];
        LedgerRow view;
        *row = (LedgerOverlayRow){.key = {bytes, key->size}};
        if (key->size > 0)
            memcpy(bytes, key->bytes, key->size);
        bytes += key->size;
        if (ledger_write_set_find(writes, row->key, now_ns, &view) && view.is_present) {
            row->block = ledger_block_share(view.block);
            row->expires_at_ns = view.record.expires_at_ns;
        }
    }
    return STORAGE_OK;
}

StorageStatus ledger_overlay_init(LedgerOverlay *self, const LedgerWriteSet *writes, const Interval *interval,
                                  int64_t now_ns)
{
    *self = (LedgerOverlay){0};
    if (copy_clears(self, writes) == STORAGE_OK && copy_rows(self, writes, interval, now_ns) == STORAGE_OK)
        return STORAGE_OK;
    ledger_overlay_done(self);
    return STORAGE_NO_MEMORY;
}

void ledger_overlay_done(LedgerOverlay *self)
{
    for (size_t i = 0; i < self->count; i++)
        ledger_block_release(self->rows[i].block);
    for (size_t i = 0; i < self->clear_count; i++)
        interval_done(&self->clears[i]);
    storage_release(self->rows);
    storage_release(self->clears);
    *self = (LedgerOverlay){0};
}

size_t ledger_overlay_lower_bound(const LedgerOverlay *self, StorageSlice key)
{
    size_t low = 0, high = self->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (storage_slice_compare(self->rows[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int ledger_overlay_hides(const LedgerOverlay *self, StorageSlice key)
{
    size_t index = ledger_overlay_lower_bound(self, key);
    if (index < self->count && storage_slice_compare(self->rows[index].key, key) == 0)
        return 1;
    for (size_t i = 0; i < self->clear_count; i++)
        if (interval_contains(&self->clears[i], key))
            return 1;
    return 0;
}
