/*
 * page/header.c - what every page begins with, and whether a page that was read is the one that was asked for.
 *
 * Refuses what a later version might mean something by: vaults, keys, nonces and reserved bytes that are not zero.
 */
#include "backends/ledger/page/header.h"

#include "backends/ledger/page/codec.h"

#include <string.h>
#include <xxhash.h>

enum {
    HEADER_CHECK = 0,
    HEADER_PAGE_ID = 16,
    HEADER_BIRTH = 24,
    HEADER_VAULT_ID = 32,
    HEADER_KEY_ID = 40,
    HEADER_TYPE = 44,
    HEADER_LEVEL = 45,
    HEADER_RESERVED = 46,
    HEADER_NONCE = 48,
    HEADER_OWNER = 88
};

void page_header_encode(const PageHeader *header, unsigned char *page)
{
    memset(page, 0, LEDGER_PAGE_HEADER_SIZE);
    codec_store_u64(page + HEADER_PAGE_ID, header->page_id);
    codec_store_u64(page + HEADER_BIRTH, header->birth);
    page[HEADER_TYPE] = (unsigned char)header->type;
    page[HEADER_LEVEL] = (unsigned char)header->level;
    codec_store_u64(page + HEADER_OWNER, header->owner);
}

void page_check(const unsigned char *page, uint32_t page_size, uint64_t seed, uint8_t ret_check[LEDGER_CHECK_SIZE])
{
    XXH128_hash_t hash = XXH3_128bits_withSeed(page + HEADER_PAGE_ID, page_size - HEADER_PAGE_ID, seed);
    codec_store_u64(ret_check, hash.low64);
    codec_store_u64(ret_check + 8, hash.high64);
}

void page_seal(unsigned char *page, uint32_t page_size, uint64_t seed, uint8_t ret_check[LEDGER_CHECK_SIZE])
{
    page_check(page, page_size, seed, ret_check);
    memcpy(page + HEADER_CHECK, ret_check, LEDGER_CHECK_SIZE);
}

int page_check_is_zero(const uint8_t check[LEDGER_CHECK_SIZE])
{
    static const uint8_t zero[LEDGER_CHECK_SIZE];
    return memcmp(check, zero, LEDGER_CHECK_SIZE) == 0;
}

static int is_zero(const unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != 0)
            return 0;
    return 1;
}

const char *page_verify(const unsigned char *page, uint32_t page_size, uint64_t seed, const PageHeader *expected,
                        const uint8_t check[LEDGER_CHECK_SIZE])
{
    uint8_t computed[LEDGER_CHECK_SIZE];
    page_check(page, page_size, seed, computed);
    if (memcmp(computed, page + HEADER_CHECK, LEDGER_CHECK_SIZE) != 0)
        return "its bytes do not match its check (damaged, or torn by a crash)";
    if (codec_load_u64(page + HEADER_PAGE_ID) != expected->page_id)
        return "it holds another page (a write went to the wrong place)";
    if (codec_load_u64(page + HEADER_BIRTH) != expected->birth)
        return "it holds another version of the page (a write was lost)";
    if (!page_check_is_zero(check) && memcmp(computed, check, LEDGER_CHECK_SIZE) != 0)
        return "it is not the version that its parent points to (a write was lost)";
    if (page[HEADER_TYPE] != expected->type || page[HEADER_LEVEL] != expected->level)
        return "it has another type or level than its parent asks for";
    if (codec_load_u64(page + HEADER_OWNER) != expected->owner)
        return "it belongs to another tree";
    if (!is_zero(page + HEADER_VAULT_ID, HEADER_TYPE - HEADER_VAULT_ID) ||
        !is_zero(page + HEADER_RESERVED, HEADER_OWNER - HEADER_RESERVED))
        return "reserved bytes of its header are not zero";
    return NULL;
}
