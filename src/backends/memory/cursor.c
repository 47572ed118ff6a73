/*
 * memory/cursor.c - scans.
 *
 * A cursor registers a snapshot and takes rows from the tree in batches, each inside an epoch that ends with the batch.
 *
 * Invariants:
 *   1. A version that the snapshot sees, and its record, stay where they are until the snapshot is closed. So the rows
 * of a batch need no copy and no epoch.
 *   2. `from` is the key to go on from: exclusive when `is_past_from`, and without data when a reverse cursor stands
 * behind the last row. Its bytes are those of a bound, of a row, or `place`.
 */
#include "backends/memory/cursor.h"

#include "backends/memory/overlay.h"

#include <string.h>

enum { CURSOR_CHECK_EVERY = 64 };

typedef struct CursorRow {
    Record *record;
    Version *version;
} CursorRow;

typedef struct MemoryCursor {
    StorageCursor base;
    Snapshot snapshot;
    Interval interval;
    Overlay overlay;
    size_t own_index; /* next row of the overlay; reverse: one behind it */
    uint32_t flags;
    uint64_t limit, handed_out;
    StorageSlice from;
    unsigned char *place; /* the bytes of `from` where they are of no record and no bound */
    size_t place_capacity;
    int is_past_from, is_exhausted;
    size_t row_count, row_index;
    CursorRow rows[TREE_LEAF_MAX];                /* of one leaf */
    size_t batch_count, ahead_count, ahead_index; /* see look_ahead */
    const Version *ahead_versions[TREE_LEAF_MAX];
    const Record *ahead_records[TREE_LEAF_MAX];
    StorageEntry entry;
} MemoryCursor;

static MemoryStore *store_of(MemoryCursor *self)
{
    return (MemoryStore *)self->base.handle.backend;
}

static int is_reverse(const MemoryCursor *self)
{
    return (self->flags & STORAGE_SCAN_REVERSE) != 0;
}

/* ---- batches ---- */

/* Takes the rows of records [begin, end) of a leaf, in the order of the scan. The loads of one step are started for all
 * rows before the first is waited for. */
static void take_rows(MemoryCursor *self, const TreeItems *items, uint32_t begin, uint32_t end)
{
    Version *heads[TREE_LEAF_MAX];
    int is_fetched = self->batch_count > 2; /* look_ahead has seen to it */
    for (uint32_t i = begin; i < end && !is_fetched; i++)
        record_prefetch(items->records[i]);
    for (uint32_t i = begin; i < end; i++) {
        heads[i] = atomic_load(&items->records[i]->head);
        if (!is_fetched)
            version_prefetch(heads[i]);
    }
    for (uint32_t step = 0; step < end - begin; step++) {
        uint32_t i = is_reverse(self) ? end - 1 - step : begin + step;
        Version *version = heads[i];
        while (version != NULL && version->revision > self->snapshot.revision)
            version = atomic_load(&version->older);
        if (version_is_alive(version, self->snapshot.time_ns))
            self->rows[self->row_count++] = (CursorRow){items->records[i], version};
    }
}

/* A leaf, and where the scan goes on behind it. */
typedef struct LeafStep {
    StorageSlice from; /* as in the cursor; then a separator, valid inside the epoch */
    int is_past, has_more;
} LeafStep;

static void fill_forward(MemoryCursor *self, LeafStep *step)
{
    TreeView view = tree_view(&store_of(self)->tree, step->from, 0);
    uint32_t begin = tree_items_lower_bound(view.items, step->from), end = view.items->count;
    if (step->is_past && begin < end && storage_slice_compare(record_key(view.items->records[begin]), step->from) == 0)
        begin++;
    if (self->interval.has_end) {
        uint32_t stop = tree_items_lower_bound(view.items, self->interval.end);
        end = stop < end ? stop : end;
    }
    if (begin < end)
        take_rows(self, view.items, begin, end);
    step->has_more = view.upper.data != NULL && !interval_ends_before(&self->interval, view.upper);
    step->from = view.upper;
    step->is_past = 0;
}

