/*
 * txn/write_set.h - the writes of a transaction, or of one call of storage_write, in program order, and the view that
 * they make. One table.
 */
#ifndef LEDGER_TXN_WRITE_SET_H
#define LEDGER_TXN_WRITE_SET_H

#include "backends/ledger/txn/row.h"
#include "core/interval.h"

#include <bsd/sys/tree.h>

typedef struct LedgerWrite LedgerWrite;

/* A key that was written; `last` is its latest write. */
typedef struct LedgerWriteKey {
    RB_ENTRY(LedgerWriteKey) entry;
    LedgerWrite *last;
    size_t size;
    unsigned char bytes[];
} LedgerWriteKey;

struct LedgerWrite {
    size_t index;        /* in the log */
    size_t batch_index;  /* which operation of the caller it is */
    LedgerWriteKey *key; /* NULL: clear_range */
    LedgerWrite *earlier;
    LedgerBlock *block;       /* the value; NULL: the key is deleted */
    StorageExpiry expiry;     /* resolved but for AFTER, which counts from the commit */
    StorageExpected expected; /* about the committed state, if is_conditional */
    StorageRange range;       /* of a clear_range, with bytes of its own */
    Interval interval;        /* the same */
    uint32_t is_conditional;
    StorageStatus failure; /* of the condition: CONFLICT when it was stated, else SERIALIZATION */
    unsigned char bytes[]; /* of expected.value, or of the bounds */
};

RB_HEAD(LedgerWriteKeys, LedgerWriteKey);

typedef struct LedgerSavepoint {
    uint32_t no;
    size_t log_count;
} LedgerSavepoint;

typedef struct LedgerWriteSet {
    struct LedgerWriteKeys keys;
    LedgerWrite **log;
    size_t count, capacity;
    LedgerWrite **clears; /* those of the log that clear a range */
    size_t clear_count, clear_capacity;
    LedgerSavepoint *savepoints;
    size_t savepoint_count, savepoint_capacity;
    uint32_t next_savepoint_no;
} LedgerWriteSet;

void ledger_write_set_init(LedgerWriteSet *self);
void ledger_write_set_done(LedgerWriteSet *self);

/* Whether the set says what `key` has at `now_ns`, if it is committed now: then 1, and `*ret_row` is that (absent when
 * it was deleted or cleared, or has expired). */
int ledger_write_set_find(const LedgerWriteSet *self, StorageSlice key, int64_t now_ns, LedgerRow *ret_row);

/* What was decided may have changed by the commit, and is looked at again: the row is one of a snapshot. */
enum { LEDGER_WRITE_IS_PROVISIONAL = 1 };

/*
 * Notes an operation that was found to hold for `current`, which is what its key has in the view of the set. A touch
 * shares current->block: of a committed row it is a copy (ledger_row_copy), which stays the caller's.
 * Returns OK; NO_MEMORY: nothing changed.
 */
StorageStatus ledger_write_set_add(LedgerWriteSet *self, const StorageOperation *operation, const LedgerRow *current,
                                   uint32_t flags, size_t batch_index);

/* Whether the write decides the state of its key: no later one does, and no later clear. */
int ledger_write_set_is_final(const LedgerWriteSet *self, const LedgerWrite *write);

/* Whether a clear before log index `before` covers the key. */
int ledger_write_set_is_cleared_before(const LedgerWriteSet *self, StorageSlice key, size_t before);

/* The first written key at or after `key`; the next one. NULL at the end. */
LedgerWriteKey *ledger_write_set_seek(const LedgerWriteSet *self, StorageSlice key);
LedgerWriteKey *ledger_write_set_next(LedgerWriteKey *key);

StorageStatus ledger_write_set_savepoint(LedgerWriteSet *self, uint32_t *ret_no); /* OK or NO_MEMORY */
StorageStatus ledger_write_set_rollback_to(LedgerWriteSet *self, uint32_t no);    /* OK or NOT_FOUND */
StorageStatus ledger_write_set_drop_savepoint(LedgerWriteSet *self, uint32_t no); /* OK or NOT_FOUND */

static inline StorageSlice ledger_write_key(const LedgerWriteKey *key)
{
    return (StorageSlice){key->bytes, key->size};
}

#endif
