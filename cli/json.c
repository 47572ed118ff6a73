/*
 * cli/json.c - JSON as the verbs write it.
 *
 * Control characters, also those beyond ASCII, are escaped, so that no stored byte can steer a terminal and everything
 * stays on its line; other text stands as it is. Nothing is allocated: values may be large.
 */
#include "json.h"

#include "timestamp.h"
#include "utf8.h"

#include <resolv.h>
#include <string.h>

enum { BASE64_CHUNK_SIZE = 3 * 1024 }; /* a multiple of three, so that only the last chunk is padded */

static const char *short_escape(unsigned char byte)
{
    switch (byte) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\b':
        return "\\b";
    case '\f':
        return "\\f";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    default:
        return NULL;
    }
}

/* 1 for most of all text: bytes that stand for themselves. */
static int is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

static void write_bytes(FILE *stream, const void *bytes, size_t size)
{
    if (size > 0)
        (void)fwrite_unlocked(bytes, 1, size, stream);
}

/* Writes what stands at `data` and is not plain. Returns how many bytes of it. */
static size_t write_special(FILE *stream, const unsigned char *data, size_t size)
{
    size_t len = utf8_character_size(data, size);
    const char *escape = short_escape(data[0]);
    if (escape != NULL)
        write_bytes(stream, escape, 2);
    else if (len == 0)
        write_bytes(stream, "\xef\xbf\xbd", 3);
    else if (utf8_is_control(data, len))
        (void)fprintf(stream, "\\u%04x", data[len - 1]); /* U+0080 to U+009F end with the byte of their number */
    else
        write_bytes(stream, data, len);
    return len > 0 ? len : 1;
}

void json_string(FILE *stream, StorageSlice text)
{
    const unsigned char *data = text.data;
    write_bytes(stream, "\"", 1);
    for (size_t i = 0; i < text.size;) {
        size_t end = i;
        while (end < text.size && is_plain(data[end]))
            end++;
        write_bytes(stream, data + i, end - i);
        i = end < text.size ? end + write_special(stream, data + end, text.size - end) : end;
    }
    write_bytes(stream, "\"", 1);
}

static void write_base64(FILE *stream, StorageSlice bytes)
{
    const unsigned char *data = bytes.data;
    char encoded[BASE64_CHUNK_SIZE / 3 * 4 + 1];
    write_bytes(stream, "\"", 1);
    for (size_t i = 0; i < bytes.size; i += BASE64_CHUNK_SIZE) {
        size_t size = bytes.size - i < BASE64_CHUNK_SIZE ? bytes.size - i : BASE64_CHUNK_SIZE;
        int len = b64_ntop(data + i, size, encoded, sizeof(encoded));
        write_bytes(stream, encoded, len > 0 ? (size_t)len : 0);
    }
    write_bytes(stream, "\"", 1);
}

/* 1 when `bytes` are text that is shorter as a string than as base64. */
static int is_better_as_text(StorageSlice bytes)
{
    const unsigned char *data = bytes.data;
    size_t escape_size = 0;
    for (size_t i = 0; i < bytes.size;) {
        size_t len = is_plain(data[i]) ? 1 : utf8_character_size(data + i, bytes.size - i);
        if (len == 0 || data[i] == '\0')
            return 0;
        if (short_escape(data[i]) != NULL)
            escape_size += 1;
        else if (utf8_is_control(data + i, len))
            escape_size += 6 - len;
        i += len;
    }
    return escape_size <= bytes.size / 3 + 16;
}

void json_bytes(FILE *stream, const char *name, StorageSlice bytes)
{
    int is_text = is_better_as_text(bytes);
    (void)fprintf(stream, "\"%s%s\":", name, is_text ? "" : "_base64");
    if (is_text)
        json_string(stream, bytes);
    else
        write_base64(stream, bytes);
}

void json_time(FILE *stream, const char *name, int64_t unix_ns)
{
    char text[TIMESTAMP_TEXT_SIZE];
    if (unix_ns == STORAGE_NEVER)
        (void)fprintf(stream, "\"%s\":null", name);
    else
        (void)fprintf(stream, "\"%s\":\"%s\"", name, timestamp_format(unix_ns, text));
}
