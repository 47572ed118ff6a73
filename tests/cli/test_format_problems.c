/*
 * test_format_problems.c - records that are none: which line, what is said, and what is read behind it; and what is no
 * problem though it looks like one.
 */
#include "unit.h"

#include "format_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

typedef struct Problem {
    const char *text;
    size_t size; /* 0: to its zero byte */
    RecordFormat format;
    RecordOutcome outcome;
    uint64_t line_no;
    const char *problem;
} Problem;

#define BYTES(text) (text), sizeof(text) - 1
#define BAD RECORD_BAD
#define BROKEN RECORD_BROKEN
#define HEADER "VERSION=3\nHEADER=END\n"
#define PRINT "VERSION=3\nformat=print\nHEADER=END\n"
#define ESCAPES "there are \\t \\n \\r \\xHH, and \\\\ for a backslash"
#define NO_OBJECT "not a JSON object; a line is {\"key\":\"...\",\"value\":\"...\"}"
#define BASE64 "is not base64; write A to Z, a to z, 0 to 9, + and /, with = at the end up to a multiple of four"

/* Each: the first record that is none. Lines of text in front of it are records. */
static const Problem problems[] = {
    /* tsv */
    {"a\n", 0, RECORD_TSV, BAD, 1, "no tab; a line is the key, a tab, the value"},
    {"a\t1\n\nb\t2\n", 0, RECORD_TSV, BAD, 2, "no tab; a line is the key, a tab, the value"},
    {"a\t1\t2\n", 0, RECORD_TSV, BAD, 1, "a second tab; write \\t for a tab in a key or a value"},
    {"a\t\\q\n", 0, RECORD_TSV, BAD, 1, "unknown escape \\q; " ESCAPES},
    {"a\\0\t\n", 0, RECORD_TSV, BAD, 1, "unknown escape \\0; " ESCAPES},
    {"a\tb\\\n", 0, RECORD_TSV, BAD, 1, "unknown escape \\; " ESCAPES},
    {"a\tb\\x4\n", 0, RECORD_TSV, BAD, 1, "unknown escape \\x4; " ESCAPES},
    {"a\tb\\xg0c\n", 0, RECORD_TSV, BAD, 1, "unknown escape \\xg0; " ESCAPES},
    {BYTES("a\tb\\\0"), RECORD_TSV, BAD, 1, "unknown escape \\?; " ESCAPES},
    /* jsonl: the text */
    {"{\"key\":\"a\",\"value\":\"1\"}\n\n{}\n", 0, RECORD_JSONL, BAD, 3, "\"key\" is missing"},
    {"x\n", 0, RECORD_JSONL, BAD, 1, "not valid JSON at byte 1"},
    {"{\"key\":\"a\",\"value\":\"1\"", 0, RECORD_JSONL, BAD, 1, "not valid JSON at byte 22"},
    {"[1]\n", 0, RECORD_JSONL, BAD, 1, NO_OBJECT},
    {"\"a\"\n", 0, RECORD_JSONL, BAD, 1, NO_OBJECT},
    {"{\"key\":\"a\",\"value\":\"1\"} {\"key\":\"b\"}", 0, RECORD_JSONL, BAD, 1,
     "more text behind the object, from byte 24 on; a line holds one record"},
    {"{\"key\":\"a\",\"value\":\"1\"},\n", 0, RECORD_JSONL, BAD, 1,
     "more text behind the object, from byte 24 on; a line holds one record"},
    {"{\"key\":\"\xff\",\"value\":\"1\"}", 0, RECORD_JSONL, BAD, 1,
     "byte 9 is not UTF-8; give bytes that are no text as value_base64 or key_base64"},
    {"{\"key\":\"\xed\xa0\x80\",\"value\":\"1\"}", 0, RECORD_JSONL, BAD, 1,
     "byte 9 is not UTF-8; give bytes that are no text as value_base64 or key_base64"},
    {BYTES("{\"key\":\"a\",\"value\":\"1\0002\"}"), RECORD_JSONL, BAD, 1,
     "byte 22 is a zero byte; give bytes that are no text as value_base64 or key_base64"},
    {"{\"key\":\"a\",\"value\":\"\x01\"}", 0, RECORD_JSONL, BAD, 1,
     "byte 21 is a control character (0x01); write it as \\u0001, or the value as value_base64"},
    {"{\"key\":\"a\\u0000b\",\"value\":\"1\"}", 0, RECORD_JSONL, BAD, 1,
     "\\u0000 in a string, which many programs take for its end; give the bytes as value_base64 or key_base64"},
    {"{\"key\":\"a\",\"value\":\"\\\\\\u0000\"}", 0, RECORD_JSONL, BAD, 1,
     "\\u0000 in a string, which many programs take for its end; give the bytes as value_base64 or key_base64"},
    {"{\"key\":\"a\",\"value\":\"\\ud800\"}", 0, RECORD_JSONL, BAD, 1, "not valid JSON at byte 21"},
    /* jsonl: the members */
    {"{\"value\":\"1\"}", 0, RECORD_JSONL, BAD, 1, "\"key\" is missing"},
    {"{\"key\":\"a\"}", 0, RECORD_JSONL, BAD, 1, "\"value\" is missing"},
    {"{\"key\":\"a\",\"key\":\"b\",\"value\":\"1\"}", 0, RECORD_JSONL, BAD, 1, "\"key\" is given twice"},
    {"{\"key\":\"a\",\"k\\u0065y\":\"b\",\"value\":\"1\"}", 0, RECORD_JSONL, BAD, 1, "\"key\" is given twice"},
    {"{\"key\":\"a\",\"key_base64\":\"YQ==\",\"value\":\"1\"}", 0, RECORD_JSONL, BAD, 1,
     "both \"key\" and \"key_base64\"; give one of them"},
    {"{\"key\":\"a\",\"value_base64\":\"YQ==\",\"value\":\"1\"}", 0, RECORD_JSONL, BAD, 1,
     "both \"value\" and \"value_base64\"; give one of them"},
    {"{\"key\":1,\"value\":\"1\"}", 0, RECORD_JSONL, BAD, 1, "\"key\" must be a string"},
    {"{\"key\":\"a\",\"value\":null}", 0, RECORD_JSONL, BAD, 1, "\"value\" must be a string"},
    {"{\"key\":\"a\",\"value\":\"1\",\"expires_at\":5}", 0, RECORD_JSONL, BAD, 1, "\"expires_at\" must be a string"},
    {"{\"key\":\"a\",\"value\":\"1\",\"revision\":\"5\"}", 0, RECORD_JSONL, BAD, 1, "\"revision\" must be a number"},
    {"{\"Key\":\"a\",\"value\":\"1\"}", 0, RECORD_JSONL, BAD, 1, "unknown member \"Key\"; did you mean \"key\"?"},
    {"{\"key\":\"a\",\"value\":\"1\",\"expire\":\"x\"}", 0, RECORD_JSONL, BAD, 1,
     "unknown member \"expire\"; did you mean \"expires_at\"?"},
    {"{\"key\":\"a\",\"value\":\"1\",\"x\xc3\xa4\":\"x\"}", 0, RECORD_JSONL, BAD, 1,
     "unknown member \"x??\"; there are key, value, expires_at, ttl, and key_base64 and value_base64"},
    {"{\"key\":\"a\",\"value_base64\":\"YQ=\"}", 0, RECORD_JSONL, BAD, 1, "\"value_base64\" " BASE64},
    {"{\"key\":\"a\",\"value_base64\":\"Y Q==\"}", 0, RECORD_JSONL, BAD, 1, "\"value_base64\" " BASE64},
    {"{\"key\":\"a\",\"value_base64\":\"YQ==\\n\\n\\n\\n\"}", 0, RECORD_JSONL, BAD, 1, "\"value_base64\" " BASE64},
    {"{\"key\":\"a\",\"value_base64\":\"YR==\"}", 0, RECORD_JSONL, BAD, 1, "\"value_base64\" " BASE64},
    {"{\"key_base64\":\"-_-_\",\"value\":\"1\"}", 0, RECORD_JSONL, BAD, 1, "\"key_base64\" " BASE64},
    {"{\"key\":\"a\",\"value\":\"1\",\"ttl\":\"5\"}", 0, RECORD_JSONL, BAD, 1, "ttl: \"5\" "},
    {"{\"key\":\"a\",\"value\":\"1\",\"ttl\":\"\"}", 0, RECORD_JSONL, BAD, 1, "ttl: \"\" "},
    {"{\"key\":\"a\",\"value\":\"1\",\"expires_at\":\"soon\"}", 0, RECORD_JSONL, BAD, 1,
     "expires_at: \"soon\" is not a time; write RFC 3339 with an offset, such as 2026-11-20T14:37:31.25Z"},
    {"{\"key\":\"a\",\"value\":\"1\",\"ttl\":\"5s\",\"expires_at\":\"2026-11-20T14:37:31Z\"}", 0, RECORD_JSONL, BAD, 1,
     "both \"expires_at\" and \"ttl\"; give one of them"},
    /* dump: the header */
    {"VERSION=2\nHEADER=END\n", 0, RECORD_GUESS, BROKEN, 1, "a dump begins with VERSION=3, not with \"VERSION=2\""},
    {"a\tb\n", 0, RECORD_DUMP, BROKEN, 1, "a dump begins with VERSION=3, not with \"a?b\""},
    {"VERSION=3\n 61\n", 0, RECORD_GUESS, BROKEN, 2,
     "\" 61\" in the header of a dump, whose lines are NAME=TEXT, the last HEADER=END"},
    {"VERSION=3\nformat=xml\n", 0, RECORD_GUESS, BROKEN, 2,
     "a dump in the format \"xml\"; there are print and bytevalue"},
    {"VERSION=3\ntype=heap\nHEADER=END\n", 0, RECORD_GUESS, BROKEN, 3,
     "a dump of type \"heap\"; there are btree, hash, and recno and queue with keys"},
    {"VERSION=3\ntype=recno\nHEADER=END\n", 0, RECORD_GUESS, BROKEN, 3,
     "a dump of type recno without keys; dump it again with db_dump -k"},
    {"VERSION=3\ntype=queue\nkeys=0\nHEADER=END\n", 0, RECORD_GUESS, BROKEN, 4,
     "a dump of type queue without keys; dump it again with db_dump -k"},
    {"VERSION=3\nkeys=0\nHEADER=END\n", 0, RECORD_GUESS, BROKEN, 3,
     "a dump without keys (keys=0); dump it again with its keys"},
    {"VERSION=3\ntype=btree\n", 0, RECORD_GUESS, BROKEN, 2, "the dump ends without HEADER=END: it was cut off"},
    /* dump: the data */
    {HEADER " 61\n 31\n", 0, RECORD_GUESS, BROKEN, 4, "the dump ends without DATA=END: it was cut off"},
    {HEADER " 61\n 31\n 62\nDATA=END\n", 0, RECORD_GUESS, BROKEN, 6, "the dump ends with a key that has no value"},
    {HEADER "61\n", 0, RECORD_GUESS, BROKEN, 3,
     "\"61\" in a dump, whose lines of data begin with a space, the last is DATA=END"},
    {HEADER " 6\n 31\n", 0, RECORD_GUESS, BAD, 3, "an odd number of hexadecimal digits; the line was cut off"},
    {HEADER " 61\n 3g\n", 0, RECORD_GUESS, BAD, 4,
     "not hexadecimal; a line of a bytevalue dump is a space and two digits a byte"},
    {PRINT " a\n b\\4\n", 0, RECORD_GUESS, BAD, 5,
     "a backslash without two digits; mdb_dump -p does not escape backslashes: dump it again without -p"},
    {HEADER " 61\n 31\n 61\n 32\n", 0, RECORD_GUESS, BAD, 5,
     "the key of the record before it; the dump is of a database with duplicates, and a store keeps one value a key"},
    {HEADER " \n 31\n \n 32\n", 0, RECORD_GUESS, BAD, 5,
     "the key of the record before it; the dump is of a database with duplicates, and a store keeps one value a key"},
    {HEADER " 61\n 31\nDATA=END\nVERSION=3\n", 0, RECORD_GUESS, BROKEN, 6,
     "a second database begins here; import one at a time: mdb_dump -s NAME or db_dump -s NAME dumps a single one"},
    {HEADER "DATA=END\n 61\n", 0, RECORD_GUESS, BROKEN, 4, "more text after DATA=END, which ends a dump"},
};

