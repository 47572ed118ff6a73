/* test_expand.c - variables in strings: what they stand for, what is refused, and where they count. */
#include "cupboard.h"

static const Thing variables[] = {
    {.name = "NAME", .text = "jam"},
    {.name = "EMPTY", .text = ""},
    {.name = "_a1", .text = "x"},
    {.name = "DOLLAR", .text = "${NAME}$$"},
    {.name = "LATIN", .text = "caf\xe9"},
    {.name = "UTF", .text = "caf\xc3\xa9"},
    {.name = "LONG", .text = "marmalade"},
    {.name = "COUNT", .text = "5"},
    {.name = "TRUE", .text = "true"},
    {.name = "ROOM", .text = "64mb"},
    {.name = "KIND", .text = "cupboard"},
    {.name = "WOOD", .text = "walnut"},
    {.name = NULL},
};

typedef struct Row {
    const char *text, *result;
} Row;

static const Row expanded[] = {
    {"", ""},
    {"plain", "plain"},
    {"${NAME}", "jam"},
    {"a${NAME}b${NAME}c", "ajambjamc"},
    {"${EMPTY}", ""},
    {"${_a1}", "x"},
    {"$$", "$"},
    {"$$$$", "$$"},
    {"$${NAME}", "${NAME}"},
    {"$$${NAME}", "$jam"},
    {"${DOLLAR}", "${NAME}$$"},
    {"${NAME:-other}", "jam"},
    {"${EMPTY:-other}", "other"},
    {"${NOBODY:-other}", "other"},
    {"${NOBODY:-}", ""},
    {"${NOBODY:-a$$b}", "a$b"},
    {"${NOBODY:-$$}", "$"},
    {"${NOBODY:-a:-b?c}", "a:-b?c"},
    {"${NOBODY:-{}", "{"},
    {"${NAME:?give one}", "jam"},
    {"${UTF}", "caf\xc3\xa9"},
    {"}{", "}{"},
};

/* The path of a cupboard, which is a string without limits. */
static void load_path(Loaded *loaded, const char *text)
{
    char members[1024] = "";
    append(members, sizeof(members), "\"label\": \"j\", \"path\": \"%s\"", text);
    load_cupboard(loaded, members, NULL, variables);
}

START_TEST(a_variable_stands_for_its_value)
{
    Loaded loaded;
    load_path(&loaded, expanded[_i].text);
    ck_assert_str_eq(loaded_cupboard(&loaded)->path, expanded[_i].result);
    loaded_done(&loaded);
}
END_TEST

#define DOLLAR "; write $$ for a dollar\n"
#define AFTER_NAME ": after the name of a variable belongs \"}\", \":-\" with a default or \":?\" with a message" DOLLAR
#define BAD_NAME ": after \"${\" belongs the name of a variable: letters, digits and underscores" DOLLAR
#define NO_VARIABLE ": a default or a message holds no variable" DOLLAR

static const Row refused[] = {
    {"${NOBODY}", "backend.path: the variable NOBODY is not set; set it, or write ${NOBODY:-default}\n"},
    {"${A} ${B}", "backend.path: the variable A is not set; set it, or write ${A:-default}\n"
                  "backend.path: the variable B is not set; set it, or write ${B:-default}\n"},
    {"${NOBODY:?}", "backend.path: the variable NOBODY is not set or empty; set it\n"},
    {"${EMPTY:?}", "backend.path: the variable EMPTY is not set or empty; set it\n"},
    {"${NOBODY:?say where it\\nis}", "backend.path: the variable NOBODY is not set or empty: say where it is\n"},
    {"${EMPTY:?it costs 5$$}", "backend.path: the variable EMPTY is not set or empty: it costs 5$\n"},
    {"$", "backend.path: byte 1: a \"$\" that starts no variable" DOLLAR},
    {"5$ and more", "backend.path: byte 2: a \"$\" that starts no variable" DOLLAR},
    {"$NAME", "backend.path: byte 1: a \"$\" that starts no variable" DOLLAR},
    {"$$$", "backend.path: byte 3: a \"$\" that starts no variable" DOLLAR},
    {"${", "backend.path: byte 1: \"${\" without \"}\"; close it, as in ${NAME}" DOLLAR},
    {"ab${NAME", "backend.path: byte 3: \"${\" without \"}\"; close it, as in ${NAME}" DOLLAR},
    {"${NAME:-a", "backend.path: byte 1: \"${\" without \"}\"; close it, as in ${NAME}" DOLLAR},
    {"${}", "backend.path: byte 1" BAD_NAME},
    {"${1A}", "backend.path: byte 1" BAD_NAME},
    {"${ NAME}", "backend.path: byte 1" BAD_NAME},
    {"${\xc3\xa9}", "backend.path: byte 1" BAD_NAME},
    {"${NAME }", "backend.path: byte 1" AFTER_NAME},
    {"${NAME-x}", "backend.path: byte 1" AFTER_NAME},
    {"${NAME:+x}", "backend.path: byte 1" AFTER_NAME},
    {"${NAME:}", "backend.path: byte 1" AFTER_NAME},
    {"${NAME:-${EMPTY}}", "backend.path: byte 9" NO_VARIABLE},
    {"${NAME:-$EMPTY}", "backend.path: byte 9" NO_VARIABLE},
    {"${NAME:?a$}", "backend.path: byte 10" NO_VARIABLE},
    {"${LATIN}", "backend.path: the value of the variable LATIN is not UTF-8; set it to text\n"},
};

