/*
 * memory/record.h - a key, and the versions of its value.
 *
 * A record is what the tree holds for a key; it stays at its address for as long as the key is in the tree. Its
 * versions form a chain, newest first. See docs/design/memory-backend.md for who may touch what.
 */
#ifndef MEMORY_RECORD_H
#define MEMORY_RECORD_H

#include "storage/backend.h"

#include <bsd/sys/tree.h>
#include <stdatomic.h>

typedef struct Version Version;
typedef struct Record Record;

struct Record {
    Record *next_retired;
    _Atomic(Version *) head;     /* NULL: no commit has written it yet */
    _Atomic uint32_t references; /* the tree, and one for each version */
    uint32_t key_size;
    unsigned char key[];
};

struct Version {
    Version *next_retired; /* in limbo, or among those that a snapshot holds */
    _Atomic(Version *) older;
    uintptr_t newer_and_mark; /* see version_newer, version_is_marked; under the stripe lock */
    Record *record;           /* NULL before the commit */
    uint64_t revision;        /* set once, before it is linked */
    int64_t expires_at_ns;    /* the same */
    _Atomic uint32_t references;
    uint32_t size_and_kind; /* value size, VERSION_TOMBSTONE, VERSION_HAS_EXPIRY_NODE */
    unsigned char value[];
};

/* Of size_and_kind. */
#define VERSION_TOMBSTONE (UINT32_C(1) << 31)
#define VERSION_HAS_EXPIRY_NODE (UINT32_C(1) << 30)
#define VERSION_SIZE_MASK ((UINT32_C(1) << 30) - 1)

/* Where a version with an expiry stands in the expiry index; behind its value. */
typedef struct ExpiryNode {
    RB_ENTRY(ExpiryNode) entry;
    Version *version;
    uint64_t is_indexed;
} ExpiryNode;

enum { MEMORY_KEY_SIZE_MAX = 16 << 20, MEMORY_VALUE_SIZE_MAX = (1 << 30) - 1 };

Record *record_new(StorageSlice key);
void record_release(Record *record);

static inline StorageSlice record_key(const Record *record)
{
    return (StorageSlice){record->key, record->key_size};
}

static inline size_t record_footprint(const Record *record)
{
    return sizeof(Record) + record->key_size;
}

/* A version that nothing refers to but the caller. NULL when out of memory. */
Version *version_new(StorageSlice value, int may_expire);
Version *version_new_tombstone(void);
void version_release(Version *version);
size_t version_footprint(const Version *version);
ExpiryNode *version_expiry_node(Version *version); /* NULL when it has none */

/* The version that superseded it; NULL: it is the head. Under the stripe lock. */
static inline Version *version_newer(const Version *version)
{
    return (Version *)(version->newer_and_mark & ~(uintptr_t)1);
}

/* Marked: it was put into a queue (limbo, or held by a snapshot) while it was the head. Under the stripe lock. */
static inline int version_is_marked(const Version *version)
{
    return (version->newer_and_mark & 1) != 0;
}

static inline void version_set_newer(Version *version, Version *newer)
{
    version->newer_and_mark = (uintptr_t)newer | (version->newer_and_mark & 1);
}

static inline void version_set_mark(Version *version, int is_marked)
{
    version->newer_and_mark = (version->newer_and_mark & ~(uintptr_t)1) | (is_marked ? 1u : 0u);
}

static inline StorageSlice version_value(const Version *version)
{
    return (StorageSlice){version->value, version->size_and_kind & VERSION_SIZE_MASK};
}

/* The version belongs to `record` from now on. */
void version_attach(Version *version, Record *record);

/* Another reference; for readers inside an epoch, or who have one already. */
static inline void version_pin(Version *version)
{
    (void)atomic_fetch_add_explicit(&version->references, 1, memory_order_relaxed);
}

static inline int version_is_tombstone(const Version *version)
{
    return (version->size_and_kind & VERSION_TOMBSTONE) != 0;
}

/* Whether it is a value at `now_ns`. NULL is none. */
static inline int version_is_alive(const Version *version, int64_t now_ns)
{
    return version != NULL && !version_is_tombstone(version) &&
           (version->expires_at_ns == STORAGE_NEVER || version->expires_at_ns > now_ns);
}

/* The version of a record that a reader at `revision` sees; NULL when there is none. Inside an epoch. */
Version *record_version_at(const Record *record, uint64_t revision);

/* Starts the loads of its header and of the first bytes of its value. NULL is allowed. */
static inline void version_prefetch(const Version *version)
{
    const char *bytes = (const char *)version;
    if (version == NULL)
        return;
    __builtin_prefetch(bytes);
    __builtin_prefetch(bytes + 64);
    __builtin_prefetch(bytes + 128);
}

/* The same for a record and a short key. */
static inline void record_prefetch(const Record *record)
{
    if (record == NULL)
        return;
    __builtin_prefetch(record);
    __builtin_prefetch(&record->key[16]);
}

/* Makes a value of it, with a reference of its own. */
void version_to_value(Version *version, StorageValue *ret_value);

#endif
