/*
 * page/slot_choice.c - choosing among the copies of the slots.
 *
 * Invariants:
 *   1. A copy that cannot be read is never taken for one that is damaged: it may be the newest there is. Its slot then
 *      counts by its other copy, which has everything that was acknowledged, or the open fails.
 *   2. A good slot is never given up for an older one because something else is wrong with it.
 *   3. What is foreign is told from damage before versions are looked at, so that a copy of another file that a write
 *      put into this one by mistake makes nothing incompatible.
 */
#include "backends/ledger/page/slot_choice.h"

#include <string.h>

typedef struct Choosing {
    const SlotCopies *copies;
    LedgerSlot decoded[LAYOUT_COPY_COUNT];
    SlotChoice *choice;
} Choosing;

static uint32_t slot_of(uint32_t copy)
{
    return copy % 2;
}

static int is_good(const Choosing *self, uint32_t copy)
{
    return self->choice->states[copy] == COPY_GOOD;
}

static StorageStatus fail(SlotChoice *choice, StorageStatus status, const char *problem)
{
    choice->problem = problem;
    return status;
}

static void look_at_copies(Choosing *self)
{
    static const CopyState states[] = {
        [SLOT_GOOD] = COPY_GOOD, [SLOT_DAMAGED] = COPY_DAMAGED, [SLOT_FOREIGN] = COPY_NO_MAGIC};
    for (uint32_t copy = 0; copy < LAYOUT_COPY_COUNT; copy++) {
        SlotState state = slot_decode(self->copies->bytes[copy], slot_of(copy), &self->decoded[copy]);
        self->choice->states[copy] = self->copies->errors[copy] != 0 ? COPY_UNREADABLE : states[state];
    }
}

static int are_of_one_file(const LedgerSlot *left, const LedgerSlot *right)
{
    return memcmp(left->file_id, right->file_id, SLOT_ID_SIZE) == 0 && left->page_size == right->page_size;
}

/* How many good copies are of the same file as this one, itself included. */
static uint32_t count_of_file(const Choosing *self, uint32_t copy)
{
    uint32_t count = 0;
    for (uint32_t other = 0; other < LAYOUT_COPY_COUNT; other++)
        count += is_good(self, other) && are_of_one_file(&self->decoded[copy], &self->decoded[other]);
    return count;
}

/* The file that most copies are of is this one; two that are as many are CORRUPT. */
static StorageStatus drop_foreign(Choosing *self)
{
    uint32_t best = LAYOUT_COPY_COUNT, best_count = 0;
    int is_tied = 0;
    for (uint32_t copy = 0; copy < LAYOUT_COPY_COUNT; copy++) {
        uint32_t count = is_good(self, copy) ? count_of_file(self, copy) : 0;
        if (count > best_count) {
            best = copy;
            best_count = count;
            is_tied = 0;
        } else if (count > 0 && count == best_count && !are_of_one_file(&self->decoded[best], &self->decoded[copy])) {
            is_tied = 1;
        }
    }
    if (is_tied)
        return fail(self->choice, STORAGE_CORRUPT, "the copies of its slots are of different files, equally many");
    for (uint32_t copy = 0; copy < LAYOUT_COPY_COUNT && best_count > 0; copy++)
        if (is_good(self, copy) && !are_of_one_file(&self->decoded[best], &self->decoded[copy]))
            self->choice->states[copy] = COPY_OTHER_FILE;
    return STORAGE_OK;
}

static StorageStatus refuse_other_versions(Choosing *self)
{
    for (uint32_t copy = 0; copy < LAYOUT_COPY_COUNT; copy++) {
        const LedgerSlot *slot = &self->decoded[copy];
        if (!is_good(self, copy))
            continue;
        if (slot_version(self->copies->bytes[copy]) != SLOT_FORMAT_VERSION)
            return fail(self->choice, STORAGE_INCOMPATIBLE,
                        "it has another format version; use the program that made it");
        if (slot->features_required != 0 || slot->commit_mode != 0)
            return fail(self->choice, STORAGE_INCOMPATIBLE, "it needs features that this version does not have");
        if (slot->features_for_writing != 0)
            self->choice->is_for_reading = 1;
    }
    return STORAGE_OK;
}

