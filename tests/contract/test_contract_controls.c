/*
 * test_contract_controls.c - controls of the contract suite: a suite that cannot fail proves nothing.
 *
 * Negative: a layer with one planted defect makes the named cases fail. Positive: the same cases hold without it. The
 * cases run in processes of their own, so their failures are answers here.
 */
#include "broken.h"
#include "storage/backend.h"
#include "storage_testutil/storage_testutil.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A defect and a case ("group/name") that must find it. */
typedef struct Control {
    Defect defect;
    const char *case_name;
} Control;

static const Control controls[] = {
    {DEFECT_DELETES_NOTHING, "delete/a_deleted_key_is_not_found"},
    {DEFECT_DELETES_NOTHING, "delete/setting_and_deleting_in_turn_ends_as_the_last_one"},
    {DEFECT_BLIND_COMPARE, "compare/other_bytes_conflict_and_keep_the_value"},
    {DEFECT_BLIND_COMPARE, "compare/absent_expected_conflicts_on_a_present_key"},
    {DEFECT_BLIND_COMPARE, "compare/the_bytes_of_an_expired_key_conflict"},
    {DEFECT_BLIND_COMPARE, "concurrent/one_insert_of_ten_wins"},
    {DEFECT_IMMORTAL, "expiry/a_key_is_there_until_its_time_and_gone_at_it"},
    {DEFECT_IMMORTAL, "expiry/a_duration_of_zero_expires_at_once"},
    {DEFECT_IMMORTAL, "sweep/sweeping_counts_what_has_expired"},
    {DEFECT_IMMORTAL, "touch/a_touch_gives_an_expiry_and_keeps_the_value"},
    {DEFECT_TORN_WRITE, "write/one_conflict_undoes_all"},
    {DEFECT_TORN_WRITE, "write/atomic_operations_share_one_revision"},
    {DEFECT_TORN_WRITE, "write/a_touch_that_finds_nothing_undoes_all"},
    {DEFECT_LIVE_SCAN, "snapshot scan/a_later_insert_is_not_seen"},
    {DEFECT_LIVE_SCAN, "snapshot scan/a_later_delete_is_not_seen"},
    {DEFECT_LIVE_SCAN, "snapshot scan/rows_written_ahead_of_the_cursor_do_not_keep_it_going"},
    {DEFECT_ENDLESS_LIMIT, "scan/a_limit_ends_the_scan"},
    {DEFECT_ENDLESS_LIMIT, "scan/rows_before_a_seek_count_for_the_limit"},
    {DEFECT_WRITES_THROUGH, "transaction/nothing_is_seen_before_the_commit"},
    {DEFECT_WRITES_THROUGH, "transaction/closing_without_a_commit_leaves_no_trace"},
    {DEFECT_WRITES_THROUGH, "concurrent transaction/aborted_writes_are_never_seen"},
    {DEFECT_READS_NEWEST, "isolation/a_snapshot_reads_the_same_value_twice"},
    {DEFECT_READS_NEWEST, "transaction/it_reads_its_own_insert"},
    {DEFECT_READS_NEWEST, "serializable/write_skew_is_refused"},
    {DEFECT_DEAF_ROLLBACK, "savepoint/a_rollback_undoes_what_came_after"},
    {DEFECT_DEAF_ROLLBACK, "savepoint/a_set_that_was_undone_conflicts_with_nobody"},
    {DEFECT_FORGETS_TOKENS, "idempotency/a_set_happens_once"},
    {DEFECT_FORGETS_TOKENS, "idempotency/another_value_under_the_token_is_refused"},
    {DEFECT_FORGETS_TOKENS, "concurrent/a_token_sent_by_many_threads_is_written_once"},
    {DEFECT_SWALLOWS_CHANGES, "watch/a_set_is_a_change"},
    {DEFECT_SWALLOWS_CHANGES, "watch history/thousands_of_changes_are_told_without_a_gap"},
    {DEFECT_CRASHES, "get/stored_value_is_found"},
};
enum { CONTROL_COUNT = sizeof controls / sizeof controls[0], REASON_SIZE = 1024 };

