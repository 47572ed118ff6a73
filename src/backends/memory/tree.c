/*
 * memory/tree.c - searching, and changing single leaves.
 *
 * Invariants:
 *   1. A record that is in the tree is reachable from the root at every moment, by every reader.
 *   2. A leaf that is not dead covers every key whose descent ends at it; only holders of the structure lock kill
 * leaves or change inner nodes, and they hold the lock of a leaf that they kill.
 *   3. Arrays and nodes that were replaced are retired to limbo, never freed at once.
 *
 * Searches compare 4-byte heads behind the common prefix first (as in Bohannon et al., "Main-memory index structures
 * with fixed-size partial keys", SIGMOD 2001); whole keys only where heads are equal.
 */
#include "backends/memory/tree.h"

#include <string.h>

/* ---- keys as numbers ---- */

uint32_t tree_key_head(StorageSlice key, size_t offset)
{
    const unsigned char *bytes = key.data;
    uint32_t head = 0;
    if (key.size >= offset + sizeof(head)) {
        memcpy(&head, bytes + offset, sizeof(head));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        head = __builtin_bswap32(head);
#endif
        return head;
    }
    for (size_t i = 0; i < sizeof(head); i++)
        head = head << 8 | (offset + i < key.size ? bytes[offset + i] : 0);
    return head;
}

size_t tree_common_prefix(StorageSlice a, StorageSlice b)
{
    const unsigned char *left = a.data, *right = b.data;
    size_t size = 0;
    while (size < a.size && size < b.size && left[size] == right[size])
        size++;
    return size;
}

/* Where a key stands to keys that share `prefix`: before all (-1), after all (1), or among them (0). */
static int compare_prefix(StorageSlice key, const unsigned char *prefix, size_t prefix_size)
{
    size_t common = key.size < prefix_size ? key.size : prefix_size;
    int order = common == 0 ? 0 : memcmp(key.data, prefix, common);
    if (order != 0)
        return order < 0 ? -1 : 1;
    return key.size < prefix_size ? -1 : 0;
}

/* How many heads are less than `head`. Branch-free halving: the count of steps depends on `count` alone. */
static uint32_t heads_lower_bound(const uint32_t *heads, uint32_t count, uint32_t head)
{
    const uint32_t *base = heads;
    uint32_t size = count;
    if (count == 0)
        return 0;
    while (size > 1) {
        uint32_t half = size / 2;
        base += (base[half - 1] < head) ? half : 0;
        size -= half;
    }
    return (uint32_t)(base - heads) + (base[0] < head);
}

uint32_t tree_items_lower_bound(const TreeItems *items, StorageSlice key)
{
    int order = compare_prefix(key, items->prefix, items->prefix_size);
    uint32_t head;
    uint32_t index;
    if (order != 0)
        return order < 0 ? 0 : items->count;
    head = tree_key_head(key, items->prefix_size);
    index = heads_lower_bound(items->heads, items->count, head);
    while (index < items->count && items->heads[index] == head &&
           storage_slice_compare(record_key(items->records[index]), key) < 0)
        index++;
    return index;
}

/* The child for `key`: how many separators are at or before it; `is_before`: strictly before it. */
uint32_t tree_child_index(const TreeInner *inner, StorageSlice key, int is_before)
{
    uint32_t separator_count = inner->count - 1, index;
    int order = compare_prefix(key, inner->prefix, inner->prefix_size);
    uint32_t head;
    if (order != 0)
        return order < 0 ? 0 : separator_count;
    head = tree_key_head(key, inner->prefix_size);
    index = heads_lower_bound(inner->heads, separator_count, head);
    for (; index < separator_count && inner->heads[index] == head; index++) {
        order = storage_slice_compare(inner->separators[index], key);
        if (order > 0 || (order == 0 && is_before))
            break;
    }
    return index;
}

/* ---- reading ---- */

