/*
 * cli/session.c - opening and closing the store, and errors in one line: what, where, what to do.
 */
#include "session.h"

#include "output.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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
static void print_where(const Session *self)
{
    (void)fputs("storagectl: ", stderr);
    if (self->line_no > 0)
        (void)fprintf(stderr, "line %zu: ", self->line_no);
    if (self->verb_name != NULL)
        (void)fprintf(stderr, "%s: ", self->verb_name);
}

int session_fail(Session *self, StorageStatus status)
{
    const Meaning *meaning = meaning_of(status);
    const char *text = storage_context_error_text(self->ctx, 0);
    size_t name_len = self->verb_name != NULL ? strlen(self->verb_name) : 0;
    print_where(self);
    /* The library names its call, which mostly has the name of the verb. */
    if (name_len > 0 && strncmp(text, self->verb_name, name_len) == 0 && strncmp(text + name_len, ": ", 2) == 0)
        text += name_len + 2;
    (void)fprintf(stderr, "%s (%s)", text[0] != '\0' ? text : storage_status_text(status), storage_status_name(status));
    (void)fprintf(stderr, meaning->advice != NULL ? "; %s\n" : "\n", meaning->advice);
    return meaning->exit_code;
}

int session_not_found(Session *self, StorageSlice key)
{
    print_where(self);
    (void)fputs("no such key: ", stderr);
    output_escaped(stderr, key);
    (void)fputc('\n', stderr);
    return EXIT_NOT_FOUND;
}

void session_tell_revision(const Session *self, uint64_t revision)
{
    if (self->is_interactive && self->txn == NULL)
        output_format(revision != 0 ? "revision %" PRIu64 "\n" : "nothing to write\n", revision);
}

int session_usage_error(Session *self, const char *format, ...)
{
    va_list arguments;
    print_where(self);
    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
    (void)fputc('\n', stderr);
    return EXIT_USAGE;
}

/* A document may have many mistakes: a line for each. */
static int report_open_failure(Session *self, StorageStatus status)
{
    size_t count = storage_context_error_count(self->ctx), shown = 0;
    for (; shown < count && storage_context_error_text(self->ctx, shown)[0] != '\0'; shown++)
        (void)fprintf(stderr, "storagectl: %s\n", storage_context_error_text(self->ctx, shown));
    if (shown == 0)
        return session_fail(self, status);
    if (shown < count)
        (void)fprintf(stderr, "storagectl: and %zu more mistakes\n", count - shown);
    return session_exit_code(status);
}

int session_open(Session *self, const char *config_path)
{
    StorageStatus status;
    self->ctx = storage_context_new();
    if (self->ctx == NULL)
        return session_fail(self, STORAGE_NO_MEMORY);
    if (config_path != NULL)
        status = storage_config_open_file(config_path, NULL, &self->backend, self->ctx);
    else
        status = storage_memory_open(NULL, &self->backend, self->ctx);
    return status == STORAGE_OK ? EXIT_DONE : report_open_failure(self, status);
}

int session_close(Session *self)
{
    StorageStatus status;
    int exit_code = EXIT_DONE;
    storage_transaction_close(self->txn);
    self->txn = NULL;
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
