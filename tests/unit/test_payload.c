/*
 * test_payload.c - the hash of what a token stands for: the same writes have the same hash, any difference has another.
 *
 * The expected digests of single operations are not written down: the encoding is private. That it is injective is what
 * matters, and is checked on every pair of a list of payloads that differ in one thing.
 */
#include "unit.h"

#include <string.h>

#include "core/payload.h"

enum { PAYLOAD_COUNT_MAX = 64 };

typedef struct Hash {
    uint8_t bytes[PAYLOAD_HASH_SIZE];
} Hash;

static Hash hash_of(const StorageOperation *operations, size_t operation_count)
{
    StoragePayload *payload = NULL;
    Hash hash;
    for (size_t index = 0; index < operation_count; index++)
        unit_assert_status(payload_add_operation(&payload, &operations[index]), STORAGE_OK);
    unit_assert_status(payload_finish(payload, hash.bytes), STORAGE_OK);
    payload_free(payload);
    return hash;
}

static StorageSlice text(const char *bytes)
{
    return storage_string(bytes);
}

START_TEST(the_same_operations_have_the_same_hash)
{
    char key[] = "key", value[] = "value";
    const StorageOperation first = {.kind = STORAGE_OPERATION_SET, .key = text("key"), .value = text("value")};
    const StorageOperation again = {.kind = STORAGE_OPERATION_SET, .key = text(key), .value = text(value)};
    Hash a = hash_of(&first, 1), b = hash_of(&again, 1);
    ck_assert_mem_eq(a.bytes, b.bytes, sizeof(a.bytes));
}
END_TEST

START_TEST(fields_that_an_operation_does_not_use_do_not_count)
{
    StorageOperation plain = {.kind = STORAGE_OPERATION_DELETE, .key = text("key")}, noisy = plain;
    noisy.value = text("value");
    noisy.expiry = storage_expiry_after(5);
    noisy.expected = storage_expect_revision(9);
    noisy.range = storage_range_prefix(text("p"));
    Hash a = hash_of(&plain, 1), b = hash_of(&noisy, 1);
    ck_assert_mem_eq(a.bytes, b.bytes, sizeof(a.bytes));
}
END_TEST

/* Each differs from some other in one thing only. */
static size_t list_payloads(StorageOperation *ret_operations)
{
    size_t count = 0;
    static const StorageOperation listed[] = {
        {.kind = STORAGE_OPERATION_SET, .key = {"k", 1}, .value = {"v", 1}},
        {.kind = STORAGE_OPERATION_SET, .key = {"l", 1}, .value = {"v", 1}},
        {.kind = STORAGE_OPERATION_SET, .key = {"k", 1}, .value = {"w", 1}},
        {.kind = STORAGE_OPERATION_SET, .key = {"kv", 2}, .value = {"", 0}},
        {.kind = STORAGE_OPERATION_SET, .key = {"", 0}, .value = {"kv", 2}},
        {.kind = STORAGE_OPERATION_SET, .key = {"k\0", 2}, .value = {"v", 1}},
        {.kind = STORAGE_OPERATION_SET, .key = {"k", 1}, .value = {"v", 1}, .expiry = {5, STORAGE_EXPIRY_AFTER}},
        {.kind = STORAGE_OPERATION_SET, .key = {"k", 1}, .value = {"v", 1}, .expiry = {6, STORAGE_EXPIRY_AFTER}},
        {.kind = STORAGE_OPERATION_SET, .key = {"k", 1}, .value = {"v", 1}, .expiry = {5, STORAGE_EXPIRY_AT}},
        {.kind = STORAGE_OPERATION_SET, .key = {"k", 1}, .value = {"v", 1}, .expiry = {0, STORAGE_EXPIRY_KEEP}},
        {.kind = STORAGE_OPERATION_TOUCH, .key = {"k", 1}, .expiry = {5, STORAGE_EXPIRY_AFTER}},
        {.kind = STORAGE_OPERATION_TOUCH, .key = {"k", 1}, .expiry = {-5, STORAGE_EXPIRY_AFTER}},
        {.kind = STORAGE_OPERATION_TOUCH, .key = {"k", 1}},
        {.kind = STORAGE_OPERATION_DELETE, .key = {"k", 1}},
        {.kind = STORAGE_OPERATION_DELETE, .key = {"", 0}},
        {.kind = STORAGE_OPERATION_COMPARE_AND_SET, .key = {"k", 1}, .value = {"v", 1}},
        {.kind = STORAGE_OPERATION_COMPARE_AND_SET,
         .key = {"k", 1},
         .value = {"v", 1},
         .expected = {{"", 0}, 0, STORAGE_EXPECT_VALUE}},
        {.kind = STORAGE_OPERATION_COMPARE_AND_SET,
         .key = {"k", 1},
         .value = {"v", 1},
         .expected = {{"v", 1}, 0, STORAGE_EXPECT_VALUE}},
        {.kind = STORAGE_OPERATION_COMPARE_AND_SET,
         .key = {"k", 1},
         .value = {"v", 1},
         .expected = {{NULL, 0}, 1, STORAGE_EXPECT_REVISION}},
        {.kind = STORAGE_OPERATION_COMPARE_AND_SET,
         .key = {"k", 1},
         .value = {"v", 1},
         .expected = {{NULL, 0}, 2, STORAGE_EXPECT_REVISION}},
        {.kind = STORAGE_OPERATION_COMPARE_AND_DELETE, .key = {"k", 1}},
        {.kind = STORAGE_OPERATION_COMPARE_AND_DELETE,
         .key = {"k", 1},
         .expected = {{NULL, 0}, 1, STORAGE_EXPECT_REVISION}},
        {.kind = STORAGE_OPERATION_CLEAR_RANGE},
        {.kind = STORAGE_OPERATION_CLEAR_RANGE, .range.start = {{"a", 1}, STORAGE_BOUND_INCLUDED}},
        {.kind = STORAGE_OPERATION_CLEAR_RANGE, .range.start = {{"a", 1}, STORAGE_BOUND_EXCLUDED}},
        {.kind = STORAGE_OPERATION_CLEAR_RANGE, .range.end = {{"a", 1}, STORAGE_BOUND_INCLUDED}},
        {.kind = STORAGE_OPERATION_CLEAR_RANGE, .range.end = {{"a", 1}, STORAGE_BOUND_PREFIX_END}},
    };
    for (; count < sizeof(listed) / sizeof(listed[0]); count++)
        ret_operations[count] = listed[count];
    return count;
}

