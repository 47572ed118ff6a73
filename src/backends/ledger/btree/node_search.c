/*
 * btree/node_search.c - finding and reading entries.
 *
 * The heads, four bytes of each key behind the common prefix, stand in an array of their own: a search reads a few
 * cache lines of it and then, as a rule, one cell (Bohannon et al., "Main-memory index structures with fixed-size
 * partial keys", SIGMOD 2001). Halving is branch-free; only among equal heads are cells compared.
 */
#include <string.h>

#include "backends/ledger/btree/node_layout.h"

/* How many of the `count` heads are less than `head`. The steps depend on `count` alone. */
static uint32_t lower_bound(const unsigned char *heads, uint32_t count, uint32_t head)
{
    const unsigned char *base = heads;
    uint32_t size = count;
    if (count == 0)
        return 0;
    while (size > 1) {
        uint32_t half = size / 2;
        base += codec_load_u32(base + (size_t)(half - 1) * NODE_HEAD_SIZE) < head ? (size_t)half * NODE_HEAD_SIZE : 0;
        size -= half;
    }
    return (uint32_t)((size_t)(base - heads) / NODE_HEAD_SIZE) + (codec_load_u32(base) < head);
}

/* How the key of entry `index` compares to a key with the same head, of which `tail` is what follows the prefix. */
static int compare_tail(Node node, uint32_t index, const unsigned char *tail, size_t tail_size)
{
    const unsigned char *cell = node.bytes + node_slot(node, index);
    size_t rest_size = tail_size > NODE_HEAD_SIZE ? tail_size - NODE_HEAD_SIZE : 0, size, common;
    NodeCell parts = node_cell(node, index);
    int order;
    size = cell_head_size(cell[0]) + parts.rest_size;
    common = parts.rest_size < rest_size ? parts.rest_size : rest_size;
    order = common == 0 ? 0 : memcmp(parts.rest, tail + NODE_HEAD_SIZE, common);
    return order != 0 ? order : (size > tail_size) - (size < tail_size);
}

