/*
 * storage/operations.h - the calls on a backend: read, write, scan, health, describe, sync, sweep, close.
 *
 * A `StorageBackend *` is a whole stack: the top layer, the ones below, and the store. Every handle may be used from
 * any thread at the same time; a cursor belongs to one thread at a time.
 *
 * Every call but storage_close can also return these, which are not repeated with each:
 *   INVALID_ARGUMENT  a NULL handle or output, a slice without data, an unknown enumerator or flag, an option struct of
 *                     size 0, or a handle that was inherited over fork(); the error text says which
 *   UNSUPPORTED       the stack does not have the capability that the call needs, or an option is newer than it
 *   TIMEOUT, CANCELLED  by the context; a write then certainly had no effect
 *   SHUTTING_DOWN     storage_close was called on the stack
 *   NO_MEMORY
 *   and what a layer of the stack adds (RATE_LIMITED, SIZE_LIMIT_EXCEEDED, CIRCUIT_OPEN, CONNECTION, ...)
 * Every write can return INDETERMINATE when it was cut off and nobody can tell whether it took effect, READ_ONLY,
 * NO_SPACE, IO, and, with an idempotency token, IDEMPOTENCY_KEY_REUSED.
 *
 * On every return but OK output handles are NULL and output values are empty.
 */
#ifndef STORAGE_OPERATIONS_H
#define STORAGE_OPERATIONS_H

#include "storage/context.h"

STORAGE_BEGIN_DECLS

/* ---- reading ---- */

/*
 * Reads the newest value of `key`.
 * Returns OK with the value; NOT_FOUND when the key is missing, deleted or expired.
 * The caller owns `*ret_value` and gives it back with storage_value_release, at any time, also after the close.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_get(StorageBackend *backend, StorageSlice key,
                                                       StorageValue *ret_value, StorageContext *ctx);

/*
 * Reads `key_count` keys at one revision. `ret_values` and `ret_statuses` have `key_count` elements; each status is OK
 * or NOT_FOUND as in storage_get. The same key may be given more than once.
 * Returns OK when all were read, whatever the single statuses. On failure every value is empty and every status is the
 * one returned.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_multi_get(StorageBackend *backend, const StorageSlice *keys,
                                                             size_t key_count, StorageValue *ret_values,
                                                             StorageStatus *ret_statuses, StorageContext *ctx);

/*
 * Opens a cursor over `range` (NULL: all keys), on the newest snapshot. It sees that snapshot for its whole life,
 * whatever is written; a row whose expiry had come when it was opened is not in it.
 * `options`: REVERSE, KEYS_ONLY, limit in rows (0: none).
 * Returns OK. An inverted or empty range is a cursor without rows.
 * The caller owns `*ret_cursor` and closes it with storage_cursor_close.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_scan(StorageBackend *backend, const StorageRange *range,
                                                        const StorageScanOptions *options, StorageCursor **ret_cursor,
                                                        StorageContext *ctx);

/*
 * The next row, in key order (REVERSE: the other way).
 * Returns OK with `*ret_entry` valid until the next call on the cursor; END after the last row or `limit` rows;
 * SNAPSHOT_TOO_OLD when the store ended the snapshot; INVALID_ARGUMENT when the transaction it came from has ended.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_cursor_next(StorageCursor *cursor, const StorageEntry **ret_entry,
                                                               StorageContext *ctx);

/*
 * Moves the cursor so that the next row is the first at or after `key` (REVERSE: at or before), within its range. It
 * may go back. Rows handed out before still count for the limit.
 * Returns OK, also when no row is left there.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_cursor_seek(StorageCursor *cursor, StorageSlice key,
                                                               StorageContext *ctx);

/* Closes a cursor; its row is no longer valid. NULL does nothing. Allowed after its backend was closed. */
STORAGE_API void storage_cursor_close(StorageCursor *cursor);

/* ---- writing ---- */

