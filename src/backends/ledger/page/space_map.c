/*
 * page/space_map.c - reading and writing the pages of the space map.
 *
 * Invariants:
 *   1. A page of the map is written only to a place that neither slot points to.
 *   2. An entry whose group is not in a state, or whose level is above the root of that state, has no place there.
 *   3. Children are written before the page that points to them, for it holds their checks.
 */
#include "backends/ledger/page/space_map.h"

#include "backends/ledger/page/codec.h"
#include "backends/ledger/page/header.h"

#include <assert.h>
#include <string.h>

enum { INDEX_COUNT = 96, INDEX_RESERVED = 100 };

StorageStatus space_map_init(SpaceMap *self, const PageLayout *layout)
{
    *self = (SpaceMap){0};
    self->page = storage_allocate(layout->page_size);
    return self->page != NULL ? STORAGE_OK : STORAGE_NO_MEMORY;
}

void space_map_done(SpaceMap *self)
{
    for (uint32_t level = 0; level <= LAYOUT_LEVEL_MAX; level++)
        storage_release(self->levels[level]);
    storage_release(self->page);
    *self = (SpaceMap){0};
}

static StorageStatus reserve_level(SpaceMap *self, uint32_t level, uint64_t count)
{
    SpaceMapEntry *larger;
    if (count <= self->counts[level])
        return STORAGE_OK;
    larger = storage_reallocate(self->levels[level], (size_t)count * sizeof(*larger));
    if (larger == NULL)
        return STORAGE_NO_MEMORY;
    for (size_t i = self->counts[level]; i < count; i++)
        for (int state = 0; state < SPACE_MAP_STATES; state++)
            larger[i].states[state] = (SpaceMapPage){.place = SPACE_MAP_NO_PLACE};
    self->levels[level] = larger;
    self->counts[level] = (size_t)count;
    return STORAGE_OK;
}

StorageStatus space_map_reserve(SpaceMap *self, const PageLayout *layout, uint64_t page_count)
{
    uint64_t group_count = layout_group_count(layout, page_count);
    uint32_t root_level = layout_root_level(layout, group_count);
    StorageStatus status = STORAGE_OK;
    for (uint32_t level = 0; level <= root_level && status == STORAGE_OK; level++)
        status = reserve_level(self, level, layout_level_size(layout, level, group_count));
    return status;
}

/* ---- pointers ---- */

static uint32_t type_of(uint32_t level)
{
    return level == 0 ? LEDGER_PAGE_SPACE : LEDGER_PAGE_SPACE_INDEX;
}

static LedgerPointer pointer_to(const SpaceMap *self, const PageLayout *layout, uint32_t level, uint64_t index,
                                int state)
{
    const SpaceMapPage *page = &self->levels[level][index].states[state];
    LedgerPointer pointer = {.page_id = layout_place(layout, level, index, page->place), .birth = page->birth};
    memcpy(pointer.check, page->check, LEDGER_CHECK_SIZE);
    return pointer;
}

/* Notes what a pointer says. 0 when it does not point to one of the three places, or says more than it may. */
static int note_pointer(SpaceMap *self, const PageLayout *layout, uint32_t level, uint64_t index, int state,
                        const LedgerPointer *pointer)
{
    SpaceMapPage *page = &self->levels[level][index].states[state];
    for (uint8_t place = 0; place < LAYOUT_PLACE_COUNT; place++) {
        if (pointer->page_id != layout_place(layout, level, index, place))
            continue;
        *page = (SpaceMapPage){.birth = pointer->birth, .place = place};
        memcpy(page->check, pointer->check, LEDGER_CHECK_SIZE);
        return pointer->entries == 0 && pointer->flags == 0;
    }
    return 0;
}

static int is_same(const SpaceMapPage *left, const SpaceMapPage *right)
{
    return left->place == right->place && left->birth == right->birth &&
           memcmp(left->check, right->check, LEDGER_CHECK_SIZE) == 0;
}

/* ---- loading ---- */

static StorageStatus corrupt(const LedgerFile *file, StorageContext *ctx, uint64_t page_id, const char *problem)
{
    return storage_fail(ctx, STORAGE_CORRUPT, "%s: page %llu of the space map: %s; restore the file from a backup",
                        file->path, (unsigned long long)page_id, problem);
}

static int is_zero(const unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != 0)
            return 0;
    return 1;
}

