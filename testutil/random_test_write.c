/*
 * random_test_write.c - the writing steps of a random test, tokens included, and cursors.
 *
 * A condition that asks for "the current" value or revision takes it from the model, so most conditions hold.
 */
#include "random_run.h"

#include <stdio.h>
#include <string.h>

/* ---- from numbers to operations ---- */

static StorageBound resolve_bound(RandomBound bound)
{
    StorageBound resolved = {.kind = bound.kind};

    if (bound.kind != STORAGE_BOUND_OPEN)
        resolved.key = testutil_trial_key(bound.key_no);
    return resolved;
}

StorageRange testutil_trial_resolve_range(const RandomRange *range)
{
    return (StorageRange){resolve_bound(range->start), resolve_bound(range->end)};
}

/* The same bytes where they live for ever: every value of a random test is one of these, and rows of the model move. */
static StorageSlice lasting_value(StorageSlice value)
{
    size_t i = 0;

    while (i < RANDOM_VALUE_COUNT - 1 && testutil_model_compare(testutil_trial_value(i), value) != 0)
        i++;
    return testutil_trial_value(i);
}

/* A revision that is not the current one: the last one given, never one that is still to come. */
static uint64_t other_revision(const RandomRun *self)
{
    uint64_t last = testutil_model_revision(self->model);

    return last == 0 ? INT64_MAX : last;
}

static StorageExpected resolve_expected(const RandomRun *self, const RandomOperation *operation,
                                        const TestutilModelRow *current)
{
    StorageExpected expected = {.kind = operation->expected_kind};
    int is_current = operation->expected_choice == RANDOM_EXPECT_CURRENT && current != NULL;

    if (expected.kind == STORAGE_EXPECT_VALUE)
        expected.value =
            is_current ? lasting_value(current->value) : testutil_trial_value(operation->expected_value_no);
    /* What a transaction wrote has revision 0, which nobody may expect. */
    if (expected.kind == STORAGE_EXPECT_REVISION)
        expected.revision = is_current && current->revision != 0 ? current->revision : other_revision(self);
    return expected;
}

StorageOperation testutil_trial_resolve(const RandomRun *self, const RandomOperation *operation,
                                        const TestutilModelRow *current)
{
    StorageOperation resolved = {.kind = operation->kind, .key = testutil_trial_key(operation->key_no)};
    int has_expiry = (self->capabilities & STORAGE_CAPABILITY_EXPIRY) != 0;

    if (operation->kind == STORAGE_OPERATION_CLEAR_RANGE) {
        resolved.key = (StorageSlice){0};
        resolved.range = testutil_trial_resolve_range(&operation->range);
    }
    if (operation->kind == STORAGE_OPERATION_SET || operation->kind == STORAGE_OPERATION_COMPARE_AND_SET)
        resolved.value = testutil_trial_value(operation->value_no);
    if (operation->kind == STORAGE_OPERATION_COMPARE_AND_SET || operation->kind == STORAGE_OPERATION_COMPARE_AND_DELETE)
        resolved.expected = resolve_expected(self, operation, current);
    if (resolved.value.data != NULL || operation->kind == STORAGE_OPERATION_TOUCH) {
        resolved.expiry.kind = has_expiry ? operation->expiry_kind : STORAGE_EXPIRY_NEVER;
        resolved.expiry.ns = operation->expiry_ns;
        if (resolved.expiry.kind == STORAGE_EXPIRY_AT && operation->expiry_ns < STORAGE_NEVER - self->start_ns)
            resolved.expiry.ns += self->start_ns;
    }
    return resolved;
}

/* Whether the stack has what the operation needs. */
static int is_supported(const RandomRun *self, const StorageOperation *operation)
{
    static const uint64_t needed[] = {0,
                                      0,
                                      STORAGE_CAPABILITY_EXPIRY,
                                      0,
                                      STORAGE_CAPABILITY_COMPARE,
                                      STORAGE_CAPABILITY_COMPARE,
                                      STORAGE_CAPABILITY_CLEAR_RANGE};

    return (self->capabilities & needed[operation->kind]) == needed[operation->kind];
}

