/* test_complete.c - what Tab adds to a line of the shell: verbs, options, values, files, keys. */
#include "unit.h"

#include "terminal/complete.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct Fixture {
    Session session;
} Fixture;

static void put_key(Fixture *self, StorageSlice key)
{
    unit_assert_status(storage_set(self->session.backend, key, storage_string("value"), NULL, NULL), STORAGE_OK);
}

static void fixture_init(Fixture *self, const char *const *keys)
{
    memset(self, 0, sizeof(*self));
    ck_assert_ptr_nonnull(setlocale(LC_ALL, "C.UTF-8"));
    self->session.ctx = storage_context_new();
    self->session.in_shell = 1;
    unit_assert_status(storage_memory_open(NULL, &self->session.backend, NULL), STORAGE_OK);
    for (; *keys != NULL; keys++)
        put_key(self, storage_string(*keys));
}

static void fixture_done(Fixture *self)
{
    storage_transaction_close(self->session.txn);
    unit_assert_status(storage_close(self->session.backend, NULL), STORAGE_OK);
    storage_context_free(self->session.ctx);
}

/* The line after Tab; where nothing is added, the names that are shown, in brackets. */
static const char *tab(Fixture *self, const char *line)
{
    static char answer[4096];
    Completion completion;
    size_t size;
    complete_line(&self->session, storage_string(line), &completion);
    if (completion.text != NULL) {
        (void)snprintf(answer, sizeof(answer), "%.*s%s", (int)completion.start, line, completion.text);
    } else {
        size = (size_t)snprintf(answer, sizeof(answer), "[");
        for (size_t i = 0; i < completion.candidates.name_count && size < sizeof(answer); i++)
            size += (size_t)snprintf(answer + size, sizeof(answer) - size, "%s%s", i > 0 ? " " : "",
                                     completion.candidates.names[i]);
        (void)snprintf(answer + size, sizeof(answer) - size, "]");
    }
    completion_done(&completion);
    return answer;
}

static void check_all(Fixture *self, const char *const (*cases)[2], size_t case_count)
{
    for (size_t i = 0; i < case_count; i++) {
        const char *answer = tab(self, cases[i][0]);
        unit_assert(strcmp(answer, cases[i][1]) == 0, "\"%s\" gives \"%s\" instead of \"%s\"", cases[i][0], answer,
                    cases[i][1]);
    }
}

#define CHECK_ALL(fixture, cases) check_all((fixture), (cases), sizeof(cases) / sizeof((cases)[0]))

static const char *const no_keys[] = {NULL};

START_TEST(verbs_of_the_shell)
{
    static const char *const cases[][2] = {
        {"ro", "rollback "},
        {"  ro", "  rollback "},
        {"s", "[set scan stats]"},
        {"sh", "[]"},
        {"fly", "[]"},
        {"fly ", "[]"},
        {"commi", "commit "},
        {"help shel", "help shell "},
        {"help comm", "help commit "},
    };
    Fixture fixture;
    fixture_init(&fixture, no_keys);
    CHECK_ALL(&fixture, cases);
    fixture_done(&fixture);
}
END_TEST

START_TEST(options_and_their_values)
{
    static const char *const cases[][2] = {
        {"scan --lim", "scan --limit "},
        {"scan a --rev", "scan a --reverse "},
        {"scan --he", "scan --hex "},
        {"get a --js", "get a --json "},
        {"begin --isolation ", "[snapshot read_committed serializable]"},
        {"begin --isolation s", "[snapshot serializable]"},
        {"begin --isolation se", "begin --isolation serializable "},
        {"begin --isolation=r", "begin --isolation=read_committed "},
        {"begin --isolation=", "[snapshot read_committed serializable]"},
        {"begin --isolation \"r", "begin --isolation \"read_committed\" "},
        {"begin --read-only --is", "begin --read-only --isolation "},
        {"scan -- --lim", "[]"},
        {"scan --limit ", "[]"},
        {"rollback --he", "[]"},
        {"scan --format js", "scan --format jsonl "},
    };
    Fixture fixture;
    fixture_init(&fixture, no_keys);
    CHECK_ALL(&fixture, cases);
    fixture_done(&fixture);
}
END_TEST

