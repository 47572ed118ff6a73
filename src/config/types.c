/* config/types.c - the tables of all types that a configuration can name. A new type is a table and a line here. */
#include "config/type.h"

#include "storage/memory.h"
#include "storage/read_only.h"

#include <stddef.h>
#include <string.h>

#define AT_MOST_A_QUARTER "; with a limit at most a quarter of it"

/* 0 means the default in an option struct, so 0 is never a value that a document may give. */
static const ConfigField memory_fields[] = {
    {.name = "limit",
     .kind = CONFIG_SIZE,
     .offset = offsetof(StorageMemoryOptions, limit_bytes),
     .minimum = 1,
     .default_text = "none",
     .doc = "Writes that would take the store beyond this many bytes are refused with NO_SPACE; deletes are not. It "
            "covers keys, values, versions that snapshots pin and the index; the watch history and the idempotency "
            "tokens have bounds of their own."},
    {.name = "watch_history_count",
     .kind = CONFIG_COUNT,
     .offset = offsetof(StorageMemoryOptions, watch_history_count),
     .minimum = 1,
     .default_text = "16384",
     .doc = "How many changes are retained for watches. A watch that falls further behind gets COMPACTED."},
    {.name = "watch_history",
     .kind = CONFIG_SIZE,
     .offset = offsetof(StorageMemoryOptions, watch_history_bytes),
     .minimum = 1,
     .default_text = "16MiB" AT_MOST_A_QUARTER,
     .doc = "How many bytes of keys and values the changes retained for watches may hold together."},
    {.name = "idempotency_count",
     .kind = CONFIG_COUNT,
     .offset = offsetof(StorageMemoryOptions, idempotency_count),
     .minimum = 1,
     .default_text = "65536",
     .doc = "How many idempotency tokens are remembered."},
    {.name = "idempotency",
     .kind = CONFIG_SIZE,
     .offset = offsetof(StorageMemoryOptions, idempotency_bytes),
     .minimum = 1,
     .default_text = "16MiB" AT_MOST_A_QUARTER,
     .doc = "How many bytes the idempotency tokens and their answers may take together."},
    {.name = "idempotency_age",
     .kind = CONFIG_DURATION,
     .offset = offsetof(StorageMemoryOptions, idempotency_age_ns),
     .minimum = 1,
     .default_text = "1d",
     .doc = "For how long an idempotency token is remembered."},
};

static StorageStatus open_memory(const void *options, const StorageEnvironment *environment,
                                 StorageBackend **ret_backend, StorageContext *ctx)
{
    StorageMemoryOptions memory_options = *(const StorageMemoryOptions *)options;
    memory_options.environment = environment;
    return storage_memory_open(&memory_options, ret_backend, ctx);
}

const ConfigType config_memory_type = {
    .name = "memory",
    .role = CONFIG_BACKEND,
    .doc = "An ordered concurrent map in memory; nothing outlives the process.",
    .fields = memory_fields,
    .field_count = sizeof(memory_fields) / sizeof(memory_fields[0]),
    .options_size = sizeof(StorageMemoryOptions),
    .open = open_memory,
};

static StorageStatus wrap_read_only(StorageBackend *inner, const void *options, StorageBackend **ret_backend,
                                    StorageContext *ctx)
{
    return storage_read_only_wrap(inner, options, ret_backend, ctx);
}

const ConfigType config_read_only_type = {
    .name = "read_only",
    .role = CONFIG_LAYER,
    .doc = "Refuses every write with READ_ONLY, inside transactions too.",
    .options_size = sizeof(StorageReadOnlyOptions),
    .wrap = wrap_read_only,
};

const ConfigType *const config_types[] = {&config_memory_type, &config_read_only_type, NULL};

const ConfigType *config_type_find(const char *name)
{
    for (size_t i = 0; config_types[i] != NULL; i++)
        if (strcmp(config_types[i]->name, name) == 0)
            return config_types[i];
    return NULL;
}
