/* cli/get.c - get KEY: exact bytes into a pipe or file, one printable line for a person or in the shell. */
#include "arguments.h"
#include "json.h"
#include "output.h"

#include <inttypes.h>

static const Option options[] = {
    {.name = "--raw", .doc = "the exact bytes and nothing else, also on a terminal"},
    {0},
};

static void print_json(StorageSlice key, const StorageValue *value)
{
    output_text("{");
    json_bytes(stdout, "key", key);
    output_text(",");
    json_bytes(stdout, "value", storage_value_slice(value));
    output_format(",\"revision\":%" PRIu64, value->revision);
    if (value->expires_at_ns != STORAGE_NEVER) {
        output_text(",");
        json_time(stdout, "expires_at", value->expires_at_ns);
    }
    output_text("}\n");
    output_note();
}

static void print_value(const Session *session, const Arguments *arguments, const StorageValue *value)
{
    Encoding encoding = arguments->preferences.encoding;
    int is_raw = arguments_option(arguments, "--raw") != NULL;
    int is_encoded = encoding == ENCODING_HEX || encoding == ENCODING_BASE64;
    if (arguments->preferences.wants_json) {
        print_json(arguments->words[0], value);
    } else if (!is_raw && (is_encoded || session->in_shell || output_is_terminal())) {
        output_encoded(storage_value_slice(value), encoding);
        output_text("\n");
    } else {
        output_bytes(storage_value_slice(value));
    }
}

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
    print_value(session, arguments, &value);
    storage_value_release(&value);
    return EXIT_DONE;
}

const Verb get_verb = {
    .name = "get",
    .usage = "KEY",
    .summary = "print the value of a key",
    .details = "Into a pipe or a file go the exact bytes of the value and nothing else. On a\n"
               "terminal and in the shell the value is one line, with bytes that are not\n"
               "printable written as \\xHH. --json adds the revision that wrote the key and when\n"
               "it expires. A missing or expired key ends with exit code 1.\n",
    .example = "storagectl get user/7\n"
               "storagectl get photo/7 > ada.jpg\n"
               "storagectl get --json session/7\n",
    .options = options,
    .argument_min = 1,
    .argument_max = 1,
    .bytes_mask = 1u << 0,
    .flags = VERB_NEEDS_STORE | VERB_HAS_BYTES | VERB_HAS_JSON,
    .run = run,
};
