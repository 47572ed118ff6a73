/* test_json.c - JSON that layers write member by member: well formed, escaped, and honest about memory. */
#include "unit.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "core/json_writer.h"

static StorageJson json;

static void check_text(const char *expected)
{
    StorageValue text;
    unit_assert_status(json_finish(&json, &text), STORAGE_OK);
    ck_assert_uint_eq(text.size, strlen(expected));
    ck_assert_str_eq(text.data, expected);
    cJSON *document = cJSON_ParseWithLength(text.data, text.size);
    ck_assert_ptr_nonnull(document);
    cJSON_Delete(document);
    storage_value_release(&text);
}

START_TEST(an_object_without_members_is_an_object)
{
    json_init(&json);
    check_text("{}");
}
END_TEST

START_TEST(members_are_separated)
{
    json_init(&json);
    storage_json_string(&json, "name", "probe");
    storage_json_uint(&json, "count", 7);
    storage_json_bool(&json, "full", 1);
    storage_json_bool(&json, "empty", 0);
    check_text("{\"name\":\"probe\",\"count\":7,\"full\":true,\"empty\":false}");
}
END_TEST

START_TEST(objects_and_arrays_nest)
{
    json_init(&json);
    json_open_array(&json, "layers");
    storage_json_open(&json, NULL);
    storage_json_uint(&json, "a", 1);
    storage_json_close(&json);
    storage_json_open(&json, NULL);
    storage_json_close(&json);
    storage_json_string(&json, NULL, "text");
    storage_json_close(&json);
    storage_json_open(&json, "inner");
    storage_json_uint(&json, "b", 2);
    storage_json_close(&json);
    storage_json_uint(&json, "c", 3);
    check_text("{\"layers\":[{\"a\":1},{},\"text\"],\"inner\":{\"b\":2},\"c\":3}");
}
END_TEST

START_TEST(what_is_left_open_is_closed_at_the_end)
{
    json_init(&json);
    json_open_array(&json, "array");
    storage_json_open(&json, NULL);
    storage_json_open(&json, "object");
    check_text("{\"array\":[{\"object\":{}}]}");
}
END_TEST

START_TEST(closing_too_often_does_nothing)
{
    json_init(&json);
    storage_json_close(&json);
    storage_json_uint(&json, "a", 1);
    storage_json_close(&json);
    check_text("{\"a\":1}");
}
END_TEST

START_TEST(numbers_have_all_their_digits)
{
    json_init(&json);
    storage_json_uint(&json, "smallest", 0);
    storage_json_uint(&json, "largest", UINT64_MAX);
    check_text("{\"smallest\":0,\"largest\":18446744073709551615}");
}
END_TEST

START_TEST(text_is_escaped)
{
    json_init(&json);
    storage_json_string(&json, "quote\"d", "a\"b\\c\n\x01\x7f");
    check_text("{\"quote\\\"d\":\"a\\\"b\\\\c\\u000a\\u0001\\u007f\"}");
}
END_TEST

START_TEST(bytes_that_are_no_text_stay_valid_json)
{
    char bytes[256];
    for (int byte = 1; byte < 256; byte++)
        bytes[byte - 1] = (char)byte;
    bytes[255] = '\0';
    StorageValue text;
    json_init(&json);
    storage_json_string(&json, "bytes", bytes);
    unit_assert_status(json_finish(&json, &text), STORAGE_OK);
    for (size_t index = 0; index < text.size; index++) {
        unsigned char byte = ((const unsigned char *)text.data)[index];
        ck_assert_msg(byte >= 0x20 && byte <= 0x7e, "byte %zu is %u", index, byte);
    }
    cJSON *document = cJSON_ParseWithLength(text.data, text.size);
    ck_assert_ptr_nonnull(document);
    cJSON_Delete(document);
    storage_value_release(&text);
}
END_TEST

START_TEST(text_in_utf_8_stays_as_it_is)
{
    json_init(&json);
    storage_json_string(&json, "caf\u00e9", "\u20ac \U0001f40c \u00a0");
    check_text("{\"caf\u00e9\":\"\u20ac \U0001f40c \u00a0\"}");
}
END_TEST

