/*
 * cli/output.h - printing of keys and values, which are any bytes.
 *
 * The first failure to write to standard output is remembered and later output is dropped; main asks at the end.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "encoding.h"

#include <stdio.h>

/* Standard output: the bytes as they are. */
void output_bytes(StorageSlice bytes);
void output_text(const char *text);
void output_format(const char *format, ...) STORAGE_PRINTF(1, 2);

/* Standard output: printable, on one line; decoding \xHH, \t and the like gives the bytes back. */
void output_printable(StorageSlice bytes);

/* A key or a value as the user wants to see it; TEXT and ESCAPES are printable. */
void output_encoded(StorageSlice bytes, Encoding encoding);

/* As output_printable, on another stream. */
void output_escaped(FILE *stream, StorageSlice bytes);

/* Likewise the text of a message, in which a backslash means one already and stays as it is. */
void output_message(FILE *stream, const char *text);

/* After something else has written to stdout: remembers that it failed. */
void output_note(void);

/* Hands over what is buffered. */
void output_flush(void);

/* The errno number of the first failure, 0 when there was none. EPIPE: the reader has gone, which is no error. */
int output_error(void);

/* 1 when a person looks at standard output. */
int output_is_terminal(void);

/* The escape sequence that switches to a style on standard output, "" when it is no terminal or colours are unwanted
 * (NO_COLOR, TERM=dumb). */
const char *output_style(const char *sequence);
#define STYLE_BOLD "\033[1m"
#define STYLE_DIM "\033[2m"
#define STYLE_RED "\033[31m"
#define STYLE_GREEN "\033[32m"
#define STYLE_YELLOW "\033[33m"
#define STYLE_NONE "\033[0m"

#endif
