/* sample_types.c - see sample_types.h. They open a memory store and read-only layers: what is opened does not matter.
 */
#include "sample_types.h"

#include "storage/memory.h"
#include "storage/read_only.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define FIELDS(table) .fields = (table), .field_count = COUNT_OF(table), .field_size = sizeof(StorageConfigField)
#define RULES(table) .rules = (table), .rule_count = COUNT_OF(table), .rule_size = sizeof(StorageOrderRule)

typedef struct SampleOptions {
    uint32_t struct_size, flags;
    uint64_t capacity_bytes, timeout_ns, retry_count;
    StorageRate rate;
    const char *name, *password, *path;
    uint32_t verbose, sync, no_check, padding;
} SampleOptions;

static const char *const sync_choices[] = {"always", "every", "never", NULL};

static const StorageConfigField vessel_fields[] = {
    {.name = "path",
     .kind = STORAGE_FIELD_STRING,
     .flags = STORAGE_FIELD_REQUIRED | STORAGE_FIELD_PATH,
     .offset = offsetof(SampleOptions, path),
     .minimum = 1,
     .doc = "Where it is."},
    {.name = "capacity",
     .kind = STORAGE_FIELD_SIZE,
     .offset = offsetof(SampleOptions, capacity_bytes),
     .minimum = 1024,
     .maximum = UINT64_C(1) << 40,
     .default_text = "64MiB",
     .doc = "How much goes in."},
    {.name = "timeout",
     .kind = STORAGE_FIELD_DURATION,
     .offset = offsetof(SampleOptions, timeout_ns),
     .minimum = 1000000,
     .maximum = UINT64_C(86400000000000),
     .default_text = "30s",
     .doc = "For how long it is tried."},
    {.name = "rate",
     .kind = STORAGE_FIELD_RATE,
     .offset = offsetof(SampleOptions, rate),
     .minimum = 2,
     .maximum = 1000000,
     .doc = "How often it is tried."},
    {.name = "retry_count",
     .kind = STORAGE_FIELD_COUNT,
     .offset = offsetof(SampleOptions, retry_count),
     .minimum = 1,
     .maximum = 10,
     .default_text = "3",
     .doc = "How many times it is tried."},
    {.name = "name",
     .kind = STORAGE_FIELD_STRING,
     .offset = offsetof(SampleOptions, name),
     .minimum = 2,
     .maximum = 16,
     .doc = "What it is called."},
    {.name = "password",
     .kind = STORAGE_FIELD_STRING,
     .flags = STORAGE_FIELD_SECRET,
     .offset = offsetof(SampleOptions, password),
     .minimum = 4,
     .maximum = 64,
     .doc = "What opens it."},
    {.name = "verbose",
     .kind = STORAGE_FIELD_BOOL,
     .offset = offsetof(SampleOptions, verbose),
     .default_text = "false",
     .doc = "Whether it says more."},
    {.name = "check",
     .kind = STORAGE_FIELD_BOOL,
     .flags = STORAGE_FIELD_INVERTED,
     .offset = offsetof(SampleOptions, no_check),
     .doc = "Whether it looks twice."},
    {.name = "sync",
     .kind = STORAGE_FIELD_CHOICE,
     .offset = offsetof(SampleOptions, sync),
     .default_text = "always",
     .choices = sync_choices,
     .doc = "When it syncs."},
};

static const char *check_vessel(const StorageConfigType *self, const void *options)
{
    const SampleOptions *sample = options;
    (void)self;
    if (sample->retry_count > 5 && sample->timeout_ns != 0 && sample->timeout_ns < 1000000000)
        return "more than 5 retries need a timeout of at least 1s; make it longer";
    return NULL;
}

static StorageStatus open_vessel(const StorageConfigType *self, const void *options,
                                 const StorageEnvironment *environment, StorageBackend **ret_backend,
                                 StorageContext *ctx)
{
    StorageMemoryOptions memory_options = STORAGE_MEMORY_OPTIONS_INIT;
    (void)self;
    (void)options;
    memory_options.environment = environment;
    return storage_memory_open(&memory_options, ret_backend, ctx);
}

static StorageStatus wrap_sample(const StorageConfigType *self, StorageBackend *inner, const void *options,
                                 StorageBackend **ret_backend, StorageContext *ctx)
{
    (void)self;
    (void)options;
    return storage_read_only_wrap(inner, NULL, ret_backend, ctx);
}

