/*
 * db/changes.c - the tree of changes, which watches read (docs/format/ledger-file.md, section 7).
 *
 * Invariants:
 *   1. changes_size is the bytes of all keys and values in the tree.
 *   2. Revisions are dropped whole, oldest first, and never those of the newest commit; changes_floor is the first
 *      revision of which everything is there.
 *   3. A value that would take more than a share of the history is not kept: a watch takes it from the table.
 */
#include "backends/ledger/btree/cursor.h"
#include "backends/ledger/db/commit.h"
#include "backends/ledger/page/codec.h"
#include "backends/ledger/txn/key_codec.h"

#include <string.h>

#define VALUE_SHARE 8u /* of the history's bytes (3) */

enum {
    CHANGE_START_KIND = 1,
    CHANGE_END_KIND = 2,
    CHANGE_FLAGS = 3,
    CHANGE_TABLE_ID = 4,
    CHANGE_TIME = 12,
    CHANGE_EXPIRY = 20,
    CHANGE_KEY = 28,
    CHANGE_HAS_NO_VALUE = 1
};

void ledger_change_key(uint64_t revision, uint32_t position, unsigned char key[LEDGER_CHANGE_KEY_SIZE])
{
    key_store_u64(key, revision);
    key_store_u32(key + 8, position);
}

/* ---- writing ---- */

static unsigned char *store_slice(unsigned char *bytes, StorageSlice slice)
{
    bytes += codec_leb128_store(bytes, slice.size);
    if (slice.size > 0)
        memcpy(bytes, slice.data, slice.size);
    return bytes + slice.size;
}

/* The row in the store's buffer, which has the room. */
static StorageSlice encode(LedgerEffects *self, const LedgerChange *change, int has_value)
{
    unsigned char *bytes = self->store->row_buffer, *end;
    memset(bytes, 0, CHANGE_KEY);
    bytes[0] = (unsigned char)change->kind;
    codec_store_u64(bytes + CHANGE_TABLE_ID, LEDGER_TREE_DEFAULT);
    codec_store_u64(bytes + CHANGE_TIME, (uint64_t)self->now_ns);
    codec_store_u64(bytes + CHANGE_EXPIRY, (uint64_t)change->expires_at_ns);
    end = store_slice(bytes + CHANGE_KEY, change->key);
    if (change->range != NULL) {
        bytes[CHANGE_START_KIND] = (unsigned char)change->range->start.kind;
        bytes[CHANGE_END_KIND] = (unsigned char)change->range->end.kind;
        end = store_slice(end, change->range->end.key);
    } else if (change->kind == STORAGE_CHANGE_SET) {
        if (has_value)
            end = store_slice(end, change->value);
        else
            end += codec_leb128_store(end, change->value.size);
        bytes[CHANGE_FLAGS] = has_value ? 0 : CHANGE_HAS_NO_VALUE;
    }
    return storage_bytes(bytes, (size_t)(end - bytes));
}

StorageStatus ledger_change_append(LedgerEffects *self, const LedgerChange *change)
{
    LedgerStore *store = self->store;
    LedgerTree tree = ledger_working_tree(store, LEDGER_TREE_CHANGES);
    unsigned char key[LEDGER_CHANGE_KEY_SIZE];
    LedgerPut put = {.revision = self->revision, .expires_at_ns = STORAGE_NEVER};
    int has_value = change->value.size <= store->options.watch_history_bytes / VALUE_SHARE; /* 3 */
    size_t size = CHANGE_KEY + 2 * (size_t)CODEC_LEB128_SIZE_MAX + change->key.size +
                  (change->range != NULL ? change->range->end.key.size : 0) + (has_value ? change->value.size : 0);
    StorageStatus status = ledger_row_room(store, size, self->ctx);
    if (status != STORAGE_OK)
        return status;
    ledger_change_key(self->revision, self->position++, key);
    put.key = storage_bytes(key, sizeof(key));
    put.value = encode(self, change, has_value);
    status = tree_put(store->writer, &tree, &put, self->ctx);
    if (status == STORAGE_OK)
        store->working.changes_size += put.key.size + put.value.size; /* 1 */
    return status;
}

/* ---- retention ---- */

static int is_over(const LedgerStore *store, uint64_t count, uint64_t size, uint64_t share)
{
    uint64_t count_max = store->options.watch_history_count, size_max = store->options.watch_history_bytes;
    return count > count_max + (share == 0 ? 0 : count_max / share) ||
           size > size_max + (share == 0 ? 0 : size_max / share);
}

