/*
 * case_cas.c - compare_and_set and compare_and_delete: what holds, what conflicts, and what a conflict tells.
 */
#include "case.h"

#include <stdlib.h>

#define CASE_GROUP "compare"

#define compare_and_set(fixture, key, expected, value) \
    storage_compare_and_set((fixture)->backend, TEXT(key), (expected), TEXT(value), NULL, (fixture)->ctx)
#define compare_and_delete(fixture, key, expected) \
    storage_compare_and_delete((fixture)->backend, TEXT(key), (expected), (fixture)->ctx)
#define assert_conflict(fixture, current_revision, call)                                      \
    do {                                                                                      \
        testutil_assert_status(STORAGE_CONFLICT, (call));                                     \
        testutil_assert_number((current_revision), storage_context_revision((fixture)->ctx)); \
    } while (0)

static void expire(TestutilFixture *fixture)
{
    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
}

static void absent_expected_inserts_a_missing_key(TestutilFixture *fixture)
{
    testutil_assert_ok(compare_and_set(fixture, "a", storage_expect_absent(), "1"));
    assert_value(fixture, "a", "1");
}

static void absent_expected_conflicts_on_a_present_key(TestutilFixture *fixture)
{
    uint64_t revision = revision_of(fixture, "a");

    assert_conflict(fixture, revision, compare_and_set(fixture, "a", storage_expect_absent(), "2"));
    assert_value(fixture, "a", "1");
}

static void absent_expected_inserts_after_a_delete(TestutilFixture *fixture)
{
    remove_key(fixture, "a");
    testutil_assert_ok(compare_and_set(fixture, "a", storage_expect_absent(), "2"));
    assert_value(fixture, "a", "2");
}

static void matching_bytes_update(TestutilFixture *fixture)
{
    testutil_assert_ok(compare_and_set(fixture, "a", storage_expect_value(TEXT("1")), "2"));
    assert_value(fixture, "a", "2");
}

static void other_bytes_conflict_and_keep_the_value(TestutilFixture *fixture)
{
    uint64_t revision = revision_of(fixture, "a");

    assert_conflict(fixture, revision, compare_and_set(fixture, "a", storage_expect_value(TEXT("9")), "2"));
    assert_value(fixture, "a", "1");
    testutil_assert_number(revision, revision_of(fixture, "a"));
}

static void expected_bytes_conflict_on_a_missing_key(TestutilFixture *fixture)
{
    assert_conflict(fixture, 0, compare_and_set(fixture, "a", storage_expect_value(TEXT("1")), "2"));
    assert_absent(fixture, "a");
}

static void a_prefix_of_the_bytes_conflicts(TestutilFixture *fixture)
{
    uint64_t revision = set(fixture, "a", "value");

    assert_conflict(fixture, revision, compare_and_set(fixture, "a", storage_expect_value(TEXT("valu")), "2"));
}

static void longer_bytes_than_stored_conflict(TestutilFixture *fixture)
{
    uint64_t revision = set(fixture, "a", "value");

    assert_conflict(fixture, revision, compare_and_set(fixture, "a", storage_expect_value(TEXT("value\0")), "2"));
}

static void zero_bytes_in_expected_bytes_count(TestutilFixture *fixture)
{
    uint64_t revision = set(fixture, "a", "v\0001");

    assert_conflict(fixture, revision, compare_and_set(fixture, "a", storage_expect_value(TEXT("v\0002")), "x"));
    testutil_assert_ok(compare_and_set(fixture, "a", storage_expect_value(TEXT("v\0001")), "x"));
}

static void empty_bytes_match_an_empty_value(TestutilFixture *fixture)
{
    set(fixture, "a", "");
    testutil_assert_ok(compare_and_set(fixture, "a", storage_expect_value(TEXT("")), "2"));
    assert_value(fixture, "a", "2");
}

static void an_empty_value_is_not_absent(TestutilFixture *fixture)
{
    uint64_t revision = set(fixture, "a", "");

    assert_conflict(fixture, revision, compare_and_set(fixture, "a", storage_expect_absent(), "2"));
}

