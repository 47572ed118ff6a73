/*
 * config/file.c - small text files, read whole through the environment.
 *
 * It refuses what is larger than its caller wants, what is no regular file (directories, pipes, terminals), and what
 * has not as many bytes as the file system says, such as a file that is being written. It reports to nobody: who asked
 * for the file knows what to call it.
 */
#include "config/file.h"

#include "config/wipe.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static StorageStatus file_failure(ConfigFile *self, int error)
{
    const char *text = strerrordesc_np(error);
    if (text == NULL)
        text = "unknown error";
    if (error == ENOMEM) {
        (void)snprintf(self->problem, sizeof(self->problem), "out of memory");
        return STORAGE_NO_MEMORY;
    }
    /* A path with a missing or wrong directory in it is a mistake in what was asked for, like a missing file. */
    if (error == ENOENT || error == ENOTDIR) {
        (void)snprintf(self->problem, sizeof(self->problem), "%s; create it, or correct the path", text);
        return STORAGE_CONFIG;
    }
    if (error == ELOOP || error == ENAMETOOLONG) {
        (void)snprintf(self->problem, sizeof(self->problem), "%s; correct the path", text);
        return STORAGE_CONFIG;
    }
    if (error == EACCES || error == EPERM) {
        (void)snprintf(self->problem, sizeof(self->problem), "%s; it must be readable to this process", text);
        return STORAGE_ACCESS_DENIED;
    }
    if (error == EISDIR)
        (void)snprintf(self->problem, sizeof(self->problem), "a directory, not a regular file");
    else if (error == ESPIPE)
        (void)snprintf(self->problem, sizeof(self->problem), "a pipe or the like, not a regular file");
    else
        (void)snprintf(self->problem, sizeof(self->problem), "cannot be read: %s", text);
    return STORAGE_IO;
}

static void format_limit(size_t size_max, char buffer[32])
{
    if (size_max % 1048576 == 0)
        (void)snprintf(buffer, 32, "%zu MiB", size_max / 1048576);
    else
        (void)snprintf(buffer, 32, "%zu KiB", size_max / 1024);
}

/* What was read, up to one byte more than `size_max`, of a file that said that it had `size` bytes. */
static StorageStatus check_size(ConfigFile *self, size_t got, uint64_t size, size_t size_max)
{
    char limit[32];
    if (got > size_max) {
        format_limit(size_max, limit);
        (void)snprintf(self->problem, sizeof(self->problem), "larger than %s, the most that is read; make it smaller",
                       limit);
        return STORAGE_CONFIG;
    }
    if (got != size) {
        (void)snprintf(self->problem, sizeof(self->problem),
                       "not a regular file, or one that is being written; name another, or try again");
        return STORAGE_IO;
    }
    return STORAGE_OK;
}

static StorageStatus read_open_file(ConfigFile *self, const StorageFiles *files, StorageFile *file, size_t size_max)
{
    uint64_t size = 0;
    size_t wanted, got = 0;
    char *text;
    StorageStatus status;
    int error = files->size(files->user_data, file, &size);
    if (error != 0)
        return file_failure(self, error);
    /* One byte more than there should be: only reading tells a directory or a pipe, and what has grown since. */
    wanted = (size_t)(size < size_max ? size : size_max) + 1;
    text = storage_allocate(wanted + 1);
    if (text == NULL)
        return file_failure(self, ENOMEM);
    error = files->read_at(files->user_data, file, 0, text, wanted, &got);
    status = error != 0 ? file_failure(self, error) : check_size(self, got, size, size_max);
    if (status != STORAGE_OK) {
        wipe_and_release(text, wanted);
        return status;
    }
    text[got] = '\0';
    self->text = text;
    self->size = got;
    return STORAGE_OK;
}

StorageStatus config_file_read(ConfigFile *ret_file, const StorageFiles *files, const char *path, size_t size_max)
{
    StorageFile *file;
    StorageStatus status;
    int error;
    memset(ret_file, 0, sizeof(*ret_file));
    error = files->open_read(files->user_data, path, &file);
    if (error != 0)
        return file_failure(ret_file, error);
    status = read_open_file(ret_file, files, file, size_max);
    files->close(files->user_data, file);
    return status;
}

void config_file_done(ConfigFile *self)
{
    wipe_and_release(self->text, self->size);
    self->text = NULL;
}

StorageSlice config_file_directory(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return storage_bytes(path, 0);
    return storage_bytes(path, slash == path ? 1 : (size_t)(slash - path));
}
