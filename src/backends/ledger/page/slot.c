/*
 * page/slot.c - the bytes of a superblock slot.
 *
 * Refuses nothing of a copy whose check is right but what slot_problem says: choosing among copies is slot_choice.c's.
 */
#include "backends/ledger/page/slot.h"

#include "backends/ledger/page/codec.h"
#include "backends/ledger/page/layout.h"

#include <string.h>
#include <xxhash.h>

enum {
    SLOT_MAGIC = 0,
    SLOT_VERSION = 16,
    SLOT_PAGE_SIZE = 20,
    SLOT_REQUIRED = 24,
    SLOT_FOR_WRITING = 32,
    SLOT_OPTIONAL = 40,
    SLOT_FILE_ID = 48,
    SLOT_HISTORY_ID = 64,
    SLOT_SLOT_NO = 80,
    SLOT_COMMIT_MODE = 84,
    SLOT_SEQUENCE = 88,
    SLOT_REVISION = 96,
    SLOT_RESERVE = 104,
    SLOT_COMMIT_TIME = 112,
    SLOT_PAGE_COUNT = 120,
    SLOT_USED_COUNT = 128,
    SLOT_NEXT_TABLE = 136,
    SLOT_SPACE = 144,
    SLOT_CHANGES_FLOOR = 184,
    SLOT_CHANGES_SIZE = 192,
    SLOT_TOKENS_SIZE = 200,
    SLOT_APPLIED_INDEX = 208,
    SLOT_APPLIED_TERM = 216,
    SLOT_FALLBACK_COUNT = 224,
    SLOT_FALLBACK_REVISION = 232,
    SLOT_RESERVED_1 = 240,
    SLOT_ROOTS = 256,
    SLOT_JOURNAL = 768,
    SLOT_KEYS = 816,
    SLOT_WRITER = 944,
    SLOT_RESERVED_2 = 960,
    SLOT_CHECK = 4080
};

static const char slot_magic[SLOT_VERSION + 1] = "libstorage ldgr\n";

enum { ROOT_LEVEL = LEDGER_POINTER_SIZE, ROOT_RESERVED = ROOT_LEVEL + 2 };

static void compute_check(const unsigned char *copy, uint8_t ret_check[LEDGER_CHECK_SIZE])
{
    XXH128_hash_t hash = XXH3_128bits(copy, SLOT_CHECK);
    codec_store_u64(ret_check, hash.low64);
    codec_store_u64(ret_check + 8, hash.high64);
}

void slot_seal(unsigned char copy[SLOT_COPY_SIZE])
{
    compute_check(copy, copy + SLOT_CHECK);
}

