/* cli/arguments.h - words into the arguments and options of a verb, and the values that verbs take. */
#ifndef CLI_ARGUMENTS_H
#define CLI_ARGUMENTS_H

#include "options.h"

/*
 * Reads the words behind a verb by its tables; "--" ends the options. `program` takes the options of the program; NULL
 * in the shell, where there are none. Returns an exit code and reports; arguments_done in any case.
 */
int arguments_parse(Session *session, const Verb *verb, WordList words, Program *program, Arguments *ret_arguments);
void arguments_done(Arguments *arguments);

/* The value of an option of the verb's table ("" for one that takes none), NULL when it was not given. */
const StorageSlice *arguments_option(const Arguments *arguments, const char *name);

/* Which of the option's choices was given, from 0 on; `fallback` when it was not given. */
size_t arguments_choice(const Arguments *arguments, const char *name, size_t fallback);

/*
 * The value of an option that takes a whole number from `minimum` to `maximum`; `*ret_number` is left alone when it was
 * not given. Returns an exit code and reports.
 */
int arguments_number_option(Session *session, const Arguments *arguments, const char *name, uint64_t minimum,
                            uint64_t maximum, uint64_t *ret_number);

/* Likewise a duration in nanoseconds ("30s"), and a size in bytes ("64MiB"). */
int arguments_duration_option(Session *session, const Arguments *arguments, const char *name, uint64_t *ret_ns);
int arguments_size_option(Session *session, const Arguments *arguments, const char *name, uint64_t *ret_bytes);

/* "never", "keep" or a duration from now on ("5s", "1h30m"). Returns an exit code and reports. */
int arguments_expiry(Session *session, StorageSlice text, StorageExpiry *ret_expiry);

/* The row of --ttl, and what it says. Returns an exit code and reports. */
#define OPTION_TTL_ROW                                                                                \
    {                                                                                                 \
        .name = "--ttl", .value_name = "TTL", .doc = "let it expire: a duration (1h30m), never, keep" \
    }
int arguments_set_options(Session *session, const Arguments *arguments, StorageSetOptions *ret_options);

/* The rows of a value that does not stand on the command line. */
#define OPTION_VALUE_ROWS                                                                                  \
    {.name = "--file", .value_name = "FILE", .doc = "the value is what FILE holds", .flags = OPTION_FILE}, \
    {                                                                                                      \
        .name = "--stdin", .doc = "the value is standard input, to its end"                                \
    }

/* What a verb is given as a value. */
typedef struct ValueArgument {
    StorageSlice bytes;
    void *buffer; /* to be freed, or NULL */
} ValueArgument;

/* Whether the value comes from --file or --stdin. */
int arguments_has_value_source(const Arguments *arguments);

/* The value: from --file or --stdin, else the argument at `index`. Returns an exit code and reports. */
int arguments_value(Session *session, const Arguments *arguments, size_t index, ValueArgument *ret_value);
void arguments_value_done(ValueArgument *value);

/* The rows of a range of keys. */
#define OPTION_RANGE_ROWS                                                                                            \
    {.name = "--from", .value_name = "KEY", .doc = "from this key on", .flags = OPTION_BYTES},                       \
        {.name = "--after", .value_name = "KEY", .doc = "after this key, which is left out", .flags = OPTION_BYTES}, \
        {.name = "--to", .value_name = "KEY", .doc = "up to this key, which is left out", .flags = OPTION_BYTES},    \
    {                                                                                                                \
        .name = "--through", .value_name = "KEY", .doc = "up to this key, and with it", .flags = OPTION_BYTES        \
    }

/* The range that a PREFIX argument (the first, if any) or the options give; else everything. The range points into the
 * arguments. Returns an exit code and reports. */
int arguments_range(Session *session, const Arguments *arguments, StorageRange *ret_range);

#endif
