/*
 * test_memory_limit.c - a memory store with a limit: it refuses to grow beyond, never refuses to shrink, and a refusal
 * changes nothing.
 */
#include "memory_fixture.h"

#include <cjson/cJSON.h>

enum { LIMIT = 1 << 20, VALUE_SIZE = 1000, KEYS_MAX = LIMIT / VALUE_SIZE };

/* Sets new keys until the store is full. Returns how many there are. */
static uint64_t fill_up(void)
{
    uint64_t count = 0;
    StorageStatus status;
    while ((status = set_size(count, VALUE_SIZE)) == STORAGE_OK) {
        count += 1;
        ck_assert_uint_le(count, KEYS_MAX);
    }
    unit_assert_status(status, STORAGE_NO_SPACE);
    return count;
}

/* After a delete the space may come back a little later, as long as it comes back with further writes. */
static void assert_sets_work_again(uint64_t index)
{
    unit_assert_status(storage_sync(store, NULL), STORAGE_OK);
    unit_assert_status(set_size(index, VALUE_SIZE), STORAGE_OK);
}

START_TEST(a_full_store_refuses_and_says_why)
{
    static const char value[VALUE_SIZE];
    KeyText text;
    open_store(LIMIT);
    uint64_t count = fill_up();
    StorageContext *ctx = storage_context_new();
    ck_assert_uint_ge(count, KEYS_MAX / 3); /* bookkeeping takes less than the data */
    unit_assert_status(storage_set(store, key_at(&text, count), storage_bytes(value, sizeof(value)), NULL, ctx),
                       STORAGE_NO_SPACE);
    ck_assert_uint_gt(storage_context_error_count(ctx), 0);
    ck_assert_uint_eq(storage_context_revision(ctx), 0);
    storage_context_free(ctx);
    close_store();
}
END_TEST

START_TEST(a_refused_set_leaves_no_key_and_reads_go_on)
{
    KeyText text;
    StorageValue value;
    open_store(LIMIT);
    uint64_t count = fill_up();
    unit_assert_status(storage_get(store, key_at(&text, count), &value, NULL), STORAGE_NOT_FOUND);
    unit_assert_status(storage_get(store, key_at(&text, 0), &value, NULL), STORAGE_OK);
    storage_value_release(&value);
    ck_assert_uint_eq(count_stored_rows(), count);
    close_store();
}
END_TEST

START_TEST(a_refused_overwrite_leaves_the_value_and_its_revision)
{
    static const char large[LIMIT];
    KeyText text;
    StorageValue before, after;
    open_store(LIMIT);
    (void)fill_up();
    unit_assert_status(storage_get(store, key_at(&text, 3), &before, NULL), STORAGE_OK);
    unit_assert_status(storage_set(store, key_at(&text, 3), storage_bytes(large, sizeof(large)), NULL, NULL),
                       STORAGE_NO_SPACE);
    unit_assert_status(storage_get(store, key_at(&text, 3), &after, NULL), STORAGE_OK);
    ck_assert_uint_eq(after.size, VALUE_SIZE);
    ck_assert_uint_eq(after.revision, before.revision);
    storage_value_release(&before);
    storage_value_release(&after);
    close_store();
}
END_TEST

START_TEST(a_value_larger_than_the_limit_never_fits)
{
    static const char large[LIMIT + 1];
    open_store(LIMIT);
    unit_assert_status(storage_set(store, storage_string("k"), storage_bytes(large, sizeof(large)), NULL, NULL),
                       STORAGE_NO_SPACE);
    unit_assert_status(set_size(0, 10), STORAGE_OK);
    close_store();
}
END_TEST

START_TEST(a_full_store_still_deletes_and_then_sets)
{
    open_store(LIMIT);
    uint64_t count = fill_up();
    for (uint64_t index = 0; index < count; index += 2)
        delete_key(index);
    assert_sets_work_again(count);
    ck_assert_uint_eq(count_stored_rows(), count - (count + 1) / 2 + 1);
    close_store();
}
END_TEST

START_TEST(a_full_store_still_clears_ranges_and_then_sets)
{
    open_store(LIMIT);
    uint64_t count = fill_up();
    unit_assert_status(storage_clear_range(store, NULL, NULL), STORAGE_OK);
    ck_assert_uint_eq(count_stored_rows(), 0);
    unit_assert_status(storage_sync(store, NULL), STORAGE_OK);
    fill(0, count / 2, VALUE_SIZE);
    close_store();
}
END_TEST

START_TEST(deletes_go_on_for_ever_in_a_store_that_is_full_again_and_again)
{
    open_store(LIMIT);
    for (int round = 0; round < 20; round++) {
        uint64_t count = fill_up();
        ck_assert_uint_ge(count, KEYS_MAX / 4);
        for (uint64_t index = 0; index < count; index++)
            delete_key(index);
        unit_assert_status(storage_sync(store, NULL), STORAGE_OK);
    }
    close_store();
}
END_TEST

