/* core/environment.h - the system's clock, randomness and files, and filling the gaps of a given environment. */
#ifndef CORE_ENVIRONMENT_H
#define CORE_ENVIRONMENT_H

#include "storage/backend.h"

#include <pthread.h>

extern const StorageClock system_clock;
extern const StorageRandom system_random;
extern const StorageFiles system_files;

/*
 * Makes `*ret_full` a copy of `given` (NULL allowed) in which every part is present.
 * Returns OK; INVALID_ARGUMENT or UNSUPPORTED for its struct_size, or for a part that lacks a function.
 */
StorageStatus environment_fill(StorageEnvironment *ret_full, const StorageEnvironment *given, StorageContext *ctx);

/* Whether every method that a durable store needs is there. */
int environment_files_can_write(const StorageFiles *files);

/* Initialises a condition that clock_wait can wait on. Returns 0 or an errno number. */
int clock_condition_init(pthread_cond_t *condition);

/* Lets `duration_ns` of real time pass, less than a second. */
void clock_pause(uint32_t duration_ns);

/*
 * Waits on `condition` until it is signalled or `wake_at_ns` on `clock` has come (0: no such time). May return for no
 * reason. An injected clock moves when its test says so, so it is looked at again every millisecond.
 */
void clock_wait(const StorageClock *clock, pthread_mutex_t *mutex, pthread_cond_t *condition, uint64_t wake_at_ns);

#endif
