/* cli/get.c - get KEY: exact bytes into a pipe or file, one printable line for a person or in the shell. */
#include "output.h"
#include "verbs.h"

enum { OPTION_RAW };

static const Option options[] = {{"--raw", NULL, "the exact bytes and nothing else, also on a terminal"}};

static int run(Session *session, const Arguments *arguments)
{
    StorageSlice key = arguments->words[0];
    StorageValue value = {0};
    StorageStatus status = session->txn != NULL ? storage_transaction_get(session->txn, key, &value, session->ctx)
                                                : storage_get(session->backend, key, &value, session->ctx);
    if (status == STORAGE_NOT_FOUND)
        return session_not_found(session, key);
    if (status != STORAGE_OK)
        return session_fail(session, status);
    if (!arguments->is_given[OPTION_RAW] && (session->in_shell || output_is_terminal())) {
        output_printable(storage_value_slice(&value));
        output_text("\n");
    } else {
        output_bytes(storage_value_slice(&value));
    }
    storage_value_release(&value);
    return EXIT_DONE;
}

const Verb get_verb = {
    .name = "get",
    .usage = "KEY",
    .summary = "print the value of a key",
    .details = "Into a pipe or a file go the exact bytes of the value and nothing else. On a\n"
               "terminal and in the shell the value is one line, with bytes that are not\n"
               "printable written as \\xHH. A missing or expired key ends with exit code 1.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .argument_min = 1,
    .argument_max = 1,
    .flags = VERB_NEEDS_STORE,
    .run = run,
};
