/*
 * assert.c - the assertions and the text that their messages are made of.
 *
 * It refuses to know any test framework: a failure is a file, a line and a message for the hook.
 */
#include "storage_testutil/assert.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static TestutilFailHook fail_hook;
static void *fail_user_data;

void testutil_set_fail_hook(TestutilFailHook hook, void *user_data)
{
    fail_hook = hook;
    fail_user_data = user_data;
}

void testutil_fail(const char *file, int line, const char *format, ...)
{
    static char message[16384]; /* static: a framework's hook may leave by longjmp and still show it */
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (fail_hook != NULL)
        fail_hook(fail_user_data, file, line, message);
    fprintf(stderr, "%s:%d: %s\n", file, line, message);
    fflush(NULL);
    abort();
}

/* ---- text ---- */

static void text_reserve(TestutilText *self, size_t more)
{
    size_t capacity = self->capacity == 0 ? 128 : self->capacity;
    char *text;

    while (capacity < self->size + more + 1)
        capacity *= 2;
    if (capacity == self->capacity)
        return;
    text = realloc(self->text, capacity);
    if (text == NULL)
        testutil_fail(__FILE__, __LINE__, "no memory for a text of %zu bytes", capacity);
    self->text = text;
    self->capacity = capacity;
}

void testutil_text_add(TestutilText *self, const char *format, ...)
{
    va_list arguments;
    int size;

    va_start(arguments, format);
    size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (size < 0)
        testutil_fail(__FILE__, __LINE__, "the format \"%s\" is not valid", format);
    text_reserve(self, (size_t)size);
    va_start(arguments, format);
    vsnprintf(self->text + self->size, (size_t)size + 1, format, arguments);
    va_end(arguments);
    self->size += (size_t)size;
}

void testutil_text_add_bytes(TestutilText *self, StorageSlice bytes)
{
    const unsigned char *data = bytes.data;
    size_t shown = bytes.size <= 256 ? bytes.size : 64;

    for (size_t i = 0; i < shown; i++) {
        if (data[i] > ' ' && data[i] <= '~' && strchr("=;\\", data[i]) == NULL)
            testutil_text_add(self, "%c", data[i]);
        else
            testutil_text_add(self, "\\x%02X", data[i]);
    }
    if (shown < bytes.size)
        testutil_text_add(self, "...(%zu bytes)", bytes.size);
}

void testutil_text_add_range(TestutilText *self, const StorageRange *range)
{
    if (range->start.kind == STORAGE_BOUND_OPEN)
        testutil_text_add(self, "(..");
    else {
        testutil_text_add(self, range->start.kind == STORAGE_BOUND_INCLUDED ? "[" : "(");
        testutil_text_add_bytes(self, range->start.key);
        if (range->start.kind == STORAGE_BOUND_PREFIX_END)
            testutil_text_add(self, "*");
    }
    testutil_text_add(self, ", ");
    if (range->end.kind == STORAGE_BOUND_OPEN)
        testutil_text_add(self, "..)");
    else {
        testutil_text_add_bytes(self, range->end.key);
        if (range->end.kind == STORAGE_BOUND_PREFIX_END)
            testutil_text_add(self, "*");
        testutil_text_add(self, range->end.kind == STORAGE_BOUND_EXCLUDED ? ")" : "]");
    }
}

void testutil_text_add_change(TestutilText *self, const StorageChange *change)
{
    switch (change->kind) {
    case STORAGE_CHANGE_SET:
        testutil_text_add(self, "SET ");
        testutil_text_add_bytes(self, change->key);
        testutil_text_add(self, "=");
        testutil_text_add_bytes(self, change->value);
        break;
    case STORAGE_CHANGE_DELETED:
    case STORAGE_CHANGE_EXPIRED:
        testutil_text_add(self, change->kind == STORAGE_CHANGE_DELETED ? "DELETED " : "EXPIRED ");
        testutil_text_add_bytes(self, change->key);
        break;
    case STORAGE_CHANGE_CLEARED:
        testutil_text_add(self, "CLEARED ");
        testutil_text_add_range(self, &change->range);
        break;
    default:
        testutil_text_add(self, "change of unknown kind %" PRIu32, change->kind);
    }
}

