/*
 * test_open.c - documents that are right: what they open does what they say. Files come through the environment, which
 * this test replaces, so that each call on them can be made to fail.
 */
#include "config_test.h"

#include "storage/storage.h"
#include "storage_testutil/clock.h"

#include <errno.h>
#include <stdio.h>

#define MEMORY "\"backend\": {\"type\": \"memory\"}"

/* ---- from a string ---- */

static StorageBackend *open_store(const char *json, const StorageConfigOptions *options)
{
    char buffer[ERRORS_SIZE];
    StorageContext *ctx = storage_context_new();
    StorageBackend *store = NULL;
    assert_status(storage_config_open(json, options, &store, ctx), STORAGE_OK);
    ck_assert_str_eq(errors_of(ctx, buffer), "");
    ck_assert_ptr_nonnull(store);
    storage_context_free(ctx);
    return store;
}

static StorageStatus set_text(StorageBackend *store, const char *key, const char *value)
{
    return storage_set(store, storage_string(key), storage_string(value), NULL, NULL);
}

static void assert_value(StorageBackend *store, const char *key, const char *expected)
{
    StorageValue value;
    assert_status(storage_get(store, storage_string(key), &value, NULL), STORAGE_OK);
    ck_assert_int_eq(storage_slice_compare(storage_value_slice(&value), storage_string(expected)), 0);
    storage_value_release(&value);
}

static void assert_absent(StorageBackend *store, const char *key)
{
    StorageValue value;
    assert_status(storage_get(store, storage_string(key), &value, NULL), STORAGE_NOT_FOUND);
}

static void close_store(StorageBackend *store)
{
    assert_status(storage_close(store, NULL), STORAGE_OK);
}

START_TEST(a_memory_backend_keeps_what_is_written)
{
    StorageBackend *store = open_store("{" MEMORY "}", NULL);
    assert_status(set_text(store, "a", "1"), STORAGE_OK);
    assert_value(store, "a", "1");
    close_store(store);
}
END_TEST

START_TEST(an_empty_list_of_layers_is_none)
{
    StorageBackend *store = open_store("{\"layers\": [], " MEMORY "}", NULL);
    assert_status(set_text(store, "a", "1"), STORAGE_OK);
    close_store(store);
}
END_TEST

START_TEST(a_read_only_layer_refuses_writes)
{
    StorageBackend *store = open_store("{\"layers\": [{\"type\": \"read_only\"}], " MEMORY "}", NULL);
    assert_status(set_text(store, "a", "1"), STORAGE_READ_ONLY);
    assert_absent(store, "a");
    close_store(store);
}
END_TEST

START_TEST(layers_stand_in_the_order_of_the_document)
{
    StorageBackend *store =
        open_store("{\"layers\": [{\"type\": \"read_only\"}, {\"type\": \"read_only\"}], " MEMORY "}", NULL);
    StorageValue json;
    const char *first, *second, *memory;
    char *text;
    assert_status(storage_describe(store, STORAGE_DESCRIBE_STACK, &json, NULL), STORAGE_OK);
    text = strndup(json.data, json.size);
    first = strstr(text, "read_only");
    ck_assert_ptr_nonnull(first);
    second = strstr(first + 1, "read_only");
    memory = strstr(text, "\"memory\"");
    ck_assert_ptr_nonnull(second);
    ck_assert_ptr_nonnull(memory);
    ck_assert(second < memory);
    free(text);
    storage_value_release(&json);
    close_store(store);
}
END_TEST

START_TEST(the_limit_of_the_document_is_that_of_the_store)
{
    StorageBackend *store = open_store("{\"backend\": {\"type\": \"memory\", \"limit\": \"1MiB\"}}", NULL);
    char key[16], value[1001];
    StorageStatus status = STORAGE_OK;
    memset(value, 'v', 1000);
    value[1000] = '\0';
    for (int i = 0; i < 2000 && status == STORAGE_OK; i++) {
        (void)snprintf(key, sizeof(key), "%d", i);
        status = set_text(store, key, value);
    }
    assert_status(status, STORAGE_NO_SPACE);
    close_store(store);
}
END_TEST

