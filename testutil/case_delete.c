/*
 * case_delete.c - deleting: idempotent, and a deleted key leaves nothing to its successor.
 */
#include "case.h"

#define CASE_GROUP "delete"

static void a_deleted_key_is_not_found(TestutilFixture *fixture)
{
    testutil_assert_ok(storage_delete(fixture->backend, TEXT("a"), NULL));
    assert_absent(fixture, "a");
}

static void a_delete_leaves_the_neighbours_alone(TestutilFixture *fixture)
{
    remove_key(fixture, "b");
    assert_store(fixture, "a=1 c=3");
}

static void deleting_a_missing_key_is_done(TestutilFixture *fixture)
{
    testutil_assert_ok(storage_delete(fixture->backend, TEXT("a"), fixture->ctx));
    assert_absent(fixture, "a");
}

static void deleting_a_missing_key_writes_nothing(TestutilFixture *fixture)
{
    testutil_assert_ok(storage_set(fixture->backend, TEXT("a"), TEXT("1"), NULL, fixture->ctx));
    testutil_assert_ok(storage_delete(fixture->backend, TEXT("b"), fixture->ctx));
    testutil_assert_number(0, storage_context_revision(fixture->ctx));
}

static void deleting_twice_is_done_and_writes_once(TestutilFixture *fixture)
{
    testutil_assert(remove_key(fixture, "a") > 0, "the delete of a key wrote no revision");
    testutil_assert_number(0, remove_key(fixture, "a"));
}

static void a_delete_has_a_larger_revision_than_the_value(TestutilFixture *fixture)
{
    uint64_t revision = revision_of(fixture, "a");

    testutil_assert(remove_key(fixture, "a") > revision, "the delete did not get a larger revision");
}

static void deleting_an_expired_key_writes_nothing(TestutilFixture *fixture)
{
    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    testutil_assert_number(0, remove_key(fixture, "a"));
    assert_absent(fixture, "a");
}

static void a_recreated_key_does_not_inherit_the_expiry(TestutilFixture *fixture)
{
    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    remove_key(fixture, "a");
    set(fixture, "a", "2");
    testutil_clock_advance(fixture->clock, 2 * TESTUTIL_SECOND_NS);
    assert_value(fixture, "a", "2");
}

static void deleting_a_key_keeps_longer_keys(TestutilFixture *fixture)
{
    remove_key(fixture, "a");
    assert_store(fixture, "aa=2 ab=3");
}

static void a_deleted_key_is_not_in_a_scan(TestutilFixture *fixture)
{
    remove_key(fixture, "a");
    remove_key(fixture, "c");
    assert_store(fixture, "b=2");
}

static void everything_can_be_deleted_key_by_key(TestutilFixture *fixture)
{
    enum { KEY_COUNT = 1000 };
    char key[TESTUTIL_KEY_BUFFER_SIZE];

    for (uint64_t i = 0; i < KEY_COUNT; i++)
        testutil_assert_ok(
            storage_set(fixture->backend, testutil_key(key, sizeof key, "key", i), TEXT("1"), NULL, NULL));
    for (uint64_t i = 0; i < KEY_COUNT; i++)
        testutil_assert_ok(
            storage_delete(fixture->backend, testutil_key(key, sizeof key, "key", i * 7 % KEY_COUNT), NULL));
    assert_store(fixture, "");
}

static void setting_and_deleting_in_turn_ends_as_the_last_one(TestutilFixture *fixture)
{
    for (int i = 0; i < 500; i++) {
        set(fixture, "a", "1");
        remove_key(fixture, "a");
    }
    assert_absent(fixture, "a");
    set(fixture, "a", "2");
    assert_store(fixture, "a=2");
}

static const TestutilContractCase cases[] = {
    CASE(a_deleted_key_is_not_found, 0, WRITES, "a=1"),
    CASE(a_delete_leaves_the_neighbours_alone, 0, WRITES, "a=1 b=2 c=3"),
    CASE(deleting_a_missing_key_is_done, 0, WRITES, NULL),
    CASE(deleting_a_missing_key_writes_nothing, 0, WRITES, NULL),
    CASE(deleting_twice_is_done_and_writes_once, 0, WRITES, "a=1"),
    CASE(a_delete_has_a_larger_revision_than_the_value, 0, WRITES, "a=1"),
    CASE(deleting_an_expired_key_writes_nothing, EXPIRY, WRITES, NULL),
    CASE(a_recreated_key_does_not_inherit_the_expiry, EXPIRY, WRITES, NULL),
    CASE(deleting_a_key_keeps_longer_keys, 0, WRITES, "a=1 aa=2 ab=3"),
    CASE(a_deleted_key_is_not_in_a_scan, 0, WRITES, "a=1 b=2 c=3"),
    CASE(everything_can_be_deleted_key_by_key, 0, WRITES, NULL),
    CASE(setting_and_deleting_in_turn_ends_as_the_last_one, 0, WRITES, NULL),
};
const CaseTable testutil_cases_delete = CASE_TABLE(cases);
