/*
 * case_options.c - option structs of callers that are older or newer than the library: struct_size 0 is
 * INVALID_ARGUMENT, a smaller struct means defaults, a larger one is taken when its tail is zero and else UNSUPPORTED.
 */
#include "case.h"

#define CASE_GROUP "options"

/* Options of a later version of the library: one field more. */
typedef struct LaterSetOptions {
    StorageSetOptions known;
    uint64_t added;
} LaterSetOptions;

typedef struct LaterScanOptions {
    StorageScanOptions known;
    uint64_t added;
} LaterScanOptions;

typedef struct LaterTransactionOptions {
    StorageTransactionOptions known;
    uint32_t added;
} LaterTransactionOptions;

/* ---- set ---- */

static StorageStatus set_with(TestutilFixture *fixture, const StorageSetOptions *options)
{
    return storage_set(fixture->backend, TEXT("a"), TEXT("2"), options, fixture->ctx);
}

static void set_options_of_size_zero_are_invalid(TestutilFixture *fixture)
{
    StorageSetOptions options = STORAGE_SET_OPTIONS_INIT;

    options.struct_size = 0;
    testutil_assert_status(STORAGE_INVALID_ARGUMENT, set_with(fixture, &options));
    assert_value(fixture, "a", "1");
}

static void smaller_set_options_have_no_expiry(TestutilFixture *fixture)
{
    StorageSetOptions options = testutil_case_set_options(storage_expiry_after(0));

    options.struct_size = 8; /* size and flags; the expiry behind them is not the caller's */
    testutil_assert_ok(set_with(fixture, &options));
    assert_value(fixture, "a", "2");
}

static void larger_set_options_with_a_zero_tail_are_taken(TestutilFixture *fixture)
{
    LaterSetOptions options = {testutil_case_set_options(storage_expiry_after(0)), 0};

    options.known.struct_size = sizeof options;
    testutil_assert_ok(set_with(fixture, &options.known));
    if ((storage_backend_capabilities(fixture->backend)->capabilities & EXPIRY) != 0)
        assert_absent(fixture, "a");
}

static void larger_set_options_with_a_new_request_are_unsupported(TestutilFixture *fixture)
{
    LaterSetOptions options = {STORAGE_SET_OPTIONS_INIT, 1};

    options.known.struct_size = sizeof options;
    testutil_assert_status(STORAGE_UNSUPPORTED, set_with(fixture, &options.known));
    assert_value(fixture, "a", "1");
}

/* ---- scan ---- */

static void scan_options_of_size_zero_are_invalid(TestutilFixture *fixture)
{
    StorageScanOptions options = testutil_case_scan_options(0, 1);
    StorageCursor *cursor = (StorageCursor *)fixture;

    options.struct_size = 0;
    testutil_assert_status(STORAGE_INVALID_ARGUMENT,
                           storage_scan(fixture->backend, NULL, &options, &cursor, fixture->ctx));
    testutil_assert(cursor == NULL, "a refused scan left a cursor");
}

static void smaller_scan_options_have_no_limit(TestutilFixture *fixture)
{
    StorageScanOptions options = testutil_case_scan_options(STORAGE_SCAN_KEYS_ONLY, 1);

    options.struct_size = 8;
    testutil_assert_rows(fixture->backend, NULL, &options, "a= b=");
}

static void larger_scan_options_with_a_zero_tail_are_taken(TestutilFixture *fixture)
{
    LaterScanOptions options = {testutil_case_scan_options(0, 1), 0};

    options.known.struct_size = sizeof options;
    testutil_assert_rows(fixture->backend, NULL, &options.known, "a=1");
}

static void larger_scan_options_with_a_new_request_are_unsupported(TestutilFixture *fixture)
{
    LaterScanOptions options = {testutil_case_scan_options(0, 1), 1};
    StorageCursor *cursor = (StorageCursor *)fixture;

    options.known.struct_size = sizeof options;
    testutil_assert_status(STORAGE_UNSUPPORTED,
                           storage_scan(fixture->backend, NULL, &options.known, &cursor, fixture->ctx));
    testutil_assert(cursor == NULL, "a refused scan left a cursor");
}

/* ---- begin ---- */

static void transaction_options_of_size_zero_are_invalid(TestutilFixture *fixture)
{
    StorageTransactionOptions options = STORAGE_TRANSACTION_OPTIONS_INIT;
    StorageTransaction *txn = (StorageTransaction *)fixture;

    options.struct_size = 0;
    testutil_assert_status(STORAGE_INVALID_ARGUMENT, storage_begin(fixture->backend, &options, &txn, fixture->ctx));
    testutil_assert(txn == NULL, "a refused begin left a transaction");
}

