/*
 * contract.c - runs the cases of the contract suite: which of them a stack can be held to, one alone, one in a child
 * process, all of them.
 *
 * 1. Every case has a fresh stack and a fresh clock, so the order of cases means nothing.
 * 2. A case is skipped for a reason that can be read from the stack's capabilities, or that the case itself states.
 * 3. The stack must still close with OK after the case.
 */
#include "storage_testutil/contract.h"

#include "case.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CASE_COUNT_MAX = 2048, EXIT_SKIPPED = 77, REASON_SIZE = 2048 };

/* ---- the cases ---- */

static TestutilContractCase all_cases[CASE_COUNT_MAX];
static size_t all_case_count;

static void collect_cases(void)
{
    static const CaseTable *const tables[] = {
        &testutil_cases_get,
        &testutil_cases_set,
        &testutil_cases_delete,
        &testutil_cases_cas,
        &testutil_cases_touch,
        &testutil_cases_range,
        &testutil_cases_scan,
        &testutil_cases_snapshot_scan,
        &testutil_cases_clear,
        &testutil_cases_write,
        &testutil_cases_expiry,
        &testutil_cases_sweep,
        &testutil_cases_transaction,
        &testutil_cases_transaction_compare,
        &testutil_cases_transaction_scan,
        &testutil_cases_transaction_end,
        &testutil_cases_closure,
        &testutil_cases_isolation,
        &testutil_cases_serializable,
        &testutil_cases_savepoint,
        &testutil_cases_watch,
        &testutil_cases_watch_history,
        &testutil_cases_idempotency,
        &testutil_cases_idempotency_commit,
        &testutil_cases_context,
        &testutil_cases_every_call,
        &testutil_cases_close,
        &testutil_cases_close_running,
        &testutil_cases_fork,
        &testutil_cases_arguments,
        &testutil_cases_options,
        &testutil_cases_concurrent,
        &testutil_cases_concurrent_transaction,
        &testutil_cases_describe,
        &testutil_cases_weakening,
    };

    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        for (size_t j = 0; j < tables[i]->count; j++) {
            testutil_assert(all_case_count < CASE_COUNT_MAX, "more than %d cases", CASE_COUNT_MAX);
            all_cases[all_case_count++] = tables[i]->cases[j];
        }
}

size_t testutil_contract_cases(const TestutilContractCase **ret_cases)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, collect_cases);
    *ret_cases = all_cases;
    return all_case_count;
}

/* ---- which of them a stack can be held to ---- */

static const struct {
    uint64_t capability;
    const char *name;
} capability_names[] = {
    {STORAGE_CAPABILITY_TRANSACTIONS, "transactions"},
    {STORAGE_CAPABILITY_SERIALIZABLE, "serializable isolation"},
    {STORAGE_CAPABILITY_SAVEPOINTS, "savepoints"},
    {STORAGE_CAPABILITY_TABLES, "tables"},
    {STORAGE_CAPABILITY_COMPARE, "compare_and_set"},
    {STORAGE_CAPABILITY_CLEAR_RANGE, "clear_range"},
    {STORAGE_CAPABILITY_MULTI_WRITE, "writes of several operations"},
    {STORAGE_CAPABILITY_EXPIRY, "expiry"},
    {STORAGE_CAPABILITY_WATCH, "watch"},
    {STORAGE_CAPABILITY_IDEMPOTENCY, "idempotency tokens"},
    {STORAGE_CAPABILITY_REVERSE_SCAN, "reverse scans"},
    {STORAGE_CAPABILITY_DURABLE, "durability"},
};

static void name_capabilities(uint64_t capabilities, TestutilText *text)
{
    for (size_t i = 0; i < sizeof capability_names / sizeof capability_names[0]; i++)
        if ((capabilities & capability_names[i].capability) != 0)
            testutil_text_add(text, "%s%s", text->size == 0 ? "" : ", ", capability_names[i].name);
}

