/*
 * ledger_page_files.c - files that fail when they are told to, and that note what was done to them.
 *
 * One thread. A write that fails has written its first half: after an error any of the bytes may be there.
 */
#include "ledger_page_files.h"

#include <stdlib.h>
#include <string.h>

/* 0, or the error that this call is to fail with. */
static int count_call(PageFiles *self)
{
    self->call_count++;
    if (self->fail_at == 0 || self->call_count < self->fail_at ||
        (self->call_count > self->fail_at && !self->is_sticky))
        return 0;
    self->has_failed = 1;
    return self->error;
}

static void record(PageFiles *self, PageFilesKind kind, uint64_t offset, uint64_t size, unsigned char *bytes)
{
    if (!self->is_recording) {
        free(bytes);
        return;
    }
    if (self->event_count == self->event_capacity) {
        self->event_capacity = self->event_capacity == 0 ? 256 : self->event_capacity * 2;
        self->events = realloc(self->events, self->event_capacity * sizeof(*self->events));
        if (self->events == NULL)
            abort();
    }
    self->events[self->event_count++] = (PageFilesEvent){kind, offset, size, bytes};
}

static int fail_open_read(void *user_data, const char *path, StorageFile **ret_file)
{
    PageFiles *self = user_data;
    int error = count_call(self);
    return error != 0 ? error : self->inner->open_read(self->inner->user_data, path, ret_file);
}

static int fail_open_write(void *user_data, const char *path, StorageFile **ret_file)
{
    PageFiles *self = user_data;
    int error = count_call(self);
    return error != 0 ? error : self->inner->open_write(self->inner->user_data, path, ret_file);
}

static int fail_create(void *user_data, const char *path, StorageFile **ret_file)
{
    PageFiles *self = user_data;
    int error = count_call(self);
    return error != 0 ? error : self->inner->create(self->inner->user_data, path, ret_file);
}

static int fail_create_unnamed(void *user_data, const char *path, StorageFile **ret_file)
{
    PageFiles *self = user_data;
    int error = count_call(self);
    return error != 0 ? error : self->inner->create_unnamed(self->inner->user_data, path, ret_file);
}

static int fail_publish(void *user_data, StorageFile *file, const char *path)
{
    PageFiles *self = user_data;
    int error = count_call(self);
    if (error == 0)
        error = self->inner->publish(self->inner->user_data, file, path);
    if (error == 0)
        record(self, PAGE_FILES_PUBLISH, 0, 0, NULL);
    return error;
}

static int fail_read_at(void *user_data, StorageFile *file, uint64_t offset, void *buffer, size_t size,
                        size_t *ret_read)
{
    PageFiles *self = user_data;
    int error = count_call(self);
    return error != 0 ? error : self->inner->read_at(self->inner->user_data, file, offset, buffer, size, ret_read);
}

static int fail_size(void *user_data, StorageFile *file, uint64_t *ret_size)
{
    PageFiles *self = user_data;
    int error = count_call(self);
    return error != 0 ? error : self->inner->size(self->inner->user_data, file, ret_size);
}

static void pass_close(void *user_data, StorageFile *file)
{
    PageFiles *self = user_data;
    self->inner->close(self->inner->user_data, file);
}

static int fail_write_at(void *user_data, StorageFile *file, uint64_t offset, const StorageSlice *parts,
                         size_t part_count)
{
    PageFiles *self = user_data;
    int error = count_call(self), result;
    size_t size = 0, done = 0;
    unsigned char *bytes;
    StorageSlice whole;
    for (size_t i = 0; i < part_count; i++)
        size += parts[i].size;
    bytes = malloc(size + 1);
    if (bytes == NULL)
        abort();
    for (size_t i = 0; i < part_count; done += parts[i++].size)
        memcpy(bytes + done, parts[i].data, parts[i].size);
    whole = (StorageSlice){bytes, error == 0 ? size : size / 2};
    result = self->inner->write_at(self->inner->user_data, file, offset, &whole, 1);
    record(self, PAGE_FILES_WRITE, offset, whole.size, bytes);
    return error != 0 ? error : result;
}

static int fail_allocate(void *user_data, StorageFile *file, uint64_t size)
{
    PageFiles *self = user_data;
    uint64_t present = 0;
    int error = count_call(self);
    if (error == 0)
        error = self->inner->size(self->inner->user_data, file, &present);
    if (error == 0)
        error = self->inner->allocate(self->inner->user_data, file, size);
    if (error == 0 && size > present)
        record(self, PAGE_FILES_LENGTH, 0, size, NULL);
    return error;
}

static int fail_truncate(void *user_data, StorageFile *file, uint64_t size)
{
    PageFiles *self = user_data;
    int error = count_call(self);
    if (error == 0)
        error = self->inner->truncate(self->inner->user_data, file, size);
    if (error == 0)
        record(self, PAGE_FILES_LENGTH, 0, size, NULL);
    return error;
}

static int fail_sync(void *user_data, StorageFile *file)
{
    PageFiles *self = user_data;
    int error = count_call(self);
    if (error == 0)
        error = self->inner->sync(self->inner->user_data, file);
    if (error == 0)
        record(self, PAGE_FILES_SYNC, 0, 0, NULL);
    return error;
}

static int pass_forget(void *user_data, StorageFile *file, uint64_t offset, uint64_t size)
{
    PageFiles *self = user_data;
    return self->inner->forget(self->inner->user_data, file, offset, size);
}

static int fail_lock(void *user_data, StorageFile *file, int is_exclusive)
{
    PageFiles *self = user_data;
    int error = count_call(self);
    return error != 0 ? error : self->inner->lock(self->inner->user_data, file, is_exclusive);
}

static int fail_identity(void *user_data, StorageFile *file, uint64_t ret_identity[2])
{
    PageFiles *self = user_data;
    int error = count_call(self);
    return error != 0 ? error : self->inner->identity(self->inner->user_data, file, ret_identity);
}

static int fail_sync_directory(void *user_data, const char *path)
{
    PageFiles *self = user_data;
    int error = count_call(self);
    if (error == 0)
        error = self->inner->sync_directory(self->inner->user_data, path);
    if (error == 0)
        record(self, PAGE_FILES_SYNC_DIRECTORY, 0, 0, NULL);
    return error;
}

void page_files_init(PageFiles *self, const StorageFiles *inner)
{
    *self = (PageFiles){.inner = inner};
    self->interface = (StorageFiles){
        .struct_size = sizeof(StorageFiles),
        .user_data = self,
        .open_read = fail_open_read,
        .read_at = fail_read_at,
        .size = fail_size,
        .close = pass_close,
        .open_write = fail_open_write,
        .create = fail_create,
        .create_unnamed = fail_create_unnamed,
        .publish = fail_publish,
        .write_at = fail_write_at,
        .allocate = fail_allocate,
        .truncate = fail_truncate,
        .sync = fail_sync,
        .forget = pass_forget,
        .lock = fail_lock,
        .identity = fail_identity,
        .sync_directory = fail_sync_directory,
    };
}

void page_files_done(PageFiles *self)
{
    for (size_t i = 0; i < self->event_count; i++)
        free(self->events[i].bytes);
    free(self->events);
}

void page_files_fail(PageFiles *self, uint64_t number, int is_sticky, int error)
{
    self->fail_at = number == 0 ? 0 : self->call_count + number;
    self->is_sticky = is_sticky;
    self->error = error;
    self->has_failed = 0;
}

void page_files_mark(PageFiles *self, uint64_t number)
{
    record(self, PAGE_FILES_MARK, number, 0, NULL);
}
