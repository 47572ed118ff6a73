/*
 * cli/records/format_dump.c - the text that db_dump (Berkeley DB) and mdb_dump (LMDB) write.
 *
 *   VERSION=3
 *   format=bytevalue     or print
 *   type=btree
 *   HEADER=END
 *    6b6579              a space and the key, two digits a byte; in print: printable bytes, \HH for the others
 *    76616c7565          a space and its value
 *   DATA=END
 *
 * Read: one database with keys (btree, hash; recno and queue when they were dumped with keys). Other lines of the
 * header describe how the old store was built and are passed over. A dump that ends without DATA=END was cut off, and a
 * second database is refused, because its keys would mix with those of the first. A key that repeats the one before it
 * is bad: it comes from a database with duplicates, and the store keeps one value a key. mdb_dump -p (0.9) writes a
 * backslash as it is, so that nobody can tell it from the start of an escape: record_reader_doubt says so.
 *
 * Written: what both loaders take. mdb_load 0.9 decodes "\\" wrongly where another escape stands before it in the line,
 * so that a backslash is written as \5c, which both read. The size of the map is written only when asked for, because
 * mdb_load makes small maps without it and db_load refuses files with it.
 */
#include "records/record_format.h"

#include <stdlib.h>
#include <string.h>

static int equals(StorageSlice text, const char *expected)
{
    return storage_slice_compare(text, storage_string(expected)) == 0;
}

static int starts_with(const char *line, size_t size, const char *start)
{
    return size >= strlen(start) && memcmp(line, start, strlen(start)) == 0;
}

/* ---- the header ---- */

static RecordOutcome check_header(RecordReader *self)
{
    DumpState *dump = &self->dump;
    int has_record_numbers = strcmp(dump->type, "recno") == 0 || strcmp(dump->type, "queue") == 0;
    if (!has_record_numbers && strcmp(dump->type, "btree") != 0 && strcmp(dump->type, "hash") != 0)
        return record_broken(self, "a dump of type \"%s\"; there are btree, hash, and recno and queue with keys",
                             dump->type);
    if (has_record_numbers && dump->has_keys != 1)
        return record_broken(self, "a dump of type %s without keys; dump it again with db_dump -k", dump->type);
    if (dump->has_keys == 0)
        return record_broken(self, "a dump without keys (keys=0); dump it again with its keys");
    dump->has_header = 1;
    return RECORD_WAITING;
}

/* Takes a line of the header: NAME=TEXT. */
static RecordOutcome read_header_line(RecordReader *self, char *line, size_t size)
{
    DumpState *dump = &self->dump;
    char excerpt[RECORD_EXCERPT_SIZE];
    const char *equal_sign = memchr(line, '=', size);
    StorageSlice name, text;
    if (self->line_no == 1) {
        dump->has_keys = -1;
        (void)snprintf(dump->type, sizeof(dump->type), "btree");
        if (!starts_with(line, size, "VERSION=") || !equals(storage_bytes(line + 8, size - 8), "3"))
            return record_broken(self, "a dump begins with VERSION=3, not with \"%s\"",
                                 record_excerpt(storage_bytes(line, size), excerpt));
        return RECORD_WAITING;
    }
    if (equal_sign == NULL)
        return record_broken(self, "\"%s\" in the header of a dump, whose lines are NAME=TEXT, the last HEADER=END",
                             record_excerpt(storage_bytes(line, size), excerpt));
    name = storage_bytes(line, (size_t)(equal_sign - line));
    text = storage_bytes(equal_sign + 1, size - name.size - 1);
    if (equals(name, "HEADER") && equals(text, "END"))
        return check_header(self);
    if (equals(name, "type")) {
        (void)snprintf(dump->type, sizeof(dump->type), "%s", record_excerpt(text, excerpt));
    } else if (equals(name, "keys")) {
        dump->has_keys = equals(text, "1");
    } else if (equals(name, "maxreaders")) {
        dump->is_from_lmdb = 1;
    } else if (equals(name, "format")) {
        dump->is_print = equals(text, "print");
        if (!dump->is_print && !equals(text, "bytevalue"))
            return record_broken(self, "a dump in the format \"%s\"; there are print and bytevalue",
                                 record_excerpt(text, excerpt));
    }
    return RECORD_WAITING;
}

