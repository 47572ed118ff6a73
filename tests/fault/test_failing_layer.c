/*
 * test_failing_layer.c - the failing layer: what each kind of fault does to the call, to the store below and to the
 * figures; that rules choose what they say; that nothing escapes through transactions, cursors and watches.
 */
#include "property.h"
#include "storage_testutil/clock.h"
#include "storage_testutil/factory.h"
#include "storage_testutil/fault.h"

#include "storage/storage.h"

#define S(text) ((StorageSlice){text, sizeof(text) - 1})

static TestutilClock *clock_of_test;
static StorageBackend *backend, *store; /* the stack, and the store below the failing layer */
static StorageContext *ctx;

static void setup(void)
{
    StorageMemoryOptions options = STORAGE_MEMORY_OPTIONS_INIT;

    clock_of_test = testutil_clock_new(1);
    options.environment = testutil_clock_environment(clock_of_test);
    ctx = storage_context_new();
    testutil_assert_ok(storage_memory_open(&options, &backend, ctx));
    testutil_assert_ok(testutil_failing_wrap(backend, 7, &backend, ctx));
    store = backend->inner;
    testutil_assert_ok(storage_set(backend, S("a"), S("1"), NULL, ctx));
    testutil_failing_reset(backend);
}

static void teardown(void)
{
    testutil_assert_ok(storage_close(backend, ctx));
    storage_context_free(ctx);
    testutil_clock_free(clock_of_test);
}

static void add(TestutilFaultRule rule)
{
    ck_assert(testutil_failing_add(backend, &rule));
}

static void expect_figures(uint32_t call, uint64_t attempts, uint64_t passed, uint64_t injected, uint64_t failures)
{
    TestutilFaultFigures figures;

    testutil_failing_figures(backend, call, &figures);
    ck_assert_uint_eq(figures.attempts, attempts);
    ck_assert_uint_eq(figures.passed, passed);
    ck_assert_uint_eq(figures.injected, injected);
    ck_assert_uint_eq(figures.failures, failures);
    ck_assert_uint_eq(figures.successes, attempts - failures);
}

/* What the store has once no rule is in the way. */
static void expect_rows(const char *rows)
{
    testutil_failing_clear(backend);
    testutil_assert_rows(backend, NULL, NULL, rows);
}

START_TEST(without_a_rule_nothing_changes_and_calls_are_counted)
{
    testutil_assert_value(backend, S("a"), S("1"));
    testutil_assert_ok(storage_delete(backend, S("missing"), ctx));
    expect_figures(TESTUTIL_CALL_GET, 1, 1, 0, 0);
    expect_figures(TESTUTIL_CALL_DELETE, 1, 1, 0, 0);
    expect_figures(TESTUTIL_CALL_COUNT, 2, 2, 0, 0);
}
END_TEST

START_TEST(fail_before_has_no_effect)
{
    add((TestutilFaultRule){.kind = TESTUTIL_FAULT_FAIL_BEFORE, .calls = TESTUTIL_CALL_BIT(SET)});
    testutil_assert_status(STORAGE_CONNECTION, storage_set(backend, S("a"), S("2"), NULL, ctx));
    ck_assert_uint_eq(storage_context_revision(ctx), 0);
    ck_assert_uint_ge(storage_context_error_count(ctx), 1);
    expect_figures(TESTUTIL_CALL_SET, 1, 0, 1, 1);
    expect_rows("a=1");
}
END_TEST

START_TEST(fail_after_has_its_effect_and_loses_the_answer)
{
    add((TestutilFaultRule){.kind = TESTUTIL_FAULT_FAIL_AFTER, .calls = TESTUTIL_CALL_BIT(SET)});
    testutil_assert_status(STORAGE_INDETERMINATE, storage_set(backend, S("a"), S("2"), NULL, ctx));
    ck_assert_uint_eq(storage_context_revision(ctx), 0);
    expect_figures(TESTUTIL_CALL_SET, 1, 1, 1, 1);
    expect_rows("a=2");
}
END_TEST

