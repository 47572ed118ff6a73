/* core/context.h - the core's side of the context. */
#ifndef CORE_CONTEXT_H
#define CORE_CONTEXT_H

#include "storage/backend.h"

enum {
    CONTEXT_HEAP = 1u << 0,         /* from storage_context_new: it may be cancelled, texts are read */
    CONTEXT_DISCARDS_TEXT = 1u << 1 /* stands in for NULL: nobody will read error texts */
};

enum { CONTEXT_TOKEN_SIZE_MAX = 256, CONTEXT_ERROR_COUNT_MAX = 64 };

/* Makes `ctx`, a struct on the stack, what a call has when its caller gave NULL. */
void context_init_unattended(StorageContext *ctx);

/* Drops the results of the call before. */
void context_clear_results(StorageContext *ctx);

#endif
