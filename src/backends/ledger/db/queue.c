/*
 * db/queue.c - the commit queue: one thread writes, and takes along what the others have queued (group commit).
 *
 *   queued --(no leader)--> leads --> takes the queue --> answers --> hands leadership to the first that is queued
 *      |                                   |
 *      '--(deadline, cancel)--> gone       '--> the others: taken --> done
 *
 * Invariants:
 *   1. A commit that is queued has certainly no effect; once it is taken its thread waits for the answer.
 *   2. The trees change in a batch. When one commit fails in the middle of it, the batch is taken back, and each commit
 *      gets a batch of its own, so that only the one that meets the error fails.
 *   3. No answer leaves before what it was decided on is as durable as the policy says.
 */
#include "backends/ledger/db/commit.h"
#include "core/context.h"
#include "core/environment.h"

#define GROUP_MAX 256u
#define SWEEP_WITH_WRITE 16u

/* Commits from `first` up to before `end`. */
typedef struct Group {
    LedgerCommit *first, *end;
} Group;

/* ---- a batch ---- */

static uint64_t revisions_of(Group group)
{
    uint64_t count = 0;
    for (const LedgerCommit *commit = group.first; commit != group.end; commit = commit->next)
        count += ledger_commit_revisions(commit);
    return count;
}

static StorageStatus prepare(LedgerStore *store, uint64_t birth, StorageContext *ctx)
{
    StorageStatus status = STORAGE_OK;
    if (birth > SLOT_REVISION_MAX - 1)
        return storage_fail(ctx, STORAGE_NO_SPACE, "the store has no revisions left; copy it to a new one");
    if (store->spare == NULL)
        store->spare = ledger_state_new(NULL);
    if (store->spare == NULL)
        return storage_fail(ctx, STORAGE_NO_MEMORY, "no memory for the commit; nothing was changed");
    if (store->options.sync != STORAGE_LEDGER_SYNC_ALWAYS)
        status = ledger_reserve_revisions(store, birth, ctx);
    if (status != STORAGE_OK)
        return status;
    status = pager_begin(store->pager, birth, ctx);
    if (status != STORAGE_OK) /* the store is open for writing, so its file is poisoned */
        atomic_store(&store->is_poisoned, 1);
    return status;
}

static StorageStatus apply_all(LedgerStore *store, Group group, uint64_t sweep_limit)
{
    LedgerCommit sweep = {.kind = LEDGER_COMMIT_SWEEP, .limit = sweep_limit};
    LedgerEpoch epoch = pager_enter(store->pager);
    StorageStatus status = STORAGE_OK;
    for (LedgerCommit *commit = group.first; commit != group.end && status == STORAGE_OK; commit = commit->next)
        status = ledger_commit_apply(store, commit);
    if (status == STORAGE_OK && sweep_limit > 0)
        status = ledger_commit_apply(store, &sweep);
    if (status == STORAGE_OK && store->working.has_changed)
        status = ledger_changes_trim(store, group.first->ctx);
    pager_leave(store->pager, epoch);
    return status;
}

static void revert(LedgerStore *store, const LedgerWorking *before)
{
    pager_revert(store->pager);
    conflict_log_take_back(&store->conflicts);
    store->working = *before;
}

/* Applies a group. What is not OK has changed nothing. */
static StorageStatus run_batch(LedgerStore *store, Group group, uint64_t sweep_limit)
{
    LedgerWorking before = store->working;
    uint64_t birth = before.state.revision + revisions_of(group) + (sweep_limit > 0 ? 1 : 0);
    StorageStatus status = prepare(store, birth, group.first->ctx);
    if (status != STORAGE_OK)
        return status;
    conflict_log_begin(&store->conflicts, before.state.revision);
    status = apply_all(store, group, sweep_limit);
    if (status == STORAGE_OK && !store->working.has_changed) {
        pager_revert(store->pager);
        return STORAGE_OK;
    }
    store->working.state.revision = birth;
    if (status == STORAGE_OK)
        status = pager_end(store->pager, group.first->ctx);
    if (status != STORAGE_OK)
        revert(store, &before); /* 2 */
    return status;
}

/* ---- durability and answers ---- */

static void fail_all(Group group, StorageStatus status)
{
    for (LedgerCommit *commit = group.first; commit != group.end; commit = commit->next) {
        if (commit != group.first)
            (void)storage_fail(commit->ctx, status,
                               "the checkpoint of the commit failed; see the first error of the group");
        ledger_commit_fail(commit, status);
    }
}

