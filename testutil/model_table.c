/*
 * model_table.c - a sorted array of rows, what a range is, and what one operation does to the array.
 *
 * It knows nothing of commits, snapshots or several operations: that is model.c and model_transaction.c.
 *
 * Invariants:
 *   1. Rows are in the order of their keys as unsigned bytes, and no key is there twice.
 *   2. A row that has expired stays until it is overwritten, cleared or swept, and no operation sees it.
 */
#include "model_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- memory ---- */

void *testutil_model_allocate(size_t size)
{
    void *block = calloc(1, size == 0 ? 1 : size);

    if (block == NULL) {
        fputs("the model is out of memory\n", stderr);
        abort();
    }
    return block;
}

void *testutil_model_grow(void *array, size_t count, size_t *capacity, size_t element_size)
{
    if (count < *capacity)
        return array;
    *capacity = *capacity == 0 ? 8 : *capacity * 2;
    void *grown = testutil_model_allocate(*capacity * element_size);
    if (count > 0)
        memcpy(grown, array, count * element_size);
    free(array);
    return grown;
}

StorageSlice testutil_model_slice_copy(StorageSlice slice)
{
    void *bytes = testutil_model_allocate(slice.size);

    if (slice.size > 0)
        memcpy(bytes, slice.data, slice.size);
    return (StorageSlice){bytes, slice.size};
}

void testutil_model_slice_done(StorageSlice *slice)
{
    free((void *)(uintptr_t)slice->data);
    *slice = (StorageSlice){0};
}

StorageRange testutil_model_range_copy(const StorageRange *range)
{
    StorageRange copy = *range;

    copy.start.key = testutil_model_slice_copy(range->start.key);
    copy.end.key = testutil_model_slice_copy(range->end.key);
    return copy;
}

void testutil_model_range_done(StorageRange *range)
{
    testutil_model_slice_done(&range->start.key);
    testutil_model_slice_done(&range->end.key);
}

StorageOperation testutil_model_operation_copy(const StorageOperation *operation)
{
    StorageOperation copy = *operation;

    copy.key = testutil_model_slice_copy(operation->key);
    copy.value = testutil_model_slice_copy(operation->value);
    copy.expected.value = testutil_model_slice_copy(operation->expected.value);
    copy.range = testutil_model_range_copy(&operation->range);
    return copy;
}

void testutil_model_operation_done(StorageOperation *operation)
{
    testutil_model_slice_done(&operation->key);
    testutil_model_slice_done(&operation->value);
    testutil_model_slice_done(&operation->expected.value);
    testutil_model_range_done(&operation->range);
}

/* ---- bytes and ranges ---- */

int testutil_model_compare(StorageSlice a, StorageSlice b)
{
    const unsigned char *a_bytes = a.data, *b_bytes = b.data;

    for (size_t i = 0; i < a.size && i < b.size; i++) {
        if (a_bytes[i] != b_bytes[i])
            return a_bytes[i] < b_bytes[i] ? -1 : 1;
    }
    return a.size == b.size ? 0 : a.size < b.size ? -1 : 1;
}

static int has_prefix(StorageSlice key, StorageSlice prefix)
{
    return key.size >= prefix.size && testutil_model_compare((StorageSlice){key.data, prefix.size}, prefix) == 0;
}

static int starts_by(const StorageBound *start, StorageSlice key)
{
    int order = testutil_model_compare(key, start->key);

    switch (start->kind) {
    case STORAGE_BOUND_OPEN:
        return 1;
    case STORAGE_BOUND_INCLUDED:
        return order >= 0;
    case STORAGE_BOUND_EXCLUDED:
        return order > 0;
    default:
        return order > 0 && !has_prefix(key, start->key);
    }
}

static int ends_after(const StorageBound *end, StorageSlice key)
{
    int order = testutil_model_compare(key, end->key);

    switch (end->kind) {
    case STORAGE_BOUND_OPEN:
        return 1;
    case STORAGE_BOUND_INCLUDED:
        return order <= 0;
    case STORAGE_BOUND_EXCLUDED:
        return order < 0;
    default:
        return order <= 0 || has_prefix(key, end->key);
    }
}

int testutil_model_range_contains(const StorageRange *range, StorageSlice key)
{
    return starts_by(&range->start, key) && ends_after(&range->end, key);
}

