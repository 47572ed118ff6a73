/* cli/help.c - help [VERB]: all from the tables of the verbs. */
#include "output.h"
#include "verbs.h"

#include <stdio.h>

#define USAGE_OPTION_COUNT_MAX 3 /* more than these are only listed below */

static const char introduction[] =
    "usage: storagectl [-c FILE] [-e] VERB [ARGUMENT...]\n"
    "\n"
    "Works on the store that the configuration FILE (JSON) describes; without one, on an\n"
    "empty store in memory, which is gone at the end: useful with a script for the shell.\n"
    "\n";

static const char ending[] = "\n"
                             "Options, before or after the verb:\n"
                             "  -c, --config FILE    the configuration of the store\n"
                             "  -e, --escapes        decode \\xHH, \\n, \\t, \\0 and \\\\ in the arguments\n"
                             "  -h, --help           this help, or that of the verb\n"
                             "      --version        the versions of the program and the library\n"
                             "      --               ends the options: what follows may begin with \"-\"\n"
                             "\n"
                             "Verbs have options of their own, such as scan --limit N and shell --keep-going:\n"
                             "\"storagectl help VERB\" shows them.\n"
                             "\n"
                             "Exit codes: 0 done, 1 not found, 2 usage or configuration, 3 conflict, 4 unavailable,\n"
                             "5 corrupt or incompatible, 6 a limit, 7 input, output or space, 8 outcome unknown,\n"
                             "9 internal error.\n";

static void print_summaries(uint32_t wanted_flag)
{
    for (size_t i = 0; verbs[i] != NULL; i++)
        if ((verbs[i]->flags & VERB_ONLY_IN_SHELL) == wanted_flag)
            output_format("  %-9s %s\n", verbs[i]->name, verbs[i]->summary);
}

static void print_verb(const Verb *verb)
{
    const char *program = (verb->flags & VERB_ONLY_IN_SHELL) != 0 ? "" : "storagectl ";
    output_format("usage: %s%s%s%s", program, verb->name, verb->usage[0] != '\0' ? " " : "", verb->usage);
    if (verb->option_count > USAGE_OPTION_COUNT_MAX)
        output_text(" [OPTION...]");
    for (size_t i = 0; i < verb->option_count && verb->option_count <= USAGE_OPTION_COUNT_MAX; i++) {
        const Option *option = &verb->options[i];
        output_format(" [%s%s%s]", option->name, option->value_name != NULL ? " " : "",
                      option->value_name != NULL ? option->value_name : "");
    }
    output_format("\n\n%s%s", verb->details, verb->option_count > 0 || verb->argument_max > 0 ? "\n" : "");
    for (size_t i = 0; i < verb->option_count; i++) {
        char left[32];
        (void)snprintf(left, sizeof(left), "%s %s", verb->options[i].name,
                       verb->options[i].value_name != NULL ? verb->options[i].value_name : "");
        output_format("  %-18s %s\n", left, verb->options[i].doc);
    }
    if (verb->argument_max > 0)
        output_format("  %-18s %s\n", "--", "ends the options: what follows may begin with \"-\"");
}

static int run(Session *session, const Arguments *arguments)
{
    const Verb *verb;
    if (arguments->count == 0) {
        output_text(introduction);
        print_summaries(0);
        output_text("\nIn the shell also:\n");
        print_summaries(VERB_ONLY_IN_SHELL);
        output_text(ending);
        return EXIT_DONE;
    }
    verb = verb_find(arguments->words[0]);
    if (verb == NULL) {
        const StorageSlice name = arguments->words[0];
        return session_usage_error(session, "\"%.*s\" is not a verb; \"%shelp\" lists them",
                                   (int)(name.size < 40 ? name.size : 40), (const char *)name.data,
                                   session->in_shell ? "" : "storagectl ");
    }
    print_verb(verb);
    return EXIT_DONE;
}

const Verb help_verb = {
    .name = "help",
    .usage = "[VERB]",
    .summary = "explain a verb, or list them all",
    .details = "Without a verb it lists them, the options and the exit codes.\n",
    .argument_max = 1,
    .run = run,
};