static int wants_sync(Group group)
{
    for (const LedgerCommit *commit = group.first; commit != group.end; commit = commit->next)
        if (commit->kind == LEDGER_COMMIT_SYNC)
            return 1;
    return 0;
}

static void count_commits(LedgerStore *store, Group group)
{
    uint64_t count = 0;
    for (const LedgerCommit *commit = group.first; commit != group.end; commit = commit->next)
        count += commit->revision != 0;
    store->commits_since_sync += count;
    (void)atomic_fetch_add_explicit(&store->counters.commits, count, memory_order_relaxed);
    (void)atomic_fetch_add_explicit(&store->counters.groups, 1, memory_order_relaxed);
}

/* Commits are answered before they are durable; only those that asked for it hear of a failure. */
static void finish_lazily(LedgerStore *store, Group group)
{
    int is_due =
        store->options.sync == STORAGE_LEDGER_SYNC_EVERY && store->commits_since_sync >= store->options.sync_commits;
    StorageStatus status = STORAGE_OK;
    if (store->working.has_changed)
        ledger_publish(store);
    if (is_due || wants_sync(group) || ledger_is_full(store))
        status = ledger_checkpoint(store, group.first->ctx);
    for (LedgerCommit *commit = group.first; commit != group.end && status != STORAGE_OK; commit = commit->next)
        if (commit->kind == LEDGER_COMMIT_SYNC)
            commit->status = status;
}

/* 3 */
static void finish(LedgerStore *store, Group group)
{
    StorageStatus status;
    count_commits(store, group);
    if (store->options.sync != STORAGE_LEDGER_SYNC_ALWAYS) {
        finish_lazily(store, group);
        return;
    }
    if (!store->working.has_changed)
        return;
    status = ledger_checkpoint(store, group.first->ctx);
    if (status == STORAGE_OK)
        ledger_publish(store);
    else
        fail_all(group, status);
}

static void run_each(LedgerStore *store, Group group)
{
    for (LedgerCommit *commit = group.first, *next; commit != group.end; commit = next) {
        Group alone = {commit, commit->next};
        StorageStatus status;
        next = commit->next;
        context_clear_results(commit->ctx);
        status = run_batch(store, alone, 0);
        if (status == STORAGE_OK)
            finish(store, alone);
        else
            ledger_commit_fail(commit, status);
    }
}

static void run_group(LedgerStore *store, Group group)
{
    int is_due = atomic_load(&store->next_expiry_ns) <= ledger_store_now(store);
    uint64_t sweep_limit =
        is_due && !(group.first->kind == LEDGER_COMMIT_SYNC && group.first->next == NULL) ? SWEEP_WITH_WRITE : 0;
    StorageStatus status = run_batch(store, group, sweep_limit);
    if (status == STORAGE_OK)
        finish(store, group);
    else if (sweep_limit > 0 || group.first->next != group.end)
        run_each(store, group); /* 2 */
    else
        ledger_commit_fail(group.first, status);
}

/* ---- the queue ---- */

static void enqueue(LedgerStore *store, LedgerCommit *commit)
{
    commit->next = NULL;
    commit->stage = store->has_leader ? LEDGER_COMMIT_QUEUED : LEDGER_COMMIT_LEADS;
    store->has_leader = 1;
    *(store->last_queued != NULL ? &store->last_queued->next : &store->first_queued) = commit;
    store->last_queued = commit;
}

static void withdraw(LedgerStore *store, LedgerCommit *commit)
{
    LedgerCommit *previous = NULL;
    for (LedgerCommit *at = store->first_queued; at != commit; at = at->next)
        previous = at;
    *(previous != NULL ? &previous->next : &store->first_queued) = commit->next;
    if (store->last_queued == commit)
        store->last_queued = previous;
}

/* The first commits of the queue, one's own among them: who leads is the first. */
static Group take(LedgerStore *store)
{
    Group group = {store->first_queued, NULL};
    LedgerCommit *last = group.first;
    last->stage = LEDGER_COMMIT_TAKEN;
    for (uint32_t count = 1; last->next != NULL && count < GROUP_MAX; count++) {
        last = last->next;
        last->stage = LEDGER_COMMIT_TAKEN;
    }
    store->first_queued = last->next;
    if (store->first_queued == NULL)
        store->last_queued = NULL;
    last->next = NULL;
    return group;
}