static size_t resolve_step(const RandomRun *self, const RandomStep *step, size_t count,
                           StorageOperation *ret_operations)
{
    size_t resolved_count = 0;

    for (size_t i = 0; i < count; i++) {
        TestutilModelRow row;
        StorageStatus status = testutil_model_get(self->model, testutil_trial_key(step->operations[i].key_no), &row);
        StorageOperation operation =
            testutil_trial_resolve(self, &step->operations[i], status == STORAGE_OK ? &row : NULL);
        if (is_supported(self, &operation))
            ret_operations[resolved_count++] = operation;
    }
    return resolved_count;
}

/* ---- writing and comparing ---- */

/* Tells the model which revisions the stack gave. */
static void name_revisions(RandomRun *self, const StorageResult *results, size_t count, uint32_t mode,
                           StorageStatus status)
{
    uint64_t names[RANDOM_OPERATION_COUNT];
    size_t name_count = 0;

    for (size_t i = 0; i < count && status == STORAGE_OK; i++) {
        if (results[i].status == STORAGE_OK && results[i].revision != 0 &&
            (name_count == 0 || mode == STORAGE_WRITE_INDEPENDENT))
            names[name_count++] = results[i].revision;
    }
    testutil_model_name_revisions(self->model, names, name_count);
}

/*
 * Whether the write failed on what it had itself written before. Nothing of it was applied, so which revision the key
 * then has is for the store to say.
 */
static int has_failed_on_itself(const StorageOperation *operations, size_t count, const StorageResult *expected)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; expected[i].status == STORAGE_CONFLICT && j < i; j++) {
            if (operations[j].kind == STORAGE_OPERATION_CLEAR_RANGE ||
                testutil_model_compare(operations[i].key, operations[j].key) == 0)
                return 1;
        }
    }
    return 0;
}

/* The answer of the stack to a write, held against the model's. */
static void expect_write(RandomRun *self, const StorageOperation *operations, size_t count, uint32_t mode,
                         StorageStatus status, const StorageResult *results)
{
    StorageResult expected_results[RANDOM_OPERATION_COUNT];
    uint64_t expected_revision = 0;

    testutil_trial_note_attempt(self);
    if (testutil_trial_was_refused(self, status))
        return;
    if (self->weakenings & STORAGE_WEAKENING_WRITES_REFUSED) {
        if (testutil_trial_expect_status(self, "write", STORAGE_READ_ONLY, status))
            (void)testutil_trial_expect_revision(self, 0);
        return;
    }
    name_revisions(self, results, count, mode, status);
    StorageStatus expected =
        testutil_model_write(self->model, operations, count, mode, expected_results, &expected_revision);
    int is_disordered = testutil_model_end_names(self->model);
    if (!testutil_trial_expect_status(self, "write", expected, status) ||
        !testutil_trial_expect_number(self, "revisions that are not larger than those before", 0, is_disordered))
        return;
    int is_open = mode == STORAGE_WRITE_ATOMIC && has_failed_on_itself(operations, count, expected_results);
    for (size_t i = 0; i < count; i++) {
        /* Nothing was applied; what the others say beside the one that was refused is not looked at. */
        if (expected_results[i].status == STORAGE_CANCELLED && testutil_trial_was_refused(self, results[i].status))
            return;
        if (!testutil_trial_expect_status(self, "status of an operation", expected_results[i].status,
                                          results[i].status))
            return;
        if (!is_open &&
            !testutil_trial_expect_number(self, "revision of an operation", (int64_t)expected_results[i].revision,
                                          (int64_t)results[i].revision))
            return;
    }
    if (!is_open)
        (void)testutil_trial_expect_revision(self, expected_revision);
    self->outcome->effect_count += expected == STORAGE_OK && expected_revision != 0;
}

static StorageStatus call_single(RandomRun *self, const StorageOperation *operation)
{
    StorageSetOptions options = STORAGE_SET_OPTIONS_INIT;

    options.expiry = operation->expiry;
    switch (operation->kind) {
    case STORAGE_OPERATION_SET:
        return storage_set(self->backend, operation->key, operation->value, &options, self->ctx);
    case STORAGE_OPERATION_TOUCH:
        return storage_touch(self->backend, operation->key, operation->expiry, self->ctx);
    case STORAGE_OPERATION_DELETE:
        return storage_delete(self->backend, operation->key, self->ctx);
    case STORAGE_OPERATION_COMPARE_AND_SET:
        return storage_compare_and_set(self->backend, operation->key, operation->expected, operation->value, &options,
                                       self->ctx);
    case STORAGE_OPERATION_COMPARE_AND_DELETE:
        return storage_compare_and_delete(self->backend, operation->key, operation->expected, self->ctx);
    default:
        return storage_clear_range(self->backend, &operation->range, self->ctx);
    }
}

