/*
 * test_files.c - the file seam: what StorageFiles promises, of the system's files and of files in memory alike.
 *
 * Files of the system are made in the directory that the test runs in, under a name of its own, and removed.
 */
#include "core/environment.h"
#include "core/memory_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "unit.h"

static const StorageFiles *files;
static void *user_data;
static char directory[64];
static char path[128];

static void begin(int is_memory)
{
    files = is_memory ? memory_files_new() : &system_files;
    ck_assert_ptr_nonnull(files);
    user_data = files->user_data;
    (void)snprintf(directory, sizeof(directory), "test_files.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    (void)snprintf(path, sizeof(path), "%s/file", directory);
}

static void end(int is_memory)
{
    (void)unlink(path);
    ck_assert_int_eq(rmdir(directory), 0); /* nothing else was left behind */
    if (is_memory)
        memory_files_free(files);
}

static StorageFile *create(void)
{
    StorageFile *file;
    ck_assert_int_eq(files->create(user_data, path, &file), 0);
    return file;
}

static uint64_t size_of(StorageFile *file)
{
    uint64_t size;
    ck_assert_int_eq(files->size(user_data, file, &size), 0);
    return size;
}

static void write_text(StorageFile *file, uint64_t offset, const char *text)
{
    StorageSlice part = storage_string(text);
    ck_assert_int_eq(files->write_at(user_data, file, offset, &part, 1), 0);
}

static void expect_text(StorageFile *file, uint64_t offset, const char *text)
{
    char buffer[256];
    size_t done;
    ck_assert_int_eq(files->read_at(user_data, file, offset, buffer, strlen(text), &done), 0);
    ck_assert_uint_eq(done, strlen(text));
    ck_assert_mem_eq(buffer, text, done);
}

/* Tests run with _i 0 (the system) and 1 (memory). */

START_TEST(what_is_written_is_read)
{
    char buffer[16];
    size_t done;
    StorageFile *file, *other;
    StorageSlice parts[200];
    begin(_i);
    file = create();
    ck_assert_int_eq(files->read_at(user_data, file, 0, buffer, 1, &done), 0);
    ck_assert_uint_eq(done, 0);
    write_text(file, 65530, "over the edge of a chunk");
    expect_text(file, 65530, "over the edge of a chunk");
    ck_assert_int_eq(files->read_at(user_data, file, 65520, buffer, 16, &done), 0);
    ck_assert_mem_eq(buffer, "\0\0\0\0\0\0\0\0\0\0over t", 16); /* a hole is zero */
    ck_assert_int_eq(files->read_at(user_data, file, 65530 + 20, buffer, 16, &done), 0);
    ck_assert_uint_eq(done, 4);      /* the end of the file */
    for (size_t i = 0; i < 200; i++) /* more parts than one system call takes, some of them empty */
        parts[i] = i % 3 == 0 ? (StorageSlice){NULL, 0} : storage_string("ab");
    ck_assert_int_eq(files->write_at(user_data, file, 1, parts, 200), 0);
    expect_text(file, 1 + 133 * 2 - 6, "ababab");
    ck_assert_int_eq(files->open_read(user_data, path, &other), 0);
    expect_text(other, 65530, "over the edge");
    parts[0] = storage_string("x");
    ck_assert_int_ne(files->write_at(user_data, other, 0, parts, 1), 0); /* it is open for reading */
    files->close(user_data, other);
    ck_assert_int_eq(files->sync(user_data, file), 0);
    ck_assert_int_eq(files->forget(user_data, file, 0, 4096), 0);
    ck_assert_int_eq(files->sync_directory(user_data, path), 0);
    files->close(user_data, file);
    end(_i);
}
END_TEST

START_TEST(a_length_is_what_it_was_made)
{
    StorageFile *file;
    begin(_i);
    file = create();
    ck_assert_int_eq(files->allocate(user_data, file, 200000), 0);
    ck_assert_uint_eq(size_of(file), 200000);
    ck_assert_int_eq(files->allocate(user_data, file, 100), 0); /* never makes it shorter */
    ck_assert_uint_eq(size_of(file), 200000);
    write_text(file, 150000, "gone");
    ck_assert_int_eq(files->truncate(user_data, file, 150002), 0);
    ck_assert_uint_eq(size_of(file), 150002);
    ck_assert_int_eq(files->allocate(user_data, file, 160000), 0);
    char buffer[8];
    size_t done;
    ck_assert_int_eq(files->read_at(user_data, file, 149998, buffer, 8, &done), 0);
    ck_assert_mem_eq(buffer, "\0\0go\0\0\0\0", 8); /* what was cut off is zero */
    ck_assert_int_eq(files->truncate(user_data, file, 0), 0);
    ck_assert_uint_eq(size_of(file), 0);
    ck_assert_int_eq(files->allocate(user_data, file, UINT64_MAX), EFBIG);
    files->close(user_data, file);
    end(_i);
}
END_TEST

START_TEST(names_are_given_once)
{
    StorageFile *file, *other;
    begin(_i);
    ck_assert_int_eq(files->open_write(user_data, path, &file), ENOENT);
    ck_assert_int_eq(files->create_unnamed(user_data, path, &file), 0);
    write_text(file, 0, "first");
    ck_assert_int_eq(files->open_read(user_data, path, &other), ENOENT);
    files->close(user_data, file); /* it never had a name: it is gone, as end() sees */
    ck_assert_int_eq(files->create_unnamed(user_data, path, &file), 0);
    write_text(file, 0, "second");
    ck_assert_int_eq(files->publish(user_data, file, path), 0);
    ck_assert_int_eq(files->open_write(user_data, path, &other), 0);
    expect_text(other, 0, "second");
    files->close(user_data, other);
    files->close(user_data, file);
    ck_assert_int_eq(files->create(user_data, path, &file), EEXIST);
    ck_assert_int_eq(files->create_unnamed(user_data, path, &file), 0);
    ck_assert_int_eq(files->publish(user_data, file, path), EEXIST);
    files->close(user_data, file);
    ck_assert_int_eq(files->open_read(user_data, path, &file), 0);
    expect_text(file, 0, "second");
    files->close(user_data, file);
    end(_i);
}
END_TEST

START_TEST(locks_are_of_open_files)
{
    StorageFile *writer, *readers[2];
    uint64_t ours[2], theirs[2];
    begin(_i);
    writer = create();
    ck_assert_int_eq(files->open_read(user_data, path, &readers[0]), 0);
    ck_assert_int_eq(files->open_read(user_data, path, &readers[1]), 0);
    ck_assert_int_eq(files->identity(user_data, writer, ours), 0);
    ck_assert_int_eq(files->identity(user_data, readers[0], theirs), 0);
    ck_assert_mem_eq(ours, theirs, sizeof(ours));
    ck_assert_int_eq(files->lock(user_data, writer, 1), 0);
    ck_assert_int_eq(files->lock(user_data, readers[0], 0), EAGAIN);
    ck_assert_int_eq(files->lock(user_data, writer, 0), 0); /* it becomes a shared one */
    ck_assert_int_eq(files->lock(user_data, readers[0], 0), 0);
    ck_assert_int_eq(files->lock(user_data, readers[1], 0), 0);
    ck_assert_int_eq(files->lock(user_data, writer, 1), EAGAIN);
    files->close(user_data, readers[0]); /* a lock ends with its file */
    ck_assert_int_eq(files->lock(user_data, writer, 1), EAGAIN);
    files->close(user_data, readers[1]);
    ck_assert_int_eq(files->lock(user_data, writer, 1), 0);
    files->close(user_data, writer);
    end(_i);
}
END_TEST

START_TEST(a_limit_of_the_process_is_an_error_and_no_signal)
{
    struct rlimit limit = {4096, 4096};
    StorageFile *file;
    begin(0);
    file = create();
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert_int_eq(files->allocate(user_data, file, 4096), 0);
    ck_assert_int_eq(files->allocate(user_data, file, 4097), EFBIG);
    files->close(user_data, file);
    end(0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("files");
    TCase *cases = tcase_create("files");
    SRunner *runner = srunner_create(suite);
    int failed_count;
    tcase_set_timeout(cases, UNIT_TIMEOUT_SECONDS);
    tcase_add_loop_test(cases, what_is_written_is_read, 0, 2);
    tcase_add_loop_test(cases, a_length_is_what_it_was_made, 0, 2);
    tcase_add_loop_test(cases, names_are_given_once, 0, 2);
    tcase_add_loop_test(cases, locks_are_of_open_files, 0, 2);
    tcase_add_test(cases, a_limit_of_the_process_is_an_error_and_no_signal);
    suite_add_tcase(suite, cases);
    srunner_run_all(runner, CK_NORMAL);
    failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
