/* cli/cas.c - cas KEY EXPECTED VALUE: compare and set, or compare and delete. */
#include "arguments.h"

#include <inttypes.h>
#include <stdio.h>

enum { OPTION_ABSENT, OPTION_REVISION, OPTION_DELETE, OPTION_TTL };

static const Option options[] = {
    {"--absent", NULL, "expect that there is no such key, instead of EXPECTED"},
    {"--revision", "N", "expect that revision N wrote the key, instead of EXPECTED"},
    {"--delete", NULL, "delete the key, instead of setting it to VALUE"},
    {"--ttl", "TTL", "let it expire: a duration (30s, 1h30m), never, or keep"},
};

/* What the key is expected to be. Moves `*next_word` past what it used. Returns an exit code and reports. */
static int parse_expected(Session *session, const Arguments *arguments, size_t *next_word,
                          StorageExpected *ret_expected)
{
    uint64_t revision;
    if (arguments->is_given[OPTION_ABSENT] && arguments->is_given[OPTION_REVISION])
        return session_usage_error(session, "--absent and --revision exclude each other");
    if (arguments->is_given[OPTION_ABSENT]) {
        *ret_expected = storage_expect_absent();
        return EXIT_DONE;
    }
    if (!arguments->is_given[OPTION_REVISION]) {
        *ret_expected = storage_expect_value(arguments->words[(*next_word)++]);
        return EXIT_DONE;
    }
    if (!arguments_number(arguments->values[OPTION_REVISION], &revision) || revision == 0)
        return session_usage_error(session, "--revision takes a whole number from 1 to 18446744073709551615");
    *ret_expected = storage_expect_revision(revision);
    return EXIT_DONE;
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

static int run(Session *session, const Arguments *arguments)
{
    int expects_value = !arguments->is_given[OPTION_ABSENT] && !arguments->is_given[OPTION_REVISION];
    int deletes = arguments->is_given[OPTION_DELETE];
    size_t wanted = 1 + (expects_value ? 1u : 0u) + (deletes ? 0u : 1u), next_word = 1;
    StorageExpected expected;
    StorageSetOptions set_options;
    StorageStatus status;
    int exit_code = arguments_set_options(session, arguments, OPTION_TTL, &set_options);
    if (exit_code == EXIT_DONE && arguments->count != wanted)
        exit_code = session_usage_error(session, "with these options it needs KEY%s%s",
                                        expects_value ? " EXPECTED" : "", deletes ? "" : " VALUE");
    if (exit_code == EXIT_DONE)
        exit_code = parse_expected(session, arguments, &next_word, &expected);
    if (exit_code != EXIT_DONE)
        return exit_code;
    if (deletes)
        status = compare_and_delete(session, arguments->words[0], expected);
    else
        status = compare_and_set(session, arguments->words[0], expected, arguments->words[next_word], &set_options);
    if (status != STORAGE_OK)
        return session_fail(session, status);
    session_tell_revision(session, storage_context_revision(session->ctx));
    return EXIT_DONE;
}

const Verb cas_verb = {
    .name = "cas",
    .usage = "KEY [EXPECTED] [VALUE]",
    .summary = "set or delete a key if it is as expected (compare and set)",
    .details = "Sets KEY to VALUE if its value is exactly EXPECTED; with --absent or --revision\n"
               "there is no EXPECTED, with --delete there is no VALUE. Otherwise nothing is\n"
               "changed and the exit code is 3.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .argument_min = 1,
    .argument_max = 3,
    .flags = VERB_NEEDS_STORE,
    .run = run,
};
