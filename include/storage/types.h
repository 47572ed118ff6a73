/*
 * storage/types.h - the small vocabulary: slice, bound, range, expiry, expected, value, entry, operation,
 * result, change, and the option structs of the calls.
 *
 * Slice, bound, range, expiry, expected, value, operation and result never change within a major version. Entry
 * and change belong to the library and grow at their end. Option structs start with `struct_size` (set by their
 * _INIT macro); zero in every other field is the default, and a NULL pointer means all defaults. `struct_size` 0
 * is INVALID_ARGUMENT; a struct larger than the library knows is UNSUPPORTED when its tail is not all zero bytes.
 */
#ifndef STORAGE_TYPES_H
#define STORAGE_TYPES_H

#include "storage/status.h"

STORAGE_BEGIN_DECLS

typedef struct StorageBackend StorageBackend;
typedef struct StorageCursor StorageCursor;
typedef struct StorageTransaction StorageTransaction;
typedef struct StorageWatch StorageWatch;
typedef struct StorageContext StorageContext;
typedef struct StorageEnvironment StorageEnvironment;

/* ---- bytes ---- */

/* Borrowed bytes, valid for the call they are given to. `data` may be NULL when `size` is 0. */
typedef struct StorageSlice {
    const void *data;
    size_t size;
} StorageSlice;

/* The bytes of a C string without its terminating zero; NULL gives an empty slice. */
STORAGE_API StorageSlice storage_string(const char *text);

/* `size` bytes at `data`. */
STORAGE_API StorageSlice storage_bytes(const void *data, size_t size);

/*
 * Order of two slices as unsigned bytes, the shorter first when one is a prefix of the other.
 * Returns a negative number, 0 or a positive number. Any thread.
 */
STORAGE_API int storage_slice_compare(StorageSlice a, StorageSlice b);

/* ---- ranges ---- */

enum {
    STORAGE_BOUND_OPEN = 0,      /* no bound on this side */
    STORAGE_BOUND_INCLUDED = 1,  /* at the key, the key belongs to the range */
    STORAGE_BOUND_EXCLUDED = 2,  /* at the key, the key does not belong to the range */
    STORAGE_BOUND_PREFIX_END = 3 /* after every key that starts with the key, as a start and as an end */
};

typedef struct StorageBound {
    StorageSlice key;
    uint32_t kind;
} StorageBound;

/* All zero is the whole key space. An inverted or empty range holds no keys; that is never an error. */
typedef struct StorageRange {
    StorageBound start, end;
} StorageRange;

/* The whole key space. */
STORAGE_API StorageRange storage_range_all(void);
/* Every key that starts with `prefix`; an empty prefix is the whole key space. */
STORAGE_API StorageRange storage_range_prefix(StorageSlice prefix);
/* Every key from `start` on and before `end`. */
STORAGE_API StorageRange storage_range_half_open(StorageSlice start, StorageSlice end);
/* Just `key`. */
STORAGE_API StorageRange storage_range_key(StorageSlice key);
/* 1 when `key` lies in `range`, else 0; a bound of unknown kind holds nothing. Any thread. */
STORAGE_API int storage_range_contains(const StorageRange *range, StorageSlice key);
/*
 * 1 when no key at all can lie in `range` (inverted, or with nothing between its bounds), else 0; a bound of unknown
 * kind holds nothing. Any thread.
 */
STORAGE_API int storage_range_is_empty(const StorageRange *range);

/* ---- expiry ---- */

#define STORAGE_NEVER INT64_MAX /* `expires_at_ns` of a key that never expires */

enum {
    STORAGE_EXPIRY_NEVER = 0, /* no expiry; an earlier one is cleared */
    STORAGE_EXPIRY_AFTER = 1, /* `ns` nanoseconds after the commit; 0 or less expires at once */
    STORAGE_EXPIRY_AT = 2,    /* at `ns` nanoseconds since 1970 UTC */
    STORAGE_EXPIRY_KEEP = 3   /* as it was (in a transaction: as the call found it); never for a new key */
};

typedef struct StorageExpiry {
    int64_t ns;
    uint32_t kind;
} StorageExpiry;

/*
 * An expiry of each kind: none; `duration_ns` nanoseconds after the commit; at `unix_ns` nanoseconds since 1970 UTC; as
 * it was.
 */
STORAGE_API StorageExpiry storage_expiry_never(void);
STORAGE_API StorageExpiry storage_expiry_after(int64_t duration_ns);
STORAGE_API StorageExpiry storage_expiry_at(int64_t unix_ns);
STORAGE_API StorageExpiry storage_expiry_keep(void);
/*
 * The absolute time of an expiry for a write at `now_ns`, on a key that expires at `kept_ns` (STORAGE_NEVER for
 * none). Saturates: a duration that overflows is STORAGE_NEVER. Any thread.
 */
STORAGE_API int64_t storage_expiry_resolve(StorageExpiry expiry, int64_t now_ns, int64_t kept_ns);

/* ---- preconditions ---- */

enum {
    STORAGE_EXPECT_ABSENT = 0,  /* missing, deleted or expired */
    STORAGE_EXPECT_VALUE = 1,   /* exactly these bytes */
    STORAGE_EXPECT_REVISION = 2 /* last written by this revision; 0 is INVALID_ARGUMENT */
};

typedef struct StorageExpected {
    StorageSlice value;
    uint64_t revision;
    uint32_t kind;
} StorageExpected;

/* A precondition of each kind: no such key; exactly these bytes; last written by this revision. */
STORAGE_API StorageExpected storage_expect_absent(void);
STORAGE_API StorageExpected storage_expect_value(StorageSlice value);
STORAGE_API StorageExpected storage_expect_revision(uint64_t revision);

/* ---- values and rows ---- */

