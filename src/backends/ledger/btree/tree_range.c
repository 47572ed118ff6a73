/*
 * btree/tree_range.c - deleting a whole range.
 *
 * The ways to the two ends of the range part at one node. What hangs between them there goes at once; then, on each
 * level below, what is right of the left way and left of the right one; last, entries of the two leaves. Each of these
 * is one edit of one node, planned and applied like any other, after which both ways are sought again.
 *
 * A subtree goes without a look at its leaves, unless the pointer to one says that values may be in overflow pages.
 */
#include "backends/ledger/btree/overflow.h"
#include "backends/ledger/btree/tree_writer.h"

/* A way down, as tree_find_way leaves it in the writer. */
typedef struct Way {
    LedgerFrame *frames[LEDGER_TREE_LEVELS_MAX];
    uint32_t indexes[LEDGER_TREE_LEVELS_MAX];
} Way;

/* What goes next: `count` entries or children from `index` on, of the node at `level` of `way`. */
typedef struct Cut {
    const Way *way;
    uint32_t level, index, count;
} Cut;

/* ---- what a subtree leaves over ---- */

static StorageStatus no_memory(StorageContext *ctx)
{
    return storage_fail(ctx, STORAGE_NO_MEMORY,
                        "a range to be deleted: out of memory; free some or delete less at once");
}

/* Notes the overflow pages of the entries [from, end) of a leaf. */
static StorageStatus leave_values(LedgerWriter *writer, const LedgerTree *self, const LedgerFrame *frame, uint32_t from,
                                  uint32_t end, StorageContext *ctx)
{
    Node node = tree_node(self, frame);
    for (uint32_t index = from; index < end; index++) {
        LedgerRecord record = node_record(node, index);
        OverflowValue value = {self->pager, self->owner, record.overflow, record.value_size};
        StorageStatus status = STORAGE_OK;
        if (record.overflow != NULL)
            status = overflow_collect(&value, &writer->left_over, ctx);
        if (status != STORAGE_OK)
            return status;
    }
    return STORAGE_OK;
}

static StorageStatus read_at(const LedgerTree *self, const unsigned char *pointer, uint32_t level,
                             LedgerFrame **ret_frame, StorageContext *ctx)
{
    LedgerExpectation expectation = tree_expectation(self, level);
    return pager_read(self->pager, pointer, &expectation, NULL, ret_frame, ctx);
}

/* Notes the page at the encoded `pointer`; of a leaf also what is in its overflow pages. */
static StorageStatus leave_page(LedgerWriter *writer, const LedgerTree *self, const unsigned char *pointer,
                                uint32_t level, LedgerFrame **ret_frame, StorageContext *ctx)
{
    StorageStatus status;
    if (page_list_add(&writer->left_over, pointer) != STORAGE_OK)
        return no_memory(ctx);
    if (level == 0 && (ledger_pointer_flags(pointer) & LEDGER_POINTER_OVERFLOW) == 0)
        return STORAGE_OK;
    status = read_at(self, pointer, level, ret_frame, ctx);
    if (status != STORAGE_OK || level > 0)
        return status;
    return leave_values(writer, self, *ret_frame, 0, node_entry_count(tree_node(self, *ret_frame)), ctx);
}

/* Notes all pages of the subtree at the encoded `pointer`. */
static StorageStatus leave_subtree(LedgerWriter *writer, const LedgerTree *self, const unsigned char *pointer,
                                   uint32_t level, StorageContext *ctx)
{
    LedgerFrame *frames[LEDGER_TREE_LEVELS_MAX];
    uint32_t indexes[LEDGER_TREE_LEVELS_MAX], at = level;
    StorageStatus status = leave_page(writer, self, pointer, level, &frames[level], ctx);
    if (level == 0)
        return status;
    indexes[level] = 0;
    while (status == STORAGE_OK) {
        Node node = tree_node(self, frames[at]);
        if (indexes[at] == node_entry_count(node)) {
            if (at++ == level)
                return STORAGE_OK;
            continue;
        }
        status = leave_page(writer, self, node_child(node, indexes[at]++), at - 1, &frames[at - 1], ctx);
        if (at > 1)
            indexes[--at] = 0;
    }
    return status;
}

/* ---- which part goes next ---- */

static StorageStatus find_way(LedgerWriter *writer, const LedgerTree *self, StorageSlice key, Way *ret_way,
                              StorageContext *ctx)
{
    int is_equal;
    StorageStatus status = tree_find_way(writer, self, key, &is_equal, ctx);
    memcpy(ret_way->frames, writer->frames, sizeof(ret_way->frames));
    memcpy(ret_way->indexes, writer->indexes, sizeof(ret_way->indexes));
    return status;
}

static uint32_t count_at(const LedgerTree *self, const Way *way, uint32_t level)
{
    return node_entry_count(tree_node(self, way->frames[level]));
}

/* Right of the left way, below the level at which the two part. A branch keeps the child that the way takes. */
static Cut cut_right_of(const LedgerTree *self, const Way *way, uint32_t level)
{
    while (level-- > 0) {
        uint32_t first = way->indexes[level] + (level > 0 ? 1 : 0), count = count_at(self, way, level);
        if (first < count)
            return (Cut){way, level, first, count - first};
    }
    return (Cut){0};
}

