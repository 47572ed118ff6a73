/*
 * memory/snapshot.h - who reads the past, and what must be kept for them.
 *
 * Cursors and transactions register the revision that they read. A version is needed while some registered revision
 * lies between the one that wrote it and the one that superseded it; versions in between two readers are not.
 */
#ifndef MEMORY_SNAPSHOT_H
#define MEMORY_SNAPSHOT_H

#include "backends/memory/record.h"

#include <pthread.h>

typedef struct Snapshot {
    struct Snapshot *previous, *next; /* by revision, oldest first */
    uint64_t revision;
    int64_t time_ns;            /* expiry is judged by it; taken by the owner after the revision, so it is not older */
    Version *held;              /* versions kept for this one, to be examined again when it ends */
    uint32_t detects_conflicts; /* it may write: tombstones and clears after its revision are kept */
    uint32_t is_registered;
} Snapshot;

typedef struct SnapshotRegistry {
    pthread_mutex_t lock;
    Snapshot *oldest, *newest;
    size_t count;
    _Atomic uint64_t oldest_revision; /* UINT64_MAX when there is none */
    _Atomic uint64_t oldest_writer_revision;
} SnapshotRegistry;

int snapshot_registry_init(SnapshotRegistry *self); /* 0, or an errno number */
void snapshot_registry_done(SnapshotRegistry *self);

/* Registers `snapshot` at the newest published revision. Inside an epoch: then nothing that it may read can have come
 * out of limbo in between. */
void snapshot_open(SnapshotRegistry *self, Snapshot *snapshot, const _Atomic uint64_t *published,
                   int detects_conflicts);
/* Registers `snapshot` where `model`, registered, stands. */
void snapshot_open_same(SnapshotRegistry *self, Snapshot *snapshot, const Snapshot *model);
/* Unregisters it and returns what it held. */
Version *snapshot_close(SnapshotRegistry *self, Snapshot *snapshot);

/* If a registered revision is in [from, before): holds `version` for it and returns 1. */
int snapshot_hold(SnapshotRegistry *self, Version *version, uint64_t from, uint64_t before);
/* If a registered writer is older than `revision`: holds `tombstone` for it and returns 1. */
int snapshot_hold_tombstone(SnapshotRegistry *self, Version *tombstone, uint64_t revision);

#endif
