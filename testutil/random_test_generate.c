/*
 * random_test_generate.c - makes a sequence of steps from a seed.
 *
 * Keys are few, so that operations meet, and nasty: empty, 0x00, 0xFF, prefixes of each other, alike in their first
 * bytes. Durations are small numbers of nanoseconds, so that the clock meets expiries exactly.
 */
#include "random_step.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- keys and values ---- */

#define KEY(text)              \
    {                          \
        text, sizeof(text) - 1 \
    }
#define ALIKE "alike-in-the-first-thirty-two-bytes/"
#define LONG_TEXT "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const StorageSlice nasty_keys[RANDOM_NASTY_KEY_COUNT] = {
    KEY("b"),
    KEY("key"),
    KEY(""),
    KEY("\0"),
    KEY("\xff"),
    KEY("a"),
    KEY("a\0"),
    KEY("a\0\0"),
    KEY("key\0"),
    KEY("a\xff"),
    KEY("\0\0"),
    KEY("\xff\xff"),
    KEY("a\xff\xff"),
    KEY("ab"),
    KEY("abc"),
    KEY("b\0"),
    KEY("\xff\0"),
    KEY("\0\xff"),
    KEY("a\x01"),
    KEY("a\xfe"),
    KEY("c"),
    KEY("key1"),
    KEY("key2"),
    KEY("key\xff"),
    KEY(ALIKE),
    KEY(ALIKE "1"),
    KEY(ALIKE "2"),
    KEY(ALIKE "\xff"),
    KEY(LONG_TEXT LONG_TEXT LONG_TEXT LONG_TEXT),
    KEY(LONG_TEXT LONG_TEXT LONG_TEXT LONG_TEXT "\0"),
    KEY("\x80"),
    KEY("\x7f"),
};

enum { MADE_KEY_SIZE_MAX = 64 };

/* Key n for n beyond the nasty ones: all different, some binary, some alike in their first bytes. */
static StorageSlice make_key(size_t key_no, unsigned char *buffer)
{
    static const char *const formats[] = {"key%03zu", "alike-in-the-first-thirty-two-bytes/%03zu", "a_%03zu", "_%03zu"};
    int size = snprintf((char *)buffer, MADE_KEY_SIZE_MAX, formats[key_no % 4], key_no);

    if (key_no % 4 == 3)
        buffer[0] = 0xFF;
    if (key_no % 4 == 2)
        buffer[1] = 0x00;
    return (StorageSlice){buffer, (size_t)size};
}

/* Made at first use, so for one thread. */
StorageSlice testutil_trial_key(size_t key_no)
{
    static unsigned char buffers[RANDOM_KEY_COUNT][MADE_KEY_SIZE_MAX];

    key_no %= RANDOM_KEY_COUNT;
    return key_no < RANDOM_NASTY_KEY_COUNT ? nasty_keys[key_no] : make_key(key_no, buffers[key_no]);
}

size_t testutil_trial_key_number(StorageSlice key)
{
    size_t i = 0;

    for (; i < RANDOM_KEY_COUNT; i++) {
        StorageSlice candidate = testutil_trial_key(i);
        if (candidate.size == key.size && (key.size == 0 || memcmp(candidate.data, key.data, key.size) == 0))
            break;
    }
    return i;
}

/* Value n is one letter, repeated; value 0 is empty. Made at first use, so for one thread. */
StorageSlice testutil_trial_value(size_t value_no)
{
    static const size_t sizes[RANDOM_VALUE_COUNT] = {0, 1, 1, 2, 3, 7, 8, 9, 15, 16, 17, 40, 100, 300, 1500, 6000};
    static unsigned char bytes[RANDOM_VALUE_COUNT][RANDOM_VALUE_SIZE_MAX];
    size_t i = value_no % RANDOM_VALUE_COUNT;

    if (sizes[i] > 0 && bytes[i][0] == 0)
        memset(bytes[i], 'A' + (int)i, sizes[i]);
    return (StorageSlice){bytes[i], sizes[i]};
}

uint64_t testutil_trial_step_capabilities(uint8_t kind)
{
    static const uint64_t needed[RANDOM_STEP_KIND_COUNT] = {
#define STEP_CAPABILITIES(name, text, capabilities) capabilities,
        RANDOM_STEP_LIST(STEP_CAPABILITIES)
#undef STEP_CAPABILITIES
    };

    return needed[kind];
}

/* ---- making steps ---- */

typedef struct Generator {
    TestutilRandom random;
    uint64_t key_count; /* the first so many keys of a shuffled list */
    uint16_t key_nos[RANDOM_KEY_COUNT];
    uint32_t cursors, transactions, watches; /* bits: what is probably open by now */
} Generator;

static uint8_t below(Generator *self, uint64_t bound)
{
    return (uint8_t)testutil_random_below(&self->random, bound);
}

static uint16_t pick_key(Generator *self)
{
    return self->key_nos[testutil_random_below(&self->random, self->key_count)];
}

