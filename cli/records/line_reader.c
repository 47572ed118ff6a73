/*
 * cli/records/line_reader.c - lines of any length from a file, a pipe or memory.
 *
 * A line longer than the limit is passed over and reported; it never fills the memory. A last line without a newline is
 * a line like any other.
 *
 * 1. start <= searched <= end <= capacity, and the buffer has room for one byte more.
 */
#include "records/line_reader.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK_SIZE = 1 << 18 };

void line_reader_init(LineReader *self, int fd, size_t size_max)
{
    *self = (LineReader){.fd = fd, .wake_fd = -1, .size_max = size_max};
}

int line_reader_init_memory(LineReader *self, const void *bytes, size_t size, size_t size_max)
{
    *self = (LineReader){.fd = -1, .wake_fd = -1, .size_max = size_max, .is_at_end = 1, .capacity = size, .end = size};
    self->buffer = malloc(size + 1);
    if (self->buffer == NULL)
        return 0;
    if (size > 0)
        memcpy(self->buffer, bytes, size);
    self->read_count = size;
    return 1;
}

void line_reader_done(LineReader *self)
{
    free(self->buffer);
    *self = (LineReader){.fd = -1, .wake_fd = -1};
}

/* Makes room for more input behind what is there. Returns 0 when out of memory. */
static int make_room(LineReader *self)
{
    size_t capacity;
    char *buffer;
    if (self->start > 0) {
        memmove(self->buffer, self->buffer + self->start, self->end - self->start);
        self->searched -= self->start;
        self->end -= self->start;
        self->start = 0;
    }
    if (self->capacity - self->end >= BLOCK_SIZE / 2)
        return 1;
    capacity = self->capacity == 0 ? BLOCK_SIZE : self->capacity * 2;
    buffer = realloc(self->buffer, capacity + 1);
    if (buffer == NULL)
        return 0;
    self->buffer = buffer;
    self->capacity = capacity;
    return 1;
}

/* Reads a block. LINE_READ: something came, or the end. */
static LineOutcome read_block(LineReader *self, int wait_ms)
{
    struct pollfd inputs[2] = {{.fd = self->fd, .events = POLLIN}, {.fd = self->wake_fd, .events = POLLIN}};
    ssize_t got;
    int ready;
    if (!make_room(self))
        return LINE_NO_MEMORY;
    ready = poll(inputs, 2, wait_ms); /* which passes over a descriptor of -1 */
    if (ready == 0 || (ready < 0 && errno == EINTR) || (ready > 0 && inputs[1].revents != 0))
        return LINE_WAITING;
    got = read(self->fd, self->buffer + self->end, self->capacity - self->end);
    if (got < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK))
        return LINE_WAITING;
    if (got < 0) {
        self->error = errno;
        return LINE_IO_ERROR;
    }
    self->is_at_end = got == 0;
    self->end += (size_t)got;
    self->read_count += (uint64_t)got;
    return LINE_READ;
}

/* Hands out the line that ends before `line_end`; the next one starts at `next`. */
static LineOutcome take_line(LineReader *self, size_t line_end, size_t next, char **ret_line, size_t *ret_size)
{
    size_t size = line_end - self->start;
    char *line = self->buffer + self->start;
    int is_too_long = self->is_too_long || size > self->size_max;
    if (size > 0 && line[size - 1] == '\r')
        size--;
    line[size] = '\0';
    self->start = self->searched = next;
    self->is_too_long = 0;
    self->line_no++;
    *ret_line = line;
    *ret_size = size;
    return is_too_long ? LINE_TOO_LONG : LINE_READ;
}

LineOutcome line_reader_next(LineReader *self, int wait_ms, char **ret_line, size_t *ret_size)
{
    for (;;) {
        size_t unsearched = self->end - self->searched;
        const char *newline = unsearched > 0 ? memchr(self->buffer + self->searched, '\n', unsearched) : NULL;
        LineOutcome outcome;
        if (newline != NULL) {
            size_t line_end = (size_t)(newline - self->buffer);
            return take_line(self, line_end, line_end + 1, ret_line, ret_size);
        }
        self->searched = self->end;
        if (self->end - self->start > self->size_max) {
            self->is_too_long = 1;
            self->start = self->searched = self->end = 0;
        }
        if (self->is_at_end) {
            if (self->start == self->end && !self->is_too_long)
                return LINE_END;
            return take_line(self, self->end, self->end, ret_line, ret_size);
        }
        outcome = read_block(self, wait_ms);
        if (outcome != LINE_READ)
            return outcome;
    }
}
