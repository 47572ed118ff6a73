/*
 * test_ledger_page_space.c - handing out pages, against a model that keeps a set of pages per map: random batches,
 * reverts, checkpoints, slot copies and readers.
 */
#include "backends/ledger/page/space.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

enum { PAGE_COUNT = 3 * 31744 + 500, STEPS = 700 };

typedef struct Model {
    uint8_t maps[SPACE_MAP_COUNT][PAGE_COUNT];
    uint64_t held_revision[PAGE_COUNT];
    uint8_t before[SPACE_MAP_COUNT][PAGE_COUNT]; /* when the batch began */
    uint64_t pages[PAGE_COUNT];                  /* of the working state, for choosing one */
    size_t page_count;
} Model;

static Model model;
static LedgerSpace space;
static uint64_t random_state;

static uint64_t next_random(uint64_t below)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (random_state >> 33) % below;
}

static void check_all(void)
{
    uint64_t used = 0, occupied = 0, last = space.layout.page_min - 1, end = space.layout.page_min, older_only = 0;
    for (uint64_t page_id = 0; page_id < space.limit; page_id++) {
        int any = 0;
        for (int map = 0; map < SPACE_MAP_COUNT; map++) {
            unit_assert(space_has(&space, map, page_id) == model.maps[map][page_id], "page %llu in map %d",
                        (unsigned long long)page_id, map);
            any |= model.maps[map][page_id];
        }
        older_only += model.maps[SPACE_OLDER][page_id] && !model.maps[SPACE_WORKING][page_id] &&
                      !model.maps[SPACE_NEWER][page_id] && !model.maps[SPACE_HELD][page_id];
        if (model.maps[SPACE_WORKING][page_id]) {
            used++;
            last = page_id > last ? page_id : last;
        }
        if (any)
            end = page_id + 1 > end ? page_id + 1 : end;
        occupied += (uint64_t)any;
        unit_assert(!any || !layout_is_fixed(&space.layout, page_id), "a fixed place was handed out");
    }
    unit_assert(space.used_count == used, "used %llu", (unsigned long long)space.used_count);
    unit_assert(space.page_count == last + 1, "page_count %llu", (unsigned long long)space.page_count);
    unit_assert(space_end(&space) == end, "end %llu", (unsigned long long)space_end(&space));
    unit_assert(space_older_only_count(&space) == older_only, "older only");
    for (uint64_t page_id = 0; page_id < space.limit; page_id++)
        occupied += (uint64_t)layout_is_fixed(&space.layout, page_id);
    unit_assert(space_free_count(&space) == space.limit - occupied, "free %llu instead of %llu",
                (unsigned long long)space_free_count(&space), (unsigned long long)(space.limit - occupied));
}

static void take(void)
{
    uint64_t page_id;
    StorageStatus status = space_take(&space, &page_id);
    if (status == STORAGE_NO_SPACE) {
        unit_assert(space_free_count(&space) == 0, "there was space");
        unit_assert_status(space_set_limit(&space, space.limit + 1 + next_random(9000)), STORAGE_OK);
        status = space_take(&space, &page_id);
        if (status == STORAGE_NO_SPACE)
            return; /* only fixed places were added */
    }
    unit_assert_status(status, STORAGE_OK);
    unit_assert(page_id < space.limit && !layout_is_fixed(&space.layout, page_id), "page %llu",
                (unsigned long long)page_id);
    for (int map = 0; map < SPACE_MAP_COUNT; map++)
        unit_assert(!model.maps[map][page_id], "page %llu is in map %d", (unsigned long long)page_id, map);
    model.maps[SPACE_WORKING][page_id] = 1;
    model.pages[model.page_count++] = page_id;
}

static void drop(void)
{
    size_t at = (size_t)next_random(model.page_count);
    uint64_t page_id = model.pages[at];
    int is_of_batch = !model.before[SPACE_WORKING][page_id];
    model.pages[at] = model.pages[--model.page_count];
    unit_assert_status(space_reserve_drop(&space), STORAGE_OK);
    unit_assert(space_drop(&space, page_id, is_of_batch) == 1, "a page of the state is not dropped");
    unit_assert(space_drop(&space, page_id, is_of_batch) == 0, "a page is dropped twice");
    model.maps[SPACE_WORKING][page_id] = 0;
    if (!is_of_batch)
        model.maps[SPACE_HELD][page_id] = 1;
}

