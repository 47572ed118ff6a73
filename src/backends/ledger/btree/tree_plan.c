/*
 * btree/tree_plan.c - what a change does to the nodes, level by level, before anything is changed.
 *
 * A node may be as full as its page. A leaf that is too full gives to a sibling that has room, or shares with it and a
 * new one: two nodes become three (Knuth, volume 3, section 6.2.4, B*-trees). What ascends or descends fills its
 * leaves. A node that deletes have brought below a third is merged with a sibling, or shares its load. Prefixes and
 * smallest revisions are part of the reckoning: an entry that would make a node lose what it keeps once, and grow
 * beyond its page, goes into a leaf of its own.
 *
 * Invariant: a part of a node, by itself, never takes more bytes than it did in the node. So there always is a way to
 * split.
 */
#include "backends/ledger/btree/tree_writer.h"

enum {
    UNDERFULL_DIVISOR = 3,
    MERGED_PERCENT_MAX = 90,  /* so that the next insertion does not split it again */
    SHARED_PERCENT_MAX = 97,  /* what two leaves may be filled to, when one gives to the other */
    CUTS_TRIED_TO_SHARE = 2,  /* around the middle */
    CUTS_TRIED_TO_SPLIT = 16, /* of a leaf; then the new entry goes by itself */
    ALL_CUTS = LEDGER_PAGE_SIZE_MAX
};

static uint32_t capacity_of(const LedgerWriter *writer)
{
    return node_capacity(writer->page_size);
}

static uint32_t entries_min_of(uint32_t level)
{
    return level == 0 ? 1 : 2;
}

static int is_root(const LedgerTree *self, uint32_t level)
{
    return level == self->root->level;
}

/* ---- the edit by itself ---- */

void tree_add_edited(NodeRun *run, Node node, const TreeEdit *edit, uint32_t skipped)
{
    uint32_t count = node_entry_count(node);
    if (edit == NULL) {
        node_run_add_node(run, node, skipped, count);
        return;
    }
    node_run_add_node(run, node, skipped, edit->index);
    for (uint32_t index = 0; index < edit->added_count; index++)
        node_run_add_entry(run, &edit->added[index]);
    node_run_add_node(run, node, edit->index + edit->removed + (edit->index == 0 ? skipped : 0), count);
}

static void plan_alone(LedgerWriter *writer, const LedgerTree *self, uint32_t level)
{
    TreeLevelPlan *plan = &writer->plans[level];
    node_run_init(&plan->run, level == 0 ? LEDGER_PAGE_LEAF : LEDGER_PAGE_BRANCH);
    tree_add_edited(&plan->run, tree_node(self, writer->frames[level]), &plan->edit, 0);
    plan->position = plan->edit.index;
    plan->sources[0] = plan->results[0] = writer->frames[level];
    plan->source_count = plan->result_count = 1;
    plan->child_index = is_root(self, level) ? 0 : writer->indexes[level + 1];
    plan->cuts[0] = 0;
    plan->cuts[1] = plan->run.entry_count;
    plan->is_reshaped = 1;
}

static uint32_t removed_size(Node node, const TreeEdit *edit)
{
    uint32_t size = 0;
    for (uint32_t index = edit->index; index < edit->index + edit->removed; index++)
        size += node_stored_size(node, index);
    return size;
}

/* Bytes that the added entries take in the node. */
static uint32_t added_size(Node node, const TreeEdit *edit)
{
    uint32_t size = 0;
    for (uint32_t index = 0; index < edit->added_count; index++)
        size += node_entry_size(&edit->added[index],
                                node_base_holds(node, &edit->added[index]) ? node_base(node) : (NodeBase){0});
    return size;
}

static int can_be_in_place(Node node, const TreeEdit *edit)
{
    if (!node_is_leaf(node) && edit->index == 0)
        return 0; /* another key becomes the first, and that is empty */
    for (uint32_t index = 0; index < edit->added_count; index++)
        if (!node_base_holds(node, &edit->added[index]))
            return 0;
    return added_size(node, edit) <= node_free_size(node) + removed_size(node, edit);
}