START_TEST(operations_that_differ_have_different_hashes)
{
    StorageOperation operations[PAYLOAD_COUNT_MAX];
    Hash hashes[PAYLOAD_COUNT_MAX];
    size_t count = list_payloads(operations);
    for (size_t index = 0; index < count; index++) {
        hashes[index] = hash_of(&operations[index], 1);
        for (size_t other = 0; other < index; other++)
            ck_assert_msg(memcmp(&hashes[index], &hashes[other], sizeof(Hash)) != 0, "payloads %zu and %zu are alike",
                          other, index);
    }
}
END_TEST

START_TEST(the_order_and_the_number_of_operations_count)
{
    const StorageOperation a = {.kind = STORAGE_OPERATION_DELETE, .key = text("a")};
    const StorageOperation b = {.kind = STORAGE_OPERATION_DELETE, .key = text("b")};
    const StorageOperation ab[] = {a, b}, ba[] = {b, a}, aa[] = {a, a};
    Hash hashes[] = {hash_of(ab, 2), hash_of(ba, 2), hash_of(aa, 2), hash_of(aa, 1), hash_of(NULL, 0)};
    for (size_t index = 0; index < 5; index++)
        for (size_t other = 0; other < index; other++)
            ck_assert_mem_ne(hashes[index].bytes, hashes[other].bytes, PAYLOAD_HASH_SIZE);
}
END_TEST

START_TEST(bytes_do_not_move_between_operations)
{
    const StorageOperation first[] = {{.kind = STORAGE_OPERATION_DELETE, .key = {"ab", 2}},
                                      {.kind = STORAGE_OPERATION_DELETE, .key = {"c", 1}}};
    const StorageOperation second[] = {{.kind = STORAGE_OPERATION_DELETE, .key = {"a", 1}},
                                       {.kind = STORAGE_OPERATION_DELETE, .key = {"bc", 2}}};
    Hash a = hash_of(first, 2), b = hash_of(second, 2);
    ck_assert_mem_ne(a.bytes, b.bytes, sizeof(a.bytes));
}
END_TEST

START_TEST(a_step_that_is_no_operation_counts)
{
    const StorageOperation operation = {.kind = STORAGE_OPERATION_DELETE, .key = text("a")};
    StoragePayload *payload = NULL;
    Hash with_step, without = hash_of(&operation, 1);
    unit_assert_status(payload_add_operation(&payload, &operation), STORAGE_OK);
    unit_assert_status(payload_add_number(&payload, 100), STORAGE_OK);
    unit_assert_status(payload_finish(payload, with_step.bytes), STORAGE_OK);
    payload_free(payload);
    ck_assert_mem_ne(with_step.bytes, without.bytes, PAYLOAD_HASH_SIZE);
}
END_TEST

/* The hash of a long payload must not depend on how it met the buffer. */
START_TEST(payloads_longer_than_any_buffer_are_told_apart_by_their_last_byte)
{
    static char bytes[100000];
    memset(bytes, 'x', sizeof(bytes));
    for (size_t size = 3900; size < 4100; size += 7) {
        const StorageOperation operation = {.kind = STORAGE_OPERATION_SET, .key = text("k"), .value = {bytes, size}};
        Hash before = hash_of(&operation, 1), again = hash_of(&operation, 1);
        ck_assert_mem_eq(before.bytes, again.bytes, sizeof(before.bytes));
        bytes[size - 1] = 'y';
        Hash after = hash_of(&operation, 1);
        bytes[size - 1] = 'x';
        ck_assert_mem_ne(before.bytes, after.bytes, sizeof(before.bytes));
    }
    const StorageOperation huge = {.kind = STORAGE_OPERATION_SET, .key = text("k"), .value = {bytes, sizeof(bytes)}};
    Hash before = hash_of(&huge, 1);
    bytes[sizeof(bytes) - 1] = 'y';
    Hash after = hash_of(&huge, 1);
    ck_assert_mem_ne(before.bytes, after.bytes, sizeof(before.bytes));
}
END_TEST

START_TEST(a_payload_of_nothing_is_hashed_and_freed)
{
    Hash hash;
    unit_assert_status(payload_finish(NULL, hash.bytes), STORAGE_OK);
    payload_free(NULL);
    ck_assert_uint_eq(hash.bytes[0], 0xe3); /* SHA-256 of nothing, FIPS 180-4 */
    ck_assert_uint_eq(hash.bytes[31], 0x55);
}
END_TEST

UNIT_MAIN("payload", the_same_operations_have_the_same_hash, fields_that_an_operation_does_not_use_do_not_count,
          operations_that_differ_have_different_hashes, the_order_and_the_number_of_operations_count,
          bytes_do_not_move_between_operations, a_step_that_is_no_operation_counts,
          payloads_longer_than_any_buffer_are_told_apart_by_their_last_byte, a_payload_of_nothing_is_hashed_and_freed)
