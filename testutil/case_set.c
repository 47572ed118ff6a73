/*
 * case_set.c - what a set leaves behind: the value, the revision, the expiry.
 */
#include "case.h"

#include <stdlib.h>
#include <string.h>

#define CASE_GROUP "set"

static void a_set_is_read_back(TestutilFixture *fixture)
{
    set(fixture, "a", "1");
    assert_value(fixture, "a", "1");
}

static void a_set_replaces_the_value(TestutilFixture *fixture)
{
    set(fixture, "a", "2");
    assert_value(fixture, "a", "2");
    assert_store(fixture, "a=2");
}

static void a_value_may_become_longer_shorter_and_empty(TestutilFixture *fixture)
{
    set(fixture, "a", "a much longer value than before");
    assert_value(fixture, "a", "a much longer value than before");
    set(fixture, "a", "2");
    assert_value(fixture, "a", "2");
    set(fixture, "a", "");
    assert_value(fixture, "a", "");
    set(fixture, "a", "3");
    assert_value(fixture, "a", "3");
}

static void a_set_leaves_the_neighbours_alone(TestutilFixture *fixture)
{
    set(fixture, "b", "changed");
    assert_store(fixture, "a=1 b=changed c=3");
}

static void revisions_strictly_increase(TestutilFixture *fixture)
{
    char key[TESTUTIL_KEY_BUFFER_SIZE];
    uint64_t last = 0;

    for (uint64_t i = 0; i < 200; i++) {
        uint64_t revision =
            testutil_case_set(__FILE__, __LINE__, fixture->backend, testutil_key(key, sizeof key, "key", i % 7),
                              TEXT("1"), storage_expiry_never());

        testutil_assert(revision > last, "revision %llu comes after %llu", (unsigned long long)revision,
                        (unsigned long long)last);
        last = revision;
    }
}

static void each_key_remembers_its_own_revision(TestutilFixture *fixture)
{
    uint64_t first = set(fixture, "a", "1");
    uint64_t second = set(fixture, "b", "2");
    uint64_t third = set(fixture, "c", "3");

    testutil_assert_number(second, revision_of(fixture, "b"));
    testutil_assert_number(first, revision_of(fixture, "a"));
    testutil_assert_number(third, revision_of(fixture, "c"));
}

static void setting_the_same_bytes_writes_a_new_revision(TestutilFixture *fixture)
{
    uint64_t before = revision_of(fixture, "a");
    uint64_t revision = set(fixture, "a", "1");

    testutil_assert(revision > before, "the same bytes did not get a new revision");
    testutil_assert_number(revision, revision_of(fixture, "a"));
}

static void a_set_clears_an_expiry(TestutilFixture *fixture)
{
    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    set(fixture, "a", "2");
    testutil_assert(expires_at(fixture, "a") == STORAGE_NEVER, "a plain set kept the expiry");
    testutil_clock_advance(fixture->clock, 2 * TESTUTIL_SECOND_NS);
    assert_value(fixture, "a", "2");
}

static void no_options_clear_an_expiry(TestutilFixture *fixture)
{
    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    testutil_assert_ok(storage_set(fixture->backend, TEXT("a"), TEXT("2"), NULL, NULL));
    testutil_clock_advance(fixture->clock, 2 * TESTUTIL_SECOND_NS);
    assert_value(fixture, "a", "2");
}

static void keep_leaves_the_expiry_as_it_was(TestutilFixture *fixture)
{
    int64_t at_ns = testutil_clock_wall_ns(fixture->clock) + TESTUTIL_SECOND_NS;

    set_expiring(fixture, "a", "1", storage_expiry_at(at_ns));
    set_expiring(fixture, "a", "2", storage_expiry_keep());
    assert_value(fixture, "a", "2");
    testutil_assert_number(at_ns, expires_at(fixture, "a"));
    testutil_clock_advance(fixture->clock, TESTUTIL_SECOND_NS);
    assert_absent(fixture, "a");
}

static void keep_on_a_permanent_key_is_never(TestutilFixture *fixture)
{
    set_expiring(fixture, "a", "2", storage_expiry_keep());
    testutil_assert(expires_at(fixture, "a") == STORAGE_NEVER, "a permanent key got an expiry");
}

