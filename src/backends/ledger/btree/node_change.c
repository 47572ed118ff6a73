/*
 * btree/node_change.c - putting entries into a node and taking them out, in place.
 *
 * Invariants:
 *   1. Cells and prefix fill the heap from heap_start to the end of the page without a gap: a cell that goes is closed
 *      by moving those before it. So a node is always in the form in which it is written.
 *   2. The space between slots and heap is zero.
 */
#include <assert.h>
#include <string.h>

#include "backends/ledger/btree/node_layout.h"

uint32_t node_key_size_max(uint32_t page_size)
{
    return page_size / 4 + 64;
}

uint32_t node_capacity(uint32_t page_size)
{
    return page_size - NODE_HEADS;
}

uint32_t node_entries_max(uint32_t page_size)
{
    return node_capacity(page_size) / (NODE_INDEX_SIZE + 4); /* of a leaf: flags, three sizes of one byte */
}

int node_value_is_inline(uint32_t page_size, size_t key_size, size_t value_size, int has_expiry)
{
    size_t limit = node_capacity(page_size) / 2, fixed_size = NODE_INDEX_SIZE + 1 + CODEC_LEB128_SIZE_MAX;
    if (value_size > limit)
        return 0;
    return fixed_size + codec_leb128_size(key_size) + key_size + codec_leb128_size(value_size) + value_size +
               (has_expiry ? 8 : 0) <=
           limit;
}

uint32_t node_free_size(Node node)
{
    return node_heap_start(node) - NODE_HEADS - node_entry_count(node) * NODE_INDEX_SIZE;
}

NodeBase node_base(Node node)
{
    return (NodeBase){node_prefix_size(node), node_base_revision(node)};
}

/* What stands in a cell of a leaf between the size of the key and the key. */
static uint32_t meta_size(const NodeEntry *entry, NodeBase base)
{
    if ((entry->flags & CELL_LEAF) == 0)
        return 0;
    return codec_leb128_size(entry->value_size) + codec_leb128_size(entry->revision - base.revision) +
           ((entry->flags & CELL_EXPIRES) != 0 ? 8 : 0);
}

uint32_t node_entry_size(const NodeEntry *entry, NodeBase base)
{
    uint32_t tail_size = node_key_size(entry) - base.prefix_size;
    uint32_t rest_size = tail_size > NODE_HEAD_SIZE ? tail_size - NODE_HEAD_SIZE : 0;
    return NODE_INDEX_SIZE + 1 + codec_leb128_size(rest_size) + meta_size(entry, base) + rest_size + entry->body_size;
}

uint32_t node_stored_size(Node node, uint32_t index)
{
    return (uint32_t)(node_cell(node, index).end - (node.bytes + node_slot(node, index))) + NODE_INDEX_SIZE;
}

int node_base_holds(Node node, const NodeEntry *entry)
{
    uint32_t prefix_size = node_prefix_size(node);
    NodeEntry prefix = {.prefix = {node_prefix(node), prefix_size}};
    int order;
    if (node_is_leaf(node) && entry->revision < node_base_revision(node))
        return 0;
    return prefix_size == 0 || node_key_common(&prefix, entry, &order) == prefix_size;
}

uint32_t node_write_cell(const NodeEntry *entry, NodeBase base, unsigned char *to, uint32_t *ret_head)
{
    uint32_t tail_size = node_key_size(entry) - base.prefix_size;
    uint32_t head_size = tail_size < NODE_HEAD_SIZE ? tail_size : NODE_HEAD_SIZE, rest_size = tail_size - head_size;
    unsigned char head[NODE_HEAD_SIZE];
    unsigned char *at = to;
    node_key_copy(entry, base.prefix_size, head_size, head);
    *ret_head = node_head_of(head, head_size);
    *at++ = (unsigned char)((entry->flags & (CELL_EXPIRES | CELL_OVERFLOW)) | head_size << CELL_HEAD_SHIFT);
    at += codec_leb128_store(at, rest_size);
    if ((entry->flags & CELL_LEAF) != 0) {
        at += codec_leb128_store(at, entry->value_size);
        at += codec_leb128_store(at, entry->revision - base.revision);
        if ((entry->flags & CELL_EXPIRES) != 0) {
            codec_store_u64(at, (uint64_t)entry->expires_at_ns);
            at += 8;
        }
    }
    node_key_copy(entry, base.prefix_size + head_size, rest_size, at);
    at += rest_size;
    if (entry->body_size > 0)
        memcpy(at, entry->body, entry->body_size);
    return (uint32_t)(at + entry->body_size - to);
}

