/*
 * cli/shell.c - shell: commands from a script or from a person, one a line.
 *
 * A script ends at its first command that fails; `get` and `touch` of a missing key are answers, and it goes on. The
 * exit code is that of the first failure; without one it is 1 when a key was not found. A person may make mistakes: the
 * shell goes on, and ends with 0.
 */
#include "arguments.h"
#include "output.h"
#include "words.h"

#include <editline/readline.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPTION_KEEP_GOING };

static const Option options[] = {{"--keep-going", NULL, "do not stop a script at a command that fails"}};

typedef struct Reader {
    char *line;
    size_t capacity;
    int error; /* an errno number when the last line could not be read */
} Reader;

/* The next line without its end. Returns 0 when there is none. */
static int next_line(Reader *self, const Session *session, StorageSlice *ret_line)
{
    ssize_t size;
    if (session->is_interactive) {
        free(self->line);
        self->line = readline(session->txn != NULL ? "storage (transaction)> " : "storage> ");
        if (self->line == NULL) {
            output_text("\n");
            return 0;
        }
        if (self->line[0] != '\0')
            (void)add_history(self->line);
        *ret_line = storage_string(self->line);
        return 1;
    }
    errno = 0;
    size = getline(&self->line, &self->capacity, stdin);
    if (size < 0) {
        self->error = feof(stdin) ? 0 : errno != 0 ? errno : EIO; /* for lack of memory there is no ferror */
        return 0;
    }
    if (size > 0 && self->line[size - 1] == '\n')
        size--;
    *ret_line = storage_bytes(self->line, (size_t)size);
    return 1;
}

static int run_line(Session *session, StorageSlice line)
{
    Words words;
    const char *problem = words_split(&words, line);
    int exit_code = EXIT_DONE;
    session->verb_name = NULL;
    if (problem != NULL)
        exit_code = session_usage_error(session, "%s", problem);
    else if (words.count > 0)
        exit_code = verb_run_words(session, words.words, words.count);
    words_done(&words);
    output_flush();
    return exit_code;
}

static int stops_a_script(const Session *session, const Arguments *arguments, int exit_code)
{
    return exit_code > EXIT_NOT_FOUND && !session->is_interactive && !arguments->is_given[OPTION_KEEP_GOING];
}

static int run_lines(Session *session, const Arguments *arguments)
{
    Reader reader = {0};
    StorageSlice line;
    int kept_exit_code = EXIT_DONE;
    size_t line_no = 0;
    while (!session->is_ending && output_error() == 0 && next_line(&reader, session, &line)) {
        int exit_code;
        session->line_no = session->is_interactive ? 0 : ++line_no;
        exit_code = run_line(session, line);
        if (kept_exit_code <= EXIT_NOT_FOUND && exit_code > kept_exit_code)
            kept_exit_code = exit_code;
        if (stops_a_script(session, arguments, exit_code))
            break;
    }
    session->verb_name = NULL;
    if (reader.error != 0) {
        (void)session_usage_error(session, "standard input cannot be read: %s", strerror(reader.error));
        kept_exit_code = EXIT_IO;
    }
    free(reader.line);
    return kept_exit_code;
}

static int run(Session *session, const Arguments *arguments)
{
    int exit_code;
    session->in_shell = 1;
    session->is_interactive = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    if (session->is_interactive)
        output_format("storagectl %s; \"help\" lists the commands, \"exit\" or Ctrl-D ends\n", storage_version());
    output_flush();
    exit_code = run_lines(session, arguments);
    if (session->is_interactive)
        return EXIT_DONE;
    if (session->txn != NULL && exit_code <= EXIT_NOT_FOUND) {
        session->line_no = session->begin_line_no;
        exit_code = session_usage_error(session, "the transaction that begins here was never committed; it is rolled "
                                                 "back");
    }
    return exit_code;
}

const Verb shell_verb = {
    .name = "shell",
    .usage = "",
    .summary = "run commands from a script or a terminal, one a line",
    .details = "Reads commands from standard input: the verbs of this program, without its name.\n"
               "Words are separated by spaces; '...' is taken as it is; elsewhere \\xHH, \\n, \\t,\n"
               "\\r, \\0 and a backslash before \\, a quote, a space or # stand for one byte;\n"
               "\"...\" keeps spaces; # begins a comment.\n"
               "\n"
               "  printf 'set a 1\\nscan\\n' | storagectl shell\n"
               "\n"
               "A script ends at its first command that fails, with its exit code. A key that is\n"
               "not found does not end it, but the exit code is 1 when nothing else failed.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .flags = VERB_NEEDS_STORE | VERB_NOT_IN_SHELL,
    .run = run,
};

static int run_exit(Session *session, const Arguments *arguments)
{
    (void)arguments;
    session->is_ending = 1;
    return EXIT_DONE;
}

const Verb exit_verb = {
    .name = "exit",
    .usage = "",
    .summary = "leave the shell",
    .details = "A transaction that is open is rolled back.\n",
    .flags = VERB_ONLY_IN_SHELL,
    .run = run_exit,
};
