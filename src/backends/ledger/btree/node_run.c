/*
 * btree/node_run.c - a sequence of entries that becomes one node or several.
 *
 * The prefix of a part of a run is what its first and its last key have in common, and its base revision is the
 * smallest of those of the nodes that it comes from. So a part of one node keeps a base at least as good, and never
 * grows. Separators are the shortest that part two keys (Bayer and Unterauer, "Prefix B-trees", TODS 1977).
 */
#include "backends/ledger/btree/node_run.h"

#include <assert.h>
#include <string.h>

#include "backends/ledger/btree/node_layout.h"

void node_run_init(NodeRun *self, uint32_t type)
{
    self->weights = NULL;
    self->piece_count = self->entry_count = 0;
    self->type = type;
}

static void add_piece(NodeRun *self, NodePiece piece)
{
    assert(self->piece_count < NODE_RUN_PIECES_MAX);
    self->pieces[self->piece_count++] = piece;
    self->entry_count += piece.count;
}

void node_run_add_node(NodeRun *self, Node node, uint32_t from, uint32_t end)
{
    if (from < end)
        add_piece(self, (NodePiece){.node = node, .from = from, .count = end - from});
}

void node_run_add_entry(NodeRun *self, const NodeEntry *entry)
{
    add_piece(self, (NodePiece){.entry = entry, .count = 1});
}

static const NodePiece *find_piece(const NodeRun *self, uint32_t *index)
{
    const NodePiece *piece = self->pieces;
    while (*index >= piece->count)
        *index -= piece++->count;
    return piece;
}

NodeEntry node_run_entry(const NodeRun *self, uint32_t index)
{
    const NodePiece *piece = find_piece(self, &index);
    return piece->entry != NULL ? *piece->entry : node_entry(piece->node, piece->from + index);
}

/* The entry as it stands in a node that begins with entry `first` of the run. */
static NodeEntry entry_in_node(const NodeRun *self, uint32_t first, uint32_t index)
{
    NodeEntry entry = node_run_entry(self, index);
    if (self->type == LEDGER_PAGE_BRANCH && index == first) {
        entry.prefix = (StorageSlice){NULL, 0};
        entry.head_size = entry.rest_size = 0;
    }
    return entry;
}

/* How many entries at the beginning of a node have no key that counts. */
static uint32_t keyless_count(const NodeRun *self)
{
    return self->type == LEDGER_PAGE_BRANCH ? 1 : 0;
}

int node_run_is_ascending(const NodeRun *self)
{
    uint32_t index = 0;
    for (uint32_t piece_index = 0; piece_index < self->piece_count; piece_index++) {
        if (index > 0) {
            NodeEntry left = entry_in_node(self, 0, index - 1), right = node_run_entry(self, index);
            int order;
            (void)node_key_common(&left, &right, &order);
            if (order >= 0)
                return 0;
        }
        index += self->pieces[piece_index].count;
    }
    return 1;
}

static uint32_t common_prefix_size(const NodeRun *self, uint32_t from, uint32_t end)
{
    uint32_t first = from + keyless_count(self);
    NodeEntry left, right;
    int order;
    if (first + 1 >= end)
        return 0; /* of a single key it would be all, and the next one would undo it */
    left = node_run_entry(self, first);
    right = node_run_entry(self, end - 1);
    return node_key_common(&left, &right, &order);
}

/* The smallest revision of a part is taken from the nodes that it comes from, without a look at each entry. */
static NodeBase base_of(const NodeRun *self, uint32_t from, uint32_t end)
{
    NodeBase base = {common_prefix_size(self, from, end), 0};
    uint32_t begin = 0;
    if (self->type == LEDGER_PAGE_BRANCH)
        return base;
    base.revision = UINT64_MAX;
    for (uint32_t index = 0; index < self->piece_count; begin += self->pieces[index++].count) {
        const NodePiece *piece = &self->pieces[index];
        uint64_t revision = piece->entry != NULL ? piece->entry->revision : node_base_revision(piece->node);
        if (begin < end && begin + piece->count > from && revision < base.revision)
            base.revision = revision;
    }
    return base;
}

static int is_same_base(NodeBase left, NodeBase right)
{
    return left.prefix_size == right.prefix_size && left.revision == right.revision;
}

