/*
 * core/json_writer.c - writes JSON (RFC 8259) into a growing buffer.
 *
 * Running out of memory is remembered and reported once, at the end. Bytes that are no UTF-8 cannot be in JSON: each is
 * escaped as the code point of the same number, as control characters are.
 */
#include "core/json_writer.h"

#include "core/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void append(StorageJson *json, const char *text, size_t size)
{
    if (json->has_failed)
        return;
    if (size > json->capacity - json->size) {
        size_t capacity = 2 * (json->capacity + size) + 256;
        char *grown = storage_reallocate(json->text, capacity);
        if (grown == NULL) {
            json->has_failed = 1;
            return;
        }
        json->text = grown;
        json->capacity = capacity;
    }
    memcpy(json->text + json->size, text, size);
    json->size += size;
}

/* Controls, and bytes that are no text. U+0080 to U+009F are controls to a terminal: their first byte is 0xc2. */
static int is_plain(const char *text, size_t character_size)
{
    unsigned char first = (unsigned char)text[0];
    if (character_size == 2 && first == 0xc2)
        return (unsigned char)text[1] >= 0xa0;
    return character_size > 1 || (character_size == 1 && first >= 0x20 && first != 0x7f);
}

static void append_escape(StorageJson *json, unsigned int code_point)
{
    char escape[8];
    append(json, escape, (size_t)snprintf(escape, sizeof(escape), "\\u%04x", code_point & 0xffff));
}

static void append_quoted(StorageJson *json, const char *text)
{
    size_t left = strlen(text), character_size;
    append(json, "\"", 1);
    for (; left > 0; text += character_size, left -= character_size) {
        character_size = utf8_character_size(text, left);
        if (*text == '"' || *text == '\\')
            append(json, "\\", 1);
        if (is_plain(text, character_size))
            append(json, text, character_size);
        else
            append_escape(json, (unsigned char)text[character_size == 2]);
        character_size += character_size == 0;
    }
    append(json, "\"", 1);
}

static void begin_member(StorageJson *json, const char *name)
{
    uint32_t bit = UINT32_C(1) << json->depth;
    if ((json->has_members & bit) != 0)
        append(json, ",", 1);
    json->has_members |= bit;
    if (name != NULL && (json->is_array & bit) == 0) {
        append_quoted(json, name);
        append(json, ":", 1);
    }
}

static void open_level(StorageJson *json, const char *name, int is_array)
{
    if (json->depth + 1 >= JSON_DEPTH_MAX) {
        json->has_failed = 1;
        return;
    }
    begin_member(json, name);
    json->depth++;
    json->has_members &= ~(UINT32_C(1) << json->depth);
    json->is_array &= ~(UINT32_C(1) << json->depth);
    if (is_array)
        json->is_array |= UINT32_C(1) << json->depth;
    append(json, is_array ? "[" : "{", 1);
}

void json_init(StorageJson *json)
{
    *json = (StorageJson){0};
    append(json, "{", 1);
}

void json_done(StorageJson *json)
{
    storage_release(json->text);
    *json = (StorageJson){0};
}

void storage_json_string(StorageJson *json, const char *name, const char *text)
{
    begin_member(json, name);
    append_quoted(json, text == NULL ? "" : text);
}

void storage_json_uint(StorageJson *json, const char *name, uint64_t number)
{
    char digits[24];
    begin_member(json, name);
    append(json, digits, (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, number));
}

void storage_json_bool(StorageJson *json, const char *name, int truth)
{
    begin_member(json, name);
    append(json, truth ? "true" : "false", truth ? 4 : 5);
}

void storage_json_open(StorageJson *json, const char *name)
{
    open_level(json, name, 0);
}

void json_open_array(StorageJson *json, const char *name)
{
    open_level(json, name, 1);
}

void storage_json_close(StorageJson *json)
{
    if (json->depth == 0)
        return;
    append(json, (json->is_array >> json->depth & 1) != 0 ? "]" : "}", 1);
    json->depth--;
}

StorageStatus json_finish(StorageJson *json, StorageValue *ret_text)
{
    char *text;
    while (json->depth > 0)
        storage_json_close(json);
    append(json, "}", 2); /* with the terminating zero, for people who print it */
    text = json->text;
    if (json->has_failed) {
        json_done(json);
        return STORAGE_NO_MEMORY;
    }
    storage_value_init(ret_text, text, json->size - 1, 0, STORAGE_NEVER, storage_release, text);
    return STORAGE_OK;
}
