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

/* Where a bound stands, as a key: `size` bytes of `key`, the last raised by `raise`, then perhaps a zero byte. */
typedef struct Point {
    StorageSlice key;
    size_t size;
    unsigned int raise;
    int has_zero, is_infinite;
} Point;

/* `is_behind`: the bound stands right behind its key, so at the key with a zero byte appended. */
static Point point_of(const StorageBound *bound, int is_behind)
{
    Point point = {.key = bound->key, .size = bound->key.size, .has_zero = is_behind};
    if (bound->kind != STORAGE_BOUND_PREFIX_END)
        return point;
    /* Behind all keys with the prefix: the prefix without its last 0xff bytes, the last byte raised. */
    while (point.size > 0 && ((const unsigned char *)bound->key.data)[point.size - 1] == 0xff)
        point.size--;
    point.is_infinite = point.size == 0;
    point.raise = 1;
    return point;
}

static int byte_at(const Point *point, size_t index)
{
    if (index >= point->size)
        return index == point->size && point->has_zero ? 0 : -1;
    return ((const unsigned char *)point->key.data)[index] + (index + 1 == point->size ? (int)point->raise : 0);
}

static int is_before(const Point *a, const Point *b)
{
    size_t index = 0;
    if (a->is_infinite || b->is_infinite)
        return !a->is_infinite;
    while (byte_at(a, index) == byte_at(b, index) && byte_at(a, index) >= 0)
        index++;
    return byte_at(a, index) < byte_at(b, index);
}

int storage_range_is_empty(const StorageRange *range)
{
    Point start = point_of(&range->start, range->start.kind == STORAGE_BOUND_EXCLUDED);
    Point end = point_of(&range->end, range->end.kind == STORAGE_BOUND_INCLUDED);
    if (range->start.kind > STORAGE_BOUND_PREFIX_END || range->end.kind > STORAGE_BOUND_PREFIX_END)
        return 1;
    if (range->start.kind == STORAGE_BOUND_OPEN)
        start = (Point){0};
    if (range->end.kind == STORAGE_BOUND_OPEN)
        return start.is_infinite;
    return !is_before(&start, &end);
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
