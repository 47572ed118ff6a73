/*
 * test_model.c - the oracle against answers that were worked out by hand, sentence by sentence of the contract.
 *
 * The random tests trust the model, so nothing here compares it with a store.
 */
#include <limits.h>

#include "property.h"
#include "storage_testutil/model.h"

#define S(text) ((StorageSlice){text, sizeof(text) - 1})

static TestutilModel *model;

static void setup(void)
{
    model = testutil_model_new();
    testutil_model_set_wall(model, 1000);
}

static void teardown(void)
{
    testutil_model_free(model);
}

static StorageResult write_one(const StorageOperation *operation)
{
    StorageResult result;

    (void)testutil_model_write(model, operation, 1, STORAGE_WRITE_ATOMIC, &result, NULL);
    return result;
}

static StorageResult set(StorageSlice key, StorageSlice value, StorageExpiry expiry)
{
    return write_one(&(StorageOperation){.kind = STORAGE_OPERATION_SET, .key = key, .value = value, .expiry = expiry});
}

static StorageResult delete_key(StorageSlice key)
{
    return write_one(&(StorageOperation){.kind = STORAGE_OPERATION_DELETE, .key = key});
}

static StorageOperation compare_and_set(StorageSlice key, StorageExpected expected, StorageSlice value)
{
    return (StorageOperation){
        .kind = STORAGE_OPERATION_COMPARE_AND_SET, .key = key, .expected = expected, .value = value};
}

static void expect_value(StorageSlice key, const char *value)
{
    TestutilModelRow row;

    testutil_assert_status(STORAGE_OK, testutil_model_get(model, key, &row));
    testutil_assert_bytes(storage_string(value), row.value);
}

static void expect_absent(StorageSlice key)
{
    TestutilModelRow row;

    testutil_assert_status(STORAGE_NOT_FOUND, testutil_model_get(model, key, &row));
}

/* The keys that a scan hands out, with a space behind each. */
static void expect_keys(TestutilModelCursor *cursor, const char *expected)
{
    TestutilText text = {0};
    TestutilModelRow row;

    while (testutil_model_cursor_next(cursor, &row) == STORAGE_OK) {
        testutil_text_add_bytes(&text, row.key);
        testutil_text_add(&text, " ");
    }
    ck_assert_str_eq(testutil_text(&text), expected);
    testutil_text_done(&text);
    testutil_model_cursor_close(cursor);
}

static void expect_scan(StorageRange range, const char *expected)
{
    expect_keys(testutil_model_scan(model, &range, 0, 0), expected);
}

static void set_letters(void)
{
    (void)set(S("a"), S("1"), storage_expiry_never());
    (void)set(S("b"), S("2"), storage_expiry_never());
    (void)set(S("c"), S("3"), storage_expiry_never());
}

/* ---- single writes ---- */

START_TEST(every_write_has_a_larger_revision)
{
    ck_assert_uint_eq(set(S("a"), S("1"), storage_expiry_never()).revision, 1);
    ck_assert_uint_eq(set(S("a"), S("2"), storage_expiry_never()).revision, 2);
    ck_assert_uint_eq(delete_key(S("a")).revision, 3);
    expect_absent(S("a"));
}
END_TEST

START_TEST(a_delete_of_nothing_writes_nothing)
{
    StorageResult result = delete_key(S("a"));

    ck_assert_int_eq(result.status, STORAGE_OK);
    ck_assert_uint_eq(result.revision, 0);
    ck_assert_uint_eq(testutil_model_revision(model), 0);
}
END_TEST

START_TEST(revisions_are_those_that_were_named)
{
    uint64_t name = 70;

    testutil_model_name_revisions(model, &name, 1);
    ck_assert_uint_eq(set(S("a"), S("1"), storage_expiry_never()).revision, 70);
    ck_assert(!testutil_model_end_names(model));
    testutil_model_name_revisions(model, &name, 1);
    ck_assert_uint_eq(set(S("a"), S("1"), storage_expiry_never()).revision, 71);
    ck_assert_msg(testutil_model_end_names(model), "a revision given twice is out of order");
}
END_TEST

