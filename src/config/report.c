/*
 * config/report.c - the list of everything that is wrong with a document.
 *
 * Keys come from the document: of what is not a plain name only what can be shown is, so that a problem stays one line.
 */
#include "config/report.h"

#include "core/utf8.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PATH_DEPTH_MAX 8  /* documents are not nested deeper than this where keys are known */
#define PATH_TEXT_MAX 256 /* bytes of a path that is printed */
#define KEY_TEXT_MAX 64
#define LINE_SIZE 1024 /* what an error text of a context holds */

static int is_plain_name(const char *key)
{
    if (!isalpha((unsigned char)key[0]) && key[0] != '_')
        return 0;
    for (; *key != '\0'; key++)
        if (!isalnum((unsigned char)*key) && *key != '_')
            return 0;
    return 1;
}

static void append_step(char buffer[PATH_TEXT_MAX], const ConfigPath *step)
{
    char key_text[KEY_TEXT_MAX];
    size_t used = strlen(buffer);
    char *end = buffer + used;
    size_t room = PATH_TEXT_MAX - used;
    if (step->key == NULL) {
        (void)snprintf(end, room, "[%zu]", step->index);
        return;
    }
    (void)report_printable(step->key, key_text, sizeof(key_text));
    if (is_plain_name(step->key))
        (void)snprintf(end, room, "%s%s", used > 0 ? "." : "", key_text);
    else
        (void)snprintf(end, room, "[\"%s\"]", key_text);
}

static const char *format_path(char buffer[PATH_TEXT_MAX], const ConfigPath *path)
{
    const ConfigPath *steps[PATH_DEPTH_MAX];
    size_t step_count = 0;
    buffer[0] = '\0';
    for (; path != NULL && step_count < PATH_DEPTH_MAX; path = path->parent)
        steps[step_count++] = path;
    while (step_count > 0)
        append_step(buffer, steps[--step_count]);
    return buffer;
}

/* "app.json: layers[0].limit: unknown key". Returns `line`. */
static const char *format_line(const ConfigReport *self, const ConfigPath *path, const char *format, va_list arguments,
                               char line[LINE_SIZE])
{
    char path_text[PATH_TEXT_MAX], source[REPORT_SOURCE_SIZE];
    size_t used;
    (void)format_path(path_text, path);
    (void)snprintf(line, LINE_SIZE, "%s%s%s%s",
                   report_printable(self->source != NULL ? self->source : "", source, sizeof(source)),
                   self->source != NULL ? ": " : "", path_text, path_text[0] != '\0' ? ": " : "");
    used = strlen(line);
    (void)vsnprintf(line + used, LINE_SIZE - used, format, arguments);
    return line;
}

void report_problem(ConfigReport *self, const ConfigPath *path, const char *format, ...)
{
    char line[LINE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    (void)storage_fail(self->ctx, STORAGE_CONFIG, "%s", format_line(self, path, format, arguments, line));
    va_end(arguments);
    self->problem_count++;
    if (self->status == STORAGE_OK)
        self->status = STORAGE_CONFIG;
}

void report_warning(ConfigReport *self, const ConfigPath *path, const char *format, ...)
{
    char line[LINE_SIZE], printable[LINE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    (void)report_printable(format_line(self, path, format, arguments, line), printable, sizeof(printable));
    va_end(arguments);
    if (config_strings_add(self->warnings, storage_string(printable)) == NULL)
        report_no_memory(self);
}

void report_no_memory(ConfigReport *self)
{
    self->problem_count++;
    self->status = storage_fail(self->ctx, STORAGE_NO_MEMORY, "out of memory while reading the configuration");
}

/* C0, DEL and C1 move the cursor of a terminal, or worse. U+2028 and U+2029 end a line; U+200E, U+200F, U+202A to
 * U+202E and U+2066 to U+2069 turn the order of what is shown. */
static int is_control(const char *character, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)character;
    if (size == 1)
        return bytes[0] < 0x20 || bytes[0] == 0x7f;
    if (size == 2)
        return bytes[0] == 0xc2 && bytes[1] < 0xa0;
    if (size != 3 || bytes[0] != 0xe2)
        return 0;
    return (bytes[1] == 0x80 && (bytes[2] == 0x8e || bytes[2] == 0x8f || (bytes[2] >= 0xa8 && bytes[2] <= 0xae))) ||
           (bytes[1] == 0x81 && bytes[2] >= 0xa6 && bytes[2] <= 0xa9);
}

const char *report_printable(const char *text, char *buffer, size_t buffer_size)
{
    size_t left = strlen(text), used = 0;
    while (left > 0) {
        size_t size = utf8_character_size(text, left);
        const char *shown = text;
        size_t shown_size = size;
        if (size == 0 || is_control(text, size)) {
            shown = size == 0 ? "?" : " ";
            shown_size = 1;
            size += size == 0;
        }
        if (used + shown_size + 4 > buffer_size) { /* 4: "..." and the end */
            memcpy(buffer + used, "...", 3);
            used += 3;
            break;
        }
        memcpy(buffer + used, shown, shown_size);
        used += shown_size;
        text += size;
        left -= size;
    }
    buffer[used] = '\0';
    return buffer;
}
