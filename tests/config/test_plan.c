/* test_plan.c - whole documents that are wrong: every mistake has its place, and nothing is opened. */
#include "config_test.h"

#include "storage/config.h"

#include <stdio.h>

typedef struct Mistake {
    const char *json, *errors;
} Mistake;

static const Mistake mistakes[] = {
    {"[]", "the document must be an object, not an array\n"},
    {"null", "the document must be an object, not null\n"},
    {"\"memory\"", "the document must be an object, not a string\n"},
    {"{}", "backend: missing; it says what keeps the data, such as {\"type\": \"memory\"}\n"},
    {"{\"layers\": []}", "backend: missing; it says what keeps the data, such as {\"type\": \"memory\"}\n"},
    {"{\"backend\": \"memory\"}", "backend: must be an object, not a string\n"},
    {"{\"backend\": [{\"type\": \"memory\"}]}", "backend: must be an object, not an array\n"},
    {"{\"backend\": {}}", "backend.type: missing; it says which backend this is\n"},
    {"{\"backend\": {\"type\": 1}}", "backend.type: must be a string, not a number\n"},
    {"{\"backend\": {\"type\": \"memroy\"}}",
     "backend.type: \"memroy\" is no type of backend; did you mean \"memory\"?\n"},
    {"{\"backend\": {\"type\": \"Memory\"}}",
     "backend.type: \"Memory\" is no type of backend; did you mean \"memory\"?\n"},
    {"{\"backend\": {\"type\": \"shelf\"}}",
     "backend.type: \"shelf\" is no type of backend; there is: \"memory\", \"ledger\"\n"},
    {"{\"backend\": {\"type\": \"read_only\"}}", "backend.type: \"read_only\" is a layer and belongs in \"layers\"\n"},
    {"{\"backend\": {\"type\": \"memory\", \"limt\": \"1GiB\"}}",
     "backend.limt: unknown key; did you mean \"limit\"?\n"},
    {"{\"backend\": {\"type\": \"memory\", \"limit_bytes\": 1, \"watch_history_bytes\": 1,"
     " \"idempotency_bytes\": 1, \"idempotency_age_ns\": 1}}",
     "backend.limit_bytes: unknown key; did you mean \"limit\"?\n"
     "backend.watch_history_bytes: unknown key; did you mean \"watch_history\"?\n"
     "backend.idempotency_bytes: unknown key; did you mean \"idempotency\"?\n"
     "backend.idempotency_age_ns: unknown key; did you mean \"idempotency_age\"?\n"},
    {"{\"backend\": {\"type\": \"memory\", \"limit\": \"64mb\"}}",
     "backend.limit: \"64mb\" is not a size; write a whole number and a unit (B, kB, MB, GB, TB for powers of 1000, "
     "KiB, "
     "MiB, GiB, TiB for powers of 1024), such as \"64MiB\"\n"},
    {"{\"backend\": {\"type\": \"memory\", \"limit\": \"0B\"}}", "backend.limit: must be at least 1B\n"},
    {"{\"backend\": {\"type\": \"memory\", \"idempotency\": \"0B\"}}",
     "backend.idempotency: must be at least 1B; leave it out for the default (16MiB)\n"},
    {"{\"backend\": {\"type\": \"memory\", \"watch_history_count\": 0}}",
     "backend.watch_history_count: must be a whole number from 1 to 9007199254740991; the default is 16384\n"},
    {"{\"backend\": {\"type\": \"memory\", \"type\": \"memory\"}}",
     "backend.type: given more than once; keep one of them\n"},
    {"{\"backend\": {\"type\": \"memory\"}, \"backend\": {\"type\": \"memory\"}}",
     "backend: given more than once; keep one of them\n"},
    {"{\"backend\": {\"type\": \"memory\"}, \"layer\": []}", "layer: unknown key; did you mean \"layers\"?\n"},
    {"{\"backend\": {\"type\": \"memory\"}, \"cache\": 1}",
     "cache: unknown key; a document has \"layers\" and \"backend\"\n"},
    {"{\"backend\": {\"type\": \"memory\"}, \"layers\": {}}", "layers: must be an array, not an object\n"},
    {"{\"backend\": {\"type\": \"memory\"}, \"layers\": [\"read_only\"]}",
     "layers[0]: must be an object, not a string\n"},
    {"{\"backend\": {\"type\": \"memory\"}, \"layers\": [{\"type\": \"read_only\"}, {}]}",
     "layers[1].type: missing; it says which layer this is\n"},
    {"{\"backend\": {\"type\": \"memory\"}, \"layers\": [{\"type\": \"memory\"}]}",
     "layers[0].type: \"memory\" is a backend and belongs in \"backend\"\n"},
    {"{\"backend\": {\"type\": \"memory\"}, \"layers\": [{\"type\": \"readonly\"}]}",
     "layers[0].type: \"readonly\" is no type of layer; did you mean \"read_only\"?\n"},
    {"{\"backend\": {\"type\": \"memory\"}, \"layers\": [{\"type\": \"read_only\", \"for\": \"ever\"}]}",
     "layers[0].for: unknown key; layer \"read_only\" takes no options\n"},
    {"{\"$schema\": 1, \"backend\": {\"type\": \"memory\"}}", "[\"$schema\"]: must be a string, not a number\n"},
    {"{\"backend\": {\"type\": \"memory\"",
     "line 1, column 30: the document ends too early; something is missing or not closed\n"},
};

