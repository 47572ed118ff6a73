/*
 * cli/terminal/line_editor.c - reads lines from a person at a terminal, with libedit.
 *
 * libedit's own signal handling sends the signal on to the whole process group, which may hold a script that called us.
 * So it is off, and read_character, through which libedit gets every character, looks at signals between them:
 *
 * 1. A signal (interrupt.h) makes read_character fail; libedit then leaves the line and gives the terminal back.
 * 2. SIGTSTP, SIGCONT and SIGWINCH are caught while a line is read, and only then: commands run with the handlers that
 *    were there before. A stopped program leaves the terminal as it found it.
 */
#include "terminal/line_editor.h"

#include "terminal/history.h"
#include "terminal/interrupt.h"
#include "terminal/terminal.h"

#include <errno.h>
#include <histedit.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

struct LineEditor {
    Session *session;
    EditLine *edit_line;
    History *history;
    char *history_path; /* NULL: lines are not kept */
    const char *prompt;
};

/* ---- signals while a line is read (2) ---- */

enum { CAUGHT_STOP, CAUGHT_CONTINUE, CAUGHT_RESIZE, CAUGHT_COUNT };

static const int caught_signals[CAUGHT_COUNT] = {SIGTSTP, SIGCONT, SIGWINCH};
static volatile sig_atomic_t is_caught[CAUGHT_COUNT];

static void on_signal(int signal_no)
{
    for (size_t i = 0; i < CAUGHT_COUNT; i++)
        if (caught_signals[i] == signal_no)
            is_caught[i] = 1;
}

static void catch_signals(struct sigaction before[CAUGHT_COUNT])
{
    struct sigaction action = {.sa_handler = on_signal};
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < CAUGHT_COUNT; i++)
        if (sigaction(caught_signals[i], NULL, &before[i]) == 0 && before[i].sa_handler != SIG_IGN)
            (void)sigaction(caught_signals[i], &action, NULL);
}

static void release_signals(const struct sigaction before[CAUGHT_COUNT])
{
    for (size_t i = 0; i < CAUGHT_COUNT; i++)
        (void)sigaction(caught_signals[i], &before[i], NULL);
}

/* Stops as Ctrl-Z asks, and returns when the program is continued. */
static void stop(EditLine *edit_line)
{
    struct sigaction standard = {.sa_handler = SIG_DFL}, before;
    (void)el_set(edit_line, EL_PREP_TERM, 0);
    (void)sigemptyset(&standard.sa_mask);
    (void)sigaction(SIGTSTP, &standard, &before);
    (void)raise(SIGTSTP);
    (void)sigaction(SIGTSTP, &before, NULL);
}

static void handle_signals(EditLine *edit_line)
{
    if (is_caught[CAUGHT_STOP]) {
        is_caught[CAUGHT_STOP] = 0;
        stop(edit_line);
    }
    if (is_caught[CAUGHT_CONTINUE]) {
        is_caught[CAUGHT_CONTINUE] = 0;
        (void)el_set(edit_line, EL_PREP_TERM, 1);
        (void)el_set(edit_line, EL_REFRESH);
    }
    if (is_caught[CAUGHT_RESIZE]) {
        is_caught[CAUGHT_RESIZE] = 0;
        el_resize(edit_line);
    }
}

/* Waits for a byte. Returns as read(2). */
static ssize_t read_byte(EditLine *edit_line, char *ret_byte)
{
    struct pollfd polled[2] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = interrupt_fd(), .events = POLLIN}};
    for (;;) {
        int ready;
        ssize_t size;
        handle_signals(edit_line);
        ready = poll(polled, 2, -1);
        if (interrupt_requested() != 0) {
            errno = EINTR;
            return -1;
        }
        if (ready < 0 && errno != EINTR)
            return -1;
        if (ready <= 0)
            continue;
        size = read(STDIN_FILENO, ret_byte, 1);
        if (size >= 0 || (errno != EINTR && errno != EAGAIN))
            return size;
    }
}

