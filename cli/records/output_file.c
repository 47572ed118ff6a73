/*
 * cli/records/output_file.c - a file that is replaced as a whole or not at all.
 *
 * 1. The name changes hands only after the bytes are on the disk, so that after a power cut the file is the old one or
 *    the whole new one.
 */
#include "records/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TEMPORARY_COUNT_MAX = 100, STREAM_BUFFER_SIZE = 1 << 18 };

/* Makes the temporary file, with the permissions of the one that it replaces. Returns its descriptor, or -1. */
static int open_temporary(OutputFile *self, const struct stat *replaced)
{
    int fd = -1;
    for (int i = 0; fd < 0 && i < TEMPORARY_COUNT_MAX; i++) {
        free(self->temporary_path);
        self->temporary_path = NULL;
        if (asprintf(&self->temporary_path, "%s.%ld-%d.tmp", self->path, (long)getpid(), i) < 0) {
            self->temporary_path = NULL;
            errno = ENOMEM;
            return -1;
        }
        fd = open(self->temporary_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd < 0 && errno != EEXIST)
            break;
    }
    if (fd < 0) {
        free(self->temporary_path);
        self->temporary_path = NULL;
    } else if (replaced != NULL) {
        (void)fchmod(fd, replaced->st_mode & 07777);
    }
    return fd;
}

int output_file_open(OutputFile *self, const char *path)
{
    struct stat there;
    int exists = stat(path, &there) == 0, fd, error;
    if (!exists && errno != ENOENT)
        return errno;
    *self = (OutputFile){.path = exists ? realpath(path, NULL) : strdup(path)};
    if (self->path == NULL)
        return errno;
    if (exists && !S_ISREG(there.st_mode))
        fd = open(path, O_WRONLY | O_CLOEXEC);
    else
        fd = open_temporary(self, exists ? &there : NULL);
    if (fd >= 0)
        self->stream = fdopen(fd, "w");
    error = self->stream == NULL ? errno : 0;
    if (error != 0) {
        if (fd >= 0)
            (void)close(fd);
        output_file_discard(self);
        return error;
    }
    (void)setvbuf(self->stream, NULL, _IOFBF, STREAM_BUFFER_SIZE);
    return 0;
}

/* Makes the new name last. A file system that cannot do so does what it can. */
static void sync_directory(const char *path)
{
    char *copy = strdup(path);
    int fd = copy != NULL ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        (void)fsync(fd);
        (void)close(fd);
    }
    free(copy);
}

int output_file_finish(OutputFile *self)
{
    int error = 0;
    if (fflush(self->stream) != 0 || (self->temporary_path != NULL && fsync(fileno(self->stream)) != 0))
        error = errno;
    if (fclose(self->stream) != 0 && error == 0)
        error = errno;
    self->stream = NULL;
    if (error == 0 && self->temporary_path != NULL) {
        if (rename(self->temporary_path, self->path) != 0) {
            error = errno;
        } else {
            sync_directory(self->path);
            free(self->temporary_path);
            self->temporary_path = NULL;
        }
    }
    output_file_discard(self);
    return error;
}

void output_file_discard(OutputFile *self)
{
    if (self->stream != NULL)
        (void)fclose(self->stream);
    if (self->temporary_path != NULL)
        (void)unlink(self->temporary_path);
    free(self->temporary_path);
    free(self->path);
    *self = (OutputFile){0};
}
