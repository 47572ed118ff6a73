/*
 * test_ledger_txn_scan.c - scans in transactions against a sorted array: both ways, within bounds, with seeks, limits,
 * keys only, rows that have expired, values in overflow pages, and a writer that goes on meanwhile.
 */
#include "ledger_txn_store.h"

#include "storage_testutil/generate.h"

#include <stdio.h>
#include <string.h>

enum { KEY_COUNT = 400, LONG_SIZE = 9000, RUN_COUNT = 30, SCANS_PER_RUN = 20 };

/* What the transaction sees of each key; value numbers are from 1 on. */
typedef struct Model {
    unsigned value_nos[KEY_COUNT]; /* 0: absent */
    uint64_t revisions[KEY_COUNT]; /* 0: written by the transaction */
} Model;

static TxnStore *store;
static TestutilRandom random_numbers;
static unsigned char buffer[LONG_SIZE];

typedef struct KeyText {
    char bytes[16];
} KeyText;

static uint64_t draw(uint64_t bound)
{
    return testutil_random_below(&random_numbers, bound);
}

static StorageSlice key_of(size_t index, KeyText *text)
{
    (void)snprintf(text->bytes, sizeof(text->bytes), "k%05zu", index);
    return storage_string(text->bytes);
}

/* One in eight is longer than a page. */
static StorageSlice value_of(unsigned value_no)
{
    return testutil_patterned_value(buffer, value_no % 8 == 0 ? LONG_SIZE : value_no % 50, value_no);
}

/* A commit that sets, deletes, and lets rows expire. */
static void commit_some(Model *model, unsigned *next_value)
{
    KeyText text;
    txn_store_begin(store);
    for (unsigned count = 0; count < 12; count++) {
        size_t index = draw(KEY_COUNT);
        unsigned kind = (unsigned)draw(10);
        int64_t expires_at_ns = kind == 0 ? testutil_clock_wall_ns(store->clock) + 5 : STORAGE_NEVER;
        if (kind == 1) {
            txn_store_delete(store, key_of(index, &text));
            model->value_nos[index] = 0;
            continue;
        }
        txn_store_put(store, key_of(index, &text), value_of(++*next_value), expires_at_ns);
        model->value_nos[index] = kind == 0 ? 0 : *next_value; /* nobody looks before it has expired */
        model->revisions[index] = store->working->revision;
    }
    txn_store_end(store);
}

static void write_some(StorageTransaction *txn, Model *model, unsigned *next_value)
{
    KeyText text, end;
    for (unsigned count = 0; count < 30; count++) {
        size_t index = draw(KEY_COUNT);
        unsigned kind = (unsigned)draw(12);
        if (kind == 0) {
            size_t last = index + draw(20) < KEY_COUNT ? index + 10 : KEY_COUNT;
            StorageRange range = {{key_of(index, &text), STORAGE_BOUND_INCLUDED},
                                  {key_of(last, &end), STORAGE_BOUND_EXCLUDED}};
            unit_assert_status(storage_transaction_clear_range(txn, &range, NULL), STORAGE_OK);
            for (; index < last && index < KEY_COUNT; index++)
                model->value_nos[index] = 0;
        } else if (kind < 4) {
            unit_assert_status(storage_transaction_delete(txn, key_of(index, &text), NULL), STORAGE_OK);
            model->value_nos[index] = 0;
        } else {
            unit_assert_status(storage_transaction_set(txn, key_of(index, &text), value_of(++*next_value), NULL, NULL),
                               STORAGE_OK);
            model->value_nos[index] = *next_value;
            model->revisions[index] = 0;
        }
    }
}

/* ---- the scan that is expected ---- */

typedef struct Expectation {
    const Model *model;
    size_t first, end; /* indexes within the bounds */
    size_t at;         /* of the next one; reverse: one behind it */
    uint32_t flags;
    uint64_t left; /* of the limit */
} Expectation;

