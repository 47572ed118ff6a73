/* cli/set.c - set KEY VALUE: from the command line or, for values of any size, from a file or standard input. */
#include "arguments.h"

static const Option options[] = {OPTION_TTL_ROW, OPTION_VALUE_ROWS, {0}};

static int set_value(Session *session, const Arguments *arguments, StorageSlice value,
                     const StorageSetOptions *set_options)
{
    StorageSlice key = arguments->words[0];
    StorageStatus status = session->txn != NULL
                               ? storage_transaction_set(session->txn, key, value, set_options, session->ctx)
                               : storage_set(session->backend, key, value, set_options, session->ctx);
    if (status != STORAGE_OK)
        return session_fail(session, status);
    session_tell_revision(session, &arguments->preferences, storage_context_revision(session->ctx));
    return EXIT_DONE;
}

static int run(Session *session, const Arguments *arguments)
{
    int has_source = arguments_has_value_source(arguments);
    StorageSetOptions set_options;
    ValueArgument value;
    int exit_code;
    if (arguments->count != (has_source ? 1 : 2))
        return session_usage_error(session, has_source ? "with --file or --stdin there is no VALUE argument"
                                                       : "needs KEY VALUE, or KEY and --file or --stdin");
    exit_code = arguments_set_options(session, arguments, &set_options);
    if (exit_code == EXIT_DONE)
        exit_code = arguments_value(session, arguments, 1, &value);
    if (exit_code != EXIT_DONE)
        return exit_code;
    exit_code = set_value(session, arguments, value.bytes, &set_options);
    arguments_value_done(&value);
    return exit_code;
}

const Verb set_verb = {
    .name = "set",
    .usage = "KEY [VALUE]",
    .summary = "set a key to a value",
    .details = "Replaces an earlier value and clears its expiry unless --ttl says otherwise:\n"
               "a duration from now on, never, or keep for the expiry that the key had. What\n"
               "comes from --file or --stdin is taken as it is, whatever --hex or --base64 say.\n",
    .example = "storagectl set user/7 Ada\n"
               "storagectl set session/7 token --ttl 30m\n"
               "storagectl set --hex 00ff 0102\n"
               "storagectl set photo/7 --file ada.jpg\n",
    .options = options,
    .argument_min = 1,
    .argument_max = 2,
    .bytes_mask = 1u << 0 | 1u << 1,
    .flags = VERB_NEEDS_STORE | VERB_HAS_BYTES | VERB_HAS_JSON | VERB_WRITES,
    .run = run,
};
