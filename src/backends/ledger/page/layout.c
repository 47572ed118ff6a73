/*
 * page/layout.c - the arithmetic of fixed places.
 *
 * Group g begins at page g * group_size. Its first three pages that hold no copy of a slot are the places of its map
 * page; where g is the first group of an index page of level n, three more follow for it, level by level.
 */
#include "backends/ledger/page/layout.h"

#define PAGE_BYTES_MAX (UINT64_C(1) << 59) /* 2^47 pages of 4,096 bytes; below what off_t holds */

int layout_page_size_is_valid(uint64_t page_size)
{
    return page_size >= LEDGER_PAGE_SIZE_MIN && page_size <= LEDGER_PAGE_SIZE_MAX && (page_size & (page_size - 1)) == 0;
}

static uint64_t divide_up(uint64_t number, uint64_t by)
{
    return number / by + (number % by != 0);
}

/* Groups below one page of `level`. At most fan_out^LAYOUT_LEVEL_MAX: far below 2^64. */
static uint64_t groups_per_page(const PageLayout *self, uint32_t level)
{
    uint64_t groups = 1;
    for (uint32_t i = 0; i < level; i++)
        groups *= self->fan_out;
    return groups;
}

static uint64_t copy_page(const PageLayout *self, uint32_t copy)
{
    return (uint64_t)copy * LAYOUT_COPY_DISTANCE / self->page_size;
}

PageLayout layout_of(uint32_t page_size)
{
    PageLayout self = {.page_size = page_size};
    uint64_t last_copy, last_place;
    self.group_words = (page_size - LAYOUT_MAP_BITS) / (uint32_t)sizeof(uint64_t);
    self.group_size = (uint64_t)self.group_words * 64;
    self.fan_out = (page_size - LAYOUT_INDEX_POINTERS) / LEDGER_POINTER_SIZE;
    self.page_max = PAGE_BYTES_MAX / page_size;
    self.level_count = layout_root_level(&self, layout_group_count(&self, self.page_max));
    last_copy = copy_page(&self, LAYOUT_COPY_COUNT - 1);
    last_place = layout_place(&self, self.level_count, 0, LAYOUT_PLACE_COUNT - 1);
    self.page_min = 1 + (last_copy > last_place ? last_copy : last_place);
    return self;
}

uint64_t layout_group_count(const PageLayout *self, uint64_t page_count)
{
    return divide_up(page_count, self->group_size);
}

uint32_t layout_root_level(const PageLayout *self, uint64_t group_count)
{
    uint32_t level = 0;
    for (uint64_t covered = 1; covered < group_count; covered *= self->fan_out)
        level++;
    return level;
}

uint64_t layout_level_size(const PageLayout *self, uint32_t level, uint64_t group_count)
{
    return divide_up(group_count, groups_per_page(self, level));
}

/* The page of group 0 that has `rank` pages before it that hold no copy of a slot. */
static uint64_t page_of_rank(const PageLayout *self, uint64_t rank)
{
    uint64_t page_id = rank;
    for (uint32_t copy = 0; copy < LAYOUT_COPY_COUNT && copy_page(self, copy) <= page_id; copy++)
        page_id++;
    return page_id;
}

uint64_t layout_place(const PageLayout *self, uint32_t level, uint64_t index, uint32_t place)
{
    uint64_t group = index * groups_per_page(self, level);
    uint64_t rank = (uint64_t)level * LAYOUT_PLACE_COUNT + place;
    return group == 0 ? page_of_rank(self, rank) : group * self->group_size + rank;
}

int layout_is_fixed(const PageLayout *self, uint64_t page_id)
{
    uint64_t group = page_id / self->group_size, rank = page_id % self->group_size;
    uint64_t place_count = LAYOUT_PLACE_COUNT, covered = self->fan_out;
    if (group == 0) {
        for (uint32_t copy = 0; copy < LAYOUT_COPY_COUNT; copy++) {
            if (copy_page(self, copy) == page_id)
                return 1;
            rank -= copy_page(self, copy) < page_id;
        }
    }
    for (uint32_t level = 1; level <= self->level_count && group % covered == 0; level++, covered *= self->fan_out)
        place_count += LAYOUT_PLACE_COUNT;
    return rank < place_count;
}

uint64_t layout_fixed_count(const PageLayout *self, uint64_t page_count)
{
    uint64_t group_count = layout_group_count(self, page_count), count = LAYOUT_COPY_COUNT;
    for (uint32_t level = 0; level <= self->level_count; level++)
        count += LAYOUT_PLACE_COUNT * layout_level_size(self, level, group_count);
    return count;
}
