/*
 * core/utf8.c - what is well-formed UTF-8 (RFC 3629, section 4).
 *
 * It refuses what decoders disagree about: overlong forms, surrogates, and code points beyond U+10FFFF. Each of them
 * shows in the second byte, so that its bounds depend on the first one.
 */
#include "core/utf8.h"

typedef struct Form {
    unsigned char first_low, first_high;
    unsigned char second_low, second_high;
    size_t size;
} Form;

static const Form forms[] = {
    {0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
    {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
    {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

size_t utf8_character_size(const char *text, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)text;
    const Form *form = forms;
    const Form *end = forms + sizeof(forms) / sizeof(forms[0]);
    if (size == 0)
        return 0;
    while (form < end && (bytes[0] < form->first_low || bytes[0] > form->first_high))
        form++;
    if (form == end || form->size > size)
        return 0;
    if (form->size > 1 && (bytes[1] < form->second_low || bytes[1] > form->second_high))
        return 0;
    for (size_t i = 2; i < form->size; i++)
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
    return form->size;
}
