/*
 * test_ledger_conflict_log.c - the conflict log against a list of everything that was written: it never says "not
 * written" of what was, and says "written" of what was not only below its floor.
 */
#include "unit.h"

#include "backends/ledger/txn/conflict_log.h"

#include <stdlib.h>

enum { KEY_COUNT = 24, STEP_COUNT = 4000, TABLE_COUNT = 2 };

/* When each key was last written, by table. */
typedef struct Model {
    uint64_t written[TABLE_COUNT][KEY_COUNT];
} Model;

static unsigned char key_bytes[KEY_COUNT];

static StorageSlice key_of(unsigned number)
{
    key_bytes[number] = (unsigned char)('a' + number);
    return storage_bytes(&key_bytes[number], 1);
}

static unsigned draw(unsigned *state, unsigned bound)
{
    *state = *state * 1103515245u + 12345u;
    return (*state >> 16) % bound;
}

static StorageRange range_of(unsigned from, unsigned to)
{
    return (StorageRange){{key_of(from), STORAGE_BOUND_INCLUDED}, {key_of(to), STORAGE_BOUND_EXCLUDED}};
}

static void check_answers(const ConflictLog *log, const Model *model, uint64_t revision, unsigned *state)
{
    uint32_t table = draw(state, TABLE_COUNT);
    unsigned key = draw(state, KEY_COUNT), from = draw(state, KEY_COUNT), to = draw(state, KEY_COUNT);
    StorageRange range = range_of(from, to);
    Interval interval;
    int expected = model->written[table][key] > revision;
    unit_assert(conflict_log_has_key(log, table, key_of(key), revision) == (expected || revision < log->floor),
                "key %u of table %u since %llu", key, table, (unsigned long long)revision);
    expected = 0;
    for (unsigned i = from; i < to; i++)
        expected = expected || model->written[table][i] > revision;
    unit_assert_status(interval_init(&interval, &range), STORAGE_OK);
    if (!interval.is_empty)
        unit_assert(conflict_log_has_range(log, table, &interval, revision) >= expected, "range %u to %u", from, to);
    interval_done(&interval);
}

/* Nothing of it is known afterwards, and what was before still is. */
static void take_back_a_batch(ConflictLog *log, uint64_t revision, unsigned *state)
{
    conflict_log_begin(log, revision - 1);
    for (unsigned count = draw(state, 6); count > 0; count--) {
        StorageRange range = range_of(draw(state, KEY_COUNT), draw(state, KEY_COUNT));
        unit_assert_status(
            conflict_log_note_key(log, draw(state, TABLE_COUNT), key_of(draw(state, KEY_COUNT)), revision), STORAGE_OK);
        if (draw(state, 4) == 0)
            unit_assert_status(conflict_log_note_range(log, 0, &range, revision), STORAGE_OK);
    }
    conflict_log_take_back(log);
    conflict_log_begin(log, 0);
}

static void run(uint64_t bytes_max, unsigned seed)
{
    ConflictLog log;
    Model model = {0};
    unsigned state = seed;
    conflict_log_init(&log, bytes_max, 0);
    for (uint64_t revision = 1; revision <= STEP_COUNT; revision++) {
        uint32_t table = draw(&state, TABLE_COUNT);
        if (draw(&state, 4) == 0)
            take_back_a_batch(&log, revision, &state);
        if (draw(&state, 8) == 0) {
            unsigned from = draw(&state, KEY_COUNT), to = draw(&state, KEY_COUNT);
            StorageRange range = range_of(from, to);
            unit_assert_status(conflict_log_note_range(&log, table, &range, revision), STORAGE_OK);
            for (unsigned i = from; i < to; i++)
                model.written[table][i] = revision;
        } else {
            unsigned key = draw(&state, KEY_COUNT);
            unit_assert_status(conflict_log_note_key(&log, table, key_of(key), revision), STORAGE_OK);
            model.written[table][key] = revision;
        }
        if (draw(&state, 16) == 0)
            conflict_log_forget(&log, revision - draw(&state, 20) % revision);
        for (int i = 0; i < 8; i++)
            check_answers(&log, &model, revision - draw(&state, 30) % (revision + 1), &state);
        unit_assert(log.bytes <= bytes_max, "the log has %llu bytes", (unsigned long long)log.bytes);
    }
    conflict_log_done(&log);
    unit_assert(log.bytes == 0 && log.oldest_key == NULL && log.oldest_range == NULL, "something is left");
}

START_TEST(what_was_written_is_known_for_ever_without_a_bound)
{
    run(UINT64_MAX, 1);
}
END_TEST

START_TEST(what_a_bounded_log_forgets_is_below_its_floor)
{
    for (unsigned seed = 2; seed < 6; seed++)
        run(1000, seed);
}
END_TEST

static void *allocate_nothing(void *user_data, size_t size)
{
    (void)user_data, (void)size;
    return NULL;
}

static void *reallocate_nothing(void *user_data, void *block, size_t size)
{
    (void)user_data, (void)block, (void)size;
    return NULL;
}

static void release(void *user_data, void *block)
{
    (void)user_data;
    free(block);
}

START_TEST(what_there_is_no_memory_for_is_refused_and_changes_nothing)
{
    StorageAllocator nothing = {sizeof(nothing), 0, NULL, allocate_nothing, reallocate_nothing, release};
    StorageRange range = range_of(1, 5);
    ConflictLog log;
    conflict_log_init(&log, UINT64_MAX, 0);
    unit_assert_status(storage_set_allocator(&nothing), STORAGE_OK);
    unit_assert_status(conflict_log_note_key(&log, 0, key_of(3), 7), STORAGE_NO_MEMORY);
    unit_assert_status(conflict_log_note_range(&log, 0, &range, 7), STORAGE_NO_MEMORY);
    unit_assert_status(storage_set_allocator(NULL), STORAGE_OK);
    ck_assert_uint_eq(log.floor, 0);
    ck_assert_uint_eq(log.bytes, 0);
    ck_assert(!conflict_log_has_key(&log, 0, key_of(3), 0));
    conflict_log_done(&log);
}
END_TEST

UNIT_MAIN("ledger conflict log", what_there_is_no_memory_for_is_refused_and_changes_nothing,
          what_was_written_is_known_for_ever_without_a_bound, what_a_bounded_log_forgets_is_below_its_floor)
