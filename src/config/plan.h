/* config/plan.h - a stack that a document describes, checked and not yet opened. */
#ifndef CONFIG_PLAN_H
#define CONFIG_PLAN_H

#include "config/strings.h"
#include "storage/registry.h"

#define PLAN_LAYER_COUNT_MAX 32

/* Where the value of an option comes from. */
typedef enum ConfigOrigin {
    CONFIG_ORIGIN_DEFAULT,  /* the document does not name it */
    CONFIG_ORIGIN_DOCUMENT, /* it stands there */
    CONFIG_ORIGIN_VARIABLE, /* the text in the document holds a variable */
    CONFIG_ORIGIN_FILE      /* a file holds it, and so it is never shown */
} ConfigOrigin;

typedef struct ConfigPart {
    const StorageConfigType *type; /* NULL: the document names none that there is */
    void *options;                 /* the option struct of the type */
    uint8_t *origins;              /* a ConfigOrigin for each field of the type */
} ConfigPart;

/* Types belong to the registry that it was made with. */
typedef struct ConfigPlan {
    ConfigPart backend;
    ConfigPart layers[PLAN_LAYER_COUNT_MAX]; /* top first, as in the document */
    size_t layer_count;
    uint64_t capabilities; /* of the whole stack, as the types declare them */
    uint32_t weakenings;
    ConfigStrings strings;  /* those in the option structs */
    ConfigStrings warnings; /* one line each */
} ConfigPlan;

void config_plan_done(ConfigPlan *self);

/* Opens the backend and puts the layers on it. On failure nothing is left open. */
StorageStatus config_plan_open(const ConfigPlan *self, const StorageEnvironment *environment,
                               StorageBackend **ret_backend, StorageContext *ctx);

#endif