static const TestutilContractCase *find_case(const char *full_name)
{
    const TestutilContractCase *cases;
    size_t count = testutil_contract_cases(&cases);
    char name[256];

    for (size_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "%s/%s", cases[i].group, cases[i].name);
        if (strcmp(name, full_name) == 0)
            return &cases[i];
    }
    ck_abort_msg("there is no case %s", full_name);
}

static TestutilOutcome run(Defect *defect, const char *stack, const char *case_name, char *ret_reason)
{
    TestutilRegistry *registry = testutil_registry_new();
    TestutilFactory factory = {registry, stack};
    TestutilOutcome outcome;

    ck_assert_ptr_nonnull(registry);
    testutil_registry_add_layer(registry, "broken", broken_wrap, defect);
    outcome = testutil_contract_run_case_isolated(&factory, find_case(case_name), ret_reason, REASON_SIZE);
    testutil_registry_free(registry);
    return outcome;
}

START_TEST(a_planted_defect_fails_the_case)
{
    Defect defect = controls[_i].defect;
    char reason[REASON_SIZE];

    ck_assert_msg(run(&defect, "broken/memory", controls[_i].case_name, reason) == TESTUTIL_FAILED,
                  "%s does not find defect %d", controls[_i].case_name, (int)defect);
    ck_assert_msg(reason[0] != '\0', "%s fails without a reason", controls[_i].case_name);
}
END_TEST

START_TEST(the_case_holds_without_the_defect)
{
    Defect defect = DEFECT_LIVE_SCAN_DECLARED; /* not on the stack */
    char reason[REASON_SIZE];

    ck_assert_msg(run(&defect, "pass_through/memory", controls[_i].case_name, reason) == TESTUTIL_PASSED, "%s: %s",
                  controls[_i].case_name, reason);
}
END_TEST

START_TEST(a_declared_weakening_is_asserted_and_not_a_failure)
{
    Defect defect = DEFECT_LIVE_SCAN_DECLARED;
    char reason[REASON_SIZE];

    ck_assert_int_eq(run(&defect, "broken/memory", "snapshot scan/a_later_insert_is_not_seen", reason),
                     TESTUTIL_SKIPPED);
    ck_assert_msg(strstr(reason, "cursors of the stack are live") != NULL, "the reason is: %s", reason);
    ck_assert_msg(run(&defect, "broken/memory", "weakening/a_live_cursor_is_ordered_under_writes", reason) ==
                      TESTUTIL_PASSED,
                  "%s", reason);
    ck_assert_int_eq(run(&defect, "pass_through/memory", "weakening/a_live_cursor_is_ordered_under_writes", reason),
                     TESTUTIL_SKIPPED);
}
END_TEST

START_TEST(a_stack_that_takes_writes_is_not_held_to_refusing_them)
{
    Defect defect = DEFECT_LIVE_SCAN_DECLARED;
    char reason[REASON_SIZE];

    ck_assert_int_eq(run(&defect, "memory", "weakening/a_set_is_refused", reason), TESTUTIL_SKIPPED);
    ck_assert_int_eq(run(&defect, "read_only/memory", "weakening/a_set_is_refused", reason), TESTUTIL_PASSED);
    ck_assert_int_eq(run(&defect, "read_only/memory", "set/a_set_is_read_back", reason), TESTUTIL_SKIPPED);
}
END_TEST

START_TEST(names_of_cases_are_distinct)
{
    const TestutilContractCase *cases;
    size_t count = testutil_contract_cases(&cases);

    ck_assert_uint_ge(count, 250);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++)
            ck_assert_msg(strcmp(cases[i].name, cases[j].name) != 0 || strcmp(cases[i].group, cases[j].group) != 0,
                          "there are two cases %s/%s", cases[i].group, cases[i].name);
}
END_TEST

