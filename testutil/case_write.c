/*
 * case_write.c - storage_write: one operation, several that are all or nothing, several that are each for itself.
 */
#include "case.h"

#include <stdlib.h>
#include <string.h>

#define CASE_GROUP "write"

#define COUNT(operations) (sizeof(operations) / sizeof((operations)[0]))
#define write_atomic(fixture, operations, results) \
    storage_write((fixture)->backend, (operations), COUNT(operations), STORAGE_WRITE_ATOMIC, (results), (fixture)->ctx)
#define write_independent(fixture, operations, results)                                                      \
    storage_write((fixture)->backend, (operations), COUNT(operations), STORAGE_WRITE_INDEPENDENT, (results), \
                  (fixture)->ctx)

/* ---- one operation ---- */

static void no_operation_is_done_and_writes_nothing(TestutilFixture *fixture)
{
    testutil_assert_ok(storage_write(fixture->backend, NULL, 0, STORAGE_WRITE_ATOMIC, NULL, fixture->ctx));
    testutil_assert_number(0, storage_context_revision(fixture->ctx));
    testutil_assert_ok(storage_write(fixture->backend, NULL, 0, STORAGE_WRITE_INDEPENDENT, NULL, fixture->ctx));
    assert_store(fixture, "a=1");
}

static void one_set_has_its_result(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_set("a", "2")};
    StorageResult results[1];

    memset(results, 0x5A, sizeof results);
    testutil_assert_ok(write_atomic(fixture, operations, results));
    testutil_assert_status(STORAGE_OK, results[0].status);
    testutil_assert_number(storage_context_revision(fixture->ctx), results[0].revision);
    testutil_assert_number(revision_of(fixture, "a"), results[0].revision);
}

static void one_conflict_has_the_current_revision_in_its_result(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_compare_and_set("a", storage_expect_absent(), "2")};
    StorageResult results[1];

    testutil_assert_status(STORAGE_CONFLICT, write_atomic(fixture, operations, results));
    testutil_assert_status(STORAGE_CONFLICT, results[0].status);
    testutil_assert_number(revision_of(fixture, "a"), results[0].revision);
}

static void one_delete_of_a_missing_key_has_revision_zero(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_delete("missing")};
    StorageResult results[1];

    testutil_assert_ok(write_atomic(fixture, operations, results));
    testutil_assert_status(STORAGE_OK, results[0].status);
    testutil_assert_number(0, results[0].revision);
}

static void one_touch_of_a_missing_key_is_not_found(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_touch("missing", storage_expiry_never())};
    StorageResult results[1];

    testutil_assert_status(STORAGE_NOT_FOUND, write_atomic(fixture, operations, results));
    testutil_assert_status(STORAGE_NOT_FOUND, results[0].status);
}

static void one_independent_conflict_is_a_commit_that_happened(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_compare_and_set("a", storage_expect_absent(), "2")};
    StorageResult results[1];

    testutil_assert_ok(write_independent(fixture, operations, results));
    testutil_assert_status(STORAGE_CONFLICT, results[0].status);
    testutil_assert_number(revision_of(fixture, "a"), results[0].revision);
    assert_store(fixture, "a=1");
}

static void one_clear_clears(TestutilFixture *fixture)
{
    StorageOperation operations[] = {testutil_case_clear(storage_range_prefix(TEXT("b")))};
    StorageResult results[1];

    testutil_assert_ok(write_atomic(fixture, operations, results));
    testutil_assert(results[0].revision > 0, "the clear wrote no revision");
    assert_store(fixture, "a=1 c=4");
}

/* ---- atomic ---- */

static void atomic_operations_share_one_revision(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_set("a", "2"), operation_set("b", "2"), operation_set("c", "2")};
    StorageResult results[3];

    testutil_assert_ok(write_atomic(fixture, operations, results));
    for (size_t i = 0; i < 3; i++) {
        testutil_assert_status(STORAGE_OK, results[i].status);
        testutil_assert_number(storage_context_revision(fixture->ctx), results[i].revision);
    }
    testutil_assert_number(results[0].revision, revision_of(fixture, "a"));
    testutil_assert_number(results[0].revision, revision_of(fixture, "c"));
    assert_store(fixture, "a=2 b=2 c=2");
}

