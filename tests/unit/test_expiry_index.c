/* test_expiry_index.c - the versions that will expire, by time: in order, and only while they are the newest. */
#include "unit.h"

#include "backends/memory/expiry_index.h"

enum { VERSION_COUNT = 1000 };

static ExpiryIndex index_of_versions;
static Version *versions[VERSION_COUNT];

static Version *new_version(int64_t expires_at_ns)
{
    Version *version = version_new(storage_string("value"), 1);
    ck_assert_ptr_nonnull(version);
    version->expires_at_ns = expires_at_ns;
    return version;
}

/* How many are due; they must come in the order of their time. */
static size_t take_due(int64_t now_ns, size_t room)
{
    static Version *due[VERSION_COUNT];
    size_t count = expiry_index_due(&index_of_versions, now_ns, due, room);
    for (size_t place = 0; place < count; place++) {
        unit_assert(due[place]->expires_at_ns <= now_ns, "version %zu is not due", place);
        unit_assert(place == 0 || due[place - 1]->expires_at_ns <= due[place]->expires_at_ns,
                    "version %zu comes before an earlier one", place);
        version_release(due[place]);
    }
    return count;
}

START_TEST(what_is_due_comes_in_the_order_of_its_time)
{
    ck_assert_int_eq(expiry_index_init(&index_of_versions), 0);
    for (size_t place = 0; place < VERSION_COUNT; place++) {
        versions[place] = new_version((int64_t)(place * 7919 % VERSION_COUNT));
        expiry_index_replace(&index_of_versions, NULL, versions[place]);
    }
    ck_assert_int_eq(atomic_load(&index_of_versions.next_ns), 0);
    ck_assert_uint_eq(take_due(-1, VERSION_COUNT), 0);
    ck_assert_uint_eq(take_due(0, VERSION_COUNT), 1);
    ck_assert_uint_eq(take_due(99, VERSION_COUNT), 100);
    ck_assert_uint_eq(take_due(99, 10), 10);
    ck_assert_uint_eq(take_due(INT64_MAX, VERSION_COUNT), VERSION_COUNT);
    ck_assert_uint_eq(expiry_index_count_due(&index_of_versions, 99, SIZE_MAX), 100);
    ck_assert_uint_eq(expiry_index_count_due(&index_of_versions, 99, 10), 10);
    for (size_t place = 0; place < VERSION_COUNT; place++) {
        expiry_index_replace(&index_of_versions, versions[place], NULL);
        version_release(versions[place]);
    }
    ck_assert_uint_eq(index_of_versions.count, 0);
    ck_assert_int_eq(atomic_load(&index_of_versions.next_ns), STORAGE_NEVER);
    expiry_index_done(&index_of_versions);
}
END_TEST

START_TEST(versions_of_the_same_time_are_all_kept)
{
    ck_assert_int_eq(expiry_index_init(&index_of_versions), 0);
    for (size_t place = 0; place < 50; place++) {
        versions[place] = new_version(7);
        expiry_index_replace(&index_of_versions, NULL, versions[place]);
    }
    ck_assert_uint_eq(take_due(7, VERSION_COUNT), 50);
    expiry_index_replace(&index_of_versions, versions[20], NULL);
    ck_assert_uint_eq(take_due(7, VERSION_COUNT), 49);
    for (size_t place = 0; place < 50; place++) {
        if (place != 20)
            expiry_index_replace(&index_of_versions, versions[place], NULL);
        version_release(versions[place]);
    }
    expiry_index_done(&index_of_versions);
}
END_TEST

START_TEST(a_version_that_is_superseded_leaves_and_its_successor_comes)
{
    ck_assert_int_eq(expiry_index_init(&index_of_versions), 0);
    Version *first = new_version(10), *second = new_version(20), *third = new_version(STORAGE_NEVER);
    expiry_index_replace(&index_of_versions, NULL, first);
    expiry_index_replace(&index_of_versions, first, second);
    ck_assert_uint_eq(take_due(10, VERSION_COUNT), 0);
    ck_assert_uint_eq(take_due(20, VERSION_COUNT), 1);
    ck_assert_int_eq(atomic_load(&index_of_versions.next_ns), 20);
    expiry_index_replace(&index_of_versions, second, third);
    ck_assert_uint_eq(take_due(INT64_MAX, VERSION_COUNT), 0);
    ck_assert_uint_eq(index_of_versions.count, 0);
    /* Not in it any more: superseding it again does nothing. */
    expiry_index_replace(&index_of_versions, second, NULL);
    ck_assert_uint_eq(index_of_versions.count, 0);
    version_release(first);
    version_release(second);
    version_release(third);
    expiry_index_done(&index_of_versions);
}
END_TEST

START_TEST(a_version_without_an_expiry_or_a_tombstone_is_never_in_it)
{
    ck_assert_int_eq(expiry_index_init(&index_of_versions), 0);
    Version *plain = version_new(storage_string("value"), 0), *tombstone = version_new_tombstone();
    expiry_index_replace(&index_of_versions, NULL, plain);
    expiry_index_replace(&index_of_versions, plain, tombstone);
    ck_assert_uint_eq(index_of_versions.count, 0);
    version_release(plain);
    version_release(tombstone);
    expiry_index_done(&index_of_versions);
}
END_TEST

UNIT_MAIN("expiry index", what_is_due_comes_in_the_order_of_its_time, versions_of_the_same_time_are_all_kept,
          a_version_that_is_superseded_leaves_and_its_successor_comes,
          a_version_without_an_expiry_or_a_tombstone_is_never_in_it)
