/*
 * cli/bench/worker.c - one thread of a phase.
 *
 * The clock is read twice an operation, right before and right after the calls on the store; drawing the operation and
 * counting it are outside. Nothing is shared with other threads but the records, the flag that stops, and a counter on
 * a cache line of its own that the waiting thread reads.
 */
#include "bench/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECOND_NS UINT64_C(1000000000)
#define NAP_NS UINT64_C(50000000) /* the longest sleep without a look at whether the phase stops */
#define SPIN_NS UINT64_C(100000)  /* what a sleep may be late by: the rest of a wait is spent looking at the clock */

uint64_t bench_now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

int bench_status_is_counted(StorageStatus status)
{
    switch (status) {
    case STORAGE_CONFLICT:
    case STORAGE_CAS_RETRIES_EXHAUSTED:
    case STORAGE_INDETERMINATE:
        return 1;
    case STORAGE_NO_MEMORY:
        return 0;
    default:
        return storage_status_is_transient(status);
    }
}

int bench_worker_init(BenchWorker *self, BenchControl *control, uint32_t index)
{
    const BenchPhase *phase = control->phase;
    const BenchRun *run = phase->run;
    size_t batch_size = phase->workload->percent[BENCH_LOAD] > 0 ? run->batch_size : 1;
    memset(self, 0, sizeof(*self));
    self->control = control;
    self->index = index;
    self->all_records = bench_key_range(run->prefix, self->range_key);
    self->ctx = storage_context_new();
    self->operations = calloc(batch_size, sizeof(*self->operations));
    self->keys = calloc(batch_size, sizeof(*self->keys));
    bench_chooser_init(&self->chooser, phase->workload, phase->distribution, bench_records_present(run->records),
                       run->seed, index);
    return bench_tally_init(&self->tally, phase->workload) && self->ctx != NULL && self->operations != NULL &&
           self->keys != NULL;
}

void bench_worker_done(BenchWorker *self)
{
    bench_tally_done(&self->tally);
    storage_context_free(self->ctx);
    free(self->operations);
    free(self->keys);
}

static int stops(const BenchWorker *self)
{
    return atomic_load_explicit(&self->control->stops, memory_order_relaxed);
}

int bench_worker_wait(BenchWorker *self, uint64_t due_ns)
{
    for (uint64_t now_ns = bench_now_ns(); now_ns < due_ns && !stops(self); now_ns = bench_now_ns()) {
        uint64_t until_ns = due_ns - now_ns < NAP_NS ? due_ns - SPIN_NS : now_ns + NAP_NS;
        struct timespec until = {.tv_sec = (time_t)(until_ns / SECOND_NS), .tv_nsec = (long)(until_ns % SECOND_NS)};
        if (until_ns > now_ns)
            (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    }
    return !stops(self);
}

/* When operation `operation_no` is due; 0: at once. In whole periods first, so that no product overflows. */
static uint64_t due_ns(const BenchWorker *self, uint64_t operation_no)
{
    StorageRate rate = self->control->phase->run->rate;
    double part;
    if (rate.count == 0 || self->control->phase->workload == &bench_workload_load)
        return 0;
    part = (double)(operation_no % rate.count) / (double)rate.count;
    return self->control->begin_ns + operation_no / rate.count * rate.period_ns +
           (uint64_t)(part * (double)rate.period_ns);
}

/* The first failure that the run cannot go on after ends it for all threads. */
static void give_up(BenchWorker *self, StorageStatus status)
{
    BenchControl *control = self->control;
    BenchPhase *phase = control->phase;
    const char *text = storage_context_error_text(self->ctx, 0);
    (void)pthread_mutex_lock(&control->lock);
    if (phase->failure == STORAGE_OK) {
        phase->failure = status;
        (void)snprintf(phase->failure_text, sizeof(phase->failure_text), "%s",
                       text[0] != '\0' ? text : storage_status_text(status));
    }
    (void)pthread_mutex_unlock(&control->lock);
    atomic_store(&control->stops, 1);
}

/* Does and counts one operation. Returns 0 after the last one. */
static int do_operation(BenchWorker *self, uint64_t operation_no, uint64_t last_ns)
{
    uint64_t due = due_ns(self, operation_no), begin_ns, end_ns;
    BenchOperation operation;
    StorageStatus status;
    if (due > last_ns)
        return (void)bench_worker_wait(self, last_ns), 0;
    if (due > 0 && !bench_worker_wait(self, due))
        return 0;
    bench_operation_prepare(self, operation_no, &operation);
    begin_ns = bench_now_ns();
    status = bench_operation_execute(self, &operation);
    end_ns = bench_now_ns();
    if (status == STORAGE_CANCELLED && stops(self))
        return 0;
    bench_tally_note(&self->tally, operation.kind, status, end_ns - (due > 0 ? due : begin_ns));
    self->end_ns = end_ns;
    atomic_store_explicit(&self->done_count, atomic_load_explicit(&self->done_count, memory_order_relaxed) + 1,
                          memory_order_relaxed);
    /* A load that did not succeed in the end leaves a hole, whatever the reason. */
    if (status < 0 && (operation.kind == BENCH_LOAD || !bench_status_is_counted(status)))
        give_up(self, status);
    return end_ns < last_ns;
}

void bench_worker_run(BenchWorker *self)
{
    const BenchPhase *phase = self->control->phase;
    uint64_t thread_count = phase->run->thread_count;
    uint64_t end_no = phase->operation_count > 0 ? phase->operation_count : UINT64_MAX;
    uint64_t last_ns = phase->duration_ns > 0 ? self->control->begin_ns + phase->duration_ns : UINT64_MAX;
    /* Threads take turns, so each has an equal share. */
    for (uint64_t no = self->index; no < end_no && !stops(self); no += thread_count)
        if (!do_operation(self, no, last_ns))
            break;
}
