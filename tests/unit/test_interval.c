/*
 * test_interval.c - a range as start <= key < end, as the memory backend walks it: it holds what the range holds, for
 * every pair of bounds over an alphabet with the first and the last byte.
 */
#include "unit.h"

#include <string.h>

#include "core/interval.h"

enum { LENGTH_MAX = 3, ALPHABET_SIZE = 4 };

static const unsigned char alphabet[ALPHABET_SIZE] = {0x00, 0x01, 0xfe, 0xff};

/* Key number `number` of the strings up to `length_max`, the shorter ones first; 0 when there is none. */
static int write_key(unsigned char *bytes, size_t *ret_size, unsigned number, size_t length_max)
{
    unsigned count = 1;
    for (size_t size = 0; size <= length_max; size++, count *= ALPHABET_SIZE) {
        if (number < count) {
            for (size_t place = size; place-- > 0; number /= ALPHABET_SIZE)
                bytes[place] = alphabet[number % ALPHABET_SIZE];
            *ret_size = size;
            return 1;
        }
        number -= count;
    }
    return 0;
}

static void check_interval(const StorageRange *range)
{
    Interval interval;
    unsigned char bytes[LENGTH_MAX];
    size_t size;
    unit_assert_status(interval_init(&interval, range), STORAGE_OK);
    for (unsigned number = 0; write_key(bytes, &size, number, LENGTH_MAX); number++) {
        StorageSlice key = storage_bytes(bytes, size);
        int is_held = storage_range_contains(range, key);
        unit_assert(interval_contains(&interval, key) == is_held,
                    "key %u: bounds of kinds %u and %u, sizes %zu and %zu: the range %s it", number, range->start.kind,
                    range->end.kind, range->start.key.size, range->end.key.size, is_held ? "holds" : "does not hold");
    }
    interval_done(&interval);
}

START_TEST(every_range_over_a_small_alphabet_holds_the_same_keys_as_its_interval)
{
    unsigned char start_bytes[2], end_bytes[2];
    size_t start_size, end_size;
    for (unsigned start = 0; write_key(start_bytes, &start_size, start, 2); start++)
        for (unsigned end = 0; write_key(end_bytes, &end_size, end, 2); end++)
            for (uint32_t start_kind = STORAGE_BOUND_OPEN; start_kind <= STORAGE_BOUND_PREFIX_END; start_kind++)
                for (uint32_t end_kind = STORAGE_BOUND_OPEN; end_kind <= STORAGE_BOUND_PREFIX_END; end_kind++) {
                    StorageRange range = {{storage_bytes(start_bytes, start_size), start_kind},
                                          {storage_bytes(end_bytes, end_size), end_kind}};
                    check_interval(&range);
                }
}
END_TEST

START_TEST(an_interval_keeps_its_own_bytes)
{
    char start[] = "b", end[] = "d";
    Interval interval;
    StorageRange range = storage_range_half_open(storage_string(start), storage_string(end));
    unit_assert_status(interval_init(&interval, &range), STORAGE_OK);
    start[0] = 'x';
    end[0] = 'y';
    ck_assert(interval_contains(&interval, storage_string("c")));
    ck_assert(!interval_contains(&interval, storage_string("x")));
    interval_done(&interval);
}
END_TEST

START_TEST(the_whole_key_space_has_no_end)
{
    Interval interval;
    StorageRange range = storage_range_all();
    unit_assert_status(interval_init(&interval, &range), STORAGE_OK);
    ck_assert(interval_contains(&interval, storage_string("")));
    ck_assert(interval_contains(&interval, storage_bytes("\xff\xff\xff\xff", 4)));
    ck_assert(!interval_ends_before(&interval, storage_bytes("\xff\xff\xff\xff", 4)));
    interval_done(&interval);
}
END_TEST

UNIT_MAIN("interval", every_range_over_a_small_alphabet_holds_the_same_keys_as_its_interval,
          an_interval_keeps_its_own_bytes, the_whole_key_space_has_no_end)
