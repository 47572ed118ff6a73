/*
 * test_history_checkers.c - the checkers of histories against histories that were made by hand: right ones that look
 * odd, and wrong ones that look harmless. Without the wrong ones a checker that always agrees would pass.
 */
#include <string.h>

#include "property.h"
#include "storage_testutil/history.h"

/* ---- registers ---- */

#define GET(thread, from, to, found)                                                                                 \
    {                                                                                                                \
        .invoked = (from), .responded = (to), .thread_no = (thread), .kind = TESTUTIL_REGISTER_GET, .value = (found) \
    }
#define SET(thread, from, to, written)                                                                                 \
    {                                                                                                                  \
        .invoked = (from), .responded = (to), .thread_no = (thread), .kind = TESTUTIL_REGISTER_SET, .value = (written) \
    }
#define DELETE(thread, from, to)                                                                      \
    {                                                                                                 \
        .invoked = (from), .responded = (to), .thread_no = (thread), .kind = TESTUTIL_REGISTER_DELETE \
    }
#define COMPARE_AND_SET(thread, from, to, old, written, how)                                                    \
    {                                                                                                           \
        .invoked = (from), .responded = (to), .thread_no = (thread), .kind = TESTUTIL_REGISTER_COMPARE_AND_SET, \
        .expected = (old), .value = (written), .outcome = (how)                                                 \
    }

#define expect_verdict(expected, calls) check_calls(__LINE__, (expected), (calls), sizeof(calls) / sizeof((calls)[0]))

static void check_calls(int line, TestutilVerdict expected, const TestutilRegisterCall *calls, size_t count)
{
    TestutilText reason = {0};
    TestutilVerdict verdict = testutil_register_check(calls, count, &reason);

    if (verdict != expected)
        testutil_fail(__FILE__, line, "verdict %d, expected %d: %s", verdict, expected, testutil_text(&reason));
    ck_assert_int_eq(verdict == TESTUTIL_HISTORY_CORRECT, strlen(testutil_text(&reason)) == 0);
    testutil_text_done(&reason);
}

START_TEST(a_history_one_after_the_other_is_linearizable)
{
    TestutilRegisterCall calls[] = {GET(0, 1, 2, 0), SET(0, 3, 4, 7), GET(0, 5, 6, 7), DELETE(0, 7, 8),
                                    GET(0, 9, 10, 0)};

    expect_verdict(TESTUTIL_HISTORY_CORRECT, calls);
    expect_verdict(TESTUTIL_HISTORY_CORRECT, ((TestutilRegisterCall[]){GET(0, 1, 2, 0)}));
    ck_assert_int_eq(testutil_register_check(NULL, 0, NULL), TESTUTIL_HISTORY_CORRECT);
}
END_TEST

START_TEST(a_read_during_a_write_may_see_either_value)
{
    TestutilRegisterCall sees_new[] = {SET(0, 1, 10, 7), GET(1, 2, 3, 7)};
    TestutilRegisterCall sees_old[] = {SET(0, 1, 10, 7), GET(1, 2, 3, 0)};

    expect_verdict(TESTUTIL_HISTORY_CORRECT, sees_new);
    expect_verdict(TESTUTIL_HISTORY_CORRECT, sees_old);
}
END_TEST

START_TEST(a_stale_read_is_found)
{
    TestutilRegisterCall calls[] = {SET(0, 1, 2, 7), SET(0, 3, 4, 8), GET(1, 5, 6, 7)};

    expect_verdict(TESTUTIL_HISTORY_WRONG, calls);
}
END_TEST

START_TEST(a_value_that_goes_back_between_two_reads_is_found)
{
    TestutilRegisterCall calls[] = {SET(0, 1, 20, 7), GET(1, 2, 3, 7), GET(1, 4, 5, 0)};

    expect_verdict(TESTUTIL_HISTORY_WRONG, calls);
}
END_TEST

START_TEST(a_value_that_nobody_wrote_is_found)
{
    TestutilRegisterCall calls[] = {SET(0, 1, 2, 7), GET(1, 3, 4, 9)};

    expect_verdict(TESTUTIL_HISTORY_WRONG, calls);
}
END_TEST

START_TEST(a_lost_write_is_found)
{
    TestutilRegisterCall calls[] = {SET(0, 1, 2, 7), GET(1, 3, 4, 0)};

    expect_verdict(TESTUTIL_HISTORY_WRONG, calls);
}
END_TEST

