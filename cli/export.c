/*
 * cli/export.c - export [PREFIX]: the records of one moment, to standard output or to a file that appears when it is
 * whole.
 */
#include "arguments.h"
#include "output.h"
#include "records/output_file.h"
#include "records/record.h"
#include "terminal/interrupt.h"
#include "terminal/progress.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

static const Option options[] = {
    OPTION_RANGE_ROWS,
    {.name = "--format",
     .value_name = "FORMAT",
     .doc = "jsonl (the default), tsv or dump",
     .choices = "jsonl tsv dump"}, /* in the order of RecordFormat */
    {.name = "--output", .value_name = "FILE", .doc = "replace FILE, once everything is written", .flags = OPTION_FILE},
    {.name = "--revisions", .doc = "jsonl: with the revision that wrote each key"},
    {.name = "--print", .doc = "dump: printable bytes as they are, not all in hexadecimal"},
    {.name = "--map-size", .value_name = "SIZE", .doc = "dump: the map that mdb_load is to make (db_load refuses it)"},
    {0},
};

typedef struct Export {
    Session *session;
    RecordWriter writer;
    OutputFile file; /* of --output; its stream is NULL without */
    const char *file_name;
    Progress progress;
} Export;

/* Reads the options that shape the output. Returns an exit code and reports. */
static int read_options(Export *self, const Arguments *arguments)
{
    static const struct {
        const char *name;
        RecordFormat format;
        uint32_t flag;
    } rows[] = {
        {"--revisions", RECORD_JSONL, RECORD_REVISIONS},
        {"--print", RECORD_DUMP, RECORD_DUMP_PRINT},
        {"--map-size", RECORD_DUMP, 0},
    };
    RecordWriter *writer = &self->writer;
    writer->format = (RecordFormat)arguments_choice(arguments, "--format", RECORD_JSONL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (arguments_option(arguments, rows[i].name) == NULL)
            continue;
        if (rows[i].format != writer->format)
            return session_usage_error(self->session, "%s goes with --format %s only", rows[i].name,
                                       rows[i].format == RECORD_DUMP ? "dump" : "jsonl");
        writer->flags |= rows[i].flag;
    }
    return arguments_size_option(self->session, arguments, "--map-size", &writer->dump_map_size);
}

/* The output could not be written. What goes to standard output is told by main, which knows a reader that has gone. */
static int report_output(const Export *self, int error)
{
    if (self->file_name == NULL) {
        output_note();
        return EXIT_DONE;
    }
    return session_error(self->session, EXIT_IO, "%s cannot be written: %s; it is as it was", self->file_name,
                         strerror(error));
}

static int report_scan(const Export *self, StorageStatus status)
{
    if (!interrupt_requested())
        return session_fail(self->session, status);
    return session_error(self->session, session_exit_code(status),
                         "stopped by a signal after %" PRIu64 " records%s%s%s", self->writer.record_count,
                         self->file_name != NULL ? "; " : "", self->file_name != NULL ? self->file_name : "",
                         self->file_name != NULL ? " is as it was" : "");
}

/* Writes every row. `*ret_is_whole` is 0 when something kept it from doing so. */
static int write_rows(Export *self, StorageCursor *cursor, int *ret_is_whole)
{
    const StorageEntry *entry;
    StorageStatus status = STORAGE_OK;
    int error = record_writer_begin(&self->writer);
    *ret_is_whole = 0;
    while (error == 0 && !interrupt_requested() &&
           (status = storage_cursor_next(cursor, &entry, self->session->ctx)) == STORAGE_OK) {
        error = record_writer_next(&self->writer, entry);
        progress_update(&self->progress, self->writer.record_count);
    }
    progress_end(&self->progress);
    if (error == 0 && interrupt_requested())
        return report_scan(self, STORAGE_CANCELLED);
    if (error == 0 && status < 0)
        return report_scan(self, status);
    if (error == 0)
        error = record_writer_end(&self->writer);
    if (error != 0)
        return report_output(self, error);
    *ret_is_whole = 1;
    return EXIT_DONE;
}

static void report_summary(const Export *self)
{
    const RecordWriter *writer = &self->writer;
    if (writer->lost_expiry_count > 0)
        session_note(self->session,
                     "expiry lost of %" PRIu64 " of %" PRIu64
                     " records, because %s does not carry it; --format jsonl does",
                     writer->lost_expiry_count, writer->record_count, writer->format == RECORD_TSV ? "tsv" : "dump");
    if (self->file_name != NULL && isatty(STDERR_FILENO))
        session_note(self->session, "%" PRIu64 " records exported to %s", writer->record_count, self->file_name);
}

static int export_rows(Export *self, StorageCursor *cursor)
{
    int is_whole, exit_code, error;
    self->writer.stream = self->file_name != NULL ? self->file.stream : stdout;
    if (self->file_name != NULL || !output_is_terminal())
        progress_begin(&self->progress, "export", 0, PROGRESS_RECORDS);
    exit_code = write_rows(self, cursor, &is_whole);
    if (is_whole && self->file_name != NULL) {
        error = output_file_finish(&self->file);
        if (error != 0)
            return report_output(self, error);
    }
    if (is_whole)
        report_summary(self);
    return exit_code;
}

/* The file is opened only once there is something to write, and gone again when it did not work out. */
static int export_range(Export *self, const StorageRange *range)
{
    Session *session = self->session;
    StorageCursor *cursor;
    StorageStatus status;
    int exit_code = EXIT_DONE, error = 0;
    if (session->txn != NULL)
        status = storage_transaction_scan(session->txn, range, NULL, &cursor, session->ctx);
    else
        status = storage_scan(session->backend, range, NULL, &cursor, session->ctx);
    if (status != STORAGE_OK)
        return session_fail(session, status);
    if (self->file_name != NULL)
        error = output_file_open(&self->file, self->file_name);
    if (error != 0)
        exit_code = session_error(session, EXIT_IO, "%s cannot be written: %s", self->file_name, strerror(error));
    else
        exit_code = export_rows(self, cursor);
    output_file_discard(&self->file);
    storage_cursor_close(cursor);
    return exit_code;
}

static int run(Session *session, const Arguments *arguments)
{
    Export export = {.session = session};
    const StorageSlice *file_name = arguments_option(arguments, "--output");
    StorageRange range;
    int exit_code = arguments_range(session, arguments, &range);
    if (exit_code == EXIT_DONE)
        exit_code = read_options(&export, arguments);
    if (exit_code != EXIT_DONE)
        return exit_code;
    if (file_name != NULL && storage_slice_compare(*file_name, storage_string("-")) != 0)
        export.file_name = file_name->data;
    return export_range(&export, &range);
}

const Verb export_verb = {
    .name = "export",
    .usage = "[PREFIX]",
    .summary = "write keys and values in a format that import takes back",
    .details = "Writes the records of one moment, those that begin with PREFIX, or those\n"
               "between two bounds, or all, in key order. jsonl carries everything; tsv and\n"
               "dump carry no expiry, and it is said when one is lost.\n"
               "\n"
               "A dump is for mdb_load (LMDB) and db_load (Berkeley DB). mdb_load makes a map\n"
               "of 1 MiB where there is none: more data need --map-size. LMDB takes keys of\n"
               "1 to 511 bytes.\n",
    .example = "storagectl export --output users.jsonl user/\n"
               "storagectl export --format dump --map-size 10GiB | mdb_load -n new.mdb\n",
    .options = options,
    .argument_max = 1,
    .bytes_mask = 1u << 0,
    .flags = VERB_NEEDS_STORE | VERB_HAS_BYTES,
    .run = run,
};
