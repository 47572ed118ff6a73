/* core/clock.c - the clock seam: the only file that reads the system's clocks or waits for time. */
#include "core/environment.h"

#include <time.h>

enum { NS_PER_SECOND = 1000000000, INJECTED_CLOCK_SLICE_NS = 1000000 };

static int64_t system_wall_ns(void *user_data)
{
    struct timespec now;
    (void)user_data;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

static uint64_t system_monotonic_ns(void *user_data)
{
    struct timespec now;
    (void)user_data;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

const StorageClock system_clock = {
    .struct_size = sizeof(StorageClock),
    .wall_ns = system_wall_ns,
    .monotonic_ns = system_monotonic_ns,
};

int clock_condition_init(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    int error = pthread_condattr_init(&attributes);
    if (error != 0)
        return error;
    error = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    if (error == 0)
        error = pthread_cond_init(condition, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    return error;
}

void clock_wait(const StorageClock *clock, pthread_mutex_t *mutex, pthread_cond_t *condition, uint64_t wake_at_ns)
{
    struct timespec wake_at;
    if (wake_at_ns == 0) {
        (void)pthread_cond_wait(condition, mutex);
        return;
    }
    if (clock->monotonic_ns != system_monotonic_ns)
        wake_at_ns = system_monotonic_ns(NULL) + INJECTED_CLOCK_SLICE_NS;
    wake_at.tv_sec = (time_t)(wake_at_ns / NS_PER_SECOND);
    wake_at.tv_nsec = (long)(wake_at_ns % NS_PER_SECOND);
    (void)pthread_cond_timedwait(condition, mutex, &wake_at);
}

void clock_pause(uint32_t duration_ns)
{
    struct timespec duration = {.tv_nsec = (long)duration_ns};
    (void)nanosleep(&duration, NULL);
}

int64_t storage_wall_ns(const StorageBackend *backend)
{
    const StorageClock *clock = backend->environment->clock;
    return clock->wall_ns(clock->user_data);
}

uint64_t storage_monotonic_ns(const StorageBackend *backend)
{
    const StorageClock *clock = backend->environment->clock;
    return clock->monotonic_ns(clock->user_data);
}
