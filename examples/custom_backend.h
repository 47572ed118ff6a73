/*
 * custom_backend.h - the constructor of the example backend; see custom_backend.c.
 */
#ifndef CUSTOM_BACKEND_H
#define CUSTOM_BACKEND_H

#include "storage/operations.h"

STORAGE_BEGIN_DECLS

/*
 * Opens an empty store in memory: a mutex around a sorted array. It has no transactions, watches or idempotency tokens.
 * `environment` NULL: the system's; else it must outlive the stack.
 * Returns OK; INVALID_ARGUMENT without `ret_backend`; NO_MEMORY.
 * The caller owns `*ret_backend` and closes it with storage_close.
 */
STORAGE_MUST_USE StorageStatus custom_backend_open(const StorageEnvironment *environment, StorageBackend **ret_backend,
                                                   StorageContext *ctx);

STORAGE_END_DECLS

#endif
