/* test_order.c - where layers may stand: what they need, add, remove, weaken and forbid, and their rules. */
#include "config_test.h"

#include "config/load.h"
#include "storage/memory.h"
#include "storage/read_only.h"
#include "storage/registry.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static StorageStatus open_store(const StorageConfigType *self, const void *options,
                                const StorageEnvironment *environment, StorageBackend **ret_backend,
                                StorageContext *ctx)
{
    (void)self, (void)options, (void)environment;
    return storage_memory_open(NULL, ret_backend, ctx);
}

static StorageStatus wrap_layer(const StorageConfigType *self, StorageBackend *inner, const void *options,
                                StorageBackend **ret_backend, StorageContext *ctx)
{
    (void)self, (void)options;
    return storage_read_only_wrap(inner, NULL, ret_backend, ctx);
}

static const StorageOrderRule limit_rules[] = {
    {STORAGE_ORDER_ABOVE, STORAGE_ORDER_REFUSED, "cache", "a hit in the cache would pass no limit"},
};
static const StorageOrderRule small_rules[] = {
    {STORAGE_ORDER_BELOW, STORAGE_ORDER_WARNED, "cache", "what is small already would be cached"},
};
static const StorageOrderRule single_rules[] = {
    {STORAGE_ORDER_ONCE, STORAGE_ORDER_REFUSED, NULL, "the second finds nothing to do"},
    {STORAGE_ORDER_WITHOUT, STORAGE_ORDER_REFUSED, "small", "both rewrite values"},
};
static const StorageOrderRule homebody_rules[] = {
    {STORAGE_ORDER_WITHOUT, STORAGE_ORDER_WARNED, "bare", "it has nothing to offer"},
};
static const StorageOrderRule diver_rules[] = {
    {STORAGE_ORDER_BELOW, STORAGE_ORDER_REFUSED, "store", "says nothing of a backend"},
    {STORAGE_ORDER_ABOVE, STORAGE_ORDER_REFUSED, "store", "says nothing of a backend"},
};
static const StorageOrderRule bare_rules[] = {
    {STORAGE_ORDER_WITHOUT, STORAGE_ORDER_REFUSED, "cache", "it is fast enough"},
};

#define TYPE .struct_size = sizeof(StorageConfigType), .doc = "Something.", .options_size = 8
#define LAYER TYPE, .role = STORAGE_ROLE_LAYER, .wrap = wrap_layer
#define BACKEND TYPE, .role = STORAGE_ROLE_BACKEND, .open = open_store
#define RULES(table) .rules = (table), .rule_count = COUNT_OF(table), .rule_size = sizeof(StorageOrderRule)

static const StorageConfigType types[] = {
    {BACKEND, .name = "store", .adds = STORAGE_CAPABILITY_WATCH | STORAGE_CAPABILITY_DURABLE},
    {BACKEND, .name = "bare", .weakens = STORAGE_WEAKENING_SCAN_LIVE, RULES(bare_rules)},
    {LAYER, .name = "cache", .removes = STORAGE_CAPABILITY_DURABLE},
    {LAYER, .name = "journal", .adds = STORAGE_CAPABILITY_DURABLE | STORAGE_CAPABILITY_IDEMPOTENCY},
    {LAYER, .name = "sync", .needs = STORAGE_CAPABILITY_DURABLE},
    {LAYER, .name = "feed", .needs = STORAGE_CAPABILITY_DURABLE | STORAGE_CAPABILITY_WATCH},
    {LAYER, .name = "live", .weakens = STORAGE_WEAKENING_SCAN_LIVE},
    {LAYER, .name = "strict", .forbids = STORAGE_WEAKENING_SCAN_LIVE},
    {LAYER, .name = "limit", RULES(limit_rules)},
    {LAYER, .name = "small", RULES(small_rules)},
    {LAYER, .name = "single", RULES(single_rules)},
    {LAYER, .name = "homebody", RULES(homebody_rules)},
    {LAYER, .name = "diver", RULES(diver_rules)},
};

static StorageRegistry *new_registry(void)
{
    StorageRegistry *registry = storage_registry_new();
    StorageContext *ctx = storage_context_new();
    char errors[ERRORS_SIZE];
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (storage_registry_add(registry, &types[i], ctx) != STORAGE_OK)
            ck_abort_msg("%s", errors_of(ctx, errors));
    storage_context_free(ctx);
    return registry;
}

/* `layers` are names with spaces between them, top first; the document is written to `json`. */
static void write_document(char *json, size_t size, const char *layers, const char *backend)
{
    char names[256], *rest = names, *name;
    json[0] = '\0';
    (void)snprintf(names, sizeof(names), "%s", layers);
    append(json, size, "{\"layers\": [");
    while ((name = strtok_r(rest, " ", &rest)) != NULL)
        append(json, size, "%s{\"type\": \"%s\"}", json[strlen(json) - 1] == '[' ? "" : ", ", name);
    append(json, size, "], \"backend\": {\"type\": \"%s\"}}", backend);
}

