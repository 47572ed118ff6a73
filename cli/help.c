/* cli/help.c - help [VERB]: all from the tables of the verbs, as text or as JSON. */
#include "json.h"
#include "options.h"
#include "output.h"

#include <stdio.h>
#include <string.h>

#define OPTION_FORM_SIZE 48
#define FORM_WIDTH_MIN 18

static const char introduction[] =
    "usage: storagectl [OPTION...] VERB [ARGUMENT...]\n"
    "\n"
    "Works on the store that a configuration (JSON) describes: the one of -c, else what\n"
    "$STORAGE_CONFIG names, ./storage.json, $XDG_CONFIG_HOME/storage/storage.json or\n"
    "/etc/storage/storage.json, the first that there is.\n"
    "\n";

static const char option_title[] = "\nOptions, before or after the verb:\n";

static const char common_title[] = "\nOptions of the verbs with keys and values, and of those that can print JSON:\n";

static const struct {
    int exit_code;
    const char *meaning;
} exit_codes[] = {
    {EXIT_DONE, "done"},
    {EXIT_NOT_FOUND, "not found"},
    {EXIT_USAGE, "usage or configuration"},
    {EXIT_CONFLICT, "conflict: somebody else changed it"},
    {EXIT_UNAVAILABLE, "unavailable, busy or timed out; later it may work"},
    {EXIT_DAMAGED, "corrupt or incompatible data"},
    {EXIT_LIMIT, "a limit: too large, too many"},
    {EXIT_IO, "input, output or space"},
    {EXIT_INDETERMINATE, "nobody knows whether the write took effect"},
    {EXIT_INTERNAL, "an internal error"},
};

/* "-c, --config FILE". Returns `buffer`. */
static const char *option_form(const Option *option, char buffer[OPTION_FORM_SIZE])
{
    char short_name[5] = "";
    if (option->short_name != 0)
        (void)snprintf(short_name, sizeof(short_name), "-%c, ", option->short_name);
    (void)snprintf(buffer, OPTION_FORM_SIZE, "%s%s%s%s", short_name, option->name,
                   option->value_name != NULL ? " " : "", option->value_name != NULL ? option->value_name : "");
    return buffer;
}

/* The column in which what options mean begins: behind the longest of them. */
static int form_width(const Option *options)
{
    char form[OPTION_FORM_SIZE];
    int width = FORM_WIDTH_MIN;
    for (; options != NULL && options->name != NULL; options++) {
        int len = (int)strlen(option_form(options, form));
        width = len > width ? len : width;
    }
    return width;
}

static void print_options(const char *title, const Option *options, int width)
{
    char form[OPTION_FORM_SIZE];
    output_text(title);
    for (; options != NULL && options->name != NULL; options++)
        output_format("  %-*s %s\n", width, option_form(options, form), options->doc);
}

static void print_summaries(uint32_t wanted_flag)
{
    for (size_t i = 0; verbs[i] != NULL; i++)
        if ((verbs[i]->flags & VERB_ONLY_IN_SHELL) == wanted_flag)
            output_format("  %s%-9s%s %s\n", output_style(STYLE_BOLD), verbs[i]->name, output_style(STYLE_NONE),
                          verbs[i]->summary);
}

static void print_overview(void)
{
    output_text(introduction);
    print_summaries(0);
    output_text("\nIn the shell also:\n");
    print_summaries(VERB_ONLY_IN_SHELL);
    print_options(option_title, program_options, FORM_WIDTH_MIN);
    print_options(common_title, bytes_options, FORM_WIDTH_MIN);
    print_options("", json_options, FORM_WIDTH_MIN);
    output_text("\n\"storagectl help VERB\" explains a verb and its own options. Exit codes:\n");
    for (size_t i = 0; i < sizeof(exit_codes) / sizeof(exit_codes[0]); i++)
        output_format("  %d %s\n", exit_codes[i].exit_code, exit_codes[i].meaning);
}

