/* test_status.c - the numbers, names, texts and transience of every status. */
#include "unit.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "storage/version.h"

/* Written out again, because numbers are never changed or reused: the list in the header may only grow. */
static const struct {
    const char *name;
    StorageStatus number;
    int is_transient;
} published[] = {
    {"OK", 0, 0},
    {"NOT_FOUND", 1, 0},
    {"END", 2, 0},
    {"CONFLICT", -1, 0},
    {"SERIALIZATION", -2, 1},
    {"INVALID_ARGUMENT", -3, 0},
    {"UNSUPPORTED", -4, 0},
    {"SIZE_LIMIT_EXCEEDED", -5, 0},
    {"RANGE_LIMIT_EXCEEDED", -6, 0},
    {"RATE_LIMITED", -7, 1},
    {"TIMEOUT", -8, 1},
    {"CANCELLED", -9, 0},
    {"CONNECTION", -10, 1},
    {"CIRCUIT_OPEN", -11, 1},
    {"CAS_RETRIES_EXHAUSTED", -12, 0},
    {"IDEMPOTENCY_KEY_REUSED", -13, 0},
    {"INDETERMINATE", -14, 0},
    {"CORRUPT", -15, 0},
    {"INCOMPATIBLE", -16, 0},
    {"ACCESS_DENIED", -17, 0},
    {"IO", -18, 0},
    {"NO_SPACE", -19, 0},
    {"NO_MEMORY", -20, 1},
    {"BUSY", -21, 1},
    {"READ_ONLY", -22, 0},
    {"COMPACTED", -23, 0},
    {"SNAPSHOT_TOO_OLD", -24, 1},
    {"SHUTTING_DOWN", -25, 0},
    {"CONFIG", -26, 0},
    {"INTERNAL", -27, 0},
};

static const StorageStatus listed[] = {
#define STATUS_NUMBER(name, number, transient, text) (number),
    STORAGE_STATUS_LIST(STATUS_NUMBER)
#undef STATUS_NUMBER
};

enum { PUBLISHED_COUNT = sizeof(published) / sizeof(published[0]), LISTED_COUNT = sizeof(listed) / sizeof(listed[0]) };

START_TEST(published_numbers_and_names_never_change)
{
    for (size_t index = 0; index < PUBLISHED_COUNT; index++)
        ck_assert_str_eq(storage_status_name(published[index].number), published[index].name);
}
END_TEST

START_TEST(every_listed_status_is_published)
{
    ck_assert_uint_eq(LISTED_COUNT, PUBLISHED_COUNT);
    for (size_t index = 0; index < LISTED_COUNT; index++)
        ck_assert_int_eq(listed[index], published[index].number);
}
END_TEST

START_TEST(no_number_is_used_twice)
{
    for (size_t index = 0; index < LISTED_COUNT; index++)
        for (size_t other = index + 1; other < LISTED_COUNT; other++)
            ck_assert_int_ne(listed[index], listed[other]);
}
END_TEST

START_TEST(only_not_found_and_end_are_positive)
{
    for (size_t index = 0; index < LISTED_COUNT; index++) {
        if (listed[index] > 0)
            ck_assert(listed[index] == STORAGE_NOT_FOUND || listed[index] == STORAGE_END);
    }
}
END_TEST

START_TEST(transience_is_as_published)
{
    for (size_t index = 0; index < PUBLISHED_COUNT; index++)
        ck_assert_msg(storage_status_is_transient(published[index].number) == published[index].is_transient,
                      "%s is transient or not, against what was published", published[index].name);
}
END_TEST

START_TEST(every_text_is_one_plain_line)
{
    for (size_t index = 0; index < LISTED_COUNT; index++) {
        const char *text = storage_status_text(listed[index]);
        ck_assert_uint_gt(strlen(text), 0);
        for (const char *each = text; *each != '\0'; each++)
            ck_assert(isprint((unsigned char)*each));
    }
}
END_TEST

START_TEST(no_two_statuses_share_a_text)
{
    for (size_t index = 0; index < LISTED_COUNT; index++)
        for (size_t other = index + 1; other < LISTED_COUNT; other++)
            ck_assert_str_ne(storage_status_text(listed[index]), storage_status_text(listed[other]));
}
END_TEST

START_TEST(an_unknown_number_has_a_name_and_a_text)
{
    const StorageStatus unknown[] = {3, -28, 1000, INT32_MIN, INT32_MAX};
    for (size_t index = 0; index < sizeof(unknown) / sizeof(unknown[0]); index++) {
        ck_assert_str_eq(storage_status_name(unknown[index]), "UNKNOWN");
        ck_assert_uint_gt(strlen(storage_status_text(unknown[index])), 0);
        ck_assert_int_eq(storage_status_is_transient(unknown[index]), 0);
    }
}
END_TEST

START_TEST(the_running_version_is_that_of_the_headers)
{
    char text[32];
    (void)snprintf(text, sizeof(text), "%d.%d.%d", STORAGE_VERSION_MAJOR, STORAGE_VERSION_MINOR, STORAGE_VERSION_PATCH);
    ck_assert_str_eq(storage_version(), text);
    ck_assert_str_eq(storage_version(), STORAGE_VERSION_STRING);
}
END_TEST

UNIT_MAIN("status", published_numbers_and_names_never_change, every_listed_status_is_published, no_number_is_used_twice,
          only_not_found_and_end_are_positive, transience_is_as_published, every_text_is_one_plain_line,
          no_two_statuses_share_a_text, an_unknown_number_has_a_name_and_a_text,
          the_running_version_is_that_of_the_headers)
