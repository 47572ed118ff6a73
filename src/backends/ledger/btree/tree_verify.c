/*
 * btree/tree_verify.c - reads every page of a tree and checks what a page by itself cannot show.
 *
 * Between pages: every key of a node lies at or above the separator before the pointer to it and below the one behind;
 * the pointer counts the entries below exactly, and its flags leave nothing out; overflow pages are as many as the size
 * of the value says. The pager has checked each page against its pointer, and node_check its bytes.
 *
 * The way down is pinned, so bounds are entries of pinned nodes, not copies.
 */
#include "backends/ledger/btree/overflow.h"
#include "backends/ledger/btree/tree_read.h"

/* A node on the way down, and between which keys its own have to lie. */
typedef struct Step {
    LedgerFrame *frame;
    uint32_t index;
    NodeEntry lower, upper;
    int has_lower, has_upper;
} Step;

typedef struct Walk {
    const LedgerTree *tree;
    const TreeVisitor *visitor;
    Step steps[LEDGER_TREE_LEVELS_MAX]; /* by level */
    PageList values;
    unsigned char *buffer; /* a page */
    StorageContext *ctx;
} Walk;

static StorageStatus corrupt(const Walk *self, const LedgerFrame *frame, const char *what)
{
    return storage_fail(self->ctx, STORAGE_CORRUPT, "page %llu of tree %llu: %s; restore it from a backup",
                        (unsigned long long)frame->page_id, (unsigned long long)self->tree->owner, what);
}

static StorageStatus visit(const Walk *self, uint32_t type, uint64_t page_id, uint32_t used_size)
{
    if (self->visitor == NULL)
        return STORAGE_OK;
    return self->visitor->visit(self->visitor->state, type, page_id, used_size, self->ctx);
}

/* Reads and pins the node that `pointer` means. */
static StorageStatus read_pinned(const Walk *self, const unsigned char *pointer, uint32_t level,
                                 LedgerFrame **ret_frame)
{
    LedgerExpectation expectation = tree_expectation(self->tree, level);
    LedgerEpoch epoch = pager_enter(self->tree->pager);
    StorageStatus status = pager_read(self->tree->pager, pointer, &expectation, NULL, ret_frame, self->ctx);
    if (status == STORAGE_OK)
        pager_pin(*ret_frame);
    pager_leave(self->tree->pager, epoch);
    return status;
}

static StorageStatus check_bounds(const Walk *self, const Step *step)
{
    Node node = tree_node(self->tree, step->frame);
    NodeEntry first = node_entry(node, node_is_leaf(node) ? 0 : 1), last = node_entry(node, node_entry_count(node) - 1);
    int order = -1;
    if (step->has_lower)
        (void)node_key_common(&step->lower, &first, &order);
    if (order > 0 || (order == 0 && !node_is_leaf(node)))
        return corrupt(self, step->frame, "a key is below the separator before it");
    order = -1;
    if (step->has_upper)
        (void)node_key_common(&last, &step->upper, &order);
    return order < 0 ? STORAGE_OK : corrupt(self, step->frame, "a key is not below the separator behind it");
}

static StorageStatus check_pointer(const Walk *self, const Step *step, const unsigned char *pointer)
{
    LedgerPointer found = {0};
    node_summarize(tree_node(self->tree, step->frame), &found);
    if (ledger_pointer_entries(pointer) != found.entries)
        return corrupt(self, step->frame, "the pointer to it miscounts its entries");
    if ((found.flags & ~ledger_pointer_flags(pointer)) != 0)
        return corrupt(self, step->frame, "the pointer to it leaves out overflow pages or expiries");
    return STORAGE_OK;
}

