/* test_history.c - the ring of changes for watches: in order, bounded by number and bytes, honest about what is gone.
 */
#include "unit.h"

#include <stdio.h>

#include "backends/memory/history.h"

static History history;
static uint64_t newest_revision; /* changes of one revision are one commit */

static void open_history(uint64_t count_max, uint64_t bytes_max)
{
    newest_revision = 0;
    unit_assert_status(history_init(&history, count_max, bytes_max), STORAGE_OK);
}

static void append(const HistoryChange *change)
{
    if (change->revision != newest_revision)
        history_begin(&history);
    newest_revision = change->revision;
    history_append(&history, change);
}

/* The history pins what it keeps, so the test lets go at once. */
static void append_set(const char *key, uint64_t revision, size_t value_size)
{
    static const char value[4096];
    Record *record = record_new(storage_string(key));
    Version *version = version_new(storage_bytes(value, value_size), 0);
    ck_assert_ptr_nonnull(record);
    ck_assert_ptr_nonnull(version);
    version_attach(version, record);
    version->revision = revision;
    record_release(record);
    append(&(HistoryChange){.revision = revision, .kind = STORAGE_CHANGE_SET, .version = version});
    version_release(version);
}

static void append_numbered(uint64_t first_revision, uint64_t count, size_t value_size)
{
    char key[16];
    for (uint64_t revision = first_revision; revision < first_revision + count; revision++) {
        (void)snprintf(key, sizeof(key), "%06llu", (unsigned long long)revision);
        append_set(key, revision, value_size);
    }
}

/* Reads to the end. Returns how many changes there were; revisions must grow. */
static uint64_t read_all(uint64_t *position, uint64_t from_revision, const StorageRange *range)
{
    uint64_t total = 0, previous = 0, before;
    do {
        HistoryChange changes[10];
        size_t count = 0;
        before = *position;
        unit_assert_status(history_read(&history, position, from_revision, range, changes, 10, &count), STORAGE_OK);
        for (size_t index = 0; index < count; index++) {
            unit_assert(changes[index].revision >= previous, "revision %llu comes after %llu",
                        (unsigned long long)changes[index].revision, (unsigned long long)previous);
            previous = changes[index].revision;
            history_change_release(&changes[index]);
        }
        total += count;
    } while (*position != before);
    return total;
}

START_TEST(changes_are_read_in_order_from_a_revision_on)
{
    const StorageRange all = storage_range_all();
    uint64_t position = 0;
    open_history(10000, UINT64_MAX);
    append_numbered(1, 2000, 10);
    unit_assert_status(history_find(&history, 1, &position), STORAGE_OK);
    ck_assert_uint_eq(read_all(&position, 1, &all), 2000);
    unit_assert_status(history_find(&history, 501, &position), STORAGE_OK);
    ck_assert_uint_eq(read_all(&position, 501, &all), 1500);
    unit_assert_status(history_find(&history, 2001, &position), STORAGE_OK);
    ck_assert_uint_eq(read_all(&position, 2001, &all), 0);
    append_numbered(2001, 3, 10);
    ck_assert_uint_eq(read_all(&position, 2001, &all), 3);
    history_done(&history, 0);
}
END_TEST

START_TEST(revision_0_is_what_comes_next)
{
    const StorageRange all = storage_range_all();
    uint64_t position = 0;
    open_history(100, UINT64_MAX);
    append_numbered(1, 10, 10);
    unit_assert_status(history_find(&history, 0, &position), STORAGE_OK);
    ck_assert_uint_eq(read_all(&position, 0, &all), 0);
    append_numbered(11, 2, 10);
    ck_assert_uint_eq(read_all(&position, 0, &all), 2);
    history_done(&history, 0);
}
END_TEST

START_TEST(only_changes_that_touch_the_range_are_read)
{
    const StorageRange range = storage_range_half_open(storage_string("000100"), storage_string("000200"));
    const StorageRange elsewhere = storage_range_prefix(storage_string("x"));
    const StorageRange across = storage_range_half_open(storage_string("000150"), storage_string("0003"));
    uint64_t position = 0;
    open_history(10000, UINT64_MAX);
    append_numbered(1, 1000, 10);
    ck_assert_uint_eq(read_all(&position, 1, &range), 100);
    HistoryRange *cleared = history_range_new(&elsewhere);
    append(&(HistoryChange){.revision = 1001, .kind = STORAGE_CHANGE_CLEARED, .range = cleared});
    history_range_release(cleared);
    ck_assert_uint_eq(read_all(&position, 1, &range), 0);
    cleared = history_range_new(&across);
    append(&(HistoryChange){.revision = 1002, .kind = STORAGE_CHANGE_CLEARED, .range = cleared});
    history_range_release(cleared);
    ck_assert_uint_eq(read_all(&position, 1, &range), 1);
    history_done(&history, 0);
}
END_TEST

