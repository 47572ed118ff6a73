/*
 * test_ledger_kill.c - a process that writes is killed (SIGKILL) at a moment that nobody chose; what it was answered is
 * there when the file is opened again, and what is there is a prefix of what it did, whole commits only.
 *
 * Each writer commits number after number: a counter, a row for the number, and the end of an older row. After each
 * answer it says so through a pipe. The kernel's cache survives a kill, so this is no power cut: those are replayed in
 * images (tests/crash).
 */
#include "ledger_inspect.h"
#include "unit.h"

#include "storage/ledger.h"
#include "storage_testutil/generate.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WRITER_COUNT = 3, ROW_WINDOW = 60, VALUE_MAX = 20000, ROUND_COUNT = 25, ACKNOWLEDGED_MAX = 400 };

typedef struct Acknowledgement {
    uint32_t writer_no, reserved;
    uint64_t number, revision;
} Acknowledgement;

typedef struct Writer {
    pthread_t thread;
    StorageBackend *store;
    uint32_t writer_no;
    uint64_t number; /* of the last commit */
    int pipe;
} Writer;

static char path[256];

typedef struct Name {
    char text[32];
} Name;

static StorageSlice counter_key(uint32_t writer_no, Name *name)
{
    (void)snprintf(name->text, sizeof(name->text), "counter%u", writer_no);
    return storage_string(name->text);
}

static StorageSlice row_key(uint32_t writer_no, uint64_t number, Name *name)
{
    (void)snprintf(name->text, sizeof(name->text), "row%u:%010llu", writer_no, (unsigned long long)number);
    return storage_string(name->text);
}

static StorageSlice row_value(uint32_t writer_no, uint64_t number, unsigned char *buffer)
{
    size_t size = number % 20 == 0 ? VALUE_MAX - number % 1000 : number % 500;
    return testutil_patterned_value(buffer, size, number * WRITER_COUNT + writer_no);
}

/* ---- the process that is killed ---- */

static StorageStatus commit_next(Writer *self, unsigned char *buffer, StorageContext *ctx)
{
    Name counter, row, old_row;
    uint64_t number = ++self->number;
    StorageResult results[3];
    StorageOperation operations[3] = {
        {.kind = STORAGE_OPERATION_SET,
         .key = counter_key(self->writer_no, &counter),
         .value = storage_bytes(&number, sizeof(number))},
        {.kind = STORAGE_OPERATION_SET,
         .key = row_key(self->writer_no, number, &row),
         .value = row_value(self->writer_no, number, buffer)},
        {.kind = STORAGE_OPERATION_DELETE, .key = row_key(self->writer_no, number - ROW_WINDOW, &old_row)},
    };
    return storage_write(self->store, operations, number > ROW_WINDOW ? 3 : 2, STORAGE_WRITE_ATOMIC, results, ctx);
}

static void *write_on(void *argument)
{
    Writer *self = argument;
    unsigned char *buffer = malloc(VALUE_MAX);
    StorageContext *ctx = storage_context_new();
    for (;;) {
        Acknowledgement acknowledgement = {.writer_no = self->writer_no};
        if (commit_next(self, buffer, ctx) != STORAGE_OK)
            _exit(3);
        acknowledgement.number = self->number;
        acknowledgement.revision = storage_context_revision(ctx);
        if (write(self->pipe, &acknowledgement, sizeof(acknowledgement)) != (ssize_t)sizeof(acknowledgement))
            _exit(4);
    }
    return NULL;
}

static uint64_t read_counter(StorageBackend *store, uint32_t writer_no)
{
    Name name;
    StorageValue value = {0};
    uint64_t number = 0;
    StorageStatus status = storage_get(store, counter_key(writer_no, &name), &value, NULL);
    unit_assert(status == STORAGE_OK || status == STORAGE_NOT_FOUND, "counter %u: %s", writer_no,
                storage_status_name(status));
    if (status == STORAGE_OK)
        memcpy(&number, value.data, sizeof(number));
    storage_value_release(&value);
    return number;
}

static void run_until_killed(const StorageLedgerOptions *options, int pipe)
{
    Writer writers[WRITER_COUNT];
    StorageBackend *store;
    if (storage_ledger_open(path, options, &store, NULL) != STORAGE_OK)
        _exit(2);
    for (uint32_t i = 0; i < WRITER_COUNT; i++)
        writers[i] = (Writer){.store = store, .writer_no = i, .number = read_counter(store, i), .pipe = pipe};
    for (uint32_t i = 0; i < WRITER_COUNT; i++)
        if (pthread_create(&writers[i].thread, NULL, write_on, &writers[i]) != 0)
            _exit(5);
    for (;;)
        pause();
}

/* ---- the test ---- */

typedef struct Expectation {
    uint64_t acknowledged[WRITER_COUNT]; /* the number that was answered last */
    uint64_t revision_max;               /* that was shown */
} Expectation;

static void note(Expectation *expectation, const Acknowledgement *acknowledgement)
{
    expectation->acknowledged[acknowledgement->writer_no] = acknowledgement->number;
    if (acknowledgement->revision > expectation->revision_max)
        expectation->revision_max = acknowledgement->revision;
}

