/*
 * test_ledger_page_store.c - opening, making, checkpoints, repair and poison of the page layer: what holds when all
 * goes well, and what is answered when any call fails.
 */
#include "backends/ledger/page/codec.h"
#include "backends/ledger/page/file_open.h"
#include "core/memory_file.h"
#include "ledger_page_files.h"
#include "ledger_page_tree.h"
#include "storage/context.h"
#include "storage_testutil/allocator.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const StorageFiles *memory;
static PageFiles files;
static PageTree tree;

static void begin(void)
{
    memory = memory_files_new();
    page_files_init(&files, memory);
    page_tree_init(&tree, "store", &files.interface);
}

static void end(void)
{
    page_tree_close(&tree);
    page_files_done(&files);
    memory_files_free(memory);
}

static void expect_values(uint64_t first_value, uint64_t others)
{
    uint64_t values[PAGE_TREE_SIZE];
    unit_assert_status(page_tree_read(&tree, values, NULL), STORAGE_OK);
    for (uint32_t i = 0; i < PAGE_TREE_SIZE; i++)
        unit_assert(values[i] == (i == 0 ? first_value : others), "number %u is %llu", i,
                    (unsigned long long)values[i]);
}

static void reopen(StorageStatus expected)
{
    page_tree_close(&tree);
    unit_assert_status(page_tree_open(&tree, NULL), expected);
}

/* Bytes of the file, changed behind everybody's back. */
static void change_file(uint64_t offset, const void *bytes, size_t size)
{
    StorageFile *file;
    StorageSlice part = {bytes, size};
    ck_assert_int_eq(memory->open_write(memory->user_data, "store", &file), 0);
    ck_assert_int_eq(memory->write_at(memory->user_data, file, offset, &part, 1), 0);
    memory->close(memory->user_data, file);
}

static uint64_t file_size(void)
{
    StorageFile *file;
    uint64_t size;
    ck_assert_int_eq(memory->open_read(memory->user_data, "store", &file), 0);
    ck_assert_int_eq(memory->size(memory->user_data, file, &size), 0);
    memory->close(memory->user_data, file);
    return size;
}

static void read_file(uint64_t offset, void *buffer, size_t size)
{
    StorageFile *file;
    size_t done;
    ck_assert_int_eq(memory->open_read(memory->user_data, "store", &file), 0);
    ck_assert_int_eq(memory->read_at(memory->user_data, file, offset, buffer, size, &done), 0);
    memory->close(memory->user_data, file);
}

START_TEST(what_a_checkpoint_wrote_is_there_after_a_reopen)
{
    static const uint32_t sizes[] = {4096, 8192, 16384, 32768, 65536};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        begin();
        tree.options.page_size = sizes[i];
        unit_assert_status(page_tree_open(&tree, NULL), STORAGE_OK);
        ck_assert_uint_eq(tree.revision, 0);
        expect_values(0, 0);
        unit_assert_status(page_tree_set(&tree, 0, PAGE_TREE_SIZE, 7, NULL), STORAGE_OK);
        unit_assert_status(page_tree_checkpoint(&tree, NULL), STORAGE_OK);
        reopen(STORAGE_OK);
        expect_values(7, 7);
        for (uint64_t round = 8; round < 20; round++) {
            unit_assert_status(page_tree_set(&tree, 0, 1, round, NULL), STORAGE_OK);
            pager_release(tree.pager, tree.revision);
            unit_assert_status(page_tree_checkpoint(&tree, NULL), STORAGE_OK);
            if (round % 3 == 0)
                reopen(STORAGE_OK);
            expect_values(round, 7);
        }
        unit_assert_status(page_tree_set(&tree, 0, PAGE_TREE_SIZE, 0, NULL), STORAGE_OK);
        reopen(STORAGE_OK); /* without a checkpoint: gone */
        expect_values(19, 7);
        ck_assert_uint_eq(pager_slot(tree.pager)->page_size, sizes[i]);
        end();
    }
}
END_TEST

