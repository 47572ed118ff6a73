/*
 * page/space.c - which pages are free.
 *
 * Invariants:
 *   1. A page is handed out only when no map has it, it is not a fixed place, and it lies below the limit.
 *   2. A page is in the map of held pages if and only if it is in the queue of held pages or was dropped by this batch.
 *   3. There is room in the queue for everything that the batch has dropped, so that its end takes no memory.
 *   4. Words before low_word have no free page. Every bit that is cleared moves it down if need be.
 *   5. The maps have whole groups. No map has a page at or behind the limit.
 */
#include "backends/ledger/page/space.h"

#include <assert.h>
#include <string.h>

#define WORD_BITS 64u

static size_t word_of(uint64_t page_id)
{
    return (size_t)(page_id / WORD_BITS);
}

static uint64_t bit_of(uint64_t page_id)
{
    return UINT64_C(1) << (page_id % WORD_BITS);
}

static uint64_t occupied(const LedgerSpace *self, size_t word)
{
    return self->maps[SPACE_WORKING][word] | self->maps[SPACE_NEWER][word] | self->maps[SPACE_OLDER][word] |
           self->maps[SPACE_HELD][word];
}

int space_has(const LedgerSpace *self, int map, uint64_t page_id)
{
    return word_of(page_id) < self->word_count && (self->maps[map][word_of(page_id)] & bit_of(page_id)) != 0;
}

static void note_change(LedgerSpace *self, int map, uint64_t page_id)
{
    if (map == SPACE_WORKING)
        self->changed[page_id / self->layout.group_size] |= SPACE_WORKING_DIFFERS;
}

static void set_bit(LedgerSpace *self, int map, uint64_t page_id)
{
    size_t word = word_of(page_id);
    self->occupied_count += (occupied(self, word) & bit_of(page_id)) == 0;
    self->maps[map][word] |= bit_of(page_id);
    note_change(self, map, page_id);
}

static void clear_bit(LedgerSpace *self, int map, uint64_t page_id)
{
    size_t word = word_of(page_id);
    self->maps[map][word] &= ~bit_of(page_id);
    self->occupied_count -= (occupied(self, word) & bit_of(page_id)) == 0;
    if (word < self->low_word)
        self->low_word = word; /* 4 */
    note_change(self, map, page_id);
}

/* ---- size ---- */

static StorageStatus enlarge(void *block_of_any, size_t item_size, size_t old_count, size_t new_count)
{
    void **block = block_of_any;
    unsigned char *larger = storage_reallocate(*block, new_count * item_size);
    if (larger == NULL)
        return STORAGE_NO_MEMORY;
    memset(larger + old_count * item_size, 0, (new_count - old_count) * item_size);
    *block = larger;
    return STORAGE_OK;
}

static void mark_fixed_places(LedgerSpace *self, uint64_t group)
{
    uint64_t first = group * self->layout.group_size, page_id = first;
    if (group == 0) {
        for (; page_id < self->layout.page_min; page_id++)
            if (layout_is_fixed(&self->layout, page_id))
                self->fixed[word_of(page_id)] |= bit_of(page_id);
        return;
    }
    for (; layout_is_fixed(&self->layout, page_id); page_id++)
        self->fixed[word_of(page_id)] |= bit_of(page_id);
}

/* Room for the bits of so many pages. What was enlarged before a failure stays enlarged, unused. */
static StorageStatus grow_maps(LedgerSpace *self, uint64_t page_count)
{
    size_t old_groups = self->word_count / self->layout.group_words;
    size_t groups = (size_t)layout_group_count(&self->layout, page_count), words = groups * self->layout.group_words;
    StorageStatus status = STORAGE_OK;
    if (words <= self->word_count)
        return STORAGE_OK;
    for (int map = 0; map < SPACE_MAP_COUNT && status == STORAGE_OK; map++)
        status = enlarge(&self->maps[map], sizeof(uint64_t), self->word_count, words);
    if (status == STORAGE_OK)
        status = enlarge(&self->fixed, sizeof(uint64_t), self->word_count, words);
    if (status == STORAGE_OK)
        status = enlarge(&self->changed, sizeof(uint8_t), old_groups, groups);
    if (status != STORAGE_OK)
        return status;
    self->word_count = words;
    for (size_t group = old_groups; group < groups; group++)
        mark_fixed_places(self, group);
    return STORAGE_OK;
}

