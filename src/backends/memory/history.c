/* memory/history.c - the ring of changes. */
#include "backends/memory/history.h"

#include "core/environment.h"
#include "core/range.h"
#include "core/wake.h"

#include <string.h>

enum { HISTORY_CAPACITY_FIRST = 256, HISTORY_LOOK_MAX = 256 };

StorageStatus history_init(History *self, uint64_t count_max, uint64_t bytes_max)
{
    *self = (History){.count_max = count_max, .bytes_max = bytes_max};
    self->capacity_max = HISTORY_CAPACITY_FIRST;
    while (self->capacity_max < count_max && self->capacity_max <= SIZE_MAX / 4 / sizeof(HistoryChange))
        self->capacity_max *= 2;
    self->ring = storage_allocate(HISTORY_CAPACITY_FIRST * sizeof(*self->ring));
    if (self->ring == NULL)
        return STORAGE_NO_MEMORY;
    self->capacity = HISTORY_CAPACITY_FIRST;
    if (pthread_mutex_init(&self->lock, NULL) != 0)
        goto fail_ring;
    if (clock_condition_init(&self->appended) != 0)
        goto fail_lock;
    return STORAGE_OK;
fail_lock:
    (void)pthread_mutex_destroy(&self->lock);
fail_ring:
    storage_release(self->ring);
    return STORAGE_NO_MEMORY;
}

static HistoryChange *slot(const History *self, uint64_t sequence)
{
    return &self->ring[sequence & (self->capacity - 1)];
}

void history_done(History *self, int is_forked)
{
    for (; self->first < self->next; self->first++)
        history_change_release(slot(self, self->first));
    storage_release(self->ring);
    if (is_forked)
        return;
    (void)pthread_cond_destroy(&self->appended);
    (void)pthread_mutex_destroy(&self->lock);
}

/* ---- ranges ---- */

HistoryRange *history_range_new(const StorageRange *range)
{
    size_t footprint = sizeof(HistoryRange) + range->start.key.size + range->end.key.size;
    HistoryRange *copy = storage_allocate(footprint);
    unsigned char *bytes;
    if (copy == NULL)
        return NULL;
    atomic_init(&copy->references, 1);
    copy->footprint = footprint;
    copy->range = *range;
    bytes = (unsigned char *)(copy + 1);
    if (range->start.key.size > 0)
        memcpy(bytes, range->start.key.data, range->start.key.size);
    copy->range.start.key.data = bytes;
    bytes += range->start.key.size;
    if (range->end.key.size > 0)
        memcpy(bytes, range->end.key.data, range->end.key.size);
    copy->range.end.key.data = bytes;
    return copy;
}

void history_range_release(HistoryRange *range)
{
    if (range != NULL && atomic_fetch_sub_explicit(&range->references, 1, memory_order_acq_rel) == 1)
        storage_release(range);
}

static void pin(const HistoryChange *change)
{
    if (change->version != NULL)
        version_pin(change->version);
    else
        (void)atomic_fetch_add_explicit(&change->range->references, 1, memory_order_relaxed);
}

void history_change_release(HistoryChange *change)
{
    version_release(change->version);
    history_range_release(change->range);
}

/* ---- writing ---- */

static size_t footprint(const HistoryChange *change)
{
    size_t size = sizeof(*change);
    if (change->version != NULL)
        return size + version_footprint(change->version) + record_footprint(change->version->record);
    return size + change->range->footprint;
}

static void drop_first(History *self)
{
    HistoryChange *change = slot(self, self->first++);
    self->bytes -= footprint(change);
    self->compacted_revision = change->revision;
    history_change_release(change);
}

/* Moves the retained changes into a ring of another capacity. 0: there is no memory for it. */
static int resize(History *self, size_t capacity)
{
    HistoryChange *ring = storage_allocate(capacity * sizeof(*ring));
    if (ring == NULL)
        return 0;
    for (uint64_t sequence = self->first; sequence < self->next; sequence++)
        ring[sequence & (capacity - 1)] = *slot(self, sequence);
    storage_release(self->ring);
    self->ring = ring;
    self->capacity = capacity;
    return 1;
}

/* Makes room for one more. When there is no memory to grow, older changes go earlier than they need to. */
static void make_room(History *self)
{
    int may_grow = self->capacity < self->capacity_max || self->first == self->newest_commit;
    if (self->next - self->first == self->capacity && !(may_grow && resize(self, 2 * self->capacity)))
        drop_first(self);
}

void history_begin(History *self)
{
    self->newest_commit = self->next;
}

void history_append(History *self, const HistoryChange *change)
{
    make_room(self);
    pin(change);
    *slot(self, self->next++) = *change;
    self->bytes += footprint(change);
    while (self->first < self->newest_commit &&
           (self->next - self->first > self->count_max || self->bytes > self->bytes_max))
        drop_first(self);
}

void history_end(History *self)
{
    if (self->capacity > self->capacity_max && self->next - self->first <= self->capacity_max)
        (void)resize(self, self->capacity_max); /* it had grown for one large commit */
    history_notify(self);
}

void history_notify(History *self)
{
    if (self->waiting > 0)
        (void)pthread_cond_broadcast(&self->appended);
    for (HistoryListener *listener = self->listeners; listener != NULL; listener = listener->next)
        wake_raise(listener->wake_fd);
}

/* ---- reading ---- */

static int touches(const HistoryChange *change, const StorageRange *range)
{
    if (change->version != NULL)
        return storage_range_contains(range, record_key(change->version->record));
    return range_meets(&change->range->range, range);
}

StorageStatus history_read(History *self, uint64_t *position, uint64_t from_revision, const StorageRange *range,
                           HistoryChange *ret_changes, size_t room, size_t *ret_count)
{
    size_t looked_at = 0;
    *ret_count = 0;
    if (*position < self->first) {
        if (from_revision <= self->compacted_revision)
            return STORAGE_COMPACTED;
        *position = self->first; /* what was dropped is older than what the watch asks for */
    }
    for (; *position < self->next && *ret_count < room && looked_at < HISTORY_LOOK_MAX; (*position)++, looked_at++) {
        const HistoryChange *change = slot(self, *position);
        if (change->revision < from_revision || !touches(change, range))
            continue;
        pin(change);
        ret_changes[(*ret_count)++] = *change;
    }
    return STORAGE_OK;
}

StorageStatus history_find(History *self, uint64_t revision, uint64_t *ret_position)
{
    uint64_t low = self->first, high = self->next;
    if (revision == 0) {
        *ret_position = self->next;
        return STORAGE_OK;
    }
    if (revision <= self->compacted_revision)
        return STORAGE_COMPACTED;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (slot(self, middle)->revision < revision)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_position = low;
    return STORAGE_OK;
}
