/*
 * fuzz_config.c - any bytes as a configuration. The types of tests/config/sample_types.h are there, so that options of
 * every kind and every rule of order can be reached; variables and files are those below and nothing of the machine.
 *
 *   1. check, check_file, open and explain say the same, in the same words.
 *   2. A failure has error texts, each one printable line; a success has none.
 *   3. What a file holds is in no output.
 *   4. The document of an explanation is right, and explains to itself, unless something in it is redacted.
 */
#include "fuzz.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sample_types.h"
#include "storage/config.h"

#define SECRET "Zq7vXw2kLp"
#define ERROR_COUNT_MAX 64 /* texts beyond it are counted and not kept */

#define require(condition, ...) fuzz_require((condition), #condition, __VA_ARGS__)

typedef struct NamedText {
    const char *name, *text;
} NamedText;

static const NamedText variables[] = {
    {"A", "a"},    {"E", ""},     {"N", "7"},      {"S", "64MiB"},   {"T", "30s"},
    {"R", "5/s"},  {"B", "true"}, {"M", "memory"}, {"D", "${A} $$"}, {"X", "\n\x1b[0m \xc2\x9b \xe2\x82\xac"},
    {"Y", "\xff"},
};

static const NamedText files[] = {
    {"secret", SECRET "\n"}, {"size", "32MiB\r\n"}, {"empty", ""}, {"binary", "\xff\xfe" SECRET}, {"type", "memory"},
};

static const NamedText *find(const NamedText *table, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

static const char *variable_of(void *user_data, const char *name)
{
    const NamedText *found = find(variables, sizeof(variables) / sizeof(variables[0]), name);
    (void)user_data;
    return found != NULL ? found->text : NULL;
}

/* ---- files: the input itself is "input"; every other path ends with the name of a file above ---- */

struct StorageFile {
    StorageSlice bytes;
};

static int open_read(void *user_data, const char *path, StorageFile **ret_file)
{
    const StorageSlice *input = user_data;
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    const NamedText *found = find(files, sizeof(files) / sizeof(files[0]), name);
    StorageFile *file;
    if (found == NULL && strcmp(name, "input") != 0)
        return ENOENT;
    file = malloc(sizeof(*file));
    if (file == NULL)
        return ENOMEM;
    file->bytes = found != NULL ? storage_string(found->text) : *input;
    *ret_file = file;
    return 0;
}

static int read_at(void *user_data, StorageFile *file, uint64_t offset, void *buffer, size_t size, size_t *ret_read)
{
    size_t start = offset < file->bytes.size ? (size_t)offset : file->bytes.size;
    size_t left = file->bytes.size - start;
    (void)user_data;
    *ret_read = size < left ? size : left;
    if (*ret_read > 0)
        memcpy(buffer, (const char *)file->bytes.data + start, *ret_read);
    return 0;
}

static int size_of(void *user_data, StorageFile *file, uint64_t *ret_size)
{
    (void)user_data;
    *ret_size = file->bytes.size;
    return 0;
}

static void close_file(void *user_data, StorageFile *file)
{
    (void)user_data;
    free(file);
}

/* ---- what every answer keeps to ---- */

static void require_one_line(const char *text)
{
    require(*text != '\0', "an error text is empty");
    for (const unsigned char *byte = (const unsigned char *)text; *byte != '\0'; byte++)
        require(*byte >= 0x20 && *byte != 0x7f && (byte[0] != 0xc2 || byte[1] >= 0xa0),
                "an error text holds a control character: %s", text);
}

static void require_no_secret(const char *text, int is_in_input)
{
    require(is_in_input || strstr(text, SECRET) == NULL, "an output shows what a file holds: %s", text);
}

/* The error texts in one, and 2 and 3 for them. To be freed. */
static char *errors_of(const StorageContext *ctx, StorageStatus status, int secret_is_in_input)
{
    size_t count = storage_context_error_count(ctx), size = 1;
    char *all;
    require((count == 0) == (status == STORAGE_OK), "%zu error texts of %s", count, storage_status_name(status));
    if (count > ERROR_COUNT_MAX)
        count = ERROR_COUNT_MAX;
    for (size_t i = 0; i < count; i++)
        size += strlen(storage_context_error_text(ctx, i)) + 1;
    all = calloc(1, size);
    require(all != NULL, "no memory for error texts");
    for (size_t i = 0, used = 0; i < count; i++) {
        const char *text = storage_context_error_text(ctx, i);
        require_one_line(text);
        require_no_secret(text, secret_is_in_input);
        used += (size_t)snprintf(all + used, size - used, "%s\n", text);
    }
    return all;
}

typedef struct Subject {
    const char *text; /* the input up to its first zero byte */
    StorageConfigOptions options;
    StorageContext *ctx;
    StorageStatus status; /* of the check */
    char *errors;
    int secret_is_in_input;
} Subject;

static void require_same(const Subject *subject, const char *call, StorageStatus status)
{
    char *errors = errors_of(subject->ctx, status, subject->secret_is_in_input);
    require(status == subject->status, "check says %s, %s says %s", storage_status_name(subject->status), call,
            storage_status_name(status));
    require(strcmp(errors, subject->errors) == 0, "check says:\n%s%s says:\n%s", subject->errors, call, errors);
    free(errors);
}

static void try_open(const Subject *subject)
{
    StorageBackend *store = NULL;
    StorageStatus status = storage_config_open(subject->text, &subject->options, &store, subject->ctx);
    require_same(subject, "open", status);
    require((store != NULL) == (status == STORAGE_OK), "open says %s, and the handle is %p",
            storage_status_name(status), (void *)store);
    require(storage_close(store, NULL) == STORAGE_OK, "the store does not close");
}

/* ---- explanations ---- */

/* The "document" of an explanation. To be freed. */
static char *document_of(const StorageValue *explanation)
{
    cJSON *tree = cJSON_ParseWithLength(explanation->data, explanation->size);
    char *text;
    require(tree != NULL, "an explanation is no JSON: %s", (const char *)explanation->data);
    text = cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(tree, "document"));
    require(text != NULL, "an explanation has no document");
    cJSON_Delete(tree);
    return text;
}

