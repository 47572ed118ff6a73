/* page/file_create.h - making a new ledger file (docs/design/crash-safety.md, section 9). */
#ifndef LEDGER_PAGE_FILE_CREATE_H
#define LEDGER_PAGE_FILE_CREATE_H

#include "backends/ledger/page/file_open.h"

/*
 * Makes an empty store of that name, whole or not at all, and leaves it closed. Returns OK, also when somebody else has
 * made a file of that name meanwhile; ACCESS_DENIED; NO_SPACE; IO; NO_MEMORY.
 */
StorageStatus file_create(const FileOpenOptions *options, StorageContext *ctx);

#endif
