/*
 * cli/bench/operation.c - one operation of a benchmark: drawing it, and the calls on the store.
 *
 * A value that was read is given back without a look at its bytes: what is measured is the store. A read-modify-write
 * is a get and a compare-and-set on the revision that it gave; a CONFLICT is an answer and not tried again.
 */
#include "bench/worker.h"

#define LOAD_ATTEMPT_COUNT_MAX 30
#define LOAD_PAUSE_NS_MAX UINT64_C(100000000)     /* of our own, from 1 ms on, twice as long each time */
#define WANTED_PAUSE_NS_MAX UINT64_C(60000000000) /* that a store may ask for */

static StorageSlice draw_value(BenchWorker *worker)
{
    const BenchRun *run = worker->control->phase->run;
    uint64_t offset = bench_random_below(&worker->chooser.random, BENCH_VALUE_OFFSET_COUNT);
    return storage_bytes(run->value_source + offset, run->value_size);
}

/* The records of commit `operation_no` of the load. */
static void prepare_load(BenchWorker *worker, uint64_t operation_no, BenchOperation *operation)
{
    const BenchPhase *phase = worker->control->phase;
    const BenchRun *run = phase->run;
    operation->number = operation_no * run->batch_size;
    operation->count = phase->load_count - operation->number;
    if (operation->count > run->batch_size)
        operation->count = run->batch_size;
    for (uint64_t i = 0; i < operation->count; i++)
        worker->operations[i] =
            (StorageOperation){.kind = STORAGE_OPERATION_SET,
                               .key = bench_key(run->prefix, operation->number + i, worker->keys[i]),
                               .value = draw_value(worker)};
}

void bench_operation_prepare(BenchWorker *worker, uint64_t operation_no, BenchOperation *ret_operation)
{
    const BenchRun *run = worker->control->phase->run;
    BenchOperation operation = {.kind = bench_chooser_kind(&worker->chooser)};
    if (operation.kind == BENCH_LOAD) {
        prepare_load(worker, operation_no, &operation);
    } else {
        operation.number = operation.kind == BENCH_INSERT
                               ? bench_records_insert(run->records, worker->index)
                               : bench_chooser_record(&worker->chooser, bench_records_present(run->records));
        operation.key = bench_key(run->prefix, operation.number, worker->keys[0]);
        if (operation.kind == BENCH_SCAN)
            operation.count = bench_chooser_row_count(&worker->chooser);
        else if (operation.kind != BENCH_READ)
            operation.value = draw_value(worker);
    }
    *ret_operation = operation;
}

static StorageStatus read_record(BenchWorker *worker, StorageSlice key)
{
    StorageValue value;
    StorageStatus status = storage_get(worker->control->phase->run->backend, key, &value, worker->ctx);
    storage_value_release(&value);
    return status;
}

static StorageStatus insert_record(BenchWorker *worker, const BenchOperation *operation)
{
    const BenchRun *run = worker->control->phase->run;
    StorageStatus status = storage_set(run->backend, operation->key, operation->value, NULL, worker->ctx);
    bench_records_inserted(run->records, worker->index);
    return status;
}

static StorageStatus scan_records(BenchWorker *worker, const BenchOperation *operation)
{
    StorageRange range = worker->all_records;
    StorageScanOptions options = STORAGE_SCAN_OPTIONS_INIT;
    StorageCursor *cursor;
    const StorageEntry *entry;
    StorageStatus status;
    range.start = (StorageBound){operation->key, STORAGE_BOUND_INCLUDED};
    options.limit = operation->count;
    status = storage_scan(worker->control->phase->run->backend, &range, &options, &cursor, worker->ctx);
    while (status == STORAGE_OK)
        if ((status = storage_cursor_next(cursor, &entry, worker->ctx)) == STORAGE_OK)
            worker->tally.row_count++;
    storage_cursor_close(cursor);
    return status == STORAGE_END ? STORAGE_OK : status;
}

static StorageStatus modify_record(BenchWorker *worker, const BenchOperation *operation)
{
    StorageBackend *backend = worker->control->phase->run->backend;
    StorageValue value;
    StorageStatus status = storage_get(backend, operation->key, &value, worker->ctx);
    StorageExpected expected = storage_expect_revision(value.revision);
    storage_value_release(&value);
    if (status != STORAGE_OK)
        return status;
    return storage_compare_and_set(backend, operation->key, expected, operation->value, NULL, worker->ctx);
}

static StorageStatus write_batch(BenchWorker *worker, const BenchOperation *operation)
{
    return storage_write(worker->control->phase->run->backend, worker->operations, operation->count,
                         STORAGE_WRITE_ATOMIC, NULL, worker->ctx);
}

/* How long the store wants us to wait, and at least `pause_ns`. */
static uint64_t longer_pause(const StorageContext *ctx, uint64_t pause_ns)
{
    uint64_t wanted_ns = storage_context_retry_after_ns(ctx);
    if (wanted_ns > WANTED_PAUSE_NS_MAX)
        wanted_ns = WANTED_PAUSE_NS_MAX;
    return wanted_ns > pause_ns ? wanted_ns : pause_ns;
}

/* The load has to be complete, so what may succeed later is tried again. */
static StorageStatus load_records(BenchWorker *worker, const BenchOperation *operation)
{
    uint64_t pause_ns = 1000000;
    StorageStatus status = write_batch(worker, operation);
    for (int attempt = 1; attempt < LOAD_ATTEMPT_COUNT_MAX && bench_status_is_counted(status); attempt++) {
        bench_tally_note(&worker->tally, BENCH_LOAD, status, 0);
        if (!bench_worker_wait(worker, bench_now_ns() + longer_pause(worker->ctx, pause_ns)))
            return STORAGE_CANCELLED;
        pause_ns = pause_ns < LOAD_PAUSE_NS_MAX / 2 ? pause_ns * 2 : LOAD_PAUSE_NS_MAX;
        status = write_batch(worker, operation);
    }
    if (status == STORAGE_OK)
        worker->tally.record_count += operation->count;
    return status;
}

StorageStatus bench_operation_execute(BenchWorker *worker, const BenchOperation *operation)
{
    switch (operation->kind) {
    case BENCH_READ:
        return read_record(worker, operation->key);
    case BENCH_UPDATE:
        return storage_set(worker->control->phase->run->backend, operation->key, operation->value, NULL, worker->ctx);
    case BENCH_INSERT:
        return insert_record(worker, operation);
    case BENCH_SCAN:
        return scan_records(worker, operation);
    case BENCH_READ_MODIFY_WRITE:
        return modify_record(worker, operation);
    case BENCH_LOAD:
    case BENCH_KIND_COUNT:
        break;
    }
    return load_records(worker, operation);
}
