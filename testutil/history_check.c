/*
 * history_check.c - decides whether recorded transactions can have happened.
 *
 * The model is taken through every commit in the order of the revisions, and kept as it was after each. Then every
 * transaction is looked at by itself: at which of these states can it have been begun?
 *
 * Invariants:
 *   1. states[i] is the store after the first i commits; a transaction that saw states[s] saw commits 0 .. s - 1.
 *   2. A commit that had answered before a call was made is seen by the call; one that was asked for after the call had
 *      answered is not.
 */
#include "history_record.h"
#include "model_table.h"

#include "storage/operations.h"
#include "storage_testutil/model.h"

#include <stdlib.h>
#include <string.h>

typedef struct Check {
    const TestutilTransactionHistory *history;
    const HistoryRecord **commits; /* those that wrote, by revision */
    size_t commit_count;
    TestutilModel *model;
    TestutilModel **states; /* commit_count + 1 */
    TestutilText *reason;
} Check;

static TestutilVerdict is_wrong(Check *self, const HistoryRecord *record, const char *what)
{
    if (self->reason != NULL)
        testutil_text_add(self->reason, "transaction of thread %zu, begun at %llu, revision %llu: %s",
                          record->thread_no, (unsigned long long)record->begin_invoked,
                          (unsigned long long)record->revision, what);
    return TESTUTIL_HISTORY_WRONG;
}

/* ---- the commits, in order ---- */

static int compare_revisions(const void *a, const void *b)
{
    uint64_t revision_a = (*(const HistoryRecord *const *)a)->revision;
    uint64_t revision_b = (*(const HistoryRecord *const *)b)->revision;

    return revision_a < revision_b ? -1 : revision_a > revision_b;
}

static int has_written(const HistoryRecord *record)
{
    return !record->was_aborted && record->status == STORAGE_OK && record->revision != 0;
}

/* Revisions are unique, and in the order of commits that did not overlap. */
static TestutilVerdict order_commits(Check *self)
{
    const TestutilTransactionHistory *history = self->history;
    uint64_t earliest = UINT64_MAX;

    for (size_t i = 0; i < history->thread_count; i++) {
        for (const HistoryRecord *record = history->threads[i]; record != NULL; record = record->next) {
            if (!record->was_aborted && record->status == STORAGE_INDETERMINATE) {
                (void)is_wrong(self, record, "its outcome is not known, so nothing can be decided");
                return TESTUTIL_HISTORY_UNDECIDED;
            }
            if (has_written(record))
                self->commits[self->commit_count++] = record;
        }
    }
    qsort(self->commits, self->commit_count, sizeof(*self->commits), compare_revisions);
    for (size_t i = self->commit_count; i > 0; i--) {
        const HistoryRecord *record = self->commits[i - 1];
        if (i < self->commit_count && self->commits[i]->revision == record->revision)
            return is_wrong(self, record, "another commit has the same revision");
        if (earliest < record->commit_invoked)
            return is_wrong(self, record, "a commit with a larger revision had ended before this one began");
        if (record->commit_responded < earliest)
            earliest = record->commit_responded;
    }
    return TESTUTIL_HISTORY_CORRECT;
}

/* ---- replay ---- */

/* Does the writes of `record` that were accepted. Preconditions count again. */
static StorageStatus redo_writes(TestutilModelTransaction *txn, const HistoryRecord *record)
{
    StorageStatus status = STORAGE_OK;

    for (size_t i = 0; i < record->step_count && status == STORAGE_OK; i++) {
        if (record->steps[i].kind == HISTORY_WRITE && record->steps[i].status == STORAGE_OK)
            status = testutil_model_transaction_write(txn, &record->steps[i].operation, NULL);
    }
    return status;
}

/* What the transaction sees of its own writes: conditions were decided when they were made, at another state. */
static void overlay_writes(TestutilModelTransaction *txn, const HistoryRecord *record, size_t end)
{
    for (size_t i = 0; i < end; i++) {
        StorageOperation operation = record->steps[i].operation;
        if (record->steps[i].kind != HISTORY_WRITE || record->steps[i].status != STORAGE_OK)
            continue;
        if (operation.kind == STORAGE_OPERATION_COMPARE_AND_SET)
            operation.kind = STORAGE_OPERATION_SET;
        if (operation.kind == STORAGE_OPERATION_COMPARE_AND_DELETE)
            operation.kind = STORAGE_OPERATION_DELETE;
        (void)testutil_model_transaction_write(txn, &operation, NULL);
    }
}

