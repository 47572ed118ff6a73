/*
 * test_memory_sweep.c - a sweep costs what expires, not what is stored.
 *
 * The work is counted in pages of memory that the sweep touches: the kernel marks each page that is used
 * (/proc/self/clear_refs and smaps_rollup, proc(5)), so that the store's own count need not be believed. Looking at
 * every one of a million keys would touch all of their pages. Where the kernel does not tell, those tests say so and
 * check the allocator's count alone.
 */
#include "memory_fixture.h"

#include <cjson/cJSON.h>
#include <sys/prctl.h>

enum {
    KEY_COUNT = MEMORY_TEST_IS_SANITIZED ? 200000 : 1000000,
    EXPIRING_COUNT = 10,
    CALLS_PER_KEY = 50 /* of the allocator, for each key that expires; generous, and far from one for each key stored */
};

static void set_expiring(uint64_t index, int64_t duration_ns)
{
    StorageSetOptions options = STORAGE_SET_OPTIONS_INIT;
    KeyText text;
    options.expiry = storage_expiry_after(duration_ns);
    unit_assert_status(storage_set(store, key_at(&text, index), storage_string("expiring"), &options, NULL),
                       STORAGE_OK);
}

static uint64_t sweep(void)
{
    uint64_t swept_count = UINT64_MAX;
    unit_assert_status(storage_sweep(store, &swept_count, NULL), STORAGE_OK);
    return swept_count;
}

/* What the store says that its sweeps have looked at. */
static uint64_t examined_count(void)
{
    StorageValue json;
    unit_assert_status(storage_describe(store, STORAGE_DESCRIBE_STATISTICS, &json, NULL), STORAGE_OK);
    cJSON *document = cJSON_ParseWithLength(json.data, json.size);
    const cJSON *backend = cJSON_GetObjectItemCaseSensitive(document, "backend");
    const cJSON *examined = cJSON_GetObjectItemCaseSensitive(backend, "sweep_examined");
    ck_assert(cJSON_IsNumber(examined));
    uint64_t count = (uint64_t)examined->valuedouble;
    cJSON_Delete(document);
    storage_value_release(&json);
    return count;
}

/* ---- the pages that were touched ---- */

/* Returns 0 when the kernel does not count. */
static int forget_touched_pages(void)
{
    FILE *file = fopen("/proc/self/clear_refs", "w");
    if (file == NULL)
        return 0;
    int written = fputs("1", file) >= 0;
    return fclose(file) == 0 && written;
}

static long touched_kib(void)
{
    char line[256];
    long kib = -1;
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    if (file == NULL)
        return -1;
    while (kib < 0 && fgets(line, sizeof(line), file) != NULL)
        if (sscanf(line, "Referenced: %ld", &kib) != 1)
            kib = -1;
    fclose(file);
    return kib;
}

START_TEST(sweeping_a_million_keys_of_which_ten_expire_costs_ten)
{
    (void)prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0); /* a touched page is 4 KiB, not 2 MiB */
    open_store(0);
    fill(0, KEY_COUNT, 100);
    for (uint64_t index = 0; index < EXPIRING_COUNT; index++)
        set_expiring(index * (KEY_COUNT / EXPIRING_COUNT), TESTUTIL_SECOND_NS);
    unit_assert_status(storage_sync(store, NULL), STORAGE_OK);
    testutil_clock_advance(test_clock, TESTUTIL_SECOND_NS);

    int is_counted = forget_touched_pages() && touched_kib() >= 0;
    uint64_t examined_before = examined_count();
    size_t calls_before = counted_calls;
    (void)forget_touched_pages();
    uint64_t swept_count = sweep();
    long touched_by_sweep = touched_kib();
    size_t calls = counted_calls - calls_before;
    ck_assert_uint_eq(swept_count, EXPIRING_COUNT);
    ck_assert_uint_eq(examined_count() - examined_before, EXPIRING_COUNT);
    ck_assert_msg(calls <= EXPIRING_COUNT * CALLS_PER_KEY, "the sweep allocated and released %zu times", calls);

    (void)forget_touched_pages();
    ck_assert_uint_eq(count_stored_rows(), KEY_COUNT - EXPIRING_COUNT);
    long touched_by_scan = touched_kib();
    if (is_counted)
        ck_assert_msg(touched_by_sweep * 10 < touched_by_scan, "the sweep touched %ld KiB, a full scan %ld KiB",
                      touched_by_sweep, touched_by_scan);
    else
        fprintf(stderr, "the kernel does not count touched pages: only allocations were checked\n");
    close_store();
}
END_TEST

START_TEST(sweeping_when_nothing_is_due_allocates_nothing)
{
    open_store(0);
    fill(0, 1000, 10);
    for (uint64_t index = 0; index < 1000; index++)
        set_expiring(1000 + index, TESTUTIL_DAY_NS);
    unit_assert_status(storage_sync(store, NULL), STORAGE_OK);
    size_t calls_before = counted_calls;
    for (int round = 0; round < 100; round++)
        ck_assert_uint_eq(sweep(), 0);
    ck_assert_uint_eq(counted_calls, calls_before);
    close_store();
}
END_TEST