/*
 * Sets `key` to `value`; an earlier expiry is cleared unless `options->expiry` says otherwise (NULL options: never).
 * Returns OK; the context has the revision.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_set(StorageBackend *backend, StorageSlice key, StorageSlice value,
                                                       const StorageSetOptions *options, StorageContext *ctx);

/*
 * Gives `key` another expiry and a new revision; the value stays.
 * Returns OK; NOT_FOUND when the key is missing or expired.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_touch(StorageBackend *backend, StorageSlice key,
                                                         StorageExpiry expiry, StorageContext *ctx);

/*
 * Deletes `key`.
 * Returns OK, also when there was none; then nothing is written and the context's revision is 0.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_delete(StorageBackend *backend, StorageSlice key,
                                                          StorageContext *ctx);

/*
 * Sets `key` to `value` if it is as `expected`: absent (an expired key is), exactly these bytes, or last written by
 * this revision. Otherwise as storage_set.
 * Returns OK; CONFLICT, with the key's current revision in the context (0 when absent). Sizes are checked before.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_compare_and_set(StorageBackend *backend, StorageSlice key,
                                                                   StorageExpected expected, StorageSlice value,
                                                                   const StorageSetOptions *options,
                                                                   StorageContext *ctx);

/*
 * Deletes `key` if it is as `expected`.
 * Returns OK, also for an absent key that was expected to be absent (nothing is written); CONFLICT as in
 * storage_compare_and_set.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_compare_and_delete(StorageBackend *backend, StorageSlice key,
                                                                      StorageExpected expected, StorageContext *ctx);

/*
 * Deletes every key of `range` (NULL: all keys), atomically, however many; watchers see one CLEARED change.
 * Returns OK, also when the range held nothing; then nothing is written.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_clear_range(StorageBackend *backend, const StorageRange *range,
                                                               StorageContext *ctx);

/*
 * Several operations in one commit, decided in order: each sees what the earlier ones did.
 * `mode` ATOMIC: all or nothing, under one revision. An operation fails that does not return OK by itself (a touch that
 * finds nothing fails too). Every operation is decided; the failing ones have their statuses in the results, all others
 * are CANCELLED.
 * `mode` INDEPENDENT: each is decided by itself and has its own status and revision. A key or value that is too large
 * fails its operation alone; an operation that is INVALID_ARGUMENT or UNSUPPORTED is a mistake of the program and fails
 * the call, as NO_SPACE and NO_MEMORY do: then nothing is written.
 * Returns OK when the commit happened, whatever the single statuses; the status of the first operation that failed, in
 * mode ATOMIC.
 * `ret_results` has `operation_count` elements, or is NULL. No operation at all returns OK and writes nothing.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_write(StorageBackend *backend, const StorageOperation *operations,
                                                         size_t operation_count, uint32_t mode,
                                                         StorageResult *ret_results, StorageContext *ctx);

/* ---- the stack itself ---- */

/*
 * Makes what was written so far as durable as the store can (memory: nothing to do) and tidies up.
 * Returns OK; IO.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_sync(StorageBackend *backend, StorageContext *ctx);

/*
 * Removes what has expired, in one commit with EXPIRED changes. The cost grows with what expires, not with what is
 * stored. Expiry itself is exact without it: this gives the space back and tells the watchers. Stores also sweep a
 * bounded number of keys with each write.
 * `ret_count` is the number of keys removed, or NULL.
 * Returns OK.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_sweep(StorageBackend *backend, uint64_t *ret_count,
                                                         StorageContext *ctx);

/*
 * Asks whether the process should live (LIVENESS), be given work (READINESS), has finished starting (STARTUP).
 * `ret_json`: one JSON object with state, reasons and figures, to be released; or NULL.
 * Returns OK when the check itself worked, whatever `*ret_state` is.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_health_check(StorageBackend *backend, StorageProbe probe,
                                                                StorageHealthState *ret_state, StorageValue *ret_json,
                                                                StorageContext *ctx);

/*
 * One JSON document about the stack: layers, capabilities, statistics or memory. Secrets are never in it.
 * Returns OK with text that the caller releases.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_describe(StorageBackend *backend, StorageDescription description,
                                                            StorageValue *ret_json, StorageContext *ctx);

/*
 * Closes a whole stack; `backend` is its top handle (any other one is INVALID_ARGUMENT and nothing is closed). From the
 * call on, other calls, and calls on open cursors, transactions and watches, answer SHUTTING_DOWN, waiting ones end.
 * Calls in progress get until the context's deadline (none: as long as they need). Open transactions abort. Cursors,
 * transactions and watches are still to be closed by their owners; values stay readable until they are released, rows
 * and changes do not.
 * Returns OK, also for NULL; TIMEOUT or CANCELLED when calls were still running (the last of them takes the stack
 * down); what a layer reported about data that it could not keep. The handle is gone in all of these cases.
 * After fork() the child may call it, which frees memory and touches nothing that the parent uses.
 */
STORAGE_API StorageStatus storage_close(StorageBackend *backend, StorageContext *ctx);

STORAGE_END_DECLS

#endif
