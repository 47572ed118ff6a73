/*
 * btree/tree_writer.h - how a change of a tree is planned and applied. For the files of the writer.
 *
 * A change begins as an edit of one node. It may make the node too large or too small; then the node, alone or with a
 * sibling, is reshaped into one to three nodes, and that is an edit of the parent; and so on up. The plan holds one
 * edit for each level, and everything that applying them needs: so nothing fails once the first byte changes.
 */
#ifndef LEDGER_BTREE_TREE_WRITER_H
#define LEDGER_BTREE_TREE_WRITER_H

#include "backends/ledger/btree/node_run.h"
#include "backends/ledger/btree/page_list.h"
#include "backends/ledger/btree/tree_read.h"

enum { TREE_ADDED_MAX = 2, TREE_RESULTS_MAX = 3 };

/* In a node, the `removed` entries from `index` on give way to `added`. */
typedef struct TreeEdit {
    uint32_t index, removed, added_count;
    NodeEntry added[TREE_ADDED_MAX];
    unsigned char pointers[TREE_ADDED_MAX][LEDGER_POINTER_SIZE]; /* the bodies, in a branch */
} TreeEdit;

/* What happens on one level. */
typedef struct TreeLevelPlan {
    TreeEdit edit;
    int is_reshaped;   /* else the edit is made in place */
    NodeRun run;       /* the entries that the results share, the edit included */
    uint32_t position; /* of the edit in the run */
    NodeEntry pulled;
    unsigned char *keys[TREE_ADDED_MAX + 1]; /* bytes of separators for the level above, and of the pulled entry */
    LedgerFrame *sources[2], *results[TREE_RESULTS_MAX];
    uint32_t source_count, result_count, cuts[TREE_RESULTS_MAX + 1];
    uint32_t child_index; /* of the left source in its parent */
} TreeLevelPlan;

struct LedgerWriter {
    LedgerPager *pager;
    uint32_t page_size;
    /* The way from the root to the node that changes, by level: frames, and the entry or child taken in them. */
    LedgerFrame *frames[LEDGER_TREE_LEVELS_MAX + 1];
    uint32_t indexes[LEDGER_TREE_LEVELS_MAX + 1];
    TreeLevelPlan plans[LEDGER_TREE_LEVELS_MAX + 1];
    uint32_t top;             /* the highest level that is planned */
    LedgerFrame *new_root;    /* or NULL */
    PageList made, left_over; /* to be dropped when the change fails; when it succeeds */
    uint64_t last_page_id;    /* where the last put of an entry went: ascending and descending runs are known by it */
    uint32_t last_index;
    unsigned char *scratch; /* TREE_RESULTS_MAX pages */
    unsigned char *value;   /* a page: of a value that stands where it is to be put */
    unsigned char *keys;    /* what the plans' keys point into */
    uint32_t *weights;      /* of the run that is being planned */
};

/* Fills the way down to the leaf, read only, with the child or entry for `key`; `*ret_is_equal`: it is there. */
StorageStatus tree_find_way(LedgerWriter *writer, const LedgerTree *self, StorageSlice key, int *ret_is_equal,
                            StorageContext *ctx);

/* Makes the pages of the way, from the root down to `level`, the batch's own. */
StorageStatus tree_own_way(LedgerWriter *writer, const LedgerTree *self, uint32_t level, StorageContext *ctx);

/* The same for a child beside the way: child `index` of the node at `level` + 1. */
StorageStatus tree_own_child(LedgerWriter *writer, const LedgerTree *self, uint32_t level, uint32_t index,
                             LedgerFrame **frame, StorageContext *ctx);

/* A page for the plan; it is dropped when the change fails. */
StorageStatus tree_new_page(LedgerWriter *writer, const LedgerTree *self, uint32_t level, LedgerFrame **ret_frame,
                            StorageContext *ctx);

/* Plans plans[level].edit, and what follows from it further up. The way down to `level` is the batch's own. */
StorageStatus tree_plan(LedgerWriter *writer, const LedgerTree *self, uint32_t level, StorageContext *ctx);

/* Decides how the node of `level`, which is too large or too small after the edit, is reshaped. */
StorageStatus tree_plan_overflow(LedgerWriter *writer, const LedgerTree *self, uint32_t level, StorageContext *ctx);
StorageStatus tree_plan_underflow(LedgerWriter *writer, const LedgerTree *self, uint32_t level, StorageContext *ctx);

/* Adds the entries of `node` after `edit` (NULL: none) to the run, without the first `skipped` ones (0 or 1). */
void tree_add_edited(NodeRun *run, Node node, const TreeEdit *edit, uint32_t skipped);

/* Makes the planned changes from `level` up. `entries_delta` and `flags` are what the tree gains below. */
void tree_apply(LedgerWriter *writer, const LedgerTree *self, uint32_t level, int64_t entries_delta, uint32_t flags);

/* Ends a change: drops what it left over when it succeeded, what it made when it failed. Returns `status`. */
StorageStatus tree_finish(LedgerWriter *writer, StorageStatus status);

#endif