/* Makes a gap for one head and one slot at `index`. */
static void open_index(Node node, uint32_t index, uint32_t count)
{
    unsigned char *heads = node.bytes + NODE_HEADS;
    unsigned char *from = node_slots(node, count), *to = node_slots(node, count + 1);
    memmove(to + (size_t)(index + 1) * NODE_SLOT_SIZE, from + (size_t)index * NODE_SLOT_SIZE,
            (size_t)(count - index) * NODE_SLOT_SIZE);
    memmove(to, from, (size_t)index * NODE_SLOT_SIZE);
    memmove(heads + (size_t)(index + 1) * NODE_HEAD_SIZE, heads + (size_t)index * NODE_HEAD_SIZE,
            (size_t)(count - index) * NODE_HEAD_SIZE);
}

static void close_index(Node node, uint32_t index, uint32_t count)
{
    unsigned char *heads = node.bytes + NODE_HEADS;
    unsigned char *from = node_slots(node, count), *to = node_slots(node, count - 1);
    memmove(heads + (size_t)index * NODE_HEAD_SIZE, heads + (size_t)(index + 1) * NODE_HEAD_SIZE,
            (size_t)(count - index - 1) * NODE_HEAD_SIZE);
    memmove(to, from, (size_t)index * NODE_SLOT_SIZE);
    memmove(to + (size_t)index * NODE_SLOT_SIZE, from + (size_t)(index + 1) * NODE_SLOT_SIZE,
            (size_t)(count - index - 1) * NODE_SLOT_SIZE);
    memset(to + (size_t)(count - 1) * NODE_SLOT_SIZE, 0, NODE_INDEX_SIZE); /* 2 */
}

void node_insert(Node node, uint32_t index, const NodeEntry *entry)
{
    uint32_t count = node_entry_count(node), head;
    NodeBase base = node_base(node);
    uint32_t cell_size = node_entry_size(entry, base) - NODE_INDEX_SIZE;
    uint32_t offset = node_heap_start(node) - cell_size;
    assert(index <= count && cell_size + NODE_INDEX_SIZE <= node_free_size(node));
    (void)node_write_cell(entry, base, node.bytes + offset, &head);
    open_index(node, index, count);
    codec_store_u32(node.bytes + NODE_HEADS + (size_t)index * NODE_HEAD_SIZE, head);
    codec_store_u16(node_slots(node, count + 1) + (size_t)index * NODE_SLOT_SIZE, (uint16_t)offset);
    codec_store_u32(node.bytes + NODE_HEAP_START, offset);
    codec_store_u32(node.bytes + NODE_ENTRY_COUNT, count + 1);
}

void node_remove(Node node, uint32_t index)
{
    uint32_t count = node_entry_count(node), heap_start = node_heap_start(node), offset = node_slot(node, index);
    uint32_t size = node_stored_size(node, index) - NODE_INDEX_SIZE;
    unsigned char *slots = node_slots(node, count);
    memmove(node.bytes + heap_start + size, node.bytes + heap_start, offset - heap_start);
    memset(node.bytes + heap_start, 0, size); /* 1, 2 */
    for (uint32_t other = 0; other < count; other++) {
        uint32_t slot = codec_load_u16(slots + (size_t)other * NODE_SLOT_SIZE);
        codec_store_u16(slots + (size_t)other * NODE_SLOT_SIZE, (uint16_t)(slot + (slot < offset ? size : 0)));
    }
    close_index(node, index, count);
    codec_store_u32(node.bytes + NODE_HEAP_START, heap_start + size);
    codec_store_u32(node.bytes + NODE_ENTRY_COUNT, count - 1);
}
