/* memory/store.c - time, stripes, and the look at the newest version. */
#include "backends/memory/store.h"

#include <xxhash.h>

int64_t store_now(MemoryStore *self)
{
    int64_t wall_ns = storage_wall_ns(&self->base);
    int64_t last_ns = atomic_load_explicit(&self->last_commit_ns, memory_order_relaxed);
    return wall_ns > last_ns ? wall_ns : last_ns;
}

uint32_t stripe_of(StorageSlice key)
{
    return (uint32_t)(XXH3_64bits(key.data, key.size) % STRIPE_COUNT);
}

void stripe_set_add(StripeSet *set, uint32_t stripe)
{
    set->bits[stripe / 64] |= UINT64_C(1) << (stripe % 64);
}

void stripe_set_add_all(StripeSet *set)
{
    for (size_t i = 0; i < STRIPE_COUNT / 64; i++)
        set->bits[i] = UINT64_MAX;
}

void stripes_lock(MemoryStore *self, const StripeSet *set)
{
    for (size_t i = 0; i < STRIPE_COUNT / 64; i++)
        for (uint64_t bits = set->bits[i]; bits != 0; bits &= bits - 1)
            (void)pthread_mutex_lock(&self->stripes[64 * i + (size_t)__builtin_ctzll(bits)].lock);
}

void stripes_unlock(MemoryStore *self, const StripeSet *set)
{
    for (size_t i = 0; i < STRIPE_COUNT / 64; i++)
        for (uint64_t bits = set->bits[i]; bits != 0; bits &= bits - 1)
            (void)pthread_mutex_unlock(&self->stripes[64 * i + (size_t)__builtin_ctzll(bits)].lock);
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
