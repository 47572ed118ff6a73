/*
 * call_mistakes.c - what the configuration says to programs that use it wrongly, for test_golden.py: tables that
 * storage_registry_add refuses, and arguments that are none. A case for each: its name, the status, the error texts.
 */
#include "storage/config.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "storage/context.h"
#include "storage/registry.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

typedef struct SampleOptions {
    uint32_t struct_size, truth;
    uint64_t number;
    const char *text;
    StorageRate rate;
} SampleOptions;

static StorageStatus open_nothing(const StorageConfigType *self, const void *options,
                                  const StorageEnvironment *environment, StorageBackend **ret_backend,
                                  StorageContext *ctx)
{
    (void)self;
    (void)options;
    (void)environment;
    *ret_backend = NULL;
    return storage_fail(ctx, STORAGE_UNSUPPORTED, "there is nothing to open");
}

static StorageStatus wrap_nothing(const StorageConfigType *self, StorageBackend *inner, const void *options,
                                  StorageBackend **ret_backend, StorageContext *ctx)
{
    (void)self;
    (void)inner;
    (void)options;
    (void)ret_backend;
    return storage_fail(ctx, STORAGE_UNSUPPORTED, "there is nothing to wrap");
}

static void print_answer(const char *name, StorageStatus status, const StorageContext *ctx)
{
    printf("== %s\n   %s\n", name, storage_status_name(status));
    for (size_t i = 0; i < storage_context_error_count(ctx); i++)
        printf("   %s\n", storage_context_error_text(ctx, i));
    printf("\n");
}

static void try_type(const char *name, const StorageConfigType *type)
{
    StorageRegistry *registry = storage_registry_new();
    StorageContext *ctx = storage_context_new();
    print_answer(name, storage_registry_add(registry, type, ctx), ctx);
    storage_context_free(ctx);
    storage_registry_free(registry);
}

/* ---- the table itself ---- */

#define SIZED .struct_size = sizeof(StorageConfigType)
#define RIGHT SIZED, .name = "sample", .doc = "A sample.", .options_size = sizeof(SampleOptions)
#define RIGHT_BACKEND RIGHT, .role = STORAGE_ROLE_BACKEND, .open = open_nothing
#define RIGHT_LAYER RIGHT, .role = STORAGE_ROLE_LAYER, .wrap = wrap_nothing

static const StorageConfigField one_field[] = {
    {.name = "number", .kind = STORAGE_FIELD_COUNT, .offset = offsetof(SampleOptions, number), .doc = "A number."}};

typedef struct NamedType {
    const char *name;
    StorageConfigType type;
} NamedType;

static const NamedType types[] = {
    {"a table without mistakes", {RIGHT_BACKEND}},
    {"no struct_size", {.name = "sample"}},
    {"no name", {SIZED, .role = STORAGE_ROLE_BACKEND}},
    {"a name in capitals", {SIZED, .role = STORAGE_ROLE_BACKEND, .name = "Sample\n"}},
    {"a name that is taken",
     {SIZED, .role = STORAGE_ROLE_BACKEND, .name = "memory", .doc = "Another.", .options_size = 8,
      .open = open_nothing}},
    {"no role", {RIGHT}},
    {"nothing but a name", {SIZED, .role = STORAGE_ROLE_BACKEND, .name = "sample"}},
    {"a backend that wraps", {RIGHT, .role = STORAGE_ROLE_BACKEND, .wrap = wrap_nothing}},
    {"a layer that opens and wraps", {RIGHT, .role = STORAGE_ROLE_LAYER, .open = open_nothing, .wrap = wrap_nothing}},
    {"capabilities that there are not", {RIGHT_LAYER, .needs = UINT64_C(1) << 63, .weakens = 1u << 31}},
    {"a backend that needs something", {RIGHT_BACKEND, .needs = STORAGE_CAPABILITY_WATCH}},
    {"a layer that adds what it removes",
     {RIGHT_LAYER, .adds = STORAGE_CAPABILITY_WATCH, .removes = STORAGE_CAPABILITY_WATCH}},
    {"something reserved", {RIGHT_LAYER, .reserved = 1}},
    {"fields without a size", {RIGHT_LAYER, .fields = one_field, .field_count = 1}},
    {"rules without an array", {RIGHT_LAYER, .rule_count = 1, .rule_size = sizeof(StorageOrderRule)}},
    {"more fields than anybody needs",
     {RIGHT_LAYER, .fields = one_field, .field_count = 1000, .field_size = sizeof(StorageConfigField)}},
};

static void try_newer_field(void)
{
    struct {
        StorageConfigField field;
        uint64_t later;
    } newer = {one_field[0], 1};
    const StorageConfigType type = {RIGHT_LAYER, .fields = &newer.field, .field_count = 1, .field_size = sizeof(newer)};
    try_type("a field with something that this library does not know", &type);
}