StorageStatus space_init(LedgerSpace *self, const PageLayout *layout)
{
    StorageStatus status;
    *self = (LedgerSpace){.layout = *layout, .page_count = layout->page_min, .limit = layout->page_min};
    status = grow_maps(self, layout->page_min);
    if (status != STORAGE_OK)
        space_done(self);
    return status;
}

void space_done(LedgerSpace *self)
{
    for (int map = 0; map < SPACE_MAP_COUNT; map++)
        storage_release(self->maps[map]);
    storage_release(self->fixed);
    storage_release(self->changed);
    storage_release(self->held);
    storage_release(self->taken.page_ids);
    storage_release(self->dropped.page_ids);
    *self = (LedgerSpace){0};
}

StorageStatus space_set_limit(LedgerSpace *self, uint64_t page_count)
{
    StorageStatus status = grow_maps(self, page_count);
    assert(page_count >= space_end(self));
    if (status == STORAGE_OK)
        self->limit = page_count;
    return status;
}

/* Fixed places below page `page_count`, which may lie within those of its last group. */
static uint64_t fixed_below(const LedgerSpace *self, uint64_t page_count)
{
    uint64_t last_group = page_count / self->layout.group_size, first = last_group * self->layout.group_size;
    uint64_t count = last_group == 0 ? 0 : layout_fixed_count(&self->layout, first);
    uint64_t last = last_group == 0 && page_count > self->layout.page_min ? self->layout.page_min : page_count;
    for (uint64_t page_id = first; page_id < last; page_id++) {
        if (layout_is_fixed(&self->layout, page_id))
            count++;
        else if (last_group > 0)
            break;
    }
    return count;
}

uint64_t space_free_count(const LedgerSpace *self)
{
    return self->limit - fixed_below(self, self->limit) - self->occupied_count;
}

/* 1 + the last page that has a bit in `words` of all of the maps from `first` to `last`. */
static uint64_t end_of(const LedgerSpace *self, int first, int last, size_t words)
{
    for (size_t word = words; word > 0; word--) {
        uint64_t bits = 0;
        for (int map = first; map <= last; map++)
            bits |= self->maps[map][word - 1];
        if (bits != 0) {
            uint64_t end = (uint64_t)word * WORD_BITS - (uint64_t)__builtin_clzll(bits);
            return end > self->layout.page_min ? end : self->layout.page_min;
        }
    }
    return self->layout.page_min;
}

uint64_t space_end(const LedgerSpace *self)
{
    return end_of(self, 0, SPACE_MAP_COUNT - 1, self->word_count);
}

/* ---- handing out ---- */

static StorageStatus list_reserve(SpaceList *self)
{
    size_t capacity = self->capacity == 0 ? 64 : self->capacity * 2;
    uint64_t *larger;
    if (self->count < self->capacity)
        return STORAGE_OK;
    larger = storage_reallocate(self->page_ids, capacity * sizeof(*larger));
    if (larger == NULL)
        return STORAGE_NO_MEMORY;
    self->page_ids = larger;
    self->capacity = capacity;
    return STORAGE_OK;
}

/* The first free page from word `from` on; the limit: none. */
static uint64_t find_free(const LedgerSpace *self, size_t from)
{
    size_t end = word_of(self->limit + WORD_BITS - 1);
    for (size_t word = from; word < end; word++) {
        uint64_t free_bits = ~(occupied(self, word) | self->fixed[word]);
        uint64_t page_id = (uint64_t)word * WORD_BITS + (free_bits != 0 ? (uint64_t)__builtin_ctzll(free_bits) : 0);
        if (free_bits != 0)
            return page_id < self->limit ? page_id : self->limit;
    }
    return self->limit;
}