const char *testutil_text(const TestutilText *self)
{
    return self->text == NULL ? "" : self->text;
}

void testutil_text_done(TestutilText *self)
{
    free(self->text);
    *self = (TestutilText){0};
}

static void add_entry(TestutilText *text, const StorageEntry *entry)
{
    if (text->size != 0)
        testutil_text_add(text, " ");
    testutil_text_add_bytes(text, entry->key);
    testutil_text_add(text, "=");
    testutil_text_add_bytes(text, entry->value);
}

/* ---- checks ---- */

/*
 * A check writes what is wrong into a text, gives back what it holds, and then fails with a copy of the text: a hook
 * that leaves by longjmp finds nothing to free.
 */
static void fail_with(const char *file, int line, TestutilText *problem)
{
    char message[8192];

    if (problem->size == 0)
        return;
    snprintf(message, sizeof message, "%s", problem->text);
    testutil_text_done(problem);
    testutil_fail(file, line, "%s", message);
}

void testutil_check_status(const char *file, int line, const char *call, StorageStatus expected, StorageStatus actual)
{
    if (actual != expected)
        testutil_fail(file, line, "%s answers %s, not %s", call, storage_status_name(actual),
                      storage_status_name(expected));
}

static void compare_bytes(TestutilText *problem, const char *what, StorageSlice expected, StorageSlice actual)
{
    if (storage_slice_compare(expected, actual) == 0)
        return;
    testutil_text_add(problem, "%s is \"", what);
    testutil_text_add_bytes(problem, actual);
    testutil_text_add(problem, "\", not \"");
    testutil_text_add_bytes(problem, expected);
    testutil_text_add(problem, "\"");
}

void testutil_check_bytes(const char *file, int line, const char *what, StorageSlice expected, StorageSlice actual)
{
    TestutilText problem = {0};

    compare_bytes(&problem, what, expected, actual);
    fail_with(file, line, &problem);
}

void testutil_check_number(const char *file, int line, const char *what, uint64_t expected, uint64_t actual)
{
    if (actual != expected)
        testutil_fail(file, line, "%s is %" PRIu64 ", not %" PRIu64, what, actual, expected);
}

/* What a get answered; `expected` NULL for nothing. Takes the value over. */
static void check_found(const char *file, int line, StorageSlice key, const StorageSlice *expected,
                        StorageStatus status, StorageValue *value)
{
    StorageStatus expected_status = expected == NULL ? STORAGE_NOT_FOUND : STORAGE_OK;
    TestutilText problem = {0}, what = {0};

    testutil_text_add(&what, "the value of \"");
    testutil_text_add_bytes(&what, key);
    testutil_text_add(&what, "\"");
    if (status == STORAGE_OK && expected == NULL) {
        testutil_text_add(&problem, "%s is \"", testutil_text(&what));
        testutil_text_add_bytes(&problem, storage_value_slice(value));
        testutil_text_add(&problem, "\", but the key should be absent");
    } else if (status != expected_status) {
        testutil_text_add(&problem, "asking for %s answers %s", testutil_text(&what), storage_status_name(status));
    } else if (expected != NULL) {
        compare_bytes(&problem, testutil_text(&what), *expected, storage_value_slice(value));
    }
    storage_value_release(value);
    testutil_text_done(&what);
    fail_with(file, line, &problem);
}

void testutil_check_value(const char *file, int line, StorageBackend *backend, StorageSlice key, StorageSlice value)
{
    StorageValue found;
    StorageStatus status = storage_get(backend, key, &found, NULL);

    check_found(file, line, key, &value, status, &found);
}

void testutil_check_absent(const char *file, int line, StorageBackend *backend, StorageSlice key)
{
    StorageValue found;
    StorageStatus status = storage_get(backend, key, &found, NULL);

    check_found(file, line, key, NULL, status, &found);
}

void testutil_check_transaction_value(const char *file, int line, StorageTransaction *txn, StorageSlice key,
                                      StorageSlice value)
{
    StorageValue found;
    StorageStatus status = storage_transaction_get(txn, key, &found, NULL);

    check_found(file, line, key, &value, status, &found);
}

