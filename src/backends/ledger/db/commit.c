/*
 * db/commit.c - what the writer does with one commit: its token, its decision, its space, its effects, its answer.
 */
#include "backends/ledger/db/commit.h"

enum { HOLD_PER_COMMIT = 24, HOLD_PER_OPERATION = 4, HOLD_OPERATIONS_MAX = 1024 };

uint64_t ledger_commit_revisions(const LedgerCommit *commit)
{
    int is_independent = commit->kind == LEDGER_COMMIT_WRITE && commit->mode == STORAGE_WRITE_INDEPENDENT;
    return is_independent && commit->operation_count > 0 ? commit->operation_count : 1;
}

void ledger_commit_fail(LedgerCommit *commit, StorageStatus status)
{
    commit->status = status;
    commit->revision = 0;
    if (commit->kind == LEDGER_COMMIT_WRITE)
        for (size_t i = 0; i < commit->operation_count; i++)
            commit->results[i] = (StorageResult){status, 0, 0};
}

/* ---- space ---- */

typedef struct Size {
    uint64_t count, bytes;
    int is_freeing;
} Size;

static Size measure_operations(const StorageOperation *operations, size_t count)
{
    Size size = {count, 0, 1};
    for (size_t i = 0; i < count; i++) {
        size.bytes += operations[i].key.size + operations[i].value.size;
        if (operations[i].kind != STORAGE_OPERATION_DELETE &&
            operations[i].kind != STORAGE_OPERATION_COMPARE_AND_DELETE &&
            operations[i].kind != STORAGE_OPERATION_CLEAR_RANGE)
            size.is_freeing = 0;
    }
    return size;
}

static Size measure_writes(const LedgerWriteSet *writes)
{
    Size size = {writes->count, 0, 1};
    for (size_t i = 0; i < writes->count; i++) {
        const LedgerWrite *write = writes->log[i];
        size.bytes += write->key == NULL ? 0 : write->key->size;
        size.bytes += write->block == NULL ? 0 : write->block->size;
        if (write->block != NULL)
            size.is_freeing = 0;
    }
    return size;
}

/* Holds about what the commit dirties. A page more than that is taken where it is needed, and if there is none the
 * batch is taken back. */
static StorageStatus hold_space(LedgerStore *store, const LedgerCommit *commit)
{
    Size size = {0, 0, 1};
    uint64_t page_count;
    if (commit->kind == LEDGER_COMMIT_WRITE)
        size = measure_operations(commit->operations, commit->operation_count);
    else if (commit->kind == LEDGER_COMMIT_TRANSACTION)
        size = measure_writes(&commit->txn->writes);
    page_count = HOLD_PER_COMMIT + 3 * (size.bytes / store->page_size) +
                 HOLD_PER_OPERATION * (size.count < HOLD_OPERATIONS_MAX ? size.count : HOLD_OPERATIONS_MAX);
    return pager_hold(store->pager, page_count, size.is_freeing, commit->ctx);
}

/* ---- kinds ---- */

static StorageStatus apply_transaction(LedgerEffects *effects, LedgerCommit *commit)
{
    LedgerStore *store = effects->store;
    LedgerNewest newest = {.working = &store->working.state, .log = &store->conflicts, .now_ns = effects->now_ns};
    StorageStatus status = ledger_transaction_validate(commit->txn, &newest, commit->ctx);
    commit->status = status;
    if (status == STORAGE_CONFLICT)
        (void)atomic_fetch_add_explicit(&store->counters.conflicts, 1, memory_order_relaxed);
    if (status == STORAGE_SERIALIZATION)
        (void)atomic_fetch_add_explicit(&store->counters.serialization_failures, 1, memory_order_relaxed);
    if (status != STORAGE_OK)
        return STORAGE_OK; /* it changed nothing, so it fails alone */
    status = ledger_apply_write_set(effects, &commit->txn->writes);
    if (status == STORAGE_OK && effects->has_any) {
        commit->revision = effects->revision++;
        effects->position = 0;
    }
    return status;
}

static StorageStatus apply_sweep(LedgerEffects *effects, LedgerCommit *commit)
{
    StorageStatus status = ledger_apply_sweep(effects, commit->limit, &commit->swept_count);
    if (status != STORAGE_OK || !effects->has_any)
        return status;
    (void)atomic_fetch_add_explicit(&effects->store->counters.expired, commit->swept_count, memory_order_relaxed);
    commit->revision = commit->swept_count > 0 ? effects->revision : 0;
    effects->revision++;
    return STORAGE_OK;
}

static StorageStatus apply_kind(LedgerEffects *effects, LedgerCommit *commit)
{
    switch (commit->kind) {
    case LEDGER_COMMIT_WRITE:
        return ledger_apply_write(effects, commit);
    case LEDGER_COMMIT_TRANSACTION:
        return apply_transaction(effects, commit);
    case LEDGER_COMMIT_SWEEP:
        return apply_sweep(effects, commit);
    default:
        return STORAGE_OK;
    }
}

/* ---- one commit ---- */

/* 1 when the answer was given before, or the token cannot be used. */
static int is_replayed(LedgerEffects *effects, LedgerCommit *commit)
{
    size_t result_count = commit->kind == LEDGER_COMMIT_WRITE ? commit->operation_count : 0;
    StorageStatus status = STORAGE_NOT_FOUND;
    if (commit->kind == LEDGER_COMMIT_WRITE || commit->kind == LEDGER_COMMIT_TRANSACTION)
        status = ledger_token_find(effects, commit->results, result_count, &commit->revision);
    if (status == STORAGE_NOT_FOUND)
        return 0;
    if (status == STORAGE_OK)
        (void)atomic_fetch_add_explicit(&effects->store->counters.replayed_tokens, 1, memory_order_relaxed);
    else
        ledger_commit_fail(commit, status);
    return 1;
}

static StorageStatus remember(LedgerEffects *effects, LedgerCommit *commit)
{
    int is_write = commit->kind == LEDGER_COMMIT_WRITE;
    if ((!is_write && commit->kind != LEDGER_COMMIT_TRANSACTION) || commit->status != STORAGE_OK)
        return STORAGE_OK;
    return ledger_token_add(effects, commit->results, is_write ? commit->operation_count : 0, commit->revision);
}

StorageStatus ledger_commit_apply(LedgerStore *store, LedgerCommit *commit)
{
    LedgerEffects effects = {.store = store,
                             .ctx = commit->ctx,
                             .now_ns = ledger_store_now(store),
                             .revision = store->working.state.revision + 1};
    StorageStatus status;
    commit->status = STORAGE_OK;
    commit->revision = 0;
    commit->swept_count = 0;
    if (commit->kind == LEDGER_COMMIT_SYNC || is_replayed(&effects, commit))
        return STORAGE_OK;
    status = hold_space(store, commit);
    if (status != STORAGE_OK) {
        ledger_commit_fail(commit, status);
        return STORAGE_OK;
    }
    status = apply_kind(&effects, commit);
    if (status == STORAGE_OK)
        status = remember(&effects, commit);
    if (status != STORAGE_OK || !effects.has_any)
        return status;
    store->working.newest_commit = ++store->working.state.revision; /* a token alone takes one too */
    if (effects.revision > store->working.newest_commit)
        store->working.state.revision = effects.revision - 1;
    store->working.state.time_ns = effects.now_ns;
    store->working.has_changed = 1;
    return STORAGE_OK;
}