START_TEST(what_is_wrong_is_said_with_its_line)
{
    const Problem *expected = &problems[_i];
    size_t size = expected->size > 0 ? expected->size : strlen(expected->text);
    RecordReader reader;
    Record record;
    RecordOutcome outcome;
    ck_assert_int_eq(record_reader_init_memory(&reader, expected->format, storage_bytes(expected->text, size)), 1);
    while ((outcome = record_reader_next(&reader, -1, &record)) == RECORD_READ)
        continue;
    unit_assert(outcome == expected->outcome && reader.line_no == expected->line_no &&
                    strncmp(reader.problem, expected->problem, strlen(expected->problem)) == 0,
                "outcome %d, line %" PRIu64 ": %s\ninstead of %d, line %" PRIu64 ": %s", (int)outcome, reader.line_no,
                reader.problem, (int)expected->outcome, expected->line_no, expected->problem);
    record_reader_done(&reader);
}
END_TEST

/* ---- what comes behind a bad record ---- */

static void check_outcomes(RecordFormat format, const char *text, const char *expected)
{
    static const char letters[] = {
        [RECORD_READ] = 'r',   [RECORD_END] = 'e',       [RECORD_WAITING] = 'w', [RECORD_BAD] = 'b',
        [RECORD_BROKEN] = 'x', [RECORD_NO_MEMORY] = 'm', [RECORD_IO_ERROR] = 'i'};
    char found[32] = "";
    RecordReader reader;
    RecordOutcome outcome;
    Record record;
    ck_assert_int_eq(record_reader_init_memory(&reader, format, storage_string(text)), 1);
    do {
        outcome = record_reader_next(&reader, -1, &record);
        found[strlen(found)] = letters[outcome];
    } while (outcome != RECORD_END && outcome != RECORD_BROKEN && strlen(found) + 1 < sizeof(found));
    ck_assert_str_eq(found, expected);
    record_reader_done(&reader);
}

