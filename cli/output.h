/*
 * cli/output.h - printing of keys and values, which are any bytes.
 *
 * The first failure to write to standard output is remembered and later output is dropped; main asks at the end.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <storage/storage.h>

#include <stdio.h>

/* Standard output: the bytes as they are. */
void output_bytes(StorageSlice bytes);
void output_text(const char *text);
void output_format(const char *format, ...) STORAGE_PRINTF(1, 2);

/* Standard output: printable, on one line; decoding \xHH, \t and the like gives the bytes back. */
void output_printable(StorageSlice bytes);

/* The same on another stream. */
void output_escaped(FILE *stream, StorageSlice bytes);

/* Hands over what is buffered. */
void output_flush(void);

/* The errno number of the first failure, 0 when there was none. EPIPE: the reader has gone, which is no error. */
int output_error(void);

/* 1 when a person looks at standard output. */
int output_is_terminal(void);

#endif