/*
 * The smallest key at or after the start, in `buffer`; 0 when there is none. The key after k is k and a zero byte; the
 * key after all that start with p is p with its last byte that is not 0xFF raised and the rest cut off.
 */
static int first_key(const StorageBound *start, unsigned char *buffer, StorageSlice *ret_key)
{
    size_t size = start->kind == STORAGE_BOUND_OPEN ? 0 : start->key.size;

    if (size > 0)
        memcpy(buffer, start->key.data, size);
    if (start->kind == STORAGE_BOUND_EXCLUDED)
        buffer[size++] = 0;
    if (start->kind == STORAGE_BOUND_PREFIX_END) {
        while (size > 0 && buffer[size - 1] == 0xFF)
            size--;
        if (size == 0)
            return 0;
        buffer[size - 1]++;
    }
    *ret_key = (StorageSlice){buffer, size};
    return 1;
}

/* Two ranges meet when the larger of their first keys lies in both. */
int testutil_model_ranges_meet(const StorageRange *a, const StorageRange *b)
{
    unsigned char *buffer = testutil_model_allocate(a->start.key.size + b->start.key.size + 2);
    StorageSlice first_of_a, first_of_b;
    int meet =
        first_key(&a->start, buffer, &first_of_a) && first_key(&b->start, buffer + a->start.key.size + 1, &first_of_b);

    if (meet) {
        StorageSlice larger = testutil_model_compare(first_of_a, first_of_b) > 0 ? first_of_a : first_of_b;
        meet = testutil_model_range_contains(a, larger) && testutil_model_range_contains(b, larger);
    }
    free(buffer);
    return meet;
}

static StorageRange widen(StorageRange range)
{
    if (range.start.kind != STORAGE_BOUND_OPEN)
        range.start.kind = STORAGE_BOUND_INCLUDED;
    if (range.end.kind != STORAGE_BOUND_OPEN)
        range.end.kind = STORAGE_BOUND_PREFIX_END;
    return range;
}

int testutil_model_ranges_may_meet(const StorageRange *a, const StorageRange *b)
{
    StorageRange wide_a = widen(*a), wide_b = widen(*b);

    return testutil_model_ranges_meet(&wide_a, &wide_b);
}

/* ---- rows ---- */

static TestutilModelRow copy_row(const TestutilModelRow *row)
{
    TestutilModelRow copy = *row;

    copy.key = testutil_model_slice_copy(row->key);
    copy.value = testutil_model_slice_copy(row->value);
    return copy;
}

static void row_done(TestutilModelRow *row)
{
    testutil_model_slice_done(&row->key);
    testutil_model_slice_done(&row->value);
}

static int is_alive(const TestutilModelRow *row, int64_t now_ns)
{
    return row->expires_at_ns > now_ns || row->expires_at_ns == STORAGE_NEVER;
}

static void append_copy(ModelTable *self, const TestutilModelRow *row)
{
    self->rows = testutil_model_grow(self->rows, self->count, &self->capacity, sizeof(*self->rows));
    self->rows[self->count++] = copy_row(row);
}

ModelTable testutil_model_table_copy(const ModelTable *self)
{
    ModelTable copy = {0};

    for (size_t i = 0; i < self->count; i++)
        append_copy(&copy, &self->rows[i]);
    return copy;
}

ModelTable testutil_model_table_select(const ModelTable *self, const StorageRange *range, int64_t now_ns)
{
    ModelTable selection = {0};

    for (size_t i = 0; i < self->count; i++) {
        if (is_alive(&self->rows[i], now_ns) && testutil_model_range_contains(range, self->rows[i].key))
            append_copy(&selection, &self->rows[i]);
    }
    return selection;
}

void testutil_model_table_done(ModelTable *self)
{
    for (size_t i = 0; i < self->count; i++)
        row_done(&self->rows[i]);
    free(self->rows);
    *self = (ModelTable){0};
}

void testutil_model_table_remove(ModelTable *self, size_t index)
{
    row_done(&self->rows[index]);
    self->count--;
    memmove(&self->rows[index], &self->rows[index + 1], (self->count - index) * sizeof(*self->rows));
}

/* The index of the first row at or after `key`. */
static size_t position_of(const ModelTable *self, StorageSlice key)
{
    size_t i = 0;

    while (i < self->count && testutil_model_compare(self->rows[i].key, key) < 0)
        i++;
    return i;
}