START_TEST(conditions_hold_on_value_revision_and_absence)
{
    StorageOperation absent = compare_and_set(S("a"), storage_expect_absent(), S("1"));
    StorageOperation value = compare_and_set(S("a"), storage_expect_value(S("1")), S("2"));
    StorageOperation revision = compare_and_set(S("a"), storage_expect_revision(2), S("3"));

    ck_assert_int_eq(write_one(&absent).status, STORAGE_OK);
    StorageResult again = write_one(&absent);
    ck_assert_int_eq(again.status, STORAGE_CONFLICT);
    ck_assert_uint_eq(again.revision, 1);
    ck_assert_int_eq(write_one(&value).status, STORAGE_OK);
    ck_assert_int_eq(write_one(&value).status, STORAGE_CONFLICT);
    ck_assert_int_eq(write_one(&revision).status, STORAGE_OK);
    ck_assert_int_eq(write_one(&revision).status, STORAGE_CONFLICT);
    expect_value(S("a"), "3");
}
END_TEST

START_TEST(a_condition_on_an_absent_key_conflicts_with_revision_0)
{
    StorageOperation value = compare_and_set(S("a"), storage_expect_value(S("1")), S("2"));
    StorageResult result = write_one(&value);

    ck_assert_int_eq(result.status, STORAGE_CONFLICT);
    ck_assert_uint_eq(result.revision, 0);
}
END_TEST

START_TEST(compare_and_delete_of_an_absent_key_that_was_expected_absent_is_ok)
{
    StorageOperation operation = {
        .kind = STORAGE_OPERATION_COMPARE_AND_DELETE, .key = S("a"), .expected = storage_expect_absent()};
    StorageResult result = write_one(&operation);

    ck_assert_int_eq(result.status, STORAGE_OK);
    ck_assert_uint_eq(result.revision, 0);
}
END_TEST

START_TEST(touch_keeps_the_value_and_needs_a_key)
{
    StorageOperation touch = {.kind = STORAGE_OPERATION_TOUCH, .key = S("a"), .expiry = storage_expiry_after(5)};

    ck_assert_int_eq(write_one(&touch).status, STORAGE_NOT_FOUND);
    (void)set(S("a"), S("1"), storage_expiry_never());
    ck_assert_uint_eq(write_one(&touch).revision, 2);
    expect_value(S("a"), "1");
    testutil_model_set_wall(model, 1005);
    expect_absent(S("a"));
}
END_TEST

/* ---- expiry ---- */

START_TEST(a_key_expires_at_its_time_and_not_before)
{
    (void)set(S("a"), S("1"), storage_expiry_after(10));
    testutil_model_set_wall(model, 1009);
    expect_value(S("a"), "1");
    testutil_model_set_wall(model, 1010);
    expect_absent(S("a"));
}
END_TEST

START_TEST(a_duration_of_zero_expires_at_once_and_a_huge_one_never)
{
    (void)set(S("a"), S("1"), storage_expiry_after(0));
    (void)set(S("b"), S("2"), storage_expiry_after(INT64_MAX));
    (void)set(S("c"), S("3"), storage_expiry_at(999));
    expect_absent(S("a"));
    expect_absent(S("c"));
    testutil_model_set_wall(model, INT64_MAX);
    expect_value(S("b"), "2");
}
END_TEST

START_TEST(an_expired_key_is_absent_for_conditions)
{
    StorageOperation absent = compare_and_set(S("a"), storage_expect_absent(), S("2"));

    (void)set(S("a"), S("1"), storage_expiry_after(1));
    testutil_model_set_wall(model, 1001);
    ck_assert_int_eq(write_one(&absent).status, STORAGE_OK);
    expect_value(S("a"), "2");
}
END_TEST

START_TEST(nothing_unexpires_when_the_clock_is_set_back_after_a_commit)
{
    (void)set(S("a"), S("1"), storage_expiry_after(10));
    testutil_model_set_wall(model, 1010);
    (void)set(S("b"), S("2"), storage_expiry_never());
    testutil_model_set_wall(model, 1001);
    expect_absent(S("a"));
    ck_assert_int_eq(testutil_model_now(model), 1010);
}
END_TEST

