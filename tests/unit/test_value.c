/* test_value.c - values and how they are given back. */
#include "unit.h"

#include <string.h>

#include "storage/backend.h"
#include "storage_testutil/allocator.h"

static void count_release(void *owner)
{
    *(int *)owner += 1;
}

START_TEST(a_value_is_given_back_exactly_once)
{
    int release_count = 0;
    StorageValue value;
    storage_value_init(&value, "bytes", 5, 3, 9, count_release, &release_count);
    ck_assert_uint_eq(value.revision, 3);
    ck_assert_int_eq(value.expires_at_ns, 9);
    storage_value_release(&value);
    ck_assert_int_eq(release_count, 1);
    storage_value_release(&value);
    ck_assert_int_eq(release_count, 1);
}
END_TEST

START_TEST(a_released_value_is_empty)
{
    int release_count = 0;
    const StorageValue empty = {0};
    StorageValue value;
    storage_value_init(&value, "bytes", 5, 3, 9, count_release, &release_count);
    storage_value_release(&value);
    ck_assert_mem_eq(&value, &empty, sizeof(value));
}
END_TEST

START_TEST(releasing_an_empty_value_or_none_does_nothing)
{
    StorageValue value = {0};
    storage_value_release(&value);
    storage_value_release(NULL);
    ck_assert_ptr_null(value.data);
}
END_TEST

START_TEST(the_slice_of_a_value_is_its_bytes)
{
    int release_count = 0;
    StorageValue value;
    storage_value_init(&value, "bytes", 5, 3, 9, count_release, &release_count);
    StorageSlice slice = storage_value_slice(&value);
    ck_assert_uint_eq(slice.size, 5);
    ck_assert_mem_eq(slice.data, "bytes", 5);
}
END_TEST

START_TEST(a_copy_does_not_share_bytes)
{
    char bytes[] = {'a', 'b', 'c'};
    StorageValue value;
    unit_assert_status(storage_value_copy(&value, storage_bytes(bytes, 3), 4, STORAGE_NEVER), STORAGE_OK);
    bytes[0] = 'x';
    ck_assert_mem_eq(value.data, "abc", 3);
    ck_assert_uint_eq(value.revision, 4);
    storage_value_release(&value);
}
END_TEST

START_TEST(a_copy_of_nothing_is_a_value_of_no_bytes)
{
    StorageValue value;
    unit_assert_status(storage_value_copy(&value, storage_bytes(NULL, 0), 4, STORAGE_NEVER), STORAGE_OK);
    ck_assert_uint_eq(value.size, 0);
    ck_assert_uint_eq(value.revision, 4);
    storage_value_release(&value);
}
END_TEST

START_TEST(a_copy_gives_its_memory_back_and_says_when_there_is_none)
{
    TestutilAllocatorFigures figures;
    StorageValue value = {0};
    TestutilAllocator *allocator = testutil_allocator_new();
    unit_assert_status(storage_set_allocator(testutil_allocator_interface(allocator)), STORAGE_OK);

    unit_assert_status(storage_value_copy(&value, storage_string("abc"), 1, STORAGE_NEVER), STORAGE_OK);
    testutil_allocator_figures(allocator, &figures);
    ck_assert_uint_eq(figures.outstanding_blocks, 1);
    storage_value_release(&value);
    testutil_allocator_figures(allocator, &figures);
    ck_assert_uint_eq(figures.outstanding_blocks, 0);

    testutil_allocator_fail_once(allocator, 1);
    unit_assert_status(storage_value_copy(&value, storage_string("abc"), 1, STORAGE_NEVER), STORAGE_NO_MEMORY);
    ck_assert_ptr_null(value.data);

    unit_assert_status(storage_set_allocator(NULL), STORAGE_OK);
    testutil_allocator_free(allocator);
}
END_TEST

UNIT_MAIN("value", a_value_is_given_back_exactly_once, a_released_value_is_empty,
          releasing_an_empty_value_or_none_does_nothing, the_slice_of_a_value_is_its_bytes, a_copy_does_not_share_bytes,
          a_copy_of_nothing_is_a_value_of_no_bytes, a_copy_gives_its_memory_back_and_says_when_there_is_none)
