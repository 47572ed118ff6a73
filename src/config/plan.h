/* config/plan.h - a stack that a document describes, checked and not yet opened. */
#ifndef CONFIG_PLAN_H
#define CONFIG_PLAN_H

#include "config/report.h"
#include "config/type.h"

#include <cjson/cJSON.h>

#define PLAN_LAYER_COUNT_MAX 32

typedef struct ConfigPart {
    const ConfigType *type;
    void *options; /* the option struct of the type */
} ConfigPart;

/* Strings in the options are those of the document: it must outlive the plan. */
typedef struct ConfigPlan {
    ConfigPart backend;
    ConfigPart layers[PLAN_LAYER_COUNT_MAX]; /* top first, as in the document */
    size_t layer_count;
} ConfigPlan;

/* Reads the whole document; what is wrong is in the report, and then the plan must not be used. */
void config_plan_init(ConfigPlan *self, const cJSON *document, ConfigReport *report);
void config_plan_done(ConfigPlan *self);

/* Opens the backend and puts the layers on it. On failure nothing is left open. */
StorageStatus config_plan_open(const ConfigPlan *self, const StorageEnvironment *environment,
                               StorageBackend **ret_backend, StorageContext *ctx);

#endif
