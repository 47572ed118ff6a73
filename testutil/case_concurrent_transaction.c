/*
 * case_concurrent_transaction.c - many threads with transactions: sums that hold, commits that are seen whole,
 * constraints that serializable isolation keeps.
 */
#include "case_crew.h"

#include <stdlib.h>
#include <string.h>

#define CASE_GROUP "concurrent transaction"

#define RUN(crew, workers, count, ...)                                                            \
    do {                                                                                          \
        const WorkFn works_[] = {__VA_ARGS__};                                                    \
        testutil_crew_run(&(crew), (workers), (count), works_, sizeof works_ / sizeof works_[0]); \
    } while (0)

/* A context whose deadline never comes, so that storage_update runs as often as it takes. */
static StorageContext *patient_context(void)
{
    StorageContext *ctx = storage_context_new();

    if (ctx != NULL)
        storage_context_set_deadline(ctx, UINT64_MAX);
    return ctx;
}

static StorageStatus read_number(StorageTransaction *txn, StorageSlice key, uint64_t *ret_number, StorageContext *ctx)
{
    StorageValue value;
    StorageStatus status = storage_transaction_get(txn, key, &value, ctx);

    if (status != STORAGE_OK)
        return status;
    if (value.size == sizeof *ret_number)
        memcpy(ret_number, value.data, sizeof *ret_number);
    storage_value_release(&value);
    return STORAGE_OK;
}

static StorageStatus write_number(StorageTransaction *txn, StorageSlice key, uint64_t number, StorageContext *ctx)
{
    return storage_transaction_set(txn, key, storage_bytes(&number, sizeof number), NULL, ctx);
}

static void put_number(TestutilFixture *fixture, StorageSlice key, uint64_t number)
{
    testutil_assert_ok(storage_set(fixture->backend, key, storage_bytes(&number, sizeof number), NULL, NULL));
}

/* ---- one winner ---- */

static void compare_in_a_transaction(Worker *worker)
{
    StorageTransaction *txn;
    StorageStatus status;

    worker_expects_ok(worker, storage_begin(worker->crew->backend, NULL, &txn, NULL));
    status =
        storage_transaction_compare_and_set(txn, TEXT("a"), storage_expect_value(TEXT("old")), TEXT("new"), NULL, NULL);
    if (status == STORAGE_OK)
        status = storage_transaction_commit(txn, NULL, NULL);
    storage_transaction_close(txn);
    worker_expects(worker, status == STORAGE_OK || status == STORAGE_CONFLICT, "the transaction answers %s",
                   storage_status_name(status));
    if (status == STORAGE_OK)
        atomic_fetch_add(&worker->crew->winner_count, 1);
}

static void one_compare_of_ten_commits(TestutilFixture *fixture)
{
    for (int round = 0; round < 20; round++) {
        Crew crew = {.fixture = fixture};
        Worker workers[10];

        set(fixture, "a", "old");
        RUN(crew, workers, 10, compare_in_a_transaction);
        testutil_assert_number(1, atomic_load(&crew.winner_count));
        assert_value(fixture, "a", "new");
    }
}

static void insert_in_a_transaction(Worker *worker)
{
    StorageTransaction *txn;
    StorageStatus status;

    worker_expects_ok(worker, storage_begin(worker->crew->backend, NULL, &txn, NULL));
    status = storage_transaction_compare_and_set(txn, TEXT("new"), storage_expect_absent(), TEXT("1"), NULL, NULL);
    if (status == STORAGE_OK)
        status = storage_transaction_commit(txn, NULL, NULL);
    storage_transaction_close(txn);
    worker_expects(worker, status == STORAGE_OK || status == STORAGE_CONFLICT, "the transaction answers %s",
                   storage_status_name(status));
    if (status == STORAGE_OK)
        atomic_fetch_add(&worker->crew->winner_count, 1);
}

