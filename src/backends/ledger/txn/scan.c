/*
 * txn/scan.c - the cursors that callers get.
 *
 * Two sorted streams: the rows of a snapshot, by a cursor of the tree, and those of the overlay, which decides for the
 * keys that it knows. Rows stay in their pages; a value in overflow pages is read into a buffer of the scan.
 *
 * Invariants:
 *   1. When `has_row`, `row` is the entry that the tree cursor handed out last: it stays until the cursor moves.
 *   2. Rows of the overlay before own_index (reverse: from it on) were handed out, or passed over.
 */
#include "backends/ledger/txn/scan.h"

#include "backends/ledger/btree/cursor.h"
#include "backends/ledger/btree/overflow.h"
#include "backends/ledger/txn/overlay.h"

enum { SCAN_CHECK_EVERY = 4096 };

typedef struct LedgerScan {
    StorageCursor base;
    LedgerStates *states;
    LedgerSnapshot snapshot;
    Interval interval;
    LedgerCursor cursor; /* of the default table */
    LedgerOverlay overlay;
    LedgerEntry row;
    int has_row;
    size_t own_index;
    uint32_t flags;
    uint64_t limit, handed_out;
    unsigned char *buffer; /* for a value in overflow pages */
    size_t buffer_size;
    StorageEntry entry;
} LedgerScan;

static int is_reverse(const LedgerScan *self)
{
    return (self->flags & STORAGE_SCAN_REVERSE) != 0;
}

/* ---- the committed rows ---- */

static int is_visible(const LedgerScan *self, const LedgerEntry *row)
{
    if (!ledger_is_alive(&row->record, self->snapshot.time_ns))
        return 0;
    return ledger_overlay_is_empty(&self->overlay) || !ledger_overlay_hides(&self->overlay, row->key);
}

/* Sees to it that `row` is the next one that is visible. OK; END; what reading the tree says. */
static StorageStatus peek_row(LedgerScan *self, StorageContext *ctx)
{
    StorageStatus status = STORAGE_OK;
    for (uint32_t passed = 0; !self->has_row && status == STORAGE_OK; passed++) {
        if (passed % SCAN_CHECK_EVERY == SCAN_CHECK_EVERY - 1) {
            status = storage_context_check(ctx, self->base.handle.backend);
            if (status != STORAGE_OK)
                return status;
        }
        status = is_reverse(self) ? cursor_previous(&self->cursor, &self->row, ctx)
                                  : cursor_next(&self->cursor, &self->row, ctx);
        self->has_row = status == STORAGE_OK && is_visible(self, &self->row);
    }
    return status;
}

/* Reads a value that is not in its leaf. OK; CORRUPT; IO; NO_MEMORY. */
static StorageStatus load_value(LedgerScan *self, const LedgerRecord *record, StorageSlice *ret_value,
                                StorageContext *ctx)
{
    OverflowValue value = {self->states->pager, LEDGER_TREE_DEFAULT, record->overflow, record->value_size};
    StorageStatus status;
    if (record->value_size > self->buffer_size) {
        unsigned char *grown = storage_reallocate(self->buffer, record->value_size);
        if (grown == NULL)
            return storage_fail(ctx, STORAGE_NO_MEMORY, "cursor_next: no memory for a value of %u bytes",
                                record->value_size);
        self->buffer = grown;
        self->buffer_size = record->value_size;
    }
    status = overflow_read(&value, 0, self->buffer, record->value_size, ctx);
    if (status == STORAGE_OK)
        *ret_value = storage_bytes(self->buffer, record->value_size);
    return status;
}

/* A failure leaves the row where it is, so that it can be asked for again. */
static StorageStatus hand_out_row(LedgerScan *self, const StorageEntry **ret_entry, StorageContext *ctx)
{
    const LedgerRecord *record = &self->row.record;
    StorageSlice value = {NULL, 0};
    if ((self->flags & STORAGE_SCAN_KEYS_ONLY) == 0) {
        StorageStatus status = STORAGE_OK;
        value = record->value;
        if (record->overflow != NULL)
            status = load_value(self, record, &value, ctx);
        if (status != STORAGE_OK)
            return status;
    }
    self->entry = (StorageEntry){self->row.key, value, record->revision, record->expires_at_ns};
    self->has_row = 0;
    self->handed_out++;
    *ret_entry = &self->entry;
    return STORAGE_OK;
}

/* ---- the overlay ---- */

/* The next row of the overlay that has a value, or NULL. */
static const LedgerOverlayRow *peek_own(LedgerScan *self)
{
    const LedgerOverlay *overlay = &self->overlay;
    if (is_reverse(self)) {
        while (self->own_index > 0 && overlay->rows[self->own_index - 1].block == NULL)
            self->own_index--;
        return self->own_index == 0 ? NULL : &overlay->rows[self->own_index - 1];
    }
    while (self->own_index < overlay->count && overlay->rows[self->own_index].block == NULL)
        self->own_index++;
    return self->own_index == overlay->count ? NULL : &overlay->rows[self->own_index];
}

