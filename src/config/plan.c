/* config/plan.c - the stack that is made of a plan, and the end of a plan. */
#include "config/plan.h"

#include <string.h>

static void part_done(ConfigPart *part)
{
    storage_release(part->options);
    storage_release(part->origins);
}

void config_plan_done(ConfigPlan *self)
{
    for (size_t i = 0; i < self->layer_count; i++)
        part_done(&self->layers[i]);
    part_done(&self->backend);
    config_strings_done(&self->strings);
    config_strings_done(&self->warnings);
    memset(self, 0, sizeof(*self));
}

StorageStatus config_plan_open(const ConfigPlan *self, const StorageEnvironment *environment,
                               StorageBackend **ret_backend, StorageContext *ctx)
{
    const ConfigPart *part = &self->backend;
    StorageBackend *top = NULL;
    StorageStatus status = part->type->open(part->type, part->options, environment, &top, ctx);
    for (size_t i = self->layer_count; status == STORAGE_OK && i > 0; i--) {
        StorageBackend *wrapped = NULL; /* a layer that fails may write there, and `top` must be closed then */
        part = &self->layers[i - 1];
        status = part->type->wrap(part->type, top, part->options, &wrapped, ctx);
        top = status == STORAGE_OK ? wrapped : top;
    }
    if (status == STORAGE_OK)
        *ret_backend = top;
    else
        (void)storage_close(top, NULL); /* without the context: it holds what went wrong */
    return status;
}
