/*
 * case.c - the fixture's helpers and the functions behind the short forms of case.h.
 */
#include "case.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t testutil_case_set(const char *file, int line, StorageBackend *backend, StorageSlice key, StorageSlice value,
                           StorageExpiry expiry)
{
    StorageSetOptions options = testutil_case_set_options(expiry);
    StorageContext *ctx = storage_context_new();
    uint64_t revision;

    if (ctx == NULL)
        testutil_fail(file, line, "no memory for a context");
    testutil_check_status(file, line, "storage_set", STORAGE_OK, storage_set(backend, key, value, &options, ctx));
    revision = storage_context_revision(ctx);
    storage_context_free(ctx);
    return revision;
}

uint64_t testutil_case_delete(const char *file, int line, StorageBackend *backend, StorageSlice key)
{
    StorageContext *ctx = storage_context_new();
    uint64_t revision;

    if (ctx == NULL)
        testutil_fail(file, line, "no memory for a context");
    testutil_check_status(file, line, "storage_delete", STORAGE_OK, storage_delete(backend, key, ctx));
    revision = storage_context_revision(ctx);
    storage_context_free(ctx);
    return revision;
}

StorageTransaction *testutil_case_begin(const char *file, int line, StorageBackend *backend, uint32_t isolation,
                                        uint32_t flags)
{
    StorageTransactionOptions options = STORAGE_TRANSACTION_OPTIONS_INIT;
    StorageTransaction *txn;

    options.isolation = isolation;
    options.flags = flags;
    testutil_check_status(file, line, "storage_begin", STORAGE_OK, storage_begin(backend, &options, &txn, NULL));
    return txn;
}

uint64_t testutil_case_commit(const char *file, int line, StorageTransaction *txn, StorageStatus expected)
{
    uint64_t revision = 0;

    testutil_check_status(file, line, "storage_transaction_commit", expected,
                          storage_transaction_commit(txn, &revision, NULL));
    storage_transaction_close(txn);
    return revision;
}

StorageCursor *testutil_case_scan(const char *file, int line, StorageBackend *backend, const StorageRange *range,
                                  const StorageScanOptions *options)
{
    StorageCursor *cursor;

    testutil_check_status(file, line, "storage_scan", STORAGE_OK, storage_scan(backend, range, options, &cursor, NULL));
    return cursor;
}

StorageCursor *testutil_case_transaction_scan(const char *file, int line, StorageTransaction *txn,
                                              const StorageRange *range, const StorageScanOptions *options)
{
    StorageCursor *cursor;

    testutil_check_status(file, line, "storage_transaction_scan", STORAGE_OK,
                          storage_transaction_scan(txn, range, options, &cursor, NULL));
    return cursor;
}

StorageWatch *testutil_case_watch(const char *file, int line, StorageBackend *backend, const StorageRange *range,
                                  uint64_t from_revision)
{
    StorageWatch *watch;

    testutil_check_status(file, line, "storage_watch", STORAGE_OK,
                          storage_watch(backend, range, from_revision, &watch, NULL));
    return watch;
}

uint64_t testutil_case_revision(const char *file, int line, StorageBackend *backend, StorageSlice key)
{
    StorageValue value;
    uint64_t revision;

    testutil_check_status(file, line, "storage_get", STORAGE_OK, storage_get(backend, key, &value, NULL));
    revision = value.revision;
    storage_value_release(&value);
    return revision;
}

int64_t testutil_case_expires_at(const char *file, int line, StorageBackend *backend, StorageSlice key)
{
    StorageValue value;
    int64_t expires_at_ns;

    testutil_check_status(file, line, "storage_get", STORAGE_OK, storage_get(backend, key, &value, NULL));
    expires_at_ns = value.expires_at_ns;
    storage_value_release(&value);
    return expires_at_ns;
}

StorageBound testutil_case_bound(uint32_t kind, StorageSlice key)
{
    return (StorageBound){key, kind};
}

StorageScanOptions testutil_case_scan_options(uint32_t flags, uint64_t limit)
{
    StorageScanOptions options = STORAGE_SCAN_OPTIONS_INIT;

    options.flags = flags;
    options.limit = limit;
    return options;
}

StorageSetOptions testutil_case_set_options(StorageExpiry expiry)
{
    StorageSetOptions options = STORAGE_SET_OPTIONS_INIT;

    options.expiry = expiry;
    return options;
}

StorageOperation testutil_case_operation(uint32_t kind, StorageSlice key, StorageSlice value)
{
    return (StorageOperation){.kind = kind, .key = key, .value = value};
}

StorageOperation testutil_case_compare(uint32_t kind, StorageSlice key, StorageExpected expected, StorageSlice value)
{
    return (StorageOperation){.kind = kind, .key = key, .value = value, .expected = expected};
}

StorageOperation testutil_case_touch(StorageSlice key, StorageExpiry expiry)
{
    return (StorageOperation){.kind = STORAGE_OPERATION_TOUCH, .key = key, .expiry = expiry};
}

StorageOperation testutil_case_clear(StorageRange range)
{
    return (StorageOperation){.kind = STORAGE_OPERATION_CLEAR_RANGE, .range = range};
}

void testutil_case_skip(TestutilFixture *fixture, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(fixture->skip_reason, fixture->skip_reason_size, format, arguments);
    va_end(arguments);
}

StorageStatus testutil_case_populate(StorageBackend *store, void *rows, StorageContext *ctx)
{
    const char *row = rows;

    while (row != NULL && *row != '\0') {
        const char *equals = strchr(row, '=');
        size_t value_size;
        StorageStatus status;

        testutil_assert(equals != NULL, "the rows of a case are \"key=value key=value\", not \"%s\"", row);
        value_size = strcspn(equals + 1, " ");
        status = storage_set(store, storage_bytes(row, (size_t)(equals - row)), storage_bytes(equals + 1, value_size),
                             NULL, ctx);
        if (status != STORAGE_OK)
            return status;
        row = equals + 1 + value_size;
        row += strspn(row, " ");
    }
    return STORAGE_OK;
}

int testutil_case_reopen(TestutilFixture *fixture, TestutilStoreOptions *options)
{
    StorageStatus status;

    testutil_case_close(fixture);
    if (options->environment == NULL)
        options->environment = testutil_clock_environment(fixture->clock);
    options->populate = testutil_case_populate;
    options->populate_user_data = (void *)(uintptr_t)fixture->contract_case->rows;
    status = testutil_factory_open(fixture->factory, options, &fixture->backend, NULL);
    if (status == STORAGE_UNSUPPORTED) {
        testutil_case_skip(fixture, "the store has no such limit");
        return 0;
    }
    testutil_check_status(__FILE__, __LINE__, "opening the stack with limits", STORAGE_OK, status);
    return 1;
}

void testutil_case_close(TestutilFixture *fixture)
{
    StorageBackend *backend = fixture->backend;

    fixture->backend = NULL;
    testutil_check_status(__FILE__, __LINE__, "storage_close", STORAGE_OK, storage_close(backend, NULL));
}
