/*
 * cli/main.c - storagectl: global options, the verb, the exit code.
 *
 * Errors are one line each on standard error. Standard output holds what was asked for and nothing else. A reader that
 * closes the pipe ends the program as it ends any other, by SIGPIPE and without a message, but only after the store was
 * closed.
 */
#include "arguments.h"
#include "output.h"
#include "words.h"

#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct Invocation {
    const char *config_path;
    int wants_help, wants_version, decodes_escapes;
    StorageSlice *words; /* what is left: the verb, its arguments and its options */
    size_t word_count;
    size_t decoded_end; /* words from 1 to before this one are copies of our own */
} Invocation;

static int is_option(const char *argument, const char *short_name, const char *long_name)
{
    return strcmp(argument, short_name) == 0 || strcmp(argument, long_name) == 0;
}

static int take_config_path(Invocation *self, Session *session, const char *path)
{
    if (path == NULL || path[0] == '\0')
        return session_usage_error(session, "-c (--config) needs the name of a configuration file");
    if (self->config_path != NULL)
        return session_usage_error(session, "-c (--config) is given twice; a store has one configuration file");
    self->config_path = path;
    return EXIT_DONE;
}

/* Takes the global option at argv[*index]. Returns 0 when it is none; `*ret_exit_code` tells whether it is right. */
static int take_global_option(Invocation *self, Session *session, char **argv, int *index, int *ret_exit_code)
{
    const char *argument = argv[*index];
    *ret_exit_code = EXIT_DONE;
    if (is_option(argument, "-h", "--help")) {
        self->wants_help = 1;
    } else if (strcmp(argument, "--version") == 0) {
        self->wants_version = 1;
    } else if (is_option(argument, "-e", "--escapes")) {
        self->decodes_escapes = 1;
    } else if (strncmp(argument, "--config=", 9) == 0) {
        *ret_exit_code = take_config_path(self, session, argument + 9);
    } else if (is_option(argument, "-c", "--config")) {
        *ret_exit_code = take_config_path(self, session, argv[*index + 1]);
        *index += *ret_exit_code == EXIT_DONE;
    } else if (strncmp(argument, "-c", 2) == 0) {
        *ret_exit_code = take_config_path(self, session, argument + 2);
    } else {
        return 0;
    }
    return 1;
}

static int parse_invocation(Invocation *self, Session *session, int argc, char **argv)
{
    int options_ended = 0, exit_code = EXIT_DONE;
    self->words = calloc((size_t)argc + 1, sizeof(*self->words));
    if (self->words == NULL)
        return session_usage_error(session, "out of memory");
    for (int i = 1; i < argc && exit_code == EXIT_DONE; i++) {
        if (!options_ended && take_global_option(self, session, argv, &i, &exit_code))
            continue;
        options_ended = options_ended || strcmp(argv[i], "--") == 0;
        self->words[self->word_count++] = storage_string(argv[i]);
    }
    return exit_code;
}

/* Replaces the words of the verb by what their escapes stand for. */
static int decode_words(Invocation *self, Session *session)
{
    for (size_t i = 1; i < self->word_count; i++) {
        const char *problem = words_decode(self->words[i], &self->words[i]);
        if (problem != NULL)
            return session_usage_error(session, "argument %zu: %s", i, problem);
        self->decoded_end = i + 1;
    }
    return EXIT_DONE;
}

static void invocation_done(Invocation *self)
{
    for (size_t i = 1; i < self->decoded_end; i++)
        free((void *)(uintptr_t)self->words[i].data);
    free(self->words);
}

static int run_verb(Session *session, const Verb *verb, Invocation *invocation)
{
    Arguments arguments;
    int exit_code = EXIT_DONE, close_code;
    session->verb_name = verb->name;
    if (invocation->decodes_escapes)
        exit_code = decode_words(invocation, session);
    if (exit_code == EXIT_DONE)
        exit_code = arguments_parse(session, verb, invocation->words + 1, invocation->word_count - 1, &arguments);
    if (exit_code != EXIT_DONE)
        return exit_code;
    if ((verb->flags & VERB_NEEDS_STORE) == 0)
        return verb->run(session, &arguments);
    exit_code = session_open(session, invocation->config_path);
    if (exit_code == EXIT_DONE)
        exit_code = verb->run(session, &arguments);
    close_code = session_close(session);
    if (invocation->config_path == NULL && (verb->flags & VERB_NOT_IN_SHELL) == 0 && isatty(STDERR_FILENO))
        (void)fputs("storagectl: this store was empty, in memory, and is gone; \"-c FILE\" names a store, \"storagectl "
                    "help shell\" tells of scripts\n",
                    stderr);
    return exit_code != EXIT_DONE ? exit_code : close_code;
}

static int run_help(Session *session, const Invocation *invocation)
{
    Arguments arguments = {.count = invocation->word_count > 0 ? 1 : 0};
    if (arguments.count > 0)
        arguments.words[0] = invocation->words[0];
    return help_verb.run(session, &arguments);
}

static int run_invocation(Session *session, Invocation *invocation)
{
    const Verb *verb;
    if (invocation->wants_help)
        return run_help(session, invocation);
    if (invocation->wants_version)
        return version_verb.run(session, NULL);
    if (invocation->word_count == 0)
        return session_usage_error(session, "a verb is missing; \"storagectl help\" lists them");
    verb = verb_find(invocation->words[0]);
    if (verb == NULL)
        return session_usage_error(session, "\"%s\" is not a verb; \"storagectl help\" lists them",
                                   (const char *)invocation->words[0].data);
    if ((verb->flags & VERB_ONLY_IN_SHELL) != 0)
        return session_usage_error(session, "\"%s\" works in the shell only; see \"storagectl help shell\"",
                                   verb->name);
    return run_verb(session, verb, invocation);
}

/* The last word on standard output. Returns the exit code, or does not return when the reader has gone. */
static int finish_output(Session *session, int exit_code)
{
    output_flush();
    if (output_error() == 0)
        return exit_code;
    if (output_error() == EPIPE) {
        (void)signal(SIGPIPE, SIG_DFL);
        (void)raise(SIGPIPE);
        return EXIT_IO;
    }
    session->verb_name = NULL;
    session->line_no = 0;
    (void)session_usage_error(session, "standard output cannot be written: %s", strerror(output_error()));
    return EXIT_IO;
}

int main(int argc, char **argv)
{
    Session session = {0};
    Invocation invocation = {0};
    int exit_code;
    (void)setlocale(LC_CTYPE, "");
    (void)signal(SIGPIPE, SIG_IGN);
    exit_code = parse_invocation(&invocation, &session, argc, argv);
    if (exit_code == EXIT_DONE)
        exit_code = run_invocation(&session, &invocation);
    invocation_done(&invocation);
    return finish_output(&session, exit_code);
}