static void atomic_works_without_room_for_results(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_set("a", "2"), operation_delete("b")};

    testutil_assert_ok(write_atomic(fixture, operations, NULL));
    assert_store(fixture, "a=2");
}

static void one_conflict_undoes_all(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_set("a", "2"), operation_delete("b"),
                                     operation_compare_and_set("a", storage_expect_value(TEXT("9")), "3"),
                                     operation_set("c", "3")};

    testutil_assert_status(STORAGE_CONFLICT, write_atomic(fixture, operations, NULL));
    assert_store(fixture, "a=1 b=2");
}

static void a_conflict_in_front_undoes_all(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_compare_and_set("a", storage_expect_absent(), "3"),
                                     operation_set("b", "3")};

    testutil_assert_status(STORAGE_CONFLICT, write_atomic(fixture, operations, NULL));
    assert_store(fixture, "a=1 b=2");
}

static void the_failing_operation_says_so_and_the_others_are_cancelled(TestutilFixture *fixture)
{
    StorageOperation operations[] = {
        operation_set("b", "3"), operation_compare_and_set("a", storage_expect_absent(), "3"), operation_set("c", "3")};
    StorageResult results[3];

    testutil_assert_status(STORAGE_CONFLICT, write_atomic(fixture, operations, results));
    testutil_assert_status(STORAGE_CANCELLED, results[0].status);
    testutil_assert_status(STORAGE_CONFLICT, results[1].status);
    testutil_assert_status(STORAGE_CANCELLED, results[2].status);
    testutil_assert_number(0, results[0].revision);
    testutil_assert_number(revision_of(fixture, "a"), results[1].revision);
}

static void every_failing_operation_says_so(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_set("b", "3"),
                                     operation_compare_and_set("a", storage_expect_absent(), "3"),
                                     operation_touch("missing", storage_expiry_never()),
                                     operation_compare_and_delete("a", storage_expect_value(TEXT("1"))),
                                     operation_compare_and_delete("missing", storage_expect_value(TEXT("9")))};
    StorageResult results[5];

    testutil_assert_status(STORAGE_CONFLICT, write_atomic(fixture, operations, results));
    testutil_assert_status(STORAGE_CANCELLED, results[0].status);
    testutil_assert_status(STORAGE_CONFLICT, results[1].status);
    testutil_assert_status(STORAGE_NOT_FOUND, results[2].status);
    testutil_assert_status(STORAGE_CANCELLED, results[3].status);
    testutil_assert_status(STORAGE_CONFLICT, results[4].status);
    testutil_assert_number(revision_of(fixture, "a"), results[1].revision);
    testutil_assert_number(0, results[4].revision);
    assert_store(fixture, "a=1");
}

static void a_conflict_in_a_write_leaves_the_current_revision_in_the_context(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_set("b", "3"),
                                     operation_compare_and_set("a", storage_expect_absent(), "3")};

    testutil_assert_status(STORAGE_CONFLICT, write_atomic(fixture, operations, NULL));
    testutil_assert_number(revision_of(fixture, "a"), storage_context_revision(fixture->ctx));
}

static void a_touch_that_finds_nothing_undoes_all(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_set("a", "2"), operation_touch("missing", storage_expiry_never()),
                                     operation_delete("a")};
    StorageResult results[3];

    testutil_assert_status(STORAGE_NOT_FOUND, write_atomic(fixture, operations, results));
    testutil_assert_status(STORAGE_CANCELLED, results[0].status);
    testutil_assert_status(STORAGE_NOT_FOUND, results[1].status);
    testutil_assert_status(STORAGE_CANCELLED, results[2].status);
    assert_store(fixture, "a=1");
}

static void a_compare_sees_the_set_before_it(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_set("a", "2"),
                                     operation_compare_and_set("a", storage_expect_value(TEXT("2")), "3")};

    testutil_assert_ok(write_atomic(fixture, operations, NULL));
    assert_store(fixture, "a=3");
}

static void a_compare_does_not_see_what_a_set_before_it_replaced(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_set("a", "2"),
                                     operation_compare_and_set("a", storage_expect_value(TEXT("1")), "3")};

    testutil_assert_status(STORAGE_CONFLICT, write_atomic(fixture, operations, NULL));
    assert_store(fixture, "a=1");
}

