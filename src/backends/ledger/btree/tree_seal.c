/*
 * btree/tree_seal.c - before a checkpoint: the checks of new pages, from the leaves up to the root.
 *
 * Only pages that are younger than the last checkpoint are visited: a pointer to an older page has its check already,
 * and nothing below an old page is young.
 */
#include "backends/ledger/btree/overflow.h"
#include "backends/ledger/btree/tree_read.h"

static void seal_values(const LedgerTree *self, Node node, uint64_t sealed_birth)
{
    uint32_t count = node_entry_count(node);
    for (uint32_t index = 0; index < count; index++) {
        NodeCell cell;
        OverflowValue value;
        if ((node.bytes[node_slot(node, index)] & CELL_OVERFLOW) == 0)
            continue;
        cell = node_cell(node, index);
        value = (OverflowValue){self->pager, self->owner, cell.body, cell.value_size};
        if (ledger_pointer_birth(cell.body) > sealed_birth)
            overflow_seal(&value, node.bytes + (cell.body - node.bytes));
    }
}

void tree_seal(const LedgerTree *self)
{
    uint64_t sealed_birth = pager_sealed_birth(self->pager);
    unsigned char *pointers[LEDGER_TREE_LEVELS_MAX];
    LedgerFrame *frames[LEDGER_TREE_LEVELS_MAX];
    uint32_t indexes[LEDGER_TREE_LEVELS_MAX], root_level = self->root->level, level = root_level;
    if (ledger_root_is_empty(self->root) || ledger_pointer_birth(self->root->pointer) <= sealed_birth)
        return;
    pointers[level] = self->root->pointer;
    frames[level] = pager_resident(self->pager, pointers[level]);
    indexes[level] = 0;
    for (;;) {
        Node node = tree_node(self, frames[level]);
        if (level > 0 && indexes[level] < node_entry_count(node)) {
            unsigned char *child = node_child(node, indexes[level]++);
            if (ledger_pointer_birth(child) <= sealed_birth)
                continue;
            level--;
            pointers[level] = child;
            frames[level] = pager_resident(self->pager, child);
            indexes[level] = 0;
            continue;
        }
        if (level == 0)
            seal_values(self, node, sealed_birth);
        pager_seal(self->pager, frames[level], pointers[level] + LEDGER_POINTER_CHECK);
        if (level++ == root_level)
            return;
    }
}
