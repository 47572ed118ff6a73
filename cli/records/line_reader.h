/*
 * cli/records/line_reader.h - lines of any length from a file, a pipe or memory, one at a time.
 *
 * It waits no longer than it is told to, so that a reader of a slow pipe can do something else meanwhile.
 */
#ifndef CLI_RECORDS_LINE_READER_H
#define CLI_RECORDS_LINE_READER_H

#include <stddef.h>
#include <stdint.h>

typedef enum LineOutcome {
    LINE_READ,
    LINE_END,
    LINE_WAITING,  /* nothing came in time: ask again */
    LINE_TOO_LONG, /* it was passed over: the next one may be read */
    LINE_NO_MEMORY,
    LINE_IO_ERROR /* `error` is the errno number */
} LineOutcome;

typedef struct LineReader {
    char *buffer;
    size_t start, searched, end; /* of what was read: the line's start, no newline before `searched`, the end */
    size_t capacity;             /* one byte more is allocated */
    size_t size_max;             /* of a line */
    uint64_t line_no;            /* of the last line, from 1 */
    uint64_t read_count;         /* bytes that came in */
    int fd, error;
    int wake_fd; /* waiting ends when this one is readable; -1: none */
    int is_at_end, is_too_long;
} LineReader;

/* Reads from `fd`, which stays the caller's, lines of up to `size_max` bytes. */
void line_reader_init(LineReader *self, int fd, size_t size_max);

/* Reads what was copied from `bytes`. Returns 0 when out of memory. */
int line_reader_init_memory(LineReader *self, const void *bytes, size_t size, size_t size_max);

void line_reader_done(LineReader *self);

/*
 * The next line, without its newline and a carriage return before it, waiting up to `wait_ms` (negative: as long as it
 * takes) for each block of input. The line may be written to, has a zero byte behind it, and is valid until the next
 * call.
 */
LineOutcome line_reader_next(LineReader *self, int wait_ms, char **ret_line, size_t *ret_size);

#endif
