/* test_utf8.c - where characters end, and what is none (RFC 3629, section 4). */
#include "unit.h"

#include "core/utf8.h"

typedef struct Row {
    const char *text;
    size_t size; /* of what may be looked at */
    size_t expected;
} Row;

static const Row rows[] = {
    {"", 0, 0},
    {"a", 1, 1},
    {"\0", 1, 1},
    {"\x7f", 1, 1},
    {"\xc2\x80", 2, 2},
    {"\xdf\xbf", 2, 2},
    {"\xe0\xa0\x80", 3, 3},
    {"\xed\x9f\xbf", 3, 3},
    {"\xee\x80\x80", 3, 3},
    {"\xef\xbf\xbf", 3, 3},
    {"\xf0\x90\x80\x80", 4, 4},
    {"\xf4\x8f\xbf\xbf", 4, 4},
    {"\xc2\x80more", 6, 2},
    /* the end comes first, whatever stands behind it */
    {"\xc2\x80", 1, 0},
    {"\xe0\xa0\x80", 2, 0},
    {"\xf0\x90\x80\x80", 3, 0},
    /* bytes that begin nothing, overlong forms, surrogates, beyond the last code point */
    {"\x80", 1, 0},
    {"\xbf", 1, 0},
    {"\xc0\x80", 2, 0},
    {"\xc1\xbf", 2, 0},
    {"\xe0\x9f\xbf", 3, 0},
    {"\xed\xa0\x80", 3, 0},
    {"\xf0\x8f\xbf\xbf", 4, 0},
    {"\xf4\x90\x80\x80", 4, 0},
    {"\xf5\x80\x80\x80", 4, 0},
    {"\xff", 1, 0},
    /* a byte in the middle that continues nothing */
    {"\xc2\x7f", 2, 0},
    {"\xc2\xc0", 2, 0},
    {"\xe1\x80\x7f", 3, 0},
    {"\xf1\x80\x80\xc0", 4, 0},
};

START_TEST(a_character_has_its_size_and_the_rest_has_none)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t size = utf8_character_size(rows[i].text, rows[i].size);
        unit_assert(size == rows[i].expected, "row %zu has the size %zu", i, size);
    }
}
END_TEST

UNIT_MAIN("utf8", a_character_has_its_size_and_the_rest_has_none)
