/*
 * cli/terminal/history.c - the lines that a person typed, kept from one shell to the next.
 *
 * 1. A line is appended with one write, so that lines of several shells do not mix, and that a shell that is killed
 *    loses nothing.
 * 2. At most the last FILE_SIZE_MAX bytes are read. The file is cut down by a new one that takes its name, never in
 *    place. Lines that another shell appends in that moment are lost: it is a history, not a journal.
 * 3. The file is readable by its owner alone: keys and values are in it. What is no regular file is left alone.
 */
#include "terminal/history.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_SIZE_MAX (4u << 20)
#define FILE_LINES_MAX (2 * HISTORY_LINES_MAX) /* it is cut down when it has more */
#define LINE_SIZE_MAX (16u << 10)              /* a longer one is not kept */

/* Makes the directories of `path`. Returns 0 when one cannot be made. */
static int make_directories(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        int failed;
        *slash = '\0';
        failed = mkdir(path, 0700) != 0 && errno != EEXIST;
        *slash = '/';
        if (failed)
            return 0;
    }
    return 1;
}

char *history_path(void)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    char *path = NULL;
    int size;
    if (state != NULL && state[0] == '/') /* a relative one is to be ignored, says the XDG Base Directory page */
        size = asprintf(&path, "%s/storagectl/history", state);
    else if (home != NULL && home[0] == '/')
        size = asprintf(&path, "%s/.local/state/storagectl/history", home);
    else
        return NULL;
    if (size < 0)
        return NULL;
    if (make_directories(path))
        return path;
    free(path);
    return NULL;
}

static int open_file(const char *path, int flags)
{
    struct stat info;
    int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK, 0600); /* a pipe in its place keeps nobody waiting */
    if (fd < 0)
        return -1;
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode))
        return fd;
    (void)close(fd);
    return -1;
}

static int write_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);
        if (written < 0 && errno != EINTR)
            return 0;
        bytes += written > 0 ? written : 0;
        size -= written > 0 ? (size_t)written : 0;
    }
    return 1;
}

/* What the file holds at its end, with a zero byte behind it; NULL when it cannot be read. To be freed. */
static char *read_file(const char *path, size_t *ret_size)
{
    int fd = open_file(path, O_RDONLY);
    char *text = fd >= 0 ? malloc(FILE_SIZE_MAX + 1) : NULL;
    size_t size = 0;
    ssize_t got = 1;
    if (fd >= 0 && lseek(fd, 0, SEEK_END) > (off_t)FILE_SIZE_MAX)
        (void)lseek(fd, -(off_t)FILE_SIZE_MAX, SEEK_END);
    else if (fd >= 0)
        (void)lseek(fd, 0, SEEK_SET);
    while (text != NULL && size < FILE_SIZE_MAX && got != 0) {
        got = read(fd, text + size, FILE_SIZE_MAX - size);
        if (got < 0 && errno != EINTR)
            break;
        size += got > 0 ? (size_t)got : 0;
    }
    if (fd >= 0)
        (void)close(fd);
    if (text != NULL)
        text[size] = '\0';
    *ret_size = size;
    return text;
}

/* The start of the last `line_count` lines of `text`. */
static size_t start_of_last_lines(const char *text, size_t size, size_t line_count)
{
    size_t position = size > 0 && text[size - 1] == '\n' ? size - 1 : size;
    for (; position > 0; position--)
        if (text[position - 1] == '\n' && --line_count == 0)
            return position;
    return 0;
}

static void replace_file(const char *path, const char *bytes, size_t size)
{
    char *new_path = NULL;
    int fd, is_written;
    if (asprintf(&new_path, "%s.XXXXXX", path) < 0)
        return;
    fd = mkstemp(new_path);
    if (fd >= 0) {
        is_written = write_all(fd, bytes, size);
        if (close(fd) != 0 || !is_written || rename(new_path, path) != 0)
            (void)unlink(new_path);
    }
    free(new_path);
}

void history_load(const char *path, void (*take)(void *user_data, const char *line), void *user_data)
{
    size_t size, start;
    char *text = read_file(path, &size), *rest, *line;
    if (text == NULL)
        return;
    start = start_of_last_lines(text, size, HISTORY_LINES_MAX);
    if (start > 0 && (size == FILE_SIZE_MAX || start_of_last_lines(text, size, FILE_LINES_MAX) > 0))
        replace_file(path, text + start, size - start);
    for (rest = text + start; (line = strsep(&rest, "\n")) != NULL;)
        if (line[0] != '\0')
            take(user_data, line);
    free(text);
}

void history_append(const char *path, const char *line)
{
    int fd = strlen(line) <= LINE_SIZE_MAX ? open_file(path, O_WRONLY | O_APPEND | O_CREAT) : -1;
    char *text = NULL;
    if (fd < 0)
        return;
    (void)fchmod(fd, 0600);
    if (asprintf(&text, "%s\n", line) >= 0) {
        (void)write_all(fd, text, strlen(text));
        free(text);
    }
    (void)close(fd);
}