/* Kills the process after so many answers; what it had said by then is read to the end. */
static void kill_after(pid_t child, int pipe, uint64_t count, Expectation *expectation)
{
    Acknowledgement acknowledgement;
    int wait_status;
    ssize_t size;
    while ((size = read(pipe, &acknowledgement, sizeof(acknowledgement))) > 0) {
        ck_assert_int_eq(size, sizeof(acknowledgement));
        note(expectation, &acknowledgement);
        if (count-- == 0)
            ck_assert_int_eq(kill(child, SIGKILL), 0);
    }
    ck_assert_int_eq(waitpid(child, &wait_status, 0), child);
    ck_assert_msg(WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGKILL, "the writer ended by itself: 0x%x",
                  (unsigned)wait_status);
}

/* The rows of a writer are those of the last commits up to its counter, and no others. */
static void expect_rows(StorageBackend *store, uint32_t writer_no, uint64_t number)
{
    Name name;
    unsigned char *buffer = malloc(VALUE_MAX);
    StorageRange range;
    StorageCursor *cursor;
    const StorageEntry *entry;
    StorageStatus status;
    uint64_t next = number < ROW_WINDOW ? 1 : number - ROW_WINDOW + 1;
    char prefix[16];
    (void)snprintf(prefix, sizeof(prefix), "row%u:", writer_no);
    range = storage_range_prefix(storage_string(prefix));
    unit_assert_status(storage_scan(store, &range, NULL, &cursor, NULL), STORAGE_OK);
    while ((status = storage_cursor_next(cursor, &entry, NULL)) == STORAGE_OK) {
        unit_assert(storage_slice_compare(entry->key, row_key(writer_no, next, &name)) == 0, "row %llu is not there",
                    (unsigned long long)next);
        unit_assert(storage_slice_compare(entry->value, row_value(writer_no, next, buffer)) == 0,
                    "row %llu has another value", (unsigned long long)next);
        next++;
    }
    unit_assert_status(status, STORAGE_END);
    unit_assert(next == number + 1, "writer %u: rows up to %llu, counter %llu", writer_no, (unsigned long long)next - 1,
                (unsigned long long)number);
    storage_cursor_close(cursor);
    free(buffer);
}

static void expect_recovered(const StorageLedgerOptions *options, Expectation *expectation)
{
    StorageBackend *store;
    StorageContext *ctx = storage_context_new();
    StorageStatus status = storage_ledger_open(path, options, &store, ctx);
    unit_assert(status == STORAGE_OK, "open: %s: %s", storage_status_name(status), storage_context_error_text(ctx, 0));
    for (uint32_t i = 0; i < WRITER_COUNT; i++) {
        uint64_t number = read_counter(store, i), acknowledged = expectation->acknowledged[i];
        if (options->sync == STORAGE_LEDGER_SYNC_ALWAYS)
            unit_assert(number >= acknowledged, "writer %u: %llu was answered, %llu is there", i,
                        (unsigned long long)acknowledged, (unsigned long long)number);
        unit_assert(number <= acknowledged + 1, "writer %u: %llu was answered, %llu is there", i,
                    (unsigned long long)acknowledged, (unsigned long long)number);
        expect_rows(store, i, number);
        expectation->acknowledged[i] = number;
    }
    unit_assert_status(storage_set(store, storage_string("z"), storage_string("after"), NULL, ctx), STORAGE_OK);
    unit_assert(storage_context_revision(ctx) > expectation->revision_max, "revision %llu was shown before",
                (unsigned long long)storage_context_revision(ctx));
    storage_context_free(ctx);
    unit_assert_status(storage_close(store, NULL), STORAGE_OK);
}

static void run_rounds(uint32_t sync, uint64_t cache_bytes)
{
    TestutilRandom random = testutil_random_seeded(testutil_seed("ledger_kill", testutil_seed_fresh()));
    StorageLedgerOptions options = STORAGE_LEDGER_OPTIONS_INIT;
    Expectation expectation = {0};
    options.sync = sync;
    options.sync_commits = 17;
    options.cache_bytes = cache_bytes;
    ledger_temporary_make(path, sizeof(path));
    for (int round = 0; round < ROUND_COUNT; round++) {
        int pipe_ends[2];
        pid_t child;
        ck_assert_int_eq(pipe(pipe_ends), 0);
        child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0) {
            close(pipe_ends[0]);
            run_until_killed(&options, pipe_ends[1]);
        }
        close(pipe_ends[1]);
        kill_after(child, pipe_ends[0], testutil_random_below(&random, ACKNOWLEDGED_MAX), &expectation);
        close(pipe_ends[0]);
        ledger_inspect(path);
        expect_recovered(&options, &expectation);
    }
    ledger_inspect(path);
    ledger_temporary_remove(path);
}

START_TEST(everything_that_was_answered_is_there_when_each_commit_is_synced)
{
    run_rounds(STORAGE_LEDGER_SYNC_ALWAYS, 0);
}
END_TEST

START_TEST(a_prefix_is_there_when_few_commits_are_synced)
{
    run_rounds(STORAGE_LEDGER_SYNC_EVERY, 0);
}
END_TEST

START_TEST(a_prefix_is_there_when_memory_decides_about_syncs)
{
    run_rounds(STORAGE_LEDGER_SYNC_NEVER, 1 << 18);
}
END_TEST

UNIT_MAIN("ledger_kill", everything_that_was_answered_is_there_when_each_commit_is_synced,
          a_prefix_is_there_when_few_commits_are_synced, a_prefix_is_there_when_memory_decides_about_syncs)
