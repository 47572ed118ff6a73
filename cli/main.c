/*
 * cli/main.c - storagectl: the options of the program, the verb, the exit code.
 *
 * Errors are one line each on standard error. Standard output holds what was asked for and nothing else. A reader that
 * closes the pipe ends the program as it ends any other, by SIGPIPE and without a message, but only after the store was
 * closed; Ctrl-C likewise.
 */
#include "arguments.h"
#include "output.h"
#include "terminal/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <storage/backend.h>
#include <string.h>
#include <unistd.h>

/* Reads the options before the verb; `words` then stands at the verb, or at its end. */
static int parse_program(Program *self, Session *session, WordList *words)
{
    int exit_code = EXIT_DONE;
    while (exit_code == EXIT_DONE && words->index < words->count) {
        StorageSlice word = words->words[words->index];
        int is_taken;
        if (word.size < 2 || *(const char *)word.data != '-')
            return EXIT_DONE;
        exit_code = program_take_option(self, session, words, &is_taken);
        if (exit_code == EXIT_DONE && !is_taken)
            exit_code = preferences_take_option(&self->preferences, session, words, &is_taken);
        if (exit_code == EXIT_DONE && !is_taken)
            exit_code = option_report_unknown(session, NULL, word);
    }
    return exit_code;
}

static int print_help(Session *session, const Program *program, StorageSlice verb_name)
{
    Arguments arguments = {.verb = &help_verb, .words = {verb_name}, .count = verb_name.size > 0};
    arguments.preferences.wants_json = program->preferences.wants_json;
    return help_verb.run(session, &arguments);
}

/* What the options of the program mean to the session. */
static int adopt_program(Session *session, const Program *program)
{
    const char *problem = NULL;
    if (program->timeout.size > 0)
        problem = storage_parse_duration(program->timeout, &session->timeout_ns);
    if (problem != NULL)
        return session_usage_error(session, "--timeout: \"%.*s\" %s",
                                   (int)(program->timeout.size < 40 ? program->timeout.size : 40),
                                   (const char *)program->timeout.data, problem);
    if (program->uses_memory && program->config_path != NULL)
        return session_usage_error(session, "--memory and -c (--config) exclude each other");
    session->uses_memory = program->uses_memory;
    session->config_path = program->config_path;
    session->preferences = program->preferences;
    return EXIT_DONE;
}

/* A person who sets a key in a store that is gone at the end of the command should know. */
static void warn_of_loss(Session *session, const Verb *verb)
{
    uint64_t capabilities = storage_backend_capabilities(session->backend)->capabilities;
    if ((verb->flags & VERB_WRITES) != 0 && !session->uses_memory && isatty(STDERR_FILENO) &&
        (capabilities & STORAGE_CAPABILITY_DURABLE) == 0)
        session_note(session, "done, but this store keeps nothing beyond this command: its backend is in memory");
}

static int run_with_store(Session *session, const Verb *verb, const Arguments *arguments)
{
    int close_code, exit_code = session_open(session, (verb->flags & VERB_MAY_BE_MEMORY) != 0);
    if (exit_code == EXIT_DONE)
        exit_code = verb_run(session, verb, arguments);
    if (exit_code == EXIT_DONE)
        warn_of_loss(session, verb);
    close_code = session_close(session);
    return exit_code != EXIT_DONE ? exit_code : close_code;
}

static int run_verb(Session *session, const Verb *verb, WordList words, Program *program)
{
    Arguments arguments;
    int exit_code;
    session->verb_name = verb->name;
    exit_code = arguments_parse(session, verb, words, program, &arguments);
    if (exit_code == EXIT_DONE && program->wants_help)
        exit_code = print_help(session, program, storage_string(verb->name));
    else if (exit_code == EXIT_DONE && (verb->flags & VERB_ONLY_IN_SHELL) != 0)
        exit_code = session_usage_error(session, "works in the shell only; see \"storagectl help shell\"");
    else if (exit_code == EXIT_DONE && program->wants_version)
        exit_code = verb_run(session, &version_verb, &arguments);
    else if (exit_code == EXIT_DONE && (exit_code = adopt_program(session, program)) == EXIT_DONE)
        exit_code = (verb->flags & VERB_NEEDS_STORE) != 0 ? run_with_store(session, verb, &arguments)
                                                          : verb_run(session, verb, &arguments);
    arguments_done(&arguments);
    return exit_code;
}

static int run_words(Session *session, WordList words)
{
    Program program = {0};
    const Verb *verb;
    int exit_code = parse_program(&program, session, &words);
    if (exit_code != EXIT_DONE)
        return exit_code;
    if (words.index == words.count && program.wants_help)
        return print_help(session, &program, (StorageSlice){0});
    if (words.index == words.count && program.wants_version)
        return version_verb.run(session, &(Arguments){.verb = &version_verb, .preferences = program.preferences});
    if (words.index == words.count)
        return session_usage_error(session, "a verb is missing; \"storagectl help\" lists them");
    verb = verb_find(words.words[words.index]);
    if (verb == NULL)
        return verb_report_unknown(session, words.words[words.index]);
    words.index++;
    return run_verb(session, verb, words, &program);
}

static int run_arguments(Session *session, int argc, char **argv)
{
    StorageSlice *words = calloc((size_t)argc + 1, sizeof(*words));
    int exit_code;
    if (words == NULL)
        return session_error(session, EXIT_UNAVAILABLE, "out of memory");
    for (int i = 1; i < argc; i++)
        words[i - 1] = storage_string(argv[i]);
    exit_code = run_words(session, (WordList){words, argc > 0 ? (size_t)argc - 1 : 0, 0});
    free(words);
    return exit_code;
}

/* The last word on standard output. Returns the exit code; does not return after a signal or when the reader has gone.
 */
static int finish_output(Session *session, int exit_code)
{
    output_flush();
    interrupt_raise(); /* what could not be written because of a signal is no failure of the output */
    if (output_error() == 0)
        return exit_code;
    if (output_error() == EPIPE) {
        (void)signal(SIGPIPE, SIG_DFL);
        (void)raise(SIGPIPE);
        return EXIT_IO;
    }
    session->verb_name = NULL;
    session->line_no = 0;
    return session_error(session, EXIT_IO, "standard output cannot be written: %s", strerror(output_error()));
}

/*
 * Whoever starts the program with a standard stream closed would have the first file that it opens take that number,
 * and get messages into the store or into an export. So each has a stand-in, which fails as a closed one does.
 */
static int hold_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            return 0;
    return 1;
}

int main(int argc, char **argv)
{
    Session session = {.timeout_ns = UINT64_MAX};
    if (!hold_standard_streams())
        return EXIT_IO; /* there is nowhere to say it */
    (void)setlocale(LC_CTYPE, "");
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of the write (EFBIG) */
    return finish_output(&session, run_arguments(&session, argc, argv));
}
