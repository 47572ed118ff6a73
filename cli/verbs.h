/* cli/verbs.h - the verbs: what each is called, takes and does. A new verb is a file and a line in verbs.c. */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

#include "session.h"

#define ARGUMENT_COUNT_MAX 4
#define OPTION_COUNT_MAX 16

enum {
    OPTION_BYTES = 1u << 0, /* its value is a key or a value: decoded as the arguments are */
    OPTION_FILE = 1u << 1   /* its value names a file */
};

typedef struct Option {
    const char *name;       /* "--limit" */
    const char *value_name; /* what it takes, for the usage text; NULL: nothing */
    const char *doc;
    const char *choices; /* the values that it takes, with spaces between; NULL: any */
    uint32_t flags;
    int tag;         /* for the code that owns the table */
    char short_name; /* 'c' for -c; 0: none */
} Option;

/* What a command was called with. Made by arguments_parse, ended by arguments_done. */
typedef struct Arguments {
    const struct Verb *verb;
    StorageSlice words[ARGUMENT_COUNT_MAX]; /* a zero byte stands behind each */
    size_t count;
    int is_given[OPTION_COUNT_MAX];        /* options, in the order of the verb's table */
    StorageSlice values[OPTION_COUNT_MAX]; /* and what they were given; a zero byte stands behind each */
    Preferences preferences;
    int wants_help;
    int is_word_owned[ARGUMENT_COUNT_MAX], is_value_owned[OPTION_COUNT_MAX]; /* copies, to be freed */
} Arguments;

enum {
    VERB_NEEDS_STORE = 1u << 0,
    VERB_ONLY_IN_SHELL = 1u << 1,
    VERB_NOT_IN_SHELL = 1u << 2,
    VERB_HAS_BYTES = 1u << 3,     /* takes keys or values: --hex, --base64, --escapes */
    VERB_HAS_JSON = 1u << 4,      /* takes --json */
    VERB_MAY_BE_MEMORY = 1u << 5, /* makes sense on an empty store in memory: without a configuration it gets one */
    VERB_TAKES_CONFIG = 1u << 6,  /* opens no store but reads the configuration */
    VERB_WRITES = 1u << 7         /* leaves something behind, in a store that lasts */
};

typedef struct Verb {
    const char *name;
    const char *usage; /* its arguments; options follow from the table */
    const char *summary;
    const char *details;   /* for `help VERB` */
    const char *example;   /* command lines, each with its end; NULL: none */
    const Option *options; /* ends with a NULL name; NULL: none */
    size_t argument_min, argument_max;
    uint32_t bytes_mask; /* bit i: argument i is a key or a value */
    uint32_t flags;
    int (*run)(Session *session, const Arguments *arguments); /* returns an exit code */
} Verb;

/* All verbs in the order of the help; ends with NULL. */
extern const Verb *const verbs[];

extern const Verb get_verb, set_verb, touch_verb, delete_verb, cas_verb, scan_verb, clear_verb, watch_verb, import_verb,
    export_verb, stats_verb, health_verb, explain_verb, config_verb, bench_verb, shell_verb, begin_verb, commit_verb,
    rollback_verb, exit_verb, help_verb, version_verb;

/* The verb of that name, NULL when there is none. */
const Verb *verb_find(StorageSlice name);

/* Reports that there is no verb of that name. Returns EXIT_USAGE. */
int verb_report_unknown(Session *session, StorageSlice name);

/*
 * Runs a verb whose arguments were read: within the time limit, cancelled by signals. Returns an exit code.
 */
int verb_run(Session *session, const Verb *verb, const Arguments *arguments);

/* Runs a command of the shell that is given as words, the first of them the verb. Returns an exit code. */
int verb_run_words(Session *session, const StorageSlice *words, size_t word_count);

#endif
