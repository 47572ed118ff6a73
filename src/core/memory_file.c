/*
 * core/memory_file.c - files in memory.
 *
 * A file is a table of chunks; a chunk that nothing was written to is absent and reads as zero. What a sync or a forget
 * would do is done: there is nothing below this memory.
 *
 * Invariants:
 *   1. A node lives while it has a name or somebody has it open; both are counted in `references`.
 *   2. Bytes of a chunk at and behind the size of the file are zero.
 *   3. The lock of a node is what its open files hold: any number of shared ones, or one exclusive one.
 */
#include "core/memory_file.h"

#include "core/allocator.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#define CHUNK_SIZE 65536u
#define CHUNK_COUNT_MAX (UINT64_C(1) << 32) /* 256 TiB */

typedef struct MemoryNode {
    struct MemoryNode *next; /* of those that have a name */
    char *path;              /* NULL: no name */
    unsigned char **chunks;
    size_t chunk_count;
    uint64_t size, number;
    uint32_t references;
    uint32_t shared_count;
    int is_locked; /* exclusively */
} MemoryNode;

struct StorageFile {
    MemoryNode *node;
    int can_write;
    int lock; /* 0: none, 1: shared, 2: exclusive */
};

enum { LOCK_NONE, LOCK_SHARED, LOCK_EXCLUSIVE };

typedef struct MemoryFiles {
    StorageFiles interface;
    pthread_rwlock_t lock; /* readers of bytes share it */
    MemoryNode *named;
    uint64_t last_number;
} MemoryFiles;

static uint64_t minimum(uint64_t left, uint64_t right)
{
    return left < right ? left : right;
}

/* ---- nodes ---- */

static void unreference(MemoryNode *node)
{
    if (--node->references > 0)
        return;
    for (size_t i = 0; i < node->chunk_count; i++)
        storage_release(node->chunks[i]);
    storage_release(node->chunks);
    storage_release(node->path);
    storage_release(node);
}

static MemoryNode *find_node(MemoryFiles *self, const char *path)
{
    MemoryNode *node = self->named;
    while (node != NULL && strcmp(node->path, path) != 0)
        node = node->next;
    return node;
}

static int name_node(MemoryFiles *self, MemoryNode *node, const char *path)
{
    if (find_node(self, path) != NULL)
        return EEXIST;
    node->path = allocator_copy_text(storage_string(path));
    if (node->path == NULL)
        return ENOMEM;
    node->next = self->named;
    self->named = node;
    node->references++;
    return 0;
}

/* Opens `node`, which gets a reference. */
static int open_node(MemoryNode *node, int can_write, StorageFile **ret_file)
{
    StorageFile *file = storage_allocate(sizeof(*file));
    if (file == NULL)
        return ENOMEM;
    *file = (StorageFile){node, can_write, LOCK_NONE};
    node->references++;
    *ret_file = file;
    return 0;
}

static int open_named(MemoryFiles *self, const char *path, int can_write, StorageFile **ret_file)
{
    MemoryNode *node;
    int error = ENOENT;
    (void)pthread_rwlock_wrlock(&self->lock);
    node = find_node(self, path);
    if (node != NULL)
        error = open_node(node, can_write, ret_file);
    (void)pthread_rwlock_unlock(&self->lock);
    return error;
}

static int memory_open_read(void *user_data, const char *path, StorageFile **ret_file)
{
    return open_named(user_data, path, 0, ret_file);
}

static int memory_open_write(void *user_data, const char *path, StorageFile **ret_file)
{
    return open_named(user_data, path, 1, ret_file);
}

/* Makes a file, with a name when `path` is not NULL. */
static int make_node(MemoryFiles *self, const char *path, StorageFile **ret_file)
{
    MemoryNode *node = storage_allocate_zero(sizeof(*node));
    int error;
    if (node == NULL)
        return ENOMEM;
    (void)pthread_rwlock_wrlock(&self->lock);
    node->references = 1;
    node->number = ++self->last_number;
    error = path == NULL || find_node(self, path) == NULL ? open_node(node, 1, ret_file) : EEXIST;
    if (error == 0 && path != NULL && (error = name_node(self, node, path)) != 0) {
        storage_release(*ret_file);
        node->references--;
    }
    unreference(node);
    (void)pthread_rwlock_unlock(&self->lock);
    return error;
}

static int memory_create(void *user_data, const char *path, StorageFile **ret_file)
{
    return make_node(user_data, path, ret_file);
}

static int memory_create_unnamed(void *user_data, const char *path, StorageFile **ret_file)
{
    (void)path;
    return make_node(user_data, NULL, ret_file);
}

