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

/*
 * Splits `line`; a zero byte stands behind each word. Returns NULL, or what is wrong with the line; words_done in both
 * cases.
 */
const char *words_split(Words *self, StorageSlice line);
void words_done(Words *self);

/* The word at the end of a line that is still being typed. */
typedef struct OpenWord {
    StorageSlice bytes; /* what it stands for so far; empty behind a space */
    size_t start;       /* where it starts in the line */
    char quote;         /* the quote that is open: ' or ", else 0 */
} OpenWord;

/*
 * Splits a line that is still being typed: `self` gets the words before the open one. Returns NULL, or why there is
 * nothing to complete; words_done in both cases.
 */
const char *words_split_open(Words *self, StorageSlice line, OpenWord *ret_open);

/*
 * The other way: a word that words_split reads as `bytes`. `quote` is the style, ' or " or 0 for none; where ' cannot
 * say it none is taken. `is_closed`: the quote is closed. Returns a text to be freed, NULL when out of memory.
 */
char *words_quote(StorageSlice bytes, char quote, int is_closed);

/*
 * Decodes the escapes in `text` into `*ret_bytes`, which has a zero byte behind it and whose data is to be freed.
 * Returns NULL, or what is wrong.
 */
const char *words_decode(StorageSlice text, StorageSlice *ret_bytes);

#endif