START_TEST(keys_of_the_store)
{
    static const char *const keys[] = {"alpha", "beta/1",    "beta/2",      "gamma/x/1", "gamma/x/2", "gamma/y", "it's",
                                       "-dash", "two words", "zeta:1:name", "zeta:2",    "zz\x1b[m",  NULL};
    static const char *const cases[][2] = {
        {"get a", "get alpha "},
        {"get alpha", "get alpha "},
        {"get b", "get beta/"},
        {"get beta/", "[beta/1 beta/2]"},
        {"get g", "get gamma/"},
        {"get gamma/", "[gamma/x/ gamma/y]"},
        {"get gamma/x", "get gamma/x/"},
        {"get \"tw", "get \"two words\" "},
        {"get 'tw", "get 'two words' "},
        {"get tw", "get two\\ words "},
        {"get two\\ w", "get two\\ words "},
        {"get i", "get it\\'s "},
        {"get 'i", "get it\\'s "},
        {"get ze", "get zeta:"},
        {"get zeta:", "[zeta:1: zeta:2]"},
        {"get zz", "get zz\\x1B[m "},
        {"get -", "get --"},
        {"get --", "[--raw --hex --base64 --escapes --json]"},
        {"get -- -", "get -- -dash "},
        {"get q", "[]"},
        {"get alpha ", "[]"},
        {"scan --from be", "scan --from beta/"},
        {"scan --limit 3 al", "scan --limit 3 alpha "},
        {"get --hex ", "[]"},
        {"get ", "[-dash alpha beta/ gamma/ it's two words zeta: zz\\x1B[m]"},
    };
    Fixture fixture;
    fixture_init(&fixture, keys);
    CHECK_ALL(&fixture, cases);
    fixture_done(&fixture);
}
END_TEST

START_TEST(binary_keys_and_characters_that_are_cut)
{
    Fixture fixture;
    fixture_init(&fixture, no_keys);
    put_key(&fixture, storage_bytes("\0zero", 5));
    put_key(&fixture, storage_bytes("", 0));
    put_key(&fixture, storage_string("\xc3\xa9")); /* é and è share their first byte */
    put_key(&fixture, storage_string("\xc3\xa8"));
    put_key(&fixture, storage_string("\xff\xfe"));
    put_key(&fixture, storage_string("gr\xc3\xb6"));
    put_key(&fixture, storage_string("gr\xc3\xa9"));
    ck_assert_str_eq(tab(&fixture, "get g"), "get gr");
    ck_assert_str_eq(tab(&fixture, "get \\x00"), "get \\x00zero ");
    ck_assert_str_eq(tab(&fixture, "get \\xff"), "get \\xFF\\xFE ");
    ck_assert_str_eq(tab(&fixture, "get \\xc3"), "[\xc3\xa8 \xc3\xa9]");
    ck_assert_str_eq(tab(&fixture, "get \\xc3\\xa9"), "get \xc3\xa9 ");
    ck_assert_str_eq(tab(&fixture, "get "), "[ \\x00zero gr\xc3\xa9 gr\xc3\xb6 \xc3\xa8 \xc3\xa9 \\xFF\\xFE]");
    fixture_done(&fixture);
}
END_TEST