START_TEST(keep_keeps_the_expiry_and_a_plain_set_clears_it)
{
    TestutilModelRow row;

    (void)set(S("a"), S("1"), storage_expiry_at(2000));
    (void)set(S("a"), S("2"), storage_expiry_keep());
    testutil_assert_ok(testutil_model_get(model, S("a"), &row));
    ck_assert_int_eq(row.expires_at_ns, 2000);
    (void)set(S("a"), S("3"), storage_expiry_never());
    testutil_assert_ok(testutil_model_get(model, S("a"), &row));
    ck_assert(row.expires_at_ns == STORAGE_NEVER);
}
END_TEST

START_TEST(a_sweep_removes_what_has_expired_under_one_revision)
{
    size_t count;

    (void)set(S("a"), S("1"), storage_expiry_after(1));
    (void)set(S("b"), S("2"), storage_expiry_after(1));
    (void)set(S("c"), S("3"), storage_expiry_after(2));
    testutil_model_set_wall(model, 1001);
    ck_assert_uint_eq(testutil_model_sweep(model), 2);
    ck_assert_uint_eq(testutil_model_revision(model), 4);
    ck_assert_uint_eq(testutil_model_sweep(model), 0);
    ck_assert_uint_eq(testutil_model_revision(model), 4);
    const StorageChange *changes = testutil_model_changes(model, &count);
    ck_assert_uint_eq(count, 5);
    ck_assert_uint_eq(changes[4].kind, STORAGE_CHANGE_EXPIRED);
    expect_value(S("c"), "3");
}
END_TEST

/* ---- several operations ---- */

START_TEST(an_atomic_write_is_all_under_one_revision_and_each_sees_the_earlier_ones)
{
    StorageOperation operations[] = {
        {.kind = STORAGE_OPERATION_SET, .key = S("a"), .value = S("1")},
        compare_and_set(S("a"), storage_expect_value(S("1")), S("2")),
        {.kind = STORAGE_OPERATION_DELETE, .key = S("missing")},
    };
    StorageResult results[3];
    uint64_t revision;

    testutil_assert_ok(testutil_model_write(model, operations, 3, STORAGE_WRITE_ATOMIC, results, &revision));
    ck_assert_uint_eq(revision, 1);
    ck_assert_uint_eq(results[0].revision, 1);
    ck_assert_uint_eq(results[1].revision, 1);
    ck_assert_uint_eq(results[2].revision, 0);
    expect_value(S("a"), "2");
}
END_TEST

START_TEST(an_atomic_write_that_fails_does_nothing)
{
    StorageOperation operations[] = {
        {.kind = STORAGE_OPERATION_SET, .key = S("a"), .value = S("1")},
        {.kind = STORAGE_OPERATION_TOUCH, .key = S("missing")},
        {.kind = STORAGE_OPERATION_SET, .key = S("b"), .value = S("1")},
    };
    StorageResult results[3];
    size_t count;

    testutil_assert_status(STORAGE_NOT_FOUND,
                           testutil_model_write(model, operations, 3, STORAGE_WRITE_ATOMIC, results, NULL));
    ck_assert_int_eq(results[0].status, STORAGE_CANCELLED);
    ck_assert_int_eq(results[1].status, STORAGE_NOT_FOUND);
    ck_assert_int_eq(results[2].status, STORAGE_CANCELLED);
    expect_absent(S("a"));
    (void)testutil_model_changes(model, &count);
    ck_assert_uint_eq(count, 0);
    ck_assert_uint_eq(testutil_model_revision(model), 0);
}
END_TEST

