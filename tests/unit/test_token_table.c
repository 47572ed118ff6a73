/* test_token_table.c - answers that are remembered for idempotency tokens: whose, for which payload, for how long. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "backends/memory/token_table.h"

static TokenTable table;
static uint8_t payload[TOKEN_HASH_SIZE];

/* What the core hands to a write with a token. */
static StorageContext request(const char *organization, const char *token)
{
    return (StorageContext){.struct_size = sizeof(StorageContext),
                            .token = storage_string(token),
                            .organization = storage_string(organization),
                            .payload_hash = payload};
}

static void set_up(uint64_t count_max, int64_t age_max_ns)
{
    memset(payload, 1, sizeof(payload));
    unit_assert_status(token_table_init(&table, count_max, UINT64_MAX, age_max_ns), STORAGE_OK);
}

static void add(const char *organization, const char *token, uint64_t revision, int64_t now_ns)
{
    StorageContext ctx = request(organization, token);
    TokenEntry *entry = token_entry_new(&ctx, 2);
    ck_assert_ptr_nonnull(entry);
    entry->revision = revision;
    entry->committed_at_ns = now_ns;
    entry->results[0] = (StorageResult){STORAGE_OK, 0, revision};
    entry->results[1] = (StorageResult){STORAGE_NOT_FOUND, 0, 0};
    token_table_add(&table, entry, now_ns);
}

static StorageStatus find(const char *organization, const char *token, int64_t now_ns, uint64_t *ret_revision)
{
    StorageContext ctx = request(organization, token);
    StorageResult results[2];
    StorageStatus status = token_table_find(&table, &ctx, now_ns, results, 2, ret_revision);
    if (status == STORAGE_OK) {
        ck_assert_uint_eq(results[0].revision, *ret_revision);
        unit_assert_status(results[1].status, STORAGE_NOT_FOUND);
    }
    return status;
}

START_TEST(an_answer_is_found_again_by_its_token)
{
    uint64_t revision = 0;
    set_up(100, 1000);
    unit_assert_status(find("acme", "t", 0, &revision), STORAGE_NOT_FOUND);
    add("acme", "t", 7, 0);
    unit_assert_status(find("acme", "t", 0, &revision), STORAGE_OK);
    ck_assert_uint_eq(revision, 7);
    token_table_done(&table);
}
END_TEST

START_TEST(organizations_do_not_share_tokens)
{
    uint64_t revision = 0;
    set_up(100, 1000);
    add("acme", "t", 7, 0);
    unit_assert_status(find("", "t", 0, &revision), STORAGE_NOT_FOUND);
    unit_assert_status(find("acm", "et", 0, &revision), STORAGE_NOT_FOUND);
    unit_assert_status(find("acmet", "", 0, &revision), STORAGE_NOT_FOUND);
    add("", "t", 8, 0);
    unit_assert_status(find("acme", "t", 0, &revision), STORAGE_OK);
    ck_assert_uint_eq(revision, 7);
    unit_assert_status(find("", "t", 0, &revision), STORAGE_OK);
    ck_assert_uint_eq(revision, 8);
    token_table_done(&table);
}
END_TEST

START_TEST(another_payload_under_a_token_is_told_apart_by_any_byte)
{
    uint64_t revision = 0;
    set_up(100, 1000);
    add("acme", "t", 7, 0);
    for (size_t index = 0; index < sizeof(payload); index++) {
        payload[index] ^= 0x80;
        unit_assert_status(find("acme", "t", 0, &revision), STORAGE_IDEMPOTENCY_KEY_REUSED);
        payload[index] ^= 0x80;
    }
    unit_assert_status(find("acme", "t", 0, &revision), STORAGE_OK);
    token_table_done(&table);
}
END_TEST

