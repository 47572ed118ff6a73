/*
 * config/load.h - from what a caller gave to a checked plan; what opening, checking and explaining have in common.
 *
 *   ctx = config_call_begin(ctx, &unattended);
 *   status = config_source_text(&source, json, options, ctx);
 *   if (status == STORAGE_OK)
 *       status = config_load(&source, &plan, ctx);
 *   ... config_plan_done(&plan) after OK ...
 *   return config_call_end(ctx, status);
 */
#ifndef CONFIG_LOAD_H
#define CONFIG_LOAD_H

#include "config/plan.h"
#include "storage/config.h"

/* Where a document comes from. Its pointers are the caller's. */
typedef struct ConfigSource {
    const char *json;             /* the document; NULL: it is in the file `path` */
    const char *path;             /* NULL: `json` */
    StorageConfigOptions options; /* all that this library knows */
} ConfigSource;

/* The context to go on with, `unattended` in place of NULL; its results are cleared. */
StorageContext *config_call_begin(StorageContext *ctx, StorageContext *unattended);
/* Returns `status` after the context has learnt it. */
StorageStatus config_call_end(StorageContext *ctx, StorageStatus status);

/* Copies the options. Returns OK; INVALID_ARGUMENT or UNSUPPORTED. */
StorageStatus config_options_copy(StorageConfigOptions *ret_options, const StorageConfigOptions *options,
                                  StorageContext *ctx);

/* Return as config_options_copy; INVALID_ARGUMENT also when there is no text, or no path or an empty one. */
StorageStatus config_source_text(ConfigSource *ret_source, const char *json, const StorageConfigOptions *options,
                                 StorageContext *ctx);
StorageStatus config_source_file(ConfigSource *ret_source, const char *path, const StorageConfigOptions *options,
                                 StorageContext *ctx);

/*
 * Reads and checks everything and opens nothing. Returns as storage_config_check and storage_config_check_file. After
 * OK, and only then, the caller ends the plan with config_plan_done. Warnings are in the plan; nobody was told.
 */
StorageStatus config_load(const ConfigSource *source, ConfigPlan *ret_plan, StorageContext *ctx);

#endif
