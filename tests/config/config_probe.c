/*
 * config_probe.c - the configuration for tests in other languages: one request a line, one answer a line, both JSON.
 *
 *   {"action": "check", "document": "{...}", "variables": {"HOME": "x"}, "directory": "d", "types": "sample"}
 *   {"status": "CONFIG", "errors": ["..."], "warnings": [], "output": "..."}
 *
 * Actions: check, explain, open (and close), schema. "path" instead of "document" names a file. Variables are those of
 * the request, never those of the process. "types": "library" for the types of the library alone.
 */
#include "sample_types.h"
#include "storage/config.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Request {
    const char *action, *document, *path;
    const cJSON *variables;
    cJSON *warnings;
} Request;

static void stop(const char *problem)
{
    fprintf(stderr, "config_probe: %s\n", problem);
    exit(EXIT_FAILURE);
}

static const char *text_of(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static const char *variable_of(void *user_data, const char *name)
{
    const Request *request = user_data;
    return text_of(request->variables, name);
}

static void take_warning(void *user_data, const char *text)
{
    const Request *request = user_data;
    cJSON_AddItemToArray(request->warnings, cJSON_CreateString(text));
}

static StorageStatus open_and_close(const Request *request, const StorageConfigOptions *options, StorageContext *ctx)
{
    StorageBackend *store = NULL;
    StorageStatus status = request->path != NULL ? storage_config_open_file(request->path, options, &store, ctx)
                                                 : storage_config_open(request->document, options, &store, ctx);
    if (status == STORAGE_OK && storage_close(store, NULL) != STORAGE_OK)
        stop("a store does not close");
    return status;
}

static StorageStatus act(const Request *request, const StorageConfigOptions *options, StorageValue *ret_output,
                         StorageContext *ctx)
{
    if (strcmp(request->action, "schema") == 0)
        return storage_config_schema(options, ret_output, ctx);
    if (request->document == NULL && request->path == NULL)
        stop("a request needs a document or a path");
    if (strcmp(request->action, "open") == 0)
        return open_and_close(request, options, ctx);
    if (strcmp(request->action, "explain") == 0)
        return request->path != NULL ? storage_config_explain_file(request->path, options, ret_output, ctx)
                                     : storage_config_explain(request->document, options, ret_output, ctx);
    if (strcmp(request->action, "check") != 0)
        stop("a request has an unknown action");
    return request->path != NULL ? storage_config_check_file(request->path, options, ctx)
                                 : storage_config_check(request->document, options, ctx);
}

static void answer(const cJSON *line, const StorageRegistry *registry, StorageContext *ctx)
{
    Request request = {.action = text_of(line, "action"),
                       .document = text_of(line, "document"),
                       .path = text_of(line, "path"),
                       .variables = cJSON_GetObjectItemCaseSensitive(line, "variables")};
    StorageConfigOptions options = STORAGE_CONFIG_OPTIONS_INIT;
    cJSON *reply = cJSON_CreateObject(), *errors = cJSON_AddArrayToObject(reply, "errors");
    StorageValue output = {0};
    char *text;
    const char *types = text_of(line, "types");
    if (request.action == NULL)
        stop("a request has no action");
    request.warnings = cJSON_AddArrayToObject(reply, "warnings");
    options.registry = types != NULL && strcmp(types, "library") == 0 ? NULL : registry;
    options.directory = text_of(line, "directory");
    options.variable = variable_of;
    options.warn = take_warning;
    options.user_data = &request;
    cJSON_AddStringToObject(reply, "status", storage_status_name(act(&request, &options, &output, ctx)));
    /* Texts beyond the 64th are counted and not kept. */
    for (size_t i = 0; i < storage_context_error_count(ctx) && i < 64; i++)
        cJSON_AddItemToArray(errors, cJSON_CreateString(storage_context_error_text(ctx, i)));
    if (output.data != NULL)
        cJSON_AddStringToObject(reply, "output", output.data);
    storage_value_release(&output);
    text = cJSON_PrintUnformatted(reply);
    if (text == NULL || puts(text) < 0 || fflush(stdout) != 0)
        stop("an answer cannot be written");
    cJSON_free(text);
    cJSON_Delete(reply);
}

int main(void)
{
    StorageRegistry *registry = sample_registry_new();
    StorageContext *ctx = storage_context_new();
    char *text = NULL;
    size_t text_size = 0;
    while (getline(&text, &text_size, stdin) > 0) {
        cJSON *line = cJSON_Parse(text);
        if (line == NULL)
            stop("a request is no JSON");
        answer(line, registry, ctx);
        cJSON_Delete(line);
    }
    free(text);
    storage_context_free(ctx);
    storage_registry_free(registry);
    return EXIT_SUCCESS;
}