START_TEST(every_operation_that_fails_an_atomic_write_says_why)
{
    StorageOperation operations[] = {
        {.kind = STORAGE_OPERATION_SET, .key = S("a"), .value = S("1")},
        {.kind = STORAGE_OPERATION_TOUCH, .key = S("missing")},
        compare_and_set(S("a"), storage_expect_absent(), S("2")),
    };
    StorageResult results[3];

    testutil_assert_status(STORAGE_NOT_FOUND,
                           testutil_model_write(model, operations, 3, STORAGE_WRITE_ATOMIC, results, NULL));
    ck_assert_int_eq(results[0].status, STORAGE_CANCELLED);
    ck_assert_int_eq(results[1].status, STORAGE_NOT_FOUND);
    ck_assert_int_eq(results[2].status, STORAGE_CONFLICT);
    expect_absent(S("a"));
}
END_TEST

START_TEST(independent_writes_decide_by_themselves_with_revisions_of_their_own)
{
    StorageOperation operations[] = {
        {.kind = STORAGE_OPERATION_SET, .key = S("a"), .value = S("1")},
        {.kind = STORAGE_OPERATION_TOUCH, .key = S("missing")},
        {.kind = STORAGE_OPERATION_SET, .key = S("b"), .value = S("1")},
    };
    StorageResult results[3];

    testutil_assert_ok(testutil_model_write(model, operations, 3, STORAGE_WRITE_INDEPENDENT, results, NULL));
    ck_assert_uint_eq(results[0].revision, 1);
    ck_assert_int_eq(results[1].status, STORAGE_NOT_FOUND);
    ck_assert_uint_eq(results[2].revision, 2);
}
END_TEST

/* ---- ranges and cursors ---- */

START_TEST(keys_are_in_the_order_of_unsigned_bytes)
{
    (void)set(S("\xff"), S("1"), storage_expiry_never());
    (void)set(S("a\0"), S("1"), storage_expiry_never());
    (void)set(S(""), S("1"), storage_expiry_never());
    (void)set(S("\x80"), S("1"), storage_expiry_never());
    (void)set(S("a"), S("1"), storage_expiry_never());
    expect_scan((StorageRange){0}, " a a\\x00 \\x80 \\xFF ");
}
END_TEST

START_TEST(bounds_include_exclude_and_end_a_prefix)
{
    set_letters();
    (void)set(S("b\xff"), S("4"), storage_expiry_never());
    expect_scan((StorageRange){{S("a"), STORAGE_BOUND_EXCLUDED}, {S("c"), STORAGE_BOUND_EXCLUDED}}, "b b\\xFF ");
    expect_scan((StorageRange){{S("a"), STORAGE_BOUND_INCLUDED}, {S("b"), STORAGE_BOUND_INCLUDED}}, "a b ");
    expect_scan((StorageRange){{S("b"), STORAGE_BOUND_PREFIX_END}, {S(""), STORAGE_BOUND_OPEN}}, "c ");
    expect_scan((StorageRange){{S(""), STORAGE_BOUND_OPEN}, {S("b"), STORAGE_BOUND_PREFIX_END}}, "a b b\\xFF ");
}
END_TEST

START_TEST(inverted_and_doubly_excluded_ranges_hold_nothing)
{
    set_letters();
    expect_scan((StorageRange){{S("c"), STORAGE_BOUND_INCLUDED}, {S("a"), STORAGE_BOUND_INCLUDED}}, "");
    expect_scan((StorageRange){{S("b"), STORAGE_BOUND_EXCLUDED}, {S("b"), STORAGE_BOUND_EXCLUDED}}, "");
    expect_scan((StorageRange){{S("b"), STORAGE_BOUND_INCLUDED}, {S("b"), STORAGE_BOUND_EXCLUDED}}, "");
}
END_TEST