void testutil_trial_step_write(RandomRun *self, const RandomStep *step)
{
    StorageOperation operation;

    if (resolve_step(self, step, 1, &operation) == 0)
        return;
    StorageStatus status = call_single(self, &operation);
    StorageResult result = {.status = status, .revision = storage_context_revision(self->ctx)};
    expect_write(self, &operation, 1, STORAGE_WRITE_ATOMIC, status, &result);
}

void testutil_trial_step_write_several(RandomRun *self, const RandomStep *step)
{
    StorageOperation operations[RANDOM_OPERATION_COUNT];
    StorageResult results[RANDOM_OPERATION_COUNT];
    size_t count = resolve_step(self, step, step->count, operations);

    memset(results, 0x55, sizeof(results));
    StorageStatus status = storage_write(self->backend, operations, count, step->mode, results, self->ctx);
    if (count > 0)
        expect_write(self, operations, count, step->mode, status, results);
}

/* ---- tokens ---- */

void testutil_trial_forget_token(RandomToken *token)
{
    memset(token, 0, sizeof(*token));
}

int testutil_trial_is_same_range(const StorageRange *a, const StorageRange *b)
{
    return a->start.kind == b->start.kind && a->end.kind == b->end.kind &&
           testutil_model_compare(a->start.key, b->start.key) == 0 &&
           testutil_model_compare(a->end.key, b->end.key) == 0;
}

static int is_same_operation(const StorageOperation *a, const StorageOperation *b)
{
    return a->kind == b->kind && testutil_model_compare(a->key, b->key) == 0 &&
           testutil_model_compare(a->value, b->value) == 0 && a->expiry.kind == b->expiry.kind &&
           a->expiry.ns == b->expiry.ns && a->expected.kind == b->expected.kind &&
           a->expected.revision == b->expected.revision &&
           testutil_model_compare(a->expected.value, b->expected.value) == 0 &&
           testutil_trial_is_same_range(&a->range, &b->range);
}

static int is_same_payload(const RandomToken *token, const StorageOperation *operations, size_t count, uint32_t mode)
{
    int is_same = token->count == count && token->mode == mode;

    for (size_t i = 0; i < count && is_same; i++)
        is_same = is_same_operation(&token->operations[i], &operations[i]);
    return is_same;
}

/* The first answer again, and no effect. */
static void expect_replay(RandomRun *self, const RandomToken *token, StorageStatus status, const StorageResult *results)
{
    if (!testutil_trial_expect_status(self, "replay", token->status, status) ||
        !testutil_trial_expect_revision(self, token->revision))
        return;
    for (size_t i = 0; i < token->count; i++) {
        if (!testutil_trial_expect_status(self, "replayed status of an operation", token->results[i].status,
                                          results[i].status) ||
            !testutil_trial_expect_number(self, "replayed revision of an operation",
                                          (int64_t)token->results[i].revision, (int64_t)results[i].revision))
            return;
    }
}

/* What did not fail is remembered, also when there was nothing to change. */
static void remember(RandomRun *self, RandomToken *token, const StorageOperation *operations, size_t count,
                     uint32_t mode, StorageStatus status, const StorageResult *results)
{
    if (status != STORAGE_OK)
        return;
    for (size_t i = 0; i < count; i++) {
        token->operations[i] = operations[i];
        token->results[i] = results[i];
    }
    token->count = count;
    token->mode = mode;
    token->status = status;
    token->revision = storage_context_revision(self->ctx);
}

