/* test_history.c - the file of the shell's history: who may read it, how it stays small, and what stands in its way. */
#include "unit.h"

#include "terminal/history.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct Fixture {
    char directory[64];
    char *path;
    size_t line_count;
    char first[64], last[64];
} Fixture;

static void fixture_init(Fixture *self)
{
    memset(self, 0, sizeof(*self));
    (void)snprintf(self->directory, sizeof(self->directory), "/tmp/test_history_XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(self->directory));
    ck_assert_int_eq(setenv("XDG_STATE_HOME", self->directory, 1), 0);
    self->path = history_path();
    ck_assert_ptr_nonnull(self->path);
}

static void fixture_done(Fixture *self)
{
    char place[96];
    (void)snprintf(place, sizeof(place), "%s/storagectl", self->directory);
    (void)unlink(self->path);
    (void)rmdir(self->path);
    (void)chmod(place, 0700);
    ck_assert_int_eq(rmdir(place), 0); /* nothing else was left there */
    ck_assert_int_eq(rmdir(self->directory), 0);
    free(self->path);
}

static void take(void *user_data, const char *line)
{
    Fixture *self = user_data;
    if (self->line_count++ == 0)
        (void)snprintf(self->first, sizeof(self->first), "%s", line);
    (void)snprintf(self->last, sizeof(self->last), "%s", line);
}

static void load(Fixture *self)
{
    self->line_count = 0;
    history_load(self->path, take, self);
}

static off_t file_size(const Fixture *self)
{
    struct stat info;
    ck_assert_int_eq(stat(self->path, &info), 0);
    return info.st_size;
}

START_TEST(lines_come_back_in_order)
{
    Fixture fixture;
    fixture_init(&fixture);
    load(&fixture);
    ck_assert_uint_eq(fixture.line_count, 0);
    history_append(fixture.path, "set a 1");
    history_append(fixture.path, "get a");
    history_append(fixture.path, "scan");
    load(&fixture);
    ck_assert_uint_eq(fixture.line_count, 3);
    ck_assert_str_eq(fixture.first, "set a 1");
    ck_assert_str_eq(fixture.last, "scan");
    fixture_done(&fixture);
}
END_TEST

START_TEST(the_user_alone_may_read_it)
{
    Fixture fixture;
    struct stat info;
    mode_t kept = umask(0);
    fixture_init(&fixture);
    history_append(fixture.path, "set secret 1");
    ck_assert_int_eq(stat(fixture.path, &info), 0);
    ck_assert_uint_eq(info.st_mode & 0777, 0600);
    for (int i = 0; i < 3 * HISTORY_LINES_MAX; i++)
        history_append(fixture.path, "line");
    load(&fixture);
    ck_assert_int_eq(stat(fixture.path, &info), 0);
    ck_assert_uint_eq(info.st_mode & 0777, 0600);
    ck_assert_int_eq(chmod(fixture.path, 0644), 0);
    history_append(fixture.path, "line");
    ck_assert_int_eq(stat(fixture.path, &info), 0);
    ck_assert_uint_eq(info.st_mode & 0777, 0600);
    *strrchr(fixture.path, '/') = '\0';
    ck_assert_int_eq(stat(fixture.path, &info), 0);
    ck_assert_uint_eq(info.st_mode & 0777, 0700);
    fixture.path[strlen(fixture.path)] = '/';
    (void)umask(kept);
    fixture_done(&fixture);
}
END_TEST

START_TEST(it_is_cut_down_to_the_newest_lines)
{
    Fixture fixture;
    char line[64], newest[64];
    off_t size;
    fixture_init(&fixture);
    for (int i = 0; i < 2 * HISTORY_LINES_MAX + 1; i++) {
        (void)snprintf(line, sizeof(line), "line %d", i);
        history_append(fixture.path, line);
    }
    size = file_size(&fixture);
    (void)snprintf(newest, sizeof(newest), "%s", line);
    load(&fixture);
    ck_assert_uint_eq(fixture.line_count, HISTORY_LINES_MAX);
    ck_assert_str_eq(fixture.first, "line 1001");
    ck_assert_str_eq(fixture.last, newest);
    ck_assert_int_lt(file_size(&fixture), size * 2 / 3);
    size = file_size(&fixture);
    load(&fixture);
    ck_assert_uint_eq(fixture.line_count, HISTORY_LINES_MAX);
    ck_assert_str_eq(fixture.first, "line 1001");
    ck_assert_int_eq(file_size(&fixture), size);
    fixture_done(&fixture);
}
END_TEST

START_TEST(a_huge_file_and_a_huge_line_do_no_harm)
{
    Fixture fixture;
    char *huge = malloc(100000 + 1);
    FILE *file;
    fixture_init(&fixture);
    memset(huge, 'x', 100000);
    huge[100000] = '\0';
    history_append(fixture.path, huge);
    load(&fixture);
    ck_assert_uint_eq(fixture.line_count, 0);
    file = fopen(fixture.path, "w");
    ck_assert_ptr_nonnull(file);
    for (int i = 0; i < 100; i++)
        ck_assert_int_ge(fputs(huge, file), 0); /* 10 MB without an end of line */
    ck_assert_int_ge(fputs("\nthe newest\n", file), 0);
    ck_assert_int_eq(fclose(file), 0);
    load(&fixture);
    ck_assert_str_eq(fixture.last, "the newest");
    free(huge);
    fixture_done(&fixture);
}
END_TEST

START_TEST(what_is_no_file_is_left_alone)
{
    Fixture fixture;
    char byte;
    int reader;
    fixture_init(&fixture);
    ck_assert_int_eq(mkfifo(fixture.path, 0600), 0); /* and nobody waits for its other end */
    history_append(fixture.path, "line");
    load(&fixture);
    ck_assert_uint_eq(fixture.line_count, 0);
    reader = open(fixture.path, O_RDONLY | O_NONBLOCK);
    history_append(fixture.path, "line");
    ck_assert_int_eq(read(reader, &byte, 1), 0);
    (void)close(reader);
    ck_assert_int_eq(unlink(fixture.path), 0);
    ck_assert_int_eq(mkdir(fixture.path, 0700), 0);
    history_append(fixture.path, "line");
    load(&fixture);
    ck_assert_uint_eq(fixture.line_count, 0);
    fixture_done(&fixture);
}
END_TEST

START_TEST(the_place_follows_the_environment)
{
    ck_assert_int_eq(setenv("XDG_STATE_HOME", "relative", 1), 0);
    ck_assert_int_eq(setenv("HOME", "/dev/null/home", 1), 0);
    ck_assert_ptr_null(history_path()); /* its directories cannot be made */
    ck_assert_int_eq(unsetenv("HOME"), 0);
    ck_assert_ptr_null(history_path());
    ck_assert_int_eq(setenv("HOME", "/tmp", 1), 0);
    ck_assert_int_eq(setenv("XDG_STATE_HOME", "/dev/null/state", 1), 0);
    ck_assert_ptr_null(history_path());
}
END_TEST

UNIT_MAIN("history", lines_come_back_in_order, the_user_alone_may_read_it, it_is_cut_down_to_the_newest_lines,
          a_huge_file_and_a_huge_line_do_no_harm, what_is_no_file_is_left_alone, the_place_follows_the_environment)