static void empty_bytes_conflict_on_a_missing_key(TestutilFixture *fixture)
{
    assert_conflict(fixture, 0, compare_and_set(fixture, "a", storage_expect_value(TEXT("")), "2"));
}

static void the_current_revision_matches(TestutilFixture *fixture)
{
    uint64_t revision = revision_of(fixture, "a");

    testutil_assert_ok(compare_and_set(fixture, "a", storage_expect_revision(revision), "2"));
    assert_value(fixture, "a", "2");
}

static void an_older_revision_conflicts(TestutilFixture *fixture)
{
    uint64_t old = revision_of(fixture, "a");
    uint64_t current = set(fixture, "a", "2");

    assert_conflict(fixture, current, compare_and_set(fixture, "a", storage_expect_revision(old), "3"));
    assert_value(fixture, "a", "2");
}

static void a_revision_of_another_key_conflicts(TestutilFixture *fixture)
{
    uint64_t current = revision_of(fixture, "a");
    uint64_t other = revision_of(fixture, "b");

    assert_conflict(fixture, current, compare_and_set(fixture, "a", storage_expect_revision(other), "3"));
}

static void a_revision_conflicts_on_a_missing_key(TestutilFixture *fixture)
{
    uint64_t revision = revision_of(fixture, "a");

    remove_key(fixture, "a");
    assert_conflict(fixture, 0, compare_and_set(fixture, "a", storage_expect_revision(revision), "2"));
    assert_absent(fixture, "a");
}

static void revision_zero_is_an_invalid_expectation(TestutilFixture *fixture)
{
    testutil_assert_status(STORAGE_INVALID_ARGUMENT, compare_and_set(fixture, "a", storage_expect_revision(0), "2"));
    testutil_assert_status(STORAGE_INVALID_ARGUMENT,
                           compare_and_set(fixture, "missing", storage_expect_revision(0), "2"));
    assert_store(fixture, "a=1");
}

static void the_same_bytes_written_again_match_but_their_old_revision_does_not(TestutilFixture *fixture)
{
    uint64_t old = revision_of(fixture, "a");
    uint64_t current;

    set(fixture, "a", "2");
    current = set(fixture, "a", "1");
    assert_conflict(fixture, current, compare_and_set(fixture, "a", storage_expect_revision(old), "3"));
    testutil_assert_ok(compare_and_set(fixture, "a", storage_expect_value(TEXT("1")), "3"));
}

static void success_writes_a_new_revision(TestutilFixture *fixture)
{
    uint64_t before = revision_of(fixture, "a");

    testutil_assert_ok(compare_and_set(fixture, "a", storage_expect_value(TEXT("1")), "2"));
    testutil_assert(storage_context_revision(fixture->ctx) > before, "no larger revision was written");
    testutil_assert_number(storage_context_revision(fixture->ctx), revision_of(fixture, "a"));
}

static void steps_chain_over_the_revisions(TestutilFixture *fixture)
{
    char value[64];

    testutil_assert_ok(compare_and_set(fixture, "a", storage_expect_absent(), "0"));
    for (uint32_t i = 0; i < 100; i++)
        testutil_assert_ok(storage_compare_and_set(
            fixture->backend, TEXT("a"), storage_expect_revision(storage_context_revision(fixture->ctx)),
            testutil_tagged_value(value, sizeof value, 1, i), NULL, fixture->ctx));
    testutil_assert_value(fixture->backend, TEXT("a"), testutil_tagged_value(value, sizeof value, 1, 99));
}

static void steps_chain_over_the_values(TestutilFixture *fixture)
{
    testutil_assert_ok(compare_and_set(fixture, "a", storage_expect_value(TEXT("1")), "2"));
    testutil_assert_ok(compare_and_set(fixture, "a", storage_expect_value(TEXT("2")), "3"));
    testutil_assert_status(STORAGE_CONFLICT, compare_and_set(fixture, "a", storage_expect_value(TEXT("1")), "4"));
    assert_value(fixture, "a", "3");
}

