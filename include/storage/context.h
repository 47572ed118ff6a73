/*
 * storage/context.h - what a caller says about one call, and what the call says back.
 *
 * A context carries requests (deadline, cancellation, idempotency token, organization, consistency, durability) and
 * results (revision, retry-after, attempts, error texts). It serves one call at a time and may be used again for the
 * next; each call clears the results first. Every call takes NULL instead. No cursor, transaction or watch keeps the
 * pointer. Only storage_context_cancel may be called from another thread while a call runs.
 */
#ifndef STORAGE_CONTEXT_H
#define STORAGE_CONTEXT_H

#include "storage/types.h"

STORAGE_BEGIN_DECLS

/* A new context without deadline, token or organization. Returns NULL when out of memory. Free it with
 * storage_context_free. */
STORAGE_API StorageContext *storage_context_new(void);

/* Frees a context that no call uses. NULL does nothing. */
STORAGE_API void storage_context_free(StorageContext *ctx);

/* Back to a new one: requests, cancellation and results are dropped. */
STORAGE_API void storage_context_reset(StorageContext *ctx);

/*
 * Makes the running call, and every later one until storage_context_reset, end with CANCELLED as soon as it can do so
 * with certainty that it had no effect. Wakes a call that waits. Any thread, at any time.
 */
STORAGE_API void storage_context_cancel(StorageContext *ctx);

/*
 * Calls end with TIMEOUT once the monotonic clock of the store's environment (CLOCK_MONOTONIC by default) has reached
 * `deadline_ns`, an absolute time in nanoseconds; 0 for none.
 */
STORAGE_API void storage_context_set_deadline(StorageContext *ctx, uint64_t deadline_ns);

/*
 * The idempotency token of the next write or commit, 1 to 256 bytes, copied; an empty slice removes it. A write that
 * committed with this token, organization and payload gives its first answer again.
 * Returns OK; INVALID_ARGUMENT when it is longer than 256 bytes; NO_MEMORY.
 */
STORAGE_API StorageStatus storage_context_set_token(StorageContext *ctx, StorageSlice token);

/*
 * Who the call is made for, up to 256 bytes, copied; an empty slice for nobody in particular.
 * Returns OK; INVALID_ARGUMENT when it is longer than 256 bytes; NO_MEMORY.
 */
STORAGE_API StorageStatus storage_context_set_organization(StorageContext *ctx, StorageSlice organization);

/* Read consistency and durability that the call asks for; 0 is the store's default. No other value is known to the
 * backends of this version: they answer UNSUPPORTED. */
STORAGE_API void storage_context_set_consistency(StorageContext *ctx, uint32_t consistency);
STORAGE_API void storage_context_set_durability(StorageContext *ctx, uint32_t durability);

/*
 * The revision of the last call: the one that a write or commit wrote (0: it wrote nothing), the one that wrote the key
 * of a CONFLICT (0: the key is absent), the one that wrote the value of a get.
 */
STORAGE_API uint64_t storage_context_revision(const StorageContext *ctx);

/* Nanoseconds after which the call may be tried again, 0 when the last call did not say. */
STORAGE_API uint64_t storage_context_retry_after_ns(const StorageContext *ctx);

/* How often layers of the stack attempted the last call; 1 when nothing was repeated, 0 before the first call. */
STORAGE_API uint32_t storage_context_attempts(const StorageContext *ctx);

/* How many error texts the last call left. A failure leaves at least one, unless memory for it ran out. */
STORAGE_API size_t storage_context_error_count(const StorageContext *ctx);

/*
 * Error text `index` of the last call, one line, for operators: it may hold keys (printable or hex) and paths.
 * Returns "" when there is none; valid until the context's next call, reset or free.
 */
STORAGE_API const char *storage_context_error_text(const StorageContext *ctx, size_t index);

/* The text of the last call's status that is safe to show to clients. Returns a string that lives for ever. */
STORAGE_API const char *storage_context_public_text(const StorageContext *ctx);

STORAGE_END_DECLS

#endif
