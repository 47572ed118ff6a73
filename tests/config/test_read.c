/* test_read.c - one object into one option struct: each kind, its limits, and everything that may be wrong. */
#include "cupboard.h"

START_TEST(each_kind_lands_in_its_field)
{
    Loaded loaded;
    const CupboardOptions *options;
    load_cupboard(&loaded,
                  "\"room\": \"2KiB\", \"door_count\": 3, \"patience\": \"1m30s\", \"visits\": \"10/30s\","
                  " \"label\": \"jam\", \"secret\": \"key\", \"path\": \"a/b\", \"locked\": true, \"wood\": \"walnut\"",
                  NULL, NULL);
    options = loaded_cupboard(&loaded);
    ck_assert_uint_eq(options->struct_size, sizeof(*options));
    ck_assert_uint_eq(options->room_bytes, 2048);
    ck_assert_uint_eq(options->door_count, 3);
    ck_assert_uint_eq(options->patience_ns, UINT64_C(90000000000));
    ck_assert_uint_eq(options->visits.count, 10);
    ck_assert_uint_eq(options->visits.period_ns, UINT64_C(30000000000));
    ck_assert_str_eq(options->label, "jam");
    ck_assert_str_eq(options->secret, "key");
    ck_assert_str_eq(options->path, "a/b");
    ck_assert_uint_eq(options->is_locked, 1);
    ck_assert_uint_eq(options->wood, 2);
    for (size_t i = 0; i < cupboard_type.field_count; i++)
        ck_assert_uint_eq(loaded.plan.backend.origins[i], CONFIG_ORIGIN_DOCUMENT);
    loaded_done(&loaded);
}
END_TEST

START_TEST(what_is_left_out_is_zero_the_default)
{
    Loaded loaded;
    CupboardOptions expected = {.struct_size = sizeof(expected)};
    load_cupboard(&loaded, "\"label\": \"jam\"", NULL, NULL);
    expected.label = loaded_cupboard(&loaded)->label;
    ck_assert_mem_eq(loaded.plan.backend.options, &expected, sizeof(expected));
    for (size_t i = 0; i < cupboard_type.field_count; i++)
        ck_assert_uint_eq(loaded.plan.backend.origins[i], strcmp(cupboard_fields[i].name, "label") == 0
                                                              ? CONFIG_ORIGIN_DOCUMENT
                                                              : CONFIG_ORIGIN_DEFAULT);
    loaded_done(&loaded);
}
END_TEST

typedef struct Mistake {
    const char *members, *errors;
} Mistake;

#define L "\"label\": \"j\", "
#define TAKES                                                                                                          \
    "backend \"cupboard\" takes \"room\", \"door_count\", \"patience\", \"visits\", \"label\", \"secret\", \"path\", " \
    "\"locked\", \"wood\"\n"
#define COUNT_RANGE "must be a whole number from 1 to 9007199254740991; the default is 2\n"

static const Mistake mistakes[] = {
    {"", "backend.label: missing; it must be a string\n"},
    {"\"label\": 1", "backend.label: must be a string, not a number\n"},
    {"\"label\": null", "backend.label: must be a string, not null\n"},
    {"\"label\": {}", "backend.label: must be a string, not an object\n"},
    {"\"label\": \"\"", "backend.label: the number of its bytes must be at least 1\n"},
    {"\"label\": \"marmalade\"", "backend.label: the number of its bytes must be at most 8\n"},
    {L "\"secret\": \"marmalade\"", "backend.secret: the number of its bytes must be at most 8\n"},
    {L "\"locked\": \"yes\"", "backend.locked: must be true or false, not a string\n"},
    {L "\"locked\": 1", "backend.locked: must be true or false, not a number\n"},
    {L "\"room\": 2048", "backend.room: must be a size in a string, with its unit, such as \"64MiB\", not a number\n"},
    {L "\"room\": \"64\"", "backend.room: \"64\" is not a size; write a whole number and a unit (B, kB, MB, GB, TB for "
                           "powers of 1000, KiB, MiB, GiB, TiB for powers of 1024), such as \"64MiB\"\n"},
    {L "\"room\": \"1023B\"", "backend.room: must be at least 1KiB; leave it out for the default (64KiB)\n"},
    {L "\"room\": \"2MiB\"", "backend.room: must be at most 1MiB\n"},
    {L "\"patience\": true",
     "backend.patience: must be a duration in a string, with its unit, such as \"30s\", not true or false\n"},
    {L "\"patience\": \"5ns\"", "backend.patience: must be at least 1us; leave it out for the default (1s)\n"},
    {L "\"visits\": 5",
     "backend.visits: must be a rate in a string, with its period, such as \"50000/s\", not a number\n"},
    {L "\"visits\": \"1/s\"", "backend.visits: the number before the slash must be at least 2\n"},
    {L "\"visits\": \"101/s\"", "backend.visits: the number before the slash must be at most 100\n"},
    {L "\"visits\": \"5\"",
     "backend.visits: \"5\" is not a rate; write a whole number from 1 on, a slash and a period (d, h, m, s, ms, us, "
     "ns, or a duration), such as \"50000/s\" or \"10/30s\"\n"},
    {L "\"door_count\": \"3\"", "backend.door_count: must be a whole number, not a string\n"},
    {L "\"door_count\": 2.5", "backend.door_count: must be a whole number, without a fraction\n"},
    {L "\"door_count\": -1", "backend.door_count: " COUNT_RANGE},
    {L "\"door_count\": 1e300", "backend.door_count: " COUNT_RANGE},
    {L "\"door_count\": 9007199254740992", "backend.door_count: " COUNT_RANGE},
    {L "\"door_count\": 0", "backend.door_count: " COUNT_RANGE},
    {L "\"wood\": 2", "backend.wood: must be one of \"oak\", \"beech\", \"walnut\", not a number\n"},
    {L "\"wood\": \"wallnut\"",
     "backend.wood: \"wallnut\" is none of \"oak\", \"beech\", \"walnut\"; did you mean \"walnut\"?\n"},
    {L "\"wood\": \"steel\"", "backend.wood: \"steel\" is none of \"oak\", \"beech\", \"walnut\"\n"},
    {L "\"door_counts\": 1", "backend.door_counts: unknown key; did you mean \"door_count\"?\n"},
    {L "\"colour\": 1", "backend.colour: unknown key; " TAKES},
    {L "\"\": 1", "backend[\"\"]: unknown key; " TAKES},
    {L "\"two words\": 1", "backend[\"two words\"]: unknown key; " TAKES},
    {L "\"a\\nb\": 1", "backend[\"a b\"]: unknown key; " TAKES},
    {L "\"locked\": false, \"locked\": false", "backend.locked: given more than once; keep one of them\n"},
    {L "\"locked\": false, \"locked\": false, \"locked\": false",
     "backend.locked: given more than once; keep one of them\n"},
    {L "\"locked\": false, \"locked\": 5", "backend.locked: given more than once; keep one of them\n"},
    {L "\"Label\": \"k\"", "backend.Label: unknown key; did you mean \"label\"?\n"},
    {L "\"locked\": true", "backend: what is locked needs a secret; give one\n"},
};

