/*
 * history_transaction.c - records what transactions of many threads do and are answered.
 *
 * It judges nothing: that is history_check.c.
 *
 * Invariants:
 *   1. Ticks are taken just before a call and just after its answer, from one counter, so two intervals that do not
 *      overlap show which call ended before the other began.
 *   2. A record belongs to the list of its thread from its begin on; only that thread touches it.
 */
#include "history_record.h"
#include "model_table.h"

#include "storage/transaction.h"

#include <stdlib.h>

struct TestutilRecordedTransaction {
    TestutilTransactionHistory *history;
    StorageTransaction *txn;
    StorageContext *ctx;
    HistoryRecord *record;
    StorageValue value;
};

static uint64_t take_tick(TestutilTransactionHistory *self)
{
    return atomic_fetch_add(&self->tick, 1);
}

TestutilTransactionHistory *testutil_transaction_history_new(size_t thread_count)
{
    TestutilTransactionHistory *self = testutil_model_allocate(sizeof(*self));

    self->thread_count = thread_count;
    self->threads = testutil_model_allocate(thread_count * sizeof(HistoryRecord *));
    return self;
}

static void drop_steps(HistoryRecord *record)
{
    while (record->step_count > 0) {
        HistoryStep *step = &record->steps[--record->step_count];
        testutil_model_operation_done(&step->operation);
        testutil_text_done(&step->answer);
    }
}

static void free_record(HistoryRecord *record)
{
    drop_steps(record);
    free(record->steps);
    free(record);
}

void testutil_transaction_history_free(TestutilTransactionHistory *self)
{
    for (size_t i = 0; self != NULL && i < self->thread_count; i++) {
        while (self->threads[i] != NULL) {
            HistoryRecord *record = self->threads[i];
            self->threads[i] = record->next;
            free_record(record);
        }
    }
    if (self != NULL)
        free(self->threads);
    free(self);
}

size_t testutil_transaction_history_commit_count(const TestutilTransactionHistory *self)
{
    size_t count = 0;

    for (size_t i = 0; i < self->thread_count; i++) {
        for (const HistoryRecord *record = self->threads[i]; record != NULL; record = record->next)
            count += !record->was_aborted && record->status == STORAGE_OK && record->revision != 0;
    }
    return count;
}

/* ---- answers as text ---- */

void testutil_history_add_value(TestutilText *text, StorageStatus status, StorageSlice value, uint64_t revision)
{
    testutil_text_add(text, "%s ", storage_status_name(status));
    if (status != STORAGE_OK)
        return;
    testutil_text_add_bytes(text, value);
    testutil_text_add(text, " of revision %llu", (unsigned long long)revision);
}

void testutil_history_add_row(TestutilText *text, StorageSlice key, StorageSlice value, uint64_t revision)
{
    testutil_text_add_bytes(text, key);
    testutil_text_add(text, "=");
    testutil_text_add_bytes(text, value);
    testutil_text_add(text, " of revision %llu; ", (unsigned long long)revision);
}

/* ---- recording ---- */

static HistoryRecord *new_record(TestutilTransactionHistory *self, size_t thread_no, uint32_t isolation)
{
    HistoryRecord *record = testutil_model_allocate(sizeof(*record));

    record->isolation = isolation;
    record->thread_no = thread_no;
    record->next = self->threads[thread_no];
    self->threads[thread_no] = record;
    return record;
}

static HistoryStep *new_step(HistoryRecord *record, uint32_t kind, const StorageOperation *operation)
{
    record->steps =
        testutil_model_grow(record->steps, record->step_count, &record->step_capacity, sizeof(*record->steps));
    HistoryStep *step = &record->steps[record->step_count++];
    *step = (HistoryStep){.kind = kind, .operation = testutil_model_operation_copy(operation)};
    return step;
}

TestutilRecordedTransaction *testutil_recorded_begin(TestutilTransactionHistory *self, size_t thread_no,
                                                     StorageBackend *backend, uint32_t isolation)
{
    TestutilRecordedTransaction *recorded = testutil_model_allocate(sizeof(*recorded));
    StorageTransactionOptions options = STORAGE_TRANSACTION_OPTIONS_INIT;

    options.isolation = isolation;
    recorded->history = self;
    recorded->ctx = storage_context_new();
    uint64_t invoked = take_tick(self);
    StorageStatus status = storage_begin(backend, &options, &recorded->txn, recorded->ctx);
    uint64_t responded = take_tick(self);
    if (status != STORAGE_OK) {
        storage_context_free(recorded->ctx);
        free(recorded);
        return NULL;
    }
    recorded->record = new_record(self, thread_no, isolation);
    recorded->record->begin_invoked = invoked;
    recorded->record->begin_responded = responded;
    recorded->record->was_aborted = 1;
    return recorded;
}

