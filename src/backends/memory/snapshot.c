/*
 * memory/snapshot.c - the registry of snapshots, a list sorted by revision.
 *
 * Invariant: a snapshot takes the published revision and enters the list under one lock, so what is not in the list
 * when a version is examined can only read later revisions.
 */
#include "backends/memory/snapshot.h"

int snapshot_registry_init(SnapshotRegistry *self)
{
    *self = (SnapshotRegistry){0};
    atomic_init(&self->oldest_revision, UINT64_MAX);
    atomic_init(&self->oldest_writer_revision, UINT64_MAX);
    return pthread_mutex_init(&self->lock, NULL);
}

void snapshot_registry_done(SnapshotRegistry *self)
{
    (void)pthread_mutex_destroy(&self->lock);
}

static void note_oldest(SnapshotRegistry *self)
{
    const Snapshot *writer = self->oldest;
    while (writer != NULL && !writer->detects_conflicts)
        writer = writer->next;
    atomic_store(&self->oldest_revision, self->oldest == NULL ? UINT64_MAX : self->oldest->revision);
    atomic_store(&self->oldest_writer_revision, writer == NULL ? UINT64_MAX : writer->revision);
}

static void insert_after(SnapshotRegistry *self, Snapshot *before, Snapshot *snapshot)
{
    Snapshot *after = before == NULL ? self->oldest : before->next;
    snapshot->previous = before;
    snapshot->next = after;
    if (before == NULL)
        self->oldest = snapshot;
    else
        before->next = snapshot;
    if (after == NULL)
        self->newest = snapshot;
    else
        after->previous = snapshot;
    snapshot->held = NULL;
    snapshot->is_registered = 1;
    self->count++;
    if (before == NULL || snapshot->detects_conflicts)
        note_oldest(self);
}

void snapshot_open(SnapshotRegistry *self, Snapshot *snapshot, const _Atomic uint64_t *published, int detects_conflicts)
{
    (void)pthread_mutex_lock(&self->lock);
    snapshot->revision = atomic_load(published);
    snapshot->detects_conflicts = (uint32_t)detects_conflicts;
    insert_after(self, self->newest, snapshot);
    (void)pthread_mutex_unlock(&self->lock);
}

void snapshot_open_same(SnapshotRegistry *self, Snapshot *snapshot, const Snapshot *model)
{
    (void)pthread_mutex_lock(&self->lock);
    snapshot->revision = model->revision;
    snapshot->time_ns = model->time_ns;
    snapshot->detects_conflicts = 0;
    insert_after(self, (Snapshot *)(uintptr_t)model, snapshot);
    (void)pthread_mutex_unlock(&self->lock);
}

Version *snapshot_close(SnapshotRegistry *self, Snapshot *snapshot)
{
    Version *held;
    if (!snapshot->is_registered)
        return NULL;
    (void)pthread_mutex_lock(&self->lock);
    if (snapshot->previous == NULL)
        self->oldest = snapshot->next;
    else
        snapshot->previous->next = snapshot->next;
    if (snapshot->next == NULL)
        self->newest = snapshot->previous;
    else
        snapshot->next->previous = snapshot->previous;
    self->count--;
    snapshot->is_registered = 0;
    held = snapshot->held;
    snapshot->held = NULL;
    note_oldest(self);
    (void)pthread_mutex_unlock(&self->lock);
    return held;
}

static void hold(Snapshot *snapshot, Version *version)
{
    version->next_retired = snapshot->held;
    snapshot->held = version;
}

int snapshot_hold(SnapshotRegistry *self, Version *version, uint64_t from, uint64_t before)
{
    Snapshot *snapshot;
    if (atomic_load(&self->oldest_revision) >= before)
        return 0;
    (void)pthread_mutex_lock(&self->lock);
    snapshot = self->oldest;
    while (snapshot != NULL && snapshot->revision < from)
        snapshot = snapshot->next;
    if (snapshot != NULL && snapshot->revision < before)
        hold(snapshot, version);
    else
        snapshot = NULL;
    (void)pthread_mutex_unlock(&self->lock);
    return snapshot != NULL;
}

int snapshot_hold_tombstone(SnapshotRegistry *self, Version *tombstone, uint64_t revision)
{
    Snapshot *snapshot;
    if (atomic_load(&self->oldest_writer_revision) >= revision)
        return 0;
    (void)pthread_mutex_lock(&self->lock);
    snapshot = self->oldest;
    while (snapshot != NULL && !snapshot->detects_conflicts)
        snapshot = snapshot->next;
    if (snapshot != NULL && snapshot->revision < revision)
        hold(snapshot, tombstone);
    else
        snapshot = NULL;
    (void)pthread_mutex_unlock(&self->lock);
    return snapshot != NULL;
}
