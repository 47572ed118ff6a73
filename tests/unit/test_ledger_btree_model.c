/*
 * test_ledger_btree_model.c - a tree against a sorted array, under random puts, deletes and deletions of ranges.
 *
 * After each batch: the tree is walked both ways and verified, every entry is got, the pages that it reaches are those
 * that the pager has, no page of an older batch has changed, and snapshots of older roots show what they showed. Calls
 * of the pager are made to fail on the way; then nothing may have changed.
 */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "backends/ledger/btree/cursor.h"
#include "backends/ledger/btree/overflow.h"
#include "ledger_btree_pager.h"

enum { MODEL_MAX = 6000, OWNER = 17 };

/* ---- random numbers ---- */

static uint64_t random_state;

static uint64_t random_u64(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static uint32_t random_below(uint32_t limit)
{
    return (uint32_t)((random_u64() >> 20) % limit);
}

/* ---- the model ---- */

typedef struct ModelEntry {
    unsigned char *key;
    uint32_t key_size, value_size, value_seed;
    uint64_t revision;
    int64_t expires_at_ns;
} ModelEntry;

typedef struct Model {
    ModelEntry entries[MODEL_MAX];
    uint32_t count;
} Model;

static StorageSlice key_of(const ModelEntry *entry)
{
    return (StorageSlice){entry->key, entry->key_size};
}

static uint32_t model_find(const Model *self, StorageSlice key, int *ret_is_equal)
{
    uint32_t low = 0, high = self->count;
    *ret_is_equal = 0;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        int order = storage_slice_compare(key_of(&self->entries[middle]), key);
        if (order == 0)
            *ret_is_equal = 1;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void model_remove(Model *self, uint32_t from, uint32_t end)
{
    for (uint32_t index = from; index < end; index++)
        free(self->entries[index].key);
    memmove(&self->entries[from], &self->entries[end], (self->count - end) * sizeof(ModelEntry));
    self->count -= end - from;
}

static void model_put(Model *self, StorageSlice key, ModelEntry entry)
{
    int is_equal;
    uint32_t index = model_find(self, key, &is_equal);
    if (is_equal)
        model_remove(self, index, index + 1);
    memmove(&self->entries[index + 1], &self->entries[index], (self->count - index) * sizeof(ModelEntry));
    entry.key = malloc(key.size + 1);
    entry.key_size = (uint32_t)key.size;
    memcpy(entry.key, key.data, key.size);
    self->entries[index] = entry;
    self->count++;
}

static void fill_value(unsigned char *bytes, uint32_t size, uint32_t seed)
{
    for (uint32_t index = 0; index < size; index++)
        bytes[index] = (unsigned char)(seed + index * 7 + (index >> 8));
}

/* ---- what is tested ---- */

/* How keys and values look. */
typedef struct Profile {
    const char *name;
    uint32_t page_size, key_kind, entry_count, value_size_max, overflow_percent, level_min;
} Profile;

enum { KEYS_SHORT, KEYS_LONG, KEYS_PREFIXED, KEYS_TINY_ALPHABET, KEYS_MIXED };

typedef struct Fixture {
    const Profile *profile;
    LedgerPager *pager;
    LedgerWriter *writer;
    LedgerRoot root;
    LedgerTree tree;
    Model model;
    StorageContext *ctx;
    unsigned char *value, *read;
    uint64_t failures;
    uint32_t level_max;
} Fixture;

static uint32_t make_key(const Fixture *self, unsigned char *key)
{
    uint32_t kind = self->profile->key_kind, size_max = node_key_size_max(self->profile->page_size), size;
    if (kind == KEYS_MIXED)
        kind = random_below(KEYS_MIXED);
    switch (kind) {
    case KEYS_LONG: { /* a few to a group that begins alike: separators within it are long, and branches narrow */
        unsigned char group = (unsigned char)random_below(220);
        size = size_max - random_below(3);
        memset(key, group, size);
        for (uint32_t index = 0; index < 2; index++)
            key[size - 8 + index] = (unsigned char)random_below(3);
        return size;
    }
    case KEYS_PREFIXED: {
        uint32_t group = random_below(5), prefix_size = group * size_max / 6;
        memset(key, 'a' + (int)group, prefix_size);
        size = (uint32_t)sprintf((char *)key + prefix_size, "%05u", random_below(40000));
        return prefix_size + size;
    }
    case KEYS_TINY_ALPHABET: /* many equal heads, many keys that are beginnings of others */
        size = random_below(14);
        for (uint32_t index = 0; index < size; index++)
            key[index] = (unsigned char)"\0\1\xfe\xff"[random_below(4)];
        return size;
    default:
        size = random_below(24);
    }
    for (uint32_t index = 0; index < size; index++)
        key[index] = (unsigned char)random_below(256);
    return size;
}

static uint32_t make_value_size(const Fixture *self, uint32_t key_size)
{
    uint32_t page_size = self->profile->page_size, choice = random_below(100);
    if (choice < self->profile->overflow_percent) { /* around the boundaries of overflow trees */
        uint32_t data_size = page_size - LEDGER_PAGE_HEADER_SIZE, fan_out = (page_size - 128) / LEDGER_POINTER_SIZE;
        uint32_t around[] = {data_size, 2 * data_size, page_size < 8192 ? fan_out * data_size : 3 * data_size,
                             page_size / 2};
        return around[random_below(4)] + random_below(3) - 1;
    }
    if (choice > 95) { /* around the boundary of the leaf */
        uint32_t limit = (page_size - 128) / 2 - key_size;
        return limit - random_below(32);
    }
    return random_below(self->profile->value_size_max + 1);
}

static StorageStatus put(Fixture *self, StorageSlice key)
{
    ModelEntry entry = {.value_size = make_value_size(self, (uint32_t)key.size),
                        .value_seed = random_below(251),
                        .revision = double_birth(self->pager) - (random_below(20) == 0 ? 1 : 0),
                        .expires_at_ns = random_below(3) == 0 ? (int64_t)random_u64() / 2 : STORAGE_NEVER};
    LedgerPut request = {key, {self->value, entry.value_size}, entry.revision, entry.expires_at_ns};
    LedgerEpoch epoch;
    StorageStatus status;
    fill_value(self->value, entry.value_size, entry.value_seed);
    epoch = pager_enter(self->pager);
    status = tree_put(self->writer, &self->tree, &request, self->ctx);
    pager_leave(self->pager, epoch);
    if (status == STORAGE_OK)
        model_put(&self->model, key, entry);
    return status;
}

static StorageStatus remove_key(Fixture *self, StorageSlice key)
{
    int is_equal;
    uint32_t index = model_find(&self->model, key, &is_equal);
    LedgerEpoch epoch = pager_enter(self->pager);
    StorageStatus status = tree_delete(self->writer, &self->tree, key, self->ctx);
    pager_leave(self->pager, epoch);
    if (status < 0)
        return status;
    unit_assert_status(status, is_equal ? STORAGE_OK : STORAGE_NOT_FOUND);
    if (is_equal)
        model_remove(&self->model, index, index + 1);
    return STORAGE_OK;
}

static StorageStatus remove_range(Fixture *self, const LedgerInterval *interval)
{
    int is_equal;
    uint32_t from = model_find(&self->model, interval->start, &is_equal);
    uint32_t end = interval->has_end ? model_find(&self->model, interval->end, &is_equal) : self->model.count;
    uint64_t count = 0;
    LedgerEpoch epoch = pager_enter(self->pager);
    StorageStatus status = tree_delete_range(self->writer, &self->tree, interval, &count, self->ctx);
    pager_leave(self->pager, epoch);
    if (status != STORAGE_OK)
        return status;
    end = end < from ? from : end;
    unit_assert(count == end - from, "%llu entries went instead of %u", (unsigned long long)count, end - from);
    model_remove(&self->model, from, end);
    return STORAGE_OK;
}

/* ---- checks ---- */

static void check_record(Fixture *self, const LedgerTree *tree, const ModelEntry *entry, const LedgerRecord *record)
{
    const unsigned char *bytes = record->value.data;
    unit_assert(record->value_size == entry->value_size, "a value has another size");
    unit_assert(record->revision == entry->revision && record->expires_at_ns == entry->expires_at_ns,
                "another revision or expiry");
    fill_value(self->value, entry->value_size, entry->value_seed);
    if (record->overflow != NULL) {
        OverflowValue value = {tree->pager, tree->owner, record->overflow, record->value_size};
        uint32_t middle = entry->value_size / 2;
        unit_assert_status(overflow_read(&value, 0, self->read, middle, self->ctx), STORAGE_OK);
        unit_assert_status(overflow_read(&value, middle, self->read + middle, entry->value_size - middle, self->ctx),
                           STORAGE_OK);
        bytes = self->read;
    }
    unit_assert(entry->value_size == 0 || memcmp(bytes, self->value, entry->value_size) == 0, "another value");
}

/* The tree shows the model's entries [from, end) in the interval, in both directions. */
static void check_walk(Fixture *self, const LedgerTree *tree, const Model *model, const LedgerInterval *interval,
                       uint32_t from, uint32_t end)
{
    LedgerCursor cursor;
    LedgerEntry entry;
    unit_assert_status(cursor_init(&cursor, tree, interval), STORAGE_OK);
    for (uint32_t index = from; index < end; index++) {
        unit_assert_status(cursor_next(&cursor, &entry, self->ctx), STORAGE_OK);
        unit_assert(storage_slice_compare(entry.key, key_of(&model->entries[index])) == 0, "key %u differs", index);
        check_record(self, tree, &model->entries[index], &entry.record);
    }
    unit_assert_status(cursor_next(&cursor, &entry, self->ctx), STORAGE_END);
    unit_assert_status(cursor_next(&cursor, &entry, self->ctx), STORAGE_END);
    for (uint32_t index = end; index-- > from;) {
        unit_assert_status(cursor_previous(&cursor, &entry, self->ctx), STORAGE_OK);
        unit_assert(storage_slice_compare(entry.key, key_of(&model->entries[index])) == 0, "key %u differs", index);
    }
    unit_assert_status(cursor_previous(&cursor, &entry, self->ctx), STORAGE_END);
    cursor_done(&cursor);
}

static void check_seek(Fixture *self, StorageSlice key)
{
    LedgerInterval all = {{NULL, 0}, {NULL, 0}, 0};
    const Model *model = &self->model;
    LedgerCursor cursor;
    LedgerEntry entry;
    int is_equal;
    uint32_t index = model_find(model, key, &is_equal), behind = index + (is_equal ? 1u : 0u);
    unit_assert_status(cursor_init(&cursor, &self->tree, &all), STORAGE_OK);
    unit_assert_status(cursor_seek_before(&cursor, key, self->ctx), STORAGE_OK);
    unit_assert_status(cursor_next(&cursor, &entry, self->ctx), index < model->count ? STORAGE_OK : STORAGE_END);
    unit_assert(index == model->count || storage_slice_compare(entry.key, key_of(&model->entries[index])) == 0,
                "seek before a key finds another one behind it");
    unit_assert_status(cursor_seek_behind(&cursor, key, self->ctx), STORAGE_OK);
    unit_assert_status(cursor_previous(&cursor, &entry, self->ctx), behind > 0 ? STORAGE_OK : STORAGE_END);
    unit_assert(behind == 0 || storage_slice_compare(entry.key, key_of(&model->entries[behind - 1])) == 0,
                "seek behind a key finds another one before it");
    cursor_done(&cursor);
}

typedef struct Census {
    const LedgerPager *pager;
    size_t count;
} Census;

static StorageStatus count_page(void *state, uint32_t page_type, uint64_t page_id, uint32_t used_size,
                                StorageContext *ctx)
{
    Census *census = state;
    (void)page_type, (void)used_size, (void)ctx;
    census->count++;
    unit_assert(double_has_page(census->pager, page_id), "page %llu is reached and not allocated",
                (unsigned long long)page_id);
    return STORAGE_OK;
}

static void check_tree(Fixture *self)
{
    LedgerInterval all = {{NULL, 0}, {NULL, 0}, 0};
    Census census = {self->pager, 0};
    TreeVisitor visitor = {count_page, &census};
    StorageStatus status = tree_verify(&self->tree, &visitor, self->ctx);
    unit_assert(status == STORAGE_OK, "%s", storage_context_error_text(self->ctx, 0));
    unit_assert(census.count == double_page_count(self->pager), "%zu pages are reached, %zu allocated", census.count,
                double_page_count(self->pager));
    unit_assert(ledger_root_entry_count(&self->root) == self->model.count, "the root miscounts");
    check_walk(self, &self->tree, &self->model, &all, 0, self->model.count);
    for (uint32_t index = 0; index < self->model.count; index++) {
        LedgerEpoch epoch = pager_enter(self->pager);
        LedgerFrame *frame;
        LedgerRecord record;
        unit_assert_status(tree_get(&self->tree, key_of(&self->model.entries[index]), &record, &frame, self->ctx),
                           STORAGE_OK);
        pager_leave(self->pager, epoch);
    }
    if (self->root.level > self->level_max)
        self->level_max = self->root.level;
}

/* Walks over a random interval, of keys that are there or not. */
static void check_interval(Fixture *self)
{
    unsigned char start[20000], end[20000];
    LedgerInterval interval = {{start, make_key(self, start)}, {end, make_key(self, end)}, (int)random_below(2)};
    int is_equal;
    uint32_t from = model_find(&self->model, interval.start, &is_equal);
    uint32_t to = interval.has_end ? model_find(&self->model, interval.end, &is_equal) : self->model.count;
    check_walk(self, &self->tree, &self->model, &interval, from, to < from ? from : to);
    check_seek(self, interval.start);
}

/* ---- random histories ---- */

static StorageStatus change_once(Fixture *self, int with_ranges)
{
    unsigned char key[20000], end[20000];
    uint32_t choice = random_below(100), count = self->model.count, target = self->profile->entry_count;
    StorageSlice slice = {key, make_key(self, key)};
    int is_growing = count < target / 2 || random_u64() % (2 * target) > count;
    storage_context_clear(self->ctx);
    if (choice < 2 && count > 0 && with_ranges) {
        LedgerInterval interval = {slice, {end, make_key(self, end)}, random_below(8) != 0};
        if (random_below(10) > 0) { /* a short one */
            uint32_t first = random_below(count), last = first + random_below(40);
            interval = (LedgerInterval){key_of(&self->model.entries[first]),
                                        key_of(&self->model.entries[last < count ? last : count - 1]), 1};
            memcpy(key, interval.start.data, interval.start.size);
            memcpy(end, interval.end.data, interval.end.size);
            interval.start.data = key;
            interval.end.data = end;
        }
        return remove_range(self, &interval);
    }
    if (choice < 20 && count > 0) { /* one that is there */
        const ModelEntry *entry = &self->model.entries[random_below(count)];
        memcpy(key, entry->key, entry->key_size);
        slice.size = entry->key_size;
        return choice < 10 ? put(self, slice) : remove_key(self, slice);
    }
    if (is_growing && count < MODEL_MAX - 1)
        return put(self, slice);
    if (count > 0 && choice < 95) {
        const ModelEntry *entry = &self->model.entries[random_below(count)];
        memcpy(key, entry->key, entry->key_size);
        slice.size = entry->key_size;
    }
    return remove_key(self, slice);
}

/* A change of which one call of the pager may fail; then the tree shows what it showed. */
static void change_failing(Fixture *self)
{
    uint32_t count = self->model.count;
    StorageStatus status;
    double_fail_after(self->pager, random_below(12), STORAGE_NO_SPACE);
    status = change_once(self, 0);
    if (status == STORAGE_NO_SPACE) {
        self->failures++;
        unit_assert(double_has_failed(self->pager), "NO_SPACE for no reason");
        unit_assert(self->model.count == count, "the model changed");
    } else {
        unit_assert_status(status, STORAGE_OK);
        unit_assert(!double_has_failed(self->pager), "a failure was swallowed");
    }
    double_fail_after(self->pager, UINT64_MAX - 1, STORAGE_OK);
    check_tree(self);
}

static void fixture_init(Fixture *self, const Profile *profile, uint64_t seed)
{
    memset(self, 0, sizeof(*self));
    random_state = seed;
    self->profile = profile;
    self->pager = double_open(profile->page_size);
    unit_assert_status(tree_writer_new(self->pager, &self->writer), STORAGE_OK);
    self->tree = (LedgerTree){self->pager, OWNER, &self->root};
    self->ctx = storage_context_new();
    self->value = malloc(1 << 20);
    self->read = malloc(1 << 20);
}

static void fixture_done(Fixture *self)
{
    model_remove(&self->model, 0, self->model.count);
    free(self->value);
    free(self->read);
    storage_context_free(self->ctx);
    tree_writer_free(self->writer);
    double_close(self->pager);
}

/* ---- snapshots ---- */

typedef struct Snapshot {
    LedgerRoot root;
    Model model;
} Snapshot;

static Snapshot *take_snapshot(const Fixture *self)
{
    Snapshot *snapshot = malloc(sizeof(*snapshot));
    snapshot->root = self->root;
    snapshot->model = self->model;
    for (uint32_t index = 0; index < self->model.count; index++) {
        ModelEntry *entry = &snapshot->model.entries[index];
        unsigned char *key = malloc(entry->key_size + 1);
        memcpy(key, entry->key, entry->key_size);
        entry->key = key;
    }
    return snapshot;
}

static void end_snapshot(Fixture *self, Snapshot *snapshot)
{
    LedgerInterval all = {{NULL, 0}, {NULL, 0}, 0};
    LedgerTree tree = {self->pager, OWNER, &snapshot->root};
    check_walk(self, &tree, &snapshot->model, &all, 0, snapshot->model.count);
    model_remove(&snapshot->model, 0, snapshot->model.count);
    free(snapshot);
    double_forget_dropped(self->pager);
}

static void run_history(const Profile *profile, uint64_t seed, uint32_t batch_count)
{
    static Fixture fixture;
    Fixture *self = &fixture;
    Snapshot *snapshot;
    fixture_init(self, profile, seed);
    for (uint32_t batch = 0; batch < batch_count; batch++) {
        uint32_t change_count = random_below(batch < 8 ? self->profile->entry_count / 2 : 60);
        if (batch % 2 == 0)
            tree_seal(&self->tree);
        if (batch % 2 == 0)
            double_end_checkpoint(self->pager);
        else
            double_end_batch(self->pager);
        snapshot = take_snapshot(self);
        for (uint32_t change = 0; change < change_count; change++)
            unit_assert_status(change_once(self, 1), STORAGE_OK);
        check_tree(self);
        check_interval(self);
        change_failing(self);
        double_end_batch(self->pager);
        end_snapshot(self, snapshot);
    }
    unit_assert(self->level_max >= profile->level_min, "%s, seed %llu: only %u levels", profile->name,
                (unsigned long long)seed, self->level_max + 1);
    fixture_done(self);
}

static const Profile profiles[] = {
    {"short keys, pages of 4 KiB", 4096, KEYS_SHORT, 2500, 120, 0, 1},
    {"long keys, pages of 4 KiB", 4096, KEYS_LONG, 1500, 120, 2, 3},
    {"long prefixes, pages of 4 KiB", 4096, KEYS_PREFIXED, 1500, 60, 1, 1},
    {"keys of four bytes' choice, pages of 4 KiB", 4096, KEYS_TINY_ALPHABET, 2500, 40, 0, 1},
    {"all sorts of keys, pages of 4 KiB", 4096, KEYS_MIXED, 1200, 700, 3, 2},
    {"all sorts of keys, pages of 8 KiB", 8192, KEYS_MIXED, 1200, 700, 3, 1},
    {"long keys, pages of 16 KiB", 16384, KEYS_LONG, 900, 200, 1, 2},
    {"all sorts of keys, pages of 32 KiB", 32768, KEYS_MIXED, 1500, 2000, 1, 1},
    {"all sorts of keys, pages of 64 KiB", 65536, KEYS_MIXED, 1500, 5000, 1, 1},
};

/* The seed of the environment, or one that is always the same. */
static uint64_t seed_of(uint64_t index)
{
    const char *text = getenv("STORAGE_TEST_SEED");
    uint64_t seed = text == NULL ? 20 : strtoull(text, NULL, 10);
    return (seed + index) * 0x9e3779b97f4a7c15u + 1;
}

START_TEST(a_tree_is_a_sorted_array)
{
    const Profile *profile = &profiles[_i];
    for (uint64_t round = 0; round < 3; round++)
        run_history(profile, seed_of((uint64_t)_i * 100 + round), 40);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ledger_btree_model");
    TCase *cases = tcase_create("ledger_btree_model");
    SRunner *runner;
    int failed_count;
    tcase_set_timeout(cases, UNIT_TIMEOUT_SECONDS);
    tcase_add_loop_test(cases, a_tree_is_a_sorted_array, 0, (int)(sizeof(profiles) / sizeof(profiles[0])));
    suite_add_tcase(suite, cases);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
