/* fault_plan.h - the rules of a failing layer and what they decide; private to testutil. */
#ifndef STORAGE_TESTUTIL_FAULT_PLAN_H
#define STORAGE_TESTUTIL_FAULT_PLAN_H

#include <pthread.h>

#include "storage_testutil/fault.h"
#include "storage_testutil/generate.h"

#define FAULT_RULE_COUNT_MAX 32

typedef struct FaultRuleState {
    TestutilFaultRule rule;
    uint64_t match_count;
} FaultRuleState;

typedef struct FaultPlan {
    pthread_mutex_t mutex;
    FaultRuleState rules[FAULT_RULE_COUNT_MAX];
    size_t rule_count;
    TestutilFaultFigures figures[TESTUTIL_CALL_COUNT];
    uint64_t seed;
    TestutilRandom random;
} FaultPlan;

/* What is to happen to one call. `kind` 0: nothing. */
typedef struct FaultDecision {
    uint32_t call;
    uint32_t kind;
    StorageStatus status;
    size_t torn_count;
} FaultDecision;

int testutil_fault_plan_init(FaultPlan *self, uint64_t seed);
void testutil_fault_plan_done(FaultPlan *self);
int testutil_fault_plan_add(FaultPlan *self, const TestutilFaultRule *rule);
void testutil_fault_plan_clear(FaultPlan *self);
void testutil_fault_plan_reset(FaultPlan *self);
void testutil_fault_plan_figures(FaultPlan *self, uint32_t call, TestutilFaultFigures *ret_figures);

/*
 * Counts an attempt of `call`, runs delays, and decides. `tearable_count` is the number of operations of a commit that
 * could be torn, else 0.
 */
FaultDecision testutil_fault_plan_decide(FaultPlan *self, uint32_t call, size_t tearable_count);

/* The layer below is about to be asked. */
void testutil_fault_plan_passed(FaultPlan *self, uint32_t call);

/* Counts the answer of the call and returns it. */
StorageStatus testutil_fault_plan_answer(FaultPlan *self, const FaultDecision *decision, StorageStatus status);

#endif
