/* test_read.c - one object into one option struct, by a table of this test with a field of each kind. */
#include "config_test.h"

#include "config/read.h"

#include <stddef.h>
#include <stdio.h>

typedef struct CupboardOptions {
    uint32_t struct_size, flags;
    uint64_t room_bytes, door_count, patience_ns;
    const char *label;
    uint32_t is_locked;
} CupboardOptions;

static const ConfigField cupboard_fields[] = {
    {.name = "room",
     .kind = CONFIG_SIZE,
     .offset = offsetof(CupboardOptions, room_bytes),
     .minimum = 1024,
     .maximum = 1 << 20,
     .default_text = "64KiB"},
    {.name = "door_count",
     .kind = CONFIG_COUNT,
     .offset = offsetof(CupboardOptions, door_count),
     .minimum = 1,
     .default_text = "2"},
    {.name = "patience",
     .kind = CONFIG_DURATION,
     .offset = offsetof(CupboardOptions, patience_ns),
     .minimum = 1000,
     .default_text = "1s"},
    {.name = "label",
     .kind = CONFIG_STRING,
     .required = 1,
     .offset = offsetof(CupboardOptions, label),
     .minimum = 1,
     .maximum = 8},
    {.name = "locked", .kind = CONFIG_BOOL, .offset = offsetof(CupboardOptions, is_locked)},
};

static const ConfigType cupboard_type = {
    .name = "cupboard",
    .role = CONFIG_BACKEND,
    .fields = cupboard_fields,
    .field_count = sizeof(cupboard_fields) / sizeof(cupboard_fields[0]),
    .options_size = sizeof(CupboardOptions),
};

/* Reads `json` and says what was wrong with it. `*ret_options` may hold pointers into the tree that is gone. */
static const char *read_cupboard(const char *json, CupboardOptions *ret_options, char buffer[ERRORS_SIZE])
{
    StorageContext *ctx = storage_context_new();
    ConfigReport report = {.ctx = ctx};
    ConfigPath path = {.key = "backend"};
    cJSON *tree = cJSON_Parse(json);
    ck_assert_ptr_nonnull(tree);
    config_check_duplicates(tree, &path, &report);
    config_read_options(tree, &cupboard_type, ret_options, &path, &report);
    (void)errors_of(ctx, buffer);
    assert_status(report.status, buffer[0] == '\0' ? STORAGE_OK : STORAGE_CONFIG);
    cJSON_Delete(tree);
    storage_context_free(ctx);
    return buffer;
}

START_TEST(each_kind_lands_in_its_field)
{
    char buffer[ERRORS_SIZE];
    CupboardOptions options;
    StorageContext *ctx = storage_context_new();
    ConfigReport report = {.ctx = ctx};
    cJSON *tree = cJSON_Parse("{\"type\": \"cupboard\", \"room\": \"2KiB\", \"door_count\": 3, \"patience\": \"1m30s\","
                              " \"label\": \"jam\", \"locked\": true}");
    config_read_options(tree, &cupboard_type, &options, NULL, &report);
    ck_assert_str_eq(errors_of(ctx, buffer), "");
    ck_assert_uint_eq(options.struct_size, sizeof(options));
    ck_assert_uint_eq(options.room_bytes, 2048);
    ck_assert_uint_eq(options.door_count, 3);
    ck_assert_uint_eq(options.patience_ns, UINT64_C(90000000000));
    ck_assert_str_eq(options.label, "jam");
    ck_assert_uint_eq(options.is_locked, 1);
    cJSON_Delete(tree);
    storage_context_free(ctx);
}
END_TEST

START_TEST(what_is_left_out_is_zero_the_default)
{
    char buffer[ERRORS_SIZE];
    CupboardOptions options;
    memset(&options, 0xff, sizeof(options));
    ck_assert_str_eq(read_cupboard("{\"label\": \"jam\"}", &options, buffer), "");
    ck_assert_uint_eq(options.flags, 0);
    ck_assert_uint_eq(options.room_bytes, 0);
    ck_assert_uint_eq(options.door_count, 0);
    ck_assert_uint_eq(options.patience_ns, 0);
    ck_assert_uint_eq(options.is_locked, 0);
}
END_TEST

typedef struct Mistake {
    const char *json, *errors;
} Mistake;