static StorageStatus overlap(const LedgerWriter *writer, uint32_t level, StorageContext *ctx)
{
    return storage_fail(ctx, STORAGE_CORRUPT,
                        "page %llu: its keys do not fit those of the pages around it; verify the store",
                        (unsigned long long)writer->frames[level]->page_id);
}

/* Decides about one level. The next one has something to do when `plan` has not as many results as sources, or two. */
static StorageStatus plan_level(LedgerWriter *writer, const LedgerTree *self, uint32_t level, StorageContext *ctx)
{
    TreeLevelPlan *plan = &writer->plans[level];
    Node node = tree_node(self, writer->frames[level]);
    uint32_t capacity = capacity_of(writer), removed = removed_size(node, &plan->edit), size, entry_count;
    int is_smaller = removed > added_size(node, &plan->edit);
    plan_alone(writer, self, level);
    entry_count = plan->run.entry_count;
    if (level > 0 && !node_run_is_ascending(&plan->run))
        return overlap(writer, level, ctx);
    if (can_be_in_place(node, &plan->edit)) {
        size = capacity - node_free_size(node) - removed + added_size(node, &plan->edit);
        plan->is_reshaped = 0;
    } else {
        node_run_weigh(&plan->run, writer->weights);
        if (!node_run_fits(&plan->run, 0, entry_count, capacity))
            return tree_plan_overflow(writer, self, level, ctx);
        size = is_smaller ? node_run_size(&plan->run, 0, entry_count) : capacity;
    }
    if (!is_root(self, level) &&
        (entry_count < entries_min_of(level) || (is_smaller && size < capacity / UNDERFULL_DIVISOR)))
        return tree_plan_underflow(writer, self, level, ctx);
    return STORAGE_OK;
}

/* What the reshaped level means for its parent. */
static void make_parent_edit(LedgerWriter *writer, uint32_t level)
{
    TreeLevelPlan *plan = &writer->plans[level];
    TreeEdit *edit = &writer->plans[level + 1].edit;
    edit->index = plan->child_index + 1;
    edit->removed = plan->source_count - 1;
    edit->added_count = plan->result_count - 1;
    for (uint32_t index = 0; index < edit->added_count; index++) {
        uint32_t key_size = node_run_separator(&plan->run, plan->cuts[index + 1], plan->keys[index]);
        edit->added[index] = (NodeEntry){.prefix = {plan->keys[index], key_size},
                                         .value_size = LEDGER_POINTER_SIZE,
                                         .body_size = LEDGER_POINTER_SIZE,
                                         .body = edit->pointers[index],
                                         .expires_at_ns = STORAGE_NEVER};
    }
}

/* Notes the sources that are not among the results. */
static StorageStatus leave_sources(LedgerWriter *writer, const TreeLevelPlan *plan, StorageContext *ctx)
{
    for (uint32_t source = 0; source < plan->source_count; source++) {
        int is_result = 0;
        for (uint32_t result = 0; result < plan->result_count; result++)
            is_result |= plan->results[result] == plan->sources[source];
        if (!is_result && page_list_add_frame(&writer->left_over, plan->sources[source]) != STORAGE_OK)
            return storage_fail(ctx, STORAGE_NO_MEMORY, "a merge of pages: out of memory; free some and try again");
    }
    return STORAGE_OK;
}

