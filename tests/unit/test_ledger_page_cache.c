/*
 * test_ledger_page_cache.c - frames: many readers over a tiny cache beside a writer, pins that outlive everything,
 * scans that do not ruin the cache, and a limit that holds.
 */
#include "backends/ledger/page/cache.h"
#include "core/memory_file.h"
#include "ledger_page_tree.h"

#include <pthread.h>
#include <string.h>

enum { READERS = 4, ROUNDS = 300, READS = 20000 };

static const StorageFiles *memory;
static PageTree tree;

static void begin(uint64_t cache_size)
{
    memory = memory_files_new();
    page_tree_init(&tree, "store", memory);
    tree.options.cache_size = cache_size;
    unit_assert_status(page_tree_open(&tree, NULL), STORAGE_OK);
}

static void end(void)
{
    page_tree_close(&tree);
    memory_files_free(memory);
}

/* What the writer has published: a root, and the oldest revision that a reader is at. */
typedef struct Published {
    pthread_mutex_t lock;
    unsigned char root[SLOT_ROOT_SIZE];
    uint64_t value, revision;
    uint64_t reader_revisions[READERS];
    int is_over;
} Published;

static Published published = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void *read_all_the_time(void *argument)
{
    size_t reader = (size_t)(uintptr_t)argument;
    unsigned char root[SLOT_ROOT_SIZE];
    uint64_t expected, value, state = reader + 1;
    for (int is_over = 0; !is_over;) {
        (void)pthread_mutex_lock(&published.lock);
        memcpy(root, published.root, sizeof(root));
        expected = published.value;
        published.reader_revisions[reader] = published.revision;
        is_over = published.is_over;
        (void)pthread_mutex_unlock(&published.lock);
        for (int i = 0; i < 40; i++) {
            state = state * UINT64_C(6364136223846793005) + 1;
            unit_assert_status(page_tree_get(&tree, root, (uint32_t)(state >> 33) % PAGE_TREE_SIZE, &value, NULL),
                               STORAGE_OK);
            unit_assert(value == expected, "a reader of %llu sees %llu", (unsigned long long)expected,
                        (unsigned long long)value);
        }
    }
    return NULL;
}

static void publish(uint64_t value)
{
    uint64_t oldest;
    (void)pthread_mutex_lock(&published.lock);
    memcpy(published.root, tree.root, SLOT_ROOT_SIZE);
    published.value = value;
    published.revision = oldest = tree.revision;
    for (size_t i = 0; i < READERS; i++)
        if (published.reader_revisions[i] < oldest)
            oldest = published.reader_revisions[i];
    (void)pthread_mutex_unlock(&published.lock);
    pager_release(tree.pager, oldest);
}

static void run_readers(uint64_t cache_size)
{
    pthread_t threads[READERS];
    PagerStatistics statistics;
    begin(cache_size);
    published.is_over = 0;
    unit_assert_status(page_tree_set(&tree, 0, PAGE_TREE_SIZE, 1, NULL), STORAGE_OK);
    publish(1);
    for (size_t i = 0; i < READERS; i++)
        published.reader_revisions[i] = 0;
    for (size_t i = 0; i < READERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, read_all_the_time, (void *)(uintptr_t)i), 0);
    for (uint64_t value = 2; value < ROUNDS; value++) {
        unit_assert_status(page_tree_set(&tree, 0, PAGE_TREE_SIZE, value, NULL), STORAGE_OK);
        if (value % 3 == 0)
            unit_assert_status(page_tree_checkpoint(&tree, NULL), STORAGE_OK);
        publish(value);
    }
    (void)pthread_mutex_lock(&published.lock);
    published.is_over = 1;
    (void)pthread_mutex_unlock(&published.lock);
    for (size_t i = 0; i < READERS; i++)
        (void)pthread_join(threads[i], NULL);
    pager_statistics(tree.pager, &statistics);
    ck_assert_uint_gt(statistics.evict_count, 100);
    ck_assert_uint_gt(statistics.miss_count, 0);
    end();
}

START_TEST(readers_see_one_state_whatever_is_written_and_evicted)
{
    run_readers(1); /* raised to the smallest there is: the writer alone needs more */
    run_readers(300 * 4224);
}
END_TEST

