/* cli/options.h - the options of the program, and taking one option from a list of words. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "verbs.h"

/* Options of the program, and those that every verb with keys, values or JSON has. Each ends with a NULL name. */
extern const Option program_options[], bytes_options[], json_options[];

/* The words of a command, and how far they were read. */
typedef struct WordList {
    const StorageSlice *words; /* a zero byte stands behind each */
    size_t count, index;
} WordList;

/* What the options of the program say, before or after the verb. */
typedef struct Program {
    const char *config_path;
    StorageSlice timeout; /* empty: none */
    int uses_memory, wants_help, wants_version;
    Preferences preferences;
} Program;

/*
 * Takes the option of `table` at the head of `words`, with its value, and moves past it. `*ret_option` is NULL when it
 * is none of them. Returns an exit code and reports.
 */
int option_take(const Option *table, Session *session, WordList *words, StorageSlice *ret_value,
                const Option **ret_option);

/* Where `value` stands in a list of choices; SIZE_MAX when it does not. */
size_t option_choice_index(const char *choices, StorageSlice value);

/* Takes the option of the program at the head of `words`; `*ret_taken` is 0 when it is none. As option_take. */
int program_take_option(Program *self, Session *session, WordList *words, int *ret_taken);

/* The same for --json, --hex, --base64 and --escapes. */
int preferences_take_option(Preferences *self, Session *session, WordList *words, int *ret_taken);

/* Reports an option that nobody knows; `verb`: behind it, NULL: before it. Returns EXIT_USAGE. */
int option_report_unknown(Session *session, const Verb *verb, StorageSlice word);

#endif