/* Answers, and lets the next one lead. A commit may be gone as soon as it is done. */
static void answer(LedgerStore *store, Group group, const LedgerCommit *own)
{
    for (LedgerCommit *commit = group.first, *next; commit != NULL; commit = next) {
        next = commit->next;
        commit->stage = LEDGER_COMMIT_DONE;
        if (commit != own)
            (void)pthread_cond_signal(&commit->wake);
    }
    store->has_leader = store->first_queued != NULL;
    if (store->first_queued != NULL) {
        store->first_queued->stage = LEDGER_COMMIT_LEADS;
        (void)pthread_cond_signal(&store->first_queued->wake);
    }
}

/* The lock is held, on return too. */
static void lead(LedgerStore *store, LedgerCommit *own)
{
    Group group = take(store);
    (void)pthread_mutex_unlock(&store->queue_lock);
    run_group(store, group);
    (void)pthread_mutex_lock(&store->queue_lock);
    answer(store, group, own);
}

/* Waits until the commit is done, or leads, or is withdrawn. The lock is held. */
static StorageStatus wait_in_queue(LedgerStore *store, LedgerCommit *commit)
{
    StorageStatus status = STORAGE_OK;
    while (commit->stage == LEDGER_COMMIT_QUEUED && status == STORAGE_OK)
        status = storage_wait(commit->ctx, &store->base, 0);
    if (commit->stage == LEDGER_COMMIT_QUEUED) {
        withdraw(store, commit); /* 1 */
        return status;
    }
    while (commit->stage == LEDGER_COMMIT_TAKEN)
        (void)pthread_cond_wait(&commit->wake, &store->queue_lock);
    if (commit->stage == LEDGER_COMMIT_LEADS)
        lead(store, commit);
    return commit->status;
}

StorageStatus ledger_commit_run(LedgerStore *store, LedgerCommit *commit)
{
    StorageStatus status;
    if ((store->options.flags & STORAGE_LEDGER_READ_ONLY) != 0)
        return storage_fail(commit->ctx, STORAGE_READ_ONLY, "the store was opened for reading only");
    if (clock_condition_init(&commit->wake) != 0)
        return storage_fail(commit->ctx, STORAGE_NO_MEMORY, "no memory for the commit; nothing was changed");
    storage_wait_begin(commit->ctx, &store->queue_lock, &commit->wake);
    (void)pthread_mutex_lock(&store->queue_lock);
    enqueue(store, commit);
    if (commit->stage == LEDGER_COMMIT_LEADS) {
        lead(store, commit);
        status = commit->status;
    } else {
        status = wait_in_queue(store, commit);
    }
    (void)pthread_mutex_unlock(&store->queue_lock);
    storage_wait_end(commit->ctx);
    (void)pthread_cond_destroy(&commit->wake);
    return status;
}

/* ---- the methods that are commits ---- */

StorageStatus ledger_transaction_commit(StorageTransaction *txn, uint64_t *ret_revision, StorageContext *ctx)
{
    LedgerCommit commit = {.kind = LEDGER_COMMIT_TRANSACTION, .ctx = ctx, .txn = (LedgerTransaction *)txn};
    StorageStatus status;
    *ret_revision = 0;
    if (commit.txn->writes.count == 0 && ctx->payload_hash == NULL)
        return STORAGE_OK; /* what it read was one snapshot, which is an order of its own */
    status = ledger_commit_run((LedgerStore *)txn->handle.backend, &commit);
    if (status == STORAGE_OK)
        *ret_revision = commit.revision;
    return status;
}

StorageStatus ledger_sync(StorageBackend *backend, StorageContext *ctx)
{
    LedgerCommit commit = {.kind = LEDGER_COMMIT_SYNC, .ctx = ctx};
    LedgerStore *store = (LedgerStore *)backend;
    if ((store->options.flags & STORAGE_LEDGER_READ_ONLY) != 0)
        return STORAGE_OK;
    return ledger_commit_run(store, &commit);
}

StorageStatus ledger_sweep(StorageBackend *backend, uint64_t *ret_count, StorageContext *ctx)
{
    LedgerCommit commit = {.kind = LEDGER_COMMIT_SWEEP, .ctx = ctx, .limit = UINT64_MAX};
    StorageStatus status = ledger_commit_run((LedgerStore *)backend, &commit);
    if (status != STORAGE_OK)
        return status;
    if (ret_count != NULL)
        *ret_count = commit.swept_count;
    if (commit.revision != 0)
        storage_context_set_revision(ctx, commit.revision);
    return STORAGE_OK;
}
