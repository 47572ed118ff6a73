/*
 * memory/tree_structure.c - splitting and merging, under the structure lock.
 *
 * A split builds the new nodes bottom up and publishes them with one store, at the lowest inner node that had room (or
 * the root). A merge replaces one inner node by one with a child less, or cuts off a branch that has become empty. What
 * cannot be built for want of memory changes nothing: a split then fails, a merge is left for later.
 *
 * Inner nodes are not merged with one another: each keeps at least one leaf with records, and is cut off with its last
 * leaf, so their number never exceeds that of the leaves.
 */
#include "backends/memory/tree.h"

#include <string.h>

typedef struct Step {
    TreeInner *inner;
    uint32_t index;
} Step;

typedef struct Path {
    Step steps[TREE_DEPTH_MAX];
    size_t depth;
    TreeLeaf *leaf;
} Path;

static void find_path(Tree *self, StorageSlice key, Path *ret_path)
{
    TreeNode *node = atomic_load(&self->root);
    ret_path->depth = 0;
    while (node->level > 0) {
        Step *step = &ret_path->steps[ret_path->depth++];
        step->inner = (TreeInner *)node;
        step->index = tree_child_index(step->inner, key, 0);
        node = atomic_load(&step->inner->children[step->index]);
    }
    ret_path->leaf = (TreeLeaf *)node;
}

/* Puts `node` where the path stands at `depth`: into the slot of the parent, or the root. The publishing store. */
static void publish(Tree *self, const Path *path, size_t depth, TreeNode *node)
{
    if (depth == 0)
        atomic_store(&self->root, node);
    else
        atomic_store(&path->steps[depth - 1].inner->children[path->steps[depth - 1].index], node);
}

/* ---- inner nodes ---- */

/* The parts of an inner node that is being built. */
typedef struct Draft {
    TreeNode *children[TREE_INNER_MAX + 1];
    StorageSlice separators[TREE_INNER_MAX];
    uint32_t count;
} Draft;

static void draft_from(Draft *draft, const TreeInner *inner)
{
    draft->count = inner->count;
    for (uint32_t i = 0; i < inner->count; i++)
        draft->children[i] = atomic_load(&inner->children[i]);
    for (uint32_t i = 0; i + 1 < inner->count; i++)
        draft->separators[i] = inner->separators[i];
}

static void draft_split_child(Draft *draft, uint32_t index, TreeNode *left, StorageSlice separator, TreeNode *right)
{
    memmove(&draft->children[index + 2], &draft->children[index + 1],
            (draft->count - index - 1) * sizeof(draft->children[0]));
    memmove(&draft->separators[index + 1], &draft->separators[index],
            (draft->count - 1 - index) * sizeof(draft->separators[0]));
    draft->children[index] = left;
    draft->children[index + 1] = right;
    draft->separators[index] = separator;
    draft->count++;
}

/* Takes child `index` out; its keys go to the neighbour behind `separator_index`. */
static void draft_remove_child(Draft *draft, uint32_t index, uint32_t separator_index)
{
    draft->count--;
    memmove(&draft->children[index], &draft->children[index + 1], (draft->count - index) * sizeof(draft->children[0]));
    memmove(&draft->separators[separator_index], &draft->separators[separator_index + 1],
            (draft->count - 1 - separator_index) * sizeof(draft->separators[0]));
}

static size_t separators_size(const StorageSlice *separators, uint32_t count)
{
    size_t size = 0;
    for (uint32_t i = 0; i < count; i++)
        size += separators[i].size;
    return size;
}

size_t tree_inner_footprint(const TreeInner *inner)
{
    return sizeof(*inner) + inner->count * sizeof(inner->children[0]) +
           (inner->count - 1) * (sizeof(uint32_t) + sizeof(StorageSlice)) + inner->prefix_size +
           separators_size(inner->separators, inner->count - 1);
}