START_TEST(records_behind_a_bad_one_are_read)
{
    check_outcomes(RECORD_TSV, "a\t1\nb\nc\t3\nd\t\\q\ne\t5", "rbrbre");
    check_outcomes(RECORD_GUESS, "{\"key\":\"a\",\"value\":\"1\"}\n{\n{\"key\":\"b\",\"value\":\"2\"}\n", "rbre");
    check_outcomes(RECORD_GUESS, HEADER " 6\n 31\n 62\n 3\n 63\n 33\nDATA=END\n", "bbre");
    /* A record of three with one key: the first one counts. */
    check_outcomes(RECORD_GUESS, HEADER " 61\n 31\n 61\n 32\n 61\n 33\n 62\n 31\nDATA=END\n", "rbbre");
}
END_TEST

/* ---- what is no problem ---- */

static void check_one(RecordFormat format, const char *text, const char *key, const char *value)
{
    StorageEntry entry = format_entry(storage_string(key), storage_string(value));
    format_check(format, storage_string(text), &entry, 1, 0);
}

START_TEST(what_is_unusual_is_read)
{
    check_one(RECORD_GUESS, "{ \"value\" : \"1\" ,\t\"key\" : \"a\" } \t\r\n\r\n\n", "a", "1");
    check_one(RECORD_GUESS, "\xef\xbb\xbf{\"key\":\"a\",\"value\":\"1\"}\r\n", "a", "1");
    check_one(RECORD_GUESS, "{\"key\":\"\\ud83d\\ude00\\/\",\"value\":\"\\\\u0000\"}", "\xf0\x9f\x98\x80/", "\\u0000");
    check_one(RECORD_GUESS, "{\"key\":\"\",\"value\":\"\",\"revision\":18446744073709551615}", "", "");
    check_one(RECORD_GUESS, "{\"key_base64\":\"\",\"value_base64\":\"YQ==\"}", "", "a");
    check_one(RECORD_TSV, "{\"a\"}\t1", "{\"a\"}", "1");
    check_one(RECORD_TSV, "a\t\\x4a\\x4A\xff\x01\r\n", "a", "JJ\xff\x01");
    check_one(RECORD_GUESS, "\t", "", "");
    check_one(RECORD_GUESS, "VERSION=3\t1", "VERSION=3", "1");
    check_one(RECORD_GUESS, "\xef\xbb\xbfVERSION=3\r\nHEADER=END\r\n 61\r\n 4a4B\r\nDATA=END\r\n\r\n", "a", "JK");
    check_one(RECORD_GUESS, PRINT " \\61\\5C\\\\\n \\\\\\\\\nDATA=END", "a\\\\", "\\\\");
    /* The order of the lines does not matter, nor do lines about how the other store was built. */
    check_one(RECORD_GUESS,
              "VERSION=3\ntype=recno\nkeys=1\nre_pad=0x20\nformat=print\ndatabase=one=two\nmapsize=1048576\n"
              "duplicates=1\nHEADER=END\n 1\n a\nDATA=END\n",
              "1", "a");
    check_one(RECORD_GUESS, "VERSION=3\ntype=hash\nHEADER=END\n 31\n 61\nDATA=END\n", "1", "a");
}
END_TEST

