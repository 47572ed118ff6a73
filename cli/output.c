/*
 * cli/output.c - printing of keys and values.
 *
 * Printable is: ASCII without control characters, a backslash doubled, and well-formed UTF-8 from U+00A0 on. All else
 * is \xHH, so that no stored byte can steer a terminal and each key and value stays on its line.
 */
#include "output.h"

#include <errno.h>
#include <stdarg.h>
#include <unistd.h>

static int first_error;

static void note_failure(int failed)
{
    if (failed && first_error == 0)
        first_error = errno != 0 ? errno : EIO;
}

void output_bytes(StorageSlice bytes)
{
    if (first_error == 0 && bytes.size > 0)
        note_failure(fwrite(bytes.data, 1, bytes.size, stdout) != bytes.size);
}

void output_text(const char *text)
{
    output_bytes(storage_string(text));
}

void output_format(const char *format, ...)
{
    va_list arguments;
    if (first_error != 0)
        return;
    va_start(arguments, format);
    note_failure(vprintf(format, arguments) < 0);
    va_end(arguments);
}

/* The length of the well-formed UTF-8 sequence at `bytes`, 0 when there is none or it encodes a control character. */
static size_t utf8_len(const unsigned char *bytes, size_t size)
{
    static const uint32_t smallest[5] = {0, 0, 0xa0, 0x800, 0x10000};
    size_t len = bytes[0] >= 0xf0 ? 4 : bytes[0] >= 0xe0 ? 3 : 2;
    uint32_t code;
    if (bytes[0] < 0xc2 || bytes[0] > 0xf4 || len > size)
        return 0;
    code = bytes[0] & (0xffu >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (bytes[i] & 0x3fu);
    }
    if (code < smallest[len] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    return len;
}

/* Puts the printable form of what stands at `bytes` into `text` and says how many bytes of it were taken. */
static size_t escape_one(const unsigned char *bytes, size_t size, char text[8])
{
    size_t len = 1;
    if (bytes[0] == '\\') {
        (void)snprintf(text, 8, "\\\\");
    } else if (bytes[0] == '\n') {
        (void)snprintf(text, 8, "\\n");
    } else if (bytes[0] == '\t') {
        (void)snprintf(text, 8, "\\t");
    } else if (bytes[0] >= 0x20 && bytes[0] < 0x7f) {
        (void)snprintf(text, 8, "%c", (char)bytes[0]);
    } else if ((len = utf8_len(bytes, size)) > 0) {
        (void)snprintf(text, 8, "%.*s", (int)len, (const char *)bytes);
    } else {
        len = 1;
        (void)snprintf(text, 8, "\\x%02X", bytes[0]);
    }
    return len;
}

void output_escaped(FILE *stream, StorageSlice bytes)
{
    const unsigned char *data = bytes.data;
    char text[8];
    for (size_t i = 0; i < bytes.size;) {
        i += escape_one(data + i, bytes.size - i, text);
        if (fputs(text, stream) == EOF)
            return;
    }
}

void output_printable(StorageSlice bytes)
{
    if (first_error != 0)
        return;
    output_escaped(stdout, bytes);
    note_failure(ferror(stdout));
}

void output_flush(void)
{
    if (first_error == 0)
        note_failure(fflush(stdout) != 0);
}

int output_error(void)
{
    return first_error;
}

int output_is_terminal(void)
{
    return isatty(STDOUT_FILENO);
}
