/*
 * cli/values.c - what arguments and options stand for: numbers, durations, expiries, ranges, values from files.
 */
#include "arguments.h"
#include "terminal/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Returns 0 when `text` is no whole number or does not fit. */
static int parse_number(StorageSlice text, uint64_t *ret_number)
{
    const char *digits = text.data;
    uint64_t number = 0;
    for (size_t i = 0; i < text.size; i++) {
        uint64_t digit = (uint64_t)(unsigned char)digits[i] - '0';
        if (digit > 9 || number > (UINT64_MAX - digit) / 10)
            return 0;
        number = number * 10 + digit;
    }
    *ret_number = number;
    return text.size > 0;
}

int arguments_number_option(Session *session, const Arguments *arguments, const char *name, uint64_t minimum,
                            uint64_t maximum, uint64_t *ret_number)
{
    const StorageSlice *text = arguments_option(arguments, name);
    uint64_t number;
    if (text == NULL)
        return EXIT_DONE;
    if (!parse_number(*text, &number) || number < minimum || number > maximum)
        return session_usage_error(session, "%s takes a whole number from %" PRIu64 " to %" PRIu64, name, minimum,
                                   maximum);
    *ret_number = number;
    return EXIT_DONE;
}

int arguments_duration_option(Session *session, const Arguments *arguments, const char *name, uint64_t *ret_ns)
{
    const StorageSlice *text = arguments_option(arguments, name);
    const char *problem = text != NULL ? storage_parse_duration(*text, ret_ns) : NULL;
    return problem == NULL
               ? EXIT_DONE
               : session_usage_error(session, "%s: \"%.*s\" %s", name, (int)(text->size < 40 ? text->size : 40),
                                     (const char *)text->data, problem);
}

int arguments_size_option(Session *session, const Arguments *arguments, const char *name, uint64_t *ret_bytes)
{
    const StorageSlice *text = arguments_option(arguments, name);
    const char *problem = text != NULL ? storage_parse_size(*text, ret_bytes) : NULL;
    return problem == NULL
               ? EXIT_DONE
               : session_usage_error(session, "%s: \"%.*s\" %s", name, (int)(text->size < 40 ? text->size : 40),
                                     (const char *)text->data, problem);
}

int arguments_expiry(Session *session, StorageSlice text, StorageExpiry *ret_expiry)
{
    uint64_t ns;
    if (storage_slice_compare(text, storage_string("never")) == 0)
        *ret_expiry = storage_expiry_never();
    else if (storage_slice_compare(text, storage_string("keep")) == 0)
        *ret_expiry = storage_expiry_keep();
    else if (storage_parse_duration(text, &ns) == NULL)
        *ret_expiry = storage_expiry_after((int64_t)ns);
    else
        return session_usage_error(session,
                                   "not a time to live: write a duration such as 30s or 1h30m, or never, or keep");
    return EXIT_DONE;
}

int arguments_set_options(Session *session, const Arguments *arguments, StorageSetOptions *ret_options)
{
    const StorageSlice *text = arguments_option(arguments, "--ttl");
    *ret_options = (StorageSetOptions)STORAGE_SET_OPTIONS_INIT;
    return text == NULL ? EXIT_DONE : arguments_expiry(session, *text, &ret_options->expiry);
}

/* Reads to the end into `*ret_value`. Returns 0 or an errno number; EINTR: a signal asks to stop. */
static int read_all(int fd, ValueArgument *ret_value)
{
    size_t capacity = 1 << 16, size = 0;
    char *buffer = malloc(capacity), *larger = buffer;
    ssize_t got = 1;
    int error;
    while (larger != NULL && got != 0) {
        got = interrupt_read(fd, buffer + size, capacity - size);
        if (got < 0 && errno != EAGAIN)
            break;
        size += got > 0 ? (size_t)got : 0;
        if (size < capacity)
            continue;
        capacity *= 2;
        larger = realloc(buffer, capacity);
        buffer = larger != NULL ? larger : buffer;
    }
    error = larger == NULL ? ENOMEM : got < 0 ? errno : 0;
    if (error == 0)
        *ret_value = (ValueArgument){{buffer, size}, buffer};
    else
        free(buffer);
    return error;
}

