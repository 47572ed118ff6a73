/*
 * test_wipe.c - no block of memory still holds a secret when it is released, wherever the secret came from and whatever
 * became of the document.
 *
 * Every release passes here: those of the library through its allocator, those of cJSON through its hooks.
 */
#include "cupboard.h"

#include "storage/backend.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#define SECRET "hush!key"
#define L "\"label\": \"j\", "

/* What stands before each block. */
typedef struct Header {
    size_t size;
    size_t padding; /* blocks are aligned to 16 bytes */
} Header;

static size_t release_count, exposed_count;

static void *allocate_block(void *user_data, size_t size)
{
    Header *header = malloc(sizeof(*header) + size);
    (void)user_data;
    if (header == NULL)
        return NULL;
    header->size = size;
    return header + 1;
}

static void release_block(void *user_data, void *block)
{
    Header *header;
    (void)user_data;
    if (block == NULL)
        return;
    header = (Header *)block - 1;
    release_count++;
    exposed_count += memmem(block, header->size, SECRET, strlen(SECRET)) != NULL;
    free(header);
}

static void *reallocate_block(void *user_data, void *block, size_t size)
{
    size_t old_size = ((Header *)block - 1)->size;
    void *grown = allocate_block(user_data, size);
    if (grown == NULL)
        return NULL;
    memcpy(grown, block, old_size < size ? old_size : size);
    release_block(user_data, block);
    return grown;
}

static void *allocate_for_cjson(size_t size)
{
    return allocate_block(NULL, size);
}

static void release_for_cjson(void *block)
{
    release_block(NULL, block);
}

static const Thing files[] = {
    {.name = "secret", .text = SECRET "\n"},
    {.name = "latin", .text = SECRET "\xff"},
    {.name = "long", .text = SECRET SECRET},
    {.name = "document",
     .text = "{\"backend\": {\"type\": \"cupboard\", \"label\": \"j\", \"secret\": \"" SECRET "\"}}"},
    {.name = "broken", .text = "{\"backend\": {\"type\": \"cupboard\", \"label\": \"j\", \"secret\": \"" SECRET "\""},
    {.name = NULL},
};

static const Thing variables[] = {
    {.name = "HUSH", .text = SECRET},
    {.name = NULL},
};

typedef struct Row {
    const char *members;
    StorageStatus status;
} Row;

static const Row rows[] = {
    {L "\"secret\": \"" SECRET "\"", STORAGE_OK},
    {L "\"secret\": \"${HUSH}\"", STORAGE_OK},
    {L "\"secret\": \"${NOBODY:-" SECRET "}\"", STORAGE_OK},
    {L "\"secret\": {\"$file\": \"secret\"}", STORAGE_OK},
    {L "\"path\": {\"$file\": \"secret\"}", STORAGE_OK},
    {L "\"secret\": \"" SECRET "${NOBODY}\"", STORAGE_CONFIG},
    {L "\"secret\": \"" SECRET "$\"", STORAGE_CONFIG},
    {L "\"secret\": \"${HUSH}${HUSH}\"", STORAGE_CONFIG},
    {L "\"secret\": \"" SECRET "\", \"colour\": 1", STORAGE_CONFIG},
    {L "\"secret\": [\"" SECRET "\", {\"a\": [\"" SECRET "\"]}, \"" SECRET "\"], \"b\": \"" SECRET "\"",
     STORAGE_CONFIG},
    {L "\"secret\": {\"$file\": \"latin\"}", STORAGE_CONFIG},
    {L "\"secret\": {\"$file\": \"long\"}", STORAGE_CONFIG},
    {L "\"room\": {\"$file\": \"secret\"}", STORAGE_CONFIG},
    {L "\"wood\": {\"$file\": \"secret\"}", STORAGE_CONFIG},
};

/* Ends what was loaded, and looks at all that was released meanwhile. */
static void assert_wiped(Loaded *loaded, StorageStatus status)
{
    assert_status(loaded->status, status);
    loaded_done(loaded);
    ck_assert_uint_gt(release_count, 0);
    ck_assert_uint_eq(exposed_count, 0);
}

START_TEST(a_secret_is_gone_before_its_memory_is_released)
{
    Loaded loaded;
    load_cupboard(&loaded, rows[_i].members, files, variables);
    assert_wiped(&loaded, rows[_i].status);
}
END_TEST

START_TEST(a_secret_in_the_file_of_the_document_is_gone_too)
{
    Loaded loaded;
    load_in(&loaded, NULL, "document", files, variables, NULL);
    assert_wiped(&loaded, STORAGE_OK);
    load_in(&loaded, NULL, "broken", files, variables, NULL);
    assert_wiped(&loaded, STORAGE_CONFIG);
}
END_TEST

START_TEST(a_secret_that_is_released_is_noticed)
{
    char *block = storage_allocate(2 * strlen(SECRET));
    memcpy(block + 3, SECRET, sizeof(SECRET));
    storage_release(block);
    ck_assert_uint_eq(exposed_count, 1);
}
END_TEST

int main(void)
{
    StorageAllocator allocator = {.struct_size = sizeof(allocator),
                                  .allocate = allocate_block,
                                  .reallocate = reallocate_block,
                                  .release = release_block};
    cJSON_Hooks hooks = {allocate_for_cjson, release_for_cjson};
    const ConfigTest tests[] = {
        FOR_EACH(a_secret_is_gone_before_its_memory_is_released, rows),
        ONCE(a_secret_in_the_file_of_the_document_is_gone_too),
        ONCE(a_secret_that_is_released_is_noticed),
    };
    if (storage_set_allocator(&allocator) != STORAGE_OK)
        return EXIT_FAILURE;
    cJSON_InitHooks(&hooks);
    return run_tests("wipe", tests, sizeof(tests) / sizeof(tests[0]));
}
