/*
 * cli/options.c - the options of the program, and taking one option from a list of words.
 *
 * An option is "--name", "--name=VALUE", "--name VALUE", "-c VALUE" or "-cVALUE".
 */
#include "options.h"

#include "nearest.h"

#include <string.h>

enum { PROGRAM_CONFIG, PROGRAM_MEMORY, PROGRAM_TIMEOUT, PROGRAM_HELP, PROGRAM_VERSION };

const Option program_options[] = {
    {.name = "--config",
     .short_name = 'c',
     .value_name = "FILE",
     .doc = "the configuration of the store",
     .flags = OPTION_FILE,
     .tag = PROGRAM_CONFIG},
    {.name = "--memory", .doc = "instead: an empty store in memory, gone at the end", .tag = PROGRAM_MEMORY},
    {.name = "--timeout",
     .value_name = "TIME",
     .doc = "give a command up after this long, such as 5s",
     .tag = PROGRAM_TIMEOUT},
    {.name = "--help", .short_name = 'h', .doc = "this help, or that of the verb", .tag = PROGRAM_HELP},
    {.name = "--version", .doc = "the versions of the program and the library", .tag = PROGRAM_VERSION},
    {0},
};

const Option bytes_options[] = {
    {.name = "--hex", .doc = "keys and values are hexadecimal, in and out", .tag = ENCODING_HEX},
    {.name = "--base64", .doc = "keys and values are base64 (RFC 4648), in and out", .tag = ENCODING_BASE64},
    {.name = "--escapes",
     .short_name = 'e',
     .doc = "decode \\xHH, \\n, \\t, \\r, \\0 and \\\\ in the arguments",
     .tag = ENCODING_ESCAPES},
    {0},
};

const Option json_options[] = {
    {.name = "--json", .doc = "print JSON"},
    {0},
};

/* The option of `table` that `word` is; `*ret_value` points behind its name, `*ret_has_value` says if that counts. */
static const Option *find_option(const Option *table, StorageSlice word, StorageSlice *ret_value, int *ret_has_value)
{
    const char *text = word.data;
    for (; table->name != NULL; table++) {
        size_t len = strlen(table->name);
        int is_long = word.size >= len && memcmp(text, table->name, len) == 0 && (word.size == len || text[len] == '=');
        int is_short = table->short_name != 0 && word.size >= 2 && text[0] == '-' && text[1] == table->short_name &&
                       (word.size == 2 || table->value_name != NULL);
        if (!is_long && !is_short)
            continue;
        *ret_has_value = word.size > (is_long ? len : 2);
        len = is_long ? len + 1 : 2;
        *ret_value = *ret_has_value ? storage_bytes(text + len, word.size - len) : (StorageSlice){"", 0};
        return table;
    }
    return NULL;
}

static int is_choice(const char *choices, StorageSlice value)
{
    return option_choice_index(choices, value) < SIZE_MAX;
}

size_t option_choice_index(const char *choices, StorageSlice value)
{
    for (size_t index = 0; *choices != '\0'; index++) {
        size_t len = strcspn(choices, " ");
        if (len == value.size && memcmp(choices, value.data, len) == 0)
            return index;
        choices += len + (choices[len] == ' ');
    }
    return SIZE_MAX;
}

int option_take(const Option *table, Session *session, WordList *words, StorageSlice *ret_value,
                const Option **ret_option)
{
    StorageSlice word = words->words[words->index];
    int has_value;
    const Option *option = find_option(table, word, ret_value, &has_value);
    *ret_option = option;
    if (option == NULL)
        return EXIT_DONE;
    words->index++;
    if (option->value_name == NULL)
        return has_value ? session_usage_error(session, "%s takes no value", option->name) : EXIT_DONE;
    if (!has_value && words->index == words->count)
        return session_usage_error(session, "%s needs a value: %s %s", option->name, option->name, option->value_name);
    if (!has_value)
        *ret_value = words->words[words->index++];
    if (option->choices != NULL && !is_choice(option->choices, *ret_value))
        return session_usage_error(session, "%s takes one of: %s", option->name, option->choices);
    return EXIT_DONE;
}

int preferences_take_option(Preferences *self, Session *session, WordList *words, int *ret_taken)
{
    const Option *option;
    StorageSlice value;
    int exit_code = option_take(json_options, session, words, &value, &option);
    *ret_taken = 1;
    if (option != NULL) {
        self->wants_json = 1;
        return exit_code;
    }
    exit_code = option_take(bytes_options, session, words, &value, &option);
    *ret_taken = option != NULL;
    if (option == NULL || exit_code != EXIT_DONE)
        return exit_code;
    if (self->encoding != ENCODING_TEXT && self->encoding != (Encoding)option->tag)
        return session_usage_error(session, "--hex, --base64 and --escapes exclude each other");
    self->encoding = (Encoding)option->tag;
    return EXIT_DONE;
}

static int note_program_option(Program *self, Session *session, const Option *option, StorageSlice value)
{
    switch (option->tag) {
    case PROGRAM_CONFIG:
        if (value.size == 0)
            return session_usage_error(session, "-c (--config) needs the name of a configuration file");
        if (self->config_path != NULL)
            return session_usage_error(session, "-c (--config) is given twice; a store has one configuration file");
        self->config_path = value.data;
        return EXIT_DONE;
    case PROGRAM_MEMORY:
        self->uses_memory = 1;
        return EXIT_DONE;
    case PROGRAM_TIMEOUT:
        self->timeout = value;
        return EXIT_DONE;
    case PROGRAM_HELP:
        self->wants_help = 1;
        return EXIT_DONE;
    default:
        self->wants_version = 1;
        return EXIT_DONE;
    }
}

int program_take_option(Program *self, Session *session, WordList *words, int *ret_taken)
{
    const Option *option;
    StorageSlice value;
    int exit_code = option_take(program_options, session, words, &value, &option);
    *ret_taken = option != NULL;
    return option != NULL && exit_code == EXIT_DONE ? note_program_option(self, session, option, value) : exit_code;
}

static void offer_options(Nearest *nearest, const Option *options)
{
    for (; options != NULL && options->name != NULL; options++)
        nearest_offer(nearest, options->name);
}

int option_report_unknown(Session *session, const Verb *verb, StorageSlice word)
{
    const char *equals = memchr(word.data, '=', word.size);
    Nearest nearest = {.given = word};
    char hint[NEAREST_HINT_SIZE];
    if (equals != NULL)
        nearest.given.size = (size_t)(equals - (const char *)word.data);
    if (verb != NULL)
        offer_options(&nearest, verb->options);
    if (verb == NULL || (verb->flags & VERB_HAS_BYTES) != 0)
        offer_options(&nearest, bytes_options);
    if (verb == NULL || (verb->flags & VERB_HAS_JSON) != 0)
        offer_options(&nearest, json_options);
    if (!session->in_shell)
        offer_options(&nearest, program_options);
    if (verb == NULL)
        return session_usage_error(
            session,
            "unknown option %.*s%s; options of a verb stand behind it; \"storagectl help\" lists "
            "verbs and options",
            (int)(word.size < 60 ? word.size : 60), (const char *)word.data, nearest_hint(&nearest, hint));
    return session_usage_error(session,
                               "unknown option %.*s%s; \"%shelp %s\" shows the options; \"--\" before an argument says "
                               "that it is none",
                               (int)(word.size < 60 ? word.size : 60), (const char *)word.data,
                               nearest_hint(&nearest, hint), session->in_shell ? "" : "storagectl ", verb->name);
}
