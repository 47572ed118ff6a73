/*
 * storage/status.h - every answer a call can give.
 *
 * 0 is done. A positive status is another normal answer (no such key, end of a scan); a negative one is a
 * failure, so callers test `status < 0`. Numbers are never reused or changed.
 */
#ifndef STORAGE_STATUS_H
#define STORAGE_STATUS_H

#include "storage/macros.h"

STORAGE_BEGIN_DECLS

typedef int32_t StorageStatus;

/*
 * The one list: X(name, number, transient, public text).
 *
 * Transient (1) means that the same call may succeed later without any change by the caller. The text is fit for
 * the clients of an API: it names no key, value, path or host. What an operator needs is in the context
 * (storage_context_error_text).
 */
#define STORAGE_STATUS_LIST(X)                                                              \
    X(OK, 0, 0, "done")                                                                     \
    X(NOT_FOUND, 1, 0, "no such key")                                                       \
    X(END, 2, 0, "no more rows")                                                            \
    X(CONFLICT, -1, 0, "a stated precondition does not hold")                               \
    X(SERIALIZATION, -2, 1, "the transaction met a concurrent change; run it again")        \
    X(INVALID_ARGUMENT, -3, 0, "the request is not valid")                                  \
    X(UNSUPPORTED, -4, 0, "the store does not support this")                                \
    X(SIZE_LIMIT_EXCEEDED, -5, 0, "a key, value or transaction is too large")               \
    X(RANGE_LIMIT_EXCEEDED, -6, 0, "the range holds more than one call may touch")          \
    X(RATE_LIMITED, -7, 1, "too many requests; try again later")                            \
    X(TIMEOUT, -8, 1, "the deadline passed; nothing was changed")                           \
    X(CANCELLED, -9, 0, "the request was cancelled; nothing was changed")                   \
    X(CONNECTION, -10, 1, "the store cannot be reached")                                    \
    X(CIRCUIT_OPEN, -11, 1, "the store is failing and is not being asked for now")          \
    X(CAS_RETRIES_EXHAUSTED, -12, 0, "the key kept changing; every retry met a conflict")   \
    X(IDEMPOTENCY_KEY_REUSED, -13, 0, "the idempotency token was used for another request") \
    X(INDETERMINATE, -14, 0, "the outcome of the write is unknown")                         \
    X(CORRUPT, -15, 0, "stored data is damaged")                                            \
    X(INCOMPATIBLE, -16, 0, "the store has another kind or a newer format")                 \
    X(ACCESS_DENIED, -17, 0, "access was denied")                                           \
    X(IO, -18, 0, "an input or output operation failed")                                    \
    X(NO_SPACE, -19, 0, "the store is full")                                                \
    X(NO_MEMORY, -20, 1, "out of memory")                                                   \
    X(BUSY, -21, 1, "the store is in use")                                                  \
    X(READ_ONLY, -22, 0, "the store is read-only")                                          \
    X(COMPACTED, -23, 0, "the requested history is no longer kept")                         \
    X(SNAPSHOT_TOO_OLD, -24, 1, "the snapshot was open for too long; start again")          \
    X(SHUTTING_DOWN, -25, 0, "the store is closing")                                        \
    X(CONFIG, -26, 0, "the configuration is not valid")                                     \
    X(INTERNAL, -27, 0, "an internal error")

enum {
#define STORAGE_STATUS_ENUMERATOR(name, number, transient, text) STORAGE_##name = (number),
    STORAGE_STATUS_LIST(STORAGE_STATUS_ENUMERATOR)
#undef STORAGE_STATUS_ENUMERATOR
};

/*
 * The name of a status without its prefix ("NOT_FOUND"); "UNKNOWN" for a number that is none.
 * Returns a string that lives for ever. Any thread.
 */
STORAGE_API const char *storage_status_name(StorageStatus status);

/* The public text of a status, safe to show to clients. Returns a string that lives for ever. Any thread. */
STORAGE_API const char *storage_status_text(StorageStatus status);

/* 1 when the same call may succeed later without a change by the caller, else 0. Any thread. */
STORAGE_API int storage_status_is_transient(StorageStatus status);

STORAGE_END_DECLS

#endif
