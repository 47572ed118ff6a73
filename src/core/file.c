/* core/file.c - the file seam: the only file that opens or reads files. Every descriptor is close-on-exec. */
#include "core/environment.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct StorageFile {
    int descriptor;
};

static int system_open_read(void *user_data, const char *path, StorageFile **ret_file)
{
    StorageFile *file;
    int descriptor;
    (void)user_data;
    do {
        /* Without O_NONBLOCK the open of a pipe that nobody writes to would never return. */
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    } while (descriptor < 0 && errno == EINTR);
    if (descriptor < 0)
        return errno;
    file = storage_allocate(sizeof(*file));
    if (file == NULL) {
        (void)close(descriptor);
        return ENOMEM;
    }
    file->descriptor = descriptor;
    *ret_file = file;
    return 0;
}

static int system_read_at(void *user_data, StorageFile *file, uint64_t offset, void *buffer, size_t size,
                          size_t *ret_read)
{
    unsigned char *position = buffer;
    size_t done = 0;
    (void)user_data;
    while (done < size) {
        ssize_t got = pread(file->descriptor, position + done, size - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    *ret_read = done;
    return 0;
}

static int system_size(void *user_data, StorageFile *file, uint64_t *ret_size)
{
    struct stat status;
    (void)user_data;
    if (fstat(file->descriptor, &status) != 0)
        return errno;
    *ret_size = (uint64_t)status.st_size;
    return 0;
}

static void system_close(void *user_data, StorageFile *file)
{
    (void)user_data;
    (void)close(file->descriptor);
    storage_release(file);
}

const StorageFiles system_files = {
    .struct_size = sizeof(StorageFiles),
    .open_read = system_open_read,
    .read_at = system_read_at,
    .size = system_size,
    .close = system_close,
};
