/*
 * test_ledger_page_slot.c - the bytes of a slot, and which of four copies counts: every combination of what a copy may
 * be, and every single bit of one.
 */
#include "backends/ledger/page/codec.h"
#include "backends/ledger/page/header.h"
#include "backends/ledger/page/slot_choice.h"

#include <string.h>

#include "unit.h"

enum { SEQUENCE = 5, FOREIGN_SEQUENCE = 900 };

/* What a copy may be. */
typedef enum Kind { AS_BEFORE, NEW, TORN, FOREIGN, ZEROS, UNREADABLE, NEW_VERSION, KIND_COUNT } Kind;

static LedgerSlot slot_with(uint32_t slot_no, uint64_t sequence)
{
    PageLayout layout = layout_of(4096);
    LedgerSlot slot = {.page_size = 4096,
                       .slot_no = slot_no,
                       .sequence = sequence,
                       .revision = 77,
                       .revision_reserve = 1000,
                       .commit_time_ns = -3,
                       .page_count = layout.page_min + 100,
                       .used_count = layout_fixed_count(&layout, layout.page_min) + 5,
                       .next_table_id = 16,
                       .space = {.page_id = 1, .birth = 77}};
    memset(slot.file_id, 0x11, sizeof(slot.file_id));
    memset(slot.history_id, 0x22, sizeof(slot.history_id));
    return slot;
}

/* Slot A was written with sequence 5 and B with 6; what is new has two more. */
static void make_copy(SlotCopies *copies, uint32_t copy, Kind kind)
{
    uint32_t slot_no = copy % 2;
    LedgerSlot slot = slot_with(slot_no, SEQUENCE + slot_no + (kind == NEW ? 2 : 0));
    unsigned char older[SLOT_COPY_SIZE];
    slot_encode(&slot, older);
    if (kind == FOREIGN) {
        memset(slot.file_id, 0x33, sizeof(slot.file_id));
        slot.sequence = FOREIGN_SEQUENCE + slot_no;
    }
    if (kind == TORN)
        slot.sequence += 2;
    slot_encode(&slot, copies->bytes[copy]);
    if (kind == TORN)
        memcpy(copies->bytes[copy] + 512, older + 512, SLOT_COPY_SIZE - 512);
    if (kind == ZEROS || kind == UNREADABLE)
        memset(copies->bytes[copy], 0, SLOT_COPY_SIZE);
    if (kind == NEW_VERSION) {
        codec_store_u32(copies->bytes[copy] + 16, 2);
        slot_seal(copies->bytes[copy]);
    }
    copies->errors[copy] = kind == UNREADABLE ? 5 : 0;
}

/* What must be chosen, said in another way than slot_choice.c says it. */
typedef struct Answer {
    StorageStatus status;
    uint64_t sequence;
    uint32_t repair_mask;
    int is_fallback;
} Answer;

static uint64_t sequence_of(Kind kind, uint32_t slot_no)
{
    return kind == FOREIGN ? FOREIGN_SEQUENCE + slot_no : SEQUENCE + slot_no + (kind == NEW ? 2u : 0u);
}

static Answer answer_of(const Kind *kinds)
{
    Answer answer = {STORAGE_OK, 0, 0, 0};
    uint64_t newest[2] = {0, 0};
    int own = 0, foreign = 0, versions = 0, nothing = 0, has_foreign_won, is_unreadable[2] = {0, 0};
    for (int i = 0; i < 4; i++) {
        own += kinds[i] == AS_BEFORE || kinds[i] == NEW || kinds[i] == NEW_VERSION;
        versions += kinds[i] == NEW_VERSION;
        foreign += kinds[i] == FOREIGN;
        nothing += kinds[i] == ZEROS;
        is_unreadable[i % 2] |= kinds[i] == UNREADABLE;
    }
    has_foreign_won = foreign > own;
    if (own > 0 && own == foreign)
        return (Answer){.status = STORAGE_CORRUPT};
    if (versions > 0 && !has_foreign_won)
        return (Answer){.status = STORAGE_INCOMPATIBLE};
    for (uint32_t i = 0; i < 4; i++) {
        int counts = has_foreign_won ? kinds[i] == FOREIGN : kinds[i] == AS_BEFORE || kinds[i] == NEW;
        if (counts && sequence_of(kinds[i], i % 2) > newest[i % 2])
            newest[i % 2] = sequence_of(kinds[i], i % 2);
    }
    if ((newest[0] == 0 && is_unreadable[0]) || (newest[1] == 0 && is_unreadable[1]))
        return (Answer){.status = STORAGE_IO};
    if (nothing == 4)
        return (Answer){.status = STORAGE_INCOMPATIBLE};
    if (newest[0] == 0 && newest[1] == 0)
        return (Answer){.status = STORAGE_CORRUPT};
    answer.sequence = newest[0] > newest[1] ? newest[0] : newest[1];
    answer.is_fallback = newest[0] == 0 || newest[1] == 0;
    for (uint32_t i = newest[0] > newest[1] ? 0 : 1; i < 4; i += 2) {
        int counts = has_foreign_won ? kinds[i] == FOREIGN : kinds[i] == AS_BEFORE || kinds[i] == NEW;
        if (!counts || sequence_of(kinds[i], i % 2) != answer.sequence)
            answer.repair_mask |= 1u << i;
    }
    return answer;
}

