/*
 * test_no_memory.c - every allocation of every call is made to fail once, on the example backend and on the memory
 * backend: the call says so, nothing of it has happened, and the same call works when there is memory again.
 */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "custom_backend.h"
#include "storage/memory.h"
#include "storage_testutil/allocator.h"
#include "storage_testutil/clock.h"

enum { FAILURE_COUNT_MAX = 200, DIGEST_SIZE = 8192 };

static TestutilAllocator *allocator;
static TestutilClock *test_clock;
static StorageBackend *store;
static StorageContext *ctx;

typedef StorageStatus (*OpenFn)(void);

static StorageStatus open_custom(void)
{
    return custom_backend_open(testutil_clock_environment(test_clock), &store, ctx);
}

static StorageStatus open_memory(void)
{
    StorageMemoryOptions options = STORAGE_MEMORY_OPTIONS_INIT;
    options.environment = testutil_clock_environment(test_clock);
    return storage_memory_open(&options, &store, ctx);
}

/* ---- the calls ---- */

static const StorageSetOptions expiring = {sizeof(expiring), 0, {1000, STORAGE_EXPIRY_AFTER}};

static StorageStatus set_new(void)
{
    return storage_set(store, storage_string("new"), storage_string("value"), NULL, ctx);
}

static StorageStatus overwrite(void)
{
    return storage_set(store, storage_string("b"), storage_string("another value"), &expiring, ctx);
}

static StorageStatus touch(void)
{
    return storage_touch(store, storage_string("b"), storage_expiry_after(5), ctx);
}

static StorageStatus delete_one(void)
{
    return storage_delete(store, storage_string("b"), ctx);
}

static StorageStatus compare_and_set(void)
{
    return storage_compare_and_set(store, storage_string("b"), storage_expect_value(storage_string("2")),
                                   storage_string("22"), NULL, ctx);
}

static StorageStatus compare_and_delete(void)
{
    return storage_compare_and_delete(store, storage_string("b"), storage_expect_value(storage_string("2")), ctx);
}

static StorageStatus clear_some(void)
{
    StorageRange range = storage_range_half_open(storage_string("b"), storage_string("d"));
    return storage_clear_range(store, &range, ctx);
}

static StorageStatus write_all_kinds(uint32_t mode)
{
    const StorageOperation operations[] = {
        {.kind = STORAGE_OPERATION_SET, .key = storage_string("x"), .value = storage_string("1")},
        {.kind = STORAGE_OPERATION_TOUCH, .key = storage_string("a"), .expiry = storage_expiry_after(7)},
        {.kind = STORAGE_OPERATION_DELETE, .key = storage_string("b")},
        {.kind = STORAGE_OPERATION_COMPARE_AND_SET,
         .key = storage_string("x"),
         .value = storage_string("2"),
         .expected = storage_expect_value(storage_string("1"))},
        {.kind = STORAGE_OPERATION_CLEAR_RANGE, .range = storage_range_prefix(storage_string("c"))},
        {.kind = STORAGE_OPERATION_SET, .key = storage_string("c1"), .value = storage_string("3")},
    };
    return storage_write(store, operations, sizeof(operations) / sizeof(operations[0]), mode, NULL, ctx);
}

static StorageStatus write_atomic(void)
{
    return write_all_kinds(STORAGE_WRITE_ATOMIC);
}

static StorageStatus write_independent(void)
{
    return write_all_kinds(STORAGE_WRITE_INDEPENDENT);
}

static StorageStatus read_one(void)
{
    StorageValue value;
    StorageStatus status = storage_get(store, storage_string("b"), &value, ctx);
    storage_value_release(&value);
    return status;
}

static StorageStatus scan_backwards(void)
{
    StorageScanOptions options = STORAGE_SCAN_OPTIONS_INIT;
    StorageCursor *cursor = NULL;
    const StorageEntry *entry = NULL;
    options.flags = STORAGE_SCAN_REVERSE;
    StorageStatus status = storage_scan(store, NULL, &options, &cursor, ctx);
    while (status == STORAGE_OK)
        status = storage_cursor_next(cursor, &entry, ctx);
    storage_cursor_close(cursor);
    return status == STORAGE_END ? STORAGE_OK : status;
}

static StorageStatus sweep(void)
{
    return storage_sweep(store, NULL, ctx);
}

static StorageStatus describe(void)
{
    StorageValue json;
    StorageStatus status = storage_describe(store, STORAGE_DESCRIBE_STATISTICS, &json, ctx);
    storage_value_release(&json);
    return status;
}

static const struct {
    const char *name;
    StorageStatus (*run)(void);
} calls[] = {
    {"set of a new key", set_new},
    {"overwrite", overwrite},
    {"touch", touch},
    {"delete", delete_one},
    {"compare_and_set", compare_and_set},
    {"compare_and_delete", compare_and_delete},
    {"clear_range", clear_some},
    {"atomic write", write_atomic},
    {"independent write", write_independent},
    {"get", read_one},
    {"scan", scan_backwards},
    {"sweep", sweep},
    {"describe", describe},
};

/* ---- what the store holds ---- */