static void compares_chain_within_one_write(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_compare_and_set("a", storage_expect_value(TEXT("1")), "2"),
                                     operation_compare_and_set("a", storage_expect_value(TEXT("2")), "3"),
                                     operation_compare_and_set("a", storage_expect_value(TEXT("3")), "4")};

    testutil_assert_ok(write_atomic(fixture, operations, NULL));
    assert_store(fixture, "a=4");
}

static void a_key_deleted_in_the_write_is_absent_for_the_next_operation(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_delete("a"),
                                     operation_compare_and_set("a", storage_expect_absent(), "2")};

    testutil_assert_ok(write_atomic(fixture, operations, NULL));
    assert_store(fixture, "a=2");
}

static void a_key_inserted_in_the_write_is_not_absent_for_the_next_operation(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_compare_and_set("b", storage_expect_absent(), "1"),
                                     operation_compare_and_set("b", storage_expect_absent(), "2")};

    testutil_assert_status(STORAGE_CONFLICT, write_atomic(fixture, operations, NULL));
    assert_store(fixture, "a=1");
}

static void the_last_of_two_sets_of_one_key_stays(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_set("a", "2"), operation_set("b", "2"), operation_set("a", "3")};

    testutil_assert_ok(write_atomic(fixture, operations, NULL));
    assert_store(fixture, "a=3 b=2");
}

static void a_set_then_a_delete_of_one_key_leaves_nothing(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_set("b", "2"), operation_delete("b"), operation_delete("a")};

    testutil_assert_ok(write_atomic(fixture, operations, NULL));
    assert_store(fixture, "");
}

static void a_delete_then_a_set_of_one_key_leaves_the_value(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_delete("a"), operation_set("a", "2")};

    testutil_assert_ok(write_atomic(fixture, operations, NULL));
    assert_store(fixture, "a=2");
}

static void a_touch_finds_what_the_write_has_set(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_set("b", "2"),
                                     operation_touch("b", storage_expiry_after(TESTUTIL_SECOND_NS))};

    testutil_assert_ok(write_atomic(fixture, operations, NULL));
    assert_value(fixture, "b", "2");
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    assert_absent(fixture, "b");
}

static void a_touch_does_not_find_what_the_write_has_deleted(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_delete("a"), operation_touch("a", storage_expiry_never())};

    testutil_assert_status(STORAGE_NOT_FOUND, write_atomic(fixture, operations, NULL));
    assert_store(fixture, "a=1");
}

static void a_clear_takes_what_the_write_has_set_before(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_set("b1", "new"), testutil_case_clear(storage_range_prefix(TEXT("b")))};

    testutil_assert_ok(write_atomic(fixture, operations, NULL));
    assert_store(fixture, "a=1 c=3");
}

static void a_clear_leaves_what_the_write_sets_after(TestutilFixture *fixture)
{
    StorageOperation operations[] = {testutil_case_clear(storage_range_prefix(TEXT("b"))), operation_set("b1", "new")};

    testutil_assert_ok(write_atomic(fixture, operations, NULL));
    assert_store(fixture, "a=1 b1=new c=3");
}

static void a_conflict_after_a_clear_brings_the_rows_back(TestutilFixture *fixture)
{
    StorageOperation operations[] = {testutil_case_clear(storage_range_all()),
                                     operation_compare_and_set("a", storage_expect_value(TEXT("1")), "2")};

    testutil_assert_status(STORAGE_CONFLICT, write_atomic(fixture, operations, NULL));
    assert_store(fixture, "a=1 b=2");
}

static void all_six_kinds_in_one_write(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_set("new", "1"),
                                     operation_touch("a", storage_expiry_after(TESTUTIL_SECOND_NS)),
                                     operation_delete("b"),
                                     operation_compare_and_set("c", storage_expect_value(TEXT("3")), "4"),
                                     operation_compare_and_delete("d", storage_expect_value(TEXT("4"))),
                                     testutil_case_clear(storage_range_prefix(TEXT("e")))};
    StorageResult results[6];

    testutil_assert_ok(write_atomic(fixture, operations, results));
    for (size_t i = 0; i < 6; i++)
        testutil_assert_status(STORAGE_OK, results[i].status);
    assert_store(fixture, "a=1 c=4 new=1");
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    assert_store(fixture, "c=4 new=1");
}

