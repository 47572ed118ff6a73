/*
 * storage_testutil/factory.h - backends and stacks by name.
 *
 * A registry knows backends ("memory") and layers ("read_only", "pass_through"); callers add their own. A stack is
 * written top first with slashes, as requests meet it: "read_only/pass_through/memory".
 */
#ifndef STORAGE_TESTUTIL_FACTORY_H
#define STORAGE_TESTUTIL_FACTORY_H

#include "storage/operations.h"
#include "storage_testutil/clock.h"

STORAGE_BEGIN_DECLS

/* What a test asks of the store at the bottom of a stack. All zero: an empty store with its defaults. */
typedef struct TestutilStoreOptions {
    const StorageEnvironment *environment; /* NULL: the system's */
    uint64_t watch_history_count;          /* changes to retain; 0: the store's default */
    uint64_t idempotency_count;            /* tokens to retain; 0: the store's default */
    uint64_t idempotency_age_ns;           /* and for how long; 0: the store's default */
    uint64_t limit_bytes;                  /* 0: none */
    /* Called with the bare store before layers are put on it, so that also a stack that refuses writes has rows. */
    StorageStatus (*populate)(StorageBackend *store, void *user_data, StorageContext *ctx);
    void *populate_user_data;
} TestutilStoreOptions;

/*
 * Opens a backend. UNSUPPORTED for a limit of `options` that it does not have (the contract suite then skips the case).
 * `populate` is not its business.
 */
typedef StorageStatus (*TestutilOpenFn)(void *user_data, const TestutilStoreOptions *options,
                                        StorageBackend **ret_backend, StorageContext *ctx);
/* Puts a layer on `inner`, as storage_<name>_wrap does: `inner` is taken only on success. */
typedef StorageStatus (*TestutilWrapFn)(void *user_data, StorageBackend *inner, StorageBackend **ret_backend,
                                        StorageContext *ctx);

typedef struct TestutilRegistry TestutilRegistry;

/* A registry with the backends "memory", "ledger" (in memory, always synced), "ledger_lazy" (the same, never synced)
 * and "ledger_file" (a temporary file), and the layers "read_only" and "pass_through". NULL when out of memory. */
TestutilRegistry *testutil_registry_new(void);
void testutil_registry_free(TestutilRegistry *self);
/* Names are not copied. A name that is taken, or more than 32 of a kind, fail the test. */
void testutil_registry_add_backend(TestutilRegistry *self, const char *name, TestutilOpenFn open, void *user_data);
void testutil_registry_add_layer(TestutilRegistry *self, const char *name, TestutilWrapFn wrap, void *user_data);

/*
 * Opens the stack that `stack` names. `options` NULL: an empty store with its defaults and the system's clock.
 * Returns OK; CONFIG for an unknown name; what opening or wrapping returns, and then nothing is left open.
 */
StorageStatus testutil_stack_open(const TestutilRegistry *registry, const char *stack,
                                  const TestutilStoreOptions *options, StorageBackend **ret_backend,
                                  StorageContext *ctx);

/* A stack that one call opens: what the contract suite and the random tests are run on. */
typedef struct TestutilFactory {
    const TestutilRegistry *registry;
    const char *stack;
} TestutilFactory;

StorageStatus testutil_factory_open(const TestutilFactory *factory, const TestutilStoreOptions *options,
                                    StorageBackend **ret_backend, StorageContext *ctx);

/*
 * A stack whose store holds `count` keys testutil_key(prefix, 0 ...) with values of `value_size` bytes of 0xAB, written
 * before the layers are put on.
 */
StorageStatus testutil_populated_open(const TestutilFactory *factory, const char *prefix, uint64_t count,
                                      size_t value_size, const StorageEnvironment *environment,
                                      StorageBackend **ret_backend, StorageContext *ctx);

/*
 * A layer that changes nothing, with cursors, transactions and watches of its own: what a stack must bear without a
 * difference.
 */
StorageStatus testutil_pass_through_wrap(StorageBackend *inner, StorageBackend **ret_backend, StorageContext *ctx);
/* Its operations table, for tests that walk tables. */
const struct StorageOps *testutil_pass_through_ops(void);

STORAGE_END_DECLS

#endif
