/* memory/conflict.h - may this transaction still commit? */
#ifndef MEMORY_CONFLICT_H
#define MEMORY_CONFLICT_H

#include "backends/memory/write_plan.h"
#include "backends/memory/write_set.h"

/* What a serializable transaction read from the committed state. */
typedef struct ReadSet {
    Interval *intervals; /* single keys are intervals too */
    size_t count, capacity;
} ReadSet;

/* Notes that [start, end) was read. OK or NO_MEMORY. */
StorageStatus read_set_add(ReadSet *self, const StorageRange *range);
void read_set_done(ReadSet *self);

/* Whether `operation` holds for a key whose newest value is `current` (NULL: absent). OK, CONFLICT, NOT_FOUND. */
StorageStatus conflict_check_operation(const StorageOperation *operation, const Version *current);

/* Everything that was decided against the committed state, once more. OK; CONFLICT for what was stated; SERIALIZATION
 * for the value that a touch carries along. Inside an epoch, the stripes
 * of the keys locked. */
StorageStatus conflict_check_conditions(MemoryStore *store, const WriteSet *writes, int64_t now_ns,
                                        StorageContext *ctx);

/* Nothing that is written was written since the snapshot. OK; SERIALIZATION. */
StorageStatus conflict_check_writes(MemoryStore *store, const WriteSet *writes, const Snapshot *snapshot,
                                    StorageContext *ctx);

/* Nothing that was read has changed since the snapshot. All stripes are locked. OK; SERIALIZATION. */
StorageStatus conflict_check_reads(MemoryStore *store, const ReadSet *reads, const Snapshot *snapshot, int64_t now_ns,
                                   StorageContext *ctx);

/* Keeps the cleared ranges of a published plan for writers that began before it. All stripes are locked if there are
 * any. */
void conflict_note_clears(MemoryStore *store, WritePlan *plan);

/* Calls `each` for every record of the interval, in order, until it returns other than OK. Inside an epoch. */
StorageStatus conflict_each_record(MemoryStore *store, const Interval *interval,
                                   StorageStatus (*each)(Record *record, void *user_data), void *user_data);

#endif
