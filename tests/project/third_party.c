/*
 * third_party.c - what somebody outside this repository does: runs the installed contract suite on a backend of their
 * own, which is that of examples/. Built and run by test_install.py, with pkg-config alone.
 */
#include <storage_testutil/storage_testutil.h>

#include "custom_backend.h"

#include <stdlib.h>

static StorageStatus open_custom(void *user_data, const TestutilStoreOptions *options, StorageBackend **ret_backend,
                                 StorageContext *ctx)
{
    (void)user_data;
    if (options->limit_bytes != 0)
        return STORAGE_UNSUPPORTED;
    return custom_backend_open(options->environment, ret_backend, ctx);
}

int main(void)
{
    TestutilRegistry *registry = testutil_registry_new();
    TestutilFactory factory = {registry, "custom"};
    TestutilContractReport report;
    size_t failed_count;

    if (registry == NULL)
        return EXIT_FAILURE;
    testutil_registry_add_backend(registry, "custom", open_custom, NULL);
    failed_count = testutil_contract_run(&factory, &report);
    testutil_registry_free(registry);
    return failed_count == 0 && report.passed_count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
