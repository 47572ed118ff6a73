/* page/page.h - what all pages begin with, and pointers to pages (docs/format/ledger-file.md, section 4). */
#ifndef LEDGER_PAGE_PAGE_H
#define LEDGER_PAGE_PAGE_H

#include <stdint.h>

#define LEDGER_PAGE_SIZE_MIN 4096u
#define LEDGER_PAGE_SIZE_MAX 65536u
#define LEDGER_PAGE_HEADER_SIZE 96u
#define LEDGER_POINTER_SIZE 40u
#define LEDGER_CHECK_SIZE 16u
#define LEDGER_POINTER_CHECK 16u /* where the check stands in an encoded pointer */

enum {
    LEDGER_PAGE_LEAF = 1,
    LEDGER_PAGE_BRANCH = 2,
    LEDGER_PAGE_OVERFLOW = 3,
    LEDGER_PAGE_OVERFLOW_INDEX = 4,
    LEDGER_PAGE_SPACE = 5,
    LEDGER_PAGE_SPACE_INDEX = 6
};

/* What a subtree holds: set too long is harmless, never too short. */
enum {
    LEDGER_POINTER_OVERFLOW = 1, /* a value below may lie in overflow pages */
    LEDGER_POINTER_EXPIRES = 2   /* an entry below may have an expiry */
};

#define LEDGER_POINTER_ENTRIES_MAX ((UINT64_C(1) << 56) - 1)

/* Which page, which version of it, and what it must hold. Page 0: none. */
typedef struct LedgerPointer {
    uint64_t page_id;
    uint64_t birth;
    uint8_t check[LEDGER_CHECK_SIZE];
    uint64_t entries; /* to a node: how many entries the leaves at and below it have; else 0 */
    uint32_t flags;   /* to a node; else 0 */
} LedgerPointer;

void ledger_pointer_encode(const LedgerPointer *pointer, unsigned char buffer[LEDGER_POINTER_SIZE]);
LedgerPointer ledger_pointer_decode(const unsigned char buffer[LEDGER_POINTER_SIZE]);

/* Parts of an encoded pointer. A reader uses these: the writer may be filling the check in at the same time. */
uint64_t ledger_pointer_page_id(const unsigned char buffer[LEDGER_POINTER_SIZE]);
uint64_t ledger_pointer_birth(const unsigned char buffer[LEDGER_POINTER_SIZE]);
uint64_t ledger_pointer_entries(const unsigned char buffer[LEDGER_POINTER_SIZE]);
uint32_t ledger_pointer_flags(const unsigned char buffer[LEDGER_POINTER_SIZE]);

#endif