static void fill_backward(MemoryCursor *self, LeafStep *step)
{
    const Tree *tree = &store_of(self)->tree;
    TreeView view = step->from.data == NULL ? tree_view_last(tree) : tree_view(tree, step->from, step->is_past);
    uint32_t begin = tree_items_lower_bound(view.items, self->interval.start), end = view.items->count;
    if (step->from.data != NULL) {
        end = tree_items_lower_bound(view.items, step->from);
        if (!step->is_past && end < view.items->count &&
            storage_slice_compare(record_key(view.items->records[end]), step->from) == 0)
            end++;
    }
    if (begin < end)
        take_rows(self, view.items, begin, end);
    step->has_more = view.lower.data != NULL && storage_slice_compare(view.lower, self->interval.start) > 0;
    step->from = view.lower;
    step->is_past = 1;
}

/* Where the leaf behind this one is. 0: there is none. */
static int step_over(const MemoryCursor *self, const TreeView *view, LeafStep *step)
{
    step->from = is_reverse(self) ? view->lower : view->upper;
    step->is_past = is_reverse(self);
    return step->from.data != NULL;
}

/*
 * Notes what the next leaves will need: the versions of the next one, whose records are in the cache by now, and the
 * records of the one behind it. They are fetched row by row while the caller works on this batch. Outside the epoch the
 * addresses may be stale: they are prefetched, never read.
 */
static void look_ahead(MemoryCursor *self, LeafStep step)
{
    const Tree *tree = &store_of(self)->tree;
    TreeView view = tree_view(tree, step.from, step.is_past);
    uint32_t count = view.items->count;
    self->ahead_count = count;
    for (uint32_t i = 0; i < count; i++)
        self->ahead_versions[i] = atomic_load(&view.items->records[is_reverse(self) ? count - 1 - i : i]->head);
    memset(self->ahead_records, 0, sizeof(self->ahead_records));
    if (!step_over(self, &view, &step))
        return;
    view = tree_view(tree, step.from, step.is_past);
    count = view.items->count;
    for (uint32_t i = 0; i < count; i++)
        self->ahead_records[i] = view.items->records[is_reverse(self) ? count - 1 - i : i];
    self->ahead_count = count > self->ahead_count ? count : self->ahead_count;
}

static void prefetch_ahead(MemoryCursor *self, size_t end)
{
    for (; self->ahead_index < end && self->ahead_index < self->ahead_count; self->ahead_index++) {
        version_prefetch(self->ahead_versions[self->ahead_index]);
        record_prefetch(self->ahead_records[self->ahead_index]);
    }
}

/* Remembers where to go on (invariant 2). Without memory for the separator, behind the last row. */
static void keep_place(MemoryCursor *self, const LeafStep *step)
{
    self->is_past_from = step->is_past;
    self->is_exhausted = !step->has_more;
    if (self->is_exhausted)
        return;
    if (step->from.size > self->place_capacity) {
        unsigned char *grown = storage_reallocate(self->place, 2 * step->from.size);
        if (grown == NULL) {
            self->from = record_key(self->rows[self->row_count - 1].record);
            self->is_past_from = 1;
            return;
        }
        self->place = grown;
        self->place_capacity = 2 * step->from.size;
    }
    memcpy(self->place, step->from.data, step->from.size);
    self->from = (StorageSlice){self->place, step->from.size};
}

/* Takes the rows of the next leaf that has any; none at the end of the range. OK; CANCELLED; TIMEOUT. */
static StorageStatus fill(MemoryCursor *self, StorageContext *ctx)
{
    MemoryStore *store = store_of(self);
    LeafStep step = {self->from, self->is_past_from, 1};
    unsigned int leaves = 0;
    StorageStatus status = STORAGE_OK;
    EpochGuard guard;
    prefetch_ahead(self, self->ahead_count);
    self->row_count = self->row_index = self->ahead_index = self->ahead_count = 0;
    if (self->is_exhausted)
        return STORAGE_OK;
    guard = epoch_enter(&store->limbo.epoch);
    do {
        if (is_reverse(self))
            fill_backward(self, &step);
        else
            fill_forward(self, &step);
        if (++leaves % CURSOR_CHECK_EVERY == 0)
            status = storage_context_check(ctx, &store->base);
    } while (self->row_count == 0 && step.has_more && status == STORAGE_OK);
    if (self->row_count > 0) {
        keep_place(self, &step);
        status = STORAGE_OK;
        if (step.has_more && self->batch_count++ > 0) /* a short scan never pays for it */
            look_ahead(self, step);
    } else if (status == STORAGE_OK) {
        self->is_exhausted = 1;
    }
    epoch_leave(&store->limbo.epoch, guard);
    return status;
}

