/*
 * page/page.c - pointers to pages, as they stand in pages (docs/format/ledger-file.md, section 4).
 */
#include "backends/ledger/page/page.h"

#include <string.h>

#include "backends/ledger/page/codec.h"

enum { POINTER_PAGE_ID = 0, POINTER_BIRTH = 8, POINTER_CHECK = 16, POINTER_SUMMARY = 32 };

#define SUMMARY_FLAGS_SHIFT 56

void ledger_pointer_encode(const LedgerPointer *pointer, unsigned char buffer[LEDGER_POINTER_SIZE])
{
    codec_store_u64(buffer + POINTER_PAGE_ID, pointer->page_id);
    codec_store_u64(buffer + POINTER_BIRTH, pointer->birth);
    memcpy(buffer + POINTER_CHECK, pointer->check, LEDGER_CHECK_SIZE);
    codec_store_u64(buffer + POINTER_SUMMARY,
                    (pointer->entries & LEDGER_POINTER_ENTRIES_MAX) | (uint64_t)pointer->flags << SUMMARY_FLAGS_SHIFT);
}

uint64_t ledger_pointer_page_id(const unsigned char buffer[LEDGER_POINTER_SIZE])
{
    return codec_load_u64(buffer + POINTER_PAGE_ID);
}

uint64_t ledger_pointer_birth(const unsigned char buffer[LEDGER_POINTER_SIZE])
{
    return codec_load_u64(buffer + POINTER_BIRTH);
}

uint64_t ledger_pointer_entries(const unsigned char buffer[LEDGER_POINTER_SIZE])
{
    return codec_load_u64(buffer + POINTER_SUMMARY) & LEDGER_POINTER_ENTRIES_MAX;
}

uint32_t ledger_pointer_flags(const unsigned char buffer[LEDGER_POINTER_SIZE])
{
    return (uint32_t)(codec_load_u64(buffer + POINTER_SUMMARY) >> SUMMARY_FLAGS_SHIFT);
}

LedgerPointer ledger_pointer_decode(const unsigned char buffer[LEDGER_POINTER_SIZE])
{
    LedgerPointer pointer = {.page_id = ledger_pointer_page_id(buffer),
                             .birth = ledger_pointer_birth(buffer),
                             .entries = ledger_pointer_entries(buffer),
                             .flags = ledger_pointer_flags(buffer)};
    memcpy(pointer.check, buffer + POINTER_CHECK, LEDGER_CHECK_SIZE);
    return pointer;
}