START_TEST(every_combination_of_copies)
{
    static SlotCopies copies;
    SlotChoice choice;
    uint32_t counts[2] = {0, 0};
    for (uint32_t number = 0; number < KIND_COUNT * KIND_COUNT * KIND_COUNT * KIND_COUNT; number++) {
        Kind kinds[4];
        Answer answer;
        StorageStatus status;
        for (uint32_t i = 0, rest = number; i < 4; i++, rest /= KIND_COUNT) {
            kinds[i] = (Kind)(rest % KIND_COUNT);
            make_copy(&copies, i, kinds[i]);
        }
        answer = answer_of(kinds);
        status = slot_choose(&copies, &choice);
        unit_assert(status == answer.status, "copies %d %d %d %d: %s instead of %s", kinds[0], kinds[1], kinds[2],
                    kinds[3], storage_status_name(status), storage_status_name(answer.status));
        counts[status == STORAGE_OK]++;
        if (status != STORAGE_OK) {
            unit_assert(choice.problem != NULL, "a failure without a text");
            continue;
        }
        unit_assert(choice.slots[choice.chosen].sequence == answer.sequence &&
                        choice.repair_mask == answer.repair_mask && choice.is_fallback == answer.is_fallback,
                    "copies %d %d %d %d: sequence %llu, repair %x, fallback %d", kinds[0], kinds[1], kinds[2], kinds[3],
                    (unsigned long long)choice.slots[choice.chosen].sequence, choice.repair_mask, choice.is_fallback);
    }
    ck_assert_uint_gt(counts[0], 500);
    ck_assert_uint_gt(counts[1], 500);
}
END_TEST

