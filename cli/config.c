/* cli/config.c - config check, schema, explain: what a configuration says, without opening what it describes. */
#include "arguments.h"
#include "json.h"
#include "output.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- check ---- */

static void collect_warning(void *user_data, const char *text)
{
    int *count = user_data;
    output_text((*count)++ == 0 ? "" : ",");
    json_string(stdout, storage_string(text));
}

/* For tools: one object, whatever the outcome. Warnings arrive while it is written, and none when there are errors. */
static int check_for_tools(Session *session, const char *path)
{
    StorageConfigOptions options = STORAGE_CONFIG_OPTIONS_INIT;
    StorageStatus status;
    size_t count, shown = 0;
    int warning_count = 0;
    options.warn = collect_warning;
    options.user_data = &warning_count;
    output_text("{\"warnings\":[");
    status = storage_config_check_file(path, &options, session->ctx);
    output_format("],\"ok\":%s,\"errors\":[", status == STORAGE_OK ? "true" : "false");
    count = status != STORAGE_OK ? storage_context_error_count(session->ctx) : 0;
    for (; shown < count && storage_context_error_text(session->ctx, shown)[0] != '\0'; shown++) {
        output_text(shown == 0 ? "" : ",");
        json_string(stdout, storage_string(storage_context_error_text(session->ctx, shown)));
    }
    output_format("],\"more_errors\":%zu}\n", count - shown);
    output_note();
    return session_exit_code(status);
}

static void warn(void *user_data, const char *text)
{
    session_note(user_data, "warning: %s", text);
}

static int run_check(Session *session, const Arguments *arguments, const char *path)
{
    StorageConfigOptions options = STORAGE_CONFIG_OPTIONS_INIT;
    StorageStatus status;
    if (arguments->preferences.wants_json)
        return check_for_tools(session, path);
    options.warn = warn;
    options.user_data = session;
    status = storage_config_check_file(path, &options, session->ctx);
    if (status != STORAGE_OK)
        return session_fail_all(session, status);
    output_format("%s: ok\n", path);
    return EXIT_DONE;
}

/* ---- schema ---- */

static int run_schema(Session *session, const Arguments *arguments)
{
    StorageValue json;
    StorageStatus status;
    if (arguments->count > 1)
        return session_usage_error(session, "the schema is that of all configurations; leave FILE out");
    status = storage_config_schema(NULL, &json, session->ctx);
    if (status != STORAGE_OK)
        return session_fail(session, status);
    output_bytes(storage_value_slice(&json));
    output_text("\n");
    storage_value_release(&json);
    return EXIT_DONE;
}

/* ---- explain ---- */

static const char *text_of(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsString(item) ? item->valuestring : "";
}

static void print_wrapped(const char *text, size_t indent, size_t width)
{
    while (*text != '\0') {
        size_t len = strlen(text), cut = len;
        if (len > width) {
            for (cut = width; cut > 0 && text[cut] != ' '; cut--) {
            }
            cut = cut == 0 ? strcspn(text, " ") : cut;
        }
        output_format("%*s", (int)indent, "");
        output_printable(storage_bytes(text, cut));
        output_text("\n");
        text += cut + (text[cut] == ' ');
    }
}

/* What an option is, as a text to be freed; NULL when out of memory. */
static char *option_text(const cJSON *option)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(option, "value");
    const cJSON *varying = cJSON_GetObjectItemCaseSensitive(option, "default");
    char *text;
    if (cJSON_IsString(value))
        return strdup(value->valuestring);
    if (value != NULL)
        return cJSON_PrintUnformatted(value); /* with malloc: it was told of no other allocator */
    if (!cJSON_IsString(varying))
        return strdup("none");
    return asprintf(&text, "%s, or what other options make of it", varying->valuestring) < 0 ? NULL : text;
}

static void print_option(const cJSON *option)
{
    char *text = option_text(option);
    output_format("    %-22s ", text_of(option, "name"));
    if (text != NULL)
        output_printable(storage_string(text));
    output_format("  %s(%s)%s\n", output_style(STYLE_DIM), text_of(option, "origin"), output_style(STYLE_NONE));
    free(text);
}

static void print_part(const char *place, const cJSON *part)
{
    const cJSON *option;
    output_format("%s  %s%s%s\n", place, output_style(STYLE_BOLD), text_of(part, "type"), output_style(STYLE_NONE));
    print_wrapped(text_of(part, "doc"), 4, 76);
    cJSON_ArrayForEach(option, cJSON_GetObjectItemCaseSensitive(part, "options")) print_option(option);
    output_text("\n");
}

