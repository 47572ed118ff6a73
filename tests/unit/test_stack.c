/* test_stack.c - building a stack, finding a layer, asking it about itself, closing it by its top. */
#include "unit.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "probe.h"
#include "storage/read_only.h"
#include "storage_testutil/allocator.h"
#include "storage_testutil/factory.h"

static Probe probe;
static StorageBackend *store, *middle, *top;
static StorageContext *ctx;

/* read_only / pass_through / probe */
static void set_up(void)
{
    probe_init(&probe);
    ctx = storage_context_new();
    unit_assert_status(probe_open(&probe, PROBE_ALL_CAPABILITIES, NULL, &store), STORAGE_OK);
    unit_assert_status(testutil_pass_through_wrap(store, &middle, ctx), STORAGE_OK);
    unit_assert_status(storage_read_only_wrap(middle, NULL, &top, ctx), STORAGE_OK);
}

static void tear_down(void)
{
    unit_assert_status(storage_close(top, ctx), STORAGE_OK);
    storage_context_free(ctx);
    probe_done(&probe);
}

static cJSON *parse(StorageValue *json)
{
    cJSON *document = cJSON_ParseWithLength(json->data, json->size);
    ck_assert_msg(document != NULL, "not JSON: %.*s", (int)json->size, (const char *)json->data);
    storage_value_release(json);
    return document;
}

static const char *text_of(const cJSON *object, const char *name)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
    ck_assert_msg(cJSON_IsString(member), "there is no text \"%s\"", name);
    return member->valuestring;
}

static int has_name(const cJSON *document, const char *member, const char *name)
{
    const cJSON *each;
    cJSON_ArrayForEach(each, cJSON_GetObjectItemCaseSensitive(document, member))
    {
        if (cJSON_IsString(each) && strcmp(each->valuestring, name) == 0)
            return 1;
    }
    return 0;
}

/* ---- layers ---- */

START_TEST(a_layer_is_found_from_the_top)
{
    set_up();
    ck_assert_ptr_eq(storage_find_layer(top, &probe_ops), store);
    ck_assert_ptr_eq(storage_find_layer(top, testutil_pass_through_ops()), middle);
    ck_assert_ptr_eq(storage_find_layer(top, top->ops), top);
    tear_down();
}
END_TEST

START_TEST(of_two_layers_of_a_type_the_topmost_is_found)
{
    StorageBackend *upper = NULL;
    probe_init(&probe);
    ctx = storage_context_new();
    unit_assert_status(probe_open(&probe, 0, NULL, &store), STORAGE_OK);
    unit_assert_status(testutil_pass_through_wrap(store, &middle, ctx), STORAGE_OK);
    unit_assert_status(testutil_pass_through_wrap(middle, &upper, ctx), STORAGE_OK);
    top = upper;
    ck_assert_ptr_eq(storage_find_layer(top, testutil_pass_through_ops()), upper);
    ck_assert_ptr_eq(storage_find_layer(middle, testutil_pass_through_ops()), middle);
    tear_down();
}
END_TEST

START_TEST(a_layer_that_is_not_there_is_not_found)
{
    static const StorageOps other = {.struct_size = sizeof(other), .name = "probe"};
    set_up();
    ck_assert_ptr_null(storage_find_layer(top, &other));
    ck_assert_ptr_null(storage_find_layer(NULL, &other));
    tear_down();
}
END_TEST

START_TEST(a_wrap_may_put_the_new_handle_where_the_inner_one_was)
{
    StorageBackend *backend = NULL;
    probe_init(&probe);
    ctx = storage_context_new();
    unit_assert_status(probe_open(&probe, 0, NULL, &backend), STORAGE_OK);
    StorageBackend *inner = backend;
    unit_assert_status(storage_read_only_wrap(backend, NULL, &backend, ctx), STORAGE_OK);
    ck_assert_ptr_ne(backend, inner);
    ck_assert_ptr_eq(backend->inner, inner);
    top = backend;
    tear_down();
}
END_TEST

