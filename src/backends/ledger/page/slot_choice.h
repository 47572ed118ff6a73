/*
 * page/slot_choice.h - which state of a file counts, by its four copies of slots (docs/design/crash-safety.md,
 * section 4). A function of what was read and of nothing else.
 */
#ifndef LEDGER_PAGE_SLOT_CHOICE_H
#define LEDGER_PAGE_SLOT_CHOICE_H

#include "backends/ledger/page/layout.h"
#include "backends/ledger/page/slot.h"
#include "storage/status.h"

/* The copies in the order of the file: slot A, slot B, slot A, slot B. */
typedef struct SlotCopies {
    unsigned char bytes[LAYOUT_COPY_COUNT][SLOT_COPY_SIZE]; /* zero behind the end of the file */
    int errors[LAYOUT_COPY_COUNT];                          /* errno of a read that failed for good, or 0 */
} SlotCopies;

typedef enum CopyState {
    COPY_GOOD,       /* what its slot says */
    COPY_STALE,      /* good, but its slot has a newer copy: a write of the slot was cut between the two */
    COPY_DAMAGED,    /* its check or its place is wrong */
    COPY_OTHER_FILE, /* good, but of another file: a write went to the wrong place */
    COPY_NO_MAGIC,   /* nothing of ours */
    COPY_UNREADABLE
} CopyState;

typedef struct SlotChoice {
    CopyState states[LAYOUT_COPY_COUNT];
    LedgerSlot slots[2]; /* by slot number, where is_good */
    int is_good[2];
    uint32_t chosen;      /* slot number */
    int is_fallback;      /* the other slot is lost, and was perhaps the newer one */
    int is_for_reading;   /* a feature that this library does not know forbids to write */
    uint32_t repair_mask; /* bit i: copy i is one of the chosen slot and is not what it should be */
    const char *problem;  /* on failure: what is wrong, for an error text */
} SlotChoice;

/*
 * Returns OK; INCOMPATIBLE: not a ledger file, or of another version; CORRUPT: nobody can say what counts; IO: a slot
 * cannot be read, so that it is not known which one counts. Only states and problem are set on failure.
 */
StorageStatus slot_choose(const SlotCopies *copies, SlotChoice *ret_choice);

/* What a state is called, for doctor. */
const char *slot_copy_state_name(CopyState state);

#endif
