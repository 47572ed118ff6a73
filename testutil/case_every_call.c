/*
 * case_every_call.c - the rules that hold for every call: a deadline that has passed is TIMEOUT, a cancelled context is
 * CANCELLED, a NULL handle is INVALID_ARGUMENT, all without any effect and with empty outputs.
 */
#include "case_call.h"

#define CASE_GROUP "every call"

static void after_the_deadline(TestutilFixture *fixture, const char *name)
{
    const Call *call = testutil_call_named(name);
    CallHandles handles;

    testutil_call_handles_open(fixture->backend, &handles);
    storage_context_set_deadline(fixture->ctx, testutil_clock_monotonic_ns(fixture->clock));
    testutil_check_status(__FILE__, __LINE__, name, STORAGE_TIMEOUT, call->function(&handles, fixture->ctx));
    testutil_assert(storage_context_error_count(fixture->ctx) > 0, "%s timed out without an error text", name);
    testutil_call_handles_close(&handles);
    assert_store(fixture, "a=1 b=2");
}

static void when_cancelled(TestutilFixture *fixture, const char *name)
{
    const Call *call = testutil_call_named(name);
    CallHandles handles;

    testutil_call_handles_open(fixture->backend, &handles);
    storage_context_cancel(fixture->ctx);
    testutil_check_status(__FILE__, __LINE__, name, STORAGE_CANCELLED, call->function(&handles, fixture->ctx));
    testutil_assert(storage_context_error_count(fixture->ctx) > 0, "%s was cancelled without an error text", name);
    testutil_call_handles_close(&handles);
    assert_store(fixture, "a=1 b=2");
}

static void with_a_null_handle(TestutilFixture *fixture, const char *name)
{
    CallHandles handles = {0};

    testutil_check_status(__FILE__, __LINE__, name, STORAGE_INVALID_ARGUMENT,
                          testutil_call_named(name)->function(&handles, fixture->ctx));
    testutil_assert(storage_context_error_count(fixture->ctx) > 0, "%s refused NULL without an error text", name);
    testutil_check_status(__FILE__, __LINE__, name, STORAGE_INVALID_ARGUMENT,
                          testutil_call_named(name)->function(&handles, NULL));
}

#define EVERY_CALL_CASES(name, handle_kind, capabilities, needs)    \
    static void name##_after_the_deadline(TestutilFixture *fixture) \
    {                                                               \
        after_the_deadline(fixture, #name);                         \
    }                                                               \
    static void name##_when_cancelled(TestutilFixture *fixture)     \
    {                                                               \
        when_cancelled(fixture, #name);                             \
    }                                                               \
    static void name##_with_a_null_handle(TestutilFixture *fixture) \
    {                                                               \
        with_a_null_handle(fixture, #name);                         \
    }
EVERY_CALL(EVERY_CALL_CASES)

#define EVERY_CALL_ENTRIES(name, handle_kind, capabilities, needs)   \
    CASE(name##_after_the_deadline, capabilities, needs, "a=1 b=2"), \
        CASE(name##_when_cancelled, capabilities, needs, "a=1 b=2"), \
        CASE(name##_with_a_null_handle, capabilities, needs, NULL),

static const TestutilContractCase cases[] = {EVERY_CALL(EVERY_CALL_ENTRIES)};
const CaseTable testutil_cases_every_call = CASE_TABLE(cases);
