/*
 * storage/backend.h - for people who write backends and layers. Stable per minor version; users need none of it.
 *
 * A backend is a struct that starts with a StorageBackend, and one `static const StorageOps` table. The core (dispatch)
 * stands before every method: when a method runs, arguments are checked, outputs are empty, `ctx` is never NULL, the
 * call is counted so that a close waits for it, and what the stack cannot do has been answered. What is left to a
 * method:
 *
 *   1. It may run on several threads at once; methods on one cursor, transaction or watch never do.
 *   2. It sets its outputs only when it returns OK. Failures: `return storage_fail(ctx, status, "...", ...)`.
 *   3. It asks storage_context_check before work that takes long, and never after the point of no return of a write.
 *   4. A layer reaches the layer below by public calls (storage_get(self->inner, ...)), with its context or a child of
 *      it, and never looks into another table.
 *   5. `destroy`, `interrupt` and `shutdown` are not chained: the core calls them for each layer.
 *
 * All single-key writes, clear_range and storage_write arrive in one method, `write`, and all writes of a transaction
 * in `transaction_write`: a layer that guards writes has two places to guard (docs/adr/0001-one-write-method.md).
 * examples/custom_backend.c is a whole backend written against this header alone.
 */
#ifndef STORAGE_BACKEND_H
#define STORAGE_BACKEND_H

#include "storage/environment.h"
#include "storage/transaction.h"
#include "storage/watch.h"

STORAGE_BEGIN_DECLS

typedef struct StorageOps StorageOps;
typedef struct StorageLifecycle StorageLifecycle; /* core private: one per stack */
typedef struct StorageJson StorageJson;           /* a JSON document being written */

/* ---- capabilities ---- */

/* What a stack can do. Dispatch answers UNSUPPORTED for a call that needs one that is missing. */
enum {
    STORAGE_CAPABILITY_TRANSACTIONS = 1u << 0, /* begin, with snapshot and read-committed isolation */
    STORAGE_CAPABILITY_SERIALIZABLE = 1u << 1, /* serializable isolation */
    STORAGE_CAPABILITY_SAVEPOINTS = 1u << 2,
    STORAGE_CAPABILITY_TABLES = 1u << 3,
    STORAGE_CAPABILITY_COMPARE = 1u << 4, /* compare_and_set, compare_and_delete */
    STORAGE_CAPABILITY_CLEAR_RANGE = 1u << 5,
    STORAGE_CAPABILITY_MULTI_WRITE = 1u << 6, /* storage_write with more than one operation */
    STORAGE_CAPABILITY_EXPIRY = 1u << 7,      /* touch, sweep, an expiry other than never */
    STORAGE_CAPABILITY_WATCH = 1u << 8,
    STORAGE_CAPABILITY_IDEMPOTENCY = 1u << 9, /* tokens */
    STORAGE_CAPABILITY_REVERSE_SCAN = 1u << 10,
    STORAGE_CAPABILITY_DURABLE = 1u << 11 /* what sync returned OK for survives the process */
};

/* Which rules of the contract a stack weakens. The contract suite asserts each. */
enum {
    STORAGE_WEAKENING_WRITES_REFUSED = 1u << 0, /* every write is READ_ONLY */
    STORAGE_WEAKENING_SCAN_LIVE = 1u << 1       /* a cursor may see writes made after it was opened */
};

typedef struct StorageCapabilities {
    uint32_t struct_size;
    uint32_t weakenings;
    uint64_t capabilities;
    uint64_t key_size_max, value_size_max; /* bytes; larger ones are SIZE_LIMIT_EXCEEDED, checked by dispatch */
} StorageCapabilities;

/* What the stack under `backend` can do. Any thread. */
STORAGE_API const StorageCapabilities *storage_backend_capabilities(const StorageBackend *backend);

/* ---- the base structs ---- */

/* The first member, named `base`, of every backend and layer. Fields are the core's; implementers read `inner`,
 * `environment` and `capabilities`. */