static void a_delete_of_a_missing_key_in_a_write_is_done(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_delete("missing"), operation_set("b", "2")};
    StorageResult results[2];

    testutil_assert_ok(write_atomic(fixture, operations, results));
    testutil_assert_number(0, results[0].revision);
    testutil_assert(results[1].revision > 0, "the set wrote no revision");
    assert_store(fixture, "a=1 b=2");
}

static void a_write_that_changes_nothing_has_no_revision(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_delete("x"), operation_delete("y"),
                                     operation_compare_and_delete("z", storage_expect_absent())};

    testutil_assert_ok(write_atomic(fixture, operations, NULL));
    testutil_assert_number(0, storage_context_revision(fixture->ctx));
}

static void a_thousand_operations_in_one_write(TestutilFixture *fixture)
{
    enum { OPERATION_COUNT = 1000 };
    char(*keys)[TESTUTIL_KEY_BUFFER_SIZE] = calloc(OPERATION_COUNT, sizeof *keys);
    StorageOperation *operations = calloc(OPERATION_COUNT, sizeof *operations);
    uint64_t revision;

    testutil_assert(keys != NULL && operations != NULL, "no memory for operations");
    for (size_t i = 0; i < OPERATION_COUNT; i++) {
        StorageSlice key = testutil_key(keys[i], sizeof keys[i], "key", i);

        operations[i] = testutil_case_operation(STORAGE_OPERATION_SET, key, key);
    }
    testutil_assert_ok(
        storage_write(fixture->backend, operations, OPERATION_COUNT, STORAGE_WRITE_ATOMIC, NULL, fixture->ctx));
    revision = storage_context_revision(fixture->ctx);
    for (size_t i = 0; i < OPERATION_COUNT; i++) {
        testutil_assert_value(fixture->backend, operations[i].key, operations[i].key);
        testutil_assert_number(revision,
                               testutil_case_revision(__FILE__, __LINE__, fixture->backend, operations[i].key));
    }
    free(operations);
    free(keys);
}

static void a_conflict_after_fifty_sets_applies_none(TestutilFixture *fixture)
{
    enum { SET_COUNT = 50 };
    char keys[SET_COUNT][TESTUTIL_KEY_BUFFER_SIZE];
    StorageOperation operations[SET_COUNT + 1];

    for (size_t i = 0; i < SET_COUNT; i++)
        operations[i] =
            testutil_case_operation(STORAGE_OPERATION_SET, testutil_key(keys[i], sizeof keys[i], "key", i), TEXT("1"));
    operations[SET_COUNT] = operation_compare_and_set("a", storage_expect_value(TEXT("wrong")), "2");
    testutil_assert_status(STORAGE_CONFLICT, write_atomic(fixture, operations, NULL));
    assert_store(fixture, "a=1");
}

static void an_expired_key_is_absent_in_a_write(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_compare_and_set("a", storage_expect_absent(), "2"),
                                     operation_compare_and_delete("a", storage_expect_value(TEXT("2"))),
                                     operation_compare_and_set("a", storage_expect_absent(), "3")};

    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    testutil_assert_ok(write_atomic(fixture, operations, NULL));
    assert_value(fixture, "a", "3");
}

/* ---- independent ---- */

static void independent_operations_have_revisions_of_their_own(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_set("c", "1"), operation_set("a", "1"), operation_set("b", "1")};
    StorageResult results[3];

    testutil_assert_ok(write_independent(fixture, operations, results));
    testutil_assert(0 < results[0].revision && results[0].revision < results[1].revision &&
                        results[1].revision < results[2].revision,
                    "the revisions do not increase in the order of the operations");
    testutil_assert_number(results[0].revision, revision_of(fixture, "c"));
    testutil_assert_number(results[1].revision, revision_of(fixture, "a"));
    testutil_assert_number(results[2].revision, revision_of(fixture, "b"));
}

static void an_independent_conflict_leaves_the_others_alone(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_set("b", "3"),
                                     operation_compare_and_set("a", storage_expect_absent(), "3"),
                                     operation_touch("missing", storage_expiry_never()), operation_set("c", "3")};
    StorageResult results[4];

    testutil_assert_ok(write_independent(fixture, operations, results));
    testutil_assert_status(STORAGE_OK, results[0].status);
    testutil_assert_status(STORAGE_CONFLICT, results[1].status);
    testutil_assert_number(revision_of(fixture, "a"), results[1].revision);
    testutil_assert_status(STORAGE_NOT_FOUND, results[2].status);
    testutil_assert_number(0, results[2].revision);
    testutil_assert_status(STORAGE_OK, results[3].status);
    assert_store(fixture, "a=1 b=3 c=3");
}

