/*
 * case_expiry.c - when a key is there no more: durations, absolute times, overflow, and clocks that step.
 *
 * Transactions and expiry are in case_transaction_end.c, compare_and_set and expiry in case_cas.c.
 */
#include "case.h"

#define CASE_GROUP "expiry"

static int64_t now_ns(const TestutilFixture *fixture)
{
    return testutil_clock_wall_ns(fixture->clock);
}

static void a_key_is_there_until_its_time_and_gone_at_it(TestutilFixture *fixture)
{
    set_expiring(fixture, "a", "1", storage_expiry_after(100 * TESTUTIL_MILLISECOND_NS));
    assert_value(fixture, "a", "1");
    testutil_clock_advance(fixture->clock, 100 * TESTUTIL_MILLISECOND_NS - 1);
    assert_value(fixture, "a", "1");
    testutil_clock_advance(fixture->clock, 1);
    assert_absent(fixture, "a");
}

static void one_nanosecond_is_a_life(TestutilFixture *fixture)
{
    set_expiring(fixture, "a", "1", storage_expiry_after(1));
    assert_value(fixture, "a", "1");
    testutil_clock_advance(fixture->clock, 1);
    assert_absent(fixture, "a");
}

static void a_duration_of_zero_expires_at_once(TestutilFixture *fixture)
{
    set_expiring(fixture, "a", "1", storage_expiry_after(0));
    assert_absent(fixture, "a");
    assert_store(fixture, "");
}

static void a_negative_duration_expires_at_once(TestutilFixture *fixture)
{
    set_expiring(fixture, "a", "1", storage_expiry_after(-1));
    set_expiring(fixture, "b", "1", storage_expiry_after(-TESTUTIL_DAY_NS));
    assert_store(fixture, "");
}

static void the_most_negative_duration_expires_at_once(TestutilFixture *fixture)
{
    set_expiring(fixture, "a", "1", storage_expiry_after(INT64_MIN));
    assert_absent(fixture, "a");
}

static void a_set_that_expires_at_once_replaces_the_value(TestutilFixture *fixture)
{
    set_expiring(fixture, "a", "2", storage_expiry_after(0));
    assert_absent(fixture, "a");
}

static void an_absolute_time_is_kept_exactly(TestutilFixture *fixture)
{
    int64_t at_ns = now_ns(fixture) + 123456789;

    set_expiring(fixture, "a", "1", storage_expiry_at(at_ns));
    testutil_assert_number(at_ns, expires_at(fixture, "a"));
    testutil_clock_set_wall(fixture->clock, at_ns - 1);
    assert_value(fixture, "a", "1");
    testutil_clock_set_wall(fixture->clock, at_ns);
    assert_absent(fixture, "a");
}

static void an_absolute_time_of_now_expires_at_once(TestutilFixture *fixture)
{
    set_expiring(fixture, "a", "1", storage_expiry_at(now_ns(fixture)));
    assert_absent(fixture, "a");
}

static void an_absolute_time_in_the_past_expires_at_once(TestutilFixture *fixture)
{
    set_expiring(fixture, "a", "1", storage_expiry_at(now_ns(fixture) - TESTUTIL_DAY_NS));
    set_expiring(fixture, "b", "1", storage_expiry_at(0));
    set_expiring(fixture, "c", "1", storage_expiry_at(-1));
    set_expiring(fixture, "d", "1", storage_expiry_at(INT64_MIN));
    assert_store(fixture, "");
}

static void the_last_absolute_time_is_never(TestutilFixture *fixture)
{
    set_expiring(fixture, "a", "1", storage_expiry_at(INT64_MAX));
    testutil_assert(expires_at(fixture, "a") == STORAGE_NEVER, "the last time is not never");
}

static void a_duration_that_overflows_is_never(TestutilFixture *fixture)
{
    set_expiring(fixture, "a", "1", storage_expiry_after(INT64_MAX));
    testutil_assert(expires_at(fixture, "a") == STORAGE_NEVER, "the longest duration is not never");
    testutil_clock_advance(fixture->clock, (uint64_t)(100 * 365 * TESTUTIL_DAY_NS));
    assert_value(fixture, "a", "1");
}

