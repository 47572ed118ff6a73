/*
 * test_formats.c - records as text: every byte comes back in every format, and what is written is what was promised.
 */
#include "unit.h"

#include "format_fixture.h"
#include "json.h"

#include <storage_testutil/generate.h>

#include <errno.h>
#include <string.h>

#define ENTRY_COUNT_MAX 64

static void check_text(const RecordWriter *like, const StorageEntry *entries, size_t entry_count, const char *expected)
{
    StorageSlice text = format_write(like, entries, entry_count);
    unit_assert(storage_slice_compare(text, storage_string(expected)) == 0, "written: %.*s", (int)text.size,
                (const char *)text.data);
    free((void *)(uintptr_t)text.data);
}

START_TEST(no_record_is_an_empty_file)
{
    format_check_round_trips(NULL, 0);
    check_text(&(RecordWriter){.format = RECORD_JSONL}, NULL, 0, "");
    check_text(&(RecordWriter){.format = RECORD_TSV}, NULL, 0, "");
    format_check(RECORD_GUESS, storage_string(""), NULL, 0, 0);
}
END_TEST

START_TEST(every_byte_comes_back_from_every_place)
{
    unsigned char bytes[3] = {'a', 0, 'b'};
    StorageEntry entries[6];
    for (int byte = 0; byte < 256; byte++) {
        bytes[1] = (unsigned char)byte;
        entries[0] = format_entry(storage_bytes(bytes + 1, 1), storage_bytes(bytes + 1, 1));
        entries[1] = format_entry(storage_bytes(bytes + 1, 2), storage_bytes(bytes + 1, 2));
        entries[2] = format_entry(storage_bytes(bytes, 2), storage_bytes(bytes, 2));
        entries[3] = format_entry(storage_bytes(bytes, 3), storage_bytes(bytes, 3));
        entries[4] = format_entry(storage_bytes(bytes, 1), storage_bytes(bytes, 0));
        entries[5] = format_entry(storage_bytes(bytes, 0), storage_bytes(bytes, 1));
        format_check_round_trips(entries, 6);
    }
}
END_TEST

START_TEST(starts_that_look_like_another_format_come_back)
{
    static const char *const starts[] = {"{",
                                         "{\"key\":\"a\",\"value\":\"b\"}",
                                         "VERSION=3",
                                         "VERSION=3\n",
                                         "\xef\xbb\xbf",
                                         "\xef\xbb\xbf{",
                                         "\xef",
                                         " ",
                                         "DATA=END",
                                         "HEADER=END",
                                         "#",
                                         "\\x"};
    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
        StorageEntry entry = format_entry(storage_string(starts[i]), storage_string(starts[i]));
        format_check_round_trips(&entry, 1);
    }
}
END_TEST

static const int64_t times[] = {INT64_MIN, -1, 0, 1, 1795185451250000000, STORAGE_NEVER - 1, STORAGE_NEVER};

START_TEST(expiries_come_back)
{
    StorageEntry entry = format_entry(storage_string("a"), storage_string("1"));
    entry.expires_at_ns = times[_i];
    format_check_round_trips(&entry, 1);
}
END_TEST

START_TEST(a_format_without_expiry_counts_what_it_lost)
{
    static const uint64_t lost[] = {[RECORD_JSONL] = 0, [RECORD_TSV] = 1, [RECORD_DUMP] = 1};
    StorageEntry entries[2] = {format_entry(storage_string("a"), storage_string("1")),
                               format_entry(storage_string("b"), storage_string("2"))};
    entries[1].expires_at_ns = 1;
    for (size_t format = 0; format < 3; format++) {
        RecordWriter writer = {.stream = fopen("/dev/null", "w"), .format = (RecordFormat)format};
        ck_assert_int_eq(record_writer_next(&writer, &entries[0]), 0);
        ck_assert_int_eq(record_writer_next(&writer, &entries[1]), 0);
        ck_assert_uint_eq(writer.lost_expiry_count, lost[format]);
        (void)fclose(writer.stream);
    }
}
END_TEST