START_TEST(only_the_top_can_be_wrapped_and_a_failed_wrap_changes_nothing)
{
    StorageBackend *handle = NULL;
    set_up();
    handle = store;
    unit_assert_status(storage_read_only_wrap(handle, NULL, &handle, ctx), STORAGE_INVALID_ARGUMENT);
    ck_assert_ptr_eq(handle, store);
    unit_assert_status(testutil_pass_through_wrap(middle, &handle, ctx), STORAGE_INVALID_ARGUMENT);
    ck_assert_ptr_eq(handle, store);
    ck_assert_uint_gt(storage_context_error_count(ctx), 0);
    tear_down();
}
END_TEST

START_TEST(a_wrap_with_wrong_arguments_leaves_the_inner_handle_to_its_owner)
{
    const StorageReadOnlyOptions no_size = {0}, unknown_flag = {sizeof(unknown_flag), 1};
    StorageBackend *handle = (StorageBackend *)&probe;
    probe_init(&probe);
    ctx = storage_context_new();
    unit_assert_status(probe_open(&probe, PROBE_ALL_CAPABILITIES, NULL, &top), STORAGE_OK);
    unit_assert_status(storage_read_only_wrap(NULL, NULL, &handle, ctx), STORAGE_INVALID_ARGUMENT);
    unit_assert_status(storage_read_only_wrap(top, NULL, NULL, ctx), STORAGE_INVALID_ARGUMENT);
    unit_assert_status(storage_read_only_wrap(top, &no_size, &handle, ctx), STORAGE_INVALID_ARGUMENT);
    unit_assert_status(storage_read_only_wrap(top, &unknown_flag, &handle, ctx), STORAGE_INVALID_ARGUMENT);
    ck_assert_ptr_eq(handle, (StorageBackend *)&probe);
    unit_assert_status(storage_set(top, storage_string("k"), storage_string("v"), NULL, ctx), STORAGE_OK);
    tear_down();
}
END_TEST

START_TEST(a_wrap_without_memory_leaves_the_inner_handle_to_its_owner)
{
    TestutilAllocator *allocator = testutil_allocator_new();
    TestutilAllocatorFigures figures;
    unit_assert_status(storage_set_allocator(testutil_allocator_interface(allocator)), STORAGE_OK);
    probe_init(&probe);
    unit_assert_status(probe_open(&probe, PROBE_ALL_CAPABILITIES, NULL, &top), STORAGE_OK);
    StorageBackend *handle = top;
    testutil_allocator_fail_once(allocator, 1);
    unit_assert_status(storage_read_only_wrap(handle, NULL, &handle, NULL), STORAGE_NO_MEMORY);
    ck_assert_ptr_eq(handle, top);
    unit_assert_status(storage_set(top, storage_string("k"), storage_string("v"), NULL, NULL), STORAGE_OK);
    unit_assert_status(storage_close(top, NULL), STORAGE_OK);
    testutil_allocator_figures(allocator, &figures);
    ck_assert_uint_eq(figures.outstanding_blocks, 0);
    unit_assert_status(storage_set_allocator(NULL), STORAGE_OK);
    testutil_allocator_free(allocator);
    probe_done(&probe);
}
END_TEST

START_TEST(every_allocation_of_an_open_may_fail)
{
    TestutilAllocator *allocator = testutil_allocator_new();
    TestutilAllocatorFigures figures;
    StorageStatus status = STORAGE_NO_MEMORY;
    uint64_t number = 0;
    unit_assert_status(storage_set_allocator(testutil_allocator_interface(allocator)), STORAGE_OK);
    probe_init(&probe);
    while (status == STORAGE_NO_MEMORY && number < 100) {
        testutil_allocator_fail_once(allocator, ++number);
        status = probe_open(&probe, 0, NULL, &top);
        if (status != STORAGE_OK) {
            testutil_allocator_figures(allocator, &figures);
            ck_assert_uint_eq(figures.outstanding_blocks, 0);
        }
    }
    unit_assert_status(status, STORAGE_OK);
    ck_assert_uint_ge(number, 3); /* the backend and the stack around it, so at least two opens failed */
    unit_assert_status(storage_close(top, NULL), STORAGE_OK);
    unit_assert_status(storage_set_allocator(NULL), STORAGE_OK);
    testutil_allocator_free(allocator);
    probe_done(&probe);
}
END_TEST