/* Searches the entries from `first` on, of which all share the prefix. */
static uint32_t search_from(Node node, uint32_t first, StorageSlice key, int *ret_is_equal)
{
    uint32_t count = node_entry_count(node), prefix_size = node_prefix_size(node), low, high, head;
    const unsigned char *heads = node.bytes + NODE_HEADS, *tail = key.data;
    size_t tail_size = key.size - prefix_size;
    *ret_is_equal = 0;
    if (prefix_size > 0) {
        size_t common = key.size < prefix_size ? key.size : prefix_size;
        int order = common == 0 ? 0 : memcmp(key.data, node_prefix(node), common);
        if (order != 0 || key.size < prefix_size)
            return order > 0 ? count : first;
        tail += prefix_size;
    }
    head = node_head_of(tail, tail_size);
    low = first + lower_bound(heads + (size_t)first * NODE_HEAD_SIZE, count - first, head);
    high = low;
    while (high < count && high < low + 2 && node_head(node, high) == head)
        high++;
    if (high == low + 2) /* a run of equal heads: to its end */
        high =
            head == UINT32_MAX ? count : low + lower_bound(heads + (size_t)low * NODE_HEAD_SIZE, count - low, head + 1);
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = compare_tail(node, middle, tail, tail_size);
        if (order == 0) {
            *ret_is_equal = 1;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t node_search(Node node, StorageSlice key, int *ret_is_equal)
{
    return search_from(node, 0, key, ret_is_equal);
}

uint32_t node_child_index(Node node, StorageSlice key)
{
    int is_equal;
    uint32_t index = search_from(node, 1, key, &is_equal);
    return is_equal ? index : index - 1;
}

NodeEntry node_entry(Node node, uint32_t index)
{
    NodeCell cell = node_cell(node, index);
    uint32_t head = node_head(node, index);
    int is_leaf = node_is_leaf(node);
    NodeEntry entry = {.rest = cell.rest,
                       .rest_size = cell.rest_size,
                       .head_size = cell_head_size(cell.flags),
                       .flags = (cell.flags & (CELL_EXPIRES | CELL_OVERFLOW)) | (is_leaf ? CELL_LEAF : 0u),
                       .value_size = cell.value_size,
                       .body = cell.body,
                       .body_size = (uint32_t)(cell.end - cell.body),
                       .revision = cell.revision,
                       .expires_at_ns = cell.expires_at_ns};
    if (index > 0 || is_leaf) /* the first key of a branch is empty */
        entry.prefix = (StorageSlice){node_prefix(node), node_prefix_size(node)};
    for (size_t place = 0; place < NODE_HEAD_SIZE; place++)
        entry.head[place] = (unsigned char)(head >> (8 * (NODE_HEAD_SIZE - 1 - place)));
    return entry;
}

LedgerRecord node_record(Node node, uint32_t index)
{
    NodeCell cell = node_cell(node, index);
    return node_cell_record(&cell);
}

unsigned char *node_child(Node node, uint32_t index)
{
    return node.bytes + (node_cell(node, index).body - node.bytes);
}

void node_summarize(Node node, LedgerPointer *pointer)
{
    uint32_t count = node_entry_count(node);
    pointer->entries = 0;
    pointer->flags = 0;
    for (uint32_t index = 0; index < count; index++) {
        if (node_is_leaf(node)) {
            uint32_t flags = node.bytes[node_slot(node, index)];
            pointer->entries++;
            pointer->flags |= ((flags & CELL_OVERFLOW) != 0 ? LEDGER_POINTER_OVERFLOW : 0u) |
                              ((flags & CELL_EXPIRES) != 0 ? LEDGER_POINTER_EXPIRES : 0u);
        } else {
            const unsigned char *child = node_child(node, index);
            pointer->entries += ledger_pointer_entries(child);
            pointer->flags |= ledger_pointer_flags(child);
        }
    }
}

/* ---- keys of entries ---- */

uint32_t node_key_size(const NodeEntry *entry)
{
    return (uint32_t)entry->prefix.size + entry->head_size + entry->rest_size;
}

/* Copies what of `part`, which begins at `*position` of the key, lies in [offset, offset + size). */
static void copy_part(const void *part, uint32_t part_size, uint32_t *position, uint32_t offset, uint32_t size,
                      unsigned char *to)
{
    uint32_t begin = offset > *position ? offset : *position;
    uint32_t end = offset + size < *position + part_size ? offset + size : *position + part_size;
    if (begin < end)
        memcpy(to + (begin - offset), (const unsigned char *)part + (begin - *position), end - begin);
    *position += part_size;
}

void node_key_copy(const NodeEntry *entry, uint32_t offset, uint32_t size, unsigned char *to)
{
    uint32_t position = 0;
    copy_part(entry->prefix.data, (uint32_t)entry->prefix.size, &position, offset, size, to);
    copy_part(entry->head, entry->head_size, &position, offset, size, to);
    copy_part(entry->rest, entry->rest_size, &position, offset, size, to);
}

static unsigned char key_byte(const NodeEntry *entry, uint32_t index)
{
    uint32_t prefix_size = (uint32_t)entry->prefix.size;
    if (index < prefix_size)
        return ((const unsigned char *)entry->prefix.data)[index];
    if (index < prefix_size + entry->head_size)
        return entry->head[index - prefix_size];
    return entry->rest[index - prefix_size - entry->head_size];
}

uint32_t node_key_common(const NodeEntry *left, const NodeEntry *right, int *ret_order)
{
    uint32_t left_size = node_key_size(left), right_size = node_key_size(right), common = 0;
    uint32_t size = left_size < right_size ? left_size : right_size;
    if (left->prefix.data == right->prefix.data) /* of one node, or none */
        common = (uint32_t)(left->prefix.size < right->prefix.size ? left->prefix.size : right->prefix.size);
    while (common < size && key_byte(left, common) == key_byte(right, common))
        common++;
    if (common < size)
        *ret_order = key_byte(left, common) < key_byte(right, common) ? -1 : 1;
    else
        *ret_order = (left_size > right_size) - (left_size < right_size);
    return common;
}