struct StorageBackend {
    const StorageOps *ops; /* its address is the type */
    StorageBackend *inner; /* the layer below; NULL for a backend */
    StorageLifecycle *lifecycle;
    const StorageEnvironment *environment; /* every part of it present */
    StorageCapabilities capabilities;
};

/* What cursors, transactions and watches have in common. */
typedef struct StorageHandle {
    const StorageOps *ops;
    StorageBackend *backend;
    StorageLifecycle *lifecycle;
    struct StorageHandle *previous, *next; /* list of the handles that the caller holds */
    uint32_t kind, state;
} StorageHandle;

/* The first member, named `base`, of the cursor struct of a backend or layer. */
struct StorageCursor {
    StorageHandle handle;
    StorageTransaction *txn; /* the one it was opened in, or NULL */
    StorageCursor *next_in_txn;
};

struct StorageTransaction {
    StorageHandle handle;
    StorageTransaction *parent; /* of a table view */
    StorageTransaction *next_view;
    StorageCursor *cursors;
    struct StoragePayload *payload; /* what the token's hash is made of */
};

struct StorageWatch {
    StorageHandle handle;
    int wake_fd; /* the eventfd(2) that watch_fd hands out, or -1: the core raises it at the end and closes it with the
                    block */
};

/* ---- the context as layers see it ---- */

/* Declared here so that layers can put a child on their stack. Use the functions; fields may be appended. */
struct StorageContext {
    uint32_t struct_size;
    uint32_t cancelled;     /* atomic */
    StorageContext *parent; /* NULL: the caller's own */
    uint64_t deadline_ns;   /* 0: none */
    StorageSlice token, organization;
    uint32_t consistency, durability;
    const uint8_t *payload_hash;       /* 32 bytes (SHA-256) when there is a token and this is a write, else NULL */
    StorageLifecycle *entered;         /* the stack that this call is already inside of */
    void *wait_mutex, *wait_condition; /* of a call that waits */
    /* results */
    StorageStatus status;
    uint32_t attempts;
    uint64_t revision;
    uint64_t retry_after_ns;
    struct StorageErrorList *errors;
    uint32_t flags, reserved;
};

/*
 * Makes `child` a context with the requests of `parent`, for calls on the layer below. Narrow it by assigning its
 * deadline, token, organization. It lives on the caller's stack and ends with storage_context_child_end, which hands
 * the results (revision, retry-after, attempts, error texts) back to the parent.
 */
STORAGE_API void storage_context_child_begin(StorageContext *child, StorageContext *parent);
STORAGE_API void storage_context_child_end(StorageContext *child);

/*
 * Asks whether the call should go on.
 * Returns OK; CANCELLED; TIMEOUT when the clock of `backend`'s environment has reached the deadline; with an error
 * text.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_context_check(StorageContext *ctx, const StorageBackend *backend);

/* Drops the results of the call before; every constructor does so first. Dispatch has done it for methods. */
STORAGE_API void storage_context_clear(StorageContext *ctx);

/* Sets the result fields. */
STORAGE_API void storage_context_set_revision(StorageContext *ctx, uint64_t revision);
STORAGE_API void storage_context_set_retry_after_ns(StorageContext *ctx, uint64_t retry_after_ns);

/*
 * Adds one line of error text for operators, where the fault is found. Keys go in as the text that storage_key_text
 * makes. Texts beyond the 64th are counted, not kept; a text that there is no memory for is dropped.
 * Returns `status`.
 */
STORAGE_API StorageStatus storage_fail(StorageContext *ctx, StorageStatus status, const char *format, ...)
    STORAGE_PRINTF(3, 4);

/* A key made printable into `buffer` (at least 8 bytes): the text itself when it is printable ASCII, else 0x and hex;
 * shortened with "..." when it does not fit. Returns `buffer`. */
STORAGE_API const char *storage_key_text(StorageSlice key, char *buffer, size_t buffer_size);

