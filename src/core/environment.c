/* core/environment.c - a complete environment from what the caller gave. */
#include "core/environment.h"

#include <stddef.h>

StorageStatus environment_fill(StorageEnvironment *ret_full, const StorageEnvironment *given, StorageContext *ctx)
{
    StorageStatus status = storage_options_copy(ret_full, sizeof(*ret_full), given, "environment", ctx);
    if (status != STORAGE_OK)
        return status;
    if (ret_full->clock == NULL)
        ret_full->clock = &system_clock;
    if (ret_full->random == NULL)
        ret_full->random = &system_random;
    if (ret_full->files == NULL)
        ret_full->files = &system_files;
    if (ret_full->clock->struct_size < sizeof(StorageClock) || ret_full->clock->wall_ns == NULL ||
        ret_full->clock->monotonic_ns == NULL)
        return storage_fail(ctx, STORAGE_INVALID_ARGUMENT,
                            "environment: the clock lacks a function or its struct_size");
    if (ret_full->random->struct_size < sizeof(StorageRandom) || ret_full->random->fill == NULL)
        return storage_fail(ctx, STORAGE_INVALID_ARGUMENT,
                            "environment: the randomness lacks a function or its struct_size");
    if (ret_full->files->struct_size < offsetof(StorageFiles, open_write) || ret_full->files->open_read == NULL ||
        ret_full->files->read_at == NULL || ret_full->files->size == NULL || ret_full->files->close == NULL)
        return storage_fail(ctx, STORAGE_INVALID_ARGUMENT,
                            "environment: the files lack a function or their struct_size");
    return STORAGE_OK;
}

int environment_files_can_write(const StorageFiles *files)
{
    return files->struct_size >= sizeof(StorageFiles) && files->open_write != NULL && files->create != NULL &&
           files->create_unnamed != NULL && files->publish != NULL && files->write_at != NULL &&
           files->allocate != NULL && files->truncate != NULL && files->sync != NULL && files->forget != NULL &&
           files->lock != NULL && files->identity != NULL && files->sync_directory != NULL;
}
