/* test_document.c - JSON text to a tree: positions of mistakes, and what cJSON alone would let pass. */
#include "config_test.h"

#include "config/document.h"

typedef struct Mistake {
    const char *text, *error;
} Mistake;

static const Mistake mistakes[] = {
    {"", "line 1, column 1: the document ends too early\n"},
    {"  \n ", "line 2, column 2: the document ends too early\n"},
    {"{", "line 1, column 2: the document ends too early\n"},
    {"{\"a\": 1", "line 1, column 8: the document ends too early\n"},
    {"{\"a\": 1,", "line 1, column 9: the document ends too early\n"},
    {"{\"a\": 1,}", "line 1, column 9: not valid JSON from '}' on\n"},
    {"{\n  \"a\": 1 ,\n  }", "line 3, column 3: not valid JSON from '}' on\n"},
    {"{,}", "line 1, column 2: not valid JSON from ',' on\n"},
    {"{a: 1}", "line 1, column 2: not valid JSON from 'a' on\n"},
    {"{\"a\" 1}", "line 1, column 6: not valid JSON from '1' on\n"},
    {"{\"a\": 1 \"b\": 2}", "line 1, column 9: not valid JSON from '\"' on\n"},
    {"[1,,2]", "line 1, column 4: not valid JSON from ',' on\n"},
    {"[1,\ntru]", "line 2, column 1: not valid JSON from 't' on\n"},
    {"{\"a\": '1'}", "line 1, column 7: not valid JSON from ''' on\n"},
    {"{} {}", "line 1, column 4: not valid JSON from '{' on\n"},
    {"{\"a\": 1}}", "line 1, column 9: not valid JSON from '}' on\n"},
    {"{} \xff", "line 1, column 4: not valid JSON from the byte 0xff on\n"},
    {"{\"a\": \"\\q\"}", "line 1, column 8: not valid JSON from '\\' on\n"},
    {"{\"a\": \"b", "line 1, column 7: the string that begins here is not ended\n"},
    {"{\"a\": \"b\nc\"}",
     "line 1, column 9: a string is not ended, or holds a control character; write \\n, \\t or \\u00XX\n"},
    {"{\"a\": \"b\\u0000c\"}", "line 1, column 9: a string holds \\u0000\n"},
    {"{\"a\\u0000b\": 1}", "line 1, column 4: a string holds \\u0000\n"},
};

START_TEST(a_syntax_error_has_its_line_and_column)
{
    char buffer[ERRORS_SIZE];
    StorageContext *ctx = storage_context_new();
    ConfigReport report = {.ctx = ctx};
    ck_assert_ptr_null(document_parse(mistakes[_i].text, strlen(mistakes[_i].text), &report));
    ck_assert_str_eq(errors_of(ctx, buffer), mistakes[_i].error);
    assert_status(report.status, STORAGE_CONFIG);
    storage_context_free(ctx);
}
END_TEST

static cJSON *parse(const char *text, size_t size)
{
    ConfigReport report = {0};
    cJSON *tree = document_parse(text, size, &report);
    assert_status(report.status, tree == NULL ? STORAGE_CONFIG : STORAGE_OK);
    return tree;
}

START_TEST(a_zero_byte_does_not_hide_what_follows)
{
    ck_assert_ptr_null(parse("{}\0{", 4));
    ck_assert_ptr_null(parse("{\"a\": \"b\0\"}", 11));
}
END_TEST

/* A document of `depth` arrays inside each other. */
static cJSON *parse_nested(size_t depth)
{
    char text[4 * DOCUMENT_DEPTH_MAX] = "";
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    return parse(text, 2 * depth);
}

START_TEST(nesting_is_bounded)
{
    cJSON *tree = parse_nested(DOCUMENT_DEPTH_MAX);
    ck_assert_ptr_nonnull(tree);
    cJSON_Delete(tree);
    ck_assert_ptr_null(parse_nested(DOCUMENT_DEPTH_MAX + 1));
}
END_TEST

START_TEST(brackets_in_strings_do_not_count)
{
    const char *text = "{\"a\": \"[[[[[[[[[[[[[[[[[[[[{{{{{{{{{{{{{{\\\"[[[\\\\\"}";
    cJSON *tree = parse(text, strlen(text));
    ck_assert_ptr_nonnull(tree);
    cJSON_Delete(tree);
}
END_TEST

START_TEST(a_million_brackets_do_not_exhaust_the_stack)
{
    size_t size = 1000000;
    char *text = malloc(size + 1);
    ck_assert_ptr_nonnull(text);
    memset(text, '[', size);
    text[size] = '\0';
    ck_assert_ptr_null(parse(text, size));
    free(text);
}
END_TEST

int main(void)
{
    const ConfigTest tests[] = {
        FOR_EACH(a_syntax_error_has_its_line_and_column, mistakes),
        ONCE(a_zero_byte_does_not_hide_what_follows),
        ONCE(nesting_is_bounded),
        ONCE(brackets_in_strings_do_not_count),
        ONCE(a_million_brackets_do_not_exhaust_the_stack),
    };
    return run_tests("document", tests, sizeof(tests) / sizeof(tests[0]));
}
