/* cli/transaction.c - begin, commit, rollback: between them the verbs of the shell work in one transaction. */
#include "verbs.h"

enum { OPTION_READ_ONLY, OPTION_ISOLATION };

static const Option begin_options[] = {
    {"--read-only", NULL, "refuse writes"},
    {"--isolation", "LEVEL", "snapshot (the default), read_committed or serializable"},
};

static int parse_isolation(StorageSlice name, uint32_t *ret_isolation)
{
    static const struct {
        const char *name;
        uint32_t isolation;
    } levels[] = {{"snapshot", STORAGE_ISOLATION_SNAPSHOT},
                  {"read_committed", STORAGE_ISOLATION_READ_COMMITTED},
                  {"serializable", STORAGE_ISOLATION_SERIALIZABLE}};
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
        if (storage_slice_compare(storage_string(levels[i].name), name) == 0) {
            *ret_isolation = levels[i].isolation;
            return 1;
        }
    return 0;
}

static int run_begin(Session *session, const Arguments *arguments)
{
    StorageTransactionOptions txn_options = STORAGE_TRANSACTION_OPTIONS_INIT;
    StorageStatus status;
    if (session->txn != NULL)
        return session_usage_error(session, "a transaction is open already; commit it or roll it back first");
    if (arguments->is_given[OPTION_ISOLATION] &&
        !parse_isolation(arguments->values[OPTION_ISOLATION], &txn_options.isolation))
        return session_usage_error(session, "--isolation takes snapshot, read_committed or serializable");
    if (arguments->is_given[OPTION_READ_ONLY])
        txn_options.flags |= STORAGE_TRANSACTION_READ_ONLY;
    status = storage_begin(session->backend, &txn_options, &session->txn, session->ctx);
    if (status != STORAGE_OK)
        return session_fail(session, status);
    session->begin_line_no = session->line_no;
    return EXIT_DONE;
}

static void end_transaction(Session *session)
{
    storage_transaction_close(session->txn);
    session->txn = NULL;
}

static int run_commit(Session *session, const Arguments *arguments)
{
    uint64_t revision = 0;
    StorageStatus status;
    int exit_code = EXIT_DONE;
    (void)arguments;
    if (session->txn == NULL)
        return session_usage_error(session, "no transaction is open; begin one first");
    status = storage_transaction_commit(session->txn, &revision, session->ctx);
    if (status != STORAGE_OK)
        exit_code = session_fail(session, status);
    end_transaction(session);
    if (status == STORAGE_OK)
        session_tell_revision(session, revision);
    return exit_code;
}

static int run_rollback(Session *session, const Arguments *arguments)
{
    (void)arguments;
    if (session->txn == NULL)
        return session_usage_error(session, "no transaction is open; begin one first");
    end_transaction(session);
    return EXIT_DONE;
}

const Verb begin_verb = {
    .name = "begin",
    .usage = "",
    .summary = "begin a transaction; the next commands work in it",
    .details = "Reads see the moment of the begin and the transaction's own writes. Nothing is\n"
               "visible to others before the commit.\n",
    .options = begin_options,
    .option_count = sizeof(begin_options) / sizeof(begin_options[0]),
    .flags = VERB_NEEDS_STORE | VERB_ONLY_IN_SHELL,
    .run = run_begin,
};

const Verb commit_verb = {
    .name = "commit",
    .usage = "",
    .summary = "apply the transaction, all of it or nothing",
    .details = "Ends the transaction whatever the outcome. Exit code 3 when somebody else\n"
               "changed what it builds on: then nothing was applied.\n",
    .flags = VERB_NEEDS_STORE | VERB_ONLY_IN_SHELL,
    .run = run_commit,
};

const Verb rollback_verb = {
    .name = "rollback",
    .usage = "",
    .summary = "drop the transaction",
    .details = "Ends the transaction without any effect.\n",
    .flags = VERB_NEEDS_STORE | VERB_ONLY_IN_SHELL,
    .run = run_rollback,
};
