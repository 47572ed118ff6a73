/*
 * model_transaction.c - transactions of the model: three isolations, savepoints, validation at the commit.
 *
 * A transaction is what it was begun on and the list of its writes. What it sees is a replay of the list; the commit
 * replays it once more, on the store as it is then.
 *
 * Invariants:
 *   1. The list has the operations that answered OK, in program order, without those that were rolled back.
 *   2. What was read stays read, also after a rollback.
 */
#include "model_state.h"

#include <stdlib.h>

typedef struct ModelSavepoint {
    uint32_t number;
    size_t operation_count;
} ModelSavepoint;

/* What an operation was decided on. */
typedef struct ModelBasis {
    int is_own;        /* on a write of the transaction itself */
    uint64_t revision; /* else on the row of this revision, 0 for none */
    int is_touch;      /* noted as a set of the value that it found */
} ModelBasis;

struct TestutilModelTransaction {
    TestutilModel *model;
    uint32_t isolation, flags;
    int has_ended;
    ModelTable base; /* as it was at the begin */
    int64_t begin_ns;
    uint64_t begin_revision;
    StorageOperation *operations;
    ModelBasis *bases; /* of each operation */
    size_t operation_count, operation_capacity, basis_capacity;
    ModelSavepoint *savepoints;
    size_t savepoint_count, savepoint_capacity;
    uint32_t last_savepoint_no;
    StorageRange *reads; /* single keys too */
    size_t read_count, read_capacity;
    ModelTable view; /* keeps what the last get handed out */
};

TestutilModelTransaction *testutil_model_begin(TestutilModel *self, uint32_t isolation, uint32_t flags)
{
    TestutilModelTransaction *txn = testutil_model_allocate(sizeof(*txn));

    txn->model = self;
    txn->isolation = isolation;
    txn->flags = flags;
    txn->base = testutil_model_table_copy(&self->table);
    txn->begin_ns = testutil_model_now(self);
    txn->begin_revision = self->revision;
    return txn;
}

static int64_t view_time(const TestutilModelTransaction *self)
{
    return self->isolation == STORAGE_ISOLATION_READ_COMMITTED ? testutil_model_now(self->model) : self->begin_ns;
}

/* What the transaction sees now. */
static void make_view(TestutilModelTransaction *self)
{
    int is_live = self->isolation == STORAGE_ISOLATION_READ_COMMITTED;
    int has_effect;

    testutil_model_table_done(&self->view);
    self->view = testutil_model_table_copy(is_live ? &self->model->table : &self->base);
    for (size_t i = 0; i < self->operation_count; i++)
        (void)testutil_model_table_apply(&self->view, &self->operations[i], view_time(self), 0, &has_effect);
}

static void note_read(TestutilModelTransaction *self, const StorageRange *range)
{
    self->reads = testutil_model_grow(self->reads, self->read_count, &self->read_capacity, sizeof(*self->reads));
    self->reads[self->read_count++] = testutil_model_range_copy(range);
}

static StorageRange range_of_key(StorageSlice key)
{
    return (StorageRange){{key, STORAGE_BOUND_INCLUDED}, {key, STORAGE_BOUND_INCLUDED}};
}

/* Whether the transaction itself decides what `key` is. */
static int is_own(const TestutilModelTransaction *self, StorageSlice key)
{
    for (size_t i = 0; i < self->operation_count; i++) {
        const StorageOperation *operation = &self->operations[i];
        if (operation->kind == STORAGE_OPERATION_CLEAR_RANGE ? testutil_model_range_contains(&operation->range, key)
                                                             : testutil_model_compare(operation->key, key) == 0)
            return 1;
    }
    return 0;
}

StorageStatus testutil_model_transaction_get(TestutilModelTransaction *self, StorageSlice key,
                                             TestutilModelRow *ret_row)
{
    StorageRange range = range_of_key(key);

    if (self->has_ended)
        return STORAGE_INVALID_ARGUMENT;
    make_view(self);
    if (!is_own(self, key))
        note_read(self, &range);
    const TestutilModelRow *row = testutil_model_table_find(&self->view, key, view_time(self));
    if (row == NULL)
        return STORAGE_NOT_FOUND;
    *ret_row = *row;
    return STORAGE_OK;
}

