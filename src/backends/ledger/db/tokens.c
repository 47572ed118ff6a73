/*
 * db/tokens.c - answers to idempotency tokens, as rows of two trees: by token, and by age.
 *
 * Invariants:
 *   1. Each answer has one entry in the tree of ages, whose value is its key.
 *   2. tokens_size is the bytes of keys and values in the tree of tokens.
 */
#include "backends/ledger/btree/cursor.h"
#include "backends/ledger/db/commit.h"
#include "backends/ledger/page/codec.h"
#include "backends/ledger/txn/key_codec.h"
#include "core/payload.h"

#include <string.h>

enum {
    ANSWER_REVISION = 32,
    ANSWER_TIME = 40,
    ANSWER_COUNT = 48,
    ANSWER_RESULTS = 56,
    ANSWER_RESULT_SIZE = 16,
    AGE_KEY_SIZE = 16,
    TOKEN_KEY_MAX = 1024 /* fits into the smallest page's keys */
};

/* OK; SIZE_LIMIT_EXCEEDED. */
static StorageStatus make_key(LedgerEffects *self, unsigned char *bytes, StorageSlice *ret_key)
{
    StorageSlice organization = self->ctx->organization, token = self->ctx->token;
    if (organization.size + token.size + 2 > TOKEN_KEY_MAX)
        return storage_fail(self->ctx, STORAGE_SIZE_LIMIT_EXCEEDED,
                            "organization and idempotency token have %zu bytes together, more than %d",
                            organization.size + token.size, TOKEN_KEY_MAX - 2);
    bytes[0] = (unsigned char)(organization.size >> 8);
    bytes[1] = (unsigned char)organization.size;
    if (organization.size > 0)
        memcpy(bytes + 2, organization.data, organization.size);
    if (token.size > 0)
        memcpy(bytes + 2 + organization.size, token.data, token.size);
    *ret_key = storage_bytes(bytes, 2 + organization.size + token.size);
    return STORAGE_OK;
}

static int is_too_old(const LedgerStore *store, int64_t committed_at_ns, int64_t now_ns)
{
    return now_ns > committed_at_ns &&
           (uint64_t)now_ns - (uint64_t)committed_at_ns >= store->options.idempotency_age_ns;
}

/* ---- finding ---- */

static StorageStatus read_answer(LedgerEffects *self, const LedgerBlock *answer, StorageResult *ret_results,
                                 size_t result_count, uint64_t *ret_revision)
{
    const unsigned char *bytes = answer->bytes;
    if (answer->size < ANSWER_RESULTS ||
        (answer->size - ANSWER_RESULTS) / ANSWER_RESULT_SIZE != codec_load_u32(bytes + ANSWER_COUNT))
        return storage_fail(self->ctx, STORAGE_CORRUPT, "an answer in the tree of tokens is malformed; run verify");
    if (is_too_old(self->store, (int64_t)codec_load_u64(bytes + ANSWER_TIME), self->now_ns))
        return STORAGE_NOT_FOUND;
    if (memcmp(bytes, self->ctx->payload_hash, PAYLOAD_HASH_SIZE) != 0 ||
        codec_load_u32(bytes + ANSWER_COUNT) != result_count)
        return storage_fail(self->ctx, STORAGE_IDEMPOTENCY_KEY_REUSED,
                            "the idempotency token was used for another write; make a new one for each");
    for (size_t i = 0; i < result_count; i++) {
        const unsigned char *result = bytes + ANSWER_RESULTS + i * ANSWER_RESULT_SIZE;
        ret_results[i] = (StorageResult){(StorageStatus)codec_load_u32(result), 0, codec_load_u64(result + 8)};
    }
    *ret_revision = codec_load_u64(bytes + ANSWER_REVISION);
    return STORAGE_OK;
}

StorageStatus ledger_token_find(LedgerEffects *self, StorageResult *ret_results, size_t result_count,
                                uint64_t *ret_revision)
{
    LedgerTree tree = ledger_working_tree(self->store, LEDGER_TREE_TOKENS);
    unsigned char bytes[TOKEN_KEY_MAX];
    LedgerBlock *answer = NULL;
    LedgerRow row;
    StorageSlice key;
    StorageStatus status;
    if (self->ctx->payload_hash == NULL)
        return STORAGE_NOT_FOUND;
    status = make_key(self, bytes, &key);
    if (status == STORAGE_OK)
        status = ledger_row_find(&tree, key, self->now_ns, &row, self->ctx);
    if (status != STORAGE_OK)
        return status;
    if (!row.is_present)
        return STORAGE_NOT_FOUND;
    status = ledger_row_copy(&tree, &row, &answer, self->ctx);
    if (status == STORAGE_OK)
        status = read_answer(self, answer, ret_results, result_count, ret_revision);
    ledger_block_release(answer);
    return status;
}

/* ---- forgetting ---- */

