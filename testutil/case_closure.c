/*
 * case_closure.c - storage_update and storage_view: when the function runs again, and what comes back.
 */
#include "case.h"

#include <string.h>

#define CASE_GROUP "closure"

/* What the functions below are told and what they count. */
typedef struct Closure {
    TestutilFixture *fixture;
    uint32_t run_count;
    uint32_t interfering_runs; /* in so many runs another writer is faster */
    StorageStatus answer;
} Closure;

/* Sets "a" to the number of the run. */
static StorageStatus set_run_number(StorageTransaction *txn, void *user_data, StorageContext *ctx)
{
    Closure *closure = user_data;
    char value[32];
    StorageStatus status;

    closure->run_count++;
    status = storage_transaction_set(txn, TEXT("a"), testutil_key(value, sizeof value, "run", closure->run_count), NULL,
                                     ctx);
    if (closure->run_count <= closure->interfering_runs)
        set(closure->fixture, "a", "interference");
    return status == STORAGE_OK ? closure->answer : status;
}

/* The classic read-modify-write: appends an 'x' under a stated precondition. */
static StorageStatus append_x(StorageTransaction *txn, void *user_data, StorageContext *ctx)
{
    Closure *closure = user_data;
    StorageStatus status;
    StorageValue value;
    char longer[32];
    size_t size;

    closure->run_count++;
    status = storage_transaction_get(txn, TEXT("a"), &value, ctx);
    if (status != STORAGE_OK)
        return status;
    size = value.size;
    testutil_assert(size < sizeof longer, "the value grew too long");
    if (size > 0)
        memcpy(longer, value.data, size);
    longer[size] = 'x';
    if (closure->run_count <= closure->interfering_runs)
        set(closure->fixture, "a", "y");
    status = storage_transaction_compare_and_set(txn, TEXT("a"), storage_expect_value(storage_value_slice(&value)),
                                                 storage_bytes(longer, size + 1), NULL, ctx);
    storage_value_release(&value);
    return status;
}

static StorageStatus read_a(StorageTransaction *txn, void *user_data, StorageContext *ctx)
{
    Closure *closure = user_data;
    StorageStatus status;
    StorageValue value;

    closure->run_count++;
    status = storage_transaction_get(txn, TEXT("a"), &value, ctx);
    storage_value_release(&value);
    return status == STORAGE_OK ? closure->answer : status;
}

static StorageStatus write_in_a_view(StorageTransaction *txn, void *user_data, StorageContext *ctx)
{
    Closure *closure = user_data;

    closure->run_count++;
    return storage_transaction_set(txn, TEXT("a"), TEXT("2"), NULL, ctx);
}

static StorageStatus return_conflict(StorageTransaction *txn, void *user_data, StorageContext *ctx)
{
    Closure *closure = user_data;

    (void)txn;
    (void)ctx;
    closure->run_count++;
    return STORAGE_CONFLICT;
}

/* Conflicts, while the clock of the store moves on. */
static StorageStatus conflict_slowly(StorageTransaction *txn, void *user_data, StorageContext *ctx)
{
    Closure *closure = user_data;

    (void)txn;
    (void)ctx;
    closure->run_count++;
    testutil_clock_advance(closure->fixture->clock, (uint64_t)TESTUTIL_MILLISECOND_NS);
    return STORAGE_CONFLICT;
}

static void ok_commits(TestutilFixture *fixture)
{
    Closure closure = {.fixture = fixture};

    testutil_assert_ok(storage_update(fixture->backend, NULL, set_run_number, &closure, fixture->ctx));
    testutil_assert_number(1, closure.run_count);
    testutil_assert_number(1, storage_context_attempts(fixture->ctx));
    assert_store(fixture, "a=run:000001");
}

static void the_context_has_the_revision_of_the_update(TestutilFixture *fixture)
{
    Closure closure = {.fixture = fixture};

    testutil_assert_ok(storage_update(fixture->backend, NULL, set_run_number, &closure, fixture->ctx));
    testutil_assert_number(revision_of(fixture, "a"), storage_context_revision(fixture->ctx));
}

static void another_status_aborts_and_comes_back(TestutilFixture *fixture)
{
    Closure closure = {.fixture = fixture, .answer = STORAGE_ACCESS_DENIED};

    testutil_assert_status(STORAGE_ACCESS_DENIED,
                           storage_update(fixture->backend, NULL, set_run_number, &closure, fixture->ctx));
    testutil_assert_number(1, closure.run_count);
    assert_store(fixture, "a=1");
}

static void a_positive_status_aborts_and_comes_back(TestutilFixture *fixture)
{
    Closure closure = {.fixture = fixture, .answer = STORAGE_NOT_FOUND};

    testutil_assert_status(STORAGE_NOT_FOUND,
                           storage_update(fixture->backend, NULL, set_run_number, &closure, fixture->ctx));
    testutil_assert_number(1, closure.run_count);
    assert_store(fixture, "a=1");
}

