/*
 * probe.h - a backend that answers what a test says and counts how it was called.
 *
 * It stores nothing. The Probe belongs to the test and outlives the stack, so that a test can look at it after a close.
 * Methods count from any thread.
 */
#ifndef PROBE_H
#define PROBE_H

#include <pthread.h>
#include <stdatomic.h>

#include "storage/backend.h"

/* Everything that dispatch may call. */
typedef enum ProbeSlot {
    PROBE_GET,
    PROBE_MULTI_GET,
    PROBE_WRITE,
    PROBE_SCAN,
    PROBE_BEGIN,
    PROBE_WATCH,
    PROBE_SYNC,
    PROBE_SWEEP,
    PROBE_HEALTH_CHECK,
    PROBE_DESCRIBE,
    PROBE_CURSOR_NEXT,
    PROBE_CURSOR_SEEK,
    PROBE_CURSOR_CLOSE,
    PROBE_TRANSACTION_GET,
    PROBE_TRANSACTION_MULTI_GET,
    PROBE_TRANSACTION_WRITE,
    PROBE_TRANSACTION_SCAN,
    PROBE_TRANSACTION_SAVEPOINT,
    PROBE_TRANSACTION_ROLLBACK_TO,
    PROBE_TRANSACTION_DROP_SAVEPOINT,
    PROBE_TRANSACTION_TABLE,
    PROBE_TRANSACTION_COMMIT,
    PROBE_TRANSACTION_CLOSE,
    PROBE_WATCH_NEXT,
    PROBE_WATCH_FD,
    PROBE_WATCH_CLOSE,
    PROBE_INTERRUPT,
    PROBE_SHUTDOWN,
    PROBE_DESTROY,
    PROBE_SLOT_COUNT
} ProbeSlot;

typedef struct Probe {
    _Atomic uint32_t calls[PROBE_SLOT_COUNT];
    StorageStatus answer;          /* of every method but close methods, describe and health_check */
    StorageStatus shutdown_answer; /* of shutdown */
    StorageStatus commit_answer;   /* of commits, while `answer` is OK */
    int is_gated;                  /* get and watch_next wait in the gate */
    int is_context_missing;        /* a method was called without a context */
    /* What the last write was given. */
    StorageOperation operation;
    size_t operation_count;
    uint32_t mode;
    int has_payload_hash;
    uint8_t payload_hash[32];
    StorageTransactionOptions transaction_options; /* of the last begin */
    /* The gate; under the mutex. */
    pthread_mutex_t mutex;
    pthread_cond_t condition;
    unsigned waiting_count;
    int is_open, is_interrupted;
} Probe;

/* Everything that there is to have. */
#define PROBE_ALL_CAPABILITIES UINT64_C(0xfff)
enum { PROBE_KEY_SIZE_MAX = 100, PROBE_VALUE_SIZE_MAX = 200 };
/* What reads find and writes leave in the context. */
enum { PROBE_REVISION = 7 };

void probe_init(Probe *probe);
void probe_done(Probe *probe);

/* Opens a stack over `probe` with every method (probe_open) or with the required ones alone (probe_open_bare). */
StorageStatus probe_open(Probe *probe, uint64_t capabilities, const StorageEnvironment *environment,
                         StorageBackend **ret_backend);
StorageStatus probe_open_bare(Probe *probe, uint64_t capabilities, StorageBackend **ret_backend);

/* Waits until `count` calls stand in the gate; until the stack under the probe was interrupted; opens the gate. */
void probe_await_waiting(Probe *probe, unsigned count);
void probe_await_interrupt(Probe *probe);
void probe_open_gate(Probe *probe);

/* How often anything but describe, health, lifecycle and close methods was called. */
uint32_t probe_call_count(const Probe *probe);

extern const StorageOps probe_ops;

#endif
