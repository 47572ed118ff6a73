/* cli/touch.c - touch KEY TTL: another expiry, the same value. */
#include "arguments.h"

static int run(Session *session, const Arguments *arguments)
{
    StorageSlice key = arguments->words[0];
    StorageExpiry expiry;
    StorageStatus status;
    int exit_code = arguments_expiry(session, arguments->words[1], &expiry);
    if (exit_code != EXIT_DONE)
        return exit_code;
    status = session->txn != NULL ? storage_transaction_touch(session->txn, key, expiry, session->ctx)
                                  : storage_touch(session->backend, key, expiry, session->ctx);
    if (status == STORAGE_NOT_FOUND)
        return session_not_found(session, key);
    if (status != STORAGE_OK)
        return session_fail(session, status);
    session_tell_revision(session, &arguments->preferences, storage_context_revision(session->ctx));
    return EXIT_DONE;
}

const Verb touch_verb = {
    .name = "touch",
    .usage = "KEY TTL",
    .summary = "give a key another expiry",
    .details = "TTL is a duration from now on (30s, 1h30m) or never. The value stays. A missing\n"
               "or expired key ends with exit code 1.\n",
    .example = "storagectl touch session/7 30m\n",
    .argument_min = 2,
    .argument_max = 2,
    .bytes_mask = 1u << 0,
    .flags = VERB_NEEDS_STORE | VERB_HAS_BYTES | VERB_HAS_JSON | VERB_WRITES,
    .run = run,
};