static TreeInner *inner_new(Tree *self, uint32_t level, TreeNode *const *children, const StorageSlice *separators,
                            uint32_t count)
{
    uint32_t separator_count = count - 1;
    size_t prefix_size = separator_count == 0 ? 0 : tree_common_prefix(separators[0], separators[separator_count - 1]);
    size_t size = sizeof(TreeInner) + count * sizeof(children[0]) +
                  separator_count * (sizeof(uint32_t) + sizeof(StorageSlice)) + prefix_size +
                  separators_size(separators, separator_count);
    TreeInner *inner = storage_allocate(size);
    unsigned char *bytes;
    if (inner == NULL)
        return NULL;
    inner->node = (TreeNode){.level = level};
    inner->count = count;
    inner->prefix_size = (uint32_t)prefix_size;
    inner->separators = (StorageSlice *)(void *)(&inner->children[count]);
    inner->heads = (uint32_t *)(void *)(inner->separators + separator_count);
    inner->prefix = (unsigned char *)(inner->heads + separator_count);
    bytes = inner->prefix + prefix_size;
    if (prefix_size > 0)
        memcpy(inner->prefix, separators[0].data, prefix_size);
    for (uint32_t i = 0; i < count; i++)
        atomic_init(&inner->children[i], children[i]);
    for (uint32_t i = 0; i < separator_count; i++) {
        if (separators[i].size > 0)
            memcpy(bytes, separators[i].data, separators[i].size);
        inner->separators[i] = (StorageSlice){bytes, separators[i].size};
        inner->heads[i] = tree_key_head(separators[i], prefix_size);
        bytes += separators[i].size;
    }
    (void)atomic_fetch_add_explicit(&self->bytes, size, memory_order_relaxed);
    return inner;
}

static void inner_free(Tree *self, TreeInner *inner)
{
    (void)atomic_fetch_sub_explicit(&self->bytes, tree_inner_footprint(inner), memory_order_relaxed);
    storage_release(inner);
}

static void retire_inner(Tree *self, TreeInner *inner)
{
    (void)atomic_fetch_sub_explicit(&self->bytes, tree_inner_footprint(inner), memory_order_relaxed);
    limbo_retire_node(self->limbo, &inner->node.retired);
}

/* A leaf that the tree no longer has; its lock is held and let go. */
static void retire_leaf(Tree *self, TreeLeaf *leaf)
{
    TreeItems *items = atomic_load(&leaf->items);
    leaf->is_dead = 1;
    (void)pthread_mutex_unlock(&leaf->lock);
    (void)atomic_fetch_sub_explicit(&self->bytes, tree_items_footprint(items) + sizeof(*leaf), memory_order_relaxed);
    (void)atomic_fetch_sub_explicit(&self->leaf_count, 1, memory_order_relaxed);
    limbo_retire_node(self->limbo, &items->retired);
    limbo_retire_node(self->limbo, &leaf->node.retired);
}

/* ---- splitting ---- */

/* What replaces one node: itself and a right neighbour. */
typedef struct Halves {
    TreeNode *left, *right;
    StorageSlice separator;
} Halves;

/* The shortest key that is greater than `left` and not greater than `right`. */
static StorageSlice shortest_separator(const Record *left, const Record *right)
{
    return (StorageSlice){right->key, tree_common_prefix(record_key(left), record_key(right)) + 1};
}

/* Keys that come in order fill their leaves: then the left half keeps all but the last record. */
static uint32_t split_point(const Path *path, const TreeItems *items, StorageSlice key)
{
    int is_rightmost = 1;
    for (size_t i = 0; i < path->depth; i++)
        is_rightmost &= path->steps[i].index + 1 == path->steps[i].inner->count;
    return is_rightmost && tree_items_lower_bound(items, key) == items->count ? items->count - 1 : items->count / 2;
}

static TreeLeaf *leaf_with(Tree *self, Record *const *records, uint32_t count)
{
    TreeItems *items = tree_items_new(self, records, count);
    TreeLeaf *leaf = items == NULL ? NULL : tree_leaf_new(self, items);
    if (leaf == NULL)
        tree_items_free(self, items);
    return leaf;
}

static void leaf_with_items_free(Tree *self, TreeLeaf *leaf)
{
    if (leaf == NULL)
        return;
    tree_items_free(self, atomic_load(&leaf->items));
    tree_leaf_free(self, leaf);
}

