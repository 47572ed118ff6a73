/*
 * cli/terminal/history.h - the lines that a person typed, kept from one shell to the next.
 *
 * They are in $XDG_STATE_HOME/storagectl/history (~/.local/state/storagectl/history), one a line, for the user alone.
 * Nothing here fails: where the file cannot be read or written there is less history.
 */
#ifndef CLI_TERMINAL_HISTORY_H
#define CLI_TERMINAL_HISTORY_H

#include <stddef.h>

#define HISTORY_LINES_MAX 1000

/* The path of the file, to be freed; its directories are made. NULL when there is no place for it. */
char *history_path(void);

/*
 * Hands the newest HISTORY_LINES_MAX lines of the file to `take`, the oldest first. A file that has grown far beyond
 * that is cut down to them.
 */
void history_load(const char *path, void (*take)(void *user_data, const char *line), void *user_data);

/* Adds a line at the end of the file. Several shells may do so at once. */
void history_append(const char *path, const char *line);

#endif