START_TEST(no_page_leaks)
{
    PagerStatistics before, after;
    begin();
    unit_assert_status(page_tree_open(&tree, NULL), STORAGE_OK);
    unit_assert_status(page_tree_set(&tree, 0, PAGE_TREE_SIZE, 1, NULL), STORAGE_OK);
    unit_assert_status(page_tree_checkpoint(&tree, NULL), STORAGE_OK);
    pager_statistics(tree.pager, &before);
    ck_assert_uint_eq(before.used_count, 22 + PAGE_TREE_SIZE + 1);
    for (uint64_t value = 2; value < 200; value++) {
        unit_assert_status(page_tree_set(&tree, (uint32_t)(value % 7), PAGE_TREE_SIZE, value, NULL), STORAGE_OK);
        if (value % 5 == 0) {
            unit_assert_status(page_tree_set(&tree, 10, 20, 0, NULL), STORAGE_OK);
            unit_assert_status(page_tree_set(&tree, 10, 20, 9, NULL), STORAGE_OK);
        }
        pager_release(tree.pager, tree.revision);
        unit_assert_status(page_tree_checkpoint(&tree, NULL), STORAGE_OK);
    }
    pager_statistics(tree.pager, &after);
    ck_assert_uint_eq(after.used_count, before.used_count);
    ck_assert_uint_eq(after.held_count, 0);
    ck_assert_uint_eq(after.dirty_count, 0);
    ck_assert_uint_eq(after.file_count, before.file_count);
    unit_assert_status(pager_copy_slot(tree.pager, NULL), STORAGE_OK);
    pager_statistics(tree.pager, &after);
    ck_assert_uint_eq(after.free_count, before.file_count - after.used_count);
    end();
}
END_TEST

START_TEST(a_reader_of_an_old_state_finds_its_pages)
{
    unsigned char old_root[SLOT_ROOT_SIZE];
    uint64_t value;
    begin();
    unit_assert_status(page_tree_open(&tree, NULL), STORAGE_OK);
    unit_assert_status(page_tree_set(&tree, 0, PAGE_TREE_SIZE, 1, NULL), STORAGE_OK);
    memcpy(old_root, tree.root, sizeof(old_root)); /* never sealed: its check is zero */
    for (uint64_t round = 2; round < 30; round++) {
        unit_assert_status(page_tree_set(&tree, 0, PAGE_TREE_SIZE / 2, round, NULL), STORAGE_OK);
        unit_assert_status(page_tree_checkpoint(&tree, NULL), STORAGE_OK);
        for (uint32_t i = 0; i < PAGE_TREE_SIZE; i++) {
            unit_assert_status(page_tree_get(&tree, old_root, i, &value, NULL), STORAGE_OK);
            ck_assert_uint_eq(value, 1);
        }
    }
    pager_release(tree.pager, tree.revision);
    end();
}
END_TEST

START_TEST(copies_are_repaired_by_a_writing_open_only)
{
    unsigned char copies[2][SLOT_COPY_SIZE], noise[600];
    memset(noise, 0x5A, sizeof(noise));
    for (uint32_t copy = 0; copy < 4; copy++) {
        begin();
        unit_assert_status(page_tree_open(&tree, NULL), STORAGE_OK);
        unit_assert_status(page_tree_set(&tree, 0, PAGE_TREE_SIZE, 7, NULL), STORAGE_OK);
        unit_assert_status(page_tree_checkpoint(&tree, NULL), STORAGE_OK);
        page_tree_close(&tree);
        change_file(copy * 65536 + 300, noise, sizeof(noise));
        tree.options.flags = PAGER_READ_ONLY;
        unit_assert_status(page_tree_open(&tree, NULL), STORAGE_OK);
        expect_values(7, 7);
        ck_assert_int_eq(pager_opening(tree.pager)->copies[copy], COPY_DAMAGED);
        tree.options.flags = 0;
        reopen(STORAGE_OK);
        expect_values(7, 7);
        ck_assert_uint_eq(pager_opening(tree.pager)->repair_mask, copy % 2 == 0 ? 1u << copy : 0);
        page_tree_close(&tree);
        for (uint32_t i = 0; i < 2 && copy % 2 == 0; i++)
            read_file(i * 131072, copies[i], SLOT_COPY_SIZE);
        ck_assert_mem_eq(copies[0], copies[1], SLOT_COPY_SIZE);
        end();
    }
}
END_TEST

