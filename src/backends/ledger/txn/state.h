/*
 * txn/state.h - what one publication made visible, and who still reads it.
 *
 * A state is immutable once published, but for the checks of its roots, which a seal fills in. A reader inside an epoch
 * of the pager may look at the published state without more; whoever needs it longer opens a snapshot.
 */
#ifndef LEDGER_TXN_STATE_H
#define LEDGER_TXN_STATE_H

#include "backends/ledger/btree/tree.h"

#include <pthread.h>

/* The fixed trees, by their place in a slot (docs/format/ledger-file.md, section 3), which is their owner too, but for
 * the directory and the dropped tree. */
enum {
    LEDGER_TREE_DIRECTORY = 0,
    LEDGER_TREE_DEFAULT = 1,
    LEDGER_TREE_EXPIRIES = 2,
    LEDGER_TREE_TOKENS = 3,
    LEDGER_TREE_TOKEN_AGES = 4,
    LEDGER_TREE_CHANGES = 5,
    LEDGER_TREE_DROPPED = 6,
    LEDGER_TREE_COUNT = 8
};

typedef struct LedgerState {
    LedgerRetired retired; /* when the last reference is gone */
    _Atomic uint32_t references;
    uint64_t revision;
    int64_t time_ns; /* database time of that commit */
    uint64_t changes_floor;
    LedgerRoot roots[LEDGER_TREE_COUNT];
} LedgerState;

/* A state that is held: its pages are not used again. In a list by revision, oldest first. */
typedef struct LedgerSnapshot {
    struct LedgerSnapshot *previous, *next;
    LedgerState *state;         /* NULL: it is not open */
    int64_t time_ns;            /* expiry is judged by it */
    uint64_t begun_ns;          /* monotonic, for the limit on age */
    uint32_t detects_conflicts; /* of a transaction that may write */
    _Atomic uint32_t is_registered;
} LedgerSnapshot;

/* The published state and the snapshots of a store. */
typedef struct LedgerStates {
    LedgerPager *pager;
    uint64_t age_max_ns; /* of a snapshot; 0: no limit */
    _Atomic(LedgerState *) published;
    pthread_mutex_t lock; /* what follows, and who changes `published` */
    LedgerSnapshot *oldest, *newest;
    uint64_t count, ended_count; /* open; ended because of their age */
} LedgerStates;

/* Takes the reference to `first`. Returns OK or NO_MEMORY. */
StorageStatus ledger_states_init(LedgerStates *self, LedgerPager *pager, LedgerState *first, uint64_t age_max_ns);
/* No snapshot is open. */
void ledger_states_done(LedgerStates *self);

/* A state with one reference and the content of `model` (NULL: all zero). NULL: no memory. */
LedgerState *ledger_state_new(const LedgerState *model);
/* Frees a state that was never published. */
void ledger_state_free(LedgerState *state);

/* The writer's. Readers see `next` from now on; takes the reference to it. */
void ledger_states_publish(LedgerStates *self, LedgerState *next);

/* The newest state. Inside an epoch, or for the writer. */
static inline LedgerState *ledger_states_published(LedgerStates *self)
{
    return atomic_load_explicit(&self->published, memory_order_acquire);
}

/* No reader is at a revision before this one, or will be: for pager_release. `*ret_writer` (or NULL): the same of
 * transactions that may write: for conflict_log_forget. */
uint64_t ledger_states_oldest(LedgerStates *self, uint64_t *ret_writer);

/* The writer's. Ends the snapshots that are older than the limit at `now_ns` (monotonic): their readers get
 * SNAPSHOT_TOO_OLD. */
void ledger_states_end_old(LedgerStates *self, uint64_t now_ns);

/* Database time as a reader of `state` has it: the wall clock, but never before the commit. */
int64_t ledger_state_now(const LedgerState *state, const StorageBackend *backend);

/* ---- snapshots; outside of epochs is fine ---- */

enum { LEDGER_SNAPSHOT_DETECTS_CONFLICTS = 1 };

/* Of the newest state. `backend` has the clocks. */
void ledger_snapshot_open(LedgerStates *self, LedgerSnapshot *snapshot, const StorageBackend *backend, uint32_t flags);
/* Where `model`, which is open, stands, at its time. */
void ledger_snapshot_open_same(LedgerStates *self, LedgerSnapshot *snapshot, const LedgerSnapshot *model);
/* One that is not open is fine. `backend` says whether the process was forked: then no lock is taken. */
void ledger_snapshot_close(LedgerStates *self, LedgerSnapshot *snapshot, const StorageBackend *backend);

/* What to return when a read at `snapshot` came to `status`: a failure of one that was ended is SNAPSHOT_TOO_OLD. */
StorageStatus ledger_snapshot_judge(const LedgerSnapshot *snapshot, StorageStatus status, StorageContext *ctx);

/* A tree of a state. */
static inline LedgerTree ledger_state_tree(LedgerPager *pager, LedgerState *state, uint32_t place)
{
    return (LedgerTree){pager, place == LEDGER_TREE_DIRECTORY ? 15 : place, &state->roots[place]};
}

#endif
