/*
 * cli/json.h - JSON as the verbs write it: strings, bytes, times.
 *
 * A key or a value is any bytes. As a member "value" it is a JSON string when it is text, else "value_base64" has its
 * bytes. Failures to write stay in the stream (ferror).
 */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <storage/storage.h>

#include <stdio.h>

/* `text` as a JSON string on one line; what is no UTF-8 becomes U+FFFD. */
void json_string(FILE *stream, StorageSlice text);

/*
 * The member `name` or `name`_base64: "value":"text". It is base64 for bytes that are no UTF-8 or have a zero byte,
 * which many readers of JSON cut off, and where escapes would make it longer than base64 does.
 */
void json_bytes(FILE *stream, const char *name, StorageSlice bytes);

/* The member `name` as an RFC 3339 time; STORAGE_NEVER is null. */
void json_time(FILE *stream, const char *name, int64_t unix_ns);

#endif
