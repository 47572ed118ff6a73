/*
 * random_test_execute.c - runs a sequence of steps on a stack and on the model, side by side.
 *
 * The stack answers first, so that the model can use the revisions that it gave; everything else must be equal.
 *
 * Invariants:
 *   1. The first difference ends the run; what is open is closed whatever the outcome.
 *   2. The model's wall clock shows what the injected clock shows.
 */
#include "random_run.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- comparing ---- */

__attribute__((format(printf, 2, 3))) static int differs(RandomRun *self, const char *format, ...)
{
    char line[512];
    va_list arguments;

    if (self->outcome->has_difference)
        return 0;
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    self->outcome->has_difference = 1;
    testutil_text_add(&self->outcome->difference, "%s", line);
    return 0;
}

int testutil_trial_expect_number(RandomRun *self, const char *what, int64_t expected, int64_t actual)
{
    self->outcome->comparison_count++;
    if (expected == actual)
        return 1;
    return differs(self, "%s: the model has %lld, the stack has %lld", what, (long long)expected, (long long)actual);
}

int testutil_trial_expect_status(RandomRun *self, const char *what, StorageStatus expected, StorageStatus actual)
{
    self->outcome->comparison_count++;
    if (expected == actual)
        return 1;
    return differs(self, "%s: the model answers %s, the stack %s (%s)", what, storage_status_name(expected),
                   storage_status_name(actual), storage_context_error_text(self->ctx, 0));
}

int testutil_trial_expect_bytes(RandomRun *self, const char *what, StorageSlice expected, StorageSlice actual)
{
    TestutilText text = {0};

    self->outcome->comparison_count++;
    if (testutil_model_compare(expected, actual) == 0)
        return 1;
    testutil_text_add(&text, "%s: the model has %zu bytes \"", what, expected.size);
    testutil_text_add_bytes(&text, (StorageSlice){expected.data, expected.size < 40 ? expected.size : 40});
    testutil_text_add(&text, "\", the stack %zu bytes \"", actual.size);
    testutil_text_add_bytes(&text, (StorageSlice){actual.data, actual.size < 40 ? actual.size : 40});
    testutil_text_add(&text, "\"");
    differs(self, "%s", testutil_text(&text));
    testutil_text_done(&text);
    return 0;
}

int testutil_trial_expect_revision(RandomRun *self, uint64_t expected)
{
    return testutil_trial_expect_number(self, "revision in the context", (int64_t)expected,
                                        (int64_t)storage_context_revision(self->ctx));
}

int testutil_trial_expect_value(RandomRun *self, StorageStatus expected_status, const TestutilModelRow *expected,
                                StorageStatus actual_status, const StorageValue *actual)
{
    if (!testutil_trial_expect_status(self, "get", expected_status, actual_status))
        return 0;
    if (expected_status != STORAGE_OK)
        return testutil_trial_expect_number(self, "bytes of a value that is not there", 0, (int64_t)actual->size);
    return testutil_trial_expect_bytes(self, "value", expected->value, storage_value_slice(actual)) &&
           testutil_trial_expect_number(self, "revision of the value", (int64_t)expected->revision,
                                        (int64_t)actual->revision) &&
           testutil_trial_expect_number(self, "expiry of the value", expected->expires_at_ns, actual->expires_at_ns);
}

int testutil_trial_expect_entry(RandomRun *self, const TestutilModelRow *expected, const StorageEntry *actual)
{
    return testutil_trial_expect_bytes(self, "key of the row", expected->key, actual->key) &&
           testutil_trial_expect_bytes(self, "value of the row", expected->value, actual->value) &&
           testutil_trial_expect_number(self, "revision of the row", (int64_t)expected->revision,
                                        (int64_t)actual->revision) &&
           testutil_trial_expect_number(self, "expiry of the row", expected->expires_at_ns, actual->expires_at_ns);
}

