/*
 * btree/node_check.c - is this a node, to the last byte?
 *
 * After it says yes, nothing that other files do with the node reads or writes outside of the page, and keys ascend. It
 * refuses whatever this version would not have written. It does not look at the page header, nor at other pages.
 */
#include <string.h>

#include "backends/ledger/btree/node_layout.h"

static int is_zero(const unsigned char *bytes, size_t size)
{
    return size == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0);
}

static uint64_t birth_of(Node node)
{
    return codec_load_u64(node.bytes + NODE_BIRTH);
}

static const char *check_shape(Node node)
{
    uint32_t count = node_entry_count(node), prefix_size = node_prefix_size(node), heap_start = node_heap_start(node);
    uint32_t index_end;
    if (count < (node_is_leaf(node) ? 1u : 2u))
        return "it has too few entries";
    if (count > node_capacity(node.page_size) / NODE_INDEX_SIZE)
        return "it has more entries than fit";
    index_end = NODE_HEADS + count * NODE_INDEX_SIZE;
    if (heap_start < index_end || heap_start > node.page_size)
        return "its heap begins at a wrong place";
    if (prefix_size > node.page_size - heap_start || prefix_size > node_key_size_max(node.page_size))
        return "its prefix is too long";
    if (!is_zero(node.bytes + NODE_RESERVED, NODE_BASE_REVISION - NODE_RESERVED) ||
        !is_zero(node.bytes + NODE_RESERVED_TOO, NODE_HEADS - NODE_RESERVED_TOO))
        return "reserved bytes are not zero";
    if (node_is_leaf(node) ? node_base_revision(node) > birth_of(node) : node_base_revision(node) != 0)
        return "its base revision is wrong";
    if (!is_zero(node.bytes + index_end, heap_start - index_end))
        return "its free space is not zero";
    return NULL;
}

static const char *check_pointer(Node node, const unsigned char *bytes, int is_child)
{
    LedgerPointer pointer = ledger_pointer_decode(bytes);
    if (pointer.page_id == 0)
        return "a pointer names no page";
    if (pointer.birth > birth_of(node))
        return "a pointer is to a younger page";
    if ((pointer.flags & ~(uint32_t)(LEDGER_POINTER_OVERFLOW | LEDGER_POINTER_EXPIRES)) != 0)
        return "a pointer has unknown flags";
    if (is_child ? pointer.entries == 0 : (pointer.entries | pointer.flags) != 0)
        return "a pointer has a wrong count of entries";
    return NULL;
}

/* The parts of a cell of a leaf behind the size of its key. `at` is where they begin, `limit` what is left. */
static const char *check_leaf_cell(Node node, const unsigned char *at, uint32_t limit, uint32_t flags,
                                   uint32_t key_size, uint32_t rest_size)
{
    uint64_t value_size, revision, room = limit;
    int expires = (flags & CELL_EXPIRES) != 0, is_overflow = (flags & CELL_OVERFLOW) != 0;
    uint32_t taken = codec_leb128_check(at, limit, &value_size);
    if (taken == 0 || value_size > NODE_VALUE_SIZE_MAX)
        return "the size of a value is not a size";
    at += taken;
    room -= taken;
    taken = codec_leb128_check(at, (uint32_t)room, &revision);
    if (taken == 0 || revision > birth_of(node) - node_base_revision(node))
        return "a revision is younger than the page";
    at += taken;
    room -= taken;
    if ((expires ? 8u : 0u) + (uint64_t)rest_size + (is_overflow ? LEDGER_POINTER_SIZE : value_size) > room)
        return "a cell ends outside of the heap";
    if (is_overflow == node_value_is_inline(node.page_size, key_size, value_size, expires))
        return "a value is not where its size says";
    if (expires && (int64_t)codec_load_u64(at) == STORAGE_NEVER)
        return "an expiry is that of a key without one";
    return is_overflow ? check_pointer(node, at + (expires ? 8 : 0) + rest_size, 0) : NULL;
}

