/*
 * model.c - the model as a store: reads, writes of one or several operations, the sweep, cursors.
 *
 * Invariants:
 *   1. Revisions of commits only grow, and a commit that changes nothing has none.
 *   2. Database time never goes back, except by commits never having happened: it is the larger of the wall clock and
 *      the time of the last commit.
 *   3. `changes` has what every commit did, in order; a failed one leaves nothing there.
 */
#include "model_state.h"

#include <stdlib.h>
#include <string.h>

struct TestutilModelCursor {
    ModelTable rows; /* in the order in which they are handed out */
    StorageRange range;
    size_t index;
    uint64_t limit, handed_out;
    uint32_t flags;
};

/* ---- the store ---- */

TestutilModel *testutil_model_new(void)
{
    TestutilModel *self = testutil_model_allocate(sizeof(*self));

    self->last_commit_ns = INT64_MIN;
    return self;
}

TestutilModel *testutil_model_copy(const TestutilModel *self)
{
    TestutilModel *copy = testutil_model_new();

    copy->table = testutil_model_table_copy(&self->table);
    copy->wall_ns = self->wall_ns;
    copy->last_commit_ns = self->last_commit_ns;
    copy->revision = self->revision;
    return copy;
}

static void free_changes(TestutilModel *self)
{
    while (self->change_count > 0) {
        StorageChange *change = &self->changes[--self->change_count];
        testutil_model_slice_done(&change->key);
        testutil_model_slice_done(&change->value);
        testutil_model_range_done(&change->range);
    }
    free(self->changes);
    free(self->are_transient);
}

void testutil_model_free(TestutilModel *self)
{
    if (self == NULL)
        return;
    testutil_model_table_done(&self->table);
    free_changes(self);
    free(self->names);
    free(self);
}

void testutil_model_set_wall(TestutilModel *self, int64_t unix_ns)
{
    self->wall_ns = unix_ns;
}

int64_t testutil_model_now(const TestutilModel *self)
{
    return self->wall_ns > self->last_commit_ns ? self->wall_ns : self->last_commit_ns;
}

int64_t testutil_model_last_commit(const TestutilModel *self)
{
    return self->last_commit_ns;
}

uint64_t testutil_model_revision(const TestutilModel *self)
{
    return self->revision;
}

StorageStatus testutil_model_get(const TestutilModel *self, StorageSlice key, TestutilModelRow *ret_row)
{
    const TestutilModelRow *row = testutil_model_table_find(&self->table, key, testutil_model_now(self));

    if (row == NULL)
        return STORAGE_NOT_FOUND;
    *ret_row = *row;
    return STORAGE_OK;
}

const TestutilModelRow *testutil_model_rows(const TestutilModel *self, size_t *ret_count)
{
    *ret_count = self->table.count;
    return self->table.rows;
}

/* ---- revisions ---- */

void testutil_model_name_revisions(TestutilModel *self, const uint64_t *revisions, size_t count)
{
    free(self->names);
    self->names = testutil_model_allocate(count * sizeof(*revisions));
    if (count > 0)
        memcpy(self->names, revisions, count * sizeof(*revisions));
    self->name_count = count;
    self->name_index = 0;
}

int testutil_model_end_names(TestutilModel *self)
{
    int was_disordered = self->is_disordered;

    self->name_count = self->name_index = 0;
    self->is_disordered = 0;
    return was_disordered;
}

uint64_t testutil_model_next_revision(const TestutilModel *self)
{
    uint64_t smallest = self->revision + 1;

    if (self->name_index < self->name_count && self->names[self->name_index] >= smallest)
        return self->names[self->name_index];
    return smallest;
}

void testutil_model_use_revision(TestutilModel *self, uint64_t revision)
{
    if (self->name_index < self->name_count && self->names[self->name_index++] != revision)
        self->is_disordered = 1;
    self->revision = revision;
}

/* ---- changes ---- */

static void append_change(TestutilModel *self, const StorageChange *change)
{
    StorageChange copy = *change;

    copy.key = testutil_model_slice_copy(change->key);
    copy.value = testutil_model_slice_copy(change->value);
    copy.range = testutil_model_range_copy(&change->range);
    self->changes =
        testutil_model_grow(self->changes, self->change_count, &self->change_capacity, sizeof(*self->changes));
    self->are_transient = testutil_model_grow(self->are_transient, self->change_count, &self->transient_capacity, 1);
    self->are_transient[self->change_count] = 0;
    self->changes[self->change_count++] = copy;
}

static void append_operation(TestutilModel *self, const StorageOperation *operation, const ModelTable *table,
                             uint64_t revision)
{
    StorageChange change = {.revision = revision, .key = operation->key, .expires_at_ns = STORAGE_NEVER};

    if (operation->kind == STORAGE_OPERATION_CLEAR_RANGE) {
        change.kind = STORAGE_CHANGE_CLEARED;
        change.expires_at_ns = testutil_model_now(self);
        change.key = (StorageSlice){0};
        change.range = operation->range;
    } else if (operation->kind == STORAGE_OPERATION_DELETE || operation->kind == STORAGE_OPERATION_COMPARE_AND_DELETE) {
        change.kind = STORAGE_CHANGE_DELETED;
    } else {
        const TestutilModelRow *row = testutil_model_table_find_stored(table, operation->key);
        change.kind = STORAGE_CHANGE_SET;
        change.value = row->value;
        change.expires_at_ns = row->expires_at_ns;
    }
    append_change(self, &change);
}

