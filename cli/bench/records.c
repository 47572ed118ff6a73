/*
 * cli/bench/records.c - the records of a benchmark.
 *
 * Invariants:
 *  1. An inserter's `lowest` is at most the number that it is inserting: it is stored before the number is drawn, and
 *     `next` only grows.
 *  2. So the smallest of `next`, read first, and of all `lowest`, read afterwards, is at most every number whose insert
 *     has not ended: whoever drew a number below that `next` had stored its `lowest` before. All of these accesses are
 * in the one order of sequentially consistent operations, on which this rests.
 *  3. `present` only grows.
 */
#include "bench/records.h"

#include "bench/random.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define TAG "user"
#define DIGIT_COUNT 16

StorageSlice bench_key(StorageSlice prefix, uint64_t number, char buffer[BENCH_KEY_SIZE_MAX])
{
    static const char digits[] = "0123456789abcdef";
    size_t size = prefix.size;
    uint64_t mixed = bench_random_mix(number);
    assert(prefix.size <= BENCH_PREFIX_SIZE_MAX);
    if (prefix.size > 0)
        memcpy(buffer, prefix.data, prefix.size);
    memcpy(buffer + size, TAG, sizeof(TAG) - 1);
    size += sizeof(TAG) - 1;
    for (int shift = 60; shift >= 0; shift -= 4)
        buffer[size++] = digits[mixed >> shift & 15];
    return storage_bytes(buffer, size);
}

int bench_key_number(StorageSlice prefix, StorageSlice key, uint64_t *ret_number)
{
    char buffer[BENCH_KEY_SIZE_MAX];
    size_t digits_at = prefix.size + sizeof(TAG) - 1;
    const char *data = key.data;
    uint64_t mixed = 0, number;
    if (key.size != digits_at + DIGIT_COUNT)
        return 0;
    for (size_t i = digits_at; i < key.size; i++)
        mixed = mixed << 4 | (uint64_t)((data[i] >= 'a' ? data[i] - 'a' + 10 : data[i] - '0') & 15);
    number = bench_random_unmix(mixed);
    if (number >= BENCH_RECORD_COUNT_MAX || storage_slice_compare(bench_key(prefix, number, buffer), key) != 0)
        return 0;
    *ret_number = number;
    return 1;
}

StorageRange bench_key_range(StorageSlice prefix, char buffer[BENCH_KEY_SIZE_MAX])
{
    StorageSlice key = bench_key(prefix, 0, buffer);
    return storage_range_prefix(storage_bytes(key.data, key.size - DIGIT_COUNT));
}

void bench_records_init(BenchRecords *self, uint64_t count, uint32_t thread_count)
{
    assert(thread_count <= BENCH_THREAD_COUNT_MAX);
    self->thread_count = thread_count;
    atomic_init(&self->next, count);
    atomic_init(&self->present, count);
    for (uint32_t i = 0; i < thread_count; i++)
        atomic_init(&self->inserters[i].lowest, UINT64_MAX);
}

uint64_t bench_records_insert(BenchRecords *self, uint32_t thread_index)
{
    atomic_store(&self->inserters[thread_index].lowest, atomic_load(&self->next));
    return atomic_fetch_add(&self->next, 1);
}

void bench_records_inserted(BenchRecords *self, uint32_t thread_index)
{
    uint64_t lowest, present;
    atomic_store(&self->inserters[thread_index].lowest, UINT64_MAX);
    lowest = atomic_load(&self->next);
    for (uint32_t i = 0; i < self->thread_count; i++) {
        uint64_t other = atomic_load(&self->inserters[i].lowest);
        if (other < lowest)
            lowest = other;
    }
    present = atomic_load(&self->present);
    while (present < lowest && !atomic_compare_exchange_weak(&self->present, &present, lowest))
        continue;
}

uint64_t bench_records_present(BenchRecords *self)
{
    return atomic_load_explicit(&self->present, memory_order_acquire);
}
