/*
 * case_sweep.c - the sweep takes what has expired, and nothing else.
 *
 * Stores also sweep a little with each write, so cases that count do not write between the expiry and the sweep.
 */
#include "case.h"

#define CASE_GROUP "sweep"

static uint64_t sweep(TestutilFixture *fixture)
{
    uint64_t count = 12345;

    testutil_assert_ok(storage_sweep(fixture->backend, &count, fixture->ctx));
    return count;
}

static void sweeping_counts_what_has_expired(TestutilFixture *fixture)
{
    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    set_expiring(fixture, "b", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    set_expiring(fixture, "c", "1", storage_expiry_after(2 * TESTUTIL_SECOND_NS));
    set(fixture, "d", "1");
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    testutil_assert_number(2, sweep(fixture));
    assert_store(fixture, "c=1 d=1");
}

static void sweeping_an_empty_store_finds_nothing(TestutilFixture *fixture)
{
    testutil_assert_number(0, sweep(fixture));
}

static void sweeping_before_the_time_finds_nothing(TestutilFixture *fixture)
{
    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS - 1);
    testutil_assert_number(0, sweep(fixture));
    assert_value(fixture, "a", "1");
}

static void sweeping_twice_finds_nothing_more(TestutilFixture *fixture)
{
    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    testutil_assert_number(1, sweep(fixture));
    testutil_assert_number(0, sweep(fixture));
    assert_absent(fixture, "a");
}

static void sweeping_without_room_for_the_count(TestutilFixture *fixture)
{
    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    testutil_assert_ok(storage_sweep(fixture->backend, NULL, NULL));
    assert_store(fixture, "");
    testutil_assert_number(0, sweep(fixture));
}

static void sweeping_leaves_a_value_that_was_set_anew(TestutilFixture *fixture)
{
    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    set(fixture, "a", "2");
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    testutil_assert_number(0, sweep(fixture));
    assert_value(fixture, "a", "2");
}

static void sweeping_goes_by_the_latest_expiry(TestutilFixture *fixture)
{
    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    testutil_assert_ok(storage_touch(fixture->backend, TEXT("a"), storage_expiry_after(3 * TESTUTIL_SECOND_NS), NULL));
    testutil_clock_advance(fixture->clock, 2 * TESTUTIL_SECOND_NS);
    testutil_assert_number(0, sweep(fixture));
    assert_value(fixture, "a", "1");
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    testutil_assert_number(1, sweep(fixture));
}

static void sweeping_does_not_count_what_was_deleted(TestutilFixture *fixture)
{
    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    remove_key(fixture, "a");
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    testutil_assert_number(0, sweep(fixture));
}

static void a_swept_key_can_be_set_again(TestutilFixture *fixture)
{
    uint64_t before = set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));

    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    testutil_assert_number(1, sweep(fixture));
    testutil_assert(set(fixture, "a", "2") > before, "the new revision is not larger");
    assert_value(fixture, "a", "2");
}

static void a_swept_key_does_not_come_back_when_the_clock_steps_back(TestutilFixture *fixture)
{
    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    testutil_assert_number(1, sweep(fixture));
    testutil_clock_step_wall(fixture->clock, -TESTUTIL_DAY_NS);
    assert_absent(fixture, "a");
}

static void thousands_are_swept_at_once(TestutilFixture *fixture)
{
    enum { KEY_COUNT = 5000 };
    char key[TESTUTIL_KEY_BUFFER_SIZE];

    for (uint64_t i = 0; i < KEY_COUNT; i++)
        testutil_case_set(__FILE__, __LINE__, fixture->backend, testutil_key(key, sizeof key, "key", i), TEXT("1"),
                          i % 5 == 0 ? storage_expiry_never() : storage_expiry_after(TESTUTIL_SECOND_NS));
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    testutil_assert_number(KEY_COUNT - KEY_COUNT / 5, sweep(fixture));
    for (uint64_t i = 0; i < KEY_COUNT; i += 5)
        testutil_assert_value(fixture->backend, testutil_key(key, sizeof key, "key", i), TEXT("1"));
    testutil_assert_absent(fixture->backend, testutil_key(key, sizeof key, "key", 1));
}

static void writes_after_the_time_never_bring_a_key_back(TestutilFixture *fixture)
{
    char key[TESTUTIL_KEY_BUFFER_SIZE];

    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    for (uint64_t i = 0; i < 200; i++) {
        testutil_assert_ok(
            storage_set(fixture->backend, testutil_key(key, sizeof key, "key", i), TEXT("1"), NULL, NULL));
        assert_absent(fixture, "a");
    }
}

static const TestutilContractCase cases[] = {
    CASE(sweeping_counts_what_has_expired, EXPIRY, WRITES, NULL),
    CASE(sweeping_an_empty_store_finds_nothing, EXPIRY, WRITES, NULL),
    CASE(sweeping_before_the_time_finds_nothing, EXPIRY, WRITES, NULL),
    CASE(sweeping_twice_finds_nothing_more, EXPIRY, WRITES, NULL),
    CASE(sweeping_without_room_for_the_count, EXPIRY, WRITES, NULL),
    CASE(sweeping_leaves_a_value_that_was_set_anew, EXPIRY, WRITES, NULL),
    CASE(sweeping_goes_by_the_latest_expiry, EXPIRY, WRITES, NULL),
    CASE(sweeping_does_not_count_what_was_deleted, EXPIRY, WRITES, NULL),
    CASE(a_swept_key_can_be_set_again, EXPIRY, WRITES, NULL),
    CASE(a_swept_key_does_not_come_back_when_the_clock_steps_back, EXPIRY, WRITES, NULL),
    CASE(thousands_are_swept_at_once, EXPIRY, WRITES, NULL),
    CASE(writes_after_the_time_never_bring_a_key_back, EXPIRY, WRITES, NULL),
};
const CaseTable testutil_cases_sweep = CASE_TABLE(cases);