int testutil_contract_cannot_run(const TestutilContractCase *contract_case, uint64_t capabilities, uint32_t weakenings,
                                 char *ret_reason, size_t reason_size)
{
    uint32_t needs = contract_case->needs;
    uint64_t lacking = contract_case->capabilities & ~capabilities;
    TestutilText names = {0};
    const char *sentence = NULL;

    if ((needs & TESTUTIL_NEEDS_LACK) != 0) {
        if ((contract_case->capabilities & capabilities) != 0) {
            sentence = "the stack has: ";
            name_capabilities(contract_case->capabilities & capabilities, &names);
        }
    } else if (lacking != 0) {
        sentence = "the stack lacks: ";
        name_capabilities(lacking, &names);
    }
    if (sentence != NULL)
        ;
    else if ((needs & TESTUTIL_NEEDS_WRITES) != 0 && (weakenings & STORAGE_WEAKENING_WRITES_REFUSED) != 0)
        sentence = "the stack refuses writes (the weakening is asserted)";
    else if ((needs & TESTUTIL_NEEDS_STABLE_SCAN) != 0 && (weakenings & STORAGE_WEAKENING_SCAN_LIVE) != 0)
        sentence = "cursors of the stack are live (the weakening is asserted)";
    else if ((needs & TESTUTIL_NEEDS_WRITES_REFUSED) != 0 && (weakenings & STORAGE_WEAKENING_WRITES_REFUSED) == 0)
        sentence = "the stack takes writes";
    else if ((needs & TESTUTIL_NEEDS_LIVE_SCAN) != 0 && (weakenings & STORAGE_WEAKENING_SCAN_LIVE) == 0)
        sentence = "cursors of the stack are snapshots";
    if (sentence == NULL)
        return 0;
    snprintf(ret_reason, reason_size, "%s%s", sentence, testutil_text(&names));
    testutil_text_done(&names);
    return 1;
}

/* ---- one case ---- */

TestutilOutcome testutil_contract_run_case(const TestutilFactory *factory, const TestutilContractCase *contract_case,
                                           char *ret_reason, size_t reason_size)
{
    TestutilFixture fixture = {
        .factory = factory, .contract_case = contract_case, .skip_reason = ret_reason, .skip_reason_size = reason_size};
    TestutilStoreOptions options = {.populate = testutil_case_populate,
                                    .populate_user_data = (void *)(uintptr_t)contract_case->rows};
    const StorageCapabilities *capabilities;
    int cannot_run;

    testutil_assert(reason_size > 0, "there is no room for a reason");
    *ret_reason = '\0';
    fixture.clock = testutil_clock_new(1);
    fixture.ctx = storage_context_new();
    testutil_assert(fixture.clock != NULL && fixture.ctx != NULL, "no memory for a fixture");
    options.environment = testutil_clock_environment(fixture.clock);
    testutil_assert_ok(testutil_factory_open(factory, &options, &fixture.backend, NULL));
    capabilities = storage_backend_capabilities(fixture.backend);
    cannot_run = testutil_contract_cannot_run(contract_case, capabilities->capabilities, capabilities->weakenings,
                                              ret_reason, reason_size);
    if (!cannot_run)
        contract_case->function(&fixture);
    testutil_assert_ok(storage_close(fixture.backend, NULL));
    storage_context_free(fixture.ctx);
    testutil_clock_free(fixture.clock);
    return *ret_reason == '\0' ? TESTUTIL_PASSED : TESTUTIL_SKIPPED;
}

/* ---- one case in a child process ---- */

static void tell_parent(void *user_data, const char *file, int line, const char *message)
{
    const int *descriptor = user_data;

    dprintf(*descriptor, "%s:%d: %s", file, line, message);
    fflush(NULL);
    _exit(EXIT_FAILURE);
}

__attribute__((noreturn)) static void run_in_child(const TestutilFactory *factory,
                                                   const TestutilContractCase *contract_case, int descriptor)
{
    char reason[REASON_SIZE];
    TestutilOutcome outcome;

    testutil_set_fail_hook(tell_parent, &descriptor);
    outcome = testutil_contract_run_case(factory, contract_case, reason, sizeof reason);
    if (outcome == TESTUTIL_SKIPPED)
        dprintf(descriptor, "%s", reason);
    /* exit, not _exit: sanitizers report leaks and races from there. */
    exit(outcome == TESTUTIL_SKIPPED ? EXIT_SKIPPED : EXIT_SUCCESS);
}

