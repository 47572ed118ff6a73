/*
 * cli/session.c - opening and closing the store, and errors in one line: what, where, what to do.
 */
#include "session.h"

#include "locate.h"
#include "output.h"
#include "terminal/interrupt.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct Meaning {
    StorageStatus status;
    int exit_code;
    const char *advice; /* what to do, or NULL */
} Meaning;

static const Meaning meanings[] = {
    {STORAGE_OK, EXIT_DONE, NULL},
    {STORAGE_END, EXIT_DONE, NULL},
    {STORAGE_NOT_FOUND, EXIT_NOT_FOUND, NULL},
    {STORAGE_CONFLICT, EXIT_CONFLICT, "read the key again and decide anew"},
    {STORAGE_SERIALIZATION, EXIT_CONFLICT, "run the transaction again"},
    {STORAGE_CAS_RETRIES_EXHAUSTED, EXIT_CONFLICT, "try again later"},
    {STORAGE_IDEMPOTENCY_KEY_REUSED, EXIT_CONFLICT, "take a new token"},
    {STORAGE_INVALID_ARGUMENT, EXIT_USAGE, NULL},
    {STORAGE_UNSUPPORTED, EXIT_USAGE, "choose a backend that can"},
    {STORAGE_CONFIG, EXIT_USAGE, NULL},
    {STORAGE_ACCESS_DENIED, EXIT_USAGE, "check owner and permissions"},
    {STORAGE_READ_ONLY, EXIT_USAGE, "to write, leave out the read_only layer, and --read-only after begin"},
    {STORAGE_RATE_LIMITED, EXIT_LIMIT, "try again later"},
    {STORAGE_SIZE_LIMIT_EXCEEDED, EXIT_LIMIT, NULL},
    {STORAGE_RANGE_LIMIT_EXCEEDED, EXIT_LIMIT, "ask for less at once"},
    {STORAGE_TIMEOUT, EXIT_UNAVAILABLE, "try again"},
    {STORAGE_CANCELLED, EXIT_UNAVAILABLE, NULL},
    {STORAGE_CONNECTION, EXIT_UNAVAILABLE, "try again later"},
    {STORAGE_CIRCUIT_OPEN, EXIT_UNAVAILABLE, "try again later"},
    {STORAGE_NO_MEMORY, EXIT_UNAVAILABLE, NULL},
    {STORAGE_BUSY, EXIT_UNAVAILABLE, "try again later"},
    {STORAGE_COMPACTED, EXIT_UNAVAILABLE, "start over with a scan"},
    {STORAGE_SNAPSHOT_TOO_OLD, EXIT_UNAVAILABLE, "start again"},
    {STORAGE_SHUTTING_DOWN, EXIT_UNAVAILABLE, NULL},
    {STORAGE_CORRUPT, EXIT_DAMAGED, "restore a backup"},
    {STORAGE_INCOMPATIBLE, EXIT_DAMAGED, "use the version that wrote it"},
    {STORAGE_IO, EXIT_IO, NULL},
    {STORAGE_NO_SPACE, EXIT_IO, NULL},
    {STORAGE_INDETERMINATE, EXIT_INDETERMINATE, "read it to see whether it took effect"},
    {STORAGE_INTERNAL, EXIT_INTERNAL, "please report it"},
};

static const Meaning *meaning_of(StorageStatus status)
{
    static const Meaning unknown = {STORAGE_INTERNAL, EXIT_INTERNAL, "please report it"};
    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
        if (meanings[i].status == status)
            return &meanings[i];
    return &unknown;
}

int session_exit_code(StorageStatus status)
{
    return meaning_of(status)->exit_code;
}

/* "storagectl: line 3: set: " */
static void print_where(FILE *stream, const Session *self)
{
    (void)fputs("storagectl: ", stream);
    if (self != NULL && self->line_no > 0)
        (void)fprintf(stream, "line %zu: ", self->line_no);
    if (self != NULL && self->verb_name != NULL)
        (void)fprintf(stream, "%s: ", self->verb_name);
}

/*
 * One line of error, whatever a user, a file or the library wrote into `text`; NULL: there was no memory for it. It is
 * written at once, so that the lines of two programs do not mix in one log. `self` is NULL where `text` says where.
 */
static void print_message(const Session *self, const char *text)
{
    char *line = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&line, &size), *stream = memory != NULL ? memory : stderr;
    output_flush(); /* so that both streams are in order on one terminal */
    print_where(stream, self);
    output_message(stream, text != NULL ? text : "out of memory");
    (void)fputc('\n', stream);
    if (memory != NULL && fclose(memory) == 0)
        (void)fwrite(line, 1, size, stderr);
    free(line);
}

int session_fail(Session *self, StorageStatus status)
{
    const Meaning *meaning = meaning_of(status);
    const char *text = storage_context_error_text(self->ctx, 0);
    size_t name_len = self->verb_name != NULL ? strlen(self->verb_name) : 0;
    /* The library names its call, which mostly has the name of the verb. */
    if (name_len > 0 && strncmp(text, self->verb_name, name_len) == 0 && strncmp(text + name_len, ": ", 2) == 0)
        text += name_len + 2;
    return session_error(self, meaning->exit_code, "%s (%s)%s%s", text[0] != '\0' ? text : storage_status_text(status),
                         storage_status_name(status), meaning->advice != NULL ? "; " : "",
                         meaning->advice != NULL ? meaning->advice : "");
}

