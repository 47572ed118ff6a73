/*
 * test_allocator.c - the counting and failing allocator: what it counts, what it fails, and that a wrong release
 * aborts.
 */
#include <signal.h>
#include <string.h>

#include "property.h"
#include "storage_testutil/allocator.h"

static TestutilAllocator *allocator;
static const StorageAllocator *interface;

static void setup(void)
{
    allocator = testutil_allocator_new();
    interface = testutil_allocator_interface(allocator);
}

static void teardown(void)
{
    testutil_allocator_free(allocator);
}

static void *allocate(size_t size)
{
    return interface->allocate(interface->user_data, size);
}

static void release(void *block)
{
    interface->release(interface->user_data, block);
}

static TestutilAllocatorFigures figures(void)
{
    TestutilAllocatorFigures now;

    testutil_allocator_figures(allocator, &now);
    return now;
}

START_TEST(blocks_and_bytes_are_counted_until_they_are_released)
{
    void *first = allocate(10), *second = allocate(20);

    ck_assert_uint_eq(figures().outstanding_blocks, 2);
    ck_assert_uint_eq(figures().outstanding_bytes, 30);
    release(first);
    ck_assert_uint_eq(figures().outstanding_bytes, 20);
    ck_assert_uint_eq(figures().outstanding_bytes_max, 30);
    release(second);
    ck_assert_uint_eq(figures().outstanding_blocks, 0);
    ck_assert_uint_eq(figures().attempt_count, 2);
}
END_TEST

START_TEST(blocks_are_aligned_as_malloc_aligns)
{
    for (size_t size = 1; size < 70; size++) {
        void *block = allocate(size);
        ck_assert_uint_eq((uintptr_t)block % _Alignof(max_align_t), 0);
        memset(block, 0x5a, size);
        release(block);
    }
}
END_TEST

START_TEST(a_reallocated_block_keeps_its_bytes)
{
    char *block = allocate(4);

    memcpy(block, "abc", 4);
    block = interface->reallocate(interface->user_data, block, 1000);
    ck_assert_str_eq(block, "abc");
    block = interface->reallocate(interface->user_data, block, 2);
    ck_assert_int_eq(memcmp(block, "ab", 2), 0);
    ck_assert_uint_eq(figures().outstanding_blocks, 1);
    ck_assert_uint_eq(figures().outstanding_bytes, 2);
    release(block);
}
END_TEST

START_TEST(one_allocation_fails_by_its_number)
{
    testutil_allocator_fail_once(allocator, 2);
    void *first = allocate(1), *second = allocate(1), *third = allocate(1);
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_null(second);
    ck_assert_ptr_nonnull(third);
    ck_assert_uint_eq(figures().failure_count, 1);
    release(first);
    release(third);
}
END_TEST

START_TEST(a_failed_reallocation_leaves_the_block)
{
    char *block = allocate(4);

    memcpy(block, "abc", 4);
    testutil_allocator_fail_once(allocator, 1);
    ck_assert_ptr_null(interface->reallocate(interface->user_data, block, 1000));
    ck_assert_str_eq(block, "abc");
    release(block);
}
END_TEST

START_TEST(all_allocations_fail_from_a_number_on_until_told_otherwise)
{
    testutil_allocator_fail_from(allocator, 2);
    void *first = allocate(1);
    ck_assert_ptr_null(allocate(1));
    ck_assert_ptr_null(allocate(1));
    testutil_allocator_fail_from(allocator, 0);
    void *last = allocate(1);
    ck_assert_ptr_nonnull(last);
    ck_assert_uint_eq(figures().failure_count, 2);
    release(first);
    release(last);
}
END_TEST

START_TEST(a_size_that_overflows_is_no_memory)
{
    ck_assert_ptr_null(allocate(SIZE_MAX - 8));
}
END_TEST

/* Aborts: see the signal that it is registered with. */
START_TEST(a_release_of_a_foreign_block_aborts)
{
    static char foreign[256];

    release(foreign + 128);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("allocator");
    TCase *tcase = tcase_create("allocator");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, blocks_and_bytes_are_counted_until_they_are_released);
    tcase_add_test(tcase, blocks_are_aligned_as_malloc_aligns);
    tcase_add_test(tcase, a_reallocated_block_keeps_its_bytes);
    tcase_add_test(tcase, one_allocation_fails_by_its_number);
    tcase_add_test(tcase, a_failed_reallocation_leaves_the_block);
    tcase_add_test(tcase, all_allocations_fail_from_a_number_on_until_told_otherwise);
    tcase_add_test(tcase, a_size_that_overflows_is_no_memory);
    tcase_add_test_raise_signal(tcase, a_release_of_a_foreign_block_aborts, SIGABRT);
    suite_add_tcase(suite, tcase);
    return property_run(suite);
}
