/*
 * factory.c - the registry of backends and layers, and stacks opened from their names.
 *
 * A stack is opened bottom up: the backend, its rows, then the layers from the last name to the first. When a step
 * fails, what was opened is closed again.
 */
#include "storage_testutil/factory.h"

#include "storage/ledger.h"
#include "storage/memory.h"
#include "storage/read_only.h"
#include "storage_testutil/assert.h"
#include "storage_testutil/generate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KIND_COUNT_MAX = 32, NAME_SIZE_MAX = 64, STACK_SIZE_MAX = 512, PATH_SIZE_MAX = 512 };

typedef struct BackendType {
    const char *name;
    TestutilOpenFn open;
    void *user_data;
} BackendType;

typedef struct LayerType {
    const char *name;
    TestutilWrapFn wrap;
    void *user_data;
} LayerType;

struct TestutilRegistry {
    BackendType backends[KIND_COUNT_MAX];
    LayerType layers[KIND_COUNT_MAX];
    size_t backend_count, layer_count;
};

static const BackendType *find_backend(const TestutilRegistry *self, const char *name)
{
    for (size_t i = 0; i < self->backend_count; i++)
        if (strcmp(self->backends[i].name, name) == 0)
            return &self->backends[i];
    return NULL;
}

static const LayerType *find_layer(const TestutilRegistry *self, const char *name)
{
    for (size_t i = 0; i < self->layer_count; i++)
        if (strcmp(self->layers[i].name, name) == 0)
            return &self->layers[i];
    return NULL;
}

static StorageStatus open_memory(void *user_data, const TestutilStoreOptions *options, StorageBackend **ret_backend,
                                 StorageContext *ctx)
{
    StorageMemoryOptions memory = STORAGE_MEMORY_OPTIONS_INIT;

    (void)user_data;
    memory.environment = options->environment;
    memory.limit_bytes = options->limit_bytes;
    memory.watch_history_count = options->watch_history_count;
    memory.idempotency_count = options->idempotency_count;
    memory.idempotency_age_ns = options->idempotency_age_ns;
    return storage_memory_open(&memory, ret_backend, ctx);
}

/* `sync` is the policy. UNSUPPORTED for a limit on bytes: that of a file is counted otherwise. */
static StorageStatus open_ledger_at(const char *path, uint32_t sync, const TestutilStoreOptions *options,
                                    StorageBackend **ret_backend, StorageContext *ctx)
{
    StorageLedgerOptions ledger = STORAGE_LEDGER_OPTIONS_INIT;

    if (options->limit_bytes != 0)
        return STORAGE_UNSUPPORTED;
    ledger.environment = options->environment;
    ledger.sync = sync;
    ledger.watch_history_count = options->watch_history_count;
    ledger.idempotency_count = options->idempotency_count;
    ledger.idempotency_age_ns = options->idempotency_age_ns;
    return storage_ledger_open(path, &ledger, ret_backend, ctx);
}

static StorageStatus open_ledger(void *user_data, const TestutilStoreOptions *options, StorageBackend **ret_backend,
                                 StorageContext *ctx)
{
    const uint32_t *sync = user_data;

    return open_ledger_at(STORAGE_LEDGER_MEMORY, *sync, options, ret_backend, ctx);
}

/* In a temporary file, whose name is gone once it is open. */
static StorageStatus open_ledger_file(void *user_data, const TestutilStoreOptions *options,
                                      StorageBackend **ret_backend, StorageContext *ctx)
{
    const char *directory = getenv("TMPDIR"); /* else memory that looks like a disk: the suite is about answers */
    char path[PATH_SIZE_MAX];
    StorageStatus status;
    int descriptor;

    (void)user_data;
    if (directory == NULL || strlen(directory) > PATH_SIZE_MAX / 2)
        directory = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(path, sizeof path, "%s/storage-ledger-XXXXXX", directory);
    descriptor = mkstemp(path); /* for a name that nobody has */
    if (descriptor < 0)
        return STORAGE_IO;
    close(descriptor);
    unlink(path);
    status = open_ledger_at(path, STORAGE_LEDGER_SYNC_ALWAYS, options, ret_backend, ctx);
    unlink(path);
    return status;
}

static StorageStatus wrap_read_only(void *user_data, StorageBackend *inner, StorageBackend **ret_backend,
                                    StorageContext *ctx)
{
    (void)user_data;
    return storage_read_only_wrap(inner, NULL, ret_backend, ctx);
}

static StorageStatus wrap_pass_through(void *user_data, StorageBackend *inner, StorageBackend **ret_backend,
                                       StorageContext *ctx)
{
    (void)user_data;
    return testutil_pass_through_wrap(inner, ret_backend, ctx);
}

TestutilRegistry *testutil_registry_new(void)
{
    static const uint32_t always = STORAGE_LEDGER_SYNC_ALWAYS, never = STORAGE_LEDGER_SYNC_NEVER;
    TestutilRegistry *self = calloc(1, sizeof *self);

    if (self == NULL)
        return NULL;
    testutil_registry_add_backend(self, "memory", open_memory, NULL);
    testutil_registry_add_backend(self, "ledger", open_ledger, (void *)(uintptr_t)&always);
    testutil_registry_add_backend(self, "ledger_lazy", open_ledger, (void *)(uintptr_t)&never);
    testutil_registry_add_backend(self, "ledger_file", open_ledger_file, NULL);
    testutil_registry_add_layer(self, "read_only", wrap_read_only, NULL);
    testutil_registry_add_layer(self, "pass_through", wrap_pass_through, NULL);
    return self;
}

