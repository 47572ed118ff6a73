/*
 * cli/bench/store.c - what stands below the key prefix of a benchmark.
 *
 * A benchmark must not harm data. It writes keys of its own form only (bench_key), and none where there are others: one
 * key below the prefix that is not of this form is somebody's, and refuses the prefix. What it deletes in the end is
 * the range of that form, which is narrower than the prefix.
 */
#include "bench/store.h"

#include <time.h>

/* A store that is busy from the benchmark itself is asked again to delete what it left. */
#define ATTEMPT_COUNT_MAX 50
#define PAUSE_NS_MIN 10000000
#define PAUSE_NS_MAX 500000000

/* The printable form of a key for an error text, cut when it is long. */
static const char *shown(StorageSlice key, char buffer[128])
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *data = key.data;
    size_t len = 0;
    for (size_t i = 0; i < key.size && len < 120; i++) {
        if (data[i] > ' ' && data[i] < 0x7f && data[i] != '\\') {
            buffer[len++] = (char)data[i];
        } else {
            buffer[len++] = '\\';
            buffer[len++] = 'x';
            buffer[len++] = digits[data[i] >> 4];
            buffer[len++] = digits[data[i] & 15];
        }
    }
    buffer[len] = '\0';
    return buffer;
}

/* A cursor over the keys of a range; `limit` 0 is all of them. */
static StorageStatus open_cursor(Session *session, const StorageRange *range, uint64_t limit,
                                 StorageCursor **ret_cursor, StorageContext *ctx)
{
    StorageScanOptions options = STORAGE_SCAN_OPTIONS_INIT;
    options.flags = STORAGE_SCAN_KEYS_ONLY;
    options.limit = limit;
    return storage_scan(session->backend, range, &options, ret_cursor, ctx);
}

int bench_store_check_empty(Session *session, StorageSlice prefix)
{
    const StorageEntry *entry;
    StorageCursor *cursor;
    uint64_t number;
    char text[128];
    int exit_code = EXIT_DONE;
    StorageRange range = storage_range_prefix(prefix);
    StorageStatus status = open_cursor(session, &range, 1, &cursor, session->ctx);
    if (status == STORAGE_OK)
        status = storage_cursor_next(cursor, &entry, session->ctx);
    if (status < 0)
        exit_code = session_fail(session, status);
    else if (status == STORAGE_OK && bench_key_number(prefix, entry->key, &number))
        exit_code = session_usage_error(session,
                                        "records of an earlier benchmark are there (%s); --reuse writes over "
                                        "them, --no-load takes them as they are",
                                        shown(entry->key, text));
    else if (status == STORAGE_OK)
        exit_code = session_usage_error(session,
                                        "the key %s is there and is not of a benchmark; choose a --key-prefix "
                                        "below which there is nothing",
                                        shown(entry->key, text));
    storage_cursor_close(cursor);
    return exit_code;
}

int bench_store_count(Session *session, StorageSlice prefix, BenchInventory *ret_inventory)
{
    const StorageEntry *entry;
    StorageCursor *cursor;
    char text[128];
    int exit_code = EXIT_DONE;
    StorageRange range = storage_range_prefix(prefix);
    StorageStatus status = open_cursor(session, &range, 0, &cursor, session->ctx);
    *ret_inventory = (BenchInventory){0, 0};
    while (status == STORAGE_OK && exit_code == EXIT_DONE) {
        uint64_t number;
        status = storage_cursor_next(cursor, &entry, session->ctx);
        if (status != STORAGE_OK)
            break;
        ret_inventory->found_count++;
        if (!bench_key_number(prefix, entry->key, &number))
            exit_code = session_usage_error(session,
                                            "the key %s is not of a benchmark; choose a --key-prefix below "
                                            "which there is nothing else",
                                            shown(entry->key, text));
        else if (number >= ret_inventory->record_count)
            ret_inventory->record_count = number + 1;
    }
    if (status < 0)
        exit_code = session_fail(session, status);
    storage_cursor_close(cursor);
    return exit_code;
}

/* OK when the range holds a key, END when not: a store that refused every write need not be asked to delete. */
static StorageStatus find_any(Session *session, const StorageRange *range, StorageContext *ctx)
{
    const StorageEntry *entry;
    StorageCursor *cursor;
    StorageStatus status = open_cursor(session, range, 1, &cursor, ctx);
    if (status == STORAGE_OK)
        status = storage_cursor_next(cursor, &entry, ctx);
    storage_cursor_close(cursor);
    return status;
}

/* For stores that cannot delete a range, or not so large a one. */
static StorageStatus delete_one_by_one(Session *session, const StorageRange *range, StorageContext *ctx)
{
    const StorageEntry *entry;
    StorageCursor *cursor;
    StorageStatus status = open_cursor(session, range, 0, &cursor, ctx);
    while (status == STORAGE_OK && (status = storage_cursor_next(cursor, &entry, ctx)) == STORAGE_OK)
        status = storage_delete(session->backend, entry->key, ctx);
    storage_cursor_close(cursor);
    return status == STORAGE_END ? STORAGE_OK : status;
}

static StorageStatus delete_records(Session *session, const StorageRange *range, StorageContext *ctx)
{
    StorageStatus status = find_any(session, range, ctx);
    if (status == STORAGE_OK)
        status = storage_clear_range(session->backend, range, ctx);
    if (status == STORAGE_UNSUPPORTED || status == STORAGE_RANGE_LIMIT_EXCEEDED)
        status = delete_one_by_one(session, range, ctx);
    return status;
}

/* Sleeps for as long as the store asked for, within reason. */
static void pause_before_attempt(const StorageContext *ctx)
{
    uint64_t pause_ns = storage_context_retry_after_ns(ctx);
    struct timespec pause = {0, PAUSE_NS_MIN};
    if (pause_ns > PAUSE_NS_MIN)
        pause.tv_nsec = pause_ns < PAUSE_NS_MAX ? (long)pause_ns : PAUSE_NS_MAX;
    (void)nanosleep(&pause, NULL);
}

int bench_store_clear(Session *session, StorageSlice prefix)
{
    char buffer[BENCH_KEY_SIZE_MAX];
    StorageRange range = bench_key_range(prefix, buffer);
    StorageContext *ctx = storage_context_new();
    StorageStatus status = ctx != NULL ? delete_records(session, &range, ctx) : STORAGE_NO_MEMORY;
    for (int attempt = 1; ctx != NULL && attempt < ATTEMPT_COUNT_MAX && storage_status_is_transient(status);
         attempt++) {
        pause_before_attempt(ctx);
        status = delete_records(session, &range, ctx);
    }
    storage_context_free(ctx);
    if (status >= 0)
        return EXIT_DONE;
    return session_error(session, session_exit_code(status),
                         "the records of the benchmark cannot be deleted: %s (%s); they stand below the --key-prefix, "
                         "and a run with --reuse deletes them",
                         storage_status_text(status), storage_status_name(status));
}
