/*
 * test_ledger_store_failures.c - every call to the file of a store fails once, and then with all that follow it.
 *
 * Each commit sets "counter" to its number and makes one more key, so that the counter says what else must be there.
 * What was answered decides what may be found: in the store that met the failure, and in the file when it is opened
 * again (docs/design/crash-safety.md, section 3, Failure).
 */
#include "core/environment.h"
#include "core/memory_file.h"
#include "ledger_page_files.h"
#include "storage/storage.h"
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { COMMIT_COUNT = 24, SYNC_EVERY = 5, VALUE_SIZE = 3000, CALLS_AT_LEAST = 20 };

typedef struct Run {
    const StorageFiles *memory;
    PageFiles files;
    StorageEnvironment environment;
    StorageBackend *store;
    uint32_t sync;
    uint64_t acknowledged; /* the last commit that was answered OK */
    uint64_t durable;      /* the last one that is certainly in the file */
    StorageStatus failure; /* the first one that means that nothing is written any more */
} Run;

static StorageStatus open_store(Run *run)
{
    StorageLedgerOptions options = STORAGE_LEDGER_OPTIONS_INIT;
    options.environment = &run->environment;
    options.sync = run->sync;
    options.sync_commits = 3;
    return storage_ledger_open("store", &options, &run->store, NULL);
}

static void begin(Run *run, uint32_t sync)
{
    *run = (Run){.memory = memory_files_new(), .environment = STORAGE_ENVIRONMENT_INIT, .sync = sync};
    page_files_init(&run->files, run->memory);
    run->environment.files = &run->files.interface;
    unit_assert_status(open_store(run), STORAGE_OK);
}

static void end(Run *run)
{
    unit_assert_status(storage_close(run->store, NULL), STORAGE_OK);
    page_files_done(&run->files);
    memory_files_free(run->memory);
}

static StorageSlice key_of(uint64_t number, char *buffer, size_t size)
{
    snprintf(buffer, size, "key:%06llu", (unsigned long long)number);
    return storage_string(buffer);
}

static StorageStatus commit(Run *run, uint64_t number)
{
    static char value[VALUE_SIZE];
    char key[32];
    StorageOperation operations[2] = {
        {.kind = STORAGE_OPERATION_SET,
         .key = storage_string("counter"),
         .value = storage_bytes(&number, sizeof(number))},
        {.kind = STORAGE_OPERATION_SET,
         .key = key_of(number, key, sizeof(key)),
         .value = storage_bytes(value, VALUE_SIZE)},
    };
    StorageResult results[2];
    return storage_write(run->store, operations, 2, STORAGE_WRITE_ATOMIC, results, NULL);
}

/* What the store shows: the counter, and exactly the keys that belong to it. */
static uint64_t counter_of(Run *run)
{
    StorageValue value;
    StorageCursor *cursor;
    const StorageEntry *entry;
    StorageStatus status = storage_get(run->store, storage_string("counter"), &value, NULL);
    StorageRange range = storage_range_prefix(storage_string("key:"));
    uint64_t counter = 0, rows = 0;
    if (status == STORAGE_OK)
        memcpy(&counter, value.data, sizeof(counter));
    else
        unit_assert_status(status, STORAGE_NOT_FOUND);
    storage_value_release(&value);
    unit_assert_status(storage_scan(run->store, &range, NULL, &cursor, NULL), STORAGE_OK);
    while ((status = storage_cursor_next(cursor, &entry, NULL)) == STORAGE_OK) {
        char key[32];
        rows++;
        unit_assert(storage_slice_compare(entry->key, key_of(rows, key, sizeof(key))) == 0, "row %llu is another one",
                    (unsigned long long)rows);
    }
    unit_assert_status(status, STORAGE_END);
    storage_cursor_close(cursor);
    unit_assert(rows == counter, "the counter is %llu and there are %llu rows", (unsigned long long)counter,
                (unsigned long long)rows);
    return counter;
}

static void note(Run *run, StorageStatus status)
{
    if (status == STORAGE_NO_SPACE || status == STORAGE_OK)
        return;
    unit_assert(status == STORAGE_IO || status == STORAGE_INDETERMINATE, "a failure is %s",
                storage_status_name(status));
    if (run->failure == STORAGE_OK)
        run->failure = status;
}