static const Mistake mistakes[] = {
    {"{}", "backend.label: missing\n"},
    {"{\"label\": 1}", "backend.label: must be a string, not a number\n"},
    {"{\"label\": null}", "backend.label: must be a string, not null\n"},
    {"{\"label\": \"\"}", "backend.label: must have at least 1 characters\n"},
    {"{\"label\": \"marmalade\"}", "backend.label: must have at most 8 characters\n"},
    {"{\"label\": \"j\", \"locked\": \"yes\"}", "backend.locked: must be true or false, not a string\n"},
    {"{\"label\": \"j\", \"locked\": 1}", "backend.locked: must be true or false, not a number\n"},
    {"{\"label\": \"j\", \"room\": 2048}",
     "backend.room: must be a size in a string, with its unit, such as \"64MiB\", not a number\n"},
    {"{\"label\": \"j\", \"room\": \"1023B\"}",
     "backend.room: must be at least 1KiB; leave it out for the default (64KiB)\n"},
    {"{\"label\": \"j\", \"room\": \"2MiB\"}", "backend.room: must be at most 1MiB\n"},
    {"{\"label\": \"j\", \"patience\": true}",
     "backend.patience: must be a duration in a string, with its unit, such as \"30s\", not true or false\n"},
    {"{\"label\": \"j\", \"patience\": \"5ns\"}",
     "backend.patience: must be at least 1us; leave it out for the default (1s)\n"},
    {"{\"label\": \"j\", \"door_count\": \"3\"}", "backend.door_count: must be a whole number, not a string\n"},
    {"{\"label\": \"j\", \"door_count\": 2.5}", "backend.door_count: must be a whole number, without a fraction\n"},
    {"{\"label\": \"j\", \"door_count\": -1}",
     "backend.door_count: must be a whole number from 1 to 9007199254740991; the default is 2\n"},
    {"{\"label\": \"j\", \"door_count\": 1e300}",
     "backend.door_count: must be a whole number from 1 to 9007199254740991; the default is 2\n"},
    {"{\"label\": \"j\", \"door_count\": 9007199254740992}",
     "backend.door_count: must be a whole number from 1 to 9007199254740991; the default is 2\n"},
    {"{\"label\": \"j\", \"door_count\": 0}",
     "backend.door_count: must be a whole number from 1 to 9007199254740991; the default is 2\n"},
    {"{\"label\": \"j\", \"door_counts\": 1}", "backend.door_counts: unknown key; did you mean \"door_count\"?\n"},
    {"{\"label\": \"j\", \"colour\": 1}", "backend.colour: unknown key\n"},
    {"{\"label\": \"j\", \"\": 1}", "backend[\"\"]: unknown key\n"},
    {"{\"label\": \"j\", \"two words\": 1}", "backend[\"two words\"]: unknown key\n"},
    {"{\"label\": \"j\", \"a\\nb\": 1}", "backend[\"0x610a62\"]: unknown key\n"},
    {"{\"label\": \"j\", \"locked\": true, \"locked\": false}", "backend.locked: given more than once\n"},
    {"{\"label\": \"j\", \"Label\": \"k\"}", "backend.Label: unknown key; did you mean \"label\"?\n"},
};

START_TEST(a_mistake_is_reported_with_its_place)
{
    char buffer[ERRORS_SIZE];
    CupboardOptions options;
    ck_assert_str_eq(read_cupboard(mistakes[_i].json, &options, buffer), mistakes[_i].errors);
}
END_TEST

START_TEST(all_mistakes_are_reported_at_once)
{
    char buffer[ERRORS_SIZE];
    CupboardOptions options;
    ck_assert_str_eq(read_cupboard("{\"room\": 1, \"colour\": 2, \"locked\": 3}", &options, buffer),
                     "backend.room: must be a size in a string, with its unit, such as \"64MiB\", not a number\n"
                     "backend.colour: unknown key\n"
                     "backend.locked: must be true or false, not a number\n"
                     "backend.label: missing\n");
}
END_TEST

START_TEST(a_field_with_a_mistake_stays_zero)
{
    char buffer[ERRORS_SIZE];
    CupboardOptions options;
    ck_assert_str_ne(read_cupboard("{\"label\": \"j\", \"room\": \"2MiB\", \"door_count\": 0}", &options, buffer), "");
    ck_assert_uint_eq(options.room_bytes, 0);
    ck_assert_uint_eq(options.door_count, 0);
}
END_TEST

START_TEST(the_limits_of_a_field_belong_to_it)
{
    char buffer[ERRORS_SIZE];
    CupboardOptions options;
    ck_assert_str_eq(read_cupboard("{\"label\": \"j\", \"room\": \"1KiB\", \"door_count\": 1}", &options, buffer), "");
    ck_assert_uint_eq(options.room_bytes, 1024);
    ck_assert_str_eq(read_cupboard("{\"label\": \"12345678\", \"room\": \"1MiB\", \"door_count\": 9007199254740991}",
                                   &options, buffer),
                     "");
    ck_assert_uint_eq(options.room_bytes, 1048576);
    ck_assert_uint_eq(options.door_count, UINT64_C(9007199254740991));
}
END_TEST

START_TEST(the_number_of_keys_is_bounded)
{
    char buffer[ERRORS_SIZE], json[8192] = "{";
    StorageContext *ctx = storage_context_new();
    ConfigReport report = {.ctx = ctx};
    cJSON *tree;
    for (int i = 0; i < 300; i++)
        append(json, sizeof(json), "%s\"key%d\": %d", i > 0 ? ", " : "", i, i);
    append(json, sizeof(json), "}");
    tree = cJSON_Parse(json);
    ck_assert_ptr_nonnull(tree);
    config_check_duplicates(tree, NULL, &report);
    ck_assert_str_eq(errors_of(ctx, buffer), "more than 256 keys\n");
    cJSON_Delete(tree);
    storage_context_free(ctx);
}
END_TEST

int main(void)
{
    const ConfigTest tests[] = {
        ONCE(each_kind_lands_in_its_field),
        ONCE(what_is_left_out_is_zero_the_default),
        FOR_EACH(a_mistake_is_reported_with_its_place, mistakes),
        ONCE(all_mistakes_are_reported_at_once),
        ONCE(a_field_with_a_mistake_stays_zero),
        ONCE(the_limits_of_a_field_belong_to_it),
        ONCE(the_number_of_keys_is_bounded),
    };
    return run_tests("read", tests, sizeof(tests) / sizeof(tests[0]));
}
