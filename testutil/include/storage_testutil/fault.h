/*
 * storage_testutil/fault.h - a layer that makes calls fail, delays them, or tears commits, by rules.
 *
 * It stands over any backend or stack and wraps the transactions, cursors and watches that it hands out, so nothing
 * escapes it. Without a rule it changes nothing. It never sleeps: a delay is a hook, which may step an injected clock.
 *
 *   fail before   the layer below is not called: the call certainly had no effect.
 *   fail after    the layer below is called and its answer is lost: a write or commit answers INDETERMINATE by default.
 *   delay         the hook runs, then the call goes on, if its context still allows it.
 *   torn commit   of an ATOMIC write of several operations, or of a transaction, only a prefix is applied, without its
 *                 preconditions, and the answer is INDETERMINATE. A correct store never does this: it is there to show
 *                 that a test of atomicity can fail.
 *
 * Rules are looked at in the order in which they were added; delays all run, the first other rule that fires decides.
 * Thread safe, also while rules are added. Tables are not supported through it (the capability is taken away).
 */
#ifndef STORAGE_TESTUTIL_FAULT_H
#define STORAGE_TESTUTIL_FAULT_H

#include "storage/backend.h"

STORAGE_BEGIN_DECLS

/* The calls that rules choose and figures count: X(name, text). A `write` of one operation counts as the kind of that
 * operation, of several (or none) as WRITE. The order is fixed: the six writes stand in the order of their kinds. */
#define TESTUTIL_CALL_LIST(X)                                           \
    X(GET, "get")                                                       \
    X(MULTI_GET, "multi_get")                                           \
    X(WRITE, "write")                                                   \
    X(SET, "set")                                                       \
    X(TOUCH, "touch")                                                   \
    X(DELETE, "delete")                                                 \
    X(COMPARE_AND_SET, "compare_and_set")                               \
    X(COMPARE_AND_DELETE, "compare_and_delete")                         \
    X(CLEAR_RANGE, "clear_range")                                       \
    X(SCAN, "scan")                                                     \
    X(CURSOR_NEXT, "cursor_next")                                       \
    X(CURSOR_SEEK, "cursor_seek")                                       \
    X(BEGIN, "begin")                                                   \
    X(TRANSACTION_GET, "transaction_get")                               \
    X(TRANSACTION_MULTI_GET, "transaction_multi_get")                   \
    X(TRANSACTION_SCAN, "transaction_scan")                             \
    X(TRANSACTION_UNKNOWN, "transaction_write of unknown kind")         \
    X(TRANSACTION_SET, "transaction_set")                               \
    X(TRANSACTION_TOUCH, "transaction_touch")                           \
    X(TRANSACTION_DELETE, "transaction_delete")                         \
    X(TRANSACTION_COMPARE_AND_SET, "transaction_compare_and_set")       \
    X(TRANSACTION_COMPARE_AND_DELETE, "transaction_compare_and_delete") \
    X(TRANSACTION_CLEAR_RANGE, "transaction_clear_range")               \
    X(SAVEPOINT, "transaction_savepoint")                               \
    X(ROLLBACK_TO, "transaction_rollback_to")                           \
    X(DROP_SAVEPOINT, "transaction_drop_savepoint")                     \
    X(COMMIT, "transaction_commit")                                     \
    X(WATCH, "watch")                                                   \
    X(WATCH_NEXT, "watch_next")                                         \
    X(WATCH_FD, "watch_fd")                                             \
    X(SYNC, "sync")                                                     \
    X(SWEEP, "sweep")                                                   \
    X(HEALTH_CHECK, "health_check")                                     \
    X(SHUTDOWN, "shutdown")

enum {
#define TESTUTIL_CALL_ENUMERATOR(name, text) TESTUTIL_CALL_##name,
    TESTUTIL_CALL_LIST(TESTUTIL_CALL_ENUMERATOR)
#undef TESTUTIL_CALL_ENUMERATOR
        TESTUTIL_CALL_COUNT
};

#define TESTUTIL_CALL_BIT(name) (UINT64_C(1) << TESTUTIL_CALL_##name)
/* Every call that changes data at once, and the commit. */
#define TESTUTIL_CALLS_WRITING                                                                                     \
    (TESTUTIL_CALL_BIT(WRITE) | TESTUTIL_CALL_BIT(SET) | TESTUTIL_CALL_BIT(TOUCH) | TESTUTIL_CALL_BIT(DELETE) |    \
     TESTUTIL_CALL_BIT(COMPARE_AND_SET) | TESTUTIL_CALL_BIT(COMPARE_AND_DELETE) | TESTUTIL_CALL_BIT(CLEAR_RANGE) | \
     TESTUTIL_CALL_BIT(COMMIT) | TESTUTIL_CALL_BIT(SWEEP))

/* The name of a call ("get"); "" for a number that is none. Lives for ever. */
const char *testutil_call_name(uint32_t call);

enum {
    TESTUTIL_FAULT_FAIL_BEFORE = 1,
    TESTUTIL_FAULT_FAIL_AFTER = 2,
    TESTUTIL_FAULT_DELAY = 3,
    TESTUTIL_FAULT_TORN_COMMIT = 4 /* meets only commits and ATOMIC writes of two operations or more */
};

/*
 * Zero in every field but `kind` is: every call, always. Matching calls are numbered from 1 by the rule itself, from
 * when it was added. Of those in [first, first + count) one in every case fires, or by chance.
 */
typedef struct TestutilFaultRule {
    uint64_t calls; /* TESTUTIL_CALL_BIT of each call meant; 0: all */
    uint32_t kind;
    StorageStatus status;        /* answered; 0: CONNECTION, and INDETERMINATE for writes that failed after */
    uint64_t first, count;       /* first 0: the first; count 0: without end */
    uint32_t chance_per_million; /* 0: always */
    uint32_t torn_count;         /* operations that a torn commit applies; 0: by chance, at least 1, never all */
    void (*hook)(void *user_data, uint32_t call); /* of a delay; also called by the other kinds when they fire */
    void *user_data;
} TestutilFaultRule;

/* What the layer saw of one kind of call. attempts == successes + failures once no call runs. */
typedef struct TestutilFaultFigures {
    uint64_t attempts;  /* calls that came in */
    uint64_t passed;    /* calls that the layer below was asked */
    uint64_t injected;  /* calls whose outcome a rule made */
    uint64_t successes; /* answers of 0 and above */
    uint64_t failures;  /* answers below 0 */
} TestutilFaultFigures;

/*
 * Puts the layer on `inner`; `seed` decides what happens by chance. Ownership as with every wrap.
 * Returns OK; INVALID_ARGUMENT; NO_MEMORY.
 */
StorageStatus testutil_failing_wrap(StorageBackend *inner, uint64_t seed, StorageBackend **ret_backend,
                                    StorageContext *ctx);

/* Adds a rule to the topmost failing layer of the stack. 1 when it was added, 0 when there is no such layer, the kind
 * is unknown, or 32 rules are there already. */
int testutil_failing_add(StorageBackend *backend, const TestutilFaultRule *rule);

/* Removes every rule and leaves the figures. */
void testutil_failing_clear(StorageBackend *backend);

/* Removes every rule, zeroes the figures, and starts the chance again from the seed. */
void testutil_failing_reset(StorageBackend *backend);

/* The figures of `call`, or the sum over all calls for TESTUTIL_CALL_COUNT. */
void testutil_failing_figures(StorageBackend *backend, uint32_t call, TestutilFaultFigures *ret_figures);

STORAGE_END_DECLS

#endif
