/*
 * config/load.c - from what a caller gave to a checked plan.
 *
 * It refuses files of more than 1 MiB, and opens neither backends nor layers. Files are reached through the environment
 * only.
 */
#include "config/load.h"

#include "config/document.h"
#include "config/file.h"
#include "config/read_plan.h"
#include "core/context.h"
#include "core/environment.h"

#include <string.h>

#define DOCUMENT_SIZE_MAX ((size_t)1 << 20) /* bytes of a file */

StorageContext *config_call_begin(StorageContext *ctx, StorageContext *unattended)
{
    if (ctx == NULL) {
        context_init_unattended(unattended);
        ctx = unattended;
    }
    context_clear_results(ctx);
    return ctx;
}

StorageStatus config_call_end(StorageContext *ctx, StorageStatus status)
{
    ctx->status = status;
    return status;
}

StorageStatus config_options_copy(StorageConfigOptions *ret_options, const StorageConfigOptions *options,
                                  StorageContext *ctx)
{
    StorageStatus status =
        storage_options_copy(ret_options, sizeof(*ret_options), options, "configuration options", ctx);
    if (status == STORAGE_OK && ret_options->flags != 0)
        status = storage_fail(ctx, STORAGE_INVALID_ARGUMENT, "configuration options: unknown flags 0x%x",
                              ret_options->flags);
    return status;
}

StorageStatus config_source_text(ConfigSource *ret_source, const char *json, const StorageConfigOptions *options,
                                 StorageContext *ctx)
{
    *ret_source = (ConfigSource){.json = json};
    if (json == NULL)
        return storage_fail(ctx, STORAGE_INVALID_ARGUMENT, "json is NULL; give the text of a document");
    return config_options_copy(&ret_source->options, options, ctx);
}

StorageStatus config_source_file(ConfigSource *ret_source, const char *path, const StorageConfigOptions *options,
                                 StorageContext *ctx)
{
    *ret_source = (ConfigSource){.path = path};
    if (path == NULL || path[0] == '\0')
        return storage_fail(ctx, STORAGE_INVALID_ARGUMENT, "path is %s; name the configuration file",
                            path == NULL ? "NULL" : "empty");
    return config_options_copy(&ret_source->options, options, ctx);
}

/* Where relative paths start; empty: the working directory. */
static StorageSlice start_directory(const ConfigSource *source)
{
    if (source->options.directory != NULL)
        return storage_string(source->options.directory);
    return source->path != NULL ? config_file_directory(source->path) : storage_string("");
}

/* `text` has a zero byte after its `size` bytes. */
static StorageStatus load_text(const char *text, size_t size, const ConfigSource *source, const StorageFiles *files,
                               ConfigPlan *ret_plan, StorageContext *ctx)
{
    ConfigReport report = {.ctx = ctx, .source = source->path};
    ConfigReader reader = {
        .report = &report, .options = &source->options, .files = files, .directory = start_directory(source)};
    cJSON *document = document_parse(text, size, &report);
    if (document == NULL)
        return report.status;
    config_read_plan(&reader, document, ret_plan);
    document_free(document);
    if (report.status != STORAGE_OK)
        config_plan_done(ret_plan);
    return report.status;
}

StorageStatus config_load(const ConfigSource *source, ConfigPlan *ret_plan, StorageContext *ctx)
{
    StorageEnvironment environment;
    char shown_path[REPORT_SOURCE_SIZE];
    ConfigFile file;
    StorageStatus status = environment_fill(&environment, source->options.environment, ctx);
    if (status != STORAGE_OK)
        return status;
    if (source->json != NULL)
        return load_text(source->json, strlen(source->json), source, environment.files, ret_plan, ctx);
    status = config_file_read(&file, environment.files, source->path, DOCUMENT_SIZE_MAX);
    if (status != STORAGE_OK)
        return storage_fail(ctx, status, "%s: %s", report_printable(source->path, shown_path, sizeof(shown_path)),
                            file.problem);
    status = load_text(file.text, file.size, source, environment.files, ret_plan, ctx);
    config_file_done(&file);
    return status;
}
