/*
 * txn/state.c - the published state, and the registry of snapshots: a list sorted by revision.
 *
 * Invariants:
 *   1. A snapshot takes the published state and enters the list under one lock, and the published state changes under
 *      it too. So who looks at the list after a publication sees every reader of older states, but for those that are
 *      inside an epoch; these find out by a failure, and come back with a snapshot (ledger_get_newest).
 *   2. A state has one reference for being published, and one for each snapshot that is open.
 *   3. The list is in order of begun_ns too, since a snapshot at the place of another one counts as begun with it.
 */
#include "backends/ledger/txn/state.h"

#include <string.h>

/* ---- states ---- */

static void release_state(LedgerRetired *retired)
{
    storage_release(retired); /* its first member */
}

LedgerState *ledger_state_new(const LedgerState *model)
{
    LedgerState *state = storage_allocate_zero(sizeof(*state));
    if (state == NULL)
        return NULL;
    if (model != NULL) {
        state->revision = model->revision;
        state->time_ns = model->time_ns;
        state->changes_floor = model->changes_floor;
        memcpy(state->roots, model->roots, sizeof(state->roots));
    }
    state->retired.release = release_state;
    atomic_init(&state->references, 1);
    return state;
}

void ledger_state_free(LedgerState *state)
{
    storage_release(state);
}

static LedgerState *share(LedgerState *state)
{
    (void)atomic_fetch_add_explicit(&state->references, 1, memory_order_relaxed);
    return state;
}

/* Gives a reference back. Readers inside an epoch may still be looking at the state. */
static void give_back(LedgerStates *self, LedgerState *state)
{
    if (atomic_fetch_sub_explicit(&state->references, 1, memory_order_acq_rel) == 1)
        pager_retire(self->pager, &state->retired);
}

int64_t ledger_state_now(const LedgerState *state, const StorageBackend *backend)
{
    int64_t wall_ns = storage_wall_ns(backend);
    return wall_ns > state->time_ns ? wall_ns : state->time_ns;
}

/* ---- the registry ---- */

StorageStatus ledger_states_init(LedgerStates *self, LedgerPager *pager, LedgerState *first, uint64_t age_max_ns)
{
    *self = (LedgerStates){.pager = pager, .age_max_ns = age_max_ns};
    if (pthread_mutex_init(&self->lock, NULL) != 0)
        return STORAGE_NO_MEMORY;
    atomic_init(&self->published, first);
    return STORAGE_OK;
}

void ledger_states_done(LedgerStates *self)
{
    ledger_state_free(atomic_load(&self->published)); /* nobody is inside an epoch */
    (void)pthread_mutex_destroy(&self->lock);
}

void ledger_states_publish(LedgerStates *self, LedgerState *next)
{
    LedgerState *last;
    (void)pthread_mutex_lock(&self->lock);
    last = atomic_exchange(&self->published, next); /* 1 */
    (void)pthread_mutex_unlock(&self->lock);
    give_back(self, last);
}

uint64_t ledger_states_oldest(LedgerStates *self, uint64_t *ret_writer)
{
    uint64_t revision;
    const LedgerSnapshot *writer;
    (void)pthread_mutex_lock(&self->lock);
    revision = atomic_load(&self->published)->revision;
    writer = self->oldest;
    while (ret_writer != NULL && writer != NULL && !writer->detects_conflicts)
        writer = writer->next;
    if (ret_writer != NULL)
        *ret_writer = writer != NULL ? writer->state->revision : revision;
    if (self->oldest != NULL)
        revision = self->oldest->state->revision;
    (void)pthread_mutex_unlock(&self->lock);
    return revision;
}

static void insert_behind(LedgerStates *self, LedgerSnapshot *before, LedgerSnapshot *snapshot)
{
    LedgerSnapshot *after = before == NULL ? self->oldest : before->next;
    snapshot->previous = before;
    snapshot->next = after;
    *(before == NULL ? &self->oldest : &before->next) = snapshot;
    *(after == NULL ? &self->newest : &after->previous) = snapshot;
    self->count++;
    atomic_store(&snapshot->is_registered, 1);
}

static void take_out(LedgerStates *self, LedgerSnapshot *snapshot)
{
    *(snapshot->previous == NULL ? &self->oldest : &snapshot->previous->next) = snapshot->next;
    *(snapshot->next == NULL ? &self->newest : &snapshot->next->previous) = snapshot->previous;
    self->count--;
    atomic_store(&snapshot->is_registered, 0);
}

void ledger_states_end_old(LedgerStates *self, uint64_t now_ns)
{
    if (self->age_max_ns == 0)
        return;
    (void)pthread_mutex_lock(&self->lock);
    while (self->oldest != NULL && now_ns > self->oldest->begun_ns &&
           now_ns - self->oldest->begun_ns > self->age_max_ns) { /* 3 */
        take_out(self, self->oldest);
        self->ended_count++;
    }
    (void)pthread_mutex_unlock(&self->lock);
}

/* ---- snapshots ---- */

void ledger_snapshot_open(LedgerStates *self, LedgerSnapshot *snapshot, const StorageBackend *backend, uint32_t flags)
{
    *snapshot = (LedgerSnapshot){.detects_conflicts = flags & LEDGER_SNAPSHOT_DETECTS_CONFLICTS};
    (void)pthread_mutex_lock(&self->lock);
    snapshot->state = share(atomic_load(&self->published)); /* 1 */
    snapshot->begun_ns = storage_monotonic_ns(backend);
    insert_behind(self, self->newest, snapshot);
    (void)pthread_mutex_unlock(&self->lock);
    snapshot->time_ns = ledger_state_now(snapshot->state, backend);
}

void ledger_snapshot_open_same(LedgerStates *self, LedgerSnapshot *snapshot, const LedgerSnapshot *model)
{
    *snapshot = (LedgerSnapshot){.time_ns = model->time_ns, .begun_ns = model->begun_ns};
    (void)pthread_mutex_lock(&self->lock);
    snapshot->state = share(model->state);
    if (atomic_load(&model->is_registered)) /* else it was ended, and so is this one */
        insert_behind(self, (LedgerSnapshot *)(uintptr_t)model, snapshot);
    (void)pthread_mutex_unlock(&self->lock);
}

void ledger_snapshot_close(LedgerStates *self, LedgerSnapshot *snapshot, const StorageBackend *backend)
{
    LedgerState *state = snapshot->state;
    if (state == NULL)
        return;
    if (storage_backend_is_forked(backend)) { /* threads that do not exist may hold the locks */
        snapshot->state = NULL;
        if (atomic_fetch_sub(&state->references, 1) == 1)
            ledger_state_free(state);
        return;
    }
    (void)pthread_mutex_lock(&self->lock);
    if (atomic_load(&snapshot->is_registered))
        take_out(self, snapshot);
    snapshot->state = NULL; /* only now: the writer looks at what is in the list */
    (void)pthread_mutex_unlock(&self->lock);
    give_back(self, state);
}

StorageStatus ledger_snapshot_judge(const LedgerSnapshot *snapshot, StorageStatus status, StorageContext *ctx)
{
    if (atomic_load(&snapshot->is_registered))
        return status;
    return storage_fail(ctx, STORAGE_SNAPSHOT_TOO_OLD,
                        "the snapshot of revision %llu was open for longer than the limit on the age of readers; "
                        "begin again, or raise the limit",
                        (unsigned long long)snapshot->state->revision);
}