static uint64_t failures_so_far(const RandomRun *self)
{
    TestutilAllocatorFigures figures = {0};

    if (self->allocator != NULL)
        testutil_allocator_figures(self->allocator, &figures);
    return figures.failure_count;
}

int testutil_trial_was_refused(RandomRun *self, StorageStatus status)
{
    if (status != STORAGE_NO_MEMORY || failures_so_far(self) == self->failure_count)
        return 0;
    self->outcome->refused_count++;
    return 1;
}

/* ---- reads ---- */

static void step_get(RandomRun *self, const RandomStep *step)
{
    StorageSlice key = testutil_trial_key(step->key_nos[0]);
    StorageValue value;
    TestutilModelRow row = {0};
    StorageStatus actual = storage_get(self->backend, key, &value, self->ctx);
    if (testutil_trial_was_refused(self, actual))
        return;
    StorageStatus expected = testutil_model_get(self->model, key, &row);

    if (testutil_trial_expect_value(self, expected, &row, actual, &value))
        (void)testutil_trial_expect_revision(self, row.revision);
    storage_value_release(&value);
}

static void step_multi_get(RandomRun *self, const RandomStep *step)
{
    StorageSlice keys[RANDOM_OPERATION_COUNT];
    StorageValue values[RANDOM_OPERATION_COUNT];
    StorageStatus statuses[RANDOM_OPERATION_COUNT];

    for (size_t i = 0; i < step->count; i++)
        keys[i] = testutil_trial_key(step->key_nos[i]);
    StorageStatus status = storage_multi_get(self->backend, keys, step->count, values, statuses, self->ctx);
    if (testutil_trial_was_refused(self, status) ||
        !testutil_trial_expect_status(self, "multi_get", STORAGE_OK, status))
        return;
    for (size_t i = 0; i < step->count; i++) {
        TestutilModelRow row = {0};
        StorageStatus expected = testutil_model_get(self->model, keys[i], &row);
        (void)testutil_trial_expect_value(self, expected, &row, statuses[i], &values[i]);
        storage_value_release(&values[i]);
    }
}

static void step_read_all(RandomRun *self, const RandomStep *step)
{
    StorageScanOptions options = STORAGE_SCAN_OPTIONS_INIT;
    StorageCursor *cursor;
    const StorageEntry *entry;
    TestutilModelRow row;

    options.flags = self->capabilities & STORAGE_CAPABILITY_REVERSE_SCAN ? step->flags & STORAGE_SCAN_REVERSE : 0;
    StorageStatus status = storage_scan(self->backend, NULL, &options, &cursor, self->ctx);
    if (testutil_trial_was_refused(self, status) || !testutil_trial_expect_status(self, "scan", STORAGE_OK, status))
        return;
    TestutilModelCursor *model = testutil_model_scan(self->model, NULL, options.flags, 0);
    StorageStatus expected = STORAGE_OK;
    while (expected == STORAGE_OK) {
        status = storage_cursor_next(cursor, &entry, self->ctx);
        if (testutil_trial_was_refused(self, status))
            break;
        expected = testutil_model_cursor_next(model, &row);
        if (!testutil_trial_expect_status(self, "cursor_next", expected, status) ||
            (expected == STORAGE_OK && !testutil_trial_expect_entry(self, &row, entry)))
            break;
    }
    testutil_model_cursor_close(model);
    storage_cursor_close(cursor);
}

/* ---- the clock and the sweep ---- */

void testutil_trial_note_attempt(RandomRun *self)
{
    int64_t now_ns = testutil_model_now(self->model);

    if (now_ns > self->attempt_ns)
        self->attempt_ns = now_ns;
}

/*
 * Whether a write without effect moves database time is the store's business (it may have swept): before the clock is
 * set back there is a write that certainly does.
 */
static void settle_time(RandomRun *self)
{
    RandomStep set = {.kind = RANDOM_WRITE, .count = 1, .operations = {{.kind = STORAGE_OPERATION_SET}}};

    if (self->allocator != NULL)
        testutil_allocator_fail_once(self->allocator, 0);
    if (self->attempt_ns > testutil_model_last_commit(self->model))
        testutil_trial_step_write(self, &set);
}