static void the_shortest_duration_that_overflows_is_never(TestutilFixture *fixture)
{
    set_expiring(fixture, "a", "1", storage_expiry_after(INT64_MAX - now_ns(fixture)));
    testutil_assert(expires_at(fixture, "a") == STORAGE_NEVER, "a sum of INT64_MAX is not never");
    set_expiring(fixture, "b", "1", storage_expiry_after(INT64_MAX - now_ns(fixture) + 1));
    testutil_assert(expires_at(fixture, "b") == STORAGE_NEVER, "a sum that overflows by one is not never");
    set_expiring(fixture, "c", "1", storage_expiry_after(INT64_MAX - now_ns(fixture) - 1));
    testutil_assert_number(INT64_MAX - 1, expires_at(fixture, "c"));
}

static void a_hundred_years_are_no_overflow(TestutilFixture *fixture)
{
    int64_t century_ns = 100 * 365 * TESTUTIL_DAY_NS;

    set_expiring(fixture, "a", "1", storage_expiry_after(century_ns));
    testutil_assert_number(now_ns(fixture) + century_ns, expires_at(fixture, "a"));
    testutil_clock_advance(fixture->clock, (uint64_t)century_ns - 1);
    assert_value(fixture, "a", "1");
    testutil_clock_advance(fixture->clock, 1);
    assert_absent(fixture, "a");
}

static void never_holds_at_the_end_of_time(TestutilFixture *fixture)
{
    testutil_clock_set_wall(fixture->clock, INT64_MAX - 1);
    assert_value(fixture, "a", "1");
    set(fixture, "b", "2");
    set_expiring(fixture, "c", "3", storage_expiry_after(5));
    testutil_clock_set_wall(fixture->clock, INT64_MAX);
    assert_store(fixture, "a=1 b=2 c=3");
}

static void a_clock_before_1970_expires_nothing_early(TestutilFixture *fixture)
{
    TestutilStoreOptions options = {0};

    testutil_clock_set_wall(fixture->clock, -10 * TESTUTIL_SECOND_NS);
    if (!testutil_case_reopen(fixture, &options))
        return;
    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    assert_value(fixture, "a", "1");
    testutil_assert(expires_at(fixture, "a") == -9 * TESTUTIL_SECOND_NS, "the expiry is not nine seconds before 1970");
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    assert_absent(fixture, "a");
}