START_TEST(a_read_that_failed_after_hands_out_nothing)
{
    StorageValue value;

    add((TestutilFaultRule){.kind = TESTUTIL_FAULT_FAIL_AFTER, .calls = TESTUTIL_CALL_BIT(GET)});
    testutil_assert_status(STORAGE_CONNECTION, storage_get(backend, S("a"), &value, ctx));
    ck_assert_uint_eq(value.size, 0);
}
END_TEST

START_TEST(the_status_can_be_chosen)
{
    StorageValue value;

    add((TestutilFaultRule){.kind = TESTUTIL_FAULT_FAIL_BEFORE, .calls = TESTUTIL_CALL_BIT(GET), .status = STORAGE_IO});
    testutil_assert_status(STORAGE_IO, storage_get(backend, S("a"), &value, ctx));
}
END_TEST

START_TEST(calls_are_chosen_by_number)
{
    StorageValue value;
    StorageStatus expected[] = {STORAGE_OK, STORAGE_CONNECTION, STORAGE_CONNECTION, STORAGE_OK};

    add((TestutilFaultRule){
        .kind = TESTUTIL_FAULT_FAIL_BEFORE, .calls = TESTUTIL_CALL_BIT(GET), .first = 2, .count = 2});
    for (size_t i = 0; i < 4; i++) {
        testutil_assert_status(expected[i], storage_get(backend, S("a"), &value, ctx));
        storage_value_release(&value);
    }
    expect_figures(TESTUTIL_CALL_GET, 4, 2, 2, 2);
}
END_TEST

/* How many of 1000 gets fail, from the start of the layer's chance. */
static size_t count_failures_by_chance(void)
{
    size_t count = 0;

    testutil_failing_reset(backend);
    add((TestutilFaultRule){
        .kind = TESTUTIL_FAULT_FAIL_BEFORE, .calls = TESTUTIL_CALL_BIT(GET), .chance_per_million = 250000});
    for (size_t i = 0; i < 1000; i++) {
        StorageValue value;
        count += storage_get(backend, S("a"), &value, ctx) < 0;
        storage_value_release(&value);
    }
    return count;
}

START_TEST(calls_are_chosen_by_chance_and_the_same_after_a_reset)
{
    size_t count = count_failures_by_chance();

    ck_assert_uint_gt(count, 180);
    ck_assert_uint_lt(count, 320);
    ck_assert_uint_eq(count_failures_by_chance(), count);
}
END_TEST

static void advance(void *user_data, uint32_t call)
{
    (void)call;
    testutil_clock_advance(user_data, 1000);
}

START_TEST(a_delay_moves_the_clock_and_lets_the_call_go_on)
{
    uint64_t before_ns = testutil_clock_monotonic_ns(clock_of_test);

    add((TestutilFaultRule){.kind = TESTUTIL_FAULT_DELAY, .hook = advance, .user_data = clock_of_test});
    testutil_assert_value(backend, S("a"), S("1"));
    ck_assert_uint_eq(testutil_clock_monotonic_ns(clock_of_test), before_ns + 1000);
}
END_TEST

START_TEST(a_delay_beyond_the_deadline_is_a_timeout_without_effect)
{
    add((TestutilFaultRule){.kind = TESTUTIL_FAULT_DELAY, .hook = advance, .user_data = clock_of_test});
    storage_context_set_deadline(ctx, testutil_clock_monotonic_ns(clock_of_test) + 500);
    testutil_assert_status(STORAGE_TIMEOUT, storage_set(backend, S("a"), S("2"), NULL, ctx));
    storage_context_set_deadline(ctx, 0);
    expect_figures(TESTUTIL_CALL_SET, 1, 0, 0, 1);
    expect_rows("a=1");
}
END_TEST

START_TEST(a_torn_write_applies_a_prefix)
{
    StorageResult results[3];
    StorageOperation operations[] = {{.kind = STORAGE_OPERATION_SET, .key = S("x"), .value = S("1")},
                                     {.kind = STORAGE_OPERATION_SET, .key = S("y"), .value = S("1")},
                                     {.kind = STORAGE_OPERATION_SET, .key = S("z"), .value = S("1")}};

    add((TestutilFaultRule){.kind = TESTUTIL_FAULT_TORN_COMMIT, .torn_count = 2});
    testutil_assert_status(STORAGE_INDETERMINATE,
                           storage_write(backend, operations, 3, STORAGE_WRITE_ATOMIC, results, ctx));
    for (size_t i = 0; i < 3; i++)
        testutil_assert_status(STORAGE_INDETERMINATE, results[i].status);
    expect_rows("a=1 x=1 y=1");
}
END_TEST