START_TEST(a_lost_slot_is_a_fallback_that_stays_known)
{
    unsigned char noise[SLOT_COPY_SIZE];
    uint64_t revision;
    memset(noise, 0x5A, sizeof(noise));
    begin();
    unit_assert_status(page_tree_open(&tree, NULL), STORAGE_OK);
    unit_assert_status(page_tree_set(&tree, 0, PAGE_TREE_SIZE, 7, NULL), STORAGE_OK);
    unit_assert_status(page_tree_checkpoint(&tree, NULL), STORAGE_OK); /* slot A */
    revision = tree.revision;
    unit_assert_status(page_tree_set(&tree, 0, PAGE_TREE_SIZE, 8, NULL), STORAGE_OK);
    unit_assert_status(page_tree_checkpoint(&tree, NULL), STORAGE_OK); /* slot B */
    page_tree_close(&tree);
    change_file(65536, noise, sizeof(noise));
    change_file(196608, noise, sizeof(noise));
    unit_assert_status(page_tree_open(&tree, NULL), STORAGE_OK);
    expect_values(7, 7);
    ck_assert_int_eq(pager_opening(tree.pager)->is_fallback, 1);
    unit_assert_status(page_tree_set(&tree, 0, 1, 9, NULL), STORAGE_OK);
    unit_assert_status(page_tree_checkpoint(&tree, NULL), STORAGE_OK);
    reopen(STORAGE_OK);
    expect_values(9, 7);
    ck_assert_int_eq(pager_opening(tree.pager)->is_fallback, 0);
    ck_assert_uint_eq(pager_slot(tree.pager)->fallback_count, 1);
    ck_assert_uint_eq(pager_slot(tree.pager)->fallback_revision, revision);
    end();
}
END_TEST

/* Damages the map page that a slot points to: the newer one's, or the older one's. */
static void damage_map(int of_newer)
{
    unsigned char copies[2][SLOT_COPY_SIZE];
    uint32_t newer;
    for (uint32_t i = 0; i < 2; i++)
        read_file(i * 65536, copies[i], SLOT_COPY_SIZE);
    newer = codec_load_u64(copies[1] + 88) > codec_load_u64(copies[0] + 88);
    change_file(codec_load_u64(copies[of_newer ? newer : !newer] + 144) * 4096 + 200, "damaged", 7);
}

START_TEST(a_bad_space_map_stops_writers_and_not_readers)
{
    for (int of_newer = 0; of_newer < 2; of_newer++) {
        begin();
        unit_assert_status(page_tree_open(&tree, NULL), STORAGE_OK);
        for (uint64_t value = 1; value < 4; value++) {
            unit_assert_status(page_tree_set(&tree, 0, PAGE_TREE_SIZE, value, NULL), STORAGE_OK);
            unit_assert_status(page_tree_checkpoint(&tree, NULL), STORAGE_OK);
        }
        page_tree_close(&tree);
        damage_map(of_newer);
        tree.options.flags = PAGER_READ_ONLY;
        unit_assert_status(page_tree_open(&tree, NULL), STORAGE_OK);
        expect_values(3, 3);
        ck_assert_int_eq(pager_opening(tree.pager)->is_map_bad, of_newer);
        tree.options.flags = 0;
        reopen(of_newer ? STORAGE_CORRUPT : STORAGE_OK);
        if (!of_newer) { /* the slot with the bad map was overwritten */
            ck_assert_int_eq(pager_opening(tree.pager)->is_other_map_bad, 1);
            reopen(STORAGE_OK);
            ck_assert_int_eq(pager_opening(tree.pager)->is_other_map_bad, 0);
            expect_values(3, 3);
        }
        end();
    }
}
END_TEST

