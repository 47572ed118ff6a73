/*
 * case_clear.c - clear_range beyond the shapes of bounds (those are in case_range.c).
 */
#include "case.h"

#define CASE_GROUP "clear"

static uint64_t clear(TestutilFixture *fixture, StorageRange range)
{
    testutil_assert_ok(storage_clear_range(fixture->backend, &range, fixture->ctx));
    return storage_context_revision(fixture->ctx);
}

static void no_range_clears_the_whole_store(TestutilFixture *fixture)
{
    testutil_assert_ok(storage_clear_range(fixture->backend, NULL, fixture->ctx));
    assert_store(fixture, "");
    assert_absent(fixture, "a");
}

static void clearing_one_key_keeps_its_neighbours(TestutilFixture *fixture)
{
    clear(fixture, storage_range_key(TEXT("b")));
    assert_store(fixture, "a=1 ba=3 c=4");
}

static void clearing_a_prefix_keeps_the_rest(TestutilFixture *fixture)
{
    clear(fixture, storage_range_prefix(TEXT("b")));
    assert_store(fixture, "a=1 c=4");
}

static void a_clear_has_a_larger_revision_than_what_it_removed(TestutilFixture *fixture)
{
    uint64_t newest = set(fixture, "c", "new");

    testutil_assert(clear(fixture, storage_range_all()) > newest, "the clear did not get a larger revision");
}

static void clearing_an_empty_store_writes_nothing(TestutilFixture *fixture)
{
    testutil_assert_number(0, clear(fixture, storage_range_all()));
}

static void clearing_twice_writes_once(TestutilFixture *fixture)
{
    testutil_assert(clear(fixture, storage_range_all()) > 0, "the first clear wrote no revision");
    testutil_assert_number(0, clear(fixture, storage_range_all()));
}

static void clearing_a_gap_writes_nothing(TestutilFixture *fixture)
{
    uint64_t revision = revision_of(fixture, "a");

    testutil_assert_number(0, clear(fixture, range_between(excluded("a"), excluded("b"))));
    testutil_assert_number(revision, revision_of(fixture, "a"));
}

static void a_cleared_key_can_be_set_again(TestutilFixture *fixture)
{
    uint64_t cleared = clear(fixture, storage_range_all());

    testutil_assert(set(fixture, "a", "2") > cleared, "the new revision is not larger than that of the clear");
    assert_store(fixture, "a=2");
}

static void a_cleared_key_is_absent_for_an_expectation(TestutilFixture *fixture)
{
    uint64_t revision = revision_of(fixture, "a");

    clear(fixture, storage_range_all());
    testutil_assert_status(
        STORAGE_CONFLICT,
        storage_compare_and_set(fixture->backend, TEXT("a"), storage_expect_revision(revision), TEXT("2"), NULL, NULL));
    testutil_assert_ok(
        storage_compare_and_set(fixture->backend, TEXT("a"), storage_expect_absent(), TEXT("2"), NULL, NULL));
}

static void a_cleared_key_does_not_hand_its_expiry_on(TestutilFixture *fixture)
{
    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    clear(fixture, storage_range_all());
    set_expiring(fixture, "a", "2", storage_expiry_keep());
    testutil_clock_advance(fixture->clock, 2 * TESTUTIL_SECOND_NS);
    assert_value(fixture, "a", "2");
}

static void cleared_keys_do_not_expire_again(TestutilFixture *fixture)
{
    uint64_t count = 99;

    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    clear(fixture, storage_range_all());
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    testutil_assert_ok(storage_sweep(fixture->backend, &count, NULL));
    testutil_assert_number(0, count);
}

static void thousands_of_keys_are_cleared_at_once(TestutilFixture *fixture)
{
    enum { KEY_COUNT = 5000 };
    char key[TESTUTIL_KEY_BUFFER_SIZE];

    set(fixture, "before", "1");
    set(fixture, "zafter", "1");
    for (uint64_t i = 0; i < KEY_COUNT; i++)
        testutil_assert_ok(
            storage_set(fixture->backend, testutil_key(key, sizeof key, "key", i), TEXT("1"), NULL, NULL));
    testutil_assert(clear(fixture, storage_range_prefix(TEXT("key:"))) > 0, "the clear wrote no revision");
    assert_store(fixture, "before=1 zafter=1");
}

static void values_that_are_held_survive_a_clear(TestutilFixture *fixture)
{
    StorageValue value;

    testutil_assert_ok(storage_get(fixture->backend, TEXT("a"), &value, NULL));
    clear(fixture, storage_range_all());
    testutil_assert_bytes(TEXT("1"), storage_value_slice(&value));
    storage_value_release(&value);
}

static void clearing_and_filling_in_turn(TestutilFixture *fixture)
{
    char key[TESTUTIL_KEY_BUFFER_SIZE];

    for (int round = 0; round < 20; round++) {
        for (uint64_t i = 0; i < 100; i++)
            testutil_assert_ok(
                storage_set(fixture->backend, testutil_key(key, sizeof key, "key", i), TEXT("1"), NULL, NULL));
        clear(fixture, storage_range_prefix(TEXT("key:0000")));
    }
    assert_store(fixture, "");
}

static const TestutilContractCase cases[] = {
    CASE(no_range_clears_the_whole_store, CLEAR_RANGE, WRITES, "a=1 b=2 c=3"),
    CASE(clearing_one_key_keeps_its_neighbours, CLEAR_RANGE, WRITES, "a=1 b=2 ba=3 c=4"),
    CASE(clearing_a_prefix_keeps_the_rest, CLEAR_RANGE, WRITES, "a=1 b=2 ba=3 c=4"),
    CASE(a_clear_has_a_larger_revision_than_what_it_removed, CLEAR_RANGE, WRITES, "a=1 b=2"),
    CASE(clearing_an_empty_store_writes_nothing, CLEAR_RANGE, WRITES, NULL),
    CASE(clearing_twice_writes_once, CLEAR_RANGE, WRITES, "a=1"),
    CASE(clearing_a_gap_writes_nothing, CLEAR_RANGE, WRITES, "a=1 b=2"),
    CASE(a_cleared_key_can_be_set_again, CLEAR_RANGE, WRITES, "a=1"),
    CASE(a_cleared_key_is_absent_for_an_expectation, CLEAR_RANGE | COMPARE, WRITES, "a=1"),
    CASE(a_cleared_key_does_not_hand_its_expiry_on, CLEAR_RANGE | EXPIRY, WRITES, NULL),
    CASE(cleared_keys_do_not_expire_again, CLEAR_RANGE | EXPIRY, WRITES, NULL),
    CASE(thousands_of_keys_are_cleared_at_once, CLEAR_RANGE, WRITES, NULL),
    CASE(values_that_are_held_survive_a_clear, CLEAR_RANGE, WRITES, "a=1"),
    CASE(clearing_and_filling_in_turn, CLEAR_RANGE, WRITES, NULL),
};
const CaseTable testutil_cases_clear = CASE_TABLE(cases);
