/*
 * cli/utf8.c - what is well-formed UTF-8: by RFC 3629, so neither surrogates, nor overlong forms, nor anything beyond
 * U+10FFFF.
 */
#include "utf8.h"

#include <stdint.h>

size_t utf8_character_size(const unsigned char *bytes, size_t size)
{
    static const uint32_t smallest[5] = {0, 0, 0x80, 0x800, 0x10000};
    size_t character_size;
    uint32_t code;
    if (size == 0 || bytes[0] < 0x80)
        return size == 0 ? 0 : 1;
    if (bytes[0] < 0xc2 || bytes[0] > 0xf4)
        return 0;
    character_size = bytes[0] >= 0xf0 ? 4 : bytes[0] >= 0xe0 ? 3 : 2;
    if (character_size > size)
        return 0;
    code = bytes[0] & (0x7fu >> character_size);
    for (size_t i = 1; i < character_size; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (bytes[i] & 0x3fu);
    }
    if (code < smallest[character_size] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    return character_size;
}

int utf8_is_control(const unsigned char *bytes, size_t character_size)
{
    if (character_size == 1)
        return bytes[0] < 0x20 || bytes[0] == 0x7f;
    return character_size == 2 && bytes[0] == 0xc2 && bytes[1] < 0xa0;
}
