/*
 * test_testutil.c - the base of the test library itself: clock, generators, factory, assertions.
 *
 * Assertions are tested with a hook that jumps back, so that a failed one is an answer here.
 */
#include "storage/backend.h"
#include "storage_testutil/storage_testutil.h"

#include <check.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- catching a failed assertion ---- */

static jmp_buf caught;
static char caught_message[1024];

static void catch_failure(void *user_data, const char *file, int line, const char *message)
{
    (void)user_data;
    ck_assert(file != NULL && line > 0);
    snprintf(caught_message, sizeof caught_message, "%s", message);
    longjmp(caught, 1);
}

/* 1 when `statement` fails an assertion; its message is in caught_message then. */
#define fails(statement) \
    (caught_message[0] = '\0', testutil_set_fail_hook(catch_failure, NULL), setjmp(caught) != 0 ? 1 : ((statement), 0))

#define ck_assert_fails_with(statement, text)                                                        \
    do {                                                                                             \
        ck_assert_msg(fails(statement), "%s does not fail", #statement);                             \
        ck_assert_msg(strstr(caught_message, (text)) != NULL, "the message is: %s", caught_message); \
    } while (0)
#define ck_assert_holds(statement)                                                    \
    do {                                                                              \
        ck_assert_msg(!fails(statement), "%s fails: %s", #statement, caught_message); \
    } while (0)

static TestutilRegistry *registry;
static TestutilFactory factory;
static StorageBackend *backend;

static void open_memory(void)
{
    registry = testutil_registry_new();
    factory = (TestutilFactory){registry, "memory"};
    ck_assert_ptr_nonnull(registry);
    ck_assert_int_eq(testutil_factory_open(&factory, NULL, &backend, NULL), STORAGE_OK);
}

static void close_memory(void)
{
    ck_assert_int_eq(storage_close(backend, NULL), STORAGE_OK);
    testutil_registry_free(registry);
}

static void set_text(const char *key, const char *value)
{
    ck_assert_int_eq(storage_set(backend, storage_string(key), storage_string(value), NULL, NULL), STORAGE_OK);
}

/* ---- generators ---- */

START_TEST(keys_are_prefix_colon_and_six_digits)
{
    char key[TESTUTIL_KEY_BUFFER_SIZE];
    StorageSlice slice = testutil_key(key, sizeof key, "user", 42);

    ck_assert_uint_eq(slice.size, 11);
    ck_assert_mem_eq(slice.data, "user:000042", 11);
}
END_TEST

START_TEST(keys_are_in_the_order_of_their_indexes)
{
    static const uint64_t indexes[] = {0, 1, 9, 10, 99, 100, 999, 1000, 99999, 100000, 999999};
    char first[TESTUTIL_KEY_BUFFER_SIZE], second[TESTUTIL_KEY_BUFFER_SIZE];

    for (size_t i = 1; i < sizeof indexes / sizeof indexes[0]; i++)
        ck_assert_int_lt(storage_slice_compare(testutil_key(first, sizeof first, "k", indexes[i - 1]),
                                               testutil_key(second, sizeof second, "k", indexes[i])),
                         0);
}
END_TEST

START_TEST(a_key_that_does_not_fit_fails_the_test)
{
    char key[8];

    ck_assert_fails_with(testutil_key(key, sizeof key, "prefix", 1), "does not fit");
}
END_TEST

START_TEST(values_are_of_the_size_asked_for)
{
    uint8_t bytes[10] = {0};
    StorageSlice value = testutil_value(bytes, 9);

    ck_assert_uint_eq(value.size, 9);
    for (size_t i = 0; i < 9; i++)
        ck_assert_uint_eq(bytes[i], 0xAB);
    ck_assert_uint_eq(bytes[9], 0);
}
END_TEST

START_TEST(tagged_values_are_read_back)
{
    char value[64];
    uint32_t task = 0, sequence = 0;

    ck_assert(testutil_tagged_value_parse(testutil_tagged_value(value, sizeof value, 7, 42), &task, &sequence));
    ck_assert_uint_eq(task, 7);
    ck_assert_uint_eq(sequence, 42);
    ck_assert_uint_eq(testutil_tagged_value(value, sizeof value, 1, 1).size,
                      testutil_tagged_value(value, sizeof value, 9999, 99999999).size);
}
END_TEST

START_TEST(torn_tagged_values_are_not_read)
{
    uint32_t task, sequence;

    ck_assert(!testutil_tagged_value_parse(storage_string("task:0007 seq:0000004"), &task, &sequence));
    ck_assert(!testutil_tagged_value_parse(storage_string("task:0007 seq:00000042x"), &task, &sequence));
    ck_assert(!testutil_tagged_value_parse(storage_string("something else"), &task, &sequence));
    ck_assert(!testutil_tagged_value_parse(storage_string(""), &task, &sequence));
}
END_TEST

START_TEST(patterned_values_of_other_tags_differ)
{
    uint8_t first[100], second[100];

    testutil_patterned_value(first, sizeof first, 1);
    testutil_patterned_value(second, sizeof second, 2);
    ck_assert_mem_ne(first, second, sizeof first);
    testutil_patterned_value(second, sizeof second, 1);
    ck_assert_mem_eq(first, second, sizeof first);
}
END_TEST

START_TEST(one_seed_gives_one_sequence)
{
    TestutilRandom first = testutil_random_seeded(5), again = testutil_random_seeded(5);
    TestutilRandom other = testutil_random_seeded(6);
    int differs = 0;

    for (int i = 0; i < 100; i++) {
        uint64_t number = testutil_random_next(&first);

        ck_assert_uint_eq(number, testutil_random_next(&again));
        differs |= number != testutil_random_next(&other);
    }
    ck_assert(differs);
}
END_TEST

START_TEST(random_numbers_stay_below_their_bound_and_reach_it)
{
    TestutilRandom random = testutil_random_seeded(1);
    unsigned counts[6] = {0};

    for (int i = 0; i < 6000; i++)
        counts[testutil_random_below(&random, 6)]++;
    for (size_t i = 0; i < 6; i++)
        ck_assert_msg(counts[i] > 800 && counts[i] < 1200, "%zu came %u times in 6000", i, counts[i]);
    ck_assert_uint_eq(testutil_random_below(&random, 0), 0);
    ck_assert_uint_eq(testutil_random_below(&random, 1), 0);
}
END_TEST

START_TEST(random_keys_are_made_of_their_alphabet)
{
    TestutilRandom random = testutil_random_seeded(1);
    int empty = 0, longest = 0;
    uint8_t key[3];

    for (int i = 0; i < 500; i++) {
        StorageSlice slice = testutil_random_key(&random, testutil_edge_alphabet, 6, key, 3);

        ck_assert_uint_le(slice.size, 3);
        for (size_t j = 0; j < slice.size; j++)
            ck_assert_ptr_nonnull(memchr(testutil_edge_alphabet, key[j], 6));
        empty |= slice.size == 0;
        longest |= slice.size == 3;
    }
    ck_assert(empty && longest);
}
END_TEST

START_TEST(the_seed_is_taken_from_the_environment)
{
    unsetenv("STORAGE_SEED");
    ck_assert_uint_eq(testutil_seed("the_seed", 7), 7);
    setenv("STORAGE_SEED", "0x10", 1);
    ck_assert_uint_eq(testutil_seed("the_seed", 7), 16);
    setenv("STORAGE_SEED", "ten", 1);
    ck_assert_fails_with(testutil_seed("the_seed", 7), "not a number");
}
END_TEST

/* ---- clock ---- */

START_TEST(a_clock_stands_still_until_it_is_moved)
{
    TestutilClock *clock = testutil_clock_new(1);
    const StorageClock *seen = testutil_clock_environment(clock)->clock;

    ck_assert_int_eq(seen->wall_ns(seen->user_data), TESTUTIL_CLOCK_WALL_START_NS);
    ck_assert_uint_eq(seen->monotonic_ns(seen->user_data), TESTUTIL_CLOCK_MONOTONIC_START_NS);
    testutil_clock_advance(clock, 5);
    ck_assert_int_eq(seen->wall_ns(seen->user_data), TESTUTIL_CLOCK_WALL_START_NS + 5);
    ck_assert_uint_eq(seen->monotonic_ns(seen->user_data), TESTUTIL_CLOCK_MONOTONIC_START_NS + 5);
    testutil_clock_free(clock);
}
END_TEST

START_TEST(a_wall_clock_steps_back_and_the_monotonic_one_does_not)
{
    TestutilClock *clock = testutil_clock_new(1);

    testutil_clock_step_wall(clock, -TESTUTIL_DAY_NS);
    ck_assert_int_eq(testutil_clock_wall_ns(clock), TESTUTIL_CLOCK_WALL_START_NS - TESTUTIL_DAY_NS);
    ck_assert_uint_eq(testutil_clock_monotonic_ns(clock), TESTUTIL_CLOCK_MONOTONIC_START_NS);
    testutil_clock_set_wall(clock, -1);
    ck_assert_int_eq(testutil_clock_wall_ns(clock), -1);
    testutil_clock_free(clock);
}
END_TEST

START_TEST(one_seed_of_a_clock_gives_one_randomness)
{
    TestutilClock *first = testutil_clock_new(3), *again = testutil_clock_new(3);
    const StorageRandom *a = testutil_clock_environment(first)->random;
    const StorageRandom *b = testutil_clock_environment(again)->random;
    uint8_t bytes[2][33];

    ck_assert_int_eq(a->fill(a->user_data, bytes[0], 33), STORAGE_OK);
    ck_assert_int_eq(b->fill(b->user_data, bytes[1], 33), STORAGE_OK);
    ck_assert_mem_eq(bytes[0], bytes[1], 33);
    testutil_clock_free(first);
    testutil_clock_free(again);
}
END_TEST

/* ---- factory ---- */

START_TEST(stacks_are_opened_top_first)
{
    StorageBackend *stack;

    ck_assert_int_eq(testutil_stack_open(registry, "read_only/pass_through/memory", NULL, &stack, NULL), STORAGE_OK);
    ck_assert_str_eq(stack->ops->name, "read_only");
    ck_assert_str_eq(stack->inner->ops->name, "pass_through");
    ck_assert_str_eq(stack->inner->inner->ops->name, "memory");
    ck_assert_ptr_null(stack->inner->inner->inner);
    ck_assert_int_eq(storage_close(stack, NULL), STORAGE_OK);
}
END_TEST

START_TEST(unknown_names_are_config)
{
    static const char *const names[] = {"",          "nothing", "nothing/memory",    "memory/memory",
                                        "read_only", "/memory", "read_only//memory", "memory/"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        StorageBackend *stack = backend;

        ck_assert_msg(testutil_stack_open(registry, names[i], NULL, &stack, NULL) == STORAGE_CONFIG, "\"%s\" opens",
                      names[i]);
        ck_assert_ptr_null(stack);
    }
}
END_TEST

static StorageStatus refuse_to_wrap(void *user_data, StorageBackend *inner, StorageBackend **ret_backend,
                                    StorageContext *ctx)
{
    (void)user_data;
    (void)inner;
    (void)ret_backend;
    (void)ctx;
    return STORAGE_ACCESS_DENIED;
}

START_TEST(a_layer_that_refuses_leaves_nothing_open)
{
    StorageBackend *stack = backend;

    testutil_registry_add_layer(registry, "refusing", refuse_to_wrap, NULL);
    ck_assert_int_eq(testutil_stack_open(registry, "pass_through/refusing/memory", NULL, &stack, NULL),
                     STORAGE_ACCESS_DENIED);
    ck_assert_ptr_null(stack);
}
END_TEST

START_TEST(a_name_is_taken_once)
{
    ck_assert_fails_with(testutil_registry_add_layer(registry, "read_only", refuse_to_wrap, NULL), "already");
    ck_assert_fails_with(testutil_registry_add_backend(registry, "memory", NULL, NULL), "already");
}
END_TEST

START_TEST(a_populated_stack_has_its_keys)
{
    TestutilFactory read_only = {registry, "read_only/memory"};
    char key[TESTUTIL_KEY_BUFFER_SIZE];
    uint8_t value[10];
    StorageBackend *stack;

    ck_assert_int_eq(testutil_populated_open(&read_only, "row", 100, 10, NULL, &stack, NULL), STORAGE_OK);
    for (uint64_t i = 0; i < 100; i++)
        ck_assert_holds(
            testutil_assert_value(stack, testutil_key(key, sizeof key, "row", i), testutil_value(value, 10)));
    ck_assert_holds(testutil_assert_absent(stack, testutil_key(key, sizeof key, "row", 100)));
    ck_assert_int_eq(storage_close(stack, NULL), STORAGE_OK);
}
END_TEST

/* ---- assertions ---- */

START_TEST(a_status_is_compared_and_named)
{
    ck_assert_holds(testutil_assert_ok(STORAGE_OK));
    ck_assert_holds(testutil_assert_status(STORAGE_CONFLICT, STORAGE_CONFLICT));
    ck_assert_fails_with(testutil_assert_ok(STORAGE_TIMEOUT), "TIMEOUT");
    ck_assert_fails_with(testutil_assert_status(STORAGE_CONFLICT, STORAGE_OK), "answers OK, not CONFLICT");
}
END_TEST

START_TEST(an_argument_is_evaluated_once)
{
    int count = 0;

    ck_assert_holds(testutil_assert_status(STORAGE_OK, (count++, STORAGE_OK)));
    ck_assert_int_eq(count, 1);
}
END_TEST

START_TEST(bytes_and_numbers_are_compared)
{
    ck_assert_holds(testutil_assert_bytes(storage_string("a"), storage_string("a")));
    ck_assert_fails_with(testutil_assert_bytes(storage_string("a"), storage_bytes("a\0", 2)), "\"a\\x00\", not \"a\"");
    ck_assert_holds(testutil_assert_number(5, 5));
    ck_assert_fails_with(testutil_assert_number(5, 6), "is 6, not 5");
}
END_TEST

START_TEST(values_are_looked_up)
{
    set_text("a", "1");
    ck_assert_holds(testutil_assert_value(backend, storage_string("a"), storage_string("1")));
    ck_assert_fails_with(testutil_assert_value(backend, storage_string("a"), storage_string("2")), "\"1\", not \"2\"");
    ck_assert_fails_with(testutil_assert_value(backend, storage_string("b"), storage_string("2")), "NOT_FOUND");
    ck_assert_holds(testutil_assert_absent(backend, storage_string("b")));
    ck_assert_fails_with(testutil_assert_absent(backend, storage_string("a")), "should be absent");
}
END_TEST

START_TEST(rows_are_compared_as_text)
{
    ck_assert_holds(testutil_assert_rows(backend, NULL, NULL, ""));
    set_text("a", "1");
    ck_assert_holds(testutil_assert_rows(backend, NULL, NULL, "a=1"));
    set_text("b", "");
    ck_assert_holds(testutil_assert_rows(backend, NULL, NULL, "a=1 b="));
    ck_assert_fails_with(testutil_assert_rows(backend, NULL, NULL, "a=1"), "the rows are \"a=1 b=\", not \"a=1\"");
    ck_assert_fails_with(testutil_assert_rows(backend, NULL, NULL, "b= a=1"), "the rows are");
    ck_assert_fails_with(testutil_assert_rows(backend, NULL, NULL, ""), "the rows are");
}
END_TEST

START_TEST(bytes_that_do_not_print_are_escaped)
{
    TestutilText text = {0};

    ck_assert_str_eq(testutil_text(&text), "");
    testutil_text_add_bytes(&text, storage_bytes("a \0=;\\\xFF~", 8));
    ck_assert_str_eq(testutil_text(&text), "a\\x20\\x00\\x3D\\x3B\\x5C\\xFF~");
    testutil_text_done(&text);
}
END_TEST

START_TEST(transactions_are_looked_into)
{
    StorageTransaction *txn;

    set_text("a", "1");
    ck_assert_int_eq(storage_begin(backend, NULL, &txn, NULL), STORAGE_OK);
    ck_assert_holds(testutil_assert_transaction_value(txn, storage_string("a"), storage_string("1")));
    ck_assert_fails_with(testutil_assert_transaction_absent(txn, storage_string("a")), "should be absent");
    ck_assert_holds(testutil_assert_transaction_rows(txn, NULL, NULL, "a=1"));
    ck_assert_fails_with(testutil_assert_transaction_rows(txn, NULL, NULL, "b=1"), "not \"b=1\"");
    storage_transaction_close(txn);
}
END_TEST

START_TEST(changes_are_compared_as_text)
{
    StorageRange range = storage_range_half_open(storage_string("a"), storage_string("c"));
    StorageWatch *watch;

    ck_assert_int_eq(storage_watch(backend, NULL, 0, &watch, NULL), STORAGE_OK);
    ck_assert_holds(testutil_assert_changes(watch, ""));
    set_text("a", "1");
    ck_assert_int_eq(storage_delete(backend, storage_string("a"), NULL), STORAGE_OK);
    set_text("b", "2");
    ck_assert_int_eq(storage_clear_range(backend, &range, NULL), STORAGE_OK);
    ck_assert_holds(testutil_assert_changes(watch, "SET a=1; DELETED a; SET b=2; CLEARED [a, c)"));
    set_text("a", "1");
    ck_assert_fails_with(testutil_assert_changes(watch, ""), "the changes are \"SET a=1\", not \"\"");
    storage_watch_close(watch);
}
END_TEST

START_TEST(the_table_of_the_layer_that_changes_nothing_has_no_hole)
{
    const StorageOps *ops = testutil_pass_through_ops();
    const unsigned char *bytes = (const unsigned char *)ops;
    static const void *const nothing = NULL;

    ck_assert_uint_eq(ops->struct_size, sizeof *ops);
    for (size_t offset = offsetof(StorageOps, name); offset < sizeof *ops; offset += sizeof nothing)
        ck_assert_msg(memcmp(bytes + offset, &nothing, sizeof nothing) != 0, "the slot at byte %zu is empty", offset);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("testutil");
    TCase *generators = tcase_create("generators"), *clock = tcase_create("clock");
    TCase *with_backend = tcase_create("factory and assertions");

    tcase_add_test(generators, keys_are_prefix_colon_and_six_digits);
    tcase_add_test(generators, keys_are_in_the_order_of_their_indexes);
    tcase_add_test(generators, a_key_that_does_not_fit_fails_the_test);
    tcase_add_test(generators, values_are_of_the_size_asked_for);
    tcase_add_test(generators, tagged_values_are_read_back);
    tcase_add_test(generators, torn_tagged_values_are_not_read);
    tcase_add_test(generators, patterned_values_of_other_tags_differ);
    tcase_add_test(generators, one_seed_gives_one_sequence);
    tcase_add_test(generators, random_numbers_stay_below_their_bound_and_reach_it);
    tcase_add_test(generators, random_keys_are_made_of_their_alphabet);
    tcase_add_test(generators, the_seed_is_taken_from_the_environment);
    tcase_add_test(clock, a_clock_stands_still_until_it_is_moved);
    tcase_add_test(clock, a_wall_clock_steps_back_and_the_monotonic_one_does_not);
    tcase_add_test(clock, one_seed_of_a_clock_gives_one_randomness);
    tcase_add_checked_fixture(with_backend, open_memory, close_memory);
    tcase_add_test(with_backend, stacks_are_opened_top_first);
    tcase_add_test(with_backend, unknown_names_are_config);
    tcase_add_test(with_backend, a_layer_that_refuses_leaves_nothing_open);
    tcase_add_test(with_backend, a_name_is_taken_once);
    tcase_add_test(with_backend, a_populated_stack_has_its_keys);
    tcase_add_test(with_backend, a_status_is_compared_and_named);
    tcase_add_test(with_backend, an_argument_is_evaluated_once);
    tcase_add_test(with_backend, bytes_and_numbers_are_compared);
    tcase_add_test(with_backend, values_are_looked_up);
    tcase_add_test(with_backend, rows_are_compared_as_text);
    tcase_add_test(with_backend, bytes_that_do_not_print_are_escaped);
    tcase_add_test(with_backend, transactions_are_looked_into);
    tcase_add_test(with_backend, changes_are_compared_as_text);
    tcase_add_test(with_backend, the_table_of_the_layer_that_changes_nothing_has_no_hole);
    suite_add_tcase(suite, generators);
    suite_add_tcase(suite, clock);
    suite_add_tcase(suite, with_backend);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(make_suite());
    int failed_count;

    srunner_run_all(runner, CK_ENV);
    failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
