/*
 * txn/conflict_log.h - who has written what since the oldest open transaction began.
 *
 * A transaction asks at its commit whether a key, or any key of a range, was written after the revision that it reads.
 * The answer comes from memory alone, and covers keys that were made and deleted in between. The log is bounded: what
 * it had to forget is below its floor, and a transaction that began there cannot be validated.
 * One thread at a time (the writer).
 */
#ifndef LEDGER_TXN_CONFLICT_LOG_H
#define LEDGER_TXN_CONFLICT_LOG_H

#include "core/interval.h"

#include <bsd/sys/tree.h>

/* A key and the newest revision that wrote it; in order of keys and, as a list, in order of revisions. */
typedef struct ConflictKey {
    RB_ENTRY(ConflictKey) entry;
    struct ConflictKey *older, *newer;
    uint64_t revision;
    uint64_t earlier_revision; /* noted before the batch that wrote it again; 0: none */
    uint32_t table_id;
    uint32_t size;
    unsigned char bytes[];
} ConflictKey;

RB_HEAD(ConflictKeyTree, ConflictKey);

/* A range that was cleared; in order of revisions. */
typedef struct ConflictRange {
    struct ConflictRange *newer;
    uint64_t revision;
    uint32_t table_id;
    Interval interval;
} ConflictRange;

typedef struct ConflictLog {
    struct ConflictKeyTree keys;
    ConflictKey *oldest_key, *newest_key;
    ConflictRange *oldest_range, *newest_range;
    uint64_t bytes, bytes_max;
    uint64_t floor;          /* of what was written at this revision or before, not all is known */
    uint64_t batch_revision; /* notes above it may be taken back */
} ConflictLog;

void conflict_log_init(ConflictLog *self, uint64_t bytes_max, uint64_t floor);
void conflict_log_done(ConflictLog *self);

/*
 * Notes what a commit wrote, at a revision that is not less than any before. Returns OK; NO_MEMORY: it is not noted,
 * and the commit must not be made.
 */
STORAGE_MUST_USE StorageStatus conflict_log_note_key(ConflictLog *self, uint32_t table_id, StorageSlice key,
                                                     uint64_t revision);
STORAGE_MUST_USE StorageStatus conflict_log_note_range(ConflictLog *self, uint32_t table_id, const StorageRange *range,
                                                       uint64_t revision);

/* A batch of commits begins, whose revisions are above `revision`. */
void conflict_log_begin(ConflictLog *self, uint64_t revision);
/* The batch was taken back: nothing that was noted in it was written. What it made the log forget stays forgotten. */
void conflict_log_take_back(ConflictLog *self);

/* No transaction asks about `revision` or before any more. */
void conflict_log_forget(ConflictLog *self, uint64_t revision);

/* Whether it was written after `revision`, as far as is known: 1 also when that is below the floor. */
int conflict_log_has_key(const ConflictLog *self, uint32_t table_id, StorageSlice key, uint64_t revision);
int conflict_log_has_range(const ConflictLog *self, uint32_t table_id, const Interval *interval, uint64_t revision);

/* The two parts of has_range. A key of the interval that was written by itself; the oldest cleared range that meets it
 * (behind `last`, NULL: the first), or NULL. A clear is noted whole, whether it met a row or not. */
int conflict_log_has_key_in(const ConflictLog *self, uint32_t table_id, const Interval *interval, uint64_t revision);
const ConflictRange *conflict_log_next_range(const ConflictLog *self, const ConflictRange *last, uint32_t table_id,
                                             const Interval *interval, uint64_t revision);

#endif
