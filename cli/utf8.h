/* cli/utf8.h - what is well-formed UTF-8. */
#ifndef CLI_UTF8_H
#define CLI_UTF8_H

#include <stddef.h>

/* The size in bytes, 1 to 4, of the character that starts `bytes` (RFC 3629); 0 when none does. */
size_t utf8_character_size(const unsigned char *bytes, size_t size);

/* 1 when the character of that size is a control character: U+0000 to U+001F, U+007F to U+009F. */
int utf8_is_control(const unsigned char *bytes, size_t character_size);

#endif
