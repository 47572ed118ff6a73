/*
 * btree/node_run.h - a sequence of entries that becomes one node or several: what splits, merges, redistributions and
 * new prefixes have in common.
 *
 * A run is put together of stretches of nodes and of single new entries, none of which it copies. The first key of a
 * branch is empty; that of a run of branch entries counts as empty too, and so does the first of each node built from
 * it.
 */
#ifndef LEDGER_BTREE_NODE_RUN_H
#define LEDGER_BTREE_NODE_RUN_H

#include "backends/ledger/btree/node.h"

enum { NODE_RUN_PIECES_MAX = 8 };

/* `entry`, or (NULL) the entries of `node` from `from` on. */
typedef struct NodePiece {
    const NodeEntry *entry;
    Node node;
    uint32_t from, count;
} NodePiece;

typedef struct NodeRun {
    NodePiece pieces[NODE_RUN_PIECES_MAX];
    uint32_t piece_count, entry_count;
    uint32_t type;           /* LEDGER_PAGE_LEAF or LEDGER_PAGE_BRANCH */
    const uint32_t *weights; /* bytes of the entries before each, as they stand now; at the end, of all */
} NodeRun;

void node_run_init(NodeRun *self, uint32_t type);
void node_run_add_node(NodeRun *self, Node node, uint32_t from, uint32_t end);
/* `entry` stays where it is as long as the run is used. */
void node_run_add_entry(NodeRun *self, const NodeEntry *entry);

NodeEntry node_run_entry(const NodeRun *self, uint32_t index);

/* 1 when the keys ascend from piece to piece; within a node they do. */
int node_run_is_ascending(const NodeRun *self);

/* Bytes that the entries [from, end) take in a node of their own, with the longest prefix. */
uint32_t node_run_size(const NodeRun *self, uint32_t from, uint32_t end);

/* Makes `to` (all of it behind the page header) the node of the entries [from, end), which fit. It is no source. */
void node_run_build(const NodeRun *self, uint32_t from, uint32_t end, Node to);

/* Weighs the entries, for the next three. `weights` has room for one number more than there are entries, and stays as
 * long as they are asked. */
void node_run_weigh(NodeRun *self, uint32_t *weights);

/* The entry before which the run is to be cut so that `part` of `parts` of the bytes are before it. */
uint32_t node_run_share(const NodeRun *self, uint32_t part, uint32_t parts);

/* 1 when the entries [from, end), of which there are some, fit into `limit` bytes. */
int node_run_fits(const NodeRun *self, uint32_t from, uint32_t end, uint32_t limit);

/*
 * The cut nearest to `ideal`, at most `distance` from it, such that the entries before it and those from it on fit into
 * `limit` bytes each. 0: there is none.
 */
uint32_t node_run_cut(const NodeRun *self, uint32_t ideal, uint32_t distance, uint32_t limit);

/* Writes the shortest key that is above all keys before `cut` and not above those from it on. Returns its size. */
uint32_t node_run_separator(const NodeRun *self, uint32_t cut, unsigned char *key);

#endif