START_TEST(what_stands_for_nothing_is_refused)
{
    Loaded loaded;
    load_path(&loaded, refused[_i].text);
    assert_status(loaded.status, STORAGE_CONFIG);
    ck_assert_str_eq(loaded.errors, refused[_i].result);
    loaded_done(&loaded);
}
END_TEST

START_TEST(a_long_message_is_cut_where_it_shows)
{
    char text[600];
    Loaded loaded;
    (void)snprintf(text, sizeof(text), "${NOBODY:?%0*d}", 500, 0);
    load_path(&loaded, text);
    ck_assert_uint_lt(strlen(loaded.errors), 500);
    ck_assert_str_eq(loaded.errors + strlen(loaded.errors) - 7, "000...\n");
    loaded_done(&loaded);
}
END_TEST

START_TEST(the_name_of_a_variable_is_bounded)
{
    char text[256];
    Loaded loaded;
    (void)snprintf(text, sizeof(text), "${%0*d}", 129, 0);
    text[2] = 'A';
    load_path(&loaded, text);
    ck_assert_str_eq(loaded.errors, "backend.path: byte 1: the name of a variable has at most 128 characters" DOLLAR);
    loaded_done(&loaded);
    (void)snprintf(text, sizeof(text), "${%0*d:-x}", 128, 0);
    text[2] = 'A';
    load_path(&loaded, text);
    ck_assert_str_eq(loaded_cupboard(&loaded)->path, "x");
    loaded_done(&loaded);
}
END_TEST

/* A variable of half the size that a text may have, and one byte more with `extra`. */
static void load_long(Loaded *loaded, const char *extra)
{
    static char half[32769];
    const Thing long_variables[] = {{.name = "HALF", .text = half}, {.name = NULL}};
    char members[128] = "";
    memset(half, 'h', sizeof(half) - 1);
    append(members, sizeof(members), "\"label\": \"j\", \"path\": \"${HALF}${HALF}%s\"", extra);
    load_cupboard(loaded, members, NULL, long_variables);
}

START_TEST(what_a_text_grows_to_is_bounded)
{
    Loaded loaded;
    load_long(&loaded, "");
    ck_assert_uint_eq(strlen(loaded_cupboard(&loaded)->path), 65536);
    loaded_done(&loaded);
    load_long(&loaded, "x");
    ck_assert_str_eq(loaded.errors, "backend.path: longer than 64 KiB with its variables; shorten it\n");
    loaded_done(&loaded);
    load_long(&loaded, "${NOBODY:-x}");
    ck_assert_str_eq(loaded.errors, "backend.path: longer than 64 KiB with its variables; shorten it\n");
    loaded_done(&loaded);
}
END_TEST

static size_t field_index(const char *name)
{
    size_t i = 0;
    while (strcmp(cupboard_fields[i].name, name) != 0)
        i++;
    return i;
}

START_TEST(every_kind_takes_a_variable)
{
    static const char *const from_variables[] = {"door_count", "locked", "wood", "secret"};
    const CupboardOptions *options;
    Loaded loaded;
    load_in(&loaded,
            "{\"backend\": {\"type\": \"${KIND}\", \"label\": \"$$\", \"door_count\": \"${COUNT}0\","
            " \"locked\": \"${TRUE}\", \"wood\": \"${WOOD}\", \"secret\": \"${NAME}\", \"room\": \"2KiB\"}}",
            NULL, NULL, variables, NULL);
    options = loaded_cupboard(&loaded);
    ck_assert_uint_eq(options->door_count, 50);
    ck_assert_uint_eq(options->is_locked, 1);
    ck_assert_uint_eq(options->wood, 2);
    ck_assert_str_eq(options->secret, "jam");
    ck_assert_str_eq(options->label, "$");
    for (size_t i = 0; i < sizeof(from_variables) / sizeof(from_variables[0]); i++)
        ck_assert_uint_eq(loaded.plan.backend.origins[field_index(from_variables[i])], CONFIG_ORIGIN_VARIABLE);
    ck_assert_uint_eq(loaded.plan.backend.origins[field_index("label")], CONFIG_ORIGIN_DOCUMENT);
    ck_assert_uint_eq(loaded.plan.backend.origins[field_index("room")], CONFIG_ORIGIN_DOCUMENT);
    loaded_done(&loaded);
}
END_TEST

