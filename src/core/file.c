/* core/file.c - the file seam: the only file that opens, reads or writes files. Every descriptor is close-on-exec. */
#include "core/allocator.h"
#include "core/environment.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

struct StorageFile {
    int descriptor;
    char *temporary_path; /* of a file that is not published yet, where the file system has none without a name */
};

#define FILE_MODE 0666          /* as far as the umask allows */
#define PART_COUNT_MAX 64       /* of one system call; IOV_MAX is larger */
#define ZERO_SIZE 65536         /* written at a time where space cannot be promised otherwise */
#define CREATE_ATTEMPTS 16      /* to find a name that nobody has */
#define DESCRIPTOR_PATH_SIZE 32 /* "/proc/self/fd/" and a number */

static int open_descriptor(const char *path, int flags, StorageFile **ret_file)
{
    StorageFile *file;
    int descriptor;
    do {
        descriptor = open(path, flags | O_CLOEXEC | O_NOCTTY, FILE_MODE);
    } while (descriptor < 0 && errno == EINTR);
    if (descriptor < 0)
        return errno;
    file = storage_allocate(sizeof(*file));
    if (file == NULL) {
        (void)close(descriptor);
        return ENOMEM;
    }
    *file = (StorageFile){.descriptor = descriptor};
    *ret_file = file;
    return 0;
}

static int system_open_read(void *user_data, const char *path, StorageFile **ret_file)
{
    (void)user_data;
    /* Without O_NONBLOCK the open of a pipe that nobody writes to would never return. */
    return open_descriptor(path, O_RDONLY | O_NONBLOCK, ret_file);
}

static int system_open_write(void *user_data, const char *path, StorageFile **ret_file)
{
    (void)user_data;
    return open_descriptor(path, O_RDWR | O_NONBLOCK, ret_file);
}

static int system_create(void *user_data, const char *path, StorageFile **ret_file)
{
    (void)user_data;
    return open_descriptor(path, O_RDWR | O_CREAT | O_EXCL, ret_file);
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
    if (file->temporary_path != NULL)
        (void)unlink(file->temporary_path);
    (void)close(file->descriptor);
    storage_release(file->temporary_path);
    storage_release(file);
}

/* Takes `done` bytes off the front of the parts. */
static void skip_written(struct iovec *parts, size_t *first, size_t part_count, size_t done)
{
    while (*first < part_count && done >= parts[*first].iov_len)
        done -= parts[(*first)++].iov_len;
    if (*first < part_count) {
        parts[*first].iov_base = (char *)parts[*first].iov_base + done;
        parts[*first].iov_len -= done;
    }
}

static int write_parts(int descriptor, uint64_t *offset, struct iovec *parts, size_t part_count)
{
    size_t first = 0;
    while (first < part_count) {
        ssize_t done = pwritev(descriptor, parts + first, (int)(part_count - first), (off_t)*offset);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return errno;
        if (done == 0)
            return EIO;
        *offset += (uint64_t)done;
        skip_written(parts, &first, part_count, (size_t)done);
    }
    return 0;
}

static int system_write_at(void *user_data, StorageFile *file, uint64_t offset, const StorageSlice *parts,
                           size_t part_count)
{
    struct iovec vector[PART_COUNT_MAX];
    int error = 0;
    (void)user_data;
    while (part_count > 0 && error == 0) {
        size_t count = 0;
        for (; count < part_count && count < PART_COUNT_MAX; count++)
            vector[count] = (struct iovec){(void *)(uintptr_t)parts[count].data, parts[count].size};
        error = write_parts(file->descriptor, &offset, vector, count);
        parts += count;
        part_count -= count;
    }
    return error;
}

/* A write beyond the limit of the process would end it by a signal. */
static int check_size_limit(uint64_t size)
{
    struct rlimit limit;
    if (size > INT64_MAX)
        return EFBIG;
    if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return 0;
    return size > limit.rlim_cur ? EFBIG : 0;
}

static int write_zeros(StorageFile *file, uint64_t from, uint64_t to)
{
    static const unsigned char zeros[ZERO_SIZE];
    while (from < to) {
        struct iovec part = {(void *)(uintptr_t)zeros, to - from < ZERO_SIZE ? (size_t)(to - from) : ZERO_SIZE};
        int error = write_parts(file->descriptor, &from, &part, 1);
        if (error != 0)
            return error;
    }
    return 0;
}

/* fallocate itself, for the C library would write a byte to each block where the file system has none, and call that
 * done. */
static int system_allocate(void *user_data, StorageFile *file, uint64_t size)
{
    uint64_t present;
    int error = system_size(user_data, file, &present);
    if (error == 0)
        error = check_size_limit(size);
    if (error != 0 || size <= present)
        return error;
    do {
        error = fallocate(file->descriptor, 0, (off_t)present, (off_t)(size - present)) == 0 ? 0 : errno;
    } while (error == EINTR);
    return error == EOPNOTSUPP || error == ENOSYS ? write_zeros(file, present, size) : error;
}

