/*
 * cli/terminal/line_editor.h - reads lines from a person at a terminal, by libedit.
 *
 * The keys are those of libedit, and ~/.editrc changes them. Tab completes. Ctrl-C drops the line.
 */
#ifndef CLI_TERMINAL_LINE_EDITOR_H
#define CLI_TERMINAL_LINE_EDITOR_H

#include "terminal/complete.h"

typedef struct LineEditor LineEditor;

typedef enum EditOutcome {
    EDIT_DONE,
    EDIT_DROPPED, /* by Ctrl-C: ask again */
    EDIT_END,     /* Ctrl-D, or the terminal is gone */
    EDIT_STOPPED, /* by a signal that ends the program; interrupt_requested knows which */
    EDIT_FAILED   /* errno says why */
} EditOutcome;

/* An editor on standard input and output, for `session`, whose store completes keys. NULL: out of memory. */
LineEditor *line_editor_new(Session *session);
void line_editor_free(LineEditor *self);

/*
 * Reads a line; `prompt` stands before it. The line, without its end, is valid until the next call. One that begins
 * with a space is not kept in the history. Needs interrupt_begin.
 */
EditOutcome line_editor_read(LineEditor *self, const char *prompt, StorageSlice *ret_line);

#endif