static void a_conflict_tells_why(TestutilFixture *fixture)
{
    testutil_assert_status(STORAGE_CONFLICT, compare_and_set(fixture, "a", storage_expect_absent(), "2"));
    testutil_assert(storage_context_error_count(fixture->ctx) > 0, "a conflict left no error text");
    testutil_assert_bytes(storage_string(storage_status_text(STORAGE_CONFLICT)),
                          storage_string(storage_context_public_text(fixture->ctx)));
}

static void sizes_are_checked_before_the_expectation(TestutilFixture *fixture)
{
    uint64_t limit = storage_backend_capabilities(fixture->backend)->value_size_max;

    if (limit >= SIZE_MAX) {
        testutil_case_skip(fixture, "values of any size are taken");
        return;
    }
    testutil_assert_status(STORAGE_SIZE_LIMIT_EXCEEDED,
                           storage_compare_and_set(fixture->backend, TEXT("a"), storage_expect_absent(),
                                                   storage_bytes("x", (size_t)limit + 1), NULL, fixture->ctx));
    assert_value(fixture, "a", "1");
}

/* ---- and expiry ---- */

static void absent_expected_inserts_over_an_expired_key(TestutilFixture *fixture)
{
    expire(fixture);
    testutil_assert_ok(compare_and_set(fixture, "a", storage_expect_absent(), "2"));
    assert_value(fixture, "a", "2");
    testutil_assert(expires_at(fixture, "a") == STORAGE_NEVER, "the new value inherited an expiry");
}

static void the_bytes_of_an_expired_key_conflict(TestutilFixture *fixture)
{
    expire(fixture);
    assert_conflict(fixture, 0, compare_and_set(fixture, "a", storage_expect_value(TEXT("1")), "2"));
    assert_absent(fixture, "a");
}

static void the_revision_of_an_expired_key_conflicts(TestutilFixture *fixture)
{
    uint64_t revision = set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));

    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    assert_conflict(fixture, 0, compare_and_set(fixture, "a", storage_expect_revision(revision), "2"));
    assert_absent(fixture, "a");
}

static void success_clears_the_expiry(TestutilFixture *fixture)
{
    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    testutil_assert_ok(compare_and_set(fixture, "a", storage_expect_value(TEXT("1")), "2"));
    testutil_clock_advance(fixture->clock, 2 * TESTUTIL_SECOND_NS);
    assert_value(fixture, "a", "2");
}

static void success_gives_the_expiry_that_is_asked_for(TestutilFixture *fixture)
{
    StorageSetOptions options = testutil_case_set_options(storage_expiry_after(TESTUTIL_SECOND_NS));

    testutil_assert_ok(storage_compare_and_set(fixture->backend, TEXT("a"), storage_expect_value(TEXT("1")), TEXT("2"),
                                               &options, NULL));
    testutil_assert_number(testutil_clock_wall_ns(fixture->clock) + TESTUTIL_SECOND_NS, expires_at(fixture, "a"));
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    assert_absent(fixture, "a");
}

static void success_keeps_the_expiry_when_asked_to(TestutilFixture *fixture)
{
    StorageSetOptions options = testutil_case_set_options(storage_expiry_keep());

    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    testutil_assert_ok(storage_compare_and_set(fixture->backend, TEXT("a"), storage_expect_value(TEXT("1")), TEXT("2"),
                                               &options, NULL));
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    assert_absent(fixture, "a");
}

static void a_conflict_leaves_the_expiry_alone(TestutilFixture *fixture)
{
    int64_t at_ns = testutil_clock_wall_ns(fixture->clock) + TESTUTIL_SECOND_NS;

    set_expiring(fixture, "a", "1", storage_expiry_at(at_ns));
    testutil_assert_status(STORAGE_CONFLICT, compare_and_set(fixture, "a", storage_expect_value(TEXT("9")), "2"));
    testutil_assert_number(at_ns, expires_at(fixture, "a"));
}