START_TEST(a_constructor_that_gives_up_leaves_the_stack_as_it_was)
{
    StorageBackend layer;
    probe_init(&probe);
    ctx = storage_context_new();
    unit_assert_status(probe_open(&probe, PROBE_ALL_CAPABILITIES, NULL, &top), STORAGE_OK);
    unit_assert_status(storage_backend_init(&layer, testutil_pass_through_ops(), top, NULL, NULL, ctx), STORAGE_OK);
    storage_backend_abandon(&layer);
    unit_assert_status(storage_sync(top, ctx), STORAGE_OK);
    tear_down();
    ck_assert_uint_eq(atomic_load(&probe.calls[PROBE_DESTROY]), 1);
}
END_TEST

/* ---- capabilities ---- */

START_TEST(a_layer_has_the_capabilities_and_the_environment_of_the_one_below)
{
    set_up();
    ck_assert_uint_eq(storage_backend_capabilities(middle)->capabilities, PROBE_ALL_CAPABILITIES);
    ck_assert_uint_eq(storage_backend_capabilities(middle)->key_size_max, PROBE_KEY_SIZE_MAX);
    ck_assert_uint_eq(storage_backend_capabilities(middle)->weakenings, 0);
    ck_assert_ptr_eq(top->environment, store->environment);
    tear_down();
}
END_TEST

START_TEST(a_layer_that_refuses_writes_declares_it)
{
    set_up();
    ck_assert_uint_ne(storage_backend_capabilities(top)->weakenings & STORAGE_WEAKENING_WRITES_REFUSED, 0);
    ck_assert_uint_eq(storage_backend_capabilities(store)->weakenings, 0);
    tear_down();
}
END_TEST

/* ---- describe and health ---- */

START_TEST(a_stack_is_described_top_first)
{
    StorageValue json;
    set_up();
    unit_assert_status(storage_describe(top, STORAGE_DESCRIBE_STACK, &json, ctx), STORAGE_OK);
    cJSON *document = parse(&json);
    const cJSON *layers = cJSON_GetObjectItemCaseSensitive(document, "layers");
    ck_assert_int_eq(cJSON_GetArraySize(layers), 2);
    ck_assert_str_eq(text_of(cJSON_GetArrayItem(layers, 0), "type"), "read_only");
    ck_assert_str_eq(text_of(cJSON_GetArrayItem(layers, 1), "type"), "pass_through");
    ck_assert_str_eq(text_of(cJSON_GetObjectItemCaseSensitive(document, "backend"), "type"), "probe");
    cJSON_Delete(document);
    tear_down();
}
END_TEST

START_TEST(a_backend_alone_is_described_without_layers)
{
    StorageValue json;
    probe_init(&probe);
    ctx = storage_context_new();
    unit_assert_status(probe_open(&probe, 0, NULL, &top), STORAGE_OK);
    unit_assert_status(storage_describe(top, STORAGE_DESCRIBE_STACK, &json, ctx), STORAGE_OK);
    cJSON *document = parse(&json);
    ck_assert_int_eq(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(document, "layers")), 0);
    ck_assert_str_eq(text_of(cJSON_GetObjectItemCaseSensitive(document, "backend"), "type"), "probe");
    cJSON_Delete(document);
    tear_down();
}
END_TEST

START_TEST(every_layer_is_asked_what_was_asked)
{
    StorageValue json;
    set_up();
    unit_assert_status(storage_describe(top, STORAGE_DESCRIBE_MEMORY, &json, ctx), STORAGE_OK);
    cJSON *document = parse(&json);
    const cJSON *asked =
        cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(document, "backend"), "asked");
    ck_assert(cJSON_IsNumber(asked));
    ck_assert_int_eq(asked->valueint, STORAGE_DESCRIBE_MEMORY);
    cJSON_Delete(document);
    tear_down();
}
END_TEST

START_TEST(capabilities_are_described_with_what_is_lacking_and_weakened)
{
    StorageValue json;
    probe_init(&probe);
    ctx = storage_context_new();
    unit_assert_status(probe_open(&probe, STORAGE_CAPABILITY_COMPARE | STORAGE_CAPABILITY_WATCH, NULL, &top),
                       STORAGE_OK);
    unit_assert_status(storage_read_only_wrap(top, NULL, &top, ctx), STORAGE_OK);
    unit_assert_status(storage_describe(top, STORAGE_DESCRIBE_CAPABILITIES, &json, ctx), STORAGE_OK);
    cJSON *document = parse(&json);
    ck_assert(has_name(document, "capabilities", "compare"));
    ck_assert(has_name(document, "capabilities", "watch"));
    ck_assert(!has_name(document, "capabilities", "transactions"));
    ck_assert(has_name(document, "lacks", "transactions"));
    ck_assert(has_name(document, "lacks", "durable"));
    ck_assert(!has_name(document, "lacks", "watch"));
    ck_assert(has_name(document, "weakenings", "writes_refused"));
    cJSON_Delete(document);
    tear_down();
}
END_TEST

