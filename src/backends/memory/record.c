/* memory/record.c - blocks of records and versions, counted by reference. */
#include "backends/memory/record.h"

#include <string.h>

Record *record_new(StorageSlice key)
{
    Record *record = storage_allocate(sizeof(*record) + key.size);
    if (record == NULL)
        return NULL;
    record->next_retired = NULL;
    atomic_init(&record->head, NULL);
    atomic_init(&record->references, 1);
    record->key_size = (uint32_t)key.size;
    if (key.size > 0)
        memcpy(record->key, key.data, key.size);
    return record;
}

void record_release(Record *record)
{
    if (atomic_fetch_sub_explicit(&record->references, 1, memory_order_acq_rel) == 1)
        storage_release(record);
}

static size_t expiry_node_offset(size_t value_size)
{
    size_t alignment = _Alignof(ExpiryNode);
    return (sizeof(Version) + value_size + alignment - 1) / alignment * alignment;
}

static Version *allocate_version(size_t value_size, uint32_t flags)
{
    int has_node = (flags & VERSION_HAS_EXPIRY_NODE) != 0;
    Version *version =
        storage_allocate(has_node ? expiry_node_offset(value_size) + sizeof(ExpiryNode) : sizeof(Version) + value_size);
    if (version == NULL)
        return NULL;
    version->next_retired = NULL;
    atomic_init(&version->older, NULL);
    version->newer_and_mark = 0;
    version->record = NULL;
    version->revision = 0;
    version->expires_at_ns = STORAGE_NEVER;
    atomic_init(&version->references, 1);
    version->size_and_kind = (uint32_t)value_size | flags;
    return version;
}

Version *version_new(StorageSlice value, int may_expire)
{
    Version *version = allocate_version(value.size, may_expire ? VERSION_HAS_EXPIRY_NODE : 0);
    if (version == NULL)
        return NULL;
    if (value.size > 0)
        memcpy(version->value, value.data, value.size);
    if (may_expire) {
        ExpiryNode *node = version_expiry_node(version);
        node->version = version;
        node->is_indexed = 0;
    }
    return version;
}

Version *version_new_tombstone(void)
{
    return allocate_version(0, VERSION_TOMBSTONE);
}

void version_release(Version *version)
{
    if (version == NULL || atomic_fetch_sub_explicit(&version->references, 1, memory_order_acq_rel) != 1)
        return;
    if (version->record != NULL)
        record_release(version->record);
#ifndef NDEBUG
    memset(version->value, 0xdb, version_value(version).size); /* a stale view is seen at once */
#endif
    storage_release(version);
}

size_t version_footprint(const Version *version)
{
    size_t value_size = version->size_and_kind & VERSION_SIZE_MASK;
    if ((version->size_and_kind & VERSION_HAS_EXPIRY_NODE) != 0)
        return expiry_node_offset(value_size) + sizeof(ExpiryNode);
    return sizeof(Version) + value_size;
}

ExpiryNode *version_expiry_node(Version *version)
{
    if ((version->size_and_kind & VERSION_HAS_EXPIRY_NODE) == 0)
        return NULL;
    return (ExpiryNode *)(void *)((unsigned char *)version +
                                  expiry_node_offset(version->size_and_kind & VERSION_SIZE_MASK));
}

void version_attach(Version *version, Record *record)
{
    (void)atomic_fetch_add_explicit(&record->references, 1, memory_order_relaxed);
    if (version->record != NULL)
        record_release(version->record);
    version->record = record;
}

Version *record_version_at(const Record *record, uint64_t revision)
{
    Version *version = atomic_load(&record->head);
    version_prefetch(version);
    while (version != NULL && version->revision > revision)
        version = atomic_load(&version->older);
    return version;
}

static void release_value(void *owner)
{
    version_release(owner);
}

void version_to_value(Version *version, StorageValue *ret_value)
{
    StorageSlice value = version_value(version);
    version_pin(version);
    storage_value_init(ret_value, value.data, value.size, version->revision, version->expires_at_ns, release_value,
                       version);
}
