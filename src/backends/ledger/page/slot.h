/*
 * page/slot.h - what a superblock slot says, and its 4,096 bytes (docs/format/ledger-file.md, section 2).
 */
#ifndef LEDGER_PAGE_SLOT_H
#define LEDGER_PAGE_SLOT_H

#include "backends/ledger/page/page.h"

#define SLOT_COPY_SIZE 4096u
#define SLOT_FORMAT_VERSION 1u
#define SLOT_ID_SIZE 16u
#define SLOT_ROOT_COUNT 8u
#define SLOT_ROOT_SIZE 64u
#define SLOT_JOURNAL_SIZE 48u
#define SLOT_WRITER_SIZE 16u
#define SLOT_TABLE_ID_FIRST 16u
#define SLOT_ROOT_LEVEL_MAX 19u  /* trees have at most 20 levels */
#define SLOT_DIRECTORY_OWNER 15u /* of tree 0; the other fixed trees have the owner of their number */
#define SLOT_REVISION_MAX ((UINT64_C(1) << 63) - 1)

typedef struct LedgerSlot {
    uint32_t page_size;
    uint64_t features_required, features_for_writing, features_optional;
    uint8_t file_id[SLOT_ID_SIZE], history_id[SLOT_ID_SIZE];
    uint32_t slot_no, commit_mode;
    uint64_t sequence;
    uint64_t revision, revision_reserve;
    int64_t commit_time_ns;
    uint64_t page_count, used_count;
    uint64_t next_table_id;
    LedgerPointer space;
    uint64_t changes_floor, changes_size, tokens_size;
    uint64_t applied_index, applied_term;
    uint64_t fallback_count, fallback_revision;
    unsigned char roots[SLOT_ROOT_COUNT][SLOT_ROOT_SIZE]; /* encoded: pointer, level */
    unsigned char journal[SLOT_JOURNAL_SIZE];
    char writer[SLOT_WRITER_SIZE];
} LedgerSlot;

/* What the bytes of a copy are. */
typedef enum SlotState {
    SLOT_GOOD,    /* magic, check and slot_no are right; its version may be another one */
    SLOT_DAMAGED, /* it has the magic, but is not good */
    SLOT_FOREIGN  /* it has not even the magic */
} SlotState;

void slot_encode(const LedgerSlot *slot, unsigned char copy[SLOT_COPY_SIZE]);

/* Gives a copy the check that its bytes have. */
void slot_seal(unsigned char copy[SLOT_COPY_SIZE]);

/* Looks at a copy that was read from a place of slot `slot_no`. The envelope can be told from the rest only by
 * slot_version and the features, so of a good copy of another version only the envelope means something. */
SlotState slot_decode(const unsigned char copy[SLOT_COPY_SIZE], uint32_t slot_no, LedgerSlot *ret_slot);

uint32_t slot_version(const unsigned char copy[SLOT_COPY_SIZE]);

/* What is wrong with the fields of a good copy of this version, for an error text; NULL: nothing. */
const char *slot_problem(const LedgerSlot *slot, const unsigned char copy[SLOT_COPY_SIZE]);

/* The seed of the checks of all pages. */
uint64_t slot_seed(const LedgerSlot *slot);

/* The level that stands in root `index`; 1 when there is a tree there at all. */
int slot_root_is_empty(const LedgerSlot *slot, uint32_t index);
uint32_t slot_root_level(const LedgerSlot *slot, uint32_t index);

/* The owner that the pages of fixed tree `index` have. */
uint64_t slot_root_owner(uint32_t index);

#endif
