/*
 * test_import_group.c - records into commits: how many a commit has, in which order, and what a refused record does.
 *
 * Every atomic write has a revision of its own, so the revisions in the store tell which records were committed
 * together.
 */
#include "unit.h"

#include "records/import_group.h"

#include <storage/backend.h>
#include <storage/storage.h>
#include <storage_testutil/storage_testutil.h>

#include <string.h>

#define KEY_SIZE 16
#define REFUSED_MAX 8

typedef struct Fixture {
    StorageBackend *backend;
    ImportGroup group;
    int goes_on;
    uint64_t refused_lines[REFUSED_MAX];
    size_t refused_count;
} Fixture;

static uint64_t clock_ns; /* stands still unless a test moves it */

static uint64_t now_ns(void)
{
    return clock_ns;
}

static int refused(void *user_data, uint64_t line_no, StorageStatus status)
{
    Fixture *self = user_data;
    ck_assert_int_eq(status, STORAGE_SIZE_LIMIT_EXCEEDED);
    ck_assert_uint_lt(self->refused_count, REFUSED_MAX);
    self->refused_lines[self->refused_count++] = line_no;
    return self->goes_on;
}

static void fixture_init(Fixture *self, int goes_on)
{
    memset(self, 0, sizeof(*self));
    self->goes_on = goes_on;
    unit_assert_status(storage_memory_open(NULL, &self->backend, NULL), STORAGE_OK);
    self->group = (ImportGroup){.backend = self->backend, .refused = refused, .user_data = self, .now_ns = now_ns};
    ck_assert_int_eq(import_group_init(&self->group), 1);
}

static void fixture_done(Fixture *self)
{
    import_group_done(&self->group);
    unit_assert_status(storage_close(self->backend, NULL), STORAGE_OK);
}

static StorageStatus add(Fixture *self, uint64_t line_no, StorageSlice value)
{
    char key[KEY_SIZE];
    int len = snprintf(key, sizeof(key), "%08u", (unsigned)line_no);
    Record record = {storage_bytes(key, (size_t)len), value, {0, STORAGE_EXPIRY_NEVER}};
    StorageStatus status = import_group_add(&self->group, &record, line_no);
    memset(key, 'x', sizeof(key)); /* as a reader does with the next record */
    return status;
}

/* The sizes of the commits in the order of the keys; asserts that their revisions rise. */
static size_t read_commits(Fixture *self, size_t *sizes, size_t size_count)
{
    StorageCursor *cursor;
    const StorageEntry *entry;
    uint64_t revision = 0;
    size_t count = 0;
    unit_assert_status(storage_scan(self->backend, NULL, NULL, &cursor, NULL), STORAGE_OK);
    while (storage_cursor_next(cursor, &entry, NULL) == STORAGE_OK) {
        unit_assert(entry->revision >= revision, "a later record was committed earlier");
        if (entry->revision > revision) {
            unit_assert(count < size_count, "more than %zu commits", size_count);
            sizes[count++] = 0;
        }
        sizes[count - 1]++;
        revision = entry->revision;
    }
    storage_cursor_close(cursor);
    return count;
}

START_TEST(a_commit_has_a_thousand_records)
{
    Fixture fixture;
    size_t sizes[8], count;
    fixture_init(&fixture, 0);
    for (uint64_t i = 1; i <= 2500; i++) {
        unit_assert_status(add(&fixture, i, storage_string("1")), STORAGE_OK);
        ck_assert_uint_eq(fixture.group.imported_count, i / 1000 * 1000);
    }
    unit_assert_status(import_group_commit(&fixture.group), STORAGE_OK);
    count = read_commits(&fixture, sizes, 8);
    ck_assert_uint_eq(count, 3);
    ck_assert_uint_eq(sizes[0], 1000);
    ck_assert_uint_eq(sizes[1], 1000);
    ck_assert_uint_eq(sizes[2], 500);
    ck_assert_uint_eq(fixture.group.imported_count, 2500);
    ck_assert_uint_eq(fixture.group.imported_line_no, 2500);
    ck_assert_uint_eq(fixture.group.commit_count, 3);
    fixture_done(&fixture);
}
END_TEST

START_TEST(a_commit_has_eight_mebibytes)
{
    enum { VALUE_SIZE = 3 << 20 };
    Fixture fixture;
    char *value = calloc(1, IMPORT_GROUP_SIZE_MAX + 1);
    size_t sizes[8], count;
    fixture_init(&fixture, 0);
    for (uint64_t i = 1; i <= 5; i++) {
        unit_assert_status(add(&fixture, i, storage_bytes(value, VALUE_SIZE)), STORAGE_OK);
    }
    /* This one is larger than a group: it goes alone, behind what waited. */
    unit_assert_status(add(&fixture, 6, storage_bytes(value, IMPORT_GROUP_SIZE_MAX + 1)), STORAGE_OK);
    ck_assert_uint_eq(fixture.group.imported_count, 6);
    unit_assert_status(add(&fixture, 7, storage_bytes(NULL, 0)), STORAGE_OK);
    unit_assert_status(import_group_commit(&fixture.group), STORAGE_OK);
    count = read_commits(&fixture, sizes, 8);
    ck_assert_uint_eq(count, 5);
    ck_assert_uint_eq(sizes[0], 2);
    ck_assert_uint_eq(sizes[1], 2);
    ck_assert_uint_eq(sizes[2], 1);
    ck_assert_uint_eq(sizes[3], 1);
    ck_assert_uint_eq(sizes[4], 1);
    fixture_done(&fixture);
    free(value);
}
END_TEST