START_TEST(a_time_to_live_counts_from_the_write)
{
    RecordReader reader;
    Record record;
    StorageSlice text = storage_string("{\"key\":\"a\",\"value\":\"1\",\"ttl\":\"1m30s\"}");
    ck_assert_int_eq(record_reader_init_memory(&reader, RECORD_GUESS, text), 1);
    ck_assert_int_eq(record_reader_next(&reader, -1, &record), RECORD_READ);
    ck_assert_int_eq(record.expiry.kind, STORAGE_EXPIRY_AFTER);
    ck_assert_int_eq(record.expiry.ns, INT64_C(90000000000));
    record_reader_done(&reader);
}
END_TEST

/* Whether a dump leaves a doubt. */
static int has_doubt(const char *text)
{
    RecordReader reader;
    Record record;
    int doubt;
    ck_assert_int_eq(record_reader_init_memory(&reader, RECORD_GUESS, storage_string(text)), 1);
    while (record_reader_next(&reader, -1, &record) == RECORD_READ)
        continue;
    doubt = record_reader_doubt(&reader) != NULL;
    record_reader_done(&reader);
    return doubt;
}

START_TEST(a_printed_dump_of_lmdb_with_backslashes_is_doubtful)
{
    ck_assert(has_doubt("VERSION=3\nformat=print\nmaxreaders=126\nHEADER=END\n a\n \\09\nDATA=END\n"));
    ck_assert(!has_doubt("VERSION=3\nformat=print\nmaxreaders=126\nHEADER=END\n a\n 1\nDATA=END\n"));
    ck_assert(!has_doubt("VERSION=3\nformat=print\nHEADER=END\n a\n \\09\nDATA=END\n"));
    ck_assert(!has_doubt("VERSION=3\nformat=bytevalue\nmaxreaders=126\nHEADER=END\n 61\n 09\nDATA=END\n"));
}
END_TEST