static TreeLeaf *find_leaf(const Tree *self, StorageSlice key)
{
    TreeNode *node = atomic_load(&self->root);
    while (node->level > 0) {
        TreeInner *inner = (TreeInner *)node;
        node = atomic_load(&inner->children[tree_child_index(inner, key, 0)]);
    }
    return (TreeLeaf *)node;
}

/* Starts all loads of the array at once: the halving search would wait for them one after the other. */
static void prefetch_items(const TreeItems *items)
{
    const char *bytes = (const char *)items;
    size_t size = sizeof(*items) + TREE_LEAF_MAX * (sizeof(uint32_t) + sizeof(Record *));
    for (size_t offset = 0; offset < size; offset += 64)
        __builtin_prefetch(bytes + offset);
}

static Record *find_in_items(const TreeItems *items, StorageSlice key, uint32_t *ret_index)
{
    uint32_t index = tree_items_lower_bound(items, key);
    *ret_index = index;
    if (index < items->count && storage_slice_compare(record_key(items->records[index]), key) == 0)
        return items->records[index];
    return NULL;
}

Record *tree_find(const Tree *self, StorageSlice key)
{
    const TreeItems *items = atomic_load(&find_leaf(self, key)->items);
    uint32_t index;
    prefetch_items(items);
    return find_in_items(items, key, &index);
}

static TreeView descend(const Tree *self, StorageSlice key, int is_before, int is_last)
{
    TreeView view = {0};
    TreeNode *node = atomic_load(&self->root);
    while (node->level > 0) {
        TreeInner *inner = (TreeInner *)node;
        uint32_t index = is_last ? inner->count - 1 : tree_child_index(inner, key, is_before);
        if (index > 0)
            view.lower = inner->separators[index - 1];
        if (index < inner->count - 1)
            view.upper = inner->separators[index];
        node = atomic_load(&inner->children[index]);
    }
    view.items = atomic_load(&((TreeLeaf *)node)->items);
    return view;
}

TreeView tree_view(const Tree *self, StorageSlice key, int is_before)
{
    return descend(self, key, is_before, 0);
}

TreeView tree_view_first(const Tree *self)
{
    return descend(self, (StorageSlice){NULL, 0}, 0, 0);
}

TreeView tree_view_last(const Tree *self)
{
    return descend(self, (StorageSlice){NULL, 0}, 0, 1);
}

/* ---- blocks ---- */

size_t tree_items_footprint(const TreeItems *items)
{
    return sizeof(*items) + items->count * (sizeof(uint32_t) + sizeof(Record *)) + items->prefix_size;
}

/* An array to be filled: records, heads and prefix. */
static TreeItems *allocate_items(Tree *self, uint32_t count, size_t prefix_size)
{
    TreeItems shape = {.count = count, .prefix_size = (uint32_t)prefix_size};
    TreeItems *items = storage_allocate(tree_items_footprint(&shape));
    if (items == NULL)
        return NULL;
    *items = shape;
    items->records = (Record **)(void *)(items + 1);
    items->heads = (uint32_t *)(void *)(items->records + count);
    items->prefix = (unsigned char *)(items->heads + count);
    (void)atomic_fetch_add_explicit(&self->bytes, tree_items_footprint(items), memory_order_relaxed);
    return items;
}

TreeItems *tree_items_new(Tree *self, Record *const *records, uint32_t count)
{
    size_t prefix_size = count == 0 ? 0 : tree_common_prefix(record_key(records[0]), record_key(records[count - 1]));
    TreeItems *items = allocate_items(self, count, prefix_size);
    if (items == NULL)
        return NULL;
    if (count > 0)
        memcpy(items->records, records, count * sizeof(Record *));
    if (prefix_size > 0)
        memcpy(items->prefix, records[0]->key, prefix_size);
    for (uint32_t i = 0; i < count; i++)
        items->heads[i] = tree_key_head(record_key(records[i]), prefix_size);
    return items;
}

