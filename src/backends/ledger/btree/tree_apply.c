/*
 * btree/tree_apply.c - makes the planned changes, from the first level up. Nothing here can fail.
 *
 * Invariant: when a level is changed, the pointers to its children, which stand in it, already say what is below them.
 */
#include <assert.h>

#include "backends/ledger/btree/tree_writer.h"

/* The pointer to child `index` of the node above `level`; the root's pointer has no node above it. */
static unsigned char *pointer_to(LedgerWriter *writer, const LedgerTree *self, uint32_t level, uint32_t index)
{
    if (level == self->root->level)
        return self->root->pointer;
    return node_child(tree_node(self, writer->frames[level + 1]), index);
}

/* Lets the hints of a branch follow its children. They are only hints: of new children there is none yet. */
static void shift_hints(const LedgerFrame *frame, uint32_t count, const TreeEdit *edit)
{
    uint32_t from = edit->index + edit->removed, to = edit->index + edit->added_count;
    if (frame->hints == NULL || from == to)
        return;
    for (uint32_t step = 0; step < count - from; step++) {
        uint32_t place = to > from ? count - from - 1 - step : step;
        uint32_t hint = atomic_load_explicit(&frame->hints[from + place], memory_order_relaxed);
        atomic_store_explicit(&frame->hints[to + place], hint, memory_order_relaxed);
    }
}

static void edit_in_place(LedgerWriter *writer, const LedgerTree *self, uint32_t level)
{
    const TreeEdit *edit = &writer->plans[level].edit;
    Node node = tree_node(self, writer->frames[level]);
    if (level > 0)
        shift_hints(writer->frames[level], node_entry_count(node), edit);
    for (uint32_t index = edit->removed; index-- > 0;)
        node_remove(node, edit->index + index);
    for (uint32_t index = 0; index < edit->added_count; index++)
        node_insert(node, edit->index + index, &edit->added[index]);
}

/* The pointer to a page that was made or changed, with what it says of the page. */
static void encode_pointer(const LedgerTree *self, const LedgerFrame *frame, unsigned char *place)
{
    LedgerPointer pointer = pager_pointer(frame);
    node_summarize(tree_node(self, frame), &pointer);
    ledger_pointer_encode(&pointer, place);
}

static void reshape(LedgerWriter *writer, const LedgerTree *self, uint32_t level)
{
    TreeLevelPlan *plan = &writer->plans[level];
    size_t body_size = writer->page_size - LEDGER_PAGE_HEADER_SIZE;
    for (uint32_t index = 0; index < plan->result_count; index++) {
        Node scratch = {writer->scratch + (size_t)index * writer->page_size, writer->page_size};
        node_run_build(&plan->run, plan->cuts[index], plan->cuts[index + 1], scratch);
    }
    for (uint32_t index = 0; index < plan->result_count; index++) {
        const unsigned char *built = writer->scratch + (size_t)index * writer->page_size;
        memcpy(plan->results[index]->bytes + LEDGER_PAGE_HEADER_SIZE, built + LEDGER_PAGE_HEADER_SIZE, body_size);
        encode_pointer(self, plan->results[index],
                       index == 0 ? pointer_to(writer, self, level, plan->child_index)
                                  : writer->plans[level + 1].edit.pointers[index - 1]);
    }
}

static void grow(LedgerWriter *writer, const LedgerTree *self)
{
    const TreeEdit *edit = &writer->plans[self->root->level + 1].edit;
    NodeEntry first = {.value_size = LEDGER_POINTER_SIZE,
                       .body_size = LEDGER_POINTER_SIZE,
                       .body = self->root->pointer,
                       .expires_at_ns = STORAGE_NEVER};
    NodeRun run;
    node_run_init(&run, LEDGER_PAGE_BRANCH);
    node_run_add_entry(&run, &first);
    for (uint32_t index = 0; index < edit->added_count; index++)
        node_run_add_entry(&run, &edit->added[index]);
    node_run_build(&run, 0, run.entry_count, tree_node(self, writer->new_root));
    encode_pointer(self, writer->new_root, self->root->pointer);
    self->root->level++;
}

/* A root with one child gives way to it. */
static void shrink(LedgerWriter *writer, const LedgerTree *self)
{
    Node node = tree_node(self, writer->frames[self->root->level]);
    unsigned char dropped[LEDGER_POINTER_SIZE];
    if (self->root->level == 0 || node_entry_count(node) > 1)
        return;
    memcpy(dropped, self->root->pointer, LEDGER_POINTER_SIZE);
    memcpy(self->root->pointer, node_child(node, 0), LEDGER_POINTER_SIZE);
    self->root->level--;
    pager_drop(writer->pager, dropped);
}

/* What changed below is said by the pointer to a node that itself was changed in place, or not at all. */
static void adjust(unsigned char *place, int64_t entries_delta, uint32_t flags)
{
    LedgerPointer pointer = ledger_pointer_decode(place);
    pointer.entries += (uint64_t)entries_delta;
    pointer.flags |= flags;
    ledger_pointer_encode(&pointer, place);
}

void tree_apply(LedgerWriter *writer, const LedgerTree *self, uint32_t level, int64_t entries_delta, uint32_t flags)
{
    uint32_t root_level = self->root->level;
    for (; level <= root_level; level++) {
        if (level <= writer->top && writer->plans[level].is_reshaped) {
            reshape(writer, self, level);
            continue;
        }
        if (level <= writer->top)
            edit_in_place(writer, self, level);
        adjust(pointer_to(writer, self, level, writer->indexes[level + 1]), entries_delta, flags);
    }
    if (writer->new_root != NULL)
        grow(writer, self);
    else
        shrink(writer, self);
}
