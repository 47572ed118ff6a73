/*
 * btree/tree_write.c - putting one entry, and deleting one.
 *
 * The order: read the way down; note what will be left over; write overflow pages; copy the way; plan; and, when all of
 * that went well, apply. Refused: keys and values above the limits of the format.
 */
#include "backends/ledger/btree/overflow.h"
#include "backends/ledger/btree/tree_writer.h"

static OverflowValue overflow_of(const LedgerTree *self, const LedgerRecord *record)
{
    return (OverflowValue){self->pager, self->owner, record->overflow, record->value_size};
}

/* Notes the overflow pages of the record at the end of the way, if it has any. */
static StorageStatus leave_overflow(LedgerWriter *writer, const LedgerTree *self, StorageContext *ctx)
{
    LedgerRecord record = node_record(tree_node(self, writer->frames[0]), writer->indexes[0]);
    OverflowValue value = overflow_of(self, &record);
    return record.overflow == NULL ? STORAGE_OK : overflow_collect(&value, &writer->left_over, ctx);
}

static StorageStatus check_sizes(const LedgerWriter *writer, const LedgerPut *put, StorageContext *ctx)
{
    uint32_t key_size_max = node_key_size_max(writer->page_size);
    if (put->key.size > key_size_max)
        return storage_fail(ctx, STORAGE_SIZE_LIMIT_EXCEEDED,
                            "a key of %zu bytes: pages of %u bytes take at most %u; use a shorter one", put->key.size,
                            writer->page_size, key_size_max);
    if (put->value.size > NODE_VALUE_SIZE_MAX)
        return storage_fail(ctx, STORAGE_SIZE_LIMIT_EXCEEDED,
                            "a value of %zu bytes: a store takes at most %u; split it up", put->value.size,
                            NODE_VALUE_SIZE_MAX);
    return STORAGE_OK;
}

/* Makes the entry for the leaf; a value that does not fit there is written to overflow pages, `pointer` to them. */
static StorageStatus make_entry(LedgerWriter *writer, const LedgerTree *self, const LedgerPut *put, NodeEntry *entry,
                                unsigned char *pointer, StorageContext *ctx)
{
    int expires = put->expires_at_ns != STORAGE_NEVER;
    OverflowValue value = {self->pager, self->owner, NULL, (uint32_t)put->value.size};
    *entry = (NodeEntry){.prefix = put->key,
                         .flags = CELL_LEAF | (expires ? CELL_EXPIRES : 0u),
                         .value_size = (uint32_t)put->value.size,
                         .body = put->value.data,
                         .body_size = (uint32_t)put->value.size,
                         .revision = put->revision,
                         .expires_at_ns = put->expires_at_ns};
    if (node_value_is_inline(writer->page_size, put->key.size, put->value.size, expires))
        return STORAGE_OK;
    entry->flags |= CELL_OVERFLOW;
    entry->body = pointer;
    entry->body_size = LEDGER_POINTER_SIZE;
    return overflow_write(&value, put->value, pointer, &writer->made, ctx);
}

static StorageStatus put_first(LedgerWriter *writer, const LedgerTree *self, const LedgerPut *put, StorageContext *ctx)
{
    unsigned char overflow[LEDGER_POINTER_SIZE];
    NodeEntry entry;
    NodeRun run;
    LedgerFrame *frame;
    LedgerPointer pointer;
    StorageStatus status = make_entry(writer, self, put, &entry, overflow, ctx);
    if (status == STORAGE_OK)
        status = tree_new_page(writer, self, 0, &frame, ctx);
    if (status != STORAGE_OK)
        return status;
    node_run_init(&run, LEDGER_PAGE_LEAF);
    node_run_add_entry(&run, &entry);
    node_run_build(&run, 0, 1, tree_node(self, frame));
    pointer = pager_pointer(frame);
    node_summarize(tree_node(self, frame), &pointer);
    ledger_pointer_encode(&pointer, self->root->pointer);
    self->root->level = 0;
    return STORAGE_OK;
}

