/*
 * config/open.c - storage_config_open and storage_config_open_file.
 *
 * It refuses files of more than 1 MiB, and what is no regular file: directories, pipes, terminals. Files are reached
 * through the environment only.
 */
#include "storage/config.h"

#include "config/document.h"
#include "config/plan.h"
#include "core/context.h"
#include "core/environment.h"

#include <errno.h>
#include <string.h>

#define DOCUMENT_SIZE_MAX (UINT64_C(1) << 20) /* bytes of a file */

/* `text` has a zero byte after its `size` bytes; `source` is the path that it came from, or NULL. */
static StorageStatus open_text(const char *text, size_t size, const char *source, const StorageEnvironment *environment,
                               StorageBackend **ret_backend, StorageContext *ctx)
{
    ConfigReport report = {.ctx = ctx, .source = source};
    cJSON *document = document_parse(text, size, &report);
    StorageStatus status = report.status;
    ConfigPlan plan;
    if (document == NULL)
        return status;
    config_plan_init(&plan, document, &report);
    status = report.status;
    if (status == STORAGE_OK)
        status = config_plan_open(&plan, environment, ret_backend, ctx);
    config_plan_done(&plan);
    cJSON_Delete(document);
    return status;
}

static StorageStatus report_file_error(StorageContext *ctx, const char *path, int error)
{
    /* A path with a missing or wrong directory in it is a mistake in what was asked for, like a missing file. */
    if (error == ENOENT || error == ENOTDIR)
        return storage_fail(ctx, STORAGE_CONFIG, "%s: %s", path, strerrordesc_np(error));
    if (error == EACCES || error == EPERM)
        return storage_fail(ctx, STORAGE_ACCESS_DENIED, "%s: %s", path, strerrordesc_np(error));
    if (error == ENOMEM)
        return storage_fail(ctx, STORAGE_NO_MEMORY, "%s: out of memory", path);
    if (error == EISDIR)
        return storage_fail(ctx, STORAGE_IO, "%s: a directory, not a regular file", path);
    if (error == ESPIPE)
        return storage_fail(ctx, STORAGE_IO, "%s: a pipe or the like, not a regular file", path);
    return storage_fail(ctx, STORAGE_IO, "%s: cannot be read: %s", path, strerrordesc_np(error));
}

/* Reads an open file into a block with a zero byte at its end, which the caller releases. */
static StorageStatus read_open_file(const StorageFiles *files, StorageFile *file, const char *path, char **ret_text,
                                    size_t *ret_size, StorageContext *ctx)
{
    uint64_t size;
    size_t wanted, got;
    char *text;
    StorageStatus status = STORAGE_OK;
    int error = files->size(files->user_data, file, &size);
    if (error != 0)
        return report_file_error(ctx, path, error);
    /* One byte more than there should be: only reading tells a directory or a pipe, and what is no longer as it was. */
    wanted = (size_t)(size < DOCUMENT_SIZE_MAX ? size : DOCUMENT_SIZE_MAX) + 1;
    text = storage_allocate(wanted + 1);
    if (text == NULL)
        return report_file_error(ctx, path, ENOMEM);
    error = files->read_at(files->user_data, file, 0, text, wanted, &got);
    if (error != 0)
        status = report_file_error(ctx, path, error);
    else if (got > DOCUMENT_SIZE_MAX)
        status = storage_fail(ctx, STORAGE_CONFIG, "%s: larger than 1 MiB, so hardly a configuration", path);
    else if (got == wanted)
        status = storage_fail(ctx, STORAGE_IO, "%s: not a regular file, or one that is being written", path);
    if (status != STORAGE_OK) {
        storage_release(text);
        return status;
    }
    text[got] = '\0';
    *ret_text = text;
    *ret_size = got;
    return STORAGE_OK;
}

static StorageStatus open_file(const char *path, const StorageEnvironment *given, StorageBackend **ret_backend,
                               StorageContext *ctx)
{
    StorageEnvironment full;
    StorageFile *file;
    char *text = NULL;
    size_t size = 0;
    int error;
    StorageStatus status = environment_fill(&full, given, ctx);
    if (status != STORAGE_OK)
        return status;
    error = full.files->open_read(full.files->user_data, path, &file);
    if (error != 0)
        return report_file_error(ctx, path, error);
    status = read_open_file(full.files, file, path, &text, &size, ctx);
    full.files->close(full.files->user_data, file);
    if (status != STORAGE_OK)
        return status;
    status = open_text(text, size, path, given, ret_backend, ctx);
    storage_release(text);
    return status;
}

typedef StorageStatus (*Opener)(const char *what, const StorageEnvironment *given, StorageBackend **ret_backend,
                                StorageContext *ctx);

static StorageStatus open_string(const char *json, const StorageEnvironment *given, StorageBackend **ret_backend,
                                 StorageContext *ctx)
{
    return open_text(json, strlen(json), NULL, given, ret_backend, ctx);
}

/* What both calls have in common: arguments, outputs, the context that is not there. */
static StorageStatus open_checked(Opener opener, const char *what, const char *what_name,
                                  const StorageConfigOptions *options, StorageBackend **ret_backend,
                                  StorageContext *ctx)
{
    StorageContext unattended;
    StorageConfigOptions known;
    StorageStatus status;
    if (ctx == NULL) {
        context_init_unattended(&unattended);
        ctx = &unattended;
    }
    context_clear_results(ctx);
    if (ret_backend != NULL)
        *ret_backend = NULL;
    status = storage_options_copy(&known, sizeof(known), options, "configuration options", ctx);
    if (status == STORAGE_OK && (what == NULL || ret_backend == NULL))
        status = storage_fail(ctx, STORAGE_INVALID_ARGUMENT, "%s is NULL", what == NULL ? what_name : "ret_backend");
    if (status == STORAGE_OK && known.flags != 0)
        status = storage_fail(ctx, STORAGE_INVALID_ARGUMENT, "configuration options: unknown flags 0x%x", known.flags);
    if (status == STORAGE_OK)
        status = opener(what, known.environment, ret_backend, ctx);
    ctx->status = status;
    return status;
}

StorageStatus storage_config_open(const char *json, const StorageConfigOptions *options, StorageBackend **ret_backend,
                                  StorageContext *ctx)
{
    return open_checked(open_string, json, "json", options, ret_backend, ctx);
}

StorageStatus storage_config_open_file(const char *path, const StorageConfigOptions *options,
                                       StorageBackend **ret_backend, StorageContext *ctx)
{
    return open_checked(open_file, path, "path", options, ret_backend, ctx);
}
