/*
 * case_describe.c - what a stack says about itself: health for each probe, and JSON documents that parse.
 */
#include "case.h"

#include <cjson/cJSON.h>
#include <string.h>

#define CASE_GROUP "describe"

/* The JSON text as a tree; takes the value over. */
static cJSON *parse(StorageValue *json)
{
    cJSON *tree;

    testutil_assert(json->size > 0, "the JSON text is empty");
    tree = cJSON_ParseWithLength(json->data, json->size);
    testutil_assert(tree != NULL, "this is not JSON: %.*s", (int)json->size, (const char *)json->data);
    testutil_assert(cJSON_IsObject(tree), "the JSON text is not an object");
    storage_value_release(json);
    return tree;
}

static cJSON *describe(TestutilFixture *fixture, StorageDescription description)
{
    StorageValue json;

    testutil_assert_ok(storage_describe(fixture->backend, description, &json, fixture->ctx));
    return parse(&json);
}

/* 1 when a string somewhere in the tree is `text`. */
static int holds_string(const cJSON *tree, const char *text, unsigned depth)
{
    const cJSON *child;

    if (cJSON_IsString(tree) && strcmp(tree->valuestring, text) == 0)
        return 1;
    if (depth > 32)
        return 0;
    cJSON_ArrayForEach(child, tree) if (holds_string(child, text, depth + 1)) return 1;
    return 0;
}

static void check_health(TestutilFixture *fixture, StorageProbe probe)
{
    StorageHealthState state = 99;
    StorageValue json;

    testutil_assert_ok(storage_health_check(fixture->backend, probe, &state, &json, fixture->ctx));
    testutil_assert(state == STORAGE_HEALTH_HEALTHY || state == STORAGE_HEALTH_DEGRADED,
                    "a store that works is in state %u", (unsigned)state);
    cJSON_Delete(parse(&json));
}

static void a_working_stack_should_live(TestutilFixture *fixture)
{
    check_health(fixture, STORAGE_PROBE_LIVENESS);
}

static void a_working_stack_is_ready(TestutilFixture *fixture)
{
    check_health(fixture, STORAGE_PROBE_READINESS);
}

static void a_working_stack_has_started(TestutilFixture *fixture)
{
    check_health(fixture, STORAGE_PROBE_STARTUP);
}

static void health_is_told_without_room_for_the_figures(TestutilFixture *fixture)
{
    StorageHealthState state = 99;

    testutil_assert_ok(storage_health_check(fixture->backend, STORAGE_PROBE_READINESS, &state, NULL, fixture->ctx));
    testutil_assert(state == STORAGE_HEALTH_HEALTHY || state == STORAGE_HEALTH_DEGRADED,
                    "a store that works is in state %u", (unsigned)state);
}

static void a_health_check_changes_nothing(TestutilFixture *fixture)
{
    uint64_t revision = revision_of(fixture, "a");

    check_health(fixture, STORAGE_PROBE_READINESS);
    testutil_assert_number(revision, revision_of(fixture, "a"));
    assert_store(fixture, "a=1");
}

static void the_stack_names_every_layer(TestutilFixture *fixture)
{
    cJSON *tree = describe(fixture, STORAGE_DESCRIBE_STACK);

    for (const StorageBackend *layer = fixture->backend; layer != NULL; layer = layer->inner)
        testutil_assert(holds_string(tree, layer->ops->name, 0), "the description of the stack does not name %s",
                        layer->ops->name);
    cJSON_Delete(tree);
}

static void the_capabilities_are_a_document(TestutilFixture *fixture)
{
    cJSON *tree = describe(fixture, STORAGE_DESCRIBE_CAPABILITIES);

    testutil_assert(cJSON_GetArraySize(tree) > 0, "the description of the capabilities says nothing");
    cJSON_Delete(tree);
}

static void the_statistics_are_a_document(TestutilFixture *fixture)
{
    cJSON_Delete(describe(fixture, STORAGE_DESCRIBE_STATISTICS));
}

static void the_memory_is_a_document(TestutilFixture *fixture)
{
    cJSON_Delete(describe(fixture, STORAGE_DESCRIBE_MEMORY));
}

static void no_description_holds_keys_or_values(TestutilFixture *fixture)
{
    for (StorageDescription description = 0; description <= STORAGE_DESCRIBE_MEMORY; description++) {
        StorageValue json;

        testutil_assert_ok(storage_describe(fixture->backend, description, &json, fixture->ctx));
        testutil_assert(memmem(json.data, json.size, "secretkey", 9) == NULL, "a description has a key in it");
        testutil_assert(memmem(json.data, json.size, "secretvalue", 11) == NULL, "a description has a value in it");
        storage_value_release(&json);
    }
}

static void a_description_outlives_the_stack(TestutilFixture *fixture)
{
    StorageValue json;

    testutil_assert_ok(storage_describe(fixture->backend, STORAGE_DESCRIBE_STACK, &json, fixture->ctx));
    testutil_case_close(fixture);
    cJSON_Delete(parse(&json));
}

static void the_sizes_that_are_declared_are_of_use(TestutilFixture *fixture)
{
    const StorageCapabilities *capabilities = storage_backend_capabilities(fixture->backend);

    testutil_assert(capabilities->key_size_max >= 1024, "keys of one KiB are too large for the stack");
    testutil_assert(capabilities->value_size_max >= 1024 * 1024, "values of one MiB are too large for the stack");
}

static void a_sync_is_done(TestutilFixture *fixture)
{
    testutil_assert_ok(storage_sync(fixture->backend, fixture->ctx));
    assert_store(fixture, "a=1");
}

static const TestutilContractCase cases[] = {
    CASE(a_working_stack_should_live, 0, 0, "a=1"),
    CASE(a_working_stack_is_ready, 0, 0, "a=1"),
    CASE(a_working_stack_has_started, 0, 0, "a=1"),
    CASE(health_is_told_without_room_for_the_figures, 0, 0, "a=1"),
    CASE(a_health_check_changes_nothing, 0, 0, "a=1"),
    CASE(the_stack_names_every_layer, 0, 0, "a=1"),
    CASE(the_capabilities_are_a_document, 0, 0, "a=1"),
    CASE(the_statistics_are_a_document, 0, 0, "a=1"),
    CASE(the_memory_is_a_document, 0, 0, "a=1"),
    CASE(no_description_holds_keys_or_values, 0, 0, "secretkey=secretvalue"),
    CASE(a_description_outlives_the_stack, 0, 0, "a=1"),
    CASE(the_sizes_that_are_declared_are_of_use, 0, 0, NULL),
    CASE(a_sync_is_done, 0, 0, "a=1"),
};
const CaseTable testutil_cases_describe = CASE_TABLE(cases);
