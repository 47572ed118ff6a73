/* config/types.c - the tables of the types of the library. A new type is a table and a line in library_types. */
#include "config/types.h"

#include "storage/memory.h"
#include "storage/read_only.h"

#include <stddef.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* 0 means the default in an option struct, so 0 is never a value that a document may give. */
static const StorageConfigField memory_fields[] = {
    {.name = "limit",
     .kind = STORAGE_FIELD_SIZE,
     .offset = offsetof(StorageMemoryOptions, limit_bytes),
     .minimum = 1,
     .doc = "Writes that would take the store beyond this many bytes are refused with NO_SPACE; deletes are not. It "
            "covers keys, values, versions that snapshots pin and the index; the watch history and the idempotency "
            "tokens have bounds of their own."},
    {.name = "watch_history_count",
     .kind = STORAGE_FIELD_COUNT,
     .offset = offsetof(StorageMemoryOptions, watch_history_count),
     .minimum = 1,
     .default_text = "16384",
     .doc = "How many changes are retained for watches. A watch that falls further behind gets COMPACTED."},
    {.name = "watch_history",
     .kind = STORAGE_FIELD_SIZE,
     .flags = STORAGE_FIELD_DEFAULT_VARIES,
     .offset = offsetof(StorageMemoryOptions, watch_history_bytes),
     .minimum = 1,
     .default_text = "16MiB",
     .doc = "How many bytes of keys and values the changes retained for watches may hold together. With a limit at "
            "most a quarter of it."},
    {.name = "idempotency_count",
     .kind = STORAGE_FIELD_COUNT,
     .offset = offsetof(StorageMemoryOptions, idempotency_count),
     .minimum = 1,
     .default_text = "65536",
     .doc = "How many idempotency tokens are remembered."},
    {.name = "idempotency",
     .kind = STORAGE_FIELD_SIZE,
     .flags = STORAGE_FIELD_DEFAULT_VARIES,
     .offset = offsetof(StorageMemoryOptions, idempotency_bytes),
     .minimum = 1,
     .default_text = "16MiB",
     .doc = "How many bytes the idempotency tokens and their answers may take together. With a limit at most a "
            "quarter of it."},
    {.name = "idempotency_age",
     .kind = STORAGE_FIELD_DURATION,
     .offset = offsetof(StorageMemoryOptions, idempotency_age_ns),
     .minimum = 1,
     .default_text = "1d",
     .doc = "For how long an idempotency token is remembered."},
};

static StorageStatus open_memory(const StorageConfigType *self, const void *options,
                                 const StorageEnvironment *environment, StorageBackend **ret_backend,
                                 StorageContext *ctx)
{
    StorageMemoryOptions memory_options = *(const StorageMemoryOptions *)options;
    (void)self;
    memory_options.environment = environment;
    return storage_memory_open(&memory_options, ret_backend, ctx);
}

static const StorageConfigType memory_type = {
    .struct_size = sizeof(StorageConfigType),
    .role = STORAGE_ROLE_BACKEND,
    .name = "memory",
    .doc = "An ordered concurrent map in memory; nothing outlives the process.",
    .fields = memory_fields,
    .field_count = COUNT_OF(memory_fields),
    .field_size = sizeof(StorageConfigField),
    .options_size = sizeof(StorageMemoryOptions),
    .adds = STORAGE_CAPABILITY_TRANSACTIONS | STORAGE_CAPABILITY_SERIALIZABLE | STORAGE_CAPABILITY_SAVEPOINTS |
            STORAGE_CAPABILITY_COMPARE | STORAGE_CAPABILITY_CLEAR_RANGE | STORAGE_CAPABILITY_MULTI_WRITE |
            STORAGE_CAPABILITY_EXPIRY | STORAGE_CAPABILITY_WATCH | STORAGE_CAPABILITY_IDEMPOTENCY |
            STORAGE_CAPABILITY_REVERSE_SCAN,
    .open = open_memory,
};

static StorageStatus wrap_read_only(const StorageConfigType *self, StorageBackend *inner, const void *options,
                                    StorageBackend **ret_backend, StorageContext *ctx)
{
    (void)self;
    return storage_read_only_wrap(inner, options, ret_backend, ctx);
}

static const StorageConfigType read_only_type = {
    .struct_size = sizeof(StorageConfigType),
    .role = STORAGE_ROLE_LAYER,
    .name = "read_only",
    .doc = "Refuses every write with READ_ONLY, inside transactions too.",
    .options_size = sizeof(StorageReadOnlyOptions),
    .weakens = STORAGE_WEAKENING_WRITES_REFUSED,
    .wrap = wrap_read_only,
};

const StorageConfigType *const library_types[] = {&memory_type, &read_only_type};
const size_t library_type_count = COUNT_OF(library_types);
