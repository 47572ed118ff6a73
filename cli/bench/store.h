/* cli/bench/store.h - what stands below the key prefix of a benchmark, before it and after it. */
#ifndef CLI_BENCH_STORE_H
#define CLI_BENCH_STORE_H

#include "bench/records.h"
#include "session.h"

typedef struct BenchInventory {
    uint64_t record_count; /* the number of the last record there, and one more */
    uint64_t found_count;  /* records there */
} BenchInventory;

/* Reports when there is any key below the prefix. Returns an exit code. */
int bench_store_check_empty(Session *session, StorageSlice prefix);

/* Counts the records below the prefix; reports when there is a key that is none. Returns an exit code. */
int bench_store_count(Session *session, StorageSlice prefix, BenchInventory *ret_inventory);

/*
 * Deletes every record below the prefix, and nothing else. Works after a signal and after the time limit too: what the
 * benchmark put there is not to stay. Returns an exit code and reports.
 */
int bench_store_clear(Session *session, StorageSlice prefix);

#endif