START_TEST(a_commit_is_a_tenth_of_a_second_old)
{
    Fixture fixture;
    fixture_init(&fixture, 0);
    clock_ns = UINT64_MAX - 1000; /* any beginning will do */
    ck_assert_int_eq(import_group_wait_ms(&fixture.group), -1);
    unit_assert_status(add(&fixture, 1, storage_string("1")), STORAGE_OK);
    ck_assert_int_eq(import_group_wait_ms(&fixture.group), 100);
    clock_ns += 99000001;
    ck_assert_int_eq(import_group_wait_ms(&fixture.group), 1);
    unit_assert_status(add(&fixture, 2, storage_string("2")), STORAGE_OK);
    ck_assert_uint_eq(fixture.group.imported_count, 0);
    clock_ns += 999999;
    ck_assert_int_eq(import_group_wait_ms(&fixture.group), 0);
    unit_assert_status(add(&fixture, 3, storage_string("3")), STORAGE_OK);
    ck_assert_uint_eq(fixture.group.imported_count, 3);
    ck_assert_uint_eq(fixture.group.commit_count, 1);
    ck_assert_int_eq(import_group_wait_ms(&fixture.group), -1);
    fixture_done(&fixture);
}
END_TEST

/* Adds 100 records; those at 10 and 57 have keys that the store does not take. Returns the status that ended it. */
static StorageStatus add_with_wrong_ones(Fixture *self)
{
    static char long_key[KEY_SIZE + 1];
    StorageStatus status = STORAGE_OK;
    self->backend->capabilities.key_size_max = KEY_SIZE;
    for (uint64_t i = 1; i <= 100 && status == STORAGE_OK; i++) {
        Record record = {storage_bytes(long_key, sizeof(long_key)), storage_string("1"), {0, STORAGE_EXPIRY_NEVER}};
        status = i == 10 || i == 57 ? import_group_add(&self->group, &record, i) : add(self, i, storage_string("1"));
    }
    return status == STORAGE_OK ? import_group_commit(&self->group) : status;
}

START_TEST(a_refused_record_is_left_out)
{
    Fixture fixture;
    size_t sizes[64], count, total = 0;
    fixture_init(&fixture, 1);
    unit_assert_status(add_with_wrong_ones(&fixture), STORAGE_OK);
    ck_assert_uint_eq(fixture.refused_count, 2);
    ck_assert_uint_eq(fixture.refused_lines[0], 10);
    ck_assert_uint_eq(fixture.refused_lines[1], 57);
    ck_assert_uint_eq(fixture.group.imported_count, 98);
    count = read_commits(&fixture, sizes, 64);
    for (size_t i = 0; i < count; i++)
        total += sizes[i];
    ck_assert_uint_eq(total, 98);
    fixture_done(&fixture);
}
END_TEST

START_TEST(a_refused_record_stops_everything_behind_it)
{
    Fixture fixture;
    StorageValue value;
    fixture_init(&fixture, 0);
    unit_assert_status(add_with_wrong_ones(&fixture), STORAGE_SIZE_LIMIT_EXCEEDED);
    ck_assert_uint_eq(fixture.refused_count, 1);
    ck_assert_uint_eq(fixture.refused_lines[0], 10);
    ck_assert_uint_eq(fixture.group.imported_count, 9);
    ck_assert_uint_eq(fixture.group.imported_line_no, 9);
    unit_assert_status(storage_get(fixture.backend, storage_string("00000009"), &value, NULL), STORAGE_OK);
    storage_value_release(&value);
    unit_assert_status(storage_get(fixture.backend, storage_string("00000011"), &value, NULL), STORAGE_NOT_FOUND);
    fixture_done(&fixture);
}
END_TEST

START_TEST(a_transaction_takes_them_as_they_come)
{
    Fixture fixture;
    StorageValue value;
    uint64_t revision;
    fixture_init(&fixture, 1);
    unit_assert_status(storage_begin(fixture.backend, NULL, &fixture.group.txn, NULL), STORAGE_OK);
    unit_assert_status(add_with_wrong_ones(&fixture), STORAGE_OK);
    ck_assert_uint_eq(fixture.refused_count, 2);
    ck_assert_uint_eq(fixture.group.imported_count, 98);
    unit_assert_status(storage_get(fixture.backend, storage_string("00000009"), &value, NULL), STORAGE_NOT_FOUND);
    unit_assert_status(storage_transaction_commit(fixture.group.txn, &revision, NULL), STORAGE_OK);
    storage_transaction_close(fixture.group.txn);
    unit_assert_status(storage_get(fixture.backend, storage_string("00000100"), &value, NULL), STORAGE_OK);
    ck_assert_uint_eq(value.revision, revision);
    storage_value_release(&value);
    fixture_done(&fixture);
}
END_TEST

START_TEST(a_store_that_refuses_all_ends_it)
{
    Fixture fixture;
    StorageBackend *top;
    fixture_init(&fixture, 1);
    unit_assert_status(storage_read_only_wrap(fixture.backend, NULL, &top, NULL), STORAGE_OK);
    fixture.backend = fixture.group.backend = top;
    unit_assert_status(add(&fixture, 1, storage_string("1")), STORAGE_OK);
    unit_assert_status(import_group_commit(&fixture.group), STORAGE_READ_ONLY);
    ck_assert_uint_eq(fixture.refused_count, 0);
    ck_assert_uint_eq(fixture.group.imported_count, 0);
    fixture_done(&fixture);
}
END_TEST

UNIT_MAIN("import group", a_commit_has_a_thousand_records, a_commit_has_eight_mebibytes,
          a_commit_is_a_tenth_of_a_second_old, a_refused_record_is_left_out,
          a_refused_record_stops_everything_behind_it, a_transaction_takes_them_as_they_come,
          a_store_that_refuses_all_ends_it)
