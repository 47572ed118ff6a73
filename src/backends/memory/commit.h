/* memory/commit.h - from a write set to a published commit. */
#ifndef MEMORY_COMMIT_H
#define MEMORY_COMMIT_H

#include "backends/memory/conflict.h"

/*
 * Plans the net effect of a write set against the newest state. Inside an epoch, every stripe it needs locked.
 * `is_independent`: every operation has a revision and an event of its own; else the final ones, under one revision.
 * OK; NO_MEMORY.
 */
StorageStatus commit_plan(MemoryStore *store, WritePlan *plan, const WriteSet *writes, int64_t now_ns,
                          int is_independent);

/* Reserves, publishes if there is anything to publish, remembers the token. OK; NO_SPACE: nothing was changed, and the
 * stripes are to be unlocked, space reclaimed and the write tried once more. */
StorageStatus commit_finish(MemoryStore *store, WritePlan *plan, int64_t now_ns);

/* The stripes that a write set needs. */
StripeSet commit_stripes(const WriteSet *writes, const StorageContext *ctx);

/* The answer of an earlier commit with the context's token, if it has one: OK; IDEMPOTENCY_KEY_REUSED; NOT_FOUND: go
 * on. The stripes are locked. */
StorageStatus commit_replay(MemoryStore *store, int64_t now_ns, StorageResult *ret_results, size_t result_count,
                            uint64_t *ret_revision, StorageContext *ctx);

/* Prepares the token entry of a plan. OK; NO_MEMORY. */
StorageStatus commit_prepare_token(WritePlan *plan, size_t result_count, const StorageContext *ctx);
/* Puts the entry into the table with its results. The stripes are locked. */
void commit_remember(MemoryStore *store, WritePlan *plan, const StorageResult *results, uint64_t revision,
                     int64_t now_ns);

/* After NO_SPACE, without locks: gives back what can be, before the second attempt; reports that it failed too. */
void commit_make_space(MemoryStore *store, StorageContext *ctx);
StorageStatus commit_fail_for_space(MemoryStore *store, StorageContext *ctx);

/* After the stripes were unlocked: a bounded amount of tidying up. */
void commit_tidy(MemoryStore *store);

#endif