static void assert_refused(const char *json, const char *errors)
{
    char buffer[ERRORS_SIZE];
    StorageContext *ctx = storage_context_new();
    StorageBackend *store = (StorageBackend *)buffer;
    assert_status(storage_config_open(json, NULL, &store, ctx), STORAGE_CONFIG);
    ck_assert_ptr_null(store);
    ck_assert_str_eq(errors_of(ctx, buffer), errors);
    assert_status(storage_config_check(json, NULL, ctx), STORAGE_CONFIG);
    ck_assert_str_eq(errors_of(ctx, buffer), errors);
    storage_context_free(ctx);
}

START_TEST(a_mistake_is_reported_with_its_place)
{
    assert_refused(mistakes[_i].json, mistakes[_i].errors);
}
END_TEST

START_TEST(all_mistakes_are_reported_at_once)
{
    assert_refused(
        "{\"layers\": [{\"type\": \"read_onyl\"}, 5, {\"type\": \"read_only\", \"x\": 1}],"
        " \"backend\": {\"type\": \"memory\", \"limit\": 64, \"idempotency_age\": \"5\"}, \"b\": 1}",
        "b: unknown key; a document has \"layers\" and \"backend\"\n"
        "layers[0].type: \"read_onyl\" is no type of layer; did you mean \"read_only\"?\n"
        "layers[1]: must be an object, not a number\n"
        "layers[2].x: unknown key; layer \"read_only\" takes no options\n"
        "backend.limit: must be a size in a string, with its unit, such as \"64MiB\", not a number\n"
        "backend.idempotency_age: \"5\" is not a duration; write whole numbers and units (d, h, m, s, ms, us, "
        "ns), the largest first, such as \"30s\" or \"1m30s\"\n");
}
END_TEST

START_TEST(the_address_of_the_schema_is_for_editors)
{
    assert_status(
        storage_config_check("{\"$schema\": \"${NOT_LOOKED_AT\", \"backend\": {\"type\": \"memory\"}}", NULL, NULL),
        STORAGE_OK);
}
END_TEST

/* A document with `layer_count` read_only layers. */
static char *layered(size_t layer_count)
{
    size_t size = 64 + layer_count * 24;
    char *json = calloc(1, size);
    ck_assert_ptr_nonnull(json);
    append(json, size, "{\"backend\": {\"type\": \"memory\"}, \"layers\": [");
    for (size_t i = 0; i < layer_count; i++)
        append(json, size, "%s{\"type\": \"read_only\"}", i > 0 ? "," : "");
    append(json, size, "]}");
    return json;
}

START_TEST(the_number_of_layers_is_bounded)
{
    char *json = layered(33);
    StorageBackend *store;
    assert_refused(json, "layers: more than 32 layers; take some out\n");
    free(json);
    json = layered(32);
    assert_status(storage_config_open(json, NULL, &store, NULL), STORAGE_OK);
    assert_status(storage_close(store, NULL), STORAGE_OK);
    free(json);
}
END_TEST

START_TEST(mistakes_beyond_those_that_a_context_keeps_are_counted)
{
    char json[4096] = "{\"backend\": {\"type\": \"memory\"";
    StorageContext *ctx = storage_context_new();
    StorageBackend *store;
    for (int i = 0; i < 100; i++)
        append(json, sizeof(json), ", \"wrong%02d\": 1", i);
    append(json, sizeof(json), "}}");
    assert_status(storage_config_open(json, NULL, &store, ctx), STORAGE_CONFIG);
    ck_assert_uint_eq(storage_context_error_count(ctx), 100);
    ck_assert_str_eq(storage_context_error_text(ctx, 63),
                     "backend.wrong63: unknown key; backend \"memory\" takes \"limit\", \"watch_history_count\", "
                     "\"watch_history\", \"idempotency_count\", \"idempotency\", \"idempotency_age\"");
    ck_assert_str_eq(storage_context_error_text(ctx, 64), "");
    storage_context_free(ctx);
}
END_TEST

int main(void)
{
    const ConfigTest tests[] = {
        FOR_EACH(a_mistake_is_reported_with_its_place, mistakes),
        ONCE(all_mistakes_are_reported_at_once),
        ONCE(the_address_of_the_schema_is_for_editors),
        ONCE(the_number_of_layers_is_bounded),
        ONCE(mistakes_beyond_those_that_a_context_keeps_are_counted),
    };
    return run_tests("plan", tests, sizeof(tests) / sizeof(tests[0]));
}