START_TEST(the_text_of_a_description_ends_with_a_zero_that_is_not_counted)
{
    StorageValue json;
    set_up();
    unit_assert_status(storage_describe(top, STORAGE_DESCRIBE_STATISTICS, &json, ctx), STORAGE_OK);
    ck_assert_uint_eq(strlen(json.data), json.size);
    storage_value_release(&json);
    tear_down();
}
END_TEST

START_TEST(health_is_that_of_the_store_below)
{
    static const char *const names[] = {"liveness", "readiness", "startup"};
    set_up();
    for (StorageProbe asked = STORAGE_PROBE_LIVENESS; asked <= STORAGE_PROBE_STARTUP; asked++) {
        StorageHealthState state = STORAGE_HEALTH_UNKNOWN;
        StorageValue json;
        unit_assert_status(storage_health_check(top, asked, &state, &json, ctx), STORAGE_OK);
        ck_assert_uint_eq(state, STORAGE_HEALTH_DEGRADED);
        cJSON *document = parse(&json);
        ck_assert_str_eq(text_of(document, "probe"), names[asked]);
        ck_assert_str_eq(text_of(document, "state"), "degraded");
        ck_assert_str_eq(text_of(document, "type"), "read_only");
        cJSON_Delete(document);
    }
    tear_down();
}
END_TEST

START_TEST(a_health_check_that_failed_is_a_failure_and_no_state)
{
    StorageHealthState state = STORAGE_HEALTH_UNKNOWN;
    StorageValue json;
    set_up();
    probe.answer = STORAGE_CONNECTION;
    unit_assert_status(storage_health_check(top, STORAGE_PROBE_READINESS, &state, &json, ctx), STORAGE_CONNECTION);
    ck_assert_uint_eq(state, STORAGE_HEALTH_UNKNOWN);
    ck_assert_ptr_null(json.data);
    probe.answer = STORAGE_OK;
    tear_down();
}
END_TEST

/* ---- close ---- */

START_TEST(only_the_top_closes_the_stack)
{
    set_up();
    unit_assert_status(storage_close(store, ctx), STORAGE_INVALID_ARGUMENT);
    unit_assert_status(storage_close(middle, ctx), STORAGE_INVALID_ARGUMENT);
    ck_assert_uint_eq(atomic_load(&probe.calls[PROBE_DESTROY]), 0);
    unit_assert_status(storage_sync(top, ctx), STORAGE_OK);
    tear_down();
    ck_assert_uint_eq(atomic_load(&probe.calls[PROBE_DESTROY]), 1);
}
END_TEST

UNIT_MAIN("stack", a_layer_is_found_from_the_top, of_two_layers_of_a_type_the_topmost_is_found,
          a_layer_that_is_not_there_is_not_found, a_wrap_may_put_the_new_handle_where_the_inner_one_was,
          only_the_top_can_be_wrapped_and_a_failed_wrap_changes_nothing,
          a_wrap_with_wrong_arguments_leaves_the_inner_handle_to_its_owner,
          a_wrap_without_memory_leaves_the_inner_handle_to_its_owner, every_allocation_of_an_open_may_fail,
          a_constructor_that_gives_up_leaves_the_stack_as_it_was,
          a_layer_has_the_capabilities_and_the_environment_of_the_one_below, a_layer_that_refuses_writes_declares_it,
          a_stack_is_described_top_first, a_backend_alone_is_described_without_layers,
          every_layer_is_asked_what_was_asked, capabilities_are_described_with_what_is_lacking_and_weakened,
          the_text_of_a_description_ends_with_a_zero_that_is_not_counted, health_is_that_of_the_store_below,
          a_health_check_that_failed_is_a_failure_and_no_state, only_the_top_closes_the_stack)
