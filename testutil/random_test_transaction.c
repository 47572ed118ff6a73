/*
 * random_test_transaction.c - the steps of a random test that work in transactions.
 *
 * Several transactions are open at once and their steps are interleaved; an ended one is still asked, and must say so.
 */
#include "random_run.h"

#include <string.h>

static void end_cursors(RandomRun *self, size_t slot)
{
    for (size_t i = 0; i < RANDOM_CURSOR_COUNT; i++) {
        RandomCursor *cursor = &self->cursors[i];
        if (cursor->is_of_transaction && cursor->transaction_slot == slot)
            cursor->has_ended = 1;
    }
}

/* The cursors of a transaction that is closed are left without one: closing them is all that may be done. */
void random_close_transaction(RandomRun *self, size_t slot)
{
    RandomTransaction *open = &self->transactions[slot];

    end_cursors(self, slot);
    storage_transaction_close(open->txn);
    testutil_model_transaction_close(open->model);
    memset(open, 0, sizeof(*open));
    for (size_t i = 0; i < RANDOM_CURSOR_COUNT; i++) {
        RandomCursor *cursor = &self->cursors[i];
        if (cursor->is_of_transaction && cursor->transaction_slot == slot)
            cursor->is_of_transaction = 0;
    }
}

static void step_begin(RandomRun *self, const RandomStep *step, size_t slot)
{
    RandomTransaction *open = &self->transactions[slot];
    StorageTransactionOptions options = STORAGE_TRANSACTION_OPTIONS_INIT;

    random_close_transaction(self, slot);
    options.isolation = step->isolation;
    options.flags = step->flags == 3 ? STORAGE_TRANSACTION_READ_ONLY : 0;
    if (options.isolation == STORAGE_ISOLATION_SERIALIZABLE && !(self->capabilities & STORAGE_CAPABILITY_SERIALIZABLE))
        options.isolation = STORAGE_ISOLATION_SNAPSHOT;
    StorageStatus status = storage_begin(self->backend, &options, &open->txn, self->ctx);
    if (random_was_refused(self, status) || !random_expect_status(self, "begin", STORAGE_OK, status))
        return;
    if (self->weakenings & STORAGE_WEAKENING_WRITES_REFUSED)
        options.flags |= STORAGE_TRANSACTION_READ_ONLY;
    open->model = testutil_model_begin(self->model, options.isolation, options.flags);
}

/* A call that was refused may have left traces in the transaction, so it is given up: of it nothing must be seen. */
static int was_given_up(RandomRun *self, StorageStatus status, size_t slot)
{
    if (!random_was_refused(self, status))
        return 0;
    random_close_transaction(self, slot);
    return 1;
}

/* ---- reads ---- */

static void step_get(RandomRun *self, const RandomStep *step, size_t slot)
{
    RandomTransaction *open = &self->transactions[slot];
    StorageSlice key = random_key(step->key_nos[0]);
    StorageValue value;
    TestutilModelRow row = {0};
    StorageStatus actual = storage_transaction_get(open->txn, key, &value, self->ctx);
    if (was_given_up(self, actual, slot))
        return;
    StorageStatus expected = testutil_model_transaction_get(open->model, key, &row);

    if (random_expect_value(self, expected, &row, actual, &value))
        (void)random_expect_revision(self, row.revision);
    storage_value_release(&value);
}

static void step_multi_get(RandomRun *self, const RandomStep *step, size_t slot)
{
    RandomTransaction *open = &self->transactions[slot];
    StorageSlice keys[RANDOM_OPERATION_COUNT];
    StorageValue values[RANDOM_OPERATION_COUNT];
    StorageStatus statuses[RANDOM_OPERATION_COUNT];

    for (size_t i = 0; i < step->count; i++)
        keys[i] = random_key(step->key_nos[i]);
    StorageStatus status = storage_transaction_multi_get(open->txn, keys, step->count, values, statuses, self->ctx);
    if (was_given_up(self, status, slot))
        return;
    if (!random_expect_status(self, "transaction_multi_get", open->has_ended ? STORAGE_INVALID_ARGUMENT : STORAGE_OK,
                              status))
        return;
    for (size_t i = 0; i < step->count; i++) {
        TestutilModelRow row = {0};
        StorageStatus expected = testutil_model_transaction_get(open->model, keys[i], &row);
        (void)random_expect_value(self, expected, &row, statuses[i], &values[i]);
        storage_value_release(&values[i]);
    }
}

