/* core/random.c - the randomness seam: the only file that asks the system for random bytes. */
#include "core/environment.h"

#include <errno.h>
#include <sys/random.h>

static StorageStatus system_fill(void *user_data, void *buffer, size_t size)
{
    unsigned char *position = buffer;
    (void)user_data;
    while (size > 0) {
        ssize_t got = getrandom(position, size, 0);
        if (got < 0) {
            if (errno == EINTR)
                continue;
            return STORAGE_IO;
        }
        position += got;
        size -= (size_t)got;
    }
    return STORAGE_OK;
}

const StorageRandom system_random = {.struct_size = sizeof(StorageRandom), .fill = system_fill};

StorageStatus storage_random_fill(const StorageBackend *backend, void *buffer, size_t size)
{
    const StorageRandom *random = backend->environment->random;
    return random->fill(random->user_data, buffer, size);
}
