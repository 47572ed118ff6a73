/*
 * btree/cursor.c - walking through a tree in order.
 *
 * Invariants:
 *   1. Either the whole way from the root to a leaf is pinned, or nothing is. A step pins the new part of the way
 * before it unpins the old one, so a step that fails leaves the cursor where it was.
 *   2. key[0, prefix_size) is the prefix of the leaf.
 */
#include "backends/ledger/btree/cursor.h"

#include "backends/ledger/btree/tree_read.h"

/* Where a descent goes: to the place of a key, or along an edge. */
enum { TO_KEY, TO_FIRST, TO_LAST };

StorageStatus cursor_init(LedgerCursor *self, const LedgerTree *tree, const LedgerInterval *interval)
{
    *self = (LedgerCursor){.tree = *tree, .interval = *interval};
    self->key = storage_allocate(node_key_size_max(pager_page_size(tree->pager)) + NODE_HEAD_SIZE);
    return self->key == NULL ? STORAGE_NO_MEMORY : STORAGE_OK;
}

void cursor_done(LedgerCursor *self)
{
    for (uint32_t level = 0; level < LEDGER_TREE_LEVELS_MAX; level++)
        if (self->frames[level] != NULL)
            pager_unpin(self->tree.pager, self->frames[level]);
    storage_release(self->key);
    *self = (LedgerCursor){.key = NULL};
}

static Node leaf_of(const LedgerCursor *self)
{
    return tree_node(&self->tree, self->frames[0]);
}

/* Finds out which entries of the leaf are in the interval. */
static void enter_leaf(LedgerCursor *self)
{
    Node leaf = leaf_of(self);
    int is_equal;
    self->first = self->interval.start.size > 0 ? node_search(leaf, self->interval.start, &is_equal) : 0;
    self->end = self->interval.has_end ? node_search(leaf, self->interval.end, &is_equal) : node_entry_count(leaf);
    if (self->end < self->first) /* an inverted interval */
        self->end = self->first;
    self->prefix_size = node_prefix_size(leaf);
    memcpy(self->key, node_prefix(leaf), self->prefix_size);
}

/* Takes the levels below `level` over from a descent that went well. */
static void replace_way(LedgerCursor *self, LedgerFrame **frames, const uint32_t *indexes, uint32_t level)
{
    for (uint32_t at = 0; at < level; at++) {
        if (self->frames[at] != NULL)
            pager_unpin(self->tree.pager, self->frames[at]);
        self->frames[at] = frames[at];
        self->indexes[at] = indexes[at];
    }
    enter_leaf(self);
}

static uint32_t choose_index(Node node, int target, StorageSlice key)
{
    if (target != TO_KEY)
        return target == TO_FIRST ? 0 : node_entry_count(node) - (node_is_leaf(node) ? 0 : 1);
    if (node_is_leaf(node)) {
        int is_equal;
        return node_search(node, key, &is_equal);
    }
    return node_child_index(node, key);
}

/* Goes down from child `index` of the node at `level`; with `level` above the root, from the root. */
static StorageStatus descend(LedgerCursor *self, uint32_t level, uint32_t index, int target, StorageSlice key,
                             StorageContext *ctx)
{
    LedgerFrame *frames[LEDGER_TREE_LEVELS_MAX], *parent = level > self->tree.root->level ? NULL : self->frames[level];
    uint32_t indexes[LEDGER_TREE_LEVELS_MAX], at = level;
    LedgerEpoch epoch = pager_enter(self->tree.pager);
    StorageStatus status = STORAGE_OK;
    while (at > 0 && status == STORAGE_OK) {
        if (parent == NULL)
            status = tree_read_root(&self->tree, &frames[at - 1], ctx);
        else
            status = tree_read_child(&self->tree, parent, at - 1, index, &frames[at - 1], ctx);
        if (status != STORAGE_OK)
            break;
        at--;
        pager_pin(frames[at]);
        parent = frames[at];
        indexes[at] = index = choose_index(tree_node(&self->tree, parent), target, key);
    }
    pager_leave(self->tree.pager, epoch);
    if (status == STORAGE_OK) {
        replace_way(self, frames, indexes, level);
        return STORAGE_OK;
    }
    for (; at < level; at++) /* 1 */
        pager_unpin(self->tree.pager, frames[at]);
    return status;
}