static void step_scan(RandomRun *self, const RandomStep *step, size_t slot)
{
    RandomTransaction *open = &self->transactions[slot];
    RandomCursor *cursor = &self->cursors[step->slot % RANDOM_CURSOR_COUNT];
    StorageRange range = random_resolve_range(&step->range);
    StorageScanOptions options = STORAGE_SCAN_OPTIONS_INIT;

    random_close_cursor(cursor);
    options.flags = step->flags;
    if (!(self->capabilities & STORAGE_CAPABILITY_REVERSE_SCAN))
        options.flags &= ~(uint32_t)STORAGE_SCAN_REVERSE;
    options.limit = (uint64_t)step->amount;
    StorageStatus expected = open->has_ended ? STORAGE_INVALID_ARGUMENT : STORAGE_OK;
    StorageStatus actual = storage_transaction_scan(open->txn, &range, &options, &cursor->cursor, self->ctx);
    if (was_given_up(self, actual, slot))
        return;
    if (!random_expect_status(self, "transaction_scan", expected, actual) || expected != STORAGE_OK)
        return;
    cursor->model = testutil_model_transaction_scan(open->model, &range, options.flags, options.limit);
    cursor->is_of_transaction = 1;
    cursor->transaction_slot = slot;
}

/* ---- writes ---- */

static StorageStatus call_write(RandomRun *self, StorageTransaction *txn, const StorageOperation *operation)
{
    StorageSetOptions options = STORAGE_SET_OPTIONS_INIT;

    options.expiry = operation->expiry;
    switch (operation->kind) {
    case STORAGE_OPERATION_SET:
        return storage_transaction_set(txn, operation->key, operation->value, &options, self->ctx);
    case STORAGE_OPERATION_TOUCH:
        return storage_transaction_touch(txn, operation->key, operation->expiry, self->ctx);
    case STORAGE_OPERATION_DELETE:
        return storage_transaction_delete(txn, operation->key, self->ctx);
    case STORAGE_OPERATION_COMPARE_AND_SET:
        return storage_transaction_compare_and_set(txn, operation->key, operation->expected, operation->value, &options,
                                                   self->ctx);
    case STORAGE_OPERATION_COMPARE_AND_DELETE:
        return storage_transaction_compare_and_delete(txn, operation->key, operation->expected, self->ctx);
    default:
        return storage_transaction_clear_range(txn, &operation->range, self->ctx);
    }
}

static void step_write(RandomRun *self, const RandomStep *step, size_t slot)
{
    RandomTransaction *open = &self->transactions[slot];
    TestutilModelRow row;
    uint64_t revision = 0;
    const TestutilModelRow *current =
        testutil_model_transaction_peek(open->model, random_key(step->operations[0].key_no), &row) ? &row : NULL;
    StorageOperation operation = random_resolve(self, &step->operations[0], current);
    StorageStatus actual = call_write(self, open->txn, &operation);
    if (was_given_up(self, actual, slot))
        return;
    StorageStatus expected = testutil_model_transaction_write(open->model, &operation, &revision);

    if (random_expect_status(self, "transaction_write", expected, actual))
        (void)random_expect_revision(self, revision);
}

