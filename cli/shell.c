/*
 * cli/shell.c - shell: commands from a script or from a person, one a line.
 *
 * A script ends at its first command that fails; `get` and `touch` of a missing key are answers, and it goes on. The
 * exit code is that of the first failure; without one it is 1 when a key was not found. A person may make mistakes: the
 * shell goes on, and ends with 0. Ctrl-C ends a script; a person's command is cancelled by it, and the shell goes on.
 */
#include "arguments.h"
#include "output.h"
#include "records/line_reader.h"
#include "terminal/interrupt.h"
#include "terminal/line_editor.h"
#include "terminal/terminal.h"
#include "words.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_SIZE_MAX ((size_t)2 << 30) /* holds a value of 1 GiB with some escapes */

static const Option options[] = {
    {.name = "--keep-going", .doc = "do not stop a script at a command that fails"},
    {0},
};

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
    session->verb_name = NULL;
    output_flush();
    return exit_code;
}

/* ---- scripts ---- */

/* Returns an exit code that is not EXIT_DONE, and reports, when there is no next line; unless it is the end. */
static int report_no_line(Session *session, LineOutcome outcome, int error)
{
    switch (outcome) {
    case LINE_END:
    case LINE_WAITING: /* a signal came: run_script tells of it */
        return EXIT_DONE;
    case LINE_TOO_LONG:
        return session_usage_error(session, "the line is longer than %zu bytes; \"import\" takes large values",
                                   LINE_SIZE_MAX);
    default:
        session->line_no = 0;
        return session_error(session, EXIT_IO, "standard input cannot be read: %s",
                             strerror(outcome == LINE_NO_MEMORY ? ENOMEM : error));
    }
}

static LineOutcome next_line(LineReader *reader, StorageSlice *ret_line)
{
    LineOutcome outcome = LINE_WAITING;
    char *line = NULL;
    size_t size = 0;
    while (outcome == LINE_WAITING && interrupt_requested() == 0)
        outcome = line_reader_next(reader, -1, &line, &size);
    *ret_line = storage_bytes(line, size);
    return outcome;
}

static int run_script(Session *session, int keeps_going)
{
    LineReader reader;
    StorageSlice line;
    int kept_exit_code = EXIT_DONE;
    line_reader_init(&reader, STDIN_FILENO, LINE_SIZE_MAX);
    reader.wake_fd = interrupt_fd();
    while (!session->is_ending && output_error() == 0) {
        LineOutcome outcome = next_line(&reader, &line);
        int exit_code;
        session->line_no++;
        exit_code = outcome == LINE_READ ? run_line(session, line) : report_no_line(session, outcome, reader.error);
        if (kept_exit_code <= EXIT_NOT_FOUND && exit_code > kept_exit_code)
            kept_exit_code = exit_code;
        if (outcome != LINE_READ || (exit_code > EXIT_NOT_FOUND && !keeps_going))
            break;
    }
    line_reader_done(&reader);
    if (interrupt_requested() != 0)
        return session_error(session, EXIT_UNAVAILABLE, "interrupted; the lines before this one were run%s",
                             session->txn != NULL ? ", and the open transaction is rolled back" : "");
    if (session->txn != NULL && kept_exit_code <= EXIT_NOT_FOUND) {
        session->line_no = session->begin_line_no;
        kept_exit_code = session_usage_error(session, "the transaction that begins here was never committed; it is "
                                                      "rolled back");
    }
    return kept_exit_code;
}

/* ---- a person ---- */

/* Between \1 stands what the line editor is not to count as columns. */
static const char *prompt_of(const Session *session)
{
    if (session->txn == NULL)
        return "storage> ";
    return terminal_has_color(STDOUT_FILENO) ? "\1" STYLE_YELLOW "\1storage (transaction)>\1" STYLE_NONE "\1 "
                                             : "storage (transaction)> ";
}

/* Runs a person's command; Ctrl-C cancels it, and the shell goes on. */
static void run_typed_line(Session *session, StorageSlice line)
{
    storage_context_reset(session->ctx); /* an earlier Ctrl-C has cancelled it */
    (void)run_line(session, line);
    if (interrupt_requested() == SIGINT) {
        (void)interrupt_take();
        output_text("\n"); /* the terminal shows ^C */
    }
}

static int run_terminal(Session *session)
{
    LineEditor *editor = line_editor_new(session);
    StorageSlice line;
    int exit_code = EXIT_DONE;
    if (editor == NULL)
        return session_error(session, EXIT_UNAVAILABLE, "out of memory");
    interrupt_keep_output();
    output_format("storagectl %s; \"help\" lists the commands, \"exit\" or Ctrl-D ends\n", storage_version());
    output_flush();
    while (!session->is_ending && output_error() == 0 && interrupt_requested() == 0) {
        EditOutcome outcome = line_editor_read(editor, prompt_of(session), &line);
        if (outcome == EDIT_DONE)
            run_typed_line(session, line);
        else if (outcome == EDIT_FAILED)
            exit_code = session_error(session, EXIT_IO, "the terminal cannot be read: %s", strerror(errno));
        session->is_ending = session->is_ending || (outcome != EDIT_DONE && outcome != EDIT_DROPPED);
    }
    line_editor_free(editor);
    if (session->txn != NULL)
        session_note(session, "the transaction that was open is rolled back");
    return exit_code;
}

static int run(Session *session, const Arguments *arguments)
{
    int exit_code;
    session->in_shell = 1;
    session->preferences = arguments->preferences;
    session->is_interactive = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    (void)interrupt_begin(session->ctx); /* without it a signal ends the process, as ever */
    if (session->is_interactive)
        exit_code = run_terminal(session);
    else
        exit_code = run_script(session, arguments_option(arguments, "--keep-going") != NULL);
    interrupt_end();
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
               "--hex, --base64, --escapes and --json hold for every command that takes them;\n"
               "with --json, scan and watch print jsonl.\n"
               "\n"
               "A script ends at its first command that fails, with its exit code. A key that is\n"
               "not found does not end it, but the exit code is 1 when nothing else failed.\n"
               "\n"
               "On a terminal Tab completes verbs, options, files and keys, Ctrl-C cancels the\n"
               "command that runs or drops the line, and Ctrl-D ends. Lines are kept in\n"
               "$XDG_STATE_HOME/storagectl/history (~/.local/state when that is not set); one that\n"
               "begins with a space is not. ~/.editrc binds keys, see editrc(5).\n",
    .example = "printf 'set a 1\\nscan\\n' | storagectl shell\n",
    .options = options,
    .flags = VERB_NEEDS_STORE | VERB_NOT_IN_SHELL | VERB_MAY_BE_MEMORY | VERB_HAS_BYTES | VERB_HAS_JSON,
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