START_TEST(pinned_bytes_outlive_the_page_the_cache_and_the_close)
{
    LedgerExpectation leaf = {LEDGER_PAGE_LEAF, 0, 1}, branch = {LEDGER_PAGE_BRANCH, 1, 1};
    LedgerFrame *root, *frame;
    unsigned char *place, bytes[4096];
    begin(1);
    unit_assert_status(page_tree_set(&tree, 0, PAGE_TREE_SIZE, 1, NULL), STORAGE_OK);
    unit_assert_status(page_tree_checkpoint(&tree, NULL), STORAGE_OK);
    LedgerEpoch epoch = pager_enter(tree.pager);
    unit_assert_status(pager_read(tree.pager, tree.root, &branch, NULL, &root, NULL), STORAGE_OK);
    place = root->bytes + 128;
    unit_assert_status(pager_read(tree.pager, place, &leaf, &root->hints[0], &frame, NULL), STORAGE_OK);
    pager_pin(frame);
    pager_pin(frame);
    pager_leave(tree.pager, epoch);
    memcpy(bytes, frame->bytes, sizeof(bytes));
    for (uint64_t value = 2; value < 60; value++) {
        unit_assert_status(page_tree_set(&tree, 0, PAGE_TREE_SIZE, value, NULL), STORAGE_OK);
        pager_release(tree.pager, tree.revision);
        unit_assert_status(page_tree_checkpoint(&tree, NULL), STORAGE_OK);
    }
    ck_assert_mem_eq(frame->bytes, bytes, sizeof(bytes));
    LedgerPager *pager = tree.pager;
    page_tree_close(&tree);
    ck_assert_mem_eq(frame->bytes, bytes, sizeof(bytes));
    pager_unpin(pager, frame);
    ck_assert_mem_eq(frame->bytes, bytes, sizeof(bytes));
    pager_unpin(pager, frame); /* the last: everything is freed, as a leak checker sees */
    memory_files_free(memory);
}
END_TEST

/* ---- the cache alone ---- */

static PageCache cache;

static Frame *load(uint64_t page_id)
{
    int is_over;
    Frame *frame = cache_find(&cache, page_id, 1);
    if (frame == NULL) {
        frame = cache_allocate(&cache, 0, &is_over);
        ck_assert_ptr_nonnull(frame);
        frame->base.page_id = page_id;
        frame->base.birth = 1;
        if (is_over) {
            cache_retire_private(&cache, frame);
            return frame;
        }
        frame = cache_insert(&cache, frame);
    }
    cache_touch(frame);
    return frame;
}

START_TEST(a_scan_does_not_ruin_the_cache)
{
    uint64_t limit = 1000 * (4096 + sizeof(Frame)), kept = 0;
    unit_assert_status(cache_init(&cache, 4096, limit), STORAGE_OK);
    for (int round = 0; round < 5; round++)
        for (uint64_t page_id = 1; page_id <= 500; page_id++) {
            EpochGuard guard = epoch_enter(&cache.epoch);
            (void)load(page_id);
            epoch_leave(&cache.epoch, guard);
        }
    for (uint64_t page_id = 10000; page_id < 60000; page_id++) {
        EpochGuard guard = epoch_enter(&cache.epoch);
        (void)load(page_id);
        epoch_leave(&cache.epoch, guard);
        ck_assert_uint_le(atomic_load(&cache.used), limit);
        /* Some of the others go on being used. */
        guard = epoch_enter(&cache.epoch);
        (void)load(1 + page_id % 500);
        epoch_leave(&cache.epoch, guard);
    }
    for (uint64_t page_id = 1; page_id <= 500; page_id++)
        kept += cache_find(&cache, page_id, 1) != NULL;
    unit_assert(kept > 490, "only %llu of 500 are still there", (unsigned long long)kept);
    ck_assert_int_eq(cache_done(&cache), 1);
}
END_TEST

START_TEST(a_reader_gets_on_when_everything_is_pinned)
{
    uint64_t limit = 100 * (4096 + sizeof(Frame));
    Frame *frames[300];
    unit_assert_status(cache_init(&cache, 4096, limit), STORAGE_OK);
    for (uint64_t i = 0; i < 300; i++) {
        EpochGuard guard = epoch_enter(&cache.epoch);
        frames[i] = load(i + 1);
        pager_pin(&frames[i]->base);
        memset(frames[i]->base.bytes, (int)i & 0xff, 4096);
        epoch_leave(&cache.epoch, guard);
    }
    for (uint64_t i = 0; i < 300; i++) {
        ck_assert_uint_eq(frames[i]->base.bytes[4095], i & 0xff);
        (void)cache_unpin(&cache, frames[i]);
    }
    for (uint64_t i = 0; i < 1000; i++) { /* it comes back below its limit */
        EpochGuard guard = epoch_enter(&cache.epoch);
        (void)load(1000 + i);
        epoch_leave(&cache.epoch, guard);
    }
    ck_assert_uint_le(atomic_load(&cache.used), limit);
    ck_assert_int_eq(cache_done(&cache), 1);
}
END_TEST