StorageStatus tree_plan(LedgerWriter *writer, const LedgerTree *self, uint32_t level, StorageContext *ctx)
{
    writer->new_root = NULL;
    for (;; level++) {
        const TreeLevelPlan *plan = &writer->plans[level];
        StorageStatus status = plan_level(writer, self, level, ctx);
        if (status == STORAGE_OK && plan->is_reshaped)
            status = leave_sources(writer, plan, ctx);
        writer->top = level;
        if (status != STORAGE_OK || !plan->is_reshaped || (plan->source_count == 1 && plan->result_count == 1))
            return status;
        make_parent_edit(writer, level);
        if (!is_root(self, level))
            continue;
        if (level + 1 >= LEDGER_TREE_LEVELS_MAX)
            return storage_fail(ctx, STORAGE_NO_SPACE, "tree %llu has as many levels as a tree may have",
                                (unsigned long long)self->owner);
        return tree_new_page(writer, self, level + 1, &writer->new_root, ctx);
    }
}

/* ---- two siblings ---- */

/* Lets the plan share the entries of the node and of a sibling beside it. */
static void plan_pair(LedgerWriter *writer, const LedgerTree *self, uint32_t level, LedgerFrame *sibling, int is_left)
{
    TreeLevelPlan *plan = &writer->plans[level];
    LedgerFrame *own = writer->frames[level], *left = is_left ? sibling : own, *right = is_left ? own : sibling;
    const TreeEdit *left_edit = is_left ? NULL : &plan->edit, *right_edit = is_left ? &plan->edit : NULL;
    Node left_node = tree_node(self, left), right_node = tree_node(self, right);
    plan->sources[0] = plan->results[0] = left;
    plan->sources[1] = plan->results[1] = right;
    plan->source_count = plan->result_count = 2;
    plan->child_index = writer->indexes[level + 1] - (is_left ? 1 : 0);
    plan->position = plan->edit.index + (is_left ? node_entry_count(left_node) : 0);
    plan->is_reshaped = 1;
    node_run_init(&plan->run, level == 0 ? LEDGER_PAGE_LEAF : LEDGER_PAGE_BRANCH);
    tree_add_edited(&plan->run, left_node, left_edit, 0);
    if (level > 0) { /* the first child of the right one stands under the separator of the two */
        NodeEntry separator = node_entry(tree_node(self, writer->frames[level + 1]), plan->child_index + 1);
        uint32_t first = right_edit != NULL && right_edit->index == 0 ? right_edit->removed : 0;
        uint32_t key_size = node_key_size(&separator);
        node_key_copy(&separator, 0, key_size, plan->keys[TREE_ADDED_MAX]);
        plan->pulled = node_entry(right_node, first);
        plan->pulled.prefix = (StorageSlice){plan->keys[TREE_ADDED_MAX], key_size};
        plan->pulled.head_size = plan->pulled.rest_size = 0;
        node_run_add_entry(&plan->run, &plan->pulled);
    }
    tree_add_edited(&plan->run, right_node, right_edit, level > 0 ? 1 : 0);
    plan->cuts[0] = 0;
    plan->cuts[2] = plan->run.entry_count;
}

/* The sibling with more room, `*ret_frame`; `*ret_is_left` tells which it is. */
static StorageStatus choose_sibling(LedgerWriter *writer, const LedgerTree *self, uint32_t level,
                                    LedgerFrame **ret_frame, int *ret_is_left, StorageContext *ctx)
{
    LedgerFrame *parent = writer->frames[level + 1];
    uint32_t index = writer->indexes[level + 1], count = node_entry_count(tree_node(self, parent)), room = 0;
    StorageStatus status = STORAGE_OK;
    *ret_frame = NULL;
    for (int is_left = 0; is_left <= 1 && status == STORAGE_OK; is_left++) {
        LedgerFrame *frame;
        if (is_left ? index == 0 : index + 1 == count)
            continue;
        status = tree_read_child(self, parent, level, is_left ? index - 1 : index + 1, &frame, ctx);
        if (status == STORAGE_OK && (*ret_frame == NULL || node_free_size(tree_node(self, frame)) > room)) {
            *ret_frame = frame;
            *ret_is_left = is_left;
            room = node_free_size(tree_node(self, frame));
        }
    }
    return status;
}

