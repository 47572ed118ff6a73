/*
 * page/file_open.h - opening, making and closing a ledger file (docs/design/crash-safety.md, sections 4, 8 and 9).
 */
#ifndef LEDGER_PAGE_FILE_OPEN_H
#define LEDGER_PAGE_FILE_OPEN_H

#include "backends/ledger/page/file.h"

enum {
    FILE_READ_ONLY = 1,
    FILE_CREATE = 2 /* make the file when there is none */
};

typedef struct FileOpenOptions {
    const StorageEnvironment *environment; /* complete, with files that can write */
    const char *path;
    uint32_t page_size; /* of a new file */
    uint32_t flags;
    uint64_t size_max; /* bytes; 0: as the format allows */
} FileOpenOptions;

/*
 * Locks the file, makes sure that what it shows is on the disk, and chooses among its slots. Repairs nothing.
 * Returns OK; BUSY: another process, or another handle of this one, has it; INVALID_ARGUMENT: there is no
 * file, and none was to be made; INCOMPATIBLE, CORRUPT (slot_choice.h); ACCESS_DENIED; NO_SPACE; IO; NO_MEMORY. Close
 * it with file_close.
 */
StorageStatus file_open(LedgerFile *self, const FileOpenOptions *options, SlotChoice *ret_choice, StorageContext *ctx);

/* The lock goes with it. Writes nothing. */
void file_close(LedgerFile *self);

/* Makes the copies of the chosen slot the same, and syncs. Once what they point to was found good. As file_write_copy.
 */
StorageStatus file_repair(LedgerFile *self, const SlotChoice *choice, StorageContext *ctx);

#endif
