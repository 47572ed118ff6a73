/*
 * random_test_describe.c - says a step of a random test in words, for reproducers that people read.
 */
#include "random_step.h"

static void describe_key(uint16_t key_no, TestutilText *text)
{
    StorageSlice key = testutil_trial_key(key_no);

    testutil_text_add(text, " \"");
    testutil_text_add_bytes(text, key.size > 48 ? (StorageSlice){key.data, 8} : key);
    testutil_text_add(text, key.size > 48 ? "...\" (%zu bytes)" : "\"", key.size);
}

static void describe_range(const RandomRange *range, TestutilText *text)
{
    static const char *const kinds[] = {"open", "included", "excluded", "prefix end"};

    testutil_text_add(text, " from %s", kinds[range->start.kind]);
    if (range->start.kind != STORAGE_BOUND_OPEN)
        describe_key(range->start.key_no, text);
    testutil_text_add(text, " to %s", kinds[range->end.kind]);
    if (range->end.kind != STORAGE_BOUND_OPEN)
        describe_key(range->end.key_no, text);
}

static void describe_expiry(const RandomOperation *operation, TestutilText *text)
{
    static const char *const kinds[] = {"never", "after", "at start +", "keep"};

    if (operation->expiry_kind == STORAGE_EXPIRY_NEVER && operation->kind != STORAGE_OPERATION_TOUCH)
        return;
    testutil_text_add(text, " expiry %s", kinds[operation->expiry_kind]);
    if (operation->expiry_kind == STORAGE_EXPIRY_AFTER || operation->expiry_kind == STORAGE_EXPIRY_AT)
        testutil_text_add(text, " %lld ns", (long long)operation->expiry_ns);
}

static void describe_expected(const RandomOperation *operation, TestutilText *text)
{
    const char *choice = operation->expected_choice == RANDOM_EXPECT_CURRENT ? "the current" : "another";

    if (operation->expected_kind == STORAGE_EXPECT_ABSENT)
        testutil_text_add(text, " expected absent");
    else
        testutil_text_add(text, " expected %s %s", choice,
                          operation->expected_kind == STORAGE_EXPECT_VALUE ? "value" : "revision");
}

static void describe_operation(const RandomOperation *operation, TestutilText *text)
{
    static const char *const kinds[] = {"",           "set", "touch", "delete", "compare_and_set", "compare_and_delete",
                                        "clear_range"};
    int has_value = operation->kind == STORAGE_OPERATION_SET || operation->kind == STORAGE_OPERATION_COMPARE_AND_SET;

    testutil_text_add(text, " %s", kinds[operation->kind]);
    if (operation->kind == STORAGE_OPERATION_CLEAR_RANGE) {
        describe_range(&operation->range, text);
        return;
    }
    describe_key(operation->key_no, text);
    if (operation->kind == STORAGE_OPERATION_COMPARE_AND_SET || operation->kind == STORAGE_OPERATION_COMPARE_AND_DELETE)
        describe_expected(operation, text);
    if (has_value)
        testutil_text_add(text, " to %zu x '%c'", testutil_trial_value(operation->value_no).size,
                          'A' + operation->value_no % RANDOM_VALUE_COUNT);
    if (has_value || operation->kind == STORAGE_OPERATION_TOUCH)
        describe_expiry(operation, text);
}

static void describe_scan(const RandomStep *step, TestutilText *text)
{
    describe_range(&step->range, text);
    testutil_text_add(text, "%s%s limit %lld, as cursor %d", step->flags & STORAGE_SCAN_REVERSE ? " reverse" : "",
                      step->flags & STORAGE_SCAN_KEYS_ONLY ? " keys only" : "", (long long)step->amount,
                      step->slot % RANDOM_CURSOR_COUNT);
}

static void describe_begin(const RandomStep *step, TestutilText *text)
{
    static const char *const isolations[] = {"snapshot", "read committed", "serializable"};

    testutil_text_add(text, " %s%s", isolations[step->isolation], step->flags == 3 ? " read-only" : "");
}

static void describe_details(const RandomStep *step, TestutilText *text)
{
    switch (step->kind) {
    case RANDOM_GET:
    case RANDOM_TRANSACTION_GET:
    case RANDOM_SEEK:
        describe_key(step->key_nos[0], text);
        break;
    case RANDOM_MULTI_GET:
    case RANDOM_TRANSACTION_MULTI_GET:
        for (size_t i = 0; i < step->count; i++)
            describe_key(step->key_nos[i], text);
        break;
    case RANDOM_WRITE:
    case RANDOM_TRANSACTION_WRITE:
        describe_operation(&step->operations[0], text);
        break;
    case RANDOM_WRITE_SEVERAL:
    case RANDOM_REPLAY:
        testutil_text_add(text, step->mode == STORAGE_WRITE_ATOMIC ? " atomic:" : " independent:");
        for (size_t i = 0; i < step->count; i++) {
            testutil_text_add(text, i > 0 ? ";" : "");
            describe_operation(&step->operations[i], text);
        }
        break;
    case RANDOM_SCAN:
    case RANDOM_TRANSACTION_SCAN:
        describe_scan(step, text);
        break;
    case RANDOM_BEGIN:
        describe_begin(step, text);
        break;
    case RANDOM_WATCH:
        describe_range(&step->range, text);
        break;
    case RANDOM_NEXT:
    case RANDOM_ADVANCE:
    case RANDOM_STEP_BACK:
    case RANDOM_ROLLBACK_TO:
    case RANDOM_DROP_SAVEPOINT:
        testutil_text_add(text, " (%lld)", (long long)step->amount);
        break;
    case RANDOM_COMMIT:
        if (step->flags == 3)
            testutil_text_add(text, " with token %d", (int)(step->amount % RANDOM_TOKEN_COUNT));
        break;
    default:
        break;
    }
}

void testutil_trial_describe(const RandomStep *step, TestutilText *text)
{
    static const char *const names[] = {
#define STEP_TEXT(name, text, capabilities) text,
        RANDOM_STEP_LIST(STEP_TEXT)
#undef STEP_TEXT
    };

    testutil_text_add(text, "%s", names[step->kind]);
    switch (step->kind) {
    case RANDOM_NEXT:
    case RANDOM_SEEK:
    case RANDOM_CLOSE_CURSOR:
        testutil_text_add(text, " cursor %d:", step->slot % RANDOM_CURSOR_COUNT);
        break;
    case RANDOM_BEGIN:
    case RANDOM_TRANSACTION_GET:
    case RANDOM_TRANSACTION_MULTI_GET:
    case RANDOM_TRANSACTION_WRITE:
    case RANDOM_TRANSACTION_SCAN:
    case RANDOM_SAVEPOINT:
    case RANDOM_ROLLBACK_TO:
    case RANDOM_DROP_SAVEPOINT:
    case RANDOM_COMMIT:
    case RANDOM_CLOSE_TRANSACTION:
        testutil_text_add(text, " transaction %d:", step->slot % RANDOM_TRANSACTION_COUNT);
        break;
    case RANDOM_WATCH:
    case RANDOM_DRAIN:
    case RANDOM_CLOSE_WATCH:
        testutil_text_add(text, " watch %d:", step->slot % RANDOM_WATCH_COUNT);
        break;
    case RANDOM_REPLAY:
        testutil_text_add(text, " token %d%s", step->slot % RANDOM_TOKEN_COUNT,
                          step->flags != 0 ? " again, else:" : ":");
        break;
    default:
        break;
    }
    describe_details(step, text);
}