START_TEST(single_and_independent_writes_are_not_torn)
{
    StorageOperation operations[] = {{.kind = STORAGE_OPERATION_SET, .key = S("x"), .value = S("1")},
                                     {.kind = STORAGE_OPERATION_SET, .key = S("y"), .value = S("1")}};

    add((TestutilFaultRule){.kind = TESTUTIL_FAULT_TORN_COMMIT});
    testutil_assert_ok(storage_write(backend, operations, 2, STORAGE_WRITE_INDEPENDENT, NULL, ctx));
    testutil_assert_ok(storage_write(backend, operations, 1, STORAGE_WRITE_ATOMIC, NULL, ctx));
    expect_rows("a=1 x=1 y=1");
}
END_TEST

START_TEST(a_torn_commit_applies_the_first_writes_that_were_not_rolled_back)
{
    StorageTransaction *txn;
    uint32_t savepoint_no;
    uint64_t revision = 99;

    add((TestutilFaultRule){.kind = TESTUTIL_FAULT_TORN_COMMIT, .torn_count = 2});
    testutil_assert_ok(storage_begin(backend, NULL, &txn, ctx));
    testutil_assert_ok(storage_transaction_set(txn, S("x"), S("1"), NULL, ctx));
    testutil_assert_ok(storage_transaction_savepoint(txn, &savepoint_no, ctx));
    testutil_assert_ok(storage_transaction_set(txn, S("gone"), S("1"), NULL, ctx));
    testutil_assert_ok(storage_transaction_rollback_to(txn, savepoint_no, ctx));
    testutil_assert_ok(storage_transaction_delete(txn, S("a"), ctx));
    testutil_assert_ok(storage_transaction_set(txn, S("y"), S("1"), NULL, ctx));
    testutil_assert_status(STORAGE_INDETERMINATE, storage_transaction_commit(txn, &revision, ctx));
    ck_assert_uint_eq(revision, 99);
    testutil_assert_status(STORAGE_INVALID_ARGUMENT, storage_transaction_commit(txn, NULL, ctx));
    storage_transaction_close(txn);
    expect_rows("x=1");
}
END_TEST

START_TEST(a_commit_that_failed_before_commits_nothing)
{
    StorageTransaction *txn;

    add((TestutilFaultRule){.kind = TESTUTIL_FAULT_FAIL_BEFORE, .calls = TESTUTIL_CALL_BIT(COMMIT)});
    testutil_assert_ok(storage_begin(backend, NULL, &txn, ctx));
    testutil_assert_ok(storage_transaction_set(txn, S("x"), S("1"), NULL, ctx));
    testutil_assert_status(STORAGE_CONNECTION, storage_transaction_commit(txn, NULL, ctx));
    storage_transaction_close(txn);
    expect_rows("a=1");
}
END_TEST

START_TEST(a_commit_that_failed_after_is_indeterminate_and_done)
{
    StorageTransaction *txn;

    add((TestutilFaultRule){.kind = TESTUTIL_FAULT_FAIL_AFTER, .calls = TESTUTIL_CALL_BIT(COMMIT)});
    testutil_assert_ok(storage_begin(backend, NULL, &txn, ctx));
    testutil_assert_ok(storage_transaction_set(txn, S("x"), S("1"), NULL, ctx));
    testutil_assert_status(STORAGE_INDETERMINATE, storage_transaction_commit(txn, NULL, ctx));
    storage_transaction_close(txn);
    expect_rows("a=1 x=1");
}
END_TEST

/* ---- nothing escapes: every call of every handle, made to fail before and after ---- */

typedef struct Handles {
    StorageTransaction *txn;
    StorageCursor *cursor;
    StorageWatch *watch;
} Handles;

