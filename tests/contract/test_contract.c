/*
 * test_contract.c - the contract suite over one stack, one Check test for each case.
 *
 *     test_contract STACK      for example read_only/pass_through/memory
 *
 * What the stack cannot be held to is sorted out first, by its capabilities. Every other case runs in a process of its
 * own (CK_FORK=no turns that off), so that a crash or a sanitizer's report fails that case. What was skipped, and why,
 * is printed at the end; outcomes come back through shared memory.
 */
#include "custom_backend.h"
#include "storage_testutil/storage_testutil.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { REASON_SIZE = 200 };

typedef struct Outcome {
    uint32_t passed, skipped;
    char reason[REASON_SIZE];
} Outcome;

static const TestutilContractCase *cases;
static size_t case_count;
static size_t *runnable; /* indexes of the cases that the stack is held to, in order */
static size_t runnable_count;
static TestutilFactory factory;
static Outcome *outcomes; /* one for each case, shared with the processes of the cases */

static void fail_in_check(void *user_data, const char *file, int line, const char *message)
{
    const TestutilContractCase *contract_case = user_data;

    ck_abort_msg("%s/%s: %s:%d: %s", contract_case->group, contract_case->name, file, line, message);
}

START_TEST(case_holds)
{
    const TestutilContractCase *contract_case = &cases[runnable[_i]];
    Outcome *outcome = &outcomes[runnable[_i]];

    testutil_set_fail_hook(fail_in_check, (void *)(uintptr_t)contract_case);
    if (testutil_contract_run_case(&factory, contract_case, outcome->reason, REASON_SIZE) == TESTUTIL_SKIPPED)
        outcome->skipped = 1;
    else
        outcome->passed = 1;
}
END_TEST

static StorageStatus open_custom(void *user_data, const TestutilStoreOptions *options, StorageBackend **ret_backend,
                                 StorageContext *ctx)
{
    (void)user_data;
    if (options->limit_bytes != 0)
        return STORAGE_UNSUPPORTED;
    return custom_backend_open(options->environment, ret_backend, ctx);
}

/* Sorts out what the stack cannot be held to. Returns 0 when it does not open. */
static int select_cases(void)
{
    const StorageCapabilities *capabilities;
    StorageBackend *backend;
    StorageStatus status = testutil_factory_open(&factory, NULL, &backend, NULL);

    if (status != STORAGE_OK) {
        fprintf(stderr, "%s does not open: %s\n", factory.stack, storage_status_name(status));
        return 0;
    }
    capabilities = storage_backend_capabilities(backend);
    for (size_t i = 0; i < case_count; i++)
        if (testutil_contract_cannot_run(&cases[i], capabilities->capabilities, capabilities->weakenings,
                                         outcomes[i].reason, REASON_SIZE))
            outcomes[i].skipped = 1;
        else
            runnable[runnable_count++] = i;
    return storage_close(backend, NULL) == STORAGE_OK;
}

static const char *group_of(size_t index)
{
    return cases[runnable[index]].group;
}

/* One TCase for each group, so that CK_RUN_CASE=watch runs one group. */
static Suite *make_suite(void)
{
    Suite *suite = suite_create("contract");

    for (size_t start = 0, end; start < runnable_count; start = end) {
        TCase *group = tcase_create(group_of(start));

        for (end = start; end < runnable_count && strcmp(group_of(end), group_of(start)) == 0; end++)
            ;
        tcase_set_timeout(group, 60);
        tcase_add_loop_test(group, case_holds, (int)start, (int)end);
        suite_add_tcase(suite, group);
    }
    return suite;
}

/* Each reason once, with its cases. */
static void print_skipped(void)
{
    for (size_t i = 0; i < case_count; i++) {
        size_t count = 0, first = i;

        if (!outcomes[i].skipped)
            continue;
        for (size_t j = 0; j < case_count; j++)
            if (outcomes[j].skipped && strcmp(outcomes[j].reason, outcomes[i].reason) == 0) {
                first = j < first ? j : first;
                count++;
            }
        if (first == i)
            printf("skipped %4zu: %s\n", count, outcomes[i].reason);
    }
}

static void print_summary(int failed_count)
{
    const uint32_t weakening = TESTUTIL_NEEDS_WRITES_REFUSED | TESTUTIL_NEEDS_LIVE_SCAN;
    size_t passed_count = 0, skipped_count = 0, weakening_count = 0;

    for (size_t i = 0; i < case_count; i++) {
        passed_count += outcomes[i].passed;
        skipped_count += outcomes[i].skipped;
        weakening_count += outcomes[i].passed && (cases[i].needs & weakening) != 0;
    }
    print_skipped();
    printf("%s: %zu distinct cases: %zu passed (%zu of them assert a weakening), %zu skipped, %d failed\n",
           factory.stack, case_count, passed_count, weakening_count, skipped_count, failed_count);
}

static int run(void)
{
    SRunner *runner = srunner_create(make_suite());
    int failed_count;

    srunner_run_all(runner, CK_ENV);
    failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    print_summary(failed_count);
    return failed_count;
}

int main(int argc, char **argv)
{
    TestutilRegistry *registry = testutil_registry_new();
    int succeeded;

    if (argc != 2 || registry == NULL) {
        fprintf(stderr, "usage: test_contract STACK\n");
        return EXIT_FAILURE;
    }
    testutil_registry_add_backend(registry, "custom", open_custom, NULL);
    factory = (TestutilFactory){registry, argv[1]};
    case_count = testutil_contract_cases(&cases);
    outcomes = mmap(NULL, case_count * sizeof *outcomes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    runnable = calloc(case_count, sizeof *runnable);
    if (outcomes == MAP_FAILED || runnable == NULL) {
        perror("test_contract");
        return EXIT_FAILURE;
    }
    succeeded = select_cases() && run() == 0;
    munmap(outcomes, case_count * sizeof *outcomes);
    free(runnable);
    testutil_registry_free(registry);
    return succeeded ? EXIT_SUCCESS : EXIT_FAILURE;
}