START_TEST(answers_are_kept_up_to_their_number_oldest_first_out)
{
    uint64_t revision = 0;
    char token[16];
    set_up(100, INT64_MAX);
    for (int number = 0; number < 250; number++) {
        (void)snprintf(token, sizeof(token), "%d", number);
        add("acme", token, (uint64_t)number + 1, 0);
    }
    for (int number = 0; number < 250; number++) {
        (void)snprintf(token, sizeof(token), "%d", number);
        unit_assert_status(find("acme", token, 0, &revision), number < 150 ? STORAGE_NOT_FOUND : STORAGE_OK);
    }
    ck_assert_uint_eq(table.count, 100);
    token_table_done(&table);
}
END_TEST

START_TEST(answers_are_kept_up_to_their_age)
{
    uint64_t revision = 0;
    set_up(100, 1000);
    add("acme", "first", 1, 0);
    add("acme", "second", 2, 600);
    unit_assert_status(find("acme", "first", 999, &revision), STORAGE_OK);
    unit_assert_status(find("acme", "first", 1001, &revision), STORAGE_NOT_FOUND);
    unit_assert_status(find("acme", "second", 1001, &revision), STORAGE_OK);
    add("acme", "third", 3, 1700);
    ck_assert_uint_eq(table.count, 1); /* what is too old makes room when something comes in */
    unit_assert_status(find("acme", "third", 1700, &revision), STORAGE_OK);
    token_table_done(&table);
}
END_TEST

START_TEST(answers_are_kept_up_to_their_bytes_and_the_newest_always)
{
    uint64_t revision = 0;
    char token[16];
    unit_assert_status(token_table_init(&table, 1000000, 20000, INT64_MAX), STORAGE_OK);
    memset(payload, 1, sizeof(payload));
    for (int number = 0; number < 1000; number++) {
        (void)snprintf(token, sizeof(token), "%d", number);
        add("acme", token, (uint64_t)number + 1, 0);
        unit_assert(find("acme", token, 0, &revision) == STORAGE_OK, "answer %d was not kept at all", number);
        ck_assert_uint_le(atomic_load(&table.bytes), 20000);
    }
    ck_assert_uint_ge(table.count, 20);
    unit_assert_status(find("acme", "0", 0, &revision), STORAGE_NOT_FOUND);
    token_table_done(&table);

    unit_assert_status(token_table_init(&table, 1000000, 1, INT64_MAX), STORAGE_OK);
    add("acme", "alone", 5, 0);
    unit_assert_status(find("acme", "alone", 0, &revision), STORAGE_OK);
    token_table_done(&table);
}
END_TEST

START_TEST(many_tokens_are_all_found_and_their_bytes_are_given_back)
{
    enum { COUNT = 20000 };
    uint64_t revision = 0;
    char token[16];
    set_up(COUNT, INT64_MAX);
    uint64_t empty = atomic_load(&table.bytes);
    for (int number = 0; number < COUNT; number++) {
        (void)snprintf(token, sizeof(token), "%d", number);
        add("acme", token, (uint64_t)number + 1, 0);
    }
    for (int number = 0; number < COUNT; number++) {
        (void)snprintf(token, sizeof(token), "%d", number);
        unit_assert_status(find("acme", token, 0, &revision), STORAGE_OK);
        unit_assert(revision == (uint64_t)number + 1, "token %d has the answer of another", number);
    }
    ck_assert_uint_gt(atomic_load(&table.bytes), empty);
    token_table_done(&table);
}
END_TEST

START_TEST(an_entry_that_was_not_used_is_freed)
{
    StorageContext ctx = request("acme", "t");
    set_up(10, 10);
    token_entry_free(token_entry_new(&ctx, 5)); /* a leak checker sees the rest */
    ck_assert_uint_eq(table.count, 0);
    token_table_done(&table);
}
END_TEST

UNIT_MAIN("token table", an_answer_is_found_again_by_its_token, organizations_do_not_share_tokens,
          another_payload_under_a_token_is_told_apart_by_any_byte, answers_are_kept_up_to_their_number_oldest_first_out,
          answers_are_kept_up_to_their_age, answers_are_kept_up_to_their_bytes_and_the_newest_always,
          many_tokens_are_all_found_and_their_bytes_are_given_back, an_entry_that_was_not_used_is_freed)
