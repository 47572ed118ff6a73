/*
 * page/file.c - the ledger file below the cache.
 *
 * Invariants:
 *   1. Nothing is written once the file is poisoned, and every failed write or sync poisons it.
 *   2. A page is written only below page_count, where the file system has promised the space.
 *   3. The directory is synced before the first sync of a session has succeeded.
 */
#include "backends/ledger/page/file.h"

#include <errno.h>
#include <string.h>

#define COPY_READ_ATTEMPTS 3

static const char *error_text(int error)
{
    const char *text = strerrordesc_np(error);
    return text != NULL ? text : "unknown error";
}

static StorageStatus status_of_error(int error)
{
    switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return STORAGE_NO_SPACE;
    case ENOMEM:
        return STORAGE_NO_MEMORY;
    case EACCES:
    case EPERM:
    case EROFS:
        return STORAGE_ACCESS_DENIED;
    default:
        return STORAGE_IO;
    }
}

StorageStatus file_fail(const LedgerFile *self, StorageContext *ctx, int error, const char *doing, uint64_t page_id)
{
    return storage_fail(ctx, status_of_error(error), "%s: %s at page %llu failed: %s", self->path, doing,
                        (unsigned long long)page_id, error_text(error));
}

/* ---- reading ---- */

StorageStatus file_read_page(LedgerFile *self, uint64_t page_id, unsigned char *page, StorageContext *ctx)
{
    uint32_t page_size = self->layout.page_size;
    size_t done = 0;
    int error;
    if (page_id >= atomic_load_explicit(&self->page_count, memory_order_acquire))
        return storage_fail(ctx, STORAGE_CORRUPT, "%s: page %llu lies behind the end of the file", self->path,
                            (unsigned long long)page_id);
    error = self->files->read_at(self->files->user_data, self->handle, page_id * page_size, page, page_size, &done);
    if (error == ENOMEM)
        return storage_fail(ctx, STORAGE_NO_MEMORY, "%s: no memory to read page %llu", self->path,
                            (unsigned long long)page_id);
    if (error != 0)
        return storage_fail(ctx, STORAGE_IO, "%s: reading page %llu failed: %s", self->path,
                            (unsigned long long)page_id, error_text(error));
    if (done < page_size)
        return storage_fail(ctx, STORAGE_CORRUPT, "%s: the file ends within page %llu", self->path,
                            (unsigned long long)page_id);
    return STORAGE_OK;
}

static int read_copy(const StorageFiles *files, StorageFile *handle, uint32_t copy, unsigned char *bytes)
{
    size_t done = 0;
    int error =
        files->read_at(files->user_data, handle, (uint64_t)copy * LAYOUT_COPY_DISTANCE, bytes, SLOT_COPY_SIZE, &done);
    if (error != 0)
        done = 0;
    memset(bytes + done, 0, SLOT_COPY_SIZE - done);
    return error;
}

void file_read_copies(const StorageFiles *files, StorageFile *handle, int must_forget, SlotCopies *ret_copies)
{
    LedgerSlot slot;
    for (uint32_t copy = 0; copy < LAYOUT_COPY_COUNT; copy++) {
        for (int attempt = 0; attempt < COPY_READ_ATTEMPTS; attempt++) {
            /* What cannot be dropped is read as it is: the sync before has made sure that the disk has it. */
            if (must_forget)
                (void)files->forget(files->user_data, handle, (uint64_t)copy * LAYOUT_COPY_DISTANCE, SLOT_COPY_SIZE);
            ret_copies->errors[copy] = read_copy(files, handle, copy, ret_copies->bytes[copy]);
            if (ret_copies->errors[copy] == 0 && slot_decode(ret_copies->bytes[copy], copy % 2, &slot) == SLOT_GOOD)
                break;
        }
    }
}

/* ---- size ---- */

StorageStatus file_grow(LedgerFile *self, uint64_t page_count, StorageContext *ctx)
{
    uint64_t size = page_count * self->layout.page_size; /* page_max is far below an overflow */
    int error;
    if (page_count > self->page_max)
        return storage_fail(ctx, STORAGE_NO_SPACE, "%s: the file has reached its maximum of %llu pages", self->path,
                            (unsigned long long)self->page_max);
    error = self->files->allocate(self->files->user_data, self->handle, size);
    if (error != 0)
        return storage_fail(ctx, status_of_error(error), "%s: the file cannot grow to %llu bytes: %s", self->path,
                            (unsigned long long)size, error_text(error));
    atomic_store_explicit(&self->page_count, page_count, memory_order_release);
    return STORAGE_OK;
}

void file_cut(LedgerFile *self, uint64_t page_count)
{
    if (atomic_load(&self->poison) != 0 || page_count >= atomic_load(&self->page_count))
        return;
    if (self->files->truncate(self->files->user_data, self->handle, page_count * self->layout.page_size) == 0)
        atomic_store(&self->page_count, page_count);
}

/* ---- writing ---- */

StorageStatus file_check_poison(const LedgerFile *self, StorageContext *ctx)
{
    if (atomic_load_explicit(&self->poison, memory_order_acquire) == 0)
        return STORAGE_OK;
    return storage_fail(
        ctx, STORAGE_IO,
        "%s: a write or sync failed before, so nothing more is written; close the store and open it again", self->path);
}

static StorageStatus poison(LedgerFile *self, StorageContext *ctx, StorageStatus status, int error, const char *doing)
{
    atomic_store_explicit(&self->poison, 1, memory_order_release); /* 1 */
    return storage_fail(ctx, status, "%s: %s failed: %s; nothing more is written until the store is opened again",
                        self->path, doing, error_text(error));
}

StorageStatus file_write_pages(LedgerFile *self, uint64_t page_id, const StorageSlice *pages, size_t count,
                               StorageContext *ctx)
{
    StorageStatus status = file_check_poison(self, ctx);
    int error;
    if (status != STORAGE_OK)
        return status;
    error = self->files->write_at(self->files->user_data, self->handle, page_id * self->layout.page_size, pages, count);
    if (error != 0)
        return poison(self, ctx, STORAGE_IO, error, "writing pages");
    self->write_count += count;
    return STORAGE_OK;
}

StorageStatus file_write_copy(LedgerFile *self, uint32_t copy, const LedgerSlot *slot, StorageContext *ctx)
{
    unsigned char bytes[SLOT_COPY_SIZE];
    StorageSlice part = {bytes, sizeof(bytes)};
    StorageStatus status = file_check_poison(self, ctx);
    int error;
    if (status != STORAGE_OK)
        return status;
    slot_encode(slot, bytes);
    error =
        self->files->write_at(self->files->user_data, self->handle, (uint64_t)copy * LAYOUT_COPY_DISTANCE, &part, 1);
    if (error != 0)
        return poison(self, ctx, STORAGE_INDETERMINATE, error, "writing a slot");
    self->write_count++;
    return STORAGE_OK;
}

StorageStatus file_sync(LedgerFile *self, StorageContext *ctx)
{
    StorageStatus status = file_check_poison(self, ctx);
    int error;
    if (status != STORAGE_OK)
        return status;
    error = self->files->sync(self->files->user_data, self->handle);
    if (error != 0)
        return poison(self, ctx, STORAGE_INDETERMINATE, error, "the sync");
    self->sync_count++;
    if (!self->must_sync_directory)
        return STORAGE_OK;
    error = self->files->sync_directory(self->files->user_data, self->path);
    if (error != 0)
        return poison(self, ctx, STORAGE_INDETERMINATE, error, "the sync of its directory"); /* 3 */
    self->must_sync_directory = 0;
    return STORAGE_OK;
}
