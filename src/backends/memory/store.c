/* memory/store.c - time, stripes, and the look at the newest version. */
#include "backends/memory/store.h"

#include <xxhash.h>

int64_t store_now(MemoryStore *self)
{
    int64_t wall_ns = storage_wall_ns(&self->base);
    int64_t last_ns = atomic_load_explicit(&self->last_commit_ns, memory_order_relaxed);
    return wall_ns > last_ns ? wall_ns : last_ns;
}

StripeSet stripe_of_hash(uint64_t hash)
{
    return UINT64_C(1) << (hash % STRIPE_COUNT);
}

StripeSet stripe_of(StorageSlice key)
{
    return stripe_of_hash(XXH3_64bits(key.data, key.size));
}

void stripes_lock(MemoryStore *self, StripeSet set)
{
    for (; set != 0; set &= set - 1)
        (void)pthread_mutex_lock(&self->stripes[__builtin_ctzll(set)].lock);
}

void stripes_unlock(MemoryStore *self, StripeSet set)
{
    for (; set != 0; set &= set - 1)
        (void)pthread_mutex_unlock(&self->stripes[__builtin_ctzll(set)].lock);
}

Version *store_current(MemoryStore *self, StorageSlice key, int64_t now_ns)
{
    Record *record = tree_find(&self->tree, key);
    Version *version = record == NULL ? NULL : atomic_load(&record->head);
    return version_is_alive(version, now_ns) ? version : NULL;
}

uint64_t store_bytes(MemoryStore *self)
{
    return atomic_load_explicit(&self->data_bytes, memory_order_relaxed) +
           atomic_load_explicit(&self->tree.bytes, memory_order_relaxed);
}