/*
 * A value that the library hands out, with the means to give it back. It may be pinned in the store, so copying the
 * struct does not copy the value. All zero is an empty one. Release it once with storage_value_release, from any
 * thread; it stays readable until then, also after its backend, transaction or cursor was closed.
 * `revision` wrote it (0: not committed yet); `expires_at_ns` is Unix time or STORAGE_NEVER.
 */
typedef struct StorageValue {
    const void *data;
    size_t size;
    uint64_t revision;
    int64_t expires_at_ns;
    uintptr_t internal[2];
} StorageValue;

/* Gives a value back and makes it empty. An empty one, or NULL, does nothing. */
STORAGE_API void storage_value_release(StorageValue *value);

/* The bytes of a value as a slice, valid until it is released. */
STORAGE_API StorageSlice storage_value_slice(const StorageValue *value);

/* A row of a scan. Owned by the cursor, valid until its next call. `value` is empty in a KEYS_ONLY scan. */
typedef struct StorageEntry {
    StorageSlice key, value;
    uint64_t revision;
    int64_t expires_at_ns;
} StorageEntry;

/* ---- writes ---- */

enum {
    STORAGE_OPERATION_SET = 1,                /* key, value, expiry */
    STORAGE_OPERATION_TOUCH = 2,              /* key, expiry */
    STORAGE_OPERATION_DELETE = 3,             /* key */
    STORAGE_OPERATION_COMPARE_AND_SET = 4,    /* key, value, expiry, expected */
    STORAGE_OPERATION_COMPARE_AND_DELETE = 5, /* key, expected */
    STORAGE_OPERATION_CLEAR_RANGE = 6         /* range */
};

typedef struct StorageOperation {
    uint32_t kind, reserved; /* reserved is 0 */
    StorageSlice key, value;
    StorageExpiry expiry;
    StorageExpected expected;
    StorageRange range;
} StorageOperation;

/* `revision` is the one written, 0 when nothing was; on CONFLICT the current one of the key, 0 when it is absent. */
typedef struct StorageResult {
    StorageStatus status;
    uint32_t reserved;
    uint64_t revision;
} StorageResult;

enum {
    STORAGE_WRITE_ATOMIC = 0,     /* all or nothing, one revision */
    STORAGE_WRITE_INDEPENDENT = 1 /* each decided by itself, each with a revision of its own, in one commit */
};

/* ---- changes ---- */

enum {
    STORAGE_CHANGE_SET = 1,     /* key, value, expires_at_ns */
    STORAGE_CHANGE_DELETED = 2, /* key */
    STORAGE_CHANGE_EXPIRED = 3, /* key */
    STORAGE_CHANGE_CLEARED = 4  /* range: the one that was cleared, whole, also where the watch is narrower */
};

/* What a watch hands out. Owned by the watch, valid until its next call. */
typedef struct StorageChange {
    StorageSlice key, value;
    StorageRange range;
    uint64_t revision;
    int64_t expires_at_ns;
    uint32_t kind;
} StorageChange;

/* ---- options of the calls ---- */

typedef struct StorageSetOptions {
    uint32_t struct_size, flags; /* no flags yet */
    StorageExpiry expiry;
} StorageSetOptions;
#define STORAGE_SET_OPTIONS_INIT      \
    {                                 \
        sizeof(StorageSetOptions), 0, \
        {                             \
            0, STORAGE_EXPIRY_NEVER   \
        }                             \
    }

enum {
    STORAGE_SCAN_REVERSE = 1,  /* from the end of the range to its start */
    STORAGE_SCAN_KEYS_ONLY = 2 /* rows without values */
};

typedef struct StorageScanOptions {
    uint32_t struct_size, flags;
    uint64_t limit; /* rows handed out, counted over seeks; 0 is no limit */
} StorageScanOptions;
#define STORAGE_SCAN_OPTIONS_INIT        \
    {                                    \
        sizeof(StorageScanOptions), 0, 0 \
    }

enum {
    STORAGE_ISOLATION_SNAPSHOT = 0,       /* reads one snapshot; the first committer of a key wins */
    STORAGE_ISOLATION_READ_COMMITTED = 1, /* each read sees the newest commit; only stated preconditions conflict */
    STORAGE_ISOLATION_SERIALIZABLE = 2    /* snapshot, and what was read must not have changed at the commit */
};

enum { STORAGE_TRANSACTION_READ_ONLY = 1 };

typedef struct StorageTransactionOptions {
    uint32_t struct_size, flags;
    uint32_t isolation;
} StorageTransactionOptions;
#define STORAGE_TRANSACTION_OPTIONS_INIT                                 \
    {                                                                    \
        sizeof(StorageTransactionOptions), 0, STORAGE_ISOLATION_SNAPSHOT \
    }

/* ---- asking a stack about itself ---- */

typedef uint32_t StorageProbe;
enum { STORAGE_PROBE_LIVENESS = 0, STORAGE_PROBE_READINESS = 1, STORAGE_PROBE_STARTUP = 2 };

typedef uint32_t StorageHealthState;
enum {
    STORAGE_HEALTH_UNKNOWN = 0,
    STORAGE_HEALTH_HEALTHY = 1,
    STORAGE_HEALTH_DEGRADED = 2,
    STORAGE_HEALTH_UNHEALTHY = 3
};

typedef uint32_t StorageDescription;
enum {
    STORAGE_DESCRIBE_STACK = 0,        /* the layers, top first, with their options */
    STORAGE_DESCRIBE_CAPABILITIES = 1, /* what the stack has, lacks and weakens */
    STORAGE_DESCRIBE_STATISTICS = 2,   /* counters */
    STORAGE_DESCRIBE_MEMORY = 3        /* bytes, by what holds them */
};

STORAGE_END_DECLS

#endif
