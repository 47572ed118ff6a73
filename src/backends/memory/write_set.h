/*
 * memory/write_set.h - the writes of a transaction, in program order, and the view that they make.
 */
#ifndef MEMORY_WRITE_SET_H
#define MEMORY_WRITE_SET_H

#include "backends/memory/store.h"
#include "core/interval.h"

typedef struct WriteOperation WriteOperation;

/* A key that was written; `last` is its latest operation. */
typedef struct WriteKey {
    RB_ENTRY(WriteKey) entry;
    WriteOperation *last;
    size_t size;
    unsigned char bytes[];
} WriteKey;

struct WriteOperation {
    size_t index;             /* in the log */
    size_t batch_index;       /* which operation of the caller it is */
    WriteKey *key;            /* NULL: clear_range */
    WriteOperation *earlier;  /* of the same key */
    Version *version;         /* value or tombstone */
    StorageExpiry expiry;     /* resolved but for AFTER, which counts from the commit */
    StorageExpected expected; /* about the committed state, if is_conditional; its value is behind the struct */
    HistoryRange *range;      /* of a clear_range */
    Interval interval;
    uint32_t is_conditional;
    StorageStatus failure; /* of the condition: CONFLICT when it was stated, else SERIALIZATION */
};

RB_HEAD(WriteKeyTree, WriteKey);

typedef struct WriteSavepoint {
    uint32_t no;
    size_t log_count;
} WriteSavepoint;

typedef struct WriteSet {
    struct WriteKeyTree keys;
    WriteOperation **log;
    size_t count, capacity;
    WriteOperation **clears; /* those of the log that clear a range */
    size_t clear_count, clear_capacity;
    WriteSavepoint *savepoints;
    size_t savepoint_count, savepoint_capacity;
    uint32_t next_savepoint_no;
} WriteSet;

void write_set_init(WriteSet *self);
void write_set_done(WriteSet *self);

/*
 * What the set says about a key at `now_ns`: nothing (0), or (1) that it has `*ret_version`, which expires at
 * `*ret_expires_at_ns` if it is committed now; NULL when it is deleted or has expired.
 */
int write_set_find(const WriteSet *self, StorageSlice key, int64_t now_ns, Version **ret_version,
                   int64_t *ret_expires_at_ns);

/*
 * Notes an operation that was found to hold. `current` is what the key has in the view of the set, or NULL;
 * `is_committed` says that it came from the committed state. OK or NO_MEMORY: nothing changed.
 */
StorageStatus write_set_add(WriteSet *self, const StorageOperation *operation, Version *current, int is_committed,
                            size_t batch_index);

/* The operation that decides the state of its key, and is not covered by a later clear. */
int write_set_is_final(const WriteSet *self, const WriteOperation *operation);

/* Whether a clear before log index `before` covers the key. */
int write_set_is_cleared_before(const WriteSet *self, StorageSlice key, size_t before);

/* The first written key at or after `key`; the next one. NULL at the end. */
WriteKey *write_set_seek(const WriteSet *self, StorageSlice key);
WriteKey *write_set_next(WriteKey *key);

StorageStatus write_set_savepoint(WriteSet *self, uint32_t *ret_no); /* OK or NO_MEMORY */
StorageStatus write_set_rollback_to(WriteSet *self, uint32_t no);    /* OK or NOT_FOUND */
StorageStatus write_set_drop_savepoint(WriteSet *self, uint32_t no); /* OK or NOT_FOUND */

static inline StorageSlice write_key_slice(const WriteKey *key)
{
    return (StorageSlice){key->bytes, key->size};
}

#endif
