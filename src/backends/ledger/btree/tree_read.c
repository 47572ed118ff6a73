/*
 * btree/tree_read.c - roots, and finding one key.
 *
 * A descent takes no lock and looks at three or four cache lines of a branch: it asks for the first lines of a node
 * before it needs them, since the halving search would wait for one after the other.
 */
#include "backends/ledger/btree/tree_read.h"

enum { ROOT_LEVEL = 40, ROOT_RESERVED = 42, CACHE_LINE = 64, PREFETCHED_LINES = 4 };

void ledger_root_encode(const LedgerRoot *root, unsigned char buffer[LEDGER_ROOT_SIZE])
{
    memset(buffer, 0, LEDGER_ROOT_SIZE);
    memcpy(buffer, root->pointer, LEDGER_POINTER_SIZE);
    codec_store_u16(buffer + ROOT_LEVEL, (uint16_t)root->level);
}

int ledger_root_decode(const unsigned char buffer[LEDGER_ROOT_SIZE], LedgerRoot *ret_root)
{
    static const unsigned char zeros[LEDGER_ROOT_SIZE];
    LedgerPointer pointer = ledger_pointer_decode(buffer);
    uint32_t level = codec_load_u16(buffer + ROOT_LEVEL);
    if (memcmp(buffer + ROOT_RESERVED, zeros, LEDGER_ROOT_SIZE - ROOT_RESERVED) != 0 || level >= LEDGER_TREE_LEVELS_MAX)
        return 0;
    if (pointer.page_id == 0 ? memcmp(buffer, zeros, LEDGER_ROOT_SIZE) != 0 : pointer.entries == 0)
        return 0;
    if ((pointer.flags & ~(uint32_t)(LEDGER_POINTER_OVERFLOW | LEDGER_POINTER_EXPIRES)) != 0)
        return 0;
    memcpy(ret_root->pointer, buffer, LEDGER_POINTER_SIZE);
    ret_root->level = level;
    return 1;
}

int ledger_root_is_empty(const LedgerRoot *root)
{
    return ledger_pointer_page_id(root->pointer) == 0;
}

uint64_t ledger_root_entry_count(const LedgerRoot *root)
{
    return ledger_pointer_entries(root->pointer);
}

static void prefetch_node(Node node)
{
    for (size_t line = 1; line <= PREFETCHED_LINES; line++) /* the line before them is the page header's */
        __builtin_prefetch(node.bytes + line * CACHE_LINE);
}

StorageStatus tree_get(const LedgerTree *self, StorageSlice key, LedgerRecord *ret_record, LedgerFrame **ret_frame,
                       StorageContext *ctx)
{
    LedgerFrame *frame;
    StorageStatus status;
    int is_equal;
    uint32_t index;
    if (ledger_root_is_empty(self->root))
        return STORAGE_NOT_FOUND;
    status = tree_read_root(self, &frame, ctx);
    for (uint32_t level = self->root->level; level > 0 && status == STORAGE_OK; level--) {
        index = node_child_index(tree_node(self, frame), key);
        status = tree_read_child(self, frame, level - 1, index, &frame, ctx);
        if (status == STORAGE_OK)
            prefetch_node(tree_node(self, frame));
    }
    if (status != STORAGE_OK)
        return status;
    index = node_search(tree_node(self, frame), key, &is_equal);
    if (!is_equal)
        return STORAGE_NOT_FOUND;
    *ret_record = node_record(tree_node(self, frame), index);
    *ret_frame = frame;
    return STORAGE_OK;
}