START_TEST(other_files_are_refused_and_left_alone)
{
    static const char text[] = "something that somebody wrote";
    StorageFile *file;
    StorageSlice part = {text, sizeof(text)};
    StorageContext *ctx = storage_context_new();
    char content[sizeof(text)];
    begin();
    ck_assert_int_eq(memory->create(memory->user_data, "store", &file), 0);
    unit_assert_status(page_tree_open(&tree, ctx), STORAGE_INCOMPATIBLE);
    ck_assert_ptr_nonnull(strstr(storage_context_error_text(ctx, 0), "empty"));
    ck_assert_int_eq(memory->write_at(memory->user_data, file, 0, &part, 1), 0);
    memory->close(memory->user_data, file);
    unit_assert_status(page_tree_open(&tree, NULL), STORAGE_INCOMPATIBLE);
    read_file(0, content, sizeof(content));
    ck_assert_str_eq(content, text);
    ck_assert_uint_eq(file_size(), sizeof(text));
    tree.options.path = "missing";
    tree.options.flags = 0;
    unit_assert_status(page_tree_open(&tree, NULL), STORAGE_INVALID_ARGUMENT);
    storage_context_free(ctx);
    end();
}
END_TEST

START_TEST(a_file_that_was_cut_is_corrupt)
{
    begin();
    unit_assert_status(page_tree_open(&tree, NULL), STORAGE_OK);
    unit_assert_status(page_tree_set(&tree, 0, PAGE_TREE_SIZE, 1, NULL), STORAGE_OK);
    unit_assert_status(page_tree_checkpoint(&tree, NULL), STORAGE_OK);
    page_tree_close(&tree);
    StorageFile *file;
    ck_assert_int_eq(memory->open_write(memory->user_data, "store", &file), 0);
    ck_assert_int_eq(memory->truncate(memory->user_data, file, UINT64_C(60) * 4096), 0);
    memory->close(memory->user_data, file);
    unit_assert_status(page_tree_open(&tree, NULL), STORAGE_CORRUPT);
    end();
}
END_TEST

START_TEST(one_writer_or_readers)
{
    PageTree other;
    StorageContext *ctx = storage_context_new();
    begin();
    page_tree_init(&other, "store", &files.interface);
    unit_assert_status(page_tree_open(&tree, NULL), STORAGE_OK);
    unit_assert_status(page_tree_open(&other, ctx), STORAGE_BUSY);
    ck_assert_ptr_nonnull(strstr(storage_context_error_text(ctx, 0), "writing"));
    other.options.flags = PAGER_READ_ONLY;
    unit_assert_status(page_tree_open(&other, NULL), STORAGE_BUSY);
    tree.options.flags = PAGER_READ_ONLY;
    reopen(STORAGE_OK);
    unit_assert_status(page_tree_open(&other, NULL), STORAGE_OK);
    unit_assert_status(page_tree_set(&other, 0, 1, 1, NULL), STORAGE_READ_ONLY);
    page_tree_close(&other);
    other.options.flags = 0;
    storage_context_reset(ctx);
    unit_assert_status(page_tree_open(&other, ctx), STORAGE_BUSY);
    ck_assert_ptr_nonnull(strstr(storage_context_error_text(ctx, 0), "reading"));
    storage_context_free(ctx);
    end();
}
END_TEST

