/*
 * memory/limbo.c - lists of what was retired, one set for each phase of the epoch.
 *
 * What is in the lists of a phase was unlinked before it was put there, so it may be freed when core/epoch.h says that
 * the phase is ripe.
 */
#include "backends/memory/limbo.h"

int limbo_init(Limbo *self)
{
    epoch_init(&self->epoch);
    atomic_init(&self->count, 0);
    atomic_init(&self->bytes, 0);
    for (size_t phase = 0; phase < EPOCH_PHASES; phase++)
        self->phases[phase] = (LimboLists){0};
    return pthread_mutex_init(&self->lock, NULL);
}

void limbo_done(Limbo *self)
{
    (void)pthread_mutex_destroy(&self->lock);
}

static LimboLists *lock_lists(Limbo *self, size_t count, uint64_t bytes)
{
    LimboLists *lists;
    (void)pthread_mutex_lock(&self->lock);
    lists = &self->phases[epoch_phase(&self->epoch)];
    lists->count += count;
    lists->bytes += bytes;
    (void)atomic_fetch_add_explicit(&self->bytes, bytes, memory_order_relaxed);
    (void)atomic_fetch_add_explicit(&self->count, count, memory_order_relaxed);
    return lists;
}

void limbo_retire_superseded(Limbo *self, Version *list, size_t count)
{
    LimboLists *lists;
    Version *last = list;
    uint64_t bytes = 0;
    if (list == NULL)
        return;
    for (Version *version = list; version != NULL; version = version->next_retired) {
        bytes += version_footprint(version);
        last = version;
    }
    lists = lock_lists(self, count, bytes);
    last->next_retired = lists->superseded;
    lists->superseded = list;
    (void)pthread_mutex_unlock(&self->lock);
}

void limbo_retire_version(Limbo *self, Version *version)
{
    LimboLists *lists = lock_lists(self, 1, version_footprint(version));
    version->next_retired = lists->versions;
    lists->versions = version;
    (void)pthread_mutex_unlock(&self->lock);
}

void limbo_retire_record(Limbo *self, Record *record)
{
    LimboLists *lists = lock_lists(self, 1, 0);
    record->next_retired = lists->records;
    lists->records = record;
    (void)pthread_mutex_unlock(&self->lock);
}

void limbo_retire_node(Limbo *self, RetiredNode *node)
{
    LimboLists *lists = lock_lists(self, 1, 0);
    node->next_retired = lists->nodes;
    lists->nodes = node;
    (void)pthread_mutex_unlock(&self->lock);
}

int limbo_advance(Limbo *self, LimboLists *ret_ripe)
{
    uint32_t phase;
    int has_moved;
    *ret_ripe = (LimboLists){0};
    (void)pthread_mutex_lock(&self->lock);
    has_moved = epoch_advance(&self->epoch, &phase);
    if (has_moved) {
        *ret_ripe = self->phases[phase];
        self->phases[phase] = (LimboLists){0};
        (void)atomic_fetch_sub_explicit(&self->count, ret_ripe->count, memory_order_relaxed);
        (void)atomic_fetch_sub_explicit(&self->bytes, ret_ripe->bytes, memory_order_relaxed);
    }
    (void)pthread_mutex_unlock(&self->lock);
    return has_moved;
}

LimboLists limbo_take_all(Limbo *self)
{
    LimboLists all = {0};
    for (size_t phase = 0; phase < EPOCH_PHASES; phase++) {
        LimboLists *lists = &self->phases[phase];
        while (lists->superseded != NULL) {
            Version *version = lists->superseded;
            lists->superseded = version->next_retired;
            version->next_retired = all.superseded;
            all.superseded = version;
        }
        while (lists->versions != NULL) {
            Version *version = lists->versions;
            lists->versions = version->next_retired;
            version->next_retired = all.versions;
            all.versions = version;
        }
        while (lists->records != NULL) {
            Record *record = lists->records;
            lists->records = record->next_retired;
            record->next_retired = all.records;
            all.records = record;
        }
        while (lists->nodes != NULL) {
            RetiredNode *node = lists->nodes;
            lists->nodes = node->next_retired;
            node->next_retired = all.nodes;
            all.nodes = node;
        }
    }
    return all;
}