/* ---- fields ---- */

typedef struct NamedFields {
    const char *name;
    StorageConfigField fields[2]; /* the second may be empty */
} NamedFields;

static const char *const choices[] = {"first", "second", NULL};
static const char *const odd_choices[] = {"first", "fi$rst", "first", NULL};
static const char *const no_choices[] = {NULL};

#define NUMBER_AT .name = "number", .doc = "A number.", .offset
#define NUMBER NUMBER_AT = offsetof(SampleOptions, number)
#define TRUTH .name = "truth", .doc = "A truth.", .offset = offsetof(SampleOptions, truth)
#define TEXT .name = "text", .doc = "A text.", .offset = offsetof(SampleOptions, text)
#define RATE .name = "rate", .doc = "A rate.", .offset = offsetof(SampleOptions, rate)

static const NamedFields fields[] = {
    {"a field that is empty", {{.name = NULL}}},
    {"a field with the name of the type",
     {{.kind = STORAGE_FIELD_STRING, .name = "type", .doc = "A text.", .offset = offsetof(SampleOptions, text)}}},
    {"a field without doc", {{.kind = STORAGE_FIELD_STRING, .name = "text", .offset = offsetof(SampleOptions, text)}}},
    {"a kind that there is not", {{.kind = 99, NUMBER}}},
    {"a field on struct_size", {{.kind = STORAGE_FIELD_BOOL, .name = "truth", .doc = "A truth."}}},
    {"a field beside its struct", {{.kind = STORAGE_FIELD_COUNT, NUMBER_AT = sizeof(SampleOptions)}}},
    {"a field across the end",
     {{.kind = STORAGE_FIELD_RATE, .name = "rate", .doc = "A rate.", .offset = sizeof(SampleOptions) - 8}}},
    {"a field that is not aligned", {{.kind = STORAGE_FIELD_COUNT, NUMBER_AT = 12}}},
    {"two fields of one name in one place",
     {{.kind = STORAGE_FIELD_COUNT, NUMBER}, {.kind = STORAGE_FIELD_COUNT, NUMBER}}},
    {"flags that there are not", {{.kind = STORAGE_FIELD_COUNT, NUMBER, .flags = 0x100}}},
    {"a secret number", {{.kind = STORAGE_FIELD_COUNT, NUMBER, .flags = STORAGE_FIELD_SECRET}}},
    {"a default of what is required",
     {{.kind = STORAGE_FIELD_COUNT, NUMBER, .minimum = 1, .flags = STORAGE_FIELD_REQUIRED, .default_text = "5"}}},
    {"a default of a secret",
     {{.kind = STORAGE_FIELD_STRING, TEXT, .flags = STORAGE_FIELD_SECRET, .default_text = "x"}}},
    {"a default that varies and is not there",
     {{.kind = STORAGE_FIELD_COUNT, NUMBER, .flags = STORAGE_FIELD_DEFAULT_VARIES}}},
    {"a choice without choices", {{.kind = STORAGE_FIELD_CHOICE, TRUTH}}},
    {"a choice of none", {{.kind = STORAGE_FIELD_CHOICE, TRUTH, .choices = no_choices}}},
    {"choices of a number", {{.kind = STORAGE_FIELD_COUNT, NUMBER, .choices = choices}}},
    {"choices that are odd", {{.kind = STORAGE_FIELD_CHOICE, TRUTH, .choices = odd_choices}}},
    {"limits of a truth", {{.kind = STORAGE_FIELD_BOOL, TRUTH, .maximum = 1}}},
    {"a minimum beyond the maximum", {{.kind = STORAGE_FIELD_COUNT, NUMBER, .minimum = 2, .maximum = 1}}},
    {"a maximum beyond every number", {{.kind = STORAGE_FIELD_COUNT, NUMBER, .maximum = UINT64_MAX}}},
    {"a default that is no size", {{.kind = STORAGE_FIELD_SIZE, NUMBER, .minimum = 1, .default_text = "64"}}},
    {"a default that is no duration", {{.kind = STORAGE_FIELD_DURATION, NUMBER, .minimum = 1, .default_text = "none"}}},
    {"a default that is no rate", {{.kind = STORAGE_FIELD_RATE, RATE, .default_text = "5"}}},
    {"a default that is no number", {{.kind = STORAGE_FIELD_COUNT, NUMBER, .minimum = 1, .default_text = "many"}}},
    {"a default that is neither true nor false", {{.kind = STORAGE_FIELD_BOOL, TRUTH, .default_text = "yes"}}},
    {"a default that is no choice",
     {{.kind = STORAGE_FIELD_CHOICE, TRUTH, .choices = choices, .default_text = "third"}}},
    {"a default beyond the limits", {{.kind = STORAGE_FIELD_SIZE, NUMBER, .minimum = 1024, .default_text = "5B"}}},
    {"a truth that is true by default", {{.kind = STORAGE_FIELD_BOOL, TRUTH, .default_text = "true"}}},
    {"an inverted truth that is false by default",
     {{.kind = STORAGE_FIELD_BOOL, TRUTH, .flags = STORAGE_FIELD_INVERTED, .default_text = "false"}}},
    {"an inverted number", {{.kind = STORAGE_FIELD_COUNT, NUMBER, .flags = STORAGE_FIELD_INVERTED}}},
    {"a relative default", {{.kind = STORAGE_FIELD_STRING, TEXT, .flags = STORAGE_FIELD_PATH, .default_text = "x"}}},
    {"a default that is not the first choice",
     {{.kind = STORAGE_FIELD_CHOICE, TRUTH, .choices = choices, .default_text = "second"}}},
    {"a default where 0 is allowed", {{.kind = STORAGE_FIELD_SIZE, NUMBER, .default_text = "5B"}}},
};

