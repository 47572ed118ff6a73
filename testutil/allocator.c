/*
 * allocator.c - the counting and failing allocator.
 *
 * Every block carries a header in front of it that links it into the list of outstanding blocks. Refuses to hide a
 * bug: a wrong release aborts.
 *
 * Invariants:
 *   1. A block is in the list exactly while it is outstanding, and its mark is then MARK_OUTSTANDING.
 *   2. outstanding_bytes is the sum of the sizes in the list.
 *   3. Released bytes are overwritten, so that a use after release reads nonsense in every build.
 */
#include "storage_testutil/allocator.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define MARK_OUTSTANDING UINT64_C(0x6f75747374616e64)
#define MARK_RELEASED UINT64_C(0x72656c6561736564)
#define RELEASED_BYTE 0xDD

typedef struct BlockHeader {
    struct BlockHeader *previous, *next;
    size_t size;
    uint64_t number; /* of the attempt that made it */
    uint64_t mark;
    uint64_t padding; /* keeps the bytes behind the header aligned as malloc aligns */
} BlockHeader;

struct TestutilAllocator {
    StorageAllocator interface;
    pthread_mutex_t mutex;
    BlockHeader *oldest, *newest;
    TestutilAllocatorFigures figures;
    uint64_t fail_number; /* by attempt_count; 0: none */
    int is_sticky;
};

/* With the mutex held: counts an attempt, and says whether it is to fail. */
static int count_attempt(TestutilAllocator *self)
{
    self->figures.attempt_count++;
    if (self->fail_number == 0 || self->figures.attempt_count < self->fail_number)
        return 0;
    if (!self->is_sticky && self->figures.attempt_count > self->fail_number)
        return 0;
    self->figures.failure_count++;
    return 1;
}

static void link_block(TestutilAllocator *self, BlockHeader *header, size_t size)
{
    header->size = size;
    header->number = self->figures.attempt_count;
    header->mark = MARK_OUTSTANDING;
    header->previous = self->newest;
    header->next = NULL;
    if (self->newest != NULL)
        self->newest->next = header;
    else
        self->oldest = header;
    self->newest = header;
    self->figures.outstanding_blocks++;
    self->figures.outstanding_bytes += size;
    if (self->figures.outstanding_bytes > self->figures.outstanding_bytes_max)
        self->figures.outstanding_bytes_max = self->figures.outstanding_bytes;
}

static void unlink_block(TestutilAllocator *self, BlockHeader *header)
{
    if (header->mark != MARK_OUTSTANDING) {
        fprintf(stderr, "testutil allocator: release of a block that is %s\n",
                header->mark == MARK_RELEASED ? "released already" : "not of this allocator");
        abort();
    }
    if (header->previous != NULL)
        header->previous->next = header->next;
    else
        self->oldest = header->next;
    if (header->next != NULL)
        header->next->previous = header->previous;
    else
        self->newest = header->previous;
    self->figures.outstanding_blocks--;
    self->figures.outstanding_bytes -= header->size;
}

static void *allocate(void *user_data, size_t size)
{
    TestutilAllocator *self = user_data;
    BlockHeader *header = NULL;

    pthread_mutex_lock(&self->mutex);
    if (!count_attempt(self) && size <= SIZE_MAX - sizeof(*header) && (header = malloc(sizeof(*header) + size)) != NULL)
        link_block(self, header, size);
    pthread_mutex_unlock(&self->mutex);
    return header == NULL ? NULL : header + 1;
}

static void release(void *user_data, void *block)
{
    TestutilAllocator *self = user_data;
    BlockHeader *header = (BlockHeader *)block - 1;

    pthread_mutex_lock(&self->mutex);
    unlink_block(self, header);
    pthread_mutex_unlock(&self->mutex);
    header->mark = MARK_RELEASED;
    memset(block, RELEASED_BYTE, header->size);
    free(header);
}

/* Always moves, so that nobody comes to rely on a block that stays where it was. */
static void *reallocate(void *user_data, void *block, size_t size)
{
    void *moved = allocate(user_data, size);

    if (block == NULL || moved == NULL)
        return moved;
    size_t kept = ((BlockHeader *)block - 1)->size;
    memcpy(moved, block, kept < size ? kept : size);
    release(user_data, block);
    return moved;
}

static void set_failure(TestutilAllocator *self, uint64_t number, int is_sticky)
{
    pthread_mutex_lock(&self->mutex);
    self->fail_number = number == 0 ? 0 : self->figures.attempt_count + number;
    self->is_sticky = is_sticky;
    pthread_mutex_unlock(&self->mutex);
}

void testutil_allocator_fail_once(TestutilAllocator *self, uint64_t number)
{
    set_failure(self, number, 0);
}

void testutil_allocator_fail_from(TestutilAllocator *self, uint64_t number)
{
    set_failure(self, number, 1);
}

void testutil_allocator_figures(TestutilAllocator *self, TestutilAllocatorFigures *ret_figures)
{
    pthread_mutex_lock(&self->mutex);
    *ret_figures = self->figures;
    pthread_mutex_unlock(&self->mutex);
}

void testutil_allocator_print_outstanding(TestutilAllocator *self, FILE *file, size_t limit)
{
    pthread_mutex_lock(&self->mutex);
    for (BlockHeader *header = self->oldest; header != NULL && limit > 0; header = header->next, limit--)
        fprintf(file, "outstanding: %zu bytes of attempt %llu\n", header->size, (unsigned long long)header->number);
    pthread_mutex_unlock(&self->mutex);
}

const StorageAllocator *testutil_allocator_interface(TestutilAllocator *self)
{
    return &self->interface;
}

TestutilAllocator *testutil_allocator_new(void)
{
    TestutilAllocator *self = calloc(1, sizeof(*self));

    if (self == NULL || pthread_mutex_init(&self->mutex, NULL) != 0) {
        free(self);
        return NULL;
    }
    self->interface = (StorageAllocator){
        .struct_size = sizeof(StorageAllocator),
        .user_data = self,
        .allocate = allocate,
        .reallocate = reallocate,
        .release = release,
    };
    return self;
}

void testutil_allocator_free(TestutilAllocator *self)
{
    if (self == NULL)
        return;
    pthread_mutex_destroy(&self->mutex);
    free(self);
}