/* The index of the next row, KEY_COUNT at the end. */
static size_t expect_next(Expectation *self)
{
    if (self->left == 0)
        return KEY_COUNT;
    if ((self->flags & STORAGE_SCAN_REVERSE) != 0) {
        while (self->at > self->first && self->model->value_nos[self->at - 1] == 0)
            self->at--;
        if (self->at <= self->first)
            return KEY_COUNT;
        self->left--;
        return --self->at;
    }
    while (self->at < self->end && self->model->value_nos[self->at] == 0)
        self->at++;
    if (self->at >= self->end)
        return KEY_COUNT;
    self->left--;
    return self->at++;
}

static void expect_seek(Expectation *self, size_t index)
{
    if ((self->flags & STORAGE_SCAN_REVERSE) != 0) {
        self->at = index + 1 > self->end ? self->end : index + 1;
        self->at = self->at < self->first ? self->first : self->at;
    } else {
        self->at = index < self->first ? self->first : index;
    }
}

static void check_entry(const Expectation *self, const StorageEntry *entry, size_t index)
{
    KeyText text;
    StorageSlice value = value_of(self->model->value_nos[index]);
    unit_assert(index < KEY_COUNT, "a row behind the end");
    unit_assert(storage_slice_compare(entry->key, key_of(index, &text)) == 0, "a key that is not %s", text.bytes);
    unit_assert(entry->revision == self->model->revisions[index], "%s: revision %llu", text.bytes,
                (unsigned long long)entry->revision);
    if ((self->flags & STORAGE_SCAN_KEYS_ONLY) != 0)
        unit_assert(entry->value.size == 0, "%s: a value that was not asked for", text.bytes);
    else
        unit_assert(storage_slice_compare(entry->value, value) == 0, "%s: not value %u", text.bytes,
                    self->model->value_nos[index]);
}

static void scan_once(StorageTransaction *txn, const Model *model)
{
    KeyText from, to, place;
    size_t first = draw(KEY_COUNT), end = draw(4) == 0 ? first : first + draw(KEY_COUNT - first + 1);
    StorageRange range = {{key_of(first, &from), STORAGE_BOUND_INCLUDED}, {key_of(end, &to), STORAGE_BOUND_EXCLUDED}};
    StorageScanOptions options = STORAGE_SCAN_OPTIONS_INIT;
    Expectation expectation = {model, first, end, 0, (uint32_t)draw(4), draw(3) == 0 ? draw(20) + 1 : UINT64_MAX};
    StorageCursor *cursor;
    const StorageEntry *entry;
    StorageStatus status = STORAGE_OK;
    if (draw(5) == 0) { /* all of it */
        range = (StorageRange){{{NULL, 0}, STORAGE_BOUND_OPEN}, {{NULL, 0}, STORAGE_BOUND_OPEN}};
        expectation.first = 0;
        expectation.end = KEY_COUNT;
    }
    options.flags = expectation.flags;
    options.limit = expectation.left == UINT64_MAX ? 0 : expectation.left;
    expectation.at = (options.flags & STORAGE_SCAN_REVERSE) != 0 ? expectation.end : expectation.first;
    unit_assert_status(storage_transaction_scan(txn, &range, &options, &cursor, NULL), STORAGE_OK);
    while (status == STORAGE_OK) {
        size_t index;
        if (draw(30) == 0) {
            index = draw(KEY_COUNT);
            unit_assert_status(storage_cursor_seek(cursor, key_of(index, &place), NULL), STORAGE_OK);
            expect_seek(&expectation, index);
        }
        index = expect_next(&expectation);
        status = storage_cursor_next(cursor, &entry, NULL);
        if (status == STORAGE_OK)
            check_entry(&expectation, entry, index);
        else
            unit_assert(status == STORAGE_END && index == KEY_COUNT, "%s before key %zu", storage_status_name(status),
                        index);
    }
    unit_assert_status(storage_cursor_next(cursor, &entry, NULL), STORAGE_END);
    storage_cursor_close(cursor);
}

