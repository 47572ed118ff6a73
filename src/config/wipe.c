/*
 * config/wipe.c - gives back memory that a secret may have been in.
 *
 * Any string of a document, any variable and any file may hold one, so all of them go this way. What a type makes of a
 * secret, and what the caller or the environment keeps of it, is out of reach.
 */
#include "config/wipe.h"

#include "storage/backend.h"

#include <string.h>

void wipe_and_release(void *block, size_t size)
{
    if (block == NULL)
        return;
    explicit_bzero(block, size); /* not memset: compilers leave that out before a release */
    storage_release(block);
}
