/*
 * storage_testutil/assert.h - assertions in the words of the domain.
 *
 * They work under every test framework: a failed one calls the hook (by default: print and abort). A hook hands the
 * message to the framework and does not come back; it may leave by longjmp. Macros evaluate each argument once.
 * Assertions belong on the thread that the framework runs the test on; other threads note what they saw and the test
 * asserts after joining.
 *
 * Rows and changes are compared as text, so that a failure shows both sides: "a=1 b=2" and
 * "SET a=1; DELETED b; CLEARED [a, c)". Bytes outside of printable ASCII, and space, '=', ';' and '\', are \xNN.
 */
#ifndef STORAGE_TESTUTIL_ASSERT_H
#define STORAGE_TESTUTIL_ASSERT_H

#include "storage/transaction.h"
#include "storage/watch.h"

STORAGE_BEGIN_DECLS

typedef void (*TestutilFailHook)(void *user_data, const char *file, int line, const char *message);

/* Sets what a failed assertion calls; NULL brings back print and abort. Not while tests run on other threads. */
void testutil_set_fail_hook(TestutilFailHook hook, void *user_data);

/* Fails the test. Does not return: when the hook does, the process aborts. */
__attribute__((noreturn)) void testutil_fail(const char *file, int line, const char *format, ...) STORAGE_PRINTF(3, 4);

#define testutil_assert(condition, ...)                     \
    do {                                                    \
        if (!(condition))                                   \
            testutil_fail(__FILE__, __LINE__, __VA_ARGS__); \
    } while (0)

/* The call answers exactly this status. */
#define testutil_assert_status(expected, call) testutil_check_status(__FILE__, __LINE__, #call, (expected), (call))
#define testutil_assert_ok(call) testutil_check_status(__FILE__, __LINE__, #call, STORAGE_OK, (call))

#define testutil_assert_bytes(expected, actual) testutil_check_bytes(__FILE__, __LINE__, #actual, (expected), (actual))
#define testutil_assert_number(expected, actual) \
    testutil_check_number(__FILE__, __LINE__, #actual, (uint64_t)(expected), (uint64_t)(actual))

/* storage_get finds exactly this value; finds nothing. */
#define testutil_assert_value(backend, key, value) testutil_check_value(__FILE__, __LINE__, (backend), (key), (value))
#define testutil_assert_absent(backend, key) testutil_check_absent(__FILE__, __LINE__, (backend), (key))
#define testutil_assert_transaction_value(txn, key, value) \
    testutil_check_transaction_value(__FILE__, __LINE__, (txn), (key), (value))
#define testutil_assert_transaction_absent(txn, key) testutil_check_transaction_absent(__FILE__, __LINE__, (txn), (key))

/* A scan gives exactly these rows; what is left of an open cursor does, up to END. `text` is "key=value key=value". */
#define testutil_assert_rows(backend, range, options, text) \
    testutil_check_rows(__FILE__, __LINE__, (backend), (range), (options), (text))
#define testutil_assert_transaction_rows(txn, range, options, text) \
    testutil_check_transaction_rows(__FILE__, __LINE__, (txn), (range), (options), (text))
#define testutil_assert_cursor_rows(cursor, text) testutil_check_cursor_rows(__FILE__, __LINE__, (cursor), (text))
/* The next row alone: "key=value", or "END". */
#define testutil_assert_next_row(cursor, text) testutil_check_next_row(__FILE__, __LINE__, (cursor), (text))

/* The changes that a watch has now, without waiting: "SET a=1; DELETED b". */
#define testutil_assert_changes(watch, text) testutil_check_changes(__FILE__, __LINE__, (watch), (text))

/* The functions behind the macros. */
void testutil_check_status(const char *file, int line, const char *call, StorageStatus expected, StorageStatus actual);
void testutil_check_bytes(const char *file, int line, const char *what, StorageSlice expected, StorageSlice actual);
void testutil_check_number(const char *file, int line, const char *what, uint64_t expected, uint64_t actual);
void testutil_check_value(const char *file, int line, StorageBackend *backend, StorageSlice key, StorageSlice value);
void testutil_check_absent(const char *file, int line, StorageBackend *backend, StorageSlice key);
void testutil_check_transaction_value(const char *file, int line, StorageTransaction *txn, StorageSlice key,
                                      StorageSlice value);
void testutil_check_transaction_absent(const char *file, int line, StorageTransaction *txn, StorageSlice key);
void testutil_check_rows(const char *file, int line, StorageBackend *backend, const StorageRange *range,
                         const StorageScanOptions *options, const char *text);
void testutil_check_transaction_rows(const char *file, int line, StorageTransaction *txn, const StorageRange *range,
                                     const StorageScanOptions *options, const char *text);
void testutil_check_cursor_rows(const char *file, int line, StorageCursor *cursor, const char *text);
void testutil_check_next_row(const char *file, int line, StorageCursor *cursor, const char *text);
void testutil_check_changes(const char *file, int line, StorageWatch *watch, const char *text);

/* ---- text that grows, for messages ---- */

/* All zero is an empty one. Running out of memory fails the test. */
typedef struct TestutilText {
    char *text; /* NULL while empty */
    size_t size, capacity;
} TestutilText;

void testutil_text_add(TestutilText *self, const char *format, ...) STORAGE_PRINTF(2, 3);
/* Adds bytes in the notation above. */
void testutil_text_add_bytes(TestutilText *self, StorageSlice bytes);
void testutil_text_add_range(TestutilText *self, const StorageRange *range);
void testutil_text_add_change(TestutilText *self, const StorageChange *change);
/* What was added, "" when nothing was. */
const char *testutil_text(const TestutilText *self);
void testutil_text_done(TestutilText *self);

STORAGE_END_DECLS

#endif
