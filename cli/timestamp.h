/* cli/timestamp.h - times as RFC 3339 writes them, to the nanosecond: "2026-11-20T14:37:31.250000000Z". */
#ifndef CLI_TIMESTAMP_H
#define CLI_TIMESTAMP_H

#include <storage/storage.h>

#define TIMESTAMP_TEXT_SIZE 40

/*
 * Reads a time with its offset: "2026-11-20T15:37:31.25+01:00". Returns NULL and sets `*ret_unix_ns`; or what is wrong
 * with the text and how to write it, fit to stand after the text, and leaves `*ret_unix_ns` alone.
 */
const char *timestamp_parse(StorageSlice text, int64_t *ret_unix_ns);

/* The text of a time, in UTC, with nine digits of nanoseconds. Returns `buffer`. */
const char *timestamp_format(int64_t unix_ns, char buffer[TIMESTAMP_TEXT_SIZE]);

#endif
