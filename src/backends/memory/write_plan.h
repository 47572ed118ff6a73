/*
 * memory/write_plan.h - a commit that is ready: all memory taken, nothing left that can fail.
 *
 * Filled under the stripes of every key in it, then published or abandoned.
 */
#ifndef MEMORY_WRITE_PLAN_H
#define MEMORY_WRITE_PLAN_H

#include "backends/memory/store.h"

typedef struct PlannedChange {
    Record *record;      /* NULL for a cleared range */
    Version *version;    /* the plan's reference */
    HistoryRange *range; /* of a cleared range */
    uint32_t event;      /* STORAGE_CHANGE_..., or 0: watchers are not told */
    uint32_t revision_offset;
    uint8_t is_linked; /* it becomes the head; else it is an event alone */
    uint8_t is_new_record;
} PlannedChange;

typedef struct WritePlan {
    PlannedChange *changes;
    size_t count, capacity;
    PlannedChange one;   /* room for the common case */
    TokenEntry *token;   /* to be remembered, or NULL */
    RecentClear *clears; /* one for each cleared range */
    uint32_t revision_count;
    uint64_t first_revision; /* after write_plan_publish; 0 when nothing was written */
    uint8_t is_reserved;
} WritePlan;

void write_plan_init(WritePlan *self);

/*
 * Adds that `key` gets `version` (a reference goes to the plan, also on failure). An epoch is held.
 * OK or NO_MEMORY.
 */
StorageStatus write_plan_version(MemoryStore *store, WritePlan *self, StorageSlice key, Version *version,
                                 uint32_t event, uint32_t revision_offset, int is_linked);

/* Adds the event of a cleared range. OK or NO_MEMORY. */
StorageStatus write_plan_cleared(WritePlan *self, HistoryRange *range, uint32_t revision_offset);

/* Takes the bytes of the plan from the limit. OK; NO_SPACE (deletes never). */
StorageStatus write_plan_reserve(MemoryStore *store, WritePlan *self);

/* Publishes it under new revisions. The stripes are still locked; what was superseded is retired. */
void write_plan_publish(MemoryStore *store, WritePlan *self, int64_t now_ns);

/* Undoes what the plan did so far. */
void write_plan_abandon(MemoryStore *store, WritePlan *self);

/* Frees the plan's own memory, after either. */
void write_plan_done(WritePlan *self);

#endif
