/* txn/scan.h - the cursors that callers get, alone or over the writes of a transaction. */
#ifndef LEDGER_TXN_SCAN_H
#define LEDGER_TXN_SCAN_H

#include "backends/ledger/txn/write_set.h"

/* What a scan looks at. */
typedef struct LedgerScanSource {
    LedgerStates *states;
    StorageBackend *backend;
    const LedgerSnapshot *model;  /* an open snapshot, or NULL: the newest state */
    const LedgerWriteSet *writes; /* laid over it as they are now, or NULL */
} LedgerScanSource;

/* Returns OK; NO_MEMORY. */
StorageStatus ledger_scan_open(const LedgerScanSource *source, const StorageRange *range,
                               const StorageScanOptions *options, StorageCursor **ret_cursor, StorageContext *ctx);

/* ---- methods of the operations table ---- */

StorageStatus ledger_scan_next(StorageCursor *cursor, const StorageEntry **ret_entry, StorageContext *ctx);
StorageStatus ledger_scan_seek(StorageCursor *cursor, StorageSlice key, StorageContext *ctx);
void ledger_scan_close(StorageCursor *cursor);

#endif
