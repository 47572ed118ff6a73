/*
 * cli/arguments.c - words into the arguments and options of a verb.
 *
 * A word that starts with "-" is an option unless "--" came before it or it is "-" alone. Keys and values are decoded
 * only after all words were read, so that --hex may stand behind them.
 */
#include "arguments.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int is_same(StorageSlice word, const char *text)
{
    return storage_slice_compare(word, storage_string(text)) == 0;
}

/* "storagectl help set", or "help set" in the shell. */
static const char *help_prefix(const Session *session)
{
    return session->in_shell ? "" : "storagectl ";
}

static int usage_error(Session *session, const Verb *verb, const char *problem, StorageSlice word)
{
    return session_usage_error(session, "%s%.*s; \"%shelp %s\" shows the usage", problem,
                               (int)(word.size < 60 ? word.size : 60), word.size > 0 ? (const char *)word.data : "",
                               help_prefix(session), verb->name);
}

static int take_verb_option(Session *session, Arguments *arguments, WordList *words, int *ret_taken)
{
    const Option *option = NULL;
    StorageSlice value;
    int exit_code;
    size_t index;
    *ret_taken = 0;
    if (arguments->verb->options == NULL)
        return EXIT_DONE;
    exit_code = option_take(arguments->verb->options, session, words, &value, &option);
    if (option == NULL || exit_code != EXIT_DONE)
        return exit_code;
    *ret_taken = 1;
    index = (size_t)(option - arguments->verb->options);
    assert(index < OPTION_COUNT_MAX);
    if (arguments->is_given[index])
        return usage_error(session, arguments->verb, "given twice: ", storage_string(option->name));
    arguments->is_given[index] = 1;
    arguments->values[index] = value;
    return EXIT_DONE;
}

static int take_option(Session *session, Arguments *arguments, WordList *words, Program *program)
{
    StorageSlice word = words->words[words->index];
    int is_taken, exit_code = take_verb_option(session, arguments, words, &is_taken);
    if (exit_code == EXIT_DONE && !is_taken)
        exit_code = preferences_take_option(&arguments->preferences, session, words, &is_taken);
    if (exit_code == EXIT_DONE && !is_taken && program != NULL)
        exit_code = program_take_option(program, session, words, &is_taken);
    if (exit_code == EXIT_DONE && !is_taken && (is_same(word, "-h") || is_same(word, "--help"))) {
        arguments->wants_help = 1; /* in the shell too */
        words->index++;
        return EXIT_DONE;
    }
    if (exit_code != EXIT_DONE || is_taken)
        return exit_code;
    return option_report_unknown(session, arguments->verb, word);
}

/* What was chosen, here or before the verb, has to mean something to the verb. */
static int check_preferences(Session *session, const Arguments *arguments)
{
    const Verb *verb = arguments->verb;
    int has_format = 0;
    for (const Option *option = verb->options; option != NULL && option->name != NULL; option++)
        has_format = has_format || strcmp(option->name, "--format") == 0;
    if (arguments->preferences.wants_json && (verb->flags & VERB_HAS_JSON) == 0)
        return usage_error(session, verb,
                           has_format ? "there is no --json here, but --format jsonl" : "there is no --json here",
                           (StorageSlice){0});
    if (arguments->preferences.encoding != ENCODING_TEXT && (verb->flags & VERB_HAS_BYTES) == 0)
        return usage_error(session, verb, "no keys or values here for --hex, --base64 or --escapes", (StorageSlice){0});
    return EXIT_DONE;
}

/* The preferences of the session hold where the command has none of its own. */
static void adopt_preferences(const Session *session, Arguments *arguments)
{
    if ((arguments->verb->flags & VERB_HAS_JSON) != 0)
        arguments->preferences.wants_json |= session->preferences.wants_json;
    if ((arguments->verb->flags & VERB_HAS_BYTES) != 0 && arguments->preferences.encoding == ENCODING_TEXT)
        arguments->preferences.encoding = session->preferences.encoding;
}

/* Replaces `*text` by a copy of our own in which its encoding is gone. */
static int decode(Session *session, const Arguments *arguments, const char *what, StorageSlice *text)
{
    const char *problem = encoding_decode(arguments->preferences.encoding, *text, text);
    return problem == NULL ? EXIT_DONE : session_usage_error(session, "%s: %s", what, problem);
}

