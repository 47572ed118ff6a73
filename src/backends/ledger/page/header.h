/*
 * page/header.h - the 96 bytes that every page begins with (docs/format/ledger-file.md, section 4), and its check.
 */
#ifndef LEDGER_PAGE_HEADER_H
#define LEDGER_PAGE_HEADER_H

#include "backends/ledger/page/page.h"

/* What a page says of itself. */
typedef struct PageHeader {
    uint64_t page_id, birth, owner;
    uint32_t type, level;
} PageHeader;

/* Makes the header of a page of this version. The check is zero until page_seal. */
void page_header_encode(const PageHeader *header, unsigned char *page);

/* The check of bytes 16 to page_size - 1. `seed` is that of the file. */
void page_check(const unsigned char *page, uint32_t page_size, uint64_t seed, uint8_t ret_check[LEDGER_CHECK_SIZE]);

/* Computes the check and stores it in the page. */
void page_seal(unsigned char *page, uint32_t page_size, uint64_t seed, uint8_t ret_check[LEDGER_CHECK_SIZE]);

/* 1 for 16 bytes of zero: the pointer was never sealed. No page has that check, but for one in 2^128. */
int page_check_is_zero(const uint8_t check[LEDGER_CHECK_SIZE]);

/*
 * What is wrong with a page that was read, for an error text; NULL: nothing. `expected` is what the place that points
 * to it asks for, `check` what the pointer says. A zero check stands in the pointers of a page that was never sealed,
 * and so was never in a file: then page id and birth, which no two versions share, have to do.
 */
const char *page_verify(const unsigned char *page, uint32_t page_size, uint64_t seed, const PageHeader *expected,
                        const uint8_t check[LEDGER_CHECK_SIZE]);

#endif
