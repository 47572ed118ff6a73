/*
 * btree/tree_way.c - the way of the writer from the root to the node that changes.
 *
 * Invariant: after each step of copying, the tree from its root is whole and has the content that it had: a copy is put
 * into its parent, or the root, at once. So copying can stop anywhere.
 */
#include "backends/ledger/btree/tree_writer.h"

StorageStatus tree_writer_new(LedgerPager *pager, LedgerWriter **ret_writer)
{
    LedgerWriter *self = storage_allocate_zero(sizeof(*self));
    uint32_t page_size = pager_page_size(pager), key_size = node_key_size_max(page_size);
    unsigned char *key;
    if (self == NULL)
        return STORAGE_NO_MEMORY;
    self->pager = pager;
    self->page_size = page_size;
    self->scratch = storage_allocate_zero((size_t)TREE_RESULTS_MAX * page_size);
    self->keys = storage_allocate((size_t)(LEDGER_TREE_LEVELS_MAX + 1) * (TREE_ADDED_MAX + 1) * key_size);
    self->weights = storage_allocate((2 * node_entries_max(page_size) + TREE_RESULTS_MAX) * sizeof(*self->weights));
    self->value = storage_allocate(page_size);
    if (self->value == NULL || self->scratch == NULL || self->keys == NULL || self->weights == NULL) {
        tree_writer_free(self);
        return STORAGE_NO_MEMORY;
    }
    key = self->keys;
    for (size_t level = 0; level <= LEDGER_TREE_LEVELS_MAX; level++)
        for (size_t index = 0; index <= TREE_ADDED_MAX; index++, key += key_size)
            self->plans[level].keys[index] = key;
    *ret_writer = self;
    return STORAGE_OK;
}

void tree_writer_free(LedgerWriter *self)
{
    if (self == NULL)
        return;
    page_list_done(&self->made);
    page_list_done(&self->left_over);
    storage_release(self->scratch);
    storage_release(self->value);
    storage_release(self->keys);
    storage_release(self->weights);
    storage_release(self);
}

StorageStatus tree_find_way(LedgerWriter *writer, const LedgerTree *self, StorageSlice key, int *ret_is_equal,
                            StorageContext *ctx)
{
    uint32_t at = self->root->level;
    StorageStatus status = tree_read_root(self, &writer->frames[at], ctx);
    *ret_is_equal = 0;
    for (; status == STORAGE_OK; at--) {
        Node node = tree_node(self, writer->frames[at]);
        writer->indexes[at] = at == 0 ? node_search(node, key, ret_is_equal) : node_child_index(node, key);
        if (at == 0)
            break;
        status = tree_read_child(self, writer->frames[at], at - 1, writer->indexes[at], &writer->frames[at - 1], ctx);
    }
    return status;
}

/* Puts a copy into the place of what it was copied from; the content is the same, and so is what the pointer says. */
static void replace_pointer(unsigned char *place, const LedgerFrame *frame)
{
    LedgerPointer old = ledger_pointer_decode(place), pointer = pager_pointer(frame);
    pointer.entries = old.entries;
    pointer.flags = old.flags;
    ledger_pointer_encode(&pointer, place);
}

static StorageStatus own(LedgerWriter *writer, unsigned char *place, LedgerFrame **frame, StorageContext *ctx)
{
    LedgerFrame *changed;
    StorageStatus status = pager_change(writer->pager, *frame, &changed, ctx);
    if (status != STORAGE_OK || changed == *frame)
        return status;
    if (writer->last_page_id == (*frame)->page_id)
        writer->last_page_id = changed->page_id;
    replace_pointer(place, changed);
    *frame = changed;
    return STORAGE_OK;
}

StorageStatus tree_own_way(LedgerWriter *writer, const LedgerTree *self, uint32_t level, StorageContext *ctx)
{
    for (uint32_t at = self->root->level;; at--) {
        StorageStatus status;
        if (at == self->root->level)
            status = own(writer, self->root->pointer, &writer->frames[at], ctx);
        else
            status = tree_own_child(writer, self, at, writer->indexes[at + 1], &writer->frames[at], ctx);
        if (status != STORAGE_OK || at == level)
            return status;
    }
}

StorageStatus tree_own_child(LedgerWriter *writer, const LedgerTree *self, uint32_t level, uint32_t index,
                             LedgerFrame **frame, StorageContext *ctx)
{
    return own(writer, node_child(tree_node(self, writer->frames[level + 1]), index), frame, ctx);
}

StorageStatus tree_new_page(LedgerWriter *writer, const LedgerTree *self, uint32_t level, LedgerFrame **ret_frame,
                            StorageContext *ctx)
{
    LedgerExpectation expectation = tree_expectation(self, level);
    LedgerFrame *frame;
    LedgerPointer pointer;
    unsigned char encoded[LEDGER_POINTER_SIZE];
    StorageStatus status = pager_new(writer->pager, &expectation, &frame, ctx);
    if (status != STORAGE_OK)
        return status;
    status = page_list_add_frame(&writer->made, frame);
    if (status == STORAGE_OK) {
        *ret_frame = frame;
        return STORAGE_OK;
    }
    pointer = pager_pointer(frame);
    ledger_pointer_encode(&pointer, encoded);
    pager_drop(writer->pager, encoded);
    return storage_fail(ctx, status, "a change of tree %llu: out of memory; free some and try again",
                        (unsigned long long)self->owner);
}

StorageStatus tree_finish(LedgerWriter *writer, StorageStatus status)
{
    page_list_drop(status == STORAGE_OK ? &writer->left_over : &writer->made, writer->pager);
    page_list_clear(&writer->left_over);
    page_list_clear(&writer->made);
    return status;
}