/* Reads a page of the map into self->page, and checks all of it that does not depend on its level. */
static StorageStatus read_map_page(SpaceMap *self, LedgerFile *file, uint32_t level, uint64_t index, int state,
                                   StorageContext *ctx)
{
    LedgerPointer pointer = pointer_to(self, &file->layout, level, index, state);
    PageHeader expected = {.page_id = pointer.page_id, .birth = pointer.birth, .type = type_of(level), .level = level};
    StorageStatus status = file_read_page(file, pointer.page_id, self->page, ctx);
    const char *problem;
    if (status != STORAGE_OK)
        return status;
    problem = page_verify(self->page, file->layout.page_size, file->seed, &expected, pointer.check);
    if (problem == NULL && page_check_is_zero(pointer.check))
        problem = "the pointer to it has no check";
    if (problem == NULL && !is_zero(self->page + (level == 0 ? INDEX_COUNT : INDEX_RESERVED),
                                    LAYOUT_INDEX_POINTERS - (level == 0 ? INDEX_COUNT : INDEX_RESERVED)))
        problem = "reserved bytes are not zero";
    return problem == NULL ? STORAGE_OK : corrupt(file, ctx, pointer.page_id, problem);
}

/* The pointers of an index page that was read. */
static StorageStatus load_index(SpaceMap *self, LedgerFile *file, uint32_t level, uint64_t index, int state,
                                StorageContext *ctx)
{
    const PageLayout *layout = &file->layout;
    uint64_t first = index * layout->fan_out, size = layout_level_size(layout, level - 1, self->group_counts[state]);
    uint64_t count = size - first < layout->fan_out ? size - first : layout->fan_out;
    uint64_t page_id = pointer_to(self, layout, level, index, state).page_id;
    const unsigned char *pointers = self->page + LAYOUT_INDEX_POINTERS;
    if (codec_load_u32(self->page + INDEX_COUNT) != count)
        return corrupt(file, ctx, page_id, "it has a wrong number of pointers");
    for (uint64_t i = 0; i < count; i++) {
        LedgerPointer pointer = ledger_pointer_decode(pointers + i * LEDGER_POINTER_SIZE);
        if (!note_pointer(self, layout, level - 1, first + i, state, &pointer))
            return corrupt(file, ctx, page_id, "it points to a page that is no place of the map");
    }
    if (!is_zero(pointers + count * LEDGER_POINTER_SIZE,
                 layout->page_size - LAYOUT_INDEX_POINTERS - count * LEDGER_POINTER_SIZE))
        return corrupt(file, ctx, page_id, "bytes behind its pointers are not zero");
    return STORAGE_OK;
}

/* The bits of a map page that was read, without those of fixed places; these must all be 1. */
static StorageStatus load_group(SpaceMap *self, LedgerSpace *space, LedgerFile *file, const LedgerSlot *slot,
                                uint64_t group, int state, StorageContext *ctx)
{
    uint64_t *words = space_group(space, state == SPACE_MAP_NEWER ? SPACE_NEWER : SPACE_OLDER, group);
    const uint64_t *fixed = space->fixed + group * space->layout.group_words;
    uint64_t first = group * space->layout.group_size;
    for (uint32_t word = 0; word < space->layout.group_words; word++) {
        uint64_t bits = codec_load_u64(self->page + LAYOUT_MAP_BITS + (size_t)word * 8);
        uint64_t begin = first + (uint64_t)word * 64;
        uint64_t behind = begin >= slot->page_count        ? UINT64_MAX
                          : slot->page_count - begin >= 64 ? 0
                                                           : UINT64_MAX << (slot->page_count - begin);
        if ((bits & fixed[word]) != fixed[word] || (bits & behind) != 0)
            return corrupt(file, ctx, pointer_to(self, &file->layout, 0, group, state).page_id,
                           "its bits do not fit the file");
        words[word] = bits & ~fixed[word];
    }
    return STORAGE_OK;
}

static StorageStatus load_page(SpaceMap *self, LedgerSpace *space, LedgerFile *file, const LedgerSlot *slot,
                               uint32_t level, uint64_t index, int state, StorageContext *ctx)
{
    const SpaceMapEntry *entry = &self->levels[level][index];
    StorageStatus status;
    if (level == 0 && state == SPACE_MAP_OLDER &&
        is_same(&entry->states[SPACE_MAP_NEWER], &entry->states[SPACE_MAP_OLDER])) {
        memcpy(space_group(space, SPACE_OLDER, index), space_group(space, SPACE_NEWER, index),
               space->layout.group_words * sizeof(uint64_t));
        return STORAGE_OK;
    }
    status = read_map_page(self, file, level, index, state, ctx);
    if (status != STORAGE_OK)
        return status;
    return level == 0 ? load_group(self, space, file, slot, index, state, ctx)
                      : load_index(self, file, level, index, state, ctx);
}