static void try_fields(const NamedFields *given)
{
    size_t count = given->fields[1].name != NULL ? 2 : 1;
    const StorageConfigType type = {RIGHT_LAYER, .fields = given->fields, .field_count = count,
                                    .field_size = sizeof(StorageConfigField)};
    try_type(given->name, &type);
}

/* ---- rules ---- */

typedef struct NamedRule {
    const char *name;
    StorageOrderRule rule;
} NamedRule;

static const NamedRule rules[] = {
    {"a rule that is empty", {.relation = 0}},
    {"a relation that there is not", {.relation = 5, .other = "other", .reason = "of a reason"}},
    {"a severity that there is not",
     {.relation = STORAGE_ORDER_ABOVE, .severity = 2, .other = "other", .reason = "of a reason"}},
    {"a rule without a reason", {.relation = STORAGE_ORDER_ABOVE, .other = "other"}},
    {"once with another", {.relation = STORAGE_ORDER_ONCE, .other = "other", .reason = "of a reason"}},
    {"above nothing", {.relation = STORAGE_ORDER_ABOVE, .reason = "of a reason"}},
    {"above itself", {.relation = STORAGE_ORDER_ABOVE, .other = "sample", .reason = "of a reason"}},
};

static const StorageOrderRule backend_rule = {
    .relation = STORAGE_ORDER_ABOVE, .other = "other", .reason = "of a reason"};

/* ---- arguments ---- */

static void try_arguments(void)
{
    static const char document[] = "{\"backend\": {\"type\": \"memory\"}}";
    StorageContext *ctx = storage_context_new();
    StorageConfigOptions options = STORAGE_CONFIG_OPTIONS_INIT;
    struct {
        StorageConfigOptions options;
        uint64_t later;
    } newer = {STORAGE_CONFIG_OPTIONS_INIT, 1};
    StorageValue json;
    StorageBackend *store;
    print_answer("no document", storage_config_open(NULL, NULL, &store, ctx), ctx);
    print_answer("no path", storage_config_check_file(NULL, NULL, ctx), ctx);
    print_answer("no place for a store", storage_config_open(document, NULL, NULL, ctx), ctx);
    print_answer("no place for an explanation", storage_config_explain(document, NULL, NULL, ctx), ctx);
    print_answer("no place for a schema", storage_config_schema(NULL, NULL, ctx), ctx);
    options.flags = 8;
    print_answer("flags that there are not", storage_config_check(document, &options, ctx), ctx);
    options.struct_size = 0;
    print_answer("options without a size", storage_config_explain(document, &options, &json, ctx), ctx);
    newer.options.struct_size = sizeof(newer);
    print_answer("newer options", storage_config_schema(&newer.options, &json, ctx), ctx);
    print_answer("no registry", storage_registry_add(NULL, &types[0].type, ctx), ctx);
    storage_context_free(ctx);
}

int main(void)
{
    const StorageConfigType of_backend = {RIGHT_BACKEND, .rules = &backend_rule, .rule_count = 1,
                                          .rule_size = sizeof(StorageOrderRule)};
    for (size_t i = 0; i < COUNT_OF(types); i++)
        try_type(types[i].name, &types[i].type);
    try_newer_field();
    for (size_t i = 0; i < COUNT_OF(fields); i++)
        try_fields(&fields[i]);
    for (size_t i = 0; i < COUNT_OF(rules); i++) {
        const StorageConfigType type = {RIGHT_LAYER, .rules = &rules[i].rule, .rule_count = 1,
                                        .rule_size = sizeof(StorageOrderRule)};
        try_type(rules[i].name, &type);
    }
    try_type("a backend with a rule of layers", &of_backend);
    try_type("no table", NULL);
    try_arguments();
    return EXIT_SUCCESS;
}