/* ---- two sorted streams ---- */

/* The next committed row that the overlay does not hide, or NULL. */
static StorageStatus peek_committed(MemoryCursor *self, CursorRow **ret_row, StorageContext *ctx)
{
    *ret_row = NULL;
    for (;;) {
        CursorRow *row;
        if (self->row_index == self->row_count) {
            StorageStatus status = fill(self, ctx);
            if (status != STORAGE_OK || self->row_count == 0)
                return status;
        }
        row = &self->rows[self->row_index];
        if ((self->overlay.count == 0 && self->overlay.clear_count == 0) ||
            !overlay_hides(&self->overlay, record_key(row->record))) {
            *ret_row = row;
            return STORAGE_OK;
        }
        self->row_index++;
    }
}

/* The next row of the overlay that has a value, or NULL. */
static OverlayRow *peek_own(MemoryCursor *self)
{
    Overlay *overlay = &self->overlay;
    if (is_reverse(self)) {
        while (self->own_index > 0 && overlay->rows[self->own_index - 1].version == NULL)
            self->own_index--;
        return self->own_index == 0 ? NULL : &overlay->rows[self->own_index - 1];
    }
    while (self->own_index < overlay->count && overlay->rows[self->own_index].version == NULL)
        self->own_index++;
    return self->own_index == overlay->count ? NULL : &overlay->rows[self->own_index];
}

static int comes_first(const MemoryCursor *self, StorageSlice a, StorageSlice b)
{
    int order = storage_slice_compare(a, b);
    return is_reverse(self) ? order > 0 : order < 0;
}

static const StorageEntry *hand_out(MemoryCursor *self, StorageSlice key, const Version *version, int64_t expires_at_ns)
{
    self->handed_out++;
    self->entry = (StorageEntry){.key = key, .revision = version->revision, .expires_at_ns = expires_at_ns};
    if ((self->flags & STORAGE_SCAN_KEYS_ONLY) == 0)
        self->entry.value = version_value(version);
    return &self->entry;
}

StorageStatus memory_cursor_next(StorageCursor *cursor, const StorageEntry **ret_entry, StorageContext *ctx)
{
    MemoryCursor *self = (MemoryCursor *)cursor;
    CursorRow *row;
    OverlayRow *own;
    StorageStatus status;
    if (self->interval.is_empty || (self->limit != 0 && self->handed_out == self->limit))
        return STORAGE_END;
    status = peek_committed(self, &row, ctx);
    if (status != STORAGE_OK)
        return status;
    own = peek_own(self);
    if (own != NULL && (row == NULL || comes_first(self, own->key, record_key(row->record)))) {
        if (is_reverse(self))
            self->own_index--;
        else
            self->own_index++;
        *ret_entry = hand_out(self, own->key, own->version, own->expires_at_ns);
        return STORAGE_OK;
    }
    if (row == NULL)
        return STORAGE_END;
    self->row_index++;
    prefetch_ahead(self, self->row_index);
    *ret_entry = hand_out(self, record_key(row->record), row->version, row->version->expires_at_ns);
    return STORAGE_OK;
}

/* ---- position ---- */