/*
 * Waiting, for methods that block. A call that waits must end when the context is cancelled, when its deadline passes,
 * and when `interrupt` was called on the backend. It begins before the mutex is locked; from then on
 * storage_context_cancel broadcasts the condition. Used like this:
 *
 *     storage_wait_begin(ctx, &mutex, &condition);
 *     pthread_mutex_lock(&mutex);
 *     while (!ready && !interrupted && status == STORAGE_OK)
 *         status = storage_wait(ctx, backend, wake_at_ns);
 *     pthread_mutex_unlock(&mutex);
 *     storage_wait_end(ctx);
 *
 * The pointers are to a pthread_mutex_t and to a pthread_cond_t with the monotonic clock.
 * Returns OK when it was woken (also for no reason) or `wake_at_ns` (monotonic; 0: none) came; CANCELLED; TIMEOUT.
 */
STORAGE_API void storage_wait_begin(StorageContext *ctx, void *mutex, void *condition);
STORAGE_API STORAGE_MUST_USE StorageStatus storage_wait(StorageContext *ctx, const StorageBackend *backend,
                                                        uint64_t wake_at_ns);
STORAGE_API void storage_wait_end(StorageContext *ctx);

/* ---- values ---- */

/* Makes `*ret_value` a value of `size` bytes at `data` that is given back by release(owner). `release` runs on any
 * thread, at any time, also after the backend is gone. */
STORAGE_API void storage_value_init(StorageValue *ret_value, const void *data, size_t size, uint64_t revision,
                                    int64_t expires_at_ns, void (*release)(void *owner), void *owner);

/* A value that is a heap copy of `bytes`. Returns OK; NO_MEMORY. */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_value_copy(StorageValue *ret_value, StorageSlice bytes,
                                                              uint64_t revision, int64_t expires_at_ns);

/* ---- construction ---- */

/*
 * Initialises the base of a backend (`inner` NULL) or of a layer over `inner`. A backend starts with the capabilities
 * given; for a layer `capabilities` is NULL, it starts with those of `inner`, and may then change self->capabilities.
 * `environment` NULL: that of `inner`, or the system's.
 * Returns OK; INVALID_ARGUMENT when `inner` is not the top of its stack or was closed; NO_MEMORY. After OK the stack
 * owns the struct and `destroy` frees it; a constructor that fails later calls storage_backend_abandon instead.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_backend_init(StorageBackend *self, const StorageOps *ops,
                                                                StorageBackend *inner,
                                                                const StorageCapabilities *capabilities,
                                                                const StorageEnvironment *environment,
                                                                StorageContext *ctx);
/* Undoes storage_backend_init; `inner` is the top of its stack again. Does not free `self`. */
STORAGE_API void storage_backend_abandon(StorageBackend *self);

/* 1 in a process that inherited the handle over fork(): then locks may be held by threads that do not exist, and close
 * methods must free memory without taking any. */
STORAGE_API int storage_backend_is_forked(const StorageBackend *self);

/*
 * The blocks of cursors, transactions and watches: `size` zeroed bytes with the base filled in; NULL when out of
 * memory. Their close method gives back everything that they hold but not the block itself, which the core frees; it is
 * called once, by the owner's close, the commit, or the close of the stack. A block that is not handed out is freed
 * with storage_handle_free, without a call of the close method.
 */
STORAGE_API StorageCursor *storage_cursor_new(StorageBackend *backend, size_t size);
STORAGE_API StorageTransaction *storage_transaction_new(StorageBackend *backend, size_t size);
STORAGE_API StorageWatch *storage_watch_new(StorageBackend *backend, size_t size);
STORAGE_API void storage_handle_free(void *handle);

/* Memory through the allocator of the library. Returns NULL when out of memory; a size of 0 counts as 1. */
STORAGE_API void *storage_allocate(size_t size);
STORAGE_API void *storage_allocate_zero(size_t size);
STORAGE_API void *storage_reallocate(void *block, size_t size);
STORAGE_API void storage_release(void *block); /* NULL does nothing */

/*
 * Clocks and randomness of a backend's environment: nanoseconds since 1970 UTC, nanoseconds that never go back, and
 * bytes that nobody can foretell.
 * Returns OK; IO when there is no randomness.
 */