/* Makes the sibling the batch's own, since it is going to be changed, and plans with its copy. */
static StorageStatus own_pair(LedgerWriter *writer, const LedgerTree *self, uint32_t level, LedgerFrame *sibling,
                              int is_left, StorageContext *ctx)
{
    uint32_t index = writer->indexes[level + 1];
    StorageStatus status = tree_own_child(writer, self, level, is_left ? index - 1 : index + 1, &sibling, ctx);
    if (status == STORAGE_OK)
        plan_pair(writer, self, level, sibling, is_left);
    return status;
}

/* ---- too large ---- */

/* 1 when the way to the node is along the right (left) edge of the tree. */
static int is_at_edge(const LedgerWriter *writer, const LedgerTree *self, uint32_t level, int is_right)
{
    for (uint32_t above = level + 1; above <= self->root->level; above++) {
        uint32_t last = node_entry_count(tree_node(self, writer->frames[above])) - 1;
        if (writer->indexes[above] != (is_right ? last : 0))
            return 0;
    }
    return 1;
}

/* Where a run of ascending or descending puts wants the node to be cut; 0: this is none. */
static uint32_t sequential_cut(const LedgerWriter *writer, const LedgerTree *self, uint32_t level)
{
    const TreeEdit *edit = &writer->plans[level].edit;
    uint32_t count = node_entry_count(tree_node(self, writer->frames[level]));
    int is_same_leaf = writer->last_page_id == writer->frames[level]->page_id;
    if (edit->index + edit->removed == count && is_at_edge(writer, self, level, 1))
        return writer->plans[level].run.entry_count - entries_min_of(level);
    if (level > 0 || edit->removed > 0)
        return 0;
    if (is_same_leaf && edit->index == writer->last_index + 1)
        return edit->index < count ? edit->index + 1 : edit->index;
    if ((is_same_leaf && edit->index == writer->last_index) || (edit->index == 0 && is_at_edge(writer, self, 0, 0)))
        return edit->index > 0 ? edit->index : 1;
    return 0;
}

/* Three leaves: what is before the new entry, itself, what is behind it. Each fits, for it is a part of one that did.
 */
static uint32_t cut_around(TreeLevelPlan *plan)
{
    uint32_t part_count = 0, entry_count = plan->run.entry_count;
    if (plan->position > 0)
        plan->cuts[++part_count] = plan->position;
    if (plan->position + 1 < entry_count)
        plan->cuts[++part_count] = plan->position + 1;
    plan->cuts[++part_count] = entry_count;
    return part_count;
}

static StorageStatus split(LedgerWriter *writer, const LedgerTree *self, uint32_t level, uint32_t ideal,
                           StorageContext *ctx)
{
    TreeLevelPlan *plan = &writer->plans[level];
    StorageStatus status = STORAGE_OK;
    plan_alone(writer, self, level);
    node_run_weigh(&plan->run, writer->weights);
    plan->result_count = 2;
    plan->cuts[1] = node_run_cut(&plan->run, ideal != 0 ? ideal : node_run_share(&plan->run, 1, 2),
                                 level == 0 ? CUTS_TRIED_TO_SPLIT : ALL_CUTS, capacity_of(writer));
    plan->cuts[2] = plan->run.entry_count;
    if (plan->cuts[1] == 0 && level > 0)
        return storage_fail(ctx, STORAGE_INTERNAL, "page %llu cannot be split; report this",
                            (unsigned long long)writer->frames[level]->page_id);
    if (plan->cuts[1] == 0)
        plan->result_count = cut_around(plan);
    for (uint32_t index = 1; index < plan->result_count && status == STORAGE_OK; index++)
        status = tree_new_page(writer, self, level, &plan->results[index], ctx);
    return status;
}

