/* test_suggest.c - the name that somebody may have meant, and none when nothing is near. */
#include "config_test.h"

#include "config/suggest.h"

static const char *suggest(const char *given)
{
    Suggestion suggestion = {.given = given};
    suggest_offer(&suggestion, "limit");
    suggest_offer(&suggestion, "watch_history");
    suggest_offer(&suggestion, "watch_history_count");
    return suggestion.name;
}

START_TEST(a_letter_too_few_too_many_or_wrong_is_near)
{
    ck_assert_str_eq(suggest("limt"), "limit");
    ck_assert_str_eq(suggest("limmit"), "limit");
    ck_assert_str_eq(suggest("lemit"), "limit");
}
END_TEST

START_TEST(two_swapped_letters_are_one_mistake)
{
    ck_assert_str_eq(suggest("limti"), "limit");
    ck_assert_str_eq(suggest("ilmit"), "limit");
}
END_TEST

START_TEST(case_and_hyphens_are_no_mistakes)
{
    ck_assert_str_eq(suggest("LIMIT"), "limit");
    ck_assert_str_eq(suggest("Watch-History"), "watch_history");
}
END_TEST

START_TEST(the_nearest_of_several_is_taken)
{
    ck_assert_str_eq(suggest("watch_histori"), "watch_history");
    ck_assert_str_eq(suggest("watch_history_coun"), "watch_history_count");
}
END_TEST

START_TEST(nothing_is_suggested_for_what_is_far)
{
    ck_assert_ptr_null(suggest("colour"));
    ck_assert_ptr_null(suggest(""));
    ck_assert_ptr_null(suggest("limit_of_the_store_in_bytes_and_a_long_name_too"));
}
END_TEST

START_TEST(the_list_has_all_names_that_there_is_room_for)
{
    Suggestion suggestion = {.given = NULL};
    suggest_offer(&suggestion, "limit");
    ck_assert_str_eq(suggestion.list, "\"limit\"");
    suggest_offer(&suggestion, "watch_history");
    ck_assert_str_eq(suggestion.list, "\"limit\", \"watch_history\"");
    for (int i = 0; i < 100; i++)
        suggest_offer(&suggestion, "idempotency");
    ck_assert_uint_lt(strlen(suggestion.list), sizeof(suggestion.list));
    ck_assert_str_eq(suggestion.list + strlen(suggestion.list) - 17, "idempotency\", ...");
    ck_assert_ptr_null(suggestion.name);
}
END_TEST

int main(void)
{
    const ConfigTest tests[] = {
        ONCE(a_letter_too_few_too_many_or_wrong_is_near), ONCE(two_swapped_letters_are_one_mistake),
        ONCE(case_and_hyphens_are_no_mistakes),           ONCE(the_nearest_of_several_is_taken),
        ONCE(nothing_is_suggested_for_what_is_far),       ONCE(the_list_has_all_names_that_there_is_room_for),
    };
    return run_tests("suggest", tests, sizeof(tests) / sizeof(tests[0]));
}