/* ---- what the sweep removes ---- */

START_TEST(the_sweep_removes_what_is_due_and_nothing_else)
{
    open_store(0);
    fill(0, 10, 10);
    for (uint64_t index = 0; index < 100; index++)
        set_expiring(100 + index, (int64_t)index);
    testutil_clock_advance(test_clock, 50);
    ck_assert_uint_eq(count_stored_rows(), 10 + 49);
    uint64_t swept_count = sweep();
    /* Writes sweep a few themselves: those with a duration of 0, which were due when others were set. */
    ck_assert_uint_ge(swept_count, 50);
    ck_assert_uint_le(swept_count, 51);
    ck_assert_uint_eq(count_stored_rows(), 10 + 49);
    ck_assert_uint_eq(sweep(), 0);
    close_store();
}
END_TEST

START_TEST(an_expiry_that_was_cleared_or_moved_is_not_swept)
{
    KeyText text;
    open_store(0);
    set_expiring(1, 100);
    set_expiring(2, 100);
    set_expiring(3, 100);
    set_expiring(4, 100);
    set_expiring(5, 100);
    unit_assert_status(set_size(1, 10), STORAGE_OK); /* a set clears it */
    unit_assert_status(storage_touch(store, key_at(&text, 2), storage_expiry_after(1000), NULL), STORAGE_OK);
    unit_assert_status(storage_touch(store, key_at(&text, 3), storage_expiry_never(), NULL), STORAGE_OK);
    delete_key(4);
    testutil_clock_advance(test_clock, 100);
    ck_assert_uint_eq(sweep(), 1); /* number 5 alone */
    ck_assert_uint_eq(count_stored_rows(), 3);
    testutil_clock_advance(test_clock, 900);
    ck_assert_uint_eq(sweep(), 1);
    ck_assert_uint_eq(count_stored_rows(), 2);
    close_store();
}
END_TEST

START_TEST(a_key_that_expired_and_was_set_again_is_not_swept)
{
    open_store(0);
    set_expiring(1, 100);
    testutil_clock_advance(test_clock, 100);
    unit_assert_status(set_size(1, 10), STORAGE_OK);
    ck_assert_uint_eq(sweep(), 0);
    ck_assert_uint_eq(count_stored_rows(), 1);
    close_store();
}
END_TEST

START_TEST(a_clock_that_steps_back_unexpires_nothing_that_a_commit_has_seen)
{
    KeyText text;
    StorageValue value;
    open_store(0);
    set_expiring(1, 100);
    testutil_clock_advance(test_clock, 100);
    unit_assert_status(set_size(2, 10), STORAGE_OK);
    testutil_clock_step_wall(test_clock, -100);
    unit_assert_status(storage_get(store, key_at(&text, 1), &value, NULL), STORAGE_NOT_FOUND);
    ck_assert_uint_eq(count_stored_rows(), 1);
    ck_assert_uint_le(sweep(), 1);
    ck_assert_uint_eq(count_stored_rows(), 1);
    close_store();
}
END_TEST

START_TEST(a_cursor_keeps_the_rows_that_were_live_when_it_was_opened)
{
    open_store(0);
    set_expiring(1, 100);
    set_expiring(2, 200);
    StorageCursor *cursor = open_cursor();
    testutil_clock_advance(test_clock, 150);
    ck_assert_uint_eq(sweep(), 1);
    ck_assert_uint_eq(count_rows(cursor), 2);
    storage_cursor_close(cursor);
    ck_assert_uint_eq(count_stored_rows(), 1);
    close_store();
}
END_TEST

START_TEST(writes_sweep_a_bounded_number_themselves)
{
    open_store(0);
    for (uint64_t index = 0; index < 5000; index++)
        set_expiring(index, TESTUTIL_SECOND_NS);
    testutil_clock_advance(test_clock, TESTUTIL_SECOND_NS);
    size_t calls_before = counted_calls;
    unit_assert_status(set_size(9999, 10), STORAGE_OK);
    ck_assert_msg(counted_calls - calls_before < 5000, "one set paid for all that expired");
    for (uint64_t index = 0; index < 5000; index++)
        unit_assert_status(set_size(9999, 10), STORAGE_OK);
    ck_assert_uint_lt(sweep(), 5000);
    ck_assert_uint_eq(count_stored_rows(), 1);
    close_store();
}
END_TEST

UNIT_MAIN("memory sweep", sweeping_a_million_keys_of_which_ten_expire_costs_ten,
          sweeping_when_nothing_is_due_allocates_nothing, the_sweep_removes_what_is_due_and_nothing_else,
          an_expiry_that_was_cleared_or_moved_is_not_swept, a_key_that_expired_and_was_set_again_is_not_swept,
          a_clock_that_steps_back_unexpires_nothing_that_a_commit_has_seen,
          a_cursor_keeps_the_rows_that_were_live_when_it_was_opened, writes_sweep_a_bounded_number_themselves)