/* Shares with the sibling when the two have room, or with it and a third. `*ret_is_planned` 0: neither fits. */
static StorageStatus share(LedgerWriter *writer, const LedgerTree *self, uint32_t level, int *ret_is_planned,
                           StorageContext *ctx)
{
    TreeLevelPlan *plan = &writer->plans[level];
    uint32_t capacity = capacity_of(writer), first, second;
    LedgerFrame *sibling;
    int is_left;
    StorageStatus status = choose_sibling(writer, self, level, &sibling, &is_left, ctx);
    *ret_is_planned = 0;
    if (status != STORAGE_OK)
        return status;
    plan_pair(writer, self, level, sibling, is_left);
    if (!node_run_is_ascending(&plan->run))
        return overlap(writer, level, ctx);
    node_run_weigh(&plan->run, writer->weights);
    first = node_run_cut(&plan->run, node_run_share(&plan->run, 1, 2), CUTS_TRIED_TO_SHARE,
                         capacity / 100 * SHARED_PERCENT_MAX);
    if (first != 0) {
        status = own_pair(writer, self, level, sibling, is_left, ctx);
        plan->cuts[1] = first;
        *ret_is_planned = 1;
        return status;
    }
    first = node_run_share(&plan->run, 1, 3);
    second = node_run_share(&plan->run, 2, 3);
    if (first == 0 || first >= second || second >= plan->run.entry_count ||
        !node_run_fits(&plan->run, 0, first, capacity) || !node_run_fits(&plan->run, first, second, capacity) ||
        !node_run_fits(&plan->run, second, plan->run.entry_count, capacity))
        return STORAGE_OK;
    status = own_pair(writer, self, level, sibling, is_left, ctx);
    plan->cuts[1] = first;
    plan->cuts[2] = second;
    plan->cuts[3] = plan->run.entry_count;
    plan->results[2] = plan->results[1];
    plan->result_count = 3;
    *ret_is_planned = 1;
    return status != STORAGE_OK ? status : tree_new_page(writer, self, level, &plan->results[1], ctx);
}

StorageStatus tree_plan_overflow(LedgerWriter *writer, const LedgerTree *self, uint32_t level, StorageContext *ctx)
{
    uint32_t ideal = sequential_cut(writer, self, level);
    if (ideal == 0 && level == 0 && !is_root(self, level)) {
        int is_planned;
        StorageStatus status = share(writer, self, level, &is_planned, ctx);
        if (status != STORAGE_OK || is_planned)
            return status;
    }
    return split(writer, self, level, ideal, ctx);
}

/* ---- too small ---- */

StorageStatus tree_plan_underflow(LedgerWriter *writer, const LedgerTree *self, uint32_t level, StorageContext *ctx)
{
    TreeLevelPlan *plan = &writer->plans[level];
    uint32_t capacity = capacity_of(writer), cut;
    int is_forced = plan->run.entry_count < entries_min_of(level), is_left;
    LedgerFrame *sibling;
    StorageStatus status = choose_sibling(writer, self, level, &sibling, &is_left, ctx);
    if (status != STORAGE_OK)
        return status;
    plan_pair(writer, self, level, sibling, is_left);
    if (!node_run_is_ascending(&plan->run))
        return overlap(writer, level, ctx);
    node_run_weigh(&plan->run, writer->weights);
    if (node_run_fits(&plan->run, 0, plan->run.entry_count,
                      is_forced ? capacity : capacity / 100 * MERGED_PERCENT_MAX)) {
        plan->results[0] = writer->frames[level];
        plan->cuts[1] = plan->run.entry_count;
        plan->result_count = 1;
        return STORAGE_OK;
    }
    cut = node_run_cut(&plan->run, node_run_share(&plan->run, 1, 2), ALL_CUTS, capacity);
    if (cut == 0)
        return storage_fail(ctx, STORAGE_INTERNAL, "page %llu cannot be filled up; report this",
                            (unsigned long long)writer->frames[level]->page_id);
    status = own_pair(writer, self, level, sibling, is_left, ctx);
    plan->cuts[1] = cut;
    return status;
}
