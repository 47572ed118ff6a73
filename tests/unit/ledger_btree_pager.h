/*
 * ledger_btree_pager.h - a pager without a file, for tests of what is above it: pages in blocks of the heap.
 *
 * It ends the program when a page of an older batch was changed, when a pin is missing at the end, when a page is
 * dropped twice; it checks each node that a batch leaves. It can be told to fail.
 */
#ifndef LEDGER_BTREE_PAGER_H
#define LEDGER_BTREE_PAGER_H

#include "backends/ledger/page/pager.h"

LedgerPager *double_open(uint32_t page_size);
void double_close(LedgerPager *self);

/* The batch is complete: its pages must not change any more. */
void double_end_batch(LedgerPager *self);
/* A checkpoint: the checks of all pages have been filled in, and are asked for from now on. */
void double_end_checkpoint(LedgerPager *self);
/* No reader needs an older state: pages that were dropped are gone. */
void double_forget_dropped(LedgerPager *self);

/* The call after `calls` more of read, new and change fails with `status`, once. */
void double_fail_after(LedgerPager *self, uint64_t calls, StorageStatus status);
/* Whether it has. */
int double_has_failed(const LedgerPager *self);

/*
 * From now on pages may contradict each other, as in a file that was made to do harm: what a pointer does not fit is
 * CORRUPT, and a page that is dropped twice is dropped once.
 */
void double_tolerate_damage(LedgerPager *self);
/* Changes a few bytes of a page, or changes two of its pointers for one another, such that its check lets it through.
 * Returns 0 when that was not possible. */
int double_damage(LedgerPager *self, uint64_t page_id, uint32_t (*random_below)(uint32_t));

uint64_t double_birth(const LedgerPager *self); /* of pages that are made now */
size_t double_page_count(const LedgerPager *self);
/* 1 when the page is part of the newest state. */
int double_has_page(const LedgerPager *self, uint64_t page_id);
/* Reads of pages, since the last call. */
uint64_t double_take_read_count(LedgerPager *self);

#endif