typedef struct Row {
    const char *layers, *backend, *errors, *warnings;
} Row;

static void collect(void *user_data, const char *text)
{
    append(user_data, ERRORS_SIZE, "%s\n", text);
}

static const Row rows[] = {
    {"", "store", "", ""},
    {"sync feed", "store", "", ""},
    {"cache sync", "store", "", ""},
    {"sync journal cache", "store", "", ""},
    {"sync cache", "store",
     "layers[0]: \"sync\" needs the capability \"durable\", which \"cache\" (layers[1]) takes away; move it below "
     "that\n",
     ""},
    {"sync cache", "bare",
     "layers[0]: \"sync\" needs the capability \"durable\", which \"bare\" (backend) does not have; take another "
     "backend\n"
     "backend: \"bare\" must not be in one stack with \"cache\" (layers[1]): it is fast enough; take one of them out\n",
     ""},
    {"sync cache journal cache", "store",
     "layers[0]: \"sync\" needs the capability \"durable\", which \"cache\" (layers[1]) takes away; move it below "
     "that\n",
     ""},
    {"sync cache live cache", "store",
     "layers[0]: \"sync\" needs the capability \"durable\", which \"cache\" (layers[3]) takes away; move it below "
     "that\n",
     ""},
    {"sync journal", "bare", "", ""},
    {"sync", "bare",
     "layers[0]: \"sync\" needs the capability \"durable\", which \"bare\" (backend) does not have; take another "
     "backend\n",
     ""},
    {"feed", "bare",
     "layers[0]: \"feed\" needs the capability \"watch\", which \"bare\" (backend) does not have; take another "
     "backend\n"
     "layers[0]: \"feed\" needs the capability \"durable\", which \"bare\" (backend) does not have; take another "
     "backend\n",
     ""},
    {"live strict", "store", "", ""},
    {"strict live", "store",
     "layers[0]: \"strict\" must not stand above \"live\" (layers[1]), which has the weakening \"scan_live\"; move it "
     "below that\n",
     ""},
    {"cache strict", "bare",
     "layers[1]: \"strict\" must not stand above \"bare\" (backend), which has the weakening \"scan_live\"; take "
     "another "
     "backend\n"
     "backend: \"bare\" must not be in one stack with \"cache\" (layers[0]): it is fast enough; take one of them out\n",
     ""},
    {"limit cache", "store", "", ""},
    {"cache limit", "store",
     "layers[1]: \"limit\" must stand above \"cache\" (layers[0]): a hit in the cache would pass no limit; move it "
     "there\n",
     ""},
    {"cache limit cache", "store",
     "layers[1]: \"limit\" must stand above \"cache\" (layers[0]): a hit in the cache would pass no limit; move it "
     "there\n",
     ""},
    {"cache small", "store", "", ""},
    {"small cache", "store", "",
     "layers[0]: \"small\" should stand below \"cache\" (layers[1]): what is small already would be cached; move it "
     "there\n"},
    {"single", "store", "", ""},
    {"single live single single", "store",
     "layers[2]: \"single\" must be in a stack once only (also layers[0]): the second finds nothing to do; take one of "
     "them out\n"
     "layers[3]: \"single\" must be in a stack once only (also layers[0]): the second finds nothing to do; take one of "
     "them out\n",
     ""},
    {"single small", "store",
     "layers[0]: \"single\" must not be in one stack with \"small\" (layers[1]): both rewrite values; take one of them "
     "out\n",
     ""},
    {"small single", "store",
     "layers[1]: \"single\" must not be in one stack with \"small\" (layers[0]): both rewrite values; take one of them "
     "out\n",
     ""},
    {"homebody", "store", "", ""},
    {"homebody", "bare", "",
     "layers[0]: \"homebody\" should not be in one stack with \"bare\" (backend): it has nothing to offer; take one of "
     "them out\n"},
    {"diver", "store", "", ""},
    {"sync", "shop",
     "backend.type: \"shop\" is no type of backend; there is: \"memory\", \"ledger\", \"store\", \"bare\"\n", ""},
    {"sync nobody", "bare",
     "layers[1].type: \"nobody\" is no type of layer; there is: \"read_only\", \"cache\", \"journal\", \"sync\", "
     "\"feed\", \"live\", \"strict\", "
     "\"limit\", \"small\", \"single\", \"homebody\", \"diver\"\n",
     ""},
    {"cache limit nobody", "shop",
     "layers[2].type: \"nobody\" is no type of layer; there is: \"read_only\", \"cache\", \"journal\", \"sync\", "
     "\"feed\", \"live\", \"strict\", "
     "\"limit\", \"small\", \"single\", \"homebody\", \"diver\"\n"
     "backend.type: \"shop\" is no type of backend; there is: \"memory\", \"ledger\", \"store\", \"bare\"\n"
     "layers[1]: \"limit\" must stand above \"cache\" (layers[0]): a hit in the cache would pass no limit; move it "
     "there\n",
     ""},
};

