/*
 * cli/records/record.h - keys and values as text, one record after the other: JSON Lines, tab-separated, dump.
 *
 *   jsonl  {"key":"a","value":"1","expires_at":"2026-11-20T14:37:31.000000000Z"}
 *          key_base64 and value_base64 instead for bytes that are no text; ttl ("30s") instead of expires_at is read
 *   tsv    the key, a tab, the value; \t \n \r \\ and \xHH for what could not stand in a line of text
 *   dump   what db_dump and mdb_dump write and db_load and mdb_load read; no expiry, as in tsv
 *
 * Readers and writers hold one record at a time. What a writer wrote, a reader reads back to the byte.
 */
#ifndef CLI_RECORDS_RECORD_H
#define CLI_RECORDS_RECORD_H

#include "records/line_reader.h"

#include <storage/storage.h>

#include <stdio.h>

typedef enum RecordFormat { RECORD_JSONL, RECORD_TSV, RECORD_DUMP, RECORD_GUESS /* reading only */ } RecordFormat;

enum { RECORD_PROBLEM_SIZE = 256, RECORD_DUMP_TYPE_SIZE = 16 };

/* Of a line: a value of 1 GiB in its longest form, with room for its key. */
#define RECORD_LINE_SIZE_MAX ((size_t)(SIZE_MAX > UINT32_MAX ? UINT64_C(4400000000) : UINT64_C(0x40000000)))

/* ---- reading ---- */

typedef struct Record {
    StorageSlice key, value; /* valid until the next call of the reader */
    StorageExpiry expiry;
} Record;

typedef enum RecordOutcome {
    RECORD_READ,
    RECORD_END,
    RECORD_WAITING, /* nothing came in time: ask again */
    RECORD_BAD,     /* `problem` says why; the records after it can be read */
    RECORD_BROKEN,  /* `problem` says why; no record after it can be read */
    RECORD_NO_MEMORY,
    RECORD_IO_ERROR /* lines.error is the errno number */
} RecordOutcome;

/* Bytes of the reader's own. */
typedef struct RecordBuffer {
    char *data;
    size_t size, capacity;
} RecordBuffer;

/* How far a dump was read. */
typedef struct DumpState {
    RecordBuffer key, previous_key;
    char type[RECORD_DUMP_TYPE_SIZE];
    int has_header, has_ended; /* HEADER=END and DATA=END were read */
    int is_print, has_keys;
    int has_key;      /* the line of the key was read, that of the value was not */
    int is_key_wrong; /* and `problem` says why */
    int has_previous_key;
    int is_from_lmdb, has_escapes;
} DumpState;

typedef struct RecordReader {
    LineReader lines;
    RecordFormat format; /* GUESS until the first line was read */
    uint64_t line_no;    /* of the last record: where it begins, or what is wrong with it */
    char problem[RECORD_PROBLEM_SIZE];
    void *document; /* what the slices of a jsonl record point into */
    void *decoded[2];
    DumpState dump;
} RecordReader;

/* Reads from `fd`, which stays the caller's. */
void record_reader_init(RecordReader *self, RecordFormat format, int fd);

/* Reads a copy of `bytes`. Returns 0 when out of memory. */
int record_reader_init_memory(RecordReader *self, RecordFormat format, StorageSlice bytes);

void record_reader_done(RecordReader *self);

/* The next record, waiting up to `wait_ms` (negative: as long as it takes) for each block of input. */
RecordOutcome record_reader_next(RecordReader *self, int wait_ms, Record *ret_record);

/* Once the records were read: what may be wrong with them though each could be read, or NULL. */
const char *record_reader_doubt(const RecordReader *self);

/* ---- writing ---- */

enum {
    RECORD_KEYS_ONLY = 1u << 0, /* jsonl, tsv: without the value */
    RECORD_REVISIONS = 1u << 1, /* jsonl: with the member "revision" */
    RECORD_DUMP_PRINT = 1u << 2 /* dump: what is printable as it is */
};

typedef struct RecordWriter {
    FILE *stream;
    RecordFormat format;
    uint32_t flags;
    uint64_t dump_map_size; /* of the map that mdb_load makes; 0: not said, as db_load wants it */
    uint64_t record_count;
    uint64_t lost_expiry_count; /* records that had one, and the format has no place for it */
} RecordWriter;

/* What comes before the records, a record, and what comes after them. Each returns 0 or an errno number. */
int record_writer_begin(RecordWriter *self);
int record_writer_next(RecordWriter *self, const StorageEntry *entry);
int record_writer_end(RecordWriter *self);

#endif