static void keep_on_a_new_key_is_never(TestutilFixture *fixture)
{
    set_expiring(fixture, "new", "1", storage_expiry_keep());
    testutil_assert(expires_at(fixture, "new") == STORAGE_NEVER, "a new key got an expiry");
}

static void keep_on_an_expired_key_is_never(TestutilFixture *fixture)
{
    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    testutil_clock_advance(fixture->clock, 2 * TESTUTIL_SECOND_NS);
    set_expiring(fixture, "a", "2", storage_expiry_keep());
    assert_value(fixture, "a", "2");
    testutil_assert(expires_at(fixture, "a") == STORAGE_NEVER, "an expired key handed its expiry on");
}

static void keep_after_a_delete_is_never(TestutilFixture *fixture)
{
    set_expiring(fixture, "a", "1", storage_expiry_after(TESTUTIL_SECOND_NS));
    remove_key(fixture, "a");
    set_expiring(fixture, "a", "2", storage_expiry_keep());
    testutil_assert(expires_at(fixture, "a") == STORAGE_NEVER, "a deleted key handed its expiry on");
}

static void the_callers_bytes_may_change_after_a_set(TestutilFixture *fixture)
{
    char key[] = "key", value[] = "value";

    testutil_assert_ok(storage_set(fixture->backend, storage_bytes(key, 3), storage_bytes(value, 5), NULL, NULL));
    memset(key, 'x', 3);
    memset(value, 'x', 5);
    assert_store(fixture, "key=value");
}

static void a_deleted_key_can_be_set_again(TestutilFixture *fixture)
{
    uint64_t deleted = remove_key(fixture, "a");
    uint64_t revision = set(fixture, "a", "2");

    testutil_assert(revision > deleted, "the new revision is not larger than that of the delete");
    assert_value(fixture, "a", "2");
}

static void keys_set_in_any_order_are_all_there(TestutilFixture *fixture)
{
    enum { KEY_COUNT = 2000 };
    char key[TESTUTIL_KEY_BUFFER_SIZE];

    /* 1,237 and 2,000 have no common divisor, so the step visits every key once. */
    for (uint64_t i = 0; i < KEY_COUNT; i++) {
        StorageSlice name = testutil_key(key, sizeof key, "key", i * 1237 % KEY_COUNT);

        testutil_assert_ok(storage_set(fixture->backend, name, name, NULL, NULL));
    }
    for (uint64_t i = 0; i < KEY_COUNT; i++) {
        StorageSlice name = testutil_key(key, sizeof key, "key", i);

        testutil_assert_value(fixture->backend, name, name);
    }
}

static void one_key_is_overwritten_many_times(TestutilFixture *fixture)
{
    char value[64];

    for (uint32_t i = 0; i < 5000; i++)
        testutil_assert_ok(
            storage_set(fixture->backend, TEXT("a"), testutil_tagged_value(value, sizeof value, 1, i), NULL, NULL));
    testutil_assert_value(fixture->backend, TEXT("a"), testutil_tagged_value(value, sizeof value, 1, 4999));
}

