/* core/arguments.h - checks of arguments, made once, by the outermost and the inner calls alike. */
#ifndef CORE_ARGUMENTS_H
#define CORE_ARGUMENTS_H

#include "core/call.h"

/* OK; INVALID_ARGUMENT for a slice without data; SIZE_LIMIT_EXCEEDED. */
StorageStatus arguments_check_key(Call *call, StorageSlice key);

/* OK; INVALID_ARGUMENT. `range` may be NULL. */
StorageStatus arguments_check_range(Call *call, const StorageRange *range);

/* Everything about one operation of a write: kinds, slices, sizes, capabilities. */
StorageStatus arguments_check_operation(Call *call, const StorageOperation *operation);

/* The options, checked, with defaults; flags beyond `known_flags` are INVALID_ARGUMENT. */
StorageStatus arguments_set_options(Call *call, const StorageSetOptions *options, StorageSetOptions *ret_options);
StorageStatus arguments_scan_options(Call *call, const StorageScanOptions *options, StorageScanOptions *ret_options);

/* For multi_get: the keys and the arrays; empty values before; the single statuses after a failure. */
StorageStatus arguments_check_keys(Call *call, const StorageSlice *keys, size_t key_count, const StorageValue *values,
                                   const StorageStatus *statuses);
void arguments_clear_values(StorageValue *values, size_t value_count);
void arguments_settle_values(StorageStatus status, size_t key_count, StorageValue *values, StorageStatus *statuses);

extern const StorageRange arguments_whole_range;

#endif
