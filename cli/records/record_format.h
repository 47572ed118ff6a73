/* cli/records/record_format.h - what the formats give to record.c, and the other way round. */
#ifndef CLI_RECORDS_RECORD_FORMAT_H
#define CLI_RECORDS_RECORD_FORMAT_H

#include "records/record.h"

/* Each reads one record. `line` of `size` bytes is the line that was read for it. */
RecordOutcome jsonl_read(RecordReader *self, char *line, size_t size, Record *ret_record);
RecordOutcome tsv_read(RecordReader *self, char *line, size_t size, Record *ret_record);
/* RECORD_WAITING: the line was taken and another one is needed. */
RecordOutcome dump_read(RecordReader *self, char *line, size_t size, Record *ret_record);
/* The input ended: RECORD_END, or RECORD_BROKEN when it should not have. */
RecordOutcome dump_read_end(RecordReader *self);
void dump_done(DumpState *self);

/* What is left in memory by the last record of a jsonl file. */
void jsonl_done(RecordReader *self);

/* Each writes; failures stay in the stream. */
void jsonl_write(const RecordWriter *self, const StorageEntry *entry);
void tsv_write(const RecordWriter *self, const StorageEntry *entry);
void dump_write_begin(const RecordWriter *self);
void dump_write(const RecordWriter *self, const StorageEntry *entry);
void dump_write_end(const RecordWriter *self);

/* Says what is wrong. Returns RECORD_BAD or RECORD_BROKEN. */
RecordOutcome record_bad(RecordReader *self, const char *format, ...) STORAGE_PRINTF(2, 3);
RecordOutcome record_broken(RecordReader *self, const char *format, ...) STORAGE_PRINTF(2, 3);

/* The start of `text` for a message: printable ASCII, a question mark for all else. Returns `buffer`. */
#define RECORD_EXCERPT_SIZE 41
const char *record_excerpt(StorageSlice text, char buffer[RECORD_EXCERPT_SIZE]);

/* The value of a hexadecimal digit, -1 when it is none. */
int record_hex_digit(char character);

/* Writes the two digits of each byte. */
void record_write_hex(FILE *stream, StorageSlice bytes);

#endif