static void one_insert_of_ten_commits(TestutilFixture *fixture)
{
    for (int round = 0; round < 20; round++) {
        Crew crew = {.fixture = fixture};
        Worker workers[10];

        remove_key(fixture, "new");
        RUN(crew, workers, 10, insert_in_a_transaction);
        testutil_assert_number(1, atomic_load(&crew.winner_count));
    }
}

/* ---- what adds up ---- */

static StorageStatus increment(StorageTransaction *txn, void *user_data, StorageContext *ctx)
{
    uint64_t number = 0;
    StorageStatus status = read_number(txn, TEXT("counter"), &number, ctx);

    (void)user_data;
    return status == STORAGE_OK ? write_number(txn, TEXT("counter"), number + 1, ctx) : status;
}

static void increment_by_update(Worker *worker)
{
    StorageContext *ctx = patient_context();

    worker_expects(worker, ctx != NULL, "no memory for a context");
    for (int i = 0; i < 60; i++)
        worker_expects_ok(worker, storage_update(worker->crew->backend, NULL, increment, NULL, ctx));
    storage_context_free(ctx);
}

static void increments_in_closures_total_up(TestutilFixture *fixture)
{
    Crew crew = {.fixture = fixture};
    uint64_t number = 360;
    Worker workers[6];

    put_number(fixture, TEXT("counter"), 0);
    RUN(crew, workers, 6, increment_by_update);
    testutil_assert_value(fixture->backend, TEXT("counter"), storage_bytes(&number, sizeof number));
}

enum { ACCOUNT_COUNT = 8, ACCOUNT_START = 100 };

typedef struct Transfer {
    uint64_t from, to;
} Transfer;

static StorageStatus transfer_one(StorageTransaction *txn, void *user_data, StorageContext *ctx)
{
    const Transfer *transfer = user_data;
    char from[TESTUTIL_KEY_BUFFER_SIZE], to[TESTUTIL_KEY_BUFFER_SIZE];
    StorageSlice from_key = testutil_key(from, sizeof from, "account", transfer->from);
    StorageSlice to_key = testutil_key(to, sizeof to, "account", transfer->to);
    uint64_t from_balance = 0, to_balance = 0;
    StorageStatus status = read_number(txn, from_key, &from_balance, ctx);

    if (status == STORAGE_OK)
        status = read_number(txn, to_key, &to_balance, ctx);
    if (status != STORAGE_OK || from_balance == 0 || transfer->from == transfer->to)
        return status;
    status = write_number(txn, from_key, from_balance - 1, ctx);
    return status == STORAGE_OK ? write_number(txn, to_key, to_balance + 1, ctx) : status;
}

static void transfer_money(Worker *worker)
{
    StorageContext *ctx = patient_context();

    worker_expects(worker, ctx != NULL, "no memory for a context");
    for (int i = 0; i < 100; i++) {
        Transfer transfer = {testutil_random_below(&worker->random, ACCOUNT_COUNT),
                             testutil_random_below(&worker->random, ACCOUNT_COUNT)};

        worker_expects_ok(worker, storage_update(worker->crew->backend, NULL, transfer_one, &transfer, ctx));
    }
    storage_context_free(ctx);
}

/* Sums all accounts in one snapshot. */
static StorageStatus sum_accounts(StorageTransaction *txn, void *user_data, StorageContext *ctx)
{
    StorageRange range = storage_range_prefix(TEXT("account:"));
    uint64_t *sum = user_data, number;
    const StorageEntry *entry;
    StorageCursor *cursor;
    StorageStatus status;

    *sum = 0;
    status = storage_transaction_scan(txn, &range, NULL, &cursor, ctx);
    if (status != STORAGE_OK)
        return status;
    while ((status = storage_cursor_next(cursor, &entry, ctx)) == STORAGE_OK)
        if (entry->value.size == sizeof number) {
            memcpy(&number, entry->value.data, sizeof number);
            *sum += number;
        }
    storage_cursor_close(cursor);
    return status == STORAGE_END ? STORAGE_OK : status;
}

