/*
 * btree/page_list.c - pages that are dropped together.
 *
 * A page that is still reachable must not be dropped, so a change first notes what it will leave behind, and drops it
 * after the last step that can fail. An item is 16 bytes, which is 0.4 % of the smallest page.
 */
#include "backends/ledger/btree/page_list.h"

static StorageStatus add(PageList *self, PageListItem item)
{
    if (self->count == self->capacity) {
        size_t capacity = self->capacity == 0 ? 64 : self->capacity * 2;
        PageListItem *larger = storage_reallocate(self->items, capacity * sizeof(*larger));
        if (larger == NULL)
            return STORAGE_NO_MEMORY;
        self->items = larger;
        self->capacity = capacity;
    }
    self->items[self->count++] = item;
    return STORAGE_OK;
}

StorageStatus page_list_add(PageList *self, const unsigned char *pointer)
{
    return add(self, (PageListItem){ledger_pointer_page_id(pointer), ledger_pointer_birth(pointer)});
}

StorageStatus page_list_add_frame(PageList *self, const LedgerFrame *frame)
{
    return add(self, (PageListItem){frame->page_id, frame->birth});
}

void page_list_drop(PageList *self, LedgerPager *pager)
{
    for (size_t index = 0; index < self->count; index++) {
        LedgerPointer pointer = {.page_id = self->items[index].page_id, .birth = self->items[index].birth};
        unsigned char encoded[LEDGER_POINTER_SIZE];
        ledger_pointer_encode(&pointer, encoded);
        pager_drop(pager, encoded);
    }
    self->count = 0;
}

void page_list_clear(PageList *self)
{
    self->count = 0;
}

void page_list_done(PageList *self)
{
    storage_release(self->items);
    *self = (PageList){0};
}
