/*
 * test_ledger_page_crash.c - what a power cut may leave of a few checkpoints, and that each of it opens with exactly
 * what was acknowledged, or with the checkpoint under way.
 *
 * The writes of a workload are recorded. Between two syncs each of them may be on the disk or not: images are made from
 * every prefix, every single missing item, random subsets, and random sectors of 512 bytes. An explorer that finds
 * nothing in a store that does not sync would be worth nothing: that is tested too.
 */
#include "backends/ledger/page/codec.h"
#include "core/memory_file.h"
#include "ledger_page_files.h"
#include "ledger_page_tree.h"

#include <stdio.h>
#include <string.h>

enum { CHECKPOINTS = 6, RANDOM_IMAGES = 150, SECTOR = 512, FIXED_PAGES = 22 };

#define IMAGE_MAX (UINT64_C(8) << 20)

typedef struct Image {
    unsigned char *bytes;
    uint64_t size;
} Image;

typedef struct Explorer {
    PageFiles files;
    Image durable, image;
    uint64_t acknowledged, begun; /* values at the moment of the cut */
    int is_rotten;                /* both copies of the newer slot were destroyed too: the one before may be shown */
    uint64_t image_count, violation_count;
    uint64_t random_state;
    char first_violation[200];
} Explorer;

static uint64_t next_random(Explorer *self)
{
    self->random_state = self->random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return self->random_state >> 33;
}

/* ---- the workload ---- */

static void record_workload(Explorer *self)
{
    const StorageFiles *memory = memory_files_new();
    PageTree tree;
    page_files_init(&self->files, memory);
    page_tree_init(&tree, "store", &self->files.interface);
    self->files.is_recording = 1;
    unit_assert_status(page_tree_open(&tree, NULL), STORAGE_OK);
    for (uint64_t value = 1; value <= CHECKPOINTS; value++) {
        page_files_mark(&self->files, value * 2);
        /* Every number changes, so that half of a state is seen; in two batches, so that pages are dropped unwritten.
         */
        unit_assert_status(page_tree_set(&tree, 0, PAGE_TREE_SIZE / 2, 1000 + value, NULL), STORAGE_OK);
        unit_assert_status(page_tree_set(&tree, 0, PAGE_TREE_SIZE, value, NULL), STORAGE_OK);
        pager_release(tree.pager, tree.revision);
        unit_assert_status(page_tree_checkpoint(&tree, NULL), STORAGE_OK);
        page_files_mark(&self->files, value * 2 + 1);
        if (value == 4)
            unit_assert_status(pager_copy_slot(tree.pager, NULL), STORAGE_OK);
    }
    page_tree_close(&tree);
    memory_files_free(memory);
}

/* ---- images ---- */

static void apply(Image *image, const PageFilesEvent *event, uint64_t from, uint64_t to)
{
    if (event->kind == PAGE_FILES_LENGTH) {
        if (event->size < image->size)
            memset(image->bytes + event->size, 0, image->size - event->size);
        image->size = event->size;
    }
    if (event->kind != PAGE_FILES_WRITE || from >= to)
        return;
    unit_assert(event->offset + to <= IMAGE_MAX, "the workload is too large");
    memcpy(image->bytes + event->offset + from, event->bytes + from, to - from);
    if (event->offset + to > image->size)
        image->size = event->offset + to;
}

static void start_image(Explorer *self)
{
    memcpy(self->image.bytes, self->durable.bytes, IMAGE_MAX);
    self->image.size = self->durable.size;
}

static void note_violation(Explorer *self, const char *what, uint64_t number)
{
    if (self->violation_count++ == 0)
        (void)snprintf(self->first_violation, sizeof(self->first_violation),
                       "image %llu: %s %llu (acknowledged %llu, begun %llu)", (unsigned long long)self->image_count,
                       what, (unsigned long long)number, (unsigned long long)self->acknowledged,
                       (unsigned long long)self->begun);
}