static void print_verb(const Verb *verb)
{
    int width = form_width(verb->options);
    int has_options = verb->options != NULL || (verb->flags & (VERB_HAS_BYTES | VERB_HAS_JSON)) != 0;
    output_format("usage: %s%s%s%s%s\n\n%s", (verb->flags & VERB_ONLY_IN_SHELL) != 0 ? "" : "storagectl ", verb->name,
                  verb->usage[0] != '\0' ? " " : "", verb->usage, has_options ? " [OPTION...]" : "", verb->details);
    if (has_options || verb->argument_max > 0)
        output_text("\n");
    print_options("", verb->options, width);
    if ((verb->flags & VERB_HAS_BYTES) != 0)
        print_options("", bytes_options, width);
    if ((verb->flags & VERB_HAS_JSON) != 0)
        print_options("", json_options, width);
    if (verb->argument_max > 0)
        output_format("  %-*s %s\n", width, "--", "ends the options: what follows may begin with \"-\"");
    if (verb->example == NULL)
        return;
    output_text("\nExamples:\n");
    for (const char *line = verb->example; *line != '\0'; line += strcspn(line, "\n") + 1) {
        output_text("  ");
        output_bytes(storage_bytes(line, strcspn(line, "\n")));
        output_text("\n");
    }
}

/* ---- the same as JSON, for manuals and completions ---- */

static void json_member(const char *separator, const char *name, const char *text)
{
    output_format("%s\"%s\":", separator, name);
    if (text != NULL)
        json_string(stdout, storage_string(text));
    else
        output_text("null");
}

static void json_options_array(const char *name, const Option *options)
{
    output_format(",\"%s\":[", name);
    for (const Option *option = options; option != NULL && option->name != NULL; option++) {
        char short_name[3] = {'-', option->short_name, '\0'};
        output_text(option == options ? "{" : ",{");
        json_member("", "name", option->name);
        json_member(",", "short", option->short_name != 0 ? short_name : NULL);
        json_member(",", "value", option->value_name);
        json_member(",", "choices", option->choices);
        json_member(",", "doc", option->doc);
        output_format(",\"file\":%s}", (option->flags & OPTION_FILE) != 0 ? "true" : "false");
    }
    output_text("]");
}

static void json_verb(const Verb *verb)
{
    json_member("{", "name", verb->name);
    json_member(",", "usage", verb->usage);
    json_member(",", "summary", verb->summary);
    json_member(",", "details", verb->details);
    json_member(",", "example", verb->example);
    json_options_array("options", verb->options);
    output_format(",\"has_bytes_options\":%s,\"has_json_option\":%s,\"only_in_shell\":%s,\"in_shell\":%s}",
                  (verb->flags & VERB_HAS_BYTES) != 0 ? "true" : "false",
                  (verb->flags & VERB_HAS_JSON) != 0 ? "true" : "false",
                  (verb->flags & VERB_ONLY_IN_SHELL) != 0 ? "true" : "false",
                  (verb->flags & VERB_NOT_IN_SHELL) == 0 ? "true" : "false");
}

static void print_json(void)
{
    output_text("{\"verbs\":[");
    for (size_t i = 0; verbs[i] != NULL; i++) {
        output_text(i > 0 ? "," : "");
        json_verb(verbs[i]);
    }
    output_text("]");
    json_options_array("program_options", program_options);
    json_options_array("bytes_options", bytes_options);
    json_options_array("json_options", json_options);
    output_text(",\"exit_codes\":[");
    for (size_t i = 0; i < sizeof(exit_codes) / sizeof(exit_codes[0]); i++) {
        output_format("%s{\"code\":%d", i > 0 ? "," : "", exit_codes[i].exit_code);
        json_member(",", "meaning", exit_codes[i].meaning);
        output_text("}");
    }
    output_text("]}\n");
    output_note();
}

static int run(Session *session, const Arguments *arguments)
{
    const Verb *verb = NULL;
    if (arguments->count > 0 && (verb = verb_find(arguments->words[0])) == NULL)
        return verb_report_unknown(session, arguments->words[0]);
    if (verb == NULL && arguments->preferences.wants_json)
        print_json();
    else if (verb == NULL)
        print_overview();
    else if (arguments->preferences.wants_json) {
        json_verb(verb);
        output_text("\n");
    } else
        print_verb(verb);
    return EXIT_DONE;
}

const Verb help_verb = {
    .name = "help",
    .usage = "[VERB]",
    .summary = "explain a verb, or list them all",
    .details = "Without a verb it lists them, the options and the exit codes.\n",
    .argument_max = 1,
    .flags = VERB_HAS_JSON,
    .run = run,
};
