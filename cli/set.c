/* cli/set.c - set KEY VALUE: from the command line or, for values of any size, from standard input. */
#include "arguments.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_TTL, OPTION_STDIN };

static const Option options[] = {
    {"--ttl", "TTL", "let it expire: a duration (30s, 1h30m), never, or keep"},
    {"--stdin", NULL, "read the value from standard input, to its end"},
};

/* Reads standard input to its end into `*ret_value`, whose data is to be freed. Returns 0 or an errno number. */
static int read_input(StorageSlice *ret_value)
{
    size_t capacity = 1 << 16, size = 0, got;
    char *buffer = malloc(capacity);
    while (buffer != NULL && (got = fread(buffer + size, 1, capacity - size, stdin)) > 0) {
        char *larger = buffer;
        size += got;
        if (size == capacity) {
            capacity *= 2;
            larger = realloc(buffer, capacity);
            if (larger == NULL)
                free(buffer);
        }
        buffer = larger;
    }
    if (buffer == NULL)
        return ENOMEM;
    if (ferror(stdin)) {
        free(buffer);
        return errno != 0 ? errno : EIO;
    }
    *ret_value = storage_bytes(buffer, size);
    return 0;
}

static int set_value(Session *session, const Arguments *arguments, StorageSlice value)
{
    StorageSlice key = arguments->words[0];
    StorageSetOptions set_options;
    StorageStatus status;
    int exit_code = arguments_set_options(session, arguments, OPTION_TTL, &set_options);
    if (exit_code != EXIT_DONE)
        return exit_code;
    if (session->txn != NULL)
        status = storage_transaction_set(session->txn, key, value, &set_options, session->ctx);
    else
        status = storage_set(session->backend, key, value, &set_options, session->ctx);
    if (status != STORAGE_OK)
        return session_fail(session, status);
    session_tell_revision(session, storage_context_revision(session->ctx));
    return EXIT_DONE;
}

static int set_from_input(Session *session, const Arguments *arguments)
{
    StorageSlice value;
    int error, exit_code;
    if (session->in_shell)
        return session_usage_error(session, "--stdin does not work in the shell, which reads its commands from there");
    error = read_input(&value);
    if (error != 0) {
        (void)session_usage_error(session, "standard input cannot be read: %s", strerror(error));
        return EXIT_IO;
    }
    exit_code = set_value(session, arguments, value);
    free((void *)(uintptr_t)value.data);
    return exit_code;
}

static int run(Session *session, const Arguments *arguments)
{
    size_t wanted = arguments->is_given[OPTION_STDIN] ? 1 : 2;
    if (arguments->count != wanted)
        return session_usage_error(session, wanted == 1 ? "with --stdin there is no VALUE argument"
                                                        : "needs KEY VALUE, or KEY --stdin");
    return wanted == 1 ? set_from_input(session, arguments) : set_value(session, arguments, arguments->words[1]);
}

const Verb set_verb = {
    .name = "set",
    .usage = "KEY VALUE",
    .summary = "set a key to a value",
    .details = "Replaces an earlier value and clears its expiry unless --ttl says otherwise:\n"
               "a duration from now on, never, or keep for the expiry that the key had.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .argument_min = 1,
    .argument_max = 2,
    .flags = VERB_NEEDS_STORE,
    .run = run,
};