/* The oldest entry by age: its key and the token's, copied. OK; END: there is none. */
static StorageStatus find_oldest(LedgerEffects *self, unsigned char *ret_age, unsigned char *ret_token,
                                 size_t *ret_token_size)
{
    LedgerTree ages = ledger_working_tree(self->store, LEDGER_TREE_TOKEN_AGES);
    LedgerInterval everything = {{NULL, 0}, {NULL, 0}, 0};
    LedgerCursor cursor;
    LedgerEntry entry;
    StorageStatus status;
    if (ledger_root_is_empty(ages.root))
        return STORAGE_END;
    if (cursor_init(&cursor, &ages, &everything) != STORAGE_OK)
        return storage_fail(self->ctx, STORAGE_NO_MEMORY, "no memory to forget old tokens");
    status = cursor_next(&cursor, &entry, self->ctx);
    if (status == STORAGE_OK && (entry.key.size != AGE_KEY_SIZE || entry.record.value.size > TOKEN_KEY_MAX))
        status =
            storage_fail(self->ctx, STORAGE_CORRUPT, "an entry of the tree of token ages is malformed; run verify");
    if (status == STORAGE_OK) {
        memcpy(ret_age, entry.key.data, AGE_KEY_SIZE);
        if (entry.record.value.size > 0)
            memcpy(ret_token, entry.record.value.data, entry.record.value.size);
        *ret_token_size = entry.record.value.size;
    }
    cursor_done(&cursor);
    return status;
}

/* Takes an answer out, if it is there. */
static StorageStatus remove_answer(LedgerEffects *self, StorageSlice token)
{
    LedgerTree tokens = ledger_working_tree(self->store, LEDGER_TREE_TOKENS);
    LedgerRecord record;
    LedgerFrame *frame;
    uint64_t size;
    StorageStatus status = tree_get(&tokens, token, &record, &frame, self->ctx);
    if (status != STORAGE_OK)
        return status == STORAGE_NOT_FOUND ? STORAGE_OK : status;
    size = token.size + record.value_size;
    status = tree_delete(self->store->writer, &tokens, token, self->ctx);
    if (status == STORAGE_OK)
        self->store->working.tokens_size -=
            size < self->store->working.tokens_size ? size : self->store->working.tokens_size;
    return status;
}

/* Drops the oldest answers until one of `size` more bytes is within the limits. What is too old goes in any case, so no
 * answer to the same token is left. */
static StorageStatus make_room(LedgerEffects *self, uint64_t size)
{
    LedgerStore *store = self->store;
    unsigned char age[AGE_KEY_SIZE], token[TOKEN_KEY_MAX];
    LedgerTree ages = ledger_working_tree(store, LEDGER_TREE_TOKEN_AGES);
    size_t token_size = 0;
    StorageStatus status;
    for (;;) {
        status = find_oldest(self, age, token, &token_size);
        if (status != STORAGE_OK)
            return status == STORAGE_END ? STORAGE_OK : status;
        if (ledger_root_entry_count(ages.root) < store->options.idempotency_count &&
            store->working.tokens_size + size <= store->options.idempotency_bytes &&
            !is_too_old(store, key_load_time(age), self->now_ns))
            return STORAGE_OK;
        status = remove_answer(self, storage_bytes(token, token_size));
        if (status == STORAGE_OK)
            status = tree_delete(store->writer, &ages, storage_bytes(age, sizeof(age)), self->ctx);
        if (status != STORAGE_OK)
            return status == STORAGE_NOT_FOUND ? STORAGE_CORRUPT : status;
    }
}

/* ---- remembering ---- */

static StorageSlice encode(LedgerEffects *self, const StorageResult *results, size_t result_count, uint64_t revision)
{
    unsigned char *bytes = self->store->row_buffer;
    memset(bytes, 0, ANSWER_RESULTS);
    memcpy(bytes, self->ctx->payload_hash, PAYLOAD_HASH_SIZE);
    codec_store_u64(bytes + ANSWER_REVISION, revision);
    codec_store_u64(bytes + ANSWER_TIME, (uint64_t)self->now_ns);
    codec_store_u32(bytes + ANSWER_COUNT, (uint32_t)result_count);
    for (size_t i = 0; i < result_count; i++) {
        unsigned char *result = bytes + ANSWER_RESULTS + i * ANSWER_RESULT_SIZE;
        codec_store_u32(result, (uint32_t)results[i].status);
        codec_store_u32(result + 4, 0);
        codec_store_u64(result + 8, results[i].revision);
    }
    return storage_bytes(bytes, ANSWER_RESULTS + result_count * ANSWER_RESULT_SIZE);
}

StorageStatus ledger_token_add(LedgerEffects *self, const StorageResult *results, size_t result_count,
                               uint64_t revision)
{
    LedgerStore *store = self->store;
    LedgerTree tokens = ledger_working_tree(store, LEDGER_TREE_TOKENS);
    LedgerTree ages = ledger_working_tree(store, LEDGER_TREE_TOKEN_AGES);
    unsigned char token[TOKEN_KEY_MAX], age[AGE_KEY_SIZE];
    LedgerPut put = {.revision = store->working.state.revision + 1, .expires_at_ns = STORAGE_NEVER};
    StorageStatus status;
    if (self->ctx->payload_hash == NULL)
        return STORAGE_OK;
    status = make_key(self, token, &put.key);
    if (status == STORAGE_OK)
        status = ledger_row_room(store, ANSWER_RESULTS + result_count * ANSWER_RESULT_SIZE, self->ctx);
    if (status == STORAGE_OK)
        status = make_room(self, put.key.size + ANSWER_RESULTS + result_count * ANSWER_RESULT_SIZE);
    if (status != STORAGE_OK)
        return status;
    self->has_any = 1;
    put.value = encode(self, results, result_count, revision);
    status = tree_put(store->writer, &tokens, &put, self->ctx);
    if (status != STORAGE_OK)
        return status;
    store->working.tokens_size += put.key.size + put.value.size; /* 2 */
    key_store_time(age, self->now_ns);
    key_store_u64(age + 8, put.revision);
    put.value = put.key;
    put.key = storage_bytes(age, sizeof(age));
    return tree_put(store->writer, &ages, &put, self->ctx); /* 1 */
}