int session_not_found(Session *self, StorageSlice key)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    if (stream != NULL) {
        (void)fputs("no such key: ", stream);
        output_escaped(stream, key);
        (void)fclose(stream);
    }
    print_message(self, text != NULL ? text : "no such key");
    free(text);
    return EXIT_NOT_FOUND;
}

void session_tell_revision(const Session *self, const Preferences *preferences, uint64_t revision)
{
    if (preferences->wants_json && self->txn != NULL)
        output_text("{}\n"); /* known at the commit */
    else if (preferences->wants_json)
        output_format("{\"revision\":%" PRIu64 "}\n", revision);
    else if (self->is_interactive && self->txn == NULL)
        output_format(revision != 0 ? "revision %" PRIu64 "\n" : "nothing to write\n", revision);
}

static void print_line(const Session *self, const char *format, va_list arguments)
{
    char *text;
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    print_message(self, text);
    free(text);
}

int session_usage_error(Session *self, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_line(self, format, arguments);
    va_end(arguments);
    return EXIT_USAGE;
}

int session_error(Session *self, int exit_code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_line(self, format, arguments);
    va_end(arguments);
    return exit_code;
}

void session_note(Session *self, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_line(self, format, arguments);
    va_end(arguments);
}

/* A document may have many mistakes: a line for each. */
int session_fail_all(Session *self, StorageStatus status)
{
    size_t count = storage_context_error_count(self->ctx), shown = 0;
    char rest[64];
    for (; shown < count && storage_context_error_text(self->ctx, shown)[0] != '\0'; shown++)
        print_message(NULL, storage_context_error_text(self->ctx, shown));
    if (shown == 0)
        return session_fail(self, status);
    (void)snprintf(rest, sizeof(rest), "and %zu more mistakes", count - shown);
    if (shown < count)
        print_message(NULL, rest);
    return session_exit_code(status);
}

static void warn(void *user_data, const char *text)
{
    session_note(user_data, "warning: %s", text);
}

static StorageStatus open_configured(Session *self, const char *path)
{
    StorageConfigOptions options = STORAGE_CONFIG_OPTIONS_INIT;
    options.warn = warn;
    options.user_data = self;
    return storage_config_open_file(path, &options, &self->backend, self->ctx);
}

int session_find_config(Session *self, char **ret_path)
{
    int is_done;
    if (self->config_path == NULL) {
        is_done = locate_config(ret_path);
    } else {
        *ret_path = strdup(self->config_path);
        is_done = *ret_path != NULL;
    }
    return is_done ? EXIT_DONE : session_error(self, EXIT_UNAVAILABLE, "out of memory");
}

/* Without a configuration: an empty store in memory where that makes sense, else a mistake. */
static int do_without_config(Session *self, int may_be_memory)
{
    if (!may_be_memory)
        return session_usage_error(self, "no configuration: name one with -c FILE or in $STORAGE_CONFIG, or make "
                                         "./storage.json; \"--memory\" takes an empty store in memory");
    session_note(self, "no configuration, so this is an empty store in memory, gone at the end; \"-c FILE\" names one, "
                       "\"--memory\" says that this is meant");
    return EXIT_DONE;
}

int session_open(Session *self, int may_be_memory)
{
    char *path = NULL;
    StorageStatus status;
    int exit_code = EXIT_DONE;
    if (!self->uses_memory)
        exit_code = session_find_config(self, &path);
    if (exit_code == EXIT_DONE && !self->uses_memory && path == NULL)
        exit_code = do_without_config(self, may_be_memory);
    if (exit_code != EXIT_DONE)
        return exit_code;
    self->ctx = storage_context_new();
    (void)interrupt_begin(self->ctx);
    if (self->ctx == NULL)
        status = STORAGE_NO_MEMORY;
    else if (path != NULL)
        status = open_configured(self, path);
    else
        status = storage_memory_open(NULL, &self->backend, self->ctx);
    interrupt_end();
    free(path);
    return status == STORAGE_OK ? EXIT_DONE : session_fail_all(self, status);
}

void session_set_deadline(Session *self, uint64_t duration_ns)
{
    struct timespec now;
    uint64_t now_ns;
    storage_context_set_deadline(self->ctx, 0);
    if (duration_ns == UINT64_MAX || clock_gettime(CLOCK_MONOTONIC, &now) != 0)
        return;
    now_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    storage_context_set_deadline(self->ctx, now_ns + duration_ns);
}

int session_close(Session *self)
{
    StorageStatus status;
    int exit_code = EXIT_DONE;
    storage_transaction_close(self->txn);
    self->txn = NULL;
    if (self->ctx != NULL)
        storage_context_reset(self->ctx); /* neither an old deadline nor Ctrl-C shortens the close */
    status = storage_close(self->backend, self->ctx);
    self->backend = NULL;
    if (status != STORAGE_OK) {
        self->verb_name = "close";
        exit_code = session_fail(self, status);
    }
    storage_context_free(self->ctx);
    self->ctx = NULL;
    return exit_code;
}