/* What libedit reads characters with: 1, 0 at the end, or -1. Bytes that are no character are dropped. */
static int read_character(EditLine *edit_line, wchar_t *ret_character)
{
    mbstate_t state;
    memset(&state, 0, sizeof(state));
    for (;;) {
        char byte;
        size_t len;
        ssize_t size = read_byte(edit_line, &byte);
        if (size <= 0)
            return (int)size;
        len = mbrtowc(ret_character, &byte, 1, &state);
        if (len == (size_t)-1)
            memset(&state, 0, sizeof(state));
        else if (len != (size_t)-2)
            return 1;
    }
}

/* ---- completion ---- */

static size_t column_count(const char *text)
{
    wchar_t wide[512];
    size_t len = mbstowcs(wide, text, sizeof(wide) / sizeof(wide[0]));
    int width = len < sizeof(wide) / sizeof(wide[0]) ? wcswidth(wide, len) : -1;
    return width >= 0 ? (size_t)width : strlen(text);
}

/* Below the line that is typed, in columns, as ls does it. */
static void list_names(const Candidates *candidates)
{
    size_t widest = 0, columns, rows;
    for (size_t i = 0; i < candidates->name_count; i++) {
        size_t width = column_count(candidates->names[i]);
        widest = width > widest ? width : widest;
    }
    columns = (size_t)terminal_width(STDOUT_FILENO) / (widest + 2);
    columns = columns > 0 ? columns : 1;
    rows = (candidates->name_count + columns - 1) / columns;
    (void)fputc('\n', stdout);
    for (size_t row = 0; row < rows; row++) {
        for (size_t i = row; i < candidates->name_count; i += rows) {
            int is_last = i + rows >= candidates->name_count;
            size_t padding = is_last ? 0 : widest + 2 - column_count(candidates->names[i]);
            (void)fprintf(stdout, "%s%*s", candidates->names[i], (int)padding, "");
        }
        (void)fputc('\n', stdout);
    }
    if (candidates->count > candidates->name_count)
        (void)fputs("... and more: type some of it\n", stdout);
}

/* How many characters `size` bytes of the line are; libedit counts in them. */
static int character_count(const char *text, size_t size)
{
    mbstate_t state;
    const char *rest = text;
    char *copy = strndup(text, size);
    size_t len;
    if (copy == NULL)
        return -1;
    rest = copy;
    memset(&state, 0, sizeof(state));
    len = mbsrtowcs(NULL, &rest, 0, &state);
    free(copy);
    return len < INT32_MAX ? (int)len : -1;
}

static unsigned char on_tab(EditLine *edit_line, int character)
{
    LineEditor *self = NULL;
    Completion completion;
    const LineInfo *info = el_line(edit_line);
    size_t size = (size_t)(info->cursor - info->buffer);
    unsigned char answer = CC_ERROR;
    (void)character;
    (void)el_get(edit_line, EL_CLIENTDATA, (void **)&self);
    complete_line(self->session, storage_bytes(info->buffer, size), &completion);
    if (completion.text != NULL) {
        int replaced_count = character_count(info->buffer + completion.start, size - completion.start);
        if (replaced_count >= 0) {
            el_deletestr(edit_line, replaced_count);
            (void)el_insertstr(edit_line, completion.text);
            answer = CC_REFRESH;
        }
    } else if (completion.candidates.name_count > 0) {
        list_names(&completion.candidates);
        answer = CC_REDISPLAY;
    }
    completion_done(&completion);
    return answer;
}

/* ---- the editor ---- */

static char *current_prompt(EditLine *edit_line)
{
    LineEditor *self = NULL;
    (void)el_get(edit_line, EL_CLIENTDATA, (void **)&self);
    return (char *)(uintptr_t)self->prompt;
}

static void enter_line(void *user_data, const char *line)
{
    LineEditor *self = user_data;
    HistEvent event;
    (void)history(self->history, &event, H_ENTER, line);
}

