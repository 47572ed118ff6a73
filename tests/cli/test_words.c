/* test_words.c - lines of the shell into words and back: every byte, every style of quotes, lines half typed. */
#include "unit.h"

#include "words.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

static const char styles[] = {0, '"', '\''};

/* `bytes`, quoted in each style, is one word that stands for the same bytes; closed or, behind more quotes, open. */
static void check_round_trip(StorageSlice bytes)
{
    for (size_t i = 0; i < sizeof(styles); i++) {
        Words words;
        OpenWord open;
        char *closed = words_quote(bytes, styles[i], 1), *unclosed = words_quote(bytes, styles[i], 0);
        ck_assert(closed != NULL && unclosed != NULL);
        ck_assert_ptr_null(words_split(&words, storage_string(closed)));
        unit_assert(words.count == 1, "%s is %zu words", closed, words.count);
        unit_assert(storage_slice_compare(words.words[0], bytes) == 0, "%s is another word", closed);
        words_done(&words);
        ck_assert_ptr_null(words_split_open(&words, storage_string(unclosed), &open));
        unit_assert(words.count == 0 && open.start == 0, "%s is not one open word", unclosed);
        unit_assert(storage_slice_compare(open.bytes, bytes) == 0, "%s is another open word", unclosed);
        words_done(&words);
        free(closed);
        free(unclosed);
    }
}

START_TEST(every_byte_comes_back)
{
    char bytes[256], pair[2];
    for (size_t locale = 0; locale < 2; locale++) {
        ck_assert_ptr_nonnull(setlocale(LC_ALL, locale == 0 ? "C" : "C.UTF-8"));
        for (size_t i = 0; i < 256; i++)
            bytes[i] = (char)i;
        check_round_trip(storage_bytes(bytes, sizeof(bytes)));
        for (size_t first = 0; first < 256; first++) {
            pair[0] = (char)first;
            check_round_trip(storage_bytes(pair, 1));
            for (size_t second = 0; second < 256; second += first < 128 ? 1 : 17) {
                pair[1] = (char)second;
                check_round_trip(storage_bytes(pair, 2));
            }
        }
        check_round_trip(storage_string("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 \xc2\x9b \xe2\x82"));
    }
}
END_TEST

START_TEST(an_empty_word_is_a_pair_of_quotes)
{
    char *closed = words_quote(storage_string(""), 0, 1), *open = words_quote(storage_string(""), 0, 0);
    ck_assert_str_eq(closed, "\"\"");
    ck_assert_str_eq(open, "");
    free(closed);
    free(open);
}
END_TEST

START_TEST(a_terminal_without_utf8_gets_ascii)
{
    static const char *const expected[] = {"\\xC3\\xA9", "\xc3\xa9"};
    for (size_t i = 0; i < 2; i++) {
        char *text;
        ck_assert_ptr_nonnull(setlocale(LC_ALL, i == 0 ? "C" : "C.UTF-8"));
        text = words_quote(storage_string("\xc3\xa9"), 0, 1);
        ck_assert_str_eq(text, expected[i]);
        free(text);
    }
}
END_TEST

START_TEST(words_are_quoted_as_a_person_would)
{
    static const struct {
        const char *bytes, *bare, *double_quoted, *single_quoted;
    } cases[] = {
        {"user/1", "user/1", "\"user/1\"", "'user/1'"},
        {"two words", "two\\ words", "\"two words\"", "'two words'"},
        {"#1", "\\#1", "\"#1\"", "'#1'"},
        {"a#1", "a#1", "\"a#1\"", "'a#1'"},
        {"a\"b", "a\\\"b", "\"a\\\"b\"", "'a\"b'"},
        {"it's", "it\\'s", "\"it's\"", "it\\'s"},
        {"a\\b", "a\\\\b", "\"a\\\\b\"", "'a\\b'"},
        {"\x1b[31m", "\\x1B[31m", "\"\\x1B[31m\"", "\\x1B[31m"},
        {"tab\t", "tab\\t", "\"tab\\t\"", "tab\\t"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *expected[] = {cases[i].bare, cases[i].double_quoted, cases[i].single_quoted};
        for (size_t style = 0; style < sizeof(styles); style++) {
            char *text = words_quote(storage_string(cases[i].bytes), styles[style], 1);
            ck_assert_str_eq(text, expected[style]);
            free(text);
        }
    }
}
END_TEST

START_TEST(the_word_that_is_typed_is_found)
{
    static const struct {
        const char *line;
        size_t word_count, start;
        char quote;
        const char *bytes;
    } cases[] = {
        {"", 0, 0, 0, ""},
        {"  ", 0, 2, 0, ""},
        {"ge", 0, 0, 0, "ge"},
        {"get ", 1, 4, 0, ""},
        {"get us", 1, 4, 0, "us"},
        {"get  us ", 2, 8, 0, ""},
        {"get a\\ b", 1, 4, 0, "a b"},
        {"get \"a b", 1, 4, '"', "a b"},
        {"get \"a\\\" b", 1, 4, '"', "a\" b"},
        {"get \"a b\"", 1, 4, 0, "a b"},
        {"get 'a \"b", 1, 4, '\'', "a \"b"},
        {"get 'a\\", 1, 4, '\'', "a\\"},
        {"get x'a'\"b", 1, 4, '"', "xab"},
        {"get \"", 1, 4, '"', ""},
        {"set a#b \"c d\" e", 3, 14, 0, "e"},
        {"get \\x41\\\\", 1, 4, 0, "A\\"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        Words words;
        OpenWord open;
        const char *problem = words_split_open(&words, storage_string(cases[i].line), &open);
        unit_assert(problem == NULL, "%s: %s", cases[i].line, problem);
        unit_assert(words.count == cases[i].word_count, "%s: %zu words", cases[i].line, words.count);
        unit_assert(open.start == cases[i].start, "%s: starts at %zu", cases[i].line, open.start);
        unit_assert(open.quote == cases[i].quote, "%s: quote %d", cases[i].line, open.quote);
        unit_assert(storage_slice_compare(open.bytes, storage_string(cases[i].bytes)) == 0, "%s: %.*s", cases[i].line,
                    (int)open.bytes.size, (const char *)open.bytes.data);
        words_done(&words);
    }
}
END_TEST

START_TEST(half_an_escape_and_a_comment_are_not_completed)
{
    static const char *const lines[] = {"get \\", "get \\x4", "get \"\\x", "get \\q", "# ge", "get a # b", "get a #"};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        Words words;
        OpenWord open;
        unit_assert(words_split_open(&words, storage_string(lines[i]), &open) != NULL, "%s is completed", lines[i]);
        words_done(&words);
    }
}
END_TEST

UNIT_MAIN("words", every_byte_comes_back, an_empty_word_is_a_pair_of_quotes, a_terminal_without_utf8_gets_ascii,
          words_are_quoted_as_a_person_would, the_word_that_is_typed_is_found,
          half_an_escape_and_a_comment_are_not_completed)