/* ---- input that comes slowly, is too long, or fails ---- */

START_TEST(input_may_come_byte_by_byte)
{
    static const char text[] = "VERSION=3\nHEADER=END\n 61\n 31\nDATA=END\n";
    RecordReader reader;
    Record record;
    size_t read_count = 0, waiting_count = 0;
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    record_reader_init(&reader, RECORD_GUESS, ends[0]);
    for (size_t i = 0; i < sizeof(text) - 1; i++) {
        RecordOutcome outcome;
        ck_assert_int_eq(write(ends[1], text + i, 1), 1);
        outcome = record_reader_next(&reader, 0, &record);
        read_count += outcome == RECORD_READ;
        waiting_count += outcome == RECORD_WAITING;
    }
    ck_assert_uint_eq(read_count, 1);
    ck_assert_uint_eq(waiting_count, sizeof(text) - 2);
    (void)close(ends[1]);
    ck_assert_int_eq(record_reader_next(&reader, 0, &record), RECORD_END);
    record_reader_done(&reader);
    (void)close(ends[0]);
}
END_TEST

START_TEST(waiting_ends_when_it_is_told_to)
{
    RecordReader reader;
    Record record;
    int input[2], wake[2];
    ck_assert_int_eq(pipe(input), 0);
    ck_assert_int_eq(pipe(wake), 0);
    record_reader_init(&reader, RECORD_GUESS, input[0]);
    reader.lines.wake_fd = wake[0];
    ck_assert_int_eq(write(wake[1], "", 1), 1);
    ck_assert_int_eq(record_reader_next(&reader, -1, &record), RECORD_WAITING);
    record_reader_done(&reader);
}
END_TEST

