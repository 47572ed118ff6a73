/*
 * case_get.c - what get and multi_get find, and the life of the values that they hand out.
 */
#include "case.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define CASE_GROUP "get"

static void missing_key_is_not_found(TestutilFixture *fixture)
{
    assert_absent(fixture, "a");
}

static void stored_value_is_found(TestutilFixture *fixture)
{
    assert_value(fixture, "a", "1");
    assert_value(fixture, "b", "2");
}

static void neighbours_of_a_key_are_not_found(TestutilFixture *fixture)
{
    assert_absent(fixture, "l");
    assert_absent(fixture, "k");
    assert_absent(fixture, "key");
    assert_absent(fixture, "kez");
    assert_value(fixture, "kexx", "1");
}

static void a_miss_leaves_an_empty_value(TestutilFixture *fixture)
{
    StorageValue value;

    memset(&value, 0x5A, sizeof value);
    testutil_assert_status(STORAGE_NOT_FOUND, storage_get(fixture->backend, TEXT("b"), &value, fixture->ctx));
    testutil_assert(value.data == NULL && value.size == 0, "the value of a miss is not empty");
    testutil_assert_number(0, value.revision);
    storage_value_release(&value);
}

static void a_miss_leaves_no_revision_in_the_context(TestutilFixture *fixture)
{
    StorageValue value;

    testutil_assert_ok(storage_get(fixture->backend, TEXT("a"), &value, fixture->ctx));
    storage_value_release(&value);
    testutil_assert_status(STORAGE_NOT_FOUND, storage_get(fixture->backend, TEXT("b"), &value, fixture->ctx));
    testutil_assert_number(0, storage_context_revision(fixture->ctx));
}

static void a_miss_does_not_create_the_key(TestutilFixture *fixture)
{
    assert_absent(fixture, "b");
    assert_absent(fixture, "b");
    assert_store(fixture, "a=1");
}

static void a_value_says_which_revision_wrote_it(TestutilFixture *fixture)
{
    uint64_t revision = set(fixture, "a", "1");

    testutil_assert(revision > 0, "the revision of a write is 0");
    testutil_assert_number(revision, revision_of(fixture, "a"));
    set(fixture, "b", "2");
    testutil_assert_number(revision, revision_of(fixture, "a"));
}

static void the_context_has_the_revision_of_the_value(TestutilFixture *fixture)
{
    StorageValue value;

    testutil_assert_ok(storage_get(fixture->backend, TEXT("a"), &value, fixture->ctx));
    testutil_assert(value.revision > 0, "the revision of a stored value is 0");
    testutil_assert_number(value.revision, storage_context_revision(fixture->ctx));
    storage_value_release(&value);
}

static void a_value_without_expiry_never_expires(TestutilFixture *fixture)
{
    testutil_assert(expires_at(fixture, "a") == STORAGE_NEVER, "a value without expiry has one");
}

static void a_value_says_when_it_expires(TestutilFixture *fixture)
{
    int64_t at_ns = testutil_clock_wall_ns(fixture->clock) + TESTUTIL_SECOND_NS;

    set_expiring(fixture, "a", "1", storage_expiry_at(at_ns));
    testutil_assert_number(at_ns, expires_at(fixture, "a"));
}

static void a_key_and_the_key_with_a_zero_byte_are_two(TestutilFixture *fixture)
{
    set(fixture, "key", "1");
    assert_absent(fixture, "key\0");
    set(fixture, "key\0", "2");
    assert_value(fixture, "key", "1");
    assert_value(fixture, "key\0", "2");
    assert_store(fixture, "key=1 key\\x00=2");
}

static void the_empty_key_is_a_key(TestutilFixture *fixture)
{
    assert_absent(fixture, "");
    set(fixture, "", "1");
    assert_value(fixture, "", "1");
    assert_absent(fixture, "\0");
    assert_store(fixture, "=1");
}

static void an_empty_value_is_not_a_missing_one(TestutilFixture *fixture)
{
    set(fixture, "a", "");
    assert_value(fixture, "a", "");
    assert_store(fixture, "a=");
}

static void empty_key_with_empty_value(TestutilFixture *fixture)
{
    set(fixture, "", "");
    assert_value(fixture, "", "");
    remove_key(fixture, "");
    assert_absent(fixture, "");
}

static void keys_differ_in_every_single_byte(TestutilFixture *fixture)
{
    uint8_t byte;

    for (unsigned i = 0; i < 256; i++) {
        byte = (uint8_t)i;
        testutil_assert_ok(storage_set(fixture->backend, storage_bytes(&byte, 1), storage_bytes(&byte, 1), NULL, NULL));
    }
    for (unsigned i = 0; i < 256; i++) {
        byte = (uint8_t)i;
        testutil_assert_value(fixture->backend, storage_bytes(&byte, 1), storage_bytes(&byte, 1));
    }
}

