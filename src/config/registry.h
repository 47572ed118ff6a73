/*
 * config/registry.h - the types that a document may name.
 *
 * NULL is a registry too, in the functions here and in those of storage/registry.h that only look: it holds the types
 * of the library and no others. Every type in a registry is of the size that this library knows, and so are its fields
 * and rules: they may be read as arrays.
 */
#ifndef CONFIG_REGISTRY_H
#define CONFIG_REGISTRY_H

#include "storage/registry.h"

#define FIELD_COUNT_MAX 256
#define RULE_COUNT_MAX 256
#define OPTIONS_SIZE_MAX 65536

struct StorageRegistry {
    const StorageConfigType **types;
    size_t count, capacity;
};

/*
 * Looks through a table of known sizes that is about to join `registry`. Reports every mistake in it.
 * Returns OK or INVALID_ARGUMENT.
 */
StorageStatus registry_check_type(const StorageRegistry *registry, const StorageConfigType *type, StorageContext *ctx);

/* "backend" or "layer". */
const char *registry_role_name(StorageRole role);

#endif