/* The base that counts for an entry: without a key it has no prefix. */
static NodeBase base_for(const NodeRun *self, NodeBase base, uint32_t first, uint32_t index)
{
    if (index < first + keyless_count(self))
        base.prefix_size = 0;
    return base;
}

uint32_t node_run_size(const NodeRun *self, uint32_t from, uint32_t end)
{
    NodeBase base = base_of(self, from, end);
    uint64_t size = base.prefix_size;
    for (uint32_t index = from; index < end; index++) {
        NodeEntry entry = entry_in_node(self, from, index);
        size += node_entry_size(&entry, base_for(self, base, from, index));
    }
    return size > UINT32_MAX ? UINT32_MAX : (uint32_t)size;
}

/* Where the bytes of an entry go in a node that is being built: downwards from `offset`. */
typedef struct Builder {
    Node node;
    uint32_t count, place, offset;
} Builder;

/* Notes the cell that begins at builder->offset now. */
static void add_index(Builder *builder, uint32_t head)
{
    codec_store_u32(builder->node.bytes + NODE_HEADS + (size_t)builder->place * NODE_HEAD_SIZE, head);
    codec_store_u16(node_slots(builder->node, builder->count) + (size_t)builder->place * NODE_SLOT_SIZE,
                    (uint16_t)builder->offset);
    builder->place++;
}

static void build_entry(Builder *builder, const NodeEntry *entry, NodeBase base)
{
    uint32_t head;
    builder->offset -= node_entry_size(entry, base) - NODE_INDEX_SIZE;
    assert(builder->offset >= NODE_HEADS + builder->count * NODE_INDEX_SIZE);
    (void)node_write_cell(entry, base, builder->node.bytes + builder->offset, &head);
    add_index(builder, head);
}

/* A cell of a node with the same base is right as it is. */
static void build_copy(Builder *builder, Node from, uint32_t index)
{
    uint32_t size = node_stored_size(from, index) - NODE_INDEX_SIZE;
    builder->offset -= size;
    assert(builder->offset >= NODE_HEADS + builder->count * NODE_INDEX_SIZE);
    memcpy(builder->node.bytes + builder->offset, from.bytes + node_slot(from, index), size);
    add_index(builder, node_head(from, index));
}

void node_run_build(const NodeRun *self, uint32_t from, uint32_t end, Node to)
{
    NodeBase base = base_of(self, from, end);
    Builder builder = {.node = to, .count = end - from, .offset = to.page_size - base.prefix_size};
    to.bytes[NODE_TYPE] = (unsigned char)self->type;
    memset(to.bytes + NODE_ENTRY_COUNT, 0, to.page_size - NODE_ENTRY_COUNT);
    if (base.prefix_size > 0) {
        NodeEntry entry = node_run_entry(self, end - 1);
        node_key_copy(&entry, 0, base.prefix_size, to.bytes + builder.offset);
    }
    for (uint32_t index = from; index < end; index++) {
        uint32_t in_piece = index;
        const NodePiece *piece = find_piece(self, &in_piece);
        if (index >= from + keyless_count(self) && piece->entry == NULL && is_same_base(node_base(piece->node), base)) {
            build_copy(&builder, piece->node, piece->from + in_piece);
        } else {
            NodeEntry entry = entry_in_node(self, from, index);
            build_entry(&builder, &entry, base_for(self, base, from, index));
        }
    }
    codec_store_u32(to.bytes + NODE_ENTRY_COUNT, builder.count);
    codec_store_u32(to.bytes + NODE_PREFIX_SIZE, base.prefix_size);
    codec_store_u32(to.bytes + NODE_HEAP_START, builder.offset);
    codec_store_u64(to.bytes + NODE_BASE_REVISION, base.revision);
}

/* ---- where to cut ---- */

/* What a new entry takes beside those of the first node whose base holds for it. */
static uint32_t weight_of_new(const NodeRun *self, const NodeEntry *entry)
{
    for (uint32_t index = 0; index < self->piece_count; index++)
        if (self->pieces[index].entry == NULL && node_base_holds(self->pieces[index].node, entry))
            return node_entry_size(entry, node_base(self->pieces[index].node));
    return node_entry_size(entry, (NodeBase){0});
}