StorageStatus testutil_recorded_get(TestutilRecordedTransaction *self, StorageSlice key)
{
    StorageOperation operation = {.key = key};
    HistoryStep *step = new_step(self->record, HISTORY_GET, &operation);

    storage_value_release(&self->value);
    step->invoked = take_tick(self->history);
    step->status = storage_transaction_get(self->txn, key, &self->value, self->ctx);
    step->responded = take_tick(self->history);
    testutil_history_add_value(&step->answer, step->status, storage_value_slice(&self->value), self->value.revision);
    return step->status;
}

StorageSlice testutil_recorded_value(const TestutilRecordedTransaction *self)
{
    return storage_value_slice(&self->value);
}

StorageStatus testutil_recorded_scan(TestutilRecordedTransaction *self, const StorageRange *range)
{
    StorageOperation operation = {.range = *range};
    HistoryStep *step = new_step(self->record, HISTORY_SCAN, &operation);
    StorageCursor *cursor = NULL;
    const StorageEntry *entry;

    step->invoked = take_tick(self->history);
    StorageStatus status = storage_transaction_scan(self->txn, range, NULL, &cursor, self->ctx);
    step->responded = take_tick(self->history); /* it sees what there was when it was opened, not while it runs */
    while (status == STORAGE_OK && (status = storage_cursor_next(cursor, &entry, self->ctx)) == STORAGE_OK)
        testutil_history_add_row(&step->answer, entry->key, entry->value, entry->revision);
    storage_cursor_close(cursor);
    step->status = status == STORAGE_END ? STORAGE_OK : status;
    return step->status;
}

static StorageStatus call_write(TestutilRecordedTransaction *self, const StorageOperation *operation)
{
    StorageSetOptions options = STORAGE_SET_OPTIONS_INIT;

    options.expiry = operation->expiry;
    switch (operation->kind) {
    case STORAGE_OPERATION_SET:
        return storage_transaction_set(self->txn, operation->key, operation->value, &options, self->ctx);
    case STORAGE_OPERATION_TOUCH:
        return storage_transaction_touch(self->txn, operation->key, operation->expiry, self->ctx);
    case STORAGE_OPERATION_DELETE:
        return storage_transaction_delete(self->txn, operation->key, self->ctx);
    case STORAGE_OPERATION_COMPARE_AND_SET:
        return storage_transaction_compare_and_set(self->txn, operation->key, operation->expected, operation->value,
                                                   &options, self->ctx);
    case STORAGE_OPERATION_COMPARE_AND_DELETE:
        return storage_transaction_compare_and_delete(self->txn, operation->key, operation->expected, self->ctx);
    default:
        return storage_transaction_clear_range(self->txn, &operation->range, self->ctx);
    }
}

StorageStatus testutil_recorded_write(TestutilRecordedTransaction *self, const StorageOperation *operation)
{
    HistoryStep *step = new_step(self->record, HISTORY_WRITE, operation);

    step->invoked = take_tick(self->history);
    step->status = call_write(self, operation);
    step->responded = take_tick(self->history);
    return step->status;
}

static void end(TestutilRecordedTransaction *self)
{
    storage_value_release(&self->value);
    storage_transaction_close(self->txn);
    storage_context_free(self->ctx);
    free(self);
}

StorageStatus testutil_recorded_commit(TestutilRecordedTransaction *self)
{
    HistoryRecord *record = self->record;

    record->was_aborted = 0;
    record->commit_invoked = take_tick(self->history);
    record->status = storage_transaction_commit(self->txn, &record->revision, self->ctx);
    record->commit_responded = take_tick(self->history);
    end(self);
    return record->status;
}

void testutil_recorded_abort(TestutilRecordedTransaction *self)
{
    end(self);
}

StorageStatus testutil_recorded_atomic_write(TestutilTransactionHistory *self, size_t thread_no,
                                             StorageBackend *backend, const StorageOperation *operations, size_t count)
{
    HistoryRecord *record = new_record(self, thread_no, STORAGE_ISOLATION_READ_COMMITTED);
    StorageContext *ctx = storage_context_new();

    record->is_atomic_write = 1;
    for (size_t i = 0; i < count; i++)
        (void)new_step(record, HISTORY_WRITE, &operations[i]);
    record->begin_invoked = record->begin_responded = record->commit_invoked = take_tick(self);
    record->status = storage_write(backend, operations, count, STORAGE_WRITE_ATOMIC, NULL, ctx);
    record->commit_responded = take_tick(self);
    if (record->status == STORAGE_OK)
        record->revision = storage_context_revision(ctx);
    /* Decided as one, not call by call: nothing to be said about the single steps of one that failed. */
    record->was_aborted = record->status != STORAGE_OK;
    if (record->was_aborted)
        drop_steps(record);
    for (size_t i = 0; i < record->step_count; i++) {
        record->steps[i].invoked = record->commit_invoked;
        record->steps[i].responded = record->commit_responded;
    }
    storage_context_free(ctx);
    return record->status;
}
