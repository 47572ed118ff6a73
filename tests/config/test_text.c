/* test_text.c - texts from files, paths that start at a directory, and what is never shown. */
#include "cupboard.h"

#define L "\"label\": \"j\", "

static char big_file[65538];

static const Thing files[] = {
    {.name = "secret", .text = "key"},
    {.name = "newline", .text = "key\n"},
    {.name = "newlines", .text = "key\n\n"},
    {.name = "windows", .text = "key\r\n"},
    {.name = "return", .text = "key\r"},
    {.name = "empty", .text = ""},
    {.name = "dollar", .text = "${NAME}"},
    {.name = "latin", .text = "topsecret\xff"},
    {.name = "zero", .text = "top\0secret", .size = 10},
    {.name = "long", .text = "topsecretkey"},
    {.name = "denied", .open_error = EACCES},
    {.name = "directory", .open_error = EISDIR},
    {.name = "broken", .open_error = EIO},
    {.name = "no\x1b[31mgood", .open_error = EIO},
    {.name = "big", .text = big_file, .size = 65537},
    {.name = "fits", .text = big_file, .size = 65536},
    {.name = "room", .text = "2KiB\n"},
    {.name = "count", .text = "7\n"},
    {.name = "type", .text = "cupboard\n"},
    {.name = "wrong", .text = "topsecret\n"},
    {.name = "near_type", .text = "cupbord\n"},
    {.name = "near_wood", .text = "walnot\n"},
    {.name = "/etc/app/secret", .text = "abs"},
    {.name = "conf/secret", .text = "conf"},
    {.name = "conf/app.json",
     .text = "{\"backend\": {\"type\": \"cupboard\", \"label\": \"j\", \"path\": \"data\","
             " \"secret\": {\"$file\": \"secret\"}}}"},
    {.name = "/app.json", .text = "{\"backend\": {\"type\": \"cupboard\", \"label\": \"j\", \"path\": \"data\"}}"},
    {.name = "app.json", .text = "{\"backend\": {\"type\": \"cupboard\", \"label\": \"j\", \"path\": \"data\"}}"},
    {.name = NULL},
};

static const Thing variables[] = {
    {.name = "NAME", .text = "secret"},
    {.name = NULL},
};

static void load(Loaded *loaded, const char *members)
{
    memset(big_file, 'b', sizeof(big_file) - 1);
    load_cupboard(loaded, members, files, variables);
}

typedef struct Row {
    const char *name, *result;
} Row;

static const Row contents[] = {
    {"secret", "key"}, {"newline", "key"},    {"newlines", "key\n"}, {"windows", "key"},         {"return", "key\r"},
    {"empty", ""},     {"dollar", "${NAME}"}, {"${NAME}", "key"},    {"/etc/app/secret", "abs"},
};

START_TEST(a_file_stands_for_what_it_holds)
{
    char members[256] = "";
    Loaded loaded;
    append(members, sizeof(members), L "\"secret\": {\"$file\": \"%s\"}", contents[_i].name);
    load(&loaded, members);
    ck_assert_str_eq(loaded_cupboard(&loaded)->secret, contents[_i].result);
    ck_assert_uint_eq(loaded.plan.backend.origins[5], CONFIG_ORIGIN_FILE);
    loaded_done(&loaded);
}
END_TEST

START_TEST(a_file_stands_for_every_kind)
{
    Loaded loaded;
    load_in(&loaded,
            "{\"backend\": {\"type\": {\"$file\": \"type\"}, \"label\": {\"$file\": \"secret\"},"
            " \"room\": {\"$file\": \"room\"}, \"door_count\": {\"$file\": \"count\"}}}",
            NULL, files, NULL, NULL);
    ck_assert_str_eq(loaded_cupboard(&loaded)->label, "key");
    ck_assert_uint_eq(loaded_cupboard(&loaded)->room_bytes, 2048);
    ck_assert_uint_eq(loaded_cupboard(&loaded)->door_count, 7);
    loaded_done(&loaded);
}
END_TEST

START_TEST(a_file_of_64_kib_fits)
{
    Loaded loaded;
    load(&loaded, L "\"path\": {\"$file\": \"fits\"}");
    ck_assert_uint_eq(strlen(loaded_cupboard(&loaded)->path), 65536);
    loaded_done(&loaded);
}
END_TEST

