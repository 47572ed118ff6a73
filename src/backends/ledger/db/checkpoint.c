/*
 * db/checkpoint.c - from the working state to the disk, and to the readers.
 *
 * Invariants:
 *   1. No revision is published that is above the reserve of both slots, unless a slot that contains it is durable
 *      (docs/design/crash-safety.md, section 6).
 *   2. What is published never changes: readers get a copy of the roots.
 */
#include "backends/ledger/db/commit.h"

#include <string.h>

#define REVISION_STEP (UINT64_C(1) << 20) /* how many revisions are reserved at once */
#define NO_MEMORY_ATTEMPTS 3
#define DIRTY_SHARE 2u /* of the cache */

static void seal(LedgerStore *self)
{
    for (uint32_t place = LEDGER_TREE_DEFAULT; place <= LEDGER_TREE_CHANGES; place++) {
        LedgerTree tree = ledger_working_tree(self, place);
        if (!ledger_root_is_empty(tree.root))
            tree_seal(&tree);
    }
}

static void fill_slot(const LedgerStore *self, uint64_t reserve, LedgerSlot *ret_slot)
{
    const LedgerWorking *working = &self->working;
    *ret_slot = *pager_slot(self->pager);
    ret_slot->revision = working->state.revision;
    ret_slot->revision_reserve = reserve > ret_slot->revision_reserve ? reserve : ret_slot->revision_reserve;
    ret_slot->commit_time_ns = working->state.time_ns;
    ret_slot->changes_floor = working->state.changes_floor;
    ret_slot->changes_size = working->changes_size;
    ret_slot->tokens_size = working->tokens_size;
    for (uint32_t place = 0; place < LEDGER_TREE_COUNT; place++)
        ledger_root_encode(&working->state.roots[place], ret_slot->roots[place]);
}

/* The batch has ended, so it cannot be taken back: NO_MEMORY, after which nothing has happened, is tried again, and is
 * INDETERMINATE in the end, since the next checkpoint may contain it. */
static StorageStatus checkpoint(LedgerStore *self, uint64_t reserve, StorageContext *ctx)
{
    StorageStatus status = STORAGE_NO_MEMORY;
    LedgerSlot slot;
    seal(self);
    fill_slot(self, reserve, &slot);
    for (int attempt = 0; attempt < NO_MEMORY_ATTEMPTS && status == STORAGE_NO_MEMORY; attempt++)
        status = pager_checkpoint(self->pager, &slot, ctx);
    if (status == STORAGE_NO_MEMORY)
        return storage_fail(ctx, STORAGE_INDETERMINATE,
                            "no memory for a checkpoint; the next one may contain the commit");
    if (status != STORAGE_OK) {
        atomic_store(&self->is_poisoned, 1);
        return status;
    }
    self->durable_revision = slot.revision;
    self->commits_since_sync = 0;
    (void)atomic_fetch_add_explicit(&self->counters.checkpoints, 1, memory_order_relaxed);
    return STORAGE_OK;
}

StorageStatus ledger_checkpoint(LedgerStore *self, StorageContext *ctx)
{
    if (self->working.state.revision == self->durable_revision)
        return STORAGE_OK;
    return checkpoint(self, self->working.state.revision, ctx);
}

StorageStatus ledger_reserve_revisions(LedgerStore *self, uint64_t revision, StorageContext *ctx)
{
    StorageStatus status;
    if (revision <= pager_reserve(self->pager))
        return STORAGE_OK;
    status = checkpoint(self, revision + REVISION_STEP, ctx);
    return status == STORAGE_OK ? pager_copy_slot(self->pager, ctx) : status; /* 1 */
}

StorageStatus ledger_finish_store(LedgerStore *self, StorageContext *ctx)
{
    PagerStatistics statistics;
    pager_statistics(self->pager, &statistics);
    /* A poisoned file is not written: the checkpoint says why. */
    return statistics.is_poisoned ? checkpoint(self, 0, ctx) : ledger_checkpoint(self, ctx);
}

int ledger_is_full(LedgerStore *self)
{
    PagerStatistics statistics;
    pager_statistics(self->pager, &statistics);
    return statistics.dirty_count * self->page_size > self->options.cache_bytes / DIRTY_SHARE;
}

/* ---- publication ---- */

static int is_same_root(const LedgerRoot *left, const LedgerRoot *right)
{
    return memcmp(left->pointer, right->pointer, LEDGER_POINTER_CHECK) == 0; /* page id and birth */
}

/* Gives back what no reader needs any more. */
static void release_old(LedgerStore *self)
{
    uint64_t oldest, oldest_writer;
    if (self->options.reader_age_ns != 0)
        ledger_states_end_old(&self->states, storage_monotonic_ns(&self->base));
    oldest = ledger_states_oldest(&self->states, &oldest_writer);
    pager_release(self->pager, oldest);
    conflict_log_forget(&self->conflicts, oldest_writer);
}

void ledger_publish(LedgerStore *self)
{
    const LedgerState *published = ledger_states_published(&self->states);
    LedgerState *next = self->spare;
    int has_other_expiries =
        !is_same_root(&published->roots[LEDGER_TREE_EXPIRIES], &self->working.state.roots[LEDGER_TREE_EXPIRIES]);
    next->revision = self->working.state.revision;
    next->time_ns = self->working.state.time_ns;
    next->changes_floor = self->working.state.changes_floor;
    memcpy(next->roots, self->working.state.roots, sizeof(next->roots)); /* 2 */
    self->spare = NULL;
    ledger_states_publish(&self->states, next);
    self->working.has_changed = 0;
    if (has_other_expiries)
        atomic_store(&self->next_expiry_ns, ledger_next_expiry(self));
    release_old(self);
    ledger_watch_notify(self, self->working.state.revision);
}
