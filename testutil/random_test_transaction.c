/*
 * random_test_transaction.c - the steps of a random test that work in transactions.
 *
 * Several transactions are open at once and their steps are interleaved; an ended one is still asked, and must say so.
 */
#include "random_run.h"

#include <stdio.h>
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
void testutil_trial_close_transaction(RandomRun *self, size_t slot)
{
    RandomTransaction *open = &self->transactions[slot];

    end_cursors(self, slot);
    storage_transaction_close(open->txn);
    testutil_model_transaction_close(open->model);
    testutil_text_done(&open->payload);
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

    testutil_trial_close_transaction(self, slot);
    options.isolation = step->isolation;
    options.flags = step->flags == 3 ? STORAGE_TRANSACTION_READ_ONLY : 0;
    if (options.isolation == STORAGE_ISOLATION_SERIALIZABLE && !(self->capabilities & STORAGE_CAPABILITY_SERIALIZABLE))
        options.isolation = STORAGE_ISOLATION_SNAPSHOT;
    StorageStatus status = storage_begin(self->backend, &options, &open->txn, self->ctx);
    if (testutil_trial_was_refused(self, status) || !testutil_trial_expect_status(self, "begin", STORAGE_OK, status))
        return;
    if (self->weakenings & STORAGE_WEAKENING_WRITES_REFUSED)
        options.flags |= STORAGE_TRANSACTION_READ_ONLY;
    open->model = testutil_model_begin(self->model, options.isolation, options.flags);
}

/* A call that was refused may have left traces in the transaction, so it is given up: of it nothing must be seen. */
static int was_given_up(RandomRun *self, StorageStatus status, size_t slot)
{
    if (!testutil_trial_was_refused(self, status))
        return 0;
    testutil_trial_close_transaction(self, slot);
    return 1;
}

/* ---- reads ---- */

static void step_get(RandomRun *self, const RandomStep *step, size_t slot)
{
    RandomTransaction *open = &self->transactions[slot];
    StorageSlice key = testutil_trial_key(step->key_nos[0]);
    StorageValue value;
    TestutilModelRow row = {0};
    StorageStatus actual = storage_transaction_get(open->txn, key, &value, self->ctx);
    if (was_given_up(self, actual, slot))
        return;
    StorageStatus expected = testutil_model_transaction_get(open->model, key, &row);

    if (testutil_trial_expect_value(self, expected, &row, actual, &value))
        (void)testutil_trial_expect_revision(self, row.revision);
    storage_value_release(&value);
}

static void step_multi_get(RandomRun *self, const RandomStep *step, size_t slot)
{
    RandomTransaction *open = &self->transactions[slot];
    StorageSlice keys[RANDOM_OPERATION_COUNT];
    StorageValue values[RANDOM_OPERATION_COUNT];
    StorageStatus statuses[RANDOM_OPERATION_COUNT];

    for (size_t i = 0; i < step->count; i++)
        keys[i] = testutil_trial_key(step->key_nos[i]);
    StorageStatus status = storage_transaction_multi_get(open->txn, keys, step->count, values, statuses, self->ctx);
    if (was_given_up(self, status, slot))
        return;
    if (!testutil_trial_expect_status(self, "transaction_multi_get",
                                      open->has_ended ? STORAGE_INVALID_ARGUMENT : STORAGE_OK, status))
        return;
    for (size_t i = 0; i < step->count; i++) {
        TestutilModelRow row = {0};
        StorageStatus expected = testutil_model_transaction_get(open->model, keys[i], &row);
        (void)testutil_trial_expect_value(self, expected, &row, statuses[i], &values[i]);
        storage_value_release(&values[i]);
    }
}

static void step_scan(RandomRun *self, const RandomStep *step, size_t slot)
{
    RandomTransaction *open = &self->transactions[slot];
    RandomCursor *cursor = &self->cursors[step->slot % RANDOM_CURSOR_COUNT];
    StorageRange range = testutil_trial_resolve_range(&step->range);
    StorageScanOptions options = STORAGE_SCAN_OPTIONS_INIT;

    testutil_trial_close_cursor(cursor);
    options.flags = step->flags;
    if (!(self->capabilities & STORAGE_CAPABILITY_REVERSE_SCAN))
        options.flags &= ~(uint32_t)STORAGE_SCAN_REVERSE;
    options.limit = (uint64_t)step->amount;
    StorageStatus expected = open->has_ended ? STORAGE_INVALID_ARGUMENT : STORAGE_OK;
    StorageStatus actual = storage_transaction_scan(open->txn, &range, &options, &cursor->cursor, self->ctx);
    if (was_given_up(self, actual, slot))
        return;
    if (!testutil_trial_expect_status(self, "transaction_scan", expected, actual) || expected != STORAGE_OK)
        return;
    cursor->model = testutil_model_transaction_scan(open->model, &range, options.flags, options.limit);
    cursor->is_of_transaction = 1;
    cursor->transaction_slot = slot;
}

/* ---- writes ---- */

