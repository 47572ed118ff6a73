/*
 * test_ledger_reopen.c - what a store that was closed has when it is opened again: rows with revisions and expiries,
 * answers to tokens, changes for watches, and revisions that go on.
 */
#include "ledger_inspect.h"
#include "unit.h"

#include "storage/ledger.h"
#include "storage/watch.h"
#include "storage_testutil/clock.h"
#include "storage_testutil/generate.h"

#include <stdio.h>
#include <string.h>

enum { ROW_COUNT = 3000, LONG_SIZE = 50000 };

static char path[256];
static TestutilClock *test_clock;
static StorageLedgerOptions options;
static StorageBackend *store;
static unsigned char buffer[LONG_SIZE];

static void open_store(void)
{
    StorageContext *ctx = storage_context_new();
    StorageStatus status = storage_ledger_open(path, &options, &store, ctx);
    unit_assert(status == STORAGE_OK, "open: %s: %s", storage_status_name(status), storage_context_error_text(ctx, 0));
    storage_context_free(ctx);
}

static void begin(uint32_t sync)
{
    static const StorageLedgerOptions defaults = STORAGE_LEDGER_OPTIONS_INIT;
    ledger_temporary_make(path, sizeof(path));
    test_clock = testutil_clock_new(1);
    options = defaults;
    options.environment = testutil_clock_environment(test_clock);
    options.sync = sync;
    open_store();
}

static void reopen(void)
{
    unit_assert_status(storage_close(store, NULL), STORAGE_OK);
    ledger_inspect(path);
    open_store();
}

static void end(void)
{
    unit_assert_status(storage_close(store, NULL), STORAGE_OK);
    ledger_inspect(path);
    ledger_temporary_remove(path);
    testutil_clock_free(test_clock);
}

static uint64_t set(const char *key, StorageSlice value, const StorageSetOptions *set_options)
{
    StorageContext *ctx = storage_context_new();
    uint64_t revision;
    unit_assert_status(storage_set(store, storage_string(key), value, set_options, ctx), STORAGE_OK);
    revision = storage_context_revision(ctx);
    storage_context_free(ctx);
    return revision;
}

static StorageSlice value_of(unsigned index)
{
    return testutil_patterned_value(buffer, index % 100 == 0 ? LONG_SIZE : index % 300, index);
}

static void expect_rows(const uint64_t *revisions)
{
    char key[16];
    for (unsigned index = 0; index < ROW_COUNT; index++) {
        StorageValue value = {0};
        StorageStatus status;
        (void)snprintf(key, sizeof(key), "key%05u", index);
        status = storage_get(store, storage_string(key), &value, NULL);
        unit_assert(status == (revisions[index] == 0 ? STORAGE_NOT_FOUND : STORAGE_OK), "%s: %s", key,
                    storage_status_name(status));
        if (status == STORAGE_OK) {
            unit_assert(value.revision == revisions[index], "%s: revision %llu", key,
                        (unsigned long long)value.revision);
            unit_assert(storage_slice_compare(storage_value_slice(&value), value_of(index)) == 0, "%s: its value", key);
        }
        storage_value_release(&value);
    }
}

START_TEST(rows_are_there_with_their_revisions)
{
    static const uint32_t policies[] = {STORAGE_LEDGER_SYNC_ALWAYS, STORAGE_LEDGER_SYNC_EVERY,
                                        STORAGE_LEDGER_SYNC_NEVER};
    static uint64_t revisions[ROW_COUNT];
    char key[16];
    for (size_t policy = 0; policy < 3; policy++) {
        memset(revisions, 0, sizeof(revisions));
        begin(policies[policy]);
        for (unsigned count = 0; count < 2 * ROW_COUNT; count++) {
            unsigned index = count * 7919 % ROW_COUNT;
            (void)snprintf(key, sizeof(key), "key%05u", index);
            if (count % 5 == 4) {
                unit_assert_status(storage_delete(store, storage_string(key), NULL), STORAGE_OK);
                revisions[index] = 0;
            } else {
                revisions[index] = set(key, value_of(index), NULL);
            }
            if (count % ROW_COUNT == ROW_COUNT / 2)
                reopen();
        }
        expect_rows(revisions);
        reopen();
        expect_rows(revisions);
        end();
    }
}
END_TEST

START_TEST(revisions_go_on_above_all_that_were_shown)
{
    uint64_t last = 0;
    begin(STORAGE_LEDGER_SYNC_NEVER);
    for (int i = 0; i < 5; i++) {
        uint64_t revision = set("a", storage_string("v"), NULL);
        ck_assert_uint_gt(revision, last);
        last = revision;
        reopen();
    }
    end();
}
END_TEST

