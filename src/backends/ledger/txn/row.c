/*
 * txn/row.c - single rows: finding, comparing, copying, handing out.
 *
 * A get of the newest state takes no lock and registers nothing. What protects it is its epoch, and that is enough for
 * pages in memory, but not for those that it has to read from the file: such a page may be in use for something else by
 * then. Its check tells so, and the get is done again at a registered snapshot, where a failure is one.
 */
#include "backends/ledger/txn/row.h"

#include "backends/ledger/btree/overflow.h"

#include <string.h>

enum { COMPARE_SIZE = 4096 };

/* ---- blocks ---- */

static LedgerBlock *allocate_block(size_t size)
{
    LedgerBlock *block = storage_allocate(sizeof(*block) + size);
    if (block == NULL)
        return NULL;
    atomic_init(&block->references, 1);
    block->size = (uint32_t)size;
    return block;
}

LedgerBlock *ledger_block_new(StorageSlice bytes)
{
    LedgerBlock *block = allocate_block(bytes.size);
    if (block != NULL && bytes.size > 0)
        memcpy(block->bytes, bytes.data, bytes.size);
    return block;
}

LedgerBlock *ledger_block_share(LedgerBlock *block)
{
    (void)atomic_fetch_add_explicit(&block->references, 1, memory_order_relaxed);
    return block;
}

void ledger_block_release(LedgerBlock *block)
{
    if (block != NULL && atomic_fetch_sub_explicit(&block->references, 1, memory_order_acq_rel) == 1)
        storage_release(block);
}

static void release_block(void *owner)
{
    ledger_block_release(owner);
}

/* ---- looking ---- */

StorageStatus ledger_row_find(const LedgerTree *tree, StorageSlice key, int64_t now_ns, LedgerRow *ret_row,
                              StorageContext *ctx)
{
    LedgerRow row = {0};
    StorageStatus status = tree_get(tree, key, &row.record, &row.frame, ctx);
    if (status < 0)
        return status;
    row.is_present = status == STORAGE_OK && ledger_is_alive(&row.record, now_ns);
    *ret_row = row.is_present ? row : (LedgerRow){0};
    return STORAGE_OK;
}

static OverflowValue overflow_of(const LedgerTree *tree, const LedgerRecord *record)
{
    return (OverflowValue){tree->pager, tree->owner, record->overflow, record->value_size};
}

/* Whether the value in overflow pages is `expected`, which has its size. OK; CONFLICT. */
static StorageStatus compare_overflow(const LedgerTree *tree, const LedgerRecord *record, StorageSlice expected,
                                      StorageContext *ctx)
{
    OverflowValue value = overflow_of(tree, record);
    const unsigned char *bytes = expected.data;
    unsigned char buffer[COMPARE_SIZE];
    for (uint32_t offset = 0, size; offset < record->value_size; offset += size) {
        StorageStatus status;
        size = record->value_size - offset < COMPARE_SIZE ? record->value_size - offset : COMPARE_SIZE;
        status = overflow_read(&value, offset, buffer, size, ctx);
        if (status != STORAGE_OK)
            return status;
        if (memcmp(buffer, bytes + offset, size) != 0)
            return STORAGE_CONFLICT;
    }
    return STORAGE_OK;
}

static StorageStatus compare_value(const LedgerTree *tree, const LedgerRecord *record, StorageSlice expected,
                                   StorageContext *ctx)
{
    if (record->value_size != expected.size)
        return STORAGE_CONFLICT;
    if (record->overflow != NULL)
        return compare_overflow(tree, record, expected, ctx);
    return storage_slice_compare(record->value, expected) == 0 ? STORAGE_OK : STORAGE_CONFLICT;
}

StorageStatus ledger_row_check_expected(const LedgerTree *tree, const LedgerRow *row, const StorageExpected *expected,
                                        StorageContext *ctx)
{
    if (!row->is_present)
        return expected->kind == STORAGE_EXPECT_ABSENT ? STORAGE_OK : STORAGE_CONFLICT;
    switch (expected->kind) {
    case STORAGE_EXPECT_VALUE:
        return compare_value(tree, &row->record, expected->value, ctx);
    case STORAGE_EXPECT_REVISION:
        return row->record.revision == expected->revision ? STORAGE_OK : STORAGE_CONFLICT;
    default:
        return STORAGE_CONFLICT;
    }
}

StorageStatus ledger_row_check(const LedgerTree *tree, const LedgerRow *row, const StorageOperation *operation,
                               StorageContext *ctx)
{
    switch (operation->kind) {
    case STORAGE_OPERATION_TOUCH:
        return row->is_present ? STORAGE_OK : STORAGE_NOT_FOUND;
    case STORAGE_OPERATION_COMPARE_AND_SET:
    case STORAGE_OPERATION_COMPARE_AND_DELETE:
        return ledger_row_check_expected(tree, row, &operation->expected, ctx);
    default:
        return STORAGE_OK;
    }
}