static void keys_expire_each_at_its_own_time(TestutilFixture *fixture)
{
    set_expiring(fixture, "a", "1", storage_expiry_after(3 * TESTUTIL_SECOND_NS));
    set_expiring(fixture, "b", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    set_expiring(fixture, "c", "1", storage_expiry_after(2 * TESTUTIL_SECOND_NS));
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    assert_store(fixture, "a=1 c=1");
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    assert_store(fixture, "a=1");
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    assert_store(fixture, "");
}

static void a_second_set_extends_the_life(TestutilFixture *fixture)
{
    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    set_expiring(fixture, "a", "2", storage_expiry_after(3 * TESTUTIL_SECOND_NS));
    testutil_clock_advance(fixture->clock, 2 * TESTUTIL_SECOND_NS);
    assert_value(fixture, "a", "2");
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    assert_absent(fixture, "a");
}

static void a_second_set_shortens_the_life(TestutilFixture *fixture)
{
    set_expiring(fixture, "a", "1", storage_expiry_after(3 * TESTUTIL_SECOND_NS));
    set_expiring(fixture, "a", "2", storage_expiry_after(TESTUTIL_SECOND_NS));
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    assert_absent(fixture, "a");
}

static void an_expired_key_can_be_set_again(TestutilFixture *fixture)
{
    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    set(fixture, "a", "2");
    assert_value(fixture, "a", "2");
    testutil_clock_advance(fixture->clock, TESTUTIL_DAY_NS);
    assert_value(fixture, "a", "2");
}

static void a_scan_leaves_expired_rows_out(TestutilFixture *fixture)
{
    set(fixture, "a", "1");
    set_expiring(fixture, "b", "2", storage_expiry_after(TESTUTIL_SECOND_NS));
    set(fixture, "c", "3");
    assert_store(fixture, "a=1 b=2 c=3");
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    assert_store(fixture, "a=1 c=3");
}

static void expired_rows_do_not_count_for_a_limit(TestutilFixture *fixture)
{
    StorageScanOptions options = testutil_case_scan_options(0, 2);

    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    set(fixture, "b", "2");
    set_expiring(fixture, "c", "3", storage_expiry_after(TESTUTIL_SECOND_NS));
    set(fixture, "d", "4");
    set(fixture, "e", "5");
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    testutil_assert_rows(fixture->backend, NULL, &options, "b=2 d=4");
}

static void a_reverse_scan_leaves_expired_rows_out(TestutilFixture *fixture)
{
    StorageScanOptions options = testutil_case_scan_options(STORAGE_SCAN_REVERSE, 0);

    set(fixture, "a", "1");
    set_expiring(fixture, "b", "2", storage_expiry_after(TESTUTIL_SECOND_NS));
    set_expiring(fixture, "c", "3", storage_expiry_after(TESTUTIL_SECOND_NS));
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    testutil_assert_rows(fixture->backend, NULL, &options, "a=1");
}

static void a_seek_steps_over_expired_rows(TestutilFixture *fixture)
{
    StorageCursor *cursor;

    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    set_expiring(fixture, "b", "2", storage_expiry_after(TESTUTIL_SECOND_NS));
    set(fixture, "c", "3");
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    cursor = scan(fixture, NULL, NULL);
    testutil_assert_ok(storage_cursor_seek(cursor, TEXT("a"), NULL));
    testutil_assert_next_row(cursor, "c=3");
    storage_cursor_close(cursor);
}

static void a_held_value_stays_readable_after_its_expiry(TestutilFixture *fixture)
{
    StorageValue value;

    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    testutil_assert_ok(storage_get(fixture->backend, TEXT("a"), &value, NULL));
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    testutil_assert_ok(storage_sweep(fixture->backend, NULL, NULL));
    testutil_assert_bytes(TEXT("1"), storage_value_slice(&value));
    storage_value_release(&value);
}

static void expiring_makes_no_revision(TestutilFixture *fixture)
{
    uint64_t last;

    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    last = set(fixture, "b", "2");
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    assert_absent(fixture, "a");
    testutil_assert_number(last, revision_of(fixture, "b"));
}

/* ---- clocks that step ---- */

static void nothing_comes_back_when_the_clock_steps_back_after_a_commit(TestutilFixture *fixture)
{
    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    testutil_clock_advance(fixture->clock, 2 * TESTUTIL_SECOND_NS);
    set(fixture, "b", "2");
    assert_absent(fixture, "a");
    testutil_clock_step_wall(fixture->clock, -TESTUTIL_DAY_NS);
    assert_absent(fixture, "a");
    assert_store(fixture, "b=2");
}

static void a_compare_agrees_that_nothing_comes_back(TestutilFixture *fixture)
{
    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    testutil_clock_advance(fixture->clock, 2 * TESTUTIL_SECOND_NS);
    set(fixture, "b", "2");
    testutil_clock_step_wall(fixture->clock, -TESTUTIL_DAY_NS);
    testutil_assert_status(
        STORAGE_CONFLICT,
        storage_compare_and_set(fixture->backend, TEXT("a"), storage_expect_value(TEXT("1")), TEXT("2"), NULL, NULL));
    testutil_assert_ok(
        storage_compare_and_set(fixture->backend, TEXT("a"), storage_expect_absent(), TEXT("2"), NULL, NULL));
}

static void a_duration_counts_from_database_time_when_the_clock_is_behind(TestutilFixture *fixture)
{
    int64_t database_ns;

    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    database_ns = now_ns(fixture);
    set(fixture, "b", "2");
    testutil_clock_step_wall(fixture->clock, -TESTUTIL_DAY_NS);
    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    testutil_assert_number(database_ns + TESTUTIL_SECOND_NS, expires_at(fixture, "a"));
    assert_value(fixture, "a", "1");
}

static void an_absolute_time_between_the_clock_and_database_time_has_passed(TestutilFixture *fixture)
{
    set(fixture, "b", "2");
    testutil_clock_step_wall(fixture->clock, -TESTUTIL_DAY_NS);
    set_expiring(fixture, "a", "1", storage_expiry_at(now_ns(fixture) + TESTUTIL_SECOND_NS));
    assert_absent(fixture, "a");
}

static void time_goes_on_when_the_clock_has_caught_up(TestutilFixture *fixture)
{
    set_expiring(fixture, "a", "1", storage_expiry_after(2 * TESTUTIL_SECOND_NS));
    testutil_clock_step_wall(fixture->clock, -TESTUTIL_DAY_NS);
    set(fixture, "b", "2");
    assert_value(fixture, "a", "1");
    testutil_clock_step_wall(fixture->clock, TESTUTIL_DAY_NS + 2 * TESTUTIL_SECOND_NS);
    assert_absent(fixture, "a");
}

static void a_clock_that_jumps_ahead_expires_at_once(TestutilFixture *fixture)
{
    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_DAY_NS));
    testutil_clock_step_wall(fixture->clock, TESTUTIL_DAY_NS);
    assert_absent(fixture, "a");
}

/* ---- resolving, without a store ---- */

