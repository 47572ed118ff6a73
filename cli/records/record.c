/*
 * cli/records/record.c - readers and writers of records: which format it is, and what the formats share.
 *
 * The first line tells the format: "{" begins jsonl, "VERSION=" without a tab a dump, anything else is tsv. Writers of
 * tsv escape a first key that would be taken for another format.
 */
#include "records/record_format.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const char byte_order_mark[] = "\xef\xbb\xbf";

/* ---- reading ---- */

static void reader_init(RecordReader *self, RecordFormat format)
{
    memset(self, 0, sizeof(*self));
    self->format = format;
}

void record_reader_init(RecordReader *self, RecordFormat format, int fd)
{
    reader_init(self, format);
    line_reader_init(&self->lines, fd, RECORD_LINE_SIZE_MAX);
}

int record_reader_init_memory(RecordReader *self, RecordFormat format, StorageSlice bytes)
{
    reader_init(self, format);
    return line_reader_init_memory(&self->lines, bytes.data, bytes.size, RECORD_LINE_SIZE_MAX);
}

void record_reader_done(RecordReader *self)
{
    jsonl_done(self);
    dump_done(&self->dump);
    line_reader_done(&self->lines);
}

static RecordFormat guess(const char *line, size_t size)
{
    static const char dump_start[] = "VERSION=";
    if (size > 0 && line[0] == '{')
        return RECORD_JSONL;
    if (size >= strlen(dump_start) && memcmp(line, dump_start, strlen(dump_start)) == 0 &&
        memchr(line, '\t', size) == NULL)
        return RECORD_DUMP;
    return RECORD_TSV;
}

/* What editors of another system put before the first character is no part of a jsonl or dump file. */
static void begin(RecordReader *self, char **line, size_t *size)
{
    size_t skip = strlen(byte_order_mark);
    RecordFormat without_mark;
    if (*size < skip || memcmp(*line, byte_order_mark, skip) != 0)
        skip = 0;
    without_mark = guess(*line + skip, *size - skip);
    if (self->format == RECORD_GUESS)
        self->format = without_mark;
    if (self->format != RECORD_TSV) {
        *line += skip;
        *size -= skip;
    }
}

static RecordOutcome outcome_without_line(RecordReader *self, LineOutcome outcome)
{
    switch (outcome) {
    case LINE_END:
        return self->format == RECORD_DUMP ? dump_read_end(self) : RECORD_END;
    case LINE_WAITING:
        return RECORD_WAITING;
    case LINE_TOO_LONG:
        self->line_no = self->lines.line_no;
        /* In a dump a line that is passed over would turn values into keys. */
        return (self->format == RECORD_DUMP ? record_broken : record_bad)(
            self, "the line is longer than %zu bytes; values have at most 1 GiB", self->lines.size_max);
    case LINE_NO_MEMORY:
        self->line_no = self->lines.line_no + 1;
        return RECORD_NO_MEMORY;
    default:
        return RECORD_IO_ERROR;
    }
}

RecordOutcome record_reader_next(RecordReader *self, int wait_ms, Record *ret_record)
{
    for (;;) {
        RecordOutcome outcome;
        char *line;
        size_t size;
        LineOutcome read = line_reader_next(&self->lines, wait_ms, &line, &size);
        if (read != LINE_READ)
            return outcome_without_line(self, read);
        self->line_no = self->lines.line_no;
        if (self->line_no == 1)
            begin(self, &line, &size);
        if (self->format == RECORD_TSV)
            return tsv_read(self, line, size, ret_record);
        if (self->format == RECORD_JSONL && size == 0)
            continue;
        if (self->format == RECORD_JSONL)
            return jsonl_read(self, line, size, ret_record);
        outcome = dump_read(self, line, size, ret_record);
        if (outcome != RECORD_WAITING)
            return outcome;
    }
}

const char *record_reader_doubt(const RecordReader *self)
{
    if (self->dump.is_from_lmdb && self->dump.is_print && self->dump.has_escapes)
        return "a dump by mdb_dump -p does not tell backslashes from escapes; dump without -p to be sure of keys and "
               "values that have some";
    return NULL;
}

static void set_problem(RecordReader *self, const char *format, va_list arguments)
{
    (void)vsnprintf(self->problem, sizeof(self->problem), format, arguments);
}

RecordOutcome record_bad(RecordReader *self, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    set_problem(self, format, arguments);
    va_end(arguments);
    return RECORD_BAD;
}

RecordOutcome record_broken(RecordReader *self, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    set_problem(self, format, arguments);
    va_end(arguments);
    return RECORD_BROKEN;
}

const char *record_excerpt(StorageSlice text, char buffer[RECORD_EXCERPT_SIZE])
{
    size_t len = text.size < RECORD_EXCERPT_SIZE - 1 ? text.size : RECORD_EXCERPT_SIZE - 1;
    for (size_t i = 0; i < len; i++) {
        char character = ((const char *)text.data)[i];
        buffer[i] = '?';
        if (character >= ' ' && character <= '~')
            buffer[i] = character;
    }
    buffer[len] = '\0';
    return buffer;
}

int record_hex_digit(char character)
{
    if (character >= '0' && character <= '9')
        return character - '0';
    if (character >= 'a' && character <= 'f')
        return character - 'a' + 10;
    if (character >= 'A' && character <= 'F')
        return character - 'A' + 10;
    return -1;
}

/* ---- writing ---- */

void record_write_hex(FILE *stream, StorageSlice bytes)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *data = bytes.data;
    char text[4096];
    size_t len = 0;
    for (size_t i = 0; i < bytes.size; i++) {
        text[len++] = digits[data[i] >> 4];
        text[len++] = digits[data[i] & 15];
        if (len == sizeof(text) || i + 1 == bytes.size) {
            (void)fwrite_unlocked(text, 1, len, stream);
            len = 0;
        }
    }
}

/* 0, or the errno number of what failed since `errno` was 0. */
static int stream_error(FILE *stream)
{
    if (!ferror_unlocked(stream))
        return 0;
    return errno != 0 ? errno : EIO;
}

int record_writer_begin(RecordWriter *self)
{
    errno = 0;
    if (self->format == RECORD_DUMP)
        dump_write_begin(self);
    return stream_error(self->stream);
}

int record_writer_next(RecordWriter *self, const StorageEntry *entry)
{
    errno = 0;
    if (self->format == RECORD_JSONL)
        jsonl_write(self, entry);
    else if (self->format == RECORD_TSV)
        tsv_write(self, entry);
    else
        dump_write(self, entry);
    if (self->format != RECORD_JSONL && entry->expires_at_ns != STORAGE_NEVER)
        self->lost_expiry_count++;
    self->record_count++;
    return stream_error(self->stream);
}

int record_writer_end(RecordWriter *self)
{
    errno = 0;
    if (self->format == RECORD_DUMP)
        dump_write_end(self);
    return stream_error(self->stream);
}