START_TEST(ranges_meet_only_where_a_key_fits)
{
    StorageRange after_a = {{S("a"), STORAGE_BOUND_EXCLUDED}, {S(""), STORAGE_BOUND_OPEN}};
    StorageRange up_to_a = {{S(""), STORAGE_BOUND_OPEN}, {S("a"), STORAGE_BOUND_INCLUDED}};
    StorageRange up_to_a0 = {{S(""), STORAGE_BOUND_OPEN}, {S("a\0"), STORAGE_BOUND_INCLUDED}};
    StorageRange prefix_ff = {{S("\xff"), STORAGE_BOUND_PREFIX_END}, {S(""), STORAGE_BOUND_OPEN}};

    ck_assert(!testutil_model_ranges_meet(&after_a, &up_to_a));
    ck_assert(testutil_model_ranges_meet(&after_a, &up_to_a0));
    ck_assert_msg(!testutil_model_ranges_meet(&prefix_ff, &after_a), "no key follows all that start with 0xFF");
}
END_TEST

START_TEST(a_cursor_keeps_its_snapshot)
{
    set_letters();
    StorageRange all = {0};
    TestutilModelCursor *cursor = testutil_model_scan(model, &all, 0, 0);
    (void)delete_key(S("b"));
    (void)set(S("d"), S("4"), storage_expiry_never());
    expect_keys(cursor, "a b c ");
}
END_TEST

START_TEST(a_cursor_seeks_both_ways_and_counts_rows_over_seeks)
{
    TestutilModelRow row;
    StorageRange all = {0};

    set_letters();
    TestutilModelCursor *cursor = testutil_model_scan(model, &all, 0, 3);
    testutil_model_cursor_seek(cursor, S("bb"));
    testutil_assert_ok(testutil_model_cursor_next(cursor, &row));
    testutil_assert_bytes(S("c"), row.key);
    testutil_model_cursor_seek(cursor, S(""));
    expect_keys(cursor, "a b ");

    cursor = testutil_model_scan(model, &all, STORAGE_SCAN_REVERSE, 0);
    testutil_model_cursor_seek(cursor, S("bb"));
    expect_keys(cursor, "b a ");
}
END_TEST

/* ---- transactions ---- */

static TestutilModelTransaction *begin(uint32_t isolation)
{
    return testutil_model_begin(model, isolation, 0);
}

static StorageStatus transaction_set(TestutilModelTransaction *txn, StorageSlice key, StorageSlice value)
{
    StorageOperation operation = {.kind = STORAGE_OPERATION_SET, .key = key, .value = value};

    return testutil_model_transaction_write(txn, &operation, NULL);
}

static StorageStatus commit(TestutilModelTransaction *txn)
{
    uint64_t revision;
    StorageStatus status = testutil_model_transaction_commit(txn, &revision);

    testutil_model_transaction_close(txn);
    return status;
}

START_TEST(a_transaction_reads_its_own_writes_and_nobody_else_does)
{
    TestutilModelRow row;
    TestutilModelTransaction *txn = begin(STORAGE_ISOLATION_SNAPSHOT);

    testutil_assert_ok(transaction_set(txn, S("a"), S("1")));
    testutil_assert_ok(testutil_model_transaction_get(txn, S("a"), &row));
    ck_assert_uint_eq(row.revision, 0);
    expect_absent(S("a"));
    testutil_assert_ok(commit(txn));
    expect_value(S("a"), "1");
}
END_TEST

START_TEST(the_first_committer_of_a_key_wins)
{
    TestutilModelTransaction *first = begin(STORAGE_ISOLATION_SNAPSHOT);
    TestutilModelTransaction *second = begin(STORAGE_ISOLATION_SNAPSHOT);

    testutil_assert_ok(transaction_set(first, S("a"), S("1")));
    testutil_assert_ok(transaction_set(second, S("a"), S("2")));
    testutil_assert_ok(commit(first));
    testutil_assert_status(STORAGE_SERIALIZATION, commit(second));
    expect_value(S("a"), "1");
}
END_TEST

START_TEST(a_false_precondition_at_commit_is_a_conflict)
{
    StorageOperation operation = compare_and_set(S("a"), storage_expect_absent(), S("1"));
    TestutilModelTransaction *txn = begin(STORAGE_ISOLATION_SNAPSHOT);

    testutil_assert_ok(testutil_model_transaction_write(txn, &operation, NULL));
    (void)set(S("a"), S("2"), storage_expiry_never());
    testutil_assert_status(STORAGE_CONFLICT, commit(txn));
}
END_TEST

