/*
 * txn/validate.c - may this transaction still commit?
 *
 * Asked by the writer, with every earlier commit in the working trees and in the conflict log. What was decided against
 * committed rows is decided again; what was written (and, when it is serializable, read) must not have been written
 * since the snapshot. A row that was read and has expired since is a change too: the tree of expiries names those.
 */
#include "backends/ledger/txn/transaction.h"

#include "backends/ledger/btree/cursor.h"
#include "backends/ledger/txn/key_codec.h"

enum { EXPIRY_TABLE = 8, EXPIRY_KEY = 16 };

static LedgerTree working_tree(const LedgerTransaction *self, const LedgerNewest *newest, uint32_t place)
{
    return ledger_state_tree(self->states->pager, newest->working, place);
}

/* ---- preconditions ---- */

static StorageStatus check_condition(const LedgerTree *tree, const LedgerWrite *write, int64_t now_ns,
                                     StorageContext *ctx)
{
    StorageSlice key = ledger_write_key(write->key);
    LedgerRow row;
    StorageStatus status = ledger_row_find(tree, key, now_ns, &row, ctx);
    char text[64];
    if (status == STORAGE_OK)
        status = ledger_row_check_expected(tree, &row, &write->expected, ctx);
    if (status != STORAGE_CONFLICT)
        return status;
    storage_context_set_revision(ctx, row.record.revision);
    return storage_fail(ctx, write->failure, "commit: key %s is no longer as the transaction found it",
                        storage_key_text(key, text, sizeof(text)));
}

/* Those whose failure is `failure`: what was stated comes before what only isolation asks for. */
static StorageStatus check_conditions(const LedgerTransaction *self, const LedgerNewest *newest, StorageStatus failure,
                                      StorageContext *ctx)
{
    LedgerTree tree = working_tree(self, newest, LEDGER_TREE_DEFAULT);
    for (size_t i = 0; i < self->writes.count; i++) {
        const LedgerWrite *write = self->writes.log[i];
        StorageStatus status = STORAGE_OK;
        if (write->is_conditional && write->failure == failure)
            status = check_condition(&tree, write, newest->now_ns, ctx);
        if (status != STORAGE_OK)
            return status;
    }
    return STORAGE_OK;
}

/* ---- isolation ---- */

static StorageStatus fail_serialization(StorageContext *ctx, StorageSlice key, const char *what)
{
    char text[64];
    return storage_fail(ctx, STORAGE_SERIALIZATION,
                        "commit: key %s, which the transaction %s, has changed since it began",
                        storage_key_text(key, text, sizeof(text)), what);
}

/* A clear counts as a write of every key in its range, so two clears that meet conflict. */
static StorageStatus check_writes(const LedgerTransaction *self, const LedgerNewest *newest, StorageContext *ctx)
{
    uint64_t revision = self->snapshot.state->revision;
    for (size_t i = 0; i < self->writes.count; i++) {
        const LedgerWrite *write = self->writes.log[i];
        if (write->key == NULL) {
            if (conflict_log_has_range(newest->log, LEDGER_TREE_DEFAULT, &write->interval, revision))
                return storage_fail(ctx, STORAGE_SERIALIZATION,
                                    "commit: a range that the transaction clears has changed since it began");
        } else if (write->earlier == NULL) {
            StorageSlice key = ledger_write_key(write->key);
            if (conflict_log_has_key(newest->log, LEDGER_TREE_DEFAULT, key, revision))
                return fail_serialization(ctx, key, "writes");
        }
    }
    return STORAGE_OK;
}

/* Whether the row of an entry of the expiries was read, and has expired since; entries without their row are no news.
 */
static StorageStatus check_expired(const LedgerTransaction *self, const LedgerTree *rows, StorageSlice entry,
                                   StorageContext *ctx)
{
    const unsigned char *bytes = entry.data;
    StorageSlice key;
    LedgerRow row;
    StorageStatus status;
    if (entry.size < EXPIRY_KEY || key_load_u64(bytes + EXPIRY_TABLE) != LEDGER_TREE_DEFAULT)
        return STORAGE_OK;
    key = (StorageSlice){bytes + EXPIRY_KEY, entry.size - EXPIRY_KEY};
    if (!ledger_read_set_contains(&self->reads, key))
        return STORAGE_OK;
    status = ledger_row_find(rows, key, self->snapshot.time_ns, &row, ctx);
    if (status != STORAGE_OK || !row.is_present)
        return status;
    if (row.record.expires_at_ns == key_load_time(bytes))
        return fail_serialization(ctx, key, "read (it has expired)");
    return STORAGE_OK;
}

/* The first key of the expiries behind all those that expire at `ns`. */
static StorageSlice expiry_bound(int64_t ns, unsigned char *bytes)
{
    key_store_time(bytes, ns < INT64_MAX ? ns + 1 : ns);
    return (StorageSlice){bytes, EXPIRY_TABLE};
}

