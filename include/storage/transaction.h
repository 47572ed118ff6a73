/*
 * storage/transaction.h - optimistic transactions, savepoints, and the closures around them.
 *
 * Begin never blocks and any number run at once. A transaction reads its own writes, collects them in program order,
 * and is validated and applied at the commit: all of it or nothing. A transaction, and the cursors it opens, belong to
 * one thread at a time.
 *
 * The calls return what their namesakes in operations.h return, and INVALID_ARGUMENT once the transaction has ended. A
 * precondition is decided at the call, against the transaction's own view (CONFLICT; the transaction stays usable), and
 * again at the commit. Writing calls only collect: they return READ_ONLY in a read-only transaction and leave no
 * revision in the context. A value written here and read back has revision 0.
 */
#ifndef STORAGE_TRANSACTION_H
#define STORAGE_TRANSACTION_H

#include "storage/operations.h"

STORAGE_BEGIN_DECLS

/*
 * Begins a transaction. `options`: isolation (snapshot by default), READ_ONLY; NULL for the defaults.
 * Returns OK. The caller owns `*ret_txn` and closes it with storage_transaction_close, also after a commit.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_begin(StorageBackend *backend,
                                                         const StorageTransactionOptions *options,
                                                         StorageTransaction **ret_txn, StorageContext *ctx);

/*
 * Reads `key` in the transaction's view: its own write, else the committed value (snapshot: as of the begin).
 * Returns OK with the value; NOT_FOUND.
 * The caller owns `*ret_value` and releases it, at any time, also after the transaction was closed.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_transaction_get(StorageTransaction *txn, StorageSlice key,
                                                                   StorageValue *ret_value, StorageContext *ctx);
/*
 * Reads `key_count` keys in the transaction's view, one after the other (read committed: each sees the newest commit).
 * Returns OK when all were read, whatever the single statuses (OK, NOT_FOUND), as storage_multi_get does.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_transaction_multi_get(StorageTransaction *txn,
                                                                         const StorageSlice *keys, size_t key_count,
                                                                         StorageValue *ret_values,
                                                                         StorageStatus *ret_statuses,
                                                                         StorageContext *ctx);
/*
 * Opens a cursor over `range` in the transaction's view as it is now; later writes do not show in it. Options as in
 * storage_scan. It ends with the transaction and is still to be closed.
 * Returns OK.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_transaction_scan(StorageTransaction *txn, const StorageRange *range,
                                                                    const StorageScanOptions *options,
                                                                    StorageCursor **ret_cursor, StorageContext *ctx);
/*
 * Sets `key` to `value`; an earlier expiry is cleared unless `options->expiry` says otherwise. A duration counts from
 * the commit.
 * Returns OK.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_transaction_set(StorageTransaction *txn, StorageSlice key,
                                                                   StorageSlice value, const StorageSetOptions *options,
                                                                   StorageContext *ctx);
/*
 * Gives `key` another expiry. It carries the value along: if that has changed by the commit, the commit is
 * SERIALIZATION.
 * Returns OK; NOT_FOUND when the key is absent in the transaction's view.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_transaction_touch(StorageTransaction *txn, StorageSlice key,
                                                                     StorageExpiry expiry, StorageContext *ctx);
/*
 * Deletes `key`.
 * Returns OK, also when there was none.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_transaction_delete(StorageTransaction *txn, StorageSlice key,
                                                                      StorageContext *ctx);
/*
 * Sets `key` to `value` if it is as `expected` in the transaction's view, and still is at the commit unless the
 * transaction wrote it before. A revision never matches the transaction's own write.
 * Returns OK; CONFLICT, with the key's revision in the view in the context (0: absent, or written here).
 */
STORAGE_API STORAGE_MUST_USE StorageStatus
storage_transaction_compare_and_set(StorageTransaction *txn, StorageSlice key, StorageExpected expected,
                                    StorageSlice value, const StorageSetOptions *options, StorageContext *ctx);