static void later_independent_operations_see_the_earlier_ones(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_compare_and_set("a", storage_expect_value(TEXT("1")), "2"),
                                     operation_compare_and_set("a", storage_expect_value(TEXT("1")), "3"),
                                     operation_compare_and_set("a", storage_expect_value(TEXT("2")), "4")};
    StorageResult results[3];

    testutil_assert_ok(write_independent(fixture, operations, results));
    testutil_assert_status(STORAGE_OK, results[0].status);
    testutil_assert_status(STORAGE_CONFLICT, results[1].status);
    testutil_assert_number(results[0].revision, results[1].revision);
    testutil_assert_status(STORAGE_OK, results[2].status);
    assert_store(fixture, "a=4");
}

static void independent_works_without_room_for_results(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_compare_and_set("a", storage_expect_absent(), "3"),
                                     operation_set("b", "2")};

    testutil_assert_ok(write_independent(fixture, operations, NULL));
    assert_store(fixture, "a=1 b=2");
}

static void independent_operations_that_all_fail_are_still_done(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_compare_and_set("a", storage_expect_absent(), "3"),
                                     operation_compare_and_delete("a", storage_expect_value(TEXT("9")))};
    StorageResult results[2];

    testutil_assert_ok(write_independent(fixture, operations, results));
    testutil_assert_status(STORAGE_CONFLICT, results[0].status);
    testutil_assert_status(STORAGE_CONFLICT, results[1].status);
    assert_store(fixture, "a=1");
}

static void an_independent_delete_of_a_missing_key_has_revision_zero(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_delete("missing"), operation_set("b", "2")};
    StorageResult results[2];

    testutil_assert_ok(write_independent(fixture, operations, results));
    testutil_assert_status(STORAGE_OK, results[0].status);
    testutil_assert_number(0, results[0].revision);
    testutil_assert(results[1].revision > 0, "the set wrote no revision");
}

static void independent_sets_of_one_key_end_with_the_last(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_set("a", "2"), operation_set("a", "3"), operation_set("a", "4")};
    StorageResult results[3];

    testutil_assert_ok(write_independent(fixture, operations, results));
    assert_store(fixture, "a=4");
    testutil_assert_number(results[2].revision, revision_of(fixture, "a"));
}

static void an_independent_clear_in_the_middle(TestutilFixture *fixture)
{
    StorageOperation operations[] = {operation_set("b", "2"), testutil_case_clear(storage_range_all()),
                                     operation_set("c", "3")};
    StorageResult results[3];

    testutil_assert_ok(write_independent(fixture, operations, results));
    testutil_assert(results[0].revision < results[1].revision && results[1].revision < results[2].revision,
                    "the revisions do not increase");
    assert_store(fixture, "c=3");
}

