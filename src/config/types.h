/* config/types.h - the types of the library. */
#ifndef CONFIG_TYPES_H
#define CONFIG_TYPES_H

#include "storage/registry.h"

/* In the order of the reference page. */
extern const StorageConfigType *const library_types[];
extern const size_t library_type_count;

#endif
