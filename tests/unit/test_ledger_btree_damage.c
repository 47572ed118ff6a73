/*
 * test_ledger_btree_damage.c - trees whose pages are good, each by itself, and contradict one another.
 *
 * A file can be made so that every check is right. Then keys lie outside of the separators around them, pointers lead
 * to pages that others lead to as well, counts are wrong. Whatever is done with such a tree: it answers, with an error
 * or not, and reads and writes nothing outside of its pages. Run it under a sanitizer.
 */
#include "unit.h"

#include <string.h>

#include "backends/ledger/btree/cursor.h"
#include "backends/ledger/btree/overflow.h"
#include "ledger_btree_pager.h"

enum { OWNER = 3, ENTRY_COUNT = 600, KEY_SIZE_MAX = 1000, ROUNDS = 150 };

static uint64_t random_state = 7046029254386353131u;

static uint32_t random_below(uint32_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)((random_state >> 20) % limit);
}

typedef struct Fixture {
    LedgerPager *pager;
    LedgerWriter *writer;
    LedgerRoot root;
    LedgerTree tree;
    StorageContext *ctx;
    uint32_t answers, refusals;
} Fixture;

/* Keys of a few long groups, so that branches are many and narrow. */
static StorageSlice make_key(unsigned char *key)
{
    uint32_t size = random_below(3) == 0 ? random_below(20) : KEY_SIZE_MAX - random_below(5);
    memset(key, (int)random_below(60) * 4, size);
    for (uint32_t index = size > 6 ? size - 6 : 0; index < size; index++)
        key[index] = (unsigned char)random_below(3);
    return (StorageSlice){key, size};
}

static void note(Fixture *self, StorageStatus status)
{
    unit_assert(status == STORAGE_OK || status == STORAGE_NOT_FOUND || status == STORAGE_END ||
                    status == STORAGE_CORRUPT,
                "%s", storage_status_name(status));
    if (status == STORAGE_CORRUPT)
        self->refusals++;
    else
        self->answers++;
    storage_context_clear(self->ctx);
}

static StorageStatus put(Fixture *self)
{
    static unsigned char key[KEY_SIZE_MAX], value[9000];
    LedgerPut request = {make_key(key), {value, random_below(40) == 0 ? 9000 : random_below(60)}, 1, STORAGE_NEVER};
    return tree_put(self->writer, &self->tree, &request, self->ctx);
}

static StorageStatus read_record(Fixture *self, const LedgerRecord *record)
{
    OverflowValue value = {self->pager, OWNER, record->overflow, record->value_size};
    unsigned char bytes[100];
    if (record->overflow == NULL)
        return STORAGE_OK;
    return overflow_read(&value, record->value_size / 2, bytes, record->value_size < 200 ? 1 : 100, self->ctx);
}

static StorageStatus walk(Fixture *self, const LedgerInterval *interval, int is_forward)
{
    LedgerCursor cursor;
    LedgerEntry entry;
    StorageStatus status = cursor_init(&cursor, &self->tree, interval);
    while (status == STORAGE_OK) {
        status = is_forward ? cursor_next(&cursor, &entry, self->ctx) : cursor_previous(&cursor, &entry, self->ctx);
        if (status == STORAGE_OK)
            status = read_record(self, &entry.record);
    }
    cursor_done(&cursor);
    return status;
}

static StorageStatus do_something(Fixture *self)
{
    unsigned char start[KEY_SIZE_MAX], end[KEY_SIZE_MAX];
    LedgerInterval interval = {make_key(start), make_key(end), (int)random_below(2)};
    LedgerRecord record;
    LedgerFrame *frame;
    StorageStatus status;
    uint64_t count;
    switch (random_below(12)) {
    case 0:
        return walk(self, &interval, (int)random_below(2));
    case 1:
        return tree_verify(&self->tree, NULL, self->ctx);
    case 2:
        return random_below(4) > 0 ? STORAGE_OK
                                   : tree_delete_range(self->writer, &self->tree, &interval, &count, self->ctx);
    case 3:
    case 4:
        status = tree_get(&self->tree, interval.start, &record, &frame, self->ctx);
        return status == STORAGE_OK ? read_record(self, &record) : status;
    case 5:
    case 6:
    case 7:
        return tree_delete(self->writer, &self->tree, interval.start, self->ctx);
    default:
        return put(self);
    }
}

START_TEST(a_tree_that_contradicts_itself_does_no_harm)
{
    Fixture fixture = {0};
    uint32_t damaged = 0;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        LedgerEpoch epoch;
        fixture.root = (LedgerRoot){.level = 0};
        fixture.pager = double_open(4096);
        fixture.ctx = storage_context_new();
        fixture.tree = (LedgerTree){fixture.pager, OWNER, &fixture.root};
        unit_assert_status(tree_writer_new(fixture.pager, &fixture.writer), STORAGE_OK);
        epoch = pager_enter(fixture.pager);
        for (uint32_t index = 0; index < ENTRY_COUNT; index++)
            unit_assert_status(put(&fixture), STORAGE_OK);
        double_tolerate_damage(fixture.pager);
        for (uint32_t change = 0; change < 200; change++) {
            uint64_t page_id = 4 + random_below(1200);
            if (change % 10 == 0)
                double_end_batch(fixture.pager);
            if (double_has_page(fixture.pager, page_id))
                damaged += (uint32_t)double_damage(fixture.pager, page_id, random_below);
            note(&fixture, do_something(&fixture));
        }
        pager_leave(fixture.pager, epoch);
        storage_context_free(fixture.ctx);
        tree_writer_free(fixture.writer);
        double_close(fixture.pager);
    }
    unit_assert(damaged > 1000 && fixture.refusals > 1000 && fixture.answers > 1000,
                "%u changes, %u answers, %u refusals: this tests little", damaged, fixture.answers, fixture.refusals);
}
END_TEST

UNIT_MAIN("ledger_btree_damage", a_tree_that_contradicts_itself_does_no_harm)
