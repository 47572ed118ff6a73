/*
 * page/file_open.c - opening a ledger file.
 *
 * The order matters: what is looked at before the lock may be another's half-written work; what is read before the sync
 * may be what only the kernel has, and a power cut would take it back after it was shown; what is read without dropping
 * the kernel's copy may be what a failed sync has left in memory and never on the disk.
 *
 * Refuses an empty file: it may be what is left of a store.
 */
#include "backends/ledger/page/file_open.h"

#include "backends/ledger/page/file_create.h"
#include "core/allocator.h"

#include <errno.h>
#include <string.h>

#define OPEN_ATTEMPTS 4 /* the file may be made, removed or replaced meanwhile */

/* What an attempt to get hold of the file came to. */
typedef enum Attempt { ATTEMPT_DONE, ATTEMPT_MISSING, ATTEMPT_REPLACED, ATTEMPT_FAILED } Attempt;

static StorageStatus fail(const LedgerFile *self, StorageContext *ctx, int error, const char *doing)
{
    const char *text = strerrordesc_np(error);
    StorageStatus status = error == EACCES || error == EPERM || error == EROFS ? STORAGE_ACCESS_DENIED
                           : error == ENOENT                                   ? STORAGE_INVALID_ARGUMENT
                           : error == ENOMEM                                   ? STORAGE_NO_MEMORY
                                                                               : STORAGE_IO;
    return storage_fail(ctx, status, "%s: %s failed: %s", self->path, doing, text != NULL ? text : "unknown error");
}

/* Who has the lock, as far as locks tell. */
static StorageStatus busy(const LedgerFile *self, StorageContext *ctx)
{
    const StorageFiles *files = self->files;
    if (!self->is_read_only && files->lock(files->user_data, self->handle, 0) == 0)
        return storage_fail(ctx, STORAGE_BUSY, "%s: it is open for reading; try again when the readers have closed it",
                            self->path);
    return storage_fail(ctx, STORAGE_BUSY, "%s: it is open for writing; try again when the writer has closed it",
                        self->path);
}

/* Whether the path still names the file that was locked. */
static int is_named(const LedgerFile *self, int *ret_is_named)
{
    const StorageFiles *files = self->files;
    uint64_t ours[2], named[2];
    StorageFile *other;
    int error = files->open_read(files->user_data, self->path, &other);
    *ret_is_named = 0;
    if (error != 0)
        return error == ENOENT ? 0 : error;
    error = files->identity(files->user_data, other, named);
    files->close(files->user_data, other);
    if (error == 0)
        error = files->identity(files->user_data, self->handle, ours);
    *ret_is_named = error == 0 && ours[0] == named[0] && ours[1] == named[1];
    return error;
}

static void drop_handle(LedgerFile *self)
{
    if (self->handle != NULL)
        self->files->close(self->files->user_data, self->handle);
    self->handle = NULL;
}

/* Opens and locks what the path names. */
static Attempt attempt_open(LedgerFile *self, StorageStatus *ret_status, StorageContext *ctx)
{
    const StorageFiles *files = self->files;
    int has_name, error;
    error = (self->is_read_only ? files->open_read : files->open_write)(files->user_data, self->path, &self->handle);
    if (error != 0) {
        self->handle = NULL;
        if (error == ENOENT)
            return ATTEMPT_MISSING;
        *ret_status = fail(self, ctx, error, "opening it");
        return ATTEMPT_FAILED;
    }
    error = files->lock(files->user_data, self->handle, !self->is_read_only);
    if (error != 0) {
        *ret_status = error == EAGAIN ? busy(self, ctx) : fail(self, ctx, error, "locking it");
        return ATTEMPT_FAILED;
    }
    error = is_named(self, &has_name);
    if (error != 0) {
        *ret_status = fail(self, ctx, error, "looking whether its path still names it");
        return ATTEMPT_FAILED;
    }
    return has_name ? ATTEMPT_DONE : ATTEMPT_REPLACED;
}

static StorageStatus open_and_lock(LedgerFile *self, const FileOpenOptions *options, StorageContext *ctx)
{
    StorageStatus status = STORAGE_OK;
    for (int attempt = 0; attempt < OPEN_ATTEMPTS; attempt++) {
        Attempt result = attempt_open(self, &status, ctx);
        if (result == ATTEMPT_DONE)
            return STORAGE_OK;
        drop_handle(self);
        if (result == ATTEMPT_FAILED)
            return status;
        if (result == ATTEMPT_REPLACED)
            continue;
        if ((options->flags & FILE_CREATE) == 0 || self->is_read_only)
            return storage_fail(ctx, STORAGE_INVALID_ARGUMENT, "%s: there is no such file, and none is to be made",
                                self->path);
        status = file_create(options, ctx);
        if (status != STORAGE_OK)
            return status;
    }
    return storage_fail(ctx, STORAGE_BUSY, "%s: it keeps being replaced; try again", self->path);
}