static StorageStatus redo_transaction(Check *self, const HistoryRecord *record, uint64_t *ret_revision)
{
    TestutilModelTransaction *txn = testutil_model_begin(self->model, STORAGE_ISOLATION_READ_COMMITTED, 0);
    StorageStatus status = redo_writes(txn, record);

    if (status == STORAGE_OK)
        status = testutil_model_transaction_commit(txn, ret_revision);
    testutil_model_transaction_close(txn);
    return status;
}

static StorageStatus redo_atomic_write(Check *self, const HistoryRecord *record, uint64_t *ret_revision)
{
    StorageOperation *operations = testutil_model_allocate(record->step_count * sizeof(*operations));
    StorageResult *results = testutil_model_allocate(record->step_count * sizeof(*results));

    for (size_t i = 0; i < record->step_count; i++)
        operations[i] = record->steps[i].operation;
    StorageStatus status =
        testutil_model_write(self->model, operations, record->step_count, STORAGE_WRITE_ATOMIC, results, ret_revision);
    free(operations);
    free(results);
    return status;
}

static TestutilVerdict replay_commit(Check *self, const HistoryRecord *record)
{
    uint64_t revision = 0;

    testutil_model_name_revisions(self->model, &record->revision, 1);
    StorageStatus status = record->is_atomic_write ? redo_atomic_write(self, record, &revision)
                                                   : redo_transaction(self, record, &revision);
    (void)testutil_model_end_names(self->model);
    if (status != STORAGE_OK)
        return is_wrong(self, record, "a precondition did not hold at its commit");
    if (revision != record->revision)
        return is_wrong(self, record, "it has a revision and changed nothing");
    return TESTUTIL_HISTORY_CORRECT;
}

static TestutilVerdict replay_commits(Check *self)
{
    TestutilVerdict verdict = TESTUTIL_HISTORY_CORRECT;

    self->states[0] = testutil_model_copy(self->model);
    for (size_t i = 0; i < self->commit_count && verdict == TESTUTIL_HISTORY_CORRECT; i++) {
        verdict = replay_commit(self, self->commits[i]);
        self->states[i + 1] = testutil_model_copy(self->model);
    }
    return verdict;
}

/* ---- one transaction ---- */

/* The states that a call in [invoked, responded] can have seen (invariant 2). */
static void bounds_of(const Check *self, uint64_t invoked, uint64_t responded, size_t *ret_first, size_t *ret_last)
{
    *ret_first = 0;
    *ret_last = self->commit_count;
    for (size_t i = 0; i < self->commit_count; i++) {
        if (self->commits[i]->commit_responded < invoked)
            *ret_first = i + 1;
        if (self->commits[i]->commit_invoked > responded && i < *ret_last)
            *ret_last = i;
    }
}

/* Whether the step is answered by `txn` as it was by the store. */
static int answers_alike(TestutilModelTransaction *txn, const HistoryStep *step)
{
    TestutilText answer = {0};
    TestutilModelRow row = {0};
    StorageStatus status = STORAGE_OK;

    if (step->kind == HISTORY_WRITE) {
        status = testutil_model_transaction_write(txn, &step->operation, NULL);
    } else if (step->kind == HISTORY_GET) {
        status = testutil_model_transaction_get(txn, step->operation.key, &row);
        testutil_history_add_value(&answer, status, row.value, row.revision);
    } else {
        TestutilModelCursor *cursor = testutil_model_transaction_scan(txn, &step->operation.range, 0, 0);
        while (testutil_model_cursor_next(cursor, &row) == STORAGE_OK)
            testutil_history_add_row(&answer, row.key, row.value, row.revision);
        testutil_model_cursor_close(cursor);
    }
    int is_alike = status == step->status && strcmp(testutil_text(&answer), testutil_text(&step->answer)) == 0;
    testutil_text_done(&answer);
    return is_alike;
}

/* How many steps from the first on are answered alike when the transaction saw `state`. */
static size_t matching_steps(TestutilModel *state, const HistoryRecord *record)
{
    TestutilModelTransaction *txn = testutil_model_begin(state, STORAGE_ISOLATION_SNAPSHOT, 0);
    size_t count = 0;

    while (count < record->step_count && answers_alike(txn, &record->steps[count]))
        count++;
    testutil_model_transaction_close(txn);
    return count;
}

static StorageRange range_of(const HistoryStep *step)
{
    if (step->kind == HISTORY_SCAN || step->operation.kind == STORAGE_OPERATION_CLEAR_RANGE)
        return step->operation.range;
    return storage_range_key(step->operation.key);
}