void testutil_check_transaction_absent(const char *file, int line, StorageTransaction *txn, StorageSlice key)
{
    StorageValue found;
    StorageStatus status = storage_transaction_get(txn, key, &found, NULL);

    check_found(file, line, key, NULL, status, &found);
}

/* Compares what was collected up to the status that ended it with what was expected. Takes `collected` over. */
static void compare_collected(TestutilText *problem, const char *what, TestutilText *collected, const char *text,
                              StorageStatus expected_status, StorageStatus status)
{
    if (status != expected_status)
        testutil_text_add(problem, "the %s are \"%s\" and then %s", what, testutil_text(collected),
                          storage_status_name(status));
    else if (strcmp(testutil_text(collected), text) != 0)
        testutil_text_add(problem, "the %s are \"%s\", not \"%s\"", what, testutil_text(collected), text);
    testutil_text_done(collected);
}

static void compare_rows(TestutilText *problem, StorageCursor *cursor, const char *text)
{
    TestutilText rows = {0};
    const StorageEntry *entry;
    StorageStatus status;

    while ((status = storage_cursor_next(cursor, &entry, NULL)) == STORAGE_OK)
        add_entry(&rows, entry);
    compare_collected(problem, "rows", &rows, text, STORAGE_END, status);
}

void testutil_check_cursor_rows(const char *file, int line, StorageCursor *cursor, const char *text)
{
    TestutilText problem = {0};

    compare_rows(&problem, cursor, text);
    fail_with(file, line, &problem);
}

void testutil_check_next_row(const char *file, int line, StorageCursor *cursor, const char *text)
{
    TestutilText row = {0}, problem = {0};
    const StorageEntry *entry;
    StorageStatus status = storage_cursor_next(cursor, &entry, NULL);

    if (status == STORAGE_OK)
        add_entry(&row, entry);
    else
        testutil_text_add(&row, "%s", storage_status_name(status));
    if (strcmp(testutil_text(&row), text) != 0)
        testutil_text_add(&problem, "the next row is \"%s\", not \"%s\"", testutil_text(&row), text);
    testutil_text_done(&row);
    fail_with(file, line, &problem);
}

void testutil_check_rows(const char *file, int line, StorageBackend *backend, const StorageRange *range,
                         const StorageScanOptions *options, const char *text)
{
    TestutilText problem = {0};
    StorageCursor *cursor;

    testutil_check_status(file, line, "storage_scan", STORAGE_OK, storage_scan(backend, range, options, &cursor, NULL));
    compare_rows(&problem, cursor, text);
    storage_cursor_close(cursor);
    fail_with(file, line, &problem);
}

void testutil_check_transaction_rows(const char *file, int line, StorageTransaction *txn, const StorageRange *range,
                                     const StorageScanOptions *options, const char *text)
{
    TestutilText problem = {0};
    StorageCursor *cursor;

    testutil_check_status(file, line, "storage_transaction_scan", STORAGE_OK,
                          storage_transaction_scan(txn, range, options, &cursor, NULL));
    compare_rows(&problem, cursor, text);
    storage_cursor_close(cursor);
    fail_with(file, line, &problem);
}

void testutil_check_changes(const char *file, int line, StorageWatch *watch, const char *text)
{
    TestutilText changes = {0}, problem = {0};
    StorageContext *poll = storage_context_new();
    const StorageChange *change;
    StorageStatus status;

    if (poll == NULL)
        testutil_fail(file, line, "no memory for a context");
    /* No clock of a test stands before nanosecond 1, so this deadline has passed and the call does not wait. */
    storage_context_set_deadline(poll, 1);
    while ((status = storage_watch_next(watch, &change, poll)) == STORAGE_OK) {
        if (changes.size != 0)
            testutil_text_add(&changes, "; ");
        testutil_text_add_change(&changes, change);
    }
    storage_context_free(poll);
    compare_collected(&problem, "changes", &changes, text, STORAGE_TIMEOUT, status);
    fail_with(file, line, &problem);
}
