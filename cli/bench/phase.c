/*
 * cli/bench/phase.c - the threads of a phase: started together, watched, stopped, and their measurements merged.
 *
 * Threads wait at a gate until all of them are there. Whoever wants an end sets `stops`; the calling thread then
 * cancels the context of every thread, so that no call keeps the phase waiting.
 */
#include "bench/phase.h"

#include "bench/worker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TICK_NS UINT64_C(100000000)
#define SECOND_NS UINT64_C(1000000000)

static void *thread_main(void *argument)
{
    BenchWorker *worker = argument;
    BenchControl *control = worker->control;
    (void)pthread_mutex_lock(&control->lock);
    while (!control->is_open)
        (void)pthread_cond_wait(&control->opened, &control->lock);
    (void)pthread_mutex_unlock(&control->lock);
    bench_worker_run(worker);
    (void)pthread_mutex_lock(&control->lock);
    if (--control->running_count == 0)
        (void)pthread_cond_signal(&control->ended);
    (void)pthread_mutex_unlock(&control->lock);
    return NULL;
}

static StorageStatus fail(BenchPhase *self, StorageStatus status, const char *text, const char *reason)
{
    self->failure = status;
    (void)snprintf(self->failure_text, sizeof(self->failure_text), "%s: %s; ask for fewer --threads", text, reason);
    return status;
}

static BenchWorker *workers_new(BenchControl *control)
{
    uint32_t count = control->phase->run->thread_count;
    BenchWorker *workers = aligned_alloc(_Alignof(BenchWorker), count * sizeof(*workers));
    int is_complete = workers != NULL;
    if (workers == NULL)
        return NULL;
    for (uint32_t i = 0; i < count; i++)
        is_complete = bench_worker_init(&workers[i], control, i) && is_complete;
    if (is_complete)
        return workers;
    for (uint32_t i = 0; i < count; i++)
        bench_worker_done(&workers[i]);
    free(workers);
    return NULL;
}

static void control_init(BenchControl *control, BenchPhase *phase)
{
    pthread_condattr_t attributes;
    memset(control, 0, sizeof(*control));
    control->phase = phase;
    (void)pthread_mutex_init(&control->lock, NULL);
    (void)pthread_cond_init(&control->opened, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&control->ended, &attributes);
    (void)pthread_condattr_destroy(&attributes);
}

static void control_done(BenchControl *control)
{
    (void)pthread_cond_destroy(&control->ended);
    (void)pthread_cond_destroy(&control->opened);
    (void)pthread_mutex_destroy(&control->lock);
}

/* Returns how many threads were started; when it is not all, they will end at once. */
static uint32_t start_threads(BenchControl *control, BenchWorker *workers)
{
    BenchPhase *phase = control->phase;
    uint32_t count = phase->run->thread_count, started_count = 0;
    int problem = 0;
    control->running_count = count;
    while (started_count < count &&
           (problem = pthread_create(&workers[started_count].thread, NULL, thread_main, &workers[started_count])) == 0)
        started_count++;
    (void)pthread_mutex_lock(&control->lock);
    if (problem != 0) {
        control->running_count -= count - started_count;
        atomic_store(&control->stops, 1);
        (void)fail(phase, STORAGE_NO_MEMORY, "a thread cannot be started", strerror(problem));
    }
    control->begin_ns = bench_now_ns();
    control->is_open = 1;
    (void)pthread_cond_broadcast(&control->opened);
    (void)pthread_mutex_unlock(&control->lock);
    return started_count;
}

/* Tells how far it is and hears whether to stop. */
static void tick(BenchControl *control, BenchWorker *workers)
{
    BenchPhase *phase = control->phase;
    uint64_t done_count = 0;
    if (phase->tick == NULL)
        return;
    for (uint32_t i = 0; i < phase->run->thread_count; i++)
        done_count += atomic_load_explicit(&workers[i].done_count, memory_order_relaxed);
    if (phase->tick(phase->user_data, bench_now_ns() - control->begin_ns, done_count) && !phase->was_stopped) {
        phase->was_stopped = 1;
        atomic_store(&control->stops, 1);
    }
}

static void wait_for_threads(BenchControl *control, BenchWorker *workers)
{
    int is_cancelled = 0;
    (void)pthread_mutex_lock(&control->lock);
    while (control->running_count > 0) {
        uint64_t until_ns = bench_now_ns() + TICK_NS;
        struct timespec until = {.tv_sec = (time_t)(until_ns / SECOND_NS), .tv_nsec = (long)(until_ns % SECOND_NS)};
        (void)pthread_cond_timedwait(&control->ended, &control->lock, &until);
        (void)pthread_mutex_unlock(&control->lock);
        tick(control, workers);
        if (!is_cancelled && atomic_load(&control->stops)) {
            is_cancelled = 1;
            for (uint32_t i = 0; i < control->phase->run->thread_count; i++)
                storage_context_cancel(workers[i].ctx);
        }
        (void)pthread_mutex_lock(&control->lock);
    }
    (void)pthread_mutex_unlock(&control->lock);
}

/* Adds up what the threads measured. */
static void collect(BenchControl *control, BenchWorker *workers)
{
    BenchPhase *phase = control->phase;
    for (uint32_t i = 0; i < phase->run->thread_count; i++) {
        BenchWorker *worker = &workers[i];
        bench_tally_merge(&phase->tally, &worker->tally);
        if (worker->end_ns > control->begin_ns && worker->end_ns - control->begin_ns > phase->elapsed_ns)
            phase->elapsed_ns = worker->end_ns - control->begin_ns;
        bench_worker_done(worker);
    }
    free(workers);
}

StorageStatus bench_phase_run(BenchPhase *self)
{
    BenchControl control;
    BenchWorker *workers;
    uint32_t started_count;
    if (!bench_tally_init(&self->tally, self->workload))
        return fail(self, STORAGE_NO_MEMORY, "no memory for the measurements", strerror(ENOMEM));
    control_init(&control, self);
    workers = workers_new(&control);
    if (workers == NULL) {
        control_done(&control);
        return fail(self, STORAGE_NO_MEMORY, "no memory for the threads", strerror(ENOMEM));
    }
    started_count = start_threads(&control, workers);
    wait_for_threads(&control, workers);
    for (uint32_t i = 0; i < started_count; i++)
        (void)pthread_join(workers[i].thread, NULL);
    collect(&control, workers);
    control_done(&control);
    return self->failure;
}

void bench_phase_done(BenchPhase *self)
{
    bench_tally_done(&self->tally);
}