/* All the commits and syncs, whatever comes. */
static void work(Run *run)
{
    for (uint64_t round = 1; round <= COMMIT_COUNT; round++) {
        StorageStatus status = commit(run, run->acknowledged + 1);
        unit_assert(run->failure == STORAGE_OK || status != STORAGE_OK, "a write went well after a failure");
        run->acknowledged += status == STORAGE_OK;
        note(run, status);
        if (status == STORAGE_OK && run->sync == STORAGE_LEDGER_SYNC_ALWAYS)
            run->durable = run->acknowledged;
        if (round % SYNC_EVERY != 0)
            continue;
        status = storage_sync(run->store, NULL);
        if (status == STORAGE_OK && run->failure == STORAGE_OK)
            run->durable = run->acknowledged;
        note(run, status);
    }
}

/* One run in which call `number` fails. Returns 0 when there was no such call. */
static int run_with_failure(uint32_t sync, uint64_t number, int is_sticky, int error)
{
    Run run;
    uint64_t shown, most;
    int has_failed;
    begin(&run, sync);
    page_files_fail(&run.files, number, is_sticky, error);
    work(&run);
    shown = counter_of(&run);
    unit_assert(shown == run.acknowledged, "call %llu: %llu commits were acknowledged and %llu are shown",
                (unsigned long long)number, (unsigned long long)run.acknowledged, (unsigned long long)shown);
    if (storage_close(run.store, NULL) != STORAGE_OK)
        unit_assert(run.files.has_failed, "the close failed without a reason");
    else if (run.failure == STORAGE_OK)
        run.durable = run.acknowledged;
    has_failed = run.files.has_failed;
    page_files_fail(&run.files, 0, 0, 0);
    unit_assert_status(open_store(&run), STORAGE_OK);
    shown = counter_of(&run);
    most = run.acknowledged + (run.failure == STORAGE_INDETERMINATE ? 1 : 0);
    unit_assert(shown >= run.durable && shown <= most, "call %llu: the file has %llu commits, not %llu to %llu",
                (unsigned long long)number, (unsigned long long)shown, (unsigned long long)run.durable,
                (unsigned long long)most);
    unit_assert_status(commit(&run, shown + 1), STORAGE_OK);
    end(&run);
    return has_failed;
}

static void fail_every_call(uint32_t sync, int is_sticky, int error)
{
    uint64_t number = 1;
    while (run_with_failure(sync, number, is_sticky, error))
        number++;
    unit_assert(number > CALLS_AT_LEAST, "there are hardly any calls: %llu", (unsigned long long)number);
}

START_TEST(test_every_call_fails_once_under_always)
{
    fail_every_call(STORAGE_LEDGER_SYNC_ALWAYS, 0, EIO);
}
END_TEST

START_TEST(test_every_call_fails_and_all_after_it_under_always)
{
    fail_every_call(STORAGE_LEDGER_SYNC_ALWAYS, 1, EIO);
}
END_TEST

START_TEST(test_every_call_fails_under_every)
{
    fail_every_call(STORAGE_LEDGER_SYNC_EVERY, 0, EIO);
    fail_every_call(STORAGE_LEDGER_SYNC_EVERY, 1, EIO);
}
END_TEST

START_TEST(test_every_call_fails_under_never)
{
    fail_every_call(STORAGE_LEDGER_SYNC_NEVER, 0, EIO);
    fail_every_call(STORAGE_LEDGER_SYNC_NEVER, 1, EIO);
}
END_TEST

START_TEST(test_the_disk_is_full_at_every_call)
{
    fail_every_call(STORAGE_LEDGER_SYNC_ALWAYS, 0, ENOSPC);
    fail_every_call(STORAGE_LEDGER_SYNC_ALWAYS, 1, ENOSPC);
}
END_TEST

UNIT_MAIN("ledger store failures", test_every_call_fails_once_under_always,
          test_every_call_fails_and_all_after_it_under_always, test_every_call_fails_under_every,
          test_every_call_fails_under_never, test_the_disk_is_full_at_every_call)
