/*
 * btree/node_layout.h - where the parts of a node are. For the files of nodes, and for loops that cannot wait.
 *
 *     96           108        128                                heap_start                       page_size
 *     | counts     | reserved | heads | slots | free (zero)      | cells, in any order | prefix   |
 */
#ifndef LEDGER_BTREE_NODE_LAYOUT_H
#define LEDGER_BTREE_NODE_LAYOUT_H

#include <string.h>

#include "backends/ledger/btree/node.h"
#include "backends/ledger/page/codec.h"

enum {
    NODE_BIRTH = 24, /* in the page header, as the next */
    NODE_TYPE = 44,
    NODE_ENTRY_COUNT = 96,
    NODE_PREFIX_SIZE = 100,
    NODE_HEAP_START = 104,
    NODE_RESERVED = 108,
    NODE_BASE_REVISION = 112,
    NODE_RESERVED_TOO = 120,
    NODE_HEADS = 128,
    NODE_HEAD_SIZE = 4,
    NODE_SLOT_SIZE = 2,
    NODE_INDEX_SIZE = NODE_HEAD_SIZE + NODE_SLOT_SIZE
};

/* Flags of a cell. Bits 4 to 6 are how many bytes of the head belong to the key. CELL_LEAF is not stored. */
enum { CELL_EXPIRES = 1, CELL_OVERFLOW = 2, CELL_HEAD_SHIFT = 4, CELL_RESERVED = 0x8c, CELL_LEAF = 1 << 8 };

/* A cell by its parts; `end` is the byte behind it. */
typedef struct NodeCell {
    uint32_t flags, rest_size, value_size;
    const unsigned char *rest, *body, *end;
    uint64_t revision; /* of a leaf, as the next */
    int64_t expires_at_ns;
} NodeCell;

static inline int node_is_leaf(Node node)
{
    return node.bytes[NODE_TYPE] == LEDGER_PAGE_LEAF;
}

static inline uint32_t node_entry_count(Node node)
{
    return codec_load_u32(node.bytes + NODE_ENTRY_COUNT);
}

static inline uint32_t node_prefix_size(Node node)
{
    return codec_load_u32(node.bytes + NODE_PREFIX_SIZE);
}

static inline uint32_t node_heap_start(Node node)
{
    return codec_load_u32(node.bytes + NODE_HEAP_START);
}

static inline unsigned char *node_prefix(Node node)
{
    return node.bytes + node.page_size - node_prefix_size(node);
}

static inline uint32_t node_head(Node node, uint32_t index)
{
    return codec_load_u32(node.bytes + NODE_HEADS + (size_t)index * NODE_HEAD_SIZE);
}

static inline unsigned char *node_slots(Node node, uint32_t entry_count)
{
    return node.bytes + NODE_HEADS + (size_t)entry_count * NODE_HEAD_SIZE;
}

static inline uint32_t node_slot(Node node, uint32_t index)
{
    return codec_load_u16(node_slots(node, node_entry_count(node)) + (size_t)index * NODE_SLOT_SIZE);
}

/* Four bytes of a key as a number that orders as they do; missing ones count as zero. */
static inline uint32_t node_head_of(const unsigned char *bytes, size_t size)
{
    uint32_t head = 0;
    if (size >= NODE_HEAD_SIZE)
        return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
    for (size_t index = 0; index < NODE_HEAD_SIZE; index++)
        head = head << 8 | (index < size ? bytes[index] : 0);
    return head;
}

static inline uint32_t cell_head_size(uint32_t flags)
{
    return flags >> CELL_HEAD_SHIFT & 7;
}

static inline uint64_t node_base_revision(Node node)
{
    return codec_load_u64(node.bytes + NODE_BASE_REVISION);
}

/* The cell at offset `slot`. */
static inline NodeCell node_cell_at(Node node, uint32_t slot)
{
    NodeCell cell;
    const unsigned char *at = node.bytes + slot;
    uint64_t number;
    cell.flags = *at++;
    at += codec_leb128_load(at, &number);
    cell.rest_size = (uint32_t)number;
    cell.value_size = LEDGER_POINTER_SIZE;
    cell.revision = 0;
    cell.expires_at_ns = STORAGE_NEVER;
    if (node_is_leaf(node)) {
        at += codec_leb128_load(at, &number);
        cell.value_size = (uint32_t)number;
        at += codec_leb128_load(at, &number);
        cell.revision = node_base_revision(node) + number;
        if ((cell.flags & CELL_EXPIRES) != 0) {
            cell.expires_at_ns = (int64_t)codec_load_u64(at);
            at += 8;
        }
    }
    cell.rest = at;
    cell.body = at + cell.rest_size;
    cell.end = cell.body + ((cell.flags & CELL_OVERFLOW) != 0 ? LEDGER_POINTER_SIZE : cell.value_size);
    return cell;
}

static inline NodeCell node_cell(Node node, uint32_t index)
{
    return node_cell_at(node, node_slot(node, index));
}

static inline LedgerRecord node_cell_record(const NodeCell *cell)
{
    int is_overflow = (cell->flags & CELL_OVERFLOW) != 0;
    return (LedgerRecord){.value = {is_overflow ? NULL : cell->body, is_overflow ? 0 : cell->value_size},
                          .overflow = is_overflow ? cell->body : NULL,
                          .value_size = cell->value_size,
                          .revision = cell->revision,
                          .expires_at_ns = cell->expires_at_ns};
}

#endif