/* The cell at `bytes`, of which `limit` belong to the heap. */
static const char *check_cell(Node node, const unsigned char *bytes, uint32_t limit, int is_keyless)
{
    uint32_t flags = bytes[0], head_size = cell_head_size(flags), prefix_size = is_keyless ? 0 : node_prefix_size(node);
    uint64_t rest_size, key_size;
    uint32_t taken = codec_leb128_check(bytes + 1, limit - 1, &rest_size);
    if (taken++ == 0 || rest_size > node_key_size_max(node.page_size))
        return "the size of a key is not a size";
    key_size = prefix_size + head_size + rest_size;
    if ((flags & CELL_RESERVED) != 0 || head_size > NODE_HEAD_SIZE || (head_size < NODE_HEAD_SIZE && rest_size > 0))
        return "a cell has flags that do not fit";
    if (is_keyless && head_size > 0)
        return "the first key of a branch is not empty";
    if (key_size > node_key_size_max(node.page_size))
        return "a key is too long";
    if (node_is_leaf(node))
        return check_leaf_cell(node, bytes + taken, limit - taken, flags, (uint32_t)key_size, (uint32_t)rest_size);
    if ((flags & (CELL_EXPIRES | CELL_OVERFLOW)) != 0)
        return "a cell of a branch has the flags of a leaf";
    if (rest_size + LEDGER_POINTER_SIZE > limit - taken)
        return "a cell ends outside of the heap";
    return check_pointer(node, bytes + taken + rest_size, 1);
}

static const char *check_head(uint32_t head, uint32_t head_size)
{
    if (head_size < NODE_HEAD_SIZE && (head << (8 * head_size)) != 0)
        return "a head has bytes behind the end of its key";
    return NULL;
}

/* Each cell is good, and together they fill the heap: each begins where another one ends. */
static const char *check_cells(Node node)
{
    unsigned char starts[LEDGER_PAGE_SIZE_MAX / 8];
    uint32_t count = node_entry_count(node), at = node_heap_start(node);
    uint32_t heap_end = node.page_size - node_prefix_size(node);
    unsigned char *slots = node_slots(node, count);
    memset(starts, 0, node.page_size / 8);
    for (uint32_t index = 0; index < count; index++) {
        uint32_t slot = codec_load_u16(slots + (size_t)index * NODE_SLOT_SIZE);
        const char *reason;
        if (slot < node_heap_start(node) || slot >= heap_end)
            return "a cell is outside of the heap";
        if ((starts[slot / 8] & 1u << slot % 8) != 0)
            return "two entries share a cell";
        starts[slot / 8] = (unsigned char)(starts[slot / 8] | 1u << slot % 8);
        reason = check_cell(node, node.bytes + slot, heap_end - slot, index == 0 && !node_is_leaf(node));
        if (reason == NULL)
            reason = check_head(node_head(node, index), cell_head_size(node.bytes[slot]));
        if (reason != NULL)
            return reason;
    }
    for (uint32_t walked = 0; walked < count; walked++) {
        NodeCell cell;
        if (at >= heap_end || (starts[at / 8] & 1u << at % 8) == 0)
            return "cells overlap";
        cell = node_cell_at(node, at);
        at = (uint32_t)(cell.end - node.bytes);
    }
    return at == heap_end ? NULL : "the heap has bytes that no entry owns";
}

/* Whether the key at `index` is above the one before it. */
static int is_above_previous(Node node, uint32_t index)
{
    uint32_t left_head = node_head(node, index - 1), right_head = node_head(node, index), common;
    uint32_t left_size, right_size;
    NodeCell left, right;
    int order;
    if (left_head != right_head)
        return left_head < right_head;
    left = node_cell(node, index - 1);
    right = node_cell(node, index);
    common = left.rest_size < right.rest_size ? left.rest_size : right.rest_size;
    order = memcmp(left.rest, right.rest, common);
    left_size = cell_head_size(left.flags) + left.rest_size;
    right_size = cell_head_size(right.flags) + right.rest_size;
    return order != 0 ? order < 0 : left_size < right_size;
}

static const char *check_order(Node node)
{
    uint32_t first = node_is_leaf(node) ? 0 : 1, count = node_entry_count(node);
    if (first == 1 && node_prefix_size(node) + cell_head_size(node_cell(node, 1).flags) == 0)
        return "the second key of a branch is empty";
    for (uint32_t index = first + 1; index < count; index++)
        if (!is_above_previous(node, index))
            return "its keys do not ascend";
    return NULL;
}

const char *node_check(const unsigned char *bytes, uint32_t page_size)
{
    Node node = {(unsigned char *)bytes, page_size};
    const char *reason = check_shape(node);
    if (reason == NULL)
        reason = check_cells(node);
    return reason != NULL ? reason : check_order(node);
}