static int report_unread(Session *session, const char *source, int error)
{
    if (error == EINTR)
        return session_error(session, EXIT_UNAVAILABLE, "stopped by a signal while reading %s; nothing was written",
                             source);
    if (error == ENOENT)
        return session_usage_error(session, "%s: %s; correct the path", source, strerror(error));
    return session_error(session, EXIT_IO, "%s: %s", source, strerror(error));
}

static int read_value_file(Session *session, const char *path, ValueArgument *ret_value)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* no waiting for the writer of a pipe but in poll */
    int error = fd >= 0 ? read_all(fd, ret_value) : errno;
    if (fd >= 0)
        (void)close(fd);
    return error == 0 ? EXIT_DONE : report_unread(session, path, error);
}

static int read_value_input(Session *session, ValueArgument *ret_value)
{
    int error;
    if (session->in_shell)
        return session_usage_error(session, "--stdin does not work in the shell, which reads its commands from there");
    if (isatty(STDIN_FILENO))
        session_note(session, "reading the value from the terminal; Ctrl-D at the start of a line ends it");
    error = read_all(STDIN_FILENO, ret_value);
    return error == 0 ? EXIT_DONE : report_unread(session, "standard input", error);
}

int arguments_has_value_source(const Arguments *arguments)
{
    return arguments_option(arguments, "--file") != NULL || arguments_option(arguments, "--stdin") != NULL;
}

int arguments_value(Session *session, const Arguments *arguments, size_t index, ValueArgument *ret_value)
{
    const StorageSlice *path = arguments_option(arguments, "--file");
    *ret_value = (ValueArgument){0};
    if (path != NULL && arguments_option(arguments, "--stdin") != NULL)
        return session_usage_error(session, "--file and --stdin exclude each other");
    if (path != NULL)
        return read_value_file(session, path->data, ret_value);
    if (arguments_option(arguments, "--stdin") != NULL)
        return read_value_input(session, ret_value);
    ret_value->bytes = arguments->words[index];
    return EXIT_DONE;
}

void arguments_value_done(ValueArgument *value)
{
    free(value->buffer);
    *value = (ValueArgument){0};
}

/* One end of a range: `without` leaves the key out, `with` takes it in. */
static int parse_bound(Session *session, const Arguments *arguments, const char *without, const char *with,
                       StorageBound *ret_bound)
{
    const StorageSlice *excluded = arguments_option(arguments, without), *included = arguments_option(arguments, with);
    if (excluded != NULL && included != NULL)
        return session_usage_error(session, "%s and %s exclude each other", without, with);
    if (excluded != NULL)
        *ret_bound = (StorageBound){*excluded, STORAGE_BOUND_EXCLUDED};
    else if (included != NULL)
        *ret_bound = (StorageBound){*included, STORAGE_BOUND_INCLUDED};
    return EXIT_DONE;
}

int arguments_range(Session *session, const Arguments *arguments, StorageRange *ret_range)
{
    int exit_code;
    *ret_range = storage_range_all();
    exit_code = parse_bound(session, arguments, "--after", "--from", &ret_range->start);
    if (exit_code == EXIT_DONE)
        exit_code = parse_bound(session, arguments, "--to", "--through", &ret_range->end);
    if (exit_code != EXIT_DONE || arguments->count == 0)
        return exit_code;
    if (ret_range->start.kind != STORAGE_BOUND_OPEN || ret_range->end.kind != STORAGE_BOUND_OPEN)
        return session_usage_error(session, "a PREFIX and the bounds of a range exclude each other");
    *ret_range = storage_range_prefix(arguments->words[0]);
    return EXIT_DONE;
}