START_TEST(write_skew_passes_under_snapshot_and_not_under_serializable)
{
    static const StorageStatus expected[] = {
        [STORAGE_ISOLATION_SNAPSHOT] = STORAGE_OK, [STORAGE_ISOLATION_SERIALIZABLE] = STORAGE_SERIALIZATION};
    TestutilModelRow row;
    uint32_t isolation = _i == 0 ? STORAGE_ISOLATION_SNAPSHOT : STORAGE_ISOLATION_SERIALIZABLE;

    set_letters();
    TestutilModelTransaction *first = begin(isolation), *second = begin(isolation);
    testutil_assert_ok(testutil_model_transaction_get(first, S("a"), &row));
    testutil_assert_ok(testutil_model_transaction_get(second, S("b"), &row));
    testutil_assert_ok(transaction_set(first, S("b"), S("x")));
    testutil_assert_ok(transaction_set(second, S("a"), S("x")));
    testutil_assert_ok(commit(first));
    testutil_assert_status(expected[isolation], commit(second));
}
END_TEST

START_TEST(a_phantom_is_refused_under_serializable)
{
    StorageRange all = {0};
    TestutilModelTransaction *txn = begin(STORAGE_ISOLATION_SERIALIZABLE);

    testutil_model_cursor_close(testutil_model_transaction_scan(txn, &all, 0, 0));
    testutil_assert_ok(transaction_set(txn, S("z"), S("1")));
    (void)set(S("a"), S("1"), storage_expiry_never());
    testutil_assert_status(STORAGE_SERIALIZATION, commit(txn));
}
END_TEST

START_TEST(read_committed_sees_new_commits_and_snapshot_does_not)
{
    TestutilModelRow row;
    TestutilModelTransaction *live = begin(STORAGE_ISOLATION_READ_COMMITTED);
    TestutilModelTransaction *still = begin(STORAGE_ISOLATION_SNAPSHOT);

    set_letters();
    testutil_assert_ok(testutil_model_transaction_get(live, S("a"), &row));
    testutil_assert_status(STORAGE_NOT_FOUND, testutil_model_transaction_get(still, S("a"), &row));
    testutil_model_transaction_close(live);
    testutil_model_transaction_close(still);
}
END_TEST

START_TEST(a_rollback_undoes_writes_and_keeps_the_savepoint)
{
    TestutilModelRow row;
    TestutilModelTransaction *txn = begin(STORAGE_ISOLATION_SNAPSHOT);

    testutil_assert_ok(transaction_set(txn, S("a"), S("1")));
    uint32_t savepoint_no = testutil_model_transaction_savepoint(txn);
    for (int i = 0; i < 2; i++) {
        testutil_assert_ok(transaction_set(txn, S("b"), S("2")));
        uint32_t later_no = testutil_model_transaction_savepoint(txn);
        testutil_assert_ok(testutil_model_transaction_rollback_to(txn, savepoint_no));
        testutil_assert_status(STORAGE_NOT_FOUND, testutil_model_transaction_get(txn, S("b"), &row));
        testutil_assert_status(STORAGE_INVALID_ARGUMENT, testutil_model_transaction_rollback_to(txn, later_no));
    }
    testutil_assert_ok(testutil_model_transaction_drop_savepoint(txn, savepoint_no));
    testutil_assert_status(STORAGE_INVALID_ARGUMENT, testutil_model_transaction_rollback_to(txn, savepoint_no));
    testutil_assert_ok(commit(txn));
    expect_value(S("a"), "1");
    expect_absent(S("b"));
}
END_TEST

START_TEST(chained_conditions_see_each_other_in_a_transaction)
{
    StorageOperation first = compare_and_set(S("a"), storage_expect_absent(), S("1"));
    StorageOperation second = compare_and_set(S("a"), storage_expect_value(S("1")), S("2"));
    TestutilModelTransaction *txn = begin(STORAGE_ISOLATION_SNAPSHOT);

    testutil_assert_ok(testutil_model_transaction_write(txn, &first, NULL));
    testutil_assert_ok(testutil_model_transaction_write(txn, &second, NULL));
    testutil_assert_status(STORAGE_CONFLICT, testutil_model_transaction_write(txn, &second, NULL));
    testutil_assert_ok(commit(txn));
    expect_value(S("a"), "2");
}
END_TEST