static void a_value_holds_every_byte(TestutilFixture *fixture)
{
    uint8_t bytes[256];

    for (unsigned i = 0; i < 256; i++)
        bytes[i] = (uint8_t)i;
    testutil_assert_ok(storage_set(fixture->backend, TEXT("a"), storage_bytes(bytes, sizeof bytes), NULL, NULL));
    testutil_assert_value(fixture->backend, TEXT("a"), storage_bytes(bytes, sizeof bytes));
}

static void values_of_every_small_size_come_back(TestutilFixture *fixture)
{
    uint8_t bytes[300];
    char key[TESTUTIL_KEY_BUFFER_SIZE];

    for (size_t size = 0; size < sizeof bytes; size++)
        testutil_assert_ok(storage_set(fixture->backend, testutil_key(key, sizeof key, "size", size),
                                       testutil_patterned_value(bytes, size, size), NULL, NULL));
    for (size_t size = 0; size < sizeof bytes; size++)
        testutil_assert_value(fixture->backend, testutil_key(key, sizeof key, "size", size),
                              testutil_patterned_value(bytes, size, size));
}

static void keys_of_every_small_size_are_found(TestutilFixture *fixture)
{
    uint8_t key[200];
    uint64_t size_text;

    testutil_value(key, sizeof key);
    for (size_text = 0; size_text < sizeof key; size_text++)
        testutil_assert_ok(storage_set(fixture->backend, storage_bytes(key, (size_t)size_text),
                                       storage_bytes(&size_text, sizeof size_text), NULL, NULL));
    for (size_text = 0; size_text < sizeof key; size_text++)
        testutil_assert_value(fixture->backend, storage_bytes(key, (size_t)size_text),
                              storage_bytes(&size_text, sizeof size_text));
}

static void a_value_of_one_mebibyte_comes_back(TestutilFixture *fixture)
{
    const size_t size = 1024 * 1024;
    uint8_t *bytes = malloc(size);

    testutil_assert(bytes != NULL, "no memory for a value");
    testutil_patterned_value(bytes, size, 1);
    testutil_assert_ok(storage_set(fixture->backend, TEXT("large"), storage_bytes(bytes, size), NULL, NULL));
    testutil_assert_value(fixture->backend, TEXT("large"), storage_bytes(bytes, size));
    free(bytes);
}

static void a_key_of_one_kibibyte_is_found(TestutilFixture *fixture)
{
    uint8_t key[1024], other[1024];

    testutil_patterned_value(key, sizeof key, 1);
    memcpy(other, key, sizeof key);
    other[sizeof other - 1] ^= 1;
    testutil_assert_ok(storage_set(fixture->backend, storage_bytes(key, sizeof key), TEXT("1"), NULL, NULL));
    testutil_assert_value(fixture->backend, storage_bytes(key, sizeof key), TEXT("1"));
    testutil_assert_absent(fixture->backend, storage_bytes(other, sizeof other));
    testutil_assert_absent(fixture->backend, storage_bytes(key, sizeof key - 1));
}

static void a_value_stays_readable_after_it_was_overwritten(TestutilFixture *fixture)
{
    StorageValue value;

    testutil_assert_ok(storage_get(fixture->backend, TEXT("a"), &value, NULL));
    set(fixture, "a", "another");
    testutil_assert_bytes(TEXT("1"), storage_value_slice(&value));
    storage_value_release(&value);
    assert_value(fixture, "a", "another");
}

static void a_value_stays_readable_after_it_was_deleted(TestutilFixture *fixture)
{
    StorageValue value;

    testutil_assert_ok(storage_get(fixture->backend, TEXT("a"), &value, NULL));
    remove_key(fixture, "a");
    for (int i = 0; i < 100; i++)
        set(fixture, "b", "filler");
    testutil_assert_bytes(TEXT("1"), storage_value_slice(&value));
    storage_value_release(&value);
}

static void a_released_value_is_empty(TestutilFixture *fixture)
{
    StorageValue value;

    testutil_assert_ok(storage_get(fixture->backend, TEXT("a"), &value, NULL));
    storage_value_release(&value);
    testutil_assert(value.data == NULL && value.size == 0, "a released value is not empty");
    storage_value_release(&value);
    storage_value_release(NULL);
}

