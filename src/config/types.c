/* config/types.c - the tables of the types of the library. A new type is a table and a line in library_types. */
#include "config/types.h"

#include "storage/ledger.h"
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

/* ---- ledger ---- */

/* The options as a document has them; the path and the flags stand elsewhere in C. */
typedef struct LedgerConfig {
    uint32_t struct_size;
    uint32_t no_create, read_only, sync, page_size;
    const char *path;
    uint64_t sync_commits, cache_bytes, file_limit_bytes, reader_age_ns;
    uint64_t watch_history_count, watch_history_bytes;
    uint64_t idempotency_count, idempotency_bytes, idempotency_age_ns;
} LedgerConfig;

static const char *const ledger_syncs[] = {"always", "every", "never", NULL}; /* in the order of the enumerators */

static const char *const ledger_page_sizes[] = {"4KiB", "8KiB", "16KiB", "32KiB", "64KiB", NULL};

static const StorageConfigField ledger_fields[] = {
    {.name = "path",
     .kind = STORAGE_FIELD_STRING,
     .flags = STORAGE_FIELD_PATH | STORAGE_FIELD_REQUIRED,
     .offset = offsetof(LedgerConfig, path),
     .minimum = 1,
     .doc =
         "The file of the store, in a directory that is there. \":memory:\" is a store of the same kind that is gone "
         "with its handle."},
    {.name = "create",
     .kind = STORAGE_FIELD_BOOL,
     .flags = STORAGE_FIELD_INVERTED,
     .offset = offsetof(LedgerConfig, no_create),
     .default_text = "true",
     .doc = "Whether the file is made when there is none."},
    {.name = "read_only",
     .kind = STORAGE_FIELD_BOOL,
     .offset = offsetof(LedgerConfig, read_only),
     .default_text = "false",
     .doc = "Refuses every write with READ_ONLY. Other processes may open the file for reading at the same time."},
    {.name = "sync",
     .kind = STORAGE_FIELD_CHOICE,
     .offset = offsetof(LedgerConfig, sync),
     .choices = ledger_syncs,
     .default_text = "always",
     .doc = "When a commit is durable: always, before it is answered; every, with every sync_commits-th commit; never, "
            "with storage_sync, the close, and when memory is full. A crash takes back at most what was not durable, "
            "the newest commits first, and never damages the file."},
    {.name = "sync_commits",
     .kind = STORAGE_FIELD_COUNT,
     .offset = offsetof(LedgerConfig, sync_commits),
     .minimum = 1,
     .default_text = "1000",
     .doc = "How many commits become durable together when sync is every."},
    {.name = "page_size",
     .kind = STORAGE_FIELD_CHOICE,
     .offset = offsetof(LedgerConfig, page_size),
     .choices = ledger_page_sizes,
     .default_text = "4KiB",
     .doc = "The page size of a new file. Keys may have a quarter of it."},
    {.name = "cache",
     .kind = STORAGE_FIELD_SIZE,
     .offset = offsetof(LedgerConfig, cache_bytes),
     .minimum = 1,
     .default_text = "64MiB",
     .doc = "How many bytes of pages are kept in memory."},
    {.name = "file_limit",
     .kind = STORAGE_FIELD_SIZE,
     .offset = offsetof(LedgerConfig, file_limit_bytes),
     .minimum = 1,
     .doc = "Writes that would make the file larger are refused with NO_SPACE."},
    {.name = "reader_age",
     .kind = STORAGE_FIELD_DURATION,
     .offset = offsetof(LedgerConfig, reader_age_ns),
     .minimum = 1,
     .doc = "Cursors and transactions that are older may get SNAPSHOT_TOO_OLD, so that they hold no space back."},
    {.name = "watch_history_count",
     .kind = STORAGE_FIELD_COUNT,
     .offset = offsetof(LedgerConfig, watch_history_count),
     .minimum = 1,
     .default_text = "16384",
     .doc = "How many changes are retained for watches. A watch that falls further behind gets COMPACTED."},
    {.name = "watch_history",
     .kind = STORAGE_FIELD_SIZE,
     .offset = offsetof(LedgerConfig, watch_history_bytes),
     .minimum = 1,
     .default_text = "16MiB",
     .doc = "How many bytes of keys and values the changes retained for watches may hold together."},
    {.name = "idempotency_count",
     .kind = STORAGE_FIELD_COUNT,
     .offset = offsetof(LedgerConfig, idempotency_count),
     .minimum = 1,
     .default_text = "65536",
     .doc = "How many idempotency tokens are remembered."},
    {.name = "idempotency",
     .kind = STORAGE_FIELD_SIZE,
     .offset = offsetof(LedgerConfig, idempotency_bytes),
     .minimum = 1,
     .default_text = "16MiB",
     .doc = "How many bytes the idempotency tokens and their answers may take together."},
    {.name = "idempotency_age",
     .kind = STORAGE_FIELD_DURATION,
     .offset = offsetof(LedgerConfig, idempotency_age_ns),
     .minimum = 1,
     .default_text = "1d",
     .doc = "For how long an idempotency token is remembered."},
};