static void resolving_saturates(TestutilFixture *fixture)
{
    (void)fixture;
    testutil_assert(storage_expiry_resolve(storage_expiry_never(), 5, 7) == STORAGE_NEVER, "never is not never");
    testutil_assert(storage_expiry_resolve(storage_expiry_keep(), 5, 7) == 7, "keep does not keep");
    testutil_assert(storage_expiry_resolve(storage_expiry_at(9), 5, 7) == 9, "at 9 is not 9");
    testutil_assert(storage_expiry_resolve(storage_expiry_after(4), 5, 7) == 9, "4 after 5 is not 9");
    testutil_assert(storage_expiry_resolve(storage_expiry_after(INT64_MAX), 5, 7) == STORAGE_NEVER, "overflow");
    testutil_assert(storage_expiry_resolve(storage_expiry_after(1), INT64_MAX, 7) == STORAGE_NEVER, "overflow");
    testutil_assert(storage_expiry_resolve(storage_expiry_after(INT64_MIN), -5, 7) <= -5, "a time far in the past");
    testutil_assert(storage_expiry_resolve(storage_expiry_after(-1), INT64_MIN, 7) == INT64_MIN, "underflow");
}

static const TestutilContractCase cases[] = {
    CASE(a_key_is_there_until_its_time_and_gone_at_it, EXPIRY, WRITES, NULL),
    CASE(one_nanosecond_is_a_life, EXPIRY, WRITES, NULL),
    CASE(a_duration_of_zero_expires_at_once, EXPIRY, WRITES, NULL),
    CASE(a_negative_duration_expires_at_once, EXPIRY, WRITES, NULL),
    CASE(the_most_negative_duration_expires_at_once, EXPIRY, WRITES, NULL),
    CASE(a_set_that_expires_at_once_replaces_the_value, EXPIRY, WRITES, "a=1"),
    CASE(an_absolute_time_is_kept_exactly, EXPIRY, WRITES, NULL),
    CASE(an_absolute_time_of_now_expires_at_once, EXPIRY, WRITES, NULL),
    CASE(an_absolute_time_in_the_past_expires_at_once, EXPIRY, WRITES, NULL),
    CASE(the_last_absolute_time_is_never, EXPIRY, WRITES, NULL),
    CASE(a_duration_that_overflows_is_never, EXPIRY, WRITES, NULL),
    CASE(the_shortest_duration_that_overflows_is_never, EXPIRY, WRITES, NULL),
    CASE(a_hundred_years_are_no_overflow, EXPIRY, WRITES, NULL),
    CASE(never_holds_at_the_end_of_time, EXPIRY, WRITES, "a=1"),
    CASE(a_clock_before_1970_expires_nothing_early, EXPIRY, WRITES, NULL),
    CASE(keys_expire_each_at_its_own_time, EXPIRY, WRITES, NULL),
    CASE(a_second_set_extends_the_life, EXPIRY, WRITES, NULL),
    CASE(a_second_set_shortens_the_life, EXPIRY, WRITES, NULL),
    CASE(an_expired_key_can_be_set_again, EXPIRY, WRITES, NULL),
    CASE(a_scan_leaves_expired_rows_out, EXPIRY, WRITES, NULL),
    CASE(expired_rows_do_not_count_for_a_limit, EXPIRY, WRITES, NULL),
    CASE(a_reverse_scan_leaves_expired_rows_out, EXPIRY | REVERSE_SCAN, WRITES, NULL),
    CASE(a_seek_steps_over_expired_rows, EXPIRY, WRITES, NULL),
    CASE(a_held_value_stays_readable_after_its_expiry, EXPIRY, WRITES, NULL),
    CASE(expiring_makes_no_revision, EXPIRY, WRITES, NULL),
    CASE(nothing_comes_back_when_the_clock_steps_back_after_a_commit, EXPIRY, WRITES, NULL),
    CASE(a_compare_agrees_that_nothing_comes_back, EXPIRY | COMPARE, WRITES, NULL),
    CASE(a_duration_counts_from_database_time_when_the_clock_is_behind, EXPIRY, WRITES, NULL),
    CASE(an_absolute_time_between_the_clock_and_database_time_has_passed, EXPIRY, WRITES, NULL),
    CASE(time_goes_on_when_the_clock_has_caught_up, EXPIRY, WRITES, NULL),
    CASE(a_clock_that_jumps_ahead_expires_at_once, EXPIRY, WRITES, NULL),
    CASE(resolving_saturates, 0, 0, NULL),
};
const CaseTable testutil_cases_expiry = CASE_TABLE(cases);