void testutil_registry_free(TestutilRegistry *self)
{
    free(self);
}

void testutil_registry_add_backend(TestutilRegistry *self, const char *name, TestutilOpenFn open, void *user_data)
{
    testutil_assert(find_backend(self, name) == NULL, "there is a backend \"%s\" already", name);
    testutil_assert(self->backend_count < KIND_COUNT_MAX, "no room for the backend \"%s\"", name);
    self->backends[self->backend_count++] = (BackendType){name, open, user_data};
}

void testutil_registry_add_layer(TestutilRegistry *self, const char *name, TestutilWrapFn wrap, void *user_data)
{
    testutil_assert(find_layer(self, name) == NULL, "there is a layer \"%s\" already", name);
    testutil_assert(self->layer_count < KIND_COUNT_MAX, "no room for the layer \"%s\"", name);
    self->layers[self->layer_count++] = (LayerType){name, wrap, user_data};
}

/* Cuts the last name off `stack`. Returns it, or NULL when nothing is left. */
static char *take_last_name(char *stack)
{
    char *slash = strrchr(stack, '/');
    char *name = slash == NULL ? stack : slash + 1;

    if (*stack == '\0')
        return NULL;
    if (slash != NULL)
        *slash = '\0';
    return name;
}

static StorageStatus open_store(const TestutilRegistry *registry, const char *name, const TestutilStoreOptions *options,
                                StorageBackend **ret_backend, StorageContext *ctx)
{
    const BackendType *type = find_backend(registry, name);
    StorageBackend *store;
    StorageStatus status;

    if (type == NULL)
        return STORAGE_CONFIG;
    status = type->open(type->user_data, options, &store, ctx);
    if (status != STORAGE_OK)
        return status;
    if (options->populate != NULL)
        status = options->populate(store, options->populate_user_data, ctx);
    if (status != STORAGE_OK) {
        storage_close(store, NULL);
        return status;
    }
    *ret_backend = store;
    return STORAGE_OK;
}

StorageStatus testutil_stack_open(const TestutilRegistry *registry, const char *stack,
                                  const TestutilStoreOptions *options, StorageBackend **ret_backend,
                                  StorageContext *ctx)
{
    static const TestutilStoreOptions defaults;
    char names[STACK_SIZE_MAX], *name;
    StorageBackend *top = NULL;
    StorageStatus status;

    *ret_backend = NULL;
    if (strlen(stack) >= sizeof names)
        return STORAGE_CONFIG;
    memcpy(names, stack, strlen(stack) + 1);
    name = take_last_name(names);
    if (name == NULL)
        return STORAGE_CONFIG;
    status = open_store(registry, name, options == NULL ? &defaults : options, &top, ctx);
    while (status == STORAGE_OK && name != names) {
        const LayerType *type;

        name = take_last_name(names);
        type = name == NULL ? NULL : find_layer(registry, name);
        status = type == NULL ? STORAGE_CONFIG : type->wrap(type->user_data, top, &top, ctx);
        if (name == NULL)
            break;
    }
    if (status != STORAGE_OK) {
        storage_close(top, NULL);
        return status;
    }
    *ret_backend = top;
    return STORAGE_OK;
}

StorageStatus testutil_factory_open(const TestutilFactory *factory, const TestutilStoreOptions *options,
                                    StorageBackend **ret_backend, StorageContext *ctx)
{
    return testutil_stack_open(factory->registry, factory->stack, options, ret_backend, ctx);
}

typedef struct Population {
    const char *prefix;
    uint64_t count;
    void *value_buffer;
    size_t value_size;
} Population;

static StorageStatus populate(StorageBackend *store, void *user_data, StorageContext *ctx)
{
    const Population *population = user_data;
    StorageSlice value = testutil_value(population->value_buffer, population->value_size);
    char key[TESTUTIL_KEY_BUFFER_SIZE];

    for (uint64_t i = 0; i < population->count; i++) {
        StorageStatus status =
            storage_set(store, testutil_key(key, sizeof key, population->prefix, i), value, NULL, ctx);

        if (status != STORAGE_OK)
            return status;
    }
    return STORAGE_OK;
}

StorageStatus testutil_populated_open(const TestutilFactory *factory, const char *prefix, uint64_t count,
                                      size_t value_size, const StorageEnvironment *environment,
                                      StorageBackend **ret_backend, StorageContext *ctx)
{
    Population population = {prefix, count, malloc(value_size + 1), value_size};
    TestutilStoreOptions options = {
        .environment = environment, .populate = populate, .populate_user_data = &population};
    StorageStatus status;

    *ret_backend = NULL;
    if (population.value_buffer == NULL)
        return STORAGE_NO_MEMORY;
    status = testutil_factory_open(factory, &options, ret_backend, ctx);
    free(population.value_buffer);
    return status;
}
