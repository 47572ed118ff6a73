/*
 * test_ledger_txn_write_set.c - the view that a write set makes, against a plain array: after every operation and every
 * rollback it says of each key what the array says.
 */
#include "unit.h"

#include "backends/ledger/txn/overlay.h"
#include "backends/ledger/txn/write_set.h"
#include "storage_testutil/generate.h"

#include <stdio.h>
#include <string.h>

enum { KEY_COUNT = 26, STEP_COUNT = 300, RUN_COUNT = 60, SAVEPOINTS_MAX = 8, NOW = 1000 };

/* What the set should say of each key. */
typedef struct ModelKey {
    int is_written, is_present;
    char value[24];
    int64_t expires_at_ns;
} ModelKey;

typedef struct Model {
    ModelKey keys[KEY_COUNT];
} Model;

typedef struct Run {
    LedgerWriteSet set;
    Model model, saved[SAVEPOINTS_MAX];
    uint32_t savepoint_nos[SAVEPOINTS_MAX];
    size_t savepoint_count;
    TestutilRandom random;
    unsigned next_value;
} Run;

static StorageSlice key_of(size_t index)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    return storage_bytes(&letters[index], 1);
}

static void check_key(const Run *run, size_t index)
{
    const ModelKey *expected = &run->model.keys[index];
    LedgerRow row = {0};
    int is_written = ledger_write_set_find(&run->set, key_of(index), NOW, &row);
    int is_present =
        expected->is_present && (expected->expires_at_ns == STORAGE_NEVER || expected->expires_at_ns > NOW);
    unit_assert(is_written == expected->is_written, "key %zu: the set knows it: %d", index, is_written);
    if (!is_written)
        return;
    unit_assert((int)row.is_present == is_present, "key %zu: present: %u", index, row.is_present);
    if (!is_present)
        return;
    unit_assert(row.record.value_size == strlen(expected->value) &&
                    memcmp(row.record.value.data, expected->value, row.record.value_size) == 0,
                "key %zu: not %s", index, expected->value);
    unit_assert(row.record.expires_at_ns == expected->expires_at_ns, "key %zu: expires at %lld", index,
                (long long)row.record.expires_at_ns);
}

static void check(const Run *run)
{
    for (size_t index = 0; index < KEY_COUNT; index++)
        check_key(run, index);
}

static StorageExpiry draw_expiry(Run *run)
{
    switch (testutil_random_below(&run->random, 5)) {
    case 0:
        return storage_expiry_at(NOW + 1 + (int64_t)testutil_random_below(&run->random, 100));
    case 1:
        return storage_expiry_after((int64_t)testutil_random_below(&run->random, 100)); /* 0: gone at once */
    case 2:
        return storage_expiry_keep();
    default:
        return storage_expiry_never();
    }
}

static void set_key(Run *run, size_t index)
{
    ModelKey *key = &run->model.keys[index];
    StorageOperation operation = {.kind = STORAGE_OPERATION_SET, .key = key_of(index), .expiry = draw_expiry(run)};
    LedgerRow current = {0};
    int64_t kept_ns = STORAGE_NEVER;
    if (ledger_write_set_find(&run->set, key_of(index), NOW, &current) && current.is_present)
        kept_ns = key->expires_at_ns;
    (void)snprintf(key->value, sizeof(key->value), "value %u", run->next_value++);
    operation.value = storage_string(key->value);
    unit_assert_status(ledger_write_set_add(&run->set, &operation, &current, 0, 0), STORAGE_OK);
    key->is_written = key->is_present = 1;
    key->expires_at_ns = storage_expiry_resolve(operation.expiry, NOW, kept_ns);
}