START_TEST(a_scan_in_a_transaction_is_the_snapshot_under_its_writes)
{
    uint64_t seed = testutil_seed("ledger_txn_scan", 3);
    for (unsigned number = 0; number < RUN_COUNT; number++) {
        Model model = {0}, ignored = {0};
        unsigned next_value = 0;
        StorageTransaction *txn;
        random_numbers = testutil_random_seeded(seed + number);
        store = txn_store_open(draw(2) * (1 << 22), 0);
        for (uint64_t count = draw(60); count > 0; count--)
            commit_some(&model, &next_value);
        testutil_clock_advance(store->clock, 10);
        unit_assert_status(storage_begin(&store->base, NULL, &txn, NULL), STORAGE_OK);
        for (unsigned count = 0; count < SCANS_PER_RUN; count++) {
            scan_once(txn, &model);
            if (draw(2) == 0)
                write_some(txn, &model, &next_value);
            commit_some(&ignored, &next_value); /* nothing of it is seen */
            if (draw(3) == 0)
                txn_store_checkpoint(store);
        }
        storage_transaction_close(txn);
        txn_store_close(store);
    }
}
END_TEST

START_TEST(a_cursor_keeps_the_writes_that_it_was_opened_over)
{
    StorageTransaction *txn;
    StorageCursor *cursor;
    const StorageEntry *entry;
    store = txn_store_open(1 << 20, 0);
    txn_store_set(store, "b", "committed");
    unit_assert_status(storage_begin(&store->base, NULL, &txn, NULL), STORAGE_OK);
    unit_assert_status(storage_transaction_set(txn, storage_string("a"), storage_string("own"), NULL, NULL),
                       STORAGE_OK);
    unit_assert_status(storage_transaction_scan(txn, NULL, NULL, &cursor, NULL), STORAGE_OK);
    unit_assert_status(storage_transaction_clear_range(txn, NULL, NULL), STORAGE_OK);
    unit_assert_status(storage_cursor_next(cursor, &entry, NULL), STORAGE_OK);
    ck_assert_int_eq(storage_slice_compare(entry->value, storage_string("own")), 0);
    unit_assert_status(storage_cursor_next(cursor, &entry, NULL), STORAGE_OK);
    ck_assert_int_eq(storage_slice_compare(entry->value, storage_string("committed")), 0);
    unit_assert_status(storage_cursor_next(cursor, &entry, NULL), STORAGE_END);
    storage_cursor_close(cursor);
    storage_transaction_close(txn);
    txn_store_close(store);
}
END_TEST

static StorageContext *cancelled;

static void cancel(void)
{
    storage_context_cancel(cancelled);
}

START_TEST(a_scan_over_hidden_rows_can_be_cancelled_and_go_on)
{
    StorageTransaction *txn;
    StorageCursor *cursor;
    const StorageEntry *entry;
    KeyText text;
    store = txn_store_open(0, 0);
    cancelled = storage_context_new();
    for (size_t index = 0; index < 20000; index += 100) {
        txn_store_begin(store);
        for (size_t offset = 0; offset < 100; offset++)
            txn_store_put(store, key_of(index + offset, &text), value_of(1), STORAGE_NEVER);
        txn_store_end(store);
    }
    txn_store_checkpoint(store);
    unit_assert_status(storage_begin(&store->base, NULL, &txn, NULL), STORAGE_OK);
    unit_assert_status(storage_transaction_clear_range(txn, NULL, NULL), STORAGE_OK);
    unit_assert_status(storage_transaction_scan(txn, NULL, NULL, &cursor, NULL), STORAGE_OK);
    txn_store_before_read = cancel;
    unit_assert_status(storage_cursor_next(cursor, &entry, cancelled), STORAGE_CANCELLED);
    unit_assert_status(storage_cursor_next(cursor, &entry, NULL), STORAGE_END);
    storage_cursor_close(cursor);
    storage_transaction_close(txn);
    storage_context_free(cancelled);
    txn_store_close(store);
}
END_TEST

UNIT_MAIN("ledger_txn_scan", a_scan_in_a_transaction_is_the_snapshot_under_its_writes,
          a_cursor_keeps_the_writes_that_it_was_opened_over, a_scan_over_hidden_rows_can_be_cancelled_and_go_on)