START_TEST(a_full_file_refuses_before_anything_happens_and_gives_back)
{
    PagerStatistics statistics;
    uint64_t value = 0;
    begin();
    tree.options.file_size_max = UINT64_C(230) * 4096;
    tree.options.reserve_count = 8;
    unit_assert_status(page_tree_open(&tree, NULL), STORAGE_OK);
    while (page_tree_set(&tree, 0, PAGE_TREE_SIZE, value + 1, NULL) == STORAGE_OK && value < 100) {
        value++;
        unit_assert_status(page_tree_checkpoint(&tree, NULL), STORAGE_OK);
    }
    ck_assert_uint_eq(value, 2); /* nothing was released: the third generation does not fit */
    expect_values(2, 2);
    unit_assert_status(page_tree_set(&tree, 0, 2, 0, NULL), STORAGE_OK); /* the reserve */
    pager_release(tree.pager, tree.revision);
    unit_assert_status(page_tree_checkpoint(&tree, NULL), STORAGE_OK);
    unit_assert_status(page_tree_set(&tree, 0, PAGE_TREE_SIZE, 3, NULL), STORAGE_OK); /* frees by a slot copy */
    unit_assert_status(page_tree_checkpoint(&tree, NULL), STORAGE_OK);
    reopen(STORAGE_OK);
    expect_values(3, 3);
    pager_statistics(tree.pager, &statistics);
    ck_assert_uint_le(statistics.file_count, 230);
    ck_assert_uint_le(file_size(), tree.options.file_size_max);
    end();
}
END_TEST

START_TEST(a_file_of_many_groups_grows_and_shrinks)
{
    PagerStatistics statistics;
    unsigned char pointer[LEDGER_POINTER_SIZE];
    LedgerExpectation overflow = {LEDGER_PAGE_OVERFLOW, 0, 1};
    uint64_t grown;
    begin();
    unit_assert_status(page_tree_open(&tree, NULL), STORAGE_OK);
    unit_assert_status(page_tree_set(&tree, 0, PAGE_TREE_SIZE, 5, NULL), STORAGE_OK);
    unit_assert_status(page_tree_checkpoint(&tree, NULL), STORAGE_OK);
    /* Pages that no tree has: they are dropped by what is known of them. */
    unit_assert_status(pager_begin(tree.pager, ++tree.revision, NULL), STORAGE_OK);
    for (int i = 0; i < 40000; i++) {
        LedgerFrame *frame;
        unit_assert_status(pager_new(tree.pager, &overflow, &frame, NULL), STORAGE_OK);
        uint8_t check[LEDGER_CHECK_SIZE];
        pager_seal(tree.pager, frame, check);
    }
    unit_assert_status(pager_end(tree.pager, NULL), STORAGE_OK);
    unit_assert_status(page_tree_checkpoint(&tree, NULL), STORAGE_OK);
    pager_statistics(tree.pager, &statistics);
    ck_assert_uint_gt(statistics.page_count, 31744 + 3);
    grown = file_size();
    reopen(STORAGE_OK); /* two groups and an index page */
    expect_values(5, 5);
    unit_assert_status(pager_begin(tree.pager, ++tree.revision, NULL), STORAGE_OK);
    for (uint64_t page_id = 83; page_id < statistics.page_count; page_id++) {
        LedgerPointer dropped = {.page_id = page_id, .birth = 2};
        PageLayout layout = layout_of(4096);
        ledger_pointer_encode(&dropped, pointer);
        if (!layout_is_fixed(&layout, page_id))
            pager_drop(tree.pager, pointer);
    }
    unit_assert_status(pager_end(tree.pager, NULL), STORAGE_OK);
    pager_release(tree.pager, tree.revision);
    for (int i = 0; i < 2; i++)
        unit_assert_status(page_tree_checkpoint(&tree, NULL), STORAGE_OK);
    pager_shrink(tree.pager);
    ck_assert_uint_lt(file_size(), grown / 100);
    expect_values(5, 5);
    reopen(STORAGE_OK); /* one group again */
    expect_values(5, 5);
    end();
}
END_TEST