static void require_fixed_point(const Subject *subject, const char *document)
{
    StorageConfigOptions options = subject->options;
    StorageValue again;
    StorageStatus status;
    char *second;
    options.directory = NULL; /* paths are already as they are from where the process is */
    status = storage_config_explain(document, &options, &again, subject->ctx);
    require(status == STORAGE_OK, "the document of an explanation is refused: %s\n%s",
            storage_context_error_text(subject->ctx, 0), document);
    second = document_of(&again);
    require(strcmp(document, second) == 0, "a document explains to another:\n%s\n%s", document, second);
    free(second);
    storage_value_release(&again);
}

static void try_explain(const Subject *subject)
{
    StorageValue explanation;
    StorageStatus status = storage_config_explain(subject->text, &subject->options, &explanation, subject->ctx);
    char *document;
    require_same(subject, "explain", status);
    require((explanation.data != NULL) == (status == STORAGE_OK), "explain says %s, and has the wrong output",
            storage_status_name(status));
    if (status != STORAGE_OK)
        return;
    require_no_secret(explanation.data, subject->secret_is_in_input);
    document = document_of(&explanation);
    if (strstr(document, "(redacted)") == NULL)
        require_fixed_point(subject, document);
    free(document);
    storage_value_release(&explanation);
}

/* The same bytes as a file: its name stands before each error, and the directory is that of the file. */
static void try_file(const Subject *subject, StorageSlice input)
{
    StorageStatus status = storage_config_check_file("conf/input", &subject->options, subject->ctx);
    free(errors_of(subject->ctx, status, subject->secret_is_in_input));
    if (memchr(input.data, '\0', input.size) == NULL)
        require(status == subject->status, "check says %s, check_file says %s", storage_status_name(subject->status),
                storage_status_name(status));
}

/* ---- the target ---- */

static StorageRegistry *the_registry;

int LLVMFuzzerInitialize(int *argument_count, char ***arguments)
{
    (void)argument_count;
    (void)arguments;
    the_registry = sample_registry_new();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    StorageSlice input = storage_bytes(size > 0 ? (const void *)data : "", size);
    StorageFiles the_files = {.struct_size = sizeof(the_files),
                              .user_data = &input,
                              .open_read = open_read,
                              .read_at = read_at,
                              .size = size_of,
                              .close = close_file};
    StorageEnvironment environment = STORAGE_ENVIRONMENT_INIT;
    char *text = strndup((const char *)input.data, size);
    Subject subject = {.text = text, .ctx = storage_context_new()};
    require(text != NULL && subject.ctx != NULL, "no memory for the input");
    environment.files = &the_files;
    subject.options = (StorageConfigOptions)STORAGE_CONFIG_OPTIONS_INIT;
    subject.options.environment = &environment;
    subject.options.registry = the_registry;
    subject.options.directory = "conf";
    subject.options.variable = variable_of;
    subject.secret_is_in_input = memmem(input.data, size, SECRET, strlen(SECRET)) != NULL;
    subject.status = storage_config_check(text, &subject.options, subject.ctx);
    subject.errors = errors_of(subject.ctx, subject.status, subject.secret_is_in_input);
    require(subject.status == STORAGE_OK || subject.status == STORAGE_CONFIG, "check says %s",
            storage_status_name(subject.status));
    try_open(&subject);
    try_explain(&subject);
    try_file(&subject, input);
    free(subject.errors);
    storage_context_free(subject.ctx);
    free(text);
    return 0;
}
