/* cli/terminal/terminal.c - what the terminal behind a descriptor can do, and how wide it is. */
#include "terminal/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

int terminal_can_wipe(int fd)
{
    const char *name = getenv("TERM");
    return isatty(fd) && name != NULL && name[0] != '\0' && strcmp(name, "dumb") != 0;
}

int terminal_has_color(int fd)
{
    const char *refusal = getenv("NO_COLOR");
    return terminal_can_wipe(fd) && (refusal == NULL || refusal[0] == '\0');
}

int terminal_width(int fd)
{
    struct winsize size;
    return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

int terminal_is_ours(int fd)
{
    pid_t group = tcgetpgrp(fd);
    return group < 0 || group == getpgrp(); /* a terminal that does not control us has no foreground of ours */
}
