/* cli/scan.c - scan [PREFIX]: a line for each key, the value after a tab. */
#include "arguments.h"
#include "output.h"
#include "records/record.h"

enum { FORMAT_TEXT, FORMAT_JSONL, FORMAT_TSV };

static const Option options[] = {
    OPTION_RANGE_ROWS,
    {.name = "--limit", .value_name = "N", .doc = "at most N keys"},
    {.name = "--reverse", .doc = "the last key first"},
    {.name = "--keys-only", .doc = "without the values"},
    {.name = "--format",
     .value_name = "FORMAT",
     .doc = "text (the default), jsonl (with revision and expiry), or tsv",
     .choices = "text jsonl tsv"},
    {0},
};

static void print_text(const StorageEntry *entry, int keys_only, Encoding encoding)
{
    output_encoded(entry->key, encoding);
    if (!keys_only) {
        output_text("\t");
        output_encoded(entry->value, encoding);
    }
    output_text("\n");
}

static int print_rows(Session *session, const Arguments *arguments, StorageCursor *cursor)
{
    int keys_only = arguments_option(arguments, "--keys-only") != NULL;
    size_t format =
        arguments_choice(arguments, "--format", session->preferences.wants_json ? FORMAT_JSONL : FORMAT_TEXT);
    RecordWriter writer = {.stream = stdout, .format = format == FORMAT_TSV ? RECORD_TSV : RECORD_JSONL};
    const StorageEntry *entry;
    StorageStatus status = STORAGE_OK;
    writer.flags = RECORD_REVISIONS | (keys_only ? RECORD_KEYS_ONLY : 0);
    /* A reader that has gone needs no more rows. */
    while (output_error() == 0 && (status = storage_cursor_next(cursor, &entry, session->ctx)) == STORAGE_OK) {
        if (format == FORMAT_TEXT)
            print_text(entry, keys_only, arguments->preferences.encoding);
        else if (record_writer_next(&writer, entry) != 0)
            output_note();
    }
    return status < 0 ? session_fail(session, status) : EXIT_DONE;
}

static int run(Session *session, const Arguments *arguments)
{
    StorageScanOptions scan_options = STORAGE_SCAN_OPTIONS_INIT;
    StorageRange range;
    StorageCursor *cursor;
    StorageStatus status;
    int exit_code = arguments_range(session, arguments, &range);
    if (exit_code == EXIT_DONE)
        exit_code = arguments_number_option(session, arguments, "--limit", 1, UINT64_MAX, &scan_options.limit);
    if (exit_code != EXIT_DONE)
        return exit_code;
    if (arguments_option(arguments, "--reverse") != NULL)
        scan_options.flags |= STORAGE_SCAN_REVERSE;
    if (arguments_option(arguments, "--keys-only") != NULL)
        scan_options.flags |= STORAGE_SCAN_KEYS_ONLY;
    if (session->txn != NULL)
        status = storage_transaction_scan(session->txn, &range, &scan_options, &cursor, session->ctx);
    else
        status = storage_scan(session->backend, &range, &scan_options, &cursor, session->ctx);
    if (status != STORAGE_OK)
        return session_fail(session, status);
    exit_code = print_rows(session, arguments, cursor);
    storage_cursor_close(cursor);
    return exit_code;
}

const Verb scan_verb = {
    .name = "scan",
    .usage = "[PREFIX]",
    .summary = "list keys and values in key order",
    .details = "Prints a line for each key: the key, a tab, the value; those that begin with\n"
               "PREFIX, or those between two bounds, or all. Bytes that are not printable are\n"
               "written as \\xHH (tab, newline and carriage return as \\t, \\n and \\r), so that a\n"
               "line is a row. All rows are of one moment. No row is no failure.\n",
    .example = "storagectl scan user/ --limit 10\n"
               "storagectl scan --from 2024 --to 2025 --reverse --keys-only\n"
               "storagectl scan --format jsonl\n",
    .options = options,
    .argument_max = 1,
    .bytes_mask = 1u << 0,
    .flags = VERB_NEEDS_STORE | VERB_HAS_BYTES,
    .run = run,
};
