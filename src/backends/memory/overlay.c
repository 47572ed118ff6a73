/* memory/overlay.c - a sorted copy of written keys, and the ranges that were cleared. */
#include "backends/memory/overlay.h"

#include <string.h>

static StorageStatus copy_clears(Overlay *self, const WriteSet *writes)
{
    if (writes->clear_count == 0)
        return STORAGE_OK;
    self->clears = storage_allocate(writes->clear_count * sizeof(HistoryRange *));
    if (self->clears == NULL)
        return STORAGE_NO_MEMORY;
    for (size_t i = 0; i < writes->count; i++) {
        HistoryRange *range = writes->log[i]->range;
        if (range == NULL)
            continue;
        (void)atomic_fetch_add_explicit(&range->references, 1, memory_order_relaxed);
        self->clears[self->clear_count++] = range;
    }
    return STORAGE_OK;
}

StorageStatus overlay_init(Overlay *self, const WriteSet *writes, const Interval *interval, int64_t now_ns)
{
    size_t count = 0, key_bytes = 0;
    unsigned char *bytes;
    WriteKey *first = interval->is_empty ? NULL : write_set_seek(writes, interval->start);
    *self = (Overlay){0};
    for (WriteKey *key = first; key != NULL && interval_contains(interval, write_key_slice(key));
         key = write_set_next(key)) {
        count++;
        key_bytes += key->size;
    }
    if (copy_clears(self, writes) != STORAGE_OK)
        return STORAGE_NO_MEMORY;
    if (count == 0)
        return STORAGE_OK;
    self->rows = storage_allocate(count * sizeof(*self->rows) + key_bytes);
    if (self->rows == NULL) {
        overlay_done(self);
        return STORAGE_NO_MEMORY;
    }
    bytes = (unsigned char *)(self->rows + count);
    for (WriteKey *key = first; self->count < count; key = write_set_next(key)) {
        OverlayRow *row = &self->rows[self->count++];
        *row = (OverlayRow){.key = {bytes, key->size}};
        if (key->size > 0)
            memcpy(bytes, key->bytes, key->size);
        bytes += key->size;
        if (write_set_find(writes, row->key, now_ns, &row->version, &row->expires_at_ns) && row->version != NULL)
            version_pin(row->version);
    }
    return STORAGE_OK;
}

void overlay_done(Overlay *self)
{
    for (size_t i = 0; i < self->count; i++)
        version_release(self->rows[i].version);
    for (size_t i = 0; i < self->clear_count; i++)
        history_range_release(self->clears[i]);
    storage_release(self->rows);
    storage_release(self->clears);
    *self = (Overlay){0};
}

size_t overlay_lower_bound(const Overlay *self, StorageSlice key)
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

int overlay_hides(const Overlay *self, StorageSlice key)
{
    size_t index = overlay_lower_bound(self, key);
    if (index < self->count && storage_slice_compare(self->rows[index].key, key) == 0)
        return 1;
    for (size_t i = 0; i < self->clear_count; i++)
        if (storage_range_contains(&self->clears[i]->range, key))
            return 1;
    return 0;
}
