/* core/wake.c - wake-up descriptors over eventfd(2). */
#include "core/wake.h"

#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

int wake_open(void)
{
    int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return descriptor < 0 ? -errno : descriptor;
}

void wake_raise(int descriptor)
{
    uint64_t one = 1;
    ssize_t written = write(descriptor, &one, sizeof(one)); /* EAGAIN: it is raised already */
    (void)written;
}

void wake_lower(int descriptor)
{
    uint64_t count;
    ssize_t got = read(descriptor, &count, sizeof(count)); /* EAGAIN: it is not raised */
    (void)got;
}

void wake_close(int descriptor)
{
    (void)close(descriptor);
}