void slot_encode(const LedgerSlot *slot, unsigned char copy[SLOT_COPY_SIZE])
{
    memset(copy, 0, SLOT_COPY_SIZE);
    memcpy(copy + SLOT_MAGIC, slot_magic, SLOT_VERSION);
    codec_store_u32(copy + SLOT_VERSION, SLOT_FORMAT_VERSION);
    codec_store_u32(copy + SLOT_PAGE_SIZE, slot->page_size);
    codec_store_u64(copy + SLOT_REQUIRED, slot->features_required);
    codec_store_u64(copy + SLOT_FOR_WRITING, slot->features_for_writing);
    codec_store_u64(copy + SLOT_OPTIONAL, slot->features_optional);
    memcpy(copy + SLOT_FILE_ID, slot->file_id, SLOT_ID_SIZE);
    memcpy(copy + SLOT_HISTORY_ID, slot->history_id, SLOT_ID_SIZE);
    codec_store_u32(copy + SLOT_SLOT_NO, slot->slot_no);
    codec_store_u32(copy + SLOT_COMMIT_MODE, slot->commit_mode);
    codec_store_u64(copy + SLOT_SEQUENCE, slot->sequence);
    codec_store_u64(copy + SLOT_REVISION, slot->revision);
    codec_store_u64(copy + SLOT_RESERVE, slot->revision_reserve);
    codec_store_u64(copy + SLOT_COMMIT_TIME, (uint64_t)slot->commit_time_ns);
    codec_store_u64(copy + SLOT_PAGE_COUNT, slot->page_count);
    codec_store_u64(copy + SLOT_USED_COUNT, slot->used_count);
    codec_store_u64(copy + SLOT_NEXT_TABLE, slot->next_table_id);
    ledger_pointer_encode(&slot->space, copy + SLOT_SPACE);
    codec_store_u64(copy + SLOT_CHANGES_FLOOR, slot->changes_floor);
    codec_store_u64(copy + SLOT_CHANGES_SIZE, slot->changes_size);
    codec_store_u64(copy + SLOT_TOKENS_SIZE, slot->tokens_size);
    codec_store_u64(copy + SLOT_APPLIED_INDEX, slot->applied_index);
    codec_store_u64(copy + SLOT_APPLIED_TERM, slot->applied_term);
    codec_store_u64(copy + SLOT_FALLBACK_COUNT, slot->fallback_count);
    codec_store_u64(copy + SLOT_FALLBACK_REVISION, slot->fallback_revision);
    memcpy(copy + SLOT_ROOTS, slot->roots, sizeof(slot->roots));
    memcpy(copy + SLOT_JOURNAL, slot->journal, SLOT_JOURNAL_SIZE);
    memcpy(copy + SLOT_WRITER, slot->writer, SLOT_WRITER_SIZE);
    slot_seal(copy);
}

SlotState slot_decode(const unsigned char copy[SLOT_COPY_SIZE], uint32_t slot_no, LedgerSlot *ret_slot)
{
    uint8_t check[LEDGER_CHECK_SIZE];
    *ret_slot = (LedgerSlot){0};
    if (memcmp(copy + SLOT_MAGIC, slot_magic, SLOT_VERSION) != 0)
        return SLOT_FOREIGN;
    compute_check(copy, check);
    if (memcmp(check, copy + SLOT_CHECK, LEDGER_CHECK_SIZE) != 0 || codec_load_u32(copy + SLOT_SLOT_NO) != slot_no)
        return SLOT_DAMAGED;
    ret_slot->page_size = codec_load_u32(copy + SLOT_PAGE_SIZE);
    ret_slot->features_required = codec_load_u64(copy + SLOT_REQUIRED);
    ret_slot->features_for_writing = codec_load_u64(copy + SLOT_FOR_WRITING);
    ret_slot->features_optional = codec_load_u64(copy + SLOT_OPTIONAL);
    memcpy(ret_slot->file_id, copy + SLOT_FILE_ID, SLOT_ID_SIZE);
    memcpy(ret_slot->history_id, copy + SLOT_HISTORY_ID, SLOT_ID_SIZE);
    ret_slot->slot_no = slot_no;
    ret_slot->commit_mode = codec_load_u32(copy + SLOT_COMMIT_MODE);
    ret_slot->sequence = codec_load_u64(copy + SLOT_SEQUENCE);
    ret_slot->revision = codec_load_u64(copy + SLOT_REVISION);
    ret_slot->revision_reserve = codec_load_u64(copy + SLOT_RESERVE);
    ret_slot->commit_time_ns = (int64_t)codec_load_u64(copy + SLOT_COMMIT_TIME);
    ret_slot->page_count = codec_load_u64(copy + SLOT_PAGE_COUNT);
    ret_slot->used_count = codec_load_u64(copy + SLOT_USED_COUNT);
    ret_slot->next_table_id = codec_load_u64(copy + SLOT_NEXT_TABLE);
    ret_slot->space = ledger_pointer_decode(copy + SLOT_SPACE);
    ret_slot->changes_floor = codec_load_u64(copy + SLOT_CHANGES_FLOOR);
    ret_slot->changes_size = codec_load_u64(copy + SLOT_CHANGES_SIZE);
    ret_slot->tokens_size = codec_load_u64(copy + SLOT_TOKENS_SIZE);
    ret_slot->applied_index = codec_load_u64(copy + SLOT_APPLIED_INDEX);
    ret_slot->applied_term = codec_load_u64(copy + SLOT_APPLIED_TERM);
    ret_slot->fallback_count = codec_load_u64(copy + SLOT_FALLBACK_COUNT);
    ret_slot->fallback_revision = codec_load_u64(copy + SLOT_FALLBACK_REVISION);
    memcpy(ret_slot->roots, copy + SLOT_ROOTS, sizeof(ret_slot->roots));
    memcpy(ret_slot->journal, copy + SLOT_JOURNAL, SLOT_JOURNAL_SIZE);
    memcpy(ret_slot->writer, copy + SLOT_WRITER, SLOT_WRITER_SIZE);
    return SLOT_GOOD;
}