static void step_clock(RandomRun *self, const RandomStep *step)
{
    if (step->kind == RANDOM_STEP_BACK)
        settle_time(self);
    if (step->kind == RANDOM_ADVANCE)
        testutil_clock_advance(self->clock, (uint64_t)step->amount);
    else
        testutil_clock_step_wall(self->clock, -step->amount);
    testutil_model_set_wall(self->model, testutil_clock_wall_ns(self->clock));
}

/*
 * A store may sweep with its writes too, so that less is left than the model has, but never more. When nothing was
 * left there was no commit either, and the rows stay in the model, where nobody sees them.
 */
static void step_sweep(RandomRun *self)
{
    uint64_t count = 0;
    testutil_trial_note_attempt(self);
    StorageStatus status = storage_sweep(self->backend, &count, self->ctx);

    if (self->weakenings & STORAGE_WEAKENING_WRITES_REFUSED) {
        (void)testutil_trial_expect_status(self, "sweep", STORAGE_READ_ONLY, status);
        return;
    }
    if (testutil_trial_was_refused(self, status) || !testutil_trial_expect_status(self, "sweep", STORAGE_OK, status) ||
        count == 0)
        return;
    uint64_t revision = storage_context_revision(self->ctx);
    if (revision != 0)
        testutil_model_name_revisions(self->model, &revision, 1);
    uint64_t expected = testutil_model_sweep(self->model);
    (void)testutil_model_end_names(self->model);
    if (count > expected)
        differs(self, "sweep: %llu keys had expired, %llu were removed", (unsigned long long)expected,
                (unsigned long long)count);
}

/* ---- the run ---- */

static void execute(RandomRun *self, const RandomStep *step)
{
    switch (step->kind) {
    case RANDOM_GET:
        step_get(self, step);
        break;
    case RANDOM_MULTI_GET:
        step_multi_get(self, step);
        break;
    case RANDOM_READ_ALL:
        step_read_all(self, step);
        break;
    case RANDOM_WRITE:
        testutil_trial_step_write(self, step);
        break;
    case RANDOM_WRITE_SEVERAL:
        testutil_trial_step_write_several(self, step);
        break;
    case RANDOM_REPLAY:
        testutil_trial_step_replay(self, step);
        break;
    case RANDOM_SCAN:
    case RANDOM_NEXT:
    case RANDOM_SEEK:
    case RANDOM_CLOSE_CURSOR:
        testutil_trial_step_cursor(self, step);
        break;
    case RANDOM_ADVANCE:
    case RANDOM_STEP_BACK:
        step_clock(self, step);
        break;
    case RANDOM_SWEEP:
        step_sweep(self);
        break;
    case RANDOM_WATCH:
    case RANDOM_DRAIN:
    case RANDOM_CLOSE_WATCH:
        testutil_trial_step_watch(self, step);
        break;
    default:
        testutil_trial_step_transaction(self, step);
        break;
    }
}

/* The rows that the store has before layers are put on it. */
static StorageStatus populate(StorageBackend *store, void *user_data, StorageContext *ctx)
{
    size_t count = *(const size_t *)user_data;
    StorageStatus status = STORAGE_OK;

    for (size_t i = 0; i < count && status == STORAGE_OK; i++)
        status = storage_set(store, testutil_trial_key(i), testutil_trial_value(i), NULL, ctx);
    return status;
}

static void populate_model(RandomRun *self, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        StorageOperation operation = {
            .kind = STORAGE_OPERATION_SET, .key = testutil_trial_key(i), .value = testutil_trial_value(i)};
        StorageValue value;
        StorageResult result;
        /* The revisions are the store's to choose; reading them back is the only way to know them here. */
        if (!testutil_trial_expect_status(self, "get of a row that the store was opened with", STORAGE_OK,
                                          storage_get(self->backend, operation.key, &value, self->ctx)))
            return;
        testutil_model_name_revisions(self->model, &value.revision, 1);
        storage_value_release(&value);
        (void)testutil_model_write(self->model, &operation, 1, STORAGE_WRITE_ATOMIC, &result, NULL);
        (void)testutil_trial_expect_number(self, "revision out of order", 0, testutil_model_end_names(self->model));
    }
}

