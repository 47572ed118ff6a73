/*
 * case.h - what the files of the contract suite share: the fixture, short forms of the assertions, the case tables.
 *
 * Private to testutil. A case is a function named after the behaviour it asserts; CASE puts it into its file's table
 * with what it needs. Cases take the store as they find it: empty, or with the rows that their table entry gives.
 */
#ifndef TESTUTIL_CASE_H
#define TESTUTIL_CASE_H

#include "storage/backend.h"
#include "storage/storage.h"
#include "storage_testutil/assert.h"
#include "storage_testutil/contract.h"
#include "storage_testutil/generate.h"

struct TestutilFixture {
    const TestutilFactory *factory;
    const TestutilContractCase *contract_case;
    TestutilClock *clock;
    StorageBackend *backend; /* NULL when the case closed it */
    StorageContext *ctx;
    char *skip_reason; /* "" until the case finds that it cannot run */
    size_t skip_reason_size;
};

/* ---- tables ---- */

#define TRANSACTIONS STORAGE_CAPABILITY_TRANSACTIONS
#define SERIALIZABLE (STORAGE_CAPABILITY_TRANSACTIONS | STORAGE_CAPABILITY_SERIALIZABLE)
#define SAVEPOINTS (STORAGE_CAPABILITY_TRANSACTIONS | STORAGE_CAPABILITY_SAVEPOINTS)
#define COMPARE STORAGE_CAPABILITY_COMPARE
#define CLEAR_RANGE STORAGE_CAPABILITY_CLEAR_RANGE
#define MULTI_WRITE STORAGE_CAPABILITY_MULTI_WRITE
#define EXPIRY STORAGE_CAPABILITY_EXPIRY
#define WATCH STORAGE_CAPABILITY_WATCH
#define IDEMPOTENCY STORAGE_CAPABILITY_IDEMPOTENCY
#define REVERSE_SCAN STORAGE_CAPABILITY_REVERSE_SCAN

#define WRITES TESTUTIL_NEEDS_WRITES
#define STABLE_SCAN TESTUTIL_NEEDS_STABLE_SCAN

#define CASE(function, capabilities, needs, rows)                           \
    {                                                                       \
        CASE_GROUP, #function, (capabilities), (needs), 0, (rows), function \
    }

typedef struct CaseTable {
    const TestutilContractCase *cases;
    size_t count;
} CaseTable;

#define CASE_TABLE(cases)                           \
    {                                               \
        (cases), sizeof(cases) / sizeof((cases)[0]) \
    }

extern const CaseTable testutil_cases_get, testutil_cases_set, testutil_cases_delete, testutil_cases_cas,
    testutil_cases_touch, testutil_cases_range, testutil_cases_scan, testutil_cases_snapshot_scan, testutil_cases_clear,
    testutil_cases_write, testutil_cases_expiry, testutil_cases_sweep, testutil_cases_transaction,
    testutil_cases_transaction_compare, testutil_cases_transaction_scan, testutil_cases_transaction_end,
    testutil_cases_closure, testutil_cases_isolation, testutil_cases_serializable, testutil_cases_savepoint,
    testutil_cases_watch, testutil_cases_watch_history, testutil_cases_idempotency, testutil_cases_idempotency_commit,
    testutil_cases_context, testutil_cases_every_call, testutil_cases_close, testutil_cases_close_running,
    testutil_cases_fork, testutil_cases_arguments, testutil_cases_options, testutil_cases_concurrent,
    testutil_cases_concurrent_transaction, testutil_cases_describe, testutil_cases_weakening;

/* ---- short forms ---- */

/* A literal as bytes; it may hold zero bytes. */
#define TEXT(literal) storage_bytes((literal), sizeof(literal) - 1)

/* Writes that must succeed. The macros are the revision that was written. */
#define set(fixture, key, value) \
    testutil_case_set(__FILE__, __LINE__, (fixture)->backend, TEXT(key), TEXT(value), storage_expiry_never())
#define set_expiring(fixture, key, value, expiry) \
    testutil_case_set(__FILE__, __LINE__, (fixture)->backend, TEXT(key), TEXT(value), (expiry))
#define remove_key(fixture, key) testutil_case_delete(__FILE__, __LINE__, (fixture)->backend, TEXT(key))

#define assert_value(fixture, key, value) testutil_assert_value((fixture)->backend, TEXT(key), TEXT(value))
#define assert_absent(fixture, key) testutil_assert_absent((fixture)->backend, TEXT(key))
/* Everything in the store. */
#define assert_store(fixture, text) testutil_assert_rows((fixture)->backend, NULL, NULL, (text))
#define assert_transaction_value(txn, key, value) testutil_assert_transaction_value((txn), TEXT(key), TEXT(value))
#define assert_transaction_absent(txn, key) testutil_assert_transaction_absent((txn), TEXT(key))

#define transaction_set(txn, key, value) \
    testutil_assert_ok(storage_transaction_set((txn), TEXT(key), TEXT(value), NULL, NULL))
#define transaction_delete(txn, key) testutil_assert_ok(storage_transaction_delete((txn), TEXT(key), NULL))