START_TEST(what_a_terminal_obeys_is_escaped)
{
    json_init(&json);
    storage_json_string(&json, "text", "\xc2\x80 \xc2\x9b \x1b \x7f");
    check_text("{\"text\":\"\\u0080 \\u009b \\u001b \\u007f\"}");
}
END_TEST

/* Each text is no UTF-8, in a way of its own; every byte of it is escaped. */
START_TEST(text_that_is_nearly_utf_8_is_escaped)
{
    static const char *const texts[] = {
        "\xc0\x80",         "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xe2\x82", "\xf0\x9f\x90", "\xc3(",        "\xe2\x82(",        "\x80"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        StorageValue text;
        json_init(&json);
        storage_json_string(&json, "text", texts[i]);
        unit_assert_status(json_finish(&json, &text), STORAGE_OK);
        for (size_t index = 0; index < text.size; index++)
            unit_assert(((const unsigned char *)text.data)[index] <= 0x7e, "text %zu is not escaped", i);
        storage_value_release(&text);
    }
}
END_TEST

START_TEST(no_text_is_an_empty_text)
{
    json_init(&json);
    storage_json_string(&json, "text", NULL);
    check_text("{\"text\":\"\"}");
}
END_TEST

START_TEST(long_documents_grow)
{
    StorageValue text;
    json_init(&json);
    json_open_array(&json, "numbers");
    for (uint64_t number = 0; number < 10000; number++)
        storage_json_uint(&json, NULL, number);
    unit_assert_status(json_finish(&json, &text), STORAGE_OK);
    cJSON *document = cJSON_ParseWithLength(text.data, text.size);
    ck_assert_int_eq(cJSON_GetArraySize(cJSON_GetObjectItem(document, "numbers")), 10000);
    cJSON_Delete(document);
    storage_value_release(&text);
}
END_TEST

START_TEST(nesting_beyond_the_limit_is_a_failure_and_no_broken_text)
{
    StorageValue text;
    json_init(&json);
    for (int depth = 0; depth < 2 * JSON_DEPTH_MAX; depth++)
        storage_json_open(&json, "deeper");
    unit_assert_status(json_finish(&json, &text), STORAGE_NO_MEMORY);
}
END_TEST

/* ---- out of memory ---- */

static uint64_t allocations_left;

static void *limited_allocate(void *user_data, size_t size)
{
    (void)user_data;
    return allocations_left-- > 0 ? malloc(size) : NULL;
}

static void *limited_reallocate(void *user_data, void *block, size_t size)
{
    (void)user_data;
    return allocations_left-- > 0 ? realloc(block, size) : NULL;
}

static void limited_release(void *user_data, void *block)
{
    (void)user_data;
    free(block);
}

START_TEST(memory_that_runs_out_is_reported_at_the_end)
{
    const StorageAllocator allocator = {.struct_size = sizeof(allocator),
                                        .allocate = limited_allocate,
                                        .reallocate = limited_reallocate,
                                        .release = limited_release};
    unit_assert_status(storage_set_allocator(&allocator), STORAGE_OK);
    for (uint64_t count = 0; count < 3; count++) {
        StorageValue text = {0};
        allocations_left = count;
        json_init(&json);
        for (uint64_t number = 0; number < 1000; number++)
            storage_json_uint(&json, "number", number);
        unit_assert_status(json_finish(&json, &text), STORAGE_NO_MEMORY);
        ck_assert_ptr_null(text.data);
    }
}
END_TEST

UNIT_MAIN("json", an_object_without_members_is_an_object, members_are_separated, objects_and_arrays_nest,
          what_is_left_open_is_closed_at_the_end, closing_too_often_does_nothing, numbers_have_all_their_digits,
          text_is_escaped, bytes_that_are_no_text_stay_valid_json, text_in_utf_8_stays_as_it_is,
          what_a_terminal_obeys_is_escaped, text_that_is_nearly_utf_8_is_escaped, no_text_is_an_empty_text,
          long_documents_grow, nesting_beyond_the_limit_is_a_failure_and_no_broken_text,
          memory_that_runs_out_is_reported_at_the_end)