void testutil_trial_step_replay(RandomRun *self, const RandomStep *step)
{
    RandomToken *token = &self->tokens[step->slot % RANDOM_TOKEN_COUNT];
    StorageOperation operations[RANDOM_OPERATION_COUNT];
    StorageResult results[RANDOM_OPERATION_COUNT];
    uint32_t mode = step->mode;
    size_t count = resolve_step(self, step, step->count, operations);
    char name[16];

    if (count == 0 || (self->weakenings & STORAGE_WEAKENING_WRITES_REFUSED))
        return;
    if (token->count > 0 && step->flags != 0) {
        count = token->count;
        mode = token->mode;
        memcpy(operations, token->operations, sizeof(operations));
    }
    (void)snprintf(name, sizeof(name), "token %d", step->slot % RANDOM_TOKEN_COUNT);
    StorageStatus status = storage_context_set_token(self->ctx, storage_string(name));
    if (testutil_trial_was_refused(self, status) ||
        !testutil_trial_expect_status(self, "set_token", STORAGE_OK, status))
        return;
    testutil_trial_note_attempt(self);
    status = storage_write(self->backend, operations, count, mode, results, self->ctx);
    if (testutil_trial_was_refused(self, status)) {
        (void)storage_context_set_token(self->ctx, (StorageSlice){0});
        return;
    }
    if (token->count == 0) {
        expect_write(self, operations, count, mode, status, results);
        remember(self, token, operations, count, mode, status, results);
    } else if (is_same_payload(token, operations, count, mode)) {
        expect_replay(self, token, status, results);
    } else {
        (void)testutil_trial_expect_status(self, "token used for another write", STORAGE_IDEMPOTENCY_KEY_REUSED,
                                           status);
    }
    (void)storage_context_set_token(self->ctx, (StorageSlice){0});
}

/* ---- cursors ---- */

void testutil_trial_close_cursor(RandomCursor *cursor)
{
    storage_cursor_close(cursor->cursor);
    testutil_model_cursor_close(cursor->model);
    memset(cursor, 0, sizeof(*cursor));
}

static void step_scan(RandomRun *self, const RandomStep *step, RandomCursor *cursor)
{
    StorageRange range = testutil_trial_resolve_range(&step->range);
    StorageScanOptions options = STORAGE_SCAN_OPTIONS_INIT;

    testutil_trial_close_cursor(cursor);
    options.flags = step->flags;
    if (!(self->capabilities & STORAGE_CAPABILITY_REVERSE_SCAN))
        options.flags &= ~(uint32_t)STORAGE_SCAN_REVERSE;
    options.limit = (uint64_t)step->amount;
    StorageStatus status = storage_scan(self->backend, &range, &options, &cursor->cursor, self->ctx);
    if (testutil_trial_was_refused(self, status) || !testutil_trial_expect_status(self, "scan", STORAGE_OK, status))
        return;
    cursor->model = testutil_model_scan(self->model, &range, options.flags, options.limit);
}

static void step_next(RandomRun *self, const RandomStep *step, RandomCursor *cursor)
{
    for (int64_t i = 0; i < step->amount; i++) {
        const StorageEntry *entry;
        TestutilModelRow row;
        StorageStatus actual = storage_cursor_next(cursor->cursor, &entry, self->ctx);
        if (testutil_trial_was_refused(self, actual))
            return; /* the row is not lost: the next call hands it out */
        StorageStatus expected =
            cursor->has_ended ? STORAGE_INVALID_ARGUMENT : testutil_model_cursor_next(cursor->model, &row);
        if (!testutil_trial_expect_status(self, "cursor_next", expected, actual) || expected != STORAGE_OK ||
            !testutil_trial_expect_entry(self, &row, entry))
            return;
    }
}

static void step_seek(RandomRun *self, StorageSlice key, RandomCursor *cursor)
{
    StorageStatus expected = cursor->has_ended ? STORAGE_INVALID_ARGUMENT : STORAGE_OK;
    StorageStatus actual = storage_cursor_seek(cursor->cursor, key, self->ctx);

    if (testutil_trial_was_refused(self, actual)) {
        testutil_trial_close_cursor(cursor); /* nobody says where it is now */
        return;
    }
    (void)testutil_trial_expect_status(self, "cursor_seek", expected, actual);
    if (!cursor->has_ended)
        testutil_model_cursor_seek(cursor->model, key);
}

void testutil_trial_step_cursor(RandomRun *self, const RandomStep *step)
{
    RandomCursor *cursor = &self->cursors[step->slot % RANDOM_CURSOR_COUNT];

    if (step->kind == RANDOM_SCAN) {
        step_scan(self, step, cursor);
    } else if (cursor->cursor == NULL) {
        return;
    } else if (step->kind == RANDOM_NEXT) {
        step_next(self, step, cursor);
    } else if (step->kind == RANDOM_SEEK) {
        step_seek(self, testutil_trial_key(step->key_nos[0]), cursor);
    } else {
        testutil_trial_close_cursor(cursor);
    }
}
