/*
 * cli/bench/records.h - the records of a benchmark: numbers from 0 on, the key of each, and how many there are while
 * threads insert more.
 *
 * The key of record n is PREFIXuserHHHHHHHHHHHHHHHH, where H are the digits of a number into which n is scattered:
 * inserts meet the store at random places, as those of YCSB do, and the number can be read back from the key.
 */
#ifndef CLI_BENCH_RECORDS_H
#define CLI_BENCH_RECORDS_H

#include <storage/storage.h>

#include <stdatomic.h>

#define BENCH_PREFIX_SIZE_MAX 256
#define BENCH_KEY_SIZE_MAX (BENCH_PREFIX_SIZE_MAX + 20)
#define BENCH_RECORD_COUNT_MAX (UINT64_C(1) << 40)
#define BENCH_THREAD_COUNT_MAX 1024

/* ---- keys ---- */

/* Writes the key of record `number`; the prefix is at most BENCH_PREFIX_SIZE_MAX long. Returns it, in `buffer`. */
StorageSlice bench_key(StorageSlice prefix, uint64_t number, char buffer[BENCH_KEY_SIZE_MAX]);

/* The number of the record with that key. Returns 0 when it is not the key of one. */
int bench_key_number(StorageSlice prefix, StorageSlice key, uint64_t *ret_number);

/* Every key of a record, and no other that a benchmark did not write. `buffer` holds the bound. */
StorageRange bench_key_range(StorageSlice prefix, char buffer[BENCH_KEY_SIZE_MAX]);

/* ---- how many there are ---- */

typedef struct BenchInserter {
    _Alignas(64) _Atomic uint64_t lowest; /* no number below it is being inserted by this thread */
} BenchInserter;

typedef struct BenchRecords {
    _Alignas(64) _Atomic uint64_t next;    /* the number of the next insert */
    _Alignas(64) _Atomic uint64_t present; /* every record below it has been inserted */
    BenchInserter inserters[BENCH_THREAD_COUNT_MAX];
    uint32_t thread_count;
} BenchRecords;

/* `count` records are there; `thread_count` threads, up to BENCH_THREAD_COUNT_MAX, will insert more. Not while they do.
 */
void bench_records_init(BenchRecords *self, uint64_t count, uint32_t thread_count);

/* Begins the insert of a record that nobody else inserts. Returns its number. */
uint64_t bench_records_insert(BenchRecords *self, uint32_t thread_index);

/* Ends the insert that the thread began, whether it went well or not: readers that find nothing there count it. */
void bench_records_inserted(BenchRecords *self, uint32_t thread_index);

/* How many there are: each record below was inserted before. */
uint64_t bench_records_present(BenchRecords *self);

#endif