static void audit_while_others_run(Worker *worker)
{
    while (atomic_load(&worker->crew->running) > 1) {
        uint64_t sum;

        worker_expects_ok(worker, storage_view(worker->crew->backend, NULL, sum_accounts, &sum, NULL));
        worker_expects(worker, sum == ACCOUNT_COUNT * ACCOUNT_START, "the accounts sum up to %llu",
                       (unsigned long long)sum);
    }
}

static void transfers_keep_the_sum_in_every_snapshot(TestutilFixture *fixture)
{
    Crew crew = {.fixture = fixture};
    char key[TESTUTIL_KEY_BUFFER_SIZE];
    Worker workers[4];

    for (uint64_t i = 0; i < ACCOUNT_COUNT; i++)
        put_number(fixture, testutil_key(key, sizeof key, "account", i), ACCOUNT_START);
    RUN(crew, workers, 4, transfer_money, transfer_money, transfer_money, audit_while_others_run);
}

/* ---- commits are seen whole ---- */

static void commit_pairs(Worker *worker)
{
    char value[64];

    for (uint32_t i = 0; i < 150; i++) {
        StorageSlice tag = testutil_tagged_value(value, sizeof value, worker->index, i);
        StorageTransaction *txn;
        StorageStatus status;

        worker_expects_ok(worker, storage_begin(worker->crew->backend, NULL, &txn, NULL));
        worker_expects_ok(worker, storage_transaction_set(txn, TEXT("a"), tag, NULL, NULL));
        worker_expects_ok(worker, storage_transaction_set(txn, TEXT("z"), tag, NULL, NULL));
        status = storage_transaction_commit(txn, NULL, NULL);
        storage_transaction_close(txn);
        worker_expects(worker, status == STORAGE_OK || status == STORAGE_SERIALIZATION, "the commit answers %s",
                       storage_status_name(status));
    }
}

static void read_pairs_while_others_run(Worker *worker)
{
    while (atomic_load(&worker->crew->running) > 2) {
        StorageTransaction *txn;
        StorageValue a, z, again;

        worker_expects_ok(worker, storage_begin(worker->crew->backend, NULL, &txn, NULL));
        worker_expects_ok(worker, storage_transaction_get(txn, TEXT("a"), &a, NULL));
        worker_expects_ok(worker, storage_transaction_get(txn, TEXT("z"), &z, NULL));
        worker_expects_ok(worker, storage_transaction_get(txn, TEXT("a"), &again, NULL));
        worker_expects(worker, storage_slice_compare(storage_value_slice(&a), storage_value_slice(&z)) == 0,
                       "a snapshot sees half of a commit");
        worker_expects(worker, a.revision == again.revision, "a snapshot reads two values of one key");
        storage_value_release(&a);
        storage_value_release(&z);
        storage_value_release(&again);
        storage_transaction_close(txn);
    }
}

static void commits_are_seen_whole_by_snapshots(TestutilFixture *fixture)
{
    Crew crew = {.fixture = fixture};
    Worker workers[4];

    RUN(crew, workers, 4, commit_pairs, read_pairs_while_others_run);
}

static void multi_get_pairs_while_others_run(Worker *worker)
{
    const StorageSlice keys[] = {TEXT("a"), TEXT("z")};

    while (atomic_load(&worker->crew->running) > 2) {
        StorageStatus statuses[2];
        StorageValue values[2];

        worker_expects_ok(worker, storage_multi_get(worker->crew->backend, keys, 2, values, statuses, NULL));
        worker_expects(worker,
                       storage_slice_compare(storage_value_slice(&values[0]), storage_value_slice(&values[1])) == 0,
                       "multi_get sees half of a commit");
        storage_value_release(&values[0]);
        storage_value_release(&values[1]);
    }
}

