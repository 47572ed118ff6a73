/* btree/tree_read.h - going down a tree: what readers, the writer, cursors and checks share. */
#ifndef LEDGER_BTREE_TREE_READ_H
#define LEDGER_BTREE_TREE_READ_H

#include "backends/ledger/btree/node_layout.h"
#include "backends/ledger/btree/tree.h"

static inline LedgerExpectation tree_expectation(const LedgerTree *self, uint32_t level)
{
    return (LedgerExpectation){level == 0 ? LEDGER_PAGE_LEAF : LEDGER_PAGE_BRANCH, level, self->owner};
}

static inline Node tree_node(const LedgerTree *self, const LedgerFrame *frame)
{
    return (Node){frame->bytes, pager_page_size(self->pager)};
}

/* The frame of the root node; the tree is not empty. */
static inline StorageStatus tree_read_root(const LedgerTree *self, LedgerFrame **ret_frame, StorageContext *ctx)
{
    LedgerExpectation expectation = tree_expectation(self, self->root->level);
    return pager_read(self->pager, self->root->pointer, &expectation, NULL, ret_frame, ctx);
}

/* The frame of child `index` of `parent`; the child is at `level`. */
static inline StorageStatus tree_read_child(const LedgerTree *self, const LedgerFrame *parent, uint32_t level,
                                            uint32_t index, LedgerFrame **ret_frame, StorageContext *ctx)
{
    LedgerExpectation expectation = tree_expectation(self, level);
    return pager_read(self->pager, node_child(tree_node(self, parent), index), &expectation,
                      parent->hints == NULL ? NULL : &parent->hints[index], ret_frame, ctx);
}

#endif