/* What a process that was killed wrote is durable after this, or the open fails. A medium that cannot be written to
 * has nothing to sync. */
static StorageStatus sync_before_reading(LedgerFile *self, StorageContext *ctx)
{
    int error = self->files->sync(self->files->user_data, self->handle);
    if (error == 0 || (self->is_read_only && (error == EROFS || error == EINVAL)))
        return STORAGE_OK;
    return storage_fail(ctx, STORAGE_IO, "%s: the sync before reading failed: %s; look at the disk", self->path,
                        strerrordesc_np(error));
}

static StorageStatus choose(LedgerFile *self, uint64_t size, SlotChoice *ret_choice, StorageContext *ctx)
{
    SlotCopies *copies = storage_allocate(sizeof(*copies));
    StorageStatus status;
    if (copies == NULL)
        return storage_fail(ctx, STORAGE_NO_MEMORY, "%s: no memory to read its slots", self->path);
    file_read_copies(self->files, self->handle, 1, copies);
    status = slot_choose(copies, ret_choice);
    storage_release(copies);
    if (status != STORAGE_OK)
        return storage_fail(ctx, status, "%s: %s", self->path,
                            size == 0 ? "the file is empty; remove it to have a new store" : ret_choice->problem);
    if (ret_choice->is_for_reading && !self->is_read_only)
        return storage_fail(ctx, STORAGE_INCOMPATIBLE,
                            "%s: it has features that this version can only read; open it read-only", self->path);
    return STORAGE_OK;
}

/* What is left of the open once the slot is chosen: sizes. */
static StorageStatus take_sizes(LedgerFile *self, const FileOpenOptions *options, const LedgerSlot *slot, uint64_t size,
                                StorageContext *ctx)
{
    uint64_t least = slot->page_count * slot->page_size; /* slot_problem has bounded it */
    self->layout = layout_of(slot->page_size);
    self->seed = slot_seed(slot);
    self->page_max = self->layout.page_max;
    if (options->size_max != 0 && options->size_max / slot->page_size < self->page_max)
        self->page_max = options->size_max / slot->page_size;
    atomic_store(&self->page_count, size / slot->page_size);
    if (size < least)
        return storage_fail(ctx, STORAGE_CORRUPT,
                            "%s: it has %llu bytes and should have at least %llu; restore it from a backup", self->path,
                            (unsigned long long)size, (unsigned long long)least);
    /* Grows nothing: it shows whether the process may write as far as the file goes. */
    if (!self->is_read_only) {
        int error = self->files->allocate(self->files->user_data, self->handle, size);
        if (error != 0)
            return fail(self, ctx, error, "looking whether all of it may be written");
    }
    return STORAGE_OK;
}

StorageStatus file_open(LedgerFile *self, const FileOpenOptions *options, SlotChoice *ret_choice, StorageContext *ctx)
{
    StorageStatus status;
    uint64_t size = 0;
    int error;
    *self = (LedgerFile){.files = options->environment->files,
                         .is_read_only = (options->flags & FILE_READ_ONLY) != 0,
                         .must_sync_directory = (options->flags & FILE_READ_ONLY) == 0};
    self->path = allocator_copy_text(storage_string(options->path));
    if (self->path == NULL)
        return storage_fail(ctx, STORAGE_NO_MEMORY, "%s: no memory to open it", options->path);
    status = open_and_lock(self, options, ctx);
    if (status == STORAGE_OK)
        status = sync_before_reading(self, ctx);
    if (status == STORAGE_OK && (error = self->files->size(self->files->user_data, self->handle, &size)) != 0)
        status = fail(self, ctx, error, "asking for its size");
    if (status == STORAGE_OK)
        status = choose(self, size, ret_choice, ctx);
    if (status == STORAGE_OK)
        status = take_sizes(self, options, &ret_choice->slots[ret_choice->chosen], size, ctx);
    if (status != STORAGE_OK)
        file_close(self);
    return status;
}

void file_close(LedgerFile *self)
{
    drop_handle(self);
    storage_release(self->path);
    self->path = NULL;
}

StorageStatus file_repair(LedgerFile *self, const SlotChoice *choice, StorageContext *ctx)
{
    StorageStatus status = STORAGE_OK;
    if (choice->repair_mask == 0)
        return STORAGE_OK;
    for (uint32_t copy = 0; copy < LAYOUT_COPY_COUNT && status == STORAGE_OK; copy++)
        if ((choice->repair_mask & 1u << copy) != 0)
            status = file_write_copy(self, copy, &choice->slots[choice->chosen], ctx);
    return status == STORAGE_OK ? file_sync(self, ctx) : status;
}