static void step_commit(RandomRun *self, size_t slot)
{
    RandomTransaction *open = &self->transactions[slot];
    uint64_t revision = 0, expected_revision = 0;
    StorageStatus actual = storage_transaction_commit(open->txn, &revision, self->ctx);

    random_note_attempt(self);
    open->has_ended = 1;
    end_cursors(self, slot);
    if (random_was_refused(self, actual)) {
        testutil_model_transaction_abort(open->model);
        return;
    }
    if (actual == STORAGE_SERIALIZATION && testutil_model_transaction_may_be_refused(open->model)) {
        testutil_model_transaction_abort(open->model);
        return;
    }
    testutil_model_name_revisions(self->model, &revision, actual == STORAGE_OK && revision != 0);
    StorageStatus expected = testutil_model_transaction_commit(open->model, &expected_revision);
    int is_disordered = testutil_model_end_names(self->model);
    if (!random_expect_status(self, "commit", expected, actual) ||
        !random_expect_number(self, "revisions that are not larger than those before", 0, is_disordered))
        return;
    (void)random_expect_number(self, "revision of the commit", (int64_t)expected_revision, (int64_t)revision);
    if (expected == STORAGE_OK)
        (void)random_expect_revision(self, expected_revision);
    self->outcome->effect_count += expected == STORAGE_OK && expected_revision != 0;
}

/* ---- savepoints ---- */

static void step_savepoint(RandomRun *self, size_t slot)
{
    RandomTransaction *open = &self->transactions[slot];
    RandomSavepoint savepoint = {0};

    if (open->savepoint_count == RANDOM_SAVEPOINT_COUNT)
        return;
    uint32_t last = open->savepoint_count == 0 ? 0 : open->savepoints[open->savepoint_count - 1].number;
    StorageStatus status = storage_transaction_savepoint(open->txn, &savepoint.number, self->ctx);
    if (was_given_up(self, status, slot))
        return;
    if (!random_expect_status(self, "savepoint", open->has_ended ? STORAGE_INVALID_ARGUMENT : STORAGE_OK, status) ||
        open->has_ended)
        return;
    (void)random_expect_number(self, "savepoints in order", 1, savepoint.number > last);
    savepoint.model_number = testutil_model_transaction_savepoint(open->model);
    open->savepoints[open->savepoint_count++] = savepoint;
}

/* Also asks for savepoints that are gone. */
static void step_to_savepoint(RandomRun *self, const RandomStep *step, size_t slot)
{
    RandomTransaction *open = &self->transactions[slot];
    size_t i = (size_t)step->amount % RANDOM_SAVEPOINT_COUNT;
    RandomSavepoint savepoint = open->savepoints[i];
    StorageStatus actual, expected;

    if (savepoint.number == 0)
        return;
    if (step->kind == RANDOM_ROLLBACK_TO) {
        actual = storage_transaction_rollback_to(open->txn, savepoint.number, self->ctx);
        if (was_given_up(self, actual, slot))
            return;
        expected = testutil_model_transaction_rollback_to(open->model, savepoint.model_number);
        if (expected == STORAGE_OK)
            open->savepoint_count = i + 1;
    } else {
        actual = storage_transaction_drop_savepoint(open->txn, savepoint.number, self->ctx);
        if (was_given_up(self, actual, slot))
            return;
        expected = testutil_model_transaction_drop_savepoint(open->model, savepoint.model_number);
        if (expected == STORAGE_OK)
            open->savepoint_count = i;
    }
    (void)random_expect_status(self, step->kind == RANDOM_ROLLBACK_TO ? "rollback_to" : "drop_savepoint", expected,
                               actual);
}

void random_step_transaction(RandomRun *self, const RandomStep *step)
{
    size_t slot = step->slot % RANDOM_TRANSACTION_COUNT;

    if (step->kind != RANDOM_BEGIN && self->transactions[slot].txn == NULL)
        return;
    switch (step->kind) {
    case RANDOM_BEGIN:
        step_begin(self, step, slot);
        break;
    case RANDOM_TRANSACTION_GET:
        step_get(self, step, slot);
        break;
    case RANDOM_TRANSACTION_MULTI_GET:
        step_multi_get(self, step, slot);
        break;
    case RANDOM_TRANSACTION_WRITE:
        step_write(self, step, slot);
        break;
    case RANDOM_TRANSACTION_SCAN:
        step_scan(self, step, slot);
        break;
    case RANDOM_SAVEPOINT:
        step_savepoint(self, slot);
        break;
    case RANDOM_COMMIT:
        step_commit(self, slot);
        break;
    case RANDOM_CLOSE_TRANSACTION:
        random_close_transaction(self, slot);
        break;
    default:
        step_to_savepoint(self, step, slot);
        break;
    }
}
