/* test_options.c - option structs that are older, newer or not initialised. */
#include "unit.h"

#include <string.h>

#include "storage/backend.h"

typedef struct KnownOptions {
    uint32_t struct_size, flags;
    uint64_t limit;
    uint64_t added_last;
} KnownOptions;

/* What a program has that was compiled against a newer header. */
typedef struct NewerOptions {
    KnownOptions known;
    uint64_t unknown[2];
} NewerOptions;

static StorageStatus copy(KnownOptions *ret_copy, const void *options)
{
    return storage_options_copy(ret_copy, sizeof(KnownOptions), options, "KnownOptions", NULL);
}

START_TEST(no_options_are_all_defaults)
{
    KnownOptions options = {1, 2, 3, 4};
    const KnownOptions zero = {0};
    unit_assert_status(copy(&options, NULL), STORAGE_OK);
    ck_assert_mem_eq(&options, &zero, sizeof(zero));
}
END_TEST

START_TEST(options_of_the_known_size_are_copied)
{
    const KnownOptions given = {sizeof(KnownOptions), 2, 3, 4};
    KnownOptions options;
    unit_assert_status(copy(&options, &given), STORAGE_OK);
    ck_assert_mem_eq(&options, &given, sizeof(given));
}
END_TEST

START_TEST(options_without_a_size_are_refused)
{
    const KnownOptions given = {0, 2, 3, 4};
    KnownOptions options;
    StorageContext *ctx = storage_context_new();
    unit_assert_status(storage_options_copy(&options, sizeof(options), &given, "KnownOptions", ctx),
                       STORAGE_INVALID_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(storage_context_error_text(ctx, 0), "KnownOptions"));
    storage_context_free(ctx);
}
END_TEST

START_TEST(older_options_are_padded_with_defaults)
{
    const KnownOptions given = {offsetof(KnownOptions, added_last), 2, 3, 99};
    KnownOptions options;
    unit_assert_status(copy(&options, &given), STORAGE_OK);
    ck_assert_uint_eq(options.limit, 3);
    ck_assert_uint_eq(options.added_last, 0);
}
END_TEST

START_TEST(newer_options_that_ask_for_nothing_new_are_taken)
{
    const NewerOptions given = {{sizeof(NewerOptions), 2, 3, 4}, {0, 0}};
    KnownOptions options;
    unit_assert_status(copy(&options, &given), STORAGE_OK);
    ck_assert_uint_eq(options.added_last, 4);
}
END_TEST

START_TEST(newer_options_that_ask_for_something_new_are_unsupported)
{
    const NewerOptions given = {{sizeof(NewerOptions), 2, 3, 4}, {0, UINT64_C(1) << 63}};
    KnownOptions options;
    StorageContext *ctx = storage_context_new();
    unit_assert_status(storage_options_copy(&options, sizeof(options), &given, "KnownOptions", ctx),
                       STORAGE_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(storage_context_error_text(ctx, 0), "KnownOptions"));
    storage_context_free(ctx);
}
END_TEST

UNIT_MAIN("options", no_options_are_all_defaults, options_of_the_known_size_are_copied,
          options_without_a_size_are_refused, older_options_are_padded_with_defaults,
          newer_options_that_ask_for_nothing_new_are_taken, newer_options_that_ask_for_something_new_are_unsupported)