static void commits_are_seen_whole_by_multi_get(TestutilFixture *fixture)
{
    Crew crew = {.fixture = fixture};
    Worker workers[4];

    RUN(crew, workers, 4, commit_pairs, multi_get_pairs_while_others_run);
}

/* Clears "row:" and fills it with ten rows again, in one commit. */
static StorageStatus refill(StorageTransaction *txn, void *user_data, StorageContext *ctx)
{
    StorageRange range = storage_range_prefix(TEXT("row:"));
    char key[TESTUTIL_KEY_BUFFER_SIZE];
    uint64_t first = *(uint64_t *)user_data;
    StorageStatus status = storage_transaction_clear_range(txn, &range, ctx);

    for (uint64_t i = 0; status == STORAGE_OK && i < 10; i++)
        status = storage_transaction_set(txn, testutil_key(key, sizeof key, "row", first + i), TEXT("1"), NULL, ctx);
    return status;
}

static void refill_often(Worker *worker)
{
    StorageContext *ctx = patient_context();

    worker_expects(worker, ctx != NULL, "no memory for a context");
    for (int i = 0; i < 60; i++) {
        uint64_t first = testutil_random_below(&worker->random, 40);

        worker_expects_ok(worker, storage_update(worker->crew->backend, NULL, refill, &first, ctx));
    }
    storage_context_free(ctx);
}

static void count_rows_while_others_run(Worker *worker)
{
    StorageRange range = storage_range_prefix(TEXT("row:"));

    while (atomic_load(&worker->crew->running) > 2) {
        const StorageEntry *entry;
        StorageCursor *cursor;
        size_t count = 0;

        worker_expects_ok(worker, storage_scan(worker->crew->backend, &range, NULL, &cursor, NULL));
        while (storage_cursor_next(cursor, &entry, NULL) == STORAGE_OK)
            count++;
        storage_cursor_close(cursor);
        worker_expects(worker, count == 0 || count == 10, "a scan sees %zu of ten rows", count);
    }
}

static void refills_are_seen_whole_by_scans(TestutilFixture *fixture)
{
    Crew crew = {.fixture = fixture};
    Worker workers[4];

    RUN(crew, workers, 4, refill_often, count_rows_while_others_run);
}

/* ---- isolation ---- */

static void commit_own_keys(Worker *worker)
{
    char key[TESTUTIL_KEY_BUFFER_SIZE];

    for (uint32_t i = 0; i < 30; i++) {
        StorageTransaction *txn;

        worker_expects_ok(worker, storage_begin(worker->crew->backend, NULL, &txn, NULL));
        for (uint32_t j = 0; j < 3; j++)
            worker_expects_ok(worker, storage_transaction_set(
                                          txn, testutil_key(key, sizeof key, "key", worker->index * 90 + i * 3 + j),
                                          TEXT("1"), NULL, NULL));
        worker_expects_ok(worker, storage_transaction_commit(txn, NULL, NULL));
        storage_transaction_close(txn);
    }
}

static void transactions_on_different_keys_all_commit(TestutilFixture *fixture)
{
    Crew crew = {.fixture = fixture};
    char key[TESTUTIL_KEY_BUFFER_SIZE];
    Worker workers[8];

    RUN(crew, workers, 8, commit_own_keys);
    for (uint64_t i = 0; i < 720; i++)
        testutil_assert_value(fixture->backend, testutil_key(key, sizeof key, "key", i), TEXT("1"));
}

