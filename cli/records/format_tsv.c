/*
 * cli/records/format_tsv.c - a line for each record: the key, a tab, the value.
 *
 * Written: \t \n \r \\ for these four, \xHH for what is no UTF-8 and for the other control characters, all else as it
 * is. Read: these escapes and no others, any other byte as it is. A second tab in a line is a mistake, not a third
 * column.
 */
#include "records/record_format.h"

#include "utf8.h"

#include <string.h>

/* ---- reading ---- */

/*
 * Decodes in place: a decoded text is never longer than its source. Returns 0 after it has said what is wrong.
 */
static int decode(RecordReader *self, char *text, size_t *size)
{
    const char *end = text + *size, *from = memchr(text, '\\', *size);
    char *to;
    if (from == NULL)
        return 1;
    for (to = text + (from - text); from < end; to++) {
        size_t left = (size_t)(end - from);
        static const char names[] = "tnr\\", bytes[] = "\t\n\r\\";
        const char *name;
        if (*from != '\\') {
            *to = *from++;
        } else if (left >= 4 && from[1] == 'x' && record_hex_digit(from[2]) >= 0 && record_hex_digit(from[3]) >= 0) {
            *to = (char)(record_hex_digit(from[2]) * 16 + record_hex_digit(from[3]));
            from += 4;
        } else if (left >= 2 && from[1] != '\0' && (name = strchr(names, from[1])) != NULL) {
            *to = bytes[name - names];
            from += 2;
        } else {
            char excerpt[RECORD_EXCERPT_SIZE];
            (void)record_bad(self, "unknown escape %s; there are \\t \\n \\r \\xHH, and \\\\ for a backslash",
                             record_excerpt(storage_bytes(from, left < 4 ? left : 4), excerpt));
            return 0;
        }
    }
    *size = (size_t)(to - text);
    return 1;
}

RecordOutcome tsv_read(RecordReader *self, char *line, size_t size, Record *ret_record)
{
    char *tab = size > 0 ? memchr(line, '\t', size) : NULL;
    size_t key_size, value_size;
    if (tab == NULL)
        return record_bad(self, "no tab; a line is the key, a tab, the value");
    key_size = (size_t)(tab - line);
    value_size = size - key_size - 1;
    if (memchr(tab + 1, '\t', value_size) != NULL)
        return record_bad(self, "a second tab; write \\t for a tab in a key or a value");
    if (!decode(self, line, &key_size) || !decode(self, tab + 1, &value_size))
        return RECORD_BAD;
    *ret_record = (Record){.key = storage_bytes(line, key_size),
                           .value = storage_bytes(tab + 1, value_size),
                           .expiry = storage_expiry_never()};
    return RECORD_READ;
}

/* ---- writing ---- */

static int is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x7f && byte != '\\';
}

/* Writes what stands at `data` and is not plain. Returns how many bytes of it. */
static size_t write_special(FILE *stream, const unsigned char *data, size_t size)
{
    size_t len = utf8_character_size(data, size);
    if (data[0] == '\t')
        (void)fputs_unlocked("\\t", stream);
    else if (data[0] == '\n')
        (void)fputs_unlocked("\\n", stream);
    else if (data[0] == '\r')
        (void)fputs_unlocked("\\r", stream);
    else if (data[0] == '\\')
        (void)fputs_unlocked("\\\\", stream);
    else if (len > 0 && !utf8_is_control(data, len))
        (void)fwrite_unlocked(data, 1, len, stream);
    else
        (void)fprintf(stream, "\\x%02X", data[0]);
    return len > 0 && !utf8_is_control(data, len) ? len : 1;
}

static void write_escaped(FILE *stream, StorageSlice bytes)
{
    const unsigned char *data = bytes.data;
    for (size_t i = 0; i < bytes.size;) {
        size_t end = i;
        while (end < bytes.size && is_plain(data[end]))
            end++;
        if (end > i)
            (void)fwrite_unlocked(data + i, 1, end - i, stream);
        i = end < bytes.size ? end + write_special(stream, data + end, bytes.size - end) : end;
    }
}

/* The start of a file tells its format: it must not look like jsonl, nor like the mark that may stand before it. */
static int misleads(const RecordWriter *self, StorageSlice key)
{
    const unsigned char *data = key.data;
    return self->record_count == 0 && key.size > 0 && (data[0] == '{' || data[0] == 0xef);
}

void tsv_write(const RecordWriter *self, const StorageEntry *entry)
{
    StorageSlice key = entry->key;
    if (misleads(self, key)) {
        (void)fprintf(self->stream, "\\x%02X", ((const unsigned char *)key.data)[0]);
        key = storage_bytes((const char *)key.data + 1, key.size - 1);
    }
    write_escaped(self->stream, key);
    if ((self->flags & RECORD_KEYS_ONLY) == 0) {
        (void)putc_unlocked('\t', self->stream);
        write_escaped(self->stream, entry->value);
    }
    (void)putc_unlocked('\n', self->stream);
}