static void a_serialization_at_the_commit_runs_it_again(TestutilFixture *fixture)
{
    Closure closure = {.fixture = fixture, .interfering_runs = 2};

    testutil_assert_ok(storage_update(fixture->backend, NULL, set_run_number, &closure, fixture->ctx));
    testutil_assert_number(3, closure.run_count);
    testutil_assert_number(3, storage_context_attempts(fixture->ctx));
    assert_store(fixture, "a=run:000003");
}

static void a_conflict_at_the_commit_runs_it_again(TestutilFixture *fixture)
{
    Closure closure = {.fixture = fixture, .interfering_runs = 1};

    testutil_assert_ok(storage_update(fixture->backend, NULL, append_x, &closure, fixture->ctx));
    testutil_assert_number(2, closure.run_count);
    assert_store(fixture, "a=yx");
}

static void a_conflict_of_the_function_runs_it_again(TestutilFixture *fixture)
{
    Closure closure = {.fixture = fixture};

    testutil_assert_status(STORAGE_CONFLICT,
                           storage_update(fixture->backend, NULL, return_conflict, &closure, fixture->ctx));
    testutil_assert_number(10, closure.run_count);
    testutil_assert_number(10, storage_context_attempts(fixture->ctx));
}

static void ten_runs_are_enough(TestutilFixture *fixture)
{
    Closure closure = {.fixture = fixture, .interfering_runs = 9};

    testutil_assert_ok(storage_update(fixture->backend, NULL, set_run_number, &closure, fixture->ctx));
    testutil_assert_number(10, closure.run_count);
    assert_store(fixture, "a=run:000010");
}

static void after_ten_runs_the_last_status_comes_back(TestutilFixture *fixture)
{
    Closure closure = {.fixture = fixture, .interfering_runs = 100};

    testutil_assert_status(STORAGE_SERIALIZATION,
                           storage_update(fixture->backend, NULL, set_run_number, &closure, fixture->ctx));
    testutil_assert_number(10, closure.run_count);
    assert_store(fixture, "a=interference");
}

static void a_deadline_ends_the_runs(TestutilFixture *fixture)
{
    Closure closure = {.fixture = fixture};

    storage_context_set_deadline(fixture->ctx,
                                 testutil_clock_monotonic_ns(fixture->clock) + 25 * (uint64_t)TESTUTIL_MILLISECOND_NS);
    testutil_assert_status(STORAGE_TIMEOUT,
                           storage_update(fixture->backend, NULL, conflict_slowly, &closure, fixture->ctx));
    testutil_assert_number(25, closure.run_count);
}

static void a_deadline_allows_more_than_ten_runs(TestutilFixture *fixture)
{
    Closure closure = {.fixture = fixture, .interfering_runs = 30};

    storage_context_set_deadline(fixture->ctx,
                                 testutil_clock_monotonic_ns(fixture->clock) + (uint64_t)TESTUTIL_SECOND_NS);
    testutil_assert_ok(storage_update(fixture->backend, NULL, set_run_number, &closure, fixture->ctx));
    testutil_assert_number(31, closure.run_count);
}

static StorageStatus cancel_and_conflict(StorageTransaction *txn, void *user_data, StorageContext *ctx)
{
    Closure *closure = user_data;

    (void)txn;
    (void)ctx;
    closure->run_count++;
    storage_context_cancel(closure->fixture->ctx);
    return STORAGE_CONFLICT;
}

static void a_cancellation_ends_the_runs(TestutilFixture *fixture)
{
    Closure closure = {.fixture = fixture};

    testutil_assert_status(STORAGE_CANCELLED,
                           storage_update(fixture->backend, NULL, cancel_and_conflict, &closure, fixture->ctx));
    testutil_assert_number(1, closure.run_count);
}

static StorageStatus write_skew(StorageTransaction *txn, void *user_data, StorageContext *ctx)
{
    Closure *closure = user_data;
    StorageValue value;
    StorageStatus status = storage_transaction_get(txn, TEXT("a"), &value, ctx);

    if (status != STORAGE_OK)
        return status;
    storage_value_release(&value);
    closure->run_count++;
    if (closure->run_count <= closure->interfering_runs)
        set(closure->fixture, "a", "changed");
    return storage_transaction_set(txn, TEXT("b"), TEXT("2"), NULL, ctx);
}

static void the_isolation_that_is_asked_for_holds(TestutilFixture *fixture)
{
    StorageTransactionOptions options = STORAGE_TRANSACTION_OPTIONS_INIT;
    Closure closure = {.fixture = fixture, .interfering_runs = 1};

    options.isolation = STORAGE_ISOLATION_SERIALIZABLE;
    testutil_assert_ok(storage_update(fixture->backend, &options, write_skew, &closure, fixture->ctx));
    testutil_assert_number(2, closure.run_count);
    closure = (Closure){.fixture = fixture, .interfering_runs = 1};
    testutil_assert_ok(storage_update(fixture->backend, NULL, write_skew, &closure, fixture->ctx));
    testutil_assert_number(1, closure.run_count);
}

