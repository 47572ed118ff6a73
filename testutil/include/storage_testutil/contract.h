/*
 * storage_testutil/contract.h - the contract suite: one named case for each behaviour that every backend, and every
 * stack of layers over it, has.
 *
 * A case needs capabilities; on a stack that lacks one it is skipped, and the reason says which. A stack that weakens a
 * rule of the contract is held to the weakening: cases that ask for writes are skipped where writes are refused, and
 * the cases of the group "weakening" run instead.
 *
 * From a test framework: one test for each element of testutil_contract_cases, calling testutil_contract_run_case with
 * the fail hook set to the framework's failure. Without one: testutil_contract_run.
 */
#ifndef STORAGE_TESTUTIL_CONTRACT_H
#define STORAGE_TESTUTIL_CONTRACT_H

#include "storage_testutil/factory.h"

STORAGE_BEGIN_DECLS

typedef struct TestutilFixture TestutilFixture;
typedef struct TestutilContractCase TestutilContractCase;

/* What a case needs of the stack beside the capabilities (STORAGE_CAPABILITY_...) that it names. */
enum {
    TESTUTIL_NEEDS_WRITES = 1u << 0,         /* a stack that takes writes */
    TESTUTIL_NEEDS_STABLE_SCAN = 1u << 1,    /* cursors that are snapshots */
    TESTUTIL_NEEDS_WRITES_REFUSED = 1u << 2, /* a stack that declares this weakening */
    TESTUTIL_NEEDS_LIVE_SCAN = 1u << 3,      /* a stack that declares this weakening */
    TESTUTIL_NEEDS_LACK = 1u << 4            /* a stack that lacks every capability that is named */
};

struct TestutilContractCase {
    const char *group, *name;
    uint64_t capabilities; /* STORAGE_CAPABILITY_... */
    uint32_t needs;        /* TESTUTIL_NEEDS_... */
    uint32_t reserved;
    const char *rows; /* what the store holds at the start, "a=1 b=2", or NULL */
    void (*function)(TestutilFixture *fixture);
};

/* All cases; the array lives for ever. Returns their number. */
size_t testutil_contract_cases(const TestutilContractCase **ret_cases);

typedef enum TestutilOutcome { TESTUTIL_PASSED = 0, TESTUTIL_SKIPPED = 1, TESTUTIL_FAILED = 2 } TestutilOutcome;

/*
 * Runs one case on a fresh stack of `factory`. Returns PASSED, or SKIPPED with the reason in `ret_reason`; a failed
 * assertion calls the fail hook and does not return.
 */
TestutilOutcome testutil_contract_run_case(const TestutilFactory *factory, const TestutilContractCase *contract_case,
                                           char *ret_reason, size_t reason_size);

/* The same in a child process, so that a failed assertion, a crash or a sanitizer's report is FAILED with a reason. */
TestutilOutcome testutil_contract_run_case_isolated(const TestutilFactory *factory,
                                                    const TestutilContractCase *contract_case, char *ret_reason,
                                                    size_t reason_size);

typedef struct TestutilContractReport {
    size_t case_count, passed_count, skipped_count, failed_count;
    size_t weakening_count; /* cases among the passed ones that asserted a declared weakening */
} TestutilContractReport;

/*
 * Runs all cases, each in a child process, and writes one line for each that did not pass and a summary to standard
 * output. Returns the number of failed cases.
 */
size_t testutil_contract_run(const TestutilFactory *factory, TestutilContractReport *ret_report);

/* The same for the cases of one group ("watch"), or for all when it is NULL. */
size_t testutil_contract_run_group(const TestutilFactory *factory, const char *group,
                                   TestutilContractReport *ret_report);

/* Adds to the text "name of the need, ..." why `contract_case` cannot run on such a stack; returns 0 when it can. */
int testutil_contract_cannot_run(const TestutilContractCase *contract_case, uint64_t capabilities, uint32_t weakenings,
                                 char *ret_reason, size_t reason_size);

STORAGE_END_DECLS

#endif
