/*
 * test_limbo.c - what was retired stays until every reader who could have found it has gone, and no longer.
 *
 * A retired block is a tree node here; what is ripe is freed by the test, so that a leak checker and AddressSanitizer
 * watch as well.
 */
#include "unit.h"

#include <pthread.h>

#include "backends/memory/limbo.h"

static Limbo limbo;

static void retire(void)
{
    RetiredNode *node = storage_allocate_zero(sizeof(*node));
    ck_assert_ptr_nonnull(node);
    limbo_retire_node(&limbo, node);
}

static size_t free_nodes(const LimboLists *limbo)
{
    size_t count = 0;
    for (RetiredNode *node = limbo->nodes, *next; node != NULL; node = next, count++) {
        next = node->next_retired;
        storage_release(node);
    }
    return count;
}

/* Advances if it can. Returns how many blocks that freed, or -1 when a reader holds it back. */
static int advance(void)
{
    LimboLists ripe;
    return limbo_advance(&limbo, &ripe) ? (int)free_nodes(&ripe) : -1;
}

START_TEST(without_readers_a_block_is_ripe_after_two_advances)
{
    ck_assert_int_eq(limbo_init(&limbo), 0);
    retire();
    ck_assert_int_eq(advance(), 0);
    ck_assert_int_eq(advance(), 1);
    ck_assert_int_eq(advance(), 0);
    limbo_done(&limbo);
}
END_TEST

START_TEST(a_reader_that_entered_before_the_retirement_keeps_the_block)
{
    ck_assert_int_eq(limbo_init(&limbo), 0);
    EpochGuard guard = epoch_enter(&limbo.epoch);
    retire();
    for (int round = 0; round < 10; round++)
        ck_assert_int_le(advance(), 0);
    epoch_leave(&limbo.epoch, guard);
    ck_assert_int_eq(advance() + advance(), 1);
    limbo_done(&limbo);
}
END_TEST

START_TEST(readers_that_come_and_go_hold_nothing_back_for_ever)
{
    ck_assert_int_eq(limbo_init(&limbo), 0);
    int freed_count = 0;
    EpochGuard guard = epoch_enter(&limbo.epoch);
    for (int round = 0; round < 100; round++) {
        EpochGuard next;
        retire();
        int freed = advance();
        freed_count += freed > 0 ? freed : 0;
        next = epoch_enter(&limbo.epoch);
        epoch_leave(&limbo.epoch, guard);
        guard = next;
    }
    epoch_leave(&limbo.epoch, guard);
    ck_assert_int_ge(freed_count, 90);
    while (freed_count < 100) {
        int freed = advance();
        ck_assert_int_ge(freed, 0);
        freed_count += freed;
    }
    limbo_done(&limbo);
}
END_TEST

START_TEST(nested_readers_of_one_thread_count_one_by_one)
{
    ck_assert_int_eq(limbo_init(&limbo), 0);
    EpochGuard outer = epoch_enter(&limbo.epoch), inner = epoch_enter(&limbo.epoch);
    retire();
    epoch_leave(&limbo.epoch, inner);
    for (int round = 0; round < 5; round++)
        ck_assert_int_le(advance(), 0);
    epoch_leave(&limbo.epoch, outer);
    ck_assert_int_eq(advance() + advance(), 1);
    limbo_done(&limbo);
}
END_TEST

START_TEST(at_the_end_everything_is_handed_out)
{
    ck_assert_int_eq(limbo_init(&limbo), 0);
    retire();
    (void)advance();
    retire();
    retire();
    LimboLists all = limbo_take_all(&limbo);
    ck_assert_uint_eq(free_nodes(&all), 3);
    limbo_done(&limbo);
}
END_TEST

START_TEST(the_count_of_what_waits_is_kept)
{
    ck_assert_int_eq(limbo_init(&limbo), 0);
    for (int round = 0; round < 7; round++)
        retire();
    ck_assert_uint_eq(atomic_load(&limbo.count), 7);
    (void)advance();
    (void)advance();
    ck_assert_uint_eq(atomic_load(&limbo.count), 0);
    limbo_done(&limbo);
}
END_TEST

/* ---- a block that is replaced while others read it ---- */

enum { READER_COUNT = 2, REPLACEMENT_COUNT = 20000, ALIVE = 0x600d };

typedef struct Block {
    RetiredNode retired;
    unsigned state;
} Block;

static _Atomic(Block *) shared;
static atomic_int is_over, fault_count;

static void *read_shared(void *unused)
{
    (void)unused;
    while (!atomic_load(&is_over)) {
        EpochGuard guard = epoch_enter(&limbo.epoch);
        if (atomic_load(&shared)->state != ALIVE)
            atomic_fetch_add(&fault_count, 1);
        epoch_leave(&limbo.epoch, guard);
    }
    return NULL;
}

static Block *new_block(void)
{
    Block *block = storage_allocate_zero(sizeof(*block));
    ck_assert_ptr_nonnull(block);
    block->state = ALIVE;
    return block;
}

static void bury(const LimboLists *limbo)
{
    for (RetiredNode *node = limbo->nodes, *next; node != NULL; node = next) {
        next = node->next_retired;
        ((Block *)node)->state = 0;
        storage_release(node);
    }
}

START_TEST(no_reader_sees_a_block_after_it_was_freed)
{
    pthread_t readers[READER_COUNT];
    ck_assert_int_eq(limbo_init(&limbo), 0);
    atomic_store(&shared, new_block());
    for (size_t index = 0; index < READER_COUNT; index++)
        ck_assert_int_eq(pthread_create(&readers[index], NULL, read_shared, NULL), 0);
    for (int round = 0; round < REPLACEMENT_COUNT; round++) {
        LimboLists ripe;
        Block *before = atomic_exchange(&shared, new_block());
        limbo_retire_node(&limbo, &before->retired);
        if (limbo_advance(&limbo, &ripe))
            bury(&ripe);
    }
    atomic_store(&is_over, 1);
    for (size_t index = 0; index < READER_COUNT; index++)
        ck_assert_int_eq(pthread_join(readers[index], NULL), 0);
    ck_assert_int_eq(atomic_load(&fault_count), 0);
    LimboLists all = limbo_take_all(&limbo);
    bury(&all);
    storage_release(atomic_load(&shared));
    limbo_done(&limbo);
}
END_TEST

UNIT_MAIN("limbo", without_readers_a_block_is_ripe_after_two_advances,
          a_reader_that_entered_before_the_retirement_keeps_the_block,
          readers_that_come_and_go_hold_nothing_back_for_ever, nested_readers_of_one_thread_count_one_by_one,
          at_the_end_everything_is_handed_out, the_count_of_what_waits_is_kept,
          no_reader_sees_a_block_after_it_was_freed)
