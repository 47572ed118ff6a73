/*
 * case_fork.c - a process that inherits handles over fork: every call on them is INVALID_ARGUMENT, closing them frees
 * memory and touches nothing that the parent uses, and the parent goes on.
 *
 * The child reports by its exit status; 0 is success, otherwise the place of the check that failed, plus one.
 */
#include "case_call.h"

#include <sys/wait.h>
#include <unistd.h>

#define CASE_GROUP "fork"

enum { CLOSE_FAILED = 200, VALUE_FAILED = 201, OPEN_FAILED = 202 };

/* What the child does; returns its exit status. */
typedef int (*ChildFn)(TestutilFixture *fixture, CallHandles *handles);

static void in_a_child(TestutilFixture *fixture, ChildFn function)
{
    CallHandles handles;
    int wait_status, exit_status;
    pid_t child;

    testutil_call_handles_open(fixture->backend, &handles);
    child = fork();
    testutil_assert(child >= 0, "no child process");
    if (child == 0)
        _exit(function(fixture, &handles));
    testutil_assert(waitpid(child, &wait_status, 0) == child, "the child process is not to be found");
    testutil_assert(WIFEXITED(wait_status), "the child was ended by signal %d", WTERMSIG(wait_status));
    exit_status = WEXITSTATUS(wait_status);
    testutil_assert(exit_status == 0 || exit_status > (int)testutil_call_count,
                    "%s on an inherited handle is not INVALID_ARGUMENT", testutil_calls[exit_status - 1].name);
    testutil_assert(exit_status == 0, "the child failed at check %d", exit_status);
    testutil_assert_next_row(handles.cursor, "a=1");
    if (handles.txn != NULL)
        assert_transaction_value(handles.txn, "a", "1");
    testutil_call_handles_close(&handles);
    assert_store(fixture, "a=1 b=2");
}

static int make_every_call(TestutilFixture *fixture, CallHandles *handles)
{
    const StorageCapabilities *capabilities = storage_backend_capabilities(fixture->backend);

    for (size_t i = 0; i < testutil_call_count; i++)
        if (testutil_call_is_possible(&testutil_calls[i], capabilities) &&
            testutil_calls[i].function(handles, NULL) != STORAGE_INVALID_ARGUMENT)
            return (int)i + 1;
    return 0;
}

static void every_call_on_an_inherited_handle_is_invalid(TestutilFixture *fixture)
{
    in_a_child(fixture, make_every_call);
}

static int close_everything(TestutilFixture *fixture, CallHandles *handles)
{
    testutil_call_handles_close(handles);
    return storage_close(fixture->backend, NULL) == STORAGE_OK ? 0 : CLOSE_FAILED;
}

static void a_child_closes_what_it_inherited(TestutilFixture *fixture)
{
    in_a_child(fixture, close_everything);
}

static int close_the_stack_first(TestutilFixture *fixture, CallHandles *handles)
{
    StorageStatus status = storage_close(fixture->backend, NULL);

    testutil_call_handles_close(handles);
    return status == STORAGE_OK ? 0 : CLOSE_FAILED;
}

static void a_child_closes_the_stack_before_the_handles(TestutilFixture *fixture)
{
    in_a_child(fixture, close_the_stack_first);
}

static StorageTransaction *inherited_txn;
static StorageCursor *inherited_txn_cursor;

static int close_the_cursor_before_its_transaction(TestutilFixture *fixture, CallHandles *handles)
{
    storage_cursor_close(inherited_txn_cursor);
    storage_transaction_close(inherited_txn);
    return close_everything(fixture, handles);
}

/* The transaction must not look at the cursor again: under AddressSanitizer that is seen. */
static void a_child_closes_a_cursor_before_its_transaction(TestutilFixture *fixture)
{
    testutil_assert_ok(storage_begin(fixture->backend, NULL, &inherited_txn, NULL));
    inherited_txn_cursor = transaction_scan(inherited_txn, NULL, NULL);
    in_a_child(fixture, close_the_cursor_before_its_transaction);
    testutil_assert_next_row(inherited_txn_cursor, "a=1");
    storage_cursor_close(inherited_txn_cursor);
    storage_transaction_close(inherited_txn);
}

static StorageValue inherited_value;

static int read_and_release_the_value(TestutilFixture *fixture, CallHandles *handles)
{
    StorageSlice slice = storage_value_slice(&inherited_value);

    (void)fixture;
    (void)handles;
    if (slice.size != 1 || *(const char *)slice.data != '1')
        return VALUE_FAILED;
    storage_value_release(&inherited_value);
    return 0;
}

static void a_child_reads_and_releases_an_inherited_value(TestutilFixture *fixture)
{
    testutil_assert_ok(storage_get(fixture->backend, TEXT("a"), &inherited_value, NULL));
    in_a_child(fixture, read_and_release_the_value);
    testutil_assert_bytes(TEXT("1"), storage_value_slice(&inherited_value));
    storage_value_release(&inherited_value);
}

static int open_a_stack(TestutilFixture *fixture, CallHandles *handles)
{
    TestutilStoreOptions options = {.environment = testutil_clock_environment(fixture->clock)};
    StorageBackend *backend;

    (void)handles;
    if (testutil_factory_open(fixture->factory, &options, &backend, NULL) != STORAGE_OK)
        return OPEN_FAILED;
    return storage_sync(backend, NULL) == STORAGE_OK && storage_close(backend, NULL) == STORAGE_OK ? 0 : OPEN_FAILED;
}

static void a_child_opens_a_stack_of_its_own(TestutilFixture *fixture)
{
    in_a_child(fixture, open_a_stack);
}

static int do_nothing(TestutilFixture *fixture, CallHandles *handles)
{
    (void)fixture;
    (void)handles;
    return 0;
}

static void the_parent_writes_on_after_a_fork(TestutilFixture *fixture)
{
    in_a_child(fixture, do_nothing);
    set(fixture, "c", "3");
    assert_store(fixture, "a=1 b=2 c=3");
}

static const TestutilContractCase cases[] = {
    CASE(every_call_on_an_inherited_handle_is_invalid, 0, 0, "a=1 b=2"),
    CASE(a_child_closes_what_it_inherited, 0, 0, "a=1 b=2"),
    CASE(a_child_closes_the_stack_before_the_handles, 0, 0, "a=1 b=2"),
    CASE(a_child_closes_a_cursor_before_its_transaction, TRANSACTIONS, 0, "a=1 b=2"),
    CASE(a_child_reads_and_releases_an_inherited_value, 0, 0, "a=1 b=2"),
    CASE(a_child_opens_a_stack_of_its_own, 0, 0, "a=1 b=2"),
    CASE(the_parent_writes_on_after_a_fork, 0, WRITES, "a=1 b=2"),
};
const CaseTable testutil_cases_fork = CASE_TABLE(cases);
