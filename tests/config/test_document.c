/* test_document.c - JSON text to a tree: positions of mistakes, and what cJSON alone would let pass. */
#include "config_test.h"

#include "config/document.h"

typedef struct Mistake {
    const char *text, *error;
} Mistake;

static const Mistake mistakes[] = {
    {"", "line 1, column 1: the document ends too early; something is missing or not closed\n"},
    {"  \n ", "line 2, column 2: the document ends too early; something is missing or not closed\n"},
    {"{", "line 1, column 2: the document ends too early; something is missing or not closed\n"},
    {"{\"a\": 1", "line 1, column 8: the document ends too early; something is missing or not closed\n"},
    {"{\"a\": 1,", "line 1, column 9: the document ends too early; something is missing or not closed\n"},
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
    {"{\"a\": \"b\\u0000c\"}", "line 1, column 9: a string holds \\u0000; take it out\n"},
    {"{\"a\\u0000b\": 1}", "line 1, column 4: a string holds \\u0000; take it out\n"},
    {"\"\\u12x4\"", "line 1, column 2: not valid JSON from '\\' on\n"},
    {"\"\\ud800\\n\"", "line 1, column 2: half of a surrogate pair; write both halves\n"},
    {"\"\\udc00\"", "line 1, column 2: half of a surrogate pair; write both halves\n"},
    {"[01]", "line 1, column 3: not valid JSON from '1' on\n"},
    {"[1.]", "line 1, column 4: not valid JSON from ']' on\n"},
    {"[-]", "line 1, column 3: not valid JSON from ']' on\n"},
    {"[1e+]", "line 1, column 5: not valid JSON from ']' on\n"},
    {"[1234567890123456789012345678901234567890123456789012345678901234]",
     "line 1, column 2: a number of more than 63 characters; write it shorter\n"},
    {"{\v}", "line 1, column 2: not valid JSON from the byte 0x0b on\n"},
    {"[1}", "line 1, column 3: not valid JSON from '}' on\n"},
    {"{\"a\": \"b\xff\"}", "line 1, column 9: a string is not UTF-8 from here on; save the document as UTF-8\n"},
    {"{\"\xc3\": 1}", "line 1, column 3: a string is not UTF-8 from here on; save the document as UTF-8\n"},
    {"[\"\xed\xa0\x80\"]", "line 1, column 3: a string is not UTF-8 from here on; save the document as UTF-8\n"},
    {"{\"a\", 1}", "line 1, column 5: not valid JSON from ',' on\n"},
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

/* Every kind of value, escape and space. */
static const char sample[] = "\xef\xbb\xbf{\"a\\u00e9\\ud83d\\ude00\\\"\\\\\\/\\b\": [1, -0.5e+3, 0E0, true],\n"
                             "\t\"b\": {\"c\": false, \"d\": [null, {}, [ ], \"\"]}\r\n}";

START_TEST(all_of_json_is_accepted)
{
    cJSON *tree = parse(sample, strlen(sample));
    ck_assert_ptr_nonnull(tree);
    ck_assert_str_eq(tree->child->string, "a\xc3\xa9\xf0\x9f\x98\x80\"\\/\b");
    ck_assert_int_eq(cJSON_GetArraySize(tree->child), 4);
    cJSON_Delete(tree);
}
END_TEST

/* cJSON must parse whatever the first pass accepts: here nothing lacks memory. */
START_TEST(a_wrong_byte_is_never_taken_for_a_lack_of_memory)
{
    size_t size = strlen(sample), refused_count = 0;
    char text[sizeof(sample)];
    for (size_t i = 0; i < size; i++)
        for (int byte = 0; byte < 256; byte++) {
            cJSON *tree;
            memcpy(text, sample, sizeof(sample));
            text[i] = (char)byte;
            tree = parse(text, size);
            refused_count += tree == NULL;
            cJSON_Delete(tree);
        }
    for (size_t cut = 0; cut < size; cut++) {
        memcpy(text, sample, sizeof(sample));
        text[cut] = '\0';
        ck_assert_ptr_null(parse(text, cut));
    }
    ck_assert_uint_gt(refused_count, size);
}
END_TEST

static size_t allocations_left; /* before the one that fails */

static void *allocate_until(size_t size)
{
    return allocations_left > 0 && allocations_left-- > 0 ? malloc(size) : NULL;
}

START_TEST(out_of_memory_is_no_syntax_error)
{
    size_t failure_count = 0;
    cJSON *tree = NULL;
    cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = allocate_until, .free_fn = free});
    for (; tree == NULL; failure_count++) {
        char buffer[ERRORS_SIZE];
        StorageContext *ctx = storage_context_new();
        ConfigReport report = {.ctx = ctx};
        allocations_left = failure_count;
        tree = document_parse(sample, strlen(sample), &report);
        assert_status(report.status, tree == NULL ? STORAGE_NO_MEMORY : STORAGE_OK);
        ck_assert_str_eq(errors_of(ctx, buffer), tree == NULL ? "out of memory while reading the configuration\n" : "");
        storage_context_free(ctx);
    }
    cJSON_Delete(tree);
    cJSON_InitHooks(NULL);
    ck_assert_uint_gt(failure_count, 10);
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
        ONCE(all_of_json_is_accepted),
        ONCE(a_wrong_byte_is_never_taken_for_a_lack_of_memory),
        ONCE(out_of_memory_is_no_syntax_error),
    };
    return run_tests("document", tests, sizeof(tests) / sizeof(tests[0]));
}