START_TEST(expiries_hold_and_are_swept_after_a_reopen)
{
    StorageSetOptions expiring = STORAGE_SET_OPTIONS_INIT;
    StorageValue value;
    uint64_t swept_count = 0;
    begin(STORAGE_LEDGER_SYNC_ALWAYS);
    expiring.expiry = storage_expiry_after(100);
    (void)set("mortal", storage_string("m"), &expiring);
    reopen();
    unit_assert_status(storage_get(store, storage_string("mortal"), &value, NULL), STORAGE_OK);
    ck_assert_int_eq(value.expires_at_ns, testutil_clock_wall_ns(test_clock) + 100);
    storage_value_release(&value);
    testutil_clock_advance(test_clock, 100);
    unit_assert_status(storage_get(store, storage_string("mortal"), &value, NULL), STORAGE_NOT_FOUND);
    reopen();
    unit_assert_status(storage_sweep(store, &swept_count, NULL), STORAGE_OK);
    ck_assert_uint_eq(swept_count, 1);
    unit_assert_status(storage_sweep(store, &swept_count, NULL), STORAGE_OK);
    ck_assert_uint_eq(swept_count, 0);
    end();
}
END_TEST

START_TEST(time_does_not_go_back_behind_the_last_commit)
{
    StorageSetOptions expiring = STORAGE_SET_OPTIONS_INIT;
    StorageValue value;
    begin(STORAGE_LEDGER_SYNC_ALWAYS);
    expiring.expiry = storage_expiry_after(100);
    (void)set("mortal", storage_string("m"), &expiring);
    testutil_clock_advance(test_clock, 200);
    (void)set("other", storage_string("o"), NULL);
    testutil_clock_step_wall(test_clock, -1000);
    reopen();
    unit_assert_status(storage_get(store, storage_string("mortal"), &value, NULL), STORAGE_NOT_FOUND);
    end();
}
END_TEST

START_TEST(a_token_has_its_answer_after_a_reopen)
{
    StorageContext *ctx = storage_context_new();
    uint64_t revision;
    begin(STORAGE_LEDGER_SYNC_ALWAYS);
    unit_assert_status(storage_context_set_token(ctx, storage_string("token")), STORAGE_OK);
    unit_assert_status(storage_set(store, storage_string("a"), storage_string("1"), NULL, ctx), STORAGE_OK);
    revision = storage_context_revision(ctx);
    (void)set("a", storage_string("2"), NULL);
    reopen();
    unit_assert_status(storage_context_set_token(ctx, storage_string("token")), STORAGE_OK);
    unit_assert_status(storage_set(store, storage_string("a"), storage_string("1"), NULL, ctx), STORAGE_OK);
    ck_assert_uint_eq(storage_context_revision(ctx), revision);
    unit_assert_status(storage_context_set_token(ctx, storage_string("token")), STORAGE_OK);
    unit_assert_status(storage_set(store, storage_string("a"), storage_string("3"), NULL, ctx),
                       STORAGE_IDEMPOTENCY_KEY_REUSED);
    storage_context_free(ctx);
    end();
}
END_TEST

static void expect_change(StorageWatch *watch, uint32_t kind, const char *key, uint64_t revision)
{
    const StorageChange *change;
    unit_assert_status(storage_watch_next(watch, &change, NULL), STORAGE_OK);
    ck_assert_uint_eq(change->kind, kind);
    ck_assert_uint_eq(change->revision, revision);
    ck_assert_int_eq(storage_slice_compare(change->key, storage_string(key)), 0);
}

START_TEST(a_watch_from_before_a_reopen_misses_nothing)
{
    uint64_t first, second, third;
    StorageWatch *watch;
    StorageContext *ctx = storage_context_new();
    begin(STORAGE_LEDGER_SYNC_ALWAYS);
    first = set("a", storage_string("1"), NULL);
    second = set("b", value_of(100), NULL); /* a value that does not stand in its leaf */
    unit_assert_status(storage_delete(store, storage_string("a"), ctx), STORAGE_OK);
    reopen();
    third = set("c", storage_string("3"), NULL);
    unit_assert_status(storage_watch(store, NULL, first, &watch, NULL), STORAGE_OK);
    expect_change(watch, STORAGE_CHANGE_SET, "a", first);
    expect_change(watch, STORAGE_CHANGE_SET, "b", second);
    expect_change(watch, STORAGE_CHANGE_DELETED, "a", storage_context_revision(ctx));
    expect_change(watch, STORAGE_CHANGE_SET, "c", third);
    storage_watch_close(watch);
    storage_context_free(ctx);
    end();
}
END_TEST

UNIT_MAIN("ledger_reopen", rows_are_there_with_their_revisions, revisions_go_on_above_all_that_were_shown,
          expiries_hold_and_are_swept_after_a_reopen, time_does_not_go_back_behind_the_last_commit,
          a_token_has_its_answer_after_a_reopen, a_watch_from_before_a_reopen_misses_nothing)
