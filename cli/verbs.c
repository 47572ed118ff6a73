/* cli/verbs.c - the table of all verbs, and running a command that is given as words. */
#include "verbs.h"

#include "arguments.h"

#include <string.h>

const Verb *const verbs[] = {&get_verb,     &set_verb,    &touch_verb,    &delete_verb, &cas_verb,  &scan_verb,
                             &begin_verb,   &commit_verb, &rollback_verb, &shell_verb,  &exit_verb, &help_verb,
                             &version_verb, NULL};

const Verb *verb_find(StorageSlice name)
{
    for (size_t i = 0; verbs[i] != NULL; i++)
        if (storage_slice_compare(storage_string(verbs[i]->name), name) == 0)
            return verbs[i];
    return NULL;
}

int verb_run_words(Session *session, const StorageSlice *words, size_t word_count)
{
    Arguments arguments;
    const Verb *verb = verb_find(words[0]);
    int exit_code;
    session->verb_name = NULL;
    if (verb == NULL || (verb->flags & VERB_NOT_IN_SHELL) != 0)
        return session_usage_error(session, "\"%.*s\" is not a command of the shell; \"help\" lists them",
                                   (int)(words[0].size < 40 ? words[0].size : 40), (const char *)words[0].data);
    session->verb_name = verb->name;
    exit_code = arguments_parse(session, verb, words + 1, word_count - 1, &arguments);
    return exit_code == EXIT_DONE ? verb->run(session, &arguments) : exit_code;
}