/* Behind the last page that was handed out, so that a batch gets neighbours; else from the front. */
static uint64_t choose_page(LedgerSpace *self)
{
    uint64_t page_id = find_free(self, self->cursor > self->low_word ? self->cursor : self->low_word);
    if (page_id == self->limit) {
        page_id = find_free(self, self->low_word);
        self->low_word = word_of(page_id); /* 4 */
    }
    return page_id;
}

StorageStatus space_take(LedgerSpace *self, uint64_t *ret_page_id)
{
    StorageStatus status = list_reserve(&self->taken);
    uint64_t page_id;
    if (status != STORAGE_OK)
        return status;
    page_id = choose_page(self);
    if (page_id == self->limit)
        return STORAGE_NO_SPACE;
    self->taken.page_ids[self->taken.count++] = page_id;
    set_bit(self, SPACE_WORKING, page_id); /* 1 */
    self->used_count++;
    self->cursor = word_of(page_id);
    if (page_id >= self->page_count)
        self->page_count = page_id + 1;
    *ret_page_id = page_id;
    return STORAGE_OK;
}

/* ---- giving back ---- */

StorageStatus space_reserve_drop(LedgerSpace *self)
{
    size_t wanted = self->held_count + self->dropped.count + 1, capacity = self->held_capacity;
    SpaceHeld *larger;
    if (self->held_first > 0 && self->held_first + wanted > capacity) {
        memmove(self->held, self->held + self->held_first, self->held_count * sizeof(*self->held));
        self->held_first = 0;
    }
    while (capacity < wanted)
        capacity = capacity == 0 ? 64 : capacity * 2;
    if (capacity > self->held_capacity) {
        larger = storage_reallocate(self->held, capacity * sizeof(*larger));
        if (larger == NULL)
            return STORAGE_NO_MEMORY;
        self->held = larger;
        self->held_capacity = capacity;
    }
    return list_reserve(&self->dropped);
}

int space_drop(LedgerSpace *self, uint64_t page_id, int is_of_batch)
{
    if (!space_has(self, SPACE_WORKING, page_id))
        return 0;
    if (!is_of_batch) {
        set_bit(self, SPACE_HELD, page_id); /* 2 */
        self->dropped.page_ids[self->dropped.count++] = page_id;
    }
    clear_bit(self, SPACE_WORKING, page_id);
    self->used_count--;
    return 1;
}

/* The working state ends behind its last page. */
static void lower_page_count(LedgerSpace *self)
{
    self->page_count = end_of(self, SPACE_WORKING, SPACE_WORKING, word_of(self->page_count + WORD_BITS - 1));
}

void space_end_batch(LedgerSpace *self, uint64_t revision)
{
    for (size_t i = 0; i < self->dropped.count; i++)
        self->held[self->held_first + self->held_count++] = (SpaceHeld){self->dropped.page_ids[i], revision}; /* 3 */
    self->dropped.count = self->taken.count = 0;
    self->cursor = 0;
    lower_page_count(self);
}

void space_revert_batch(LedgerSpace *self)
{
    for (size_t i = 0; i < self->taken.count; i++) {
        if (!space_has(self, SPACE_WORKING, self->taken.page_ids[i]))
            continue; /* taken and given back, perhaps taken again */
        clear_bit(self, SPACE_WORKING, self->taken.page_ids[i]);
        self->used_count--;
    }
    for (size_t i = 0; i < self->dropped.count; i++) {
        uint64_t page_id = self->dropped.page_ids[i];
        set_bit(self, SPACE_WORKING, page_id);
        clear_bit(self, SPACE_HELD, page_id);
        self->used_count++;
        if (page_id >= self->page_count)
            self->page_count = page_id + 1;
    }
    self->dropped.count = self->taken.count = 0;
    self->cursor = 0;
    lower_page_count(self);
}

