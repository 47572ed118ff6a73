/*
 * db/open.c - everything of an open store but its base: the pager, the trees of the slot, the first state, the writer.
 *
 * Refuses a file whose features it does not know (the pager does), and never shows a revision that a life before may
 * have shown for something else: it starts above the reserve of both slots.
 */
#include "backends/ledger/btree/overflow.h"
#include "backends/ledger/db/commit.h"
#include "core/environment.h"
#include "core/memory_file.h"

#include <string.h>

#define CONFLICT_LOG_BYTES (UINT64_C(16) << 20)
#define RESERVE_PAGES 64u
#define MEMORY_NAME "memory"

static void fill_pager_options(LedgerStore *self, const char *path, PagerOptions *ret_options)
{
    const StorageLedgerOptions *options = &self->options;
    int is_read_only = (options->flags & STORAGE_LEDGER_READ_ONLY) != 0;
    int may_create = (options->flags & STORAGE_LEDGER_NO_CREATE) == 0 && !is_read_only;
    *ret_options = (PagerOptions){.environment = &self->environment,
                                  .path = self->memory_files != NULL ? MEMORY_NAME : path,
                                  .page_size = options->page_size,
                                  .flags = (is_read_only ? PAGER_READ_ONLY : 0) | (may_create ? PAGER_CREATE : 0),
                                  .cache_size = options->cache_bytes,
                                  .file_size_max = options->file_limit_bytes,
                                  .reserve_count = RESERVE_PAGES};
    ret_options->checks[LEDGER_PAGE_LEAF] = ret_options->checks[LEDGER_PAGE_BRANCH] = node_check;
    ret_options->checks[LEDGER_PAGE_OVERFLOW_INDEX] = overflow_check;
}

/* The working state is that of the slot. */
static StorageStatus load_slot(LedgerStore *self, const char *path, StorageContext *ctx)
{
    const LedgerSlot *slot = pager_slot(self->pager);
    LedgerWorking *working = &self->working;
    working->state.revision = pager_first_revision(self->pager) - 1;
    working->state.time_ns = slot->revision == 0 ? INT64_MIN : slot->commit_time_ns;
    working->state.changes_floor = slot->changes_floor;
    working->changes_size = slot->changes_size;
    working->tokens_size = slot->tokens_size;
    working->newest_commit = slot->revision;
    self->durable_revision = self->published_revision = working->state.revision;
    for (uint32_t place = 0; place < LEDGER_TREE_COUNT; place++)
        if (!ledger_root_decode(slot->roots[place], &working->state.roots[place]))
            return storage_fail(ctx, STORAGE_CORRUPT, "%s: root %u of the chosen slot is malformed; run doctor", path,
                                place);
    return STORAGE_OK;
}

static StorageStatus make_writer(LedgerStore *self)
{
    self->key_buffer = storage_allocate((size_t)node_key_size_max(self->page_size) + 64);
    if (self->key_buffer == NULL)
        return STORAGE_NO_MEMORY;
    return tree_writer_new(self->pager, &self->writer);
}

static StorageStatus make_states(LedgerStore *self)
{
    LedgerState *first = ledger_state_new(&self->working.state);
    StorageStatus status;
    if (first == NULL)
        return STORAGE_NO_MEMORY;
    status = ledger_states_init(&self->states, self->pager, first, self->options.reader_age_ns);
    if (status != STORAGE_OK)
        ledger_state_free(first);
    return status;
}

static StorageStatus init_locks(LedgerStore *self)
{
    if (clock_condition_init(&self->was_published) != 0)
        return STORAGE_NO_MEMORY;
    (void)pthread_mutex_init(&self->queue_lock, NULL);
    (void)pthread_mutex_init(&self->watch_lock, NULL);
    return STORAGE_OK;
}

static void free_writer(LedgerStore *self)
{
    if (self->writer != NULL)
        tree_writer_free(self->writer);
    storage_release(self->key_buffer);
    storage_release(self->row_buffer);
}

StorageStatus ledger_store_open(LedgerStore *self, const char *path, StorageContext *ctx)
{
    PagerOptions options;
    StorageStatus status;
    self->environment = *self->base.environment;
    if (strcmp(path, STORAGE_LEDGER_MEMORY) == 0) {
        self->memory_files = memory_files_new();
        if (self->memory_files == NULL)
            return storage_fail(ctx, STORAGE_NO_MEMORY, "%s: no memory to open it", path);
        self->environment.files = self->memory_files;
    }
    fill_pager_options(self, path, &options);
    status = pager_open(&options, &self->pager, ctx);
    if (status != STORAGE_OK)
        goto fail_files;
    self->page_size = pager_page_size(self->pager);
    status = load_slot(self, path, ctx);
    if (status != STORAGE_OK)
        goto fail_pager;
    status = make_writer(self);
    if (status == STORAGE_OK)
        status = make_states(self);
    if (status != STORAGE_OK)
        goto fail_writer;
    status = init_locks(self);
    if (status != STORAGE_OK)
        goto fail_states;
    conflict_log_init(&self->conflicts, CONFLICT_LOG_BYTES, self->working.state.revision);
    atomic_init(&self->next_expiry_ns, ledger_next_expiry(self));
    return STORAGE_OK;
fail_states:
    ledger_states_done(&self->states);
fail_writer:
    free_writer(self);
fail_pager:
    pager_close(self->pager);
fail_files:
    memory_files_free(self->memory_files);
    return status == STORAGE_NO_MEMORY ? storage_fail(ctx, status, "%s: no memory to open it", path) : status;
}

void ledger_store_close(LedgerStore *self)
{
    if (!storage_backend_is_forked(&self->base)) {
        (void)pthread_cond_destroy(&self->was_published);
        (void)pthread_mutex_destroy(&self->queue_lock);
        (void)pthread_mutex_destroy(&self->watch_lock);
    }
    conflict_log_done(&self->conflicts);
    if (self->spare != NULL)
        ledger_state_free(self->spare);
    ledger_states_done(&self->states);
    free_writer(self);
    pager_close(self->pager);
    memory_files_free(self->memory_files);
}

/* ---- small parts ---- */

int64_t ledger_store_now(LedgerStore *self)
{
    return ledger_state_now(&self->working.state, &self->base);
}

StorageStatus ledger_row_room(LedgerStore *self, size_t size, StorageContext *ctx)
{
    unsigned char *larger;
    if (size <= self->row_capacity)
        return STORAGE_OK;
    larger = storage_reallocate(self->row_buffer, size);
    if (larger == NULL)
        return storage_fail(ctx, STORAGE_NO_MEMORY, "no memory for a row of %zu bytes; nothing was changed", size);
    self->row_buffer = larger;
    self->row_capacity = size;
    return STORAGE_OK;
}
