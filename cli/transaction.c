/* cli/transaction.c - begin, commit, rollback: between them the verbs of the shell work in one transaction. */
#include "arguments.h"

static const Option begin_options[] = {
    {.name = "--read-only", .doc = "refuse writes"},
    {.name = "--isolation",
     .value_name = "LEVEL",
     .doc = "snapshot (the default), read_committed or serializable",
     .choices = "snapshot read_committed serializable"}, /* in the order of the enumerators */
    {0},
};

static int run_begin(Session *session, const Arguments *arguments)
{
    StorageTransactionOptions txn_options = STORAGE_TRANSACTION_OPTIONS_INIT;
    StorageStatus status;
    if (session->txn != NULL)
        return session_usage_error(session, "a transaction is open already; commit it or roll it back first");
    txn_options.isolation = (uint32_t)arguments_choice(arguments, "--isolation", STORAGE_ISOLATION_SNAPSHOT);
    if (arguments_option(arguments, "--read-only") != NULL)
        txn_options.flags |= STORAGE_TRANSACTION_READ_ONLY;
    status = storage_begin(session->backend, &txn_options, &session->txn, session->ctx);
    if (status != STORAGE_OK)
        return session_fail(session, status);
    session->txn_isolation = txn_options.isolation;
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
    if (session->txn == NULL)
        return session_usage_error(session, "no transaction is open; begin one first");
    status = storage_transaction_commit(session->txn, &revision, session->ctx);
    if (status != STORAGE_OK)
        exit_code = session_fail(session, status);
    end_transaction(session);
    if (status == STORAGE_OK)
        session_tell_revision(session, &arguments->preferences, revision);
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
    .flags = VERB_NEEDS_STORE | VERB_ONLY_IN_SHELL,
    .run = run_begin,
};

const Verb commit_verb = {
    .name = "commit",
    .usage = "",
    .summary = "apply the transaction, all of it or nothing",
    .details = "Ends the transaction whatever the outcome. Exit code 3 when somebody else\n"
               "changed what it builds on: then nothing was applied.\n",
    .flags = VERB_NEEDS_STORE | VERB_ONLY_IN_SHELL | VERB_HAS_JSON,
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