/* ---- keys and values ---- */

/* Both decode in place and return the size, or -1 after they have said what is wrong. */
static ssize_t decode_bytevalue(RecordReader *self, char *text, size_t size)
{
    for (size_t i = 0; i + 1 < size; i += 2) {
        int high = record_hex_digit(text[i]), low = record_hex_digit(text[i + 1]);
        if (high < 0 || low < 0) {
            (void)record_bad(self, "not hexadecimal; a line of a bytevalue dump is a space and two digits a byte");
            return -1;
        }
        text[i / 2] = (char)(high * 16 + low);
    }
    if (size % 2 != 0) {
        (void)record_bad(self, "an odd number of hexadecimal digits; the line was cut off");
        return -1;
    }
    return (ssize_t)(size / 2);
}

static ssize_t decode_print(RecordReader *self, char *text, size_t size)
{
    size_t to = 0;
    for (size_t from = 0; from < size; to++) {
        size_t left = size - from;
        if (text[from] != '\\') {
            text[to] = text[from++];
            continue;
        }
        self->dump.has_escapes = 1;
        if (left >= 2 && text[from + 1] == '\\') {
            text[to] = '\\';
            from += 2;
        } else if (left >= 3 && record_hex_digit(text[from + 1]) >= 0 && record_hex_digit(text[from + 2]) >= 0) {
            text[to] = (char)(record_hex_digit(text[from + 1]) * 16 + record_hex_digit(text[from + 2]));
            from += 3;
        } else {
            (void)record_bad(self, "a backslash without two digits; mdb_dump -p does not escape backslashes: dump it "
                                   "again without -p");
            return -1;
        }
    }
    return (ssize_t)to;
}

static ssize_t decode(RecordReader *self, char *text, size_t size)
{
    return self->dump.is_print ? decode_print(self, text, size) : decode_bytevalue(self, text, size);
}

/* Copies `size` bytes. Returns 0 when out of memory. */
static int buffer_set(RecordBuffer *self, const char *data, size_t size)
{
    if (size > self->capacity || self->data == NULL) {
        char *larger = realloc(self->data, size + 1);
        if (larger == NULL)
            return 0;
        self->data = larger;
        self->capacity = size;
    }
    memcpy(self->data, data, size);
    self->size = size;
    return 1;
}

static StorageSlice buffer_slice(const RecordBuffer *self)
{
    return storage_bytes(self->data, self->size);
}

/* The key must outlive its line, because the value stands in the next one. */
static RecordOutcome read_key(RecordReader *self, char *text, size_t size)
{
    DumpState *dump = &self->dump;
    RecordBuffer spare = dump->previous_key;
    ssize_t key_size = decode(self, text, size);
    dump->has_key = 1;
    dump->is_key_wrong = key_size < 0;
    if (dump->is_key_wrong)
        return RECORD_WAITING;
    dump->previous_key = dump->key;
    dump->key = spare;
    if (!buffer_set(&dump->key, text, (size_t)key_size))
        return RECORD_NO_MEMORY;
    if (dump->has_previous_key &&
        storage_slice_compare(buffer_slice(&dump->key), buffer_slice(&dump->previous_key)) == 0) {
        (void)record_bad(self,
                         "the key of the record before it; the dump is of a database with duplicates, and a store "
                         "keeps one value a key");
        dump->is_key_wrong = 1;
    }
    dump->has_previous_key = 1;
    return RECORD_WAITING;
}

