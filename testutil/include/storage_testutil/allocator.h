/*
 * storage_testutil/allocator.h - an allocator for storage_set_allocator that counts, knows what is outstanding, and
 * fails allocations by their number.
 *
 * Thread safe. It must outlive everything that was allocated through it. A block that is released twice, or that did
 * not come from it, aborts the process with a message: it is always a bug of the code under test.
 */
#ifndef STORAGE_TESTUTIL_ALLOCATOR_H
#define STORAGE_TESTUTIL_ALLOCATOR_H

#include <stdio.h>

#include "storage/environment.h"

STORAGE_BEGIN_DECLS

typedef struct TestutilAllocator TestutilAllocator;

typedef struct TestutilAllocatorFigures {
    uint64_t attempt_count;       /* calls of allocate and reallocate */
    uint64_t failure_count;       /* how many of them were made to fail */
    size_t outstanding_blocks;    /* allocated and not released */
    size_t outstanding_bytes;     /* as they were asked for */
    size_t outstanding_bytes_max; /* the largest that outstanding_bytes ever was */
} TestutilAllocatorFigures;

/* A new allocator that fails nothing; NULL when out of memory. Free it with testutil_allocator_free. */
TestutilAllocator *testutil_allocator_new(void);

/* Frees it. Blocks that are still outstanding are not touched, so a leak stays visible to a leak checker. */
void testutil_allocator_free(TestutilAllocator *self);

/* What storage_set_allocator takes; lives as long as `self`. */
const StorageAllocator *testutil_allocator_interface(TestutilAllocator *self);

/* Makes attempt `number` from now on fail, counted from 1, and only that one; 0: none. */
void testutil_allocator_fail_once(TestutilAllocator *self, uint64_t number);

/* Makes attempt `number` from now on fail, counted from 1, and all after it; 0: none. */
void testutil_allocator_fail_from(TestutilAllocator *self, uint64_t number);

/* The figures so far. Counts are from the beginning, also across fail_once and fail_from. */
void testutil_allocator_figures(TestutilAllocator *self, TestutilAllocatorFigures *ret_figures);

/* Prints size and attempt number of up to `limit` outstanding blocks, oldest first. */
void testutil_allocator_print_outstanding(TestutilAllocator *self, FILE *file, size_t limit);

STORAGE_END_DECLS

#endif