const StorageChange *testutil_model_changes(const TestutilModel *self, size_t *ret_count)
{
    *ret_count = self->change_count;
    return self->changes;
}

/* ---- writes ---- */

static void commit_at(TestutilModel *self, uint64_t revision, int64_t now_ns)
{
    testutil_model_use_revision(self, revision);
    self->last_commit_ns = now_ns;
}

static int is_of_key(const StorageOperation *operation)
{
    return operation->kind != STORAGE_OPERATION_CLEAR_RANGE;
}

/* Whether a later operation decides about the key of operation `index`. */
static int is_superseded(const StorageOperation *operations, size_t count, size_t index)
{
    StorageSlice key = operations[index].key;

    for (size_t i = index + 1; i < count; i++) {
        if (is_of_key(&operations[i]) ? testutil_model_compare(operations[i].key, key) == 0
                                      : testutil_model_range_contains(&operations[i].range, key))
            return 1;
    }
    return 0;
}

/* Whether the operation leaves something to be seen, on the store as it was before all of them. */
static int has_net_effect(const TestutilModel *self, const StorageOperation *operations, size_t count, size_t index)
{
    const StorageOperation *operation = &operations[index];
    int64_t now_ns = testutil_model_now(self);

    if (!is_of_key(operation)) {
        ModelTable alive = testutil_model_table_select(&self->table, &operation->range, now_ns);
        int met_something = alive.count > 0;
        testutil_model_table_done(&alive);
        return met_something;
    }
    if (is_superseded(operations, count, index))
        return 0;
    if (operation->kind == STORAGE_OPERATION_DELETE || operation->kind == STORAGE_OPERATION_COMPARE_AND_DELETE)
        return testutil_model_table_find(&self->table, operation->key, now_ns) != NULL;
    return 1;
}

uint64_t testutil_model_commit(TestutilModel *self, ModelTable *table, const StorageOperation *operations, size_t count,
                               int had_effect)
{
    uint64_t revision = testutil_model_next_revision(self), written = 0;

    /* A key that came and went within the commit: whether that is a revision is the store's to say. */
    if (had_effect && self->name_index < self->name_count)
        written = revision;
    for (size_t i = 0; i < table->count; i++) {
        if (table->rows[i].revision == MODEL_TENTATIVE)
            table->rows[i].revision = revision;
    }
    for (size_t i = 0; i < count; i++) {
        if (!has_net_effect(self, operations, count, i))
            continue;
        append_operation(self, &operations[i], table, revision);
        written = revision;
    }
    if (written != 0) {
        commit_at(self, revision, testutil_model_now(self));
        testutil_model_table_done(&self->table);
        self->table = *table;
    } else {
        testutil_model_table_done(table);
    }
    return written;
}

/* Does one operation, conditions included. */
static StorageStatus apply_one(ModelTable *table, const StorageOperation *operation, int64_t now_ns, uint64_t revision,
                               StorageResult *ret_result, int *ret_has_effect)
{
    const TestutilModelRow *row = testutil_model_table_find(table, operation->key, now_ns);

    *ret_has_effect = 0;
    *ret_result = (StorageResult){.status = STORAGE_OK};
    if (!testutil_model_operation_holds(operation, row)) {
        ret_result->status = STORAGE_CONFLICT;
        ret_result->revision = row == NULL || row->revision == MODEL_TENTATIVE ? 0 : row->revision;
    } else {
        ret_result->status = testutil_model_table_apply(table, operation, now_ns, revision, ret_has_effect);
    }
    return ret_result->status;
}

static StorageStatus write_atomic(TestutilModel *self, const StorageOperation *operations, size_t count,
                                  StorageResult *ret_results, uint64_t *ret_revision)
{
    ModelTable table = testutil_model_table_copy(&self->table);
    StorageOperation *effective = testutil_model_allocate(count * sizeof(*effective));
    int *has_effect = testutil_model_allocate(count * sizeof(*has_effect));
    size_t first_failure = count, effective_count = 0;
    StorageStatus status = STORAGE_OK;

    for (size_t i = 0; i < count; i++) {
        StorageStatus single = apply_one(&table, &operations[i], testutil_model_now(self), MODEL_TENTATIVE,
                                         &ret_results[i], &has_effect[i]);
        if (has_effect[i])
            effective[effective_count++] = operations[i];
        if (single != STORAGE_OK && first_failure == count) {
            first_failure = i;
            status = single;
        }
    }
    if (status == STORAGE_OK) {
        *ret_revision = testutil_model_commit(self, &table, effective, effective_count, effective_count > 0);
        for (size_t i = 0; i < count; i++)
            ret_results[i].revision = has_effect[i] ? *ret_revision : 0;
    } else {
        for (size_t i = 0; i < count; i++) {
            if (ret_results[i].status == STORAGE_OK)
                ret_results[i] = (StorageResult){.status = STORAGE_CANCELLED};
        }
        *ret_revision = ret_results[first_failure].revision;
        testutil_model_table_done(&table);
    }
    free(effective);
    free(has_effect);
    return status;
}