static Cut cut_left_of(const Way *way, uint32_t level)
{
    while (level-- > 0)
        if (way->indexes[level] > 0)
            return (Cut){way, level, 0, way->indexes[level]};
    return (Cut){0};
}

/* The next part of the range, the larger ones first; count 0: there is none. `end` NULL: to the last key. */
static Cut next_cut(const LedgerTree *self, const Way *start, const Way *end)
{
    uint32_t level = self->root->level, first, last;
    Cut cut;
    while (end != NULL && level > 0 && start->indexes[level] == end->indexes[level])
        level--;
    first = start->indexes[level] + (level > 0 ? 1 : 0);
    last = end != NULL ? end->indexes[level] : count_at(self, start, level);
    if (first < last)
        return (Cut){start, level, first, last - first};
    if (level == 0)
        return (Cut){0};
    cut = cut_right_of(self, start, level);
    return cut.count > 0 || end == NULL ? cut : cut_left_of(end, level);
}

/* ---- making it go ---- */

/* Notes what the cut leaves over; `*ret_entries` is how many entries that is. */
static StorageStatus leave_cut(LedgerWriter *writer, const LedgerTree *self, const Cut *cut, uint64_t *ret_entries,
                               StorageContext *ctx)
{
    Node node = tree_node(self, cut->way->frames[cut->level]);
    StorageStatus status = STORAGE_OK;
    *ret_entries = cut->count;
    if (cut->level == 0)
        return leave_values(writer, self, cut->way->frames[0], cut->index, cut->index + cut->count, ctx);
    *ret_entries = 0;
    for (uint32_t index = 0; index < cut->count && status == STORAGE_OK; index++) {
        const unsigned char *pointer = node_child(node, cut->index + index);
        *ret_entries += ledger_pointer_entries(pointer);
        status = leave_subtree(writer, self, pointer, cut->level - 1, ctx);
    }
    return status;
}

static StorageStatus delete_cut(LedgerWriter *writer, const LedgerTree *self, const Cut *cut, uint64_t *ret_entries,
                                StorageContext *ctx)
{
    StorageStatus status = leave_cut(writer, self, cut, ret_entries, ctx);
    if (status != STORAGE_OK)
        return status;
    memcpy(writer->frames, cut->way->frames, sizeof(cut->way->frames));
    memcpy(writer->indexes, cut->way->indexes, sizeof(cut->way->indexes));
    status = tree_own_way(writer, self, cut->level, ctx);
    if (status != STORAGE_OK)
        return status;
    writer->plans[cut->level].edit = (TreeEdit){.index = cut->index, .removed = cut->count};
    status = tree_plan(writer, self, cut->level, ctx);
    if (status == STORAGE_OK)
        tree_apply(writer, self, cut->level, -(int64_t)*ret_entries, 0);
    return status;
}

static StorageStatus delete_all(LedgerWriter *writer, const LedgerTree *self, uint64_t *ret_count, StorageContext *ctx)
{
    StorageStatus status = leave_subtree(writer, self, self->root->pointer, self->root->level, ctx);
    if (status == STORAGE_OK) {
        *ret_count += ledger_root_entry_count(self->root);
        *self->root = (LedgerRoot){.level = 0};
    }
    return tree_finish(writer, status);
}

/* Finds and deletes the next part of the interval. `*ret_is_done`: there was none. */
static StorageStatus delete_next(LedgerWriter *writer, const LedgerTree *self, const LedgerInterval *interval,
                                 uint64_t *ret_count, int *ret_is_done, StorageContext *ctx)
{
    Way start, end;
    uint64_t entries;
    Cut cut;
    StorageStatus status = find_way(writer, self, interval->start, &start, ctx);
    if (status == STORAGE_OK && interval->has_end)
        status = find_way(writer, self, interval->end, &end, ctx);
    if (status != STORAGE_OK)
        return status;
    cut = next_cut(self, &start, interval->has_end ? &end : NULL);
    *ret_is_done = cut.count == 0;
    if (*ret_is_done)
        return STORAGE_OK;
    if (self->root->level == 0 && cut.count == count_at(self, &start, 0))
        return delete_all(writer, self, ret_count, ctx);
    status = delete_cut(writer, self, &cut, &entries, ctx);
    if (status == STORAGE_OK)
        *ret_count += entries;
    return tree_finish(writer, status);
}

StorageStatus tree_delete_range(LedgerWriter *writer, const LedgerTree *self, const LedgerInterval *interval,
                                uint64_t *ret_count, StorageContext *ctx)
{
    uint64_t count = 0;
    int is_done = 0;
    StorageStatus status = STORAGE_OK;
    if (interval->has_end && storage_slice_compare(interval->start, interval->end) >= 0)
        is_done = 1;
    else if (interval->start.size == 0 && !interval->has_end && !ledger_root_is_empty(self->root))
        status = delete_all(writer, self, &count, ctx);
    while (!is_done && status == STORAGE_OK && !ledger_root_is_empty(self->root))
        status = delete_next(writer, self, interval, &count, &is_done, ctx);
    if (status == STORAGE_OK)
        *ret_count = count;
    return status;
}
