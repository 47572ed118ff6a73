/*
 * cli/records/output_file.h - a file that is replaced as a whole or not at all.
 *
 * What is written goes to a temporary file beside it, which takes its name once everything is on the disk. What is
 * there and is no regular file (a device, a pipe) is written to as it is.
 */
#ifndef CLI_RECORDS_OUTPUT_FILE_H
#define CLI_RECORDS_OUTPUT_FILE_H

#include <stdio.h>

typedef struct OutputFile {
    FILE *stream;         /* for the caller to write to */
    char *path;           /* behind symbolic links */
    char *temporary_path; /* NULL: it is written to as it is */
} OutputFile;

/* Returns 0 or an errno number. */
int output_file_open(OutputFile *self, const char *path);

/* Puts what was written in its place. Returns 0 or an errno number: then the file is as it was. Closes in any case. */
int output_file_finish(OutputFile *self);

/* Closes, and leaves the file as it was. Does nothing after output_file_finish. */
void output_file_discard(OutputFile *self);

#endif