START_TEST(a_compare_and_delete_works_in_a_full_store)
{
    KeyText text;
    StorageValue value;
    open_store(LIMIT);
    (void)fill_up();
    unit_assert_status(storage_get(store, key_at(&text, 3), &value, NULL), STORAGE_OK);
    unit_assert_status(
        storage_compare_and_delete(store, key_at(&text, 3), storage_expect_revision(value.revision), NULL), STORAGE_OK);
    storage_value_release(&value);
    close_store();
}
END_TEST

START_TEST(the_sweep_works_in_a_full_store)
{
    StorageSetOptions options = STORAGE_SET_OPTIONS_INIT;
    KeyText text;
    char value[VALUE_SIZE] = {0};
    uint64_t swept_count = 0;
    open_store(LIMIT);
    options.expiry = storage_expiry_after(TESTUTIL_SECOND_NS);
    for (uint64_t index = 0; index < 100; index++)
        unit_assert_status(storage_set(store, testutil_key(text.bytes, sizeof(text.bytes), "expiring", index),
                                       storage_bytes(value, sizeof(value)), &options, NULL),
                           STORAGE_OK);
    uint64_t count = fill_up();
    testutil_clock_advance(test_clock, TESTUTIL_SECOND_NS);
    unit_assert_status(storage_sweep(store, &swept_count, NULL), STORAGE_OK);
    ck_assert_uint_eq(swept_count, 100);
    assert_sets_work_again(count);
    close_store();
}
END_TEST

START_TEST(an_atomic_write_that_does_not_fit_changes_nothing)
{
    static const char large[LIMIT];
    KeyText text;
    StorageResult results[2];
    StorageValue value;
    open_store(LIMIT);
    fill(0, 10, VALUE_SIZE);
    const StorageOperation operations[] = {
        {.kind = STORAGE_OPERATION_DELETE, .key = key_at(&text, 1)},
        {.kind = STORAGE_OPERATION_SET, .key = storage_string("large"), .value = storage_bytes(large, sizeof(large))},
    };
    unit_assert_status(storage_write(store, operations, 2, STORAGE_WRITE_ATOMIC, results, NULL), STORAGE_NO_SPACE);
    unit_assert_status(storage_get(store, key_at(&text, 1), &value, NULL), STORAGE_OK);
    storage_value_release(&value);
    ck_assert_uint_eq(count_stored_rows(), 10);
    close_store();
}
END_TEST

START_TEST(a_commit_that_does_not_fit_changes_nothing)
{
    static const char large[LIMIT];
    KeyText text;
    StorageTransaction *txn = NULL;
    open_store(LIMIT);
    fill(0, 10, VALUE_SIZE);
    unit_assert_status(storage_begin(store, NULL, &txn, NULL), STORAGE_OK);
    unit_assert_status(storage_transaction_delete(txn, key_at(&text, 1), NULL), STORAGE_OK);
    StorageStatus status =
        storage_transaction_set(txn, storage_string("large"), storage_bytes(large, sizeof(large)), NULL, NULL);
    if (status == STORAGE_OK)
        status = storage_transaction_commit(txn, NULL, NULL);
    unit_assert_status(status, STORAGE_NO_SPACE);
    storage_transaction_close(txn);
    ck_assert_uint_eq(count_stored_rows(), 10);
    close_store();
}
END_TEST

START_TEST(a_transaction_of_deletes_commits_in_a_full_store)
{
    KeyText text;
    StorageTransaction *txn = NULL;
    open_store(LIMIT);
    uint64_t count = fill_up();
    unit_assert_status(storage_begin(store, NULL, &txn, NULL), STORAGE_OK);
    for (uint64_t index = 0; index < 50; index++)
        unit_assert_status(storage_transaction_delete(txn, key_at(&text, index), NULL), STORAGE_OK);
    unit_assert_status(storage_transaction_commit(txn, NULL, NULL), STORAGE_OK);
    storage_transaction_close(txn);
    ck_assert_uint_eq(count_stored_rows(), count - 50);
    close_store();
}
END_TEST

