/* cli/verbs.c - the table of all verbs, and running a command. */
#include "verbs.h"

#include "arguments.h"
#include "nearest.h"
#include "terminal/interrupt.h"

const Verb *const verbs[] = {
    &get_verb,    &set_verb,    &delete_verb,   &touch_verb,  &cas_verb,     &scan_verb,    &clear_verb, &watch_verb,
    &import_verb, &export_verb, &stats_verb,    &health_verb, &explain_verb, &config_verb,  &bench_verb, &shell_verb,
    &begin_verb,  &commit_verb, &rollback_verb, &exit_verb,   &help_verb,    &version_verb, NULL,
};

const Verb *verb_find(StorageSlice name)
{
    for (size_t i = 0; verbs[i] != NULL; i++)
        if (storage_slice_compare(storage_string(verbs[i]->name), name) == 0)
            return verbs[i];
    return NULL;
}

int verb_report_unknown(Session *session, StorageSlice name)
{
    Nearest nearest = {.given = name};
    char hint[NEAREST_HINT_SIZE];
    for (size_t i = 0; verbs[i] != NULL; i++)
        if ((verbs[i]->flags & (session->in_shell ? VERB_NOT_IN_SHELL : VERB_ONLY_IN_SHELL)) == 0)
            nearest_offer(&nearest, verbs[i]->name);
    return session_usage_error(session, "\"%.*s\" is not a %s%s; \"%shelp\" lists them",
                               (int)(name.size < 40 ? name.size : 40), (const char *)name.data,
                               session->in_shell ? "command of the shell" : "verb", nearest_hint(&nearest, hint),
                               session->in_shell ? "" : "storagectl ");
}

int verb_run(Session *session, const Verb *verb, const Arguments *arguments)
{
    int exit_code;
    session->verb_name = verb->name;
    if (session->ctx == NULL || verb == &shell_verb) /* the shell does this for each command */
        return verb->run(session, arguments);
    session_set_deadline(session, session->timeout_ns);
    (void)interrupt_begin(session->ctx); /* without it a signal ends the process, as ever */
    exit_code = verb->run(session, arguments);
    interrupt_end();
    return exit_code;
}

int verb_run_words(Session *session, const StorageSlice *words, size_t word_count)
{
    Arguments arguments;
    const Verb *verb = verb_find(words[0]);
    int exit_code;
    session->verb_name = NULL;
    if (verb == NULL)
        return verb_report_unknown(session, words[0]);
    if ((verb->flags & VERB_NOT_IN_SHELL) != 0)
        return session_usage_error(session, "\"%s\" is not for the shell; \"help\" lists what is", verb->name);
    session->verb_name = verb->name;
    exit_code = arguments_parse(session, verb, (WordList){words, word_count, 1}, NULL, &arguments);
    if (exit_code == EXIT_DONE && arguments.wants_help)
        exit_code = help_verb.run(session, &(Arguments){.verb = &help_verb, .words = {words[0]}, .count = 1});
    else if (exit_code == EXIT_DONE)
        exit_code = verb_run(session, verb, &arguments);
    arguments_done(&arguments);
    return exit_code;
}
