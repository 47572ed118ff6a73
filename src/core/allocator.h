/* core/allocator.h - the allocation seam; the functions themselves are in storage/backend.h. */
#ifndef CORE_ALLOCATOR_H
#define CORE_ALLOCATOR_H

#include "storage/backend.h"

/* A zero-terminated copy of `text`, NULL when out of memory. */
char *allocator_copy_text(StorageSlice text);

/* Asks for huge pages behind a large block that was allocated; nothing happens where there are none. */
void allocator_prefer_huge_pages(void *bytes, size_t size);

#endif
