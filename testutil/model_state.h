/* model_state.h - what the files of the model share; private to testutil. */
#ifndef STORAGE_TESTUTIL_MODEL_STATE_H
#define STORAGE_TESTUTIL_MODEL_STATE_H

#include "model_table.h"

struct TestutilModel {
    ModelTable table;
    int64_t wall_ns, last_commit_ns;
    uint64_t revision;
    StorageChange *changes;
    uint8_t *are_transient; /* of each change: its key was absent before and after the one write that made it */
    size_t change_count, change_capacity, transient_capacity;
    uint64_t *names;
    size_t name_count, name_index;
    int is_disordered;
};

/* The revision that the next write gets, and its use. */
uint64_t testutil_model_next_revision(const TestutilModel *self);
void testutil_model_use_revision(TestutilModel *self, uint64_t revision);

/*
 * Makes `*table`, which is the store with `operations` done, the store, under one revision. Watchers see the net
 * effect: of each key its last operation, unless a later clear covers it, and of deletes and clears those that met
 * something. Rows of revision MODEL_TENTATIVE get the revision. Returns it; 0 when there was no net effect.
 * `had_effect`: some operation changed something, if only for the ones after it.
 */
#define MODEL_TENTATIVE UINT64_MAX
uint64_t testutil_model_commit(TestutilModel *self, ModelTable *table, const StorageOperation *operations, size_t count,
                               int had_effect);

TestutilModelCursor *testutil_model_cursor_new(ModelTable selection, const StorageRange *range, uint32_t flags,
                                               uint64_t limit);

#endif