static StorageStatus halve_leaf(Tree *self, const Path *path, StorageSlice key, Halves *ret_halves)
{
    const TreeItems *items = atomic_load(&path->leaf->items);
    uint32_t middle = split_point(path, items, key);
    TreeLeaf *left = leaf_with(self, items->records, middle);
    TreeLeaf *right = leaf_with(self, items->records + middle, items->count - middle);
    if (left == NULL || right == NULL) {
        leaf_with_items_free(self, left);
        leaf_with_items_free(self, right);
        return STORAGE_NO_MEMORY;
    }
    *ret_halves =
        (Halves){&left->node, &right->node, shortest_separator(items->records[middle - 1], items->records[middle])};
    return STORAGE_OK;
}

static StorageStatus halve_inner(Tree *self, const Draft *draft, uint32_t level, Halves *ret_halves)
{
    uint32_t middle = draft->count / 2;
    TreeInner *left = inner_new(self, level, draft->children, draft->separators, middle);
    TreeInner *right =
        inner_new(self, level, draft->children + middle, draft->separators + middle, draft->count - middle);
    if (left == NULL || right == NULL) {
        if (left != NULL)
            inner_free(self, left);
        if (right != NULL)
            inner_free(self, right);
        return STORAGE_NO_MEMORY;
    }
    *ret_halves = (Halves){&left->node, &right->node, draft->separators[middle - 1]};
    return STORAGE_OK;
}

/* Replaces the leaf of the path by `halves`, splitting as many parents as are full. OK or NO_MEMORY: nothing changed
 * but new inner nodes, which are freed; the halves of the leaf are the caller's. */
static StorageStatus grow_parents(Tree *self, const Path *path, Halves halves)
{
    TreeInner *made[2 * TREE_DEPTH_MAX];
    size_t made_count = 0, depth = path->depth;
    uint32_t level = 1;
    TreeInner *top = NULL;
    while (top == NULL) {
        Draft draft;
        StorageStatus status = STORAGE_OK;
        if (depth == 0) {
            top = inner_new(self, level, (TreeNode *[]){halves.left, halves.right}, &halves.separator, 2);
            status = top == NULL ? STORAGE_NO_MEMORY : STORAGE_OK;
        } else {
            const Step *parent = &path->steps[--depth];
            draft_from(&draft, parent->inner);
            draft_split_child(&draft, parent->index, halves.left, halves.separator, halves.right);
            if (draft.count <= TREE_INNER_MAX) {
                top = inner_new(self, level, draft.children, draft.separators, draft.count);
                status = top == NULL ? STORAGE_NO_MEMORY : STORAGE_OK;
            } else {
                status = halve_inner(self, &draft, level++, &halves);
                if (status == STORAGE_OK) {
                    made[made_count++] = (TreeInner *)halves.left;
                    made[made_count++] = (TreeInner *)halves.right;
                }
            }
        }
        if (status != STORAGE_OK) {
            while (made_count > 0)
                inner_free(self, made[--made_count]);
            return status;
        }
    }
    publish(self, path, depth, &top->node);
    for (; depth < path->depth; depth++)
        retire_inner(self, path->steps[depth].inner);
    return STORAGE_OK;
}

StorageStatus tree_split(Tree *self, StorageSlice key)
{
    Path path;
    Halves halves;
    StorageStatus status = STORAGE_OK;
    (void)pthread_mutex_lock(&self->structure_lock);
    find_path(self, key, &path);
    (void)pthread_mutex_lock(&path.leaf->lock);
    if (atomic_load(&path.leaf->items)->count < TREE_LEAF_MAX)
        goto out; /* somebody else was faster */
    status = halve_leaf(self, &path, key, &halves);
    if (status != STORAGE_OK)
        goto out;
    status = grow_parents(self, &path, halves);
    if (status != STORAGE_OK) {
        leaf_with_items_free(self, (TreeLeaf *)halves.left);
        leaf_with_items_free(self, (TreeLeaf *)halves.right);
        goto out;
    }
    retire_leaf(self, path.leaf);
    (void)pthread_mutex_unlock(&self->structure_lock);
    return STORAGE_OK;
out:
    (void)pthread_mutex_unlock(&path.leaf->lock);
    (void)pthread_mutex_unlock(&self->structure_lock);
    return status;
}