START_TEST(an_input_that_cannot_be_read_is_an_error)
{
    RecordReader reader;
    Record record;
    int fd = open(".", O_RDONLY | O_DIRECTORY);
    record_reader_init(&reader, RECORD_GUESS, fd);
    ck_assert_int_eq(record_reader_next(&reader, -1, &record), RECORD_IO_ERROR);
    ck_assert_int_eq(reader.lines.error, EISDIR);
    record_reader_done(&reader);
    (void)close(fd);
}
END_TEST

/* Reads lines of at most four bytes from memory (`is_pipe` 0) or from a pipe. */
static void check_long_lines(int is_pipe)
{
    static const char text[] = "1234\n12345\n\nabc\n1234567890";
    static const LineOutcome expected[] = {LINE_READ, LINE_TOO_LONG, LINE_READ, LINE_READ, LINE_TOO_LONG, LINE_END};
    LineReader reader;
    char *line;
    size_t size;
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(write(ends[1], text, sizeof(text) - 1), sizeof(text) - 1);
    (void)close(ends[1]);
    if (is_pipe)
        line_reader_init(&reader, ends[0], 4);
    else
        ck_assert_int_eq(line_reader_init_memory(&reader, text, sizeof(text) - 1, 4), 1);
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        LineOutcome outcome = line_reader_next(&reader, -1, &line, &size);
        unit_assert(outcome == expected[i], "line %zu: outcome %d", i + 1, (int)outcome);
        ck_assert_uint_eq(reader.line_no, i < 5 ? i + 1 : 5);
    }
    line_reader_done(&reader);
    (void)close(ends[0]);
}

START_TEST(a_line_that_is_too_long_is_passed_over)
{
    check_long_lines(0);
    check_long_lines(1);
}
END_TEST

START_TEST(a_line_far_too_long_takes_little_memory)
{
    enum { LIMIT = 1 << 16, LINE_SIZE = 1 << 24 };
    FILE *file = tmpfile();
    LineReader reader;
    char *line;
    size_t size;
    for (int i = 0; i < LINE_SIZE; i++)
        (void)putc_unlocked('x', file);
    (void)fputs("\nshort\n", file);
    rewind(file);
    line_reader_init(&reader, fileno(file), LIMIT);
    ck_assert_int_eq(line_reader_next(&reader, -1, &line, &size), LINE_TOO_LONG);
    ck_assert_uint_le(reader.capacity, LINE_SIZE / 8);
    ck_assert_int_eq(line_reader_next(&reader, -1, &line, &size), LINE_READ);
    ck_assert_str_eq(line, "short");
    line_reader_done(&reader);
    (void)fclose(file);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("format problems");
    Suite *suite = suite_create("format problems");
    SRunner *runner;
    int failed_count;
    tcase_set_timeout(cases, UNIT_TIMEOUT_SECONDS);
    tcase_add_loop_test(cases, what_is_wrong_is_said_with_its_line, 0, sizeof(problems) / sizeof(problems[0]));
    tcase_add_test(cases, records_behind_a_bad_one_are_read);
    tcase_add_test(cases, what_is_unusual_is_read);
    tcase_add_test(cases, a_time_to_live_counts_from_the_write);
    tcase_add_test(cases, a_printed_dump_of_lmdb_with_backslashes_is_doubtful);
    tcase_add_test(cases, input_may_come_byte_by_byte);
    tcase_add_test(cases, waiting_ends_when_it_is_told_to);
    tcase_add_test(cases, an_input_that_cannot_be_read_is_an_error);
    tcase_add_test(cases, a_line_that_is_too_long_is_passed_over);
    tcase_add_test(cases, a_line_far_too_long_takes_little_memory);
    suite_add_tcase(suite, cases);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
