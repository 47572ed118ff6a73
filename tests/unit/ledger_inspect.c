/* ledger_inspect.c - every page of a ledger file. */
#include "ledger_inspect.h"

#include "backends/ledger/btree/overflow.h"
#include "backends/ledger/page/layout.h"
#include "backends/ledger/page/pager_store.h"
#include "backends/ledger/txn/state.h"
#include "core/environment.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static StorageStatus count_page(void *state, uint32_t page_type, uint64_t page_id, uint32_t used_size,
                                StorageContext *ctx)
{
    (void)page_type, (void)page_id, (void)used_size, (void)ctx;
    *(uint64_t *)state += 1;
    return STORAGE_OK;
}

static uint64_t verify_trees(LedgerPager *pager, StorageContext *ctx)
{
    LedgerState state = {0};
    uint64_t page_count = 0;
    TreeVisitor visitor = {count_page, &page_count};
    for (uint32_t place = 0; place < LEDGER_TREE_COUNT; place++) {
        LedgerTree tree = ledger_state_tree(pager, &state, place);
        StorageStatus status;
        unit_assert(ledger_root_decode(pager_slot(pager)->roots[place], &state.roots[place]), "root %u", place);
        if (ledger_root_is_empty(&state.roots[place]))
            continue;
        status = tree_verify(&tree, &visitor, ctx);
        unit_assert(status == STORAGE_OK, "tree %u: %s: %s", place, storage_status_name(status),
                    storage_context_error_text(ctx, 0));
    }
    return page_count;
}

void ledger_inspect(const char *path)
{
    StorageEnvironment environment;
    PagerOptions options = {
        .environment = &environment, .path = path, .page_size = 4096, .flags = PAGER_READ_ONLY, .cache_size = 1 << 20};
    StorageContext *ctx = storage_context_new();
    LedgerPager *pager;
    StorageStatus status;
    uint64_t reachable_count, allocated_count, fixed_count;
    unit_assert_status(environment_fill(&environment, NULL, NULL), STORAGE_OK);
    options.checks[LEDGER_PAGE_LEAF] = options.checks[LEDGER_PAGE_BRANCH] = node_check;
    options.checks[LEDGER_PAGE_OVERFLOW_INDEX] = overflow_check;
    status = pager_open(&options, &pager, ctx);
    unit_assert(status == STORAGE_OK, "inspect: %s: %s", storage_status_name(status),
                storage_context_error_text(ctx, 0));
    PageLayout layout = layout_of(pager_slot(pager)->page_size);
    fixed_count = layout_fixed_count(&layout, pager_slot(pager)->page_count);
    allocated_count = pager_slot(pager)->used_count;
    reachable_count = verify_trees(pager, ctx);
    unit_assert(reachable_count + fixed_count == allocated_count, "%llu pages reachable, %llu fixed, %llu allocated",
                (unsigned long long)reachable_count, (unsigned long long)fixed_count,
                (unsigned long long)allocated_count);
    pager_close(pager);
    storage_context_free(ctx);
}

void ledger_temporary_make(char *path, unsigned path_size)
{
    const char *parent = getenv("TMPDIR");
    if (parent == NULL)
        parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    (void)snprintf(path, path_size, "%s/storage-ledger-test-XXXXXX", parent);
    ck_assert_ptr_nonnull(mkdtemp(path));
    ck_assert_uint_lt(strlen(path) + sizeof("/store"), path_size);
    strcat(path, "/store");
}

void ledger_temporary_remove(const char *path)
{
    char other[512];
    size_t size = strlen(path);
    ck_assert_uint_lt(size + sizeof(".lock"), sizeof(other));
    (void)unlink(path);
    memcpy(other, path, size);
    memcpy(other + size, ".lock", sizeof(".lock"));
    (void)unlink(other);
    other[size - strlen("/store")] = 0;
    ck_assert_msg(rmdir(other) == 0, "something was left beside the store");
}