/* Which of its two copies a slot counts by. */
static StorageStatus choose_copy(Choosing *self, uint32_t slot_no)
{
    SlotChoice *choice = self->choice;
    uint32_t first = slot_no, second = slot_no + 2, newer = first;
    if (!is_good(self, first) && !is_good(self, second)) {
        if (choice->states[first] == COPY_UNREADABLE || choice->states[second] == COPY_UNREADABLE) /* 1 */
            return fail(choice, STORAGE_IO, "a slot cannot be read, and it has no other good copy");
        return STORAGE_OK;
    }
    if (is_good(self, first) && is_good(self, second)) {
        uint64_t sequences[2] = {self->decoded[first].sequence, self->decoded[second].sequence};
        if (sequences[0] != sequences[1])
            choice->states[sequences[0] < sequences[1] ? first : second] = COPY_STALE;
        else if (memcmp(self->copies->bytes[first], self->copies->bytes[second], SLOT_COPY_SIZE) != 0)
            return fail(choice, STORAGE_CORRUPT, "the copies of a slot have one sequence and different contents");
    }
    if (!is_good(self, first))
        newer = second;
    choice->slots[slot_no] = self->decoded[newer];
    choice->is_good[slot_no] = 1;
    return STORAGE_OK;
}

static StorageStatus choose_slot(Choosing *self)
{
    SlotChoice *choice = self->choice;
    const char *problem;
    uint32_t copy;
    if (choice->is_good[0] && choice->is_good[1] && choice->slots[0].sequence == choice->slots[1].sequence)
        return fail(choice, STORAGE_CORRUPT, "both slots have one sequence");
    choice->chosen =
        choice->is_good[1] && (!choice->is_good[0] || choice->slots[1].sequence > choice->slots[0].sequence);
    choice->is_fallback = !choice->is_good[!choice->chosen];
    copy = is_good(self, choice->chosen) ? choice->chosen : choice->chosen + 2;
    problem = slot_problem(&choice->slots[choice->chosen], self->copies->bytes[copy]);
    if (problem != NULL)
        return fail(choice, STORAGE_CORRUPT, problem); /* 2 */
    for (copy = choice->chosen; copy < LAYOUT_COPY_COUNT; copy += 2)
        if (!is_good(self, copy))
            choice->repair_mask |= 1u << copy;
    return STORAGE_OK;
}

/* The other slot only says what is not to be handed out: one that makes no sense is as none. */
static void check_other_slot(Choosing *self)
{
    SlotChoice *choice = self->choice;
    uint32_t other = !choice->chosen, copy = is_good(self, other) ? other : other + 2;
    if (choice->is_good[other] && slot_problem(&choice->slots[other], self->copies->bytes[copy]) != NULL)
        choice->is_good[other] = 0;
}

StorageStatus slot_choose(const SlotCopies *copies, SlotChoice *ret_choice)
{
    Choosing self = {.copies = copies, .choice = ret_choice};
    StorageStatus status;
    int is_ours = 0;
    *ret_choice = (SlotChoice){0};
    look_at_copies(&self);
    status = drop_foreign(&self);
    if (status == STORAGE_OK)
        status = refuse_other_versions(&self); /* 3 */
    for (uint32_t slot_no = 0; slot_no < 2 && status == STORAGE_OK; slot_no++)
        status = choose_copy(&self, slot_no);
    if (status != STORAGE_OK)
        return status;
    for (uint32_t copy = 0; copy < LAYOUT_COPY_COUNT; copy++)
        is_ours |= ret_choice->states[copy] != COPY_NO_MAGIC;
    if (!is_ours)
        return fail(ret_choice, STORAGE_INCOMPATIBLE, "it is not a ledger file");
    if (!ret_choice->is_good[0] && !ret_choice->is_good[1])
        return fail(ret_choice, STORAGE_CORRUPT, "all copies of its slots are damaged; restore it from a backup");
    status = choose_slot(&self);
    if (status == STORAGE_OK)
        check_other_slot(&self);
    return status;
}

const char *slot_copy_state_name(CopyState state)
{
    static const char *const names[] = {[COPY_GOOD] = "good",           [COPY_STALE] = "older than its other copy",
                                        [COPY_DAMAGED] = "damaged",     [COPY_OTHER_FILE] = "of another file",
                                        [COPY_NO_MAGIC] = "not a slot", [COPY_UNREADABLE] = "unreadable"};
    return names[state];
}
