/* cli/clear.c - clear PREFIX: deletes every key of a range in one commit. */
#include "arguments.h"

static const Option options[] = {
    OPTION_RANGE_ROWS,
    {.name = "--all", .doc = "every key of the store"},
    {0},
};

static int run(Session *session, const Arguments *arguments)
{
    int is_all = arguments_option(arguments, "--all") != NULL;
    StorageRange range;
    StorageStatus status;
    int exit_code = arguments_range(session, arguments, &range), is_bounded;
    if (exit_code != EXIT_DONE)
        return exit_code;
    is_bounded = range.start.kind != STORAGE_BOUND_OPEN || range.end.kind != STORAGE_BOUND_OPEN;
    if (is_all == is_bounded)
        return session_usage_error(session, is_all ? "--all and a range exclude each other"
                                                   : "needs a PREFIX or the bounds of a range; --all for every key");
    status = session->txn != NULL ? storage_transaction_clear_range(session->txn, &range, session->ctx)
                                  : storage_clear_range(session->backend, &range, session->ctx);
    if (status != STORAGE_OK)
        return session_fail(session, status);
    session_tell_revision(session, &arguments->preferences, storage_context_revision(session->ctx));
    return EXIT_DONE;
}

const Verb clear_verb = {
    .name = "clear",
    .usage = "[PREFIX]",
    .summary = "delete every key of a range, in one commit",
    .details = "Deletes the keys that begin with PREFIX, or those between two bounds, all of them\n"
               "or none. A range without keys is no failure.\n",
    .example = "storagectl clear session/\n"
               "storagectl clear --from 2024 --to 2025\n",
    .options = options,
    .argument_max = 1,
    .bytes_mask = 1u << 0,
    .flags = VERB_NEEDS_STORE | VERB_HAS_BYTES | VERB_HAS_JSON | VERB_WRITES,
    .run = run,
};