/*
 * Deletes `key` if it is as `expected`, decided as in storage_transaction_compare_and_set.
 * Returns OK, also for an absent key that was expected to be absent; CONFLICT.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_transaction_compare_and_delete(StorageTransaction *txn,
                                                                                  StorageSlice key,
                                                                                  StorageExpected expected,
                                                                                  StorageContext *ctx);
/*
 * Deletes every key of `range` (NULL: all keys) that is there at the commit, and the transaction's own writes before
 * this call. One that deletes something counts as a write of every key in the range, present or not, when commits are
 * compared.
 * Returns OK.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_transaction_clear_range(StorageTransaction *txn,
                                                                           const StorageRange *range,
                                                                           StorageContext *ctx);

/*
 * Marks a point to go back to. `*ret_savepoint_no` is its number, larger than those before it.
 * storage_transaction_rollback_to undoes every write since; the savepoint stays, later ones are gone.
 * storage_transaction_drop_savepoint forgets it and later ones and keeps the writes.
 * Return OK; INVALID_ARGUMENT for a number that is not a savepoint of this transaction. What was read stays read:
 * serializable validation does not forget it.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_transaction_savepoint(StorageTransaction *txn,
                                                                         uint32_t *ret_savepoint_no,
                                                                         StorageContext *ctx);
STORAGE_API STORAGE_MUST_USE StorageStatus storage_transaction_rollback_to(StorageTransaction *txn,
                                                                           uint32_t savepoint_no, StorageContext *ctx);
STORAGE_API STORAGE_MUST_USE StorageStatus storage_transaction_drop_savepoint(StorageTransaction *txn,
                                                                              uint32_t savepoint_no,
                                                                              StorageContext *ctx);

/*
 * A view of the same transaction on another table; it ends with the transaction and is not closed. Savepoints and
 * commit are called on the transaction itself.
 * Returns OK; UNSUPPORTED where the store has no tables (memory).
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_transaction_table(StorageTransaction *txn, StorageSlice name,
                                                                     StorageTransaction **ret_view,
                                                                     StorageContext *ctx);

/*
 * Validates the transaction and applies it, all or nothing. It ends whatever the outcome and is still to be closed.
 * `ret_revision` (or NULL) is the revision written; 0 when there was nothing to write.
 * With an idempotency token in this context the payload is the sequence of write calls that succeeded, rollbacks
 * included.
 * Returns OK; CONFLICT when a stated precondition no longer holds; SERIALIZATION when isolation cannot be kept (run the
 * whole transaction again); and what a write can return.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_transaction_commit(StorageTransaction *txn, uint64_t *ret_revision,
                                                                      StorageContext *ctx);

/* Closes a transaction, aborting it when it was not committed. NULL does nothing. Allowed after the backend's close. */
STORAGE_API void storage_transaction_close(StorageTransaction *txn);

/* A function that works in a transaction and leaves its end to the caller. 0 (OK) asks for the commit. */
typedef StorageStatus (*StorageTransactionFn)(StorageTransaction *txn, void *user_data, StorageContext *ctx);

/*
 * Runs `fn` in a transaction. OK from it commits; any other status aborts and is returned as it is, except that `fn` is
 * run again, in a new transaction, when it or the commit gives CONFLICT or SERIALIZATION: until the context's deadline,
 * or 10 runs without one. The context's attempts say how many runs there were. `fn` may be run several times, so it
 * must not leave traces outside the transaction, and it neither commits nor closes it.
 * Returns OK; the last status of `fn` or of the commit; TIMEOUT when the deadline passed between two runs.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_update(StorageBackend *backend,
                                                          const StorageTransactionOptions *options,
                                                          StorageTransactionFn fn, void *user_data,
                                                          StorageContext *ctx);

/*
 * Runs `fn` once in a read-only transaction.
 * Returns what `fn` returns, or what begin returned.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_view(StorageBackend *backend,
                                                        const StorageTransactionOptions *options,
                                                        StorageTransactionFn fn, void *user_data, StorageContext *ctx);

STORAGE_END_DECLS

#endif
