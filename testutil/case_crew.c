/*
 * case_crew.c - starts the threads of a case behind one barrier and joins them.
 */
#include "case_crew.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

typedef struct Start {
    Worker *worker;
    WorkFn work;
    pthread_barrier_t *barrier;
} Start;

void testutil_worker_note(Worker *worker, const char *format, ...)
{
    va_list arguments;

    if (worker->problem[0] != '\0')
        return;
    va_start(arguments, format);
    vsnprintf(worker->problem, sizeof worker->problem, format, arguments);
    va_end(arguments);
}

static void *run_worker(void *argument)
{
    const Start *start = argument;

    pthread_barrier_wait(start->barrier);
    start->work(start->worker);
    atomic_fetch_sub(&start->worker->crew->running, 1);
    return NULL;
}

void testutil_crew_run(Crew *crew, Worker *workers, uint32_t count, const WorkFn *works, uint32_t work_count)
{
    pthread_t threads[CREW_SIZE_MAX];
    Start starts[CREW_SIZE_MAX];
    pthread_barrier_t barrier;

    testutil_assert(count <= CREW_SIZE_MAX, "a crew of %u is too large", (unsigned)count);
    crew->backend = crew->fixture->backend;
    atomic_store(&crew->running, count);
    pthread_barrier_init(&barrier, NULL, count);
    for (uint32_t i = 0; i < count; i++) {
        workers[i] = (Worker){.crew = crew, .index = i, .random = testutil_random_seeded(i + 1)};
        starts[i] = (Start){&workers[i], works[i % work_count], &barrier};
        testutil_assert(pthread_create(&threads[i], NULL, run_worker, &starts[i]) == 0, "no thread");
    }
    for (uint32_t i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&barrier);
    for (uint32_t i = 0; i < count; i++)
        testutil_assert(workers[i].problem[0] == '\0', "thread %u: %s", (unsigned)i, workers[i].problem);
}
