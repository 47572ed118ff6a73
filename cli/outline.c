/*
 * cli/outline.c - a JSON document of the library as lines for a person.
 *
 *   memory:
 *     keys: 12
 *     value: 1.5KiB
 *
 * Names and order are those of the document; "_bytes" and "_ns" at the end of a name say what a number is, and are left
 * out.
 */
#include "outline.h"

#include "output.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

#define LINE_WIDTH 80

/* Rounded: it is for reading. Returns `buffer`. */
static const char *format_bytes(double bytes, char buffer[STORAGE_UNITS_TEXT_SIZE])
{
    static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;
    for (; bytes >= 1024 && unit + 1 < sizeof(names) / sizeof(names[0]); unit++)
        bytes /= 1024;
    (void)snprintf(buffer, STORAGE_UNITS_TEXT_SIZE, bytes == floor(bytes) || bytes >= 100 ? "%.0f%s" : "%.1f%s", bytes,
                   names[unit]);
    return buffer;
}

/* "limit_bytes" and "bytes" are bytes. */
static int is_named(const char *name, const char *unit)
{
    size_t name_len = strlen(name), unit_len = strlen(unit);
    return name_len >= unit_len && strcmp(name + name_len - unit_len, unit) == 0 &&
           (name_len == unit_len || name[name_len - unit_len - 1] == '_');
}

static void print_number(const char *name, double number)
{
    char buffer[STORAGE_UNITS_TEXT_SIZE];
    if (number == 0 && strcmp(name, "limit_bytes") == 0)
        output_text("none");
    else if (number >= 0 && is_named(name, "bytes"))
        output_text(format_bytes(number, buffer));
    else if (number >= 0 && number < 0x1p63 && is_named(name, "ns"))
        output_text(storage_format_duration((uint64_t)number, buffer)); /* as a configuration takes it */
    else
        output_format(number == floor(number) ? "%.0f" : "%g", number);
}

/* Without the unit, which stands with the number: as configurations name it. */
static int shown_len(const char *name, const cJSON *item)
{
    int len = (int)strlen(name);
    if (cJSON_IsNumber(item) && is_named(name, "bytes") && len > 6)
        return len - 6;
    return cJSON_IsNumber(item) && is_named(name, "ns") && len > 3 ? len - 3 : len;
}

static void print_scalar(const char *name, const cJSON *item)
{
    if (cJSON_IsString(item))
        output_printable(storage_string(item->valuestring));
    else if (cJSON_IsNumber(item))
        print_number(name, item->valuedouble);
    else
        output_text(cJSON_IsTrue(item) ? "yes" : cJSON_IsFalse(item) ? "no" : "-");
}

static void print_members(const cJSON *object, int depth, const char *first_mark);

/* Names of an array, in lines of readable length. */
static void print_names(const cJSON *array, size_t column, int depth)
{
    for (const cJSON *item = array->child; item != NULL; item = item->next) {
        const char *text = cJSON_IsString(item) ? item->valuestring : "";
        column += strlen(text) + 2;
        if (column > LINE_WIDTH && item != array->child) {
            output_format("\n%*s", depth * 2 - 1, "");
            column = (size_t)depth * 2 + strlen(text) + 2;
        }
        output_text(" ");
        print_scalar("", item);
        output_text(item->next == NULL ? "\n" : ",");
    }
}

/* Elements of an array: names on a line, or each object of it as an outline of its own. */
static void print_elements(const cJSON *array, size_t column, int depth)
{
    int is_nested = array->child != NULL && cJSON_IsObject(array->child);
    output_text(array->child == NULL ? " none\n" : is_nested ? "\n" : "");
    if (!is_nested)
        print_names(array, column, depth);
    for (const cJSON *item = array->child; is_nested && item != NULL; item = item->next)
        print_members(item, depth + 1, "- ");
}

/* `first_mark` stands before the first member. The library nests its documents a few levels deep at most. */
static void print_members(const cJSON *object, int depth, const char *first_mark) /* NOLINT(misc-no-recursion) */
{
    for (const cJSON *item = object->child; item != NULL; item = item->next) {
        const char *name = item->string != NULL ? item->string : "";
        int mark_len = item == object->child ? (int)strlen(first_mark) : 0;
        output_format("%*s%.*s%s%.*s%s:", depth * 2 - mark_len, "", mark_len, first_mark, output_style(STYLE_BOLD),
                      shown_len(name, item), name, output_style(STYLE_NONE));
        if (cJSON_IsObject(item)) {
            output_text("\n");
            print_members(item, depth + 1, "");
        } else if (cJSON_IsArray(item)) {
            print_elements(item, (size_t)depth * 2 + strlen(name) + 1, depth + 1);
        } else {
            output_text(" ");
            print_scalar(name, item);
            output_text("\n");
        }
    }
}

int outline_print(const char *title, StorageSlice json)
{
    cJSON *document = cJSON_ParseWithLength(json.data, json.size);
    if (document == NULL)
        return 0;
    if (title != NULL)
        output_format("%s%s%s\n", output_style(STYLE_BOLD), title, output_style(STYLE_NONE));
    print_members(document, title != NULL ? 1 : 0, "");
    cJSON_Delete(document);
    return 1;
}