static void print_names(const cJSON *document, const char *name, const char *title)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(document, name), *item;
    char line[1024] = "";
    size_t used = (size_t)snprintf(line, sizeof(line), "%s", title);
    if (list == NULL || list->child == NULL)
        return;
    cJSON_ArrayForEach(item, list) if (used < sizeof(line)) used +=
        (size_t)snprintf(line + used, sizeof(line) - used, "%s%s", item == list->child ? " " : ", ",
                         item->valuestring != NULL ? item->valuestring : "");
    print_wrapped(line, 0, 80);
}

static void print_explanation(const cJSON *document)
{
    const cJSON *layers = cJSON_GetObjectItemCaseSensitive(document, "layers"), *item;
    int index = 0;
    cJSON_ArrayForEach(item, layers)
    {
        char place[32];
        (void)snprintf(place, sizeof(place), "layers[%d]", index++);
        print_part(place, item);
    }
    print_part("backend", cJSON_GetObjectItemCaseSensitive(document, "backend"));
    print_names(document, "capabilities", "It can:");
    print_names(document, "weakenings", "It weakens:");
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(document, "warnings"))
    {
        output_text("Warning: ");
        output_printable(storage_string(item->valuestring));
        output_text("\n");
    }
}

static int run_explain(Session *session, const Arguments *arguments, const char *path)
{
    StorageValue json;
    cJSON *document;
    StorageStatus status = storage_config_explain_file(path, NULL, &json, session->ctx);
    int exit_code = EXIT_DONE;
    if (status != STORAGE_OK)
        return session_fail_all(session, status);
    if (arguments->preferences.wants_json) {
        output_bytes(storage_value_slice(&json));
        output_text("\n");
    } else if ((document = cJSON_ParseWithLength(json.data, json.size)) != NULL) {
        print_explanation(document);
        cJSON_Delete(document);
    } else {
        exit_code = session_error(session, EXIT_UNAVAILABLE, "out of memory");
    }
    storage_value_release(&json);
    return exit_code;
}

/* ---- which of them ---- */

typedef int (*ConfigCommand)(Session *session, const Arguments *arguments, const char *path);

/* With the path that the command names, or else the configuration of the program. */
static int run_on_file(Session *session, const Arguments *arguments, ConfigCommand command)
{
    char *found = NULL;
    const char *path = arguments->count > 1 ? arguments->words[1].data : NULL;
    int exit_code;
    if (path != NULL && session->config_path != NULL)
        return session_usage_error(session, "FILE and -c (--config) exclude each other");
    if (path == NULL) {
        exit_code = session_find_config(session, &found);
        if (exit_code != EXIT_DONE)
            return exit_code;
        path = found;
    }
    if (path == NULL)
        return session_usage_error(session, "no configuration: name its FILE");
    exit_code = command(session, arguments, path);
    free(found);
    return exit_code;
}

static int run_command(Session *session, const Arguments *arguments)
{
    StorageSlice name = arguments->words[0];
    if (storage_slice_compare(name, storage_string("check")) == 0)
        return run_on_file(session, arguments, run_check);
    if (storage_slice_compare(name, storage_string("explain")) == 0)
        return run_on_file(session, arguments, run_explain);
    if (storage_slice_compare(name, storage_string("schema")) == 0)
        return run_schema(session, arguments);
    return session_usage_error(session, "\"%.*s\" is none of check, schema, explain",
                               (int)(name.size < 40 ? name.size : 40), (const char *)name.data);
}

static int run(Session *session, const Arguments *arguments)
{
    StorageContext *outer = session->ctx; /* of the shell */
    int exit_code;
    session->ctx = storage_context_new();
    if (session->ctx == NULL)
        exit_code = session_fail(session, STORAGE_NO_MEMORY);
    else
        exit_code = run_command(session, arguments);
    storage_context_free(session->ctx);
    session->ctx = outer;
    return exit_code;
}

const Verb config_verb = {
    .name = "config",
    .usage = "check|schema|explain [FILE]",
    .summary = "check or explain a configuration, without opening the store",
    .details = "check     Reports every mistake in FILE at once, each with its place; 2 when there\n"
               "          is one. FILE is that of -c, or where a configuration is looked for.\n"
               "schema    Prints the JSON Schema of configurations, for editors.\n"
               "explain   Prints what FILE means: each layer and its options, where their values\n"
               "          come from, what the stack can do. Secrets are not shown.\n",
    .example = "storagectl config check app.json\n"
               "storagectl config explain -c app.json\n"
               "storagectl config schema > storage.schema.json\n",
    .argument_min = 1,
    .argument_max = 2,
    .flags = VERB_HAS_JSON | VERB_TAKES_CONFIG,
    .run = run,
};