START_TEST(the_watch_history_of_the_document_is_that_of_the_store)
{
    StorageBackend *store = open_store("{\"backend\": {\"type\": \"memory\", \"watch_history_count\": 2}}", NULL);
    StorageContext *ctx = storage_context_new();
    StorageWatch *watch;
    uint64_t first_revision;
    assert_status(storage_set(store, storage_string("a"), storage_string("1"), NULL, ctx), STORAGE_OK);
    first_revision = storage_context_revision(ctx);
    for (int i = 0; i < 10; i++)
        assert_status(set_text(store, "a", "2"), STORAGE_OK);
    assert_status(storage_watch(store, NULL, first_revision, &watch, ctx), STORAGE_COMPACTED);
    storage_context_free(ctx);
    close_store(store);
}
END_TEST

START_TEST(the_idempotency_age_of_the_document_is_that_of_the_store)
{
    TestutilClock *clock = testutil_clock_new(1);
    StorageConfigOptions options = STORAGE_CONFIG_OPTIONS_INIT;
    StorageContext *ctx = storage_context_new();
    StorageBackend *store;
    uint64_t first_revision;
    options.environment = testutil_clock_environment(clock);
    store = open_store("{\"backend\": {\"type\": \"memory\", \"idempotency_age\": \"1m30s\"}}", &options);
    assert_status(storage_context_set_token(ctx, storage_string("t")), STORAGE_OK);
    assert_status(storage_set(store, storage_string("a"), storage_string("1"), NULL, ctx), STORAGE_OK);
    first_revision = storage_context_revision(ctx);
    testutil_clock_advance(clock, 89 * (uint64_t)TESTUTIL_SECOND_NS);
    assert_status(storage_set(store, storage_string("a"), storage_string("1"), NULL, ctx), STORAGE_OK);
    ck_assert_uint_eq(storage_context_revision(ctx), first_revision);
    testutil_clock_advance(clock, 2 * (uint64_t)TESTUTIL_SECOND_NS);
    assert_status(storage_set(store, storage_string("a"), storage_string("1"), NULL, ctx), STORAGE_OK);
    ck_assert_uint_gt(storage_context_revision(ctx), first_revision);
    storage_context_free(ctx);
    close_store(store);
    testutil_clock_free(clock);
}
END_TEST

START_TEST(a_good_document_leaves_no_error_of_the_one_before)
{
    StorageContext *ctx = storage_context_new();
    StorageBackend *store;
    assert_status(storage_config_open("{}", NULL, &store, ctx), STORAGE_CONFIG);
    ck_assert_uint_eq(storage_context_error_count(ctx), 1);
    ck_assert_str_eq(storage_context_public_text(ctx), storage_status_text(STORAGE_CONFIG));
    assert_status(storage_config_open("{" MEMORY "}", NULL, &store, ctx), STORAGE_OK);
    ck_assert_uint_eq(storage_context_error_count(ctx), 0);
    ck_assert_str_eq(storage_context_public_text(ctx), storage_status_text(STORAGE_OK));
    storage_context_free(ctx);
    close_store(store);
}
END_TEST

START_TEST(wrong_arguments_are_refused)
{
    StorageEnvironment incomplete = {0};
    StorageBackend *store = NULL;
    StorageConfigOptions options = STORAGE_CONFIG_OPTIONS_INIT;
    assert_status(storage_config_open(NULL, NULL, &store, NULL), STORAGE_INVALID_ARGUMENT);
    assert_status(storage_config_open_file(NULL, NULL, &store, NULL), STORAGE_INVALID_ARGUMENT);
    assert_status(storage_config_open("{" MEMORY "}", NULL, NULL, NULL), STORAGE_INVALID_ARGUMENT);
    assert_status(storage_config_check(NULL, NULL, NULL), STORAGE_INVALID_ARGUMENT);
    assert_status(storage_config_check_file(NULL, NULL, NULL), STORAGE_INVALID_ARGUMENT);
    assert_status(storage_config_check_file("", NULL, NULL), STORAGE_INVALID_ARGUMENT);
    options.environment = &incomplete;
    assert_status(storage_config_check("{" MEMORY "}", &options, NULL), STORAGE_INVALID_ARGUMENT);
    options.environment = NULL;
    options.flags = 1;
    assert_status(storage_config_open("{" MEMORY "}", &options, &store, NULL), STORAGE_INVALID_ARGUMENT);
    options.flags = 0;
    options.struct_size = 0;
    assert_status(storage_config_open("{" MEMORY "}", &options, &store, NULL), STORAGE_INVALID_ARGUMENT);
    ck_assert_ptr_null(store);
}
END_TEST

/* ---- from a file, through the environment ---- */

