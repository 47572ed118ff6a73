/* test_plan_open.c - the order in which a stack is built, with layers of this test that write down what happens. */
#include "config_test.h"

#include "config/plan.h"
#include "storage/memory.h"

static char history[256];

static StorageStatus open_store(const StorageConfigType *self, const void *options,
                                const StorageEnvironment *environment, StorageBackend **ret_backend,
                                StorageContext *ctx)
{
    ck_assert_str_eq(self->name, "store");
    append(history, sizeof(history), "open %s; ", (const char *)options);
    ck_assert_ptr_null(environment);
    return storage_memory_open(NULL, ret_backend, ctx);
}

/* A layer that is not there: the stack stays what it was. One that is called "broken" fails. */
static StorageStatus wrap_layer(const StorageConfigType *self, StorageBackend *inner, const void *options,
                                StorageBackend **ret_backend, StorageContext *ctx)
{
    ck_assert_str_eq(self->name, "layer");
    append(history, sizeof(history), "wrap %s; ", (const char *)options);
    if (strcmp(options, "broken") == 0) {
        *ret_backend = NULL; /* as a layer of somebody else may */
        return storage_fail(ctx, STORAGE_BUSY, "the layer is broken");
    }
    *ret_backend = inner;
    return STORAGE_OK;
}

static const StorageConfigType store_type = {.name = "store", .role = STORAGE_ROLE_BACKEND, .open = open_store};
static const StorageConfigType layer_type = {.name = "layer", .role = STORAGE_ROLE_LAYER, .wrap = wrap_layer};

static ConfigPart part(const StorageConfigType *type, const char *name)
{
    return (ConfigPart){type, (void *)(uintptr_t)name, NULL};
}

START_TEST(the_backend_is_opened_first_and_the_top_layer_put_on_last)
{
    ConfigPlan plan = {.backend = part(&store_type, "store"),
                       .layers = {part(&layer_type, "top"), part(&layer_type, "middle"), part(&layer_type, "bottom")},
                       .layer_count = 3};
    StorageBackend *store = NULL;
    assert_status(config_plan_open(&plan, NULL, &store, NULL), STORAGE_OK);
    ck_assert_str_eq(history, "open store; wrap bottom; wrap middle; wrap top; ");
    assert_status(storage_close(store, NULL), STORAGE_OK);
}
END_TEST

START_TEST(a_layer_that_fails_closes_what_is_below_and_keeps_its_error)
{
    ConfigPlan plan = {.backend = part(&store_type, "store"),
                       .layers = {part(&layer_type, "top"), part(&layer_type, "broken"), part(&layer_type, "bottom")},
                       .layer_count = 3};
    char buffer[ERRORS_SIZE];
    StorageContext *ctx = storage_context_new();
    StorageBackend *store = NULL;
    assert_status(config_plan_open(&plan, NULL, &store, ctx), STORAGE_BUSY);
    ck_assert_ptr_null(store);
    ck_assert_str_eq(history, "open store; wrap bottom; wrap broken; ");
    ck_assert_str_eq(errors_of(ctx, buffer), "the layer is broken\n");
    storage_context_free(ctx);
}
END_TEST

int main(void)
{
    const ConfigTest tests[] = {
        ONCE(the_backend_is_opened_first_and_the_top_layer_put_on_last),
        ONCE(a_layer_that_fails_closes_what_is_below_and_keeps_its_error),
    };
    return run_tests("plan open", tests, sizeof(tests) / sizeof(tests[0]));
}
