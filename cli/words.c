/*
 * cli/words.c - a line of the shell into words, and escapes into bytes; and back, for completion.
 *
 * What it does not know it refuses, so that a typing mistake never becomes a key. A decoded text is never longer than
 * its source: one buffer of that size is enough.
 */
#include "words.h"

#include "output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char out_of_memory[] = "out of memory";

typedef struct Scanner {
    const char *position, *end;
    char *output;
} Scanner;

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

/* Takes what follows a backslash. Returns NULL or what is wrong with it. */
static const char *take_escape(Scanner *self)
{
    static const char names[] = "ntr0\\\"' #", bytes[] = "\n\t\r\0\\\"' #";
    const char *found;
    if (self->position == self->end)
        return "a backslash at the end; write \\\\ for one";
    if (*self->position == 'x') {
        int high = self->end - self->position > 2 ? hex_digit(self->position[1]) : -1;
        int low = high >= 0 ? hex_digit(self->position[2]) : -1;
        if (low < 0)
            return "\\x needs two hexadecimal digits, as in \\x0F";
        *self->output++ = (char)(high * 16 + low);
        self->position += 3;
        return NULL;
    }
    found = *self->position == '\0' ? NULL : strchr(names, *self->position);
    if (found == NULL)
        return "an unknown escape; there are \\xHH, \\n, \\t, \\r, \\0, and \\\\ for a backslash";
    *self->output++ = bytes[found - names];
    self->position++;
    return NULL;
}

static int is_space(char character)
{
    return character == ' ' || character == '\t' || character == '\r' || character == '\n';
}

static const char *take_single_quoted(Scanner *self)
{
    const char *end = memchr(self->position, '\'', (size_t)(self->end - self->position));
    if (end == NULL)
        return "a single quote is not closed";
    memcpy(self->output, self->position, (size_t)(end - self->position));
    self->output += end - self->position;
    self->position = end + 1;
    return NULL;
}

static const char *take_double_quoted(Scanner *self)
{
    while (self->position < self->end) {
        char character = *self->position++;
        const char *problem = NULL;
        if (character == '"')
            return NULL;
        if (character == '\\')
            problem = take_escape(self);
        else
            *self->output++ = character;
        if (problem != NULL)
            return problem;
    }
    return "a double quote is not closed";
}

static const char *take_word(Scanner *self)
{
    const char *problem = NULL;
    while (problem == NULL && self->position < self->end && !is_space(*self->position)) {
        char character = *self->position++;
        if (character == '\'')
            problem = take_single_quoted(self);
        else if (character == '"')
            problem = take_double_quoted(self);
        else if (character == '\\')
            problem = take_escape(self);
        else
            *self->output++ = character;
    }
    return problem;
}

const char *words_split(Words *self, StorageSlice line)
{
    Scanner scanner = {.position = line.data};
    memset(self, 0, sizeof(*self));
    if (line.size == 0)
        return NULL;
    if (memchr(line.data, '\0', line.size) != NULL)
        return "a zero byte in the line; write \\x00";
    self->buffer = malloc(line.size + 1); /* a word and its zero byte are no longer than a word and what ends it */
    if (self->buffer == NULL)
        return out_of_memory;
    scanner.end = scanner.position + line.size;
    scanner.output = self->buffer;
    for (;;) {
        const char *start, *problem;
        while (scanner.position < scanner.end && is_space(*scanner.position))
            scanner.position++;
        if (scanner.position == scanner.end || *scanner.position == '#')
            return NULL;
        if (self->count == WORD_COUNT_MAX)
            return "too many words; quote what belongs together";
        start = scanner.output;
        problem = take_word(&scanner);
        if (problem != NULL)
            return problem;
        self->words[self->count++] = storage_bytes(start, (size_t)(scanner.output - start));
        *scanner.output++ = '\0';
    }
}

void words_done(Words *self)
{
    free(self->buffer);
    memset(self, 0, sizeof(*self));
}