int testutil_model_transaction_peek(TestutilModelTransaction *self, StorageSlice key, TestutilModelRow *ret_row)
{
    make_view(self);
    const TestutilModelRow *row = testutil_model_table_find(&self->view, key, view_time(self));
    if (row != NULL)
        *ret_row = *row;
    return row != NULL;
}

TestutilModelCursor *testutil_model_transaction_scan(TestutilModelTransaction *self, const StorageRange *range,
                                                     uint32_t flags, uint64_t limit)
{
    StorageRange all = {0};

    if (range == NULL)
        range = &all;
    make_view(self);
    note_read(self, range);
    return testutil_model_cursor_new(testutil_model_table_select(&self->view, range, view_time(self)), range, flags,
                                     limit);
}

/* The expiry that the transaction's own row of `key` was written with. */
static StorageExpiry own_expiry(const TestutilModelTransaction *self, StorageSlice key)
{
    for (size_t i = self->operation_count; i > 0; i--) {
        const StorageOperation *operation = &self->operations[i - 1];
        if (operation->kind != STORAGE_OPERATION_CLEAR_RANGE && testutil_model_compare(operation->key, key) == 0)
            return operation->expiry;
    }
    return (StorageExpiry){0, STORAGE_EXPIRY_NEVER};
}

/* Notes an operation that holds. What it takes over from the row is settled now; AFTER counts from the commit. */
static void note_operation(TestutilModelTransaction *self, const StorageOperation *operation,
                           const TestutilModelRow *row)
{
    StorageOperation noted = *operation;
    ModelBasis basis = {.is_own = is_own(self, operation->key), .revision = row == NULL ? 0 : row->revision};

    if (noted.kind == STORAGE_OPERATION_TOUCH) {
        noted.kind = STORAGE_OPERATION_SET;
        noted.value = row->value;
        basis.is_touch = 1;
    }
    if (noted.expiry.kind == STORAGE_EXPIRY_KEEP && row == NULL)
        noted.expiry.kind = STORAGE_EXPIRY_NEVER;
    else if (noted.expiry.kind == STORAGE_EXPIRY_KEEP && basis.is_own)
        noted.expiry = own_expiry(self, noted.key);
    else if (noted.expiry.kind == STORAGE_EXPIRY_KEEP)
        noted.expiry = (StorageExpiry){row->expires_at_ns, STORAGE_EXPIRY_AT};
    self->operations = testutil_model_grow(self->operations, self->operation_count, &self->operation_capacity,
                                           sizeof(*self->operations));
    self->bases = testutil_model_grow(self->bases, self->operation_count, &self->basis_capacity, sizeof(*self->bases));
    self->bases[self->operation_count] = basis;
    self->operations[self->operation_count++] = testutil_model_operation_copy(&noted);
}

StorageStatus testutil_model_transaction_write(TestutilModelTransaction *self, const StorageOperation *operation,
                                               uint64_t *ret_revision)
{
    StorageRange range = range_of_key(operation->key);

    if (ret_revision != NULL)
        *ret_revision = 0;
    if (self->has_ended)
        return STORAGE_INVALID_ARGUMENT;
    if (self->flags & STORAGE_TRANSACTION_READ_ONLY)
        return STORAGE_READ_ONLY;
    make_view(self);
    int is_reading = operation->kind == STORAGE_OPERATION_TOUCH ||
                     operation->kind == STORAGE_OPERATION_COMPARE_AND_SET ||
                     operation->kind == STORAGE_OPERATION_COMPARE_AND_DELETE;
    if (is_reading && !is_own(self, operation->key))
        note_read(self, &range);
    const TestutilModelRow *row = testutil_model_table_find(&self->view, operation->key, view_time(self));
    if (!testutil_model_operation_holds(operation, row)) {
        if (ret_revision != NULL && row != NULL)
            *ret_revision = row->revision;
        return STORAGE_CONFLICT;
    }
    if (operation->kind == STORAGE_OPERATION_TOUCH && row == NULL)
        return STORAGE_NOT_FOUND;
    note_operation(self, operation, row);
    return STORAGE_OK;
}

/* ---- savepoints ---- */

uint32_t testutil_model_transaction_savepoint(TestutilModelTransaction *self)
{
    self->savepoints = testutil_model_grow(self->savepoints, self->savepoint_count, &self->savepoint_capacity,
                                           sizeof(*self->savepoints));
    self->savepoints[self->savepoint_count++] = (ModelSavepoint){++self->last_savepoint_no, self->operation_count};
    return self->last_savepoint_no;
}

