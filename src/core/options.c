/* core/options.c - option structs that grow: the caller's size against the one that is known. */
#include "storage/backend.h"

#include <string.h>

StorageStatus storage_options_copy(void *copy, size_t known_size, const void *options, const char *what,
                                   StorageContext *ctx)
{
    const unsigned char *bytes = options;
    uint32_t size;
    memset(copy, 0, known_size);
    if (options == NULL)
        return STORAGE_OK;
    memcpy(&size, options, sizeof(size));
    if (size < sizeof(size))
        return storage_fail(ctx, STORAGE_INVALID_ARGUMENT,
                            "%s: struct_size is %u; start from the _INIT macro of the struct", what, size);
    for (size_t i = known_size; i < size; i++)
        if (bytes[i] != 0)
            return storage_fail(
                ctx, STORAGE_UNSUPPORTED,
                "%s: the struct has %u bytes and sets a field that this library (%zu bytes) does not know", what, size,
                known_size);
    memcpy(copy, options, size < known_size ? size : known_size);
    return STORAGE_OK;
}
