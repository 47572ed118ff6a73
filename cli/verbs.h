/*
 * cli/verbs.h - the verbs: what each is called, takes and does. A new verb is a file and a line in verbs.c.
 */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

#include "session.h"

#define ARGUMENT_COUNT_MAX 4
#define OPTION_COUNT_MAX 6

typedef struct Option {
    const char *name;       /* "--limit" */
    const char *value_name; /* what it takes, for the usage text; NULL: nothing */
    const char *doc;
} Option;

/* What a command was called with. */
typedef struct Arguments {
    StorageSlice words[ARGUMENT_COUNT_MAX];
    size_t count;
    int is_given[OPTION_COUNT_MAX];        /* options, in the order of the verb's table */
    StorageSlice values[OPTION_COUNT_MAX]; /* and what they were given */
} Arguments;

enum { VERB_NEEDS_STORE = 1u << 0, VERB_ONLY_IN_SHELL = 1u << 1, VERB_NOT_IN_SHELL = 1u << 2 };

typedef struct Verb {
    const char *name;
    const char *usage; /* its arguments; options follow from the table */
    const char *summary;
    const char *details; /* for `help VERB` */
    const Option *options;
    size_t option_count;
    size_t argument_min, argument_max;
    uint32_t flags;
    int (*run)(Session *session, const Arguments *arguments); /* returns an exit code */
} Verb;

/* All verbs in the order of the help; ends with NULL. */
extern const Verb *const verbs[];

extern const Verb get_verb, set_verb, touch_verb, delete_verb, cas_verb, scan_verb, begin_verb, commit_verb,
    rollback_verb, shell_verb, exit_verb, help_verb, version_verb;

/* The verb of that name, NULL when there is none. */
const Verb *verb_find(StorageSlice name);

/* Runs a command that is given as words, the first of them the verb. Returns an exit code. */
int verb_run_words(Session *session, const StorageSlice *words, size_t word_count);

#endif