static StorageStatus leak_a_cursor(StorageTransaction *txn, void *user_data, StorageContext *ctx)
{
    return storage_transaction_scan(txn, NULL, NULL, user_data, ctx);
}

static void a_cursor_that_the_function_left_open_has_ended(TestutilFixture *fixture)
{
    StorageCursor *cursor = NULL;
    const StorageEntry *entry;

    testutil_assert_ok(storage_update(fixture->backend, NULL, leak_a_cursor, (void *)&cursor, fixture->ctx));
    testutil_assert_status(STORAGE_INVALID_ARGUMENT, storage_cursor_next(cursor, &entry, NULL));
    storage_cursor_close(cursor);
}

/* ---- view ---- */

static void a_view_runs_once_and_reads(TestutilFixture *fixture)
{
    Closure closure = {.fixture = fixture};

    testutil_assert_ok(storage_view(fixture->backend, NULL, read_a, &closure, fixture->ctx));
    testutil_assert_number(1, closure.run_count);
}

static void a_view_returns_what_the_function_returns(TestutilFixture *fixture)
{
    Closure closure = {.fixture = fixture, .answer = STORAGE_END};

    testutil_assert_status(STORAGE_END, storage_view(fixture->backend, NULL, read_a, &closure, fixture->ctx));
    testutil_assert_number(1, closure.run_count);
}

static void a_view_does_not_run_again_on_a_conflict(TestutilFixture *fixture)
{
    Closure closure = {.fixture = fixture};

    testutil_assert_status(STORAGE_CONFLICT,
                           storage_view(fixture->backend, NULL, return_conflict, &closure, fixture->ctx));
    testutil_assert_number(1, closure.run_count);
}

static void a_view_refuses_writes(TestutilFixture *fixture)
{
    Closure closure = {.fixture = fixture};

    testutil_assert_status(STORAGE_READ_ONLY,
                           storage_view(fixture->backend, NULL, write_in_a_view, &closure, fixture->ctx));
    assert_store(fixture, "a=1");
}

static StorageStatus read_twice_around_a_write(StorageTransaction *txn, void *user_data, StorageContext *ctx)
{
    Closure *closure = user_data;

    (void)ctx;
    assert_transaction_value(txn, "a", "1");
    set(closure->fixture, "a", "changed");
    assert_transaction_value(txn, "a", "1");
    return STORAGE_OK;
}

static void a_view_sees_one_snapshot(TestutilFixture *fixture)
{
    Closure closure = {.fixture = fixture};

    testutil_assert_ok(storage_view(fixture->backend, NULL, read_twice_around_a_write, &closure, fixture->ctx));
    assert_value(fixture, "a", "changed");
}

static const TestutilContractCase cases[] = {
    CASE(ok_commits, TRANSACTIONS, WRITES, "a=1"),
    CASE(the_context_has_the_revision_of_the_update, TRANSACTIONS, WRITES, "a=1"),
    CASE(another_status_aborts_and_comes_back, TRANSACTIONS, WRITES, "a=1"),
    CASE(a_positive_status_aborts_and_comes_back, TRANSACTIONS, WRITES, "a=1"),
    CASE(a_serialization_at_the_commit_runs_it_again, TRANSACTIONS, WRITES, "a=1"),
    CASE(a_conflict_at_the_commit_runs_it_again, TRANSACTIONS | COMPARE, WRITES, "a=1"),
    CASE(a_conflict_of_the_function_runs_it_again, TRANSACTIONS, 0, "a=1"),
    CASE(ten_runs_are_enough, TRANSACTIONS, WRITES, "a=1"),
    CASE(after_ten_runs_the_last_status_comes_back, TRANSACTIONS, WRITES, "a=1"),
    CASE(a_deadline_ends_the_runs, TRANSACTIONS, 0, "a=1"),
    CASE(a_deadline_allows_more_than_ten_runs, TRANSACTIONS, WRITES, "a=1"),
    CASE(a_cancellation_ends_the_runs, TRANSACTIONS, 0, "a=1"),
    CASE(the_isolation_that_is_asked_for_holds, SERIALIZABLE, WRITES, "a=1"),
    CASE(a_cursor_that_the_function_left_open_has_ended, TRANSACTIONS, 0, "a=1"),
    CASE(a_view_runs_once_and_reads, TRANSACTIONS, 0, "a=1"),
    CASE(a_view_returns_what_the_function_returns, TRANSACTIONS, 0, "a=1"),
    CASE(a_view_does_not_run_again_on_a_conflict, TRANSACTIONS, 0, "a=1"),
    CASE(a_view_refuses_writes, TRANSACTIONS, 0, "a=1"),
    CASE(a_view_sees_one_snapshot, TRANSACTIONS, WRITES, "a=1"),
};
const CaseTable testutil_cases_closure = CASE_TABLE(cases);