static int open_run(RandomRun *self, const RandomSequence *sequence)
{
    size_t populated_count = sequence->populated_count;
    TestutilStoreOptions options = {.populate = populate, .populate_user_data = &populated_count};

    self->clock = testutil_clock_new(1);
    self->ctx = storage_context_new();
    if (self->clock == NULL || self->ctx == NULL)
        return differs(self, "no memory for a clock and a context");
    self->start_ns = testutil_clock_wall_ns(self->clock);
    self->attempt_ns = INT64_MIN;
    self->model = testutil_model_new();
    testutil_model_set_wall(self->model, self->start_ns);
    options.environment = testutil_clock_environment(self->clock);
    StorageStatus status = testutil_factory_open(self->factory, &options, &self->backend, self->ctx);
    if (status != STORAGE_OK)
        return differs(self, "open: %s (%s)", storage_status_name(status), storage_context_error_text(self->ctx, 0));
    self->capabilities = storage_backend_capabilities(self->backend)->capabilities;
    self->weakenings = storage_backend_capabilities(self->backend)->weakenings;
    populate_model(self, populated_count);
    return 1;
}

static void close_run(RandomRun *self)
{
    for (size_t i = 0; i < RANDOM_CURSOR_COUNT; i++)
        testutil_trial_close_cursor(&self->cursors[i]);
    for (size_t i = 0; i < RANDOM_TRANSACTION_COUNT; i++)
        testutil_trial_close_transaction(self, i);
    for (size_t i = 0; i < RANDOM_WATCH_COUNT; i++)
        testutil_trial_close_watch(&self->watches[i]);
    for (size_t i = 0; i < RANDOM_TOKEN_COUNT; i++)
        testutil_trial_forget_token(&self->tokens[i]);
    for (size_t i = 0; i < RANDOM_TOKEN_COUNT; i++)
        testutil_text_done(&self->commit_tokens[i].payload);
    if (self->backend != NULL) {
        StorageStatus status = storage_close(self->backend, self->ctx);
        (void)testutil_trial_expect_status(self, "close", STORAGE_OK, status);
    }
    testutil_model_free(self->model);
    storage_context_free(self->ctx);
    testutil_clock_free(self->clock);
}

static void execute_with_failure(RandomRun *self, const RandomStep *step)
{
    if (self->allocator != NULL) {
        self->failure_count = failures_so_far(self);
        testutil_allocator_fail_once(self->allocator, step->fail_number);
    }
    execute(self, step);
    if (self->allocator != NULL)
        testutil_allocator_fail_once(self->allocator, 0);
}

void testutil_trial_run(const TestutilFactory *factory, TestutilAllocator *allocator, const RandomSequence *sequence,
                        RandomOutcome *ret_outcome)
{
    RandomRun *self = calloc(1, sizeof(*self));

    memset(ret_outcome, 0, sizeof(*ret_outcome));
    if (self == NULL)
        testutil_fail(__FILE__, __LINE__, "no memory for a run");
    self->factory = factory;
    self->allocator = allocator;
    self->outcome = ret_outcome;
    size_t i = 0;
    for (int is_open = open_run(self, sequence); is_open && i < sequence->count && !ret_outcome->has_difference; i++) {
        const RandomStep *step = &sequence->steps[i];
        uint64_t needed = testutil_trial_step_capabilities(step->kind);
        if ((needed & self->capabilities) == needed)
            execute_with_failure(self, step);
    }
    ret_outcome->failed_index = i == 0 ? 0 : i - 1;
    close_run(self);
    free(self);
}