static void explain_overtaken(const Check *self, size_t first, const StorageChange *change, const StorageRange *written)
{
    if (self->reason == NULL)
        return;
    testutil_text_add(self->reason, "begun after commit %zu: ", first);
    testutil_text_add_change(self->reason, change);
    testutil_text_add(self->reason, " of revision %llu meets its write of ", (unsigned long long)change->revision);
    testutil_text_add_range(self->reason, written);
    testutil_text_add(self->reason, "; ");
}

/* Whether a commit from state `first` up to the record's own wrote where the record wrote. */
static int was_overtaken(const Check *self, const HistoryRecord *record, size_t first)
{
    size_t change_count;
    const StorageChange *changes = testutil_model_changes(self->model, &change_count);
    uint64_t seen = testutil_model_revision(self->states[first]);

    for (size_t i = 0; i < change_count; i++) {
        StorageRange changed =
            changes[i].kind == STORAGE_CHANGE_CLEARED ? changes[i].range : storage_range_key(changes[i].key);
        if (changes[i].revision <= seen || changes[i].revision >= record->revision)
            continue;
        for (size_t j = 0; j < record->step_count; j++) {
            const HistoryStep *step = &record->steps[j];
            StorageRange range = range_of(step);
            if (step->kind == HISTORY_WRITE && step->status == STORAGE_OK &&
                testutil_model_ranges_meet(&changed, &range)) {
                explain_overtaken(self, first, &changes[i], &range);
                return 1;
            }
        }
    }
    return 0;
}

/* Whether everything it was answered would have been answered alike just before its commit. */
static int is_serializable(const Check *self, const HistoryRecord *record)
{
    size_t own = 0;

    while (self->commits[own] != record)
        own++;
    return matching_steps(self->states[own], record) == record->step_count;
}

static TestutilVerdict check_snapshot(Check *self, const HistoryRecord *record)
{
    size_t first, last, best = 0;
    int was_seen = 0, is_explained = 0;

    bounds_of(self, record->begin_invoked, record->begin_responded, &first, &last);
    for (size_t s = first; s <= last && !is_explained; s++) {
        size_t matching = matching_steps(self->states[s], record);
        best = matching > best ? matching : best;
        if (matching < record->step_count)
            continue;
        was_seen = 1;
        is_explained = !has_written(record) || !was_overtaken(self, record, s);
    }
    if (is_explained &&
        (!has_written(record) || record->isolation != STORAGE_ISOLATION_SERIALIZABLE || is_serializable(self, record)))
        return TESTUTIL_HISTORY_CORRECT;
    if (is_explained)
        return is_wrong(self, record, "what it read was changed between its begin and commit");
    if (was_seen)
        return is_wrong(self, record, "what it wrote was changed between its begin and commit");
    if (self->reason != NULL && first <= last)
        testutil_text_add(self->reason, "call %zu was answered \"%s\"; ", best + 1,
                          testutil_text(&record->steps[best].answer));
    return is_wrong(self, record, "no state between begin and answer explains what it read");
}

/* Each call by itself, at any state of its own time. */
static TestutilVerdict check_read_committed(Check *self, const HistoryRecord *record)
{
    for (size_t i = 0; i < record->step_count; i++) {
        const HistoryStep *step = &record->steps[i];
        size_t first, last;
        int is_explained = 0;
        if (step->kind == HISTORY_WRITE)
            continue; /* its conditions were held against the commit */
        bounds_of(self, step->invoked, step->responded, &first, &last);
        for (size_t s = first; s <= last && !is_explained; s++) {
            TestutilModelTransaction *txn = testutil_model_begin(self->states[s], STORAGE_ISOLATION_READ_COMMITTED, 0);
            overlay_writes(txn, record, i);
            is_explained = answers_alike(txn, step);
            testutil_model_transaction_close(txn);
        }
        if (!is_explained)
            return is_wrong(self, record, "no state during one of its reads explains it");
    }
    return TESTUTIL_HISTORY_CORRECT;
}

static TestutilVerdict check_records(Check *self)
{
    const TestutilTransactionHistory *history = self->history;
    TestutilVerdict verdict = TESTUTIL_HISTORY_CORRECT;

    for (size_t i = 0; i < history->thread_count; i++) {
        const HistoryRecord *record = history->threads[i];
        for (; record != NULL && verdict == TESTUTIL_HISTORY_CORRECT; record = record->next) {
            if (record->isolation == STORAGE_ISOLATION_READ_COMMITTED)
                verdict = check_read_committed(self, record);
            else
                verdict = check_snapshot(self, record);
        }
    }
    return verdict;
}

/* ---- the end ---- */

