/* cli/delete.c - delete KEY. */
#include "verbs.h"

static int run(Session *session, const Arguments *arguments)
{
    StorageSlice key = arguments->words[0];
    StorageStatus status = session->txn != NULL ? storage_transaction_delete(session->txn, key, session->ctx)
                                                : storage_delete(session->backend, key, session->ctx);
    if (status != STORAGE_OK)
        return session_fail(session, status);
    session_tell_revision(session, storage_context_revision(session->ctx));
    return EXIT_DONE;
}

const Verb delete_verb = {
    .name = "delete",
    .usage = "KEY",
    .summary = "delete a key",
    .details = "A key that is not there is no failure: afterwards there is none.\n",
    .argument_min = 1,
    .argument_max = 1,
    .flags = VERB_NEEDS_STORE,
    .run = run,
};
