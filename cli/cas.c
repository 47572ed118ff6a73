/* cli/cas.c - cas KEY --expect VALUE NEW: compare and set, or compare and delete. */
#include "arguments.h"

static const Option options[] = {
    {.name = "--expect", .value_name = "VALUE", .doc = "only if its value is exactly VALUE", .flags = OPTION_BYTES},
    {.name = "--absent", .doc = "only if there is no such key"},
    {.name = "--revision", .value_name = "N", .doc = "only if revision N wrote the key"},
    {.name = "--delete", .doc = "delete the key; there is no NEW"},
    OPTION_TTL_ROW,
    OPTION_VALUE_ROWS,
    {0},
};

/* What the key is expected to be. Returns an exit code and reports. */
static int parse_expected(Session *session, const Arguments *arguments, StorageExpected *ret_expected)
{
    const StorageSlice *value = arguments_option(arguments, "--expect");
    int is_absent = arguments_option(arguments, "--absent") != NULL;
    int has_revision = arguments_option(arguments, "--revision") != NULL;
    uint64_t revision = 0;
    int exit_code;
    if ((value != NULL) + is_absent + has_revision != 1)
        return session_usage_error(session, "needs one of --expect VALUE, --absent and --revision N: what the key is "
                                            "expected to be");
    exit_code = arguments_number_option(session, arguments, "--revision", 1, UINT64_MAX, &revision);
    if (has_revision)
        *ret_expected = storage_expect_revision(revision);
    else
        *ret_expected = value != NULL ? storage_expect_value(*value) : storage_expect_absent();
    return exit_code;
}

static StorageStatus compare_and_set(Session *session, StorageSlice key, StorageExpected expected, StorageSlice value,
                                     const StorageSetOptions *set_options)
{
    if (session->txn != NULL)
        return storage_transaction_compare_and_set(session->txn, key, expected, value, set_options, session->ctx);
    return storage_compare_and_set(session->backend, key, expected, value, set_options, session->ctx);
}

static StorageStatus compare_and_delete(Session *session, StorageSlice key, StorageExpected expected)
{
    if (session->txn != NULL)
        return storage_transaction_compare_and_delete(session->txn, key, expected, session->ctx);
    return storage_compare_and_delete(session->backend, key, expected, session->ctx);
}

static int report(Session *session, const Arguments *arguments, StorageStatus status)
{
    if (status != STORAGE_OK)
        return session_fail(session, status);
    session_tell_revision(session, &arguments->preferences, storage_context_revision(session->ctx));
    return EXIT_DONE;
}

static int run_delete(Session *session, const Arguments *arguments, StorageExpected expected)
{
    if (arguments->count != 1 || arguments_has_value_source(arguments) || arguments_option(arguments, "--ttl") != NULL)
        return session_usage_error(session, "with --delete there is no NEW value and no --ttl");
    return report(session, arguments, compare_and_delete(session, arguments->words[0], expected));
}

static int run(Session *session, const Arguments *arguments)
{
    int has_source = arguments_has_value_source(arguments);
    StorageExpected expected;
    StorageSetOptions set_options;
    ValueArgument value;
    int exit_code = parse_expected(session, arguments, &expected);
    if (exit_code != EXIT_DONE)
        return exit_code;
    if (arguments_option(arguments, "--delete") != NULL)
        return run_delete(session, arguments, expected);
    if (arguments->count != (has_source ? 1 : 2))
        return session_usage_error(session, has_source ? "with --file or --stdin there is no NEW argument"
                                                       : "needs KEY and NEW, the value to set");
    exit_code = arguments_set_options(session, arguments, &set_options);
    if (exit_code == EXIT_DONE)
        exit_code = arguments_value(session, arguments, 1, &value);
    if (exit_code != EXIT_DONE)
        return exit_code;
    exit_code =
        report(session, arguments, compare_and_set(session, arguments->words[0], expected, value.bytes, &set_options));
    arguments_value_done(&value);
    return exit_code;
}

const Verb cas_verb = {
    .name = "cas",
    .usage = "KEY [NEW]",
    .summary = "set or delete a key if it is as expected (compare and set)",
    .details = "Sets KEY to NEW if the key is as --expect, --absent or --revision says. If it is\n"
               "not, nothing is changed and the exit code is 3.\n",
    .example = "storagectl cas leader --absent node-1\n"
               "storagectl cas leader --expect node-1 node-2\n"
               "storagectl cas leader --expect node-2 --delete\n",
    .options = options,
    .argument_min = 1,
    .argument_max = 2,
    .bytes_mask = 1u << 0 | 1u << 1,
    .flags = VERB_NEEDS_STORE | VERB_HAS_BYTES | VERB_HAS_JSON | VERB_WRITES,
    .run = run,
};