/* Nothing that was read has expired between the time of the snapshot and now. */
static StorageStatus check_expiries(const LedgerTransaction *self, const LedgerNewest *newest, StorageContext *ctx)
{
    LedgerTree expiries = working_tree(self, newest, LEDGER_TREE_EXPIRIES);
    LedgerTree rows = working_tree(self, newest, LEDGER_TREE_DEFAULT);
    unsigned char start[EXPIRY_TABLE], end[EXPIRY_TABLE];
    LedgerInterval bounds = {expiry_bound(self->snapshot.time_ns, start), expiry_bound(newest->now_ns, end), 1};
    LedgerCursor cursor;
    LedgerEntry entry;
    StorageStatus status = cursor_init(&cursor, &expiries, &bounds);
    if (status != STORAGE_OK)
        return storage_fail(ctx, status, "commit: no memory to validate the transaction");
    do {
        status = cursor_next(&cursor, &entry, ctx);
        if (status == STORAGE_OK)
            status = check_expired(self, &rows, entry.key, ctx);
    } while (status == STORAGE_OK);
    cursor_done(&cursor);
    return status == STORAGE_END ? STORAGE_OK : status;
}

/* What both intervals hold; they meet. */
static LedgerInterval intersect(const Interval *a, const Interval *b)
{
    const Interval *later = storage_slice_compare(a->start, b->start) > 0 ? a : b;
    const Interval *earlier = b;
    if (a->has_end && (!b->has_end || storage_slice_compare(a->end, b->end) < 0))
        earlier = a;
    return (LedgerInterval){later->start, earlier->end, earlier->has_end};
}

/* Whether the snapshot has a row in the bounds: OK when there is none, SERIALIZATION when there is one. */
static StorageStatus check_cleared(const LedgerTransaction *self, const LedgerInterval *bounds, StorageContext *ctx)
{
    LedgerTree tree = ledger_state_tree(self->states->pager, self->snapshot.state, LEDGER_TREE_DEFAULT);
    LedgerCursor cursor;
    LedgerEntry entry;
    StorageStatus status = cursor_init(&cursor, &tree, bounds);
    if (status != STORAGE_OK)
        return storage_fail(ctx, status, "commit: no memory to validate the transaction");
    do
        status = cursor_next(&cursor, &entry, ctx);
    while (status == STORAGE_OK && !ledger_is_alive(&entry.record, self->snapshot.time_ns));
    if (status == STORAGE_OK)
        status = fail_serialization(ctx, entry.key, "read");
    cursor_done(&cursor);
    return status == STORAGE_END ? STORAGE_OK : status;
}

/* A clear changed what was read if it deleted a row of it: one of the snapshot, since a younger one is in the log by
 * itself. */
static StorageStatus check_read(const LedgerTransaction *self, const ConflictLog *log, const Interval *interval,
                                StorageContext *ctx)
{
    uint64_t revision = self->snapshot.state->revision;
    const ConflictRange *clear = NULL;
    StorageStatus status = STORAGE_OK;
    if (conflict_log_has_key_in(log, LEDGER_TREE_DEFAULT, interval, revision))
        return storage_fail(ctx, STORAGE_SERIALIZATION,
                            "commit: something that the transaction read has changed since it began");
    while (status == STORAGE_OK &&
           (clear = conflict_log_next_range(log, clear, LEDGER_TREE_DEFAULT, interval, revision)) != NULL) {
        LedgerInterval bounds = intersect(interval, &clear->interval);
        status = check_cleared(self, &bounds, ctx);
    }
    return status;
}

static StorageStatus check_reads(const LedgerTransaction *self, const LedgerNewest *newest, StorageContext *ctx)
{
    for (size_t i = 0; i < self->reads.count; i++) {
        StorageStatus status = check_read(self, newest->log, &self->reads.intervals[i], ctx);
        if (status != STORAGE_OK)
            return status;
    }
    return self->reads.count == 0 ? STORAGE_OK : check_expiries(self, newest, ctx);
}

StorageStatus ledger_transaction_validate(const LedgerTransaction *self, const LedgerNewest *newest,
                                          StorageContext *ctx)
{
    StorageStatus status = STORAGE_OK;
    if (!ledger_transaction_reads_newest(self))
        status = ledger_snapshot_judge(&self->snapshot, STORAGE_OK, ctx);
    if (status == STORAGE_OK)
        status = check_conditions(self, newest, STORAGE_CONFLICT, ctx);
    if (status == STORAGE_OK)
        status = check_conditions(self, newest, STORAGE_SERIALIZATION, ctx);
    if (status == STORAGE_OK && !ledger_transaction_reads_newest(self))
        status = check_writes(self, newest, ctx);
    if (status == STORAGE_OK && self->writes.count > 0)
        status = check_reads(self, newest, ctx);
    return status;
}