START_TEST(two_winners_of_one_comparison_are_found)
{
    TestutilRegisterCall calls[] = {COMPARE_AND_SET(0, 1, 10, 0, 7, TESTUTIL_REGISTER_DONE),
                                    COMPARE_AND_SET(1, 2, 9, 0, 8, TESTUTIL_REGISTER_DONE)};

    expect_verdict(TESTUTIL_HISTORY_WRONG, calls);
}
END_TEST

START_TEST(one_winner_and_one_conflict_are_linearizable)
{
    TestutilRegisterCall calls[] = {COMPARE_AND_SET(0, 1, 10, 0, 7, TESTUTIL_REGISTER_DONE),
                                    COMPARE_AND_SET(1, 2, 9, 0, 8, TESTUTIL_REGISTER_CONFLICT), GET(0, 11, 12, 7)};

    expect_verdict(TESTUTIL_HISTORY_CORRECT, calls);
}
END_TEST

START_TEST(a_conflict_without_a_reason_is_found)
{
    TestutilRegisterCall calls[] = {SET(0, 1, 2, 7), COMPARE_AND_SET(1, 3, 4, 7, 8, TESTUTIL_REGISTER_CONFLICT)};

    expect_verdict(TESTUTIL_HISTORY_WRONG, calls);
}
END_TEST

START_TEST(a_call_of_unknown_outcome_may_have_happened_late_or_never)
{
    TestutilRegisterCall late[] = {SET(0, 1, 2, 7), GET(1, 3, 4, 0), GET(1, 5, 6, 7)};
    TestutilRegisterCall never[] = {SET(0, 1, 2, 7), GET(1, 3, 4, 0), GET(1, 5, 6, 0)};
    TestutilRegisterCall early[] = {GET(1, 1, 2, 7), SET(0, 3, 4, 7)};

    late[0].outcome = never[0].outcome = early[1].outcome = TESTUTIL_REGISTER_UNKNOWN;
    expect_verdict(TESTUTIL_HISTORY_CORRECT, late);
    expect_verdict(TESTUTIL_HISTORY_CORRECT, never);
    expect_verdict(TESTUTIL_HISTORY_WRONG, early);
}
END_TEST

START_TEST(keys_are_decided_by_themselves)
{
    TestutilRegisterCall calls[] = {SET(0, 1, 2, 7), GET(1, 3, 4, 0), GET(1, 5, 6, 7)};

    calls[1].key_no = 1;
    expect_verdict(TESTUTIL_HISTORY_CORRECT, calls);
    calls[1].key_no = 0;
    expect_verdict(TESTUTIL_HISTORY_WRONG, calls);
}
END_TEST

/* Right choices that turn out wrong only much later: what the search must take back. */
START_TEST(early_choices_are_taken_back)
{
    TestutilRegisterCall calls[] = {SET(0, 1, 100, 1), SET(1, 2, 101, 2), SET(2, 3, 102, 3),
                                    GET(3, 4, 5, 3),   GET(3, 6, 7, 1),   GET(3, 8, 9, 2)};

    expect_verdict(TESTUTIL_HISTORY_CORRECT, calls);
    calls[5].value = 3;
    expect_verdict(TESTUTIL_HISTORY_WRONG, calls);
}
END_TEST

/* Many overlapping writes and a read that none explains: exhausting it takes the memory of explored states. */
START_TEST(a_wide_history_that_is_wrong_is_exhausted)
{
    TestutilRegisterCall calls[13];

    for (uint32_t i = 0; i < 12; i++)
        calls[i] = (TestutilRegisterCall)SET(i, i + 1u, 1000u + i, i + 1u);
    calls[12] = (TestutilRegisterCall)GET(12, 2000, 2001, 99);
    expect_verdict(TESTUTIL_HISTORY_WRONG, calls);
    calls[12].value = 5;
    expect_verdict(TESTUTIL_HISTORY_CORRECT, calls);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_history_one_after_the_other_is_linearizable,
        a_read_during_a_write_may_see_either_value,
        a_stale_read_is_found,
        a_value_that_goes_back_between_two_reads_is_found,
        a_value_that_nobody_wrote_is_found,
        a_lost_write_is_found,
        two_winners_of_one_comparison_are_found,
        one_winner_and_one_conflict_are_linearizable,
        a_conflict_without_a_reason_is_found,
        a_call_of_unknown_outcome_may_have_happened_late_or_never,
        keys_are_decided_by_themselves,
        early_choices_are_taken_back,
        a_wide_history_that_is_wrong_is_exhausted,
    };

    return property_run(property_suite("history checkers", 30, tests, sizeof(tests) / sizeof(tests[0])));
}
