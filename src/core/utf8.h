/* core/utf8.h - what is well-formed UTF-8. */
#ifndef CORE_UTF8_H
#define CORE_UTF8_H

#include <stddef.h>

/* The size in bytes, 1 to 4, of the character that starts `text` (`size` bytes); 0 when there is none. */
size_t utf8_character_size(const char *text, size_t size);

#endif