/* Reads every page of a value. */
static StorageStatus check_value(Walk *self, const LedgerRecord *record)
{
    OverflowValue value = {self->tree->pager, self->tree->owner, record->overflow, record->value_size};
    uint32_t part_max = pager_page_size(self->tree->pager);
    LedgerEpoch epoch = pager_enter(self->tree->pager);
    StorageStatus status = overflow_collect(&value, &self->values, self->ctx);
    pager_leave(self->tree->pager, epoch);
    for (uint32_t offset = 0; offset < record->value_size && status == STORAGE_OK;) {
        uint32_t left = record->value_size - offset, part = left < part_max ? left : part_max;
        status = overflow_read(&value, offset, self->buffer, part, self->ctx);
        offset += part;
    }
    for (size_t index = 0; index < self->values.count && status == STORAGE_OK; index++)
        status = visit(self, LEDGER_PAGE_OVERFLOW, self->values.items[index].page_id, part_max);
    page_list_clear(&self->values);
    return status;
}

static StorageStatus check_values(Walk *self, const Step *step)
{
    Node node = tree_node(self->tree, step->frame);
    StorageStatus status = STORAGE_OK;
    for (uint32_t index = 0; index < node_entry_count(node) && status == STORAGE_OK; index++) {
        LedgerRecord record = node_record(node, index);
        if (record.overflow != NULL)
            status = check_value(self, &record);
    }
    return status;
}

/* Checks the node that was just reached at `level`, and goes to before its first child. */
static StorageStatus enter(Walk *self, uint32_t level, const unsigned char *pointer)
{
    Step *step = &self->steps[level];
    Node node;
    StorageStatus status = read_pinned(self, pointer, level, &step->frame);
    if (status != STORAGE_OK)
        return status;
    step->index = 0;
    node = tree_node(self->tree, step->frame);
    status = check_bounds(self, step);
    if (status == STORAGE_OK)
        status = check_pointer(self, step, pointer);
    if (status == STORAGE_OK)
        status = visit(self, level == 0 ? LEDGER_PAGE_LEAF : LEDGER_PAGE_BRANCH, step->frame->page_id,
                       node.page_size - node_free_size(node));
    if (status == STORAGE_OK && level == 0)
        status = check_values(self, step);
    if (status != STORAGE_OK) {
        pager_unpin(self->tree->pager, step->frame);
        step->frame = NULL;
    }
    return status;
}

/* Goes to the next child of the node at `level`. */
static StorageStatus enter_child(Walk *self, uint32_t level)
{
    Step *parent = &self->steps[level], *child = &self->steps[level - 1];
    Node node = tree_node(self->tree, parent->frame);
    uint32_t index = parent->index++;
    child->has_lower = index > 0 || parent->has_lower;
    child->lower = index > 0 ? node_entry(node, index) : parent->lower;
    child->has_upper = index + 1 < node_entry_count(node) || parent->has_upper;
    child->upper = index + 1 < node_entry_count(node) ? node_entry(node, index + 1) : parent->upper;
    return enter(self, level - 1, node_child(node, index));
}

static StorageStatus walk(Walk *self)
{
    uint32_t root_level = self->tree->root->level, level = root_level;
    StorageStatus status = enter(self, level, self->tree->root->pointer);
    while (status == STORAGE_OK) {
        Step *step = &self->steps[level];
        if (level > 0 && step->index < node_entry_count(tree_node(self->tree, step->frame))) {
            status = enter_child(self, level);
            level -= status == STORAGE_OK ? 1 : 0;
            continue;
        }
        pager_unpin(self->tree->pager, step->frame);
        step->frame = NULL;
        if (level++ == root_level)
            break;
    }
    for (level = 0; level <= root_level; level++)
        if (self->steps[level].frame != NULL)
            pager_unpin(self->tree->pager, self->steps[level].frame);
    return status;
}

StorageStatus tree_verify(const LedgerTree *self, const TreeVisitor *visitor, StorageContext *ctx)
{
    Walk *state;
    StorageStatus status;
    if (ledger_root_is_empty(self->root))
        return STORAGE_OK;
    state = storage_allocate_zero(sizeof(*state) + pager_page_size(self->pager));
    if (state == NULL)
        return storage_fail(ctx, STORAGE_NO_MEMORY, "a tree to be verified: out of memory; free some and try again");
    state->tree = self;
    state->visitor = visitor;
    state->ctx = ctx;
    state->buffer = (unsigned char *)(state + 1);
    status = walk(state);
    page_list_done(&state->values);
    storage_release(state);
    return status;
}
