/* ledger_txn_store.c - a store of one table right above the txn layer. */
#include "ledger_txn_store.h"

#include "backends/ledger/btree/overflow.h"
#include "backends/ledger/page/slot.h"
#include "backends/ledger/txn/key_codec.h"
#include "core/environment.h"
#include "core/memory_file.h"

#include <string.h>

enum { PAGES_HELD = 64 };

/* ---- files ---- */

void (*txn_store_before_read)(void);

static int (*read_at_memory)(void *user_data, StorageFile *file, uint64_t offset, void *buffer, size_t size,
                             size_t *ret_read);
static StorageFiles files_with_hook;

static int read_at(void *user_data, StorageFile *file, uint64_t offset, void *buffer, size_t size, size_t *ret_read)
{
    void (*before_read)(void) = txn_store_before_read;
    if (before_read != NULL) {
        txn_store_before_read = NULL;
        before_read();
    }
    return read_at_memory(user_data, file, offset, buffer, size, ret_read);
}

static const StorageFiles *hook_into(const StorageFiles *files)
{
    files_with_hook = *files;
    read_at_memory = files->read_at;
    files_with_hook.read_at = read_at;
    return &files_with_hook;
}

/* ---- what readers call ---- */

static StorageStatus get(StorageBackend *backend, StorageSlice key, StorageValue *ret_value, StorageContext *ctx)
{
    return ledger_get_newest(&((TxnStore *)backend)->states, backend, key, ret_value, ctx);
}

static StorageStatus scan(StorageBackend *backend, const StorageRange *range, const StorageScanOptions *options,
                          StorageCursor **ret_cursor, StorageContext *ctx)
{
    LedgerScanSource source = {&((TxnStore *)backend)->states, backend, NULL, NULL};
    return ledger_scan_open(&source, range, options, ret_cursor, ctx);
}

static StorageStatus begin(StorageBackend *backend, const StorageTransactionOptions *options,
                           StorageTransaction **ret_txn, StorageContext *ctx)
{
    return ledger_transaction_begin(&((TxnStore *)backend)->states, backend, options, ret_txn, ctx);
}

static StorageStatus refuse_write(StorageBackend *backend, const StorageOperation *operations, size_t operation_count,
                                  uint32_t mode, StorageResult *ret_results, StorageContext *ctx)
{
    (void)backend, (void)operations, (void)operation_count, (void)mode, (void)ret_results;
    return storage_fail(ctx, STORAGE_UNSUPPORTED, "the test is the writer");
}

static StorageStatus refuse_commit(StorageTransaction *txn, uint64_t *ret_revision, StorageContext *ctx)
{
    (void)txn, (void)ret_revision;
    return storage_fail(ctx, STORAGE_UNSUPPORTED, "the test is the writer");
}

static void destroy(StorageBackend *backend)
{
    TxnStore *self = (TxnStore *)backend;
    tree_writer_free(self->writer);
    ledger_states_done(&self->states);
    ledger_state_free(self->working);
    conflict_log_done(&self->log);
    pager_close(self->pager);
    memory_files_free(self->files);
    testutil_clock_free(self->clock);
    storage_release(self);
}

static const StorageOps ops = {
    .struct_size = sizeof(StorageOps),
    .name = "txn_store",
    .destroy = destroy,
    .get = get,
    .write = refuse_write,
    .scan = scan,
    .begin = begin,
    .cursor_next = ledger_scan_next,
    .cursor_seek = ledger_scan_seek,
    .cursor_close = ledger_scan_close,
    .transaction_get = ledger_transaction_get,
    .transaction_write = ledger_transaction_write,
    .transaction_scan = ledger_transaction_scan,
    .transaction_savepoint = ledger_transaction_savepoint,
    .transaction_rollback_to = ledger_transaction_rollback_to,
    .transaction_drop_savepoint = ledger_transaction_drop_savepoint,
    .transaction_commit = refuse_commit,
    .transaction_close = ledger_transaction_close,
};

/* ---- opening and closing ---- */

static const StorageCapabilities capabilities = {
    .struct_size = sizeof(StorageCapabilities),
    .capabilities = STORAGE_CAPABILITY_TRANSACTIONS | STORAGE_CAPABILITY_SERIALIZABLE | STORAGE_CAPABILITY_SAVEPOINTS |
                    STORAGE_CAPABILITY_COMPARE | STORAGE_CAPABILITY_CLEAR_RANGE | STORAGE_CAPABILITY_EXPIRY |
                    STORAGE_CAPABILITY_REVERSE_SCAN,
    .key_size_max = 1024,
    .value_size_max = 1 << 30,
};

TxnStore *txn_store_open(uint64_t cache_size, uint64_t age_max_ns)
{
    TxnStore *self = storage_allocate_zero(sizeof(*self));
    PagerOptions options = {.path = "store", .page_size = 4096, .flags = PAGER_CREATE, .cache_size = cache_size};
    StorageEnvironment given;
    unit_assert(self != NULL, "no memory");
    self->clock = testutil_clock_new(1);
    self->files = memory_files_new();
    given = *testutil_clock_environment(self->clock);
    given.files = hook_into(self->files);
    unit_assert_status(environment_fill(&self->environment, &given, NULL), STORAGE_OK);
    options.environment = &self->environment;
    options.checks[LEDGER_PAGE_LEAF] = options.checks[LEDGER_PAGE_BRANCH] = node_check;
    options.checks[LEDGER_PAGE_OVERFLOW_INDEX] = overflow_check;
    unit_assert_status(pager_open(&options, &self->pager, NULL), STORAGE_OK);
    unit_assert_status(tree_writer_new(self->pager, &self->writer), STORAGE_OK);
    self->working = ledger_state_new(NULL);
    self->working->time_ns = testutil_clock_wall_ns(self->clock);
    unit_assert_status(ledger_states_init(&self->states, self->pager, ledger_state_new(self->working), age_max_ns),
                       STORAGE_OK);
    conflict_log_init(&self->log, 1 << 20, 0);
    unit_assert_status(storage_backend_init(&self->base, &ops, NULL, &capabilities, &self->environment, NULL),
                       STORAGE_OK);
    return self;
}