/* Old versions that a cursor pins count too; they are given back with it. */
START_TEST(what_a_cursor_pins_counts_until_it_closes)
{
    open_store(LIMIT);
    uint64_t count = fill_up();
    StorageCursor *cursor = open_cursor();
    unit_assert_status(storage_clear_range(store, NULL, NULL), STORAGE_OK);
    unit_assert_status(storage_sync(store, NULL), STORAGE_OK);
    StorageStatus status = STORAGE_OK;
    for (uint64_t index = 0; index < count && status == STORAGE_OK; index++)
        status = set_size(index, VALUE_SIZE);
    unit_assert_status(status, STORAGE_NO_SPACE);
    ck_assert_uint_eq(count_rows(cursor), count);
    storage_cursor_close(cursor);
    unit_assert_status(storage_clear_range(store, NULL, NULL), STORAGE_OK);
    unit_assert_status(storage_sync(store, NULL), STORAGE_OK);
    fill(0, count / 2, VALUE_SIZE);
    close_store();
}
END_TEST

START_TEST(the_limit_bounds_what_is_really_allocated)
{
    open_store(LIMIT);
    size_t empty = bytes_in_use();
    (void)fill_up();
    ck_assert_msg(bytes_in_use() - empty <= 2 * (size_t)LIMIT, "%zu bytes are in use under a limit of %d",
                  bytes_in_use() - empty, LIMIT);
    ck_assert_msg(bytes_in_use() - empty >= LIMIT / 2, "a store that says it is full holds %zu bytes",
                  bytes_in_use() - empty);
    close_store();
}
END_TEST

START_TEST(small_rows_are_accounted_with_their_overhead)
{
    uint64_t count = 0;
    open_store(LIMIT);
    size_t empty = bytes_in_use();
    while (set_size(count, 1) == STORAGE_OK)
        ck_assert_uint_lt(++count, LIMIT);
    ck_assert_msg(bytes_in_use() - empty <= 2 * (size_t)LIMIT, "%zu bytes are in use under a limit of %d",
                  bytes_in_use() - empty, LIMIT);
    close_store();
}
END_TEST

/* ---- what the store says about its memory ---- */

static size_t told_bytes(void)
{
    static const char *const names[] = {"bytes", "history_bytes", "token_bytes"};
    StorageValue json;
    size_t sum = 0;
    unit_assert_status(storage_describe(store, STORAGE_DESCRIBE_MEMORY, &json, NULL), STORAGE_OK);
    cJSON *document = cJSON_ParseWithLength(json.data, json.size);
    for (size_t index = 0; index < sizeof(names) / sizeof(names[0]); index++) {
        const cJSON *backend = cJSON_GetObjectItemCaseSensitive(document, "backend");
        const cJSON *number = cJSON_GetObjectItemCaseSensitive(backend, names[index]);
        ck_assert_msg(cJSON_IsNumber(number), "there is no number \"%s\"", names[index]);
        sum += (size_t)number->valuedouble;
    }
    cJSON_Delete(document);
    storage_value_release(&json);
    return sum;
}

static void assert_told_is_used(const char *when, size_t empty)
{
    unit_assert_status(storage_sync(store, NULL), STORAGE_OK);
    size_t used = bytes_in_use() - empty, told = told_bytes();
    ck_assert_msg(told <= used + used / 10 + 20000 && used <= told + told / 10 + 20000,
                  "%s: %zu bytes are told, %zu are used", when, told, used);
}

START_TEST(the_bytes_that_are_told_are_those_that_are_used)
{
    open_store(0);
    size_t empty = bytes_in_use();
    fill(0, 20000, 100);
    assert_told_is_used("small rows", empty);
    fill(0, 20000, 500);
    assert_told_is_used("overwritten rows", empty);
    StorageCursor *cursor = open_cursor();
    fill(0, 10000, 200);
    assert_told_is_used("rows with old versions under a cursor", empty);
    for (uint64_t index = 0; index < 19000; index++)
        delete_key(index);
    assert_told_is_used("deleted rows under a cursor", empty);
    storage_cursor_close(cursor);
    assert_told_is_used("few rows", empty);
    unit_assert_status(storage_clear_range(store, NULL, NULL), STORAGE_OK);
    assert_told_is_used("no rows", empty);
    close_store();
}
END_TEST

UNIT_MAIN("memory limit", the_bytes_that_are_told_are_those_that_are_used, a_full_store_refuses_and_says_why,
          a_refused_set_leaves_no_key_and_reads_go_on, a_refused_overwrite_leaves_the_value_and_its_revision,
          a_value_larger_than_the_limit_never_fits, a_full_store_still_deletes_and_then_sets,
          a_full_store_still_clears_ranges_and_then_sets,
          deletes_go_on_for_ever_in_a_store_that_is_full_again_and_again, a_compare_and_delete_works_in_a_full_store,
          the_sweep_works_in_a_full_store, an_atomic_write_that_does_not_fit_changes_nothing,
          a_commit_that_does_not_fit_changes_nothing, a_transaction_of_deletes_commits_in_a_full_store,
          what_a_cursor_pins_counts_until_it_closes, the_limit_bounds_what_is_really_allocated,
          small_rows_are_accounted_with_their_overhead)