/* Mostly small; now and then the ends of what the type holds. */
static int64_t pick_duration(Generator *self)
{
    switch (below(self, 12)) {
    case 0:
        return 0;
    case 1:
        return STORAGE_NEVER - below(self, 2);
    case 2:
        return -1 - below(self, 20);
    default:
        return 1 + (int64_t)testutil_random_below(&self->random, 60);
    }
}

static RandomBound pick_bound(Generator *self)
{
    return (RandomBound){.kind = below(self, 4), .key_no = pick_key(self)};
}

static RandomRange pick_range(Generator *self)
{
    return (RandomRange){.start = pick_bound(self), .end = pick_bound(self)};
}

static RandomOperation pick_operation(Generator *self)
{
    static const uint8_t kinds[] = {
        STORAGE_OPERATION_SET,
        STORAGE_OPERATION_SET,
        STORAGE_OPERATION_SET,
        STORAGE_OPERATION_TOUCH,
        STORAGE_OPERATION_DELETE,
        STORAGE_OPERATION_DELETE,
        STORAGE_OPERATION_COMPARE_AND_SET,
        STORAGE_OPERATION_COMPARE_AND_SET,
        STORAGE_OPERATION_COMPARE_AND_DELETE,
        STORAGE_OPERATION_CLEAR_RANGE,
    };
    RandomOperation operation = {.kind = kinds[below(self, sizeof(kinds))]};

    operation.key_no = pick_key(self);
    operation.value_no = below(self, RANDOM_VALUE_COUNT);
    operation.expiry_kind = below(self, 2) ? STORAGE_EXPIRY_NEVER : below(self, 4);
    operation.expiry_ns = pick_duration(self);
    operation.expected_kind = below(self, 3);
    operation.expected_choice = below(self, 4) ? RANDOM_EXPECT_CURRENT : RANDOM_EXPECT_OTHER;
    operation.expected_value_no = below(self, RANDOM_VALUE_COUNT);
    operation.range = pick_range(self);
    return operation;
}

static uint8_t pick_kind(Generator *self)
{
    static const uint8_t weights[RANDOM_STEP_KIND_COUNT] = {
        [RANDOM_GET] = 8,
        [RANDOM_MULTI_GET] = 3,
        [RANDOM_WRITE] = 20,
        [RANDOM_WRITE_SEVERAL] = 7,
        [RANDOM_REPLAY] = 4,
        [RANDOM_SCAN] = 4,
        [RANDOM_NEXT] = 8,
        [RANDOM_SEEK] = 4,
        [RANDOM_CLOSE_CURSOR] = 2,
        [RANDOM_BEGIN] = 3,
        [RANDOM_TRANSACTION_GET] = 6,
        [RANDOM_TRANSACTION_MULTI_GET] = 2,
        [RANDOM_TRANSACTION_WRITE] = 14,
        [RANDOM_TRANSACTION_SCAN] = 4,
        [RANDOM_SAVEPOINT] = 3,
        [RANDOM_ROLLBACK_TO] = 3,
        [RANDOM_DROP_SAVEPOINT] = 2,
        [RANDOM_COMMIT] = 6,
        [RANDOM_CLOSE_TRANSACTION] = 2,
        [RANDOM_ADVANCE] = 6,
        [RANDOM_STEP_BACK] = 2,
        [RANDOM_SWEEP] = 2,
        [RANDOM_WATCH] = 2,
        [RANDOM_DRAIN] = 4,
        [RANDOM_CLOSE_WATCH] = 1,
        [RANDOM_READ_ALL] = 3,
    };
    uint64_t sum = 0;
    uint8_t kind = 0;

    for (size_t i = 0; i < RANDOM_STEP_KIND_COUNT; i++)
        sum += weights[i];
    uint64_t point = testutil_random_below(&self->random, sum);
    while (point >= weights[kind])
        point -= weights[kind++];
    return kind;
}

/* A slot that is open, most of the time: a call on what has ended must be answered too. */
static uint8_t pick_slot(Generator *self, uint32_t open, uint8_t count)
{
    uint8_t slot = below(self, count);

    while (open != 0 && !(open & (1u << slot)) && below(self, 16) != 0)
        slot = below(self, count);
    return slot;
}

/* Chooses the slot of a step, and turns one that needs something open into the one that opens it. */
static void place_step(Generator *self, RandomStep *step)
{
    switch (step->kind) {
    case RANDOM_NEXT:
    case RANDOM_SEEK:
    case RANDOM_CLOSE_CURSOR:
        step->slot = pick_slot(self, self->cursors, RANDOM_CURSOR_COUNT);
        if (self->cursors == 0)
            step->kind = RANDOM_SCAN;
        break;
    case RANDOM_DRAIN:
    case RANDOM_CLOSE_WATCH:
        step->slot = pick_slot(self, self->watches, RANDOM_WATCH_COUNT);
        if (self->watches == 0)
            step->kind = RANDOM_WATCH;
        break;
    case RANDOM_TRANSACTION_GET:
    case RANDOM_TRANSACTION_MULTI_GET:
    case RANDOM_TRANSACTION_WRITE:
    case RANDOM_TRANSACTION_SCAN:
    case RANDOM_SAVEPOINT:
    case RANDOM_ROLLBACK_TO:
    case RANDOM_DROP_SAVEPOINT:
    case RANDOM_COMMIT:
    case RANDOM_CLOSE_TRANSACTION:
        step->slot = pick_slot(self, self->transactions, RANDOM_TRANSACTION_COUNT);
        if (self->transactions == 0)
            step->kind = RANDOM_BEGIN;
        break;
    default:
        step->slot = below(self, RANDOM_CURSOR_COUNT * RANDOM_TRANSACTION_COUNT * RANDOM_WATCH_COUNT);
        break;
    }
}