static void hand_out_own(LedgerScan *self, const LedgerOverlayRow *own, const StorageEntry **ret_entry)
{
    self->entry = (StorageEntry){.key = own->key, .expires_at_ns = own->expires_at_ns};
    if ((self->flags & STORAGE_SCAN_KEYS_ONLY) == 0)
        self->entry.value = storage_bytes(own->block->bytes, own->block->size);
    if (is_reverse(self))
        self->own_index--;
    else
        self->own_index++;
    self->handed_out++;
    *ret_entry = &self->entry;
}

static int comes_first(const LedgerScan *self, StorageSlice a, StorageSlice b)
{
    int order = storage_slice_compare(a, b);
    return is_reverse(self) ? order > 0 : order < 0;
}

/* ---- methods ---- */

static StorageStatus next(LedgerScan *self, const StorageEntry **ret_entry, StorageContext *ctx)
{
    StorageStatus status = peek_row(self, ctx);
    const LedgerOverlayRow *own;
    if (status != STORAGE_OK && status != STORAGE_END)
        return status;
    own = self->overlay.count == 0 ? NULL : peek_own(self);
    if (own != NULL && (status == STORAGE_END || comes_first(self, own->key, self->row.key))) {
        hand_out_own(self, own, ret_entry);
        return STORAGE_OK;
    }
    return status == STORAGE_OK ? hand_out_row(self, ret_entry, ctx) : status;
}

StorageStatus ledger_scan_next(StorageCursor *cursor, const StorageEntry **ret_entry, StorageContext *ctx)
{
    LedgerScan *self = (LedgerScan *)cursor;
    StorageStatus status = ledger_snapshot_judge(&self->snapshot, STORAGE_OK, ctx);
    if (status != STORAGE_OK)
        return status;
    if (self->interval.is_empty || (self->limit != 0 && self->handed_out == self->limit))
        return STORAGE_END;
    status = next(self, ret_entry, ctx);
    return status < 0 ? ledger_snapshot_judge(&self->snapshot, status, ctx) : status;
}

static void place_in_overlay(LedgerScan *self, StorageSlice key)
{
    const LedgerOverlay *overlay = &self->overlay;
    self->own_index = ledger_overlay_lower_bound(overlay, key);
    if (is_reverse(self) && self->own_index < overlay->count &&
        storage_slice_compare(overlay->rows[self->own_index].key, key) == 0)
        self->own_index++;
}

/* A seek to before the scan's own start goes there: both parts hold no more than the interval. */
StorageStatus ledger_scan_seek(StorageCursor *cursor, StorageSlice key, StorageContext *ctx)
{
    LedgerScan *self = (LedgerScan *)cursor;
    StorageStatus status = ledger_snapshot_judge(&self->snapshot, STORAGE_OK, ctx);
    if (status != STORAGE_OK || self->interval.is_empty)
        return status;
    status =
        is_reverse(self) ? cursor_seek_behind(&self->cursor, key, ctx) : cursor_seek_before(&self->cursor, key, ctx);
    if (status != STORAGE_OK)
        return ledger_snapshot_judge(&self->snapshot, status, ctx);
    self->has_row = 0;
    place_in_overlay(self, key);
    return STORAGE_OK;
}

void ledger_scan_close(StorageCursor *cursor)
{
    LedgerScan *self = (LedgerScan *)cursor;
    if (self->cursor.tree.pager != NULL)
        cursor_done(&self->cursor);
    ledger_overlay_done(&self->overlay);
    interval_done(&self->interval);
    storage_release(self->buffer);
    ledger_snapshot_close(self->states, &self->snapshot, self->base.handle.backend);
}

/* ---- opening ---- */

static StorageStatus take_parts(LedgerScan *self, const LedgerScanSource *source, const StorageRange *range)
{
    LedgerTree tree = ledger_state_tree(self->states->pager, self->snapshot.state, LEDGER_TREE_DEFAULT);
    LedgerInterval bounds;
    StorageStatus status = interval_init(&self->interval, range);
    if (status == STORAGE_OK && source->writes != NULL)
        status = ledger_overlay_init(&self->overlay, source->writes, &self->interval, self->snapshot.time_ns);
    if (status != STORAGE_OK)
        return status;
    bounds = (LedgerInterval){self->interval.start, self->interval.end, self->interval.has_end};
    return cursor_init(&self->cursor, &tree, &bounds);
}

StorageStatus ledger_scan_open(const LedgerScanSource *source, const StorageRange *range,
                               const StorageScanOptions *options, StorageCursor **ret_cursor, StorageContext *ctx)
{
    LedgerScan *self = (LedgerScan *)storage_cursor_new(source->backend, sizeof(*self));
    if (self == NULL)
        return storage_fail(ctx, STORAGE_NO_MEMORY, "scan: no memory for the cursor");
    self->states = source->states;
    self->flags = options->flags;
    self->limit = options->limit;
    if (source->model != NULL)
        ledger_snapshot_open_same(source->states, &self->snapshot, source->model);
    else
        ledger_snapshot_open(source->states, &self->snapshot, source->backend, 0);
    if (take_parts(self, source, range) != STORAGE_OK) {
        ledger_scan_close(&self->base);
        storage_handle_free(self);
        return storage_fail(ctx, STORAGE_NO_MEMORY, "scan: no memory for the cursor");
    }
    self->own_index = is_reverse(self) ? self->overlay.count : 0;
    *ret_cursor = &self->base;
    return STORAGE_OK;
}
