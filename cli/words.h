/*
 * cli/words.h - a line of the shell into words, and escapes into bytes.
 *
 *   'as it is'   "with \x00 escapes"   bare\ words\ too   # a comment
 *
 * Escapes, outside single quotes: \xHH, \n, \t, \r, \0, and a backslash before itself, a quote, a space or #.
 */
#ifndef CLI_WORDS_H
#define CLI_WORDS_H

#include <storage/storage.h>

#define WORD_COUNT_MAX 16

typedef struct Words {
    StorageSlice words[WORD_COUNT_MAX];
    size_t count;
    char *buffer; /* what the words point into */
} Words;

/* Splits `line`. Returns NULL, or what is wrong with the line; words_done in both cases. */
const char *words_split(Words *self, StorageSlice line);
void words_done(Words *self);

/* Decodes the escapes in `text` into `*ret_bytes`, whose data is to be freed. Returns NULL, or what is wrong. */
const char *words_decode(StorageSlice text, StorageSlice *ret_bytes);

#endif
