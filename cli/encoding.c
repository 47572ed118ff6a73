/*
 * cli/encoding.c - bytes as text: hexadecimal, base64, escapes.
 *
 * Decoding is strict: a text that this program would not have written is refused, not guessed at.
 */
#include "encoding.h"

#include "words.h"

#include <limits.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>

static const char out_of_memory[] = "out of memory";

static int hex_digit(char character)
{
    if (character >= '0' && character <= '9')
        return character - '0';
    if (character >= 'a' && character <= 'f')
        return character - 'a' + 10;
    if (character >= 'A' && character <= 'F')
        return character - 'A' + 10;
    return -1;
}

/* `buffer` has room for half of the text. Returns NULL or what is wrong. */
static const char *decode_hex(StorageSlice text, char *buffer, size_t *ret_size)
{
    const char *digits = text.data;
    if (text.size % 2 != 0)
        return "an odd number of hexadecimal digits; each byte has two";
    for (size_t i = 0; i < text.size; i += 2) {
        int high = hex_digit(digits[i]), low = hex_digit(digits[i + 1]);
        if (high < 0 || low < 0)
            return "not hexadecimal; write two digits (0 to 9, a to f) for each byte, and nothing else";
        buffer[i / 2] = (char)(high * 16 + low);
    }
    *ret_size = text.size / 2;
    return NULL;
}

/* `text` has a zero byte behind it; `buffer` has room for as many bytes as the text has, and three more. */
static const char *decode_base64(StorageSlice text, char *buffer, size_t *ret_size)
{
    const char *characters = text.data;
    int size;
    if (text.size > INT_MAX - 3)
        return "too long for base64 on a command line; take a file";
    if (strlen(characters) != text.size || strpbrk(characters, " \t\n\v\f\r") != NULL || text.size % 4 != 0 ||
        (size = b64_pton(characters, (unsigned char *)buffer, text.size + 3)) < 0)
        return "not base64; write A to Z, a to z, 0 to 9, + and /, with = at the end up to a multiple of four";
    *ret_size = (size_t)size;
    return NULL;
}

const char *encoding_decode(Encoding encoding, StorageSlice text, StorageSlice *ret_bytes)
{
    const char *problem = NULL;
    char *copy, *buffer;
    size_t size = text.size;
    if (encoding == ENCODING_ESCAPES)
        return words_decode(text, ret_bytes);
    copy = malloc(text.size + 1);
    buffer = malloc(text.size + 4);
    if (copy == NULL || buffer == NULL) {
        free(copy);
        free(buffer);
        return out_of_memory;
    }
    if (text.size > 0)
        memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    if (encoding == ENCODING_HEX)
        problem = decode_hex(storage_bytes(copy, text.size), buffer, &size);
    else if (encoding == ENCODING_BASE64)
        problem = decode_base64(storage_bytes(copy, text.size), buffer, &size);
    else
        memcpy(buffer, copy, text.size);
    free(copy);
    if (problem != NULL) {
        free(buffer);
        return problem;
    }
    buffer[size] = '\0';
    *ret_bytes = (StorageSlice){buffer, size};
    return NULL;
}

static void encode_hex(StorageSlice bytes, char *text)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *data = bytes.data;
    for (size_t i = 0; i < bytes.size; i++) {
        *text++ = digits[data[i] >> 4];
        *text++ = digits[data[i] & 15];
    }
    *text = '\0';
}

char *encoding_encode(Encoding encoding, StorageSlice bytes)
{
    size_t capacity = encoding == ENCODING_HEX ? bytes.size * 2 + 1 : (bytes.size + 2) / 3 * 4 + 1;
    char *text = bytes.size < INT_MAX / 2 ? malloc(capacity) : NULL;
    if (text == NULL)
        return NULL;
    if (encoding == ENCODING_HEX)
        encode_hex(bytes, text);
    else if (b64_ntop(bytes.size > 0 ? bytes.data : (const unsigned char *)"", bytes.size, text, capacity) < 0)
        text[0] = '\0'; /* cannot be: there is room */
    return text;
}
