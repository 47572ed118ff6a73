/*
 * memory/token_table.c - a chained hash table with a fixed number of buckets, and a list by age.
 *
 * Two writes with one token hold the same stripe, so the second finds what the first committed. Entries are in the
 * order of their commits in the list; what is too old or too many goes from its front.
 */
#include "backends/memory/token_table.h"

#include <string.h>
#include <xxhash.h>

enum { TOKEN_BUCKETS_MIN = 64, TOKEN_BUCKETS_MAX = 1 << 16 };

StorageStatus token_table_init(TokenTable *self, uint64_t count_max, uint64_t bytes_max, int64_t age_max_ns)
{
    *self = (TokenTable){.count_max = count_max, .bytes_max = bytes_max, .age_max_ns = age_max_ns};
    self->bucket_count = TOKEN_BUCKETS_MIN;
    self->buckets = storage_allocate_zero(self->bucket_count * sizeof(*self->buckets));
    if (self->buckets == NULL)
        return STORAGE_NO_MEMORY;
    if (pthread_mutex_init(&self->lock, NULL) != 0) {
        storage_release(self->buckets);
        return STORAGE_NO_MEMORY;
    }
    return STORAGE_OK;
}

void token_table_done(TokenTable *self)
{
    while (self->oldest != NULL) {
        TokenEntry *entry = self->oldest;
        self->oldest = entry->next_in_age;
        token_entry_free(entry);
    }
    storage_release(self->buckets);
    (void)pthread_mutex_destroy(&self->lock);
}

uint64_t token_hash(StorageSlice organization, StorageSlice token)
{
    return XXH3_64bits_withSeed(token.data, token.size, XXH3_64bits(organization.data, organization.size));
}

static size_t entry_footprint(const TokenEntry *entry)
{
    return sizeof(*entry) + entry->result_count * sizeof(StorageResult) + entry->organization_size + entry->token_size;
}

static int is_for(const TokenEntry *entry, uint64_t hash, const StorageContext *ctx)
{
    return entry->hash == hash && entry->organization_size == ctx->organization.size &&
           entry->token_size == ctx->token.size &&
           (entry->organization_size == 0 ||
            memcmp(entry->names, ctx->organization.data, entry->organization_size) == 0) &&
           memcmp(entry->names + entry->organization_size, ctx->token.data, entry->token_size) == 0;
}

static int is_too_old(const TokenTable *self, const TokenEntry *entry, int64_t now_ns)
{
    return now_ns > entry->committed_at_ns &&
           (uint64_t)now_ns - (uint64_t)entry->committed_at_ns >= (uint64_t)self->age_max_ns;
}

StorageStatus token_table_find(TokenTable *self, const StorageContext *ctx, int64_t now_ns, StorageResult *ret_results,
                               size_t result_count, uint64_t *ret_revision)
{
    uint64_t hash = token_hash(ctx->organization, ctx->token);
    StorageStatus status = STORAGE_NOT_FOUND;
    const TokenEntry *entry;
    (void)pthread_mutex_lock(&self->lock);
    entry = self->buckets[hash & (self->bucket_count - 1)];
    while (entry != NULL && !is_for(entry, hash, ctx))
        entry = entry->next_in_bucket;
    if (entry != NULL && !is_too_old(self, entry, now_ns)) {
        status = STORAGE_IDEMPOTENCY_KEY_REUSED;
        if (memcmp(entry->payload, ctx->payload_hash, TOKEN_HASH_SIZE) == 0 && entry->result_count == result_count) {
            status = STORAGE_OK;
            *ret_revision = entry->revision;
            if (result_count > 0)
                memcpy(ret_results, entry->results, result_count * sizeof(StorageResult));
        }
    }
    (void)pthread_mutex_unlock(&self->lock);
    return status;
}

TokenEntry *token_entry_new(const StorageContext *ctx, size_t result_count)
{
    TokenEntry shape = {.result_count = result_count,
                        .organization_size = ctx->organization.size,
                        .token_size = ctx->token.size,
                        .hash = token_hash(ctx->organization, ctx->token)};
    TokenEntry *entry = storage_allocate(entry_footprint(&shape));
    if (entry == NULL)
        return NULL;
    *entry = shape;
    entry->results = (StorageResult *)(void *)(entry + 1);
    entry->names = (unsigned char *)(entry->results + result_count);
    memcpy(entry->payload, ctx->payload_hash, TOKEN_HASH_SIZE);
    if (ctx->organization.size > 0)
        memcpy(entry->names, ctx->organization.data, ctx->organization.size);
    memcpy(entry->names + ctx->organization.size, ctx->token.data, ctx->token.size);
    return entry;
}

void token_entry_free(TokenEntry *entry)
{
    storage_release(entry);
}

static void drop_oldest(TokenTable *self)
{
    TokenEntry *entry = self->oldest;
    TokenEntry **link = &self->buckets[entry->hash & (self->bucket_count - 1)];
    while (*link != entry)
        link = &(*link)->next_in_bucket;
    *link = entry->next_in_bucket;
    self->oldest = entry->next_in_age;
    if (self->oldest == NULL)
        self->newest = NULL;
    self->count--;
    (void)atomic_fetch_sub(&self->bytes, entry_footprint(entry));
    token_entry_free(entry);
}

/* Without memory for a larger table the chains get longer, nothing more. */
static void grow(TokenTable *self)
{
    size_t bucket_count = self->bucket_count * 4;
    TokenEntry **buckets;
    if (self->count < self->bucket_count || self->bucket_count >= TOKEN_BUCKETS_MAX)
        return;
    buckets = storage_allocate_zero(bucket_count * sizeof(*buckets));
    if (buckets == NULL)
        return;
    for (TokenEntry *entry = self->oldest; entry != NULL; entry = entry->next_in_age) {
        TokenEntry **bucket = &buckets[entry->hash & (bucket_count - 1)];
        entry->next_in_bucket = *bucket;
        *bucket = entry;
    }
    storage_release(self->buckets);
    self->buckets = buckets;
    self->bucket_count = bucket_count;
}

void token_table_add(TokenTable *self, TokenEntry *entry, int64_t now_ns)
{
    TokenEntry **bucket;
    (void)pthread_mutex_lock(&self->lock);
    while (self->oldest != NULL && (self->count >= self->count_max || is_too_old(self, self->oldest, now_ns) ||
                                    atomic_load(&self->bytes) + entry_footprint(entry) > self->bytes_max))
        drop_oldest(self);
    grow(self);
    entry->committed_at_ns = now_ns;
    bucket = &self->buckets[entry->hash & (self->bucket_count - 1)];
    entry->next_in_bucket = *bucket;
    *bucket = entry;
    entry->next_in_age = NULL;
    if (self->newest == NULL)
        self->oldest = entry;
    else
        self->newest->next_in_age = entry;
    self->newest = entry;
    self->count++;
    (void)atomic_fetch_add(&self->bytes, entry_footprint(entry));
    (void)pthread_mutex_unlock(&self->lock);
}
