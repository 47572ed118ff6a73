/*
 * fuzz_records.c - any bytes as records, in each format and as what they look like.
 *
 *   1. Reading ends, and what is no record is told in one printable line.
 *   2. What was read and is written, in any format, is read back to the byte.
 */
#include "fuzz.h"

#include <errno.h>
#include <string.h>

#include "records/record.h"

#define require(condition, ...) fuzz_require((condition), #condition, __VA_ARGS__)

static const RecordWriter variants[] = {
    {.format = RECORD_JSONL, .flags = RECORD_REVISIONS},
    {.format = RECORD_TSV},
    {.format = RECORD_DUMP},
    {.format = RECORD_DUMP, .flags = RECORD_DUMP_PRINT, .dump_map_size = 1},
};

static void check_problem(const RecordReader *reader)
{
    size_t len = strlen(reader->problem);
    require(len > 0, "line %llu", (unsigned long long)reader->line_no);
    for (size_t i = 0; i < len; i++)
        require(reader->problem[i] >= ' ' && reader->problem[i] <= '~', "%s", reader->problem);
}

/* The next record that there is. Returns 0 at the end. */
static int next_record(RecordReader *reader, Record *ret_record)
{
    for (;;) {
        RecordOutcome outcome = record_reader_next(reader, -1, ret_record);
        if (outcome == RECORD_READ)
            return 1;
        if (outcome == RECORD_END)
            return 0;
        require(outcome == RECORD_BAD || outcome == RECORD_BROKEN, "outcome %d", (int)outcome);
        check_problem(reader);
        if (outcome == RECORD_BROKEN)
            return 0;
    }
}

static void init_reader(RecordReader *reader, RecordFormat format, StorageSlice bytes)
{
    require(record_reader_init_memory(reader, format, bytes), "out of memory");
}

static int64_t expires_at(const Record *record)
{
    return record->expiry.kind == STORAGE_EXPIRY_NEVER ? STORAGE_NEVER : record->expiry.ns;
}

/* Writes what the input holds. The data of the result is to be freed. */
static StorageSlice rewrite(StorageSlice input, RecordFormat format, const RecordWriter *variant)
{
    RecordWriter writer = *variant;
    RecordReader reader;
    Record record;
    char *text = NULL;
    size_t size = 0;
    init_reader(&reader, format, input);
    writer.stream = open_memstream(&text, &size);
    require(writer.stream != NULL && record_writer_begin(&writer) == 0, "out of memory");
    while (next_record(&reader, &record)) {
        StorageEntry entry = {record.key, record.value, 1, expires_at(&record)};
        require(record_writer_next(&writer, &entry) == 0, "out of memory");
    }
    require(record_writer_end(&writer) == 0 && fclose(writer.stream) == 0, "out of memory");
    record_reader_done(&reader);
    return storage_bytes(text, size);
}

/* Reads the input and what was made of it side by side. */
static void compare(StorageSlice input, RecordFormat format, StorageSlice text, const RecordWriter *variant)
{
    RecordReader first, second;
    Record expected, found;
    init_reader(&first, format, input);
    init_reader(&second, RECORD_GUESS, text);
    while (next_record(&first, &expected)) {
        RecordOutcome outcome = record_reader_next(&second, -1, &found);
        if (variant->format == RECORD_DUMP && outcome == RECORD_BAD)
            continue; /* a key twice in a row: a dump of it is refused, with a reason */
        require(outcome == RECORD_READ, "outcome %d: %s", (int)outcome, second.problem);
        require(storage_slice_compare(expected.key, found.key) == 0, "format %d", (int)variant->format);
        require(storage_slice_compare(expected.value, found.value) == 0, "format %d", (int)variant->format);
        require(variant->format != RECORD_JSONL || expires_at(&expected) == expires_at(&found), "expiry");
    }
    require(record_reader_next(&second, -1, &found) == RECORD_END, "%s", second.problem);
    record_reader_done(&first);
    record_reader_done(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    StorageSlice input = storage_bytes(data, size);
    for (int format = RECORD_JSONL; format <= RECORD_GUESS; format++) {
        for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
            StorageSlice text = rewrite(input, (RecordFormat)format, &variants[i]);
            compare(input, (RecordFormat)format, text, &variants[i]);
            free((void *)(uintptr_t)text.data);
        }
    }
    return 0;
}

int LLVMFuzzerInitialize(int *argument_count, char ***arguments)
{
    (void)argument_count;
    (void)arguments;
    return 0;
}
