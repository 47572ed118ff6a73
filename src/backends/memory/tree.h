/*
 * memory/tree.h - the ordered index: a B+ tree that readers walk without locks.
 *
 * Nodes are replaced, not changed: an inner node is immutable but for its child pointers, a leaf points to an immutable
 * array of records. Every change is published by one pointer store, so a reader sees the tree before it or after it.
 */
#ifndef MEMORY_TREE_H
#define MEMORY_TREE_H

#include "backends/memory/limbo.h"

enum {
    TREE_LEAF_MAX = 64,    /* records in a leaf */
    TREE_LEAF_MERGE = 48,  /* neighbours with no more than this together become one */
    TREE_LEAF_SPARSE = 16, /* a leaf with fewer looks for a neighbour */
    TREE_INNER_MAX = 64,   /* children of an inner node */
    TREE_DEPTH_MAX = 16
};

typedef struct TreeNode {
    RetiredNode retired;
    uint32_t level; /* 0: a leaf */
} TreeNode;

/* The sorted records of a leaf, immutable. `heads` are the first 4 bytes of the keys behind their common prefix. */
typedef struct TreeItems {
    RetiredNode retired;
    uint32_t count, prefix_size;
    uint32_t *heads;
    Record **records;
    unsigned char *prefix;
} TreeItems;

typedef struct TreeLeaf {
    TreeNode node;
    uint32_t is_dead; /* replaced by others; under the lock */
    pthread_mutex_t lock;
    _Atomic(TreeItems *) items;
} TreeLeaf;

/* Child i holds the keys from separator i - 1 (inclusive) to separator i (exclusive). */
typedef struct TreeInner {
    TreeNode node;
    uint32_t count, prefix_size;
    uint32_t *heads; /* of the separators */
    StorageSlice *separators;
    unsigned char *prefix;
    _Atomic(TreeNode *) children[];
} TreeInner;

typedef struct Tree {
    _Atomic(TreeNode *) root;
    pthread_mutex_t structure_lock; /* before every leaf lock: who splits and merges */
    Limbo *limbo;
    _Atomic uint64_t bytes; /* of nodes and arrays */
    _Atomic uint64_t leaf_count;
} Tree;

/* A leaf as a scan sees it: its records, and the separators around them (size 0 and NULL: none). */
typedef struct TreeView {
    const TreeItems *items;
    StorageSlice lower, upper;
} TreeView;

StorageStatus tree_init(Tree *self, Limbo *limbo); /* OK or NO_MEMORY */
/* Frees nodes and gives back the tree's reference to every record; nobody uses the tree any more. */
void tree_done(Tree *self, void (*each)(Record *record, void *user_data), void *user_data);

/* Inside an epoch: */
Record *tree_find(const Tree *self, StorageSlice key);
/* The leaf where `key` is or would be; `is_before`: where the keys just before it are. NULL key data: first, last. */
TreeView tree_view(const Tree *self, StorageSlice key, int is_before);
TreeView tree_view_first(const Tree *self);
TreeView tree_view_last(const Tree *self);
/* How many records of a leaf have a key less than `key`. */
uint32_t tree_items_lower_bound(const TreeItems *items, StorageSlice key);

/* Inside an epoch, the stripe of the key locked. The record of `key`, made when there is none. OK or NO_MEMORY. */
StorageStatus tree_insert(Tree *self, StorageSlice key, Record **ret_record, int *ret_is_new);
/* Takes the record out; the caller retires it. NO_MEMORY: it is still there. */
StorageStatus tree_remove(Tree *self, Record *record);

/* For splitting and merging (tree_structure.c). */
TreeItems *tree_items_new(Tree *self, Record *const *records, uint32_t count);
void tree_items_free(Tree *self, TreeItems *items);
TreeLeaf *tree_leaf_new(Tree *self, TreeItems *items);
void tree_leaf_free(Tree *self, TreeLeaf *leaf);
size_t tree_items_footprint(const TreeItems *items);
size_t tree_inner_footprint(const TreeInner *inner);
uint32_t tree_child_index(const TreeInner *inner, StorageSlice key, int is_before);
StorageStatus tree_split(Tree *self, StorageSlice key);
void tree_merge(Tree *self, StorageSlice key);

/* Keys as numbers, for searches. */
uint32_t tree_key_head(StorageSlice key, size_t offset);
size_t tree_common_prefix(StorageSlice a, StorageSlice b);

#endif
