/* memory/token_table.h - the answers that were given to idempotency tokens. */
#ifndef MEMORY_TOKEN_TABLE_H
#define MEMORY_TOKEN_TABLE_H

#include "storage/backend.h"

#include <pthread.h>
#include <stdatomic.h>

enum { TOKEN_HASH_SIZE = 32 };

/* One answer. Written once, before it is in the table. */
typedef struct TokenEntry {
    struct TokenEntry *next_in_bucket, *next_in_age;
    uint64_t hash; /* of organization and token */
    int64_t committed_at_ns;
    uint64_t revision;
    size_t organization_size, token_size, result_count;
    uint8_t payload[TOKEN_HASH_SIZE];
    StorageResult *results; /* behind the entry, and the bytes of organization and token behind them */
    unsigned char *names;
} TokenEntry;

typedef struct TokenTable {
    pthread_mutex_t lock;
    TokenEntry **buckets;
    size_t bucket_count, count;
    TokenEntry *oldest, *newest;
    uint64_t count_max, bytes_max;
    int64_t age_max_ns;
    _Atomic uint64_t bytes;
} TokenTable;

StorageStatus token_table_init(TokenTable *self, uint64_t count_max, uint64_t bytes_max, int64_t age_max_ns);
void token_table_done(TokenTable *self);

uint64_t token_hash(StorageSlice organization, StorageSlice token);

/*
 * Looks for an answer of the same organization and token that is not too old. The stripe of the token is locked.
 * OK: found, results (up to `result_count`) and revision are filled; NOT_FOUND; IDEMPOTENCY_KEY_REUSED: the payload
 * differs.
 */
StorageStatus token_table_find(TokenTable *self, const StorageContext *ctx, int64_t now_ns, StorageResult *ret_results,
                               size_t result_count, uint64_t *ret_revision);

/* An entry with room for the results, not in the table yet; NULL when out of memory. */
TokenEntry *token_entry_new(const StorageContext *ctx, size_t result_count);
void token_entry_free(TokenEntry *entry);

/* Puts an entry in and drops what is beyond count, bytes and age; the newest stays. Takes no memory, cannot fail. */
void token_table_add(TokenTable *self, TokenEntry *entry, int64_t now_ns);

#endif