void node_run_weigh(NodeRun *self, uint32_t *weights)
{
    uint32_t index = 0, total = 0;
    self->weights = weights;
    for (uint32_t piece_index = 0; piece_index < self->piece_count; piece_index++) {
        const NodePiece *piece = &self->pieces[piece_index];
        for (uint32_t in_piece = 0; in_piece < piece->count; in_piece++) {
            weights[index++] = total;
            total += piece->entry != NULL ? weight_of_new(self, piece->entry)
                                          : node_stored_size(piece->node, piece->from + in_piece);
        }
    }
    weights[index] = total;
}

uint32_t node_run_share(const NodeRun *self, uint32_t part, uint32_t parts)
{
    uint64_t wanted = (uint64_t)self->weights[self->entry_count] * part;
    for (uint32_t index = 0; index < self->entry_count; index++)
        if (((uint64_t)self->weights[index] + self->weights[index + 1]) / 2 * parts >= wanted)
            return index;
    return self->entry_count;
}

/* By how much each entry of `piece` may grow and shrink in a node with another base. */
static void piece_slack(const NodePiece *piece, NodeBase base, uint64_t *ret_growth, uint64_t *ret_shrinkage)
{
    NodeBase own = piece->entry != NULL ? (NodeBase){0} : node_base(piece->node);
    *ret_growth = *ret_shrinkage = 0;
    if (piece->entry != NULL) {
        *ret_shrinkage = node_key_size(piece->entry) + CODEC_LEB128_SIZE_MAX;
        *ret_growth = *ret_shrinkage;
        return;
    }
    if (own.prefix_size > base.prefix_size)
        *ret_growth = own.prefix_size - base.prefix_size + CODEC_LEB128_SIZE_MAX;
    if (own.prefix_size < base.prefix_size)
        *ret_shrinkage = base.prefix_size - own.prefix_size + CODEC_LEB128_SIZE_MAX;
    if (own.revision > base.revision)
        *ret_growth += codec_leb128_size(own.revision - base.revision);
}

/* As a rule the weights tell; else the bytes are counted. */
int node_run_fits(const NodeRun *self, uint32_t from, uint32_t end, uint32_t limit)
{
    NodeBase base = base_of(self, from, end);
    uint64_t most = base.prefix_size + self->weights[end] - self->weights[from], shrinkage = 0;
    uint64_t least = most;
    uint32_t begin = 0;
    for (uint32_t index = 0; index < self->piece_count; begin += self->pieces[index++].count) {
        const NodePiece *piece = &self->pieces[index];
        uint64_t growth, shrinks;
        uint32_t low = begin > from ? begin : from, high = begin + piece->count < end ? begin + piece->count : end;
        if (low >= high)
            continue;
        piece_slack(piece, base, &growth, &shrinks);
        most += growth * (high - low);
        shrinkage += shrinks * (high - low);
    }
    if (self->type == LEDGER_PAGE_BRANCH) /* the first key becomes empty */
        shrinkage += self->weights[from + 1] - self->weights[from];
    if (most <= limit)
        return 1;
    least = least > shrinkage ? least - shrinkage : 0;
    return least <= limit && node_run_size(self, from, end) <= limit;
}

static int cut_fits(const NodeRun *self, uint32_t cut, uint32_t limit)
{
    return node_run_fits(self, 0, cut, limit) && node_run_fits(self, cut, self->entry_count, limit);
}

uint32_t node_run_cut(const NodeRun *self, uint32_t ideal, uint32_t distance, uint32_t limit)
{
    uint32_t entries_min = self->type == LEDGER_PAGE_BRANCH ? 2 : 1;
    uint32_t low = entries_min, high = self->entry_count - entries_min;
    if (self->entry_count < 2 * entries_min)
        return 0;
    ideal = ideal < low ? low : ideal > high ? high : ideal;
    for (uint32_t step = 0; step <= distance && (ideal + step <= high || ideal >= low + step); step++) {
        if (ideal + step <= high && cut_fits(self, ideal + step, limit))
            return ideal + step;
        if (step > 0 && ideal >= low + step && cut_fits(self, ideal - step, limit))
            return ideal - step;
    }
    return 0;
}

uint32_t node_run_separator(const NodeRun *self, uint32_t cut, unsigned char *key)
{
    NodeEntry left = node_run_entry(self, cut - 1), right = node_run_entry(self, cut);
    uint32_t size = node_key_size(&right);
    if (self->type == LEDGER_PAGE_LEAF) {
        int order;
        uint32_t common = node_key_common(&left, &right, &order);
        size = common < size ? common + 1 : size;
    }
    node_key_copy(&right, 0, size, key);
    return size;
}
