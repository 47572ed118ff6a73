/*
 * btree/cursor.h - walking through a tree in order, both ways.
 *
 * A cursor stands between two entries: cursor_next hands out the one behind it and steps over it, cursor_previous the
 * one before it. It walks over one root that never changes (the caller holds the snapshot) and stays within an
 * interval. One thread at a time. Outside of epochs: a cursor pins the pages that it stands on.
 */
#ifndef LEDGER_BTREE_CURSOR_H
#define LEDGER_BTREE_CURSOR_H

#include "backends/ledger/btree/tree.h"

typedef struct LedgerEntry {
    StorageSlice key;
    LedgerRecord record;
} LedgerEntry;

typedef struct LedgerCursor {
    LedgerTree tree;
    LedgerInterval interval;
    /* The pinned way down, by level; no frames: it stands nowhere yet. In a leaf the index is of the entry behind it.
     */
    LedgerFrame *frames[LEDGER_TREE_LEVELS_MAX];
    uint32_t indexes[LEDGER_TREE_LEVELS_MAX];
    uint32_t first, end; /* the entries of the leaf that are in the interval */
    uint32_t prefix_size;
    unsigned char *key;
} LedgerCursor;

/* Before the first and behind the last entry at once: the first call of next or previous decides. The tree's root and
 * the bytes of the interval stay the caller's, and alive. Returns OK or NO_MEMORY. */
StorageStatus cursor_init(LedgerCursor *self, const LedgerTree *tree, const LedgerInterval *interval);
void cursor_done(LedgerCursor *self);

/* To right before `key`, or to right behind it; never out of the interval. After a failure the cursor stands where it
 * was. Returns OK; CORRUPT; IO; NO_MEMORY. */
StorageStatus cursor_seek_before(LedgerCursor *self, StorageSlice key, StorageContext *ctx);
StorageStatus cursor_seek_behind(LedgerCursor *self, StorageSlice key, StorageContext *ctx);

/* The entry lives until the next call. Returns OK; END, as often as it is asked; else as seek, and then it may be
 * called again. */
StorageStatus cursor_next(LedgerCursor *self, LedgerEntry *ret_entry, StorageContext *ctx);
StorageStatus cursor_previous(LedgerCursor *self, LedgerEntry *ret_entry, StorageContext *ctx);

#endif