static const StorageConfigField throttle_fields[] = {
    {.name = "rate",
     .kind = STORAGE_FIELD_RATE,
     .flags = STORAGE_FIELD_REQUIRED,
     .offset = offsetof(SampleOptions, rate),
     .doc = "How many requests may pass."},
    {.name = "burst",
     .kind = STORAGE_FIELD_COUNT,
     .offset = offsetof(SampleOptions, retry_count),
     .minimum = 1,
     .doc = "How many may pass at once."},
};

static const StorageConfigField remember_fields[] = {
    {.name = "capacity",
     .kind = STORAGE_FIELD_SIZE,
     .offset = offsetof(SampleOptions, capacity_bytes),
     .minimum = 1,
     .default_text = "16384KiB", /* not as it would be written: explanations write it shorter */
     .doc = "How much it remembers."},
};

static const StorageConfigField shrink_fields[] = {
    {.name = "level",
     .kind = STORAGE_FIELD_CHOICE,
     .offset = offsetof(SampleOptions, sync),
     .choices = sync_choices,
     .doc = "How hard it tries."},
};

static const StorageOrderRule throttle_rules[] = {
    {.relation = STORAGE_ORDER_ABOVE, .other = "remember", .reason = "a hit in the cache would pass no limit"},
};
static const StorageOrderRule remember_rules[] = {
    {.relation = STORAGE_ORDER_BELOW,
     .severity = STORAGE_ORDER_WARNED,
     .other = "shrink",
     .reason = "what is small already would be remembered"},
};
static const StorageOrderRule solo_rules[] = {
    {.relation = STORAGE_ORDER_ONCE, .reason = "the second would find nothing to do"},
    {.relation = STORAGE_ORDER_WITHOUT, .other = "shrink", .reason = "both rewrite values"},
};

#define LAYER .struct_size = sizeof(StorageConfigType), .role = STORAGE_ROLE_LAYER, .wrap = wrap_sample

static const StorageConfigType sample_types[] = {
    {.struct_size = sizeof(StorageConfigType),
     .role = STORAGE_ROLE_BACKEND,
     .name = "vessel",
     .doc = "A store with an option of every kind.",
     FIELDS(vessel_fields),
     .options_size = sizeof(SampleOptions),
     .adds = STORAGE_CAPABILITY_TRANSACTIONS | STORAGE_CAPABILITY_WATCH | STORAGE_CAPABILITY_DURABLE,
     .check = check_vessel,
     .open = open_vessel},
    {.struct_size = sizeof(StorageConfigType),
     .role = STORAGE_ROLE_BACKEND,
     .name = "loose",
     .doc = "A store that scans what is there now.",
     .options_size = sizeof(SampleOptions),
     .weakens = STORAGE_WEAKENING_SCAN_LIVE,
     .open = open_vessel},
    {LAYER, .name = "throttle", .doc = "Lets so many requests pass.", FIELDS(throttle_fields), RULES(throttle_rules),
     .options_size = sizeof(SampleOptions)},
    {LAYER, .name = "remember", .doc = "Remembers what was read.", FIELDS(remember_fields), RULES(remember_rules),
     .options_size = sizeof(SampleOptions), .removes = STORAGE_CAPABILITY_DURABLE},
    {LAYER, .name = "shrink", .doc = "Makes values smaller.", FIELDS(shrink_fields),
     .options_size = sizeof(SampleOptions)},
    {LAYER, .name = "solo", .doc = "Stands alone.", RULES(solo_rules), .options_size = sizeof(SampleOptions)},
    {LAYER, .name = "sync", .doc = "Syncs.", .options_size = sizeof(SampleOptions),
     .needs = STORAGE_CAPABILITY_DURABLE},
    {LAYER, .name = "live", .doc = "Scans what is there now.", .options_size = sizeof(SampleOptions),
     .weakens = STORAGE_WEAKENING_SCAN_LIVE},
    {LAYER, .name = "strict", .doc = "Wants scans of one moment.", .options_size = sizeof(SampleOptions),
     .forbids = STORAGE_WEAKENING_SCAN_LIVE},
};

StorageRegistry *sample_registry_new(void)
{
    StorageRegistry *registry = storage_registry_new();
    StorageContext *ctx = storage_context_new();
    StorageStatus status = registry != NULL && ctx != NULL ? STORAGE_OK : STORAGE_NO_MEMORY;
    for (size_t i = 0; i < COUNT_OF(sample_types) && status == STORAGE_OK; i++)
        status = storage_registry_add(registry, &sample_types[i], ctx);
    if (status != STORAGE_OK) {
        fprintf(stderr, "sample types: %s: %s\n", storage_status_name(status), storage_context_error_text(ctx, 0));
        exit(EXIT_FAILURE);
    }
    storage_context_free(ctx);
    return registry;
}
