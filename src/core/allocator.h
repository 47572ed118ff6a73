/* core/allocator.h - the allocation seam; the functions themselves are in storage/backend.h. */
#ifndef CORE_ALLOCATOR_H
#define CORE_ALLOCATOR_H

#include "storage/backend.h"

/* A zero-terminated copy of `text`, NULL when out of memory. */
char *allocator_copy_text(StorageSlice text);

#endif
