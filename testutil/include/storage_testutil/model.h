/*
 * storage_testutil/model.h - the contract as a program: a store that is a sorted array, for one thread.
 *
 * It answers what a correct store answers, as plainly as possible: a snapshot is a copy of the array, a transaction's
 * view is a replay of its writes over such a copy, a range is two keys. It uses nothing of the library but its types
 * and names, so that a mistake there does not hide here. It needs memory without limit and aborts when there is none.
 *
 * What a store may decide for itself comes from outside: the numbers of revisions (testutil_model_name_revisions) and
 * the wall clock (testutil_model_set_wall).
 */
#ifndef STORAGE_TESTUTIL_MODEL_H
#define STORAGE_TESTUTIL_MODEL_H

#include "storage/types.h"

STORAGE_BEGIN_DECLS

typedef struct TestutilModel TestutilModel;
typedef struct TestutilModelTransaction TestutilModelTransaction;
typedef struct TestutilModelCursor TestutilModelCursor;

/* A row as the model holds it. */
typedef struct TestutilModelRow {
    StorageSlice key, value;
    uint64_t revision; /* 0 in a transaction: not committed yet */
    int64_t expires_at_ns;
} TestutilModelRow;

/* ---- the store ---- */

TestutilModel *testutil_model_new(void);
/* A model of its own with the same rows, time and revision; without changes, transactions and cursors. */
TestutilModel *testutil_model_copy(const TestutilModel *self);
/* After its transactions and cursors. NULL does nothing. */
void testutil_model_free(TestutilModel *self);

/* What the wall clock shows from now on. */
void testutil_model_set_wall(TestutilModel *self, int64_t unix_ns);
/* Database time: the larger of the wall clock and the time of the last commit. */
int64_t testutil_model_now(const TestutilModel *self);
/* The database time of the last commit, INT64_MIN before the first. */
int64_t testutil_model_last_commit(const TestutilModel *self);

/*
 * The next writes get these revisions, in this order, as the store under test gave them; after them, or without them,
 * each is one larger than the last. One that is not larger than those before is not used and counts as disorder.
 */
void testutil_model_name_revisions(TestutilModel *self, const uint64_t *revisions, size_t count);
/* Forgets names that were not used. Returns 1 when a name was out of order since the last call, else 0. */
int testutil_model_end_names(TestutilModel *self);
/* The revision of the last commit, 0 before the first. */
uint64_t testutil_model_revision(const TestutilModel *self);

/* OK with the row, borrowed until the next write; NOT_FOUND. */
StorageStatus testutil_model_get(const TestutilModel *self, StorageSlice key, TestutilModelRow *ret_row);

/* All rows that are stored, expired ones too; borrowed until the next write. */
const TestutilModelRow *testutil_model_rows(const TestutilModel *self, size_t *ret_count);

/* storage_write; a single operation is ATOMIC. `ret_results` has `count` elements. `ret_revision` (or NULL) is what the
 * context shows afterwards. */
StorageStatus testutil_model_write(TestutilModel *self, const StorageOperation *operations, size_t count, uint32_t mode,
                                   StorageResult *ret_results, uint64_t *ret_revision);

/* Removes all that has expired; returns how many. */
uint64_t testutil_model_sweep(TestutilModel *self);

/* ---- cursors ---- */

TestutilModelCursor *testutil_model_scan(const TestutilModel *self, const StorageRange *range, uint32_t flags,
                                         uint64_t limit);
/* OK with the row, borrowed until the cursor is closed; END. */
StorageStatus testutil_model_cursor_next(TestutilModelCursor *self, TestutilModelRow *ret_row);
void testutil_model_cursor_seek(TestutilModelCursor *self, StorageSlice key);
void testutil_model_cursor_close(TestutilModelCursor *self);

/* ---- transactions ---- */

TestutilModelTransaction *testutil_model_begin(TestutilModel *self, uint32_t isolation, uint32_t flags);
/* The row is borrowed until the next call on the transaction. */
StorageStatus testutil_model_transaction_get(TestutilModelTransaction *self, StorageSlice key,
                                             TestutilModelRow *ret_row);
/* The row that a condition on `key` would be about, without reading it: 1, or 0 when there is none. */
int testutil_model_transaction_peek(TestutilModelTransaction *self, StorageSlice key, TestutilModelRow *ret_row);
/* `ret_revision` (or NULL) is what the context shows afterwards: 0, but the key's revision on CONFLICT. */
StorageStatus testutil_model_transaction_write(TestutilModelTransaction *self, const StorageOperation *operation,
                                               uint64_t *ret_revision);
TestutilModelCursor *testutil_model_transaction_scan(TestutilModelTransaction *self, const StorageRange *range,
                                                     uint32_t flags, uint64_t limit);
uint32_t testutil_model_transaction_savepoint(TestutilModelTransaction *self);
StorageStatus testutil_model_transaction_rollback_to(TestutilModelTransaction *self, uint32_t savepoint_no);
StorageStatus testutil_model_transaction_drop_savepoint(TestutilModelTransaction *self, uint32_t savepoint_no);
/*
 * Whether a store may answer the commit with SERIALIZATION where the model would commit: a key that it is about had
 * expired, so that its removal may count as a change since the begin, or it came and went within one INDEPENDENT write,
 * or it clears a range that touches one that was cleared.
 */
int testutil_model_transaction_may_be_refused(const TestutilModelTransaction *self);
/* Ends it; it is still to be closed. */
StorageStatus testutil_model_transaction_commit(TestutilModelTransaction *self, uint64_t *ret_revision);
/* How many writes it has to commit. */
size_t testutil_model_transaction_write_count(const TestutilModelTransaction *self);
/* Ends it without effect, as a commit that failed does. */
void testutil_model_transaction_abort(TestutilModelTransaction *self);
void testutil_model_transaction_close(TestutilModelTransaction *self);

/* ---- changes ---- */

/* Every change so far in order, EXPIRED ones of testutil_model_sweep included; borrowed until the next write. The
 * expires_at_ns of a CLEARED one is the database time of its commit. */
const StorageChange *testutil_model_changes(const TestutilModel *self, size_t *ret_count);

/* ---- bytes ---- */

/* Order as unsigned bytes, and whether a range holds a key, without the library's own functions. */
int testutil_model_compare(StorageSlice a, StorageSlice b);
int testutil_model_range_contains(const StorageRange *range, StorageSlice key);
/* Whether any key at all lies in both. */
int testutil_model_ranges_meet(const StorageRange *a, const StorageRange *b);
/* The same for a store that looks at the bounds less closely: 1 also when they only touch or nearly do. */
int testutil_model_ranges_may_meet(const StorageRange *a, const StorageRange *b);

STORAGE_END_DECLS

#endif