START_TEST(reasons_name_what_a_stack_lacks)
{
    TestutilContractCase contract_case = {
        "group", "name", STORAGE_CAPABILITY_WATCH | STORAGE_CAPABILITY_SAVEPOINTS, 0, 0, NULL, NULL};
    char reason[REASON_SIZE] = "";

    ck_assert(!testutil_contract_cannot_run(&contract_case, UINT64_MAX, 0, reason, sizeof reason));
    ck_assert_str_eq(reason, "");
    ck_assert(testutil_contract_cannot_run(&contract_case, STORAGE_CAPABILITY_WATCH, 0, reason, sizeof reason));
    ck_assert_str_eq(reason, "the stack lacks: savepoints");
    ck_assert(testutil_contract_cannot_run(&contract_case, 0, 0, reason, sizeof reason));
    ck_assert_str_eq(reason, "the stack lacks: savepoints, watch");
    contract_case.needs = TESTUTIL_NEEDS_LACK;
    ck_assert(!testutil_contract_cannot_run(&contract_case, 0, 0, reason, sizeof reason));
    ck_assert(testutil_contract_cannot_run(&contract_case, STORAGE_CAPABILITY_WATCH, 0, reason, sizeof reason));
    ck_assert_str_eq(reason, "the stack has: watch");
}
END_TEST

START_TEST(the_runner_without_a_framework_counts_everything)
{
    TestutilRegistry *registry = testutil_registry_new();
    TestutilFactory factory = {registry, "read_only/memory"};
    TestutilContractReport report;

    ck_assert_ptr_nonnull(registry);
    ck_assert_uint_eq(testutil_contract_run_group(&factory, "weakening", &report), report.failed_count);
    ck_assert_uint_eq(report.failed_count, 0);
    ck_assert_uint_gt(report.skipped_count, 0);
    ck_assert_uint_eq(report.passed_count + report.skipped_count, report.case_count);
    ck_assert_uint_gt(report.weakening_count, 0);
    testutil_registry_free(registry);
}
END_TEST

START_TEST(the_runner_without_a_framework_counts_failures)
{
    Defect defect = DEFECT_DELETES_NOTHING;
    TestutilRegistry *registry = testutil_registry_new();
    TestutilFactory factory = {registry, "broken/memory"};
    TestutilContractReport report;

    ck_assert_ptr_nonnull(registry);
    testutil_registry_add_layer(registry, "broken", broken_wrap, &defect);
    ck_assert_uint_gt(testutil_contract_run_group(&factory, "delete", &report), 0);
    ck_assert_uint_gt(report.failed_count, 0);
    ck_assert_uint_eq(report.passed_count + report.skipped_count + report.failed_count, report.case_count);
    testutil_registry_free(registry);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("contract controls");
    TCase *planted = tcase_create("planted defects"), *suite_itself = tcase_create("the suite itself");
    SRunner *runner;
    int failed_count;

    tcase_set_timeout(planted, 60);
    tcase_add_loop_test(planted, a_planted_defect_fails_the_case, 0, CONTROL_COUNT);
    tcase_add_loop_test(planted, the_case_holds_without_the_defect, 0, CONTROL_COUNT);
    suite_add_tcase(suite, planted);
    tcase_set_timeout(suite_itself, 300);
    tcase_add_test(suite_itself, a_declared_weakening_is_asserted_and_not_a_failure);
    tcase_add_test(suite_itself, a_stack_that_takes_writes_is_not_held_to_refusing_them);
    tcase_add_test(suite_itself, names_of_cases_are_distinct);
    tcase_add_test(suite_itself, reasons_name_what_a_stack_lacks);
    tcase_add_test(suite_itself, the_runner_without_a_framework_counts_everything);
    tcase_add_test(suite_itself, the_runner_without_a_framework_counts_failures);
    suite_add_tcase(suite, suite_itself);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
