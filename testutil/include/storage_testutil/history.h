/*
 * storage_testutil/history.h - what many threads did at once, recorded and checked afterwards.
 *
 * Registers: single calls on single keys, checked for linearizability, one key at a time (Wing and Gong, 1993; with the
 * memory of Lowe, "Testing for linearizability", 2017, compared in full so that no two states are taken for one).
 *
 * Transactions: everything that committed is replayed in the order of its revisions on the model. Every transaction
 * must have read what the model holds at one revision between its begin and its commit (read committed: each of its
 * calls, at one revision of its own), what it wrote must not have been written since, and the end must be the store's.
 *
 * A thread writes only under its own number; checking is for one thread, after the others have ended.
 */
#ifndef STORAGE_TESTUTIL_HISTORY_H
#define STORAGE_TESTUTIL_HISTORY_H

#include "storage_testutil/assert.h"

STORAGE_BEGIN_DECLS

typedef enum TestutilVerdict {
    TESTUTIL_HISTORY_CORRECT = 0,
    TESTUTIL_HISTORY_WRONG = 1,
    TESTUTIL_HISTORY_UNDECIDED = 2 /* too many possibilities, or too little memory; the reason says which */
} TestutilVerdict;

/* ---- registers ---- */

enum {
    TESTUTIL_REGISTER_GET = 1,
    TESTUTIL_REGISTER_SET = 2,
    TESTUTIL_REGISTER_DELETE = 3,
    TESTUTIL_REGISTER_COMPARE_AND_SET = 4
};

enum {
    TESTUTIL_REGISTER_DONE = 0,
    TESTUTIL_REGISTER_CONFLICT = 1, /* of a compare_and_set: the register was not as expected */
    TESTUTIL_REGISTER_UNKNOWN = 2   /* may have taken effect at any time after it was called, or never */
};

/* One call. Values are numbers that are not 0; 0 is an absent key. */
typedef struct TestutilRegisterCall {
    uint64_t invoked, responded; /* ticks of one counter */
    uint32_t key_no, kind, outcome, thread_no;
    uint64_t value;    /* read, or to be written */
    uint64_t expected; /* of a compare_and_set */
} TestutilRegisterCall;

/* Whether some order of the calls, in which none that ended comes after one that began later, explains all answers.
 * The reason (or NULL) gets a text when not. */
TestutilVerdict testutil_register_check(const TestutilRegisterCall *calls, size_t count, TestutilText *ret_reason);

typedef struct TestutilRegisterHistory TestutilRegisterHistory;

/* Room for `call_count_max` calls of each of `thread_count` threads. */
TestutilRegisterHistory *testutil_register_history_new(size_t thread_count, size_t call_count_max);
void testutil_register_history_free(TestutilRegisterHistory *self);

/*
 * Makes a call on the stack and records it: `kind`, `value` and `expected` as above, the value is stored as 8 bytes.
 * Failures other than CONFLICT of a writing call are recorded as unknown, of a get not at all. Returns the status of
 * the stack; 0 as well when there is no room left.
 */
StorageStatus testutil_register_call(TestutilRegisterHistory *self, size_t thread_no, StorageBackend *backend,
                                     uint32_t key_no, uint32_t kind, uint64_t value, uint64_t expected,
                                     uint64_t *ret_value);

/* All calls that were recorded; the caller frees the array with free(). */
TestutilRegisterCall *testutil_register_history_calls(const TestutilRegisterHistory *self, size_t *ret_count);

/* ---- transactions ---- */

typedef struct TestutilTransactionHistory TestutilTransactionHistory;
typedef struct TestutilRecordedTransaction TestutilRecordedTransaction;

TestutilTransactionHistory *testutil_transaction_history_new(size_t thread_count);
void testutil_transaction_history_free(TestutilTransactionHistory *self);

/* Each makes the call on the stack and records it with its answer. NULL when begin failed. */
TestutilRecordedTransaction *testutil_recorded_begin(TestutilTransactionHistory *self, size_t thread_no,
                                                     StorageBackend *backend, uint32_t isolation);
StorageStatus testutil_recorded_get(TestutilRecordedTransaction *self, StorageSlice key);
StorageStatus testutil_recorded_scan(TestutilRecordedTransaction *self, const StorageRange *range);
StorageStatus testutil_recorded_write(TestutilRecordedTransaction *self, const StorageOperation *operation);
/* The value of the last get that found one, valid until the next call. */
StorageSlice testutil_recorded_value(const TestutilRecordedTransaction *self);
/* Ends it; the handle is no longer valid. */
StorageStatus testutil_recorded_commit(TestutilRecordedTransaction *self);
void testutil_recorded_abort(TestutilRecordedTransaction *self);

/* storage_write, ATOMIC, recorded as a transaction that reads nothing. */
StorageStatus testutil_recorded_atomic_write(TestutilTransactionHistory *self, size_t thread_no,
                                             StorageBackend *backend, const StorageOperation *operations, size_t count);

/* How many transactions and writes committed something. */
size_t testutil_transaction_history_commit_count(const TestutilTransactionHistory *self);

/* Adds a change to a text, for testutil_transaction_history_check_changes. */
void testutil_history_add_change(TestutilText *text, const StorageChange *change);

/* The history began on an empty store; `backend` is the store as it is now, or NULL when the end is not to be looked
 * at. Expiry is not followed: no write of the history may have one. */
TestutilVerdict testutil_transaction_history_check(const TestutilTransactionHistory *self, StorageBackend *backend,
                                                   TestutilText *ret_reason);

/* Whether `changes`, the text of everything that a watch of all keys from before the first commit on has told, is what
 * the replay of the history changes: nothing left out, nothing twice, nothing in another order. */
TestutilVerdict testutil_transaction_history_check_changes(const TestutilTransactionHistory *self, const char *changes,
                                                           TestutilText *ret_reason);

STORAGE_END_DECLS

#endif