static int memory_publish(void *user_data, StorageFile *file, const char *path)
{
    MemoryFiles *self = user_data;
    int error;
    (void)pthread_rwlock_wrlock(&self->lock);
    error = file->node->path != NULL ? EEXIST : name_node(self, file->node, path);
    (void)pthread_rwlock_unlock(&self->lock);
    return error;
}

static void release_lock(StorageFile *file)
{
    if (file->lock == LOCK_SHARED)
        file->node->shared_count--;
    if (file->lock == LOCK_EXCLUSIVE)
        file->node->is_locked = 0;
    file->lock = LOCK_NONE;
}

static void memory_close(void *user_data, StorageFile *file)
{
    MemoryFiles *self = user_data;
    (void)pthread_rwlock_wrlock(&self->lock);
    release_lock(file);
    unreference(file->node);
    (void)pthread_rwlock_unlock(&self->lock);
    storage_release(file);
}

/* ---- bytes ---- */

static int memory_read_at(void *user_data, StorageFile *file, uint64_t offset, void *buffer, size_t size,
                          size_t *ret_read)
{
    MemoryFiles *self = user_data;
    const MemoryNode *node = file->node;
    unsigned char *to = buffer;
    size_t done = 0, wanted;
    (void)pthread_rwlock_rdlock(&self->lock);
    wanted = offset >= node->size ? 0 : (size_t)minimum(size, node->size - offset);
    while (done < wanted) {
        size_t chunk = (size_t)((offset + done) / CHUNK_SIZE), from = (size_t)((offset + done) % CHUNK_SIZE);
        size_t part = (size_t)minimum(wanted - done, CHUNK_SIZE - from);
        if (chunk < node->chunk_count && node->chunks[chunk] != NULL)
            memcpy(to + done, node->chunks[chunk] + from, part);
        else
            memset(to + done, 0, part);
        done += part;
    }
    (void)pthread_rwlock_unlock(&self->lock);
    *ret_read = done;
    return 0;
}

static int memory_size(void *user_data, StorageFile *file, uint64_t *ret_size)
{
    MemoryFiles *self = user_data;
    (void)pthread_rwlock_rdlock(&self->lock);
    *ret_size = file->node->size;
    (void)pthread_rwlock_unlock(&self->lock);
    return 0;
}

/* Chunks for all bytes of [from, to). */
static int reserve_chunks(MemoryNode *node, uint64_t from, uint64_t to)
{
    uint64_t count = to / CHUNK_SIZE + (to % CHUNK_SIZE != 0);
    if (count > CHUNK_COUNT_MAX)
        return EFBIG;
    if (count > node->chunk_count) {
        size_t capacity = node->chunk_count + node->chunk_count / 2;
        unsigned char **larger;
        if (capacity < count)
            capacity = (size_t)count;
        larger = storage_reallocate(node->chunks, capacity * sizeof(*larger));
        if (larger == NULL)
            return ENOSPC;
        memset(larger + node->chunk_count, 0, (capacity - node->chunk_count) * sizeof(*larger));
        node->chunks = larger;
        node->chunk_count = capacity;
    }
    for (uint64_t chunk = from / CHUNK_SIZE; chunk < count; chunk++)
        if (node->chunks[chunk] == NULL && (node->chunks[chunk] = storage_allocate_zero(CHUNK_SIZE)) == NULL)
            return ENOSPC;
    return 0;
}

static void copy_in(MemoryNode *node, uint64_t offset, StorageSlice part)
{
    const unsigned char *from = part.data;
    for (size_t done = 0; done < part.size;) {
        uint64_t position = offset + done;
        size_t in_chunk = (size_t)(position % CHUNK_SIZE);
        size_t size = (size_t)minimum(part.size - done, CHUNK_SIZE - in_chunk);
        memcpy(node->chunks[position / CHUNK_SIZE] + in_chunk, from + done, size);
        done += size;
    }
}

static int memory_write_at(void *user_data, StorageFile *file, uint64_t offset, const StorageSlice *parts,
                           size_t part_count)
{
    MemoryFiles *self = user_data;
    uint64_t end = offset;
    int error = file->can_write ? 0 : EBADF;
    for (size_t i = 0; i < part_count && error == 0; i++)
        error = parts[i].size > INT64_MAX - end ? EFBIG : (end += parts[i].size, 0);
    if (error != 0)
        return error;
    (void)pthread_rwlock_wrlock(&self->lock);
    error = reserve_chunks(file->node, offset, end);
    for (size_t i = 0; i < part_count && error == 0; i++) {
        copy_in(file->node, offset, parts[i]);
        offset += parts[i].size;
    }
    if (error == 0 && end > file->node->size)
        file->node->size = end;
    (void)pthread_rwlock_unlock(&self->lock);
    return error;
}