START_TEST(nothing_is_freed_while_a_reader_may_look_at_it)
{
    uint64_t limit = 64 * (4096 + sizeof(Frame));
    unit_assert_status(cache_init(&cache, 4096, limit), STORAGE_OK);
    EpochGuard guard = epoch_enter(&cache.epoch);
    Frame *frame = load(1);
    memset(frame->base.bytes, 0x77, 4096);
    uint32_t hint = frame->number + 1;
    ck_assert_ptr_eq(cache_at_hint(&cache, hint, 1, 1), frame);
    ck_assert_ptr_null(cache_at_hint(&cache, hint, 1, 2));
    for (uint64_t page_id = 2; page_id < 1000; page_id++) {
        EpochGuard other = epoch_enter(&cache.epoch);
        (void)load(page_id);
        epoch_leave(&cache.epoch, other);
    }
    ck_assert_ptr_null(cache_find(&cache, 1, 1)); /* evicted */
    ck_assert_ptr_null(cache_at_hint(&cache, hint, 1, 1));
    ck_assert_uint_eq(frame->base.bytes[100], 0x77);
    epoch_leave(&cache.epoch, guard);
    ck_assert_int_eq(cache_done(&cache), 1);
}
END_TEST

START_TEST(a_large_cache_lies_in_pools_and_its_pins_outlive_it)
{
    uint64_t limit = UINT64_C(20) << 20, pooled = 0;
    unit_assert_status(cache_init(&cache, 4096, limit), STORAGE_OK);
    for (uint64_t page_id = 1; page_id < 12000; page_id++) {
        EpochGuard guard = epoch_enter(&cache.epoch);
        Frame *frame = load(page_id);
        pooled += frame->pool < CACHE_POOL_MAX;
        memset(frame->base.bytes, (int)(page_id & 0xff), 4096);
        epoch_leave(&cache.epoch, guard);
        ck_assert_uint_le(atomic_load(&cache.used), limit);
    }
    ck_assert_uint_gt(pooled, 11000);
    EpochGuard guard = epoch_enter(&cache.epoch);
    Frame *frame = load(11999);
    pager_pin(&frame->base);
    epoch_leave(&cache.epoch, guard);
    ck_assert_int_eq(cache_done(&cache), 0); /* the other pools are freed, that of this page is not */
    for (int i = 0; i < 4096; i++)
        unit_assert(frame->base.bytes[i] == (11999 & 0xff), "byte %d of a pinned page has changed", i);
    ck_assert_int_eq(cache_unpin(&cache, frame), 1);
}
END_TEST

static int released_count;

static void count_release(LedgerRetired *retired)
{
    (void)retired;
    released_count++;
}

START_TEST(retired_blocks_are_released_when_readers_have_gone)
{
    LedgerRetired blocks[2] = {{NULL, count_release}, {NULL, count_release}};
    unit_assert_status(cache_init(&cache, 4096, 1 << 20), STORAGE_OK);
    EpochGuard guard = epoch_enter(&cache.epoch);
    cache_retire(&cache, &blocks[0]);
    for (int i = 0; i < 10; i++)
        cache_advance(&cache);
    ck_assert_int_eq(released_count, 0);
    epoch_leave(&cache.epoch, guard);
    for (int i = 0; i < 3; i++)
        cache_advance(&cache);
    ck_assert_int_eq(released_count, 1);
    cache_retire(&cache, &blocks[1]);
    ck_assert_int_eq(cache_done(&cache), 1);
    ck_assert_int_eq(released_count, 2);
}
END_TEST

UNIT_MAIN("ledger page cache", readers_see_one_state_whatever_is_written_and_evicted,
          pinned_bytes_outlive_the_page_the_cache_and_the_close, a_scan_does_not_ruin_the_cache,
          a_reader_gets_on_when_everything_is_pinned, nothing_is_freed_while_a_reader_may_look_at_it,
          a_large_cache_lies_in_pools_and_its_pins_outlive_it, retired_blocks_are_released_when_readers_have_gone)