static void smaller_transaction_options_mean_snapshot(TestutilFixture *fixture)
{
    StorageTransactionOptions options = {8, 0, STORAGE_ISOLATION_READ_COMMITTED};
    StorageTransaction *txn;

    testutil_assert_ok(storage_begin(fixture->backend, &options, &txn, fixture->ctx));
    set(fixture, "a", "changed");
    assert_transaction_value(txn, "a", "1");
    storage_transaction_close(txn);
}

static void larger_transaction_options_with_a_zero_tail_are_taken(TestutilFixture *fixture)
{
    LaterTransactionOptions options = {STORAGE_TRANSACTION_OPTIONS_INIT, 0};
    StorageTransaction *txn;

    options.known.struct_size = sizeof options;
    testutil_assert_ok(storage_begin(fixture->backend, &options.known, &txn, fixture->ctx));
    assert_transaction_value(txn, "a", "1");
    storage_transaction_close(txn);
}

static void larger_transaction_options_with_a_new_request_are_unsupported(TestutilFixture *fixture)
{
    LaterTransactionOptions options = {STORAGE_TRANSACTION_OPTIONS_INIT, 1};
    StorageTransaction *txn = (StorageTransaction *)fixture;

    options.known.struct_size = sizeof options;
    testutil_assert_status(STORAGE_UNSUPPORTED, storage_begin(fixture->backend, &options.known, &txn, fixture->ctx));
    testutil_assert(txn == NULL, "a refused begin left a transaction");
}

static StorageStatus do_nothing(StorageTransaction *txn, void *user_data, StorageContext *ctx)
{
    (void)txn;
    (void)user_data;
    (void)ctx;
    return STORAGE_OK;
}

static void closures_check_their_options(TestutilFixture *fixture)
{
    LaterTransactionOptions options = {STORAGE_TRANSACTION_OPTIONS_INIT, 1};

    options.known.struct_size = 0;
    testutil_assert_status(STORAGE_INVALID_ARGUMENT,
                           storage_update(fixture->backend, &options.known, do_nothing, NULL, fixture->ctx));
    testutil_assert_status(STORAGE_INVALID_ARGUMENT,
                           storage_view(fixture->backend, &options.known, do_nothing, NULL, fixture->ctx));
    options.known.struct_size = sizeof options;
    testutil_assert_status(STORAGE_UNSUPPORTED,
                           storage_update(fixture->backend, &options.known, do_nothing, NULL, fixture->ctx));
    testutil_assert_status(STORAGE_UNSUPPORTED,
                           storage_view(fixture->backend, &options.known, do_nothing, NULL, fixture->ctx));
}

/* ---- what a stack lacks, it says ---- */

static void transactions_are_unsupported_where_they_lack(TestutilFixture *fixture)
{
    StorageTransaction *txn = (StorageTransaction *)fixture;

    testutil_assert_status(STORAGE_UNSUPPORTED, storage_begin(fixture->backend, NULL, &txn, fixture->ctx));
    testutil_assert(txn == NULL, "a refused begin left a transaction");
    testutil_assert_status(STORAGE_UNSUPPORTED, storage_update(fixture->backend, NULL, do_nothing, NULL, fixture->ctx));
    testutil_assert_status(STORAGE_UNSUPPORTED, storage_view(fixture->backend, NULL, do_nothing, NULL, fixture->ctx));
}

static void watches_are_unsupported_where_they_lack(TestutilFixture *fixture)
{
    StorageWatch *changes = (StorageWatch *)fixture;

    testutil_assert_status(STORAGE_UNSUPPORTED, storage_watch(fixture->backend, NULL, 0, &changes, fixture->ctx));
    testutil_assert(changes == NULL, "a refused watch left a handle");
}

static void tokens_are_unsupported_where_they_lack(TestutilFixture *fixture)
{
    testutil_assert_ok(storage_context_set_token(fixture->ctx, TEXT("token")));
    testutil_assert_status(STORAGE_UNSUPPORTED, set_with(fixture, NULL));
    assert_value(fixture, "a", "1");
}