STORAGE_API int64_t storage_wall_ns(const StorageBackend *backend);
STORAGE_API uint64_t storage_monotonic_ns(const StorageBackend *backend);
STORAGE_API STORAGE_MUST_USE StorageStatus storage_random_fill(const StorageBackend *backend, void *buffer,
                                                               size_t size);

/* The topmost layer of the stack under `backend` whose table is `ops`; NULL when there is none. */
STORAGE_API StorageBackend *storage_find_layer(StorageBackend *backend, const StorageOps *ops);

/*
 * Checks an option struct: `size` is the caller's struct_size, `known_size` what the library knows.
 * Returns OK; INVALID_ARGUMENT for size 0; UNSUPPORTED when bytes beyond the known are not zero. A smaller struct than
 * known is padded with zeros: `copy` (known_size bytes) receives the options, or all zeros for NULL `options`.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_options_copy(void *copy, size_t known_size, const void *options,
                                                                const char *what, StorageContext *ctx);

/* ---- writing JSON in describe and health_check ---- */

/* Members of the object that is open. Out of memory is remembered and reported by the caller of the method. */
STORAGE_API void storage_json_string(StorageJson *json, const char *name, const char *text);
STORAGE_API void storage_json_uint(StorageJson *json, const char *name, uint64_t number);
STORAGE_API void storage_json_bool(StorageJson *json, const char *name, int truth);
STORAGE_API void storage_json_open(StorageJson *json, const char *name); /* opens an object as a member */
STORAGE_API void storage_json_close(StorageJson *json);

/* ---- the operations table ---- */

/*
 * Methods are only appended. `struct_size` is sizeof(StorageOps) of the header that it was compiled with. A backend may
 * leave out what its capabilities say it lacks, and multi_get, interrupt, shutdown, sync, sweep, health_check,
 * describe: then the core does what the comment says. A layer names every slot, with its own function or
 * storage_forward_<slot>.
 */
struct StorageOps {
    size_t struct_size;
    const char *name; /* of the type, as in JSON */

    /* Frees this layer and never touches `inner`. No call runs and every handle is closed. Required. */
    void (*destroy)(StorageBackend *self);
    /* The stack is closing: wake what waits in this layer; it then returns SHUTTING_DOWN. Left out: nothing. */
    void (*interrupt)(StorageBackend *self);
    /* Before destroy, top layer first, `inner` still works: keep what is buffered. Left out: OK. */
    StorageStatus (*shutdown)(StorageBackend *self, StorageContext *ctx);

    StorageStatus (*get)(StorageBackend *self, StorageSlice key, StorageValue *ret_value, StorageContext *ctx);
    /* Statuses are OK or NOT_FOUND. Left out: one get after the other. */
    StorageStatus (*multi_get)(StorageBackend *self, const StorageSlice *keys, size_t key_count,
                               StorageValue *ret_values, StorageStatus *ret_statuses, StorageContext *ctx);
    /* `ret_results` is never NULL. A single write call is one operation, mode ATOMIC; its status is returned. */
    StorageStatus (*write)(StorageBackend *self, const StorageOperation *operations, size_t operation_count,
                           uint32_t mode, StorageResult *ret_results, StorageContext *ctx);
    StorageStatus (*scan)(StorageBackend *self, const StorageRange *range, const StorageScanOptions *options,
                          StorageCursor **ret_cursor, StorageContext *ctx);
    StorageStatus (*begin)(StorageBackend *self, const StorageTransactionOptions *options, StorageTransaction **ret_txn,
                           StorageContext *ctx);
    StorageStatus (*watch)(StorageBackend *self, const StorageRange *range, uint64_t from_revision,
                           StorageWatch **ret_watch, StorageContext *ctx);
    StorageStatus (*sync)(StorageBackend *self, StorageContext *ctx);                       /* left out: OK */
    StorageStatus (*sweep)(StorageBackend *self, uint64_t *ret_count, StorageContext *ctx); /* left out: OK, 0 */
    /* Writes figures into `json` (an open object). Left out by a backend: HEALTHY. */
    StorageStatus (*health_check)(StorageBackend *self, StorageProbe probe, StorageHealthState *ret_state,
                                  StorageJson *json, StorageContext *ctx);
    /* Writes what this layer alone has to say into `json` (an open object). Left out: nothing. */
    StorageStatus (*describe)(StorageBackend *self, StorageDescription description, StorageJson *json,
                              StorageContext *ctx);