#define L "\"label\": \"j\", "

static const Row wrong_values[] = {
    {L "\"room\": \"${ROOM}\"", "backend.room: \"${ROOM}\" (\"64mb\") is not a size; write a whole number and a unit "
                                "(B, kB, MB, GB, TB for powers "
                                "of 1000, KiB, MiB, GiB, TiB for powers of 1024), such as \"64MiB\"\n"},
    {L "\"door_count\": \"${NAME}\"",
     "backend.door_count: \"${NAME}\" (\"jam\") is not a whole number; write digits alone, such as 1000\n"},
    {L "\"door_count\": \"${EMPTY}\"",
     "backend.door_count: \"${EMPTY}\" (\"\") is not a whole number; write digits alone, such as 1000\n"},
    {L "\"door_count\": \"${COUNT}000000000000000000000000\"",
     "backend.door_count: \"${COUNT}000000000000000000000000\" (\"5000000000000000000000000\") is too large; the "
     "largest number is 9007199254740991\n"},
    {L "\"door_count\": \"${NOBODY:-0}\"",
     "backend.door_count: must be a whole number from 1 to 9007199254740991; the default is 2\n"},
    {L "\"door_count\": \"${NOBODY}${NAME}\"",
     "backend.door_count: the variable NOBODY is not set; set it, or write ${NOBODY:-default}\n"},
    {L "\"door_count\": \"$$5\"", "backend.door_count: must be a whole number, not a string\n"},
    {L "\"locked\": \"${NAME}\"",
     "backend.locked: \"${NAME}\" (\"jam\") is neither true nor false; write one of the two\n"},
    {L "\"wood\": \"${UTF}\"",
     "backend.wood: \"${UTF}\" (\"caf\xc3\xa9\") is none of \"oak\", \"beech\", \"walnut\"\n"},
    {"\"label\": \"${LONG}\"", "backend.label: the number of its bytes must be at most 8\n"},
    {L "\"${NAME}\": 1", "backend[\"${NAME}\"]: unknown key; backend \"cupboard\" takes \"room\", \"door_count\", "
                         "\"patience\", \"visits\", \"label\", \"secret\", \"path\", \"locked\", \"wood\"\n"},
};

START_TEST(a_wrong_value_of_a_variable_is_shown_with_its_source)
{
    Loaded loaded;
    load_cupboard(&loaded, wrong_values[_i].text, NULL, variables);
    ck_assert_str_eq(loaded.errors, wrong_values[_i].result);
    loaded_done(&loaded);
}
END_TEST

START_TEST(an_unknown_type_from_a_variable_is_shown_with_its_source)
{
    Loaded loaded;
    load_in(&loaded, "{\"backend\": {\"type\": \"${NAME}\"}}", NULL, NULL, variables, NULL);
    ck_assert_str_eq(
        loaded.errors,
        "backend.type: \"${NAME}\" (\"jam\") is no type of backend; there is: \"memory\", \"ledger\", \"cupboard\"\n");
    loaded_done(&loaded);
}
END_TEST

START_TEST(without_a_function_the_variables_are_those_of_the_process)
{
    const char *json = "{\"backend\": {\"type\": \"${STORAGE_TEST_TYPE}\"}}";
    StorageContext *ctx = storage_context_new();
    char errors[ERRORS_SIZE];
    ck_assert_int_eq(unsetenv("STORAGE_TEST_TYPE"), 0);
    assert_status(storage_config_check(json, NULL, ctx), STORAGE_CONFIG);
    ck_assert_str_eq(errors_of(ctx, errors),
                     "backend.type: the variable STORAGE_TEST_TYPE is not set; set it, or write "
                     "${STORAGE_TEST_TYPE:-default}\n");
    ck_assert_int_eq(setenv("STORAGE_TEST_TYPE", "memory", 1), 0);
    assert_status(storage_config_check(json, NULL, ctx), STORAGE_OK);
    storage_context_free(ctx);
}
END_TEST

int main(void)
{
    const ConfigTest tests[] = {
        FOR_EACH(a_variable_stands_for_its_value, expanded),
        FOR_EACH(what_stands_for_nothing_is_refused, refused),
        ONCE(a_long_message_is_cut_where_it_shows),
        ONCE(the_name_of_a_variable_is_bounded),
        ONCE(what_a_text_grows_to_is_bounded),
        ONCE(every_kind_takes_a_variable),
        FOR_EACH(a_wrong_value_of_a_variable_is_shown_with_its_source, wrong_values),
        ONCE(an_unknown_type_from_a_variable_is_shown_with_its_source),
        ONCE(without_a_function_the_variables_are_those_of_the_process),
    };
    return run_tests("expand", tests, sizeof(tests) / sizeof(tests[0]));
}
