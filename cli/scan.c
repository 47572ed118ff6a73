/* cli/scan.c - scan [PREFIX]: a line for each key, the value after a tab. */
#include "arguments.h"
#include "output.h"

enum { OPTION_LIMIT, OPTION_REVERSE, OPTION_KEYS_ONLY };

static const Option options[] = {
    {"--limit", "N", "at most N keys"},
    {"--reverse", NULL, "the last key first"},
    {"--keys-only", NULL, "without the values"},
};

static int print_rows(Session *session, StorageCursor *cursor, int keys_only)
{
    const StorageEntry *entry;
    StorageStatus status = STORAGE_OK;
    /* A reader that has gone needs no more rows. */
    while (output_error() == 0 && (status = storage_cursor_next(cursor, &entry, session->ctx)) == STORAGE_OK) {
        output_printable(entry->key);
        if (!keys_only) {
            output_text("\t");
            output_printable(entry->value);
        }
        output_text("\n");
    }
    return status < 0 ? session_fail(session, status) : EXIT_DONE;
}

static int run(Session *session, const Arguments *arguments)
{
    StorageRange range = arguments->count > 0 ? storage_range_prefix(arguments->words[0]) : storage_range_all();
    StorageScanOptions scan_options = STORAGE_SCAN_OPTIONS_INIT;
    StorageCursor *cursor;
    StorageStatus status;
    int exit_code;
    if (arguments->is_given[OPTION_LIMIT] &&
        (!arguments_number(arguments->values[OPTION_LIMIT], &scan_options.limit) || scan_options.limit == 0))
        return session_usage_error(session, "--limit takes a whole number from 1 to 18446744073709551615");
    if (arguments->is_given[OPTION_REVERSE])
        scan_options.flags |= STORAGE_SCAN_REVERSE;
    if (arguments->is_given[OPTION_KEYS_ONLY])
        scan_options.flags |= STORAGE_SCAN_KEYS_ONLY;
    if (session->txn != NULL)
        status = storage_transaction_scan(session->txn, &range, &scan_options, &cursor, session->ctx);
    else
        status = storage_scan(session->backend, &range, &scan_options, &cursor, session->ctx);
    if (status != STORAGE_OK)
        return session_fail(session, status);
    exit_code = print_rows(session, cursor, arguments->is_given[OPTION_KEYS_ONLY]);
    storage_cursor_close(cursor);
    return exit_code;
}

const Verb scan_verb = {
    .name = "scan",
    .usage = "[PREFIX]",
    .summary = "list keys and values in key order",
    .details = "Prints a line for each key: the key, a tab, the value. Bytes that are not\n"
               "printable are written as \\xHH (tab and newline as \\t and \\n), everywhere, so\n"
               "that a line is a row. All rows are of one moment. No row is no failure.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .argument_max = 1,
    .flags = VERB_NEEDS_STORE,
    .run = run,
};