static RecordOutcome read_value(RecordReader *self, char *text, size_t size, Record *ret_record)
{
    DumpState *dump = &self->dump;
    ssize_t value_size;
    dump->has_key = 0;
    if (dump->is_key_wrong) {
        self->line_no--; /* where the key was */
        return RECORD_BAD;
    }
    value_size = decode(self, text, size);
    if (value_size < 0)
        return RECORD_BAD;
    self->line_no--;
    *ret_record = (Record){.key = buffer_slice(&dump->key),
                           .value = storage_bytes(text, (size_t)value_size),
                           .expiry = storage_expiry_never()};
    return RECORD_READ;
}

static RecordOutcome read_after_end(RecordReader *self, const char *line, size_t size)
{
    if (size == 0)
        return RECORD_WAITING;
    if (starts_with(line, size, "VERSION="))
        return record_broken(self,
                             "a second database begins here; import one at a time: mdb_dump -s NAME or db_dump -s "
                             "NAME dumps a single one");
    return record_broken(self, "more text after DATA=END, which ends a dump");
}

RecordOutcome dump_read(RecordReader *self, char *line, size_t size, Record *ret_record)
{
    DumpState *dump = &self->dump;
    char excerpt[RECORD_EXCERPT_SIZE];
    if (dump->has_ended)
        return read_after_end(self, line, size);
    if (!dump->has_header)
        return read_header_line(self, line, size);
    if (size > 0 && line[0] == ' ')
        return dump->has_key ? read_value(self, line + 1, size - 1, ret_record) : read_key(self, line + 1, size - 1);
    if (!equals(storage_bytes(line, size), "DATA=END"))
        return record_broken(self, "\"%s\" in a dump, whose lines of data begin with a space, the last is DATA=END",
                             record_excerpt(storage_bytes(line, size), excerpt));
    if (dump->has_key)
        return record_broken(self, "the dump ends with a key that has no value");
    dump->has_ended = 1;
    return RECORD_WAITING;
}

RecordOutcome dump_read_end(RecordReader *self)
{
    self->line_no = self->lines.line_no;
    if (self->dump.has_ended || self->lines.line_no == 0)
        return RECORD_END;
    return record_broken(self, "the dump ends without %s: it was cut off",
                         self->dump.has_header ? "DATA=END" : "HEADER=END");
}

void dump_done(DumpState *self)
{
    free(self->key.data);
    free(self->previous_key.data);
    memset(self, 0, sizeof(*self));
}

/* ---- writing ---- */

void dump_write_begin(const RecordWriter *self)
{
    (void)fprintf(self->stream, "VERSION=3\nformat=%s\ntype=btree\n",
                  (self->flags & RECORD_DUMP_PRINT) != 0 ? "print" : "bytevalue");
    if (self->dump_map_size > 0)
        (void)fprintf(self->stream, "mapsize=%llu\n", (unsigned long long)self->dump_map_size);
    (void)fputs("HEADER=END\n", self->stream);
}

static void write_print(FILE *stream, StorageSlice bytes)
{
    const unsigned char *data = bytes.data;
    for (size_t i = 0; i < bytes.size; i++) {
        if (data[i] >= 0x20 && data[i] < 0x7f && data[i] != '\\')
            (void)putc_unlocked(data[i], stream);
        else
            (void)fprintf(stream, "\\%02x", data[i]);
    }
}

static void write_line(const RecordWriter *self, StorageSlice bytes)
{
    (void)putc_unlocked(' ', self->stream);
    if ((self->flags & RECORD_DUMP_PRINT) != 0)
        write_print(self->stream, bytes);
    else
        record_write_hex(self->stream, bytes);
    (void)putc_unlocked('\n', self->stream);
}

void dump_write(const RecordWriter *self, const StorageEntry *entry)
{
    write_line(self, entry->key);
    write_line(self, entry->value);
}

void dump_write_end(const RecordWriter *self)
{
    (void)fputs("DATA=END\n", self->stream);
}