/* ---- handing out ---- */

StorageStatus ledger_row_copy(const LedgerTree *tree, const LedgerRow *row, LedgerBlock **ret_block,
                              StorageContext *ctx)
{
    StorageStatus status = STORAGE_OK;
    LedgerBlock *block;
    if (row->block != NULL) {
        *ret_block = ledger_block_share(row->block);
        return STORAGE_OK;
    }
    block = allocate_block(row->record.value_size);
    if (block == NULL)
        return storage_fail(ctx, STORAGE_NO_MEMORY, "no memory for a value of %u bytes", row->record.value_size);
    if (row->record.overflow != NULL) {
        OverflowValue value = overflow_of(tree, &row->record);
        status = overflow_read(&value, 0, block->bytes, block->size, ctx);
    } else if (block->size > 0) {
        memcpy(block->bytes, row->record.value.data, block->size);
    }
    if (status == STORAGE_OK)
        *ret_block = block;
    else
        ledger_block_release(block);
    return status;
}

static void hand_out_pinned(const LedgerRecord *record, LedgerFrame *frame, StorageValue *ret_value)
{
    pager_pin(frame);
    storage_value_init(ret_value, record->value.data, record->value.size, record->revision, record->expires_at_ns,
                       pager_unpin_owner, frame);
}

StorageStatus ledger_row_value(const LedgerTree *tree, const LedgerRow *row, StorageValue *ret_value,
                               StorageContext *ctx)
{
    LedgerBlock *block;
    StorageStatus status;
    if (row->block == NULL && row->record.overflow == NULL) {
        hand_out_pinned(&row->record, row->frame, ret_value);
        return STORAGE_OK;
    }
    status = ledger_row_copy(tree, row, &block, ctx);
    if (status == STORAGE_OK)
        storage_value_init(ret_value, block->bytes, block->size, row->record.revision, row->record.expires_at_ns,
                           release_block, block);
    return status;
}

/* ---- gets ---- */

StorageStatus ledger_get_at(LedgerStates *states, const LedgerSnapshot *snapshot, StorageSlice key,
                            StorageValue *ret_value, StorageContext *ctx)
{
    LedgerTree tree = ledger_state_tree(states->pager, snapshot->state, LEDGER_TREE_DEFAULT);
    StorageStatus status = ledger_snapshot_judge(snapshot, STORAGE_OK, ctx);
    LedgerRow row;
    LedgerEpoch epoch;
    if (status != STORAGE_OK)
        return status;
    epoch = pager_enter(states->pager);
    status = ledger_row_find(&tree, key, snapshot->time_ns, &row, ctx);
    if (status == STORAGE_OK && row.is_present)
        pager_pin(row.frame);
    pager_leave(states->pager, epoch);
    if (status == STORAGE_OK && !row.is_present)
        return STORAGE_NOT_FOUND;
    if (status == STORAGE_OK) { /* a long value is read outside of the epoch */
        status = ledger_row_value(&tree, &row, ret_value, ctx);
        pager_unpin(states->pager, row.frame);
    }
    return status < 0 ? ledger_snapshot_judge(snapshot, status, ctx) : status;
}

/* What the fast way could not answer. */
static StorageStatus get_with_snapshot(LedgerStates *states, const StorageBackend *backend, StorageSlice key,
                                       StorageValue *ret_value, StorageContext *ctx)
{
    LedgerSnapshot snapshot;
    StorageStatus status;
    ledger_snapshot_open(states, &snapshot, backend, 0);
    status = ledger_get_at(states, &snapshot, key, ret_value, ctx);
    ledger_snapshot_close(states, &snapshot, backend);
    return status;
}

StorageStatus ledger_get_newest(LedgerStates *states, const StorageBackend *backend, StorageSlice key,
                                StorageValue *ret_value, StorageContext *ctx)
{
    LedgerEpoch epoch = pager_enter(states->pager);
    LedgerState *state = ledger_states_published(states);
    LedgerTree tree = ledger_state_tree(states->pager, state, LEDGER_TREE_DEFAULT);
    LedgerRecord record = {0};
    LedgerFrame *frame;
    StorageStatus status = tree_get(&tree, key, &record, &frame, NULL);
    if (status == STORAGE_OK && record.expires_at_ns != STORAGE_NEVER &&
        record.expires_at_ns <= ledger_state_now(state, backend)) /* most rows need no look at a clock */
        status = STORAGE_NOT_FOUND;
    if (status == STORAGE_OK && record.overflow == NULL)
        hand_out_pinned(&record, frame, ret_value);
    pager_leave(states->pager, epoch);
    if (status < 0 || (status == STORAGE_OK && record.overflow != NULL))
        return get_with_snapshot(states, backend, key, ret_value, ctx);
    return status;
}