/* Goes off duty if the other one is on duty: two may not both do so. */
static void go_off_duty(Worker *worker)
{
    StorageTransactionOptions options = STORAGE_TRANSACTION_OPTIONS_INIT;
    StorageSlice own = worker->index == 0 ? TEXT("first") : TEXT("second");
    StorageSlice other = worker->index == 0 ? TEXT("second") : TEXT("first");
    StorageTransaction *txn;
    uint64_t on_duty = 0;
    StorageStatus status;

    options.isolation = STORAGE_ISOLATION_SERIALIZABLE;
    worker_expects_ok(worker, storage_begin(worker->crew->backend, &options, &txn, NULL));
    worker_expects_ok(worker, read_number(txn, other, &on_duty, NULL));
    if (on_duty)
        worker_expects_ok(worker, write_number(txn, own, 0, NULL));
    status = storage_transaction_commit(txn, NULL, NULL);
    storage_transaction_close(txn);
    worker_expects(worker, status == STORAGE_OK || status == STORAGE_SERIALIZATION, "the commit answers %s",
                   storage_status_name(status));
    if (status == STORAGE_OK && on_duty)
        atomic_fetch_add(&worker->crew->winner_count, 1);
}

static void serializable_keeps_one_on_duty(TestutilFixture *fixture)
{
    for (int round = 0; round < 50; round++) {
        Crew crew = {.fixture = fixture};
        Worker workers[2];

        put_number(fixture, TEXT("first"), 1);
        put_number(fixture, TEXT("second"), 1);
        RUN(crew, workers, 2, go_off_duty);
        testutil_assert(atomic_load(&crew.winner_count) <= 1, "both went off duty in round %d", round);
    }
}

enum { DOCTOR_COUNT = 2, NOTE_COUNT = 200 };

/* One of two goes on and off duty, and never off when it sees that the other is off. */
static StorageStatus change_duty(StorageTransaction *txn, Worker *worker, StorageContext *ctx)
{
    uint64_t on_duty = 0, own = 0, one = 0;
    char key[TESTUTIL_KEY_BUFFER_SIZE];
    StorageStatus status;

    for (uint64_t i = 0; i < DOCTOR_COUNT; i++) {
        status = read_number(txn, testutil_key(key, sizeof key, "doctor", i), &one, ctx);
        if (status != STORAGE_OK)
            return status;
        on_duty += one;
        own = i == worker->index ? one : own;
    }
    if (on_duty == 0)
        testutil_worker_note(worker, "nobody is on duty");
    if (own && on_duty == 1)
        return STORAGE_OK;
    /* What it reads after the decision makes validation long, so that commits meet. */
    for (uint64_t i = 0; i < NOTE_COUNT; i++) {
        status = read_number(txn, testutil_key(key, sizeof key, "note", i), &one, ctx);
        if (status != STORAGE_NOT_FOUND)
            return status;
    }
    return write_number(txn, testutil_key(key, sizeof key, "doctor", worker->index), !own, ctx);
}

static void change_duty_often(Worker *worker)
{
    StorageTransactionOptions options = STORAGE_TRANSACTION_OPTIONS_INIT;

    options.isolation = STORAGE_ISOLATION_SERIALIZABLE;
    for (int i = 0; i < 500 && worker->problem[0] == '\0'; i++) {
        StorageTransaction *txn;
        StorageStatus status;

        worker_expects_ok(worker, storage_begin(worker->crew->backend, &options, &txn, NULL));
        status = change_duty(txn, worker, NULL);
        if (status == STORAGE_OK)
            status = storage_transaction_commit(txn, NULL, NULL);
        storage_transaction_close(txn);
        worker_expects(worker, status == STORAGE_OK || status == STORAGE_SERIALIZATION, "the commit answers %s",
                       storage_status_name(status));
    }
}

static void serializable_never_leaves_duty_to_nobody(TestutilFixture *fixture)
{
    Crew crew = {.fixture = fixture};
    char key[TESTUTIL_KEY_BUFFER_SIZE];
    Worker workers[DOCTOR_COUNT];

    for (uint64_t i = 0; i < DOCTOR_COUNT; i++)
        put_number(fixture, testutil_key(key, sizeof key, "doctor", i), 1);
    RUN(crew, workers, DOCTOR_COUNT, change_duty_often);
}

