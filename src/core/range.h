/* core/range.h - ranges as stores look at them, one bound at a time. */
#ifndef CORE_RANGE_H
#define CORE_RANGE_H

#include "storage/backend.h"

/* Negative when `key` stands before the end of `prefix`, positive when after. It never stands on it. */
int range_compare_prefix_end(StorageSlice key, StorageSlice prefix);

/* 1 when `key` is on the inner side of the bound. */
int range_start_admits(const StorageBound *start, StorageSlice key);
int range_end_admits(const StorageBound *end, StorageSlice key);

/* 1 when the two ranges may have a key in common: neither is empty, and neither ends before the other starts. */
int range_meets(const StorageRange *a, const StorageRange *b);

/* 1 when its kind is known and its key has data. */
int range_bound_is_valid(const StorageBound *bound);

#endif