static void rewind_to(MemoryCursor *self, StorageSlice from, int is_past)
{
    self->from = from;
    self->is_past_from = is_past;
    self->is_exhausted = self->interval.is_empty;
    self->row_count = self->row_index = 0;
    self->batch_count = self->ahead_count = self->ahead_index = 0;
    if (!is_reverse(self)) {
        self->own_index = overlay_lower_bound(&self->overlay, from);
        return;
    }
    if (from.data == NULL) {
        self->own_index = self->overlay.count;
        return;
    }
    self->own_index = overlay_lower_bound(&self->overlay, from);
    if (!is_past && self->own_index < self->overlay.count &&
        storage_slice_compare(self->overlay.rows[self->own_index].key, from) == 0)
        self->own_index++;
}

static void rewind_to_start(MemoryCursor *self)
{
    if (!is_reverse(self))
        rewind_to(self, self->interval.start, 0);
    else if (self->interval.has_end)
        rewind_to(self, self->interval.end, 1);
    else
        rewind_to(self, (StorageSlice){NULL, 0}, 0);
}

/* Whether a seek to `key` leads outside the range, so that the scan starts at its own start. */
static int is_before_start(const MemoryCursor *self, StorageSlice key)
{
    if (!is_reverse(self))
        return storage_slice_compare(key, self->interval.start) <= 0;
    return interval_ends_before(&self->interval, key);
}

StorageStatus memory_cursor_seek(StorageCursor *cursor, StorageSlice key, StorageContext *ctx)
{
    MemoryCursor *self = (MemoryCursor *)cursor;
    if (is_before_start(self, key)) {
        rewind_to_start(self);
        return STORAGE_OK;
    }
    if (key.size > self->place_capacity || self->place == NULL) {
        unsigned char *grown = storage_reallocate(self->place, key.size + 64);
        if (grown == NULL)
            return storage_fail(ctx, STORAGE_NO_MEMORY, "cursor_seek: no memory for the key");
        self->place = grown;
        self->place_capacity = key.size + 64;
    }
    if (key.size > 0)
        memcpy(self->place, key.data, key.size);
    rewind_to(self, (StorageSlice){self->place, key.size}, 0);
    return STORAGE_OK;
}

/* ---- open and close ---- */

static void open_snapshot(MemoryCursor *self, const Snapshot *model)
{
    MemoryStore *store = store_of(self);
    EpochGuard guard = epoch_enter(&store->limbo.epoch);
    if (model != NULL) {
        snapshot_open_same(&store->snapshots, &self->snapshot, model);
    } else {
        snapshot_open(&store->snapshots, &self->snapshot, &store->published, 0);
        self->snapshot.time_ns = store_now(store);
    }
    epoch_leave(&store->limbo.epoch, guard);
}

StorageStatus cursor_open(MemoryStore *store, const Snapshot *model, const WriteSet *writes, const StorageRange *range,
                          const StorageScanOptions *options, StorageCursor **ret_cursor, StorageContext *ctx)
{
    MemoryCursor *self = (MemoryCursor *)storage_cursor_new(&store->base, sizeof(*self));
    if (self == NULL)
        return storage_fail(ctx, STORAGE_NO_MEMORY, "scan: no memory for the cursor");
    open_snapshot(self, model);
    if (interval_init(&self->interval, range) != STORAGE_OK ||
        (writes != NULL &&
         overlay_init(&self->overlay, writes, &self->interval, self->snapshot.time_ns) != STORAGE_OK)) {
        memory_cursor_close(&self->base);
        storage_handle_free(self);
        return storage_fail(ctx, STORAGE_NO_MEMORY, "scan: no memory for the cursor");
    }
    self->flags = options->flags;
    self->limit = options->limit;
    rewind_to_start(self);
    *ret_cursor = &self->base;
    return STORAGE_OK;
}

StorageStatus memory_scan(StorageBackend *backend, const StorageRange *range, const StorageScanOptions *options,
                          StorageCursor **ret_cursor, StorageContext *ctx)
{
    return cursor_open((MemoryStore *)backend, NULL, NULL, range, options, ret_cursor, ctx);
}

void memory_cursor_close(StorageCursor *cursor)
{
    MemoryCursor *self = (MemoryCursor *)cursor;
    store_close_snapshot(store_of(self), &self->snapshot);
    overlay_done(&self->overlay);
    interval_done(&self->interval);
    storage_release(self->place);
}
