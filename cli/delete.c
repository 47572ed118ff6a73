/* cli/delete.c - delete KEY. */
#include "verbs.h"

static int run(Session *session, const Arguments *arguments)
{
    StorageSlice key = arguments->words[0];
    StorageStatus status = session->txn != NULL ? storage_transaction_delete(session->txn, key, session->ctx)
                                                : storage_delete(session->backend, key, session->ctx);
    if (status != STORAGE_OK)
        return session_fail(session, status);
    session_tell_revision(session, &arguments->preferences, storage_context_revision(session->ctx));
    return EXIT_DONE;
}

const Verb delete_verb = {
    .name = "delete",
    .usage = "KEY",
    .summary = "delete a key",
    .details = "A key that is not there is no failure: afterwards there is none.\n",
    .example = "storagectl delete user/7\n",
    .argument_min = 1,
    .argument_max = 1,
    .bytes_mask = 1u << 0,
    .flags = VERB_NEEDS_STORE | VERB_HAS_BYTES | VERB_HAS_JSON | VERB_WRITES,
    .run = run,
};
