/* cli/terminal/terminal.h - what the terminal behind a descriptor can do, and how wide it is. */
#ifndef CLI_TERMINAL_TERMINAL_H
#define CLI_TERMINAL_TERMINAL_H

/* 1 when a person looks at `fd` through a terminal on which a line can be wiped ($TERM is set and not "dumb"). */
int terminal_can_wipe(int fd);

/* The same, and colours are welcome: $NO_COLOR is not set, or empty. */
int terminal_has_color(int fd);

/* Columns, now: a window changes its size. 80 where nobody knows. */
int terminal_width(int fd);

/* 1 when this process may write to the terminal without meddling with another job: it is in the foreground. */
int terminal_is_ours(int fd);

#endif
