/*
 * random_step.h - the steps of a random test; private to testutil.
 *
 * A step is plain data that names keys, values and open handles by number, so that any part of a sequence can be left
 * out and the rest still means something: a step on a handle that is not open does nothing.
 */
#ifndef STORAGE_TESTUTIL_RANDOM_STEP_H
#define STORAGE_TESTUTIL_RANDOM_STEP_H

#include "storage/backend.h"
#include "storage_testutil/assert.h"
#include "storage_testutil/generate.h"

enum {
    RANDOM_NASTY_KEY_COUNT = 32,
    RANDOM_KEY_COUNT = 400, /* the others make trees grow */
    RANDOM_VALUE_COUNT = 16,
    RANDOM_VALUE_SIZE_MAX = 6000,
    RANDOM_CURSOR_COUNT = 4,
    RANDOM_TRANSACTION_COUNT = 3,
    RANDOM_WATCH_COUNT = 2,
    RANDOM_TOKEN_COUNT = 3,
    RANDOM_OPERATION_COUNT = 4,
    RANDOM_SAVEPOINT_COUNT = 4
};

/* X(name, text, capabilities that the step needs) */
#define RANDOM_STEP_LIST(X)                                                            \
    X(GET, "get", 0)                                                                   \
    X(MULTI_GET, "multi_get", 0)                                                       \
    X(WRITE, "write", 0)                                                               \
    X(WRITE_SEVERAL, "write several", STORAGE_CAPABILITY_MULTI_WRITE)                  \
    X(REPLAY, "write with token", STORAGE_CAPABILITY_IDEMPOTENCY)                      \
    X(SCAN, "scan", 0)                                                                 \
    X(NEXT, "cursor_next", 0)                                                          \
    X(SEEK, "cursor_seek", 0)                                                          \
    X(CLOSE_CURSOR, "cursor_close", 0)                                                 \
    X(BEGIN, "begin", STORAGE_CAPABILITY_TRANSACTIONS)                                 \
    X(TRANSACTION_GET, "transaction_get", STORAGE_CAPABILITY_TRANSACTIONS)             \
    X(TRANSACTION_MULTI_GET, "transaction_multi_get", STORAGE_CAPABILITY_TRANSACTIONS) \
    X(TRANSACTION_WRITE, "transaction_write", STORAGE_CAPABILITY_TRANSACTIONS)         \
    X(TRANSACTION_SCAN, "transaction_scan", STORAGE_CAPABILITY_TRANSACTIONS)           \
    X(SAVEPOINT, "savepoint", STORAGE_CAPABILITY_SAVEPOINTS)                           \
    X(ROLLBACK_TO, "rollback_to", STORAGE_CAPABILITY_SAVEPOINTS)                       \
    X(DROP_SAVEPOINT, "drop_savepoint", STORAGE_CAPABILITY_SAVEPOINTS)                 \
    X(COMMIT, "commit", STORAGE_CAPABILITY_TRANSACTIONS)                               \
    X(CLOSE_TRANSACTION, "transaction_close", STORAGE_CAPABILITY_TRANSACTIONS)         \
    X(ADVANCE, "time passes", STORAGE_CAPABILITY_EXPIRY)                               \
    X(STEP_BACK, "wall clock is set back", STORAGE_CAPABILITY_EXPIRY)                  \
    X(SWEEP, "sweep", STORAGE_CAPABILITY_EXPIRY)                                       \
    X(WATCH, "watch", STORAGE_CAPABILITY_WATCH)                                        \
    X(DRAIN, "watch_next until none is left", STORAGE_CAPABILITY_WATCH)                \
    X(CLOSE_WATCH, "watch_close", STORAGE_CAPABILITY_WATCH)                            \
    X(READ_ALL, "scan of everything", 0)

enum {
#define RANDOM_STEP_ENUMERATOR(name, text, capabilities) RANDOM_##name,
    RANDOM_STEP_LIST(RANDOM_STEP_ENUMERATOR)
#undef RANDOM_STEP_ENUMERATOR
        RANDOM_STEP_KIND_COUNT
};

typedef struct RandomBound {
    uint16_t kind, key_no;
} RandomBound;

typedef struct RandomRange {
    RandomBound start, end;
} RandomRange;

/* Which value or revision a condition asks for. */
enum { RANDOM_EXPECT_CURRENT = 0, RANDOM_EXPECT_OTHER = 1 };

typedef struct RandomOperation {
    uint16_t key_no;
    uint8_t kind, value_no, expiry_kind;
    uint8_t expected_kind, expected_choice, expected_value_no;
    int64_t expiry_ns; /* AT: after the start of the run */
    RandomRange range;
} RandomOperation;

/* Without holes, so that two steps can be compared as bytes. */
typedef struct RandomStep {
    uint8_t kind, slot, flags, isolation, mode, count;
    uint16_t key_nos[RANDOM_OPERATION_COUNT];
    uint16_t fail_number; /* of the allocation that fails during the step, when some are to; 0: none */
    int64_t amount;       /* ns, rows, limit, savepoint */
    RandomRange range;
    RandomOperation operations[RANDOM_OPERATION_COUNT];
} RandomStep;

typedef struct RandomSequence {
    RandomStep *steps;
    size_t count;
    size_t populated_count; /* keys 0 .. n - 1 are there at the start */
} RandomSequence;

StorageSlice testutil_trial_key(size_t key_no);
/* The number of the key with these bytes, RANDOM_KEY_COUNT when there is none. */
size_t testutil_trial_key_number(StorageSlice key);
StorageSlice testutil_trial_value(size_t value_no);
uint64_t testutil_trial_step_capabilities(uint8_t kind);

void testutil_trial_generate(uint64_t seed, size_t step_count, RandomSequence *ret_sequence);
void testutil_trial_describe(const RandomStep *step, TestutilText *text);

/* What became of a run. */
typedef struct RandomOutcome {
    int has_difference;
    size_t failed_index; /* of the step */
    size_t comparison_count, effect_count, refused_count;
    TestutilText difference;
} RandomOutcome;

#endif
