/*
 * memory/transaction.c - optimistic transactions.
 *
 * A transaction reads its snapshot (read committed: the newest commit) under its own writes, and takes no lock before
 * its commit. There it locks the stripes of what it wrote; all stripes when it cleared a range, or is serializable and
 * has read, because then no key may be born behind its back.
 */
#include "backends/memory/commit.h"
#include "backends/memory/cursor.h"

typedef struct MemoryTransaction {
    StorageTransaction base;
    Snapshot snapshot; /* not registered under read committed */
    WriteSet writes;
    ReadSet reads; /* of a serializable one that may write */
    uint32_t isolation;
    uint32_t is_read_only;
} MemoryTransaction;

static MemoryStore *store_of(MemoryTransaction *self)
{
    return (MemoryStore *)self->base.handle.backend;
}

static StorageStatus no_memory(StorageContext *ctx)
{
    return storage_fail(ctx, STORAGE_NO_MEMORY, "no memory for the transaction; the call had no effect");
}

StorageStatus memory_begin(StorageBackend *backend, const StorageTransactionOptions *options,
                           StorageTransaction **ret_txn, StorageContext *ctx)
{
    MemoryStore *store = (MemoryStore *)backend;
    MemoryTransaction *self = (MemoryTransaction *)storage_transaction_new(backend, sizeof(*self));
    EpochGuard guard;
    if (self == NULL)
        return no_memory(ctx);
    self->isolation = options->isolation;
    self->is_read_only = (options->flags & STORAGE_TRANSACTION_READ_ONLY) != 0;
    write_set_init(&self->writes);
    if (self->isolation != STORAGE_ISOLATION_READ_COMMITTED) {
        guard = epoch_enter(&store->limbo.epoch);
        snapshot_open(&store->snapshots, &self->snapshot, &store->published, !self->is_read_only);
        self->snapshot.time_ns = store_now(store);
        epoch_leave(&store->limbo.epoch, guard);
    }
    *ret_txn = &self->base;
    return STORAGE_OK;
}

/* ---- the view ---- */

static int reads_newest(const MemoryTransaction *self)
{
    return self->isolation == STORAGE_ISOLATION_READ_COMMITTED;
}

static int64_t view_time(MemoryTransaction *self)
{
    return reads_newest(self) ? store_now(store_of(self)) : self->snapshot.time_ns;
}

/* The committed version that the transaction sees, or NULL. Inside an epoch. */
static Version *committed_version(MemoryTransaction *self, StorageSlice key, int64_t now_ns)
{
    MemoryStore *store = store_of(self);
    uint64_t revision = reads_newest(self) ? atomic_load(&store->published) : self->snapshot.revision;
    Record *record = tree_find(&store->tree, key);
    Version *version = record == NULL ? NULL : record_version_at(record, revision);
    return version_is_alive(version, now_ns) ? version : NULL;
}

static StorageStatus note_read(MemoryTransaction *self, const StorageRange *range)
{
    if (self->isolation != STORAGE_ISOLATION_SERIALIZABLE || self->is_read_only)
        return STORAGE_OK;
    return read_set_add(&self->reads, range);
}

static StorageStatus note_key_read(MemoryTransaction *self, StorageSlice key)
{
    StorageRange range = storage_range_key(key);
    return note_read(self, &range);
}

StorageStatus memory_transaction_get(StorageTransaction *txn, StorageSlice key, StorageValue *ret_value,
                                     StorageContext *ctx)
{
    MemoryTransaction *self = (MemoryTransaction *)txn;
    int64_t now_ns = view_time(self), expires_at_ns;
    Version *version;
    EpochGuard guard;
    if (write_set_find(&self->writes, key, now_ns, &version, &expires_at_ns)) {
        if (version == NULL)
            return STORAGE_NOT_FOUND;
        version_to_value(version, ret_value);
        ret_value->expires_at_ns = expires_at_ns;
        return STORAGE_OK;
    }
    if (note_key_read(self, key) != STORAGE_OK)
        return no_memory(ctx);
    guard = epoch_enter(&store_of(self)->limbo.epoch);
    version = committed_version(self, key, now_ns);
    if (version != NULL)
        version_to_value(version, ret_value);
    epoch_leave(&store_of(self)->limbo.epoch, guard);
    return version == NULL ? STORAGE_NOT_FOUND : STORAGE_OK;
}