static size_t find_savepoint(const TestutilModelTransaction *self, uint32_t savepoint_no)
{
    size_t i = 0;

    while (i < self->savepoint_count && self->savepoints[i].number != savepoint_no)
        i++;
    return i;
}

StorageStatus testutil_model_transaction_rollback_to(TestutilModelTransaction *self, uint32_t savepoint_no)
{
    size_t i = find_savepoint(self, savepoint_no);

    if (self->has_ended || i == self->savepoint_count)
        return STORAGE_INVALID_ARGUMENT;
    while (self->operation_count > self->savepoints[i].operation_count)
        testutil_model_operation_done(&self->operations[--self->operation_count]);
    self->savepoint_count = i + 1;
    return STORAGE_OK;
}

StorageStatus testutil_model_transaction_drop_savepoint(TestutilModelTransaction *self, uint32_t savepoint_no)
{
    size_t i = find_savepoint(self, savepoint_no);

    if (self->has_ended || i == self->savepoint_count)
        return STORAGE_INVALID_ARGUMENT;
    self->savepoint_count = i;
    return STORAGE_OK;
}

/* ---- commit ---- */

/* Whether the transaction had a row in both ranges when it began. */
static int had_row_in(const TestutilModelTransaction *self, const StorageRange *a, const StorageRange *b)
{
    ModelTable rows = testutil_model_table_select(&self->base, a, self->begin_ns);
    int had_row = 0;

    for (size_t i = 0; i < rows.count; i++)
        had_row |= testutil_model_range_contains(b, rows.rows[i].key);
    testutil_model_table_done(&rows);
    return had_row;
}

/*
 * Whether a commit since the begin has written in `range`. Expiring is no write, and so the sweep is none. A clear is a
 * write of every key in its range, present or not; for what was only read it changed the rows that it met.
 */
static int has_changed(const TestutilModelTransaction *self, const StorageRange *range, int is_read)
{
    for (size_t i = 0; i < self->model->change_count; i++) {
        if (self->model->are_transient[i])
            continue;
        const StorageChange *change = &self->model->changes[i];
        int is_clear = change->kind == STORAGE_CHANGE_CLEARED;
        StorageRange changed = is_clear ? change->range : range_of_key(change->key);
        if (change->revision > self->begin_revision && change->kind != STORAGE_CHANGE_EXPIRED &&
            testutil_model_ranges_meet(&changed, range) && (!is_clear || !is_read || had_row_in(self, &changed, range)))
            return 1;
    }
    return 0;
}

static int is_isolated(const TestutilModelTransaction *self)
{
    if (self->isolation == STORAGE_ISOLATION_READ_COMMITTED)
        return 1;
    for (size_t i = 0; i < self->operation_count; i++) {
        const StorageOperation *operation = &self->operations[i];
        StorageRange range =
            operation->kind == STORAGE_OPERATION_CLEAR_RANGE ? operation->range : range_of_key(operation->key);
        if (has_changed(self, &range, 0))
            return 0;
    }
    for (size_t i = 0; self->isolation == STORAGE_ISOLATION_SERIALIZABLE && i < self->read_count; i++) {
        if (has_changed(self, &self->reads[i], 1))
            return 0;
    }
    return 1;
}

/* The preconditions that were decided on the committed state, on the committed state of now. */
static int do_conditions_hold(const TestutilModelTransaction *self)
{
    for (size_t i = 0; i < self->operation_count; i++) {
        const StorageOperation *operation = &self->operations[i];
        const TestutilModelRow *row =
            testutil_model_table_find(&self->model->table, operation->key, testutil_model_now(self->model));
        if (!self->bases[i].is_own && !testutil_model_operation_holds(operation, row))
            return 0;
    }
    return 1;
}

/* A touch carries the value along that it found, so that row must still be there, in every isolation. */
static int are_touched_rows_there(const TestutilModelTransaction *self)
{
    for (size_t i = 0; i < self->operation_count; i++) {
        const StorageOperation *operation = &self->operations[i];
        if (self->bases[i].is_own || !self->bases[i].is_touch)
            continue;
        const TestutilModelRow *row =
            testutil_model_table_find(&self->model->table, operation->key, testutil_model_now(self->model));
        if (row == NULL || row->revision != self->bases[i].revision)
            return 0;
    }
    return 1;
}

