/*
 * config/report.h - the list of everything that is wrong with a document, and where.
 *
 * A problem is one error text in the caller's context: "layers[0].limit: unknown key". Checking goes on after a
 * problem, so that all are reported at once.
 */
#ifndef CONFIG_REPORT_H
#define CONFIG_REPORT_H

#include "config/strings.h"

#define REPORT_SOURCE_SIZE 256 /* of the path of a file that is shown */

/* A place in the document, as a list from the inside out. A member has a key, an element an index. */
typedef struct ConfigPath {
    const struct ConfigPath *parent; /* NULL: the document itself */
    const char *key;                 /* NULL: an element */
    size_t index;
} ConfigPath;

typedef struct ConfigReport {
    StorageContext *ctx;
    const char *source;      /* path of the file, or NULL */
    StorageStatus status;    /* OK until the first problem; NO_MEMORY stays */
    size_t problem_count;    /* lack of memory is one too */
    ConfigStrings *warnings; /* takes the warnings */
} ConfigReport;

/* Adds a problem of the document at `path` (NULL: the whole of it). */
void report_problem(ConfigReport *self, const ConfigPath *path, const char *format, ...) STORAGE_PRINTF(3, 4);

/* Adds a warning, which is no problem. */
void report_warning(ConfigReport *self, const ConfigPath *path, const char *format, ...) STORAGE_PRINTF(3, 4);

void report_no_memory(ConfigReport *self);

/*
 * Writes what can be shown of a text: whole characters, a space for each control character, '?' for what is not UTF-8,
 * "..." where it is cut. Returns `buffer`.
 */
const char *report_printable(const char *text, char *buffer, size_t buffer_size);

#endif