const char *words_decode(StorageSlice text, StorageSlice *ret_bytes)
{
    char *buffer = malloc(text.size + 1);
    Scanner scanner = {.position = text.data, .output = buffer};
    const char *problem = NULL;
    if (buffer == NULL)
        return out_of_memory;
    scanner.end = scanner.position + text.size;
    while (problem == NULL && scanner.position < scanner.end) {
        char character = *scanner.position++;
        if (character == '\\')
            problem = take_escape(&scanner);
        else
            *scanner.output++ = character;
    }
    if (problem != NULL) {
        free(buffer);
        return problem;
    }
    *scanner.output = '\0';
    *ret_bytes = (StorageSlice){buffer, (size_t)(scanner.output - buffer)};
    return NULL;
}

/* ---- the line of a person who is still typing ---- */

/* Moves past the word at `start`. Returns the quote that is open at the end of the line, or 0. */
static char skip_word(StorageSlice line, size_t *position)
{
    const char *text = line.data;
    char quote = 0;
    for (; *position < line.size && (quote != 0 || !is_space(text[*position])); ++*position) {
        char character = text[*position];
        if (character == '\\' && quote != '\'')
            ++*position;
        else if (quote == 0 && (character == '"' || character == '\''))
            quote = character;
        else if (character == quote)
            quote = 0;
    }
    return quote;
}

const char *words_split_open(Words *self, StorageSlice line, OpenWord *ret_open)
{
    const char *text = line.data, *problem;
    char *closed;
    size_t position = 0;
    OpenWord open = {.start = line.size};
    memset(self, 0, sizeof(*self));
    while (position < line.size) {
        if (is_space(text[position])) {
            position++;
            continue;
        }
        if (text[position] == '#')
            return "a comment";
        open.start = position;
        open.quote = skip_word(line, &position);
        if (position < line.size)
            open.start = line.size;
    }
    closed = malloc(line.size + 2);
    if (closed == NULL)
        return out_of_memory;
    if (line.size > 0)
        memcpy(closed, text, line.size);
    closed[line.size] = open.quote;
    problem = words_split(self, storage_bytes(closed, line.size + (open.quote != 0)));
    free(closed);
    if (problem == NULL && open.start < line.size && self->count > 0)
        open.bytes = self->words[--self->count];
    *ret_open = open;
    return problem;
}

/* 1 when single quotes can hold `bytes`: all of it printable ASCII, and no single quote. */
static int fits_single_quotes(StorageSlice bytes)
{
    const unsigned char *data = bytes.data;
    for (size_t i = 0; i < bytes.size; i++)
        if (data[i] < 0x20 || data[i] >= 0x7f || data[i] == '\'')
            return 0;
    return 1;
}

/* `bytes` printable, in the escapes that words_split takes; quotes and spaces are left. To be freed. */
static char *escape(StorageSlice bytes)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    if (stream == NULL)
        return NULL;
    output_escaped(stream, bytes);
    if (fclose(stream) == 0)
        return text;
    free(text);
    return NULL;
}

static void put_quoted(FILE *stream, const char *escaped, char quote)
{
    for (; *escaped != '\0'; escaped++) {
        unsigned char character = (unsigned char)*escaped;
        if (character >= 0x80 && MB_CUR_MAX == 1) { /* the terminal shows no UTF-8 */
            (void)fprintf(stream, "\\x%02X", character);
            continue;
        }
        if (character == '"' || (quote == 0 && (character == '\'' || character == ' ')))
            (void)fputc('\\', stream);
        (void)fputc(character, stream);
    }
}

char *words_quote(StorageSlice bytes, char quote, int is_closed)
{
    char *text = NULL, *escaped = escape(bytes);
    size_t size;
    FILE *stream = escaped != NULL ? open_memstream(&text, &size) : NULL;
    if (stream == NULL) {
        free(escaped);
        return NULL;
    }
    if (quote == '\'' && !fits_single_quotes(bytes))
        quote = 0;
    if (bytes.size == 0 && is_closed && quote == 0)
        quote = '"';
    if (quote != 0)
        (void)fputc(quote, stream);
    else if (escaped[0] == '#')
        (void)fputc('\\', stream);
    if (quote == '\'')
        (void)fwrite(bytes.data, 1, bytes.size, stream);
    else
        put_quoted(stream, escaped, quote);
    if (quote != 0 && is_closed)
        (void)fputc(quote, stream);
    free(escaped);
    if (fclose(stream) == 0)
        return text;
    free(text);
    return NULL;
}