/* None of these shows what a file holds, nor a secret: those contain "topsecret". */
static const Row mistakes[] = {
    {L "\"secret\": {\"$file\": \"nowhere\"}",
     "backend.secret[\"$file\"]: the file \"nowhere\": No such file or directory; create it, or correct the path\n"},
    {L "\"secret\": {\"$file\": \"denied\"}",
     "backend.secret[\"$file\"]: the file \"denied\": Permission denied; it must be readable to this process\n"},
    {L "\"secret\": {\"$file\": \"directory\"}",
     "backend.secret[\"$file\"]: the file \"directory\": a directory, not a regular file\n"},
    {L "\"secret\": {\"$file\": \"broken\"}",
     "backend.secret[\"$file\"]: the file \"broken\": cannot be read: Input/output error\n"},
    {L "\"secret\": {\"$file\": \"no\\u001b[31mgood\"}",
     "backend.secret[\"$file\"]: the file \"no [31mgood\": cannot be read: Input/output error\n"},
    {L "\"secret\": {\"$file\": \"big\"}",
     "backend.secret[\"$file\"]: the file \"big\": larger than 64 KiB, the most that is read; make it smaller\n"},
    {L "\"secret\": {\"$file\": \"zero\"}",
     "backend.secret[\"$file\"]: the file \"zero\" holds a zero byte; it must be text\n"},
    {L "\"secret\": {\"$file\": \"latin\"}",
     "backend.secret[\"$file\"]: the file \"latin\" is not UTF-8; save it as text in UTF-8\n"},
    {L "\"secret\": {\"$file\": \"${NOBODY}\"}",
     "backend.secret[\"$file\"]: the variable NOBODY is not set; set it, or write ${NOBODY:-default}\n"},
    {L "\"secret\": {\"$file\": 5}", "backend.secret[\"$file\"]: must be a string, not a number\n"},
    {L "\"secret\": {\"$file\": {\"$file\": \"secret\"}}",
     "backend.secret[\"$file\"]: must be a string, not an object\n"},
    {L "\"secret\": {\"$file\": \"secret\", \"mode\": 1}",
     "backend.secret.mode: \"$file\" stands alone; take this key away\n"},
    {L "\"secret\": {\"mode\": 1, \"$file\": \"nowhere\", \"owner\": 1}",
     "backend.secret.mode: \"$file\" stands alone; take this key away\n"
     "backend.secret.owner: \"$file\" stands alone; take this key away\n"},
    {L "\"secret\": {\"$file\": \"secret\", \"$file\": \"secret\"}",
     "backend.secret[\"$file\"]: given more than once; keep one of them\n"},
    {L "\"secret\": {\"$File\": \"secret\"}", "backend.secret: must be a string, not an object\n"},
    {L "\"secret\": {\"$file\": \"long\"}", "backend.secret: the number of its bytes must be at most 8\n"},
    {L "\"secret\": \"topsecretkey\"", "backend.secret: the number of its bytes must be at most 8\n"},
    {L "\"secret\": \"topsecret$\"",
     "backend.secret: byte 10: a \"$\" that starts no variable; write $$ for a dollar\n"},
    {L "\"room\": {\"$file\": \"wrong\"}", "backend.room: what the file holds is not a size; write a whole number and "
                                           "a unit (B, kB, MB, GB, TB for powers of "
                                           "1000, KiB, MiB, GiB, TiB for powers of 1024), such as \"64MiB\"\n"},
    {L "\"wood\": {\"$file\": \"wrong\"}",
     "backend.wood: what the file holds is none of \"oak\", \"beech\", \"walnut\"\n"},
    {L "\"wood\": {\"$file\": \"near_wood\"}",
     "backend.wood: what the file holds is none of \"oak\", \"beech\", \"walnut\"\n"},
    {L "\"door_count\": {\"$file\": \"wrong\"}",
     "backend.door_count: what the file holds is not a whole number; write digits alone, such as 1000\n"},
    {L "\"locked\": {\"$file\": \"wrong\"}",
     "backend.locked: what the file holds is neither true nor false; write one of the two\n"},
    {L "\"visits\": {\"$file\": \"wrong\"}", "backend.visits: what the file holds is not a rate; write a whole number "
                                             "from 1 on, a slash and a period (d, h, m, "
                                             "s, ms, us, ns, or a duration), such as \"50000/s\" or \"10/30s\"\n"},
};

START_TEST(a_mistake_shows_neither_files_nor_secrets)
{
    Loaded loaded;
    load(&loaded, mistakes[_i].name);
    assert_status(loaded.status, STORAGE_CONFIG);
    ck_assert_str_eq(loaded.errors, mistakes[_i].result);
    ck_assert_ptr_null(strstr(loaded.errors, "topsecret"));
    loaded_done(&loaded);
}
END_TEST