static StorageStatus call_read(uint32_t call, Handles *handles)
{
    StorageSlice keys[] = {S("a")};
    StorageValue value = {0}, *ret_value = &value;
    StorageStatus status, statuses[1];
    StorageCursor *cursor = NULL;

    switch (call) {
    case TESTUTIL_CALL_GET:
        status = storage_get(backend, S("a"), ret_value, ctx);
        break;
    case TESTUTIL_CALL_MULTI_GET:
        status = storage_multi_get(backend, keys, 1, ret_value, statuses, ctx);
        break;
    case TESTUTIL_CALL_SCAN:
        status = storage_scan(backend, NULL, NULL, &cursor, ctx);
        break;
    case TESTUTIL_CALL_TRANSACTION_GET:
        status = storage_transaction_get(handles->txn, S("a"), ret_value, ctx);
        break;
    case TESTUTIL_CALL_TRANSACTION_MULTI_GET:
        status = storage_transaction_multi_get(handles->txn, keys, 1, ret_value, statuses, ctx);
        break;
    default:
        status = storage_transaction_scan(handles->txn, NULL, NULL, &cursor, ctx);
        break;
    }
    ck_assert(status == STORAGE_OK || (cursor == NULL && value.size == 0));
    storage_value_release(&value);
    storage_cursor_close(cursor);
    return status;
}

static StorageStatus call_write(uint32_t call)
{
    StorageRange range = storage_range_prefix(S("none"));

    switch (call) {
    case TESTUTIL_CALL_WRITE:
        return storage_write(backend,
                             (StorageOperation[]){{.kind = STORAGE_OPERATION_DELETE, .key = S("x")},
                                                  {.kind = STORAGE_OPERATION_DELETE, .key = S("y")}},
                             2, STORAGE_WRITE_ATOMIC, NULL, ctx);
    case TESTUTIL_CALL_SET:
        return storage_set(backend, S("x"), S("1"), NULL, ctx);
    case TESTUTIL_CALL_TOUCH:
        return storage_touch(backend, S("a"), storage_expiry_never(), ctx);
    case TESTUTIL_CALL_DELETE:
        return storage_delete(backend, S("x"), ctx);
    case TESTUTIL_CALL_COMPARE_AND_SET:
        return storage_compare_and_set(backend, S("a"), storage_expect_value(S("1")), S("1"), NULL, ctx);
    case TESTUTIL_CALL_COMPARE_AND_DELETE:
        return storage_compare_and_delete(backend, S("x"), storage_expect_absent(), ctx);
    case TESTUTIL_CALL_CLEAR_RANGE:
        return storage_clear_range(backend, &range, ctx);
    case TESTUTIL_CALL_SYNC:
        return storage_sync(backend, ctx);
    default:
        return storage_sweep(backend, NULL, ctx);
    }
}

static StorageStatus call_transaction_write(uint32_t call, Handles *handles)
{
    StorageRange range = storage_range_prefix(S("none"));

    switch (call) {
    case TESTUTIL_CALL_TRANSACTION_SET:
        return storage_transaction_set(handles->txn, S("x"), S("1"), NULL, ctx);
    case TESTUTIL_CALL_TRANSACTION_TOUCH:
        return storage_transaction_touch(handles->txn, S("a"), storage_expiry_never(), ctx);
    case TESTUTIL_CALL_TRANSACTION_DELETE:
        return storage_transaction_delete(handles->txn, S("y"), ctx);
    case TESTUTIL_CALL_TRANSACTION_COMPARE_AND_SET:
        return storage_transaction_compare_and_set(handles->txn, S("z"), storage_expect_absent(), S("1"), NULL, ctx);
    case TESTUTIL_CALL_TRANSACTION_COMPARE_AND_DELETE:
        return storage_transaction_compare_and_delete(handles->txn, S("w"), storage_expect_absent(), ctx);
    default:
        return storage_transaction_clear_range(handles->txn, &range, ctx);
    }
}