TestutilModelRow *testutil_model_table_find_stored(const ModelTable *self, StorageSlice key)
{
    size_t i = position_of(self, key);

    return i < self->count && testutil_model_compare(self->rows[i].key, key) == 0 ? &self->rows[i] : NULL;
}

TestutilModelRow *testutil_model_table_find(const ModelTable *self, StorageSlice key, int64_t now_ns)
{
    TestutilModelRow *row = testutil_model_table_find_stored(self, key);

    return row != NULL && is_alive(row, now_ns) ? row : NULL;
}

static void put(ModelTable *self, TestutilModelRow row)
{
    size_t i = position_of(self, row.key);

    if (i < self->count && testutil_model_compare(self->rows[i].key, row.key) == 0)
        testutil_model_table_remove(self, i);
    self->rows = testutil_model_grow(self->rows, self->count, &self->capacity, sizeof(*self->rows));
    memmove(&self->rows[i + 1], &self->rows[i], (self->count - i) * sizeof(*self->rows));
    self->rows[i] = row;
    self->count++;
}

/* ---- one operation ---- */

static int64_t resolve_expiry(StorageExpiry expiry, int64_t now_ns, int64_t kept_ns)
{
    switch (expiry.kind) {
    case STORAGE_EXPIRY_AFTER:
        if (expiry.ns <= 0)
            return now_ns;
        return expiry.ns >= STORAGE_NEVER - now_ns ? STORAGE_NEVER : now_ns + expiry.ns;
    case STORAGE_EXPIRY_AT:
        return expiry.ns;
    case STORAGE_EXPIRY_KEEP:
        return kept_ns;
    default:
        return STORAGE_NEVER;
    }
}

static int is_as_expected(const TestutilModelRow *row, const StorageExpected *expected)
{
    if (expected->kind == STORAGE_EXPECT_ABSENT)
        return row == NULL;
    if (row == NULL)
        return 0;
    if (expected->kind == STORAGE_EXPECT_VALUE)
        return testutil_model_compare(row->value, expected->value) == 0;
    return row->revision == expected->revision;
}

int testutil_model_operation_holds(const StorageOperation *operation, const TestutilModelRow *row)
{
    int is_conditional =
        operation->kind == STORAGE_OPERATION_COMPARE_AND_SET || operation->kind == STORAGE_OPERATION_COMPARE_AND_DELETE;

    return !is_conditional || is_as_expected(row, &operation->expected);
}

/* Whether anything was removed. What has expired is left to the sweep. */
static int clear(ModelTable *self, const StorageRange *range, int64_t now_ns)
{
    int has_effect = 0;

    for (size_t i = self->count; i > 0; i--) {
        const TestutilModelRow *row = &self->rows[i - 1];
        if (!is_alive(row, now_ns) || !testutil_model_range_contains(range, row->key))
            continue;
        testutil_model_table_remove(self, i - 1);
        has_effect = 1;
    }
    return has_effect;
}

StorageStatus testutil_model_table_apply(ModelTable *self, const StorageOperation *operation, int64_t now_ns,
                                         uint64_t revision, int *ret_has_effect)
{
    TestutilModelRow *row = testutil_model_table_find(self, operation->key, now_ns);
    int64_t kept_ns = row == NULL ? STORAGE_NEVER : row->expires_at_ns;

    *ret_has_effect = 1;
    switch (operation->kind) {
    case STORAGE_OPERATION_SET:
    case STORAGE_OPERATION_COMPARE_AND_SET:
        put(self, (TestutilModelRow){.key = testutil_model_slice_copy(operation->key),
                                     .value = testutil_model_slice_copy(operation->value),
                                     .revision = revision,
                                     .expires_at_ns = resolve_expiry(operation->expiry, now_ns, kept_ns)});
        return STORAGE_OK;
    case STORAGE_OPERATION_TOUCH:
        *ret_has_effect = row != NULL;
        if (row == NULL)
            return STORAGE_NOT_FOUND;
        row->expires_at_ns = resolve_expiry(operation->expiry, now_ns, kept_ns);
        row->revision = revision;
        return STORAGE_OK;
    case STORAGE_OPERATION_CLEAR_RANGE:
        *ret_has_effect = clear(self, &operation->range, now_ns);
        return STORAGE_OK;
    default:
        *ret_has_effect = row != NULL;
        if (row != NULL)
            testutil_model_table_remove(self, (size_t)(row - self->rows));
        return STORAGE_OK;
    }
}
