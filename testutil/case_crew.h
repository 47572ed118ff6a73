/*
 * case_crew.h - threads of one case: they start together, note what went wrong, and the case asserts after joining.
 */
#ifndef TESTUTIL_CASE_CREW_H
#define TESTUTIL_CASE_CREW_H

#include "case.h"

#include <stdatomic.h>

/* What all threads of a case share; a case puts it first into a struct of its own when it needs more. */
typedef struct Crew {
    TestutilFixture *fixture;
    StorageBackend *backend;
    atomic_uint running;      /* workers that are not done */
    atomic_uint winner_count; /* for cases in which one may win */
} Crew;

typedef struct Worker {
    Crew *crew;
    uint32_t index;
    TestutilRandom random;
    uint64_t result; /* of the case */
    char problem[256];
} Worker;

/* One thread's work. It ends early by returning after worker_note. */
typedef void (*WorkFn)(Worker *worker);

/* Notes the first problem of a worker. */
void testutil_worker_note(Worker *worker, const char *format, ...) STORAGE_PRINTF(2, 3);

/* Notes a problem and leaves the work function when the condition is false. */
#define worker_expects(worker, condition, ...)           \
    do {                                                 \
        if (!(condition)) {                              \
            testutil_worker_note((worker), __VA_ARGS__); \
            return;                                      \
        }                                                \
    } while (0)
#define worker_expects_ok(worker, call)                                                \
    do {                                                                               \
        StorageStatus worker_status_ = (call);                                         \
        worker_expects((worker), worker_status_ == STORAGE_OK, "%s answers %s", #call, \
                       storage_status_name(worker_status_));                           \
    } while (0)

enum { CREW_SIZE_MAX = 64 };

/* Runs `count` workers, each with works[index % work_count], joins them, and fails the test with their problems. */
void testutil_crew_run(Crew *crew, Worker *workers, uint32_t count, const WorkFn *works, uint32_t work_count);

#endif
