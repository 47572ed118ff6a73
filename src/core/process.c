/*
 * core/process.c - what belongs to the process: the mark of a fork, and its variables.
 *
 * The mark is a page that the kernel wipes at fork (MADV_WIPEONFORK, Linux 4.14), so that a call notices for the price
 * of one load that its handle was inherited.
 */
#include "core/process.h"

#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

const volatile unsigned char *process_marker_new(void)
{
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return NULL;
    if (madvise(page, size, MADV_WIPEONFORK) != 0) {
        (void)munmap(page, size);
        return NULL;
    }
    page[0] = 1;
    return page;
}

void process_marker_free(const volatile unsigned char *marker)
{
    if (marker != NULL)
        (void)munmap((void *)(size_t)marker, (size_t)sysconf(_SC_PAGESIZE));
}

const char *process_variable(const char *name)
{
    return getenv(name);
}