static const TestutilContractCase cases[] = {
    CASE(no_operation_is_done_and_writes_nothing, 0, WRITES, "a=1"),
    CASE(one_set_has_its_result, 0, WRITES, "a=1"),
    CASE(one_conflict_has_the_current_revision_in_its_result, COMPARE, WRITES, "a=1"),
    CASE(one_delete_of_a_missing_key_has_revision_zero, 0, WRITES, "a=1"),
    CASE(one_touch_of_a_missing_key_is_not_found, EXPIRY, WRITES, "a=1"),
    CASE(one_independent_conflict_is_a_commit_that_happened, COMPARE, WRITES, "a=1"),
    CASE(one_clear_clears, CLEAR_RANGE, WRITES, "a=1 b=2 ba=3 c=4"),
    CASE(atomic_operations_share_one_revision, MULTI_WRITE, WRITES, "a=1"),
    CASE(atomic_works_without_room_for_results, MULTI_WRITE, WRITES, "a=1 b=2"),
    CASE(one_conflict_undoes_all, MULTI_WRITE | COMPARE, WRITES, "a=1 b=2"),
    CASE(a_conflict_in_front_undoes_all, MULTI_WRITE | COMPARE, WRITES, "a=1 b=2"),
    CASE(the_failing_operation_says_so_and_the_others_are_cancelled, MULTI_WRITE | COMPARE, WRITES, "a=1"),
    CASE(every_failing_operation_says_so, MULTI_WRITE | COMPARE | EXPIRY, WRITES, "a=1"),
    CASE(a_conflict_in_a_write_leaves_the_current_revision_in_the_context, MULTI_WRITE | COMPARE, WRITES, "a=1"),
    CASE(a_touch_that_finds_nothing_undoes_all, MULTI_WRITE | EXPIRY, WRITES, "a=1"),
    CASE(a_compare_sees_the_set_before_it, MULTI_WRITE | COMPARE, WRITES, "a=1"),
    CASE(a_compare_does_not_see_what_a_set_before_it_replaced, MULTI_WRITE | COMPARE, WRITES, "a=1"),
    CASE(compares_chain_within_one_write, MULTI_WRITE | COMPARE, WRITES, "a=1"),
    CASE(a_key_deleted_in_the_write_is_absent_for_the_next_operation, MULTI_WRITE | COMPARE, WRITES, "a=1"),
    CASE(a_key_inserted_in_the_write_is_not_absent_for_the_next_operation, MULTI_WRITE | COMPARE, WRITES, "a=1"),
    CASE(the_last_of_two_sets_of_one_key_stays, MULTI_WRITE, WRITES, "a=1"),
    CASE(a_set_then_a_delete_of_one_key_leaves_nothing, MULTI_WRITE, WRITES, "a=1"),
    CASE(a_delete_then_a_set_of_one_key_leaves_the_value, MULTI_WRITE, WRITES, "a=1"),
    CASE(a_touch_finds_what_the_write_has_set, MULTI_WRITE | EXPIRY, WRITES, "a=1"),
    CASE(a_touch_does_not_find_what_the_write_has_deleted, MULTI_WRITE | EXPIRY, WRITES, "a=1"),
    CASE(a_clear_takes_what_the_write_has_set_before, MULTI_WRITE | CLEAR_RANGE, WRITES, "a=1 b=2 c=3"),
    CASE(a_clear_leaves_what_the_write_sets_after, MULTI_WRITE | CLEAR_RANGE, WRITES, "a=1 b=2 c=3"),
    CASE(a_conflict_after_a_clear_brings_the_rows_back, MULTI_WRITE | CLEAR_RANGE | COMPARE, WRITES, "a=1 b=2"),
    CASE(all_six_kinds_in_one_write, MULTI_WRITE | COMPARE | CLEAR_RANGE | EXPIRY, WRITES, "a=1 b=2 c=3 d=4 e1=5 e2=6"),
    CASE(a_delete_of_a_missing_key_in_a_write_is_done, MULTI_WRITE, WRITES, "a=1"),
    CASE(a_write_that_changes_nothing_has_no_revision, MULTI_WRITE | COMPARE, WRITES, "a=1"),
    CASE(a_thousand_operations_in_one_write, MULTI_WRITE, WRITES, NULL),
    CASE(a_conflict_after_fifty_sets_applies_none, MULTI_WRITE | COMPARE, WRITES, "a=1"),
    CASE(an_expired_key_is_absent_in_a_write, MULTI_WRITE | COMPARE | EXPIRY, WRITES, NULL),
    CASE(independent_operations_have_revisions_of_their_own, MULTI_WRITE, WRITES, NULL),
    CASE(an_independent_conflict_leaves_the_others_alone, MULTI_WRITE | COMPARE | EXPIRY, WRITES, "a=1"),
    CASE(later_independent_operations_see_the_earlier_ones, MULTI_WRITE | COMPARE, WRITES, "a=1"),
    CASE(independent_works_without_room_for_results, MULTI_WRITE | COMPARE, WRITES, "a=1"),
    CASE(independent_operations_that_all_fail_are_still_done, MULTI_WRITE | COMPARE, WRITES, "a=1"),
    CASE(an_independent_delete_of_a_missing_key_has_revision_zero, MULTI_WRITE, WRITES, "a=1"),
    CASE(independent_sets_of_one_key_end_with_the_last, MULTI_WRITE, WRITES, "a=1"),
    CASE(an_independent_clear_in_the_middle, MULTI_WRITE | CLEAR_RANGE, WRITES, "a=1"),
};
const CaseTable testutil_cases_write = CASE_TABLE(cases);