/* Opens the image twice, and makes a checkpoint in between. */
static void check_image(Explorer *self)
{
    const StorageFiles *memory = memory_files_new();
    uint64_t values[PAGE_TREE_SIZE];
    StorageSlice part = {self->image.bytes, self->image.size};
    PagerStatistics statistics;
    StorageFile *file;
    PageTree tree;
    StorageStatus status;
    self->image_count++;
    ck_assert_int_eq(memory->create(memory->user_data, "store", &file), 0);
    ck_assert_int_eq(memory->write_at(memory->user_data, file, 0, &part, 1), 0);
    memory->close(memory->user_data, file);
    page_tree_init(&tree, "store", memory);
    tree.options.flags = 0;
    status = page_tree_open(&tree, NULL);
    if (status == STORAGE_OK)
        status = page_tree_read(&tree, values, NULL);
    if (status != STORAGE_OK) {
        note_violation(self, "it does not open or cannot be read: status", (uint64_t)-status);
    } else {
        pager_statistics(tree.pager, &statistics);
        if (values[0] != self->acknowledged && values[0] != self->begun &&
            !(self->is_rotten && values[0] + 1 == self->acknowledged))
            note_violation(self, "it shows", values[0]);
        for (uint32_t i = 1; i < PAGE_TREE_SIZE; i++)
            if (values[i] != values[0])
                note_violation(self, "it shows half of a state:", values[i]);
        if (statistics.used_count != FIXED_PAGES + (values[0] != 0 ? PAGE_TREE_SIZE + 1u : 0))
            note_violation(self, "pages leaked: used are", statistics.used_count);
        unit_assert_status(page_tree_set(&tree, 0, PAGE_TREE_SIZE, 77, NULL), STORAGE_OK);
        unit_assert_status(page_tree_checkpoint(&tree, NULL), STORAGE_OK);
        page_tree_close(&tree);
        status = page_tree_open(&tree, NULL);
        if (status == STORAGE_OK)
            status = page_tree_read(&tree, values, NULL);
        if (status != STORAGE_OK || values[0] != 77 || values[PAGE_TREE_SIZE - 1] != 77)
            note_violation(self, "what was written after it is lost: status", (uint64_t)-status);
    }
    page_tree_close(&tree);
    memory_files_free(memory);
}

/* ---- exploring ---- */

static int is_item(const PageFilesEvent *event)
{
    return event->kind == PAGE_FILES_WRITE || event->kind == PAGE_FILES_LENGTH;
}

/* All of the items from `first` to before `last` but `missing`. */
static void check_without(Explorer *self, size_t first, size_t last, size_t missing)
{
    start_image(self);
    for (size_t i = first; i < last; i++)
        if (i != missing)
            apply(&self->image, &self->files.events[i], 0, self->files.events[i].size);
    check_image(self);
}

/* A random subset of the items, or of their sectors. */
static void check_random(Explorer *self, size_t first, size_t last, int by_sector)
{
    start_image(self);
    for (size_t i = first; i < last; i++) {
        const PageFilesEvent *event = &self->files.events[i];
        uint64_t step = by_sector && event->kind == PAGE_FILES_WRITE ? SECTOR : event->size;
        for (uint64_t from = 0; is_item(event) && (from < event->size || from == 0); from += step)
            if (next_random(self) % 2 == 0)
                apply(&self->image, event, from, from + step < event->size ? from + step : event->size);
    }
    check_image(self);
}

static int is_slot_write(const PageFilesEvent *event)
{
    return event->kind == PAGE_FILES_WRITE && event->size == SLOT_COPY_SIZE &&
           event->offset % LAYOUT_COPY_DISTANCE == 0 && event->offset / LAYOUT_COPY_DISTANCE < LAYOUT_COPY_COUNT;
}

/* While pages are written, the older slot is whole as well: whatever of them is on the disk, it can be fallen back to.
 */