int space_release_next(LedgerSpace *self, uint64_t revision, uint64_t *ret_page_id)
{
    if (self->held_count == 0 || self->held[self->held_first].revision > revision)
        return 0;
    *ret_page_id = self->held[self->held_first].page_id;
    clear_bit(self, SPACE_HELD, *ret_page_id);
    self->held_first++;
    self->held_count--;
    return 1;
}

/* ---- slots ---- */

static uint64_t count_occupied(const LedgerSpace *self, size_t first, size_t last)
{
    uint64_t count = 0;
    for (size_t word = first; word < last; word++)
        count += (uint64_t)__builtin_popcountll(occupied(self, word));
    return count;
}

/* Makes `map` as `from` in a group. */
static void copy_group(LedgerSpace *self, int map, int from, size_t group)
{
    size_t first = group * self->layout.group_words;
    memcpy(self->maps[map] + first, self->maps[from] + first, self->layout.group_words * sizeof(uint64_t));
}

void space_advance(LedgerSpace *self)
{
    uint32_t words = self->layout.group_words;
    assert(self->taken.count == 0 && self->dropped.count == 0);
    for (size_t group = 0; group < self->word_count / words; group++) {
        size_t first = group * words;
        uint64_t before;
        if (self->changed[group] == 0)
            continue;
        before = count_occupied(self, first, first + words);
        copy_group(self, SPACE_OLDER, SPACE_NEWER, group);
        copy_group(self, SPACE_NEWER, SPACE_WORKING, group);
        self->occupied_count -= before - count_occupied(self, first, first + words);
        self->changed[group] = (self->changed[group] & SPACE_WORKING_DIFFERS) != 0 ? SPACE_NEWER_DIFFERS : 0;
        if (first < self->low_word)
            self->low_word = first; /* 4 */
    }
}

void space_copy_newer(LedgerSpace *self)
{
    uint32_t words = self->layout.group_words;
    for (size_t group = 0; group < self->word_count / words; group++) {
        size_t first = group * words;
        uint64_t before;
        if ((self->changed[group] & SPACE_NEWER_DIFFERS) == 0)
            continue;
        before = count_occupied(self, first, first + words);
        copy_group(self, SPACE_OLDER, SPACE_NEWER, group);
        self->occupied_count -= before - count_occupied(self, first, first + words);
        self->changed[group] &= (uint8_t)~SPACE_NEWER_DIFFERS;
        if (first < self->low_word)
            self->low_word = first; /* 4 */
    }
}

uint64_t space_older_only_count(const LedgerSpace *self)
{
    uint64_t count = 0;
    for (size_t group = 0; group < self->word_count / self->layout.group_words; group++) {
        size_t first = group * self->layout.group_words;
        if ((self->changed[group] & SPACE_NEWER_DIFFERS) == 0)
            continue;
        for (size_t word = first; word < first + self->layout.group_words; word++)
            count += (uint64_t)__builtin_popcountll(self->maps[SPACE_OLDER][word] & ~self->maps[SPACE_WORKING][word] &
                                                    ~self->maps[SPACE_NEWER][word] & ~self->maps[SPACE_HELD][word]);
    }
    return count;
}

/* ---- opening ---- */

uint64_t *space_group(LedgerSpace *self, int map, uint64_t group)
{
    return self->maps[map] + group * self->layout.group_words;
}

void space_loaded(LedgerSpace *self)
{
    self->used_count = 0;
    for (size_t group = 0; group < self->word_count / self->layout.group_words; group++) {
        copy_group(self, SPACE_WORKING, SPACE_NEWER, group);
        self->changed[group] = SPACE_NEWER_DIFFERS;
    }
    for (size_t word = 0; word < self->word_count; word++)
        self->used_count += (uint64_t)__builtin_popcountll(self->maps[SPACE_WORKING][word]);
    self->occupied_count = count_occupied(self, 0, self->word_count);
    self->low_word = self->cursor = 0;
    self->page_count = end_of(self, SPACE_WORKING, SPACE_WORKING, self->word_count);
}