static void common_prefixes_do_not_mix_keys_up(TestutilFixture *fixture)
{
    static const char *const names[] = {"user", "user:", "user:1", "user:10", "user:1:name", "user:2", "use", "users"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        testutil_assert_ok(
            storage_set(fixture->backend, storage_string(names[i]), storage_string(names[i]), NULL, NULL));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        testutil_assert_value(fixture->backend, storage_string(names[i]), storage_string(names[i]));
}

/* A slice of `size` bytes that nobody may read: a limit is checked before the bytes are. */
static StorageSlice pretended(uint64_t size)
{
    return storage_bytes("x", (size_t)size);
}

static void a_key_over_the_limit_is_refused(TestutilFixture *fixture)
{
    uint64_t limit = storage_backend_capabilities(fixture->backend)->key_size_max;

    if (limit >= SIZE_MAX) {
        testutil_case_skip(fixture, "keys of any size are taken");
        return;
    }
    testutil_assert_status(STORAGE_SIZE_LIMIT_EXCEEDED,
                           storage_set(fixture->backend, pretended(limit + 1), TEXT("1"), NULL, fixture->ctx));
    testutil_assert(storage_context_error_count(fixture->ctx) > 0, "no text says what was too large");
    assert_store(fixture, "a=1");
}

static void a_value_over_the_limit_is_refused(TestutilFixture *fixture)
{
    uint64_t limit = storage_backend_capabilities(fixture->backend)->value_size_max;

    if (limit >= SIZE_MAX) {
        testutil_case_skip(fixture, "values of any size are taken");
        return;
    }
    testutil_assert_status(STORAGE_SIZE_LIMIT_EXCEEDED,
                           storage_set(fixture->backend, TEXT("a"), pretended(limit + 1), NULL, fixture->ctx));
    assert_store(fixture, "a=1");
}

static void one_oversized_operation_rejects_the_whole_write(TestutilFixture *fixture)
{
    uint64_t limit = storage_backend_capabilities(fixture->backend)->value_size_max;
    StorageOperation operations[] = {operation_set("a", "2"), operation_set("b", "2")};

    if (limit >= SIZE_MAX) {
        testutil_case_skip(fixture, "values of any size are taken");
        return;
    }
    operations[1].value = pretended(limit + 1);
    testutil_assert_status(STORAGE_SIZE_LIMIT_EXCEEDED,
                           storage_write(fixture->backend, operations, 2, STORAGE_WRITE_ATOMIC, NULL, fixture->ctx));
    assert_store(fixture, "a=1");
}

static void an_oversized_operation_fails_alone_in_an_independent_write(TestutilFixture *fixture)
{
    uint64_t limit = storage_backend_capabilities(fixture->backend)->value_size_max;
    StorageOperation operations[] = {operation_set("a", "2"), operation_set("b", "2"), operation_set("c", "2")};
    StorageResult results[3];

    if (limit >= SIZE_MAX) {
        testutil_case_skip(fixture, "values of any size are taken");
        return;
    }
    operations[1].value = pretended(limit + 1);
    testutil_assert_ok(
        storage_write(fixture->backend, operations, 3, STORAGE_WRITE_INDEPENDENT, results, fixture->ctx));
    testutil_assert_status(STORAGE_OK, results[0].status);
    testutil_assert_status(STORAGE_SIZE_LIMIT_EXCEEDED, results[1].status);
    testutil_assert_status(STORAGE_OK, results[2].status);
    assert_store(fixture, "a=2 c=2");
}

static const TestutilContractCase cases[] = {
    CASE(a_set_is_read_back, 0, WRITES, NULL),
    CASE(a_set_replaces_the_value, 0, WRITES, "a=1"),
    CASE(a_value_may_become_longer_shorter_and_empty, 0, WRITES, "a=1"),
    CASE(a_set_leaves_the_neighbours_alone, 0, WRITES, "a=1 b=2 c=3"),
    CASE(revisions_strictly_increase, 0, WRITES, NULL),
    CASE(each_key_remembers_its_own_revision, 0, WRITES, NULL),
    CASE(setting_the_same_bytes_writes_a_new_revision, 0, WRITES, "a=1"),
    CASE(a_set_clears_an_expiry, EXPIRY, WRITES, NULL),
    CASE(no_options_clear_an_expiry, EXPIRY, WRITES, NULL),
    CASE(keep_leaves_the_expiry_as_it_was, EXPIRY, WRITES, NULL),
    CASE(keep_on_a_permanent_key_is_never, EXPIRY, WRITES, "a=1"),
    CASE(keep_on_a_new_key_is_never, EXPIRY, WRITES, NULL),
    CASE(keep_on_an_expired_key_is_never, EXPIRY, WRITES, NULL),
    CASE(keep_after_a_delete_is_never, EXPIRY, WRITES, NULL),
    CASE(the_callers_bytes_may_change_after_a_set, 0, WRITES, NULL),
    CASE(a_deleted_key_can_be_set_again, 0, WRITES, "a=1"),
    CASE(keys_set_in_any_order_are_all_there, 0, WRITES, NULL),
    CASE(one_key_is_overwritten_many_times, 0, WRITES, NULL),
    CASE(common_prefixes_do_not_mix_keys_up, 0, WRITES, NULL),
    CASE(a_key_over_the_limit_is_refused, 0, WRITES, "a=1"),
    CASE(a_value_over_the_limit_is_refused, 0, WRITES, "a=1"),
    CASE(one_oversized_operation_rejects_the_whole_write, MULTI_WRITE, WRITES, "a=1"),
    CASE(an_oversized_operation_fails_alone_in_an_independent_write, MULTI_WRITE, WRITES, "a=1"),
};
const CaseTable testutil_cases_set = CASE_TABLE(cases);