static StorageStatus call_handle(uint32_t call, Handles *handles)
{
    const StorageEntry *entry = NULL;
    const StorageChange *change = NULL;
    StorageHealthState state;
    StorageTransaction *txn = NULL;
    StorageWatch *watch = NULL;
    uint32_t savepoint_no = 0;
    StorageStatus status;
    int fd;

    switch (call) {
    case TESTUTIL_CALL_CURSOR_NEXT:
        status = storage_cursor_next(handles->cursor, &entry, ctx);
        ck_assert((status == STORAGE_OK) == (entry != NULL));
        return status;
    case TESTUTIL_CALL_CURSOR_SEEK:
        return storage_cursor_seek(handles->cursor, S("a"), ctx);
    case TESTUTIL_CALL_BEGIN:
        status = storage_begin(backend, NULL, &txn, ctx);
        storage_transaction_close(txn);
        return status;
    case TESTUTIL_CALL_SAVEPOINT:
    case TESTUTIL_CALL_ROLLBACK_TO:
    case TESTUTIL_CALL_DROP_SAVEPOINT:
        status = storage_transaction_savepoint(handles->txn, &savepoint_no, ctx);
        if (status == STORAGE_OK && call == TESTUTIL_CALL_ROLLBACK_TO)
            status = storage_transaction_rollback_to(handles->txn, savepoint_no, ctx);
        if (status == STORAGE_OK && call == TESTUTIL_CALL_DROP_SAVEPOINT)
            status = storage_transaction_drop_savepoint(handles->txn, savepoint_no, ctx);
        return status;
    case TESTUTIL_CALL_COMMIT:
        return storage_transaction_commit(handles->txn, NULL, ctx);
    case TESTUTIL_CALL_WATCH:
        status = storage_watch(backend, NULL, 0, &watch, ctx);
        storage_watch_close(watch);
        return status;
    case TESTUTIL_CALL_WATCH_NEXT:
        status = storage_watch_next(handles->watch, &change, ctx);
        ck_assert((status == STORAGE_OK) == (change != NULL));
        return status;
    case TESTUTIL_CALL_WATCH_FD:
        return storage_watch_fd(handles->watch, &fd, ctx);
    default:
        return storage_health_check(backend, STORAGE_PROBE_LIVENESS, &state, NULL, ctx);
    }
}

static StorageStatus make_call(uint32_t call, Handles *handles)
{
    switch (call) {
    case TESTUTIL_CALL_GET:
    case TESTUTIL_CALL_MULTI_GET:
    case TESTUTIL_CALL_SCAN:
    case TESTUTIL_CALL_TRANSACTION_GET:
    case TESTUTIL_CALL_TRANSACTION_MULTI_GET:
    case TESTUTIL_CALL_TRANSACTION_SCAN:
        return call_read(call, handles);
    case TESTUTIL_CALL_TRANSACTION_SET:
    case TESTUTIL_CALL_TRANSACTION_TOUCH:
    case TESTUTIL_CALL_TRANSACTION_DELETE:
    case TESTUTIL_CALL_TRANSACTION_COMPARE_AND_SET:
    case TESTUTIL_CALL_TRANSACTION_COMPARE_AND_DELETE:
    case TESTUTIL_CALL_TRANSACTION_CLEAR_RANGE:
        return call_transaction_write(call, handles);
    case TESTUTIL_CALL_WRITE:
    case TESTUTIL_CALL_SET:
    case TESTUTIL_CALL_TOUCH:
    case TESTUTIL_CALL_DELETE:
    case TESTUTIL_CALL_COMPARE_AND_SET:
    case TESTUTIL_CALL_COMPARE_AND_DELETE:
    case TESTUTIL_CALL_CLEAR_RANGE:
    case TESTUTIL_CALL_SYNC:
    case TESTUTIL_CALL_SWEEP:
        return call_write(call);
    default:
        return call_handle(call, handles);
    }
}

static void open_handles(Handles *handles)
{
    testutil_failing_reset(backend);
    testutil_assert_ok(storage_begin(backend, NULL, &handles->txn, ctx));
    testutil_assert_ok(storage_scan(backend, NULL, NULL, &handles->cursor, ctx));
    testutil_assert_ok(storage_watch(backend, NULL, 0, &handles->watch, ctx));
    testutil_assert_ok(storage_set(backend, S("for the watch"), S("1"), NULL, ctx));
    testutil_failing_reset(backend);
}