START_TEST(a_page_that_is_given_back_twice_is_corrupt_and_not_a_crash)
{
    unsigned char pointer[LEDGER_POINTER_SIZE];
    LedgerPointer decoded;
    begin();
    unit_assert_status(page_tree_open(&tree, NULL), STORAGE_OK);
    unit_assert_status(page_tree_set(&tree, 0, PAGE_TREE_SIZE, 5, NULL), STORAGE_OK);
    unit_assert_status(page_tree_checkpoint(&tree, NULL), STORAGE_OK);
    decoded = ledger_pointer_decode(tree.root);
    for (uint64_t page_id = 0; page_id < 3; page_id++) { /* a slot; a place of the map; twice the root */
        unit_assert_status(pager_begin(tree.pager, tree.revision + 1, NULL), STORAGE_OK);
        decoded.page_id = page_id < 2 ? page_id : decoded.page_id;
        memcpy(pointer, tree.root, sizeof(pointer));
        if (page_id < 2)
            ledger_pointer_encode(&decoded, pointer);
        pager_drop(tree.pager, pointer);
        if (page_id == 2)
            pager_drop(tree.pager, pointer);
        unit_assert_status(pager_end(tree.pager, NULL), STORAGE_CORRUPT);
        pager_revert(tree.pager);
    }
    expect_values(5, 5);
    unit_assert_status(page_tree_set(&tree, 0, 1, 6, NULL), STORAGE_OK);
    end();
}
END_TEST

/* ---- failures ---- */

/* A workload of an open and some checkpoints. `*ret_value` is what the last durable checkpoint had, `*ret_doubt` what
 * one of unknown outcome had. */
static StorageStatus run_workload(uint64_t *ret_value, uint64_t *ret_doubt)
{
    StorageStatus status = page_tree_open(&tree, NULL);
    *ret_value = *ret_doubt = 0;
    for (uint64_t value = 1; value < 5 && status == STORAGE_OK; value++) {
        status = page_tree_set(&tree, 0, PAGE_TREE_SIZE, value, NULL);
        if (status != STORAGE_OK)
            break;
        status = page_tree_checkpoint(&tree, NULL);
        if (status == STORAGE_OK)
            *ret_value = value;
        if (status == STORAGE_INDETERMINATE)
            *ret_doubt = value;
        pager_release(tree.pager, tree.revision);
    }
    return status;
}

/* After a failure: poison where it must be, reads go on, and the file opens with what was acknowledged. */
static void check_after_failure(StorageStatus status, uint64_t value, uint64_t doubt)
{
    uint64_t values[PAGE_TREE_SIZE];
    if (tree.pager != NULL) {
        PagerStatistics statistics;
        pager_statistics(tree.pager, &statistics);
        if (status == STORAGE_INDETERMINATE)
            ck_assert_int_eq(statistics.is_poisoned, 1);
        if (statistics.is_poisoned) {
            uint64_t calls = files.call_count;
            unit_assert_status(page_tree_set(&tree, 0, 1, 99, NULL), STORAGE_IO);
            unit_assert_status(page_tree_checkpoint(&tree, NULL), STORAGE_IO);
            unit_assert_status(pager_copy_slot(tree.pager, NULL), STORAGE_IO);
            ck_assert_uint_eq(files.call_count, calls); /* nothing was written */
        }
    }
    page_files_fail(&files, 0, 0, 0);
    page_tree_close(&tree);
    unit_assert_status(page_tree_open(&tree, NULL), STORAGE_OK);
    unit_assert_status(page_tree_read(&tree, values, NULL), STORAGE_OK);
    for (uint32_t i = 0; i < PAGE_TREE_SIZE; i++)
        unit_assert(values[i] == values[0], "half of a state");
    unit_assert(values[0] == value || (doubt != 0 && values[0] == doubt), "%llu instead of %llu or %llu",
                (unsigned long long)values[0], (unsigned long long)value, (unsigned long long)doubt);
    unit_assert_status(page_tree_set(&tree, 0, PAGE_TREE_SIZE, 50, NULL), STORAGE_OK);
    unit_assert_status(page_tree_checkpoint(&tree, NULL), STORAGE_OK);
    reopen(STORAGE_OK);
    expect_values(50, 50);
}