START_TEST(an_order_is_legal_refused_or_warned_of)
{
    StorageRegistry *registry = new_registry();
    StorageConfigOptions options = STORAGE_CONFIG_OPTIONS_INIT;
    StorageContext *ctx = storage_context_new();
    StorageStatus expected = rows[_i].errors[0] == '\0' ? STORAGE_OK : STORAGE_CONFIG;
    StorageBackend *store;
    char json[2048], errors[ERRORS_SIZE], warnings[ERRORS_SIZE] = "";
    write_document(json, sizeof(json), rows[_i].layers, rows[_i].backend);
    options.registry = registry;
    options.warn = collect;
    options.user_data = warnings;
    assert_status(storage_config_check(json, &options, ctx), expected);
    ck_assert_str_eq(errors_of(ctx, errors), rows[_i].errors);
    ck_assert_str_eq(warnings, rows[_i].warnings);
    warnings[0] = '\0';
    assert_status(storage_config_open(json, &options, &store, ctx), expected);
    ck_assert_str_eq(warnings, rows[_i].warnings);
    assert_status(storage_close(store, NULL), STORAGE_OK);
    options.warn = NULL;
    assert_status(storage_config_check(json, &options, ctx), expected);
    storage_context_free(ctx);
    storage_registry_free(registry);
}
END_TEST

static void assert_bits(const char *layers, const char *backend, uint64_t capabilities, uint32_t weakenings)
{
    StorageRegistry *registry = new_registry();
    StorageConfigOptions options = STORAGE_CONFIG_OPTIONS_INIT;
    ConfigSource source;
    ConfigPlan plan;
    char json[2048];
    write_document(json, sizeof(json), layers, backend);
    options.registry = registry;
    assert_status(config_source_text(&source, json, &options, NULL), STORAGE_OK);
    assert_status(config_load(&source, &plan, NULL), STORAGE_OK);
    ck_assert_uint_eq(plan.capabilities, capabilities);
    ck_assert_uint_eq(plan.weakenings, weakenings);
    config_plan_done(&plan);
    storage_registry_free(registry);
}

START_TEST(capabilities_and_weakenings_are_carried_to_the_top)
{
    assert_bits("", "store", STORAGE_CAPABILITY_WATCH | STORAGE_CAPABILITY_DURABLE, 0);
    assert_bits("cache", "store", STORAGE_CAPABILITY_WATCH, 0);
    assert_bits("journal cache", "store",
                STORAGE_CAPABILITY_WATCH | STORAGE_CAPABILITY_DURABLE | STORAGE_CAPABILITY_IDEMPOTENCY, 0);
    assert_bits("cache journal", "store", STORAGE_CAPABILITY_WATCH | STORAGE_CAPABILITY_IDEMPOTENCY, 0);
    assert_bits("read_only", "bare", 0, STORAGE_WEAKENING_SCAN_LIVE | STORAGE_WEAKENING_WRITES_REFUSED);
    assert_bits("live", "store", STORAGE_CAPABILITY_WATCH | STORAGE_CAPABILITY_DURABLE, STORAGE_WEAKENING_SCAN_LIVE);
}
END_TEST

START_TEST(problems_of_order_come_with_all_others)
{
    StorageRegistry *registry = new_registry();
    StorageConfigOptions options = STORAGE_CONFIG_OPTIONS_INIT;
    StorageContext *ctx = storage_context_new();
    char errors[ERRORS_SIZE], warnings[ERRORS_SIZE] = "";
    options.registry = registry;
    options.warn = collect;
    options.user_data = warnings;
    assert_status(storage_config_check("{\"layers\": [{\"type\": \"small\", \"x\": 1}, {\"type\": \"cache\"},"
                                       " {\"type\": \"limit\"}], \"backend\": {\"type\": \"store\"}}",
                                       &options, ctx),
                  STORAGE_CONFIG);
    ck_assert_str_eq(errors_of(ctx, errors),
                     "layers[0].x: unknown key; layer \"small\" takes no options\n"
                     "layers[2]: \"limit\" must stand above \"cache\" (layers[1]): a hit in the cache would pass no "
                     "limit; move it there\n");
    ck_assert_str_eq(warnings, ""); /* not before the document has no problem */
    storage_context_free(ctx);
    storage_registry_free(registry);
}
END_TEST

int main(void)
{
    const ConfigTest tests[] = {
        FOR_EACH(an_order_is_legal_refused_or_warned_of, rows),
        ONCE(capabilities_and_weakenings_are_carried_to_the_top),
        ONCE(problems_of_order_come_with_all_others),
    };
    return run_tests("order", tests, sizeof(tests) / sizeof(tests[0]));
}
