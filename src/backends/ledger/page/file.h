/*
 * page/file.h - the ledger file below the cache: pages and copies of slots by their place, and poison.
 *
 * After a failed write or sync nothing is written any more (docs/design/crash-safety.md, section 3). Reads go on. Any
 * thread reads; one writes.
 */
#ifndef LEDGER_PAGE_FILE_H
#define LEDGER_PAGE_FILE_H

#include "backends/ledger/page/layout.h"
#include "backends/ledger/page/slot_choice.h"
#include "storage/backend.h"

#include <stdatomic.h>

typedef struct LedgerFile {
    const StorageFiles *files;
    StorageFile *handle;
    char *path; /* for error texts, and to sync its directory */
    PageLayout layout;
    uint64_t seed;
    uint64_t page_max;           /* it may have no more pages */
    _Atomic uint64_t page_count; /* that it has: its length / page_size */
    _Atomic int poison;          /* the status that every later write answers; 0: none */
    int is_read_only;
    int must_sync_directory;          /* before the first acknowledgement of a session */
    uint64_t write_count, sync_count; /* of the writer: pages and copies of slots; calls */
} LedgerFile;

/* The text and status of an error number that a file function gave. */
StorageStatus file_fail(const LedgerFile *self, StorageContext *ctx, int error, const char *doing, uint64_t page_id);

/* Reads a page without looking at it. OK; IO; CORRUPT when the file ends before it does. */
StorageStatus file_read_page(LedgerFile *self, uint64_t page_id, unsigned char *page, StorageContext *ctx);

/* Reads the four copies, each up to three times as long as it is not good; `must_forget`: from the disk each time. */
void file_read_copies(const StorageFiles *files, StorageFile *handle, int must_forget, SlotCopies *ret_copies);

/* Makes the file `page_count` pages long, with the space for them. OK; NO_SPACE; IO. Nothing is poisoned by it. */
StorageStatus file_grow(LedgerFile *self, uint64_t page_count, StorageContext *ctx);

/* Cuts the file. A failure is no error: then it stays longer. */
void file_cut(LedgerFile *self, uint64_t page_count);

/* Writes consecutive pages. OK; what poisoned the file; a failure poisons it. */
StorageStatus file_write_pages(LedgerFile *self, uint64_t page_id, const StorageSlice *pages, size_t count,
                               StorageContext *ctx);

/* Writes copy `copy` (0 to 3) of a slot. As file_write_pages, but a failure is INDETERMINATE. */
StorageStatus file_write_copy(LedgerFile *self, uint32_t copy, const LedgerSlot *slot, StorageContext *ctx);

/* What was written is durable, the name of the file too. OK; INDETERMINATE, and the file is poisoned. */
StorageStatus file_sync(LedgerFile *self, StorageContext *ctx);

/* OK, or the status that poisoned it with a text. */
StorageStatus file_check_poison(const LedgerFile *self, StorageContext *ctx);

#endif
