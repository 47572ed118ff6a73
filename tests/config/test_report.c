/* test_report.c - the line of a problem: its place, and what is shown of texts that are not fit to be shown. */
#include "config_test.h"

#include "config/report.h"

typedef struct Row {
    const char *text, *shown;
} Row;

static const Row texts[] = {
    {"", ""},
    {"plain", "plain"},
    {"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"},
    {"a\nb\tc\x7f"
     "d",
     "a b c d"},
    {"\x1b[31mred", " [31mred"},
    {"a\xc2\x9b"
     "b\xc2\xa0"
     "c",
     "a b\xc2\xa0"
     "c"},
    {"a\xff"
     "b\xc3",
     "a?b?"},
    {"\xed\xa0\x80", "???"},
    {"a\u200d\u200e\u200f\u2010", "a\u200d  \u2010"},
    {"a\u2027\u2028\u2029\u202a\u202e\u202f", "a\u2027    \u202f"},
    {"a\u2065\u2066\u2069\u206a", "a\u2065  \u206a"},
    {"1234567890123456789012345678", "1234567890123456789012345678"},
    {"12345678901234567890123456789", "1234567890123456789012345678..."},
    {"123456789012345678901234567\xc3\xa9", "123456789012345678901234567..."},
};

START_TEST(what_is_shown_is_whole_characters_on_one_line)
{
    char buffer[32];
    ck_assert_ptr_eq(report_printable(texts[_i].text, buffer, sizeof(buffer)), buffer);
    ck_assert_str_eq(buffer, texts[_i].shown);
}
END_TEST

START_TEST(a_problem_names_its_file_and_its_place)
{
    StorageContext *ctx = storage_context_new();
    ConfigStrings warnings = {0};
    ConfigReport report = {.ctx = ctx, .source = "app.json", .warnings = &warnings};
    ConfigPath layers = {.key = "layers"}, layer = {.parent = &layers, .index = 3},
               key = {.parent = &layer, .key = "a b"};
    char buffer[ERRORS_SIZE];
    report_warning(&report, &layer, "odd %d", 1);
    assert_status(report.status, STORAGE_OK);
    ck_assert_uint_eq(report.problem_count, 0);
    report_problem(&report, &key, "wrong %d", 2);
    report.source = NULL;
    report_problem(&report, NULL, "all wrong");
    assert_status(report.status, STORAGE_CONFIG);
    ck_assert_uint_eq(report.problem_count, 2);
    ck_assert_str_eq(errors_of(ctx, buffer), "app.json: layers[3][\"a b\"]: wrong 2\nall wrong\n");
    ck_assert_str_eq(warnings.first->text, "app.json: layers[3]: odd 1");
    ck_assert_ptr_null(warnings.first->next);
    report_no_memory(&report);
    report_problem(&report, NULL, "more");
    assert_status(report.status, STORAGE_NO_MEMORY);
    config_strings_done(&warnings);
    ck_assert_ptr_null(warnings.first);
    storage_context_free(ctx);
}
END_TEST

START_TEST(a_long_line_is_cut_and_whole)
{
    StorageContext *ctx = storage_context_new();
    ConfigStrings warnings = {0};
    char source[2048], text[2048];
    ConfigReport report = {.ctx = ctx, .source = source, .warnings = &warnings};
    memset(source, 's', sizeof(source));
    memset(text, 't', sizeof(text));
    source[sizeof(source) - 1] = text[sizeof(text) - 1] = '\0';
    report_problem(&report, &(ConfigPath){.key = "a"}, "%s", text);
    report_warning(&report, &(ConfigPath){.key = "a"}, "%s", text);
    ck_assert_uint_le(strlen(storage_context_error_text(ctx, 0)), 1023);
    ck_assert_ptr_nonnull(strstr(storage_context_error_text(ctx, 0), "s...: a: ttt"));
    ck_assert_ptr_nonnull(strstr(warnings.first->text, "s...: a: ttt"));
    config_strings_done(&warnings);
    storage_context_free(ctx);
}
END_TEST

int main(void)
{
    const ConfigTest tests[] = {
        FOR_EACH(what_is_shown_is_whole_characters_on_one_line, texts),
        ONCE(a_problem_names_its_file_and_its_place),
        ONCE(a_long_line_is_cut_and_whole),
    };
    return run_tests("report", tests, sizeof(tests) / sizeof(tests[0]));
}
