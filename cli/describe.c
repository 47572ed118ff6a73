/* cli/describe.c - stats, health, explain: what an open stack says of itself. */
#include "arguments.h"
#include "outline.h"
#include "output.h"

/* Prints a document of the library and gives it back. */
static int print_document(Session *session, const Arguments *arguments, const char *title, StorageValue *json)
{
    StorageSlice text = storage_value_slice(json);
    int is_printed = 1;
    if (arguments->preferences.wants_json)
        output_bytes(text);
    else
        is_printed = outline_print(title, text);
    storage_value_release(json);
    return is_printed ? EXIT_DONE : session_error(session, EXIT_UNAVAILABLE, "out of memory");
}

/* Prints one description under its name; as JSON it is a member of the one object that is printed. */
static int print_description(Session *session, const Arguments *arguments, const char *name,
                             StorageDescription description, int is_first)
{
    StorageValue json;
    StorageStatus status = storage_describe(session->backend, description, &json, session->ctx);
    if (status != STORAGE_OK)
        return session_fail(session, status);
    if (arguments->preferences.wants_json)
        output_format("%s\"%s\":", is_first ? "{" : ",", name);
    else if (!is_first)
        output_text("\n");
    return print_document(session, arguments, name, &json);
}

/* Two descriptions, one after the other. */
static int print_two(Session *session, const Arguments *arguments, const char *first_name, StorageDescription first,
                     const char *second_name, StorageDescription second)
{
    int exit_code = print_description(session, arguments, first_name, first, 1);
    if (exit_code == EXIT_DONE)
        exit_code = print_description(session, arguments, second_name, second, 0);
    if (exit_code == EXIT_DONE && arguments->preferences.wants_json)
        output_text("}\n");
    return exit_code;
}

static int run_stats(Session *session, const Arguments *arguments)
{
    return print_two(session, arguments, "statistics", STORAGE_DESCRIBE_STATISTICS, "memory", STORAGE_DESCRIBE_MEMORY);
}

const Verb stats_verb = {
    .name = "stats",
    .usage = "",
    .summary = "print the counters of the store and what its memory holds",
    .details = "Counters begin when the store is opened, so those of a store in memory are those of\n"
               "this command or this shell.\n",
    .example = "storagectl stats --json\n",
    .flags = VERB_NEEDS_STORE | VERB_HAS_JSON,
    .run = run_stats,
};

static int run_explain(Session *session, const Arguments *arguments)
{
    return print_two(session, arguments, "stack", STORAGE_DESCRIBE_STACK, "capabilities",
                     STORAGE_DESCRIBE_CAPABILITIES);
}

const Verb explain_verb = {
    .name = "explain",
    .usage = "",
    .summary = "print the stack that is open: its layers, what it can do",
    .details = "Opens the store and prints what stands there, top layer first, with the options as\n"
               "they hold, and what the stack can and cannot do. \"config explain\" tells what a\n"
               "configuration means without opening anything.\n",
    .example = "storagectl explain\n",
    .flags = VERB_NEEDS_STORE | VERB_HAS_JSON | VERB_MAY_BE_MEMORY,
    .run = run_explain,
};

static const Option health_options[] = {
    {.name = "--probe",
     .value_name = "PROBE",
     .doc = "liveness, readiness (the default) or startup",
     .choices = "liveness readiness startup"},
    {0},
};

/* A store that serves is healthy enough for a script; one that does not is unavailable. */
static int run_health(Session *session, const Arguments *arguments)
{
    StorageProbe probe = (StorageProbe)arguments_choice(arguments, "--probe", STORAGE_PROBE_READINESS);
    StorageHealthState state;
    StorageValue json;
    StorageStatus status = storage_health_check(session->backend, probe, &state, &json, session->ctx);
    int exit_code;
    if (status != STORAGE_OK)
        return session_fail(session, status);
    exit_code = print_document(session, arguments, NULL, &json);
    if (arguments->preferences.wants_json)
        output_text("\n");
    if (exit_code == EXIT_DONE && state != STORAGE_HEALTH_HEALTHY && state != STORAGE_HEALTH_DEGRADED)
        exit_code = EXIT_UNAVAILABLE;
    return exit_code;
}

const Verb health_verb = {
    .name = "health",
    .usage = "",
    .summary = "ask the store whether it is well",
    .details = "Ends with exit code 0 when the store is healthy or degraded, with 4 when it is\n"
               "unhealthy or nobody knows, and with the code of the failure when it cannot be\n"
               "opened.\n",
    .example = "storagectl health --probe liveness\n",
    .options = health_options,
    .flags = VERB_NEEDS_STORE | VERB_HAS_JSON | VERB_MAY_BE_MEMORY,
    .run = run_health,
};