START_TEST(no_more_than_the_number_is_retained)
{
    const StorageRange all = storage_range_all();
    uint64_t position = 0;
    open_history(100, UINT64_MAX);
    append_numbered(1, 1000, 10);
    ck_assert_uint_eq(history.next - history.first, 100);
    unit_assert_status(history_find(&history, 900, &position), STORAGE_COMPACTED);
    unit_assert_status(history_find(&history, 901, &position), STORAGE_OK);
    ck_assert_uint_eq(read_all(&position, 901, &all), 100);
    history_done(&history, 0);
}
END_TEST

START_TEST(no_more_than_the_bytes_are_retained)
{
    uint64_t position = 0;
    open_history(100000, 50000);
    append_numbered(1, 1000, 1000);
    ck_assert_uint_le(history.bytes, 50000);
    ck_assert_uint_ge(history.next - history.first, 20);
    unit_assert_status(history_find(&history, 1, &position), STORAGE_COMPACTED);
    append_numbered(1001, 1, 4096);
    ck_assert_uint_le(history.bytes, 50000);
    history_done(&history, 0);
}
END_TEST

START_TEST(a_reader_that_fell_behind_is_told)
{
    const StorageRange all = storage_range_all();
    HistoryChange changes[10];
    uint64_t position = 0;
    size_t count = 9;
    open_history(100, UINT64_MAX);
    append_numbered(1, 50, 10);
    unit_assert_status(history_find(&history, 1, &position), STORAGE_OK);
    append_numbered(51, 50, 10);
    unit_assert_status(history_read(&history, &position, 1, &all, changes, 1, &count), STORAGE_OK);
    ck_assert_uint_eq(count, 1);
    history_change_release(&changes[0]);
    append_numbered(101, 5, 10);
    unit_assert_status(history_read(&history, &position, 1, &all, changes, 10, &count), STORAGE_COMPACTED);
    ck_assert_uint_eq(count, 0);
    history_done(&history, 0);
}
END_TEST

/* Half of a commit is no commit: its revision cannot be asked for any more. */
START_TEST(a_revision_that_lost_one_of_its_changes_is_compacted)
{
    uint64_t position = 0;
    open_history(3, UINT64_MAX);
    append_set("a", 7, 10);
    append_set("b", 7, 10);
    append_set("c", 8, 10);
    unit_assert_status(history_find(&history, 7, &position), STORAGE_OK);
    append_set("d", 9, 10);
    unit_assert_status(history_find(&history, 7, &position), STORAGE_COMPACTED);
    unit_assert_status(history_find(&history, 8, &position), STORAGE_OK);
    history_done(&history, 0);
}
END_TEST

/* A watch that is not behind must see it, however large it is. */
START_TEST(the_newest_commit_stays_whole_beyond_every_bound)
{
    const StorageRange all = storage_range_all();
    char key[16];
    uint64_t position = 0;
    open_history(10, 1000);
    append_numbered(1, 5, 10);
    for (int change = 0; change < 2000; change++) {
        (void)snprintf(key, sizeof(key), "%06d", change);
        append_set(key, 6, 100);
    }
    unit_assert_status(history_find(&history, 6, &position), STORAGE_OK);
    ck_assert_uint_eq(read_all(&position, 6, &all), 2000);
    append_set("small", 7, 10);
    unit_assert_status(history_find(&history, 6, &position), STORAGE_COMPACTED);
    unit_assert_status(history_find(&history, 7, &position), STORAGE_OK);
    ck_assert_uint_eq(read_all(&position, 7, &all), 1);
    ck_assert_uint_le(history.bytes, 1000);
    history_done(&history, 0);
}
END_TEST

START_TEST(a_change_that_was_read_outlives_the_history)
{
    const StorageRange all = storage_range_all();
    HistoryChange change;
    uint64_t position = 0;
    size_t count = 0;
    open_history(1, UINT64_MAX);
    append_set("kept", 1, 100);
    unit_assert_status(history_read(&history, &position, 0, &all, &change, 1, &count), STORAGE_OK);
    append_set("other", 2, 100);
    history_done(&history, 0);
    ck_assert_int_eq(storage_slice_compare(record_key(change.version->record), storage_string("kept")), 0);
    history_change_release(&change);
}
END_TEST

UNIT_MAIN("history", changes_are_read_in_order_from_a_revision_on, revision_0_is_what_comes_next,
          only_changes_that_touch_the_range_are_read, no_more_than_the_number_is_retained,
          no_more_than_the_bytes_are_retained, a_reader_that_fell_behind_is_told,
          a_revision_that_lost_one_of_its_changes_is_compacted, the_newest_commit_stays_whole_beyond_every_bound,
          a_change_that_was_read_outlives_the_history)
