/*
 * custom_backend.c - a whole backend of a third party, written against storage/backend.h alone.
 *
 * A mutex around a sorted array of rows: the plainest store that keeps the contract. Read it from the bottom: the
 * constructor, the operations table, then the methods. The core has checked every argument before a method runs.
 *
 * It does not: run transactions, tell watchers, remember idempotency tokens, or survive the process. Its capabilities
 * say so, and the core answers UNSUPPORTED for it. A write costs time proportional to the number of rows, and so does
 * opening a cursor.
 *
 * Invariants:
 *   1. The rows of a table are sorted by key, and no two have the same key.
 *   2. A row never changes once it is in a table. A write puts another row in its place, so whoever holds a reference
 *      (a pinned value, a cursor) needs no lock to read it.
 *   3. Everything that can fail comes before the first change of the table that readers see.
 *   4. Database time is the larger of the wall clock and the time of the last commit, so that nothing un-expires when
 *      the clock steps back.
 */
#include "custom_backend.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "storage/backend.h"

/* The counts must leave room for the header of a row on machines with 32-bit sizes. */
#define CUSTOM_KEY_SIZE_MAX ((uint64_t)1 << 20)
#define CUSTOM_VALUE_SIZE_MAX ((uint64_t)1 << 30)

/* ---- rows: shared, and unchangeable (invariant 2) ---- */

typedef struct Row {
    atomic_size_t reference_count;
    uint64_t revision;
    int64_t expires_at_ns;
    StorageSlice key, value;
    unsigned char bytes[]; /* the key, then the value */
} Row;

static Row *row_new(StorageSlice key, StorageSlice value, uint64_t revision, int64_t expires_at_ns)
{
    Row *row = storage_allocate(sizeof(Row) + key.size + value.size);
    if (row == NULL)
        return NULL;
    atomic_init(&row->reference_count, 1);
    row->revision = revision;
    row->expires_at_ns = expires_at_ns;
    row->key = storage_bytes(row->bytes, key.size);
    row->value = storage_bytes(row->bytes + key.size, value.size);
    if (key.size > 0)
        memcpy(row->bytes, key.data, key.size);
    if (value.size > 0)
        memcpy(row->bytes + key.size, value.data, value.size);
    return row;
}

static Row *row_reference(Row *row)
{
    atomic_fetch_add_explicit(&row->reference_count, 1, memory_order_relaxed);
    return row;
}

/* Has the signature of the `release` of storage_value_init: a pinned value is a reference to its row. */
static void row_release(void *owner)
{
    Row *row = owner;
    if (atomic_fetch_sub_explicit(&row->reference_count, 1, memory_order_acq_rel) == 1)
        storage_release(row);
}

static int row_is_live(const Row *row, int64_t now_ns)
{
    return row->expires_at_ns == STORAGE_NEVER || row->expires_at_ns > now_ns;
}

/* ---- tables: sorted arrays of references to rows (invariant 1) ---- */

typedef struct Table {
    Row **rows;
    size_t count, capacity;
} Table;

/* Where a cut through the table stands, next to a key. */
typedef enum { BEFORE_KEY, AFTER_KEY, AFTER_PREFIX } Place;

static int row_is_below(const Row *row, StorageSlice key, Place place)
{
    int order = storage_slice_compare(row->key, key);
    switch (place) {
    case BEFORE_KEY:
        return order < 0;
    case AFTER_KEY:
        return order <= 0;
    default:
        return order <= 0 || key.size == 0 ||
               (row->key.size >= key.size && memcmp(row->key.data, key.data, key.size) == 0);
    }
}