static void collect_pages(void)
{
    model.page_count = 0;
    for (uint64_t page_id = 0; page_id < space.limit; page_id++)
        if (model.maps[SPACE_WORKING][page_id])
            model.pages[model.page_count++] = page_id;
}

static void run_batch(uint64_t revision)
{
    uint64_t size = 1 + next_random(next_random(4) == 0 ? 6000 : 60);
    memcpy(model.before, model.maps, sizeof(model.maps));
    for (uint64_t i = 0; i < size; i++) {
        if (model.page_count > 0 && next_random(100) < (model.page_count > 66000 ? 70u : 25u))
            drop();
        else if (space.limit < PAGE_COUNT - 9002 || space_free_count(&space) > 0)
            take();
    }
    if (next_random(4) == 0) {
        space_revert_batch(&space);
        memcpy(model.maps, model.before, sizeof(model.maps));
        collect_pages();
        return;
    }
    for (uint64_t page_id = 0; page_id < space.limit; page_id++)
        if (model.maps[SPACE_HELD][page_id] && !model.before[SPACE_HELD][page_id])
            model.held_revision[page_id] = revision;
    space_end_batch(&space, revision);
}

static void release(uint64_t revision)
{
    uint64_t page_id;
    while (space_release_next(&space, revision, &page_id)) {
        unit_assert(model.maps[SPACE_HELD][page_id] && model.held_revision[page_id] <= revision, "released too early");
        model.maps[SPACE_HELD][page_id] = 0;
    }
    for (page_id = 0; page_id < space.limit; page_id++)
        unit_assert(!model.maps[SPACE_HELD][page_id] || model.held_revision[page_id] > revision, "not released");
}

static void run_model(uint64_t seed)
{
    PageLayout layout = layout_of(4096);
    uint64_t revision = 1, released = 0;
    memset(&model, 0, sizeof(model));
    random_state = seed;
    unit_assert_status(space_init(&space, &layout), STORAGE_OK);
    unit_assert_status(space_set_limit(&space, layout.page_min + next_random(2000)), STORAGE_OK);
    for (int step = 0; step < STEPS; step++) {
        switch (next_random(8)) {
        case 0:
            memcpy(model.maps[SPACE_OLDER], model.maps[SPACE_NEWER], PAGE_COUNT);
            memcpy(model.maps[SPACE_NEWER], model.maps[SPACE_WORKING], PAGE_COUNT);
            space_advance(&space);
            break;
        case 1:
            memcpy(model.maps[SPACE_OLDER], model.maps[SPACE_NEWER], PAGE_COUNT);
            space_copy_newer(&space);
            break;
        case 2:
            released += next_random(revision - released);
            release(released);
            break;
        case 3:
            if (next_random(4) == 0)
                unit_assert_status(space_set_limit(&space, space_end(&space)), STORAGE_OK);
            break;
        default:
            run_batch(revision++);
        }
        check_all();
    }
    ck_assert_uint_gt(space_end(&space), 2 * layout.group_size); /* more than one group was in it */
    space_done(&space);
}

START_TEST(no_page_is_handed_out_that_any_map_has)
{
    const char *given = getenv("SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : 20261120;
    for (int i = 0; i < 2; i++) {
        printf("seed %llu\n", (unsigned long long)seed);
        run_model(seed++);
    }
}
END_TEST

START_TEST(a_batch_gets_neighbours_from_the_front)
{
    PageLayout layout = layout_of(4096);
    uint64_t page_ids[4];
    unit_assert_status(space_init(&space, &layout), STORAGE_OK);
    unit_assert_status(space_set_limit(&space, 200), STORAGE_OK);
    for (int i = 0; i < 4; i++)
        unit_assert_status(space_take(&space, &page_ids[i]), STORAGE_OK);
    ck_assert_uint_eq(page_ids[0], 20); /* behind the places of the space map */
    ck_assert_uint_eq(page_ids[3], 23);
    space_revert_batch(&space);
    unit_assert_status(space_take(&space, &page_ids[0]), STORAGE_OK);
    ck_assert_uint_eq(page_ids[0], 20);
    ck_assert_uint_eq(space.page_count, layout.page_min); /* the last copy of a slot lies behind it */
    space_done(&space);
}
END_TEST

UNIT_MAIN("ledger page space", no_page_is_handed_out_that_any_map_has, a_batch_gets_neighbours_from_the_front)