START_TEST(many_keys_are_cut_and_what_they_share_holds_for_all)
{
    Fixture fixture;
    Completion completion;
    char key[32];
    fixture_init(&fixture, no_keys);
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(key, sizeof(key), "user-%03d", i);
        put_key(&fixture, storage_string(key));
    }
    ck_assert_str_eq(tab(&fixture, "get u"), "get user-");
    complete_line(&fixture.session, storage_string("get user-"), &completion);
    ck_assert_ptr_null(completion.text);
    ck_assert_uint_eq(completion.candidates.name_count, CANDIDATE_NAMES_MAX);
    ck_assert_uint_gt(completion.candidates.count, CANDIDATE_NAMES_MAX);
    completion_done(&completion);
    for (int i = 0; i < 1000; i++) { /* a hundred levels, each with many keys behind it */
        (void)snprintf(key, sizeof(key), "x/%02d/%d", i % 50, i);
        put_key(&fixture, storage_string(key));
    }
    complete_line(&fixture.session, storage_string("get x/"), &completion);
    ck_assert_uint_eq(completion.candidates.name_count, 50);
    ck_assert_uint_eq(completion.candidates.count, 50);
    ck_assert_str_eq(completion.candidates.names[49], "x/49/");
    completion_done(&completion);
    fixture_done(&fixture);
}
END_TEST

static void begin(Fixture *self, uint32_t isolation)
{
    StorageTransactionOptions options = STORAGE_TRANSACTION_OPTIONS_INIT;
    options.isolation = isolation;
    unit_assert_status(storage_begin(self->session.backend, &options, &self->session.txn, NULL), STORAGE_OK);
    self->session.txn_isolation = isolation;
    unit_assert_status(
        storage_transaction_set(self->session.txn, storage_string("inside"), storage_string("1"), NULL, NULL),
        STORAGE_OK);
}

START_TEST(a_transaction_completes_its_own_keys)
{
    static const char *const keys[] = {"outside", NULL};
    Fixture fixture;
    fixture_init(&fixture, keys);
    begin(&fixture, STORAGE_ISOLATION_SNAPSHOT);
    ck_assert_str_eq(tab(&fixture, "get i"), "get inside ");
    fixture_done(&fixture);
}
END_TEST

START_TEST(a_look_is_no_read_of_a_serializable_transaction)
{
    static const char *const keys[] = {"outside", NULL};
    Fixture fixture;
    fixture_init(&fixture, keys);
    begin(&fixture, STORAGE_ISOLATION_SERIALIZABLE);
    ck_assert_str_eq(tab(&fixture, "get o"), "get outside ");
    ck_assert_str_eq(tab(&fixture, "get "), "get outside ");
    put_key(&fixture, storage_string("other"));
    unit_assert_status(storage_transaction_commit(fixture.session.txn, NULL, NULL), STORAGE_OK);
    fixture_done(&fixture);
}
END_TEST

START_TEST(files)
{
    static const char *const cases[][2] = {
        {"set a --file da", "set a --file data/"},
        {"set a --file data/", "[data/a data/one data/two words data/z]"},
        {"set a --file=data/o", "set a --file=data/one "},
        {"set a --file data/t", "set a --file data/two\\ words "},
        {"set a --file nowhere/", "[]"},
        {"set a --file .h", "set a --file .hidden "},
        {"set a --file ", "set a --file data/"},
    };
    char directory[] = "/tmp/test_complete_XXXXXX";
    Fixture fixture;
    FILE *file;
    static const char *const names[] = {"data/z", "data/one", "data/two words", "data/a", ".hidden"};
    ck_assert_ptr_nonnull(mkdtemp(directory));
    ck_assert_int_eq(chdir(directory), 0);
    ck_assert_int_eq(mkdir("data", 0700), 0);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        file = fopen(names[i], "w");
        ck_assert_ptr_nonnull(file);
        (void)fclose(file);
    }
    fixture_init(&fixture, no_keys);
    CHECK_ALL(&fixture, cases);
    fixture_done(&fixture);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        (void)unlink(names[i]);
    (void)rmdir("data");
    (void)rmdir(directory);
}
END_TEST

UNIT_MAIN("complete", verbs_of_the_shell, options_and_their_values, keys_of_the_store,
          binary_keys_and_characters_that_are_cut, many_keys_are_cut_and_what_they_share_holds_for_all,
          a_transaction_completes_its_own_keys, a_look_is_no_read_of_a_serializable_transaction, files)