/* Only keys and values hold zero bytes: a file name would end there, and be that of another file. */
static int check_plain(Session *session, const char *what, StorageSlice text)
{
    if (text.size == 0 || memchr(text.data, '\0', text.size) == NULL)
        return EXIT_DONE;
    return session_usage_error(session, "%s: a zero byte, which only keys and values may have", what);
}

static int decode_all(Session *session, Arguments *arguments)
{
    const Option *options = arguments->verb->options;
    int exit_code = EXIT_DONE;
    for (size_t i = 0; i < arguments->count && exit_code == EXIT_DONE; i++) {
        int is_bytes = (arguments->verb->bytes_mask & 1u << i) != 0;
        char what[32];
        (void)snprintf(what, sizeof(what), "argument %zu", i + 1);
        exit_code = is_bytes ? decode(session, arguments, what, &arguments->words[i])
                             : check_plain(session, what, arguments->words[i]);
        arguments->is_word_owned[i] = is_bytes && exit_code == EXIT_DONE;
    }
    for (size_t i = 0; options != NULL && options[i].name != NULL && exit_code == EXIT_DONE; i++) {
        int is_bytes = (options[i].flags & OPTION_BYTES) != 0;
        if (!arguments->is_given[i])
            continue;
        exit_code = is_bytes ? decode(session, arguments, options[i].name, &arguments->values[i])
                             : check_plain(session, options[i].name, arguments->values[i]);
        arguments->is_value_owned[i] = is_bytes && exit_code == EXIT_DONE;
    }
    return exit_code;
}

int arguments_parse(Session *session, const Verb *verb, WordList words, Program *program, Arguments *ret_arguments)
{
    int options_ended = 0, exit_code = EXIT_DONE;
    *ret_arguments = (Arguments){.verb = verb};
    if (program != NULL)
        ret_arguments->preferences = program->preferences;
    while (words.index < words.count && exit_code == EXIT_DONE) {
        StorageSlice word = words.words[words.index];
        if (!options_ended && is_same(word, "--")) {
            options_ended = 1;
            words.index++;
        } else if (!options_ended && word.size > 1 && *(const char *)word.data == '-') {
            exit_code = take_option(session, ret_arguments, &words, program);
        } else if (ret_arguments->count == verb->argument_max) {
            exit_code = usage_error(session, verb, "too many arguments, from here on: ", word);
        } else {
            ret_arguments->words[ret_arguments->count++] = word;
            words.index++;
        }
    }
    if (exit_code != EXIT_DONE || ret_arguments->wants_help || (program != NULL && program->wants_help))
        return exit_code;
    if (ret_arguments->count < verb->argument_min)
        return usage_error(session, verb, "needs ", storage_string(verb->usage));
    exit_code = check_preferences(session, ret_arguments);
    adopt_preferences(session, ret_arguments);
    return exit_code == EXIT_DONE ? decode_all(session, ret_arguments) : exit_code;
}

void arguments_done(Arguments *arguments)
{
    for (size_t i = 0; i < ARGUMENT_COUNT_MAX; i++)
        if (arguments->is_word_owned[i])
            free((void *)(uintptr_t)arguments->words[i].data);
    for (size_t i = 0; i < OPTION_COUNT_MAX; i++)
        if (arguments->is_value_owned[i])
            free((void *)(uintptr_t)arguments->values[i].data);
    *arguments = (Arguments){0};
}

const StorageSlice *arguments_option(const Arguments *arguments, const char *name)
{
    size_t index = 0;
    while (strcmp(arguments->verb->options[index].name, name) != 0) {
        index++;
        assert(arguments->verb->options[index].name != NULL); /* a verb asks for what its table has */
    }
    return arguments->is_given[index] ? &arguments->values[index] : NULL;
}

size_t arguments_choice(const Arguments *arguments, const char *name, size_t fallback)
{
    const StorageSlice *value = arguments_option(arguments, name);
    for (const Option *option = arguments->verb->options; value != NULL && option->name != NULL; option++)
        if (strcmp(option->name, name) == 0)
            return option_choice_index(option->choices, *value);
    return fallback;
}
