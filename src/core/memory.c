/*
 * core/memory.c - the allocation seam: the only file that asks the system for memory.
 *
 * Invariant: the allocator changes only through storage_set_allocator, before the first open, so it is read without a
 * lock.
 */
#include "core/allocator.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#ifdef HAVE_JEMALLOC
#include <jemalloc/jemalloc.h>
#endif

static StorageAllocator custom_allocator; /* the one global; `allocate` is NULL for the built-in one */

StorageStatus storage_set_allocator(const StorageAllocator *allocator)
{
    if (allocator == NULL) {
        custom_allocator = (StorageAllocator){0};
        return STORAGE_OK;
    }
    if (allocator->struct_size < sizeof(*allocator) || allocator->allocate == NULL || allocator->reallocate == NULL ||
        allocator->release == NULL)
        return STORAGE_INVALID_ARGUMENT;
    custom_allocator = *allocator;
    return STORAGE_OK;
}

void *storage_allocate(size_t size)
{
    if (size == 0)
        size = 1;
    if (custom_allocator.allocate != NULL)
        return custom_allocator.allocate(custom_allocator.user_data, size);
#ifdef HAVE_JEMALLOC
    return mallocx(size, 0);
#else
    return malloc(size);
#endif
}

void *storage_allocate_zero(size_t size)
{
    void *block = storage_allocate(size);
    if (block != NULL)
        memset(block, 0, size);
    return block;
}

void *storage_reallocate(void *block, size_t size)
{
    if (block == NULL)
        return storage_allocate(size);
    if (size == 0)
        size = 1;
    if (custom_allocator.allocate != NULL)
        return custom_allocator.reallocate(custom_allocator.user_data, block, size);
#ifdef HAVE_JEMALLOC
    return rallocx(block, size, 0);
#else
    return realloc(block, size);
#endif
}

void storage_release(void *block)
{
    if (block == NULL)
        return;
    if (custom_allocator.allocate != NULL)
        custom_allocator.release(custom_allocator.user_data, block);
    else
#ifdef HAVE_JEMALLOC
        dallocx(block, 0);
#else
        free(block);
#endif
}

char *allocator_copy_text(StorageSlice text)
{
    char *copy = storage_allocate(text.size + 1);
    if (copy == NULL)
        return NULL;
    if (text.size > 0)
        memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    return copy;
}

/* The kernel works in pages: what does not begin at one is left out. */
void allocator_prefer_huge_pages(void *bytes, size_t size)
{
    if ((uintptr_t)bytes % 4096 == 0)
        (void)madvise(bytes, size, MADV_HUGEPAGE);
}
