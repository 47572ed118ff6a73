/*
 * memory/history.h - the latest changes, for watches.
 *
 * A ring bounded by count and bytes, but for the newest commit, which a watch that is not behind is to see. Commits
 * append under its lock and never wait for a watch; a watch that falls behind what is retained gets COMPACTED.
 */
#ifndef MEMORY_HISTORY_H
#define MEMORY_HISTORY_H

#include "backends/memory/record.h"

#include <pthread.h>

/* A range with bytes of its own, counted by reference. */
typedef struct HistoryRange {
    _Atomic uint32_t references;
    size_t footprint;
    StorageRange range;
} HistoryRange;

typedef struct HistoryChange {
    uint64_t revision;
    uint32_t kind;       /* STORAGE_CHANGE_... */
    Version *version;    /* its record has the key; NULL for CLEARED */
    HistoryRange *range; /* for CLEARED */
} HistoryChange;

typedef struct HistoryListener {
    struct HistoryListener *previous, *next;
    int wake_fd;
} HistoryListener;

typedef struct History {
    pthread_mutex_t lock;
    pthread_cond_t appended;
    HistoryChange *ring;
    size_t capacity, capacity_max; /* of the ring, a power of two; beyond the maximum only for one large commit */
    uint64_t first, next;          /* sequence numbers: the oldest retained, the one to come */
    uint64_t newest_commit;        /* the first change of the newest commit: it and what follows stay */
    uint64_t count_max, bytes, bytes_max;
    uint64_t compacted_revision; /* the newest revision of which a change was dropped */
    uint32_t waiting, is_interrupted;
    HistoryListener *listeners;
} History;

StorageStatus history_init(History *self, uint64_t count_max, uint64_t bytes_max); /* OK or NO_MEMORY */
void history_done(History *self, int is_forked);

HistoryRange *history_range_new(const StorageRange *range);
void history_range_release(HistoryRange *range);

/* Under the lock: a commit begins; its changes, in the order of revisions. */
void history_begin(History *self);
void history_append(History *self, const HistoryChange *change);
void history_end(History *self);
/* Wakes who waits; a commit does so at its end. */
void history_notify(History *self);

/* Copies, pinned, up to `room` changes that touch `range` from `*position` on, looking at no more than a bounded number
 * of them; `*position` moves behind what was looked at. COMPACTED when the position is no longer retained. */
StorageStatus history_read(History *self, uint64_t *position, uint64_t from_revision, const StorageRange *range,
                           HistoryChange *ret_changes, size_t room, size_t *ret_count);
void history_change_release(HistoryChange *change);

/* The position of the first change from `revision` on (0: of what comes next). COMPACTED. */
StorageStatus history_find(History *self, uint64_t revision, uint64_t *ret_position);

#endif