void txn_store_close(TxnStore *self)
{
    unit_assert_status(storage_close(&self->base, NULL), STORAGE_OK);
}

/* ---- the writer ---- */

void txn_store_begin(TxnStore *self)
{
    self->working->revision++;
    unit_assert_status(pager_begin(self->pager, self->working->revision, NULL), STORAGE_OK);
    unit_assert_status(pager_hold(self->pager, PAGES_HELD, 0, NULL), STORAGE_OK);
}

static void put(TxnStore *self, uint32_t place, const LedgerPut *row)
{
    LedgerTree tree = ledger_state_tree(self->pager, self->working, place);
    LedgerEpoch epoch = pager_enter(self->pager);
    unit_assert_status(tree_put(self->writer, &tree, row, NULL), STORAGE_OK);
    pager_leave(self->pager, epoch);
}

void txn_store_put(TxnStore *self, StorageSlice key, StorageSlice value, int64_t expires_at_ns)
{
    LedgerPut row = {key, value, self->working->revision, expires_at_ns};
    unsigned char hint[16 + 1024];
    put(self, LEDGER_TREE_DEFAULT, &row);
    unit_assert_status(conflict_log_note_key(&self->log, LEDGER_TREE_DEFAULT, key, self->working->revision),
                       STORAGE_OK);
    if (expires_at_ns == STORAGE_NEVER)
        return;
    key_store_time(hint, expires_at_ns);
    key_store_u64(hint + 8, LEDGER_TREE_DEFAULT);
    memcpy(hint + 16, key.data, key.size);
    row = (LedgerPut){{hint, 16 + key.size}, {NULL, 0}, self->working->revision, STORAGE_NEVER};
    put(self, LEDGER_TREE_EXPIRIES, &row);
}

void txn_store_delete(TxnStore *self, StorageSlice key)
{
    LedgerTree tree = ledger_state_tree(self->pager, self->working, LEDGER_TREE_DEFAULT);
    LedgerEpoch epoch = pager_enter(self->pager);
    StorageStatus status = tree_delete(self->writer, &tree, key, NULL);
    pager_leave(self->pager, epoch);
    unit_assert(status >= 0, "delete: %s", storage_status_name(status));
    if (status == STORAGE_OK)
        unit_assert_status(conflict_log_note_key(&self->log, LEDGER_TREE_DEFAULT, key, self->working->revision),
                           STORAGE_OK);
}

void txn_store_clear(TxnStore *self, const StorageRange *range)
{
    LedgerTree tree = ledger_state_tree(self->pager, self->working, LEDGER_TREE_DEFAULT);
    LedgerEpoch epoch = pager_enter(self->pager);
    Interval interval;
    uint64_t count;
    unit_assert_status(interval_init(&interval, range), STORAGE_OK);
    LedgerInterval bounds = {interval.start, interval.end, interval.has_end};
    unit_assert_status(tree_delete_range(self->writer, &tree, &bounds, &count, NULL), STORAGE_OK);
    pager_leave(self->pager, epoch);
    interval_done(&interval);
    unit_assert_status(conflict_log_note_range(&self->log, LEDGER_TREE_DEFAULT, range, self->working->revision),
                       STORAGE_OK);
}

void txn_store_end(TxnStore *self)
{
    uint64_t oldest, oldest_writer;
    int64_t now_ns = testutil_clock_wall_ns(self->clock);
    unit_assert_status(pager_end(self->pager, NULL), STORAGE_OK);
    self->working->time_ns = now_ns > self->working->time_ns ? now_ns : self->working->time_ns;
    ledger_states_publish(&self->states, ledger_state_new(self->working));
    ledger_states_end_old(&self->states, testutil_clock_monotonic_ns(self->clock));
    oldest = ledger_states_oldest(&self->states, &oldest_writer);
    pager_release(self->pager, oldest);
    conflict_log_forget(&self->log, oldest_writer);
}

void txn_store_checkpoint(TxnStore *self)
{
    LedgerSlot slot = *pager_slot(self->pager);
    LedgerState *published = ledger_states_published(&self->states);
    for (uint32_t place = 0; place < LEDGER_TREE_COUNT; place++) {
        LedgerTree tree = ledger_state_tree(self->pager, published, place);
        tree_seal(&tree);
        ledger_root_encode(tree.root, slot.roots[place]);
        self->working->roots[place] = *tree.root;
    }
    slot.revision = slot.revision_reserve = self->working->revision;
    slot.commit_time_ns = self->working->time_ns;
    unit_assert_status(pager_checkpoint(self->pager, &slot, NULL), STORAGE_OK);
}

void txn_store_set(TxnStore *self, const char *key, const char *value)
{
    txn_store_begin(self);
    txn_store_put(self, storage_string(key), storage_string(value), STORAGE_NEVER);
    txn_store_end(self);
}

StorageStatus txn_store_validate(TxnStore *self, StorageTransaction *txn, StorageContext *ctx)
{
    LedgerNewest newest = {self->working, &self->log,
                           ledger_state_now(ledger_states_published(&self->states), &self->base)};
    LedgerEpoch epoch = pager_enter(self->pager);
    StorageStatus status = ledger_transaction_validate((LedgerTransaction *)txn, &newest, ctx);
    pager_leave(self->pager, epoch);
    return status;
}
