/*
 * storage/watch.h - the changes of a key, prefix or range, in order and without gaps.
 *
 * The store retains a bounded history (by options of the backend). A watch never holds a commit up: when what it would
 * hand out next is no longer retained, it answers COMPACTED, and the reader starts over with a scan. A watch belongs to
 * one thread at a time.
 */
#ifndef STORAGE_WATCH_H
#define STORAGE_WATCH_H

#include "storage/operations.h"

STORAGE_BEGIN_DECLS

/*
 * Watches `range` (NULL: all keys), a key (storage_range_key) or a prefix (storage_range_prefix), from revision
 * `from_revision` on, inclusive; 0: what is committed after this call.
 * Returns OK; COMPACTED when changes since `from_revision` are no longer retained. A revision that is yet to come is
 * allowed.
 * The caller owns `*ret_watch` and closes it with storage_watch_close.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_watch(StorageBackend *backend, const StorageRange *range,
                                                         uint64_t from_revision, StorageWatch **ret_watch,
                                                         StorageContext *ctx);

/*
 * The next change; waits for one until the context's deadline, for ever without one.
 * The changes of one revision come one after the other, in the order of the program that made them. A key that one
 * atomic write or transaction wrote several times is one change, the last.
 * Returns OK with `*ret_change` valid until the next call on the watch; TIMEOUT at the deadline (a deadline that has
 * passed polls: what is there is handed out); CANCELLED; COMPACTED, for good, when the watch fell behind;
 * SHUTTING_DOWN.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_watch_next(StorageWatch *watch, const StorageChange **ret_change,
                                                              StorageContext *ctx);

/*
 * A descriptor for poll(), readable when storage_watch_next may have an answer at once. Wait on it, then call
 * storage_watch_next with a deadline in the past until it answers TIMEOUT. Expiry alone makes no commit: a store that
 * is only polled tells of it with the next write, sweep or storage_watch_next.
 * The descriptor belongs to the watch and is closed with it; it is close-on-exec.
 * Returns OK; IO.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_watch_fd(StorageWatch *watch, int *ret_fd, StorageContext *ctx);

/* Closes a watch. NULL does nothing. Allowed after its backend was closed. */
STORAGE_API void storage_watch_close(StorageWatch *watch);

STORAGE_END_DECLS

#endif