static int lies_in_a_read(const TestutilModelTransaction *self, StorageSlice key)
{
    for (size_t i = 0; i < self->read_count; i++) {
        if (testutil_model_range_contains(&self->reads[i], key))
            return 1;
    }
    return 0;
}

/* Whether a row that was read, and alive, has expired: a serializable transaction must not commit on it. */
static int has_read_expired(const TestutilModelTransaction *self)
{
    for (size_t i = 0; self->isolation == STORAGE_ISOLATION_SERIALIZABLE && i < self->base.count; i++) {
        StorageSlice key = self->base.rows[i].key;
        if (testutil_model_table_find(&self->base, key, self->begin_ns) != NULL &&
            testutil_model_table_find(&self->base, key, testutil_model_now(self->model)) == NULL &&
            lies_in_a_read(self, key))
            return 1;
    }
    return 0;
}

/* Whether the transaction wrote the key, or, serializable, read it. */
static int is_about(const TestutilModelTransaction *self, StorageSlice key)
{
    return is_own(self, key) || (self->isolation == STORAGE_ISOLATION_SERIALIZABLE && lies_in_a_read(self, key));
}

static int clears_near(const TestutilModelTransaction *self, const StorageRange *range)
{
    for (size_t i = 0; i < self->operation_count; i++) {
        if (self->operations[i].kind == STORAGE_OPERATION_CLEAR_RANGE &&
            testutil_model_ranges_may_meet(&self->operations[i].range, range))
            return 1;
    }
    return 0;
}

int testutil_model_transaction_may_be_refused(const TestutilModelTransaction *self)
{
    const TestutilModel *model = self->model;
    int64_t now_ns = testutil_model_now(model);

    if (self->isolation == STORAGE_ISOLATION_READ_COMMITTED || self->operation_count == 0)
        return 0;
    for (size_t i = 0; i < model->change_count; i++) {
        const StorageChange *change = &model->changes[i];
        if (change->revision <= self->begin_revision)
            continue;
        if ((model->are_transient[i] && is_about(self, change->key)) ||
            (change->kind == STORAGE_CHANGE_CLEARED && clears_near(self, &change->range)))
            return 1;
    }
    for (size_t i = 0; i < self->base.count; i++) {
        const TestutilModelRow *row = &self->base.rows[i];
        if (row->expires_at_ns == STORAGE_NEVER || row->expires_at_ns > now_ns)
            continue;
        if (is_about(self, row->key))
            return 1;
    }
    return 0;
}

static StorageStatus validate(const TestutilModelTransaction *self)
{
    if (!do_conditions_hold(self))
        return STORAGE_CONFLICT;
    if (self->operation_count > 0 && (!are_touched_rows_there(self) || !is_isolated(self) || has_read_expired(self)))
        return STORAGE_SERIALIZATION;
    return STORAGE_OK;
}

StorageStatus testutil_model_transaction_commit(TestutilModelTransaction *self, uint64_t *ret_revision)
{
    TestutilModel *model = self->model;

    if (self->has_ended)
        return STORAGE_INVALID_ARGUMENT;
    self->has_ended = 1;
    StorageStatus status = validate(self);
    if (status != STORAGE_OK)
        return status;
    ModelTable table = testutil_model_table_copy(&model->table);
    int had_effect = 0;
    for (size_t i = 0; i < self->operation_count; i++) {
        int has_effect;
        (void)testutil_model_table_apply(&table, &self->operations[i], testutil_model_now(model), MODEL_TENTATIVE,
                                         &has_effect);
        had_effect |= has_effect;
    }
    *ret_revision = testutil_model_commit(model, &table, self->operations, self->operation_count, had_effect);
    return STORAGE_OK;
}

size_t testutil_model_transaction_write_count(const TestutilModelTransaction *self)
{
    return self->operation_count;
}

void testutil_model_transaction_abort(TestutilModelTransaction *self)
{
    self->has_ended = 1;
}

void testutil_model_transaction_close(TestutilModelTransaction *self)
{
    if (self == NULL)
        return;
    while (self->operation_count > 0)
        testutil_model_operation_done(&self->operations[--self->operation_count]);
    while (self->read_count > 0)
        testutil_model_range_done(&self->reads[--self->read_count]);
    testutil_model_table_done(&self->base);
    testutil_model_table_done(&self->view);
    free(self->operations);
    free(self->bases);
    free(self->savepoints);
    free(self->reads);
    free(self);
}
