/*
 * btree/node.h - nodes of a tree: the bytes of section 5 of docs/format/ledger-file.md.
 *
 * A node is a page of type leaf or branch. Its bytes are always in the form in which they are written: no garbage in
 * the heap, free space zero. What was loaded from the file went through node_check; every other function relies on
 * that, and on nothing else, to stay within the page.
 */
#ifndef LEDGER_BTREE_NODE_H
#define LEDGER_BTREE_NODE_H

#include "backends/ledger/page/page.h"
#include "storage/backend.h"

typedef struct Node {
    unsigned char *bytes;
    uint32_t page_size;
} Node;

/* An entry by its parts. The key is `prefix`, then `head`, then `rest`; an entry that is not in a node yet has it all
 * in `prefix`. */
typedef struct NodeEntry {
    StorageSlice prefix;
    unsigned char head[4];
    uint32_t head_size, rest_size;
    const unsigned char *rest;
    uint32_t flags; /* CELL_LEAF, CELL_EXPIRES, CELL_OVERFLOW */
    uint32_t value_size, body_size;
    const unsigned char *body; /* the value as it stands in the cell, or a pointer */
    uint64_t revision;         /* of a leaf, as the next */
    int64_t expires_at_ns;
} NodeEntry;

/* What a leaf says of a key. */
typedef struct LedgerRecord {
    StorageSlice value;            /* in the page; empty when it is in overflow pages */
    const unsigned char *overflow; /* the pointer to them, as it stands in the page; else NULL */
    uint32_t value_size;           /* wherever the value is */
    uint64_t revision;
    int64_t expires_at_ns; /* STORAGE_NEVER: none */
} LedgerRecord;

/* ---- limits ---- */

#define NODE_VALUE_SIZE_MAX (UINT32_C(1) << 30)

/* The longest key that a tree takes. The 64 bytes over a quarter page are for what system trees put before keys. */
uint32_t node_key_size_max(uint32_t page_size);

/* No node has more entries. */
uint32_t node_entries_max(uint32_t page_size);

/* 1 when the value stands in the leaf, 0 when it goes to overflow pages. Two of the largest cells fit into a node. */
int node_value_is_inline(uint32_t page_size, size_t key_size, size_t value_size, int has_expiry);

/* ---- reading ---- */

/*
 * Checks every byte of a leaf or branch that was loaded: sizes, offsets, order, forms. Returns NULL when it is good,
 * else what is wrong, for an error text. The page header is the caller's.
 */
const char *node_check(const unsigned char *bytes, uint32_t page_size);

/* The first entry whose key is not before `key`, or the count of entries; `*ret_is_equal`: it is the key. */
uint32_t node_search(Node node, StorageSlice key, int *ret_is_equal);

/* The child of a branch whose keys `key` is among. */
uint32_t node_child_index(Node node, StorageSlice key);

/* The entry at `index`, whose parts stay in the page. */
NodeEntry node_entry(Node node, uint32_t index);

/* The record at `index` of a leaf, whose bytes stay in the page. */
LedgerRecord node_record(Node node, uint32_t index);

/* The pointer to child `index` of a branch, as it stands in the page. */
unsigned char *node_child(Node node, uint32_t index);

/* What the pointer to this node says of it: its entries and flags. */
void node_summarize(Node node, LedgerPointer *pointer);

/* ---- keys of entries ---- */

uint32_t node_key_size(const NodeEntry *entry);
/* Copies `size` bytes of the key from `offset` on; there are that many. */
void node_key_copy(const NodeEntry *entry, uint32_t offset, uint32_t size, unsigned char *to);
/* How many bytes the two keys have in common at their start, and (`*ret_order`) how they compare: <0, 0, >0. */
uint32_t node_key_common(const NodeEntry *left, const NodeEntry *right, int *ret_order);

/* ---- changing ---- */

/* Bytes for entries in an empty node. */
uint32_t node_capacity(uint32_t page_size);
/* Bytes that are free. */
uint32_t node_free_size(Node node);
/* What the entries of a node have in common and keep once. */
typedef struct NodeBase {
    uint32_t prefix_size;
    uint64_t revision; /* of a leaf: none of its entries has a smaller one */
} NodeBase;

NodeBase node_base(Node node);
/* Bytes that `entry` takes in a node with this base, its head and slot included. */
uint32_t node_entry_size(const NodeEntry *entry, NodeBase base);
/* Bytes that the entry at `index` takes. */
uint32_t node_stored_size(Node node, uint32_t index);
/* 1 when the base of the node holds for `entry` too: its key has the prefix, its revision is not smaller. */
int node_base_holds(Node node, const NodeEntry *entry);

/* Writes the cell of `entry` to `to`, and its head to `*ret_head`. Returns the size of the cell. */
uint32_t node_write_cell(const NodeEntry *entry, NodeBase base, unsigned char *to, uint32_t *ret_head);
/* Puts `entry` before the one at `index`. The base holds for it, and there is room. Its parts are not in this node. */
void node_insert(Node node, uint32_t index, const NodeEntry *entry);
/* Takes the entry at `index` out. */
void node_remove(Node node, uint32_t index);

#endif
