/*
 * memory/expiry_index.c - a red-black tree of the versions that expire, so that a sweep looks at these alone.
 *
 * The nodes are part of the versions, so that indexing needs no memory. A version is in the tree while it is the head
 * of its record.
 */
#include "backends/memory/expiry_index.h"

static int compare(const ExpiryNode *a, const ExpiryNode *b)
{
    int64_t left = a->version->expires_at_ns, right = b->version->expires_at_ns;
    if (left != right)
        return left < right ? -1 : 1;
    return ((uintptr_t)a > (uintptr_t)b) - ((uintptr_t)a < (uintptr_t)b);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wconversion"
RB_GENERATE_INTERNAL(ExpiryTree, ExpiryNode, entry, compare, static inline)
#pragma GCC diagnostic pop

int expiry_index_init(ExpiryIndex *self)
{
    RB_INIT(&self->tree);
    self->count = 0;
    atomic_init(&self->next_ns, STORAGE_NEVER);
    atomic_init(&self->examined, 0);
    return pthread_mutex_init(&self->lock, NULL);
}

void expiry_index_done(ExpiryIndex *self)
{
    (void)pthread_mutex_destroy(&self->lock);
}

static int will_expire(Version *version)
{
    return version != NULL && version->expires_at_ns != STORAGE_NEVER && version_expiry_node(version) != NULL;
}

void expiry_index_replace(ExpiryIndex *self, Version *superseded, Version *version)
{
    ExpiryNode *first;
    if (!will_expire(superseded) && !will_expire(version))
        return;
    (void)pthread_mutex_lock(&self->lock);
    if (will_expire(superseded) && version_expiry_node(superseded)->is_indexed) {
        RB_REMOVE(ExpiryTree, &self->tree, version_expiry_node(superseded));
        version_expiry_node(superseded)->is_indexed = 0;
        self->count--;
    }
    if (will_expire(version)) {
        RB_INSERT(ExpiryTree, &self->tree, version_expiry_node(version));
        version_expiry_node(version)->is_indexed = 1;
        self->count++;
    }
    first = RB_MIN(ExpiryTree, &self->tree);
    atomic_store(&self->next_ns, first == NULL ? STORAGE_NEVER : first->version->expires_at_ns);
    (void)pthread_mutex_unlock(&self->lock);
}

size_t expiry_index_due(ExpiryIndex *self, int64_t now_ns, Version **ret_versions, size_t room)
{
    ExpiryNode *node;
    size_t count = 0;
    (void)pthread_mutex_lock(&self->lock);
    for (node = RB_MIN(ExpiryTree, &self->tree); node != NULL && count < room; node = RB_NEXT(ExpiryTree, x, node)) {
        if (node->version->expires_at_ns > now_ns)
            break;
        version_pin(node->version);
        ret_versions[count++] = node->version;
    }
    (void)atomic_fetch_add(&self->examined, count);
    (void)pthread_mutex_unlock(&self->lock);
    return count;
}

size_t expiry_index_count_due(ExpiryIndex *self, int64_t now_ns, size_t limit)
{
    ExpiryNode *node;
    size_t count = 0;
    (void)pthread_mutex_lock(&self->lock);
    for (node = RB_MIN(ExpiryTree, &self->tree); node != NULL && count < limit; node = RB_NEXT(ExpiryTree, x, node)) {
        if (node->version->expires_at_ns > now_ns)
            break;
        count++;
    }
    (void)pthread_mutex_unlock(&self->lock);
    return count;
}