/* One file in memory. Errors are errno numbers that the calls answer instead of working. */
typedef struct Shelf {
    const char *text;
    uint64_t size;
    int open_error, size_error, read_error;
    int open_count, close_count;
} Shelf;

static int shelf_open_read(void *user_data, const char *path, StorageFile **ret_file)
{
    Shelf *self = user_data;
    ck_assert_str_eq(path, "app.json");
    if (self->open_error != 0)
        return self->open_error;
    self->open_count++;
    *ret_file = (StorageFile *)self;
    return 0;
}

static int shelf_read_at(void *user_data, StorageFile *file, uint64_t offset, void *buffer, size_t size,
                         size_t *ret_read)
{
    Shelf *self = user_data;
    size_t text_size = strlen(self->text);
    ck_assert_ptr_eq(file, self);
    ck_assert_uint_eq(offset, 0);
    if (self->read_error != 0)
        return self->read_error;
    *ret_read = size < text_size ? size : text_size;
    memcpy(buffer, self->text, *ret_read);
    return 0;
}

static int shelf_size(void *user_data, StorageFile *file, uint64_t *ret_size)
{
    Shelf *self = user_data;
    ck_assert_ptr_eq(file, self);
    *ret_size = self->size;
    return self->size_error;
}

static void shelf_close(void *user_data, StorageFile *file)
{
    Shelf *self = user_data;
    ck_assert_ptr_eq(file, self);
    self->close_count++;
}

/* Opens app.json of the shelf, which must be closed as often as it was opened, and says what went wrong. */
static StorageStatus open_from_shelf(Shelf *shelf, char errors[ERRORS_SIZE])
{
    StorageFiles files = {.struct_size = sizeof(files),
                          .user_data = shelf,
                          .open_read = shelf_open_read,
                          .read_at = shelf_read_at,
                          .size = shelf_size,
                          .close = shelf_close};
    StorageEnvironment environment = STORAGE_ENVIRONMENT_INIT;
    StorageConfigOptions options = STORAGE_CONFIG_OPTIONS_INIT;
    StorageContext *ctx = storage_context_new();
    StorageBackend *store = NULL;
    StorageStatus status;
    environment.files = &files;
    options.environment = &environment;
    if (shelf->size == 0)
        shelf->size = strlen(shelf->text);
    status = storage_config_open_file("app.json", &options, &store, ctx);
    (void)errors_of(ctx, errors);
    ck_assert_int_eq(shelf->open_count, shelf->close_count);
    ck_assert_int_eq(store != NULL, status == STORAGE_OK);
    close_store(store);
    storage_context_free(ctx);
    return status;
}

START_TEST(a_file_is_read_through_the_environment)
{
    char errors[ERRORS_SIZE];
    Shelf shelf = {.text = "{" MEMORY "}"};
    assert_status(open_from_shelf(&shelf, errors), STORAGE_OK);
    ck_assert_int_eq(shelf.open_count, 1);
}
END_TEST

START_TEST(mistakes_in_a_file_name_the_file)
{
    char errors[ERRORS_SIZE];
    Shelf shelf = {.text = "{\n  \"backend\": {\"type\": \"memory\", \"limt\": 1}\n}"};
    assert_status(open_from_shelf(&shelf, errors), STORAGE_CONFIG);
    ck_assert_str_eq(errors, "app.json: backend.limt: unknown key; did you mean \"limit\"?\n");
    shelf.text = "{\n  backend\n}";
    shelf.size = 0;
    assert_status(open_from_shelf(&shelf, errors), STORAGE_CONFIG);
    ck_assert_str_eq(errors, "app.json: line 2, column 3: not valid JSON from 'b' on\n");
}
END_TEST

typedef struct FileFailure {
    int open_error, size_error, read_error;
    StorageStatus status;
    const char *errors;
} FileFailure;

