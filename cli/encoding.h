/* cli/encoding.h - bytes as text: hexadecimal, base64, escapes. */
#ifndef CLI_ENCODING_H
#define CLI_ENCODING_H

#include <storage/storage.h>

/* How keys and values stand on a command line and in the output. */
typedef enum Encoding {
    ENCODING_TEXT,    /* arguments as they are; output printable, with \xHH for what is not */
    ENCODING_ESCAPES, /* arguments with \xHH decoded; output as above */
    ENCODING_HEX,
    ENCODING_BASE64 /* RFC 4648, with padding */
} Encoding;

/*
 * Decodes `text` into `*ret_bytes`, which has a zero byte behind it and whose data is to be freed. Returns NULL, or
 * what is wrong with the text and how to write it.
 */
const char *encoding_decode(Encoding encoding, StorageSlice text, StorageSlice *ret_bytes);

/* Encodes into a text that ends with a zero byte and is to be freed; NULL when out of memory. HEX or BASE64. */
char *encoding_encode(Encoding encoding, StorageSlice bytes);

#endif
