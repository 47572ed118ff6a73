/*
 * config/report.c - the list of everything that is wrong with a document.
 *
 * Keys come from the document: what is not a plain name is printed as storage_key_text prints it, so that a problem
 * stays one line.
 */
#include "config/report.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PATH_DEPTH_MAX 8  /* documents are not nested deeper than this where keys are known */
#define PATH_TEXT_MAX 256 /* bytes of a path that is printed */
#define KEY_TEXT_MAX 64

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
    (void)storage_key_text(storage_string(step->key), key_text, sizeof(key_text));
    if (is_plain_name(step->key))
        (void)snprintf(end, room, "%s%s", used > 0 ? "." : "", key_text);
    else
        (void)snprintf(end, room, "[\"%s\"]", key_text);
}

static void format_path(char buffer[PATH_TEXT_MAX], const ConfigPath *path)
{
    const ConfigPath *steps[PATH_DEPTH_MAX];
    size_t step_count = 0;
    buffer[0] = '\0';
    for (; path != NULL && step_count < PATH_DEPTH_MAX; path = path->parent)
        steps[step_count++] = path;
    while (step_count > 0)
        append_step(buffer, steps[--step_count]);
}

void report_problem(ConfigReport *self, const ConfigPath *path, const char *format, ...)
{
    char path_text[PATH_TEXT_MAX], problem[768];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(problem, sizeof(problem), format, arguments);
    va_end(arguments);
    format_path(path_text, path);
    (void)storage_fail(self->ctx, STORAGE_CONFIG, "%s%s%s%s%s", self->source != NULL ? self->source : "",
                       self->source != NULL ? ": " : "", path_text, path_text[0] != '\0' ? ": " : "", problem);
    if (self->status == STORAGE_OK)
        self->status = STORAGE_CONFIG;
}

void report_no_memory(ConfigReport *self)
{
    self->status = storage_fail(self->ctx, STORAGE_NO_MEMORY, "out of memory while reading the configuration");
}