START_TEST(text_is_written_as_promised)
{
    StorageEntry entries[3] = {format_entry(storage_bytes("\0\xff", 2), storage_string("\x01")),
                               format_entry(storage_string("a\tb"), storage_string("\"\\\n\r\xc3\xa4\x7f")),
                               format_entry(storage_string("c"), storage_string(""))};
    entries[1].expires_at_ns = 1795185451250000000;
    check_text(&(RecordWriter){.format = RECORD_JSONL}, entries, 3,
               "{\"key_base64\":\"AP8=\",\"value\":\"\\u0001\"}\n"
               "{\"key\":\"a\\tb\",\"value\":\"\\\"\\\\\\n\\r\xc3\xa4\\u007f\","
               "\"expires_at\":\"2026-11-20T14:37:31.250000000Z\"}\n"
               "{\"key\":\"c\",\"value\":\"\"}\n");
    check_text(&(RecordWriter){.format = RECORD_TSV}, entries, 3,
               "\\x00\\xFF\t\\x01\na\\tb\t\"\\\\\\n\\r\xc3\xa4\\x7F\nc\t\n");
    check_text(&(RecordWriter){.format = RECORD_DUMP}, entries, 3,
               "VERSION=3\nformat=bytevalue\ntype=btree\nHEADER=END\n"
               " 00ff\n 01\n 610962\n 225c0a0dc3a47f\n 63\n \nDATA=END\n");
    check_text(&(RecordWriter){.format = RECORD_DUMP, .flags = RECORD_DUMP_PRINT, .dump_map_size = 4096}, entries, 3,
               "VERSION=3\nformat=print\ntype=btree\nmapsize=4096\nHEADER=END\n"
               " \\00\\ff\n \\01\n a\\09b\n \"\\5c\\0a\\0d\\c3\\a4\\7f\n c\n \nDATA=END\n");
    check_text(&(RecordWriter){.format = RECORD_JSONL, .flags = RECORD_KEYS_ONLY | RECORD_REVISIONS}, entries + 2, 1,
               "{\"key\":\"c\",\"revision\":7}\n");
    check_text(&(RecordWriter){.format = RECORD_TSV, .flags = RECORD_KEYS_ONLY}, entries + 2, 1, "c\n");
}
END_TEST

START_TEST(what_would_be_mostly_escapes_is_base64)
{
    StorageEntry entry =
        format_entry(storage_string("a"), storage_string("\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n"
                                                         "\n\n\n\n\n\n"));
    check_text(&(RecordWriter){.format = RECORD_JSONL}, &entry, 1,
               "{\"key\":\"a\",\"value_base64\":\"CgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoK\"}\n");
}
END_TEST

START_TEST(json_is_valid_whatever_it_is_made_of)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    json_string(stream, storage_bytes("a\0b\xff\xc3\xa4\xc2\x85\xf0\x9f\x98", 11));
    json_time(stream, "never", STORAGE_NEVER);
    json_time(stream, "then", 1);
    ck_assert_int_eq(fclose(stream), 0);
    ck_assert_str_eq(text, "\"a\\u0000b\xef\xbf\xbd\xc3\xa4\\u0085\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""
                           "\"never\":null\"then\":\"1970-01-01T00:00:00.000000001Z\"");
    free(text);
}
END_TEST

START_TEST(no_control_character_gets_out)
{
    unsigned char bytes[2 * 256];
    StorageEntry entry;
    for (int byte = 0; byte < 256; byte++) { /* each as a byte, and as a character in UTF-8 */
        bytes[2 * byte] = (unsigned char)(byte < 0x80 ? 'x' : byte < 0xc0 ? 0xc2 : 0xc3);
        bytes[2 * byte + 1] = (unsigned char)(byte < 0x80 ? byte : 0x80 | (byte & 0x3f));
    }
    entry = format_entry(storage_string("a"), storage_bytes(bytes + 2, sizeof(bytes) - 2)); /* without the zero byte */
    for (size_t format = 0; format < 3; format++) {
        StorageSlice text = format_write(&(RecordWriter){.format = (RecordFormat)format}, &entry, 1);
        const unsigned char *data = text.data;
        for (size_t i = 0; i < text.size; i++) {
            int is_wanted = data[i] == '\n' || (data[i] == '\t' && format == RECORD_TSV);
            unit_assert(is_wanted || (data[i] >= 0x20 && data[i] != 0x7f), "format %zu: byte 0x%02x", format, data[i]);
            unit_assert(i == 0 || data[i - 1] != 0xc2 || data[i] >= 0xa0, "format %zu: U+00%02x", format, data[i]);
        }
        free((void *)(uintptr_t)text.data);
    }
}
END_TEST

