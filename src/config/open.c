/*
 * config/open.c - storage_config_open, storage_config_check, and both of them for files.
 *
 * Warnings are told once the document has no problem, before anything is opened.
 */
#include "config/load.h"

#include <stddef.h>

static void tell_warnings(const ConfigPlan *plan, const StorageConfigOptions *options)
{
    if (options->warn == NULL)
        return;
    for (const ConfigString *warning = plan->warnings.first; warning != NULL; warning = warning->next)
        options->warn(options->user_data, warning->text);
}

/* Opens the stack when `ret_backend` is given, else is content with a plan. */
static StorageStatus load_and_open(const ConfigSource *source, StorageBackend **ret_backend, StorageContext *ctx)
{
    ConfigPlan plan;
    StorageStatus status = config_load(source, &plan, ctx);
    if (status != STORAGE_OK)
        return status;
    tell_warnings(&plan, &source->options);
    if (ret_backend != NULL)
        status = config_plan_open(&plan, source->options.environment, ret_backend, ctx);
    config_plan_done(&plan);
    return status;
}

/* What a call that opens checks first. */
static StorageStatus begin_open(StorageBackend **ret_backend, StorageContext *ctx)
{
    if (ret_backend == NULL)
        return storage_fail(ctx, STORAGE_INVALID_ARGUMENT, "ret_backend is NULL; say where the stack goes");
    *ret_backend = NULL;
    return STORAGE_OK;
}

StorageStatus storage_config_open(const char *json, const StorageConfigOptions *options, StorageBackend **ret_backend,
                                  StorageContext *ctx)
{
    StorageContext unattended;
    ConfigSource source;
    StorageStatus status;
    ctx = config_call_begin(ctx, &unattended);
    status = begin_open(ret_backend, ctx);
    if (status == STORAGE_OK)
        status = config_source_text(&source, json, options, ctx);
    if (status == STORAGE_OK)
        status = load_and_open(&source, ret_backend, ctx);
    return config_call_end(ctx, status);
}

StorageStatus storage_config_open_file(const char *path, const StorageConfigOptions *options,
                                       StorageBackend **ret_backend, StorageContext *ctx)
{
    StorageContext unattended;
    ConfigSource source;
    StorageStatus status;
    ctx = config_call_begin(ctx, &unattended);
    status = begin_open(ret_backend, ctx);
    if (status == STORAGE_OK)
        status = config_source_file(&source, path, options, ctx);
    if (status == STORAGE_OK)
        status = load_and_open(&source, ret_backend, ctx);
    return config_call_end(ctx, status);
}

StorageStatus storage_config_check(const char *json, const StorageConfigOptions *options, StorageContext *ctx)
{
    StorageContext unattended;
    ConfigSource source;
    StorageStatus status;
    ctx = config_call_begin(ctx, &unattended);
    status = config_source_text(&source, json, options, ctx);
    if (status == STORAGE_OK)
        status = load_and_open(&source, NULL, ctx);
    return config_call_end(ctx, status);
}

StorageStatus storage_config_check_file(const char *path, const StorageConfigOptions *options, StorageContext *ctx)
{
    StorageContext unattended;
    ConfigSource source;
    StorageStatus status;
    ctx = config_call_begin(ctx, &unattended);
    status = config_source_file(&source, path, options, ctx);
    if (status == STORAGE_OK)
        status = load_and_open(&source, NULL, ctx);
    return config_call_end(ctx, status);
}
