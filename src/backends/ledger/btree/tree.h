/*
 * btree/tree.h - a copy-on-write B+ tree over the pages of a pager.
 *
 * A tree is its root. Readers hold a root that never changes; the one writer changes pages of its own batch only, and
 * with them its root. Every function is called inside an epoch of the pager, unless it says otherwise.
 *
 * Failures: tree_put and tree_delete do first what can fail (reading, copying, making pages) and
 * change then, so after a failure the tree has the content that it had and the batch goes on. The root may name copies
 * by then: the writer keeps it either way.
 */
#ifndef LEDGER_BTREE_TREE_H
#define LEDGER_BTREE_TREE_H

#include "backends/ledger/btree/node.h"
#include "backends/ledger/page/pager.h"

enum { LEDGER_TREE_LEVELS_MAX = 20, LEDGER_ROOT_SIZE = 64 };

/* All zero: an empty tree. The pointer is the encoded one, because sealing fills its check in. */
typedef struct LedgerRoot {
    unsigned char pointer[LEDGER_POINTER_SIZE];
    uint32_t level; /* of the root node; 0: it is a leaf */
} LedgerRoot;

void ledger_root_encode(const LedgerRoot *root, unsigned char buffer[LEDGER_ROOT_SIZE]);
/* Returns 1; 0 when the bytes are no root. */
int ledger_root_decode(const unsigned char buffer[LEDGER_ROOT_SIZE], LedgerRoot *ret_root);
int ledger_root_is_empty(const LedgerRoot *root);
uint64_t ledger_root_entry_count(const LedgerRoot *root);

typedef struct LedgerTree {
    LedgerPager *pager;
    uint64_t owner; /* table id */
    LedgerRoot *root;
} LedgerTree;

/* start <= key < end. `has_end` 0: to the last key. */
typedef struct LedgerInterval {
    StorageSlice start, end;
    int has_end;
} LedgerInterval;

/* ---- reading: any thread ---- */

/*
 * The record of `key`, in the page of `*ret_frame`: it stays until the epoch ends, or the frame is unpinned.
 * Returns OK; NOT_FOUND; CORRUPT; IO; NO_MEMORY.
 */
StorageStatus tree_get(const LedgerTree *self, StorageSlice key, LedgerRecord *ret_record, LedgerFrame **ret_frame,
                       StorageContext *ctx);

/* ---- writing: one thread ---- */

/* What the writer needs besides pages, for all trees of a pager. */
typedef struct LedgerWriter LedgerWriter;

StorageStatus tree_writer_new(LedgerPager *pager, LedgerWriter **ret_writer); /* OK or NO_MEMORY */
void tree_writer_free(LedgerWriter *self);

typedef struct LedgerPut {
    StorageSlice key, value;
    uint64_t revision; /* not above the birth of the pages of this batch */
    int64_t expires_at_ns;
} LedgerPut;

/* Inserts or replaces. The value may be one that tree_get found in this tree. Returns OK; SIZE_LIMIT_EXCEEDED;
 * NO_SPACE; NO_MEMORY; CORRUPT; IO. */
StorageStatus tree_put(LedgerWriter *writer, const LedgerTree *self, const LedgerPut *put, StorageContext *ctx);

/* Returns OK; NOT_FOUND; NO_SPACE; NO_MEMORY; CORRUPT; IO. */
StorageStatus tree_delete(LedgerWriter *writer, const LedgerTree *self, StorageSlice key, StorageContext *ctx);

/*
 * Deletes what lies in `interval`, whole subtrees at once: leaves are read only at its two ends and where values may be
 * in overflow pages. `*ret_count` is how many entries went. A failure between two of its steps may leave a part of the
 * interval deleted, in a good tree; the batch is to be taken back then. Returns OK; else as tree_delete.
 */
StorageStatus tree_delete_range(LedgerWriter *writer, const LedgerTree *self, const LedgerInterval *interval,
                                uint64_t *ret_count, StorageContext *ctx);

/* Before a checkpoint: seals every page that is younger than the last one, children first, and puts the checks into the
 * pointers, that of the root too. Outside of an epoch is fine. */
void tree_seal(const LedgerTree *self);

/* ---- looking at the whole tree ---- */

/* Called for every page that a tree reaches, with what the page is. What is not OK ends the walk and is returned. */
typedef struct TreeVisitor {
    StorageStatus (*visit)(void *state, uint32_t page_type, uint64_t page_id, uint32_t used_size, StorageContext *ctx);
    void *state;
} TreeVisitor;

/*
 * Reads every page and checks what concerns more than one: order and bounds across nodes, counts and flags of pointers,
 * births. Enters epochs itself; the caller holds the snapshot. Returns OK; CORRUPT; IO; NO_MEMORY; what the visitor
 * returned.
 */
StorageStatus tree_verify(const LedgerTree *self, const TreeVisitor *visitor, StorageContext *ctx);

#endif
