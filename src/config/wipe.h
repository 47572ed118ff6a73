/* config/wipe.h - gives back memory that a secret may have been in. */
#ifndef CONFIG_WIPE_H
#define CONFIG_WIPE_H

#include <stddef.h>

/* Overwrites the `size` bytes of `block`, then releases it. NULL does nothing. */
void wipe_and_release(void *block, size_t size);

#endif