/* ---- merging ---- */

static TreeLeaf *merged_leaf(Tree *self, const TreeItems *left, const TreeItems *right)
{
    Record *records[TREE_LEAF_MAX];
    memcpy(records, left->records, left->count * sizeof(Record *));
    memcpy(records + left->count, right->records, right->count * sizeof(Record *));
    return leaf_with(self, records, left->count + right->count);
}

/* Puts `draft` in the place of step `depth - 1`; a root with one child gives way to the child. 1 when it was done. */
static int replace_parent(Tree *self, const Path *path, size_t depth, const Draft *draft, uint32_t level)
{
    TreeNode *replacement;
    if (draft->count == 1 && depth == 1) {
        replacement = draft->children[0];
    } else {
        TreeInner *inner = inner_new(self, level, draft->children, draft->separators, draft->count);
        if (inner == NULL)
            return 0;
        replacement = &inner->node;
    }
    publish(self, path, depth - 1, replacement);
    retire_inner(self, path->steps[depth - 1].inner);
    return 1;
}

/* The leaf and the neighbour under the same parent that it fits together with. */
static void merge_with_neighbour(Tree *self, const Path *path)
{
    const Step *parent = &path->steps[path->depth - 1];
    uint32_t left_index = parent->index > 0 ? parent->index - 1 : 0;
    TreeLeaf *left = (TreeLeaf *)atomic_load(&parent->inner->children[left_index]);
    TreeLeaf *right = (TreeLeaf *)atomic_load(&parent->inner->children[left_index + 1]);
    const TreeItems *left_items, *right_items;
    TreeLeaf *merged = NULL;
    uint32_t sum;
    (void)pthread_mutex_lock(&left->lock);
    (void)pthread_mutex_lock(&right->lock);
    left_items = atomic_load(&left->items);
    right_items = atomic_load(&right->items);
    sum = left_items->count + right_items->count;
    if (sum <= TREE_LEAF_MERGE || left_items->count == 0 || right_items->count == 0)
        merged = merged_leaf(self, left_items, right_items);
    if (merged != NULL) {
        Draft draft;
        draft_from(&draft, parent->inner);
        draft.children[left_index] = &merged->node;
        draft_remove_child(&draft, left_index + 1, left_index);
        if (replace_parent(self, path, path->depth, &draft, parent->inner->node.level)) {
            retire_leaf(self, right);
            retire_leaf(self, left);
            return;
        }
        leaf_with_items_free(self, merged);
    }
    (void)pthread_mutex_unlock(&right->lock);
    (void)pthread_mutex_unlock(&left->lock);
}

/* An empty leaf alone under its parent: the branch goes, up to the first ancestor that has other children. */
static void cut_branch(Tree *self, const Path *path)
{
    size_t depth = path->depth;
    Draft draft;
    uint32_t index;
    while (depth > 0 && path->steps[depth - 1].inner->count == 1)
        depth--;
    if (depth == 0)
        return;
    (void)pthread_mutex_lock(&path->leaf->lock);
    if (atomic_load(&path->leaf->items)->count == 0) {
        index = path->steps[depth - 1].index;
        draft_from(&draft, path->steps[depth - 1].inner);
        draft_remove_child(&draft, index, index > 0 ? index - 1 : 0);
        if (replace_parent(self, path, depth, &draft, path->steps[depth - 1].inner->node.level)) {
            for (size_t i = depth; i < path->depth; i++)
                retire_inner(self, path->steps[i].inner);
            retire_leaf(self, path->leaf);
            return;
        }
    }
    (void)pthread_mutex_unlock(&path->leaf->lock);
}

void tree_merge(Tree *self, StorageSlice key)
{
    Path path;
    (void)pthread_mutex_lock(&self->structure_lock);
    find_path(self, key, &path);
    if (path.depth > 0 && path.steps[path.depth - 1].inner->count > 1)
        merge_with_neighbour(self, &path);
    else if (path.depth > 0)
        cut_branch(self, &path);
    (void)pthread_mutex_unlock(&self->structure_lock);
}