static void close_handles(Handles *handles)
{
    storage_transaction_close(handles->txn);
    storage_cursor_close(handles->cursor);
    storage_watch_close(handles->watch);
}

START_TEST(every_call_can_be_made_to_fail)
{
    Handles handles;
    uint32_t call = (uint32_t)_i;

    if (call == TESTUTIL_CALL_TRANSACTION_UNKNOWN || call == TESTUTIL_CALL_SHUTDOWN)
        return; /* dispatch refuses unknown kinds; the shutdown has a test of its own */
    for (uint32_t kind = TESTUTIL_FAULT_FAIL_BEFORE; kind <= TESTUTIL_FAULT_FAIL_AFTER; kind++) {
        open_handles(&handles);
        add((TestutilFaultRule){.kind = kind, .calls = UINT64_C(1) << call, .status = STORAGE_IO});
        StorageStatus status = make_call(call, &handles);
        ck_assert_msg(status == STORAGE_IO, "%s: %s", testutil_call_name(call), storage_status_name(status));
        expect_figures(call, 1, kind == TESTUTIL_FAULT_FAIL_AFTER, 1, 1);
        close_handles(&handles);
    }
    open_handles(&handles);
    StorageStatus status = make_call(call, &handles);
    ck_assert_msg(status == STORAGE_OK, "%s without a rule: %s", testutil_call_name(call), storage_status_name(status));
    close_handles(&handles);
}
END_TEST

START_TEST(a_shutdown_that_fails_is_reported_by_the_close)
{
    TestutilFaultRule rule = {
        .kind = TESTUTIL_FAULT_FAIL_BEFORE, .calls = TESTUTIL_CALL_BIT(SHUTDOWN), .status = STORAGE_IO};

    add(rule);
    testutil_assert_status(STORAGE_IO, storage_close(backend, ctx));
    testutil_assert_ok(storage_memory_open(NULL, &backend, ctx));
}
END_TEST

START_TEST(rules_are_refused_without_a_layer_kind_or_room)
{
    TestutilFaultRule rule = {.kind = TESTUTIL_FAULT_FAIL_BEFORE, .first = 1000000};
    TestutilFaultRule unknown = {.kind = 9};

    ck_assert(!testutil_failing_add(store, &rule));
    ck_assert(!testutil_failing_add(backend, &unknown));
    for (size_t i = 0; i < 32; i++)
        ck_assert(testutil_failing_add(backend, &rule));
    ck_assert(!testutil_failing_add(backend, &rule));
    testutil_assert_value(backend, S("a"), S("1"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("failing layer");
    TCase *tcase = tcase_create("failing layer");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, without_a_rule_nothing_changes_and_calls_are_counted);
    tcase_add_test(tcase, fail_before_has_no_effect);
    tcase_add_test(tcase, fail_after_has_its_effect_and_loses_the_answer);
    tcase_add_test(tcase, a_read_that_failed_after_hands_out_nothing);
    tcase_add_test(tcase, the_status_can_be_chosen);
    tcase_add_test(tcase, calls_are_chosen_by_number);
    tcase_add_test(tcase, calls_are_chosen_by_chance_and_the_same_after_a_reset);
    tcase_add_test(tcase, a_delay_moves_the_clock_and_lets_the_call_go_on);
    tcase_add_test(tcase, a_delay_beyond_the_deadline_is_a_timeout_without_effect);
    tcase_add_test(tcase, a_torn_write_applies_a_prefix);
    tcase_add_test(tcase, single_and_independent_writes_are_not_torn);
    tcase_add_test(tcase, a_torn_commit_applies_the_first_writes_that_were_not_rolled_back);
    tcase_add_test(tcase, a_commit_that_failed_before_commits_nothing);
    tcase_add_test(tcase, a_commit_that_failed_after_is_indeterminate_and_done);
    tcase_add_loop_test(tcase, every_call_can_be_made_to_fail, 0, TESTUTIL_CALL_COUNT);
    tcase_add_test(tcase, a_shutdown_that_fails_is_reported_by_the_close);
    tcase_add_test(tcase, rules_are_refused_without_a_layer_kind_or_room);
    suite_add_tcase(suite, tcase);
    return property_run(suite);
}