static int memory_allocate(void *user_data, StorageFile *file, uint64_t size)
{
    MemoryFiles *self = user_data;
    int error = 0;
    (void)pthread_rwlock_wrlock(&self->lock);
    if (!file->can_write)
        error = EBADF;
    else if (size > file->node->size)
        error = reserve_chunks(file->node, file->node->size, size);
    if (error == 0 && size > file->node->size)
        file->node->size = size;
    (void)pthread_rwlock_unlock(&self->lock);
    return error;
}

/* What is cut off is gone: it reads as zero when the file grows again (2). */
static int memory_truncate(void *user_data, StorageFile *file, uint64_t size)
{
    MemoryFiles *self = user_data;
    MemoryNode *node = file->node;
    if (!file->can_write)
        return EBADF;
    (void)pthread_rwlock_wrlock(&self->lock);
    for (uint64_t chunk = size / CHUNK_SIZE; chunk < node->chunk_count && size < node->size; chunk++) {
        size_t kept = chunk == size / CHUNK_SIZE ? (size_t)(size % CHUNK_SIZE) : 0;
        if (node->chunks[chunk] == NULL)
            continue;
        if (kept > 0) {
            memset(node->chunks[chunk] + kept, 0, CHUNK_SIZE - kept);
        } else {
            storage_release(node->chunks[chunk]);
            node->chunks[chunk] = NULL;
        }
    }
    node->size = size;
    (void)pthread_rwlock_unlock(&self->lock);
    return 0;
}

static int memory_sync(void *user_data, StorageFile *file)
{
    (void)user_data;
    (void)file;
    return 0;
}

static int memory_forget(void *user_data, StorageFile *file, uint64_t offset, uint64_t size)
{
    (void)user_data;
    (void)file;
    (void)offset;
    (void)size;
    return 0;
}

/* ---- locks and names ---- */

static int memory_lock(void *user_data, StorageFile *file, int is_exclusive)
{
    MemoryFiles *self = user_data;
    MemoryNode *node = file->node;
    uint32_t others;
    int error = EAGAIN;
    if (is_exclusive && !file->can_write)
        return EBADF;
    (void)pthread_rwlock_wrlock(&self->lock);
    others = node->shared_count - (file->lock == LOCK_SHARED);
    if ((!node->is_locked || file->lock == LOCK_EXCLUSIVE) && (!is_exclusive || others == 0)) {
        release_lock(file);
        file->lock = is_exclusive ? LOCK_EXCLUSIVE : LOCK_SHARED;
        node->is_locked = is_exclusive;
        node->shared_count += !is_exclusive;
        error = 0;
    }
    (void)pthread_rwlock_unlock(&self->lock);
    return error;
}

static int memory_identity(void *user_data, StorageFile *file, uint64_t ret_identity[2])
{
    ret_identity[0] = (uint64_t)(uintptr_t)user_data;
    ret_identity[1] = file->node->number;
    return 0;
}

static int memory_sync_directory(void *user_data, const char *path)
{
    (void)user_data;
    (void)path;
    return 0;
}

const StorageFiles *memory_files_new(void)
{
    MemoryFiles *self = storage_allocate_zero(sizeof(*self));
    if (self == NULL || pthread_rwlock_init(&self->lock, NULL) != 0) {
        storage_release(self);
        return NULL;
    }
    self->interface = (StorageFiles){
        .struct_size = sizeof(StorageFiles),
        .user_data = self,
        .open_read = memory_open_read,
        .read_at = memory_read_at,
        .size = memory_size,
        .close = memory_close,
        .open_write = memory_open_write,
        .create = memory_create,
        .create_unnamed = memory_create_unnamed,
        .publish = memory_publish,
        .write_at = memory_write_at,
        .allocate = memory_allocate,
        .truncate = memory_truncate,
        .sync = memory_sync,
        .forget = memory_forget,
        .lock = memory_lock,
        .identity = memory_identity,
        .sync_directory = memory_sync_directory,
    };
    return &self->interface;
}

void memory_files_free(const StorageFiles *files)
{
    MemoryFiles *self;
    if (files == NULL)
        return;
    self = files->user_data;
    while (self->named != NULL) {
        MemoryNode *node = self->named;
        self->named = node->next;
        unreference(node);
    }
    (void)pthread_rwlock_destroy(&self->lock);
    storage_release(self);
}
