/* memory/cursor.h - cursors, alone or over the writes of a transaction. */
#ifndef MEMORY_CURSOR_H
#define MEMORY_CURSOR_H

#include "backends/memory/write_set.h"

/*
 * Opens a cursor at `model` (a registered snapshot), or at a new one when it is NULL. `writes` (or NULL) are laid over
 * it as they are now, judged at the cursor's time. OK; NO_MEMORY.
 */
StorageStatus cursor_open(MemoryStore *store, const Snapshot *model, const WriteSet *writes, const StorageRange *range,
                          const StorageScanOptions *options, StorageCursor **ret_cursor, StorageContext *ctx);

#endif