static void read_all(int descriptor, char *text, size_t text_size)
{
    size_t size = 0;
    ssize_t got;

    while (size + 1 < text_size && (got = read(descriptor, text + size, text_size - size - 1)) > 0)
        size += (size_t)got;
    text[size] = '\0';
}

TestutilOutcome testutil_contract_run_case_isolated(const TestutilFactory *factory,
                                                    const TestutilContractCase *contract_case, char *ret_reason,
                                                    size_t reason_size)
{
    int descriptors[2], wait_status;
    pid_t child;

    testutil_assert(pipe(descriptors) == 0, "no pipe");
    fflush(NULL); /* what is buffered would be written by the child again */
    child = fork();
    testutil_assert(child >= 0, "no child process");
    if (child == 0) {
        close(descriptors[0]);
        run_in_child(factory, contract_case, descriptors[1]);
    }
    close(descriptors[1]);
    read_all(descriptors[0], ret_reason, reason_size);
    close(descriptors[0]);
    testutil_assert(waitpid(child, &wait_status, 0) == child, "the child process is not to be found");
    if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == EXIT_SUCCESS)
        return TESTUTIL_PASSED;
    if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == EXIT_SKIPPED)
        return TESTUTIL_SKIPPED;
    if (*ret_reason == '\0')
        snprintf(ret_reason, reason_size, "the process ended with %s %d",
                 WIFSIGNALED(wait_status) ? "signal" : "status",
                 WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : WEXITSTATUS(wait_status));
    return TESTUTIL_FAILED;
}

/* ---- all of them ---- */

/* What the stack can do, so that cases it cannot be held to cost no process. */
static StorageCapabilities capabilities_of(const TestutilFactory *factory)
{
    StorageCapabilities capabilities;
    StorageBackend *backend;

    testutil_assert_ok(testutil_factory_open(factory, NULL, &backend, NULL));
    capabilities = *storage_backend_capabilities(backend);
    testutil_assert_ok(storage_close(backend, NULL));
    return capabilities;
}

size_t testutil_contract_run(const TestutilFactory *factory, TestutilContractReport *ret_report)
{
    return testutil_contract_run_group(factory, NULL, ret_report);
}

size_t testutil_contract_run_group(const TestutilFactory *factory, const char *group,
                                   TestutilContractReport *ret_report)
{
    const uint32_t weakening = TESTUTIL_NEEDS_WRITES_REFUSED | TESTUTIL_NEEDS_LIVE_SCAN;
    StorageCapabilities stack = capabilities_of(factory);
    TestutilContractReport report = {0};
    const TestutilContractCase *cases;
    size_t count = testutil_contract_cases(&cases);
    char reason[REASON_SIZE];

    for (size_t i = 0; i < count; i++) {
        TestutilOutcome outcome = TESTUTIL_SKIPPED;

        if (group != NULL && strcmp(cases[i].group, group) != 0)
            continue;
        report.case_count++;
        if (!testutil_contract_cannot_run(&cases[i], stack.capabilities, stack.weakenings, reason, sizeof reason))
            outcome = testutil_contract_run_case_isolated(factory, &cases[i], reason, sizeof reason);
        if (outcome == TESTUTIL_PASSED) {
            report.passed_count++;
            report.weakening_count += (cases[i].needs & weakening) != 0;
            continue;
        }
        *(outcome == TESTUTIL_SKIPPED ? &report.skipped_count : &report.failed_count) += 1;
        printf("%s %s/%s: %s\n", outcome == TESTUTIL_SKIPPED ? "skipped" : "FAILED", cases[i].group, cases[i].name,
               reason);
    }
    printf("%s: %zu cases: %zu passed (%zu of them assert a weakening), %zu skipped, %zu failed\n", factory->stack,
           report.case_count, report.passed_count, report.weakening_count, report.skipped_count, report.failed_count);
    if (ret_report != NULL)
        *ret_report = report;
    return report.failed_count;
}
