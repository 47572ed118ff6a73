/* format_fixture.c - records as text for the tests of the formats. */
#include "format_fixture.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

StorageEntry format_entry(StorageSlice key, StorageSlice value)
{
    return (StorageEntry){.key = key, .value = value, .revision = 7, .expires_at_ns = STORAGE_NEVER};
}

StorageSlice format_write(const RecordWriter *like, const StorageEntry *entries, size_t entry_count)
{
    RecordWriter writer = *like;
    char *text = NULL;
    size_t size = 0;
    int error;
    writer.stream = open_memstream(&text, &size);
    error = record_writer_begin(&writer);
    for (size_t i = 0; i < entry_count && error == 0; i++)
        error = record_writer_next(&writer, &entries[i]);
    if (error == 0)
        error = record_writer_end(&writer);
    ck_assert_int_eq(error, 0);
    ck_assert_uint_eq(writer.record_count, entry_count);
    ck_assert_int_eq(fclose(writer.stream), 0);
    return storage_bytes(text, size);
}

static void check_record(const Record *record, const StorageEntry *entry, size_t index, int has_expiry)
{
    StorageExpiry expected = storage_expiry_never();
    if (has_expiry && entry->expires_at_ns != STORAGE_NEVER)
        expected = storage_expiry_at(entry->expires_at_ns);
    unit_assert(storage_slice_compare(record->key, entry->key) == 0, "the key of record %zu differs", index);
    unit_assert(storage_slice_compare(record->value, entry->value) == 0, "the value of record %zu differs", index);
    unit_assert(record->expiry.kind == expected.kind && record->expiry.ns == expected.ns,
                "the expiry of record %zu differs", index);
}

static void check_reader(RecordReader *reader, const StorageEntry *entries, size_t entry_count, int has_expiry)
{
    Record record;
    for (size_t i = 0; i < entry_count; i++) {
        RecordOutcome outcome = record_reader_next(reader, -1, &record);
        unit_assert(outcome == RECORD_READ, "record %zu: outcome %d: %s", i, (int)outcome, reader->problem);
        check_record(&record, &entries[i], i, has_expiry);
    }
    RecordOutcome outcome = record_reader_next(reader, -1, &record);
    unit_assert(outcome == RECORD_END, "after the last record: outcome %d: %s", (int)outcome, reader->problem);
}

void format_check(RecordFormat format, StorageSlice text, const StorageEntry *entries, size_t entry_count,
                  int has_expiry)
{
    RecordReader reader;
    ck_assert_int_eq(record_reader_init_memory(&reader, format, text), 1);
    check_reader(&reader, entries, entry_count, has_expiry);
    record_reader_done(&reader);
}

/* As from a file, block by block. */
static void check_from_file(StorageSlice text, const StorageEntry *entries, size_t entry_count, int has_expiry)
{
    FILE *file = tmpfile();
    RecordReader reader;
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(text.data, 1, text.size, file), text.size);
    rewind(file);
    record_reader_init(&reader, RECORD_GUESS, fileno(file));
    check_reader(&reader, entries, entry_count, has_expiry);
    record_reader_done(&reader);
    (void)fclose(file);
}

/* Every newline becomes a carriage return and a newline; to be freed. */
static StorageSlice with_carriage_returns(StorageSlice text)
{
    const char *data = text.data;
    char *copy = malloc(2 * text.size + 1);
    size_t size = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (data[i] == '\n')
            copy[size++] = '\r';
        copy[size++] = data[i];
    }
    return storage_bytes(copy, size);
}

void format_check_round_trips(const StorageEntry *entries, size_t entry_count)
{
    static const RecordWriter variants[] = {
        {.format = RECORD_JSONL},
        {.format = RECORD_JSONL, .flags = RECORD_REVISIONS},
        {.format = RECORD_TSV},
        {.format = RECORD_DUMP},
        {.format = RECORD_DUMP, .flags = RECORD_DUMP_PRINT, .dump_map_size = 1 << 20},
    };
    for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
        int has_expiry = variants[i].format == RECORD_JSONL;
        StorageSlice text = format_write(&variants[i], entries, entry_count), other;
        format_check(variants[i].format, text, entries, entry_count, has_expiry);
        format_check(RECORD_GUESS, text, entries, entry_count, has_expiry);
        check_from_file(text, entries, entry_count, has_expiry);
        other = with_carriage_returns(text);
        format_check(RECORD_GUESS, other, entries, entry_count, has_expiry);
        /* The last newline may be missing. */
        if (text.size > 0)
            format_check(RECORD_GUESS, storage_bytes(text.data, text.size - 1), entries, entry_count, has_expiry);
        free((void *)(uintptr_t)other.data);
        free((void *)(uintptr_t)text.data);
    }
}