/* Marks the changes from `first` on that nobody could see: the key was absent `before` the write and is after it. */
static void mark_transient(TestutilModel *self, size_t first, const ModelTable *before)
{
    int64_t now_ns = testutil_model_now(self);

    for (size_t i = first; i < self->change_count; i++) {
        StorageSlice key = self->changes[i].key;
        self->are_transient[i] = self->changes[i].kind != STORAGE_CHANGE_CLEARED &&
                                 testutil_model_table_find(before, key, now_ns) == NULL &&
                                 testutil_model_table_find(&self->table, key, now_ns) == NULL;
    }
}

static StorageStatus write_independent(TestutilModel *self, const StorageOperation *operations, size_t count,
                                       StorageResult *ret_results, uint64_t *ret_revision)
{
    int64_t now_ns = testutil_model_now(self);
    ModelTable before = testutil_model_table_copy(&self->table);
    size_t first = self->change_count;

    *ret_revision = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t revision = testutil_model_next_revision(self);
        int has_effect;
        (void)apply_one(&self->table, &operations[i], now_ns, revision, &ret_results[i], &has_effect);
        if (!has_effect)
            continue;
        append_operation(self, &operations[i], &self->table, revision);
        commit_at(self, revision, now_ns);
        ret_results[i].revision = *ret_revision = revision;
    }
    mark_transient(self, first, &before);
    testutil_model_table_done(&before);
    return STORAGE_OK;
}

StorageStatus testutil_model_write(TestutilModel *self, const StorageOperation *operations, size_t count, uint32_t mode,
                                   StorageResult *ret_results, uint64_t *ret_revision)
{
    uint64_t unused;

    if (ret_revision == NULL)
        ret_revision = &unused;
    return mode == STORAGE_WRITE_ATOMIC ? write_atomic(self, operations, count, ret_results, ret_revision)
                                        : write_independent(self, operations, count, ret_results, ret_revision);
}

uint64_t testutil_model_sweep(TestutilModel *self)
{
    uint64_t count = 0, revision = testutil_model_next_revision(self);
    int64_t now_ns = testutil_model_now(self);

    for (size_t i = 0; i < self->table.count;) {
        const TestutilModelRow *row = &self->table.rows[i];
        if (testutil_model_table_find(&self->table, row->key, now_ns) != NULL) {
            i++;
            continue;
        }
        append_change(self, &(StorageChange){.key = row->key,
                                             .revision = revision,
                                             .expires_at_ns = row->expires_at_ns,
                                             .kind = STORAGE_CHANGE_EXPIRED});
        testutil_model_table_remove(&self->table, i);
        count++;
    }
    if (count > 0)
        commit_at(self, revision, now_ns);
    return count;
}

/* ---- cursors ---- */

TestutilModelCursor *testutil_model_cursor_new(ModelTable selection, const StorageRange *range, uint32_t flags,
                                               uint64_t limit)
{
    TestutilModelCursor *self = testutil_model_allocate(sizeof(*self));

    self->rows = selection;
    self->range = testutil_model_range_copy(range);
    self->flags = flags;
    self->limit = limit;
    for (size_t i = 0; (flags & STORAGE_SCAN_REVERSE) && i < selection.count / 2; i++) {
        TestutilModelRow row = selection.rows[i];
        selection.rows[i] = selection.rows[selection.count - 1 - i];
        selection.rows[selection.count - 1 - i] = row;
    }
    return self;
}

TestutilModelCursor *testutil_model_scan(const TestutilModel *self, const StorageRange *range, uint32_t flags,
                                         uint64_t limit)
{
    StorageRange all = {0};

    if (range == NULL)
        range = &all;
    return testutil_model_cursor_new(testutil_model_table_select(&self->table, range, testutil_model_now(self)), range,
                                     flags, limit);
}

StorageStatus testutil_model_cursor_next(TestutilModelCursor *self, TestutilModelRow *ret_row)
{
    if (self->index == self->rows.count || (self->limit != 0 && self->handed_out == self->limit))
        return STORAGE_END;
    *ret_row = self->rows.rows[self->index++];
    if (self->flags & STORAGE_SCAN_KEYS_ONLY)
        ret_row->value = (StorageSlice){0};
    self->handed_out++;
    return STORAGE_OK;
}

void testutil_model_cursor_seek(TestutilModelCursor *self, StorageSlice key)
{
    int sign = self->flags & STORAGE_SCAN_REVERSE ? -1 : 1;

    self->index = 0;
    while (self->index < self->rows.count && sign * testutil_model_compare(self->rows.rows[self->index].key, key) < 0)
        self->index++;
}

void testutil_model_cursor_close(TestutilModelCursor *self)
{
    if (self == NULL)
        return;
    testutil_model_table_done(&self->rows);
    testutil_model_range_done(&self->range);
    free(self);
}