static void one_value_is_held_many_times(TestutilFixture *fixture)
{
    enum { HOLDER_COUNT = 1000 };
    StorageValue *values = calloc(HOLDER_COUNT, sizeof *values);

    testutil_assert(values != NULL, "no memory for values");
    for (size_t i = 0; i < HOLDER_COUNT; i++)
        testutil_assert_ok(storage_get(fixture->backend, TEXT("a"), &values[i], NULL));
    set(fixture, "a", "2");
    for (size_t i = 0; i < HOLDER_COUNT; i++) {
        testutil_assert_bytes(TEXT("1"), storage_value_slice(&values[i]));
        storage_value_release(&values[i]);
    }
    free(values);
}

static void *release_value(void *argument)
{
    storage_value_release(argument);
    return NULL;
}

static void a_value_is_released_on_another_thread(TestutilFixture *fixture)
{
    StorageValue value;
    pthread_t thread;

    testutil_assert_ok(storage_get(fixture->backend, TEXT("a"), &value, NULL));
    testutil_assert(pthread_create(&thread, NULL, release_value, &value) == 0, "no thread");
    pthread_join(thread, NULL);
    testutil_assert(value.data == NULL, "the value was not released");
}

static void the_bytes_of_a_lookup_key_may_change_afterwards(TestutilFixture *fixture)
{
    char key[] = "a";
    StorageValue value;

    testutil_assert_ok(storage_get(fixture->backend, storage_bytes(key, 1), &value, NULL));
    key[0] = 'z';
    testutil_assert_bytes(TEXT("1"), storage_value_slice(&value));
    storage_value_release(&value);
}

/* ---- multi_get ---- */

typedef struct Answers {
    StorageValue values[4];
    StorageStatus statuses[4];
} Answers;

static void ask(TestutilFixture *fixture, const StorageSlice *keys, size_t key_count, Answers *ret_answers)
{
    memset(ret_answers, 0x5A, sizeof *ret_answers);
    testutil_assert_ok(
        storage_multi_get(fixture->backend, keys, key_count, ret_answers->values, ret_answers->statuses, fixture->ctx));
}

static void release_answers(Answers *answers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        storage_value_release(&answers->values[i]);
}

static void multi_get_gives_values_and_misses_in_the_order_asked(TestutilFixture *fixture)
{
    const StorageSlice keys[] = {TEXT("c"), TEXT("missing"), TEXT("a"), TEXT("b")};
    Answers answers;

    ask(fixture, keys, 4, &answers);
    testutil_assert_status(STORAGE_OK, answers.statuses[0]);
    testutil_assert_bytes(TEXT("3"), storage_value_slice(&answers.values[0]));
    testutil_assert_status(STORAGE_NOT_FOUND, answers.statuses[1]);
    testutil_assert_bytes(TEXT("1"), storage_value_slice(&answers.values[2]));
    testutil_assert_bytes(TEXT("2"), storage_value_slice(&answers.values[3]));
    release_answers(&answers, 4);
}

static void multi_get_leaves_the_values_of_misses_empty(TestutilFixture *fixture)
{
    const StorageSlice keys[] = {TEXT("x"), TEXT("y")};
    Answers answers;

    ask(fixture, keys, 2, &answers);
    for (size_t i = 0; i < 2; i++) {
        testutil_assert_status(STORAGE_NOT_FOUND, answers.statuses[i]);
        testutil_assert(answers.values[i].data == NULL && answers.values[i].size == 0, "a missed value is not empty");
    }
}

static void multi_get_of_one_key_twice_gives_two_values(TestutilFixture *fixture)
{
    const StorageSlice keys[] = {TEXT("a"), TEXT("a")};
    Answers answers;

    ask(fixture, keys, 2, &answers);
    storage_value_release(&answers.values[0]);
    testutil_assert_bytes(TEXT("1"), storage_value_slice(&answers.values[1]));
    storage_value_release(&answers.values[1]);
}

static void multi_get_of_no_keys_is_done(TestutilFixture *fixture)
{
    testutil_assert_ok(storage_multi_get(fixture->backend, NULL, 0, NULL, NULL, fixture->ctx));
}

static void multi_get_says_revisions_and_expiries(TestutilFixture *fixture)
{
    const StorageSlice keys[] = {TEXT("a"), TEXT("b")};
    uint64_t first = set(fixture, "a", "1");
    uint64_t second = set(fixture, "b", "2");
    Answers answers;

    ask(fixture, keys, 2, &answers);
    testutil_assert_number(first, answers.values[0].revision);
    testutil_assert_number(second, answers.values[1].revision);
    testutil_assert(answers.values[0].expires_at_ns == STORAGE_NEVER, "a value without expiry has one");
    release_answers(&answers, 2);
}

static void multi_get_treats_an_expired_key_as_missing(TestutilFixture *fixture)
{
    const StorageSlice keys[] = {TEXT("a"), TEXT("b")};
    Answers answers;

    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    set(fixture, "b", "2");
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    ask(fixture, keys, 2, &answers);
    testutil_assert_status(STORAGE_NOT_FOUND, answers.statuses[0]);
    testutil_assert_status(STORAGE_OK, answers.statuses[1]);
    release_answers(&answers, 2);
}