static void bind_keys(EditLine *edit_line)
{
    /* What the keys of today's terminals send; libedit knows the arrows. */
    static const char *const bindings[][2] = {
        {"^I", "storage-complete"},         {"^R", "em-inc-search-prev"},  {"\033[H", "ed-move-to-beg"},
        {"\033[F", "ed-move-to-end"},       {"\033[1~", "ed-move-to-beg"}, {"\033[4~", "ed-move-to-end"},
        {"\033[3~", "ed-delete-next-char"}, {"\033[1;5C", "em-next-word"}, {"\033[1;5D", "ed-prev-word"},
    };
    for (size_t i = 0; i < sizeof(bindings) / sizeof(bindings[0]); i++)
        (void)el_set(edit_line, EL_BIND, bindings[i][0], bindings[i][1], NULL);
}

LineEditor *line_editor_new(Session *session)
{
    LineEditor *self = calloc(1, sizeof(*self));
    HistEvent event;
    if (self == NULL)
        return NULL;
    self->session = session;
    self->prompt = "";
    self->edit_line = el_init("storagectl", stdin, stdout, stderr);
    self->history = history_init();
    if (self->edit_line == NULL || self->history == NULL) {
        line_editor_free(self);
        return NULL;
    }
    (void)history(self->history, &event, H_SETSIZE, HISTORY_LINES_MAX);
    (void)history(self->history, &event, H_SETUNIQUE, 1);
    (void)el_set(self->edit_line, EL_CLIENTDATA, self);
    (void)el_set(self->edit_line, EL_SIGNAL, 0);
    (void)el_set(self->edit_line, EL_GETCFN, read_character);
    (void)el_set(self->edit_line, EL_PROMPT_ESC, current_prompt, '\1');
    (void)el_set(self->edit_line, EL_EDITOR, "emacs");
    (void)el_set(self->edit_line, EL_HIST, history, self->history);
    /* el_set would copy the strings for this one and never free them. */
    (void)el_wset(self->edit_line, EL_ADDFN, L"storage-complete", L"Complete verbs, options, files and keys", on_tab);
    bind_keys(self->edit_line);
    (void)el_source(self->edit_line, NULL);
    self->history_path = history_path();
    if (self->history_path != NULL)
        history_load(self->history_path, enter_line, self);
    return self;
}

void line_editor_free(LineEditor *self)
{
    if (self == NULL)
        return;
    if (self->edit_line != NULL)
        el_end(self->edit_line);
    if (self->history != NULL)
        history_end(self->history);
    free(self->history_path);
    free(self);
}

static void keep_line(LineEditor *self, const char *line, size_t size)
{
    HistEvent newest;
    char *copy = size > 0 && line[0] != ' ' ? strndup(line, size) : NULL;
    if (copy == NULL)
        return;
    if (history(self->history, &newest, H_FIRST) < 0 || strcmp(newest.str, copy) != 0) {
        enter_line(self, copy);
        if (self->history_path != NULL)
            history_append(self->history_path, copy);
    }
    free(copy);
}

/* Why there is no line. */
static EditOutcome explain_no_line(int count, int error)
{
    int signal_no = interrupt_requested();
    if (signal_no == SIGINT) {
        (void)interrupt_take();
        (void)fputs("^C\n", stdout);
        return EDIT_DROPPED;
    }
    (void)fputc('\n', stdout);
    errno = error;
    if (signal_no != 0)
        return EDIT_STOPPED;
    return count == 0 || error == EIO ? EDIT_END : EDIT_FAILED; /* EIO: the terminal is gone */
}

EditOutcome line_editor_read(LineEditor *self, const char *prompt, StorageSlice *ret_line)
{
    struct sigaction before[CAUGHT_COUNT];
    const char *line;
    EditOutcome outcome;
    int count = 0, error;
    size_t size;
    self->prompt = prompt;
    catch_signals(before);
    interrupt_set_patience(1);
    errno = 0;
    line = el_gets(self->edit_line, &count);
    error = errno;
    release_signals(before);
    outcome = line != NULL && count > 0 ? EDIT_DONE : explain_no_line(count, error);
    interrupt_set_patience(0);
    if (outcome != EDIT_DONE)
        return outcome;
    size = (size_t)count;
    if (line[size - 1] == '\n')
        size--;
    keep_line(self, line, size);
    *ret_line = storage_bytes(line, size);
    return EDIT_DONE;
}