StorageStatus memory_transaction_scan(StorageTransaction *txn, const StorageRange *range,
                                      const StorageScanOptions *options, StorageCursor **ret_cursor,
                                      StorageContext *ctx)
{
    MemoryTransaction *self = (MemoryTransaction *)txn;
    if (note_read(self, range) != STORAGE_OK)
        return no_memory(ctx);
    return cursor_open(store_of(self), reads_newest(self) ? NULL : &self->snapshot, &self->writes, range, options,
                       ret_cursor, ctx);
}

/* ---- writes ---- */

static StorageStatus fail_operation(const StorageOperation *operation, StorageStatus status, const Version *current,
                                    StorageContext *ctx)
{
    char text[64];
    storage_context_set_revision(ctx, current == NULL ? 0 : current->revision);
    if (status != STORAGE_CONFLICT)
        return status;
    return storage_fail(ctx, status, "key %s is %s in the transaction's view, which is not what was expected",
                        storage_key_text(operation->key, text, sizeof(text)), current == NULL ? "absent" : "there");
}

static StorageStatus write_key(MemoryTransaction *self, const StorageOperation *operation, StorageContext *ctx)
{
    int64_t now_ns = view_time(self), expires_at_ns;
    Version *current;
    int is_own = write_set_find(&self->writes, operation->key, now_ns, &current, &expires_at_ns);
    StorageStatus status = STORAGE_OK;
    EpochGuard guard;
    if (!is_own && operation->kind != STORAGE_OPERATION_SET && operation->kind != STORAGE_OPERATION_DELETE)
        status = note_key_read(self, operation->key);
    if (status != STORAGE_OK)
        return no_memory(ctx);
    guard = epoch_enter(&store_of(self)->limbo.epoch);
    if (!is_own)
        current = committed_version(self, operation->key, now_ns);
    status = conflict_check_operation(operation, current);
    if (status != STORAGE_OK)
        status = fail_operation(operation, status, current, ctx);
    else if (write_set_add(&self->writes, operation, current, !is_own, 0) != STORAGE_OK)
        status = no_memory(ctx);
    epoch_leave(&store_of(self)->limbo.epoch, guard);
    return status;
}

StorageStatus memory_transaction_write(StorageTransaction *txn, const StorageOperation *operation, StorageContext *ctx)
{
    MemoryTransaction *self = (MemoryTransaction *)txn;
    if (self->is_read_only)
        return storage_fail(ctx, STORAGE_READ_ONLY, "the transaction was begun read-only");
    if (operation->kind != STORAGE_OPERATION_CLEAR_RANGE)
        return write_key(self, operation, ctx);
    return write_set_add(&self->writes, operation, NULL, 0, 0) == STORAGE_OK ? STORAGE_OK : no_memory(ctx);
}

/* ---- savepoints ---- */

StorageStatus memory_transaction_savepoint(StorageTransaction *txn, uint32_t *ret_savepoint_no, StorageContext *ctx)
{
    if (write_set_savepoint(&((MemoryTransaction *)txn)->writes, ret_savepoint_no) != STORAGE_OK)
        return no_memory(ctx);
    return STORAGE_OK;
}

static StorageStatus no_savepoint(uint32_t savepoint_no, StorageContext *ctx)
{
    return storage_fail(ctx, STORAGE_INVALID_ARGUMENT, "%u is no savepoint of this transaction", savepoint_no);
}

StorageStatus memory_transaction_rollback_to(StorageTransaction *txn, uint32_t savepoint_no, StorageContext *ctx)
{
    if (write_set_rollback_to(&((MemoryTransaction *)txn)->writes, savepoint_no) != STORAGE_OK)
        return no_savepoint(savepoint_no, ctx);
    return STORAGE_OK;
}