static void multi_get_of_a_thousand_keys(TestutilFixture *fixture)
{
    enum { KEY_COUNT = 1000 };
    char(*names)[TESTUTIL_KEY_BUFFER_SIZE] = calloc(KEY_COUNT, sizeof *names);
    StorageSlice *keys = calloc(KEY_COUNT, sizeof *keys);
    StorageValue *values = calloc(KEY_COUNT, sizeof *values);
    StorageStatus *statuses = calloc(KEY_COUNT, sizeof *statuses);

    testutil_assert(names != NULL && keys != NULL && values != NULL && statuses != NULL, "no memory for the keys");
    for (size_t i = 0; i < KEY_COUNT; i++) {
        keys[i] = testutil_key(names[i], sizeof names[i], "key", i);
        if (i % 3 != 0)
            testutil_assert_ok(storage_set(fixture->backend, keys[i], keys[i], NULL, NULL));
    }
    testutil_assert_ok(storage_multi_get(fixture->backend, keys, KEY_COUNT, values, statuses, NULL));
    for (size_t i = 0; i < KEY_COUNT; i++) {
        testutil_assert_status(i % 3 != 0 ? STORAGE_OK : STORAGE_NOT_FOUND, statuses[i]);
        if (i % 3 != 0)
            testutil_assert_bytes(keys[i], storage_value_slice(&values[i]));
        storage_value_release(&values[i]);
    }
    free(names);
    free(keys);
    free(values);
    free(statuses);
}

static const TestutilContractCase cases[] = {
    CASE(missing_key_is_not_found, 0, 0, NULL),
    CASE(stored_value_is_found, 0, 0, "a=1 b=2"),
    CASE(neighbours_of_a_key_are_not_found, 0, 0, "kexx=1"),
    CASE(a_miss_leaves_an_empty_value, 0, 0, "a=1"),
    CASE(a_miss_leaves_no_revision_in_the_context, 0, 0, "a=1"),
    CASE(a_miss_does_not_create_the_key, 0, 0, "a=1"),
    CASE(a_value_says_which_revision_wrote_it, 0, WRITES, NULL),
    CASE(the_context_has_the_revision_of_the_value, 0, 0, "a=1"),
    CASE(a_value_without_expiry_never_expires, 0, 0, "a=1"),
    CASE(a_value_says_when_it_expires, EXPIRY, WRITES, NULL),
    CASE(a_key_and_the_key_with_a_zero_byte_are_two, 0, WRITES, NULL),
    CASE(the_empty_key_is_a_key, 0, WRITES, NULL),
    CASE(an_empty_value_is_not_a_missing_one, 0, WRITES, NULL),
    CASE(empty_key_with_empty_value, 0, WRITES, NULL),
    CASE(keys_differ_in_every_single_byte, 0, WRITES, NULL),
    CASE(a_value_holds_every_byte, 0, WRITES, NULL),
    CASE(values_of_every_small_size_come_back, 0, WRITES, NULL),
    CASE(keys_of_every_small_size_are_found, 0, WRITES, NULL),
    CASE(a_value_of_one_mebibyte_comes_back, 0, WRITES, NULL),
    CASE(a_key_of_one_kibibyte_is_found, 0, WRITES, NULL),
    CASE(a_value_stays_readable_after_it_was_overwritten, 0, WRITES, "a=1"),
    CASE(a_value_stays_readable_after_it_was_deleted, 0, WRITES, "a=1"),
    CASE(a_released_value_is_empty, 0, 0, "a=1"),
    CASE(one_value_is_held_many_times, 0, WRITES, "a=1"),
    CASE(a_value_is_released_on_another_thread, 0, 0, "a=1"),
    CASE(the_bytes_of_a_lookup_key_may_change_afterwards, 0, 0, "a=1"),
    CASE(multi_get_gives_values_and_misses_in_the_order_asked, 0, 0, "a=1 b=2 c=3"),
    CASE(multi_get_leaves_the_values_of_misses_empty, 0, 0, "a=1"),
    CASE(multi_get_of_one_key_twice_gives_two_values, 0, 0, "a=1"),
    CASE(multi_get_of_no_keys_is_done, 0, 0, "a=1"),
    CASE(multi_get_says_revisions_and_expiries, 0, WRITES, NULL),
    CASE(multi_get_treats_an_expired_key_as_missing, EXPIRY, WRITES, NULL),
    CASE(multi_get_of_a_thousand_keys, 0, WRITES, NULL),
};
const CaseTable testutil_cases_get = CASE_TABLE(cases);