/* Copies all but what stands at `index`: leaves a gap there (`grows`), or closes one. */
static void copy_around(void *to, const void *from, uint32_t index, uint32_t count, size_t size, int grows)
{
    size_t skip_to = index + (grows ? 1 : 0), skip_from = index + (grows ? 0 : 1);
    memcpy(to, from, index * size);
    memcpy((char *)to + skip_to * size, (const char *)from + skip_from * size, (count - skip_from) * size);
}

/* The array with `record` put in at `index`, or (NULL) without the one there. As long as all keys share the prefix, the
 * heads are copied and no other record is looked at; a prefix that has become longer is found at the next split. */
static TreeItems *edited_items(Tree *self, const TreeItems *items, uint32_t index, Record *record)
{
    uint32_t count = record == NULL ? items->count - 1 : items->count + 1;
    TreeItems *edited;
    if (record != NULL && compare_prefix(record_key(record), items->prefix, items->prefix_size) != 0) {
        Record *records[TREE_LEAF_MAX];
        copy_around(records, items->records, index, items->count, sizeof(Record *), 1);
        records[index] = record;
        return tree_items_new(self, records, count);
    }
    edited = allocate_items(self, count, items->prefix_size);
    if (edited == NULL)
        return NULL;
    copy_around(edited->records, items->records, index, items->count, sizeof(Record *), record != NULL);
    copy_around(edited->heads, items->heads, index, items->count, sizeof(uint32_t), record != NULL);
    memcpy(edited->prefix, items->prefix, items->prefix_size);
    if (record != NULL) {
        edited->records[index] = record;
        edited->heads[index] = tree_key_head(record_key(record), items->prefix_size);
    }
    return edited;
}

void tree_items_free(Tree *self, TreeItems *items)
{
    if (items == NULL)
        return;
    (void)atomic_fetch_sub_explicit(&self->bytes, tree_items_footprint(items), memory_order_relaxed);
    storage_release(items);
}

TreeLeaf *tree_leaf_new(Tree *self, TreeItems *items)
{
    TreeLeaf *leaf = storage_allocate_zero(sizeof(*leaf));
    if (leaf == NULL)
        return NULL;
    if (pthread_mutex_init(&leaf->lock, NULL) != 0) {
        storage_release(leaf);
        return NULL;
    }
    atomic_init(&leaf->items, items);
    (void)atomic_fetch_add_explicit(&self->bytes, sizeof(*leaf), memory_order_relaxed);
    (void)atomic_fetch_add_explicit(&self->leaf_count, 1, memory_order_relaxed);
    return leaf;
}

void tree_leaf_free(Tree *self, TreeLeaf *leaf)
{
    if (leaf == NULL)
        return;
    (void)atomic_fetch_sub_explicit(&self->bytes, sizeof(*leaf), memory_order_relaxed);
    (void)atomic_fetch_sub_explicit(&self->leaf_count, 1, memory_order_relaxed);
    (void)pthread_mutex_destroy(&leaf->lock);
    storage_release(leaf);
}

StorageStatus tree_init(Tree *self, Limbo *limbo)
{
    TreeItems *items;
    TreeLeaf *leaf;
    *self = (Tree){.limbo = limbo};
    items = tree_items_new(self, NULL, 0);
    leaf = items == NULL ? NULL : tree_leaf_new(self, items);
    if (leaf == NULL || pthread_mutex_init(&self->structure_lock, NULL) != 0) {
        tree_leaf_free(self, leaf);
        tree_items_free(self, items);
        return STORAGE_NO_MEMORY;
    }
    atomic_init(&self->root, &leaf->node);
    return STORAGE_OK;
}