/* Remembers where the entry went: the next put may be its neighbour. */
static void note_place(LedgerWriter *writer)
{
    const TreeLevelPlan *plan = &writer->plans[0];
    uint32_t result = 0;
    writer->last_page_id = writer->frames[0]->page_id;
    writer->last_index = plan->edit.index;
    if (!plan->is_reshaped)
        return;
    while (result + 1 < plan->result_count && plan->position >= plan->cuts[result + 1])
        result++;
    writer->last_page_id = plan->results[result]->page_id;
    writer->last_index = plan->position - plan->cuts[result];
}

static uint32_t pointer_flags(uint32_t cell_flags)
{
    return ((cell_flags & CELL_OVERFLOW) != 0 ? LEDGER_POINTER_OVERFLOW : 0u) |
           ((cell_flags & CELL_EXPIRES) != 0 ? LEDGER_POINTER_EXPIRES : 0u);
}

/* A value may be one that was got from this very leaf, to be put again with another expiry. */
static void keep_value(LedgerWriter *writer, NodeEntry *entry)
{
    uintptr_t page = (uintptr_t)writer->frames[0]->bytes, value = (uintptr_t)entry->body;
    if (value < page || value >= page + writer->page_size || entry->body_size == 0)
        return;
    memcpy(writer->value, entry->body, entry->body_size);
    entry->body = writer->value;
}

static StorageStatus put_into(LedgerWriter *writer, const LedgerTree *self, const LedgerPut *put, StorageContext *ctx)
{
    unsigned char overflow[LEDGER_POINTER_SIZE];
    TreeEdit *edit = &writer->plans[0].edit;
    int is_equal;
    StorageStatus status = tree_find_way(writer, self, put->key, &is_equal, ctx);
    if (status == STORAGE_OK && is_equal)
        status = leave_overflow(writer, self, ctx);
    if (status == STORAGE_OK)
        status = make_entry(writer, self, put, &edit->added[0], overflow, ctx);
    if (status == STORAGE_OK)
        status = tree_own_way(writer, self, 0, ctx);
    if (status != STORAGE_OK)
        return status;
    keep_value(writer, &edit->added[0]);
    edit->index = writer->indexes[0];
    edit->removed = is_equal ? 1 : 0;
    edit->added_count = 1;
    status = tree_plan(writer, self, 0, ctx);
    if (status != STORAGE_OK)
        return status;
    tree_apply(writer, self, 0, is_equal ? 0 : 1, pointer_flags(edit->added[0].flags));
    note_place(writer);
    return STORAGE_OK;
}

StorageStatus tree_put(LedgerWriter *writer, const LedgerTree *self, const LedgerPut *put, StorageContext *ctx)
{
    StorageStatus status = check_sizes(writer, put, ctx);
    if (status != STORAGE_OK)
        return status;
    if (ledger_root_is_empty(self->root))
        return tree_finish(writer, put_first(writer, self, put, ctx));
    return tree_finish(writer, put_into(writer, self, put, ctx));
}

static StorageStatus delete_found(LedgerWriter *writer, const LedgerTree *self, StorageContext *ctx)
{
    StorageStatus status = leave_overflow(writer, self, ctx);
    if (status != STORAGE_OK)
        return status;
    if (self->root->level == 0 && node_entry_count(tree_node(self, writer->frames[0])) == 1) {
        status = page_list_add(&writer->left_over, self->root->pointer);
        if (status == STORAGE_OK)
            *self->root = (LedgerRoot){.level = 0};
        return status;
    }
    status = tree_own_way(writer, self, 0, ctx);
    if (status != STORAGE_OK)
        return status;
    writer->plans[0].edit = (TreeEdit){.index = writer->indexes[0], .removed = 1};
    status = tree_plan(writer, self, 0, ctx);
    if (status == STORAGE_OK)
        tree_apply(writer, self, 0, -1, 0);
    return status;
}

StorageStatus tree_delete(LedgerWriter *writer, const LedgerTree *self, StorageSlice key, StorageContext *ctx)
{
    int is_equal;
    StorageStatus status;
    if (ledger_root_is_empty(self->root))
        return STORAGE_NOT_FOUND;
    status = tree_find_way(writer, self, key, &is_equal, ctx);
    if (status != STORAGE_OK)
        return status;
    return is_equal ? tree_finish(writer, delete_found(writer, self, ctx)) : STORAGE_NOT_FOUND;
}
