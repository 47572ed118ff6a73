/*
 * custom_backend_demo.c - the example backend at work: the calls are those of every other backend.
 *
 * It shows an upsert, a compare-and-set that meets a conflict, an atomic write, a scan, and what the core answers for a
 * capability that the backend lacks. Every status is checked; a surprise ends the program with 1.
 */
#include <inttypes.h>
#include <stdio.h>

#include "custom_backend.h"
#include "storage/storage.h"

static int is_status(const char *what, StorageStatus status, StorageStatus expected, const StorageContext *ctx)
{
    if (status == expected) {
        printf("%-46s %s\n", what, storage_status_name(status));
        return 1;
    }
    fprintf(stderr, "%s: %s instead of %s: %s\n", what, storage_status_name(status), storage_status_name(expected),
            storage_context_error_text(ctx, 0));
    return 0;
}

static int print_rows(StorageBackend *backend, StorageSlice prefix, StorageContext *ctx)
{
    StorageRange range = storage_range_prefix(prefix);
    StorageCursor *cursor = NULL;
    const StorageEntry *row = NULL;
    StorageStatus status = storage_scan(backend, &range, NULL, &cursor, ctx);

    while (status == STORAGE_OK && (status = storage_cursor_next(cursor, &row, ctx)) == STORAGE_OK) {
        printf("  %.*s = %.*s (revision %" PRIu64 ")\n", (int)row->key.size, (const char *)row->key.data,
               (int)row->value.size, (const char *)row->value.data, row->revision);
    }
    int ended = is_status("scan of a prefix", status, STORAGE_END, ctx);
    storage_cursor_close(cursor);
    return ended;
}

static int run(StorageBackend *backend, StorageContext *ctx)
{
    const StorageSlice apples = storage_string("fruit/apple"), pears = storage_string("fruit/pear");
    const StorageOperation basket[] = {
        {.kind = STORAGE_OPERATION_SET, .key = apples, .value = storage_string("7")},
        {.kind = STORAGE_OPERATION_SET, .key = pears, .value = storage_string("2")},
    };
    StorageTransaction *txn = NULL;

    return is_status("set", storage_set(backend, apples, storage_string("3"), NULL, ctx), STORAGE_OK, ctx) &&
           is_status("compare-and-set, still 3",
                     storage_compare_and_set(backend, apples, storage_expect_value(storage_string("3")),
                                             storage_string("4"), NULL, ctx),
                     STORAGE_OK, ctx) &&
           is_status("compare-and-set, no longer 3",
                     storage_compare_and_set(backend, apples, storage_expect_value(storage_string("3")),
                                             storage_string("5"), NULL, ctx),
                     STORAGE_CONFLICT, ctx) &&
           is_status("two sets, all or nothing", storage_write(backend, basket, 2, STORAGE_WRITE_ATOMIC, NULL, ctx),
                     STORAGE_OK, ctx) &&
           print_rows(backend, storage_string("fruit/"), ctx) &&
           is_status("begin: this backend has no transactions", storage_begin(backend, NULL, &txn, ctx),
                     STORAGE_UNSUPPORTED, ctx);
}

int main(void)
{
    StorageBackend *backend = NULL;
    StorageContext *ctx = storage_context_new();
    int worked = ctx != NULL && is_status("open", custom_backend_open(NULL, &backend, ctx), STORAGE_OK, ctx) &&
                 run(backend, ctx);
    worked = is_status("close", storage_close(backend, ctx), STORAGE_OK, ctx) && worked;
    storage_context_free(ctx);
    return worked ? 0 : 1;
}