    StorageStatus (*cursor_next)(StorageCursor *self, const StorageEntry **ret_entry, StorageContext *ctx);
    StorageStatus (*cursor_seek)(StorageCursor *self, StorageSlice key, StorageContext *ctx);
    void (*cursor_close)(StorageCursor *self);

    StorageStatus (*transaction_get)(StorageTransaction *self, StorageSlice key, StorageValue *ret_value,
                                     StorageContext *ctx);
    StorageStatus (*transaction_multi_get)(StorageTransaction *self, const StorageSlice *keys, size_t key_count,
                                           StorageValue *ret_values, StorageStatus *ret_statuses,
                                           StorageContext *ctx); /* left out: one get after the other */
    StorageStatus (*transaction_write)(StorageTransaction *self, const StorageOperation *operation,
                                       StorageContext *ctx);
    StorageStatus (*transaction_scan)(StorageTransaction *self, const StorageRange *range,
                                      const StorageScanOptions *options, StorageCursor **ret_cursor,
                                      StorageContext *ctx);
    StorageStatus (*transaction_savepoint)(StorageTransaction *self, uint32_t *ret_savepoint_no, StorageContext *ctx);
    StorageStatus (*transaction_rollback_to)(StorageTransaction *self, uint32_t savepoint_no, StorageContext *ctx);
    StorageStatus (*transaction_drop_savepoint)(StorageTransaction *self, uint32_t savepoint_no, StorageContext *ctx);
    StorageStatus (*transaction_table)(StorageTransaction *self, StorageSlice name, StorageTransaction **ret_view,
                                       StorageContext *ctx);
    StorageStatus (*transaction_commit)(StorageTransaction *self, uint64_t *ret_revision, StorageContext *ctx);
    void (*transaction_close)(StorageTransaction *self); /* aborts when it was not committed */

    StorageStatus (*watch_next)(StorageWatch *self, const StorageChange **ret_change, StorageContext *ctx);
    StorageStatus (*watch_fd)(StorageWatch *self, int *ret_fd, StorageContext *ctx);
    void (*watch_close)(StorageWatch *self);
};

/*
 * Pass-through methods for the slots that a layer does not change. Those of cursors, transactions and watches are for
 * layers that hand out handles of their own; their structs are the three below, with `inner` right after `base`. A
 * layer whose scan, begin or watch is the forwarder hands out the inner handle itself, and these slots are never
 * reached.
 */
typedef struct StorageForwardCursor {
    StorageCursor base;
    StorageCursor *inner;
} StorageForwardCursor;

typedef struct StorageForwardTransaction {
    StorageTransaction base;
    StorageTransaction *inner;
} StorageForwardTransaction;

typedef struct StorageForwardWatch {
    StorageWatch base;
    StorageWatch *inner;
} StorageForwardWatch;

/* Forward a call to the layer below. Return what it returns. */
STORAGE_API StorageStatus storage_forward_get(StorageBackend *self, StorageSlice key, StorageValue *ret_value,
                                              StorageContext *ctx);
STORAGE_API StorageStatus storage_forward_multi_get(StorageBackend *self, const StorageSlice *keys, size_t key_count,
                                                    StorageValue *ret_values, StorageStatus *ret_statuses,
                                                    StorageContext *ctx);
STORAGE_API StorageStatus storage_forward_write(StorageBackend *self, const StorageOperation *operations,
                                                size_t operation_count, uint32_t mode, StorageResult *ret_results,
                                                StorageContext *ctx);
STORAGE_API StorageStatus storage_forward_scan(StorageBackend *self, const StorageRange *range,
                                               const StorageScanOptions *options, StorageCursor **ret_cursor,
                                               StorageContext *ctx);
STORAGE_API StorageStatus storage_forward_begin(StorageBackend *self, const StorageTransactionOptions *options,
                                                StorageTransaction **ret_txn, StorageContext *ctx);