/* To the next leaf, or (`is_forward` 0) to the one before. OK; END; else the cursor stays where it is. */
static StorageStatus step(LedgerCursor *self, int is_forward, StorageContext *ctx)
{
    uint32_t level = 1, root_level = self->tree.root->level, index;
    StorageStatus status;
    if (is_forward ? self->end < node_entry_count(leaf_of(self)) : self->first > 0)
        return STORAGE_END; /* the interval ends within this leaf */
    while (level <= root_level &&
           self->indexes[level] == (is_forward ? node_entry_count(tree_node(&self->tree, self->frames[level])) - 1 : 0))
        level++;
    if (level > root_level)
        return STORAGE_END;
    index = is_forward ? self->indexes[level] + 1 : self->indexes[level] - 1;
    status = descend(self, level, index, is_forward ? TO_FIRST : TO_LAST, (StorageSlice){NULL, 0}, ctx);
    if (status == STORAGE_OK)
        self->indexes[level] = index;
    return status;
}

/* A cursor that stands nowhere goes to the beginning of the interval, or to its end. */
static StorageStatus place(LedgerCursor *self, int is_forward, StorageContext *ctx)
{
    StorageSlice key = is_forward ? self->interval.start : self->interval.end;
    if (self->frames[0] != NULL)
        return STORAGE_OK;
    if (ledger_root_is_empty(self->tree.root))
        return STORAGE_END;
    return descend(self, self->tree.root->level + 1, 0, is_forward || self->interval.has_end ? TO_KEY : TO_LAST, key,
                   ctx);
}

static void hand_out(LedgerCursor *self, uint32_t index, LedgerEntry *ret_entry)
{
    Node leaf = leaf_of(self);
    NodeCell cell = node_cell(leaf, index);
    uint32_t head = node_head(leaf, index), head_size = cell_head_size(cell.flags);
    unsigned char *tail = self->key + self->prefix_size;
    for (uint32_t place = 0; place < NODE_HEAD_SIZE; place++)
        tail[place] = (unsigned char)(head >> (8 * (NODE_HEAD_SIZE - 1 - place)));
    if (cell.rest_size > 0)
        memcpy(tail + NODE_HEAD_SIZE, cell.rest, cell.rest_size);
    ret_entry->key = (StorageSlice){self->key, self->prefix_size + head_size + cell.rest_size};
    ret_entry->record = node_cell_record(&cell);
}

StorageStatus cursor_next(LedgerCursor *self, LedgerEntry *ret_entry, StorageContext *ctx)
{
    StorageStatus status = place(self, 1, ctx);
    while (status == STORAGE_OK && self->indexes[0] >= self->end)
        status = step(self, 1, ctx);
    if (status == STORAGE_OK)
        hand_out(self, self->indexes[0]++, ret_entry);
    return status;
}

StorageStatus cursor_previous(LedgerCursor *self, LedgerEntry *ret_entry, StorageContext *ctx)
{
    StorageStatus status = place(self, 0, ctx);
    while (status == STORAGE_OK && self->indexes[0] <= self->first)
        status = step(self, 0, ctx);
    if (status == STORAGE_OK)
        hand_out(self, --self->indexes[0], ret_entry);
    return status;
}

/* Into the interval, when the place sought is outside. */
static StorageSlice clamp(const LedgerCursor *self, StorageSlice key)
{
    if (storage_slice_compare(key, self->interval.start) < 0)
        return self->interval.start;
    return self->interval.has_end && storage_slice_compare(key, self->interval.end) > 0 ? self->interval.end : key;
}

static StorageStatus seek(LedgerCursor *self, StorageSlice key, int is_behind, StorageContext *ctx)
{
    StorageSlice place_key = clamp(self, key);
    StorageStatus status;
    int is_equal;
    uint32_t index;
    if (ledger_root_is_empty(self->tree.root))
        return STORAGE_OK;
    status = descend(self, self->tree.root->level + 1, 0, TO_KEY, place_key, ctx);
    if (status != STORAGE_OK || !is_behind)
        return status;
    index = node_search(leaf_of(self), key, &is_equal);
    if (is_equal && index >= self->first && index < self->end)
        self->indexes[0] = index + 1;
    return STORAGE_OK;
}

StorageStatus cursor_seek_before(LedgerCursor *self, StorageSlice key, StorageContext *ctx)
{
    return seek(self, key, 0, ctx);
}

StorageStatus cursor_seek_behind(LedgerCursor *self, StorageSlice key, StorageContext *ctx)
{
    return seek(self, key, 1, ctx);
}