/* Keeps account of what is open after the step. */
static void follow_step(Generator *self, const RandomStep *step)
{
    uint32_t cursor = 1u << step->slot % RANDOM_CURSOR_COUNT;
    uint32_t transaction = 1u << step->slot % RANDOM_TRANSACTION_COUNT;
    uint32_t watch = 1u << step->slot % RANDOM_WATCH_COUNT;

    if (step->kind == RANDOM_SCAN || step->kind == RANDOM_TRANSACTION_SCAN)
        self->cursors |= cursor;
    else if (step->kind == RANDOM_CLOSE_CURSOR)
        self->cursors &= ~cursor;
    else if (step->kind == RANDOM_WATCH)
        self->watches |= watch;
    else if (step->kind == RANDOM_CLOSE_WATCH)
        self->watches &= ~watch;
    else if (step->kind == RANDOM_BEGIN)
        self->transactions |= transaction;
    else if (step->kind == RANDOM_COMMIT || step->kind == RANDOM_CLOSE_TRANSACTION)
        self->transactions &= ~transaction;
}

static RandomStep pick_step(Generator *self)
{
    RandomStep step = {.kind = pick_kind(self)};

    place_step(self, &step);
    step.flags = below(self, 4);
    step.isolation = below(self, 3);
    step.mode = below(self, 2);
    step.count = (uint8_t)(1 + below(self, RANDOM_OPERATION_COUNT));
    step.fail_number = below(self, 3) == 0 ? (uint16_t)(1 + below(self, 1u + below(self, 12))) : 0;
    step.range = pick_range(self);
    for (size_t i = 0; i < RANDOM_OPERATION_COUNT; i++) {
        step.key_nos[i] = pick_key(self);
        step.operations[i] = pick_operation(self);
    }
    switch (step.kind) {
    case RANDOM_ADVANCE:
    case RANDOM_STEP_BACK:
        step.amount = 1 + (int64_t)testutil_random_below(&self->random, 40);
        break;
    case RANDOM_NEXT:
        step.amount = 1 + below(self, self->key_count > RANDOM_NASTY_KEY_COUNT ? 150 : 6);
        break;
    case RANDOM_SCAN:
    case RANDOM_TRANSACTION_SCAN:
        step.amount = below(self, 3) ? 0 : 1 + below(self, 6);
        break;
    case RANDOM_ROLLBACK_TO:
    case RANDOM_DROP_SAVEPOINT:
        step.amount = below(self, 4) ? below(self, 2) : below(self, RANDOM_SAVEPOINT_COUNT);
        break;
    default:
        step.amount = 1 + below(self, 6);
        break;
    }
    return step;
}

void testutil_trial_generate(uint64_t seed, size_t step_count, RandomSequence *ret_sequence)
{
    static const uint16_t key_counts[] = {2, 4, 8, 16, RANDOM_NASTY_KEY_COUNT, RANDOM_KEY_COUNT};
    Generator generator = {.random = testutil_random_seeded(seed)};
    uint16_t choice = below(&generator, 6);

    generator.key_count = key_counts[choice];
    for (size_t i = 0; i < RANDOM_KEY_COUNT; i++)
        generator.key_nos[i] = (uint16_t)i;
    /* A choice of the nasty keys, or all keys. */
    for (uint16_t i = RANDOM_NASTY_KEY_COUNT - 1; i > 0; i--) {
        uint16_t j = below(&generator, i + 1u), moved = generator.key_nos[i];
        generator.key_nos[i] = generator.key_nos[j];
        generator.key_nos[j] = moved;
    }
    ret_sequence->populated_count = testutil_random_below(
        &generator.random, generator.key_count > RANDOM_NASTY_KEY_COUNT ? RANDOM_KEY_COUNT : RANDOM_NASTY_KEY_COUNT);
    ret_sequence->count = step_count;
    ret_sequence->steps = calloc(step_count + 1, sizeof(*ret_sequence->steps));
    if (ret_sequence->steps == NULL)
        testutil_fail(__FILE__, __LINE__, "no memory for %zu steps", step_count);
    for (size_t i = 0; i < step_count; i++) {
        ret_sequence->steps[i] = pick_step(&generator);
        follow_step(&generator, &ret_sequence->steps[i]);
    }
}