static void write_digest(char *digest)
{
    StorageCursor *cursor = NULL;
    const StorageEntry *entry = NULL;
    size_t used = 0;
    unit_assert_status(storage_scan(store, NULL, NULL, &cursor, NULL), STORAGE_OK);
    while (storage_cursor_next(cursor, &entry, NULL) == STORAGE_OK) {
        int size = snprintf(digest + used, DIGEST_SIZE - used, "%.*s=%.*s @%llu until %lld\n", (int)entry->key.size,
                            (const char *)entry->key.data, (int)entry->value.size, (const char *)entry->value.data,
                            (unsigned long long)entry->revision, (long long)entry->expires_at_ns);
        used += (size_t)size;
        ck_assert_uint_lt(used, DIGEST_SIZE);
    }
    digest[used] = '\0';
    storage_cursor_close(cursor);
}

static void fill(void)
{
    static const char *const keys[] = {"a", "b", "c", "c1", "d", "e"};
    for (size_t index = 0; index < sizeof(keys) / sizeof(keys[0]); index++) {
        char value[8];
        (void)snprintf(value, sizeof(value), "%zu", index + 1);
        unit_assert_status(storage_set(store, storage_string(keys[index]), storage_string(value),
                                       index % 3 == 0 ? &expiring : NULL, NULL),
                           STORAGE_OK);
    }
    unit_assert_status(storage_set(store, storage_string("expired"), storage_string("v"),
                                   &(StorageSetOptions){sizeof(StorageSetOptions), 0, {10, STORAGE_EXPIRY_AFTER}},
                                   NULL),
                       STORAGE_OK);
    testutil_clock_advance(test_clock, 10);
}

/* ---- one call on one backend ---- */

/* Fails allocation 1, 2, ... of the call until it needs no more. Returns how many failures there were. */
static unsigned fail_each_allocation(size_t call)
{
    static char before[DIGEST_SIZE], after[DIGEST_SIZE];
    unsigned failure_count = 0;
    StorageStatus status = STORAGE_NO_MEMORY;
    write_digest(before);
    while (status == STORAGE_NO_MEMORY) {
        unit_assert(failure_count < FAILURE_COUNT_MAX, "%s never succeeds", calls[call].name);
        testutil_allocator_fail_once(allocator, failure_count + 1);
        status = calls[call].run();
        testutil_allocator_fail_once(allocator, 0);
        if (status == STORAGE_NO_MEMORY) {
            failure_count++;
            write_digest(after);
            unit_assert(strcmp(before, after) == 0, "%s failed for want of memory and left\n%sinstead of\n%s",
                        calls[call].name, after, before);
        }
    }
    unit_assert_status(status, STORAGE_OK);
    return failure_count;
}

static void run_on(OpenFn open)
{
    unsigned failure_count = 0;
    TestutilAllocatorFigures figures;
    allocator = testutil_allocator_new();
    unit_assert_status(storage_set_allocator(testutil_allocator_interface(allocator)), STORAGE_OK);
    for (size_t call = 0; call < sizeof(calls) / sizeof(calls[0]); call++) {
        test_clock = testutil_clock_new(1);
        ctx = storage_context_new();
        unit_assert_status(open(), STORAGE_OK);
        fill();
        failure_count += fail_each_allocation(call);
        unit_assert_status(storage_close(store, ctx), STORAGE_OK);
        storage_context_free(ctx);
        testutil_allocator_figures(allocator, &figures);
        unit_assert(figures.outstanding_blocks == 0, "%zu blocks are left after %s", figures.outstanding_blocks,
                    calls[call].name);
        testutil_clock_free(test_clock);
    }
    ck_assert_uint_ge(failure_count, 10); /* else the failures did not reach the store */
    unit_assert_status(storage_set_allocator(NULL), STORAGE_OK);
    testutil_allocator_free(allocator);
}

START_TEST(the_example_backend_bears_every_allocation_that_fails)
{
    run_on(open_custom);
}
END_TEST

START_TEST(the_memory_backend_bears_every_allocation_that_fails)
{
    run_on(open_memory);
}
END_TEST

/* ---- opening ---- */

static void open_without_memory(OpenFn open)
{
    TestutilAllocatorFigures figures;
    StorageStatus status = STORAGE_NO_MEMORY;
    unsigned failure_count = 0;
    allocator = testutil_allocator_new();
    unit_assert_status(storage_set_allocator(testutil_allocator_interface(allocator)), STORAGE_OK);
    test_clock = testutil_clock_new(1);
    while (status == STORAGE_NO_MEMORY && failure_count < FAILURE_COUNT_MAX) {
        testutil_allocator_fail_once(allocator, failure_count + 1);
        status = open();
        testutil_allocator_fail_once(allocator, 0);
        testutil_allocator_figures(allocator, &figures);
        if (status == STORAGE_NO_MEMORY) {
            failure_count++;
            ck_assert_ptr_null(store);
            ck_assert_uint_eq(figures.outstanding_blocks, 0);
        }
    }
    unit_assert_status(status, STORAGE_OK);
    ck_assert_uint_ge(failure_count, 2);
    unit_assert_status(storage_close(store, NULL), STORAGE_OK);
    unit_assert_status(storage_set_allocator(NULL), STORAGE_OK);
    testutil_allocator_free(allocator);
    testutil_clock_free(test_clock);
}

START_TEST(an_open_of_the_example_backend_without_memory_leaves_nothing)
{
    open_without_memory(open_custom);
}
END_TEST

START_TEST(an_open_of_the_memory_backend_without_memory_leaves_nothing)
{
    open_without_memory(open_memory);
}
END_TEST

UNIT_MAIN("no memory", the_example_backend_bears_every_allocation_that_fails,
          the_memory_backend_bears_every_allocation_that_fails,
          an_open_of_the_example_backend_without_memory_leaves_nothing,
          an_open_of_the_memory_backend_without_memory_leaves_nothing)