static StorageStatus check_used_count(const LedgerSpace *space, const LedgerFile *file, const LedgerSlot *slot,
                                      int state, StorageContext *ctx)
{
    const uint64_t *words = space->maps[state == SPACE_MAP_NEWER ? SPACE_NEWER : SPACE_OLDER];
    uint64_t used = layout_fixed_count(&space->layout, slot->page_count);
    for (size_t word = 0; word < space->word_count; word++)
        used += (uint64_t)__builtin_popcountll(words[word]);
    if (used != slot->used_count)
        return storage_fail(ctx, STORAGE_CORRUPT,
                            "%s: the space map has %llu pages and the slot %llu; restore the file from a backup",
                            file->path, (unsigned long long)used, (unsigned long long)slot->used_count);
    return STORAGE_OK;
}

StorageStatus space_map_load(SpaceMap *self, LedgerSpace *space, LedgerFile *file, const LedgerSlot *slot, int state,
                             StorageContext *ctx)
{
    const PageLayout *layout = &file->layout;
    uint64_t group_count = layout_group_count(layout, slot->page_count);
    uint32_t root_level = layout_root_level(layout, group_count);
    StorageStatus status = space_map_reserve(self, layout, slot->page_count);
    if (status != STORAGE_OK)
        return storage_fail(ctx, status, "%s: no memory for the space map", file->path);
    self->group_counts[state] = group_count;
    if (!note_pointer(self, layout, root_level, 0, state, &slot->space))
        return storage_fail(ctx, STORAGE_CORRUPT,
                            "%s: the slot does not point to a space map; restore it from a backup", file->path);
    for (uint32_t level = root_level + 1; level-- > 0;)
        for (uint64_t index = 0; index < layout_level_size(layout, level, group_count); index++) {
            status = load_page(self, space, file, slot, level, index, state, ctx);
            if (status != STORAGE_OK)
                return status;
        }
    return check_used_count(space, file, slot, state, ctx);
}

void space_map_drop_older(SpaceMap *self, LedgerSpace *space)
{
    for (uint32_t level = 0; level <= LAYOUT_LEVEL_MAX; level++)
        for (size_t index = 0; index < self->counts[level]; index++)
            self->levels[level][index].states[SPACE_MAP_OLDER] = (SpaceMapPage){.place = SPACE_MAP_NO_PLACE};
    self->group_counts[SPACE_MAP_OLDER] = 0;
    memset(space->maps[SPACE_OLDER], 0, space->word_count * sizeof(uint64_t));
}

/* ---- writing ---- */

/* The place that neither slot points to (1). */
static uint8_t free_place(const SpaceMapEntry *entry)
{
    uint8_t place = 0;
    while (place == entry->states[SPACE_MAP_NEWER].place || place == entry->states[SPACE_MAP_OLDER].place)
        place++;
    assert(place < LAYOUT_PLACE_COUNT);
    return place;
}

static void encode_group(const LedgerSpace *space, uint64_t group, unsigned char *page)
{
    size_t first = (size_t)group * space->layout.group_words;
    for (uint32_t word = 0; word < space->layout.group_words; word++)
        codec_store_u64(page + LAYOUT_MAP_BITS + (size_t)word * 8,
                        space->maps[SPACE_WORKING][first + word] | space->fixed[first + word]);
}

static void encode_index(const SpaceMap *self, const PageLayout *layout, uint32_t level, uint64_t index,
                         unsigned char *page)
{
    uint64_t first = index * layout->fan_out;
    uint64_t size = layout_level_size(layout, level - 1, self->group_counts[SPACE_MAP_NEXT]);
    uint64_t count = size - first < layout->fan_out ? size - first : layout->fan_out;
    codec_store_u32(page + INDEX_COUNT, (uint32_t)count);
    for (uint64_t i = 0; i < count; i++) {
        LedgerPointer pointer = pointer_to(self, layout, level - 1, first + i, SPACE_MAP_NEXT);
        ledger_pointer_encode(&pointer, page + LAYOUT_INDEX_POINTERS + i * LEDGER_POINTER_SIZE);
    }
}

