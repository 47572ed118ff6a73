/*
 * cli/output.c - printing of keys and values.
 *
 * Printable is: ASCII without control characters, a backslash doubled, and well-formed UTF-8 from U+00A0 on. All else
 * is \xHH, so that no stored byte can steer a terminal and each key and value stays on its line.
 */
#include "output.h"

#include "utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
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
    } else if (bytes[0] == '\r') {
        (void)snprintf(text, 8, "\\r");
    } else if (bytes[0] >= 0x20 && bytes[0] < 0x7f) {
        (void)snprintf(text, 8, "%c", (char)bytes[0]);
    } else if ((len = utf8_character_size(bytes, size)) > 1 && !utf8_is_control(bytes, len)) {
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

void output_message(FILE *stream, const char *text)
{
    const unsigned char *data = (const unsigned char *)text;
    size_t size = strlen(text), taken;
    char shown[8];
    for (size_t i = 0; i < size; i += taken) {
        taken = escape_one(data + i, size - i, shown);
        (void)fputs(data[i] == '\\' ? "\\" : shown, stream);
    }
}

void output_printable(StorageSlice bytes)
{
    if (first_error != 0)
        return;
    output_escaped(stdout, bytes);
    output_note();
}

void output_note(void)
{
    note_failure(ferror(stdout));
}

void output_encoded(StorageSlice bytes, Encoding encoding)
{
    char *text;
    if (encoding == ENCODING_TEXT || encoding == ENCODING_ESCAPES) {
        output_printable(bytes);
        return;
    }
    text = encoding_encode(encoding, bytes);
    if (text == NULL) {
        errno = ENOMEM;
        note_failure(1);
        return;
    }
    output_text(text);
    free(text);
}

const char *output_style(const char *sequence)
{
    const char *no_color = getenv("NO_COLOR"), *terminal = getenv("TERM");
    int is_wanted = output_is_terminal() && (no_color == NULL || no_color[0] == '\0') && terminal != NULL &&
                    strcmp(terminal, "dumb") != 0;
    return is_wanted ? sequence : "";
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