static void check_older_slot(Explorer *self, size_t first, size_t last)
{
    uint32_t newer;
    for (size_t i = first; i < last; i++)
        if (is_slot_write(&self->files.events[i]))
            return;
    start_image(self);
    for (size_t i = first; i < last; i++)
        apply(&self->image, &self->files.events[i], 0, self->files.events[i].size);
    newer = codec_load_u64(self->image.bytes + LAYOUT_COPY_DISTANCE + 88) > codec_load_u64(self->image.bytes + 88);
    for (uint32_t copy = newer; copy < LAYOUT_COPY_COUNT; copy += 2)
        memset(self->image.bytes + copy * LAYOUT_COPY_DISTANCE, 0xFF, SLOT_COPY_SIZE);
    self->is_rotten = 1;
    check_image(self);
    self->is_rotten = 0;
}

/* What may be left when the power goes between `first`, the first event after a sync, and `last`, the next sync. */
static void explore_epoch(Explorer *self, size_t first, size_t last)
{
    for (size_t i = first; i < last; i++)
        if (is_item(&self->files.events[i])) {
            check_without(self, first, i, last); /* a prefix */
            check_without(self, first, last, i); /* one is missing */
        }
    check_without(self, first, last, last);
    check_older_slot(self, first, last);
    for (int i = 0; i < RANDOM_IMAGES && last > first; i++)
        check_random(self, first, last, i % 2);
}

static void note_mark(Explorer *self, const PageFilesEvent *event)
{
    if (event->kind != PAGE_FILES_MARK)
        return;
    if (event->offset % 2 == 0)
        self->begun = event->offset / 2;
    else
        self->acknowledged = event->offset / 2;
}

/* Epoch by epoch. `every_sync` 0: as if every second sync after the creation had not been done. */
static void explore(Explorer *self, int every_sync)
{
    size_t first = 0, sync_count = 0;
    int is_published = 0;
    self->durable.bytes = calloc(1, IMAGE_MAX);
    self->image.bytes = calloc(1, IMAGE_MAX);
    self->random_state = 4711;
    ck_assert_ptr_nonnull(self->durable.bytes);
    ck_assert_ptr_nonnull(self->image.bytes);
    for (size_t i = 0; i <= self->files.event_count; i++) {
        int is_end = i == self->files.event_count;
        if (!is_end && self->files.events[i].kind == PAGE_FILES_PUBLISH)
            is_published = 1; /* before, there is no file after a crash */
        if (!is_end)
            note_mark(self, &self->files.events[i]);
        if (!is_end && self->files.events[i].kind != PAGE_FILES_SYNC)
            continue;
        if (!is_end && is_published && !every_sync && sync_count++ % 2 == 1)
            continue;
        /* A mark in the epoch: what was acknowledged at its end, for the cut may come after it. The acknowledgement
         * stands right behind a sync, so no image of the epoch lacks what it needs. */
        if (is_published)
            explore_epoch(self, first, i);
        for (size_t event = first; event < i; event++)
            apply(&self->durable, &self->files.events[event], 0, self->files.events[event].size);
        first = i + 1;
    }
    free(self->durable.bytes);
    free(self->image.bytes);
}

START_TEST(every_image_opens_with_what_was_acknowledged)
{
    static Explorer explorer;
    record_workload(&explorer);
    explore(&explorer, 1);
    printf("%llu images\n", (unsigned long long)explorer.image_count);
    unit_assert(explorer.violation_count == 0, "%llu violations; %s", (unsigned long long)explorer.violation_count,
                explorer.first_violation);
    ck_assert_uint_gt(explorer.image_count, 500);
    page_files_done(&explorer.files);
}
END_TEST

START_TEST(a_store_that_does_not_sync_is_found_out)
{
    static Explorer explorer;
    record_workload(&explorer);
    explore(&explorer, 0);
    ck_assert_uint_gt(explorer.violation_count, 10);
    page_files_done(&explorer.files);
}
END_TEST

UNIT_MAIN("ledger page crash", every_image_opens_with_what_was_acknowledged, a_store_that_does_not_sync_is_found_out)
