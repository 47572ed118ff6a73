/*
 * case_touch.c - another expiry for a key that keeps its value.
 */
#include "case.h"

#define CASE_GROUP "touch"

#define touch(fixture, key, expiry) storage_touch((fixture)->backend, TEXT(key), (expiry), (fixture)->ctx)

static void touching_a_missing_key_is_not_found(TestutilFixture *fixture)
{
    testutil_assert_status(STORAGE_NOT_FOUND, touch(fixture, "a", storage_expiry_after(TESTUTIL_SECOND_NS)));
    testutil_assert_number(0, storage_context_revision(fixture->ctx));
    assert_store(fixture, "");
}

static void touching_a_deleted_key_is_not_found(TestutilFixture *fixture)
{
    remove_key(fixture, "a");
    testutil_assert_status(STORAGE_NOT_FOUND, touch(fixture, "a", storage_expiry_never()));
    assert_absent(fixture, "a");
}

static void touching_an_expired_key_is_not_found(TestutilFixture *fixture)
{
    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    testutil_assert_status(STORAGE_NOT_FOUND, touch(fixture, "a", storage_expiry_never()));
    assert_absent(fixture, "a");
}

static void a_touch_gives_an_expiry_and_keeps_the_value(TestutilFixture *fixture)
{
    testutil_assert_ok(touch(fixture, "a", storage_expiry_after(TESTUTIL_SECOND_NS)));
    assert_value(fixture, "a", "1");
    testutil_assert_number(testutil_clock_wall_ns(fixture->clock) + TESTUTIL_SECOND_NS, expires_at(fixture, "a"));
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    assert_absent(fixture, "a");
}

static void a_touch_writes_a_new_revision(TestutilFixture *fixture)
{
    uint64_t before = revision_of(fixture, "a");

    testutil_assert_ok(touch(fixture, "a", storage_expiry_after(TESTUTIL_SECOND_NS)));
    testutil_assert(storage_context_revision(fixture->ctx) > before, "the touch wrote no larger revision");
    testutil_assert_number(storage_context_revision(fixture->ctx), revision_of(fixture, "a"));
}

static void a_touch_makes_a_key_permanent(TestutilFixture *fixture)
{
    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    testutil_assert_ok(touch(fixture, "a", storage_expiry_never()));
    testutil_clock_advance(fixture->clock, 2 * TESTUTIL_SECOND_NS);
    assert_value(fixture, "a", "1");
}

static void a_touch_extends_a_life(TestutilFixture *fixture)
{
    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    testutil_assert_ok(touch(fixture, "a", storage_expiry_after(3 * TESTUTIL_SECOND_NS)));
    testutil_clock_advance(fixture->clock, 2 * TESTUTIL_SECOND_NS);
    assert_value(fixture, "a", "1");
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    assert_absent(fixture, "a");
}

static void a_touch_shortens_a_life(TestutilFixture *fixture)
{
    set_expiring(fixture, "a", "1", storage_expiry_after(3 * TESTUTIL_SECOND_NS));
    testutil_assert_ok(touch(fixture, "a", storage_expiry_after(TESTUTIL_SECOND_NS)));
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    assert_absent(fixture, "a");
}

static void a_touch_with_no_time_left_expires_at_once(TestutilFixture *fixture)
{
    testutil_assert_ok(touch(fixture, "a", storage_expiry_after(0)));
    assert_absent(fixture, "a");
}

static void a_touch_to_a_time_in_the_past_expires_at_once(TestutilFixture *fixture)
{
    testutil_assert_ok(touch(fixture, "a", storage_expiry_at(testutil_clock_wall_ns(fixture->clock) - 1)));
    assert_absent(fixture, "a");
    testutil_assert_status(STORAGE_NOT_FOUND, touch(fixture, "a", storage_expiry_never()));
}

static void a_touch_with_keep_leaves_the_expiry(TestutilFixture *fixture)
{
    int64_t at_ns = testutil_clock_wall_ns(fixture->clock) + TESTUTIL_SECOND_NS;

    set_expiring(fixture, "a", "1", storage_expiry_at(at_ns));
    testutil_assert_ok(touch(fixture, "a", storage_expiry_keep()));
    testutil_assert(storage_context_revision(fixture->ctx) > 0, "the touch wrote no revision");
    testutil_assert_number(at_ns, expires_at(fixture, "a"));
}

static void a_touch_keeps_an_empty_value(TestutilFixture *fixture)
{
    set(fixture, "a", "");
    testutil_assert_ok(touch(fixture, "a", storage_expiry_after(TESTUTIL_SECOND_NS)));
    assert_value(fixture, "a", "");
}

static void a_touch_leaves_the_neighbours_alone(TestutilFixture *fixture)
{
    testutil_assert_ok(touch(fixture, "b", storage_expiry_after(0)));
    assert_store(fixture, "a=1 c=3");
    testutil_assert(expires_at(fixture, "a") == STORAGE_NEVER, "a neighbour got an expiry");
}

static void an_overflowing_touch_is_never(TestutilFixture *fixture)
{
    testutil_assert_ok(touch(fixture, "a", storage_expiry_after(INT64_MAX)));
    testutil_assert(expires_at(fixture, "a") == STORAGE_NEVER, "a duration that overflows is not never");
}

static void a_held_value_is_untouched(TestutilFixture *fixture)
{
    StorageValue value;

    testutil_assert_ok(storage_get(fixture->backend, TEXT("a"), &value, NULL));
    testutil_assert_ok(touch(fixture, "a", storage_expiry_after(0)));
    testutil_assert_bytes(TEXT("1"), storage_value_slice(&value));
    testutil_assert(value.expires_at_ns == STORAGE_NEVER, "a value that is held changed its expiry");
    storage_value_release(&value);
}

static const TestutilContractCase cases[] = {
    CASE(touching_a_missing_key_is_not_found, EXPIRY, WRITES, NULL),
    CASE(touching_a_deleted_key_is_not_found, EXPIRY, WRITES, "a=1"),
    CASE(touching_an_expired_key_is_not_found, EXPIRY, WRITES, NULL),
    CASE(a_touch_gives_an_expiry_and_keeps_the_value, EXPIRY, WRITES, "a=1"),
    CASE(a_touch_writes_a_new_revision, EXPIRY, WRITES, "a=1"),
    CASE(a_touch_makes_a_key_permanent, EXPIRY, WRITES, NULL),
    CASE(a_touch_extends_a_life, EXPIRY, WRITES, NULL),
    CASE(a_touch_shortens_a_life, EXPIRY, WRITES, NULL),
    CASE(a_touch_with_no_time_left_expires_at_once, EXPIRY, WRITES, "a=1"),
    CASE(a_touch_to_a_time_in_the_past_expires_at_once, EXPIRY, WRITES, "a=1"),
    CASE(a_touch_with_keep_leaves_the_expiry, EXPIRY, WRITES, NULL),
    CASE(a_touch_keeps_an_empty_value, EXPIRY, WRITES, NULL),
    CASE(a_touch_leaves_the_neighbours_alone, EXPIRY, WRITES, "a=1 b=2 c=3"),
    CASE(an_overflowing_touch_is_never, EXPIRY, WRITES, "a=1"),
    CASE(a_held_value_is_untouched, EXPIRY, WRITES, "a=1"),
};
const CaseTable testutil_cases_touch = CASE_TABLE(cases);