STORAGE_API StorageStatus storage_forward_watch(StorageBackend *self, const StorageRange *range, uint64_t from_revision,
                                                StorageWatch **ret_watch, StorageContext *ctx);
STORAGE_API StorageStatus storage_forward_sync(StorageBackend *self, StorageContext *ctx);
STORAGE_API StorageStatus storage_forward_sweep(StorageBackend *self, uint64_t *ret_count, StorageContext *ctx);
/* The state of the layer below; its figures are written by the core, under "inner". Returns OK. */
STORAGE_API StorageStatus storage_forward_health_check(StorageBackend *self, StorageProbe probe,
                                                       StorageHealthState *ret_state, StorageJson *json,
                                                       StorageContext *ctx);
/* For interrupt, shutdown and describe of a layer that has nothing to wake, keep or say. Return OK. */
STORAGE_API void storage_nothing_to_interrupt(StorageBackend *self);
STORAGE_API StorageStatus storage_nothing_to_shut_down(StorageBackend *self, StorageContext *ctx);
STORAGE_API StorageStatus storage_nothing_to_describe(StorageBackend *self, StorageDescription description,
                                                      StorageJson *json, StorageContext *ctx);

/* Forward a call on a cursor. Return what the inner one returns. */
STORAGE_API StorageStatus storage_forward_cursor_next(StorageCursor *self, const StorageEntry **ret_entry,
                                                      StorageContext *ctx);
STORAGE_API StorageStatus storage_forward_cursor_seek(StorageCursor *self, StorageSlice key, StorageContext *ctx);
STORAGE_API void storage_forward_cursor_close(StorageCursor *self);

/* Forward a call in a transaction. Return what the inner one returns. */
STORAGE_API StorageStatus storage_forward_transaction_get(StorageTransaction *self, StorageSlice key,
                                                          StorageValue *ret_value, StorageContext *ctx);
STORAGE_API StorageStatus storage_forward_transaction_multi_get(StorageTransaction *self, const StorageSlice *keys,
                                                                size_t key_count, StorageValue *ret_values,
                                                                StorageStatus *ret_statuses, StorageContext *ctx);
STORAGE_API StorageStatus storage_forward_transaction_write(StorageTransaction *self, const StorageOperation *operation,
                                                            StorageContext *ctx);
STORAGE_API StorageStatus storage_forward_transaction_scan(StorageTransaction *self, const StorageRange *range,
                                                           const StorageScanOptions *options,
                                                           StorageCursor **ret_cursor, StorageContext *ctx);
STORAGE_API StorageStatus storage_forward_transaction_savepoint(StorageTransaction *self, uint32_t *ret_savepoint_no,
                                                                StorageContext *ctx);
STORAGE_API StorageStatus storage_forward_transaction_rollback_to(StorageTransaction *self, uint32_t savepoint_no,
                                                                  StorageContext *ctx);
STORAGE_API StorageStatus storage_forward_transaction_drop_savepoint(StorageTransaction *self, uint32_t savepoint_no,
                                                                     StorageContext *ctx);
/* Hands out the inner view itself; a layer that guards transactions writes its own. Returns as the call does. */
STORAGE_API StorageStatus storage_forward_transaction_table(StorageTransaction *self, StorageSlice name,
                                                            StorageTransaction **ret_view, StorageContext *ctx);
/* Forward the end of a transaction. Return what the inner one returns. */
STORAGE_API StorageStatus storage_forward_transaction_commit(StorageTransaction *self, uint64_t *ret_revision,
                                                             StorageContext *ctx);
STORAGE_API void storage_forward_transaction_close(StorageTransaction *self);

/* Forward a call on a watch. Return what the inner one returns. */
STORAGE_API StorageStatus storage_forward_watch_next(StorageWatch *self, const StorageChange **ret_change,
                                                     StorageContext *ctx);
STORAGE_API StorageStatus storage_forward_watch_fd(StorageWatch *self, int *ret_fd, StorageContext *ctx);
STORAGE_API void storage_forward_watch_close(StorageWatch *self);

STORAGE_END_DECLS

#endif