/* The payload of a token is the sequence of writes that succeeded, rollbacks included. */
static void note_write(RandomTransaction *open, const StorageOperation *operation)
{
    TestutilText *payload = &open->payload;

    testutil_text_add(payload, "%u ", operation->kind);
    testutil_text_add_bytes(payload, operation->key);
    testutil_text_add(payload, " ");
    testutil_text_add_bytes(payload, operation->value);
    testutil_text_add(payload, " %u %lld %u %llu ", operation->expiry.kind, (long long)operation->expiry.ns,
                      operation->expected.kind, (unsigned long long)operation->expected.revision);
    testutil_text_add_bytes(payload, operation->expected.value);
    testutil_text_add_range(payload, &operation->range);
    testutil_text_add(payload, "\n");
}

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
        testutil_model_transaction_peek(open->model, testutil_trial_key(step->operations[0].key_no), &row) ? &row
                                                                                                           : NULL;
    StorageOperation operation = testutil_trial_resolve(self, &step->operations[0], current);
    StorageStatus actual = call_write(self, open->txn, &operation);
    if (was_given_up(self, actual, slot))
        return;
    StorageStatus expected = testutil_model_transaction_write(open->model, &operation, &revision);

    if (actual == STORAGE_OK)
        note_write(open, &operation);
    if (testutil_trial_expect_status(self, "transaction_write", expected, actual))
        (void)testutil_trial_expect_revision(self, revision);
}

/* The first answer again, or a refusal, and no effect in either case. */
static void expect_replay(RandomRun *self, RandomTransaction *open, const RandomCommitToken *token,
                          StorageStatus actual, uint64_t revision)
{
    int is_same = strcmp(testutil_text(&token->payload), testutil_text(&open->payload)) == 0;

    testutil_model_transaction_abort(open->model);
    if (testutil_trial_expect_status(self, "commit with a token used before",
                                     is_same ? STORAGE_OK : STORAGE_IDEMPOTENCY_KEY_REUSED, actual) &&
        is_same)
        (void)testutil_trial_expect_number(self, "replayed revision of the commit", (int64_t)token->revision,
                                           (int64_t)revision);
}

/* The answer of a commit, held against the model's. */
static void expect_commit(RandomRun *self, RandomTransaction *open, StorageStatus actual, uint64_t revision)
{
    uint64_t expected_revision = 0;

    if (actual == STORAGE_SERIALIZATION && testutil_model_transaction_may_be_refused(open->model)) {
        testutil_model_transaction_abort(open->model);
        return;
    }
    testutil_model_name_revisions(self->model, &revision, actual == STORAGE_OK && revision != 0);
    StorageStatus expected = testutil_model_transaction_commit(open->model, &expected_revision);
    int is_disordered = testutil_model_end_names(self->model);
    if (!testutil_trial_expect_status(self, "commit", expected, actual) ||
        !testutil_trial_expect_number(self, "revisions that are not larger than those before", 0, is_disordered))
        return;
    (void)testutil_trial_expect_number(self, "revision of the commit", (int64_t)expected_revision, (int64_t)revision);
    if (expected == STORAGE_OK)
        (void)testutil_trial_expect_revision(self, expected_revision);
    self->outcome->effect_count += expected == STORAGE_OK && expected_revision != 0;
}

static void step_commit(RandomRun *self, const RandomStep *step, size_t slot)
{
    RandomTransaction *open = &self->transactions[slot];
    RandomCommitToken *token = &self->commit_tokens[step->amount % RANDOM_TOKEN_COUNT];
    int has_token = step->flags == 3 && (self->capabilities & STORAGE_CAPABILITY_IDEMPOTENCY) && !open->has_ended;
    uint64_t revision = 0;
    char name[32];

    (void)snprintf(name, sizeof(name), "commit %d", (int)(step->amount % RANDOM_TOKEN_COUNT));
    testutil_trial_note_attempt(self);
    StorageStatus actual = storage_context_set_token(self->ctx, storage_string(has_token ? name : NULL));
    if (was_given_up(self, actual, slot) || !testutil_trial_expect_status(self, "set_token", STORAGE_OK, actual))
        return;
    actual = storage_transaction_commit(open->txn, &revision, self->ctx);
    (void)storage_context_set_token(self->ctx, (StorageSlice){0});
    open->has_ended = 1;
    end_cursors(self, slot);
    if (testutil_trial_was_refused(self, actual)) {
        testutil_model_transaction_abort(open->model);
        return;
    }
    /* A store may look at what was read although there is nothing to write, because it has a token to remember. */
    if (has_token && actual == STORAGE_SERIALIZATION && testutil_model_transaction_write_count(open->model) == 0) {
        testutil_model_transaction_abort(open->model);
        return;
    }
    if (has_token && token->is_used) {
        expect_replay(self, open, token, actual, revision);
        return;
    }
    if (has_token && actual == STORAGE_OK) {
        token->is_used = 1;
        token->revision = revision;
        token->payload = open->payload;
        open->payload = (TestutilText){0};
    }
    expect_commit(self, open, actual, revision);
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
    if (!testutil_trial_expect_status(self, "savepoint", open->has_ended ? STORAGE_INVALID_ARGUMENT : STORAGE_OK,
                                      status) ||
        open->has_ended)
        return;
    (void)testutil_trial_expect_number(self, "savepoints in order", 1, savepoint.number > last);
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
        if (actual == STORAGE_OK)
            testutil_text_add(&open->payload, "rollback to %u\n", savepoint.number);
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
    (void)testutil_trial_expect_status(self, step->kind == RANDOM_ROLLBACK_TO ? "rollback_to" : "drop_savepoint",
                                       expected, actual);
}

void testutil_trial_step_transaction(RandomRun *self, const RandomStep *step)
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
        step_commit(self, step, slot);
        break;
    case RANDOM_CLOSE_TRANSACTION:
        testutil_trial_close_transaction(self, slot);
        break;
    default:
        step_to_savepoint(self, step, slot);
        break;
    }
}
