/*
 * core/range.c - bounds and ranges.
 *
 * A bound is a point between keys: just before its key, just after it, or after every key that starts with it
 * (PREFIX_END). A range holds what lies between its two points; when they are out of order it holds nothing.
 */
#include "core/range.h"

#include <string.h>

StorageRange storage_range_all(void)
{
    return (StorageRange){0};
}

StorageRange storage_range_prefix(StorageSlice prefix)
{
    StorageRange range = {0};
    if (prefix.size > 0) {
        range.start = (StorageBound){prefix, STORAGE_BOUND_INCLUDED};
        range.end = (StorageBound){prefix, STORAGE_BOUND_PREFIX_END};
    }
    return range;
}

StorageRange storage_range_half_open(StorageSlice start, StorageSlice end)
{
    return (StorageRange){{start, STORAGE_BOUND_INCLUDED}, {end, STORAGE_BOUND_EXCLUDED}};
}

StorageRange storage_range_key(StorageSlice key)
{
    return (StorageRange){{key, STORAGE_BOUND_INCLUDED}, {key, STORAGE_BOUND_INCLUDED}};
}

int range_compare_prefix_end(StorageSlice key, StorageSlice prefix)
{
    size_t common = key.size < prefix.size ? key.size : prefix.size;
    int order = common == 0 ? 0 : memcmp(key.data, prefix.data, common);
    return order != 0 ? order : -1; /* keys with the prefix, and prefixes of it, stand before its end */
}

int range_start_admits(const StorageBound *start, StorageSlice key)
{
    switch (start->kind) {
    case STORAGE_BOUND_OPEN:
        return 1;
    case STORAGE_BOUND_INCLUDED:
        return storage_slice_compare(key, start->key) >= 0;
    case STORAGE_BOUND_EXCLUDED:
        return storage_slice_compare(key, start->key) > 0;
    case STORAGE_BOUND_PREFIX_END:
        return range_compare_prefix_end(key, start->key) > 0;
    default:
        return 0;
    }
}

int range_end_admits(const StorageBound *end, StorageSlice key)
{
    switch (end->kind) {
    case STORAGE_BOUND_OPEN:
        return 1;
    case STORAGE_BOUND_INCLUDED:
        return storage_slice_compare(key, end->key) <= 0;
    case STORAGE_BOUND_EXCLUDED:
        return storage_slice_compare(key, end->key) < 0;
    case STORAGE_BOUND_PREFIX_END:
        return range_compare_prefix_end(key, end->key) < 0;
    default:
        return 0;
    }
}

int storage_range_contains(const StorageRange *range, StorageSlice key)
{
    return range_start_admits(&range->start, key) && range_end_admits(&range->end, key);
}

int storage_range_is_empty(const StorageRange *range)
{
    const StorageBound *start = &range->start, *end = &range->end;
    int end_is_open = end->kind == STORAGE_BOUND_OPEN || /* every key has the empty prefix */
                      (end->kind == STORAGE_BOUND_PREFIX_END && end->key.size == 0);
    if (start->kind > STORAGE_BOUND_PREFIX_END || end->kind > STORAGE_BOUND_PREFIX_END)
        return 1;
    if (start->kind == STORAGE_BOUND_PREFIX_END && start->key.size == 0)
        return 1;
    if (end->kind == STORAGE_BOUND_EXCLUDED && end->key.size == 0)
        return 1;
    if (start->kind == STORAGE_BOUND_OPEN || end_is_open)
        return 0;
    if (start->kind != STORAGE_BOUND_PREFIX_END) {
        /* The start stands at a key: it must lie before the end, or on it when both include it. */
        if (!range_end_admits(end, start->key))
            return 1;
        return start->kind == STORAGE_BOUND_EXCLUDED && end->kind == STORAGE_BOUND_INCLUDED &&
               storage_slice_compare(start->key, end->key) == 0;
    }
    if (end->kind != STORAGE_BOUND_PREFIX_END)
        return range_compare_prefix_end(end->key, start->key) < 0;
    /* Two prefix ends: the one whose prefix contains the other's stands last. */
    if (end->key.size <= start->key.size && memcmp(end->key.data, start->key.data, end->key.size) == 0)
        return end->key.size == start->key.size;
    return range_compare_prefix_end(end->key, start->key) < 0;
}

int range_meets(const StorageRange *a, const StorageRange *b)
{
    StorageRange left = {a->start, b->end}, right = {b->start, a->end};
    return !storage_range_is_empty(a) && !storage_range_is_empty(b) && !storage_range_is_empty(&left) &&
           !storage_range_is_empty(&right);
}

int range_bound_is_valid(const StorageBound *bound)
{
    return bound->kind <= STORAGE_BOUND_PREFIX_END &&
           (bound->kind == STORAGE_BOUND_OPEN || bound->key.size == 0 || bound->key.data != NULL);
}