static void touch_key(Run *run, size_t index)
{
    ModelKey *key = &run->model.keys[index];
    StorageOperation operation = {.kind = STORAGE_OPERATION_TOUCH, .key = key_of(index), .expiry = draw_expiry(run)};
    LedgerRow current = {0};
    if (!ledger_write_set_find(&run->set, key_of(index), NOW, &current) || !current.is_present)
        return;
    unit_assert_status(ledger_write_set_add(&run->set, &operation, &current, 0, 0), STORAGE_OK);
    key->expires_at_ns = storage_expiry_resolve(operation.expiry, NOW, key->expires_at_ns);
}

static void delete_key(Run *run, size_t index)
{
    StorageOperation operation = {.kind = STORAGE_OPERATION_DELETE, .key = key_of(index)};
    LedgerRow current = {0};
    unit_assert_status(ledger_write_set_add(&run->set, &operation, &current, 0, 0), STORAGE_OK);
    run->model.keys[index] = (ModelKey){.is_written = 1};
}

static void clear_range(Run *run)
{
    size_t from = testutil_random_below(&run->random, KEY_COUNT);
    size_t to = from + testutil_random_below(&run->random, KEY_COUNT - from);
    StorageOperation operation = {
        .kind = STORAGE_OPERATION_CLEAR_RANGE,
        .range = {{key_of(from), STORAGE_BOUND_INCLUDED}, {key_of(to), STORAGE_BOUND_EXCLUDED}}};
    unit_assert_status(ledger_write_set_add(&run->set, &operation, NULL, 0, 0), STORAGE_OK);
    for (size_t index = from; index < to; index++)
        run->model.keys[index] = (ModelKey){.is_written = 1};
}

static void use_savepoint(Run *run)
{
    size_t index = testutil_random_below(&run->random, run->savepoint_count + 1);
    if (index == run->savepoint_count) {
        if (index == SAVEPOINTS_MAX)
            return;
        unit_assert_status(ledger_write_set_savepoint(&run->set, &run->savepoint_nos[index]), STORAGE_OK);
        run->saved[index] = run->model;
        run->savepoint_count++;
    } else if (testutil_random_chance(&run->random, 1, 2)) {
        unit_assert_status(ledger_write_set_rollback_to(&run->set, run->savepoint_nos[index]), STORAGE_OK);
        run->model = run->saved[index];
        run->savepoint_count = index + 1;
    } else {
        unit_assert_status(ledger_write_set_drop_savepoint(&run->set, run->savepoint_nos[index]), STORAGE_OK);
        unit_assert_status(ledger_write_set_drop_savepoint(&run->set, run->savepoint_nos[index]), STORAGE_NOT_FOUND);
        run->savepoint_count = index;
    }
}

static void step(Run *run)
{
    size_t index = testutil_random_below(&run->random, KEY_COUNT);
    switch (testutil_random_below(&run->random, 12)) {
    case 0:
        clear_range(run);
        break;
    case 1:
    case 2:
        delete_key(run, index);
        break;
    case 3:
    case 4:
        use_savepoint(run);
        break;
    case 5:
    case 6:
    case 7:
        touch_key(run, index);
        break;
    default:
        set_key(run, index);
    }
}

START_TEST(it_says_what_the_operations_did_also_after_rollbacks)
{
    uint64_t seed = testutil_seed("ledger_txn_write_set", 1);
    for (unsigned number = 0; number < RUN_COUNT; number++) {
        Run run = {.random = testutil_random_seeded(seed + number)};
        ledger_write_set_init(&run.set);
        for (unsigned count = 0; count < STEP_COUNT; count++) {
            step(&run);
            check(&run);
        }
        ledger_write_set_done(&run.set);
    }
}
END_TEST