typedef struct Cut {
    uint64_t revision; /* everything up to this one goes; 0: nothing */
    uint64_t size;     /* bytes that go with it */
} Cut;

/* Finds the cut that brings the tree within its limits, reading only what goes. */
static StorageStatus find_cut(LedgerStore *store, const LedgerTree *tree, Cut *ret_cut, StorageContext *ctx)
{
    LedgerInterval everything = {{NULL, 0}, {NULL, 0}, 0};
    uint64_t count = ledger_root_entry_count(tree->root), size = store->working.changes_size, gone = 0;
    uint64_t revision = 0, last = 0;
    LedgerCursor cursor;
    LedgerEntry entry;
    StorageStatus status;
    *ret_cut = (Cut){0, 0};
    if (cursor_init(&cursor, tree, &everything) != STORAGE_OK)
        return storage_fail(ctx, STORAGE_NO_MEMORY, "no memory to trim the watch history");
    while ((status = cursor_next(&cursor, &entry, ctx)) == STORAGE_OK) {
        revision = entry.key.size == LEDGER_CHANGE_KEY_SIZE ? key_load_u64(entry.key.data) : last;
        if (revision != last) {
            *ret_cut = (Cut){last, gone};
            if (!is_over(store, count, size - gone, 0) || revision >= store->working.newest_commit)
                break;
        }
        last = revision;
        count--;
        gone += entry.key.size + entry.record.value_size;
    }
    cursor_done(&cursor);
    return status == STORAGE_END ? STORAGE_OK : status;
}

StorageStatus ledger_changes_trim(LedgerStore *store, StorageContext *ctx)
{
    LedgerTree tree = ledger_working_tree(store, LEDGER_TREE_CHANGES);
    unsigned char end[LEDGER_CHANGE_KEY_SIZE];
    LedgerInterval dropped = {.end = {end, sizeof(end)}, .has_end = 1};
    uint64_t count;
    Cut cut;
    StorageStatus status;
    if (!is_over(store, ledger_root_entry_count(tree.root), store->working.changes_size, 10))
        return STORAGE_OK;
    status = find_cut(store, &tree, &cut, ctx);
    if (status != STORAGE_OK || cut.revision == 0)
        return status;
    ledger_change_key(cut.revision + 1, 0, end);
    status = tree_delete_range(store->writer, &tree, &dropped, &count, ctx);
    if (status == STORAGE_OK) {
        store->working.changes_size -= cut.size;               /* 1 */
        store->working.state.changes_floor = cut.revision + 1; /* 2 */
    }
    return status;
}

/* ---- reading ---- */

static int load_slice(const unsigned char **at, const unsigned char *end, StorageSlice *ret_slice)
{
    uint64_t size;
    uint32_t taken = codec_leb128_check(*at, (uint32_t)(end - *at), &size);
    if (taken == 0 || size > (uint64_t)(end - *at - taken))
        return 0;
    *ret_slice = storage_bytes(*at + taken, (size_t)size);
    *at += taken + size;
    return 1;
}

int ledger_change_decode(StorageSlice slice, StorageChange *ret_change, int *ret_has_value)
{
    const unsigned char *bytes = slice.data, *at = bytes + CHANGE_KEY, *end = bytes + slice.size;
    StorageChange *change = ret_change;
    if (slice.size < CHANGE_KEY || bytes[CHANGE_START_KIND] > STORAGE_BOUND_PREFIX_END ||
        bytes[CHANGE_END_KIND] > STORAGE_BOUND_PREFIX_END)
        return 0;
    *change = (StorageChange){.kind = bytes[0], .expires_at_ns = (int64_t)codec_load_u64(bytes + CHANGE_EXPIRY)};
    *ret_has_value = (bytes[CHANGE_FLAGS] & CHANGE_HAS_NO_VALUE) == 0;
    if (!load_slice(&at, end, &change->key))
        return 0;
    if (change->kind == STORAGE_CHANGE_CLEARED) {
        change->range.start = (StorageBound){.key = change->key, .kind = bytes[CHANGE_START_KIND]};
        change->range.end.kind = bytes[CHANGE_END_KIND];
        change->key = storage_bytes(NULL, 0);
        return load_slice(&at, end, &change->range.end.key);
    }
    return change->kind != STORAGE_CHANGE_SET || !*ret_has_value || load_slice(&at, end, &change->value);
}