static void a_touch_makes_an_old_revision_conflict(TestutilFixture *fixture)
{
    uint64_t old = revision_of(fixture, "a");

    testutil_assert_ok(storage_touch(fixture->backend, TEXT("a"), storage_expiry_never(), fixture->ctx));
    assert_conflict(fixture, storage_context_revision(fixture->ctx),
                    compare_and_set(fixture, "a", storage_expect_revision(old), "2"));
    testutil_assert_ok(compare_and_set(fixture, "a", storage_expect_value(TEXT("1")), "2"));
}

/* ---- compare_and_delete ---- */

static void matching_bytes_delete(TestutilFixture *fixture)
{
    testutil_assert_ok(compare_and_delete(fixture, "a", storage_expect_value(TEXT("1"))));
    testutil_assert(storage_context_revision(fixture->ctx) > 0, "the delete wrote no revision");
    assert_absent(fixture, "a");
}

static void other_bytes_do_not_delete(TestutilFixture *fixture)
{
    assert_conflict(fixture, revision_of(fixture, "a"),
                    compare_and_delete(fixture, "a", storage_expect_value(TEXT("9"))));
    assert_value(fixture, "a", "1");
}

static void the_current_revision_deletes(TestutilFixture *fixture)
{
    testutil_assert_ok(compare_and_delete(fixture, "a", storage_expect_revision(revision_of(fixture, "a"))));
    assert_absent(fixture, "a");
}

static void an_older_revision_does_not_delete(TestutilFixture *fixture)
{
    uint64_t old = revision_of(fixture, "a");
    uint64_t current = set(fixture, "a", "2");

    assert_conflict(fixture, current, compare_and_delete(fixture, "a", storage_expect_revision(old)));
    assert_value(fixture, "a", "2");
}

static void deleting_an_absent_key_that_was_expected_absent_writes_nothing(TestutilFixture *fixture)
{
    set(fixture, "b", "1");
    testutil_assert_ok(compare_and_delete(fixture, "a", storage_expect_absent()));
    testutil_assert_number(0, storage_context_revision(fixture->ctx));
}

static void deleting_a_present_key_that_was_expected_absent_conflicts(TestutilFixture *fixture)
{
    assert_conflict(fixture, revision_of(fixture, "a"), compare_and_delete(fixture, "a", storage_expect_absent()));
    assert_value(fixture, "a", "1");
}

static void deleting_a_missing_key_with_expected_bytes_conflicts(TestutilFixture *fixture)
{
    assert_conflict(fixture, 0, compare_and_delete(fixture, "a", storage_expect_value(TEXT("1"))));
}

static void deleting_a_missing_key_with_an_expected_revision_conflicts(TestutilFixture *fixture)
{
    assert_conflict(fixture, 0, compare_and_delete(fixture, "a", storage_expect_revision(1)));
}

static void deleting_with_revision_zero_is_invalid(TestutilFixture *fixture)
{
    testutil_assert_status(STORAGE_INVALID_ARGUMENT, compare_and_delete(fixture, "a", storage_expect_revision(0)));
    assert_value(fixture, "a", "1");
}

static void deleting_an_expired_key_with_its_bytes_conflicts(TestutilFixture *fixture)
{
    expire(fixture);
    assert_conflict(fixture, 0, compare_and_delete(fixture, "a", storage_expect_value(TEXT("1"))));
}

static void deleting_an_expired_key_that_was_expected_absent_is_done(TestutilFixture *fixture)
{
    expire(fixture);
    testutil_assert_ok(compare_and_delete(fixture, "a", storage_expect_absent()));
    testutil_assert_number(0, storage_context_revision(fixture->ctx));
}

