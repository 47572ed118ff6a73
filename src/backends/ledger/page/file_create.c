/*
 * page/file_create.c - making a new ledger file.
 *
 * The file has no name while it is written, and gets it when it is whole and durable; a name that is taken is left
 * alone. So a crash leaves no file or a good one, and of two who make one at the same time the second finds the first
 * one's.
 */
#include "backends/ledger/page/file_create.h"

#include "backends/ledger/page/space_map.h"
#include "core/allocator.h"
#include "storage/version.h"

#include <errno.h>
#include <string.h>

/* The first slots of a file: alike but for their number and sequence. */
static void init_slot(LedgerSlot *slot, const PageLayout *layout, const uint8_t ids[2][SLOT_ID_SIZE])
{
    *slot = (LedgerSlot){.page_size = layout->page_size,
                         .page_count = layout->page_min,
                         .used_count = layout_fixed_count(layout, layout->page_min),
                         .next_table_id = SLOT_TABLE_ID_FIRST};
    memcpy(slot->file_id, ids[0], SLOT_ID_SIZE);
    memcpy(slot->history_id, ids[1], SLOT_ID_SIZE);
    memcpy(slot->writer, STORAGE_VERSION_STRING, sizeof(STORAGE_VERSION_STRING) - 1);
}
_Static_assert(sizeof(STORAGE_VERSION_STRING) - 1 <= SLOT_WRITER_SIZE, "the version fits into the slot");

static StorageStatus write_slots(LedgerFile *file, LedgerSlot *slot, StorageContext *ctx)
{
    StorageStatus status = STORAGE_OK;
    for (uint32_t copy = 0; copy < LAYOUT_COPY_COUNT && status == STORAGE_OK; copy++) {
        slot->slot_no = copy % 2;
        slot->sequence = copy % 2 + 1;
        status = file_write_copy(file, copy, slot, ctx);
    }
    return status;
}

/* The space map of a file without trees, and the slots. */
static StorageStatus write_empty_store(LedgerFile *file, LedgerSlot *slot, StorageContext *ctx)
{
    LedgerSpace space = {0};
    SpaceMap map = {0};
    StorageStatus status = space_init(&space, &file->layout);
    if (status == STORAGE_OK)
        status = space_map_init(&map, &file->layout);
    if (status == STORAGE_OK)
        status = space_map_reserve(&map, &file->layout, file->layout.page_min);
    if (status != STORAGE_OK)
        (void)storage_fail(ctx, status, "%s: no memory to make the file", file->path);
    if (status == STORAGE_OK)
        status = space_map_write(&map, &space, file, 0, &slot->space, ctx);
    if (status == STORAGE_OK)
        status = write_slots(file, slot, ctx);
    space_map_done(&map);
    space_done(&space);
    return status;
}

static StorageStatus fail(const LedgerFile *file, StorageContext *ctx, int error, const char *doing)
{
    StorageStatus status = error == ENOSPC || error == EDQUOT || error == EFBIG  ? STORAGE_NO_SPACE
                           : error == EACCES || error == EPERM || error == EROFS ? STORAGE_ACCESS_DENIED
                           : error == ENOMEM                                     ? STORAGE_NO_MEMORY
                           : error == ENOENT                                     ? STORAGE_INVALID_ARGUMENT
                                                                                 : STORAGE_IO;
    const char *text = strerrordesc_np(error);
    return storage_fail(ctx, status, "%s: %s failed: %s; there is no new file", file->path, doing,
                        text != NULL ? text : "unknown error");
}

/* Nobody knows the file yet: whatever fails, nothing is in doubt. */
static StorageStatus make(LedgerFile *file, const FileOpenOptions *options, StorageContext *ctx)
{
    uint8_t ids[2][SLOT_ID_SIZE];
    const StorageRandom *random = options->environment->random;
    LedgerSlot slot;
    StorageStatus status = random->fill(random->user_data, ids, sizeof(ids));
    int error;
    if (status != STORAGE_OK)
        return storage_fail(ctx, status, "%s: no random numbers for the identity of the new file", file->path);
    init_slot(&slot, &file->layout, (const uint8_t(*)[SLOT_ID_SIZE])ids);
    file->seed = slot_seed(&slot);
    status = file_grow(file, file->layout.page_min, ctx);
    if (status == STORAGE_OK)
        status = write_empty_store(file, &slot, ctx);
    if (status == STORAGE_OK)
        status = file_sync(file, ctx);
    if (status != STORAGE_OK)
        return status == STORAGE_INDETERMINATE ? STORAGE_IO : status;
    error = file->files->publish(file->files->user_data, file->handle, file->path);
    if (error == EEXIST)
        return STORAGE_OK;
    if (error != 0)
        return fail(file, ctx, error, "giving the new file its name");
    error = file->files->sync_directory(file->files->user_data, file->path);
    return error == 0 ? STORAGE_OK : fail(file, ctx, error, "the sync of the directory of the new file");
}

StorageStatus file_create(const FileOpenOptions *options, StorageContext *ctx)
{
    const StorageFiles *files = options->environment->files;
    LedgerFile file = {.files = files, .layout = layout_of(options->page_size)};
    StorageStatus status;
    int error;
    file.page_max = file.layout.page_max;
    file.path = allocator_copy_text(storage_string(options->path));
    if (file.path == NULL)
        return storage_fail(ctx, STORAGE_NO_MEMORY, "%s: no memory to make the file", options->path);
    error = files->create_unnamed(files->user_data, file.path, &file.handle);
    status = error == 0 ? make(&file, options, ctx) : fail(&file, ctx, error, "making the file");
    if (error == 0)
        files->close(files->user_data, file.handle);
    storage_release(file.path);
    return status;
}