/* Whether the page of the newer slot will not do for the next one. */
static int must_write(const SpaceMap *self, const LedgerSpace *space, uint32_t level, uint64_t index)
{
    const PageLayout *layout = &space->layout;
    uint64_t first = index * layout->fan_out, sizes[2];
    if (self->levels[level][index].states[SPACE_MAP_NEWER].place == SPACE_MAP_NO_PLACE)
        return 1;
    if (level == 0)
        return (space->changed[index] & SPACE_WORKING_DIFFERS) != 0;
    sizes[0] = layout_level_size(layout, level - 1, self->group_counts[SPACE_MAP_NEWER]);
    sizes[1] = layout_level_size(layout, level - 1, self->group_counts[SPACE_MAP_NEXT]);
    for (int i = 0; i < 2; i++)
        sizes[i] = sizes[i] - first < layout->fan_out ? sizes[i] - first : layout->fan_out;
    if (sizes[0] != sizes[1])
        return 1;
    for (uint64_t i = first; i < first + sizes[1]; i++) {
        const SpaceMapEntry *child = &self->levels[level - 1][i];
        if (!is_same(&child->states[SPACE_MAP_NEWER], &child->states[SPACE_MAP_NEXT]))
            return 1;
    }
    return 0;
}

static StorageStatus write_map_page(SpaceMap *self, const LedgerSpace *space, LedgerFile *file, uint32_t level,
                                    uint64_t index, uint64_t birth, StorageContext *ctx)
{
    SpaceMapEntry *entry = &self->levels[level][index];
    SpaceMapPage *next = &entry->states[SPACE_MAP_NEXT];
    PageHeader header = {.birth = birth, .type = type_of(level), .level = level};
    StorageSlice part = {self->page, file->layout.page_size};
    if (!must_write(self, space, level, index)) {
        *next = entry->states[SPACE_MAP_NEWER];
        return STORAGE_OK;
    }
    *next = (SpaceMapPage){.birth = birth, .place = free_place(entry)};
    header.page_id = layout_place(&file->layout, level, index, next->place);
    memset(self->page, 0, file->layout.page_size);
    page_header_encode(&header, self->page);
    if (level == 0)
        encode_group(space, index, self->page);
    else
        encode_index(self, &file->layout, level, index, self->page);
    page_seal(self->page, file->layout.page_size, file->seed, next->check);
    return file_write_pages(file, header.page_id, &part, 1, ctx);
}

StorageStatus space_map_write(SpaceMap *self, const LedgerSpace *space, LedgerFile *file, uint64_t birth,
                              LedgerPointer *ret_root, StorageContext *ctx)
{
    const PageLayout *layout = &file->layout;
    uint64_t group_count = layout_group_count(layout, space->page_count);
    uint32_t root_level = layout_root_level(layout, group_count);
    self->group_counts[SPACE_MAP_NEXT] = group_count;
    for (uint32_t level = 0; level <= root_level; level++) /* 3 */
        for (uint64_t index = 0; index < layout_level_size(layout, level, group_count); index++) {
            StorageStatus status = write_map_page(self, space, file, level, index, birth, ctx);
            if (status != STORAGE_OK)
                return status;
        }
    *ret_root = pointer_to(self, layout, root_level, 0, SPACE_MAP_NEXT);
    return STORAGE_OK;
}

/* ---- slots ---- */

void space_map_advance(SpaceMap *self)
{
    for (uint32_t level = 0; level <= LAYOUT_LEVEL_MAX; level++)
        for (size_t index = 0; index < self->counts[level]; index++) {
            SpaceMapPage *states = self->levels[level][index].states;
            states[SPACE_MAP_OLDER] = states[SPACE_MAP_NEWER];
            states[SPACE_MAP_NEWER] = states[SPACE_MAP_NEXT];
            states[SPACE_MAP_NEXT] = (SpaceMapPage){.place = SPACE_MAP_NO_PLACE}; /* 2 */
        }
    self->group_counts[SPACE_MAP_OLDER] = self->group_counts[SPACE_MAP_NEWER];
    self->group_counts[SPACE_MAP_NEWER] = self->group_counts[SPACE_MAP_NEXT];
}

void space_map_copy_newer(SpaceMap *self)
{
    for (uint32_t level = 0; level <= LAYOUT_LEVEL_MAX; level++)
        for (size_t index = 0; index < self->counts[level]; index++) {
            SpaceMapPage *states = self->levels[level][index].states;
            states[SPACE_MAP_OLDER] = states[SPACE_MAP_NEWER];
        }
    self->group_counts[SPACE_MAP_OLDER] = self->group_counts[SPACE_MAP_NEWER];
}