static const FileFailure failures[] = {
    {ENOENT, 0, 0, STORAGE_CONFIG, "app.json: No such file or directory; create it, or correct the path\n"},
    {ENOTDIR, 0, 0, STORAGE_CONFIG, "app.json: Not a directory; create it, or correct the path\n"},
    {ELOOP, 0, 0, STORAGE_CONFIG, "app.json: Too many levels of symbolic links; correct the path\n"},
    {0, 0, EISDIR, STORAGE_IO, "app.json: a directory, not a regular file\n"},
    {EISDIR, 0, 0, STORAGE_IO, "app.json: a directory, not a regular file\n"},
    {0, 0, ESPIPE, STORAGE_IO, "app.json: a pipe or the like, not a regular file\n"},
    {EACCES, 0, 0, STORAGE_ACCESS_DENIED, "app.json: Permission denied; it must be readable to this process\n"},
    {EPERM, 0, 0, STORAGE_ACCESS_DENIED, "app.json: Operation not permitted; it must be readable to this process\n"},
    {EMFILE, 0, 0, STORAGE_IO, "app.json: cannot be read: Too many open files\n"},
    {ENOMEM, 0, 0, STORAGE_NO_MEMORY, "app.json: out of memory\n"},
    {0, EIO, 0, STORAGE_IO, "app.json: cannot be read: Input/output error\n"},
    {0, 0, EIO, STORAGE_IO, "app.json: cannot be read: Input/output error\n"},
};

START_TEST(a_file_that_cannot_be_read_is_reported)
{
    char errors[ERRORS_SIZE];
    Shelf shelf = {.text = "{" MEMORY "}",
                   .open_error = failures[_i].open_error,
                   .size_error = failures[_i].size_error,
                   .read_error = failures[_i].read_error};
    assert_status(open_from_shelf(&shelf, errors), failures[_i].status);
    ck_assert_str_eq(errors, failures[_i].errors);
}
END_TEST

/* A document of `size` bytes, most of them spaces; to be freed. */
static char *padded_document(size_t size)
{
    char *text = malloc(size + 1);
    ck_assert_ptr_nonnull(text);
    (void)snprintf(text, size + 1, "%-*s", (int)size, "{" MEMORY "}");
    return text;
}

START_TEST(a_file_of_more_than_a_mebibyte_is_refused)
{
    char errors[ERRORS_SIZE], *text = padded_document((1 << 20) + 1);
    Shelf shelf = {.text = text};
    assert_status(open_from_shelf(&shelf, errors), STORAGE_CONFIG);
    ck_assert_str_eq(errors, "app.json: larger than 1 MiB, the most that is read; make it smaller\n");
    text[1 << 20] = '\0';
    shelf.size = 0;
    assert_status(open_from_shelf(&shelf, errors), STORAGE_OK);
    free(text);
}
END_TEST

START_TEST(a_file_that_is_longer_than_it_says_is_not_cut)
{
    char errors[ERRORS_SIZE];
    Shelf shelf = {.text = "{" MEMORY "}  ", .size = strlen("{" MEMORY "}")};
    assert_status(open_from_shelf(&shelf, errors), STORAGE_IO);
    ck_assert_str_eq(errors,
                     "app.json: not a regular file, or one that is being written; name another, or try again\n");
}
END_TEST

START_TEST(a_directory_is_no_file)
{
    StorageContext *ctx = storage_context_new();
    StorageBackend *store;
    assert_status(storage_config_open_file(".", NULL, &store, ctx), STORAGE_IO);
    ck_assert_str_eq(storage_context_error_text(ctx, 0), ".: a directory, not a regular file");
    storage_context_free(ctx);
}
END_TEST

START_TEST(a_file_that_shrinks_while_it_is_read_is_refused)
{
    char errors[ERRORS_SIZE];
    Shelf shelf = {.text = "{" MEMORY "}", .size = 1000};
    assert_status(open_from_shelf(&shelf, errors), STORAGE_IO);
    ck_assert_str_eq(errors,
                     "app.json: not a regular file, or one that is being written; name another, or try again\n");
}
END_TEST

START_TEST(a_long_path_leaves_room_for_what_is_wrong)
{
    StorageContext *ctx = storage_context_new();
    StorageBackend *store;
    char path[5000], *end = path + sizeof(path) - 1;
    memset(path, 'p', sizeof(path));
    *end = '\0';
    assert_status(storage_config_open_file(path, NULL, &store, ctx), STORAGE_CONFIG);
    ck_assert_ptr_nonnull(strstr(storage_context_error_text(ctx, 0), "ppp...: File name too long; correct the path"));
    storage_context_free(ctx);
}
END_TEST