static void compares_are_unsupported_where_they_lack(TestutilFixture *fixture)
{
    testutil_assert_status(STORAGE_UNSUPPORTED,
                           storage_compare_and_set(fixture->backend, TEXT("a"), storage_expect_value(TEXT("1")),
                                                   TEXT("2"), NULL, fixture->ctx));
    assert_value(fixture, "a", "1");
}

static void clears_are_unsupported_where_they_lack(TestutilFixture *fixture)
{
    testutil_assert_status(STORAGE_UNSUPPORTED, storage_clear_range(fixture->backend, NULL, fixture->ctx));
    assert_value(fixture, "a", "1");
}

static void several_operations_are_unsupported_where_they_lack(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_set("a", "2"), operation_set("b", "2")};

    testutil_assert_status(STORAGE_UNSUPPORTED,
                           storage_write(fixture->backend, operations, 2, STORAGE_WRITE_ATOMIC, NULL, fixture->ctx));
    assert_store(fixture, "a=1");
}

static void expiries_are_unsupported_where_they_lack(TestutilFixture *fixture)
{
    StorageSetOptions options = testutil_case_set_options(storage_expiry_after(1));

    testutil_assert_status(STORAGE_UNSUPPORTED, set_with(fixture, &options));
    testutil_assert_status(STORAGE_UNSUPPORTED,
                           storage_touch(fixture->backend, TEXT("a"), storage_expiry_never(), fixture->ctx));
    assert_value(fixture, "a", "1");
}

static void reverse_scans_are_unsupported_where_they_lack(TestutilFixture *fixture)
{
    StorageScanOptions options = testutil_case_scan_options(STORAGE_SCAN_REVERSE, 0);
    StorageCursor *cursor = (StorageCursor *)fixture;

    testutil_assert_status(STORAGE_UNSUPPORTED, storage_scan(fixture->backend, NULL, &options, &cursor, fixture->ctx));
    testutil_assert(cursor == NULL, "a refused scan left a cursor");
}

static const TestutilContractCase cases[] = {
    CASE(set_options_of_size_zero_are_invalid, 0, WRITES, "a=1"),
    CASE(smaller_set_options_have_no_expiry, 0, WRITES, "a=1"),
    CASE(larger_set_options_with_a_zero_tail_are_taken, EXPIRY, WRITES, "a=1"),
    CASE(larger_set_options_with_a_new_request_are_unsupported, 0, WRITES, "a=1"),
    CASE(scan_options_of_size_zero_are_invalid, 0, 0, "a=1"),
    CASE(smaller_scan_options_have_no_limit, 0, 0, "a=1 b=2"),
    CASE(larger_scan_options_with_a_zero_tail_are_taken, 0, 0, "a=1 b=2"),
    CASE(larger_scan_options_with_a_new_request_are_unsupported, 0, 0, "a=1"),
    CASE(transaction_options_of_size_zero_are_invalid, TRANSACTIONS, 0, "a=1"),
    CASE(smaller_transaction_options_mean_snapshot, TRANSACTIONS, WRITES, "a=1"),
    CASE(larger_transaction_options_with_a_zero_tail_are_taken, TRANSACTIONS, 0, "a=1"),
    CASE(larger_transaction_options_with_a_new_request_are_unsupported, TRANSACTIONS, 0, "a=1"),
    CASE(closures_check_their_options, TRANSACTIONS, 0, "a=1"),
    CASE(transactions_are_unsupported_where_they_lack, TRANSACTIONS, TESTUTIL_NEEDS_LACK, NULL),
    CASE(watches_are_unsupported_where_they_lack, WATCH, TESTUTIL_NEEDS_LACK, NULL),
    CASE(tokens_are_unsupported_where_they_lack, IDEMPOTENCY, TESTUTIL_NEEDS_LACK, "a=1"),
    CASE(compares_are_unsupported_where_they_lack, COMPARE, TESTUTIL_NEEDS_LACK, "a=1"),
    CASE(clears_are_unsupported_where_they_lack, CLEAR_RANGE, TESTUTIL_NEEDS_LACK, "a=1"),
    CASE(several_operations_are_unsupported_where_they_lack, MULTI_WRITE, TESTUTIL_NEEDS_LACK, "a=1"),
    CASE(expiries_are_unsupported_where_they_lack, EXPIRY, TESTUTIL_NEEDS_LACK, "a=1"),
    CASE(reverse_scans_are_unsupported_where_they_lack, REVERSE_SCAN, TESTUTIL_NEEDS_LACK, "a=1"),
};
const CaseTable testutil_cases_options = CASE_TABLE(cases);