static void note_commit_revisions(Worker *worker)
{
    uint64_t last = 0, revision;
    char key[TESTUTIL_KEY_BUFFER_SIZE];

    for (uint32_t i = 0; i < 50; i++) {
        StorageTransaction *txn;

        worker_expects_ok(worker, storage_begin(worker->crew->backend, NULL, &txn, NULL));
        worker_expects_ok(worker,
                          storage_transaction_set(txn, testutil_key(key, sizeof key, "key", worker->index * 50 + i),
                                                  TEXT("1"), NULL, NULL));
        worker_expects_ok(worker, storage_transaction_commit(txn, &revision, NULL));
        storage_transaction_close(txn);
        worker_expects(worker, revision > last, "the revisions of one thread's commits do not increase");
        last = revision;
    }
}

static void commits_have_revisions_of_their_own(TestutilFixture *fixture)
{
    Crew crew = {.fixture = fixture};
    uint64_t revisions[400];
    const StorageEntry *entry;
    StorageCursor *cursor;
    Worker workers[8];
    size_t count = 0;

    RUN(crew, workers, 8, note_commit_revisions);
    cursor = scan(fixture, NULL, NULL);
    while (count < 400 && storage_cursor_next(cursor, &entry, NULL) == STORAGE_OK) {
        for (size_t i = 0; i < count; i++)
            testutil_assert(revisions[i] != entry->revision, "two commits have revision %llu",
                            (unsigned long long)entry->revision);
        revisions[count++] = entry->revision;
    }
    storage_cursor_close(cursor);
    testutil_assert_number(400, count);
}

static void abort_often(Worker *worker)
{
    for (int i = 0; i < 100; i++) {
        StorageTransaction *txn;
        uint64_t number = 0;

        worker_expects_ok(worker, storage_begin(worker->crew->backend, NULL, &txn, NULL));
        worker_expects_ok(worker, read_number(txn, TEXT("counter"), &number, NULL));
        worker_expects_ok(worker, write_number(txn, TEXT("counter"), 1000000, NULL));
        storage_transaction_close(txn);
        worker_expects(worker, number < 1000000, "a write that was aborted is seen");
    }
}

static void aborted_writes_are_never_seen(TestutilFixture *fixture)
{
    Crew crew = {.fixture = fixture};
    uint64_t number = 120;
    Worker workers[4];

    put_number(fixture, TEXT("counter"), 0);
    RUN(crew, workers, 4, increment_by_update, abort_often);
    testutil_assert_value(fixture->backend, TEXT("counter"), storage_bytes(&number, sizeof number));
}

static const TestutilContractCase cases[] = {
    CASE(one_compare_of_ten_commits, TRANSACTIONS | COMPARE, WRITES, NULL),
    CASE(one_insert_of_ten_commits, TRANSACTIONS | COMPARE, WRITES, NULL),
    CASE(increments_in_closures_total_up, TRANSACTIONS, WRITES, NULL),
    CASE(transfers_keep_the_sum_in_every_snapshot, TRANSACTIONS, WRITES, NULL),
    CASE(commits_are_seen_whole_by_snapshots, TRANSACTIONS, WRITES, "a=0 z=0"),
    CASE(commits_are_seen_whole_by_multi_get, TRANSACTIONS, WRITES, "a=0 z=0"),
    CASE(refills_are_seen_whole_by_scans, TRANSACTIONS | CLEAR_RANGE, WRITES, NULL),
    CASE(transactions_on_different_keys_all_commit, TRANSACTIONS, WRITES, NULL),
    CASE(serializable_keeps_one_on_duty, SERIALIZABLE, WRITES, NULL),
    CASE(serializable_never_leaves_duty_to_nobody, SERIALIZABLE, WRITES, NULL),
    CASE(commits_have_revisions_of_their_own, TRANSACTIONS, WRITES, NULL),
    CASE(aborted_writes_are_never_seen, TRANSACTIONS, WRITES, NULL),
};
const CaseTable testutil_cases_concurrent_transaction = CASE_TABLE(cases);