START_TEST(an_overlay_keeps_what_the_set_said_when_it_was_made)
{
    uint64_t seed = testutil_seed("ledger_txn_overlay", 2);
    for (unsigned number = 0; number < RUN_COUNT; number++) {
        Run run = {.random = testutil_random_seeded(seed + number)};
        StorageRange all = {0};
        Interval interval;
        LedgerOverlay overlay;
        Model then;
        ledger_write_set_init(&run.set);
        for (unsigned count = 0; count < STEP_COUNT / 10; count++)
            step(&run);
        unit_assert_status(interval_init(&interval, &all), STORAGE_OK);
        unit_assert_status(ledger_overlay_init(&overlay, &run.set, &interval, NOW), STORAGE_OK);
        then = run.model;
        ledger_write_set_done(&run.set);
        for (size_t index = 0; index < KEY_COUNT; index++) {
            const ModelKey *key = &then.keys[index];
            size_t at = ledger_overlay_lower_bound(&overlay, key_of(index));
            int is_row = at < overlay.count && storage_slice_compare(overlay.rows[at].key, key_of(index)) == 0 &&
                         overlay.rows[at].block != NULL;
            int is_present = key->is_present && (key->expires_at_ns == STORAGE_NEVER || key->expires_at_ns > NOW);
            unit_assert(ledger_overlay_hides(&overlay, key_of(index)) == key->is_written, "key %zu", index);
            unit_assert(is_row == is_present, "key %zu is a row: %d", index, is_row);
            unit_assert(!is_row || memcmp(overlay.rows[at].block->bytes, key->value, strlen(key->value)) == 0,
                        "key %zu is not %s", index, key->value);
        }
        ledger_overlay_done(&overlay);
        interval_done(&interval);
    }
}
END_TEST

START_TEST(only_the_last_write_of_a_key_that_no_clear_follows_is_final)
{
    LedgerWriteSet set;
    StorageOperation put = {.kind = STORAGE_OPERATION_SET, .key = key_of(3), .value = storage_string("v")};
    StorageOperation clear = {.kind = STORAGE_OPERATION_CLEAR_RANGE};
    LedgerRow absent = {0};
    ledger_write_set_init(&set);
    unit_assert_status(ledger_write_set_add(&set, &put, &absent, 0, 7), STORAGE_OK);
    ck_assert(ledger_write_set_is_final(&set, set.log[0]));
    ck_assert_uint_eq(set.log[0]->batch_index, 7);
    unit_assert_status(ledger_write_set_add(&set, &clear, NULL, 0, 8), STORAGE_OK);
    ck_assert(!ledger_write_set_is_final(&set, set.log[0]));
    ck_assert(ledger_write_set_is_cleared_before(&set, key_of(3), 2));
    ck_assert(!ledger_write_set_is_cleared_before(&set, key_of(3), 1));
    unit_assert_status(ledger_write_set_add(&set, &put, &absent, 0, 9), STORAGE_OK);
    ck_assert(!ledger_write_set_is_final(&set, set.log[0]));
    ck_assert(ledger_write_set_is_final(&set, set.log[2]));
    ledger_write_set_done(&set);
}
END_TEST

START_TEST(an_expiry_that_is_kept_still_counts_from_the_commit)
{
    LedgerWriteSet set;
    StorageOperation put = {.kind = STORAGE_OPERATION_SET, .key = key_of(0), .expiry = storage_expiry_after(10)};
    LedgerRow row = {0};
    ledger_write_set_init(&set);
    unit_assert_status(ledger_write_set_add(&set, &put, &row, 0, 0), STORAGE_OK);
    ck_assert(ledger_write_set_find(&set, key_of(0), NOW, &row));
    put.expiry = storage_expiry_keep();
    unit_assert_status(ledger_write_set_add(&set, &put, &row, 0, 0), STORAGE_OK);
    ck_assert(ledger_write_set_find(&set, key_of(0), NOW + 100, &row));
    ck_assert_uint_eq(row.is_present, 1);
    ck_assert_int_eq(row.record.expires_at_ns, NOW + 110);
    ledger_write_set_done(&set);
}
END_TEST

UNIT_MAIN("ledger_txn_write_set", an_expiry_that_is_kept_still_counts_from_the_commit,
          it_says_what_the_operations_did_also_after_rollbacks, an_overlay_keeps_what_the_set_said_when_it_was_made,
          only_the_last_write_of_a_key_that_no_clear_follows_is_final)
