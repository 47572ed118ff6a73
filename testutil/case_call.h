/*
 * case_call.h - every call of the public interface as a function with one signature, so that rules that hold for every
 * call (deadline, cancellation, closing, fork, NULL handles) are asserted for every call.
 */
#ifndef TESTUTIL_CASE_CALL_H
#define TESTUTIL_CASE_CALL_H

#include "case.h"

/* One handle of each kind; those that the stack cannot make are NULL. */
typedef struct CallHandles {
    StorageBackend *backend;
    StorageCursor *cursor, *transaction_cursor;
    StorageTransaction *txn;
    StorageWatch *watch;
    uint32_t savepoint_no;
} CallHandles;

/* Which handle a call works on. */
enum { CALL_ON_BACKEND = 1, CALL_ON_CURSOR, CALL_ON_TRANSACTION, CALL_ON_TRANSACTION_CURSOR, CALL_ON_WATCH };

/*
 * X(name, what it works on, capabilities, needs)
 *
 * Every call leaves the store unchanged when it fails; those that write, write the key "call".
 */
#define EVERY_CALL(X)                                                                      \
    X(get, CALL_ON_BACKEND, 0, 0)                                                          \
    X(multi_get, CALL_ON_BACKEND, 0, 0)                                                    \
    X(scan, CALL_ON_BACKEND, 0, 0)                                                         \
    X(set, CALL_ON_BACKEND, 0, WRITES)                                                     \
    X(touch, CALL_ON_BACKEND, EXPIRY, WRITES)                                              \
    X(delete, CALL_ON_BACKEND, 0, WRITES)                                                  \
    X(compare_and_set, CALL_ON_BACKEND, COMPARE, WRITES)                                   \
    X(compare_and_delete, CALL_ON_BACKEND, COMPARE, WRITES)                                \
    X(clear_range, CALL_ON_BACKEND, CLEAR_RANGE, WRITES)                                   \
    X(write_atomic, CALL_ON_BACKEND, MULTI_WRITE, WRITES)                                  \
    X(write_independent, CALL_ON_BACKEND, MULTI_WRITE, WRITES)                             \
    X(sync, CALL_ON_BACKEND, 0, 0)                                                         \
    X(sweep, CALL_ON_BACKEND, EXPIRY, WRITES)                                              \
    X(health_check, CALL_ON_BACKEND, 0, 0)                                                 \
    X(describe, CALL_ON_BACKEND, 0, 0)                                                     \
    X(begin, CALL_ON_BACKEND, TRANSACTIONS, 0)                                             \
    X(update, CALL_ON_BACKEND, TRANSACTIONS, 0)                                            \
    X(view, CALL_ON_BACKEND, TRANSACTIONS, 0)                                              \
    X(watch, CALL_ON_BACKEND, WATCH, 0)                                                    \
    X(cursor_next, CALL_ON_CURSOR, 0, 0)                                                   \
    X(cursor_seek, CALL_ON_CURSOR, 0, 0)                                                   \
    X(transaction_get, CALL_ON_TRANSACTION, TRANSACTIONS, 0)                               \
    X(transaction_multi_get, CALL_ON_TRANSACTION, TRANSACTIONS, 0)                         \
    X(transaction_scan, CALL_ON_TRANSACTION, TRANSACTIONS, 0)                              \
    X(transaction_set, CALL_ON_TRANSACTION, TRANSACTIONS, WRITES)                          \
    X(transaction_touch, CALL_ON_TRANSACTION, TRANSACTIONS | EXPIRY, WRITES)               \
    X(transaction_delete, CALL_ON_TRANSACTION, TRANSACTIONS, WRITES)                       \
    X(transaction_compare_and_set, CALL_ON_TRANSACTION, TRANSACTIONS | COMPARE, WRITES)    \
    X(transaction_compare_and_delete, CALL_ON_TRANSACTION, TRANSACTIONS | COMPARE, WRITES) \
    X(transaction_clear_range, CALL_ON_TRANSACTION, TRANSACTIONS | CLEAR_RANGE, WRITES)    \
    X(transaction_savepoint, CALL_ON_TRANSACTION, SAVEPOINTS, 0)                           \
    X(transaction_rollback_to, CALL_ON_TRANSACTION, SAVEPOINTS, 0)                         \
    X(transaction_drop_savepoint, CALL_ON_TRANSACTION, SAVEPOINTS, 0)                      \
    X(transaction_commit, CALL_ON_TRANSACTION, TRANSACTIONS, 0)                            \
    X(transaction_cursor_next, CALL_ON_TRANSACTION_CURSOR, TRANSACTIONS, 0)                \
    X(transaction_cursor_seek, CALL_ON_TRANSACTION_CURSOR, TRANSACTIONS, 0)                \
    X(watch_next, CALL_ON_WATCH, WATCH, 0)                                                 \
    X(watch_fd, CALL_ON_WATCH, WATCH, 0)

typedef StorageStatus (*CallFn)(CallHandles *handles, StorageContext *ctx);

typedef struct Call {
    const char *name;
    uint32_t handle_kind;
    uint64_t capabilities;
    uint32_t needs;
    CallFn function;
} Call;

/* All of them. Each function asserts that a failed call leaves its outputs empty. */
extern const Call testutil_calls[];
extern const size_t testutil_call_count;

/* The call of this name; fails the test when there is none. */
const Call *testutil_call_named(const char *name);
/* 1 when this stack can make the call. */
int testutil_call_is_possible(const Call *call, const StorageCapabilities *capabilities);

/* Opens one handle of each kind that the stack can make; in the transaction a savepoint is set. */
void testutil_call_handles_open(StorageBackend *backend, CallHandles *ret_handles);
/* Closes all but the backend. */
void testutil_call_handles_close(CallHandles *handles);

#endif