START_TEST(a_wrong_type_from_a_file_is_not_shown)
{
    Loaded loaded;
    load_in(&loaded, "{\"backend\": {\"type\": {\"$file\": \"wrong\"}}}", NULL, files, NULL, NULL);
    ck_assert_str_eq(
        loaded.errors,
        "backend.type: what the file holds is no type of backend; there is: \"memory\", \"ledger\", \"cupboard\"\n");
    loaded_done(&loaded);
    load_in(&loaded, "{\"backend\": {\"type\": {\"$file\": \"near_type\"}}}", NULL, files, NULL, NULL);
    ck_assert_str_eq(
        loaded.errors,
        "backend.type: what the file holds is no type of backend; there is: \"memory\", \"ledger\", \"cupboard\"\n");
    loaded_done(&loaded);
    load_in(&loaded, "{\"layers\": [{\"type\": {\"$file\": \"type\"}}], \"backend\": {\"type\": \"memory\"}}", NULL,
            files, NULL, NULL);
    ck_assert_str_eq(loaded.errors, "layers[0].type: what the file holds is a backend and belongs in \"backend\"\n");
    loaded_done(&loaded);
}
END_TEST

/* ---- paths ---- */

typedef struct PathRow {
    const char *directory, *path, *result;
} PathRow;

static const PathRow paths[] = {
    {NULL, "data", "data"},
    {"", "data", "data"},
    {"conf", "data", "conf/data"},
    {"conf/", "data", "conf/data"},
    {"/", "data", "/data"},
    {"conf", "../data/x", "conf/../data/x"},
    {"conf", "./data", "conf/./data"},
    {"conf", "/data", "/data"},
    {"conf", ":memory:", ":memory:"},
    {"conf", "", ""},
    {"conf", "${NAME}", "conf/secret"},
};

START_TEST(a_relative_path_starts_at_the_directory)
{
    char json[256] = "";
    Loaded loaded;
    append(json, sizeof(json), "{\"backend\": {\"type\": \"cupboard\", \"label\": \"j\", \"path\": \"%s\"}}",
           paths[_i].path);
    load_in(&loaded, json, NULL, files, variables, paths[_i].directory);
    ck_assert_str_eq(loaded_cupboard(&loaded)->path, paths[_i].result);
    ck_assert_str_eq(loaded_cupboard(&loaded)->label, "j");
    loaded_done(&loaded);
}
END_TEST

static void assert_path(const char *file, const char *directory, const char *path)
{
    Loaded loaded;
    load_in(&loaded, NULL, file, files, NULL, directory);
    ck_assert_str_eq(loaded_cupboard(&loaded)->path, path);
    loaded_done(&loaded);
}

START_TEST(the_directory_is_that_of_the_configuration_file)
{
    assert_path("conf/app.json", NULL, "conf/data");
    assert_path("/app.json", NULL, "/data");
    assert_path("app.json", NULL, "data");
    assert_path("app.json", "/conf", "/conf/data");
}
END_TEST

START_TEST(a_file_of_secrets_lies_beside_the_configuration_file)
{
    Loaded loaded;
    load_in(&loaded, NULL, "conf/app.json", files, NULL, NULL);
    ck_assert_str_eq(loaded_cupboard(&loaded)->secret, "conf");
    loaded_done(&loaded);
    load_in(&loaded, "{\"backend\": {\"type\": \"cupboard\", \"label\": {\"$file\": \"secret\"}}}", NULL, files, NULL,
            "conf");
    ck_assert_str_eq(loaded_cupboard(&loaded)->label, "conf");
    loaded_done(&loaded);
}
END_TEST

int main(void)
{
    const ConfigTest tests[] = {
        FOR_EACH(a_file_stands_for_what_it_holds, contents),
        ONCE(a_file_stands_for_every_kind),
        ONCE(a_file_of_64_kib_fits),
        FOR_EACH(a_mistake_shows_neither_files_nor_secrets, mistakes),
        ONCE(a_wrong_type_from_a_file_is_not_shown),
        FOR_EACH(a_relative_path_starts_at_the_directory, paths),
        ONCE(the_directory_is_that_of_the_configuration_file),
        ONCE(a_file_of_secrets_lies_beside_the_configuration_file),
    };
    return run_tests("text", tests, sizeof(tests) / sizeof(tests[0]));
}