START_TEST(a_mistake_is_reported_with_its_place)
{
    Loaded loaded;
    load_cupboard(&loaded, mistakes[_i].members, NULL, NULL);
    assert_status(loaded.status, STORAGE_CONFIG);
    ck_assert_str_eq(loaded.errors, mistakes[_i].errors);
    loaded_done(&loaded);
}
END_TEST

START_TEST(all_mistakes_are_reported_at_once_and_the_type_is_not_asked)
{
    Loaded loaded;
    load_cupboard(&loaded, "\"room\": 1, \"colour\": 2, \"locked\": true", NULL, NULL);
    ck_assert_str_eq(loaded.errors,
                     "backend.room: must be a size in a string, with its unit, such as \"64MiB\", not a number\n"
                     "backend.colour: unknown key; " TAKES "backend.label: missing; it must be a string\n");
    loaded_done(&loaded);
}
END_TEST

START_TEST(the_limits_of_a_field_belong_to_it)
{
    Loaded loaded;
    load_cupboard(&loaded, "\"label\": \"j\", \"room\": \"1KiB\", \"door_count\": 1, \"visits\": \"2/s\"", NULL, NULL);
    ck_assert_uint_eq(loaded_cupboard(&loaded)->room_bytes, 1024);
    ck_assert_uint_eq(loaded_cupboard(&loaded)->visits.count, 2);
    loaded_done(&loaded);
    load_cupboard(&loaded,
                  "\"label\": \"12345678\", \"room\": \"1MiB\", \"door_count\": 9007199254740991,"
                  " \"visits\": \"100/s\"",
                  NULL, NULL);
    ck_assert_uint_eq(loaded_cupboard(&loaded)->door_count, UINT64_C(9007199254740991));
    ck_assert_uint_eq(loaded_cupboard(&loaded)->room_bytes, 1048576);
    loaded_done(&loaded);
}
END_TEST

START_TEST(the_number_of_keys_is_bounded)
{
    Loaded loaded;
    char members[8192] = "";
    for (int i = 0; i < 300; i++)
        append(members, sizeof(members), "%s\"key%d\": %d", i > 0 ? ", " : "", i, i);
    load_cupboard(&loaded, members, NULL, NULL);
    ck_assert_str_eq(loaded.errors, "backend: more than 256 keys; take some out\n");
    loaded_done(&loaded);
}
END_TEST

START_TEST(a_string_of_more_than_64_kib_is_refused)
{
    Loaded loaded;
    size_t size = 65537;
    char *json = malloc(size + 100);
    ck_assert_ptr_nonnull(json);
    (void)snprintf(json, size + 100, "{\"backend\": {\"type\": \"cupboard\", \"label\": \"j\", \"path\": \"%0*d\"}}",
                   (int)size, 0);
    load_in(&loaded, json, NULL, NULL, NULL, NULL);
    ck_assert_str_eq(loaded.errors, "backend.path: longer than 64 KiB; shorten it\n");
    loaded_done(&loaded);
    (void)snprintf(json, size + 100, "{\"backend\": {\"type\": \"cupboard\", \"label\": \"j\", \"path\": \"%0*d\"}}",
                   (int)size - 1, 0);
    load_in(&loaded, json, NULL, NULL, NULL, NULL);
    ck_assert_uint_eq(strlen(loaded_cupboard(&loaded)->path), size - 1);
    loaded_done(&loaded);
    free(json);
}
END_TEST

int main(void)
{
    const ConfigTest tests[] = {
        ONCE(each_kind_lands_in_its_field),
        ONCE(what_is_left_out_is_zero_the_default),
        FOR_EACH(a_mistake_is_reported_with_its_place, mistakes),
        ONCE(all_mistakes_are_reported_at_once_and_the_type_is_not_asked),
        ONCE(the_limits_of_a_field_belong_to_it),
        ONCE(the_number_of_keys_is_bounded),
        ONCE(a_string_of_more_than_64_kib_is_refused),
    };
    return run_tests("read", tests, sizeof(tests) / sizeof(tests[0]));
}
