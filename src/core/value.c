/*
 * core/value.c - values that know how to give themselves back.
 *
 * internal[0] is the function that releases, internal[1] its argument; an empty value has neither.
 */
#include "storage/backend.h"

#include <string.h>

typedef void (*ValueRelease)(void *owner);

void storage_value_init(StorageValue *ret_value, const void *data, size_t size, uint64_t revision,
                        int64_t expires_at_ns, void (*release)(void *owner), void *owner)
{
    *ret_value = (StorageValue){data, size, revision, expires_at_ns, {(uintptr_t)release, (uintptr_t)owner}};
}

StorageStatus storage_value_copy(StorageValue *ret_value, StorageSlice bytes, uint64_t revision, int64_t expires_at_ns)
{
    void *copy = storage_allocate(bytes.size);
    if (copy == NULL)
        return STORAGE_NO_MEMORY;
    if (bytes.size > 0)
        memcpy(copy, bytes.data, bytes.size);
    storage_value_init(ret_value, copy, bytes.size, revision, expires_at_ns, storage_release, copy);
    return STORAGE_OK;
}

void storage_value_release(StorageValue *value)
{
    ValueRelease release;
    if (value == NULL || value->internal[0] == 0)
        return;
    release = (ValueRelease)value->internal[0];
    release((void *)value->internal[1]);
    *value = (StorageValue){0};
}

StorageSlice storage_value_slice(const StorageValue *value)
{
    return (StorageSlice){value->data, value->size};
}