uint32_t slot_version(const unsigned char copy[SLOT_COPY_SIZE])
{
    return codec_load_u32(copy + SLOT_VERSION);
}

static int is_zero(const unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != 0)
            return 0;
    return 1;
}

static const char *roots_problem(const LedgerSlot *slot)
{
    for (uint32_t index = 0; index < SLOT_ROOT_COUNT; index++) {
        const unsigned char *root = slot->roots[index];
        LedgerPointer pointer = ledger_pointer_decode(root);
        if (!is_zero(root + ROOT_RESERVED, SLOT_ROOT_SIZE - ROOT_RESERVED))
            return "reserved bytes of a root are not zero";
        if (pointer.page_id == 0 && !is_zero(root, SLOT_ROOT_SIZE))
            return "a root points to no page, but is not empty";
        if (pointer.page_id >= slot->page_count)
            return "a root points behind the end of the file";
        if (pointer.birth > slot->revision)
            return "a root is younger than its slot";
        if (slot_root_level(slot, index) > SLOT_ROOT_LEVEL_MAX)
            return "a tree is too deep";
    }
    return NULL;
}

const char *slot_problem(const LedgerSlot *slot, const unsigned char copy[SLOT_COPY_SIZE])
{
    PageLayout layout;
    if (!layout_page_size_is_valid(slot->page_size))
        return "its page size is not a power of two from 4,096 to 65,536";
    layout = layout_of(slot->page_size);
    if (slot->page_count < layout.page_min || slot->page_count > layout.page_max)
        return "its page count is out of range";
    if (slot->used_count < layout_fixed_count(&layout, slot->page_count) || slot->used_count > slot->page_count)
        return "its count of used pages is out of range";
    if (slot->revision > SLOT_REVISION_MAX || slot->revision_reserve > SLOT_REVISION_MAX)
        return "its revisions are out of range";
    if (slot->next_table_id < SLOT_TABLE_ID_FIRST || slot->next_table_id > SLOT_REVISION_MAX)
        return "its next table id is out of range";
    if (slot->space.birth > slot->revision || slot->space.entries != 0 || slot->space.flags != 0)
        return "its pointer to the space map is not valid";
    if (!is_zero(slot->journal, SLOT_JOURNAL_SIZE) || !is_zero(copy + SLOT_RESERVED_1, SLOT_ROOTS - SLOT_RESERVED_1) ||
        !is_zero(copy + SLOT_KEYS, SLOT_WRITER - SLOT_KEYS) ||
        !is_zero(copy + SLOT_RESERVED_2, SLOT_CHECK - SLOT_RESERVED_2))
        return "reserved bytes are not zero";
    return roots_problem(slot);
}

uint64_t slot_seed(const LedgerSlot *slot)
{
    return codec_load_u64(slot->file_id);
}

int slot_root_is_empty(const LedgerSlot *slot, uint32_t index)
{
    return codec_load_u64(slot->roots[index]) == 0;
}

uint32_t slot_root_level(const LedgerSlot *slot, uint32_t index)
{
    return codec_load_u16(slot->roots[index] + ROOT_LEVEL);
}

uint64_t slot_root_owner(uint32_t index)
{
    return index == 0 ? SLOT_DIRECTORY_OWNER : index;
}
