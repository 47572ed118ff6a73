/*
 * test_ledger_open.c - what storage_ledger_open accepts and refuses: paths, flags, policies, files that are in use,
 * files that are something else.
 */
#include "core/memory_file.h"
#include "storage/storage.h"
#include "unit.h"

#include <string.h>

static const StorageFiles *files;
static StorageEnvironment environment = STORAGE_ENVIRONMENT_INIT;

static void begin(void)
{
    files = memory_files_new();
    environment.files = files;
}

static void end(void)
{
    memory_files_free(files);
}

static StorageStatus open_with(const char *path, uint32_t flags, StorageBackend **ret_store)
{
    StorageLedgerOptions options = STORAGE_LEDGER_OPTIONS_INIT;
    options.environment = &environment;
    options.flags = flags;
    return storage_ledger_open(path, &options, ret_store, NULL);
}

static void expect_refusal(const char *path, uint32_t flags, StorageStatus expected)
{
    StorageBackend *store = (StorageBackend *)&environment;
    unit_assert_status(open_with(path, flags, &store), expected);
    ck_assert_ptr_null(store);
}

static void make(const char *path)
{
    StorageBackend *store;
    unit_assert_status(open_with(path, 0, &store), STORAGE_OK);
    unit_assert_status(storage_set(store, storage_string("a"), storage_string("1"), NULL, NULL), STORAGE_OK);
    unit_assert_status(storage_close(store, NULL), STORAGE_OK);
}

START_TEST(test_arguments_that_make_no_sense_are_refused)
{
    StorageLedgerOptions options = STORAGE_LEDGER_OPTIONS_INIT;
    StorageBackend *store;
    begin();
    expect_refusal(NULL, 0, STORAGE_INVALID_ARGUMENT);
    expect_refusal("", 0, STORAGE_INVALID_ARGUMENT);
    expect_refusal("store", 1u << 31, STORAGE_INVALID_ARGUMENT);
    expect_refusal(STORAGE_LEDGER_MEMORY, STORAGE_LEDGER_READ_ONLY, STORAGE_INVALID_ARGUMENT);
    unit_assert_status(storage_ledger_open("store", NULL, NULL, NULL), STORAGE_INVALID_ARGUMENT);
    options.environment = &environment;
    options.sync = 99;
    unit_assert_status(storage_ledger_open("store", &options, &store, NULL), STORAGE_INVALID_ARGUMENT);
    options.sync = 0;
    options.page_size = 5000;
    unit_assert_status(storage_ledger_open("store", &options, &store, NULL), STORAGE_INVALID_ARGUMENT);
    end();
}
END_TEST

START_TEST(test_a_file_that_is_not_there)
{
    begin();
    expect_refusal("store", STORAGE_LEDGER_NO_CREATE, STORAGE_INVALID_ARGUMENT);
    expect_refusal("store", STORAGE_LEDGER_READ_ONLY, STORAGE_INVALID_ARGUMENT);
    make("store");
    make("store");
    end();
}
END_TEST

START_TEST(test_one_writer_or_readers)
{
    StorageBackend *writer, *readers[2];
    begin();
    unit_assert_status(open_with("store", 0, &writer), STORAGE_OK);
    expect_refusal("store", 0, STORAGE_BUSY);
    expect_refusal("store", STORAGE_LEDGER_READ_ONLY, STORAGE_BUSY);
    unit_assert_status(storage_close(writer, NULL), STORAGE_OK);
    unit_assert_status(open_with("store", STORAGE_LEDGER_READ_ONLY, &readers[0]), STORAGE_OK);
    unit_assert_status(open_with("store", STORAGE_LEDGER_READ_ONLY, &readers[1]), STORAGE_OK);
    expect_refusal("store", 0, STORAGE_BUSY);
    unit_assert_status(storage_close(readers[0], NULL), STORAGE_OK);
    unit_assert_status(storage_close(readers[1], NULL), STORAGE_OK);
    make("store");
    end();
}
END_TEST

START_TEST(test_a_reader_reads_and_writes_nothing)
{
    StorageBackend *reader;
    StorageValue value;
    begin();
    make("store");
    unit_assert_status(open_with("store", STORAGE_LEDGER_READ_ONLY, &reader), STORAGE_OK);
    unit_assert_status(storage_get(reader, storage_string("a"), &value, NULL), STORAGE_OK);
    ck_assert_mem_eq(value.data, "1", 1);
    storage_value_release(&value);
    unit_assert_status(storage_set(reader, storage_string("a"), storage_string("2"), NULL, NULL), STORAGE_READ_ONLY);
    unit_assert_status(storage_sweep(reader, NULL, NULL), STORAGE_READ_ONLY);
    unit_assert_status(storage_sync(reader, NULL), STORAGE_OK);
    ck_assert_uint_ne(storage_backend_capabilities(reader)->weakenings & STORAGE_WEAKENING_WRITES_REFUSED, 0);
    unit_assert_status(storage_close(reader, NULL), STORAGE_OK);
    end();
}
END_TEST

START_TEST(test_a_file_of_something_else)
{
    static const char text[70000] = "This is a letter.";
    StorageSlice part = {text, sizeof(text)};
    StorageFile *file;
    begin();
    ck_assert_int_eq(files->create(files->user_data, "letter", &file), 0);
    ck_assert_int_eq(files->write_at(files->user_data, file, 0, &part, 1), 0);
    files->close(files->user_data, file);
    ck_assert_int_eq(files->create(files->user_data, "empty", &file), 0);
    files->close(files->user_data, file);
    expect_refusal("letter", 0, STORAGE_INCOMPATIBLE);
    expect_refusal("empty", 0, STORAGE_INCOMPATIBLE);
    end();
}
END_TEST

START_TEST(test_a_file_keeps_its_page_size)
{
    StorageLedgerOptions options = STORAGE_LEDGER_OPTIONS_INIT;
    StorageBackend *store;
    begin();
    options.environment = &environment;
    options.page_size = 16384;
    unit_assert_status(storage_ledger_open("store", &options, &store, NULL), STORAGE_OK);
    ck_assert_uint_eq(storage_backend_capabilities(store)->key_size_max, 4096);
    unit_assert_status(storage_close(store, NULL), STORAGE_OK);
    unit_assert_status(open_with("store", 0, &store), STORAGE_OK);
    ck_assert_uint_eq(storage_backend_capabilities(store)->key_size_max, 4096);
    unit_assert_status(storage_close(store, NULL), STORAGE_OK);
    end();
}
END_TEST

UNIT_MAIN("ledger open", test_arguments_that_make_no_sense_are_refused, test_a_file_that_is_not_there,
          test_one_writer_or_readers, test_a_reader_reads_and_writes_nothing, test_a_file_of_something_else,
          test_a_file_keeps_its_page_size)