static TestutilVerdict check_end(Check *self, StorageBackend *backend)
{
    TestutilText expected = {0}, actual = {0};
    StorageCursor *cursor = NULL;
    const StorageEntry *entry;
    size_t count;
    const TestutilModelRow *rows = testutil_model_rows(self->model, &count);
    TestutilVerdict verdict = TESTUTIL_HISTORY_CORRECT;

    for (size_t i = 0; i < count; i++)
        testutil_history_add_row(&expected, rows[i].key, rows[i].value, rows[i].revision);
    StorageStatus status = storage_scan(backend, NULL, NULL, &cursor, NULL);
    while (status == STORAGE_OK && (status = storage_cursor_next(cursor, &entry, NULL)) == STORAGE_OK)
        testutil_history_add_row(&actual, entry->key, entry->value, entry->revision);
    storage_cursor_close(cursor);
    if (status != STORAGE_END || strcmp(testutil_text(&expected), testutil_text(&actual)) != 0) {
        verdict = TESTUTIL_HISTORY_WRONG;
        if (self->reason != NULL)
            testutil_text_add(self->reason, "at the end the model has %s and the store %s", testutil_text(&expected),
                              testutil_text(&actual));
    }
    testutil_text_done(&expected);
    testutil_text_done(&actual);
    return verdict;
}

/* ---- changes ---- */

void testutil_history_add_change(TestutilText *text, const StorageChange *change)
{
    testutil_text_add(text, "%llu ", (unsigned long long)change->revision);
    testutil_text_add_change(text, change);
    testutil_text_add(text, "\n");
}

/* The first lines that differ say enough. */
static void explain_changes(TestutilText *reason, const char *expected, const char *actual)
{
    size_t line = 0;

    for (size_t i = 0; expected[i] != '\0' && expected[i] == actual[i]; i++) {
        if (expected[i] == '\n')
            line = i + 1;
    }
    testutil_text_add(reason, "the replay changes \"%.*s\", the watch told \"%.*s\"",
                      (int)strcspn(expected + line, "\n"), expected + line, (int)strcspn(actual + line, "\n"),
                      actual + line);
}

static TestutilVerdict check_changes(const Check *self, const char *changes)
{
    TestutilText expected = {0};
    size_t count;
    const StorageChange *replayed = testutil_model_changes(self->model, &count);

    for (size_t i = 0; i < count; i++)
        testutil_history_add_change(&expected, &replayed[i]);
    int is_equal = strcmp(testutil_text(&expected), changes) == 0;
    if (!is_equal && self->reason != NULL)
        explain_changes(self->reason, testutil_text(&expected), changes);
    testutil_text_done(&expected);
    return is_equal ? TESTUTIL_HISTORY_CORRECT : TESTUTIL_HISTORY_WRONG;
}

/* ---- the checks ---- */

static void check_init(Check *self, const TestutilTransactionHistory *history, TestutilText *reason)
{
    size_t count = testutil_transaction_history_commit_count(history);

    *self = (Check){.history = history, .reason = reason, .model = testutil_model_new()};
    self->commits = testutil_model_allocate((count + 1) * sizeof(*self->commits));
    self->states = testutil_model_allocate((count + 1) * sizeof(*self->states));
}

static void check_done(Check *self)
{
    for (size_t i = 0; i <= self->commit_count; i++)
        testutil_model_free(self->states[i]);
    testutil_model_free(self->model);
    free(self->states);
    free(self->commits);
}

TestutilVerdict testutil_transaction_history_check_changes(const TestutilTransactionHistory *history,
                                                           const char *changes, TestutilText *ret_reason)
{
    Check self;

    check_init(&self, history, ret_reason);
    TestutilVerdict verdict = order_commits(&self);
    if (verdict == TESTUTIL_HISTORY_CORRECT)
        verdict = replay_commits(&self);
    if (verdict == TESTUTIL_HISTORY_CORRECT)
        verdict = check_changes(&self, changes);
    check_done(&self);
    return verdict;
}

TestutilVerdict testutil_transaction_history_check(const TestutilTransactionHistory *history, StorageBackend *backend,
                                                   TestutilText *ret_reason)
{
    Check self;

    check_init(&self, history, ret_reason);
    TestutilVerdict verdict = order_commits(&self);
    if (verdict == TESTUTIL_HISTORY_CORRECT)
        verdict = replay_commits(&self);
    if (verdict == TESTUTIL_HISTORY_CORRECT)
        verdict = check_records(&self);
    if (verdict == TESTUTIL_HISTORY_CORRECT && backend != NULL)
        verdict = check_end(&self, backend);
    check_done(&self);
    return verdict;
}