static StorageStatus open_ledger(const StorageConfigType *self, const void *options,
                                 const StorageEnvironment *environment, StorageBackend **ret_backend,
                                 StorageContext *ctx)
{
    const LedgerConfig *config = options;
    StorageLedgerOptions ledger_options = STORAGE_LEDGER_OPTIONS_INIT;
    (void)self;
    ledger_options.flags = (config->read_only != 0 ? STORAGE_LEDGER_READ_ONLY : 0u) |
                           (config->no_create != 0 ? STORAGE_LEDGER_NO_CREATE : 0u);
    ledger_options.environment = environment;
    ledger_options.page_size = UINT32_C(4096) << config->page_size;
    ledger_options.sync = config->sync;
    ledger_options.sync_commits = config->sync_commits;
    ledger_options.cache_bytes = config->cache_bytes;
    ledger_options.file_limit_bytes = config->file_limit_bytes;
    ledger_options.reader_age_ns = config->reader_age_ns;
    ledger_options.watch_history_count = config->watch_history_count;
    ledger_options.watch_history_bytes = config->watch_history_bytes;
    ledger_options.idempotency_count = config->idempotency_count;
    ledger_options.idempotency_bytes = config->idempotency_bytes;
    ledger_options.idempotency_age_ns = config->idempotency_age_ns;
    return storage_ledger_open(config->path, &ledger_options, ret_backend, ctx);
}

static const StorageConfigType ledger_type = {
    .struct_size = sizeof(StorageConfigType),
    .role = STORAGE_ROLE_BACKEND,
    .name = "ledger",
    .doc = "An ordered store in one file: a copy-on-write B+ tree whose pages carry checks, with real snapshots.",
    .fields = ledger_fields,
    .field_count = COUNT_OF(ledger_fields),
    .field_size = sizeof(StorageConfigField),
    .options_size = sizeof(LedgerConfig),
    .adds = STORAGE_CAPABILITY_TRANSACTIONS | STORAGE_CAPABILITY_SERIALIZABLE | STORAGE_CAPABILITY_SAVEPOINTS |
            STORAGE_CAPABILITY_COMPARE | STORAGE_CAPABILITY_CLEAR_RANGE | STORAGE_CAPABILITY_MULTI_WRITE |
            STORAGE_CAPABILITY_EXPIRY | STORAGE_CAPABILITY_WATCH | STORAGE_CAPABILITY_IDEMPOTENCY |
            STORAGE_CAPABILITY_REVERSE_SCAN | STORAGE_CAPABILITY_DURABLE,
    .open = open_ledger,
};

/* ---- read_only ---- */

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

const StorageConfigType *const library_types[] = {&memory_type, &ledger_type, &read_only_type};
const size_t library_type_count = COUNT_OF(library_types);