#define begin(fixture) testutil_case_begin(__FILE__, __LINE__, (fixture)->backend, STORAGE_ISOLATION_SNAPSHOT, 0)
#define begin_isolated(fixture, isolation) testutil_case_begin(__FILE__, __LINE__, (fixture)->backend, (isolation), 0)
#define begin_read_only(fixture)                                                            \
    testutil_case_begin(__FILE__, __LINE__, (fixture)->backend, STORAGE_ISOLATION_SNAPSHOT, \
                        STORAGE_TRANSACTION_READ_ONLY)
/* Commits with this outcome, and closes. The macro is the revision. */
#define commit(txn) testutil_case_commit(__FILE__, __LINE__, (txn), STORAGE_OK)
#define commit_fails(txn, status) ((void)testutil_case_commit(__FILE__, __LINE__, (txn), (status)))
#define scan(fixture, range, options) testutil_case_scan(__FILE__, __LINE__, (fixture)->backend, (range), (options))
#define transaction_scan(txn, range, options) \
    testutil_case_transaction_scan(__FILE__, __LINE__, (txn), (range), (options))
#define watch(fixture, range, from_revision) \
    testutil_case_watch(__FILE__, __LINE__, (fixture)->backend, (range), (from_revision))
/* What a get finds; the key must be there. The value is released. */
#define revision_of(fixture, key) testutil_case_revision(__FILE__, __LINE__, (fixture)->backend, TEXT(key))
#define expires_at(fixture, key) testutil_case_expires_at(__FILE__, __LINE__, (fixture)->backend, TEXT(key))

uint64_t testutil_case_set(const char *file, int line, StorageBackend *backend, StorageSlice key, StorageSlice value,
                           StorageExpiry expiry);
uint64_t testutil_case_delete(const char *file, int line, StorageBackend *backend, StorageSlice key);
StorageTransaction *testutil_case_begin(const char *file, int line, StorageBackend *backend, uint32_t isolation,
                                        uint32_t flags);
uint64_t testutil_case_commit(const char *file, int line, StorageTransaction *txn, StorageStatus expected);
StorageCursor *testutil_case_scan(const char *file, int line, StorageBackend *backend, const StorageRange *range,
                                  const StorageScanOptions *options);
StorageCursor *testutil_case_transaction_scan(const char *file, int line, StorageTransaction *txn,
                                              const StorageRange *range, const StorageScanOptions *options);
StorageWatch *testutil_case_watch(const char *file, int line, StorageBackend *backend, const StorageRange *range,
                                  uint64_t from_revision);
uint64_t testutil_case_revision(const char *file, int line, StorageBackend *backend, StorageSlice key);
int64_t testutil_case_expires_at(const char *file, int line, StorageBackend *backend, StorageSlice key);

/* ---- values that cases are written with ---- */

StorageBound testutil_case_bound(uint32_t kind, StorageSlice key);
#define bound(kind, key) testutil_case_bound((kind), TEXT(key))
#define included(key) bound(STORAGE_BOUND_INCLUDED, key)
#define excluded(key) bound(STORAGE_BOUND_EXCLUDED, key)
#define prefix_end(key) bound(STORAGE_BOUND_PREFIX_END, key)
#define unbounded() bound(STORAGE_BOUND_OPEN, "")
static inline StorageRange range_between(StorageBound start, StorageBound end)
{
    return (StorageRange){start, end};
}

StorageScanOptions testutil_case_scan_options(uint32_t flags, uint64_t limit);
StorageSetOptions testutil_case_set_options(StorageExpiry expiry);

/* Operations of storage_write. */
StorageOperation testutil_case_operation(uint32_t kind, StorageSlice key, StorageSlice value);
#define operation_set(key, value) testutil_case_operation(STORAGE_OPERATION_SET, TEXT(key), TEXT(value))
#define operation_delete(key) testutil_case_operation(STORAGE_OPERATION_DELETE, TEXT(key), TEXT(""))
StorageOperation testutil_case_compare(uint32_t kind, StorageSlice key, StorageExpected expected, StorageSlice value);
#define operation_compare_and_set(key, expected, value) \
    testutil_case_compare(STORAGE_OPERATION_COMPARE_AND_SET, TEXT(key), (expected), TEXT(value))
#define operation_compare_and_delete(key, expected) \
    testutil_case_compare(STORAGE_OPERATION_COMPARE_AND_DELETE, TEXT(key), (expected), TEXT(""))
StorageOperation testutil_case_touch(StorageSlice key, StorageExpiry expiry);
#define operation_touch(key, expiry) testutil_case_touch(TEXT(key), (expiry))
StorageOperation testutil_case_clear(StorageRange range);

/* ---- the fixture ---- */

/* The case cannot run on this stack, for a reason that its table entry cannot say; it returns after this. */
void testutil_case_skip(TestutilFixture *fixture, const char *format, ...) STORAGE_PRINTF(2, 3);

/*
 * Closes the stack and opens a fresh one, whose store has the limits of `options` (its rows, and its environment when
 * it has none, are filled in). Returns 0, with the case marked as skipped, when the store does not have them.
 */
int testutil_case_reopen(TestutilFixture *fixture, TestutilStoreOptions *options);

/* Closes the stack, which must answer OK; the fixture has none from then on. */
void testutil_case_close(TestutilFixture *fixture);

/* `rows` as in the tables, into a store. */
StorageStatus testutil_case_populate(StorageBackend *store, void *rows, StorageContext *ctx);

#endif