static const TestutilContractCase cases[] = {
    CASE(absent_expected_inserts_a_missing_key, COMPARE, WRITES, NULL),
    CASE(absent_expected_conflicts_on_a_present_key, COMPARE, WRITES, "a=1"),
    CASE(absent_expected_inserts_after_a_delete, COMPARE, WRITES, "a=1"),
    CASE(matching_bytes_update, COMPARE, WRITES, "a=1"),
    CASE(other_bytes_conflict_and_keep_the_value, COMPARE, WRITES, "a=1"),
    CASE(expected_bytes_conflict_on_a_missing_key, COMPARE, WRITES, NULL),
    CASE(a_prefix_of_the_bytes_conflicts, COMPARE, WRITES, NULL),
    CASE(longer_bytes_than_stored_conflict, COMPARE, WRITES, NULL),
    CASE(zero_bytes_in_expected_bytes_count, COMPARE, WRITES, NULL),
    CASE(empty_bytes_match_an_empty_value, COMPARE, WRITES, NULL),
    CASE(an_empty_value_is_not_absent, COMPARE, WRITES, NULL),
    CASE(empty_bytes_conflict_on_a_missing_key, COMPARE, WRITES, NULL),
    CASE(the_current_revision_matches, COMPARE, WRITES, "a=1"),
    CASE(an_older_revision_conflicts, COMPARE, WRITES, "a=1"),
    CASE(a_revision_of_another_key_conflicts, COMPARE, WRITES, "a=1 b=2"),
    CASE(a_revision_conflicts_on_a_missing_key, COMPARE, WRITES, "a=1"),
    CASE(revision_zero_is_an_invalid_expectation, COMPARE, WRITES, "a=1"),
    CASE(the_same_bytes_written_again_match_but_their_old_revision_does_not, COMPARE, WRITES, "a=1"),
    CASE(success_writes_a_new_revision, COMPARE, WRITES, "a=1"),
    CASE(steps_chain_over_the_revisions, COMPARE, WRITES, NULL),
    CASE(steps_chain_over_the_values, COMPARE, WRITES, "a=1"),
    CASE(a_conflict_tells_why, COMPARE, WRITES, "a=1"),
    CASE(sizes_are_checked_before_the_expectation, COMPARE, WRITES, "a=1"),
    CASE(absent_expected_inserts_over_an_expired_key, COMPARE | EXPIRY, WRITES, NULL),
    CASE(the_bytes_of_an_expired_key_conflict, COMPARE | EXPIRY, WRITES, NULL),
    CASE(the_revision_of_an_expired_key_conflicts, COMPARE | EXPIRY, WRITES, NULL),
    CASE(success_clears_the_expiry, COMPARE | EXPIRY, WRITES, NULL),
    CASE(success_gives_the_expiry_that_is_asked_for, COMPARE | EXPIRY, WRITES, "a=1"),
    CASE(success_keeps_the_expiry_when_asked_to, COMPARE | EXPIRY, WRITES, NULL),
    CASE(a_conflict_leaves_the_expiry_alone, COMPARE | EXPIRY, WRITES, NULL),
    CASE(a_touch_makes_an_old_revision_conflict, COMPARE | EXPIRY, WRITES, "a=1"),
    CASE(matching_bytes_delete, COMPARE, WRITES, "a=1"),
    CASE(other_bytes_do_not_delete, COMPARE, WRITES, "a=1"),
    CASE(the_current_revision_deletes, COMPARE, WRITES, "a=1"),
    CASE(an_older_revision_does_not_delete, COMPARE, WRITES, "a=1"),
    CASE(deleting_an_absent_key_that_was_expected_absent_writes_nothing, COMPARE, WRITES, NULL),
    CASE(deleting_a_present_key_that_was_expected_absent_conflicts, COMPARE, WRITES, "a=1"),
    CASE(deleting_a_missing_key_with_expected_bytes_conflicts, COMPARE, WRITES, NULL),
    CASE(deleting_a_missing_key_with_an_expected_revision_conflicts, COMPARE, WRITES, NULL),
    CASE(deleting_with_revision_zero_is_invalid, COMPARE, WRITES, "a=1"),
    CASE(deleting_an_expired_key_with_its_bytes_conflicts, COMPARE | EXPIRY, WRITES, NULL),
    CASE(deleting_an_expired_key_that_was_expected_absent_is_done, COMPARE | EXPIRY, WRITES, NULL),
};
const CaseTable testutil_cases_cas = CASE_TABLE(cases);