static int system_truncate(void *user_data, StorageFile *file, uint64_t size)
{
    (void)user_data;
    while (ftruncate(file->descriptor, (off_t)size) != 0)
        if (errno != EINTR)
            return errno;
    return 0;
}

/* A sync that was interrupted is not asked again: what an error means for the pages is not known (EINTR too). */
static int system_sync(void *user_data, StorageFile *file)
{
    (void)user_data;
    return fdatasync(file->descriptor) == 0 ? 0 : errno;
}

static int system_forget(void *user_data, StorageFile *file, uint64_t offset, uint64_t size)
{
    (void)user_data;
    return posix_fadvise(file->descriptor, (off_t)offset, (off_t)size, POSIX_FADV_DONTNEED);
}

static int system_lock(void *user_data, StorageFile *file, int is_exclusive)
{
    struct flock lock = {.l_type = is_exclusive ? F_WRLCK : F_RDLCK, .l_whence = SEEK_SET};
    (void)user_data;
    if (fcntl(file->descriptor, F_OFD_SETLK, &lock) == 0)
        return 0;
    return errno == EACCES ? EAGAIN : errno;
}

static int system_identity(void *user_data, StorageFile *file, uint64_t ret_identity[2])
{
    struct stat status;
    (void)user_data;
    if (fstat(file->descriptor, &status) != 0)
        return errno;
    ret_identity[0] = (uint64_t)status.st_dev;
    ret_identity[1] = (uint64_t)status.st_ino;
    return 0;
}

/* The directory that `path` lies in; NULL: no memory. */
static char *directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
    return allocator_copy_text(len > 0 ? (StorageSlice){path, len} : storage_string("."));
}

/* Takes no memory: a failure is one of the disk, and a store that meets it writes no more. */
static int system_sync_directory(void *user_data, const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
    char directory[PATH_MAX] = ".";
    int descriptor, error = 0;
    (void)user_data;
    if (len >= sizeof(directory))
        return ENAMETOOLONG;
    if (len > 0) {
        memcpy(directory, path, len);
        directory[len] = 0;
    }
    descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return errno;
    if (fsync(descriptor) != 0)
        error = errno;
    (void)close(descriptor);
    return error;
}

/* ---- files without a name ---- */

/* A file beside `path`, for file systems that have none without a name. */
static int create_temporary(const char *path, StorageFile **ret_file)
{
    size_t size = strlen(path) + sizeof(".new.0123456789abcdef");
    char *temporary = storage_allocate(size);
    uint64_t number;
    int error = temporary == NULL ? ENOMEM : EEXIST;
    for (int attempt = 0; attempt < CREATE_ATTEMPTS && error == EEXIST; attempt++) {
        error = system_random.fill(system_random.user_data, &number, sizeof(number)) == STORAGE_OK ? 0 : EIO;
        if (error == 0) {
            (void)snprintf(temporary, size, "%s.new.%016" PRIx64, path, number);
            error = open_descriptor(temporary, O_RDWR | O_CREAT | O_EXCL, ret_file);
        }
    }
    if (error != 0)
        storage_release(temporary);
    else
        (*ret_file)->temporary_path = temporary;
    return error;
}

static int system_create_unnamed(void *user_data, const char *path, StorageFile **ret_file)
{
    char *directory = directory_of(path);
    int error;
    (void)user_data;
    if (directory == NULL)
        return ENOMEM;
    error = open_descriptor(directory, O_RDWR | O_TMPFILE, ret_file);
    storage_release(directory);
    /* EISDIR and ENOENT come from kernels that do not know O_TMPFILE; then the name says whether there is a directory.
     */
    if (error == EOPNOTSUPP || error == EISDIR || error == ENOENT || error == EINVAL)
        return create_temporary(path, ret_file);
    return error;
}

/* Both ways are a hard link, which replaces nothing. */
static int system_publish(void *user_data, StorageFile *file, const char *path)
{
    char descriptor_path[DESCRIPTOR_PATH_SIZE];
    (void)user_data;
    if (file->temporary_path == NULL) {
        (void)snprintf(descriptor_path, sizeof(descriptor_path), "/proc/self/fd/%d", file->descriptor);
        return linkat(AT_FDCWD, descriptor_path, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0 ? 0 : errno;
    }
    if (link(file->temporary_path, path) != 0)
        return errno;
    (void)unlink(file->temporary_path); /* if it stays, it is a second name and does no harm */
    storage_release(file->temporary_path);
    file->temporary_path = NULL;
    return 0;
}

const StorageFiles system_files = {
    .struct_size = sizeof(StorageFiles),
    .open_read = system_open_read,
    .read_at = system_read_at,
    .size = system_size,
    .close = system_close,
    .open_write = system_open_write,
    .create = system_create,
    .create_unnamed = system_create_unnamed,
    .publish = system_publish,
    .write_at = system_write_at,
    .allocate = system_allocate,
    .truncate = system_truncate,
    .sync = system_sync,
    .forget = system_forget,
    .lock = system_lock,
    .identity = system_identity,
    .sync_directory = system_sync_directory,
};