START_TEST(every_bit_of_a_copy)
{
    static SlotCopies copies;
    SlotChoice choice;
    for (uint32_t i = 0; i < 4; i++)
        make_copy(&copies, i, AS_BEFORE);
    for (uint32_t bit = 0; bit < SLOT_COPY_SIZE * 8; bit++) {
        uint32_t copy = bit % 2 == 0 ? 1 : 2; /* of the newer slot, of the older one */
        copies.bytes[copy][bit / 8] ^= (unsigned char)(1u << bit % 8);
        unit_assert_status(slot_choose(&copies, &choice), STORAGE_OK);
        unit_assert(choice.chosen == 1 && choice.repair_mask == (copy == 1 ? 2u : 0u) && !choice.is_fallback,
                    "bit %u of copy %u: slot %u, repair %x", bit, copy, choice.chosen, choice.repair_mask);
        copies.bytes[copy][bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
}
END_TEST

START_TEST(one_sequence_for_two_contents_is_corrupt)
{
    static SlotCopies copies;
    SlotChoice choice;
    for (uint32_t i = 0; i < 4; i++)
        make_copy(&copies, i, AS_BEFORE);
    copies.bytes[3][112] ^= 1; /* the time of the commit */
    slot_seal(copies.bytes[3]);
    unit_assert_status(slot_choose(&copies, &choice), STORAGE_CORRUPT);
    make_copy(&copies, 3, AS_BEFORE);
    for (uint32_t i = 0; i < 4; i++) {
        codec_store_u64(copies.bytes[i] + 88, 9); /* one sequence for both slots */
        slot_seal(copies.bytes[i]);
    }
    unit_assert_status(slot_choose(&copies, &choice), STORAGE_CORRUPT);
}
END_TEST

/* Sets bytes of all copies of B, the newer slot, and expects a status. */
static void expect_with(size_t offset, size_t size, uint64_t number, StorageStatus expected)
{
    static SlotCopies copies;
    SlotChoice choice;
    StorageStatus status;
    for (uint32_t i = 0; i < 4; i++) {
        make_copy(&copies, i, AS_BEFORE);
        if (i % 2 == 0)
            continue;
        for (size_t at = 0; at < size; at++)
            copies.bytes[i][offset + at] = (unsigned char)(number >> (8 * at));
        slot_seal(copies.bytes[i]);
    }
    status = slot_choose(&copies, &choice);
    unit_assert(status == expected, "%llu at %zu: %s instead of %s", (unsigned long long)number, offset,
                storage_status_name(status), storage_status_name(expected));
    if (status == STORAGE_OK)
        ck_assert_uint_eq(choice.chosen, 1);
}

START_TEST(fields_out_of_range_are_corrupt)
{
    expect_with(96, 8, 78, STORAGE_OK);                      /* revision */
    expect_with(96, 8, UINT64_C(1) << 63, STORAGE_CORRUPT);  /* revision */
    expect_with(104, 8, UINT64_MAX, STORAGE_CORRUPT);        /* reserve */
    expect_with(120, 8, 3, STORAGE_CORRUPT);                 /* page_count */
    expect_with(120, 8, UINT64_C(1) << 50, STORAGE_CORRUPT); /* page_count */
    expect_with(128, 8, 1, STORAGE_CORRUPT);                 /* used_count */
    expect_with(136, 8, 15, STORAGE_CORRUPT);                /* next_table_id */
    expect_with(152, 8, 78, STORAGE_CORRUPT);                /* birth of the space map */
    expect_with(176, 1, 1, STORAGE_CORRUPT);                 /* entries of the space map */
    expect_with(241, 1, 1, STORAGE_CORRUPT);                 /* reserved */
    expect_with(256, 8, UINT64_C(1) << 40, STORAGE_CORRUPT); /* a root far away */
    expect_with(256 + 8, 8, 1, STORAGE_CORRUPT);             /* a root without a page that is not empty */
    expect_with(256 + 40, 2, 20, STORAGE_CORRUPT);           /* its level */
    expect_with(768, 1, 1, STORAGE_CORRUPT);                 /* journal */
    expect_with(900, 1, 1, STORAGE_CORRUPT);                 /* key descriptors */
    expect_with(4079, 1, 1, STORAGE_CORRUPT);                /* reserved */
    expect_with(24, 8, 1, STORAGE_INCOMPATIBLE);             /* features required */
    expect_with(84, 4, 1, STORAGE_INCOMPATIBLE);             /* commit mode */
    expect_with(32, 8, 1, STORAGE_OK);                       /* features for writing */
    expect_with(40, 8, 1, STORAGE_OK);                       /* optional features */
}
END_TEST

START_TEST(fields_stand_where_the_format_says)
{
    unsigned char copy[SLOT_COPY_SIZE];
    LedgerSlot slot = slot_with(1, 6), again;
    slot.changes_floor = 0x0102030405060708;
    slot.fallback_count = 9;
    slot.roots[7][63] = 0xEE;
    memcpy(slot.writer, "1.2.3", 5);
    slot_encode(&slot, copy);
    ck_assert_mem_eq(copy, "libstorage ldgr\n\1\0\0\0\0\20\0\0", 24);
    ck_assert_uint_eq(copy[80], 1);
    ck_assert_uint_eq(copy[88], 6);
    ck_assert_uint_eq(codec_load_u64(copy + 96), 77);
    ck_assert_uint_eq(codec_load_u64(copy + 112), (uint64_t)-3);
    ck_assert_uint_eq(codec_load_u64(copy + 144), 1);
    ck_assert_uint_eq(copy[184], 8);
    ck_assert_uint_eq(copy[224], 9);
    ck_assert_uint_eq(copy[256 + 8 * 64 - 1], 0xEE);
    ck_assert_mem_eq(copy + 944, "1.2.3", 6);
    ck_assert_int_eq(slot_decode(copy, 1, &again), SLOT_GOOD);
    ck_assert_mem_eq(&again.roots, &slot.roots, sizeof(slot.roots));
    ck_assert_int_eq(again.commit_time_ns, -3);
    ck_assert_int_eq(slot_decode(copy, 0, &again), SLOT_DAMAGED);
}
END_TEST

START_TEST(places_are_where_the_format_says)
{
    static const uint32_t sizes[] = {4096, 8192, 16384, 32768, 65536};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        PageLayout layout = layout_of(sizes[i]);
        uint64_t groups[] = {0, 1, layout.fan_out - 1, layout.fan_out, layout.fan_out * layout.fan_out};
        uint64_t count = 0;
        for (uint64_t page_id = 0; page_id < layout.group_size; page_id++)
            count += (uint64_t)layout_is_fixed(&layout, page_id);
        ck_assert_uint_eq(count, 4 + 3 * (1 + layout.level_count));
        ck_assert_uint_eq(layout_fixed_count(&layout, layout.page_min), count);
        ck_assert_int_eq(layout_is_fixed(&layout, layout.page_min - 1), 1);
        for (uint32_t copy = 0; copy < 4; copy++)
            ck_assert_int_eq(layout_is_fixed(&layout, (uint64_t)copy * 65536 / sizes[i]), 1);
        for (size_t g = 1; g < 5; g++) {
            uint64_t first = groups[g] * layout.group_size;
            uint32_t levels = g == 4 ? 3 : g == 3 ? 2 : 1;
            ck_assert_int_eq(layout_is_fixed(&layout, first + 3 * levels - 1), 1);
            ck_assert_int_eq(layout_is_fixed(&layout, first + 3 * levels), 0);
            ck_assert_uint_eq(layout_place(&layout, levels - 1, levels == 1 ? groups[g] : 1, 2),
                              first + 3 * levels - 1);
        }
        ck_assert_uint_eq(layout_fixed_count(&layout, layout.group_size + 5), count + 3);
        ck_assert_uint_lt(layout_root_level(&layout, layout_group_count(&layout, layout.page_max)), 6);
    }
    PageLayout small = layout_of(4096), large = layout_of(65536);
    ck_assert_uint_eq(layout_place(&small, 0, 0, 0), 1);
    ck_assert_uint_eq(layout_place(&small, 5, 0, 2), 19); /* the 18th place; page 16 holds a slot */
    ck_assert_uint_eq(layout_place(&large, 0, 0, 0), 4);
    ck_assert_uint_eq(small.page_min, 49);
}
END_TEST

START_TEST(a_page_is_what_its_pointer_means)
{
    unsigned char page[4096];
    uint8_t check[LEDGER_CHECK_SIZE], zero[LEDGER_CHECK_SIZE] = {0};
    PageHeader header = {.page_id = 70, .birth = 5, .owner = 1, .type = LEDGER_PAGE_LEAF, .level = 0};
    PageHeader other = header;
    memset(page, 0xAB, sizeof(page));
    page_header_encode(&header, page);
    page_seal(page, 4096, 99, check);
    ck_assert_ptr_null(page_verify(page, 4096, 99, &header, check));
    ck_assert_ptr_null(page_verify(page, 4096, 99, &header, zero)); /* never sealed in its parent */
    ck_assert_ptr_nonnull(page_verify(page, 4096, 98, &header, check));
    other.page_id++;
    ck_assert_ptr_nonnull(page_verify(page, 4096, 99, &other, check));
    other = header, other.birth--;
    ck_assert_ptr_nonnull(page_verify(page, 4096, 99, &other, zero));
    other = header, other.level++;
    ck_assert_ptr_nonnull(page_verify(page, 4096, 99, &other, check));
    other = header, other.owner++;
    ck_assert_ptr_nonnull(page_verify(page, 4096, 99, &other, check));
    for (uint32_t bit = 0; bit < 4096 * 8; bit++) {
        page[bit / 8] ^= (unsigned char)(1u << bit % 8);
        unit_assert(page_verify(page, 4096, 99, &header, check) != NULL, "bit %u is not seen", bit);
        page[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
    page[100] ^= 1; /* another version, good in itself */
    page_seal(page, 4096, 99, zero);
    ck_assert_ptr_nonnull(page_verify(page, 4096, 99, &header, check));
    page[33] = 1; /* a vault */
    page_seal(page, 4096, 99, check);
    ck_assert_ptr_nonnull(page_verify(page, 4096, 99, &header, check));
}
END_TEST

UNIT_MAIN("ledger page slot", every_combination_of_copies, every_bit_of_a_copy,
          one_sequence_for_two_contents_is_corrupt, fields_out_of_range_are_corrupt, fields_stand_where_the_format_says,
          places_are_where_the_format_says, a_page_is_what_its_pointer_means)
