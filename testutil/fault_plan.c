/*
 * fault_plan.c - decides which calls a failing layer makes fail, and counts what happened.
 *
 * It does not know how a call is made to fail: that is fault.c.
 *
 * Invariants:
 *   1. Everything but the mutex is read and written under the mutex; hooks run outside it, so they may add rules.
 *   2. Every attempt is answered exactly once, so attempts == successes + failures when nothing runs.
 */
#include "fault_plan.h"

#include <string.h>

const char *testutil_call_name(uint32_t call)
{
    static const char *const names[] = {
#define CALL_NAME(name, text) text,
        TESTUTIL_CALL_LIST(CALL_NAME)
#undef CALL_NAME
    };

    return call < TESTUTIL_CALL_COUNT ? names[call] : "";
}

int testutil_fault_plan_init(FaultPlan *self, uint64_t seed)
{
    memset(self, 0, sizeof(*self));
    self->seed = seed;
    self->random = testutil_random_seeded(seed);
    return pthread_mutex_init(&self->mutex, NULL) == 0;
}

void testutil_fault_plan_done(FaultPlan *self)
{
    pthread_mutex_destroy(&self->mutex);
}

int testutil_fault_plan_add(FaultPlan *self, const TestutilFaultRule *rule)
{
    int was_added = 0;

    if (rule->kind < TESTUTIL_FAULT_FAIL_BEFORE || rule->kind > TESTUTIL_FAULT_TORN_COMMIT)
        return 0;
    pthread_mutex_lock(&self->mutex);
    if (self->rule_count < FAULT_RULE_COUNT_MAX) {
        self->rules[self->rule_count++] = (FaultRuleState){.rule = *rule};
        was_added = 1;
    }
    pthread_mutex_unlock(&self->mutex);
    return was_added;
}

void testutil_fault_plan_clear(FaultPlan *self)
{
    pthread_mutex_lock(&self->mutex);
    self->rule_count = 0;
    pthread_mutex_unlock(&self->mutex);
}

void testutil_fault_plan_reset(FaultPlan *self)
{
    pthread_mutex_lock(&self->mutex);
    self->rule_count = 0;
    self->random = testutil_random_seeded(self->seed);
    memset(self->figures, 0, sizeof(self->figures));
    pthread_mutex_unlock(&self->mutex);
}

void testutil_fault_plan_figures(FaultPlan *self, uint32_t call, TestutilFaultFigures *ret_figures)
{
    TestutilFaultFigures sum = {0};

    pthread_mutex_lock(&self->mutex);
    for (uint32_t i = 0; i < TESTUTIL_CALL_COUNT; i++) {
        if (call != i && call != TESTUTIL_CALL_COUNT)
            continue;
        sum.attempts += self->figures[i].attempts;
        sum.passed += self->figures[i].passed;
        sum.injected += self->figures[i].injected;
        sum.successes += self->figures[i].successes;
        sum.failures += self->figures[i].failures;
    }
    pthread_mutex_unlock(&self->mutex);
    *ret_figures = sum;
}

/* Whether the rule meets this call; counts the match. */
static int rule_fires(FaultPlan *self, FaultRuleState *state, uint32_t call, size_t tearable_count)
{
    const TestutilFaultRule *rule = &state->rule;

    if (rule->calls != 0 && !(rule->calls & (UINT64_C(1) << call)))
        return 0;
    if (rule->kind == TESTUTIL_FAULT_TORN_COMMIT && tearable_count < 2)
        return 0;
    state->match_count++;
    uint64_t first = rule->first == 0 ? 1 : rule->first;
    if (state->match_count < first || (rule->count != 0 && state->match_count - first >= rule->count))
        return 0;
    return rule->chance_per_million == 0 || testutil_random_chance(&self->random, rule->chance_per_million, 1000000);
}

static StorageStatus default_status(uint32_t kind, uint32_t call)
{
    if (kind == TESTUTIL_FAULT_FAIL_BEFORE || !(TESTUTIL_CALLS_WRITING & (UINT64_C(1) << call)))
        return STORAGE_CONNECTION;
    return STORAGE_INDETERMINATE;
}

static void decide_by(FaultPlan *self, const TestutilFaultRule *rule, size_t tearable_count, FaultDecision *decision)
{
    decision->kind = rule->kind;
    decision->status = rule->status != 0 ? rule->status : default_status(rule->kind, decision->call);
    if (rule->kind == TESTUTIL_FAULT_TORN_COMMIT) {
        decision->torn_count = rule->torn_count;
        if (rule->torn_count == 0 || rule->torn_count >= tearable_count)
            decision->torn_count = 1 + (size_t)testutil_random_below(&self->random, tearable_count - 1);
    }
    self->figures[decision->call].injected++;
}

FaultDecision testutil_fault_plan_decide(FaultPlan *self, uint32_t call, size_t tearable_count)
{
    FaultDecision decision = {.call = call};
    TestutilFaultRule fired[FAULT_RULE_COUNT_MAX];
    size_t fired_count = 0;

    pthread_mutex_lock(&self->mutex);
    self->figures[call].attempts++;
    for (size_t i = 0; i < self->rule_count && decision.kind == 0; i++) {
        if (!rule_fires(self, &self->rules[i], call, tearable_count))
            continue;
        fired[fired_count++] = self->rules[i].rule;
        if (self->rules[i].rule.kind != TESTUTIL_FAULT_DELAY)
            decide_by(self, &self->rules[i].rule, tearable_count, &decision);
    }
    pthread_mutex_unlock(&self->mutex);

    for (size_t i = 0; i < fired_count; i++) {
        if (fired[i].hook != NULL)
            fired[i].hook(fired[i].user_data, call);
    }
    return decision;
}

void testutil_fault_plan_passed(FaultPlan *self, uint32_t call)
{
    pthread_mutex_lock(&self->mutex);
    self->figures[call].passed++;
    pthread_mutex_unlock(&self->mutex);
}

StorageStatus testutil_fault_plan_answer(FaultPlan *self, const FaultDecision *decision, StorageStatus status)
{
    pthread_mutex_lock(&self->mutex);
    if (status < 0)
        self->figures[decision->call].failures++;
    else
        self->figures[decision->call].successes++;
    pthread_mutex_unlock(&self->mutex);
    return status;
}