/* Checking a file says what opening it says, and opens nothing. */
static void assert_check_agrees(const char *text, int open_error)
{
    Shelf shelf = {.text = text, .size = strlen(text), .open_error = open_error};
    StorageFiles files = {.struct_size = sizeof(files),
                          .user_data = &shelf,
                          .open_read = shelf_open_read,
                          .read_at = shelf_read_at,
                          .size = shelf_size,
                          .close = shelf_close};
    StorageEnvironment environment = STORAGE_ENVIRONMENT_INIT;
    StorageConfigOptions options = STORAGE_CONFIG_OPTIONS_INIT;
    StorageContext *ctx = storage_context_new();
    char errors[ERRORS_SIZE], check_errors[ERRORS_SIZE];
    StorageStatus status = open_from_shelf(&shelf, errors);
    environment.files = &files;
    options.environment = &environment;
    assert_status(storage_config_check_file("app.json", &options, ctx), status);
    ck_assert_str_eq(errors_of(ctx, check_errors), errors);
    ck_assert_int_eq(shelf.open_count, shelf.close_count);
    storage_context_free(ctx);
}

START_TEST(checking_a_file_says_what_opening_it_says)
{
    assert_check_agrees("{" MEMORY "}", 0);
    assert_check_agrees("{\"backend\": {\"type\": \"memory\", \"limt\": 1}}", 0);
    assert_check_agrees("{", 0);
    assert_check_agrees("{" MEMORY "}", EACCES);
    assert_check_agrees("{" MEMORY "}", ENOENT);
}
END_TEST

/* A struct of a newer header: what it sets beyond the known must be nothing. */
typedef struct NewerOptions {
    StorageConfigOptions known;
    uint64_t added;
} NewerOptions;

START_TEST(newer_options_are_taken_when_their_tail_is_empty)
{
    NewerOptions options = {.known = STORAGE_CONFIG_OPTIONS_INIT, .added = 1};
    options.known.struct_size = sizeof(options);
    assert_status(storage_config_check("{" MEMORY "}", &options.known, NULL), STORAGE_UNSUPPORTED);
    options.added = 0;
    assert_status(storage_config_check("{" MEMORY "}", &options.known, NULL), STORAGE_OK);
}
END_TEST

START_TEST(options_of_the_first_version_are_taken)
{
    StorageConfigOptions options = STORAGE_CONFIG_OPTIONS_INIT;
    options.directory = (const char *)(uintptr_t)1; /* beyond its size: never looked at */
    options.struct_size = offsetof(StorageConfigOptions, registry);
    assert_status(storage_config_check("{" MEMORY "}", &options, NULL), STORAGE_OK);
}
END_TEST

START_TEST(a_path_that_leads_nowhere_is_a_mistake_of_the_configuration)
{
    StorageContext *ctx = storage_context_new();
    StorageBackend *store;
    assert_status(storage_config_open_file("no such directory/app.json", NULL, &store, ctx), STORAGE_CONFIG);
    ck_assert_str_eq(storage_context_error_text(ctx, 0),
                     "no such directory/app.json: No such file or directory; create it, or correct the path");
    storage_context_free(ctx);
}
END_TEST

int main(void)
{
    const ConfigTest tests[] = {
        ONCE(a_memory_backend_keeps_what_is_written),
        ONCE(an_empty_list_of_layers_is_none),
        ONCE(a_read_only_layer_refuses_writes),
        ONCE(layers_stand_in_the_order_of_the_document),
        ONCE(the_limit_of_the_document_is_that_of_the_store),
        ONCE(the_watch_history_of_the_document_is_that_of_the_store),
        ONCE(the_idempotency_age_of_the_document_is_that_of_the_store),
        ONCE(a_good_document_leaves_no_error_of_the_one_before),
        ONCE(wrong_arguments_are_refused),
        ONCE(a_file_is_read_through_the_environment),
        ONCE(mistakes_in_a_file_name_the_file),
        FOR_EACH(a_file_that_cannot_be_read_is_reported, failures),
        ONCE(a_file_of_more_than_a_mebibyte_is_refused),
        ONCE(a_file_that_is_longer_than_it_says_is_not_cut),
        ONCE(a_directory_is_no_file),
        ONCE(a_file_that_shrinks_while_it_is_read_is_refused),
        ONCE(a_long_path_leaves_room_for_what_is_wrong),
        ONCE(checking_a_file_says_what_opening_it_says),
        ONCE(newer_options_are_taken_when_their_tail_is_empty),
        ONCE(options_of_the_first_version_are_taken),
        ONCE(a_path_that_leads_nowhere_is_a_mistake_of_the_configuration),
    };
    return run_tests("open", tests, sizeof(tests) / sizeof(tests[0]));
}