static void fail_every_call(int is_sticky, int error)
{
    uint64_t value, doubt, failures = 0;
    for (uint64_t number = 1;; number++, failures++) {
        StorageStatus status;
        begin();
        tree.options.cache_size = 1;
        page_files_fail(&files, number, is_sticky, error);
        status = run_workload(&value, &doubt);
        if (!files.has_failed) {
            end();
            break;
        }
        /* A copy of a slot is read again, and space that cannot be had at once may not be needed. */
        unit_assert(status == STORAGE_OK || status == STORAGE_IO || status == STORAGE_INDETERMINATE ||
                        status == STORAGE_NO_SPACE || status == STORAGE_CORRUPT,
                    "call %llu: %s", (unsigned long long)number, storage_status_name(status));
        if (tree.pager != NULL || is_sticky)
            check_after_failure(status, value, doubt);
        end();
    }
    ck_assert_uint_gt(failures, 40);
}

START_TEST(every_file_call_fails_once)
{
    fail_every_call(0, EIO);
    fail_every_call(0, ENOSPC);
}
END_TEST

START_TEST(every_file_call_fails_from_some_on)
{
    fail_every_call(1, EIO);
    fail_every_call(1, ENOSPC);
}
END_TEST

START_TEST(every_allocation_fails_once)
{
    TestutilAllocator *allocator = testutil_allocator_new();
    TestutilAllocatorFigures figures;
    uint64_t value, doubt, failures = 0;
    unit_assert_status(storage_set_allocator(testutil_allocator_interface(allocator)), STORAGE_OK);
    for (uint64_t number = 1;; number++, failures++) {
        StorageStatus status;
        uint64_t before;
        begin();
        tree.options.cache_size = 1;
        testutil_allocator_figures(allocator, &figures);
        before = figures.failure_count;
        testutil_allocator_fail_once(allocator, number);
        status = run_workload(&value, &doubt);
        testutil_allocator_fail_once(allocator, 0);
        testutil_allocator_figures(allocator, &figures);
        if (figures.failure_count == before) {
            unit_assert_status(status, STORAGE_OK);
            end();
            break;
        }
        unit_assert(status == STORAGE_OK || status == STORAGE_NO_MEMORY || status == STORAGE_NO_SPACE ||
                        status == STORAGE_IO,
                    "allocation %llu: %s", (unsigned long long)number, storage_status_name(status));
        if (tree.pager != NULL) {
            PagerStatistics statistics;
            pager_statistics(tree.pager, &statistics);
            if (status == STORAGE_NO_MEMORY) { /* nothing has happened: it goes on */
                ck_assert_int_eq(statistics.is_poisoned, 0);
                unit_assert_status(page_tree_set(&tree, 0, PAGE_TREE_SIZE, 44, NULL), STORAGE_OK);
                unit_assert_status(page_tree_checkpoint(&tree, NULL), STORAGE_OK);
                expect_values(44, 44);
            }
        }
        end();
        testutil_allocator_figures(allocator, &figures);
        unit_assert(figures.outstanding_blocks == 0, "allocation %llu: %zu blocks leak", (unsigned long long)number,
                    figures.outstanding_blocks);
    }
    ck_assert_uint_gt(failures, 100);
    unit_assert_status(storage_set_allocator(NULL), STORAGE_OK);
    testutil_allocator_free(allocator);
}
END_TEST

UNIT_MAIN("ledger page store", what_a_checkpoint_wrote_is_there_after_a_reopen, no_page_leaks,
          a_reader_of_an_old_state_finds_its_pages, copies_are_repaired_by_a_writing_open_only,
          a_lost_slot_is_a_fallback_that_stays_known, a_bad_space_map_stops_writers_and_not_readers,
          other_files_are_refused_and_left_alone, a_file_that_was_cut_is_corrupt, one_writer_or_readers,
          a_full_file_refuses_before_anything_happens_and_gives_back, a_file_of_many_groups_grows_and_shrinks,
          a_page_that_is_given_back_twice_is_corrupt_and_not_a_crash, every_file_call_fails_once,
          every_file_call_fails_from_some_on, every_allocation_fails_once)