StorageStatus memory_transaction_drop_savepoint(StorageTransaction *txn, uint32_t savepoint_no, StorageContext *ctx)
{
    if (write_set_drop_savepoint(&((MemoryTransaction *)txn)->writes, savepoint_no) != STORAGE_OK)
        return no_savepoint(savepoint_no, ctx);
    return STORAGE_OK;
}

/* ---- commit ---- */

static StorageStatus validate(MemoryTransaction *self, int64_t now_ns, StorageContext *ctx)
{
    MemoryStore *store = store_of(self);
    StorageStatus status = conflict_check_conditions(store, &self->writes, now_ns, ctx);
    if (status == STORAGE_OK && !reads_newest(self))
        status = conflict_check_writes(store, &self->writes, &self->snapshot, ctx);
    if (status == STORAGE_OK && self->writes.count > 0)
        status = conflict_check_reads(store, &self->reads, &self->snapshot, now_ns, ctx);
    if (status == STORAGE_CONFLICT)
        (void)atomic_fetch_add_explicit(&store->counters.conflicts, 1, memory_order_relaxed);
    if (status == STORAGE_SERIALIZATION)
        (void)atomic_fetch_add_explicit(&store->counters.serialization_failures, 1, memory_order_relaxed);
    return status;
}

/* The stripes are locked and an epoch is held. */
static StorageStatus commit_locked(MemoryTransaction *self, uint64_t *ret_revision, StorageContext *ctx)
{
    MemoryStore *store = store_of(self);
    int64_t now_ns = store_now(store);
    WritePlan plan;
    StorageStatus status = commit_replay(store, now_ns, NULL, 0, ret_revision, ctx);
    if (status != STORAGE_NOT_FOUND)
        return status;
    status = validate(self, now_ns, ctx);
    if (status != STORAGE_OK)
        return status;
    write_plan_init(&plan);
    if (commit_prepare_token(&plan, 0, ctx) != STORAGE_OK ||
        commit_plan(store, &plan, &self->writes, now_ns, 0) != STORAGE_OK)
        status = no_memory(ctx);
    if (status == STORAGE_OK)
        status = commit_finish(store, &plan, now_ns);
    if (status == STORAGE_OK) {
        *ret_revision = plan.first_revision;
        commit_remember(store, &plan, NULL, plan.first_revision, now_ns);
    } else {
        write_plan_abandon(store, &plan);
    }
    write_plan_done(&plan);
    return status;
}

static StorageStatus commit_once(MemoryTransaction *self, uint64_t *ret_revision, StorageContext *ctx)
{
    MemoryStore *store = store_of(self);
    StripeSet stripes = commit_stripes(&self->writes, ctx);
    StorageStatus status;
    EpochGuard guard;
    if (self->reads.count > 0)
        stripes = STRIPES_ALL;
    stripes_lock(store, stripes);
    guard = epoch_enter(&store->limbo.epoch);
    status = commit_locked(self, ret_revision, ctx);
    epoch_leave(&store->limbo.epoch, guard);
    stripes_unlock(store, stripes);
    return status;
}

StorageStatus memory_transaction_commit(StorageTransaction *txn, uint64_t *ret_revision, StorageContext *ctx)
{
    MemoryTransaction *self = (MemoryTransaction *)txn;
    MemoryStore *store = store_of(self);
    StorageStatus status;
    *ret_revision = 0;
    if (self->writes.count == 0 && ctx->payload_hash == NULL)
        return STORAGE_OK; /* what it read was one snapshot, which is an order of its own */
    status = commit_once(self, ret_revision, ctx);
    if (status == STORAGE_NO_SPACE) {
        commit_make_space(store, ctx);
        status = commit_once(self, ret_revision, ctx);
    }
    if (status == STORAGE_NO_SPACE)
        return commit_fail_for_space(store, ctx);
    commit_tidy(store);
    return status;
}

void memory_transaction_close(StorageTransaction *txn)
{
    MemoryTransaction *self = (MemoryTransaction *)txn;
    store_close_snapshot(store_of(self), &self->snapshot);
    write_set_done(&self->writes);
    read_set_done(&self->reads);
}