START_TEST(an_ended_transaction_answers_invalid_argument)
{
    TestutilModelRow row;
    uint64_t revision = 9;
    TestutilModelTransaction *txn = begin(STORAGE_ISOLATION_SNAPSHOT);

    testutil_assert_ok(testutil_model_transaction_commit(txn, &revision));
    ck_assert_uint_eq(revision, 0);
    testutil_assert_status(STORAGE_INVALID_ARGUMENT, testutil_model_transaction_get(txn, S("a"), &row));
    testutil_assert_status(STORAGE_INVALID_ARGUMENT, transaction_set(txn, S("a"), S("1")));
    testutil_model_transaction_close(txn);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model");
    TCase *tcase = tcase_create("model");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, every_write_has_a_larger_revision);
    tcase_add_test(tcase, a_delete_of_nothing_writes_nothing);
    tcase_add_test(tcase, revisions_are_those_that_were_named);
    tcase_add_test(tcase, conditions_hold_on_value_revision_and_absence);
    tcase_add_test(tcase, a_condition_on_an_absent_key_conflicts_with_revision_0);
    tcase_add_test(tcase, compare_and_delete_of_an_absent_key_that_was_expected_absent_is_ok);
    tcase_add_test(tcase, touch_keeps_the_value_and_needs_a_key);
    tcase_add_test(tcase, a_key_expires_at_its_time_and_not_before);
    tcase_add_test(tcase, a_duration_of_zero_expires_at_once_and_a_huge_one_never);
    tcase_add_test(tcase, an_expired_key_is_absent_for_conditions);
    tcase_add_test(tcase, nothing_unexpires_when_the_clock_is_set_back_after_a_commit);
    tcase_add_test(tcase, keep_keeps_the_expiry_and_a_plain_set_clears_it);
    tcase_add_test(tcase, a_sweep_removes_what_has_expired_under_one_revision);
    tcase_add_test(tcase, an_atomic_write_is_all_under_one_revision_and_each_sees_the_earlier_ones);
    tcase_add_test(tcase, an_atomic_write_that_fails_does_nothing);
    tcase_add_test(tcase, every_operation_that_fails_an_atomic_write_says_why);
    tcase_add_test(tcase, independent_writes_decide_by_themselves_with_revisions_of_their_own);
    tcase_add_test(tcase, keys_are_in_the_order_of_unsigned_bytes);
    tcase_add_test(tcase, bounds_include_exclude_and_end_a_prefix);
    tcase_add_test(tcase, inverted_and_doubly_excluded_ranges_hold_nothing);
    tcase_add_test(tcase, ranges_meet_only_where_a_key_fits);
    tcase_add_test(tcase, a_cursor_keeps_its_snapshot);
    tcase_add_test(tcase, a_cursor_seeks_both_ways_and_counts_rows_over_seeks);
    tcase_add_test(tcase, a_transaction_reads_its_own_writes_and_nobody_else_does);
    tcase_add_test(tcase, the_first_committer_of_a_key_wins);
    tcase_add_test(tcase, a_false_precondition_at_commit_is_a_conflict);
    tcase_add_loop_test(tcase, write_skew_passes_under_snapshot_and_not_under_serializable, 0, 2);
    tcase_add_test(tcase, a_phantom_is_refused_under_serializable);
    tcase_add_test(tcase, read_committed_sees_new_commits_and_snapshot_does_not);
    tcase_add_test(tcase, a_rollback_undoes_writes_and_keeps_the_savepoint);
    tcase_add_test(tcase, chained_conditions_see_each_other_in_a_transaction);
    tcase_add_test(tcase, an_ended_transaction_answers_invalid_argument);
    suite_add_tcase(suite, tcase);
    return property_run(suite);
}
