/*
 * storage/environment.h - the one seam to the machine: clock, randomness, files, allocation, trace hook.
 *
 * Tests replace it, so that time is injected and every call can be made to fail. Everything in the library goes through
 * it, except what cJSON (parsing a configuration) and OpenSSL (hashing the payload of a token) allocate for themselves.
 * Each part that is NULL is the system's. The struct and what it points to must outlive every stack that was opened
 * with it, and every function in it is called from any thread.
 */
#ifndef STORAGE_ENVIRONMENT_H
#define STORAGE_ENVIRONMENT_H

#include "storage/types.h"

STORAGE_BEGIN_DECLS

typedef struct StorageClock {
    uint32_t struct_size, reserved;
    void *user_data;
    /* Nanoseconds since 1970 UTC. May step back; the stores never go behind the time of the last commit. */
    int64_t (*wall_ns)(void *user_data);
    /* Nanoseconds that never go back; deadlines are measured on it. */
    uint64_t (*monotonic_ns)(void *user_data);
} StorageClock;

typedef struct StorageRandom {
    uint32_t struct_size, reserved;
    void *user_data;
    /* Fills `size` bytes that nobody can foretell. Returns OK or IO. */
    StorageStatus (*fill)(void *user_data, void *buffer, size_t size);
} StorageRandom;

typedef struct StorageFile StorageFile; /* what an implementation of StorageFiles makes of it */

/*
 * Files. Methods are appended as stores come to need them; those after `close` may be missing, and then no durable
 * store can be opened. Paths end with a zero byte. Errors are errno numbers, 0 is done. Descriptors are close-on-exec.
 */
typedef struct StorageFiles {
    uint32_t struct_size, reserved;
    void *user_data;
    /* Opens an existing file for reading. */
    int (*open_read)(void *user_data, const char *path, StorageFile **ret_file);
    /* Up to `size` bytes at `offset`; `*ret_read` is less than `size` at the end of the file only. */
    int (*read_at)(void *user_data, StorageFile *file, uint64_t offset, void *buffer, size_t size, size_t *ret_read);
    int (*size)(void *user_data, StorageFile *file, uint64_t *ret_size);
    void (*close)(void *user_data, StorageFile *file);

    /* Opens an existing file for reading and writing. */
    int (*open_write)(void *user_data, const char *path, StorageFile **ret_file);
    /* Makes a new file, for reading and writing. EEXIST when there is something of that name. */
    int (*create)(void *user_data, const char *path, StorageFile **ret_file);
    /* Makes a new file in the directory that `path` lies in, for reading and writing, that is gone when it is closed
     * before it was published. */
    int (*create_unnamed)(void *user_data, const char *path, StorageFile **ret_file);
    /* Gives such a file its name, in the same directory. EEXIST when there is something of that name. */
    int (*publish)(void *user_data, StorageFile *file, const char *path);
    /* Writes all of the parts, one behind the other, from `offset` on. After an error any of the bytes may be there. */
    int (*write_at)(void *user_data, StorageFile *file, uint64_t offset, const StorageSlice *parts, size_t part_count);
    /* Makes the file at least `size` bytes long, zero where it was shorter; writes there need no more space, as far as
     * the file system can promise it. ENOSPC, EDQUOT; EFBIG also when a limit of the process is below `size`. */
    int (*allocate)(void *user_data, StorageFile *file, uint64_t size);
    int (*truncate)(void *user_data, StorageFile *file, uint64_t size);
    /* What was written and the length are on the disk. After an error nothing is known of them. */
    int (*sync)(void *user_data, StorageFile *file);
    /* Drops what the kernel has cached of some bytes, as far as it can: what is read next comes from the disk. What was
     * not synced stays. */
    int (*forget)(void *user_data, StorageFile *file, uint64_t offset, uint64_t size);
    /* An open-file-description lock on the whole file, shared or exclusive, that ends with the file. EAGAIN: taken. */
    int (*lock)(void *user_data, StorageFile *file, int is_exclusive);
    /* Two numbers that name the file, whatever its path is (device, inode). */
    int (*identity)(void *user_data, StorageFile *file, uint64_t ret_identity[2]);
    /* The names in the directory that `path` lies in are on the disk. */
    int (*sync_directory)(void *user_data, const char *path);
} StorageFiles;

/* One finished call of a stack, as its caller made it. Pointers are valid during the hook only. */
typedef struct StorageTraceEvent {
    uint32_t struct_size;
    StorageStatus status;
    const char *operation;     /* "get", "write", "scan", "cursor_next", "begin", "transaction_commit", ... */
    const char *layer;         /* name of the top layer of the stack */
    StorageSlice organization; /* of the context, may be empty */
    uint64_t start_ns;         /* monotonic */
    uint64_t duration_ns;
    uint64_t revision;      /* of the context */
    const char *error_text; /* first error text of a failure, or "" */
} StorageTraceEvent;

struct StorageEnvironment {
    uint32_t struct_size, reserved;
    const StorageClock *clock;
    const StorageRandom *random;
    const StorageFiles *files;
    /* Called after every call but storage_close on a handle of the caller (not between layers), on the calling thread.
     * It must not call the stack. NULL for none; then no clock is read for it. */
    void (*trace)(void *user_data, const StorageTraceEvent *event);
    void *trace_user_data;
};
#define STORAGE_ENVIRONMENT_INIT                                    \
    {                                                               \
        sizeof(StorageEnvironment), 0, NULL, NULL, NULL, NULL, NULL \
    }

/* Memory for everything in the library. Blocks are aligned as malloc aligns them. */
typedef struct StorageAllocator {
    uint32_t struct_size, reserved;
    void *user_data;
    void *(*allocate)(void *user_data, size_t size); /* size > 0; NULL when there is none */
    void *(*reallocate)(void *user_data, void *block, size_t size);
    void (*release)(void *user_data, void *block); /* never NULL */
} StorageAllocator;

/*
 * Replaces the allocator of the whole library: the one global. Call it before anything else of the library is used and
 * never again while something is open; NULL brings the built-in one back. `allocator` must outlive its use.
 * Returns OK; INVALID_ARGUMENT for a struct of size 0 or without its three functions.
 */
STORAGE_API StorageStatus storage_set_allocator(const StorageAllocator *allocator);

STORAGE_END_DECLS

#endif
