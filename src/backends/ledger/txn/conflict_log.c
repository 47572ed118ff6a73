/*
 * txn/conflict_log.c - who has written what since the oldest open transaction began.
 *
 * Invariants:
 *   1. The lists are in order of revisions: a key that is written again moves to the end.
 *   2. Everything that was written after `floor` and not forgotten is here.
 *   3. A revision is forgotten whole: the floor is never between two notes of one commit.
 */
#include "backends/ledger/txn/conflict_log.h"

#include <string.h>

static StorageSlice key_slice(const ConflictKey *key)
{
    return storage_bytes(key->bytes, key->size);
}

static int compare_to(uint32_t table_id, StorageSlice slice, const ConflictKey *key)
{
    if (table_id != key->table_id)
        return table_id < key->table_id ? -1 : 1;
    return storage_slice_compare(slice, key_slice(key));
}

static int compare(const ConflictKey *a, const ConflictKey *b)
{
    return compare_to(a->table_id, key_slice(a), b);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wconversion"
RB_GENERATE_INTERNAL(ConflictKeyTree, ConflictKey, entry, compare, static inline)
#pragma GCC diagnostic pop

void conflict_log_init(ConflictLog *self, uint64_t bytes_max, uint64_t floor)
{
    *self = (ConflictLog){.bytes_max = bytes_max, .floor = floor};
    RB_INIT(&self->keys);
}

/* ---- the list of keys ---- */

static void unlink_key(ConflictLog *self, ConflictKey *key)
{
    *(key->older != NULL ? &key->older->newer : &self->oldest_key) = key->newer;
    *(key->newer != NULL ? &key->newer->older : &self->newest_key) = key->older;
}

static void append_key(ConflictLog *self, ConflictKey *key)
{
    key->older = self->newest_key;
    key->newer = NULL;
    *(self->newest_key != NULL ? &self->newest_key->newer : &self->oldest_key) = key;
    self->newest_key = key;
}

static uint64_t key_footprint(const ConflictKey *key)
{
    return sizeof(*key) + key->size;
}

static uint64_t range_footprint(const ConflictRange *range)
{
    return sizeof(*range) + range->interval.start.size + range->interval.end.size + 2;
}

/* ---- forgetting ---- */

static void drop_key(ConflictLog *self, ConflictKey *key)
{
    unlink_key(self, key);
    RB_REMOVE(ConflictKeyTree, &self->keys, key);
    self->bytes -= key_footprint(key);
    storage_release(key);
}

static void drop_oldest_range(ConflictLog *self)
{
    ConflictRange *range = self->oldest_range;
    self->oldest_range = range->newer;
    if (self->oldest_range == NULL)
        self->newest_range = NULL;
    self->bytes -= range_footprint(range);
    interval_done(&range->interval);
    storage_release(range);
}

void conflict_log_forget(ConflictLog *self, uint64_t revision)
{
    while (self->oldest_key != NULL && self->oldest_key->revision <= revision)
        drop_key(self, self->oldest_key);
    while (self->oldest_range != NULL && self->oldest_range->revision <= revision)
        drop_oldest_range(self);
    if (revision > self->floor)
        self->floor = revision;
}

void conflict_log_done(ConflictLog *self)
{
    conflict_log_forget(self, UINT64_MAX);
}

/* The oldest revision that there is a note of. There is one when there are bytes. */
static uint64_t oldest_revision(const ConflictLog *self)
{
    if (self->oldest_key == NULL)
        return self->oldest_range->revision;
    if (self->oldest_range == NULL || self->oldest_key->revision < self->oldest_range->revision)
        return self->oldest_key->revision;
    return self->oldest_range->revision;
}

static void keep_within_bounds(ConflictLog *self)
{
    while (self->bytes > self->bytes_max)
        conflict_log_forget(self, oldest_revision(self)); /* 3 */
}

/* ---- noting ---- */

static ConflictKey *find_key(const ConflictLog *self, uint32_t table_id, StorageSlice slice)
{
    ConflictKey *key = RB_ROOT(&self->keys);
    while (key != NULL) {
        int order = compare_to(table_id, slice, key);
        if (order == 0)
            return key;
        key = order < 0 ? RB_LEFT(key, entry) : RB_RIGHT(key, entry);
    }
    return NULL;
}

StorageStatus conflict_log_note_key(ConflictLog *self, uint32_t table_id, StorageSlice slice, uint64_t revision)
{
    ConflictKey *key = find_key(self, table_id, slice);
    if (key != NULL) {
        if (key->revision <= self->batch_revision)
            key->earlier_revision = key->revision;
        unlink_key(self, key);
    } else {
        key = storage_allocate(sizeof(*key) + slice.size);
        if (key == NULL)
            return STORAGE_NO_MEMORY;
        key->earlier_revision = 0;
        key->table_id = table_id;
        key->size = (uint32_t)slice.size;
        if (slice.size > 0)
            memcpy(key->bytes, slice.data, slice.size);
        RB_INSERT(ConflictKeyTree, &self->keys, key);
        self->bytes += key_footprint(key);
    }
    key->revision = revision;
    append_key(self, key); /* 1 */
    keep_within_bounds(self);
    return STORAGE_OK;
}

StorageStatus conflict_log_note_range(ConflictLog *self, uint32_t table_id, const StorageRange *cleared,
                                      uint64_t revision)
{
    ConflictRange *range = storage_allocate(sizeof(*range));
    if (range == NULL || interval_init(&range->interval, cleared) != STORAGE_OK) {
        storage_release(range);
        return STORAGE_NO_MEMORY;
    }
    range->newer = NULL;
    range->revision = revision;
    range->table_id = table_id;
    *(self->newest_range != NULL ? &self->newest_range->newer : &self->oldest_range) = range;
    self->newest_range = range;
    self->bytes += range_footprint(range);
    keep_within_bounds(self);
    return STORAGE_OK;
}

/* ---- taking back ---- */

void conflict_log_begin(ConflictLog *self, uint64_t revision)
{
    self->batch_revision = revision;
}

/* Back to where it was in the list before the batch (1). */
static void restore_key(ConflictLog *self, ConflictKey *key)
{
    ConflictKey *before;
    unlink_key(self, key);
    key->revision = key->earlier_revision;
    key->earlier_revision = 0;
    before = self->newest_key;
    while (before != NULL && before->revision > key->revision)
        before = before->older;
    key->older = before;
    key->newer = before != NULL ? before->newer : self->oldest_key;
    *(key->newer != NULL ? &key->newer->older : &self->newest_key) = key;
    *(before != NULL ? &before->newer : &self->oldest_key) = key;
}

static void drop_newest_ranges(ConflictLog *self)
{
    ConflictRange *last = NULL, *range = self->oldest_range;
    while (range != NULL && range->revision <= self->batch_revision) {
        last = range;
        range = range->newer;
    }
    *(last != NULL ? &last->newer : &self->oldest_range) = NULL;
    self->newest_range = last;
    for (ConflictRange *next; range != NULL; range = next) {
        next = range->newer;
        self->bytes -= range_footprint(range);
        interval_done(&range->interval);
        storage_release(range);
    }
}

void conflict_log_take_back(ConflictLog *self)
{
    ConflictKey *key = self->newest_key;
    while (key != NULL && key->revision > self->batch_revision) {
        ConflictKey *older = key->older;
        if (key->earlier_revision > self->floor)
            restore_key(self, key);
        else
            drop_key(self, key);
        key = older;
    }
    drop_newest_ranges(self);
}

/* ---- asking ---- */

static int meet(const Interval *a, const Interval *b)
{
    return !a->is_empty && !b->is_empty && !interval_ends_before(a, b->start) && !interval_ends_before(b, a->start);
}

int conflict_log_has_key(const ConflictLog *self, uint32_t table_id, StorageSlice slice, uint64_t revision)
{
    const ConflictKey *key;
    if (revision < self->floor)
        return 1; /* 2 */
    key = find_key(self, table_id, slice);
    if (key != NULL && key->revision > revision)
        return 1;
    for (const ConflictRange *range = self->oldest_range; range != NULL; range = range->newer)
        if (range->revision > revision && range->table_id == table_id && interval_contains(&range->interval, slice))
            return 1;
    return 0;
}

/* The first key of the table at or after `start`, NULL when there is none. */
static ConflictKey *seek_key(const ConflictLog *self, uint32_t table_id, StorageSlice start)
{
    ConflictKey *key = RB_ROOT(&self->keys), *found = NULL;
    while (key != NULL) {
        if (compare_to(table_id, start, key) <= 0) {
            found = key;
            key = RB_LEFT(key, entry);
        } else {
            key = RB_RIGHT(key, entry);
        }
    }
    return found != NULL && found->table_id == table_id ? found : NULL;
}

int conflict_log_has_key_in(const ConflictLog *self, uint32_t table_id, const Interval *interval, uint64_t revision)
{
    if (interval->is_empty)
        return 0;
    if (revision < self->floor)
        return 1; /* 2 */
    for (ConflictKey *key = seek_key(self, table_id, interval->start);
         key != NULL && key->table_id == table_id && !interval_ends_before(interval, key_slice(key));
         key = RB_NEXT(ConflictKeyTree, x, key))
        if (key->revision > revision)
            return 1;
    return 0;
}

const ConflictRange *conflict_log_next_range(const ConflictLog *self, const ConflictRange *last, uint32_t table_id,
                                             const Interval *interval, uint64_t revision)
{
    const ConflictRange *range = last == NULL ? self->oldest_range : last->newer;
    while (range != NULL &&
           (range->revision <= revision || range->table_id != table_id || !meet(&range->interval, interval)))
        range = range->newer;
    return range;
}

int conflict_log_has_range(const ConflictLog *self, uint32_t table_id, const Interval *interval, uint64_t revision)
{
    return conflict_log_has_key_in(self, table_id, interval, revision) ||
           conflict_log_next_range(self, NULL, table_id, interval, revision) != NULL;
}
