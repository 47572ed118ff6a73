/*
 * memory/sweep.c - removing what has expired.
 *
 * Only versions that the expiry index names as due are looked at. Each is checked again under its stripe: it may have
 * been overwritten since. The clock of database time moves with the commit, so what was swept cannot un-expire.
 */
#include "backends/memory/write_plan.h"

static StorageStatus plan_expired(MemoryStore *store, WritePlan *plan, Version *const *due, size_t count,
                                  int64_t now_ns)
{
    for (size_t i = 0; i < count; i++) {
        Record *record = due[i]->record;
        Version *tombstone;
        if (atomic_load(&record->head) != due[i] || version_is_alive(due[i], now_ns))
            continue;
        tombstone = version_new_tombstone();
        if (tombstone == NULL ||
            write_plan_version(store, plan, record_key(record), tombstone, STORAGE_CHANGE_EXPIRED, 0, 1) != STORAGE_OK)
            return STORAGE_NO_MEMORY;
    }
    return STORAGE_OK;
}

static StorageStatus sweep_due(MemoryStore *store, Version *const *due, size_t count, int64_t now_ns,
                               uint64_t *ret_count, StorageContext *ctx)
{
    StripeSet stripes = 0;
    EpochGuard guard;
    WritePlan plan;
    StorageStatus status;
    for (size_t i = 0; i < count; i++)
        stripes |= stripe_of(record_key(due[i]->record));
    write_plan_init(&plan);
    stripes_lock(store, stripes);
    guard = epoch_enter(&store->limbo.epoch);
    status = plan_expired(store, &plan, due, count, now_ns);
    if (status == STORAGE_OK && plan.count > 0)
        status = write_plan_reserve(store, &plan);
    if (status == STORAGE_OK && plan.count > 0) {
        write_plan_publish(store, &plan, now_ns);
        (void)atomic_fetch_add_explicit(&store->counters.expired, plan.count, memory_order_relaxed);
        *ret_count = plan.count;
        if (ctx != NULL)
            storage_context_set_revision(ctx, plan.first_revision);
    }
    if (status != STORAGE_OK)
        write_plan_abandon(store, &plan);
    epoch_leave(&store->limbo.epoch, guard);
    stripes_unlock(store, stripes);
    write_plan_done(&plan);
    return status;
}

StorageStatus store_sweep(MemoryStore *self, size_t limit, uint64_t *ret_count, StorageContext *ctx)
{
    int64_t now_ns = store_now(self);
    Version *few[SWEEP_WITH_WRITE], **due = few;
    uint64_t swept = 0;
    size_t room, count;
    StorageStatus status;
    if (atomic_load(&self->expiry.next_ns) > now_ns)
        return STORAGE_OK;
    room = expiry_index_count_due(&self->expiry, now_ns, limit);
    if (room > SWEEP_WITH_WRITE)
        due = storage_allocate(room * sizeof(*due));
    if (due == NULL)
        return storage_fail(ctx, STORAGE_NO_MEMORY, "sweep: no memory for %zu keys", room);
    count = expiry_index_due(&self->expiry, now_ns, due, room < SWEEP_WITH_WRITE ? SWEEP_WITH_WRITE : room);
    status = sweep_due(self, due, count, now_ns, &swept, ctx);
    for (size_t i = 0; i < count; i++)
        version_release(due[i]);
    if (due != few)
        storage_release(due);
    if (ret_count != NULL)
        *ret_count = swept;
    return status == STORAGE_OK ? status : storage_fail(ctx, status, "sweep: no memory; nothing was removed");
}

void store_sweep_some(MemoryStore *self)
{
    if (atomic_load_explicit(&self->expiry.next_ns, memory_order_relaxed) != STORAGE_NEVER)
        (void)store_sweep(self, SWEEP_WITH_WRITE, NULL, NULL);
}
