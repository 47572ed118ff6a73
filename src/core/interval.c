/*
 * core/interval.c - every kind of bound as a half-open one.
 *
 * The key right after k is k with a zero byte; the first key after all that start with p is p with its last byte that
 * is not 0xff raised by one, cut behind it. There is none when all bytes are 0xff: then nothing follows.
 */
#include "core/interval.h"

#include <string.h>

enum { POINT_AT_KEY, POINT_AT_END };

/* Writes the key at which the point stands to `bytes`. */
static int place_point(StorageSlice key, int is_after_key, int is_after_prefix, unsigned char *bytes,
                       StorageSlice *ret_point)
{
    size_t size = key.size;
    if (size > 0)
        memcpy(bytes, key.data, size);
    if (is_after_key)
        bytes[size++] = 0;
    if (is_after_prefix) {
        while (size > 0 && bytes[size - 1] == 0xff)
            size--;
        if (size == 0)
            return POINT_AT_END;
        bytes[size - 1]++;
    }
    *ret_point = (StorageSlice){bytes, size};
    return POINT_AT_KEY;
}

StorageStatus interval_init(Interval *self, const StorageRange *range)
{
    const StorageBound *start = &range->start, *end = &range->end;
    unsigned char *bytes = storage_allocate(start->key.size + end->key.size + 2);
    *self = (Interval){.bytes = bytes};
    if (bytes == NULL)
        return STORAGE_NO_MEMORY;
    if (start->kind != STORAGE_BOUND_OPEN &&
        place_point(start->key, start->kind == STORAGE_BOUND_EXCLUDED, start->kind == STORAGE_BOUND_PREFIX_END, bytes,
                    &self->start) == POINT_AT_END)
        self->is_empty = 1;
    bytes += start->key.size + 1;
    if (end->kind != STORAGE_BOUND_OPEN)
        self->has_end = place_point(end->key, end->kind == STORAGE_BOUND_INCLUDED,
                                    end->kind == STORAGE_BOUND_PREFIX_END, bytes, &self->end) == POINT_AT_KEY;
    if (self->has_end && storage_slice_compare(self->start, self->end) >= 0)
        self->is_empty = 1;
    return STORAGE_OK;
}

void interval_done(Interval *self)
{
    storage_release(self->bytes);
    self->bytes = NULL;
}