/* How many rows stand below the cut. */
static size_t table_cut(const Table *table, StorageSlice key, Place place)
{
    size_t low = 0, high = table->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (row_is_below(table->rows[middle], key, place))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The rows of `range` are those from `*ret_first` up to, and without, `*ret_end`. An inverted range has none. */
static void table_find_range(const Table *table, const StorageRange *range, size_t *ret_first, size_t *ret_end)
{
    static const Place start_places[] = {BEFORE_KEY, BEFORE_KEY, AFTER_KEY, AFTER_PREFIX};
    static const Place end_places[] = {AFTER_KEY, AFTER_KEY, BEFORE_KEY, AFTER_PREFIX};
    const StorageBound *start = &range->start, *end = &range->end;

    *ret_first = start->kind == STORAGE_BOUND_OPEN ? 0 : table_cut(table, start->key, start_places[start->kind]);
    *ret_end = end->kind == STORAGE_BOUND_OPEN ? table->count : table_cut(table, end->key, end_places[end->kind]);
    if (*ret_end < *ret_first)
        *ret_end = *ret_first;
}

/* Makes room for one more row, so that table_put cannot fail. Returns 0 when out of memory. */
static int table_reserve(Table *table)
{
    if (table->count < table->capacity)
        return 1;
    size_t capacity = table->capacity == 0 ? 16 : table->capacity * 2;
    if (capacity > SIZE_MAX / sizeof(Row *))
        return 0;
    Row **rows = storage_reallocate(table->rows, capacity * sizeof(Row *));
    if (rows == NULL)
        return 0;
    table->rows = rows;
    table->capacity = capacity;
    return 1;
}

/* Puts `row` in the place of the row with its key, or in between, and takes over the caller's reference. */
static void table_put(Table *table, Row *row)
{
    size_t index = table_cut(table, row->key, BEFORE_KEY);
    if (index < table_cut(table, row->key, AFTER_KEY)) {
        row_release(table->rows[index]);
    } else {
        memmove(table->rows + index + 1, table->rows + index, (table->count - index) * sizeof(Row *));
        table->count += 1;
    }
    table->rows[index] = row;
}

static void table_remove(Table *table, size_t first, size_t end)
{
    for (size_t index = first; index < end; index++)
        row_release(table->rows[index]);
    if (first < end) {
        memmove(table->rows + first, table->rows + end, (table->count - end) * sizeof(Row *));
        table->count -= end - first;
    }
}

static void table_done(Table *table)
{
    table_remove(table, 0, table->count);
    storage_release(table->rows);
    *table = (Table){0};
}

/* Makes `copy` a table of its own with the same rows from `first` to `end`. Returns 0 when out of memory. */
static int table_copy(const Table *table, size_t first, size_t end, Table *copy)
{
    *copy = (Table){0};
    if (first == end)
        return 1;
    copy->rows = storage_allocate((end - first) * sizeof(Row *));
    if (copy->rows == NULL)
        return 0;
    copy->capacity = end - first;
    for (size_t index = first; index < end; index++)
        copy->rows[copy->count++] = row_reference(table->rows[index]);
    return 1;
}

/* Gives up every row that has expired at `now_ns`. Returns how many. */
static size_t table_remove_expired(Table *table, int64_t now_ns)
{
    size_t before_count = table->count, live_count = 0;
    for (size_t index = 0; index < before_count; index++)
        if (row_is_live(table->rows[index], now_ns))
            table->rows[live_count++] = table->rows[index];
        else
            row_release(table->rows[index]);
    table->count = live_count;
    return before_count - live_count;
}

/* The row that `key` has at `now_ns`, or NULL. An expired row is no row. */
static Row *table_find(const Table *table, StorageSlice key, int64_t now_ns)
{
    size_t index = table_cut(table, key, BEFORE_KEY);
    if (index == table->count || storage_slice_compare(table->rows[index]->key, key) != 0)
        return NULL;
    return row_is_live(table->rows[index], now_ns) ? table->rows[index] : NULL;
}

/* ---- the backend ---- */

typedef struct CustomBackend {
    StorageBackend base; /* first, so that a pointer to one is a pointer to the other */
    pthread_mutex_t mutex;
    Table table;            /* this and what follows is guarded by the mutex */
    uint64_t revision;      /* the last one that was given out */
    int64_t last_commit_ns; /* invariant 4 */
} CustomBackend;

static CustomBackend *custom_backend(StorageBackend *base)
{
    return (CustomBackend *)base;
}

static int64_t database_time(CustomBackend *self)
{
    int64_t wall_ns = storage_wall_ns(&self->base);
    return wall_ns > self->last_commit_ns ? wall_ns : self->last_commit_ns;
}

/* The mutex is held. */
static StorageStatus pin_value(CustomBackend *self, StorageSlice key, int64_t now_ns, StorageValue *ret_value)
{
    Row *row = table_find(&self->table, key, now_ns);
    if (row == NULL)
        return STORAGE_NOT_FOUND;
    storage_value_init(ret_value, row->value.data, row->value.size, row->revision, row->expires_at_ns, row_release,
                       row_reference(row));
    return STORAGE_OK;
}

static StorageStatus custom_get(StorageBackend *base, StorageSlice key, StorageValue *ret_value, StorageContext *ctx)
{
    CustomBackend *self = custom_backend(base);
    (void)ctx;
    pthread_mutex_lock(&self->mutex);
    StorageStatus status = pin_value(self, key, database_time(self), ret_value);
    pthread_mutex_unlock(&self->mutex);
    return status;
}

/* Left out, it would be one get after the other, and a write could come in between. */
static StorageStatus custom_multi_get(StorageBackend *base, const StorageSlice *keys, size_t key_count,
                                      StorageValue *ret_values, StorageStatus *ret_statuses, StorageContext *ctx)
{
    CustomBackend *self = custom_backend(base);
    (void)ctx;
    pthread_mutex_lock(&self->mutex);
    int64_t now_ns = database_time(self);
    for (size_t index = 0; index < key_count; index++)
        ret_statuses[index] = pin_value(self, keys[index], now_ns, &ret_values[index]);
    pthread_mutex_unlock(&self->mutex);
    return STORAGE_OK;
}

/* ---- writing ---- */

/* What one operation is decided and applied with. */
typedef struct Commit {
    Table *table;
    uint64_t revision; /* the one that an operation writes, if it writes */
    int64_t now_ns;
    StorageContext *ctx;
} Commit;

static StorageStatus out_of_memory(StorageContext *ctx)
{
    return storage_fail(ctx, STORAGE_NO_MEMORY, "custom: out of memory");
}

/* `row` is NULL for an absent key. */
static int is_as_expected(const Row *row, const StorageExpected *expected)
{
    switch (expected->kind) {
    case STORAGE_EXPECT_ABSENT:
        return row == NULL;
    case STORAGE_EXPECT_VALUE:
        return row != NULL && storage_slice_compare(row->value, expected->value) == 0;
    default:
        return row != NULL && row->revision == expected->revision;
    }
}

static StorageStatus put(Commit *commit, const StorageOperation *operation, StorageSlice value, const Row *before,
                         StorageResult *ret_result)
{
    int64_t kept_ns = before == NULL ? STORAGE_NEVER : before->expires_at_ns;
    int64_t expires_at_ns = storage_expiry_resolve(operation->expiry, commit->now_ns, kept_ns);
    Row *row = row_new(operation->key, value, commit->revision, expires_at_ns);
    if (row == NULL)
        return out_of_memory(commit->ctx);
    if (!table_reserve(commit->table)) {
        row_release(row);
        return out_of_memory(commit->ctx);
    }
    table_put(commit->table, row);
    ret_result->revision = commit->revision;
    return STORAGE_OK;
}

static void remove_row(Commit *commit, const Row *row, StorageResult *ret_result)
{
    size_t index = table_cut(commit->table, row->key, BEFORE_KEY);
    table_remove(commit->table, index, index + 1);
    ret_result->revision = commit->revision;
}

static void clear_range(Commit *commit, const StorageRange *range, StorageResult *ret_result)
{
    size_t first = 0, end = 0, live_count = 0;
    table_find_range(commit->table, range, &first, &end);
    for (size_t index = first; index < end; index++)
        live_count += row_is_live(commit->table->rows[index], commit->now_ns) ? 1 : 0;
    /* Clearing what has expired already writes nothing: its rows are left to the sweep. */
    if (live_count > 0) {
        table_remove(commit->table, first, end);
        ret_result->revision = commit->revision;
    }
}

static StorageStatus check_expected(Commit *commit, const StorageOperation *operation, const Row *row,
                                    StorageResult *ret_result)
{
    char text[80];
    if (is_as_expected(row, &operation->expected))
        return STORAGE_OK;
    ret_result->revision = row == NULL ? 0 : row->revision;
    return storage_fail(commit->ctx, STORAGE_CONFLICT, "custom: %s is not as expected: its revision is %" PRIu64,
                        storage_key_text(operation->key, text, sizeof(text)), ret_result->revision);
}

/* Decides and applies one operation: wholly, or not at all (invariant 3). Revision 0 in the result: nothing written. */
static StorageStatus apply(Commit *commit, const StorageOperation *operation, StorageResult *ret_result)
{
    StorageStatus status;
    ret_result->revision = 0;
    if (operation->kind == STORAGE_OPERATION_CLEAR_RANGE) {
        clear_range(commit, &operation->range, ret_result);
        return STORAGE_OK;
    }
    const Row *row = table_find(commit->table, operation->key, commit->now_ns);
    switch (operation->kind) {
    case STORAGE_OPERATION_SET:
        return put(commit, operation, operation->value, row, ret_result);
    case STORAGE_OPERATION_TOUCH:
        return row == NULL ? STORAGE_NOT_FOUND : put(commit, operation, row->value, row, ret_result);
    case STORAGE_OPERATION_DELETE:
        break;
    case STORAGE_OPERATION_COMPARE_AND_SET:
        status = check_expected(commit, operation, row, ret_result);
        return status < 0 ? status : put(commit, operation, operation->value, row, ret_result);
    case STORAGE_OPERATION_COMPARE_AND_DELETE:
        status = check_expected(commit, operation, row, ret_result);
        if (status < 0)
            return status;
        break;
    default:
        return storage_fail(commit->ctx, STORAGE_UNSUPPORTED, "custom: operation kind %" PRIu32, operation->kind);
    }
    if (row != NULL)
        remove_row(commit, row, ret_result);
    return STORAGE_OK;
}

static void finish_commit(CustomBackend *self, uint64_t revision, int64_t now_ns)
{
    self->revision = revision;
    self->last_commit_ns = now_ns;
}

/*
 * Several operations work on a draft of the table, and each sees what the earlier ones did. The draft takes the place
 * of the table at the end, or it is dropped and nobody has seen it: ATOMIC when any operation failed, INDEPENDENT when
 * memory ran out. A single operation needs no draft, because `apply` is all or nothing. The mutex is held.
 */
static StorageStatus write_locked(CustomBackend *self, const StorageOperation *operations, size_t operation_count,
                                  uint32_t mode, StorageResult *ret_results, StorageContext *ctx)
{
    Table draft = {0};
    int is_drafted = operation_count > 1;
    Commit commit = {is_drafted ? &draft : &self->table, self->revision + 1, database_time(self), ctx};
    uint64_t last_revision = 0;
    StorageStatus failure = STORAGE_OK;

    if (is_drafted && !table_copy(&self->table, 0, self->table.count, &draft))
        return out_of_memory(ctx);
    for (size_t index = 0; index < operation_count; index++) {
        StorageResult *result = &ret_results[index];
        result->status = apply(&commit, &operations[index], result);
        if (result->status == STORAGE_OK && result->revision != 0) {
            last_revision = result->revision;
            commit.revision += mode == STORAGE_WRITE_INDEPENDENT ? 1 : 0;
        } else if (failure == STORAGE_OK && (mode == STORAGE_WRITE_ATOMIC || result->status == STORAGE_NO_MEMORY)) {
            failure = result->status;
        }
    }
    if (failure != STORAGE_OK) {
        for (size_t index = 0; index < operation_count; index++)
            if (ret_results[index].status == STORAGE_OK)
                ret_results[index] = (StorageResult){.status = STORAGE_CANCELLED};
        table_done(&draft);
        return failure;
    }
    if (is_drafted) {
        table_done(&self->table);
        self->table = draft;
    }
    if (last_revision != 0)
        finish_commit(self, last_revision, commit.now_ns);
    return STORAGE_OK;
}

static StorageStatus custom_write(StorageBackend *base, const StorageOperation *operations, size_t operation_count,
                                  uint32_t mode, StorageResult *ret_results, StorageContext *ctx)
{
    CustomBackend *self = custom_backend(base);
    /* The last look at the deadline: the write itself must not be cut off in the middle. */
    StorageStatus status = storage_context_check(ctx, base);
    if (status < 0)
        return status;
    pthread_mutex_lock(&self->mutex);
    status = write_locked(self, operations, operation_count, mode, ret_results, ctx);
    pthread_mutex_unlock(&self->mutex);
    return status;
}

/* Looks at every row. A store for many rows keeps an index by time, so that a sweep costs what it removes. */
static StorageStatus custom_sweep(StorageBackend *base, uint64_t *ret_count, StorageContext *ctx)
{
    CustomBackend *self = custom_backend(base);
    StorageStatus status = storage_context_check(ctx, base);
    if (status < 0)
        return status;
    pthread_mutex_lock(&self->mutex);
    int64_t now_ns = database_time(self);
    size_t swept_count = table_remove_expired(&self->table, now_ns);
    if (swept_count > 0) {
        finish_commit(self, self->revision + 1, now_ns);
        storage_context_set_revision(ctx, self->revision);
    }
    pthread_mutex_unlock(&self->mutex);
    *ret_count = swept_count;
    return STORAGE_OK;
}

/* ---- scanning ---- */

/* Holds references to the rows of its range as they were when it was opened: nothing that is written reaches it. */
typedef struct CustomCursor {
    StorageCursor base;
    Table table;
    uint32_t flags;
    uint64_t limit, handed_out_count;
    size_t position; /* rows that the cursor has passed; in a reverse scan counted from the end */
    StorageEntry entry;
} CustomCursor;

static StorageStatus custom_scan(StorageBackend *base, const StorageRange *range, const StorageScanOptions *options,
                                 StorageCursor **ret_cursor, StorageContext *ctx)
{
    CustomBackend *self = custom_backend(base);
    size_t first = 0, end = 0;
    StorageStatus status = storage_context_check(ctx, base);
    if (status < 0)
        return status;
    CustomCursor *cursor = (CustomCursor *)storage_cursor_new(base, sizeof(CustomCursor));
    if (cursor == NULL)
        return out_of_memory(ctx);
    cursor->flags = options->flags;
    cursor->limit = options->limit;

    pthread_mutex_lock(&self->mutex);
    int64_t now_ns = database_time(self);
    table_find_range(&self->table, range, &first, &end);
    int copied = table_copy(&self->table, first, end, &cursor->table);
    pthread_mutex_unlock(&self->mutex);
    if (!copied) {
        storage_handle_free(cursor);
        return out_of_memory(ctx);
    }

    /* The time of the cursor is fixed here: what is live now stays in it, however long it is open. */
    (void)table_remove_expired(&cursor->table, now_ns);
    *ret_cursor = &cursor->base;
    return STORAGE_OK;
}

static StorageStatus custom_cursor_next(StorageCursor *base, const StorageEntry **ret_entry, StorageContext *ctx)
{
    CustomCursor *self = (CustomCursor *)base;
    (void)ctx;
    if (self->position >= self->table.count || (self->limit != 0 && self->handed_out_count >= self->limit))
        return STORAGE_END;
    int reverse = (self->flags & STORAGE_SCAN_REVERSE) != 0;
    const Row *row = self->table.rows[reverse ? self->table.count - 1 - self->position : self->position];
    self->position += 1;
    self->handed_out_count += 1;
    self->entry = (StorageEntry){.key = row->key, .revision = row->revision, .expires_at_ns = row->expires_at_ns};
    if ((self->flags & STORAGE_SCAN_KEYS_ONLY) == 0)
        self->entry.value = row->value;
    *ret_entry = &self->entry;
    return STORAGE_OK;
}

static StorageStatus custom_cursor_seek(StorageCursor *base, StorageSlice key, StorageContext *ctx)
{
    CustomCursor *self = (CustomCursor *)base;
    (void)ctx;
    if ((self->flags & STORAGE_SCAN_REVERSE) != 0)
        self->position = self->table.count - table_cut(&self->table, key, AFTER_KEY);
    else
        self->position = table_cut(&self->table, key, BEFORE_KEY);
    return STORAGE_OK;
}

/* The core frees the block of the cursor itself. No lock is needed, so it works in a forked child too. */
static void custom_cursor_close(StorageCursor *base)
{
    table_done(&((CustomCursor *)base)->table);
}

/* ---- telling about itself ---- */

static StorageStatus custom_health_check(StorageBackend *base, StorageProbe probe, StorageHealthState *ret_state,
                                         StorageJson *json, StorageContext *ctx)
{
    CustomBackend *self = custom_backend(base);
    (void)ctx;
    /* Whether the process should live must not depend on a lock that somebody holds for long. */
    if (probe == STORAGE_PROBE_READINESS) {
        pthread_mutex_lock(&self->mutex);
        storage_json_uint(json, "rows", self->table.count);
        pthread_mutex_unlock(&self->mutex);
    }
    *ret_state = STORAGE_HEALTH_HEALTHY;
    return STORAGE_OK;
}

static StorageStatus custom_describe(StorageBackend *base, StorageDescription description, StorageJson *json,
                                     StorageContext *ctx)
{
    CustomBackend *self = custom_backend(base);
    (void)ctx;
    pthread_mutex_lock(&self->mutex);
    if (description == STORAGE_DESCRIBE_STATISTICS) {
        storage_json_uint(json, "rows", self->table.count);
        storage_json_uint(json, "revision", self->revision);
    } else if (description == STORAGE_DESCRIBE_MEMORY) {
        uint64_t row_bytes = 0;
        for (size_t index = 0; index < self->table.count; index++)
            row_bytes += sizeof(Row) + self->table.rows[index]->key.size + self->table.rows[index]->value.size;
        storage_json_uint(json, "row_bytes", row_bytes);
        storage_json_uint(json, "array_bytes", self->table.capacity * sizeof(Row *));
    }
    pthread_mutex_unlock(&self->mutex);
    return STORAGE_OK;
}

/* ---- opening and closing ---- */

/* By now every cursor is closed. Pinned values are still out: their rows live on by the references they hold. */
static void custom_destroy(StorageBackend *base)
{
    CustomBackend *self = custom_backend(base);
    table_done(&self->table);
    /* In a forked child the mutex may be held by a thread that does not exist; it is only memory then. */
    if (!storage_backend_is_forked(base))
        pthread_mutex_destroy(&self->mutex);
    storage_release(self);
}

/* What is left out is what the capabilities below do not name, and what the core does by itself. */
static const StorageOps custom_ops = {
    .struct_size = sizeof(StorageOps),
    .name = "custom",
    .destroy = custom_destroy,
    .get = custom_get,
    .multi_get = custom_multi_get,
    .write = custom_write,
    .scan = custom_scan,
    .sweep = custom_sweep,
    .health_check = custom_health_check,
    .describe = custom_describe,
    .cursor_next = custom_cursor_next,
    .cursor_seek = custom_cursor_seek,
    .cursor_close = custom_cursor_close,
};

StorageStatus custom_backend_open(const StorageEnvironment *environment, StorageBackend **ret_backend,
                                  StorageContext *ctx)
{
    static const StorageCapabilities capabilities = {
        .struct_size = sizeof(StorageCapabilities),
        .capabilities = STORAGE_CAPABILITY_COMPARE | STORAGE_CAPABILITY_CLEAR_RANGE | STORAGE_CAPABILITY_MULTI_WRITE |
                        STORAGE_CAPABILITY_EXPIRY | STORAGE_CAPABILITY_REVERSE_SCAN,
        .key_size_max = CUSTOM_KEY_SIZE_MAX,
        .value_size_max = CUSTOM_VALUE_SIZE_MAX,
    };
    storage_context_clear(ctx);
    if (ret_backend == NULL)
        return storage_fail(ctx, STORAGE_INVALID_ARGUMENT, "custom_backend_open: ret_backend is NULL");
    *ret_backend = NULL;
    CustomBackend *self = storage_allocate_zero(sizeof(CustomBackend));
    if (self == NULL)
        return out_of_memory(ctx);
    if (pthread_mutex_init(&self->mutex, NULL) != 0) {
        storage_release(self);
        return out_of_memory(ctx);
    }
    self->last_commit_ns = INT64_MIN;
    StorageStatus status = storage_backend_init(&self->base, &custom_ops, NULL, &capabilities, environment, ctx);
    if (status < 0) {
        pthread_mutex_destroy(&self->mutex);
        storage_release(self);
        return status;
    }
    *ret_backend = &self->base;
    return STORAGE_OK;
}
