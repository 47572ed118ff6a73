/*
 * memory_fixture.h - a memory store on an injected clock whose every byte is counted.
 *
 * The counting allocator keeps the size in front of each block, so that counting costs little and 100,000s of blocks
 * are no trouble. Bytes are as they were asked for.
 */
#ifndef MEMORY_FIXTURE_H
#define MEMORY_FIXTURE_H

#include "unit.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "storage/memory.h"
#include "storage/transaction.h"
#include "storage/watch.h"
#include "storage_testutil/clock.h"
#include "storage_testutil/generate.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEMORY_TEST_IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MEMORY_TEST_IS_SANITIZED 1
#endif
#endif
#ifndef MEMORY_TEST_IS_SANITIZED
#define MEMORY_TEST_IS_SANITIZED 0
#endif

/* ---- the counting allocator ---- */

typedef union BlockHeader {
    size_t size;
    max_align_t alignment;
} BlockHeader;

static size_t counted_bytes, counted_blocks, counted_calls; /* atomic */

static inline void count_block(const BlockHeader *header, int sign)
{
    if (sign > 0) {
        __atomic_fetch_add(&counted_bytes, header->size, __ATOMIC_RELAXED);
        __atomic_fetch_add(&counted_blocks, 1, __ATOMIC_RELAXED);
    } else {
        __atomic_fetch_sub(&counted_bytes, header->size, __ATOMIC_RELAXED);
        __atomic_fetch_sub(&counted_blocks, 1, __ATOMIC_RELAXED);
    }
    __atomic_fetch_add(&counted_calls, 1, __ATOMIC_RELAXED);
}

static inline void *counting_allocate(void *user_data, size_t size)
{
    BlockHeader *header = malloc(sizeof(BlockHeader) + size);
    (void)user_data;
    if (header == NULL)
        return NULL;
    header->size = size;
    count_block(header, +1);
    return header + 1;
}

static inline void counting_release(void *user_data, void *block)
{
    BlockHeader *header = (BlockHeader *)block - 1;
    (void)user_data;
    count_block(header, -1);
    free(header);
}

static inline void *counting_reallocate(void *user_data, void *block, size_t size)
{
    const BlockHeader *header = (const BlockHeader *)block - 1;
    void *moved = counting_allocate(user_data, size);
    if (moved == NULL)
        return NULL;
    memcpy(moved, block, header->size < size ? header->size : size);
    counting_release(user_data, block);
    return moved;
}

static inline size_t bytes_in_use(void)
{
    return __atomic_load_n(&counted_bytes, __ATOMIC_RELAXED);
}

static inline size_t blocks_in_use(void)
{
    return __atomic_load_n(&counted_blocks, __ATOMIC_RELAXED);
}

/* ---- the store ---- */

static TestutilClock *test_clock;
static StorageBackend *store;

/* The history for watches is made as small as it can be: what it retains is bounded by options, not by use. */
static inline void open_store(uint64_t limit_bytes)
{
    static const StorageAllocator allocator = {.struct_size = sizeof(allocator),
                                               .allocate = counting_allocate,
                                               .reallocate = counting_reallocate,
                                               .release = counting_release};
    StorageMemoryOptions options = STORAGE_MEMORY_OPTIONS_INIT;
    unit_assert_status(storage_set_allocator(&allocator), STORAGE_OK);
    test_clock = testutil_clock_new(1);
    options.environment = testutil_clock_environment(test_clock);
    options.limit_bytes = limit_bytes;
    options.watch_history_count = 1;
    options.watch_history_bytes = 1;
    unit_assert_status(storage_memory_open(&options, &store, NULL), STORAGE_OK);
}

/* Closing frees all: a block that is left is a leak. */
static inline void close_store(void)
{
    unit_assert_status(storage_close(store, NULL), STORAGE_OK);
    ck_assert_uint_eq(blocks_in_use(), 0);
    ck_assert_uint_eq(bytes_in_use(), 0);
    testutil_clock_free(test_clock);
}

typedef struct KeyText {
    char bytes[TESTUTIL_KEY_BUFFER_SIZE];
} KeyText;

static inline StorageSlice key_at(KeyText *text, uint64_t index)
{
    return testutil_key(text->bytes, sizeof(text->bytes), "key", index);
}

static inline StorageStatus set_size(uint64_t index, size_t value_size)
{
    static const char bytes[65536] = {'v'};
    KeyText text;
    return storage_set(store, key_at(&text, index), storage_bytes(bytes, value_size), NULL, NULL);
}

static inline void fill(uint64_t first, uint64_t count, size_t value_size)
{
    for (uint64_t index = first; index < first + count; index++)
        unit_assert_status(set_size(index, value_size), STORAGE_OK);
}

static inline void delete_key(uint64_t index)
{
    KeyText text;
    unit_assert_status(storage_delete(store, key_at(&text, index), NULL), STORAGE_OK);
}

static inline StorageCursor *open_cursor(void)
{
    StorageCursor *cursor = NULL;
    unit_assert_status(storage_scan(store, NULL, NULL, &cursor, NULL), STORAGE_OK);
    return cursor;
}

/* Reads what is left of a cursor. Returns how many rows. */
static inline uint64_t count_rows(StorageCursor *cursor)
{
    const StorageEntry *entry = NULL;
    uint64_t row_count = 0;
    StorageStatus status;
    while ((status = storage_cursor_next(cursor, &entry, NULL)) == STORAGE_OK)
        row_count += 1;
    unit_assert_status(status, STORAGE_END);
    return row_count;
}

static inline uint64_t count_stored_rows(void)
{
    StorageCursor *cursor = open_cursor();
    uint64_t row_count = count_rows(cursor);
    storage_cursor_close(cursor);
    return row_count;
}

#endif