void tree_done(Tree *self, void (*each)(Record *record, void *user_data), void *user_data)
{
    struct {
        TreeInner *inner;
        uint32_t next;
    } path[TREE_DEPTH_MAX];
    TreeNode *node = atomic_load(&self->root);
    size_t depth = 0;
    for (;;) {
        if (node->level > 0) {
            path[depth].inner = (TreeInner *)node;
            path[depth].next = 0;
            depth++;
        } else {
            TreeLeaf *leaf = (TreeLeaf *)node;
            TreeItems *items = atomic_load(&leaf->items);
            for (uint32_t i = 0; i < items->count; i++)
                each(items->records[i], user_data);
            tree_items_free(self, items);
            tree_leaf_free(self, leaf);
        }
        while (depth > 0 && path[depth - 1].next == path[depth - 1].inner->count)
            storage_release(path[--depth].inner);
        if (depth == 0)
            break;
        node = atomic_load(&path[depth - 1].inner->children[path[depth - 1].next++]);
    }
    (void)pthread_mutex_destroy(&self->structure_lock);
}

/* ---- one leaf at a time ---- */

/* The live leaf for `key`, locked (invariant 2). */
static TreeLeaf *lock_leaf(Tree *self, StorageSlice key)
{
    for (;;) {
        TreeLeaf *leaf = find_leaf(self, key);
        (void)pthread_mutex_lock(&leaf->lock);
        if (!leaf->is_dead)
            return leaf;
        (void)pthread_mutex_unlock(&leaf->lock);
    }
}

static void replace_items(Tree *self, TreeLeaf *leaf, TreeItems *items)
{
    TreeItems *replaced = atomic_load(&leaf->items);
    atomic_store(&leaf->items, items);
    (void)atomic_fetch_sub_explicit(&self->bytes, tree_items_footprint(replaced), memory_order_relaxed);
    limbo_retire_node(self->limbo, &replaced->retired);
}

/* Puts a new record into a locked leaf that has room. OK or NO_MEMORY. */
static StorageStatus insert_record(Tree *self, TreeLeaf *leaf, uint32_t index, StorageSlice key, Record **ret_record)
{
    Record *record = record_new(key);
    TreeItems *grown;
    if (record == NULL)
        return STORAGE_NO_MEMORY;
    grown = edited_items(self, atomic_load(&leaf->items), index, record);
    if (grown == NULL) {
        record_release(record);
        return STORAGE_NO_MEMORY;
    }
    replace_items(self, leaf, grown);
    *ret_record = record;
    return STORAGE_OK;
}

StorageStatus tree_insert(Tree *self, StorageSlice key, Record **ret_record, int *ret_is_new)
{
    for (;;) {
        TreeLeaf *leaf;
        StorageStatus status;
        uint32_t index;
        Record *record = tree_find(self, key);
        *ret_is_new = record == NULL;
        if (record != NULL) {
            *ret_record = record;
            return STORAGE_OK;
        }
        leaf = lock_leaf(self, key);
        (void)find_in_items(atomic_load(&leaf->items), key, &index);
        if (atomic_load(&leaf->items)->count < TREE_LEAF_MAX) {
            status = insert_record(self, leaf, index, key, ret_record);
            (void)pthread_mutex_unlock(&leaf->lock);
            return status;
        }
        (void)pthread_mutex_unlock(&leaf->lock);
        status = tree_split(self, key);
        if (status != STORAGE_OK)
            return status;
    }
}

StorageStatus tree_remove(Tree *self, Record *record)
{
    TreeLeaf *leaf = lock_leaf(self, record_key(record));
    const TreeItems *items = atomic_load(&leaf->items);
    TreeItems *shrunk;
    uint32_t index, count = items->count - 1;
    (void)find_in_items(items, record_key(record), &index);
    shrunk = edited_items(self, items, index, NULL);
    if (shrunk != NULL)
        replace_items(self, leaf, shrunk);
    (void)pthread_mutex_unlock(&leaf->lock);
    if (shrunk == NULL)
        return STORAGE_NO_MEMORY;
    if (count < TREE_LEAF_SPARSE)
        tree_merge(self, record_key(record));
    return STORAGE_OK;
}
