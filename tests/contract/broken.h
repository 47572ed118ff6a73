/*
 * broken.h - a layer with one planted defect: what the contract suite must find.
 */
#ifndef BROKEN_H
#define BROKEN_H

#include "storage/operations.h"

typedef enum Defect {
    DEFECT_DELETES_NOTHING,    /* a delete answers OK and does nothing */
    DEFECT_BLIND_COMPARE,      /* compare_and_set does not compare */
    DEFECT_IMMORTAL,           /* expiries are forgotten */
    DEFECT_TORN_WRITE,         /* an atomic write is applied one operation at a time */
    DEFECT_LIVE_SCAN,          /* a cursor sees what is written after it was opened */
    DEFECT_LIVE_SCAN_DECLARED, /* the same, and its capabilities say so */
    DEFECT_ENDLESS_LIMIT,      /* a scan does not count its rows */
    DEFECT_WRITES_THROUGH,     /* a transaction sets at once, not at the commit */
    DEFECT_READS_NEWEST,       /* a snapshot transaction reads the newest value */
    DEFECT_DEAF_ROLLBACK,      /* a rollback undoes nothing */
    DEFECT_FORGETS_TOKENS,     /* idempotency tokens are not passed on */
    DEFECT_SWALLOWS_CHANGES,   /* a watch leaves every second change out */
    DEFECT_CRASHES             /* get aborts the process */
} Defect;

/* A TestutilWrapFn; `user_data` points at the Defect. */
StorageStatus broken_wrap(void *user_data, StorageBackend *inner, StorageBackend **ret_backend, StorageContext *ctx);

#endif