START_TEST(long_lines_come_back)
{
    size_t size = (size_t)64 << 20;
    char *bytes = malloc(size);
    StorageEntry entries[2];
    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)(i * 7 + i / 256);
    entries[0] = format_entry(storage_string("long"), storage_bytes(bytes, size));
    entries[1] = format_entry(storage_string("short"), storage_string("1"));
    for (size_t format = 0; format < 3; format++) {
        StorageSlice text = format_write(&(RecordWriter){.format = (RecordFormat)format}, entries, 2);
        format_check(RECORD_GUESS, text, entries, 2, format == RECORD_JSONL);
        free((void *)(uintptr_t)text.data);
    }
    free(bytes);
}
END_TEST

/* A string that is mostly text, or mostly not, with everything that an escape may be made of. */
static size_t random_bytes(TestutilRandom *random, unsigned char *bytes, size_t size_max)
{
    static const char special[] =
        "\\\\\\\"{}\t\n\r\x00xXnNtTrRuU0123456789abcdefABCDEF \x7f\xc2\x80\xc3\xa4\xf0\x9f\x98\x80\xef\xbb\xbf";
    size_t size = (size_t)testutil_random_below(random, size_max + 1);
    uint64_t shape = testutil_random_below(random, 3);
    for (size_t i = 0; i < size; i++) {
        if (shape == 0)
            bytes[i] = (unsigned char)testutil_random_below(random, 256);
        else if (shape == 1)
            bytes[i] = (unsigned char)special[testutil_random_below(random, sizeof(special) - 1)];
        else
            bytes[i] = (unsigned char)(' ' + testutil_random_below(random, 95));
    }
    return size;
}

START_TEST(random_records_come_back)
{
    static unsigned char bytes[ENTRY_COUNT_MAX][2][200];
    uint64_t seed = testutil_seed("random_records_come_back", 20261120);
    TestutilRandom random = testutil_random_seeded(seed);
    for (int round = 0; round < 200; round++) {
        StorageEntry entries[ENTRY_COUNT_MAX];
        size_t count = 0, wanted = (size_t)testutil_random_below(&random, ENTRY_COUNT_MAX);
        while (count < wanted) {
            size_t key_size = random_bytes(&random, bytes[count][0], 40);
            size_t value_size = random_bytes(&random, bytes[count][1], 200);
            entries[count] =
                format_entry(storage_bytes(bytes[count][0], key_size), storage_bytes(bytes[count][1], value_size));
            if (testutil_random_below(&random, 3) == 0)
                entries[count].expires_at_ns = (int64_t)testutil_random_next(&random);
            /* A dump with the same key twice in a row is no dump. */
            count += count == 0 || storage_slice_compare(entries[count].key, entries[count - 1].key) != 0;
        }
        format_check_round_trips(entries, count);
    }
}
END_TEST

/* ---- writers that cannot write ---- */

START_TEST(a_failure_to_write_is_an_errno_number)
{
    StorageEntry entry = format_entry(storage_string("a"), storage_string("1"));
    for (size_t format = 0; format < 3; format++) {
        RecordWriter writer = {.stream = fopen("/dev/full", "w"), .format = (RecordFormat)format};
        int error = 0;
        if (writer.stream == NULL)
            return;
        (void)setvbuf(writer.stream, NULL, _IONBF, 0);
        error = record_writer_begin(&writer);
        if (error == 0)
            error = record_writer_next(&writer, &entry);
        ck_assert_int_eq(error, ENOSPC);
        (void)fclose(writer.stream);
    }
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("formats");
    Suite *suite = suite_create("formats");
    SRunner *runner;
    int failed_count;
    tcase_set_timeout(cases, UNIT_TIMEOUT_SECONDS);
    tcase_add_test(cases, no_record_is_an_empty_file);
    tcase_add_test(cases, every_byte_comes_back_from_every_place);
    tcase_add_test(cases, starts_that_look_like_another_format_come_back);
    tcase_add_loop_test(cases, expiries_come_back, 0, sizeof(times) / sizeof(times[0]));
    tcase_add_test(cases, a_format_without_expiry_counts_what_it_lost);
    tcase_add_test(cases, text_is_written_as_promised);
    tcase_add_test(cases, what_would_be_mostly_escapes_is_base64);
    tcase_add_test(cases, json_is_valid_whatever_it_is_made_of);
    tcase_add_test(cases, no_control_character_gets_out);
    tcase_add_test(cases, long_lines_come_back);
    tcase_add_test(cases, random_records_come_back);
    tcase_add_test(cases, a_failure_to_write_is_an_errno_number);
    suite_add_tcase(suite, cases);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
