/*
 * cli/records/import_group.h - records into commits of up to 1,000 records, 8 MiB or 100 ms, in input order.
 *
 * Every commit is atomic and the next one begins after it, so that what is in the store after a kill is the input up to
 * some record and nothing behind it. In a transaction nothing is committed here.
 */
#ifndef CLI_RECORDS_IMPORT_GROUP_H
#define CLI_RECORDS_IMPORT_GROUP_H

#include "records/record.h"

#define IMPORT_GROUP_COUNT_MAX 1000
#define IMPORT_GROUP_SIZE_MAX ((size_t)8 << 20)
#define IMPORT_GROUP_AGE_MS 100

typedef struct ImportGroup {
    StorageBackend *backend;
    StorageTransaction *txn; /* NULL: commits of its own */
    StorageContext *ctx;
    /* Told of a record that is too large for the store. Returns 1 to go on without it, 0 to stop. */
    int (*refused)(void *user_data, uint64_t line_no, StorageStatus status);
    void *user_data;
    uint64_t (*now_ns)(void); /* a clock that never goes back; NULL: the system's */

    uint64_t imported_count;   /* records that were committed, or set in the transaction */
    uint64_t imported_line_no; /* of the last of them */
    uint64_t commit_count;

    StorageOperation *operations; /* what is waiting for the commit */
    uint64_t *line_numbers;
    size_t count;
    char *bytes; /* keys and values of `operations` */
    size_t size;
    uint64_t begin_ns; /* when the first of them came */
} ImportGroup;

/* For a group whose members up to the clock are set and whose others are zero. Returns 0 when out of memory. */
int import_group_init(ImportGroup *self);
void import_group_done(ImportGroup *self);

/*
 * Adds a record, and commits what is due. Returns OK; what the write returned, and the context has its text; or
 * SIZE_LIMIT_EXCEEDED when `refused` said to stop: then everything before that record was committed, nothing after it.
 */
StorageStatus import_group_add(ImportGroup *self, const Record *record, uint64_t line_no);

/* Commits what is waiting. Returns as import_group_add. */
StorageStatus import_group_commit(ImportGroup *self);

/* Milliseconds until the commit of what is waiting is due, 0 when it is; -1 when nothing waits. */
int import_group_wait_ms(const ImportGroup *self);

#endif
